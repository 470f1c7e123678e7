//! Sources that are pulled and mapped by themselves.

use crate::house::House;
use axum::http::Method;
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
    assert_eq!(status["late_sources"], serde_json::json!(["clinic"]));
}
