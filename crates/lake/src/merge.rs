//! Sorted runs of rows become one: new rows and those of files, in the order of their table, with a few rows of each in memory.

use crate::data_file::seqs;
use crate::error::Error;
use datafusion::arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::row::{RowConverter, Rows, SortField};

/// Batches of a sorted run, one after the other.
pub(crate) type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + 'a>;

/// Runs that are read side by side. Rows that are equal in the order come run by run.
pub(crate) struct Merge<'a> {
    /// Columns that decide, the first first.
    order: &'a [usize],
    /// Makes keys of them that are compared as bytes; one run needs none.
    converter: Option<RowConverter>,
    runs: Vec<Run<'a>>,
}

/// A run, and the batch of it that is being read: it has a row at `at`.
struct Run<'a> {
    /// The slot of the file that it is read from, if it is.
    from: Option<i64>,
    rest: Batches<'a>,
    batch: RecordBatch,
    seqs: Int64Array,
    /// Columns whose values have no fixed length.
    texts: Vec<StringArray>,
    keys: Option<Rows>,
    at: usize,
    /// Which of the batches of the slice that is being made this one is.
    number: Option<usize>,
}

/// Rows that follow each other.
pub(crate) struct Slice {
    pub(crate) rows: RecordBatch,
    /// Their versions, each once, with the slot that it was read from.
    pub(crate) seqs: Vec<(i64, Option<i64>)>,
}

/// What a slice would be with one row more.
pub(crate) struct Larger {
    pub(crate) rows: usize,
    pub(crate) text_bytes: usize,
    /// The version of that row.
    pub(crate) seq: i64,
}

impl<'a> Merge<'a> {
    /// Runs by the slots of their files, if they have one.
    pub(crate) fn new(order: &'a [usize], runs: Vec<(Option<i64>, Batches<'a>)>) -> Result<Merge<'a>, Error> {
        let several = runs.len() > 1;
        let mut merge = Merge { order, converter: None, runs: Vec::with_capacity(runs.len()) };
        for (from, mut rest) in runs {
            let Some(batch) = next_with_rows(&mut rest)? else { continue };
            if several && merge.converter.is_none() {
                let fields = order.iter().map(|&column| SortField::new(batch.column(column).data_type().clone()));
                merge.converter = Some(RowConverter::new(fields.collect())?);
            }
            let run = Run {
                from,
                rest,
                seqs: seqs(&batch)?.clone(),
                texts: texts(&batch),
                keys: merge.keys(&batch)?,
                batch,
                at: 0,
                number: None,
            };
            merge.runs.push(run);
        }
        Ok(merge)
    }

    /// The next rows, as many as are `wanted`; `None` at the end, or if not one is wanted.
    pub(crate) fn next(&mut self, mut wanted: impl FnMut(&Larger) -> bool) -> Result<Option<Slice>, Error> {
        let (mut batches, mut picked, mut versions): (Vec<RecordBatch>, Vec<(usize, usize)>, Vec<_>) =
            (Vec::new(), Vec::new(), Vec::new());
        let mut text_bytes = 0;
        while let Some(least) = self.least() {
            let run = &mut self.runs[least];
            let seq = run.seqs.value(run.at);
            text_bytes += run.texts.iter().map(|column| column.value_length(run.at) as usize).sum::<usize>();
            if !wanted(&Larger { rows: picked.len() + 1, text_bytes, seq }) {
                break;
            }
            let number = *run.number.get_or_insert_with(|| {
                batches.push(run.batch.clone());
                batches.len() - 1
            });
            picked.push((number, run.at));
            if versions.last().is_none_or(|(last, _)| *last != seq) {
                versions.push((seq, run.from));
            }
            run.at += 1;
            if run.at == run.batch.num_rows() {
                self.go_on(least)?;
            }
        }
        for run in &mut self.runs {
            run.number = None;
        }
        let rows = match &batches[..] {
            [] => return Ok(None),
            [whole] if whole.num_rows() == picked.len() => whole.clone(),
            several => interleave_record_batch(&several.iter().collect::<Vec<_>>(), &picked)?,
        };
        Ok(Some(Slice { rows, seqs: versions }))
    }

    /// The run whose row is next.
    fn least(&self) -> Option<usize> {
        (0..self.runs.len()).reduce(|least, other| {
            let (one, two) = (&self.runs[least], &self.runs[other]);
            match (&one.keys, &two.keys) {
                (Some(ones), Some(twos)) if twos.row(two.at) < ones.row(one.at) => other,
                _ => least,
            }
        })
    }

    /// Reads the next batch of a run whose last one is used up; a run that has none is left out.
    fn go_on(&mut self, run: usize) -> Result<(), Error> {
        match next_with_rows(&mut self.runs[run].rest)? {
            Some(batch) => {
                let keys = self.keys(&batch)?;
                let run = &mut self.runs[run];
                run.seqs = seqs(&batch)?.clone();
                run.texts = texts(&batch);
                (run.batch, run.keys, run.at, run.number) = (batch, keys, 0, None);
            }
            None => {
                self.runs.remove(run);
            }
        }
        Ok(())
    }

    fn keys(&self, batch: &RecordBatch) -> Result<Option<Rows>, Error> {
        let Some(converter) = &self.converter else { return Ok(None) };
        let columns: Vec<_> = self.order.iter().map(|&column| batch.column(column).clone()).collect();
        Ok(Some(converter.convert_columns(&columns)?))
    }
}

