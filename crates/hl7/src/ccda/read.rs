//! Bytes to text to a tree of elements, within bounds.
//!
//! The text is what the parser sees; [`Source::span`] leads from a place in it back to the bytes that came, whatever encoding they
//! are in. Declarations and depth are looked at before the parser is: it would take memory and stack for both.

use super::error::CdaError;
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use roxmltree::{Document, ParsingOptions};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes that a document may have.
pub const SIZE_MAX: usize = 64 << 20;
/// Elements in one another.
pub const DEPTH_MAX: usize = 256;
/// Elements, texts, comments and instructions of a document.
pub const NODES_MAX: u32 = 3_000_000;
/// Text between two places whose bytes are remembered.
const STEP: usize = 4 << 10;
/// Bytes looked at to tell what a content is.
const PEEK_BYTES: usize = 64 << 10;

/// The namespace of CDA.
pub(super) const V3: &str = "urn:hl7-org:v3";
/// The namespace of its extensions.
pub(super) const SDTC: &str = "urn:hl7-org:sdtc";

/// How places in the text lead to bytes.
enum Offsets {
    /// Bytes before the text.
    Shift(usize),
    /// The byte at each step of the text, and the encoding between them.
    Steps { bytes: Vec<usize>, encoding: &'static Encoding },
}

/// A document as text.
pub(super) struct Source<'b> {
    pub(super) text: Cow<'b, str>,
    offsets: Offsets,
}

impl<'b> Source<'b> {
    /// The text of `bytes`: by byte order mark, else as declared, else UTF-8.
    pub(super) fn new(bytes: &'b [u8]) -> Result<Self, CdaError> {
        if bytes.len() > SIZE_MAX {
            return Err(CdaError::TooLarge { length: bytes.len(), most: SIZE_MAX });
        }
        let (encoding, mark) = encoding_of(bytes)?;
        let body = &bytes[mark..];
        if encoding == UTF_8 {
            let text = std::str::from_utf8(body)
                .map_err(|error| CdaError::NotText { encoding: "UTF-8", at: mark + error.valid_up_to() })?;
            return Ok(Source { text: Cow::Borrowed(text), offsets: Offsets::Shift(mark) });
        }
        let text =
            decoded(encoding, body).map_err(|at| CdaError::NotText { encoding: encoding.name(), at: mark + at })?;
        let bytes = steps(&text, encoding, mark);
        Ok(Source { text: Cow::Owned(text), offsets: Offsets::Steps { bytes, encoding } })
    }

    /// The bytes of a range of the text.
    pub(super) fn span(&self, range: Range<usize>) -> Range<usize> {
        self.byte(range.start)..self.byte(range.end)
    }

    fn byte(&self, at: usize) -> usize {
        match &self.offsets {
            Offsets::Shift(by) => at + by,
            Offsets::Steps { bytes, encoding } => {
                let step = (at / STEP).min(bytes.len() - 1);
                let from = step_start(&self.text, step);
                bytes[step] + length(&self.text[from..at.max(from)], encoding)
            }
        }
    }

    /// The tree of the text.
    pub(super) fn parse(&self) -> Result<Document<'_>, CdaError> {
        scan(&self.text).map_err(|error| self.placed(error))?;
        let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
        let document = Document::parse_with_options(&self.text, options).map_err(|error| match error {
            roxmltree::Error::NodesLimitReached => CdaError::TooManyNodes { most: NODES_MAX },
            roxmltree::Error::DtdDetected => CdaError::Dtd { at: self.byte(0) },
            error => {
                let place = error.pos();
                let at = self.byte(offset(&self.text, place.row, place.col));
                CdaError::NotXml { line: place.row, column: place.col, at, what: what(&error) }
            }
        })?;
        let root = document.root_element().tag_name();
        if root.namespace() != Some(V3) || root.name() != "ClinicalDocument" {
            let namespace = root.namespace().map(|name| format!("{{{name}}}")).unwrap_or_default();
            return Err(CdaError::NotCda { root: format!("{namespace}{}", root.name()) });
        }
        Ok(document)
    }

    fn placed(&self, error: CdaError) -> CdaError {
        match error {
            CdaError::Dtd { at } => CdaError::Dtd { at: self.byte(at) },
            CdaError::TooDeep { at, most } => CdaError::TooDeep { at: self.byte(at), most },
            other => other,
        }
    }
}

/// The parser's words without the place, which stands before them.
fn what(error: &roxmltree::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at ") {
        Some(at) if text[at + 4..].bytes().all(|b| b.is_ascii_digit() || b == b':') => text[..at].to_owned(),
        _ => text,
    }
}

/// Where a line and column are.
fn offset(text: &str, line: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match memchr::memchr(b'\n', &text.as_bytes()[start..]) {
            Some(found) => start += found + 1,
            None => break,
        }
    }
    let rest = &text[start..];
    start + rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at)
}

