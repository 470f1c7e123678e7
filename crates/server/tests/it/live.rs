//! The stream that pages hold open: what it tells, to whom, and when it ends.

use crate::house::{House, Told};
use crate::session::Browser;
use access::Role;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;

/// How long an event may take before the test is lost.
const DEADLINE: Duration = Duration::from_secs(30);

struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(house: &House, path: &str, headers: &[(&str, &str)]) -> Stream {
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("accept-encoding", "gzip")]).collect();
        let response = house.open(Method::GET, path, &headers, "").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"), "an event must not wait in a compressor");
        Stream { body: response.into_body(), text: String::new() }
    }

    /// The next event but positions, which come by the clock; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        self.next_but("position").await
    }

    /// The next event that is not called `passed`.
    async fn next_but(&mut self, passed: &str) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())) {
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let Some(name) = field("event: ").filter(|name| name != passed) else { continue };
                return Some((name, serde_json::from_str(&field("data: ").unwrap()).unwrap()));
            }
            let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await.expect("an event comes in time")?;
            self.text.push_str(&String::from_utf8_lossy(&frame.unwrap().into_data().unwrap()));
        }
    }
}

async fn put(house: &House, token: &str, path: &str, body: &Value) -> Told {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/fhir+json")];
    let told = house.ask(Method::PUT, &format!("/fhir/{path}"), &headers, &body.to_string()).await;
    assert!(told.status.is_success(), "{}", told.text);
    told
}

fn observation(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "subject": {"reference": format!("Patient/{patient}")}})
}

#[tokio::test]
async fn a_page_hears_of_the_types_and_patients_it_shows() {
    let house = House::new();
    let writer = house.token("system/*.cruds");
    for id in ["p", "q"] {
        put(&house, &writer, &format!("Patient/{id}"), &json!({"resourceType": "Patient", "id": id})).await;
    }
    let bearer = format!("Bearer {}", house.token("system/*.rs"));
    let headers = [("authorization", bearer.as_str())];
    let mut chart = Stream::open(&house, "/api/live?patient=p", &headers).await;
    let mut list = Stream::open(&house, "/api/live?type=Patient,Encounter", &headers).await;
    let (name, hello) = chart.next().await.unwrap();
    assert_eq!((name.as_str(), &hello["seq"], &hello["build"]), ("hello", &json!(2), &json!(house.app.build)));
    assert_eq!(list.next().await.unwrap().0, "hello");
    put(&house, &writer, "Observation/1", &observation("1", "q")).await;
    put(&house, &writer, "Observation/2", &observation("2", "p")).await;
    let (name, changed) = chart.next().await.unwrap();
    assert_eq!((name.as_str(), &changed["patients"]), ("changed", &json!({"p": ["Observation"]})));
    assert_eq!(changed["types"], json!({}));
    put(&house, &writer, "Patient/r", &json!({"resourceType": "Patient", "id": "r"})).await;
    let (_, changed) = list.next().await.unwrap();
    assert_eq!((&changed["types"], &changed["seq"]), (&json!({"Patient": 1}), &json!(5)));
}

#[tokio::test]
async fn a_chart_hears_of_what_leaves_it_and_of_nothing_else() {
    let house = House::new();
    let writer = house.token("system/*.cruds");
    for id in ["p", "q", "r"] {
        put(&house, &writer, &format!("Patient/{id}"), &json!({"resourceType": "Patient", "id": id})).await;
    }
    put(&house, &writer, "Observation/1", &observation("1", "p")).await;
    let bearer = format!("Bearer {writer}");
    let headers = [("authorization", bearer.as_str())];
    let mut charts = Vec::new();
    for id in ["p", "q", "r"] {
        let mut chart = Stream::open(&house, &format!("/api/live?patient={id}"), &headers).await;
        assert_eq!(chart.next().await.unwrap().0, "hello");
        charts.push(chart);
    }
    // It was another patient's, after all.
    put(&house, &writer, "Observation/1", &observation("1", "q")).await;
    for (chart, id) in charts.iter_mut().zip(["p", "q"]) {
        assert_eq!(chart.next().await.unwrap().1["patients"], json!({id: ["Observation"]}));
    }
    let told = house.ask(Method::DELETE, "/fhir/Observation/1", &headers, "").await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    let (_, changed) = charts[1].next().await.unwrap();
    assert_eq!((&changed["patients"], &changed["seq"]), (&json!({"q": ["Observation"]}), &json!(6)));
    for id in ["p", "r"] {
        put(&house, &writer, &format!("Patient/{id}"), &json!({"resourceType": "Patient", "id": id, "active": true}))
            .await;
    }
    // The next that the others hear is of themselves: the deletion was not theirs.
    for (chart, id) in [(0, "p"), (2, "r")] {
        assert_eq!(charts[chart].next().await.unwrap().1["patients"], json!({id: ["Patient"]}));
    }
}

