//! What the pages of hospital tables are told, so that they show bytes, codes, letters and reports as they are.

use crate::house::{House, Told};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: &str = "application/json";

async fn ask(house: &House, method: Method, path: &str, body: &Value) -> Told {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    house.operate(method, path, JSON, &body).await
}

async fn get(house: &House, path: &str) -> Value {
    let told = ask(house, Method::GET, path, &Value::Null).await;
    assert!(told.status.is_success(), "{path}: {}", told.text);
    told.json()
}

/// A clinic whose files are in windows-1252, pulled and mapped; what the run said. One row has too few cells.
async fn klinik(house: &House) -> Value {
    let folder = house.folder().join("klinik");
    std::fs::create_dir_all(folder.join("codes")).unwrap();
    let latin = |text: &str| text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect::<Vec<u8>>();
    for (name, text) in [
        ("leute.csv", "nr;name;stadt;geboren\n1;Müller;Köln;1950-01-02\n2;Weiß;Köln;1960-03-04\n"),
        (
            "diagnosen.csv",
            "nr;leute;code;sicher\n1;1;I10;gesichert\n2;1;I10;Z.n.\n3;2;I10;V.a.\n4;2\n5;9;I10;gesichert\n",
        ),
        (
            "mapping.toml",
            "name = \"klinik\"\nencoding = \"windows-1252\"\nseparator = \";\"\n[tables.leute]\nkey = [\"nr\"]\n[tables.diagnosen]\nkey = [\"nr\"]\n\
             [tables.besuche]\nkey = [\"nr\"]\n",
        ),
        (
            "patient.sql",
            "-- @target Patient @key l.nr\nSELECT l.name AS \"name.family\", l.stadt AS \"address.city\", date(l.geboren) AS \"birthDate\" FROM leute l\n",
        ),
        ("besuche.csv", "nr;leute;von\n7;1;2024-03-01\n"),
        (
            "encounter.sql",
            "-- @target Encounter @key b.nr\n\
             SELECT 'finished' AS status, code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'AMB') AS class,\n\
             ref('Patient', b.leute) AS subject, date(b.von) AS \"period.start\" FROM besuche b\n",
        ),
        (
            "condition.sql",
            "-- @target Condition @key d.nr @required subject\n\
             SELECT code('sicher', d.sicher) AS \"verificationStatus\", code('http://hl7.org/fhir/sid/icd-10', d.code) AS code,\n\
             ref('Patient', d.leute) AS subject FROM diagnosen d\n",
        ),
        (
            "codes/sicher.csv",
            "source,system,code\ngesichert,http://terminology.hl7.org/CodeSystem/condition-ver-status,confirmed\n",
        ),
    ] {
        std::fs::write(folder.join(name), latin(text)).unwrap();
    }
    let added = json!({"name": "klinik", "path": folder, "mapping": folder});
    let mut said = Vec::new();
    for (path, body) in [
        ("/api/sources", added),
        ("/api/sources/klinik/pull", json!({})),
        ("/api/mappings/klinik/run", json!({"write": true})),
    ] {
        let told = ask(house, Method::POST, path, &body).await;
        assert!(told.status.is_success() && !told.text.contains("\"error\""), "{path}: {}", told.text);
        said.push(told.text);
    }
    let last = said.last().and_then(|text| text.lines().last()).unwrap();
    serde_json::from_str::<Value>(last).unwrap()["report"].take()
}

#[tokio::test]
async fn bytes_of_a_row_come_with_the_encoding_that_the_mapping_declares() {
    let house = House::new();
    klinik(&house).await;
    let row = get(&house, "/api/sources/klinik/tables/leute/rows/1").await;
    assert_eq!((&row["cells"]["name"], &row["arrival"]["encoding"]), (&json!("Müller"), &json!("windows-1252")));
    let id = tables::value::id::derived("klinik", "Patient", &["1"]);
    let lineage = get(&house, &format!("/api/lineage/Patient/{id}?element=name")).await;
    assert_eq!(lineage["elements"][0]["cells"][0]["arrival"]["encoding"], "windows-1252", "{lineage}");
    // Where nobody declares one, none is told.
    house.clinic().await;
    let row = get(&house, "/api/sources/clinic/tables/people/rows/1").await;
    assert_eq!(row["arrival"]["encoding"], Value::Null, "{row}");
}

