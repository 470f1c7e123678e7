//! Counts that are taken in one pass: many aggregates over the same rows are one query.

use crate::asking::{Cdm, rows};
use crate::error::Error;
use std::collections::HashMap;

/// Aggregates of a query, at most: a query has a bounded number of parts.
const AGGREGATES: usize = 48;

/// A count that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    from: usize,
    expression: usize,
}

/// A pass over rows, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pass {
    from: usize,
    part: usize,
}

impl Wanted {
    /// The pass that takes it.
    pub(super) fn pass(self) -> Pass {
        Pass { from: self.from, part: self.expression / AGGREGATES }
    }
}

/// Counts over sets of rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    froms: Vec<From>,
    known: HashMap<String, usize>,
}

#[derive(Debug)]
struct From {
    text: String,
    expressions: Vec<String>,
    known: HashMap<String, usize>,
    counts: Vec<u64>,
}

impl Tally {
    /// Asks for an aggregate over the rows of a FROM clause. The same is asked once.
    pub(super) fn want(&mut self, from: &str, expression: String) -> Wanted {
        let at = *self.known.entry(from.to_owned()).or_insert_with(|| {
            let (text, expressions) = (from.to_owned(), Vec::new());
            self.froms.push(From { text, expressions, known: HashMap::new(), counts: Vec::new() });
            self.froms.len() - 1
        });
        let from = &mut self.froms[at];
        let expressions = &mut from.expressions;
        let expression = *from.known.entry(expression).or_insert_with_key(|expression| {
            expressions.push(expression.clone());
            expressions.len() - 1
        });
        Wanted { from: at, expression }
    }

    /// Takes all counts; `told` hears of each pass when it is made.
    pub(super) fn take(&mut self, cdm: &dyn Cdm, told: &mut dyn FnMut(Pass)) -> Result<(), Error> {
        for (at, from) in self.froms.iter_mut().enumerate() {
            for (number, part) in from.expressions.chunks(AGGREGATES).enumerate() {
                let sql = format!("SELECT {} FROM {}", part.join(", "), from.text);
                let answer = cdm.ask(&sql)?;
                let row = rows(&answer).next();
                from.counts.extend((0..part.len()).map(|column| row.map_or(0, |row| row.count(column))));
                told(Pass { from: at, part: number });
            }
        }
        Ok(())
    }

    /// A count that was taken.
    pub(super) fn count(&self, wanted: Wanted) -> u64 {
        self.froms.get(wanted.from).and_then(|from| from.counts.get(wanted.expression)).copied().unwrap_or(0)
    }
}
