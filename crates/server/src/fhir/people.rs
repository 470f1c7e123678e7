//! `POST Patient/$match`: who is described. `POST Patient/$merge`: one record goes on in the place of another.

use super::kinds;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use axum::http::StatusCode;
use fhir::json::{Document, Tree};
use intake::identity::{By, Grade, How, Matched, Named, merge};

/// Patients that `$match` gives if the request does not say, and at most.
const DEFAULT_COUNT: usize = 10;
const MOST: usize = 100;

/// Parameters of an operation.
struct Given(Vec<Tree>);

impl Given {
    /// Of a `Parameters` resource; of another one its own content as the parameter `resource`.
    fn of(bytes: &[u8]) -> Result<Given, Refusal> {
        let document = Document::parse(bytes).map_err(|error| Refusal::bad_request(error.to_string()))?;
        let body = Tree::from(document.root());
        match body.get("resourceType").and_then(Tree::as_str) {
            Some("Parameters") => Ok(Given(body.get("parameter").map_or(&[][..], Tree::items).to_vec())),
            Some("Patient") => {
                let mut parameter = Tree::object();
                parameter.set("name", "resource");
                parameter.set("resource", body);
                Ok(Given(vec![parameter]))
            }
            _ => Err(Refusal::bad_request("the body must be a Parameters resource")),
        }
    }

    /// Refuses parameters that the operation does not have.
    fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let names = self.0.iter().filter_map(|parameter| parameter.get("name")?.as_str());
        match names.into_iter().find(|name| !known.contains(name)) {
            Some(name) => {
                let text = format!("{name} is no parameter of this operation: it takes {}", known.join(", "));
                Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text))
            }
            None => Ok(()),
        }
    }

    fn all<'g>(&'g self, name: &'g str) -> impl Iterator<Item = &'g Tree> {
        self.0.iter().filter(move |parameter| parameter.get("name").and_then(Tree::as_str) == Some(name))
    }

    /// The one parameter of a name.
    fn one(&self, name: &str) -> Result<Option<&Tree>, Refusal> {
        let mut all = self.0.iter().filter(|parameter| parameter.get("name").and_then(Tree::as_str) == Some(name));
        match (all.next(), all.next()) {
            (found, None) => Ok(found),
            (_, Some(_)) => Err(Refusal::bad_request(format!("{name} is given more than once"))),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.one(name)?.map(|parameter| parameter.get("valueBoolean")) {
            None => Ok(false),
            Some(Some(Tree::Bool(value))) => Ok(*value),
            Some(_) => Err(Refusal::bad_request(format!("{name}: expected valueBoolean"))),
        }
    }

    fn resource(&self, name: &str) -> Result<Option<Tree>, Refusal> {
        let Some(parameter) = self.one(name)? else { return Ok(None) };
        let resource = parameter.get("resource");
        match resource.and_then(|resource| resource.get("resourceType")).and_then(Tree::as_str).zip(resource) {
            Some(("Patient", resource)) => Ok(Some(resource.clone())),
            other => {
                let found = other.map_or("no resource", |(kind, _)| kind);
                Err(Refusal::bad_request(format!("{name}: expected a Patient, found {found}")))
            }
        }
    }

    /// Who `{name}-patient` or `{name}-patient-identifier` names.
    fn named(&self, name: &str, base: &str) -> Result<Named, Refusal> {
        let by_reference = format!("{name}-patient");
        let by_identifier = format!("{name}-patient-identifier");
        let mut identifiers = Vec::new();
        for parameter in self.all(&by_identifier) {
            let part =
                |name: &str| parameter.get("valueIdentifier")?.get(name)?.as_str().filter(|text| !text.is_empty());
            match (part("system"), part("value")) {
                (Some(system), Some(value)) => identifiers.push((system.to_owned(), value.to_owned())),
                _ => {
                    let text = format!("{by_identifier}: expected valueIdentifier with a system and a value");
                    return Err(Refusal::bad_request(text));
                }
            }
        }
        let Some(parameter) = self.one(&by_reference)? else {
            if identifiers.is_empty() {
                return Err(Refusal::bad_request(format!("{by_reference} or {by_identifier} is missing")));
            }
            return Ok(Named::Identifiers(identifiers));
        };
        let reference = parameter.get("valueReference").and_then(|reference| reference.get("reference"));
        let reference = reference.and_then(Tree::as_str).unwrap_or_default();
        let own = reference.strip_prefix(&format!("{base}/")).unwrap_or(reference);
        match own.strip_prefix("Patient/") {
            Some(id) if identifiers.is_empty() && !id.is_empty() && !id.contains('/') => Ok(Named::Id(id.to_owned())),
            Some(_) => {
                let text = format!("give {by_reference} as Patient/[id], or {by_identifier}, not both");
                Err(Refusal::bad_request(text))
            }
            None => {
                Err(Refusal::bad_request(format!("{by_reference}: {reference:?} is no Patient/[id] of this server")))
            }
        }
    }
}

