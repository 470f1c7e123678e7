use crate::house::{House, everything, grant};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{Error, SearchPage, query_pairs};

fn search(house: &House, resource_type: &str, query: &str) -> Result<SearchPage, Error> {
    search_as(house, &everything(), resource_type, query)
}

fn search_as(house: &House, grant: &access::Grant, resource_type: &str, query: &str) -> Result<SearchPage, Error> {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let query = SearchQuery::parse(resource_type, query_pairs(query), &options)?;
    house.records.search(grant, &query)
}

fn ids(page: &SearchPage) -> Vec<String> {
    page.matches.iter().map(|s| s.id.clone()).collect()
}

fn found(house: &House, resource_type: &str, query: &str) -> Vec<String> {
    ids(&search(house, resource_type, query).unwrap())
}

fn ward() -> House {
    let house = House::new();
    for text in [
        r#"{"resourceType":"Patient","id":"ann","gender":"female","birthDate":"1958-07-14","name":[{"family":"Müller","given":["Ann"]}],"identifier":[{"system":"urn:mrn","value":"1"}]}"#,
        r#"{"resourceType":"Patient","id":"bob","gender":"male","birthDate":"1990","name":[{"family":"Muller"}],"active":true}"#,
        r#"{"resourceType":"Patient","id":"cat","name":[{"family":"陈","given":["伟"]}]}"#,
        r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},"subject":{"reference":"Patient/ann"},"effectiveDateTime":"2020-05-01","valueQuantity":{"value":6.30,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}}"#,
        r#"{"resourceType":"Observation","id":"o2","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},"subject":{"reference":"Patient/bob"},"effectiveDateTime":"2021-05-01T10:00:00Z","valueQuantity":{"value":5.1,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}"#,
        r#"{"resourceType":"Observation","id":"o3","status":"final","code":{"text":"words"},"subject":{"reference":"Patient/ann"},"effectivePeriod":{"start":"2019-01-01"}}"#,
    ] {
        house.put(text).unwrap();
    }
    house
}

#[test]
fn every_kind_of_parameter_finds_what_it_should() {
    let house = ward();
    for (resource_type, query, expected) in [
        ("Patient", "gender=male", "bob"),
        ("Patient", "gender:not=male", "ann cat"),
        ("Patient", "gender:missing=true", "cat"),
        ("Patient", "family=mull", "ann bob"),
        ("Patient", "family:exact=Muller", "bob"),
        ("Patient", "family:contains=LLE", "ann bob"),
        ("Patient", "name=陈", "cat"),
        ("Patient", "birthdate=1958", "ann"),
        ("Patient", "birthdate=ne1958", "bob"),
        ("Patient", "birthdate=lt1990-06", "ann bob"),
        ("Patient", "identifier=urn:mrn|1", "ann"),
        ("Patient", "identifier=|1", ""),
        ("Patient", "identifier=1", "ann"),
        ("Patient", "identifier=urn:mrn|", "ann"),
        ("Patient", "_id=ann,cat", "ann cat"),
        ("Patient", "_id=nobody", ""),
        ("Patient", "_has:Observation:patient:status=amended", "bob"),
        ("Observation", "code=http://loinc.org|4548-4", "o1 o2"),
        ("Observation", "code=4548-4&date=ge2021", "o2"),
        ("Observation", "code=4548-4&date=lt2021", "o1"),
        ("Observation", "date=gt2020-12", "o2 o3"),
        ("Observation", "date=eb2020-12", "o1"),
        ("Observation", "patient=ann", "o1 o3"),
        ("Observation", "subject=Patient/bob", "o2"),
        ("Observation", "patient.gender=female", "o1 o3"),
        ("Observation", "subject:Patient.family=muller", "o1 o2 o3"),
        ("Observation", "patient.gender=female&status=final&date=2020", "o1"),
        ("Observation", "value-quantity=6.3", "o1"),
        ("Observation", "value-quantity=gt5||g/L", "o2"),
        ("Observation", "value-quantity=510|http://unitsofmeasure.org|mg/dL", "o2"),
        ("Observation", "value-quantity=ne5.1|http://unitsofmeasure.org|g/L", ""),
        ("Observation", "value-quantity:missing=true", "o3"),
        ("Observation", "status:not=final", "o2"),
    ] {
        assert_eq!(found(&house, resource_type, query).join(" "), expected, "{resource_type}?{query}");
        let counted = search(&house, resource_type, &format!("{query}&_summary=count")).unwrap();
        assert_eq!(counted.total, Some(expected.split_whitespace().count() as u64), "{resource_type}?{query}");
    }
}

