//! One file: unpacked, recognised, cut into pieces.

use super::recognise::{Kind, PEEK_BYTES, Wrapper, is_lines, recognise, resource_type};
use super::report::Issue;
use super::session::{Piece, Session, What};
use super::unpack::{Bounded, Exceeded, Used, stream};
use crate::error::Error;
use records::Arrived;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;

/// Lines and messages are stored in parts of this size, each an arrival: what is held in memory at once.
pub(crate) const PART_BYTES: usize = 8 << 20;
/// An archive within an archive is held in memory up to this size, then in a temporary file.
const SPOOL_BYTES: usize = 16 << 20;

/// A file's content.
pub enum Input {
    /// An open file, at its beginning.
    File(File),
    /// Bytes in memory.
    Bytes(Arc<Vec<u8>>),
}

/// Where a content is: its name and what is around it.
#[derive(Clone)]
struct Place {
    name: String,
    wrapper: String,
    nesting: u32,
}

impl Place {
    fn inside(&self, wrapper: &str) -> Place {
        let wrapper = if self.wrapper.is_empty() { wrapper.to_owned() } else { format!("{}, {wrapper}", self.wrapper) };
        Place { name: self.name.clone(), wrapper, nesting: self.nesting + 1 }
    }
}

/// Takes one file; its report is the newest of the session.
pub(crate) fn take(session: &mut Session<'_>, file: usize, name: &str, input: Input) -> Result<(), Error> {
    let place = Place { name: name.to_owned(), wrapper: String::new(), nesting: 0 };
    let mut taking = Taking { session, file, used: Used::default() };
    match input {
        Input::Bytes(bytes) => taking.seekable(&place, Cursor::new(Shared(bytes))),
        Input::File(opened) => taking.seekable(&place, opened),
    }
}

/// Shared bytes as a slice, for a cursor.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

struct Taking<'s, 'a> {
    session: &'s mut Session<'a>,
    file: usize,
    used: Used,
}

/// Reads until `buffer` holds `length` bytes or nothing comes any more.
fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let missing = length.saturating_sub(buffer.len()) as u64;
    reader.take(missing).read_to_end(buffer).map(drop)
}

impl Taking<'_, '_> {
    fn issue(&mut self, place: &Place, offset: Option<u64>, message: impl Into<String>) {
        let issue = Issue {
            file: place.name.clone(),
            place: String::new(),
            offset,
            message: message.into(),
            dead_letter: None,
        };
        self.session.reports[self.file].issue(issue);
    }

    /// What can be read again from its beginning: a file, an archive held aside.
    fn seekable(&mut self, place: &Place, mut input: impl Read + Seek) -> Result<(), Error> {
        let mut start = Vec::new();
        let read = fill(&mut input, &mut start, PEEK_BYTES);
        if let Err(error) = read.and_then(|()| input.seek(SeekFrom::Start(0)).map(drop)) {
            self.issue(place, None, format!("cannot be read: {error}"));
            return Ok(());
        }
        match recognise(&start) {
            Kind::Wrapped(wrapper) => {
                let described = match describe(wrapper, &mut input) {
                    Ok(described) => described,
                    Err(error) => {
                        self.issue(place, None, format!("cannot be read: {error}"));
                        return Ok(());
                    }
                };
                let inside = if place.nesting == 0 { place.inside(&described) } else { place.inside(wrapper.name()) };
                if wrapper == Wrapper::Zip {
                    self.archive(&inside, input)
                } else {
                    self.wrapped(&inside, wrapper, input)
                }
            }
            kind => self.content(place, kind, &mut input),
        }
    }

