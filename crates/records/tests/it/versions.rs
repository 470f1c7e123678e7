use crate::house::{Change, House, everything, grant};
use fhir::json::Document;
use records::{Change as What, Error, HistoryOf, HistoryQuery, IfEqual, Naming, Seq};

const ANN: &str =
    r#"{"resourceType":"Patient","id":"ann","meta":{"tag":[{"code":"x"}]},"active":true,"name":[{"family":"Lee"}]}"#;

#[test]
fn a_resource_comes_back_with_its_identity_and_its_digits() {
    let house = House::new();
    let text = r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"valueQuantity":{"value":7.40}}"#;
    house.put(text).unwrap();
    let stored = house.records.read(&everything(), "Observation", "o1").unwrap();
    assert_eq!((stored.version, stored.change), (1, What::Created));
    assert!(stored.json.contains(r#""value":7.40"#), "{}", stored.json);
    assert!(
        stored.json.starts_with(
            r#"{"resourceType":"Observation","id":"o1","meta":{"versionId":"1","lastUpdated":"2026-01-01T"#
        )
    );
    assert!(Document::parse(stored.json.as_bytes()).is_ok());
}

#[test]
fn every_version_stays_readable_after_update_and_delete() {
    let house = House::new();
    house.put(ANN).unwrap();
    assert_eq!(house.put(&ANN.replace("Lee", "Li")).unwrap().change, What::Updated);
    assert_eq!(house.delete("Patient", "ann").unwrap().change, What::Deleted);
    assert_eq!(house.delete("Patient", "ann").unwrap().change, What::Unchanged);
    let read = |version| house.records.read_version(&everything(), "Patient", "ann", version);
    assert!(read(1).unwrap().json.contains("Lee"));
    assert!(read(2).unwrap().json.contains(r#""tag":[{"code":"x"}]"#));
    assert!(matches!(read(3), Err(Error::Gone { version: 3, .. })));
    assert!(matches!(read(4), Err(Error::NotFound { .. })));
    assert!(matches!(house.records.read(&everything(), "Patient", "ann"), Err(Error::Gone { version: 3, .. })));
    assert!(matches!(house.records.read(&everything(), "Patient", "bob"), Err(Error::NotFound { .. })));
    let back = house.put(ANN).unwrap();
    assert_eq!((back.change, back.version), (What::Created, 4));
}

#[test]
fn each_source_is_told_with_what_it_sent_last() {
    let house = House::new();
    let newest = || house.records.newest_of_sources(&everything(), 10).unwrap();
    assert!(newest().is_empty());
    for (n, source) in ["lab", "ward", "lab", "", "ward", "lab"].into_iter().enumerate() {
        let text = ANN.replace("ann", &format!("p{n}"));
        let change = Change::Put { text, if_match: None, if_equal: IfEqual::NewVersion, must_be_new: false };
        house.write_from(source, &everything(), vec![change]).unwrap();
    }
    let told: Vec<(String, i64)> = newest().into_iter().map(|arrival| (arrival.source, arrival.no.0)).collect();
    assert_eq!(told, [(String::new(), 4), ("lab".to_owned(), 6), ("ward".to_owned(), 5)]);
    assert_eq!(house.records.newest_of_sources(&everything(), 2).unwrap().len(), 2);
}

#[test]
fn history_is_newest_first_and_pages_without_a_gap() {
    let house = House::new();
    house.put(ANN).unwrap();
    for name in ["Li", "Le", "Lo"] {
        house.put(&ANN.replace("Lee", name)).unwrap();
    }
    house.delete("Patient", "ann").unwrap();
    let of = HistoryOf::Resource("Patient", "ann");
    let mut query = HistoryQuery { count: 2, ..HistoryQuery::default() };
    let mut versions = Vec::new();
    loop {
        let page = house.records.history(&everything(), of, &query).unwrap();
        assert_eq!(page.total, 5);
        versions.extend(page.versions.iter().map(|s| (s.version, s.change)));
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    assert_eq!(
        versions,
        [(5, What::Deleted), (4, What::Updated), (3, What::Updated), (2, What::Updated), (1, What::Created)]
    );
    for of in [HistoryOf::Type("Patient"), HistoryOf::System] {
        let page =
            house.records.history(&everything(), of, &HistoryQuery { count: 50, ..HistoryQuery::default() }).unwrap();
        assert_eq!(page.versions.len(), 5);
    }
}

#[test]
fn an_equal_delivery_writes_nothing_and_a_stale_one_is_refused() {
    let house = House::new();
    house.put(ANN).unwrap();
    let again = house.put_as(&everything(), ANN, None, IfEqual::Keep).unwrap();
    assert_eq!((again.change, again.version), (What::Unchanged, 1));
    let stale = house.put_as(&everything(), ANN, Some(7), IfEqual::NewVersion);
    assert!(matches!(stale, Err(Error::VersionConflict { current: 1, asked: 7, .. })));
    assert_eq!(house.records.head(), Seq(1));
}

#[test]
fn a_request_is_written_whole_or_not_at_all() {
    let house = House::new();
    house.put(ANN).unwrap();
    let put = |id: &str| Change::Put {
        text: format!(r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"s","value":"{id}"}}]}}"#),
        if_match: None,
        if_equal: IfEqual::NewVersion,
        must_be_new: false,
    };
    let missing = Change::Delete { resource_type: "Patient".into(), id: "nobody".into() };
    assert!(house.write(&everything(), vec![put("a"), put("b"), missing]).is_err());
    assert!(matches!(house.records.read(&everything(), "Patient", "a"), Err(Error::NotFound { .. })));
    assert_eq!(house.records.head(), Seq(1));
    // What the failed request numbered is free again.
    let receipt = house.write(&everything(), vec![put("a"), put("b")]).unwrap();
    assert_eq!(receipt.seq, Seq(3));
}

