//! Rows of several sources, messages and people that give to one record: what each gave is its own, run after run.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const FHIR: &str = "application/fhir+json";
pub(super) const JSON: &str = "application/json";

/// How a mapping's patients meet records of others.
pub(super) const MATCH: &str = "@match identifier";

pub(super) async fn put(house: &House, resource: Value) {
    let path = format!("/fhir/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
    let told = house.operate(Method::PUT, &path, FHIR, &resource.to_string()).await;
    assert!(told.status.is_success(), "{}", told.text);
}

pub(super) async fn get(house: &House, path: &str) -> Option<Value> {
    let told = house.operate(Method::GET, path, FHIR, "").await;
    (told.status == StatusCode::OK).then(|| told.json())
}

pub(super) async fn patient(house: &House, id: &str) -> Value {
    get(house, &format!("/fhir/Patient/{id}")).await.unwrap_or_else(|| panic!("there is no Patient/{id}"))
}

/// Writes a file of a source, and adds the source if it is new.
pub(super) async fn write(house: &House, source: &str, files: &[(&str, &str)]) {
    let folder = house.folder().join(source);
    let is_new = !folder.exists();
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    if is_new {
        let added = json!({"name": source, "path": folder, "mapping": folder}).to_string();
        let told = house.operate(Method::POST, "/api/sources", JSON, &added).await;
        assert!(told.status.is_success(), "{}", told.text);
    }
}

/// The people of a source, and its mapping of them.
pub(super) async fn people(house: &House, source: &str, how: &str, rows: &str) {
    let people = format!("pid,mrn,name,born,phone\n{rows}");
    let mapping = format!(
        "-- @target Patient @key p.pid {how}
SELECT identifier('urn:mrn', p.mrn) AS \"identifier[0]\", identifier('urn:{source}', p.pid) AS \"identifier[1]\", name(p.name) AS name,
date(p.born) AS \"birthDate\", 'phone' AS \"telecom.system\", p.phone AS \"telecom.value\" FROM people p"
    );
    let toml = format!("name = \"{source}\"\n[tables.people]\nkey = [\"pid\"]\n");
    write(house, source, &[("people.csv", &people), ("mapping.toml", &toml), ("patient.sql", &mapping)]).await;
}

async fn pull(house: &House, source: &str) {
    let told = house.operate(Method::POST, &format!("/api/sources/{source}/pull"), JSON, r#"{"accept":true}"#).await;
    assert!(told.status.is_success() && !told.text.contains("\"error\""), "{}", told.text);
}

pub(super) async fn run(house: &House, source: &str, how: Value) -> Value {
    pull(house, source).await;
    let told = house.operate(Method::POST, &format!("/api/mappings/{source}/run"), JSON, &how.to_string()).await;
    let last: Value = serde_json::from_str(told.text.lines().last().unwrap()).unwrap();
    assert!(last["report"].is_object(), "{last}");
    last["report"].clone()
}

pub(super) async fn ran(house: &House, source: &str) -> Value {
    run(house, source, json!({"write": true})).await
}

/// Runs a source whose rows did not change: nothing is written, remembered or whole.
pub(super) async fn rests(house: &House, source: &str) {
    for how in [json!({"write": true}), json!({"write": true, "whole": true}), json!({"write": true})] {
        let report = run(house, source, how.clone()).await;
        let wrote = ["new", "changed", "gone", "refused"].map(|count| report[count].as_u64().unwrap());
        assert_eq!(wrote, [0; 4], "{source} {how}: {report}");
    }
}

pub(super) fn id(source: &str, target: &str, key: &str) -> String {
    tables::value::id::derived(source, target, &[key])
}

pub(super) fn numbers(patient: &Value) -> Vec<String> {
    let all = patient["identifier"].as_array().into_iter().flatten();
    let mut numbers: Vec<String> =
        all.map(|one| format!("{}|{}", one["system"].as_str().unwrap(), one["value"].as_str().unwrap())).collect();
    numbers.sort();
    numbers
}

fn remark(report: &Value, code: &str) -> u64 {
    let remarks = report["targets"][0]["remarks"].as_array().unwrap();
    remarks.iter().find(|one| one["reason"] == code).map_or(0, |one| one["count"].as_u64().unwrap())
}

#[tokio::test]
async fn what_another_gave_to_a_sources_own_record_stays_and_runs_come_to_rest() {
    let house = House::new();
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,\n2,M4,Jan,1991-05-05,\n").await;
    people(&house, "b", MATCH, "7,M3,Ewa N,1990-05-05,555\n").await;
    ran(&house, "a").await;
    let report = ran(&house, "b").await;
    assert_eq!(report["targets"][0]["met"], 1, "{report}");
    let own = id("a", "Patient", "1");
    let both = |patient: &Value| {
        assert_eq!(numbers(patient), ["urn:a|1", "urn:b|7", "urn:mrn|M3"], "{patient}");
        assert_eq!((&patient["name"][0]["text"], &patient["telecom"][0]["value"]), (&json!("Ewa"), &json!("555")));
    };
    both(&patient(&house, &own).await);
    for _ in 0..2 {
        rests(&house, "a").await;
        rests(&house, "b").await;
        both(&patient(&house, &own).await);
    }
    // Somebody else adds to it: that stays too, and what the row changes of its own is changed.
    let mut more = patient(&house, &own).await;
    more["gender"] = json!("female");
    put(&house, more).await;
    rests(&house, "a").await;
    people(&house, "a", MATCH, "1,M3,Ewa Nowak,1990-05-05,\n2,M4,Jan,1991-05-05,\n").await;
    ran(&house, "a").await;
    rests(&house, "b").await;
    let all = patient(&house, &own).await;
    assert_eq!(
        (&all["gender"], &all["name"][0]["text"], &all["telecom"][0]["value"]),
        (&json!("female"), &json!("Ewa Nowak"), &json!("555")),
        "{all}"
    );
    // A run is taken back: what it gave is still the row's.
    let undone = house.operate(Method::POST, "/api/mappings/a/undo", JSON, "{}").await;
    assert!(undone.status.is_success(), "{}", undone.text);
    assert_eq!(patient(&house, &own).await["name"][0]["text"], "Ewa");
    people(&house, "a", MATCH, "1,M3,Ewa Lind,1990-05-05,\n2,M4,Jan,1991-05-05,\n").await;
    ran(&house, "a").await;
    assert_eq!(patient(&house, &own).await["name"][0]["text"], "Ewa Lind");
    // The other's row goes, and with it what it gave alone.
    people(&house, "b", MATCH, "").await;
    ran(&house, "b").await;
    let left = patient(&house, &own).await;
    assert_eq!(numbers(&left), ["urn:a|1", "urn:mrn|M3"], "{left}");
    assert_eq!((&left["telecom"], &left["birthDate"]), (&Value::Null, &json!("1990-05-05")), "{left}");
    rests(&house, "a").await;
}

#[tokio::test]
async fn two_rows_of_a_source_that_are_one_record_do_not_take_it_from_each_other() {
    let house = House::new();
    put(&house, json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}]}))
        .await;
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,555 1\n2,M3,Eva,1990-05-05,555 2\n").await;
    let report = ran(&house, "a").await;
    assert_eq!(remark(&report, "shared-match"), 1, "{report}");
    let met = patient(&house, "m").await;
    assert_eq!(numbers(&met), ["urn:a|1", "urn:a|2", "urn:mrn|M3"]);
    assert_eq!((&met["name"][0]["text"], &met["telecom"][0]["value"]), (&json!("Ewa"), &json!("555 1")), "{met}");
    rests(&house, "a").await;
    assert_eq!(patient(&house, "m").await, met);
    // The first goes: the second gives what is not there any more, once it is looked at again.
    people(&house, "a", MATCH, "2,M3,Eva,1990-05-05,555 2\n").await;
    ran(&house, "a").await;
    ran(&house, "a").await;
    let met = patient(&house, "m").await;
    assert_eq!(numbers(&met), ["urn:a|2", "urn:mrn|M3"], "{met}");
    assert_eq!(
        (&met["name"][0]["text"], &met["telecom"][0]["value"], &met["birthDate"]),
        (&json!("Eva"), &json!("555 2"), &json!("1990-05-05")),
        "{met}"
    );
    rests(&house, "a").await;
}