fn next_with_rows(batches: &mut Batches<'_>) -> Result<Option<RecordBatch>, Error> {
    batches.find(|batch| batch.as_ref().map_or(true, |batch| batch.num_rows() > 0)).transpose()
}

fn texts(batch: &RecordBatch) -> Vec<StringArray> {
    batch.columns().iter().filter_map(|column| column.as_string_opt().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
    use proptest::prelude::*;
    use std::sync::Arc;

    type Row = (Option<String>, i64);

    fn batch(rows: &[Row]) -> RecordBatch {
        let who: StringArray = rows.iter().map(|(who, _)| who.as_deref()).collect();
        let seq: Int64Array = rows.iter().map(|(_, seq)| Some(*seq)).collect();
        let columns: [(&str, ArrayRef, bool); 2] =
            [("patient_id", Arc::new(who), true), (crate::table::SEQ, Arc::new(seq), false)];
        RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
    }

    fn rows(batch: &RecordBatch) -> Vec<Row> {
        let who = batch.column(0).as_string::<i32>();
        let seqs = seqs(batch).expect("has positions").values();
        who.iter().map(|who| who.map(str::to_owned)).zip(seqs.iter().copied()).collect()
    }

    proptest! {
        /// Rows of versions, each with some rows, in any number of runs cut into batches of any size.
        #[test]
        fn runs_come_out_in_one_order_with_each_row_once_and_its_version_named_with_its_slot(
            versions in prop::collection::vec((prop::option::of("[a-c]{0,2}"), 1_usize..4, 0_usize..4), 0..60),
            cut in 1_usize..9,
            wanted in 1_usize..12,
        ) {
            let mut runs: Vec<Vec<Row>> = vec![Vec::new(); 4];
            for (seq, (who, count, run)) in (1_i64..).zip(versions) {
                runs[run].extend(std::iter::repeat_n((who, seq), count));
            }
            for run in &mut runs {
                run.sort();
            }
            let sources = runs.iter().enumerate().map(|(number, run)| {
                let batches: Vec<_> = run.chunks(cut).map(|rows| Ok(batch(rows))).collect();
                ((number > 0).then_some(number as i64), Box::new(batches.into_iter()) as Batches<'_>)
            });
            let mut merge = Merge::new(&[0, 1], sources.collect()).expect("is made");
            let (mut out, mut named) = (Vec::new(), Vec::new());
            while let Some(slice) = merge.next(|slice| slice.rows <= wanted).expect("goes on") {
                prop_assert!(slice.rows.num_rows() <= wanted);
                out.extend(rows(&slice.rows));
                named.extend(slice.seqs);
            }
            named.dedup();
            let mut all: Vec<(Row, Option<i64>)> = Vec::new();
            for (number, run) in runs.into_iter().enumerate() {
                all.extend(run.into_iter().map(|row| (row, (number > 0).then_some(number as i64))));
            }
            all.sort();
            prop_assert_eq!(&out, &all.iter().map(|(row, _)| row.clone()).collect::<Vec<_>>());
            let mut expected: Vec<(i64, Option<i64>)> = all.iter().map(|((_, seq), from)| (*seq, *from)).collect();
            expected.dedup();
            prop_assert_eq!(named, expected);
        }
    }
}
