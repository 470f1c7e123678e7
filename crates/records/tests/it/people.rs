use crate::house::{House, START_US, everything, grant};
use records::{Error, WhyKind};

fn patient(id: &str, family: &str, given: &str, born: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","birthDate":"{born}","name":[{{"family":"{family}","given":["{given}"]}}]}}"#
    )
}

fn ids(house: &House, text: &str) -> Vec<String> {
    house.records.people(&everything(), text, 10).unwrap().found.into_iter().map(|found| found.stored.id).collect()
}

#[test]
fn people_are_found_by_what_the_feed_brought_and_no_longer_by_what_it_took() {
    let mut house = House::new();
    assert_eq!(house.records.people(&everything(), "smith", 10).unwrap().known, 0);
    house.put(&patient("a", "Smith", "Ann", "1958-07-14")).unwrap();
    house.put(&patient("b", "Smyth", "Bob", "1960-01-02")).unwrap();
    house.put(&patient("c", "陈", "伟", "1958-07-14")).unwrap();
    assert_eq!(ids(&house, "smith"), ["a", "b"], "the exact one first");
    assert_eq!(ids(&house, "chenwei"), ["c"]);
    assert_eq!(ids(&house, "14.7.1958"), ["c", "a"], "changed last comes first");
    house.put(&patient("a", "Jones", "Ann", "1958-07-14")).unwrap();
    house.delete("Patient", "b").unwrap();
    assert!(ids(&house, "smith").is_empty());
    assert_eq!(ids(&house, "jones"), ["a"]);
    let page = house.records.people(&everything(), "", 1).unwrap();
    assert_eq!((page.found[0].stored.id.as_str(), page.total, page.known), ("a", 2, 2));
    assert_eq!(page.seq, house.records.head());
    house.reopen();
    assert_eq!(ids(&house, "jnoes"), ["a"], "built again after a restart, two letters swapped");
}

#[test]
fn the_last_contact_is_the_last_encounter_that_has_begun() {
    let house = House::new();
    house.put(&patient("a", "Smith", "Ann", "1958-07-14")).unwrap();
    for (id, start) in [("e1", "2020-01-01"), ("e2", "2025-06-01T10:00:00Z"), ("e3", "2027-01-01")] {
        house
            .put(&format!(
                r#"{{"resourceType":"Encounter","id":"{id}","status":"planned","class":{{"code":"AMB"}},"subject":{{"reference":"Patient/a"}},"period":{{"start":"{start}"}}}}"#
            ))
            .unwrap();
    }
    let last = |grant: &access::Grant| house.records.people(grant, "smith", 1).unwrap().found.remove(0).last_contact_us;
    let june = 1_748_772_000_000_000;
    assert!(june < START_US);
    assert_eq!(last(&everything()), Some(june));
    assert_eq!(last(&grant("system/Patient.rs")), None, "encounters are not for everybody");
}

#[test]
fn nobody_is_found_without_the_right_to_search_and_read_patients() {
    let house = House::new();
    house.put(&patient("a", "Smith", "Ann", "1958-07-14")).unwrap();
    for scopes in ["system/Observation.rs", "system/Patient.r", "system/Patient.s"] {
        assert!(matches!(house.records.people(&grant(scopes), "smith", 1), Err(Error::Denied(_))), "{scopes}");
    }
}

#[test]
fn a_record_merged_into_another_comes_last() {
    let house = House::new();
    house.put(&patient("new", "Smith", "Ann", "1958-07-14")).unwrap();
    house
        .put(r#"{"resourceType":"Patient","id":"old","name":[{"family":"Smith"}],"active":false,"link":[{"other":{"reference":"Patient/new"},"type":"replaced-by"}]}"#)
        .unwrap();
    assert_eq!(ids(&house, "smith"), ["new", "old"]);
    assert_eq!(ids(&house, ""), ["new", "old"]);
    let why = house.records.people(&everything(), "smth", 1).unwrap().found.remove(0).why;
    assert_eq!(why.iter().map(|why| why.kind).collect::<Vec<_>>(), [WhyKind::Near]);
}
