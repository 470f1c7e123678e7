//! What plans would do, one after the other, without doing it.
//!
//! Later plans of a rehearsal see what earlier ones would have stored: which resources there would be, in which version, and by
//! which identifiers they would be found. A condition that asks for anything else is answered by what is stored alone, and
//! noted ([`Rehearsal::unanswered`]).

use crate::body::Body;
use crate::error::Error;
use crate::id::StoredId;
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::plan::{Change, Content, Current, Found, IfEqual, Lookup, Operation, Planner, Value, Write};
use crate::remember::Remembering;
use crate::store::Records;
use access::{Grant, Permission};
use fhir::json::{Document, Rewriter};
use fhir::parameters::parameters;
use fhir::schema::{TypeId, r4};
use fhir::search::{Handling, ParseOptions, SearchQuery, SystemMatch, Test, TokenMatch};
use rusqlite::{OptionalExtension, params};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// Packed bodies that a rehearsal keeps, to compare and to patch; later ones are only counted.
const KEPT_BYTES: usize = 128 << 20;
/// Conditions that are named.
const NAMED: usize = 100;

type Key = (TypeId, String);

/// A resource as it would be.
struct After {
    version: i64,
    live: bool,
    /// Dictionary and packed body, while there is room.
    body: Option<(i64, Vec<u8>)>,
    identifiers: Vec<Identifier>,
}

#[derive(Clone, PartialEq, Eq)]
struct Identifier {
    system: Option<String>,
    value: String,
}

/// Plans, one after the other, of which nothing is written.
pub struct Rehearsal<'r> {
    records: &'r Records,
    after: HashMap<Key, After>,
    /// Who would be found by an identifier's value.
    identified: HashMap<(TypeId, String), Vec<String>>,
    kept_bytes: usize,
    unanswered: RefCell<BTreeSet<String>>,
}

impl Records {
    /// Begins a rehearsal.
    pub fn rehearsal(&self) -> Rehearsal<'_> {
        Rehearsal {
            records: self,
            after: HashMap::new(),
            identified: HashMap::new(),
            kept_bytes: 0,
            unanswered: RefCell::default(),
        }
    }
}

impl Records {
    /// What storing resources would change, each given by type, id (asked for only where there are some of its type) and JSON text,
    /// against what is stored now. Nothing is checked of a text but that it is JSON; of one that would be new not even that.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the grant may read the types; [`Error::Damaged`].
    pub fn would_change<'t>(
        &self,
        grant: &Grant,
        resources: impl Iterator<Item = (TypeId, impl FnOnce() -> String, &'t str)>,
    ) -> Result<Vec<Change>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let rewriter = Rewriter::new();
        let mut live_of: Vec<(TypeId, bool)> = Vec::new();
        resources
            .map(|(resource_type, id, text)| {
                // A first run over a large table need not look for each of its rows.
                let any_live = match live_of.iter().find(|(of, _)| *of == resource_type) {
                    Some((_, any)) => *any,
                    None => {
                        live_of.push((resource_type, any_live(&reader, resource_type)?));
                        live_of[live_of.len() - 1].1
                    }
                };
                if !any_live {
                    return Ok(Change::Created);
                }
                let key = (resource_type, id());
                let Some((_, live, body)) = stored(&reader, &key)? else {
                    return Ok(Change::Created);
                };
                let Some((dictionary, packed)) = body.filter(|_| live) else { return Ok(Change::Created) };
                let document = Document::parse(text.as_bytes()).map_err(|error| {
                    Error::Damaged(format!("what would be stored as {} is no JSON: {error}", key.1))
                })?;
                let before = self.shared.dictionaries.unpack_body(dictionary, &packed)?;
                let is_equal = before == Body::new(document.root(), &rewriter);
                Ok(if is_equal { Change::Unchanged } else { Change::Updated })
            })
            .collect()
    }
}

/// Answers from the store and from what the rehearsal would have stored.
struct Rehearsing<'a, 'r> {
    stored: Remembering<'a>,
    rehearsal: &'a Rehearsal<'r>,
}

impl Lookup for Rehearsing<'_, '_> {
    fn find(&self, resource_type: &str, query: &str) -> Result<Found, Error> {
        // Which asks the grant.
        let stored = self.stored.find(resource_type, query)?;
        let Some(type_id) = r4().resource_type(resource_type) else { return Ok(stored) };
        if !self.rehearsal.after.keys().any(|(written, _)| *written == type_id) {
            return Ok(stored);
        }
        let Some(asked) = one_identifier(resource_type, query) else {
            self.rehearsal.leave_unanswered(resource_type, query);
            return Ok(stored);
        };
        Ok(self.rehearsal.find(type_id, &asked, stored))
    }

