//! Cells that a person corrected: runs read them in the place of what was delivered, until the row itself changes.
//!
//! The row stays as it came, in its segment, its arrival and in SQL. A correction is of a row's number, and a row that changes gets another: the
//! correction goes with it where the table has a key and the cells came as they were that it corrects (`moved.rs`), so that it never outlives those. The
//! newest of a row counts; earlier ones stay, since what was made by them is explained by them.
//!
//! A row that could not be read at all is corrected too: the next pull reads its cells in the place of its text, as long as that comes.

use crate::error::Error;
use crate::pull::catalogue::{Catalogue, Pulled};
use crate::pull::{Sources, may_pull, may_see, take};
use access::{Grant, PrincipalKind};
use records::{DeadLetterNo, RowClosed};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS corrected (
    no INTEGER PRIMARY KEY, pulled INTEGER NOT NULL, row INTEGER NOT NULL, cells TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL,
    reason TEXT NOT NULL, arrival INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS corrected_row ON corrected (pulled, row, no);
-- The same of rows that could not be read: they have no number, and are told by the hash of their text.
CREATE TABLE IF NOT EXISTS corrected_bad (
    no INTEGER PRIMARY KEY, pulled INTEGER NOT NULL, hash BLOB NOT NULL, cells TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL,
    reason TEXT NOT NULL, arrival INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS corrected_bad_row ON corrected_bad (pulled, hash, no);
-- Open letters of rows that could not be read.
CREATE TABLE IF NOT EXISTS bad_letter (
    pulled INTEGER NOT NULL, hash BLOB NOT NULL, letter INTEGER NOT NULL, PRIMARY KEY (pulled, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bad_letter_no ON bad_letter (letter);
";

/// The longest reason, in bytes.
const REASON_BYTES: usize = 4_000;

/// Cells by column; none: the cell has no value.
pub type Cells = BTreeMap<String, Option<String>>;

/// What a person says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The cells that are other than they came. Without any the row stands as it came.
    pub cells: Cells,
    /// Who says so.
    pub who: String,
    /// When, µs UTC.
    pub at_us: i64,
    /// Why.
    pub reason: String,
    /// The arrival that keeps it.
    pub arrival: i64,
}

/// The corrections of a table's rows, as runs use them.
pub(super) type CorrectedRows = BTreeMap<u64, Cells>;

/// The hash of the text of a row that could not be read.
pub(super) type BadHash = [u8; 16];
/// The cells of rows that could not be read, as a person says they are.
pub(super) type CorrectedBad = BTreeMap<BadHash, Cells>;
/// Rows that cannot be read and that a pull took as a person corrected them, by table.
pub(super) type Mended = HashMap<String, HashSet<BadHash>>;

/// A row that could not be read, and is a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLetter {
    /// Its table.
    pub table: String,
    /// The columns of the table.
    pub columns: Vec<String>,
    /// What a person said of it last.
    pub corrected: Option<Correction>,
    pulled: i64,
    hash: Vec<u8>,
}

const CORRECTION: &str = "SELECT row, cells, who, at_us, reason, arrival FROM corrected";

fn correction_of(row: &Row<'_>) -> rusqlite::Result<(u64, Correction)> {
    let cells: String = row.get(1)?;
    let cells = serde_json::from_str(&cells)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error)))?;
    let correction =
        Correction { cells, who: row.get(2)?, at_us: row.get(3)?, reason: row.get(4)?, arrival: row.get(5)? };
    Ok((row.get::<_, i64>(0)? as u64, correction))
}

/// What is said of a row is a person's word.
fn may_correct(grant: &Grant, reason: &str) -> Result<(), Error> {
    may_see(grant)?;
    may_pull(grant)?;
    if !matches!(grant.principal().kind, PrincipalKind::Person | PrincipalKind::Operator) {
        return Err(Error::Name(format!(
            "cells are corrected by a person who is signed in, or by the operator at the command line; {} is neither",
            grant.principal()
        )));
    }
    if reason.trim().is_empty() || reason.len() > REASON_BYTES {
        return Err(Error::Name(format!("say why the cells are corrected, in at most {REASON_BYTES} bytes")));
    }
    Ok(())
}

