//! Hours of the day in which a database may be asked.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;
use std::str::FromStr;

const DAY_MINUTES: u16 = 24 * 60;

/// From one time of day to another, which may be past midnight: `22:00-04:30`. The end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    to: u16,
}

/// Hours that are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` are no hours: write them as 01:00-05:00")]
pub struct HoursError(String);

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Hours, HoursError> {
        let minutes = |time: &str| -> Option<u16> {
            let (hour, minute) = time.trim().split_once(':')?;
            let fits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            let whole = (fits(hour) && fits(minute)).then(|| (hour.parse::<u16>().ok(), minute.parse::<u16>().ok()))?;
            match whole {
                (Some(24), Some(0)) => Some(DAY_MINUTES),
                (Some(hour), Some(minute)) if hour < 24 && minute < 60 => Some(hour * 60 + minute),
                _ => None,
            }
        };
        let parts = text.split_once(['-', '–']).and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
        match parts {
            Some((from, to)) if from != to && from < DAY_MINUTES => Ok(Hours { from, to }),
            _ => Err(HoursError(text.to_owned())),
        }
    }
}

impl Hours {
    /// Whether a moment is in them, by the clock of a zone.
    pub fn contain(self, now_us: i64, zone: &TimeZone) -> bool {
        let Ok(now) = Timestamp::from_microsecond(now_us) else { return false };
        let local = zone.to_datetime(now);
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        write!(f, "{}-{}", time(self.from), time(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: &str, zone: &str, time: &str) -> bool {
        let moment: Timestamp = time.parse().unwrap();
        hours.parse::<Hours>().unwrap().contain(moment.as_microsecond(), &TimeZone::get(zone).unwrap())
    }

    #[test]
    fn hours_are_those_of_the_zone_and_may_pass_midnight() {
        assert!(at("01:00-05:00", "Asia/Shanghai", "2026-01-01T17:00:00Z"));
        assert!(!at("01:00-05:00", "Asia/Shanghai", "2026-01-01T21:00:00Z"));
        assert!(!at("01:00-05:00", "UTC", "2026-01-01T00:59:59Z"));
        assert!(at("22:00-04:30", "UTC", "2026-01-01T23:00:00Z") && at("22:00-04:30", "UTC", "2026-01-01T04:29:00Z"));
        assert!(!at("22:00-04:30", "UTC", "2026-01-01T04:30:00Z") && !at("22:00-04:30", "UTC", "2026-01-01T12:00:00Z"));
        assert!(at("18:00-24:00", "UTC", "2026-01-01T23:59:59Z"));
        // On the day of a clock change the hours are those that clocks show.
        assert!(at("01:00-05:00", "Europe/Berlin", "2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for text in ["", "1-5", "01:00", "25:00-26:00", "01:60-02:00", "01:00-01:00", "24:00-01:00", "+1:00-02:00"] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
        assert_eq!("1:05-5:00".parse::<Hours>().unwrap().to_string(), "01:05-05:00");
    }
}
