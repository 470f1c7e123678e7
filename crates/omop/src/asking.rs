//! Asking an instance of the model, wherever it is: in a folder, or in the store.

use crate::error::Error;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};

/// What stands before the names of tables in SQL.
pub const SCHEMA: &str = "omop";

/// An instance of the Common Data Model that answers SQL. Its tables are `omop.person` … with the types of the model, all of
/// them, empty ones too.
pub trait Cdm: Sync {
    /// The rows of an answer. Not to be called on a thread that runs futures.
    ///
    /// # Errors
    /// What the engine says.
    fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, Error>;

    /// Whether a table is really there, and not only empty because something must be.
    fn has_table(&self, table: &str) -> bool;

    /// Whether a field of a table is really there.
    fn has_field(&self, table: &str, field: &str) -> bool;

    /// How many values of a field were not of its type where it was read.
    fn misread(&self, table: &str, field: &str) -> u64;
}

/// A row of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Row<'b> {
    batch: &'b RecordBatch,
    row: usize,
}

/// The rows of batches.
pub(crate) fn rows(batches: &[RecordBatch]) -> impl Iterator<Item = Row<'_>> {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| Row { batch, row }))
}

impl<'b> Row<'b> {
    fn cells(&self, column: usize) -> Option<&'b dyn Array> {
        let cells = self.batch.columns().get(column)?.as_ref();
        (!cells.is_null(self.row)).then_some(cells)
    }

    /// A whole number.
    pub(crate) fn int(&self, column: usize) -> Option<i64> {
        let cells = self.cells(column)?;
        if let Some(cells) = cells.as_primitive_opt::<Int64Type>() {
            return Some(cells.value(self.row));
        }
        if let Some(cells) = cells.as_primitive_opt::<UInt64Type>() {
            return i64::try_from(cells.value(self.row)).ok();
        }
        cells.as_primitive_opt::<Float64Type>().map(|cells| cells.value(self.row) as i64)
    }

    /// A count: a whole number that is not below nothing; nothing counts as none.
    pub(crate) fn count(&self, column: usize) -> u64 {
        self.int(column).and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    /// A number.
    pub(crate) fn float(&self, column: usize) -> Option<f64> {
        self.cells(column)?.as_primitive_opt::<Float64Type>().map(|cells| cells.value(self.row))
    }

    /// A day, counted from 1970.
    pub(crate) fn day(&self, column: usize) -> Option<i32> {
        self.cells(column)?.as_primitive_opt::<Date32Type>().map(|cells| cells.value(self.row))
    }

    /// A text.
    pub(crate) fn text(&self, column: usize) -> Option<&'b str> {
        let cells = self.cells(column)?;
        if let Some(cells) = cells.as_string_view_opt() {
            return Some(cells.value(self.row));
        }
        if let Some(cells) = cells.as_string_opt::<i64>() {
            return Some(cells.value(self.row));
        }
        cells.as_string_opt::<i32>().map(|cells| cells.value(self.row))
    }
}
