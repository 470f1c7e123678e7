//! FHIR as a client of others sees it: forms of answers, caches, odd requests.

use crate::house::{House, Told};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

struct Client {
    house: House,
    bearer: String,
}

impl Client {
    fn new() -> Client {
        let house = House::new();
        let bearer = format!("Bearer {}", house.token("system/*.cruds"));
        Client { house, bearer }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        let own = [("authorization", self.bearer.as_str()), ("content-type", "application/fhir+json")];
        let is_given = |name: &str| headers.iter().any(|(given, _)| *given == name);
        let headers: Vec<(&str, &str)> =
            own.into_iter().filter(|(name, _)| !is_given(name)).chain(headers.iter().copied()).collect();
        self.house.ask(method, &format!("/fhir/{path}"), &headers, body).await
    }

    async fn get(&self, path: &str) -> Told {
        self.ask(Method::GET, path, &[], "").await
    }

    async fn put(&self, path: &str, body: Value) -> Told {
        let told = self.ask(Method::PUT, path, &[], &body.to_string()).await;
        assert!(told.status.is_success(), "{}", told.text);
        told
    }
}

fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
        "gender": "female", "birthDate": "1970-01-02", "photo": [{"url": "http://x"}]})
}

#[tokio::test]
async fn a_read_gives_the_parts_that_are_asked_for() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    for path in ["Patient/p", "Patient/p/_history/1"] {
        let summary = client.get(&format!("{path}?_summary=true")).await.json();
        assert!(summary.get("photo").is_none() && summary["birthDate"] == "1970-01-02", "{summary}");
        assert_eq!(summary["meta"]["tag"][0]["code"], "SUBSETTED");
        let elements = client.get(&format!("{path}?_elements=birthDate")).await.json();
        assert!(elements.get("gender").is_none() && elements["birthDate"] == "1970-01-02", "{elements}");
        let named = client.get(&format!("{path}?_elements=id,resourceType,birthDate")).await.json();
        assert_eq!(named, elements);
        for bad in ["_summary=maybe", "_summary=count", "_elements=nothing"] {
            assert_eq!(client.get(&format!("{path}?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}

#[tokio::test]
async fn pretty_answers_are_the_same_values_on_many_lines() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    for path in ["Patient/p", "Patient?_id=p", "metadata"] {
        let join = if path.contains('?') { '&' } else { '?' };
        let pretty = client.get(&format!("{path}{join}_pretty=true")).await;
        assert!(pretty.text.lines().count() > 5, "{}", pretty.text);
        let (mut pretty, mut plain) = (pretty.json(), client.get(path).await.json());
        // A searchset says when it was made, and by what URL it was asked for.
        for bundle in [&mut pretty, &mut plain] {
            for name in ["timestamp", "link"] {
                bundle.as_object_mut().unwrap().remove(name);
            }
        }
        assert_eq!(pretty, plain);
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let client = Client::new();
    let etag = client.put("Patient/p", patient("p")).await.header("etag").to_owned();
    let modified = client.get("Patient/p").await.header("last-modified").to_owned();
    for (name, value, status) in [
        ("if-none-match", etag.as_str(), StatusCode::NOT_MODIFIED),
        ("if-none-match", "\"1\"", StatusCode::NOT_MODIFIED),
        ("if-none-match", "*", StatusCode::NOT_MODIFIED),
        ("if-none-match", "W/\"7\", W/\"1\"", StatusCode::NOT_MODIFIED),
        ("if-none-match", "W/\"11\"", StatusCode::OK),
        ("if-modified-since", modified.as_str(), StatusCode::NOT_MODIFIED),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT", StatusCode::OK),
        ("if-modified-since", "yesterday", StatusCode::OK),
    ] {
        let told = client.ask(Method::GET, "Patient/p", &[(name, value)], "").await;
        assert_eq!(told.status, status, "{name}: {value}");
        assert_eq!(told.header("etag"), etag);
        assert_eq!(told.text.is_empty(), status == StatusCode::NOT_MODIFIED);
    }
    let head = client.ask(Method::HEAD, "Patient/p", &[], "").await;
    assert_eq!((head.status, head.header("etag"), head.text.as_str()), (StatusCode::OK, etag.as_str(), ""));
}

#[tokio::test]
async fn deleting_twice_is_no_error_and_reading_says_gone() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    for _ in 0..2 {
        let told = client.ask(Method::DELETE, "Patient/p", &[], "").await;
        assert_eq!((told.status, told.header("etag"), told.text.as_str()), (StatusCode::NO_CONTENT, "W/\"2\"", ""));
    }
    assert_eq!(client.ask(Method::DELETE, "Patient/never", &[], "").await.status, StatusCode::NO_CONTENT);
    let gone = client.get("Patient/p").await;
    assert_eq!((gone.status, gone.header("etag")), (StatusCode::GONE, "W/\"2\""));
    assert_eq!(client.get("Patient/p/_history/1").await.status, StatusCode::OK);
    assert_eq!(client.get("Patient/p/_history/2").await.status, StatusCode::GONE);
    client.put("Patient/p", patient("p")).await;
    assert_eq!(client.get("Patient/p").await.header("etag"), "W/\"3\"");
}

#[tokio::test]
async fn everything_can_be_asked_of_a_time_of_care() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    let subject = json!({"reference": "Patient/p"});
    for day in 1..=5 {
        let id = format!("o{day}");
        client.put(&format!("Observation/{id}"), json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "subject": subject, "effectiveDateTime": format!("2020-01-0{day}")})).await;
    }
    client.put("Observation/undated", json!({"resourceType": "Observation", "id": "undated", "status": "final", "code": {"text": "x"}, "subject": subject})).await;
    client.put("Encounter/e", json!({"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}, "subject": subject, "period": {"start": "2020-01-02", "end": "2020-01-03"}})).await;
    let ids = async |query: &str| {
        let bundle = client.get(&format!("Patient/p/$everything?{query}")).await.json();
        let mut ids: Vec<String> = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        assert_eq!(bundle["total"], json!(ids.len()));
        ids.join(" ")
    };
    assert_eq!(ids("start=2020-01-03&end=2020-01-04").await, "e o3 o4 p undated");
    assert_eq!(ids("start=2020-01-05").await, "o5 p undated");
    assert_eq!(ids("end=2020-01-01").await, "o1 p undated");
    assert_eq!(ids("_type=Encounter").await, "e");
    assert_eq!(client.get("Patient/p/$everything?start=soon").await.status, StatusCode::BAD_REQUEST);
    let mut seen = Vec::new();
    let mut path = "Patient/p/$everything?_count=3&start=2020-01-02".to_owned();
    loop {
        let bundle = client.get(&path).await.json();
        seen.extend(
            bundle["entry"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned()),
        );
        let links = bundle["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        next["url"].as_str().unwrap().split("/fhir/").nth(1).unwrap().clone_into(&mut path);
    }
    seen.sort();
    assert_eq!(seen.join(" "), "e o2 o3 o4 o5 p undated");
}

#[tokio::test]
async fn odd_requests_get_an_outcome_that_names_what_is_odd() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (method, path, headers, body, status, word) in [
        (Method::GET, "Patient/%ff", &[][..], "", 400, "UTF-8"),
        (Method::GET, "Patient/$everything", &[], "", 404, "$everything is not supported"),
        (Method::GET, "Patient/p/$nothing", &[], "", 404, "$nothing"),
        (Method::POST, "_search", &form, "_id=p", 404, "name a type"),
        (Method::GET, "patient", &[], "", 404, "no resource type"),
        (Method::GET, "Patient/p/_history/x", &[], "", 404, "no version"),
        (Method::GET, "Patient?_format=xml", &[], "", 406, "XML"),
        (Method::GET, "Patient/p", &[("accept", "application/fhir+xml")], "", 406, "XML"),
        (Method::GET, "Patient/p", &[("accept", "application/fhir+json; fhirVersion=3.0")], "", 406, "R4"),
        (Method::POST, "Patient", &[("content-type", "application/fhir+xml")], "<Patient/>", 415, "XML"),
        (Method::POST, "Patient", &[("content-type", "application/fhir+json; charset=latin1")], "{}", 415, "latin1"),
        (Method::POST, "Patient", &[("content-encoding", "br")], "{}", 415, "br"),
        (Method::POST, "Patient", &[("content-encoding", "gzip")], "{}", 400, "gzip"),
        (Method::POST, "Patient", &[("content-type", "")], "{}", 415, "Content-Type"),
        (Method::PATCH, "Patient/p", &[("content-type", "application/merge-patch+json")], "{}", 415, "json-patch"),
        (Method::POST, "Patient/p", &[], "{}", 405, "POST"),
        (Method::POST, "Patient?identifier=1", &[], r#"{"resourceType":"Patient"}"#, 400, "If-None-Exist"),
        (Method::GET, "metadata?mode=terminology", &[], "", 400, "terminology"),
        (
            Method::PUT,
            "Patient/p",
            &[("if-match", "W/\"9\"")],
            r#"{"resourceType":"Patient","id":"p"}"#,
            412,
            "version 1",
        ),
        (Method::PUT, "Patient/q", &[], r#"{"resourceType":"Patient","id":"p"}"#, 400, "agree"),
        (Method::GET, "Patient?_page=nothing", &[], "", 410, "first page"),
        (Method::POST, "Observation", &[], r#"{"resourceType":"Patient"}"#, 400, "agree"),
    ] {
        let told = client.ask(method.clone(), path, headers, body).await;
        assert_eq!(told.status.as_u16(), status, "{method} {path}: {}", told.text);
        let outcome = told.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{method} {path}");
        assert!(outcome["issue"][0]["diagnostics"].as_str().unwrap().contains(word), "{method} {path}: {}", told.text);
        assert!(status != 405 || told.header("allow").contains("PUT"), "{:?}", told.headers);
    }
}

#[tokio::test]
async fn a_history_of_count_zero_is_a_number() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    client.put("Patient/p", patient("p")).await;
    let bundle = client.get("Patient/p/_history?_count=0").await.json();
    assert_eq!((&bundle["total"], bundle.get("entry")), (&json!(2), None));
    assert!(bundle["link"].as_array().unwrap().iter().all(|link| link["relation"] == "self"));
}

#[tokio::test]
async fn a_history_says_how_each_version_was_made() {
    let client = Client::new();
    let made = client.ask(Method::POST, "Patient", &[], r#"{"resourceType":"Patient","active":true}"#).await;
    assert_eq!(made.status, StatusCode::CREATED);
    client.put("Patient/p", patient("p")).await;
    client.put("Patient/p", patient("p")).await;
    client.ask(Method::DELETE, "Patient/p", &[], "").await;
    client.put("Patient/p", patient("p")).await;
    let said = |bundle: Value| -> Vec<String> {
        let entries = bundle["entry"].as_array().unwrap().iter().rev();
        entries
            .map(|entry| {
                let text = |part: &str, name: &str| entry[part][name].as_str().unwrap().to_owned();
                format!("{} {} {}", text("request", "method"), text("request", "url"), text("response", "status"))
            })
            .collect()
    };
    let own = ["PUT Patient/p 201", "PUT Patient/p 200", "DELETE Patient/p 204", "PUT Patient/p 201"];
    assert_eq!(said(client.get("Patient/p/_history").await.json()), own);
    for path in ["Patient/_history", "_history"] {
        let all = said(client.get(path).await.json());
        assert_eq!((all[0].as_str(), &all[1..]), ("POST Patient 201", &own.map(String::from)[..]), "{path}");
    }
}

#[tokio::test]
async fn an_update_that_is_to_create_is_refused_where_something_is() {
    let client = Client::new();
    let body = patient("p").to_string();
    let only_new = [("if-none-match", "*")];
    assert_eq!(client.ask(Method::PUT, "Patient/p", &only_new, &body).await.status, StatusCode::CREATED);
    let refused = client.ask(Method::PUT, "Patient/p", &only_new, &body).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{}", refused.text);
    assert_eq!(client.get("Patient/p").await.header("etag"), "W/\"1\"");
    let found = client.ask(Method::PUT, "Patient?_id=p", &only_new, &body).await;
    assert_eq!(found.status, StatusCode::PRECONDITION_FAILED);
    client.ask(Method::DELETE, "Patient/p", &[], "").await;
    assert_eq!(client.ask(Method::PUT, "Patient/p", &only_new, &body).await.status, StatusCode::CREATED);
    for headers in [
        &[("if-none-match", "W/\"1\"")][..],
        &[("if-none-match", "*"), ("if-match", "W/\"3\"")],
        &[("if-match", "W/\"0\"")],
        &[("if-match", "*")],
    ] {
        let refused = client.ask(Method::PUT, "Patient/p", headers, &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{headers:?}: {}", refused.text);
    }
    let refused = client.ask(Method::DELETE, "Patient/p", &only_new, "").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

/// A clinical document with one problem, in Base64.
fn clinical_document(problem: &str) -> String {
    let text = format!(
        r#"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.3" extension="d1"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><effectiveTime value="20240101120000+0000"/><recordTarget><patientRole><id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient></patientRole></recordTarget><component><structuredBody><component><section><code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/><title>Problems</title><text>p</text><entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="p1"/><value xsi:type="CD" code="{problem}" codeSystem="2.16.840.1.113883.6.96"/></observation></entryRelationship></act></entry></section></component></structuredBody></component></ClinicalDocument>"#
    );
    base64(text.as_bytes())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |group: &[u8]| {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        (0..4)
            .map(|at| if at <= group.len() { char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]) } else { '=' })
            .collect::<String>()
    };
    bytes.chunks(3).map(digits).collect()
}

#[tokio::test]
async fn a_clinical_document_in_a_document_reference_is_taken_apart() {
    let client = Client::new();
    client.put("Patient/p", patient("p")).await;
    let reference = |problem: &str| {
        json!({"resourceType": "DocumentReference", "id": "r", "status": "current", "subject": {"reference": "Patient/p"},
            "content": [{"attachment": {"contentType": "text/xml", "data": clinical_document(problem)}}]})
    };
    let total = async |path: &str| client.get(path).await.json()["total"].clone();
    // Twice the same is one; it is about the patient of the reference, whose number the document does not know.
    for _ in 0..2 {
        let told = client.put("DocumentReference/r", reference("38341003")).await.json();
        assert_eq!(told["resourceType"], "DocumentReference");
        assert_eq!(total("Condition?code=38341003&patient=Patient/p&_total=accurate").await, 1);
        assert_eq!(total("Composition?patient=Patient/p&_total=accurate").await, 1);
        assert_eq!(total("Patient?_total=accurate").await, 1);
    }
    // In a transaction as well; where a Composition comes along, whoever sends it has taken it apart.
    let entry = |resource: Value| {
        let url = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        json!({"request": {"method": "PUT", "url": url}, "resource": resource})
    };
    let composition = json!({"resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "x"}, "date": "2024-01-01",
        "author": [{"display": "x"}], "title": "x", "subject": {"reference": "Patient/p"}});
    let whole =
        |entries: Vec<Value>| json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string();
    let both = whole(vec![entry(reference("73211009")), entry(composition)]);
    assert!(client.ask(Method::POST, "", &[], &both).await.status.is_success());
    assert_eq!(total("Condition?code=73211009&_total=accurate").await, 0);
    let alone = whole(vec![entry(reference("73211009"))]);
    let told = client.ask(Method::POST, "", &[], &alone).await;
    assert_eq!(told.json()["entry"].as_array().map(Vec::len), Some(1), "{}", told.text);
    assert_eq!(total("Condition?code=73211009&_total=accurate").await, 1);
    // Who may write one type does not by that write all others.
    let narrow = client.house.token("system/DocumentReference.cu");
    let other = reference("195967001").to_string();
    let bearer = format!("Bearer {narrow}");
    let told = client.ask(Method::PUT, "DocumentReference/r", &[("authorization", bearer.as_str())], &other).await;
    assert!(told.status.is_success(), "{}", told.text);
    assert_eq!(total("Condition?code=195967001&_total=accurate").await, 0);
    // What cannot be read stays the attachment that it is.
    let mut broken = reference("1");
    broken["content"][0]["attachment"]["data"] = json!(base64(b"<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id"));
    client.put("DocumentReference/r", broken).await;
}
