//! Sources that are pulled by themselves, and their mappings run, when their time has come.

use crate::api::unattended;
use crate::app::App;
use crate::refusal::Refusal;
use access::Component;
use std::sync::Arc;
use std::time::Duration;
use tables::pull::SourceInfo;
use tokio::sync::Semaphore;

/// How often it is looked whether a time has come: schedules have minutes.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Sources that are pulled and run at once: each holds a database, and much of the machine.
const AT_ONCE: usize = 2;

/// Looks again and again, until the program stops.
pub async fn follow(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while !app.is_stopping() {
        // What cannot be looked at now may be at the next time; whoever opens the sources is told why.
        let due = app.reading(due).await.unwrap_or_default();
        for due in due {
            // What finds no place is due still, at the next look.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
            let app = Arc::clone(&app);
            tokio::task::spawn_blocking(move || {
                take(&app, &due);
                drop(place);
            });
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
    for due in &due {
        take(app, due);
    }
    Ok(due.len())
}

/// What is due of a source.
enum Due {
    /// To be pulled, and its mapping run.
    Pull(SourceInfo),
    /// The run, which had to wait after its pull.
    Run(SourceInfo),
}

/// The sources whose time has come.
fn due(app: &App) -> Result<Vec<Due>, Refusal> {
    // A data directory without sources is not given any by this.
    if !app.data.join("tables/tables.db").is_file() {
        return Ok(Vec::new());
    }
    let grant = app.access.component(Component::Schedule);
    let now_us = app.now_us();
    let all = app.sources()?.list(&grant)?;
    let due = |source: SourceInfo| {
        let times = unattended::times(app, &grant, &source, now_us);
        if times.is_ok_and(|(_, times)| times.next_us.is_some_and(|next_us| next_us <= now_us)) {
            return Some(Due::Pull(source));
        }
        unattended::owes_run(app, &source).unwrap_or_default().then_some(Due::Run(source))
    };
    Ok(all.into_iter().filter_map(due).collect())
}

/// Pulls a source and runs its mapping; what is under way already is looked at again at the next look.
fn take(app: &Arc<App>, due: &Due) {
    let grant = app.access.component(Component::Schedule);
    let (source, done) = match due {
        Due::Pull(source) => (source, unattended::pull_and_run(app, &grant, source)),
        Due::Run(source) => (source, unattended::run_owed(app, &grant, source).map(|made| made.map(|made| (0, made)))),
    };
    let name = &source.name;
    // What is wrong may quote rows: it is kept with the source, for who may see those.
    match done {
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
