use crate::house::{House, everything};
use records::{DeadLetterState, Error};

#[test]
fn a_corrected_line_is_stored_and_its_letter_closed() {
    let house = House::new();
    let report = house.import("a.ndjson", b"{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Patient\",\"id\":\"2\",\"birthDate\":\"x\"}\n");
    let no = report.dead_letters[0];
    let grant = everything();
    assert!(house.importer.replay(&grant, no, None).is_err());
    let corrected = br#"{"resourceType":"Patient","id":"2","birthDate":"2000"}"#.to_vec();
    let receipts = house.importer.replay(&grant, no, Some(corrected.clone())).unwrap();
    assert_eq!(receipts[0].outcomes.len(), 1);
    let letter = house.records.dead_letter(&grant, no).unwrap();
    assert_eq!((letter.state, letter.replayed), (DeadLetterState::Replayed, Some(receipts[0].arrival)));
    assert_eq!(letter.closed_by.as_deref(), Some(everything().principal().to_string().as_str()));
    assert_eq!(house.records.source_bytes(&grant, "Patient", "2", None).unwrap(), corrected);
    assert!(matches!(house.importer.replay(&grant, no, Some(corrected)), Err(intake::Error::Closed(_))));
    // The original stays what it was.
    assert!(house.records.dead_letter_bytes(&grant, no).unwrap().ends_with(b"\"x\"}"));
}

#[test]
fn a_corrected_entry_knows_the_other_entries_of_its_bundle() {
    let house = House::new();
    let file = r#"{"resourceType":"Bundle","type":"batch","entry":[
      {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
      {"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","status":"wrong","code":{"text":"x"},"subject":{"reference":"urn:uuid:p"}},"request":{"method":"POST","url":"Observation"}}]}"#;
    let report = house.import("a.json", file.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (1, 1), "{report:?}");
    let grant = everything();
    let letter = String::from_utf8(house.records.dead_letter_bytes(&grant, report.dead_letters[0]).unwrap()).unwrap();
    let patient = records::derived_id("import", "urn:uuid:p");
    let receipts = house
        .importer
        .replay(&grant, report.dead_letters[0], Some(letter.replace("wrong", "final").into_bytes()))
        .unwrap();
    assert_eq!(receipts[0].outcomes.len(), 1);
    let subject = house.member("Observation", &records::derived_id("import", "urn:uuid:o"), "subject");
    assert_eq!(subject, format!(r#"{{"reference":"Patient/{patient}"}}"#));
}

#[test]
fn a_transaction_that_was_refused_can_be_replayed_once_what_it_needs_is_there() {
    let house = House::new();
    let file = r#"{"resourceType":"Bundle","type":"transaction","entry":[
      {"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=a|1"}},"request":{"method":"POST","url":"Observation"}}]}"#;
    let report = house.import("a.json", file.as_bytes());
    assert_eq!((report.stored, report.dead_letters.len()), (0, 1), "{report:?}");
    assert_eq!(report.issues[0].place, "Bundle.entry[0].resource.subject.reference");
    house.put(r#"{"resourceType":"Patient","id":"1","identifier":[{"system":"a","value":"1"}]}"#);
    house.importer.replay(&everything(), report.dead_letters[0], None).unwrap();
    assert_eq!(house.import("a.json", file.as_bytes()).unchanged, 1);
    assert_eq!(house.records.open_dead_letters(&everything()).unwrap(), 0);
}

#[test]
fn discarding_needs_a_reason_and_closes_once() {
    let house = House::new();
    let report = house.import("a.ndjson", b"{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Nothing\"}\n");
    let (grant, no) = (everything(), report.dead_letters[0]);
    assert!(matches!(house.records.discard(&grant, no, " "), Err(Error::Invalid(_))));
    assert!(matches!(house.records.discard(&crate::house::grant("system/*.rs"), no, "x"), Err(Error::Denied(_))));
    house.records.discard(&grant, no, "a test").unwrap();
    assert!(matches!(house.records.discard(&grant, no, "again"), Err(Error::NotFound { .. })));
    let letters = house.records.dead_letters(&grant, Some(DeadLetterState::Discarded), None, 10).unwrap();
    assert_eq!(letters[0].reason.as_deref(), Some("a test"));
    assert!(house.records.dead_letters(&grant, Some(DeadLetterState::Open), None, 10).unwrap().is_empty());
    assert!(house.records.dead_letters(&crate::house::grant("system/Patient.cruds"), None, None, 10).is_err());
}
