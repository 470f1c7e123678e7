//! What sources there are, what was pulled from them, and which rows are current: `tables.db`.
//!
//! A delivery, its segments and the rows it closed are one commit here; their files are on disk before it. Files that no row
//! names are what a crash left, and go when the catalogue is opened.

use crate::error::Error;
use crate::pull::compare::Segment;
use crate::pull::corrected::BadHash;
use crate::pull::moved::Renumbered;
use crate::pull::{attempt, corrected, moved, owned, run_log};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The layout of the catalogue.
const LAYOUT: i64 = 1;
/// How long a command waits for another process to end its commit.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE source (
    no INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, mapping TEXT NOT NULL, added_us INTEGER NOT NULL
) STRICT;
CREATE TABLE pulled (
    no INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(no), name TEXT NOT NULL, columns TEXT NOT NULL,
    rows INTEGER NOT NULL, alive BLOB NOT NULL, UNIQUE (source, name)
) STRICT;
CREATE TABLE delivery (
    no INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL REFERENCES source(no), at_us INTEGER NOT NULL, path TEXT NOT NULL
) STRICT;
CREATE TABLE delivered (
    delivery INTEGER NOT NULL REFERENCES delivery(no), pulled INTEGER NOT NULL REFERENCES pulled(no), file TEXT NOT NULL,
    content BLOB NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL, new INTEGER NOT NULL, bad INTEGER NOT NULL, gone BLOB NOT NULL,
    PRIMARY KEY (delivery, pulled)
) STRICT, WITHOUT ROWID;
CREATE TABLE segment (
    no INTEGER PRIMARY KEY, pulled INTEGER NOT NULL REFERENCES pulled(no), delivery INTEGER NOT NULL, base INTEGER NOT NULL,
    rows INTEGER NOT NULL, arrival INTEGER
) STRICT;
CREATE TABLE bad (
    pulled INTEGER NOT NULL REFERENCES pulled(no), hash BLOB NOT NULL, delivery INTEGER NOT NULL, PRIMARY KEY (pulled, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE mapping (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL, files BLOB NOT NULL, kept_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_pulled ON segment (pulled, base);
";

/// The columns that a table had last. Catalogues of earlier programs get it when they are opened; what is not in it had all columns.
const LATELY: &str = "
CREATE TABLE IF NOT EXISTS lately (pulled INTEGER PRIMARY KEY REFERENCES pulled(no), columns TEXT NOT NULL) STRICT;
-- How a table was written: its columns whose numbers have a point, whatever is declared; whether its last row has no line end.
CREATE TABLE IF NOT EXISTS written (pulled INTEGER PRIMARY KEY REFERENCES pulled(no), points TEXT NOT NULL, is_open INTEGER NOT NULL) STRICT;
";

const PULLED: &str =
    "SELECT p.no, p.name, p.columns, p.rows, p.alive, coalesce(l.columns, p.columns), coalesce(w.points, '[]'), coalesce(w.is_open, 1)
    FROM pulled p LEFT JOIN lately l ON l.pulled = p.no LEFT JOIN written w ON w.pulled = p.no";

/// First row and delivery of segments, and deliveries with the rows that they no longer had.
pub(super) type History = (Vec<(u64, i64)>, Vec<(i64, RoaringTreemap)>);

/// A source of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its number, never given twice.
    pub no: i64,
    /// Its name.
    pub name: String,
    /// Where its deliveries are: a folder, file or archive.
    pub path: String,
    /// Its mapping: the name of one that comes with the program, or a folder.
    pub mapping: String,
    /// When it was added, µs UTC.
    pub added_us: i64,
}

/// A table of which rows were pulled.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// Its number.
    pub no: i64,
    /// Its name in the mapping.
    pub name: String,
    /// All columns that it ever had, in the order in which they came.
    pub columns: Vec<String>,
    /// Those that it had last.
    pub columns_last: Vec<String>,
    /// Those whose numbers have a point, whatever is declared of the source.
    pub points: Vec<String>,
    /// Whether its last row had no line end, or that is not known.
    pub is_open: bool,
    /// Number that its next row gets.
    pub rows: u64,
    /// Rows that are current.
    pub alive: RoaringTreemap,
    /// Its segments, by their base.
    pub segments: Vec<Segment>,
}

/// One delivery of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryInfo {
    /// Its number.
    pub no: i64,
    /// When it was pulled, µs UTC.
    pub at_us: i64,
    /// From where.
    pub path: String,
    /// Its tables.
    pub tables: Vec<Delivered>,
}

