//! Tests on the messages of the test data, which lie outside of the repository.

mod data;
mod maps;
mod messages;
