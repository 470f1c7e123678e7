//! The test data: `MEDWEAVE_TEST_DATA` names its folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder `records` of the test data; `None`, with a line that says so, if there is no test data.
pub fn records() -> Option<PathBuf> {
    let data = std::env::var_os("MEDWEAVE_TEST_DATA");
    if data.is_none() {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
    }
    data.map(|data| Path::new(&data).join("records"))
}

/// The Synthea bundles, unpacked one by one.
pub fn synthea_bundles() -> Option<impl Iterator<Item = (String, Vec<u8>)>> {
    let folder = records()?.join("synthea-120/bundles");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 100, "{} holds the bundles", folder.display());
    Some(paths.into_iter().map(|path| {
        let output = Command::new("gzip").arg("-dc").arg(&path).output().unwrap();
        assert!(output.status.success(), "gzip could not unpack {}", path.display());
        (path.file_name().unwrap().to_string_lossy().into_owned(), output.stdout)
    }))
}

/// A folder with what an archive holds, removed when dropped.
pub struct Unpacked {
    folder: PathBuf,
}

impl Unpacked {
    /// Unpacks an archive of `records` for a test.
    pub fn new(archive: &str, test: &str) -> Option<Self> {
        let archive = records()?.join(archive);
        let folder = std::env::temp_dir().join(format!("medweave-fhir-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().unwrap();
        assert!(status.success(), "tar could not unpack {}", archive.display());
        Some(Unpacked { folder })
    }

    /// The files under a folder of the archive whose names end so, in order.
    pub fn files(&self, under: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
        let folder = self.folder.join(under);
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = paths
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
            .filter(|(name, path)| path.is_file() && name.ends_with(ending))
            .map(|(name, path)| (name, std::fs::read(path).unwrap()))
            .collect();
        found.sort();
        found
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
