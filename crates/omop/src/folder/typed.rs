//! A table of text, written as a Parquet file with the types of the model.

use super::column::{Column, Misread};
use crate::cdm;
use crate::error::Error;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use lake::Stop;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use tables::read::{BadRow, RowBatch, Table};

/// Rows of a batch that is handed to the writer.
const BATCH_ROWS: u64 = 64 << 10;
/// Rows of a group, which is what a query reads or passes over as a whole.
const GROUP_ROWS: usize = 256 << 10;
/// Bytes that the writer may hold back before a group is ended.
const GROUP_BYTES: usize = 64 << 20;
/// Bad rows that are kept as examples.
const EXAMPLES: usize = 5;

/// What is known of a file after it was read.
#[derive(Debug, Default)]
pub struct Seen {
    /// Rows.
    pub rows: u64,
    /// Rows that are none (too few cells, no text …) and were left out.
    pub bad_rows: u64,
    /// The first of them: row, reason, and what is wrong.
    pub bad_examples: Vec<(u64, String)>,
    /// Fields of the model that it has.
    pub fields: Vec<&'static str>,
    /// Its columns that the model does not have.
    pub others: Vec<String>,
    /// Values that are not of their field's type.
    pub misread: Vec<(&'static str, Misread)>,
}

/// Writes a Parquet file batch by batch.
pub(crate) struct Out {
    writer: ArrowWriter<File>,
    path: PathBuf,
    rows: u64,
}

impl Out {
    /// Begins a file.
    pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<Out, Error> {
        let file = File::create(path).map_err(|error| Error::file("write", path, error))?;
        let level = ZstdLevel::try_new(1)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(file, SchemaRef::clone(schema), Some(properties))?;
        Ok(Out { writer, path: path.to_owned(), rows: 0 })
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch)?;
        self.rows += batch.num_rows() as u64;
        if self.writer.in_progress_size() > GROUP_BYTES {
            self.writer.flush()?;
        }
        Ok(())
    }

    /// Ends the file; it is on disk when this returns. Gives its size and its rows.
    pub(crate) fn end(self) -> Result<(u64, u64), Error> {
        let file = self.writer.into_inner()?;
        let failed = |error| Error::file("write", &self.path, error);
        file.sync_all().map_err(failed)?;
        Ok((file.metadata().map_err(failed)?.len(), self.rows))
    }
}

/// Reads a table to its end and writes it.
pub(crate) fn write_typed(
    of: &cdm::Table,
    table: &mut dyn Table,
    schema: &SchemaRef,
    out: &mut Out,
    stop: &Stop,
) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let places: Vec<Option<usize>> = of
        .fields
        .iter()
        .map(|field| table.columns().iter().position(|column| column.trim().eq_ignore_ascii_case(field.name)))
        .collect();
    seen.fields = of.fields.iter().zip(&places).filter(|(_, at)| at.is_some()).map(|(field, _)| field.name).collect();
    let is_other = |column: &&String| of.field(column.trim()).is_none();
    seen.others = table.columns().iter().filter(is_other).cloned().collect();
    let mut columns: Vec<Column> = of.fields.iter().map(|field| Column::new(field.kind)).collect();
    let mut rows = RowBatch::new(table.columns().len());
    let mut waiting = 0;
    while table.next(&mut rows)? {
        if stop.is_stopped() {
            return Err(lake::Error::Cancelled.into());
        }
        for row in 0..rows.len() {
            let number = rows.place(row).number;
            for (column, at) in columns.iter_mut().zip(&places) {
                column.push(at.and_then(|at| rows.cell(row, at)), number);
            }
            waiting += 1;
            if waiting == BATCH_ROWS {
                out.write(&batch(schema, &mut columns)?)?;
                waiting = 0;
            }
        }
        seen.rows += rows.len() as u64;
        seen.bad_rows += rows.bad.len() as u64;
        seen.bad_examples.extend(rows.bad.iter().take(EXAMPLES - seen.bad_examples.len().min(EXAMPLES)).map(example));
    }
    if waiting > 0 {
        out.write(&batch(schema, &mut columns)?)?;
    }
    let misread = of.fields.iter().zip(columns).filter(|(_, column)| !column.misread.is_none());
    seen.misread = misread.map(|(field, column)| (field.name, column.misread)).collect();
    Ok(seen)
}

fn example(bad: &BadRow) -> (u64, String) {
    (bad.place.number, format!("{}: {}", bad.reason, bad.message))
}

fn batch(schema: &SchemaRef, columns: &mut [Column]) -> Result<RecordBatch, Error> {
    Ok(RecordBatch::try_new(SchemaRef::clone(schema), columns.iter_mut().map(Column::finish).collect())?)
}
