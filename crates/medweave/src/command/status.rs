//! `medweave status`

use super::{say, table};
use crate::cli::Status;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::Value;

pub(crate) async fn run(settings: &Settings, status: &Status) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let told = client.json(Method::GET, "/api/status", None).await;
    let is_served = matches!(client, Client::There(_));
    client.close().await;
    let told = told?;
    say(&if status.json { told.to_string() } else { text(&told, is_served) })?;
    Ok(())
}

fn text(told: &Value, is_served: bool) -> String {
    let mut out = Vec::new();
    let mut line = |name: &str, value: String| out.push(format!("{name:<14}{value}"));
    line("data", table::cell(&told["data"]));
    line("program", format!("medweave {}{}", table::cell(&told["build"]), if is_served { ", running" } else { "" }));
    line("resources", table::cell(&told["resources"]));
    line("arrivals", table::cell(&told["arrivals"]));
    line("dead letters", table::cell(&told["dead_letters"]));
    line("changes", table::cell(&told["feed"]));
    if let Some(disk) = told["disk_bytes"].as_object() {
        let parts: Vec<String> = disk
            .iter()
            .filter_map(|(name, bytes)| {
                bytes.as_u64().filter(|bytes| *bytes > 0).map(|bytes| format!("{name} {}", mebibytes(bytes)))
            })
            .collect();
        line("disk", parts.join(", "));
    }
    if let Some(disk) = told["data"].as_str().and_then(|data| rustix::fs::statvfs(data).ok()) {
        line("free", mebibytes(disk.f_bavail * disk.f_frsize));
    }
    if told["backup"].is_object() {
        let copied = told["backup"]["taken"].as_str().unwrap_or("never");
        line("copied", format!("{copied}, to {}", table::cell(&told["backup"]["place"])));
        if let Some(problem) = told["backup"]["problem"].as_str() {
            line("", problem.to_owned());
        }
    }
    if told["lake"].is_object() {
        let lake = &told["lake"];
        let behind = match lake["lag_s"].as_f64() {
            Some(seconds) if seconds >= 0.001 => format!(", {seconds:.1} s behind"),
            _ => String::new(),
        };
        line("lake", format!("at change {}{behind}, in files {}", lake["seq"], lake["flushed"]));
        if let Some(problem) = lake["problem"].as_str() {
            line("", problem.to_owned());
        }
    }
    if let Some(late) = told["late_sources"].as_array().filter(|late| !late.is_empty()) {
        let names: Vec<&str> = late.iter().filter_map(Value::as_str).collect();
        line("late", format!("{}: see medweave source list", names.join(", ")));
    }
    if let Some(failed) = told["failed_pulls"].as_array().filter(|failed| !failed.is_empty()) {
        let names: Vec<&str> = failed.iter().filter_map(Value::as_str).collect();
        line("not pulled", format!("{}: see medweave source list", names.join(", ")));
    }
    if let Some(failed) = told["failed_runs"].as_array().filter(|failed| !failed.is_empty()) {
        let names: Vec<&str> = failed.iter().filter_map(Value::as_str).collect();
        line("not mapped", format!("{}: see medweave source list", names.join(", ")));
    }
    if let Some(events) = told["no_map"].as_object().filter(|events| !events.is_empty()) {
        let all: Vec<String> = events.iter().map(|(event, count)| format!("{event} {count}")).collect();
        line("no map", format!("{} (messages kept, nothing made of them)", all.join(", ")));
    }
    if let Some(types) = told["types"].as_object().filter(|types| !types.is_empty()) {
        out.push(String::new());
        let width = types.keys().map(String::len).max().unwrap_or(0);
        out.extend(types.iter().map(|(name, count)| format!("{name:<width$}  {count:>9}")));
    }
    out.join("\n")
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
