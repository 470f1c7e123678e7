//! The rows of one part, batch by batch, with a look at the next row.

use super::column::Column;
use super::evaluate::Columns;
use super::written::RowRef;
use crate::compile::{LeafRole, Part};
use arrow_array::RecordBatch;
use std::cmp::Ordering;

/// Where the columns of a part stand.
#[derive(Clone, Debug)]
pub struct Layout {
    /// For each leaf, whether it says which arm of a CASE a row takes.
    leaves: Vec<bool>,
    keys: std::ops::Range<usize>,
    groups: std::ops::Range<usize>,
}

impl Layout {
    /// Of a part's query.
    pub fn new(part: &Part) -> Layout {
        let [keys, groups, _] = part.key_columns();
        Layout { leaves: part.leaves.iter().map(|leaf| leaf.role == LeafRole::Selector).collect(), keys, groups }
    }

    /// The columns of a batch, as the writer reads them.
    pub fn columns(&self, batch: &RecordBatch) -> Columns {
        let read = |range: std::ops::Range<usize>| batch.columns()[range].iter().map(Column::new).collect();
        let values = self.leaves.iter().zip(batch.columns());
        let value =
            |(is_selector, array): (&bool, _)| if *is_selector { Column::arms(array) } else { Column::new(array) };
        Columns {
            values: values.map(value).collect(),
            keys: read(self.keys.clone()),
            groups: read(self.groups.clone()),
        }
    }
}

/// Rows of a part that are still to come.
#[derive(Debug, Default)]
pub struct Stream {
    batch: Option<(RecordBatch, Columns)>,
    at: usize,
    /// The number of the batch in the step's list, once a row of it was taken.
    number: Option<u32>,
    ended: bool,
    /// The key or group of the row before, to see that they come in order.
    before: Option<Vec<Option<String>>>,
}

/// The batches that a step's rows are of.
#[derive(Debug, Default)]
pub struct Step {
    pub batches: Vec<(usize, RecordBatch)>,
    pub columns: Vec<Columns>,
}

impl Stream {
    /// A new step begins: its list of batches is empty.
    pub fn begin(&mut self) {
        self.number = None;
    }

    /// Sees to it that the next row is there; false if there is none.
    pub fn fill<E>(
        &mut self,
        layout: &Layout,
        source: &mut dyn Iterator<Item = Result<RecordBatch, E>>,
    ) -> Result<bool, E> {
        loop {
            if self.batch.as_ref().is_some_and(|(batch, _)| self.at < batch.num_rows()) {
                return Ok(true);
            }
            self.batch = None;
            if self.ended {
                return Ok(false);
            }
            match source.next() {
                None => self.ended = true,
                Some(batch) => {
                    let batch = batch?;
                    self.batch = Some((batch.clone(), layout.columns(&batch)));
                    (self.at, self.number) = (0, None);
                }
            }
        }
    }

    /// The next row's columns and number in them, after [`Stream::fill`] said that there is one.
    pub fn next(&self) -> Option<(&Columns, usize)> {
        self.batch.as_ref().map(|(_, columns)| (columns, self.at))
    }

    /// Takes the next row.
    pub fn take(&mut self, part: usize, step: &mut Step) -> Option<RowRef> {
        let (batch, columns) = self.batch.as_ref()?;
        let number = *self.number.get_or_insert_with(|| {
            step.batches.push((part, batch.clone()));
            step.columns.push(columns.clone());
            step.batches.len() as u32 - 1
        });
        let row = RowRef { batch: number, row: self.at as u32 };
        self.at += 1;
        Some(row)
    }

    /// True if the next row is not before the one that was looked at last, by these columns.
    pub fn is_in_order(&mut self, by: impl Fn(&Columns) -> &[Column]) -> bool {
        let Some((_, columns)) = &self.batch else { return true };
        let now = texts(by(columns), self.at);
        let in_order = self.before.as_ref().is_none_or(|before| {
            let before = before.iter().map(Option::as_deref);
            compare(before, now.iter().copied()) != Ordering::Greater
        });
        let same =
            self.before.as_ref().is_some_and(|before| before.iter().map(Option::as_deref).eq(now.iter().copied()));
        if !same {
            self.before = Some(now.into_iter().map(|text| text.map(str::to_owned)).collect());
        }
        in_order
    }
}

/// A row's texts in some columns.
pub fn texts(columns: &[Column], row: usize) -> Vec<Option<&str>> {
    columns.iter().map(|column| column.text(row)).collect()
}

/// The order of keys: by bytes, NULL last.
pub fn compare<'a>(a: impl Iterator<Item = Option<&'a str>>, b: impl Iterator<Item = Option<&'a str>>) -> Ordering {
    for (a, b) in a.zip(b) {
        let order = match (a, b) {
            (Some(a), Some(b)) => a.as_bytes().cmp(b.as_bytes()),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
