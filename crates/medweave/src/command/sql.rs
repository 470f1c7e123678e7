//! `medweave sql`

use super::{Reader, say_bytes};
use crate::cli::{Sql, SqlFormat};
use crate::client::{Client, read_all, refused};
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};

/// Rows of an answer that tells when there are more.
const TOLD_ROWS: u64 = 1_000_000;

pub(crate) async fn run(settings: &Settings, sql: &Sql) -> Result<(), Failure> {
    let mut query = sql.query.clone();
    if query == "-" {
        query.clear();
        std::io::stdin().read_to_string(&mut query)?;
    }
    if std::io::stdout().is_terminal() && matches!(sql.format, SqlFormat::Arrow | SqlFormat::Parquet) {
        return Err(Failure::usage("this format is not for terminals: send it to a file with > FILE"));
    }
    let client = Client::open_to_read(settings).await?;
    let result = ask(&client, sql, &query).await;
    client.close().await;
    result
}

async fn ask(client: &Client, sql: &Sql, query: &str) -> Result<(), Failure> {
    let tells = matches!(sql.format, SqlFormat::Table | SqlFormat::Json);
    let limit = sql.limit.or(tells.then_some(TOLD_ROWS));
    let body = json!({"sql": query, "limit": limit, "format": sql.format.name(), "timeout_s": sql.timeout});
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/sql")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let response = client.send(request).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let value: Value = serde_json::from_slice(&read_all(body).await?).unwrap_or(Value::Null);
        let mut failure = refused(status, &value);
        let error = &value["error"];
        if let (Some(line), Some(column)) = (error["line"].as_u64(), error["column"].as_u64()) {
            failure.text = format!("{} (line {line}, column {column})", failure.text);
        }
        if let Some(hint) = error["hint"].as_str() {
            failure.text = format!("{}. {hint}", failure.text);
        }
        if let Some(marked) = error["at"].as_u64().and_then(|offset| marked(query, offset as usize)) {
            failure.text = format!("{}\n{marked}", failure.text);
        }
        return Err(failure);
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::failed(format!("the answer broke off: {error}")))?;
        if let Ok(data) = frame.into_data()
            && say_bytes(&data)? == Reader::Gone
        {
            break;
        }
    }
    Ok(())
}

/// The line of a query where something is wrong, with the place marked.
fn marked(query: &str, offset: usize) -> Option<String> {
    let before = query.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = query[start..].lines().next().unwrap_or_default();
    Some(format!("  {line}\n  {}^", " ".repeat(query[start..offset].chars().count())))
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn the_place_is_marked_below_its_line() {
        assert_eq!(marked("SELECT 1,\n '肺', x", 18).unwrap(), "   '肺', x\n        ^");
        assert_eq!(marked("SELECT", 6).unwrap(), "  SELECT\n        ^");
        assert_eq!(marked("SELECT", 9), None);
    }
}
