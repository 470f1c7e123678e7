//! Writes the facts of OHDSI's check definitions as the program carries them: `cargo run -p omop --example dqd_facts -- DIR`, where
//! DIR holds `…Table_Level.csv`, `…Field_Level.csv` and `…Concept_Level.csv` of one release.

use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    let facts = omop::quality::Definitions::read(Path::new(&folder))?.to_facts();
    std::io::stdout().write_all(facts.as_bytes())?;
    Ok(())
}
