//! Workbooks: `.xlsx` sheet by sheet and cell by cell, `.xls` from memory.

use super::bounds::{Bounded, Bounds, Counting};
use super::canonical::{push_bool, push_f64, push_timestamp_text};
use super::charset::Charset;
use super::origin::Section;
use super::pattern::split_extension;
use super::sheet::Sheet;
use super::worker::Worker;
use super::{CELL_BYTES, Content, ReadError};
use calamine::{Data, DataRef, DataType, ExcelDateTime, Reader, SheetType, Xls, Xlsx};
use std::fmt::Write;
use std::io::{self, BufReader, Read};

/// Size of an `.xls` file: all of it, and all cells of its sheets, are in memory while one is read.
const XLS_BYTES: u64 = 64 << 20;
/// Parts of a workbook that are in memory as a whole.
const WHOLE_PARTS: &[&str] = &["sharedStrings.xml", "styles.xml", "workbook.xml", ".rels", "[Content_Types].xml"];

/// What a zip archive is that is more than an archive.
pub(super) enum Package {
    Workbook,
    Other(&'static str),
    No,
}

/// Looks whether a zip archive is a workbook.
pub(super) fn package(archive: &zip::ZipArchive<Section>) -> Package {
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("xl/workbook.xml") {
        Package::Workbook
    } else if has("xl/workbook.bin") {
        Package::Other("a binary workbook (xlsb): save it as xlsx or CSV")
    } else if has("word/document.xml") || has("ppt/presentation.xml") {
        Package::Other("a document, not a workbook: copy its tables into one")
    } else if has("content.xml") && has("mimetype") {
        Package::Other("a document of OpenOffice: save it as xlsx or CSV")
    } else {
        Package::No
    }
}

/// The sheets of a workbook. Its parts are unpacked once to see that they keep to the bounds.
pub(super) fn sheets(section: &Section, bounds: &Bounds) -> Result<Vec<String>, String> {
    check(section, bounds)?;
    let workbook = Xlsx::new(BufReader::new(section.clone())).map_err(|error| error.to_string())?;
    Ok(named(workbook.sheets_metadata()))
}

/// The sheets of an `.xls` workbook.
pub(super) fn old_sheets(section: &Section) -> Result<Vec<String>, String> {
    let workbook = old(section, None)?;
    Ok(named(workbook.sheets_metadata()))
}

fn named(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
}

fn old(section: &Section, encoding: Option<Charset>) -> Result<Xls<BufReader<Section>>, String> {
    if section.length() > XLS_BYTES {
        return Err(format!("an .xls file of more than {} MiB: save it as xlsx or CSV", XLS_BYTES >> 20));
    }
    let mut options = calamine::XlsOptions::default();
    options.force_codepage = encoding.and_then(code_page);
    Xls::new_with_options(BufReader::new(section.clone()), options).map_err(|error| error.to_string())
}

/// The code page of an encoding that Excel wrote.
fn code_page(charset: Charset) -> Option<u16> {
    let pages = [("gb18030", 936), ("big5", 950), ("shift_jis", 932), ("euc-kr", 949), ("windows-874", 874)];
    let name = charset.name().to_ascii_lowercase();
    let known = pages.iter().find(|(known, _)| *known == name).map(|(_, page)| *page);
    known.or_else(|| name.strip_prefix("windows-")?.parse().ok())
}

/// Unpacks all parts within bounds, and sees that no piece of text in them is too large to be held.
fn check(section: &Section, bounds: &Bounds) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(BufReader::new(section.clone())).map_err(|error| error.to_string())?;
    let mut whole_bytes = 0;
    for no in 0..archive.len() {
        let part = archive.by_index(no).map_err(|error| error.to_string())?;
        let Ok(name) = part.name().map(std::borrow::Cow::into_owned) else { continue };
        if !matches!(split_extension(&name).1.as_str(), "xml" | "rels") {
            continue;
        }
        let is_whole = WHOLE_PARTS.iter().any(|whole| name.ends_with(whole));
        let packed = part.compressed_size();
        let (_, count) = Counting::new(io::empty());
        count.store(packed, std::sync::atomic::Ordering::Relaxed);
        let mut reader = Bounded::new(part, count, bounds);
        let (mut buffer, mut piece) = (vec![0; 64 << 10], 0);
        loop {
            let read = reader.read(&mut buffer).map_err(|error| format!("{name}: {error}"))?;
            if read == 0 {
                break;
            }
            let chunk = &buffer[..read];
            match (memchr::memchr(b'<', chunk), memchr::memrchr(b'<', chunk)) {
                (Some(first), Some(last)) => {
                    // Pieces within the chunk are short.
                    piece += first;
                    if piece <= CELL_BYTES {
                        piece = read - last;
                    }
                }
                _ => piece += read,
            }
            if is_whole {
                whole_bytes += read as u64;
            }
            if piece > CELL_BYTES {
                return Err(format!("{name}: a text of more than {} MiB", CELL_BYTES >> 20));
            }
            if whole_bytes > bounds.memory_bytes {
                return Err(format!(
                    "its texts are more than {} MiB: save its sheets as CSV",
                    bounds.memory_bytes >> 20
                ));
            }
        }
    }
    Ok(())
}

