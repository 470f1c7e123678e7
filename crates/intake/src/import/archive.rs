//! Zip archives: each file in them by itself; and a file that the archive holds but does not list is told.
//!
//! What is in an archive is read by its directory, at its end. A directory that is damaged, or of another archive that this one
//! was put before, leaves files out and says nothing. So what lies between the files that it lists is searched for the headers
//! of others.

use super::file::{Place, Taking};
use super::unpack::Bounded;
use crate::error::Error;
use std::io::{self, Read, Seek, SeekFrom};

/// What a file in an archive begins with.
const HEADER: &[u8; 4] = b"PK\x03\x04";
/// Where the length of its name stands in the header, and where the name begins.
const NAME_LENGTH_AT: usize = 26;
const NAME_AT: usize = 30;
/// Files not listed that are named, and how many bytes of each name.
const NAMED: usize = 5;
const NAME_BYTES: usize = 256;
/// Bytes searched at a time.
const CHUNK_BYTES: usize = 64 << 10;

impl Taking<'_, '_> {
    pub(super) fn archive(&mut self, inside: &Place, input: impl Read + Seek) -> Result<(), Error> {
        if self.too_deep(inside) {
            return Ok(());
        }
        let bounds = *self.session.bounds();
        let mut archive = match zip::ZipArchive::new(input) {
            Ok(archive) => archive,
            Err(error) => {
                self.fails(inside, None, format!("not a whole zip archive: {error}"));
                return Ok(());
            }
        };
        // Where each file lies that the directory lists.
        let mut listed: Vec<(u64, u64)> = Vec::new();
        for no in 0..archive.len() {
            if let Err(exceeded) = self.used.member(&bounds) {
                self.fails(inside, None, format!("{exceeded}: the rest was not read"));
                return Ok(());
            }
            if let Ok(member) = archive.by_index_raw(no) {
                let start = member.header_start();
                let end = member.data_start().unwrap_or(start).saturating_add(member.compressed_size());
                listed.push((start, end));
            }
            let member = match archive.by_index(no) {
                Ok(member) => member,
                Err(error) => {
                    self.fails(inside, None, format!("file {no} of the archive cannot be read: {error}"));
                    continue;
                }
            };
            if member.is_dir() {
                continue;
            }
            let Some(path) = member.enclosed_name().and_then(|path| path.to_str().map(str::to_owned)) else {
                let shown = member.name().map_or_else(|_| format!("no {no}"), |name| name.escape_debug().to_string());
                drop(member);
                let what = "was not read: its path leads out of the archive, or is no text";
                self.fails(inside, None, format!("the file {shown} {what}"));
                continue;
            };
            if is_beside(&path) {
                continue;
            }
            let packed = member.compressed_size();
            let unpacked = Bounded::known(member, packed, &self.used, &bounds);
            let unpacked: Box<dyn Read + '_> = Box::new(unpacked);
            self.stream(&inside.member(&path), unpacked)?;
        }
        let (is_empty, directory) = (archive.is_empty(), archive.central_directory_start());
        match unlisted(&mut archive.into_inner(), listed, directory) {
            Ok(found) if found.count > 0 => {
                let named = found.named.iter().map(|(at, name)| format!("{name} (byte {at})"));
                let mut named = named.collect::<Vec<_>>().join(", ");
                if found.count > found.named.len() as u64 {
                    named = format!("{named} and {} more", found.count - found.named.len() as u64);
                }
                let what =
                    "was not read: the directory of the archive, which is damaged or another's, does not list it";
                self.fails(inside, None, format!("{named} {what}"));
            }
            Ok(_) if is_empty => self.issue(inside, None, "an archive without files", "nothing is to be done"),
            Ok(_) => {}
            Err(error) => self.fails(inside, None, format!("cannot be read again: {error}")),
        }
        Ok(())
    }
}

/// True for what systems put beside files (`.DS_Store`, `__MACOSX/._a`): passed over, as names with a dot are in folders.
fn is_beside(path: &str) -> bool {
    let is_hidden = |part: &str| part.starts_with('.') && !matches!(part, "." | "..");
    path.split('/').any(|part| is_hidden(part) || part == "__MACOSX")
}

/// The headers of files that the directory does not list. What only looks like them can be very many.
#[derive(Default)]
struct Unlisted {
    /// The first ones: where, and the name there.
    named: Vec<(u64, String)>,
    count: u64,
}

/// The headers of files before `end` that lie in none of the `listed` ranges.
fn unlisted(input: &mut (impl Read + Seek), mut listed: Vec<(u64, u64)>, end: u64) -> io::Result<Unlisted> {
    listed.sort_unstable();
    listed.push((end, end));
    let mut found = Unlisted::default();
    let mut from = 0;
    for (start, until) in listed {
        if start > from {
            search(input, from, start.min(end), &mut found)?;
        }
        from = from.max(until);
    }
    Ok(found)
}

/// Finds the headers that begin in a range.
fn search(input: &mut (impl Read + Seek), mut from: u64, end: u64, found: &mut Unlisted) -> io::Result<()> {
    let mut buffer = Vec::new();
    while from < end {
        input.seek(SeekFrom::Start(from))?;
        buffer.clear();
        // A header may begin at the end of what is read.
        let length = (end - from).min(CHUNK_BYTES as u64);
        input.by_ref().take(length + HEADER.len() as u64 - 1).read_to_end(&mut buffer)?;
        for at in memchr::memmem::find_iter(&buffer, HEADER) {
            if (at as u64) < length {
                found.count += 1;
                if found.named.len() < NAMED {
                    let at = from + at as u64;
                    found.named.push((at, name_at(input, at)?));
                }
            }
        }
        from += length;
    }
    Ok(())
}

/// The name in the header of a file, or its beginning.
fn name_at(input: &mut (impl Read + Seek), at: u64) -> io::Result<String> {
    input.seek(SeekFrom::Start(at))?;
    let mut header = Vec::new();
    input.by_ref().take((NAME_AT + NAME_BYTES) as u64).read_to_end(&mut header)?;
    let length =
        header.get(NAME_LENGTH_AT..NAME_LENGTH_AT + 2).map_or(0, |l| usize::from(l[0]) | usize::from(l[1]) << 8);
    let name = header.get(NAME_AT..).map_or(&[][..], |name| &name[..length.min(name.len())]);
    Ok(String::from_utf8_lossy(name).escape_debug().to_string())
}
