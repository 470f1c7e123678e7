//! Tests of readers: what files hold is made here by writers of the tests' own, or comes from the test data.

mod archives;
mod damaged;
mod databases;
mod delimited;
mod dumps;
mod hostile;
mod office;
mod property;
mod real;

use super::{BadRow, Charset, Delivery, Passed, Place, ReadError, ReadOptions, RowBatch, Table, TableOptions};
use std::path::{Path, PathBuf};

/// All that a table gives.
#[derive(Debug, Default)]
struct Whole {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    places: Vec<Place>,
    bad: Vec<BadRow>,
    passed: Passed,
    notes: Vec<String>,
    content: Option<super::Content>,
}

impl Whole {
    /// The rows with nulls as they are shown in tests.
    fn texts(&self) -> Vec<Vec<&str>> {
        self.rows.iter().map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("<null>")).collect()).collect()
    }

    fn reasons(&self) -> Vec<(u64, &'static str)> {
        self.bad.iter().map(|bad| (bad.place.number, bad.reason)).collect()
    }
}

/// Reads a table to its end.
fn read(table: &mut dyn Table) -> Result<Whole, ReadError> {
    let mut whole = Whole { columns: table.columns().to_vec(), ..Whole::default() };
    let mut batch = RowBatch::new(whole.columns.len());
    while table.next(&mut batch)? {
        assert!(batch.len() <= super::BATCH_ROWS, "a batch has a bound");
        assert!(batch.len() <= 1 || batch.text_bytes() <= super::BATCH_BYTES + super::ROW_BYTES, "a batch has a bound");
        for row in 0..batch.len() {
            whole
                .rows
                .push((0..whole.columns.len()).map(|column| batch.cell(row, column).map(str::to_owned)).collect());
            whole.places.push(batch.place(row));
        }
        whole.bad.append(&mut batch.bad);
    }
    whole.passed = table.passed();
    whole.notes = table.notes().to_vec();
    whole.content = table.content();
    Ok(whole)
}

/// A folder with files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn open(path: &Path) -> Delivery {
    Delivery::open(path, &ReadOptions::default()).unwrap()
}

/// Reads the only table of a file with these bytes.
fn read_file(name: &str, bytes: &[u8], options: TableOptions) -> Result<Whole, ReadError> {
    let folder = folder(&[(name, bytes)]);
    let delivery = open(&folder.path().join(name));
    assert_eq!(delivery.tables().len(), 1, "{:?}", delivery.passed_over());
    let mut table = delivery.open_table(&delivery.tables()[0], options)?;
    read(table.as_mut())
}

fn charset(name: &str) -> Charset {
    Charset::for_name(name).unwrap()
}

fn encoded(name: &str) -> TableOptions {
    TableOptions { encoding: Some(charset(name)), ..TableOptions::default() }
}

/// An archive of the test data; none, with a word about it, if there are no test data.
fn data(archive: &str) -> Option<PathBuf> {
    let Ok(data) = std::env::var("MEDWEAVE_TEST_DATA") else {
        assert!(std::env::var_os("CI").is_none(), "MEDWEAVE_TEST_DATA is not set");
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    Some(Path::new(&data).join("records/tables").join(archive))
}
