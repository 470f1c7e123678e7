//! Records of one person over HTTP: the list, what people say of a pair, `$match` and `$merge`.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const FHIR: &str = "application/fhir+json";
const JSON: &str = "application/json";
const NDJSON: &str = r#"{"resourceType":"Patient","id":"ada","active":true,"identifier":[{"system":"urn:mrn","value":"1"}],"name":[{"family":"Lovelace","given":["Ada"]}],"telecom":[{"system":"phone","value":"(617) 555-8123"}],"gender":"female","birthDate":"1980-03-12"}
{"resourceType":"Patient","id":"again","identifier":[{"system":"urn:mrn","value":"2"}],"name":[{"text":"ADA LOVELACE"}],"telecom":[{"system":"phone","value":"+1 617 555 8123"}],"gender":"female","birthDate":"1980-03-12","address":[{"line":["1 Loom Lane"],"city":"Weaverton"}]}
{"resourceType":"Patient","id":"other","name":[{"family":"Byron","given":["Ada"]}],"birthDate":"1952-07-01"}
"#;

async fn ward() -> House {
    let house = House::new();
    let told = house.operate(Method::POST, "/api/import?name=ward.ndjson", "application/octet-stream", NDJSON).await;
    assert!(told.status.is_success(), "{}", told.text);
    house
}

async fn list(house: &House, state: &str) -> Value {
    // The first look opens the index; what came before is followed within the second that a list waits.
    for _ in 0..60 {
        let told = house.operate(Method::GET, &format!("/api/identity?state={state}"), JSON, "").await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        let list = told.json();
        if list["behind"] == 0 {
            return list;
        }
    }
    panic!("the feed is not followed");
}

async fn say(house: &House, path: &str, body: Value) -> (StatusCode, Value) {
    let told = house.operate(Method::POST, path, JSON, &body.to_string()).await;
    (told.status, told.json())
}

async fn parameters(house: &House, operation: &str, parameters: Value) -> (StatusCode, Value) {
    let body = json!({"resourceType": "Parameters", "parameter": parameters});
    let told = house.operate(Method::POST, &format!("/fhir/Patient/{operation}"), FHIR, &body.to_string()).await;
    (told.status, told.json())
}

