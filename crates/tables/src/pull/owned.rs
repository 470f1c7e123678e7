//! Who gave which element of a record that several doors bring.

use crate::error::Error;
use crate::pull::{Sources, row_said};
use crate::run::{Owned, still_given};
use fhir::json::Tree;
use fhir::schema::r4;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
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
/// Lines that are looked at together when a run is taken back.
const AT_ONCE: usize = 1_000;

/// Of a line that a run changes, what it was before that run.
const BEFORE: &str = "INSERT OR IGNORE INTO given_before (run, record, source, own, target, what)
    VALUES (?1, ?2, ?3, ?4, coalesce((SELECT target FROM given WHERE record = ?2 AND source = ?3 AND own = ?4), ?5),
            (SELECT what FROM given WHERE record = ?2 AND source = ?3 AND own = ?4))";

/// Lines of a target of a source, of records to which no other source gives.
const ALONE: &str = "source = ?1 AND target = ?2
     AND NOT EXISTS (SELECT 1 FROM given AS other WHERE other.record = given.record AND other.source <> ?1)";

/// What a row gives of a record, to be noted.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The record: `TYPE/id`.
    pub record: String,
    /// The number of the source.
    pub source: i64,
    /// The id that the row's key gives.
    pub own: String,
    /// The elements; none: it gives nothing any more. Of a row of another source than the one that runs, only those that are otherwise now.
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
    db.execute_batch(row_said::TABLE)?;
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

/// A line of what was given before a run.
struct Line {
    record: String,
    source: i64,
    own: String,
    target: String,
    what: Option<String>,
}

impl Line {
    fn of(row: &Row<'_>) -> rusqlite::Result<Line> {
        Ok(Line { record: row.get(0)?, source: row.get(1)?, own: row.get(2)?, target: row.get(3)?, what: row.get(4)? })
    }

    /// Has what was given be what it was before, but for what `stands` still has of what the run gave: somebody else changed the record since.
    fn take_back(self, writing: &Transaction<'_>, run: i64, stands: Stands<'_>) -> Result<(), Error> {
        let Line { record, source, own, target, what } = self;
        let key = params![record, source, own];
        let later = "SELECT min(run) FROM given_before WHERE record = ?1 AND source = ?2 AND own = ?3 AND run > ?4";
        let later: Option<i64> =
            writing.prepare_cached(later)?.query_row(params![record, source, own, run], |row| row.get(0))?;
        if let Some(later) = later {
            // That one stands, and what was before this run was before it.
            writing
                .prepare_cached(
                    "UPDATE given_before SET target = ?5, what = ?6 WHERE record = ?1 AND source = ?2 AND own = ?3 AND run = ?4",
                )?
                .execute(params![record, source, own, later, target, what])?;
            return Ok(());
        }
        let now = "SELECT what FROM given WHERE record = ?1 AND source = ?2 AND own = ?3";
        let now: Option<String> = writing.prepare_cached(now)?.query_row(key, |row| row.get(0)).optional()?;
        if now == what {
            return Ok(());
        }
        let unpacked = |what: Option<&String>| what.map_or(Ok(Vec::new()), |what| unpacked(what, source, &own));
        let mut given = unpacked(what.as_ref())?;
        let resource_type = record.split('/').next().and_then(|name| r4().resource_type(name));
        if let (Some(now), Some(resource_type)) = (&now, resource_type)
            && let Some(stored) = stands(&record)?
        {
            given = still_given(resource_type, &stored, given, unpacked(Some(now))?);
        }
        let delete = "DELETE FROM given WHERE record = ?1 AND source = ?2 AND own = ?3";
        writing.prepare_cached(delete)?.execute(key)?;
        if !given.is_empty() {
            let insert = "INSERT INTO given (record, source, own, target, what) VALUES (?1, ?2, ?3, ?4, ?5)";
            writing.prepare_cached(insert)?.execute(params![record, source, own, target, packed(&given)?])?;
        }
        Ok(())
    }
}

/// What is stored of a record (`TYPE/id`).
pub(super) type Stands<'s> = &'s dyn Fn(&str) -> Result<Option<Tree>, Error>;

