//! What can go wrong, seen from the caller.

/// Why the store did not do what was asked. Nothing of the request is stored when it is returned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grant does not allow it.
    #[error(transparent)]
    Denied(#[from] access::Denied),
    /// There is no such resource.
    #[error("{resource_type}/{id} is not known here")]
    NotFound {
        /// Type asked for.
        resource_type: String,
        /// Id asked for.
        id: String,
    },
    /// The resource was deleted.
    #[error("{resource_type}/{id} was deleted (version {version})")]
    Gone {
        /// Type asked for.
        resource_type: String,
        /// Id asked for.
        id: String,
        /// The version that deleted it.
        version: i64,
    },
    /// `If-Match` named another version than the current one, or the resource is not there at all; or it is there and must not
    /// be.
    #[error("{}", conflict(resource_type, id, *current, *asked))]
    VersionConflict {
        /// Type asked for.
        resource_type: String,
        /// Id asked for.
        id: String,
        /// Version now; 0 if there is none.
        current: i64,
        /// Version that the request names; 0 if it asks that there be none.
        asked: i64,
    },
    /// A condition that must match at most one resource matches several.
    #[error("{resource_type}?{query} matches more than one resource: name one of them")]
    MultipleMatches {
        /// Type searched.
        resource_type: String,
        /// The search.
        query: String,
    },
    /// A condition that must match a resource matches none.
    #[error("{resource_type}?{query} matches no resource: load it first")]
    NoMatch {
        /// Type searched.
        resource_type: String,
        /// The search.
        query: String,
    },
    /// One part of the content is refused, and everything with it.
    #[error("{place}: {error}")]
    At {
        /// The part, as FHIRPath: `Bundle.entry[3]`.
        place: String,
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// The content is not acceptable.
    #[error("{}", .0.first().map_or("the content is not acceptable", |i| i.message.as_str()))]
    Invalid(Vec<Issue>),
    /// The search cannot be answered; the text names the part.
    #[error("{0}")]
    Search(String),
    /// The search names something that is not supported.
    #[error("{0}")]
    NotSupported(String),
    /// A question about codes that cannot be answered from what is stored.
    #[error("{}", advised(.0))]
    Terminology(#[from] fhir::terminology::TerminologyError),
    /// A page token that is no longer, or never was, good.
    #[error("{0}")]
    PageGone(String),
    /// No space is left on the disk.
    #[error("no space is left on the disk: nothing was written; free some and send it again")]
    DiskFull,
    /// The store is shutting down, or its writer stopped.
    #[error("the store is closed")]
    Closed,
    /// A data directory of another version.
    #[error("{0}")]
    Layout(String),
    /// Something in the files is not as it must be.
    #[error("damaged: {0}")]
    Damaged(String),
    /// SQLite failed.
    #[error("database: {0}")]
    Database(rusqlite::Error),
    /// A file could not be read or written.
    #[error("{what}: {error}")]
    File {
        /// What was done to which file.
        what: String,
        /// The system's answer.
        error: std::io::Error,
    },
}

/// One thing that is wrong with content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// FHIR issue type: `structure`, `required`, `value`, `invalid`, `not-supported` …
    pub code: String,
    /// Where, as FHIRPath.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Byte offset in the content.
    pub offset: usize,
}

fn advised(error: &fhir::terminology::TerminologyError) -> String {
    let advice = error.advice();
    if advice.is_empty() { error.to_string() } else { format!("{error}: {advice}") }
}

fn conflict(resource_type: &str, id: &str, current: i64, asked: i64) -> String {
    match (current, asked) {
        (current, 0) => format!(
            "{resource_type}/{id} is there already (version {current}), and the request is to create it only if it is not: leave \
             If-None-Match out to update it"
        ),
        (0, asked) => {
            format!("{resource_type}/{id} is not there, the request was made for version {asked}: read it again")
        }
        (current, asked) => format!(
            "{resource_type}/{id} is at version {current}, the request was made for version {asked}: read it again"
        ),
    }
}

impl From<fhir::validate::Issue> for Issue {
    fn from(issue: fhir::validate::Issue) -> Self {
        Issue { code: issue.code.as_str().into(), place: issue.fhirpath, message: issue.message, offset: issue.offset }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        // The index of the write-ahead log is a file too, and growing it fails in words of its own.
        const LOG_INDEX_CANNOT_GROW: i32 = 4874;
        if let rusqlite::Error::SqliteFailure(code, _) = &error
            && (code.code == rusqlite::ErrorCode::DiskFull || code.extended_code == LOG_INDEX_CANNOT_GROW)
        {
            return Error::DiskFull;
        }
        Error::Database(error)
    }
}

impl Error {
    pub(crate) fn file(what: impl Into<String>, error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            Error::DiskFull
        } else {
            Error::File { what: what.into(), error }
        }
    }
}
