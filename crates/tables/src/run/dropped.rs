//! Targets that made resources and that the mapping makes no longer: all their rows are gone.
//!
//! A file a target beside its ids says what it was, from before its first resource is stored. It stays when the target is dropped, so that a run
//! that was cut off, or taken back, is followed by one that knows of it.

use crate::error::Error;
use crate::mapping::Gone;
use crate::run::made_before::{self, file_of, was_cut_off};
use crate::run::memory::State;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The end of the names of these files.
const TARGET: &str = "target";
/// The same while they are written: `coming` are ids of a run that may have been cut off.
const TARGET_COMING: &str = "target-coming";

/// What is remembered of a target, whether the mapping has it or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) name: String,
    pub(super) resource_type: String,
    /// The table whose rows were accounted for.
    pub(super) table: String,
    /// What became of resources whose rows were gone, if that is known.
    pub(super) gone: Option<String>,
}

impl Remembered {
    /// What becomes of its resources, if that is known.
    pub(super) fn becomes(&self) -> Option<Gone> {
        self.gone.as_deref().and_then(Gone::of)
    }

    /// Remembers it.
    pub(super) fn keep(&self, folder: &Path) -> Result<(), Error> {
        let path = file_of(folder, &self.name).with_extension(TARGET);
        let coming = path.with_extension(TARGET_COMING);
        let failed = |error| Error::file("write", &coming, error);
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        if std::fs::read(&path).is_ok_and(|before| before == text) {
            return Ok(());
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = std::fs::File::create(&coming).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&coming, &path).map_err(failed)
    }

    /// The word for a person, with how many resources that are.
    pub(super) fn told(&self, how: Gone, count: u64) -> String {
        let becomes = match how {
            Gone::Delete => "deleted",
            Gone::EnteredInError => "entered in error",
            Gone::Keep => "kept",
        };
        let (name, resource_type) = (&self.name, &self.resource_type);
        format!(
            "the mapping does not make the target {name} any more: what it made ({resource_type}, {count}) is {becomes}, as where rows are gone"
        )
    }
}

/// Targets that made something that is not known to be gone, and that are not among these.
pub(super) fn besides(folder: &Path, targets: &[&str]) -> Result<Vec<Remembered>, Error> {
    let failed = |error| Error::file("read", folder, error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let (mut all, mut of_states): (Vec<Remembered>, Vec<Remembered>) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some(TARGET | "state")) {
            continue;
        }
        // What a run removed meanwhile, or a crash damaged, says nothing.
        let Ok(text) = std::fs::read(&path) else { continue };
        if extension == Some(TARGET) {
            all.extend(serde_json::from_slice::<Remembered>(&text));
        } else if let Ok(state) = serde_json::from_slice::<State>(&text) {
            let report = state.report;
            let (name, resource_type, table) = (report.name, report.resource_type, report.table);
            of_states.push(Remembered { name, resource_type, table, gone: None });
        }
    }
    let is_known = |one: &Remembered, all: &[Remembered]| all.iter().any(|known| known.name == one.name);
    let more: Vec<_> = of_states.into_iter().filter(|one| !is_known(one, &all)).collect();
    all.extend(more);
    all.retain(|one| !targets.contains(&one.name.as_str()));
    all.sort();
    let mut besides = Vec::new();
    for one in all {
        if was_cut_off(folder, &one.name) || made_before::all(folder, &one.name)?.next().is_some() {
            besides.push(one);
        }
    }
    Ok(besides)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::made_before::MadeIds;

    #[test]
    fn a_target_is_remembered_until_what_it_made_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let stay = Remembered {
            name: "Stay".into(),
            resource_type: "Encounter".into(),
            table: "visits".into(),
            gone: Some("delete".into()),
        };
        stay.keep(path).unwrap();
        stay.keep(path).unwrap();
        assert_eq!(stay.becomes(), Some(Gone::Delete));
        // It made nothing yet.
        assert!(besides(path, &[]).unwrap().is_empty());
        let mut made = MadeIds::begin(path, "Stay", true).unwrap();
        made.note([1; 16], 1).unwrap();
        made.settle().unwrap();
        assert!(besides(path, &["Stay"]).unwrap().is_empty());
        assert_eq!(besides(path, &["Other"]).unwrap(), std::slice::from_ref(&stay));
        // What a run made that was cut off is known, though another word is remembered since.
        let mut made = MadeIds::begin(path, "Stay", true).unwrap();
        made.note([1; 16], 1).unwrap();
        made.note([2; 16], 1).unwrap();
        made.flush().unwrap();
        drop(made);
        Remembered { gone: None, ..stay }.keep(path).unwrap();
        let mut gone = Vec::new();
        let mut made = MadeIds::begin(path, "Stay", true).unwrap();
        made.gone(&mut |id| {
            gone.push(id);
            Ok(())
        })
        .unwrap();
        assert_eq!(gone, [[1; 16], [2; 16]]);
        made.settle().unwrap();
        assert!(besides(path, &[]).unwrap().is_empty());
        assert!(besides(&path.join("nothing"), &[]).unwrap().is_empty());
    }
}