#[tokio::test]
async fn a_wrong_number_that_is_corrected_leads_out_of_the_other_persons_record() {
    let house = House::new();
    let other = json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}], "name": [{"text": "Ewa"}]});
    put(&house, other).await;
    people(&house, "b", MATCH, "7,M3,Erik,1950-01-01,555\n").await;
    let report = ran(&house, "b").await;
    assert_eq!(report["targets"][0]["met"], 1, "{report}");
    assert_eq!(patient(&house, "m").await["birthDate"], "1950-01-01");
    people(&house, "b", MATCH, "7,M9,Erik,1950-01-01,555\n").await;
    let report = ran(&house, "b").await;
    assert_eq!(report["targets"][0]["met"], 0, "{report}");
    let met = patient(&house, "m").await;
    assert_eq!(numbers(&met), ["urn:mrn|M3"], "{met}");
    assert_eq!(
        (&met["birthDate"], &met["telecom"], &met["name"][0]["text"]),
        (&Value::Null, &Value::Null, &json!("Ewa"))
    );
    let own = patient(&house, &id("b", "Patient", "7")).await;
    assert_eq!(numbers(&own), ["urn:b|7", "urn:mrn|M9"], "{own}");
    rests(&house, "b").await;
    // And to the record that it is.
    put(&house, json!({"resourceType": "Patient", "id": "n", "identifier": [{"system": "urn:mrn", "value": "M9"}]}))
        .await;
    ran(&house, "b").await;
    assert_eq!(patient(&house, "n").await["name"][0]["text"], "Erik");
    let own = patient(&house, &id("b", "Patient", "7")).await;
    assert_eq!((&own["active"], own["link"][0]["type"].as_str()), (&json!(false), Some("replaced-by")), "{own}");
    // It was wrong once more: the record of its own is itself again.
    people(&house, "b", MATCH, "7,M8,Erik,1950-01-01,555\n").await;
    ran(&house, "b").await;
    let (own, left) = (patient(&house, &id("b", "Patient", "7")).await, patient(&house, "n").await);
    assert_eq!((&own["active"], &own["link"]), (&Value::Null, &Value::Null), "{own}");
    assert_eq!(numbers(&own), ["urn:b|7", "urn:mrn|M8"], "{own}");
    assert_eq!(
        (&left["link"], &left["name"], numbers(&left)),
        (&Value::Null, &Value::Null, vec!["urn:mrn|M9".to_owned()])
    );
    rests(&house, "b").await;
}

