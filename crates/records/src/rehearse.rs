//! What a plan would do, without doing it.

use crate::error::Error;
use crate::id::StoredId;
use crate::plan::{Change, IfEqual, Planner, Write};
use crate::remember::Remembering;
use crate::store::Records;
use access::{Grant, Permission};
use fhir::schema::{TypeId, r4};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// The state of a resource as a rehearsal sees it.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Unknown,
    Live(i64),
    Deleted,
}

impl Records {
    /// Plans, checks what the writer would check, and says what each operation would do. Writes nothing.
    ///
    /// # Errors
    /// What [`Records::write`] would refuse with, were it called now.
    pub fn rehearse(&self, grant: &Grant, planner: &dyn Planner) -> Result<Vec<(TypeId, Change)>, Error> {
        let reader = self.shared.reader()?;
        let operations = planner.plan(&Remembering::new(&reader, &self.shared, grant))?;
        let mut touched: HashMap<(TypeId, String), State> = HashMap::new();
        let mut changes = Vec::with_capacity(operations.len());
        for operation in operations {
            let name = r4().name(operation.resource_type);
            let found = reader
                .prepare_cached(
                    "SELECT state, version, dictionary, body FROM resource WHERE type = ?1 AND id = ?2 AND version > 0",
                )?
                .query_row(params![operation.resource_type.0, StoredId::new(&operation.id)], |r| {
                    Ok((
                        r.get::<_, i64>(0)?,
                        r.get::<_, i64>(1)?,
                        r.get::<_, Option<i64>>(2)?,
                        r.get::<_, Option<Vec<u8>>>(3)?,
                    ))
                })
                .optional()?;
            let key = (operation.resource_type, operation.id.clone());
            let earlier = touched.get(&key).copied();
            let state = earlier.unwrap_or(match &found {
                None => State::Unknown,
                Some((crate::apply::LIVE, version, ..)) => State::Live(*version),
                Some(_) => State::Deleted,
            });
            let current = if let State::Live(version) = state { version } else { 0 };
            if let Some(asked) = operation.if_match
                && asked != current
            {
                let error = Error::VersionConflict { resource_type: name.into(), id: operation.id, current, asked };
                return Err(planner.locate(operation.at, error));
            }
            let (change, after) = match &operation.write {
                Write::Keep => (Change::Unchanged, state),
                Write::Delete => {
                    grant.may(Permission::Delete, name)?;
                    (if current > 0 { Change::Deleted } else { Change::Unchanged }, State::Deleted)
                }
                Write::Put { content, if_equal, .. } => {
                    grant.may(if current > 0 { Permission::Update } else { Permission::Create }, name)?;
                    let equal = match &found {
                        Some((_, _, Some(no), Some(packed)))
                            if current > 0 && earlier.is_none() && *if_equal == IfEqual::Keep =>
                        {
                            self.shared.dictionaries.unpack_body(*no, packed)? == content.body
                        }
                        _ => false,
                    };
                    let change = match (current, equal) {
                        (0, _) => Change::Created,
                        (_, true) => Change::Unchanged,
                        _ => Change::Updated,
                    };
                    (change, State::Live(current + i64::from(!equal)))
                }
            };
            touched.insert(key, after);
            changes.push((operation.resource_type, change));
        }
        Ok(changes)
    }
}