/// `POST Patient/$match`
pub(crate) async fn find(mut call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    kinds::sends_json(&call)?;
    let (grant, base, asked) = (call.grant()?, call.fhir_base(), call.asked());
    let content = call.content().await?;
    let given = Given::of(&content.bytes)?;
    given.only(&["resource", "onlyCertainMatches", "count"])?;
    let described = given
        .resource("resource")?
        .ok_or_else(|| Refusal::bad_request("resource is missing: a Patient with what is known of the person"))?;
    let count = match given.one("count")?.map(|parameter| parameter.get("valueInteger")) {
        None => DEFAULT_COUNT,
        Some(Some(Tree::Number(digits))) => digits
            .parse::<usize>()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| Refusal::bad_request(format!("count={digits}: expected a whole number above 0")))?
            .min(MOST),
        Some(_) => return Err(Refusal::bad_request("count: expected valueInteger")),
    };
    let only_certain = given.flag("onlyCertainMatches")?;
    let json = call
        .app
        .reading(move |app| {
            let mut matched = app.identity()?.matching(&grant, &described, MOST)?;
            matched.retain(|matched| !only_certain || matched.grade == Grade::Certain);
            // Where several would be the only certain one, none is.
            if only_certain && matched.len() > 1 {
                matched.clear();
            }
            matched.truncate(count);
            let stored: Vec<_> = matched.iter().map(|matched| matched.stored.clone()).collect();
            app.audit(&grant, "match", &asked, &stored)?;
            Ok(bundle(&matched, &base, app.now_us()))
        })
        .await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

fn bundle(matched: &[Matched], base: &str, now_us: i64) -> String {
    let mut writer = super::searchset::BundleWriter::new("searchset", base, Some(matched.len() as u64), now_us, 1_024);
    for matched in matched {
        writer.scored(&matched.stored, matched.compared.score, matched.grade.code());
    }
    writer.finish()
}

/// `POST Patient/$merge`
pub(crate) async fn join(mut call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    kinds::sends_json(&call)?;
    let (grant, base, asked) = (call.grant()?, call.fhir_base(), call.asked());
    let content = call.content().await?;
    let given = Given::of(&content.bytes)?;
    given.only(&[
        "source-patient",
        "source-patient-identifier",
        "target-patient",
        "target-patient-identifier",
        "result-patient",
        "preview",
    ])?;
    let named = (given.named("source", &base)?, given.named("target", &base)?);
    let result = given.resource("result-patient")?;
    let how = if given.flag("preview")? { How::Tried } else { How::Done };
    let input = String::from_utf8(content.bytes).map_err(|error| Refusal::bad_request(error.to_string()))?;
    let json = call
        .app
        .writing(move |app| {
            let decision = merge(&app.records, &grant, named, result, By::default(), how)?;
            let survivor = decision.link.survivor().unwrap_or_default();
            let at = usize::from(decision.link.patients[1] == survivor);
            let [goes_on, ends] = [&decision.link.patients[at], &decision.link.patients[1 - at]];
            let text = match how {
                How::Done => format!("Patient/{ends} was merged into Patient/{goes_on}"),
                How::Tried => format!("Patient/{ends} would be merged into Patient/{goes_on}; nothing was written"),
            };
            let stored = app.records.read(&grant, "Patient", goes_on)?;
            app.audit(&grant, "merge", &asked, std::slice::from_ref(&stored))?;
            let patient = match how {
                How::Done => stored.json,
                How::Tried => decision.patients[at].to_string(),
            };
            let mut outcome = String::new();
            fhir::json::escape_into(&mut outcome, &text);
            Ok(format!(
                "{{\"resourceType\":\"Parameters\",\"parameter\":[{{\"name\":\"input\",\"resource\":{input}}},{{\"name\":\"outcome\",\"resource\":{{\"resourceType\":\"OperationOutcome\",\"issue\":[{{\"severity\":\"information\",\"code\":\"informational\",\"diagnostics\":{outcome}}}]}}}},{{\"name\":\"result\",\"resource\":{patient}}}]}}"
            ))
        })
        .await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}
