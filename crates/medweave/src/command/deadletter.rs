//! `medweave deadletter`

use super::{say, table};
use crate::cli::Deadletter;
use crate::client::{Client, read_all, refused};
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::io::Write;

/// Bytes of a letter that are shown; `--raw` gives all of them.
const SHOWN_BYTES: usize = 4_000;

pub(crate) async fn run(settings: &Settings, letter: Deadletter) -> Result<(), Failure> {
    let client = Client::open(settings).await?;
    let result = with(&client, letter).await;
    client.close().await;
    result
}

async fn with(client: &Client, letter: Deadletter) -> Result<(), Failure> {
    match letter {
        Deadletter::List { state, json } => {
            let list = client.json(Method::GET, &format!("/api/deadletters?limit=1000&state={state}"), None).await?;
            if json {
                say(&list.to_string());
            } else {
                say(&rows(&list["dead_letters"]));
            }
        }
        Deadletter::Show { no, raw } => {
            let bytes = send(client, Method::GET, &format!("/api/deadletters/{no}/bytes"), Body::empty()).await?;
            if raw {
                std::io::stdout().write_all(&bytes)?;
                return Ok(());
            }
            let told = client.json(Method::GET, &format!("/api/deadletters/{no}"), None).await?;
            say(&shown(&told, &bytes));
        }
        Deadletter::Replay { no, corrected } => {
            let body = match corrected {
                None => Vec::new(),
                Some(path) => {
                    std::fs::read(&path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
                }
            };
            let done = send(client, Method::POST, &format!("/api/deadletters/{no}/replay"), Body::from(body)).await?;
            let done: Value = serde_json::from_slice(&done).unwrap_or(Value::Null);
            say(&format!("dead letter {no} is replayed: {} stored, {} unchanged", done["stored"], done["unchanged"]));
        }
        Deadletter::Discard { no, reason } => {
            let reason = json!({"reason": reason});
            client.json(Method::POST, &format!("/api/deadletters/{no}/discard"), Some(&reason)).await?;
            say(&format!("dead letter {no} is discarded"));
        }
    }
    Ok(())
}

async fn send(client: &Client, method: Method, path: &str, body: Body) -> Result<Bytes, Failure> {
    let request =
        Request::builder().method(method).uri(path).body(body).map_err(|error| Failure::usage(error.to_string()))?;
    let response = client.send(request).await?;
    let status = response.status();
    let bytes = read_all(response.into_body()).await?;
    if status.is_success() {
        return Ok(bytes);
    }
    Err(refused(status, &serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}

fn rows(letters: &Value) -> String {
    let empty = Vec::new();
    let rows: Vec<Vec<String>> = letters
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .map(|letter| {
            let cells = [
                &letter["no"],
                &letter["state"],
                &letter["at"],
                &letter["arrival"]["name"],
                &letter["place"],
                &letter["what"],
            ];
            cells.into_iter().map(table::cell).collect()
        })
        .collect();
    table::lines(&["no", "state", "at", "from", "place", "what"], &rows)
}

fn shown(told: &Value, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    for (name, value) in [
        ("what", &told["what"]),
        ("place", &told["place"]),
        ("do", &told["hint"]),
        ("state", &told["state"]),
        ("reason", &told["reason"]),
        ("from", &told["arrival"]["name"]),
        ("source", &told["arrival"]["source"]),
        ("arrived", &told["arrival"]["at"]),
        ("offset", &told["offset"]),
    ] {
        if !value.is_null() && value != "" {
            out.push(format!("{name:<9}{}", table::cell(value)));
        }
    }
    out.push(String::new());
    // Control characters of what came from elsewhere must not steer the terminal; line ends of messages become lines.
    let text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN_BYTES)])
        .chars()
        .map(|c| {
            if c == '\r' {
                '\n'
            } else if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    out.push(text);
    if bytes.len() > SHOWN_BYTES {
        out.push(format!("… {} bytes more: --raw gives all", bytes.len() - SHOWN_BYTES));
    }
    out.join("\n")
}
