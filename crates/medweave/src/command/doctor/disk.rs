//! What can be said of a directory without opening its databases.

use super::Report;
use crate::directory;
use records::Severity;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// With less than this free, writes will be refused soon.
const SCARCE_BYTES: u64 = 64 << 20;
/// With less than this part free it is time to look for more.
const LOW_PART: u64 = 20;
/// Paths with wrong modes are listed up to this many.
const LISTED: usize = 5;

/// The version is one that this program knows.
pub(super) fn version(report: &mut Report, data: &Path) {
    if let Err(failure) = directory::version(data) {
        report.find(
            Severity::Fault,
            failure.text,
            data.join("VERSION").display(),
            "use the medweave that wrote the directory, or restore the file from a backup",
        );
    }
}

/// Nobody but the owner can read anything.
pub(super) fn modes(report: &mut Report, data: &Path) {
    let mut wrong = Vec::new();
    walk(data, &mut wrong);
    let count = wrong.len();
    for (path, mode) in wrong.into_iter().take(LISTED) {
        let advice = format!("chmod go= {}", path.display());
        report.find(Severity::Fault, format!("others may use it (mode {mode:03o})"), path.display(), &advice);
    }
    if count > LISTED {
        let what = format!("others may use {} further files", count - LISTED);
        report.find(Severity::Fault, what, data.display(), &format!("chmod -R go= {}", data.display()));
    }
}

fn walk(path: &Path, wrong: &mut Vec<(PathBuf, u32)>) {
    let Ok(about) = std::fs::symlink_metadata(path) else { return };
    if about.is_symlink() {
        return;
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        wrong.push((path.to_owned(), mode));
    }
    if let (true, Ok(entries)) = (about.is_dir(), std::fs::read_dir(path)) {
        entries.filter_map(Result::ok).for_each(|entry| walk(&entry.path(), wrong));
    }
}

/// There is room to go on.
pub(super) fn space(report: &mut Report, data: &Path) {
    let Ok(disk) = rustix::fs::statvfs(data) else { return };
    let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
    report.counts.push(("MiB free on the disk", free >> 20));
    let advice = "free some, or move the directory to a larger disk: writes are refused when it is full, reads go on";
    if free < SCARCE_BYTES {
        report.find(Severity::Fault, format!("only {} MiB are free", free >> 20), data.display(), advice);
    } else if free < all / LOW_PART {
        let what = format!("only {} of {} MiB are free", free >> 20, all >> 20);
        report.find(Severity::Note, what, data.display(), advice);
    }
}
