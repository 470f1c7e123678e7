//! Dates, times and dateTimes of any precision: reading, writing, comparing, arithmetic.

use crate::time::{civil_of_day, day_of_civil, days_in_month};
use std::cmp::Ordering;
use std::fmt;

/// Which of the three types a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemporalKind {
    /// A day, month or year.
    Date,
    /// A date with a time, or with room for one.
    DateTime,
    /// A time of day.
    Time,
}

/// The smallest part that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `2015`
    Year,
    /// `2015-02`
    Month,
    /// `2015-02-04`
    Day,
    /// `T14`
    Hour,
    /// `T14:34`
    Minute,
    /// `T14:34:28`, with any fraction
    Second,
}

/// A date, dateTime or time as it was written: what is not given stays open.
///
/// `PartialEq` is of the written form; [`Temporal::compare`] is of the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Temporal {
    /// Date, dateTime or time.
    pub kind: TemporalKind,
    /// The smallest part given.
    pub precision: Precision,
    /// Year; 1970 for a time.
    pub year: i16,
    /// Month from 1.
    pub month: u8,
    /// Day from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// How many digits of a second were given.
    pub fraction_digits: u8,
    /// Nanoseconds.
    pub nanos: u32,
    /// Minutes east of UTC, where given.
    pub offset_minutes: Option<i16>,
}

/// Without a zone a time may be that much earlier or later in UTC (zones reach from -12:00 to +14:00).
const EARLIEST_ZONE_NS: i128 = 14 * 3600 * NS;
const LATEST_ZONE_NS: i128 = 12 * 3600 * NS;
const NS: i128 = 1_000_000_000;
const DAY_NS: i128 = 86_400 * NS;

struct Digits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Digits<'_> {
    fn peek(&self, byte: u8) -> bool {
        self.bytes.get(self.at) == Some(&byte)
    }

    /// Exactly `count` digits.
    fn number(&mut self, count: usize) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        let value = digits
            .iter()
            .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))?;
        self.at += count;
        Some(value)
    }

    /// True if `separator` and a digit follow.
    fn follows(&self, separator: u8) -> bool {
        self.peek(separator) && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit)
    }

    /// A separator and two digits of at most `limit`.
    fn part(&mut self, limit: u32) -> Option<u8> {
        self.at += 1;
        self.number(2).filter(|value| *value <= limit).map(|value| value as u8)
    }
}

impl Temporal {
    const START: Temporal = Temporal {
        kind: TemporalKind::Date,
        precision: Precision::Year,
        year: 1970,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        fraction_digits: 0,
        nanos: 0,
        offset_minutes: None,
    };

    /// Reads the longest date, dateTime (`2015T`, `2015-02-04T14:34Z`) or time (`T14:34`) that `text` begins with.
    pub(super) fn parse_prefix(text: &str) -> Option<(Temporal, usize)> {
        let mut scan = Digits { bytes: text.as_bytes(), at: 0 };
        let mut value = Temporal::START;
        if scan.peek(b'T') {
            scan.at += 1;
            value.kind = TemporalKind::Time;
            value.read_time(&mut scan)?;
            return Some((value, scan.at));
        }
        value.read_date(&mut scan)?;
        if scan.peek(b'T') {
            scan.at += 1;
            value.kind = TemporalKind::DateTime;
            if scan.bytes.get(scan.at).is_some_and(u8::is_ascii_digit) {
                value.read_time(&mut scan)?;
                value.read_zone(&mut scan)?;
            }
        }
        Some((value, scan.at))
    }

    fn read_date(&mut self, scan: &mut Digits<'_>) -> Option<()> {
        self.year = i16::try_from(scan.number(4)?).ok()?;
        self.precision = Precision::Year;
        if scan.follows(b'-') {
            self.month = scan.part(12)?;
            self.precision = Precision::Month;
            if scan.follows(b'-') {
                self.day = scan.part(31)?;
                self.precision = Precision::Day;
            }
        }
        let days = days_in_month(i64::from(self.year), u32::from(self.month));
        (self.month >= 1 && self.day >= 1 && u32::from(self.day) <= days).then_some(())
    }

    fn read_time(&mut self, scan: &mut Digits<'_>) -> Option<()> {
        let hour = scan.number(2).filter(|hour| *hour <= 24)?;
        self.hour = hour as u8;
        self.precision = Precision::Hour;
        if scan.follows(b':') {
            self.minute = scan.part(59)?;
            self.precision = Precision::Minute;
            // 60 is a leap second.
            if scan.follows(b':') {
                self.second = scan.part(60)?;
                self.precision = Precision::Second;
                self.read_fraction(scan);
            }
        }
        // 24:00 ends a day and nothing is later.
        (hour < 24 || (self.minute == 0 && self.second == 0 && self.nanos == 0)).then_some(())
    }

