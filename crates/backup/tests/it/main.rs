//! Copies of a folder that is written meanwhile, and what becomes of them.
#![allow(missing_docs, clippy::unwrap_used)]

mod copies;
mod faults;
mod moments;
