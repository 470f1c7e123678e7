//! Maps message files to FHIR bundles: `convert OUT_DIR FILE...` writes `OUT_DIR/NAME.json` for each file whose event has a
//! map, and says on the error stream what was odd and what no rule took.

#![allow(clippy::disallowed_macros, reason = "a tool that ends where nobody hears it")]

use hl7::map::{self, Outcome, Settings};
use hl7::{Message, ParseOptions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(out) = arguments.next() else {
        eprintln!("usage: convert OUT_DIR FILE...");
        return ExitCode::from(2);
    };
    let mut failed = false;
    for file in arguments {
        if let Err(error) = convert(&file, &out) {
            eprintln!("{}: {error}", file.display());
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn convert(file: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = std::fs::read(file)?;
    let message = Message::parse(&bytes, &ParseOptions::default())?;
    match map::map(&message, &Settings::new("example"))? {
        Outcome::NoMap { event } => eprintln!("{name}: no map for {event}"),
        Outcome::Mapped(mapped) => {
            for issue in &mapped.issues {
                eprintln!("{name}: {issue}");
            }
            let places: Vec<String> = mapped.unmapped.iter().map(ToString::to_string).collect();
            if !places.is_empty() {
                eprintln!("{name}: not mapped: {}", places.join(" "));
            }
            std::fs::create_dir_all(out)?;
            std::fs::write(out.join(format!("{name}.json")), mapped.bundle.to_string())?;
        }
    }
    Ok(())
}
