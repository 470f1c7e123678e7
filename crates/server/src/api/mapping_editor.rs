//! What an editor of mappings asks while somebody writes: what is wrong, what can stand here, and what the first rows become.

use super::mapping_files::{File, lent, taken};
use super::mappings::problem_json;
use super::stream;
use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use lake::workbench::{Limits, Stop};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};
use tables::edit::{TableColumns, complete_at};
use tables::mapping::{Mapping, Place, Problem};
use tables::pull::RowOrigin;
use tables::run::{MappingFiles, PrepareError, Preview, Runner, Sample};

/// Rows that a preview shows if it is not told how many, and at most.
const ROWS: usize = 20;
const MOST_ROWS: usize = 200;
/// Time that a preview may take: who writes does not wait longer.
const PREVIEW_TIME: Duration = Duration::from_secs(20);
/// Memory of its query, in bytes.
const PREVIEW_BYTES: usize = 128 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    files: Vec<File>,
    /// The source whose tables it is held against.
    #[serde(default)]
    source: Option<String>,
    /// The one target that is held against them: that of the file that is being written.
    #[serde(default)]
    target: Option<String>,
}

/// `POST /api/mappings/check`: what is wrong with the files of a mapping; with a source also what does not fit its tables.
pub(super) async fn check(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    grant.may_use_sql()?;
    let Check { files, source, target } = call.json_within(body::OF_MAPPINGS).await?;
    let files = taken(files);
    let told = call
        .app
        .reading(move |app| {
            let begun = Instant::now();
            let mut problems = tables::compile::check(&lent(&files));
            if let (true, Some(source)) = (problems.is_empty(), source) {
                problems = match prepare(app, &grant, &source, &files, target.as_deref())? {
                    Ok(_) => Vec::new(),
                    Err(problems) => problems,
                };
            }
            Ok(json!({"problems": problems.iter().map(problem_json).collect::<Vec<_>>(), "ms": milliseconds(begun)}))
        })
        .await?;
    Ok(Answer::of(&told))
}

fn milliseconds(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}

