//! Values of databases and typed files as canonical text: see the module of readers for the spelling of each.
//!
//! Each function adds to a text; none allocates by itself.

use std::fmt::Write;

const DAY_NANOS: i128 = 86_400 * 1_000_000_000;

/// A floating-point number: the shortest digits that give it back.
pub fn push_f64(text: &mut String, value: f64) {
    let size = value.abs();
    // Writing to a String cannot fail.
    let _ = if size == 0.0 {
        text.write_char('0')
    } else if size.is_nan() {
        text.write_str("NaN")
    } else if size.is_infinite() {
        text.write_str(if value.is_sign_negative() { "-Infinity" } else { "Infinity" })
    } else if (1e-7..1e21).contains(&size) {
        write!(text, "{value}")
    } else {
        write!(text, "{value:e}")
    };
}

/// A floating-point number of single precision: the shortest digits that give it back to everyone, however they round. Of two that are
/// as near the last digit is even. So PostgreSQL writes it.
pub fn push_f32(text: &mut String, value: f32) {
    const MOST_DIGITS: usize = 9;
    let middle = |other: f32| f64::midpoint(f64::from(value), f64::from(other));
    let (low, high) = (middle(value.next_down()), middle(value.next_up()));
    let shortest = format!("{value:e}");
    let digits = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let written = (digits.max(1)..=MOST_DIGITS)
        .filter_map(|digits| format!("{value:.0$e}", digits - 1).parse::<f64>().ok())
        .find(|written| low < *written && *written < high);
    push_f64(text, written.unwrap_or(f64::from(value)));
}

/// A decimal: whole digits and a scale, all of which are written. A negative scale adds zeros.
pub fn push_decimal(text: &mut String, digits: &str, scale: i32) {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    text.push_str(sign);
    let Ok(scale) = usize::try_from(scale) else {
        text.push_str(digits);
        if digits != "0" {
            text.extend(std::iter::repeat_n('0', scale.unsigned_abs() as usize));
        }
        return;
    };
    if scale == 0 {
        text.push_str(digits);
        return;
    }
    let whole = digits.len().saturating_sub(scale);
    text.push_str(if whole == 0 { "0" } else { &digits[..whole] });
    text.push('.');
    text.extend(std::iter::repeat_n('0', scale.saturating_sub(digits.len())));
    text.push_str(&digits[whole..]);
}

/// A boolean.
pub fn push_bool(text: &mut String, value: bool) {
    text.push_str(if value { "true" } else { "false" });
}

