//! How far behind the feed the tail is, in time.
//!
//! The feed has positions and no clock of its own. So what is remembered is when its head was looked at: whatever was committed
//! between two looks is as old as the earlier of them at most, and the lag that is told is never too small.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Looks closer together than this are remembered as one.
const APART: Duration = Duration::from_millis(50);

/// Heads of the feed that the tail has not come to yet, and since when they may have been there.
#[derive(Debug)]
pub(crate) struct Lag {
    unseen: VecDeque<(i64, Instant)>,
    looked: Instant,
}

impl Lag {
    pub(crate) fn new(now: Instant) -> Lag {
        Lag { unseen: VecDeque::new(), looked: now }
    }

    /// The head of the feed was looked at, while the tail was at `position`.
    pub(crate) fn look(&mut self, position: i64, head: i64, now: Instant) {
        self.reach(position);
        let newest = self.unseen.back().map_or(position, |(head, _)| *head);
        if head > newest {
            match self.unseen.back_mut() {
                Some((last, since)) if self.looked.saturating_duration_since(*since) < APART => *last = head,
                _ => self.unseen.push_back((head, self.looked)),
            }
        }
        self.looked = now;
    }

    /// The tail has come to `position`.
    pub(crate) fn reach(&mut self, position: i64) {
        while self.unseen.front().is_some_and(|(head, _)| *head <= position) {
            self.unseen.pop_front();
        }
    }

    /// Everything is to be made again: what was seen is forgotten.
    pub(crate) fn restart(&mut self, now: Instant) {
        *self = Lag::new(now);
    }

    /// For how long the oldest change that is not in the tail has been waiting, at most.
    pub(crate) fn behind(&self, now: Instant) -> Duration {
        self.unseen.front().map(|(_, since)| now.saturating_duration_since(*since)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_lake_that_follows_steadily_is_not_behind_by_more_than_a_step() {
        let start = Instant::now();
        let mut lag = Lag::new(start);
        // A commit each 2 ms, followed 100 changes later, for ten minutes: there is always something to do, and no lag grows.
        for step in 1..6_000_u64 {
            let (position, head) = ((step as i64 - 1) * 50, step as i64 * 50);
            lag.look(position, head, start + ms(step * 100));
            assert!(lag.behind(start + ms(step * 100)) <= ms(200), "step {step}: {lag:?}");
        }
        lag.reach(6_000 * 50);
        assert_eq!(lag.behind(start + ms(600_000)), ms(0));
    }

    #[test]
    fn a_lake_that_stands_still_falls_behind_as_time_passes() {
        let start = Instant::now();
        let mut lag = Lag::new(start);
        lag.look(7, 7, start + ms(1_000));
        assert_eq!(lag.behind(start + ms(1_000)), ms(0));
        // Committed somewhere between 1,000 and 1,300.
        lag.look(7, 9, start + ms(1_300));
        lag.look(7, 12, start + ms(60_000));
        assert_eq!(lag.behind(start + ms(61_000)), ms(60_000));
        // It comes to 9, of which the first look told; what came later is younger.
        lag.reach(9);
        assert_eq!(lag.behind(start + ms(61_000)), ms(59_700));
        lag.reach(12);
        assert_eq!(lag.behind(start + ms(61_000)), ms(0));
    }
}
