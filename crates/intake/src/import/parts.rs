//! Contents of any length, cut into parts: lines of NDJSON, messages of HL7 v2.

use super::file::{PART_BYTES, Place, Taking, fill};
use super::piece::What;
use super::recognise::resource_type;
use crate::error::Error;
use std::io::{self, Read};
use std::ops::Range;

impl Taking<'_, '_> {
    /// Cuts a content of any length into parts. `start` was read already.
    pub(super) fn parts(
        &mut self,
        place: &Place,
        input: &mut dyn Read,
        start: Vec<u8>,
        parts: Parts,
    ) -> Result<(), Error> {
        let most = self.session.bounds().document_bytes;
        let (mut buffer, mut base, mut line) = (start, 0u64, 1u64);
        let part = PART_BYTES.min(most);
        let mut wanted = part;
        loop {
            let failed = fill(input, &mut buffer, wanted).err();
            let is_end = failed.is_some() || buffer.len() < wanted;
            let cut = if is_end && failed.is_none() { Some(buffer.len()) } else { parts.cut(&buffer) };
            match cut {
                Some(cut) => {
                    let rest = buffer.split_off(cut);
                    let lines = memchr::memchr_iter(b'\n', &buffer).count() as u64;
                    let length = buffer.len() as u64;
                    self.part(place, parts, base, line, std::mem::replace(&mut buffer, rest))?;
                    base += length;
                    line += lines;
                    wanted = part;
                }
                None if failed.is_some() => {}
                None if wanted > most => {
                    // Too long to be parsed: it is kept as it streams by, up to where the next one begins.
                    let mut section = Section::new(parts, std::mem::take(&mut buffer), input);
                    let at = if parts == Parts::Lines { format!("line {line}") } else { String::new() };
                    let what = format!("{} of more than {most} bytes", parts.one());
                    let failed = self.keep(place, base, &at, what, parts.too_long(), &mut section)?.err();
                    base += section.length;
                    buffer = section.rest;
                    line += u64::from(parts == Parts::Lines);
                    wanted = part;
                    if let Some(error) = failed {
                        self.unpack_failed(place, base, &error);
                        return Ok(());
                    }
                }
                None => wanted = (wanted * 2).min(most + 1),
            }
            if let Some(error) = failed {
                self.unpack_failed(place, base, &error);
                return Ok(());
            }
            if is_end && buffer.is_empty() {
                return Ok(());
            }
        }
    }

    fn part(&mut self, place: &Place, parts: Parts, base: u64, line: u64, content: Vec<u8>) -> Result<(), Error> {
        if content.trim_ascii().is_empty() {
            return Ok(());
        }
        match parts {
            Parts::Messages => self.messages(place, base, &content),
            Parts::Lines => self.lines(place, base, line, content),
        }
    }

    /// A part of HL7 v2: each message is an arrival, so that it comes back byte for byte.
    fn messages(&mut self, place: &Place, base: u64, content: &[u8]) -> Result<(), Error> {
        let batch = hl7::Batch::split(content);
        let messages = batch.messages.into_iter().map(|range| (range, What::Message));
        let stray = batch.stray.into_iter().map(|range| (range, What::Stray));
        let mut pieces: Vec<(Range<usize>, What)> = messages.chain(stray).collect();
        pieces.sort_by_key(|(range, _)| range.start);
        for (range, what) in pieces {
            let range = without_frame(content, range);
            let at = base + range.start as u64;
            let piece = self.piece(place, "application/hl7-v2", at, content[range].to_vec(), what);
            self.session.piece(self.file, piece)?;
        }
        Ok(())
    }

    /// A part of NDJSON: a run of resources is one arrival, a bundle one of its own.
    fn lines(&mut self, place: &Place, base: u64, first_line: u64, content: Vec<u8>) -> Result<(), Error> {
        let mut run: Vec<(Range<usize>, Option<u64>)> = Vec::new();
        let mut run_start = 0;
        let mut at = 0;
        let mut line = first_line;
        while at < content.len() {
            let end = memchr::memchr(b'\n', &content[at..]).map_or(content.len(), |found| at + found + 1);
            let range = trimmed(&content, at..end);
            let text = &content[range.clone()];
            if resource_type(text) == Some("Bundle") {
                self.run(place, base, &content, run_start..at, std::mem::take(&mut run))?;
                let what = What::Bundle { line: Some(line) };
                let piece = self.piece(place, "application/fhir+json", base + range.start as u64, text.to_vec(), what);
                self.session.piece(self.file, piece)?;
                run_start = end;
            } else if !text.is_empty() {
                run.push((range.start - run_start..range.end - run_start, Some(line)));
            }
            at = end;
            line += 1;
        }
        if run_start == 0 {
            let piece = self.piece(place, "application/fhir+ndjson", base, content, What::Resources(run));
            return self.session.piece(self.file, piece);
        }
        let whole = run_start..content.len();
        self.run(place, base, &content, whole, run)
    }

    fn run(
        &mut self,
        place: &Place,
        base: u64,
        content: &[u8],
        range: Range<usize>,
        run: Vec<(Range<usize>, Option<u64>)>,
    ) -> Result<(), Error> {
        if run.is_empty() {
            return Ok(());
        }
        let start = base + range.start as u64;
        let piece = self.piece(place, "application/fhir+ndjson", start, content[range].to_vec(), What::Resources(run));
        self.session.piece(self.file, piece)
    }
}

