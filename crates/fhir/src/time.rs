//! FHIR `date`, `dateTime` and `instant` as ranges of UTC microseconds.
//!
//! A FHIR date is as long as its precision: `2015` is a year, `2015-02-07T13:28:17.239+02:00` a millisecond. [`Moment`]
//! keeps both ends, so that searches compare ranges and never have to guess what a missing part means. Source: FHIR R4,
//! "Data Types", § date, dateTime, instant, Period.
//!
//! ```
//! use fhir::time::{Moment, Precision, ZoneOffset, format_us};
//! let moment = Moment::parse("2015-02", ZoneOffset::UTC)?;
//! assert_eq!(moment.precision, Precision::Month);
//! assert_eq!(format_us(moment.low_us), "2015-02-01T00:00:00Z");
//! assert_eq!(format_us(moment.high_us), "2015-02-28T23:59:59.999999Z");
//! # Ok::<(), fhir::time::TimeError>(())
//! ```

use std::fmt::Write as _;

/// The low end of a range that has no start.
pub const OPEN_LOW_US: i64 = i64::MIN;
/// The high end of a range that has no end.
pub const OPEN_HIGH_US: i64 = i64::MAX;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;
/// The widest offset in use anywhere (Line Islands).
const ZONE_LIMIT_MINUTES: i16 = 14 * 60;

/// How much of a date was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `2015`
    Year,
    /// `2015-02`
    Month,
    /// `2015-02-07`
    Day,
    /// `2015-02-07T13`: not a FHIR `dateTime`, but FHIRPath literals and lenient senders write it.
    Hour,
    /// `2015-02-07T13:28`
    Minute,
    /// `2015-02-07T13:28:17`
    Second,
    /// A fraction of a second with this many digits, 1 to 6 (further digits are dropped).
    Fraction(u8),
}

/// Minutes east of UTC, -840 to 840.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ZoneOffset(i16);

impl ZoneOffset {
    /// No offset.
    pub const UTC: ZoneOffset = ZoneOffset(0);

    /// An offset of so many minutes east; `None` if over 14 hours.
    pub fn from_minutes(minutes: i16) -> Option<Self> {
        (-ZONE_LIMIT_MINUTES..=ZONE_LIMIT_MINUTES).contains(&minutes).then_some(ZoneOffset(minutes))
    }

    /// Minutes east of UTC.
    pub fn minutes(self) -> i16 {
        self.0
    }

    /// Reads `Z`, `+08:00` or `-03:30`.
    ///
    /// # Errors
    /// [`TimeError`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
        let zone = scan.zone()?;
        scan.end()?;
        Ok(zone)
    }

    fn us(self) -> i64 {
        i64::from(self.0) * MINUTE_US
    }
}

/// Why a text is not a FHIR date, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time: {what} at character {offset}")]
pub struct TimeError {
    /// What was expected or is out of range.
    pub what: &'static str,
    /// Byte offset in the text.
    pub offset: usize,
}

/// A date as the range of microseconds it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// First microsecond since 1970-01-01T00:00:00Z.
    pub low_us: i64,
    /// Last microsecond, inclusive.
    pub high_us: i64,
    /// How much was written.
    pub precision: Precision,
    /// True if the text named its zone; otherwise the default was used.
    pub zoned: bool,
}

impl Moment {
    /// Reads a `date`, `dateTime` or `instant` of any precision, years 0001 to 9999; `default_zone` applies where the text
    /// names none (a date without a time never does).
    ///
    /// Wider than the FHIR grammar where senders are: the zone may be missing, minutes and seconds may be missing, `24:00` is
    /// the next midnight, second 60 is the second after 59, and digits past microseconds are dropped.
    ///
    /// # Errors
    /// [`TimeError`] for what has no such reading.
    pub fn parse(text: &str, default_zone: ZoneOffset) -> Result<Moment, TimeError> {
        let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
        let moment = scan.moment(default_zone)?;
        scan.end()?;
        Ok(moment)
    }

    /// The single microsecond `us`.
    pub fn at_us(us: i64) -> Moment {
        Moment { low_us: us, high_us: us, precision: Precision::Fraction(6), zoned: true }
    }
}

