//! What rows said last of elements that somebody else put, where nothing else is noted of who gave what: an element that stands as its row said it last is
//! the row's again, whoever was the first to say so.

use crate::error::Error;
use crate::pull::Sources;
use rusqlite::{Transaction, params};

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS row_said (
    source INTEGER NOT NULL, record TEXT NOT NULL, element TEXT NOT NULL, saying INTEGER NOT NULL, version INTEGER NOT NULL, run INTEGER NOT NULL,
    PRIMARY KEY (source, record, element)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS row_said_in ON row_said (source, run);
";

/// What a row said last of an element of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSaid {
    /// The record: `TYPE/id`.
    pub record: String,
    /// The element.
    pub element: String,
    /// A hash of what was said: [`saying_of`](crate::run::saying_of).
    pub saying: i64,
    /// The version that the record had then: what a run wrote of the element later is what the row said last.
    pub version: i64,
}

impl Sources {
    /// What rows of a source said last of a record (`TYPE/id`), by element; nothing of most records.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn rows_said(&self, source: i64, record: &str) -> Result<Vec<RowSaid>, Error> {
        let catalogue = self.catalogue();
        let mut query = catalogue.db.prepare_cached(
            "SELECT element, saying, version FROM row_said WHERE source = ?1 AND record = ?2 ORDER BY element",
        )?;
        let found = query.query_map(params![source, record], |row| {
            Ok(RowSaid { record: record.to_owned(), element: row.get(0)?, saying: row.get(1)?, version: row.get(2)? })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Notes what rows of a source say in a run.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn note_said(&self, source: i64, run: i64, said: &[RowSaid]) -> Result<(), Error> {
        if said.is_empty() {
            return Ok(());
        }
        let mut catalogue = self.catalogue();
        let writing = catalogue.db.transaction()?;
        for one in said {
            writing
                .prepare_cached(
                    "INSERT INTO row_said (source, record, element, saying, version, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET saying = excluded.saying, version = excluded.version, run = excluded.run
                     WHERE saying <> excluded.saying OR version <> excluded.version",
                )?
                .execute(params![source, one.record, one.element, one.saying, one.version, run])?;
        }
        writing.commit()?;
        Ok(())
    }
}

/// Forgets what rows said last in a run that is taken back: what stands is taken for somebody else's then, until they say it again.
pub(super) fn taken_back(writing: &Transaction<'_>, source: i64, run: i64) -> Result<(), Error> {
    writing.execute("DELETE FROM row_said WHERE source = ?1 AND run = ?2", params![source, run])?;
    Ok(())
}
