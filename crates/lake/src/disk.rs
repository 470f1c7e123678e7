//! How much of a disk may be used for what does not fit into memory.

use std::path::Path;

/// Of what is free, queries leave as much to the store as they take.
const PART: u64 = 2;

/// `most` bytes, or a part of what is free on the disk of a folder, which need not be there yet, if that is less.
pub(crate) fn room(folder: &Path, most: u64) -> u64 {
    let disk = folder.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok());
    disk.map_or(most, |disk| most.min(disk.f_bavail.saturating_mul(disk.f_frsize) / PART))
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn not_all_of_a_disk_is_taken() {
        let folder = std::env::temp_dir();
        assert!(room(&folder.join("not/there/yet"), u64::MAX) < u64::MAX);
        assert_eq!(room(&folder, 0), 0);
    }
}
