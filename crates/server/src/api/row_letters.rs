//! Dead letters that are rows of a source: shown with their cells, corrected cell by cell, and taken by a run.
//!
//! They are dealt with as all letters are: what is sent to `/correct` stands beside the letter, `/replay` takes it. But what is corrected is a row,
//! `{"reason": …, "cells": {column: text or null}}`, and it is taken by the source's mapping: by the next run, or by the one that a replay is.

use super::mapping_files::{lent, of_source};
use super::mappings::run_unattended;
use super::runs::run_of;
use super::stream::Lines;
use super::tables::pull_now;
use super::uploads::UPLOAD;
use crate::app::App;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use axum::http::StatusCode;
use intake::import::Importer;
use intake::{RowOfLetter, row_of_letter, rows_of_letter};
use lake::workbench::{Limits, Stop};
use records::{DeadLetter, DeadLetterNo, DeadLetterState};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tables::mapping::Mapping;
use tables::pull::{BadLetter, Cells, Correction, IfDoubtful, InFiles};
use tables::run::{Runner, Sample, SampleReason};
use tables::said::Said;

/// Time and memory that a look at one row may take.
const TIME: Duration = Duration::from_secs(20);
const MEMORY_BYTES: usize = 128 << 20;
/// Resources of a row that are looked at.
const SAMPLES: usize = 20;
/// Deliveries among which the one is looked for that brought a table last.
const DELIVERIES: usize = 1_000;

/// What is sent as a correction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrected {
    reason: String,
    cells: Cells,
}

fn read(bytes: &[u8]) -> Result<Corrected, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "structure", format!("this is no correction of a row: {error}"))
            .hint("a row is corrected by {\"reason\": \"…\", \"cells\": {\"column\": \"text\"}}; null is a cell without a value".into())
    })
}

fn correction_json(correction: &Correction) -> Value {
    json!({
        "cells": correction.cells, "by": correction.who, "at": instant(correction.at_us), "reason": correction.reason,
    })
}

/// Where each letter is, by the numbers that rows have in their files.
pub(super) fn places(app: &App, grant: &Grant, letters: &[DeadLetter]) -> Result<Vec<String>, Refusal> {
    let mut wanted: BTreeMap<&str, BTreeMap<String, BTreeSet<u64>>> = BTreeMap::new();
    for letter in letters {
        if let Some(of) = rows_of_letter(letter) {
            let tables = wanted.entry(&letter.arrival.source).or_default();
            tables.entry(of.table.to_owned()).or_default().extend(of.rows);
        }
    }
    let mut found: BTreeMap<&str, InFiles> = BTreeMap::new();
    for (source, rows) in wanted {
        match app.sources()?.in_files(grant, source, &rows) {
            Ok(numbers) => drop(found.insert(source, numbers)),
            Err(error @ tables::Error::Denied(_)) => return Err(error.into()),
            // A source that was removed, with its rows, or one whose rows cannot be read: the letters of others are told all the same.
            Err(_) => {}
        }
    }
    let place = |letter: &DeadLetter| match rows_of_letter(letter) {
        None => letter.place.clone(),
        Some(of) => {
            let numbers = found.get(letter.arrival.source.as_str());
            of.numbered(|row| Some(numbers?.of(of.table, row)?.row))
        }
    };
    Ok(letters.iter().map(place).collect())
}

/// The same of one letter.
pub(super) fn place_of(app: &App, grant: &Grant, letter: &DeadLetter) -> Result<String, Refusal> {
    Ok(places(app, grant, std::slice::from_ref(letter))?.remove(0))
}

/// Which row a letter is.
pub(super) enum OfRow {
    /// One that the mapping refused.
    Refused(RowOfLetter),
    /// One that could not be read.
    Bad(BadLetter),
}

/// The row that a letter is; nothing if it is of something else.
pub(super) fn row_of(app: &App, grant: &Grant, letter: &DeadLetter) -> Result<Option<OfRow>, Refusal> {
    if let Some(RowOfLetter { table, row }) = row_of_letter(letter) {
        let row = match app.sources()?.moved(grant, &letter.arrival.source) {
            Ok(moved) => moved.now(&table, row),
            // A source that was removed, with its rows.
            Err(tables::Error::Unknown { .. }) => row,
            Err(error) => return Err(error.into()),
        };
        return Ok(Some(OfRow::Refused(RowOfLetter { table, row })));
    }
    if letter.arrival.door != records::PULL_DOOR {
        return Ok(None);
    }
    Ok(app.sources()?.bad_letter(grant, letter.no.0)?.map(OfRow::Bad))
}