/// Bytes.
pub fn push_bytes(text: &mut String, bytes: &[u8]) {
    text.push_str("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}

/// A date, as days since 1970-01-01.
pub fn push_date(text: &mut String, days: i64) {
    let (year, month, day) = civil(days);
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
}

/// A time of day, as nanoseconds since midnight.
pub fn push_time(text: &mut String, nanos: i64) {
    let seconds = nanos.div_euclid(1_000_000_000);
    let _ = write!(text, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    push_fraction(text, nanos.rem_euclid(1_000_000_000));
}

/// A date and time, as nanoseconds since 1970-01-01 00:00:00.
pub fn push_timestamp(text: &mut String, nanos: i128) {
    push_date(text, nanos.div_euclid(DAY_NANOS) as i64);
    text.push(' ');
    push_time(text, nanos.rem_euclid(DAY_NANOS) as i64);
}

/// A date and time, or a time of day, as databases write it: `2024-05-01 07:08:09.5+08`. What is spelled otherwise stays as it is.
pub fn push_timestamp_text(text: &mut String, written: &str) {
    // The time is what comes after the date, if there is one.
    let from = written.find([' ', 'T']).map_or(0, |at| at + 1);
    let bytes = written.as_bytes();
    let is_date = from == 0 || from == 11 && bytes[4] == b'-' && bytes[7] == b'-';
    let length = if is_date && written.is_ascii() { time_length(&bytes[from..], from == 0) } else { None };
    let Some(length) = length else { return text.push_str(written) };
    if from > 0 {
        text.push_str(&written[..from - 1]);
        text.push(' ');
    }
    text.push_str(&written[from..from + length]);
    let mut rest = &written[from + length..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let nanos: i64 = fraction[..digits.min(9)].parse().unwrap_or(0);
        push_fraction(text, nanos * 10_i64.pow(9 - digits.min(9) as u32));
        rest = &fraction[digits..];
    }
    match (rest, rest.len()) {
        ("Z", _) => text.push_str("+00:00"),
        (_, 3) if rest.starts_with(['+', '-']) => {
            text.push_str(rest);
            text.push_str(":00");
        }
        _ => text.push_str(rest),
    }
}

/// How long hours, minutes and seconds are at the beginning; spans of time have a sign and any number of hours.
fn time_length(bytes: &[u8], may_be_span: bool) -> Option<usize> {
    let sign = usize::from(may_be_span && bytes.first() == Some(&b'-'));
    let hours = bytes[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_long = hours == 2 || may_be_span && hours > 2;
    let after = sign + hours;
    let two = |at: usize| {
        bytes.get(at) == Some(&b':') && bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_digit))
    };
    (is_long && two(after) && two(after + 3)).then_some(after + 6)
}

/// A moment as databases write it, in UTC with `+00:00`: by the offset that stands behind it, else by the one that is given, in seconds.
/// What is no moment, or has no offset, is spelled as [`push_timestamp_text`] has it.
pub fn push_moment_text(text: &mut String, written: &str, offset_s: Option<i32>) {
    let moment = offset_of(written).or(offset_s.map(|offset| (written, offset))).and_then(|(civil, offset_s)| {
        let civil: jiff::civil::DateTime = civil.parse().ok()?;
        let offset = jiff::tz::Offset::from_seconds(offset_s).ok()?;
        Some(offset.to_timestamp(civil).ok()?.as_nanosecond())
    });
    match moment {
        Some(nanos) => {
            push_timestamp(text, nanos);
            text.push_str("+00:00");
        }
        None => push_timestamp_text(text, written),
    }
}

/// Date and time, and the offset behind them in seconds.
fn offset_of(written: &str) -> Option<(&str, i32)> {
    if let Some(civil) = written.strip_suffix('Z') {
        return Some((civil, 0));
    }
    // The first sign after the time's colons: the date has some too.
    let at = written.find(':')? + written[written.find(':')?..].find(['+', '-'])?;
    Some((written[..at].trim_end(), seconds_of_offset(&written[at..])?))
}

/// Seconds of an offset from UTC: `+08`, `-03:30`, `+0530`, `+00:19:32`.
pub(super) fn seconds_of_offset(written: &str) -> Option<i32> {
    let (sign, digits) = match written.as_bytes().first()? {
        b'+' => (1, &written[1..]),
        b'-' => (-1, &written[1..]),
        _ => return None,
    };
    let parts: Vec<&str> = match digits.len() {
        4 if digits.bytes().all(|byte| byte.is_ascii_digit()) => vec![&digits[..2], &digits[2..]],
        _ => digits.split(':').collect(),
    };
    let is_number = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return None;
    }
    let mut number = parts.iter().map(|part| part.parse::<i32>().unwrap_or(0)).chain([0, 0]);
    let mut next = || number.next().unwrap_or(0);
    Some(sign * (next() * 3_600 + next() * 60 + next()))
}

/// The digits of a fraction of a second: none, three, six or nine.
fn push_fraction(text: &mut String, nanos: i64) {
    let _ = if nanos == 0 {
        Ok(())
    } else if nanos % 1_000_000 == 0 {
        write!(text, ".{:03}", nanos / 1_000_000)
    } else if nanos % 1_000 == 0 {
        write!(text, ".{:06}", nanos / 1_000)
    } else {
        write!(text, ".{nanos:09}")
    };
}

/// Year, month and day of a number of days since 1970-01-01, by the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that the day a leap year adds is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        push(&mut text);
        text
    }

    #[test]
    fn floating_point_numbers_are_as_short_as_they_can_be() {
        for (value, expected) in [
            (5.0, "5"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e21"),
            (1.5e-8, "1.5e-8"),
            (0.0000001, "0.0000001"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (1.7976931348623157e308, "1.7976931348623157e308"),
        ] {
            assert_eq!(text(|t| push_f64(t, value)), expected);
        }
        for (value, expected) in [
            (0.1_f32, "0.1"),
            (52_689.0 / 32.0, "1646.5312"),
            (416_782_016.0, "416782020"),
            (f32::MAX, "3.4028235e38"),
            (16_777_216.0, "16777216"),
            (-0.0, "0"),
            (f32::NAN, "NaN"),
            (f32::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(|t| push_f32(t, value)), expected);
        }
    }

    #[test]
    fn decimals_keep_their_scale() {
        for (digits, scale, expected) in [
            ("500", 2, "5.00"),
            ("-5", 2, "-0.05"),
            ("5", 0, "5"),
            ("0", 3, "0.000"),
            ("12", -2, "1200"),
            ("0", -2, "0"),
            ("123", 3, "0.123"),
        ] {
            assert_eq!(text(|t| push_decimal(t, digits, scale)), expected);
        }
    }

    #[test]
    fn times_and_dates() {
        assert_eq!(text(|t| push_timestamp(t, 0)), "1970-01-01 00:00:00");
        assert_eq!(text(|t| push_timestamp(t, -1)), "1969-12-31 23:59:59.999999999");
        assert_eq!(text(|t| push_timestamp(t, 1_714_546_089_500_000_000)), "2024-05-01 06:48:09.500");
        assert_eq!(text(|t| push_time(t, 3_600_000_001_000)), "01:00:00.000001");
        for (days, expected) in
            [(11_016, "2000-02-29"), (-719_162, "0001-01-01"), (2_932_896, "9999-12-31"), (-25_509, "1900-02-28")]
        {
            assert_eq!(text(|t| push_date(t, days)), expected);
        }
        for (written, expected) in [
            ("2024-05-01 07:08:09", "2024-05-01 07:08:09"),
            ("2024-05-01T07:08:09.5+08", "2024-05-01 07:08:09.500+08:00"),
            ("2024-05-01 07:08:09.000000", "2024-05-01 07:08:09"),
            ("2024-05-01 07:08:09.123456-03:30", "2024-05-01 07:08:09.123456-03:30"),
            ("07:08:09.1", "07:08:09.100"),
            ("07:08:09.000000+08", "07:08:09+08:00"),
            ("-838:59:59.500000", "-838:59:59.500"),
            ("1:2:3", "1:2:3"),
            ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
            ("infinity", "infinity"),
            ("2024-05-01", "2024-05-01"),
            ("0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC"),
        ] {
            assert_eq!(text(|t| push_timestamp_text(t, written)), expected);
        }
        for (written, offset, expected) in [
            ("2024-05-01 07:08:09.5+08", None, "2024-04-30 23:08:09.500+00:00"),
            ("2024-05-01 07:08:09-03:30", Some(0), "2024-05-01 10:38:09+00:00"),
            ("1890-01-01 00:00:00+08:05:43", None, "1889-12-31 15:54:17+00:00"),
            ("2024-05-01 07:08:09", Some(28_800), "2024-04-30 23:08:09+00:00"),
            ("2024-05-01 07:08:09", None, "2024-05-01 07:08:09"),
            ("0000-00-00 00:00:00", Some(0), "0000-00-00 00:00:00"),
            ("-infinity", Some(0), "-infinity"),
            ("0044-03-15 12:00:00+00 BC", None, "0044-03-15 12:00:00+00 BC"),
        ] {
            assert_eq!(text(|t| push_moment_text(t, written, offset)), expected);
        }
        // Every day of four centuries is the day after the one before.
        let mut before = civil(-150_000);
        for day in -149_999..150_000 {
            let next = civil(day);
            let follows = next.2 == before.2 + 1 && next.1 == before.1
                || next.2 == 1
                    && (next.1 == before.1 + 1 && next.0 == before.0 || next.1 == 1 && next.0 == before.0 + 1);
            assert!(follows, "{before:?} {next:?}");
            before = next;
        }
    }
}
