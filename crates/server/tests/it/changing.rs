//! What a person changes of a resource that a row made, where its target has to do with nobody's records but its own.

use crate::giving::{JSON, MATCH, get, id, patient, people, put, ran, rests, write};
use crate::house::House;
use axum::http::Method;
use serde_json::{Value, json};

/// Name, telephone and gender.
fn looks(patient: &Value) -> [&str; 3] {
    [&patient["name"][0]["text"], &patient["telecom"][0]["value"], &patient["gender"]]
        .map(|value| value.as_str().unwrap_or_default())
}

/// A person changes a patient over FHIR.
async fn change(house: &House, id: &str, how: impl FnOnce(&mut Value)) {
    let mut changed = patient(house, id).await;
    how(&mut changed);
    put(house, changed).await;
}

#[tokio::test]
async fn what_a_person_changed_stays_and_the_row_changes_the_rest() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n2,M4,Jan,1991-05-05,222\n").await;
    ran(&house, "a").await;
    let own = id("a", "Patient", "1");
    let mut more = patient(&house, &own).await;
    more["gender"] = json!("female");
    more["telecom"][0]["value"] = json!("999");
    put(&house, more).await;
    rests(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "999", "female"]);

    let mut run = Value::Null;
    for name in ["Ewa Nowak", "Ewa Lind"] {
        people(&house, "a", "", &format!("1,M3,{name},1990-05-05,111\n2,M4,Jan,1991-05-05,222\n")).await;
        let report = ran(&house, "a").await;
        assert_eq!((&report["changed"], &report["new"]), (&json!(1), &json!(0)), "{report}");
        assert_eq!(report["targets"][0]["kept"], json!([{"element": "telecom", "count": 1}]), "{report}");
        assert_eq!(looks(&patient(&house, &own).await), [name, "999", "female"]);
        run = report["run"].clone();
        rests(&house, "a").await;
    }
    // Taken back and run again, it comes to the same.
    let undone = house.operate(Method::POST, "/api/mappings/a/undo", JSON, &json!({"run": run}).to_string()).await;
    assert!(undone.status.is_success(), "{}", undone.text);
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Nowak", "999", "female"]);
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Lind", "999", "female"]);
    // What the row has no more goes, of what it gave.
    people(&house, "a", "", "1,M3,,1990-05-05,\n2,M4,Jan,1991-05-05,333\n").await;
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["", "999", "female"]);
    assert_eq!(looks(&patient(&house, &id("a", "Patient", "2")).await), ["Jan", "333", ""]);
}

#[tokio::test]
async fn a_record_that_a_person_put_as_it_was_is_the_rows_again() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n").await;
    ran(&house, "a").await;
    let own = id("a", "Patient", "1");
    let was = patient(&house, &own).await;
    let mut other = was.clone();
    other["telecom"][0]["value"] = json!("999");
    put(&house, other).await;
    put(&house, was).await;
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,112\n").await;
    let report = ran(&house, "a").await;
    assert_eq!((&report["changed"], &report["targets"][0]["kept"]), (&json!(1), &json!([])), "{report}");
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "112", ""]);
}

#[tokio::test]
async fn what_a_person_put_as_the_row_says_it_now_is_the_rows_again() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n").await;
    ran(&house, "a").await;
    let own = id("a", "Patient", "1");
    change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("999")).await;
    // The row says something else now, which is not written.
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,112\n").await;
    let report = ran(&house, "a").await;
    assert_eq!(report["targets"][0]["kept"], json!([{"element": "telecom", "count": 1}]), "{report}");
    change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("112")).await;
    rests(&house, "a").await;
    for telephone in ["113", "114"] {
        people(&house, "a", "", &format!("1,M3,Ewa,1990-05-05,{telephone}\n")).await;
        let report = ran(&house, "a").await;
        assert_eq!((&report["changed"], &report["targets"][0]["kept"]), (&json!(1), &json!([])), "{report}");
        assert_eq!(looks(&patient(&house, &own).await), ["Ewa", telephone, ""]);
    }
}

