//! FHIR R4 as data: JSON with its places and digits kept, the schema and search-parameter tables, FHIRPath, search
//! extraction, references and validation.
//!
//! Bytes become a [`json::Document`]; everything else in this crate walks its nodes. Resources are never Rust structs per
//! type: they are parsed trees checked against a compact table ([`schema`]) made from the published definitions.
//!
//! The way of a resource: bytes → [`json`] → [`validate`] → search values ([`search`], by programs of [`path`]) and rows of
//! tables ([`view`]). It stores nothing and answers no query; [`search::matches`] is the slow and plain evaluator that stores are
//! held against.
//!
//! Pure: no I/O, no clock, no async, no randomness. What depends on those is passed in.

pub mod compartment;
pub mod decimal;
#[cfg(any(test, feature = "testing"))]
pub mod generate;
pub mod json;
pub mod magnitude;
pub mod parameters;
pub mod path;
pub mod placeholder;
pub mod primitive;
pub mod reference;
pub mod schema;
pub mod search;
pub mod terminology;
pub mod time;
pub mod ucum;
pub mod validate;
pub mod view;
