//! The folder of an export: files come into it together, when all are written.

use super::{KIND, RECORD};
use crate::error::Error;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where files lie until all are written, within the folder.
const PART: &str = ".part";

/// The folder that an export goes to.
pub(super) struct Target {
    folder: PathBuf,
    part: PathBuf,
    is_done: bool,
}

impl Target {
    /// A folder that is not there, is empty, or holds an earlier export.
    pub(super) fn open(folder: &Path) -> Result<Target, Error> {
        let failed = |error| Error::file("use", folder, error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let record = std::fs::read(folder.join(RECORD)).ok();
        let record: Option<Value> = record.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let is_ours = record.is_some_and(|record| record["kind"] == KIND);
        for entry in std::fs::read_dir(folder).map_err(failed)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != PART && !(is_ours && is_of_export(&name)) {
                let what = format!("holds {name}: an export goes to a folder that is empty or holds an earlier export");
                return Err(Error::definition(folder.display().to_string(), what));
            }
        }
        let part = folder.join(PART);
        if part.exists() {
            std::fs::remove_dir_all(&part).map_err(failed)?;
        }
        std::fs::create_dir(&part).map_err(failed)?;
        Ok(Target { folder: folder.to_owned(), part, is_done: false })
    }

    /// The path of a file in the making.
    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.part.join(name)
    }

    /// A folder for what is gone when all are written.
    pub(super) fn scratch(&self) -> Result<tempfile::TempDir, Error> {
        tempfile::tempdir_in(&self.part).map_err(|error| Error::file("make a folder in", &self.part, error))
    }

    /// Puts all files in place, and the record last. What an earlier export left goes first.
    pub(super) fn finish(mut self, record: &Value) -> Result<(), Error> {
        let failed = |error| Error::file("finish", &self.folder, error);
        let written = self.part(RECORD);
        std::fs::write(&written, format!("{record:#}\n")).map_err(failed)?;
        for entry in std::fs::read_dir(&self.folder).map_err(failed)?.flatten() {
            if entry.file_name() != PART {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        let mut names: Vec<_> = std::fs::read_dir(&self.part).map_err(failed)?.flatten().collect();
        names.sort_by_key(|entry| entry.file_name() == RECORD);
        for entry in names {
            std::fs::rename(entry.path(), self.folder.join(entry.file_name())).map_err(failed)?;
        }
        std::fs::remove_dir(&self.part).map_err(failed)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.is_done {
            // What is left of it is removed by the next.
            let _ = std::fs::remove_dir_all(&self.part);
        }
    }
}

/// Whether a name is one that an export writes.
fn is_of_export(name: &str) -> bool {
    let stem = name.strip_suffix(".parquet").or_else(|| name.strip_suffix(".csv"));
    let is_ours = [RECORD, super::load::SCRIPT, super::load::DATABASE].contains(&name);
    is_ours || stem.is_some_and(|stem| crate::cdm::table(stem).is_some())
}
