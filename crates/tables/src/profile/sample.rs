//! The smallest hashes of a column's values: how many values there are, whether any comes twice, and whether another column has them.
//!
//! Values are sampled by their hash, not by their place: two columns that hold the same values sample the same ones, and a value that
//! is sampled once is counted each time. While there are few values all of them are sampled, and what is said is exact; beyond that the
//! number of values follows from how small the largest kept hash is (Bar-Yossef et al., *Counting distinct elements in a data stream*,
//! RANDOM 2002; the error is 1/√k).

use std::collections::HashMap;
use twox_hash::XxHash3_64;

/// Hashes that one column keeps, at most and at least.
pub(super) const MOST: usize = 4_096;
const LEAST: usize = 256;
/// Hashes that a column keeps once its table was read.
const KEPT: usize = 2_048;

/// The hash of a value.
pub(super) fn hash_of(value: &str) -> u64 {
    XxHash3_64::oneshot(value.as_bytes())
}

/// Sampled hashes of a column that is being read.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    most: usize,
    /// Hashes above it are not kept.
    threshold: u64,
    counts: HashMap<u64, u32>,
}

/// Sampled hashes of a column that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// In ascending order.
    hashes: Vec<u64>,
    /// All hashes up to here are among them.
    threshold: u64,
}

impl Sampling {
    /// For a table with so many columns.
    pub(super) fn new(columns: usize) -> Sampling {
        /// Bytes of all samplings of a table, about.
        const ROOM: usize = 48 << 20;
        let most = (ROOM / (columns.max(1) * 48)).clamp(LEAST, MOST);
        Sampling { most, threshold: u64::MAX, counts: HashMap::new() }
    }

    pub(super) fn add(&mut self, hash: u64) {
        if hash > self.threshold {
            return;
        }
        *self.counts.entry(hash).or_default() += 1;
        if self.counts.len() >= self.most * 2 {
            let mut hashes: Vec<u64> = self.counts.keys().copied().collect();
            let (_, kth, _) = hashes.select_nth_unstable(self.most - 1);
            self.threshold = *kth;
            let threshold = self.threshold;
            self.counts.retain(|hash, _| *hash <= threshold);
        }
    }

    /// Whether every value is in it.
    pub(super) fn is_exact(&self) -> bool {
        self.threshold == u64::MAX
    }

    /// How many values there are; about, unless it is exact.
    pub(super) fn distinct(&self) -> u64 {
        if self.is_exact() {
            return self.counts.len() as u64;
        }
        let share = self.threshold as f64 / u64::MAX as f64;
        (self.counts.len() as f64 / share).round() as u64
    }

    /// Whether no sampled value came twice.
    pub(super) fn all_once(&self) -> bool {
        self.counts.values().all(|count| *count == 1)
    }

    /// The share of sampled values that came before.
    pub(super) fn share_of_repeats(&self) -> f64 {
        let all: u64 = self.counts.values().map(|count| u64::from(*count)).sum();
        if all == 0 { 0.0 } else { (all - self.counts.len() as u64) as f64 / all as f64 }
    }

    pub(super) fn end(self) -> Sample {
        let mut hashes: Vec<u64> = self.counts.into_keys().collect();
        hashes.sort_unstable();
        let mut threshold = self.threshold;
        if hashes.len() > KEPT {
            hashes.truncate(KEPT);
            threshold = hashes[KEPT - 1];
        }
        Sample { hashes, threshold }
    }
}

/// How many of a column's values another one has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Containment {
    /// The share of them that it has.
    pub(super) share: f64,
    /// Of how many values that was found.
    pub(super) values: usize,
    /// Whether these are all.
    pub(super) exact: bool,
}

impl Sample {
    /// How many hashes there are.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// How many of these values `other` has.
    pub(super) fn within(&self, other: &Sample) -> Containment {
        let threshold = self.threshold.min(other.threshold);
        let (mut values, mut found, mut at) = (0, 0, 0);
        for hash in self.hashes.iter().take_while(|hash| **hash <= threshold) {
            values += 1;
            while other.hashes.get(at).is_some_and(|next| next < hash) {
                at += 1;
            }
            found += usize::from(other.hashes.get(at) == Some(hash));
        }
        let share = if values == 0 { 0.0 } else { found as f64 / values as f64 };
        Containment { share, values, exact: threshold == u64::MAX }
    }
}