#[tokio::test]
async fn a_value_of_an_element_with_a_value_set_is_offered_its_codes_and_takes_no_other() {
    let house = House::new();
    klinik(&house).await;
    let list = get(&house, "/api/codes?source=klinik").await;
    let map = &list["maps"][0];
    assert_eq!(map["elements"], json!(["Condition.verificationStatus"]));
    assert_eq!(map["value_sets"], json!(["http://hl7.org/fhir/ValueSet/condition-ver-status"]));
    let of = json!({"source": "klinik", "map": "sicher", "values": ["Z.n.", "confirmed"], "limit": 12});
    let told = ask(&house, Method::POST, "/api/codes/suggest", &of).await.json();
    for value in told["values"].as_array().unwrap() {
        let offered = value["suggestions"].as_array().unwrap();
        assert_eq!(offered.len(), map["codes"].as_array().unwrap().len(), "{value}");
        assert!(
            offered.iter().all(|one| one["system"] == "http://terminology.hl7.org/CodeSystem/condition-ver-status")
        );
    }
    let best = &told["values"][1]["suggestions"][0];
    assert_eq!((&best["code"], &best["because"]["code"]), (&json!("confirmed"), &json!("same-code")), "{best}");
    // With a code of another list, the mapping would run no more: it is not even kept.
    let approve = async |code: &str| {
        let codes = json!([{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": code}]);
        let body = json!({"source": "klinik", "map": "sicher", "value": "Z.n.", "codes": codes});
        ask(&house, Method::POST, "/api/codes/approve", &body).await
    };
    let refused = approve("N").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("unconfirmed"), "it names what there is: {}", refused.text);
    assert_eq!(get(&house, "/api/codes?source=klinik").await["approvals"], json!([]));
    assert!(approve("confirmed").await.status.is_success());
}

#[tokio::test]
async fn letters_of_a_source_are_found_by_it_and_by_how_they_came() {
    let house = House::new();
    klinik(&house).await;
    let count = async |query: &str| {
        let told = get(&house, &format!("/api/deadletters?{query}")).await;
        (told["dead_letters"].as_array().unwrap().len(), told["open"].as_u64().unwrap())
    };
    assert_eq!(count("source=klinik").await, (2, 2), "one could not be read, one refers to nobody");
    assert_eq!(count("source=klinik&door=pull").await, (1, 1));
    assert_eq!(count("source=klinik&door=mapping").await, (1, 1));
    assert_eq!(count("source=other").await, (0, 0));
    let unread = get(&house, "/api/deadletters?source=klinik&door=pull").await;
    let letter = get(&house, &format!("/api/deadletters/{}", unread["dead_letters"][0]["no"])).await;
    assert_eq!((&letter["row"]["table"], &letter["row"]["encoding"]), (&json!("diagnosen"), &json!("windows-1252")));
}

#[tokio::test]
async fn the_report_of_a_past_run_is_to_be_had_as_the_csv_that_the_run_gave() {
    let house = House::new();
    let report = klinik(&house).await;
    let past = get(&house, &format!("/api/mappings/klinik/runs/{}", report["run"])).await;
    assert_eq!(past["csv"], report["csv"]);
    let csv = past["csv"].as_str().unwrap();
    assert!(csv.starts_with("target,type,rows,") && csv.contains("\r\nCondition,Condition,4,3,0,0,1,"), "{csv}");
}

#[tokio::test]
async fn no_row_that_fails_a_check_leads_to_where_the_reader_may_not_go() {
    let house = House::new();
    klinik(&house).await;
    let (plain, links) = (house.token("system/*.rs"), house.token("system/*.rs system/OmopPersonLink.r"));
    let as_token = async |token: &str, path: &str| {
        house.ask(Method::GET, path, &[("authorization", &format!("Bearer {token}"))], "").await
    };
    let mut led = 0;
    for (field, is_of_person) in
        [("location.county", true), ("person.provider_id", true), ("visit_occurrence.provider_id", false)]
    {
        let path = format!("/api/quality/checks/measureValueCompleteness.{field}/rows");
        for (token, may) in [(&plain, false), (&links, true)] {
            let told = as_token(token, &path).await;
            assert!(told.status.is_success(), "{path}: {}", told.text);
            let refs = told.json()["refs"].clone();
            let leads: Vec<&str> = refs.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(leads.is_empty(), is_of_person && !may, "{field}: {refs}");
            for lead in leads {
                let told = as_token(token, &format!("/api/lineage/{lead}")).await;
                assert!(told.status.is_success(), "{lead}: {} {}", told.status, told.text);
                led += 1;
            }
        }
    }
    assert!(led > 0);
}
