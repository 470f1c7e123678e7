//! Doors and store together, on a folder of its own.
#![allow(missing_docs, clippy::unwrap_used)]

mod bundle;
mod documents;
mod duplicates;
mod formats;
mod hostile;
mod hostile_messages;
mod house;
mod identity;
mod import;
mod kept;
mod messages;
mod mllp;
mod moving;
mod persons;
mod replay;
mod single;
mod synthea;
mod undo;
mod versions;
