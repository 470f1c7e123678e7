//! How fast rows may come.

use super::hours::Hours;
use std::num::NonZeroU32;
use std::time::Duration;

/// How a database may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Rows that may come in a second, over a whole pull; as fast as they come if none is said.
    pub rows_per_second: Option<NonZeroU32>,
    /// When it may be asked; always if none are said.
    pub hours: Option<Hours>,
}

impl Limits {
    /// These, and where they say nothing, others.
    #[must_use]
    pub fn or(self, others: Limits) -> Limits {
        Limits { rows_per_second: self.rows_per_second.or(others.rows_per_second), hours: self.hours.or(others.hours) }
    }

    /// How long to wait before the next row when so many came in so long.
    pub(super) fn owed(self, rows: u64, elapsed: Duration) -> Duration {
        let Some(rate) = self.rows_per_second else { return Duration::ZERO };
        let due_us = u128::from(rows) * 1_000_000 / u128::from(rate.get());
        Duration::from_micros(u64::try_from(due_us).unwrap_or(u64::MAX)).saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_until_their_time_has_come() {
        let limits = Limits { rows_per_second: NonZeroU32::new(200), hours: None };
        assert_eq!(limits.owed(100, Duration::from_millis(100)), Duration::from_millis(400));
        assert_eq!(limits.owed(100, Duration::from_millis(700)), Duration::ZERO);
        assert_eq!(Limits::default().owed(u64::MAX, Duration::ZERO), Duration::ZERO);
    }
}
