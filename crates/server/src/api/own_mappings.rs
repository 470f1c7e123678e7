//! Mappings that are kept in the data directory: looking at them, saving them, and forgetting them.

use super::mapping_files::{File, files_json, lent, may_ask, taken};
use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tables::own::OwnVersion;

/// What lists say of a version.
pub(super) fn version_json(version: &OwnVersion) -> Value {
    json!({
        "name": version.name, "version": version.version, "hash": version.hash, "at": instant(version.at_us), "by": version.by,
        "note": version.note,
    })
}

/// `GET /api/mappings/own/{name}?version=`
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("name"));
    let version = match call.query_value("version").filter(|value| !value.is_empty()) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Refusal::bad_request(format!("version \"{text}\" is no number")))?),
    };
    let told = call
        .app
        .reading(move |app| {
            let own = app.own()?;
            let (of, files) = own.get(&grant, &name, version)?;
            let mut told = version_json(&of);
            told["files"] = json!(files_json(&files));
            told["versions"] = own.versions(&grant, &name)?.iter().map(version_json).collect();
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&told))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Save {
    files: Vec<File>,
    /// The version that whoever saves began from; none for a mapping that is new.
    #[serde(default)]
    base: Option<i64>,
    #[serde(default)]
    note: Option<String>,
}

/// `PUT /api/mappings/own/{name}`: saved also when something is wrong with it; what runs is another matter.
pub(super) async fn save(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("name"));
    let Save { files, base, note } = call.json_within(body::OF_MAPPINGS).await?;
    let files = taken(files);
    let told = call
        .app
        .writing(move |app| {
            let _asks = app.asks();
            for source in app.sources()?.list(&grant)?.iter().filter(|source| source.mapping == name) {
                may_ask(app, &grant, source, &files)?;
            }
            let saved = app.own()?.save(&grant, &name, &files, base, note.as_deref(), app.now_us())?;
            app.access.record(&grant, "save mapping", format!("{name} version {}", saved.version), app.now_us())?;
            let mut told = version_json(&saved);
            told["problems"] = json!(tables::compile::check(&lent(&files)).len());
            told["sources"] = json!(users(app, &grant, &name)?);
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&told))
}

/// `DELETE /api/mappings/own/{name}`
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("name"));
    call.app
        .writing(move |app| {
            let users = users(app, &grant, &name)?;
            if !users.is_empty() {
                let text = format!("mapping \"{name}\" is used by {}: give them another one first", users.join(", "));
                return Err(Refusal::new(StatusCode::CONFLICT, "conflict", text));
            }
            app.own()?.remove(&grant, &name)?;
            app.access.record(&grant, "remove mapping", name, app.now_us())?;
            Ok(())
        })
        .await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The sources that a mapping is of.
fn users(app: &App, grant: &Grant, name: &str) -> Result<Vec<String>, Refusal> {
    let sources = app.sources()?.list(grant)?;
    Ok(sources.into_iter().filter(|source| source.mapping == name).map(|source| source.name).collect())
}
