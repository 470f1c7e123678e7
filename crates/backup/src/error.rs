use std::io;
use std::path::{Path, PathBuf};

/// Why a copy could not be taken, listed or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A database could not be read.
    #[error("the database {} cannot be read: {source}", path.display())]
    Database {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The folder is no repository.
    #[error("{} holds no copies: name the folder that `medweave backup --to` was given", .0.display())]
    NoRepository(PathBuf),
    /// Something else lies where a repository or a restored folder is to be.
    #[error("{} is not empty: name a folder that is new or empty", .0.display())]
    NotEmpty(PathBuf),
    /// A restore that was broken off left something.
    #[error("{} is what a restore that was broken off left: remove it, then restore again", .0.display())]
    BrokenOff(PathBuf),
    /// A program of a later version wrote it.
    #[error("{} was written by a newer version (format {found}, this program knows {known}): use that one", path.display())]
    Newer {
        /// What.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// Another copy is being taken of the same folder or into the same repository.
    #[error("another copy is being taken ({} is held): wait for it", .0.display())]
    Busy(PathBuf),
    /// A key or recipient that is none.
    #[error("{0}")]
    Key(String),
    /// The key does not open the repository.
    #[error("this key does not open the copies in {}: they were made for {recipients}", path.display())]
    WrongKey {
        /// Which repository.
        path: PathBuf,
        /// Whose keys do.
        recipients: String,
    },
    /// No copy is as old as that, or there is none.
    #[error("{0}")]
    NoSnapshot(String),
    /// Something in the repository is not what was written.
    #[error("{} is damaged: {problem}; restore an older copy, and take a new one", path.display())]
    Damaged {
        /// What.
        path: PathBuf,
        /// How.
        problem: String,
    },
    /// Files went away again and again while they were read.
    #[error("files of {} were replaced while they were copied, {tries} times: take the copy when less is written", path.display())]
    Changing {
        /// The folder.
        path: PathBuf,
        /// How often it was tried.
        tries: u32,
    },
}

impl Error {
    /// Turns an I/O error into one that says what was tried.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::File { doing, path: path.to_owned(), source }
    }

    /// Turns an error of SQLite into one that names the database.
    pub(crate) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
        move |source| Error::Database { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Error {
        Error::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}
