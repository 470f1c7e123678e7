//! Sources: senders of messages, allowed by their address, and places where tables are.

use super::databases::{self, NewDatabase};
use super::source_doubts;
use super::uploads::UPLOAD;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Grant, NewSource};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tables::live::Address;
use tables::pull::SourceInfo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    /// An address or a network: `10.1.2.3`, `10.1.0.0/16`.
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    charset: Option<String>,
    /// Where a source of tables delivers: a folder, file or archive of this machine.
    #[serde(default)]
    path: Option<String>,
    /// Whether its deliveries are sent: then it has no path.
    #[serde(default)]
    upload: bool,
    /// Where a database is, without its password.
    #[serde(default)]
    url: Option<String>,
    /// The password of its user.
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    rows_per_second: Option<u32>,
    #[serde(default)]
    hours: Option<String>,
    /// Whether it is added without being reached first.
    #[serde(default)]
    unreached: bool,
    /// The mapping of its tables: the name of one that comes with the program, or a folder.
    #[serde(default)]
    mapping: Option<String>,
}

/// `GET /api/sources`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let (sources, tables) = call
        .app
        .reading(move |app| Ok((app.access.list_sources(&grant)?, super::tables::list_json(app, &grant)?)))
        .await?;
    let sources: Vec<Value> = sources
        .iter()
        .map(|source| {
            json!({
                "id": source.id,
                "name": source.name,
                "address": source.network.to_string(),
                "zone": source.time_zone,
                "charset": source.character_set,
                "created": instant(source.created_us),
            })
        })
        .collect();
    Ok(Answer::of(&json!({"sources": sources, "tables": tables})))
}

/// `POST /api/sources`
pub(super) async fn add(mut call: Call) -> Result<Answer, Refusal> {
    let Add { address, name, zone, charset, path, upload, url, password, rows_per_second, hours, unreached, mapping } =
        call.json().await?;
    if upload && path.is_none() && address.is_none() && url.is_none() {
        return add_uploads(call, name, mapping).await;
    }
    let address = match (address, path, url) {
        (Some(address), None, None) if mapping.is_none() => address,
        (None, Some(path), None) => return add_tables(call, name, path, mapping).await,
        (None, None, Some(url)) => {
            let (Some(name), Some(mapping)) = (name, mapping) else {
                return Err(Refusal::bad_request("a database has a name, a url and a mapping"));
            };
            let address = Address::parse(&url)?.with(rows_per_second, hours.as_deref())?;
            return databases::add(call, NewDatabase { name, address, mapping, password, unreached }).await;
        }
        _ => {
            let text = "name an address for messages, or a path or url and a mapping for tables";
            return Err(Refusal::bad_request(text));
        }
    };
    let network = address.parse().map_err(|error: access::NetworkError| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", format!("address \"{address}\": {error}"))
    })?;
    if let Some(name) = charset.as_ref().filter(|name| !intake::hl7_door::is_character_set(name)) {
        let text = format!("character set \"{name}\" is not known; write it as in MSH-18, as in 'GB18030' or '8859/1'");
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text));
    }
    let new = NewSource {
        name: name.unwrap_or_else(|| address.clone()),
        network,
        time_zone: zone.unwrap_or_else(|| call.app.zone.clone()),
        character_set: charset.unwrap_or_else(|| "UNICODE UTF-8".to_owned()),
    };
    let grant = call.grant()?;
    let (id, new) =
        call.app.writing(move |app| Ok((app.access.allow_source(&grant, &new, app.now_us())?, new))).await?;
    let body = json!({
        "id": id,
        "name": new.name,
        "address": new.network.to_string(),
        "zone": new.time_zone,
        "charset": new.character_set,
    });
    Ok(Answer::json(StatusCode::CREATED, body.to_string()))
}

