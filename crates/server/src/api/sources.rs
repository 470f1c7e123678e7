//! Senders of messages, allowed by their address.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::NewSource;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    /// An address or a network: `10.1.2.3`, `10.1.0.0/16`.
    address: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    charset: Option<String>,
}

/// `GET /api/sources`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let sources = call.app.reading(move |app| Ok(app.access.list_sources(&grant)?)).await?;
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
    Ok(Answer::of(&json!({"sources": sources})))
}

/// `POST /api/sources`
pub(super) async fn allow(mut call: Call) -> Result<Answer, Refusal> {
    let Allow { address, name, zone, charset } = call.json().await?;
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

/// `DELETE /api/sources/{id}`
pub(super) async fn remove(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.number("id")?);
    call.app.writing(move |app| Ok(app.access.remove_source(&grant, id, app.now_us())?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
