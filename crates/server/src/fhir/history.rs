//! Histories of a resource, a type and the whole store.

use super::kinds;
use super::searchset::{BundleWriter, url};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use fhir::time::{Moment, ZoneOffset};
use records::{HistoryOf, HistoryQuery, Seq};

/// Versions on a page when the request does not say.
const DEFAULT_COUNT: u32 = 50;
/// Versions on a page at most.
const MOST: u32 = 1_000;

/// `GET [type]/[id]/_history`
pub(crate) async fn of_instance(call: Call) -> Result<Answer, Refusal> {
    run(call).await
}

/// `GET [type]/_history`
pub(crate) async fn of_type(call: Call) -> Result<Answer, Refusal> {
    run(call).await
}

/// `GET _history`
pub(crate) async fn system(call: Call) -> Result<Answer, Refusal> {
    run(call).await
}

fn moment(name: &str, value: &str) -> Result<Moment, Refusal> {
    Moment::parse(value, ZoneOffset::UTC).map_err(|error| Refusal::bad_request(format!("{name}={value}: {error}")))
}

fn query(given: &[(String, String)]) -> Result<HistoryQuery, Refusal> {
    let mut query = HistoryQuery { count: DEFAULT_COUNT, ..HistoryQuery::default() };
    for (name, value) in given {
        match name.as_str() {
            "_count" => {
                let count = value.parse::<u32>();
                query.count = count
                    .map_err(|_| Refusal::bad_request(format!("_count={value}: expected a whole number")))?
                    .min(MOST);
            }
            "_since" => query.since_us = Some(moment(name, value)?.low_us),
            "_at" => {
                let at = moment(name, value)?;
                query.at_us = Some((at.low_us, at.high_us));
            }
            "_page" => {
                let before = value
                    .parse()
                    .map_err(|_| Refusal::bad_request(format!("_page={value}: not a page of a history")))?;
                query.before = Some(Seq(before));
            }
            "_format" | "_pretty" => {}
            _ => {
                let text = format!("{name} is not supported for histories: use _count, _since, _at");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text));
            }
        }
    }
    Ok(query)
}

async fn run(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let given: Vec<(String, String)> = pairs(call.query()).collect();
    let (grant, resource_type, id, base) = (call.grant()?, call.part("type"), call.part("id"), call.fhir_base());
    let json = call.app.reading(move |app| bundle(app, &grant, &base, &resource_type, &id, &given)).await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// The history of a resource; with an empty id of a type; with an empty type of everything.
pub(super) fn bundle(
    app: &App,
    grant: &Grant,
    base: &str,
    resource_type: &str,
    id: &str,
    given: &[(String, String)],
) -> Result<String, Refusal> {
    let query = query(given)?;
    let (of, path) = match (resource_type, id) {
        ("", _) => (HistoryOf::System, "_history".to_owned()),
        (name, "") => (HistoryOf::Type(name), format!("{name}/_history")),
        (name, id) => (HistoryOf::Resource(name, id), format!("{name}/{id}/_history")),
    };
    let mut page = app.records.history(grant, of, &query)?;
    if query.count == 0 {
        // Only the number is asked for.
        (page.versions, page.next) = (Vec::new(), None);
    }
    app.audit(
        grant,
        "history",
        &url("/fhir", &path, given.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
        &page.versions,
    )?;
    let rest = || given.iter().filter(|(name, _)| name != "_page").map(|(n, v)| (n.as_str(), v.as_str()));
    let mut links = vec![("self", url(base, &path, given.iter().map(|(n, v)| (n.as_str(), v.as_str()))))];
    if let Some(next) = page.next {
        let next = next.0.to_string();
        links.push(("next", url(base, &path, rest().chain([("_page", next.as_str())]))));
    }
    let room = page.versions.iter().map(|stored| stored.json.len() + 320).sum();
    let mut bundle = BundleWriter::new("history", base, Some(page.total), app.now_us(), room);
    bundle.links(&links);
    page.versions.iter().for_each(|stored| bundle.version(stored));
    Ok(bundle.finish())
}
