//! The data directory: who has it, of which version it is, and what is in it.

use crate::failure::Failure;
use access::Access;
use records::Records;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The version of the directory's layout that this program writes.
const VERSION: u32 = 1;
/// How far the clock may be behind the newest change: clocks that are kept by the network are set back by seconds.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_mins(2);

/// A data directory that this process has for itself, until it is dropped.
pub(crate) struct Directory {
    /// Where it is.
    pub(crate) path: PathBuf,
    _lock: File,
}

/// What taking a directory gave.
pub(crate) enum Taken {
    /// It is this process's.
    Mine(Directory),
    /// Another program has it.
    Busy,
}

/// What looking at a directory gave.
pub(crate) enum Looked {
    /// Nobody has it open, nor can anybody begin to while this is held; `None` if there is no lock file to hold.
    Free(#[expect(dead_code, reason = "held until it is dropped")] Option<File>),
    /// Another program has it.
    Busy,
}

/// Looks at a directory without making or changing anything in it.
pub(crate) fn look(path: &Path) -> Result<Looked, Failure> {
    if !path.is_dir() {
        return Err(Failure::usage(format!("{} is no directory: name a data directory with --data", path.display())));
    }
    if !["VERSION", "LOCK", "records", "arrivals"].iter().any(|name| path.join(name).exists()) {
        return Err(Failure::usage(format!("{} is no data directory: name one with --data", path.display())));
    }
    let lock = match File::open(path.join("LOCK")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Looked::Free(None)),
        Err(error) => {
            return Err(Failure::failed(format!(
                "{}: {error}: run it as the user who owns the data directory",
                path.join("LOCK").display()
            )));
        }
    };
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Looked::Free(Some(lock))),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(Looked::Busy),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

/// Whether this program knows the directory's layout.
pub(crate) fn version(data: &Path) -> Result<(), Failure> {
    let file = data.join("VERSION");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::failed(format!("the version of the directory cannot be read: {error}")))?;
    known_version(&text, &file, data)
}

/// The control socket of a directory.
pub(crate) fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

impl Directory {
    /// Takes the directory, making it if it is not there.
    pub(crate) fn take(path: &Path) -> Result<Taken, Failure> {
        let failed = |what: &str, error: io::Error| match error.kind() {
            io::ErrorKind::PermissionDenied => Failure::failed(format!(
                "no permission to {what} {}: run it as the user who owns the data directory, or choose another with --data",
                path.display()
            )),
            io::ErrorKind::StorageFull => {
                Failure::failed(format!("no space is left on the disk of {}", path.display()))
            }
            _ => Failure::failed(format!("cannot {what} {}: {error}", path.display())),
        };
        if path.is_file() {
            return Err(Failure::usage(format!("{} is a file; --data names a directory", path.display())));
        }
        let is_new = !path.exists();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| failed("make", error))?;
        let is_empty = path.read_dir().map_err(|error| failed("read", error))?.next().is_none();
        let version = path.join("VERSION");
        if !is_new && !is_empty && !version.exists() && !path.join("LOCK").exists() {
            return Err(Failure::usage(format!(
                "{} holds other files and is no data directory: choose an empty one with --data",
                path.display()
            )));
        }
        let mut options = OpenOptions::new();
        let lock = options
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path.join("LOCK"))
            .map_err(|error| failed("write to", error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Taken::Busy),
            Err(error) => return Err(failed("lock", error.into())),
        }
        check_version(&version, path)?;
        Ok(Taken::Mine(Directory { path: path.to_owned(), _lock: lock }))
    }

    /// Opens the stores in it.
    pub(crate) fn open(&self) -> Result<(Arc<Records>, Arc<Access>), Failure> {
        let options = records::Options {
            clock: Box::new(now_us),
            randomness: Box::new(|| {
                let mut bytes = [0; 16];
                access::system_random(&mut bytes);
                bytes
            }),
        };
        let progress = |text: &str| records::tell_operator!("medweave: {text}");
        let records = Records::open_telling(&self.path, options, &progress).map_err(|error| match error {
            records::Error::DiskFull => Failure::failed(format!(
                "no space is left on the disk of {}: free some (even reading needs a little to begin)",
                self.path.display()
            )),
            error => Failure::failed(error.to_string()),
        })?;
        let access = Access::open(&self.path.join("access"), records::SCOPE_TYPES)
            .map_err(|error| Failure::failed(error.to_string()))?;
        Ok((Arc::new(records), Arc::new(access)))
    }
}

/// The clock: µs since 1970 UTC.
pub(crate) fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn check_version(file: &Path, data: &Path) -> Result<(), Failure> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Beside its place and moved there: a crash leaves it whole or not there.
            let mut beside = tempfile::NamedTempFile::new_in(data)?;
            beside.write_all(format!("{VERSION}\n").as_bytes())?;
            beside.as_file().sync_all()?;
            beside.persist(file).map_err(|error| error.error)?;
            File::open(data)?.sync_all()?;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    known_version(&text, file, data)
}

fn known_version(text: &str, file: &Path, data: &Path) -> Result<(), Failure> {
    match text.trim().parse::<u32>() {
        Ok(VERSION) => Ok(()),
        Ok(found) if found > VERSION => Err(Failure::failed(format!(
            "{} was written by a newer medweave (layout {found}; this one, {}, knows {VERSION}): use that version",
            data.display(),
            env!("CARGO_PKG_VERSION")
        ))),
        _ => Err(Failure::failed(format!("{}: \"{}\" is no version of a data directory", file.display(), text.trim()))),
    }
}