    fn read_fraction(&mut self, scan: &mut Digits<'_>) {
        if !scan.peek(b'.') || !scan.bytes.get(scan.at + 1).is_some_and(u8::is_ascii_digit) {
            return;
        }
        scan.at += 1;
        let mut unit = 100_000_000;
        while let Some(digit) = scan.bytes.get(scan.at).filter(|byte| byte.is_ascii_digit()) {
            // Beyond nanoseconds digits are passed over.
            self.nanos += u32::from(digit - b'0') * unit;
            self.fraction_digits += u8::from(unit > 0);
            unit /= 10;
            scan.at += 1;
        }
    }

    fn read_zone(&mut self, scan: &mut Digits<'_>) -> Option<()> {
        if scan.peek(b'Z') {
            scan.at += 1;
            self.offset_minutes = Some(0);
        } else if (scan.peek(b'+') || scan.peek(b'-')) && scan.bytes.get(scan.at + 3) == Some(&b':') {
            let sign = if scan.peek(b'-') { -1 } else { 1 };
            scan.at += 1;
            let hours = scan.number(2).filter(|hours| *hours <= 14)?;
            scan.at += 1;
            let minutes = scan.number(2).filter(|minutes| *minutes <= 59)?;
            self.offset_minutes = Some(sign * (hours * 60 + minutes) as i16);
        }
        Some(())
    }

    /// Reads all of `text` as a date.
    pub fn parse_date(text: &str) -> Option<Temporal> {
        Temporal::parse_whole(text).filter(|value| value.kind == TemporalKind::Date)
    }

    /// Reads all of `text` as a dateTime; a date is one whose time is not given.
    pub fn parse_date_time(text: &str) -> Option<Temporal> {
        let value = Temporal::parse_whole(text)?;
        (value.kind != TemporalKind::Time).then_some(Temporal { kind: TemporalKind::DateTime, ..value })
    }

    /// Reads all of `text` as a time of day (`14`, `14:34:28.123`).
    pub fn parse_time(text: &str) -> Option<Temporal> {
        let mut scan = Digits { bytes: text.as_bytes(), at: usize::from(text.starts_with('T')) };
        let mut value = Temporal { kind: TemporalKind::Time, ..Temporal::START };
        value.read_time(&mut scan)?;
        (scan.at == text.len()).then_some(value)
    }

    fn parse_whole(text: &str) -> Option<Temporal> {
        Temporal::parse_prefix(text).filter(|(_, length)| *length == text.len()).map(|(value, _)| value)
    }

    /// An instant of so many microseconds since 1970 in UTC, as a dateTime of milliseconds at the given zone.
    pub fn from_us(us: i64, offset_minutes: i16) -> Temporal {
        let local = i128::from(us) * 1000 + i128::from(offset_minutes) * 60 * NS;
        let mut value = Temporal {
            kind: TemporalKind::DateTime,
            precision: Precision::Second,
            fraction_digits: 3,
            offset_minutes: Some(offset_minutes),
            ..Temporal::START
        };
        value.set_local(local - local.rem_euclid(1_000_000));
        value
    }

    /// The date of this dateTime, in its own zone.
    pub fn date(self) -> Temporal {
        Temporal {
            kind: TemporalKind::Date,
            precision: self.precision.min(Precision::Day),
            year: self.year,
            month: self.month,
            day: self.day,
            ..Temporal::START
        }
    }

    /// The time of day of this dateTime; `None` without one.
    pub fn time_of_day(self) -> Option<Temporal> {
        (self.precision >= Precision::Hour).then_some(Temporal {
            kind: TemporalKind::Time,
            year: 1970,
            month: 1,
            day: 1,
            offset_minutes: None,
            ..self
        })
    }

