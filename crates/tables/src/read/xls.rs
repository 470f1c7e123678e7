//! `.xls` workbooks of Excel 5 to 2003 (BIFF5 and BIFF8): records in a stream, read in their order.

use super::canonical::push_bool;
use super::charset::Charset;
use super::moment::{Epoch, Layout, write_moment};
use super::ole::{Compound, u16_at, u32_at};
use super::origin::Section;
use super::sheet::Sheet;
use super::worker::{Ended, Worker};
use super::{Content, ReadError};
use std::collections::HashMap;

/// Size of a file: all of it is in memory while it is read.
const FILE_BYTES: u64 = 64 << 20;

/// Records that are looked at.
mod record {
    pub const FORMULA: u16 = 0x0006;
    pub const END: u16 = 0x000a;
    pub const DATE_MODE: u16 = 0x0022;
    pub const FILE_PASSWORD: u16 = 0x002f;
    pub const CONTINUE: u16 = 0x003c;
    pub const CODE_PAGE: u16 = 0x0042;
    pub const SHEET: u16 = 0x0085;
    pub const MANY_RK: u16 = 0x00bd;
    pub const RICH_TEXT: u16 = 0x00d6;
    pub const CELL_FORMAT: u16 = 0x00e0;
    pub const SHARED_TEXTS: u16 = 0x00fc;
    pub const SHARED_TEXT: u16 = 0x00fd;
    pub const NUMBER: u16 = 0x0203;
    pub const TEXT: u16 = 0x0204;
    pub const BOOLEAN_OR_ERROR: u16 = 0x0205;
    pub const FORMULA_TEXT: u16 = 0x0207;
    pub const RK: u16 = 0x027e;
    pub const FORMAT: u16 = 0x041e;
    pub const BEGIN: u16 = 0x0809;
}

/// What the workbook says of all its sheets.
struct Globals {
    stream: Vec<u8>,
    is_biff8: bool,
    charset: Charset,
    epoch: Epoch,
    /// By the number that cells have.
    layouts: Vec<Layout>,
    texts: Vec<String>,
    /// Name, and where in the stream it begins.
    sheets: Vec<(String, usize)>,
}

/// A record: its kind, its data, and where the next begins.
fn record_at(stream: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let (kind, length) = (u16_at(stream, at)?, usize::from(u16_at(stream, at + 2)?));
    Some((kind, stream.get(at + 4..at + 4 + length)?, at + 4 + length))
}

const CUT_OFF: &str = "its stream of records is cut off";

fn globals(section: &Section, declared: Option<Charset>) -> Result<Globals, String> {
    let file = Compound::open(section, FILE_BYTES)?;
    if file.has("EncryptedPackage") {
        return Err("it has a password: save it without one".to_owned());
    }
    let stream = file.stream("Workbook").or_else(|| file.stream("Book"));
    let stream = stream.ok_or("there is no workbook in it: is it a document of another program?")?;
    drop(file);
    let (kind, data, mut at) = record_at(&stream, 0).ok_or(CUT_OFF)?;
    let version = u16_at(data, 0);
    if kind != record::BEGIN || !matches!(version, Some(0x0500 | 0x0600)) {
        return Err("of a version of Excel before 5: save it as xlsx or CSV".to_owned());
    }
    let mut globals = Globals {
        is_biff8: version == Some(0x0600),
        charset: declared.unwrap_or(Charset::web(encoding_rs::WINDOWS_1252)),
        epoch: Epoch::Of1900,
        layouts: Vec::new(),
        texts: Vec::new(),
        sheets: Vec::new(),
        stream: Vec::new(),
    };
    let (mut formats, mut numbers) = (HashMap::new(), Vec::new());
    loop {
        let (kind, data, next) = record_at(&stream, at).ok_or(CUT_OFF)?;
        at = next;
        match kind {
            record::END => break,
            record::FILE_PASSWORD => return Err("it has a password: save it without one".to_owned()),
            record::DATE_MODE if u16_at(data, 0) == Some(1) => globals.epoch = Epoch::Of1904,
            record::CODE_PAGE if declared.is_none() => {
                if let Some(charset) = u16_at(data, 0).and_then(of_code_page) {
                    globals.charset = charset;
                }
            }
            record::FORMAT => {
                let length = if globals.is_biff8 { 2 } else { 1 };
                if let (Some(number), Some(code)) =
                    (u16_at(data, 0), globals.text(data.get(2..).unwrap_or_default(), length))
                {
                    formats.insert(number, Layout::of(&code));
                }
            }
            record::CELL_FORMAT => numbers.push(u16_at(data, 2).unwrap_or(0)),
            record::SHEET => {
                // Charts and macros are no tables.
                if let (Some(begin), Some(0), Some(name)) =
                    (u32_at(data, 0), data.get(5), globals.text(data.get(6..).unwrap_or_default(), 1))
                {
                    globals.sheets.push((name, begin as usize));
                }
            }
            record::SHARED_TEXTS => {
                let count = u32_at(data, 4).ok_or(CUT_OFF)?;
                let mut pieces = vec![data.get(8..).unwrap_or_default()];
                while let Some((record::CONTINUE, data, next)) = record_at(&stream, at) {
                    pieces.push(data);
                    at = next;
                }
                let mut reader = Continued { pieces, piece: 0, at: 0 };
                for _ in 0..count {
                    let text = reader.shared_text().ok_or("its table of texts is damaged")?;
                    globals.texts.push(text);
                }
            }
            _ => {}
        }
    }
    let layout = |number: &u16| formats.get(number).copied().unwrap_or_else(|| Layout::of_number(*number));
    globals.layouts = numbers.iter().map(layout).collect();
    globals.stream = stream;
    Ok(globals)
}

