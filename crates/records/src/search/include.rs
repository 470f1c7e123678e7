//! `_include` and `_revinclude`: one step from the matches of a page, only to types that the grant may read.

use super::evaluate::Index;
use crate::error::Error;
use crate::id::Row;
use crate::index::key::{self, Key};
use crate::posting::Posting;
use crate::read::{self, Stored};
use crate::store::Shared;
use access::{Grant, Permission};
use fhir::parameters::{ParameterKind, parameters};
use fhir::schema::{TypeId, r4};
use fhir::search::SearchQuery;
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// Resources that a page may bring along; more is an error that says so, never a part.
const MAX_INCLUDED: usize = 50_000;

pub(super) fn included(
    connection: &Connection,
    shared: &Shared,
    grant: &Grant,
    query: &SearchQuery,
    matches: &[i64],
) -> Result<Vec<Stored>, Error> {
    if query.includes.is_empty() && query.revincludes.is_empty() {
        return Ok(Vec::new());
    }
    let index = Index::new(connection, shared, query.resource_type);
    let mut rows = BTreeSet::new();
    for &row in matches {
        if !query.includes.is_empty() {
            let forward = index.forward(row)?;
            for include in query.includes.iter().filter(|i| i.source == query.resource_type) {
                for posting in &forward {
                    if let Posting::Reference { param, target } = posting
                        && *param == include.parameter.number
                        && may_show(connection, grant, *target, include.target)?
                    {
                        rows.insert(*target);
                    }
                }
            }
        }
        for include in &query.revincludes {
            if include.target.is_some_and(|target| target != query.resource_type)
                || grant.may(Permission::Read, r4().info(include.source).name).is_err()
            {
                continue;
            }
            let referring = Key::new(key::REFERENCE, include.parameter.number).number(row);
            rows.extend(index.collect(&referring)?.iter().map(|row| row as i64));
        }
        if rows.len() > MAX_INCLUDED {
            return Err(Error::Search(format!(
                "this page would include more than {MAX_INCLUDED} resources: ask for fewer matches with _count"
            )));
        }
    }
    for row in matches {
        rows.remove(row);
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.extend(read::by_row(connection, shared, Row(row))?.filter(|s| !s.json.is_empty()));
    }
    Ok(out)
}

/// How many live resources refer to one of `gone` and are not among `besides`, by type.
pub(crate) fn referring(
    connection: &Connection,
    shared: &Shared,
    gone: &RoaringTreemap,
    besides: &RoaringTreemap,
) -> Result<Vec<(TypeId, u64)>, Error> {
    let mut out = Vec::new();
    if gone.is_empty() {
        return Ok(out);
    }
    let mut index = Index::new(connection, shared, TypeId(0));
    for type_id in r4().resource_types() {
        index = index.of(type_id);
        // Most types of the standard are not in a store.
        if index.count_all()? == 0 {
            continue;
        }
        let mut rows = RoaringTreemap::new();
        for parameter in parameters().of(r4().name(type_id)) {
            if parameter.kind == ParameterKind::Reference {
                rows |= index.referring(parameter.number, gone)?;
            }
        }
        rows -= gone;
        rows -= besides;
        if !rows.is_empty() {
            out.push((type_id, rows.len()));
        }
    }
    Ok(out)
}

/// Whether the resource of `row` has the wanted type and the grant may read it.
fn may_show(connection: &Connection, grant: &Grant, row: i64, wanted: Option<TypeId>) -> Result<bool, Error> {
    let found: Option<u16> = connection
        .prepare_cached("SELECT type FROM resource WHERE row = ?1")?
        .query_row([row], |r| r.get(0))
        .optional()?;
    Ok(found.is_some_and(|t| {
        wanted.is_none_or(|w| w.0 == t) && grant.may(Permission::Read, r4().info(TypeId(t)).name).is_ok()
    }))
}