    /// Nanoseconds since 1970 on the wall clock, with parts that are not given at their lowest.
    fn local_ns(self) -> i128 {
        let day = day_of_civil(i64::from(self.year), u32::from(self.month), u32::from(self.day));
        let seconds = i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second);
        i128::from(day) * DAY_NS + seconds * NS + i128::from(self.nanos)
    }

    /// Sets all parts from wall-clock nanoseconds; false if the year has more than four digits.
    fn set_local(&mut self, ns: i128) -> bool {
        let (year, month, day) = civil_of_day(ns.div_euclid(DAY_NS) as i64);
        let of_day = ns.rem_euclid(DAY_NS);
        let seconds = (of_day / NS) as u32;
        self.month = month as u8;
        self.day = day as u8;
        self.hour = (seconds / 3600) as u8;
        self.minute = (seconds / 60 % 60) as u8;
        self.second = (seconds % 60) as u8;
        self.nanos = (of_day % NS) as u32;
        self.year = year as i16;
        (0..=9999).contains(&year)
    }

    /// The first and last nanosecond the value may mean, in its own zone. A second counts as a point: FHIRPath compares
    /// seconds and fractions as one decimal.
    fn range_ns(self) -> (i128, i128) {
        let low = self.local_ns();
        let width = match self.precision {
            Precision::Year => {
                let next = day_of_civil(i64::from(self.year) + 1, 1, 1);
                return (low, i128::from(next) * DAY_NS - 1);
            }
            Precision::Month => i128::from(days_in_month(i64::from(self.year), u32::from(self.month))) * DAY_NS,
            Precision::Day => DAY_NS,
            Precision::Hour => 3600 * NS,
            Precision::Minute => 60 * NS,
            Precision::Second => 1,
        };
        (low, low + width - 1)
    }

    /// True where the one is a time and the other a date: they are never equal and have no order.
    pub fn is_other_kind(self, other: Temporal) -> bool {
        (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time)
    }

    /// The order of two values; `None` where the parts given do not decide it.
    ///
    /// A dateTime without a zone beside one with a zone is decided only where every zone would agree.
    pub fn compare(self, other: Temporal) -> Option<Ordering> {
        let ((mut low, mut high), (mut other_low, mut other_high)) = (self.range_ns(), other.range_ns());
        let mut exact = self.precision == other.precision;
        match (self.offset_minutes, other.offset_minutes) {
            (None, None) => {}
            (Some(a), Some(b)) => {
                (low, high) = (low - i128::from(a) * 60 * NS, high - i128::from(a) * 60 * NS);
                (other_low, other_high) = (other_low - i128::from(b) * 60 * NS, other_high - i128::from(b) * 60 * NS);
            }
            (Some(a), None) => {
                (low, high) = (low - i128::from(a) * 60 * NS, high - i128::from(a) * 60 * NS);
                (other_low, other_high) = (other_low - EARLIEST_ZONE_NS, other_high + LATEST_ZONE_NS);
                exact = false;
            }
            (None, Some(b)) => {
                (low, high) = (low - EARLIEST_ZONE_NS, high + LATEST_ZONE_NS);
                (other_low, other_high) = (other_low - i128::from(b) * 60 * NS, other_high - i128::from(b) * 60 * NS);
                exact = false;
            }
        }
        if high < other_low {
            Some(Ordering::Less)
        } else if low > other_high {
            Some(Ordering::Greater)
        } else if exact && low == other_low && high == other_high {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    /// Equivalence: the same parts given, and the same value of them.
    pub fn is_equivalent(self, other: Temporal) -> bool {
        !self.is_other_kind(other) && self.precision == other.precision && self.compare(other) == Some(Ordering::Equal)
    }

    /// Adds months, clamped to the last day of the month. `None` outside of the years 0 to 9999.
    pub(super) fn plus_months(self, months: i64) -> Option<Temporal> {
        let total = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
        if !(0..=9999).contains(&year) {
            return None;
        }
        let day = self.day.min(days_in_month(year, month) as u8);
        Some(Temporal { year: year as i16, month: month as u8, day, ..self })
    }

    /// Adds nanoseconds; a time of day goes round at midnight. `None` outside of the years 0 to 9999.
    pub(super) fn plus_ns(self, ns: i128) -> Option<Temporal> {
        let mut value = self;
        let local = self.local_ns().checked_add(ns)?;
        if self.kind == TemporalKind::Time {
            value.set_local(local.rem_euclid(DAY_NS));
            return Some(value);
        }
        if local.abs() > 20_000 * 366 * DAY_NS {
            return None;
        }
        value.set_local(local).then_some(value)
    }

    /// The value with what is not given set to its lowest or highest, up to `precision`.
    pub(super) fn bounded(self, precision: Precision, high: bool) -> Temporal {
        let mut value = self;
        if high {
            let (_, last) = self.range_ns();
            if self.precision < Precision::Second {
                value.set_local(last);
            }
            if self.precision == Precision::Second && self.fraction_digits < 3 {
                // What a whole second leaves open are its milliseconds.
                let unit = 10_u32.pow(9 - u32::from(self.fraction_digits));
                value.nanos = self.nanos - self.nanos % unit + unit - 1;
            }
            value.nanos -= value.nanos % 1_000_000;
        }
        value.precision = precision;
        value.fraction_digits = if precision == Precision::Second { self.fraction_digits.max(3) } else { 0 };
        if self.kind == TemporalKind::DateTime && precision >= Precision::Hour && value.offset_minutes.is_none() {
            value.offset_minutes = Some(if high { -12 * 60 } else { 14 * 60 });
        }
        if precision < Precision::Hour {
            value.offset_minutes = None;
        }
        value
    }

    /// Minutes east of UTC as `+02:00`; `Z` for none.
    fn write_zone(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset_minutes {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// As FHIR writes it: `2015-02-04T14:34:28.123+02:00`, a time without its `T`.
impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != TemporalKind::Time {
            write!(f, "{:04}", self.year)?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.month)?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.day)?;
            }
            if self.precision < Precision::Hour {
                return Ok(());
            }
            f.write_str("T")?;
        }
        write!(f, "{:02}", self.hour)?;
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second)?;
            if self.fraction_digits > 0 {
                let digits = format!("{:09}", self.nanos);
                write!(f, ".{}", &digits[..usize::from(self.fraction_digits)])?;
            }
        }
        self.write_zone(f)
    }
}