    /// What comes as a stream.
    fn stream(&mut self, place: &Place, mut input: impl Read) -> Result<(), Error> {
        let mut start = Vec::new();
        if let Err(error) = fill(&mut input, &mut start, PEEK_BYTES) {
            self.unpack_failed(place, start.len() as u64, &error);
            return Ok(());
        }
        let kind = recognise(&start);
        let mut input = Cursor::new(start).chain(input);
        match kind {
            Kind::Wrapped(Wrapper::Zip) => {
                let mut aside = tempfile::SpooledTempFile::new(SPOOL_BYTES);
                if let Err(error) =
                    io::copy(&mut input, &mut aside).and_then(|_| aside.flush()).and_then(|()| aside.rewind())
                {
                    self.unpack_failed(place, 0, &error);
                    return Ok(());
                }
                self.archive(&place.inside(Wrapper::Zip.name()), aside)
            }
            Kind::Wrapped(wrapper) => self.wrapped(&place.inside(wrapper.name()), wrapper, input),
            kind => self.content(place, kind, &mut input),
        }
    }

    fn wrapped(&mut self, inside: &Place, wrapper: Wrapper, input: impl Read) -> Result<(), Error> {
        if self.too_deep(inside) {
            return Ok(());
        }
        let bounds = *self.session.bounds();
        // The levels below have another type of reader each; a box ends the recursion of types.
        let input: Box<dyn Read + '_> = Box::new(input);
        match stream(wrapper, input, &self.used.clone(), &bounds) {
            Ok(unpacked) => self.stream(inside, unpacked),
            Err(error) => {
                self.unpack_failed(inside, 0, &error);
                Ok(())
            }
        }
    }

    fn too_deep(&mut self, inside: &Place) -> bool {
        let most = self.session.bounds().nesting;
        if inside.nesting > most {
            self.issue(inside, None, format!("{}: unpack it first", Exceeded::Nesting(most)));
        }
        inside.nesting > most
    }

    fn unpack_failed(&mut self, place: &Place, at: u64, error: &io::Error) {
        let around = if place.wrapper.is_empty() { String::new() } else { format!(" ({})", place.wrapper) };
        self.issue(place, Some(at), format!("cannot be unpacked{around}: {error}; what came before it was taken"));
    }

    fn archive(&mut self, inside: &Place, input: impl Read + Seek) -> Result<(), Error> {
        if self.too_deep(inside) {
            return Ok(());
        }
        let bounds = *self.session.bounds();
        let mut archive = match zip::ZipArchive::new(input) {
            Ok(archive) => archive,
            Err(error) => {
                self.issue(inside, None, format!("not a whole zip archive: {error}"));
                return Ok(());
            }
        };
        if archive.is_empty() {
            self.issue(inside, None, "an archive without files");
        }
        for no in 0..archive.len() {
            if let Err(exceeded) = self.used.member(&bounds) {
                self.issue(inside, None, format!("{exceeded}: the rest was not read"));
                return Ok(());
            }
            let member = match archive.by_index(no) {
                Ok(member) => member,
                Err(error) => {
                    self.issue(inside, None, format!("file {no} of the archive cannot be read: {error}"));
                    continue;
                }
            };
            if member.is_dir() {
                continue;
            }
            let Some(path) = member.enclosed_name().and_then(|path| path.to_str().map(str::to_owned)) else {
                let shown = member.name().map_or_else(|_| format!("no {no}"), |name| name.escape_debug().to_string());
                drop(member);
                self.issue(
                    inside,
                    None,
                    format!("the file {shown} was not read: its path leads out of the archive, or is no text"),
                );
                continue;
            };
            let packed = member.compressed_size();
            let place = Place { name: format!("{}/{path}", inside.name), ..inside.clone() };
            let unpacked = Bounded::known(member, packed, &self.used, &bounds);
            let unpacked: Box<dyn Read + '_> = Box::new(unpacked);
            self.stream(&place, unpacked)?;
        }
        Ok(())
    }

    fn content(&mut self, place: &Place, kind: Kind, input: &mut dyn Read) -> Result<(), Error> {
        match kind {
            Kind::Unknown(what) => {
                self.issue(place, Some(0), what);
                Ok(())
            }
            Kind::Hl7 => self.parts(place, input, Vec::new(), Parts::Messages),
            Kind::Json | Kind::Wrapped(_) => self.json(place, input),
        }
    }

