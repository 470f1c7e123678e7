use crate::house::{House, everything};
use crate::mllp::{Port, source};
use intake::UndoWhat;
use intake::mllp::Options;
use records::{ArrivalNo, Error};

#[test]
fn what_an_arrival_wrote_is_taken_back_and_what_others_changed_is_left() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"updated","active":true}"#);
    house.put(r#"{"resourceType":"Patient","id":"deleted","active":true}"#);
    let file = r#"{"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Patient","id":"updated","active":false},"request":{"method":"PUT","url":"Patient/updated"}},
      {"resource":{"resourceType":"Patient","id":"created"},"request":{"method":"PUT","url":"Patient/created"}},
      {"resource":{"resourceType":"Patient","id":"since"},"request":{"method":"PUT","url":"Patient/since"}},
      {"request":{"method":"DELETE","url":"Patient/deleted"}}]}"#;
    let report = house.import("a.json", file.as_bytes());
    assert_eq!((report.stored, report.deleted), (3, 1), "{report:?}");
    house.put(r#"{"resourceType":"Patient","id":"since","active":true}"#);
    let grant = everything();
    let undone = house.importer.undo(&grant, report.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.restored), (1, 2), "{undone:?}");
    assert_eq!(
        undone.left.iter().map(|left| (left.id.as_str(), left.version, left.written)).collect::<Vec<_>>(),
        [("since", 2, 1)]
    );
    assert_eq!(house.member("Patient", "updated", "active"), "true");
    assert_eq!(house.member("Patient", "deleted", "active"), "true");
    assert!(matches!(house.records.read(&grant, "Patient", "created"), Err(Error::Gone { .. })));
    // History stays, the arrival is marked, and a restored version leads back to its bytes.
    assert!(house.records.read_version(&grant, "Patient", "created", 1).is_ok());
    assert!(house.records.arrival(&grant, report.arrivals[0]).unwrap().undone_us.is_some());
    let bytes = house.records.source_bytes(&grant, "Patient", "updated", None).unwrap();
    assert!(String::from_utf8(bytes).unwrap().contains("\"active\":true"));
    assert!(matches!(house.importer.undo(&grant, report.arrivals[0], UndoWhat::File), Err(intake::Error::Closed(_))));
    // The same file is news again.
    let again = house.import("a.json", file.as_bytes());
    assert_eq!((again.new_arrivals, again.deleted), (1, 1));
}

#[test]
fn an_arrival_that_was_used_again_is_taken_back_whole() {
    let house = House::new();
    let file = br#"{"resourceType":"Patient","id":"1","active":true}"#;
    let first = house.import("a.json", file);
    house.put(r#"{"resourceType":"Patient","id":"1","active":false}"#);
    let second = house.import("a.json", file);
    assert_eq!((second.arrivals[0], second.stored), (first.arrivals[0], 1));
    let undone = house.importer.undo(&everything(), first.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.restored), (0, 1));
    assert_eq!(house.member("Patient", "1", "active"), "false");
}

/// A file of NDJSON that is stored in several parts: resources `from..to`, each line padded.
fn lines(from: u32, to: u32, change: u32) -> Vec<u8> {
    let filler = "x".repeat(60_000);
    let line = |no: u32| {
        let mark = if no == change { "y" } else { "x" };
        format!("{{\"resourceType\":\"Basic\",\"id\":\"{no}\",\"code\":{{\"text\":\"{filler}{mark}\"}}}}\n")
    };
    (from..to).map(line).collect::<String>().into_bytes()
}

fn exists(house: &House, id: u32) -> bool {
    house.records.read(&everything(), "Basic", &id.to_string()).is_ok()
}

