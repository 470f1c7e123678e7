//! Cohorts that were made over the store, in `DATA/omop/cohorts.db`: the model's tables `cohort` and `cohort_definition`.

use super::build::{Cohort, Member};
use super::events::{day_number, day_of};
use crate::cdm;
use crate::error::Error;
use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a call waits for another program that writes.
const PATIENCE: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS definition(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, syntax TEXT NOT NULL, who TEXT NOT NULL,
        at_us INTEGER NOT NULL, seq INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS member(definition INTEGER NOT NULL, person INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (definition, person, start)) WITHOUT ROWID;
";

/// The cohorts of a data directory.
#[derive(Clone, Debug)]
pub struct StoredCohorts {
    path: PathBuf,
}

/// A cohort that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCohort {
    /// Its number: `cohort_definition_id`.
    pub id: i64,
    /// Its name; no two have the same.
    pub name: String,
    /// Its definition, in JSON.
    pub syntax: String,
    /// Who made it.
    pub who: String,
    /// When, µs UTC.
    pub at_us: i64,
    /// The position in the feed that it was made at.
    pub seq: i64,
    /// Persons in it.
    pub persons: u64,
    /// Rows.
    pub rows: u64,
}

/// The subject that the model gives to cohorts of persons: the concept of its table `person`.
const PERSON: i64 = 1_147_314;

impl StoredCohorts {
    /// The cohorts of a data directory.
    ///
    /// # Errors
    /// They cannot be made or read.
    pub fn open(data: &Path) -> Result<StoredCohorts, Error> {
        let folder = data.join("omop");
        std::fs::create_dir_all(&folder).map_err(|error| Error::file("make the folder", &folder, error))?;
        let stored = StoredCohorts { path: folder.join("cohorts.db") };
        stored.connect()?.execute_batch(SCHEMA)?;
        Ok(stored)
    }

    fn connect(&self) -> Result<Connection, Error> {
        let database = Connection::open(&self.path)?;
        database.busy_timeout(PATIENCE)?;
        Ok(database)
    }

    /// Stores a cohort; one of the same name is replaced and keeps its number.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(
        &self,
        name: &str,
        syntax: &str,
        who: &str,
        at_us: i64,
        seq: i64,
        cohort: &Cohort,
    ) -> Result<StoredCohort, Error> {
        let mut database = self.connect()?;
        let write = database.transaction()?;
        let known = write.query_row("SELECT id FROM definition WHERE name = ?", [name], |row| row.get(0)).optional()?;
        let id: i64 = match known {
            Some(id) => {
                write.execute("DELETE FROM member WHERE definition = ?", [id])?;
                id
            }
            None => write.query_row("SELECT coalesce(max(id), 0) + 1 FROM definition", [], |row| row.get(0))?,
        };
        write.execute(
            "INSERT OR REPLACE INTO definition(id, name, syntax, who, at_us, seq) VALUES (?, ?, ?, ?, ?, ?)",
            params![id, name, syntax, who, at_us, seq],
        )?;
        {
            let mut insert = write.prepare("INSERT INTO member VALUES (?, ?, ?, ?)")?;
            for Member { person, start, end } in &cohort.members {
                insert.execute(params![id, person, day_number(*start), day_number(*end)])?;
            }
        }
        write.commit()?;
        Ok(database.query_row(&format!("{LIST} WHERE d.id = ?"), [id], cohort_of)?)
    }

    /// All cohorts, by their numbers.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn list(&self) -> Result<Vec<StoredCohort>, Error> {
        let database = self.connect()?;
        let mut query = database.prepare(&format!("{LIST} ORDER BY d.id"))?;
        let all = query.query_map([], cohort_of)?.collect::<Result<_, _>>()?;
        Ok(all)
    }

    /// Removes a cohort by its name. Gives whether it was there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, Error> {
        let mut database = self.connect()?;
        let write = database.transaction()?;
        write.execute("DELETE FROM member WHERE definition = (SELECT id FROM definition WHERE name = ?)", [name])?;
        let removed = write.execute("DELETE FROM definition WHERE name = ?", [name])?;
        write.commit()?;
        Ok(removed > 0)
    }

    /// The model's tables `cohort` and `cohort_definition`.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn tables(&self) -> Result<(RecordBatch, RecordBatch), Error> {
        let database = self.connect()?;
        let mut query =
            database.prepare("SELECT definition, person, start, end FROM member ORDER BY definition, person, start")?;
        let members = query.query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i32>(2)?, row.get::<_, i32>(3)?))
        })?;
        let members: Vec<(i64, i64, i32, i32)> = members.collect::<Result<_, _>>()?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(members.iter().map(|member| member.0).collect::<Int64Array>()),
            Arc::new(members.iter().map(|member| member.1).collect::<Int64Array>()),
            Arc::new(Date32Array::from_iter_values(members.iter().map(|member| member.2))),
            Arc::new(Date32Array::from_iter_values(members.iter().map(|member| member.3))),
        ];
        let cohort = batch("cohort", columns)?;
        let all = self.list()?;
        let day =
            |at_us: i64| i32::try_from(at_us.div_euclid(86_400_000_000)).ok().filter(|day| day_of(*day).is_some());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(all.iter().map(|cohort| cohort.id).collect::<Int64Array>()),
            Arc::new(all.iter().map(|cohort| Some(cohort.name.as_str())).collect::<StringArray>()),
            Arc::new(all.iter().map(|_| None::<&str>).collect::<StringArray>()),
            // A cohort of its own kind is none of the model's; 0 says so.
            Arc::new(all.iter().map(|_| 0).collect::<Int64Array>()),
            Arc::new(all.iter().map(|cohort| Some(cohort.syntax.as_str())).collect::<StringArray>()),
            Arc::new(all.iter().map(|_| PERSON).collect::<Int64Array>()),
            Arc::new(all.iter().map(|cohort| day(cohort.at_us)).collect::<Date32Array>()),
        ];
        Ok((cohort, batch("cohort_definition", columns)?))
    }
}

