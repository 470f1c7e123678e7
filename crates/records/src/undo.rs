//! What one arrival, or the file that it is a part of, wrote: the question that taking it back begins with.
//!
//! A file that is long, or holds many, comes as several arrivals. Which belong together is kept as deliveries: one for each
//! time that the file came. The same file may have come in several, when an import was stopped and went on, or was repeated;
//! they are one thing for whoever takes it back.

use crate::error::Error;
use crate::id::{ArrivalNo, StoredId};
use crate::plan::Change;
use crate::store::Records;
use access::{Grant, Permission};
use fhir::schema::TypeId;
use rusqlite::{Connection, params};

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

/// What came with an arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The arrivals that came with it and are a part of nothing else; the one asked for among them, unless it is.
    pub arrivals: Vec<ArrivalNo>,
    /// What they wrote, in the order of the feed.
    pub written: Vec<Written>,
    /// True if it was all taken back before.
    pub undone: bool,
}

const WRITTEN: &str = "r.type, r.id, f.version, f.kind, r.version
     FROM audit a CROSS JOIN feed f ON f.seq BETWEEN a.first_seq AND a.last_seq JOIN resource r ON r.row = f.row";

fn written(connection: &Connection, sql: &str, key: i64) -> Result<Vec<Written>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([key], |r| {
        Ok(Written {
            resource_type: TypeId(r.get(0)?),
            id: r.get::<_, StoredId>(1)?.to_string(),
            version: r.get(2)?,
            change: Change::of_kind(r.get(3)?),
            current: r.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn numbers(connection: &Connection, sql: &str, keys: impl rusqlite::Params) -> Result<Vec<i64>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(keys, |r| r.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Records {
    /// The versions that `arrival` wrote, in the order of the feed, in every request that used it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] if there is no such arrival.
    pub fn written_by(&self, grant: &Grant, arrival: ArrivalNo) -> Result<Vec<Written>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        known(&reader, arrival)?;
        // A request's changes are a run of the feed, and the audit names its ends.
        written(&reader, &format!("SELECT {WRITTEN} WHERE a.arrival = ?1 ORDER BY f.seq"), arrival.0)
    }

    /// What the file wrote that `arrival` is a part of: of the deliveries that hold it, the newest that wrote something and was
    /// not taken back, together with those that hold nothing else. An arrival that came alone stands for itself.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] if there is no such arrival.
    pub fn delivered_with(&self, grant: &Grant, arrival: ArrivalNo) -> Result<Delivered, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let undone = known(&reader, arrival)?;
        let deliveries = "SELECT DISTINCT no FROM delivery WHERE arrival = ?1 ORDER BY no DESC";
        let (mut out, mut is_undone) = (None, undone);
        for no in numbers(&reader, deliveries, [arrival.0])? {
            let taken_back = "SELECT 1 FROM delivery d JOIN arrival a ON a.no = d.arrival WHERE d.no = ?1 AND a.undone_us IS NOT NULL LIMIT 1";
            if !numbers(&reader, taken_back, [no])?.is_empty() {
                is_undone = true;
                continue;
            }
            let delivered = delivered(&reader, no)?;
            if !delivered.written.is_empty() {
                return Ok(delivered);
            }
            out.get_or_insert(delivered);
        }
        if let Some(delivered) = out {
            return Ok(delivered);
        }
        if is_undone {
            return Ok(Delivered { undone: true, ..Delivered::default() });
        }
        drop(reader);
        let written = self.written_by(grant, arrival)?;
        Ok(Delivered { arrivals: vec![arrival], written, undone: false })
    }
}

/// Whether the arrival was taken back.
fn known(connection: &Connection, arrival: ArrivalNo) -> Result<bool, Error> {
    let info = crate::read::arrival_info(connection, arrival)?
        .ok_or_else(|| Error::NotFound { resource_type: "arrival".into(), id: arrival.to_string() })?;
    Ok(info.undone_us.is_some())
}

/// What a delivery, and those that hold nothing which it does not hold, wrote.
fn delivered(connection: &Connection, no: i64) -> Result<Delivered, Error> {
    const WITHIN: &str = "WITH part AS (SELECT DISTINCT arrival FROM delivery WHERE no = ?1), within AS (
        SELECT no FROM delivery WHERE no IN (SELECT o.no FROM delivery o WHERE o.arrival IN (SELECT arrival FROM part))
        GROUP BY no HAVING sum(arrival NOT IN (SELECT arrival FROM part)) = 0)";
    let sql = format!(
        "{WITHIN} SELECT {WRITTEN} WHERE a.no IN (SELECT audit FROM delivery WHERE no IN (SELECT no FROM within)) ORDER BY f.seq"
    );
    let sql_arrivals = format!(
        "{WITHIN} SELECT arrival FROM part WHERE NOT EXISTS (
           SELECT 1 FROM delivery o WHERE o.arrival = part.arrival AND o.no NOT IN (SELECT no FROM within)) ORDER BY arrival"
    );
    let arrivals = numbers(connection, &sql_arrivals, params![no])?.into_iter().map(ArrivalNo).collect();
    Ok(Delivered { arrivals, written: written(connection, &sql, no)?, undone: false })
}
