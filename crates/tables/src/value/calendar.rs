//! Days and clock times taken apart, before they have a zone.

use fhir::time::days_in_month;

/// A date and perhaps a time as written, each part only if it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Civil<'a> {
    /// 1 to 9999.
    pub year: i16,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31, of its month.
    pub day: Option<u8>,
    /// The time of day.
    pub clock: Option<Clock<'a>>,
    /// The zone, if it was written.
    pub offset: Option<Offset>,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock<'a> {
    /// 0 to 24; 24 only as `24:00:00`, the end of the day.
    pub hour: u8,
    /// 0 to 59; none if only the hour was written.
    pub minute: Option<u8>,
    /// 0 to 60; 60 is a leap second.
    pub second: Option<u8>,
    /// The digits after the second's point; empty if there are none.
    pub fraction: &'a str,
}

/// A written zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Minutes east of UTC.
    pub minutes: i16,
    /// Written as `Z` or `UTC`.
    pub utc: bool,
}

impl Civil<'_> {
    /// True if every part is one that the calendar and the clock have.
    pub(super) fn is_possible(&self) -> bool {
        let day = match (self.month, self.day) {
            (Some(month), Some(day)) => {
                (1..=days_in_month(i64::from(self.year), u32::from(month))).contains(&u32::from(day))
            }
            (Some(month), None) => (1..=12).contains(&month),
            (None, None) => true,
            (None, Some(_)) => false,
        };
        let clock = self.clock.is_none_or(|clock| {
            let end_of_day = clock.minute.unwrap_or(0) == 0
                && clock.second.unwrap_or(0) == 0
                && clock.fraction.bytes().all(|byte| byte == b'0');
            clock.hour <= 23 + u8::from(end_of_day)
                && clock.minute.is_none_or(|minute| minute < 60)
                && clock.second.is_none_or(|second| second <= 60)
        });
        let offset = self.offset.is_none_or(|offset| offset.minutes.abs() <= 14 * 60);
        (1..=9999).contains(&self.year) && day && clock && offset
    }

    /// The date's text as FHIR has it.
    pub(super) fn date_text(&self) -> String {
        let mut out = String::with_capacity(10);
        self.push_date(&mut out);
        out
    }

    pub(super) fn push_date(&self, out: &mut String) {
        push_digits(out, self.year as u16, 4);
        for part in [self.month, self.day].into_iter().flatten() {
            out.push('-');
            push_digits(out, u16::from(part), 2);
        }
    }
}

/// Adds a number with so many digits, at most four.
pub(super) fn push_digits(out: &mut String, value: u16, digits: u32) {
    let mut unit = 10_u16.pow(digits - 1);
    while unit > 0 {
        out.push((b'0' + (value / unit % 10) as u8) as char);
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_and_the_clock_have_limits() {
        let day = |year, month, day| Civil { year, month: Some(month), day: Some(day), ..Civil::default() };
        assert!(day(2024, 2, 29).is_possible());
        for impossible in [day(2023, 2, 29), day(2024, 13, 1), day(2024, 0, 1), day(2024, 1, 0), day(0, 1, 1)] {
            assert!(!impossible.is_possible(), "{impossible:?}");
        }
        let at = |hour, minute, second, fraction| Civil {
            clock: Some(Clock { hour, minute: Some(minute), second: Some(second), fraction }),
            ..day(2024, 1, 1)
        };
        assert!(at(23, 59, 60, "").is_possible() && at(24, 0, 0, "00").is_possible());
        assert!(!at(24, 0, 1, "").is_possible() && !at(24, 0, 0, "1").is_possible() && !at(25, 0, 0, "").is_possible());
        assert!(!at(0, 60, 0, "").is_possible() && !at(0, 0, 61, "").is_possible());
        assert_eq!(day(33, 4, 5).date_text(), "0033-04-05");
    }
}