    fn json(&mut self, place: &Place, input: &mut dyn Read) -> Result<(), Error> {
        let most = self.session.bounds().document_bytes;
        let mut start = Vec::new();
        let mut length = PART_BYTES.min(most);
        loop {
            if let Err(error) = fill(input, &mut start, length) {
                self.unpack_failed(place, start.len() as u64, &error);
                return Ok(());
            }
            let is_all = start.len() < length;
            if is_lines(&start, is_all) {
                return self.parts(place, input, start, Parts::Lines);
            }
            if is_all {
                break;
            }
            if length > most {
                self.issue(
                    place,
                    Some(0),
                    format!("a JSON document of more than {most} bytes: it is not read; as NDJSON, one resource a line, any length is"),
                );
                return Ok(());
            }
            length = if length == most { most + 1 } else { (length * 2).min(most) };
        }
        let what = match resource_type(&start) {
            None => {
                self.issue(place, Some(0), "not recognised: JSON without a resourceType is not FHIR");
                return Ok(());
            }
            Some("Bundle") => What::Bundle { line: None },
            Some(_) => What::Resources(vec![(0..start.len(), None)]),
        };
        let piece = self.piece(place, "application/fhir+json", 0, start, what);
        self.session.piece(self.file, piece)
    }

    fn piece(&self, place: &Place, media: &str, base: u64, content: Vec<u8>, what: What) -> Piece {
        let about = Arrived {
            door: self.session.options.door.clone(),
            source: self.session.source().to_owned(),
            name: place.name.clone(),
            media: media.into(),
            wrapper: place.wrapper.clone(),
            base,
        };
        Piece { about, content: Arc::new(content), what }
    }

    /// Cuts a content of any length into parts. `start` was read already.
    fn parts(&mut self, place: &Place, input: &mut dyn Read, start: Vec<u8>, parts: Parts) -> Result<(), Error> {
        let most = self.session.bounds().document_bytes;
        let (mut buffer, mut base, mut line) = (start, 0u64, 1u64);
        let mut wanted = PART_BYTES;
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
                    wanted = PART_BYTES;
                }
                None if failed.is_some() => {}
                None if wanted > most => {
                    let message = format!("{} of more than {most} bytes: it was not read", parts.one());
                    self.issue(place, Some(base), message);
                    // Its end is looked for without keeping what comes before.
                    let skipped = skip(input, &mut buffer, parts);
                    base += skipped;
                    line += u64::from(parts == Parts::Lines);
                    wanted = PART_BYTES;
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

/// Reads on until something new begins; how many bytes were passed over.
fn skip(input: &mut dyn Read, buffer: &mut Vec<u8>, parts: Parts) -> u64 {
    let mut skipped = 0;
    loop {
        // A mark that lies across two reads is found because the last bytes are kept.
        let kept = buffer.split_off(buffer.len() - buffer.len().min(8));
        skipped += buffer.len() as u64;
        *buffer = kept;
        let before = buffer.len();
        if fill(input, buffer, PART_BYTES).is_err() || buffer.len() == before {
            skipped += buffer.len() as u64;
            buffer.clear();
            return skipped;
        }
        if let Some(at) = parts.first_cut(buffer) {
            let rest = buffer.split_off(at);
            skipped += buffer.len() as u64;
            *buffer = rest;
            return skipped;
        }
    }
}

/// What a content is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    Lines,
    Messages,
}

impl Parts {
    fn one(self) -> &'static str {
        match self {
            Parts::Lines => "a line",
            Parts::Messages => "a message",
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

/// A wrapper as an arrival tells of it: its kind, length and hash.
fn describe(wrapper: Wrapper, input: &mut (impl Read + Seek)) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let length = io::copy(input, &mut hasher)?;
    input.seek(SeekFrom::Start(0))?;
    Ok(format!("{} of {length} bytes blake3 {}", wrapper.name(), hasher.finalize().to_hex()))
}
