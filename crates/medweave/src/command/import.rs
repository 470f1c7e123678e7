//! `medweave import`

use super::progress::Progress;
use super::say;
use crate::cli::Import;
use crate::client::{Client, read_all, refused};
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Issues of a file that are shown; `--json` has more of them.
const SHOWN: usize = 20;

pub(crate) async fn run(settings: &Settings, import: &Import, paths: Vec<PathBuf>) -> Result<(), Failure> {
    let paths = paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>, _>>()?;
    let client = Client::open(settings).await?;
    let progress = Progress::new();
    let result = tokio::select! {
        result = load(&client, &paths, &import.source, import.dry_run, !import.no_lake, &progress) => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted("interrupted: what was stored stays, and the same command continues")),
    };
    progress.finish();
    if result.is_ok() && !import.dry_run && !import.no_lake {
        fill(&client).await;
    }
    // What is under way is committed, so that "stored" is true when this returns.
    client.close().await;
    let report = result?;
    if import.json {
        say(&report.to_string());
    } else {
        tell(&report, import.dry_run);
    }
    let issues = report["issue_count"].as_u64().unwrap_or(0);
    if issues > 0 { Err(Failure { text: String::new(), code: 1 }) } else { Ok(()) }
}

/// Makes files of the SQL tables, so that the next start has nothing to do before it answers. A program that goes on running does it
/// by itself.
async fn fill(client: &Client) {
    if matches!(client, Client::Here(_))
        && let Err(failure) = client.json(Method::POST, "/api/lake/flush", None).await
    {
        eprintln!("the SQL tables are not written yet, which the next start does: {}", failure.text);
    }
}

/// The program that opens the files may have another working folder.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if let Err(error) = std::fs::metadata(path) {
        return Err(Failure::usage(match error.kind() {
            std::io::ErrorKind::NotFound => format!("{} is not there", path.display()),
            _ => format!("{} cannot be read: {error}", path.display()),
        }));
    }
    // Without following links: the names in it are what the arrivals are called.
    std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Loads files and gives the report.
pub(super) async fn load(
    client: &Client,
    paths: &[PathBuf],
    source: &str,
    dry_run: bool,
    lake: bool,
    progress: &Progress,
) -> Result<Value, Failure> {
    let asked = json!({"paths": paths, "source": source, "dry_run": dry_run, "lake": lake});
    let request =
        Request::builder().method(Method::POST).uri("/api/import/files").header("content-type", "application/json");
    let request = request.body(Body::from(asked.to_string())).map_err(|error| Failure::usage(error.to_string()))?;
    let response = client.send(request).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let value = serde_json::from_slice(&read_all(body).await?).unwrap_or(Value::Null);
        return Err(refused(status, &value));
    }
    let mut unread = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::failed(format!("the import broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        unread.extend_from_slice(&data);
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let line: Value = serde_json::from_slice(&line)
                .map_err(|error| Failure::failed(format!("the answer is not understood: {error}")))?;
            if line["progress"].is_object() {
                progress.show(&line["progress"]);
            } else if line["report"].is_object() {
                return Ok(line["report"].clone());
            } else if let Some(message) = line["error"]["message"].as_str() {
                return Err(Failure::failed(message));
            }
        }
    }
    Err(Failure::failed(
        "the program that has the data directory stopped before the import was done: what was stored stays",
    ))
}

fn tell(report: &Value, dry_run: bool) {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    let empty = Vec::new();
    let issues = report["issues"].as_array().unwrap_or(&empty);
    for issue in issues.iter().take(SHOWN) {
        let text = |name: &str| issue[name].as_str().unwrap_or_default();
        let place = if text("place").is_empty() { String::new() } else { format!("{}: ", text("place")) };
        eprintln!("{}: {place}{}", text("file"), text("message"));
    }
    if number("issue_count") as usize > issues.len().min(SHOWN) {
        eprintln!(
            "… and {} more; --json lists up to 1,000 a file",
            number("issue_count") as usize - issues.len().min(SHOWN)
        );
    }
    let (stored, seconds) = (number("stored"), report["seconds"].as_f64().unwrap_or(0.0));
    let unmapped = report["unmapped"].as_object().filter(|events| !events.is_empty());
    if let Some(events) = unmapped {
        let events: Vec<String> = events.iter().map(|(event, count)| format!("{event} {count}")).collect();
        say(&format!("no map for: {} (kept as they came)", events.join(", ")));
    }
    say(&format!(
        "{}{stored} stored, {} unchanged{} from {} files in {seconds:.1} s ({:.0} resources/s); {} new arrivals, {} issues",
        if dry_run { "dry run, nothing was written: " } else { "" },
        number("unchanged"),
        if number("deleted") > 0 { format!(", {} deleted", number("deleted")) } else { String::new() },
        number("files"),
        (stored + number("unchanged")) as f64 / seconds.max(0.001),
        number("arrivals"),
        number("issue_count"),
    ));
}

/// `medweave import undo ARRIVAL`
pub(crate) async fn undo(settings: &Settings, arrival: i64) -> Result<(), Failure> {
    let client = Client::open(settings).await?;
    let result = client.json(Method::POST, &format!("/api/arrivals/{arrival}/undo"), None).await;
    client.close().await;
    let undone = result?;
    let empty = Vec::new();
    let left = undone["left"].as_array().unwrap_or(&empty);
    for one in left {
        eprintln!(
            "{}/{} was changed since and is left as it is",
            one["type"].as_str().unwrap_or_default(),
            one["id"].as_str().unwrap_or_default()
        );
    }
    say(&format!(
        "arrival {arrival} is taken back: {} deleted, {} restored, {} left; the undoing is arrival {}",
        undone["deleted"],
        undone["restored"],
        left.len(),
        undone["arrival"]["no"]
    ));
    Ok(())
}
