//! Binary operators.

use super::equality::{Order, equal, equivalent, order};
use super::{Evaluator, Items, Outcome, Scope, fail, single, truth};
use crate::decimal::Decimal;
use crate::path::item::Item;
use crate::path::program::Expression;
use crate::path::quantity::{DurationError, Quantity, shift};
use crate::path::syntax::Operator;
use std::borrow::Cow;
use std::cmp::Ordering;

fn boolean<'d>(value: Option<bool>) -> Items<'d> {
    value.map(Item::Boolean).into_iter().collect()
}

impl<'d> Evaluator<'_, 'd> {
    pub(super) fn operate(
        &self,
        at: u32,
        operator: Operator,
        left: Items<'d>,
        right: &'d Expression,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        // Where the left side decides, the right one is not looked at.
        let text = operator.text();
        match operator {
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
                let a = truth(at, text, &left)?;
                match (operator, a) {
                    (Operator::And, Some(false)) => return Ok(boolean(Some(false))),
                    (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(boolean(Some(true))),
                    _ => {}
                }
                let b = truth(at, text, &self.items(right, scope)?)?;
                return Ok(boolean(logic(operator, a, b)));
            }
            _ => {}
        }
        // A constant on the right is used in place.
        let made;
        let right: &[Item<'d>] = match right {
            Expression::Constant(item) => std::slice::from_ref(item),
            other => {
                made = self.items(other, scope)?;
                &made
            }
        };
        self.spend(at, right.len())?;
        match operator {
            Operator::Union => self.union(at, left, right),
            Operator::Equal => Ok(boolean(self.collections_equal(at, &left, right)?)),
            Operator::NotEqual => Ok(boolean(self.collections_equal(at, &left, right)?.map(|equal| !equal))),
            Operator::Equivalent => Ok(boolean(Some(self.collections_equivalent(at, &left, right)?))),
            Operator::NotEquivalent => Ok(boolean(Some(!self.collections_equivalent(at, &left, right)?))),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let (Some(a), Some(b)) = (single(at, text, &left)?, single(at, text, right)?) else {
                    return Ok(Vec::new());
                };
                match order(a, b) {
                    Order::Known(order) => Ok(boolean(Some(match operator {
                        Operator::Less => order == Ordering::Less,
                        Operator::LessOrEqual => order != Ordering::Greater,
                        Operator::Greater => order == Ordering::Greater,
                        _ => order != Ordering::Less,
                    }))),
                    Order::Unknown => Ok(Vec::new()),
                    // A primitive that does not read as its type has no value to compare.
                    Order::None if a.is_without_value() || b.is_without_value() => Ok(Vec::new()),
                    Order::None => {
                        fail(at, format!("{} and {} cannot be compared by {text}", a.type_name(), b.type_name()))
                    }
                }
            }
            Operator::In => self.membership(at, text, &left, right),
            Operator::Contains => self.membership(at, text, right, &left),
            Operator::Concatenate => {
                let mut out = String::new();
                for side in [left.as_slice(), right] {
                    if let Some(item) = single(at, text, side)? {
                        match item.as_text() {
                            Some(part) => {
                                self.spend_text(at, out.len() + part.len())?;
                                out.push_str(&part);
                            }
                            None if item.is_without_value() => {}
                            None => return fail(at, format!("& needs strings, not {}", item.type_name())),
                        }
                    }
                }
                Ok(vec![Item::String(Cow::Owned(out))])
            }
            _ => {
                let (Some(a), Some(b)) = (single(at, text, &left)?, single(at, text, right)?) else {
                    return Ok(Vec::new());
                };
                let result = arithmetic(at, operator, a, b)?;
                if let Some(Item::String(text)) = &result {
                    self.spend_text(at, text.len())?;
                }
                Ok(result.into_iter().collect())
            }
        }
    }

    fn membership(&self, at: u32, text: &str, item: &[Item<'d>], items: &[Item<'d>]) -> Outcome<Items<'d>> {
        let Some(item) = single(at, text, item)? else {
            return Ok(Vec::new());
        };
        self.spend(at, items.len())?;
        Ok(boolean(Some(items.iter().any(|other| equal(item, other) == Some(true)))))
    }

    pub(super) fn collections_equal(&self, at: u32, a: &[Item<'d>], b: &[Item<'d>]) -> Outcome<Option<bool>> {
        if a.is_empty() || b.is_empty() {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        self.spend(at, a.len())?;
        let mut known = Some(true);
        for (a, b) in a.iter().zip(b) {
            match equal(a, b) {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => known = None,
            }
        }
        Ok(known)
    }

    fn collections_equivalent(&self, at: u32, a: &[Item<'d>], b: &[Item<'d>]) -> Outcome<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        self.spend(at, a.len() * a.len())?;
        let mut left: Vec<&Item<'d>> = b.iter().collect();
        Ok(a.iter().all(|a| match left.iter().position(|b| equivalent(a, b)) {
            Some(found) => {
                left.swap_remove(found);
                true
            }
            None => false,
        }))
    }
}

