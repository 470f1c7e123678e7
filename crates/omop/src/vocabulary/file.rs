//! The files of a version, read column by column.

use crate::error::Error;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::path::Path;

/// Batches of a table's file that hold some of its columns, in the order that they were asked for.
pub(super) struct Batches {
    reader: ParquetRecordBatchReader,
    columns: Vec<String>,
}

impl Batches {
    /// Opens the file of a table in a folder.
    pub(super) fn open(folder: &Path, table: &str, columns: &[&str]) -> Result<Batches, Error> {
        let path = folder.join(format!("{table}.parquet"));
        let file = File::open(&path).map_err(|error| Error::file("open", &path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(mask).build()?;
        Ok(Batches { reader, columns: columns.iter().map(|name| (*name).to_owned()).collect() })
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let ordered = |batch: RecordBatch| {
            let order =
                self.columns.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
            let batch = batch.project(&order)?;
            // Values of another type would be read as none.
            for field in batch.schema_ref().fields() {
                if !matches!(field.data_type(), DataType::Int64 | DataType::Utf8) {
                    let what = format!(
                        "column {} has the type {}: load the vocabulary again",
                        field.name(),
                        field.data_type()
                    );
                    return Err(Error::Arrow(ArrowError::SchemaError(what)));
                }
            }
            Ok(batch)
        };
        Some(self.reader.next()?.map_err(Error::from).and_then(ordered))
    }
}

/// Cells of a batch by number of column and row.
pub(super) struct Columns<'b>(pub(super) &'b RecordBatch);

impl<'b> Columns<'b> {
    pub(super) fn int(&self, column: usize, row: usize) -> Option<i64> {
        let cells = self.0.column(column).as_primitive_opt::<Int64Type>()?;
        cells.is_valid(row).then(|| cells.value(row))
    }

    /// Empty if there is none.
    pub(super) fn text(&self, column: usize, row: usize) -> &'b str {
        let cells = self.0.column(column).as_string_opt::<i32>();
        cells.filter(|cells| cells.is_valid(row)).map_or("", |cells| cells.value(row))
    }
}

/// Goes through the rows of a table's file one by one.
pub(super) struct Rows {
    batches: Batches,
    batch: Option<RecordBatch>,
    row: usize,
}

impl Rows {
    /// Opens the file of a table in a folder, before its first row.
    pub(super) fn open(folder: &Path, table: &str, columns: &[&str]) -> Result<Rows, Error> {
        Ok(Rows { batches: Batches::open(folder, table, columns)?, batch: None, row: 0 })
    }

    /// Goes to the next row, if there is one; beyond the last there is no value.
    pub(super) fn next(&mut self) -> Result<bool, Error> {
        self.row += 1;
        while self.batch.as_ref().is_none_or(|batch| self.row >= batch.num_rows()) {
            match self.batches.next() {
                Some(batch) => (self.batch, self.row) = (Some(batch?), 0),
                None => {
                    self.batch = None;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    pub(super) fn int(&self, column: usize) -> Option<i64> {
        Columns(self.batch.as_ref()?).int(column, self.row)
    }

    pub(super) fn text(&self, column: usize) -> &str {
        self.batch.as_ref().map_or("", |batch| Columns(batch).text(column, self.row))
    }
}
