//! What a user of import, export, convert and undo sees.

use crate::made;
use crate::pages::{blocks, page};
use crate::program::{Data, write};
use expect_test::{Expect, expect};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// Times and rates differ from run to run.
fn masked(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_start_matches('(').trim_end_matches(',');
        if bare.contains('.') && bare.parse::<f64>().is_ok() {
            return word.replace(bare, "N.N");
        }
        word.to_owned()
    };
    let line = |line: &str| {
        let words: Vec<String> = line.split(' ').map(word).collect();
        let mut out = words.join(" ");
        if let (Some(open), Some(close)) = (out.find('('), out.find(" resources/s")) {
            out.replace_range(open + 1..close, "N");
        }
        out
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Exit code, standard output and error of a command.
fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| masked(&String::from_utf8_lossy(bytes));
    let mut out = format!("exit code {}\n{}", output.status.code().unwrap_or(-1), text(&output.stdout));
    if !output.stderr.is_empty() {
        out.push_str("\n--- standard error\n");
        out.push_str(&text(&output.stderr));
    }
    out
}

fn check(output: &Output, expected: Expect) {
    expected.assert_eq(&shown(output));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A folder with a good file and one of each that is bad in its own way.
fn mixed(data: &Data) -> String {
    let folder = data.path("mixed");
    write(&folder.join("good.json"), br#"{"resourceType":"Patient","id":"good"}"#);
    write(
        &folder.join("lines.ndjson"),
        b"{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Patient\",\"id\":\"b\",\"birthDate\":\"last week\"}\nnonsense\n",
    );
    let packed = gzip(&b"{\"resourceType\":\"Patient\",\"id\":\"c\"}\n".repeat(100));
    write(&folder.join("truncated.ndjson.gz"), &packed[..packed.len() - 9]);
    write(&folder.join("wide.json"), b"\xff\xfe{\0\"\0");
    write(&folder.join("paper.pdf"), b"%PDF-1.4");
    folder.to_str().unwrap().to_owned()
}

#[test]
fn an_import_says_what_was_taken_and_what_was_not() {
    let data = Data::new();
    data.token("system/*.rs");
    let folder = mixed(&data);
    let first = data.run(&["import", &folder]);
    check(
        &first,
        expect![[r#"
            exit code 1
            2 stored, 0 unchanged from 5 files in N.N s (N resources/s); 4 new arrivals, 5 issues
            4 dead letters: medweave deadletter list
            --- standard error
            mixed/lines.ndjson: line 2, Patient.birthDate: `last week` is not a date as YYYY, YYYY-MM or YYYY-MM-DD
              correct the resource and replay it; the others were taken (dead letter 1)
            mixed/lines.ndjson: line 3: not JSON: expected a value at column 1
              correct the resource and replay it; the others were taken (dead letter 2)
            mixed/paper.pdf: a PDF document
              it was not kept; nothing is to be done if it belongs to nobody's record
            mixed/truncated.ndjson.gz: byte 3600: cannot be unpacked: incomplete deflate stream
              have it made or sent again and replay it, or unpack what can be saved; what came before was taken (dead letter 3)
            mixed/wide.json: not recognised: UTF-16 text
              save it as UTF-8 and replay it (dead letter 4)"#]],
    );
    // Called again, and rehearsed, it says the same of the files; a rehearsal keeps no letters.
    let said = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();
    let again = data.run(&["import", &folder]);
    assert_eq!(said(&again), said(&first));
    check(
        &Output { stderr: Vec::new(), ..again },
        expect![[r#"
            exit code 1
            0 stored, 2 unchanged from 5 files in N.N s (N resources/s); 0 new arrivals, 5 issues
            4 dead letters: medweave deadletter list"#]],
    );
    let dry = data.run(&["import", &folder, "--dry-run"]);
    let without_letters: String =
        said(&first).lines().map(|line| line.split(" (dead letter").next().unwrap().to_owned() + "\n").collect();
    assert_eq!(said(&dry), without_letters);
    check(
        &Output { stderr: Vec::new(), ..dry },
        expect![[r#"
            exit code 1
            dry run, nothing was written: 0 would be stored, 2 unchanged from 5 files in N.N s (N resources/s); 0 new arrivals, 5 issues"#]],
    );
    check(
        &data.run(&["import", data.path("mixed/good.json").to_str().unwrap()]),
        expect![[r#"
            exit code 0
            0 stored, 1 unchanged from 1 file in N.N s (N resources/s); 1 new arrival, 0 issues"#]],
    );
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 4);
}

#[test]
fn a_folder_whose_letters_were_dealt_with_is_no_failure_any_more() {
    let data = Data::new();
    let folder = mixed(&data);
    std::fs::remove_file(data.path("mixed/paper.pdf")).unwrap();
    data.run(&["import", &folder]);
    let corrected = data.path("corrected");
    write(&corrected, br#"{"resourceType":"Patient","id":"b","birthDate":"2024-05-06"}"#);
    data.done(&["deadletter", "replay", "1", "--with", corrected.to_str().unwrap()]);
    for no in ["2", "3"] {
        data.done(&["deadletter", "discard", no, "--reason", "a test"]);
    }
    check(
        &data.run(&["import", &folder, "--dry-run"]),
        expect![[r#"
            exit code 1
            dry run, nothing was written: 0 would be stored, 2 unchanged from 4 files in N.N s (N resources/s); 0 new arrivals, 1 issue
            3 closed dead letters came again, dealt with already: medweave deadletter list --state all
            --- standard error
            mixed/wide.json: not recognised: UTF-16 text
              save it as UTF-8 and replay it"#]],
    );
    data.done(&["deadletter", "discard", "4", "--reason", "a test"]);
    check(
        &data.run(&["import", &folder]),
        expect![[r#"
            exit code 0
            0 stored, 2 unchanged from 4 files in N.N s (N resources/s); 0 new arrivals, 0 issues
            4 closed dead letters came again, dealt with already: medweave deadletter list --state all"#]],
    );
}

#[test]
fn an_oddity_of_a_message_that_was_taken_is_told_once_and_is_no_failure() {
    let data = Data::new();
    let message = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||last week|F\r";
    write(&data.path("adt.hl7"), message.as_bytes());
    let first = data.run(&["import", "adt.hl7", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(first.status.code(), Some(0), "{report}");
    assert!(report["remarks"].as_u64() > Some(0) && report["remarks"] == report["issue_count"], "{report}");
    for arguments in [&["import", "adt.hl7", "--json"][..], &["import", "adt.hl7", "--json", "--dry-run"]] {
        let report = data.json(arguments);
        assert_eq!((&report["issue_count"], &report["stored"]), (&0.into(), &0.into()), "{report}");
    }
}

#[test]
fn a_folder_without_files_is_pointed_out() {
    let data = Data::new();
    data.token("system/*.rs");
    std::fs::create_dir_all(data.path("mount")).unwrap();
    check(
        &data.run(&["import", "mount"]),
        expect![[r#"
            exit code 0
            0 stored, 0 unchanged from 0 files in N.N s (N resources/s); 0 new arrivals, 0 issues
            --- standard error
            medweave: no file was found in mount: is it the right folder, and is it mounted? (names that begin with a dot are passed over)"#]],
    );
    assert_eq!(data.json(&["import", "mount", "--json"])["files"], 0);
}

#[test]
fn an_import_as_json_is_one_object() {
    let data = Data::new();
    let folder = mixed(&data);
    let output = data.run(&["import", &folder, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["seconds"].as_f64().unwrap() >= 0.0);
    report["seconds"] = "N.N".into();
    expect![[r#"
        {
          "stored": 2,
          "unchanged": 0,
          "deleted": 0,
          "arrivals": 4,
          "issues": [
            {
              "file": "mixed/lines.ndjson",
              "place": "line 2, Patient.birthDate",
              "offset": 36,
              "message": "`last week` is not a date as YYYY, YYYY-MM or YYYY-MM-DD",
              "hint": "correct the resource and replay it; the others were taken",
              "dead_letter": 1
            },
            {
              "file": "mixed/lines.ndjson",
              "place": "line 3",
              "offset": 96,
              "message": "not JSON: expected a value at column 1",
              "hint": "correct the resource and replay it; the others were taken",
              "dead_letter": 2
            },
            {
              "file": "mixed/paper.pdf",
              "place": "",
              "offset": 0,
              "message": "a PDF document",
              "hint": "it was not kept; nothing is to be done if it belongs to nobody's record",
              "dead_letter": null
            },
            {
              "file": "mixed/truncated.ndjson.gz",
              "place": "",
              "offset": 3600,
              "message": "cannot be unpacked: incomplete deflate stream",
              "hint": "have it made or sent again and replay it, or unpack what can be saved; what came before was taken",
              "dead_letter": 3
            },
            {
              "file": "mixed/wide.json",
              "place": "",
              "offset": 0,
              "message": "not recognised: UTF-16 text",
              "hint": "save it as UTF-8 and replay it",
              "dead_letter": 4
            }
          ],
          "issue_count": 5,
          "remarks": 0,
          "dead_letters": 4,
          "dealt_with": 0,
          "seconds": "N.N",
          "files": 5,
          "bytes": 143,
          "types": {
            "Patient": 2
          },
          "unmapped": {},
          "stopped": false
        }"#]].assert_eq(&serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn what_was_kept_unread_is_corrected_and_replayed() {
    let data = Data::new();
    mixed(&data);
    let folder = data.path("mixed");
    data.run(&["import", folder.join("truncated.ndjson.gz").to_str().unwrap()]);
    let raw = data.run(&["deadletter", "show", "1", "--raw"]).stdout;
    assert_eq!(raw, std::fs::read(folder.join("truncated.ndjson.gz")).unwrap());
    // As it is it cannot be taken; the letter stays open.
    check(
        &data.run(&["deadletter", "replay", "1"]),
        expect![[r#"
        exit code 2

        --- standard error
        medweave: cannot be unpacked: incomplete deflate stream: have it made or sent again and replay it, or unpack what can be saved; what came before was taken"#]],
    );
    let mut whole = Vec::new();
    let _ = flate2::read::GzDecoder::new(raw.as_slice()).read_to_end(&mut whole);
    let corrected = data.path("corrected");
    write(&corrected, &gzip(&whole));
    check(
        &data.run(&["deadletter", "replay", "1", "--with", corrected.to_str().unwrap()]),
        expect![[r#"
        exit code 0
        dead letter 1 is replayed: 1 stored, 99 unchanged"#]],
    );
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 0);
}

#[test]
fn undo_says_what_it_takes_back_and_what_it_leaves() {
    let data = Data::new();
    let file = data.path("people.zip");
    let patient = |id: &str, rest: &str| format!(r#"{{"resourceType":"Patient","id":"{id}"{rest}}}"#);
    let (a, b) = (patient("a", ""), patient("b", ""));
    write(&file, &zip(&[("a.json", a.as_bytes()), ("b.json", b.as_bytes())]));
    data.done(&["import", file.to_str().unwrap()]);
    let since = data.path("since.json");
    write(&since, patient("b", r#","active":true"#).as_bytes());
    data.done(&["import", since.to_str().unwrap()]);
    check(
        &data.run(&["import", "undo", "1", "--dry-run"]),
        expect![[r#"
        exit code 0
        dry run, nothing was changed: of the file of arrival 1 (2 arrivals), 1 would be deleted, 0 restored, 1 left
        --- standard error
        Patient/b was changed since (version 2, the file wrote 1) and is left as it is"#]],
    );
    check(
        &data.run(&["import", "undo", "2"]),
        expect![[r#"
        exit code 0
        the file of arrival 2 (2 arrivals) is taken back: 1 deleted, 0 restored, 1 left; the undoing is arrival 4
        --- standard error
        Patient/b was changed since (version 2, the file wrote 1) and is left as it is"#]],
    );
    check(
        &data.run(&["import", "undo", "1"]),
        expect![[r#"
        exit code 2

        --- standard error
        medweave: arrival 1 was taken back already"#]],
    );
    check(
        &data.run(&["import", "undo", "99"]),
        expect![[r#"
        exit code 1

        --- standard error
        medweave: arrival/99 is not known here"#]],
    );
    check(
        &data.run(&["import", "undo", "3", "--json", "--dry-run"]),
        expect![[r#"
        exit code 0
        {"deleted":1,"restored":0,"left":[],"referring":{},"arrivals":[3],"arrival":null}"#]],
    );
}

#[test]
fn undo_leaves_what_another_file_brought_too_and_says_what_would_refer_to_nothing() {
    let data = Data::new();
    let patient = |id: &str| format!("{{\"resourceType\":\"Patient\",\"id\":\"{id}\"}}\n");
    let subject = r#"{"resourceType":"Basic","id":"b","code":{"text":"t"},"subject":{"reference":"Patient/q"}}"#;
    write(&data.path("first.ndjson"), format!("{}{}", patient("p"), patient("q")).as_bytes());
    write(&data.path("second.ndjson"), format!("{}{subject}\n", patient("p")).as_bytes());
    data.done(&["import", "first.ndjson"]);
    data.done(&["import", "second.ndjson"]);
    check(
        &data.run(&["import", "undo", "1", "--dry-run"]),
        expect![[r#"
            exit code 0
            dry run, nothing was changed: of arrival 1, 1 would be deleted, 0 restored, 1 left
            --- standard error
            Patient/p came in arrival 2 too and is left as it is
            1 Basic would stay and refer to what is deleted: a file that brought the same must be imported again"#]],
    );
    check(
        &data.run(&["import", "undo", "1", "--json", "--dry-run"]),
        expect![[r#"
            exit code 0
            {"deleted":1,"restored":0,"left":[{"type":"Patient","id":"p","version":1,"written":1,"again":2}],"referring":{"Basic":1},"arrivals":[1],"arrival":null}"#]],
    );
}

#[test]
fn convert_prints_the_bundle_and_stores_nothing() {
    let data = Data::new();
    let message = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\r";
    write(&data.path("adt.hl7"), message.as_bytes());
    write(&data.path("waves.hl7"), message.replace("ADT^A01", "ORU^W01").as_bytes());
    write(&data.path("note.txt"), b"hello");
    let output = data.run(&["convert", "adt.hl7"]);
    let bundle: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let types: Vec<&str> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["resource"]["resourceType"].as_str().unwrap())
        .collect();
    assert!(bundle["type"] == "transaction" && types.contains(&"Patient"), "{types:?}");
    assert!(output.status.success());
    check(
        &data.run(&["convert", "waves.hl7", "note.txt"]),
        expect![[r#"
        exit code 1

        --- standard error
        waves.hl7: ORU^W01 has no map; it would be kept as it came
        note.txt: no HL7 v2 message is in it: messages begin with MSH"#]],
    );
    assert!(!data.path("data").exists());
    // A file that is not there is said before anything is done; two that would be written to one place are not.
    assert_eq!(data.run(&["convert", "adt.hl7", "missing.hl7", "--out", "fhir"]).status.code(), Some(2));
    assert!(!data.path("fhir/adt.json").exists());
    write(&data.path("other/adt.hl7"), message.as_bytes());
    let output = data.run(&["convert", "adt.hl7", "other/adt.hl7", "--out", "fhir"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("fhir/adt.json, as another message was"));
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.path("fhir/adt.json")).unwrap()).unwrap();
    assert_eq!(written, bundle);
}

#[test]
fn convert_ccda_prints_the_bundle_and_says_what_it_did_not_map() {
    let data = Data::new();
    let document = r#"<ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="2.16.840.1.113883.10.20.22.1.2"/><id root="1.2.3" extension="9"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summary"/><effectiveTime value="20240102"/>
<recordTarget><patientRole><id root="1.2.4" extension="77"/></patientRole></recordTarget>
<component><structuredBody><component><section><text>odd</text><entry><act><code code="X"/></act></entry></section></component></structuredBody></component></ClinicalDocument>"#;
    write(&data.path("ccd.xml"), document.as_bytes());
    write(&data.path("bomb.xml"), format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{document}").as_bytes());
    let output = data.run(&["convert", "ccda", "ccd.xml", "bomb.xml", "--out", "fhir", "--origins"]);
    check(
        &output,
        expect![[r#"
            exit code 1

            --- standard error
            ccd.xml: not mapped: /ClinicalDocument/component[1]/structuredBody[1]/component[1]/section[1]/entry[1]/act[1] (byte 398): act X: it names no template
            ccd.xml: Summary: 4 resources; of its statements 0 are resources, 1 are listed as not mapped
            bomb.xml: the document has a document type declaration (DTD) at byte 0; take it out: none is read, for safety"#]],
    );
    let bundle: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.path("fhir/ccd.json")).unwrap()).unwrap();
    assert_eq!(bundle["entry"][0]["resource"]["identifier"][0]["value"], "77");
    let origins: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.path("fhir/ccd.origins.json")).unwrap()).unwrap();
    let first = &origins[0]["origins"][1];
    assert_eq!(first["xpath"], "/ClinicalDocument/recordTarget[1]/patientRole[1]/id[1]");
    let range = first["start"].as_u64().unwrap() as usize..first["end"].as_u64().unwrap() as usize;
    assert_eq!(&document[range], r#"<id root="1.2.4" extension="77"/>"#);
    // Asked for messages, it says what the file is.
    let output = data.run(&["convert", "ccd.xml"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("medweave convert ccda"), "{output:?}");
    assert!(!data.path("data").exists());
}

/// Lines of an exported folder, without what the store itself says in `meta`.
fn exported(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let mut text = String::new();
        if file.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        for line in text.lines() {
            // As text, so that the digits of a decimal count.
            let start = line.find("\"versionId\"").unwrap();
            let end = start + line[start..].find('}').unwrap();
            out.push(format!("{}{}", &line[..start], &line[end..]));
        }
    }
    out
}

#[test]
fn an_export_is_read_back_into_an_empty_store_as_it_was() {
    let data = Data::new();
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    check(
        &data.run(&["export", "--to", "plain"]),
        expect![[r#"
        exit code 0
        plain/Observation.ndjson	5
        plain/Patient.ndjson	5
        plain/Practitioner.ndjson	1"#]],
    );
    check(
        &data.run(&["export", "--to", "packed", "--gzip", "--type", "Patient,Practitioner"]),
        expect![[r#"
        exit code 0
        packed/Patient.ndjson.gz	5
        packed/Practitioner.ndjson.gz	1"#]],
    );
    check(
        &data.run(&["export", "--to", "no", "--type", "Patienten"]),
        expect![[r#"
        exit code 1

        --- standard error
        medweave: FHIR R4 has no resource type "Patienten""#]],
    );
    let other = Data::new();
    other.done(&["import", data.path("plain").to_str().unwrap()]);
    other.done(&["export", "--to", "again"]);
    assert_eq!(exported(&data.path("plain")), exported(&other.path("again")));
    let third = Data::new();
    third.done(&["import", data.path("packed").to_str().unwrap()]);
    third.done(&["export", "--to", "again", "--gzip"]);
    assert_eq!(exported(&data.path("packed")), exported(&third.path("again")));
    assert_eq!(exported(&third.path("again")).len(), made::PATIENTS + 1);
}

#[test]
fn a_resource_leads_to_its_place_in_a_packed_file() {
    let data = Data::new();
    let line = |no: u32| format!("{{\"resourceType\":\"Patient\",\"id\":\"p{no}\",\"gender\":\"female\"}}\n");
    let lines: String = (0..50).map(line).collect();
    write(&data.path("people.ndjson.gz"), &gzip(lines.as_bytes()));
    let other = lines.replace("\"p", "\"q");
    write(&data.path("people.zip"), &zip(&[("in/there.ndjson", other.as_bytes())]));
    for name in ["people.ndjson.gz", "people.zip"] {
        data.done(&["import", data.path(name).to_str().unwrap()]);
    }
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.rs"));
    for (id, name, content) in [("p7", "people.ndjson.gz", &lines), ("q31", "people.zip/in/there.ndjson", &other)] {
        let source = client.get(&format!("/fhir/Patient/{id}/$source")).json();
        assert_eq!(source["arrival"]["name"], name, "{source}");
        let wrapper = source["arrival"]["wrapper"].as_str().unwrap();
        assert!(wrapper.contains(" bytes blake3 "), "{source}");
        let (at, length) =
            (source["file_offset"].as_u64().unwrap() as usize, source["length"].as_u64().unwrap() as usize);
        let range = &content[at..at + length];
        assert_eq!(range, format!(r#"{{"resourceType":"Patient","id":"{id}","gender":"female"}}"#));
        assert_eq!(client.get(&format!("/fhir/Patient/{id}/$source?_bytes=1")).bytes, range.as_bytes());
    }
}

#[test]
fn an_interrupted_import_says_what_it_stored_and_goes_on_when_called_again() {
    const FILES: u64 = 400;
    const LINES: u64 = 60_000;
    let data = Data::new();
    let folder = data.path("people");
    for file in 0..FILES {
        let line = |no: u64| format!("{{\"resourceType\":\"Patient\",\"id\":\"{file}-{no}\",\"active\":true}}\n");
        write(&folder.join(format!("{file}.ndjson")), (0..LINES / FILES).map(line).collect::<String>().as_bytes());
    }
    let served = data.serve(&[]);
    let mut child = data
        .command(&["import", folder.to_str().unwrap(), "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is under way once something is stored.
    let begun = Instant::now();
    while data.json(&["status", "--json"])["resources"].as_u64().unwrap_or(0) == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing is stored");
    }
    let told = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()));
    let status = child.wait().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let report: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    let stored = report["stored"].as_u64().unwrap();
    // A machine that is done before the signal comes shows nothing here; the rest holds all the same.
    if report["stopped"] == true {
        assert_eq!(status.code(), Some(130), "{report}");
        assert!(stored > 0 && stored < LINES, "{report}");
    }
    assert_eq!(data.json(&["status", "--json"])["resources"], stored);
    let rest = data.json(&["import", folder.to_str().unwrap(), "--json"]);
    assert_eq!((&rest["unchanged"], rest["stored"].as_u64().unwrap() + stored), (&stored.into(), LINES), "{rest}");
    let status = data.json(&["status", "--json"]);
    assert_eq!((&status["resources"], &status["feed"]), (&LINES.into(), &LINES.into()));
    assert!(served.stop().success());
}

#[test]
fn the_commands_of_the_page_on_importing_do_what_it_says() {
    let data = Data::new();
    let folder = made::bundles(&data);
    assert!(folder.ends_with("bundles"));
    mixed(&data);
    let line = |no: u32| format!("{{\"resourceType\":\"Patient\",\"id\":\"{no}\"}}\n");
    let lines: String = (0..3).map(line).collect();
    write(&data.path("labs.ndjson.gz"), &gzip(lines.as_bytes()));
    write(&data.path("all.zip"), &zip(&[("ward/a.ndjson", lines.as_bytes())]));
    write(&data.path("adt.hl7"), b"MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann\r");
    let blocks = blocks(&page("docs/importing.md"));
    assert_eq!(blocks.len(), 5);
    let binary = Path::new(env!("CARGO_BIN_EXE_medweave")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let has_unzip = std::process::Command::new("unzip").arg("-v").stdout(Stdio::null()).status().is_ok();
    for block in blocks {
        // Not every machine has unzip; the rest of the block is run all the same.
        let block: Vec<&str> = block.lines().filter(|line| has_unzip || !line.starts_with("unzip")).collect();
        let output = std::process::Command::new("sh")
            .args(["-ec", &block.join("\n")])
            .current_dir(data.path(""))
            .env("PATH", &path)
            .env("MEDWEAVE_DATA", data.path("data"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}\n{}", block.join("\n"), shown(&output));
    }
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(data.path("report.json")).unwrap()).unwrap();
    assert_eq!((&report["stored"], &report["unchanged"]), (&0.into(), &(2 * made::PATIENTS + 1).into()));
    let letters = data.json(&["deadletter", "list", "--state", "all", "--json"]);
    let states: Vec<&str> = letters["dead_letters"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|letter| letter["state"].as_str().unwrap())
        .collect();
    assert_eq!(states[..2], ["replayed", "discarded"], "{letters}");
}
