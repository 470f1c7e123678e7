//! JSON as clinical data needs it: borrowed from the bytes that arrived, every value with its place in them, every number
//! with its digits.
//!
//! [`Document`] is a parsed text: one flat table of nodes over the untouched bytes. [`Node`] is a cursor into it (two words,
//! `Copy`) that FHIRPath, extraction, validation and mapping walk. [`Tree`] is an owned value for what is *made* (mapped
//! messages, patches). [`Rewriter`] writes a node as compact text, replacing what the caller names.
//!
//! Why not a library: a resource must lead back to its byte range in the arrival and decimals must come out as they went in
//! (`1.10` stays `1.10`); the common crates give one or the other.

mod document;
mod parse;
mod tree;
mod write;

pub use document::{Document, Items, Kind, Members, Node};
pub use parse::{Limits, SyntaxError};
pub use tree::Tree;
pub use write::{Rewriter, escape_into};

#[cfg(test)]
mod tests;