/// The row of a letter as it came, and as it was corrected last; nothing if it is no letter of a row, or the row is there no longer.
pub(super) fn told(app: &App, grant: &Grant, letter: &DeadLetter) -> Result<Value, Refusal> {
    let RowOfLetter { table, row } = match row_of(app, grant, letter)? {
        None => return Ok(Value::Null),
        Some(OfRow::Refused(row)) => row,
        Some(OfRow::Bad(bad)) => {
            let cells: Map<String, Value> = bad.columns.iter().map(|column| (column.clone(), Value::Null)).collect();
            return Ok(json!({
                "table": bad.table, "row": null, "file": letter.arrival.name, "number": null, "delivery": null,
                "is_current": false, "cells": cells, "corrected": bad.corrected.as_ref().map(correction_json),
            }));
        }
    };
    let (sources, source) = (app.sources()?, &letter.arrival.source);
    let found = match sources.row(grant, source, &table, row) {
        Ok(found) => found,
        Err(tables::Error::Unknown { .. }) => return Ok(Value::Null),
        Err(error) => return Err(error.into()),
    };
    let corrections = sources.corrections(grant, source, &table, row)?;
    let cells: Map<String, Value> = found.cells.into_iter().map(|(column, cell)| (column, json!(cell))).collect();
    Ok(json!({
        "table": table, "row": found.number, "file": found.file, "number": found.number, "delivery": found.delivery,
        "is_current": found.is_current, "cells": cells, "corrected": corrections.last().map(correction_json),
    }))
}

/// Keeps a correction of a letter's row, and says why the row would not be taken either, if it would not.
pub(super) fn correct(
    app: &App,
    grant: &Grant,
    letter: &DeadLetter,
    of: &OfRow,
    bytes: Vec<u8>,
) -> Result<Value, Refusal> {
    match of {
        OfRow::Refused(row) => correct_refused(app, grant, letter, row, bytes),
        OfRow::Bad(bad) => correct_bad(app, grant, letter, bad, bytes),
    }
}

/// What a person says of a row, kept.
fn kept(
    app: &App,
    grant: &Grant,
    letter: &DeadLetter,
    (cells, reason): (Cells, String),
    bytes: Vec<u8>,
) -> Result<Correction, Refusal> {
    let arrival = Importer::new(Arc::clone(&app.records)).keep_correction(grant, letter, bytes)?.0;
    Ok(Correction { cells, who: grant.principal().to_string(), at_us: app.now_us(), reason, arrival })
}

fn correct_bad(
    app: &App,
    grant: &Grant,
    letter: &DeadLetter,
    bad: &BadLetter,
    bytes: Vec<u8>,
) -> Result<Value, Refusal> {
    let sources = app.sources()?;
    let Corrected { reason, cells } = read(&bytes)?;
    let cells = sources.bad_correctable(grant, bad, &cells, &reason)?;
    let correction = kept(app, grant, letter, (cells, reason), bytes)?;
    sources.correct_bad(grant, bad, &correction)?;
    Ok(json!({"arrival": correction.arrival, "refused": null}))
}

fn correct_refused(
    app: &App,
    grant: &Grant,
    letter: &DeadLetter,
    of: &RowOfLetter,
    bytes: Vec<u8>,
) -> Result<Value, Refusal> {
    let (sources, source) = (app.sources()?, letter.arrival.source.as_str());
    let row = (of.table.as_str(), of.row);
    let Corrected { reason, cells } = read(&bytes)?;
    let came = sources.row(grant, source, &of.table, of.row)?;
    let mut cells = sources.correctable(grant, source, row, &cells, &reason)?;
    // Whoever sends all cells means those that are other.
    cells.retain(|column, cell| !came.cells.iter().any(|(name, as_it_came)| name == column && as_it_came == cell));
    let correction = kept(app, grant, letter, (cells, reason), bytes)?;
    sources.correct(grant, source, row, &correction)?;
    let mut refused = match why_refused(app, grant, letter, of) {
        Ok(refused) => refused,
        // It is kept; what keeps it from being tried is told by the run.
        Err(refusal) => {
            let text = refusal.issues.first().map(|issue| issue.text.clone()).unwrap_or_default();
            Some(json!({"what": text, "reasons": [], "said": refusal.said().map(Said::json)}))
        }
    };
    if let Some(refused) = &mut refused {
        refused["place"] = json!(letter.place);
    }
    Ok(json!({"arrival": correction.arrival, "refused": refused}))
}

