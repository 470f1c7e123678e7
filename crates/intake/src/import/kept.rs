//! What could not be taken is kept: as an arrival of its own with a dead letter, packed as it streams by.
//!
//! A part that cannot be read alone (a line that is too long, a text in an unknown encoding) is kept by itself. Where a file
//! cannot be read to its end (a truncated archive, one made to exhaust the reader), the file is kept as it is, wrapped as it
//! came, with one dead letter for all that is wrong with it. Of what is longer than [`Bounds::kept_bytes`] the beginning is
//! kept, with the length and hash of the whole and where it is.

use super::file::{Place, Taking};
use super::report::Issue;
use super::resources::Letter;
use crate::error::Error;
use records::{Arrived, NewDeadLetter, ReuseArrival};
use std::io::{self, Read, Seek};

#[cfg(doc)]
use super::Bounds;

/// The media type of what was kept without being understood. A replay recognises it anew.
pub(crate) const RAW_MEDIA: &str = "application/octet-stream";
/// How an arrival that holds only the beginning of something says so.
const BEGINNING: &str = "beginning of ";
/// Reasons that a letter about a whole file spells out.
const REASONS: usize = 5;

/// How an arrival tells that it holds only the beginning of so many bytes.
pub(crate) fn beginning(length: u64) -> String {
    format!("{BEGINNING}{length} bytes")
}

/// True if the arrival holds only the beginning of what came.
pub(crate) fn is_beginning(wrapper: &str) -> bool {
    wrapper.rsplit(", ").any(|part| part.starts_with(BEGINNING))
}

/// Why a file could not be read to its end.
pub(super) struct Failed {
    /// The file; within an archive, its path there too.
    pub(super) name: String,
    pub(super) offset: Option<u64>,
    pub(super) message: String,
}

impl Taking<'_, '_> {
    /// Keeps a content that cannot be understood.
    pub(super) fn keep_content(
        &mut self,
        place: &Place,
        what: String,
        hint: &str,
        input: &mut dyn Read,
    ) -> Result<(), Error> {
        if let Err(error) = self.keep(place, 0, "", what, hint, input)? {
            self.unpack_failed(place, 0, &error);
        }
        Ok(())
    }

    /// Keeps what `input` gives as a dead letter; the inner error is the reader's, and nothing is kept then.
    pub(super) fn keep(
        &mut self,
        place: &Place,
        base: u64,
        within: &str,
        what: String,
        hint: &str,
        input: &mut dyn Read,
    ) -> Result<io::Result<()>, Error> {
        let issue = Issue {
            file: place.name.clone(),
            place: within.to_owned(),
            offset: Some(base),
            message: what,
            hint: hint.to_owned(),
            dead_letter: None,
        };
        if !self.session.keeps() {
            let is_dealt_with = match self.rehearse(input)? {
                Ok(is_dealt_with) => is_dealt_with,
                Err(error) => return Ok(Err(error)),
            };
            if !is_dealt_with {
                self.session.issue(self.file, issue);
            }
            return Ok(Ok(()));
        }
        Ok(self.store(&place.wrapper, &place.name, base, vec![issue], input)?.map(drop))
    }

    /// Keeps the file as it came, if something was wrong with it as a whole.
    pub(super) fn keep_file(&mut self, place: &Place, mut file: impl Read + Seek) -> Result<(), Error> {
        let failed = std::mem::take(&mut self.failed);
        if failed.is_empty() {
            return Ok(());
        }
        let hint = "have it made or sent again and replay it, or unpack what can be saved; what came before was taken";
        let issue = |Failed { name, offset, message }: Failed| Issue {
            file: name,
            place: String::new(),
            offset,
            message,
            hint: hint.to_owned(),
            dead_letter: None,
        };
        let issues: Vec<Issue> = failed.into_iter().map(issue).collect();
        if !self.session.keeps() {
            let read = match self.session.options.dry_run.then(|| file.rewind()) {
                Some(Ok(())) => self.rehearse(&mut file)?,
                Some(Err(error)) => Err(error),
                None => Ok(false),
            };
            // What cannot be read a second time is told as it was.
            if !matches!(read, Ok(true)) {
                for issue in issues {
                    self.session.issue(self.file, issue);
                }
            }
            return Ok(());
        }
        let kept = match file.rewind() {
            Ok(()) => self.store("", &place.name, 0, issues.clone(), &mut file)?,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            for mut issue in issues {
                issue.message = format!("{}; it could not be kept: {error}", issue.message);
                self.session.issue(self.file, issue);
            }
        }
        Ok(())
    }