    fn find_all(&self, resource_type: &str, query: &str, most: usize) -> Result<Vec<String>, Error> {
        let stored = self.stored.find_all(resource_type, query, most)?;
        if r4()
            .resource_type(resource_type)
            .is_some_and(|of| self.rehearsal.after.keys().any(|(written, _)| *written == of))
        {
            self.rehearsal.leave_unanswered(resource_type, query);
        }
        Ok(stored)
    }

    fn current(&self, resource_type: &str, id: &str) -> Result<Option<Current>, Error> {
        let Some(type_id) = r4().resource_type(resource_type) else { return self.stored.current(resource_type, id) };
        let Some(after) = self.rehearsal.after.get(&(type_id, id.to_owned())) else {
            return self.stored.current(resource_type, id);
        };
        let json = match &after.body {
            _ if !after.live => None,
            Some((dictionary, packed)) => Some(self.rehearsal.json(type_id, id, after.version, *dictionary, packed)?),
            None => {
                return Err(Error::NotSupported(format!(
                    "a dry run cannot check what changes {resource_type}/{id}, which an earlier part would write: too much came before it"
                )));
            }
        };
        Ok(Some(Current { version: after.version, json }))
    }

    fn prepare(&self, resource: &str) -> Result<Content, Error> {
        self.stored.prepare(resource)
    }
}

