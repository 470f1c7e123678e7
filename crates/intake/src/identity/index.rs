//! Keys of people and the list of links: `index.db`, made of the records.

use super::linkage::{Link, State};
use super::no_page;
use records::{Error, Row, Seq};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::time::Duration;

/// The layout of the index and the rules it was made by; another number makes it anew.
const RULES: i64 = 1;
/// How long one waits for the other's commit.
const BUSY: Duration = Duration::from_secs(10);
/// A key that more people have than this tells nothing of any of them: the telephone of the ward.
const SHARED_MOST: usize = 100;

const TABLES: &str = "
CREATE TABLE person (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE key (hash INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (hash, row)) STRICT, WITHOUT ROWID;
CREATE INDEX key_row ON key (row);
CREATE TABLE link (
    id TEXT PRIMARY KEY, one TEXT NOT NULL, other TEXT NOT NULL, state TEXT NOT NULL, rank INTEGER NOT NULL, is_recorded INTEGER NOT NULL,
    is_untouched INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_state ON link (state, rank, id);
CREATE INDEX link_rank ON link (rank, id);
CREATE INDEX link_one ON link (one);
CREATE INDEX link_other ON link (other);
CREATE TABLE place (no INTEGER PRIMARY KEY CHECK (no = 1), seq INTEGER NOT NULL, rules INTEGER NOT NULL) STRICT;
";

/// A page of links.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Ids of the links and of their patients.
    pub ids: Vec<(String, [String; 2])>,
    /// How many links wait in all.
    pub waiting: u64,
    /// What leads to the next page.
    pub next: Option<String>,
}

/// What a link of the list is.
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) patients: [String; 2],
    pub(super) state: State,
    /// Whether there is a `Linkage` of it; else the patients alone tell of it.
    pub(super) is_recorded: bool,
    /// Whether nobody has said anything of it.
    pub(super) is_untouched: bool,
}

/// One connection to the index.
pub(super) struct Index(Connection);

impl Index {
    /// Opens the index in `folder`, made anew if it does not fit a feed that has come to `head`.
    pub(super) fn open(folder: &Path, head: Seq) -> Result<Index, Error> {
        match Index::opened(folder, head) {
            // It is made of the records: one that is damaged is made anew.
            Err(Error::Database(rusqlite::Error::SqliteFailure(code, _)))
                if matches!(code.code, rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) =>
            {
                for name in ["index.db", "index.db-wal", "index.db-shm"] {
                    let _ = std::fs::remove_file(folder.join(name));
                }
                Index::opened(folder, head)
            }
            opened => opened,
        }
    }

