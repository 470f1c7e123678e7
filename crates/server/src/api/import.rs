//! Imports: a file's bytes as a body, or files of this machine by their names; and taking an arrival back.

use super::arrivals::arrival_json;
use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::body::{self, Room};
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use intake::import::{FileReport, ImportOptions, Importer, Input, Issue, Pace, Progress, files_at};
use intake::{UndoWhat, Undone};
use records::ArrivalNo;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// A file that comes as a body is held in memory up to this, beyond it in the data directory.
const IN_MEMORY_BYTES: usize = 16 << 20;
/// The longest pause inside such a body.
const PAUSE: Duration = Duration::from_mins(1);
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How an import is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    /// Files and folders of this machine, absolute.
    paths: Vec<PathBuf>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    dry_run: bool,
    /// Whether SQL follows the import, and holds it up when it cannot; otherwise its tables are filled when they are next used.
    #[serde(default = "yes")]
    lake: bool,
}

fn yes() -> bool {
    true
}

/// Opens the lake, so that it follows, and gives what holds an import up while it is too far behind. A lake that cannot be opened
/// holds nobody up: it catches up when it can. An import that is to stop does not wait either.
fn pace(app: &Arc<App>, stops: Arc<AtomicBool>) -> Option<Pace> {
    let (lake, bound) = (app.lake().ok()?, app.lag_bound());
    let app = Arc::clone(app);
    Some(Pace::new(move || lake.pace(bound, &|| app.is_stopping() || stops.load(Ordering::Relaxed))))
}

fn options(source: Option<String>, dry_run: bool) -> ImportOptions {
    ImportOptions { source: source.filter(|source| !source.trim().is_empty()), dry_run, ..ImportOptions::default() }
}

/// Whether a flag of the query is given and not denied.
fn is_set(call: &Call, name: &str) -> bool {
    call.query_value(name).is_some_and(|value| value != "0" && value != "false")
}

fn issue_json(issue: &Issue) -> Value {
    json!({
        "file": issue.file,
        "place": issue.place,
        "offset": issue.offset,
        "message": issue.message,
        "hint": issue.hint,
        "dead_letter": issue.dead_letter.map(|no| no.0),
    })
}

/// What became of files, all together.
fn report_json(reports: &[FileReport], begun: Instant, ended: Ended) -> Value {
    let sum = |of: fn(&FileReport) -> u64| reports.iter().map(of).sum::<u64>();
    let (mut types, mut unmapped) = (Map::new(), Map::new());
    for report in reports {
        for (name, counts) in &report.by_type {
            let entry = types.entry((*name).to_owned()).or_insert(json!(0));
            *entry = json!(entry.as_u64().unwrap_or(0) + counts.created + counts.updated);
        }
        for (event, count) in &report.unmapped {
            let entry = unmapped.entry(event.clone()).or_insert(json!(0));
            *entry = json!(entry.as_u64().unwrap_or(0) + count);
        }
    }
    types.retain(|_, count| count.as_u64() != Some(0));
    types.sort_keys();
    json!({
        "stored": sum(|report| report.stored),
        "unchanged": sum(|report| report.unchanged),
        "deleted": sum(|report| report.deleted),
        "arrivals": sum(|report| report.new_arrivals),
        "issues": reports.iter().flat_map(|report| &report.issues).map(issue_json).collect::<Vec<_>>(),
        "issue_count": sum(|report| report.issue_count),
        "remarks": sum(|report| report.remarks),
        "dead_letters": sum(|report| report.dead_letters.len() as u64),
        "dealt_with": sum(|report| report.dealt_with),
        "seconds": (begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0,
        "files": reports.len(),
        "bytes": sum(|report| report.bytes),
        "types": types,
        "unmapped": unmapped,
        "stopped": ended == Ended::Stopped,
    })
}

/// How an import ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Done,
    Stopped,
}

/// Imports of files that are under way; whoever began one can stop it and still hear what became of it.
static UNDER_WAY: Mutex<BTreeMap<u64, Arc<AtomicBool>>> = Mutex::new(BTreeMap::new());

/// An import's place among those that are under way.
struct UnderWay {
    no: u64,
    stops: Arc<AtomicBool>,
}

