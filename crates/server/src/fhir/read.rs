//! Reading one resource, or one of its versions.

use super::kinds;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::http_date;
use axum::http::StatusCode;
use records::Stored;

/// `GET [type]/[id]`
pub(crate) async fn current(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    let query = call.asked();
    let stored = call
        .app
        .reading(move |app| {
            let stored = app.records.read(&grant, &resource_type, &id)?;
            app.audit(&grant, "read", &query, std::slice::from_ref(&stored))?;
            Ok(stored)
        })
        .await?;
    let none_match = call.header("if-none-match").map(str::to_owned);
    if none_match.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == "*" || tag.trim() == etag(stored.version)))
    {
        return Ok(Answer::empty(StatusCode::NOT_MODIFIED).with("etag", &etag(stored.version)));
    }
    Ok(whole(StatusCode::OK, stored))
}

/// `GET [type]/[id]/_history/[version]`
pub(crate) async fn version(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    let version = number(&call.part("version"))?;
    let query = call.asked();
    let stored = call
        .app
        .reading(move |app| {
            let stored = app.records.read_version(&grant, &resource_type, &id, version)?;
            app.audit(&grant, "read", &query, std::slice::from_ref(&stored))?;
            Ok(stored)
        })
        .await?;
    Ok(whole(StatusCode::OK, stored))
}

/// A version number; anything else names no version.
pub(crate) fn number(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(format!("there is no version \"{text}\": versions are numbers from 1")))
}

/// The version's entity tag.
pub(crate) fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// A resource with the headers of its version.
pub(crate) fn whole(status: StatusCode, stored: Stored) -> Answer {
    let answer = Answer::fhir(status, stored.json);
    answer.with("etag", &etag(stored.version)).with("last-modified", &http_date(stored.updated_us))
}
