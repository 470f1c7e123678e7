//! Is it alive, is it ready, what is in here.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use std::path::Path;

/// `GET /health`: the process answers.
pub(super) async fn health(_: Call) -> Result<Answer, Refusal> {
    Ok(Answer::of(&json!({"status": "ok"})))
}

/// `GET /ready`: it takes requests; not while it stops.
pub(super) async fn ready(call: Call) -> Result<Answer, Refusal> {
    if call.app.is_stopping() {
        return Ok(Answer::json(StatusCode::SERVICE_UNAVAILABLE, json!({"status": "stopping"}).to_string()));
    }
    Ok(Answer::of(&json!({"status": "ready"})))
}

/// `GET /api/status`. What is in the store is told to who may search all of it, the rest to everybody who is known.
pub(super) async fn status(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let status = call
        .app
        .reading(move |app| {
            let now_us = app.now_us();
            let mut out = json!({
                "build": app.build,
                "zone": app.zone,
                "now": instant(now_us),
                "started": instant(app.started_us),
                "uptime_seconds": (now_us - app.started_us) / 1_000_000,
                "feed": app.records.head().0,
            });
            if grant.may_all(access::Permission::Search).is_ok() {
                let counts = app.records.counts(&grant)?;
                let types: Map<String, Value> = counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
                out["resources"] = json!(counts.iter().map(|(_, count)| count).sum::<u64>());
                out["types"] = Value::Object(types);
            }
            if grant.may_all(access::Permission::Read).is_ok() {
                out["arrivals"] = json!(app.records.arrivals(&grant, None, 1)?.first().map_or(0, |arrival| arrival.no.0));
            }
            if grant.may_all(access::Permission::Read).is_ok() {
                out["dead_letters"] = json!(app.records.open_dead_letters(&grant)?);
                let events = app.records.unmapped_events(&grant)?;
                out["no_map"] = events.into_iter().map(|(event, count)| (event, json!(count))).collect::<Map<_, _>>().into();
            }
            if let Some(lake) = app.lake_if_open()
                && grant.may_use_sql().is_ok()
            {
                let lake = lake.status();
                out["lake"] = json!({"seq": lake.position.0, "flushed": lake.flushed.0, "lag_s": lake.behind.as_secs_f64(), "problem": lake.problem});
            }
            if grant.may_administer().is_ok() && app.data.join("tables/tables.db").is_file() {
                let sources = app.sources()?;
                let all = sources.list(&grant)?;
                let late = all.iter().filter(|source| {
                    super::unattended::times(app, &grant, source, now_us).is_ok_and(|(_, times)| times.is_late)
                });
                out["late_sources"] = late.map(|source| json!(source.name)).collect();
                let unpulled = all.iter().filter(|source| {
                    sources.attempt(source).is_ok_and(|last| last.is_some_and(|last| last.problem.is_some()))
                });
                out["failed_pulls"] = unpulled.map(|source| json!(source.name)).collect();
                let failed = all.iter().filter(|source| {
                    sources.owed_run(source).is_ok_and(|run| run.is_some_and(|run| run.problem.is_some()))
                });
                out["failed_runs"] = failed.map(|source| json!(source.name)).collect();
            }
            if grant.may_administer().is_ok() {
                out["backup"] = last_copy(&app.data);
                let size = |folder: &str| size_of(&app.data.join(folder));
                out["data"] = json!(app.data.display().to_string());
                out["disk_bytes"] = json!({"records": size("records"), "arrivals": size("arrivals"), "audit": size("audit"), "access": size("access"), "lake": size("lake")});
            }
            Ok(out)
        })
        .await?;
    Ok(Answer::of(&status))
}

/// When the last good copy of the directory was begun and why the last try failed, if it did; `null` where none was tried.
fn last_copy(data: &Path) -> Value {
    last_copy_noted(data).map_or(Value::Null, |noted| {
        json!({"taken": noted["taken_us"].as_i64().map(instant), "problem": noted["problem"], "place": noted["repository"]})
    })
}

/// What the last try of a copy noted.
pub(super) fn last_copy_noted(data: &Path) -> Option<Value> {
    let noted = std::fs::read(data.join("backup/last.json")).ok()?;
    serde_json::from_slice(&noted).ok()
}

/// Bytes of the files in a folder; 0 where there is none.
pub(super) fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size_of(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