/// Why the mapping would refuse the row as it is now, if it would. References are looked at by the run alone.
fn why_refused(app: &App, grant: &Grant, letter: &DeadLetter, of: &RowOfLetter) -> Result<Option<Value>, Refusal> {
    let sources = app.sources()?;
    let source = sources.source(grant, &letter.arrival.source)?;
    let files = of_source(app, grant, &source)?;
    let unfit = |problems: &[tables::mapping::Problem]| super::tables::wrong(&source.mapping, problems);
    let mapping = Mapping::parse(&lent(&files)).map_err(|problems| unfit(&problems))?;
    let row = (of.table.as_str(), of.row);
    let target = letter.arrival.name.as_str();
    let runner =
        Runner::of_row(&sources, &app.workbench()?, grant, &source.name, &mapping, app.now_us(), (target, row));
    let runner = runner.map_err(|error| match error {
        tables::run::PrepareError::Problems(problems) => unfit(&problems),
        tables::run::PrepareError::Source(error) => error.into(),
    })?;
    let limits = Limits { time: TIME, memory_bytes: MEMORY_BYTES, ..Limits::default() };
    let preview = runner.preview(target, SAMPLES, &limits, &Stop::default())?;
    let refused = preview.samples.iter().find(|sample| sample.resource.is_none());
    let of_sample = |sample: &Sample| {
        let words: Vec<String> =
            sample.reasons.iter().map(|reason| format!("{}: {}", reason.code, reason.message)).collect();
        let one = |reason: &SampleReason| json!({"reason": reason.code, "element": reason.element, "message": reason.message});
        let reasons: Vec<Value> = sample.reasons.iter().map(one).collect();
        json!({"what": words.join("; "), "reasons": reasons, "said": null})
    };
    Ok(match refused {
        Some(sample) => Some(of_sample(sample)),
        None if preview.samples.is_empty() => {
            let said = tables::said::problem::passed_over();
            Some(json!({"what": said.to_string(), "reasons": [], "said": said.json()}))
        }
        None => None,
    })
}

/// Takes a letter's row, corrected by `bytes` if there are any: a run of the source's mapping that writes, after a pull if it could not be read.
pub(super) fn replay(
    app: &Arc<App>,
    grant: &Grant,
    letter: &DeadLetter,
    of: &OfRow,
    bytes: Vec<u8>,
    lines: &Lines,
) -> Result<Value, Refusal> {
    if !bytes.is_empty() {
        correct(app, grant, letter, of, bytes)?;
    }
    let source = app.sources()?.source(grant, &letter.arrival.source)?;
    if let OfRow::Bad(bad) = of {
        if source.path == UPLOAD {
            let text = format!("deliveries of {} are sent: the next one takes the row", source.name);
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text));
        }
        // What lies where the source delivers by itself may be older than what was taken last.
        let all = app.sources()?.deliveries(grant, &source.name, DELIVERIES)?;
        let last = all.iter().find(|one| one.tables.iter().any(|table| table.table == bad.table));
        // Of another place the name alone is known.
        if let Some(last) = last.filter(|last| !last.path.contains('/')) {
            let text = format!(
                "the last delivery of {} is {}, which does not lie where the source delivers: pull it once more, which takes the row as it is corrected",
                source.name, last.path
            );
            let hint = format!("medweave source pull {} --from PATH/{}", source.name, last.path);
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text).hint(hint));
        }
        pull_now(app, grant, &source, None, IfDoubtful::Stop, &mut |table, rows| {
            let told = lines.send(&json!({"progress": {"table": table, "rows": rows}}));
            if told.is_break() { Err(tables::Error::Stopped) } else { Ok(()) }
        })?;
    }
    let runs = app.running.begin(&run_of(&source.name))?;
    let report = run_unattended(app, grant, &source, &runs, lines)?;
    drop(runs);
    let now = app.records.dead_letter(grant, letter.no)?;
    let count = |name: &str| report[name].as_u64().unwrap_or(0);
    match now.state {
        DeadLetterState::Replayed => {
            let arrivals: Vec<i64> = now.replayed.iter().map(|no| no.0).collect();
            let stored = count("new") + count("changed") + count("gone");
            Ok(json!({"stored": stored, "unchanged": count("equal"), "arrivals": arrivals}))
        }
        DeadLetterState::Open => Err(not_taken(letter.no, &format!("{}: {}", place_of(app, grant, &now)?, now.what))),
        DeadLetterState::Discarded => Err(not_taken(letter.no, now.reason.as_deref().unwrap_or_default())),
    }
}

fn not_taken(no: DeadLetterNo, why: &str) -> Refusal {
    Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "value",
        format!("the mapping ran, and dead letter {no} was not taken: {why}"),
    )
    .hint("correct its cells, or the mapping".into())
}
