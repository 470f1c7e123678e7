//! Rows that go, lead elsewhere or come back, and runs that are taken back, where others give to the same record.

use crate::giving::{JSON, MATCH, get, id, numbers, patient, people, put, ran, rests, run, write};
use crate::house::House;
use axum::http::Method;
use serde_json::{Value, json};

/// The visits of a source: number, number that all sources know, class, reason; `how` says more of the target.
async fn visits(house: &House, source: &str, how: &str, rows: &str) {
    let visits = format!("vid,vn,class,why\n{rows}");
    let mapping = format!(
        "-- @target Encounter @key v.vid @match identifier {how}
SELECT identifier('urn:vn', v.vn) AS \"identifier[0]\", identifier('urn:{source}', v.vid) AS \"identifier[1]\", 'finished' AS status,
code('urn:x', v.class) AS class, text(v.why) AS \"reasonCode\" FROM visits v"
    );
    let toml = format!("name = \"{source}\"\n[tables.visits]\nkey = [\"vid\"]\n");
    write(house, source, &[("visits.csv", &visits), ("mapping.toml", &toml), ("visit.sql", &mapping)]).await;
}

async fn visit(house: &House, source: &str, key: &str) -> Option<Value> {
    get(house, &format!("/fhir/Encounter/{}", id(source, "Encounter", key))).await
}

async fn undo(house: &House, source: &str) -> Value {
    let told = house.operate(Method::POST, &format!("/api/mappings/{source}/undo"), JSON, "{}").await;
    assert!(told.status.is_success(), "{}", told.text);
    told.json()
}

#[tokio::test]
async fn runs_that_did_the_same_are_taken_back_each_by_itself() {
    let house = House::new();
    visits(&house, "a", "@gone delete", "1,,AMB,\n2,,AMB,\n3,,AMB,\n").await;
    ran(&house, "a").await;
    visits(&house, "a", "@gone delete", "2,,AMB,\n3,,AMB,\n").await;
    ran(&house, "a").await;
    // The line of what is gone is that of the run before.
    visits(&house, "a", "@gone delete", "2,,AMB,\n").await;
    ran(&house, "a").await;
    undo(&house, "a").await;
    let before = visit(&house, "a", "3").await.unwrap();
    visits(&house, "a", "@gone delete", "2,,AMB,\n3,,AMB,cough\n").await;
    ran(&house, "a").await;
    assert_eq!(visit(&house, "a", "3").await.unwrap()["reasonCode"][0]["text"], "cough");
    undo(&house, "a").await;
    let after = visit(&house, "a", "3").await.expect("what was there before the run is there");
    assert_eq!((&after["identifier"], &after["reasonCode"]), (&before["identifier"], &Value::Null), "{after}");
    assert!(visit(&house, "a", "1").await.is_none());
}

#[tokio::test]
async fn what_a_run_that_was_taken_back_left_in_a_record_goes_with_the_row() {
    let house = House::new();
    put(&house, json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}]}))
        .await;
    people(&house, "a", MATCH, "7,M3,Ewa,1990-05-05,555\n8,M8,Ben,1980-01-01,\n").await;
    ran(&house, "a").await;
    // Another source writes the record: of that run nothing can be taken back there.
    people(&house, "b", MATCH, "1,M3,Ewa,,\n").await;
    ran(&house, "b").await;
    let undone = undo(&house, "a").await;
    assert_eq!(undone["left"].as_array().unwrap().len(), 1, "{undone}");
    assert_eq!(patient(&house, "m").await["birthDate"], "1990-05-05");
    people(&house, "a", MATCH, "8,M8,Ben,1980-01-01,\n").await;
    ran(&house, "a").await;
    let left = patient(&house, "m").await;
    assert_eq!(numbers(&left), ["urn:b|1", "urn:mrn|M3"], "{left}");
    assert_eq!(
        (&left["birthDate"], &left["telecom"], &left["name"][0]["text"]),
        (&Value::Null, &Value::Null, &json!("Ewa"))
    );
    rests(&house, "a").await;
    rests(&house, "b").await;
}

#[tokio::test]
async fn a_visit_under_another_key_does_not_go_into_the_one_that_was_entered_in_error() {
    let house = House::new();
    visits(&house, "a", "", "1,V1,AMB,cough\n").await;
    ran(&house, "a").await;
    visits(&house, "a", "", "2,V1,AMB,cough\n").await;
    ran(&house, "a").await;
    for _ in 0..2 {
        let (old, new) = (visit(&house, "a", "1").await.unwrap(), visit(&house, "a", "2").await.unwrap());
        assert_eq!((&old["status"], &new["status"]), (&json!("entered-in-error"), &json!("finished")), "{old} {new}");
        assert_eq!(numbers(&new), ["urn:a|2", "urn:vn|V1"]);
        rests(&house, "a").await;
    }
}

