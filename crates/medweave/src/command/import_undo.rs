//! `medweave import undo ARRIVAL`

use super::say;
use crate::cli::Undo;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::Value;

/// Resources that were left which are listed; `--json` has all of them.
const SHOWN: usize = 20;

pub(crate) async fn run(settings: &Settings, undo: &Undo) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let path = format!("/api/arrivals/{}/undo?alone={}&dry_run={}", undo.arrival, undo.alone, undo.dry_run);
    let result = client.json(Method::POST, &path, None).await;
    client.close().await;
    let undone = result?;
    if undo.json {
        say(&undone.to_string())?;
    } else {
        let parts = undone["arrivals"].as_array().map_or(1, Vec::len);
        let what = if parts > 1 {
            format!("the file of arrival {} ({parts} arrivals)", undo.arrival)
        } else {
            format!("arrival {}", undo.arrival)
        };
        tell(&what, undo.dry_run, &undone)?;
    }
    Ok(())
}

/// Says what was taken back of `what`, or would be.
pub(super) fn tell(what: &str, is_dry: bool, undone: &Value) -> Result<(), Failure> {
    let empty = Vec::new();
    let left = undone["left"].as_array().unwrap_or(&empty);
    for one in left.iter().take(SHOWN) {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let (name, id) = (text("type"), text("id"));
        match one["again"].as_i64() {
            Some(again) => records::tell_operator!("{name}/{id} came in arrival {again} too and is left as it is"),
            None => records::tell_operator!(
                "{name}/{id} was changed since (version {}, {} wrote {}) and is left as it is",
                one["version"],
                if undone["run"].is_null() { "the file" } else { "this run" },
                one["written"]
            ),
        }
    }
    if left.len() > SHOWN {
        records::tell_operator!("… and {} more; --json lists them all", left.len() - SHOWN);
    }
    let later: Vec<String> = undone["later_runs"].as_array().into_iter().flatten().map(Value::to_string).collect();
    match later.as_slice() {
        [] => {}
        [run] => records::tell_operator!("run {run} made the later versions of these; take it back first"),
        [rest @ .., last] => records::tell_operator!(
            "runs {} and {last} made the later versions of these; take them back first, the newest before the others",
            rest.join(", ")
        ),
    }
    let referring = undone["referring"].as_object().filter(|types| !types.is_empty());
    if let Some(types) = referring {
        let list: Vec<String> = types.iter().map(|(name, count)| format!("{count} {name}")).collect();
        records::tell_operator!(
            "{} {} and refer to what is deleted: {}",
            list.join(", "),
            if is_dry { "would stay" } else { "stay" },
            if undone["run"].is_null() {
                "a file that brought the same must be imported again"
            } else {
                "the next run that writes makes it again"
            }
        );
    }
    let (deleted, restored, left) = (&undone["deleted"], &undone["restored"], left.len());
    let besides = if undone["provenance"].as_u64().unwrap_or(0) > 0 { "; its Provenance goes too" } else { "" };
    if is_dry {
        say(&format!(
            "dry run, nothing was changed: of {what}, {deleted} would be deleted, {restored} restored, {left} left{besides}"
        ))?;
    } else {
        let arrival = &undone["arrival"]["no"];
        let undoing = if arrival.is_null() { String::new() } else { format!("; the undoing is arrival {arrival}") };
        say(&format!("{what} is taken back: {deleted} deleted, {restored} restored, {left} left{besides}{undoing}"))?;
    }
    Ok(())
}
