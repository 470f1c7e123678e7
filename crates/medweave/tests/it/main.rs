//! The program as its users meet it: commands, ports, files.

#![allow(clippy::unwrap_used)]

mod access;
mod commands;
mod commas;
mod copies;
mod crash;
mod crash_mllp;
mod crash_runs;
mod database;
#[allow(dead_code, reason = "some of it is for the tests of tables alone")]
#[path = "../../../tables/tests/it/databases.rs"]
mod databases;
mod deadletters;
mod demo;
#[path = "../../../server/tests/it/disk.rs"]
mod disk;
mod doctor;
mod durable;
mod ending;
mod eye_clinic;
mod fhir;
mod full;
mod full_runs;
mod growth;
mod help;
mod hl7;
mod import;
mod links;
mod made;
mod mapping;
mod memory;
mod mllp;
mod newcomer;
mod omop;
mod omop_store;
mod pages;
mod program;
mod real;
mod row_letters;
mod runs;
mod soak;
mod sql;
mod streams;
mod twice;
mod witness;
