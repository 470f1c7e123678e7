//! Dates read by the grammar or by a format, and the call `date`.

use super::calendar::Civil;
use super::era::Calendar;
use super::format::Format;
use super::grammar::{DateFault, DateStyle, parse};
use super::notes::Notes;
use super::prepare::{Argument, Context};
use super::slot::{Slot, trim};
use super::width::plain_text;
use super::{Reason, Value};
use fhir::time::day_of_civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use std::borrow::Cow;

/// True if all of the date lies behind `today`.
pub(super) fn is_future(civil: &Civil<'_>, today: civil::Date) -> bool {
    let first = (civil.year, civil.month.unwrap_or(1) as i8, civil.day.unwrap_or(1) as i8);
    first > (today.year(), today.month(), today.day())
}

/// The last year that can be written: `31/12/9999` says that there is no date, in whatever form.
pub(super) const LAST_YEAR: i16 = 9999;

/// True for a date that stands for none: in the last year that can be written, or the first.
pub(super) fn is_nothing(civil: &Civil<'_>) -> bool {
    civil.year == LAST_YEAR || civil.year <= 1
}

/// The flag of dates that are [long ago](is_long_ago).
pub(super) const LONG_AGO: &str = "long-ago";

/// True for a date that lies further back than anybody lives: programs write the day from which they count (`1753-01-01`, `1840-12-31`,
/// `1899-12-30`, `1900-01-01`) where there is none, and years are mistyped.
pub(super) fn is_long_ago(civil: &Civil<'_>) -> bool {
    (civil.year, civil.month.unwrap_or(12), civil.day.unwrap_or(31)) <= (1900, 1, 1)
}

/// True unless a text in FHIR's form may be [long ago](is_long_ago) or stand for none: told by its first characters.
pub(super) fn is_recent(text: &str) -> bool {
    text.starts_with("20") || (text.starts_with("19") && !text.starts_with("1900"))
}

/// Why such a date is none.
pub(super) fn stands_for_nothing(text: &str) -> Reason {
    let what = "lies in the first or the last year there is and stands for none: name it in `nulls` of mapping.toml";
    Reason::of("stands-for-nothing", text, what)
}

/// What dates need to be read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub format: Option<Format>,
    pub style: DateStyle,
    /// The day after which no date may lie.
    pub latest: Option<civil::Date>,
    /// Whether dates are as they were: those of de-identified data may lie anywhere.
    pub is_true: bool,
}

impl Reading {
    pub fn prepare(slot: &Slot, format: Option<&str>, context: &Context) -> Result<Self, String> {
        let format = match super::slot::trimmed(format) {
            Some(format) => Some(Format::parse(format, context.pivot)?.with(context.calendar)),
            None => None,
        };
        let style = DateStyle { order: context.order, calendar: context.calendar };
        let latest = context.today.filter(|_| slot.is_past());
        Ok(Reading { format, style, latest, is_true: context.today.is_some() })
    }

    /// True if a date in FHIR's form is the date that is meant.
    pub fn is_plain(&self) -> bool {
        self.format.is_none() && self.style.calendar == Calendar::Gregorian
    }

    /// Reads a text of plain characters.
    pub fn read<'a>(&self, text: &'a str, notes: &mut Notes) -> Result<Civil<'a>, Reason> {
        let read = match &self.format {
            Some(format) => format.read(text),
            None => parse(text, self.style),
        };
        let civil = match (read, &self.format) {
            (Ok(civil), _) => civil,
            (Err(DateFault::NotADate), Some(format)) => {
                return Err(Reason::of("not-a-date", text, &format!("is not as the format `{}` says", format.text())));
            }
            (Err(fault), _) => return Err(fault.reason(text)),
        };
        if is_nothing(&civil) {
            return Err(stands_for_nothing(text));
        }
        if self.is_true && is_long_ago(&civil) {
            notes.flag(LONG_AGO);
        }
        match self.latest {
            Some(today) if is_future(&civil, today) => {
                Err(Reason::of("future-date", text, &format!("lies after today, {today}")))
            }
            _ => Ok(civil),
        }
    }
}

/// The call `date(value[, format])`.
#[derive(Clone, Debug)]
pub(super) struct Day {
    fhir_type: &'static str,
    reading: Reading,
    zone: TimeZone,
}

