//! `POST /fhir`: batch and transaction.

use super::kinds::{self, Prefer, Returning};
use super::read::{etag, names};
use super::{everything, history, lastn, search, terms, write};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::gate::unknown_type;
use crate::refusal::{Refusal, outcome};
use access::Grant;
use axum::http::StatusCode;
use fhir::schema::r4;
use intake::fhir_door::{EntryAnswer, Reads, bundle};
use records::{Outcome, Stored, Trail};
use std::sync::Arc;

/// `POST /fhir` with a bundle.
pub(crate) async fn post(mut call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    kinds::sends_json(&call)?;
    let grant = call.grant()?;
    let content = call.content().await?;
    let about = write::arrived(&call, &grant, content.wrapper);
    let (prefer, base) = (Prefer::of(&call).or_returning(Returning::Minimal), call.fhir_base());
    let asked = format!("{} {}", call.method, call.asked());
    let json = call
        .app
        .writing(move |app| {
            let bytes = Arc::new(content.bytes);
            let (planner, answers) = bundle::over_http(Arc::clone(&bytes), grant.clone(), app.records.new_id())?;
            let reading = Reading { app, grant: &grant, base: &base, prefer };
            answers.check(&reading)?;
            let trail = Trail { action: answers.action().to_owned(), detail: about.name.clone() };
            let receipt = write::write_taken_apart(app, &grant, trail, about, &bytes, planner)?;
            if let Some((no, outcome)) = answers.denied().first() {
                let (count, asked) = (answers.denied().len(), format!("{asked} Bundle.entry[{no}]"));
                app.audit_denied(&grant, &asked, &format!("{count} entries denied, the first: {outcome}"));
            }
            Ok(answers.response(&receipt, &reading))
        })
        .await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// What entries of a bundle read, after its commit.
struct Reading<'a> {
    app: &'a App,
    grant: &'a Grant,
    base: &'a str,
    prefer: Prefer,
}

impl Reading<'_> {
    fn one(&self, stored: Stored, url: &str) -> Result<EntryAnswer, Refusal> {
        self.app.audit(self.grant, "read", url, std::slice::from_ref(&stored))?;
        Ok(resource(stored))
    }

    fn handling(&self) -> fhir::search::Handling {
        match self.prefer.handling {
            kinds::Handling::Strict => fhir::search::Handling::Strict,
            kinds::Handling::Lenient => fhir::search::Handling::Lenient,
        }
    }

    fn get(&self, url: &str) -> Result<EntryAnswer, Refusal> {
        let path = url.strip_prefix(self.base).unwrap_or(url).trim_start_matches('/');
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let given: Vec<(String, String)> = pairs(query).collect();
        let format = given.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.as_str());
        kinds::json_wanted(format, None)?;
        let (grant, records) = (self.grant, &self.app.records);
        let known = |name: &str| if r4().is_resource(name) { Ok(()) } else { Err(unknown_type(name)) };
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if let Some((operation, id)) = terms::named(&segments) {
            let asked = terms::Asked { operation, id, query: &given, body: None };
            return Ok(found(terms::answer(self.app, grant, &asked, url)?));
        }
        match segments.as_slice() {
            ["Observation", "$lastn"] => Ok(found(lastn::bundle(self.app, grant, self.base, given, self.handling())?)),
            ["_history"] => Ok(found(history::bundle(self.app, grant, self.base, "", "", &given)?)),
            [name] => {
                known(name)?;
                Ok(found(search::bundle(self.app, grant, self.base, name, given, self.handling())?))
            }
            [name, "_history"] => {
                known(name)?;
                Ok(found(history::bundle(self.app, grant, self.base, name, "", &given)?))
            }
            ["Patient", id, "$everything"] => Ok(found(everything::bundle(self.app, grant, self.base, id, &given)?)),
            [name, id] => {
                known(name)?;
                self.one(records.read(grant, name, id)?, url)
            }
            [name, id, "_history"] => {
                known(name)?;
                Ok(found(history::bundle(self.app, grant, self.base, name, id, &given)?))
            }
            [name, id, "_history", version] => {
                known(name)?;
                self.one(records.read_version(grant, name, id, super::read::number(version)?)?, url)
            }
            _ => Err(Refusal::not_found(format!("there is nothing at {url}"))),
        }
    }
}

fn found(json: String) -> EntryAnswer {
    EntryAnswer { status: 200, resource: Some(json), ..EntryAnswer::default() }
}

fn resource(stored: Stored) -> EntryAnswer {
    EntryAnswer {
        status: 200,
        etag: Some(etag(stored.version)),
        last_modified: Some(crate::time::instant(stored.updated_us)),
        resource: Some(stored.json),
        ..EntryAnswer::default()
    }
}

impl Reads for Reading<'_> {
    fn read(&self, head: bool, url: &str, if_none_match: Option<&str>, if_modified_since: Option<&str>) -> EntryAnswer {
        let mut answer = self.get(url).unwrap_or_else(|refusal| {
            if refusal.status == StatusCode::FORBIDDEN {
                self.app.audit_refusal(self.grant, "refused", url, &refusal);
            }
            EntryAnswer {
                status: refusal.status.as_u16(),
                outcome: Some(outcome(&refusal.issues)),
                ..EntryAnswer::default()
            }
        });
        let unchanged = match (if_none_match, &answer.etag) {
            (Some(tags), Some(tag)) => names(tags, tag),
            // An instant in UTC as the store writes it can be compared as text up to the second.
            (None, Some(_)) => if_modified_since
                .and_then(moment)
                .zip(answer.last_modified.as_deref().and_then(moment))
                .is_some_and(|(since, at)| at <= since),
            _ => false,
        };
        if unchanged {
            answer.status = 304;
        }
        if head || unchanged {
            answer.resource = None;
        }
        answer
    }

    fn representation(&self, outcome: &Outcome) -> Option<String> {
        let name = r4().name(outcome.resource_type);
        if self.prefer.returning() != Returning::Representation {
            return None;
        }
        // Of what may not be read nothing is told but that it is done.
        self.app.records.read_version(self.grant, name, &outcome.id, outcome.version).ok().map(|stored| stored.json)
    }

    fn said(&self, outcome: &Outcome) -> Option<String> {
        (self.prefer.returning() == Returning::Outcome).then(|| write::said(outcome))
    }
}

fn moment(text: &str) -> Option<i64> {
    fhir::time::Moment::parse(text, fhir::time::ZoneOffset::UTC).ok().map(|moment| moment.high_us)
}
