//! The concepts of a code system, what is said of them, and which of them subsumes which.

use super::TerminologyError;
use crate::json::{Node, Tree};
use crate::search::Way;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// What a property must be declared as to have a meaning that every code system shares.
const PROPERTIES: &str = "http://hl7.org/fhir/concept-properties#";

/// One `CodeSystem`.
#[derive(Debug, Default)]
pub struct CodeSystem {
    /// Its URL.
    pub url: String,
    /// Its version.
    pub version: Option<String>,
    /// Its name, for programs.
    pub name: Option<String>,
    /// The language of its displays.
    pub language: Option<String>,
    /// How much of it is here: `complete`, `fragment`, `example`, `not-present`, `supplement`.
    content: Option<String>,
    /// The code system that it is a supplement of.
    supplements: Option<String>,
    ignores_case: bool,
    concepts: Vec<Concept>,
    by_code: HashMap<String, usize>,
    /// Codes in lower case, where case does not matter.
    by_folded: HashMap<String, usize>,
    parents: Links,
    children: Links,
    /// Properties by name, as far as they are declared or some concept has them.
    known_properties: HashSet<String>,
    inactive: String,
    not_selectable: String,
    /// What the hierarchy means, if it is not that a child is one of its parent's kind.
    other_meaning: Option<String>,
}

/// What is said of one code.
#[derive(Clone, Debug, Default)]
pub struct Concept {
    /// The code.
    pub code: String,
    /// What people read.
    pub display: Option<String>,
    /// What it means.
    pub definition: Option<String>,
    /// How else it is called.
    pub designations: Vec<Designation>,
    /// What else is said of it.
    pub properties: Vec<Property>,
}

/// Another name of a concept.
#[derive(Clone, Debug, PartialEq)]
pub struct Designation {
    /// Its language.
    pub language: Option<String>,
    /// What it is for: a `Coding`.
    pub purpose: Option<Tree>,
    /// The name.
    pub value: String,
}

/// A value of a property of a concept.
#[derive(Clone, Debug)]
pub struct Property {
    /// The property's code.
    pub code: String,
    /// The value as text: a code, a string, a number, a flag, or the code of a coding.
    pub text: String,
    /// The element that holds it: `valueCode`.
    pub element: String,
    /// The value as it stands there.
    pub value: Tree,
}

/// Which way to follow the hierarchy.
type Links = Vec<Vec<usize>>;

fn text(node: Node<'_>, name: &str) -> Option<String> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::each)
}

/// The designations of a concept, of a code system or as a value set lists it.
pub(super) fn designations(concept: Node<'_>) -> Vec<Designation> {
    let all = list(concept, "designation").filter_map(|one| {
        let purpose = one.get("use").map(Tree::from);
        Some(Designation { language: text(one, "language"), purpose, value: text(one, "value")? })
    });
    all.collect()
}

impl CodeSystem {
    /// Reads a `CodeSystem`. Children stand within their parents, or are named by a property of either.
    pub fn read(code_system: Node<'_>) -> CodeSystem {
        let mut read = CodeSystem {
            url: text(code_system, "url").unwrap_or_default(),
            version: text(code_system, "version"),
            name: text(code_system, "name"),
            language: text(code_system, "language"),
            content: text(code_system, "content"),
            supplements: text(code_system, "supplements"),
            ignores_case: code_system.get("caseSensitive").and_then(Node::as_bool) == Some(false),
            other_meaning: text(code_system, "hierarchyMeaning").filter(|meaning| meaning != "is-a"),
            ..CodeSystem::default()
        };
        read.known_properties = list(code_system, "property").filter_map(|one| text(one, "code")).collect();
        read.inactive = own_name(code_system, "inactive");
        read.not_selectable = own_name(code_system, "notSelectable");
        read.concepts(code_system, None);
        read.link(code_system);
        for links in read.parents.iter_mut().chain(&mut read.children).filter(|links| links.len() > 1) {
            let mut seen = HashSet::new();
            links.retain(|at| seen.insert(*at));
        }
        if read.ignores_case {
            for (at, concept) in read.concepts.iter().enumerate() {
                read.by_folded.entry(concept.code.to_lowercase()).or_insert(at);
            }
        }
        read
    }

