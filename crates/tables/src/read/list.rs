//! Looking through a delivery: folders, files, archives, files in archives.

use super::ReadError;
use super::charset::{Charset, propose_encoding};
use super::delivery::{Listed, PassedOver};
use super::dump;
use super::options::ReadOptions;
use super::origin::{Layer, Origin};
use super::pattern::{file_name, split_extension, stem, unpacked};
use super::recognise::{Found, HEAD_BYTES, Kind, recognise};
use super::sqlite;
use super::workbook::{self, Package};
use super::xls;
use crate::said::Said;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Looks into an archive; the inner error is one of the archive alone.
type Look<'o> = fn(&mut Lister<'o>, &Origin, &str, u32) -> Result<io::Result<()>, ReadError>;

/// What was found so far.
pub(super) struct Lister<'o> {
    options: &'o ReadOptions,
    pub(super) tables: Vec<Listed>,
    pub(super) texts: Vec<Listed>,
    pub(super) passed_over: Vec<PassedOver>,
    pub(super) notes: Vec<Said>,
    files: u32,
}

impl<'o> Lister<'o> {
    pub(super) fn new(options: &'o ReadOptions) -> Self {
        Lister { options, tables: Vec::new(), texts: Vec::new(), passed_over: Vec::new(), notes: Vec::new(), files: 0 }
    }

    fn pass_over(&mut self, file: &str, why: impl Into<String>) {
        self.passed_over.push(PassedOver { file: file.to_owned(), why: why.into() });
    }

    /// Counts a file; an error when there are too many.
    fn count(&mut self, place: &str) -> Result<(), ReadError> {
        self.files += 1;
        if self.files <= self.options.bounds.files {
            return Ok(());
        }
        let what = format!("more than {} files: bring fewer at a time", self.options.bounds.files);
        Err(ReadError::at(place, what))
    }

