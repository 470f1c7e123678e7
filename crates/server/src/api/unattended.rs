//! Pulls and runs that nobody waits for.

use super::mapping_files::of_source;
use super::stream::Lines;
use super::uploads::UPLOAD;
use super::{mappings, runs, tables as pulls};
use crate::app::App;
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use std::sync::Arc;
use tables::mapping::Settings;
use tables::pull::{Attempt, IfDoubtful, SourceInfo, Times};

/// When a source was pulled, is due, and whether it is late.
pub(crate) fn times(
    app: &App,
    grant: &Grant,
    source: &SourceInfo,
    now_us: i64,
) -> Result<(Option<Attempt>, Times), Refusal> {
    let attempt = app.sources()?.attempt(source)?;
    // A mapping that cannot be read has no times; whoever runs it is told why.
    let settings = of_source(app, grant, source).map(|files| Settings::of_files(&files)).unwrap_or_default();
    let mut times = Times::of(source, attempt.as_ref(), &settings, now_us);
    if source.path == UPLOAD {
        // Whoever sends its deliveries keeps their times; that they are late is told all the same.
        times.next_us = None;
    }
    Ok((attempt, times))
}

/// Whether the run after a pull that nobody waited for is still to come.
pub(crate) fn owes_run(app: &App, source: &SourceInfo) -> Result<bool, Refusal> {
    Ok(app.sources()?.owed_run(source)?.is_some_and(|run| run.is_owed))
}

/// Pulls a source and runs its mapping: rows that were read, and resources that were written. `None` if it is under way already.
pub(crate) fn pull_and_run(app: &Arc<App>, grant: &Grant, source: &SourceInfo) -> Result<Option<(u64, u64)>, Refusal> {
    match app.running.begin(&pulls::pull_of(&source.name)) {
        Err(refusal) if is_busy(&refusal) => return Ok(None),
        // Its place is for the pull itself.
        begun => drop(begun?),
    }
    let mut go_on = |_: &str, _: u64| if app.is_stopping() { Err(tables::Error::Stopped) } else { Ok(()) };
    let (report, _, _) = pulls::pull_now(app, grant, source, None, IfDoubtful::Stop, &mut go_on)?;
    app.sources()?.owe_run(source)?;
    let rows = report.tables.iter().map(|table| table.rows).sum();
    Ok(run_owed(app, grant, source)?.map(|made| (rows, made)))
}

/// Runs the mapping of a source of which a run is owed: resources that were written. `None` if one is under way, which may not have seen
/// the new rows, or somebody halted it, or the program stops.
pub(crate) fn run_owed(app: &Arc<App>, grant: &Grant, source: &SourceInfo) -> Result<Option<u64>, Refusal> {
    let running = match app.running.begin(&runs::run_of(&source.name)) {
        Err(refusal) if is_busy(&refusal) => return Ok(None),
        running => running?,
    };
    let sources = app.sources()?;
    match mappings::run_unattended(app, grant, source, &running, &Lines::unread()) {
        Ok(told) => {
            sources.end_owed_run(source, None)?;
            let count = |name: &str| told[name].as_u64().unwrap_or(0);
            Ok(Some(count("new") + count("changed") + count("gone")))
        }
        // It goes on when somebody says so.
        Err(_) if running.is_halted() => sources.end_owed_run(source, None).map(|()| None).map_err(Refusal::from),
        // It goes on when the program starts again.
        Err(_) if app.is_stopping() => Ok(None),
        Err(refusal) => {
            sources.end_owed_run(source, Some(&refusal.kept()))?;
            Err(refusal)
        }
    }
}

fn is_busy(refusal: &Refusal) -> bool {
    refusal.status == StatusCode::CONFLICT
}
