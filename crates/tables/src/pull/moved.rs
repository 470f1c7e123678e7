//! Rows that go on under other numbers, so that what is known of them by the old number holds under the new one: such as did not change and came anew all
//! the same, behind a changed one of their key (`order.rs`), and such as changed while the cells that a person corrected came as they were.

use crate::error::Error;
use crate::pull::{Sources, may_see};
use access::Grant;
use rusqlite::{Transaction, params};
use std::collections::HashMap;

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS moved (
    pulled INTEGER NOT NULL, was INTEGER NOT NULL, now INTEGER NOT NULL, delivery INTEGER NOT NULL, is_same INTEGER NOT NULL,
    PRIMARY KEY (pulled, was)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moved_now ON moved (pulled, now);
CREATE INDEX IF NOT EXISTS moved_delivery ON moved (delivery, pulled);
";

/// A row that goes on under another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renumbered {
    /// Its number in the table.
    pub(super) was: u64,
    /// Its place in the new segment.
    pub(super) place: u64,
    /// Whether it did not change.
    pub(super) is_same: bool,
}

/// Notes that a row of a table has another number since a delivery, with what a person said of it.
pub(super) fn note(
    db: &Transaction<'_>,
    (pulled, delivery): (i64, i64),
    row: &Renumbered,
    now: u64,
) -> Result<(), Error> {
    let (was, now) = (row.was as i64, now as i64);
    // Each leads to the last at once.
    db.prepare_cached("UPDATE moved SET now = ?3 WHERE pulled = ?1 AND now = ?2")?
        .execute(params![pulled, was, now])?;
    db.prepare_cached("INSERT INTO moved (pulled, was, now, delivery, is_same) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![pulled, was, now, delivery, row.is_same])?;
    db.prepare_cached(
        "INSERT INTO corrected (pulled, row, cells, who, at_us, reason, arrival)
         SELECT pulled, ?3, cells, who, at_us, reason, arrival FROM corrected WHERE pulled = ?1 AND row = ?2 ORDER BY no",
    )?
    .execute(params![pulled, was, now])?;
    Ok(())
}

/// Numbers of rows of a source that have others now, by table.
#[derive(Debug, Default)]
pub struct MovedRows(HashMap<String, HashMap<u64, u64>>);

impl MovedRows {
    /// The number that a row of a table has now, which it has had all along if it was not moved.
    pub fn now(&self, table: &str, row: u64) -> u64 {
        self.0.get(table).and_then(|rows| rows.get(&row)).copied().unwrap_or(row)
    }

    /// Whether no row was moved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Sources {
    /// Rows of a source that have other numbers now.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`], [`Error::Catalogue`].
    pub fn moved(&self, grant: &Grant, source: &str) -> Result<MovedRows, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let mut query = catalogue.db.prepare_cached(
            "SELECT p.name, m.was, m.now FROM moved m JOIN pulled p ON p.no = m.pulled WHERE p.source = ?1",
        )?;
        let found =
            query.query_map([source.no], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        let mut moved = MovedRows::default();
        for one in found {
            let (table, was, now): (String, i64, i64) = one?;
            moved.0.entry(table).or_default().insert(was as u64, now as u64);
        }
        Ok(moved)
    }
}
