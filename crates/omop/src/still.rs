//! The store's own instance as it is at one position of the feed, for whoever asks it much.
//!
//! Its tables are views: each question that names one makes its rows anew. Here a table is written to a file when it is first asked
//! for, with those of vocabularies linked in, and the files are asked ([`lake::shelf`]). So all answers are of one position, and a
//! table is made once. The files lie in a scratch folder until the [`Still`] is dropped; they leave room on the disk for the store.

use crate::asking::{Cdm, SCHEMA};
use crate::cdm;
use crate::error::Error;
use crate::once::{self, At};
use crate::vocabulary::Loaded;
use access::Grant;
use arrow_array::RecordBatch;
use lake::shelf::{Part, Shelf, ShelfTable};
use lake::{Capacity, Lake, Limits, Pinned, Stop, workbench};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Is told the name of a table that is about to be made.
type Told = Box<dyn Fn(&str) + Send + Sync>;

/// The store's own instance at one position, as somebody may see it.
pub struct Still {
    lake: Arc<Lake>,
    grant: Grant,
    pinned: Pinned,
    limits: Limits,
    stop: Stop,
    vocabulary: Option<Arc<Loaded>>,
    told: Option<Told>,
    shelf: RwLock<Shelf>,
    /// Tables that are on the shelf, and views that were made for them.
    copied: Mutex<BTreeSet<&'static str>>,
    /// Removed when this is dropped, after the shelf.
    folder: tempfile::TempDir,
}

impl Still {
    /// The instance of a lake as it is now, for whoever holds the grant. `vocabulary` is the one that the lake shows; files go below
    /// `scratch`, best on the same disk as it; `stop` ends what is being asked.
    ///
    /// # Errors
    /// [`lake::Error::Denied`]; the folder cannot be used.
    pub fn new(
        lake: Arc<Lake>,
        grant: Grant,
        limits: Limits,
        stop: Stop,
        vocabulary: Option<Arc<Loaded>>,
        scratch: &Path,
    ) -> Result<Still, Error> {
        std::fs::create_dir_all(scratch).map_err(|error| Error::file("make the folder", scratch, error))?;
        let folder = tempfile::Builder::new().prefix("still-").tempdir_in(scratch);
        let folder = folder.map_err(|error| Error::file("make a folder in", scratch, error))?;
        let pinned = lake.pin(&grant, &limits, &stop)?;
        let tables =
            cdm::tables().iter().map(|table| ShelfTable::new(table.name, table.schema(), Vec::new())).collect();
        let capacity = Capacity { queries: 1, ..Capacity::default() };
        let shelf = RwLock::new(Shelf::new(folder.path(), &folder.path().join("spill"), SCHEMA, tables, capacity)?);
        let copied = Mutex::default();
        Ok(Still { lake, grant, pinned, limits, stop, vocabulary, told: None, shelf, copied, folder })
    }

    /// The same that tells which table it is about to make: that may take as long as all that is asked of it.
    #[must_use]
    pub fn telling(self, told: impl Fn(&str) + Send + Sync + 'static) -> Still {
        Still { told: Some(Box::new(told)), ..self }
    }

    /// The position in the feed of all answers.
    pub fn position(&self) -> i64 {
        self.pinned.position().0
    }

    /// Asks the lake, at the position.
    fn of_lake(
        &self,
        sql: &str,
        mut each: impl FnMut(RecordBatch) -> Result<(), Error>,
        rows: usize,
    ) -> Result<(), Error> {
        let limits = Limits { rows, ..self.limits };
        let mut answer = self.lake.query_at(&self.pinned, &self.grant, sql, &limits, &self.stop)?;
        while let Some(batch) = answer.next_batch()? {
            each(batch)?;
        }
        if answer.is_cut() {
            return Err(lake::Error::Limit(format!("an answer has at most {rows} rows")).into());
        }
        Ok(())
    }

