//! Searches: `GET [type]?…` and `POST [type]/_search`.

use super::kinds::{self, Handling, Kind, Prefer};
use super::narrow::Narrow;
use super::searchset::{BundleWriter, Mode, url};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::refusal::{Issue, Refusal};
use access::Grant;
use axum::http::StatusCode;
use fhir::search::{ParseOptions, SearchQuery};
use records::{SearchPage, Stored};

/// `GET [type]?…`
pub(crate) async fn by_get(call: Call) -> Result<Answer, Refusal> {
    let given = pairs(call.query()).collect();
    run(call, given).await
}

/// `POST [type]/_search`: parameters in the body, in the URL, or both.
pub(crate) async fn by_post(mut call: Call) -> Result<Answer, Refusal> {
    let mut given: Vec<(String, String)> = pairs(call.query()).collect();
    let content = call.content().await?;
    if !content.bytes.is_empty() {
        kinds::sends(&call, Kind::Form, "application/x-www-form-urlencoded")?;
        let text = std::str::from_utf8(&content.bytes).map_err(|_| Refusal::bad_request("the form is not UTF-8"))?;
        given.extend(pairs(text.trim_end()));
    }
    run(call, given).await
}

async fn run(call: Call, given: Vec<(String, String)>) -> Result<Answer, Refusal> {
    let format = given.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.as_str());
    kinds::json_wanted(format, call.header_lines("accept").as_deref())?;
    let handling = match Prefer::of(&call).handling {
        Handling::Strict => fhir::search::Handling::Strict,
        Handling::Lenient => fhir::search::Handling::Lenient,
    };
    let (grant, resource_type, base) = (call.grant()?, call.part("type"), call.fhir_base());
    let json = call.app.reading(move |app| bundle(app, &grant, &base, &resource_type, given, handling)).await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// The searchset that answers a search.
pub(super) fn bundle(
    app: &App,
    grant: &Grant,
    base: &str,
    resource_type: &str,
    given: Vec<(String, String)>,
    handling: fhir::search::Handling,
) -> Result<String, Refusal> {
    let options = ParseOptions { handling, now_us: app.now_us(), base_url: Some(base), ..ParseOptions::default() };
    let query = SearchQuery::parse(resource_type, given, &options).map_err(records::Error::from)?;
    let page = app.records.search(grant, &query)?;
    let asked = url("/fhir", resource_type, query.used.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    audit(app, grant, "search", &asked, &page)?;
    let without_page = || query.used.iter().filter(|(name, _)| name != "_page").map(|(n, v)| (n.as_str(), v.as_str()));
    let mut links = vec![("self", url(base, resource_type, query.used.iter().map(|(n, v)| (n.as_str(), v.as_str()))))];
    if query.page.is_some() {
        links.push(("first", url(base, resource_type, without_page())));
    }
    if let Some(previous) = &page.previous {
        links.push(("previous", url(base, resource_type, without_page().chain([("_page", previous.as_str())]))));
    }
    if let Some(next) = &page.next {
        links.push(("next", url(base, resource_type, without_page().chain([("_page", next.as_str())]))));
    }
    Ok(searchset(app, base, &query, page, &links))
}

/// Records what a page gives out, before it does.
pub(super) fn audit(app: &App, grant: &Grant, action: &str, asked: &str, page: &SearchPage) -> Result<(), Refusal> {
    app.audit(grant, action, asked, &page.matches)?;
    if !page.included.is_empty() {
        app.audit(grant, "include", asked, &page.included)?;
    }
    Ok(())
}

/// The bundle of a page.
pub(super) fn searchset(
    app: &App,
    base: &str,
    query: &SearchQuery,
    page: SearchPage,
    links: &[(&str, String)],
) -> String {
    let room = page.matches.iter().chain(&page.included).map(|stored| stored.json.len() + 160).sum();
    let mut bundle = BundleWriter::new("searchset", base, page.total, app.now_us(), room);
    bundle.links(links);
    let narrow = Narrow { summary: query.summary, elements: query.elements.clone() };
    let entry = |bundle: &mut BundleWriter, stored: Stored, narrow: &Narrow, mode| {
        if narrow.is_whole() {
            bundle.found(&stored, &stored.json, mode);
        } else {
            let cut = narrow.cut(stored.resource_type, stored.json.clone());
            bundle.found(&stored, &cut, mode);
        }
    };
    for stored in page.matches {
        entry(&mut bundle, stored, &narrow, Mode::Match);
    }
    // `_elements` names elements of the type that is searched.
    let narrow = Narrow { elements: Vec::new(), ..narrow };
    for stored in page.included {
        entry(&mut bundle, stored, &narrow, Mode::Include);
    }
    let ignored: Vec<Issue> = query
        .ignored
        .iter()
        .map(|ignored| Issue {
            severity: "warning",
            ..Issue::error("not-supported", format!("{} was left out: {}", ignored.name, ignored.why))
        })
        .collect();
    bundle.remarks(&ignored);
    bundle.finish()
}
