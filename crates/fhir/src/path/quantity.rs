//! Quantities: a number with a UCUM unit or a calendar duration.

use super::temporal::{Precision, Temporal, TemporalKind};
use crate::decimal::Decimal;
use crate::ucum::Unit;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A number with its unit.
#[derive(Clone, Debug)]
pub struct Quantity<'d> {
    /// The number.
    pub value: Decimal,
    /// A UCUM code, or the singular of a calendar word (`week`).
    pub unit: Cow<'d, str>,
    /// True if the unit is a calendar word.
    pub calendar: bool,
}

/// The singular of a calendar unit's word; `None` for other words.
pub(super) fn calendar_unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "year" | "years" => "year",
        "month" | "months" => "month",
        "week" | "weeks" => "week",
        "day" | "days" => "day",
        "hour" | "hours" => "hour",
        "minute" | "minutes" => "minute",
        "second" | "seconds" => "second",
        "millisecond" | "milliseconds" => "millisecond",
        _ => return None,
    })
}

/// The UCUM unit that a calendar word stands for where it is of definite length; `equivalent` also takes years and months.
fn ucum_of(calendar: &str, equivalent: bool) -> Option<&'static str> {
    Some(match calendar {
        "year" if equivalent => "a",
        "month" if equivalent => "mo",
        "week" => "wk",
        "day" => "d",
        "hour" => "h",
        "minute" => "min",
        "second" => "s",
        "millisecond" => "ms",
        _ => return None,
    })
}

/// What comparing two quantities says.
pub(super) enum Comparison {
    Ordered(Ordering),
    /// They measure different things.
    DifferentKind,
    /// One of the units is not known, or the answer depends on the calendar.
    Unknown,
}

impl<'d> Quantity<'d> {
    /// A quantity of a UCUM unit.
    pub fn new(value: Decimal, unit: impl Into<Cow<'d, str>>) -> Self {
        Quantity { value, unit: unit.into(), calendar: false }
    }

    fn ucum(&self, equivalent: bool) -> Option<&str> {
        if self.calendar { ucum_of(&self.unit, equivalent) } else { Some(&self.unit) }
    }

    fn same_unit(&self, other: &Quantity<'_>) -> bool {
        self.calendar == other.calendar && self.unit == other.unit
    }

    /// Both values in one unit: the smaller of the two, so that digits stay meaningful.
    fn aligned(&self, other: &Quantity<'_>, equivalent: bool) -> Result<(Decimal, Decimal), Comparison> {
        if self.same_unit(other) {
            return Ok((self.value, other.value));
        }
        if self.calendar && other.calendar {
            // Years and months among themselves are definite.
            let months = |q: &Quantity<'_>| match q.unit.as_ref() {
                "year" => q.value.checked_mul(Decimal::from(12_i64)),
                "month" => Some(q.value),
                _ => None,
            };
            match (months(self), months(other)) {
                (Some(a), Some(b)) => return Ok((a, b)),
                (None, None) => {}
                _ if equivalent => {}
                _ => return Err(Comparison::Unknown),
            }
        }
        let (Some(unit), Some(other_unit)) = (self.ucum(equivalent), other.ucum(equivalent)) else {
            return Err(Comparison::Unknown);
        };
        let (Some(unit), Some(other_unit)) = (Unit::parse(unit), Unit::parse(other_unit)) else {
            return Err(Comparison::Unknown);
        };
        if unit.dimension != other_unit.dimension {
            return Err(Comparison::DifferentKind);
        }
        let smaller = if unit.factor.to_f64() <= other_unit.factor.to_f64() { &unit } else { &other_unit };
        let convert = |value: Decimal, from: &Unit| {
            if from == smaller { Some(value) } else { smaller.from_base(from.to_base(value)?) }
        };
        match (convert(self.value, &unit), convert(other.value, &other_unit)) {
            (Some(a), Some(b)) => Ok((a, b)),
            _ => Err(Comparison::Unknown),
        }
    }

    pub(super) fn compare(&self, other: &Quantity<'_>) -> Comparison {
        match self.aligned(other, false) {
            Ok((a, b)) => Comparison::Ordered(a.cmp(&b)),
            Err(comparison) => comparison,
        }
    }

    /// Equal when both are rounded to the digits of the less precise one, in that one's unit.
    pub(super) fn is_equivalent(&self, other: &Quantity<'_>) -> bool {
        if self.same_unit(other) {
            return decimals_equivalent(self.value, other.value);
        }
        let (Some(unit), Some(other_unit)) =
            (self.ucum(true).and_then(Unit::parse), other.ucum(true).and_then(Unit::parse))
        else {
            return false;
        };
        if unit.dimension != other_unit.dimension {
            return false;
        }
        // In the larger unit, where the digits of a rounded value are.
        let larger = if unit.factor.to_f64() >= other_unit.factor.to_f64() { &unit } else { &other_unit };
        let convert = |value: Decimal, from: &Unit| {
            if from == larger { Some(value) } else { larger.from_base(from.to_base(value)?) }
        };
        match (convert(self.value, &unit), convert(other.value, &other_unit)) {
            (Some(a), Some(b)) => decimals_equivalent(a, b),
            _ => false,
        }
    }

    /// True if the two can be compared at all.
    pub(super) fn is_comparable(&self, other: &Quantity<'_>) -> bool {
        !matches!(self.compare(other), Comparison::DifferentKind | Comparison::Unknown)
    }

    /// The sum, in the unit of the left side; `None` if the units do not go together.
    pub(super) fn plus(&self, other: &Quantity<'_>) -> Option<Quantity<'d>> {
        let added = if self.same_unit(other) {
            other.value
        } else {
            let (unit, other_unit) = (Unit::parse(self.ucum(false)?)?, Unit::parse(other.ucum(false)?)?);
            if unit.dimension != other_unit.dimension {
                return None;
            }
            unit.from_base(other_unit.to_base(other.value)?)?
        };
        Some(Quantity { value: self.value.checked_add(added)?, ..self.clone() })
    }

    pub(super) fn negated(&self) -> Quantity<'d> {
        Quantity { value: -self.value, ..self.clone() }
    }

    /// The product or quotient; `None` if a unit has no products.
    pub(super) fn times(&self, other: &Quantity<'_>, divide: bool) -> Option<Quantity<'d>> {
        let (code, other_code) = (self.ucum(false)?, other.ucum(false)?);
        let (unit, other_unit) = (Unit::parse(code)?, Unit::parse(other_code)?);
        let combine = |a: Decimal, b: Decimal| if divide { a.checked_div(b) } else { a.checked_mul(b) };
        if other_code == "1" {
            return Some(Quantity { value: combine(self.value, other.value)?, ..self.clone() });
        }
        if code == other_code && divide {
            return Some(Quantity::new(combine(self.value, other.value)?, "1"));
        }
        if code == other_code && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Some(Quantity::new(combine(self.value, other.value)?, format!("{code}2")));
        }
        let product = if divide { unit.over(&other_unit)? } else { unit.times(&other_unit)? };
        let value = combine(self.value, other.value)?;
        // Of different units in base units: one spelling for all ways to the same product.
        Some(Quantity::new(product.factor.apply(value)?.normalized(), product.dimension.to_string()))
    }
}