#[test]
fn each_act_needs_its_permission() {
    let house = House::new();
    let denied = |result: Result<_, Error>| matches!(result, Err(Error::Denied(_)));
    assert!(denied(house.put_as(&grant("system/*.rs"), ANN, None, IfEqual::Keep).map(|_| ())));
    assert!(denied(house.put_as(&grant("system/Observation.cruds"), ANN, None, IfEqual::Keep).map(|_| ())));
    house.put_as(&grant("system/Patient.c"), ANN, None, IfEqual::Keep).unwrap();
    let changed = ANN.replace("Lee", "Li");
    assert!(denied(house.put_as(&grant("system/Patient.c"), &changed, None, IfEqual::Keep).map(|_| ())));
    house.put_as(&grant("system/Patient.u"), &changed, None, IfEqual::Keep).unwrap();
    assert!(denied(house.records.read(&grant("system/Observation.rs"), "Patient", "ann").map(|_| ())));
    assert!(denied(house.records.source(&grant("system/Observation.rs"), "Patient", "ann", None).map(|_| ())));
    let of = HistoryOf::System;
    assert!(denied(house.records.history(&grant("system/Patient.rs"), of, &HistoryQuery::default()).map(|_| ())));
}

#[test]
fn a_version_leads_back_to_its_bytes_after_a_restart() {
    let mut house = House::new();
    house.put(ANN).unwrap();
    house.put(&ANN.replace("Lee", "Li")).unwrap();
    house.reopen();
    let source = house.records.source(&everything(), "Patient", "ann", Some(1)).unwrap();
    assert_eq!((source.version, source.arrival.no.0, source.length), (1, 1, ANN.len() as u64));
    assert_eq!(house.records.source_bytes(&everything(), "Patient", "ann", Some(1)).unwrap(), ANN.as_bytes());
    let newest = house.records.source_bytes(&everything(), "Patient", "ann", None).unwrap();
    assert_eq!(newest, ANN.replace("Lee", "Li").as_bytes());
}

#[test]
fn a_version_belongs_to_the_patients_that_it_names_itself() {
    let house = House::new();
    house.put(ANN).unwrap();
    let row = |id: &str| house.records.read(&everything(), "Patient", id).unwrap().row;
    let ann = row("ann");
    let of = |id: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o1","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{id}"}}}}"#
        )
    };
    house.put(&of("ann")).unwrap();
    let observation = house.records.read(&everything(), "Observation", "o1").unwrap().row;
    // Bob is only mentioned when the observation is moved to him.
    house.put(&of("bob")).unwrap();
    house.delete("Observation", "o1").unwrap();
    house.put(&ANN.replace("ann", "bob")).unwrap();
    let bob = row("bob");
    for (version, patient) in [(1, ann), (2, bob), (3, bob)] {
        let found = house.records.patients_of(&everything(), &[(observation, version)]).unwrap();
        assert_eq!(found, [(observation, patient)], "version {version}");
    }
    assert_eq!(house.records.patients_of(&everything(), &[(observation, 9)]).unwrap(), []);
    assert_eq!(house.records.patients_of(&everything(), &[(ann, 1)]).unwrap(), [(ann, ann)]);
    house.delete("Patient", "ann").unwrap();
    assert_eq!(house.records.patients_of(&everything(), &[(ann, 2)]).unwrap(), [(ann, ann)]);
}

