//! Tests on the messages of the test data, which lie outside of the repository.
#![allow(clippy::unwrap_used, reason = "tests")]

mod agreement;
mod ccda;
mod data;
mod lint;
mod maps;
mod messages;