/// Plans files over the tables of a source, or says what is wrong.
fn prepare(
    app: &App,
    grant: &Grant,
    source: &str,
    files: &MappingFiles,
    target: Option<&str>,
) -> Result<Result<Runner, Vec<Problem>>, Refusal> {
    let mapping = match Mapping::parse(&lent(files)) {
        Ok(mapping) => mapping,
        Err(problems) => return Ok(Err(problems)),
    };
    let sources = app.sources()?;
    match Runner::prepare(&sources, &app.workbench()?, grant, source, &mapping, app.now_us(), target) {
        Ok(runner) => Ok(Ok(runner)),
        Err(PrepareError::Problems(problems)) => Ok(Err(problems)),
        Err(PrepareError::Source(error)) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    files: Vec<File>,
    /// The source whose tables and columns are offered.
    #[serde(default)]
    source: Option<String>,
    /// The file that the cursor is in.
    file: String,
    /// Its line, from 1.
    line: u32,
    /// Its column in characters, from 1.
    column: u32,
}

/// `POST /api/mappings/complete`: what can stand at a place.
pub(super) async fn complete(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    grant.may_use_sql()?;
    let Complete { files, source, file, line, column } = call.json_within(body::OF_MAPPINGS).await?;
    let files = taken(files);
    let offers = call
        .app
        .reading(move |app| {
            let known = match source {
                Some(source) => tables_of(app, &grant, &source)?,
                None => Vec::new(),
            };
            Ok(complete_at(&lent(&files), &known, &file, Place { line, column }))
        })
        .await?;
    let items: Vec<Value> = offers
        .items
        .iter()
        .map(|offer| {
            json!({
                "label": offer.label, "insert": offer.insert, "kind": offer.kind.as_str(), "detail": offer.detail,
                "help": offer.help,
            })
        })
        .collect();
    Ok(Answer::of(&json!({"from": offers.from, "to": offers.to, "items": items})))
}

/// The tables of a source with their columns.
fn tables_of(app: &App, grant: &Grant, source: &str) -> Result<Vec<TableColumns>, Refusal> {
    let sheets = app.sources()?.sheets(grant, source, &|_| Vec::new())?;
    let known = sheets.iter().map(|sheet| TableColumns { name: sheet.name().to_owned(), columns: sheet.columns() });
    Ok(known.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    files: Vec<File>,
    source: String,
    target: String,
    #[serde(default)]
    rows: Option<usize>,
}

/// `POST /api/mappings/preview`: the first rows of a target with what they become, and of which columns each element is made.
pub(super) async fn preview(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    grant.may_use_sql()?;
    let Show { files, source, target, rows } = call.json_within(body::OF_MAPPINGS).await?;
    let rows = rows.unwrap_or(ROWS).min(MOST_ROWS);
    let files = taken(files);
    let turn = stream::turn(&call)?;
    let asked = format!("{} source={source} target={target}", call.asked());
    // Whoever goes away meanwhile needs no answer.
    let stop = Stop::default();
    let stops = stop.on_drop();
    let told = call
        .app
        .reading(move |app| {
            let _turn = turn;
            let begun = Instant::now();
            let mut problems = tables::compile::check(&lent(&files));
            let runner = if problems.is_empty() {
                match prepare(app, &grant, &source, &files, Some(&target))? {
                    Ok(runner) => Some(runner),
                    Err(wrong) => {
                        problems = wrong;
                        None
                    }
                }
            } else {
                None
            };
            let Some(runner) = runner else {
                let problems: Vec<Value> = problems.iter().map(problem_json).collect();
                return Ok(Shown { problems, target, ms: milliseconds(begun), ..Shown::default() });
            };
            // Whose rows they are cannot be told before they are mapped: the trail says that rows were given, and of what.
            app.audit(&grant, "mapping preview", &asked, &[])?;
            let limits = Limits { time: PREVIEW_TIME, memory_bytes: PREVIEW_BYTES, ..Limits::default() };
            let preview = runner.preview(&target, rows, &limits, &stop)?;
            shown(app, &grant, &source, preview, begun)
        })
        .await?;
    drop(stops);
    let told = serde_json::to_string(&told).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(Answer::json(StatusCode::OK, told))
}

/// What a preview tells. Resources are text in it: as values they would lose digits.
#[derive(Serialize, Default)]
struct Shown {
    problems: Vec<Value>,
    target: String,
    #[serde(rename = "type")]
    resource_type: Option<&'static str>,
    complete: bool,
    ms: f64,
    elements: Vec<Value>,
    samples: Vec<ShownSample>,
    unmapped: Vec<Value>,
}

#[derive(Serialize)]
struct ShownSample {
    rows: Vec<Value>,
    more_rows: u64,
    resource: Option<Box<RawValue>>,
    reasons: Vec<Value>,
    remarks: Vec<Value>,
}

fn shown(app: &App, grant: &Grant, source: &str, preview: Preview, begun: Instant) -> Result<Shown, Refusal> {
    let sources = app.sources()?;
    let mut rows: HashMap<(String, u64), RowOrigin> = HashMap::new();
    for (table, row) in preview.samples.iter().flat_map(|sample| &sample.rows) {
        let key = (table.clone(), *row);
        if let Entry::Vacant(place) = rows.entry(key) {
            place.insert(sources.row(grant, source, table, *row)?);
        }
    }
    let elements: Vec<Value> = preview
        .elements
        .iter()
        .map(|element| {
            let (file, line, column) = &element.place;
            let origins = element.origins.iter().map(|(table, column)| json!({"table": table, "column": column}));
            json!({
                "element": element.path, "function": element.function, "sql": element.sql, "file": file, "line": line,
                "column": column, "origins": origins.collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Shown {
        problems: Vec::new(),
        target: preview.target,
        resource_type: Some(preview.resource_type),
        complete: preview.is_complete,
        ms: milliseconds(begun),
        elements,
        samples: preview.samples.into_iter().map(|sample| shown_sample(sample, &rows)).collect(),
        unmapped: preview.unmapped.iter().map(tables::run::unmapped_json).collect(),
    })
}

fn shown_sample(sample: Sample, rows: &HashMap<(String, u64), RowOrigin>) -> ShownSample {
    let of_row = |(table, row): &(String, u64)| {
        let found = &rows[&(table.clone(), *row)];
        let cells: serde_json::Map<String, Value> =
            found.cells.iter().map(|(column, cell)| (column.clone(), json!(cell))).collect();
        json!({
            "table": table, "row": found.number, "number": found.number, "delivery": found.delivery, "file": found.file,
            "cells": cells,
        })
    };
    let reasons: Vec<Value> = sample
        .reasons
        .iter()
        .map(|reason| json!({"reason": reason.code, "element": reason.element, "message": reason.message, "text": reason.text}))
        .collect();
    let remarks: Vec<Value> =
        sample.remarks.iter().map(|(remark, element)| json!({"remark": remark, "element": element})).collect();
    ShownSample {
        rows: sample.rows.iter().map(of_row).collect(),
        more_rows: sample.more_rows,
        resource: sample.resource,
        reasons,
        remarks,
    }
}
