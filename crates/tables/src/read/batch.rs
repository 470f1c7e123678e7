//! Rows of text, packed.

use super::{BATCH_BYTES, BATCH_ROWS};

/// Bad rows that a batch has at most: each may bring [`BAD_TEXT_BYTES`].
const BATCH_BAD_ROWS: usize = 128;
/// Bytes that are kept of the text of a bad row.
const BAD_TEXT_BYTES: usize = 64 << 10;

/// Rows of one table: all cells of all rows in one buffer.
#[derive(Clone, Debug, Default)]
pub struct RowBatch {
    text: String,
    /// Where each cell ends in `text`; row after row.
    ends: Vec<u32>,
    /// Whether each cell is null where the file itself tells null from empty (databases, Parquet); text files have none.
    nulls: Vec<bool>,
    /// Cells that the file has as numbers with a fraction, in a kind of file where each cell has its own type: `row * columns + column`, ascending.
    fractions: Vec<usize>,
    places: Vec<Place>,
    columns: usize,
    /// Rows that could not be read as rows.
    pub bad: Vec<BadRow>,
}

/// Where a row lies in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The row's number in the table, from 1, counting those that cannot be read too; a header and lines without anything are no rows.
    pub number: u64,
    /// Byte offset in the unpacked file and length in bytes, before decoding; none where the kind of file has no such thing.
    pub bytes: Option<(u64, u32)>,
}

/// A row that is none: too many or too few cells, bytes that are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it is.
    pub place: Place,
    /// A stable code: `ragged-row`, `bad-encoding`, `nul-byte`, `cell-too-large`, `row-too-large`, `unclosed-quote`,
    /// `stray-quote`, `bad-cell`, `not-a-literal`.
    pub reason: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// The row as it came, decoded as far as it can be, cut at 64 KiB.
    pub text: String,
}

impl BadRow {
    /// A bad row; of its text the beginning is kept.
    pub fn new(place: Place, reason: &'static str, message: impl Into<String>, text: &str) -> Self {
        let end = text.floor_char_boundary(BAD_TEXT_BYTES);
        BadRow { place, reason, message: message.into(), text: text[..end].to_owned() }
    }
}

impl RowBatch {
    /// An empty batch of rows with so many columns.
    pub fn new(columns: usize) -> Self {
        RowBatch { columns, ..RowBatch::default() }
    }

    /// Forgets all rows; the memory stays.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.nulls.clear();
        self.fractions.clear();
        self.places.clear();
        self.bad.clear();
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of all cells.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds a cell to the row that is being made.
    pub fn push_cell(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.ends.push(self.text.len() as u32);
        self.nulls.push(cell.is_none());
    }

    /// Adds text to the cell that is being made; [`RowBatch::end_cell`] ends it.
    pub fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Ends the cell that was made of [`RowBatch::push_text`].
    pub fn end_cell(&mut self) {
        self.ends.push(self.text.len() as u32);
        self.nulls.push(false);
    }

    /// Adds a cell that is written by a function, and says how long it is.
    pub fn write_cell(&mut self, write: impl FnOnce(&mut String)) -> usize {
        let before = self.text.len();
        write(&mut self.text);
        self.end_cell();
        self.text.len() - before
    }

    /// The cells of the row that is being made.
    pub fn open_cells(&self) -> impl Iterator<Item = &str> {
        let first = self.places.len() * self.columns;
        let mut start = self.kept_text();
        self.ends[first..].iter().map(move |end| {
            let cell = &self.text[start..*end as usize];
            start = *end as usize;
            cell
        })
    }

    /// Bytes of the whole rows.
    fn kept_text(&self) -> usize {
        match self.places.len() * self.columns {
            0 => 0,
            cells => self.ends[cells - 1] as usize,
        }
    }

    /// True when it should be handed over: it has as much as a batch may have.
    pub fn is_full(&self) -> bool {
        self.len() >= BATCH_ROWS || self.text.len() >= BATCH_BYTES || self.bad.len() >= BATCH_BAD_ROWS
    }

    /// Ends the row that is being made, which must have as many cells as there are columns.
    pub fn end_row(&mut self, place: Place) {
        self.places.push(place);
        debug_assert_eq!(self.ends.len(), self.places.len() * self.columns, "a row has a cell for each column");
    }

    /// Takes back the cells of the row that is being made.
    pub fn drop_row(&mut self) {
        let keep = self.places.len() * self.columns;
        let text = self.kept_text();
        self.ends.truncate(keep);
        self.nulls.truncate(keep);
        self.fractions.truncate(self.fractions.partition_point(|at| *at < keep));
        self.text.truncate(text);
    }

    /// Says of the cell that was added last that the file has it as a number, whose text here has a point before its fraction if it has one.
    pub fn mark_number(&mut self) {
        let at = self.ends.len() - 1;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        if self.text[start..].contains('.') {
            self.fractions.push(at);
        }
    }

    /// The columns of a row whose cells are [such numbers](RowBatch::mark_number) with a fraction.
    pub fn fractions(&self, row: usize) -> impl Iterator<Item = usize> {
        let first = row * self.columns;
        let from = self.fractions.partition_point(|at| *at < first);
        let of_row = self.fractions[from..].iter().take_while(move |at| **at < first + self.columns);
        of_row.map(move |at| at - first)
    }

    /// A cell; `None` where the file says null.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let at = row * self.columns + column;
        if self.nulls[at] {
            return None;
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        Some(&self.text[start..self.ends[at] as usize])
    }

    /// Where a row lies.
    pub fn place(&self, row: usize) -> Place {
        self.places[row]
    }
}
