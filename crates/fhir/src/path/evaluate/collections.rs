//! Existence, filtering, subsets, combining, folding.

use super::equality::{Order, equal, order};
use super::{Evaluator, Items, Outcome, Scope, fail, single, truth};
use crate::path::functions::Function;
use crate::path::item::Item;
use crate::path::program::{CallStep, Expression};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

/// Strings beyond this many are told apart by hash and not one by one.
const HASHED_FROM: usize = 32;

fn yes<'d>(value: bool) -> Items<'d> {
    vec![Item::Boolean(value)]
}

impl<'d> Evaluator<'_, 'd> {
    /// The scope of an argument that is evaluated for one item.
    fn inside<'s>(scope: Scope<'s, 'd>, item: &'s Item<'d>, index: usize) -> Scope<'s, 'd> {
        Scope { this: std::slice::from_ref(item), index: Some(index), total: scope.total }
    }

    fn criterion(
        &self,
        call: &'d CallStep,
        item: &Item<'d>,
        index: usize,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Option<bool>> {
        let found = self.items(&call.arguments[0], Self::inside(scope, item, index))?;
        truth(call.at, "the criterion", &found)
    }

    pub(super) fn filter(&self, call: &'d CallStep, mut items: Items<'d>, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let mut keep = 0;
        for index in 0..items.len() {
            if self.criterion(call, &items[index], index, scope)? == Some(true) {
                items.swap(keep, index);
                keep += 1;
            }
        }
        items.truncate(keep);
        Ok(items)
    }

    pub(super) fn collection_function(
        &self,
        call: &'d CallStep,
        mut items: Items<'d>,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        let at = call.at;
        match call.function {
            Function::Exists => {
                for (index, item) in items.iter().enumerate() {
                    if self.criterion(call, item, index, scope)? == Some(true) {
                        return Ok(yes(true));
                    }
                }
                Ok(yes(false))
            }
            Function::All => {
                for (index, item) in items.iter().enumerate() {
                    if self.criterion(call, item, index, scope)? != Some(true) {
                        return Ok(yes(false));
                    }
                }
                Ok(yes(true))
            }
            Function::AllTrue => Ok(yes(booleans(at, &items)?.iter().all(|value| *value))),
            Function::AnyTrue => Ok(yes(booleans(at, &items)?.iter().any(|value| *value))),
            Function::AllFalse => Ok(yes(booleans(at, &items)?.iter().all(|value| !*value))),
            Function::AnyFalse => Ok(yes(booleans(at, &items)?.iter().any(|value| !*value))),
            Function::Not => Ok(truth(at, "not()", &items)?.map(|value| Item::Boolean(!value)).into_iter().collect()),
            Function::SubsetOf => {
                let other = self.items(&call.arguments[0], scope)?;
                Ok(yes(self.is_subset(at, &items, &other)?))
            }
            Function::SupersetOf => {
                let other = self.items(&call.arguments[0], scope)?;
                Ok(yes(self.is_subset(at, &other, &items)?))
            }
            Function::Distinct => self.distinct(at, items),
            Function::IsDistinct => {
                let count = items.len();
                Ok(yes(self.distinct(at, items)?.len() == count))
            }
            Function::Single => {
                single(at, "single()", &items)?;
                Ok(items)
            }
            Function::Last => Ok(items.pop().into_iter().collect()),
            Function::Tail => {
                items.drain(..items.len().min(1));
                Ok(items)
            }
            Function::Skip => {
                let count = self.integer(at, "the number to skip", &call.arguments[0], scope)?.unwrap_or(0);
                items.drain(..usize::try_from(count).unwrap_or(0).min(items.len()));
                Ok(items)
            }
            Function::Take => {
                let count = self.integer(at, "the number to take", &call.arguments[0], scope)?.unwrap_or(0);
                items.truncate(usize::try_from(count).unwrap_or(0));
                Ok(items)
            }
            Function::Intersect => {
                let other = self.items(&call.arguments[0], scope)?;
                self.spend(at, items.len() * other.len())?;
                items.retain(|item| other.iter().any(|other| equal(item, other) == Some(true)));
                self.distinct(at, items)
            }
            Function::Exclude => {
                let other = self.items(&call.arguments[0], scope)?;
                self.spend(at, items.len() * other.len())?;
                items.retain(|item| !other.iter().any(|other| equal(item, other) == Some(true)));
                Ok(items)
            }
            Function::Union => {
                let other = self.items(&call.arguments[0], scope)?;
                self.union(at, items, &other)
            }
            Function::Combine => {
                let other = self.items(&call.arguments[0], scope)?;
                items.extend(other);
                Ok(items)
            }
            Function::Coalesce => {
                for argument in &call.arguments {
                    let found = self.items(argument, Scope { this: &items, ..scope })?;
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
                Ok(Vec::new())
            }
            Function::Select => {
                let mut out = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    out.extend(self.items(&call.arguments[0], Self::inside(scope, item, index))?);
                }
                Ok(out)
            }
            Function::Repeat | Function::RepeatAll => self.repeat(call, items, scope),
            Function::Aggregate => self.aggregate(call, &items, scope),
            Function::Sort => self.sort(call, items, scope),
            Function::Iif => self.iif(call, &items, scope),
            Function::Trace => self.trace(call, items, scope),
            Function::DefineVariable => {
                let name = self.text_argument(at, "the variable's name", &call.arguments[0], scope)?;
                let Some(name) = name else {
                    return fail(at, "a variable needs a name");
                };
                if self.defined.borrow().iter().any(|(defined, _)| *defined == *name) {
                    return fail(at, format!("the variable %{name} is defined already"));
                }
                let value = match call.arguments.get(1) {
                    Some(value) => self.items(value, Scope { this: &items, ..scope })?,
                    None => items.clone(),
                };
                self.defined.borrow_mut().push((name.into_owned(), value));
                Ok(items)
            }
            other => fail(at, format!("{other:?} is not a function of collections")),
        }
    }

    fn is_subset(&self, at: u32, items: &[Item<'d>], of: &[Item<'d>]) -> Outcome<bool> {
        self.spend(at, items.len() * of.len())?;
        Ok(items.iter().all(|item| of.iter().any(|other| equal(item, other) == Some(true))))
    }

    /// The items without those equal to an earlier one.
    pub(super) fn distinct(&self, at: u32, items: Items<'d>) -> Outcome<Items<'d>> {
        if items.len() < 2 {
            return Ok(items);
        }
        if items.len() > HASHED_FROM
            && let Some(texts) = items.iter().map(string_value).collect::<Option<Vec<_>>>()
        {
            let mut seen = HashSet::with_capacity(texts.len());
            let mut texts = texts.into_iter();
            return Ok(items.into_iter().filter(|_| texts.next().is_some_and(|text| seen.insert(text))).collect());
        }
        let mut out: Items<'d> = Vec::with_capacity(items.len());
        for item in items {
            self.spend(at, out.len())?;
            if !out.iter().any(|other| equal(&item, other) == Some(true)) {
                out.push(item);
            }
        }
        Ok(out)
    }

    pub(super) fn union(&self, at: u32, mut items: Items<'d>, other: &[Item<'d>]) -> Outcome<Items<'d>> {
        items.extend_from_slice(other);
        self.distinct(at, items)
    }

    /// `repeat()` keeps only what is new; `repeatAll()` keeps all, and so ends only with the data or the work limit.
    fn repeat(&self, call: &'d CallStep, items: Items<'d>, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let mut out: Items<'d> = Vec::new();
        let mut queue = items;
        while !queue.is_empty() {
            let mut next = Vec::new();
            for (index, item) in queue.iter().enumerate() {
                for found in self.items(&call.arguments[0], Self::inside(scope, item, index))? {
                    self.spend(call.at, 1)?;
                    if call.function == Function::Repeat {
                        self.spend(call.at, out.len())?;
                        if out.iter().any(|other| same(&found, other)) {
                            continue;
                        }
                    }
                    out.push(found.clone());
                    next.push(found);
                }
            }
            queue = next;
        }
        Ok(out)
    }

    fn aggregate(&self, call: &'d CallStep, items: &[Item<'d>], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let mut total = match call.arguments.get(1) {
            Some(start) => self.items(start, scope)?,
            None => Vec::new(),
        };
        for (index, item) in items.iter().enumerate() {
            let inside = Scope { this: std::slice::from_ref(item), index: Some(index), total: &total };
            total = self.items(&call.arguments[0], inside)?;
        }
        Ok(total)
    }

    fn iif(&self, call: &'d CallStep, items: &[Item<'d>], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        // `iif()` that stands alone has `$this` for its input, which may be any collection only there.
        single(call.at, "iif()", items)?;
        let inside = Scope { this: items, ..scope };
        let found = self.items(&call.arguments[0], inside)?;
        let chosen = if truth(call.at, "the criterion of iif()", &found)? == Some(true) {
            Some(&call.arguments[1])
        } else {
            call.arguments.get(2)
        };
        chosen.map_or(Ok(Vec::new()), |branch| self.items(branch, inside))
    }

    fn trace(&self, call: &'d CallStep, items: Items<'d>, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let name = self.text_argument(call.at, "the name of trace()", &call.arguments[0], scope)?;
        let shown = match call.arguments.get(1) {
            None => None,
            Some(projection) => {
                let mut shown = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    shown.extend(self.items(projection, Self::inside(scope, item, index))?);
                }
                Some(shown)
            }
        };
        if let Some(tracer) = self.env.tracer {
            tracer(name.as_deref().unwrap_or_default(), shown.as_ref().unwrap_or(&items));
        }
        Ok(items)
    }

    /// Sorts by keys; a key that is written with a minus sorts downwards. Empty keys come first either way.
    fn sort(&self, call: &'d CallStep, items: Items<'d>, scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let mut keyed: Vec<(Vec<Option<Item<'d>>>, Item<'d>)> = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let mut keys = Vec::with_capacity(call.arguments.len().max(1));
            for argument in &call.arguments {
                let key = match argument {
                    Expression::Minus(_, key) => key,
                    key => key,
                };
                let found = self.items(key, Self::inside(scope, &item, index))?;
                keys.push(single(call.at, "a sort key", &found)?.cloned());
            }
            if call.arguments.is_empty() {
                keys.push(Some(item.clone()));
            }
            keyed.push((keys, item));
        }
        self.spend(call.at, keyed.len() * (keyed.len().max(1).ilog2() as usize + 1))?;
        let mut clash = None;
        keyed.sort_by(|(a, _), (b, _)| {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                let found = match (a, b) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => return Ordering::Less,
                    (Some(_), None) => return Ordering::Greater,
                    (Some(a), Some(b)) => match order(a, b) {
                        Order::Known(order) => order,
                        Order::Unknown => Ordering::Equal,
                        Order::None => {
                            clash.get_or_insert((a.type_name(), b.type_name()));
                            Ordering::Equal
                        }
                    },
                };
                let down = matches!(call.arguments.get(at), Some(Expression::Minus(..)));
                if found != Ordering::Equal {
                    return if down { found.reverse() } else { found };
                }
            }
            Ordering::Equal
        });
        match clash {
            Some((a, b)) => fail(call.at, format!("{a} and {b} have no order to sort by")),
            None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
        }
    }
}

/// A string's text, where equality is of the text.
fn string_value<'d>(item: &Item<'d>) -> Option<Cow<'d, str>> {
    match item.value()? {
        Item::String(text) => Some(text),
        _ => None,
    }
}

/// The same place of the document, or equal values.
fn same(a: &Item<'_>, b: &Item<'_>) -> bool {
    match (a, b) {
        (Item::Node(a), Item::Node(b)) if a.node == b.node => true,
        (a, b) => equal(a, b) == Some(true),
    }
}

fn booleans(at: u32, items: &[Item<'_>]) -> Outcome<Vec<bool>> {
    items
        .iter()
        .map(|item| match item.as_boolean() {
            Some(value) => Ok(value),
            None => fail(at, format!("every item must be a boolean, not {}", item.type_name())),
        })
        .collect()
}
