//! Where definitions lie, and what one question reads of them.

use super::{CodeSystem, TerminologyError};
use crate::json::Document;
use crate::schema::r4;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

/// Codes that one value set may have.
pub const CODES_LIMIT: usize = 100_000;
/// Value sets, code systems and concept maps that one question may be answered from.
pub const DEFINITIONS_LIMIT: usize = 256;
/// How deep value sets may be made of others.
pub const NESTING_LIMIT: usize = 16;
/// Concepts of code systems that are read for one question.
pub const CONCEPTS_LIMIT: usize = 2_000_000;

/// Concepts that are looked at for one question, each time that one is.
pub const STEPS_LIMIT: usize = 50_000_000;

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

/// An end of a concept map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// What is translated from.
    Source,
    /// What is translated to.
    Target,
}

/// Where the definitions lie, concept maps among them.
pub trait ConceptMaps: Definitions {
    /// The text of a concept map, named by its canonical URL with or without `|version`; `None` if there is none.
    ///
    /// # Errors
    /// As [`Definitions::value_set`].
    fn concept_map(&self, url: &str) -> Result<Option<String>, Self::Error>;

    /// The texts of the concept maps, up to `limit`, that have a system at one of their ends.
    ///
    /// # Errors
    /// If they cannot be read.
    fn concept_maps(&self, system: &str, end: End, limit: usize) -> Result<Vec<String>, Self::Error>;
}

/// A value set of FHIR itself that is a list of codes: those that elements of resources are bound to.
fn standard_value_set(name: &str) -> Option<String> {
    let (url, version) = name.split_once('|').map_or((name, None), |(url, version)| (url, Some(version)));
    let list = r4().code_list(url.strip_prefix("http://hl7.org/fhir/ValueSet/")?)?;
    if version.is_some_and(|version| version != "4.0.1") {
        return None;
    }
    let mut out = format!(
        r#"{{"resourceType":"ValueSet","url":"{url}","version":"4.0.1","status":"active","compose":{{"include":["#
    );
    let mut last = None;
    for (system, code) in list.codings() {
        let between = match last {
            Some(last) if last == system => ",",
            Some(_) => "]},",
            None => "",
        };
        out.push_str(between);
        if last != Some(system) {
            let _ = write!(out, r#"{{"system":"{system}","concept":["#);
        }
        last = Some(system);
        // Codes of FHIR have nothing in them that JSON would escape.
        let _ = write!(out, r#"{{"code":"{code}"}}"#);
    }
    out.push_str("]}]}}");
    last.is_some().then_some(out)
}

/// Which versions of code systems are meant: `system|version` each.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// Where a value set says none.
    pub(super) default: Vec<String>,
    /// What a value set must not contradict.
    pub(super) check: Vec<String>,
    /// Whatever a value set says.
    pub(super) force: Vec<String>,
}

impl Versions {
    fn of<'v>(list: &'v [String], system: &str) -> Option<&'v str> {
        list.iter().filter_map(|one| one.split_once('|')).find(|(url, _)| *url == system).map(|(_, version)| version)
    }

    /// The version of a system that is meant where `said` is what a definition says.
    fn meant<'v>(&'v self, system: &str, said: Option<&'v str>) -> Result<Option<&'v str>, TerminologyError> {
        if let (Some(wanted), Some(said)) = (Versions::of(&self.check, system), said)
            && wanted != said
        {
            let why = format!("the value set is made of version {said}, and check-system-version asks for {wanted}");
            return Err(TerminologyError::Unclear { name: system.to_owned(), why });
        }
        let forced = Versions::of(&self.force, system);
        let default = || Versions::of(&self.check, system).or_else(|| Versions::of(&self.default, system));
        Ok(forced.or(said).or_else(default))
    }
}

/// What one question reads of the definitions: each code system once, and not too much.
pub(super) struct Library<'d, D> {
    definitions: &'d D,
    versions: Versions,
    read: Cell<usize>,
    concepts: Cell<usize>,
    steps: Cell<usize>,
    systems: RefCell<HashMap<String, Option<Rc<CodeSystem>>>>,
}

impl<'d, D: Definitions> Library<'d, D> {
    pub(super) fn new(definitions: &'d D) -> Self {
        Library::with_versions(definitions, Versions::default())
    }

