//! Corrections of dead letters: each is an arrival of its own beside the letter, which stays as it came.

use crate::dead_letter::DeadLetterNo;
use crate::error::Error;
use crate::id::ArrivalNo;
use crate::read::ArrivalInfo;
use crate::store::Records;
use crate::writer::Trail;
use access::{Grant, Permission};
use rusqlite::OptionalExtension;

/// [`Trail::action`] of a correction; the detail names the letter.
const CORRECT: &str = "correct";

/// So that the corrections of a letter are found without reading the whole audit.
pub(crate) const INDEX: &str =
    "CREATE INDEX IF NOT EXISTS audit_correct ON audit(detail, arrival) WHERE action = 'correct';";

impl Trail {
    /// The trail of an arrival that corrects a dead letter.
    pub fn correction(no: DeadLetterNo) -> Trail {
        Trail { action: CORRECT.into(), detail: format!("dead letter {no}") }
    }
}

impl Records {
    /// The last correction of a dead letter, if there is one.
    ///
    /// # Errors
    /// [`Error::Denied`] without the right to read everything.
    pub fn correction(&self, grant: &Grant, no: DeadLetterNo) -> Result<Option<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let arrival = {
            let reader = self.shared.reader()?;
            let mut statement =
                reader.prepare_cached("SELECT max(arrival) FROM audit WHERE action = 'correct' AND detail = ?1")?;
            let found = statement.query_row([format!("dead letter {no}")], |row| row.get::<_, Option<i64>>(0));
            found.optional()?.flatten().map(ArrivalNo)
        };
        arrival.map(|no| self.arrival(grant, no)).transpose()
    }
}
