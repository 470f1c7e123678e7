//! The OMOP Common Data Model v5.4 beside FHIR: what researchers' tools of OHDSI open.
//!
//! [`cdm`] says which tables and fields there are. An instance of the model ([`Cdm`]) answers SQL: the store's own, whose tables
//! are [`views`] of the lake ([`Still`] keeps them as they are at one position), or one that lies in a folder ([`folder`]). [`quality`] checks an instance, and [`cohort`] finds groups
//! of persons in it. [`vocabulary`] takes downloads of Athena in, [`codes`] finds the concepts of codings in them, and [`export`]
//! writes an instance out.
//!
//! The way of the data: lake → `views` → SQL that says `omop.person` → counts (`quality`), members (`cohort`), files (`export`).
//!
//! Everything here is derived: the views are made of what the records hold, so they are as fresh as the lake and can be made
//! again. It knows no HTTP and writes no resource.

mod asking;
pub mod cdm;
pub mod codes;
pub mod cohort;
mod error;
pub mod export;
pub mod folder;
mod listed;
mod once;
pub mod quality;
mod still;
mod store;
pub mod views;
pub mod vocabulary;

pub use asking::{Cdm, SCHEMA};
pub use error::Error;
pub use listed::ListedRows;
pub use still::Still;
pub use store::Store;
