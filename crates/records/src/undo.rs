//! What one arrival, or the file that it is a part of, wrote: the question that taking it back begins with.
//!
//! A file that is long, or holds many, comes as several arrivals. Which belong together is kept as deliveries: one for each
//! time that the file came. The same file may have come in several, when an import was stopped and went on, or was repeated;
//! they are one thing for whoever takes it back.
//!
//! A version *stands* while an arrival that brought it does: the one that wrote it, or one that found it there, equal. What an
//! undoing wrote stands for nothing by itself. A resource says what its newest version that stands says, and is deleted where
//! none does; so it does not matter in which order files are taken back.

use crate::confirmed::confirmed;
use crate::error::Error;
use crate::id::{ArrivalNo, DeliveryNo, Row, StoredId};
use crate::plan::Change;
use crate::read::{ArrivalInfo, arrival_info};
use crate::store::Records;
use access::{Grant, Permission};
use fhir::schema::TypeId;
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The door of an arrival that takes others back.
pub const UNDO_DOOR: &str = "undo";
/// The door of one that takes such an arrival back.
pub const REDO_DOOR: &str = "redo";

/// A version that an arrival wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its row.
    pub row: Row,
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

/// What becomes of a resource when a version of it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It stays: somebody else wrote the newest version that stands.
    Left,
    /// It stays: this arrival brought the same.
    Again(ArrivalNo),
    /// It has the content of this earlier version again.
    Restored(i64),
    /// It is deleted.
    Deleted,
    /// It is deleted already, and stays so.
    Gone,
}

/// A resource that was written by what is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// Its type.
    pub resource_type: TypeId,
    /// Its id.
    pub id: String,
    /// The version that is current.
    pub current: i64,
    /// The newest version that is taken back.
    pub written: i64,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What taking arrivals back would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Each resource, in the order of types and ids.
    pub prospects: Vec<Prospect>,
    /// How many live resources would be left that refer to what is deleted, by type.
    pub referring: Vec<(TypeId, u64)>,
}

/// A version, as it matters for taking back.
struct Origin {
    version: i64,
    is_deletion: bool,
    arrival: i64,
    /// Its arrival was taken back.
    is_undone: bool,
    door: String,
}

fn origins(connection: &Connection, row: i64) -> Result<Vec<Origin>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT v.version, v.body IS NULL, v.arrival, a.undone_us IS NOT NULL, coalesce(a.door, '')
         FROM (SELECT version, body, arrival FROM resource WHERE row = ?1
               UNION ALL SELECT version, body, arrival FROM version WHERE row = ?1) v
         LEFT JOIN arrival a ON a.no = v.arrival ORDER BY v.version DESC",
    )?;
    let rows = statement.query_map([row], |r| {
        Ok(Origin {
            version: r.get(0)?,
            is_deletion: r.get(1)?,
            arrival: r.get(2)?,
            is_undone: r.get(3)?,
            door: r.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const WRITTEN: &str = "r.type, r.id, f.version, f.kind, r.version, f.row
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
            row: Row(r.get(5)?),
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
        let mut out = None;
        for no in numbers(&reader, deliveries, [arrival.0])? {
            let taken_back = "SELECT 1 FROM delivery d JOIN arrival a ON a.no = d.arrival WHERE d.no = ?1 AND a.undone_us IS NOT NULL LIMIT 1";
            if !numbers(&reader, taken_back, [no])?.is_empty() {
                continue;
            }
            let delivered = delivered(&reader, no)?;
            if !delivered.written.is_empty() {
                return Ok(delivered);
            }
            out.get_or_insert(delivered);
        }
        // It stands by itself if deliveries only repeated it, or if it wrote something in none.
        let alone = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE arrival = ?1 AND audit <> 0)
             OR EXISTS (SELECT 1 FROM audit a WHERE a.arrival = ?1 AND a.first_seq IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.arrival = ?1 AND d.audit = a.no))";
        if undone || numbers(&reader, alone, [arrival.0])?.is_empty() {
            return Ok(out.unwrap_or(Delivered { undone: true, ..Delivered::default() }));
        }
        drop(reader);
        let written = self.written_by(grant, arrival)?;
        Ok(Delivered { arrivals: vec![arrival], written, undone: false })
    }
}

