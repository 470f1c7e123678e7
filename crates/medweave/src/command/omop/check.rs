//! `medweave omop check`

use super::super::progress::Progress;
use super::super::{lines, say, table};
use super::{failed, in_folder};
use crate::cli::OmopCheck;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use jiff::Timestamp;
use omop::quality::{Definitions, Outcome, day_of, find, rows_sql, run as run_checks};
use omop::{Cdm, ListedRows};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Wrong rows of a check that are listed.
const LISTED: usize = 100;

pub(super) async fn run(settings: &Settings, mut check: OmopCheck) -> Result<(), Failure> {
    let told = match (check.cdm.take(), &check.rows) {
        (Some(cdm), _) => of_folder(cdm, &check).await?,
        (None, rows) => {
            let client = Client::open_to_read(settings).await?;
            let told = match rows {
                Some(name) => client.json(Method::GET, &format!("{}/rows?limit={LISTED}", path_of(name)), None).await,
                None => of_store(&client, &check.only).await,
            };
            client.close().await;
            told?
        }
    };
    if check.json {
        return say(&told.to_string());
    }
    if check.rows.is_some() { tell_rows(&told) } else { tell(&told, check.all) }
}

/// The route of a check.
pub(super) fn path_of(check: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(check, percent_encoding::NON_ALPHANUMERIC);
    format!("/api/quality/checks/{name}")
}

/// How far a run is.
fn progress(done: u64, of: u64) -> String {
    format!("{done} of {of} checks")
}

/// Runs checks over the store, and what they found beside what the run before found.
async fn of_store(client: &Client, only: &[String]) -> Result<Value, Failure> {
    let shown = |now: &Value| {
        let so_far = progress(now["done"].as_u64().unwrap_or(0), now["of"].as_u64().unwrap_or(0));
        now["table"].as_str().map_or(so_far.clone(), |table| format!("{so_far}; {table} is made"))
    };
    let run = lines::report(client, "/api/quality/runs", &json!({"only": only}), shown).await?;
    let kept = client.json(Method::GET, &format!("/api/quality/runs/{}", run["run"]), None).await?;
    let mut told = run;
    told["outcomes"] = kept["outcomes"].clone();
    Ok(told)
}

/// Runs checks over an instance in a folder, or lists the rows that one finds wrong.
async fn of_folder(cdm: PathBuf, check: &OmopCheck) -> Result<Value, Failure> {
    let definitions = match &check.definitions {
        Some(folder) => Definitions::read(folder).map_err(failed)?,
        None => Definitions::carried().map_err(failed)?,
    };
    let today = day_of(Timestamp::now().as_microsecond(), "UTC");
    if let Some(id) = &check.rows {
        let one = find(&definitions.checks, id).map_err(failed)?;
        let Some(sql) = rows_sql(one, today, LISTED).map_err(failed)? else {
            return Err(Failure::usage(format!("{id} is about no rows: whether something is there, or of its type")));
        };
        return in_folder(cdm, move |cdm| {
            let listed = ListedRows::of(&cdm.ask(&sql).map_err(failed)?);
            Ok(json!({"sql": sql, "columns": listed.columns, "rows": listed.rows}))
        })
        .await;
    }
    let checks: Vec<_> = definitions.checks.iter().filter(|one| one.is_meant(&check.only)).cloned().collect();
    if checks.is_empty() {
        return Err(Failure::usage(format!("no check is meant by {}", check.only.join(", "))));
    }
    let outcomes = in_folder(cdm, move |cdm| {
        let bar = Progress::new();
        let outcomes = run_checks(cdm, &checks, today, &mut |done| bar.say(progress(done as u64, checks.len() as u64)));
        bar.finish();
        outcomes.map_err(failed)
    })
    .await?;
    let count = |name: &str| outcomes.iter().filter(|outcome| outcome.status.name() == name).count();
    let all: Vec<Value> = outcomes.iter().map(Outcome::json).collect();
    Ok(json!({
        "definitions": definitions.source, "checks": outcomes.len(), "passed": count("passed"), "failed": count("failed"),
        "not_applicable": count("not-applicable"), "outcomes": all,
    }))
}

fn tell_rows(told: &Value) -> Result<(), Failure> {
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let names = list("columns");
    let columns: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    let row = |row: &Value| row.as_array().into_iter().flatten().map(table::cell).collect();
    let rows: Vec<Vec<String>> = list("rows").iter().map(row).collect();
    say(&table::lines(&columns, &rows))?;
    records::tell_operator!("{} rows, at most {LISTED}, by {}", rows.len(), table::cell(&told["sql"]));
    Ok(())
}

fn tell(told: &Value, all: bool) -> Result<(), Failure> {
    let outcomes = told["outcomes"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> =
        outcomes.iter().filter(|outcome| all || outcome["status"] == "failed").map(row).collect();
    if !rows.is_empty() {
        say(&table::lines(&["check", "wrong", "of", "percent", "may be", "severity", ""], &rows))?;
        say("")?;
    }
    say(&summary(outcomes))?;
    say("")?;
    let run = told["run"].as_i64().map_or(String::new(), |run| format!("run {run}, at position {}: ", told["seq"]));
    say(&format!(
        "{run}{} checks: {} passed, {} failed, {} not applicable",
        told["checks"], told["passed"], told["failed"], told["not_applicable"]
    ))
}

fn row(outcome: &Value) -> Vec<String> {
    let note = match outcome["status"].as_str() {
        Some("not-applicable") => format!("not applicable: {}", table::cell(&outcome["reason"])),
        _ => table::cell(&outcome["status"]),
    };
    let chosen = if outcome["own_threshold"] == true { " (chosen)" } else { "" };
    vec![
        table::cell(&outcome["check"]),
        table::cell(&outcome["violated"]),
        table::cell(&outcome["rows"]),
        format!("{:.2}", outcome["percent"].as_f64().unwrap_or_default()),
        format!("{}{chosen}", outcome["threshold"].as_f64().unwrap_or_default()),
        table::cell(&outcome["severity"]),
        note,
    ]
}

/// By category: how many are passed, failed, not applicable.
fn summary(outcomes: &[Value]) -> String {
    let mut by: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for outcome in outcomes {
        let at = match outcome["status"].as_str() {
            Some("passed") => 0,
            Some("failed") => 1,
            _ => 2,
        };
        by.entry(outcome["category"].as_str().unwrap_or_default()).or_default()[at] += 1;
    }
    let row = |(category, counts): (&str, [usize; 3])| {
        std::iter::once(category.to_owned()).chain(counts.iter().map(usize::to_string)).collect::<Vec<_>>()
    };
    table::lines(&["category", "passed", "failed", "not applicable"], &by.into_iter().map(row).collect::<Vec<_>>())
}
