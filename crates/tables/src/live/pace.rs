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
}

/// What a database that was slow may catch up on: else it would be asked without any pace after a sort of minutes.
const CREDIT: Duration = Duration::from_secs(1);

/// When the next row may come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    next: Duration,
}

impl Pace {
    /// How long to wait after a row that came when so much time had gone by.
    pub(super) fn row(&mut self, rows_per_second: NonZeroU32, elapsed: Duration) -> Duration {
        let one = Duration::from_nanos(1_000_000_000_u64.div_ceil(u64::from(rows_per_second.get())));
        self.next = self.next.max(elapsed.saturating_sub(CREDIT)) + one;
        self.next.saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(rows: u32, pace: &mut Pace, elapsed: Duration) -> Duration {
        let rate = NonZeroU32::new(200).unwrap();
        (0..rows).map(|_| pace.row(rate, elapsed)).last().unwrap()
    }

    #[test]
    fn rows_wait_until_their_time_has_come() {
        assert_eq!(after(100, &mut Pace::default(), Duration::from_millis(100)), Duration::from_millis(400));
        assert_eq!(after(100, &mut Pace::default(), Duration::from_millis(700)), Duration::ZERO);
    }

    #[test]
    fn a_database_that_was_silent_for_long_may_not_catch_up_on_more_than_a_second() {
        let mut pace = Pace::default();
        let minutes = Duration::from_mins(5);
        assert_eq!(after(200, &mut pace, minutes), Duration::ZERO);
        assert_eq!(after(1_000, &mut pace, minutes), Duration::from_secs(5));
        // And again after the next silence.
        assert_eq!(after(400, &mut pace, 2 * minutes), Duration::from_secs(1));
    }
}