/// The identifier that a condition asks for, if that is all it asks.
fn one_identifier(resource_type: &str, query: &str) -> Option<TokenMatch> {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let query = SearchQuery::parse(resource_type, crate::search::query_pairs(query), &options).ok()?;
    match query.filters.as_slice() {
        [filter] => match &filter.test {
            Test::Token { parameter, any_of, negated: false } if parameter.code == "identifier" => {
                any_of.first().filter(|token| any_of.len() == 1 && token.code.is_some()).cloned()
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_asked(asked: &TokenMatch, identifier: &Identifier) -> bool {
    asked.code.as_ref() == Some(&identifier.value)
        && match &asked.system {
            SystemMatch::Any => true,
            SystemMatch::Absent => identifier.system.is_none(),
            SystemMatch::Is(system) => identifier.system.as_ref() == Some(system),
        }
}

impl Rehearsal<'_> {
    /// Plans, checks what the writer would check, and says what each operation would do. Writes nothing.
    ///
    /// # Errors
    /// What [`Records::write`] would refuse with; the rehearsal goes on as if this plan had not been.
    pub fn run(&mut self, grant: &Grant, planner: &dyn Planner) -> Result<Vec<(TypeId, Change)>, Error> {
        let reader = self.records.shared.reader()?;
        let operations = {
            let stored = Remembering::new(&reader, &self.records.shared, grant);
            planner.plan(&Rehearsing { stored, rehearsal: self })?
        };
        let mut planned: HashMap<Key, After> = HashMap::new();
        let mut changes = Vec::with_capacity(operations.len());
        for operation in operations {
            let at = operation.at;
            let resource_type = operation.resource_type;
            let change =
                self.operation(&reader, grant, operation, &mut planned).map_err(|error| planner.locate(at, error))?;
            changes.push((resource_type, change));
        }
        for (key, after) in planned {
            self.enter(key, after);
        }
        Ok(changes)
    }

    /// Conditions, as `Type?query`, that were answered by what is stored alone though something of the type would have been
    /// stored before. They are forgotten by this.
    pub fn unanswered(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.unanswered.borrow_mut()).into_iter().collect()
    }

    /// Notes a condition that is answered by what is stored alone.
    fn leave_unanswered(&self, resource_type: &str, query: &str) {
        let mut unanswered = self.unanswered.borrow_mut();
        if unanswered.len() < NAMED {
            unanswered.insert(format!("{resource_type}?{query}"));
        }
    }

    fn operation(
        &self,
        reader: &rusqlite::Connection,
        grant: &Grant,
        operation: Operation,
        planned: &mut HashMap<Key, After>,
    ) -> Result<Change, Error> {
        let Operation { resource_type, id, write, if_match, .. } = operation;
        let name = r4().name(resource_type);
        let key = (resource_type, id);
        let state = match planned.get(&key).or_else(|| self.after.get(&key)) {
            Some(after) => Some((after.version, after.live, after.body.clone())),
            None => stored(reader, &key)?,
        };
        let (version, live, body) = state.unwrap_or((0, false, None));
        let current = if live { version } else { 0 };
        if let Some(asked) = if_match
            && asked != current
        {
            return Err(Error::VersionConflict { resource_type: name.into(), id: key.1, current, asked });
        }
        let gone = |version| After { version, live: false, body: None, identifiers: Vec::new() };
        Ok(match write {
            Write::Keep if !live => return Err(Error::NotFound { resource_type: name.into(), id: key.1 }),
            Write::Keep => Change::Unchanged,
            Write::Delete => {
                grant.may(Permission::Delete, name)?;
                if version == 0 {
                    return Err(Error::NotFound { resource_type: name.into(), id: key.1 });
                }
                if !live {
                    return Ok(Change::Unchanged);
                }
                planned.insert(key, gone(version + 1));
                Change::Deleted
            }
            Write::Put { content, if_equal, .. } => {
                grant.may(if live { Permission::Update } else { Permission::Create }, name)?;
                if live
                    && if_equal == IfEqual::Keep
                    && let Some((dictionary, packed)) = &body
                    && self.records.shared.dictionaries.unpack_body(*dictionary, packed)? == content.body
                {
                    return Ok(Change::Unchanged);
                }
                let identifiers = identifiers_of(name, &content.values);
                let body = Some((content.dictionary, content.packed));
                planned.insert(key, After { version: version + 1, live: true, body, identifiers });
                if live { Change::Updated } else { Change::Created }
            }
        })
    }

    fn enter(&mut self, key: Key, mut after: After) {
        if let Some(before) = self.after.remove(&key) {
            self.kept_bytes -= before.body.as_ref().map_or(0, |(_, packed)| packed.len());
            for identifier in before.identifiers {
                if let Some(ids) = self.identified.get_mut(&(key.0, identifier.value)) {
                    ids.retain(|id| *id != key.1);
                }
            }
        }
        let bytes = after.body.as_ref().map_or(0, |(_, packed)| packed.len());
        if self.kept_bytes + bytes > KEPT_BYTES {
            after.body = None;
        } else {
            self.kept_bytes += bytes;
        }
        for identifier in &after.identifiers {
            self.identified.entry((key.0, identifier.value.clone())).or_default().push(key.1.clone());
        }
        self.after.insert(key, after);
    }

    /// `stored`, and what the rehearsal would have changed about it.
    fn find(&self, resource_type: TypeId, asked: &TokenMatch, stored: Found) -> Found {
        let is_found = |id: &String| {
            let after = self.after.get(&(resource_type, id.clone()));
            after.map(|after| after.live && after.identifiers.iter().any(|identifier| is_asked(asked, identifier)))
        };
        let mut ids: BTreeSet<String> = match stored {
            Found::Many => return Found::Many,
            Found::None => BTreeSet::new(),
            Found::One(id) => [id].into_iter().filter(|id| is_found(id) != Some(false)).collect(),
        };
        let value = asked.code.clone().unwrap_or_default();
        let known = self.identified.get(&(resource_type, value));
        ids.extend(known.into_iter().flatten().filter(|id| is_found(id) == Some(true)).cloned());
        match (ids.pop_first(), ids.is_empty()) {
            (None, _) => Found::None,
            (Some(id), true) => Found::One(id),
            (Some(_), false) => Found::Many,
        }
    }

    fn json(
        &self,
        resource_type: TypeId,
        id: &str,
        version: i64,
        dictionary: i64,
        packed: &[u8],
    ) -> Result<String, Error> {
        let body = self.records.shared.dictionaries.unpack_body(dictionary, packed)?;
        let mut json = String::new();
        let resource_type = r4().info(resource_type).name;
        let updated_us = self.records.now_us();
        body.write(&crate::body::Identity { resource_type, id, version, updated_us }, &mut json);
        Ok(json)
    }
}

/// What is known of a resource's state: its version, whether it is live, its dictionary and packed body.
type State = (i64, bool, Option<(i64, Vec<u8>)>);

fn stored(reader: &rusqlite::Connection, (resource_type, id): &Key) -> Result<Option<State>, Error> {
    Ok(reader
        .prepare_cached(&format!(
            "SELECT r.state, r.version, r.dictionary, r.body FROM {RESOURCE_BY_ID} AND r.version > 0"
        ))?
        .query_row(params![resource_type.0, StoredId::new(id), id_hash(*resource_type, id)], |r| {
            let body = r.get::<_, Option<i64>>(2)?.zip(r.get::<_, Option<Vec<u8>>>(3)?);
            Ok((r.get(1)?, r.get::<_, i64>(0)? == crate::apply::LIVE, body))
        })
        .optional()?)
}

/// Whether there is a live resource of a type.
fn any_live(reader: &rusqlite::Connection, resource_type: TypeId) -> Result<bool, Error> {
    let mut counted = reader.prepare_cached("SELECT live > 0 FROM type_count WHERE type = ?1")?;
    Ok(counted.query_row([resource_type.0], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// The identifiers among the index values of a resource.
fn identifiers_of(resource_type: &str, values: &[Value]) -> Vec<Identifier> {
    let Some(number) = parameters().find(resource_type, "identifier").map(|parameter| parameter.number) else {
        return Vec::new();
    };
    let identifier = |value: &Value| match value {
        Value::Token { param, system, code } if *param == number => {
            Some(Identifier { system: system.clone(), value: code.clone() })
        }
        _ => None,
    };
    values.iter().filter_map(identifier).collect()
}
