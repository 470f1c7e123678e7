//! The map of the lake: which version of which resource is in which file, on SQLite.
//!
//! It is what makes a flush one step: new files are written and synced first, then one commit here makes them the lake's and
//! keeps the text of the Delta log entries that will say so; only after it are those entries written. A crash before the commit
//! leaves files that nobody names (swept at the next start), a crash after it leaves log entries to be written (done at the next
//! start). Neither loses a row nor doubles one.

use crate::error::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Version of the layout below. Another number means that the lake is rebuilt.
pub(crate) const LAYOUT: i64 = 2;

const TABLES: &str = "
CREATE TABLE setting(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE current(row INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE placed(tbl INTEGER NOT NULL, seq INTEGER NOT NULL, slot INTEGER NOT NULL, PRIMARY KEY(tbl, seq)) WITHOUT ROWID;
CREATE TABLE file(slot INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, memory INTEGER NOT NULL, rows INTEGER NOT NULL, at_us INTEGER NOT NULL);
CREATE TABLE removed(tbl INTEGER NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY(tbl, path)) WITHOUT ROWID;
CREATE TABLE log(tbl INTEGER PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL, at_us INTEGER NOT NULL);
CREATE TABLE pending(tbl INTEGER NOT NULL, version INTEGER NOT NULL, actions TEXT NOT NULL, PRIMARY KEY(tbl, version)) WITHOUT ROWID;
";

/// A data file of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// What `placed` knows it by: a file that is rewritten keeps its slot.
    pub(crate) slot: i64,
    /// Name in the table's folder.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// Bytes of its rows in memory.
    pub(crate) memory: u64,
    pub(crate) rows: u64,
    pub(crate) at_us: i64,
}

/// A file that was part of a table.
#[derive(Clone, Debug)]
pub(crate) struct RemovedFile {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) at_us: i64,
}

/// Where the lake has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Position in the feed.
    pub(crate) seq: i64,
    /// Newest arrival.
    pub(crate) arrival: i64,
}

/// What a flush changes in one table.
#[derive(Debug, Default)]
pub(crate) struct TableChange {
    pub(crate) removed: Vec<DataFile>,
    pub(crate) added: Vec<DataFile>,
    /// Versions that are in no file any more.
    pub(crate) gone: Vec<i64>,
    /// Versions and the slots they are in now.
    pub(crate) placed: Vec<(i64, i64)>,
}

pub(crate) struct Map {
    connection: Connection,
}

impl Map {
    /// Opens the map in `folder`; `None` if there is none, or one that does not fit: then the lake is made anew.
    pub(crate) fn open(folder: &Path, fingerprint: &str) -> Result<Option<Map>, Error> {
        let path = folder.join("map.db");
        if !path.exists() {
            return Ok(None);
        }
        let map = Map { connection: connect(&path)? };
        let layout: i64 = map.connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if layout != LAYOUT || map.text("fingerprint")?.as_deref() != Some(fingerprint) {
            return Ok(None);
        }
        Ok(Some(map))
    }

    /// Makes an empty map.
    pub(crate) fn create(folder: &Path, fingerprint: &str) -> Result<Map, Error> {
        let mut connection = connect(&folder.join("map.db"))?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO setting VALUES ('fingerprint', ?1)", [fingerprint])?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()?;
        Ok(Map { connection })
    }

    /// A map that is kept nowhere and holds nothing: what stands for one that was closed.
    pub(crate) fn nowhere() -> Result<Map, Error> {
        Ok(Map { connection: Connection::open_in_memory()? })
    }

    /// A second connection to the map in `folder`, for reading beside a flush.
    pub(crate) fn reader(folder: &Path) -> Result<Map, Error> {
        Ok(Map { connection: connect(&folder.join("map.db"))? })
    }