impl Records {
    /// When the newest arrival of some deliveries was taken back that was.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn newest_undone(&self, grant: &Grant, deliveries: &[DeliveryNo]) -> Result<Option<i64>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let sql = "SELECT a.undone_us FROM delivery d JOIN arrival a ON a.no = d.arrival WHERE d.no = ?1 AND a.undone_us IS NOT NULL";
        let mut newest = None;
        for no in deliveries {
            newest = newest.max(numbers(&reader, sql, [no.0])?.into_iter().max());
        }
        Ok(newest)
    }

    /// Those of `deliveries` that wrote something, of which all was taken back.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn taken_back(&self, grant: &Grant, deliveries: &[DeliveryNo]) -> Result<Vec<DeliveryNo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT count(*) > 0 AND count(*) = count(a.undone_us) FROM delivery d JOIN audit w ON w.no = d.audit
             JOIN arrival a ON a.no = d.arrival WHERE d.no = ?1 AND w.first_seq IS NOT NULL",
        )?;
        let mut back = Vec::new();
        for no in deliveries {
            if statement.query_row([no.0], |row| row.get(0))? {
                back.push(*no);
            }
        }
        Ok(back)
    }

    /// The deliveries that an arrival came with.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn deliveries_of(&self, grant: &Grant, arrival: ArrivalNo) -> Result<Vec<DeliveryNo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let found = numbers(&reader, "SELECT DISTINCT no FROM delivery WHERE arrival = ?1 ORDER BY no", [arrival.0])?;
        Ok(found.into_iter().map(DeliveryNo).collect())
    }

    /// Whether requests of a delivery changed any resource.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn has_written(&self, grant: &Grant, delivery: DeliveryNo) -> Result<bool, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let sql = "SELECT 1 FROM delivery d JOIN audit a ON a.no = d.audit WHERE d.no = ?1 AND a.first_seq IS NOT NULL";
        Ok(reader.prepare_cached(sql)?.exists([delivery.0])?)
    }

    /// The first arrival of a delivery, whether it was taken back or not.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn first_delivered(&self, grant: &Grant, delivery: DeliveryNo) -> Result<Option<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let first =
            numbers(&reader, "SELECT arrival FROM delivery WHERE no = ?1 ORDER BY arrival LIMIT 1", [delivery.0])?;
        first.first().map_or(Ok(None), |no| arrival_info(&reader, ArrivalNo(*no)))
    }

    /// What requests of one delivery wrote, and their arrivals that were not taken back yet.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn delivered_in(&self, grant: &Grant, delivery: DeliveryNo) -> Result<Delivered, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut delivered = delivered(&reader, delivery.0)?;
        let undone = numbers(
            &reader,
            "SELECT DISTINCT a.no FROM delivery d JOIN arrival a ON a.no = d.arrival WHERE d.no = ?1 AND a.undone_us IS NOT NULL",
            [delivery.0],
        )?;
        delivered.undone = !undone.is_empty() && delivered.arrivals.iter().all(|arrival| undone.contains(&arrival.0));
        delivered.arrivals.retain(|arrival| !undone.contains(&arrival.0));
        Ok(delivered)
    }

    /// What becomes of the resources of which `written` are versions, when these and what else `arrivals` brought are taken back.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn outlook(&self, grant: &Grant, arrivals: &[ArrivalNo], written: &[Written]) -> Result<Outlook, Error> {
        grant.may_all(Permission::Read)?;
        // One snapshot: what is decided of one resource fits what is decided of another.
        let reader = self.shared.reader()?;
        let mut of: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for one in written {
            of.entry(one.row.0).or_default().insert(one.version);
        }
        let confirmed = confirmed(&reader, of.keys().map(|row| *row as u64).collect(), arrivals)?;
        for (row, _) in &confirmed.own {
            of.entry(*row).or_default();
        }
        let arrivals: HashSet<i64> = arrivals.iter().map(|arrival| arrival.0).collect();
        let (mut out, mut gone, mut restored) = (Outlook::default(), RoaringTreemap::new(), RoaringTreemap::new());
        for (row, own) in of {
            let Some((resource_type, id, current)) = identity(&reader, row)? else { continue };
            let again = |version: i64| confirmed.others.get(&(row, version)).copied();
            let becomes = if current == 1 && own.contains(&1) && again(1).is_none() {
                Becomes::Deleted
            } else {
                let origins = origins(&reader, row)?;
                let is_own = |origin: &Origin| own.contains(&origin.version) || arrivals.contains(&origin.arrival);
                becomes(&origins, is_own, |version| confirmed.own.contains(&(row, version)), again)
            };
            match becomes {
                Becomes::Deleted => drop(gone.insert(row as u64)),
                Becomes::Restored(_) => drop(restored.insert(row as u64)),
                // What was only found equal, and stays, is no news.
                Becomes::Left | Becomes::Again(_) | Becomes::Gone if own.is_empty() => continue,
                Becomes::Left | Becomes::Again(_) | Becomes::Gone => {}
            }
            let written = own.last().copied().unwrap_or_default();
            out.prospects.push(Prospect { resource_type, id, current, written, becomes });
        }
        out.prospects.sort_unstable_by(|a, b| (a.resource_type.0, &a.id).cmp(&(b.resource_type.0, &b.id)));
        out.referring = crate::search::referring(&reader, &self.shared, &gone, &restored)?;
        Ok(out)
    }
}

