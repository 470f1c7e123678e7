//! Numbers of any size, on their way to floating point: what the index and comparisons of quantities work with.
//!
//! [`crate::decimal::Decimal`] keeps 28 digits after the point, which is plenty for values as they are written and too little
//! once a unit of clinical chemistry is in base units: 1 amol/mL of a substance, a volume in cubic metres.

use crate::decimal::Decimal;

/// `digits × 10^power`, exact up to 37 significant digits; further ones are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magnitude {
    digits: i128,
    power: i32,
}

/// Significant digits that are kept.
const DIGITS: u32 = 37;
/// Powers of ten beyond this are taken as this: no floating-point number is near.
const POWER_LIMIT: i64 = 100_000;

impl Magnitude {
    /// `digits × 10^power`.
    pub const fn new(digits: i128, power: i32) -> Self {
        Magnitude { digits, power }
    }

    /// Reads a number as JSON and searches write it, `-5.40e-3`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (negative, unsigned) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() || (unsigned.len() != whole.len() && fraction.is_empty()) {
            return None;
        }
        let (mut digits, mut count, mut power) = (0i128, 0, exponent);
        for (at, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
            if !byte.is_ascii_digit() {
                return None;
            }
            let in_fraction = at >= whole.len();
            if count == DIGITS {
                power += i64::from(!in_fraction);
                continue;
            }
            digits = digits * 10 + i128::from(byte - b'0');
            count += u32::from(digits != 0);
            power -= i64::from(in_fraction);
        }
        let power = power.clamp(-POWER_LIMIT, POWER_LIMIT) as i32;
        Some(Magnitude { digits: if negative { -digits } else { digits }, power })
    }

    /// The significant digits, with the sign.
    pub const fn digits(self) -> i128 {
        self.digits
    }

    /// The power of ten of the last digit.
    pub const fn power(self) -> i32 {
        self.power
    }

    /// The nearest floating-point number, infinite beyond the largest: equal numbers give the same one however they are written.
    pub fn to_f64(self) -> f64 {
        let (mut digits, mut power) = (self.digits, self.power);
        if digits == 0 {
            return 0.0;
        }
        while digits % 10 == 0 {
            digits /= 10;
            power += 1;
        }
        // Integers below 2^53 and powers of ten up to 10^22 are exact, so one operation rounds once.
        if digits.unsigned_abs() < 1 << 53 && power.unsigned_abs() <= 22 {
            let scale = 10_f64.powi(power.abs());
            return if power < 0 { digits as f64 / scale } else { digits as f64 * scale };
        }
        // Too small for any number is nought, and nought has one sign.
        format!("{digits}e{power}").parse().unwrap_or(f64::NAN) + 0.0
    }
}

impl From<Decimal> for Magnitude {
    fn from(value: Decimal) -> Self {
        Magnitude { digits: value.mantissa(), power: -(value.scale() as i32) }
    }
}

/// An exponent of any length: it matters only that it is large.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse().map_or(POWER_LIMIT, |value: i64| value.min(POWER_LIMIT));
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_at_any_size() {
        for (text, value) in [
            ("0", 0.0_f64),
            ("-0.00", 0.0),
            ("1.10", 1.1),
            ("-5.40e-3", -0.0054),
            ("1e-30", 1e-30),
            ("0.000000000000000000000000000000000000000000000000012", 1.2e-50),
            ("123456789012345678901234567890123456789012345678901234567890", 1.234_567_890_123_456_7e59),
            ("0.1000000000000000000000000000000000000000000000000001", 0.1),
            ("2e308", f64::INFINITY),
            ("1e-99999999999999999999", 0.0),
            ("1E+2", 100.0),
        ] {
            assert_eq!(Magnitude::parse(text).unwrap().to_f64().to_bits(), value.to_bits(), "{text}");
        }
        for text in ["", "-", "x", "1.", ".5", "1e", "1e+", "--1", "1,5", "１", "NaN", "1e1.5"] {
            assert_eq!(Magnitude::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_nearest_number_is_that_of_the_standard_library(text in "-?[0-9]{1,20}(\\.[0-9]{1,15})?(e-?[0-9]{1,3})?") {
            let theirs: f64 = text.parse().unwrap();
            prop_assert_eq!(Magnitude::parse(&text).unwrap().to_f64().to_bits(), (theirs + 0.0).to_bits());
        }

        #[test]
        fn zeros_at_the_end_change_nothing(digits in any::<i64>(), power in -300..300, zeros in 0..15u32) {
            let shown = Magnitude::new(i128::from(digits), power).to_f64();
            let longer = Magnitude::new(i128::from(digits) * 10_i128.pow(zeros), power - zeros as i32).to_f64();
            prop_assert_eq!(shown.to_bits(), longer.to_bits());
        }
    }
}