    fn text(&self, name: &str) -> rusqlite::Result<Option<String>> {
        self.connection.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0)).optional()
    }

    /// Gives back the memory of pages that are kept for reading again.
    pub(crate) fn shrink(&self) -> Result<(), Error> {
        Ok(self.connection.execute_batch("PRAGMA shrink_memory")?)
    }

    pub(crate) fn position(&self) -> Result<Position, Error> {
        let value = |name: &str| {
            self.connection
                .query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0))
                .optional()
                .map(Option::unwrap_or_default)
        };
        Ok(Position { seq: value("seq")?, arrival: value("arrival")? })
    }

    /// The files of a table.
    pub(crate) fn files(&self, table: usize) -> Result<Vec<DataFile>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT slot, path, bytes, memory, rows, at_us FROM file WHERE tbl = ?1 ORDER BY slot")?;
        let files = statement.query_map([table as i64], |r| {
            Ok(DataFile {
                slot: r.get(0)?,
                path: r.get(1)?,
                bytes: r.get::<_, i64>(2)? as u64,
                memory: r.get::<_, i64>(3)? as u64,
                rows: r.get::<_, i64>(4)? as u64,
                at_us: r.get(5)?,
            })
        })?;
        Ok(files.collect::<rusqlite::Result<_>>()?)
    }

    /// Files that were taken out of a table at or after `since_us`, oldest first.
    pub(crate) fn removed(&self, table: usize, since_us: i64) -> Result<Vec<RemovedFile>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT path, bytes, at_us FROM removed WHERE tbl = ?1 AND at_us >= ?2 ORDER BY at_us, path",
        )?;
        let files = statement.query_map([table as i64, since_us], |r| {
            Ok(RemovedFile { path: r.get(0)?, bytes: r.get::<_, i64>(1)? as u64, at_us: r.get(2)? })
        })?;
        Ok(files.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets a file that was taken out; it must be gone already.
    pub(crate) fn forget_removed(&self, table: usize, path: &str) -> Result<(), Error> {
        self.connection
            .prepare_cached("DELETE FROM removed WHERE tbl = ?1 AND path = ?2")?
            .execute(params![table as i64, path])?;
        Ok(())
    }

    /// The flushed version of a live resource.
    pub(crate) fn current(&self, row: i64) -> Result<Option<i64>, Error> {
        Ok(self
            .connection
            .prepare_cached("SELECT seq FROM current WHERE row = ?1")?
            .query_row([row], |r| r.get(0))
            .optional()?)
    }

    /// The slots of those of `seqs` that are in a file of the table.
    pub(crate) fn slots(&self, table: usize, seqs: &[i64]) -> Result<HashMap<i64, i64>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT slot FROM placed WHERE tbl = ?1 AND seq = ?2")?;
        let mut slots = HashMap::new();
        for &seq in seqs {
            if let Some(slot) = statement.query_row([table as i64, seq], |r| r.get(0)).optional()? {
                slots.insert(seq, slot);
            }
        }
        Ok(slots)
    }

    pub(crate) fn next_slot(&self) -> Result<i64, Error> {
        let query = "SELECT coalesce(max(slot), 0) + 1 FROM (SELECT slot FROM file UNION ALL
                     SELECT value AS slot FROM setting WHERE name = 'last_slot')";
        Ok(self.connection.query_row(query, [], |r| r.get(0))?)
    }

    /// Version, position and time of the newest log entry of a table; `None` before its first.
    pub(crate) fn log(&self, table: usize) -> Result<Option<(i64, i64, i64)>, Error> {
        Ok(self
            .connection
            .query_row("SELECT version, position, at_us FROM log WHERE tbl = ?1", [table as i64], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?))
            })
            .optional()?)
    }

    /// Begins the commit of a flush.
    pub(crate) fn begin(&mut self) -> Result<Flush<'_>, Error> {
        Ok(Flush { transaction: self.connection.transaction()? })
    }

    /// Log entries that are to be written: table, version, text.
    pub(crate) fn pending(&self) -> Result<Vec<(usize, i64, String)>, Error> {
        let mut statement =
            self.connection.prepare("SELECT tbl, version, actions FROM pending ORDER BY tbl, version")?;
        let pending = statement.query_map([], |r| Ok((r.get::<_, i64>(0)? as usize, r.get(1)?, r.get(2)?)))?;
        Ok(pending.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets log entries that are written.
    pub(crate) fn forget_pending(&self) -> Result<(), Error> {
        self.connection.execute("DELETE FROM pending", [])?;
        Ok(())
    }

    /// Names of files in a table's folder that are to stay: its own and those not yet old enough to go.
    pub(crate) fn known_files(&self, table: usize) -> Result<HashSet<String>, Error> {
        let mut statement = self
            .connection
            .prepare("SELECT path FROM file WHERE tbl = ?1 UNION ALL SELECT path FROM removed WHERE tbl = ?1")?;
        let known = statement.query_map([table as i64], |r| r.get(0))?;
        Ok(known.collect::<rusqlite::Result<_>>()?)
    }
}

/// The one commit of a flush.
pub(crate) struct Flush<'m> {
    transaction: Transaction<'m>,
}