    /// Whether it holds all its concepts.
    pub fn is_whole(&self) -> bool {
        self.content.as_deref().is_none_or(|content| content == "complete")
    }

    /// The code system, for whoever needs all of it.
    ///
    /// # Errors
    /// [`TerminologyError::Unclear`] if it does not hold all its concepts.
    pub fn whole(&self) -> Result<&CodeSystem, TerminologyError> {
        if self.is_whole() {
            return Ok(self);
        }
        let content = self.content.as_deref().unwrap_or_default();
        let what = match &self.supplements {
            Some(of) if content == "supplement" => format!(", a supplement to {of}"),
            _ => String::new(),
        };
        Err(self.unclear(format!("the stored CodeSystem holds not all of it (content is {content}{what})")))
    }

    /// Whether codes that differ in case alone are one code.
    pub fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Number of concepts.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there is no concept.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// A concept by its place.
    ///
    /// # Panics
    /// If there is none at this place.
    pub fn concept(&self, at: usize) -> &Concept {
        &self.concepts[at]
    }

    /// The place of a code; where case does not matter, of the code in any case.
    pub fn find(&self, code: &str) -> Option<usize> {
        let exact = self.by_code.get(code).copied();
        exact.or_else(|| self.ignores_case.then(|| self.by_folded.get(&code.to_lowercase()).copied()).flatten())
    }

    /// The place of a code that must be there.
    ///
    /// # Errors
    /// [`TerminologyError::NoCode`]
    pub fn must_find(&self, code: &str) -> Result<usize, TerminologyError> {
        self.find(code).ok_or_else(|| TerminologyError::NoCode { system: self.url.clone(), code: code.to_owned() })
    }

    /// The places of a concept and of all that it subsumes, or that subsume it; the concept first.
    ///
    /// # Errors
    /// [`TerminologyError::Unclear`] if the hierarchy says something else than what subsumes what.
    pub fn reached(&self, start: usize, way: Way) -> Result<Vec<usize>, TerminologyError> {
        if let Some(meaning) = &self.other_meaning {
            return Err(self.unclear(format!("its hierarchy does not say what subsumes what (it means {meaning})")));
        }
        let links = if way == Way::Below { &self.children } else { &self.parents };
        let mut seen = vec![false; self.concepts.len()];
        let mut found = vec![start];
        seen[start] = true;
        let mut at = 0;
        while let Some(&one) = found.get(at) {
            at += 1;
            for &next in &links[one] {
                if !std::mem::replace(&mut seen[next], true) {
                    found.push(next);
                }
            }
        }
        Ok(found)
    }

    /// The places of the direct parents, or of the direct children.
    pub fn next(&self, at: usize, way: Way) -> &[usize] {
        if way == Way::Below { &self.children[at] } else { &self.parents[at] }
    }

    /// Whether the concept is no longer to be used.
    pub fn is_inactive(&self, at: usize) -> bool {
        let concept = &self.concepts[at];
        concept.properties.iter().any(|property| match property.code.as_str() {
            code if code == self.inactive => property.text == "true",
            "status" => matches!(property.text.as_str(), "retired" | "inactive"),
            _ => false,
        })
    }

    /// Whether the concept only groups others.
    pub fn is_abstract(&self, at: usize) -> bool {
        let mut properties = self.concepts[at].properties.iter();
        properties.any(|property| property.code == self.not_selectable && property.text == "true")
    }

    /// Whether a property is declared, or some concept has it.
    pub fn knows_property(&self, property: &str) -> bool {
        matches!(property, "concept" | "code" | "display" | "definition" | "parent" | "child")
            || property == self.inactive
            || property == self.not_selectable
            || self.known_properties.contains(property)
    }

