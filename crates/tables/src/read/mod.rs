//! Tables as they come: files of many kinds, read row by row as text, each row with its place.
//!
//! A [`Delivery`] lists the tables of a path: a folder, one file, an archive. [`Delivery::table`] opens one as a [`Table`], which
//! gives rows in batches of bounded size. What cannot be read as a row is given as a [`BadRow`], never left out; what is passed
//! over (blank lines, deleted rows) is counted in [`Passed`].
//!
//! # Canonical text
//! Cells are text, and the same table gives the same text whatever the kind of file:
//!
//! | value | text |
//! |---|---|
//! | text | as it is, blanks included; leading zeros stay |
//! | whole number | its digits |
//! | decimal | all digits of its scale: `5.00` |
//! | floating point | the shortest digits that give it back: `5`, `0.1`; from 10²¹ and below 10⁻⁷ with an exponent |
//! | boolean | `true`, `false` |
//! | date | `2024-05-01` |
//! | time of day | `07:08:09`, with a fraction if it has one |
//! | date and time | `2024-05-01 07:08:09`, with a fraction if it has one: three, six or nine digits |
//! | date and time with a zone | the same, then its offset: `2024-05-01 07:08:09+00:00` |
//! | bytes | `\x` and hexadecimal digits |
//! | null | a null where the file tells it from empty text; text files (CSV) do not |
//!
//! In text files a cell is what stands there: nothing is trimmed, rounded or spelled anew.
//!
//! # Bounds
//! A cell has at most [`CELL_BYTES`], a row at most [`ROW_BYTES`], a batch [`BATCH_ROWS`] or [`BATCH_BYTES`] (and at least one row);
//! what unpacks has the [`Bounds`] of its [`ReadOptions`].

mod batch;
mod bounds;
pub mod canonical;
mod charset;
mod cut;
mod dbf;
mod delimited;
mod delivery;
mod dos;
mod dump;
pub(crate) mod header;
mod list;
mod mistaken;
mod moment;
mod ole;
mod options;
mod origin;
mod parquet;
mod pattern;
mod raw;
mod recognise;
mod separator;
mod sheet;
mod sqlite;
mod text;
mod workbook;
pub(crate) mod worker;
mod xls;

pub use batch::{BadRow, Place, RowBatch};
pub use bounds::Bounds;
pub use charset::{Charset, Proposal, UnknownCharset, propose_encoding};
pub use delivery::{Delivery, Listed, PassedOver};
pub use options::{ReadOptions, TableOptions};
pub use recognise::Kind;

/// Rows that a batch has at most.
pub const BATCH_ROWS: usize = 8192;
/// Bytes of text at which a batch is full.
pub const BATCH_BYTES: usize = 8 << 20;
/// Bytes of text that a cell may have.
pub const CELL_BYTES: usize = 16 << 20;
/// Bytes of text that a row may have.
pub const ROW_BYTES: usize = 64 << 20;
/// Columns that a table may have.
pub const COLUMNS: usize = 16_384;

/// A table of a delivery, read from its beginning to its end once.
pub trait Table: Send {
    /// Its name: file stem, sheet, or name in the database.
    fn name(&self) -> &str;

    /// The names of its columns, as they are spelled there; unique, and never empty ([`Table::notes`] say what was named).
    fn columns(&self) -> &[String];

    /// Fills `rows` with the next rows (it is cleared before); false when there are no more.
    ///
    /// # Errors
    /// When the rest cannot be read: what, where, and what to do. A row that is wrong alone is a [`BadRow`] of the batch.
    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError>;

    /// What its file holds, unpacked (of a DBF file with memo texts, the hash of both); known once `next` said that there are no more rows, of some kinds of file earlier.
    fn content(&self) -> Option<Content> {
        None
    }

    /// Whether its last row has no line end, of a text file, or of a dump what its program writes last is not there; known once `next` said that there are no more rows.
    fn is_open(&self) -> bool {
        false
    }

    /// What was passed over so far.
    fn passed(&self) -> Passed {
        Passed::default()
    }

    /// What somebody should know who maps the table: a separator that was proposed, columns without a name …
    fn notes(&self) -> &[String] {
        &[]
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// BLAKE3 of the unpacked bytes.
    pub hash: [u8; 32],
    /// How many there are.
    pub bytes: u64,
}

/// What is no row and was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Lines, or rows of a sheet, without anything.
    pub blank_lines: u64,
    /// Rows that are marked as deleted (DBF).
    pub deleted_rows: u64,
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

impl ReadError {
    /// What is wrong at a place.
    pub fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        ReadError { place: place.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests;
