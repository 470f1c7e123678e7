//! Cohorts of the store's persons: finding who is in one, and keeping it for `omop.cohort`.

use crate::answer::Answer;
use crate::body;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Permission;
use axum::http::StatusCode;
use lake::{Limits, Stop};
use omop::Still;
use omop::cohort::{Definition, StoredCohort, StoredCohorts, run};
use omop::vocabulary::Vocabulary;
use records::ReadRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Rows that an answer lists; a cohort with more is kept, and read in SQL.
const ROWS: usize = 1_000_000;
/// Time that each query of a definition may take.
const QUERY_TIME: Duration = Duration::from_mins(10);
/// Rows that a query of a definition may give: the events of some persons.
const EVENTS: usize = 50_000_000;
/// Characters of a name, and of a definition as the trail has it.
const NAME: usize = 200;
const TRAIL: usize = 4_000;

fn kept_json(kept: &StoredCohort) -> Value {
    json!({
        "id": kept.id, "name": kept.name, "definition": kept.syntax, "who": kept.who, "at": instant(kept.at_us), "seq": kept.seq,
        "persons": kept.persons, "rows": kept.rows,
    })
}

/// `GET /api/cohorts`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let told = call.app.reading(move |app| {
        let all = StoredCohorts::open(&app.data)?.list()?;
        Ok(json!({"cohorts": all.iter().map(kept_json).collect::<Vec<_>>()}))
    });
    Ok(Answer::of(&told.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The expression, or what ATLAS exports with the expression in it.
    definition: Value,
    /// The name to keep it under.
    #[serde(default)]
    keep: Option<String>,
    /// The number in the rows.
    #[serde(default)]
    id: Option<i64>,
}

/// `POST /api/cohorts`
pub(super) async fn find(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let Asked { definition, keep, id } = call.json_within(body::OF_MAPPINGS).await?;
    grant.may_use_sql()?;
    if let Some(name) = &keep {
        // Others find it in their SQL.
        grant.may_all(Permission::Update)?;
        if name.trim().is_empty() || name.chars().count() > NAME {
            return Err(Refusal::bad_request(format!("the name of a cohort has 1 to {NAME} characters")));
        }
    }
    // What is not understood is said before anything is read.
    let syntax = definition.to_string();
    let definition = Definition::read(&syntax)?;
    // Whoever goes away takes the question with him.
    let stop = Stop::default();
    let _asking = stop.on_drop();
    let told = call.app.reading(move |app| {
        let limits = Limits { time: QUERY_TIME, rows: EVENTS, ..Limits::default() };
        let loaded = Vocabulary::open(&app.data)?.current();
        let still = Still::new(app.lake()?, grant.clone(), limits, stop, loaded, &app.omop_scratch())?;
        let found = run(&still, &definition);
        let outcome = found.as_ref().map_or_else(ToString::to_string, |_| "done".to_owned());
        let count = found.as_ref().map_or(0, |found| found.members.len() as u64);
        let query: String = syntax.chars().take(TRAIL).collect();
        let record = ReadRecord { action: "cohort", query: &query, outcome: &outcome, count, given: &[] };
        app.records.audit_read(&grant, &record)?;
        let (found, seq) = (found?, still.position());
        let kept = match &keep {
            Some(name) => {
                let stored = StoredCohorts::open(&app.data)?;
                let who = grant.principal().to_string();
                Some(stored.put(name.trim(), &syntax, &who, app.now_us(), seq, &found)?)
            }
            None => None,
        };
        let mut json = found.json(kept.as_ref().map_or(id.unwrap_or(1), |kept| kept.id), ROWS);
        json["seq"] = json!(seq);
        json["kept"] = kept.as_ref().map_or(Value::Null, kept_json);
        Ok(json)
    });
    Ok(Answer::of(&told.await?))
}

/// `DELETE /api/cohorts/{name}`
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let name = call.part("name");
    let asked = name.clone();
    let was = call.app.writing(move |app| Ok(StoredCohorts::open(&app.data)?.remove(&asked)?)).await?;
    if !was {
        return Err(Refusal::not_found(format!("no cohort is kept under the name {name}")));
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
