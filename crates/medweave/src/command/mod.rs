//! The commands, each a client of the routes.

pub(crate) mod bench;
pub(crate) mod convert;
pub(crate) mod deadletter;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod import_undo;
pub(crate) mod lake;
mod progress;
pub(crate) mod serve;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod status;
mod table;
pub(crate) mod token;
pub(crate) mod user;

/// Writes to standard output. Whoever reads it may have stopped (`| head`), which is no failure of the command.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