#[test]
fn a_file_of_many_parts_is_taken_back_whole_by_any_of_its_arrivals() {
    let house = House::new();
    let (grant, file) = (everything(), lines(0, 400, u32::MAX));
    let report = house.import("a.ndjson", &file);
    assert!(report.arrivals.len() > 2, "{report:?}");
    house.put(r#"{"resourceType":"Basic","id":"7","code":{"text":"mine"}}"#);
    let second = report.arrivals[1];
    let told = house.importer.would_undo(&grant, second, UndoWhat::File).unwrap();
    assert_eq!((told.deleted, told.left.len(), &told.arrivals), (399, 1, &report.arrivals), "{told:?}");
    assert!(exists(&house, 0) && told.receipt.is_none());
    let alone = house.importer.would_undo(&grant, second, UndoWhat::Arrival).unwrap();
    assert!(alone.deleted > 0 && alone.deleted < 399 && alone.arrivals == [second]);
    let undone = house.importer.undo(&grant, second, UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.left.len()), (399, 1));
    assert!(!exists(&house, 0) && !exists(&house, 399) && exists(&house, 7));
    for arrival in &report.arrivals {
        let again = house.importer.undo(&grant, *arrival, UndoWhat::File);
        assert!(matches!(again, Err(intake::Error::Closed(_))), "{again:?}");
    }
    // The same file is news again.
    assert_eq!(house.import("a.ndjson", &file).stored, 400);
}

#[test]
fn a_file_that_was_changed_and_sent_again_is_taken_back_alone() {
    let house = House::new();
    let grant = everything();
    let first = house.import("a.ndjson", &lines(0, 400, u32::MAX));
    let second = house.import("a.ndjson", &lines(0, 400, 399));
    assert_eq!((second.stored, second.new_arrivals), (1, 1), "{second:?}");
    // A part that both files have: the newer file is meant.
    assert_eq!(first.arrivals[0], second.arrivals[0]);
    let undone = house.importer.undo(&grant, first.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.restored, undone.left.len()), (0, 1, 0), "{undone:?}");
    assert!(house.member("Basic", "399", "code").ends_with("xx\"}"));
    // Then the older one is, and then nothing.
    let undone = house.importer.undo(&grant, first.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.left.len()), (400, 0), "{:?}", undone.left);
    assert!(matches!(house.importer.undo(&grant, first.arrivals[0], UndoWhat::File), Err(intake::Error::Closed(_))));
}

#[test]
fn an_import_that_was_stopped_and_went_on_is_taken_back_as_one() {
    let house = House::new();
    let file = lines(0, 400, u32::MAX);
    // As many lines as the first part holds came before.
    let parts = house.import("other.ndjson", &file).arrivals;
    let length = house.records.arrival(&everything(), parts[0]).unwrap().length as usize;
    house.importer.undo(&everything(), parts[0], UndoWhat::File).unwrap();
    let first = house.import("a.ndjson", &file[..length]);
    assert_eq!(first.arrivals.len(), 1);
    let whole = house.import("a.ndjson", &file);
    assert!(whole.arrivals[0] == first.arrivals[0] && first.stored + whole.stored == 400, "{whole:?}");
    let undone = house.importer.undo(&everything(), *whole.arrivals.last().unwrap(), UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.left.len()), (400, 0));
}

#[test]
fn an_archive_is_one_file_and_a_member_of_it_can_be_taken_back_alone() {
    let house = House::new();
    let patient = |id: &str| format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
    let (a, b) = (patient("a"), patient("b"));
    let archive = crate::formats::zip(&[("a.json", a.as_bytes()), ("b.json", b.as_bytes())]);
    let report = house.import("all.zip", &archive);
    assert_eq!((report.stored, report.arrivals.len()), (2, 2));
    let alone = house.importer.undo(&everything(), report.arrivals[0], UndoWhat::Arrival).unwrap();
    assert_eq!((alone.deleted, alone.arrivals.as_slice()), (1, &report.arrivals[..1]));
    assert!(house.records.read(&everything(), "Patient", "b").is_ok());
    let archive = crate::formats::zip(&[("c.json", patient("c").as_bytes()), ("d.json", patient("d").as_bytes())]);
    let report = house.import("more.zip", &archive);
    assert_eq!(house.importer.undo(&everything(), report.arrivals[1], UndoWhat::File).unwrap().deleted, 2);
}

/// A patient and an observation of it, each on a line.
fn of_patient(value: &str) -> Vec<u8> {
    format!(
        r#"{{"resourceType":"Patient","id":"p"}}
{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"{value}"}},"subject":{{"reference":"Patient/p"}}}}
"#
    )
    .into_bytes()
}

fn is_here(house: &House, resource_type: &str, id: &str) -> bool {
    house.records.read(&everything(), resource_type, id).is_ok()
}

