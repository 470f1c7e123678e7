//! Reading a definition so that nothing in it is passed over: what is not read is refused, with its path.

use crate::error::Error;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node<'j> {
    value: &'j Value,
    path: String,
}

/// An object that is being read, member by member.
pub(super) struct Object<'j> {
    members: &'j Map<String, Value>,
    path: String,
    read: RefCell<BTreeSet<String>>,
}

impl<'j> Node<'j> {
    /// The whole definition.
    pub(super) fn root(value: &'j Value) -> Self {
        Node { value, path: String::new() }
    }

    /// What is wrong with it.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Error {
        let path = if self.path.is_empty() { "the definition" } else { &self.path };
        Error::definition(path, what)
    }

    pub(super) fn object(&self) -> Result<Object<'j>, Error> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("must be an object"))?;
        Ok(Object { members, path: self.path.clone(), read: RefCell::default() })
    }

    pub(super) fn list(&self) -> Result<Vec<Node<'j>>, Error> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("must be a list"))?;
        let node = |(at, value)| Node { value, path: format!("{}[{at}]", self.path) };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Result<&'j str, Error> {
        self.value.as_str().ok_or_else(|| self.wrong("must be a text"))
    }

    pub(super) fn flag(&self) -> Result<bool, Error> {
        self.value.as_bool().ok_or_else(|| self.wrong("must be true or false"))
    }

    /// A whole number; ATLAS writes some as text.
    pub(super) fn whole(&self) -> Result<i64, Error> {
        let number = match self.value {
            Value::Number(number) => {
                number.as_i64().or_else(|| number.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64))
            }
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.wrong("must be a whole number"))
    }

    /// A number as it is spelled.
    pub(super) fn number(&self) -> Result<String, Error> {
        let number = match self.value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.trim().to_owned()),
            _ => None,
        };
        number.filter(|text| text.parse().is_ok_and(f64::is_finite)).ok_or_else(|| self.wrong("must be a number"))
    }
}

/// Whether a value says nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

impl<'j> Object<'j> {
    /// A member, if it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<Node<'j>> {
        let value = self.members.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        (!value.is_null()).then(|| Node { value, path: self.member(name) })
    }

    /// A list that is there and not empty.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Node<'j>>, Error> {
        self.get(name).map_or(Ok(Vec::new()), |node| node.list())
    }

    /// A member that must be there.
    pub(super) fn must(&self, name: &str) -> Result<Node<'j>, Error> {
        self.get(name).ok_or_else(|| Error::definition(self.member(name), "is missing"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        self.get(name).map_or(Ok(false), |node| node.flag())
    }

    /// Members that say nothing about who is in the cohort.
    pub(super) fn ignore(&self, names: &[&str]) {
        self.read.borrow_mut().extend(names.iter().map(|name| (*name).to_owned()));
    }

    /// Where a member stands.
    pub(super) fn member(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'j String> {
        self.members.keys()
    }

    /// Refuses what was not read.
    pub(super) fn end(&self) -> Result<(), Error> {
        let read = self.read.borrow();
        let left = self.members.iter().find(|(name, value)| !read.contains(*name) && !is_nothing(value));
        match left {
            Some((name, _)) => Err(refused(&self.member(name))),
            None => Ok(()),
        }
    }
}

/// Refuses something by its path.
pub(super) fn refused(path: &str) -> Error {
    Error::definition(path, "is not among what cohorts understand here (docs/cohorts.md lists it); nothing was run")
}
