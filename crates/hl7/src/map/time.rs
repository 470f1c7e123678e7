//! Times: DT, TM, DTM, TS to date, time, dateTime, instant. Precision is kept; a time without zone gets the source's.

use super::context::Context;
use super::parts::Parts;
use crate::message::{Message, Value};
use fhir::json::Tree;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use std::fmt::Write as _;

/// A point in time as far as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    /// Hour, minute, second, and the digits of a fraction.
    time: Option<(i8, i8, i8, String)>,
    /// No more of the time than the hour.
    is_hour: bool,
    zone: Option<String>,
}

impl Moment {
    /// `YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+-ZZZZ]`; hyphens, colons, `T` and a space between date and time are passed over.
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        let (body, zone) = split_zone(text)?;
        let (digits, fraction) = match body.split_once('.') {
            Some((digits, fraction)) => (digits, fraction),
            None => (body, ""),
        };
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let compact: String = digits.chars().filter(|c| !matches!(c, '-' | ':' | 'T' | 't' | ' ' | '/')).collect();
        if !compact.bytes().all(|b| b.is_ascii_digit()) || !matches!(compact.len(), 4 | 6 | 8 | 10 | 12 | 14) {
            return None;
        }
        let two = |at: usize| compact.get(at..at + 2).and_then(|part| part.parse::<i8>().ok());
        let moment = Moment {
            year: compact.get(..4)?.parse().ok()?,
            month: two(4),
            day: two(6),
            time: two(8).map(|hour| (hour, two(10).unwrap_or(0), two(12).unwrap_or(0), fraction.to_owned())),
            is_hour: compact.len() == 10,
            zone,
        };
        let date = civil::Date::new(moment.year, moment.month.unwrap_or(1), moment.day.unwrap_or(1)).ok()?;
        if date.year() < 1 {
            return None;
        }
        if let Some((hour, minute, second, _)) = moment.time {
            civil::Time::new(hour, minute, second, 0).ok()?;
        }
        Some(moment)
    }

    /// The date, as far as given.
    pub(crate) fn date(&self) -> String {
        let mut out = format!("{:04}", self.year);
        for part in [self.month, self.day].iter().map_while(|part| *part) {
            let _ = write!(out, "-{part:02}");
        }
        out
    }

    /// True if it is more than a date.
    pub(crate) fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// True if the time was given to the hour alone, which FHIR has no form for.
    pub(crate) fn is_hour(&self) -> bool {
        self.is_hour
    }

    /// The day of it.
    pub(crate) fn day_alone(self) -> Moment {
        Moment { time: None, is_hour: false, zone: None, ..self }
    }

    /// Its own zone, as `+08:00`.
    pub(crate) fn zone(&self) -> Option<&String> {
        self.zone.as_ref()
    }

    /// dateTime: a date as far as given, or date and time with a zone.
    pub(super) fn date_time(&self, context: &Context<'_>) -> String {
        self.date_time_in(&context.zone)
    }

    /// The same; `zone` is that of times which give none.
    pub(crate) fn date_time_in(&self, zone: &TimeZone) -> String {
        let mut out = self.date();
        let Some((hour, minute, second, fraction)) = &self.time else { return out };
        let _ = write!(out, "T{hour:02}:{minute:02}:{second:02}");
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
        match &self.zone {
            Some(zone) => out.push_str(zone),
            None => out.push_str(&as_text(self.offset_in(zone))),
        }
        out
    }

    /// The offset that `zone` had then.
    pub(crate) fn offset_in(&self, zone: &TimeZone) -> Offset {
        let (hour, minute, second) = self.time.as_ref().map_or((0, 0, 0), |(h, m, s, _)| (*h, *m, *s));
        let civil = civil::date(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)).at(hour, minute, second, 0);
        zone.to_ambiguous_timestamp(civil).compatible().map_or(Offset::UTC, |at| zone.to_offset(at))
    }
}

pub(crate) fn as_text(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

/// The zone of times that give none: that of MSH-7 if it gives one, as the standard defines that field, else the source's. Where both agree it is the
/// source's, which knows summer and winter.
pub(super) fn zone_of(message: &Message<'_>, source: &TimeZone) -> TimeZone {
    let sent = message.header().field(7).component(1).text().into_owned();
    let Some(sent) = Moment::parse(&sent) else { return source.clone() };
    let Some(zone) = sent.zone.as_deref().filter(|zone| **zone != as_text(sent.offset_in(source))) else {
        return source.clone();
    };
    let number = |at: usize| zone.get(at..at + 2).and_then(|part| part.parse::<i32>().ok()).unwrap_or(0);
    let seconds = (number(1) * 60 + number(4)) * 60;
    Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds }).map_or(source.clone(), TimeZone::fixed)
}

