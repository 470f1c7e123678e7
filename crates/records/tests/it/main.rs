//! The store as its users see it, on a folder of its own.
#![allow(missing_docs, clippy::unwrap_used)]

mod check;
mod feed;
mod grants;
mod house;
mod model;
mod people;
mod search;
mod upgrade;
mod versions;