/// Opens a sheet of an `.xlsx` workbook.
pub(super) fn sheet(
    section: Section,
    name: &str,
    place: &str,
    content: Content,
    columns: Option<Vec<String>>,
    keep: impl Send + 'static,
) -> Result<Worker, ReadError> {
    let (sheet, at) = (name.to_owned(), place.to_owned());
    Worker::start(name, place, content, None, move |outlet| {
        let _keep = keep;
        let failed = |error: calamine::XlsxError| ReadError::at(&at, format!("cannot be read on: {error}"));
        let mut workbook = Xlsx::new(BufReader::new(section)).map_err(failed)?;
        let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(failed)?;
        let layouts: Vec<Layout> = cells
            .styles()
            .iter()
            .map(|style| style.number_format.as_ref().map_or(Layout::ByValue, |format| Layout::of(&format.format_code)))
            .collect();
        let mut rows = Sheet::new(outlet, &at, columns)?;
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(failed)? {
            let (row, column) = cell.get_position();
            let layout = layouts.get(style).copied().unwrap_or_default();
            rows.cell(row, column, |out| match cell.get_value() {
                DataRef::Empty => {}
                DataRef::String(text) => out.push_str(text),
                DataRef::SharedString(text) => out.push_str(text),
                DataRef::DateTime(at) => write_time(out, *at, layout),
                DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => push_timestamp_text(out, text),
                DataRef::Float(value) => push_f64(out, *value),
                DataRef::Int(value) => write_all(out, value),
                DataRef::Bool(value) => push_bool(out, *value),
                DataRef::Error(error) => write_all(out, error),
            })?;
        }
        rows.end()
    })
}

/// Opens a sheet of an `.xls` workbook.
pub(super) fn old_sheet(
    section: Section,
    name: &str,
    place: &str,
    content: Content,
    columns: Option<Vec<String>>,
    encoding: Option<Charset>,
    keep: impl Send + 'static,
) -> Result<Worker, ReadError> {
    let (sheet, at) = (name.to_owned(), place.to_owned());
    Worker::start(name, place, content, None, move |outlet| {
        let _keep = keep;
        let failed = |error: String| ReadError::at(&at, format!("cannot be read: {error}"));
        let mut workbook = old(&section, encoding).map_err(failed)?;
        let range = workbook.worksheet_range(&sheet).map_err(|error| failed(error.to_string()))?;
        drop(workbook);
        let mut rows = Sheet::new(outlet, &at, columns)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, cells) in range.rows().enumerate() {
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                rows.cell(first_row + row as u32, first_column + column as u32, |out| match cell {
                    Data::Empty => {}
                    Data::String(text) => out.push_str(text),
                    Data::DateTime(at) => write_time(out, *at, Layout::ByValue),
                    Data::DateTimeIso(text) | Data::DurationIso(text) => push_timestamp_text(out, text),
                    Data::Float(value) => push_f64(out, *value),
                    Data::Int(value) => write_all(out, value),
                    Data::Bool(value) => push_bool(out, *value),
                    Data::Error(error) => write_all(out, error),
                })?;
            }
        }
        rows.end()
    })
}

fn write_all(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

/// What a number format shows of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Layout {
    Date,
    Time,
    Both,
    /// Nothing says so: a whole number of days is a date, less than a day a time.
    #[default]
    ByValue,
}

impl Layout {
    /// Of the code of a number format.
    fn of(code: &str) -> Layout {
        let (mut day, mut time) = (false, false);
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' | '_' | '*' => drop(chars.next()),
                '"' => drop(chars.by_ref().find(|c| *c == '"')),
                '[' => drop(chars.by_ref().find(|c| *c == ']')),
                // What comes after it is for other values.
                ';' => break,
                'y' | 'Y' | 'd' | 'D' | 'e' => day = true,
                'h' | 'H' | 's' | 'S' => time = true,
                _ => {}
            }
        }
        match (day, time) {
            (true, true) => Layout::Both,
            (true, false) => Layout::Date,
            (false, true) => Layout::Time,
            (false, false) => Layout::ByValue,
        }
    }
}

/// A moment, as its number format shows it; what the format hides but the cell holds is written too.
fn write_time(out: &mut String, at: ExcelDateTime, layout: Layout) {
    let value = at.as_f64();
    if at.is_duration() {
        let millis = (value * 86_400_000.0).round() as i64;
        let (sign, millis) = if millis < 0 { ("-", -millis) } else { ("", millis) };
        let seconds = millis / 1000;
        let _ = write!(out, "{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if millis % 1000 > 0 {
            let _ = write!(out, ".{:03}", millis % 1000);
        }
        return;
    }
    if !(0.0..2_958_466.0).contains(&value) {
        // Excel shows nothing but signs for these.
        push_f64(out, value);
        return;
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let is_midnight = (hour, minute, second, milli) == (0, 0, 0, 0);
    let (date, time) = match layout {
        Layout::Both => (true, true),
        Layout::Time | Layout::ByValue if value < 1.0 => (false, true),
        Layout::Date | Layout::ByValue => (true, !is_midnight),
        Layout::Time => (true, true),
    };
    if date {
        let _ = write!(out, "{year:04}-{month:02}-{day:02}");
    }
    if time {
        let blank = if date { " " } else { "" };
        let _ = write!(out, "{blank}{hour:02}:{minute:02}:{second:02}");
        if milli > 0 {
            let _ = write!(out, ".{milli:03}");
        }
    }
}