    /// Looks through a folder, in the order of the names.
    pub(super) fn folder(&mut self, folder: &Path, within: &str, depth: u32) -> Result<(), ReadError> {
        let failed = |error: io::Error| ReadError::at(folder.display().to_string(), format!("cannot be read: {error}"));
        let mut entries = std::fs::read_dir(folder).map_err(failed)?.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let shown = if within.is_empty() { name.clone() } else { format!("{within}/{name}") };
            if let Some(why) = is_beside(&name) {
                self.pass_over(&shown, why);
                continue;
            }
            // What a link leads to counts, but folders could lead in a circle; a link that leads nowhere is told.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            match std::fs::metadata(entry.path()) {
                Err(error) => self.pass_over(&shown, format!("cannot be read: {error}")),
                Ok(metadata) if metadata.is_dir() && is_link => {
                    self.pass_over(&shown, "a link to a folder: bring the folder itself");
                }
                Ok(metadata) if metadata.is_dir() && depth >= self.options.bounds.folders => {
                    self.pass_over(
                        &shown,
                        format!("folders deeper than {} are not looked into", self.options.bounds.folders),
                    );
                }
                Ok(metadata) if metadata.is_dir() => self.folder(&entry.path(), &shown, depth + 1)?,
                Ok(metadata) if metadata.is_file() => {
                    self.count(&shown)?;
                    let origin = Origin::path(&entry.path(), &self.options.bounds);
                    self.file(&origin, &shown, &shown, 0)?;
                }
                Ok(_) => self.pass_over(&shown, "neither a file nor a folder"),
            }
        }
        Ok(())
    }

    /// Looks at a file. `name` is what is left of `shown` when endings of what was unpacked are taken off.
    pub(super) fn file(&mut self, origin: &Origin, shown: &str, name: &str, nesting: u32) -> Result<(), ReadError> {
        let mut head = Vec::new();
        if let Err(error) = origin.open().and_then(|reader| reader.take(HEAD_BYTES as u64).read_to_end(&mut head))
            && head.is_empty()
        {
            self.pass_over(shown, format!("cannot be read: {error}"));
            return Ok(());
        }
        let too_deep = nesting >= self.options.bounds.nesting;
        match recognise(&head, name) {
            Found::Packed(_) | Found::Zip | Found::Tar if too_deep => {
                self.pass_over(shown, format!("packed more than {} times: unpack it", self.options.bounds.nesting));
            }
            Found::Packed(layer) => {
                let inner = inner_name(name);
                self.file(&origin.within(layer), shown, &inner, nesting + 1)?;
            }
            Found::Zip => self.archive(origin, shown, nesting, Lister::zip)?,
            Found::Tar => self.archive(origin, shown, nesting, Lister::tar)?,
            Found::Tables(kind) => self.table(kind, origin, shown, name),
            Found::Text(why) => {
                let listed = Listed::new(Kind::Delimited, origin, shown, name);
                self.texts.push(listed);
                self.pass_over(shown, why);
            }
            Found::Refused(why) => self.pass_over(shown, why),
        }
        Ok(())
    }

    /// Looks into an archive; one that is damaged is told, and what was found before the damage stays.
    fn archive(&mut self, origin: &Origin, shown: &str, nesting: u32, look: Look<'o>) -> Result<(), ReadError> {
        let seekable = match origin.seekable(self.options.scratch.as_deref()) {
            Ok(seekable) => seekable,
            Err(error) => {
                self.pass_over(shown, format!("cannot be unpacked: {error}"));
                return Ok(());
            }
        };
        if let Err(error) = look(self, &seekable, shown, nesting)? {
            self.pass_over(shown, format!("the archive cannot be read on: {error}"));
        }
        Ok(())
    }

    /// Looks at the files of a zip archive.
    fn zip(&mut self, origin: &Origin, shown: &str, nesting: u32) -> Result<io::Result<()>, ReadError> {
        let section = match origin.section() {
            Ok(Some(section)) => section,
            Ok(None) => return Ok(Err(io::Error::other("it is packed"))),
            Err(error) => return Ok(Err(error)),
        };
        let mut archive = match zip::ZipArchive::new(section) {
            Ok(archive) => archive,
            Err(error) => return Ok(Err(io::Error::other(error))),
        };
        match workbook::package(&archive) {
            Package::Workbook => {
                self.table(Kind::Workbook, origin, shown, shown);
                return Ok(Ok(()));
            }
            Package::Other(why) => {
                self.pass_over(shown, why);
                return Ok(Ok(()));
            }
            Package::No => {}
        }
        let mut guessed = false;
        for no in 0..archive.len() {
            let (path, layers, why) = match archive.by_index_raw(no) {
                Err(error) => {
                    self.pass_over(&format!("{shown}/no. {no}"), format!("cannot be read: {error}"));
                    continue;
                }
                Ok(member) if member.is_dir() => continue,
                Ok(member) => {
                    let (path, is_guess) = self.member_name(member.name_raw());
                    guessed |= is_guess;
                    let method = match member.compression() {
                        zip::CompressionMethod::Stored => Ok(None),
                        zip::CompressionMethod::Deflated => Ok(Some(Layer::Deflate)),
                        zip::CompressionMethod::Bzip2 => Ok(Some(Layer::Bzip2)),
                        zip::CompressionMethod::Zstd => Ok(Some(Layer::Zstd)),
                        other => Err(format!("packed by a method that is not read ({other}): pack it with deflate")),
                    };
                    let from = member.data_start();
                    let mut layers = vec![Layer::Range { from: from.unwrap_or(0), length: member.compressed_size() }];
                    layers.extend(method.as_ref().ok().copied().flatten());
                    layers.push(Layer::Check { crc: member.crc32(), length: member.size() });
                    let why = match method {
                        _ if member.encrypted() => Some("encrypted: unpack it and bring what is in it".to_owned()),
                        _ if from.is_none() => Some("the archive does not say where it is".to_owned()),
                        Ok(_) => None,
                        Err(why) => Some(why),
                    };
                    (path, layers, why)
                }
            };
            let member = format!("{shown}/{path}");
            if let Some(why) = path.split('/').find_map(is_beside).map(str::to_owned).or(why) {
                self.pass_over(&member, why);
                continue;
            }
            self.count(&member)?;
            let inner = layers.into_iter().fold(origin.clone(), |origin, layer| origin.within(layer));
            self.file(&inner, &member, &member, nesting + 1)?;
        }
        if guessed {
            self.notes.push(crate::said::delivery::archive_names(shown));
        }
        Ok(Ok(()))
    }

    /// The name of a file in a zip archive, and whether its encoding was guessed.
    fn member_name(&self, raw: &[u8]) -> (String, bool) {
        let (name, guessed) = match std::str::from_utf8(raw) {
            Ok(name) => (name.to_owned(), false),
            Err(_) => {
                let charset: Charset = self.options.names.unwrap_or_else(|| propose_encoding(raw).encoding);
                (charset.decode_all(raw).0.into_owned(), self.options.names.is_none())
            }
        };
        (name.replace('\\', "/"), guessed)
    }

    /// Looks at the files of a tar archive.
    fn tar(&mut self, origin: &Origin, shown: &str, nesting: u32) -> Result<io::Result<()>, ReadError> {
        let section = match origin.section() {
            Ok(Some(section)) => section,
            Ok(None) => return Ok(Err(io::Error::other("it is packed"))),
            Err(error) => return Ok(Err(error)),
        };
        let mut archive = tar::Archive::new(section);
        let entries = match archive.entries_with_seek() {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(error)),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(error)),
            };
            let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
            let member = format!("{shown}/{path}");
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if let Some(why) = path.split('/').find_map(is_beside) {
                self.pass_over(&member, why);
                continue;
            }
            if !matches!(kind, tar::EntryType::Regular | tar::EntryType::Continuous) {
                self.pass_over(&member, "neither a file nor a folder");
                continue;
            }
            self.count(&member)?;
            let layer = Layer::Range { from: entry.raw_file_position(), length: entry.size() };
            self.file(&origin.within(layer), &member, &member, nesting + 1)?;
        }
        Ok(Ok(()))
    }

    /// Lists the tables of a file.
    fn table(&mut self, kind: Kind, origin: &Origin, shown: &str, name: &str) {
        match kind {
            Kind::Delimited | Kind::Dbf => self.tables.push(Listed::new(kind, origin, shown, name)),
            Kind::Parquet => match origin.whole_file(self.options.scratch.as_deref()) {
                Ok((origin, _)) => self.tables.push(Listed::new(kind, &origin, shown, name)),
                Err(error) => self.pass_over(shown, format!("cannot be unpacked: {error}")),
            },
            Kind::Dump => {
                let opened = origin.open().map_err(|error| ReadError::at(shown, error.to_string()));
                match opened.and_then(|reader| dump::tables(shown, reader, self.options.encoding)) {
                    Ok(tables) => {
                        let tables = Arc::new(tables);
                        for part in tables.names() {
                            let listed = Listed::new(kind, origin, shown, name);
                            let inside = Some(Arc::clone(&tables));
                            self.tables.push(Listed {
                                name: part.to_owned(),
                                part: Some(part.to_owned()),
                                dump: inside,
                                ..listed
                            });
                        }
                    }
                    Err(error) => self.pass_over(shown, format!("cannot be read: {error}")),
                }
            }
            Kind::Workbook | Kind::OldWorkbook => {
                let seekable = origin.seekable(self.options.scratch.as_deref()).map_err(|error| error.to_string());
                let found = seekable.and_then(|origin| {
                    let section = origin.section().map_err(|error| error.to_string())?;
                    let section = section.ok_or_else(|| "it is packed".to_owned())?;
                    let sheets = match kind {
                        Kind::Workbook => workbook::sheets(&section, &self.options.bounds),
                        _ => xls::sheets(&section).map(|sheets| (sheets, 0)),
                    };
                    Ok((origin, sheets?))
                });
                match found {
                    Ok((origin, (sheets, uncomputed))) => {
                        if uncomputed > 0 {
                            self.notes.push(crate::said::delivery::uncomputed(shown, uncomputed));
                        }
                        self.parts(kind, &origin, shown, name, sheets.into_iter().map(Ok).collect());
                    }
                    Err(error) => self.pass_over(shown, format!("not a workbook that can be read: {error}")),
                }
            }
            Kind::Sqlite => {
                let found = match origin.whole_file(self.options.scratch.as_deref()) {
                    Ok((origin, path)) => {
                        sqlite::tables(&path).map(|found| (origin, found)).map_err(|error| error.to_string())
                    }
                    Err(error) => Err(error.to_string()),
                };
                match found {
                    Ok((origin, found)) => self.parts(kind, &origin, shown, name, found),
                    Err(error) => self.pass_over(shown, format!("cannot be read: {error}")),
                }
            }
        }
    }

    /// Lists the tables within a file.
    fn parts(
        &mut self,
        kind: Kind,
        origin: &Origin,
        shown: &str,
        name: &str,
        parts: Vec<Result<String, (String, &'static str)>>,
    ) {
        for part in parts {
            match part {
                Ok(part) => {
                    let listed = Listed::new(kind, origin, shown, name);
                    self.tables.push(Listed { name: part.clone(), part: Some(part), ..listed });
                }
                Err((part, why)) => self.pass_over(&format!("{shown}#{part}"), why),
            }
        }
    }
}

