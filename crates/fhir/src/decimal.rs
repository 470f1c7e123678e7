//! Decimal numbers with their digits: `1.10` stays `1.10`, `0.1 + 0.2` is `0.3`.

use crate::magnitude::Magnitude;
use std::cmp::Ordering;
use std::fmt;

/// A decimal number, exact: an integer of up to 38 digits and the number of digits after the point.
///
/// Equality and order are of the value (`1.10 == 1.1`); [`fmt::Display`] keeps the digits.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Digits after the point beyond this are rounded away.
pub const SCALE_LIMIT: u32 = 28;
/// Digits after the point that a division which does not come out even is carried to.
const DIVISION_SCALE: u32 = 18;

const fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl Decimal {
    /// Nought.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };

    /// `mantissa × 10^-scale`.
    pub const fn new(mantissa: i128, scale: u32) -> Self {
        Decimal { mantissa, scale }
    }

    /// The digits without the point.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many digits stand after the point.
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// Reads `-1.10`, `3`, `1.5e-3`; `None` if it is no number or has more than 38 digits. Digits after the point beyond
    /// [`SCALE_LIMIT`] are rounded away.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (digits.len() != whole.len() && fraction.is_empty()) {
            return None;
        }
        let mut mantissa: i128 = 0;
        let mut scale: i64 = 0;
        let mut full = false;
        for (at, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
            if !byte.is_ascii_digit() {
                return None;
            }
            let next = mantissa.checked_mul(10).and_then(|m| m.checked_add(i128::from(byte - b'0')));
            match next.filter(|_| !full) {
                Some(next) => {
                    mantissa = next;
                    scale += i64::from(at >= whole.len());
                }
                // No room for more digits after the point; before it they cannot be left out.
                None if at >= whole.len() => full = true,
                None => return None,
            }
        }
        let scale = scale - i64::from(exponent);
        let value = Decimal { mantissa: if negative { -mantissa } else { mantissa }, scale: 0 };
        if scale >= 0 {
            if scale > 400 {
                return Some(Decimal::ZERO);
            }
            Some(Decimal { scale: scale as u32, ..value }.bounded())
        } else {
            value.shifted(i32::try_from(-scale).ok()?)
        }
    }

    /// The nearest decimal of a magnitude; `None` if it is too large.
    pub fn of(value: Magnitude) -> Option<Decimal> {
        Decimal::new(value.digits(), 0).shifted(value.power())
    }

    /// The nearest decimal of a floating-point number's shortest text; `None` for what is not finite or too large.
    pub fn from_f64(value: f64) -> Option<Decimal> {
        value.is_finite().then(|| Decimal::parse(&format!("{value:e}")))?
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        if self.scale == 0 {
            return self.mantissa as f64;
        }
        // Integers below 2^53 and powers of ten up to 10^22 are exact, so one division rounds once.
        if self.mantissa.unsigned_abs() < 1 << 53 && self.scale <= 22 {
            return self.mantissa as f64 / 10_f64.powi(self.scale as i32);
        }
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    fn bounded(self) -> Decimal {
        if self.scale > SCALE_LIMIT { self.round(SCALE_LIMIT) } else { self }
    }

    /// Moves the point: `self × 10^places`. `None` on overflow.
    pub fn shifted(self, places: i32) -> Option<Decimal> {
        let scale = i64::from(self.scale) - i64::from(places);
        if self.mantissa == 0 {
            return Some(Decimal { mantissa: 0, scale: scale.clamp(0, i64::from(SCALE_LIMIT)) as u32 });
        }
        if scale >= 0 {
            return Some(Decimal { mantissa: self.mantissa, scale: u32::try_from(scale).ok()? }.bounded());
        }
        let mantissa = self.mantissa.checked_mul(power_of_ten(u32::try_from(-scale).ok()?)?)?;
        Some(Decimal { mantissa, scale: 0 })
    }

    /// The same value without zeros at the end of the fraction.
    pub fn normalized(self) -> Decimal {
        let mut value = self;
        while value.scale > 0 && value.mantissa % 10 == 0 {
            value.mantissa /= 10;
            value.scale -= 1;
        }
        value
    }

    /// The same value with `scale` digits after the point, or as it is if that needs more than 38 digits or fewer places.
    pub fn with_scale(self, scale: u32) -> Decimal {
        let widened =
            scale.checked_sub(self.scale).and_then(power_of_ten).and_then(|factor| self.mantissa.checked_mul(factor));
        widened.map_or(self, |mantissa| Decimal { mantissa, scale })
    }

    /// Rounded to `places` digits after the point, halves away from zero.
    pub fn round(self, places: u32) -> Decimal {
        self.rounded(places, |remainder, unit| {
            i128::from(remainder.unsigned_abs() >= unit.div_ceil(2)) * remainder.signum()
        })
    }

    /// The largest value of `places` digits after the point that is not above this one.
    pub fn floor_to(self, places: u32) -> Decimal {
        self.rounded(places, |remainder, _| -i128::from(remainder < 0))
    }

    /// The smallest value of `places` digits after the point that is not below this one.
    pub fn ceiling_to(self, places: u32) -> Decimal {
        self.rounded(places, |remainder, _| i128::from(remainder > 0))
    }

    fn rounded(self, places: u32, step: impl Fn(i128, u128) -> i128) -> Decimal {
        if places >= self.scale {
            return self;
        }
        match power_of_ten(self.scale - places) {
            Some(unit) => {
                let (quotient, remainder) = (self.mantissa / unit, self.mantissa % unit);
                Decimal { mantissa: quotient + step(remainder, unit.unsigned_abs()), scale: places }
            }
            // Far below the last place kept.
            None => Decimal { mantissa: step(self.mantissa.signum(), u128::MAX), scale: places },
        }
    }

    /// The whole part, as an integer; `None` if it does not fit one.
    pub fn truncated(self) -> Option<i64> {
        let unit = power_of_ten(self.scale).unwrap_or(i128::MAX);
        i64::try_from(self.mantissa / unit).ok()
    }

    /// Without the sign.
    pub fn abs(self) -> Decimal {
        Decimal { mantissa: self.mantissa.saturating_abs(), ..self }
    }

    /// True for nought, whatever its digits.
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// True below nought.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((
            self.mantissa.checked_mul(power_of_ten(scale - self.scale)?)?,
            other.mantissa.checked_mul(power_of_ten(scale - other.scale)?)?,
            scale,
        ))
    }

    /// The sum; `None` on overflow.
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other).or_else(|| self.normalized().aligned(other.normalized()))?;
        Some(Decimal { mantissa: a.checked_add(b)?, scale })
    }

    /// The difference; `None` on overflow.
    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.checked_add(-other)
    }

    /// The product; `None` on overflow. More than [`SCALE_LIMIT`] digits after the point are rounded.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        let exact = |a: Decimal, b: Decimal| {
            Some(Decimal { mantissa: a.mantissa.checked_mul(b.mantissa)?, scale: a.scale + b.scale }.bounded())
        };
        if let Some(product) = exact(self, other) {
            return Some(product);
        }
        let (mut a, mut b) = (self.normalized(), other.normalized());
        loop {
            if let Some(product) = exact(a, b) {
                return Some(product);
            }
            // Give up digits after the point, of the longer fraction first.
            let longer = if a.scale >= b.scale { &mut a } else { &mut b };
            if longer.scale == 0 {
                return None;
            }
            *longer = longer.round(longer.scale - 1);
        }
    }

    /// The quotient: exact if it comes out within 18 digits after the point, else rounded there. `None` for a division by
    /// nought.
    pub fn checked_div(self, other: Decimal) -> Option<Decimal> {
        let (a, b) = (self.normalized(), other.normalized());
        if b.mantissa == 0 {
            return None;
        }
        // a/b = (a.mantissa × 10^k / b.mantissa) × 10^(b.scale - a.scale - k), with k as large as fits and is of use.
        let wanted = (i64::from(DIVISION_SCALE) + i64::from(b.scale) - i64::from(a.scale)).max(0) as u32;
        let (numerator, shift) = (0..=wanted)
            .rev()
            .find_map(|k| Some((a.mantissa.checked_mul(power_of_ten(k)?)?, k)))
            .unwrap_or((a.mantissa, 0));
        let (quotient, remainder) = (numerator / b.mantissa, numerator % b.mantissa);
        let up = i128::from(remainder.unsigned_abs() >= b.mantissa.unsigned_abs().div_ceil(2) && remainder != 0);
        let sign = if (numerator < 0) == (b.mantissa < 0) { 1 } else { -1 };
        let scale = i64::from(a.scale) + i64::from(shift) - i64::from(b.scale);
        let value = Decimal { mantissa: quotient + up * sign, scale: 0 };
        Some(value.shifted(-(scale as i32))?.normalized())
    }

    /// How often `other` goes into this, without the rest; `None` for a division by nought or on overflow.
    pub fn checked_div_whole(self, other: Decimal) -> Option<i64> {
        let (a, b, _) = self.aligned(other)?;
        i64::try_from(a.checked_div(b)?).ok()
    }

    /// What is left of [`Decimal::checked_div_whole`].
    pub fn checked_rem(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Decimal { mantissa: a.checked_rem(b)?, scale })
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Decimal { mantissa: i128::from(value), scale: 0 }
    }
}

