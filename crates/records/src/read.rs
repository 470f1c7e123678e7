//! Reading resources, their versions, and where they came from.

use crate::apply::LIVE;
use crate::arrival::{self, Place};
use crate::body::Identity;
use crate::error::Error;
use crate::id::{ArrivalNo, Row, Seq, StoredId};
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::plan::{Change, Current, Naming};
use crate::row_letter::{IS_SEEN, is_of_rows, sees_rows};
use crate::search::{LimitPlace, Sights};
use crate::store::{Records, Shared};
use access::{Grant, Permission};
use fhir::schema::{TypeId, r4};
use rusqlite::{Connection, OptionalExtension, params};

/// A version of a resource as it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Row number.
    pub row: Row,
    /// Type.
    pub resource_type: TypeId,
    /// Logical id.
    pub id: String,
    /// Version, from 1.
    pub version: i64,
    /// When it was written, µs UTC.
    pub updated_us: i64,
    /// What made this version.
    pub change: Change,
    /// Who gave the resource its id, if this version created it.
    pub naming: Naming,
    /// Position in the feed.
    pub seq: Seq,
    /// The resource; empty if this version is a deletion.
    pub json: String,
}

/// Where a version came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The resource's row.
    pub row: Row,
    /// The version this is about.
    pub version: i64,
    /// The arrival.
    pub arrival: ArrivalInfo,
    /// Byte offset of the resource in the arrival's content.
    pub at: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// An arrival, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivalInfo {
    /// Its number.
    pub no: ArrivalNo,
    /// When it was stored, µs UTC.
    pub at_us: i64,
    /// The door it came through.
    pub door: String,
    /// Who sent it.
    pub source: String,
    /// What it was called there.
    pub name: String,
    /// Media type.
    pub media: String,
    /// What was around the content.
    pub wrapper: String,
    /// Byte offset of the content in the file it is a part of.
    pub base: u64,
    /// Length of the content in bytes.
    pub length: u64,
    /// BLAKE3 of the content, hexadecimal.
    pub hash: String,
    /// Who was let in with it.
    pub principal: String,
    /// When it was taken back, µs UTC.
    pub undone_us: Option<i64>,
}

impl ArrivalInfo {
    /// A place to hold an arrival's number until the rest is read.
    pub(crate) fn unknown(no: ArrivalNo) -> Self {
        ArrivalInfo {
            no,
            at_us: 0,
            door: String::new(),
            source: String::new(),
            name: String::new(),
            media: String::new(),
            wrapper: String::new(),
            base: 0,
            length: 0,
            hash: String::new(),
            principal: String::new(),
            undone_us: None,
        }
    }
}

/// Version and whether it is live; `None` if the resource never was.
pub(crate) fn state(connection: &Connection, resource_type: &str, id: &str) -> Result<Option<(i64, bool)>, Error> {
    let Some(type_id) = r4().type_id(resource_type) else { return Ok(None) };
    Ok(connection
        .prepare_cached(&format!("SELECT r.version, r.state FROM {RESOURCE_BY_ID} AND r.version > 0"))?
        .query_row(params![type_id.0, StoredId::new(id), id_hash(type_id, id)], |r| {
            Ok((r.get(0)?, r.get::<_, i64>(1)? == LIVE))
        })
        .optional()?)
}

/// The current state with its content.
pub(crate) fn current(
    connection: &Connection,
    shared: &Shared,
    resource_type: &str,
    id: &str,
) -> Result<Option<Current>, Error> {
    let Some(type_id) = r4().type_id(resource_type) else { return Ok(None) };
    let row: Option<Row> = connection
        .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID} AND r.version > 0"))?
        .query_row(params![type_id.0, StoredId::new(id), id_hash(type_id, id)], |r| r.get(0).map(Row))
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let stored = by_row(connection, shared, row)?.ok_or_else(|| Error::Damaged(format!("row {} is missing", row.0)))?;
    let live = stored.change != Change::Deleted;
    Ok(Some(Current { version: stored.version, json: live.then_some(stored.json) }))
}

