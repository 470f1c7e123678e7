//! `medweave omop`

mod check;
mod cohort;
mod export;

use crate::cli::Omop;
use crate::failure::Failure;
use crate::settings::Settings;
use lake::{Capacity, Stop};
use omop::folder::Folder;
use std::path::Path;

pub(crate) async fn run(settings: &Settings, omop: Omop) -> Result<(), Failure> {
    if let Omop::Export(asked) = &omop {
        return export::run(settings, asked).await;
    }
    // Files and queries are read by calls that wait.
    let ran = tokio::task::spawn_blocking(move || match omop {
        Omop::Check(check) => check::run(&check),
        Omop::Cohort(cohort) => cohort::run(&cohort),
        // Asked above.
        Omop::Export(_) => Ok(()),
    });
    ran.await.map_err(|error| Failure::failed(error.to_string()))?
}

fn failed(error: omop::Error) -> Failure {
    Failure::failed(error.to_string())
}

/// An instance of the model in a folder, read into the system's folder of temporary files; what was wrong with its files is told.
fn folder(path: &Path) -> Result<Folder, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let capacity = Capacity { threads, queries: 1 };
    let limits = lake::workbench::Limits { memory_bytes: 512 << 20, ..Default::default() };
    let folder = Folder::open(path, &std::env::temp_dir(), limits, capacity, &Stop::default()).map_err(failed)?;
    for (table, told) in folder.seen() {
        let seen = &told.seen;
        if let Some((row, what)) = seen.bad_examples.first() {
            records::tell_operator!(
                "{table}: {} rows could not be read, the first is row {row}: {what}",
                seen.bad_rows
            );
        }
        for (field, misread) in &seen.misread {
            if let Some((row, text)) = misread.examples.first() {
                let many = misread.wrong + misread.spelled;
                records::tell_operator!(
                    "{table}.{field}: {many} values are not of its type, the first in row {row}: {text:?}"
                );
            }
        }
        if !seen.others.is_empty() {
            records::tell_operator!("{table}: not in the model, and left out: {}", seen.others.join(", "));
        }
    }
    for file in folder.unknown() {
        records::tell_operator!("{file} is no table of the model");
    }
    for passed in folder.passed_over() {
        records::tell_operator!("{} is passed over: {}", passed.file, passed.why);
    }
    Ok(folder)
}
