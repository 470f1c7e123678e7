//! `medweave convert ccda`

use super::convert::zone;
use super::say;
use crate::cli::ConvertCcda;
use crate::failure::Failure;
use fhir::json::Tree;
use hl7::ccda::{self, Mapped};
use hl7::map::Settings;
use std::collections::HashSet;
use std::path::Path;

pub(super) fn run(convert: &ConvertCcda) -> Result<(), Failure> {
    let settings = Settings { zone: zone(&convert.zone)?, ..Settings::new(&convert.source) };
    if let Some(out) = &convert.out {
        std::fs::create_dir_all(out).map_err(|error| Failure::failed(format!("{}: {error}", out.display())))?;
    }
    if let Some(missing) = convert.files.iter().find(|file| !file.exists()) {
        return Err(Failure::usage(format!("{} is not there", missing.display())));
    }
    let (mut failed, mut written) = (0, HashSet::new());
    for file in &convert.files {
        let place = file.display();
        let mapped = std::fs::read(file)
            .map_err(|error| format!("it cannot be read: {error}"))
            .and_then(|bytes| ccda::convert(&bytes, &settings).map_err(|error| error.to_string()));
        let mapped = match mapped {
            Ok(mapped) => mapped,
            Err(problem) => {
                records::tell_operator!("{place}: {problem}");
                failed += 1;
                continue;
            }
        };
        report(&place.to_string(), &mapped);
        let bundle = mapped.bundle().to_string();
        let Some(out) = &convert.out else {
            say(&bundle)?;
            continue;
        };
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = out.join(format!("{name}.json"));
        if !written.insert(path.clone()) {
            return Err(Failure::usage(format!(
                "{place} would be written to {}, as another document was: convert it to another folder",
                path.display()
            )));
        }
        write(&path, &bundle)?;
        if convert.origins {
            write(&out.join(format!("{name}.origins.json")), &origins(&mapped).to_string())?;
        }
    }
    if failed > 0 { Err(Failure { text: String::new(), code: 1 }) } else { Ok(()) }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

/// Says what was odd, what was not mapped, and how much was.
fn report(place: &str, mapped: &Mapped) {
    for issue in &mapped.issues {
        records::tell_operator!("{place}: {issue}");
    }
    for unmapped in &mapped.unmapped {
        records::tell_operator!("{place}: not mapped: {unmapped}");
    }
    records::tell_operator!(
        "{place}: {}: {} resources; of its statements {} are resources, {} are listed as not mapped",
        mapped.kind,
        mapped.resources.len(),
        mapped.taken.len(),
        mapped.unmapped.len()
    );
}

/// Where each element comes from.
fn origins(mapped: &Mapped) -> Tree {
    let all = mapped.resources.iter().map(|made| {
        let origins = made.origins.iter().map(|origin| {
            Tree::from([
                ("element", origin.element.as_str().into()),
                ("xpath", origin.xpath.as_str().into()),
                ("start", Tree::from(origin.span.start as i64)),
                ("end", Tree::from(origin.span.end as i64)),
            ])
        });
        Tree::from([
            ("fullUrl", made.full_url.as_str().into()),
            ("type", made.key.resource_type.into()),
            ("origins", origins.collect::<Vec<_>>().into()),
        ])
    });
    all.collect::<Vec<_>>().into()
}