/// Delivers one patient with a telephone, and runs.
async fn telephone(house: &House, telephone: &str) {
    people(house, "a", "", &format!("1,M3,Ewa,1990-05-05,{telephone}\n")).await;
    ran(house, "a").await;
}

#[tokio::test]
async fn what_the_row_says_too_by_now_is_the_rows_again() {
    for gender in ["", "female"] {
        let house = House::new();
        telephone(&house, "111").await;
        let own = id("a", "Patient", "1");
        change(&house, &own, |patient| {
            patient["telecom"][0]["value"] = json!("999");
            if !gender.is_empty() {
                patient["gender"] = json!(gender);
            }
        })
        .await;
        // The hospital corrects it as well, and changes it later.
        for number in ["999", "113"] {
            telephone(&house, number).await;
            assert_eq!(looks(&patient(&house, &own).await), ["Ewa", number, gender]);
        }
        // A person insists, and that stands whatever the row said once.
        change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("999")).await;
        telephone(&house, "114").await;
        telephone(&house, "115").await;
        change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("114")).await;
        telephone(&house, "116").await;
        assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "114", gender]);
        let lineage = get(&house, &format!("/api/lineage/Patient/{own}")).await.unwrap();
        assert_eq!(lineage["kept"], json!(["telecom"]), "{lineage}");
    }
}

#[tokio::test]
async fn a_run_that_is_taken_back_and_run_again_takes_what_the_row_says() {
    let house = House::new();
    telephone(&house, "111").await;
    let own = id("a", "Patient", "1");
    change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("999")).await;
    telephone(&house, "999").await;
    telephone(&house, "113").await;
    let undone = house.operate(Method::POST, "/api/mappings/a/undo", JSON, "{}").await;
    assert!(undone.status.is_success(), "{}", undone.text);
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "999", ""]);
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "113", ""]);
    // Back as it was first, and on: the record is the row's, and nothing of it stays as others have it.
    for number in ["111", "115"] {
        telephone(&house, number).await;
        assert_eq!(looks(&patient(&house, &own).await), ["Ewa", number, ""]);
    }
    let lineage = get(&house, &format!("/api/lineage/Patient/{own}")).await.unwrap();
    assert_eq!(lineage["kept"], json!([]), "{lineage}");
    // What a person took away and the row too comes again with it.
    change(&house, &own, |patient| drop(patient.as_object_mut().unwrap().remove("telecom"))).await;
    for number in ["", "115"] {
        telephone(&house, number).await;
        assert_eq!(looks(&patient(&house, &own).await), ["Ewa", number, ""]);
    }
}

#[tokio::test]
async fn what_a_row_said_in_a_run_that_was_taken_back_is_not_said() {
    let house = House::new();
    telephone(&house, "111").await;
    let own = id("a", "Patient", "1");
    change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("999")).await;
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,999\n2,M4,Jan,1991-05-05,222\n").await;
    ran(&house, "a").await;
    let undone = house.operate(Method::POST, "/api/mappings/a/undo", JSON, "{}").await;
    assert!(undone.status.is_success(), "{}", undone.text);
    telephone(&house, "112").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "999", ""]);
}

#[tokio::test]
async fn a_run_that_was_taken_back_leaves_the_record_to_the_row() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n").await;
    ran(&house, "a").await;
    people(&house, "a", "", "1,M3,Ewa Nowak,1990-05-05,\n").await;
    ran(&house, "a").await;
    let undone = house.operate(Method::POST, "/api/mappings/a/undo", JSON, "{}").await;
    assert!(undone.status.is_success(), "{}", undone.text);
    let own = id("a", "Patient", "1");
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "111", ""]);
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Nowak", "", ""]);
}

