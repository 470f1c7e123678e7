//! What a person who is signed in sees and sets of his own account.

use super::users::account_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Choices, system_random};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// What can be chosen, and among what.
const LANGUAGES: [&str; 2] = ["en", "zh-Hans"];
const THEMES: [&str; 4] = ["system", "light", "dark", "night"];
/// Keys are named by what they do, as `patients.next`; `*` stands for all of them.
const MOST_KEYS: usize = 200;
const KEY_CHARACTERS: usize = 60;

/// The names under which `access` keeps the choices.
const LANGUAGE: &str = "language";
const THEME: &str = "theme";
/// Names of keys that are switched off, with spaces between.
const KEYS_OFF: &str = "keys_off";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    keys_off: Vec<String>,
}

impl Chosen {
    fn of(choices: &Choices) -> Chosen {
        let keys = choices.get(KEYS_OFF).map(|keys| keys.split(' ').map(str::to_owned).collect());
        Chosen {
            language: choices.get(LANGUAGE).cloned(),
            theme: choices.get(THEME).cloned(),
            keys_off: keys.unwrap_or_default(),
        }
    }

    fn into_choices(self) -> Result<Choices, Refusal> {
        let mut choices = Choices::new();
        for (name, value, known) in [(LANGUAGE, self.language, &LANGUAGES[..]), (THEME, self.theme, &THEMES[..])] {
            let Some(value) = value else { continue };
            if !known.contains(&value.as_str()) {
                return Err(unfit(format!("{name}: there is no \"{value}\"; there are {}", known.join(", "))));
            }
            choices.insert(name.to_owned(), value);
        }
        let is_name =
            |key: &String| !key.is_empty() && key.len() <= KEY_CHARACTERS && key.bytes().all(|b| b.is_ascii_graphic());
        if self.keys_off.len() > MOST_KEYS || !self.keys_off.iter().all(is_name) {
            return Err(unfit(format!(
                "keys_off: expected at most {MOST_KEYS} names of at most {KEY_CHARACTERS} letters each, as \"patients.next\", or \"*\" for all"
            )));
        }
        if !self.keys_off.is_empty() {
            choices.insert(KEYS_OFF.to_owned(), self.keys_off.join(" "));
        }
        Ok(choices)
    }

    fn json(&self) -> Value {
        json!({"language": self.language, "theme": self.theme, "keys_off": self.keys_off})
    }
}

fn unfit(text: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text)
}

/// `GET /api/me`: the account, what was chosen, and the open sessions of it.
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let (grant, cookie) = (call.grant()?, call.session.clone().unwrap_or_default());
    let body = call
        .app
        .reading(move |app| {
            let (access, now_us) = (&app.access, app.now_us());
            let account = access.own_account(&grant)?.ok_or(access::Error::NoSession)?;
            let current = access.session_holder(&cookie, now_us)?.session_id;
            let sessions = access.list_sessions(&grant, now_us)?;
            let sessions: Vec<Value> = sessions
                .iter()
                // An administrator's list holds everybody's.
                .filter(|session| session.account_id == account.id)
                .map(|session| {
                    json!({
                        "id": session.id,
                        "created": instant(session.created_us),
                        "seen": instant(session.seen_us),
                        "expires": instant(session.expires_us),
                        "locked": session.locked_us.map(instant),
                        "from": session.origin,
                        "current": session.id == current,
                    })
                })
                .collect();
            let chosen = Chosen::of(&access.choices(&grant)?).json();
            Ok(json!({"account": account_json(&account), "choices": chosen, "sessions": sessions}))
        })
        .await?;
    Ok(Answer::of(&body))
}

/// `PUT /api/me`: all choices at once; what is left out is no longer chosen.
pub(super) async fn choose(mut call: Call) -> Result<Answer, Refusal> {
    let chosen: Chosen = call.json().await?;
    let shown = chosen.json();
    let (grant, choices) = (call.grant()?, chosen.into_choices()?);
    call.app.writing(move |app| Ok(app.access.choose(&grant, &choices, app.now_us())?)).await?;
    Ok(Answer::of(&shown))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    old: String,
    new: String,
}

/// `POST /api/me/password`: ends the person's other sessions.
pub(super) async fn change_password(mut call: Call) -> Result<Answer, Refusal> {
    let ChangePassword { old, new } = call.json().await?;
    let grant = call.grant()?;
    call.app
        .writing(move |app| Ok(app.access.change_password(&grant, &old, &new, app.now_us(), &mut system_random)?))
        .await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /api/me/sessions/{id}`
pub(super) async fn end_session(call: Call) -> Result<Answer, Refusal> {
    let (grant, id) = (call.grant()?, call.number("id")?);
    call.app
        .writing(move |app| {
            let (access, now_us) = (&app.access, app.now_us());
            let own = grant.principal().id;
            if !access.list_sessions(&grant, now_us)?.iter().any(|one| one.id == id && one.account_id == own) {
                return Err(Refusal::not_found(format!("there is no session {id} of yours")));
            }
            Ok(access.end_session(&grant, id, now_us)?)
        })
        .await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
