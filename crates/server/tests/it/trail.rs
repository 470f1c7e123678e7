//! The trail of reads: whoever sees something of a patient, or is denied it, stands in it.

use crate::house::{House, Told};
use crate::session::Browser;
use access::Role;
use axum::http::{Method, StatusCode};
use serde_json::json;
use server::{Need, Route, routes};

/// Routes behind a clinical right that tell nothing of any patient: names of tables, numbers of rows.
const OF_NO_PATIENT: [&str; 13] = [
    "/api/sql/tables",
    "/api/lake",
    "/api/mappings",
    "/api/mappings/files",
    "/api/mappings/own/{name}",
    "/api/mappings/{source}/runs",
    "/api/arrivals/sources",
    "/api/sources/{id}/deliveries",
    "/api/sources/{id}/tables",
    // Counts of rows.
    "/api/quality",
    "/api/quality/runs/{run}",
    "/api/quality/checks/{check}",
    "/api/quality/thresholds",
];
/// Routes of sources of tables, which have a test of their own.
const OF_SOURCES: [&str; 6] = [
    // A pair of patients, likewise.
    "/api/identity/{id}",
    "/api/sources/{id}/tables/{table}/rows/{row}",
    "/api/sources/{id}/profile",
    "/api/codes",
    "/api/mappings/{source}/runs/{no}",
    "/api/lineage/{type}/{id}",
];

/// Lists of what is kept, behind the same path as what reads.
const LISTS: [(Method, &str); 1] = [(Method::GET, "/api/cohorts")];

