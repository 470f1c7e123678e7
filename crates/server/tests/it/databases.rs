//! Databases as sources: what the trail says of them, what is never told, and who may let them be asked something else.

use crate::house::House;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn the_trail_says_who_added_and_removed_sources_and_gave_passwords() {
    let house = House::new();
    house.clinic().await;
    let url = "postgres://reader@127.0.0.1:1/his";
    for (method, path, body) in [
        (Method::POST, "/api/sources", json!({"name": "sent", "upload": true, "mapping": "his-zh"})),
        (
            Method::POST,
            "/api/sources",
            json!({"name": "his", "url": url, "mapping": "his-zh", "password": "987654321", "unreached": true}),
        ),
        (Method::PUT, "/api/sources/his/password", json!({"password": "hunter2hunter2"})),
        (Method::PUT, "/api/sources/his/password", json!({"password": ""})),
        (Method::DELETE, "/api/sources/his", json!(null)),
    ] {
        let told = house.operate(method, path, "application/json", &body.to_string()).await;
        assert!(told.status.is_success(), "{path}: {}", told.text);
    }
    let trail = house.operate(Method::GET, "/api/audit/accounts", "application/json", "").await;
    let events = trail.json();
    let has = |what: &str, target: &str| {
        let mut events = events["events"].as_array().unwrap().iter();
        events.any(|event| event["what"] == what && event["target"].as_str().unwrap().contains(target))
    };
    assert!(
        has("add source", "source clinic, ") && has("add source", "source sent, upload:, mapping his-zh"),
        "{events}"
    );
    assert!(has("add source", &format!("source his, {url}, mapping his-zh")), "{events}");
    assert!(
        has("change source password", "source his, none is kept") && has("remove source", "source his"),
        "{events}"
    );
    assert!(!trail.text.contains("987654321") && !trail.text.contains("hunter2"));
    // What is no password is not repeated.
    let number =
        house.operate(Method::PUT, "/api/sources/sent/password", "application/json", "{\"password\": 987654321}").await;
    assert!(number.status.is_client_error() && !number.text.contains("987654321"), "{}", number.text);
    let add = "{\"name\": \"x\", \"url\": \"mysql://a@b/c\", \"mapping\": \"his-zh\", \"password\": 987654321}";
    let number = house.operate(Method::POST, "/api/sources", "application/json", add).await;
    assert!(number.status.is_client_error() && !number.text.contains("987654321"), "{}", number.text);
}

#[tokio::test]
async fn what_a_database_is_asked_is_not_changed_by_whoever_may_write_mappings() {
    let house = House::new();
    let token = house.token("system/*.cruds");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let sql = "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p";
    let mapping = |toml: &str, sql: &str| json!({"files": [{"path": "mapping.toml", "text": format!("name = \"ours\"\n{toml}")}, {"path": "patient.sql", "text": sql}]});
    let saved = async |name: &str, base: i64, toml: &str, sql: &str| {
        let mut body = mapping(toml, sql);
        if base > 0 {
            body["base"] = json!(base);
        }
        house.ask(Method::PUT, &format!("/api/mappings/own/{name}"), &headers, &body.to_string()).await
    };
    let people = "[tables.people]\nkey = [\"pid\"]\n";
    assert_eq!(saved("ours", 0, people, sql).await.status, StatusCode::OK);
    let url = "postgres://reader@127.0.0.1:1/his";
    let added = json!({"name": "his", "url": url, "mapping": "ours", "unreached": true}).to_string();
    let added = house.operate(Method::POST, "/api/sources", "application/json", &added).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);

    // What becomes of the rows is for whoever writes mappings; which rows are read is not.
    let other = sql.replace("p.born", "p.died");
    assert_eq!(saved("ours", 1, people, &other).await.status, StatusCode::OK);
    for toml in [
        "[tables.people]\nkey = [\"pid\"]\nquery = \"SELECT pg_sleep(1e9)\"\n",
        "[tables.people]\nkey = [\"pid\"]\ntable = \"staff.salary\"\n",
        "[tables.people]\nkey = [\"pid\"]\n[tables.salary]\n",
        "[live]\nrows_per_second = 1000000\n[tables.people]\nkey = [\"pid\"]\n",
        "schedule = \"* * * * *\"\n[tables.people]\nkey = [\"pid\"]\n",
    ] {
        let told = saved("ours", 2, toml, &other).await;
        assert!(
            told.status == StatusCode::FORBIDDEN && told.text.contains("the database of his"),
            "{toml}: {}",
            told.text
        );
        // The same under another name is a draft, until it is to be the source's.
        assert_eq!(saved("theirs", 0, toml, &other).await.status, StatusCode::OK);
        let change = json!({"mapping": "theirs"}).to_string();
        let told = house.ask(Method::PATCH, "/api/sources/his", &headers, &change).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{toml}: {}", told.text);
        let removed = house.ask(Method::DELETE, "/api/mappings/own/theirs", &headers, "").await;
        assert!(removed.status.is_success(), "{}", removed.text);
    }
    let mut body = mapping("[tables.people]\nkey = [\"pid\"]\ntable = \"adt.people\"\n", &other);
    body["base"] = json!(2);
    let told = house.operate(Method::PUT, "/api/mappings/own/ours", "application/json", &body.to_string()).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
}
