use crate::house::{House, everything};
use intake::import::{ImportOptions, files_at};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The folder of test data; without it a test says that it did nothing.
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("MEDWEAVE_TEST_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
    }
    data
}

#[test]
fn bundles_of_a_hospital_are_stored_once() {
    let Some(data) = data() else { return };
    let mut files = files_at(&[data.join("records/synthea-120/bundles")]).unwrap();
    files.truncate(7);
    // The bundles that the others refer to come last: the others wait.
    files.rotate_left(2);
    let house = House::new();
    let import = || {
        house
            .importer
            .import_all(&everything(), &files, &ImportOptions::default(), &mut |_| ControlFlow::Continue(()))
            .unwrap()
    };
    let first = import();
    assert!(first.iter().all(|report| report.issue_count == 0), "{:?}", first.iter().flat_map(|r| &r.issues).next());
    let stored: u64 = first.iter().map(|report| report.stored).sum();
    assert!(stored > 3_000, "{stored}");
    assert_eq!(first.iter().map(|report| report.unchanged).sum::<u64>(), 0);
    let again = import();
    assert_eq!(again.iter().map(|report| report.stored).sum::<u64>(), 0);
    assert_eq!(again.iter().map(|report| report.unchanged).sum::<u64>(), stored);
    assert_eq!(again.iter().map(|report| report.new_arrivals).sum::<u64>(), 0);
}
