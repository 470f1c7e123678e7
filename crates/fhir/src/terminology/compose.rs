//! From a value set to its codes: the one reading of `ValueSet.compose`.

use super::code_system::{CodeSystem, Designation, designations};
use super::definitions::Library;
use super::filter::Filter;
use super::{CODES_LIMIT, Definitions, NESTING_LIMIT, TerminologyError};
use crate::json::{Document, Node};
use crate::search::Way;
use crate::ucum;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// The code system of units: a grammar, whose codes nobody can list.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

/// Codes as (system, code); the system is empty where there is none.
pub type Codes = BTreeSet<(String, String)>;

/// The codes of a value set, without those of a stored expansion that only group others.
///
/// # Errors
/// If it is not known which they are: something is not stored, is stored in part, or is defined in a way that is not understood
/// here. If there are more than [`CODES_LIMIT`].
pub fn expand<D: Definitions>(definitions: &D, name: &str) -> Result<Codes, D::Error> {
    let library = Library::new(definitions);
    let mut composer = Composer { purpose: Purpose::Codes, looks_up: false, ..Composer::new(&library) };
    let found = composer.value_set(name)?;
    Ok(found.list.into_iter().map(|entry| (entry.system.to_string(), entry.code)).collect())
}

/// A code and what it subsumes, or what subsumes it.
///
/// # Errors
/// As [`expand`], and if the code system does not have the code.
pub fn below_or_above<D: Definitions>(definitions: &D, system: &str, code: &str, way: Way) -> Result<Codes, D::Error> {
    let library = Library::new(definitions);
    let known = library.must_have(system, None)?;
    let known = known.whole()?;
    let found = known.reached(known.must_find(code)?, way)?;
    if found.len() > CODES_LIMIT {
        return Err(too_many(system).into());
    }
    // A version is no part of a token.
    let url = system.split('|').next().unwrap_or_default();
    Ok(found.into_iter().map(|at| (url.to_owned(), known.concept(at).code.clone())).collect())
}

/// A code of a value set.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Empty where there is none.
    pub(super) system: Rc<str>,
    /// The version of the system, where the value set names one.
    pub(super) version: Option<Rc<str>>,
    pub(super) code: String,
    pub(super) display: Option<String>,
    pub(super) designations: Vec<Designation>,
    /// The language of the display, as far as the code system says it.
    pub(super) language: Option<String>,
    pub(super) is_abstract: bool,
    pub(super) is_inactive: bool,
}

/// Codes in their order, each once: of several that are the same the first stays.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    at: HashMap<Rc<str>, HashMap<String, usize>>,
}

impl Entries {
    pub(super) fn has(&self, system: &str, code: &str) -> bool {
        self.find(system, code).is_some()
    }

    pub(super) fn find(&self, system: &str, code: &str) -> Option<&Entry> {
        self.at.get(system)?.get(code).map(|&at| &self.list[at])
    }

    fn push(&mut self, entry: Entry) {
        let of_system = self.at.entry(Rc::clone(&entry.system)).or_default();
        if !of_system.contains_key(&entry.code) {
            of_system.insert(entry.code.clone(), self.list.len());
            self.list.push(entry);
        }
    }

    /// The same without those that do not pass.
    pub(super) fn kept(self, passes: impl Fn(&Entry) -> bool) -> Entries {
        if self.list.iter().all(&passes) {
            return self;
        }
        let mut out = Entries::default();
        self.list.into_iter().filter(passes).for_each(|entry| out.push(entry));
        out
    }
}

/// What a value set is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its codes alone, without those of a stored expansion that cannot be selected.
    Codes,
    /// To be shown: all that is known of each code.
    Showing,
}

/// The one code that is asked about; then nothing else is gathered, and what it does not depend on may be unknown.
#[derive(Clone, Copy)]
pub(super) struct Only<'o> {
    /// `None`: of whatever system.
    pub(super) system: Option<&'o str>,
    pub(super) code: &'o str,
}

/// Reads value sets.
pub(super) struct Composer<'l, 'd, D> {
    library: &'l Library<'d, D>,
    purpose: Purpose,
    only: Option<Only<'l>>,
    /// The value sets that are being read: each is needed for the one before.
    open: Vec<String>,
    /// Whether more than the code is asked of what a value set lists.
    looks_up: bool,
}

fn unclear(name: &str, why: impl Into<String>) -> TerminologyError {
    TerminologyError::Unclear { name: name.to_owned(), why: why.into() }
}

fn too_many(name: &str) -> TerminologyError {
    TerminologyError::TooCostly { name: name.to_owned(), why: format!("it has more than {CODES_LIMIT} codes") }
}

fn text<'d>(node: Node<'d>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}

fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::each)
}

fn bounded(name: &str, entries: &Entries) -> Result<(), TerminologyError> {
    if entries.list.len() > CODES_LIMIT { Err(too_many(name)) } else { Ok(()) }
}

impl<'l, 'd, D: Definitions> Composer<'l, 'd, D> {
    pub(super) fn new(library: &'l Library<'d, D>) -> Self {
        Composer { library, purpose: Purpose::Showing, only: None, open: Vec::new(), looks_up: true }
    }

