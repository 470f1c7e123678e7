//! Pulls and runs over a store in a temporary folder.
#![allow(missing_docs, clippy::unwrap_used, clippy::format_push_string)]

mod house;
mod incremental;
mod pull;
mod queries;
mod raw;
mod run;
