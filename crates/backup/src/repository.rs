//! A folder of copies.
//!
//! ```text
//! REPOSITORY/ medweave-backup.json   format, id, recipients
//!             packs/NAME             blocks, encrypted
//!             copies/TIME            the list of a copy, encrypted
//!             copies/TIME.json       what can be told of it without the key
//!             LOCK                   held by whoever adds or removes
//! ```

use crate::error::Error;
use crate::key::Recipient;
use crate::pack::sync_folder;
use crate::snapshot::{About, FORMAT};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const HEAD: &str = "medweave-backup.json";
const PACKS: &str = "packs";
const COPIES: &str = "copies";

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    id: String,
    recipients: Vec<String>,
}

/// Where copies lie.
#[derive(Debug)]
pub struct Repository {
    path: PathBuf,
    id: String,
    recipients: Vec<Recipient>,
}

impl Repository {
    /// A new repository in a folder that is not there or empty, for whoever holds the keys of `recipients`.
    ///
    /// # Errors
    /// [`Error::NotEmpty`], [`Error::File`], [`Error::Key`] without a recipient.
    pub fn make(path: &Path, recipients: Vec<Recipient>) -> Result<Repository, Error> {
        if recipients.is_empty() {
            return Err(Error::Key("a new folder of copies needs a recipient, age1…".to_owned()));
        }
        make_folder(path)?;
        if std::fs::read_dir(path).map_err(Error::file("read", path))?.next().is_some() {
            return Err(Error::NotEmpty(path.to_owned()));
        }
        make_folder(&path.join(PACKS))?;
        make_folder(&path.join(COPIES))?;
        let seed = crate::Key::generate().recipient().to_string();
        let id = blake3::hash(seed.as_bytes()).to_hex()[..16].to_owned();
        let names = recipients.iter().map(ToString::to_string).collect();
        let head = serde_json::to_vec_pretty(&Head { format: FORMAT, id: id.clone(), recipients: names });
        let head = head.map_err(|error| Error::damaged(path, error.to_string()))?;
        write_whole(&path.join(HEAD), &head)?;
        Ok(Repository { path: path.to_owned(), id, recipients })
    }

    /// The repository in a folder.
    ///
    /// # Errors
    /// [`Error::NoRepository`], [`Error::Newer`], [`Error::Damaged`].
    pub fn open(path: &Path) -> Result<Repository, Error> {
        let file = path.join(HEAD);
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::NoRepository(path.to_owned()));
            }
            Err(error) => return Err(Error::file("read", &file)(error)),
        };
        let head: Head = serde_json::from_slice(&bytes).map_err(|error| Error::damaged(&file, error.to_string()))?;
        if head.format > FORMAT {
            return Err(Error::Newer { path: file, found: head.format, known: FORMAT });
        }
        let recipients = head.recipients.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        Ok(Repository { path: path.to_owned(), id: head.id, recipients })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose keys open it.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The copies in it, oldest first.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Damaged`].
    pub fn copies(&self) -> Result<Vec<About>, Error> {
        let mut copies = Vec::new();
        for name in names(&self.path.join(COPIES))? {
            let Some(name) = name.strip_suffix(".json") else { continue };
            let file = self.about_path(name);
            let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
            let about = serde_json::from_slice(&bytes).map_err(|error| Error::damaged(&file, error.to_string()))?;
            copies.push(about);
        }
        // By their numbers: a clock may have been wrong.
        copies.sort_by(|a: &About, b: &About| (a.no, &a.name).cmp(&(b.no, &b.name)));
        Ok(copies)
    }

    /// The newest copy that was begun at or before `at_us`; the newest of all without it.
    ///
    /// # Errors
    /// [`Error::NoSnapshot`], and as [`Repository::copies`].
    pub fn copy_of(&self, at_us: Option<i64>) -> Result<About, Error> {
        let copies = self.copies()?;
        let oldest = copies.first().map(|about| about.name.clone());
        let found = copies.into_iter().rfind(|about| at_us.is_none_or(|at_us| about.taken_us <= at_us));
        found.ok_or_else(|| {
            let path = self.path.display();
            Error::NoSnapshot(oldest.map_or_else(
                || format!("there is no whole copy in {path}"),
                |oldest| format!("no copy in {path} is as old as that: the oldest is of {oldest}"),
            ))
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn packs_folder(&self) -> PathBuf {
        self.path.join(PACKS)
    }

    /// Names of the packs, and how long each is.
    pub(crate) fn packs(&self) -> Result<BTreeMap<String, u64>, Error> {
        let folder = self.packs_folder();
        let with_length = |name: String| {
            let about = std::fs::metadata(folder.join(&name)).map_err(Error::file("read", &folder))?;
            Ok((name, about.len()))
        };
        names(&folder)?.into_iter().map(with_length).collect()
    }

    pub(crate) fn list_path(&self, name: &str) -> PathBuf {
        self.path.join(COPIES).join(name)
    }

    fn about_path(&self, name: &str) -> PathBuf {
        self.path.join(COPIES).join(format!("{name}.json"))
    }

    /// A copy is there once this is.
    pub(crate) fn write_about(&self, about: &About) -> Result<(), Error> {
        let path = self.about_path(&about.name);
        let bytes = serde_json::to_vec(about).map_err(|error| Error::damaged(&path, error.to_string()))?;
        write_whole(&path, &bytes)
    }

    pub(crate) fn remove_copy(&self, name: &str) -> Result<(), Error> {
        for path in [self.about_path(name), self.list_path(name)] {
            remove(&path)?;
        }
        Ok(())
    }

    pub(crate) fn remove_pack(&self, name: &str) -> Result<u64, Error> {
        let path = self.packs_folder().join(name);
        let bytes = std::fs::metadata(&path).map_or(0, |about| about.len());
        remove(&path)?;
        Ok(bytes)
    }

    /// Takes away what copies that were broken off left behind.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        for folder in [self.packs_folder(), self.path.join(COPIES)] {
            let all = std::fs::read_dir(&folder).map_err(Error::file("read", &folder))?;
            for entry in all {
                let path = entry.map_err(Error::file("read", &folder))?.path();
                if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                    remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Nobody else adds or removes while this is held.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        lock(&self.path.join("LOCK"))
    }
}

/// Holds a file for oneself until what this gives is dropped.
pub(crate) fn lock(path: &Path) -> Result<File, Error> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(Error::file("open", path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::Busy(path.to_owned())),
        Err(error) => Err(Error::file("hold", path)(error.into())),
    }
}

pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::file("make", path))
}

/// Names of the files of a folder that are whole.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let name = entry.map_err(Error::file("read", folder))?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            out.push(name);
        }
    }
    Ok(out)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}"));
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(Error::file("write", &beside))?;
    std::fs::rename(&beside, path).map_err(Error::file("name", path))?;
    sync_folder(path)
}

fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}
