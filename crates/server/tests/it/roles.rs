//! Roles: whoever may not see a source, a patient or which patient a person is finds nothing of it, wherever it is looked for.
//!
//! The walk asks the same questions as somebody who may, who is told a secret by each; then as everybody who may not.

use crate::house::{House, Told};
use crate::session::Browser;
use access::Role;
use axum::http::{Method, StatusCode};
use serde_json::json;

/// What stands in the source and in nothing that is made of it: a cell that is not mapped, one that is refused, one that no map
/// knows, the name of a column.
const RAW: [&str; 4] = ["Vellum", "Thornapple", "Zinnia", "burdock"];
/// What stands in the patient.
const PATIENT: [&str; 2] = ["Quillfeather", "1984-02-29"];
/// The table of who the persons of OMOP are.
const LINK: &str = "omop_link";

const PEOPLE: &str = "pid,name,sex,born,burdock\n17,Quillfeather,Zinnia,1984-02-29,Vellum\n18,Osmunda,w,Thornapple,-\n";
const MAPPING: &str = "-- @target Patient @key p.pid @required birthDate\nSELECT name(p.name) AS name, code('sex', p.sex) AS gender, date(p.born) AS \"birthDate\" FROM people p";

/// A question, and what whoever may ask it is told.
struct Question {
    method: Method,
    path: String,
    body: String,
    told: &'static str,
}

fn ask(path: &str, told: &'static str) -> Question {
    Question { method: Method::GET, path: path.into(), body: String::new(), told }
}

fn send(path: &str, body: &serde_json::Value, told: &'static str) -> Question {
    Question { method: Method::POST, path: path.into(), body: body.to_string(), told }
}

fn sql(statement: &str, told: &'static str) -> Question {
    send("/api/sql", &json!({"sql": statement}), told)
}

/// A source of two people, of whom one is written and one is refused; the id of the first.
async fn source(house: &House) -> String {
    let folder = house.folder().join("hedge");
    std::fs::create_dir_all(folder.join("codes")).unwrap();
    for (name, text) in [
        ("people.csv", PEOPLE),
        ("mapping.toml", "name = \"hedge\"\n[tables.people]\nkey = [\"pid\"]\n"),
        ("patient.sql", MAPPING),
        ("codes/sex.csv", "source,system,code\nw,http://hl7.org/fhir/administrative-gender,female\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let added = json!({"name": "hedge", "path": folder, "mapping": folder}).to_string();
    for (path, body) in [
        ("/api/sources", added.as_str()),
        ("/api/sources/hedge/pull", "{}"),
        ("/api/mappings/hedge/run", r#"{"write":true}"#),
    ] {
        let told = house.operate(Method::POST, path, "application/json", body).await;
        assert!(told.status.is_success() && !told.text.contains("\"error\""), "{path}: {}", told.text);
    }
    tables::value::id::derived("hedge", "Patient", &["17"])
}

/// Every way to rows of a source.
fn of_the_source() -> Vec<Question> {
    let files = json!([
        {"path": "mapping.toml", "text": "name = \"hedge\"\n[tables.people]\n"},
        {"path": "patient.sql", "text": "-- @target Patient @key p.pid\nSELECT text(p.burdock) AS \"name.text\" FROM people p"},
    ]);
    let edited = json!({"files": files, "source": "hedge", "target": "Patient"});
    let cursor = json!({"files": files, "source": "hedge", "file": "patient.sql", "line": 2, "column": 15});
    vec![
        ask("/api/sources/hedge/tables", "burdock"),
        ask("/api/sources/hedge/tables/people/rows/1", "Vellum"),
        ask("/api/sources/hedge/profile", "burdock"),
        send("/api/mappings/new", &json!({"source": "hedge"}), "burdock"),
        send("/api/mappings/preview", &edited, "Vellum"),
        send("/api/mappings/complete", &cursor, "burdock"),
        send("/api/mappings/hedge/run", &json!({}), "Thornapple"),
        ask("/api/mappings/hedge/runs/1", "Thornapple"),
        ask("/api/codes?source=hedge", "Zinnia"),
        send("/api/codes/suggest", &json!({"source": "hedge", "map": "sex"}), "Zinnia"),
        ask("/api/arrivals/1/bytes", "Vellum"),
        sql("SELECT * FROM src_hedge.people", "Vellum"),
        sql("SELECT * FROM src_hedge.people__history", "Thornapple"),
        sql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'src_hedge'", "burdock"),
    ]
}

/// Every way to the patient.
fn of_the_patient(id: &str) -> Vec<Question> {
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": format!("Patient/{id}")}},
        {"request": {"method": "GET", "url": "Patient?name=quill"}},
    ]});
    vec![
        ask(&format!("/fhir/Patient/{id}"), "Quillfeather"),
        ask(&format!("/fhir/Patient/{id}/_history"), "Quillfeather"),
        ask(&format!("/fhir/Patient/{id}/_history/1"), "Quillfeather"),
        ask("/fhir/Patient?name=quill", "Quillfeather"),
        send("/fhir", &batch, "Quillfeather"),
        ask("/api/patients?q=quill", "Quillfeather"),
        ask(&format!("/api/chart/{id}"), "1984-02-29"),
        ask(&format!("/api/lineage/Patient/{id}"), "Quillfeather"),
        ask("/api/export/Patient", "Quillfeather"),
        sql("SELECT * FROM patient", "1984-02-29"),
    ]
}

