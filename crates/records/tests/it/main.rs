//! The store as its users see it, on a folder of its own.
#![allow(missing_docs, clippy::unwrap_used)]

mod check;
mod disk_full;
mod feed;
mod grants;
mod house;
mod last;
mod model;
mod pages;
mod people;
mod search;
mod search_every_type;
mod search_forms;
mod sight;
mod terms;
mod upgrade;
mod versions;
