//! A row of a table and the record of another door that it is one with.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const FHIR: &str = "application/fhir+json";
const JSON: &str = "application/json";

async fn put(house: &House, resource: Value) {
    let path = format!("/fhir/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
    let told = house.operate(Method::PUT, &path, FHIR, &resource.to_string()).await;
    assert!(told.status.is_success(), "{}", told.text);
}

async fn get(house: &House, path: &str) -> Value {
    let told = house.operate(Method::GET, path, FHIR, "").await;
    assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
    told.json()
}

/// Writes the tables and the mapping of a source, and adds it if it is new.
async fn clinic(house: &House, people: &str, rank: &str) {
    let folder = house.folder().join("clinic");
    let is_new = !folder.exists();
    std::fs::create_dir_all(&folder).unwrap();
    let toml = format!("name = \"clinic\"\n{rank}\n[tables.people]\nkey = [\"pid\"]\n[tables.visits]\n");
    for (name, text) in [
        ("people.csv", format!("pid,mrn,name,born,phone\n{people}")),
        ("visits.csv", "visit,pid\n1,17\n2,18\n".to_owned()),
        ("mapping.toml", toml),
        (
            "patient.sql",
            "-- @target Patient @key p.pid @match identifier
SELECT identifier('urn:mrn', p.mrn) AS identifier, name(p.name) AS name, date(p.born) AS \"birthDate\", 'phone' AS \"telecom.system\", p.phone AS \"telecom.value\" FROM people p".to_owned(),
        ),
        (
            "visit.sql",
            "-- @target Encounter @key v.visit
SELECT 'finished' AS status, code('urn:x', 'IMP') AS class, ref('Patient', v.pid) AS subject FROM visits v".to_owned(),
        ),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    if is_new {
        let added = json!({"name": "clinic", "path": folder, "mapping": folder}).to_string();
        assert!(house.operate(Method::POST, "/api/sources", JSON, &added).await.status.is_success());
    }
}

/// Pulls and runs; the report.
async fn ran(house: &House) -> Value {
    let told = house.operate(Method::POST, "/api/sources/clinic/pull", JSON, r#"{"accept":true}"#).await;
    assert!(told.status.is_success() && !told.text.contains("\"error\""), "{}", told.text);
    let told = house.operate(Method::POST, "/api/mappings/clinic/run", JSON, r#"{"write":true}"#).await;
    let last: Value = serde_json::from_str(told.text.lines().last().unwrap()).unwrap();
    assert!(last["report"].is_object(), "{last}");
    last["report"].clone()
}

fn id(target: &str, key: &str) -> String {
    tables::value::id::derived("clinic", target, &[key])
}

async fn subject(house: &House, visit: &str) -> Value {
    get(house, &format!("/fhir/Encounter/{}", id("Encounter", visit))).await["subject"]["reference"].clone()
}

fn bearer(id: &str, mrn: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "identifier": [{"system": "urn:mrn", "value": mrn}], "name": [{"text": "Ada L."}]})
}

#[tokio::test]
async fn a_row_adds_to_the_record_that_bears_its_number_and_overwrites_by_rank_alone() {
    let house = House::new();
    put(&house, bearer("m", "A1")).await;
    clinic(&house, "17,A1,Ada Lovelace,1980-01-02,555\n18,B2,Ben,1981-01-02,\n", "").await;
    let report = ran(&house).await;
    let patients = &report["targets"][0];
    assert_eq!(
        (&patients["met"], &patients["kept"]),
        (&json!(1), &json!([{"element": "name", "count": 1}])),
        "{report}"
    );
    let met = get(&house, "/fhir/Patient/m").await;
    assert_eq!((&met["name"][0]["text"], &met["birthDate"]), (&json!("Ada L."), &json!("1980-01-02")), "{met}");
    assert_eq!((&met["telecom"][0]["value"], met["identifier"].as_array().unwrap().len()), (&json!("555"), 1));
    // References lead there; who was met by nobody is a record of its own.
    assert_eq!(subject(&house, "1").await, "Patient/m");
    assert_eq!(subject(&house, "2").await, format!("Patient/{}", id("Patient", "18")));
    let own = house.operate(Method::GET, &format!("/fhir/Patient/{}", id("Patient", "17")), FHIR, "").await;
    assert_eq!(own.status, StatusCode::NOT_FOUND);
    // Where from: what came from here, and what another had already.
    let lineage = get(&house, "/api/lineage/Patient/m").await;
    assert_eq!(
        (&lineage["given"], &lineage["kept"]),
        (&json!(["telecom", "birthDate"]), &json!(["name"])),
        "{lineage}"
    );
    assert!(lineage["elements"].as_array().unwrap().iter().all(|one| one["element"] != "name"), "{lineage}");
    // Nothing new: nothing is mapped, nothing written.
    let again = ran(&house).await;
    assert_eq!((&again["new"], &again["changed"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(again["targets"][0]["mapped"], "nothing", "{again}");
    // A number that changes is the source's own; its rank lets it have its word on the name.
    clinic(&house, "17,A1,Ada Lovelace,1980-01-02,777\n18,B2,Ben,1981-01-02,\n", "rank = 10").await;
    ran(&house).await;
    let met = get(&house, "/fhir/Patient/m").await;
    assert_eq!(
        (&met["name"][0]["text"], &met["telecom"][0]["value"]),
        (&json!("Ada Lovelace"), &json!("777")),
        "{met}"
    );
    let before = get(&house, "/fhir/Patient/m/_history/1").await;
    assert_eq!(before["name"][0]["text"], "Ada L.");
}

#[tokio::test]
async fn numbers_that_stand_for_nothing_lead_nowhere_and_another_persons_record_is_left_alone() {
    let house = House::new();
    put(&house, bearer("nobody", "UNKNOWN")).await;
    let mut eve = bearer("eve", "C3");
    eve["birthDate"] = json!("1950-06-11");
    eve["name"] = json!([{"text": "Eve Smith"}]);
    put(&house, eve).await;
    clinic(&house, "17,UNKNOWN,Ada,1980-01-02,555\n18,C3,Ben,1981-01-02,\n", "").await;
    let report = ran(&house).await;
    assert_eq!(report["targets"][0]["met"], 0, "{report}");
    for (visit, own) in [("1", "17"), ("2", "18")] {
        assert_eq!(subject(&house, visit).await, format!("Patient/{}", id("Patient", own)));
    }
    let remarks = report["targets"][0]["remarks"].as_array().unwrap();
    let told = remarks.iter().find(|one| one["reason"] == "contradicted-match").unwrap_or_else(|| panic!("{report}"));
    assert_eq!(told["count"], 1, "{report}");
    let example = told["examples"][0]["message"].as_str().unwrap();
    assert!(example.contains("another birth date and name"), "{report}");
    assert_eq!(get(&house, "/fhir/Patient/eve").await["name"][0]["text"], "Eve Smith");
}

#[tokio::test]
async fn a_match_that_comes_later_is_led_to_and_two_of_them_are_told() {
    let house = House::new();
    clinic(&house, "17,A1,Ada,1980-01-02,555\n18,B2,Ben,1981-01-02,\n", "").await;
    ran(&house).await;
    let own = id("Patient", "17");
    assert_eq!(subject(&house, "1").await, format!("Patient/{own}"));
    put(&house, bearer("late", "A1")).await;
    put(&house, bearer("one", "B2")).await;
    put(&house, bearer("two", "B2")).await;
    let report = ran(&house).await;
    assert_eq!(subject(&house, "1").await, "Patient/late");
    // What refers to the key's own id is led on, and one record alone is found by the number.
    let forwarded = get(&house, &format!("/fhir/Patient/{own}")).await;
    assert_eq!((&forwarded["active"], &forwarded["identifier"]), (&json!(false), &Value::Null), "{forwarded}");
    assert_eq!(forwarded["link"], json!([{"other": {"reference": "Patient/late"}, "type": "replaced-by"}]));
    let found = get(&house, "/fhir/Patient?identifier=urn:mrn%7CA1").await;
    assert_eq!((&found["total"], &found["entry"][0]["resource"]["id"]), (&json!(1), &json!("late")), "{found}");
    // Of two nobody knows which: the row stays a record of its own.
    assert_eq!(subject(&house, "2").await, format!("Patient/{}", id("Patient", "18")));
    let remarks = report["targets"][0]["remarks"].as_array().unwrap();
    assert!(remarks.iter().any(|one| one["reason"] == "ambiguous-match" && one["count"] == 1), "{report}");
    // The row goes: what it gave goes, the record stays.
    clinic(&house, "18,B2,Ben,1981-01-02,\n", "").await;
    ran(&house).await;
    let late = get(&house, "/fhir/Patient/late").await;
    assert_eq!(
        (&late["birthDate"], &late["telecom"], &late["name"][0]["text"]),
        (&Value::Null, &Value::Null, &json!("Ada L."))
    );
}

#[tokio::test]
async fn what_refers_to_a_record_of_another_stays_when_the_row_that_met_it_is_gone() {
    let house = House::new();
    put(&house, bearer("m", "A1")).await;
    clinic(&house, "17,A1,Ada,1980-01-02,555\n18,B2,Ben,1981-01-02,\n", "").await;
    ran(&house).await;
    assert_eq!(subject(&house, "1").await, "Patient/m");
    clinic(&house, "18,B2,Ben,1981-01-02,\n", "").await;
    for _ in 0..2 {
        let report = ran(&house).await;
        assert_eq!(report["targets"][1]["rejected"], 0, "{report}");
        let stay = get(&house, &format!("/fhir/Encounter/{}", id("Encounter", "1"))).await;
        assert_eq!(
            (&stay["subject"]["reference"], &stay["status"]),
            (&json!("Patient/m"), &json!("finished")),
            "{stay}"
        );
        clinic(&house, "18,B2,Benjamin,1981-01-02,\n", "").await;
    }
}
