//! `medweave backup`

use super::progress::Progress;
use super::{say, table};
use crate::cli::{Backup, BackupCommand, BackupList};
use crate::copies;
use crate::directory::{look, now_us, version};
use crate::failure::Failure;
use crate::settings::Settings;
use backup::{About, Key, Repository};
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

pub(crate) async fn run(settings: &Settings, asked: Backup) -> Result<(), Failure> {
    match &asked.other {
        Some(BackupCommand::NewKey { file }) => return new_key(file),
        Some(BackupCommand::List(asked)) => return list(asked),
        None => {}
    }
    let settings = settings.clone();
    let work = tokio::task::spawn_blocking(move || one(&settings, &asked));
    work.await.map_err(|error| Failure::failed(format!("the copy broke down: {error}")))?
}

fn one(settings: &Settings, asked: &Backup) -> Result<(), Failure> {
    let data = settings.data();
    let place = asked.to.clone().or_else(|| settings.backup_to.clone());
    let place = place.ok_or_else(|| Failure::usage("where to? name a folder with --to"))?;
    // It is read beside whoever has it open; only that it is one is looked at.
    drop(look(&data)?);
    version(&data)?;
    let named = if asked.recipient.is_empty() { settings.backup_recipients() } else { asked.recipient.clone() };
    let repository = copies::repository(&data, &place, &named)
        .inspect_err(|failure| copies::note_problem(&data, &place, &failure.text))?;
    let begun = Instant::now();
    let progress = Progress::new();
    let taken = copies::take(&data, &repository, &mut |read, all| {
        progress.say(format!("copying {} of {}", table::bytes(read), table::bytes(all)));
    });
    progress.finish();
    let taken = taken?;
    let thinned = if asked.thin { Some(backup::thin(&repository, now_us())?) } else { None };
    let about = &taken.about;
    if asked.json {
        let mut out = json_of(about);
        out["seconds"] = json!(begun.elapsed().as_secs_f64());
        if let Some(thinned) = thinned {
            out["removed"] = json!({"copies": thinned.copies, "packs": thinned.packs, "bytes": thinned.bytes});
        }
        return say(&out.to_string());
    }
    say(&format!(
        "{}: {} files, {}, of which {} were new; {:.1} s",
        about.name,
        about.files,
        table::bytes(about.bytes),
        table::bytes(about.added_bytes),
        begun.elapsed().as_secs_f64()
    ))?;
    if let Some(thinned) = thinned.filter(|thinned| thinned.copies > 0) {
        say(&format!("{} older copies removed, {} given back", thinned.copies, table::bytes(thinned.bytes)))?;
    }
    Ok(())
}

fn json_of(about: &About) -> serde_json::Value {
    json!({
        "name": about.name,
        "taken": fhir::time::format_us(about.taken_us),
        "files": about.files,
        "bytes": about.bytes,
        "added_bytes": about.added_bytes,
    })
}

fn new_key(file: &Path) -> Result<(), Failure> {
    let key = Key::generate();
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut file| file.write_all(key.to_file().as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already: a key is never written over", file.display()))
        }
        _ => Failure::failed(format!("cannot write {}: {error}", file.display())),
    })?;
    records::tell_operator!(
        "{} opens the copies that are made for this recipient. Keep it where neither they nor this machine are, twice: without it they cannot be read.",
        file.display()
    );
    say(&key.recipient().to_string())
}

fn list(asked: &BackupList) -> Result<(), Failure> {
    let copies = Repository::open(&asked.from)?.copies()?;
    let copies: Vec<_> = copies.iter().map(json_of).collect();
    if asked.json {
        return say(&json!({"copies": copies}).to_string());
    }
    say(&table::of(&json!(copies), &["name", "taken", "files", "bytes", "added_bytes"]))
}
