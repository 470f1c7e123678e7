//! A store that works has no findings; each fault that is made in one is named with its place.

use crate::house::{House, START_US, everything};
use access::TrailHead;
use records::{CheckOptions, Checked, ReadRecord, Records, Severity, check};
use rusqlite::Connection;
use std::path::Path;

const NOBODY: TrailHead = TrailHead { seq: 0, hash: [0; 32] };

/// A closed store with versions, deletions, an update, reads and two seals.
fn filled() -> House {
    let house = House::new();
    for no in 0..30 {
        let text = format!(
            r#"{{"resourceType":"Observation","id":"o{no}","status":"final","subject":{{"reference":"Patient/p{}"}},
               "code":{{"coding":[{{"system":"http://loinc.org","code":"4548-4"}}]}},"effectiveDateTime":"2020-01-0{}",
               "valueQuantity":{{"value":{no}.50,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}}}}"#,
            no % 3,
            no % 9 + 1
        );
        house.put(&text).unwrap();
    }
    house.records.seal(NOBODY).unwrap().expect("something was recorded");
    house.put(r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Müller"}]}"#).unwrap();
    house.put(r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Meier"}]}"#).unwrap();
    house.delete("Observation", "o7").unwrap();
    let record = ReadRecord { action: "read", query: "Patient/p1", outcome: "done", count: 1, given: &[] };
    house.records.audit_read(&everything(), &record).unwrap();
    house.records.seal(NOBODY).unwrap().expect("something was recorded");
    house.records.close();
    house
}

fn look(house: &House, options: CheckOptions) -> Checked {
    check(&house.folder, &operator(), options, &mut |_| {}).unwrap()
}

fn operator() -> access::Grant {
    let principal = access::Principal::new(access::PrincipalKind::Operator, 0, "root");
    access::Grant::for_test(principal, "system/*.cruds")
}

fn database(house: &House) -> Connection {
    Connection::open(house.folder.join("records/records.db")).unwrap()
}

/// Makes a fault in a filled store and gives the faults found, one a line.
fn faults(spoil: impl FnOnce(&House)) -> String {
    let house = filled();
    spoil(&house);
    let found = look(&house, CheckOptions::default()).findings;
    let faults = found.iter().filter(|f| f.severity == Severity::Fault);
    faults.map(|f| format!("{} @ {}", f.what, f.place)).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn names(spoil: impl FnOnce(&House), expected: &[&str]) {
    let faults = faults(spoil);
    for text in expected {
        assert!(faults.contains(text), "no \"{text}\" in:\n{faults}");
    }
}

fn sql(text: &'static str) -> impl FnOnce(&House) {
    move |house| {
        assert!(database(house).execute(text, []).unwrap() > 0, "{text} changed nothing");
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 0x55;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_store_that_works_has_no_findings() {
    let house = filled();
    let checked = look(&house, CheckOptions::default());
    assert_eq!(checked.findings, []);
    assert_eq!((checked.head.0, checked.live), (33, 30));
    assert_eq!(checked.seal.unwrap().no, 2);
    let counts: Vec<String> = checked
        .counts
        .iter()
        .filter(|(what, _)| *what != "keys of the index")
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    assert!(
        checked.counts.iter().any(|(what, count)| *what == "keys of the index" && *count > 150),
        "{:?}",
        checked.counts
    );
    assert_eq!(
        counts,
        [
            "33 changes in the feed",
            "33 versions",
            "33 arrivals unpacked and hashed",
            "30 resources extracted anew",
            "33 audit rows",
            "1 segments of the audit of reads",
            "2 seals"
        ]
    );
    let sampled = look(&house, CheckOptions { sample: Some(5), in_use: false });
    assert_eq!(sampled.findings, []);
    assert!(sampled.counts.contains(&("resources extracted anew", 4)), "{:?}", sampled.counts);
}

#[test]
fn a_store_in_use_is_checked_beside_its_program() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"p1"}"#).unwrap();
    assert_eq!(look(&house, CheckOptions { sample: None, in_use: true }).findings, []);
}

#[test]
fn whoever_does_not_administer_checks_nothing() {
    let house = filled();
    let error = check(&house.folder, &everything(), CheckOptions::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, records::Error::Denied(_)), "{error}");
}

#[test]
fn a_gap_in_the_feed_is_named() {
    names(
        sql("DELETE FROM feed WHERE seq = 12"),
        &["the feed has a gap @ feed, position 12", "a version is not in the feed @ Observation/o11 version 1"],
    );
    names(sql("DELETE FROM feed WHERE seq = 33"), &["a version is not in the feed @ Observation/o7 version 2"]);
    names(sql("DELETE FROM feed WHERE seq = 1"), &["the feed does not begin at 1"]);
}

#[test]
fn a_version_that_is_lost_is_named() {
    names(
        sql("DELETE FROM version WHERE version = 1 AND seq = 31"),
        &[
            "a change of the feed leads to no version @ feed, position 31",
            "versions before this one are missing @ Patient/p1 version 2",
        ],
    );
}

#[test]
fn a_version_without_its_bytes_is_named() {
    let what = "a version leads to bytes that its arrival does not have";
    names(sql("UPDATE resource SET length = 100000 WHERE seq = 3"), &[&format!("{what} @ Observation/o2 version 1")]);
    names(sql("DELETE FROM arrival WHERE no = 31"), &[&format!("{what} @ Patient/p1 version 1")]);
}

#[test]
fn bytes_that_changed_are_named() {
    names(
        |house| flip(&house.folder.join("arrivals/00000001.pack"), 40),
        &["the bytes of an arrival are damaged @ arrival 1, arrivals/00000001.pack from byte 0"],
    );
    names(|house| std::fs::remove_file(house.folder.join("arrivals/00000001.pack")).unwrap(), &["a pack is missing"]);
    names(
        |house| {
            let file =
                std::fs::OpenOptions::new().write(true).open(house.folder.join("arrivals/00000001.pack")).unwrap();
            file.set_len(500).unwrap();
        },
        &["a pack holds 500 bytes"],
    );
    names(sql("UPDATE arrival SET hash = zeroblob(32) WHERE no = 2"), &["arrival 2", "not the bytes that came"]);
}

#[test]
fn an_index_that_disagrees_is_named() {
    names(
        sql("UPDATE resource SET forward = x'' WHERE seq = 5"),
        &["the index does not agree with a resource @ Observation/o4: ", "values are missing and 0"],
    );
    names(
        sql("UPDATE resource SET forward = (SELECT forward FROM resource WHERE seq = 6) WHERE seq = 5"),
        &["Observation/o4: ", "are there that should not be"],
    );
    names(sql("UPDATE resource SET body = x'00' WHERE seq = 5"), &["Observation/o4: its body cannot be unpacked"]);
    // A key too few, a key too many, and a wrong count.
    names(
        sql("UPDATE resource SET updated_us = updated_us + 1 WHERE seq = 5"),
        &["Observation/o4: its keys are not those in the index"],
    );
    names(
        sql("UPDATE resource SET state = 2 WHERE seq = 5"),
        &["which holds no resource: its keys are not those in the index", "Observation: 29 are counted, 28 are there"],
    );
    names(sql("DELETE FROM run"), &["its keys are not those in the index", "further places"]);
    let house = filled();
    database(&house).execute("DELETE FROM run", []).unwrap();
    let sampled = look(&house, CheckOptions { sample: Some(5), in_use: false }).findings;
    assert!(sampled.iter().any(|f| f.place.contains("of its keys are missing")), "{sampled:?}");
    names(sql("UPDATE token_value SET code = 'x' WHERE code = '4548-4'"), &["a value has no number"]);
}

#[test]
fn an_audit_row_that_was_changed_or_taken_out_is_named() {
    names(sql("DELETE FROM audit WHERE no = 5"), &["a row of the audit of writes is missing @ audit, row 5"]);
    names(
        sql("UPDATE audit SET principal = 'nobody' WHERE no = 5"),
        &["the audit of writes is not what seal 1 sealed: a row was changed or taken out @ audit, rows 1 to 30"],
    );
    names(
        sql("UPDATE audit SET at_us = 7 WHERE no = 32"),
        &["the audit of writes is not what seal 2 sealed: a row was changed or taken out @ audit, rows 31 to 33"],
    );
    names(
        sql("DELETE FROM audit WHERE no > 30"),
        &["is missing: changes from 31 on have none", "the audit of writes is cut off: seal 2 names row 33"],
    );
}

#[test]
fn read_events_that_were_changed_or_cut_off_are_named() {
    let sealed = "the audit of reads is not what seal 2 sealed";
    names(|house| flip(&house.folder.join("audit/00000001.seg"), 20), &[sealed]);
    names(|house| std::fs::write(house.folder.join("audit/00000001.seg"), b"").unwrap(), &[sealed]);
    names(|house| std::fs::remove_file(house.folder.join("audit/00000001.seg")).unwrap(), &[sealed]);
}

#[test]
fn seals_that_were_changed_or_cut_off_are_named() {
    let path = |house: &House| house.folder.join("audit/seals");
    let lines = |house: &House| std::fs::read_to_string(path(house)).unwrap();
    names(
        |house| std::fs::write(path(house), lines(house).replacen("1 ", "1 9", 1)).unwrap(),
        &["seal 1 does not follow"],
    );
    names(
        |house| std::fs::write(path(house), format!("{}\n", lines(house).lines().next().unwrap())).unwrap(),
        &["seal 2 is missing: the file was cut off or replaced"],
    );
    names(|house| std::fs::remove_file(path(house)).unwrap(), &["seal 2 is missing"]);
    names(|house| std::fs::write(path(house), "hello\n").unwrap(), &["a line is no seal"]);
    // The store opens all the same, and the fault stays known.
    let reopened = |house: &House| {
        std::fs::write(path(house), "hello\n").unwrap();
        let records = Records::open(&house.folder, options(START_US)).unwrap();
        records.seal(TrailHead { seq: 1, hash: [2; 32] }).unwrap().expect("something to seal");
        records.close();
    };
    names(reopened, &["the seals were damaged, and sealing began anew"]);
}

#[test]
fn what_a_crash_leaves_is_a_note_and_is_found_for_sweeping() {
    let house = filled();
    let pack = house.folder.join("arrivals/00000001.pack");
    let length = std::fs::metadata(&pack).unwrap().len();
    std::fs::OpenOptions::new().append(true).open(&pack).unwrap().set_len(length + 100).unwrap();
    std::fs::write(house.folder.join("arrivals/00000002.pack"), b"left").unwrap();
    std::fs::write(house.folder.join("audit/open"), b"").unwrap();
    let checked = look(&house, CheckOptions::default());
    assert!(checked.findings.iter().all(|f| f.severity == Severity::Note), "{:?}", checked.findings);
    let orphans: Vec<(u64, u64)> = checked.orphans.iter().map(|o| (o.from, o.to)).collect();
    assert_eq!(orphans, [(length, length + 100), (0, 4)]);
    assert_eq!(checked.findings.len(), 3, "{:?}", checked.findings);
}

#[test]
fn a_seal_is_made_each_minute_in_which_something_was_recorded() {
    use std::sync::atomic::{AtomicI64, Ordering};
    let folder = tempfolder();
    let now = std::sync::Arc::new(AtomicI64::new(START_US));
    let clock = std::sync::Arc::clone(&now);
    let options =
        records::Options { clock: Box::new(move || clock.load(Ordering::Relaxed)), randomness: Box::new(|| [7; 16]) };
    let records = Records::open(&folder, options).unwrap();
    let accounts = |seq| TrailHead { seq, hash: [1; 32] };
    let no = |seal: Option<records::Seal>| seal.map(|seal| seal.no);
    assert_eq!(no(records.seal_when_due(NOBODY).unwrap()), None);
    assert_eq!(no(records.seal_when_due(accounts(1)).unwrap()), Some(1));
    now.fetch_add(59_000_000, Ordering::Relaxed);
    assert_eq!(no(records.seal_when_due(accounts(2)).unwrap()), None);
    now.fetch_add(1_000_000, Ordering::Relaxed);
    assert_eq!(no(records.seal_when_due(accounts(2)).unwrap()), Some(2));
    now.fetch_add(60_000_000, Ordering::Relaxed);
    assert_eq!(no(records.seal_when_due(accounts(2)).unwrap()), None);
    // A clock that went back an hour does not stop it.
    now.fetch_sub(3_600_000_000, Ordering::Relaxed);
    assert_eq!(no(records.seal_when_due(accounts(3)).unwrap()), Some(3));
    records.close();
    let checked = check(&folder, &operator(), CheckOptions::default(), &mut |_| {}).unwrap();
    assert_eq!(checked.findings, []);
    assert_eq!(checked.sealed_accounts, [accounts(1), accounts(2), accounts(3)]);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn options(now_us: i64) -> records::Options {
    records::Options { clock: Box::new(move || now_us), randomness: Box::new(|| [7; 16]) }
}

fn tempfolder() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("medweave-seal-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