/// The range of a `Period`: from the start's first microsecond to the end's last one, open where an end is missing.
///
/// A period whose end lies before its start covers both, so that a search for either date finds the mistake.
pub fn period(start: Option<Moment>, end: Option<Moment>) -> (i64, i64) {
    match (start, end) {
        (Some(start), Some(end)) => (start.low_us.min(end.low_us), start.high_us.max(end.high_us)),
        (Some(start), None) => (start.low_us, OPEN_HIGH_US),
        (None, Some(end)) => (OPEN_LOW_US, end.high_us),
        (None, None) => (OPEN_LOW_US, OPEN_HIGH_US),
    }
}

/// RFC 3339 in UTC: no fraction if the second is whole, three digits if the millisecond is, else six.
pub fn format_us(us: i64) -> String {
    let mut out = String::with_capacity(27);
    write_us(us, &mut out);
    out
}

/// As [`format_us`], appending to `out`.
pub fn write_us(us: i64, out: &mut String) {
    write_fields(us, out);
    out.push('Z');
}

/// RFC 3339 with the clock of `zone`, as in `2015-02-07T13:28:17+02:00`.
pub fn format_us_at(us: i64, zone: ZoneOffset) -> String {
    let mut out = String::with_capacity(32);
    write_fields(us.saturating_add(zone.us()), &mut out);
    let (sign, minutes) = if zone.0 < 0 { ('-', -zone.0) } else { ('+', zone.0) };
    let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    out
}

