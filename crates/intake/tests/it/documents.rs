use crate::house::{House, everything};
use std::path::Path;
use std::process::Command;

const HEAD: &str = r#"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><templateId root="2.16.840.1.113883.10.20.22.1.2"/>"#;

/// A document of a patient with problems by number.
fn document(id: &str, relation: &str, day: &str, problems: &[(&str, &str)]) -> String {
    let problem = |(id, code): &(&str, &str)| {
        format!(
            r#"<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="{id}"/><value xsi:type="CD" code="{code}" codeSystem="2.16.840.1.113883.6.96"/></observation></entryRelationship></act></entry>"#
        )
    };
    let entries = problems.iter().map(problem).collect::<Vec<_>>().concat();
    format!(
        r#"{HEAD}<id root="1.2.3" extension="{id}"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><effectiveTime value="{day}"/>{relation}<recordTarget><patientRole><id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient></patientRole></recordTarget><component><structuredBody><component><section><code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/><title>Problems</title><text>p</text>{entries}</section></component></structuredBody></component></ClinicalDocument>"#
    )
}

fn replaces(id: &str) -> String {
    format!(
        r#"<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="{id}"/></parentDocument></relatedDocument>"#
    )
}

/// The current resources of a type, as JSON.
pub fn current(house: &House, kind: &str) -> Vec<String> {
    let feed = house.records.feed(&everything(), records::Seq(0), 100_000).unwrap();
    let rows: std::collections::BTreeSet<_> = feed.into_iter().map(|entry| entry.row).collect();
    let rows: Vec<_> = rows.into_iter().collect();
    let all = house.records.rows(&everything(), &rows).unwrap();
    let is = format!("\"resourceType\":\"{kind}\"");
    all.into_iter().map(|(_, stored)| stored.json).filter(|json| json.contains(&is)).collect()
}

#[test]
fn a_document_is_stored_once_and_its_repeat_changes_nothing() {
    let house = House::new();
    let text = document("d1", "", "20240101120000+0000", &[("p1", "1"), ("p2", "2")]);
    let report = house.import("ccd.xml", text.as_bytes());
    assert_eq!((report.dead_letters.len(), report.new_arrivals), (0, 1), "{report:?}");
    assert_eq!(report.by_type["Condition"].created, 2, "{report:?}");
    let arrival = house.records.arrival(&everything(), report.arrivals[0]).unwrap();
    assert_eq!(arrival.media, "application/cda+xml");
    let again = house.import("renamed.xml", text.as_bytes());
    assert_eq!((again.stored, again.new_arrivals), (0, 0), "{again:?}");
    // In UTF-16 it is another arrival that tells the same: only its own bytes are new.
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let wide = house.import("wide.xml", &wide);
    assert_eq!((wide.stored, wide.new_arrivals), (2, 1), "{wide:?}");
}

#[test]
fn every_version_leads_to_the_bytes_of_its_entry() {
    let house = House::new();
    let text = document("d1", "", "20240101", &[("p1", "1")]);
    let report = house.import("ccd.xml", text.as_bytes());
    let condition = current(&house, "Condition").remove(0);
    let id = condition.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
    let bytes = house.records.source_bytes(&everything(), "Condition", id, None).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("<observation") && text.ends_with("</observation>"), "{text}");
    assert_eq!(report.arrivals.len(), 1);
    // … and each of its elements to its own.
    let origins = house.importer.document_origins(&everything(), "Condition", id, None).unwrap();
    let code = origins.elements.iter().find(|origin| origin.element == "code").unwrap();
    let bytes =
        house.records.arrival_bytes(&everything(), origins.arrival, code.span.start as u64, code.span.len() as u64);
    let text = String::from_utf8(bytes.unwrap()).unwrap();
    assert!(text.starts_with("<value ") && code.xpath.ends_with("/observation[1]/value[1]"), "{text} {}", code.xpath);
}

