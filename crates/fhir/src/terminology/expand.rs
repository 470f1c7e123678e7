//! From a value set to its codes.

use super::{Hierarchy, TerminologyError};
use crate::json::{Document, Node};
use crate::search::Way;
use std::collections::BTreeSet;

/// Codes that one value set may have.
pub const CODES_LIMIT: usize = 100_000;
/// Value sets and code systems that one set of codes may be read from.
pub const DEFINITIONS_LIMIT: usize = 256;
/// How deep value sets may be made of others.
pub const NESTING_LIMIT: usize = 16;

/// Codes as (system, code); the system is empty where there is none.
pub type Codes = BTreeSet<(String, String)>;

/// Where the definitions lie.
pub trait Definitions {
    /// What may go wrong there.
    type Error: From<TerminologyError>;

    /// The text of a value set, named by `ValueSet/id` or its canonical URL with or without `|version`; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or the name fits several.
    fn value_set(&self, name: &str) -> Result<Option<String>, Self::Error>;

    /// The text of a code system, named by its canonical URL with or without `|version`; `None` if there is none.
    ///
    /// # Errors
    /// As [`Definitions::value_set`].
    fn code_system(&self, url: &str) -> Result<Option<String>, Self::Error>;
}

/// The codes of a value set.
///
/// # Errors
/// If it is not known which they are: something is not stored, is stored in part, or is defined in a way that is not understood
/// here. If there are more than [`CODES_LIMIT`].
pub fn expand<D: Definitions>(definitions: &D, name: &str) -> Result<Codes, D::Error> {
    Expander { definitions, open: Vec::new(), read: 0 }.value_set(name)
}

/// A code and what it subsumes, or what subsumes it.
///
/// # Errors
/// As [`expand`], and if the code system does not have the code.
pub fn below_or_above<D: Definitions>(definitions: &D, system: &str, code: &str, way: Way) -> Result<Codes, D::Error> {
    Expander { definitions, open: Vec::new(), read: 0 }.with_system(system, |hierarchy| {
        let found = if way == Way::Below { hierarchy.below(code)? } else { hierarchy.above(code)? };
        coded(system, found.into_iter())
    })
}

struct Expander<'d, D> {
    definitions: &'d D,
    /// The value sets that are being read: each is needed for the one before.
    open: Vec<String>,
    /// Definitions read so far.
    read: usize,
}

fn unclear(name: &str, why: impl Into<String>) -> TerminologyError {
    TerminologyError::Unclear { name: name.to_owned(), why: why.into() }
}

fn text<'d>(node: Node<'d>, name: &str) -> Option<std::borrow::Cow<'d, str>> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}

fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::each)
}

/// Codes of a system, none of them too many.
fn coded<'c>(system: &str, codes: impl Iterator<Item = &'c str>) -> Result<Codes, TerminologyError> {
    // A version is no part of a token.
    let url = system.split('|').next().unwrap_or_default();
    bounded(system, codes.map(|code| (url.to_owned(), code.to_owned())).take(CODES_LIMIT + 1).collect())
}

fn bounded(name: &str, codes: Codes) -> Result<Codes, TerminologyError> {
    if codes.len() > CODES_LIMIT {
        return Err(unclear(name, format!("it has more than {CODES_LIMIT} codes")));
    }
    Ok(codes)
}

