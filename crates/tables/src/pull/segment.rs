//! Rows on disk: Parquet files that are written once.
//!
//! Cells are text in columns of the table's names; beside them stand [`HASH`], [`NUMBER`], [`OFFSET`] and [`LENGTH`]: where the row
//! lay in what was delivered, or in the arrival that keeps it; and [`FRACTIONS`]. A row's number in its table is its segment's base and its place here.

use crate::error::Error;
use crate::pull::hash::RowHasher;
use crate::read::RowBatch;
use arrow_array::builder::{FixedSizeBinaryBuilder, StringViewBuilder, UInt32Builder, UInt64Builder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the column of hashes.
pub const HASH: &str = "__hash";
/// Name of the column of row numbers in what was delivered, from 1.
pub const NUMBER: &str = "__number";
/// Name of the column of byte offsets in the arrival; null where there is none.
pub const OFFSET: &str = "__offset";
/// Name of the column of lengths in bytes there.
pub const LENGTH: &str = "__length";
/// Name of the column that names, each with [`FRACTIONS_END`] behind it, the columns whose cells the file has as numbers with a fraction, where each cell has a type of its
/// own; null where there are none. Segments of earlier programs have no such column.
pub const FRACTIONS: &str = "__fractions";
/// What stands behind each name: a header of a workbook may have several lines.
pub const FRACTIONS_END: char = '\u{1f}';
/// Rows of a batch that is read.
pub const BATCH_ROWS: usize = 8_192;
/// Rows of a row group: what is held in memory while it is written.
const GROUP_ROWS: usize = 64 << 10;
/// Bytes of a row group, where rows are long.
const GROUP_BYTES: usize = 32 << 20;

/// The schema of a segment of a table with these columns.
pub fn schema(columns: &[String]) -> SchemaRef {
    let cells = columns.iter().map(|name| Field::new(name, DataType::Utf8View, true));
    let places = [
        Field::new(HASH, DataType::FixedSizeBinary(16), false),
        Field::new(NUMBER, DataType::UInt64, false),
        Field::new(OFFSET, DataType::UInt64, true),
        Field::new(LENGTH, DataType::UInt32, true),
        Field::new(FRACTIONS, DataType::Utf8View, true),
    ];
    Arc::new(Schema::new(cells.chain(places).collect::<Vec<Field>>()))
}

/// Writes a segment. It is on disk when [`SegmentWriter::finish`] has returned.
pub struct SegmentWriter {
    path: PathBuf,
    file: File,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    hasher: RowHasher,
    rows: u64,
}

impl SegmentWriter {
    /// Begins a segment at `path`, over whatever was there.
    pub fn create(path: &Path, columns: &[String]) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::file("write", path, error);
        let file = File::create(path).map_err(failed)?;
        let level = ZstdLevel::try_new(3).map_err(|error| Error::segment(path, error))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_column_compression(ColumnPath::from(HASH), Compression::UNCOMPRESSED)
            .set_column_dictionary_enabled(ColumnPath::from(HASH), false)
            .set_column_dictionary_enabled(ColumnPath::from(NUMBER), false)
            .set_column_encoding(ColumnPath::from(NUMBER), parquet::basic::Encoding::DELTA_BINARY_PACKED)
            .set_column_dictionary_enabled(ColumnPath::from(OFFSET), false)
            .set_column_encoding(ColumnPath::from(OFFSET), parquet::basic::Encoding::DELTA_BINARY_PACKED)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let schema = schema(columns);
        let copy = file.try_clone().map_err(failed)?;
        let writer = ArrowWriter::try_new(copy, Arc::clone(&schema), Some(properties))
            .map_err(|error| Error::segment(path, error))?;
        Ok(SegmentWriter { path: path.to_owned(), file, schema, writer, hasher: RowHasher::new(columns), rows: 0 })
    }

    /// Number of rows written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds rows as they were read.
    pub fn append(&mut self, rows: &RowBatch) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(rows.columns() + 5);
        for column in 0..rows.columns() {
            let mut cells = StringViewBuilder::with_capacity(rows.len());
            (0..rows.len()).for_each(|row| cells.append_option(rows.cell(row, column)));
            arrays.push(Arc::new(cells.finish()));
        }
        let mut hashes = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
        let mut numbers = UInt64Builder::with_capacity(rows.len());
        let mut offsets = UInt64Builder::with_capacity(rows.len());
        let mut lengths = UInt32Builder::with_capacity(rows.len());
        let (mut fractions, mut names) = (StringViewBuilder::with_capacity(rows.len()), String::new());
        for row in 0..rows.len() {
            hashes.append_value(self.hasher.hash(rows, row)).map_err(|error| Error::segment(&self.path, error))?;
            let place = rows.place(row);
            numbers.append_value(place.number);
            offsets.append_option(place.bytes.map(|(offset, _)| offset));
            lengths.append_option(place.bytes.map(|(_, length)| length));
            names.clear();
            for column in rows.fractions(row) {
                names.push_str(self.schema.field(column).name());
                names.push(FRACTIONS_END);
            }
            fractions.append_option((!names.is_empty()).then_some(&names));
        }
        arrays.extend([
            Arc::new(hashes.finish()) as ArrayRef,
            Arc::new(numbers.finish()),
            Arc::new(offsets.finish()),
            Arc::new(lengths.finish()),
            Arc::new(fractions.finish()),
        ]);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| Error::segment(&self.path, error))?;
        self.append_batch(&batch)
    }

    /// Adds rows of another segment with the same columns.
    pub fn append_batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(|error| Error::segment(&self.path, error))?;
        self.rows += batch.num_rows() as u64;
        if self.writer.in_progress_size() > GROUP_BYTES {
            self.writer.flush().map_err(|error| Error::segment(&self.path, error))?;
        }
        Ok(())
    }

    /// Ends the segment; it is synced.
    pub fn finish(self) -> Result<u64, Error> {
        self.writer.close().map_err(|error| Error::segment(&self.path, error))?;
        self.file.sync_all().map_err(|error| Error::file("sync", &self.path, error))?;
        Ok(self.rows)
    }
}

