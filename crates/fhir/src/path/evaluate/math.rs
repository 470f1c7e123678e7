//! Functions of numbers.

use super::equality::{Order, order};
use super::{Evaluator, Items, Outcome, Scope, fail, single};
use crate::decimal::Decimal;
use crate::path::functions::Function;
use crate::path::item::Item;
use crate::path::program::CallStep;
use crate::path::quantity::Quantity;
use std::cmp::Ordering;

impl<'d> Evaluator<'_, 'd> {
    pub(super) fn math_function(
        &self,
        call: &'d CallStep,
        items: Items<'d>,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        let at = call.at;
        match call.function {
            Function::Min | Function::Max => return extreme(call, items),
            Function::Sum | Function::Avg => return sum(call, &items),
            _ => {}
        }
        let Some(item) = single(at, "a function of numbers", &items)? else {
            return Ok(Vec::new());
        };
        let value = item.value();
        if let (Some(Item::Integer(whole)), Function::Abs | Function::Ceiling | Function::Floor | Function::Truncate) =
            (&value, call.function)
        {
            let result = if call.function == Function::Abs { whole.checked_abs() } else { Some(*whole) };
            return Ok(result.map(Item::Integer).into_iter().collect());
        }
        let (number, unit) = match &value {
            Some(Item::Integer(value)) => (Decimal::from(*value), None),
            Some(Item::Decimal(value)) => (*value, None),
            Some(Item::Quantity(quantity)) => (quantity.value, Some(quantity)),
            _ => return fail(at, format!("a function of numbers needs a number, not {}", item.type_name())),
        };
        let result = match call.function {
            Function::Abs => Some(Item::Decimal(number.abs())),
            Function::Ceiling => number.ceiling_to(0).truncated().map(Item::Integer),
            Function::Floor => number.floor_to(0).truncated().map(Item::Integer),
            Function::Truncate => number.truncated().map(Item::Integer),
            Function::Round => {
                let places = match call.arguments.first() {
                    Some(places) => self.integer(at, "the precision of round()", places, scope)?.unwrap_or(0),
                    None => 0,
                };
                match u32::try_from(places) {
                    Ok(places) => Some(Item::Decimal(number.round(places))),
                    Err(_) => return fail(at, "the precision of round() must not be below nought"),
                }
            }
            Function::Exp => real(number.to_f64().exp()),
            Function::Ln => real(number.to_f64().ln()),
            Function::Sqrt => real(number.to_f64().sqrt()),
            Function::Log => {
                let base = self.number(at, "the base of log()", &call.arguments[0], scope)?;
                base.and_then(|base| real(log(number.to_f64(), base.to_f64())))
            }
            Function::Power => {
                let exponent = self.number(at, "the exponent of power()", &call.arguments[0], scope)?;
                exponent.and_then(|exponent| power(number, exponent))
            }
            other => return fail(at, format!("{other:?} is not a function of numbers")),
        };
        // 2.power(3) of integers is an integer.
        let result = match (result, &value, call.function) {
            (Some(Item::Decimal(result)), Some(Item::Integer(_)), Function::Power | Function::Round)
                if result.scale() == 0 =>
            {
                result.truncated().map(Item::Integer)
            }
            (result, ..) => result,
        };
        let with_unit = |item: Item<'d>| match (unit, item) {
            (Some(unit), Item::Decimal(value)) => Item::Quantity(Box::new(Quantity { value, ..Quantity::clone(unit) })),
            (Some(unit), Item::Integer(value)) => {
                Item::Quantity(Box::new(Quantity { value: Decimal::from(value), ..Quantity::clone(unit) }))
            }
            (_, item) => item,
        };
        Ok(result.map(with_unit).into_iter().collect())
    }
}

fn decimal(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Decimal(value) => Some(*value),
        _ => None,
    }
}

/// A floating-point result as a decimal; none if there is no such number.
fn real<'d>(value: f64) -> Option<Item<'d>> {
    Decimal::from_f64(value).map(Item::Decimal)
}

/// Bases 2 and 10 have functions of their own that are exact at powers.
fn log(value: f64, base: f64) -> f64 {
    if base.to_bits() == 2_f64.to_bits() {
        value.log2()
    } else if base.to_bits() == 10_f64.to_bits() {
        value.log10()
    } else {
        value.log(base)
    }
}

/// Exact for small whole exponents, else through floating point.
fn power<'d>(value: Decimal, exponent: Decimal) -> Option<Item<'d>> {
    let whole = exponent.truncated().filter(|whole| Decimal::from(*whole) == exponent);
    if let Some(whole) = whole.filter(|whole| (0..=256).contains(whole)) {
        let exact = (0..whole).try_fold(Decimal::from(1_i64), |product, _| product.checked_mul(value));
        if let Some(exact) = exact {
            return Some(Item::Decimal(exact));
        }
    }
    real(value.to_f64().powf(exponent.to_f64()))
}

fn extreme<'d>(call: &'d CallStep, items: Items<'d>) -> Outcome<Items<'d>> {
    let wanted = if call.function == Function::Min { Ordering::Less } else { Ordering::Greater };
    let mut best: Option<Item<'d>> = None;
    for item in items {
        best = match best {
            None => Some(item),
            Some(best) => match order(&item, &best) {
                Order::Known(found) => Some(if found == wanted { item } else { best }),
                Order::Unknown => return Ok(Vec::new()),
                Order::None => {
                    return fail(call.at, format!("{} and {} have no order", best.type_name(), item.type_name()));
                }
            },
        };
    }
    Ok(best.into_iter().collect())
}

fn sum<'d>(call: &'d CallStep, items: &[Item<'d>]) -> Outcome<Items<'d>> {
    let mut total: Option<Item<'d>> = None;
    for item in items {
        let Some(value) = item.value() else {
            return fail(call.at, format!("sum() and avg() need numbers, not {}", item.type_name()));
        };
        let next = match (total, value) {
            (None, value @ (Item::Integer(_) | Item::Decimal(_) | Item::Quantity(_))) => Some(value),
            (Some(Item::Integer(a)), Item::Integer(b)) => a.checked_add(b).map(Item::Integer),
            (Some(Item::Quantity(a)), Item::Quantity(b)) => a.plus(&b).map(|sum| Item::Quantity(Box::new(sum))),
            (Some(a), b) => match (decimal(&a), decimal(&b)) {
                (Some(a), Some(b)) => a.checked_add(b).map(Item::Decimal),
                _ => return fail(call.at, format!("{} cannot be added to {}", b.type_name(), a.type_name())),
            },
            (None, other) => {
                return fail(call.at, format!("sum() and avg() need numbers, not {}", other.type_name()));
            }
        };
        match next {
            Some(next) => total = Some(next),
            None => return Ok(Vec::new()),
        }
    }
    let count = Decimal::from(items.len() as i64);
    let result = match (call.function, total) {
        (Function::Avg, Some(Item::Quantity(sum))) => sum
            .value
            .checked_div(count)
            .map(|value| Item::Quantity(Box::new(Quantity { value, ..Quantity::clone(&sum) }))),
        (Function::Avg, Some(sum)) => decimal(&sum).and_then(|sum| sum.checked_div(count)).map(Item::Decimal),
        (_, total) => total,
    };
    Ok(result.into_iter().collect())
}
