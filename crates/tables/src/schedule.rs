//! When a source is pulled by itself: times in the form of cron, by the clock of the source's zone.
//!
//! Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday; names of three letters are
//! taken). Each is `*`, numbers, ranges `1-5`, steps `*/15`, and lists of these. As in cron, a day fits when either of its two
//! fields does, unless one of them is `*`. A time that a clock change leaves out comes right after it; one that it brings twice comes once.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Days that are looked through for the next time: the 29th of February may be eight years away.
const DAYS: usize = 8 * 366 + 3;

/// When something comes again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day must fit both of its fields.
    both: bool,
}

/// A schedule that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no schedule: {what}; `15 2 * * *` is a quarter past two each night")]
pub struct ScheduleError {
    text: String,
    what: String,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let failed = |what: String| ScheduleError { text: text.to_owned(), what };
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(failed("it has five fields, minute, hour, day, month and day of the week".into()));
        };
        let field = |text: &str, what: &str, from: u8, to: u8, names: &[&str], base: u8| {
            field(text, from, to, names, base)
                .ok_or_else(|| failed(format!("`{text}` is no {what} from {from} to {to}")))
        };
        let weekdays = field(weekday, "day of the week", 0, 7, &WEEKDAYS, 0)?;
        let schedule = Schedule {
            text: fields.join(" "),
            minutes: field(minute, "minute", 0, 59, &[], 0)?,
            hours: field(hour, "hour", 0, 23, &[], 0)?,
            days: field(day, "day", 1, 31, &[], 0)?,
            months: field(month, "month", 1, 12, &MONTHS, 1)?,
            // Sunday has two numbers.
            weekdays: (weekdays & 0x7f) | (weekdays >> 7 & 1),
            both: day.starts_with('*') || weekday.starts_with('*'),
        };
        match schedule.next(Timestamp::UNIX_EPOCH.as_microsecond(), &TimeZone::UTC) {
            Some(_) => Ok(schedule),
            None => Err(failed("it never comes".into())),
        }
    }
}

/// The numbers of a field as bits.
fn field(text: &str, from: u8, to: u8, names: &[&str], base: u8) -> Option<u64> {
    let number = |text: &str| -> Option<u8> {
        if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Some(at as u8 + base);
        }
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_number && (from..=to).contains(number))
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (from, to),
            Some((first, last)) => (number(first)?, number(last)?),
            // `5/15` is from 5 on.
            None if part.contains('/') => (number(range)?, to),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return None;
        }
        (first..=last).step_by(usize::from(step)).for_each(|number| bits |= 1 << number);
    }
    Some(bits)
}

fn has(bits: u64, number: i8) -> bool {
    bits >> number & 1 == 1
}

