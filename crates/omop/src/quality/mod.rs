//! Checks of the quality of data: those of OHDSI's Data Quality Dashboard over an instance of the Common Data Model, and our own
//! over the store's FHIR tables, in the same form.
//!
//! [`Definitions`] says which checks there are and how much may be wrong: the facts that the program carries, or OHDSI's own files
//! of another version. [`run`] counts, for each check, the rows that are wrong and those that were looked at: many checks over the
//! same rows are one query (`tally`), references and concepts are looked up once for each value (`shape`), checks of concepts are
//! counted by groups (`groups`). [`rows_sql`] lists the wrong rows of a check. [`History`] keeps what runs found, and thresholds
//! that somebody chose.

mod check;
mod definitions;
mod fhir;
mod groups;
mod history;
mod json;
mod kind;
mod run;
mod shape;
mod tally;
mod why_not;

pub use check::{Against, Bound, Check, Gender};
pub use definitions::Definitions;
pub use fhir::{FhirCheck, fhir_checks};
pub use history::{Chosen, History, Kept, RunInfo};
pub use kind::{CheckType, Level, Severity};
pub use run::{Outcome, Status, run};
pub use why_not::WhyNot;

use crate::error::Error;
use jiff::civil::Date;

/// SQL that lists the rows that a check finds wrong, at most `limit`; none for checks that are about no rows (whether a table is
/// there).
///
/// # Errors
/// A definition that names what is not in the model.
pub fn rows_sql(check: &Check, today: Date, limit: usize) -> Result<Option<String>, Error> {
    shape::rows_sql(check, today, limit)
}

/// The day of a time (µs UTC) in a zone, UTC if the zone is not known: the day on which dates are no longer in the future.
pub fn day_of(at_us: i64, zone: &str) -> Date {
    let at = jiff::Timestamp::from_microsecond(at_us).unwrap_or_default();
    at.in_tz(zone).map_or_else(|_| jiff::tz::Offset::UTC.to_datetime(at).date(), |at| at.date())
}

/// Finds a check by its name.
///
/// # Errors
/// There is none.
pub fn find<'c>(checks: &'c [Check], id: &str) -> Result<&'c Check, Error> {
    check::find(checks, id)
}
