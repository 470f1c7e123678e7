//! `medweave import`

use super::progress::Progress;
use super::{say, table};
use crate::cli::Import;
use crate::client::{Client, read_all, refused};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is said of an import that was ended.
const INTERRUPTED: &str = "interrupted: what was stored stays, and the same command continues";
/// Issues of a file that are shown; `--json` has more of them.
const SHOWN: usize = 20;

pub(crate) async fn run(settings: &Settings, import: &Import) -> Result<(), Failure> {
    let paths = import.paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>, _>>()?;
    let client = Client::open(settings).await?;
    let progress = Progress::new();
    let result = load(&client, &paths, &import.source, import.dry_run, !import.no_lake, &progress).await;
    progress.finish();
    let is_done = result.as_ref().is_ok_and(|report| report["stopped"] != true);
    let mut ending = Ending::new()?;
    if is_done && !import.dry_run && !import.no_lake {
        tokio::select! {
            () = fill(&client) => {}
            _ = ending.asked() => records::tell_operator!("the SQL tables are not written yet, which the next start does"),
        }
    }
    // What is under way is committed, so that "stored" is true when this returns.
    tokio::select! {
        () = client.close() => {}
        _ = ending.asked() => {
            records::tell_operator!("medweave: {INTERRUPTED}");
            std::process::exit(130);
        }
    }
    let report = result?;
    if import.json {
        say(&report.to_string())?;
    } else {
        tell(&report, import.dry_run)?;
    }
    if report["stopped"].as_bool().unwrap_or(false) {
        return Err(Failure::interrupted(INTERRUPTED));
    }
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    if number("files") == 0 {
        let paths: Vec<String> = import.paths.iter().map(|path| path.display().to_string()).collect();
        records::tell_operator!(
            "medweave: no file was found in {}: is it the right folder, and is it mounted? (names that begin with a dot are passed over)",
            paths.join(", ")
        );
    }
    // An oddity of a message that was taken is told, and stops nothing.
    if number("issue_count") > number("remarks") { Err(Failure { text: String::new(), code: 1 }) } else { Ok(()) }
}

/// Makes files of the SQL tables, so that the next start has nothing to do before it answers. A program that goes on running does it
/// by itself.
async fn fill(client: &Client) {
    if matches!(client, Client::Here(_))
        && let Err(failure) = client.json(Method::POST, "/api/lake/flush", None).await
    {
        records::tell_operator!("the SQL tables are not written yet, which the next start does: {}", failure.text);
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

/// Loads files and gives the report. Ctrl-C, or SIGTERM, stops the import, and the report is of what was stored until then; a second one
/// does not wait for it.
pub(super) async fn load(
    client: &Client,
    paths: &[PathBuf],
    source: &str,
    dry_run: bool,
    lake: bool,
    progress: &Progress,
) -> Result<Value, Failure> {
    let mut ending = Ending::new()?;
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
    let (mut unread, mut import, mut is_stopping) = (Vec::new(), None, false);
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            _ = ending.asked() => {
                let (false, Some(no)) = (is_stopping, import) else {
                    return Err(Failure::interrupted(INTERRUPTED));
                };
                is_stopping = true;
                // An import that is over meanwhile needs no stopping.
                let _ = client.json(Method::POST, &format!("/api/import/files/{no}/stop"), None).await;
                continue;
            }
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Failure::failed(format!("the import broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        unread.extend_from_slice(&data);
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let line: Value = serde_json::from_slice(&line)
                .map_err(|error| Failure::failed(format!("the answer is not understood: {error}")))?;
            if let Some(no) = line["import"].as_u64() {
                import = Some(no);
            } else if line["progress"].is_object() {
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

fn tell(report: &Value, dry_run: bool) -> Result<(), Failure> {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    let empty = Vec::new();
    let issues = report["issues"].as_array().unwrap_or(&empty);
    for issue in issues.iter().take(SHOWN) {
        say_issue(issue);
    }
    if number("issue_count") as usize > issues.len().min(SHOWN) {
        records::tell_operator!(
            "… and {} more; --json lists up to 1,000 a file",
            number("issue_count") as usize - issues.len().min(SHOWN)
        );
    }
    let (stored, seconds) = (number("stored"), report["seconds"].as_f64().unwrap_or(0.0));
    let unmapped = report["unmapped"].as_object().filter(|events| !events.is_empty());
    if let Some(events) = unmapped {
        let events: Vec<String> = events.iter().map(|(event, count)| format!("{event} {count}")).collect();
        say(&format!("no map for: {} (kept as they came)", events.join(", ")))?;
    }
    let would_be = if dry_run { "would be " } else { "" };
    say(&format!(
        "{}{stored} {would_be}stored, {} unchanged{} from {} in {seconds:.1} s ({:.0} resources/s); {}, {}",
        if dry_run { "dry run, nothing was written: " } else { "" },
        number("unchanged"),
        if number("deleted") > 0 { format!(", {} {would_be}deleted", number("deleted")) } else { String::new() },
        counted(number("files"), "file"),
        (stored + number("unchanged")) as f64 / seconds.max(0.001),
        counted(number("arrivals"), "new arrival"),
        counted(number("issue_count"), "issue"),
    ))?;
    if number("dead_letters") > 0 {
        say(&format!("{}: medweave deadletter list", counted(number("dead_letters"), "dead letter")))?;
    }
    if number("dealt_with") > 0 {
        let closed = counted(number("dealt_with"), "closed dead letter");
        say(&format!("{closed} came again, dealt with already: medweave deadletter list --state all"))?;
    }
    Ok(())
}

/// A number of things.
fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Where, what, and what to do.
fn say_issue(issue: &Value) {
    let text = |name: &str| issue[name].as_str().unwrap_or_default();
    let place = match (text("place"), issue["offset"].as_u64()) {
        ("", Some(offset)) if offset > 0 => format!("byte {offset}: "),
        ("", _) => String::new(),
        (place, _) => format!("{place}: "),
    };
    let file = if text("file").is_empty() { String::new() } else { format!("{}: ", text("file")) };
    records::tell_operator!("{}", table::plain(&format!("{file}{place}{}", text("message"))));
    let kept = issue["dead_letter"].as_u64().map_or_else(String::new, |no| format!(" (dead letter {no})"));
    if !text("hint").is_empty() {
        records::tell_operator!("  {}{kept}", table::plain(text("hint")));
    }
}
