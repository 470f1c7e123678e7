//! What a token of one patient, or with a filter, is given over HTTP: its part by every route that knows of limits, and 403 by all others.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::Value;

const NDJSON: &str = r#"{"resourceType":"Patient","id":"ann","birthDate":"1970","generalPractitioner":[{"reference":"Practitioner/stone"}]}
{"resourceType":"Patient","id":"bob","name":[{"family":"Secret"}]}
{"resourceType":"Practitioner","id":"stone"}
{"resourceType":"Practitioner","id":"other"}
{"resourceType":"Observation","id":"ann-lab","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"subject":{"reference":"Patient/ann"},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":9}}
{"resourceType":"Observation","id":"ann-pulse","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"text":"pulse"},"subject":{"reference":"Patient/ann"}}
{"resourceType":"Observation","id":"bob-lab","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Secret"},"subject":{"reference":"Patient/bob"}}
"#;

async fn ward() -> House {
    let house = House::new();
    let told = house.operate(Method::POST, "/api/import?name=ward.ndjson", "application/octet-stream", NDJSON).await;
    assert!(told.status.is_success() && !told.text.contains("\"error\""), "{}", told.text);
    house
}

async fn get(house: &House, token: &str, path: &str) -> (StatusCode, String) {
    let bearer = format!("Bearer {token}");
    house.send(Method::GET, path, &[("authorization", &bearer)], "").await
}

fn ids(text: &str) -> Vec<String> {
    let bundle: Value = serde_json::from_str(text).unwrap();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> =
        entries.iter().map(|entry| entry["resource"]["id"].as_str().unwrap_or_default().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_token_of_one_patient_is_given_her_alone_by_every_route() {
    let house = ward().await;
    let token = house.token_of("patient/*.rs", "ann");
    for (path, expected) in [
        ("/fhir/Patient", vec!["ann"]),
        ("/fhir/Observation", vec!["ann-lab", "ann-pulse"]),
        ("/fhir/Observation?_include=Observation:subject&_id=ann-lab", vec!["ann", "ann-lab"]),
        ("/fhir/Practitioner", vec!["stone"]),
        ("/fhir/Patient?_has:Observation:patient:code:missing=false", vec!["ann"]),
        ("/fhir/Patient/ann/$everything", vec!["ann", "ann-lab", "ann-pulse"]),
        ("/fhir/Patient/ann/_history", vec!["ann"]),
    ] {
        let (status, text) = get(&house, &token, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        assert_eq!(ids(&text), expected, "{path}");
        assert!(!text.contains("Secret") && !text.contains("bob"), "{path}: {text}");
    }
    for path in [
        "/fhir/Patient/ann",
        "/fhir/Practitioner/stone",
        "/api/chart/ann",
        "/api/where/Patient/ann",
        "/fhir/Patient/ann/$source",
    ] {
        let (status, text) = get(&house, &token, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
    }
    // What is another's and what nobody has are told alike.
    for (theirs, nobodys) in [
        ("/fhir/Patient/bob", "/fhir/Patient/zoe"),
        ("/fhir/Observation/bob-lab", "/fhir/Observation/zoe-lab"),
        ("/fhir/Observation/bob-lab/_history", "/fhir/Observation/zoe-lab/_history"),
        ("/fhir/Observation/bob-lab/_history/1", "/fhir/Observation/zoe-lab/_history/1"),
        ("/fhir/Observation/bob-lab/$source", "/fhir/Observation/zoe-lab/$source"),
        ("/fhir/Patient/bob/$everything", "/fhir/Patient/zoe/$everything"),
        ("/fhir/Practitioner/other", "/fhir/Practitioner/zoes"),
        ("/api/chart/bob", "/api/chart/zoe"),
        ("/api/where/Patient/bob", "/api/where/Patient/zoe"),
    ] {
        let (status, text) = get(&house, &token, theirs).await;
        let (other, unknown) = get(&house, &token, nobodys).await;
        assert_eq!((status, other), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{theirs}: {text}");
        assert_eq!(text.replace("bob", "zoe").replace("other", "zoes"), unknown, "{theirs}");
    }
    for path in [
        "/fhir/Observation/_history",
        "/fhir/_history",
        "/fhir/Observation/ann-lab/$source?_bytes=1",
        "/api/patients?q=ann",
        "/api/arrivals",
        "/api/deadletters",
        "/api/audit/accounts",
    ] {
        let (status, text) = get(&house, &token, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {text}");
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let (status, text) = house.send(Method::POST, "/api/sql", &headers, r#"{"sql":"SELECT 1"}"#).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
}

#[tokio::test]
async fn a_token_with_a_filter_changes_what_it_finds_and_nothing_else() {
    let house = ward().await;
    let token = house.token_of("patient/Observation.cruds?category=laboratory", "ann");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/fhir+json")];
    let observation = |id: &str, category: &str, of: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","category":[{{"coding":[{{"code":"{category}"}}]}}],"code":{{"text":"x"}},"subject":{{"reference":"Patient/{of}"}}}}"#
        )
    };
    for (id, category, of, expected) in [
        ("ann-lab", "laboratory", "ann", StatusCode::OK),
        ("new", "laboratory", "ann", StatusCode::CREATED),
        // It would leave what the token reaches, is not within it, or is another's.
        ("ann-lab", "laboratory", "bob", StatusCode::FORBIDDEN),
        ("ann-lab", "vital-signs", "ann", StatusCode::FORBIDDEN),
        ("ann-pulse", "laboratory", "ann", StatusCode::FORBIDDEN),
        ("bob-lab", "laboratory", "ann", StatusCode::FORBIDDEN),
        ("newer", "laboratory", "bob", StatusCode::FORBIDDEN),
    ] {
        let path = format!("/fhir/Observation/{id}");
        let (status, text) = house.send(Method::PUT, &path, &headers, &observation(id, category, of)).await;
        assert_eq!(status, expected, "{id} {category} {of}: {text}");
    }
    let patch = [("authorization", bearer.as_str()), ("content-type", "application/json-patch+json")];
    for (id, expected) in
        [("ann-lab", StatusCode::OK), ("ann-pulse", StatusCode::NOT_FOUND), ("bob-lab", StatusCode::NOT_FOUND)]
    {
        // A test within a patch tells nothing of what is not seen.
        let guess =
            r#"[{"op":"test","path":"/status","value":"final"},{"op":"replace","path":"/status","value":"amended"}]"#;
        let (status, text) = house.send(Method::PATCH, &format!("/fhir/Observation/{id}"), &patch, guess).await;
        assert_eq!(status, expected, "{id}: {text}");
    }
    for (id, expected) in [
        ("new", StatusCode::NO_CONTENT),
        ("ann-pulse", StatusCode::NO_CONTENT),
        ("bob-lab", StatusCode::NO_CONTENT),
        ("zoe-lab", StatusCode::NO_CONTENT),
    ] {
        let (status, text) = house.send(Method::DELETE, &format!("/fhir/Observation/{id}"), &headers, "").await;
        assert_eq!(status, expected, "{id}: {text}");
    }
    // As if they had never been there: what is not seen is neither deleted nor told of.
    let all = house.token("system/*.rs");
    let (_, text) = get(&house, &all, "/fhir/Observation?_count=50").await;
    assert_eq!(ids(&text), ["ann-lab", "ann-pulse", "bob-lab"]);
}
