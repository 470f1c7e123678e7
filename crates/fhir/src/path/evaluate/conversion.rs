//! `toX()` and `convertsToX()`.

use super::{Evaluator, Items, Outcome, Scope, single};
use crate::decimal::Decimal;
use crate::path::functions::Function;
use crate::path::item::Item;
use crate::path::program::CallStep;
use crate::path::quantity::{Quantity, calendar_unit};
use crate::path::temporal::{Temporal, TemporalKind};
use std::borrow::Cow;

impl<'d> Evaluator<'_, 'd> {
    pub(super) fn conversion(
        &self,
        call: &'d CallStep,
        items: &[Item<'d>],
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        use Function as F;
        let Some(item) = single(call.at, "a conversion", items)? else {
            return Ok(Vec::new());
        };
        let value = item.value();
        let value = value.as_ref();
        let (converted, asked) = match call.function {
            F::ToBoolean => (value.and_then(to_boolean), false),
            F::ConvertsToBoolean => (value.and_then(to_boolean), true),
            F::ToInteger => (value.and_then(to_integer), false),
            F::ConvertsToInteger => (value.and_then(to_integer), true),
            F::ToDecimal => (value.and_then(to_decimal), false),
            F::ConvertsToDecimal => (value.and_then(to_decimal), true),
            F::ToText => (to_text(item, value), false),
            F::ConvertsToText => (to_text(item, value), true),
            F::ToDate => (value.and_then(to_date), false),
            F::ConvertsToDate => (value.and_then(to_date), true),
            F::ToDateTime => (value.and_then(to_date_time), false),
            F::ConvertsToDateTime => (value.and_then(to_date_time), true),
            F::ToTime => (value.and_then(to_time), false),
            F::ConvertsToTime => (value.and_then(to_time), true),
            function => {
                let mut quantity = value.and_then(to_quantity);
                if let Some(unit) = call.arguments.first() {
                    let unit = self.text_argument(call.at, "the unit", unit, scope)?;
                    quantity = quantity.zip(unit).and_then(|(quantity, unit)| in_unit(quantity, &unit));
                }
                (quantity.map(|quantity| Item::Quantity(Box::new(quantity))), function == F::ConvertsToQuantity)
            }
        };
        Ok(if asked { vec![Item::Boolean(converted.is_some())] } else { converted.into_iter().collect() })
    }
}

fn to_boolean<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Boolean(match value {
        Item::Boolean(value) => *value,
        Item::Integer(0) => false,
        Item::Integer(1) => true,
        Item::Decimal(value) if *value == Decimal::from(1_i64) => true,
        Item::Decimal(value) if value.is_zero() => false,
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => true,
            "false" | "f" | "no" | "n" | "0" | "0.0" => false,
            _ => return None,
        },
        _ => return None,
    }))
}

fn to_integer<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Integer(match value {
        Item::Integer(value) => *value,
        Item::Boolean(value) => i64::from(*value),
        Item::String(text) => text.parse().ok()?,
        _ => return None,
    }))
}

fn to_decimal<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Decimal(match value {
        Item::Integer(value) => Decimal::from(*value),
        Item::Decimal(value) => *value,
        Item::Boolean(value) => Decimal::from(i64::from(*value)),
        // The language has no exponents.
        Item::String(text) if !text.contains(['e', 'E']) => Decimal::parse(text)?,
        _ => return None,
    }))
}

fn to_text<'d>(item: &Item<'d>, value: Option<&Item<'d>>) -> Option<Item<'d>> {
    if let Some(text) = item.as_text() {
        return Some(Item::String(text));
    }
    match value? {
        Item::Node(_) | Item::Unresolved(_) | Item::Type(_) => None,
        value => Some(Item::String(Cow::Owned(value.to_string()))),
    }
}

fn to_date<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Temporal(match value {
        Item::Temporal(value) if value.kind != TemporalKind::Time => value.date(),
        Item::String(text) => Temporal::parse_date_time(text)?.date(),
        _ => return None,
    }))
}

fn to_date_time<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Temporal(match value {
        Item::Temporal(value) if value.kind != TemporalKind::Time => {
            Temporal { kind: TemporalKind::DateTime, ..*value }
        }
        Item::String(text) => Temporal::parse_date_time(text)?,
        _ => return None,
    }))
}

fn to_time<'d>(value: &Item<'d>) -> Option<Item<'d>> {
    Some(Item::Temporal(match value {
        Item::Temporal(value) if value.kind == TemporalKind::Time => *value,
        Item::String(text) => Temporal::parse_time(text)?,
        _ => return None,
    }))
}

fn to_quantity<'d>(value: &Item<'d>) -> Option<Quantity<'d>> {
    match value {
        Item::Quantity(quantity) => Some(Quantity::clone(quantity)),
        Item::String(text) => parse_quantity(text),
        other => match to_decimal(other)? {
            Item::Decimal(value) => Some(Quantity::new(value, "1")),
            _ => None,
        },
    }
}

/// `4`, `4 days`, `4 'mg'`.
fn parse_quantity<'d>(text: &str) -> Option<Quantity<'d>> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | '.')).unwrap_or(text.len());
    let value = Decimal::parse(&text[..end])?;
    let unit = text[end..].trim_start();
    if unit.is_empty() {
        return Some(Quantity::new(value, "1"));
    }
    if let Some(code) = unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\'')) {
        return (!code.is_empty()).then(|| Quantity::new(value, code.to_owned()));
    }
    // A calendar word stands apart from its number.
    if unit.len() == text.len() - end {
        return None;
    }
    calendar_unit(unit).map(|unit| Quantity { value, unit: Cow::Borrowed(unit), calendar: true })
}

/// The quantity in another unit, if it can be.
fn in_unit<'d>(quantity: Quantity<'d>, unit: &str) -> Option<Quantity<'d>> {
    let (unit, calendar) = calendar_unit(unit).map_or((unit, false), |unit| (unit, true));
    if quantity.unit == unit && quantity.calendar == calendar {
        return Some(quantity);
    }
    let nought = Quantity { value: Decimal::ZERO, unit: Cow::Owned(unit.to_owned()), calendar };
    // Nought of the wanted unit plus the quantity is the quantity in that unit.
    nought.plus(&quantity)
}
