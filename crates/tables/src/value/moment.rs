//! Dates and times with their zone, and the call `instant`.

use super::calendar::{Civil, Clock, push_digits};
use super::date::Reading;
use super::grammar::DateFault;
use super::notes::Notes;
use super::prepare::{Argument, Context, unknown};
use super::slot::{Form, Slot, trimmed};
use super::width::plain_text;
use super::{Reason, Value};
use fhir::primitive;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::borrow::Cow;

/// The call `instant(value[, format[, zone]])`.
#[derive(Clone, Debug)]
pub(super) struct Instant {
    fhir_type: &'static str,
    form: Form,
    reading: Reading,
    zone: Zone,
}

/// The zone of times that name none.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    zone: TimeZone,
    utc: bool,
}

impl Zone {
    pub fn new(zone: TimeZone) -> Self {
        Zone { utc: zone == TimeZone::UTC || matches!(zone.iana_name(), Some("UTC" | "Etc/UTC")), zone }
    }

    /// Looks a zone up by its name in the IANA database.
    pub fn named(name: &str) -> Result<Self, String> {
        TimeZone::get(name).map(Zone::new).map_err(|_| {
            let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            unknown("time zone", name, names.iter().map(String::as_str))
        })
    }

    /// Adds the offset that a local time has, as FHIR writes it.
    fn push_offset_at(&self, local: DateTime, notes: &mut Notes, out: &mut String) {
        if self.utc {
            out.push('Z');
            return;
        }
        let offset = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => {
                notes.flag("time-in-gap");
                before
            }
            AmbiguousOffset::Fold { before, .. } => {
                notes.flag("time-in-overlap");
                before
            }
        };
        // Local mean times, in use until about 1900, had seconds; FHIR's offsets have none.
        push_offset(offset.seconds().div_euclid(60) as i16, out);
    }

    /// An instant in this zone, as FHIR writes it.
    pub fn text_of_us(&self, us: i64) -> Option<String> {
        let timestamp = jiff::Timestamp::from_microsecond(us).ok()?;
        if self.utc {
            return Some(fhir::time::format_us(us));
        }
        let minutes = self.zone.to_offset(timestamp).seconds().div_euclid(60) as i16;
        Some(fhir::time::format_us_at(us, fhir::time::ZoneOffset::from_minutes(minutes)?))
    }

    /// The first microsecond of a day.
    pub fn midnight_us(&self, civil: &Civil<'_>) -> Option<i64> {
        let (month, day) = (civil.month? as i8, civil.day? as i8);
        let midnight = DateTime::new(civil.year, month, day, 0, 0, 0, 0).ok()?;
        self.zone.to_timestamp(midnight).ok().map(jiff::Timestamp::as_microsecond)
    }
}

fn push_offset(minutes: i16, out: &mut String) {
    out.push(if minutes < 0 { '-' } else { '+' });
    let minutes = minutes.unsigned_abs();
    push_digits(out, minutes / 60, 2);
    out.push(':');
    push_digits(out, minutes % 60, 2);
}

impl Instant {
    pub fn prepare(slot: &Slot, format: Option<&str>, zone: Option<&str>, context: &Context) -> Result<Self, String> {
        let zone = match trimmed(zone) {
            Some(name) => Zone::named(name)?,
            None => Zone::new(context.zone.clone()),
        };
        let reading = Reading::prepare(slot, format, context)?;
        Ok(Instant { fhir_type: slot.fhir_type(), form: slot.form(), reading, zone })
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        match arguments.first_mut().map(std::mem::take) {
            Some(Argument::Text(Some(text))) => match self.read(text, notes)? {
                Some(text) => Ok(Value::Primitive { fhir_type: self.fhir_type, text }),
                None => Ok(Value::Absent),
            },
            Some(Argument::Value(value)) => Ok(value),
            Some(Argument::Failed(reason)) => Err(reason),
            _ => Ok(Value::Absent),
        }
    }

