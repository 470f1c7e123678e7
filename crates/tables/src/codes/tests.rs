//! The maps that come with medweave.

use super::{CodeMaps, LoadError, UnitMaps};
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_map_that_is_shipped_loads() {
    let mut errors: Vec<LoadError> = Vec::new();
    let (mut codes, mut units) = (CodeMaps::default(), UnitMaps::default());
    for mapping in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings")) {
        for (kind, file) in ["codes", "units"]
            .into_iter()
            .flat_map(|kind| files(&mapping.join(kind)).into_iter().map(move |file| (kind, file)))
        {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.display().to_string();
            let loaded = match (kind, file.extension().and_then(|extension| extension.to_str())) {
                ("units", _) => units.add_csv(&name, &name, &text),
                (_, Some("json")) => codes.add_concept_map(&name, &name, &text),
                _ => codes.add_csv(&name, &name, &text),
            };
            errors.extend(loaded.err().into_iter().flatten());
        }
    }
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert!(codes.names().count() > 10 && units.names().count() > 3, "the shipped mappings were found");
}
