//! From codes of FHIR to concepts of the vocabularies.
//!
//! A [`CodeBook`] is made of a version of the vocabularies once, as a file of fixed entries in the order of the hashes of their
//! codes, and asked from then on: which concept is this code itself ([`Targets::source`]), and to which standard concepts does it
//! map ([`Targets::standard`]), each with its domain. Without vocabularies there is no book, and only codes that are concept ids
//! mean something. Pure but for the file.

mod book;
mod build;
mod choose;
mod system;

pub use book::{CodeBook, Concept, Standard, Targets};
pub use choose::{Choice, Chosen, Place, choose};
pub use system::{CONCEPT_SYSTEM, address_of, vocabulary_of};
