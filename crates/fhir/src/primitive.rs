//! What the text of FHIR's primitive types may look like.

use crate::time::days_in_month;

/// `[A-Za-z0-9-.]`, 1 to 64 characters: a resource's logical id.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Not empty, no white space at the ends, only single spaces inside.
pub fn is_code(text: &str) -> bool {
    let mut before_space = true;
    for c in text.chars() {
        let space = c.is_whitespace();
        if space && before_space {
            return false;
        }
        before_space = space;
    }
    !before_space
}

/// Not empty, no white space: `uri`, `url` and `canonical`. No more is asked of them: FHIR allows any scheme, and relative ones.
pub fn is_uri(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// `urn:oid:2.16.840.1`
pub fn is_oid(text: &str) -> bool {
    let Some((root, rest)) = text.strip_prefix("urn:oid:").and_then(|oid| oid.split_once('.')) else { return false };
    matches!(root, "0" | "1" | "2")
        && rest.split('.').all(|arc| is_digits(arc.as_bytes()) && (arc.len() == 1 || !arc.starts_with('0')))
}

/// `urn:uuid:c757873d-ec9a-4326-a141-556f43239520`, in either case.
pub fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// RFC 4648 base 64 in groups of four, with padding only at the end. White space may stand anywhere.
pub fn is_base64(text: &str) -> bool {
    let (mut characters, mut padding) = (0usize, 0usize);
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => characters += 1,
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    padding <= 2 && characters > 0 && (characters + padding) % 4 == 0
}

/// A whole number of 32 bits without leading zeros or plus sign. Takes the digits of a JSON number.
pub fn is_integer(digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    is_digits(unsigned.as_bytes())
        && (unsigned.len() == 1 || !unsigned.starts_with('0'))
        && digits.parse::<i32>().is_ok()
}

/// `2024`, `2024-02` or `2024-02-29`: a day that is in the calendar.
pub fn is_date(text: &str) -> bool {
    match *text.as_bytes() {
        [_, _, _, _] => year(text.as_bytes()).is_some(),
        [.., b'-', _, _] if text.len() == 7 => month(text.as_bytes()).is_some(),
        [.., b'-', _, _] if text.len() == 10 => is_day(text.as_bytes()),
        _ => false,
    }
}

/// A [date](is_date), or a date and time to the second or finer with its zone: `2024-02-29T12:30:00.5+08:00`.
pub fn is_date_time(text: &str) -> bool {
    if text.len() > 10 { is_instant(text) } else { is_date(text) }
}

/// A date and time to the second or finer with its zone.
pub fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((date, [b'T', time @ ..])) = bytes.split_at_checked(10) else { return false };
    let clock = match *time {
        [ref clock @ .., b'Z'] => clock,
        [ref clock @ .., b'+' | b'-', h1, h2, b':', m1, m2] => {
            let in_range = two(h1, h2).zip(two(m1, m2)).is_some_and(|(h, m)| (h < 14 && m < 60) || (h == 14 && m == 0));
            if !in_range {
                return false;
            }
            clock
        }
        _ => return false,
    };
    is_day(date) && is_clock(clock)
}

/// `hh:mm:ss` with any number of fraction digits.
pub fn is_time(text: &str) -> bool {
    is_clock(text.as_bytes())
}

