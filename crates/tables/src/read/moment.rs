//! Dates and times of workbooks: numbers of days that a number format shows as moments.

use super::canonical::{push_date, push_f64, push_time};
use std::fmt::Write;

const DAY_MILLIS: i64 = 86_400_000;

/// What a number format shows of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A number.
    Number,
    Date,
    Time,
    Both,
    Duration,
    /// A moment; nothing says of which kind: a whole number of days is a date, less than a day a time.
    ByValue,
}

impl Layout {
    /// Of the code of a number format.
    pub(super) fn of(code: &str) -> Layout {
        let (mut day, mut time) = (false, false);
        if code.eq_ignore_ascii_case("general") {
            return Layout::Number;
        }
        let mut chars = code.chars();
        let mut month = false;
        while let Some(c) = chars.next() {
            match c {
                '\\' | '_' | '*' => drop(chars.next()),
                '"' => drop(chars.by_ref().find(|c| *c == '"')),
                '[' => {
                    let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    if !inner.is_empty() && inner.chars().all(|c| matches!(c, 'h' | 'H' | 'm' | 'M' | 's' | 'S')) {
                        return Layout::Duration;
                    }
                }
                // What comes after it is for other values.
                ';' => break,
                'y' | 'Y' | 'd' | 'D' | 'e' => day = true,
                'h' | 'H' | 's' | 'S' => time = true,
                'm' | 'M' => month = true,
                _ => {}
            }
        }
        match (day, time) {
            (true, true) => Layout::Both,
            (true, false) => Layout::Date,
            (false, true) => Layout::Time,
            (false, false) if month => Layout::Date,
            (false, false) => Layout::Number,
        }
    }

    /// Of the number of a format that workbooks do not spell.
    pub(super) fn of_number(number: u16) -> Layout {
        match number {
            14..=17 => Layout::Date,
            18..=21 | 45 | 47 => Layout::Time,
            22 => Layout::Both,
            46 => Layout::Duration,
            // Dates and times of East Asia, which of them each is depends on the language.
            27..=36 | 50..=58 => Layout::ByValue,
            _ => Layout::Number,
        }
    }
}

/// From when a workbook counts days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    /// The first of January 1900 is day 1; and 1900 has a 29th of February, as Lotus had it.
    Of1900,
    /// The first of January 1904 is day 0.
    Of1904,
}

/// Writes a number as its format shows it; what the format hides but the number holds is written too.
pub(super) fn write_moment(out: &mut String, value: f64, epoch: Epoch, layout: Layout) {
    if layout == Layout::Number || !value.is_finite() {
        push_f64(out, value);
        return;
    }
    let millis = (value * DAY_MILLIS as f64).round() as i64;
    if layout == Layout::Duration {
        let (sign, millis) = if millis < 0 { ("-", -millis) } else { ("", millis) };
        let _ = write!(out, "{sign}");
        push_time(out, millis.saturating_mul(1_000_000));
        return;
    }
    if !(0.0..2_958_466.0).contains(&value) {
        // Excel shows nothing but signs for these.
        push_f64(out, value);
        return;
    }
    let (days, rest) = (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS));
    let (date, time) = match layout {
        Layout::Both => (true, true),
        Layout::Time | Layout::ByValue if days == 0 => (false, true),
        Layout::Time => (true, true),
        _ => (true, rest != 0),
    };
    if date {
        match (epoch, days) {
            (Epoch::Of1904, _) => push_date(out, days - 24_107),
            (Epoch::Of1900, 60) => out.push_str("1900-02-29"),
            (Epoch::Of1900, 61..) => push_date(out, days - 25_569),
            (Epoch::Of1900, _) => push_date(out, days - 25_568),
        }
    }
    if time {
        if date {
            out.push(' ');
        }
        push_time(out, rest * 1_000_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_as_their_format_has_it() {
        for (code, value, expected) in [
            ("yyyy-mm-dd", 45_413.0, "2024-05-01"),
            ("yyyy-mm-dd", 45_413.25, "2024-05-01 06:00:00"),
            ("yyyy\\-mm\\-dd\\ hh:mm:ss", 45_413.0, "2024-05-01 00:00:00"),
            ("[$-804]yyyy\"年\"m\"月\"d\"日\"", 1.0, "1900-01-01"),
            ("m/d/yy", 60.0, "1900-02-29"),
            ("m/d/yy", 61.0, "1900-03-01"),
            ("h:mm AM/PM", 0.5, "12:00:00"),
            ("h:mm", 1.5, "1900-01-01 12:00:00"),
            ("[h]:mm:ss", 1.5, "36:00:00"),
            ("mmm", 45_413.0, "2024-05-01"),
            ("General", 45_413.5, "45413.5"),
            ("0.00\"d\"", 1.0, "1"),
            ("[Red]0.0;[Blue]yy", 1.5, "1.5"),
            ("yyyy", -1.0, "-1"),
            ("hh:mm:ss.000", 0.000_011_574_074_074_074_073, "00:00:01"),
            ("yyyy-mm-dd hh:mm", 45_413.297_326_388_885, "2024-05-01 07:08:09"),
        ] {
            let mut out = String::new();
            write_moment(&mut out, value, Epoch::Of1900, Layout::of(code));
            assert_eq!(out, expected, "{code} {value}");
        }
    }
}
