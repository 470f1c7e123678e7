//! The lake as its users see it, over records of its own.
#![allow(
    clippy::needless_for_each,
    clippy::format_push_string,
    clippy::format_collect,
    missing_docs,
    clippy::unwrap_used
)]

mod crash;
mod documents;
mod engines;
mod flush;
mod guest;
mod house;
mod model;
mod output;
mod questions;
mod sql;
mod workbench;
