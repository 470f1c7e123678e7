//! Sources of tables: what they delivered, and pulling what is there now.

use super::arrivals::number_in_query;
use super::mapping_files::{lent, of_source};
use super::stream::{self, Lines};
use super::uploads::UPLOAD;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tables::mapping::{Mapping, Settings};
use tables::pull::{DeliveryInfo, IfDoubtful, PullReport, SourceInfo, TablePulled};
use tables::read::Charset;
use tables::said::Said;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Deliveries that are listed.
const DELIVERIES: usize = 100;

/// A source with its times, as it is listed.
pub(super) fn listed(app: &App, grant: &access::Grant, source: &SourceInfo) -> Result<Value, Refusal> {
    let (attempt, times) = super::unattended::times(app, grant, source, app.now_us())?;
    let mut told = source_json(source);
    told["pulled"] = json!(attempt.as_ref().and_then(|attempt| attempt.done_us).map(instant));
    told["next"] = json!(times.next_us.map(instant));
    told["late"] = json!(times.is_late);
    // It may quote rows.
    if let Some(problem) = attempt.and_then(|attempt| attempt.problem).filter(|_| grant.may_use_sql().is_ok()) {
        let (problem, said) = Said::of_kept(problem);
        told["problem"] = json!(problem);
        if let Some(said) = said {
            told["problem_said"] = said.json();
        }
        if let Some(doubts) = app.sources()?.doubts(source)? {
            told["doubts"] = doubts;
        }
    }
    let run_problem = app.sources()?.owed_run(source)?.and_then(|run| run.problem);
    if let Some(problem) = run_problem.filter(|_| grant.may_use_sql().is_ok()) {
        let (problem, said) = Said::of_kept(problem);
        told["run_problem"] = json!(problem);
        if let Some(said) = said {
            told["run_problem_said"] = said.json();
        }
    }
    Ok(told)
}

pub(super) fn source_json(source: &SourceInfo) -> Value {
    json!({"name": source.name, "path": source.path, "mapping": source.mapping, "added": instant(source.added_us)})
}

/// The sources of tables, each with its newest delivery.
pub(super) fn list_json(app: &App, grant: &access::Grant) -> Result<Vec<Value>, Refusal> {
    let sources = app.sources()?;
    let newest = sources.newest_deliveries(grant)?;
    let one = |source: &SourceInfo| -> Result<Value, Refusal> {
        let mut told = listed(app, grant, source)?;
        let last = newest.get(&source.name);
        told["last"] = json!(last.map(|(no, at_us)| json!({"delivery": no, "at": instant(*at_us)})));
        Ok(told)
    };
    sources.list(grant)?.iter().map(one).collect()
}

/// The mapping of a source.
pub(super) fn mapping_of(app: &App, grant: &access::Grant, source: &SourceInfo) -> Result<Mapping, Refusal> {
    let files = of_source(app, grant, source)?;
    Mapping::parse(&lent(&files)).map_err(|problems| wrong(&source.mapping, &problems))
}

/// A mapping that does not compile, with all that is wrong.
pub(super) fn wrong(mapping: &str, problems: &[tables::mapping::Problem]) -> Refusal {
    let said = tables::said::problem::mapping_wrong(mapping, problems.len());
    let mut refusal = Refusal::saying(StatusCode::UNPROCESSABLE_ENTITY, "invalid", said);
    refusal.issues.extend(problems.iter().map(|problem| crate::refusal::Issue::error("invalid", problem.to_string())));
    refusal
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    /// Whether a person has looked at what is doubtful about it.
    #[serde(default)]
    accept: bool,
    /// What is read in place of the source's own path: for the operator of the machine.
    #[serde(default)]
    from: Option<String>,
}

/// `POST /api/sources/{id}/pull`: lines of JSON, `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end.
/// Who stops reading stops the pull; nothing of it was taken then.
pub(super) async fn pull(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let Pull { accept, from } = call.json().await?;
    let from = from.map(PathBuf::from);
    if let Some(from) = &from {
        if !matches!(call.peer, Peer::Local { .. }) {
            let text =
                "files by name are for the operator of this machine: send their bytes to /api/sources/NAME/deliveries";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
        }
        if !from.is_absolute() {
            return Err(Refusal::bad_request(format!("{}: the path must be absolute", from.display())));
        }
    }
    let app = Arc::clone(&call.app);
    let holder = grant.clone();
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&holder, &name)?)).await?;
    if from.is_none() && source.path == UPLOAD {
        let text = format!("deliveries of {} are sent: medweave source pull {} --from FILE", source.name, source.name);
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text));
    }
    stream::lines(&call, "application/x-ndjson", move |lines: &Lines| {
        pull_lines(&app, &grant, &source, from.as_deref(), accept, lines);
    })
}

