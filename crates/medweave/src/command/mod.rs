//! The commands, each a client of the routes.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod codes;
pub(crate) mod convert;
mod convert_ccda;
pub(crate) mod deadletter;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod hl7;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod import_undo;
pub(crate) mod lake;
mod lines;
pub(crate) mod manual;
pub(crate) mod mapping;
mod mapping_test;
mod named_path;
pub(crate) mod omop;
mod progress;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod source;
mod source_profile;
pub(crate) mod sql;
pub(crate) mod status;
mod table;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod vocabulary;

use crate::failure::Failure;
use std::io::Write;

/// Writes a line to standard output.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    say_bytes(format!("{text}\n").as_bytes()).map(drop)
}

/// Whether whoever reads standard output still reads.
#[derive(PartialEq, Eq)]
pub(crate) enum Reader {
    Reads,
    Gone,
}

/// Writes to standard output. Whoever reads it may have seen enough (`| head`), which is no failure of the command; an answer that
/// could not be written for another reason is one.
pub(crate) fn say_bytes(bytes: &[u8]) -> Result<Reader, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::Reads),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => {
            Err(Failure::failed(format!("not all of the answer could be written to standard output: {error}")))
        }
    }
}
