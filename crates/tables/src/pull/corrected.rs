//! Cells that a person corrected: runs read them in the place of what was delivered, until the row itself changes.
//!
//! The row stays as it came, in its segment, its arrival and in SQL. A correction is of a row's number, and a row that changes gets another, so that
//! a correction never outlives what it corrected. The newest of a row counts; earlier ones stay, since what was made by them is explained by them.

use crate::error::Error;
use crate::pull::catalogue::{Catalogue, Pulled};
use crate::pull::{Sources, may_pull, may_see, take};
use access::{Grant, PrincipalKind};
use rusqlite::{Row, params};
use std::collections::BTreeMap;

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS corrected (
    no INTEGER PRIMARY KEY, pulled INTEGER NOT NULL, row INTEGER NOT NULL, cells TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL,
    reason TEXT NOT NULL, arrival INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS corrected_row ON corrected (pulled, row, no);
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

const CORRECTION: &str = "SELECT row, cells, who, at_us, reason, arrival FROM corrected";

fn correction_of(row: &Row<'_>) -> rusqlite::Result<(u64, Correction)> {
    let cells: String = row.get(1)?;
    let cells = serde_json::from_str(&cells)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error)))?;
    let correction =
        Correction { cells, who: row.get(2)?, at_us: row.get(3)?, reason: row.get(4)?, arrival: row.get(5)? };
    Ok((row.get::<_, i64>(0)? as u64, correction))
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
        let table = self.table(source, table)?;
        if !table.alive.contains(row) {
            return Err(Error::Conflict(format!(
                "row {row} of {} is not current any more: the newest delivery has it otherwise, or not at all",
                table.name
            )));
        }
        let mut named = Cells::new();
        for (column, cell) in cells {
            let found = table.columns.iter().find(|known| take::is_name(known, column)).ok_or_else(|| {
                Error::Name(format!("{} has no column \"{column}\": it has {}", table.name, table.columns.join(", ")))
            })?;
            named.insert(found.clone(), cell.clone());
        }
        Ok(named)
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
