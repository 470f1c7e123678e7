//! Cutting text into rows and cells: RFC 4180, and what files do beside it.
//!
//! A cell that begins with a quote ends at the next quote that is not doubled, and then only a separator or a line end may come
//! (blanks between them are passed over). A quote anywhere else is a character like any other. A line ends with LF, CRLF or CR.

use super::{CELL_BYTES, COLUMNS, ROW_BYTES, RowBatch};
use memchr::{memchr, memchr3};

/// How rows are cut.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    separator: String,
    quote: Option<u8>,
    /// Cells of a row; none while the header is read.
    columns: Option<usize>,
    /// How many of them must be there: those after the last one with a name may be missing.
    required: usize,
}

/// What the beginning of a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A row: its cells are in the batch. Length with and without its line end.
    Row { length: usize, content: usize },
    /// A line without anything, with its line end.
    Blank { length: usize },
    /// No row. Its cells are not in the batch.
    Bad { length: usize, content: usize, reason: &'static str, message: String },
    /// The text ends before the row does: where its last cell began, and whether that is quoted.
    More { cell: usize, quoted: bool },
}

/// Where the end of a row that is too large to be read is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// Within a cell that has no quotes.
    Plain,
    /// Between the quotes of a cell.
    Quoted,
}

impl Cutter {
    pub(super) fn new(separator: &str, quote: Option<u8>) -> Self {
        debug_assert!(!separator.is_empty(), "checked where it is declared");
        Cutter { separator: separator.to_owned(), quote, columns: None, required: 0 }
    }

    /// From here on, rows have so many cells, of which the last may be missing.
    pub(super) fn expect(&mut self, columns: usize, required: usize) {
        self.columns = Some(columns);
        self.required = required;
    }

    /// Cuts the first row off a text that is not empty; `last` says that nothing comes after it.
    pub(super) fn cut(&self, text: &str, last: bool, rows: &mut RowBatch) -> Cut {
        let bytes = text.as_bytes();
        match line_end(bytes, 0, last) {
            LineEnd::Here(length) => return Cut::Blank { length },
            LineEnd::Unknown => return Cut::More { cell: 0, quoted: false },
            LineEnd::No => {}
        }
        let separator = self.separator.as_bytes();
        let (mut at, mut cells, mut surplus, mut is_large) = (0, 0_usize, false, false);
        let columns = self.columns.unwrap_or(COLUMNS);
        loop {
            let start = at;
            let is_kept = cells < columns;
            let end;
            if self.quote.is_some() && self.quote == bytes.get(at).copied() {
                match self.quoted(text, start, last, is_kept.then_some(&mut *rows)) {
                    Quoted::Ends { after, is_empty } => {
                        end = after;
                        surplus |= !is_kept && !is_empty;
                    }
                    Quoted::More => {
                        rows.drop_row();
                        return Cut::More { cell: start, quoted: true };
                    }
                    Quoted::Stray { at } => {
                        rows.drop_row();
                        return stray(text, start, at, last);
                    }
                    Quoted::Unclosed => {
                        rows.drop_row();
                        return unclosed(text, start);
                    }
                }
            } else {
                let mut from = at;
                end = loop {
                    match memchr3(separator[0], b'\n', b'\r', &bytes[from..]) {
                        None if last => break bytes.len(),
                        None => {
                            rows.drop_row();
                            return Cut::More { cell: start, quoted: false };
                        }
                        Some(found) => {
                            let found = from + found;
                            let is_separator = separator.len() == 1 || bytes[found] != separator[0];
                            if is_separator || bytes[found..].starts_with(separator) {
                                break found;
                            }
                            if !last && separator.starts_with(&bytes[found..]) {
                                rows.drop_row();
                                return Cut::More { cell: start, quoted: false };
                            }
                            from = found + 1;
                        }
                    }
                };
                if is_kept {
                    rows.push_cell(Some(&text[start..end]));
                } else {
                    surplus |= end > start;
                }
            }
            cells += 1;
            is_large |= end - start > CELL_BYTES;
            if bytes[end..].starts_with(separator) {
                at = end + separator.len();
                continue;
            }
            let length = match line_end(bytes, end, last) {
                LineEnd::Here(length) => end + length,
                LineEnd::No => end,
                LineEnd::Unknown => {
                    rows.drop_row();
                    return Cut::More { cell: start, quoted: false };
                }
            };
            if is_large || end > ROW_BYTES {
                rows.drop_row();
                let (reason, message) = too_large(is_large);
                return Cut::Bad { length, content: end, reason, message };
            }
            if surplus || cells < self.required {
                rows.drop_row();
                let message = format!("{cells} cells where the header has {columns}");
                return Cut::Bad { length, content: end, reason: "ragged-row", message };
            }
            if let Some(columns) = self.columns {
                (cells..columns).for_each(|_| rows.push_cell(Some("")));
            }
            return Cut::Row { length, content: end };
        }
    }

