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

/// The sheets of a workbook, and how many formulas without a stored value are in it. Its parts are unpacked once to see that they keep to the bounds.
pub(super) fn sheets(section: &Section, bounds: &Bounds) -> Result<(Vec<String>, u64), String> {
    let uncomputed = check(section, bounds)?;
    // Its reader is not ours, and what it does with a damaged file must stay here.
    let names = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let workbook = Xlsx::new(BufReader::new(section.clone())).map_err(|error| error.to_string())?;
        Ok(named(workbook.sheets_metadata()))
    }));
    names.unwrap_or_else(|_| Err("it is damaged".to_owned())).map(|names| (names, uncomputed))
}

fn named(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
}

/// Bytes of a tag that are looked at: names and attributes of cells are shorter.
const TAG_BYTES: usize = 256;

/// Counts formulas without a stored value in a sheet that comes chunk by chunk.
#[derive(Default)]
struct Uncomputed {
    /// The tag that is open, without its `<`.
    tag: Vec<u8>,
    in_tag: bool,
    in_value: bool,
    /// Of the cell that is open.
    has_formula: bool,
    has_value: bool,
    /// A computed text may be empty.
    is_text: bool,
    count: u64,
}

impl Uncomputed {
    fn read(&mut self, mut chunk: &[u8]) {
        while !chunk.is_empty() {
            let (sign, in_tag) = (if self.in_tag { b'>' } else { b'<' }, self.in_tag);
            let end = memchr::memchr(sign, chunk);
            let piece = &chunk[..end.unwrap_or(chunk.len())];
            if in_tag {
                let room = TAG_BYTES - self.tag.len();
                self.tag.extend_from_slice(&piece[..piece.len().min(room)]);
            } else {
                self.has_value |= self.in_value && !piece.is_empty();
            }
            let Some(end) = end else { return };
            if in_tag {
                self.end_tag();
            }
            self.in_tag = !in_tag;
            chunk = &chunk[end + 1..];
        }
    }

    fn end_tag(&mut self) {
        let tag = std::mem::take(&mut self.tag);
        let (is_end, body) = tag.strip_prefix(b"/").map_or((false, tag.as_slice()), |body| (true, body));
        let name = body.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default();
        let name = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        match (name, is_end) {
            (b"c", false) => {
                (self.has_formula, self.has_value) = (false, false);
                let has = |attribute: &[u8]| memchr::memmem::find(body, attribute).is_some();
                self.is_text = has(b" t=\"str\"") || has(b" t='str'");
            }
            (b"f", false) => self.has_formula = true,
            (b"v", is_end) => self.in_value = !is_end && !body.ends_with(b"/"),
            (b"c", true) => self.count += u64::from(self.has_formula && !self.has_value && !self.is_text),
            _ => {}
        }
        self.tag = tag;
        self.tag.clear();
    }
}

/// Unpacks all parts within bounds, and sees that no piece of text in them is too large to be held. How many formulas have no stored value.
fn check(section: &Section, bounds: &Bounds) -> Result<u64, String> {
    let mut archive = zip::ZipArchive::new(BufReader::new(section.clone())).map_err(|error| error.to_string())?;
    let (mut whole_bytes, mut uncomputed) = (0, 0);
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
        let mut formulas = name.contains("worksheets/").then(Uncomputed::default);
        loop {
            let read = reader.read(&mut buffer).map_err(|error| format!("{name}: {error}"))?;
            if read == 0 {
                break;
            }
            let chunk = &buffer[..read];
            if let Some(formulas) = &mut formulas {
                formulas.read(chunk);
            }
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
        uncomputed += formulas.map_or(0, |formulas| formulas.count);
    }
    Ok(uncomputed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_without_a_value_are_counted_however_the_part_is_cut() {
        let cells = [
            ("<c r='A1' s='1'><f>A1</f></c>", true),
            ("<c><f>A2</f><v>5</v></c>", false),
            ("<x:c><x:f>A3</x:f><x:v/></x:c>", true),
            ("<c><f t=\"shared\" si=\"0\"/><v></v></c>", true),
            ("<c r=\"A5\" t=\"str\"><f>IF(A1=\"\",\"\",A1)</f><v></v></c>", false),
            ("<c><v>5</v></c><c/><c t=\"inlineStr\"><is><t>f</t></is></c>", false),
        ];
        let part = cells.map(|(cell, _)| cell).concat().into_bytes();
        let expected = cells.iter().filter(|(_, is_uncomputed)| *is_uncomputed).count() as u64;
        for size in 1..=part.len() {
            let mut formulas = Uncomputed::default();
            part.chunks(size).for_each(|chunk| formulas.read(chunk));
            assert_eq!(formulas.count, expected, "in pieces of {size}");
        }
    }
}
