//! The tables of `records.db`, and how a connection is opened.
//!
//! A resource's current state is one row of `resource`: identity, place in its arrival, forward blob, body. Superseded
//! versions move to `version`. The search index is runs of sorted keys ([`crate::index`]), (parameter, value, row), where a parameter
//! number stands for (type, code); the forward blob holds the same postings the other way round.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Version of the layout, kept in `PRAGMA user_version`. An older program refuses a newer number.
pub(crate) const LAYOUT: i64 = 3;

pub(crate) const TABLES: &str = "
CREATE TABLE resource(
  row INTEGER PRIMARY KEY,
  type INTEGER NOT NULL,
  id NOT NULL,                     -- 16-byte blob if it is a canonical UUID, else text
  state INTEGER NOT NULL,          -- 0 stub (mentioned only), 1 live, 2 deleted
  version INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0,
  updated_us INTEGER NOT NULL DEFAULT 0,
  arrival INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL DEFAULT 0,   -- byte offset in the arrival
  length INTEGER NOT NULL DEFAULT 0,
  forward BLOB,
  dictionary INTEGER,
  body BLOB
);
CREATE TABLE id_new(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE TABLE id_mid(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE TABLE id_old(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE VIEW id_hash AS SELECT hash, no FROM id_new UNION ALL SELECT hash, no FROM id_mid UNION ALL SELECT hash, no FROM id_old;
CREATE TABLE version(
  row INTEGER NOT NULL, version INTEGER NOT NULL, kind INTEGER NOT NULL, seq INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  arrival INTEGER NOT NULL, at INTEGER NOT NULL, length INTEGER NOT NULL, dictionary INTEGER, body BLOB,
  PRIMARY KEY(row, version)
) WITHOUT ROWID;
CREATE TABLE type_count(type INTEGER PRIMARY KEY, live INTEGER NOT NULL);
CREATE TABLE feed(
  seq INTEGER PRIMARY KEY, row INTEGER NOT NULL, version INTEGER NOT NULL,
  kind INTEGER NOT NULL            -- 8 times the type, plus 1 created here, 2 updated, 3 deleted, 4 created under a given id
);
CREATE TABLE token_value(no INTEGER PRIMARY KEY, system INTEGER NOT NULL, code TEXT NOT NULL);
CREATE TABLE code_new(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE TABLE code_mid(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE TABLE code_old(hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(hash, no)) WITHOUT ROWID;
CREATE VIEW code_hash AS SELECT hash, no FROM code_new UNION ALL SELECT hash, no FROM code_mid UNION ALL SELECT hash, no FROM code_old;
CREATE TABLE token_system(no INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
CREATE TABLE run(
  no INTEGER PRIMARY KEY,
  age INTEGER NOT NULL,            -- number of the newest commit's run in it
  state INTEGER NOT NULL,          -- 0 being written, 1 live, 2 merged into another
  keys INTEGER NOT NULL, bytes INTEGER NOT NULL,
  target INTEGER                   -- the run it is being merged into
);
CREATE TABLE fence(no INTEGER PRIMARY KEY, run INTEGER NOT NULL, last BLOB NOT NULL, fences BLOB NOT NULL);
CREATE INDEX fence_run ON fence(run);
CREATE TABLE block(no INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE dictionary(no INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE arrival(
  no INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, door TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL,
  media TEXT NOT NULL, wrapper TEXT NOT NULL, base INTEGER NOT NULL, length INTEGER NOT NULL, hash BLOB NOT NULL,
  pack INTEGER NOT NULL, at INTEGER NOT NULL, frames BLOB NOT NULL, dictionary INTEGER NOT NULL, principal TEXT NOT NULL, undone_us INTEGER
);
CREATE INDEX arrival_hash ON arrival(hash);
CREATE TABLE audit(
  no INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, principal TEXT NOT NULL, origin TEXT NOT NULL, action TEXT NOT NULL,
  arrival INTEGER, first_seq INTEGER, last_seq INTEGER, detail TEXT NOT NULL
);
CREATE TABLE dead_letter(
  no INTEGER PRIMARY KEY, arrival INTEGER NOT NULL, at_us INTEGER NOT NULL, at INTEGER NOT NULL, length INTEGER NOT NULL,
  what TEXT NOT NULL, place TEXT NOT NULL, hint TEXT NOT NULL, state TEXT NOT NULL, closed_us INTEGER, closed_by TEXT, reason TEXT, replayed INTEGER
);
CREATE INDEX dead_letter_open ON dead_letter(state, no);
CREATE TABLE setting(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
";

/// What was added since the first layout; an older program does not miss it.
const ADDED: &str = "
-- Which requests brought the parts of one file: the audit row that says what was written, 0 if the part was here before.
CREATE TABLE IF NOT EXISTS delivery(no INTEGER NOT NULL, arrival INTEGER NOT NULL, audit INTEGER NOT NULL, PRIMARY KEY(no, arrival, audit)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_arrival ON delivery(arrival, no);
CREATE INDEX IF NOT EXISTS audit_arrival ON audit(arrival);
CREATE INDEX IF NOT EXISTS dead_letter_arrival ON dead_letter(arrival);
-- Who sends, and when each did last, without going through what came.
CREATE INDEX IF NOT EXISTS arrival_source ON arrival(source, no);
";

/// What makes those tables that a database of an earlier layout has not.
pub(crate) fn missing_tables() -> String {
    ["TABLE", "INDEX", "VIEW"].iter().fold(TABLES.to_owned(), |sql, what| {
        sql.replace(&format!("CREATE {what} "), &format!("CREATE {what} IF NOT EXISTS "))
    })
}

/// Page cache of the writing connection, in KiB. Most of what it writes are new pages at the end of tables, so that five times as much
/// makes a load no faster.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// Page cache of each reading connection, in KiB.
const READER_CACHE_KIB: i64 = 16 * 1024;
/// Readers map this much of the file, so that they share the page cache of the system.
const READER_MMAP_BYTES: i64 = 128 << 20;

/// Statements kept prepared with a connection.
const STATEMENTS: usize = 128;

/// Keeps statements as they were prepared. Without the planner's guarantee of stability SQLite prepares a statement again whenever a
/// value is bound that might change its plan: which took longer than most look-ups and a third of the processor time of a load.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens the database for writing, making the tables in a new file.
pub(crate) fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    keep_plans(&connection)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if version == 0 {
        connection.execute_batch("PRAGMA page_size=8192;")?;
    }
    connection.execute_batch(&format!(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-{WRITER_CACHE_KIB}; PRAGMA temp_store=MEMORY;
         PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;"
    ))?;
    if version == 0 {
        connection.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version={LAYOUT}; COMMIT;"))?;
    }
    if version <= LAYOUT {
        connection.execute_batch(&format!("BEGIN; {ADDED} COMMIT;"))?;
        connection.execute_batch(crate::confirmed::TABLE)?;
        connection.execute_batch(crate::unmapped::INDEX)?;
        connection.execute_batch(crate::correction::INDEX)?;
    }
    Ok(connection)
}

/// Opens the database for reading: a snapshot per transaction, never waits for the writer.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    keep_plans(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA query_only=ON; PRAGMA cache_size=-{READER_CACHE_KIB}; PRAGMA mmap_size={READER_MMAP_BYTES}; PRAGMA temp_store=MEMORY;"
    ))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::RESOURCE_BY_ID;
    use rusqlite::StatementStatus;

    #[test]
    fn a_look_up_is_prepared_once_whatever_it_asks_for() {
        let folder = std::env::temp_dir().join(format!("medweave-plans-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("records.db");
        for connection in [open_writer(&path).unwrap(), open_reader(&path).unwrap()] {
            let mut statement = connection.prepare(&format!("SELECT r.row FROM {RESOURCE_BY_ID}")).unwrap();
            for no in 0..50 {
                assert!(!statement.exists(rusqlite::params![no, format!("id-{no}"), no * 7]).unwrap());
            }
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