    /// Reads a quoted cell into the row that is made.
    fn quoted(&self, text: &str, start: usize, last: bool, mut rows: Option<&mut RowBatch>) -> Quoted {
        let bytes = text.as_bytes();
        let quote = self.quote.unwrap_or(b'"');
        let mut from = start + 1;
        let close = loop {
            let Some(found) = memchr(quote, &bytes[from..]) else {
                return if last { Quoted::Unclosed } else { Quoted::More };
            };
            let found = from + found;
            match bytes.get(found + 1) {
                None if !last => return Quoted::More,
                Some(next) if *next == quote => {
                    if let Some(rows) = &mut rows {
                        rows.push_text(&text[from..=found]);
                    }
                    from = found + 2;
                }
                _ => break found,
            }
        };
        if let Some(rows) = &mut rows {
            rows.push_text(&text[from..close]);
            rows.end_cell();
        }
        let separator = self.separator.as_bytes();
        let mut after = close + 1;
        while matches!(bytes.get(after), Some(b' ' | b'\t')) && !bytes[after..].starts_with(separator) {
            after += 1;
        }
        let rest = &bytes[after..];
        if !last && (rest.is_empty() || rest.len() < separator.len() && separator.starts_with(rest)) {
            return Quoted::More;
        }
        if rest.is_empty() || rest.starts_with(separator) || matches!(rest[0], b'\n' | b'\r') {
            return Quoted::Ends { after, is_empty: close == start + 1 };
        }
        Quoted::Stray { at: after }
    }

    /// Looks for the end of a row that is not read: how much of the text is passed, and whether the row ended there.
    pub(super) fn skip(&self, text: &str, last: bool, state: &mut Skip) -> (usize, bool) {
        let bytes = text.as_bytes();
        let separator = self.separator.as_bytes();
        let mut at = 0;
        loop {
            match *state {
                Skip::Quoted => {
                    let Some(found) = memchr(self.quote.unwrap_or(b'"'), &bytes[at..]) else {
                        return (bytes.len(), last);
                    };
                    let found = at + found;
                    match bytes.get(found + 1) {
                        None if !last => return (found, false),
                        Some(next) if Some(*next) == self.quote => at = found + 2,
                        _ => {
                            *state = Skip::Plain;
                            at = found + 1;
                        }
                    }
                }
                Skip::Plain => {
                    let Some(found) = memchr3(separator[0], b'\n', b'\r', &bytes[at..]) else {
                        return (bytes.len(), last);
                    };
                    let found = at + found;
                    match line_end(bytes, found, last) {
                        LineEnd::Here(length) => return (found + length, true),
                        LineEnd::Unknown => return (found, false),
                        LineEnd::No => {}
                    }
                    let after = found + separator.len();
                    if after >= bytes.len() {
                        return if last { (bytes.len(), true) } else { (found, false) };
                    }
                    at = found + 1;
                    if bytes[found..].starts_with(separator) {
                        at = after;
                        if self.quote == Some(bytes[after]) {
                            *state = Skip::Quoted;
                            at += 1;
                        }
                    }
                }
            }
        }
    }
}

enum Quoted {
    /// Where what comes after the cell begins, and whether the cell is empty.
    Ends { after: usize, is_empty: bool },
    /// The text ends before it does.
    More,
    /// The file ends before it does.
    Unclosed,
    /// After its last quote comes something else than a separator or a line end.
    Stray { at: usize },
}

enum LineEnd {
    Here(usize),
    No,
    /// A CR at the end of the text: an LF may come.
    Unknown,
}

/// The line end at a place.
fn line_end(bytes: &[u8], at: usize, last: bool) -> LineEnd {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\n'), _) => LineEnd::Here(1),
        (Some(b'\r'), Some(b'\n')) => LineEnd::Here(2),
        (Some(b'\r'), None) if !last => LineEnd::Unknown,
        (Some(b'\r'), _) => LineEnd::Here(1),
        _ => LineEnd::No,
    }
}

/// Why a row is not read: one of its cells is too large, or the whole of it.
pub(super) fn too_large(is_cell: bool) -> (&'static str, String) {
    if is_cell {
        ("cell-too-large", format!("a cell of more than {} MiB", CELL_BYTES >> 20))
    } else {
        ("row-too-large", format!("a row of more than {} MiB", ROW_BYTES >> 20))
    }
}

/// The first line of a text: its length with and without its line end.
pub(super) fn line(text: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    match memchr::memchr2(b'\n', b'\r', bytes) {
        None => (bytes.len(), bytes.len()),
        Some(end) => match line_end(bytes, end, true) {
            LineEnd::Here(length) => (end + length, end),
            LineEnd::No | LineEnd::Unknown => (end, end),
        },
    }
}

/// A cell whose closing quote never comes: only the line in which it begins is bad.
pub(super) fn unclosed(text: &str, start: usize) -> Cut {
    let (length, content) = line_of(text, start);
    let message = "a quote that is not closed: the next line is read as a row of its own".to_owned();
    Cut::Bad { length, content, reason: "unclosed-quote", message }
}

/// A closing quote with something after it. If line ends are between the quotes, the second is likely the first of another row.
fn stray(text: &str, start: usize, at: usize, last: bool) -> Cut {
    let (length, content) = line_of(text, start);
    if length < at {
        return unclosed(text, start);
    }
    if length == text.len() && content == length && !last {
        return Cut::More { cell: start, quoted: false };
    }
    if content + 1 == length && text.as_bytes()[content] == b'\r' && length == text.len() && !last {
        return Cut::More { cell: start, quoted: false };
    }
    let message = "text after a closing quote: a quote within quotes is written twice".to_owned();
    Cut::Bad { length, content, reason: "stray-quote", message }
}

/// The rest of a row up to the end of the line in which one of its cells begins: from the row's beginning.
fn line_of(text: &str, start: usize) -> (usize, usize) {
    let (length, content) = line(&text[start..]);
    (start + length, start + content)
}
