//! Rows of the answer that one row of the driving sheet gave: those that it was joined with, in their order.
//!
//! The engine keeps the order of the driving sheet without sorting, and joins each of its rows with others as they lie in its tables,
//! which is another order where other rows are read. Such rows follow one another, so that no more than they are put in order.

use datafusion::arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::UInt64Type;
use datafusion::arrow::error::ArrowError;
use std::mem;

/// Rows that are held back, at most, until it is known that the next ones are of another row.
const MOST_HELD: usize = 1 << 16;

/// Puts in order what one row gave.
#[derive(Debug)]
pub(super) struct Joined {
    /// The column of the driving sheet's rows.
    driving: usize,
    /// Those of the others, in the order in which the query names them.
    others: Vec<usize>,
    held: Option<RecordBatch>,
}

impl Joined {
    pub(super) fn new(driving: usize, others: Vec<usize>) -> Joined {
        Joined { driving, others, held: None }
    }

    /// Takes the next rows; gives those before them.
    pub(super) fn take(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(held) = self.held.take() else {
            self.held = Some(batch);
            return Ok(None);
        };
        let of = |batch: &RecordBatch, at: usize| {
            let rows = batch.column(self.driving).as_primitive::<UInt64Type>();
            rows.is_valid(at).then(|| rows.value(at))
        };
        let last = held.num_rows().checked_sub(1).and_then(|at| of(&held, at));
        let goes_on = batch.num_rows() > 0 && last.is_some() && last == of(&batch, 0);
        if goes_on && held.num_rows() < MOST_HELD {
            self.held = Some(concat_batches(&batch.schema(), [&held, &batch])?);
            return Ok(None);
        }
        self.held = Some(batch);
        self.ordered(held).map(Some)
    }

    /// The last rows.
    pub(super) fn end(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        self.held.take().map(|held| self.ordered(held)).transpose()
    }

    fn ordered(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let rows = batch.column(self.driving).as_primitive::<UInt64Type>();
        let is_same = |at: usize| rows.is_valid(at) && rows.is_valid(at - 1) && rows.value(at) == rows.value(at - 1);
        if !(1..rows.len()).any(is_same) {
            return Ok(batch);
        }
        let others: Vec<&UInt64Array> = self.others.iter().map(|at| batch.column(*at).as_primitive()).collect();
        let key = |at: usize| others.iter().map(move |rows| rows.is_valid(at).then(|| rows.value(at)).ok_or(()));
        let mut order: Vec<u64> = (0..rows.len() as u64).collect();
        let mut from = 0;
        for at in 1..=rows.len() {
            if at == rows.len() || !is_same(at) {
                // Rows without one of the other sheet come after those with one.
                order[mem::replace(&mut from, at)..at].sort_by(|a, b| key(*a as usize).cmp(key(*b as usize)));
            }
        }
        take_record_batch(&batch, &UInt64Array::from(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::ArrayRef;
    use std::sync::Arc;

    /// Driving row, row that it was joined with, number.
    type Three = (Option<u64>, Option<u64>, u64);

    fn batch(rows: &[Three]) -> RecordBatch {
        let column =
            |of: fn(&Three) -> Option<u64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<UInt64Array>()) };
        let columns = [column(|row| row.0), column(|row| row.1), column(|row| Some(row.2))];
        let columns = ["driving", "joined", "n"].into_iter().zip(columns);
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    fn numbers(batches: &[RecordBatch]) -> Vec<u64> {
        batches.iter().flat_map(|batch| batch.column(2).as_primitive::<UInt64Type>().values().to_vec()).collect()
    }

    #[test]
    fn what_a_row_was_joined_with_comes_in_its_order_across_batches() {
        let mut joined = Joined::new(0, vec![1]);
        let mut out = Vec::new();
        for rows in [
            &[(Some(1), Some(9), 1), (Some(2), Some(41), 2)][..],
            &[(Some(2), None, 3), (Some(2), Some(5), 4)],
            &[(Some(2), Some(7), 5)],
            &[(Some(3), Some(1), 6), (None, Some(2), 7), (None, Some(1), 8)],
            &[],
        ] {
            out.extend(joined.take(batch(rows)).unwrap());
        }
        out.extend(joined.end().unwrap());
        assert_eq!(numbers(&out), [1, 4, 5, 2, 3, 6, 7, 8]);
        assert!(joined.end().unwrap().is_none());
    }
}
