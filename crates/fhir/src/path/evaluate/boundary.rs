//! Time, parts of times, boundaries and precision.

use super::{Evaluator, Items, Outcome, Scope, fail, single};
use crate::decimal::Decimal;
use crate::path::functions::Function;
use crate::path::item::Item;
use crate::path::program::CallStep;
use crate::path::quantity::Quantity;
use crate::path::temporal::{Precision, Temporal, TemporalKind};

/// Digits after the point that a boundary of a decimal has unless told otherwise.
const DECIMAL_PRECISION: i64 = 8;
/// The most it may have.
const DECIMAL_PRECISION_LIMIT: i64 = 28;

impl<'d> Evaluator<'_, 'd> {
    pub(super) fn time_function(
        &self,
        call: &'d CallStep,
        items: &[Item<'d>],
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        use Function as F;
        let at = call.at;
        if let F::Now | F::Today | F::TimeOfDay = call.function {
            let Some(now_us) = self.env.now_us else {
                return fail(at, "now(), today() and timeOfDay() need the time, and none was given");
            };
            let now = Temporal::from_us(now_us, self.env.offset_minutes);
            return Ok(match call.function {
                F::Now => Some(now),
                F::Today => Some(now.date()),
                _ => now.time_of_day(),
            }
            .map(Item::Temporal)
            .into_iter()
            .collect());
        }
        let Some(item) = single(at, "this function", items)? else {
            return Ok(Vec::new());
        };
        let Some(value) = item.value() else {
            // An element without a value has no parts and no bounds.
            return Ok(Vec::new());
        };
        let result = match call.function {
            F::LowBoundary | F::HighBoundary => {
                let precision = match call.arguments.first() {
                    Some(precision) => match self.integer(at, "the precision of a boundary", precision, scope)? {
                        Some(precision) => Some(precision),
                        None => return Ok(Vec::new()),
                    },
                    None => None,
                };
                boundary(&value, precision, call.function == F::HighBoundary)
            }
            F::Precision => precision(&value).map(Item::Integer),
            F::Comparable => {
                let other = self.items(&call.arguments[0], scope)?;
                let Some(other) = single(at, "comparable()", &other)?.and_then(Item::value) else {
                    return Ok(Vec::new());
                };
                match (&value, &other) {
                    (Item::Quantity(a), Item::Quantity(b)) => Some(Item::Boolean(a.is_comparable(b))),
                    _ => return fail(at, "comparable() needs quantities"),
                }
            }
            function => match value {
                Item::Temporal(time) => part(time, function),
                _ => return fail(at, format!("{} has no parts of a time", item.type_name())),
            },
        };
        Ok(result.into_iter().collect())
    }
}

fn part<'d>(time: Temporal, function: Function) -> Option<Item<'d>> {
    use Function as F;
    let dated = time.kind != TemporalKind::Time;
    let given =
        |precision: Precision, value: u32| (time.precision >= precision).then_some(Item::Integer(i64::from(value)));
    match function {
        F::YearOf if dated => Some(Item::Integer(i64::from(time.year))),
        F::MonthOf if dated => given(Precision::Month, time.month.into()),
        F::DayOf if dated => given(Precision::Day, time.day.into()),
        F::HourOf => given(Precision::Hour, time.hour.into()),
        F::MinuteOf => given(Precision::Minute, time.minute.into()),
        F::SecondOf => given(Precision::Second, time.second.into()),
        F::MillisecondOf if time.fraction_digits > 0 => given(Precision::Second, time.nanos / 1_000_000),
        F::TimezoneOffsetOf => {
            let minutes = time.offset_minutes?;
            Decimal::from(i64::from(minutes)).checked_div(Decimal::from(60_i64)).map(Item::Decimal)
        }
        F::DateOf if dated => Some(Item::Temporal(time.date())),
        F::TimeOf if dated => time.time_of_day().map(Item::Temporal),
        _ => None,
    }
}

/// How many digits a value is given with.
fn precision(value: &Item<'_>) -> Option<i64> {
    Some(match value {
        Item::Integer(_) => 0,
        Item::Decimal(value) => i64::from(value.scale()),
        Item::Quantity(quantity) => i64::from(quantity.value.scale()),
        Item::Temporal(time) => {
            let digits = match time.precision {
                Precision::Year => 4,
                Precision::Month => 6,
                Precision::Day => 8,
                Precision::Hour => 10,
                Precision::Minute => 12,
                Precision::Second => 14 + i64::from(time.fraction_digits),
            };
            if time.kind == TemporalKind::Time { digits - 8 } else { digits }
        }
        _ => return None,
    })
}

/// The smallest or largest value that would be written like this one when rounded.
fn boundary<'d>(value: &Item<'d>, precision: Option<i64>, high: bool) -> Option<Item<'d>> {
    match value {
        Item::Integer(value) => decimal_boundary(Decimal::from(*value), precision, high).map(Item::Decimal),
        Item::Decimal(value) => decimal_boundary(*value, precision, high).map(Item::Decimal),
        Item::Quantity(quantity) => {
            let value = decimal_boundary(quantity.value, precision, high)?;
            Some(Item::Quantity(Box::new(Quantity { value, ..Quantity::clone(quantity) })))
        }
        Item::Temporal(time) => {
            let wanted = match (time.kind, precision) {
                (TemporalKind::Date, None) => Precision::Day,
                (_, None) => Precision::Second,
                (TemporalKind::Time, Some(digits)) => of_digits(digits + 8)?,
                (_, Some(digits)) => of_digits(digits)?,
            };
            if time.kind == TemporalKind::Date && wanted > Precision::Day {
                return None;
            }
            Some(Item::Temporal(time.bounded(wanted, high)))
        }
        _ => None,
    }
}

fn of_digits(digits: i64) -> Option<Precision> {
    Some(match digits {
        4 => Precision::Year,
        6 => Precision::Month,
        8 => Precision::Day,
        10 => Precision::Hour,
        12 => Precision::Minute,
        14 | 17 => Precision::Second,
        _ => return None,
    })
}

fn decimal_boundary(value: Decimal, precision: Option<i64>, high: bool) -> Option<Decimal> {
    let places = precision.unwrap_or(DECIMAL_PRECISION);
    if !(0..=DECIMAL_PRECISION_LIMIT).contains(&places) {
        return None;
    }
    let places = places as u32;
    // Half a unit of the last digit given.
    let half = Decimal::new(5, value.scale() + 1);
    let bound =
        if high { value.checked_add(half)?.ceiling_to(places) } else { value.checked_sub(half)?.floor_to(places) };
    Some(bound.with_scale(places))
}
