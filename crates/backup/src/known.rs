//! Which blocks a repository has: kept beside the folder that is copied, since the copies themselves cannot be read without the key.
//!
//! Lost, it costs one whole copy and nothing else.

use crate::block::{BlockName, NameKey};
use crate::error::Error;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS name_key(one INTEGER PRIMARY KEY CHECK (one = 1), bytes BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pack(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, blocks INTEGER NOT NULL,
    bytes INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS block(name BLOB PRIMARY KEY, pack INTEGER NOT NULL, no INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Where a block lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) pack: i64,
    pub(crate) no: u32,
}

pub(crate) struct Known {
    connection: Connection,
    path: PathBuf,
    pub(crate) key: NameKey,
}

/// A pack that a copy added.
pub(crate) struct AddedPack {
    pub(crate) no: i64,
    pub(crate) name: String,
    pub(crate) blocks: u32,
    pub(crate) bytes: u64,
}

/// What a copy added, to be known once it is whole.
#[derive(Default)]
pub(crate) struct Added {
    pub(crate) packs: Vec<AddedPack>,
    pub(crate) blocks: HashMap<BlockName, Place>,
}

impl Known {
    /// What is known of the repository with this id.
    pub(crate) fn open(folder: &Path, repository: &str) -> Result<Known, Error> {
        let path = folder.join(format!("{repository}.db"));
        let failed = || Error::database(&path);
        let connection = Connection::open(&path).map_err(failed())?;
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            .and_then(|()| connection.execute_batch(TABLES))
            .map_err(failed())?;
        let kept: Option<[u8; 32]> =
            connection.query_row("SELECT bytes FROM name_key", [], |row| row.get(0)).optional().map_err(failed())?;
        let key = match kept {
            Some(key) => key,
            None => {
                // 32 random bytes of the system, by way of a key that is thrown away.
                let key = *blake3::hash(crate::Key::generate().to_file().as_bytes()).as_bytes();
                connection.execute("INSERT INTO name_key(one, bytes) VALUES(1, ?1)", [key]).map_err(failed())?;
                key
            }
        };
        Ok(Known { connection, path, key: NameKey(key) })
    }

    pub(crate) fn place(&self, name: BlockName) -> Result<Option<Place>, Error> {
        self.connection
            .prepare_cached("SELECT pack, no FROM block WHERE name = ?1")
            .and_then(|mut statement| {
                statement.query_row([name.0], |row| Ok(Place { pack: row.get(0)?, no: row.get(1)? })).optional()
            })
            .map_err(Error::database(&self.path))
    }

    /// Names and numbers of blocks of the packs that are known.
    pub(crate) fn packs(&self) -> Result<HashMap<i64, (String, u32)>, Error> {
        let read = || -> rusqlite::Result<HashMap<i64, (String, u32)>> {
            let mut statement = self.connection.prepare("SELECT no, name, blocks FROM pack")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
            rows.collect()
        };
        read().map_err(Error::database(&self.path))
    }

    /// Remembers what a copy added, and forgets the packs of which hardly anything is used any more: what is is written anew next time,
    /// so that the old ones go with the copies that need them.
    pub(crate) fn note(&mut self, added: &Added, forget: &[i64]) -> Result<(), Error> {
        let path = self.path.clone();
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            for AddedPack { no, name, blocks, bytes } in &added.packs {
                transaction.execute(
                    "INSERT INTO pack(no, name, blocks, bytes) VALUES(?1, ?2, ?3, ?4)",
                    params![no, name, blocks, *bytes as i64],
                )?;
            }
            {
                let mut insert =
                    transaction.prepare("INSERT OR REPLACE INTO block(name, pack, no) VALUES(?1, ?2, ?3)")?;
                for (name, place) in &added.blocks {
                    insert.execute(params![name.0, place.pack, place.no])?;
                }
            }
            for pack in forget {
                transaction.execute("DELETE FROM block WHERE pack = ?1", [pack])?;
                transaction.execute("DELETE FROM pack WHERE no = ?1", [pack])?;
            }
            transaction.commit()
        };
        write().map_err(Error::database(&path))
    }

    /// Forgets packs that are not in the repository as they were written: nothing is built upon what was cut off.
    pub(crate) fn keep_only(&mut self, there: &BTreeMap<String, u64>) -> Result<(), Error> {
        let read = || -> rusqlite::Result<Vec<(i64, String, i64)>> {
            let mut statement = self.connection.prepare("SELECT no, name, bytes FROM pack")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        };
        let packs = read().map_err(Error::database(&self.path))?;
        let is_whole = |name: &str, bytes: i64| there.get(name).is_some_and(|length| *length == bytes as u64);
        let gone: Vec<i64> =
            packs.iter().filter(|(_, name, bytes)| !is_whole(name, *bytes)).map(|(no, ..)| *no).collect();
        if gone.is_empty() { Ok(()) } else { self.note(&Added::default(), &gone) }
    }
}
