//! Time zones as a table of their changes.
//!
//! Every row asks which offset a local time has. The changes of a zone are listed once when a call is prepared; then a search
//! among some hundred numbers answers.

use super::calendar::{Civil, push_digits};
use super::notes::Notes;
use super::prepare::unknown;
use fhir::time::{ZoneOffset, day_of_civil, format_us, format_us_at};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::sync::Arc;

const DAY_SECONDS: i64 = 24 * 3600;
/// The years whose changes are listed: shifted records live in the next century or the one after it. Before and after them
/// the offset of the nearest listed time is taken.
const YEARS: std::ops::Range<i16> = 1800..2300;

/// The zone of times that name none.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    rules: TimeZone,
    utc: bool,
    /// The offset before the first change, in minutes.
    first: i16,
    changes: Arc<[Change]>,
}

/// A change of offset, in local seconds since 1970 as clocks show them.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// From here clocks show times that they skip or show twice.
    unclear: i64,
    /// From here the new offset holds.
    at: i64,
    /// Clocks go forward.
    gap: bool,
    /// The new offset, in minutes.
    after: i16,
}

impl Zone {
    pub fn new(zone: TimeZone) -> Self {
        let utc = zone == TimeZone::UTC || matches!(zone.iana_name(), Some("UTC" | "Etc/UTC"));
        let of_year = |year: i16| Timestamp::from_second(day_of_civil(i64::from(year), 1, 1) * DAY_SECONDS);
        let (mut first, mut changes) = (0, Vec::new());
        if let (Ok(from), Ok(until)) = (of_year(YEARS.start), of_year(YEARS.end)) {
            let mut before = zone.to_offset(from).seconds();
            first = minutes(before);
            for change in zone.following(from).take_while(|change| change.timestamp() < until) {
                let after = change.offset().seconds();
                let second = change.timestamp().as_second();
                if after != before {
                    changes.push(Change {
                        unclear: second + i64::from(before.min(after)),
                        at: second + i64::from(before.max(after)),
                        gap: after > before,
                        after: minutes(after),
                    });
                }
                before = after;
            }
        }
        Zone { rules: zone, utc, first, changes: changes.into() }
    }

    /// Looks a zone up by its name in the IANA database.
    pub fn named(name: &str) -> Result<Self, String> {
        TimeZone::get(name).map(Zone::new).map_err(|_| {
            let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            unknown("time zone", name, names.iter().map(String::as_str))
        })
    }

    /// Adds the offset that a local time has, as FHIR writes it. A time that a change skips or has twice takes the offset
    /// before the change.
    pub fn push_offset_at(&self, local_seconds: i64, notes: &mut Notes, out: &mut String) {
        if self.utc {
            out.push('Z');
            return;
        }
        let passed = self.changes.partition_point(|change| change.at <= local_seconds);
        if let Some(next) = self.changes.get(passed).filter(|next| next.unclear <= local_seconds) {
            notes.flag(if next.gap { "time-in-gap" } else { "time-in-overlap" });
        }
        let offset = passed.checked_sub(1).map_or(self.first, |last| self.changes[last].after);
        push_offset(offset, out);
    }

    /// An instant in this zone, as FHIR writes it.
    pub fn text_of_us(&self, us: i64) -> Option<String> {
        let timestamp = Timestamp::from_microsecond(us).ok()?;
        if self.utc {
            return Some(format_us(us));
        }
        let minutes = minutes(self.rules.to_offset(timestamp).seconds());
        Some(format_us_at(us, ZoneOffset::from_minutes(minutes)?))
    }

    /// The first microsecond of a day.
    pub fn midnight_us(&self, civil: &Civil<'_>) -> Option<i64> {
        let (month, day) = (civil.month? as i8, civil.day? as i8);
        let midnight = DateTime::new(civil.year, month, day, 0, 0, 0, 0).ok()?;
        self.rules.to_timestamp(midnight).ok().map(Timestamp::as_microsecond)
    }
}

/// Local mean times, in use until about 1900, had seconds; FHIR's offsets have none.
fn minutes(offset_seconds: i32) -> i16 {
    offset_seconds.div_euclid(60) as i16
}

/// Adds an offset as FHIR writes it.
pub(super) fn push_offset(minutes: i16, out: &mut String) {
    out.push(if minutes < 0 { '-' } else { '+' });
    let minutes = minutes.unsigned_abs();
    push_digits(out, minutes / 60, 2);
    out.push(':');
    push_digits(out, minutes % 60, 2);
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::AmbiguousOffset;
    use proptest::prelude::*;

    #[test]
    fn zones_are_known_by_name() {
        let error = Zone::named("Asia/Shanghia").unwrap_err();
        assert_eq!(error, "unknown time zone `Asia/Shanghia`; did you mean `Asia/Shanghai`?");
    }

    proptest! {
        #[test]
        fn the_table_says_what_the_database_says(
            zone in prop::sample::select(vec!["Asia/Shanghai", "America/New_York", "Europe/London", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "America/Caracas"]),
            seconds in -3_000_000_000_i64..6_000_000_000,
        ) {
            let zone = Zone::new(TimeZone::get(zone).unwrap());
            let local = DateTime::new(1970, 1, 1, 0, 0, 0, 0).unwrap() + jiff::SignedDuration::from_secs(seconds);
            let (offset, flag) = match zone.rules.to_ambiguous_timestamp(local).offset() {
                AmbiguousOffset::Unambiguous { offset } => (offset, None),
                AmbiguousOffset::Gap { before, .. } => (before, Some("time-in-gap")),
                AmbiguousOffset::Fold { before, .. } => (before, Some("time-in-overlap")),
            };
            let (mut expected, mut given, mut notes) = (String::new(), String::new(), Notes::default());
            push_offset(minutes(offset.seconds()), &mut expected);
            zone.push_offset_at(seconds, &mut notes, &mut given);
            prop_assert_eq!(given, expected);
            prop_assert_eq!(notes.flags.first().copied(), flag);
        }
    }
}
