//! Nobody passes without what the route needs, and nothing is stored on the way out.
//!
//! The tests walk the one route table, so that a route that is added is tested without being named here.

use crate::house::{House, Told};
use crate::session::Browser;
use access::{Duty, Permission, Role};
use axum::http::{Method, StatusCode};
use serde_json::Value;
use server::{Need, Peer, Route, routes};
use std::net::{Ipv4Addr, SocketAddr};

/// A path of a route, with something in each of its places, and the longest condition that a route of conditions could meet.
fn path(route: &Route) -> String {
    let parts = [("{type}", "Patient"), ("{id}", "1"), ("{version}", "1"), ("{no}", "1")];
    let path = parts.iter().fold(route.path.to_owned(), |path, (place, value)| path.replace(place, value));
    // What answers without an end is not asked for anything that it would refuse by name.
    if route.path == "/api/live" { path } else { format!("{path}?_id=1") }
}

/// A request that would do something if it were let in.
fn content(route: &Route) -> (&'static str, &'static str) {
    match (&route.method, route.path) {
        (&Method::PATCH, path) if path.starts_with("/fhir") => {
            ("application/json-patch+json", r#"[{"op":"add","path":"/active","value":true}]"#)
        }
        (_, "/fhir" | "/fhir/") => (
            "application/fhir+json",
            r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}"#,
        ),
        (_, path) if path.ends_with("/_search") => ("application/x-www-form-urlencoded", "_id=1"),
        (_, path) if path.starts_with("/fhir") => ("application/fhir+json", r#"{"resourceType":"Patient","id":"1"}"#),
        (_, "/api/tokens") => ("application/json", r#"{"name":"t","scope":"system/*.rs"}"#),
        (_, "/api/users") => {
            ("application/json", r#"{"name":"eve","role":"admin","password":"a river under the old bridge"}"#)
        }
        (_, "/api/users/{id}") => ("application/json", r#"{"role":"admin"}"#),
        (_, "/api/sources") => ("application/json", r#"{"address":"10.0.0.1"}"#),
        (_, "/api/cohorts") => ("application/json", r#"{"definition":{},"keep":"x"}"#),
        (_, "/api/omop/export") => ("application/json", r#"{"folder":"omop","format":"parquet"}"#),
        (_, "/api/import/files") => ("application/json", r#"{"paths":["/etc/hostname"]}"#),
        (_, "/api/quality/runs") => ("application/json", r#"{"only":["patient"]}"#),
        (_, path) if path.ends_with("/threshold") => ("application/json", r#"{"threshold":1,"reason":"x"}"#),
        (_, "/api/vocabularies") => ("application/json", r#"{"path":"/etc/hostname"}"#),
        (_, "/api/sql") => ("application/json", r#"{"sql":"SELECT 1"}"#),
        (_, "/api/me") => ("application/json", r#"{"theme":"dark"}"#),
        (_, "/api/me/password") => ("application/json", r#"{"old":"three calm sparrows","new":"a slow green river"}"#),
        (_, path) if path.ends_with("/discard") => ("application/json", r#"{"reason":"x"}"#),
        _ => ("application/json", r#"{"resourceType":"Patient","id":"1"}"#),
    }
}

/// Scopes that fall short of a need by one letter, or by the type.
fn too_narrow(need: Need) -> &'static str {
    match need {
        Need::OnType(Permission::Create) | Need::On(Permission::Create, _) => {
            "system/Patient.ruds system/Observation.c"
        }
        Need::OnType(Permission::Read) | Need::On(Permission::Read, _) => "system/Patient.cuds system/Observation.r",
        Need::OnType(Permission::Update) | Need::On(Permission::Update, _) => {
            "system/Patient.crds system/Observation.u"
        }
        Need::OnType(Permission::Delete) | Need::On(Permission::Delete, _) => {
            "system/Patient.crus system/Observation.d"
        }
        Need::On(Permission::Search, "Observation") => "system/Observation.crud system/Patient.s",
        Need::OnType(Permission::Search) | Need::On(Permission::Search, _) => {
            "system/Patient.crud system/Observation.s"
        }
        Need::OnAll(_) => "system/Patient.cruds",
        Need::Duty(_) | Need::Oversee | Need::Metrics => "system/*.cruds",
        Need::Known | Need::Nothing | Need::Session | Need::Person => "system/Basic.r",
    }
}

/// What of its own a route of ours tells or does for whoever is known; nothing about patients is in it.
fn is_for_everybody_known(route: &Route) -> bool {
    let bare = matches!(route.need, Need::Known | Need::Session) && route.path.starts_with("/api");
    bare && route.path != "/api/session/unlock"
}

fn is_refused(told: &Told) -> bool {
    matches!(told.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// Where a request comes in.
fn listeners() -> [(&'static str, Peer); 3] {
    let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4_000));
    [
        ("HTTP", Peer::Network { address, tls: false }),
        ("HTTPS", Peer::Network { address, tls: true }),
        // Somebody who neither owns the data directory nor is root.
        ("the control socket", Peer::Local { uid: 4_294_000_000 }),
    ]
}

#[tokio::test]
async fn no_route_of_any_listener_lets_in_who_is_unknown_or_falls_short() {
    let house = House::new();
    house.settle();
    let secret = house.token("system/*.cruds");
    let unknown = secret.replace(|c: char| c.is_ascii_digit(), "0");
    let revoked = house.token("system/*.cruds system/Basic.r");
    house.revoke_newest_token();
    let expired = house.token_until("system/*.cruds system/Account.r", house.app.now_us() + 1_500);
    for route in routes().iter().filter(|route| route.need != Need::Nothing) {
        let narrow = house.token(too_narrow(route.need));
        let name = format!("{} {}", route.method, route.path);
        for (listener, peer) in listeners() {
            let before = house.state();
            let (media, body) = content(route);
            let ask = async |headers: &[(&str, &str)]| {
                let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("content-type", media)]).collect();
                house.ask_from(peer, route.method.clone(), &path(route), &headers, body).await
            };
            assert_eq!(ask(&[]).await.status, StatusCode::UNAUTHORIZED, "{name} over {listener} without a token");
            let odd = format!("{secret}0");
            for bad in [&unknown, "", "mw_", &odd, &revoked, &expired] {
                for scheme in ["Bearer", "Basic", ""] {
                    let value = format!("{scheme} {bad}");
                    let told = ask(&[("authorization", &value)]).await;
                    assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{name} over {listener} with \"{value}\"");
                    assert!(told.header("www-authenticate").starts_with("Bearer"), "{name}");
                }
            }
            let twice = [("authorization", format!("Bearer {secret}")), ("authorization", format!("Bearer {narrow}"))];
            let twice: Vec<(&str, &str)> = twice.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(ask(&twice).await.status, StatusCode::UNAUTHORIZED, "{name} with two tokens");
            let zeros = format!("mw_session={}", "0".repeat(64));
            for cookie in ["mw_session=", "mw_session=x", &zeros] {
                assert_eq!(ask(&[("cookie", cookie)]).await.status, StatusCode::UNAUTHORIZED, "{name} with {cookie}");
            }
            if !is_for_everybody_known(route) {
                let value = format!("Bearer {narrow}");
                let told = ask(&[("authorization", &value)]).await;
                let is_told = told.text.contains("needs ") || told.text.contains("operator");
                assert!(
                    told.status == StatusCode::FORBIDDEN && is_told,
                    "{name} over {listener} with too narrow a token: {} {}",
                    told.status,
                    told.text
                );
            }
            assert_eq!(house.state(), before, "{name} over {listener} stored something");
        }
        house.revoke_newest_token();
    }
}

#[tokio::test]
async fn each_role_is_refused_what_is_not_its_own() {
    let house = House::new();
    house.settle();
    house.account("boss", Role::Admin);
    house.account("ada", Role::Clinician);
    house.account("away", Role::Clinician);
    house.account("otto", Role::SecurityOfficer);
    house.account("aude", Role::Auditor);
    let boss = Browser::with_password(&house, "boss").await;
    let ada = Browser::with_password(&house, "ada").await;
    let away = Browser::with_password(&house, "away").await;
    let duties = [
        (Duty::System, Browser::with_password(&house, "boss").await),
        (Duty::Security, Browser::with_password(&house, "otto").await),
        (Duty::Audit, Browser::with_password(&house, "aude").await),
    ];
    away.ask(Method::POST, "/api/session/lock", Value::Null).await;
    for route in routes().iter().filter(|route| route.need != Need::Nothing) {
        let name = format!("{} {}", route.method, route.path);
        let (media, body) = content(route);
        let before = house.state();
        // An administrator has no clinical data, a clinician administers nothing, a locked session opens nothing, and no
        // session changes anything without its token.
        let clinical = matches!(route.need, Need::OnType(_) | Need::OnAll(_) | Need::On(..));
        let is_bundle = matches!(route.path, "/fhir" | "/fhir/");
        if clinical || is_bundle {
            let told = boss.send(route.method.clone(), &path(route), media, body).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} by an administrator: {}", told.text);
        }
        if matches!(route.need, Need::Duty(_) | Need::Oversee | Need::Metrics) {
            let told = ada.send(route.method.clone(), &path(route), media, body).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} by a clinician: {}", told.text);
        }
        // Who has one duty has no other, once each is somebody's, and none has clinical data.
        for (duty, browser) in &duties {
            let is_others = matches!(route.need, Need::Duty(other) if other != *duty);
            if is_others || clinical || is_bundle {
                let told = browser.send(route.method.clone(), &path(route), media, body).await;
                assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} by {duty:?}: {}", told.text);
            }
        }
        if route.need != Need::Session {
            let told = away.send(route.method.clone(), &path(route), media, body).await;
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{name} by a locked session: {}", told.text);
        }
        if route.writes() {
            for csrf in ["", "0", boss.csrf()] {
                let headers = [("cookie", ada.cookie.as_str()), ("x-csrf-token", csrf), ("content-type", media)];
                let told = house.ask(route.method.clone(), &path(route), &headers, body).await;
                assert!(told.status == StatusCode::FORBIDDEN, "{name} with the CSRF token \"{csrf}\": {}", told.text);
            }
        }
        assert_eq!(house.state(), before, "{name} stored something");
    }
    assert_eq!(ada.get("/api/session").await.status, StatusCode::OK, "nothing of this ended a session");
}

#[tokio::test]
async fn who_is_unknown_learns_nothing_of_paths_and_methods_either() {
    let house = House::new();
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    let mut paths: Vec<String> = routes().iter().filter(|route| route.need != Need::Nothing).map(path).collect();
    paths.extend(["/fhir/Nothing/1/2/3", "/api", "/api/nothing", "/fhir/Patient/1/$export"].map(str::to_owned));
    let open: Vec<(Method, String)> = routes()
        .iter()
        .filter(|route| route.need == Need::Nothing)
        .map(|route| (route.method.clone(), path(route)))
        .collect();
    for path in paths {
        for method in &methods {
            if open.contains(&(method.clone(), path.clone())) {
                continue;
            }
            let told = house.ask(method.clone(), &path, &[], "").await;
            assert!(is_refused(&told), "{method} {path}: {}", told.status);
        }
    }
}

#[tokio::test]
async fn who_may_all_reaches_every_route() {
    // The other side of the tests above: they would pass, too, if everything were refused.
    let house = House::new();
    house.settle();
    for route in routes().iter().filter(|route| route.need != Need::Nothing && route.need != Need::Person) {
        if matches!(route.path, "/api/live" | "/api/session/unlock") {
            continue;
        }
        let (media, body) = content(route);
        let told = house.operate(route.method.clone(), &path(route), media, body).await;
        assert!(!is_refused(&told), "{} {}: {} {}", route.method, route.path, told.status, told.text);
    }
}

#[tokio::test]
async fn a_forged_peer_is_nobody() {
    let house = House::new();
    for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        assert_eq!(
            house.send(Method::GET, "/fhir/Patient", &[(header, "127.0.0.1")], "").await.0,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn no_other_origin_is_let_in() {
    let house = House::new();
    let token = format!("Bearer {}", house.token("system/*.rs"));
    let headers = [
        ("authorization", token.as_str()),
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "GET"),
    ];
    for method in [Method::OPTIONS, Method::GET] {
        let told = house.ask(method.clone(), "/fhir/Patient", &headers, "").await;
        let allows = told.headers.keys().any(|name| name.as_str().starts_with("access-control"));
        assert!(!allows, "{method}: {:?}", told.headers);
    }
    let told = house.ask(Method::OPTIONS, "/fhir/Patient", &headers, "").await;
    assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(told.header("allow").contains("GET"));
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do_and_nothing_of_the_server() {
    let house = House::new();
    for (path, tls) in [("/", false), ("/fhir/metadata", false), ("/api/users", true), ("/nothing.js", true)] {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let told = house.ask_from(Peer::Network { address, tls }, Method::GET, path, &[], "").await;
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "same-origin")]
        {
            assert_eq!(told.header(name), value, "{path}");
        }
        assert_eq!(told.header("strict-transport-security").is_empty(), !tls, "{path}");
        assert!(!told.headers.contains_key("server") && !told.headers.contains_key("x-powered-by"));
        if path != "/" && path != "/nothing.js" {
            assert!(told.header("content-security-policy").contains("default-src 'none'"), "{path}");
            assert_eq!(told.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn a_refusal_says_what_would_be_needed() {
    let house = House::new();
    let token = format!("Bearer {}", house.token("system/Patient.rs"));
    let (status, text) = house.send(Method::GET, "/fhir/Observation", &[("authorization", &token)], "").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("needs system/Observation.s") && text.contains("holds system/Patient.rs"), "{text}");
    let (status, text) = house.send(Method::GET, "/api/users", &[("authorization", &token)], "").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.starts_with("{\"error\""), "{text}");
}