struct Columns {
    /// What the feed says happened.
    kind: i64,
    version: i64,
    updated_us: i64,
    seq: i64,
    dictionary: Option<i64>,
    body: Option<Vec<u8>>,
}

fn stored(shared: &Shared, row: Row, type_id: TypeId, id: String, columns: Columns) -> Result<Stored, Error> {
    let Columns { kind, version, updated_us, seq, dictionary, body } = columns;
    let mut json = String::new();
    if let (Some(no), Some(packed)) = (dictionary, body) {
        let body = shared.dictionaries.unpack_body(no, &packed)?;
        json.reserve(body.as_bytes().len() + 160);
        let resource_type = r4().info(type_id).name;
        body.write(&Identity { resource_type, id: &id, version, updated_us }, &mut json);
    }
    let (change, naming) = (Change::of_kind(kind), Naming::of_kind(kind));
    Ok(Stored { row, resource_type: type_id, id, version, updated_us, change, naming, seq: Seq(seq), json })
}

/// The current version of a row; `None` for stubs and unknown rows.
pub(crate) fn by_row(connection: &Connection, shared: &Shared, row: Row) -> Result<Option<Stored>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT r.type, r.id, r.version, r.updated_us, r.seq, r.dictionary, r.body, f.kind
             FROM resource r LEFT JOIN feed f ON f.seq = r.seq WHERE r.row = ?1 AND r.version > 0",
        )?
        .query_row([row.0], columns)
        .optional()?;
    found.map(|(type_id, id, columns)| stored(shared, row, type_id, id, columns)).transpose()
}

/// One version of a row, current or superseded.
pub(crate) fn version_of(
    connection: &Connection,
    shared: &Shared,
    row: Row,
    version: i64,
) -> Result<Option<Stored>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT r.type, r.id, v.version, v.updated_us, v.seq, v.dictionary, v.body, f.kind
             FROM version v JOIN resource r ON r.row = v.row LEFT JOIN feed f ON f.seq = v.seq WHERE v.row = ?1 AND v.version = ?2",
        )?
        .query_row([row.0, version], columns)
        .optional()?;
    if let Some((type_id, id, columns)) = found {
        return stored(shared, row, type_id, id, columns).map(Some);
    }
    Ok(by_row(connection, shared, row)?.filter(|s| s.version == version))
}

fn columns(r: &rusqlite::Row<'_>) -> rusqlite::Result<(TypeId, String, Columns)> {
    let body: Option<Vec<u8>> = r.get(6)?;
    // What is missing from the feed, which `doctor` says, has content or was deleted all the same.
    let kind = r.get::<_, Option<i64>>(7)?.unwrap_or(if body.is_some() { 2 } else { 3 });
    let columns =
        Columns { kind, version: r.get(2)?, updated_us: r.get(3)?, seq: r.get(4)?, dictionary: r.get(5)?, body };
    Ok((TypeId(r.get(0)?), r.get::<_, StoredId>(1)?.to_string(), columns))
}

/// The row of a resource that has or had a version.
pub(crate) fn row_of(connection: &Connection, resource_type: &str, id: &str) -> Result<Row, Error> {
    let not_found = || Error::NotFound { resource_type: resource_type.into(), id: id.into() };
    let type_id = r4().type_id(resource_type).ok_or_else(not_found)?;
    connection
        .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID} AND r.version > 0"))?
        .query_row(params![type_id.0, StoredId::new(id), id_hash(type_id, id)], |r| r.get(0).map(Row))
        .optional()?
        .ok_or_else(not_found)
}

/// The row of a resource, also of one that others only mention.
pub(crate) fn row_or_stub(connection: &Connection, type_id: TypeId, id: &str) -> Result<Option<Row>, Error> {
    Ok(connection
        .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID}"))?
        .query_row(params![type_id.0, StoredId::new(id), id_hash(type_id, id)], |r| r.get(0).map(Row))
        .optional()?)
}

/// Whether the current state of a resource is seen: a live one by the index, a deleted one by what it was.
fn is_seen(sights: &Sights<'_>, stored: &Stored) -> Result<bool, Error> {
    if stored.change == Change::Deleted {
        return sights.shows_version(stored);
    }
    sights.shows(LimitPlace::Read, Permission::Read, stored.resource_type, stored.row.0)
}

