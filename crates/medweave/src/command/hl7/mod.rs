//! `medweave hl7`: tools for whoever connects systems. They need no data directory.

mod diff;
mod line;
mod lint;
mod send;
mod tls;

use crate::cli::Hl7;
use crate::failure::Failure;
use ::hl7::{Charset, ParseOptions};
use std::io::Read;
use std::path::Path;

pub(crate) async fn run(hl7: Hl7) -> Result<(), Failure> {
    match hl7 {
        Hl7::Lint(asked) => lint::run(&asked),
        Hl7::Diff(asked) => diff::run(&asked),
        Hl7::Send(asked) => send::run(asked).await,
    }
}

/// What a file holds; `-` is standard input.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if is_input(file) {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::failed(format!("standard input cannot be read: {error}")))?;
        return Ok(bytes);
    }
    if !file.exists() {
        return Err(Failure::usage(format!("{} is not there", file.display())));
    }
    std::fs::read(file).map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))
}

fn is_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// What a file is called in what is said.
fn name(file: &Path) -> String {
    if is_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// How messages are read whose header names no character set.
fn options(charset: Option<&str>) -> Result<ParseOptions, Failure> {
    let charset =
        match charset {
            None => None,
            Some(name) => Some(Charset::from_name(name).ok_or_else(|| {
                Failure::usage(format!("character set \"{name}\" is not known; write it as in MSH-18"))
            })?),
        };
    Ok(ParseOptions { charset, ..ParseOptions::default() })
}
