//! `doctor` says that a directory is whole, and names each fault that is made in one.

use crate::made;
use crate::program::{Data, write};
use rusqlite::Connection;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A directory with records, a lake, accounts and seals that nobody has open.
fn filled() -> Data {
    let data = Data::new();
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    data.token("system/*.rs");
    data.done(&["lake", "flush"]);
    data
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn sql(data: &Path, database: &str, text: &str) {
    let connection = Connection::open(data.join(database)).unwrap();
    connection.execute_batch(text).unwrap();
}

/// Faults and notes of a report, without the one about the disk that the tests happen to run on.
fn found(told: &Value) -> (usize, usize) {
    let of = |severity: &str| {
        let findings = told["findings"].as_array().unwrap().iter();
        let of_the_data = findings.filter(|finding| !finding["what"].as_str().unwrap().contains("MiB are free"));
        of_the_data.filter(|finding| finding["severity"] == severity).count()
    };
    (of("fault"), of("note"))
}

/// The finding whose text holds this.
fn finding<'a>(told: &'a Value, text: &str) -> &'a Value {
    let mut findings = told["findings"].as_array().unwrap().iter();
    findings
        .find(|finding| finding["what"].as_str().unwrap().contains(text))
        .unwrap_or_else(|| panic!("no \"{text}\" in {told:#}"))
}

fn parquet(data: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(data.join("lake/patient")).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|end| end == "parquet")).unwrap()
}

#[test]
fn a_directory_that_is_whole_has_no_faults() {
    let data = filled();
    let told = data.json(&["doctor", "--json"]);
    assert_eq!(found(&told), (0, 0), "{told}");
    assert_eq!(told["checked"]["changes in the feed"], 2 * made::PATIENTS + 1);
    assert_eq!(told["checked"]["resources extracted anew"], 2 * made::PATIENTS + 1);
    assert!(told["checked"]["files of the lake"].as_u64().unwrap() > 3, "{told}");
    assert!(told["checked"]["seals"].as_u64().unwrap() > 0, "{told}");
    let text = data.done(&["doctor", "--sample", "3"]);
    assert!(text.contains("0 faults, "), "{text}");
}

#[test]
fn a_directory_in_use_is_checked_beside_its_program() {
    let data = Data::new();
    let served = data.serve(&[]);
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    let told = data.json(&["doctor", "--json"]);
    assert_eq!(found(&told).0, 0, "{told}");
    assert!(told["used_by"].as_str().unwrap().contains("which answers"), "{told}");
    assert_eq!(told["checked"]["changes in the feed"], 2 * made::PATIENTS + 1);
    assert_eq!(data.run(&["doctor", "--sweep"]).status.code(), Some(2));
    drop(served);
}

