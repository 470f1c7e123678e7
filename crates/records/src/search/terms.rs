//! Sets of codes that stored `ValueSet` and `CodeSystem` resources say, as conditions on tokens; and the operations on terminology.

use super::compile::{Compiler, any};
use super::condition::Condition;
use super::limit_place::LimitPlace;
use super::sight::Sights;
use crate::error::Error;
use crate::id::Row;
use crate::read::{self, Stored};
use crate::store::Records;
use access::{Grant, Permission};
use fhir::json::{Document, Node};
use fhir::parameters::{Parameter, parameters};
use fhir::schema::r4;
use fhir::search::{CodeSet, UriMatch, tokens};
use fhir::terminology::{ConceptMaps, Definitions, End, Operation, Request, answer, below_or_above, expand};
use std::cell::RefCell;

/// Definitions of one URL that are looked at, at most.
const VERSIONS_LIMIT: usize = 256;

/// A question about codes, as an operation asks it.
#[derive(Clone, Debug)]
pub struct TermsAsked<'a> {
    /// The operation.
    pub operation: Operation,
    /// Parameters of the URL, decoded.
    pub query: &'a [(String, String)],
    /// The body of a POST.
    pub body: Option<&'a [u8]>,
    /// The resource that is asked, where it is asked of one.
    pub id: Option<&'a str>,
}

impl Records {
    /// The answer to an operation on terminology, with the definitions that it was told by: those that the grant may read.
    ///
    /// # Errors
    /// [`Error::Denied`] if a definition that is needed may not be read; [`Error::NotFound`], [`Error::Gone`] for the resource asked;
    /// [`Error::Terminology`] if the question is wrong, or what is stored does not tell the answer.
    pub fn terminology(&self, grant: &Grant, asked: &TermsAsked<'_>) -> Result<(String, Vec<Stored>), Error> {
        let of = asked.operation.resource_type();
        grant.may_some(Permission::Read, of)?;
        let instance = asked.id.map(|id| self.read(grant, of, id)).transpose()?;
        let reader = self.shared.reader()?;
        let sights = Sights::new(&reader, &self.shared, grant);
        let compiler = Compiler { connection: &reader, shared: &self.shared, sights: Some(&sights) };
        let stock = Stock { compiler: &compiler, permission: Permission::Read, told: RefCell::default() };
        let request = Request {
            query: asked.query,
            body: asked.body,
            instance: instance.as_ref().map(|stored| stored.json.as_str()),
            now_us: self.now_us(),
        };
        let text = answer(asked.operation, &stock, &request)?;
        let mut told = stock.told.into_inner();
        told.extend(instance);
        told.sort_by_key(|stored| stored.row.0);
        told.dedup_by_key(|stored| stored.row.0);
        Ok((text, told))
    }
}

/// Stored definitions, of those on which a permission is held.
struct Stock<'c, 'a> {
    compiler: &'c Compiler<'a>,
    permission: Permission,
    /// What was read, without the texts.
    told: RefCell<Vec<Stored>>,
}

impl Definitions for Stock<'_, '_> {
    type Error = Error;

    fn value_set(&self, name: &str) -> Result<Option<String>, Error> {
        match name.strip_prefix("ValueSet/") {
            Some(id) => self.by_id("ValueSet", id),
            None => self.by_url("ValueSet", name),
        }
    }

    fn code_system(&self, url: &str) -> Result<Option<String>, Error> {
        self.by_url("CodeSystem", url)
    }
}

impl ConceptMaps for Stock<'_, '_> {
    fn concept_map(&self, url: &str) -> Result<Option<String>, Error> {
        self.by_url("ConceptMap", url)
    }

    fn concept_maps(&self, system: &str, end: End, limit: usize) -> Result<Vec<String>, Error> {
        let code = if end == End::Source { "source-system" } else { "target-system" };
        let found = self.named("ConceptMap", code, system)?;
        Ok(found.into_iter().take(limit).map(|stored| self.tell(stored)).collect())
    }
}

impl Stock<'_, '_> {
    /// Notes that a definition was read, and gives its text.
    fn tell(&self, mut stored: Stored) -> String {
        let text = std::mem::take(&mut stored.json);
        self.told.borrow_mut().push(stored);
        text
    }

