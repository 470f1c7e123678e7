//! Mappings: what is wrong with them, what they would make, and making it.

use super::mapping_files::{lent, of_source};
use super::own_mappings::version_json;
use super::runs::run_of;
use super::stream::{self, Lines};
use super::tables::wrong;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::running::Runs;
use access::{Grant, Permission};
use axum::http::StatusCode;
use intake::import::Pace;
use intake::tables_door::{Meets, Mode, TablesDoor};
use lake::workbench::{Limits, Stop};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tables::pull::SourceInfo;
use tables::run::{Giver, MappingFiles, PrepareError, RunBegins, RunInfo, RunOptions, RunState, Runner, TOLD_APART};
use tables::said::{Said, problem};

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Time that one target of a run may take.
const TIME: Duration = Duration::from_hours(12);
/// Resources of each target by which a check says what the mapping may have forgotten, and the time that each may take.
const CHECK_SAMPLES: usize = 500;
const CHECK_TIME: Duration = Duration::from_secs(5);
/// Memory of a query of a mapping, in bytes; beyond it goes to disk.
const MEMORY_BYTES: usize = 256 << 20;
/// Rows of one target, at most.
const ROWS: usize = 1 << 40;

/// `GET /api/mappings`: the sources of tables and their mappings, and the mappings that come with the program.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let (sources, own) = call
        .app
        .reading(move |app| {
            // Who may not see rows of sources sees which sources there are, and no mapping.
            let own = if grant.may_use_sql().is_ok() { app.own()?.list(&grant)? } else { Vec::new() };
            Ok((super::tables::list_json(app, &grant)?, own))
        })
        .await?;
    let own: Vec<Value> = own.iter().map(version_json).collect();
    Ok(Answer::of(&json!({"sources": sources, "shipped": tables::run::shipped(), "own": own})))
}

/// `POST /api/mappings/{source}/check`: what is wrong with a source's mapping, its columns included.
pub(super) async fn check(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let (problems, warnings) = call
        .app
        .reading(move |app| {
            let source = app.sources()?.source(&grant, &name)?;
            match prepare(app, &grant, &source) {
                // What a few rows show is for who may see them.
                Ok(runner) if grant.may_use_sql().is_ok() => {
                    let limits = Limits { time: CHECK_TIME, ..Limits::default() };
                    // A query that takes long is no fault of the mapping: a dry run tells then.
                    let mut warnings = runner.keyless();
                    warnings.extend(runner.warnings(CHECK_SAMPLES, &limits, &Stop::default()).unwrap_or_default());
                    Ok((Vec::new(), warnings))
                }
                Ok(runner) => Ok((Vec::new(), runner.keyless())),
                Err(Prepared::Wrong(problems)) => Ok((problems, Vec::new())),
                Err(Prepared::Refused(refusal)) => Err(refusal),
            }
        })
        .await?;
    let problems: Vec<Value> = problems.iter().map(problem_json).collect();
    let said: Vec<Value> = warnings.iter().map(Said::json).collect();
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    Ok(Answer::of(&json!({"problems": problems, "warnings": warnings, "warnings_said": said})))
}

pub(super) fn problem_json(problem: &tables::mapping::Problem) -> Value {
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
    let files = of_source(app, grant, source).map_err(Prepared::Refused)?;
    prepare_with(app, grant, source, &files)
}

fn prepare_with(app: &App, grant: &Grant, source: &SourceInfo, files: &MappingFiles) -> Result<Runner, Prepared> {
    let mapping = tables::mapping::Mapping::parse(&lent(files)).map_err(Prepared::Wrong)?;
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
    /// Whether every row is mapped and compared with what is stored, whatever earlier runs did.
    #[serde(default)]
    whole: bool,
    /// The beginning of the hash of an earlier version of the mapping, which is tried in place of the one that is there now.
    #[serde(default)]
    version: Option<String>,
    /// What somebody looked at before it is written: of anything else nothing is written.
    #[serde(default)]
    of: Option<Seen>,
}

/// What a dry run was of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The mapping's hash.
    hash: String,
    /// The newest delivery.
    delivery: Option<i64>,
}

