//! The Delta log of a table, as the open protocol writes it: reader version 1, writer version 2, no deletion vectors.
//!
//! The log is written, never read: the map of the lake knows the files, and the log tells other engines what the map has
//! committed. So there is no conflict to resolve and no history to replay, and what is needed of the protocol is four kinds of
//! action as lines of JSON, and the checkpoint that repeats the state in Parquet.

mod actions;
mod checkpoint;

pub(crate) use actions::{first_entry, next_entry};
pub(crate) use checkpoint::{CHECKPOINT_EVERY, State, write_checkpoint};

use crate::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of a table's log.
pub(crate) fn log_folder(table: &Path) -> PathBuf {
    table.join("_delta_log")
}

fn entry(table: &Path, version: i64) -> PathBuf {
    log_folder(table).join(format!("{version:020}.json"))
}

/// Whether the log entry of a version is there.
pub(crate) fn has_entry(table: &Path, version: i64) -> bool {
    entry(table, version).exists()
}

/// Writes the log entry of a version. Written again after a crash it is the same text, so an entry that is there stays.
pub(crate) fn write_entry(table: &Path, version: i64, actions: &str) -> Result<(), Error> {
    let path = entry(table, version);
    if path.exists() {
        return Ok(());
    }
    write_whole(&path, actions.as_bytes())
}

/// Makes a file that is there whole or not at all, and on disk when this returns.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Engines take no notice of names with a leading dot.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let making = folder.join(format!(".{name}.tmp"));
    let failed = |error| Error::file("write", path, error);
    let mut file = File::create(&making).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&making, path).map_err(failed)?;
    sync_folder(folder)
}

/// Makes what was named in a folder stay named.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| Error::file("sync", folder, error))
}

/// Removes log entries older than `before_us` that a checkpoint before `version` has made needless.
pub(crate) fn clean_log(table: &Path, version: i64, before_us: i64) -> Result<(), Error> {
    let folder = log_folder(table);
    let keep_from = version - version % CHECKPOINT_EVERY;
    for entry in fs::read_dir(&folder).map_err(|error| Error::file("list", &folder, error))? {
        let entry = entry.map_err(|error| Error::file("list", &folder, error))?;
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.split('.').next()?.parse::<i64>().ok()) else { continue };
        let old = entry.metadata().and_then(|data| data.modified()).is_ok_and(|at| {
            at.duration_since(std::time::UNIX_EPOCH).is_ok_and(|age| (age.as_micros() as i64) < before_us)
        });
        if number < keep_from && old {
            fs::remove_file(entry.path()).map_err(|error| Error::file("remove", &entry.path(), error))?;
        }
    }
    Ok(())
}
