//! What the crate promises, on real data.
#![allow(missing_docs, clippy::unwrap_used)]

mod house;
mod statements;
mod views;
