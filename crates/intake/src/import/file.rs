//! One file: unpacked and recognised; what is in it goes on in pieces.

use super::kept::Failed;
use super::parts::Parts;
use super::piece::{Piece, What};
use super::recognise::{Kind, PEEK_BYTES, Wrapper, is_lines, recognise, resource_type};
use super::report::Issue;
use super::session::Session;
use super::unpack::{Exceeded, Used, stream};
use crate::error::Error;
use records::Arrived;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
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
pub(super) struct Place {
    pub(super) name: String,
    pub(super) wrapper: String,
    nesting: u32,
}

impl Place {
    fn inside(&self, wrapper: &str) -> Place {
        let wrapper = if self.wrapper.is_empty() { wrapper.to_owned() } else { format!("{}, {wrapper}", self.wrapper) };
        Place { name: self.name.clone(), wrapper, nesting: self.nesting + 1 }
    }

    /// A file of the archive that is here.
    pub(super) fn member(&self, path: &str) -> Place {
        Place { name: format!("{}/{path}", self.name), ..self.clone() }
    }
}

/// Takes one file; its report is the newest of the session. `path` is where whoever reads a report finds it.
pub(crate) fn take(
    session: &mut Session<'_>,
    file: usize,
    name: &str,
    path: Option<&Path>,
    input: Input,
) -> Result<(), Error> {
    let place = Place { name: name.to_owned(), wrapper: String::new(), nesting: 0 };
    let path = path.map(Path::to_owned);
    let mut taking = Taking { session, file, path, used: Used::default(), failed: Vec::new() };
    match input {
        Input::Bytes(bytes) => {
            taking.seekable(&place, Cursor::new(Shared(Arc::clone(&bytes))))?;
            taking.keep_file(&place, Cursor::new(Shared(bytes)))
        }
        Input::File(opened) => {
            // The same open file: a second name for it would be another if it was replaced meanwhile.
            let again = opened.try_clone();
            taking.session.follow(file, opened.try_clone().ok());
            taking.seekable(&place, opened)?;
            match again {
                Ok(again) => taking.keep_file(&place, again),
                Err(error) => {
                    taking.issue(&place, None, format!("cannot be read again: {error}"), "import it again");
                    Ok(())
                }
            }
        }
    }
}

/// Shared bytes as a slice, for a cursor.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

pub(super) struct Taking<'s, 'a> {
    pub(super) session: &'s mut Session<'a>,
    pub(super) file: usize,
    pub(super) path: Option<PathBuf>,
    pub(super) used: Used,
    /// Why the file as a whole could not be read to its end.
    pub(super) failed: Vec<Failed>,
}

/// Reads until `buffer` holds `length` bytes or nothing comes any more.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let missing = length.saturating_sub(buffer.len()) as u64;
    reader.take(missing).read_to_end(buffer).map(drop)
}

impl Taking<'_, '_> {
    /// Reports what is not kept.
    pub(super) fn issue(&mut self, place: &Place, offset: Option<u64>, message: impl Into<String>, hint: &str) {
        let issue = Issue {
            file: place.name.clone(),
            place: String::new(),
            offset,
            message: message.into(),
            hint: hint.to_owned(),
            dead_letter: None,
        };
        self.session.issue(self.file, issue);
    }

    /// Notes that the file cannot be read to its end, or not all that is in it: it will be kept as it is.
    pub(super) fn fails(&mut self, place: &Place, offset: Option<u64>, message: impl Into<String>) {
        self.failed.push(Failed { name: place.name.clone(), offset, message: message.into() });
    }