const LIST: &str = "SELECT d.id, d.name, d.syntax, d.who, d.at_us, d.seq, \
    (SELECT count(DISTINCT person) FROM member WHERE definition = d.id), (SELECT count(*) FROM member WHERE definition = d.id) \
    FROM definition d";

fn cohort_of(row: &Row<'_>) -> rusqlite::Result<StoredCohort> {
    Ok(StoredCohort {
        id: row.get(0)?,
        name: row.get(1)?,
        syntax: row.get(2)?,
        who: row.get(3)?,
        at_us: row.get(4)?,
        seq: row.get(5)?,
        persons: row.get::<_, i64>(6)?.unsigned_abs(),
        rows: row.get::<_, i64>(7)?.unsigned_abs(),
    })
}

fn batch(table: &str, columns: Vec<ArrayRef>) -> Result<RecordBatch, Error> {
    let table = cdm::table(table).ok_or_else(|| Error::definition(table, "is no table of the model"))?;
    Ok(RecordBatch::try_new(table.schema(), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_cohort_of_the_same_name_is_replaced_and_keeps_its_number() {
        let data = tempfile::tempdir().unwrap();
        let stored = StoredCohorts::open(data.path()).unwrap();
        let member = |person: i64| Member { person, start: date(2020, 1, 1), end: date(2020, 2, 1) };
        let cohort = |persons: &[i64]| Cohort {
            members: persons.iter().map(|person| member(*person)).collect(),
            ..Cohort::default()
        };
        let put = |name: &str, persons: &[i64]| stored.put(name, "{}", "ada", 5, 6, &cohort(persons)).unwrap();
        assert_eq!((put("a", &[1, 2]).id, put("b", &[3]).id), (1, 2));
        let again = put("a", &[9]);
        assert_eq!((again.id, again.persons, again.rows), (1, 1, 1));
        let (members, definitions) = stored.tables().unwrap();
        assert_eq!((members.num_rows(), definitions.num_rows()), (2, 2));
        assert!(stored.remove("a").unwrap() && !stored.remove("a").unwrap());
        assert_eq!(stored.list().unwrap().len(), 1);
    }
}
