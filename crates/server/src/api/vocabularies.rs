//! Vocabularies: what is loaded, loading a download of Athena, and searching names.

use super::stream::{self, Lines};
use crate::Peer;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use lake::Stop;
use omop::vocabulary::{Hit, LoadOptions, Loaded, Report, Search, Vocabulary, licence_of, load};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Concepts that are found if nobody says how many, and at most.
const HITS: usize = 20;
const MOST_HITS: usize = 200;

fn loaded_json(loaded: &Loaded) -> Value {
    let held = loaded.vocabularies.iter().map(|held| {
        json!({
            "id": held.id, "name": held.name, "version": held.version, "concepts": held.concepts,
            "licence": licence_of(&held.id).map(|licence| licence.what),
        })
    });
    json!({
        "version": loaded.version, "id": loaded.id, "at": instant(loaded.at_us), "from": loaded.from, "tables": loaded.tables,
        "vocabularies": held.collect::<Vec<_>>(), "has_search": loaded.has_search, "notes": loaded.notes,
    })
}

/// `GET /api/vocabularies`
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let told = call.app.reading(move |app| {
        let current = Vocabulary::open(&app.data)?.current();
        Ok(json!({"loaded": current.map(|loaded| loaded_json(&loaded))}))
    });
    Ok(Answer::of(&told.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    /// The archive, or a folder with its files.
    path: PathBuf,
    /// Whether names can be searched afterwards.
    #[serde(default = "yes")]
    search: bool,
}

fn yes() -> bool {
    true
}

/// `POST /api/vocabularies`: lines of JSON, `{"progress": {"step"}}` now and then, `{"report": …}` or `{"error": …}` at the end. For the
/// operator of this machine, since it names a file of it. Who stops reading stops it; nothing is changed then.
pub(super) async fn begin(mut call: Call) -> Result<Answer, Refusal> {
    if !matches!(call.peer, Peer::Local { .. }) {
        let text = "vocabularies are loaded by the operator of this machine, who names a file of it";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let Load { path, search } = call.json().await?;
    if !path.is_absolute() {
        return Err(Refusal::bad_request(format!("{}: the path must be absolute", path.display())));
    }
    let app = Arc::clone(&call.app);
    stream::lines(&call, "application/x-ndjson", move |lines: &Lines| {
        let stop = Stop::default();
        let options = LoadOptions { search, stop: stop.clone(), ..LoadOptions::at(app.now_us()) };
        let told = |step: &str| {
            if app.is_stopping() || lines.send(&json!({"progress": {"step": step}})).is_break() {
                stop.stop();
            }
        };
        let done = Vocabulary::open(&app.data).and_then(|vocabulary| load(&vocabulary, &path, &options, told));
        let _ = match done {
            Ok(report) => lines.send(&json!({"report": report_json(&report)})),
            Err(error) => lines.send(&json!({"error": Refusal::from(error).own_json()["error"]})),
        };
    })
}

fn report_json(report: &Report) -> Value {
    let mut json = loaded_json(&report.loaded);
    json["seconds"] = json!((report.elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0);
    json
}

/// `DELETE /api/vocabularies`
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let was = call.app.writing(move |app| Ok(Vocabulary::open(&app.data)?.remove()?)).await?;
    if !was {
        return Err(Refusal::not_found("no vocabularies are loaded"));
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// `GET /api/vocabularies/search?q=&vocabulary=&domain=&limit=`
pub(super) async fn search(call: Call) -> Result<Answer, Refusal> {
    let text = call.query_value("q").unwrap_or_default();
    let limit = match call.query_value("limit") {
        Some(text) => text.parse().map_err(|_| Refusal::bad_request(format!("limit {text} is no number")))?,
        None => HITS,
    };
    let search = Search {
        vocabularies: given(&call, "vocabulary"),
        domains: given(&call, "domain"),
        limit: limit.clamp(1, MOST_HITS),
    };
    let told = call.app.reading(move |app| {
        let loaded = Vocabulary::open(&app.data)?.current();
        let loaded = loaded.filter(|loaded| loaded.has_search);
        let loaded = loaded.ok_or_else(|| {
            Refusal::not_found("no vocabularies are loaded whose names can be searched: medweave vocabulary load FILE")
        })?;
        let hits = loaded.search(&text, &search)?;
        Ok(json!({"version": loaded.version, "concepts": hits.iter().map(hit_json).collect::<Vec<_>>()}))
    });
    Ok(Answer::of(&told.await?))
}

fn given(call: &Call, name: &str) -> Vec<String> {
    call.query_value(name).into_iter().filter(|value| !value.is_empty()).collect()
}

fn hit_json(hit: &Hit) -> Value {
    let maps_to = hit.maps_to.iter().map(|(concept, name)| json!({"concept_id": concept, "name": name}));
    json!({
        "concept_id": hit.concept_id, "name": hit.name, "matched": hit.matched, "code": hit.code, "vocabulary": hit.vocabulary,
        "domain": hit.domain, "standard": hit.is_standard, "valid": hit.is_valid,
        "score": (hit.score * 1_000.0).round() / 1_000.0, "maps_to": maps_to.collect::<Vec<_>>(),
    })
}
