//! Pulls and runs over a store in a temporary folder.
#![allow(missing_docs, clippy::unwrap_used)]

mod house;
mod pull;
mod queries;
mod run;
