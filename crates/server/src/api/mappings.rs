//! Mappings: what is wrong with them, what they would make, and making it.

use super::stream::{self, Lines};
use super::tables::{source_json, wrong};
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::{Grant, Permission};
use intake::import::Pace;
use intake::tables_door::{Mode, TablesDoor};
use lake::workbench::{Limits, Stop};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tables::pull::SourceInfo;
use tables::run::{PrepareError, RunOptions, Runner};

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Time that one target of a run may take.
const TIME: Duration = Duration::from_hours(12);
/// Memory of a query of a mapping, in bytes; beyond it goes to disk.
const MEMORY_BYTES: usize = 256 << 20;
/// Rows of one target, at most.
const ROWS: usize = 1 << 40;

/// `GET /api/mappings`: the sources of tables and their mappings, and the mappings that come with the program.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let sources = call.app.reading(move |app| Ok(app.sources()?.list(&grant)?)).await?;
    let sources: Vec<Value> = sources.iter().map(source_json).collect();
    Ok(Answer::of(&json!({"sources": sources, "shipped": tables::run::shipped()})))
}

/// `POST /api/mappings/{source}/check`: what is wrong with a source's mapping, its columns included.
pub(super) async fn check(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let problems = call
        .app
        .reading(move |app| {
            let source = app.sources()?.source(&grant, &name)?;
            match prepare(app, &grant, &source) {
                Ok(_) => Ok(Vec::new()),
                Err(Prepared::Wrong(problems)) => Ok(problems),
                Err(Prepared::Refused(refusal)) => Err(refusal),
            }
        })
        .await?;
    let problems: Vec<Value> = problems.iter().map(problem_json).collect();
    Ok(Answer::of(&json!({"problems": problems})))
}

fn problem_json(problem: &tables::mapping::Problem) -> Value {
    json!({
        "file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message,
        "hint": problem.hint,
    })
}

/// Why a mapping is not ready.
enum Prepared {
    Wrong(Vec<tables::mapping::Problem>),
    Refused(Refusal),
}

fn prepare(app: &App, grant: &Grant, source: &SourceInfo) -> Result<Runner, Prepared> {
    let files = tables::run::files_of(&source.mapping).map_err(|error| Prepared::Refused(error.into()))?;
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mapping = tables::mapping::Mapping::parse(&files).map_err(Prepared::Wrong)?;
    let sources = app.sources().map_err(Prepared::Refused)?;
    let workbench = app.workbench().map_err(Prepared::Refused)?;
    Runner::prepare(&sources, &workbench, grant, &source.name, &mapping, app.now_us(), None).map_err(
        |error| match error {
            PrepareError::Problems(problems) => Prepared::Wrong(problems),
            PrepareError::Source(error) => Prepared::Refused(error.into()),
        },
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Whether resources are stored; otherwise it is only said what would be.
    #[serde(default)]
    write: bool,
}

/// `POST /api/mappings/{source}/run`: lines of JSON, `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end. Who
/// stops reading stops the run; what was committed stays, and the same run goes on from there.
pub(super) async fn run(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let Run { write } = call.json().await?;
    if write {
        grant.may_all(Permission::Create)?;
        grant.may_all(Permission::Update)?;
    }
    let (app, holder) = (Arc::clone(&call.app), grant.clone());
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&holder, &name)?)).await?;
    let runs = app.running.begin(&format!("a run of {}", source.name))?;
    stream::lines(&call, "application/x-ndjson", move |lines: &Lines| {
        let _runs = runs;
        let mode = if write { Mode::Write } else { Mode::Dry };
        let _ = match run_now(&app, &grant, &source, mode, lines) {
            Ok(report) => lines.send(&json!({"report": report})),
            Err(Prepared::Wrong(problems)) => {
                let mut error = wrong(&source.mapping, &problems).own_json();
                error["error"]["problems"] = problems.iter().map(problem_json).collect();
                lines.send(&error)
            }
            Err(Prepared::Refused(refusal)) => lines.send(&refusal.own_json()),
        };
    })
}

/// Keeps the mapping as it is now: what it makes can then be explained for ever.
fn keep(app: &App, grant: &Grant, source: &SourceInfo, runner: &Runner) -> Result<(), Refusal> {
    let files = tables::run::files_of(&source.mapping)?;
    Ok(app.sources()?.keep_mapping(grant, runner.hash(), &source.mapping, &files)?)
}

fn run_now(app: &Arc<App>, grant: &Grant, source: &SourceInfo, mode: Mode, lines: &Lines) -> Result<Value, Prepared> {
    let begun = Instant::now();
    let runner = prepare(app, grant, source)?;
    if mode == Mode::Write {
        keep(app, grant, source, &runner).map_err(Prepared::Refused)?;
    }
    // SQL follows what is written, and holds it up when it cannot.
    let pace = match (mode, app.lake()) {
        (Mode::Write, Ok(lake)) => {
            let (bound, app) = (app.lag_bound(), Arc::clone(app));
            Some(Pace::new(move || lake.pace(bound, &|| app.is_stopping())))
        }
        _ => None,
    };
    let mut door = TablesDoor::new(&app.records, grant, &source.name, &source.mapping, mode, pace);
    let stop = Stop::default();
    let mut told = Instant::now();
    let mut go_on = |target: &str, rows: u64| {
        if app.is_stopping() || lines.is_closed() {
            return Err(tables::Error::Stopped);
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            if lines.send(&json!({"progress": {"target": target, "rows": rows}})).is_break() {
                return Err(tables::Error::Stopped);
            }
        }
        Ok(())
    };
    let limits = Limits { time: TIME, memory_bytes: MEMORY_BYTES, rows: ROWS, ..Limits::default() };
    let made = app.sources().map_err(Prepared::Refused)?.made_folder();
    let options = RunOptions { written: mode == Mode::Write, made, limits, stop, go_on: &mut go_on };
    let report = runner.run(&mut door, options).map_err(|error| Prepared::Refused(error.into()))?;
    let mut told = report.to_json();
    told["csv"] = json!(report.to_csv());
    told["arrival"] = json!(door.first_arrival().map(|no| no.0));
    told["seconds"] = json!((begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0);
    Ok(told)
}
