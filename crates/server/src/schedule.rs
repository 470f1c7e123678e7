//! Sources that are pulled by themselves, and their mappings run, when their time has come.

use crate::api::unattended;
use crate::app::App;
use crate::refusal::Refusal;
use access::Component;
use std::sync::Arc;
use std::time::Duration;
use tables::pull::SourceInfo;

/// How often it is looked whether a time has come: schedules have minutes.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Looks again and again, until the program stops.
pub async fn follow(app: Arc<App>) {
    while !app.is_stopping() {
        // What cannot be looked at now may be at the next time; whoever opens the sources is told why.
        let due = app.reading(due).await.unwrap_or_default();
        for source in due {
            let app = Arc::clone(&app);
            tokio::task::spawn_blocking(move || take(&app, &source));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks once, and takes what is due, one after another; how many there were. It blocks until they are done.
///
/// # Errors
/// A refusal if the sources cannot be opened.
pub fn look(app: &Arc<App>) -> Result<usize, Refusal> {
    let due = due(app)?;
    for source in &due {
        take(app, source);
    }
    Ok(due.len())
}

/// The sources whose time has come.
fn due(app: &App) -> Result<Vec<SourceInfo>, Refusal> {
    // A data directory without sources is not given any by this.
    if !app.data.join("tables/tables.db").is_file() {
        return Ok(Vec::new());
    }
    let grant = app.access.component(Component::Schedule);
    let now_us = app.now_us();
    let all = app.sources()?.list(&grant)?;
    let is_due = |source: &SourceInfo| {
        let times = unattended::times(app, &grant, source, now_us);
        times.is_ok_and(|(_, times)| times.next_us.is_some_and(|next_us| next_us <= now_us))
    };
    Ok(all.into_iter().filter(is_due).collect())
}

/// Pulls a source and runs its mapping; one that is being pulled waits for its next time.
fn take(app: &Arc<App>, source: &SourceInfo) {
    let grant = app.access.component(Component::Schedule);
    let name = &source.name;
    // What is wrong may quote rows: it is kept with the source, for who may see those.
    match unattended::pull_and_run(app, &grant, source) {
        Ok(Some((rows, made))) => {
            records::tell_operator!(
                "medweave: source {name} is pulled, {rows} rows, and its mapping run: {made} resources written"
            );
        }
        Ok(None) => {}
        Err(_) => records::tell_operator!(
            "medweave: source {name} could not be pulled or mapped: medweave source list, mapping run {name}"
        ),
    }
}
