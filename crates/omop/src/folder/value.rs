//! Text of a cell as a value of the model.

use crate::cdm::Kind;
use jiff::civil::{Date, DateTime, Time};

/// A cell that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'t> {
    /// Nothing stands there.
    Null,
    /// A whole number; `true` if it was spelled as one.
    Integer(i64, bool),
    Float(f64),
    /// Days since 1970.
    Date(i32),
    /// Microseconds since 1970.
    DateTime(i64),
    Text(&'t str),
    /// Something that is not of the type.
    Wrong,
}

/// How exports spell nothing where a value of another type than text should be.
const NOTHING: [&str; 5] = ["NULL", "\\N", "NA", "NaN", "None"];

/// Reads a cell. Empty text is nothing, as it is in the files of OHDSI.
pub(super) fn read(text: Option<&str>, kind: Kind) -> Cell<'_> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Cell::Null };
    if let Kind::Text(_) = kind {
        return if text == "\\N" { Cell::Null } else { Cell::Text(text) };
    }
    let text = text.trim();
    if text.is_empty() || NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(text)) {
        return Cell::Null;
    }
    match kind {
        Kind::Integer => integer(text),
        Kind::Float => text.parse().ok().filter(|value: &f64| value.is_finite()).map_or(Cell::Wrong, Cell::Float),
        Kind::Date => moment(text).map_or(Cell::Wrong, |moment| Cell::Date(days(moment.date()))),
        Kind::DateTime => moment(text).map_or(Cell::Wrong, |moment| Cell::DateTime(micros(moment))),
        Kind::Text(_) => Cell::Text(text),
    }
}

fn integer(text: &str) -> Cell<'_> {
    if let Ok(value) = text.parse() {
        return Cell::Integer(value, true);
    }
    // A whole number that went through a column of floats.
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    whole.and_then(|(whole, _)| whole.parse().ok()).map_or(Cell::Wrong, |value| Cell::Integer(value, false))
}

/// A day (`2024-05-01`, `20240501`), with a time of day or without; an offset is passed over: the model has no zones.
fn moment(text: &str) -> Option<DateTime> {
    let (date, time) = match text.as_bytes().iter().position(|byte| matches!(byte, b' ' | b'T')) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let date = day(date)?;
    if time.is_empty() {
        return Some(DateTime::from_parts(date, Time::midnight()));
    }
    let end = time.find(['+', '-', 'Z', 'z']).unwrap_or(time.len());
    let time = time[..end].trim_end();
    let is_time = time.len() >= 5 && time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    let time: Time = is_time.then(|| time.parse().ok()).flatten()?;
    Some(DateTime::from_parts(date, time))
}

fn day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| -> Option<i16> {
        let part = bytes.get(from..to).filter(|part| part.iter().all(u8::is_ascii_digit))?;
        std::str::from_utf8(part).ok()?.parse().ok()
    };
    let (month, day) = match bytes {
        [_, _, _, _, b'-', _, _, b'-', _, _] => (digits(5, 7)?, digits(8, 10)?),
        [_, _, _, _, _, _, _, _] => (digits(4, 6)?, digits(6, 8)?),
        _ => return None,
    };
    Date::new(digits(0, 4)?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn days(date: Date) -> i32 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24) as i32
}

fn micros(moment: DateTime) -> i64 {
    i64::try_from(moment.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_of_their_type_or_wrong() {
        let read = |text, kind| read(Some(text), kind);
        assert_eq!(read("8507", Kind::Integer), Cell::Integer(8507, true));
        assert_eq!(read("8507.0", Kind::Integer), Cell::Integer(8507, false));
        assert_eq!(read(" -4 ", Kind::Integer), Cell::Integer(-4, true));
        assert_eq!(read("8507.5", Kind::Integer), Cell::Wrong);
        assert_eq!(read("M", Kind::Integer), Cell::Wrong);
        assert_eq!(read("NULL", Kind::Integer), Cell::Null);
        assert_eq!(read("1e3", Kind::Float), Cell::Float(1000.0));
        assert_eq!(read("inf", Kind::Float), Cell::Wrong);
        assert_eq!(read("1970-01-02", Kind::Date), Cell::Date(1));
        assert_eq!(read("19700102", Kind::Date), Cell::Date(1));
        assert_eq!(read("1969-12-31 23:00:00", Kind::Date), Cell::Date(-1));
        assert_eq!(read("2023-02-29", Kind::Date), Cell::Wrong);
        assert_eq!(read("1970-01-01T00:00:01.5+08:00", Kind::DateTime), Cell::DateTime(1_500_000));
        assert_eq!(read("1970-01-01 00:00:00 UTC", Kind::DateTime), Cell::Wrong);
        assert_eq!(read("NULL", Kind::Text(None)), Cell::Text("NULL"));
        assert_eq!(read("", Kind::Text(None)), Cell::Null);
    }
}