#[tokio::test]
async fn a_visit_that_two_sources_know_counts_until_neither_knows_it() {
    for (how, is_there) in [("", true), ("@gone delete", false)] {
        let house = House::new();
        visits(&house, "a", how, "1,V1,AMB,\n2,V2,AMB,\n").await;
        visits(&house, "b", how, "7,V1,IMP,cough\n8,V8,AMB,\n").await;
        ran(&house, "a").await;
        ran(&house, "b").await;
        let both = visit(&house, "a", "1").await.unwrap();
        assert_eq!((&both["class"]["code"], numbers(&both).len()), (&json!("AMB"), 3), "{both}");
        // Who made it knows it no more: it is still the other's.
        visits(&house, "a", how, "2,V2,AMB,\n").await;
        ran(&house, "a").await;
        let one = visit(&house, "a", "1").await.unwrap();
        assert_eq!(
            (numbers(&one), &one["status"]),
            (vec!["urn:b|7".to_owned(), "urn:vn|V1".to_owned()], &json!("finished")),
            "{one}"
        );
        // That has a record of its own again, and the one that nobody gives to does not count.
        ran(&house, "b").await;
        for _ in 0..2 {
            let (none, one) = (visit(&house, "a", "1").await.unwrap(), visit(&house, "b", "7").await.unwrap());
            assert_eq!(none["status"], "entered-in-error", "{none}");
            assert_eq!((&one["status"], &one["class"]["code"]), (&json!("finished"), &json!("IMP")), "{one}");
            rests(&house, "a").await;
            rests(&house, "b").await;
        }
        visits(&house, "b", how, "8,V8,AMB,\n").await;
        ran(&house, "b").await;
        let none = visit(&house, "b", "7").await;
        assert_eq!(none.is_some(), is_there, "{none:?}");
        assert!(none.is_none_or(|none| none["status"] == "entered-in-error"));
        rests(&house, "a").await;
        rests(&house, "b").await;
    }
}

#[tokio::test]
async fn a_row_that_comes_back_with_another_number_is_not_who_it_was() {
    let house = House::new();
    put(&house, json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}]}))
        .await;
    for how in ["@match identifier", "@match identifier @gone delete"] {
        // It has a record of its own first, which leads to the other then.
        people(&house, "a", how, "7,M9,Ewa,1990-05-05,555\n8,M8,Ben,1980-01-01,\n").await;
        ran(&house, "a").await;
        people(&house, "a", how, "7,M3,Ewa,1990-05-05,555\n8,M8,Ben,1980-01-01,\n").await;
        ran(&house, "a").await;
        let own = id("a", "Patient", "7");
        assert_eq!(patient(&house, &own).await["link"][0]["other"]["reference"], "Patient/m");
        people(&house, "a", how, "8,M8,Ben,1980-01-01,\n").await;
        ran(&house, "a").await;
        let left = patient(&house, "m").await;
        assert_eq!(numbers(&left), ["urn:mrn|M3"]);
        let is_deleted = how.contains("delete");
        assert_eq!(
            (get(&house, &format!("/fhir/Patient/{own}")).await.is_none(), left["link"].is_null()),
            (is_deleted, is_deleted)
        );
        people(&house, "a", how, "7,M7,Jan,1950-01-01,\n8,M8,Ben,1980-01-01,\n").await;
        ran(&house, "a").await;
        for _ in 0..2 {
            let (own, left) = (patient(&house, &own).await, patient(&house, "m").await);
            assert_eq!(numbers(&own), ["urn:a|7", "urn:mrn|M7"], "{own}");
            assert_eq!((&own["active"], &own["link"], &own["telecom"]), (&Value::Null, &Value::Null, &Value::Null));
            assert_eq!((numbers(&left), &left["link"]), (vec!["urn:mrn|M3".to_owned()], &Value::Null), "{left}");
            rests(&house, "a").await;
        }
        people(&house, "a", how, "8,M8,Ben,1980-01-01,\n").await;
        ran(&house, "a").await;
    }
}

#[tokio::test]
async fn what_one_row_gives_no_more_the_next_run_gives_as_another_row_has_it() {
    let house = House::new();
    put(&house, json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}]}))
        .await;
    people(&house, "a", MATCH, "2,M3,Ewa,1990-05-05,555 2\n").await;
    ran(&house, "a").await;
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,555 1\n2,M3,Ewa,1990-05-05,555 2\n").await;
    ran(&house, "a").await;
    assert_eq!(patient(&house, "m").await["telecom"][0]["value"], "555 2");
    // The row that gave it comes after the other.
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,555 1\n2,M3,Ewa,1990-05-05,\n").await;
    ran(&house, "a").await;
    ran(&house, "a").await;
    assert_eq!(patient(&house, "m").await["telecom"][0]["value"], "555 1");
    rests(&house, "a").await;
}

#[tokio::test]
async fn a_source_that_meets_nobody_leaves_what_others_gave_to_its_records() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,\n2,M4,Jan,1991-05-05,\n").await;
    people(&house, "b", MATCH, "7,M3,Ewa,1990-05-05,555\n").await;
    ran(&house, "a").await;
    ran(&house, "b").await;
    let own = id("a", "Patient", "1");
    let both = ["urn:a|1", "urn:b|7", "urn:mrn|M3"];
    assert_eq!(numbers(&patient(&house, &own).await), both);
    rests(&house, "a").await;
    for name in ["Ewa Lind", "Ewa Nowak"] {
        people(&house, "a", "", &format!("1,M3,{name},1990-05-05,\n2,M4,Jan,1991-05-05,\n")).await;
        let report = run(&house, "a", json!({"write": true})).await;
        assert_eq!(report["changed"], 1, "{report}");
        let all = patient(&house, &own).await;
        assert_eq!(numbers(&all), both, "{all}");
        assert_eq!((&all["name"][0]["text"], &all["telecom"][0]["value"]), (&json!(name), &json!("555")), "{all}");
        rests(&house, "a").await;
        rests(&house, "b").await;
    }
    people(&house, "b", MATCH, "").await;
    ran(&house, "b").await;
    let left = patient(&house, &own).await;
    assert_eq!((numbers(&left), &left["telecom"]), (vec!["urn:a|1".to_owned(), "urn:mrn|M3".to_owned()], &Value::Null));
    people(&house, "a", "", "1,M3,Ewa,1990-05-06,\n2,M4,Jan,1991-05-05,\n").await;
    ran(&house, "a").await;
    assert_eq!(patient(&house, &own).await["birthDate"], "1990-05-06");
    rests(&house, "a").await;
}
