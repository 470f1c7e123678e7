//! Owned JSON values, for what is made rather than read.

use super::document::{Kind, Node};
use super::write::escape_into;

/// An owned JSON value. Members keep their order, numbers their digits.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as its digits.
    Number(String),
    /// A string.
    String(String),
    /// `[…]`
    Array(Vec<Tree>),
    /// `{…}`
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// An object without members.
    pub fn object() -> Self {
        Tree::Object(Vec::new())
    }

    /// The member `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// As [`Tree::get`], to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tree> {
        match self {
            Tree::Object(members) => members.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets member `name` of an object, in place or at the end. Does nothing to other kinds.
    pub fn set(&mut self, name: &str, value: impl Into<Tree>) -> &mut Self {
        if let Tree::Object(members) = self {
            let value = value.into();
            match members.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = value,
                None => members.push((name.to_owned(), value)),
            }
        }
        self
    }

    /// Appends to the array member `name`, making it if it is not there.
    pub fn push(&mut self, name: &str, value: impl Into<Tree>) -> &mut Self {
        if let Some(Tree::Array(items)) = self.get_mut(name) {
            items.push(value.into());
        } else {
            self.set(name, Tree::Array(vec![value.into()]));
        }
        self
    }

    /// Removes member `name` and gives it back.
    pub fn remove(&mut self, name: &str) -> Option<Tree> {
        match self {
            Tree::Object(members) => members.iter().position(|(key, _)| key == name).map(|at| members.remove(at).1),
            _ => None,
        }
    }

    /// A string's text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Tree::String(text) => Some(text),
            _ => None,
        }
    }

    /// An array's items; empty for other kinds.
    pub fn items(&self) -> &[Tree] {
        match self {
            Tree::Array(items) => items,
            _ => &[],
        }
    }

    /// An object's members; empty for other kinds.
    pub fn members(&self) -> &[(String, Tree)] {
        match self {
            Tree::Object(members) => members,
            _ => &[],
        }
    }

    /// Appends the value as compact JSON.
    pub fn write(&self, out: &mut String) {
        match self {
            Tree::Null => out.push_str("null"),
            Tree::Bool(true) => out.push_str("true"),
            Tree::Bool(false) => out.push_str("false"),
            Tree::Number(digits) => out.push_str(digits),
            Tree::String(text) => escape_into(out, text),
            Tree::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Tree::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    escape_into(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl From<Node<'_>> for Tree {
    fn from(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Tree::Null,
            Kind::Bool => Tree::Bool(node.as_bool() == Some(true)),
            Kind::Number => Tree::Number(node.raw().to_owned()),
            Kind::String => Tree::String(node.as_str().unwrap_or_default().into_owned()),
            Kind::Array => Tree::Array(node.items().map(Tree::from).collect()),
            Kind::Object => Tree::Object(node.members().map(|(name, value)| (name.to_owned(), value.into())).collect()),
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Tree::String(text.to_owned())
    }
}
impl From<String> for Tree {
    fn from(text: String) -> Self {
        Tree::String(text)
    }
}
impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Tree::Bool(value)
    }
}
impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Tree::Number(value.to_string())
    }
}
impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Self {
        Tree::Array(items)
    }
}
impl<const N: usize> From<[(&str, Tree); N]> for Tree {
    fn from(members: [(&str, Tree); N]) -> Self {
        Tree::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}
