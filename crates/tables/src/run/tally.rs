//! Reasons, counted.

use crate::run::counts::in_order;
use crate::run::report::{EXAMPLES, Effect, Example, ReasonCount};
use std::collections::HashMap;

/// Counts reasons by code, element and effect.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: HashMap<What, (u64, Vec<Example>)>,
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
        example: impl FnOnce() -> Example,
    ) {
        let (count, examples) = self.counts.entry((effect, code, element)).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    /// All, the most frequent first; reasons apart from remarks. `path` names an element.
    pub(super) fn end(self, path: impl Fn(u32) -> String) -> (Vec<ReasonCount>, Vec<ReasonCount>) {
        let all = self.counts.into_iter().map(|((effect, code, element), (count, examples))| ReasonCount {
            code: code.to_owned(),
            element: element.map(&path),
            effect,
            count,
            examples,
        });
        let mut all: Vec<ReasonCount> = all.collect();
        in_order(&mut all);
        all.into_iter().partition(|reason| reason.effect != Effect::Remark)
    }
}
