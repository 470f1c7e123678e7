//! Parquet files of a table: sorted runs of rows, written and synced before anything names them.

use crate::delta::sync_folder;
use crate::error::Error;
use crate::map::DataFile;
use crate::merge::{Batches, Larger, Merge, Slice};
use crate::table::{SEQ, Table};
use datafusion::arrow::array::{Array, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{
    SortColumn, concat, filter_record_batch, interleave_record_batch, lexsort_to_indices,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file is ended, and the next begun, past this size on disk
const FILE_BYTES: usize = 32 << 20;
/// or past this size in memory, where it is when it is rewritten.
const FILE_MEMORY_BYTES: u64 = 96 << 20;
/// Rows of a row group: small enough that a query for one patient reads little.
const ROW_GROUP_ROWS: usize = 64 << 10;
/// Rows of a run that are read at once, beside those of the others.
const READ_ROWS: usize = 2 << 10;
/// Rows handed to the writer at once,
const SLICE_ROWS: usize = 8 << 10;
/// and their bytes: far below what one column of a batch can hold, however large its texts are.
const SLICE_BYTES: usize = 16 << 20;
/// zstd level: files are rewritten often.
const LEVEL: i32 = 1;

/// A file that was written, and the versions whose rows are in it, each with the slot of the file that it was read from.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) file: DataFile,
    pub(crate) seqs: Vec<(i64, Option<i64>)>,
}

/// The values of `_seq` in a batch.
pub(crate) fn seqs(batch: &RecordBatch) -> Result<&Int64Array, Error> {
    batch
        .column_by_name(SEQ)
        .and_then(|column| column.as_any().downcast_ref::<Int64Array>())
        .ok_or_else(|| Error::Engine(format!("a batch without {SEQ}")))
}

/// The rows of a batch whose version is to be kept.
pub(crate) fn keep(batch: &RecordBatch, mut keep: impl FnMut(i64) -> bool) -> Result<RecordBatch, Error> {
    let mask: BooleanArray = seqs(batch)?.iter().map(|seq| Some(seq.is_some_and(&mut keep))).collect();
    if mask.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &mask)?)
}

/// The rows of a file, a few at a time, without those of versions that are `gone`.
pub(crate) fn read<'a>(
    table: &'a Table,
    folder: &Path,
    file: &DataFile,
    gone: &'a HashSet<i64>,
) -> Result<Batches<'a>, Error> {
    let path = folder.join(&file.path);
    let open = File::open(&path).map_err(|error| Error::file("open", &path, error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(open)?.with_batch_size(READ_ROWS).build()?;
    Ok(Box::new(reader.map(|batch| {
        let batch = RecordBatch::try_new(Arc::clone(&table.schema), batch?.columns().to_vec())?;
        keep(&batch, |seq| !gone.contains(&seq))
    })))
}

/// Rows that came in any order, in the order of their table, a few at a time.
pub(crate) fn sorted<'a>(table: &Table, batches: Vec<RecordBatch>) -> Result<Batches<'a>, Error> {
    let order = order(table, &batches)?;
    let mut at = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let slice = &order[at..order.len().min(at + READ_ROWS)];
        at += slice.len();
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        (!slice.is_empty()).then(|| Ok(interleave_record_batch(&batches, slice)?))
    })))
}

impl DataFile {
    /// Whether new rows may be put into it.
    pub(crate) fn is_small(&self) -> bool {
        self.bytes < FILE_BYTES as u64 / 2 && self.memory < FILE_MEMORY_BYTES / 2
    }
}

/// Writes sorted rows into as many files as they need; they are on disk when this returns. `seed` tells runs of the program
/// apart in the files' names; slots are not given yet.
pub(crate) fn write(
    table: &Table,
    folder: &Path,
    mut rows: Merge<'_>,
    seed: &str,
    at_us: i64,
) -> Result<Vec<Written>, Error> {
    let mut written = Vec::new();
    while let Some(first) = rows.next(fits)? {
        written.push(write_one(table, folder, first, &mut rows, seed, at_us)?);
    }
    if !written.is_empty() {
        // Their names must be there after a power cut as their content is.
        sync_folder(folder)?;
    }
    Ok(written)
}

/// What is handed to the writer at once.
fn fits(slice: &Larger) -> bool {
    slice.rows == 1 || (slice.rows <= SLICE_ROWS && slice.text_bytes <= SLICE_BYTES)
}

/// Where a row is: batch and row in it.
type At = (usize, usize);

/// Rows in the table's order. Only the columns that decide it are copied for that.
fn order(table: &Table, batches: &[RecordBatch]) -> Result<Vec<At>, Error> {
    let all: Vec<At> =
        batches.iter().enumerate().flat_map(|(no, batch)| (0..batch.num_rows()).map(move |row| (no, row))).collect();
    if all.is_empty() {
        return Ok(all);
    }
    let mut columns = Vec::new();
    for &column in &table.order {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(column).as_ref()).collect();
        columns.push(SortColumn { values: concat(&parts)?, options: None });
    }
    Ok(lexsort_to_indices(&columns, None)?.values().iter().map(|&at| all[at as usize]).collect())
}

/// A new file: never one that is there, whatever the clock that `seed` comes from says.
fn create(folder: &Path, seed: &str) -> Result<(String, File), Error> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    loop {
        let name = format!("part-{seed}-{:06}.parquet", FILES.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(&name);
        match File::create_new(&path) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::file("make", &path, error)),
        }
    }
}

fn write_one(
    table: &Table,
    folder: &Path,
    first: Slice,
    rows: &mut Merge<'_>,
    seed: &str,
    at_us: i64,
) -> Result<Written, Error> {
    let (name, file) = create(folder, seed)?;
    let path = folder.join(&name);
    let failed = |error| Error::file("write", &path, error);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&table.schema), Some(properties))?;
    let (mut count, mut memory, mut seqs) = (0, 0, Vec::new());
    let mut slice = Some(first);
    while let Some(Slice { rows: batch, seqs: versions }) = slice {
        writer.write(&batch)?;
        count += batch.num_rows() as u64;
        memory += batch.get_array_memory_size() as u64;
        seqs.extend(versions);
        let last = seqs.last().map(|(seq, _)| *seq);
        let full = writer.bytes_written() + writer.in_progress_size() >= FILE_BYTES || memory >= FILE_MEMORY_BYTES;
        // All rows of a version go into one file.
        slice = if full { rows.next(|slice| fits(slice) && Some(slice.seq) == last)? } else { rows.next(fits)? };
    }
    let file = writer.into_inner()?;
    file.sync_all().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    seqs.dedup();
    Ok(Written { file: DataFile { slot: 0, path: name, bytes, memory, rows: count, at_us }, seqs })
}
