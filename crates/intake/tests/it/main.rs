//! Doors and store together, on a folder of its own.
#![allow(missing_docs, clippy::unwrap_used)]

mod bundle;
mod formats;
mod house;
mod import;
mod messages;
mod mllp;
mod replay;
mod single;
mod synthea;
mod undo;
