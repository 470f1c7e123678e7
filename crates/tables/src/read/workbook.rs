//! `.xlsx` workbooks, cell by cell.

use super::bounds::{Bounded, Bounds, Counting};
use super::canonical::{push_bool, push_f64, push_timestamp_text};
use super::moment::{Epoch, Layout, write_moment};
use super::origin::Section;
use super::pattern::split_extension;
use super::sheet::Sheet;
use super::worker::Worker;
use super::{CELL_BYTES, Content, ReadError};
use calamine::{DataRef, Reader, SheetType, Xlsx};
use std::fmt::Write;
use std::io::{self, BufReader, Read};
use std::panic::AssertUnwindSafe;

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
    // Its reader is not ours, and what it does with a damaged file must stay here.
    let names = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let workbook = Xlsx::new(BufReader::new(section.clone())).map_err(|error| error.to_string())?;
        Ok(named(workbook.sheets_metadata()))
    }));
    names.unwrap_or_else(|_| Err("it is damaged".to_owned()))
}

fn named(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
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
    Worker::start(name, place, Some(content), None, move |outlet| {
        let _keep = keep;
        let failed = |error: calamine::XlsxError| ReadError::at(&at, format!("cannot be read on: {error}"));
        let mut workbook = Xlsx::new(BufReader::new(section)).map_err(failed)?;
        let epoch = if workbook.has_1904_epoch() { Epoch::Of1904 } else { Epoch::Of1900 };
        let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(failed)?;
        let layouts: Vec<Layout> = cells
            .styles()
            .iter()
            .map(|style| style.number_format.as_ref().map_or(Layout::Number, |format| Layout::of(&format.format_code)))
            .collect();
        let mut rows = Sheet::new(outlet, &at, columns)?;
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(failed)? {
            let (row, column) = cell.get_position();
            let layout = layouts.get(style).copied().unwrap_or(Layout::Number);
            rows.cell(row, column, |out| {
                match cell.get_value() {
                    DataRef::Empty => {}
                    DataRef::String(text) => out.push_str(text),
                    DataRef::SharedString(text) => out.push_str(text),
                    DataRef::DateTime(at) => {
                        // A moment by a format that depends on the language, which has no code.
                        let layout = if layout == Layout::Number { Layout::ByValue } else { layout };
                        write_moment(out, at.as_f64(), epoch, layout);
                    }
                    DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => push_timestamp_text(out, text),
                    DataRef::Float(value) => push_f64(out, *value),
                    DataRef::Int(value) => write_all(out, value),
                    DataRef::Bool(value) => push_bool(out, *value),
                    DataRef::Error(error) => write_all(out, error),
                }
                matches!(cell.get_value(), DataRef::Float(_))
            })?;
        }
        rows.end()
    })
}

fn write_all(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}
