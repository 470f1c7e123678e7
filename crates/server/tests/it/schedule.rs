//! Sources that are pulled and mapped by themselves.

use crate::house::House;
use axum::http::Method;
use serde_json::json;
use std::sync::Arc;

/// Lets the clock, which ticks a millisecond a look, go on for so long.
fn wait(house: &House, seconds: u32) {
    for _ in 0..seconds * 1_000 {
        let _ = house.app.now_us();
    }
}

/// Looks at the schedules, as `serve` does.
async fn look(house: &House) -> usize {
    let app = Arc::clone(&house.app);
    tokio::task::spawn_blocking(move || server::schedule::look(&app)).await.unwrap().unwrap()
}

async fn listed(house: &House) -> serde_json::Value {
    let told = house.operate(Method::GET, "/api/sources", "application/json", "").await;
    told.json()["tables"][0].clone()
}

#[tokio::test]
async fn a_source_is_pulled_and_mapped_when_its_time_has_come_and_told_when_it_is_late() {
    let house = House::new();
    house.clinic().await;
    assert_eq!(look(&house).await, 0);
    let folder = house.app.data.join("clinic");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let toml =
        "name = \"clinic\"\nschedule = \"8,20 15 * * *\"\nlate_after = \"15m\"\n[tables.people]\nkey = [\"pid\"]\n";
    write("mapping.toml", toml);
    write("people.csv", "pid,born\n17,1984-02-29\n18,1990-01-01\n");
    // It is 15:06:40, and something.
    assert_eq!(look(&house).await, 0);
    let before = listed(&house).await;
    assert_eq!((before["next"].as_str(), before["late"].as_bool()), (Some("2025-06-15T15:08:00Z"), Some(false)));
    let head = house.app.records.head().0;
    wait(&house, 90);
    assert_eq!(look(&house).await, 1);
    assert!(house.app.records.head().0 > head, "the new row is a patient");
    assert_eq!(look(&house).await, 0);
    assert_eq!(listed(&house).await["next"], "2025-06-15T15:20:00Z");

    // A delivery that must be asked about is not taken by itself; it is told, and in time the source is late.
    write("people.csv", "pid,born\n");
    wait(&house, 12 * 60);
    assert_eq!(look(&house).await, 1);
    let asks = listed(&house).await;
    assert!(asks["problem"].as_str().unwrap().contains("has lost 2 of 2 rows"), "{asks}");
    assert_eq!(asks["late"], false);
    wait(&house, 4 * 60);
    assert_eq!(listed(&house).await["late"], true);
    let status = house.operate(Method::GET, "/api/status", "application/json", "").await.json();
    assert_eq!(status["late_sources"], json!(["clinic"]));
}

#[tokio::test]
async fn a_run_that_fails_by_itself_is_told_until_one_ends_well() {
    let house = House::new();
    house.clinic().await;
    let folder = house.app.data.join("clinic");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let sql =
        |column: &str| format!("-- @target Patient @key p.pid\nSELECT date(p.{column}) AS \"birthDate\" FROM people p");
    write("mapping.toml", "name = \"clinic\"\nschedule = \"8,20 15 * * *\"\n[tables.people]\nkey = [\"pid\"]\n");
    write("people.csv", "pid,born\n17,1984-02-29\n18,1990-01-01\n");
    write("patient.sql", &sql("nonsense"));
    let head = house.app.records.head().0;
    wait(&house, 90);
    assert_eq!(look(&house).await, 1);
    let told = listed(&house).await;
    assert!(told["problem"].is_null() && told["run_problem"].as_str().unwrap().contains("clinic"), "{told}");
    let status = async || house.operate(Method::GET, "/api/status", "application/json", "").await.json();
    assert_eq!(status().await["failed_runs"], json!(["clinic"]));
    // What is wrong is not tried again until its next time; whoever mends it and runs it is told no more.
    assert_eq!(look(&house).await, 0);
    write("patient.sql", &sql("born"));
    let run = house.operate(Method::POST, "/api/mappings/clinic/run", "application/json", r#"{"write":true}"#).await;
    assert!(run.status.is_success() && !run.text.contains("\"error\""), "{}", run.text);
    assert!(house.app.records.head().0 > head);
    assert!(listed(&house).await["run_problem"].is_null());
    assert_eq!(status().await["failed_runs"], json!([]));
}

#[tokio::test]
async fn a_run_that_had_to_wait_after_its_pull_comes_at_the_next_look() {
    let house = House::new();
    house.clinic().await;
    std::fs::write(house.app.data.join("clinic/people.csv"), "pid,born\n17,1984-02-29\n18,1990-01-01\n").unwrap();
    let pulled = house.operate(Method::POST, "/api/sources/clinic/pull", "application/json", "{}").await;
    assert!(pulled.status.is_success(), "{}", pulled.text);
    let head = house.app.records.head().0;
    assert_eq!(look(&house).await, 0);
    let sources = house.app.sources().unwrap();
    let source = sources.list(&house.app.access.local_operator(0, "root").unwrap()).unwrap().remove(0);
    sources.owe_run(&source).unwrap();
    assert_eq!(look(&house).await, 1);
    assert!(house.app.records.head().0 > head, "the new row is a patient");
    assert_eq!(look(&house).await, 0);
}

#[tokio::test]
async fn a_source_whose_deliveries_are_sent_is_late_and_never_due() {
    let house = House::new();
    house.clinic().await;
    let mapping = house.app.data.join("clinic");
    let toml = "name = \"clinic\"\nschedule = \"* * * * *\"\nlate_after = \"15m\"\n[tables.people]\nkey = [\"pid\"]\n";
    std::fs::write(mapping.join("mapping.toml"), toml).unwrap();
    for (method, path, body) in [
        (Method::DELETE, "/api/sources/clinic", String::new()),
        (Method::POST, "/api/sources", json!({"name": "sent", "upload": true, "mapping": mapping}).to_string()),
    ] {
        let told = house.operate(method, path, "application/json", &body).await;
        assert!(told.status.is_success(), "{}", told.text);
    }
    wait(&house, 20 * 60);
    assert_eq!(look(&house).await, 0);
    let told = listed(&house).await;
    assert_eq!((&told["next"], &told["late"], &told["problem"]), (&json!(null), &json!(true), &json!(null)));
}