impl Day {
    pub fn prepare(slot: &Slot, format: Option<&str>, context: &Context) -> Result<Self, String> {
        let reading = Reading::prepare(slot, format, context)?;
        Ok(Day { fhir_type: slot.fhir_type(), reading, zone: context.zone.clone() })
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let text = match arguments.first_mut().map(std::mem::take) {
            Some(Argument::Text(Some(text))) => trim(text),
            Some(Argument::Value(value)) => return Ok(value),
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => return Ok(Value::Absent),
        };
        if text.is_empty() {
            return Ok(Value::Absent);
        }
        let folded = plain_text(text);
        let civil = self.reading.read(&folded, notes)?;
        if let Some(day) = day_at_home(&civil, &self.zone) {
            return Ok(Value::Primitive { fhir_type: self.fhir_type, text: Cow::Owned(day.to_string()) });
        }
        // As FHIR writes it already, perhaps with a time behind it.
        let length = [4, 7, 10][usize::from(civil.month.is_some()) + usize::from(civil.day.is_some())];
        let head = text.get(..length).filter(|head| self.reading.is_plain() && fhir::primitive::is_date(head));
        let date = match head {
            Some(head) => Cow::Borrowed(head),
            None => Cow::Owned(civil.date_text()),
        };
        Ok(Value::Primitive { fhir_type: self.fhir_type, text: date })
    }
}

/// The day in the source's zone of a moment that is written in UTC, as databases give those that have a zone; none where the day is as written.
/// Midnight of UTC is a date that a program gave a time.
fn day_at_home(civil: &Civil<'_>, zone: &TimeZone) -> Option<civil::Date> {
    let (clock, offset) = (civil.clock?, civil.offset?);
    let (hour, minute, second) = (clock.hour as i8, clock.minute? as i8, clock.second.unwrap_or(0).min(59) as i8);
    let is_midnight = (hour, minute, second) == (0, 0, 0) && clock.fraction.bytes().all(|byte| byte == b'0');
    if offset.minutes != 0 || hour == 24 || is_midnight || *zone == TimeZone::UTC {
        return None;
    }
    let day = day_of_civil(i64::from(civil.year), u32::from(civil.month?), u32::from(civil.day?));
    let second_of_day = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    let moment = Timestamp::from_second(day * 86_400 + second_of_day).ok()?;
    Some(zone.to_datetime(moment).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_utc_has_its_day_where_the_source_is() {
        let day = |text: &str, zone: &str| {
            let zone = TimeZone::get(zone).unwrap();
            day_at_home(&parse(text, DateStyle::default()).unwrap(), &zone).map(|day| day.to_string())
        };
        assert_eq!(day("2024-01-01T01:30:00Z", "America/Sao_Paulo").as_deref(), Some("2023-12-31"));
        assert_eq!(day("2024-03-04 16:00:00+00", "Asia/Shanghai").as_deref(), Some("2024-03-05"));
        // A date that was given a time; a moment as the source's clocks had it; a source that is in UTC.
        assert_eq!(day("1990-05-05T00:00:00.000Z", "America/Sao_Paulo"), None);
        assert_eq!(day("2024-01-01T01:30:00-03:00", "Asia/Shanghai"), None);
        assert_eq!(day("2024-01-01T01:30:00", "Asia/Shanghai"), None);
        assert_eq!(day("2024-01-01T01:30:00Z", "UTC"), None);
    }

    #[test]
    fn dates_that_programs_write_for_none_are_told() {
        let made = |text: &'static str, today: Option<civil::Date>| {
            let context = Context { today, ..Context::new("his") };
            let day = Day::prepare(&Slot::of_type("date").unwrap(), None, &context).unwrap();
            let mut notes = Notes::default();
            match day.make(&mut [Argument::Text(Some(text))], &mut notes) {
                Ok(_) => notes.flags.first().copied().unwrap_or("kept"),
                Err(reason) => reason.code,
            }
        };
        let today = Some(civil::date(2026, 11, 26));
        for (text, is) in [
            ("0001-01-01", "stands-for-nothing"),
            ("01/01/0001", "stands-for-nothing"),
            ("1753-01-01", LONG_AGO),
            ("30.12.1899", LONG_AGO),
            ("1900-01-01 00:00:00", LONG_AGO),
            ("1899", LONG_AGO),
            ("1900-01-02", "kept"),
            ("1900", "kept"),
            ("1901-01-01", "kept"),
        ] {
            assert_eq!(made(text, today), is, "{text}");
        }
        // Of data whose dates are shifted nothing is known.
        assert_eq!(made("1753-01-01", None), "kept");
    }

    #[test]
    fn a_date_lies_in_the_future_only_if_all_of_it_does() {
        let today = civil::date(2026, 11, 26);
        let future = |text| is_future(&parse(text, DateStyle::default()).unwrap(), today);
        assert!(future("2065-01-01") && future("2026-11-27") && future("2026-12") && future("2027"));
        assert!(!future("2026-11-26") && !future("2026-11") && !future("2026"));
    }
}