impl Flush<'_> {
    /// Puts in what a table's change is, and the log entry that tells of it.
    pub(crate) fn table(
        &self,
        table: usize,
        change: &TableChange,
        (version, position, at_us): (i64, i64, i64),
        actions: &str,
    ) -> Result<(), Error> {
        let (number, connection) = (table as i64, &self.transaction);
        for file in &change.removed {
            connection.execute("DELETE FROM file WHERE slot = ?1 AND path = ?2", params![file.slot, file.path])?;
            connection.execute(
                "INSERT OR REPLACE INTO removed VALUES (?1, ?2, ?3, ?4)",
                params![number, file.path, file.bytes as i64, at_us],
            )?;
        }
        for file in &change.added {
            connection.execute(
                "INSERT INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    file.slot,
                    number,
                    file.path,
                    file.bytes as i64,
                    file.memory as i64,
                    file.rows as i64,
                    file.at_us
                ],
            )?;
        }
        let mut statement = connection.prepare_cached("DELETE FROM placed WHERE tbl = ?1 AND seq = ?2")?;
        for &seq in &change.gone {
            statement.execute([number, seq])?;
        }
        let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO placed VALUES (?1, ?2, ?3)")?;
        for &(seq, slot) in &change.placed {
            statement.execute([number, seq, slot])?;
        }
        connection.execute("INSERT OR REPLACE INTO log VALUES (?1, ?2, ?3, ?4)", [number, version, position, at_us])?;
        connection.execute("INSERT INTO pending VALUES (?1, ?2, ?3)", params![number, version, actions])?;
        Ok(())
    }

    /// Puts in which version of each changed resource is current; `None` if it is deleted.
    pub(crate) fn current(&self, changes: impl Iterator<Item = (i64, Option<i64>)>) -> Result<(), Error> {
        let mut put = self.transaction.prepare_cached("INSERT OR REPLACE INTO current VALUES (?1, ?2)")?;
        let mut delete = self.transaction.prepare_cached("DELETE FROM current WHERE row = ?1")?;
        for (row, seq) in changes {
            match seq {
                Some(seq) => put.execute([row, seq])?,
                None => delete.execute([row])?,
            };
        }
        Ok(())
    }

    /// Commits: from here on the flush has happened.
    pub(crate) fn commit(self, position: Position, last_slot: i64) -> Result<(), Error> {
        let put = "INSERT OR REPLACE INTO setting VALUES (?1, ?2)";
        self.transaction.execute(put, params!["seq", position.seq])?;
        self.transaction.execute(put, params!["arrival", position.arrival])?;
        self.transaction.execute(put, params!["last_slot", last_slot])?;
        self.transaction.commit()?;
        Ok(())
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Look-ups by number have one plan; without this they are planned anew for each number.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;
         PRAGMA journal_size_limit=67108864; PRAGMA busy_timeout=10000;",
    )?;
    Ok(connection)
}
