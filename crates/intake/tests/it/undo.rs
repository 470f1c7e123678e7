use crate::house::{House, everything};
use records::Error;

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
    let undone = house.importer.undo(&grant, report.arrivals[0]).unwrap();
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
    assert!(matches!(house.importer.undo(&grant, report.arrivals[0]), Err(intake::Error::Closed(_))));
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
    let undone = house.importer.undo(&everything(), first.arrivals[0]).unwrap();
    assert_eq!((undone.deleted, undone.restored), (0, 1));
    assert_eq!(house.member("Patient", "1", "active"), "false");
}
