//! Who gave which element of a record that several doors bring.

use crate::error::Error;
use crate::pull::Sources;
use crate::run::Owned;
use rusqlite::params;

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS owned (
    record TEXT NOT NULL, element TEXT NOT NULL, source INTEGER NOT NULL, rank INTEGER NOT NULL, content INTEGER NOT NULL,
    PRIMARY KEY (record, element, source)
) STRICT, WITHOUT ROWID;
";

impl Sources {
    /// What runs gave of a record (`TYPE/id`).
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn owned(&self, record: &str) -> Result<Vec<Owned>, Error> {
        let catalogue = self.catalogue();
        let mut query = catalogue.db.prepare_cached(
            "SELECT element, source, rank, content FROM owned WHERE record = ?1 ORDER BY element, source",
        )?;
        let found = query.query_map([record], |row| {
            Ok(Owned { element: row.get(0)?, source: row.get(1)?, rank: row.get(2)?, content: row.get(3)? })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Notes what a source is about to give of records, in the place of what it gave of them.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn own(&self, source: i64, records: &[(String, Vec<Owned>)]) -> Result<(), Error> {
        let mut catalogue = self.catalogue();
        let writing = catalogue.db.transaction()?;
        for (record, owned) in records {
            writing
                .prepare_cached("DELETE FROM owned WHERE record = ?1 AND source = ?2")?
                .execute(params![record, source])?;
            let mut note = writing.prepare_cached(
                "INSERT OR REPLACE INTO owned (record, element, source, rank, content) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for one in owned {
                note.execute(params![record, one.element, source, one.rank, one.content])?;
            }
        }
        writing.commit()?;
        Ok(())
    }
}
