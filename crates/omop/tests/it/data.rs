//! The test data that is not in the repository.

use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the tables lie; without them a test says so and is over. In CI they must be there.
fn folder() -> Option<PathBuf> {
    let Ok(data) = std::env::var("MEDWEAVE_TEST_DATA") else {
        assert!(std::env::var_os("CI").is_none(), "MEDWEAVE_TEST_DATA is not set");
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    Some(Path::new(&data).join("records/tables"))
}

/// Unpacks archives, one after the other, into a folder: files of a later one replace those of an earlier one.
pub fn unpacked(archives: &[&str]) -> Option<tempfile::TempDir> {
    let data = folder()?;
    let to = tempfile::tempdir().unwrap();
    for archive in archives {
        let path = data.join(format!("{archive}.tar.xz"));
        let mut bytes = Vec::new();
        liblzma::read::XzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
        tar::Archive::new(&bytes[..]).unpack(to.path()).unwrap();
    }
    Some(to)
}

/// The text of a file beside the archives.
pub fn text(file: &str) -> Option<String> {
    Some(std::fs::read_to_string(folder()?.join(file)).unwrap())
}

/// An instance of the model in a folder.
pub fn cdm(folder: &Path) -> omop::folder::Folder {
    let scratch = folder.join("scratch");
    let capacity = lake::Capacity { threads: 2, queries: 1 };
    let limits = lake::workbench::Limits::default();
    omop::folder::Folder::open(folder, &scratch, limits, capacity, &lake::Stop::default()).unwrap()
}
