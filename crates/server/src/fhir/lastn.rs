//! `Observation/$lastn`: the last observations of each code.

use super::kinds::{self, Handling, Kind, Prefer};
use super::search;
use super::searchset::url;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use fhir::json::{Document, Node};
use fhir::search::{ParseOptions, SearchQuery};
use records::LastN;

const PATH: &str = "Observation/$lastn";

/// `GET Observation/$lastn?…`
pub(crate) async fn by_get(call: Call) -> Result<Answer, Refusal> {
    let given = pairs(call.query()).collect();
    run(call, given).await
}

/// `POST Observation/$lastn`: parameters in a `Parameters` resource or a form, in the URL, or in both.
pub(crate) async fn by_post(mut call: Call) -> Result<Answer, Refusal> {
    let mut given: Vec<(String, String)> = pairs(call.query()).collect();
    let content = call.content().await?;
    if !content.bytes.is_empty() {
        if Kind::of(call.header("content-type").unwrap_or_default()) == Kind::Form {
            kinds::sends(&call, Kind::Form, "application/x-www-form-urlencoded")?;
            let text =
                std::str::from_utf8(&content.bytes).map_err(|_| Refusal::bad_request("the form is not UTF-8"))?;
            given.extend(pairs(text.trim_end()));
        } else {
            kinds::sends_json(&call)?;
            given.extend(parameters(&content.bytes)?);
        }
    }
    run(call, given).await
}

/// The names and values of a `Parameters` resource.
fn parameters(bytes: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let document = Document::parse(bytes).map_err(|error| Refusal::bad_request(format!("the body: {error}")))?;
    let root = document.root();
    if !root.get("resourceType").is_some_and(|of| of.is_str("Parameters")) {
        return Err(Refusal::bad_request("the body is no Parameters resource: send one, or the parameters in the URL"));
    }
    let all = root.get("parameter").into_iter().flat_map(Node::each).enumerate().map(|(at, parameter)| {
        let name = parameter.get("name").and_then(Node::as_str);
        let value = parameter.members().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value);
        match (name, value.and_then(Node::scalar_text)) {
            (Some(name), Some(value)) => Ok((name.into_owned(), value.into_owned())),
            _ => Err(Refusal::bad_request(format!(
                "Parameters.parameter[{at}] needs a name and a value of a primitive type, as in valueString"
            ))),
        }
    });
    all.collect()
}

async fn run(call: Call, given: Vec<(String, String)>) -> Result<Answer, Refusal> {
    let format = given.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.as_str());
    kinds::json_wanted(format, call.header_lines("accept").as_deref())?;
    let handling = match Prefer::of(&call).handling {
        Handling::Strict => fhir::search::Handling::Strict,
        Handling::Lenient => fhir::search::Handling::Lenient,
    };
    let (grant, base) = (call.grant()?, call.fhir_base());
    let json = call.app.reading(move |app| bundle(app, &grant, &base, given, handling)).await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// The searchset that answers.
pub(super) fn bundle(
    app: &App,
    grant: &Grant,
    base: &str,
    given: Vec<(String, String)>,
    handling: fhir::search::Handling,
) -> Result<String, Refusal> {
    let (own, mut given): (Vec<_>, Vec<_>) = given.into_iter().partition(|(name, _)| name == "max");
    // What was withdrawn is nobody's last value, unless it is asked for.
    if !given.iter().any(|(name, _)| name == "status" || name.starts_with("status:")) {
        given.extend(["entered-in-error", "cancelled"].map(|status| ("status:not".to_owned(), status.to_owned())));
    }
    let max = match own.as_slice() {
        [] => 1,
        [(_, value)] => {
            let max = value.parse::<u32>().ok().filter(|max| *max > 0 && i32::try_from(*max).is_ok());
            max.ok_or_else(|| Refusal::bad_request(format!("max={value}: expected a whole number above 0")))?
        }
        _ => return Err(Refusal::bad_request("max is given more than once: give one")),
    };
    let options = ParseOptions { handling, now_us: app.now_us(), base_url: Some(base), ..ParseOptions::default() };
    let query = SearchQuery::parse("Observation", given, &options).map_err(records::Error::from)?;
    let wanted = LastN { query, max: max as usize };
    let page = app.records.last_n(grant, &wanted)?;
    let query = &wanted.query;
    let used = || {
        let own = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        own.chain(query.used.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    search::audit(app, grant, "lastn", &url("/fhir", PATH, used()), &page)?;
    let links = [("self", url(base, PATH, used()))];
    Ok(search::searchset(app, base, query, page, &links))
}
