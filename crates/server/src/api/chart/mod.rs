//! `GET /api/chart/{id}`: what the chart page shows of a patient, in a few grouped reads.
//!
//! The page gets facts, not FHIR: names, codes and values as the source wrote them, each with the reference that leads home.
//! Nothing is interpreted here but what FHIR spreads over several elements (is this medication being taken?).

mod element;
mod encounters;
mod labs;
mod medications;
pub(super) mod person;
mod problems;

use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Grant, Permission};
use fhir::json::{Document, Node};
use fhir::schema::r4;
use fhir::search::{Handling, ParseOptions, SearchQuery};
use intake::identity::State;
use records::{Everything, SearchPage, Stored};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Types shown beside observations.
const TYPES: [&str; 5] = ["Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Encounter"];
/// Observations read: the newest. A page of a search and the number of pages.
const PAGE: &str = "1000";
const PAGES: usize = 10;

/// `GET /api/chart/{id}`
pub(super) async fn chart(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.part("id"));
    call.app.reading(move |app| Ok(Answer::of(&of_patient(app, &grant, &id)?))).await
}

/// A resource with its reference, parsed.
struct Parsed<'d> {
    reference: String,
    root: Node<'d>,
}

fn of_patient(app: &App, grant: &Grant, id: &str) -> Result<Value, Refusal> {
    let may =
        |name: &str| [Permission::Read, Permission::Search].iter().all(|&right| grant.may_some(right, name).is_ok());
    let withheld: Vec<&str> = TYPES.iter().copied().chain(["Observation"]).filter(|name| !may(name)).collect();
    let mut types: Vec<String> = TYPES.iter().filter(|name| may(name)).map(|&name| name.to_owned()).collect();
    // What a request only refers to is read with it, where it may be.
    types.extend(["Medication"].iter().filter(|name| may(name)).map(|&name| name.to_owned()));
    types.push("Patient".to_owned());
    let page = app.records.everything(grant, id, &Everything { types, ..Everything::default() })?;
    let (observations, is_cut) =
        if may("Observation") { newest_observations(app, grant, id)? } else { (Vec::new(), false) };
    let given: Vec<Stored> = page.matches.iter().chain(&observations).cloned().collect();
    app.audit(grant, "chart", &format!("Patient/{id}"), &given)?;

    let documents = parse(&page.matches)?;
    let mut by_type: HashMap<&str, Vec<Parsed<'_>>> = HashMap::new();
    for (stored, document) in page.matches.iter().zip(&documents) {
        let name = r4().name(stored.resource_type);
        by_type
            .entry(name)
            .or_default()
            .push(Parsed { reference: format!("{name}/{}", stored.id), root: document.root() });
    }
    let all = |name: &str| by_type.get(name).map_or(&[][..], Vec::as_slice);
    let now = instant(app.now_us());
    let drugs: HashMap<&str, Node<'_>> =
        all("Medication").iter().map(|parsed| (parsed.reference.as_str(), parsed.root)).collect();
    let mut medications = medications::requests(all("MedicationRequest"), &drugs, &now);
    medications.extend(medications::statements(all("MedicationStatement"), &drugs, &now));
    medications::sort(&mut medications);
    let patient = all("Patient").iter().find(|parsed| parsed.reference == format!("Patient/{id}"));
    let patient = patient.ok_or_else(|| Refusal::not_found(format!("there is no Patient/{id}")))?;

    let documents = parse(&observations)?;
    let parsed: Vec<Parsed<'_>> = observations
        .iter()
        .zip(&documents)
        .map(|(stored, document)| Parsed { reference: format!("Observation/{}", stored.id), root: document.root() })
        .collect();
    let (tests, results) = labs::table(&parsed);
    let mut banner = person::banner(patient.root);
    alike(app, grant, id, &mut banner);
    Ok(json!({
        "patient": banner,
        "problems": problems::problems(all("Condition")),
        "allergies": problems::allergies(all("AllergyIntolerance")),
        "medications": medications,
        "encounters": encounters::encounters(all("Encounter")),
        "tests": tests,
        "results": results,
        "truncated": if is_cut { vec!["Observation"] } else { Vec::new() },
        "withheld": withheld,
        "as_of": now,
        "seq": page.seq.0,
    }))
}

/// The records that may be of the same person or are said to be, for whoever may see all patients.
fn alike(app: &App, grant: &Grant, id: &str, banner: &mut Value) {
    let may = |name: &str| grant.may(Permission::Read, name).and(grant.may(Permission::Search, name)).is_ok();
    if !may("Patient") || !may("Linkage") {
        return;
    }
    // A chart is there also while its duplicates are not.
    let links = match app.identity().and_then(|identity| Ok(identity.of_patient(grant, id)?)) {
        Ok(links) => links,
        Err(refusal) => {
            records::tell_operator!("medweave: duplicates are not told in a chart: {}", refusal.issues[0].text);
            return;
        }
    };
    let of = |state| -> Vec<Value> {
        let links = links.iter().filter(|(_, of, _)| *of == state);
        links.map(|(pair, _, patient)| json!({"pair": pair, "patient": patient})).collect()
    };
    banner["may_be"] = Value::Array(of(State::Waiting));
    banner["same_as"] = Value::Array(of(State::Same));
}

fn parse(all: &[Stored]) -> Result<Vec<Document<'_>>, Refusal> {
    let mut documents = Vec::with_capacity(all.len());
    for stored in all {
        documents.push(Document::parse(stored.json.as_bytes()).map_err(|error| Refusal::internal(error.to_string()))?);
    }
    Ok(documents)
}

/// The newest observations of a patient, and whether there are more.
fn newest_observations(app: &App, grant: &Grant, id: &str) -> Result<(Vec<Stored>, bool), Refusal> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let mut pairs = vec![("patient", id), ("_sort", "-date"), ("_count", PAGE)];
        let token = next.take();
        pairs.extend(token.as_deref().map(|token| ("_page", token)));
        let options = ParseOptions { handling: Handling::Strict, now_us: app.now_us(), ..ParseOptions::default() };
        let query =
            SearchQuery::parse("Observation", pairs, &options).map_err(|error| Refusal::internal(error.to_string()))?;
        let SearchPage { matches, next: more, .. } = app.records.search(grant, &query)?;
        all.extend(matches);
        next = more;
        if next.is_none() {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}
