//! Times as text. A time is µs UTC; the hospital's clock is so many minutes ahead of it, all year.

pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a day has a day of its month")]
pub(crate) struct Day {
    year: i64,
    month: u8,
    month_day: u8,
}

impl Day {
    /// From days since 1970-01-01. Years are counted from 1 March of 0000 in cycles of 400, so that the leap day is last.
    fn of(days: i64) -> Day {
        let shifted = days + 719_468;
        let cycle = shifted.div_euclid(146_097);
        let in_cycle = shifted.rem_euclid(146_097);
        let year_of_cycle = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
        let in_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let march_month = (5 * in_year + 2) / 153;
        let day = in_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
        Day { year, month: month as u8, month_day: day as u8 }
    }

    /// `YYYYMMDD`
    pub(crate) fn hl7(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.month_day)
    }
}

/// The clock on the hospital's walls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Minutes ahead of UTC.
    pub(crate) ahead_min: i32,
}

impl Clock {
    fn local_us(self, at_us: i64) -> i64 {
        at_us + i64::from(self.ahead_min) * MINUTE_US
    }

    fn parts(self, at_us: i64) -> (Day, i64, i64, i64) {
        let local = self.local_us(at_us);
        let second = local.rem_euclid(DAY_US) / SECOND_US;
        (Day::of(local.div_euclid(DAY_US)), second / 3_600, second / 60 % 60, second % 60)
    }

    /// The day here.
    pub(crate) fn day(self, at_us: i64) -> Day {
        self.parts(at_us).0
    }

    /// The last time, not after `at_us`, at which it was `hour` o'clock here.
    pub(crate) fn last(self, at_us: i64, hour: i64) -> i64 {
        let local = self.local_us(at_us);
        at_us - (local - hour * HOUR_US).rem_euclid(DAY_US)
    }

    fn offset(self, separator: &str) -> String {
        let sign = if self.ahead_min < 0 { '-' } else { '+' };
        let minutes = self.ahead_min.abs();
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }

    /// `YYYYMMDDHHMMSS+ZZZZ`
    pub(crate) fn hl7(self, at_us: i64) -> String {
        let (day, hour, minute, second) = self.parts(at_us);
        format!("{}{hour:02}{minute:02}{second:02}{}", day.hl7(), self.offset(""))
    }

    /// `YYYY-MM-DDTHH:MM:SS+ZZ:ZZ`
    pub(crate) fn fhir(self, at_us: i64) -> String {
        let (_, hour, minute, second) = self.parts(at_us);
        format!("{}T{hour:02}:{minute:02}:{second:02}{}", self.fhir_date(at_us), self.offset(":"))
    }

    /// `YYYY-MM-DD`
    pub(crate) fn fhir_date(self, at_us: i64) -> String {
        let Day { year, month, month_day } = self.day(at_us);
        format!("{year:04}-{month:02}-{month_day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_clock_on_the_wall_shows_them() {
        let clock = Clock { ahead_min: 480 };
        let at_us = 1_709_222_400 * SECOND_US; // 2024-02-29T16:00:00Z
        assert_eq!(clock.hl7(at_us), "20240301000000+0800");
        assert_eq!(clock.fhir(at_us - SECOND_US), "2024-02-29T23:59:59+08:00");
        assert_eq!(Clock { ahead_min: -210 }.fhir(at_us), "2024-02-29T12:30:00-03:30");
        assert_eq!(Clock { ahead_min: 0 }.fhir_date(-DAY_US), "1969-12-31");
        assert_eq!(clock.fhir(clock.last(at_us, 6)), "2024-02-29T06:00:00+08:00");
    }
}
