//! Records of one person: the list that waits for somebody, and what he says.

use super::arrivals::number_in_query;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use fhir::json::{Document, Node};
use intake::identity::{Asked, By, Shown, State, decide};
use records::Stored;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Links on a page when the request does not say, and at most.
const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 200;
/// How long a list waits for what came just now.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    same: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    into: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    reason: Option<String>,
}

/// What a record says of a person, to be laid beside another.
fn person(app: &App, grant: &Grant, stored: &Stored) -> Result<Value, Refusal> {
    let document = Document::parse(stored.json.as_bytes()).map_err(|error| Refusal::internal(error.to_string()))?;
    let patient = document.root();
    let text = |of: Node<'_>, name: &str| of.get(name).and_then(Node::as_str).map(std::borrow::Cow::into_owned);
    let each = |name: &str| patient.get(name).into_iter().flat_map(Node::each);
    let shown = super::chart::person::person(patient);
    let name = &shown["name"];
    let zh = name["zh"].as_str().filter(|zh| Some(*zh) != name["text"].as_str());
    let written = [name["text"].as_str(), zh].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let number = |identifier: Node<'_>| {
        let value = text(identifier, "value")?;
        let coding = identifier.get("type").and_then(|kind| kind.get("coding")?.each().next());
        let label = coding.and_then(|coding| text(coding, "code")).or_else(|| text(identifier, "system"));
        Some(label.map_or_else(|| value.clone(), |label| format!("{value} ({label})")))
    };
    let is_line = |telecom: &Node<'_>| telecom.get("system").is_none_or(|system| !system.is_str("url"));
    let address = each("address").next().map(|address| {
        let lines = address.get("line").into_iter().flat_map(Node::each);
        let lines = lines.filter_map(|line| line.as_str().map(std::borrow::Cow::into_owned));
        let rest = ["city", "state", "postalCode", "country"].into_iter().filter_map(|part| text(address, part));
        let parts: Vec<String> = lines.chain(rest).collect();
        if parts.is_empty() { text(address, "text").unwrap_or_default() } else { parts.join(", ") }
    });
    let source = app.records.source(grant, "Patient", &stored.id, None)?.arrival.source;
    let is_active = patient.get("active").is_none_or(|active| active.raw() != "false");
    Ok(json!({
        "id": stored.id,
        "active": is_active,
        "name": written,
        "birth_date": text(patient, "birthDate"),
        "sex": text(patient, "gender"),
        "numbers": each("identifier").filter_map(number).collect::<Vec<_>>(),
        "phones": each("telecom").filter(is_line).filter_map(|telecom| text(telecom, "value")).collect::<Vec<_>>(),
        "address": address,
        "updated": instant(stored.updated_us),
        "source": source,
        "deceased": shown["died"].is_string(),
    }))
}

fn told(app: &App, grant: &Grant, shown: &Shown) -> Result<Value, Refusal> {
    let link = &shown.link;
    let last = link.said.last();
    let part = |part: &::identity::Part| json!({"name": part.name.word(), "outcome": part.outcome.word(), "weight": part.weight, "how": part.how});
    let [one, other] = &shown.patients;
    Ok(json!({
        "id": link.id,
        "state": link.state.word(),
        "score": shown.compared.score,
        "found": link.found,
        "decided": last.map(|said| &said.at),
        "decided_by": last.map(|said| &said.by),
        "reason": last.and_then(|said| said.reason.as_ref()),
        "into": link.survivor(),
        "parts": shown.compared.parts.iter().map(part).collect::<Vec<_>>(),
        "patients": [person(app, grant, one)?, person(app, grant, other)?],
    }))
}

/// `GET /api/identity?state=waiting&before=&limit=`: the likeliest of those that wait first, of the others the newest.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let word = call.query_value("state").filter(|word| !word.is_empty()).unwrap_or_else(|| "waiting".into());
    let state = match (State::of(&word), word.as_str()) {
        (Some(state), _) => Some(state),
        (None, "all") => None,
        _ => {
            let text = format!("state={word}: expected waiting, same, different, merged or all");
            return Err(Refusal::bad_request(text));
        }
    };
    let limit = number_in_query(&call, "limit")?.map_or(DEFAULT_LIMIT, |limit| (limit as usize).clamp(1, MOST));
    let before = call.query_value("before").filter(|before| !before.is_empty());
    let (grant, asked) = (call.grant()?, call.asked());
    let answer = call
        .app
        .reading(move |app| {
            let identity = app.identity()?;
            let behind = identity.catch_up(PATIENCE)?;
            let (shown, page) = identity.list(&grant, state, before.as_deref(), limit)?;
            let given: Vec<Stored> = shown.iter().flat_map(|shown| shown.patients.iter().cloned()).collect();
            app.audit(&grant, "identity", &asked, &given)?;
            let links = shown.iter().map(|shown| told(app, &grant, shown)).collect::<Result<Vec<_>, _>>()?;
            Ok(json!({"waiting": page.waiting, "links": links, "next_before": page.next, "behind": behind}))
        })
        .await?;
    Ok(Answer::of(&answer))
}

/// `GET /api/identity/{id}`
pub(super) async fn one(call: Call) -> Result<Answer, Refusal> {
    let (grant, id, asked) = (call.grant()?, call.part("id"), call.asked());
    let answer = call
        .app
        .reading(move |app| {
            let shown = app.identity()?.one(&grant, &id)?;
            app.audit(&grant, "identity", &asked, &shown.patients)?;
            told(app, &grant, &shown)
        })
        .await?;
    Ok(Answer::of(&answer))
}

async fn say(call: Call, asked: Asked, reason: Option<String>) -> Result<Answer, Refusal> {
    let (grant, id, query) = (call.grant()?, call.part("id"), call.asked());
    let answer = call
        .app
        .writing(move |app| {
            let identity = app.identity()?;
            let pair = identity.one(&grant, &id)?.link.patients;
            decide(&app.records, &grant, &pair, asked, By { reason })?;
            let shown = identity.one(&grant, &id)?;
            app.audit(&grant, "identity", &query, &shown.patients)?;
            told(app, &grant, &shown)
        })
        .await?;
    Ok(Answer::of(&answer))
}

/// `POST /api/identity/{id}/decide`: they are one person, or two.
pub(super) async fn decided(mut call: Call) -> Result<Answer, Refusal> {
    let Decide { same, reason } = call.json().await?;
    say(call, if same { Asked::Same } else { Asked::Different }, reason).await
}

/// `POST /api/identity/{id}/merge`: one goes on in the place of the other.
pub(super) async fn merge(mut call: Call) -> Result<Answer, Refusal> {
    let Merge { into, reason } = call.json().await?;
    let into = into.strip_prefix("Patient/").map_or(into.clone(), str::to_owned);
    say(call, Asked::Merge { into }, reason).await
}

/// `POST /api/identity/{id}/undo`: what was said last does not hold.
pub(super) async fn undo(mut call: Call) -> Result<Answer, Refusal> {
    let Undo { reason } = call.json().await?;
    say(call, Asked::Undo, reason).await
}
