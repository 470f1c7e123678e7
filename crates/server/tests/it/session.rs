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
async fn an_administrator_hands_on_no_clinical_right_by_a_token_and_the_try_is_seen() {
    let house = House::new();
    house.account("boss", Role::Admin);
    house.account("ada", Role::Clinician);
    let ada = Browser::with_password(&house, "ada").await;
    let boss = Browser::with_password(&house, "boss").await;
    let new = json!({"name": "lab interface", "scope": "system/*.cruds"});
    assert_eq!(ada.ask(Method::POST, "/api/tokens", new.clone()).await.status, StatusCode::FORBIDDEN);
    let told = boss.ask(Method::POST, "/api/tokens", new.clone()).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.text.contains("this account administers and holds no clinical data"), "{}", told.text);
    // The operator of the machine, who could read the files, makes it; the administrator sees it and can revoke it.
    let made = house.operate(Method::POST, "/api/tokens", "application/json", &new.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let tokens = boss.get("/api/tokens").await.json();
    let token = &tokens["tokens"][0];
    assert_eq!((&token["scope"], &token["created_by"]), (&json!("system/*.cruds"), &json!("operator/0 (root)")));
    assert_eq!(boss.ask(Method::DELETE, "/api/tokens/1", Value::Null).await.status, StatusCode::NO_CONTENT);
    let events = boss.get("/api/audit/accounts").await.json();
    let of = |who: &str, outcome: &str| {
        let events = events["events"].as_array().unwrap();
        events.iter().any(|event| {
            event["what"] == "create token"
                && event["who"] == who
                && event["outcome"] == outcome
                && event["target"].as_str().unwrap().contains("lab interface [system/*.cruds]")
        })
    };
    assert!(of("person/1 (Dr boss)", "refused") && of("operator/0 (root)", "done"), "{events}");
    assert_eq!(boss.get("/fhir/Patient").await.status, StatusCode::FORBIDDEN, "he himself sees nothing");
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing_even_with_everything_a_browser_sends_along() {
    let house = House::new();
    house.account("ada", Role::Clinician);
    let ada = Browser::with_password(&house, "ada").await;
    let before = house.state();
    let patient = r#"{"resourceType":"Patient"}"#;
    let send = async |extra: &[(&str, &str)]| {
        let own =
            [("cookie", ada.cookie.as_str()), ("x-csrf-token", ada.csrf()), ("content-type", "application/fhir+json")];
        let headers: Vec<(&str, &str)> = own.into_iter().chain(extra.iter().copied()).collect();
        house.ask(Method::POST, "/fhir/Patient", &headers, patient).await
    };
    for foreign in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://h.example"), ("host", "h.example")],
        &[("origin", "https://elsewhere.example"), ("host", "h.example")],
        &[("origin", "http://h.example:81"), ("host", "h.example")],
        &[("origin", "null"), ("host", "h.example")],
    ] {
        let told = send(foreign).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(told.text.contains("another site"), "{}", told.text);
    }
    assert_eq!(house.state(), before);
    for own in [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("origin", "https://H.example"), ("host", "h.example:443")],
        &[("origin", "http://127.0.0.1:8400"), ("host", "127.0.0.1:8400")],
    ] {
        assert_eq!(send(own).await.status, StatusCode::CREATED, "{own:?}");
    }
    // Nor does one sign somebody in as another.
    let body = json!({"name": "ada", "password": PASSWORD}).to_string();
    for path in ["/api/session", "/api/session/link", "/api/setup"] {
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-site")];
        assert_eq!(house.ask(Method::POST, path, &headers, &body).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_sign_in_makes_a_new_session_and_never_takes_one_that_was_brought() {
    let house = House::new();
    house.account("ada", Role::Clinician);
    let planted = format!("mw_session={}", "7".repeat(64));
    let headers = [("content-type", "application/json"), ("cookie", planted.as_str())];
    let body = json!({"name": "ada", "password": PASSWORD}).to_string();
    let first = house.ask(Method::POST, "/api/session", &headers, &body).await;
    let second = house.ask(Method::POST, "/api/session", &headers, &body).await;
    let cookies = [&first, &second].map(|told| told.header("set-cookie").split(';').next().unwrap().to_owned());
    assert!(cookies[0] != cookies[1] && cookies.iter().all(|cookie| *cookie != planted), "{cookies:?}");
    // Signing in over a session of one's own ends that one: nobody holds its cookie any more.
    let state = async |cookie: &str| house.ask(Method::GET, "/api/session", &[("cookie", cookie)], "").await.status;
    let over = [("content-type", "application/json"), ("cookie", cookies[0].as_str())];
    assert_eq!(house.ask(Method::POST, "/api/session", &over, &body).await.status, StatusCode::OK);
    assert_eq!([state(&cookies[0]).await, state(&cookies[1]).await], [StatusCode::UNAUTHORIZED, StatusCode::OK]);
    assert_eq!(
        house.ask(Method::GET, "/api/session", &[("cookie", &planted)], "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_link_and_one_set_up_code_used_by_many_at_once_let_in_one() {
    let house = std::sync::Arc::new(House::new());
    let code = house.app.access.setup_code(house.app.now_us(), &mut access::system_random).unwrap().unwrap().code;
    let body = |no: usize| json!({"code": code.reveal(), "name": format!("boss{no}"), "password": PASSWORD});
    assert_eq!(race(&house, "/api/setup", body).await, 1);
    let ada = house.account("ada", Role::Clinician);
    let made = house.operate(Method::POST, &format!("/api/users/{ada}/link"), "application/json", "").await;
    let link = made.json()["code"].as_str().unwrap().to_owned();
    assert_eq!(race(&house, "/api/session/link", |_| json!({"code": link})).await, 1);
}

/// How many of eight that come at once are let in.
async fn race(house: &std::sync::Arc<House>, path: &'static str, body: impl Fn(usize) -> Value) -> usize {
    let tries: Vec<_> = (0..8)
        .map(|no| {
            let (house, body) = (std::sync::Arc::clone(house), body(no).to_string());
            tokio::spawn(async move {
                let told = house.ask(Method::POST, path, &[("content-type", "application/json")], &body).await;
                told.status.is_success() && told.headers.contains_key("set-cookie")
            })
        })
        .collect();
    let mut let_in = 0;
    for one in tries {
        let_in += usize::from(one.await.unwrap());
    }
    let_in
}

#[tokio::test]
async fn a_change_of_an_account_that_is_refused_changes_nothing_of_it() {
    let house = House::new();
    house.account("boss", Role::Admin);
    let ada = house.account("ada", Role::Clinician);
    let boss = Browser::with_password(&house, "boss").await;
    let path = format!("/api/users/{ada}");
    let told = boss.ask(Method::PATCH, &path, json!({"role": "admin", "password": "short"})).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    let users = boss.get("/api/users").await.json();
    assert_eq!(users["users"][1]["role"], "clinician", "{users}");
    let told = boss.ask(Method::PATCH, &path, json!({"role": "admin", "password": "four brave herons"})).await;
    assert_eq!((told.status, &told.json()["role"]), (StatusCode::OK, &json!("admin")));
    // Whose password was reset sees who did it.
    let body = json!({"name": "ada", "password": "four brave herons"});
    let ada = Browser::sign_in(&house, "/api/session", body).await.unwrap_or_else(|told| panic!("{}", told.text));
    let events = ada.get("/api/me/events").await.json();
    let told: Vec<String> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} by {}", event["what"], event["who"]))
        .collect();
    assert_eq!(told[1], r#""set role admin, reset password" by "person/1 (Dr boss)""#, "{told:?}");
}