/// What a delivery brought of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The table's name.
    pub table: String,
    /// The file it came in.
    pub file: String,
    /// Rows that could be read.
    pub rows: u64,
    /// Rows that the table did not have.
    pub new: u64,
    /// Rows that it had and that did not come any more.
    pub gone: u64,
    /// Rows that could not be read.
    pub bad: u64,
}

/// A table of a source as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentTable {
    /// Its name in the mapping.
    pub name: String,
    /// All columns that it ever had.
    pub columns: Vec<String>,
    /// Rows that are current.
    pub rows: u64,
    /// The file it came in last.
    pub file: String,
    /// The delivery that last brought something of it.
    pub delivery: i64,
    /// When that was pulled, µs UTC.
    pub at_us: i64,
}

/// The file in which a table came last.
pub(super) struct ContentBefore {
    /// Hash of it and of how it is read.
    pub(super) hash: Vec<u8>,
    pub(super) bytes: u64,
    /// Rows of it that could not be read.
    pub(super) bad: u64,
}

/// What is to be written of one table.
pub(super) struct TableTaken {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Those whose numbers have a point, whatever is declared of the source.
    pub(super) points: Vec<String>,
    /// Whether its last row has no line end.
    pub(super) is_open: bool,
    pub(super) file: String,
    pub(super) content: [u8; 32],
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) gone: RoaringTreemap,
    /// Of these, rows that go on under other numbers.
    pub(super) moved: Vec<Renumbered>,
    pub(super) bad: Vec<BadHash>,
    pub(super) bad_rows: u64,
    /// Letters of bad rows.
    pub(super) letters: Vec<(BadHash, i64)>,
    /// The segment of new rows as it lies in the folder of segments to come, and the arrival that keeps their bytes.
    pub(super) segment: Option<(PathBuf, u64, i64)>,
}

/// The catalogue and its folder.
pub(super) struct Catalogue {
    pub(super) folder: PathBuf,
    pub(super) db: Connection,
}

