//! What a crash leaves, made by hand: files without a commit, a commit without its log entries.

use crate::house::House;
use std::fs;

fn patient(no: usize, family: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"p{no}","name":[{{"family":"{family}"}}]}}"#)
}

#[test]
fn files_that_no_commit_names_are_swept_and_the_tail_comes_back_from_the_feed() {
    let mut house = House::new();
    house.put(&patient(1, "A"));
    house.lake().flush().unwrap();
    house.put(&patient(2, "B"));
    house.close_lake();
    let stray = house.lake_folder().join("patient/part-dead-000001.parquet");
    fs::write(&stray, b"half a file").unwrap();
    house.open_lake();
    assert!(!stray.exists());
    assert_eq!(house.ask("SELECT _id FROM patient ORDER BY 1"), "p1\np2\n");
}

#[test]
fn log_entries_that_a_crash_kept_from_being_written_are_written_at_the_next_start() {
    let mut house = House::new();
    house.put(&patient(1, "A"));
    house.lake().flush().unwrap();
    house.close_lake();
    let entry = house.lake_folder().join("patient/_delta_log/00000000000000000001.json");
    let text = fs::read_to_string(&entry).unwrap();
    fs::remove_file(&entry).unwrap();
    let map = rusqlite::Connection::open(house.lake_folder().join("map.db")).unwrap();
    let table: i64 = map
        .query_row("SELECT tbl FROM file WHERE path = (SELECT path FROM file f WHERE f.tbl > 1)", [], |r| r.get(0))
        .unwrap();
    map.execute("INSERT INTO pending VALUES (?1, 1, ?2)", rusqlite::params![table, text]).unwrap();
    drop(map);
    house.open_lake();
    assert_eq!(fs::read_to_string(&entry).unwrap(), text);
}

#[test]
fn a_lake_whose_map_is_lost_is_made_again() {
    let mut house = House::new();
    (0..20).for_each(|no| house.put(&patient(no, "A")));
    house.lake().flush().unwrap();
    house.close_lake();
    fs::remove_file(house.lake_folder().join("map.db")).unwrap();
    house.open_lake();
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "20\n");
}

#[test]
fn the_lake_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    for folder in ["", "patient", "patient/_delta_log"] {
        let mode = fs::metadata(house.lake_folder().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}
