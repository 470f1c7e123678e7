//! Who gave which element of a record that several doors bring.

use crate::error::Error;
use crate::pull::Sources;
use crate::run::Owned;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// The table, which catalogues of earlier programs get when they are opened: a line for a record and each row that gives to it.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS given (
    record TEXT NOT NULL, source INTEGER NOT NULL, own TEXT NOT NULL, target TEXT NOT NULL, what TEXT NOT NULL,
    PRIMARY KEY (record, source, own)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS given_by ON given (source, target, own);
CREATE TABLE IF NOT EXISTS given_before (
    run INTEGER NOT NULL, record TEXT NOT NULL, source INTEGER NOT NULL, own TEXT NOT NULL, target TEXT NOT NULL, what TEXT,
    PRIMARY KEY (run, record, source, own)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS given_before_of ON given_before (record, source, own, run);
";
/// Runs of which it is known what was given before them, for whoever takes one back.
const RUNS_KEPT: i64 = 1_000;

/// Of a line that a run changes, what it was before that run.
const BEFORE: &str = "INSERT OR IGNORE INTO given_before (run, record, source, own, target, what)
    VALUES (?1, ?2, ?3, ?4, ?5, (SELECT what FROM given WHERE record = ?2 AND source = ?3 AND own = ?4))";

/// What a row gives of a record, to be noted.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The record: `TYPE/id`.
    pub record: String,
    /// The number of the source.
    pub source: i64,
    /// The id that the row's key gives.
    pub own: String,
    /// The elements; none: it gives nothing any more.
    pub owned: Vec<Owned>,
}

/// An element as it is kept: its name, the rank, whether it was the first to give it, hashes of what it gave.
type Kept = (String, i64, bool, Vec<i64>);

fn packed(owned: &[Owned]) -> Result<String, Error> {
    let kept: Vec<Kept> =
        owned.iter().map(|one| (one.element.clone(), one.rank, one.is_first, one.contents.clone())).collect();
    serde_json::to_string(&kept).map_err(|error| Error::Name(format!("what is given of a record: {error}")))
}

fn unpacked(what: &str, source: i64, own: &str) -> Result<Vec<Owned>, Error> {
    let kept: Vec<Kept> = serde_json::from_str(what)
        .map_err(|error| Error::Name(format!("tables.db is damaged where it says who gave what: {error}")))?;
    let owned = kept.into_iter().map(|(element, rank, is_first, contents)| Owned {
        element,
        source,
        own: own.to_owned(),
        rank,
        is_first,
        contents,
    });
    Ok(owned.collect())
}

/// Makes the table, and takes over what an earlier program noted: that knew the source alone, not the row.
pub(super) fn open(db: &mut Connection) -> Result<(), Error> {
    db.execute_batch(TABLE)?;
    let is_old = db
        .query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'owned'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if !is_old {
        return Ok(());
    }
    let taking = db.transaction()?;
    let mut all: BTreeMap<(String, i64), Vec<Owned>> = BTreeMap::new();
    {
        let mut query = taking.prepare("SELECT record, source, element, rank, content FROM owned")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let source = row.get(1)?;
            let (element, rank, contents) = (row.get(2)?, row.get(3)?, vec![row.get(4)?]);
            let one = Owned { element, source, own: String::new(), rank, is_first: true, contents };
            all.entry((row.get(0)?, source)).or_default().push(one);
        }
    }
    for ((record, source), owned) in all {
        taking.execute(
            "INSERT OR IGNORE INTO given (record, source, own, target, what) VALUES (?1, ?2, '', '', ?3)",
            params![record, source, packed(&owned)?],
        )?;
    }
    taking.execute("DROP TABLE owned", [])?;
    taking.commit()?;
    Ok(())
}

/// The same of what an earlier program noted.
const BEFORE_OF_SOURCE: &str = "INSERT OR IGNORE INTO given_before (run, record, source, own, target, what)
    SELECT ?1, record, source, own, target, what FROM given WHERE record = ?2 AND source = ?3 AND own = ''";

/// A run was taken back: what is given is what it was before, but for what a later run changed.
pub(super) fn taken_back(db: &mut Connection, run: i64) -> Result<(), Error> {
    let writing = db.transaction()?;
    writing.execute(
        "DELETE FROM given_before WHERE run = ?1 AND EXISTS (SELECT 1 FROM given_before l WHERE l.run > ?1
         AND l.record = given_before.record AND l.source = given_before.source AND l.own = given_before.own)",
        [run],
    )?;
    writing.execute(
        "DELETE FROM given WHERE EXISTS (SELECT 1 FROM given_before b
         WHERE b.run = ?1 AND b.record = given.record AND b.source = given.source AND b.own = given.own)",
        [run],
    )?;
    writing.execute(
        "INSERT INTO given (record, source, own, target, what)
         SELECT record, source, own, target, what FROM given_before WHERE run = ?1 AND what IS NOT NULL",
        [run],
    )?;
    writing.execute("DELETE FROM given_before WHERE run = ?1", [run])?;
    writing.commit()?;
    Ok(())
}