#[test]
fn each_fault_is_named_with_its_place_and_what_to_do() {
    type Spoil = fn(&Path);
    let faults: &[(Spoil, &str)] = &[
        (|data| write(&data.join("VERSION"), b"99\n"), "newer medweave"),
        (|data| write(&data.join("VERSION"), b"hello\n"), "is no version of a data directory"),
        (|data| std::fs::remove_file(data.join("VERSION")).unwrap(), "the version of the directory cannot be read"),
        (
            |data| std::fs::set_permissions(data.join("access/access.db"), PermissionsExt::from_mode(0o644)).unwrap(),
            "others may use it (mode 644)",
        ),
        (|data| sql(data, "records/records.db", "DELETE FROM feed WHERE seq = 3"), "the feed has a gap"),
        (
            |data| sql(data, "records/records.db", "UPDATE resource SET forward = x'' WHERE seq = 3"),
            "the index does not agree",
        ),
        (
            |data| sql(data, "records/records.db", "UPDATE audit SET principal = 'nobody' WHERE no = 1"),
            "is not what seal 1 sealed",
        ),
        (|data| std::fs::remove_file(data.join("arrivals/00000001.pack")).unwrap(), "a pack is missing"),
        (|data| std::fs::remove_file(data.join("records/records.db")).unwrap(), "the database of records is not there"),
        (|data| write(&data.join("records/records.db"), &[7; 4096]), "the records cannot be read"),
        (
            |data| {
                sql(
                    data,
                    "access/access.db",
                    "DROP TRIGGER account_audit_keeps_text; UPDATE account_audit SET who = 'nobody' WHERE seq = 1",
                );
            },
            "row 1 of the account audit was altered or is missing",
        ),
        (
            |data| sql(data, "access/access.db", "DROP TRIGGER account_audit_keeps_rows; DELETE FROM account_audit"),
            "the account audit ends at row 0, and was sealed at row",
        ),
        (|data| std::fs::remove_file(parquet(data)).unwrap(), "a file of the lake is missing"),
        (|data| write(&parquet(data), b"short"), "a file of the lake has 5 bytes"),
        (
            |data| sql(data, "lake/map.db", "UPDATE setting SET value = 999 WHERE name = 'seq'"),
            "its records are not these",
        ),
        (
            |data| {
                sql(
                    data,
                    "lake/map.db",
                    "DELETE FROM current WHERE row = (SELECT min(row) FROM current WHERE row > 0)",
                );
            },
            "the lake knows",
        ),
    ];
    let data = filled();
    for (at, (spoil, expected)) in faults.iter().enumerate() {
        let spoilt = data.path(&format!("copy{at}"));
        copy(&data.path("data"), &spoilt);
        spoil(&spoilt);
        let output = data.run(&["doctor", "--json", "--data", spoilt.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{expected}: {said}");
        let told: Value = serde_json::from_str(&said).unwrap();
        let finding = told["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["severity"] == "fault" && finding["what"].as_str().unwrap().contains(expected));
        let finding = finding.unwrap_or_else(|| panic!("no \"{expected}\" in {told:#}"));
        assert!(["where", "do"].iter().all(|name| !finding[name].as_str().unwrap().is_empty()), "{finding}");
        std::fs::remove_dir_all(&spoilt).unwrap();
    }
}

#[test]
fn what_a_crash_leaves_is_a_note_and_can_be_swept() {
    let data = filled();
    let pack = data.path("data/arrivals/00000001.pack");
    let length = std::fs::metadata(&pack).unwrap().len();
    std::fs::OpenOptions::new().append(true).open(&pack).unwrap().set_len(length + 5_000).unwrap();
    write(&data.path("data/lake/patient/part-left.parquet"), b"left");
    let mode = PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(data.path("data/lake/patient/part-left.parquet"), mode).unwrap();
    let told = data.json(&["doctor", "--json"]);
    assert_eq!(found(&told), (0, 2), "{told}");
    assert_eq!(data.json(&["doctor", "--sweep", "--json"])["swept_bytes"], 5_000);
    assert_eq!(std::fs::metadata(&pack).unwrap().len(), length);
    // The lake's own start sweeps its folder.
    data.done(&["lake", "status"]);
    assert_eq!(found(&data.json(&["doctor", "--json"])), (0, 0));
}

#[test]
fn an_earlier_layout_is_a_note_that_says_what_to_do() {
    let data = filled();
    sql(&data.path("data"), "records/records.db", "PRAGMA user_version = 1");
    let told = data.json(&["doctor", "--json"]);
    assert_eq!(found(&told), (0, 1), "{told:#}");
    let note = finding(&told, "earlier layout 1");
    assert!(note["do"].as_str().unwrap().contains("records.db.layout-1"), "{note}");
    // One that is not known to this program is a fault.
    sql(&data.path("data"), "records/records.db", "PRAGMA user_version = 99");
    assert_eq!(data.run(&["doctor"]).status.code(), Some(1));
    // What was set aside is named until it is removed.
    let data = filled();
    std::fs::copy(data.path("data/records/records.db"), data.path("data/records/records.db.layout-1")).unwrap();
    let told = data.json(&["doctor", "--json"]);
    assert_eq!(found(&told), (0, 1), "{told:#}");
    finding(&told, "a copy of the records from before a migration");
}

#[test]
fn a_clock_that_was_set_back_is_said() {
    let data = filled();
    let ahead = "UPDATE resource SET updated_us = updated_us + 86400000000 WHERE seq = (SELECT max(seq) FROM feed)";
    sql(&data.path("data"), "records/records.db", ahead);
    let told = data.run(&["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let note = finding(&told, "minutes behind the newest change");
    assert_eq!(note["severity"], "note");
    let served = data.serve(&[]);
    let log = std::fs::read_to_string(data.path("serve.log")).unwrap();
    assert!(log.contains("this machine's clock is 1439 minutes behind") || log.contains("is 1440 minutes"), "{log}");
    drop(served);
}

#[test]
fn what_is_no_data_directory_is_left_alone() {
    let data = Data::new();
    let output = data.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!data.path("data").exists());
    write(&data.path("data/holiday.jpg"), b"x");
    assert!(String::from_utf8_lossy(&data.run(&["doctor"]).stderr).contains("is no data directory"));
}
