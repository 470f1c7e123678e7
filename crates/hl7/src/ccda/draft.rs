//! A resource that is being made, with where each of its elements comes from.

use super::element::El;
use super::made::Write;
use crate::map::Key;
use fhir::json::Tree;

/// A reference to a resource of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ref {
    pub(super) kind: &'static str,
    pub(super) url: String,
    pub(super) display: Option<String>,
}

impl Ref {
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::from([("reference", self.url.as_str().into())]);
        if let Some(display) = &self.display {
            tree.set("display", display.as_str());
        }
        tree
    }

    /// True if it is one of these types.
    pub(super) fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind)
    }
}

/// A resource being made.
pub(super) struct Draft<'d> {
    pub(super) kind: &'static str,
    pub(super) tree: Tree,
    /// The XML element that tells of it.
    pub(super) el: El<'d>,
    pub(super) places: Vec<(String, El<'d>)>,
    pub(super) write: Write,
    pub(super) also: Vec<Key>,
}

impl<'d> Draft<'d> {
    /// An empty resource that `el` tells of.
    pub(super) fn new(kind: &'static str, el: El<'d>) -> Self {
        let tree = Tree::from([("resourceType", kind.into())]);
        Draft { kind, tree, el, places: Vec::new(), write: Write::Replace, also: Vec::new() }
    }

    /// Sets an element that `from` tells.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Tree>, from: El<'d>) -> &mut Self {
        self.tree.set(name, value);
        self.place(name.to_owned(), from);
        self
    }

    /// Sets an element that follows from what the resource is.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Tree>) -> &mut Self {
        self.tree.set(name, value);
        self
    }

    /// Sets an element if there is a value.
    pub(super) fn fill(&mut self, name: &str, value: Option<impl Into<Tree>>, from: El<'d>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value, from);
        }
        self
    }

    /// Adds to an element that repeats.
    pub(super) fn push(&mut self, name: &str, value: impl Into<Tree>, from: El<'d>) -> &mut Self {
        let at = self.tree.get(name).map_or(0, |items| items.items().len());
        self.tree.push(name, value);
        // Each is new: looking for it would take a panel of many members the square of its time.
        self.places.push((format!("{name}[{at}]"), from));
        self
    }

    /// Adds to an element that repeats, if there is a value.
    pub(super) fn push_some(&mut self, name: &str, value: Option<impl Into<Tree>>, from: El<'d>) -> &mut Self {
        if let Some(value) = value {
            self.push(name, value, from);
        }
        self
    }

    /// Adds all that the elements tell.
    pub(super) fn push_all(&mut self, name: &str, values: impl IntoIterator<Item = (Tree, El<'d>)>) -> &mut Self {
        for (value, from) in values {
            self.push(name, value, from);
        }
        self
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tree.get(name).is_some()
    }

    fn place(&mut self, element: String, from: El<'d>) {
        match self.places.iter_mut().find(|(name, _)| *name == element) {
            Some((_, el)) => *el = from,
            None => self.places.push((element, from)),
        }
    }
}