/// Pulls, and tells of it line by line; from a path in place of the source's own if one is named.
pub(super) fn pull_lines(
    app: &App,
    grant: &access::Grant,
    source: &SourceInfo,
    from: Option<&Path>,
    accept: bool,
    lines: &Lines,
) {
    let if_doubtful = if accept { IfDoubtful::Accept } else { IfDoubtful::Stop };
    let begun = Instant::now();
    let mut told = Instant::now();
    let mut go_on = |table: &str, rows: u64| {
        if app.is_stopping() || lines.is_closed() {
            return Err(tables::Error::Stopped);
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            if lines.send(&json!({"progress": {"table": table, "rows": rows}})).is_break() {
                return Err(tables::Error::Stopped);
            }
        }
        Ok(())
    };
    let done = pull_now(app, grant, source, from, if_doubtful, &mut go_on);
    let _ = match done {
        Ok((report, absent, notes)) => {
            let mut told = report_json(&source.name, &report, begun);
            told["absent"] = json!(absent);
            told["notes"] = notes.iter().map(ToString::to_string).collect();
            told["notes_said"] = notes.iter().map(Said::json).collect();
            lines.send(&json!({"report": told}))
        }
        Err(refusal) => lines.send(&json!({"error": refusal.own_json()["error"]})),
    };
}

/// How a pull of a source is named while it runs.
pub(super) fn pull_of(source: &str) -> String {
    format!("a pull of {source}")
}

/// Pulls what the source has now, or what is at a path in place of its own; one pull of a source at a time.
pub(super) fn pull_now(
    app: &App,
    grant: &access::Grant,
    source: &SourceInfo,
    from: Option<&Path>,
    if_doubtful: IfDoubtful,
    go_on: &mut dyn FnMut(&str, u64) -> Result<(), tables::Error>,
) -> Result<(PullReport, Vec<String>, Vec<Said>), Refusal> {
    let _runs = app.running.begin(&pull_of(&source.name))?;
    let sources = app.sources()?;
    // It may have moved since whoever pulls it looked; from here on it does not.
    let source = &sources.source(grant, &source.name)?;
    sources.begin_attempt(source)?;
    let mut is_stopped = false;
    let mut noting = |table: &str, rows: u64| {
        let goes_on = go_on(table, rows);
        is_stopped |= matches!(goes_on, Err(tables::Error::Stopped));
        goes_on
    };
    let done = take(app, grant, source, from, if_doubtful, &mut noting);
    match &done {
        Err(_) if is_stopped => sources.stop_attempt(source)?,
        Err(refusal) => sources.end_attempt(source, Some(&refusal.kept()), refusal.doubts())?,
        Ok(_) => sources.end_attempt(source, None, None)?,
    }
    done
}

fn take(
    app: &App,
    grant: &access::Grant,
    source: &SourceInfo,
    from: Option<&Path>,
    if_doubtful: IfDoubtful,
    go_on: &mut dyn FnMut(&str, u64) -> Result<(), tables::Error>,
) -> Result<(PullReport, Vec<String>, Vec<Said>), Refusal> {
    let mapping = mapping_of(app, grant, source)?;
    let found = super::databases::tables_of(app, source, from, &mapping.settings)?;
    let name = from.and_then(Path::file_name).map(|name| name.to_string_lossy());
    let report = app.sources()?.pull_from(grant, &source.name, name.as_deref(), &found.tables, if_doubtful, go_on)?;
    let (mut absent, mut notes) = (found.absent, found.notes);
    for (table, why) in &report.passed_over {
        absent.push(table.clone());
        notes.push(tables::said::delivery::other_columns(table, why));
    }
    for table in &report.tables {
        notes.extend(table.notes.iter().map(|note| tables::said::delivery::reading(&table.file, note)));
    }
    Ok((report, absent, notes))
}

