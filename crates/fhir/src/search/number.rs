//! Numbers of searches: a value is as wide as the digits it was written with.

use crate::decimal::Decimal;

/// A number of a search request: the value and the half-open range `[low, high)` that rounds to it.
///
/// `100` stands for `[99.5, 100.5)`, `5.40` for `[5.395, 5.405)`. In `1e2` the digit after the last one counts as given,
/// so that it stands for `[95, 105)`, as FHIR R4 ("Search", § number) has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchNumber {
    /// The value as written.
    pub value: Decimal,
    /// The smallest number that rounds to it.
    pub low: Decimal,
    /// The smallest number above that no longer rounds to it.
    pub high: Decimal,
}

impl SearchNumber {
    /// Reads `-5.40`, `100`, `1e2`; `None` if it is no number, or is too large or long to be exact.
    pub fn parse(text: &str) -> Option<SearchNumber> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok().filter(|e| e.abs() <= 36)?),
            None => (text, 0),
        };
        let fraction = match number.split_once('.') {
            Some((_, fraction)) => i32::try_from(fraction.len()).ok()?,
            None => i32::from(number.len() < text.len()),
        };
        let value = Decimal::parse(text)?;
        let half = Decimal::new(5, 0).shifted(exponent - fraction - 1)?;
        Some(SearchNumber { value, low: value.checked_sub(half)?, high: value.checked_add(half)? })
    }

    /// The range that `ap` asks for: a tenth of the value to each side, or the range of its digits where that is wider.
    pub fn approximate(&self) -> Option<(Decimal, Decimal)> {
        let tenth = self.value.abs().shifted(-1)?;
        let (low, high) = (self.value.checked_sub(tenth)?, self.value.checked_add(tenth)?);
        Some((if low < self.low { low } else { self.low }, if high > self.high { high } else { self.high }))
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
        ] {
            let number = SearchNumber::parse(text).unwrap();
            assert_eq!(
                (number.low, number.high),
                (Decimal::parse(low).unwrap(), Decimal::parse(high).unwrap()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "x", "1.", ".5", "1e", "1e400", "--1", "1,5", "１", "NaN", "1e-9999999999"] {
            assert_eq!(SearchNumber::parse(text), None, "{text}");
        }
    }
}
