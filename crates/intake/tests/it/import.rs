use crate::house::{House, everything};
use intake::import::{FileToImport, ImportOptions, Importer, files_at};
use std::ops::ControlFlow;

const TRANSACTION: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"whatever","active":true},"request":{"method":"POST","url":"Patient"}},
 {"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:p"},"valueQuantity":{"value":1.0}},"request":{"method":"POST","url":"Observation"}}]}"#;

#[test]
fn the_same_file_twice_stores_nothing_and_a_changed_one_updates() {
    let house = House::new();
    let first = house.import("a.json", TRANSACTION.as_bytes());
    assert_eq!((first.stored, first.unchanged, first.new_arrivals, first.issue_count), (2, 0, 1, 0), "{first:?}");
    let again = house.import("a.json", TRANSACTION.as_bytes());
    assert_eq!((again.stored, again.unchanged, again.new_arrivals), (0, 2, 0));
    let spaced = house.import("a.json", format!("{TRANSACTION} ").as_bytes());
    assert_eq!((spaced.stored, spaced.unchanged, spaced.new_arrivals), (0, 2, 1));
    let changed = house.import("a.json", TRANSACTION.replace("1.0", "1.00").as_bytes());
    assert_eq!((changed.stored, changed.unchanged), (1, 1));
    assert_eq!(changed.by_type["Observation"].updated, 1);
    let other = ImportOptions { source: Some("other".into()), ..ImportOptions::default() };
    assert_eq!(house.import_with("a.json", TRANSACTION.as_bytes(), &other).stored, 2);
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    let house = House::new();
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let report = house.import_with("a.json", TRANSACTION.as_bytes(), &dry);
    assert_eq!((report.stored, report.arrivals.len()), (2, 0));
    assert_eq!(house.versions(), 0);
    house.import("a.json", TRANSACTION.as_bytes());
    let report = house.import_with("a.json", TRANSACTION.replace("1.0", "2").as_bytes(), &dry);
    assert_eq!((report.stored, report.unchanged), (1, 1));
    let bad = house.import_with(
        "b.ndjson",
        b"{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\",\"x\":1}\n",
        &dry,
    );
    assert_eq!((bad.stored, bad.issue_count), (1, 1), "{bad:?}");
    assert_eq!(house.records.open_dead_letters(&everything()).unwrap(), 0);
}

