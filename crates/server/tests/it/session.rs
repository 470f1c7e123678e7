//! Signing in by password and by link, locking, and what a person sees of his own account.

use crate::house::{House, PASSWORD, Told};
use access::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// A browser: it keeps the cookie and sends the token that belongs to it.
pub struct Browser<'h> {
    house: &'h House,
    pub cookie: String,
    csrf: String,
}

impl<'h> Browser<'h> {
    pub async fn sign_in(house: &'h House, path: &str, body: Value) -> Result<Browser<'h>, Told> {
        let headers = [("content-type", "application/json")];
        let told = house.ask(Method::POST, path, &headers, &body.to_string()).await;
        if !told.status.is_success() {
            return Err(told);
        }
        let cookie = told.header("set-cookie").split(';').next().unwrap().to_owned();
        Ok(Browser { house, cookie, csrf: told.json()["csrf"].as_str().unwrap().to_owned() })
    }

    pub async fn with_password(house: &'h House, name: &str) -> Browser<'h> {
        let body = json!({"name": name, "password": PASSWORD});
        Browser::sign_in(house, "/api/session", body).await.unwrap_or_else(|told| panic!("{}", told.text))
    }

    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Told {
        let headers =
            [("cookie", self.cookie.as_str()), ("x-csrf-token", &self.csrf), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.house.ask(method, path, &headers, &body).await
    }

    pub async fn send(&self, method: Method, path: &str, media: &str, body: &str) -> Told {
        let headers = [("cookie", self.cookie.as_str()), ("x-csrf-token", &self.csrf), ("content-type", media)];
        self.house.ask(method, path, &headers, body).await
    }

    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    pub async fn get(&self, path: &str) -> Told {
        self.ask(Method::GET, path, Value::Null).await
    }
}

async fn link(house: &House, account: i64) -> String {
    house.account("boss", Role::Admin);
    let boss = Browser::with_password(house, "boss").await;
    let made = boss.ask(Method::POST, &format!("/api/users/{account}/link"), Value::Null).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = made.json()["path"].as_str().unwrap().to_owned();
    path.strip_prefix("/signin#code=").unwrap().to_owned()
}

#[tokio::test]
async fn a_link_signs_in_once_and_each_refusal_has_its_words() {
    let house = House::new();
    let ada = house.account("ada", Role::Clinician);
    let code = link(&house, ada).await;
    let enter = |code: &str| Browser::sign_in(&house, "/api/session/link", json!({"code": code}));
    let browser = enter(&code).await.unwrap_or_else(|told| panic!("{}", told.text));
    let session = browser.get("/api/session").await.json();
    assert_eq!((&session["person"]["account"], &session["locked"]), (&json!("ada"), &json!(false)));
    assert_eq!(browser.get("/fhir/Patient").await.status, StatusCode::OK);
    for (code, status, word) in [
        (code.as_str(), StatusCode::GONE, "link-used"),
        (&"0".repeat(64), StatusCode::FORBIDDEN, "link-unknown"),
        ("", StatusCode::FORBIDDEN, "link-unknown"),
    ] {
        let told = enter(code).await.err().unwrap();
        assert_eq!((told.status, &told.json()["error"]["code"]), (status, &json!(word)));
        assert!(told.headers.get("set-cookie").is_none());
    }
    let second = browser.ask(Method::POST, &format!("/api/users/{ada}/link"), Value::Null).await;
    assert_eq!(second.status, StatusCode::FORBIDDEN, "a clinician makes no links");
}

#[tokio::test]
async fn a_locked_session_says_whose_it_is_and_gives_nothing() {
    let house = House::new();
    house.account("ada", Role::Clinician);
    let browser = Browser::with_password(&house, "ada").await;
    assert_eq!(browser.ask(Method::POST, "/api/session/lock", Value::Null).await.status, StatusCode::NO_CONTENT);
    for path in ["/fhir/Patient", "/api/patients?q=a", "/api/me", "/api/status"] {
        let told = browser.get(path).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(told.text.contains("locked"), "{path}: {}", told.text);
    }
    let session = browser.get("/api/session").await.json();
    assert_eq!((&session["locked"], &session["person"]["account"]), (&json!(true), &json!("ada")));
    assert_eq!(session["csrf"], json!(browser.csrf));
    let unlock = |password: &str| browser.ask(Method::POST, "/api/session/unlock", json!({"password": password}));
    assert_eq!(unlock("another password").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/fhir/Patient").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unlock(PASSWORD).await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/fhir/Patient").await.status, StatusCode::OK);
    browser.ask(Method::POST, "/api/session/lock", Value::Null).await;
    assert_eq!(browser.ask(Method::DELETE, "/api/session", Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/api/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_person_chooses_sees_his_sessions_and_ends_them() {
    let house = House::new();
    house.account("ada", Role::Admin);
    house.account("bob", Role::Clinician);
    let (first, second) = (Browser::with_password(&house, "ada").await, Browser::with_password(&house, "ada").await);
    let bob = Browser::with_password(&house, "bob").await;
    let me = first.get("/api/me").await.json();
    assert_eq!(me["choices"], json!({"language": null, "theme": null, "keys_off": []}));
    let choices = json!({"language": "zh-Hans", "theme": "dark", "keys_off": ["patients.next", "chart.labs"]});
    assert_eq!(first.ask(Method::PUT, "/api/me", choices.clone()).await.json(), choices);
    assert_eq!(second.get("/api/me").await.json()["choices"], choices);
    assert_eq!(bob.get("/api/me").await.json()["choices"]["theme"], Value::Null);
    for bad in
        [json!({"theme": "pink"}), json!({"language": "tlh"}), json!({"keys_off": ["a b"]}), json!({"keys_off": [""]})]
    {
        assert_eq!(first.ask(Method::PUT, "/api/me", bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let sessions = me["sessions"].as_array().unwrap();
    let current: Vec<bool> = sessions.iter().map(|one| one["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [true, false], "bob's is not listed, though ada administers");
    let end = |id: &Value| {
        let (first, path) = (&first, format!("/api/me/sessions/{id}"));
        async move { first.ask(Method::DELETE, &path, Value::Null).await }
    };
    let bobs = bob.get("/api/me").await.json()["sessions"][0]["id"].clone();
    assert_eq!(end(&bobs).await.status, StatusCode::NOT_FOUND);
    assert_eq!(end(&sessions[1]["id"]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(second.get("/api/session").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(first.get("/api/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let house = House::new();
    house.account("ada", Role::Clinician);
    let (first, second) = (Browser::with_password(&house, "ada").await, Browser::with_password(&house, "ada").await);
    let change = |old: &str, new: &str| first.ask(Method::POST, "/api/me/password", json!({"old": old, "new": new}));
    assert_eq!(change("wrong password", "a slow green river").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(change(PASSWORD, "short").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(change(PASSWORD, "a slow green river").await.status, StatusCode::NO_CONTENT);
    assert_eq!(first.get("/api/me").await.status, StatusCode::OK);
    assert_eq!(second.get("/api/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_write_by_a_session_needs_its_own_token() {
    let house = House::new();
    house.account("ada", Role::Clinician);
    let mut browser = Browser::with_password(&house, "ada").await;
    browser.csrf = "0".repeat(64);
    let before = house.state();
    for (method, path) in [
        (Method::POST, "/fhir/Patient"),
        (Method::PUT, "/api/me"),
        (Method::POST, "/api/session/lock"),
        (Method::DELETE, "/api/session"),
    ] {
        let told = browser.ask(method, path, json!({"resourceType": "Patient"})).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(house.state(), before);
    assert_eq!(browser.get("/api/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_set_up_code_is_checked_and_used_without_standing_in_a_url() {
    let house = House::new();
    let code = house.app.access.setup_code(house.app.now_us(), &mut access::system_random).unwrap().unwrap().code;
    let headers = [("content-type", "application/json")];
    let check = |code: &str| {
        let (house, body) = (&house, json!({"code": code}).to_string());
        async move { house.ask(Method::POST, "/api/setup/check", &headers, &body).await.json() }
    };
    assert_eq!(check(code.reveal()).await, json!({"open": true, "valid": true}));
    assert_eq!(check("").await, json!({"open": true, "valid": false}));
    let body = json!({"code": code.reveal(), "name": "ada", "password": PASSWORD});
    let browser = Browser::sign_in(&house, "/api/setup", body).await.unwrap_or_else(|told| panic!("{}", told.text));
    assert_eq!(browser.get("/api/session").await.json()["administers"], json!(true));
    assert_eq!(check(code.reveal()).await, json!({"open": false, "valid": false}));
}

#[tokio::test]
async fn an_administrator_may_make_a_token_of_clinical_scope_and_it_is_seen_who_did() {
    let house = House::new();
    house.account("boss", Role::Admin);
    house.account("ada", Role::Clinician);
    let ada = Browser::with_password(&house, "ada").await;
    let boss = Browser::with_password(&house, "boss").await;
    let new = json!({"name": "lab interface", "scope": "system/*.cruds"});
    assert_eq!(ada.ask(Method::POST, "/api/tokens", new.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(boss.ask(Method::POST, "/api/tokens", new).await.status, StatusCode::CREATED);
    let tokens = boss.get("/api/tokens").await.json();
    assert_eq!(
        (&tokens["tokens"][0]["scope"], &tokens["tokens"][0]["created_by"]),
        (&json!("system/*.cruds"), &json!("person/1 (Dr boss)"))
    );
    let events = boss.get("/api/audit/accounts").await.json();
    let made = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["what"] == "create token" && event["outcome"] == "done");
    let made = made.expect("it is in the audit of accounts");
    assert_eq!(made["who"], "person/1 (Dr boss)");
    assert!(made["target"].as_str().unwrap().contains("lab interface [system/*.cruds]"), "{made}");
    assert_eq!(boss.get("/fhir/Patient").await.status, StatusCode::FORBIDDEN, "he himself still sees nothing");
}
