//! What the last run of a target was made of, and what came of it: if nothing of it is different, the next run need not read a row.
//!
//! One file a target beside its ids. A run that writes removes it before it begins and writes it when all is on disk, so that what
//! was cut off, or taken back, is compared with the store as if there had been no run.

use crate::error::Error;
use crate::run::made_before::{file_of, not_gone};
use crate::run::report::TargetReport;
use crate::value::{Counted, Unmapped};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The end of the names of files of rows.
const ROWS: &str = "rows";
/// The same while they are written.
const ROWS_COMING: &str = "rows-coming";

/// What a target's outcome hangs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    /// Hash of its files, the views and maps that they use, the settings, and the program.
    pub(super) mapping: String,
    /// Which rows its tables have.
    pub(super) tables: BTreeMap<String, String>,
    /// Which resources there are that it may refer to, by target.
    pub(super) targets: BTreeMap<String, String>,
}

/// What is remembered of a target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) basis: Basis,
    /// Position of the store's feed when it was done; none if others wrote meanwhile.
    pub(super) position: Option<u64>,
    /// The day, where a value was refused because its day is to come.
    pub(super) day: Option<String>,
    /// Sum over the ids that were made, and over those that were met elsewhere.
    pub(super) ids: String,
    pub(super) report: TargetReport,
    pub(super) unmapped: Vec<Counted>,
}

/// What is different of a target since its last run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Differs {
    /// Its code, for pages.
    pub(super) code: &'static str,
    /// For a person.
    pub(super) text: String,
    /// Whether it is only rows and references.
    pub(super) is_rows: bool,
}

impl Differs {
    pub(super) fn new(code: &'static str, text: &str) -> Differs {
        Differs { code, text: text.to_owned(), is_rows: false }
    }

    fn of_rows(code: &'static str, text: String) -> Differs {
        Differs { code, text, is_rows: true }
    }
}

impl State {
    /// What no map knew.
    pub(super) fn unmapped(&self) -> Unmapped {
        Unmapped::of(&self.unmapped)
    }
}

impl Basis {
    /// What is different from what was before; nothing if nothing is.
    pub(super) fn differs(&self, before: &Basis) -> Option<Differs> {
        if self.mapping != before.mapping {
            return Some(Differs::new("mapping", "the mapping of it was changed"));
        }
        let others = |now: &BTreeMap<String, String>, before: &BTreeMap<String, String>| {
            let names = now.iter().filter(|(name, which)| before.get(*name) != Some(which));
            names.map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ")
        };
        let (tables, targets) = (others(&self.tables, &before.tables), others(&self.targets, &before.targets));
        match (tables.is_empty(), targets.is_empty()) {
            (true, true) => None,
            (false, _) => Some(Differs::of_rows("rows", format!("rows changed in {tables}"))),
            (true, false) => {
                let text = format!("it may refer to other resources of {targets} than before");
                Some(Differs::of_rows("targets", text))
            }
        }
    }
}

/// Which rows a table had for a run: a file for each state that some target's basis names.
pub(super) struct Rows;

impl Rows {
    fn path_of(folder: &Path, which: &str) -> PathBuf {
        folder.join(format!("{which}.{ROWS}"))
    }

    /// The rows that were kept under a name; nothing if there are none.
    pub(super) fn recall(folder: &Path, which: &str) -> Option<Vec<u8>> {
        std::fs::read(Rows::path_of(folder, which)).ok()
    }

    /// Keeps rows under a name. What is damaged by a crash is not what its name says, and not used.
    pub(super) fn keep(folder: &Path, which: &str, rows: impl FnOnce() -> Vec<u8>) -> Result<(), Error> {
        let (path, rows) = (Rows::path_of(folder, which), rows());
        // A crash may have left another file under the name.
        if std::fs::read(&path).is_ok_and(|kept| kept == rows) {
            return Ok(());
        }
        let coming = path.with_extension(ROWS_COMING);
        std::fs::write(&coming, rows)
            .and_then(|()| std::fs::rename(&coming, &path))
            .map_err(|error| Error::file("write", &coming, error))
    }