#[test]
fn a_patient_known_from_a_message_is_the_same_in_a_document_and_keeps_what_it_has() {
    let house = House::new();
    let message = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPID|1||77^^^&1.2.4&ISO^MR||Roe^Ann||19700102|F\r";
    house.import("a.hl7", message.as_bytes());
    let report = house.import("ccd.xml", document("d1", "", "20240101", &[]).as_bytes());
    assert_eq!(report.by_type.get("Patient").map_or(0, |counts| counts.created), 0, "{report:?}");
    let patients = current(&house, "Patient");
    assert_eq!(patients.len(), 1, "{patients:?}");
    assert!(patients[0].contains("Roe") && patients[0].contains("1970-01-02"), "{patients:?}");
}

#[test]
fn a_new_version_takes_the_place_of_the_one_it_replaces() {
    let house = House::new();
    house.import("1.xml", document("d1", "", "20240101120000+0000", &[("p1", "1"), ("p2", "2")]).as_bytes());
    let second = document("d2", &replaces("d1"), "20240102120000+0000", &[("p3", "3")]);
    let report = house.import("2.xml", second.as_bytes());
    assert!(
        report.issues.iter().any(|issue| issue.message.contains("2 entries of the version it replaces")),
        "{report:?}"
    );
    let conditions = current(&house, "Condition");
    assert!(conditions.len() == 1 && conditions[0].contains("\"code\":\"3\""), "{conditions:?}");
    let documents = current(&house, "DocumentReference");
    assert_eq!(documents.len(), 2);
    assert!(documents.iter().any(|text| text.contains("superseded") && text.contains("d1")), "{documents:?}");
    assert!(
        documents
            .iter()
            .any(|text| text.contains("\"current\"") && text.contains("\"reference\":\"DocumentReference/")),
        "{documents:?}"
    );
}