#[tokio::test]
async fn a_run_that_meets_nobody_any_more_leaves_what_a_person_changed() {
    let house = House::new();
    people(&house, "a", MATCH, "1,M3,Ewa,1990-05-05,111\n").await;
    ran(&house, "a").await;
    let own = id("a", "Patient", "1");
    change(&house, &own, |patient| patient["telecom"][0]["value"] = json!("999")).await;
    people(&house, "a", "", "1,M3,Ewa Lind,1990-05-05,111\n").await;
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Lind", "999", ""]);
    people(&house, "a", "", "1,M3,Ewa Berg,1990-05-05,111\n").await;
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Berg", "999", ""]);
}

#[tokio::test]
async fn a_record_that_was_there_under_the_rows_id_keeps_what_it_had() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n").await;
    let own = id("a", "Patient", "1");
    put(&house, json!({"resourceType": "Patient", "id": own, "gender": "female", "telecom": [{"value": "999"}]})).await;
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "999", "female"]);
    rests(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa", "999", "female"]);
}

#[tokio::test]
async fn a_row_that_comes_back_finds_what_a_person_changed() {
    let house = House::new();
    let mapping = "-- @target Encounter @key v.id @gone entered-in-error\nSELECT 'finished' AS status, 'AMB' AS \"class.code\", v.why AS \"reasonCode.text\" FROM visits v";
    let toml = "name = \"v\"\n[tables.visits]\nkey = [\"id\"]\n";
    let rows = |rows: &str| format!("id,why\n{rows}");
    let write = async |text: &str| {
        write(&house, "v", &[("visits.csv", text), ("mapping.toml", toml), ("encounter.sql", mapping)]).await;
        ran(&house, "v").await;
    };
    write(&rows("1,fever\n2,cough\n")).await;
    let path = format!("/fhir/Encounter/{}", id("v", "Encounter", "1"));
    let visit = async || get(&house, &path).await.unwrap();
    let mut more = visit().await;
    more["priority"] = json!({"text": "urgent"});
    put(&house, more).await;
    write(&rows("2,cough\n")).await;
    assert_eq!(visit().await["status"], "entered-in-error");
    write(&rows("1,fever and rash\n2,cough\n")).await;
    let visit = visit().await;
    assert_eq!(
        (&visit["status"], &visit["reasonCode"][0]["text"], &visit["priority"]["text"]),
        (&json!("finished"), &json!("fever and rash"), &json!("urgent")),
        "{visit}"
    );
}

#[tokio::test]
async fn labels_ends_of_numbers_and_what_was_taken_away_stay_as_a_person_left_them() {
    let house = House::new();
    people(&house, "a", "", "1,M3,Ewa,1990-05-05,111\n").await;
    ran(&house, "a").await;
    let own = id("a", "Patient", "1");
    change(&house, &own, |patient| {
        patient["identifier"][0]["period"] = json!({"end": "2025"});
        patient["meta"] = json!({"security": [{"system": "urn:s", "code": "R"}]});
        patient.as_object_mut().unwrap().remove("telecom");
    })
    .await;
    for name in ["Ewa Lind", "Ewa Berg"] {
        people(&house, "a", "", &format!("1,M3,{name},1990-05-05,111\n")).await;
        ran(&house, "a").await;
        let patient = patient(&house, &own).await;
        assert_eq!(looks(&patient), [name, "", ""], "{patient}");
        assert_eq!(patient["identifier"][0]["period"]["end"], "2025", "{patient}");
        assert_eq!(patient["meta"]["security"][0]["code"], "R", "{patient}");
    }
    // What the row says anew is its word again.
    people(&house, "a", "", "1,M3,Ewa Berg,1990-05-05,222\n").await;
    ran(&house, "a").await;
    assert_eq!(looks(&patient(&house, &own).await), ["Ewa Berg", "222", ""]);
}

