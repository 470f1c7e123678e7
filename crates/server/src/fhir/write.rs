//! Writing: one interaction, or a bundle of them. What is written is planned in `intake`; here HTTP is turned into it and back.

use super::kinds::{self, Kind, Prefer, Returning};
use super::read::{etag, whole};
use crate::answer::Answer;
use crate::call::{Call, pairs};
use crate::refusal::{Issue, Refusal, outcome};
use crate::time::http_date;
use access::Permission;
use axum::http::StatusCode;
use fhir::schema::r4;
use intake::fhir_door::{Interaction, Single, TakenApart};
use records::{Arrived, Change, Outcome, Planner, Receipt, ReuseArrival, Trail};
use std::sync::Arc;

/// `POST [type]`, with `If-None-Exist` if it is conditional.
pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-none-exist"])?;
    kinds::sends_json(&call)?;
    if let Some((name, _)) = pairs(call.query()).find(|(name, _)| !name.starts_with('_')) {
        let text = format!("a create takes no condition in its URL ({name}): send it as If-None-Exist");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text));
    }
    let if_none_exist = call.header("if-none-exist").map(|value| value.trim().trim_start_matches('?').to_owned());
    let resource_type = call.part("type");
    run(call, Interaction::Create { resource_type, if_none_exist }).await
}

/// `PUT [type]/[id]`
pub(crate) async fn update(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-match", "if-none-match"])?;
    kinds::sends_json(&call)?;
    let (resource_type, id, if_match) = (call.part("type"), call.part("id"), current_or_none(&call)?);
    run(call, Interaction::Update { resource_type, id, if_match }).await
}

/// `PUT [type]?…`
pub(crate) async fn conditional_update(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-match", "if-none-match"])?;
    kinds::sends_json(&call)?;
    let (resource_type, query, if_match) = (call.part("type"), condition(&call)?, current_or_none(&call)?);
    run(call, Interaction::UpdateWhere { resource_type, query, if_match }).await
}

/// `PATCH [type]/[id]` with a JSON Patch.
pub(crate) async fn patch(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-match"])?;
    kinds::sends(&call, Kind::JsonPatch, "application/json-patch+json")?;
    let (resource_type, id, if_match) = (call.part("type"), call.part("id"), if_match(&call)?);
    run(call, Interaction::Patch { resource_type, id, if_match }).await
}

/// `PATCH [type]?…` with a JSON Patch.
pub(crate) async fn conditional_patch(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-match"])?;
    kinds::sends(&call, Kind::JsonPatch, "application/json-patch+json")?;
    let (resource_type, query, if_match) = (call.part("type"), condition(&call)?, if_match(&call)?);
    run(call, Interaction::PatchWhere { resource_type, query, if_match }).await
}

/// `DELETE [type]/[id]`
pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &["if-match"])?;
    let (resource_type, id, if_match) = (call.part("type"), call.part("id"), if_match(&call)?);
    run(call, Interaction::Delete { resource_type, id, if_match }).await
}

/// `DELETE [type]?…`, of the one resource that matches.
pub(crate) async fn conditional_delete(call: Call) -> Result<Answer, Refusal> {
    kinds::only_conditions(&call, &[])?;
    let (resource_type, query) = (call.part("type"), condition(&call)?);
    run(call, Interaction::DeleteWhere { resource_type, query }).await
}

/// The condition in the URL of a conditional interaction; without one every resource would be meant.
fn condition(call: &Call) -> Result<String, Refusal> {
    let pairs = call
        .query()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("_format=") && !pair.starts_with("_pretty="));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        return Err(Refusal::bad_request(format!("{} {} needs an id or a condition", call.method, call.uri.path())));
    }
    Ok(query)
}

/// The version that an update is made for; 0 for `If-None-Match: *`, which asks that nothing be there (RFC 9110, 13.1.2).
fn current_or_none(call: &Call) -> Result<Option<i64>, Refusal> {
    let Some(value) = call.header("if-none-match").map(str::trim) else { return if_match(call) };
    if value != "*" {
        let text = format!(
            "the condition if-none-match: {value} is not supported on updates: write *, or If-Match with the version that is to be current"
        );
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text));
    }
    if call.header("if-match").is_some() {
        return Err(Refusal::bad_request(
            "If-Match asks for a version and If-None-Match: * that there be none: send one of them",
        ));
    }
    Ok(Some(0))
}

