//! Reasons, counted.

use crate::run::counts::in_order;
use crate::run::report::{EXAMPLES, Effect, Example, ReasonCount};
use std::collections::HashMap;

/// Counts reasons by code, element and effect.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: HashMap<What, Times>,
}

#[derive(Debug, Default)]
struct Times {
    count: u64,
    rows: u64,
    further: u64,
    examples: Vec<Example>,
}

/// Of what a reason is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// Of a value, or of what deserves a look.
    Value,
    /// It is why so many rows were refused.
    Rows(u64),
    /// One more reason of rows that were refused already.
    Further,
}

/// What is counted together: effect, code, and number of the element.
type What = (Effect, &'static str, Option<u32>);

impl Tally {
    /// Counts one; `example` is asked while there are few.
    pub(super) fn add(
        &mut self,
        effect: Effect,
        code: &'static str,
        element: Option<u32>,
        share: Share,
        example: impl FnOnce() -> Example,
    ) {
        let times = self.counts.entry((effect, code, element)).or_default();
        times.count += 1;
        match share {
            Share::Value => {}
            Share::Rows(rows) => times.rows += rows,
            Share::Further => times.further += 1,
        }
        if times.examples.len() < EXAMPLES {
            times.examples.push(example());
        }
    }

    /// All, the most frequent first; reasons apart from remarks. `path` names an element.
    pub(super) fn end(self, path: impl Fn(u32) -> String) -> (Vec<ReasonCount>, Vec<ReasonCount>) {
        let all = self.counts.into_iter().map(|((effect, code, element), times)| ReasonCount {
            code: code.to_owned(),
            element: element.map(&path),
            effect,
            count: times.count,
            rows: times.rows,
            further: times.further,
            examples: times.examples,
        });
        let mut all: Vec<ReasonCount> = all.collect();
        in_order(&mut all);
        all.into_iter().partition(|reason| reason.effect != Effect::Remark)
    }
}
