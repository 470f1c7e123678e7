//! Sets of codes that stored `ValueSet` and `CodeSystem` resources say, as conditions on tokens.

use super::compile::{Compiler, any};
use super::condition::Condition;
use super::limit_place::LimitPlace;
use crate::error::Error;
use crate::id::Row;
use crate::read;
use fhir::json::{Document, Node};
use fhir::parameters::{Parameter, parameters};
use fhir::schema::r4;
use fhir::search::{CodeSet, UriMatch, tokens};
use fhir::terminology::{Definitions, TerminologyError, below_or_above, expand};

/// Definitions of one URL that are looked at, at most.
const VERSIONS_LIMIT: usize = 256;

impl From<TerminologyError> for Error {
    fn from(error: TerminologyError) -> Self {
        Error::Search(format!("{error}; store what is needed, or name the codes themselves"))
    }
}

impl Definitions for Compiler<'_> {
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

impl Compiler<'_> {
    /// Tokens of `parameter` that are in one of the sets.
    pub(super) fn code_sets(&self, parameter: &'static Parameter, any_of: &[CodeSet]) -> Result<Condition, Error> {
        let mut parts = Vec::new();
        for set in any_of {
            let codes = match set {
                CodeSet::ValueSet(name) => expand(self, name)?,
                CodeSet::Hierarchy { system, code, way } => below_or_above(self, system, code, *way)?,
            };
            let wanted = tokens(parameter, codes.iter().map(|(system, code)| (system.as_str(), code.as_str())));
            for param in self.numbers(parameter) {
                parts.push(self.tokens(param, &wanted)?);
            }
        }
        Ok(any(parts))
    }

    /// The text of a live resource.
    pub(super) fn by_id(&self, of: &str, id: &str) -> Result<Option<String>, Error> {
        let Some(type_id) = r4().type_id(of) else { return Ok(None) };
        let rows = self.rows(LimitPlace::Related, type_id, Condition::rows(self.row(type_id, id)?))?;
        rows.iter().next().map_or(Ok(None), |row| self.text(row as i64))
    }

    /// The text of the definition with this canonical URL. Of several the one that is active.
    fn by_url(&self, of: &str, canonical: &str) -> Result<Option<String>, Error> {
        let Some((type_id, parameter)) = r4().type_id(of).zip(parameters().find(of, "url")) else { return Ok(None) };
        let (url, version) = canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)));
        let named = self.uris(parameter.number, &[UriMatch::Exact(url.to_owned())])?;
        let mut found: Vec<(bool, String)> = Vec::new();
        for row in self.rows(LimitPlace::Related, type_id, named)?.iter().take(VERSIONS_LIMIT) {
            let Some(text) = self.text(row as i64)? else { continue };
            let document = Document::parse(text.as_bytes())
                .map_err(|error| Error::Damaged(format!("the current version of row {row}: {error}")))?;
            let is = |name: &str, wanted: &str| {
                document.root().get(name).is_some_and(|value: Node<'_>| value.is_str(wanted))
            };
            if version.is_none_or(|version| is("version", version)) {
                found.push((is("status", "active"), text.clone()));
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
        Ok(found.pop().map(|(_, text)| text))
    }

    fn text(&self, row: i64) -> Result<Option<String>, Error> {
        let stored = read::by_row(self.connection, self.shared, Row(row))?;
        Ok(stored.map(|stored| stored.json).filter(|text| !text.is_empty()))
    }
}