/// The version of `If-Match: W/"3"`.
fn if_match(call: &Call) -> Result<Option<i64>, Refusal> {
    let Some(value) = call.header("if-match").map(str::trim).filter(|value| !value.is_empty()) else { return Ok(None) };
    let bare = value.strip_prefix("W/").unwrap_or(value).trim_matches('"');
    match bare.parse() {
        Ok(version) if version > 0 => Ok(Some(version)),
        _ => Err(Refusal::bad_request(format!("If-Match: {value} names no version: write W/\"3\""))),
    }
}

/// What an arrival over HTTP is called.
pub(crate) fn arrived(call: &Call, grant: &access::Grant, wrapper: &str) -> Arrived {
    Arrived {
        door: grant.origin().door.as_str().to_owned(),
        source: grant.principal().key(),
        name: format!("{} {}", call.method, call.asked()),
        media: call.header("content-type").unwrap_or_default().to_owned(),
        wrapper: wrapper.to_owned(),
        base: 0,
    }
}

async fn run(mut call: Call, interaction: Interaction) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let grant = call.grant()?;
    let content = call.content().await?;
    let about = arrived(&call, &grant, content.wrapper);
    let prefer = Prefer::of(&call);
    let base = call.fhir_base();
    let trail = Trail { action: interaction.action().to_owned(), detail: about.name.clone() };
    let deletes = matches!(interaction, Interaction::Delete { .. } | Interaction::DeleteWhere { .. });
    let app = Arc::clone(&call.app);
    app.writing(move |app| {
        let bytes = Arc::new(content.bytes);
        let planner = Single::new(interaction, Arc::clone(&bytes), app.records.new_id());
        let receipt = write_taken_apart(app, &grant, trail, about, &bytes, planner)?;
        Ok(if deletes { deleted(&receipt) } else { answer(app, &grant, &receipt, prefer, &base) })
    })
    .await
}

/// Carries out a plan, together with what the clinical documents tell that it brings, where the grant may write all that.
pub(crate) fn write_taken_apart(
    app: &crate::App,
    grant: &access::Grant,
    trail: Trail,
    about: Arrived,
    bytes: &Arc<Vec<u8>>,
    planner: impl Planner + 'static,
) -> Result<Receipt, records::Error> {
    let may_all = grant.may_all(Permission::Create).and(grant.may_all(Permission::Update)).is_ok();
    if !may_all {
        return app.records.write(grant, trail, about, bytes, ReuseArrival::Never, planner);
    }
    let planner = TakenApart::new(planner, Arc::clone(bytes), &app.zone);
    app.records.write(grant, trail, about, bytes, ReuseArrival::Never, planner)
}

/// 204, also where it was deleted already or never there: it is not there now.
fn deleted(receipt: &Receipt) -> Answer {
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    match receipt.outcomes.first() {
        Some(done) => answer.with("etag", &etag(done.version)),
        None => answer,
    }
}

fn answer(app: &crate::App, grant: &access::Grant, receipt: &Receipt, prefer: Prefer, base: &str) -> Answer {
    let Some(done) = receipt.outcomes.first() else { return Answer::empty(StatusCode::NO_CONTENT) };
    let Outcome { resource_type, id, version, updated_us, change } = done;
    let name = r4().name(*resource_type);
    let status = if *change == Change::Created { StatusCode::CREATED } else { StatusCode::OK };
    let with_place = |answer: Answer| {
        let answer = answer.with("etag", &etag(*version)).with("last-modified", &http_date(*updated_us));
        answer.with("location", &format!("{base}/{name}/{id}/_history/{version}"))
    };
    match prefer.returning() {
        Returning::Representation => match app.records.read_version(grant, name, id, *version) {
            Ok(stored) => with_place(whole(status, stored)),
            // Who may write and not read is told where it is, no more. The same if it was erased since: what was asked for is done.
            Err(_) => with_place(Answer::empty(status)),
        },
        Returning::Minimal => with_place(Answer::empty(status)),
        Returning::Outcome => with_place(Answer::fhir(status, said(done))),
    }
}

/// What was done, as an `OperationOutcome`.
pub(super) fn said(done: &Outcome) -> String {
    let what = match done.change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Unchanged => "unchanged",
        Change::Deleted => "deleted",
    };
    let text = format!("{}/{} version {}: {what}", r4().name(done.resource_type), done.id, done.version);
    outcome(&[Issue { severity: "information", ..Issue::error("informational", text) }])
}
