//! The OMOP tables over HTTP: from a row to the cell, cohorts of the store, thresholds of checks, and who may not.

use crate::house::{House, Told, seen};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: &str = "application/json";

async fn ask(house: &House, token: &str, method: Method, path: &str, body: &Value) -> Told {
    let bearer = format!("Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    house.ask(method, path, &[("authorization", &bearer), ("content-type", JSON)], &body).await
}

/// The first value of an answer in SQL.
async fn sql(house: &House, token: &str, sql: &str) -> Value {
    let told = ask(house, token, Method::POST, "/api/sql", &json!({"sql": sql})).await;
    assert!(told.status.is_success(), "{sql}: {}", told.text);
    told.json()["rows"][0][0].clone()
}

/// A hospital's tables of people, stays and results, mapped into the store.
async fn hospital() -> House {
    let house = House::new();
    let folder = house.folder().join("ward");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        ("people.csv", "pid,sex,born\n16,m,1990-01-31\n17,w,1984-02-29\n"),
        ("stays.csv", "no,pid,came,left\n8,17,2024-03-01,2024-03-05\n9,16,2024-04-01,2024-04-02\n"),
        (
            "results.csv",
            "no,stay,item,result,unit,at\n100,8,2823-3,4.10,mmol/L,2024-03-02\n101,8,2951-2,141,mmol/L,2024-03-02\n",
        ),
        (
            "mapping.toml",
            "name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\n[tables.stays]\nkey = [\"no\"]\n[tables.results]\nkey = [\"no\"]\n",
        ),
        (
            "patient.sql",
            "-- @target Patient @key p.pid\n\
             SELECT CASE p.sex WHEN 'w' THEN 'female' WHEN 'm' THEN 'male' END AS gender, date(p.born) AS \"birthDate\" FROM people p",
        ),
        (
            "stay.sql",
            "-- @target Encounter @key s.no\n\
             SELECT 'finished' AS status, code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP') AS class,\n\
             ref('Patient', s.pid) AS subject, period(s.came, s.left) AS period FROM stays s",
        ),
        (
            "result.sql",
            "-- @target Observation @key r.no\n\
             SELECT 'final' AS status, code('http://loinc.org', r.item) AS code, ref('Patient', s.pid) AS subject,\n\
             ref('Encounter', r.stay) AS encounter, quantity(r.result, unit('ucum', r.unit)) AS value,\n\
             instant(r.at) AS \"effective.dateTime\" FROM results r JOIN stays s ON s.no = r.stay",
        ),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let added = json!({"name": "ward", "path": folder, "mapping": folder}).to_string();
    for (path, body) in [
        ("/api/sources", added.as_str()),
        ("/api/sources/ward/pull", "{}"),
        ("/api/mappings/ward/run", r#"{"write":true}"#),
    ] {
        let told = house.operate(Method::POST, path, JSON, body).await;
        assert!(told.status.is_success() && !told.text.contains("\"error\""), "{path}: {}", told.text);
    }
    house
}

#[tokio::test]
async fn a_row_of_omop_leads_to_file_row_and_column_of_the_hospitals_table() {
    let house = hospital().await;
    let token = house.token("system/*.rs system/OmopPersonLink.r");
    let plain = house.token("system/*.rs");
    // What of each row, of which element, is from which cell: table, column, number of the row, text.
    let wanted = [
        (
            "measurement",
            "measurement_source_value = '2823-3'",
            "value",
            "value_as_number",
            json!(4.1),
            ("results", "result", 1, "4.10"),
        ),
        (
            "measurement",
            "measurement_source_value = '2951-2'",
            "effectiveDateTime",
            "measurement_date",
            json!("2024-03-02"),
            ("results", "at", 2, "2024-03-02"),
        ),
        (
            "visit_occurrence",
            "visit_start_date = DATE '2024-03-01'",
            "period",
            "visit_end_date",
            json!("2024-03-05"),
            ("stays", "left", 1, "2024-03-05"),
        ),
        (
            "person",
            "year_of_birth = 1984",
            "birthDate",
            "month_of_birth",
            json!(2),
            ("people", "born", 2, "1984-02-29"),
        ),
        (
            "observation_period",
            "observation_period_start_date = DATE '2024-04-01'",
            "birthDate",
            "person_id",
            Value::Null,
            ("people", "born", 1, "1990-01-31"),
        ),
    ];
    for (table, condition, element, column, value, (of_table, of_column, number, text)) in wanted {
        let key = format!("SELECT {table}_id FROM omop.{table} WHERE {condition}");
        let key = sql(&house, &token, &key).await;
        let path = format!("/api/lineage/omop/{table}/{key}");
        let told = ask(&house, &token, Method::GET, &path, &Value::Null).await;
        assert!(told.status.is_success(), "{path}: {}", told.text);
        let told = told.json();
        assert!(value.is_null() || told["values"][column] == value, "{told}");
        let of: Vec<&Value> = told["lineage"]["elements"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|found| found["element"].as_str().unwrap().starts_with(element))
            .flat_map(|found| found["cells"].as_array().unwrap())
            .collect();
        let cell = of.iter().find(|cell| cell["column"] == of_column).unwrap_or_else(|| panic!("{path}: {told}"));
        let found = (&cell["table"], &cell["row"], &cell["cell"], &cell["file"]);
        let file = format!("{of_table}.csv");
        assert_eq!(found, (&json!(of_table), &json!(number), &json!(text), &json!(file)), "{path}: {told}");
        // The bytes of the row in the file as it was delivered.
        let bytes = std::fs::read(house.folder().join("ward").join(&file)).unwrap();
        let at = |name: &str| cell["arrival"][name].as_u64().unwrap() as usize;
        let row = String::from_utf8_lossy(&bytes[at("offset")..at("offset") + at("length")]).into_owned();
        assert!(row.contains(text) && row.lines().count() == 1, "{path}: {row}");
        // One element is told alone.
        let name = told["lineage"]["elements"][0]["element"].as_str().unwrap();
        let one = ask(&house, &token, Method::GET, &format!("{path}?element={name}"), &Value::Null).await.json();
        assert_eq!(one["lineage"]["elements"].as_array().unwrap().len(), 1, "{one}");
        // A row that is made of the patient says who the person is: that is for whoever may know it.
        let is_of_person = ["person", "observation_period"].contains(&table);
        let told = ask(&house, &plain, Method::GET, &path, &Value::Null).await;
        assert_eq!(told.status == StatusCode::FORBIDDEN, is_of_person, "{path}: {}", told.text);
        assert_eq!(told.text.contains(text), !is_of_person, "{}", told.text);
        // Whose it is stands in the trail; who may not use SQL learns nothing.
        let reads = house.reads(None);
        let read = reads.iter().find(|read| read.action == "lineage").unwrap();
        assert_eq!((read.action.as_str(), read.outcome.as_str()), ("lineage", "done"));
        for scopes in ["system/*.r", "system/*.s", "system/Patient.rs system/Observation.rs"] {
            let told = ask(&house, &house.token(scopes), Method::GET, &path, &Value::Null).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}");
            assert!(!told.text.contains(text), "{}", told.text);
        }
    }
    // What came by another door has no cells; what is no row is not there.
    let patient = json!({"resourceType": "Patient", "id": "other", "birthDate": "1950-05-05"}).to_string();
    house.operate(Method::PUT, "/fhir/Patient/other", "application/fhir+json", &patient).await;
    let key = sql(&house, &token, "SELECT person_id FROM omop.person WHERE year_of_birth = 1950").await;
    let told = ask(&house, &token, Method::GET, &format!("/api/lineage/omop/person/{key}"), &Value::Null).await.json();
    assert_eq!((&told["ref"], &told["lineage"]), (&json!("Patient/other"), &Value::Null));
    for path in ["person/999999", "person/x", "people/1", "concept/1"] {
        let told = ask(&house, &token, Method::GET, &format!("/api/lineage/omop/{path}"), &Value::Null).await;
        assert!(told.status.is_client_error(), "{path}: {}", told.text);
    }
}

#[tokio::test]
async fn a_cohort_is_found_kept_read_in_sql_and_removed_by_whoever_may() {
    let house = hospital().await;
    let (reader, writer) = (house.token("system/*.rs"), house.token("system/*.rus"));
    let post = async |token: &str, body: Value| ask(&house, token, Method::POST, "/api/cohorts", &body).await;
    let found = post(&reader, json!({"definition": seen(), "id": 7})).await.json();
    assert_eq!((&found["persons"], &found["count"], &found["kept"]), (&json!(2), &json!(2), &Value::Null), "{found}");
    assert_eq!((&found["rows"][0]["cohort_definition_id"], &found["more"]), (&json!(7), &json!(false)));
    assert_eq!(house.reads(None)[0].action, "cohort");
    assert_eq!(house.reads(None)[0].count, 2);
    // The same as the store's own SQL says.
    let from = "SELECT min(visit_start_date) FROM omop.visit_occurrence";
    assert_eq!(
        sql(&house, &reader, from).await,
        found["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["cohort_start_date"].clone())
            .min_by_key(ToString::to_string)
            .unwrap()
    );

    let keep = json!({"definition": seen(), "keep": "seen"});
    for scopes in ["system/*.rs", "system/*.cr", "system/Patient.cruds", "system/*.u"] {
        let told = post(&house.token(scopes), keep.clone()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}: {}", told.text);
    }
    assert_eq!(sql(&house, &reader, "SELECT count(*) FROM omop.cohort").await, 0);
    let kept = post(&writer, keep).await.json();
    assert_eq!((&kept["kept"]["id"], &kept["kept"]["persons"]), (&json!(1), &json!(2)), "{kept}");
    let listed = ask(&house, &reader, Method::GET, "/api/cohorts", &Value::Null).await.json();
    assert_eq!(listed["cohorts"][0]["name"], "seen");
    let joined = "SELECT count(*) FROM omop.cohort c JOIN omop.cohort_definition d USING (cohort_definition_id) \
                  JOIN omop.person p ON p.person_id = c.subject_id WHERE d.cohort_definition_name = 'seen'";
    assert_eq!(sql(&house, &reader, joined).await, 2);

    // What is not understood is refused by its path, and nothing is kept.
    let mut odd = seen();
    odd["PrimaryCriteria"]["CriteriaList"][0] = json!({"LocationRegion": {}});
    let told = post(&writer, json!({"definition": odd, "keep": "odd"})).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("PrimaryCriteria.CriteriaList[0].LocationRegion"), "{}", told.text);
    for name in ["", "  "] {
        assert_eq!(post(&writer, json!({"definition": seen(), "keep": name})).await.status, StatusCode::BAD_REQUEST);
    }
    let remove = async |token: &str| ask(&house, token, Method::DELETE, "/api/cohorts/seen", &Value::Null).await.status;
    assert_eq!(remove(&reader).await, StatusCode::FORBIDDEN);
    assert_eq!(remove(&writer).await, StatusCode::NO_CONTENT);
    assert_eq!(remove(&writer).await, StatusCode::NOT_FOUND);
    assert_eq!(sql(&house, &reader, "SELECT count(*) FROM omop.cohort").await, 0);
}

#[tokio::test]
async fn thresholds_are_chosen_by_people_listed_with_their_reasons_and_taken_back() {
    let house = hospital().await;
    let token = house.token("system/*.cruds");
    let path = "/api/quality/checks/fhir.birth-missing/threshold";
    let choose = |threshold: Option<f64>, reason: &str| json!({"threshold": threshold, "reason": reason});
    let told = ask(&house, &token, Method::PUT, path, &choose(Some(5.0), "newborns")).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "a token chooses nothing: {}", told.text);
    let list = async || ask(&house, &token, Method::GET, "/api/quality/thresholds", &Value::Null).await.json();
    assert_eq!(list().await["thresholds"], json!([]));
    let put = async |body: Value| house.operate(Method::PUT, path, JSON, &body.to_string()).await;
    assert!(put(choose(Some(5.0), " ")).await.status.is_client_error(), "a reason is needed");
    assert!(put(choose(Some(101.0), "much")).await.status.is_client_error());
    assert!(put(choose(Some(5.0), "newborns")).await.status.is_success());
    let told = list().await;
    let of = &told["thresholds"][0];
    assert_eq!(
        (&of["check"], &of["threshold"], &of["reason"]),
        (&json!("fhir.birth-missing"), &json!(5.0), &json!("newborns"))
    );
    assert!(put(choose(None, "registered at once")).await.status.is_success());
    assert_eq!(list().await["thresholds"], json!([]));
    for scopes in ["system/*.r", "system/Patient.cruds"] {
        let told = ask(&house, &house.token(scopes), Method::GET, "/api/quality/thresholds", &Value::Null).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{scopes}");
    }
}