/// The routes that give something of patients, with what they are asked.
fn reading() -> Vec<(Route, String, &'static str, String)> {
    let is_clinical = |route: &Route| matches!(route.need, Need::OnType(_) | Need::OnAll(_) | Need::On(..));
    routes()
        .into_iter()
        .filter(|route| is_clinical(route) && !OF_NO_PATIENT.contains(&route.path) && !OF_SOURCES.contains(&route.path))
        // Terminology tells of no patient.
        .filter(|route| !["/ValueSet/", "/CodeSystem/", "/ConceptMap/"].iter().any(|of| route.path.contains(of)))
        .filter(|route| !LISTS.contains(&(route.method.clone(), route.path)))
        .filter_map(|route| {
            let (media, body) = match (&route.method, route.path) {
                (&Method::GET, _) => ("application/json", String::new()),
                (_, path) if path.ends_with("/_search") => ("application/x-www-form-urlencoded", "_id=1".to_owned()),
                (_, "/api/quality/runs") => ("application/json", r#"{"only":["patient"]}"#.to_owned()),
                (&Method::POST, "/api/cohorts") => {
                    ("application/json", json!({"definition": crate::house::seen()}).to_string())
                }
                (_, "/api/sql") => ("application/json", r#"{"sql":"SELECT _id FROM patient"}"#.to_owned()),
                // What would be taken back is a read.
                (_, "/api/arrivals/{no}/undo") => ("application/json", String::new()),
                _ => return None,
            };
            let parts = [
                ("{type}", "Patient"),
                ("{id}", "1"),
                ("{version}", "1"),
                ("{no}", "1"),
                ("{check}", "fhir.birth-missing"),
                ("{table}", "person"),
                ("{row}", "1"),
            ];
            let path = parts.iter().fold(route.path.to_owned(), |path, (place, value)| path.replace(place, value));
            let asked = [("/undo", "dry_run=1"), ("/$lastn", "patient=1&code:missing=false")];
            let asked = asked.into_iter().find(|(end, _)| path.ends_with(end));
            let path = asked.map_or(path.clone(), |(_, asked)| format!("{path}?{asked}"));
            Some((route, path, media, body))
        })
        .collect()
}

async fn ask(house: &House, token: &str, method: &Method, path: &str, media: &str, body: &str) -> Told {
    let bearer = format!("Bearer {token}");
    house.ask(method.clone(), path, &[("authorization", &bearer), ("content-type", media)], body).await
}

#[tokio::test]
async fn whoever_sees_something_of_a_patient_stands_in_the_trail_by_every_route() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds system/OmopPersonLink.r");
    assert!(reading().len() > 20);
    for (route, path, media, body) in reading() {
        let name = format!("{} {path}", route.method);
        let (before, of_patient) = (house.reads(None).len(), house.reads(Some("1")).len());
        let told = ask(&house, &token, &route.method, &path, media, &body).await;
        assert!(told.status.is_success(), "{name}: {} {}", told.status, told.text);
        let reads = house.reads(None);
        assert!(reads.len() > before, "{name} is not in the trail");
        assert_eq!(
            (reads[0].principal.as_str(), reads[0].origin.as_str()),
            ("token/1 (token 1)", "http 192.0.2.7"),
            "{name}"
        );
        assert_eq!(reads[0].outcome, "done", "{name}");
        assert!(!reads[0].query.is_empty() || path == "/api/patients", "{name}");
        // Whose record it is, where the route gives resources.
        let gives_resources = route.path.contains("{type}") || route.path.contains("{id}") || path == "/api/patients";
        assert!(!gives_resources || house.reads(Some("1")).len() > of_patient, "{name} names no patient");
    }
}

#[tokio::test]
async fn whoever_is_denied_stands_in_the_trail_too() {
    let house = House::new();
    house.settle();
    let token = house.token("system/Basic.r");
    for (route, path, media, body) in reading() {
        let name = format!("{} {path}", route.method);
        let before = house.reads(None).len();
        let told = ask(&house, &token, &route.method, &path, media, &body).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{name}");
        let reads = house.reads(None);
        assert_eq!(reads.len(), before + 1, "{name}");
        assert_eq!((reads[0].action.as_str(), reads[0].query.as_str()), ("refused", name.as_str()));
        assert!(reads[0].outcome.contains("needs "), "{name}: {}", reads[0].outcome);
    }
    house.account("ada", Role::Clinician);
    let ada = Browser::with_password(&house, "ada").await;
    let without_csrf = [("cookie", ada.cookie.as_str()), ("content-type", "application/fhir+json")];
    let told = house.ask(Method::POST, "/fhir/Patient", &without_csrf, "{}").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    let newest = &house.reads(None)[0];
    assert_eq!((newest.principal.as_str(), newest.action.as_str()), ("person/1 (Dr ada)", "refused"));
}

#[tokio::test]
async fn whoever_sees_a_row_of_a_source_or_what_was_made_of_it_stands_in_the_trail() {
    let house = House::new();
    let patient = house.clinic().await;
    let (token, narrow) = (house.token("system/*.rs"), house.token("system/Basic.rs"));
    for (path, action) in [
        ("/api/sources/clinic/tables/people/rows/1".to_owned(), "source row"),
        (format!("/api/lineage/Patient/{patient}"), "lineage"),
    ] {
        let told = ask(&house, &token, &Method::GET, &path, "application/json", "").await;
        assert!(told.status.is_success(), "{path}: {} {}", told.status, told.text);
        assert!(told.text.contains("1984-02-29"), "{}", told.text);
        let read = &house.reads(None)[0];
        assert_eq!((read.action.as_str(), read.outcome.as_str()), (action, "done"), "{path}");
        let told = ask(&house, &narrow, &Method::GET, &path, "application/json", "").await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!told.text.contains("1984"), "{}", told.text);
        assert_eq!(house.reads(None)[0].action, "refused", "{path}");
    }
    assert_eq!(house.reads(Some(&patient)).len(), 1);
    // The report of a run shows cells, the list of runs and halting one show none.
    let (report, runs) = ("/api/mappings/clinic/runs/1", "/api/mappings/clinic/runs");
    let told = ask(&house, &token, &Method::GET, report, "application/json", "").await;
    assert!(told.status.is_success() && told.json()["report"]["targets"][0]["rows"] == 1, "{}", told.text);
    assert_eq!(house.reads(None)[0].action, "run report");
    assert_eq!(ask(&house, &token, &Method::GET, runs, "", "").await.json()["runs"][0]["state"], "done");
    for path in [report, runs] {
        let told = ask(&house, &narrow, &Method::GET, path, "application/json", "").await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (path, body) in [("/api/mappings/clinic/undo", "{}"), ("/api/mappings/clinic/pause", "")] {
        let told = ask(&house, &token, &Method::POST, path, "application/json", body).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}: {}", told.text);
    }
    let files = json!([
        {"path": "mapping.toml", "text": "name = \"ward\"\n[tables.people]\n"},
        {"path": "patient.sql", "text": "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p"},
    ]);
    let preview = json!({"files": files, "source": "clinic", "target": "Patient"}).to_string();
    let told = ask(&house, &token, &Method::POST, "/api/mappings/preview", "application/json", &preview).await;
    assert!(told.status.is_success() && told.text.contains("1984-02-29"), "{}", told.text);
    assert_eq!(house.reads(None)[0].action, "mapping preview");
    for route in ["preview", "check", "complete"] {
        let path = format!("/api/mappings/{route}");
        for scopes in ["system/Patient.cruds", "system/*.s", "system/*.r"] {
            let told = ask(&house, &house.token(scopes), &Method::POST, &path, "application/json", &preview).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}");
            assert!(!told.text.contains("1984") && !told.text.contains("born"), "{}", told.text);
        }
    }
    for (method, path, body, action) in [
        (Method::GET, "/api/sources/clinic/profile", String::new(), "source profile"),
        (Method::POST, "/api/mappings/new", json!({"source": "clinic"}).to_string(), "source profile"),
        (Method::GET, "/api/codes?source=clinic", String::new(), "unmapped codes"),
    ] {
        let told = ask(&house, &token, &method, path, "application/json", &body).await;
        assert!(told.status.is_success(), "{path}: {}", told.text);
        assert_eq!(house.reads(None)[0].action, action, "{path}");
        for scopes in ["system/Patient.cruds", "system/*.s", "system/*.r"] {
            let told = ask(&house, &house.token(scopes), &method, path, "application/json", &body).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{path} {scopes}");
            assert!(!told.text.contains("1984") && !told.text.contains("born"), "{}", told.text);
        }
    }
    // A token may run a mapping, and does not say what codes mean.
    let wide = house.token("system/*.cruds");
    let female = json!([{"system": "http://hl7.org/fhir/administrative-gender", "code": "female"}]);
    let approve = json!({"source": "clinic", "map": "sex", "value": "w", "codes": female}).to_string();
    let told = ask(&house, &wide, &Method::POST, "/api/codes/approve", "application/json", &approve).await;
    assert!(!told.status.is_success(), "{}", told.text);
    // A run that writes creates and updates.
    for scopes in ["system/*.rs", "system/*.crs", "system/*.rus"] {
        let token = house.token(scopes);
        let (path, media, body) = ("/api/mappings/clinic/run", "application/json", r#"{"write":true}"#);
        let told = ask(&house, &token, &Method::POST, path, media, body).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}: {}", told.text);
        let dry = ask(&house, &token, &Method::POST, path, media, "{}").await;
        assert!(dry.status.is_success() && dry.text.contains("\"equal\":1"), "{scopes}: {}", dry.text);
    }
    // Who may read the resource and not the tables is told nothing of their cells.
    let reader = house.token("system/Patient.rs");
    let told = ask(&house, &reader, &Method::GET, &format!("/api/lineage/Patient/{patient}"), "", "").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
}

