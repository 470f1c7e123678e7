//! What became of many messages.

use super::Became;
use fhir::json::Tree;

/// Counts, and how long answers took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accepted.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
    /// Sent, and not answered.
    pub unanswered: u64,
    /// Not sent, as there was no connection any more.
    pub unsent: u64,
    /// How long each answer took, in µs.
    took_us: Vec<u64>,
}

impl Tally {
    /// Counts one message that was sent. `took_us`: until its last answer, if one came.
    pub fn count(&mut self, became: Became, took_us: Option<u64>) {
        match became {
            Became::Accepted => self.accepted += 1,
            Became::Refused => self.refused += 1,
            Became::Unanswered => self.unanswered += 1,
        }
        self.took_us.extend(took_us);
    }

    /// How many were sent.
    pub fn sent(&self) -> u64 {
        self.accepted + self.refused + self.unanswered
    }

    /// True if each message was accepted.
    pub fn is_good(&self) -> bool {
        self.refused == 0 && self.unanswered == 0 && self.unsent == 0
    }

    /// Half of the answers took no longer, and the longest, in µs; `None` without answers.
    fn middle_and_longest_us(&self) -> Option<(u64, u64)> {
        let mut sorted = self.took_us.clone();
        sorted.sort_unstable();
        let longest = *sorted.last()?;
        Some((sorted[(sorted.len() - 1) / 2], longest))
    }

    /// In a sentence; `whole_us` is how long all took.
    ///
    /// ```
    /// use hl7::exchange::{Became, Tally};
    /// let mut tally = Tally::default();
    /// tally.count(Became::Accepted, Some(1_500));
    /// tally.count(Became::Refused, Some(40_000));
    /// assert_eq!(
    ///     tally.line(2_000_000),
    ///     "2 sent, 1 accepted, 1 refused, 0 without an answer, in 2.0 s (1.0 a second); half of the answers took 1.5 ms or less, the longest 40.0 ms"
    /// );
    /// ```
    pub fn line(&self, whole_us: u64) -> String {
        let seconds = whole_us as f64 / 1e6;
        let rate = if whole_us == 0 { 0.0 } else { self.sent() as f64 / seconds };
        let unsent = if self.unsent == 0 { String::new() } else { format!(", {} not sent", self.unsent) };
        let took = self.middle_and_longest_us().map_or_else(String::new, |(middle, longest)| {
            let ms = |us: u64| us as f64 / 1e3;
            format!("; half of the answers took {:.1} ms or less, the longest {:.1} ms", ms(middle), ms(longest))
        });
        format!(
            "{} sent, {} accepted, {} refused, {} without an answer{unsent}, in {seconds:.1} s ({rate:.1} a second){took}",
            self.sent(),
            self.accepted,
            self.refused,
            self.unanswered
        )
    }

    /// The same as JSON.
    pub fn json(&self, whole_us: u64) -> Tree {
        let number = |value: u64| Tree::Number(value.to_string());
        let mut out = Tree::from([
            ("sent", number(self.sent())),
            ("accepted", number(self.accepted)),
            ("refused", number(self.refused)),
            ("unanswered", number(self.unanswered)),
            ("unsent", number(self.unsent)),
            ("took_us", number(whole_us)),
        ]);
        if let Some((middle, longest)) = self.middle_and_longest_us() {
            out.set("answer_median_us", number(middle)).set("answer_longest_us", number(longest));
        }
        out
    }
}
