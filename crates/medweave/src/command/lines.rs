//! Answers that come as lines of JSON: progress, then a report or an error.

use super::progress::Progress;
use crate::client::{Client, read_all, refused};
use crate::failure::Failure;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;

/// The media type of lines.
pub(super) const LINES: &str = "application/x-ndjson";

/// Asks, shows progress, and gives the report. Whoever stops waiting (Ctrl-C) ends what was asked.
pub(super) async fn report(
    client: &Client,
    path: &str,
    asked: &Value,
    shown: fn(&Value) -> String,
) -> Result<Value, Failure> {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
    let request = request.body(Body::from(asked.to_string())).map_err(|error| Failure::usage(error.to_string()))?;
    answer(client, request, shown).await
}

/// The report that a request is answered with: in lines, or as a whole where there is nothing to wait for.
pub(super) async fn answer(
    client: &Client,
    request: Request<Body>,
    shown: fn(&Value) -> String,
) -> Result<Value, Failure> {
    let response = client.send(request).await?;
    let status = response.status();
    let is_lines = response.headers().get("content-type").is_some_and(|media| media == LINES);
    let mut body = response.into_body();
    if status.is_success() && !is_lines {
        let bytes = read_all(body).await?;
        return serde_json::from_slice(&bytes)
            .map_err(|error| Failure::failed(format!("the answer is not understood: {error}")));
    }
    if !status.is_success() {
        let value = serde_json::from_slice(&read_all(body).await?).unwrap_or(Value::Null);
        return Err(refused(status, &value));
    }
    let progress = Progress::new();
    let mut unread = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::failed(format!("the answer broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        unread.extend_from_slice(&data);
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let line: Value = serde_json::from_slice(&line)
                .map_err(|error| Failure::failed(format!("the answer is not understood: {error}")))?;
            if line["progress"].is_object() {
                progress.say(shown(&line["progress"]));
                continue;
            }
            progress.finish();
            if line["report"].is_object() {
                return Ok(line["report"].clone());
            }
            if line["error"].is_object() {
                return Err(failed(&line["error"]));
            }
        }
    }
    Err(Failure::failed("the program that has the data directory stopped before it was done"))
}

/// What is wrong, and what to do.
fn failed(error: &Value) -> Failure {
    let mut lines = vec![super::table::plain(error["message"].as_str().unwrap_or_default())];
    lines.extend(error["problems"].as_array().into_iter().flatten().map(problem_line));
    lines.extend(error["hint"].as_str().map(|hint| format!("  {}", super::table::plain(hint))));
    Failure::failed(lines.join("\n"))
}

/// File, line and column, what is wrong, and what might have been meant.
pub(super) fn problem_line(problem: &Value) -> String {
    let text = |name: &str| super::table::plain(problem[name].as_str().unwrap_or_default());
    let hint = problem["hint"].as_str().map_or(String::new(), |hint| format!(" ({})", super::table::plain(hint)));
    format!("{}:{}:{}: {}{hint}", text("file"), problem["line"], problem["column"], text("message"))
}
