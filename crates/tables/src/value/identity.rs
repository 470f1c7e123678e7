//! Chinese identity numbers (GB 11643): 17 digits and a check character by ISO 7064, MOD 11-2.

use fhir::time::days_in_month;

/// Whose type code or system says that an identifier is one.
const TYPE_CODE: &str = "NNCHN";
/// The national register's number for it.
const SYSTEM: &str = "urn:oid:2.16.156.10011.1.3";

/// Whether an identifier is such a number, by its system and the codes of its type.
pub fn is_identity<'c>(system: &str, codes: impl IntoIterator<Item = &'c str>) -> bool {
    system == SYSTEM || codes.into_iter().any(|code| code == TYPE_CODE)
}

/// True if the number has a right form, a date of birth that exists, and the right check character. The form with 15 digits,
/// given out until 1999, has no check character.
pub fn is_right(number: &str) -> bool {
    let digits = number.as_bytes();
    match digits.len() {
        15 => digits.iter().all(u8::is_ascii_digit) && is_day(1900 + value(&digits[6..8]), &digits[8..12]),
        18 => {
            digits[..17].iter().all(u8::is_ascii_digit)
                && is_day(value(&digits[6..10]), &digits[10..14])
                && check_character(&digits[..17]) == digits[17]
        }
        _ => false,
    }
}

fn value(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))
}

fn is_day(year: i64, month_and_day: &[u8]) -> bool {
    let (month, day) = (value(&month_and_day[..2]) as u32, value(&month_and_day[2..]) as u32);
    (1..=days_in_month(year, month)).contains(&day)
}

/// The character that makes the weighted sum of all 18 equal 1 modulo 11, where the place `i` from the right weighs 2^i.
fn check_character(digits: &[u8]) -> u8 {
    let sum = digits.iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn check_characters() {
        for right in
            ["11010519491231002X", "440524188001010014", "440305201501140601", "51010720170801555X", "110105491231002"]
        {
            assert!(is_right(right), "{right}");
        }
        for wrong in [
            "",
            "110105194912310021",
            "11010519491231002x",
            "110105194902310023",
            "11010519491231002",
            "A1010519491231002X",
            "110105491331002",
            "1101051949123100２",
        ] {
            assert!(!is_right(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(region in 100_000_u32..999_999, year in 1900_u32..2025, month in 1_u32..13, day in 1_u32..29, order in 0_u32..1000, at in 0_usize..17, by in 1_u8..10) {
            let mut digits = format!("{region}{year}{month:02}{day:02}{order:03}").into_bytes();
            digits.push(check_character(&digits));
            prop_assert!(is_right(std::str::from_utf8(&digits).unwrap()));
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            prop_assert!(!is_right(std::str::from_utf8(&digits).unwrap()));
        }
    }
}
