//! `GET Patient/[id]/$everything`

use super::kinds;
use super::searchset::{BundleWriter, Mode, url};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use fhir::schema::r4;
use fhir::time::{Moment, ZoneOffset};
use records::Everything;

fn wanted(given: &[(String, String)]) -> Result<Everything, Refusal> {
    let mut wanted = Everything::default();
    let bad = |name: &str, value: &str, why: &str| Refusal::bad_request(format!("{name}={value}: {why}"));
    let (mut start, mut end) = (None, None);
    for (name, value) in given {
        let moment = || Moment::parse(value, ZoneOffset::UTC).map_err(|error| bad(name, value, &error.to_string()));
        match name.as_str() {
            "start" => start = Some(moment()?.low_us),
            "end" => end = Some(moment()?.high_us),
            "_type" => {
                for resource_type in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    if !r4().is_resource(resource_type) {
                        return Err(bad(name, value, &format!("{resource_type} is no resource type")));
                    }
                    wanted.types.push(resource_type.to_owned());
                }
            }
            "_since" => wanted.since_us = Some(moment()?.low_us),
            "_count" => {
                let count = value.parse::<u32>().ok().filter(|count| *count > 0);
                wanted.count = Some(count.ok_or_else(|| bad(name, value, "expected a whole number above 0"))?);
            }
            "_page" => wanted.page = Some(value.clone()),
            "_format" | "_pretty" => {}
            _ => {
                let text = format!("{name} is not supported for $everything: use start, end, _type, _since, _count");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text));
            }
        }
    }
    if start.is_some() || end.is_some() {
        wanted.care_us = Some((start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX)));
    }
    Ok(wanted)
}

/// `GET Patient/[id]/$everything`
pub(crate) async fn of_patient(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let given: Vec<(String, String)> = pairs(call.query()).collect();
    let (grant, id, base) = (call.grant()?, call.part("id"), call.fhir_base());
    let json = call.app.reading(move |app| bundle(app, &grant, &base, &id, &given)).await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// The searchset that holds everything about a patient.
pub(super) fn bundle(
    app: &App,
    grant: &Grant,
    base: &str,
    id: &str,
    given: &[(String, String)],
) -> Result<String, Refusal> {
    let page = app.records.everything(grant, id, &wanted(given)?)?;
    let path = format!("Patient/{id}/$everything");
    app.audit(
        grant,
        "everything",
        &url("/fhir", &path, given.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
        &page.matches,
    )?;
    let rest = || given.iter().filter(|(name, _)| name != "_page").map(|(n, v)| (n.as_str(), v.as_str()));
    let mut links = vec![("self", url(base, &path, given.iter().map(|(n, v)| (n.as_str(), v.as_str()))))];
    if let Some(next) = &page.next {
        links.push(("next", url(base, &path, rest().chain([("_page", next.as_str())]))));
    }
    let room = page.matches.iter().map(|stored| stored.json.len() + 160).sum();
    let mut bundle = BundleWriter::new("searchset", base, page.total, app.now_us(), room);
    bundle.links(&links);
    page.matches.iter().for_each(|stored| bundle.found(stored, &stored.json, Mode::Match));
    Ok(bundle.finish())
}