#[test]
fn the_history_says_who_named_a_resource_and_when_it_came_back() {
    let mut house = House::new();
    let post = Change::Put { text: ANN.into(), if_match: None, if_equal: IfEqual::NewVersion, must_be_new: true };
    house.write(&everything(), vec![post]).unwrap();
    house.put(&ANN.replace("ann", "bob")).unwrap();
    house.put(&ANN.replace("ann", "bob")).unwrap();
    house.delete("Patient", "bob").unwrap();
    house.put(&ANN.replace("ann", "bob")).unwrap();
    house.put(&ANN.replace("ann", "bob")).unwrap();
    for _ in 0..2 {
        let page = house.records.history(&everything(), HistoryOf::System, &all()).unwrap();
        let said: Vec<_> = page.versions.iter().rev().map(|s| (s.id.as_str(), s.version, s.change, s.naming)).collect();
        assert_eq!(
            said,
            [
                ("ann", 1, What::Created, Naming::Here),
                ("bob", 1, What::Created, Naming::Sender),
                ("bob", 2, What::Updated, Naming::Sender),
                ("bob", 3, What::Deleted, Naming::Sender),
                ("bob", 4, What::Created, Naming::Sender),
                ("bob", 5, What::Updated, Naming::Sender),
            ]
        );
        house.reopen();
    }
}

fn all() -> HistoryQuery {
    HistoryQuery { count: 100, ..HistoryQuery::default() }
}

#[test]
fn histories_of_types_and_of_everything_are_those_of_their_resources() {
    let house = House::new();
    for no in 0..40 {
        let resource_type = if no % 3 == 0 { "Patient" } else { "Organization" };
        let text = format!(r#"{{"resourceType":"{resource_type}","id":"r{}","language":"en-{no}"}}"#, no % 7);
        house.put(&text).unwrap();
        if no % 5 == 4 {
            house.delete(resource_type, &format!("r{}", no % 7)).unwrap();
        }
    }
    let of = |of: HistoryOf<'_>, query: HistoryQuery| house.records.history(&everything(), of, &query).unwrap();
    let whole = of(HistoryOf::System, all());
    assert_eq!((whole.total, whole.versions.len()), (48, 48));
    assert!(whole.versions.windows(2).all(|pair| pair[0].seq > pair[1].seq));
    for name in ["Patient", "Organization", "Observation"] {
        let expected: Vec<_> =
            whole.versions.iter().filter(|s| fhir::schema::r4().name(s.resource_type) == name).collect();
        // By the feed, and by the tables of versions.
        for at_us in [None, Some((i64::MIN, i64::MAX))] {
            let page = of(HistoryOf::Type(name), HistoryQuery { at_us, ..all() });
            assert_eq!(page.versions.iter().collect::<Vec<_>>(), expected, "{name}");
            assert_eq!(page.total, expected.len() as u64);
        }
    }
    for since in whole.versions.iter().step_by(5) {
        let since_us = Some(since.updated_us);
        let expected = whole.versions.iter().filter(|s| s.updated_us >= since.updated_us).count();
        let mut query = HistoryQuery { since_us, count: 3, ..HistoryQuery::default() };
        let mut seen = 0;
        loop {
            let page = of(HistoryOf::System, query);
            assert_eq!(page.total, expected as u64);
            seen += page.versions.len();
            let Some(next) = page.next else { break };
            query.before = Some(next);
        }
        assert_eq!(seen, expected);
    }
    let later = HistoryQuery { since_us: Some(i64::MAX), ..all() };
    assert_eq!(of(HistoryOf::System, later).total, 0);
    assert_eq!(of(HistoryOf::Type("Patient"), later).total, 0);
}

#[test]
fn a_create_only_if_absent_is_refused_where_something_is() {
    let house = House::new();
    let only_new = || house.put_as(&everything(), ANN, Some(0), IfEqual::NewVersion);
    assert_eq!(only_new().unwrap().version, 1);
    let refused = only_new().unwrap_err();
    assert!(matches!(refused, Error::VersionConflict { current: 1, asked: 0, .. }));
    assert!(refused.to_string().contains("is there already (version 1)"), "{refused}");
    house.delete("Patient", "ann").unwrap();
    assert_eq!(only_new().unwrap().version, 3);
}

#[test]
fn a_resource_with_very_many_values_is_stored_in_time_and_one_beyond_any_measure_is_refused() {
    let house = House::new();
    let list = |count: usize| {
        let entries: Vec<String> =
            (0..count).map(|no| format!(r#"{{"item":{{"reference":"Observation/o{no}"}}}}"#)).collect();
        format!(
            r#"{{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{}]}}"#,
            entries.join(",")
        )
    };
    assert_eq!(house.put(&list(60_000)).unwrap().version, 1);
    let refused = house.put(&list(500_001)).unwrap_err();
    assert!(refused.to_string().contains("split it"), "{refused}");
    let history = house.records.history(&everything(), HistoryOf::Resource("List", "l"), &all()).unwrap();
    assert_eq!(history.total, 1);
}
