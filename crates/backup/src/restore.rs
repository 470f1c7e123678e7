//! Making a folder of a copy.

use crate::block::BLOCK_BYTES;
use crate::error::Error;
use crate::key::Key;
use crate::pack::{read_pack, sync_folder};
use crate::repository::{Repository, make_folder};
use crate::snapshot::{About, Snapshot};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Files.
    pub files: u64,
    /// Bytes of them, each compared with what was read when the copy was taken.
    pub bytes: u64,
    /// What was noted of databases when the copy was taken, by their paths.
    pub notes: BTreeMap<String, serde_json::Value>,
}

/// A block's place in the files: which of them, and from which byte on.
type Targets = Vec<(usize, u64)>;

/// Makes the folder `into`, which is not there or empty, of a copy: as `into.restoring` until it is whole. `progress` is told how many bytes of how many are there.
///
/// # Errors
/// [`Error::NotEmpty`], [`Error::WrongKey`], [`Error::Damaged`] with what is damaged, [`Error::File`].
pub fn restore(
    repository: &Repository,
    about: &About,
    key: &Key,
    into: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Restored, Error> {
    let list = repository.list_path(&about.name);
    let snapshot = Snapshot::read(&list, key).map_err(|error| named(error, repository))?;
    check_empty(into)?;
    // Beside its place until all of it is there: what is broken off is no directory that could be served.
    let place = into;
    let into = &beside(place);
    check_empty(into).map_err(|_| Error::BrokenOff(into.clone()))?;
    make_folder(into)?;
    let mut files: Vec<(PathBuf, u32, u64, &str)> = Vec::new();
    let mut wanted: Vec<HashMap<u32, Targets>> = vec![HashMap::new(); snapshot.packs.len()];
    let mut folders = Vec::new();
    for entry in &snapshot.entries {
        let path = below(into, &entry.path).ok_or_else(|| Error::damaged(&list, format!("it names {}", entry.path)))?;
        let Some(content) = &entry.file else {
            make_folder(&path)?;
            folders.push((path, entry.mode));
            continue;
        };
        let mut at = 0;
        for run in &content.runs {
            let of_pack = wanted.get_mut(run.pack as usize);
            let of_pack = of_pack.ok_or_else(|| Error::damaged(&list, "it names a pack that it has not"))?;
            for no in run.first..run.first + run.count {
                of_pack.entry(no).or_default().push((files.len(), at));
                at += BLOCK_BYTES as u64;
            }
        }
        files.push((path, entry.mode, content.bytes, &content.hash));
    }
    for (path, _, bytes, _) in &files {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path).map_err(Error::file("make", path))?;
        file.set_len(*bytes).map_err(Error::file("write", path))?;
    }
    let total = files.iter().map(|(_, _, bytes, _)| bytes).sum();
    let mut written = 0;
    for (name, mut wanted) in snapshot.packs.iter().zip(wanted) {
        let path = repository.packs_folder().join(name);
        let mut open: Option<(usize, File)> = None;
        let read = read_pack(&path, key, |no, block| {
            for (file, at) in wanted.remove(&no).unwrap_or_default() {
                let target = &files[file].0;
                if open.as_ref().is_none_or(|(of, _)| *of != file) {
                    let opened = OpenOptions::new().write(true).open(target).map_err(Error::file("open", target))?;
                    open = Some((file, opened));
                }
                if let Some((_, opened)) = &open {
                    opened.write_all_at(block, at).map_err(Error::file("write", target))?;
                }
                written += block.len() as u64;
                progress(written.min(total), total);
            }
            Ok(!wanted.is_empty())
        });
        read.map_err(|error| named(error, repository))?;
        if let Some(no) = wanted.keys().min() {
            return Err(Error::damaged(&path, format!("it ends before block {no}")));
        }
    }
    for (path, mode, _, hash) in &files {
        let found = hash_of(path)?;
        if found != *hash {
            return Err(Error::damaged(repository.path(), format!("{} is not what was copied", path.display())));
        }
        let file = File::open(path).map_err(Error::file("open", path))?;
        file.set_permissions(Permissions::from_mode(*mode)).map_err(Error::file("write", path))?;
        file.sync_all().map_err(Error::file("write", path))?;
    }
    // Names of what lies in a folder are on disk once the folder is: the innermost first.
    for (path, mode) in folders.iter().rev() {
        std::fs::set_permissions(path, Permissions::from_mode(*mode)).map_err(Error::file("write", path))?;
        File::open(path).and_then(|folder| folder.sync_all()).map_err(Error::file("write", path))?;
    }
    File::open(into).and_then(|folder| folder.sync_all()).map_err(Error::file("write", into))?;
    // An empty folder gives way to it.
    std::fs::rename(into, place).map_err(Error::file("name", place))?;
    sync_folder(place)?;
    Ok(Restored { files: files.len() as u64, bytes: total, notes: snapshot.notes })
}

/// Where a folder is made before it is whole.
fn beside(into: &Path) -> PathBuf {
    let mut name = into.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    into.with_file_name(name)
}

fn check_empty(folder: &Path) -> Result<(), Error> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(Error::NotEmpty(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::file("read", folder)(error)),
    }
}

/// A path of a list below a folder; `None` where it would lead out of it.
fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    let inner = Path::new(path);
    let is_inner = inner.components().all(|part| matches!(part, Component::Normal(_)));
    (is_inner && !path.is_empty()).then(|| folder.join(inner))
}

fn hash_of(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::file("open", path))?;
    let mut hash = blake3::Hasher::new();
    let mut bytes = vec![0; BLOCK_BYTES];
    loop {
        match file.read(&mut bytes).map_err(Error::file("read", path))? {
            0 => return Ok(hash.finalize().to_hex().to_string()),
            count => hash.update(&bytes[..count]),
        };
    }
}

/// Says whose keys open the repository, where one did not.
fn named(error: Error, repository: &Repository) -> Error {
    match error {
        Error::WrongKey { .. } => {
            let recipients = repository.recipients().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Error::WrongKey { path: repository.path().to_owned(), recipients }
        }
        other => other,
    }
}
