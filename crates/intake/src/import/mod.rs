//! Files: known by content, unpacked within bounds, stored, reported.
//!
//! What is taken: FHIR bundles, NDJSON of resources or bundles, single resources, HL7 v2 messages; plain or in gz, bz2, zst,
//! zip, nested. A `transaction` is all or nothing; everywhere else a bad part becomes a dead letter and stops no other. Ids of
//! resources that come without one are derived from the source and the sender's name for them, so that the same file twice
//! stores nothing and a changed one updates.

pub(crate) mod again;
mod archive;
mod file;
pub(crate) mod kept;
mod pace;
mod parts;
mod piece;
mod planners;
pub(crate) mod recognise;
mod report;
pub(crate) mod resources;
mod session;
mod unpack;

pub use file::Input;
pub use pace::Pace;
pub use report::{Counts, FileReport, ISSUES_KEPT, Issue};
pub use unpack::Bounds;

use crate::error::Error;
use crate::hl7_door::Reading;
use access::Grant;
use records::Records;
use session::{Session, Waiting};
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The source of files when none is named: the same file from another folder is then the same.
pub const DEFAULT_SOURCE: &str = "import";
/// Folders within folders that are walked.
const FOLDER_DEPTH: usize = 64;
/// How often files that wait for each other are tried again.
const ROUNDS: u32 = 16;

/// How files are imported.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Who sends them; ids are derived from it. [`DEFAULT_SOURCE`] if `None`.
    pub source: Option<String>,
    /// Report only, write nothing.
    pub dry_run: bool,
    /// How HL7 v2 messages are read; if `None`, as the source of that name is set, else as those of a source in UTC.
    pub messages: Option<Reading>,
    /// The door that arrivals name.
    pub door: String,
    /// What one file may take.
    pub bounds: Bounds,
    /// Asked before each write; it holds the import up while what reads the store cannot follow.
    pub pace: Option<Pace>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions {
            source: None,
            dry_run: false,
            messages: None,
            door: "import".into(),
            bounds: Bounds::default(),
            pace: None,
        }
    }
}

/// Brings files into a store; replays dead letters and takes arrivals back.
pub struct Importer {
    pub(crate) records: Arc<Records>,
    sources: Option<Arc<access::Access>>,
}

/// A file to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToImport {
    /// The name that reports and arrivals show.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file that comes next; empty at the end.
    pub name: &'a str,
    /// Files dealt with.
    pub files: usize,
    /// All files.
    pub all_files: usize,
    /// Bytes dealt with, as they are on disk.
    pub bytes: u64,
    /// All bytes.
    pub all_bytes: u64,
    /// Resources stored or found unchanged, as far as it is known.
    pub resources: u64,
}

impl Importer {
    /// An importer into `records`.
    pub fn new(records: Arc<Records>) -> Self {
        Importer { records, sources: None }
    }

    /// The same, which reads messages of a source as the source is set there.
    #[must_use]
    pub fn with_sources(self, sources: Arc<access::Access>) -> Self {
        Importer { sources: Some(sources), ..self }
    }

    /// How messages of a source are read.
    pub(crate) fn reading(&self, source: &str) -> Reading {
        let known = self.sources.as_ref().and_then(|sources| sources.source_named(source));
        known.map_or_else(|| Reading::named(source), |known| Reading::of(&known))
    }

    /// Imports one file and returns when all that it reports is on disk.
    ///
    /// # Errors
    /// What stops everything: the grant does not reach, the store fails.
    pub fn import(
        &self,
        grant: &Grant,
        name: &str,
        input: Input,
        options: &ImportOptions,
    ) -> Result<FileReport, Error> {
        let mut session = Session::new(self, grant, options, &[name]);
        file::take(&mut session, 0, name, None, input)?;
        session.settle(0)?;
        Ok(session.reports.pop().unwrap_or_default())
    }

    /// The same for what was kept without being understood, tried again: what is wrong with it as a whole is not kept again.
    pub(crate) fn import_again(
        &self,
        grant: &Grant,
        name: &str,
        input: Input,
        options: &ImportOptions,
    ) -> Result<(FileReport, Vec<records::Receipt>), Error> {
        let mut session = Session::new(self, grant, options, &[name]);
        (session.keeps, session.receipts) = (false, Some(Vec::new()));
        file::take(&mut session, 0, name, None, input)?;
        session.settle(0)?;
        let receipts = session.receipts.take().unwrap_or_default();
        Ok((session.reports.pop().unwrap_or_default(), receipts))
    }

