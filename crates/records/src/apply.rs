//! Carrying out one operation inside the writer's transaction.

use crate::error::Error;
use crate::id::{ArrivalNo, Row, StoredId};
use crate::index::key::{self, Key};
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::plan::{Change, Content, IfEqual, Naming, Operation, Outcome, Value, Write};
use crate::posting::{self, Posting};
use crate::search::{LimitPlace, Sights};
use crate::token::UNIT_SYSTEM;
use crate::writer::Writer;
use access::{Grant, Permission};
use fhir::schema::TypeId;
use rusqlite::{OptionalExtension, params};

pub(crate) const STUB: i64 = 0;
pub(crate) const LIVE: i64 = 1;
pub(crate) const DELETED: i64 = 2;

pub(crate) struct Applied {
    pub(crate) outcome: Outcome,
    /// Change in the number of live resources.
    pub(crate) live: i64,
    /// The version that was there already, if another arrival had brought it.
    pub(crate) found_equal: Option<(i64, i64)>,
}

/// The stored row of a resource, before the change.
struct Before {
    row: Row,
    state: i64,
    version: i64,
    arrival: i64,
    updated_us: i64,
    forward: Option<Vec<u8>>,
    dictionary: Option<i64>,
    body: Option<Vec<u8>>,
}

impl Writer {
    /// Gives rows to all resources that the request will store, so that references among them find rows and no stub is made.
    pub(crate) fn reserve_rows(&mut self, operations: &[Operation]) -> Result<(), Error> {
        for operation in operations {
            if matches!(operation.write, Write::Put { .. })
                && !self.rows.contains_key(&(operation.resource_type, operation.id.clone()))
            {
                let row = match self.find_row(operation.resource_type, &operation.id)? {
                    Some(row) => row,
                    None => self.take_row(),
                };
                self.remember_row(operation.resource_type, operation.id.clone(), row);
            }
        }
        Ok(())
    }

    fn take_row(&mut self) -> Row {
        self.next_row += 1;
        Row(self.next_row - 1)
    }

