//! What ends the work of a door.

use crate::import::FileReport;

/// Why a door stopped. What is wrong with a file or a part of it is not an error: it stands in the file's report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused, or could not.
    #[error(transparent)]
    Store(#[from] records::Error),
    /// A file or folder could not be read.
    #[error("{name}: {error}")]
    Read {
        /// Its name.
        name: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// An arrival cannot be taken back, or a dead letter not replayed, as it is.
    #[error("{0}")]
    Closed(String),
    /// The caller asked to stop; what was committed stays. What became of each file until then.
    #[error("stopped: what was stored stays, and the same command continues")]
    Stopped(Vec<FileReport>),
}
