//! What a flush costs, what stays on disk, and what a damaged lake does.

use crate::house::{Change, House};
use std::fs;
use std::time::Duration;

fn patient(no: usize, value: usize) -> Change {
    // Names that do not pack well, so that files grow as they do in life.
    let mut noise = (no as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ value as u64;
    let mut word = || {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{noise:016x}")
    };
    let text = format!(
        r#"{{"resourceType":"Patient","id":"p{no}","name":[{{"family":"{}{}","given":["{}{}"]}}],"address":[{{"line":["{}{}"]}}]}}"#,
        word(),
        word(),
        word(),
        word(),
        word(),
        word()
    );
    Change::Put(text)
}

fn files_on_disk(house: &House, table: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(house.lake_folder().join(table))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".parquet"))
        .collect();
    names.sort();
    names
}

/// Bytes that a flush of ten new patients replaces in a lake of `patients`.
fn replaced_by_ten_more(patients: usize) -> (u64, u64) {
    let house = House::new();
    for from in (0..patients).step_by(500) {
        house.write((from..from + 500).map(|no| patient(no, 0)).collect());
    }
    house.lake().flush().unwrap();
    let before = house.lake().status().flushes;
    house.write((patients..patients + 10).map(|no| patient(no, 0)).collect());
    house.lake().flush().unwrap();
    let after = house.lake().status().flushes;
    let held: u64 = house.lake().status().tables.iter().map(|table| table.bytes).sum();
    assert_eq!(house.ask("SELECT count(*) FROM patient"), format!("{}\n", patients + 10));
    (after.replaced_bytes - before.replaced_bytes + after.bytes - before.bytes, held)
}

#[test]
fn what_a_flush_costs_does_not_grow_with_the_table() {
    let (cost, held) = replaced_by_ten_more(1_000);
    let (cost_ten_times, held_ten_times) = replaced_by_ten_more(10_000);
    println!("{held} bytes held: {cost} read and written; {held_ten_times} held: {cost_ten_times} read and written");
    assert!(held_ten_times > 8 * held, "{held} {held_ten_times}");
    assert!(cost_ten_times < 2 * cost, "{cost} {cost_ten_times}");
}

#[test]
fn a_trickle_of_changes_rewrites_a_row_as_often_as_its_file_doubles() {
    let house = House::new();
    house.write((0..2_000).map(|no| patient(no, 0)).collect());
    house.lake().flush().unwrap();
    let begun = house.lake().status().flushes;
    for round in 0..64 {
        house.write((0..5).map(|no| patient(10_000 + round * 5 + no, 0)).collect());
        house.lake().flush().unwrap();
    }
    let ended = house.lake().status().flushes;
    let table = house.lake().status().tables.into_iter().find(|table| table.name == "patient").unwrap();
    // Ten tables' worth of bytes would have been written were each flush to rewrite the whole.
    assert!(ended.bytes - begun.bytes < 10 * begun.bytes, "{begun:?} {ended:?}");
    assert!(table.files <= 10, "{table:?}");
    assert_eq!(house.ask("SELECT count(*), count(DISTINCT _id) FROM patient"), "2320,2320\n");
}

#[test]
fn replaced_files_stay_a_day_and_then_go_with_the_log_that_tells_of_them() {
    let mut house = House::new();
    for version in 0..60 {
        house.write(vec![patient(1, version)]);
        house.lake().flush().unwrap();
    }
    house.open_lake();
    let kept = files_on_disk(&house, "patient");
    assert!(kept.len() > 50, "{}", kept.len());
    house.pass(Duration::from_hours(23));
    house.open_lake();
    wait_for(|| true);
    assert_eq!(files_on_disk(&house, "patient"), kept);
    house.pass(Duration::from_hours(2));
    house.open_lake();
    wait_for(|| files_on_disk(&house, "patient").len() == 1);
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "1\n");
    // The clock of files is the system's: log entries go a day after they were written by it.
    house.pass(Duration::from_hours(24 * 365 * 10));
    house.open_lake();
    let log = || fs::read_dir(house.lake_folder().join("patient/_delta_log")).unwrap().count();
    wait_for(|| log() < 20);
    house.write(vec![patient(2, 0)]);
    house.lake().flush().unwrap();
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "2\n");
}

/// Waits for what another thread does.
fn wait_for(mut reached: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if reached() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not come to that");
}