/// No control characters but tab, line feed and carriage return.
pub fn is_text(text: &str) -> bool {
    !text.bytes().any(|b| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r'))
}

fn is_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// From the first four characters.
fn year(bytes: &[u8]) -> Option<i64> {
    let year = i64::from(two(bytes[0], bytes[1])? * 100 + two(bytes[2], bytes[3])?);
    (year > 0).then_some(year)
}

/// The year and month from the first seven characters, of which the fifth is a hyphen.
fn month(bytes: &[u8]) -> Option<(i64, u32)> {
    let month = two(bytes[5], bytes[6]).filter(|month| (1..=12).contains(month))?;
    Some((year(bytes)?, month)).filter(|_| bytes[4] == b'-')
}

/// Of ten characters.
fn is_day(bytes: &[u8]) -> bool {
    let day = two(bytes[8], bytes[9]).filter(|_| bytes[7] == b'-');
    month(bytes).zip(day).is_some_and(|((year, month), day)| (1..=days_in_month(year, month)).contains(&day))
}

fn is_clock(bytes: &[u8]) -> bool {
    let Some((&[h1, h2, b':', m1, m2, b':', s1, s2], fraction)) = bytes.split_first_chunk::<8>() else { return false };
    // A leap second is written as 60.
    let in_range = |limit: u32, value: Option<u32>| value.is_some_and(|value| value < limit);
    in_range(24, two(h1, h2))
        && in_range(60, two(m1, m2))
        && in_range(61, two(s1, s2))
        && (fraction.is_empty() || (fraction[0] == b'.' && is_digits(&fraction[1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is(text), "{text:?} is good");
        }
        for text in bad {
            assert!(!is(text), "{text:?} is bad");
        }
    }

    #[test]
    fn ids_codes_and_addresses() {
        check(is_id, &["a", "A-1.b", &"x".repeat(64)], &["", "a b", "a_b", "é", &"x".repeat(65)]);
        check(is_code, &["a", "a b", "<=", "日本"], &["", " a", "a ", "a  b", "a\t b", " "]);
        check(is_uri, &["http://a/b?c=d|1", "urn:x", "a"], &["", "a b", "a\n"]);
        check(
            is_oid,
            &["urn:oid:1.2.3", "urn:oid:2.16.840.1.113883"],
            &["urn:oid:3.1", "urn:oid:1", "1.2.3", "urn:oid:1.02", "urn:oid:1..2"],
        );
        let uuid = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        check(
            is_uuid,
            &[uuid, &uuid.to_uppercase().replace("URN:UUID", "urn:uuid")],
            &["urn:uuid:1", &uuid[9..], &uuid.replace('-', "0")],
        );
    }

    #[test]
    fn base64_is_whole_groups_of_four() {
        check(is_base64, &["aGk=", "aGkh", "aGk h\r\n", "YQ=="], &["", "=", "aGk", "a===", "aG=k", "aGk*", "  "]);
    }

    #[test]
    fn integers_have_32_bits_and_no_leading_zeros() {
        check(
            is_integer,
            &["0", "-1", "2147483647", "-2147483648"],
            &["", "-", "01", "1.0", "1e3", "2147483648", "+1"],
        );
    }

    #[test]
    fn dates_are_in_the_calendar() {
        check(
            is_date,
            &["2024", "2024-02", "2024-02-29", "0001"],
            &["", "0000", "24", "2024-13", "2023-02-29", "2024-2-9", "2024-02-29T", "2024/02/29", "20240-2", "٢٠٢٤"],
        );
        check(
            is_date_time,
            &["2024", "2024-02-29", "2024-02-29T00:00:00Z", "2016-12-31T23:59:60.123456789-14:00"],
            &[
                "2024-02-29T00:00:00",
                "2024-02-29T00:00Z",
                "2024-02-29T24:00:00Z",
                "2024-02-29 00:00:00Z",
                "2024-02-29T00:00:00+14:30",
                "2024-02-29T00:00:00.Z",
                "2024-02T00:00:00Z",
            ],
        );
        check(
            is_instant,
            &["2015-02-07T13:28:17.239+02:00"],
            &["2015-02-07", "2015-02-30T13:28:17Z", "2015-02-07T13:28:17", "ééééé"],
        );
        check(is_time, &["12:00:00", "23:59:59.9"], &["", "24:00:00", "12:00", "12:00:00Z", "12:00:00."]);
    }

    #[test]
    fn text_has_no_control_characters() {
        check(is_text, &["a\tb\r\n", "é"], &["a\u{0}", "\u{1b}[0m"]);
    }
}