/// Cells by the names that the columns have.
fn named(table: &str, columns: &[String], cells: &Cells) -> Result<Cells, Error> {
    let mut named = Cells::new();
    for (column, cell) in cells {
        let found = columns
            .iter()
            .find(|known| take::is_name(known, column))
            .ok_or_else(|| Error::Name(format!("{table} has no column \"{column}\": it has {}", columns.join(", "))))?;
        named.insert(found.clone(), cell.clone());
    }
    Ok(named)
}

impl Catalogue {
    /// The corrections of current rows of a table.
    pub(super) fn corrected(&self, table: &Pulled) -> Result<CorrectedRows, Error> {
        let mut query = self.db.prepare_cached(&format!("{CORRECTION} WHERE pulled = ?1 ORDER BY no"))?;
        let mut all = CorrectedRows::new();
        for found in query.query_map([table.no], correction_of)? {
            let (row, correction) = found?;
            if table.alive.contains(row) {
                all.insert(row, correction.cells);
            }
        }
        all.retain(|_, cells| !cells.is_empty());
        Ok(all)
    }

    /// The corrections of rows of a table that could not be read.
    pub(super) fn corrected_bad(&self, table: i64) -> Result<CorrectedBad, Error> {
        let mut query =
            self.db.prepare_cached("SELECT hash, cells FROM corrected_bad WHERE pulled = ?1 ORDER BY no")?;
        let found = query.query_map([table], |row| Ok((row.get::<_, BadHash>(0)?, row.get::<_, String>(1)?)))?;
        let mut all = CorrectedBad::new();
        for one in found {
            let (hash, cells) = one?;
            let damaged = |error: serde_json::Error| Error::file("read corrections in", &self.folder, error.into());
            all.insert(hash, serde_json::from_str(&cells).map_err(damaged)?);
        }
        all.retain(|_, cells| !cells.is_empty());
        Ok(all)
    }

    /// Letters of rows of a source that are bad no longer, with how they are closed: as taken those that a pull took as they were corrected.
    pub(super) fn no_longer_bad(&self, source: i64, mended: &Mended) -> Result<Vec<(DeadLetterNo, RowClosed)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT l.letter, p.name, l.hash FROM bad_letter l JOIN pulled p ON p.no = l.pulled
             WHERE p.source = ?1 AND NOT EXISTS (SELECT 1 FROM bad b WHERE b.pulled = l.pulled AND b.hash = l.hash)",
        )?;
        let found = query.query_map([source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let found: Vec<(i64, String, BadHash)> = found.collect::<Result<_, _>>()?;
        let closed = found.into_iter().map(|(letter, table, hash)| {
            let is_taken = mended.get(&table).is_some_and(|rows| rows.contains(&hash));
            (DeadLetterNo(letter), if is_taken { RowClosed::Taken(None) } else { RowClosed::Gone })
        });
        Ok(closed.collect())
    }

    /// Forgets letters that are closed.
    pub(super) fn forget_letters(&self, closed: &[(DeadLetterNo, RowClosed)]) -> Result<(), Error> {
        let mut forget = self.db.prepare_cached("DELETE FROM bad_letter WHERE letter = ?1")?;
        for (no, _) in closed {
            forget.execute([no.0])?;
        }
        Ok(())
    }
}

impl Sources {
    /// Whether a person may correct cells of a row with these words, and the cells by the names that the columns have.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Name`] for what is no column or gives no reason, or if nobody stands behind it; [`Error::Unknown`];
    /// [`Error::Conflict`] if the row is not current any more.
    pub fn correctable(
        &self,
        grant: &Grant,
        source: &str,
        (table, row): (&str, u64),
        cells: &Cells,
        reason: &str,
    ) -> Result<Cells, Error> {
        may_correct(grant, reason)?;
        let table = self.table(source, table)?;
        if !table.alive.contains(row) {
            return Err(Error::Conflict(format!(
                "this row of {} is not current any more: the newest delivery has it otherwise, or not at all",
                table.name
            )));
        }
        named(&table.name, &table.columns, cells)
    }

