//! The parsed text and its cursor.

use super::parse::{self, Limits, SyntaxError};
use std::borrow::Cow;
use std::ops::Range;

/// The JSON kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number; its digits are kept as text.
    Number,
    /// A string.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// One value (or member name) of the text. Children follow their parent directly; `next` jumps over them.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawNode {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
    pub(super) kind: Kind,
    /// A string that contains a backslash.
    pub(super) escaped: bool,
}

/// A JSON text, parsed. Holds no copy of the text.
#[derive(Debug)]
pub struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) nodes: Vec<RawNode>,
}

impl<'a> Document<'a> {
    /// Parses one JSON value with [`Limits::default`]; only white space may follow it.
    ///
    /// # Errors
    /// [`SyntaxError`] with the byte offset of the first thing that is not JSON, not UTF-8, or over a limit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_with(bytes, Limits::default())
    }

    /// As [`Document::parse`] with limits of one's own.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_with(bytes: &'a [u8], limits: Limits) -> Result<Self, SyntaxError> {
        parse::parse(bytes, limits)
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }

    /// The text that was parsed.
    pub fn text(&self) -> &'a str {
        self.text
    }
}

/// A cursor to one value of a [`Document`].
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    index: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw())
    }
}

/// Two nodes are equal when they are the same place of the same document.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}
impl Eq for Node<'_> {}

impl<'d> Node<'d> {
    fn raw_node(self) -> RawNode {
        self.document.nodes[self.index as usize]
    }

    fn at(self, index: u32) -> Self {
        Node { document: self.document, index }
    }

    /// A number that identifies this value within its document.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The JSON kind.
    pub fn kind(self) -> Kind {
        self.raw_node().kind
    }

    /// Byte range in the parsed text, quotes and brackets included.
    pub fn span(self) -> Range<usize> {
        let n = self.raw_node();
        n.start as usize..n.end as usize
    }

    /// The value as it stands in the text (a string with its quotes and escapes).
    pub fn raw(self) -> &'d str {
        &self.document.text[self.span()]
    }

    /// The value of an object's member; the first one if the name repeats. `None` for other kinds.
    pub fn get(self, name: &str) -> Option<Node<'d>> {
        self.members().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Follows member names from here.
    pub fn path(self, names: &[&str]) -> Option<Node<'d>> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// An object's members in order; empty for other kinds. A name with escapes is given raw (no FHIR name has one).
    pub fn members(self) -> Members<'d> {
        let n = self.raw_node();
        let (at, end) = if n.kind == Kind::Object { (self.index + 1, n.next) } else { (0, 0) };
        Members { node: self, at, end }
    }

    /// An array's values in order; empty for other kinds.
    pub fn items(self) -> Items<'d> {
        let n = self.raw_node();
        let (at, end) = if n.kind == Kind::Array { (self.index + 1, n.next) } else { (0, 0) };
        Items { node: self, at, end }
    }

    /// An array's values, or the value itself if it is not an array: how a repeating element is read.
    pub fn each(self) -> Items<'d> {
        match self.kind() {
            Kind::Array => self.items(),
            _ => Items { node: self, at: self.index, end: self.raw_node().next },
        }
    }

    /// A string's text with escapes resolved; `None` for other kinds.
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let n = self.raw_node();
        if n.kind != Kind::String {
            return None;
        }
        let inner = &self.document.text[n.start as usize + 1..n.end as usize - 1];
        Some(if n.escaped { Cow::Owned(parse::unescape(inner)) } else { Cow::Borrowed(inner) })
    }

    /// True if this is a string that reads exactly `text`.
    pub fn is_str(self, text: &str) -> bool {
        self.as_str().is_some_and(|s| s == text)
    }

    /// `true` and `false`; `None` for other kinds.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// A number's digits as written; `None` for other kinds.
    pub fn number_text(self) -> Option<&'d str> {
        (self.kind() == Kind::Number).then(|| self.raw())
    }

    /// A primitive's text: a string resolved, a number's digits, `true` or `false`. `None` for null, arrays and objects.
    pub fn scalar_text(self) -> Option<Cow<'d, str>> {
        match self.kind() {
            Kind::String => self.as_str(),
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(self.raw())),
            _ => None,
        }
    }

    /// Number of members or items; 0 for scalars.
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Object => self.members().count(),
            _ => self.items().count(),
        }
    }

    /// True if there is no member or item.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Members of an object, in the order of the text.
#[derive(Clone)]
pub struct Members<'d> {
    node: Node<'d>,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = (&'d str, Node<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let document = self.node.document;
        let name = document.nodes[self.at as usize];
        let value = self.node.at(self.at + 1);
        self.at = value.raw_node().next;
        Some((&document.text[name.start as usize + 1..name.end as usize - 1], value))
    }
}

/// Values of an array, in the order of the text.
#[derive(Clone)]
pub struct Items<'d> {
    node: Node<'d>,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = self.node.at(self.at);
        self.at = value.raw_node().next;
        Some(value)
    }
}