    /// The text of a live resource.
    fn by_id(&self, of: &str, id: &str) -> Result<Option<String>, Error> {
        Ok(self.compiler.stored(self.permission, of, id)?.map(|stored| self.tell(stored)))
    }

    /// The live resources of a type with a URI as a value of a parameter.
    fn named(&self, of: &str, code: &str, uri: &str) -> Result<Vec<Stored>, Error> {
        let Some((type_id, parameter)) = r4().type_id(of).zip(parameters().find(of, code)) else {
            return Ok(Vec::new());
        };
        let named = self.compiler.uris(parameter.number, &[UriMatch::Exact(uri.to_owned())])?;
        let rows = self.compiler.rows_for(LimitPlace::Related, self.permission, type_id, named)?;
        let mut found = Vec::new();
        for row in rows.iter().take(VERSIONS_LIMIT) {
            found.extend(self.compiler.by_row(row as i64)?);
        }
        Ok(found)
    }

    /// The text of the definition with this canonical URL. Of several the one that is active.
    fn by_url(&self, of: &str, canonical: &str) -> Result<Option<String>, Error> {
        let (url, version) = canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)));
        let mut found: Vec<(bool, Stored)> = Vec::new();
        for stored in self.named(of, "url", url)? {
            let document = Document::parse(stored.json.as_bytes())
                .map_err(|error| Error::Damaged(format!("the current version of row {}: {error}", stored.row.0)))?;
            let is = |name: &str, wanted: &str| {
                document.root().get(name).is_some_and(|value: Node<'_>| value.is_str(wanted))
            };
            if version.is_none_or(|version| is("version", version)) {
                let is_active = is("status", "active");
                found.push((is_active, stored));
            }
        }
        if found.len() > 1 {
            let all = found.len();
            found.retain(|(active, _)| *active);
            if found.len() != 1 {
                return Err(Error::Search(format!(
                    "{all} {of} resources have the URL {canonical}: name the version of one, as in {url}|1.0"
                )));
            }
        }
        Ok(found.pop().map(|(_, stored)| self.tell(stored)))
    }
}

/// In a search the codes themselves can be named instead.
fn in_search(error: Error) -> Error {
    match error {
        Error::Terminology(error) => {
            Error::Search(format!("{error}; store what is needed, or name the codes themselves"))
        }
        other => other,
    }
}

impl Compiler<'_> {
    /// Tokens of `parameter` that are in one of the sets.
    pub(super) fn code_sets(&self, parameter: &'static Parameter, any_of: &[CodeSet]) -> Result<Condition, Error> {
        let stock = Stock { compiler: self, permission: Permission::Search, told: RefCell::default() };
        let mut parts = Vec::new();
        for set in any_of {
            let codes = match set {
                CodeSet::ValueSet(name) => expand(&stock, name),
                CodeSet::Hierarchy { system, code, way } => below_or_above(&stock, system, code, *way),
            };
            let codes = codes.map_err(in_search)?;
            let wanted = tokens(parameter, codes.iter().map(|(system, code)| (system.as_str(), code.as_str())));
            for param in self.numbers(parameter) {
                parts.push(self.tokens(param, &wanted)?);
            }
        }
        Ok(any(parts))
    }

    /// The text of a live resource that is searched.
    pub(super) fn by_id(&self, of: &str, id: &str) -> Result<Option<String>, Error> {
        Ok(self.stored(Permission::Search, of, id)?.map(|stored| stored.json))
    }

    /// A live resource on which a permission is held.
    fn stored(&self, permission: Permission, of: &str, id: &str) -> Result<Option<Stored>, Error> {
        let Some(type_id) = r4().type_id(of) else { return Ok(None) };
        let row = Condition::rows(self.row(type_id, id)?);
        let rows = self.rows_for(LimitPlace::Related, permission, type_id, row)?;
        rows.iter().next().map_or(Ok(None), |row| self.by_row(row as i64))
    }

    fn by_row(&self, row: i64) -> Result<Option<Stored>, Error> {
        let stored = read::by_row(self.connection, self.shared, Row(row))?;
        Ok(stored.filter(|stored| !stored.json.is_empty()))
    }
}