impl Schedule {
    /// The first time after a moment, µs UTC, by the clock of a zone.
    pub fn next(&self, after_us: i64, zone: &TimeZone) -> Option<i64> {
        let after = Timestamp::from_microsecond(after_us).ok()?;
        // A clock change may bring a time before the local one; a day earlier none is missed.
        let mut day = zone.to_datetime(after).date().yesterday().ok()?;
        for _ in 0..DAYS {
            if self.fits(day) {
                for hour in (0..24).filter(|hour| has(self.hours, *hour)) {
                    for minute in (0..60).filter(|minute| has(self.minutes, *minute)) {
                        let local = DateTime::from_parts(day, Time::constant(hour, minute, 0, 0));
                        let moment = zone.to_ambiguous_zoned_datetime(local).compatible().ok()?.timestamp();
                        if moment > after {
                            return Some(moment.as_microsecond());
                        }
                    }
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }

    fn fits(&self, day: Date) -> bool {
        let of_month = has(self.days, day.day());
        let of_week = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        has(self.months, day.month()) && if self.both { of_month && of_week } else { of_month || of_week }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A span of time as people write it: `90m`, `26h`, `2d`; `None` if it is none.
pub fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let minutes: u64 = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| (1..=100_000).contains(number))?;
    Some(Duration::from_secs(number * minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn next(schedule: &str, zone: &str, after: &str) -> String {
        let after: Timestamp = after.parse().unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let next = schedule.parse::<Schedule>().unwrap().next(after.as_microsecond(), &zone).unwrap();
        Timestamp::from_microsecond(next).unwrap().to_zoned_datetime(zone).strftime("%Y-%m-%dT%H:%M%:z").to_string()
    }

    #[test]
    fn times_come_by_the_clock_of_the_zone() {
        for (schedule, zone, after, expected) in [
            ("15 2 * * *", "Asia/Shanghai", "2026-01-01T18:14:59Z", "2026-01-02T02:15+08:00"),
            ("15 2 * * *", "Asia/Shanghai", "2026-01-01T18:15:00Z", "2026-01-03T02:15+08:00"),
            ("*/20 * * * *", "UTC", "2026-01-01T10:41:00Z", "2026-01-01T11:00+00:00"),
            ("5/30 8-9 * * mon-fri", "UTC", "2026-01-02T09:36:00Z", "2026-01-05T08:05+00:00"),
            ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00+00:00"),
            ("0 6 1,15 * 7", "UTC", "2026-01-02T00:00:00Z", "2026-01-04T06:00+00:00"),
            ("0 6 */2 * 0", "UTC", "2026-01-02T00:00:00Z", "2026-01-11T06:00+00:00"),
            ("0 0 1 JAN *", "UTC", "2026-01-01T00:00:00Z", "2027-01-01T00:00+00:00"),
            // Clocks go forward at two: what is left out comes right after.
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T03:30+02:00"),
            ("30 2 * * *", "Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-30T02:30+02:00"),
            // Clocks go back at three: what is there twice comes once, the first time.
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T02:30+02:00"),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T02:30+01:00"),
        ] {
            assert_eq!(next(schedule, zone, after), expected, "{schedule} {zone} {after}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_told_why() {
        for text in ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        for text in ["*/0 * * * *", "a * * * *", "+1 * * * *", "1, * * * *", "0 0 30 2 *", "0 0 31 4,6 *"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        assert_eq!(span("26h"), Some(Duration::from_hours(26)));
        assert_eq!((span("90m"), span("2d")), (Some(Duration::from_mins(90)), Some(Duration::from_hours(48))));
        assert!(["", "h", "0h", "-1h", "1 w", "26"].iter().all(|text| span(text).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        // One minute after another is asked whether it fits, as the rule says it: the next time is the first that does.
        #[test]
        fn the_next_time_is_the_first_minute_that_fits(
            minutes in prop::collection::btree_set(0_u8..60, 1..4),
            hours in prop::collection::btree_set(0_u8..24, 1..4),
            weekday in prop::option::of(0_u8..7),
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]),
            after in 1_711_800_000_i64..1_743_400_000,
        ) {
            let list = |set: &std::collections::BTreeSet<u8>| set.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
            let week = weekday.map_or("*".to_owned(), |day| day.to_string());
            let schedule: Schedule = format!("{} {} * * {week}", list(&minutes), list(&hours)).parse().unwrap();
            let zone = TimeZone::get(zone).unwrap();
            let found = schedule.next(after * 1_000_000, &zone).unwrap() / 1_000_000;
            prop_assert!(found > after);
            let fits = |at: i64| {
                let local = zone.to_datetime(Timestamp::from_second(at).unwrap());
                let of_week = weekday.is_none_or(|day| local.date().weekday().to_sunday_zero_offset() == day as i8);
                minutes.contains(&(local.minute() as u8)) && hours.contains(&(local.hour() as u8)) && of_week && local.second() == 0
            };
            // What a clock change left out comes after it; then the hour is another.
            let offset = |at: i64| zone.to_offset(Timestamp::from_second(at).unwrap()).seconds();
            let after_change = offset(found) > offset(found - 3 * 3600);
            prop_assert!(fits(found) || after_change);
            let first = (after / 60 + 1) * 60;
            let skipped = (first..found).step_by(60).find(|at| fits(*at));
            // What stands between is only what a clock shows for the second time.
            if let Some(at) = skipped {
                prop_assert!(offset(at) < offset(at - 3 * 3600), "{at} fits before {found}");
            }
        }
    }
}
