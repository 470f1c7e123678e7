//! `medweave user`

use super::{say, table};
use crate::cli::{Role, User};
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::json;
use std::io::{IsTerminal, Read};

/// Where pages are if nobody says and no program serves them.
const PAGES: &str = "http://127.0.0.1:8400";
/// Bytes of a password that standard input may bring.
const PASSWORD_BYTES: u64 = 4_096;

pub(crate) async fn run(settings: &Settings, user: User) -> Result<(), Failure> {
    // Before the directory is taken: a password that is still to be typed must not keep others waiting.
    let reads = matches!(user, User::Create { .. } | User::Change { password_stdin: true, .. });
    let password = if reads { read_password()? } else { String::new() };
    let client = if matches!(user, User::Create { .. }) {
        Client::open(settings).await?
    } else {
        Client::open_to_read(settings).await?
    };
    let result = with(&client, user, password).await;
    client.close().await;
    result
}

fn read_password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        records::tell_operator!("Password (it is shown as it is typed; end it with Enter and Ctrl-D):");
    }
    let mut text = String::new();
    std::io::stdin()
        .take(PASSWORD_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("the password could not be read from standard input: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

async fn with(client: &Client, user: User, password: String) -> Result<(), Failure> {
    match user {
        User::Create { name, role, display, password_stdin: _ } => {
            let role = named(role);
            let mut body = json!({"name": name, "role": role, "password": password});
            if let Some(display) = display {
                body["display"] = json!(display);
            }
            let made = client.json(Method::POST, "/api/users", Some(&body)).await?;
            records::tell_operator!("Account {} \"{name}\" ({role}) is made.", made["id"]);
        }
        User::Change { name, role, disable, enable, unlock, password_stdin } => {
            let id = id_of(client, &name).await?;
            let mut body = json!({});
            if let Some(role) = role {
                body["role"] = json!(named(role));
            }
            if disable || enable {
                body["disabled"] = json!(disable);
            }
            if unlock {
                body["unlock"] = json!(true);
            }
            if password_stdin {
                body["password"] = json!(password);
            }
            client.json(Method::PATCH, &format!("/api/users/{id}"), Some(&body)).await?;
            let ends = role.is_some() || disable || enable || password_stdin;
            let ended = if ends { "; whoever was signed in to it is signed out" } else { "" };
            records::tell_operator!("Account \"{name}\" is changed{ended}.");
        }
        User::Link { name, at } => {
            let link = link(client, &name).await?;
            let at = at.or(link.at).unwrap_or_else(|| PAGES.to_owned());
            say(&format!("{}{}", at.trim_end_matches('/'), link.path))?;
        }
        User::List { json } => {
            let list = client.json(Method::GET, "/api/users", None).await?;
            if json {
                say(&list.to_string())?;
            } else {
                say(&table::of(&list["users"], &["id", "name", "display", "role", "created", "disabled"]))?;
            }
        }
    }
    Ok(())
}

/// A sign-in link.
pub(super) struct Link {
    /// Its path on the pages.
    pub(super) path: String,
    /// Where they are served.
    at: Option<String>,
}

/// A new sign-in link for an account.
pub(super) async fn link(client: &Client, name: &str) -> Result<Link, Failure> {
    let id = id_of(client, name).await?;
    let made = client.json(Method::POST, &format!("/api/users/{id}/link"), None).await?;
    let text = |name: &str| made[name].as_str().map(str::to_owned);
    Ok(Link { path: text("path").ok_or_else(|| Failure::failed("no link was made"))?, at: text("at") })
}

/// The number of the account of that name.
async fn id_of(client: &Client, name: &str) -> Result<u64, Failure> {
    let list = client.json(Method::GET, "/api/users", None).await?;
    let account = list["users"].as_array().into_iter().flatten().find(|user| user["name"] == name);
    account
        .and_then(|account| account["id"].as_u64())
        .ok_or_else(|| Failure::failed(format!("there is no account \"{name}\": `medweave user list` shows them")))
}

fn named(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::SecurityOfficer => "security-officer",
        Role::Auditor => "auditor",
        Role::Clinician => "clinician",
    }
}
