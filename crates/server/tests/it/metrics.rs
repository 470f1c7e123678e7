//! Figures of the program: who may see them, what they say, and that they name nobody.

use crate::house::House;
use axum::http::{Method, StatusCode};
use std::collections::BTreeSet;

const NDJSON: &str = r#"{"resourceType":"Patient","id":"zebedee","name":[{"family":"Quixote"}]}
{"resourceType":"Observation","id":"pulse","status":"final","code":{"text":"pulse"},"subject":{"reference":"Patient/zebedee"}}
"#;

async fn figures(house: &House) -> String {
    let bearer = format!("Bearer {}", house.token("system/Metrics.r"));
    let (status, text) = house.send(Method::GET, "/metrics", &[("authorization", &bearer)], "").await;
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

#[tokio::test]
async fn figures_are_for_whoever_watches_and_name_nobody() {
    let house = House::new();
    house.operate(Method::POST, "/api/import?name=ward.ndjson", "application/octet-stream", NDJSON).await;
    house.operate(Method::GET, "/fhir/Patient/zebedee", "application/fhir+json", "").await;
    house.operate(Method::GET, "/fhir/Patient?family=Quixote", "application/fhir+json", "").await;
    let text = figures(&house).await;
    for line in [
        "medweave_resources{type=\"Patient\"} 1",
        "medweave_http_requests_total{method=\"GET\",route=\"/fhir/{type}/{id}\",status=\"200\"} 1",
        "medweave_dead_letters_open 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(!text.contains("zebedee") && !text.contains("Quixote"), "{text}");
    for scopes in ["system/*.cruds", "system/Patient.r"] {
        let bearer = format!("Bearer {}", house.token(scopes));
        let (status, text) = house.send(Method::GET, "/metrics", &[("authorization", &bearer)], "").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{scopes}");
        assert!(text.contains("system/Metrics.r"), "{text}");
    }
    // And figures are all that it opens.
    let bearer = format!("Bearer {}", house.token("system/Metrics.r"));
    let (status, _) = house.send(Method::GET, "/fhir/Patient", &[("authorization", &bearer)], "").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_dashboard_asks_for_figures_that_there_are() {
    let house = House::new();
    house.operate(Method::GET, "/api/lake", "application/json", "").await;
    let text = figures(&house).await;
    // Of copies and unmapped messages there are none here.
    let told: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let dashboard = include_str!("../../../../packaging/grafana/medweave.json");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let asked: BTreeSet<&str> = dashboard
        .split(|c: char| !is_part(c))
        .filter(|word| word.starts_with("medweave_") || word.starts_with("process_"))
        .map(|word| word.trim_end_matches("_bucket"))
        .collect();
    assert!(asked.len() > 10);
    let missing: Vec<&&str> = asked.difference(&told).filter(|name| !name.starts_with("medweave_backup")).collect();
    assert!(missing.is_empty(), "{missing:?} in {text}");
}
