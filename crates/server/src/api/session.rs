//! Signing in, who one is, signing out.

use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::cookie::{self, Transport};
use crate::refusal::Refusal;
use access::{Account, Grant, Permission, PrincipalKind, SignedIn, csrf_token, system_random};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
}

fn person(account: &Account) -> Value {
    json!({"name": account.display, "account": account.name, "role": account.role.as_str()})
}

pub(super) fn transport(call: &Call) -> Transport {
    Transport::of(call.peer)
}

/// `POST /api/session` with a name and a password.
pub(super) async fn sign_in(mut call: Call) -> Result<Answer, Refusal> {
    let SignIn { name, password } = call.json().await?;
    let (transport, before) = (transport(&call), call.session.clone());
    let answer = open(Arc::clone(&call.app), call.peer, transport, (name, password), StatusCode::OK).await?;
    end(call.app, call.peer, before).await;
    Ok(answer)
}

/// Ends the session that a browser brought when it got another one: nobody holds its cookie any more.
async fn end(app: Arc<App>, peer: Peer, before: Option<String>) {
    let Some(before) = before else { return };
    let origin = peer.origin();
    // If it cannot be ended it ends by itself; the new one is there.
    let _ = app.writing(move |app| Ok(app.access.sign_out(&before, origin, app.now_us())?)).await;
}

/// Signs in, and answers with the session.
pub(super) async fn open(
    app: Arc<App>,
    peer: Peer,
    transport: Transport,
    (name, password): (String, String),
    status: StatusCode,
) -> Result<Answer, Refusal> {
    let origin = peer.origin();
    let signed_in = app
        .writing(move |app| Ok(app.access.sign_in(&name, &password, origin, app.now_us(), &mut system_random)?))
        .await?;
    Ok(opened(&app, &signed_in, transport, status))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByLink {
    code: String,
}

/// `POST /api/session/link`: signs in by what stands behind `#code=` in a sign-in link.
pub(super) async fn by_link(mut call: Call) -> Result<Answer, Refusal> {
    let ByLink { code } = call.json().await?;
    let (transport, origin) = (transport(&call), call.peer.origin());
    let signed_in = call
        .app
        .writing(move |app| Ok(app.access.sign_in_by_link(&code, origin, app.now_us(), &mut system_random)?))
        .await?;
    end(Arc::clone(&call.app), call.peer, call.session).await;
    Ok(opened(&call.app, &signed_in, transport, StatusCode::OK))
}

fn opened(app: &App, signed_in: &SignedIn, transport: Transport, status: StatusCode) -> Answer {
    let value = signed_in.cookie.reveal();
    let body = json!({
        "person": person(&signed_in.account),
        "csrf": csrf_token(value),
        "zone": app.zone,
        "build": app.build,
        "expires": crate::time::instant(signed_in.expires_us),
    });
    Answer::json(status, body.to_string()).with("set-cookie", &cookie::set(value, transport))
}

/// What of the pages this grant can open, of those that this program has.
fn features(grant: &Grant) -> Vec<&'static str> {
    let mut features = Vec::new();
    if grant.may(Permission::Search, "Patient").is_ok() && grant.may(Permission::Read, "Patient").is_ok() {
        features.push("patients");
    }
    if ["Patient", "Linkage"]
        .iter()
        .all(|name| grant.may(Permission::Search, name).and(grant.may(Permission::Read, name)).is_ok())
    {
        features.push("identity");
    }
    if grant.may_use_sql().is_ok() {
        let has = |path: &str| crate::routes().iter().any(|route| route.path == path);
        features.extend(["sql", "quality"].into_iter().filter(|feature| has(&format!("/api/{feature}"))));
    }
    if grant.may_use_sql().is_ok() || grant.may_administer().is_ok() {
        features.push("sources");
    }
    features
}

/// `GET /api/session`. Of a locked session it tells whose it is, and nothing can be opened.
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let Some(grant) = call.grant.clone() else { return show_locked(call).await };
    let holder = grant.clone();
    let account = match grant.principal().kind {
        PrincipalKind::Person => call.app.reading(move |app| Ok(app.access.own_account(&holder)?)).await?,
        _ => None,
    };
    Ok(Answer::of(&json!({
        "person": account.as_ref().map(person),
        "principal": grant.principal().to_string(),
        "locked": false,
        "scopes": grant.scopes().to_string(),
        "administers": !grant.duties().is_empty(),
        "duties": grant.duties().into_iter().map(access::Duty::as_str).collect::<Vec<_>>(),
        "features": features(&grant),
        "csrf": call.session.as_deref().map(csrf_token),
        "zone": call.app.zone,
        "build": call.app.build,
    })))
}

async fn show_locked(call: Call) -> Result<Answer, Refusal> {
    let cookie = call.session.clone().unwrap_or_default();
    let csrf = csrf_token(&cookie);
    let account = call
        .app
        .reading(move |app| {
            let holder = app.access.session_holder(&cookie, app.now_us())?;
            Ok(app.access.account_of_session(&holder)?)
        })
        .await?;
    Ok(Answer::of(&json!({
        "person": account.as_ref().map(person),
        "locked": true,
        "scopes": "",
        "administers": false,
        "duties": [],
        "features": [],
        "csrf": csrf,
        "zone": call.app.zone,
        "build": call.app.build,
    })))
}

/// `POST /api/session/lock`: until it is unlocked, the session opens nothing, in whatever tab.
pub(super) async fn lock(call: Call) -> Result<Answer, Refusal> {
    let cookie = held(&call)?;
    let origin = call.peer.origin();
    call.app.writing(move |app| Ok(app.access.lock_session(&cookie, origin, app.now_us())?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlock {
    password: String,
}

/// `POST /api/session/unlock` with the password of the session's person.
pub(super) async fn unlock(mut call: Call) -> Result<Answer, Refusal> {
    let cookie = held(&call)?;
    let Unlock { password } = call.json().await?;
    let origin = call.peer.origin();
    call.app
        .writing(move |app| {
            Ok(app.access.unlock_session(&cookie, &password, origin, app.now_us(), &mut system_random)?)
        })
        .await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The session's cookie; a token has none to lock.
fn held(call: &Call) -> Result<String, Refusal> {
    let text = "needs a session, and this request brings none: sign in";
    call.session.clone().ok_or_else(|| Refusal::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// `DELETE /api/session`
pub(super) async fn sign_out(call: Call) -> Result<Answer, Refusal> {
    if let Some(session) = call.session.clone() {
        let origin = call.peer.origin();
        call.app.writing(move |app| Ok(app.access.sign_out(&session, origin, app.now_us())?)).await?;
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT).with("set-cookie", &cookie::set("", transport(&call))))
}