impl From<i128> for Decimal {
    fn from(value: i128) -> Self {
        Decimal { mantissa: value, scale: 0 }
    }
}

impl std::ops::Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal { mantissa: self.mantissa.saturating_neg(), ..self }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((a, b, _)) = self.aligned(*other) {
            return a.cmp(&b);
        }
        // Too far apart to align: whole parts decide, then fractions of at most 38 digits.
        let split = |d: &Decimal| {
            let unit = power_of_ten(d.scale).unwrap_or(i128::MAX);
            (d.mantissa / unit, d.mantissa % unit)
        };
        let ((whole, rest), (other_whole, other_rest)) = (split(self), split(other));
        whole.cmp(&other_whole).then_with(|| {
            let fraction =
                |rest: i128, scale: u32| Decimal { mantissa: rest, scale }.round(18).aligned(Decimal::new(0, 18));
            match (fraction(rest, self.scale), fraction(other_rest, other.scale)) {
                (Some((a, ..)), Some((b, ..))) => a.cmp(&b),
                _ => rest.cmp(&other_rest),
            }
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return f.write_str(&digits);
        }
        if digits.len() > scale {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            write!(f, "{whole}.{fraction}")
        } else {
            write!(f, "0.{}{digits}", "0".repeat(scale - digits.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn digits_are_kept_and_values_compare() {
        assert_eq!(d("1.10").to_string(), "1.10");
        assert_eq!(d("-0.05").to_string(), "-0.05");
        assert_eq!(d("1.10"), d("1.1"));
        assert_eq!(d("1.5e-3").to_string(), "0.0015");
        assert_eq!(d("1.5e3").to_string(), "1500");
        assert!(d("2") > d("1.999"));
        assert!(d("1e30") > d("1e-20"));
        for bad in ["", "-", "1.", ".5", "1e", "a", "1.2.3", "1 "] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(d("0.1").checked_add(d("0.2")), Some(d("0.3")));
        assert_eq!(d("1.8").checked_sub(d("1.2")), Some(d("0.6")));
        assert_eq!(d("1.2").checked_mul(d("1.8")), Some(d("2.16")));
        assert_eq!(d("1").checked_div(d("8")), Some(d("0.125")));
        assert_eq!(d("1.2").checked_div(d("1.8")).unwrap().round(4), d("0.6667"));
        assert_eq!(d("-1").checked_div(d("3")).unwrap().round(2), d("-0.33"));
        assert_eq!(d("1").checked_div(d("0")), None);
        assert_eq!(d("2.2").checked_div_whole(d("1.8")), Some(1));
        assert_eq!(d("2.2").checked_rem(d("1.8")), Some(d("0.4")));
        assert_eq!(d("1e30").checked_mul(d("1e30")), None);
    }

    #[test]
    fn rounding_has_three_directions() {
        assert_eq!(d("1.5").round(0), d("2"));
        assert_eq!(d("-1.5").round(0), d("-2"));
        assert_eq!(d("1.25").floor_to(1), d("1.2"));
        assert_eq!(d("-1.25").floor_to(1), d("-1.3"));
        assert_eq!(d("1.21").ceiling_to(1), d("1.3"));
        assert_eq!(d("-1.29").ceiling_to(1), d("-1.2"));
    }

    proptest! {
        #[test]
        fn any_text_parses_or_not(text in "[-+0-9.eE]{0,60}") {
            if let Some(value) = Decimal::parse(&text) {
                let again = Decimal::parse(&value.to_string()).unwrap();
                prop_assert_eq!(again, value);
            }
        }

        #[test]
        fn division_undoes_multiplication(a in -1_000_000_i64..1_000_000, b in 1_i64..100_000, places in 0_u32..6) {
            let (a, b) = (Decimal::new(a.into(), places), Decimal::new(b.into(), places));
            prop_assert_eq!(a.checked_mul(b).unwrap().checked_div(b), Some(a));
        }

        #[test]
        fn order_agrees_with_subtraction(a in any::<i64>(), b in any::<i64>(), s in 0_u32..12, t in 0_u32..12) {
            let (a, b) = (Decimal::new(a.into(), s), Decimal::new(b.into(), t));
            let difference = a.checked_sub(b).unwrap();
            prop_assert_eq!(a.cmp(&b), difference.cmp(&Decimal::ZERO));
        }
    }
}