impl Records {
    /// Whether this content came from this source before and was taken: what is written with [`crate::ReuseArrival::Repeat`] changes
    /// nothing then. Whoever sends it may know, as whoever may look for what it became.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn is_repeat(&self, grant: &Grant, source: &str, content: &[u8]) -> Result<bool, Error> {
        grant.may_all(Permission::Search)?;
        let hash = *blake3::hash(content).as_bytes();
        Ok(crate::writer::earlier(&*self.shared.reader()?, (&hash, content.len() as u64), source)?.is_some())
    }

    /// The current version of a resource.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`], [`Error::Gone`].
    pub fn read(&self, grant: &Grant, resource_type: &str, id: &str) -> Result<Stored, Error> {
        grant.may_some(Permission::Read, resource_type)?;
        let reader = self.shared.reader()?;
        let row = row_of(&reader, resource_type, id)?;
        let not_found = || Error::NotFound { resource_type: resource_type.into(), id: id.into() };
        let stored = by_row(&reader, &self.shared, row)?.ok_or_else(not_found)?;
        if !is_seen(&Sights::new(&reader, &self.shared, grant), &stored)? {
            return Err(not_found());
        }
        if stored.change == Change::Deleted {
            return Err(Error::Gone { resource_type: resource_type.into(), id: id.into(), version: stored.version });
        }
        Ok(stored)
    }

    /// The row of a resource, also of one that is deleted or that others only mention; `None` if nothing ever named it.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn row(&self, grant: &Grant, resource_type: &str, id: &str) -> Result<Option<Row>, Error> {
        grant.may(Permission::Read, resource_type)?;
        match r4().type_id(resource_type) {
            Some(type_id) => row_or_stub(&*self.shared.reader()?, type_id, id),
            None => Ok(None),
        }
    }

    /// One version of a resource.
    ///
    /// # Errors
    /// As [`Records::read`]; `Gone` if that version is a deletion.
    pub fn read_version(&self, grant: &Grant, resource_type: &str, id: &str, version: i64) -> Result<Stored, Error> {
        grant.may_some(Permission::Read, resource_type)?;
        let reader = self.shared.reader()?;
        let row = row_of(&reader, resource_type, id)?;
        let sights = Sights::new(&reader, &self.shared, grant);
        let stored = version_of(&reader, &self.shared, row, version)?;
        let is_shown = stored.as_ref().map_or(Ok(false), |stored| sights.shows_version(stored))?;
        let Some(stored) = stored.filter(|_| is_shown) else {
            // Who sees nothing of a resource is not told that it is there, nor how many versions it has.
            let current = by_row(&reader, &self.shared, row)?;
            let is_told = current.map_or(Ok(false), |current| is_seen(&sights, &current))?;
            let id = if is_told { format!("{id}/_history/{version}") } else { id.to_owned() };
            return Err(Error::NotFound { resource_type: resource_type.into(), id });
        };
        if stored.change == Change::Deleted {
            return Err(Error::Gone { resource_type: resource_type.into(), id: id.into(), version });
        }
        Ok(stored)
    }

    /// Where the current version of a resource, or the one named, came from.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`].
    pub fn source(&self, grant: &Grant, resource_type: &str, id: &str, version: Option<i64>) -> Result<Source, Error> {
        grant.may_some(Permission::Read, resource_type)?;
        let reader = self.shared.reader()?;
        let row = row_of(&reader, resource_type, id)?;
        let sights = Sights::new(&reader, &self.shared, grant);
        let type_id = r4().type_id(resource_type).filter(|type_id| !sights.is_whole(Permission::Read, *type_id));
        if type_id.is_some() {
            let stored = match version {
                Some(version) => version_of(&reader, &self.shared, row, version)?,
                None => by_row(&reader, &self.shared, row)?,
            };
            if !stored.map_or(Ok(false), |stored| sights.shows_version(&stored))? {
                return Err(Error::NotFound { resource_type: resource_type.into(), id: id.into() });
            }
        }
        let place = |sql: &str, keys: &[i64]| -> Result<Option<(i64, i64, i64, i64)>, Error> {
            Ok(reader
                .prepare_cached(sql)?
                .query_row(rusqlite::params_from_iter(keys), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
                .optional()?)
        };
        let current = place("SELECT version, arrival, at, length FROM resource WHERE row = ?1", &[row.0])?;
        let found = match version {
            None => current,
            Some(version) => match current.filter(|c| c.0 == version) {
                Some(current) => Some(current),
                None => place(
                    "SELECT version, arrival, at, length FROM version WHERE row = ?1 AND version = ?2",
                    &[row.0, version],
                )?,
            },
        };
        let (version, arrival, at, length) =
            found.ok_or_else(|| Error::NotFound { resource_type: resource_type.into(), id: id.into() })?;
        let mut arrival = arrival_info(&reader, ArrivalNo(arrival))?
            .ok_or_else(|| Error::Damaged(format!("arrival {arrival} is missing")))?;
        if type_id.is_some() {
            // What it was called and what all of it was tells of others too.
            arrival = ArrivalInfo {
                at_us: arrival.at_us,
                door: arrival.door,
                source: arrival.source,
                media: arrival.media,
                undone_us: arrival.undone_us,
                ..ArrivalInfo::unknown(arrival.no)
            };
        }
        Ok(Source { row, version, arrival, at: at as u64, length: length as u64 })
    }

    /// The number of a resource's current version, and the arrival that it came with.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`].
    pub fn current_from(&self, grant: &Grant, resource_type: &str, id: &str) -> Result<(i64, ArrivalNo), Error> {
        grant.may(Permission::Read, resource_type)?;
        let missing = || Error::NotFound { resource_type: resource_type.into(), id: id.into() };
        let type_id = r4().type_id(resource_type).ok_or_else(missing)?;
        let reader = self.shared.reader()?;
        let found = reader
            .prepare_cached(&format!("SELECT r.version, r.arrival FROM {RESOURCE_BY_ID} AND r.version > 0"))?
            .query_row(params![type_id.0, StoredId::new(id), id_hash(type_id, id)], |r| {
                Ok((r.get(0)?, ArrivalNo(r.get(1)?)))
            })
            .optional()?;
        found.ok_or_else(missing)
    }

    /// A range of an arrival's content, exactly as it was received.
    ///
    /// An arrival may hold anything, so the grant must allow reading every type.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`].
    pub fn arrival_bytes(&self, grant: &Grant, no: ArrivalNo, from: u64, length: u64) -> Result<Vec<u8>, Error> {
        self.arrival(grant, no)?;
        self.arrival_range(no, from, length)
    }

    /// The bytes of one version, which whoever may read all resources of the type may see: those of a message tell of more than the
    /// resource, so that a limit to a patient or by a filter does not hold for them.
    ///
    /// # Errors
    /// As [`Records::source`].
    pub fn source_bytes(
        &self,
        grant: &Grant,
        resource_type: &str,
        id: &str,
        version: Option<i64>,
    ) -> Result<Vec<u8>, Error> {
        grant.may(Permission::Read, resource_type)?;
        let source = self.source(grant, resource_type, id, version)?;
        self.arrival_range(source.arrival.no, source.at, source.length)
    }

    fn arrival_range(&self, no: ArrivalNo, from: u64, length: u64) -> Result<Vec<u8>, Error> {
        let reader = self.shared.reader()?;
        let place = reader
            .prepare_cached("SELECT pack, at, frames, length, dictionary FROM arrival WHERE no = ?1")?
            .query_row([no.0], |r| {
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, i64>(1)?,
                    r.get::<_, Vec<u8>>(2)?,
                    r.get::<_, i64>(3)?,
                    r.get::<_, i64>(4)?,
                ))
            })
            .optional()?;
        let Some((pack, at, frames, whole, dictionary)) = place else {
            return Err(Error::NotFound { resource_type: "arrival".into(), id: no.to_string() });
        };
        let frames = Place::decode_frames(&frames).ok_or_else(|| Error::Damaged(format!("frames of arrival {no}")))?;
        let place = Place { pack, at: at as u64, frames, length: whole as u64, dictionary };
        arrival::read_range(&self.shared.arrivals, &place, from, length, &self.shared.dictionaries)
    }

    /// An arrival, without its content. Who may not see rows of sources finds none that holds them, here and below.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`].
    pub fn arrival(&self, grant: &Grant, no: ArrivalNo) -> Result<ArrivalInfo, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        arrival_info(&reader, no)?
            .filter(|info| !is_of_rows(&info.door) || sees_rows(grant))
            .ok_or_else(|| Error::NotFound { resource_type: "arrival".into(), id: no.to_string() })
    }

    /// The newest arrivals before `before`, newest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn arrivals(&self, grant: &Grant, before: Option<ArrivalNo>, limit: usize) -> Result<Vec<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let before = before.map_or(i64::MAX, |no| no.0);
        let mut statement = reader
            .prepare_cached(&format!("{ARRIVAL} WHERE no < ?1 AND (?3 OR {IS_SEEN}) ORDER BY no DESC LIMIT ?2"))?;
        let rows = statement.query_map(params![before, limit as i64, sees_rows(grant)], arrival_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Arrivals after `seen`, oldest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn arrivals_after(&self, grant: &Grant, seen: ArrivalNo, limit: usize) -> Result<Vec<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement =
            reader.prepare_cached(&format!("{ARRIVAL} WHERE no > ?1 AND (?3 OR {IS_SEEN}) ORDER BY no LIMIT ?2"))?;
        let rows = statement.query_map(params![seen.0, limit as i64, sees_rows(grant)], arrival_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest arrival of each source, by its name; of the first `limit` sources.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn newest_of_sources(&self, grant: &Grant, limit: usize) -> Result<Vec<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        // From one name to the next in the index: what each sent is passed over.
        let mut statement = reader.prepare_cached(&format!(
            "WITH RECURSIVE sender(sends) AS (
               SELECT min(source) FROM arrival
               UNION ALL SELECT (SELECT min(source) FROM arrival WHERE source > sends) FROM sender WHERE sends IS NOT NULL)
             {ARRIVAL} WHERE no IN (SELECT (SELECT max(no) FROM arrival WHERE source = sends) FROM sender WHERE sends IS NOT NULL LIMIT ?1)
             AND (?2 OR {IS_SEEN}) ORDER BY source"
        ))?;
        let rows = statement.query_map(params![limit as i64, sees_rows(grant)], arrival_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The arrivals that were taken back at a time.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn arrivals_undone(&self, grant: &Grant, at_us: i64) -> Result<Vec<ArrivalInfo>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement =
            reader.prepare_cached(&format!("{ARRIVAL} WHERE undone_us = ?1 AND (?2 OR {IS_SEEN}) ORDER BY no"))?;
        let rows = statement.query_map(params![at_us, sees_rows(grant)], arrival_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

const ARRIVAL: &str =
    "SELECT no, at_us, door, source, name, media, wrapper, base, length, hash, principal, undone_us FROM arrival";

fn arrival_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<ArrivalInfo> {
    let hash: Vec<u8> = r.get(9)?;
    Ok(ArrivalInfo {
        no: ArrivalNo(r.get(0)?),
        at_us: r.get(1)?,
        door: r.get(2)?,
        source: r.get(3)?,
        name: r.get(4)?,
        media: r.get(5)?,
        wrapper: r.get(6)?,
        base: r.get::<_, i64>(7)? as u64,
        length: r.get::<_, i64>(8)? as u64,
        hash: blake3::Hash::from_slice(&hash).map_or_else(|_| String::new(), |hash| hash.to_hex().to_string()),
        principal: r.get(10)?,
        undone_us: r.get(11)?,
    })
}

pub(crate) fn arrival_info(connection: &Connection, no: ArrivalNo) -> Result<Option<ArrivalInfo>, Error> {
    Ok(connection.prepare_cached(&format!("{ARRIVAL} WHERE no = ?1"))?.query_row([no.0], arrival_row).optional()?)
}