#[tokio::test]
async fn parts_of_a_batch_that_are_denied_stand_in_the_trail() {
    let house = House::new();
    house.settle();
    let token = house.token("system/Observation.cruds");
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "Patient/1"}},
        {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
    ]});
    let told = ask(&house, &token, &Method::POST, "/fhir", "application/fhir+json", &batch.to_string()).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let statuses: Vec<String> =
        told.json()["entry"].as_array().unwrap().iter().map(|e| e["response"]["status"].to_string()).collect();
    assert!(statuses.iter().all(|status| status.contains("403")), "{statuses:?}");
    let reads = house.reads(None);
    let refused: Vec<&str> =
        reads.iter().filter(|event| event.action == "refused").map(|event| event.query.as_str()).collect();
    assert_eq!(refused, ["Patient/1", "POST /fhir Bundle.entry[1]"]);
}

#[tokio::test]
async fn reading_what_was_anothers_or_is_deleted_stands_under_whose_it_was() {
    let house = House::new();
    let token = house.token("system/*.cruds");
    let fhir = "application/fhir+json";
    for id in ["a", "b"] {
        let patient = json!({"resourceType": "Patient", "id": id}).to_string();
        assert!(
            ask(&house, &token, &Method::PUT, &format!("/fhir/Patient/{id}"), fhir, &patient).await.status.is_success()
        );
    }
    for id in ["a", "b"] {
        let observation = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "subject": {"reference": format!("Patient/{id}")}});
        let told = ask(&house, &token, &Method::PUT, "/fhir/Observation/o", fhir, &observation.to_string()).await;
        assert!(told.status.is_success(), "{}", told.text);
    }
    ask(&house, &token, &Method::DELETE, "/fhir/Observation/o", fhir, "").await;
    for (path, whose) in [
        ("/fhir/Observation/o/_history/1", "a"),
        ("/fhir/Observation/o/_history/2", "b"),
        ("/api/where/Observation/o/bytes?version=1", "a"),
        ("/fhir/Observation/o/$source", "b"),
        ("/fhir/Observation/o/_history", "ab"),
    ] {
        let counts = || ["a", "b"].map(|id| house.reads(Some(id)).len());
        let before = counts();
        let told = ask(&house, &token, &Method::GET, path, fhir, "").await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        let grown: String = ["a", "b"]
            .iter()
            .zip(before.iter().zip(counts()))
            .filter(|(_, (before, after))| *before < after)
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(grown, whose, "{path}");
    }
}