#[tokio::test]
async fn a_mapping_that_meets_no_longer_withdraws_what_it_gave() {
    let house = House::new();
    let other = json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}], "name": [{"text": "Ewa"}]});
    put(&house, other).await;
    people(&house, "b", MATCH, "7,M3,Ewa,1990-05-05,555\n").await;
    let visits = "-- @target Encounter @key v.visit
SELECT 'finished' AS status, code('urn:x', 'IMP') AS class, ref('Patient', v.pid) AS subject FROM visits v";
    let toml = "name = \"b\"\n[tables.people]\nkey = [\"pid\"]\n[tables.visits]\n";
    let files = [("visits.csv", "visit,pid\n1,7\n"), ("mapping.toml", toml), ("visit.sql", visits)];
    write(&house, "b", &files).await;
    ran(&house, "b").await;
    let own = id("b", "Patient", "7");
    let visit = format!("/fhir/Encounter/{}", id("b", "Encounter", "1"));
    assert_eq!(get(&house, &visit).await.unwrap()["subject"]["reference"], "Patient/m");
    people(&house, "b", "", "7,M3,Ewa,1990-05-05,555\n").await;
    write(&house, "b", &files).await;
    let report = ran(&house, "b").await;
    assert_eq!(report["targets"][0]["met"], 0, "{report}");
    let met = patient(&house, "m").await;
    assert_eq!((numbers(&met), &met["birthDate"]), (vec!["urn:mrn|M3".to_owned()], &Value::Null), "{met}");
    assert_eq!(numbers(&patient(&house, &own).await), ["urn:b|7", "urn:mrn|M3"]);
    assert_eq!(get(&house, &visit).await.unwrap()["subject"]["reference"], format!("Patient/{own}"));
    rests(&house, "b").await;
    // It meets again, and leads there as before.
    people(&house, "b", MATCH, "7,M3,Ewa,1990-05-05,555\n").await;
    write(&house, "b", &files).await;
    ran(&house, "b").await;
    assert_eq!(get(&house, &visit).await.unwrap()["subject"]["reference"], "Patient/m");
    assert_eq!(patient(&house, "m").await["birthDate"], "1990-05-05");
    rests(&house, "b").await;
}