    /// Reads `input` to its end without keeping it; in a dry run, whether it was kept and dealt with before, which is counted. The
    /// inner error is the reader's.
    fn rehearse(&mut self, input: &mut dyn Read) -> Result<io::Result<bool>, Error> {
        let most = self.session.bounds().kept_bytes;
        let mut hasher = blake3::Hasher::new();
        let kept =
            if self.session.options.dry_run { io::copy(&mut (&mut *input).take(most), &mut hasher) } else { Ok(0) };
        let length = match kept.and_then(|kept| io::copy(input, &mut io::sink()).map(|_| kept)) {
            Ok(length) => length,
            Err(error) => return Ok(Err(error)),
        };
        let is_dealt_with = self.session.options.dry_run
            && self.session.is_dealt_with((hasher.finalize().as_bytes(), length), (0, length))?;
        if self.session.only.is_none() {
            self.session.reports[self.file].dealt_with += u64::from(is_dealt_with);
        }
        Ok(Ok(is_dealt_with))
    }

    /// Stores what `input` gives with one dead letter, and reports `issues` as that letter.
    fn store(
        &mut self,
        wrapper: &str,
        name: &str,
        base: u64,
        issues: Vec<Issue>,
        input: &mut dyn Read,
    ) -> Result<io::Result<()>, Error> {
        let about = Arrived {
            door: self.session.options.door.clone(),
            source: self.session.source().to_owned(),
            name: name.to_owned(),
            media: RAW_MEDIA.into(),
            wrapper: wrapper.to_owned(),
            base,
        };
        let most = self.session.bounds().kept_bytes;
        let mut head = Head { input, left: most, length: 0, hasher: blake3::Hasher::new() };
        let mut packed = match self.session.importer.records.pack(about, &mut head)? {
            Ok(packed) => packed,
            Err(error) => return Ok(Err(error)),
        };
        let (length, hash) = match head.finish() {
            Ok(whole) => whole,
            Err(error) => return Ok(Err(error)),
        };
        let (mut what, mut hint) = told(name, &issues);
        if length > most {
            let path = self.path.as_ref().map_or_else(String::new, |path| format!(" at {}", path.display()));
            let around = if wrapper.is_empty() { String::new() } else { format!("{wrapper}, ") };
            packed.describe(format!("{around}{} blake3 {hash}{path}", beginning(length)));
            what = format!("{what}; it has {length} bytes, of which the first {most} are kept");
            hint = format!("{hint}; keep the file{path} until then: the whole is there alone");
        }
        let letter = NewDeadLetter {
            at: 0,
            length: packed.length(),
            what,
            place: issues.first().map(|issue| issue.place.clone()).unwrap_or_default(),
            hint,
        };
        self.session.letter(self.file, packed, Letter(letter), ReuseArrival::IfSame, issues)?;
        Ok(Ok(()))
    }
}

/// What a letter about these issues says, and what it says to do.
fn told(name: &str, issues: &[Issue]) -> (String, String) {
    let mut reasons: Vec<String> = issues
        .iter()
        .take(REASONS)
        .map(|issue| {
            let within = issue.file.strip_prefix(name).map_or("", |rest| rest.trim_start_matches('/'));
            let at = issue.offset.filter(|at| *at > 0 && issue.place.is_empty());
            let at = at.map_or_else(String::new, |at| format!(" (at byte {at} unpacked)"));
            if within.is_empty() {
                format!("{}{at}", issue.message)
            } else {
                format!("{within}: {}{at}", issue.message)
            }
        })
        .collect();
    if issues.len() > REASONS {
        reasons.push(format!("and {} more", issues.len() - REASONS));
    }
    (reasons.join("; "), issues.first().map(|issue| issue.hint.clone()).unwrap_or_default())
}

/// Gives the first bytes of what is read; counts and hashes all of it.
struct Head<'r> {
    input: &'r mut dyn Read,
    left: u64,
    length: u64,
    hasher: blake3::Hasher,
}

impl Head<'_> {
    fn next(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.length += read as u64;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }

    /// Reads to the end; the length and hash of all.
    fn finish(mut self) -> io::Result<(u64, String)> {
        let mut chunk = vec![0; 256 << 10];
        while self.next(&mut chunk)? > 0 {}
        Ok((self.length, self.hasher.finalize().to_hex().to_string()))
    }
}

impl Read for Head<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.next(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}
