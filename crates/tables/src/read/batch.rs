//! Rows of text, packed.

/// Rows of one table: all cells of all rows in one buffer.
#[derive(Clone, Debug, Default)]
pub struct RowBatch {
    text: String,
    /// Where each cell ends in `text`; row after row.
    ends: Vec<u32>,
    /// Whether each cell is null where the file itself tells null from empty (databases, Parquet); text files have none.
    nulls: Vec<bool>,
    places: Vec<Place>,
    columns: usize,
    /// Rows that could not be read as rows.
    pub bad: Vec<BadRow>,
}

/// Where a row lies in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The row's number in the table, from 1; a header line does not count.
    pub number: u64,
    /// Byte offset in the unpacked file and length in bytes, before decoding; none where the kind of file has no such thing.
    pub bytes: Option<(u64, u32)>,
}

/// A row that is none: too many or too few cells, bytes that are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it is.
    pub place: Place,
    /// A stable code: `ragged-row`, `bad-encoding`, `cell-too-large`, `unclosed-quote`.
    pub reason: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// The row as it came, decoded as far as it can be, cut at 64 KiB.
    pub text: String,
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

    /// Ends the row that is being made, which must have as many cells as there are columns.
    pub fn end_row(&mut self, place: Place) {
        self.places.push(place);
        debug_assert_eq!(self.ends.len(), self.places.len() * self.columns, "a row has a cell for each column");
    }

    /// Takes back the cells of the row that is being made.
    pub fn drop_row(&mut self) {
        let keep = self.places.len() * self.columns;
        self.ends.truncate(keep);
        self.nulls.truncate(keep);
        self.text.truncate(self.ends.last().map_or(0, |end| *end as usize));
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
