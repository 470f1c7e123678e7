//! What one arrival wrote: the question that taking it back begins with.

use crate::error::Error;
use crate::id::{ArrivalNo, StoredId};
use crate::plan::Change;
use crate::store::Records;
use access::{Grant, Permission};
use fhir::schema::TypeId;

/// A version that an arrival wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Type of the resource.
    pub resource_type: TypeId,
    /// Its id.
    pub id: String,
    /// The version written.
    pub version: i64,
    /// What that version did.
    pub change: Change,
    /// The version that is current now.
    pub current: i64,
}

impl Records {
    /// The versions that `arrival` wrote, in the order of the feed, in every request that used it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] if there is no such arrival.
    pub fn written_by(&self, grant: &Grant, arrival: ArrivalNo) -> Result<Vec<Written>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        crate::read::arrival_info(&reader, arrival)?
            .ok_or_else(|| Error::NotFound { resource_type: "arrival".into(), id: arrival.to_string() })?;
        // A request's changes are a run of the feed, and the audit names its ends.
        let mut statement = reader.prepare_cached(
            "SELECT r.type, r.id, f.version, f.kind, r.version
             FROM audit a CROSS JOIN feed f ON f.seq BETWEEN a.first_seq AND a.last_seq JOIN resource r ON r.row = f.row
             WHERE a.arrival = ?1 ORDER BY f.seq",
        )?;
        let rows = statement.query_map([arrival.0], |r| {
            Ok(Written {
                resource_type: TypeId(r.get(0)?),
                id: r.get::<_, StoredId>(1)?.to_string(),
                version: r.get(2)?,
                change: Change::from_code(r.get(3)?),
                current: r.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