/// Somebody who asks: an account in a browser, or a program with a token.
enum Caller<'h> {
    Person(Browser<'h>),
    Program(&'h House, String),
    Nobody(&'h House),
}

impl Caller<'_> {
    async fn ask(&self, Question { method, path, body, .. }: &Question) -> Told {
        let media = if path.starts_with("/fhir") { "application/fhir+json" } else { "application/json" };
        match self {
            Caller::Person(browser) => browser.send(method.clone(), path, media, body).await,
            Caller::Program(house, token) => {
                let bearer = format!("Bearer {token}");
                let headers = [("authorization", bearer.as_str()), ("content-type", media)];
                house.ask(method.clone(), path, &headers, body).await
            }
            Caller::Nobody(house) => house.ask(method.clone(), path, &[("content-type", media)], body).await,
        }
    }

    /// Is told what it asks for.
    async fn finds(&self, name: &str, questions: &[Question]) {
        for question in questions {
            let told = self.ask(question).await;
            assert!(
                told.status.is_success() && told.text.contains(question.told),
                "{name} is not told {} by {} {} {}: {} {}",
                question.told,
                question.method,
                question.path,
                question.body,
                told.status,
                told.text
            );
        }
    }

    /// Is told none of the secrets by any of the questions. A batch is answered, and refuses each of its parts.
    async fn finds_none(&self, name: &str, secrets: &[&str], questions: &[Question]) {
        for question in questions {
            let told = self.ask(question).await;
            let asked = format!("{name}: {} {} {}", question.method, question.path, question.body);
            for secret in secrets {
                assert!(!told.text.contains(secret), "{asked} tells {secret}: {} {}", told.status, told.text);
            }
            let is_refused = matches!(told.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert!(is_refused || question.path == "/fhir", "{asked}: {} {}", told.status, told.text);
        }
    }
}

#[tokio::test]
async fn who_may_not_see_a_source_finds_nothing_of_its_rows_by_any_way() {
    let house = House::new();
    let id = source(&house).await;
    house.account("boss", Role::Admin);
    house.account("ada", Role::Clinician);
    let (rows, patient) = (of_the_source(), of_the_patient(&id));
    let program = |scopes: &str| Caller::Program(&house, house.token(scopes));
    let ada = Caller::Person(Browser::with_password(&house, "ada").await);
    ada.finds("a clinician", &rows).await;
    ada.finds("a clinician", &patient).await;
    program("system/*.rs").finds("a reader of everything", &rows).await;

    let everything = [&RAW[..], &PATIENT].concat();
    let boss = Caller::Person(Browser::with_password(&house, "boss").await);
    for (name, caller) in [
        ("an administrator", boss),
        ("nobody", Caller::Nobody(&house)),
        ("a program for results", program("system/Observation.cruds")),
        ("a program that only writes", program("system/*.cud")),
    ] {
        caller.finds_none(name, &everything, &rows).await;
        caller.finds_none(name, &everything, &patient).await;
    }
    // Whoever sees the patient, or may search everything and read nothing, still sees no row of the tables.
    for scopes in ["system/Patient.cruds", "system/*.s"] {
        program(scopes).finds_none(scopes, &everything, &rows).await;
    }
    // Nor does whoever may read everything and search nothing, which SQL needs: no arrival that holds rows is there.
    let reader = program("system/*.r");
    for question in &rows {
        let told = reader.ask(question).await;
        assert!(!told.status.is_success(), "{}: {}", question.path, told.text);
        for secret in &everything {
            assert!(!told.text.contains(secret), "{} tells {secret}: {}", question.path, told.text);
        }
    }
    let listed = reader.ask(&ask("/api/arrivals", "")).await;
    assert!(listed.status.is_success() && !listed.text.contains("hedge"), "{}", listed.text);
    let lineage = [ask(&format!("/api/lineage/Patient/{id}"), "")];
    program("system/Patient.cruds").finds_none("a reader of patients", &everything, &lineage).await;
    // What was asked in vain stands in the trail, and what would have been told does not.
    let trail: Vec<String> = house.reads(None).iter().map(|read| format!("{} {}", read.query, read.outcome)).collect();
    let trail = trail.join("\n");
    assert!(trail.contains("/api/sources/hedge/tables/people/rows/1"), "{trail}");
    for secret in ["Vellum", "Thornapple", "Zinnia", "Quillfeather"] {
        assert!(!trail.contains(secret), "{secret}: {trail}");
    }
}

#[tokio::test]
async fn a_refused_row_is_a_secret_of_its_source() {
    let house = House::new();
    source(&house).await;
    let told = house.operate(Method::GET, "/api/deadletters", "application/json", "").await;
    let letters = told.json();
    let numbers: Vec<i64> =
        letters["dead_letters"].as_array().unwrap().iter().map(|letter| letter["no"].as_i64().unwrap()).collect();
    let mut questions = vec![ask("/api/deadletters", "")];
    for no in &numbers {
        questions.push(ask(&format!("/api/deadletters/{no}"), ""));
        questions.push(ask(&format!("/api/deadletters/{no}/bytes"), ""));
    }
    let mut told = String::new();
    for question in &questions {
        told += &house.operate(Method::GET, &question.path, "application/json", "").await.text;
    }
    assert!(told.contains("Thornapple"), "whoever may see them is told nothing: {told}");
    house.account("boss", Role::Admin);
    let program = |scopes: &str| Caller::Program(&house, house.token(scopes));
    for (name, caller) in [
        ("an administrator", Caller::Person(Browser::with_password(&house, "boss").await)),
        ("nobody", Caller::Nobody(&house)),
        ("a reader of patients", program("system/Patient.cruds")),
        ("a program that may search", program("system/*.s")),
    ] {
        caller.finds_none(name, &RAW, &questions).await;
    }
}

#[tokio::test]
async fn who_may_not_link_persons_is_not_told_who_they_are_by_any_table() {
    let house = House::new();
    let id = source(&house).await;
    let link = sql("SELECT patient_id FROM omop_link.person", "");
    let may = Caller::Program(&house, house.token("system/*.rs system/OmopPersonLink.r"));
    let told = may.ask(&link).await;
    assert!(told.status.is_success() && told.text.contains(&id), "{}", told.text);
    let number = may.ask(&sql("SELECT person_id FROM omop.person", "")).await.json()["rows"][0][0].clone();
    let told = may.ask(&ask(&format!("/api/lineage/omop/person/{number}"), "")).await;
    assert!(told.status.is_success() && told.json()["ref"] == format!("Patient/{id}"), "{}", told.text);
    house.account("ada", Role::Clinician);
    for (name, caller) in [
        ("a clinician", Caller::Person(Browser::with_password(&house, "ada").await)),
        ("a reader of everything", Caller::Program(&house, house.token("system/*.cruds"))),
    ] {
        let told = caller.ask(&link).await;
        assert!(told.status.is_client_error() && !told.text.contains(&id), "{name}: {} {}", told.status, told.text);
        let never = caller.ask(&sql("SELECT patient_id FROM never_here.person", "")).await;
        let like = |told: &Told| told.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(like(&told), like(&never).replace("never_here", LINK), "{name}");
        for list in [
            sql("SHOW TABLES", ""),
            sql("SELECT * FROM information_schema.tables", ""),
            sql("SELECT * FROM information_schema.columns", ""),
            ask("/api/sql/tables", ""),
        ] {
            let told = caller.ask(&list).await;
            assert!(told.status.is_success() && !told.text.contains(LINK), "{name}: {}", told.text);
        }
        let number = caller.ask(&sql("SELECT person_id FROM omop.person", "")).await.json()["rows"][0][0].clone();
        for table in ["person", "observation_period", "death", "location"] {
            let told = caller.ask(&ask(&format!("/api/lineage/omop/{table}/{number}"), "")).await;
            assert!(told.status.is_client_error() && !told.text.contains(&id), "{name}: {table} {}", told.text);
        }
        let person = caller.ask(&sql("SELECT * FROM omop.person", "")).await;
        assert!(person.status.is_success() && !person.text.contains(&id), "{name}: {}", person.text);
    }
}
