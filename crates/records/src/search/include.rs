//! `_include` and `_revinclude`: what the matches of a page refer to and what refers to them, with `:iterate` on and on; only of
//! types that the grant may read.

use super::evaluate::Index;
use super::limit_place::LimitPlace;
use super::sight::Sights;
use crate::error::Error;
use crate::id::Row;
use crate::index::key::{self, Key};
use crate::posting::Posting;
use crate::read::{self, Stored};
use crate::store::Shared;
use access::Permission;
use fhir::parameters::{ParameterKind, parameters};
use fhir::schema::{TypeId, r4};
use fhir::search::{Include, SearchQuery};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// Resources that a page may bring along; more is an error that says so, never a part.
const MAX_INCLUDED: usize = 50_000;
/// Steps from a match that `:iterate` goes, at most; what lies further is an error too.
const MAX_STEPS: usize = 32;

pub(super) fn included(
    connection: &Connection,
    shared: &Shared,
    sights: &Sights<'_>,
    query: &SearchQuery,
    matches: &[i64],
) -> Result<Vec<Stored>, Error> {
    if query.includes.is_empty() && query.revincludes.is_empty() {
        return Ok(Vec::new());
    }
    let step = Step { index: Index::new(connection, shared, query.resource_type), sights };
    let matched: BTreeSet<i64> = matches.iter().copied().collect();
    let mut rows = BTreeSet::new();
    let mut edge = BTreeMap::from([(query.resource_type, matches.to_vec())]);
    let (mut includes, mut revincludes) = (query.includes.clone(), query.revincludes.clone());
    for no in 0.. {
        let mut found = BTreeSet::new();
        for (of, from) in &edge {
            step.forward(*of, from, &includes, &mut found)?;
            step.backward(*of, from, &revincludes, &mut found)?;
            found.retain(|row| !matched.contains(row) && !rows.contains(row));
            if rows.len() + found.len() > MAX_INCLUDED {
                return Err(Error::Search(format!(
                    "this page would include more than {MAX_INCLUDED} resources: ask for fewer matches with _count"
                )));
            }
        }
        rows.extend(&found);
        includes.retain(|include| include.iterate);
        revincludes.retain(|include| include.iterate);
        if found.is_empty() || (includes.is_empty() && revincludes.is_empty()) {
            break;
        }
        if no == MAX_STEPS {
            return Err(Error::Search(format!(
                "what :iterate includes is still not all after {MAX_STEPS} steps from the matches: ask for the rest by a \
                 search of its own"
            )));
        }
        edge = step.by_type(&found)?;
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.extend(read::by_row(connection, shared, Row(row))?.filter(|s| !s.json.is_empty()));
    }
    Ok(out)
}

/// One step from resources to those that belong to them.
struct Step<'a> {
    index: Index<'a>,
    sights: &'a Sights<'a>,
}

impl Step<'_> {
    /// What rows of a type refer to.
    fn forward(&self, of: TypeId, from: &[i64], includes: &[Include], out: &mut BTreeSet<i64>) -> Result<(), Error> {
        let includes: Vec<&Include> = includes.iter().filter(|include| include.source == of).collect();
        if includes.is_empty() {
            return Ok(());
        }
        for &row in from {
            for posting in self.index.forward(row)? {
                let Posting::Reference { param, target } = posting else { continue };
                for include in includes.iter().filter(|include| include.parameter.number == param) {
                    if !out.contains(&target) && self.may_show(target, include.target)? {
                        out.insert(target);
                    }
                }
            }
        }
        Ok(())
    }

    /// What refers to rows of a type.
    fn backward(&self, of: TypeId, to: &[i64], includes: &[Include], out: &mut BTreeSet<i64>) -> Result<(), Error> {
        for include in includes {
            if include.target.is_some_and(|target| target != of)
                || self.sights.check(Permission::Read, include.source).is_err()
            {
                continue;
            }
            for &row in to {
                let referring = Key::new(key::REFERENCE, include.parameter.number).number(row);
                let referring = self.index.collect(&referring)?;
                let seen = self.sights.seen(LimitPlace::Revinclude, Permission::Read, include.source, referring)?;
                out.extend(seen.iter().map(|row| row as i64));
                if out.len() > 2 * MAX_INCLUDED {
                    break;
                }
            }
        }
        Ok(())
    }

    fn by_type(&self, rows: &BTreeSet<i64>) -> Result<BTreeMap<TypeId, Vec<i64>>, Error> {
        let mut out: BTreeMap<TypeId, Vec<i64>> = BTreeMap::new();
        for &row in rows {
            if let Some(of) = self.type_of(row)? {
                out.entry(of).or_default().push(row);
            }
        }
        Ok(out)
    }

    fn type_of(&self, row: i64) -> Result<Option<TypeId>, Error> {
        let mut statement = self.index.connection.prepare_cached("SELECT type FROM resource WHERE row = ?1")?;
        Ok(statement.query_row([row], |r| r.get(0).map(TypeId)).optional()?)
    }

    /// Whether the resource of `row` has the wanted type and the grant may read it.
    fn may_show(&self, row: i64, wanted: Option<TypeId>) -> Result<bool, Error> {
        match self.type_of(row)?.filter(|of| wanted.is_none_or(|wanted| wanted == *of)) {
            Some(of) if self.sights.check(Permission::Read, of).is_ok() => {
                self.sights.shows(LimitPlace::Include, Permission::Read, of, row)
            }
            _ => Ok(false),
        }
    }
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