#[test]
fn what_was_taken_back_never_comes_again_by_taking_back_another() {
    for first in [0, 1] {
        let house = House::new();
        let files = [house.import("n.ndjson", &of_patient("a")), house.import("n.ndjson", &of_patient("b"))];
        assert_eq!((files[0].stored, files[1].stored, files[1].unchanged), (2, 1, 1));
        let undo = |no: usize| house.importer.undo(&everything(), files[no].arrivals[0], UndoWhat::File).unwrap();
        let undone = undo(first);
        assert!(is_here(&house, "Patient", "p") && is_here(&house, "Observation", "o"), "{undone:?}");
        let expected = if first == 0 { "{\"text\":\"b\"}" } else { "{\"text\":\"a\"}" };
        assert_eq!(house.member("Observation", "o", "code"), expected);
        let undone = undo(1 - first);
        // In either order nothing is left of both.
        assert!(!is_here(&house, "Observation", "o"), "{undone:?}");
        assert!(!is_here(&house, "Patient", "p"), "{undone:?}");
    }
}

#[test]
fn what_a_later_file_brought_too_is_left_until_that_is_taken_back() {
    let house = House::new();
    let (grant, patient) = (everything(), "{\"resourceType\":\"Patient\",\"id\":\"p\"}\n");
    let first = house.import("first.ndjson", patient.as_bytes());
    let second = house.import("second.ndjson", &of_patient("a"));
    assert_eq!((second.stored, second.unchanged), (1, 1));
    // Brought again and again it is noted once.
    house.import("second.ndjson", &of_patient("a"));
    let told = house.importer.would_undo(&grant, first.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((told.deleted, told.left[0].again), (0, Some(second.arrivals[0])), "{told:?}");
    let undone = house.importer.undo(&grant, first.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.left.len(), undone.referring.len()), (0, 1, 0), "{undone:?}");
    assert!(is_here(&house, "Patient", "p"));
    let undone = house.importer.undo(&grant, second.arrivals[0], UndoWhat::File).unwrap();
    assert!(!is_here(&house, "Observation", "o"), "{undone:?}");
    assert!(!is_here(&house, "Patient", "p"), "{undone:?}");
}

