//! What the crate promises, on real data.
#![allow(missing_docs, clippy::unwrap_used)]

mod cohort;
mod data;
mod house;
mod merged;
mod odd;
mod quality;
mod statements;
mod views;
mod vocabulary;
