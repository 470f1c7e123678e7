//! Birth dates, and how two of them agree.

use crate::distance::distance;

/// A day, or as much of one as is known: year, month, day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1-12; 0 if not said.
    pub month: u8,
    /// 1-31; 0 if not said.
    pub day: u8,
}

impl Date {
    /// Reads the date part of a FHIR date or dateTime.
    pub fn parse(text: &str) -> Option<Date> {
        let date = text.get(..10).unwrap_or(text);
        let mut parts = date.splitn(3, '-');
        let year = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
        let month = parts.next().map_or(Some(0), |m| m.parse().ok())?;
        let day = parts.next().map_or(Some(0), |d| d.parse().ok())?;
        Some(Date { year, month, day })
    }

    /// A whole date, if the calendar has it.
    pub fn of(year: u16, month: u8, day: u8) -> Option<Date> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        (1..=last).contains(&day).then_some(Date { year, month, day })
    }

    /// True if year, month and day are known.
    pub fn is_whole(self) -> bool {
        self.month > 0 && self.day > 0
    }

    /// Whether somebody born on `born` is meant: what either leaves open agrees with anything.
    pub fn agrees(self, born: Date) -> bool {
        let open = |a: u8, b: u8| a == 0 || b == 0 || a == b;
        self.year == born.year && open(self.month, born.month) && open(self.day, born.day)
    }

    /// True if one slip makes the other of one of them: one digit wrong, two neighbours swapped, or day and month.
    pub fn is_slip_of(self, other: Date) -> bool {
        if !self.is_whole() || !other.is_whole() || self == other {
            return false;
        }
        let swapped = self.year == other.year && self.month == other.day && self.day == other.month;
        let digits = |date: Date| format!("{:04}{:02}{:02}", date.year, date.month, date.day);
        swapped || distance(&digits(self), &digits(other), 1) == Some(1)
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.month, self.day) {
            (0, _) => write!(f, "{:04}", self.year),
            (month, 0) => write!(f, "{:04}-{month:02}", self.year),
            (month, day) => write!(f, "{:04}-{month:02}-{day:02}", self.year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    fn slip(one: &str, other: &str) -> bool {
        Date::parse(one).unwrap().is_slip_of(Date::parse(other).unwrap())
    }

    #[test]
    fn one_wrong_digit_or_a_swapped_pair_is_a_slip_and_more_is_another_date() {
        for (one, other) in [
            ("1980-03-12", "1980-12-03"),
            ("1980-03-12", "1980-03-21"),
            ("1980-03-12", "1980-03-17"),
            ("1980-03-12", "1890-03-12"),
        ] {
            assert!(slip(one, other) && slip(other, one), "{one} {other}");
        }
        for (one, other) in [("1980-03-12", "1980-03-12"), ("1980-03-12", "1981-04-12"), ("1980", "1981-04-12")] {
            assert!(!slip(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_left_open_agrees() {
        let of = |text| Date::parse(text).unwrap();
        assert!(of("1980").agrees(of("1980-03-12")) && of("1980-03").agrees(of("1980-03-12")));
        assert!(!of("1980-04").agrees(of("1980-03-12")));
        assert_eq!(Date::of(1900, 2, 29), None);
        assert_eq!(Date::parse("19800312"), None);
    }
}