/// What a content is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    Lines,
    Messages,
}

impl Parts {
    fn one(self) -> &'static str {
        match self {
            Parts::Lines => "a document or line",
            Parts::Messages => "a message",
        }
    }

    /// What to do about one that is too long.
    fn too_long(self) -> &'static str {
        match self {
            Parts::Lines => {
                "a bundle: write its resources one a line; one resource: move what it embeds to others; then replay what became of it"
            }
            Parts::Messages => "split it into messages, and replay them",
        }
    }

    /// The last place at which `buffer` can be cut, leaving something on both sides' own.
    fn cut(self, buffer: &[u8]) -> Option<usize> {
        match self {
            Parts::Lines => memchr::memrchr(b'\n', buffer).map(|at| at + 1),
            Parts::Messages => message_starts(buffer).last(),
        }
    }

    fn first_cut(self, buffer: &[u8]) -> Option<usize> {
        match self {
            Parts::Lines => memchr::memchr(b'\n', buffer).map(|at| at + 1),
            Parts::Messages => message_starts(buffer).next(),
        }
    }
}

/// Where a message begins that is not the first thing in `buffer`: `MSH` after a segment's end, or the mark of a frame.
fn message_starts(buffer: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memchr::memmem::find_iter(buffer, b"MSH").filter_map(|at| match at.checked_sub(1).map(|before| buffer[before]) {
        Some(b'\r' | b'\n') => Some(at),
        Some(0x0b) if at > 1 => Some(at - 1),
        _ => None,
    })
}

/// `range` without the bytes that end an MLLP frame and begin the next.
fn without_frame(content: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &content[range.clone()];
    match memchr::memrchr(0x1c, text) {
        Some(end) if text[end + 1..].iter().all(|b| matches!(b, b'\r' | b'\n' | 0x0b)) => {
            range.start..range.start + end
        }
        _ => range,
    }
}

/// `range` without white space and byte order mark at its ends.
fn trimmed(content: &[u8], range: Range<usize>) -> Range<usize> {
    let mut start = range.start;
    if content[start..range.end].starts_with(b"\xef\xbb\xbf") {
        start += 3;
    }
    let text = content[start..range.end].trim_ascii_start();
    let start = range.end - text.len();
    start..start + text.trim_ascii_end().len()
}

/// Bytes that are looked at again with what follows them, so that a mark that lies across two reads is found.
const ACROSS_BYTES: usize = 8;
/// Bytes read at a time while something too long streams by.
const CHUNK_BYTES: usize = 256 << 10;

/// The rest of a line or message that is too long to be held, up to where the next one begins.
struct Section<'r> {
    parts: Parts,
    input: &'r mut dyn Read,
    ready: io::Cursor<Vec<u8>>,
    /// Read, and not yet known to be a part of it.
    across: Vec<u8>,
    ended: bool,
    /// How long it was, as far as it was read.
    length: u64,
    /// What was read of the next.
    rest: Vec<u8>,
}

impl<'r> Section<'r> {
    /// `start` was read already and has no end in it.
    fn new(parts: Parts, mut start: Vec<u8>, input: &'r mut dyn Read) -> Self {
        let across = start.split_off(start.len() - start.len().min(ACROSS_BYTES));
        Section { parts, input, ready: io::Cursor::new(start), across, ended: false, length: 0, rest: Vec::new() }
    }

    fn load(&mut self) -> io::Result<()> {
        let mut next = std::mem::take(&mut self.across);
        let before = next.len();
        fill(self.input, &mut next, before + CHUNK_BYTES)?;
        if let Some(at) = self.parts.first_cut(&next) {
            self.rest = next.split_off(at);
            self.ended = true;
        } else if next.len() == before {
            self.ended = true;
        } else {
            self.across = next.split_off(next.len() - next.len().min(ACROSS_BYTES));
        }
        self.ready = io::Cursor::new(next);
        Ok(())
    }
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.ready.read(buffer)?;
            self.length += read as u64;
            if read > 0 || self.ended || buffer.is_empty() {
                return Ok(read);
            }
            self.load()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_line_or_message_begins() {
        let long = "x".repeat(CHUNK_BYTES - 10);
        for pad in 0..24 {
            let one = format!("{long}{}", "y".repeat(pad));
            for (parts, end, next) in [(Parts::Lines, "\n", "{}\n{}"), (Parts::Messages, "\r", "MSH|x")] {
                let whole = format!("{one}{end}{next}");
                let mut input = &whole.as_bytes()[4..];
                let mut section = Section::new(parts, whole.as_bytes()[..4].to_vec(), &mut input);
                let mut out = Vec::new();
                section.read_to_end(&mut out).unwrap();
                assert_eq!(out, format!("{one}{end}").as_bytes(), "{parts:?} {pad}");
                assert_eq!(section.length, out.len() as u64);
                let rest = std::mem::take(&mut section.rest);
                assert_eq!([rest.as_slice(), input].concat(), next.as_bytes());
            }
        }
    }
}