    /// Of whatever is read, one code alone.
    pub(super) fn of_one(library: &'l Library<'d, D>, only: Only<'l>) -> Self {
        Composer { only: Some(only), ..Composer::new(library) }
    }

    /// The codes of a stored value set.
    pub(super) fn value_set(&mut self, name: &str) -> Result<Entries, D::Error> {
        if self.open.iter().any(|open| open == name) {
            return Err(unclear(name, "the value set is made of itself").into());
        }
        if self.open.len() == NESTING_LIMIT {
            return Err(unclear(name, format!("value sets are made of others more than {NESTING_LIMIT} deep")).into());
        }
        let stored = self.library.value_set(name)?;
        let document = Document::parse(stored.as_bytes()).map_err(|error| unclear(name, error.to_string()))?;
        self.open.push(name.to_owned());
        let entries = self.of(name, document.root());
        self.open.pop();
        entries
    }

    /// The codes of a value set that is here.
    pub(super) fn of(&mut self, name: &str, value_set: Node<'_>) -> Result<Entries, D::Error> {
        let composed = match value_set.get("compose") {
            Some(compose) => self.compose(name, compose),
            None => Err(unclear(name, "the value set has neither a whole expansion nor a definition (compose)").into()),
        };
        let entries = match composed {
            Ok(entries) => entries,
            // What was computed elsewhere, where everything was known, is the next best.
            Err(error) => self.expansion(value_set).ok_or(error)?,
        };
        bounded(name, &entries)?;
        Ok(entries)
    }

    fn compose(&mut self, name: &str, compose: Node<'_>) -> Result<Entries, D::Error> {
        let only_active = compose.get("inactive").and_then(Node::as_bool) == Some(false);
        let outer = self.looks_up;
        self.looks_up |= only_active;
        let composed = self.included(name, compose);
        self.looks_up = false;
        let composed = composed.and_then(|entries| self.without_excluded(name, compose, entries));
        self.looks_up = outer;
        Ok(if only_active { composed?.kept(|entry| !entry.is_inactive) } else { composed? })
    }

    fn included(&mut self, name: &str, compose: Node<'_>) -> Result<Entries, D::Error> {
        let mut entries = Entries::default();
        let mut unknown = None;
        for include in list(compose, "include") {
            match self.part(name, include) {
                Ok(part) => part.list.into_iter().for_each(|entry| entries.push(entry)),
                // Of one code it may be known by another part that it is in.
                Err(error) if self.only.is_some() => unknown = unknown.or(Some(error)),
                Err(error) => return Err(error),
            }
            bounded(name, &entries)?;
        }
        match unknown.filter(|_| entries.list.is_empty()) {
            Some(error) => Err(error),
            None => Ok(entries),
        }
    }

    fn without_excluded(&mut self, name: &str, compose: Node<'_>, mut entries: Entries) -> Result<Entries, D::Error> {
        for exclude in list(compose, "exclude") {
            if entries.list.is_empty() {
                break;
            }
            self.library.spend(name, entries.list.len())?;
            let gone = self.part(name, exclude)?;
            entries = entries.kept(|entry| !gone.has(&entry.system, &entry.code));
        }
        Ok(entries)
    }

    /// The codes of an `include` or `exclude`: those of its system that are also in all its value sets.
    fn part(&mut self, name: &str, part: Node<'_>) -> Result<Entries, D::Error> {
        let mut entries = match text(part, "system") {
            Some(url) => Some(self.of_system(name, &url, part)?),
            None => None,
        };
        for other in list(part, "valueSet").filter_map(Node::as_str) {
            // Nothing is less than nothing.
            if entries.as_ref().is_some_and(|entries| entries.list.is_empty()) {
                break;
            }
            self.library.spend(name, entries.as_ref().map_or(0, |entries| entries.list.len()))?;
            let theirs = self.value_set(&other)?;
            entries = Some(match entries {
                Some(own) => own.kept(|entry| theirs.has(&entry.system, &entry.code)),
                None => theirs,
            });
        }
        Ok(entries.ok_or_else(|| unclear(name, "a part of the value set names neither a system nor a value set"))?)
    }

