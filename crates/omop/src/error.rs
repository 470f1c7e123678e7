//! What can go wrong, seen from the caller.

use std::path::Path;

/// Why something about OMOP tables could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A query failed or may not be asked.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// A file of tables cannot be read.
    #[error(transparent)]
    Read(#[from] tables::read::ReadError),
    /// A file could not be read or written.
    #[error("{what}: {error}")]
    File {
        /// What was done to which file.
        what: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A copy would leave too little of a disk to what else is on it.
    #[error(
        "only {} MiB are free on the disk of {folder}, and {} MiB must stay free for the store: free some, or move the directory to a larger disk",
        free_bytes >> 20,
        keep_bytes >> 20
    )]
    NoRoom {
        /// A folder on that disk.
        folder: String,
        /// What is free.
        free_bytes: u64,
        /// What must stay so.
        keep_bytes: u64,
    },
    /// A Parquet file could not be written or read.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns that do not fit.
    #[error("{0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A database of our own failed.
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    /// What somebody wrote is not as it must be: a definition, a threshold, the name of a check.
    #[error("{place}: {message}")]
    Definition {
        /// File, line or path in JSON.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl Error {
    pub(crate) fn file(what: &str, path: &Path, error: std::io::Error) -> Self {
        Error::File { what: format!("{what} {}", path.display()), error }
    }

    pub(crate) fn definition(place: impl Into<String>, message: impl Into<String>) -> Self {
        Error::Definition { place: place.into(), message: message.into() }
    }
}
