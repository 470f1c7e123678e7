//! `medweave completions` and `medweave man`: what the commands are, for shells and as manual pages.

use super::{say, say_bytes};
use crate::cli::{Cli, Completions, Man};
use crate::failure::Failure;
use clap::CommandFactory;

const NAME: &str = "medweave";

/// Prints what a shell completes.
pub(crate) fn completions(asked: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Cli::command(), NAME, &mut script);
    say_bytes(&script).map(drop)
}

/// Writes a page for the program and each command below it.
pub(crate) fn pages(asked: &Man) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", asked.to.display()));
    std::fs::create_dir_all(&asked.to).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &asked.to).map_err(failed)?;
    let count = std::fs::read_dir(&asked.to).map_err(failed)?.count();
    say(&format!(
        "{count} pages in {}: man -l FILE shows one; man finds them in a folder of the name man1 on its path",
        asked.to.display()
    ))
}
