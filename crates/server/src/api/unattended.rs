//! Pulls and runs that nobody waits for.

use super::mapping_files::of_source;
use super::stream::Lines;
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
    let times = Times::of(source, attempt.as_ref(), &settings, now_us);
    Ok((attempt, times))
}

/// Pulls a source and runs its mapping: rows that were read, and resources that were written. `None` if it is under way already.
pub(crate) fn pull_and_run(app: &Arc<App>, grant: &Grant, source: &SourceInfo) -> Result<Option<(u64, u64)>, Refusal> {
    let busy = |refusal: &Refusal| refusal.status == StatusCode::CONFLICT;
    match app.running.begin(&pulls::pull_of(&source.name)) {
        Err(refusal) if busy(&refusal) => return Ok(None),
        // Its place is for the pull itself.
        begun => drop(begun?),
    }
    let mut go_on = |_: &str, _: u64| if app.is_stopping() { Err(tables::Error::Stopped) } else { Ok(()) };
    let (report, _, _) = pulls::pull_now(app, grant, source, None, IfDoubtful::Stop, &mut go_on)?;
    let running = match app.running.begin(&runs::run_of(&source.name)) {
        Err(refusal) if busy(&refusal) => return Ok(None),
        running => running?,
    };
    let told = mappings::run_unattended(app, grant, source, &running, &Lines::unread())?;
    let count = |name: &str| told[name].as_u64().unwrap_or(0);
    let rows = report.tables.iter().map(|table| table.rows).sum();
    Ok(Some((rows, count("new") + count("changed") + count("gone"))))
}