    pub(super) fn with_versions(definitions: &'d D, versions: Versions) -> Self {
        let none = || Cell::new(0);
        let (read, concepts, steps) = (none(), none(), none());
        Library { definitions, versions, read, concepts, steps, systems: RefCell::default() }
    }

    pub(super) fn definitions(&self) -> &'d D {
        self.definitions
    }

    /// Counts a definition that is read.
    pub(super) fn count(&self, name: &str) -> Result<(), TerminologyError> {
        self.read.set(self.read.get() + 1);
        if self.read.get() > DEFINITIONS_LIMIT {
            let why = format!("a value set is made of more than {DEFINITIONS_LIMIT} value sets and code systems");
            return Err(TerminologyError::TooCostly { name: name.to_owned(), why });
        }
        Ok(())
    }

    /// Counts concepts that are looked at.
    pub(super) fn spend(&self, name: &str, steps: usize) -> Result<(), TerminologyError> {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > STEPS_LIMIT {
            let why = format!("concepts would have to be looked at more than {STEPS_LIMIT} times");
            return Err(TerminologyError::TooCostly { name: name.to_owned(), why });
        }
        Ok(())
    }

    /// The text of a value set.
    pub(super) fn value_set(&self, name: &str) -> Result<String, D::Error> {
        self.count(name)?;
        let stored = self.definitions.value_set(name)?.or_else(|| standard_value_set(name));
        let unknown = || TerminologyError::Unknown { kind: "ValueSet", name: name.to_owned() };
        Ok(stored.ok_or_else(unknown)?)
    }

    /// A code system as it is stored, be it in part; `None` if nothing of it is.
    pub(super) fn system(&self, url: &str, version: Option<&str>) -> Result<Option<Rc<CodeSystem>>, D::Error> {
        let (url, own) = url.split_once('|').map_or((url, None), |(url, version)| (url, Some(version)));
        let version = self.versions.meant(url, version.or(own))?;
        let name = version.map_or_else(|| url.to_owned(), |version| format!("{url}|{version}"));
        if let Some(known) = self.systems.borrow().get(&name) {
            return Ok(known.clone());
        }
        self.count(&name)?;
        let read = match self.definitions.code_system(&name)? {
            Some(stored) => {
                let document = Document::parse(stored.as_bytes())
                    .map_err(|error| TerminologyError::Unclear { name: name.clone(), why: error.to_string() })?;
                Some(Rc::new(CodeSystem::read(document.root())))
            }
            None => None,
        };
        self.concepts.set(self.concepts.get() + read.as_ref().map_or(0, |read| read.len()));
        if self.concepts.get() > CONCEPTS_LIMIT {
            let why = format!("more than {CONCEPTS_LIMIT} concepts of code systems would have to be read");
            return Err(TerminologyError::TooCostly { name, why }.into());
        }
        self.systems.borrow_mut().insert(name, read.clone());
        Ok(read)
    }

    /// A code system for what it calls its codes: `None` also where it cannot be read, or not without asking too much.
    pub(super) fn system_if_known(
        &self,
        url: &str,
        version: Option<&str>,
    ) -> Result<Option<Rc<CodeSystem>>, TerminologyError> {
        self.versions.meant(url, version)?;
        Ok(self.system(url, version).ok().flatten())
    }

    /// A code system that must be stored.
    pub(super) fn must_have(&self, url: &str, version: Option<&str>) -> Result<Rc<CodeSystem>, D::Error> {
        let name = || version.map_or_else(|| url.to_owned(), |version| format!("{url}|{version}"));
        let unknown = || TerminologyError::Unknown { kind: "CodeSystem", name: name() };
        Ok(self.system(url, version)?.ok_or_else(unknown)?)
    }

    /// Puts a code system there that came with the question.
    pub(super) fn bring(&self, system: Rc<CodeSystem>) {
        if let Some(version) = &system.version {
            self.systems.borrow_mut().insert(format!("{}|{version}", system.url), Some(Rc::clone(&system)));
        }
        self.systems.borrow_mut().insert(system.url.clone(), Some(system));
    }

    /// The code systems that were read and have a version, as `url|version`.
    pub(super) fn versions_read(&self) -> Vec<String> {
        let systems = self.systems.borrow();
        let versioned = systems
            .values()
            .flatten()
            .filter_map(|system| system.version.as_ref().map(|version| format!("{}|{version}", system.url)));
        let mut all: Vec<String> = versioned.collect();
        all.sort();
        all.dedup();
        all
    }
}
