//! Tables as they come: files of many kinds, read row by row as text, each row with its place.
//!
//! A [`Delivery`] lists the tables of a path; a [`Table`] gives rows in batches of bounded size. Cells are text in a canonical
//! spelling whatever the kind of file (numbers with the digits they have, dates as ISO 8601), so that the same table from CSV,
//! Parquet or a database gives the same rows. What cannot be read as a row is given as a [`BadRow`], never left out.

mod batch;

pub use batch::{BadRow, Place, RowBatch};

/// A table of a delivery, read from its beginning to its end once.
pub trait Table: Send {
    /// Its name: file stem, sheet, or name in the database.
    fn name(&self) -> &str;

    /// The names of its columns, as they are spelled there.
    fn columns(&self) -> &[String];

    /// Fills `rows` with the next rows (it is cleared before); false when there are no more.
    ///
    /// # Errors
    /// When the rest cannot be read: what, where, and what to do. A row that is wrong alone is a [`BadRow`] of the batch.
    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError>;
}

/// Why a file or a table cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ReadError {
    /// File, and within it line, sheet or byte offset.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}