#[test]
fn a_lake_with_a_file_missing_or_cut_short_or_without_its_log_is_made_again() {
    let mut house = House::new();
    house.write((0..20).map(|no| patient(no, 0)).collect());
    for damage in 0..3 {
        house.lake().flush().unwrap();
        house.close_lake();
        let folder = house.lake_folder().join("patient");
        let file = folder.join(&files_on_disk(&house, "patient")[0]);
        match damage {
            0 => fs::remove_file(file).unwrap(),
            1 => fs::write(&file, &fs::read(&file).unwrap()[..100]).unwrap(),
            _ => fs::remove_dir_all(folder.join("_delta_log")).unwrap(),
        }
        house.open_lake();
        assert_eq!(house.ask("SELECT count(*) FROM patient"), "20\n", "damage {damage}");
    }
}

#[test]
fn a_flush_that_failed_is_finished_by_the_next_with_what_came_since() {
    let house = House::new();
    house.write(vec![patient(1, 0), patient(2, 0)]);
    house.lake().flush().unwrap();
    // What is in the way of a log entry's file: the files are committed by then, the log is not.
    let in_the_way = house.lake_folder().join("patient/_delta_log/.00000000000000000002.json.tmp");
    fs::create_dir(&in_the_way).unwrap();
    house.write(vec![patient(1, 1), patient(3, 0)]);
    let error = house.lake().flush().unwrap_err().to_string();
    assert!(error.contains("_delta_log"), "{error}");
    assert!(house.lake().status().problem.is_some());
    let rows = "SELECT count(*), count(DISTINCT _id), max(_version) FROM patient";
    assert_eq!(house.ask(rows), "3,3,2\n");
    house.write(vec![patient(2, 1), patient(4, 0)]);
    assert_eq!(house.ask(rows), "4,4,2\n");
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(house.lake().flush().unwrap(), house.records.head());
    assert_eq!(house.lake().status().problem, None);
    assert_eq!(house.ask(rows), "4,4,2\n");
    assert_eq!(house.ask("SELECT sum(_version) FROM patient"), "6\n");
}

#[test]
fn a_resource_of_many_megabytes_goes_through_like_others() {
    let house = House::new();
    let large = |no: usize| {
        let data = "QUJD".repeat(1 << 20);
        Change::Put(format!(r#"{{"resourceType":"Binary","id":"b{no}","contentType":"text/plain","data":"{data}"}}"#))
    };
    for no in 0..8 {
        house.write(vec![large(no), patient(no, 0)]);
    }
    let sql = "SELECT type, count(*), min(length(json)) FROM resource GROUP BY type ORDER BY type";
    let before = house.ask(sql);
    house.lake().flush().unwrap();
    assert_eq!(house.ask(sql), before);
    assert!(before.starts_with("Binary,8,4194"), "{before}");
}

#[test]
fn an_arrival_that_is_taken_back_says_so_once_before_and_after_a_flush_and_a_rebuild() {
    let house = House::new();
    house.write((0..3).map(|no| patient(no, 0)).collect());
    house.write(vec![patient(3, 0)]);
    let told = "SELECT no, undone IS NOT NULL, count(*) FROM arrival GROUP BY 1, 2 ORDER BY 1";
    assert_eq!(house.ask(told), "1,false,1\n2,false,1\n");
    house.lake().flush().unwrap();
    house.undo(1);
    let after = "1,true,1\n2,false,1\n3,false,1\n";
    assert_eq!(house.ask(told), after);
    assert_eq!(house.ask("SELECT _id FROM patient"), "p3\n");
    house.lake().flush().unwrap();
    assert_eq!(house.ask(told), after);
    house.lake().rebuild().unwrap();
    assert_eq!(house.ask(told), after);
    house.undo(2);
    house.lake().flush().unwrap();
    assert_eq!(house.ask(told), "1,true,1\n2,true,1\n3,false,1\n4,false,1\n");
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "0\n");
}

#[test]
fn a_reference_to_another_servers_patient_is_nobodys_here() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1"}"#);
    house.put(r#"{"resourceType":"Condition","id":"a","subject":{"reference":"Patient/1"}}"#);
    house.put(
        r#"{"resourceType":"Condition","id":"b","subject":{"reference":"https://elsewhere.example/fhir/Patient/1"}}"#,
    );
    assert_eq!(house.ask("SELECT _id, patient_id FROM condition ORDER BY 1"), "a,1\nb,\n");
}