    /// The row that a letter is which could not be read; nothing if it is none, or closed.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Catalogue`].
    pub fn bad_letter(&self, grant: &Grant, letter: i64) -> Result<Option<BadLetter>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let sql = "SELECT p.name, p.columns, p.no, l.hash FROM bad_letter l JOIN pulled p ON p.no = l.pulled WHERE l.letter = ?1";
        let found = catalogue.db.query_row(sql, [letter], |row| {
            let columns: String = row.get(1)?;
            let columns = serde_json::from_str(&columns).unwrap_or_default();
            Ok(BadLetter { table: row.get(0)?, columns, corrected: None, pulled: row.get(2)?, hash: row.get(3)? })
        });
        let Some(found) = found.optional()? else { return Ok(None) };
        let sql = "SELECT 0, cells, who, at_us, reason, arrival FROM corrected_bad WHERE pulled = ?1 AND hash = ?2 ORDER BY no DESC LIMIT 1";
        let corrected = catalogue.db.query_row(sql, params![found.pulled, found.hash], correction_of).optional()?;
        Ok(Some(BadLetter { corrected: corrected.map(|(_, correction)| correction), ..found }))
    }

    /// Whether a person may say with these words what the cells of a row are that could not be read; the cells by the names that the columns have.
    ///
    /// # Errors
    /// As [`Sources::correctable`].
    pub fn bad_correctable(&self, grant: &Grant, bad: &BadLetter, cells: &Cells, reason: &str) -> Result<Cells, Error> {
        may_correct(grant, reason)?;
        let cells = named(&bad.table, &bad.columns, cells)?;
        // What of the text they are is not known: a cell that nobody named would be a value lost.
        let missing: Vec<&str> =
            bad.columns.iter().filter(|column| !cells.contains_key(*column)).map(String::as_str).collect();
        if !missing.is_empty() && !cells.is_empty() {
            return Err(Error::Name(format!(
                "of a row that could not be read all cells are said: {} of {} are missing; null is a cell without a value",
                missing.join(", "),
                bad.table
            )));
        }
        Ok(cells)
    }

    /// Says what the cells of a row are that could not be read, as [`Sources::bad_correctable`] gave them.
    ///
    /// # Errors
    /// As [`Sources::correctable`].
    pub fn correct_bad(&self, grant: &Grant, bad: &BadLetter, correction: &Correction) -> Result<(), Error> {
        self.bad_correctable(grant, bad, &correction.cells, &correction.reason)?;
        self.catalogue().db.execute(
            "INSERT INTO corrected_bad (pulled, hash, cells, who, at_us, reason, arrival) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                bad.pulled,
                bad.hash,
                serde_json::json!(correction.cells).to_string(),
                correction.who,
                correction.at_us,
                correction.reason,
                correction.arrival
            ],
        )?;
        Ok(())
    }

    /// Corrects cells of a row, as [`Sources::correctable`] gave them.
    ///
    /// # Errors
    /// As [`Sources::correctable`].
    pub fn correct(
        &self,
        grant: &Grant,
        source: &str,
        (table, row): (&str, u64),
        correction: &Correction,
    ) -> Result<(), Error> {
        self.correctable(grant, source, (table, row), &correction.cells, &correction.reason)?;
        let table = self.table(source, table)?;
        self.catalogue().db.execute(
            "INSERT INTO corrected (pulled, row, cells, who, at_us, reason, arrival) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                table.no,
                row as i64,
                serde_json::json!(correction.cells).to_string(),
                correction.who,
                correction.at_us,
                correction.reason,
                correction.arrival
            ],
        )?;
        Ok(())
    }

    /// The corrections of a row, oldest first.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn corrections(&self, grant: &Grant, source: &str, table: &str, row: u64) -> Result<Vec<Correction>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let mut query = catalogue.db.prepare_cached(&format!(
            "{CORRECTION} WHERE row = ?3 AND pulled = (SELECT no FROM pulled WHERE source = ?1 AND name = ?2) ORDER BY no"
        ))?;
        let found = query.query_map(params![source.no, table, row as i64], correction_of)?;
        found.map(|found| Ok(found?.1)).collect()
    }

    fn table(&self, source: &str, table: &str) -> Result<Pulled, Error> {
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let tables = catalogue.tables(source.no)?;
        let found = tables.into_iter().find(|found| take::is_name(&found.name, table));
        found.ok_or_else(|| Error::Unknown { what: "table", name: table.to_owned(), hint: None })
    }
}