/// Reads some columns of a segment, in the order in which they are asked for; those that it does not have are null.
pub struct SegmentReader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Where each column that was asked for is in what is read.
    from: Vec<Option<usize>>,
    schema: SchemaRef,
}

/// Which rows of a segment are read.
enum RowsRead {
    All,
    Some(RowSelection),
    One(u64),
}

impl SegmentReader {
    /// Opens a segment.
    pub fn open(path: &Path, schema: SchemaRef) -> Result<Self, Error> {
        SegmentReader::open_at(path, schema, RowsRead::All)
    }

    /// Opens a segment of so many rows to read some of them: ranges in ascending order, counted from 0.
    pub fn some(
        path: &Path,
        schema: SchemaRef,
        rows: u64,
        read: impl Iterator<Item = std::ops::Range<usize>>,
    ) -> Result<Self, Error> {
        let selection = RowSelection::from_consecutive_ranges(read, rows as usize);
        SegmentReader::open_at(path, schema, RowsRead::Some(selection))
    }

    /// Opens a segment at one of its rows, counted from 0, to read that row alone.
    pub fn row(path: &Path, schema: SchemaRef, row: u64) -> Result<Self, Error> {
        SegmentReader::open_at(path, schema, RowsRead::One(row))
    }

    fn open_at(path: &Path, schema: SchemaRef, rows: RowsRead) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::file("read", path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| Error::segment(path, error))?;
        let has = builder.schema();
        let mut wanted: Vec<usize> =
            schema.fields().iter().filter_map(|field| has.index_of(field.name()).ok()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let from = schema
            .fields()
            .iter()
            .map(|field| has.index_of(field.name()).ok().and_then(|at| wanted.binary_search(&at).ok()));
        let from = from.collect();
        // Without a column a reader would not count rows.
        let roots = match has.index_of(NUMBER) {
            Ok(number) if wanted.is_empty() => vec![number],
            _ => wanted,
        };
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let builder = match rows {
            RowsRead::All => builder,
            RowsRead::Some(selection) => builder.with_row_selection(selection),
            RowsRead::One(row) => builder.with_offset(row as usize).with_limit(1),
        };
        let reader = builder.build().map_err(|error| Error::segment(path, error))?;
        Ok(SegmentReader { path: path.to_owned(), reader, from, schema })
    }
}

impl Iterator for SegmentReader {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.reader.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(Error::segment(&self.path, error))),
        };
        let columns = self.from.iter().zip(self.schema.fields()).map(|(from, field)| match from {
            Some(at) => Arc::clone(batch.column(*at)),
            None => arrow_array::new_null_array(field.data_type(), batch.num_rows()),
        });
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns: Vec<Arc<dyn Array>> = columns.collect();
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        Some(batch.map_err(|error| Error::segment(&self.path, error)))
    }
}