    /// The text that FHIR has for a source's text; none for nothing but white space.
    pub fn read<'a>(&self, text: &'a str, notes: &mut Notes) -> Result<Option<Cow<'a, str>>, Reason> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let plainest = self.reading.format.is_none() && self.reading.latest.is_none();
        if plainest && primitive::is_instant(text) {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let folded = plain_text(text);
        let civil = self.reading.read(&folded)?;
        let Some(clock) = civil.clock else {
            if self.form == Form::Instant {
                return Err(Reason::of("not-a-time", text, "is a date without a time"));
            }
            let date = if primitive::is_date(text) { Cow::Borrowed(text) } else { Cow::Owned(civil.date_text()) };
            return Ok(Some(date));
        };
        self.write(&civil, clock, text, notes).map(|text| Some(Cow::Owned(text)))
    }

    fn write(&self, civil: &Civil<'_>, clock: Clock<'_>, text: &str, notes: &mut Notes) -> Result<String, Reason> {
        let Some(minute) = clock.minute else {
            if self.form == Form::Instant {
                return Err(Reason::of("not-a-time", text, "has an hour without minutes"));
            }
            // FHIR has no hours without minutes, and nought minutes would be made up: the day is what is left.
            notes.flag("hour-only");
            return Ok(civil.date_text());
        };
        if clock.second.is_none() && self.form == Form::Instant {
            notes.flag("seconds-filled");
        }
        let impossible = || DateFault::Impossible.reason(text);
        let (month, day) = (civil.month.unwrap_or(1) as i8, civil.day.unwrap_or(1) as i8);
        let second = clock.second.unwrap_or(0);
        let (hour, minute) = (clock.hour as i8, minute as i8);
        let local = DateTime::new(civil.year, month, day, hour % 24, minute, second.min(59) as i8, 0);
        let mut local = local.map_err(|_| impossible())?;
        let mut date = *civil;
        if hour == 24 {
            local = local.tomorrow().map_err(|_| impossible())?;
            date =
                Civil { year: local.year(), month: Some(local.month() as u8), day: Some(local.day() as u8), ..*civil };
        }
        let mut out = String::with_capacity(26 + clock.fraction.len());
        date.push_date(&mut out);
        out.push('T');
        push_digits(&mut out, local.hour() as u16, 2);
        out.push(':');
        push_digits(&mut out, local.minute() as u16, 2);
        out.push(':');
        push_digits(&mut out, u16::from(second), 2);
        if !clock.fraction.is_empty() {
            out.push('.');
            out.push_str(clock.fraction);
        }
        match civil.offset {
            Some(offset) if offset.utc => out.push('Z'),
            Some(offset) => push_offset(offset.minutes, &mut out),
            None => self.zone.push_offset_at(local, notes, &mut out),
        }
        Ok(out)
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instant(fhir_type: &str, zone: &str) -> Instant {
        let slot = Slot::of_type(fhir_type).unwrap();
        Instant::prepare(&slot, None, Some(zone), &Context::new("s")).unwrap()
    }

    fn read(fhir_type: &str, zone: &str, text: &str) -> String {
        let mut notes = Notes::default();
        let made = match instant(fhir_type, zone).read(text, &mut notes) {
            Ok(text) => text.unwrap_or_default().into_owned(),
            Err(reason) => reason.code.to_owned(),
        };
        format!("{made} {}", notes.flags.join(",")).trim_end().to_owned()
    }

    #[test]
    fn local_times_get_the_offset_of_their_day() {
        for (zone, text, expected) in [
            ("Asia/Shanghai", "2026-04-01 11:07:00", "2026-04-01T11:07:00+08:00"),
            ("Asia/Shanghai", "2026/04/02 21:07:00", "2026-04-02T21:07:00+08:00"),
            ("Asia/Shanghai", "2026-04-01", "2026-04-01"),
            ("Asia/Shanghai", "2026年4月", "2026-04"),
            ("UTC", "2026-04-01 11:07", "2026-04-01T11:07:00Z"),
            ("UTC", "2014-05-01T12:00:00Z", "2014-05-01T12:00:00Z"),
            ("Asia/Shanghai", "2014-05-01T12:00:00Z", "2014-05-01T12:00:00Z"),
            ("Asia/Shanghai", "2014-05-01 12:00:00+00", "2014-05-01T12:00:00+00:00"),
            ("America/New_York", "2024-07-01 12:00:00.1234567", "2024-07-01T12:00:00.1234567-04:00"),
            ("America/St_Johns", "2024-01-01 00:00:00", "2024-01-01T00:00:00-03:30"),
            ("Europe/London", "2024-01-01 00:00:00", "2024-01-01T00:00:00+00:00"),
            ("UTC", "2024-02-28 24:00", "2024-02-29T00:00:00Z"),
            ("UTC", "2016-12-31 23:59:60", "2016-12-31T23:59:60Z"),
            ("UTC", "2024年2月29日 下午3点", "2024-02-29 hour-only"),
            ("UTC", " ", ""),
            ("UTC", "9999-12-31 24:00:00", "impossible-date"),
            ("UTC", "2024-02-30 10:00", "impossible-date"),
            ("UTC", "yesterday", "not-a-date"),
            ("UTC", "03/04/2020 10:00", "ambiguous-date"),
        ] {
            assert_eq!(read("dateTime", zone, text), expected, "{text}");
        }
    }

    #[test]
    fn skipped_and_repeated_times_take_the_offset_before_the_change() {
        // Summer time in China began on 1986-05-04 at 02:00 and ended on 1986-09-14 at 02:00.
        for (zone, text, expected) in [
            ("Asia/Shanghai", "1986-05-04 02:30:00", "1986-05-04T02:30:00+08:00 time-in-gap"),
            ("Asia/Shanghai", "1986-09-14 01:30:00", "1986-09-14T01:30:00+09:00 time-in-overlap"),
            ("Asia/Shanghai", "1986-07-01 12:00:00", "1986-07-01T12:00:00+09:00"),
            ("America/New_York", "2024-03-10 02:30:00", "2024-03-10T02:30:00-05:00 time-in-gap"),
            ("America/New_York", "2024-11-03 01:30:00", "2024-11-03T01:30:00-04:00 time-in-overlap"),
            ("Asia/Shanghai", "1900-01-01 12:00:00", "1900-01-01T12:00:00+08:05"),
        ] {
            assert_eq!(read("dateTime", zone, text), expected, "{text}");
        }
    }

    #[test]
    fn an_instant_has_a_time_to_the_second() {
        assert_eq!(read("instant", "UTC", "2024-02-29"), "not-a-time");
        assert_eq!(read("instant", "UTC", "2024022912"), "not-a-time");
        assert_eq!(read("instant", "UTC", "2024-02-29 12:30"), "2024-02-29T12:30:00Z seconds-filled");
        assert_eq!(read("instant", "UTC", "2024-02-29 12:30:05"), "2024-02-29T12:30:05Z");
    }

    #[test]
    fn zones_are_known_by_name() {
        let error = Zone::named("Asia/Shanghia").unwrap_err();
        assert_eq!(error, "unknown time zone `Asia/Shanghia`; did you mean `Asia/Shanghai`?");
    }

    proptest! {
        #[test]
        fn what_is_read_is_a_date_time(text in "[0-9]{4}[-/年.][0-9]{1,2}[-/月.][0-9]{1,2}[日 T]?[ ]?[0-9:.时分]{0,12}(Z|[+-][0-9]{2}:?[0-9]{0,2})?") {
            for (zone, fhir_type) in [("Asia/Shanghai", "dateTime"), ("America/New_York", "instant")] {
                if let Ok(Some(made)) = instant(fhir_type, zone).read(&text, &mut Notes::default()) {
                    prop_assert!(primitive::is_date_time(&made), "{made}");
                    prop_assert!(fhir_type == "dateTime" || primitive::is_instant(&made), "{made}");
                }
            }
        }
    }
}
