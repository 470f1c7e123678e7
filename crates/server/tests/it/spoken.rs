//! HTTP as clients of others speak it: what they accept and send, methods, conditions, and what the server says of itself.

use crate::house::{House, Told};
use axum::http::{Method, StatusCode};
use fhir::json::Document;
use fhir::validate::{Options, validate};
use serde_json::{Value, json};

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true}"#;

async fn ask(house: &House, token: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
    let bearer = format!("Bearer {token}");
    let headers: Vec<(&str, &str)> =
        [("authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
    house.ask(method, path, &headers, body).await
}

async fn with_patient() -> (House, String) {
    let house = House::new();
    let token = house.token("system/*.cruds");
    let media = [("content-type", "application/fhir+json")];
    assert_eq!(ask(&house, &token, Method::PUT, "/fhir/Patient/p", &media, PATIENT).await.status, StatusCode::CREATED);
    (house, token)
}

#[tokio::test]
async fn whatever_a_client_accepts_that_holds_json_is_answered_in_json() {
    let (house, token) = with_patient().await;
    let hapi = "application/fhir+xml;q=1.0, application/fhir+json;q=1.0, application/xml+fhir;q=0.9, application/json+fhir;q=0.9";
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for path in [
        "/fhir/Patient/p",
        "/fhir/Patient",
        "/fhir/Patient/p/_history",
        "/fhir/Patient/p/$everything",
        "/fhir/metadata",
    ] {
        for accept in [
            "application/fhir+json",
            "application/json",
            "APPLICATION/FHIR+JSON",
            "application/fhir+json; fhirVersion=4.0",
            "application/fhir+json;fhirVersion=\"4.0.1\";q=0.5",
            "application/json+fhir",
            "text/json",
            "*/*",
            "application/*",
            hapi,
            browser,
        ] {
            let told = ask(&house, &token, Method::GET, path, &[("accept", accept)], "").await;
            assert_eq!(told.status, StatusCode::OK, "{path} {accept}: {}", told.text);
            assert_eq!(told.header("content-type"), "application/fhir+json; charset=utf-8", "{path} {accept}");
        }
        // A list may be spread over several lines.
        let lines = [("accept", "application/fhir+xml"), ("accept", "application/fhir+json;q=0.1")];
        assert_eq!(ask(&house, &token, Method::GET, path, &lines, "").await.status, StatusCode::OK, "{path}");
        for (accept, word) in [
            ("application/fhir+xml", "XML"),
            ("text/turtle", "turtle"),
            ("application/fhir+json;q=0", "q=0"),
            ("application/fhir+json; fhirVersion=5.0", "R4"),
        ] {
            let told = ask(&house, &token, Method::GET, path, &[("accept", accept)], "").await;
            assert_eq!(told.status, StatusCode::NOT_ACCEPTABLE, "{path} {accept}");
            assert!(told.text.contains("OperationOutcome") && told.text.contains(word), "{path}: {}", told.text);
        }
        // The parameter wins over the header, either way.
        let xml = [("accept", "application/fhir+xml")];
        for (format, status) in [
            ("json", 200),
            ("application/fhir%2Bjson", 200),
            ("application/fhir+json", 200),
            ("application/json", 200),
            ("text/json", 200),
            ("xml", 406),
            ("application/fhir%2Bxml", 406),
            ("html", 406),
        ] {
            let told = ask(&house, &token, Method::GET, &format!("{path}?_format={format}"), &xml, "").await;
            assert_eq!(told.status.as_u16(), status, "{path} {format}: {}", told.text);
        }
    }
}

#[tokio::test]
async fn what_is_sent_is_taken_by_its_kind_whatever_its_parameters() {
    let (house, token) = with_patient().await;
    for media in [
        "application/fhir+json",
        "application/json",
        "Application/FHIR+JSON;Charset=UTF-8",
        "application/fhir+json; charset=\"utf-8\"; fhirVersion=4.0",
        "application/json+fhir",
    ] {
        let told = ask(&house, &token, Method::PUT, "/fhir/Patient/p", &[("content-type", media)], PATIENT).await;
        assert_eq!(told.status, StatusCode::OK, "{media}: {}", told.text);
    }
    for media in [
        "",
        "text/plain",
        "application/fhir+xml",
        "multipart/form-data; boundary=x",
        "application/fhir+json; fhirVersion=5.0",
    ] {
        let told = ask(&house, &token, Method::PUT, "/fhir/Patient/p", &[("content-type", media)], PATIENT).await;
        assert_eq!(told.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media}: {}", told.text);
        assert_eq!(told.json()["resourceType"], "OperationOutcome");
    }
    for media in ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"] {
        let told =
            ask(&house, &token, Method::POST, "/fhir/Patient/_search?active=true", &[("content-type", media)], "_id=p")
                .await;
        assert_eq!((told.status, told.json()["entry"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{media}");
    }
}

#[tokio::test]
async fn a_condition_that_a_write_does_not_heed_stops_it() {
    let (house, token) = with_patient().await;
    let before = house.state();
    let patch = r#"[{"op":"replace","path":"/active","value":false}]"#;
    for (method, path, condition, value) in [
        (Method::PUT, "Patient/p", "if-none-match", "W/\"1\""),
        (Method::PUT, "Patient/p", "if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Method::PUT, "Patient/p", "if-none-exist", "identifier=1"),
        (Method::PUT, "Patient?_id=p", "if-none-match", "W/\"1\""),
        (Method::POST, "Patient", "if-match", "W/\"1\""),
        (Method::PATCH, "Patient/p", "if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Method::DELETE, "Patient/p", "if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Method::DELETE, "Patient?_id=p", "if-match", "W/\"9\""),
    ] {
        let media = if method == Method::PATCH { "application/json-patch+json" } else { "application/fhir+json" };
        let body = if method == Method::PATCH { patch } else { PATIENT };
        let headers = [("content-type", media), (condition, value)];
        let told = ask(&house, &token, method.clone(), &format!("/fhir/{path}"), &headers, body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{method} {path} {condition}: {}", told.text);
        assert!(told.text.contains(condition) && told.text.contains("not-supported"), "{}", told.text);
    }
    assert_eq!(house.state(), before);
}

#[tokio::test]
async fn a_write_is_told_where_it_is_and_what_version_it_has() {
    let (house, token) = with_patient().await;
    let headers = [("content-type", "application/fhir+json"), ("host", "h.example:8400")];
    let made = ask(&house, &token, Method::POST, "/fhir/Patient", &headers, r#"{"resourceType":"Patient"}"#).await;
    assert_eq!((made.status, made.header("etag")), (StatusCode::CREATED, "W/\"1\""));
    let place = made.header("location");
    let id =
        place.strip_prefix("http://h.example:8400/fhir/Patient/").and_then(|rest| rest.strip_suffix("/_history/1"));
    assert_eq!(made.json()["id"], json!(id.expect(place)));
    assert!(made.header("last-modified").ends_with(" GMT"));
    let read = ask(&house, &token, Method::GET, place.split_once("8400").unwrap().1, &[], "").await;
    assert_eq!(read.json(), made.json());
    for (prefer, is_empty, kind) in [
        ("return=minimal", true, ""),
        ("return=representation", false, "Patient"),
        ("return=OperationOutcome", false, "OperationOutcome"),
        ("respond-async, return=minimal; foo", true, ""),
    ] {
        let headers = [("content-type", "application/fhir+json"), ("prefer", prefer)];
        let told = ask(&house, &token, Method::PUT, "/fhir/Patient/p", &headers, PATIENT).await;
        assert_eq!((told.status, told.text.is_empty()), (StatusCode::OK, is_empty), "{prefer}");
        assert!(is_empty || told.json()["resourceType"] == kind, "{prefer}: {}", told.text);
        assert!(told.header("location").contains("/fhir/Patient/p/_history/"), "{prefer}");
    }
}

#[tokio::test]
async fn methods_that_are_not_possible_are_told_which_are() {
    let (house, token) = with_patient().await;
    for (method, path, allowed) in [
        (Method::POST, "/fhir/Patient/p", &["GET", "HEAD", "PUT", "PATCH", "DELETE"][..]),
        (Method::OPTIONS, "/fhir/Patient/p", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        (Method::GET, "/fhir", &["POST"]),
        (Method::DELETE, "/fhir/metadata", &["GET", "HEAD"]),
        (Method::PUT, "/fhir/Patient/_search", &["POST"]),
        (Method::OPTIONS, "/api/users", &["GET", "HEAD", "POST"]),
        (Method::TRACE, "/api/session", &["GET", "HEAD", "POST", "DELETE"]),
    ] {
        let told = ask(&house, &token, method.clone(), path, &[], "").await;
        if path == "/fhir/Patient/_search" && told.status != StatusCode::METHOD_NOT_ALLOWED {
            // It is an update of a resource whose id is none.
            assert!(told.status.is_client_error(), "{}", told.text);
            continue;
        }
        assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {}", told.text);
        let mut told_allowed: Vec<&str> = told.header("allow").split(',').map(str::trim).collect();
        let mut allowed = allowed.to_vec();
        told_allowed.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(told_allowed, allowed, "{method} {path}");
    }
    for path in ["/fhir/Patient/$validate", "/fhir/Patient/p/$nothing", "/fhir/$export"] {
        for method in [Method::GET, Method::POST] {
            let told =
                ask(&house, &token, method.clone(), path, &[("content-type", "application/fhir+json")], "{}").await;
            assert_eq!(told.status, StatusCode::NOT_FOUND, "{method} {path}: {}", told.text);
            assert_eq!(told.json()["issue"][0]["code"], "not-supported", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let (house, token) = with_patient().await;
    for path in [
        "/fhir/Patient/p",
        "/fhir/Patient?_id=p",
        "/fhir/metadata",
        "/fhir/Patient/p/_history",
        "/health",
        "/fhir/Patient/none",
    ] {
        let get = ask(&house, &token, Method::GET, path, &[], "").await;
        let head = ask(&house, &token, Method::HEAD, path, &[], "").await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "etag", "last-modified", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn what_the_server_says_of_itself_is_fhir_and_needs_no_token() {
    let house = House::new();
    let told = house.ask(Method::GET, "/fhir/metadata", &[("accept", "application/json")], "").await;
    assert_eq!(told.status, StatusCode::OK);
    let document = Document::parse(told.text.as_bytes()).unwrap();
    let issues: Vec<String> = validate(document.root(), &Options::default()).iter().map(ToString::to_string).collect();
    assert!(issues.is_empty(), "{issues:?}");
    let summary = house.ask(Method::GET, "/fhir/metadata?_summary=true", &[], "").await;
    assert!(summary.text.len() < told.text.len() && summary.text.contains("SUBSETTED"), "{}", summary.text.len());
    let issues = validate(Document::parse(summary.text.as_bytes()).unwrap().root(), &Options::default());
    assert!(issues.is_empty(), "{:?}", issues.first().map(ToString::to_string));
    let statement = told.json();
    assert_eq!((&statement["fhirVersion"], &statement["kind"]), (&json!("4.0.1"), &json!("instance")));
    // What clients look at first: an instance has an implementation, each type once, each parameter of it once (cpb-3, 9, 12).
    assert!(statement["implementation"]["url"].as_str().unwrap().ends_with("/fhir"));
    let types: Vec<&Value> = statement["rest"][0]["resource"].as_array().unwrap().iter().collect();
    let unique = |names: Vec<String>| names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    assert!(unique(types.iter().map(|one| one["type"].to_string()).collect()));
    for one in &types {
        let names = |list: &str, name: &str| -> Vec<String> {
            one[list].as_array().map(|all| all.iter().map(|item| item[name].to_string()).collect()).unwrap_or_default()
        };
        assert!(unique(names("searchParam", "name")), "{}", one["type"]);
        assert!(unique(names("interaction", "code")), "{}", one["type"]);
    }
}

#[tokio::test]
async fn a_challenge_says_whether_a_token_was_wrong_or_missing() {
    let house = House::new();
    let bad = format!("Bearer mw_{}", "0".repeat(64));
    let told = house.ask(Method::GET, "/fhir/Patient", &[("authorization", &bad)], "").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.header("www-authenticate"), "Bearer realm=\"medweave\", error=\"invalid_token\"");
    let told = house.ask(Method::GET, "/fhir/Patient", &[], "").await;
    assert_eq!(told.header("www-authenticate"), "Bearer realm=\"medweave\"");
}

#[tokio::test]
async fn every_link_of_a_bundle_leads_where_it_says() {
    let (house, token) = with_patient().await;
    let media = [("content-type", "application/fhir+json")];
    for no in 0..5 {
        let body =
            format!(r#"{{"resourceType":"Patient","id":"p{no}","active":true,"name":[{{"family":"A&B, C|D+é"}}]}}"#);
        ask(&house, &token, Method::PUT, &format!("/fhir/Patient/p{no}"), &media, &body).await;
    }
    let host = [("host", "h.example")];
    for first in [
        "/fhir/Patient?family=A%26B&_count=2",
        "/fhir/Patient?active=true&_count=2&_sort=-_lastUpdated&_total=accurate",
        "/fhir/Patient/_history?_count=2",
        "/fhir/_history?_count=2",
        "/fhir/Patient/p0/$everything?_count=1",
    ] {
        let (mut path, mut seen, mut pages) = (first.to_owned(), Vec::new(), 0);
        loop {
            let told = ask(&house, &token, Method::GET, &path, &host, "").await;
            assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
            let bundle = told.json();
            let issues = validate(Document::parse(told.text.as_bytes()).unwrap().root(), &Options::default());
            assert!(issues.is_empty(), "{path}: {:?}", issues.iter().map(ToString::to_string).collect::<Vec<_>>());
            let link = |relation: &str| {
                let links = bundle["link"].as_array().unwrap();
                let found: Vec<&Value> = links.iter().filter(|link| link["relation"] == relation).collect();
                assert!(found.len() < 2, "{path} {relation}");
                found
                    .first()
                    .map(|link| link["url"].as_str().unwrap().strip_prefix("http://h.example").unwrap().to_owned())
            };
            // The link to itself gives the same page.
            let again = ask(&house, &token, Method::GET, &link("self").unwrap(), &host, "").await.json();
            assert_eq!(again["entry"], bundle["entry"], "{path}");
            for entry in bundle["entry"].as_array().unwrap() {
                let url = entry["fullUrl"].as_str().unwrap();
                assert!(url.starts_with("http://h.example/fhir/Patient/"), "{url}");
                seen.push(format!("{url} {}", entry["resource"]["meta"]["versionId"]));
            }
            pages += 1;
            match link("next") {
                Some(next) => path = next,
                None => break,
            }
        }
        assert!(pages > 1 || first.contains("everything"), "{first}");
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all, "{first}: nothing comes twice");
    }
}