    fn find_row(&self, resource_type: TypeId, id: &str) -> Result<Option<Row>, Error> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID}"))?
            .query_row(params![resource_type.0, StoredId::new(id), id_hash(resource_type, id)], |r| r.get(0).map(Row))
            .optional()?)
    }

    /// The row of a resource that something refers to; a stub is made if it was never mentioned.
    fn row_of(&mut self, resource_type: TypeId, id: &str) -> Result<Row, Error> {
        if let Some(&row) = self.rows.get(&(resource_type, id.to_owned())) {
            return Ok(row);
        }
        let row = match self.find_row(resource_type, id)? {
            Some(row) => row,
            None => {
                let row = self.take_row();
                self.connection
                    .prepare_cached("INSERT INTO resource(row, type, id, state) VALUES(?1, ?2, ?3, ?4)")?
                    .execute(params![row.0, resource_type.0, StoredId::new(id), STUB])?;
                self.ids.add(&self.connection, id_hash(resource_type, id), row.0)?;
                row
            }
        };
        self.remember_row(resource_type, id.to_owned(), row);
        Ok(row)
    }

    fn before(&self, resource_type: TypeId, id: &str) -> Result<Option<Before>, Error> {
        // A row may be reserved and not yet be there.
        let row = match self.rows.get(&(resource_type, id.to_owned())) {
            Some(&row) => Some(row),
            None => self.find_row(resource_type, id)?,
        };
        let Some(row) = row else { return Ok(None) };
        Ok(self
            .connection
            .prepare_cached(
                "SELECT row, state, version, updated_us, forward, dictionary, body, arrival FROM resource WHERE row = ?1",
            )?
            .query_row([row.0], |r| {
                Ok(Before {
                    row: Row(r.get(0)?),
                    state: r.get(1)?,
                    version: r.get(2)?,
                    updated_us: r.get(3)?,
                    forward: r.get(4)?,
                    dictionary: r.get(5)?,
                    body: r.get(6)?,
                    arrival: r.get(7)?,
                })
            })
            .optional()?)
    }

    pub(crate) fn apply(&mut self, operation: Operation, arrival: ArrivalNo, grant: &Grant) -> Result<Applied, Error> {
        let Operation { resource_type, id, write, if_match, at, length } = operation;
        let name = fhir::schema::r4().info(resource_type).name;
        let before = self.before(resource_type, &id)?;
        let live = before.as_ref().filter(|b| b.state == LIVE);
        let current = live.map_or(0, |b| b.version);
        if let Some(live) = live
            && let Some(permission) = match write {
                Write::Keep => None,
                Write::Delete => Some(Permission::Delete),
                Write::Put { .. } => Some(Permission::Update),
            }
        {
            let sights = Sights::new(&self.connection, &self.shared, grant);
            let forward = live.forward.as_deref();
            match sights.check_forward(LimitPlace::Before, permission, resource_type, live.row.0, forward) {
                Ok(()) => {}
                // It is refused as what is not there would be.
                Err(Error::Denied(_)) if !sights.is_whole(permission, resource_type) => {
                    sights.check(permission, resource_type)?;
                    return Err(match (if_match, permission) {
                        (Some(asked), _) => {
                            Error::VersionConflict { resource_type: name.into(), id, current: 0, asked }
                        }
                        (None, Permission::Delete) => Error::NotFound { resource_type: name.into(), id },
                        (None, _) => Error::Denied(grant.falls_short(Permission::Create, name)),
                    });
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(deleted) = before.as_ref().filter(|b| b.state == DELETED)
            && matches!(write, Write::Put { .. })
        {
            let sights = Sights::new(&self.connection, &self.shared, grant);
            // An id that was another's is not taken up again.
            if !sights.is_whole(Permission::Create, resource_type) {
                let stored = crate::read::by_row(&self.connection, &self.shared, deleted.row)?;
                if !stored.map_or(Ok(false), |stored| sights.shows_version(&stored))? {
                    return Err(Error::Denied(grant.falls_short(Permission::Create, name)));
                }
            }
        }
        if let Some(asked) = if_match
            && asked != current
        {
            return Err(Error::VersionConflict { resource_type: name.into(), id, current, asked });
        }
        match write {
            Write::Keep => {
                let Some(before) = before.filter(|b| b.state == LIVE) else {
                    return Err(Error::NotFound { resource_type: name.into(), id });
                };
                Ok(unchanged(resource_type, id, &before, arrival))
            }
            Write::Delete => {
                grant.may_some(Permission::Delete, name)?;
                match before {
                    Some(before) if before.state == LIVE => self.delete(resource_type, id, before, arrival, at, length),
                    Some(before) if before.state == DELETED => Ok(unchanged(resource_type, id, &before, arrival)),
                    _ => Err(Error::NotFound { resource_type: name.into(), id }),
                }
            }
            Write::Put { mut content, if_equal, must_be_new } => {
                let exists = before.as_ref().is_some_and(|b| b.state == LIVE);
                let permission = if exists { Permission::Update } else { Permission::Create };
                grant.may_some(permission, name)?;
                if let Some(before) = before.as_ref().filter(|b| b.state == LIVE) {
                    if must_be_new {
                        return Err(Error::Damaged(format!("a new id is taken: {name}/{id}")));
                    }
                    if if_equal == IfEqual::Keep
                        && let (Some(no), Some(packed)) = (before.dictionary, &before.body)
                        && self.shared.dictionaries.unpack_body(no, packed)? == content.body
                    {
                        return Ok(unchanged(resource_type, id, before, arrival));
                    }
                }
                let postings = self.postings(std::mem::take(&mut content.values))?;
                let row = before.as_ref().map(|before| before.row);
                let row = row.or_else(|| self.rows.get(&(resource_type, id.clone())).copied()).unwrap_or(Row(0));
                let sights = Sights::new(&self.connection, &self.shared, grant);
                sights.check_postings(LimitPlace::After, permission, resource_type, row.0, &postings)?;
                let naming = if must_be_new { Naming::Here } else { Naming::Sender };
                self.put(resource_type, id, *content, &postings, before, Place { arrival, at, length, naming })
            }
        }
    }

    fn put(
        &mut self,
        resource_type: TypeId,
        id: String,
        content: Content,
        postings: &[Posting],
        before: Option<Before>,
        place: Place,
    ) -> Result<Applied, Error> {
        let forward = posting::encode(postings);
        let composite = self.shared.composite(resource_type);
        let (seq, now) = (self.next_seq, self.now_us);
        let Place { arrival, at, length, naming } = place;
        let (row, version, change) = match before {
            None => {
                let row = match self.rows.get(&(resource_type, id.clone())) {
                    Some(&row) => row,
                    None => self.take_row(),
                };
                self.connection
                    .prepare_cached(
                        "INSERT INTO resource(row, type, id, state, version, seq, updated_us, arrival, at, length, forward, dictionary, body)
                         VALUES(?1,?2,?3,?4,1,?5,?6,?7,?8,?9,?10,?11,?12)",
                    )?
                    .execute(params![
                        row.0, resource_type.0, StoredId::new(&id), LIVE, seq, now, arrival.0, at as i64, length as i64, forward,
                        content.dictionary, content.packed
                    ])?;
                self.ids.add(&self.connection, id_hash(resource_type, &id), row.0)?;
                (row, 1, Change::Created)
            }
            Some(before) => {
                let version = before.version + 1;
                self.retire(&before)?;
                self.take_out_of_index(resource_type, &before)?;
                self.connection
                    .prepare_cached(
                        "UPDATE resource SET state=?2, version=?3, seq=?4, updated_us=?5, arrival=?6, at=?7, length=?8, forward=?9,
                         dictionary=?10, body=?11 WHERE row=?1",
                    )?
                    .execute(params![
                        before.row.0, LIVE, version, seq, now, arrival.0, at as i64, length as i64, forward, content.dictionary,
                        content.packed
                    ])?;
                (before.row, version, if before.state == LIVE { Change::Updated } else { Change::Created })
            }
        };
        if change == Change::Created {
            self.pending.push(&Key::new(key::LIVE, resource_type.0).number(row.0), false);
            self.count(resource_type, 1)?;
        }
        self.pending.push(&Key::new(key::UPDATED, resource_type.0).time(now).number(row.0), false);
        posting::index_keys(postings, row, composite, |key| self.pending.push(&key, false));
        self.feed(row, version, change.kind(resource_type, naming))?;
        let outcome = Outcome { resource_type, id, version, updated_us: now, change };
        Ok(Applied { outcome, live: i64::from(change == Change::Created), found_equal: None })
    }

    fn delete(
        &mut self,
        resource_type: TypeId,
        id: String,
        before: Before,
        arrival: ArrivalNo,
        at: u64,
        length: u64,
    ) -> Result<Applied, Error> {
        self.retire(&before)?;
        self.take_out_of_index(resource_type, &before)?;
        let version = before.version + 1;
        self.connection
            .prepare_cached(
                "UPDATE resource SET state=?2, version=?3, seq=?4, updated_us=?5, arrival=?6, at=?7, length=?8, forward=NULL,
                 dictionary=NULL, body=NULL WHERE row=?1",
            )?
            .execute(params![before.row.0, DELETED, version, self.next_seq, self.now_us, arrival.0, at as i64, length as i64])?;
        self.pending.push(&Key::new(key::LIVE, resource_type.0).number(before.row.0), true);
        self.count(resource_type, -1)?;
        self.feed(before.row, version, Change::Deleted.kind(resource_type, Naming::Sender))?;
        let outcome = Outcome { resource_type, id, version, updated_us: self.now_us, change: Change::Deleted };
        Ok(Applied { outcome, live: -1, found_equal: None })
    }

    /// Moves the current version to the superseded ones.
    fn retire(&self, before: &Before) -> Result<(), Error> {
        if before.version == 0 {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO version(row, version, kind, seq, updated_us, arrival, at, length, dictionary, body)
                 SELECT row, version, (SELECT kind FROM feed WHERE feed.seq = resource.seq), seq, updated_us, arrival, at, length,
                        dictionary, body FROM resource WHERE row = ?1",
            )?
            .execute([before.row.0])?;
        Ok(())
    }

    fn take_out_of_index(&mut self, resource_type: TypeId, before: &Before) -> Result<(), Error> {
        if before.state != LIVE {
            return Ok(());
        }
        self.pending.push(&Key::new(key::UPDATED, resource_type.0).time(before.updated_us).number(before.row.0), true);
        let forward = before.forward.as_deref().unwrap_or_default();
        let old =
            posting::decode(forward).ok_or_else(|| Error::Damaged(format!("forward blob of row {}", before.row.0)))?;
        let composite = self.shared.composite(resource_type);
        posting::index_keys(&old, before.row, composite, |key| self.pending.push(&key, true));
        Ok(())
    }

    /// Counts live resources of a type.
    fn count(&self, resource_type: TypeId, change: i64) -> Result<(), Error> {
        self.connection
            .prepare_cached(
                "INSERT INTO type_count(type, live) VALUES(?1, ?2) ON CONFLICT(type) DO UPDATE SET live = live + ?2",
            )?
            .execute(params![resource_type.0, change])?;
        Ok(())
    }

    fn feed(&mut self, row: Row, version: i64, kind: i64) -> Result<(), Error> {
        self.connection
            .prepare_cached("INSERT INTO feed(seq, row, version, kind) VALUES(?1, ?2, ?3, ?4)")?
            .execute(params![self.next_seq, row.0, version, kind])?;
        self.next_seq += 1;
        Ok(())
    }

    /// Values with numbers for their names; what is mentioned for the first time gets one.
    pub(crate) fn postings(&mut self, values: Vec<Value>) -> Result<Vec<Posting>, Error> {
        let mut out = posting::Distinct::default();
        for value in values {
            let posting = match value {
                Value::Token { param, system, code } => {
                    Posting::Token { param, token: self.tokens.number(&self.connection, system.as_deref(), &code)? }
                }
                Value::Present { param } => Posting::Token { param, token: posting::PRESENT },
                Value::Reference { param, target_type, target_id } => {
                    Posting::Reference { param, target: self.row_of(target_type, &target_id)?.0 }
                }
                Value::Date { param, low, high } => Posting::Date { param, low, high },
                Value::Text { param, text } => Posting::Text { param, text },
                Value::Number { param, low, high } => Posting::Number { param, low, high },
                Value::Quantity { param, low, high, unit } => {
                    let unit = match unit {
                        None => 0,
                        Some(unit) => self.tokens.number(&self.connection, Some(UNIT_SYSTEM), &unit)?,
                    };
                    Posting::Quantity { param, unit, low, high }
                }
                Value::Shown { param, low, high, unit } => {
                    let unit = self.tokens.number(&self.connection, Some(UNIT_SYSTEM), &unit)?;
                    Posting::Shown { param, unit, low, high }
                }
            };
            out.push(posting);
        }
        Ok(out.into_list())
    }
}

struct Place {
    arrival: ArrivalNo,
    at: u64,
    length: u64,
    naming: Naming,
}

fn unchanged(resource_type: TypeId, id: String, before: &Before, arrival: ArrivalNo) -> Applied {
    let outcome = Outcome {
        resource_type,
        id,
        version: before.version,
        updated_us: before.updated_us,
        change: Change::Unchanged,
    };
    let is_anothers = before.arrival != arrival.0;
    Applied { outcome, live: 0, found_equal: is_anothers.then_some((before.row.0, before.version)) }
}
