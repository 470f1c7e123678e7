//! The OMOP Common Data Model v5.4 beside FHIR: what researchers' tools of OHDSI open.
//!
//! [`cdm`] says which tables and fields there are. Everything here is derived: the tables are views of the lake, made of what the
//! records hold, so they are as fresh as the lake and can be made again.

pub mod cdm;
pub mod codes;
mod error;
pub mod export;
pub mod views;

pub use error::Error;
