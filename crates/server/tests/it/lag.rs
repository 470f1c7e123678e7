//! Imports go no faster than SQL follows.

use crate::house::House;
use axum::http::{Method, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FILES: i64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_while_sql_is_too_far_behind_and_goes_on_when_it_has_caught_up() {
    let house = House::new();
    let folder = tempfile::tempdir().unwrap();
    for no in 0..FILES {
        let resource = format!("{{\"resourceType\":\"Patient\",\"id\":\"lag-{no}\"}}\n");
        std::fs::write(folder.path().join(format!("{no:02}.ndjson")), resource).unwrap();
    }
    house.app.bound_lag(0);
    let app = Arc::clone(&house.app);
    let lake = tokio::task::spawn_blocking(move || app.lake().map_err(|_| ()).unwrap()).await.unwrap();
    let hold = lake.hold();
    let (records, watched) = (Arc::clone(&house.app.records), Arc::clone(&lake));
    let watch = tokio::task::spawn_blocking(move || {
        let deadline = Instant::now() + Duration::from_mins(1);
        while watched.status().held_up == 0 || records.head().0 == 0 {
            assert!(Instant::now() < deadline, "the import was not held up");
            std::thread::sleep(Duration::from_millis(5));
        }
        // Some of it is on its way; the rest waits.
        let stored = records.head().0;
        assert!(stored < FILES, "{stored} of {FILES} were stored while SQL saw none");
        assert_eq!(watched.status().position.0, 0);
        drop(hold);
    });
    let paths = serde_json::json!({"paths": [folder.path()]}).to_string();
    let import = house.operate(Method::POST, "/api/import/files", "application/json", &paths);
    let (told, watched) = tokio::join!(import, watch);
    watched.unwrap();
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.text.contains(&format!("\"stored\":{FILES}")), "{}", told.text);
    assert_eq!(house.app.records.head().0, FILES);
    // The last ones wait for nobody behind them: they are seen soon after.
    let deadline = Instant::now() + Duration::from_mins(1);
    while lake.status().position.0 < FILES {
        assert!(Instant::now() < deadline, "{:?}", lake.status());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(lake.status().held_up, 0);
}
