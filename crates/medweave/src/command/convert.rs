//! `medweave convert`

use super::{convert_ccda, say};
use crate::cli::{Convert, ConvertCommand};
use crate::failure::Failure;
use hl7::map::{self, Outcome, Settings};
use hl7::{Batch, Charset, Message, ParseOptions};
use jiff::tz::TimeZone;
use std::collections::HashSet;

/// The zone of that name.
pub(super) fn zone(name: &str) -> Result<TimeZone, Failure> {
    TimeZone::get(name).map_err(|_| {
        Failure::usage(format!("zone \"{name}\" is not known; write an IANA name, as in Europe/Berlin or UTC"))
    })
}

pub(crate) fn run(convert: &Convert) -> Result<(), Failure> {
    if let Some(ConvertCommand::Ccda(ccda)) = &convert.other {
        return convert_ccda::run(ccda);
    }
    let zone = zone(&convert.zone)?;
    let charset =
        match &convert.charset {
            None => None,
            Some(name) => Some(Charset::from_name(name).ok_or_else(|| {
                Failure::usage(format!("character set \"{name}\" is not known; write it as in MSH-18"))
            })?),
        };
    let options = ParseOptions { charset, ..ParseOptions::default() };
    let settings = Settings { zone, ..Settings::new(&convert.source) };
    if let Some(out) = &convert.out {
        std::fs::create_dir_all(out).map_err(|error| Failure::failed(format!("{}: {error}", out.display())))?;
    }
    if let Some(missing) = convert.files.iter().find(|file| !file.exists()) {
        return Err(Failure::usage(format!("{} is not there", missing.display())));
    }
    let (mut failed, mut written) = (0, HashSet::new());
    for file in &convert.files {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                records::tell_operator!("{} cannot be read: {error}", file.display());
                failed += 1;
                continue;
            }
        };
        if hl7::ccda::is_clinical_document(&bytes) {
            records::tell_operator!("{} is a clinical document: medweave convert ccda FILE", file.display());
            failed += 1;
            continue;
        }
        let batch = Batch::split(&bytes);
        if batch.messages.is_empty() {
            records::tell_operator!("{}: no HL7 v2 message is in it: messages begin with MSH", file.display());
            failed += 1;
        }
        for (at, range) in batch.messages.into_iter().enumerate() {
            let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
            let place =
                format!("{}{}", file.display(), if at == 0 { String::new() } else { format!(" message {}", at + 1) });
            match bundle(&bytes[range], &options, &settings, &place) {
                Ok(Some(bundle)) => match &convert.out {
                    None => say(&bundle)?,
                    Some(out) => {
                        let name = file.file_stem().unwrap_or_default().to_string_lossy();
                        let path = out.join(format!("{name}{number}.json"));
                        if !written.insert(path.clone()) {
                            return Err(Failure::usage(format!(
                                "{place} would be written to {}, as another message was: convert it to another folder",
                                path.display()
                            )));
                        }
                        std::fs::write(&path, bundle)
                            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
                    }
                },
                Ok(None) => {}
                Err(problem) => {
                    records::tell_operator!("{place}: {problem}");
                    failed += 1;
                }
            }
        }
    }
    if failed > 0 { Err(Failure { text: String::new(), code: 1 }) } else { Ok(()) }
}

/// The bundle of a message; none if its event has no map.
fn bundle(bytes: &[u8], options: &ParseOptions, settings: &Settings, place: &str) -> Result<Option<String>, String> {
    let message = Message::parse(bytes, options).map_err(|error| error.to_string())?;
    match map::map(&message, settings).map_err(|error| error.to_string())? {
        Outcome::NoMap { event } => {
            records::tell_operator!("{place}: {event} has no map; it would be kept as it came");
            Ok(None)
        }
        Outcome::Mapped(mapped) => {
            for issue in &mapped.issues {
                records::tell_operator!("{place}: {issue}");
            }
            if !mapped.unmapped.is_empty() {
                let places: Vec<String> = mapped.unmapped.iter().map(ToString::to_string).collect();
                records::tell_operator!("{place}: not mapped: {}", places.join(" "));
            }
            Ok(Some(mapped.bundle.to_string()))
        }
    }
}
