//! Files: known by content, unpacked within bounds, stored, reported.
//!
//! What is taken: FHIR bundles, NDJSON of resources or bundles, single resources, HL7 v2 messages; plain or in gz, bz2, zst,
//! zip, nested. A `transaction` is all or nothing; everywhere else a bad part becomes a dead letter and stops no other. Ids of
//! resources that come without one are derived from the source and the sender's name for them, so that the same file twice
//! stores nothing and a changed one updates.

mod file;
pub(crate) mod recognise;
mod report;
pub(crate) mod resources;
mod session;
mod unpack;

pub use file::Input;
pub use report::{Counts, FileReport, ISSUES_KEPT, Issue};
pub use unpack::Bounds;

use crate::error::Error;
use access::Grant;
use records::Records;
use session::{Session, Waiting};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The source of files when none is named: the same file from another folder is then the same.
pub const DEFAULT_SOURCE: &str = "import";
/// Folders within folders that are walked.
const FOLDER_DEPTH: u32 = 64;
/// How often files that wait for each other are tried again.
const ROUNDS: u32 = 16;

/// How files are imported.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Who sends them; ids are derived from it. [`DEFAULT_SOURCE`] if `None`.
    pub source: Option<String>,
    /// Report only, write nothing.
    pub dry_run: bool,
    /// How HL7 v2 messages are read; if `None`, as those of a source in UTC with nothing special about it.
    pub messages: Option<Arc<hl7::map::Settings>>,
    /// The door that arrivals name.
    pub door: String,
    /// What one file may take.
    pub bounds: Bounds,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions { source: None, dry_run: false, messages: None, door: "import".into(), bounds: Bounds::default() }
    }
}

/// Brings files into a store; replays dead letters and takes arrivals back.
pub struct Importer {
    pub(crate) records: Arc<Records>,
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
        Importer { records }
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
        let mut session = Session::new(self, grant, options);
        session.reports.push(FileReport::new(name));
        file::take(&mut session, 0, name, input)?;
        session.settle(0)?;
        Ok(session.reports.pop().unwrap_or_default())
    }

    /// Imports many files; a file is planned while those before it are committed. A bundle whose conditional references match
    /// nothing yet is tried again after the other files. `progress` is asked before each file whether to go on.
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
        let mut session = Session::new(self, grant, options);
        session.reports = files.iter().map(|file| FileReport::new(&file.name)).collect();
        session.waiting = (!options.dry_run).then(Waiting::new);
        let mut todo: Vec<usize> = (0..files.len()).collect();
        let (mut done_files, mut done_bytes) = (0, 0);
        let all_bytes = files.iter().map(|file| file.bytes).sum();
        for _ in 0..ROUNDS {
            let mut again = Vec::new();
            for &no in &todo {
                let file = &files[no];
                let before = session.waiting_count();
                go_on(&session, files.len(), done_files, (done_bytes, all_bytes), &file.name, progress)?;
                match File::open(&file.path) {
                    Ok(opened) => file::take(&mut session, no, &file.name, Input::File(opened))?,
                    Err(error) => session.reports[no].issue(Issue {
                        file: file.name.clone(),
                        place: String::new(),
                        offset: None,
                        message: format!("cannot be opened: {error}"),
                        dead_letter: None,
                    }),
                }
                if session.waiting_count() > before {
                    again.push(no);
                } else {
                    done_files += 1;
                    done_bytes += file.bytes;
                }
            }
            session.settle(0)?;
            let Some(waiting) = session.waiting.take().filter(|waiting| !waiting.is_empty()) else { break };
            // Files whose pieces were refused by the writer count as done above; they are among those that wait.
            todo = (0..files.len()).filter(|no| again.contains(no) || waits(&waiting, &files[*no].name)).collect();
            let progressed = session.only.as_ref().is_none_or(|only| waiting.len() < only.len());
            session.only = Some(waiting);
            // Without progress the last round leaves dead letters.
            session.waiting = progressed.then(Waiting::new);
        }
        go_on(&session, files.len(), files.len(), (all_bytes, all_bytes), "", progress)?;
        Ok(session.reports)
    }
}

/// Says how far it is; an error if that was told to stop.
fn go_on(
    session: &Session<'_>,
    all_files: usize,
    files: usize,
    (bytes, all_bytes): (u64, u64),
    name: &str,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let resources = session.reports.iter().map(|report| report.stored + report.unchanged).sum();
    match progress(Progress { name, files, all_files, bytes, all_bytes, resources }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}

/// True if a piece of the file `name`, or of an archive of that name, waits.
fn waits(waiting: &Waiting, name: &str) -> bool {
    waiting
        .iter()
        .any(|(piece, _)| piece.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The files at `paths`, those in folders included, in the order of their names. Names that begin with a dot are passed over
/// in folders.
///
/// # Errors
/// [`Error::Read`] if a path is not there or a folder cannot be read.
pub fn files_at(paths: &[PathBuf]) -> Result<Vec<FileToImport>, Error> {
    let mut out = Vec::new();
    for path in paths {
        let base = path.parent().unwrap_or(Path::new(""));
        walk(path, base, 0, &mut out)?;
    }
    Ok(out)
}

fn walk(path: &Path, base: &Path, depth: u32, out: &mut Vec<FileToImport>) -> Result<(), Error> {
    let failed = |error| Error::Read { name: path.display().to_string(), error };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        let name = path.strip_prefix(base).unwrap_or(path).display().to_string();
        out.push(FileToImport { name, path: path.to_owned(), bytes: metadata.len() });
        return Ok(());
    }
    if depth > FOLDER_DEPTH {
        return Err(failed(std::io::Error::other("folders are nested too deep")));
    }
    let mut inside: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            inside.push(entry.path());
        }
    }
    inside.sort();
    inside.iter().try_for_each(|path| walk(path, base, depth + 1, out))
}