/// A run was taken back: what is given is what it was before, but for what a later run changed, and for what still stands.
pub(super) fn taken_back(db: &mut Connection, (source, run): (i64, i64), stands: Stands<'_>) -> Result<(), Error> {
    let writing = db.transaction()?;
    let mut last = (String::new(), 0, String::new());
    loop {
        let lines: Vec<Line> = writing
            .prepare_cached(
                "SELECT record, source, own, target, what FROM given_before WHERE run = ?1 AND (record, source, own) > (?2, ?3, ?4)
                 ORDER BY record, source, own LIMIT ?5",
            )?
            .query_map(params![run, last.0, last.1, last.2, AT_ONCE as i64], Line::of)?
            .collect::<Result<_, _>>()?;
        let Some(end) = lines.last() else { break };
        last = (end.record.clone(), end.source, end.own.clone());
        for line in lines {
            line.take_back(&writing, run, stands)?;
        }
    }
    writing.execute("DELETE FROM given_before WHERE run = ?1", [run])?;
    row_said::taken_back(&writing, source, run)?;
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

    /// Whether rows of other sources gave something to records of a type.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn others_give(&self, source: i64, resource_type: &str) -> Result<bool, Error> {
        let catalogue = self.catalogue();
        // `0` comes after `/`.
        let (first, last) = (format!("{resource_type}/"), format!("{resource_type}0"));
        let mut query = catalogue
            .db
            .prepare_cached("SELECT 1 FROM given WHERE record >= ?1 AND record < ?2 AND source <> ?3 LIMIT 1")?;
        Ok(query.query_row(params![first, last, source], |_| Ok(())).optional()?.is_some())
    }

    /// Forgets what rows of a target gave, in the course of a run; not of records to which other sources give: there each has its own word.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn forget_given(&self, source: i64, target: &str, run: Option<i64>) -> Result<(), Error> {
        let mut catalogue = self.catalogue();
        let writing = catalogue.db.transaction()?;
        if let Some(run) = run {
            writing.execute(
                &format!(
                    "INSERT OR IGNORE INTO given_before (run, record, source, own, target, what)
                     SELECT ?3, record, source, own, target, what FROM given WHERE {ALONE}"
                ),
                params![source, target, run],
            )?;
        }
        writing.execute(&format!("DELETE FROM given WHERE {ALONE}"), params![source, target])?;
        writing.commit()?;
        Ok(())
    }

    /// Notes what rows of a target of a source are about to give of records in the course of a run, in the place of what they gave of them,
    /// and what rows of other sources give alone now, beside what they gave: these may be running themselves.
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
            if one.source == source {
                // What an earlier program noted of the source is this row's.
                writing
                    .prepare_cached("DELETE FROM given WHERE record = ?1 AND source = ?2 AND own IN ('', ?3)")?
                    .execute(params![one.record, one.source, one.own])?;
            }
            if one.owned.is_empty() {
                continue;
            }
            let owned = if one.source == source { one.owned.clone() } else { beside(&writing, one)? };
            writing
                .prepare_cached(
                    "INSERT INTO given (record, source, own, target, what) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (record, source, own) DO UPDATE SET what = excluded.what",
                )?
                .execute(params![one.record, one.source, one.own, target, packed(&owned)?])?;
        }
        writing.commit()?;
        Ok(())
    }
}

/// What a row gives of a record, with some of it as `given` says.
fn beside(db: &Connection, given: &Given) -> Result<Vec<Owned>, Error> {
    let Given { record, source, own, owned } = given;
    let what: Option<String> = db
        .prepare_cached("SELECT what FROM given WHERE record = ?1 AND source = ?2 AND own = ?3")?
        .query_row(params![record, source, own], |row| row.get(0))
        .optional()?;
    let mut all = what.map_or(Ok(Vec::new()), |what| unpacked(&what, *source, own))?;
    all.retain(|one| !owned.iter().any(|now| now.element == one.element));
    all.extend(owned.iter().cloned());
    Ok(all)
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
        taken_back(&mut db, (1, 3), &|_| Ok(None)).unwrap();
        assert_eq!(all(&db), before);
    }

    #[test]
    fn runs_are_taken_back_in_any_order_and_what_others_kept_of_them_stays_the_rows() {
        let mut db = Connection::open_in_memory().unwrap();
        open(&mut db).unwrap();
        let number = |value: &str| Owned {
            element: format!("identifier|urn:mrn|{value}"),
            source: 1,
            own: "r".into(),
            rank: 0,
            is_first: true,
            contents: vec![0],
        };
        let write = |db: &Connection, run: i64, target: &str, values: &[&str]| {
            // Another target may write it: the line stays the one's that gave.
            let by = if run == 2 { "Other" } else { target };
            db.execute(BEFORE, params![run, "Patient/m", 1, "r", by]).unwrap();
            db.execute("DELETE FROM given", []).unwrap();
            let owned: Vec<Owned> = values.iter().map(|value| number(value)).collect();
            let line = params!["Patient/m", 1, "r", target, packed(&owned).unwrap()];
            db.execute("INSERT INTO given VALUES (?1, ?2, ?3, ?4, ?5)", line).unwrap();
        };
        let given = |db: &Connection| -> Option<(String, Vec<String>)> {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
            let line = db.query_row("SELECT target, what FROM given", [], read).optional().unwrap()?;
            Some((line.0, unpacked(&line.1, 1, "r").unwrap().into_iter().map(|one| one.element).collect()))
        };
        let labels = |values: &[&str]| values.iter().map(|value| number(value).element).collect::<Vec<_>>();
        write(&db, 1, "Patient", &["1"]);
        write(&db, 2, "Patient", &["2"]);
        write(&db, 3, "Patient", &["3"]);
        let nothing: Stands<'_> = &|_| Ok(None);
        taken_back(&mut db, (1, 2), nothing).unwrap();
        assert_eq!(given(&db), Some(("Patient".into(), labels(&["3"]))));
        taken_back(&mut db, (1, 3), nothing).unwrap();
        assert_eq!(given(&db), Some(("Patient".into(), labels(&["1"]))));
        // What was given stands, since somebody else wrote the record after the run.
        let stored = |record: &str| {
            assert_eq!(record, "Patient/m");
            let text = br#"{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"1"},{"system":"urn:mrn","value":"9"}]}"#;
            Ok(Some(Tree::from(fhir::json::Document::parse(text).unwrap().root())))
        };
        write(&db, 4, "Patient", &["4"]);
        taken_back(&mut db, (1, 1), &stored).unwrap();
        taken_back(&mut db, (1, 4), &stored).unwrap();
        assert_eq!(given(&db), None);
        write(&db, 5, "Patient", &["9"]);
        taken_back(&mut db, (1, 5), &stored).unwrap();
        assert_eq!(given(&db), Some(("Patient".into(), labels(&["9"]))));
    }
}