    /// What can be read again from its beginning: a file, an archive held aside.
    fn seekable(&mut self, place: &Place, mut input: impl Read + Seek) -> Result<(), Error> {
        let mut start = Vec::new();
        let read = fill(&mut input, &mut start, PEEK_BYTES);
        if let Err(error) = read.and_then(|()| input.seek(SeekFrom::Start(0)).map(drop)) {
            self.issue(place, None, format!("cannot be read: {error}"), "see that it can be read, and import it again");
            return Ok(());
        }
        match recognise(&start) {
            Kind::Wrapped(wrapper) => {
                let described = match describe(wrapper, &mut input) {
                    Ok(described) => described,
                    Err(error) => {
                        let hint = "see that it can be read, and import it again";
                        self.issue(place, None, format!("cannot be read: {error}"), hint);
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
    pub(super) fn stream(&mut self, place: &Place, mut input: impl Read) -> Result<(), Error> {
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

    pub(super) fn too_deep(&mut self, inside: &Place) -> bool {
        let most = self.session.bounds().nesting;
        if inside.nesting > most {
            self.fails(inside, None, Exceeded::Nesting(most).to_string());
        }
        inside.nesting > most
    }

    pub(super) fn unpack_failed(&mut self, place: &Place, at: u64, error: &io::Error) {
        if place.wrapper.is_empty() {
            self.fails(place, Some(at), format!("cannot be read: {error}"));
        } else {
            self.fails(place, Some(at), format!("cannot be unpacked: {error}"));
        }
    }

    fn content(&mut self, place: &Place, kind: Kind, input: &mut dyn Read) -> Result<(), Error> {
        match kind {
            Kind::Foreign(what) => {
                self.issue(
                    place,
                    Some(0),
                    what,
                    "it was not kept; nothing is to be done if it belongs to nobody's record",
                );
                Ok(())
            }
            Kind::Unknown { what, hint } => self.keep_content(place, what, hint, input),
            Kind::Hl7 => self.parts(place, input, Vec::new(), Parts::Messages),
            Kind::Document => self.document(place, input),
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
                // One line so far: whether it is all, or others follow, shows where it ends.
                if memchr::memchr(b'\n', &start).is_none() {
                    return self.parts(place, input, start, Parts::Lines);
                }
                let what = format!("a JSON document of more than {most} bytes: it was not read");
                let hint =
                    "write its resources as NDJSON, one a line: a file of any length is taken so; then replay that";
                return self.keep_content(place, what, hint, &mut Cursor::new(start).chain(input));
            }
            length = if length == most { most + 1 } else { (length * 2).min(most) };
        }
        let what = match resource_type(&start) {
            None => {
                let hint = "correct it to a resource or a Bundle and replay it, or discard it";
                let what = "not recognised: JSON without a resourceType is not FHIR";
                return self.keep_content(place, what.to_owned(), hint, &mut start.as_slice());
            }
            Some("Bundle") => What::Bundle { line: None },
            Some(_) => What::Resources(vec![(0..start.len(), None)]),
        };
        let piece = self.piece(place, "application/fhir+json", 0, start, what);
        self.session.piece(self.file, piece)
    }

    /// A clinical document, which is one arrival.
    fn document(&mut self, place: &Place, input: &mut dyn Read) -> Result<(), Error> {
        let most = self.session.bounds().document_bytes.min(hl7::ccda::SIZE_MAX);
        let mut content = Vec::new();
        if let Err(error) = fill(input, &mut content, most + 1) {
            self.unpack_failed(place, content.len() as u64, &error);
            return Ok(());
        }
        if content.len() > most {
            let what = format!("a clinical document of more than {most} bytes: it was not read");
            let hint = "have its attachments sent apart, and replay it without them";
            return self.keep_content(place, what, hint, &mut Cursor::new(content).chain(input));
        }
        let piece = self.piece(place, crate::document_door::DOCUMENT_MEDIA, 0, content, What::Document);
        self.session.piece(self.file, piece)
    }

    pub(super) fn piece(&self, place: &Place, media: &str, base: u64, content: Vec<u8>, what: What) -> Piece {
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
}

/// A wrapper as an arrival tells of it: its kind, length and hash.
fn describe(wrapper: Wrapper, input: &mut (impl Read + Seek)) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let length = io::copy(input, &mut hasher)?;
    input.seek(SeekFrom::Start(0))?;
    Ok(format!("{} of {length} bytes blake3 {}", wrapper.name(), hasher.finalize().to_hex()))
}
