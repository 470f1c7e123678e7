//! The call `period`.

use super::moment::Instant;
use super::notes::Notes;
use super::prepare::{Argument, Context};
use super::slot::Slot;
use super::{Reason, Value};
use fhir::time::{Moment, ZoneOffset};
use std::borrow::Cow;

/// `period(start, end)`
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// Reads ends that are plain text.
    instant: Instant,
}

impl Span {
    pub fn prepare(context: &Context) -> Result<Self, String> {
        let slot = Slot::of_type("dateTime").ok_or("dateTime is a type of FHIR")?;
        Ok(Span { instant: Instant::prepare(&slot, None, None, context)? })
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let [start, end] = arguments else { return Ok(Value::Absent) };
        let start = self.end_of(start, notes);
        let end = self.end_of(end, notes);
        let (start, end) = match (start, end) {
            (Ok(start), Ok(end)) => (start, end),
            // One end that is known is worth keeping; nothing beside it would hide why.
            (Ok(Some(start)), Err(reason)) => {
                notes.passed_over.get_or_insert(reason);
                (Some(start), None)
            }
            (Err(reason), Ok(Some(end))) => {
                notes.passed_over.get_or_insert(reason);
                (None, Some(end))
            }
            (Err(reason), _) | (_, Err(reason)) => return Err(reason),
        };
        let end = match (&start, end) {
            (Some(start), Some(end)) if is_before(&end, start) => {
                notes.flag("end-before-start");
                None
            }
            (_, end) => end,
        };
        if start.is_none() && end.is_none() {
            return Ok(Value::Absent);
        }
        Ok(Value::Period { start, end })
    }

    fn end_of<'a>(&self, argument: &mut Argument<'a>, notes: &mut Notes) -> Result<Option<Cow<'a, str>>, Reason> {
        match std::mem::take(argument) {
            Argument::Text(Some(text)) => self.instant.read(text, notes),
            Argument::Text(None) => Ok(None),
            Argument::Value(Value::Primitive { text, .. }) => Ok(Some(text)),
            Argument::Value(_) => Ok(None),
            Argument::Failed(reason) => Err(reason),
        }
    }
}

/// True if all of `end` lies before all of `start`.
pub(crate) fn is_before(end: &str, start: &str) -> bool {
    // Nearly always both have the same form and zone: then their texts have the order of their times.
    if end.len() == start.len() && end.len() >= 19 && end.get(19..) == start.get(19..) {
        return end.as_bytes()[..19] < start.as_bytes()[..19];
    }
    // A day has no zone of its own: it is one of where the other end's clock was.
    let zone = zone_of(start).or_else(|| zone_of(end)).unwrap_or_default();
    match (Moment::parse(end, zone), Moment::parse(start, zone)) {
        (Ok(end), Ok(start)) => end.high_us < start.low_us,
        _ => false,
    }
}

fn zone_of(text: &str) -> Option<ZoneOffset> {
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    ZoneOffset::parse(zone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(start: Argument<'static>, end: Argument<'static>) -> String {
        let mut context = Context::new("s");
        context.zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let mut notes = Notes::default();
        let made = match Span::prepare(&context).unwrap().make(&mut [start, end], &mut notes) {
            Ok(Value::Absent) => "absent".to_owned(),
            Ok(Value::Period { start, end }) => format!("{}..{}", start.unwrap_or_default(), end.unwrap_or_default()),
            Ok(other) => format!("{other:?}"),
            Err(reason) => reason.code.to_owned(),
        };
        let told = notes.passed_over.map(|reason| format!("{}: {}", reason.code, reason.message));
        format!("{made} {}{}", notes.flags.join(","), told.unwrap_or_default()).trim_end().to_owned()
    }

    fn text(text: &'static str) -> Argument<'static> {
        Argument::Text(Some(text))
    }

    #[test]
    fn ends_are_read_as_times() {
        assert_eq!(
            make(text("2026-04-26 04:22:00"), text("2026-05-04 12:28:00")),
            "2026-04-26T04:22:00+08:00..2026-05-04T12:28:00+08:00"
        );
        assert_eq!(make(text("2026-04-26"), Argument::Text(None)), "2026-04-26..");
        assert_eq!(make(text(""), Argument::Text(None)), "absent");
    }

    #[test]
    fn an_end_before_the_start_is_left_out_and_flagged() {
        let start = "2026-06-29 02:01:00";
        let kept = "2026-06-29T02:01:00+08:00.. end-before-start";
        assert_eq!(make(text(start), text("2026-06-27 02:01:00")), kept);
        assert_eq!(make(text(start), text("2026-06-28")), kept);
        assert_eq!(make(text(start), text("2026-06-28T18:00:00Z")), kept);
        assert_eq!(make(text(start), text("2026-06-29")), "2026-06-29T02:01:00+08:00..2026-06-29");
        assert_eq!(make(text(start), text(start)), "2026-06-29T02:01:00+08:00..2026-06-29T02:01:00+08:00");
    }

    #[test]
    fn an_end_that_cannot_be_read_leaves_the_other() {
        let impossible = "impossible-date: `2026-02-30` is a day or time that does not exist";
        assert_eq!(make(text("2026-06-29"), text("2026-02-30")), format!("2026-06-29.. {impossible}"));
        assert_eq!(make(text("2026-02-30"), text("2026-06-29")), format!("..2026-06-29 {impossible}"));
        assert!(
            make(text("2026-06-29"), text("31/12/9999")).starts_with("2026-06-29.. stands-for-nothing: `31/12/9999`")
        );
        assert_eq!(make(text("2026-02-30"), text("")), "impossible-date");
        let failed = Argument::Failed(Reason::of("not-a-date", "x", "is none"));
        assert_eq!(make(text("2026-06-29"), failed), "2026-06-29.. not-a-date: `x` is none");
    }
}
