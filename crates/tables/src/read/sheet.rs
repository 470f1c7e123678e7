//! Rows of a sheet, made of cells that come one by one.

use super::batch::{BadRow, Place};
use super::header::{self, Header};
use super::worker::{Ended, Outlet};
use super::{CELL_BYTES, COLUMNS, ROW_BYTES, ReadError};

/// A sheet that is read: the first row with anything in it is the header.
pub(super) struct Sheet<'o> {
    outlet: &'o mut Outlet,
    place: String,
    columns: Option<usize>,
    header: Header,
    /// The row that is made, from 0, and its cells; what is not there is empty.
    row: Option<u32>,
    cells: Vec<String>,
    /// Which of them the sheet has as numbers.
    numbers: Vec<bool>,
    used: usize,
    too_wide: bool,
    number: u64,
}

impl<'o> Sheet<'o> {
    /// A sheet whose columns are named, or are to be read.
    pub(super) fn new(outlet: &'o mut Outlet, place: &str, columns: Option<Vec<String>>) -> Result<Self, Ended> {
        let mut sheet = Sheet {
            outlet,
            place: place.to_owned(),
            columns: None,
            header: Header::default(),
            row: None,
            cells: Vec::new(),
            numbers: Vec::new(),
            used: 0,
            too_wide: false,
            number: 0,
        };
        if let Some(columns) = columns {
            sheet.name(columns.into_iter())?;
        }
        Ok(sheet)
    }

    fn name(&mut self, cells: impl Iterator<Item = String>) -> Result<(), Ended> {
        let mut notes = Vec::new();
        let columns = header::columns(cells, &mut notes);
        self.columns = Some(columns.len());
        Ok(self.outlet.columns(columns, notes)?)
    }

    /// Adds a cell. Whoever writes it says whether the sheet has it as a number.
    pub(super) fn cell(&mut self, row: u32, column: u32, write: impl FnOnce(&mut String) -> bool) -> Result<(), Ended> {
        if self.row != Some(row) {
            self.end_row()?;
            let before = self.row.map_or(0, |before| before + 1);
            self.outlet.passed.blank_lines += u64::from(row.saturating_sub(before));
            self.row = Some(row);
        }
        let column = column as usize;
        if column >= COLUMNS {
            self.too_wide = true;
            return Ok(());
        }
        if column >= self.cells.len() {
            self.cells.resize(column + 1, String::new());
            self.numbers.resize(column + 1, false);
        }
        let cell = &mut self.cells[column];
        cell.clear();
        self.numbers[column] = write(cell);
        if !cell.is_empty() {
            self.used = self.used.max(column + 1);
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Ended> {
        if self.row.is_none() {
            return Ok(());
        }
        let (used, too_wide) = (self.used, self.too_wide);
        (self.used, self.too_wide) = (0, false);
        if used == 0 && !too_wide {
            self.outlet.passed.blank_lines += 1;
            return Ok(());
        }
        let Some(columns) = self.columns else {
            if too_wide {
                let what = format!("its header row has more than {COLUMNS} cells");
                return Err(ReadError::at(&self.place, what).into());
            }
            let cells: Vec<String> = self.cells.drain(..).take(used).collect();
            self.numbers.clear();
            self.header = Header::of(cells.iter());
            return self.name(cells.into_iter());
        };
        self.number += 1;
        let place = Place { number: self.number, bytes: None };
        let cells = &self.cells[..used];
        let bad = if used > columns || too_wide {
            Some(("ragged-row", format!("{used} cells where the header has {columns}")))
        } else if cells.iter().any(|cell| cell.len() > CELL_BYTES) {
            Some(("cell-too-large", format!("a cell of more than {} MiB", CELL_BYTES >> 20)))
        } else if cells.iter().map(String::len).sum::<usize>() > ROW_BYTES {
            Some(("row-too-large", format!("more than {} MiB", ROW_BYTES >> 20)))
        } else if cells.iter().any(|cell| cell.contains('\0')) {
            Some(("nul-byte", "a zero byte".to_owned()))
        } else if self.header.is(cells.iter()) {
            let (reason, what) = Header::AGAIN;
            Some((reason, what.to_owned()))
        } else {
            None
        };
        if let Some((reason, message)) = bad {
            let text = cells.join("\t");
            self.outlet.rows.bad.push(BadRow::new(place, reason, message, &text));
        } else {
            for column in 0..columns {
                self.outlet.rows.push_cell(Some(cells.get(column).map_or("", String::as_str)));
                if column < used && self.numbers[column] {
                    self.outlet.rows.mark_number();
                }
            }
            self.outlet.rows.end_row(place);
        }
        self.cells.iter_mut().for_each(String::clear);
        self.numbers.fill(false);
        Ok(self.outlet.row_done()?)
    }

    /// Ends the sheet.
    pub(super) fn end(mut self) -> Result<(), Ended> {
        self.end_row()?;
        if self.columns.is_none() {
            return Err(ReadError::at(&self.place, "the sheet is empty: a header row is expected").into());
        }
        Ok(())
    }
}