    /// Puts a table on the shelf, unless it is there.
    fn copy(&self, table: &'static cdm::Table) -> Result<(), Error> {
        self.put(table, &mut self.copied.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, table: &'static cdm::Table, copied: &mut BTreeSet<&'static str>) -> Result<(), Error> {
        if copied.contains(table.name) {
            return Ok(());
        }
        let part = match self.vocabulary.as_ref().and_then(|loaded| loaded.files(table.name)) {
            Some((folder, names, rows)) => self.linked(table.name, &folder, &names, rows)?,
            None => vec![self.written(table, copied)?],
        };
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        shelf.put(ShelfTable::new(table.name, table.schema(), part));
        copied.insert(table.name);
        Ok(())
    }

    /// Files of a vocabulary: a second name for each, or a copy where the disk is another.
    fn linked(&self, table: &str, from: &Path, names: &[String], rows: u64) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let (from, path) = (from.join(name), format!("{table}-{at}.parquet"));
            let to = self.folder.path().join(&path);
            if std::fs::hard_link(&from, &to).is_err() {
                std::fs::copy(&from, &to).map_err(|error| Error::file("copy", &from, error))?;
            }
            let about = std::fs::metadata(&to).map_err(|error| Error::file("read", &to, error))?;
            // Rows are those of all files together.
            parts.push(Part::File { path, bytes: about.len(), rows: if at == 0 { rows } else { 0 } });
        }
        Ok(parts)
    }

    /// The rows of a view, in a file. What it reads that others read too is made before it, once.
    fn written(&self, table: &cdm::Table, copied: &mut BTreeSet<&'static str>) -> Result<Part, Error> {
        let at =
            At { lake: &self.lake, pinned: &self.pinned, grant: &self.grant, limits: self.limits, stop: &self.stop };
        if let Some(told) = &self.told {
            told(table.name);
        }
        for need in once::needs(table.name) {
            if let Some(need) = cdm::table(need) {
                self.put(need, copied)?;
            } else if !copied.contains(need) {
                at.make(need, None, self.folder.path())?;
                copied.insert(need);
            }
        }
        let (path, bytes, rows) = at.make(table.name, Some(table.schema()), self.folder.path())?;
        Ok(Part::File { path, bytes, rows })
    }
}

/// The tables of the model that a query names: each after the schema, in quotes or not.
fn named(sql: &str) -> Vec<&'static cdm::Table> {
    let schema = format!("{SCHEMA}.");
    let mut found: Vec<&'static cdm::Table> = Vec::new();
    for (at, _) in sql.match_indices(&schema) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if sql[..at].ends_with(is_part) {
            continue;
        }
        let rest = sql[at + schema.len()..].trim_start_matches('"');
        let name = rest.split(|c: char| !is_part(c)).next().unwrap_or_default();
        if let Some(table) = cdm::table(name).filter(|table| !found.iter().any(|other| other.name == table.name)) {
            found.push(table);
        }
    }
    found
}

impl Cdm for Still {
    /// Asks the files where tables of the model are named, else the lake.
    fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        let mut batches = Vec::new();
        let tables = named(sql);
        if tables.is_empty() {
            let take = |batch| {
                batches.push(batch);
                Ok(())
            };
            self.of_lake(sql, take, self.limits.rows)?;
            return Ok(batches);
        }
        for table in tables {
            self.copy(table)?;
        }
        let limits = workbench::Limits {
            time: self.limits.time,
            memory_bytes: self.limits.memory_bytes,
            rows: self.limits.rows,
            ..workbench::Limits::default()
        };
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        shelf.query(sql, &limits, &self.stop, |batch| {
            batches.push(batch);
            Ok::<(), Error>(())
        })?;
        Ok(batches)
    }

    fn has_table(&self, _: &str) -> bool {
        // All of them, with all fields and their types.
        true
    }

    fn has_field(&self, _: &str, _: &str) -> bool {
        true
    }

    fn misread(&self, _: &str, _: &str) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn tables_are_found_by_the_schema_before_them() {
        let names = |sql: &str| named(sql).iter().map(|table| table.name).collect::<Vec<_>>();
        let sql = "SELECT 1 FROM omop.\"measurement\" t JOIN omop.person p ON true JOIN omop.\"person\" q ON true";
        assert_eq!(names(sql), ["measurement", "person"]);
        assert_eq!(names("SELECT person_id FROM observation o WHERE myomop.person = 1"), Vec::<&str>::new());
        assert_eq!(names("SELECT 1 FROM omop.nothing"), Vec::<&str>::new());
    }
}
