//! `Observation/$lastn` over the store.

use crate::house::{House, everything, grant};
use access::{Grant, Principal, PrincipalKind};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{Error, LastN, SearchPage, query_pairs};

fn asked(text: &str, max: usize) -> LastN {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    LastN { query: SearchQuery::parse("Observation", query_pairs(text), &options).unwrap(), max }
}

fn last(house: &House, grant: &Grant, text: &str, max: usize) -> Result<SearchPage, Error> {
    house.records.last_n(grant, &asked(text, max))
}

fn ids(page: &SearchPage) -> String {
    assert_eq!(page.total, Some(page.matches.len() as u64));
    page.matches.iter().map(|stored| stored.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// An observation of `patient`: codes as `a,b`, or a text in quotes.
fn observation(id: &str, patient: &str, codes: &str, rest: &str) -> String {
    let code = match codes.strip_prefix('"') {
        Some(text) => format!(r#"{{"text":"{}"}}"#, text.trim_end_matches('"')),
        None => {
            let codings = codes.split(',').map(|code| format!(r#"{{"system":"http://c","code":"{code}"}}"#));
            format!(r#"{{"coding":[{}],"text":"whatever"}}"#, codings.collect::<Vec<_>>().join(","))
        }
    };
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","category":[{{"coding":[{{"code":"lab"}}]}}],"code":{code},"subject":{{"reference":"Patient/{patient}"}}{rest}}}"#
    )
}

fn at(time: &str) -> String {
    format!(r#","effectiveDateTime":"{time}""#)
}

fn of_patient(scopes: &str, patient: &str) -> Grant {
    Grant::for_test_of(Principal::new(PrincipalKind::Token, 1, "test"), scopes, Some(patient))
}

fn house() -> House {
    let house = House::new();
    for patient in ["p", "q"] {
        house.put(&format!(r#"{{"resourceType":"Patient","id":"{patient}"}}"#)).unwrap();
    }
    house
}

#[test]
fn codes_that_stand_together_are_one_group_and_texts_are_taken_as_they_stand() {
    // The table of R4: the codes of each observation, and how many groups they are.
    for (codes, groups) in [
        (&["a", "b", "c"][..], 3),
        (&["a", "b", "a,c"], 2),
        (&["a", "b", "a,b"], 1),
        (&["\"text\"", "\"Text\"", "\"t e x t\""], 3),
        (&["\"text\"", "\"text\"", "a"], 2),
        (&["a,b", "c,d", "b,c"], 1),
    ] {
        let house = house();
        for (no, codes) in codes.iter().enumerate() {
            house.put(&observation(&format!("o{no}"), "p", codes, &at(&format!("202{no}")))).unwrap();
        }
        let page = last(&house, &everything(), "patient=p&category=lab", 1).unwrap();
        assert_eq!(page.matches.len(), groups, "{codes:?}: {}", ids(&page));
        let all = last(&house, &everything(), "patient=p&category=lab", 9).unwrap();
        assert_eq!(all.matches.len(), codes.len(), "{codes:?}");
    }
    // A system without a code says as little as no code.
    let house = house();
    for (id, text) in [("1", "x"), ("2", "y")] {
        house
            .put(&format!(
                r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://c"}}],"text":"{text}"}},"subject":{{"reference":"Patient/p"}}}}"#
            ))
            .unwrap();
    }
    assert_eq!(last(&house, &everything(), "patient=p&code:missing=false", 1).unwrap().matches.len(), 2);
}

#[test]
fn the_latest_come_first_and_those_of_the_same_time_all() {
    let house = house();
    for (id, codes, time) in [
        ("a1", "a", at("2024-01-01")),
        ("a2", "a", at("2024-03-01T10:00:00Z")),
        ("a3", "a", at("2024-03-01T11:00:00+01:00")),
        ("a4", "a", at("2024-02-01")),
        ("a5", "a", r#","effectivePeriod":{"start":"2023-01-01","end":"2024-02-15"}"#.to_owned()),
        ("a6", "a", String::new()),
        ("a7", "a", String::new()),
        ("b1", "b", at("2025")),
        ("c1", "c", r#","effectivePeriod":{"start":"2020-01-01"}"#.to_owned()),
        ("d1", "\"d\"", String::new()),
    ] {
        house.put(&observation(id, "p", codes, &time)).unwrap();
    }
    house.put(&observation("other", "q", "a", &at("2026"))).unwrap();
    for (text, max, expected) in [
        ("patient=p&code=a,b", 1, "b1 a3 a2"),
        ("patient=p&code=a", 2, "a3 a2"),
        ("patient=p&code=a", 3, "a3 a2 a5"),
        ("patient=p&code=a", 4, "a3 a2 a5 a4"),
        // Of what has no time it is not known that it was at the same.
        ("patient=p&code=a", 6, "a3 a2 a5 a4 a1 a7"),
        ("patient=p&code=a", 99, "a3 a2 a5 a4 a1 a7 a6"),
        ("subject=Patient/p&category=lab", 1, "c1 b1 a3 a2 d1"),
        ("subject=Patient/p&category=lab&date=lt2024-02-10", 1, "c1 a5"),
        ("patient=p&code=http://c|zzz", 5, ""),
        ("patient.gender:missing=true&code=a", 1, "other"),
    ] {
        let page = last(&house, &everything(), text, max).unwrap();
        assert_eq!(ids(&page), expected, "{text} max={max}");
    }
    let included = last(&house, &everything(), "patient=p&code=b&_include=Observation:subject", 1).unwrap();
    assert_eq!(included.included.len(), 1);
    let counted = last(&house, &everything(), "patient=p&code=a&_summary=count", 1).unwrap();
    assert_eq!((counted.total, counted.matches.len()), (Some(2), 0));
}

#[test]
fn what_says_too_little_or_asks_for_another_order_is_refused() {
    let house = house();
    for (text, word) in [
        ("code=a", "whose observations"),
        ("patient=p", "which observations"),
        ("patient=p&status=final", "which observations"),
        ("_has:AuditEvent:entity:patient=p&code=a", "whose observations"),
        ("patient=p&code=a&_sort=date", "_sort is not supported"),
        ("patient=p&code=a&_count=3", "_count is not supported"),
    ] {
        let error = last(&house, &everything(), text, 1).unwrap_err();
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
    for scopes in ["system/Patient.rs", "system/Observation.r", "system/Encounter.rs"] {
        let refused = last(&house, &grant(scopes), "patient=p&code=a", 1);
        assert!(matches!(refused, Err(Error::Denied(_))), "{scopes}");
    }
    // A chain looks at what it goes through.
    let refused = last(&house, &grant("system/Observation.rs"), "patient.gender=male&code=a", 1);
    assert!(matches!(refused, Err(Error::Denied(_))));
}

#[test]
fn what_is_not_seen_joins_no_groups_and_takes_no_place() {
    let house = house();
    house.put(&observation("mine-a", "p", "a", &at("2020"))).unwrap();
    house.put(&observation("mine-b", "p", "b", &at("2021"))).unwrap();
    // Somebody else's says that the two codes are one, and is later.
    house.put(&observation("theirs", "q", "a,b", &at("2022"))).unwrap();
    let hidden = observation("hidden", "p", "a,b", &at("2023")).replace("\"final\"", "\"preliminary\"");
    let ann = of_patient("patient/*.rs", "p");
    assert_eq!(ids(&last(&house, &ann, "subject=Patient/p,Patient/q&category=lab", 1).unwrap()), "mine-b mine-a");
    assert_eq!(ids(&last(&house, &ann, "patient=q&category=lab", 1).unwrap()), "");
    let all = "subject=Patient/p,Patient/q&category=lab";
    assert_eq!(ids(&last(&house, &everything(), all, 1).unwrap()), "theirs");
    assert_eq!(ids(&last(&house, &everything(), all, 2).unwrap()), "theirs mine-b");
    // So does what a filter leaves out.
    house.put(&hidden).unwrap();
    let finals = grant("system/Observation.rs?status=final");
    assert_eq!(ids(&last(&house, &finals, "patient=p&category=lab", 1).unwrap()), "mine-b mine-a");
    assert_eq!(ids(&last(&house, &everything(), "patient=p&category=lab", 1).unwrap()), "hidden");
    assert_eq!(ids(&last(&house, &everything(), "patient=p&category=lab&status=final", 1).unwrap()), "mine-b mine-a");
}
