//! What the pages ask: patients, a chart, where a record came from.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

struct Ward {
    house: House,
    token: String,
}

impl Ward {
    async fn new() -> Ward {
        let house = House::new();
        let token = house.token("system/*.cruds");
        let ward = Ward { house, token };
        ward.put("Patient", "p", r#"{"resourceType":"Patient","id":"p","birthDate":"1958-07-14","name":[{"family":"Smith","given":["Ann"]}]}"#).await;
        for (version, value) in ["6.80", "6.2"].into_iter().enumerate() {
            let status = if version == 0 { "final" } else { "corrected" };
            let text = format!(
                r#"{{"resourceType":"Observation","id":"k","status":"{status}","code":{{"text":"Potassium"}},"subject":{{"reference":"Patient/p"}},"effectiveDateTime":"2026-11-24","valueQuantity":{{"value":{value},"unit":"mmol/L"}}}}"#
            );
            ward.put("Observation", "k", &text).await;
        }
        ward.put(
            "Condition",
            "c",
            r#"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"text":"Gout"}}"#,
        )
        .await;
        ward
    }

    async fn put(&self, resource_type: &str, id: &str, text: &str) {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/fhir+json")];
        let (status, body) = self.house.send(Method::PUT, &format!("/fhir/{resource_type}/{id}"), &headers, text).await;
        assert!(status.is_success(), "{status} {body}");
    }

    async fn get_as(&self, token: &str, path: &str) -> (StatusCode, String) {
        let bearer = format!("Bearer {token}");
        self.house.send(Method::GET, path, &[("authorization", bearer.as_str())], "").await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.get_as(&self.token, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn a_misspelt_patient_is_found_with_the_reason() {
    let ward = Ward::new().await;
    let answer = ward.get("/api/patients?q=smtih%2014.7.1958").await;
    assert_eq!(answer["total"], 1);
    assert_eq!(answer["patients"][0]["id"], "p");
    assert_eq!(
        answer["patients"][0]["why"],
        json!([{"kind": "near", "text": "smith"}, {"kind": "born", "text": "1958-07-14"}])
    );
    assert_eq!(ward.get("/api/patients?q=jones").await["patients"], json!([]));
}

#[tokio::test]
async fn a_chart_keeps_the_digits_and_names_what_it_may_not_show() {
    let ward = Ward::new().await;
    let chart = ward.get("/api/chart/p").await;
    assert_eq!(chart["results"][0]["value"], "6.2");
    assert_eq!(chart["problems"][0]["code"]["text"], "Gout");
    assert_eq!(chart["withheld"], json!([]));
    let narrow = ward.house.token("system/Patient.rs system/Observation.rs");
    let (status, body) = ward.get_as(&narrow, "/api/chart/p").await;
    let chart: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &chart["problems"]), (StatusCode::OK, &json!([])));
    assert!(chart["withheld"].as_array().unwrap().contains(&json!("Condition")));
    for (scopes, shown) in [("Condition.r", false), ("Condition.s", false), ("Condition.rs", true)] {
        let token = ward.house.token(&format!("system/Patient.rs system/Observation.s system/{scopes}"));
        let (status, body) = ward.get_as(&token, "/api/chart/p").await;
        let chart: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &chart["results"]), (StatusCode::OK, &json!([])), "{scopes}");
        assert_eq!(!chart["withheld"].as_array().unwrap().contains(&json!("Condition")), shown, "{scopes}");
        assert_eq!(!chart["problems"].as_array().unwrap().is_empty(), shown, "{scopes}");
    }
    let other = ward.house.token("system/Observation.rs");
    for path in ["/api/chart/p", "/api/patients?q=smith", "/api/where/Patient/p", "/api/where/Patient/p/bytes"] {
        assert_eq!(ward.get_as(&other, path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(ward.get_as(&ward.token, "/api/chart/nobody").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_version_leads_to_the_bytes_that_were_sent() {
    let ward = Ward::new().await;
    let versions = ward.get("/api/where/Observation/k").await;
    let versions = versions["versions"].as_array().unwrap();
    assert_eq!(versions.iter().map(|version| version["version"].as_i64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    for (version, digits) in versions.iter().zip(["6.2", "6.80"]) {
        let range = format!(
            "/api/arrivals/{}/bytes?from={}&length={}",
            version["arrival"]["no"], version["offset"], version["length"]
        );
        let (_, whole) = ward.get_as(&ward.token, &range).await;
        let alone =
            ward.get_as(&ward.token, &format!("/api/where/Observation/k/bytes?version={}", version["version"])).await.1;
        assert_eq!(whole, alone);
        assert!(alone.contains(&format!(r#""value":{digits},"#)), "{alone}");
    }
}

#[tokio::test]
async fn a_session_says_what_its_pages_may_open() {
    let ward = Ward::new().await;
    assert!(ward.get("/api/session").await["features"].as_array().unwrap().contains(&json!("patients")));
    for (scopes, features) in [
        ("system/Observation.rs", json!([])),
        ("system/Patient.r", json!([])),
        ("system/Patient.s", json!([])),
        ("system/Patient.rs", json!(["patients"])),
        ("system/*.rs", json!(["patients", "identity", "sql", "quality", "sources"])),
    ] {
        let token = ward.house.token(scopes);
        let (_, body) = ward.get_as(&token, "/api/session").await;
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&told["features"], &told["administers"]), (&features, &json!(false)), "{scopes}");
    }
}

#[tokio::test]
async fn status_tells_each_what_he_may_know() {
    const OF_ALL: [&str; 6] = ["build", "feed", "now", "started", "uptime_seconds", "zone"];
    const OF_RECORDS: [&str; 5] = ["arrivals", "dead_letters", "no_map", "resources", "types"];
    const OF_THE_MACHINE: [&str; 2] = ["data", "disk_bytes"];
    let house = House::new();
    house.settle();
    let _ = house.app.lake().unwrap();
    let sees = async |scopes: &str| -> BTreeSet<String> {
        let bearer = format!("Bearer {}", house.token(scopes));
        let told = house.ask(Method::GET, "/api/status", &[("authorization", &bearer)], "").await;
        told.json().as_object().unwrap().keys().cloned().collect()
    };
    let of = |parts: &[&[&str]]| parts.concat().iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(sees("system/Patient.rs").await, of(&[&OF_ALL]));
    assert_eq!(sees("system/*.s").await, of(&[&OF_ALL, &["resources", "types"]]));
    assert_eq!(sees("system/*.r").await, of(&[&OF_ALL, &["arrivals", "dead_letters", "no_map"]]));
    assert_eq!(sees("system/*.rs").await, of(&[&OF_ALL, &OF_RECORDS, &["lake"]]));
    let told = house.operate(Method::GET, "/api/status", "application/json", "").await;
    let told: BTreeSet<String> = told.json().as_object().unwrap().keys().cloned().collect();
    assert!(OF_THE_MACHINE.iter().all(|name| told.contains(*name)), "{told:?}");
}

#[tokio::test]
async fn an_export_and_sql_need_reading_and_searching_of_everything() {
    let house = House::new();
    house.settle();
    let _ = house.app.lake().unwrap();
    let sql = r#"{"sql":"SELECT count(*) FROM patient","format":"csv"}"#;
    let media = ("content-type", "application/json");
    for (scopes, exports, asks) in [
        ("system/Patient.r", 403, 403),
        ("system/Patient.s", 403, 403),
        ("system/Patient.rs", 403, 403),
        ("system/*.s", 403, 403),
        ("system/*.r", 403, 403),
        ("system/*.rs", 200, 200),
    ] {
        let bearer = format!("Bearer {}", house.token(scopes));
        let with = ("authorization", bearer.as_str());
        let export = house.ask(Method::GET, "/api/export/Patient", &[with], "").await;
        assert_eq!(export.status.as_u16(), exports, "export with {scopes}");
        assert_eq!(export.text.contains("\"Patient\""), exports == 200, "export with {scopes}");
        for (method, path) in [(Method::POST, "/api/sql"), (Method::GET, "/api/sql/tables"), (Method::GET, "/api/lake")]
        {
            let told = house.ask(method, path, &[with, media], sql).await;
            assert_eq!(told.status.as_u16(), asks, "{path} with {scopes}");
        }
    }
}

#[tokio::test]
async fn a_run_writes_what_was_looked_at_and_nothing_else() {
    let house = House::new();
    house.clinic().await;
    let run = async |body: Value| {
        house.operate(Method::POST, "/api/mappings/clinic/run", "application/json", &body.to_string()).await.text
    };
    let dry = run(json!({})).await;
    let report: Value = serde_json::from_str(dry.lines().last().unwrap()).unwrap();
    let seen = json!({"hash": report["report"]["hash"], "delivery": report["report"]["delivery"]});
    assert_eq!(seen["delivery"], json!(1));
    for (name, other) in [("hash", json!("0f")), ("delivery", json!(2)), ("delivery", Value::Null)] {
        let mut of = seen.clone();
        of[name] = other;
        let refused = run(json!({"write": true, "of": of})).await;
        assert!(refused.contains("\"conflict\"") && !refused.contains("\"report\""), "{refused}");
    }
    let written = run(json!({"write": true, "of": seen})).await;
    assert!(written.contains("\"report\"") && written.contains("\"equal\":1"), "{written}");
}