impl Listed {
    fn new(kind: Kind, origin: &Origin, shown: &str, name: &str) -> Self {
        Listed {
            name: stem(name).to_owned(),
            file: shown.to_owned(),
            part: None,
            kind,
            bytes: origin.length(),
            extension: split_extension(file_name(name)).1,
            origin: origin.clone(),
            dump: None,
        }
    }
}

/// The name of what is in a packed file.
fn inner_name(name: &str) -> String {
    let (bare, extension) = split_extension(file_name(name));
    let folder = &name[..name.len() - file_name(name).len()];
    match extension.as_str() {
        "tgz" | "txz" | "tzst" | "tbz" | "tbz2" => format!("{folder}{bare}.tar"),
        _ => unpacked(name).to_owned(),
    }
}

/// Why a name is one of what systems put beside files.
fn is_beside(name: &str) -> Option<&'static str> {
    if ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
        return Some("what SQLite keeps beside a database");
    }
    if name == "__MACOSX" {
        return Some("what macOS puts beside files");
    }
    if name.starts_with('.') && name != "." && name != ".." {
        return Some("hidden: its name begins with a dot");
    }
    if name.starts_with("~$") {
        return Some("a mark that somebody has the workbook open");
    }
    if ["thumbs.db", "desktop.ini"].contains(&name.to_lowercase().as_str()) {
        return Some("what Windows puts beside files");
    }
    None
}
