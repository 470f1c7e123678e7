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
    #[error("another {kind} has the {field} '{value}' already")]
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
    /// The sign-in, or the proof of the old password, did not succeed.
    #[error(transparent)]
    SignIn(#[from] SignInRefused),
    /// The session that is meant is over.
    #[error("not signed in, or the session is over: sign in again")]
    NoSession,
    /// The set-up link does not work.
    #[error(transparent)]
    Setup(#[from] SetupRefused),
    /// The sign-in link does not work.
    #[error(transparent)]
    Link(#[from] LinkRefused),
    /// The change would leave nobody who can administer.
    #[error("this is the last account that administers: make another one first")]
    LastAdministrator,
    /// So many passwords are being checked that this one would wait too long.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
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
    /// Whether there is no room left on the disk.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Error::Storage(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Error::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Error {
        Error::File { path: path.to_owned(), source }
    }
}

/// Why a sign-in did not succeed. It tells nothing about accounts to somebody who does not know the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignInRefused {
    /// There is no such account, or the password is another one.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many tries on this name or from this address.
    #[error("too many failed tries: wait until the lock is over, or ask an administrator to lift it")]
    Locked {
        /// When the lock ends, µs since 1970 UTC.
        until_us: i64,
    },
    /// The password is right and the account disabled.
    #[error("this account is disabled: ask an administrator")]
    Disabled,
}

/// Why a set-up link does not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetupRefused {
    /// The code is not the last one given out.
    #[error("this set-up link is not valid: use the one printed last")]
    Unknown,
    /// Its time is over.
    #[error("this set-up link has expired: restart the program to get a new one")]
    Expired,
    /// Somebody has set up already.
    #[error("set-up is complete: sign in")]
    Done,
}

/// Why a sign-in link does not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkRefused {
    /// Nobody ever got this link, or it is so old that it is forgotten.
    #[error("this sign-in link is not valid: use the whole link as it was printed")]
    Unknown,
    /// Its time is over.
    #[error("this sign-in link has expired: links are good for an hour; ask for a new one")]
    Expired,
    /// Somebody has signed in by it.
    #[error("this sign-in link has been used: links are good for one sign-in; ask for a new one")]
    Used,
}

/// Why a token, a session or an address does not lead to a grant: the text of a 401.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody ever got this token, or its revocation is so old that it is forgotten.
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
    /// The session is locked until its person gives the password again.
    #[error("this session is locked: unlock it with the password")]
    Locked,
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
