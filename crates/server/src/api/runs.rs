//! Runs of mappings that wrote: which there were, halting one, and taking one back.

use super::import::undone_json;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use axum::http::StatusCode;
use intake::Undone;
use intake::import::Importer;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tables::run::{ROW_LINKS, RunInfo, RunState, csv_of};
use tables::said::Said;

/// Runs that are listed unless somebody asks for fewer.
const RUNS: usize = 100;

/// What runs are called among what runs one at a time.
pub(super) fn run_of(source: &str) -> String {
    format!("a run of {source}")
}

fn run_json(run: &RunInfo) -> Value {
    let problem = run.problem.clone().map(Said::of_kept);
    json!({
        "run": run.no,
        "state": run.state.as_str(),
        "begun": instant(run.begun_us),
        "ended": run.ended_us.map(instant),
        "who": run.who,
        "mapping": run.mapping,
        "version": run.version,
        "hash": run.hash,
        "delivery": run.delivery,
        "counts": run.counts,
        "problem": problem.as_ref().map(|(text, _)| text),
        "problem_said": problem.as_ref().and_then(|(_, said)| said.as_ref()).map(Said::json),
    })
}

fn number(call: &Call, name: &str) -> Option<i64> {
    call.query_value(name).and_then(|text| text.parse().ok())
}

/// `GET /api/mappings/{source}/runs?before=&limit=`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let limit = number(&call, "limit").map_or(RUNS, |limit| limit.clamp(1, RUNS as i64) as usize);
    let before = number(&call, "before");
    let runs = call.app.reading(move |app| Ok(app.sources()?.runs(&grant, &name, before, limit)?)).await?;
    let next = if runs.len() == limit { runs.last().map(|run| run.no) } else { None };
    Ok(Answer::of(&json!({"runs": runs.iter().map(run_json).collect::<Vec<_>>(), "next_before": next})))
}

/// `GET /api/mappings/{source}/runs/{no}`: with its report, whose examples show cells.
pub(super) async fn one(call: Call) -> Result<Answer, Refusal> {
    let (grant, name, no) = (call.grant()?, call.part("source"), call.number("no")?);
    let asked = call.asked();
    let told = call
        .app
        .reading(move |app| {
            let (run, report) = app.sources()?.run(&grant, &name, no)?;
            app.audit(&grant, "run report", &asked, &[])?;
            let csv = report.as_ref().map(csv_of);
            Ok(json!({"run": run_json(&run), "report": report, "csv": csv}))
        })
        .await?;
    Ok(Answer::of(&told))
}

/// `POST /api/mappings/{source}/pause`: the run that writes now ends after what it has in hand; the next goes on with it.
pub(super) async fn pause(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&grant, &name)?)).await?;
    if call.app.running.halt(&run_of(&source.name)) {
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    }
    let text = format!("no run of {} is under way", source.name);
    Err(Refusal::new(StatusCode::CONFLICT, "conflict", text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    /// Which run; the newest that was not taken back if none is named.
    #[serde(default)]
    run: Option<i64>,
    /// Whether it is only said what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/mappings/{source}/undo`: takes back all that a run wrote, in one commit.
pub(super) async fn undo(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let Undo { run, dry_run } = call.json().await?;
    let (holder, asked) = (grant.clone(), call.asked());
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&holder, &name)?)).await?;
    // What a run writes cannot be taken back while it writes.
    let runs = call.app.running.begin(&run_of(&source.name))?;
    let told = call
        .app
        .writing(move |app| {
            let (_runs, sources) = (runs, app.sources()?);
            let run = match run {
                Some(no) => sources.run(&grant, &source.name, no)?.0,
                None => newest(&sources.runs(&grant, &source.name, None, RUNS)?, &source.name)?,
            };
            if run.state == RunState::Undone {
                let text = format!("run {} of {} was taken back already", run.no, source.name);
                return Err(Refusal::new(StatusCode::CONFLICT, "conflict", text));
            }
            if dry_run {
                app.audit(&grant, "would undo", &asked, &[])?;
            }
            let importer = Importer::new(Arc::clone(&app.records));
            let undone = importer.undo_run(&grant, run.written_as, &source.name, run.no, !dry_run)?;
            if !dry_run {
                sources.run_undone(&grant, &source.name, run.no)?;
            }
            let mut told = undone_json(app, &grant, &undone)?;
            // What is done is not told as failed.
            let later = match later_runs(app, &grant, &source.name, &undone) {
                Err(error) if dry_run => return Err(error),
                later => later.unwrap_or_default(),
            };
            told["run"] = run.no.into();
            told["later_runs"] = later.into_iter().collect::<Vec<_>>().into();
            told["provenance"] = undone.provenance.into();
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&told))
}

/// Later versions of what was left that are looked at for the runs that wrote them.
const LOOKED_AT: i64 = 10_000;

/// Versions of each resource that are looked at.
const VERSIONS: i64 = 100;

/// The runs that stand and wrote later versions of what was left as it is: with these taken back first, that is taken back too.
fn later_runs(app: &App, grant: &Grant, source: &str, undone: &Undone) -> Result<BTreeSet<i64>, Refusal> {
    let sources = app.sources()?;
    let (mut runs, mut seen) = (BTreeSet::new(), HashSet::new());
    let mut looked_at = 0;
    for left in undone.left.iter().filter(|left| left.again.is_none()) {
        let first = left.written.max(left.version - VERSIONS);
        looked_at += left.version - first;
        if looked_at > LOOKED_AT {
            break;
        }
        for version in first + 1..=left.version {
            let of = app.records.source(grant, &left.resource_type, &left.id, Some(version))?;
            if of.arrival.media == ROW_LINKS && of.arrival.source == source && seen.insert(of.arrival.no) {
                let numbers = app.records.deliveries_of(grant, of.arrival.no)?;
                let run = sources.run_that_wrote(grant, source, &numbers, app.now_us())?;
                runs.extend(run.filter(|run| run.state != RunState::Undone).map(|run| run.no));
            }
        }
    }
    Ok(runs)
}

fn newest(runs: &[RunInfo], source: &str) -> Result<RunInfo, Refusal> {
    let stands = runs.iter().find(|run| run.state != RunState::Undone);
    stands.cloned().ok_or_else(|| Refusal::not_found(format!("{source} had no run that could be taken back")))
}