fn report_json(source: &str, report: &PullReport, begun: Instant) -> Value {
    let sum = |of: fn(&TablePulled) -> u64| report.tables.iter().map(of).sum::<u64>();
    json!({
        "source": source,
        "delivery": report.delivery,
        "rows": sum(|table| table.rows),
        "new": sum(|table| table.new),
        "changed": sum(|table| table.changed),
        "gone": sum(|table| table.gone),
        "equal": sum(|table| table.equal),
        "bad": sum(|table| table.bad),
        "kept": sum(|table| table.kept),
        "tables": report.tables.iter().map(table_json).collect::<Vec<_>>(),
        "seconds": (begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0,
    })
}

fn table_json(table: &TablePulled) -> Value {
    json!({
        "name": table.name, "file": table.file, "rows": table.rows, "new": table.new, "changed": table.changed,
        "gone": table.gone, "equal": table.equal, "bad": table.bad, "kept": table.kept,
        "same_file": table.unchanged_file,
    })
}

/// `GET /api/sources/{id}/deliveries`
pub(super) async fn deliveries(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let deliveries = call.app.reading(move |app| Ok(app.sources()?.deliveries(&grant, &name, DELIVERIES)?)).await?;
    Ok(Answer::of(&json!({"deliveries": deliveries.iter().map(delivery_json).collect::<Vec<_>>()})))
}

fn delivery_json(delivery: &DeliveryInfo) -> Value {
    let tables: Vec<Value> = delivery
        .tables
        .iter()
        .map(|table| {
            json!({
                "name": table.table, "file": table.file, "rows": table.rows, "new": table.new, "gone": table.gone,
                "bad": table.bad,
            })
        })
        .collect();
    json!({"delivery": delivery.no, "at": instant(delivery.at_us), "path": delivery.path, "tables": tables})
}

/// `GET /api/sources/{id}/tables`: the tables as they are now.
pub(super) async fn current(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let tables = call.app.reading(move |app| Ok(app.sources()?.tables(&grant, &name)?)).await?;
    let tables: Vec<Value> = tables
        .iter()
        .map(|table| {
            json!({
                "name": table.name, "columns": table.columns, "rows": table.rows, "file": table.file,
                "delivery": table.delivery, "at": instant(table.at_us),
            })
        })
        .collect();
    Ok(Answer::of(&json!({"tables": tables})))
}

/// `GET /api/sources/{id}/tables/{table}/rows/{row}?delivery=`: a row by its number in the file of a delivery, and where its bytes are.
pub(super) async fn row(call: Call) -> Result<Answer, Refusal> {
    let (grant, name, table) = (call.grant()?, call.part("id"), call.part("table"));
    let row = u64::try_from(call.number("row")?).map_err(|_| Refusal::not_found("rows are numbered from 1"))?;
    let delivery = number_in_query(&call, "delivery")?.map(|no| i64::try_from(no).unwrap_or(i64::MAX));
    let asked = call.asked();
    let found = call
        .app
        .reading(move |app| {
            // Whose it is cannot be told before it is mapped: the trail says that a row was given, and which.
            app.audit(&grant, "source row", &asked, &[])?;
            let sources = app.sources()?;
            let own = sources.row_in_file(&grant, &name, &table, (row, delivery))?;
            let found = sources.row(&grant, &name, &table, own)?;
            // Where the mapping is gone, nobody says in which encoding the bytes are.
            let files = of_source(app, &grant, &sources.source(&grant, &name)?).unwrap_or_default();
            Ok(row_json(&found, Settings::of_files(&files).encoding_of(&table)))
        })
        .await?;
    Ok(Answer::of(&found))
}

/// Where the bytes of a row are, and the encoding that the mapping says they are in.
pub(super) fn row_bytes((no, offset, length): (i64, u64, u32), encoding: Option<Charset>) -> Value {
    json!({"no": no, "offset": offset, "length": length, "encoding": encoding.map(Charset::name)})
}

fn row_json(found: &tables::pull::RowOrigin, encoding: Option<Charset>) -> Value {
    let cells: serde_json::Map<String, Value> =
        found.cells.iter().map(|(column, cell)| (column.clone(), json!(cell))).collect();
    json!({
        "table": found.table,
        "row": found.number,
        "file": found.file,
        "number": found.number,
        "delivery": found.delivery,
        "current": found.is_current,
        "arrival": found.arrival.map(|place| row_bytes(place, encoding)),
        "cells": cells,
    })
}
