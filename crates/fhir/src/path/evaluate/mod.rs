//! The evaluator: a walk over the program for one focus.

mod boundary;
mod collections;
mod conversion;
mod equality;
mod fhir;
mod math;
mod navigation;
mod operators;
mod strings;
mod types;

use super::environment::Environment;
use super::error::EvaluationError;
use super::functions::Function;
use super::item::Item;
use super::program::{CallStep, ChainKind, Expression, Start, Step};
use crate::decimal::Decimal;
use std::cell::{Cell, RefCell};

pub(super) type Items<'d> = Vec<Item<'d>>;
pub(super) type Outcome<T> = Result<T, EvaluationError>;

/// State of one evaluation.
pub(super) struct Evaluator<'e, 'd> {
    env: &'e Environment<'d>,
    focus: Option<Item<'d>>,
    work: Cell<u64>,
    /// Variables made by `defineVariable()`, innermost last.
    defined: RefCell<Vec<(String, Items<'d>)>>,
}

/// What `$this`, `$index` and `$total` are.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'd> {
    this: &'s [Item<'d>],
    index: Option<usize>,
    total: &'s [Item<'d>],
}

fn fail<T>(at: u32, what: impl Into<String>) -> Outcome<T> {
    Err(EvaluationError::new(at, what))
}

/// The only item of a collection that must not have more.
fn single<'s, 'd>(at: u32, what: &str, items: &'s [Item<'d>]) -> Outcome<Option<&'s Item<'d>>> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        many => fail(at, format!("{what} needs one item, not {}", many.len())),
    }
}