/// The encoding of a code page.
fn of_code_page(page: u16) -> Option<Charset> {
    let name = match page {
        1200 => "utf-16le".to_owned(),
        874 => "windows-874".to_owned(),
        1250..=1258 => format!("windows-{page}"),
        10_000 | 32_768 => "macintosh".to_owned(),
        _ => format!("cp{page}"),
    };
    Charset::for_name(&name).ok()
}

impl Globals {
    /// A text with its length before it, in so many bytes.
    fn text(&self, data: &[u8], length_bytes: usize) -> Option<String> {
        let length = if length_bytes == 1 { usize::from(*data.first()?) } else { usize::from(u16_at(data, 0)?) };
        let rest = data.get(length_bytes..)?;
        if !self.is_biff8 {
            let bytes = rest.get(..length.min(rest.len()))?;
            return Some(self.charset.decode_all(bytes).0.into_owned());
        }
        let mut reader = Continued { pieces: vec![rest], piece: 0, at: 0 };
        let flags = reader.byte()?;
        reader.skip(if flags & 8 > 0 { 2 } else { 0 } + if flags & 4 > 0 { 4 } else { 0 })?;
        let mut text = String::new();
        reader.characters(length, flags & 1 > 0, &mut text)?;
        Some(text)
    }
}

/// Bytes of a record and of those that continue it.
struct Continued<'s> {
    pieces: Vec<&'s [u8]>,
    piece: usize,
    at: usize,
}

impl Continued<'_> {
    fn byte(&mut self) -> Option<u8> {
        loop {
            if let Some(byte) = self.pieces.get(self.piece)?.get(self.at) {
                self.at += 1;
                return Some(*byte);
            }
            self.piece += 1;
            self.at = 0;
        }
    }

    fn number(&mut self, bytes: u32) -> Option<usize> {
        (0..bytes).try_fold(0, |number, no| Some(number | usize::from(self.byte()?) << (8 * no)))
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let there = self.pieces.get(self.piece)?.len() - self.at;
            let skipped = there.min(bytes);
            bytes -= skipped;
            self.at += skipped;
            if bytes > 0 {
                self.piece += 1;
                self.at = 0;
            }
        }
        Some(())
    }

    /// Characters of one or two bytes. Where they go on in another record, that says anew how many bytes they have.
    fn characters(&mut self, mut count: usize, mut is_wide: bool, out: &mut String) -> Option<()> {
        let mut units = Vec::new();
        while count > 0 {
            let piece = self.pieces.get(self.piece)?;
            let rest = &piece[self.at..];
            let width = if is_wide { 2 } else { 1 };
            let there = (rest.len() / width).min(count);
            let bytes = &rest[..there * width];
            if is_wide {
                units.extend(bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
            } else {
                units.extend(bytes.iter().map(|byte| u16::from(*byte)));
            }
            self.at += bytes.len();
            count -= there;
            if count > 0 {
                self.piece += 1;
                self.at = 0;
                is_wide = self.byte()? & 1 > 0;
            }
        }
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Some(())
    }

    /// A text of the table of texts, with what is formatted in it.
    fn shared_text(&mut self) -> Option<String> {
        let length = self.number(2)?;
        let flags = self.byte()?;
        let runs = if flags & 8 > 0 { self.number(2)? } else { 0 };
        let extension = if flags & 4 > 0 { self.number(4)? } else { 0 };
        let mut text = String::new();
        self.characters(length, flags & 1 > 0, &mut text)?;
        self.skip(runs * 4 + extension)?;
        Some(text)
    }
}

/// The sheets of a workbook.
pub(super) fn sheets(section: &Section) -> Result<Vec<String>, String> {
    Ok(globals(section, None)?.sheets.into_iter().map(|(name, _)| name).collect())
}

/// Opens a sheet.
pub(super) fn sheet(
    section: Section,
    name: &str,
    place: &str,
    content: Content,
    columns: Option<Vec<String>>,
    encoding: Option<Charset>,
    keep: impl Send + 'static,
) -> Result<Worker, ReadError> {
    let (wanted, at) = (name.to_owned(), place.to_owned());
    Worker::start(name, place, Some(content), None, move |outlet| {
        let _keep = keep;
        let failed = |what: &str| ReadError::at(&at, format!("cannot be read: {what}"));
        let globals = globals(&section, encoding).map_err(|what| failed(&what))?;
        let begin = globals.sheets.iter().find(|(name, _)| *name == wanted).map(|(_, begin)| *begin);
        let begin = begin.ok_or_else(|| failed("the sheet is not there any more"))?;
        let mut rows = Sheet::new(outlet, &at, columns)?;
        globals.cells(begin, &mut rows, &failed)?;
        rows.end()
    })
}

