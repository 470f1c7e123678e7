//! `medweave vocabulary`

use super::{say, table};
use crate::cli::Vocabulary;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const PATH: &str = "/api/vocabularies";

pub(crate) async fn run(settings: &Settings, vocabulary: Vocabulary) -> Result<(), Failure> {
    let client = match &vocabulary {
        Vocabulary::List { .. } | Vocabulary::Search { .. } => Client::open_to_read(settings).await?,
        _ => Client::open(settings).await?,
    };
    let result = with(&client, vocabulary).await;
    client.close().await;
    result
}

async fn with(client: &Client, vocabulary: Vocabulary) -> Result<(), Failure> {
    match vocabulary {
        Vocabulary::Load { path, no_search, json } => {
            let path = std::path::absolute(&path).map_err(|error| Failure::usage(error.to_string()))?;
            let shown = |now: &Value| now["step"].as_str().unwrap_or_default().to_owned();
            let asked = json!({"path": path, "search": !no_search});
            let loaded = super::lines::report(client, PATH, &asked, shown).await?;
            if json {
                return say(&loaded.to_string());
            }
            tell(&loaded)?;
            say(&format!("loaded in {} s", loaded["seconds"]))
        }
        Vocabulary::List { json } => {
            let loaded = client.json(Method::GET, PATH, None).await?;
            if json {
                return say(&loaded.to_string());
            }
            if loaded["loaded"].is_null() {
                return say(
                    "no vocabularies are loaded: download some from https://athena.ohdsi.org, then medweave vocabulary load FILE",
                );
            }
            tell(&loaded["loaded"])
        }
        Vocabulary::Search { text, vocabulary, domain, json } => {
            let mut path = format!("{PATH}/search?q={}", utf8_percent_encode(&text, NON_ALPHANUMERIC));
            for (name, value) in [("vocabulary", vocabulary), ("domain", domain)] {
                if let Some(value) = value {
                    path = format!("{path}&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
                }
            }
            let found = client.json(Method::GET, &path, None).await?;
            if json {
                return say(&found.to_string());
            }
            say(&table::of(
                &found["concepts"],
                &["score", "concept_id", "name", "vocabulary", "code", "domain", "standard"],
            ))
        }
        Vocabulary::Remove => {
            client.json(Method::DELETE, PATH, None).await?;
            records::tell_operator!("The vocabularies are removed.");
            Ok(())
        }
    }
}

/// What is loaded, and what it needs of whoever uses it.
fn tell(loaded: &Value) -> Result<(), Failure> {
    say(&format!("{}, from {}", table::cell(&loaded["version"]), table::cell(&loaded["from"])))?;
    say(&table::of(&loaded["vocabularies"], &["id", "version", "concepts"]))?;
    let needs: Vec<String> = loaded["vocabularies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|held| held["licence"].is_string())
        .map(|held| format!("  {}: {}", table::cell(&held["id"]), table::cell(&held["licence"])))
        .collect();
    if !needs.is_empty() {
        say("Nothing of this comes with medweave. Whoever uses these needs:")?;
        for line in needs {
            say(&line)?;
        }
    }
    let rows: Vec<String> =
        loaded["tables"].as_object().into_iter().flatten().map(|(name, rows)| format!("{name} {rows}")).collect();
    say(&format!("rows: {}", rows.join(", ")))?;
    for note in loaded["notes"].as_array().into_iter().flatten() {
        say(&format!("note: {}", table::cell(note)))?;
    }
    Ok(())
}