/// The encoding, and the length of the byte order mark.
fn encoding_of(bytes: &[u8]) -> Result<(&'static Encoding, usize), CdaError> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return Ok((encoding, length));
    }
    match bytes {
        [b'<', 0, ..] => return Ok((UTF_16LE, 0)),
        [0, b'<', ..] => return Ok((UTF_16BE, 0)),
        _ => {}
    }
    let Some(name) = declared_encoding(bytes) else { return Ok((UTF_8, 0)) };
    match Encoding::for_label(name.as_bytes()) {
        // One that says so without a mark and is read up to here is not.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok((UTF_8, 0)),
        Some(encoding) => Ok((encoding, 0)),
        None => Err(CdaError::UnknownEncoding { name: name.chars().take(40).collect() }),
    }
}

/// The encoding named by the XML declaration.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(1024)];
    let head = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let head = &head[..memchr::memmem::find(head, b"?>")?];
    let rest = head[memchr::memmem::find(head, b"encoding")? + 8..].trim_ascii_start().strip_prefix(b"=")?;
    let rest = rest.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let name = &rest[..memchr::memchr(*quote, rest)?];
    Some(String::from_utf8_lossy(name.trim_ascii()).into_owned())
}

/// The text of `bytes`, or the offset of what is none.
fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 2 + 16);
    let mut at = 0;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(&bytes[at..], &mut out, true);
        at += read;
        match result {
            DecoderResult::InputEmpty => return Ok(out),
            DecoderResult::OutputFull => out.reserve(bytes.len() - at + 16),
            DecoderResult::Malformed(length, after) => {
                return Err(at.saturating_sub(usize::from(length) + usize::from(after)));
            }
        }
    }
}

/// The byte at each step of the text.
fn steps(text: &str, encoding: &'static Encoding, mark: usize) -> Vec<usize> {
    let mut bytes = vec![mark];
    let mut from = 0;
    for step in 1..=text.len() / STEP {
        let to = step_start(text, step);
        bytes.push(bytes[step - 1] + length(&text[from..to], encoding));
        from = to;
    }
    bytes
}

/// Where a step begins: at a character.
fn step_start(text: &str, step: usize) -> usize {
    let mut at = (step * STEP).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The bytes that `text` has in an encoding.
fn length(text: &str, encoding: &'static Encoding) -> usize {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return text.chars().map(|c| 2 * c.len_utf16()).sum();
    }
    if encoding.is_single_byte() {
        return text.chars().count();
    }
    encoding.encode(text).0.len()
}

/// Refuses declarations of a document type, and depth, before memory and stack are spent on them.
fn scan(text: &str) -> Result<(), CdaError> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found;
        let rest = &bytes[at..];
        let ends = |with: &[u8]| memchr::memmem::find(rest, with).map(|end| end + with.len());
        let length = if rest.starts_with(b"<!--") {
            ends(b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            ends(b"]]>")
        } else if rest.starts_with(b"<?") {
            ends(b"?>")
        } else if rest.starts_with(b"<!") {
            return Err(CdaError::Dtd { at });
        } else if rest.starts_with(b"</") {
            depth = depth.saturating_sub(1);
            Some(2)
        } else {
            let length = tag(rest);
            if length.is_some_and(|length| rest[length - 2] != b'/') {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(CdaError::TooDeep { at, most: DEPTH_MAX });
                }
            }
            length
        };
        match length {
            Some(length) => at += length,
            // It never ends: the parser says so.
            None => break,
        }
    }
    Ok(())
}

/// The length of a start tag; its attributes may hold `>`.
fn tag(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', text.get(at..)?)?;
        if text[at] == b'>' {
            return Some(at + 1);
        }
        at += 2 + memchr::memchr(text[at], text.get(at + 1..)?)?;
    }
}

/// True if `start`, the beginning of a content, is that of a clinical document: its root is `ClinicalDocument` of `urn:hl7-org:v3`,
/// in any encoding that is read.
pub fn is_clinical_document(start: &[u8]) -> bool {
    let start = &start[..start.len().min(PEEK_BYTES)];
    let Ok((encoding, mark)) = encoding_of(start) else { return false };
    let (text, _) = encoding.decode_without_bom_handling(&start[mark..]);
    let mut rest = text.trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!") {
            // With a declaration it is refused, but known: it may hold others within brackets.
            rest.find("<ClinicalDocument")
                .or_else(|| rest.find(":ClinicalDocument").and_then(|at| rest[..at].rfind('<')))
        } else {
            let Some(root) = rest.strip_prefix('<') else { return false };
            let name = root.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
            let local = name.rsplit(':').next().unwrap_or_default();
            let end = tag(rest.as_bytes()).unwrap_or(rest.len());
            return local == "ClinicalDocument" && rest[..end].contains(V3);
        };
        match end {
            Some(end) if end > 0 => rest = rest[end..].trim_start(),
            _ => return false,
        }
    }
}
