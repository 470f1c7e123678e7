//! Copies of a data directory: what of it is copied, and how it is told that the last one is good.

use crate::directory::now_us;
use crate::failure::Failure;
use crate::settings::Settings;
use backup::{Folder, Recipient, Repository, Taken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where a data directory keeps what it knows of its copies; no part of them.
const MEMORY: &str = "backup";
/// What became of the last copy, below [`MEMORY`].
const LAST: &str = "last.json";
/// Seals say how far the trails reached.
const FIRST: [&str; 1] = ["audit/seals"];
/// Arrivals that the other databases name are in it.
const RECORDS: &str = "records/records.db";
/// What belongs to the running program, or is made again from the records.
const LEFT_OUT: [&str; 5] = ["LOCK", "control.sock", "lake", intake::identity::FOLDER, MEMORY];
/// Folders of what is on its way into a place, or spilt while one computes.
const PASSING: [&str; 3] = ["coming", "spill", "scratch"];

impl From<backup::Error> for Failure {
    fn from(error: backup::Error) -> Failure {
        use backup::Error;
        match error {
            Error::NoRepository(_)
            | Error::NotEmpty(_)
            | Error::BrokenOff(_)
            | Error::Busy(_)
            | Error::Key(_)
            | Error::WrongKey { .. }
            | Error::NoSnapshot(_)
            | Error::Newer { .. } => Failure::usage(error.to_string()),
            Error::File { .. } | Error::Database { .. } | Error::Damaged { .. } | Error::Changing { .. } => {
                Failure::failed(error.to_string())
            }
        }
    }
}

/// How the last copies went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Last {
    /// Where they are.
    pub(crate) repository: PathBuf,
    /// When the last whole one was begun, µs since 1970 UTC.
    pub(crate) taken_us: Option<i64>,
    /// Why the last try failed, if it did.
    pub(crate) problem: Option<String>,
    /// All places that ever held copies of this directory.
    #[serde(default)]
    places: Vec<PathBuf>,
}

impl Last {
    /// `None` where no copy was ever tried.
    pub(crate) fn read(data: &Path) -> Option<Last> {
        std::fs::read(data.join(MEMORY).join(LAST)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    fn write(&self, data: &Path) {
        let folder = data.join(MEMORY);
        let written = serde_json::to_vec(self)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(folder.join("last.json.new"), bytes))
            .and_then(|()| std::fs::rename(folder.join("last.json.new"), folder.join(LAST)));
        if let Err(error) = written {
            records::tell_operator!("medweave: it cannot be noted when the last copy was taken: {error}");
        }
    }
}

/// The repository in a folder, made where there is none yet.
pub(crate) fn repository(data: &Path, path: &Path, recipients: &[String]) -> Result<Repository, Failure> {
    check_apart(data, path)?;
    let recipients = recipients.iter().map(|text| text.parse()).collect::<Result<Vec<Recipient>, _>>()?;
    match Repository::open(path) {
        Ok(repository) => {
            let theirs: Vec<String> = repository.recipients().iter().map(ToString::to_string).collect();
            if let Some(other) = recipients.iter().map(ToString::to_string).find(|one| !theirs.contains(one)) {
                return Err(Failure::usage(format!(
                    "the copies in {} are for {}, not for {other}: leave --recipient out, or name another folder",
                    path.display(),
                    theirs.join(", ")
                )));
            }
            Ok(repository)
        }
        Err(backup::Error::NoRepository(_)) if recipients.is_empty() => Err(Failure::usage(format!(
            "{} holds no copies yet, and whom to encrypt them for is not said: `medweave backup new-key FILE` makes a key; give its age1… as --recipient",
            path.display()
        ))),
        Err(backup::Error::NoRepository(_)) if was_here(data, path) => Err(Failure::usage(format!(
            "copies were taken to {} before, and now it holds none: is its disk mounted? To begin anew there remove {}",
            path.display(),
            data.join(MEMORY).join(LAST).display()
        ))),
        Err(backup::Error::NoRepository(_)) => Ok(Repository::make(path, recipients)?),
        Err(error) => Err(error.into()),
    }
}

/// Whether copies were taken to this place.
fn was_here(data: &Path, path: &Path) -> bool {
    Last::read(data).is_some_and(|last| last.places.contains(&absolute(path)))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Notes that no copy could even be begun.
pub(crate) fn note_problem(data: &Path, place: &Path, problem: &str) {
    if data.join(MEMORY).is_dir() {
        let before = Last::read(data).unwrap_or_default();
        Last { repository: absolute(place), problem: Some(problem.to_owned()), ..before }.write(data);
    }
}

/// A copy within what is copied would hold all copies before it.
fn check_apart(data: &Path, place: &Path) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| absolute(path));
    let inner = place.ancestors().find(|folder| folder.exists()).unwrap_or(place);
    if real(inner).starts_with(real(data)) {
        return Err(Failure::usage(format!(
            "{} is within the data directory: name a folder on another disk",
            place.display()
        )));
    }
    Ok(())
}

