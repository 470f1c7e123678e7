//! The program as its users meet it: commands, ports, files.

#![allow(clippy::unwrap_used)]

mod access;
mod commands;
mod crash;
mod fhir;
mod made;
mod program;
mod real;
