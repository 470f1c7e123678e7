//! The first account, by the link that the program prints.

use super::session;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use access::{FirstAdmin, SetupRefused, system_random};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    code: String,
    name: String,
    #[serde(default)]
    display: Option<String>,
    password: String,
}

/// `GET /api/setup`: whether nobody has set up yet.
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let (open, _) = state(call, String::new()).await?;
    Ok(Answer::of(&json!({"open": open})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    code: String,
}

/// `POST /api/setup/check`: whether a code would be taken, before a form is filled in for it. A code never stands in a URL
/// that is sent.
pub(super) async fn check(mut call: Call) -> Result<Answer, Refusal> {
    let Check { code } = call.json().await?;
    let (open, valid) = state(call, code).await?;
    Ok(Answer::of(&json!({"open": open, "valid": valid})))
}

/// Whether set-up is open, and whether `code` would be taken.
async fn state(call: Call, code: String) -> Result<(bool, bool), Refusal> {
    match call.app.reading(move |app| Ok(app.access.check_setup_code(&code, app.now_us()))).await? {
        Ok(()) => Ok((true, true)),
        Err(access::Error::Setup(SetupRefused::Done)) => Ok((false, false)),
        Err(access::Error::Setup(_)) => Ok((true, false)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/setup`: makes the first administrator, and signs in.
pub(super) async fn complete(mut call: Call) -> Result<Answer, Refusal> {
    let Complete { code, name, display, password } = call.json().await?;
    let origin = call.peer.origin();
    let display = display.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| name.clone());
    let admin = FirstAdmin { name: name.clone(), display, password: password.clone() };
    call.app
        .writing(move |app| Ok(app.access.complete_setup(&code, &admin, origin, app.now_us(), &mut system_random)?))
        .await?;
    let transport = session::transport(&call);
    session::open(call.app, call.peer, transport, (name, password), StatusCode::CREATED).await
}

/// `POST /api/setup/code`: a new set-up code; an earlier one stops working.
pub(super) async fn code(call: Call) -> Result<Answer, Refusal> {
    let made = call.app.writing(|app| Ok(app.access.setup_code(app.now_us(), &mut system_random)?)).await?;
    let Some(made) = made else {
        return Err(Refusal::new(StatusCode::CONFLICT, "conflict", "set-up is complete: sign in"));
    };
    let code = made.code.reveal();
    let expires = crate::time::instant(made.expires_us);
    Ok(Answer::of(&json!({"code": code, "path": format!("/setup#code={code}"), "expires": expires})))
}
