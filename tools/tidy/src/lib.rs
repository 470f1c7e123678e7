//! Checks of the repository itself, run as tests (`tests/tidy.rs`): direction of the crates, size of files, unfinished work,
//! links, licences. There is nothing else in this crate.