impl Sources {
    /// What runs gave of a record (`TYPE/id`).
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn owned(&self, record: &str) -> Result<Vec<Owned>, Error> {
        let catalogue = self.catalogue();
        let mut query = catalogue
            .db
            .prepare_cached("SELECT source, own, what FROM given WHERE record = ?1 ORDER BY source, own")?;
        let mut rows = query.query([record])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let (own, what): (String, String) = (row.get(1)?, row.get(2)?);
            all.extend(unpacked(&what, row.get(0)?, &own)?);
        }
        Ok(all)
    }

    /// The records that a row of a target gave to (`TYPE/id`).
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn gave(&self, source: i64, target: &str, own: &str) -> Result<Vec<String>, Error> {
        let catalogue = self.catalogue();
        let mut query = catalogue.db.prepare_cached(
            "SELECT record FROM given WHERE source = ?1 AND target = ?2 AND own = ?3 ORDER BY record",
        )?;
        let found = query.query_map(params![source, target, own], |row| row.get::<_, String>(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Whether rows of a target gave something to records.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn gives(&self, source: i64, target: &str) -> Result<bool, Error> {
        let catalogue = self.catalogue();
        let mut query = catalogue.db.prepare_cached("SELECT 1 FROM given WHERE source = ?1 AND target = ?2 LIMIT 1")?;
        Ok(query.query_row(params![source, target], |_| Ok(())).optional()?.is_some())
    }

    /// Forgets what rows of a target gave, in the course of a run.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn forget_given(&self, source: i64, target: &str, run: Option<i64>) -> Result<(), Error> {
        let mut catalogue = self.catalogue();
        let writing = catalogue.db.transaction()?;
        if let Some(run) = run {
            writing.execute(
                "INSERT OR IGNORE INTO given_before (run, record, source, own, target, what)
                 SELECT ?1, record, source, own, target, what FROM given WHERE source = ?2 AND target = ?3",
                params![run, source, target],
            )?;
        }
        writing.execute("DELETE FROM given WHERE source = ?1 AND target = ?2", params![source, target])?;
        writing.commit()?;
        Ok(())
    }

    /// Notes what rows of a target of a source are about to give of records in the course of a run, in the place of what they gave of them,
    /// and what others give alone now.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn give(&self, source: i64, target: &str, run: Option<i64>, given: &[Given]) -> Result<(), Error> {
        let mut catalogue = self.catalogue();
        let writing = catalogue.db.transaction()?;
        if let Some(run) = run {
            writing.prepare_cached("DELETE FROM given_before WHERE run < ?1")?.execute([run - RUNS_KEPT])?;
        }
        for one in given {
            if let Some(run) = run {
                writing.prepare_cached(BEFORE)?.execute(params![run, one.record, one.source, one.own, target])?;
                if one.source == source {
                    writing.prepare_cached(BEFORE_OF_SOURCE)?.execute(params![run, one.record, one.source])?;
                }
            }
            if one.owned.is_empty() || one.source == source {
                // What an earlier program noted of the source is this row's.
                writing
                    .prepare_cached("DELETE FROM given WHERE record = ?1 AND source = ?2 AND own IN ('', ?3)")?
                    .execute(params![one.record, one.source, one.own])?;
            }
            if one.owned.is_empty() {
                continue;
            }
            writing
                .prepare_cached(
                    "INSERT INTO given (record, source, own, target, what) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (record, source, own) DO UPDATE SET what = excluded.what",
                )?
                .execute(params![one.record, one.source, one.own, target, packed(&one.owned)?])?;
        }
        writing.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_program_noted_is_taken_over_once() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE owned (record TEXT NOT NULL, element TEXT NOT NULL, source INTEGER NOT NULL, rank INTEGER NOT NULL,
             content INTEGER NOT NULL, PRIMARY KEY (record, element, source)) STRICT, WITHOUT ROWID;
             INSERT INTO owned VALUES ('Patient/m', 'name', 1, 5, -7), ('Patient/m', 'identifier|a|b', 1, 0, 0),
             ('Patient/m', 'name', 2, 0, 9);",
        )
        .unwrap();
        for _ in 0..2 {
            open(&mut db).unwrap();
            let all: Vec<(i64, String, String)> = db
                .prepare("SELECT source, own, what FROM given ORDER BY source")
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(all.len(), 2);
            let one = unpacked(&all[0].2, 1, "").unwrap();
            assert_eq!(one.len(), 2);
            assert!(one.iter().all(|owned| owned.is_first && owned.own.is_empty()));
            let name = one.iter().find(|owned| owned.element == "name").unwrap();
            assert_eq!((name.rank, &name.contents), (5, &vec![-7]));
        }
        // What a run changed is as it was when that is taken back.
        let all = |db: &Connection| -> Vec<(String, String)> {
            let mut query = db.prepare("SELECT own, what FROM given WHERE source = 1 ORDER BY own").unwrap();
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
        };
        let before = all(&db);
        for own in ["", "r", ""] {
            db.execute(BEFORE, params![3, "Patient/m", 1, own, "Patient"]).unwrap();
        }
        db.execute("DELETE FROM given WHERE source = 1", []).unwrap();
        db.execute("INSERT INTO given VALUES ('Patient/m', 1, 'r', 'Patient', '[]')", []).unwrap();
        taken_back(&mut db, 3).unwrap();
        assert_eq!(all(&db), before);
    }
}