/// `POST /api/mappings/{source}/run`: lines of JSON, `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end. Who
/// stops reading stops the run; what was committed stays, and the same run goes on from there.
pub(super) async fn run(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("source"));
    let how: Run = call.json().await?;
    if how.write && how.version.is_some() {
        return Err(Refusal::bad_request(
            "an earlier version of a mapping is tried, and writes nothing: put its files back to run it",
        ));
    }
    if how.write {
        grant.may_all(Permission::Create)?;
        grant.may_all(Permission::Update)?;
    }
    let (app, holder) = (Arc::clone(&call.app), grant.clone());
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&holder, &name)?)).await?;
    let runs = app.running.begin(&run_of(&source.name))?;
    stream::lines(&call, "application/x-ndjson", move |lines: &Lines| {
        let _ = match run_now(&app, &grant, &source, &how, &runs, lines) {
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

/// A run that writes and that nobody waits for.
pub(super) fn run_unattended(
    app: &Arc<App>,
    grant: &Grant,
    source: &SourceInfo,
    runs: &Runs,
    lines: &Lines,
) -> Result<Value, Refusal> {
    let how = Run { write: true, whole: false, version: None, of: None };
    run_now(app, grant, source, &how, runs, lines).map_err(|error| match error {
        Prepared::Wrong(problems) => wrong(&source.mapping, &problems),
        Prepared::Refused(refusal) => refusal,
    })
}

/// Keeps the mapping as it is now: what it makes can then be explained for ever.
fn keep(app: &App, grant: &Grant, source: &SourceInfo, runner: &Runner) -> Result<(), Refusal> {
    let files = of_source(app, grant, source)?;
    Ok(app.sources()?.keep_mapping(grant, runner.hash(), &source.mapping, &files)?)
}

/// Runs that are looked at for what was taken back of them by its arrivals.
const LOOKED_AT: usize = 100;

/// What was taken back by its arrivals since the last run is not as that left it.
fn look_behind(app: &App, grant: &Grant, source: &SourceInfo) -> Result<(), Refusal> {
    let sources = app.sources()?;
    let runs = sources.runs(grant, &source.name, None, LOOKED_AT)?;
    let stands = |run: &&RunInfo| run.state != RunState::Undone;
    let standing: Vec<_> = runs.iter().filter(stands).map(|run| run.written_as).collect();
    let back = app.records.taken_back(grant, &standing)?;
    for run in runs.iter().filter(stands).filter(|run| back.contains(&run.written_as)) {
        // As when the program ended between the two.
        sources.run_undone(grant, &source.name, run.no)?;
    }
    let deliveries: Vec<_> = runs.iter().map(|run| run.written_as).collect();
    let undone = app.records.newest_undone(grant, &deliveries)?;
    if undone > runs.first().map(|run| run.begun_us) {
        sources.forget_made(grant, &source.name)?;
    }
    Ok(())
}

/// A run's place in the log of runs; of a dry one none.
fn begin(app: &App, grant: &Grant, source: &SourceInfo, runner: &Runner) -> Result<RunInfo, Refusal> {
    keep(app, grant, source, runner)?;
    let settings = runner.settings();
    let begins = RunBegins { mapping: &settings.name, version: &settings.version, hash: runner.hash() };
    Ok(app.sources()?.begin_run(grant, &source.name, begins)?)
}

fn run_now(
    app: &Arc<App>,
    grant: &Grant,
    source: &SourceInfo,
    how: &Run,
    runs: &Runs,
    lines: &Lines,
) -> Result<Value, Prepared> {
    let files = match &how.version {
        Some(version) => {
            app.sources().and_then(|sources| Ok(sources.mapping(grant, version)?)).map_err(Prepared::Refused)?
        }
        None => of_source(app, grant, source).map_err(Prepared::Refused)?,
    };
    let runner = prepare_with(app, grant, source, &files)?;
    let newest = app.sources().and_then(|sources| Ok(sources.newest_deliveries(grant)?)).map_err(Prepared::Refused)?;
    let delivery = newest.get(&source.name).map(|(no, _)| *no);
    if delivery.is_none() {
        let text = format!("{} has delivered nothing yet: there is nothing to map", source.name);
        let refusal = Refusal::new(StatusCode::CONFLICT, "conflict", text);
        return Err(Prepared::Refused(refusal.hint(format!("medweave source pull {}", source.name))));
    }
    if how.of.as_ref().is_some_and(|of| of.hash != runner.hash() || of.delivery != delivery) {
        let refusal = Refusal::saying(StatusCode::CONFLICT, "conflict", problem::not_looked_at());
        return Err(Prepared::Refused(refusal.hint("look at a dry run of what is there now".into())));
    }
    if how.write {
        look_behind(app, grant, source).map_err(Prepared::Refused)?;
    }
    let begun = Instant::now();
    let run = if how.write { Some(begin(app, grant, source, &runner).map_err(Prepared::Refused)?) } else { None };
    let done = run_through(app, grant, source, &runner, (run.as_ref(), how.whole), runs, lines);
    let done = done.map(|(mut told, csv)| {
        told["delivery"] = json!(delivery);
        told["seconds"] = json!((begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0);
        (told, csv)
    });
    // The CSV goes to whoever asked, and is not kept: it says the same.
    let with_csv = |(mut told, csv): (Value, String)| {
        told["csv"] = json!(csv);
        told
    };
    let Some(run) = run else { return done.map(with_csv).map_err(|error| Prepared::Refused(error.into())) };
    let (state, problem) = match &done {
        Ok(_) => (RunState::Done, String::new()),
        Err(_) if runs.is_halted() => (RunState::Paused, String::new()),
        // Its queries end as well, and say so in their way.
        Err(_) if lines.is_closed() || app.is_stopping() => (RunState::Interrupted, String::new()),
        Err(tables::Error::Stopped) => (RunState::Interrupted, String::new()),
        Err(error @ tables::Error::NoRoom) => (RunState::Interrupted, kept(error)),
        Err(error) => (RunState::Failed, kept(error)),
    };
    let report = done.as_ref().map(|(told, _)| told).map_err(|_| problem.as_str());
    let noted = app.sources().and_then(|sources| Ok(sources.end_run(grant, &source.name, run.no, state, report)?));
    if state == RunState::Paused {
        let said = problem::run_paused(run.no, &source.name);
        let refusal = Refusal::saying(StatusCode::CONFLICT, "conflict", said);
        return Err(Prepared::Refused(refusal.hint("the next run that writes goes on with it".into())));
    }
    let mut told = done.map(with_csv).map_err(|error| Prepared::Refused(error.into()))?;
    noted.map_err(Prepared::Refused)?;
    told["run"] = json!(run.no);
    Ok(told)
}

/// Why a run failed, as its log keeps it.
fn kept(error: &tables::Error) -> String {
    problem::of(error).map_or_else(|| error.to_string(), |said| said.kept())
}

/// Takes every row through, and gives the report.
fn run_through(
    app: &Arc<App>,
    grant: &Grant,
    source: &SourceInfo,
    runner: &Runner,
    (run, whole): (Option<&RunInfo>, bool),
    runs: &Runs,
    lines: &Lines,
) -> Result<(Value, String), tables::Error> {
    // SQL follows what is written, and holds it up when it cannot.
    let pace = match (run, app.lake()) {
        (Some(_), Ok(lake)) => {
            let (bound, app) = (app.lag_bound(), Arc::clone(app));
            Some(Pace::new(move || lake.pace(bound, &|| app.is_stopping())))
        }
        _ => None,
    };
    let sources = app.sources().map_err(|refusal| tables::Error::Name(refusal.issues[0].text.clone()))?;
    let giver = Giver { source: source.no, ranks: runner.settings().rank };
    let meets = Meets { sources: &sources, giver };
    let mode = run.map_or(Mode::Dry, |run| Mode::Write(run.written_as));
    let mut door = TablesDoor::new(&app.records, grant, &source.name, &source.mapping, mode, pace, meets);
    if let Some(run) = run {
        door = door.of_run(run.clone());
    }
    let mut told = Instant::now();
    let mut go_on = |target: &str, rows: u64| {
        if runs.is_halted() {
            return Err(tables::Error::Paused);
        }
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
    let _watch = {
        let (app, queries) = (Arc::clone(app), runs.queries());
        lines.watch(move || app.is_stopping(), move || queries.stop())
    };
    let limits = Limits { time: TIME, memory_bytes: MEMORY_BYTES, rows: ROWS, ..Limits::default() };
    let made = sources.made_folder();
    let options = RunOptions {
        written: run.is_some(),
        made,
        run: run.map(|run| run.no),
        whole,
        told_apart: TOLD_APART,
        limits,
        stop: runs.queries(),
        go_on: &mut go_on,
    };
    let mut report = runner.run(&mut door, options)?;
    // All is written: rows that cannot be read now have no number of their file.
    if let Err(error) = report.number_rows(&sources, grant) {
        records::tell_operator!("the rows of the report of {} have no numbers: {error}", source.name);
    }
    if let Ok(own) = app.own() {
        own.note_unmapped(grant, &source.name, &report.unmapped, run.is_some(), app.now_us())?;
    }
    let mut told = report.to_json();
    told["arrival"] = json!(door.first_arrival().map(|no| no.0));
    Ok((told, report.to_csv()))
}
