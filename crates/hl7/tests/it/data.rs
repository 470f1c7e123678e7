//! The test data: `MEDWEAVE_TEST_DATA` names its folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with what an archive of `records` holds, removed when dropped.
pub struct Unpacked {
    folder: PathBuf,
}

impl Unpacked {
    /// Unpacks `archive` of `records/hl7v2`; `None`, with a line that says so, if there is no test data.
    pub fn new(archive: &str, test: &str) -> Option<Self> {
        Unpacked::of("hl7v2", archive, test)
    }

    /// The same of another folder.
    pub fn of(folder: &str, archive: &str, test: &str) -> Option<Self> {
        let from = folder;
        let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
            println!("skipped: MEDWEAVE_TEST_DATA is not set");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("medweave-hl7-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let archive = Path::new(&data).join("records").join(from).join(archive);
        let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().unwrap();
        assert!(status.success(), "tar could not unpack {}", archive.display());
        Some(Unpacked { folder })
    }

    /// All files, by name, in order.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut open = vec![self.folder.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    found.push((name, std::fs::read(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