/// How many values of a column came before: exactly for as long as there is room, and while they are few.
#[derive(Debug, Default)]
pub(super) struct Once {
    seen: Option<std::collections::HashSet<u64>>,
    repeats: u64,
}

/// A column of which more values than one in so many came before, and than these, tells no rows apart.
const REPEATS_SHARE: u64 = 50;
const REPEATS_LEAST: u64 = 16;

impl Once {
    pub(super) fn new() -> Once {
        Once { seen: Some(std::collections::HashSet::new()), repeats: 0 }
    }

    /// Adds a hash; gives back `room` what is not needed any more.
    pub(super) fn add(&mut self, hash: u64, room: &mut usize) {
        let Some(seen) = &mut self.seen else { return };
        if !seen.insert(hash) {
            self.repeats += 1;
            if self.repeats > REPEATS_LEAST && self.repeats > seen.len() as u64 / REPEATS_SHARE {
                *room += seen.len();
                self.seen = None;
            }
        } else if *room == 0 {
            *room += seen.len() - 1;
            self.seen = None;
        } else {
            *room -= 1;
        }
    }

    /// True: none came twice; false: one did; none: there was no room to know.
    pub(super) fn is_once(&self) -> Option<bool> {
        match (&self.seen, self.repeats) {
            (_, 1..) => Some(false),
            (Some(_), 0) => Some(true),
            (None, 0) => None,
        }
    }

    /// How many values came before; none if there was no room to know, or they are many.
    pub(super) fn repeats(&self) -> Option<u64> {
        self.seen.as_ref().map(|_| self.repeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_of(values: std::ops::Range<u64>) -> Sampling {
        let mut sampling = Sampling::new(1);
        values.for_each(|value| sampling.add(hash_of(&value.to_string())));
        sampling
    }

    #[test]
    fn few_values_are_counted_and_many_are_estimated() {
        assert_eq!((sample_of(0..3_000).distinct(), sample_of(0..3_000).is_exact()), (3_000, true));
        let many = sample_of(0..200_000);
        assert!(!many.is_exact());
        assert!((190_000..210_000).contains(&many.distinct()), "{}", many.distinct());
        assert!(many.all_once());
        let mut twice = sample_of(0..200_000);
        (0..200_000_u64).for_each(|value| twice.add(hash_of(&value.to_string())));
        assert!(!twice.all_once());
        assert!((190_000..210_000).contains(&twice.distinct()));
    }

    #[test]
    fn what_another_column_has_is_found_whatever_their_sizes() {
        let all = sample_of(0..100_000).end();
        assert!((sample_of(5_000..90_000).end().within(&all).share - 1.0).abs() < 1e-9);
        let few = sample_of(50..60).end().within(&all);
        assert!(few.values < 10 && !few.exact, "of ten values hardly one is sampled as thinly as a hundred thousand");
        let half = sample_of(50_000..150_000).end().within(&all).share;
        assert!((0.42..0.58).contains(&half), "{half}");
        assert!(sample_of(200_000..300_000).end().within(&all).share < 0.01);
        let few = sample_of(0..10).end().within(&sample_of(0..5).end());
        assert_eq!((few.share, few.values, few.exact), (0.5, 10, true));
        assert!(sample_of(0..0).end().within(&all).values == 0);
    }

    #[test]
    fn uniqueness_is_exact_while_there_is_room() {
        let mut room = 10;
        let mut once = Once::new();
        (0..10).for_each(|hash| once.add(hash, &mut room));
        assert_eq!((once.is_once(), room), (Some(true), 0));
        let mut twice = Once::new();
        twice.add(1, &mut room);
        assert_eq!(twice.is_once(), None, "no room");
        once.add(3, &mut room);
        assert_eq!((once.is_once(), once.repeats(), room), (Some(false), Some(1), 0));
        (0..REPEATS_LEAST).for_each(|_| once.add(4, &mut room));
        assert_eq!((once.is_once(), once.repeats(), room), (Some(false), None, 10));
    }
}