#[test]
fn what_changed_is_found_by_its_new_values_alone() {
    let house = ward();
    house.put(r#"{"resourceType":"Patient","id":"ann","gender":"other","name":[{"family":"Meier"}]}"#).unwrap();
    house.delete("Patient", "bob").unwrap();
    assert_eq!(found(&house, "Patient", "family=mull"), Vec::<String>::new());
    assert_eq!(found(&house, "Patient", "gender=other"), ["ann"]);
    assert_eq!(found(&house, "Patient", "gender=female"), Vec::<String>::new());
    assert_eq!(found(&house, "Patient", "birthdate=1958"), Vec::<String>::new());
    assert_eq!(found(&house, "Patient", ""), ["ann", "cat"]);
    assert_eq!(found(&house, "Observation", "patient.gender=male"), Vec::<String>::new());
}

#[test]
fn sorted_pages_hold_their_order_while_resources_change() {
    let house = ward();
    assert_eq!(found(&house, "Patient", "_sort=-birthdate"), ["bob", "ann", "cat"]);
    assert_eq!(found(&house, "Patient", "_sort=family,-_id"), ["bob", "ann", "cat"]);
    assert_eq!(found(&house, "Patient", "_sort=_lastUpdated"), ["ann", "bob", "cat"]);
    let query = "_sort=_lastUpdated&_count=1";
    let first = search(&house, "Patient", query).unwrap();
    assert_eq!((ids(&first), first.total), (vec!["ann".to_owned()], Some(3)));
    house.put(r#"{"resourceType":"Patient","id":"ann","gender":"other"}"#).unwrap();
    let second = search(&house, "Patient", &format!("{query}&_page={}", first.next.unwrap())).unwrap();
    assert_eq!(ids(&second), ["bob"]);
    let third = search(&house, "Patient", &format!("{query}&_page={}", second.next.unwrap())).unwrap();
    assert_eq!((ids(&third), third.next), (vec!["cat".to_owned()], None));
}

#[test]
fn pages_in_row_order_neither_shift_nor_repeat() {
    let house = House::new();
    for no in 0..25 {
        house.put(&format!(r#"{{"resourceType":"Patient","id":"p{no}","gender":"male"}}"#)).unwrap();
    }
    for query in ["_count=10", "gender=male&_count=10", "gender=male&_count=10&_total=accurate"] {
        let mut seen = Vec::new();
        let mut page = search(&house, "Patient", query).unwrap();
        loop {
            seen.extend(ids(&page));
            house.put(r#"{"resourceType":"Patient","id":"p3","gender":"male"}"#).unwrap();
            if query.contains("_total") {
                assert_eq!(page.total, Some(25));
            }
            let Some(next) = page.next else { break };
            page = search(&house, "Patient", &format!("{query}&_page={next}")).unwrap();
        }
        assert_eq!(seen.len(), 25, "{query}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25, "{query}");
    }
    let page = search(&house, "Patient", "_count=10").unwrap();
    let token = page.next.unwrap();
    let other = search(&house, "Patient", &format!("gender=male&_page={token}"));
    assert!(matches!(other, Err(Error::PageGone(_))));
}

#[test]
fn includes_follow_references_only_where_the_grant_may_read() {
    let house = ward();
    let page = search(&house, "Observation", "status=amended&_include=Observation:patient").unwrap();
    assert_eq!(
        (ids(&page), page.included.iter().map(|s| s.id.as_str()).collect::<Vec<_>>()),
        (vec!["o2".to_owned()], vec!["bob"])
    );
    let page = search(&house, "Patient", "_id=ann&_revinclude=Observation:patient").unwrap();
    assert_eq!(page.included.len(), 2);
    let narrow = grant("system/Observation.rs");
    let page = search_as(&house, &narrow, "Observation", "status=amended&_include=Observation:patient").unwrap();
    assert!(page.included.is_empty());
    for query in ["patient.gender=female", "subject:Patient.family=x"] {
        assert!(matches!(search_as(&house, &narrow, "Observation", query), Err(Error::Denied(_))), "{query}");
    }
    let patients = grant("system/Patient.rs");
    let query = "_has:Observation:patient:status=final";
    assert!(matches!(search_as(&house, &patients, "Patient", query), Err(Error::Denied(_))));
}

#[test]
fn everything_about_a_patient_comes_in_pages_patient_first() {
    let house = ward();
    let all = house.records.everything(&everything(), "ann", &records::Everything::default()).unwrap();
    assert_eq!(ids(&all), ["ann", "o1", "o3"]);
    let mut wanted = records::Everything { count: Some(1), ..records::Everything::default() };
    let mut seen = Vec::new();
    loop {
        let page = house.records.everything(&everything(), "ann", &wanted).unwrap();
        assert_eq!(page.total, Some(3));
        seen.extend(ids(&page));
        match page.next {
            Some(next) => wanted.page = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["ann", "o1", "o3"]);
}
