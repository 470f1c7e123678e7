//! Databases as sources: what the trail says of them, what is never told, and who may let them be asked something else.

use crate::house::House;
use crate::session::Browser;
use access::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a connection may take before the test is lost.
const DEADLINE: Duration = Duration::from_secs(30);

/// A server that says nothing, and the address of a database there.
async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://reader@{}/his", listener.local_addr().unwrap());
    (listener, url)
}

async fn called(listener: &TcpListener) -> TcpStream {
    tokio::time::timeout(DEADLINE, listener.accept()).await.expect("a connection comes in time").unwrap().0
}

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

#[tokio::test]
async fn a_source_moves_with_what_it_delivered_and_only_by_the_operator() {
    let house = House::new();
    house.clinic().await;
    let change = async |body: serde_json::Value| {
        house.operate(Method::PATCH, "/api/sources/clinic", "application/json", &body.to_string()).await
    };
    let before = house.operate(Method::GET, "/api/sources", "application/json", "").await.json()["tables"][0].clone();

    // Whoever may write, and whoever administers from elsewhere, changes the mapping at most.
    let url = "postgres://reader@db.example/his";
    house.settle();
    house.account("boss", Role::Admin);
    let boss = Browser::with_password(&house, "boss").await;
    let told = boss.ask(Method::PATCH, "/api/sources/clinic", json!({"url": url, "unreached": true})).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    for token in [house.token("system/*.cruds"), house.token("system/*.rs")] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        for body in [
            json!({"url": url, "unreached": true}),
            json!({"path": "/etc"}),
            json!({"upload": true}),
            json!({"rows_per_second": 1_000_000}),
            json!({"hours": null}),
            json!({"mapping": "his-zh", "path": "/etc"}),
        ] {
            let told = house.ask(Method::PATCH, "/api/sources/clinic", &headers, &body.to_string()).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{body}: {}", told.text);
        }
    }
    let now = house.operate(Method::GET, "/api/sources", "application/json", "").await.json()["tables"][0].clone();
    assert_eq!((&now["path"], &now["mapping"]), (&before["path"], &before["mapping"]));

    // What contradicts itself, or does not fit.
    for (body, why) in [
        (json!({}), "name what is to change"),
        (json!({"url": url, "path": "/srv"}), "name one"),
        (json!({"path": "srv"}), "must be absolute"),
        (json!({"hours": "01:00-02:00"}), "are for databases"),
        (json!({"mapping": "his-zh", "password": "x"}), "go with a url"),
        (json!({"url": "postgres://reader:hunter2hunter2@db/his"}), "holds a password"),
        (json!({"url": "postgres://reader@127.0.0.1:1/his"}), "cannot be connected to"),
        (json!({"path": "/srv", "mapping": "nonsense"}), "nonsense"),
    ] {
        let told = change(body.clone()).await;
        assert!(told.status.is_client_error() || told.status.is_server_error(), "{body}: {}", told.text);
        assert!(told.text.contains(why) && !told.text.contains("hunter2"), "{body}: {}", told.text);
        let now = house.operate(Method::GET, "/api/sources", "application/json", "").await.json()["tables"][0].clone();
        assert_eq!((&now["path"], &now["mapping"]), (&before["path"], &before["mapping"]), "{body}");
    }

    // A folder becomes a database, which keeps its limits when it moves, and its password at the same server.
    let pulled = house.operate(Method::POST, "/api/sources/clinic/pull", "application/json", "{}").await;
    assert!(pulled.text.contains("\"report\""), "{}", pulled.text);
    let deliveries = async || {
        let told = house.operate(Method::GET, "/api/sources/clinic/deliveries", "application/json", "").await;
        told.json()["deliveries"].as_array().unwrap().len()
    };
    let had = deliveries().await;
    let moved = change(json!({"url": url, "unreached": true, "password": "hunter2hunter2", "rows_per_second": 50, "hours": "01:00-05:00"})).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    assert_eq!(moved.json()["path"], format!("{url}?rows_per_second=50&hours=01:00-05:00"));
    let same_server =
        change(json!({"url": "postgres://reader@db.example/other", "unreached": true, "hours": null})).await;
    assert_eq!(
        same_server.json()["path"],
        "postgres://reader@db.example/other?rows_per_second=50",
        "{}",
        same_server.text
    );
    let elsewhere = json!({"url": "postgres://reader@evil.example/his", "unreached": true});
    let told = change(elsewhere).await;
    assert!(
        told.status == StatusCode::UNPROCESSABLE_ENTITY && told.text.contains("not shown to another server"),
        "{}",
        told.text
    );
    let slower = change(json!({"rows_per_second": 10})).await;
    assert_eq!(slower.json()["path"], "postgres://reader@db.example/other?rows_per_second=10");
    let back = change(json!({"path": before["path"], "mapping": before["mapping"]})).await;
    assert_eq!((back.status, &back.json()["path"]), (StatusCode::OK, &before["path"]));
    assert_eq!(deliveries().await, had);
    // With the database its password went.
    let again = change(json!({"url": "postgres://reader@evil.example/his", "unreached": true})).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);

    let trail = house.operate(Method::GET, "/api/audit/accounts", "application/json", "").await;
    let target = format!(
        "source clinic, {url}?rows_per_second=50&hours=01:00-05:00, before {}",
        before["path"].as_str().unwrap()
    );
    let events = trail.json();
    let mut events = events["events"].as_array().unwrap().iter();
    assert!(events.any(|event| event["what"] == "change source" && event["target"] == target), "{}", trail.text);
    assert!(!trail.text.contains("hunter2"));
}

