//! Messages that were kept and of which nothing was made, because their event has no map.

use crate::error::Error;
use crate::store::Records;
use access::{Grant, Permission};

/// [`crate::Trail::action`] of a message whose event has no map; the detail is the event.
pub const NO_MAP: &str = "no map";

/// So that they are counted without reading the whole audit.
pub(crate) const INDEX: &str =
    "CREATE INDEX IF NOT EXISTS audit_no_map ON audit(detail, arrival) WHERE action = 'no map';";

impl Records {
    /// Events without a map, by name, with how many different messages of them are kept.
    ///
    /// # Errors
    /// [`Error::Denied`] without the right to read everything.
    pub fn unmapped_events(&self, grant: &Grant) -> Result<Vec<(String, u64)>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT detail, count(DISTINCT arrival) FROM audit WHERE action = 'no map' GROUP BY detail ORDER BY detail",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
