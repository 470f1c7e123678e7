//! Text files: CSV, tab-separated, and whatever else stands between cells.

use super::batch::{BadRow, Place, RowBatch};
use super::cut::{Cut, Cutter, Skip, line, too_large, unclosed};
use super::header::{self, Header};
use super::options::TableOptions;
use super::raw::Raw;
use super::separator;
use super::text::{Flaw, SUBSTITUTE, Text};
use super::{CELL_BYTES, COLUMNS, Content, Passed, ROW_BYTES, ReadError, Table};
use std::io::Read;

/// How much of the first line is looked at for a separator.
const FIRST_LINE_BYTES: usize = 1 << 20;
/// What is kept of a row that is too large.
const HEAD_BYTES: usize = 64 << 10;

const ENDLESS: &str = "its header line does not end: is it a text file, and is a quote not closed?";

/// A text file that is read row by row.
pub(super) struct Delimited {
    name: String,
    columns: Vec<String>,
    header: Header,
    text: Text,
    cutter: Cutter,
    rows: u64,
    passed: Passed,
    /// Whether the last row has no line end.
    is_open: bool,
    notes: Vec<String>,
}

impl Delimited {
    /// Begins to read: the separator is settled, and the header line read.
    pub(super) fn open(
        name: &str,
        file: &str,
        extension: &str,
        reader: Box<dyn Read + Send>,
        options: TableOptions,
    ) -> Result<Self, ReadError> {
        let quote = match options.quote {
            None => None,
            Some(quote) if quote.is_ascii() && !quote.is_ascii_control() && !quote.is_alphanumeric() => {
                Some(quote as u8)
            }
            Some(quote) => {
                return Err(ReadError::at(file, format!("{quote:?} cannot be a quote: it is an ASCII sign")));
            }
        };
        if let Some(separator) = &options.separator {
            let is_quote = |c: char| quote.is_some_and(|quote| c == char::from(quote));
            if separator.is_empty() || separator.contains(|c| matches!(c, '\n' | '\r' | '\0') || is_quote(c)) {
                return Err(ReadError::at(
                    file,
                    format!("{separator:?} cannot stand between cells: it is empty, or ends lines or quotes"),
                ));
            }
        }
        let mut text = Text::begin(Raw::new(file, reader, options.tee), options.encoding)?;
        let mut notes: Vec<String> = text.note.take().into_iter().collect();
        // A line for Excel alone.
        let declared = separator::declared(first_line(&mut text)?).map(str::to_owned);
        if declared.is_some() {
            let rest = text.rest();
            let blank = rest.len() - rest.trim_start_matches(['\n', '\r']).len();
            let length = blank + line(&rest[blank..]).0;
            text.take(length);
        }
        let separator = match options.separator.or(declared) {
            Some(separator) => separator,
            None => {
                let (separator, note) = separator::propose(extension, first_line(&mut text)?, quote);
                notes.extend(note);
                separator.to_owned()
            }
        };
        let mut table = Delimited {
            name: name.to_owned(),
            columns: Vec::new(),
            header: Header::default(),
            text,
            cutter: Cutter::new(&separator, quote),
            rows: 0,
            passed: Passed::default(),
            is_open: false,
            notes,
        };
        let required;
        (table.columns, required) = match options.columns {
            Some(columns) => (header::columns(columns.iter(), &mut table.notes), columns.len()),
            None => table.header()?,
        };
        table.cutter.expect(table.columns.len(), required);
        Ok(table)
    }

    /// Reads the header line: the names of the columns, and how many there are up to the last that has one.
    fn header(&mut self) -> Result<(Vec<String>, usize), ReadError> {
        let mut cells = RowBatch::new(0);
        loop {
            if self.text.rest().is_empty() {
                if self.text.fill()? {
                    continue;
                }
                let what = "it is empty: a header line is expected; name the columns if the file has none";
                return Err(ReadError::at(self.text.file(), what));
            }
            let place = format!("{}, byte {}", self.text.file(), self.text.offset());
            match self.cutter.cut(self.text.rest(), self.text.ended(), &mut cells) {
                Cut::Blank { length } => {
                    self.text.take(length);
                    self.passed.blank_lines += 1;
                }
                Cut::Row { length, .. } => {
                    if let Some(flaw) = self.text.flaw_within(length) {
                        return Err(ReadError::at(place, format!("its header line holds {}", self.shown(flaw))));
                    }
                    self.text.take(length);
                    let named = cells.open_cells().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
                    self.header = Header::of(cells.open_cells());
                    let required = named.last().map_or(0, |(column, _)| column + 1);
                    return Ok((header::columns(cells.open_cells(), &mut self.notes), required));
                }
                Cut::Bad { reason: "ragged-row", .. } => {
                    return Err(ReadError::at(
                        place,
                        format!("its header line has more than {COLUMNS} cells: is the separator right?"),
                    ));
                }
                Cut::Bad { reason: "cell-too-large" | "row-too-large", .. } => {
                    return Err(ReadError::at(place, ENDLESS));
                }
                Cut::More { .. } if self.text.rest().len() > CELL_BYTES => return Err(ReadError::at(place, ENDLESS)),
                Cut::Bad { message, .. } => {
                    return Err(ReadError::at(place, format!("its header line cannot be read: {message}")));
                }
                Cut::More { .. } => {
                    self.text.fill()?;
                }
            }
        }
    }

    fn shown(&self, flaw: Flaw) -> String {
        match flaw {
            Flaw::NotText(offset) => format!("bytes at {offset} that are no text in {}", self.text.charset()),
            Flaw::Nul => "a zero byte".to_owned(),
        }
    }

