//! Pulls and runs over a store in a temporary folder.
#![allow(missing_docs, clippy::unwrap_used, clippy::format_push_string)]

mod databases;
mod dumps;
mod found;
mod house;
mod incremental;
mod live;
#[cfg(feature = "odbc")]
mod odbc;
mod pull;
mod queries;
mod raw;
mod reached;
mod run;
mod same;
mod sqlserver;
mod tls;
mod words;
