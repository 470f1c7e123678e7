//! `medweave omop`

mod check;
mod cohort;
mod export;
mod thresholds;

use crate::cli::Omop;
use crate::failure::Failure;
use crate::settings::Settings;
use lake::{Capacity, Stop};
use omop::folder::Folder;
use std::path::{Path, PathBuf};

pub(crate) async fn run(settings: &Settings, omop: Omop) -> Result<(), Failure> {
    match omop {
        Omop::Check(check) => check::run(settings, check).await,
        Omop::Thresholds(asked) => thresholds::run(settings, asked).await,
        Omop::Cohort(cohort) => cohort::run(settings, cohort).await,
        Omop::Cohorts { remove, json } => cohort::kept(settings, remove, json).await,
        Omop::Export(asked) => export::run(settings, &asked).await,
    }
}

/// What is asked of an instance in a folder: files and queries are read by calls that wait.
async fn in_folder<T: Send + 'static>(
    path: PathBuf,
    ask: impl FnOnce(&Folder) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let asked = tokio::task::spawn_blocking(move || ask(&folder(&path)?));
    asked.await.map_err(|error| Failure::failed(error.to_string()))?
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
