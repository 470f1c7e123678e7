//! Dates and times with their zone, and the call `instant`.

use super::calendar::{Civil, Clock, push_digits};
use super::date::{Reading, is_recent};
use super::grammar::DateFault;
use super::notes::Notes;
use super::prepare::{Argument, Context};
use super::slot::{Form, Slot, trim, trimmed};
use super::width::plain_text;
use super::zone::{Zone, push_offset};
use super::{Reason, Value};
use fhir::primitive;
use fhir::time::{civil_of_day, day_of_civil};
use std::borrow::Cow;

const DAY_SECONDS: i64 = 24 * 3600;

/// The call `instant(value[, format[, zone]])`.
#[derive(Clone, Debug)]
pub(super) struct Instant {
    fhir_type: &'static str,
    form: Form,
    reading: Reading,
    zone: Zone,
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
        let text = trim(text);
        if text.is_empty() {
            return Ok(None);
        }
        let plainest = self.reading.is_plain() && self.reading.latest.is_none();
        if plainest && is_recent(text) && primitive::is_instant(text) {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let folded = plain_text(text);
        let civil = self.reading.read(&folded, notes)?;
        let Some(clock) = civil.clock else {
            if self.form == Form::Instant {
                return Err(Reason::of("not-a-time", text, "is a date without a time"));
            }
            let date = if self.reading.is_plain() && primitive::is_date(text) {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(civil.date_text())
            };
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
        let second = clock.second.unwrap_or(0);
        let part = |part: Option<u8>| u32::from(part.unwrap_or(1));
        let mut date = *civil;
        let mut day = day_of_civil(i64::from(civil.year), part(civil.month), part(civil.day));
        if clock.hour == 24 {
            day += 1;
            let (year, month, of_month) = civil_of_day(day);
            if year > 9999 {
                return Err(DateFault::Impossible.reason(text));
            }
            date = Civil { year: year as i16, month: Some(month as u8), day: Some(of_month as u8), ..*civil };
        }
        let hour = clock.hour % 24;
        let mut out = String::with_capacity(26 + clock.fraction.len());
        if self.reading.is_plain() && clock.hour < 24 && is_plainest(text) {
            out.push_str(&text[..10]);
            out.push('T');
            out.push_str(&text[11..]);
        } else {
            date.push_date(&mut out);
            out.push('T');
            push_digits(&mut out, u16::from(hour), 2);
            out.push(':');
            push_digits(&mut out, u16::from(minute), 2);
            out.push(':');
            push_digits(&mut out, u16::from(second), 2);
        }
        if !clock.fraction.is_empty() {
            out.push('.');
            out.push_str(clock.fraction);
        }
        match civil.offset {
            Some(offset) if offset.utc => out.push('Z'),
            Some(offset) => push_offset(offset.minutes, &mut out),
            None => {
                let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
                self.zone.push_offset_at(day * DAY_SECONDS + of_day, notes, &mut out);
            }
        }
        Ok(out)
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }
}

/// True for a text that was read as a date and time if its digits stand where FHIR has them: `2024-02-29 12:30:05`.
fn is_plainest(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 19
        && bytes[11].is_ascii_digit()
        && [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')].iter().all(|(at, sign)| bytes[*at] == *sign)
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
            ("UTC", "2016-12-31  2:59:00", "2016-12-31T02:59:00Z"),
            ("UTC", "2016-12-31 23:59:60", "2016-12-31T23:59:60Z"),
            ("UTC", "2024年2月29日 下午3点", "2024-02-29 hour-only"),
            ("UTC", " ", ""),
            ("UTC", "9999-12-31 24:00:00", "stands-for-nothing"),
            ("UTC", "9999-12-31T23:59:59Z", "stands-for-nothing"),
            ("UTC", "31/12/9999", "stands-for-nothing"),
            ("UTC", "99991231", "stands-for-nothing"),
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