    /// The values of a property of a concept as text, of those too that are no property there: the code itself, its display, its
    /// neighbours. What is not said to be inactive or not selectable is said to be `false`.
    pub fn values(&self, at: usize, property: &str) -> Vec<Cow<'_, str>> {
        let concept = &self.concepts[at];
        let codes =
            |places: &[usize]| places.iter().map(|&at| Cow::Borrowed(self.concepts[at].code.as_str())).collect();
        match property {
            "concept" | "code" => vec![Cow::Borrowed(&concept.code)],
            "display" => concept.display.as_deref().map(Cow::Borrowed).into_iter().collect(),
            "definition" => concept.definition.as_deref().map(Cow::Borrowed).into_iter().collect(),
            "parent" => codes(&self.parents[at]),
            "child" => codes(&self.children[at]),
            _ => {
                let own = concept.properties.iter().filter(|own| own.code == property);
                let mut values: Vec<Cow<'_, str>> = own.map(|own| Cow::Borrowed(own.text.as_str())).collect();
                if values.is_empty() && (property == self.inactive || property == self.not_selectable) {
                    values.push(Cow::Borrowed("false"));
                }
                values
            }
        }
    }

    pub(super) fn unclear(&self, why: String) -> TerminologyError {
        TerminologyError::Unclear { name: self.url.clone(), why }
    }

    /// The concepts within a node. JSON is at most 64 levels deep, and so is this.
    fn concepts(&mut self, within: Node<'_>, parent: Option<usize>) {
        for node in list(within, "concept") {
            let Some(code) = text(node, "code") else { continue };
            let at = self.add(code);
            if let Some(parent) = parent {
                self.join(parent, at);
            }
            let concept = &mut self.concepts[at];
            concept.display = concept.display.take().or_else(|| text(node, "display"));
            concept.definition = concept.definition.take().or_else(|| text(node, "definition"));
            concept.designations.extend(designations(node));
            for property in list(node, "property") {
                let Some(code) = text(property, "code") else { continue };
                let Some((element, value)) = property.members().find(|(name, _)| name.starts_with("value")) else {
                    continue;
                };
                let Some(as_text) = value.get("code").unwrap_or(value).scalar_text() else { continue };
                self.known_properties.insert(code.clone());
                let (text, value) = (as_text.into_owned(), Tree::from(value));
                self.concepts[at].properties.push(Property { code, text, element: element.to_owned(), value });
            }
            self.concepts(node, Some(at));
        }
    }

    /// Joins parents and children that properties name.
    fn link(&mut self, code_system: Node<'_>) {
        for (role, is_parent) in [("parent", true), ("child", false)] {
            let name = own_name(code_system, role);
            let mut pairs = Vec::new();
            for (at, concept) in self.concepts.iter().enumerate() {
                for property in concept.properties.iter().filter(|property| property.code == name) {
                    if let Some(&other) = self.by_code.get(&property.text) {
                        pairs.push(if is_parent { (other, at) } else { (at, other) });
                    }
                }
            }
            for (parent, child) in pairs {
                self.join(parent, child);
            }
        }
    }

    fn add(&mut self, code: String) -> usize {
        if let Some(&at) = self.by_code.get(&code) {
            return at;
        }
        let at = self.concepts.len();
        self.concepts.push(Concept { code: code.clone(), ..Concept::default() });
        self.by_code.insert(code, at);
        self.parents.push(Vec::new());
        self.children.push(Vec::new());
        at
    }

    fn join(&mut self, parent: usize, child: usize) {
        self.children[parent].push(child);
        self.parents[child].push(parent);
    }
}

/// What a code system calls the property with a meaning that all share.
fn own_name(code_system: Node<'_>, role: &str) -> String {
    let uri = format!("{PROPERTIES}{role}");
    let mut declared = list(code_system, "property");
    let own = declared.find(|property| property.get("uri").is_some_and(|own| own.is_str(&uri)));
    own.and_then(|property| text(property, "code")).unwrap_or_else(|| role.to_owned())
}
