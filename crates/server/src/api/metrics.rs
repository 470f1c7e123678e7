//! `GET /metrics`: figures of the program, as Prometheus reads them (text format 0.0.4).
//!
//! None of them names a patient, a resource or a query: routes stand in place of paths, types in place of resources.

use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Component;
use axum::http::StatusCode;
use std::fmt::{Display, Write};

const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Parts of the data directory whose bytes are told.
const PARTS: [&str; 8] = ["records", "arrivals", "audit", "access", "lake", "tables", "omop", "identity"];

/// Ticks of a second in which Linux tells of time that was spent (proc(5)).
const USER_HZ: f64 = 100.0;

/// `GET /metrics`
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let text = call.app.reading(figures).await?;
    Ok(Answer::new(StatusCode::OK, MEDIA, text))
}

/// Events that are told by their names, at most.
const EVENTS_MOST: usize = 100;

/// True of what can be the name of an HL7 v2 event, and of nobody.
fn is_event(text: &str) -> bool {
    text.len() <= 11 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'^' | b'_'))
}

/// Lines in the making.
struct Lines(String);

impl Lines {
    fn about(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.about(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn each<L: Display, V: Display>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        label: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) {
        self.about(name, kind, help);
        for (of, value) in values {
            let _ = writeln!(self.0, "{name}{{{label}=\"{of}\"}} {value}");
        }
    }
}

fn figures(app: &App) -> Result<String, Refusal> {
    // Whoever may see figures need not be allowed to read what is counted.
    let grant = app.access.component(Component::Live);
    let mut lines = Lines(String::with_capacity(16_384));
    lines.each(("medweave_build_info", "gauge", "Which program this is."), "build", [(&app.build, 1)]);
    let uptime_s = (app.now_us() - app.started_us) as f64 / 1e6;
    lines.one("medweave_uptime_seconds", "gauge", "Since the program began.", uptime_s);
    lines.one(
        "medweave_feed_position",
        "counter",
        "Changes of resources since the store was made.",
        app.records.head().0,
    );
    let arrivals = app.records.newest_arrival().0;
    lines.one("medweave_arrivals", "counter", "Arrivals since the store was made.", arrivals);
    let counts = app.records.counts(&grant)?;
    lines.each(("medweave_resources", "gauge", "Live resources."), "type", counts);
    let open = app.records.open_dead_letters(&grant)?;
    lines.one("medweave_dead_letters_open", "gauge", "What could not be taken and waits for somebody.", open);
    // What an event is called, its sender wrote.
    let (mut by_event, mut others) = (Vec::new(), 0);
    for (event, count) in app.records.unmapped_events(&grant)? {
        if is_event(&event) && by_event.len() < EVENTS_MOST {
            by_event.push((event, count));
        } else {
            others += count;
        }
    }
    by_event.push(("other".into(), others));
    lines.each(("medweave_messages_without_map", "counter", "Messages of events that have no map."), "event", by_event);
    if let Some(lake) = app.lake_if_open() {
        let status = lake.status();
        let lag_s = status.behind.as_secs_f64();
        lines.one(
            "medweave_sql_lag_seconds",
            "gauge",
            "For how long the oldest change waits that SQL does not see.",
            lag_s,
        );
        lines.one("medweave_sql_position", "counter", "Position of the feed that SQL sees.", status.position.0);
        lines.one("medweave_sql_tail_bytes", "gauge", "Bytes of rows that are not in files yet.", status.tail_bytes);
        let problem = u8::from(status.problem.is_some());
        lines.one("medweave_sql_problem", "gauge", "1 while something keeps SQL from following.", problem);
        let files = status.tables.iter().map(|table| (table.name.clone(), table.files));
        lines.each(("medweave_sql_files", "gauge", "Files of a table."), "table", files);
    }
    if let Ok(identity) = app.identity() {
        let behind = app.records.head().0 - identity.position()?.0;
        lines.one(
            "medweave_identity_behind",
            "gauge",
            "Changes that were not yet looked at for duplicates.",
            behind.max(0),
        );
        lines.one(
            "medweave_identity_waiting",
            "gauge",
            "Pairs of patients that wait for somebody.",
            identity.waiting()?,
        );
    }
    copies(app, &mut lines);
    let bytes = PARTS.iter().map(|part| (*part, super::status::size_of(&app.data.join(part))));
    lines.each(("medweave_disk_bytes", "gauge", "Bytes of a part of the data directory."), "part", bytes);
    if let Ok(disk) = rustix::fs::statvfs(&app.data) {
        let free = disk.f_bavail * disk.f_frsize;
        lines.one(
            "medweave_disk_free_bytes",
            "gauge",
            "Bytes that may still be written on the disk of the data.",
            free,
        );
    }
    process(&mut lines);
    app.counts.write(&mut lines.0);
    Ok(lines.0)
}

/// How old the last good copy is. Without copies the figures are not there: an alarm on their absence is one on no copies.
fn copies(app: &App, lines: &mut Lines) {
    let copy = super::status::last_copy_noted(&app.data);
    let Some(copy) = copy else { return };
    if let Some(taken_us) = copy["taken_us"].as_i64() {
        let taken_s = taken_us as f64 / 1e6;
        lines.one(
            "medweave_backup_last_good_timestamp_seconds",
            "gauge",
            "When the last good copy was begun.",
            taken_s,
        );
    }
    let failed = u8::from(copy["problem"].is_string());
    lines.one("medweave_backup_failed", "gauge", "1 if the last try of a copy failed.", failed);
}

/// What the operating system says of the process, under the names that Prometheus uses everywhere.
fn process(lines: &mut Lines) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    if let Some(kib) = resident {
        let bytes = kib * 1024;
        lines.one("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", bytes);
    }
    let stat = std::fs::read_to_string("/proc/self/stat").ok();
    // The name of the program, in brackets, may hold spaces.
    let spent = stat.as_deref().and_then(|stat| stat.rsplit_once(')')).map(|(_, rest)| {
        rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
    });
    if let Some(spent) = spent {
        let seconds = spent / USER_HZ;
        lines.one("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.", seconds);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        lines.one("process_open_fds", "gauge", "Number of open file descriptors.", open.count());
    }
}
