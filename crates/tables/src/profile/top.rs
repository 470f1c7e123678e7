//! The most frequent of many, in little room (Misra and Gries, *Finding repeated elements*, 1982).

use std::collections::HashMap;

/// Counts by text. Exact while there are no more texts than there is room for; beyond that a count is too low by at most
/// [`Top::error`].
#[derive(Clone, Debug)]
pub(super) struct Top {
    most: usize,
    counts: HashMap<Box<str>, u64>,
    error: u64,
}

impl Top {
    pub(super) fn new(most: usize) -> Top {
        Top { most, counts: HashMap::new(), error: 0 }
    }

    pub(super) fn add(&mut self, text: &str) {
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
        } else if self.counts.len() < self.most {
            self.counts.insert(text.into(), 1);
        } else {
            self.error += 1;
            self.counts.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }

    /// By how much counts may be too low.
    pub(super) fn error(&self) -> u64 {
        self.error
    }

    /// The most frequent, the first first.
    pub(super) fn most_frequent(&self, how_many: usize) -> Vec<(String, u64)> {
        let mut all: Vec<(&Box<str>, u64)> = self.counts.iter().map(|(text, count)| (text, *count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        all.into_iter().take(how_many).map(|(text, count)| (text.to_string(), count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_in_few_and_the_frequent_survive_among_many() {
        let mut top = Top::new(8);
        for text in ["a", "b", "a"] {
            top.add(text);
        }
        assert_eq!((top.most_frequent(9), top.error()), (vec![("a".into(), 2), ("b".into(), 1)], 0));
        for at in 0..10_000 {
            top.add(if at % 3 == 0 { "often" } else { "x" });
            top.add(&at.to_string());
        }
        let first = top.most_frequent(2);
        assert_eq!((first[0].0.as_str(), first[1].0.as_str()), ("x", "often"));
        assert!(first[1].1 <= 3_334 && first[1].1 + top.error() >= 3_334, "{first:?} {}", top.error());
    }
}