/// Equality of numbers at the precision of the less precise one, zeros at the end not counting.
pub(super) fn decimals_equivalent(a: Decimal, b: Decimal) -> bool {
    let places = a.normalized().scale().min(b.normalized().scale());
    a.round(places) == b.round(places)
}

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.calendar {
            return write!(f, "{} '{}'", self.value, self.unit);
        }
        let plural = if self.value == Decimal::from(1_i64) { "" } else { "s" };
        write!(f, "{} {}{plural}", self.value, self.unit)
    }
}

/// Why a duration cannot be added to a time.
pub(super) enum DurationError {
    NotADuration,
    /// `1 'a'` is 365.25 days; only calendar years and months can be added to a date.
    Indefinite,
    /// The result lies outside of the years 0 to 9999, or of what a time of day takes.
    Outside,
}

const MS_NS: i128 = 1_000_000;

/// `time + duration`, or `-` with `minus`. Fractions count for seconds only; a partial time moves by whole parts of its
/// own precision.
pub(super) fn shift(time: Temporal, duration: &Quantity<'_>, minus: bool) -> Result<Temporal, DurationError> {
    let word = if duration.calendar {
        duration.unit.as_ref()
    } else {
        match duration.unit.as_ref() {
            "a" | "mo" => return Err(DurationError::Indefinite),
            "wk" => "week",
            "d" => "day",
            "h" => "hour",
            "min" => "minute",
            "s" => "second",
            "ms" => "millisecond",
            _ => return Err(DurationError::NotADuration),
        }
    };
    let value = if minus { -duration.value } else { duration.value };
    let whole = value.truncated().ok_or(DurationError::Outside)?;
    let months = match word {
        "year" => Some(whole.checked_mul(12).ok_or(DurationError::Outside)?),
        "month" => Some(whole),
        _ => None,
    };
    if let Some(months) = months {
        if time.kind == TemporalKind::Time {
            return Err(DurationError::NotADuration);
        }
        let months = if time.precision == Precision::Year { months / 12 * 12 } else { months };
        return time.plus_months(months).ok_or(DurationError::Outside);
    }
    let ns = match word {
        "week" => i128::from(whole) * 7 * 86_400_000 * MS_NS,
        "day" => i128::from(whole) * 86_400_000 * MS_NS,
        "hour" => i128::from(whole) * 3_600_000 * MS_NS,
        "minute" => i128::from(whole) * 60_000 * MS_NS,
        // Seconds and milliseconds are one decimal; anything finer than a millisecond is not kept.
        _ => {
            let places = if word == "second" { 3 } else { 0 };
            let ms = value.shifted(places).and_then(Decimal::truncated).ok_or(DurationError::Outside)?;
            i128::from(ms) * MS_NS
        }
    };
    let day_ns = 86_400_000 * MS_NS;
    let moved = match time.precision {
        // Whole months of 30 and years of 365 days, as the standard has it for partial dates.
        Precision::Year => time.plus_months((ns / (365 * day_ns)) as i64 * 12),
        Precision::Month => time.plus_months((ns / (30 * day_ns)) as i64),
        Precision::Day => time.plus_ns(ns / day_ns * day_ns),
        Precision::Hour => time.plus_ns(ns / (3_600_000 * MS_NS) * 3_600_000 * MS_NS),
        Precision::Minute => time.plus_ns(ns / (60_000 * MS_NS) * 60_000 * MS_NS),
        Precision::Second => {
            let mut time = time;
            if ns % (1000 * MS_NS) != 0 {
                time.fraction_digits = time.fraction_digits.max(3);
            }
            time.plus_ns(ns)
        }
    };
    moved.ok_or(DurationError::Outside)
}