#[test]
fn an_old_version_that_comes_late_changes_nothing_of_the_new() {
    let house = House::new();
    let set = |relation: &str| format!(r#"<setId root="1.2.6" extension="s"/>{relation}"#);
    for (first, second) in [
        // By what replaces it, and by the set and time.
        (
            document("d2", &replaces("d1"), "20240102120000+0000", &[("p3", "3")]),
            document("d1", "", "20240101120000+0000", &[("p1", "1")]),
        ),
        (
            document("d5", &set(""), "20240102120000+0000", &[("p3", "3")]),
            document("d4", &set(""), "20240101120000+0000", &[("p3", "1")]),
        ),
    ] {
        let before = current(&house, "Condition").len();
        house.import("new.xml", first.as_bytes());
        let report = house.import("old.xml", second.as_bytes());
        assert!(report.issues.iter().any(|issue| issue.message.contains("newer version")), "{report:?}");
        let conditions = current(&house, "Condition");
        assert!(
            conditions.len() == before + 1 && conditions.iter().all(|text| text.contains("\"code\":\"3\"")),
            "{conditions:?}"
        );
        assert!(current(&house, "DocumentReference").iter().any(|text| text.contains("superseded")));
    }
}

/// A document of a person: numbers as (root, extension).
fn of_person(id: &str, numbers: &[(&str, &str)], born: &str, sex: &str, family: &str) -> String {
    let number = |(root, n): &(&str, &str)| format!(r#"<id root="{root}" extension="{n}"/>"#);
    let numbers = numbers.iter().map(number).collect::<Vec<_>>().concat();
    let old =
        r#"<id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient>"#;
    let new = format!(
        r#"{numbers}<patient><name><given>A</given><family>{family}</family></name><administrativeGenderCode code="{sex}"/><birthTime value="{born}"/></patient>"#
    );
    document(id, "", "20240101", &[("p1", "1")]).replace(old, &new)
}

const SSN: &str = "2.16.840.1.113883.4.1";

#[test]
fn numbers_that_stand_in_the_place_of_one_make_nobody_one_person() {
    for (one, two) in [
        // A shared placeholder beside numbers of their own.
        (&[("1.2.4", "A1"), (SSN, "999-99-9999")][..], &[("1.2.4", "A2"), (SSN, "999-99-9999")][..]),
        // A real social security number is none to go by where there is another.
        (&[("1.2.4", "A1"), (SSN, "123-45-6780")], &[("1.2.4", "A2"), (SSN, "123-45-6780")]),
        (&[("1.2.4", "UNKNOWN"), (SSN, "000-00-0000")], &[("1.2.4", "UNKNOWN"), (SSN, "000-00-0000")]),
    ] {
        let house = House::new();
        // Even where nothing else tells them apart.
        house.import("1.xml", of_person("d1", one, "1975", "F", "Doe").as_bytes());
        let report = house.import("2.xml", of_person("d2", two, "1975", "F", "Doe").as_bytes());
        assert_eq!(report.dead_letters.len(), 0, "{report:?}");
        let patients = current(&house, "Patient");
        assert_eq!(patients.len(), 2, "{one:?} {two:?}: {patients:?}");
        assert_eq!(current(&house, "Condition").len(), 2);
    }
    // Where there is no other, it is a number.
    let house = House::new();
    house.import("1.xml", of_person("d1", &[(SSN, "123-45-6780")], "1975", "F", "Doe").as_bytes());
    house.import("2.xml", of_person("d2", &[(SSN, "123-45-6780")], "1975", "F", "Doe").as_bytes());
    assert_eq!(current(&house, "Patient").len(), 1);
}

#[test]
fn who_contradicts_the_owner_of_a_number_is_kept_apart_and_the_number_goes_on_to_find_its_owner() {
    let house = House::new();
    let number = &[("1.2.4", "A1")][..];
    house.import("1.xml", of_person("d1", number, "19750501", "F", "Doe").as_bytes());
    let report = house.import("2.xml", of_person("d2", number, "19900102", "M", "Roe").as_bytes());
    assert!(report.issues.iter().any(|issue| issue.message.contains("A1 is that of another person")), "{report:?}");
    let report = house.import("3.xml", of_person("d3", number, "19900102", "M", "Roe").as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    // A wrong birth date alone is a slip.
    house.import("4.xml", of_person("d4", number, "19750502", "F", "Doe").as_bytes());
    let patients = current(&house, "Patient");
    assert_eq!(patients.len(), 2, "{patients:?}");
    let (roe, doe): (Vec<_>, Vec<_>) = patients.iter().partition(|text| text.contains("Roe"));
    assert!(roe[0].contains("urn:oid:1.2.4#contested") && !doe[0].contains("contested"), "{patients:?}");
    let of = |patient: &str| {
        let id = patient.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
        current(&house, "Condition").iter().filter(|text| text.contains(&format!("Patient/{id}"))).count()
    };
    assert_eq!((of(roe[0]), of(doe[0])), (2, 2));
}

#[test]
fn the_end_is_the_same_in_whatever_order_versions_come() {
    let set = |relation: &str| format!(r#"<setId root="1.2.6" extension="s"/>{relation}"#);
    let chains = [
        [
            document("n1", "", "20240101120000+0000", &[("p1", "1"), ("p2", "2")]),
            document("n2", &replaces("n1"), "20240102120000+0000", &[("p1", "1")]),
            document("n3", &replaces("n2"), "20240103120000+0000", &[("p3", "3")]),
        ],
        [
            document("n1", &set(""), "20240101120000+0000", &[("p1", "1"), ("p2", "2")]),
            document("n2", &set(&replaces("n1")), "20240102120000+0000", &[("p1", "1")]),
            document("n3", &set(&replaces("n2")), "20240103120000+0000", &[("p3", "3")]),
        ],
        [
            document("n1", &set(""), "20240101120000+0000", &[("p1", "1"), ("p2", "2")]),
            document("n2", &set(""), "20240102120000+0000", &[("p1", "2")]),
            document("n3", &set(""), "20240103120000+0000", &[("p1", "3")]),
        ],
    ];
    for (no, chain) in chains.iter().enumerate() {
        let mut ends = std::collections::BTreeSet::new();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let house = House::new();
            for at in order {
                let report = house.import(&format!("{at}.xml"), chain[at].as_bytes());
                assert_eq!(report.dead_letters.len(), 0, "{report:?}");
            }
            let conditions = current(&house, "Condition");
            assert!(
                conditions.len() == 1 && conditions[0].contains("\"code\":\"3\""),
                "{no} {order:?}: {conditions:?}"
            );
            let documents = current(&house, "DocumentReference");
            let live: Vec<_> = documents.iter().filter(|text| text.contains("\"status\":\"current\"")).collect();
            assert!(documents.len() == 3 && live.len() == 1 && live[0].contains("n3"), "{no} {order:?}: {documents:?}");
            let mut all: Vec<String> = ["Condition", "DocumentReference", "Composition", "Patient"]
                .iter()
                .flat_map(|kind| current(&house, kind))
                .map(|text| without_meta(&text))
                .collect();
            all.sort();
            ends.insert(all);
        }
        assert_eq!(ends.len(), 1, "{no}: {ends:#?}");
    }
}

/// A resource without what tells of its versions.
pub fn without_meta(text: &str) -> String {
    let document = fhir::json::Document::parse(text.as_bytes()).unwrap();
    let mut tree = fhir::json::Tree::from(document.root());
    tree.remove("meta");
    tree.to_string()
}

#[test]
fn what_stands_in_entries_goes_with_them() {
    let organizer = r#"<entry><organizer classCode="BATTERY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.1"/><id root="1.9" extension="o"/><code code="24326-1" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><component><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.2"/><id root="1.9" extension="r"/><code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><effectiveTime value="20240101"/><value xsi:type="PQ" value="4" unit="mmol/L"/></observation></component></organizer></entry>"#;
    let house = House::new();
    let first =
        document("d1", "", "20240101120000+0000", &[]).replace("<text>p</text>", &format!("<text>p</text>{organizer}"));
    house.import("1.xml", first.as_bytes());
    assert_eq!((current(&house, "DiagnosticReport").len(), current(&house, "Observation").len()), (1, 1));
    house.import("2.xml", document("d2", &replaces("d1"), "20240102120000+0000", &[]).as_bytes());
    assert_eq!((current(&house, "DiagnosticReport").len(), current(&house, "Observation").len()), (0, 0));
}

#[test]
fn what_no_rule_takes_is_not_laid_at_the_senders_door() {
    let house = House::new();
    let entry = r#"<entry><act classCode="ACT" moodCode="EVN"><templateId root="1.2.3.4.5"/><code code="1" codeSystem="2.16.840.1.113883.6.96"/></act></entry></section>"#;
    let text = document("d1", "", "20240101", &[("p1", "1")]).replace("</section>", entry);
    let report = house.import("ccd.xml", text.as_bytes());
    let issue = report.issues.iter().find(|issue| issue.message.starts_with("not mapped: ")).unwrap();
    assert!(
        issue.hint.contains("nothing is wrong with what was sent") && !issue.hint.contains("corrects"),
        "{issue:?}"
    );
    assert_eq!((report.remarks, report.dead_letters.len()), (report.issue_count, 0), "{report:?}");
}

#[test]
fn what_is_no_document_becomes_a_dead_letter_that_can_be_corrected() {
    let house = House::new();
    let good = document("d1", "", "20240101", &[("p1", "1")]);
    let bomb = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{good}");
    let deep = format!("{HEAD}{}", "<a>".repeat(10_000));
    for (bytes, what) in [
        (bomb.into_bytes(), "document type declaration"),
        (deep.into_bytes(), "nested deeper than 256"),
        (good.as_bytes()[..good.len() - 20].to_vec(), "not well-formed"),
        (good.replace("recordTarget", "other").into_bytes(), "names no patient"),
    ] {
        let report = house.import("ccd.xml", &bytes);
        assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{report:?}");
        assert!(report.issues[0].message.contains(what), "{report:?}");
        let letter = report.dead_letters[0];
        assert!(house.importer.replay(&everything(), letter, None).is_err());
        house.importer.replay(&everything(), letter, Some(good.clone().into_bytes())).unwrap();
    }
    assert_eq!(house.records.open_dead_letters(&everything()).unwrap(), 0);
}

#[test]
fn the_documents_of_the_test_data_are_stored_and_again_change_nothing() {
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return;
    };
    let house = House::new();
    let folder = house.folder().join("samples");
    std::fs::create_dir_all(&folder).unwrap();
    let archive = Path::new(&data).join("records/ccda/samples.tar.xz");
    assert!(Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().unwrap().success());
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 22);
    for round in 0..2 {
        for file in &files {
            let report = house.import(file.file_name().unwrap().to_str().unwrap(), &std::fs::read(file).unwrap());
            assert_eq!(report.dead_letters.len(), 0, "{}: {:?}", file.display(), report.issues);
            assert_eq!(report.stored == 0, round > 0, "{}", file.display());
            assert_eq!(report.new_arrivals, u64::from(round == 0), "{}", file.display());
        }
    }
}

/// A document in OBX-5, in Base64.
pub fn message(control: &str, document: &[u8]) -> String {
    let mut data = String::new();
    for chunk in document.chunks(3) {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            data.push(if at <= chunk.len() { ALPHABET[(group >> (18 - 6 * at) & 63) as usize] as char } else { '=' });
        }
    }
    format!(
        "MSH|^~\\&|EHR|HOSP|||20240102||MDM^T02|{control}|P|2.5\rEVN|T02|20240102\rPID|1||12^^^HOSP^MR||Roe^Ann||19700102|F\rPV1|1|O\rTXA|1|DS|TX|20240102||||||||D{control}^HOSP|||||AU\rOBX|1|ED|34133-9^Summary^LN||^text^xml^Base64^{data}||||||F\r"
    )
}