impl<D: Definitions> Expander<'_, D> {
    fn value_set(&mut self, name: &str) -> Result<Codes, D::Error> {
        if self.open.iter().any(|open| open == name) {
            return Err(unclear(name, "the value set is made of itself").into());
        }
        if self.open.len() == NESTING_LIMIT {
            return Err(unclear(name, format!("value sets are made of others more than {NESTING_LIMIT} deep")).into());
        }
        self.count(name)?;
        let unknown = || TerminologyError::Unknown { kind: "ValueSet", name: name.to_owned() };
        let stored = self.definitions.value_set(name)?.ok_or_else(unknown)?;
        let document = Document::parse(stored.as_bytes()).map_err(|error| unclear(name, error.to_string()))?;
        self.open.push(name.to_owned());
        let codes = self.codes(name, document.root())?;
        self.open.pop();
        Ok(bounded(name, codes)?)
    }

    fn codes(&mut self, name: &str, value_set: Node<'_>) -> Result<Codes, D::Error> {
        if let Some(codes) = expansion(value_set) {
            return Ok(codes);
        }
        let compose = value_set
            .get("compose")
            .ok_or_else(|| unclear(name, "the value set has neither a whole expansion nor a definition (compose)"))?;
        let mut codes = Codes::new();
        for include in list(compose, "include") {
            codes.append(&mut self.part(name, include)?);
            codes = bounded(name, codes)?;
        }
        for exclude in list(compose, "exclude") {
            for code in self.part(name, exclude)? {
                codes.remove(&code);
            }
        }
        Ok(codes)
    }

    /// The codes of an `include` or `exclude`: those of its system that are also in all its value sets.
    fn part(&mut self, name: &str, part: Node<'_>) -> Result<Codes, D::Error> {
        let mut codes: Option<Codes> = None;
        if let Some(url) = text(part, "system") {
            let versioned = text(part, "version").map(|version| format!("{url}|{version}"));
            let system = versioned.as_deref().unwrap_or(&url);
            let listed: Vec<_> = list(part, "concept").filter_map(|concept| text(concept, "code")).collect();
            codes = Some(if !listed.is_empty() {
                coded(&url, listed.iter().map(AsRef::as_ref))?
            } else if part.get("filter").is_some() {
                let filters: Vec<Node<'_>> = list(part, "filter").collect();
                self.with_system(system, |hierarchy| filtered(name, hierarchy, &url, &filters))?
            } else {
                self.with_system(system, |hierarchy| coded(&url, hierarchy.codes()))?
            });
        }
        for other in list(part, "valueSet").filter_map(Node::as_str) {
            let theirs = self.value_set(&other)?;
            codes = Some(match codes {
                Some(own) => own.intersection(&theirs).cloned().collect(),
                None => theirs,
            });
        }
        Ok(codes.ok_or_else(|| unclear(name, "a part of the value set names neither a system nor a value set"))?)
    }

    fn count(&mut self, name: &str) -> Result<(), TerminologyError> {
        self.read += 1;
        if self.read > DEFINITIONS_LIMIT {
            let why = format!("a value set is made of more than {DEFINITIONS_LIMIT} value sets and code systems");
            return Err(unclear(name, why));
        }
        Ok(())
    }

    fn with_system(
        &mut self,
        system: &str,
        read: impl FnOnce(&Hierarchy) -> Result<Codes, TerminologyError>,
    ) -> Result<Codes, D::Error> {
        self.count(system)?;
        let unknown = || TerminologyError::Unknown { kind: "CodeSystem", name: system.to_owned() };
        let stored = self.definitions.code_system(system)?.ok_or_else(unknown)?;
        let document = Document::parse(stored.as_bytes()).map_err(|error| unclear(system, error.to_string()))?;
        Ok(read(&Hierarchy::read(document.root())?)?)
    }
}

/// The codes that all filters let pass.
fn filtered(name: &str, hierarchy: &Hierarchy, system: &str, filters: &[Node<'_>]) -> Result<Codes, TerminologyError> {
    let mut codes: Option<Codes> = None;
    for filter in filters {
        let part = |name: &str| text(*filter, name).unwrap_or_default();
        let (property, operation, value) = (part("property"), part("op"), part("value"));
        let on_code = matches!(&*property, "concept" | "code");
        let without = |gone: Vec<&str>| {
            let gone: BTreeSet<&str> = gone.into_iter().collect();
            coded(system, hierarchy.codes().filter(|code| !gone.contains(code)))
        };
        let listed = || value.split(',').map(str::trim).collect::<BTreeSet<_>>();
        let theirs = match &*operation {
            "is-a" if on_code => coded(system, hierarchy.below(&value)?.into_iter())?,
            "descendent-of" if on_code => coded(system, hierarchy.below(&value)?.into_iter().skip(1))?,
            "is-not-a" if on_code => without(hierarchy.below(&value)?)?,
            "generalizes" if on_code => coded(system, hierarchy.above(&value)?.into_iter())?,
            "in" if on_code => coded(system, listed().into_iter().filter(|code| hierarchy.has(code)))?,
            "not-in" if on_code => without(listed().into_iter().collect())?,
            "=" if on_code => coded(system, Some(&*value).into_iter().filter(|code| hierarchy.has(code)))?,
            "=" => coded(system, hierarchy.with_property(&property, &value))?,
            _ => {
                let why = format!("the filter {property} {operation} {value} of the value set is not understood here");
                return Err(unclear(name, why));
            }
        };
        codes = Some(match codes {
            Some(own) => own.intersection(&theirs).cloned().collect(),
            None => theirs,
        });
    }
    Ok(codes.unwrap_or_default())
}

/// The codes of an expansion that is whole.
fn expansion(value_set: Node<'_>) -> Option<Codes> {
    fn gather(within: Node<'_>, codes: &mut Codes) -> usize {
        let mut count = 0;
        for entry in list(within, "contains") {
            count += 1;
            // What is abstract only groups others.
            let is_abstract = entry.get("abstract").and_then(Node::as_bool) == Some(true);
            if let Some(code) = text(entry, "code").filter(|_| !is_abstract) {
                let system = text(entry, "system").unwrap_or_default();
                codes.insert((system.into_owned(), code.into_owned()));
            }
            count += gather(entry, codes);
        }
        count
    }
    let expansion = value_set.get("expansion")?;
    let number = |name: &str| expansion.get(name).and_then(Node::number_text)?.parse::<usize>().ok();
    let mut codes = Codes::new();
    let count = gather(expansion, &mut codes);
    let is_page =
        number("offset").is_some_and(|offset| offset > 0) || number("total").is_some_and(|total| total > count);
    (!is_page && count > 0).then_some(codes)
}