    /// Takes a row that is none.
    fn bad(&mut self, rows: &mut RowBatch, length: usize, content: usize, reason: &'static str, message: String) {
        let rest = self.text.rest();
        let mut text = rest[..rest.floor_char_boundary(content.min(HEAD_BYTES))].to_owned();
        if reason == "bad-encoding" {
            text = text.replace(SUBSTITUTE, "\u{fffd}");
        }
        let place = self.place(length);
        rows.bad.push(BadRow::new(place, reason, message, &text));
    }

    /// Takes text as the next row.
    fn place(&mut self, length: usize) -> Place {
        let (offset, bytes) = self.text.take(length);
        self.rows += 1;
        Place { number: self.rows, bytes: Some((offset, u32::try_from(bytes).unwrap_or(u32::MAX))) }
    }

    /// A row that is not whole although much of it is read: either its quote is not closed, or it is too large.
    fn too_large(&mut self, cell: usize, quoted: bool, rows: &mut RowBatch) -> Result<(), ReadError> {
        let rest = self.text.rest();
        if quoted && self.next_line_is_row(cell) {
            if let Cut::Bad { length, content, reason, message } = unclosed(rest, cell) {
                self.bad(rows, length, content, reason, message);
            }
            return Ok(());
        }
        let (reason, message) = too_large(rest.len() - cell > CELL_BYTES);
        let head = rest[..rest.floor_char_boundary(HEAD_BYTES)].to_owned();
        let (offset, mut bytes) = self.text.take(cell + usize::from(quoted));
        let mut state = if quoted { Skip::Quoted } else { Skip::Plain };
        loop {
            let (passed, is_end) = self.cutter.skip(self.text.rest(), self.text.ended(), &mut state);
            bytes += self.text.take(passed).1;
            if is_end || !self.text.fill()? {
                break;
            }
        }
        self.rows += 1;
        let place = Place { number: self.rows, bytes: Some((offset, u32::try_from(bytes).unwrap_or(u32::MAX))) };
        rows.bad.push(BadRow::new(place, reason, message, &head));
        Ok(())
    }

    /// True if the line after the one in which a cell begins has as many cells as a row has.
    fn next_line_is_row(&self, cell: usize) -> bool {
        let rest = self.text.rest();
        let next = &rest[cell + line(&rest[cell..]).0..];
        let next = &next[..line(next).0];
        let mut cells = RowBatch::new(self.columns.len());
        !next.is_empty()
            && matches!(self.cutter.cut(next, true, &mut cells), Cut::Row { length, .. } if length == next.len())
    }
}

impl Table for Delimited {
    fn name(&self) -> &str {
        &self.name
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        rows.clear();
        while !rows.is_full() {
            let (rest, last) = (self.text.rest(), self.text.ended());
            if rest.is_empty() {
                if self.text.fill()? {
                    continue;
                }
                break;
            }
            match self.cutter.cut(rest, last, rows) {
                Cut::Row { length, content } => {
                    self.is_open = length == content;
                    let (reason, message) = match self.text.flaw_within(length) {
                        None if !self.header.is(rows.open_cells()) => {
                            let place = self.place(length);
                            rows.end_row(place);
                            continue;
                        }
                        None => (Header::AGAIN.0, Header::AGAIN.1.to_owned()),
                        Some(Flaw::Nul) => ("nul-byte", self.shown(Flaw::Nul)),
                        Some(flaw) => ("bad-encoding", self.shown(flaw)),
                    };
                    rows.drop_row();
                    self.bad(rows, length, content, reason, message);
                }
                Cut::Blank { length } => {
                    self.text.take(length);
                    self.passed.blank_lines += 1;
                }
                // A line of blanks, or the end-of-file sign of DOS.
                Cut::Bad { length, content, .. }
                    if rest[..content].bytes().all(|byte| matches!(byte, b' ' | b'\t' | 0x1a))
                        && self.text.flaw_within(content).is_none() =>
                {
                    self.text.take(length);
                    self.passed.blank_lines += 1;
                }
                Cut::Bad { length, content, reason, message } => {
                    self.is_open = length == content;
                    let (reason, message) = match self.text.flaw_within(length) {
                        Some(flaw @ Flaw::NotText(_)) => ("bad-encoding", self.shown(flaw)),
                        Some(flaw @ Flaw::Nul) => ("nul-byte", self.shown(flaw)),
                        None => (reason, message),
                    };
                    self.bad(rows, length, content, reason, message);
                }
                Cut::More { cell, quoted } => {
                    if rest.len() - cell > CELL_BYTES || rest.len() > ROW_BYTES {
                        self.too_large(cell, quoted, rows)?;
                    } else {
                        self.text.fill()?;
                    }
                }
            }
        }
        Ok(!rows.is_empty() || !rows.bad.is_empty())
    }

    fn content(&self) -> Option<Content> {
        self.text.content().filter(|_| self.text.ended() && self.text.rest().is_empty())
    }

    fn is_open(&self) -> bool {
        self.is_open
    }

    fn passed(&self) -> Passed {
        self.passed
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// The first line that has something in it.
fn first_line(text: &mut Text) -> Result<&str, ReadError> {
    loop {
        let rest = text.rest().trim_start_matches(['\n', '\r']);
        let is_whole = rest.contains(['\n', '\r']) || rest.len() > FIRST_LINE_BYTES;
        if is_whole || !text.fill()? {
            break;
        }
    }
    let rest = text.rest().trim_start_matches(['\n', '\r']);
    Ok(&rest[..line(rest).1.min(rest.floor_char_boundary(FIRST_LINE_BYTES))])
}