    fn opened(folder: &Path, head: Seq) -> Result<Index, Error> {
        let file = |error| Error::File { what: format!("{}", folder.display()), error };
        std::fs::create_dir_all(folder).map_err(file)?;
        let mut connection = Connection::open(folder.join("index.db"))?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let has_tables: bool =
            transaction.query_row("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'place'", [], |r| r.get(0))?;
        let fits = has_tables
            && transaction
                .query_row("SELECT seq, rules FROM place", [], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)))
                .optional()?
                .is_some_and(|(seq, rules)| rules == RULES && seq <= head.0);
        if !fits {
            for table in ["person", "key", "link", "place"] {
                transaction.execute(&format!("DROP TABLE IF EXISTS {table}"), [])?;
            }
            transaction.execute_batch(TABLES)?;
            transaction.execute("INSERT INTO place (no, seq, rules) VALUES (1, 0, ?1)", [RULES])?;
        }
        transaction.commit()?;
        Ok(Index(connection))
    }

    pub(super) fn begin(&self) -> Result<(), Error> {
        Ok(self.0.execute_batch("BEGIN IMMEDIATE")?)
    }

    pub(super) fn commit(&self, seq: Seq) -> Result<(), Error> {
        self.0.execute("UPDATE place SET seq = ?1", [seq.0])?;
        Ok(self.0.execute_batch("COMMIT")?)
    }

    pub(super) fn roll_back(&self) {
        let _ = self.0.execute_batch("ROLLBACK");
    }

    pub(super) fn position(&self) -> Result<Seq, Error> {
        Ok(Seq(self.0.query_row("SELECT seq FROM place", [], |r| r.get(0))?))
    }

    /// Puts the keys of a person in the place of those there were.
    pub(super) fn put_person(&self, row: Row, id: &str, keys: &[u64]) -> Result<(), Error> {
        self.remove_person(row)?;
        self.0
            .prepare_cached("INSERT OR REPLACE INTO person (row, id) VALUES (?1, ?2)")?
            .execute(params![row.0, id])?;
        let mut insert = self.0.prepare_cached("INSERT OR IGNORE INTO key (hash, row) VALUES (?1, ?2)")?;
        for key in keys {
            insert.execute(params![key.cast_signed(), row.0])?;
        }
        Ok(())
    }

    pub(super) fn remove_person(&self, row: Row) -> Result<(), Error> {
        self.0.prepare_cached("DELETE FROM key WHERE row = ?1")?.execute([row.0])?;
        self.0.prepare_cached("DELETE FROM person WHERE row = ?1")?.execute([row.0])?;
        Ok(())
    }

    /// The id of a person by the row.
    pub(super) fn person(&self, row: Row) -> Result<Option<String>, Error> {
        let mut statement = self.0.prepare_cached("SELECT id FROM person WHERE row = ?1")?;
        Ok(statement.query_row([row.0], |r| r.get(0)).optional()?)
    }

    /// Rows of the people who have one of these keys, each once.
    pub(super) fn sharing(&self, keys: &[u64]) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached("SELECT row FROM key WHERE hash = ?1 LIMIT ?2")?;
        let mut rows = Vec::new();
        for key in keys {
            let found: Vec<i64> = statement
                .query_map(params![key.cast_signed(), SHARED_MOST as i64 + 1], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            if found.len() <= SHARED_MOST {
                rows.extend(found);
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Ok(rows.into_iter().map(Row).collect())
    }

    /// Notes a link; `rank` orders those of a state, and `is_recorded` says whether there is a `Linkage`.
    pub(super) fn put_link(&self, link: &Link, rank: i64, is_recorded: bool) -> Result<(), Error> {
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO link (id, one, other, state, rank, is_recorded, is_untouched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                link.id,
                link.patients[0],
                link.patients[1],
                link.state.word(),
                rank,
                is_recorded,
                link.said.is_empty()
            ])?;
        Ok(())
    }

    pub(super) fn remove_link(&self, id: &str) -> Result<(), Error> {
        self.0.prepare_cached("DELETE FROM link WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// All links of a patient.
    pub(super) fn links_of(&self, patient: &str) -> Result<Vec<Listed>, Error> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, one, other, state, is_recorded, is_untouched FROM link WHERE one = ?1
             UNION SELECT id, one, other, state, is_recorded, is_untouched FROM link WHERE other = ?1",
        )?;
        let rows = statement.query_map([patient], |r| {
            Ok((r.get(0)?, [r.get(1)?, r.get(2)?], r.get::<_, String>(3)?, r.get(4)?, r.get(5)?))
        })?;
        let mut out = Vec::new();
        for row in rows {
            let (id, patients, state, is_recorded, is_untouched) = row?;
            let state = State::of(&state).unwrap_or(State::Waiting);
            out.push(Listed { id, patients, state, is_recorded, is_untouched });
        }
        Ok(out)
    }

    /// The other patients that this one may be or is, with the link and its state.
    pub(super) fn of_patient(&self, patient: &str) -> Result<Vec<(String, State, String)>, Error> {
        let links = self.links_of(patient)?.into_iter().filter(|link| link.state != State::Different);
        let other = |[one, other]: [String; 2]| if one == patient { other } else { one };
        Ok(links.map(|link| (link.id, link.state, other(link.patients))).collect())
    }

    pub(super) fn patients_of(&self, id: &str) -> Result<Option<[String; 2]>, Error> {
        let mut statement = self.0.prepare_cached("SELECT one, other FROM link WHERE id = ?1")?;
        Ok(statement.query_row([id], |r| Ok([r.get(0)?, r.get(1)?])).optional()?)
    }

    /// The links of a state (of any, if none is named), of the highest rank first.
    pub(super) fn list(&self, state: Option<State>, before: Option<&str>, limit: usize) -> Result<Page, Error> {
        let (rank, id) = match before {
            None => (i64::MAX, String::new()),
            Some(before) => {
                let parts = before.split_once('~').and_then(|(rank, id)| Some((rank.parse().ok()?, id.to_owned())));
                parts.ok_or_else(|| no_page(before))?
            }
        };
        let within = "(rank < ?2 OR (rank = ?2 AND id > ?3)) ORDER BY rank DESC, id LIMIT ?4";
        let query = match state {
            Some(_) => format!("SELECT id, one, other, rank FROM link WHERE state = ?1 AND {within}"),
            None => format!("SELECT id, one, other, rank FROM link WHERE ?1 = '' AND {within}"),
        };
        let mut statement = self.0.prepare_cached(&query)?;
        let state = state.map_or("", State::word);
        let rows = statement.query_map(params![state, rank, id, limit as i64 + 1], |r| {
            Ok((r.get::<_, String>(0)?, [r.get::<_, String>(1)?, r.get(2)?], r.get::<_, i64>(3)?))
        })?;
        let mut found: Vec<(String, [String; 2], i64)> = rows.collect::<rusqlite::Result<_>>()?;
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|(id, _, rank)| format!("{rank}~{id}"));
        let ids = found.into_iter().map(|(id, patients, _)| (id, patients)).collect();
        Ok(Page { ids, waiting: self.waiting()?, next })
    }

    /// How many links wait.
    pub(super) fn waiting(&self) -> Result<u64, Error> {
        let waiting: i64 = self.0.query_row("SELECT count(*) FROM link WHERE state = 'waiting'", [], |r| r.get(0))?;
        Ok(waiting.unsigned_abs())
    }
}