fn identity(connection: &Connection, row: i64) -> Result<Option<(TypeId, String, i64)>, Error> {
    Ok(connection
        .prepare_cached("SELECT type, id, version FROM resource WHERE row = ?1")?
        .query_row([row], |r| Ok((TypeId(r.get(0)?), r.get::<_, StoredId>(1)?.to_string(), r.get(2)?)))
        .optional()?)
}

/// What becomes of a resource with these versions, newest first: those that are taken back are `own`, or were `found` equal by what
/// is taken back, and others that stay brought some `again`.
fn becomes(
    origins: &[Origin],
    is_own: impl Fn(&Origin) -> bool,
    found: impl Fn(i64) -> bool,
    again: impl Fn(i64) -> Option<ArrivalNo>,
) -> Becomes {
    let Some(newest) = origins.first() else { return Becomes::Left };
    // Taking an undoing back restores what it found, though that was taken back.
    let is_redo = origins.iter().any(|origin| is_own(origin) && origin.door == UNDO_DOOR);
    let stands = |origin: &Origin| is_redo || !origin.is_undone && origin.door != UNDO_DOOR;
    let before = origins
        .iter()
        .find(|origin| is_own(origin) || stands(origin) || found(origin.version) || again(origin.version).is_some());
    let after = origins.iter().find(|origin| again(origin.version).is_some() || !is_own(origin) && stands(origin));
    match (before, after) {
        (Some(before), Some(after)) if before.version == after.version => match again(after.version) {
            Some(arrival) if is_own(after) => Becomes::Again(arrival),
            _ => Becomes::Left,
        },
        (_, Some(after)) if !after.is_deletion => Becomes::Restored(after.version),
        _ if newest.is_deletion => Becomes::Gone,
        _ => Becomes::Deleted,
    }
}

/// Whether the arrival was taken back.
fn known(connection: &Connection, arrival: ArrivalNo) -> Result<bool, Error> {
    let info = crate::read::arrival_info(connection, arrival)?
        .ok_or_else(|| Error::NotFound { resource_type: "arrival".into(), id: arrival.to_string() })?;
    Ok(info.undone_us.is_some())
}

/// What a delivery wrote, and those of the same file that hold nothing which it does not hold.
///
/// A message that came before is a part without an audit row: it may have come in a file of another name, or over a line. That
/// is no part of what this delivery brought.
fn delivered(connection: &Connection, no: i64) -> Result<Delivered, Error> {
    const WITHIN: &str = "WITH part AS (SELECT DISTINCT arrival FROM delivery WHERE no = ?1),
        named AS NOT MATERIALIZED (SELECT d.no, a.name, substr(a.wrapper, 1, instr(a.wrapper || ',', ',') - 1) AS wrapper
          FROM delivery d JOIN arrival a ON a.no = d.arrival WHERE d.audit <> 0),
        own AS (SELECT DISTINCT name, wrapper FROM named WHERE no = ?1),
        near AS (SELECT DISTINCT no FROM delivery WHERE arrival IN (SELECT arrival FROM part)),
        inside AS (SELECT no FROM delivery WHERE no IN (SELECT no FROM near)
          GROUP BY no HAVING sum(arrival NOT IN (SELECT arrival FROM part)) = 0),
        within AS (SELECT no FROM inside WHERE no = ?1 OR NOT EXISTS (SELECT 1 FROM named n WHERE n.no = inside.no
          AND n.name NOT IN (SELECT name FROM own) AND n.wrapper NOT IN (SELECT wrapper FROM own WHERE wrapper <> ''))),
        request AS (SELECT DISTINCT audit FROM delivery WHERE no IN (SELECT no FROM within))";
    let sql = format!("{WITHIN} SELECT {WRITTEN} WHERE a.no IN (SELECT audit FROM request) ORDER BY f.seq");
    // A file that only repeated a part, and was taken back, does not hold it any more.
    let sql_arrivals = format!(
        "{WITHIN}, back AS (SELECT DISTINCT d.no FROM delivery d JOIN arrival a ON a.no = d.arrival
           WHERE d.no IN (SELECT no FROM near) AND a.undone_us IS NOT NULL)
         SELECT DISTINCT part.arrival FROM delivery part WHERE part.no IN (SELECT no FROM within) AND part.audit <> 0
         AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.arrival = part.arrival AND o.no NOT IN (SELECT no FROM within)
           AND (o.audit <> 0 OR o.no NOT IN (SELECT no FROM back)))
         AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.arrival = part.arrival AND a.first_seq IS NOT NULL
           AND a.no NOT IN (SELECT audit FROM request)) ORDER BY part.arrival"
    );
    let arrivals = numbers(connection, &sql_arrivals, params![no])?.into_iter().map(ArrivalNo).collect();
    Ok(Delivered { arrivals, written: written(connection, &sql, no)?, undone: false })
}
