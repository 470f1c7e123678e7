//! Where a record came from: its versions, the arrival of each, its bytes.

use super::arrival_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use intake::Importer;
use records::{Change, HistoryOf, HistoryQuery};
use serde_json::{Value, json};
use std::sync::Arc;

/// Versions in an answer: the newest.
const VERSIONS: u32 = 100;

fn word(change: Change) -> &'static str {
    match change {
        Change::Created => "created",
        // No version is made where nothing changed.
        Change::Updated | Change::Unchanged => "updated",
        Change::Deleted => "deleted",
    }
}

/// `GET /api/where/{type}/{id}`: the versions, newest first, each with its place in the arrival that brought it.
pub(super) async fn versions(call: Call) -> Result<Answer, Refusal> {
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    call.app
        .reading(move |app| {
            let query = HistoryQuery { count: VERSIONS, ..HistoryQuery::default() };
            let page = app.records.history(&grant, HistoryOf::Resource(&resource_type, &id), &query)?;
            app.audit(&grant, "where", &format!("{resource_type}/{id}"), &page.versions)?;
            let mut versions: Vec<Value> = Vec::with_capacity(page.versions.len());
            for stored in &page.versions {
                let source = app.records.source(&grant, &resource_type, &id, Some(stored.version))?;
                versions.push(json!({
                    "version": stored.version,
                    "at": instant(stored.updated_us),
                    "change": word(stored.change),
                    "seq": stored.seq.0,
                    "arrival": arrival_json(&source.arrival),
                    "offset": source.at,
                    "length": source.length,
                    "charset": app.access.source_named(&source.arrival.source).map(|of| of.character_set.clone()),
                }));
            }
            Ok(Answer::of(&json!({"ref": format!("{resource_type}/{id}"), "versions": versions, "total": page.total})))
        })
        .await
}

/// `GET /api/where/{type}/{id}/elements?version=`: which part of the clinical document that brought a version each of its elements comes from.
pub(super) async fn elements(call: Call) -> Result<Answer, Refusal> {
    let version =
        super::arrivals::number_in_query(&call, "version")?.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    call.app
        .reading(move |app| {
            let source = app.records.source(&grant, &resource_type, &id, version)?;
            app.audit_version(&grant, "elements", &format!("{resource_type}/{id}"), source.row, source.version)?;
            let importer = Importer::new(Arc::clone(&app.records)).with_sources(Arc::clone(&app.access));
            let origins = importer.document_origins(&grant, &resource_type, &id, Some(source.version))?;
            let elements: Vec<Value> = origins
                .elements
                .iter()
                .map(|origin| {
                    json!({
                        "element": origin.element,
                        "xpath": origin.xpath,
                        "offset": origin.span.start,
                        "length": origin.span.len(),
                    })
                })
                .collect();
            Ok(Answer::of(&json!({
                "ref": format!("{resource_type}/{id}"),
                "version": origins.version,
                "arrival": origins.arrival.0,
                "elements": elements,
            })))
        })
        .await
}

/// `GET /api/where/{type}/{id}/bytes?version=`: the bytes of one version, for those who may not read whole arrivals.
pub(super) async fn bytes(call: Call) -> Result<Answer, Refusal> {
    let version =
        super::arrivals::number_in_query(&call, "version")?.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    let bytes = call
        .app
        .reading(move |app| {
            let source = app.records.source(&grant, &resource_type, &id, version)?;
            app.audit_version(&grant, "bytes", &format!("{resource_type}/{id}"), source.row, source.version)?;
            let bytes = app.records.source_bytes(&grant, &resource_type, &id, Some(source.version))?;
            Ok(bytes)
        })
        .await?;
    let answer = Answer::new(StatusCode::OK, "application/octet-stream", bytes);
    Ok(answer.with("x-content-type-options", "nosniff").with("content-disposition", "attachment"))
}
