//! UCUM, the code for units of measure: what a unit is in base units, and by which factor.
//!
//! [`canonical`] is what search and comparison need: `mg/dL`, `g/L` and `ug/mL` all become `g.m-3`, each with the factor
//! (and, for temperatures, the offset) that turns its numbers into that unit's. [`Unit`] is the same with exact factors, for
//! FHIRPath arithmetic. The tables cover units in clinical use; a code that is not in them is no error here, it is `None`.

mod atoms;
mod factor;
mod parse;
#[cfg(test)]
mod tests;

pub use factor::Factor;

use crate::decimal::Decimal;
use crate::magnitude::Magnitude;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A unit's canonical form: `canonical value = value × factor + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct Canonical {
    /// The unit in base units, in one fixed spelling (`g.m-3`, `m2.s-2`, `1`).
    pub unit: String,
    /// What a value is multiplied by.
    pub factor: f64,
    /// What is added afterwards; 0 but for temperatures with a zero of their own.
    pub offset: f64,
}

/// The canonical form of a UCUM code; `None` if the code is not UCUM or not in the tables.
///
/// ```
/// let unit = fhir::ucum::canonical("mg/dL").unwrap();
/// assert_eq!((unit.unit.as_str(), unit.factor), ("g.m-3", 10.0));
/// ```
pub fn canonical(code: &str) -> Option<Canonical> {
    let unit = Unit::parse(code)?;
    let factor = unit.factor.to_f64();
    Some(Canonical {
        unit: unit.dimension.to_string(),
        factor,
        offset: unit.shift.map_or(0.0, Decimal::to_f64) * factor,
    })
}

/// True if both codes are known and measure the same kind of thing.
pub fn comparable(left: &str, right: &str) -> bool {
    match (Unit::parse(left), Unit::parse(right)) {
        (Some(left), Some(right)) => left.dimension == right.dimension,
        _ => false,
    }
}

/// A unit taken apart, with its exact factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Powers of base units.
    pub dimension: Dimension,
    /// Base units in one of these.
    pub factor: Factor,
    /// For a temperature with a zero of its own: what is added to a value before the factor is applied.
    pub shift: Option<Decimal>,
}

impl Unit {
    /// Takes a code apart; `None` if it is not UCUM or not in the tables.
    pub fn parse(code: &str) -> Option<Unit> {
        parse::unit(code)
    }

    /// A value of this unit in base units; `None` on overflow.
    pub fn to_base(&self, value: Decimal) -> Option<Decimal> {
        let value = match self.shift {
            Some(shift) => value.checked_add(shift)?,
            None => value,
        };
        self.factor.apply(value)
    }

    /// A value of this unit in base units, as the nearest floating-point number: for comparing values of any size. `None` if
    /// there is no such number.
    pub fn to_base_f64(&self, value: Magnitude) -> Option<f64> {
        let base = match self.shift {
            None => self.factor.scale(value),
            // Beside its zero a temperature has few digits that matter, and none beyond those of a decimal.
            Some(shift) => match Decimal::of(value).and_then(|value| value.checked_add(shift)) {
                Some(shifted) => self.factor.scale(Magnitude::from(shifted)),
                None => (value.to_f64() + shift.to_f64()) * self.factor.to_f64(),
            },
        };
        base.is_finite().then_some(base)
    }

    /// A value in base units as one of this unit; `None` on overflow.
    pub fn from_base(&self, value: Decimal) -> Option<Decimal> {
        let value = self.factor.inverse().apply(value)?;
        match self.shift {
            Some(shift) => value.checked_sub(shift),
            None => Some(value),
        }
    }

    /// This unit times `other`; `None` if a scale with its own zero takes part or on overflow.
    pub fn times(&self, other: &Unit) -> Option<Unit> {
        if self.shift.is_some() || other.shift.is_some() {
            return None;
        }
        let mut dimension = self.dimension.clone();
        dimension.add(&other.dimension, 1)?;
        Some(Unit { dimension, factor: self.factor.times(other.factor)?, shift: None })
    }

    /// This unit divided by `other`; `None` as in [`Unit::times`].
    pub fn over(&self, other: &Unit) -> Option<Unit> {
        self.times(&other.power(-1)?)
    }

    fn power(&self, exponent: i32) -> Option<Unit> {
        if exponent == 1 {
            return Some(self.clone());
        }
        if self.shift.is_some() {
            return None;
        }
        let mut dimension = Dimension::default();
        dimension.add(&self.dimension, i8::try_from(exponent).ok()?)?;
        Some(Unit { dimension, factor: self.factor.power(exponent)?, shift: None })
    }
}

/// Every atom's code, and each prefix before one of them.
#[cfg(test)]
pub(crate) fn codes() -> impl Iterator<Item = String> {
    let atoms = atoms::BASE.iter().copied().chain(atoms::ATOMS.iter().map(|(code, ..)| *code)).map(str::to_owned);
    atoms.chain(atoms::PREFIXES.iter().map(|(prefix, _)| format!("{prefix}m")))
}

/// Powers of base units, and of the arbitrary units that stand for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dimension {
    base: [i8; atoms::BASE.len()],
    own: BTreeMap<&'static str, i8>,
}

impl Dimension {
    /// True for pure numbers.
    pub fn is_one(&self) -> bool {
        self.base.iter().all(|power| *power == 0) && self.own.is_empty()
    }

    fn add(&mut self, other: &Dimension, times: i8) -> Option<()> {
        for (power, more) in self.base.iter_mut().zip(other.base) {
            *power = power.checked_add(more.checked_mul(times)?)?;
        }
        for (code, more) in &other.own {
            let power = self.own.entry(code).or_default();
            *power = power.checked_add(more.checked_mul(times)?)?;
            if *power == 0 {
                self.own.remove(code);
            }
        }
        Some(())
    }
}

/// UCUM text in a fixed order: base units, then arbitrary ones by name.
impl std::fmt::Display for Dimension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base = atoms::BASE.iter().zip(&self.base).map(|(code, power)| (*code, *power));
        let own = self.own.iter().map(|(code, power)| (*code, *power));
        let mut first = true;
        for (code, power) in base.chain(own).filter(|(_, power)| *power != 0) {
            if !first {
                f.write_char('.')?;
            }
            first = false;
            f.write_str(code)?;
            if power != 1 {
                write!(f, "{power}")?;
            }
        }
        if first { f.write_char('1') } else { Ok(()) }
    }
}