#[tokio::test]
async fn a_pair_is_shown_side_by_side_and_what_is_said_can_be_taken_back() {
    let house = ward().await;
    let waiting = list(&house, "waiting").await;
    assert_eq!((waiting["waiting"].as_i64(), waiting["links"].as_array().map(Vec::len)), (Some(1), Some(1)));
    let link = &waiting["links"][0];
    let [one, other] = [&link["patients"][0], &link["patients"][1]];
    assert_eq!((one["id"].as_str(), other["id"].as_str()), (Some("ada"), Some("again")));
    assert_eq!(other["address"], "1 Loom Lane, Weaverton");
    assert_eq!(one["phones"], json!(["(617) 555-8123"]));
    assert_eq!(link["parts"][1], json!({"name": "name", "outcome": "equal", "weight": 10.0, "how": null}));
    let path = format!("/api/identity/{}", link["id"].as_str().unwrap());
    let (status, same) = say(&house, &format!("{path}/decide"), json!({"same": true, "reason": "passport"})).await;
    assert_eq!((status, &same["state"], &same["reason"]), (StatusCode::OK, &json!("same"), &json!("passport")));
    let chart = house.operate(Method::GET, "/api/chart/ada", JSON, "").await.json();
    assert_eq!(chart["patient"]["may_be"], json!([]));
    let (_, merged) = say(&house, &format!("{path}/merge"), json!({"into": "Patient/again"})).await;
    assert_eq!((&merged["state"], &merged["into"]), (&json!("merged"), &json!("again")));
    assert_eq!(merged["patients"][0]["active"], false);
    let (status, refused) = say(&house, &format!("{path}/decide"), json!({"same": false})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    let (_, undone) = say(&house, &format!("{path}/undo"), json!({})).await;
    assert_eq!(undone["state"], "same");
    let (_, undone) = say(&house, &format!("{path}/undo"), json!({"reason": "was two"})).await;
    assert_eq!((&undone["state"], &undone["patients"][0]["active"]), (&json!("waiting"), &json!(true)));
    let chart = house.operate(Method::GET, "/api/chart/ada", JSON, "").await.json();
    assert_eq!(chart["patient"]["may_be"][0]["patient"], "again", "{chart}");
}

#[tokio::test]
async fn whoever_is_described_is_matched_with_a_grade() {
    let house = ward().await;
    list(&house, "all").await;
    let described = json!({"resourceType": "Patient", "name": [{"text": "Ada Lovelace"}], "birthDate": "1980-03-12", "telecom": [{"value": "6175558123"}]});
    let resource = json!({"name": "resource", "resource": described});
    let (status, bundle) = parameters(&house, "$match", json!([resource])).await;
    assert_eq!((status, &bundle["total"]), (StatusCode::OK, &json!(2)), "{bundle}");
    let search = &bundle["entry"][0]["search"];
    assert_eq!((&search["mode"], &search["extension"][0]["valueCode"]), (&json!("match"), &json!("probable")));
    assert!(search["score"].as_f64().unwrap() > 0.99);
    // Without a number nobody is certain.
    let certain = json!({"name": "onlyCertainMatches", "valueBoolean": true});
    let (_, bundle) = parameters(&house, "$match", json!([resource, certain])).await;
    assert_eq!(bundle["total"], 0);
    for (given, says) in [
        (json!([]), "resource is missing"),
        (json!([resource, {"name": "count", "valueInteger": 0}]), "count=0"),
        (json!([resource, {"name": "fast", "valueBoolean": true}]), "fast is no parameter"),
    ] {
        let (status, told) = parameters(&house, "$match", given).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(told["issue"][0]["diagnostics"].as_str().unwrap().contains(says), "{told}");
    }
}

#[tokio::test]
async fn a_merge_is_tried_and_then_done() {
    let house = ward().await;
    let pair = |preview: bool| {
        json!([
            {"name": "source-patient-identifier", "valueIdentifier": {"system": "urn:mrn", "value": "1"}},
            {"name": "target-patient", "valueReference": {"reference": "Patient/again"}},
            {"name": "preview", "valueBoolean": preview},
        ])
    };
    let (status, tried) = parameters(&house, "$merge", pair(true)).await;
    assert_eq!(status, StatusCode::OK, "{tried}");
    assert_eq!(tried["parameter"][2]["resource"]["link"][0]["type"], "replaces");
    let ada = || async { house.operate(Method::GET, "/fhir/Patient/ada", FHIR, "").await.json() };
    assert_eq!(ada().await["active"], true, "nothing was written");
    for (wrong, says) in [
        (json!({"name": "preview", "valueString": "true"}), "preview: expected valueBoolean"),
        (
            json!({"name": "target-patient", "valueReference": {"reference": "https://elsewhere/fhir/Patient/again"}}),
            "of this server",
        ),
        (json!({"name": "source-patient-identifier", "valueIdentifier": {"value": "1"}}), "a system and a value"),
    ] {
        let mut given = pair(false);
        let all = given.as_array_mut().unwrap();
        all.retain(|one| one["name"] != wrong["name"]);
        all.push(wrong);
        let (status, told) = parameters(&house, "$merge", given).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        assert!(told["issue"][0]["diagnostics"].as_str().unwrap().contains(says), "{told}");
    }
    assert_eq!(ada().await["active"], true, "nothing was written");
    let (status, _) = parameters(&house, "$merge", pair(false)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&ada().await["active"], &ada().await["link"][0]["type"]), (&json!(false), &json!("replaced-by")));
    let (status, told) = parameters(&house, "$merge", pair(false)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
    assert_eq!(list(&house, "merged").await["links"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_limited_token_hears_of_no_pair() {
    let house = ward().await;
    list(&house, "all").await;
    for token in [house.token("system/Patient.rs system/Observation.rs"), house.token_of("patient/*.cruds", "ada")] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", FHIR)];
        let (status, text) = house.send(Method::GET, "/api/identity", &headers[..1], "").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
        let body = r#"{"resourceType":"Parameters","parameter":[{"name":"source-patient","valueReference":{"reference":"Patient/ada"}},{"name":"target-patient","valueReference":{"reference":"Patient/again"}}]}"#;
        let (status, text) = house.send(Method::POST, "/fhir/Patient/$merge", &headers, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
        assert!(!text.contains("Lovelace"));
        let (status, chart) = house.send(Method::GET, "/api/chart/ada", &headers[..1], "").await;
        assert!(status != StatusCode::OK || !chart.contains("may_be"), "{chart}");
    }
    let bearer = format!("Bearer {}", house.token_of("patient/*.rs", "ada"));
    let described = r#"{"resourceType":"Patient","name":[{"text":"Ada Lovelace"}],"birthDate":"1980-03-12","telecom":[{"value":"6175558123"}]}"#;
    let headers = [("authorization", bearer.as_str()), ("content-type", FHIR)];
    let (status, _) = house.send(Method::POST, "/fhir/Patient/$match", &headers, described).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
