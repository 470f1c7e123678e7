//! What can go wrong, seen from the caller.

use std::path::Path;

/// Why the lake did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grant does not allow it.
    #[error(transparent)]
    Denied(#[from] access::Denied),
    /// The SQL is wrong or not allowed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A limit was reached; the text names it.
    #[error("{0}")]
    Limit(String),
    /// As many queries as are allowed run already.
    #[error("{running} queries are running: try again when one has ended")]
    Busy {
        /// How many run.
        running: usize,
    },
    /// The query was cancelled.
    #[error("the query was cancelled")]
    Cancelled,
    /// The lake is shutting down, or its follower stopped.
    #[error("the lake is closed")]
    Closed,
    /// A view definition that cannot be a table.
    #[error("table {table}: {what}")]
    View {
        /// The table, or the number of the definition if it has no name.
        table: String,
        /// What is wrong with it.
        what: String,
    },
    /// The records could not be read.
    #[error(transparent)]
    Records(#[from] records::Error),
    /// The map of the lake failed.
    #[error("the map of the lake: {0}")]
    Map(#[from] rusqlite::Error),
    /// The query engine failed, or a Parquet file is not as it must be.
    #[error("{0}")]
    Engine(String),
    /// A file could not be read or written.
    #[error("{what}: {error}")]
    File {
        /// What was done to which file.
        what: String,
        /// The system's answer.
        error: std::io::Error,
    },
}

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, if that is known.
    pub place: Option<Place>,
    /// What might have been meant.
    pub hint: Option<String>,
}

/// A place in the text of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Character in the line, from 1.
    pub column: u64,
    /// Byte offset in the text, from 0.
    pub offset: usize,
}

impl std::error::Error for SqlError {}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = self.place {
            write!(f, " (line {}, column {})", place.line, place.column)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

impl Error {
    /// Whether there is no room left on the disk.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Error::Map(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Error::File { error, .. } => error.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    pub(crate) fn file(what: &str, path: &Path, error: std::io::Error) -> Self {
        Error::File { what: format!("{what} {}", path.display()), error }
    }

    pub(crate) fn engine(error: impl std::fmt::Display) -> Self {
        Error::Engine(error.to_string())
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        Error::engine(error)
    }
}

impl From<datafusion::parquet::errors::ParquetError> for Error {
    fn from(error: datafusion::parquet::errors::ParquetError) -> Self {
        Error::engine(error)
    }
}