#[tokio::test]
async fn a_pull_asks_where_the_source_is_when_it_begins_and_holds_it_there() {
    let house = House::new();
    let folder = house.app.data.join("timed");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("mapping.toml"),
        "name = \"timed\"\nschedule = \"8,20 15 * * *\"\n[tables.people]\nkey = [\"pid\"]\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("patient.sql"),
        "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p",
    )
    .unwrap();
    let ((first, first_url), (old, old_url), (new, new_url)) = (silent().await, silent().await, silent().await);
    for (name, url) in [("a", &first_url), ("b", &old_url)] {
        let added = json!({"name": name, "url": url, "mapping": folder, "password": "of the old", "unreached": true});
        let added = house.operate(Method::POST, "/api/sources", "application/json", &added.to_string()).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    }
    for _ in 0..90_000 {
        let _ = house.app.now_us();
    }
    let app = Arc::clone(&house.app);
    let look = tokio::task::spawn_blocking(move || server::schedule::look(&app));
    let held = called(&first).await;
    // Both are due; while the one is pulled, both are moved.
    let change = |url: &str| json!({"url": url, "password": "of the new", "unreached": true}).to_string();
    let told = house.operate(Method::PATCH, "/api/sources/a", "application/json", &change(&new_url)).await;
    assert!(told.status == StatusCode::CONFLICT && told.text.contains("a pull of a"), "{}", told.text);
    let told = house.operate(Method::DELETE, "/api/sources/a", "application/json", "").await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    let told = house.operate(Method::PATCH, "/api/sources/b", "application/json", &change(&new_url)).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    drop(held);
    let asked = tokio::select! {
        connection = called(&new) => connection,
        _ = old.accept() => panic!("the password of the new server goes to the old one"),
    };
    drop(asked);
    assert_eq!(look.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_source_that_becomes_a_database_does_not_ask_what_nobody_named_for_it() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("system/*.cruds"));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let toml = "name = \"ours\"\n[tables.people]\nkey = [\"pid\"]\n";
    let sql = "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p";
    let save = async |base: Option<i64>, toml: &str| {
        let mut body = json!({"files": [{"path": "mapping.toml", "text": toml}, {"path": "patient.sql", "text": sql}]});
        if let Some(base) = base {
            body["base"] = json!(base);
        }
        house.ask(Method::PUT, "/api/mappings/own/ours", &headers, &body.to_string()).await
    };
    assert_eq!(save(None, toml).await.status, StatusCode::OK);
    let added = json!({"name": "clinic", "upload": true, "mapping": "ours"}).to_string();
    let added = house.operate(Method::POST, "/api/sources", "application/json", &added).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let saved = save(Some(1), &format!("{toml}[tables.x]\nquery = \"SELECT * FROM payroll\"\n")).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);

    let change = async |body: Value| {
        house.operate(Method::PATCH, "/api/sources/clinic", "application/json", &body.to_string()).await
    };
    let url = "postgres://reader@db.example/his";
    let told = change(json!({"url": url, "unreached": true})).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text);
    assert!(told.text.contains("SELECT * FROM payroll") && told.text.contains("--mapping ours"), "{}", told.text);
    let now = house.operate(Method::GET, "/api/sources", "application/json", "").await.json()["tables"][0].clone();
    assert_eq!(now["path"], "upload:");
    let told = change(json!({"url": url, "unreached": true, "mapping": "ours"})).await;
    assert_eq!((told.status, &told.json()["path"]), (StatusCode::OK, &json!(url)), "{}", told.text);
}

#[tokio::test]
async fn a_kept_password_is_not_shown_less_encrypted_and_a_change_is_whole() {
    let house = House::new();
    house.clinic().await;
    let url = "postgres://reader@db.example/his";
    let change = async |body: Value| {
        house.operate(Method::PATCH, "/api/sources/clinic", "application/json", &body.to_string()).await
    };
    let now =
        async || house.operate(Method::GET, "/api/sources", "application/json", "").await.json()["tables"][0].clone();
    let before = now().await;
    // The key of the passwords cannot be read: neither the place nor the mapping is another.
    let key = house.app.data.join("keys/sources.key");
    std::fs::create_dir_all(&key).unwrap();
    let both = json!({"url": url, "unreached": true, "password": "hunter2hunter2", "mapping": "his-zh"});
    let told = change(both.clone()).await;
    assert!(told.status.is_server_error(), "{}", told.text);
    let after = now().await;
    assert_eq!((&after["path"], &after["mapping"]), (&before["path"], &before["mapping"]));
    let trail = house.operate(Method::GET, "/api/audit/accounts", "application/json", "").await;
    let was = before["path"].as_str().unwrap();
    assert!(trail.text.contains(&format!("source clinic, {was}, before {url}")), "{}", trail.text);
    std::fs::remove_dir(&key).unwrap();
    assert_eq!(change(both).await.status, StatusCode::OK);
    for weaker in ["?tls=off", "?ca=/tmp/other.pem"] {
        let told = change(json!({"url": format!("{url}{weaker}"), "unreached": true})).await;
        assert!(
            told.status == StatusCode::UNPROCESSABLE_ENTITY && told.text.contains("less encrypted"),
            "{weaker}: {}",
            told.text
        );
    }
    assert_eq!(now().await["path"], url);
}
