//! The concepts of a code system, and which of them subsumes which.

use super::TerminologyError;
use crate::json::Node;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The concepts of one `CodeSystem`.
#[derive(Debug, Default)]
pub struct Hierarchy {
    /// URL of the code system.
    system: String,
    codes: Vec<String>,
    by_code: HashMap<String, usize>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    /// Values of each concept's properties, as text.
    properties: Vec<BTreeMap<String, Vec<String>>>,
    /// What the hierarchy means, if it is not that a child is one of its parent's kind.
    other_meaning: Option<String>,
}

/// Which way to follow the hierarchy.
type Links = Vec<Vec<usize>>;

impl Hierarchy {
    /// Reads a `CodeSystem`. Children stand within their parents, or are named by a property of either.
    ///
    /// # Errors
    /// [`TerminologyError::Unclear`] if it does not hold all its concepts.
    pub fn read(code_system: Node<'_>) -> Result<Hierarchy, TerminologyError> {
        let text = |name: &str| code_system.get(name).and_then(Node::as_str).map(Cow::into_owned);
        let mut read = Hierarchy { system: text("url").unwrap_or_default(), ..Hierarchy::default() };
        if let Some(content) = text("content").filter(|content| content != "complete") {
            return Err(read.unclear(format!("the stored CodeSystem holds not all of it (content is {content})")));
        }
        read.other_meaning = text("hierarchyMeaning").filter(|meaning| meaning != "is-a");
        read.concepts(code_system, None);
        read.link(code_system);
        Ok(read)
    }

    /// All codes, in the order in which they stand there.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(String::as_str)
    }

    /// A code and all that it subsumes.
    ///
    /// # Errors
    /// [`TerminologyError::NoCode`]; [`TerminologyError::Unclear`] if the hierarchy says something else than what subsumes what.
    pub fn below(&self, code: &str) -> Result<Vec<&str>, TerminologyError> {
        self.reached(code, &self.children)
    }

    /// A code and all that subsume it.
    ///
    /// # Errors
    /// As [`Hierarchy::below`].
    pub fn above(&self, code: &str) -> Result<Vec<&str>, TerminologyError> {
        self.reached(code, &self.parents)
    }

    /// Whether it has a code.
    pub fn has(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// The codes that have a value of a property.
    pub fn with_property<'h>(&'h self, property: &'h str, value: &'h str) -> impl Iterator<Item = &'h str> {
        let has =
            move |at: &usize| self.properties[*at].get(property).is_some_and(|all| all.iter().any(|v| v == value));
        (0..self.codes.len()).filter(has).map(|at| self.codes[at].as_str())
    }

    fn unclear(&self, why: String) -> TerminologyError {
        TerminologyError::Unclear { name: self.system.clone(), why }
    }

    fn reached(&self, code: &str, links: &Links) -> Result<Vec<&str>, TerminologyError> {
        if let Some(meaning) = &self.other_meaning {
            return Err(self.unclear(format!("its hierarchy does not say what subsumes what (it means {meaning})")));
        }
        let no_code = || TerminologyError::NoCode { system: self.system.clone(), code: code.to_owned() };
        let start = *self.by_code.get(code).ok_or_else(no_code)?;
        let mut seen = vec![false; self.codes.len()];
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
        Ok(found.into_iter().map(|at| self.codes[at].as_str()).collect())
    }

    /// The concepts within a node. JSON is at most 64 levels deep, and so is this.
    fn concepts(&mut self, within: Node<'_>, parent: Option<usize>) {
        for concept in within.get("concept").into_iter().flat_map(Node::each) {
            let Some(code) = concept.get("code").and_then(Node::as_str) else { continue };
            let at = self.add(&code);
            if let Some(parent) = parent {
                self.join(parent, at);
            }
            for property in concept.get("property").into_iter().flat_map(Node::each) {
                let Some(name) = property.get("code").and_then(Node::as_str) else { continue };
                if let Some(value) = value_of(property) {
                    self.properties[at].entry(name.into_owned()).or_default().push(value);
                }
            }
            self.concepts(concept, Some(at));
        }
    }

    /// Joins parents and children that properties name.
    fn link(&mut self, code_system: Node<'_>) {
        for (role, is_parent) in [("parent", true), ("child", false)] {
            let uri = format!("http://hl7.org/fhir/concept-properties#{role}");
            let declared = code_system.get("property").into_iter().flat_map(Node::each);
            let own = declared
                .filter(|property| property.get("uri").is_some_and(|own| own.is_str(&uri)))
                .find_map(|property| property.get("code").and_then(Node::as_str));
            let name = own.as_deref().unwrap_or(role);
            for at in 0..self.codes.len() {
                for other in self.properties[at].get(name).cloned().unwrap_or_default() {
                    let Some(&other) = self.by_code.get(&other) else { continue };
                    let (parent, child) = if is_parent { (other, at) } else { (at, other) };
                    self.join(parent, child);
                }
            }
        }
    }

    fn add(&mut self, code: &str) -> usize {
        if let Some(&at) = self.by_code.get(code) {
            return at;
        }
        let at = self.codes.len();
        self.codes.push(code.to_owned());
        self.by_code.insert(code.to_owned(), at);
        self.parents.push(Vec::new());
        self.children.push(Vec::new());
        self.properties.push(BTreeMap::new());
        at
    }

    fn join(&mut self, parent: usize, child: usize) {
        self.children[parent].push(child);
        self.parents[child].push(parent);
    }
}

/// The value of a property as text: a code, a string, a number, a flag, or the code of a coding.
fn value_of(property: Node<'_>) -> Option<String> {
    let value = property.members().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)?;
    let code = value.get("code");
    code.unwrap_or(value).scalar_text().map(Cow::into_owned)
}
