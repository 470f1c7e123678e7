//! Mappings as they lie in a folder, and those that come with the program.

use crate::error::Error;
use rust_embed::RustEmbed;
use std::path::Path;

/// Bytes of one file of a mapping, at most.
pub(super) const FILE_BYTES: u64 = 16 << 20;
/// Files of a mapping, at most.
const FILES: usize = 1_000;

/// The mappings that come with the program.
#[derive(RustEmbed)]
#[folder = "mappings"]
struct Shipped;

/// Paths relative to the mapping's folder, and texts; in the order of their paths.
pub type MappingFiles = Vec<(String, String)>;

/// Names of the mappings that come with the program.
pub fn shipped() -> Vec<String> {
    let mut names: Vec<String> =
        Shipped::iter().filter_map(|path| path.strip_suffix("/mapping.toml").map(str::to_owned)).collect();
    names.sort();
    names
}

/// The files of a mapping: of one that comes with the program by its name, else of a folder.
///
/// # Errors
/// [`Error::Unknown`], [`Error::File`], [`Error::Name`] if it is too large.
pub fn files_of(mapping: &str) -> Result<MappingFiles, Error> {
    if !mapping.contains('/') {
        let inside = format!("{mapping}/");
        let mut files = MappingFiles::new();
        for path in Shipped::iter().filter(|path| path.starts_with(&inside)) {
            if let Some(file) = Shipped::get(&path) {
                files.push((path[inside.len()..].to_owned(), String::from_utf8_lossy(&file.data).into_owned()));
            }
        }
        if !files.is_empty() {
            files.sort();
            return Ok(files);
        }
    }
    let folder = Path::new(mapping);
    if !folder.is_dir() {
        let hint = format!("name a folder, or one that comes with the program: {}", shipped().join(", "));
        return Err(Error::Unknown { what: "mapping", name: mapping.to_owned(), hint: Some(hint) });
    }
    let mut files = MappingFiles::new();
    for inside in ["", "views", "codes", "units"] {
        let folder = folder.join(inside);
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.map_err(|error| Error::file("read", &folder, error))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
            // Tables beside mapping.toml are extracts, in whatever encoding: maps stand in folders of their own.
            let known: &[&str] = if inside.is_empty() { &["toml", "sql"] } else { &["toml", "sql", "csv", "json"] };
            let fits = path.extension().and_then(|extension| extension.to_str()).is_some_and(|e| known.contains(&e));
            if !fits || name.starts_with('.') || !path.is_file() {
                continue;
            }
            let failed = |error| Error::file("read", &path, error);
            let bytes = std::fs::metadata(&path).map_err(failed)?.len();
            if bytes > FILE_BYTES || files.len() >= FILES {
                return Err(Error::Name(format!(
                    "{} is too large for a mapping: {FILES} files of {} MiB at most",
                    path.display(),
                    FILE_BYTES >> 20
                )));
            }
            let text = std::fs::read_to_string(&path).map_err(failed)?;
            files.push((if inside.is_empty() { name } else { format!("{inside}/{name}") }, text));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extracts_that_lie_beside_a_mapping_are_no_files_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        write("mapping.toml", b"name = \"m\"\n");
        write("leute.csv", b"nr;name\n1;M\xfcller\n");
        write("leute.json", b"[]");
        write("codes/sex.csv", b"source,system,code\n");
        let files = files_of(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["codes/sex.csv", "mapping.toml"]);
    }
}
