//! The SQLite file behind accounts: opening it with the right modes, its tables, and its format number.

use crate::error::Error;
use rusqlite::{Connection, OpenFlags};
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// The format this program writes, in `user_version`: the number of [`STEPS`].
const FORMAT: i64 = STEPS.len() as i64;

/// How long to wait for another connection's lock; only a backup ever holds one.
const BUSY: Duration = Duration::from_secs(5);

/// What leads from each format to the next; a new database takes all of them. A step that was released is never changed.
const STEPS: [&str; 3] = [ACCOUNTS, LINKS_AND_CHOICES, PATIENTS_OF_TOKENS];

/// Ids are never given twice (`AUTOINCREMENT`): audit rows name them for ever. Times are µs since 1970 UTC.
const ACCOUNTS: &str = "
CREATE TABLE account(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,              -- what is typed to sign in, folded
    display TEXT NOT NULL,
    role TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    disabled_us INTEGER,
    salt BLOB NOT NULL, memory_kib INTEGER NOT NULL, passes INTEGER NOT NULL, lanes INTEGER NOT NULL,
    hash BLOB NOT NULL, password_us INTEGER NOT NULL
) STRICT;
CREATE TABLE session(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    account_id INTEGER NOT NULL REFERENCES account(id),
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    origin TEXT NOT NULL
) STRICT;
CREATE INDEX session_account ON session(account_id);
CREATE TABLE token(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_us INTEGER,
    used_us INTEGER,
    revoked_us INTEGER
) STRICT;
CREATE UNIQUE INDEX token_name ON token(name) WHERE revoked_us IS NULL;
CREATE TABLE source(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    network TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    character_set TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE TABLE failed_sign_in(name TEXT NOT NULL, at_us INTEGER NOT NULL) STRICT;
CREATE INDEX failed_sign_in_name ON failed_sign_in(name, at_us);
CREATE INDEX failed_sign_in_at ON failed_sign_in(at_us);
CREATE TABLE setup(one INTEGER PRIMARY KEY CHECK (one = 1), hash BLOB NOT NULL, expires_us INTEGER NOT NULL) STRICT;
CREATE TABLE account_audit(
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    origin TEXT NOT NULL,
    hash BLOB NOT NULL                      -- of the row before and this row: see trail.rs
) STRICT;
CREATE TRIGGER account_audit_keeps_rows BEFORE DELETE ON account_audit BEGIN SELECT RAISE(ABORT, 'audit rows stay'); END;
CREATE TRIGGER account_audit_keeps_text BEFORE UPDATE ON account_audit BEGIN SELECT RAISE(ABORT, 'audit rows stay'); END;
";

/// Sign-in links, locked sessions, and what a person chose for the pages.
const LINKS_AND_CHOICES: &str = "
CREATE TABLE sign_in_link(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    account_id INTEGER NOT NULL REFERENCES account(id),
    expires_us INTEGER NOT NULL,
    used_us INTEGER
) STRICT;
CREATE INDEX sign_in_link_account ON sign_in_link(account_id);
ALTER TABLE session ADD COLUMN locked_us INTEGER;
CREATE TABLE choice(
    account_id INTEGER NOT NULL REFERENCES account(id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
";

/// The id of the patient whom a token's `patient/` scopes are about.
const PATIENTS_OF_TOKENS: &str = "ALTER TABLE token ADD COLUMN patient TEXT;";

/// Opens `folder/access.db` for looking only, beside whoever else has it open.
pub(crate) fn look(folder: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join("access.db"), flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens `folder/access.db`, making both where they are missing; the folder gets mode 0700 and the file 0600.
pub(crate) fn open(folder: &Path) -> Result<Connection, Error> {
    let path = folder.join("access.db");
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Error::file(folder, error))?;
    // SQLite gives its -wal and -shm files the mode of the database file, so that one must be right before it is opened.
    OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(|error| Error::file(&path, error))?;
    for (path, mode) in [(folder, 0o700), (path.as_path(), 0o600)] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| Error::file(path, error))?;
    }
    let mut connection = Connection::open(&path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(missing) = usize::try_from(found).ok().and_then(|found| STEPS.get(found..)) else {
        return Err(Error::Newer { path, found, known: FORMAT });
    };
    if !missing.is_empty() {
        if found > 0 {
            keep_copy(&connection, folder, found)?;
        }
        let transaction = connection.transaction()?;
        for step in missing {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Copies the database beside itself before it is brought to a newer format: for those who must go back.
fn keep_copy(connection: &Connection, folder: &Path, format: i64) -> Result<(), Error> {
    let copy = folder.join(format!("access-format-{format}.db"));
    let unless_missing = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(Error::file(&copy, error)),
    };
    // Left by a start that was broken off between the copy and the change.
    std::fs::remove_file(&copy).or_else(unless_missing)?;
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&copy)
        .map_err(|error| Error::file(&copy, error))?;
    connection.execute("VACUUM INTO ?", [copy.to_string_lossy()])?;
    Ok(())
}

/// Whether an error says that a `UNIQUE` rule was broken.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}