    /// Imports many files; pieces of them are planned while those before are committed. A bundle whose conditional references
    /// match nothing yet is tried again after the other files. `progress` is asked before each piece whether to go on.
    ///
    /// # Errors
    /// As [`Importer::import`]; [`Error::Stopped`] if `progress` said so. What was committed stays, and the same import
    /// continues.
    pub fn import_all(
        &self,
        grant: &Grant,
        files: &[FileToImport],
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<FileReport>, Error> {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let mut watch = |now: Progress<'_>| progress(now);
        std::thread::scope(|scope| {
            let planners = planners::start(scope, &self.records, grant);
            let mut session = Session::new(self, grant, options, &names).with(planners, Some(&mut watch));
            session.place.all_files = files.len();
            session.place.all_bytes = files.iter().map(|file| file.bytes).sum();
            match rounds(&mut session, files) {
                Ok(()) => Ok(session.reports),
                Err(Error::Stopped(_)) => {
                    // What is on its way is committed, so that the reports are true.
                    session.settle(0)?;
                    Err(Error::Stopped(session.reports))
                }
                Err(error) => Err(error),
            }
        })
    }
}

/// Opens a file. A pipe or a device would be waited for without end.
fn open(path: &Path) -> std::io::Result<File> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let opened = File::open(path)?;
    if found.is_dir() { Err(std::io::Error::other("it is a folder that cannot be listed")) } else { Ok(opened) }
}

fn rounds(session: &mut Session<'_>, files: &[FileToImport]) -> Result<(), Error> {
    session.waiting = Some(Waiting::new());
    let mut todo: Vec<usize> = (0..files.len()).collect();
    for _ in 0..ROUNDS {
        let mut again = Vec::new();
        for &no in &todo {
            let file = &files[no];
            let before = session.waiting_count();
            session.follow(no, None);
            session.go_on()?;
            match open(&file.path) {
                Ok(opened) => file::take(session, no, &file.name, Some(&file.path), Input::File(opened))?,
                Err(error) => session.issue(
                    no,
                    Issue {
                        file: file.name.clone(),
                        place: String::new(),
                        offset: None,
                        message: format!("cannot be opened: {error}"),
                        hint: "see that it can be read, and import it again".into(),
                        dead_letter: None,
                    },
                ),
            }
            session.follow(no, None);
            if session.waiting_count() > before {
                again.push(no);
            } else {
                session.place.files += 1;
                session.place.bytes += file.bytes;
            }
        }
        session.settle(0)?;
        let Some(waiting) = session.waiting.take().filter(|waiting| !waiting.is_empty()) else { break };
        // Files whose pieces were refused by the writer count as done above; they are among those that wait.
        todo = (0..files.len()).filter(|no| again.contains(no) || waits(&waiting, &files[*no].name)).collect();
        session.place.files = files.len() - todo.len();
        session.place.bytes =
            session.place.all_bytes.saturating_sub(todo.iter().map(|no| files[*no].bytes).sum::<u64>());
        let progressed = session.only.as_ref().is_none_or(|only| waiting.len() < only.len());
        session.only = Some(waiting);
        // Without progress the last round leaves dead letters.
        session.waiting = progressed.then(Waiting::new);
    }
    for condition in session.unanswered() {
        session.reports[0].issue(Issue {
            file: String::new(),
            place: String::new(),
            offset: None,
            message: format!("not checked by a dry run: {condition} may match what this run would store"),
            hint: "only a search for one identifier is answered from what the run itself would store".into(),
            dead_letter: None,
        });
    }
    session.place.name.clear();
    session.place.files = files.len();
    session.place.bytes = session.place.all_bytes;
    session.go_on()
}

/// True if a piece of the file `name`, or of an archive of that name, waits.
fn waits(waiting: &Waiting, name: &str) -> bool {
    waiting
        .iter()
        .any(|(piece, _)| piece.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The files at `paths`, those in folders included, in the order of their names. Names that begin with a dot are passed over
/// in folders. What cannot be looked at within a folder is listed as a file: it shows when it is to be read.
///
/// # Errors
/// [`Error::Read`] if one of the paths itself is not there or cannot be read.
pub fn files_at(paths: &[PathBuf]) -> Result<Vec<FileToImport>, Error> {
    let mut out = Vec::new();
    for path in paths {
        let failed = |error| Error::Read { name: path.display().to_string(), error };
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            path.read_dir().map_err(failed)?;
        }
        walk(path, path.parent().unwrap_or(Path::new("")), &mut Vec::new(), &mut out);
    }
    Ok(out)
}

/// `above` are the folders on the way, so that a link to one of them does not lead around for ever.
fn walk(path: &Path, base: &Path, above: &mut Vec<(u64, u64)>, out: &mut Vec<FileToImport>) {
    let found = std::fs::metadata(path);
    let mut file = |bytes| {
        let name = path.strip_prefix(base).unwrap_or(path).display().to_string();
        out.push(FileToImport { name, path: path.to_owned(), bytes });
    };
    let (folder, identity) = match &found {
        Ok(found) if found.is_dir() => (path.read_dir(), (found.dev(), found.ino())),
        Ok(found) => return file(found.len()),
        Err(_) => return file(0),
    };
    if above.contains(&identity) || above.len() > FOLDER_DEPTH {
        return;
    }
    let Ok(folder) = folder else { return file(0) };
    let mut inside: Vec<PathBuf> = folder.flatten().map(|entry| entry.path()).collect();
    inside.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    inside.sort();
    above.push(identity);
    for path in inside {
        walk(&path, base, above, out);
    }
    above.pop();
}
