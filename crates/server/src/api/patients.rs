//! `GET /api/patients`: the one box.

use super::chart::person;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use fhir::json::Document;
use records::Stored;
use serde_json::{Value, json};

/// Patients in an answer when the request does not say, and at most.
const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 200;

/// `GET /api/patients?q=&limit=`: the patients that answer what was typed, best first, and why.
pub(super) async fn search(call: Call) -> Result<Answer, Refusal> {
    let text = call.query_value("q").unwrap_or_default();
    let limit = super::arrivals::number_in_query(&call, "limit")?
        .map_or(DEFAULT_LIMIT, |limit| (limit as usize).clamp(1, MOST));
    let grant = call.grant()?;
    call.app
        .reading(move |app| {
            let page = app.records.people(&grant, &text, limit)?;
            let given: Vec<Stored> = page.found.iter().map(|found| found.stored.clone()).collect();
            app.audit(&grant, "people", &text, &given)?;
            let mut patients = Vec::with_capacity(page.found.len());
            for found in &page.found {
                let document = Document::parse(found.stored.json.as_bytes())
                    .map_err(|error| Refusal::internal(error.to_string()))?;
                let mut one = person::person(document.root());
                one["why"] =
                    found.why.iter().map(|why| json!({"kind": why.kind.as_str(), "text": why.text})).collect::<Value>();
                if let Some(at_us) = found.last_contact_us {
                    one["last_contact"] = json!(instant(at_us));
                }
                patients.push(one);
            }
            Ok(Answer::of(&json!({
                "patients": patients,
                "total": page.total,
                "known": page.known,
                "as_of": instant(app.now_us()),
                "seq": page.seq.0,
            })))
        })
        .await
}
