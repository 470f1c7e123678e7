//! Accounts of people.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Account, AccountChange, NewAccount, Role, system_random};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    #[serde(default)]
    display: Option<String>,
    role: String,
    password: String,
}

/// What may be changed; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    disabled: Option<bool>,
    #[serde(default)]
    password: Option<String>,
    /// Lifts the lock that failed sign-ins left.
    #[serde(default)]
    unlock: bool,
}

fn role(word: &str) -> Result<Role, Refusal> {
    Role::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "value",
            format!("there is no role \"{word}\"; there are {}", known.join(", ")),
        )
    })
}

pub(super) fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "display": account.display,
        "role": account.role.as_str(),
        "created": instant(account.created_us),
        "disabled": account.disabled_us.map(instant),
        "password_set": instant(account.password_us),
    })
}

/// `GET /api/users`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let accounts = call.app.reading(move |app| Ok(app.access.list_accounts(&grant)?)).await?;
    Ok(Answer::of(&json!({"users": accounts.iter().map(account_json).collect::<Vec<_>>()})))
}

/// `POST /api/users`
pub(super) async fn create(mut call: Call) -> Result<Answer, Refusal> {
    let Create { name, display, role: word, password } = call.json().await?;
    let display = display.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| name.clone());
    let new = NewAccount { name: name.clone(), display, role: role(&word)?, password };
    let grant = call.grant()?;
    let id = call
        .app
        .writing(move |app| Ok(app.access.create_account(&grant, &new, app.now_us(), &mut system_random)?))
        .await?;
    Ok(Answer::json(StatusCode::CREATED, json!({"id": id, "name": name, "role": word}).to_string()))
}

/// `PATCH /api/users/{id}`
pub(super) async fn change(mut call: Call) -> Result<Answer, Refusal> {
    let change: Change = call.json().await?;
    let (grant, id) = (call.grant()?, call.number("id")?);
    let Change { role: word, disabled, password, unlock } = change;
    let change = AccountChange { role: word.as_deref().map(role).transpose()?, password, disabled, unlock };
    let account = call
        .app
        .writing(move |app| Ok(app.access.change_account(&grant, id, &change, app.now_us(), &mut system_random)?))
        .await?;
    Ok(Answer::of(&account_json(&account)))
}

/// `POST /api/users/{id}/link`: a link by which that person signs in once, within the hour, without a password. It is told
/// to whoever asked, and to nobody again.
pub(super) async fn link(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.number("id")?);
    let link =
        call.app.writing(move |app| Ok(app.access.sign_in_link(&grant, id, app.now_us(), &mut system_random)?)).await?;
    let code = link.code.reveal();
    let body = json!({"code": code, "path": format!("/signin#code={code}"), "expires": instant(link.expires_us), "at": call.app.address()});
    Ok(Answer::json(StatusCode::CREATED, body.to_string()))
}
