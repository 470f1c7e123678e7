//! `medweave restore`

use super::doctor;
use super::progress::Progress;
use super::{say, table};
use crate::cli::Restore;
use crate::copies;
use crate::failure::Failure;
use crate::settings::Settings;
use backup::{About, Key, Repository, Restored};
use fhir::time::{Moment, ZoneOffset};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

pub(crate) async fn run(settings: &Settings, asked: Restore) -> Result<(), Failure> {
    let settings = settings.clone();
    let work = tokio::task::spawn_blocking(move || one(&settings, &asked));
    work.await.map_err(|error| Failure::failed(format!("restoring broke down: {error}")))?
}

fn one(settings: &Settings, asked: &Restore) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&asked.key)
        .map_err(|error| Failure::usage(format!("cannot read the key {}: {error}", asked.key.display())))?;
    let key = Key::from_file(&text)?;
    let at_us = asked.at.as_deref().map(end_of).transpose()?;
    let repository = Repository::open(&asked.from)?;
    let about = repository.copy_of(at_us)?;
    if asked.drill {
        return drill(&repository, &about, &key, asked);
    }
    let data = settings.data();
    let begun = Instant::now();
    let restored = restored(&repository, &about, &key, &data)?;
    if asked.json {
        return say(&json!({
            "copy": about.name, "data": data.display().to_string(), "files": restored.files, "bytes": restored.bytes,
            "seconds": begun.elapsed().as_secs_f64(),
        })
        .to_string());
    }
    say(&told(&about, &restored, begun))?;
    records::tell_operator!(
        "It is in {}. What was acknowledged after {} is not in it; SQL tables are made again by the next start. `medweave doctor` looks at all of it.",
        data.display(),
        fhir::time::format_us(about.taken_us)
    );
    Ok(())
}

fn told(about: &About, restored: &Restored, begun: Instant) -> String {
    format!(
        "restored {}: {} files, {}, each as it was copied; {:.1} s",
        about.name,
        restored.files,
        table::bytes(restored.bytes),
        begun.elapsed().as_secs_f64()
    )
}

fn restored(repository: &Repository, about: &About, key: &Key, into: &Path) -> Result<Restored, Failure> {
    let progress = Progress::new();
    let result = backup::restore(repository, about, key, into, &mut |written, all| {
        progress.say(format!("restoring {} of {}", table::bytes(written), table::bytes(all)));
    });
    progress.finish();
    Ok(result?)
}

/// Restores into a folder that goes away again, checks everything in it, and says how long that took.
fn drill(repository: &Repository, about: &About, key: &Key, asked: &Restore) -> Result<(), Failure> {
    let begun = Instant::now();
    let cannot = |error: std::io::Error| Failure::failed(format!("there is no place for the drill: {error}"));
    let place = match &asked.scratch {
        Some(folder) => tempfile::tempdir_in(folder).map_err(cannot)?,
        None => tempfile::tempdir().map_err(cannot)?,
    };
    let into = place.path().join("data");
    let restored = restored(repository, about, key, &into)?;
    let restored_s = begun.elapsed().as_secs_f64();
    if !asked.json {
        say(&told(about, &restored, begun))?;
    }
    let noted = restored.notes.get("records/records.db").cloned();
    let found =
        rusqlite::Connection::open(into.join("records/records.db")).ok().and_then(|database| copies::counts(&database));
    let is_equal = noted == found;
    let examined = doctor::examine(&into, asked.sample);
    let seconds = begun.elapsed().as_secs_f64();
    if asked.json {
        let out = json!({
            "copy": about.name, "files": restored.files, "bytes": restored.bytes, "restored_seconds": restored_s,
            "seconds": seconds, "noted": noted, "found": found, "faults": examined.faults, "is_good": is_equal && examined.faults == 0,
        });
        say(&out.to_string())?;
    } else {
        say(&examined.text)?;
        let resources = found.as_ref().and_then(|found| found["resources"].as_i64()).unwrap_or_default();
        say(&if is_equal {
            format!("the drill took {seconds:.1} s; {resources} resources, as many as when it was copied")
        } else {
            let (noted, found) = (noted.unwrap_or_default(), found.unwrap_or_default());
            format!("the drill took {seconds:.1} s; what was copied held {noted}, what came back {found}")
        })?;
    }
    if is_equal && examined.faults == 0 {
        return Ok(());
    }
    Err(Failure::failed(
        "this copy is not good: restore an older one, look for the reason with `medweave doctor`, and take a new one",
    ))
}

/// The last moment of a date, or a moment.
fn end_of(text: &str) -> Result<i64, Failure> {
    match Moment::parse(text, ZoneOffset::UTC) {
        Ok(moment) => Ok(moment.high_us),
        Err(error) => Err(Failure::usage(format!("--at {text}: {error}; write 2026-11-27 or 2026-11-27T08:30:00Z"))),
    }
}