#[tokio::test]
async fn a_page_may_wait_for_a_patient_who_is_still_to_come() {
    let house = House::new();
    let writer = house.token("system/*.cruds");
    let bearer = format!("Bearer {writer}");
    let headers = [("authorization", bearer.as_str())];
    put(&house, &writer, "Patient/gone", &json!({"resourceType": "Patient", "id": "gone"})).await;
    house.ask(Method::DELETE, "/fhir/Patient/gone", &headers, "").await;
    let mut page = Stream::open(&house, "/api/live?type=Patient&patient=new,gone", &headers).await;
    assert_eq!(page.next().await.unwrap().0, "hello");
    for id in ["new", "gone"] {
        put(&house, &writer, &format!("Patient/{id}"), &json!({"resourceType": "Patient", "id": id})).await;
        let (_, changed) = page.next().await.unwrap();
        assert_eq!((&changed["patients"], &changed["types"]), (&json!({id: ["Patient"]}), &json!({"Patient": 1})));
        put(&house, &writer, &format!("Observation/{id}"), &observation(id, id)).await;
        assert_eq!(page.next().await.unwrap().1["patients"], json!({id: ["Observation"]}));
    }
}

#[tokio::test]
async fn how_far_sql_is_hears_only_who_may_use_it() {
    let house = House::new();
    let _ = house.app.lake().unwrap();
    for (scopes, hears) in [("system/Patient.rs", false), ("system/*.r", false), ("system/*.rs", true)] {
        let bearer = format!("Bearer {}", house.token(scopes));
        let headers = [("authorization", bearer.as_str())];
        let mut stream = Stream::open(&house, "/api/live?type=Patient", &headers).await;
        let (name, position) = stream.next_but("hello").await.unwrap();
        assert_eq!((name.as_str(), position["lake"].is_object()), ("position", hears), "{scopes}");
    }
}

#[tokio::test]
async fn a_page_hears_of_no_type_that_its_token_may_not_read() {
    let house = House::new();
    let writer = house.token("system/*.cruds");
    put(&house, &writer, "Patient/p", &json!({"resourceType": "Patient", "id": "p"})).await;
    let bearer = format!("Bearer {}", house.token("system/Patient.rs"));
    let headers = [("authorization", bearer.as_str())];
    let other = format!("Bearer {}", house.token("system/Observation.rs"));
    let narrow = [("authorization", other.as_str())];
    for (path, headers) in [("/api/live?type=Observation", &headers), ("/api/live?patient=p", &narrow)] {
        // A stream that is given does not end.
        let refused = tokio::time::timeout(DEADLINE, house.ask(Method::GET, path, headers, "")).await;
        assert_eq!(refused.expect(path).status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut stream = Stream::open(&house, "/api/live?patient=p", &headers).await;
    stream.next().await.unwrap();
    put(&house, &writer, "Observation/1", &observation("1", "p")).await;
    put(&house, &writer, "Patient/p", &json!({"resourceType": "Patient", "id": "p", "active": true})).await;
    assert_eq!(stream.next().await.unwrap().1["patients"], json!({"p": ["Patient"]}));
}

#[tokio::test]
async fn the_stream_ends_with_its_session_its_token_and_the_program() {
    let house = House::new();
    let writer = house.token("system/*.cruds");
    house.account("ada", Role::Clinician);
    let browser = Browser::with_password(&house, "ada").await;
    let cookie = browser.cookie.clone();
    let by_session = [("cookie", cookie.as_str())];
    let mut locked = Stream::open(&house, "/api/live?type=Patient", &by_session).await;
    locked.next().await.unwrap();
    browser.ask(Method::POST, "/api/session/lock", Value::Null).await;
    put(&house, &writer, "Patient/p", &json!({"resourceType": "Patient", "id": "p"})).await;
    let (name, why) = locked.next().await.unwrap();
    assert_eq!((name.as_str(), &why["code"]), ("ended", &json!("locked")));
    assert_eq!(locked.next().await, None);
    let token = house.token("system/*.rs");
    let bearer = format!("Bearer {token}");
    let mut revoked = Stream::open(&house, "/api/live?type=Patient", &[("authorization", bearer.as_str())]).await;
    revoked.next().await.unwrap();
    house.revoke_newest_token();
    put(&house, &writer, "Patient/q", &json!({"resourceType": "Patient", "id": "q"})).await;
    let (name, why) = revoked.next().await.unwrap();
    assert_eq!((name.as_str(), &why["code"]), ("ended", &json!("login")));
    let bearer = format!("Bearer {writer}");
    let mut stopping = Stream::open(&house, "/api/live", &[("authorization", bearer.as_str())]).await;
    stopping.next().await.unwrap();
    house.app.stop();
    assert_eq!(stopping.next().await.unwrap().1["code"], json!("stopping"));
    let refused = house.ask(Method::GET, "/api/live", &[("authorization", bearer.as_str())], "").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn one_who_opens_many_streams_is_stopped_and_closing_them_makes_room() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("system/*.rs"));
    let headers = [("authorization", bearer.as_str())];
    let mut open = Vec::new();
    let refused = loop {
        let response = house.open(Method::GET, "/api/live", &headers, "").await;
        if response.status() != StatusCode::OK {
            break response.status();
        }
        open.push(response);
        assert!(open.len() < 1_000);
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    open.clear();
    let again = async {
        while house.open(Method::GET, "/api/live", &headers, "").await.status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, again).await.unwrap();
}