    fn of_system(&self, name: &str, url: &str, part: Node<'_>) -> Result<Entries, D::Error> {
        if self.only.is_some_and(|only| only.system.is_some_and(|system| system != url)) {
            return Ok(Entries::default());
        }
        let version = text(part, "version");
        let mut entries = Entries::default();
        let shown: Rc<str> = Rc::from(url);
        let shown_version: Option<Rc<str>> = version.as_deref().map(Rc::from);
        let is_asked = |code: &str| self.only.is_none_or(|only| only.code == code);
        if part.get("concept").is_some_and(|concepts| !concepts.is_empty()) {
            // The value set says which codes there are; the code system, if it is there, what they are called.
            let known = if self.looks_up { self.library.system_if_known(url, version.as_deref())? } else { None };
            for concept in list(part, "concept") {
                let Some(code) = text(concept, "code").filter(|code| is_asked(code)) else { continue };
                let at = known.as_deref().and_then(|known| known.find(&code).map(|at| (known, at)));
                let mut entry = entry(&shown, shown_version.as_ref(), code.into_owned(), at);
                if let Some(display) = text(concept, "display") {
                    entry.display = Some(display.into_owned());
                    entry.language = None;
                }
                entry.designations.splice(0..0, designations(concept));
                entries.push(entry);
                bounded(name, &entries)?;
            }
            return Ok(entries);
        }
        let filters: Vec<Node<'_>> = list(part, "filter").collect();
        if url == UCUM && filters.is_empty() && !self.is_whole(url, version.as_deref())? {
            return match self.only {
                Some(only) => {
                    if ucum::Unit::parse(only.code).is_some() {
                        entries.push(entry(&shown, shown_version.as_ref(), only.code.to_owned(), None));
                    }
                    Ok(entries)
                }
                None => {
                    let why = "it has all units of UCUM, which are a grammar and no list".to_owned();
                    Err(TerminologyError::TooCostly { name: name.to_owned(), why }.into())
                }
            };
        }
        let known = self.library.must_have(url, version.as_deref())?;
        let known = known.whole()?;
        let looked_at = if self.only.is_some() { filters.len() } else { filters.len() + 1 };
        self.library.spend(name, known.len() * looked_at)?;
        let filters: Vec<Filter> =
            filters.into_iter().map(|filter| Filter::read(name, known, filter)).collect::<Result<_, _>>()?;
        let candidates = match self.only {
            Some(only) => known.find(only.code).map_or(0..0, |at| at..at + 1),
            None => 0..known.len(),
        };
        for at in candidates.filter(|&at| filters.iter().all(|filter| filter.passes(known, at))) {
            let code = known.concept(at).code.clone();
            entries.push(entry(&shown, shown_version.as_ref(), code, Some((known, at))));
            bounded(name, &entries)?;
        }
        Ok(entries)
    }

    fn is_whole(&self, url: &str, version: Option<&str>) -> Result<bool, D::Error> {
        Ok(self.library.system(url, version)?.is_some_and(|system| system.is_whole() && !system.is_empty()))
    }

    /// The codes of an expansion that is whole.
    fn expansion(&self, value_set: Node<'_>) -> Option<Entries> {
        let expansion = value_set.get("expansion")?;
        let number = |name: &str| expansion.get(name).and_then(Node::number_text)?.parse::<usize>().ok();
        let mut entries = Entries::default();
        let count = self.contained(expansion, &mut entries);
        let is_page =
            number("offset").is_some_and(|offset| offset > 0) || number("total").is_some_and(|total| total > count);
        (!is_page && count > 0).then_some(entries)
    }

    /// Gathers what a part of an expansion contains, and counts it.
    fn contained(&self, within: Node<'_>, entries: &mut Entries) -> usize {
        let mut count = 0;
        for node in list(within, "contains") {
            count += 1;
            let flag = |name: &str| node.get(name).and_then(Node::as_bool) == Some(true);
            let is_kept = self.purpose == Purpose::Showing || !flag("abstract");
            if let Some(code) = text(node, "code").filter(|_| is_kept) {
                let system = text(node, "system").unwrap_or_default();
                let is_asked =
                    self.only.is_none_or(|only| only.code == code && only.system.is_none_or(|asked| asked == system));
                if is_asked {
                    let version = text(node, "version").map(|version| Rc::from(&*version));
                    let mut found = entry(&Rc::from(&*system), version.as_ref(), code.into_owned(), None);
                    found.display = text(node, "display").map(Cow::into_owned);
                    found.designations = designations(node);
                    found.is_abstract = flag("abstract");
                    found.is_inactive = flag("inactive");
                    entries.push(found);
                }
            }
            count += self.contained(node, entries);
        }
        count
    }
}

/// An entry with what its code system says of it.
fn entry(system: &Rc<str>, version: Option<&Rc<str>>, code: String, known: Option<(&CodeSystem, usize)>) -> Entry {
    let concept = known.map(|(known, at)| known.concept(at));
    Entry {
        system: Rc::clone(system),
        version: version.map(Rc::clone),
        code,
        display: concept.and_then(|concept| concept.display.clone()),
        designations: concept.map(|concept| concept.designations.clone()).unwrap_or_default(),
        language: known.and_then(|(known, _)| known.language.clone()),
        is_abstract: known.is_some_and(|(known, at)| known.is_abstract(at)),
        is_inactive: known.is_some_and(|(known, at)| known.is_inactive(at)),
    }
}

impl Entry {
    /// A code of which nothing is known but that it is one.
    pub(super) fn bare(system: &str, code: &str) -> Entry {
        entry(&Rc::from(system), None, code.to_owned(), None)
    }

    /// A concept of a code system.
    pub(super) fn known(system: &CodeSystem, at: usize) -> Entry {
        let version: Option<Rc<str>> = system.version.as_deref().map(Rc::from);
        entry(&Rc::from(system.url.as_str()), version.as_ref(), system.concept(at).code.clone(), Some((system, at)))
    }
}
