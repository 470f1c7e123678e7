//! Where a version came from: `GET [type]/[id]/$source`, and the bytes themselves.

use super::read;
use crate::answer::Answer;
use crate::api::arrival_json;
use crate::call::Call;
use crate::refusal::Refusal;
use axum::http::StatusCode;
use serde_json::json;

/// `GET [type]/[id]/$source`
pub(crate) async fn source(call: Call) -> Result<Answer, Refusal> {
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    let version = call.query_value("_version").map(|text| read::number(&text)).transpose()?;
    let wants_bytes = call.query_value("_bytes").is_some_and(|value| value != "0" && value != "false")
        || call.header("accept").is_some_and(|accept| accept.trim().starts_with("application/octet-stream"));
    let query = call.asked();
    let (source, bytes) = call
        .app
        .reading(move |app| {
            let source = app.records.source(&grant, &resource_type, &id, version)?;
            app.audit_version(&grant, "source", &query, source.row, source.version)?;
            let bytes = if wants_bytes {
                Some(app.records.source_bytes(&grant, &resource_type, &id, Some(source.version))?)
            } else {
                None
            };
            Ok((source, bytes))
        })
        .await?;
    if let Some(bytes) = bytes {
        let answer = Answer::new(StatusCode::OK, "application/octet-stream", bytes);
        let answer = answer.with("x-arrival", &source.arrival.no.to_string()).with("x-offset", &source.at.to_string());
        return Ok(answer.with("x-content-type-options", "nosniff").with("content-disposition", "attachment"));
    }
    Ok(Answer::of(&json!({
        "version": source.version,
        "arrival": arrival_json(&source.arrival),
        "offset": source.at,
        "length": source.length,
        "file_offset": source.arrival.base + source.at,
    })))
}