#[tokio::test]
async fn a_value_that_two_sources_give_stays_until_both_give_it_no_more() {
    let house = House::new();
    put(&house, json!({"resourceType": "Patient", "id": "m", "identifier": [{"system": "urn:mrn", "value": "M3"}]}))
        .await;
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,555\n2,M7,Jan,1980-01-01,\n").await;
    people(&house, "b", MATCH, "7,M3,Ewa,1990-05-05,\n8,M8,Ben,1980-01-01,\n").await;
    ran(&house, "a").await;
    ran(&house, "b").await;
    people(&house, "a", MATCH, "2,M7,Jan,1980-01-01,\n").await;
    ran(&house, "a").await;
    let met = patient(&house, "m").await;
    assert_eq!((&met["birthDate"], &met["telecom"]), (&json!("1990-05-05"), &Value::Null), "{met}");
    rests(&house, "b").await;
    people(&house, "b", MATCH, "8,M8,Ben,1980-01-01,\n").await;
    ran(&house, "b").await;
    let met = patient(&house, "m").await;
    assert_eq!(
        (&met["birthDate"], &met["name"], numbers(&met)),
        (&Value::Null, &Value::Null, vec!["urn:mrn|M3".to_owned()])
    );
}

#[tokio::test]
async fn what_a_target_made_that_the_mapping_has_no_longer_is_gone() {
    let house = House::new();
    people(&house, "b", "", "7,M3,Ewa,1990-05-05,555\n").await;
    let toml = "name = \"b\"\n[tables.people]\nkey = [\"pid\"]\n[tables.visits]\nmissing = \"delete\"\n";
    let visits = |target: &str| {
        format!(
            "-- @target Encounter{target} @key v.visit
SELECT 'finished' AS status, code('urn:x', 'IMP') AS class, ref('Patient', v.pid) AS subject FROM visits v"
        )
    };
    let of_first = visits("");
    write(&house, "b", &[("visits.csv", "visit,pid\n1,7\n2,7\n"), ("mapping.toml", toml), ("visit.sql", &of_first)])
        .await;
    ran(&house, "b").await;
    let first = format!("/fhir/Encounter/{}", id("b", "Encounter", "1"));
    let renamed = format!("/fhir/Encounter/{}", id("b", "Stay", "1"));
    assert!(get(&house, &first).await.is_some());
    let of_second = visits(" as Stay");
    write(&house, "b", &[("visit.sql", &of_second)]).await;
    let dry = run(&house, "b", json!({"write": false})).await;
    assert_eq!((&dry["new"], &dry["gone"]), (&json!(2), &json!(2)), "{dry}");
    let told = |report: &Value| {
        let notes = report["notes"].as_array().unwrap();
        notes.iter().filter(|note| note.as_str().unwrap().contains("target Encounter")).count()
    };
    assert_eq!(told(&dry), 1, "{dry}");
    let report = ran(&house, "b").await;
    assert_eq!((&report["new"], &report["gone"], told(&report)), (&json!(2), &json!(2), 1), "{report}");
    assert!(get(&house, &first).await.is_none() && get(&house, &renamed).await.is_some());
    rests(&house, "b").await;
    assert_eq!(told(&ran(&house, "b").await), 0);
    // Taken back, the first are there again; the next run finds them gone again.
    let which = json!({"run": report["run"]}).to_string();
    let undone = house.operate(Method::POST, "/api/mappings/b/undo", JSON, &which).await;
    assert!(undone.status.is_success(), "{}", undone.text);
    assert!(get(&house, &first).await.is_some() && get(&house, &renamed).await.is_none());
    let report = run(&house, "b", json!({"write": true, "whole": true})).await;
    assert_eq!((&report["new"], &report["gone"], told(&report)), (&json!(2), &json!(2), 1), "{report}");
    rests(&house, "b").await;
    // The name comes back: what it makes is there, and the other's is gone.
    write(&house, "b", &[("visit.sql", &of_first)]).await;
    ran(&house, "b").await;
    assert!(get(&house, &first).await.is_some() && get(&house, &renamed).await.is_none());
    rests(&house, "b").await;
}
