//! `medweave token`

use super::{say, table};
use crate::cli::Token;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::{Value, json};

pub(crate) async fn run(settings: &Settings, token: Token) -> Result<(), Failure> {
    let client = if matches!(token, Token::List { .. }) {
        Client::open_to_read(settings).await?
    } else {
        Client::open(settings).await?
    };
    let result = with(&client, token).await;
    client.close().await;
    result
}

async fn with(client: &Client, token: Token) -> Result<(), Failure> {
    match token {
        Token::Create { scope, patient, name, expires, plain } => {
            let name = name.unwrap_or_else(|| format!("token {}", fhir::time::format_us(crate::directory::now_us())));
            let mut body = json!({"name": name, "scope": scope});
            if let Some(patient) = patient {
                body["patient"] = json!(patient);
            }
            if let Some(expires) = expires {
                body["expires"] = json!(expires);
            }
            let made = client.json(Method::POST, "/api/tokens", Some(&body)).await?;
            let secret = made["token"].as_str().unwrap_or_default();
            if plain {
                say(secret)?;
            } else {
                say(&format!("{secret}\n"))?;
                records::tell_operator!(
                    "Token {} \"{}\" holds {}. It is shown this once; use it as\n  curl -H 'Authorization: Bearer {}…' …",
                    made["id"],
                    name,
                    table::cell(&made["scope"]),
                    secret.get(..7).unwrap_or_default()
                );
            }
        }
        Token::List { json } => {
            let list = client.json(Method::GET, "/api/tokens", None).await?;
            if json {
                say(&list.to_string())?;
            } else {
                say(&table::of(
                    &list["tokens"],
                    &["id", "name", "scope", "patient", "created", "created_by", "expires", "used", "revoked"],
                ))?;
            }
        }
        Token::Revoke { token } => {
            let id =
                by_name(client, "/api/tokens", "tokens", "token", &token, |entry| entry["revoked"].is_null()).await?;
            client.json(Method::DELETE, &format!("/api/tokens/{id}"), None).await?;
            records::tell_operator!("Token {id} is revoked.");
        }
    }
    Ok(())
}

/// The id of an entry that is named by its id or its name.
pub(super) async fn by_name(
    client: &Client,
    path: &str,
    list: &str,
    what: &str,
    named: &str,
    counts: impl Fn(&Value) -> bool,
) -> Result<i64, Failure> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let all = client.json(Method::GET, path, None).await?;
    let empty = Vec::new();
    all[list]
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .find(|entry| entry["name"] == named && counts(entry))
        .and_then(|entry| entry["id"].as_i64())
        .ok_or_else(|| Failure::failed(format!("there is no {what} \"{named}\"; `medweave {what} list` shows them")))
}
