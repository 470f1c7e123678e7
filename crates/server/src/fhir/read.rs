//! Reading one resource, or one of its versions.

use super::kinds;
use super::narrow::Narrow;
use crate::answer::Answer;
use crate::call::{Call, pairs};
use crate::refusal::Refusal;
use crate::time::{http_date, parse_http_date};
use axum::http::StatusCode;
use fhir::search::{ParseOptions, SearchQuery, Summary};
use records::Stored;

/// `GET [type]/[id]`
pub(crate) async fn current(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let narrow = narrow(&call, &call.part("type"))?;
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
    Ok(if is_known(&call, &stored) { unchanged(&stored) } else { part(&narrow, stored) })
}

/// Whether the client says that it has this version: by `If-None-Match`, or else by `If-Modified-Since`.
fn is_known(call: &Call, stored: &Stored) -> bool {
    match (call.header_lines("if-none-match"), call.header("if-modified-since").and_then(parse_http_date)) {
        (Some(tags), _) => names(&tags, &etag(stored.version)),
        // HTTP dates have no fractions of a second.
        (None, Some(since_s)) => stored.updated_us.div_euclid(1_000_000) <= since_s,
        (None, None) => false,
    }
}

/// Whether a list of entity tags names this one, weak or strong (RFC 9110, section 8.8.3.2: the weak comparison).
pub(super) fn names(tags: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    tags.split(',').any(|given| given.trim() == "*" || bare(given) == bare(tag))
}

fn unchanged(stored: &Stored) -> Answer {
    let answer = Answer::empty(StatusCode::NOT_MODIFIED).with("etag", &etag(stored.version));
    answer.with("last-modified", &http_date(stored.updated_us))
}

/// What of a resource is asked for by `_summary` and `_elements`.
pub(super) fn narrow(call: &Call, resource_type: &str) -> Result<Narrow, Refusal> {
    let given: Vec<_> =
        pairs(call.query()).filter(|(name, _)| matches!(name.as_str(), "_summary" | "_elements")).collect();
    let query = SearchQuery::parse(resource_type, given, &ParseOptions::default()).map_err(records::Error::from)?;
    if query.summary == Summary::Count {
        return Err(Refusal::bad_request("_summary=count counts what a search finds: a read gives one resource"));
    }
    Ok(Narrow { summary: query.summary, elements: query.elements })
}

fn part(narrow: &Narrow, mut stored: Stored) -> Answer {
    stored.json = narrow.cut(stored.resource_type, stored.json);
    whole(StatusCode::OK, stored)
}

/// `GET [type]/[id]/_history/[version]`
pub(crate) async fn version(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let narrow = narrow(&call, &call.part("type"))?;
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
    Ok(if is_known(&call, &stored) { unchanged(&stored) } else { part(&narrow, stored) })
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
