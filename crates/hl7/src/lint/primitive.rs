//! Numbers, dates and times (HL7 v2, chapter 2A): SI, NM, DT, TM, DTM and its older name TS.

use super::datatype::TYPES;
use super::finding::{Finding, Rule, Severity};
use crate::map::time::Moment;
use crate::message::Value;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    /// SI
    SetId,
    /// NM
    Number,
    /// DT
    Date,
    /// TM
    Time,
    /// DTM, TS
    DateTime,
}

/// How a text stands to its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    /// It can be read, and is not as the standard writes it.
    Otherwise,
    /// A moment where a date should be.
    TooLong,
    No,
}

/// Checks one value.
pub(super) fn check(primitive: Primitive, value: Value<'_>, found: &mut Vec<Finding>) {
    if !value.has_value() {
        return;
    }
    let text = value.text();
    let text = text.trim();
    let (is_what, form) = match primitive {
        Primitive::SetId => ("no sequence number (SI)", "a whole number, as in 1"),
        Primitive::Number => ("no number (NM)", "digits with a point, as in -12.5"),
        Primitive::Date => ("no date (DT)", "YYYY, YYYYMM or YYYYMMDD"),
        Primitive::Time => ("no time (TM)", "HHMM or HHMMSS, with a zone as in +0100"),
        Primitive::DateTime => ("no date or time (DTM)", "YYYYMMDDHHMMSS as far as known, with a zone as in +0100"),
    };
    let (severity, said) = match fit(primitive, text) {
        Fit::Fits => return,
        Fit::Otherwise => (Severity::Warning, format!("{text:?} is not written as the standard writes it")),
        Fit::TooLong => (Severity::Warning, format!("{text:?} has a time where the type has a date (DT) only")),
        Fit::No => (Severity::Error, format!("{text:?} is {is_what}")),
    };
    let advice = format!("have the sender write {form}");
    found.push(Finding { source: TYPES, ..Finding::at(severity, Rule::DataType, value, said, advice) });
}

/// True of what NM may hold: a sign, digits, a point.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty()) && all_digits(whole) && all_digits(fraction)
}

fn fit(primitive: Primitive, text: &str) -> Fit {
    match primitive {
        Primitive::SetId => {
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
                Fit::Fits
            } else {
                Fit::No
            }
        }
        Primitive::Number if is_number(text) => Fit::Fits,
        // The map reads `>100` and keeps words as text.
        Primitive::Number => Fit::No,
        Primitive::Time => time(text),
        Primitive::Date | Primitive::DateTime => {
            let Some(moment) = Moment::parse(text) else { return Fit::No };
            let (body, zone) = split_zone(text);
            let (digits, fraction) = body.split_once('.').unwrap_or((body, ""));
            let is_plain = digits.bytes().all(|b| b.is_ascii_digit()) && (fraction.is_empty() || digits.len() == 14);
            match (is_plain && is_zone(zone), primitive, moment.has_time()) {
                (false, ..) => Fit::Otherwise,
                (true, Primitive::Date, true) => Fit::TooLong,
                (true, ..) => Fit::Fits,
            }
        }
    }
}

/// `HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]`
fn time(text: &str) -> Fit {
    let (body, zone) = split_zone(text);
    let (digits, fraction) = body.split_once('.').unwrap_or((body, ""));
    let compact: String = digits.chars().filter(|c| *c != ':').collect();
    let part = |at: usize| compact.get(at..at + 2).map_or(Some(0), |part| part.parse::<u8>().ok());
    let is_time = compact.bytes().all(|b| b.is_ascii_digit())
        && matches!(compact.len(), 2 | 4 | 6)
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && matches!((part(0), part(2), part(4)), (Some(0..=23), Some(0..=59), Some(0..=59)));
    match (is_time, digits.len() == compact.len() && is_zone(zone)) {
        (false, _) => Fit::No,
        (true, false) => Fit::Otherwise,
        (true, true) => Fit::Fits,
    }
}

/// What stands before a sign, and what begins with it.
fn split_zone(text: &str) -> (&str, &str) {
    text.find(['+', '-']).map_or((text, ""), |at| text.split_at(at))
}

fn is_zone(zone: &str) -> bool {
    let digits = zone.strip_prefix(['+', '-']).unwrap_or("0000");
    let part = |at: usize| digits.get(at..at + 2).and_then(|part| part.parse::<u8>().ok());
    digits.len() == 4 && matches!((part(0), part(2)), (Some(0..=14), Some(0..=59)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_what_can_only_be_read_and_from_what_cannot() {
        use Fit::{Fits, No, Otherwise, TooLong};
        for (primitive, cases) in [
            (Primitive::SetId, &[("1", Fits), ("0012", Fits), ("1a", No), ("-1", No), ("1.0", No)][..]),
            (
                Primitive::Number,
                &[
                    ("1", Fits),
                    ("-12.5", Fits),
                    (".5", Fits),
                    ("5.", Fits),
                    (">100", No),
                    ("1,5", No),
                    (".", No),
                    ("1e3", No),
                ],
            ),
            (
                Primitive::Date,
                &[
                    ("2024", Fits),
                    ("202402", Fits),
                    ("20240229", Fits),
                    ("20230229", No),
                    ("2024-02-29", Otherwise),
                    ("202402291200", TooLong),
                    ("202", No),
                ],
            ),
            (
                Primitive::Time,
                &[
                    ("12", Fits),
                    ("1230", Fits),
                    ("123059.1234+0100", Fits),
                    ("12:30", Otherwise),
                    ("2460", No),
                    ("noon", No),
                ],
            ),
            (
                Primitive::DateTime,
                &[
                    ("20240229", Fits),
                    ("20240229123059.1234-0500", Fits),
                    ("202402291230+0100", Fits),
                    ("2024022912", Fits),
                    ("2024-02-29T12:30:59Z", Otherwise),
                    ("20240229123059+01:00", Otherwise),
                    ("20240229256059", No),
                    ("yesterday", No),
                ],
            ),
        ] {
            for (text, expected) in cases {
                assert_eq!(fit(primitive, text), *expected, "{primitive:?} {text}");
            }
        }
    }
}