impl Catalogue {
    /// Opens or makes it.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder.join("coming")).map_err(|error| Error::file("make", folder, error))?;
        let path = folder.join("tables.db");
        let mut db = Connection::open(&path)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", "ON")?;
        let layout: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match layout {
            0 => {
                let making = db.transaction()?;
                making.execute_batch(TABLES)?;
                making.pragma_update(None, "user_version", LAYOUT)?;
                making.commit()?;
            }
            LAYOUT => {}
            newer => {
                return Err(Error::Name(format!(
                    "{} was made by a newer program (layout {newer}, this one knows {LAYOUT}): use that program",
                    path.display()
                )));
            }
        }
        db.execute_batch(run_log::TABLE)?;
        owned::open(&mut db)?;
        db.execute_batch(attempt::TABLE)?;
        db.execute_batch(corrected::TABLE)?;
        db.execute_batch(moved::TABLE)?;
        db.execute_batch(LATELY)?;
        run_log::interrupted(&db)?;
        attempt::interrupted(&db, None)?;
        let catalogue = Catalogue { folder: folder.to_owned(), db };
        catalogue.sweep_coming()?;
        catalogue.sweep()?;
        Ok(catalogue)
    }

    /// Removes what pulls left that did not come to their end.
    fn sweep_coming(&self) -> Result<(), Error> {
        let coming = self.coming();
        let failed = |error| Error::file("sweep", &coming, error);
        for entry in std::fs::read_dir(&coming).map_err(failed)? {
            std::fs::remove_file(entry.map_err(failed)?.path()).map_err(failed)?;
        }
        Ok(())
    }

    /// Removes what no commit names.
    fn sweep(&self) -> Result<(), Error> {
        let mut named = HashSet::new();
        let mut query = self.db.prepare("SELECT no FROM segment")?;
        for no in query.query_map([], |row| row.get::<_, i64>(0))? {
            named.insert(self.segment_path(no?));
        }
        let folder = self.segments();
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(()) };
        for entry in entries {
            let path = entry.map_err(|error| Error::file("sweep", &folder, error))?.path();
            if !named.contains(&path) {
                std::fs::remove_file(&path).map_err(|error| Error::file("sweep", &path, error))?;
            }
        }
        Ok(())
    }

    /// Where segments are written before they are named.
    pub(super) fn coming(&self) -> PathBuf {
        self.folder.join("coming")
    }

    /// What runs remember of what they made.
    pub(super) fn made_folder(&self) -> PathBuf {
        self.folder.join("made")
    }

    fn segments(&self) -> PathBuf {
        self.folder.join("rows")
    }

    fn segment_path(&self, no: i64) -> PathBuf {
        self.segments().join(format!("{no}.parquet"))
    }

    pub(super) fn add_source(
        &mut self,
        name: &str,
        path: &str,
        mapping: &str,
        at_us: i64,
    ) -> Result<SourceInfo, Error> {
        let taken: Option<i64> =
            self.db.query_row("SELECT no FROM source WHERE name = ?1", [name], |row| row.get(0)).optional()?;
        if taken.is_some() {
            return Err(Error::Name(format!(
                "there is a source \"{name}\" already: give this one another name, or remove that one"
            )));
        }
        self.db.execute(
            "INSERT INTO source (name, path, mapping, added_us) VALUES (?1, ?2, ?3, ?4)",
            params![name, path, mapping, at_us],
        )?;
        self.source(name)
    }

    pub(super) fn sources(&self) -> Result<Vec<SourceInfo>, Error> {
        let mut query = self.db.prepare("SELECT no, name, path, mapping, added_us FROM source ORDER BY name")?;
        Ok(query.query_map([], source_of)?.collect::<Result<_, _>>()?)
    }

    pub(super) fn source(&self, name: &str) -> Result<SourceInfo, Error> {
        let sql = "SELECT no, name, path, mapping, added_us FROM source WHERE name = ?1";
        if let Some(found) = self.db.query_row(sql, [name], source_of).optional()? {
            return Ok(found);
        }
        let names: Vec<String> = self.sources()?.into_iter().map(|source| source.name).collect();
        let hint = if names.is_empty() {
            "add one with `medweave source add NAME --path PATH --mapping MAPPING`".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        Err(Error::Unknown { what: "source", name: name.to_owned(), hint: Some(hint) })
    }

    /// Path and mapping together, or neither.
    pub(super) fn change_source(&self, source: i64, path: Option<&str>, mapping: Option<&str>) -> Result<(), Error> {
        self.db.execute(
            "UPDATE source SET path = coalesce(?2, path), mapping = coalesce(?3, mapping) WHERE no = ?1",
            params![source, path, mapping],
        )?;
        Ok(())
    }

    /// Forgets a source and the rows pulled from it; what was made of them stays, and so do the arrivals.
    pub(super) fn remove_source(&mut self, no: i64) -> Result<(), Error> {
        let removing = self.db.transaction()?;
        for sql in [
            "DELETE FROM bad WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM corrected WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM moved WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM corrected_bad WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM bad_letter WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM segment WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM delivered WHERE delivery IN (SELECT no FROM delivery WHERE source = ?1)",
            "DELETE FROM delivery WHERE source = ?1",
            "DELETE FROM written WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM lately WHERE pulled IN (SELECT no FROM pulled WHERE source = ?1)",
            "DELETE FROM pulled WHERE source = ?1",
            "DELETE FROM run WHERE source = ?1",
            "DELETE FROM given WHERE source = ?1",
            "DELETE FROM given_before WHERE source = ?1",
            "DELETE FROM row_said WHERE source = ?1",
            "DELETE FROM attempt WHERE source = ?1",
            "DELETE FROM attempt_doubt WHERE source = ?1",
            "DELETE FROM owed_run WHERE source = ?1",
            "DELETE FROM source WHERE no = ?1",
        ] {
            removing.execute(sql, [no])?;
        }
        removing.commit()?;
        let made = self.made_folder().join(no.to_string());
        match std::fs::remove_dir_all(&made) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", &made, error)),
            _ => self.sweep(),
        }
    }

    /// The tables of a source.
    pub(super) fn tables(&self, source: i64) -> Result<Vec<Pulled>, Error> {
        let mut query = self.db.prepare(&format!("{PULLED} WHERE p.source = ?1 ORDER BY p.name"))?;
        let mut tables: Vec<Pulled> = query.query_map([source], pulled_of)?.collect::<Result<_, _>>()?;
        let mut segments = self.db.prepare("SELECT no, base, rows FROM segment WHERE pulled = ?1 ORDER BY base")?;
        for table in &mut tables {
            for segment in segments.query_map([table.no], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })? {
                let (no, base, rows) = segment?;
                table.segments.push(Segment { path: self.segment_path(no), base: base as u64, rows: rows as u64 });
            }
        }
        Ok(tables)
    }

    /// The first row and the delivery of each segment of a table, and what each delivery no longer had of it.
    pub(super) fn history_of(&self, table: i64) -> Result<History, Error> {
        let mut segments = self.db.prepare("SELECT base, delivery FROM segment WHERE pulled = ?1 ORDER BY base")?;
        let brought = segments.query_map([table], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
        let mut deliveries =
            self.db.prepare("SELECT delivery, gone FROM delivered WHERE pulled = ?1 ORDER BY delivery")?;
        let took = deliveries.query_map([table], |row| Ok((row.get(0)?, bitmap_of(row, 1)?)))?;
        Ok((brought.collect::<Result<_, _>>()?, took.collect::<Result<_, _>>()?))
    }

    /// The arrival that keeps a row's bytes, with the delivery that brought it and the file it was in.
    pub(super) fn origin_of(&self, table: i64, row: u64) -> Result<Option<(i64, i64, String)>, Error> {
        let sql = "SELECT s.arrival, s.delivery, d.file FROM segment s JOIN delivered d ON d.delivery = s.delivery AND d.pulled = s.pulled
                   WHERE s.pulled = ?1 AND s.base <= ?2 AND ?2 < s.base + s.rows";
        let found =
            self.db.query_row(sql, params![table, row as i64], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?;
        Ok(found)
    }

    /// The file in which a table came last.
    pub(super) fn content_before(&self, table: i64) -> Result<Option<ContentBefore>, Error> {
        let sql = "SELECT content, bytes, bad FROM delivered WHERE pulled = ?1 ORDER BY delivery DESC LIMIT 1";
        let of = |row: &Row<'_>| {
            let (bytes, bad) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
            Ok(ContentBefore { hash: row.get(0)?, bytes, bad })
        };
        Ok(self.db.query_row(sql, [table], of).optional()?)
    }

    /// Keeps a version of a mapping, so that what it made can be explained for ever.
    pub(super) fn keep_mapping(
        &self,
        hash: &str,
        name: &str,
        files: &[(String, String)],
        at_us: i64,
    ) -> Result<(), Error> {
        let text = serde_json::json!(files).to_string();
        let packed = zstd::bulk::compress(text.as_bytes(), 3)
            .map_err(|error| Error::file("pack a mapping in", &self.folder, error))?;
        self.db.execute(
            "INSERT OR IGNORE INTO mapping (hash, name, files, kept_us) VALUES (?1, ?2, ?3, ?4)",
            params![hash, name, packed, at_us],
        )?;
        Ok(())
    }

    /// The files of a version of a mapping, by the beginning of its hash.
    pub(super) fn mapping(&self, hash: &str) -> Result<Vec<(String, String)>, Error> {
        let unknown = || Error::Unknown { what: "mapping version", name: hash.to_owned(), hint: None };
        let fits = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let packed: Option<Vec<u8>> = self
            .db
            .query_row("SELECT files FROM mapping WHERE hash GLOB ?1 LIMIT 1", [format!("{hash}*")], |row| row.get(0))
            .optional()?;
        let packed = packed.filter(|_| fits).ok_or_else(unknown)?;
        let damaged = |error| Error::file("unpack a mapping in", &self.folder, error);
        let text = zstd::stream::decode_all(packed.as_slice()).map_err(damaged)?;
        serde_json::from_slice(&text).map_err(|error| damaged(error.into()))
    }

    /// Bad rows of a table that were kept before.
    pub(super) fn bad_before(&self, table: i64) -> Result<HashSet<[u8; 16]>, Error> {
        let mut query = self.db.prepare("SELECT hash FROM bad WHERE pulled = ?1")?;
        Ok(query.query_map([table], |row| row.get::<_, [u8; 16]>(0))?.collect::<Result<_, _>>()?)
    }

    /// The deliveries of a source, newest first.
    pub(super) fn deliveries(&self, source: i64, limit: usize) -> Result<Vec<DeliveryInfo>, Error> {
        let mut query =
            self.db.prepare("SELECT no, at_us, path FROM delivery WHERE source = ?1 ORDER BY no DESC LIMIT ?2")?;
        let mut deliveries: Vec<DeliveryInfo> = query
            .query_map(params![source, limit as i64], |row| {
                Ok(DeliveryInfo { no: row.get(0)?, at_us: row.get(1)?, path: row.get(2)?, tables: Vec::new() })
            })?
            .collect::<Result<_, _>>()?;
        let mut of_tables = self.db.prepare(
            "SELECT p.name, d.file, d.rows, d.new, d.bad, d.gone,
                 (SELECT count(*) FROM moved m WHERE m.delivery = d.delivery AND m.pulled = d.pulled AND m.is_same)
             FROM delivered d JOIN pulled p ON p.no = d.pulled WHERE d.delivery = ?1 ORDER BY p.name",
        )?;
        for delivery in &mut deliveries {
            let rows = of_tables.query_map([delivery.no], |row| {
                let moved = row.get::<_, i64>(6)? as u64;
                Ok(Delivered {
                    table: row.get(0)?,
                    file: row.get(1)?,
                    rows: row.get::<_, i64>(2)? as u64,
                    new: (row.get::<_, i64>(3)? as u64).saturating_sub(moved),
                    bad: row.get::<_, i64>(4)? as u64,
                    gone: bitmap_of(row, 5)?.len().saturating_sub(moved),
                })
            })?;
            delivery.tables = rows.collect::<Result<_, _>>()?;
        }
        Ok(deliveries)
    }

    /// The newest delivery of each source, by the source's name: its number, and when it was pulled.
    pub(super) fn newest_deliveries(&self) -> Result<BTreeMap<String, (i64, i64)>, Error> {
        let mut query = self.db.prepare(
            "SELECT s.name, d.no, d.at_us FROM source s JOIN delivery d ON d.no = (SELECT max(no) FROM delivery WHERE source = s.no)",
        )?;
        Ok(query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?.collect::<Result<_, _>>()?)
    }

    /// The tables of a source as they are now.
    pub(super) fn current_tables(&self, source: i64) -> Result<Vec<CurrentTable>, Error> {
        let mut query = self.db.prepare(
            "SELECT p.name, p.columns, p.alive, d.file, d.delivery, e.at_us FROM pulled p
             JOIN delivered d ON d.pulled = p.no AND d.delivery = (SELECT max(delivery) FROM delivered WHERE pulled = p.no)
             JOIN delivery e ON e.no = d.delivery WHERE p.source = ?1 ORDER BY p.name",
        )?;
        let rows = query.query_map([source], |row| {
            Ok(CurrentTable {
                name: row.get(0)?,
                columns: columns_of(row, 1)?,
                rows: bitmap_of(row, 2)?.len(),
                file: row.get(3)?,
                delivery: row.get(4)?,
                at_us: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes a delivery: one commit, after which its rows are current.
    pub(super) fn deliver(
        &mut self,
        source: i64,
        path: &str,
        at_us: i64,
        tables: Vec<TableTaken>,
    ) -> Result<i64, Error> {
        let segments = self.segments();
        std::fs::create_dir_all(&segments).map_err(|error| Error::file("make", &segments, error))?;
        let folder = self.folder.clone();
        let writing = self.db.transaction()?;
        writing
            .execute("INSERT INTO delivery (source, at_us, path) VALUES (?1, ?2, ?3)", params![source, at_us, path])?;
        let delivery = writing.last_insert_rowid();
        for table in tables {
            let (no, rows, mut alive, mut columns) = match pulled(&writing, source, &table.name)? {
                Some(before) => (before.no, before.rows, before.alive, before.columns),
                None => {
                    writing.execute(
                        "INSERT INTO pulled (source, name, columns, rows, alive) VALUES (?1, ?2, '[]', 0, x'')",
                        params![source, table.name],
                    )?;
                    (writing.last_insert_rowid(), 0, RoaringTreemap::new(), Vec::new())
                }
            };
            columns.extend(table.columns.iter().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>());
            alive -= &table.gone;
            let mut new = 0;
            if let Some((coming, count, arrival)) = &table.segment {
                writing.execute(
                    "INSERT INTO segment (pulled, delivery, base, rows, arrival) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![no, delivery, rows as i64, *count as i64, arrival],
                )?;
                let named = segments.join(format!("{}.parquet", writing.last_insert_rowid()));
                std::fs::rename(coming, &named).map_err(|error| Error::file("name", &named, error))?;
                alive.insert_range(rows..rows + count);
                for row in &table.moved {
                    moved::note(&writing, (no, delivery), row, rows + row.place)?;
                }
                new = *count;
            }
            writing.execute(
                "UPDATE pulled SET columns = ?2, rows = ?3, alive = ?4 WHERE no = ?1",
                params![no, serde_json::json!(columns).to_string(), (rows + new) as i64, bytes_of(&alive)],
            )?;
            writing.execute(
                "INSERT OR REPLACE INTO lately (pulled, columns) VALUES (?1, ?2)",
                params![no, serde_json::json!(table.columns).to_string()],
            )?;
            writing.execute(
                "INSERT OR REPLACE INTO written (pulled, points, is_open) VALUES (?1, ?2, ?3)",
                params![no, serde_json::json!(table.points).to_string(), table.is_open],
            )?;
            writing.execute(
                "INSERT INTO delivered (delivery, pulled, file, content, bytes, rows, new, bad, gone)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    delivery,
                    no,
                    table.file,
                    table.content,
                    table.bytes as i64,
                    table.rows as i64,
                    new as i64,
                    table.bad_rows as i64,
                    bytes_of(&table.gone)
                ],
            )?;
            if table.bad.len() as u64 == table.bad_rows {
                // All are known: what is not among them is bad no longer.
                writing.execute("DELETE FROM bad WHERE pulled = ?1", [no])?;
            }
            for (hash, letter) in &table.letters {
                writing.execute(
                    "INSERT OR REPLACE INTO bad_letter (pulled, hash, letter) VALUES (?1, ?2, ?3)",
                    params![no, hash, letter],
                )?;
            }
            for hash in &table.bad {
                writing.execute(
                    "INSERT OR IGNORE INTO bad (pulled, hash, delivery) VALUES (?1, ?2, ?3)",
                    params![no, hash, delivery],
                )?;
            }
        }
        // Names of files are on disk before a commit that leads to them.
        for path in [&segments, &folder] {
            let synced = std::fs::File::open(path).and_then(|folder| folder.sync_all());
            synced.map_err(|error| Error::file("sync", path, error))?;
        }
        writing.commit()?;
        Ok(delivery)
    }
}

fn source_of(row: &Row<'_>) -> rusqlite::Result<SourceInfo> {
    Ok(SourceInfo {
        no: row.get(0)?,
        name: row.get(1)?,
        path: row.get(2)?,
        mapping: row.get(3)?,
        added_us: row.get(4)?,
    })
}

fn pulled(db: &Transaction<'_>, source: i64, name: &str) -> Result<Option<Pulled>, Error> {
    let sql = format!("{PULLED} WHERE p.source = ?1 AND p.name = ?2");
    Ok(db.query_row(&sql, params![source, name], pulled_of).optional()?)
}

fn pulled_of(row: &Row<'_>) -> rusqlite::Result<Pulled> {
    Ok(Pulled {
        no: row.get(0)?,
        name: row.get(1)?,
        columns: columns_of(row, 2)?,
        columns_last: columns_of(row, 5)?,
        points: columns_of(row, 6)?,
        is_open: row.get(7)?,
        rows: row.get::<_, i64>(3)? as u64,
        alive: bitmap_of(row, 4)?,
        segments: Vec::new(),
    })
}

fn columns_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<String>> {
    let columns: String = row.get(at)?;
    serde_json::from_str(&columns)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error)))
}

fn bytes_of(rows: &RoaringTreemap) -> Vec<u8> {
    let mut bytes = Vec::new();
    if !rows.is_empty() {
        // Writing to memory does not fail.
        let _ = rows.serialize_into(&mut bytes);
    }
    bytes
}

fn bitmap_of(row: &Row<'_>, at: usize) -> rusqlite::Result<RoaringTreemap> {
    let bytes: Vec<u8> = row.get(at)?;
    if bytes.is_empty() {
        return Ok(RoaringTreemap::new());
    }
    RoaringTreemap::deserialize_from(bytes.as_slice())
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, Box::new(error)))
}
