//! Nobody passes without what the route needs, and nothing is stored on the way out.

use crate::house::House;
use access::Permission;
use axum::http::{Method, StatusCode};
use server::{Need, Route, routes};

/// A path of a route, with something in each of its places.
fn path(route: &Route) -> String {
    let parts = [("{type}", "Patient"), ("{id}", "1"), ("{version}", "1"), ("{no}", "1")];
    parts.iter().fold(route.path.to_owned(), |path, (place, value)| path.replace(place, value))
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
        (_, "/api/sources") => ("application/json", r#"{"address":"10.0.0.1"}"#),
        (_, "/api/import/files") => ("application/json", r#"{"paths":["/etc/hostname"]}"#),
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
        Need::OnType(Permission::Search) | Need::On(Permission::Search, _) => {
            "system/Patient.crud system/Observation.s"
        }
        Need::OnAll(_) => "system/Patient.cruds",
        Need::Administer => "system/*.cruds",
        Need::Known | Need::Nothing | Need::Session | Need::Person => "system/Basic.r",
    }
}

#[tokio::test]
async fn every_route_refuses_who_is_unknown_or_may_not() {
    let house = House::new();
    let secret = house.token("system/*.cruds");
    let unknown = secret.replace(|c: char| c.is_ascii_digit(), "0");
    for route in routes() {
        if route.need == Need::Nothing {
            continue;
        }
        let narrow = house.token(
            &format!("{} system/Basic.r", too_narrow(route.need))[..]
                .replace("system/Basic.r system/Basic.r", "system/Basic.r"),
        );
        let before = house.state();
        let (media, body) = content(&route);
        // The longest condition a route of conditions could meet.
        let path = format!("{}?_id=1", path(&route));
        let call = |token: Option<String>| {
            let authorization = token.map(|token| format!("Bearer {token}"));
            let (house, method, path) = (&house, route.method.clone(), path.clone());
            async move {
                let mut headers = vec![("content-type", media)];
                headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
                house.send(method, &path, &headers, body).await
            }
        };
        let name = format!("{} {}", route.method, route.path);
        if route.path == "/api/live" {
            // Answers without an end: its own tests say who is let in.
            continue;
        }
        assert_eq!(call(None).await.0, StatusCode::UNAUTHORIZED, "{name} without a token");
        for bad in [unknown.clone(), String::new(), "mw_".into(), format!("{secret}0")] {
            assert_eq!(call(Some(bad.clone())).await.0, StatusCode::UNAUTHORIZED, "{name} with the token \"{bad}\"");
        }
        let (status, text) = call(Some(narrow.clone())).await;
        let is_told = text.contains("needs ") || text.contains("operator");
        match (route.need, route.path) {
            // Who is known may see the state of the program and who he is; nothing about patients is in it.
            (Need::Known | Need::Session, path) if !path.starts_with("/fhir") && path != "/api/session/unlock" => {
                assert!(status.is_success(), "{name}: {status} {text}");
            }
            _ => assert!(status == StatusCode::FORBIDDEN && is_told, "{name} with too narrow a token: {status} {text}"),
        }
        assert_eq!(house.state(), before, "{name} stored something");
        house.revoke_newest_token();
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
    assert_eq!(
        house.send(Method::GET, "/fhir/Patient", &[("cookie", "mw_session=0")], "").await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn no_other_origin_is_let_in() {
    let house = House::new();
    let token = format!("Bearer {}", house.token("system/*.rs"));
    let headers = [("authorization", token.as_str()), ("origin", "https://elsewhere.example")];
    let (status, _) = house.send(Method::OPTIONS, "/fhir/Patient", &headers, "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
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
