//! The folder of vocabularies: versions, and which of them is the one in use.

use crate::cdm;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// Below the data directory.
const FOLDER: &str = "omop/vocabulary";
/// Names the folder of the version in use.
const CURRENT: &str = "CURRENT";
/// What is known of a version.
const FACTS: &str = "loaded.json";

/// The tables of vocabularies, beside the model's own [`cdm::tables`]: codes and the standard concepts that they map to.
pub(super) const MAPS_TO: &str = "maps_to";

/// The vocabularies of a data directory. Clones are the same.
#[derive(Clone, Debug)]
pub struct Vocabulary(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// The version that was read last, with what `CURRENT` said.
    last: RwLock<Option<Arc<Loaded>>>,
}

/// A version that was loaded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// Athena's version: `v5.0 30-AUG-25`.
    pub version: String,
    /// Another one for each load.
    pub id: String,
    /// When it was loaded, µs UTC.
    pub at_us: i64,
    /// The file or folder that it came from.
    pub from: String,
    /// The files, by table, and their rows.
    pub tables: BTreeMap<String, u64>,
    /// The vocabularies that it holds.
    pub vocabularies: Vec<Held>,
    /// Whether names can be searched.
    pub has_search: bool,
    /// What somebody should know.
    pub notes: Vec<String>,
    /// Where it lies.
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

/// A vocabulary of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its id: `SNOMED`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// How many concepts it has here.
    pub concepts: u64,
}

impl Vocabulary {
    /// The vocabularies of a data directory. Nothing is read yet.
    ///
    /// # Errors
    /// None now; files are read when somebody asks for them.
    pub fn open(data: &Path) -> Result<Vocabulary, Error> {
        Ok(Vocabulary(Arc::new(Shared { folder: data.join(FOLDER), last: RwLock::default() })))
    }

    /// Where versions lie.
    pub(super) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The version in use, if one is loaded and can be read.
    pub fn current(&self) -> Option<Arc<Loaded>> {
        let name = std::fs::read_to_string(self.0.folder.join(CURRENT)).ok()?;
        let name = name.trim();
        let last = self.0.last.read().ok()?.clone();
        if let Some(last) = last.filter(|last| last.id == name) {
            return Some(last);
        }
        let loaded = Arc::new(Loaded::read(&self.0.folder.join(name)).ok()?);
        *self.0.last.write().ok()? = Some(Arc::clone(&loaded));
        Some(loaded)
    }

    /// All versions that are on disk, the newest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<Loaded>, Error> {
        let mut all: Vec<Loaded> = self.versions()?.iter().filter_map(|folder| Loaded::read(folder).ok()).collect();
        all.sort_by_key(|loaded| std::cmp::Reverse(loaded.at_us));
        Ok(all)
    }

    fn versions(&self) -> Result<Vec<PathBuf>, Error> {
        let failed = |error| Error::file("read", &self.0.folder, error);
        let entries = match std::fs::read_dir(&self.0.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
    }

    /// Makes a version the one in use, in one step, and removes all others.
    pub(super) fn put(&self, id: &str) -> Result<(), Error> {
        let next = self.0.folder.join(format!("{CURRENT}.next"));
        let failed = |error| Error::file("write", &next, error);
        let mut file = File::create(&next).map_err(failed)?;
        file.write_all(id.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&next, self.0.folder.join(CURRENT)).map_err(failed)?;
        sync(&self.0.folder)?;
        self.sweep(Some(id))
    }

    /// Removes the vocabularies. Gives whether there were any.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove(&self) -> Result<bool, Error> {
        let current = self.0.folder.join(CURRENT);
        let was = match std::fs::remove_file(&current) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(Error::file("remove", &current, error)),
        };
        self.sweep(None)?;
        Ok(was)
    }

    /// Removes all folders but one: older versions, and what a load that was broken off left.
    pub(super) fn sweep(&self, keep: Option<&str>) -> Result<(), Error> {
        for folder in self.versions()? {
            if keep.is_none_or(|keep| folder.file_name().is_none_or(|name| name != keep)) {
                std::fs::remove_dir_all(&folder).map_err(|error| Error::file("remove", &folder, error))?;
            }
        }
        Ok(())
    }
}

impl Loaded {
    fn read(folder: &Path) -> Result<Loaded, Error> {
        let path = folder.join(FACTS);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::file("read", &path, error))?;
        let mut loaded: Loaded = serde_json::from_str(&text)
            .map_err(|error| Error::definition(path.display().to_string(), error.to_string()))?;
        folder.clone_into(&mut loaded.folder);
        Ok(loaded)
    }

    pub(super) fn write(&self) -> Result<(), Error> {
        let path = self.folder.join(FACTS);
        let failed = |error| Error::file("write", &path, error);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::definition(path.display().to_string(), error.to_string()))?;
        let mut file = File::create(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync(&self.folder)
    }

    /// The Parquet files of a table: their folder, their names, and how many rows they have; none if it was not in the download.
    pub fn files(&self, table: &str) -> Option<(PathBuf, Vec<String>, u64)> {
        let rows = *self.tables.get(table)?;
        Some((self.folder.clone(), vec![format!("{table}.parquet")], rows))
    }
}

/// Makes what was done in a folder stay after a power cut.
pub(super) fn sync(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::file("sync", folder, error))
}

/// The tables of the model that a download may hold.
pub(super) fn tables() -> impl Iterator<Item = &'static cdm::Table> {
    const NAMES: [&str; 9] = [
        "vocabulary",
        "domain",
        "concept_class",
        "relationship",
        "concept",
        "concept_relationship",
        "concept_ancestor",
        "concept_synonym",
        "drug_strength",
    ];
    NAMES.iter().filter_map(|name| cdm::table(name))
}
