//! Sources: senders of messages, allowed by their address, and places where tables are.

use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use crate::time::instant;
use access::NewSource;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

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
    let Add { address, name, zone, charset, path, mapping } = call.json().await?;
    let address = match (address, path) {
        (Some(address), None) if mapping.is_none() => address,
        (None, Some(path)) => return add_tables(call, name, path, mapping).await,
        _ => {
            let text = "name an address for messages, or a path and a mapping for tables";
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
    let grant = call.grant()?;
    let added = call
        .app
        .writing(move |app| {
            is_there(app, &mapping)?;
            Ok(app.sources()?.add(&grant, &name, &path, &mapping)?)
        })
        .await?;
    Ok(Answer::json(StatusCode::CREATED, super::tables::source_json(&added).to_string()))
}

/// A mapping that is not there is told now, not at the first pull.
fn is_there(app: &App, mapping: &str) -> Result<(), Refusal> {
    if mapping.contains('/') || !app.own()?.has(mapping)? {
        tables::run::files_of(mapping)?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    mapping: String,
}

/// `PATCH /api/sources/{id}`: another mapping. A folder of this machine only by its operator, whose rights it is read with.
pub(super) async fn change(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let Change { mapping } = call.json().await?;
    let is_name = !mapping.contains(['/', '\\']) && !matches!(mapping.as_str(), "" | "." | "..");
    if !is_name && !matches!(call.peer, Peer::Local { .. }) {
        let text = "folders are named by the operator of this machine; name a mapping that is kept here or comes with the program";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let is_local = matches!(call.peer, Peer::Local { .. });
    let changed = call
        .app
        .writing(move |app| {
            if !is_local && !tables::run::shipped().contains(&mapping) && !app.own()?.has(&mapping)? {
                return Err(Refusal::not_found(format!("there is no mapping \"{mapping}\"")));
            }
            is_there(app, &mapping)?;
            let changed = app.sources()?.set_mapping(&grant, &name, &mapping)?;
            app.access.record(&grant, "change mapping", format!("source {name}, mapping {mapping}"), app.now_us())?;
            Ok(changed)
        })
        .await?;
    Ok(Answer::of(&super::tables::source_json(&changed)))
}

/// `DELETE /api/sources/{id}`: a sender by its number, a source of tables by its name.
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.part("id"));
    let Ok(id) = id.parse::<i64>() else {
        call.app
            .writing(move |app| {
                app.sources()?.remove(&grant, &id)?;
                Ok(app.own()?.forget_source(&grant, &id)?)
            })
            .await?;
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    };
    call.app.writing(move |app| Ok(app.access.remove_source(&grant, id, app.now_us())?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