    /// Removes what a run left that was cut off while it kept rows.
    pub(super) fn sweep_coming(folder: &Path) -> Result<(), Error> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries {
            let path = entry.map_err(|error| Error::file("read", folder, error))?.path();
            if path.extension().is_some_and(|own| own == ROWS_COMING) {
                removed(&path)?;
            }
        }
        Ok(())
    }

    /// Removes what no target's basis names.
    pub(super) fn sweep(folder: &Path) -> Result<(), Error> {
        let failed = |error| Error::file("read", folder, error);
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        let paths =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let is = |path: &Path, extension: &str| path.extension().is_some_and(|own| own == extension);
        let mut named: Vec<String> = Vec::new();
        for path in paths.iter().filter(|path| is(path, "state")) {
            let state: Option<State> = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            named.extend(state.into_iter().flat_map(|state| state.basis.tables.into_values()));
        }
        let is_named =
            |path: &Path| path.file_stem().is_some_and(|stem| named.iter().any(|name| stem == name.as_str()));
        paths.iter().filter(|path| is(path, ROWS) && !is_named(path)).try_for_each(|path| removed(path))
    }
}

fn path_of(folder: &Path, target: &str) -> PathBuf {
    file_of(folder, target).with_extension("state")
}

/// What is remembered of a target. What cannot be read is not remembered.
pub(super) fn recall(folder: &Path, target: &str) -> Option<State> {
    serde_json::from_slice(&std::fs::read(path_of(folder, target)).ok()?).ok()
}

/// Remembers a target.
pub(super) fn keep(folder: &Path, target: &str, state: &State) -> Result<(), Error> {
    let path = path_of(folder, target);
    let coming = path.with_extension("state-coming");
    let failed = |error| Error::file("write", &coming, error);
    let text = serde_json::to_vec(state).map_err(|error| failed(error.into()))?;
    let mut file = std::fs::File::create(&coming).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&coming, &path).map_err(failed)
}

/// Forgets a target.
pub(super) fn forget(folder: &Path, target: &str) -> Result<(), Error> {
    removed(&path_of(folder, target))
}

/// Forgets all targets but these: the letters of others are closed, so that their rows must be looked at when they are back.
pub(super) fn forget_besides(folder: &Path, targets: &[&str]) -> Result<(), Error> {
    let kept: Vec<PathBuf> = targets.iter().map(|target| path_of(folder, target)).collect();
    let failed = |error| Error::file("read", folder, error);
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "state") && !kept.contains(&path) {
            removed(&path)?;
        }
    }
    Ok(())
}

fn removed(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", path, error)),
        _ => Ok(()),
    }
}

/// Forgets all targets of a source: what they made is not what is stored any more. What `run` told to be gone may not be.
pub(crate) fn forget_all(folder: &Path, run: Option<i64>) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(|error| Error::file("read", folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "state") {
            removed(&path)?;
        }
    }
    run.map_or(Ok(()), |run| not_gone(folder, run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_a_crash_damaged_are_kept_anew_and_what_it_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        Rows::keep(path, "a", || b"rows of a".to_vec()).unwrap();
        std::fs::write(Rows::path_of(path, "a"), b"rows").unwrap();
        Rows::keep(path, "a", || b"rows of a".to_vec()).unwrap();
        assert_eq!(Rows::recall(path, "a").as_deref(), Some(&b"rows of a"[..]));
        let left = path.join("b").with_extension(ROWS_COMING);
        std::fs::write(&left, b"ro").unwrap();
        Rows::sweep_coming(path).unwrap();
        assert!(!left.exists() && Rows::recall(path, "a").is_some());
        Rows::sweep_coming(&path.join("nothing")).unwrap();
    }
}