/// A zone at the end: `+ZZZZ`, `-ZZZZ`, `+ZZ:ZZ`, `Z`. A hyphen within a date is none.
fn split_zone(text: &str) -> Option<(&str, Option<String>)> {
    if let Some(body) = text.strip_suffix(['Z', 'z']) {
        return Some((body, Some("+00:00".to_owned())));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    let before = text[..at].bytes().filter(u8::is_ascii_digit).count();
    if text.as_bytes()[at] == b'-' && (before < 8 || digits.len() < 4) {
        return Some((text, None));
    }
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (u8, u8) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Some((text[..at].trim_end(), Some(format!("{}{:02}:{:02}", &text[at..=at], hours, minutes))))
}

impl<'m> Context<'m> {
    /// A DTM, DT or TS; what is none is told and left out.
    pub(super) fn moment(&self, value: Value<'m>) -> Option<Moment> {
        let text = self.text(value)?;
        let moment = Moment::parse(&text);
        if moment.is_none() {
            self.warn(value, format!("{text:?} is no date or time (YYYYMMDDHHMMSS+ZZZZ) and was left out"));
        }
        moment
    }

    /// As dateTime. TS may hold its degree of precision as a second component.
    pub(super) fn date_time(&self, value: Parts<'m>) -> Option<String> {
        self.moment(value.first(1)).map(|moment| moment.date_time(self))
    }

    /// As date.
    pub(super) fn date(&self, value: Parts<'m>) -> Option<String> {
        self.moment(value.first(1)).map(|moment| moment.date())
    }

    /// As instant: only if there is a time.
    pub(super) fn instant(&self, value: Parts<'m>) -> Option<String> {
        let moment = self.moment(value.first(1))?;
        if moment.has_time() {
            return Some(moment.date_time(self));
        }
        self.note(value.whole(), "a date without a time cannot be an instant and was left out");
        None
    }

    /// TM as time.
    pub(super) fn time(&self, value: Value<'m>) -> Option<String> {
        let text = self.text(value)?;
        let (body, _) = split_zone(&text).unwrap_or((&text, None));
        let (digits, fraction) = body.split_once('.').map_or((body, None), |(d, f)| (d, Some(f)));
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |p| p.parse::<i8>().ok());
        let parsed = (|| {
            if !matches!(digits.len(), 2 | 4 | 6)
                || fraction.is_some_and(|f| f.is_empty() || !f.bytes().all(|b| b.is_ascii_digit()))
            {
                return None;
            }
            let (hour, minute, second) = (part(0)?, part(2)?, part(4)?);
            civil::Time::new(hour, minute, second, 0).ok()?;
            let fraction = fraction.map_or(String::new(), |f| format!(".{f}"));
            Some(format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
        })();
        if parsed.is_none() {
            self.warn(value, format!("{text:?} is no time (HHMMSS) and was left out"));
        }
        parsed
    }

    /// A Period of two values.
    pub(super) fn period(&self, start: Parts<'m>, end: Parts<'m>) -> Option<Tree> {
        let mut period = Tree::object();
        if let Some(start) = self.date_time(start) {
            period.set("start", start);
        }
        if let Some(end) = self.date_time(end) {
            period.set("end", end);
        }
        super::context::filled(period)
    }

    /// DR as Period.
    pub(super) fn range_period(&self, range: Parts<'m>) -> Option<Tree> {
        self.period(range.nested(1), range.nested(2))
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn dates_and_times_are_read_as_far_as_they_go() {
        let date = |text: &str| Moment::parse(text).map(|m| (m.date(), m.time.is_some(), m.zone));
        let some = |date: &str, time, zone: Option<&str>| Some((date.to_owned(), time, zone.map(str::to_owned)));
        assert_eq!(date("2024"), some("2024", false, None));
        assert_eq!(date("202402"), some("2024-02", false, None));
        assert_eq!(date("20240229"), some("2024-02-29", false, None));
        assert_eq!(date("2024022910"), some("2024-02-29", true, None));
        assert_eq!(date("20240229101112.1234-0500"), some("2024-02-29", true, Some("-05:00")));
        assert_eq!(date("202402291011+0530"), some("2024-02-29", true, Some("+05:30")));
        assert_eq!(date("2024-02-29T10:11:12Z"), some("2024-02-29", true, Some("+00:00")));
        assert_eq!(date("2024-02-29 10:11:12"), some("2024-02-29", true, None));
        for bad in [
            "20230229",
            "20241301",
            "2024022925",
            "2",
            "24-02-29",
            "00000000",
            "20240229+99",
            "today",
            "2024022910111",
            "２０２４",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }
}
