//! Imports: a file's bytes as a body, or files of this machine by their names; and taking an arrival back.

use super::arrivals::arrival_json;
use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use intake::import::{FileReport, ImportOptions, Importer, Input, Issue, Progress, files_at};
use records::ArrivalNo;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
}

fn options(source: Option<String>, dry_run: bool) -> ImportOptions {
    ImportOptions { source: source.filter(|source| !source.trim().is_empty()), dry_run, ..ImportOptions::default() }
}

fn issue_json(issue: &Issue) -> Value {
    json!({
        "file": issue.file,
        "place": issue.place,
        "offset": issue.offset,
        "message": issue.message,
        "dead_letter": issue.dead_letter.map(|no| no.0),
    })
}

/// What became of files, all together.
fn report_json(reports: &[FileReport], begun: Instant) -> Value {
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
        "dead_letters": sum(|report| report.dead_letters.len() as u64),
        "seconds": (begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0,
        "files": reports.len(),
        "bytes": sum(|report| report.bytes),
        "types": types,
        "unmapped": unmapped,
    })
}

/// `POST /api/import?name=&source=&dry_run=` with the file's bytes.
pub(super) async fn import(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let name = call.query_value("name").filter(|name| !name.is_empty()).unwrap_or_else(|| "body".to_owned());
    let dry_run = call.query_value("dry_run").is_some_and(|value| value != "0" && value != "false");
    let options = options(call.query_value("source"), dry_run);
    let begun = Instant::now();
    let input = receive(&mut call).await?;
    let report = call
        .app
        .writing(move |app| Ok(Importer::new(Arc::clone(&app.records)).import(&grant, &name, input, &options)?))
        .await?;
    Ok(Answer::of(&report_json(&[report], begun)))
}

/// The body, in memory or in a file that has no name and goes with its handle.
async fn receive(call: &mut Call) -> Result<Input, Refusal> {
    let mut body = std::mem::take(&mut call.body);
    let (mut bytes, mut file) = (Vec::new(), None);
    loop {
        let frame = match tokio::time::timeout(PAUSE, body.frame()).await {
            Ok(Some(frame)) => frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?,
            Ok(None) => break,
            Err(_) => {
                return Err(Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "timeout",
                    "the body came too slowly: nothing was stored, send it again",
                ));
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > IN_MEMORY_BYTES {
            file = Some(spill(&call.app, file, std::mem::take(&mut bytes)).await?);
        }
    }
    match file {
        None => Ok(Input::Bytes(Arc::new(bytes))),
        Some(file) => {
            let mut file = spill(&call.app, Some(file), bytes).await?;
            file.rewind().map_err(cannot_keep)?;
            Ok(Input::File(file))
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
/// may. Lines of JSON: `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end. Who stops reading stops the
/// import; what was committed stays.
pub(super) async fn files(mut call: Call) -> Result<Answer, Refusal> {
    if !matches!(call.peer, Peer::Local { .. }) {
        let text = "files by name are for the operator of this machine: send their bytes to /api/import";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let grant = call.grant()?;
    let Files { paths, source, dry_run } = call.json().await?;
    if let Some(path) = paths.iter().find(|path| !path.is_absolute()) {
        return Err(Refusal::bad_request(format!("{}: the path must be absolute", path.display())));
    }
    let options = options(source, dry_run);
    let begun = Instant::now();
    let files = call.app.reading(move |_| Ok(files_at(&paths)?)).await?;
    let app = Arc::clone(&call.app);
    Ok(stream::lines("application/x-ndjson", move |lines: &Lines| {
        let mut told = Instant::now();
        let mut progress = |now: Progress<'_>| {
            if app.is_stopping() || lines.is_closed() {
                return ControlFlow::Break(());
            }
            if told.elapsed() < TELL_EVERY {
                return ControlFlow::Continue(());
            }
            told = Instant::now();
            let line = json!({"progress": {
                "name": now.name, "files": now.files, "all_files": now.all_files,
                "bytes": now.bytes, "all_bytes": now.all_bytes, "resources": now.resources,
            }});
            lines.send(&line)
        };
        let done = Importer::new(Arc::clone(&app.records)).import_all(&grant, &files, &options, &mut progress);
        // Nobody listening any more is no failure of the import.
        let _ = match done {
            Ok(reports) => lines.send(&json!({"report": report_json(&reports, begun)})),
            Err(error) => {
                let refusal = Refusal::from(error);
                lines.send(&json!({"error": {"code": refusal.issues[0].code, "message": refusal.issues[0].text}}))
            }
        };
    }))
}

/// `POST /api/arrivals/{no}/undo`
pub(super) async fn undo(call: Call) -> Result<Answer, Refusal> {
    let (grant, no) = (call.grant()?, ArrivalNo(call.number("no")?));
    let (undone, arrival) = call
        .app
        .writing(move |app| {
            let undone = Importer::new(Arc::clone(&app.records)).undo(&grant, no)?;
            let arrival = app.records.arrival(&grant, undone.receipt.arrival)?;
            Ok((undone, arrival))
        })
        .await?;
    let left: Vec<Value> = undone
        .left
        .iter()
        .map(
            |left| json!({"type": left.resource_type, "id": left.id, "version": left.version, "written": left.written}),
        )
        .collect();
    Ok(Answer::of(&json!({
        "deleted": undone.deleted,
        "restored": undone.restored,
        "left": left,
        "arrival": arrival_json(&arrival),
    })))
}
