//! Hospital databases: tables are pulled as arrivals, and mappings in SQL make FHIR of their rows.
//!
//! A file is read as rows of text ([`read`]), each with its place, and so is a live database ([`live`]); [`schedule`] says when by itself. A pull ([`pull`]) compares them with what it
//! had, keeps the bytes of new rows as arrivals and their text as segments, and asks before it takes away much. A mapping ([`mapping`]) is SQL
//! whose column names are FHIR elements; it is held against the R4 schema ([`compile`]) and becomes queries for the engine and a tree for the
//! writer ([`write`]) before a row is read; values are typed by small grammars ([`value`]) that give a value or a reason, codes and units by maps ([`codes`]). A run ([`run`])
//! counts what becomes of every row and hands resources, each with the rows it was made of, to a [`run::Door`].
//!
//! What tables hold is found by [`profile`], which also begins a mapping; [`edit`] answers editors; [`own`] keeps a site's own mappings and what people approved.
//!
//! The way of the data: file → [`read::Table`] → [`pull::Sources`] → [`pull::PulledSheet`] → SQL (`lake`) → [`write::Writer`] → resources → door.
//!
//! It names neither HTTP nor the SQL engine: `lake` runs queries over Arrow batches. It stores no resource itself: whoever runs
//! a mapping passes the door through which they go.

pub mod codes;
pub mod compile;
pub mod edit;
mod error;
pub mod live;
pub mod mapping;
pub mod own;
pub mod profile;
pub mod pull;
pub mod read;
pub mod run;
pub mod said;
pub mod schedule;
pub mod value;
pub mod write;

pub use error::Error;
