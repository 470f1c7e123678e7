//! What can be said of a directory without opening its databases.

use super::Report;
use crate::directory;
use records::Severity;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// With less than this free, writes will be refused soon.
const SCARCE_BYTES: u64 = 64 << 20;
/// With less than this free not even a database is opened.
const NOTHING_BYTES: u64 = 1 << 20;
/// With less than this part free it is time to look for more …
const LOW_PART: u64 = 20;
/// … but not where this much is free: a twentieth of a large disk lasts for years. Nor is a part of a small disk enough.
const PLENTY_BYTES: u64 = 16 << 30;
const LEAST_BYTES: u64 = 1 << 30;
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
    report.is_disk_full = free < NOTHING_BYTES;
    let advice = "free some, or move the directory to a larger disk: writes are refused when it is full, reads go on";
    if let Some(severity) = shortage(free, all) {
        let what = format!("only {} of {} MiB are free", free >> 20, all >> 20);
        report.find(severity, what, data.display(), advice);
    }
}

/// How serious it is that so many of so many bytes are free.
fn shortage(free_bytes: u64, all_bytes: u64) -> Option<Severity> {
    let low = (all_bytes / LOW_PART).clamp(LEAST_BYTES, PLENTY_BYTES);
    match free_bytes {
        ..SCARCE_BYTES => Some(Severity::Fault),
        _ if free_bytes < low => Some(Severity::Note),
        _ => None,
    }
}

/// A copy from before a migration takes as much room as all records.
pub(super) fn copies(report: &mut Report, data: &Path) {
    let Ok(entries) = std::fs::read_dir(data.join("records")) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with("records.db.layout-") {
            let bytes = entry.metadata().map_or(0, |about| about.len());
            let what = format!("a copy of the records from before a migration is kept ({} MiB)", bytes >> 20);
            report.find(Severity::Note, what, entry.path().display(), "remove it when all is well with this version");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortage;
    use records::Severity;

    #[test]
    fn free_space_is_judged_by_what_it_is_and_by_its_part_of_the_disk() {
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        const TIB: u64 = 1 << 40;
        for (free, all, expected) in [
            (63 * MIB, TIB, Some(Severity::Fault)),
            (63 * MIB, 96 * MIB, Some(Severity::Fault)),
            // 200 GB of 4 TB are a twentieth, and plenty.
            (200 * GIB, 4 * TIB, None),
            (15 * GIB, 4 * TIB, Some(Severity::Note)),
            (16 * GIB, 4 * TIB, None),
            (4 * GIB, 100 * GIB, Some(Severity::Note)),
            (6 * GIB, 100 * GIB, None),
            // A tenth of a small disk is not enough.
            (800 * MIB, 8 * GIB, Some(Severity::Note)),
            (2 * GIB, 8 * GIB, None),
        ] {
            assert_eq!(shortage(free, all), expected, "{free} of {all}");
        }
    }
}