#[test]
fn a_bad_line_becomes_a_dead_letter_and_stops_no_other() {
    let house = House::new();
    let lines = "{\"resourceType\":\"Patient\",\"id\":\"1\"}\r\n\r\nnonsense\n{\"resourceType\":\"Patient\",\"id\":\"2\",\"birthDate\":\"x\"}\n  {\"resourceType\":\"Patient\",\"id\":\"3\"}";
    let report = house.import("a.ndjson", lines.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (2, 2), "{report:?}");
    assert_eq!(report.issues[0].place, "line 3");
    assert_eq!(report.issues[1].place, "line 4, Patient.birthDate");
    let letter = house.records.dead_letter_bytes(&everything(), report.dead_letters[0]).unwrap();
    assert_eq!(letter, b"nonsense");
    assert_eq!(lines.as_bytes()[report.issues[1].offset.unwrap() as usize], b'{');
    // The third line leads back to its bytes.
    let bytes = house.records.source_bytes(&everything(), "Patient", "3", None).unwrap();
    assert_eq!(bytes, br#"{"resourceType":"Patient","id":"3"}"#);
    let again = house.import("a.ndjson", lines.as_bytes());
    assert_eq!((again.stored, again.unchanged, &again.dead_letters), (0, 2, &report.dead_letters));
}

#[test]
fn lines_of_bundles_are_carried_out_each_for_itself() {
    let house = House::new();
    let good = TRANSACTION.replace('\n', "");
    let bad = good.replace("urn:uuid:p", "urn:uuid:q").replace("true", "7");
    let file = format!(
        "{good}\n{{\"resourceType\":\"Patient\",\"id\":\"between\"}}\n{bad}\n{{\"resourceType\":\"Patient\",\"id\":\"after\"}}\n"
    );
    let report = house.import("a.ndjson", file.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (4, 1), "{report:?}");
    let place = &report.issues[0].place;
    assert!(place.starts_with("line 3, Bundle.entry[0].resource.active"), "{place}");
    for id in ["between", "after"] {
        let source = house.records.source(&everything(), "Patient", id, None).unwrap();
        let from = (source.arrival.base + source.at) as usize;
        assert_eq!(
            file[from..from + source.length as usize],
            format!("{{\"resourceType\":\"Patient\",\"id\":\"{id}\"}}")
        );
    }
}

#[test]
fn collections_are_stored_by_id_and_bad_entries_become_dead_letters() {
    let house = House::new();
    let file = r#"{"resourceType":"Bundle","type":"searchset","entry":[
      {"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
      {"fullUrl":"http://x/Observation/2","resource":{"resourceType":"Observation","id":"2","status":"final","code":{"text":"x"},"subject":{"reference":"http://x/Patient/1"}}},
      {"fullUrl":"http://x/Observation/3","resource":{"resourceType":"Observation","id":"3","status":"wrong","code":{"text":"x"}}},
      {"resource":{"resourceType":"OperationOutcome","issue":[]},"search":{"mode":"outcome"}},
      {"resource":{"resourceType":"Patient","active":true}}]}"#;
    let report = house.import("a.json", file.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (3, 1), "{report:?}");
    assert_eq!(house.member("Observation", "2", "subject"), r#"{"reference":"Patient/1"}"#);
    assert_eq!(house.import("a.json", file.as_bytes()).unchanged, 3);
}

#[test]
fn a_history_ends_with_its_newest_version() {
    let house = House::new();
    let file = r#"{"resourceType":"Bundle","type":"history","entry":[
      {"resource":{"resourceType":"Patient","id":"1","active":false},"request":{"method":"PUT","url":"Patient/1"}},
      {"resource":{"resourceType":"Patient","id":"1","active":true},"request":{"method":"POST","url":"Patient"}},
      {"request":{"method":"DELETE","url":"Patient/2"}},
      {"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"POST","url":"Patient"}}]}"#;
    let report = house.import("a.json", file.as_bytes());
    assert_eq!((report.stored, report.deleted, report.issue_count), (3, 1, 0), "{report:?}");
    assert_eq!(house.member("Patient", "1", "active"), "false");
    assert!(matches!(house.records.read(&everything(), "Patient", "2"), Err(records::Error::Gone { .. })));
}

#[test]
fn files_that_wait_for_others_are_tried_again() {
    let house = House::new();
    let folder = house.folder().join("files");
    std::fs::create_dir_all(folder.join("deeper")).unwrap();
    let refers = TRANSACTION.replace("\"urn:uuid:p\"}", "\"Patient?identifier=a|1\"}");
    std::fs::write(folder.join("1.json"), &refers).unwrap();
    let never =
        TRANSACTION.replace("\"urn:uuid:p\"}", "\"Patient?identifier=a|2\"}").replace("urn:uuid:", "urn:uuid:n");
    std::fs::write(folder.join("2.json"), &never).unwrap();
    let patient = r#"{"resourceType":"Patient","id":"x","identifier":[{"system":"a","value":"1"}]}"#;
    std::fs::write(folder.join("deeper/3.json"), patient).unwrap();
    std::fs::write(folder.join(".hidden"), "x").unwrap();
    let files = files_at(&[folder]).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["files/1.json", "files/2.json", "files/deeper/3.json"]);
    let mut seen = Vec::new();
    let reports = house
        .importer
        .import_all(&everything(), &files, &ImportOptions::default(), &mut |progress| {
            seen.push((progress.files, progress.all_files));
            ControlFlow::Continue(())
        })
        .unwrap();
    let stored: Vec<(u64, usize)> = reports.iter().map(|report| (report.stored, report.dead_letters.len())).collect();
    assert_eq!(stored, [(2, 0), (0, 1), (1, 0)], "{reports:?}");
    assert!(reports[1].issues[0].message.contains("Patient?identifier=a|2 matches no resource"), "{reports:?}");
    assert_eq!(seen.last(), Some(&(3, 3)));
}

#[test]
fn a_folder_with_links_pipes_and_what_cannot_be_read_is_walked_to_its_end() {
    use std::os::unix::fs::symlink;
    let house = House::new();
    let folder = house.folder().join("files");
    std::fs::create_dir_all(folder.join("a")).unwrap();
    std::fs::write(folder.join("a/1.json"), r#"{"resourceType":"Patient","id":"1"}"#).unwrap();
    symlink(&folder, folder.join("a/around")).unwrap();
    symlink(folder.join("nowhere"), folder.join("b-broken")).unwrap();
    symlink(folder.join("a/1.json"), folder.join("c-again")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.join("d-pipe")).status().unwrap().success());
    let files = files_at(std::slice::from_ref(&folder)).unwrap();
    let reports = house
        .importer
        .import_all(&everything(), &files, &ImportOptions::default(), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    let told: Vec<String> = reports
        .iter()
        .map(|r| {
            format!("{}: {} {}", r.name, r.stored + r.unchanged, r.issues.first().map_or("", |i| i.message.as_str()))
        })
        .collect();
    expect_test::expect![[r"
        files/a/1.json: 1 
        files/b-broken: 0 cannot be opened: No such file or directory (os error 2)
        files/c-again: 1 
        files/d-pipe: 0 cannot be opened: it is no regular file"]]
    .assert_eq(&told.join("\n"));
    assert!(files_at(&[folder.join("nowhere")]).is_err());
}

#[test]
fn an_import_can_be_stopped_and_continued() {
    let house = House::new();
    let folder = house.folder().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    for no in 0..4 {
        std::fs::write(folder.join(format!("{no}.json")), format!(r#"{{"resourceType":"Patient","id":"{no}"}}"#))
            .unwrap();
    }
    let files: Vec<FileToImport> = files_at(&[folder]).unwrap();
    let import = |importer: &Importer, stop: usize| {
        importer.import_all(&everything(), &files, &ImportOptions::default(), &mut |progress| {
            if progress.files >= stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    let Err(intake::Error::Stopped(reports)) = import(&house.importer, 2) else { panic!("it was not stopped") };
    let stored = reports.iter().map(|r| r.stored).sum::<u64>();
    assert!(stored >= 2 && stored as i64 == house.versions(), "{reports:?}");
    let reports = import(&house.importer, 9).unwrap();
    assert_eq!(reports.iter().map(|r| r.stored + r.unchanged).sum::<u64>(), 4);
    assert_eq!(house.versions(), 4);
}

#[test]
fn a_dry_run_sees_what_earlier_files_of_the_run_would_store() {
    let house = House::new();
    house.put(r#"{"resourceType":"Practitioner","id":"known","identifier":[{"system":"a","value":"9"}]}"#);
    let folder = house.folder().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    // The file that is referred to comes last, as in many an export; and one that changes what another brought.
    let refers = TRANSACTION.replace("\"urn:uuid:p\"}", "\"Patient?identifier=a|1\"}");
    let twice = r#"{"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Practitioner","identifier":[{"system":"a","value":"7"}]},"request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=a|7"}},
      {"resource":{"resourceType":"Practitioner","identifier":[{"system":"a","value":"9"}]},"request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=a|9"}}]}"#;
    let patient = r#"{"resourceType":"Patient","id":"x","identifier":[{"system":"a","value":"1"}]}"#;
    let patched = r#"{"resourceType":"Bundle","type":"batch","entry":[
      {"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0="},"request":{"method":"PATCH","url":"Patient/x"}},
      {"request":{"method":"DELETE","url":"Practitioner/known"}}]}"#;
    for (name, text) in [
        ("1.json", refers.as_str()),
        ("2.json", twice),
        ("3.json", &twice.replace("a|9", "a|8")),
        ("4.json", patient),
        ("5.json", patched),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let files = files_at(&[folder]).unwrap();
    let import = |dry_run| {
        let options = ImportOptions { dry_run, ..ImportOptions::default() };
        house.importer.import_all(&everything(), &files, &options, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let head = house.versions();
    let (dry, second_dry) = (import(true), import(true));
    assert_eq!((house.versions(), &dry), (head, &second_dry));
    let wet = import(false);
    for (dry, wet) in dry.iter().zip(&wet) {
        assert_eq!(
            (dry.stored, dry.unchanged, dry.deleted, dry.issue_count),
            (wet.stored, wet.unchanged, wet.deleted, wet.issue_count),
            "{dry:?}\n{wet:?}"
        );
    }
    assert_eq!(dry.iter().map(|r| r.issue_count).sum::<u64>(), 0, "{dry:?}");
    // What it cannot know it says.
    let asks = refers.replace("Patient?identifier=a|1", "Patient?active=true");
    std::fs::write(house.folder().join("files/6.json"), asks).unwrap();
    let files = files_at(&[house.folder().join("files")]).unwrap();
    let options = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let other = House::new();
    let dry = other.importer.import_all(&everything(), &files, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let said: Vec<&str> = dry.iter().flat_map(|r| &r.issues).map(|issue| issue.message.as_str()).collect();
    assert!(said.iter().any(|text| text.starts_with("not checked by a dry run: Patient?active=true")), "{said:?}");
}

#[test]
fn a_grant_that_does_not_reach_ends_the_import() {
    let house = House::new();
    let grant = crate::house::grant("system/Observation.cruds");
    let input = intake::import::Input::Bytes(std::sync::Arc::new(TRANSACTION.as_bytes().to_vec()));
    assert!(house.importer.import(&grant, "a.json", input, &ImportOptions::default()).is_err());
    assert_eq!(house.versions(), 0);
}
