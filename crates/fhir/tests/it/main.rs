//! Tests on real data: the folder that `MEDWEAVE_TEST_DATA` names.

#![allow(missing_docs, clippy::unwrap_used, clippy::needless_raw_string_hashes)]

mod data;
mod fhirpath_suite;
mod static_types;
mod suite;
mod terminology;
mod validation;
mod view_suite;
mod xml;