fn write_fields(us: i64, out: &mut String) {
    let (year, month, day) = civil_of_day(us.div_euclid(DAY_US));
    let of_day = us.rem_euclid(DAY_US);
    let (seconds, fraction) = (of_day / SECOND_US, of_day % SECOND_US);
    // Writing to a String cannot fail.
    let _ =
        write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = match fraction {
        0 => Ok(()),
        f if f % 1000 == 0 => write!(out, ".{:03}", f / 1000),
        f => write!(out, ".{f:06}"),
    };
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. The day is not checked against the month.
pub fn day_of_civil(year: i64, month: u32, day: u32) -> i64 {
    // Years counted from March, so that the leap day is the last of its year; 400-year eras repeat exactly.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date (year, month, day) that is so many days after 1970-01-01.
pub fn civil_of_day(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 } as u32;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Days in a month of the Gregorian calendar; 0 for a month that is none.
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn fail<T>(&self, what: &'static str) -> Result<T, TimeError> {
        Err(TimeError { what, offset: self.at })
    }

    fn end(&self) -> Result<(), TimeError> {
        if self.at == self.bytes.len() { Ok(()) } else { self.fail("something follows the value") }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Exactly `count` digits with a value of at most `limit`.
    fn number(&mut self, count: usize, limit: u32, what: &'static str) -> Result<u32, TimeError> {
        let Some(digits) = self.bytes.get(self.at..self.at + count) else { return self.fail(what) };
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return self.fail(what);
            }
            value = value * 10 + u32::from(digit - b'0');
        }
        if value > limit {
            return self.fail(what);
        }
        self.at += count;
        Ok(value)
    }

    fn moment(&mut self, default_zone: ZoneOffset) -> Result<Moment, TimeError> {
        let year = i64::from(self.number(4, 9999, "expected a year of four digits")?);
        if year == 0 {
            return self.fail("there is no year 0000");
        }
        let whole = |low: i64, past: i64, precision| Moment {
            low_us: low - default_zone.us(),
            high_us: past - default_zone.us() - 1,
            precision,
            zoned: false,
        };
        if !self.take(b'-') {
            let (low, past) = (day_of_civil(year, 1, 1), day_of_civil(year + 1, 1, 1));
            return Ok(whole(low * DAY_US, past * DAY_US, Precision::Year));
        }
        let month = self.number(2, 12, "expected a month from 01 to 12")?;
        if month == 0 {
            return self.fail("there is no month 00");
        }
        if !self.take(b'-') {
            let low = day_of_civil(year, month, 1);
            let past = low + i64::from(days_in_month(year, month));
            return Ok(whole(low * DAY_US, past * DAY_US, Precision::Month));
        }
        let day = self.number(2, days_in_month(year, month), "expected a day of that month")?;
        if day == 0 {
            return self.fail("there is no day 00");
        }
        let midnight = day_of_civil(year, month, day) * DAY_US;
        if !self.take(b'T') {
            return Ok(whole(midnight, midnight + DAY_US, Precision::Day));
        }
        let (of_day, length_us, precision) = self.time_of_day()?;
        let zoned = self.at < self.bytes.len();
        let zone = if zoned { self.zone()? } else { default_zone };
        let low_us = midnight + of_day - zone.us();
        Ok(Moment { low_us, high_us: low_us + length_us - 1, precision, zoned })
    }

    /// Microseconds since midnight, how long the written precision is, and that precision.
    fn time_of_day(&mut self) -> Result<(i64, i64, Precision), TimeError> {
        let hour = i64::from(self.number(2, 24, "expected an hour from 00 to 24")?);
        let of_day = hour * HOUR_US;
        if !self.take(b':') {
            return Ok((of_day, HOUR_US, Precision::Hour));
        }
        // 24:00 is midnight at the end of the day; 24:01 is nothing.
        let late = hour == 24;
        let minute_limit = if late { 0 } else { 59 };
        let of_day = of_day
            + i64::from(self.number(2, minute_limit, "expected a minute from 00 to 59 (24:00 at most)")?) * MINUTE_US;
        if !self.take(b':') {
            return Ok((of_day, MINUTE_US, Precision::Minute));
        }
        let second_limit = if late { 0 } else { 60 };
        let of_day = of_day
            + i64::from(self.number(2, second_limit, "expected a second from 00 to 60 (24:00:00 at most)")?)
                * SECOND_US;
        if !self.take(b'.') {
            return Ok((of_day, SECOND_US, Precision::Second));
        }
        let from = self.at;
        let (mut fraction_us, mut digit_us) = (0, SECOND_US);
        while let Some(digit) = self.bytes.get(self.at).filter(|b| b.is_ascii_digit()) {
            if self.at - from < 6 {
                digit_us /= 10;
                fraction_us += i64::from(digit - b'0') * digit_us;
            }
            self.at += 1;
        }
        if self.at == from {
            return self.fail("expected a digit of a fraction");
        }
        if late && fraction_us > 0 {
            return self.fail("24:00:00 is the last time of a day");
        }
        Ok((of_day + fraction_us, digit_us, Precision::Fraction((self.at - from).min(6) as u8)))
    }

    fn zone(&mut self) -> Result<ZoneOffset, TimeError> {
        if self.take(b'Z') {
            return Ok(ZoneOffset::UTC);
        }
        let sign = match self.bytes.get(self.at) {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return self.fail("expected a zone: Z, +hh:mm or -hh:mm"),
        };
        self.at += 1;
        let hours = self.number(2, 14, "expected a zone of at most 14 hours")?;
        if !self.take(b':') {
            return self.fail("expected ':' in the zone");
        }
        let minutes = self.number(2, if hours == 14 { 0 } else { 59 }, "expected minutes of a zone")?;
        Ok(ZoneOffset(sign * (hours * 60 + minutes) as i16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(text: &str) -> (String, String) {
        let moment = Moment::parse(text, ZoneOffset::UTC).unwrap();
        (format_us(moment.low_us), format_us(moment.high_us))
    }

    fn check(text: &str, low: &str, high: &str) {
        assert_eq!(range(text), (low.to_owned(), high.to_owned()), "{text}");
    }

    #[test]
    fn partial_dates_are_ranges() {
        check("2016", "2016-01-01T00:00:00Z", "2016-12-31T23:59:59.999999Z");
        check("2016-02", "2016-02-01T00:00:00Z", "2016-02-29T23:59:59.999999Z");
        check("1900-02", "1900-02-01T00:00:00Z", "1900-02-28T23:59:59.999999Z");
        check("2000-02-29", "2000-02-29T00:00:00Z", "2000-02-29T23:59:59.999999Z");
        check("2015-02-07T13", "2015-02-07T13:00:00Z", "2015-02-07T13:59:59.999999Z");
        check("2015-02-07T13:28", "2015-02-07T13:28:00Z", "2015-02-07T13:28:59.999999Z");
        check("2015-02-07T13:28:17-05:00", "2015-02-07T18:28:17Z", "2015-02-07T18:28:17.999999Z");
        check("2015-02-07T13:28:17.2+05:45", "2015-02-07T07:43:17.200Z", "2015-02-07T07:43:17.299999Z");
        check("2015-02-07T13:28:17.1234567Z", "2015-02-07T13:28:17.123456Z", "2015-02-07T13:28:17.123456Z");
    }

    #[test]
    fn edges_of_the_clock_and_the_calendar() {
        check("0001", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.999999Z");
        check("9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z");
        check("2015-12-31T24:00:00Z", "2016-01-01T00:00:00Z", "2016-01-01T00:00:00.999999Z");
        check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:00.999999Z");
        check("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn the_default_zone_applies_only_where_none_is_written() {
        let east = ZoneOffset::parse("+08:00").unwrap();
        let day = Moment::parse("2020-01-01", east).unwrap();
        assert_eq!((format_us(day.low_us).as_str(), day.zoned), ("2019-12-31T16:00:00Z", false));
        let written = Moment::parse("2020-01-01T00:00:00Z", east).unwrap();
        assert_eq!((format_us(written.low_us).as_str(), written.zoned), ("2020-01-01T00:00:00Z", true));
        assert_eq!(format_us_at(day.low_us, east), "2020-01-01T00:00:00+08:00");
        assert_eq!(format_us_at(0, ZoneOffset::parse("-03:30").unwrap()), "1969-12-31T20:30:00-03:30");
    }

    #[test]
    fn what_is_no_date_is_refused_with_its_place() {
        for (text, offset) in [
            ("", 0),
            ("0000", 4),
            ("15", 0),
            ("2015-", 5),
            ("2015-13", 5),
            ("2015-00", 7),
            ("2015-02-29", 8),
            ("2015-04-31", 8),
            ("2015-1-1", 5),
            ("2015-01-01T", 11),
            ("2015-01-01T25:00", 11),
            ("2015-01-01T24:01", 14),
            ("2015-01-01T10:60", 14),
            ("2015-01-01T10:00:61", 17),
            ("2015-01-01T10:00:00.", 20),
            ("2015-01-01T10:00:00+15:00", 20),
            ("2015-01-01T10:00:00+14:30", 23),
            ("2015-01-01T10:00:00x", 19),
            ("2015-01-01 10:00", 10),
            ("2015-01-01Z", 10),
            ("2015-01-01T24:00:00.5Z", 21),
            ("二〇一五", 0),
        ] {
            assert_eq!(Moment::parse(text, ZoneOffset::UTC).map_err(|e| e.offset), Err(offset), "{text}");
        }
    }

    #[test]
    fn periods_are_open_where_an_end_is_missing() {
        let at = |text| Some(Moment::parse(text, ZoneOffset::UTC).unwrap());
        let (may, june) = (at("2020-05"), at("2020-06"));
        assert_eq!(period(may, june), (may.unwrap().low_us, june.unwrap().high_us));
        assert_eq!(period(june, may), (may.unwrap().low_us, june.unwrap().high_us));
        assert_eq!(period(may, None), (may.unwrap().low_us, OPEN_HIGH_US));
        assert_eq!(period(None, may), (OPEN_LOW_US, may.unwrap().high_us));
        assert_eq!(period(None, None), (OPEN_LOW_US, OPEN_HIGH_US));
    }

    proptest! {
        #[test]
        fn agrees_with_jiff_on_instants(us in -62_100_000_000_000_000i64..253_300_000_000_000_000, minutes in -840i16..=840) {
            let theirs = jiff::Timestamp::from_microsecond(us).unwrap();
            prop_assert_eq!(format_us(us).parse::<jiff::Timestamp>().unwrap(), theirs);
            let zone = ZoneOffset::from_minutes(minutes).unwrap();
            let ours = format_us_at(us, zone);
            prop_assert_eq!(ours.parse::<jiff::Timestamp>().unwrap(), theirs);
            let moment = Moment::parse(&ours, ZoneOffset::UTC).unwrap();
            prop_assert_eq!(moment.low_us, us);
            let theirs = format!("{theirs:.6}");
            prop_assert_eq!(Moment::parse(&theirs, zone).unwrap().low_us, us);
        }

        #[test]
        fn agrees_with_jiff_on_which_days_exist(year in 1i16..=9999, month in 0i8..=13, day in 0i8..=32) {
            let theirs = jiff::civil::Date::new(year, month, day);
            let ours = Moment::parse(&format!("{year:04}-{month:02}-{day:02}"), ZoneOffset::UTC);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                let midnight = jiff::tz::Offset::UTC.to_timestamp(theirs.at(0, 0, 0, 0)).unwrap().as_microsecond();
                prop_assert_eq!((ours.low_us, ours.high_us), (midnight, midnight + DAY_US - 1));
                prop_assert_eq!(civil_of_day(midnight / DAY_US), (i64::from(year), month as u32, day as u32));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+ -]{0,30}") {
            if let Ok(moment) = Moment::parse(&text, ZoneOffset::UTC) {
                prop_assert!(moment.low_us <= moment.high_us);
            }
        }
    }
}