impl Globals {
    /// Reads the cells of a sheet.
    fn cells(&self, begin: usize, rows: &mut Sheet<'_>, failed: &dyn Fn(&str) -> ReadError) -> Result<(), Ended> {
        let mut at = begin;
        let mut depth = 0_u32;
        // Where the text goes that follows a formula.
        let mut formula = None;
        loop {
            let (kind, data, next) = record_at(&self.stream, at).ok_or_else(|| failed(CUT_OFF))?;
            at = next;
            match kind {
                record::BEGIN => depth += 1,
                record::END if depth <= 1 => return Ok(()),
                record::END => depth -= 1,
                // A chart within the sheet.
                _ if depth > 1 => {}
                record::FORMULA_TEXT => {
                    if let Some((row, column)) = formula.take() {
                        let text = self.long_text(data, &mut at);
                        rows.cell(row, column, |out| {
                            out.push_str(&text);
                            false
                        })?;
                    }
                }
                record::MANY_RK => {
                    let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                    let cells = data.get(4..data.len().saturating_sub(2)).unwrap_or_default();
                    for (column, cell) in (u32::from(first)..).zip(cells.chunks_exact(6)) {
                        let (Some(format), Some(number)) = (u16_at(cell, 0), u32_at(cell, 2)) else { continue };
                        rows.cell(u32::from(row), column, |out| self.number(out, rk(number), format))?;
                    }
                }
                record::FORMULA
                | record::SHARED_TEXT
                | record::TEXT
                | record::RICH_TEXT
                | record::NUMBER
                | record::RK
                | record::BOOLEAN_OR_ERROR => {
                    let place = (u16_at(data, 0), u16_at(data, 2), u16_at(data, 4), data.get(6..));
                    let (Some(row), Some(column), Some(format), Some(value)) = place else { continue };
                    let (row, column) = (u32::from(row), u32::from(column));
                    if kind == record::FORMULA && is_text(value) {
                        formula = Some((row, column));
                        continue;
                    }
                    let text = matches!(kind, record::TEXT | record::RICH_TEXT).then(|| self.long_text(value, &mut at));
                    rows.cell(row, column, |out| self.value(out, kind, value, format, text.as_deref()))?;
                }
                _ => {}
            }
        }
    }

    /// A text with its length in two bytes, which records may continue.
    fn long_text(&self, data: &[u8], at: &mut usize) -> String {
        if !self.is_biff8 {
            return self.text(data, 2).unwrap_or_default();
        }
        let mut pieces = vec![data];
        while let Some((record::CONTINUE, data, next)) = record_at(&self.stream, *at) {
            pieces.push(data);
            *at = next;
        }
        Continued { pieces, piece: 0, at: 0 }.shared_text().unwrap_or_default()
    }

    /// Writes a number, or the moment that it is by its format. Whether it is a number.
    fn number(&self, out: &mut String, value: f64, format: u16) -> bool {
        let layout = self.layouts.get(usize::from(format)).copied().unwrap_or(Layout::Number);
        write_moment(out, value, self.epoch, layout);
        layout == Layout::Number
    }

    /// Writes a cell. Whether it is a number.
    fn value(&self, out: &mut String, kind: u16, value: &[u8], format: u16, text: Option<&str>) -> bool {
        match kind {
            record::TEXT | record::RICH_TEXT => out.push_str(text.unwrap_or_default()),
            record::SHARED_TEXT => {
                let text = u32_at(value, 0).and_then(|no| self.texts.get(no as usize));
                out.push_str(text.map_or("", String::as_str));
            }
            record::RK => return self.number(out, u32_at(value, 0).map_or(0.0, rk), format),
            record::BOOLEAN_OR_ERROR => match value {
                [code, 0, ..] => push_bool(out, *code != 0),
                [code, ..] => out.push_str(error(*code)),
                [] => {}
            },
            record::FORMULA if value.get(6..8) == Some(&[0xff, 0xff]) => match value {
                [1, _, truth, ..] => push_bool(out, *truth != 0),
                [2, _, code, ..] => out.push_str(error(*code)),
                // The empty text.
                _ => {}
            },
            _ => {
                let bytes = value.get(..8).and_then(|bytes| bytes.try_into().ok());
                return bytes.is_some_and(|bytes| self.number(out, f64::from_le_bytes(bytes), format));
            }
        }
        false
    }
}

/// True if a formula's value is a text, which comes in a record of its own.
fn is_text(value: &[u8]) -> bool {
    value.first() == Some(&0) && value.get(6..8) == Some(&[0xff, 0xff])
}

/// A number in 30 bits: a whole number or the upper half of a floating-point one, of hundredths if so marked.
fn rk(number: u32) -> f64 {
    let value =
        if number & 2 > 0 { f64::from(number as i32 >> 2) } else { f64::from_bits(u64::from(number & !3) << 32) };
    if number & 1 > 0 { value / 100.0 } else { value }
}

fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}
