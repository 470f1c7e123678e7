//! What the OpenAPI document says, against what the handlers take and give. Every answer in this binary is held to its shape
//! (`house.rs`); here each route is asked once, so that none is left out.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use server::openapi::{Content, interface};
use server::routes;
use std::collections::BTreeSet;

/// Paths with something in each of their places.
fn filled(path: &str) -> String {
    let id = if path.starts_with("/api/users")
        || path.starts_with("/api/tokens")
        || path.starts_with("/api/sources")
        || path.starts_with("/api/me")
    {
        "1"
    } else {
        "p"
    };
    // A source of tables is named, one of messages numbered.
    let path = &path
        .replace("/api/sources/{id}/password", "/api/sources/his/password")
        .replace("/api/sources/{id}/", "/api/sources/clinic/")
        .replace("{source}", "clinic");
    [
        ("{type}", "Patient"),
        ("{id}", id),
        ("{version}", "1"),
        ("{no}", "1"),
        ("{table}", "people"),
        ("{row}", "0"),
        ("{name}", "ward"),
        ("{run}", "1"),
        ("{check}", "fhir.birth-missing"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (place, value)| path.replace(place, value))
}

#[tokio::test]
async fn handlers_take_the_bodies_that_the_document_describes() {
    for with_optional in [true, false] {
        let house = House::new();
        for route in routes() {
            let Some(Content::Json(shape)) = interface().of(&route).unwrap().takes.clone() else { continue };
            let body = shape.sample(&interface().shapes, with_optional).to_string();
            let told = house.operate(route.method.clone(), &filled(route.path), "application/json", &body).await;
            for words in ["unknown field", "missing field", "invalid type", "unknown variant", "expected value"] {
                assert!(!told.text.contains(words), "{} {} {body}: {}", route.method, route.path, told.text);
            }
        }
    }
}

#[tokio::test]
async fn every_answer_is_of_the_shape_that_the_document_gives_it() {
    let house = House::new();
    let fhir = "application/fhir+json";
    let patient = json!({"resourceType": "Patient", "id": "p", "birthDate": "1958-07-14", "gender": "female",
        "name": [{"family": "Smith", "given": ["Ann"], "prefix": ["Dr"]}], "identifier": [{"value": "1", "type": {"coding": [{"code": "MR"}]}}],
        "link": [{"type": "replaces", "other": {"reference": "Patient/q"}}]});
    let subject = json!({"reference": "Patient/p"});
    let coded = |text: &str| json!({"text": text, "coding": [{"system": "http://loinc.org", "code": "2823-3"}]});
    let resources = [
        patient,
        json!({"resourceType": "Observation", "id": "o", "status": "final", "code": coded("K"), "subject": subject, "effectiveDateTime": "2026-01-01",
            "valueQuantity": {"value": 4.10, "unit": "mmol/L", "comparator": "<"}, "interpretation": [{"coding": [{"code": "L"}]}],
            "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}, "text": "adult"}]}),
        json!({"resourceType": "Observation", "id": "absent", "status": "final", "code": coded("Na"), "subject": subject, "dataAbsentReason": {"coding": [{"code": "unknown"}]}}),
        json!({"resourceType": "Condition", "id": "c", "subject": subject, "code": coded("Gout"), "clinicalStatus": {"coding": [{"code": "active"}]},
            "verificationStatus": {"coding": [{"code": "confirmed"}]}, "onsetDateTime": "2020", "abatementDateTime": "2021", "recordedDate": "2020"}),
        json!({"resourceType": "AllergyIntolerance", "id": "a", "patient": subject, "code": coded("Nut"), "criticality": "high",
            "reaction": [{"manifestation": [{"text": "rash"}]}]}),
        json!({"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", "subject": subject, "authoredOn": "2026-01-01",
            "medicationCodeableConcept": {"text": "Aspirin"}, "dosageInstruction": [{"text": "daily"}], "reasonCode": [{"text": "pain"}],
            "dispenseRequest": {"validityPeriod": {"end": "2027-01-01"}}}),
        json!({"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}, "type": [{"text": "ward"}], "subject": subject,
            "period": {"start": "2026-01-01", "end": "2026-01-02"}, "serviceProvider": {"display": "St Mary"}}),
    ];
    for resource in &resources {
        let path = format!("/fhir/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let told = house.operate(Method::PUT, &path, fhir, &resource.to_string()).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    }
    let broken = house
        .operate(
            Method::POST,
            "/api/import?name=x.ndjson",
            "application/octet-stream",
            "{\"resourceType\":\"Patient\"}\n{\"no\n",
        )
        .await;
    assert_eq!((&broken.json()["stored"], &broken.json()["dead_letters"]), (&json!(1), &json!(1)), "{}", broken.text);

    let extracts = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(extracts.path().join(name), text).unwrap();
    file("people.csv", "pid,born\n17,1984-02-29\n");
    file("mapping.toml", "name = \"clinic\"\n[tables.people]\nkey = [\"pid\"]\n");
    file("patient.sql", "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p");
    let lineage = format!("/api/lineage/Patient/{}", tables::value::id::derived("clinic", "Patient", &["17"]));
    let pair = format!("/api/identity/{}", records::derived_id("identity", "one two"));
    let [undo, decide, join] = ["undo", "decide", "merge"].map(|what| format!("{pair}/{what}"));
    let merge = json!({"resourceType": "Parameters", "parameter": [
        {"name": "source-patient", "valueReference": {"reference": "Patient/one"}},
        {"name": "target-patient", "valueReference": {"reference": "Patient/two"}},
    ]});
    let clinic = json!({"name": "clinic", "path": extracts.path(), "mapping": extracts.path()});
    let files = json!([
        {"path": "mapping.toml", "text": "name = \"ward\"\n[tables.people]\n"},
        {"path": "patient.sql", "text": "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\", code('sex', 'w') AS gender FROM people p"},
        {"path": "codes/sex.csv", "text": "source,system,code\n"},
    ]);
    let female = json!({"system": "http://hl7.org/fhir/administrative-gender", "code": "female"});
    let approved = json!({"source": "clinic", "map": "sex", "value": "w", "codes": [female]});
    let at_path = json!({"files": files, "source": "clinic", "file": "patient.sql", "line": 2, "column": 28});
    let athena = tempfile::tempdir().unwrap();
    let download = |name: &str, text: &str| std::fs::write(athena.path().join(name), text).unwrap();
    download(
        "CONCEPT.csv",
        "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n201820\tDiabetes\tCondition\tSNOMED\tDisorder\tS\t73211009\t20020131\t20991231\t\n",
    );
    download(
        "VOCABULARY.csv",
        "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\nNone\tOMOP\tOMOP\tv5.0 30-AUG-25\t44819096\n",
    );
    let database = json!({
        "name": "his", "url": "postgres://reader@127.0.0.1:1/his", "mapping": "his-zh", "password": "x", "unreached": true,
        "rows_per_second": 100, "hours": "01:00-05:00",
    });
    let json = "application/json";
    let password = crate::house::PASSWORD;
    let steps: Vec<(Method, &str, Value)> = vec![
        (Method::POST, "/api/users", json!({"name": "ada", "role": "admin", "password": password})),
        (Method::GET, "/api/users", Value::Null),
        (Method::PATCH, "/api/users/1", json!({"unlock": true})),
        (Method::POST, "/api/users/1/link", Value::Null),
        (Method::POST, "/api/tokens", json!({"name": "t", "scope": "system/*.rs", "expires": "2999"})),
        (Method::GET, "/api/tokens", Value::Null),
        (Method::DELETE, "/api/tokens/1", Value::Null),
        (Method::POST, "/api/sources", json!({"address": "10.0.0.0/8"})),
        (Method::GET, "/api/sources", Value::Null),
        (Method::POST, "/api/sources", clinic),
        (Method::GET, "/api/sources", Value::Null),
        (Method::POST, "/api/sources", database),
        (Method::PUT, "/api/sources/his/password", json!({"password": "x"})),
        (Method::DELETE, "/api/sources/his", Value::Null),
        (Method::POST, "/api/sources/clinic/pull", json!({})),
        (Method::POST, "/api/sources/clinic/deliveries?file=people.csv", json!({"pid": 17})),
        (Method::GET, "/api/sources/clinic/deliveries", Value::Null),
        (Method::GET, "/api/sources/clinic/tables", Value::Null),
        (Method::GET, "/api/arrivals/sources", Value::Null),
        (Method::GET, "/api/sources/clinic/tables/people/rows/1", Value::Null),
        (Method::GET, "/api/mappings", Value::Null),
        (Method::GET, "/api/mappings/files?source=clinic", Value::Null),
        (Method::GET, "/api/sources/clinic/profile", Value::Null),
        (Method::POST, "/api/mappings/new", json!({"source": "clinic"})),
        (Method::POST, "/api/mappings/check", json!({"files": files, "source": "clinic", "target": "Patient"})),
        (Method::POST, "/api/mappings/complete", at_path),
        (Method::POST, "/api/mappings/preview", json!({"files": files, "source": "clinic", "target": "Patient"})),
        (Method::PUT, "/api/mappings/own/ward", json!({"files": files, "note": "first"})),
        (Method::GET, "/api/mappings/own/ward?version=1", Value::Null),
        (Method::GET, "/api/mappings", Value::Null),
        (Method::PATCH, "/api/sources/clinic", json!({"mapping": "ward"})),
        (Method::POST, "/api/mappings/clinic/run", json!({})),
        (Method::GET, "/api/codes?source=clinic", Value::Null),
        (Method::POST, "/api/codes/suggest", json!({"source": "clinic", "map": "sex"})),
        (Method::POST, "/api/codes/approve", approved),
        (Method::GET, "/api/codes?source=clinic", Value::Null),
        (Method::POST, "/api/codes/revoke", json!({"source": "clinic", "map": "sex", "value": "w"})),
        (Method::PATCH, "/api/sources/clinic", json!({"mapping": extracts.path()})),
        (Method::DELETE, "/api/mappings/own/ward", Value::Null),
        (Method::POST, "/api/mappings/clinic/check", Value::Null),
        (Method::POST, "/api/mappings/clinic/run", json!({"write": true})),
        (Method::GET, "/api/mappings/clinic/runs?limit=5", Value::Null),
        (Method::GET, "/api/mappings/clinic/runs/1", Value::Null),
        (Method::POST, "/api/mappings/clinic/pause", Value::Null),
        (Method::GET, &lineage, Value::Null),
        (Method::GET, "/api/lineage/omop/person/1", Value::Null),
        (Method::POST, "/api/mappings/clinic/undo", json!({"run": 1})),
        (Method::DELETE, "/api/sources/clinic", Value::Null),
        (Method::DELETE, "/api/sources/1", Value::Null),
        (Method::GET, "/api/setup", Value::Null),
        (Method::POST, "/api/setup/check", json!({"code": "x"})),
        (Method::POST, "/api/session", json!({"name": "ada", "password": password})),
        (Method::GET, "/api/session", Value::Null),
        (Method::DELETE, "/api/session", Value::Null),
        (Method::GET, "/health", Value::Null),
        (Method::GET, "/ready", Value::Null),
        (Method::GET, "/api/openapi.json", Value::Null),
        (Method::GET, "/api/deadletters", Value::Null),
        (Method::GET, "/api/deadletters/1", Value::Null),
        (Method::POST, "/api/deadletters/1/correct", json!({"resourceType": "Patient", "birthDate": "x"})),
        (Method::POST, "/api/deadletters/1/replay", Value::Null),
        (Method::POST, "/api/deadletters/1/discard", json!({"reason": "cut off"})),
        (Method::GET, "/api/arrivals", Value::Null),
        (Method::GET, "/api/arrivals/1", Value::Null),
        (Method::POST, "/api/arrivals/1/undo", Value::Null),
        (Method::GET, "/api/patients?q=smith", Value::Null),
        (Method::PUT, "/fhir/Patient/p", resources[0].clone()),
        (Method::GET, "/api/chart/p", Value::Null),
        (Method::GET, "/api/where/Observation/o", Value::Null),
        (Method::GET, "/api/where/Observation/o/elements", Value::Null),
        (Method::GET, "/fhir/Observation/o/$source", Value::Null),
        (Method::GET, "/api/lake", Value::Null),
        (Method::GET, "/api/sql/tables", Value::Null),
        (Method::POST, "/api/sql", json!({"sql": "SELECT count(*) AS n FROM patient"})),
        (Method::POST, "/api/quality/runs", json!({"only": ["fhir"]})),
        (Method::GET, "/api/quality", Value::Null),
        (Method::GET, "/api/quality/runs/1", Value::Null),
        (
            Method::PUT,
            "/api/quality/checks/fhir.birth-missing/threshold",
            json!({"threshold": 7.5, "reason": "newborns"}),
        ),
        (Method::GET, "/api/quality/checks/fhir.birth-missing", Value::Null),
        (Method::GET, "/api/quality/checks/fhir.birth-missing/rows?limit=3", Value::Null),
        (Method::GET, "/api/quality/thresholds", Value::Null),
        (Method::POST, "/api/cohorts", json!({"definition": crate::house::seen(), "keep": "ward"})),
        (Method::GET, "/api/cohorts", Value::Null),
        (Method::DELETE, "/api/cohorts/ward", Value::Null),
        (Method::POST, "/api/vocabularies", json!({"path": athena.path()})),
        (Method::GET, "/api/vocabularies", Value::Null),
        (Method::GET, "/api/vocabularies/search?q=diabetis", Value::Null),
        (Method::DELETE, "/api/vocabularies", Value::Null),
        (Method::POST, "/api/lake/flush", Value::Null),
        (Method::POST, "/api/lake/rebuild", Value::Null),
        (Method::PUT, "/fhir/Patient/one", json!({"resourceType": "Patient", "id": "one"})),
        (Method::PUT, "/fhir/Patient/two", json!({"resourceType": "Patient", "id": "two"})),
        (Method::POST, "/fhir/Patient/$merge", merge),
        (Method::GET, "/api/identity?state=all", Value::Null),
        (Method::GET, &pair, Value::Null),
        (Method::POST, &undo, json!({})),
        (Method::POST, &decide, json!({"same": true, "reason": "asked her"})),
        (Method::POST, &join, json!({"into": "one"})),
        (Method::GET, "/api/status", Value::Null),
        (Method::GET, "/api/audit/reads", Value::Null),
        (Method::GET, "/api/audit/accounts", Value::Null),
    ];
    let mut asked = BTreeSet::new();
    for (method, path, body) in steps {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let media = if path.starts_with("/fhir") { fhir } else { json };
        // Not even the operator knows by himself which patient a person is.
        let told = if path == "/api/lineage/omop/person/1" {
            let bearer = format!("Bearer {}", house.token("system/*.rs system/OmopPersonLink.r"));
            house.ask(method.clone(), path, &[("authorization", bearer.as_str())], &body).await
        } else {
            house.operate(method.clone(), path, media, &body).await
        };
        let is_refused_here = ["/api/deadletters/1/replay", "/api/mappings/clinic/pause"].contains(&path);
        assert!(told.status.is_success() || is_refused_here, "{method} {path}: {} {}", told.status, told.text);
        asked.insert((method.to_string(), path.split('?').next().unwrap().to_owned()));
    }
    // What other tests of this binary ask: sessions of people, set-up, the live stream; and what gives no JSON of ours.
    let elsewhere = [
        "/api/me",
        "/api/session/",
        "/api/live",
        "/api/setup",
        "/bytes",
        "/api/export",
        "/api/import",
        "/api/omop/export",
        "/metrics",
    ];
    for route in routes().iter().filter(|route| !route.path.starts_with("/fhir")) {
        // Only a source of tables is changed.
        let changes_source = (&route.method, route.path) == (&Method::PATCH, "/api/sources/{id}");
        let path = if changes_source { "/api/sources/clinic".to_owned() } else { filled(route.path) };
        let is_asked = asked.contains(&(
            route.method.to_string(),
            path.replace("/where/Patient/p", "/where/Observation/o")
                .replace("/api/lineage/Patient/p", &lineage)
                .replace(&filled("/api/identity/{id}"), &pair)
                .replace("/api/lineage/omop/people/0", "/api/lineage/omop/person/1")
                .replace("/tables/people/rows/0", "/tables/people/rows/1"),
        ));
        let is_elsewhere = elsewhere.iter().any(|part| route.path.contains(part));
        assert!(
            is_asked || is_elsewhere,
            "ask {} {} here once, so that its answer is held to its shape",
            route.method,
            route.path
        );
    }
}
