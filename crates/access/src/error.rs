use crate::grant::Denied;
use crate::scope::ScopeError;
use std::path::{Path, PathBuf};

/// Why something about accounts, tokens, sessions or sources could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Who asked may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A text given as scopes is not.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A value given is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The name or network is taken.
    #[error("there is already a {kind} with the {field} '{value}'")]
    Taken {
        /// Of what: `account`, `token`, `source`.
        kind: &'static str,
        /// Which of its values.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// There is nothing by that id.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// Of what: `account`, `token`, `source`, `session`.
        kind: &'static str,
        /// The id asked for.
        id: i64,
    },
    /// The database of access cannot be read or written.
    #[error("the database of accounts: {0}")]
    Storage(#[from] rusqlite::Error),
    /// A file or folder cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A newer program has written the database.
    #[error("{} was written by a newer medweave (format {found}, this one knows {known}): use that version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// A stored row is not what this program writes.
    #[error("the database of accounts is damaged: {what}")]
    Damaged {
        /// What was found where.
        what: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Error {
        Error::File { path: path.to_owned(), source }
    }
}

/// Why a token, a session or an address does not lead to a grant: the text of a 401.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody ever got this token, or it has been revoked for so long that it is forgotten.
    #[error("this token is not known")]
    UnknownToken,
    /// The token has been revoked.
    #[error("this token has been revoked")]
    RevokedToken,
    /// The token's time is over.
    #[error("this token has expired")]
    ExpiredToken,
    /// There is no such session, or it is over: signed out, idle for too long or too old.
    #[error("not signed in, or the session is over: sign in again")]
    NoSession,
    /// No source is allowed at the address.
    #[error("no source is allowed at this address")]
    UnknownAddress,
    /// A local user who does not own the data directory.
    #[error("only the owner of the data directory (user id {owner_uid}) and root may do this, not user id {uid}")]
    NotOwner {
        /// Who tried.
        uid: u32,
        /// Who may.
        owner_uid: u32,
    },
}
