//! The call `at_offset`: times counted in minutes from another.

use super::grammar;
use super::moment::Instant;
use super::notes::Notes;
use super::number::{self, NumberStyle};
use super::prepare::{Argument, Context};
use super::slot::{Slot, trimmed};
use super::{Reason, Value};
use fhir::decimal::Decimal;
use fhir::time::{Moment, Precision, ZoneOffset};
use std::borrow::Cow;

const MINUTE_US: i64 = 60_000_000;

/// `at_offset(minutes, anchor)`
#[derive(Clone, Debug)]
pub(super) struct AtOffset {
    fhir_type: &'static str,
    numbers: NumberStyle,
    /// Reads anchors that are plain text, and has the zone of the result.
    instant: Instant,
}

impl AtOffset {
    pub fn prepare(slot: &Slot, context: &Context) -> Result<Self, String> {
        let anchor = Slot::of_type("dateTime").ok_or("dateTime is a type of FHIR")?;
        let instant = Instant::prepare(&anchor, None, None, context)?;
        Ok(AtOffset { fhir_type: slot.fhir_type(), numbers: context.numbers, instant })
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let [minutes, anchor] = arguments else { return Ok(Value::Absent) };
        let anchor = match std::mem::take(anchor) {
            Argument::Text(Some(text)) => self.instant.read(text, notes)?,
            Argument::Value(Value::Primitive { text, .. }) => Some(text),
            Argument::Failed(reason) => return Err(reason),
            _ => None,
        };
        let minutes = match std::mem::take(minutes) {
            Argument::Text(text) => match trimmed(text) {
                Some(text) => Some(self.minutes(text)?),
                None => None,
            },
            Argument::Value(Value::Primitive { text, .. }) => Some(self.minutes(&text)?),
            Argument::Failed(reason) => return Err(reason),
            Argument::Value(_) => None,
        };
        let (Some(anchor), Some(minutes)) = (anchor, minutes) else { return Ok(Value::Absent) };
        let anchor_us = self.anchor_us(&anchor, notes)?;
        let at = anchor_us.checked_add(minutes).and_then(|us| self.instant.zone().text_of_us(us));
        match at.filter(|at| fhir::primitive::is_instant(at)) {
            Some(at) => Ok(Value::Primitive { fhir_type: self.fhir_type, text: Cow::Owned(at) }),
            None => {
                Err(Reason::of("impossible-date", &anchor, &format!("and {} minutes are no time", minutes / MINUTE_US)))
            }
        }
    }

    /// In microseconds.
    fn minutes(&self, text: &str) -> Result<i64, Reason> {
        let number = number::parse(text, self.numbers).map_err(|fault| fault.reason(text, self.numbers))?;
        let minutes = Decimal::parse(&number.digits).filter(|_| number.comparator.is_none());
        minutes
            .and_then(|minutes| minutes.checked_mul(Decimal::from(MINUTE_US))?.round(0).truncated())
            .ok_or_else(|| Reason::of("not-a-number", text, "is not a number of minutes"))
    }

    fn anchor_us(&self, anchor: &str, notes: &mut Notes) -> Result<i64, Reason> {
        let not_a_day =
            || Reason::of("not-a-time", anchor, "is not as precise as a day: nothing can be counted from it");
        let moment = Moment::parse(anchor, ZoneOffset::UTC).map_err(|_| not_a_day())?;
        match moment.precision {
            Precision::Year | Precision::Month => Err(not_a_day()),
            Precision::Day => {
                let civil = grammar::parse(anchor, grammar::DateStyle::default()).map_err(|_| not_a_day())?;
                // Minutes from an admission whose hour is not known: the hours of what is made are not known either.
                notes.flag("from-midnight");
                self.instant.zone().midnight_us(&civil).ok_or_else(not_a_day)
            }
            _ => Ok(moment.low_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn make(zone: &str, minutes: &'static str, anchor: &'static str) -> String {
        let mut context = Context::new("s");
        context.zone = jiff::tz::TimeZone::get(zone).unwrap();
        let call = AtOffset::prepare(&Slot::of_type("dateTime").unwrap(), &context).unwrap();
        let mut arguments = [Argument::Text(Some(minutes)), Argument::Text(Some(anchor))];
        let mut notes = Notes::default();
        match call.make(&mut arguments, &mut notes) {
            Ok(Value::Primitive { text, .. }) => format!("{text} {}", notes.flags.join(",")).trim_end().to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(reason) => reason.code.to_owned(),
        }
    }

    #[test]
    fn minutes_are_counted_from_a_time_or_a_midnight() {
        for (zone, minutes, anchor, expected) in [
            ("UTC", "90", "2015-01-01T00:00:00Z", "2015-01-01T01:30:00Z"),
            ("UTC", "-90", "2015-01-01 00:00", "2014-12-31T22:30:00Z"),
            ("UTC", "0.5", "2015-01-01", "2015-01-01T00:00:30Z from-midnight"),
            ("UTC", "1440", "2015-02-28", "2015-03-01T00:00:00Z from-midnight"),
            ("America/New_York", "60", "2024-03-10 01:30:00", "2024-03-10T03:30:00-04:00"),
            ("America/New_York", "0", "2024-03-10T06:30:00Z", "2024-03-10T01:30:00-05:00"),
            ("America/New_York", "5", "2024-07-01", "2024-07-01T00:05:00-04:00 from-midnight"),
            ("UTC", "", "2015-01-01", "Absent"),
            ("UTC", "5", "", "Absent"),
            ("UTC", "5", "2015", "not-a-time"),
            ("UTC", "soon", "2015-01-01", "not-a-number"),
            ("UTC", "<5", "2015-01-01", "not-a-number"),
            ("UTC", "5", "2015-02-30", "impossible-date"),
            ("UTC", "99999999999", "2015-01-01", "impossible-date"),
            ("UTC", "1e300", "2015-01-01", "not-a-number"),
        ] {
            assert_eq!(make(zone, minutes, anchor), expected, "{minutes} {anchor}");
        }
    }

    proptest! {
        #[test]
        fn what_is_counted_is_a_time_or_a_reason(minutes in "-?[0-9]{1,12}(\\.[0-9]{1,3})?", anchor in "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?") {
            let call = AtOffset::prepare(&Slot::of_type("dateTime").unwrap(), &Context::new("s")).unwrap();
            let mut arguments = [Argument::Text(Some(&minutes)), Argument::Text(Some(&anchor))];
            if let Ok(Value::Primitive { text, .. }) = call.make(&mut arguments, &mut Notes::default()) {
                prop_assert!(fhir::primitive::is_instant(&text), "{text}");
            }
        }
    }
}