impl UnderWay {
    fn enter() -> UnderWay {
        let mut all = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
        let no = all.last_key_value().map_or(1, |(newest, _)| newest + 1);
        let stops = Arc::new(AtomicBool::new(false));
        all.insert(no, Arc::clone(&stops));
        UnderWay { no, stops }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.no);
    }
}

/// `POST /api/import/files/{no}/stop`: what is on its way is committed, and the import's own answer says what was stored.
pub(super) async fn stop(call: Call) -> Result<Answer, Refusal> {
    let no = u64::try_from(call.number("no")?).unwrap_or_default();
    let all = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let stops = all.get(&no).ok_or_else(|| Refusal::not_found(format!("no import {no} is under way")))?;
    stops.store(true, Ordering::Relaxed);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// `POST /api/import?name=&source=&dry_run=` with the file's bytes.
pub(super) async fn import(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let name = call.query_value("name").filter(|name| !name.is_empty()).unwrap_or_else(|| "body".to_owned());
    let dry_run = is_set(&call, "dry_run");
    let options = options(call.query_value("source"), dry_run);
    let begun = Instant::now();
    let (input, room) = receive(&mut call).await?;
    let stopping = Arc::clone(&call.app);
    let report = call
        .app
        .writing(move |app| {
            let _held_until_done = room;
            let bound = app.lag_bound();
            let pace = app.lake_if_open().map(|lake| Pace::new(move || lake.pace(bound, &|| stopping.is_stopping())));
            let options = ImportOptions { pace, ..options };
            Ok(Importer::new(Arc::clone(&app.records))
                .with_sources(Arc::clone(&app.access))
                .import(&grant, &name, input, &options)?)
        })
        .await?;
    Ok(Answer::of(&report_json(&[report], begun, Ended::Done)))
}

/// The body, in memory or in a file that has no name and goes with its handle; with the room that it takes in memory.
async fn receive(call: &mut Call) -> Result<(Input, Vec<OwnedSemaphorePermit>), Refusal> {
    let mut body = call.body.take();
    let received = receive_from(&call.app, &mut body).await;
    if received.is_err() {
        call.body.give_back(body);
    }
    received
}

async fn receive_from(app: &Arc<App>, body: &mut Body) -> Result<(Input, Vec<OwnedSemaphorePermit>), Refusal> {
    let (mut bytes, mut file) = (Vec::new(), None);
    let (begun, mut came) = (Instant::now(), 0);
    let mut room = Room::new(app);
    loop {
        let Ok(frame) = tokio::time::timeout(PAUSE, body.frame()).await else { return Err(body::too_slow()) };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        room.grow(bytes.len() + data.len())?;
        bytes.extend_from_slice(&data);
        came += data.len() as u64;
        body::fast_enough(came, begun, PAUSE)?;
        if bytes.len() > IN_MEMORY_BYTES {
            file = Some(spill(app, file, std::mem::take(&mut bytes)).await?);
            // What lies in the file takes no room in memory.
            room = Room::new(app);
        }
    }
    match file {
        None => Ok((Input::Bytes(Arc::new(bytes)), room.keep())),
        Some(file) => {
            let mut file = spill(app, Some(file), bytes).await?;
            file.rewind().map_err(cannot_keep)?;
            Ok((Input::File(file), Vec::new()))
        }
    }
}

async fn spill(app: &Arc<App>, file: Option<std::fs::File>, bytes: Vec<u8>) -> Result<std::fs::File, Refusal> {
    app.writing(move |app| {
        let mut file = match file {
            Some(file) => file,
            None => tempfile::tempfile_in(&app.data).map_err(cannot_keep)?,
        };
        file.write_all(&bytes).map_err(cannot_keep)?;
        Ok(file)
    })
    .await
}

fn cannot_keep(error: std::io::Error) -> Refusal {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return records::Error::DiskFull.into();
    }
    Refusal::internal(format!("the body could not be kept while it is read: {error}"))
}

