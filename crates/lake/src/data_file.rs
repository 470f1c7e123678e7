//! Parquet files of a table: sorted runs of rows, written and synced before anything names them.

use crate::error::Error;
use crate::map::DataFile;
use crate::table::{SEQ, Table};
use datafusion::arrow::array::{Array, BooleanArray, Int64Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{
    SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file is ended, and the next begun, past this size.
pub(crate) const FILE_BYTES: usize = 32 << 20;
/// Files smaller than this are put together with new rows.
pub(crate) const SMALL_FILE_BYTES: u64 = 16 << 20;
/// Rows of a row group: small enough that a query for one patient reads little.
const ROW_GROUP_ROWS: usize = 64 << 10;
/// Rows handed to the writer at once.
const SLICE_ROWS: usize = 8 << 10;
/// zstd level: files are rewritten often.
const LEVEL: i32 = 1;

/// A file that was written, and the versions in it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) file: DataFile,
    pub(crate) seqs: Vec<i64>,
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

/// All rows of a file.
pub(crate) fn read(table: &Table, folder: &Path, file: &DataFile) -> Result<Vec<RecordBatch>, Error> {
    let path = folder.join(&file.path);
    let open = File::open(&path).map_err(|error| Error::file("open", &path, error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(open)?.with_batch_size(SLICE_ROWS).build()?;
    let mut batches = Vec::new();
    for batch in reader {
        batches.push(RecordBatch::try_new(Arc::clone(&table.schema), batch?.columns().to_vec())?);
    }
    Ok(batches)
}

/// Writes rows, sorted, into as many files as they need. `seed` tells runs of the program apart in the files' names; slots are
/// not given yet.
pub(crate) fn write(
    table: &Table,
    folder: &Path,
    batches: &[RecordBatch],
    seed: &str,
    at_us: i64,
) -> Result<Vec<Written>, Error> {
    let rows = concat_batches(&table.schema, batches)?;
    if rows.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let sorted = take_record_batch(&rows, &order(table, &rows)?)?;
    drop(rows);
    let mut written = Vec::new();
    let mut at = 0;
    while at < sorted.num_rows() {
        let (file, rows) = write_one(table, folder, &sorted.slice(at, sorted.num_rows() - at), seed, at_us)?;
        let seqs = seqs(&sorted.slice(at, rows))?.values().to_vec();
        written.push(Written { file, seqs });
        at += rows;
    }
    Ok(written)
}

/// Row numbers in the table's order.
fn order(table: &Table, rows: &RecordBatch) -> Result<UInt32Array, Error> {
    let columns = table.order.iter().map(|&at| SortColumn { values: Arc::clone(rows.column(at)), options: None });
    Ok(lexsort_to_indices(&columns.collect::<Vec<_>>(), None)?)
}

fn write_one(
    table: &Table,
    folder: &Path,
    rows: &RecordBatch,
    seed: &str,
    at_us: i64,
) -> Result<(DataFile, usize), Error> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    let name = format!("part-{seed}-{:06}.parquet", FILES.fetch_add(1, Ordering::Relaxed));
    let path = folder.join(&name);
    let failed = |error| Error::file("write", &path, error);
    let file = File::create(&path).map_err(failed)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&table.schema), Some(properties))?;
    let mut at = 0;
    while at < rows.num_rows() && writer.bytes_written() + writer.in_progress_size() < FILE_BYTES {
        let length = SLICE_ROWS.min(rows.num_rows() - at);
        writer.write(&rows.slice(at, length))?;
        at += length;
        // All rows of a version go into one file.
        let seqs = seqs(rows)?.values();
        let rest = seqs[at..].iter().take_while(|seq| **seq == seqs[at - 1]).count();
        if rest > 0 {
            writer.write(&rows.slice(at, rest))?;
            at += rest;
        }
    }
    let file = writer.into_inner()?;
    file.sync_all().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    Ok((DataFile { slot: 0, path: name, bytes, rows: at as u64, at_us }, at))
}