fn decimals<'d>(operator: Operator, a: Decimal, b: Decimal) -> Option<Item<'d>> {
    match operator {
        Operator::Add => a.checked_add(b).map(Item::Decimal),
        Operator::Subtract => a.checked_sub(b).map(Item::Decimal),
        Operator::Multiply => a.checked_mul(b).map(Item::Decimal),
        Operator::Divide => a.checked_div(b).map(Item::Decimal),
        Operator::Div => a.checked_div_whole(b).map(Item::Integer),
        Operator::Mod => a.checked_rem(b).map(Item::Decimal),
        _ => None,
    }
}

/// The three-valued tables of FHIRPath § 6.5.
fn logic(operator: Operator, a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match operator {
        Operator::And => match (a, b) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Operator::Or => match (a, b) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Operator::Xor => Some(a? != b?),
        _ => match (a, b) {
            (Some(false), _) | (_, Some(true)) => Some(true),
            (Some(true), b) => b,
            (None, _) => None,
        },
    }
}

fn arithmetic<'d>(at: u32, operator: Operator, a: &Item<'d>, b: &Item<'d>) -> Outcome<Option<Item<'d>>> {
    let wrong = || {
        let text = operator.text();
        fail(at, format!("{} {text} {} has no meaning", a.type_name(), b.type_name()))
    };
    if a.is_without_value() || b.is_without_value() {
        return Ok(None);
    }
    let (Some(left), Some(right)) = (a.value(), b.value()) else {
        return wrong();
    };
    let number = |item: &Item<'d>| match item {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Decimal(value) => Some(*value),
        _ => None,
    };
    Ok(match (&left, &right) {
        (Item::Integer(a), Item::Integer(b)) => match operator {
            Operator::Add => a.checked_add(*b).map(Item::Integer),
            Operator::Subtract => a.checked_sub(*b).map(Item::Integer),
            Operator::Multiply => a.checked_mul(*b).map(Item::Integer),
            Operator::Div => a.checked_div(*b).map(Item::Integer),
            Operator::Mod => a.checked_rem(*b).map(Item::Integer),
            _ => decimals(operator, Decimal::from(*a), Decimal::from(*b)),
        },
        (Item::String(a), Item::String(b)) if operator == Operator::Add => {
            Some(Item::String(Cow::Owned(format!("{a}{b}"))))
        }
        (Item::Temporal(time), Item::Quantity(duration)) if matches!(operator, Operator::Add | Operator::Subtract) => {
            match shift(*time, duration, operator == Operator::Subtract) {
                Ok(time) => Some(Item::Temporal(time)),
                Err(DurationError::Outside) => None,
                Err(DurationError::Indefinite) => {
                    return fail(at, format!("'{}' is no calendar unit: write years or months", duration.unit));
                }
                Err(DurationError::NotADuration) => {
                    return fail(at, format!("'{}' is not a duration that can be added here", duration.unit));
                }
            }
        }
        (left, right) => match (number(left), number(right)) {
            (Some(a), Some(b)) => decimals(operator, a, b),
            _ => {
                let quantity = |item: &Item<'d>| match item {
                    Item::Quantity(quantity) => Some(Quantity::clone(quantity)),
                    other => number(other).map(|value| Quantity::new(value, "1")),
                };
                let (Some(a), Some(b)) = (quantity(left), quantity(right)) else {
                    return wrong();
                };
                let result = match operator {
                    Operator::Add => a.plus(&b),
                    Operator::Subtract => a.plus(&b.negated()),
                    Operator::Multiply if a.unit == "1" && !a.calendar => b.times(&a, false),
                    Operator::Multiply => a.times(&b, false),
                    Operator::Divide => a.times(&b, true),
                    _ => return wrong(),
                };
                result.map(|quantity| Item::Quantity(Box::new(quantity)))
            }
        },
    })
}
