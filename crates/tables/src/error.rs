//! What can go wrong with sources, pulls and runs.

use crate::read::ReadError;
use crate::run::DoorError;
use std::path::{Path, PathBuf};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grant does not reach.
    #[error(transparent)]
    Denied(#[from] access::Denied),
    /// No space is left on the disk. What was committed before stays, and the same again goes on from there.
    #[error("no space is left on the disk: free some and give the same command again")]
    NoRoom,
    /// A file or table of a delivery cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// Our own files cannot be read or written.
    #[error("cannot {what} {}: {error}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A segment of pulled rows is damaged or cannot be written.
    #[error("pulled rows at {}: {message}", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The catalogue of sources fails.
    #[error("the catalogue of sources: {0}")]
    Catalogue(rusqlite::Error),
    /// The store of records refuses or fails.
    #[error(transparent)]
    Records(records::Error),
    /// There is no such source, table or run.
    #[error("there is no {what} \"{name}\"{}", hint_text(.hint.as_deref()))]
    Unknown {
        /// `source`, `table` …
        what: &'static str,
        /// The name asked for.
        name: String,
        /// What there is instead.
        hint: Option<String>,
    },
    /// The name is taken, or is none.
    #[error("{0}")]
    Name(String),
    /// Somebody else was faster.
    #[error("{0}")]
    Conflict(String),
    /// A delivery that would take away more than is likely.
    #[error("the delivery is not taken: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Suspicious(Vec<crate::said::Doubt>),
    /// The file changed while it was read.
    #[error("{0} changed while it was read; pull again when it is written whole")]
    Changed(String),
    /// A query of a mapping fails as it runs, or takes more than it may.
    #[error("target {target}: {message}")]
    Query {
        /// The target.
        target: String,
        /// What is wrong.
        message: String,
    },
    /// The door takes nothing any more.
    #[error(transparent)]
    Door(DoorError),
    /// Another does the same now.
    #[error("{0} is running already: wait until it has ended, or stop it")]
    Busy(String),
    /// Somebody said stop.
    #[error("stopped")]
    Stopped,
    /// Somebody halted the run, which goes on later.
    #[error("paused")]
    Paused,
}

fn hint_text(hint: Option<&str>) -> String {
    hint.map(|hint| format!(": {hint}")).unwrap_or_default()
}

/// Whether a text has the system's own words for a full disk: readers and the engine say in text why they failed.
fn says_no_room(text: &str) -> bool {
    /// `ENOSPC`
    const NO_SPACE: i32 = 28;
    text.contains(&std::io::Error::from_raw_os_error(NO_SPACE).to_string())
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        if says_no_room(&error.message) { Error::NoRoom } else { Error::Read(error) }
    }
}

impl From<records::Error> for Error {
    fn from(error: records::Error) -> Error {
        match error {
            records::Error::DiskFull => Error::NoRoom,
            error => Error::Records(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        match records::Error::from(error) {
            records::Error::Database(error) => Error::Catalogue(error),
            error => error.into(),
        }
    }
}

impl From<DoorError> for Error {
    fn from(error: DoorError) -> Error {
        match error.0.downcast::<records::Error>() {
            Ok(full) if matches!(*full, records::Error::DiskFull) => Error::NoRoom,
            Ok(error) => Error::Door(DoorError(error)),
            Err(error) => Error::Door(DoorError(error)),
        }
    }
}

impl Error {
    pub(crate) fn file(what: &'static str, path: &Path, error: std::io::Error) -> Error {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Error::NoRoom;
        }
        Error::File { what, path: path.to_owned(), error }
    }

    pub(crate) fn segment(path: &Path, error: impl std::fmt::Display) -> Error {
        let message = error.to_string();
        if says_no_room(&message) { Error::NoRoom } else { Error::Segment { path: path.to_owned(), message } }
    }

    pub(crate) fn query(target: &str, error: impl std::fmt::Display) -> Error {
        let message = error.to_string();
        if says_no_room(&message) { Error::NoRoom } else { Error::Query { target: target.to_owned(), message } }
    }
}