/// A collection as a condition: empty is unknown, a boolean is itself, any other single item is true.
fn truth(at: u32, what: &str, items: &[Item<'_>]) -> Outcome<Option<bool>> {
    Ok(single(at, what, items)?.map(|item| item.as_boolean().unwrap_or(true)))
}

impl<'e, 'd> Evaluator<'e, 'd> {
    pub(super) fn new(focus: Option<Item<'d>>, env: &'e Environment<'d>) -> Self {
        Evaluator { env, focus, work: Cell::new(env.work_limit), defined: RefCell::default() }
    }

    pub(super) fn run(&self, root: &'d Expression) -> Outcome<Items<'d>> {
        let this = self.focus.as_slice();
        self.items(root, Scope { this, index: None, total: &[] })
    }

    /// Takes `amount` from what the evaluation may still do.
    fn spend(&self, at: u32, amount: usize) -> Outcome<()> {
        match self.work.get().checked_sub(amount as u64) {
            Some(left) => {
                self.work.set(left);
                Ok(())
            }
            None => {
                fail(at, format!("the expression comes to more than {} items and comparisons", self.env.work_limit))
            }
        }
    }

    /// As [`Evaluator::spend`] for text of so many bytes, before it is made: doubling is quick to fill any memory.
    fn spend_text(&self, at: u32, bytes: usize) -> Outcome<()> {
        self.spend(at, bytes / 8)
    }

    fn items(&self, expression: &'d Expression, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        match expression {
            Expression::Empty => Ok(Vec::new()),
            Expression::Constant(item) => Ok(vec![item.clone()]),
            Expression::Path(start, steps) => self.path(start, steps, scope),
            Expression::Minus(at, inner) => self.minus(*at, inner, scope),
            Expression::Chain(first, links) => {
                let mut left = self.items(first, scope)?;
                for link in links {
                    left = match &link.kind {
                        ChainKind::Operator(operator, right) => self.operate(link.at, *operator, left, right, scope)?,
                        ChainKind::Is(test) => types::is_type(link.at, &left, *test)?,
                        ChainKind::As(test) => types::as_type(link.at, left, *test)?,
                        ChainKind::OfType(test) => types::of_type(left, *test),
                    };
                    self.spend(link.at, left.len() + 1)?;
                }
                Ok(left)
            }
        }
    }

    fn minus(&self, at: u32, inner: &'d Expression, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let items = self.items(inner, scope)?;
        let Some(item) = single(at, "'-'", &items)? else {
            return Ok(Vec::new());
        };
        match item.value() {
            Some(Item::Integer(value)) => Ok(value.checked_neg().map(Item::Integer).into_iter().collect()),
            Some(Item::Decimal(value)) => Ok(vec![Item::Decimal(-value)]),
            Some(Item::Quantity(value)) => Ok(vec![Item::Quantity(Box::new(value.negated()))]),
            _ => fail(at, format!("'-' needs a number, not {}", item.type_name())),
        }
    }

    fn path(&self, start: &'d Start, steps: &'d [Step], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let defined = self.defined.borrow().len();
        let result = self.path_inner(start, steps, scope);
        self.defined.borrow_mut().truncate(defined);
        result
    }

    fn path_inner(&self, start: &'d Start, steps: &'d [Step], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let (mut items, mut steps) = match start {
            Start::This => self.walk(scope.this, steps)?,
            Start::ThisOf(type_id) => {
                let is_it = |item: &Item<'d>| types::is_fhir(item, *type_id);
                match scope.this {
                    [item] if is_it(item) => self.walk(scope.this, steps)?,
                    _ => {
                        let this: Items<'d> = scope.this.iter().filter(|item| is_it(item)).cloned().collect();
                        self.walk(&this, steps)?
                    }
                }
            }
            Start::Index => (scope.index.map(|index| Item::Integer(index as i64)).into_iter().collect(), steps),
            Start::Total => (scope.total.to_vec(), steps),
            Start::Variable(at, name) => (self.variable(*at, name)?, steps),
            Start::Expression(inner) => (self.items(inner, scope)?, steps),
        };
        while let Some((step, rest)) = steps.split_first() {
            (items, steps) = match step {
                Step::Member(_) => self.walk(&items, steps)?,
                Step::Index(at, index) => (self.indexed(*at, items, index, scope)?, rest),
                Step::Call(call) => (self.call(call, items, scope)?, rest),
            };
        }
        Ok(items)
    }

    fn indexed(
        &self,
        at: u32,
        mut items: Items<'d>,
        index: &'d Expression,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        let Some(index) = self.integer(at, "the index", index, scope)? else {
            return Ok(Vec::new());
        };
        Ok(match usize::try_from(index).ok().filter(|index| *index < items.len()) {
            Some(index) => vec![items.swap_remove(index)],
            None => Vec::new(),
        })
    }

    fn variable(&self, at: u32, name: &str) -> Outcome<Items<'d>> {
        if let Some((_, items)) = self.defined.borrow().iter().rev().find(|(defined, _)| defined == name) {
            return Ok(items.clone());
        }
        if let Some((_, items)) = self.env.variables.iter().rev().find(|(variable, _)| variable == name) {
            return Ok(items.clone());
        }
        let resource = || self.env.resource.clone().or_else(|| fhir::as_resource(self.focus.as_ref()?));
        let text = |text: &'static str| Ok(vec![Item::String(text.into())]);
        match name {
            "context" => Ok(self.focus.iter().cloned().collect()),
            "rowIndex" if self.env.row_index.is_some() => {
                Ok(self.env.row_index.map(Item::Integer).into_iter().collect())
            }
            "resource" => Ok(resource().into_iter().collect()),
            "rootResource" => Ok(self.env.root_resource.clone().or_else(resource).into_iter().collect()),
            "ucum" => text("http://unitsofmeasure.org"),
            "sct" => text("http://snomed.info/sct"),
            "loinc" => text("http://loinc.org"),
            _ => {
                let url = match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
                    (Some(name), _) => format!("http://hl7.org/fhir/ValueSet/{name}"),
                    (_, Some(name)) => format!("http://hl7.org/fhir/StructureDefinition/{name}"),
                    _ => return fail(at, format!("there is no variable %{name}")),
                };
                Ok(vec![Item::String(url.into())])
            }
        }
    }

    /// An argument that is one integer.
    fn integer(&self, at: u32, what: &str, expression: &'d Expression, scope: Scope<'_, 'd>) -> Outcome<Option<i64>> {
        if let Expression::Constant(Item::Integer(value)) = expression {
            return Ok(Some(*value));
        }
        let items = self.items(expression, scope)?;
        match single(at, what, &items)?.map(|item| (item.value(), item)) {
            None => Ok(None),
            Some((Some(Item::Integer(value)), _)) => Ok(Some(value)),
            Some((_, item)) => fail(at, format!("{what} must be an integer, not {}", item.type_name())),
        }
    }

    /// An argument that is one number.
    fn number(
        &self,
        at: u32,
        what: &str,
        expression: &'d Expression,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Option<Decimal>> {
        let items = self.items(expression, scope)?;
        match single(at, what, &items)?.map(|item| (item.value(), item)) {
            None => Ok(None),
            Some((Some(Item::Integer(value)), _)) => Ok(Some(Decimal::from(value))),
            Some((Some(Item::Decimal(value)), _)) => Ok(Some(value)),
            Some((_, item)) => fail(at, format!("{what} must be a number, not {}", item.type_name())),
        }
    }

    fn call(&self, call: &'d CallStep, items: Items<'d>, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        use Function as F;
        self.spend(call.at, items.len() + 1)?;
        let result = match call.function {
            F::Empty => Ok(vec![Item::Boolean(items.is_empty())]),
            F::Exists if call.arguments.is_empty() => Ok(vec![Item::Boolean(!items.is_empty())]),
            F::Count => Ok(vec![Item::Integer(items.len() as i64)]),
            F::First => {
                let mut items = items;
                items.truncate(1);
                Ok(items)
            }
            F::Where => self.filter(call, items, scope),
            F::Is | F::As | F::OfType | F::Type => types::type_function(call, items),
            F::ToBoolean
            | F::ToInteger
            | F::ToDecimal
            | F::ToText
            | F::ToDate
            | F::ToDateTime
            | F::ToTime
            | F::ToQuantity
            | F::ConvertsToBoolean
            | F::ConvertsToInteger
            | F::ConvertsToDecimal
            | F::ConvertsToText
            | F::ConvertsToDate
            | F::ConvertsToDateTime
            | F::ConvertsToTime
            | F::ConvertsToQuantity => self.conversion(call, &items, scope),
            F::IndexOf
            | F::LastIndexOf
            | F::Substring
            | F::StartsWith
            | F::EndsWith
            | F::Contains
            | F::Upper
            | F::Lower
            | F::Replace
            | F::Matches
            | F::MatchesFull
            | F::ReplaceMatches
            | F::Length
            | F::ToChars
            | F::Encode
            | F::Decode
            | F::Escape
            | F::Unescape
            | F::Trim
            | F::Split
            | F::Join => self.string_function(call, &items, scope),
            F::Abs
            | F::Ceiling
            | F::Exp
            | F::Floor
            | F::Ln
            | F::Log
            | F::Power
            | F::Round
            | F::Sqrt
            | F::Truncate
            | F::Sum
            | F::Min
            | F::Max
            | F::Avg => self.math_function(call, items, scope),
            F::Now
            | F::Today
            | F::TimeOfDay
            | F::YearOf
            | F::MonthOf
            | F::DayOf
            | F::HourOf
            | F::MinuteOf
            | F::SecondOf
            | F::MillisecondOf
            | F::TimezoneOffsetOf
            | F::DateOf
            | F::TimeOf
            | F::LowBoundary
            | F::HighBoundary
            | F::Precision
            | F::Comparable => self.time_function(call, &items, scope),
            F::Children
            | F::Descendants
            | F::Extension
            | F::HasValue
            | F::GetValue
            | F::Resolve
            | F::ConformsTo
            | F::HtmlChecks
            | F::ResourceKey
            | F::ReferenceKey => self.fhir_function(call, items, scope),
            _ => self.collection_function(call, items, scope),
        }?;
        self.spend(call.at, result.len())?;
        Ok(result)
    }
}
