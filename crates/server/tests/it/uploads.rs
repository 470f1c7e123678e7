//! Deliveries that are sent: the same pull, the same doubts, and nothing left behind.

use crate::house::{House, Told};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn send(house: &House, token: &str, path: &str, body: &str) -> Told {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/octet-stream")];
    house.ask(Method::POST, path, &headers, body).await
}

/// The last line of an answer.
fn last(told: &Told) -> Value {
    serde_json::from_str(told.text.lines().last().unwrap_or_default()).unwrap_or(Value::Null)
}

#[tokio::test]
async fn what_is_sent_is_pulled_and_goes() {
    let house = House::new();
    let files = json!([
        {"path": "mapping.toml", "text": "name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\nuses = [\"pid\", \"born\"]\n"},
        {"path": "patient.sql", "text": "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p"},
    ]);
    let json = "application/json";
    let saved = house.operate(Method::PUT, "/api/mappings/own/ward", json, &json!({"files": files}).to_string()).await;
    assert!(saved.status.is_success(), "{}", saved.text);
    let added = json!({"name": "sent", "upload": true, "mapping": "ward"}).to_string();
    let told = house.operate(Method::POST, "/api/sources", json, &added).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    // It has no path to be pulled from.
    let told = house.operate(Method::POST, "/api/sources/sent/pull", json, "{}").await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text);
    let token = house.token("system/*.cruds");
    let path = "/api/sources/sent/deliveries?file=people.csv";
    let text = "pid,born\n17,1984-02-29\n18,1950-12-31\n";
    let told = send(&house, &token, path, text).await;
    assert_eq!(last(&told)["report"]["new"], 2, "{}", told.text);
    assert!(last(&send(&house, &token, path, text).await)["report"]["delivery"].is_null(), "nothing is different");
    let listed = house.operate(Method::GET, "/api/sources/sent/deliveries", json, "").await;
    assert!(listed.text.contains("people.csv") && !listed.text.contains("uploads"), "{}", listed.text);
    // Half of it is missing: it is asked about, and taken if somebody says so.
    let half = "pid,born\n17,1984-02-29\n";
    let told = send(&house, &token, path, half).await;
    assert!(last(&told)["error"]["message"].as_str().unwrap_or_default().contains("lost 1 of 2 rows"), "{}", told.text);
    let told = send(&house, &token, &format!("{path}&accept=1"), half).await;
    assert_eq!(last(&told)["report"]["gone"], 1, "{}", told.text);
    for (path, body, status) in [
        ("/api/sources/sent/deliveries", text, StatusCode::BAD_REQUEST),
        ("/api/sources/sent/deliveries?file=..", text, StatusCode::BAD_REQUEST),
        (path, "", StatusCode::BAD_REQUEST),
        ("/api/sources/nobody/deliveries?file=people.csv", text, StatusCode::NOT_FOUND),
    ] {
        let told = send(&house, &token, path, body).await;
        assert_eq!(told.status, status, "{path}: {}", told.text);
    }
    // Who may not see the rows, or not store, sends nothing.
    for scopes in ["system/Patient.cruds", "system/*.rs", "system/*.crs", "system/*.cud"] {
        let told = send(&house, &house.token(scopes), path, text).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}: {}", told.text);
    }
    // A path of this machine is named by its operator alone.
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", json)];
    let told = house.ask(Method::POST, "/api/sources/sent/pull", &headers, r#"{"from": "/etc"}"#).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    let left = std::fs::read_dir(house.folder().join("tables/uploads")).unwrap().count();
    assert_eq!(left, 0, "nothing of what was sent is left");
}
