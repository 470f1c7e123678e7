//! Numbers of searches: a value is as wide as the digits it was written with.

use crate::magnitude::Magnitude;

/// A number of a search request: the value and the half-open range `[low, high)` that rounds to it.
///
/// `100` stands for `[99.5, 100.5)`, `5.40` for `[5.395, 5.405)`. In `1e2` the digit after the last one counts as given,
/// so that it stands for `[95, 105)`, as FHIR R4 ("Search", § number) has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchNumber {
    /// The value as written.
    pub value: Magnitude,
    /// The smallest number that rounds to it.
    pub low: Magnitude,
    /// The smallest number above that no longer rounds to it.
    pub high: Magnitude,
}

/// Significant digits of a number, at most: its range must be exact.
const DIGITS_MAX: usize = 34;
/// Powers of ten beyond this lead out of what a number can hold.
const EXPONENT_MAX: i32 = 400;

impl SearchNumber {
    /// Reads `-5.40`, `100`, `1e2`; `None` if it is no number, or is too large or long to be exact.
    pub fn parse(text: &str) -> Option<SearchNumber> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok().filter(|e| e.abs() <= EXPONENT_MAX)?),
            None => (text, 0),
        };
        let significant = number.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        if significant > DIGITS_MAX {
            return None;
        }
        let fraction = match number.split_once('.') {
            Some((_, fraction)) => i32::try_from(fraction.len()).ok()?,
            None => i32::from(number.len() < text.len()),
        };
        let value = Magnitude::parse(text)?;
        // All three in hundredths of the last digit.
        let power = exponent.checked_sub(fraction)? - 2;
        let places = u32::try_from(value.power().checked_sub(power)?).ok()?;
        let hundredths = value.digits().checked_mul(10_i128.checked_pow(places)?)?;
        let at = |hundredths| Magnitude::new(hundredths, power);
        let number = SearchNumber { value: at(hundredths), low: at(hundredths - 50), high: at(hundredths + 50) };
        (number.low.to_f64().is_finite() && number.high.to_f64().is_finite()).then_some(number)
    }

    /// The range that `ap` asks for: a tenth of the value to each side, or the range of its digits where that is wider.
    pub fn approximate(&self) -> (Magnitude, Magnitude) {
        let (value, power) = (self.value.digits(), self.value.power());
        let margin = (value.abs() / 10).max(50);
        (Magnitude::new(value - margin, power), Magnitude::new(value + margin, power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_wide_as_its_digits() {
        for (text, low, high) in [
            ("100", "99.5", "100.5"),
            ("100.00", "99.995", "100.005"),
            ("5.40", "5.395", "5.405"),
            ("1e2", "95", "105"),
            ("1.0e2", "95", "105"),
            ("5.40e-3", "0.005395", "0.005405"),
            ("-2", "-2.5", "-1.5"),
            ("0", "-0.5", "0.5"),
            ("1.0e-30", "0.95e-30", "1.05e-30"),
            ("0.00000000000000000000000000000000000012", "1.15e-37", "1.25e-37"),
            ("5e300", "4.95e300", "5.05e300"),
        ] {
            let number = SearchNumber::parse(text).unwrap();
            let range = (number.low.to_f64(), number.high.to_f64());
            assert_eq!(range, (low.parse().unwrap(), high.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "x", "1.", ".5", "1e", "1e400", "--1", "1,5", "１", "NaN", "1e-9999999999", "1e308.5", "2e308"]
        {
            assert_eq!(SearchNumber::parse(text), None, "{text}");
        }
    }
}
