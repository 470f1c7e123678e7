//! What the writer gives: resources, refused rows, and what failed in them, each with the rows it came from.

use arrow_array::RecordBatch;
use std::ops::Range;

/// Resources and refused rows of a step. Lists side by side, so that a million of them are a few allocations; clear and use it
/// again.
#[derive(Debug, Default)]
pub struct Written {
    /// The resources' JSON, one after the other.
    pub json: Vec<u8>,
    /// The batches that the rows are of: the part (0 for the target's own file, n for its n-th child) and the columns, with
    /// those that the caller added.
    pub batches: Vec<(usize, RecordBatch)>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) rows: Vec<RowRef>,
    pub(super) failures: Vec<Failure>,
    pub(super) flags: Vec<Flag>,
}

/// A row of a batch of [`Written::batches`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowRef {
    /// The batch's number in [`Written::batches`].
    pub batch: u32,
    /// The row's number in the batch.
    pub row: u32,
}

/// What became of a row, or of the rows of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The id; none if the key is NULL or the row belongs to a child file.
    pub(super) id: Option<[u8; 16]>,
    /// The JSON; none if refused.
    pub(super) json: Option<Range<usize>>,
    pub(super) rows: Range<usize>,
    pub(super) failures: Range<usize>,
    pub(super) flags: Range<usize>,
}

/// An element that could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its number in [`Target::elements`](crate::compile::Target::elements); none if it is the row that is refused: its key,
    /// its parent.
    pub element: Option<u32>,
    /// Stable, for counting: `not-a-number`, `second-value` …
    pub code: &'static str,
    /// What is wrong, for a person.
    pub message: String,
    /// What the row had for it: the first of its columns.
    pub text: Option<String>,
    /// The row.
    pub row: RowRef,
}

/// Something about a value that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The element's number in [`Target::elements`](crate::compile::Target::elements).
    pub element: u32,
    /// `time-in-gap`, `identity-check` …
    pub flag: &'static str,
    /// Why, where the code does not say all; empty if it does.
    pub message: String,
    /// What the row had for it, where that is told.
    pub text: Option<String>,
    /// The row.
    pub row: RowRef,
}

/// One of the resources and refused rows of [`Written`].
#[derive(Clone, Copy, Debug)]
pub struct Made<'w> {
    written: &'w Written,
    outcome: &'w Outcome,
}

impl Written {
    /// Forgets everything; the memory stays.
    pub fn clear(&mut self) {
        self.json.clear();
        self.batches.clear();
        self.outcomes.clear();
        self.rows.clear();
        self.failures.clear();
        self.flags.clear();
    }

    /// How many resources and refused rows there are.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// One of them, by its number.
    pub fn get(&self, at: usize) -> Option<Made<'_>> {
        self.outcomes.get(at).map(|outcome| Made { written: self, outcome })
    }

    /// All resources and refused rows, in the order of their rows.
    pub fn iter(&self) -> impl Iterator<Item = Made<'_>> {
        self.outcomes.iter().map(|outcome| Made { written: self, outcome })
    }

    /// The part that a row belongs to: 0 for the target's own file, n for its n-th child.
    pub fn part(&self, row: RowRef) -> usize {
        self.batches[row.batch as usize].0
    }
}

impl<'w> Made<'w> {
    /// The resource's JSON; none if the row was refused.
    pub fn json(&self) -> Option<&'w [u8]> {
        self.outcome.json.clone().map(|range| &self.written.json[range])
    }

    /// Where the JSON stands in [`Written::json`].
    pub fn json_range(&self) -> Option<Range<usize>> {
        self.outcome.json.clone()
    }

    /// The resource's id: a UUID. None if the key is NULL, or for a row of a child file that belongs to no resource.
    pub fn id(&self) -> Option<[u8; 16]> {
        self.outcome.id
    }

    /// The rows that it was made of: of a group all, then those of its children. For a refused row, that row.
    pub fn rows(&self) -> &'w [RowRef] {
        &self.written.rows[self.outcome.rows.clone()]
    }

    /// What failed in it: for a resource, elements that it has not; for a refused row, why.
    pub fn failures(&self) -> &'w [Failure] {
        &self.written.failures[self.outcome.failures.clone()]
    }

    /// What deserves a look.
    pub fn flags(&self) -> &'w [Flag] {
        &self.written.flags[self.outcome.flags.clone()]
    }
}
