//! What is the program's fault or the disk's: how it is told, and how it is found again.

use crate::disk::Disk;
use crate::house::{House, Told};
use axum::http::{Method, StatusCode};

async fn ask(house: &House, token: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
    let bearer = format!("Bearer {token}");
    let own = [("authorization", bearer.as_str()), ("content-type", "application/fhir+json")];
    let headers: Vec<(&str, &str)> = own.into_iter().chain(headers.iter().copied()).collect();
    house.ask(method, path, &headers, body).await
}

#[tokio::test]
async fn every_answer_carries_the_name_of_its_request() {
    let house = House::new();
    let token = house.token("system/*.cruds");
    let mut made = Vec::new();
    for path in ["/", "/nothing.js", "/health", "/fhir/metadata", "/fhir/Patient", "/fhir/nothing/1/2", "/api/users"] {
        let told = ask(&house, &token, Method::GET, path, &[("x-request-id", "ward-7.42")], "").await;
        assert_eq!(told.header("x-request-id"), "ward-7.42", "{path}");
        assert!(!told.headers.contains_key("x-correlation-id"), "{path}");
        let told = house.ask(Method::GET, path, &[], "").await;
        made.push(told.header("x-request-id").to_owned());
        assert!(made.last().is_some_and(|name| name.len() > 16), "{path}");
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 7, "{made:?}");
    // A name that could not stand in a log is given back beside the one that holds.
    for odd in ["two words", "\"quoted\"", &"x".repeat(200)] {
        let told = ask(&house, &token, Method::GET, "/fhir/Patient", &[("x-request-id", odd)], "").await;
        assert_ne!(told.header("x-request-id"), odd);
        assert_eq!(told.header("x-correlation-id"), odd);
    }
}

#[tokio::test]
async fn a_fault_names_the_request_by_which_the_log_tells_of_it() {
    let house = House::new();
    house.settle();
    let token = house.token("system/*.cruds");
    for file in std::fs::read_dir(house.folder().join("arrivals")).unwrap() {
        std::fs::write(file.unwrap().path(), "").unwrap();
    }
    for (path, at) in
        [("/fhir/Patient/1/$source?_bytes=1", "/issue/0/diagnostics"), ("/api/where/Patient/1/bytes", "/error/message")]
    {
        let told = ask(&house, &token, Method::GET, path, &[("x-request-id", "find-me-1")], "").await;
        assert_eq!(told.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", told.text);
        let body = told.json();
        let text = body.pointer(at).unwrap().as_str().unwrap();
        assert!(text.contains("log says more of request find-me-1"), "{text}");
    }
    // The rest of the store is there.
    assert_eq!(ask(&house, &token, Method::GET, "/fhir/Patient/1", &[], "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_full_disk_is_507_by_every_way_of_writing_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(folder.path(), 48) else { return };
    let house = House::within(folder);
    house.settle();
    let token = house.token("system/*.cruds");
    let ballast = disk.fill_up();
    // Text that does not pack.
    let mut state = 1u64;
    let mut noise = || {
        (0..60_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'a' + (state >> 59) as u8 % 26)
            })
            .collect::<String>()
    };
    let mut refused = None;
    for no in 0..500 {
        let patient = format!(r#"{{"resourceType":"Patient","id":"n{no}","name":[{{"text":"{}"}}]}}"#, noise());
        let told = ask(&house, &token, Method::PUT, &format!("/fhir/Patient/n{no}"), &[], &patient).await;
        if told.status != StatusCode::CREATED {
            refused = Some(told);
            break;
        }
    }
    let refused = refused.expect("the disk is full at some time");
    assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE, "{}", refused.text);
    let issue = &refused.json()["issue"][0];
    assert_eq!(issue["code"], "no-store");
    assert!(issue["diagnostics"].as_str().unwrap().contains("disk"), "{issue}");
    let batch = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{{"resourceType":"Patient","name":[{{"text":"{}"}}]}},"request":{{"method":"POST","url":"Patient"}}}}]}}"#,
        noise()
    );
    assert_eq!(ask(&house, &token, Method::POST, "/fhir", &[], &batch).await.status, StatusCode::INSUFFICIENT_STORAGE);
    let lines = format!(r#"{{"resourceType":"Patient","name":[{{"text":"{}"}}]}}"#, noise().repeat(400));
    let told = ask(&house, &token, Method::POST, "/api/import?name=x.ndjson", &[], &lines).await;
    assert_eq!(told.status, StatusCode::INSUFFICIENT_STORAGE, "{}", told.text);
    for path in ["/fhir/Patient/1", "/fhir/Patient?_count=1", "/fhir/Patient/1/_history"] {
        assert_eq!(ask(&house, &token, Method::GET, path, &[], "").await.status, StatusCode::OK, "{path}");
    }
    std::fs::remove_file(&ballast).unwrap();
    let patient = r#"{"resourceType":"Patient","id":"again"}"#;
    let told = ask(&house, &token, Method::PUT, "/fhir/Patient/again", &[], patient).await;
    assert_eq!(told.status, StatusCode::CREATED, "space that comes back is used at once: {}", told.text);
    house.app.records.close();
}
