//! Tokens: made once shown, listed, revoked.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{NewToken, Scopes, system_random};
use axum::http::StatusCode;
use fhir::time::{Moment, ZoneOffset};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    scope: String,
    /// The id of the patient whom scopes of `patient/` are about.
    #[serde(default)]
    patient: Option<String>,
    /// A FHIR date or instant; the end of it.
    #[serde(default)]
    expires: Option<String>,
}

/// `GET /api/tokens`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let tokens = call.app.reading(move |app| Ok(app.access.list_tokens(&grant)?)).await?;
    let tokens: Vec<Value> = tokens
        .iter()
        .map(|token| {
            json!({
                "id": token.id,
                "name": token.name,
                "scope": token.scopes.to_string(),
                "patient": token.patient,
                "created": instant(token.created_us),
                "created_by": token.created_by,
                "expires": token.expires_us.map(instant),
                "used": token.used_us.map(instant),
                "revoked": token.revoked_us.map(instant),
            })
        })
        .collect();
    Ok(Answer::of(&json!({"tokens": tokens})))
}

/// `POST /api/tokens`
pub(super) async fn create(mut call: Call) -> Result<Answer, Refusal> {
    let Create { name, scope, patient, expires } = call.json().await?;
    let scopes: Scopes = scope.parse().map_err(access::Error::from)?;
    let expires_us = expires
        .map(|text| {
            Moment::parse(&text, ZoneOffset::UTC).map_err(|error| Refusal::bad_request(format!("expires: {error}")))
        })
        .transpose()?
        .map(|moment| moment.high_us);
    let grant = call.grant()?;
    let new = NewToken { name, scopes, patient, expires_us };
    let (created, new) = call
        .app
        .writing(move |app| Ok((app.access.create_token(&grant, &new, app.now_us(), &mut system_random)?, new)))
        .await?;
    let body = json!({
        "id": created.id,
        "name": new.name,
        "scope": new.scopes.to_string(),
        "patient": new.patient,
        "token": created.secret.reveal(),
        "expires": new.expires_us.map(instant),
    });
    Ok(Answer::json(StatusCode::CREATED, body.to_string()))
}

/// `DELETE /api/tokens/{id}`
pub(super) async fn revoke(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.number("id")?);
    call.app.writing(move |app| Ok(app.access.revoke_token(&grant, id, app.now_us())?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