/// Whoever names a path lets the program read it with its own rights: that is for the operator of the machine.
async fn add_tables(
    call: Call,
    name: Option<String>,
    path: String,
    mapping: Option<String>,
) -> Result<Answer, Refusal> {
    if !matches!(call.peer, Peer::Local { .. }) {
        let text = "sources of tables are added by the operator of this machine: medweave source add";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let (Some(name), Some(mapping)) = (name, mapping) else {
        return Err(Refusal::bad_request("a source of tables has a name, a path and a mapping"));
    };
    if !std::path::Path::new(&path).is_absolute() {
        return Err(Refusal::bad_request(format!("{path}: the path must be absolute")));
    }
    let (grant, peer) = (call.grant()?, call.peer);
    let added = call
        .app
        .writing(move |app| {
            is_there(app, peer, &mapping)?;
            let added = app.sources()?.add(&grant, &name, &path, &mapping)?;
            note_added(app, &grant, &added)?;
            Ok(told_of(app, &grant, peer, &added))
        })
        .await?;
    Ok(Answer::json(StatusCode::CREATED, added.to_string()))
}

/// A source whose deliveries are sent: it reads no path of this machine, so whoever administers may add it.
async fn add_uploads(call: Call, name: Option<String>, mapping: Option<String>) -> Result<Answer, Refusal> {
    let (Some(name), Some(mapping)) = (name, mapping) else {
        return Err(Refusal::bad_request("a source whose deliveries are sent has a name and a mapping"));
    };
    may_name(call.peer, &mapping)?;
    let (grant, peer) = (call.grant()?, call.peer);
    let added = call
        .app
        .writing(move |app| {
            is_there(app, peer, &mapping)?;
            let added = app.sources()?.add(&grant, &name, UPLOAD, &mapping)?;
            note_added(app, &grant, &added)?;
            Ok(told_of(app, &grant, peer, &added))
        })
        .await?;
    Ok(Answer::json(StatusCode::CREATED, added.to_string()))
}

/// A source that was added, with what it lacks.
fn told_of(app: &App, grant: &Grant, peer: Peer, added: &SourceInfo) -> Value {
    let mut told = super::tables::source_json(added);
    source_doubts::tell(&mut told, app, grant, peer, added);
    told
}

/// The trail says that a source was added, and where it is; an address holds no password.
pub(super) fn note_added(app: &App, grant: &Grant, source: &SourceInfo) -> Result<(), Refusal> {
    let target = format!("source {}, {}, mapping {}", source.name, source.path, source.mapping);
    Ok(app.access.record(grant, "add source", target, app.now_us())?)
}

/// Folders are read with the program's own rights: only the operator of this machine names one.
pub(super) fn may_name(peer: Peer, mapping: &str) -> Result<(), Refusal> {
    let is_name = !mapping.contains(['/', '\\']) && !matches!(mapping, "" | "." | "..");
    if is_name || matches!(peer, Peer::Local { .. }) {
        return Ok(());
    }
    let text =
        "folders are named by the operator of this machine; name a mapping that is kept here or comes with the program";
    Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// A mapping that is not there is told now, not at the first pull. Folders are looked at for the operator of this machine alone.
pub(super) fn is_there(app: &App, peer: Peer, mapping: &str) -> Result<(), Refusal> {
    if !mapping.contains('/')
        && (tables::run::shipped().iter().any(|name| name == mapping) || app.own()?.has(mapping)?)
    {
        return Ok(());
    }
    if !matches!(peer, Peer::Local { .. }) {
        return Err(Refusal::not_found(format!("there is no mapping \"{mapping}\"")));
    }
    // A folder that the program would find from where it was started is another one tomorrow.
    if !std::path::Path::new(mapping).is_absolute() {
        let shipped = tables::run::shipped().join(", ");
        let text = format!(
            "there is no mapping \"{mapping}\": name a folder that has a mapping.toml, one that is kept here, or one that comes with the program: {shipped}"
        );
        return Err(Refusal::not_found(text));
    }
    tables::run::files_of(mapping)?;
    Ok(())
}

/// `DELETE /api/sources/{id}`: a sender by its number, a source of tables by its name.
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.part("id"));
    let Ok(id) = id.parse::<i64>() else {
        call.app
            .writing(move |app| {
                grant.may_administer()?;
                // Another of its name may come: neither a pull nor a change goes on with that one.
                let _changes = app.running.begin(&databases::change_of(&id))?;
                let _pulls = app.running.begin(&super::tables::pull_of(&id))?;
                let removed = app.sources()?.remove(&grant, &id)?;
                let target = format!("source {id}, {}", removed.path);
                app.access.record(&grant, "remove source", target, app.now_us())?;
                databases::forget(app, &removed)?;
                Ok(app.own()?.forget_source(&grant, &id)?)
            })
            .await?;
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    };
    call.app.writing(move |app| Ok(app.access.remove_source(&grant, id, app.now_us())?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