/// Takes a copy of a data directory and notes how it went. Not in a process that has the directory open: see [`backup::Moment`].
pub(crate) fn take(
    data: &Path,
    repository: &Repository,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Taken, backup::Error> {
    let memory = data.join(MEMORY);
    let notes = |path: &str, database: &rusqlite::Connection| (path == RECORDS).then(|| counts(database)).flatten();
    let folder = Folder {
        path: data,
        memory: &memory,
        first: &FIRST,
        last: RECORDS,
        left_out: &LEFT_OUT,
        passing: &PASSING,
        notes: &notes,
    };
    let taken = backup::take(folder, repository, now_us(), progress);
    let before = Last::read(data).unwrap_or_default();
    let last = match &taken {
        Ok(taken) => Last { taken_us: Some(taken.about.taken_us), problem: None, ..before },
        // Somebody else is at it.
        Err(backup::Error::Busy(_)) => return taken,
        Err(error) => Last { problem: Some(error.to_string()), ..before },
    };
    let repository = absolute(repository.path());
    let mut places = last.places.clone();
    if taken.is_ok() && !places.contains(&repository) {
        places.push(repository.clone());
    }
    Last { repository, places, ..last }.write(data);
    taken
}

/// How far the feed is and how many resources there are: what a restored copy must hold again.
pub(crate) fn counts(database: &rusqlite::Connection) -> Option<serde_json::Value> {
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
    let feed = number("SELECT coalesce(max(seq), 0) FROM feed")?;
    Some(json!({"feed": feed, "resources": number("SELECT coalesce(sum(live), 0) FROM type_count")?}))
}

/// Copies a served directory again and again until the program ends; nothing where no place is set. Each copy is taken by a process of its
/// own, as an operator takes one beside a running program: to read the files of databases that one has open gives their locks away.
pub(crate) fn follow(settings: &Settings, data: &Path) -> Result<(), Failure> {
    let Some(place) = settings.backup_to.clone() else { return Ok(()) };
    // What is wrong with the place is said at once; a disk that is not mounted yet keeps nobody from serving.
    match repository(data, &place, &settings.backup_recipients()) {
        Err(failure) if was_here(data, &place) => records::tell_operator!("medweave: {}", failure.text),
        opened => drop(opened?),
    }
    let recipients = settings.backup_recipients();
    let program =
        std::env::current_exe().map_err(|error| Failure::failed(format!("copies cannot be taken: {error}")))?;
    let (data, every) = (data.to_owned(), Duration::from_secs(settings.backup_every_s()));
    records::tell_operator!("medweave copies what is new to {} every {} s", place.display(), every.as_secs());
    std::thread::Builder::new()
        .name("copies".to_owned())
        .spawn(move || {
            let (mut was_well, mut rounds) = (true, 0_u64);
            loop {
                let mut command = Command::new(&program);
                command.arg("--data").arg(&data).args(["backup", "--json", "--to"]).arg(&place);
                command.args(recipients.iter().flat_map(|one| ["--recipient", one]));
                if rounds.is_multiple_of(THIN_EACH) {
                    command.arg("--thin");
                }
                let problem = match command.stdin(Stdio::null()).output() {
                    Ok(output) if output.status.success() => None,
                    Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
                    Err(error) => Some(error.to_string()),
                };
                match (&problem, was_well) {
                    (Some(problem), true) => records::tell_operator!("medweave: no copy was taken: {problem}"),
                    (None, false) => records::tell_operator!("medweave: copies are taken again"),
                    _ => {}
                }
                was_well = problem.is_none();
                rounds += 1;
                std::thread::sleep(every);
            }
        })
        .map_err(|error| Failure::failed(format!("copies cannot be taken: {error}")))?;
    Ok(())
}

/// Old copies are looked at once in so many rounds.
const THIN_EACH: u64 = 60;