#[tokio::test]
async fn what_a_program_wrote_in_another_spelling_is_still_the_rows() {
    let house = House::new();
    let mapping = "-- @target Observation @key l.id\nSELECT 'final' AS status, text('Glucose') AS \"code.text\", quantity(l.v, 'mmol/L') AS value FROM labs l";
    let toml = "name = \"l\"\n[tables.labs]\nkey = [\"id\"]\n";
    let write = async |value: &str| {
        let text = format!("id,v\n1,{value}\n");
        write(&house, "l", &[("labs.csv", &text), ("mapping.toml", toml), ("observation.sql", mapping)]).await;
        ran(&house, "l").await;
    };
    write("4.20").await;
    let own = id("l", "Observation", "1");
    let path = format!("/fhir/Observation/{own}");
    // As JSON libraries leave it: numbers without noughts at their end.
    let mut seen = get(&house, &path).await.unwrap();
    assert_eq!(seen["valueQuantity"]["value"].to_string(), "4.2");
    seen["note"] = json!([{"text": "seen"}]);
    put(&house, seen).await;
    write("5.10").await;
    let made = get(&house, &path).await.unwrap();
    assert_eq!((&made["valueQuantity"]["value"], &made["note"][0]["text"]), (&json!(5.1), &json!("seen")), "{made}");
}

#[tokio::test]
async fn of_two_rows_of_one_key_the_first_stays_the_record_when_it_changes_and_letters_of_the_other_hold() {
    let house = House::new();
    let rows = |ana: &str| format!("1,M3,Ana,1990-05-05,{ana}\n1,M9,Bia,1991-06-06,12\n2,M4,Jan,1992-07-07,13\n");
    people(&house, "a", "", &rows("11")).await;
    let report = ran(&house, "a").await;
    assert_eq!((&report["new"], &report["targets"][0]["rejected"]), (&json!(2), &json!(1)), "{report}");
    let own = id("a", "Patient", "1");
    let letters = async |state: &str| -> Vec<i64> {
        let told = get(&house, &format!("/api/deadletters?source=a&state={state}")).await.unwrap();
        told["dead_letters"].as_array().unwrap().iter().map(|letter| letter["no"].as_i64().unwrap()).collect()
    };
    let open = letters("open").await;
    assert_eq!(open.len(), 1);
    for phone in ["99", "98"] {
        people(&house, "a", "", &rows(phone)).await;
        let report = ran(&house, "a").await;
        assert_eq!(
            (&report["new"], &report["changed"], &report["gone"]),
            (&json!(0), &json!(1), &json!(0)),
            "{report}"
        );
        assert_eq!(looks(&patient(&house, &own).await), ["Ana", phone, ""]);
        // It is the same row for the same reason, whatever its number is now.
        assert_eq!(letters("open").await, open);
        rests(&house, "a").await;
    }
    // The letter tells the row as it is now, and a person sets it aside for good.
    let letter = get(&house, &format!("/api/deadletters/{}", open[0])).await.unwrap();
    assert_eq!(
        (&letter["row"]["is_current"], &letter["row"]["cells"]["name"]),
        (&json!(true), &json!("Bia")),
        "{letter}"
    );
    let path = format!("/api/deadletters/{}/discard", open[0]);
    let told = house.operate(Method::POST, &path, JSON, r#"{"reason": "twice"}"#).await;
    assert!(told.status.is_success(), "{}", told.text);
    people(&house, "a", "", &rows("97")).await;
    ran(&house, "a").await;
    assert_eq!((letters("open").await, looks(&patient(&house, &own).await)), (Vec::new(), ["Ana", "97", ""]));
    // The first goes: the other is the record, and nothing is refused.
    people(&house, "a", "", "1,M9,Bia,1991-06-06,12\n2,M4,Jan,1992-07-07,13\n").await;
    let report = ran(&house, "a").await;
    assert_eq!(report["targets"][0]["rejected"], 0, "{report}");
    assert_eq!(looks(&patient(&house, &own).await), ["Bia", "12", ""]);
    rests(&house, "a").await;
}
