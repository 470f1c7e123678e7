//! Telephone numbers as people write them.

use crate::distance::distance;
use fhir::placeholder::is_placeholder;
use fhir::search::fold;

/// Fewest digits that tell one line from others.
const DIGITS_LEAST: usize = 7;
/// Digits that a country and an area may put before a local number.
const PREFIX_MOST: usize = 5;
/// Digits from the end by which two forms of one number are found.
pub(crate) const TAIL: usize = 7;

/// The digits of a telephone number without an extension and the noughts before it; `None` where it is none.
pub(crate) fn digits(text: &str) -> Option<String> {
    // In brackets stands the nought that is dialled at home alone.
    let text = fold(text).replace("(0)", "");
    let end = text.find(['x', '#', '转', '分']).or_else(|| text.find("ext")).unwrap_or(text.len());
    let digits: String = text[..end].chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let is_row = digits.as_bytes().windows(2).all(|pair| pair[1] == pair[0] + 1);
    (digits.len() >= DIGITS_LEAST && digits.len() <= 15 && !is_row && !is_placeholder(None, digits))
        .then(|| digits.to_owned())
}

/// True if both are one number, one perhaps with its country or area.
pub(crate) fn are_one(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    long.ends_with(short) && long.len() - short.len() <= PREFIX_MOST
}

/// True if one slip makes the other of one of them.
pub(crate) fn is_slip(one: &str, other: &str) -> bool {
    one.len().min(other.len()) > DIGITS_LEAST && one != other && {
        let tail = one.len().min(other.len());
        let of = |number: &str| number[number.len() - tail..].to_owned();
        distance(&of(one), &of(other), 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{are_one, digits, is_slip};

    #[test]
    fn one_line_is_written_in_many_ways() {
        let of = |text| digits(text).unwrap();
        for (one, other) in [
            ("+86 138 0013 8000", "13800138000"),
            ("0086-13800138000", "138-0013-8000"),
            ("(617) 555-8123 x12", "+1 617 555 8123"),
            ("010-6552 9988", "65529988"),
            ("+49 (0)30 1234987", "030 1234987"),
        ] {
            let (one, other) = (of(one), of(other));
            assert!(are_one(&one, &other), "{one} {other}");
        }
        assert!(is_slip("13800138000", "13800138001") && is_slip("13800138000", "13800183000"));
        assert!(!is_slip("13800138000", "13800138011") && !are_one("6175558123", "5558124"));
    }

    #[test]
    fn what_stands_in_the_place_of_a_number_is_none() {
        for text in ["", "none", "0000000", "1234567", "123456789", "99999999", "555", "x12"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
