//! Dead letters that are rows of a source's tables.
//!
//! What such doors keep is seen only by who may see the rows of sources. A letter of a message is closed by the request that takes
//! the message; a row is taken by a run over all rows, which closes at its end all that it refuses no longer ([`Records::close_rows`]).

use crate::dead_letter::DeadLetterNo;
use crate::error::Error;
use crate::id::ArrivalNo;
use crate::store::Records;
use access::{Grant, Permission};
use rusqlite::params;

/// The door by which rows of tables come.
pub const PULL_DOOR: &str = "pull";
/// The door by which resources come that a mapping made of rows.
pub const MAPPING_DOOR: &str = "mapping";

/// Whether an arrival holds no rows, as SQL.
pub(crate) const IS_SEEN: &str = "door NOT IN ('pull', 'mapping')";

/// Whether arrivals of a door hold rows, or say which rows something was made of.
pub(crate) fn is_of_rows(door: &str) -> bool {
    [PULL_DOOR, MAPPING_DOOR].contains(&door)
}

/// Whether a grant may see rows of sources, and what was said of them.
pub(crate) fn sees_rows(grant: &Grant) -> bool {
    grant.may_use_sql().is_ok()
}

/// A letter that a row left before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLetter {
    /// Its number.
    pub no: DeadLetterNo,
    /// What is wrong.
    pub what: String,
    /// Which row, and which element.
    pub place: String,
    /// Whether nobody has dealt with it; else a person said that it is not needed.
    pub is_open: bool,
}

/// Why a run closes the letter of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowClosed {
    /// The row was taken; what tells of the run that did it.
    Taken(Option<ArrivalNo>),
    /// It is not delivered any more as it was.
    Gone,
    /// The mapping passes it over.
    LeftOut,
    /// There is a newer letter of it.
    Otherwise,
    /// The mapping makes no longer what it was to be.
    NoTarget,
}

/// Reasons of closing that are no person's word, those of earlier programs too, as a list in SQL: such a letter is left again where its row is refused again.
macro_rules! no_word {
    () => {
        "('the row is not delivered any more as it was', 'the row is not delivered any more', 'the mapping passes the row over now', 'the row is refused for another reason now', 'the mapping has no such target now')"
    };
}
pub(crate) use no_word;

const GONE: &str = "the row is not delivered any more as it was";
const LEFT_OUT: &str = "the mapping passes the row over now";
const OTHERWISE: &str = "the row is refused for another reason now";
const NO_TARGET: &str = "the mapping has no such target now";

impl RowClosed {
    /// State, reason, and the arrival that it was taken with.
    fn columns(self) -> (&'static str, Option<&'static str>, Option<i64>) {
        match self {
            RowClosed::Taken(arrival) => ("replayed", None, arrival.map(|no| no.0)),
            RowClosed::Gone => ("discarded", Some(GONE), None),
            RowClosed::LeftOut => ("discarded", Some(LEFT_OUT), None),
            RowClosed::Otherwise => ("discarded", Some(OTHERWISE), None),
            RowClosed::NoTarget => ("discarded", Some(NO_TARGET), None),
        }
    }
}

impl Records {
    /// Tells the letters of a target of a source, oldest first: those that are open, and those that a person discarded.
    ///
    /// # Errors
    /// [`Error::Denied`]; what `tell` fails with.
    pub fn row_letters(
        &self,
        grant: &Grant,
        door: &str,
        source: &str,
        target: &str,
        tell: &mut dyn FnMut(RowLetter) -> Result<(), Error>,
    ) -> Result<(), Error> {
        grant.may_use_sql()?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "SELECT d.no, d.what, d.place, d.state = 'open' FROM arrival a JOIN dead_letter d ON d.arrival = a.no
             WHERE a.source = ?2 AND a.door = ?1 AND a.name = ?3
             AND (d.state = 'open' OR d.state = 'discarded' AND d.reason NOT IN {}) ORDER BY d.no",
            no_word!()
        ))?;
        let mut rows = statement.query(params![door, source, target])?;
        while let Some(row) = rows.next()? {
            tell(RowLetter {
                no: DeadLetterNo(row.get(0)?),
                what: row.get(1)?,
                place: row.get(2)?,
                is_open: row.get(3)?,
            })?;
        }
        Ok(())
    }

    /// The open letters of a source's rows that were to be something else than these targets.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn row_letters_besides(
        &self,
        grant: &Grant,
        door: &str,
        source: &str,
        targets: &[&str],
    ) -> Result<Vec<DeadLetterNo>, Error> {
        grant.may_use_sql()?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT d.no, a.name FROM arrival a JOIN dead_letter d ON d.arrival = a.no
             WHERE a.source = ?2 AND a.door = ?1 AND d.state = 'open' ORDER BY d.no",
        )?;
        let mut rows = statement.query(params![door, source])?;
        let mut besides = Vec::new();
        while let Some(row) = rows.next()? {
            let target: String = row.get(1)?;
            if !targets.contains(&target.as_str()) {
                besides.push(DeadLetterNo(row.get(0)?));
            }
        }
        Ok(besides)
    }

    /// Closes letters of rows that are open, in one commit; `by` says which run did, for the trail.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn close_rows(&self, grant: &Grant, closed: Vec<(DeadLetterNo, RowClosed)>, by: &str) -> Result<(), Error> {
        grant.may_all(Permission::Update)?;
        if closed.is_empty() {
            return Ok(());
        }
        let (principal, origin, by) = (grant.principal().to_string(), grant.origin().to_string(), by.to_owned());
        self.on_writer(move |writer| {
            let now_us = writer.now_us.max((writer.shared.clock)());
            let transaction = writer.connection.transaction()?;
            let mut changed = 0;
            {
                let mut close = transaction.prepare_cached(
                    "UPDATE dead_letter SET state = ?2, reason = ?3, replayed = ?4, closed_us = ?5, closed_by = ?6
                     WHERE no = ?1 AND state = 'open'",
                )?;
                for (no, how) in closed {
                    let (state, reason, arrival) = how.columns();
                    changed += close.execute(params![no.0, state, reason, arrival, now_us, principal])?;
                }
            }
            transaction.execute(
                "INSERT INTO audit(at_us, principal, origin, action, detail) VALUES(?1, ?2, ?3, 'close', ?4)",
                params![now_us, principal, origin, format!("{changed} dead letters of rows by {by}")],
            )?;
            transaction.commit()?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_closes_is_no_persons_word() {
        for closed in [RowClosed::Gone, RowClosed::LeftOut, RowClosed::Otherwise, RowClosed::NoTarget] {
            let (state, reason, _) = closed.columns();
            assert_eq!(state, "discarded");
            assert!(reason.is_some_and(|reason| no_word!().contains(&format!("'{reason}'"))), "{closed:?}");
        }
    }
}