#[tokio::test]
async fn no_token_reaches_a_trail_or_the_name_of_an_arrival() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds");
    let narrow = house.token("system/Basic.r");
    for (token, method, path, body) in [
        (&token, Method::GET, "/fhir/Patient/1?access_token=", ""),
        (&token, Method::GET, "/fhir/Patient?_id=", ""),
        (&token, Method::GET, "/fhir/Patient/1/$source?access_token=", ""),
        (&token, Method::PUT, "/fhir/Patient/2?access_token=", r#"{"resourceType":"Patient","id":"2"}"#),
        (&narrow, Method::GET, "/fhir/Patient/1?access_token=", ""),
    ] {
        ask(&house, token, &method, &format!("{path}{token}"), "application/fhir+json", body).await;
    }
    let reads = house.reads(None);
    assert!(reads.iter().filter(|event| event.query.contains("access_token=mw_…")).count() >= 3, "{reads:?}");
    let arrivals = ask(&house, &token, &Method::GET, "/api/arrivals", "", "").await.text;
    assert!(arrivals.contains("PUT /fhir/Patient/2?access_token=mw_…"), "{arrivals}");
    house.app.records.close();
    for secret in [&token, &narrow] {
        let secret = secret.strip_prefix("mw_").unwrap();
        assert!(!format!("{reads:?}").contains(secret) && !arrivals.contains(secret));
    }
}

#[tokio::test]
async fn an_sql_answer_of_many_rows_stands_in_the_trail_with_all_of_them() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds");
    let sql = "SELECT value FROM generate_series(1, 30000)";
    let body = json!({"sql": sql, "limit": 30_000, "format": "csv"}).to_string();
    let told = ask(&house, &token, &Method::POST, "/api/sql", "application/json", &body).await;
    assert_eq!(
        (told.status, told.text.lines().count()),
        (StatusCode::OK, 30_001),
        "{}",
        told.text.get(..200).unwrap_or_default()
    );
    let asked: Vec<_> = house.reads(None).into_iter().filter(|event| event.query == sql).collect();
    assert_eq!(asked[0].count, 30_000, "{asked:?}");
}

#[tokio::test]
async fn an_sql_answer_that_breaks_off_stands_in_the_trail_with_what_was_given_out_and_why() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds");
    let sql = "SELECT 100 / (value - 25000) FROM generate_series(1, 30000)";
    let body = json!({"sql": sql, "format": "csv"}).to_string();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let response = house.open(Method::POST, "/api/sql", &headers, &body).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err(), "it has no end");
    let asked: Vec<_> = house.reads(None).into_iter().filter(|event| event.query == sql).collect();
    assert!(asked[0].outcome.starts_with("broke off: ") && asked[0].outcome.contains("zero"), "{asked:?}");
    assert!((1..30_000).contains(&asked[0].count), "{asked:?}");
}

#[tokio::test]
async fn an_sql_answer_that_is_cut_stands_in_the_trail_as_one() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds");
    let sql = "SELECT value FROM generate_series(1, 500)";
    let body = json!({"sql": sql, "limit": 100, "format": "csv"}).to_string();
    let told = ask(&house, &token, &Method::POST, "/api/sql", "application/json", &body).await;
    assert_eq!((told.status, told.text.lines().count()), (StatusCode::OK, 101));
    let asked: Vec<_> = house.reads(None).into_iter().filter(|event| event.query == sql).collect();
    assert_eq!((asked[0].outcome.as_str(), asked[0].count), ("done, cut at the limit of rows", 100), "{asked:?}");
}