#[test]
fn who_takes_back_hears_what_would_refer_to_what_is_gone() {
    let house = House::new();
    let grant = everything();
    let report = house.import("p.ndjson", b"{\"resourceType\":\"Patient\",\"id\":\"p\"}\n");
    let observation = of_patient("a");
    let observation = observation.split(|byte| *byte == b'\n').nth(1).unwrap();
    house.import("o.json", observation);
    let told = house.importer.would_undo(&grant, report.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!((told.deleted, told.referring), (1, vec![("Observation".to_owned(), 1)]));
    let undone = house.importer.undo(&grant, report.arrivals[0], UndoWhat::File).unwrap();
    assert_eq!(undone.referring, [("Observation".to_owned(), 1)]);
}

#[test]
fn an_undoing_is_taken_back_and_that_too() {
    let house = House::new();
    let grant = everything();
    let report = house.import("n.ndjson", &of_patient("a"));
    let undone = house.importer.undo(&grant, report.arrivals[0], UndoWhat::File).unwrap();
    let redone = house.importer.undo(&grant, undone.receipt.unwrap().arrival, UndoWhat::File).unwrap();
    assert_eq!((redone.restored, redone.deleted), (2, 0), "{redone:?}");
    assert!(is_here(&house, "Patient", "p") && is_here(&house, "Observation", "o"));
    let undone = house.importer.undo(&grant, redone.receipt.unwrap().arrival, UndoWhat::File).unwrap();
    assert_eq!((undone.restored, undone.deleted), (0, 2), "{undone:?}");
    assert!(!is_here(&house, "Patient", "p"));
}

const ADMIT: &str =
    "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\r";

/// The same patient by another name, later.
fn renamed() -> String {
    ADMIT.replace("ADT^A01|1", "ADT^A08|2").replace("Doe^Ann", "Roe^Ann")
}

/// A house that a message came to over a line, from the source that files without one are of.
fn with_live_message() -> Port {
    let port = Port::with(&[source("import", "127.0.0.1")], Options::default());
    assert!(port.connect().ask(ADMIT).contains("MSA|AA"));
    port
}

fn only_family(port: &Port) -> String {
    let patients = port.all("Patient");
    assert_eq!(patients.len(), 1, "{patients:?}");
    patients[0].split("\"family\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn a_message_that_came_over_a_line_stays_when_a_file_that_repeats_it_is_taken_back() {
    let port = with_live_message();
    let (house, grant, live) = (&port.house, everything(), ArrivalNo(1));
    let report = house.import("backfill.hl7", format!("{ADMIT}{}", renamed()).as_bytes());
    assert_eq!((report.new_arrivals, report.arrivals[0]), (1, live), "{report:?}");
    let undone = house.importer.undo(&grant, report.arrivals[1], UndoWhat::File).unwrap();
    assert_eq!((undone.deleted, undone.arrivals.as_slice()), (0, &report.arrivals[1..]), "{undone:?}");
    assert_eq!(only_family(&port), "Doe");
    assert!(house.records.arrival(&grant, live).unwrap().undone_us.is_none());
    // Then it is taken back for itself, and is news again.
    let undone = house.importer.undo(&grant, live, UndoWhat::File).unwrap();
    assert!(undone.deleted > 0 && undone.arrivals == [live], "{undone:?}");
    assert!(port.all("Patient").is_empty());
    assert_eq!(house.import("backfill.hl7", ADMIT.as_bytes()).new_arrivals, 1);
}

#[test]
fn a_message_over_a_line_is_taken_back_though_a_file_repeated_it() {
    let port = with_live_message();
    let (house, live) = (&port.house, ArrivalNo(1));
    assert_eq!(house.import("backfill.hl7", ADMIT.as_bytes()).arrivals, [live]);
    let undone = house.importer.undo(&everything(), live, UndoWhat::File).unwrap();
    assert!(undone.deleted > 0 && undone.arrivals == [live], "{undone:?}");
    assert!(port.all("Patient").is_empty());
}

#[test]
fn messages_of_another_file_stay_and_those_of_a_stopped_import_do_not() {
    let both = format!("{ADMIT}{}", renamed());
    for (second, stays) in [("b.hl7", true), ("a.hl7", false)] {
        let port = Port::new(None);
        let (house, grant) = (&port.house, everything());
        let first = house.import("a.hl7", ADMIT.as_bytes()).arrivals[0];
        let report = house.import(second, both.as_bytes());
        assert_eq!((report.new_arrivals, report.arrivals[0]), (1, first), "{report:?}");
        let undone = house.importer.undo(&grant, report.arrivals[1], UndoWhat::File).unwrap();
        if stays {
            assert_eq!((undone.deleted, undone.arrivals.as_slice()), (0, &report.arrivals[1..]), "{undone:?}");
            assert_eq!(only_family(&port), "Doe");
            let undone = house.importer.undo(&grant, first, UndoWhat::File).unwrap();
            assert_eq!(undone.arrivals, [first], "{undone:?}");
        }
        assert!(port.all("Patient").is_empty());
        assert_eq!(house.import("a.hl7", ADMIT.as_bytes()).new_arrivals, 1);
    }
}

#[test]
fn a_deletion_that_a_later_file_brought_too_stands_until_that_is_taken_back() {
    for first in [0, 1] {
        let house = House::new();
        house.import("a.json", br#"{"resourceType":"Patient","id":"p"}"#);
        let deletion = |id: &str| {
            format!(
                r#"{{"resourceType":"Bundle","id":"{id}","type":"transaction","entry":[{{"request":{{"method":"DELETE","url":"Patient/p"}}}}]}}"#
            )
        };
        let files = ["b", "c"].map(|id| house.import(&format!("{id}.json"), deletion(id).as_bytes()).arrivals[0]);
        let undo = |no: usize| house.importer.undo(&everything(), files[no], UndoWhat::File).unwrap();
        let undone = undo(first);
        assert!(!is_here(&house, "Patient", "p"), "{undone:?}");
        assert_eq!(undone.left.first().and_then(|left| left.again), (first == 0).then_some(files[1]), "{undone:?}");
        let undone = undo(1 - first);
        assert!(undone.restored == 1 && is_here(&house, "Patient", "p"), "{undone:?}");
    }
}