/// `POST /api/import/files`: files of this machine, for its operator alone: whoever else asks could read what only the program
/// may. Lines of JSON: `{"import": no}` first, `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end. Who
/// stops reading stops the import; what was committed stays.
pub(super) async fn files(mut call: Call) -> Result<Answer, Refusal> {
    if !matches!(call.peer, Peer::Local { .. }) {
        let text = "files by name are for the operator of this machine: send their bytes to /api/import";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let grant = call.grant()?;
    let Files { paths, source, dry_run, lake } = call.json().await?;
    if let Some(path) = paths.iter().find(|path| !path.is_absolute()) {
        return Err(Refusal::bad_request(format!("{}: the path must be absolute", path.display())));
    }
    let options = options(source, dry_run);
    let begun = Instant::now();
    let files = call.app.reading(move |_| Ok(files_at(&paths)?)).await?;
    let app = Arc::clone(&call.app);
    stream::lines(&call, "application/x-ndjson", move |lines: &Lines| {
        let under_way = UnderWay::enter();
        if lines.send(&json!({"import": under_way.no})).is_break() {
            return;
        }
        let pace = if lake && !dry_run { pace(&app, Arc::clone(&under_way.stops)) } else { None };
        let options = ImportOptions { pace, ..options };
        let mut told = Instant::now();
        let mut progress = |now: Progress<'_>| {
            if app.is_stopping() || lines.is_closed() || under_way.stops.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if told.elapsed() < TELL_EVERY {
                return ControlFlow::Continue(());
            }
            told = Instant::now();
            let lag_s = app.lake_if_open().map_or(0.0, |lake| lake.status().behind.as_secs_f64());
            let line = json!({"progress": {
                "lag_s": lag_s,
                "name": now.name, "files": now.files, "all_files": now.all_files,
                "bytes": now.bytes, "all_bytes": now.all_bytes, "resources": now.resources,
            }});
            lines.send(&line)
        };
        let done = Importer::new(Arc::clone(&app.records)).with_sources(Arc::clone(&app.access)).import_all(
            &grant,
            &files,
            &options,
            &mut progress,
        );
        // Nobody listening any more is no failure of the import.
        let _ = match done {
            Ok(reports) => lines.send(&json!({"report": report_json(&reports, begun, Ended::Done)})),
            Err(intake::Error::Stopped(reports)) => {
                lines.send(&json!({"report": report_json(&reports, begun, Ended::Stopped)}))
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                lines.send(&json!({"error": {"code": refusal.issues[0].code, "message": refusal.issues[0].text}}))
            }
        };
    })
}

/// `POST /api/arrivals/{no}/undo?alone=&dry_run=`: of the file that the arrival is a part of, or of the arrival alone.
pub(super) async fn undo(call: Call) -> Result<Answer, Refusal> {
    let (grant, no) = (call.grant()?, ArrivalNo(call.number("no")?));
    let what = if is_set(&call, "alone") { UndoWhat::Arrival } else { UndoWhat::File };
    let (is_dry, asked) = (is_set(&call, "dry_run"), call.asked());
    let told = call
        .app
        .writing(move |app| {
            let importer = Importer::new(Arc::clone(&app.records));
            let undone = if is_dry {
                // What would be taken back names resources; what is taken back stands in the trail of writes.
                app.audit(&grant, "would undo", &asked, &[])?;
                importer.would_undo(&grant, no, what)?
            } else {
                importer.undo(&grant, no, what)?
            };
            undone_json(app, &grant, &undone)
        })
        .await?;
    Ok(Answer::of(&told))
}

/// What was taken back, or would be.
pub(super) fn undone_json(app: &App, grant: &access::Grant, undone: &Undone) -> Result<Value, Refusal> {
    let arrival = match &undone.receipt {
        Some(receipt) => Some(app.records.arrival(grant, receipt.arrival)?),
        None => None,
    };
    let left: Vec<Value> = undone
        .left
        .iter()
        .map(
            |left| json!({"type": left.resource_type, "id": left.id, "version": left.version, "written": left.written, "again": left.again.map(|no| no.0)}),
        )
        .collect();
    Ok(json!({
        "deleted": undone.deleted,
        "restored": undone.restored,
        "left": left,
        "referring": undone.referring.iter().map(|(name, count)| (name.clone(), json!(count))).collect::<Map<_, _>>(),
        "arrivals": undone.arrivals.iter().map(|no| no.0).collect::<Vec<_>>(),
        "arrival": arrival.as_ref().map(arrival_json),
    }))
}