#[test]
fn a_document_in_a_message_is_taken_apart_and_is_of_its_patient() {
    let house = House::new();
    let text = document("d1", "", "20240101", &[("p1", "1")]);
    let report = house.import("mdm.hl7", message("1", text.as_bytes()).as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    let patients = current(&house, "Patient");
    assert!(patients.len() == 1 && patients[0].contains("Roe"), "{patients:?}");
    assert_eq!(current(&house, "Condition").len(), 1, "{report:?}");
    // The bytes of the entry are those of the message that brought it.
    let again = house.import("mdm.hl7", message("1", text.as_bytes()).as_bytes());
    assert_eq!((again.stored, again.new_arrivals), (0, 0), "{again:?}");
    // One that cannot be read stays an attachment.
    let report = house.import("mdm.hl7", message("2", &text.as_bytes()[..text.len() - 9]).as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    assert!(report.issues.iter().any(|issue| issue.message.contains("not taken apart")), "{report:?}");
}

#[test]
fn a_message_with_the_number_of_the_document_that_it_brings_is_a_record_beside_it() {
    let text = document("d1", "", "20240101", &[("p1", "1")]);
    // TXA-12 is the id of the document.
    let numbered = |control: &str| {
        message(control, text.as_bytes())
            .replace(&format!("|D{control}^HOSP|"), "|d1^^1.2.3^ISO|")
            .replace("12^^^HOSP^MR", "77^^^&1.2.4&ISO^MR")
    };
    let mut ends = Vec::new();
    for document_first in [true, false] {
        let house = House::new();
        let mut files = [("d.xml", text.clone()), ("m.hl7", numbered("1"))];
        if !document_first {
            files.reverse();
        }
        for (name, content) in &files {
            let report = house.import(name, content.as_bytes());
            assert_eq!(report.dead_letters.len(), 0, "{name}: {report:?}");
        }
        // Sent again, and as a newer message.
        let again = house.import("again.hl7", numbered("1").as_bytes());
        assert_eq!((again.dead_letters.len(), again.stored), (0, 0), "{again:?}");
        let newer = house.import("newer.hl7", numbered("2").replace("|DS|", "|CN|").as_bytes());
        assert_eq!(newer.dead_letters.len(), 0, "{newer:?}");
        let documents = current(&house, "DocumentReference");
        assert_eq!(documents.len(), 2, "{documents:?}");
        let (own, messages): (Vec<_>, Vec<_>) = documents.iter().partition(|text| text.contains("Composition/"));
        assert!(own[0].contains("34133-9") && own[0].contains("Binary/"), "{own:?}");
        assert!(messages[0].contains("\"CN\"") && messages[0].contains("\"data\""), "{messages:?}");
        assert_eq!(current(&house, "Condition").len(), 1);
        ends.push(documents.into_iter().map(|text| without_meta(&text)).collect::<std::collections::BTreeSet<_>>());
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn a_document_that_its_message_withdraws_is_not_taken_apart() {
    for state in ["CA", "OB"] {
        let house = House::new();
        let text = message("1", document("d1", "", "20240101", &[("p1", "1")]).as_bytes());
        let report = house.import("m.hl7", text.replace("|||||AU\r", &format!("|||||AU||{state}\r")).as_bytes());
        assert_eq!(report.dead_letters.len(), 0, "{report:?}");
        assert_eq!((current(&house, "Condition").len(), current(&house, "DocumentReference").len()), (0, 1));
        assert!(report.issues.iter().any(|issue| issue.message.contains("was not taken apart")), "{report:?}");
    }
}

#[test]
fn documents_of_two_people_without_a_number_and_of_one_number_are_kept_apart() {
    let house = House::new();
    let none = |born: &str, sex: &str, family: &str| {
        of_person("d1", &[], born, sex, family).replace("<patientRole>", r#"<patientRole><id nullFlavor="UNK"/>"#)
    };
    house.import("1.xml", none("19500101", "F", "Doe").as_bytes());
    let report = house.import("2.xml", none("19900505", "M", "Roe").as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    assert_eq!((current(&house, "Patient").len(), current(&house, "Condition").len()), (2, 2), "{report:?}");
    // The same again is nothing new.
    let again = house.import("3.xml", none("19900505", "M", "Roe").replace("<title>", "<title> ").as_bytes());
    assert_eq!((current(&house, "Patient").len(), current(&house, "Condition").len()), (2, 2), "{again:?}");
}

#[test]
fn a_number_of_another_patient_beside_the_patients_own_goes_on_to_find_the_other() {
    let house = House::new();
    house.import("1.xml", of_person("d1", &[("1.2.4", "A1")], "1975", "F", "Doe").as_bytes());
    house.import("2.xml", of_person("d2", &[("1.2.5", "B1")], "1990", "M", "Roe").as_bytes());
    let both = of_person("d3", &[("1.2.4", "A1"), ("1.2.5", "B1")], "1975", "F", "Doe");
    let report = house.import("3.xml", both.as_bytes());
    assert!(report.issues.iter().any(|issue| issue.message.contains("B1 is that of another patient")), "{report:?}");
    let report = house.import("4.xml", of_person("d4", &[("1.2.5", "B1")], "1990", "M", "Roe").as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{report:?}");
    let patients = current(&house, "Patient");
    assert_eq!(patients.len(), 2, "{patients:?}");
    let of = |name: &str| {
        let patient = patients.iter().find(|text| text.contains(name)).unwrap();
        let id = patient.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
        current(&house, "Condition").iter().filter(|text| text.contains(&format!("Patient/{id}"))).count()
    };
    assert_eq!((of("Doe"), of("Roe")), (2, 2));
}
