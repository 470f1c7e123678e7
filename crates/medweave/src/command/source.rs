//! `medweave source`

use super::{say, table, token};
use crate::cli::Source;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::json;

pub(crate) async fn run(settings: &Settings, source: Source) -> Result<(), Failure> {
    let client = if matches!(source, Source::List { .. }) {
        Client::open_to_read(settings).await?
    } else {
        Client::open(settings).await?
    };
    let result = with(&client, source).await;
    client.close().await;
    result
}

async fn with(client: &Client, source: Source) -> Result<(), Failure> {
    match source {
        Source::Allow { address, name, zone, charset } => {
            let mut body = json!({"address": address});
            for (key, value) in [("name", name), ("zone", zone), ("charset", charset)] {
                if let Some(value) = value {
                    body[key] = json!(value);
                }
            }
            let made = client.json(Method::POST, "/api/sources", Some(&body)).await?;
            records::tell_operator!(
                "Source {} \"{}\" may send from {} (zone {}, character set {}).",
                made["id"],
                table::cell(&made["name"]),
                table::cell(&made["address"]),
                table::cell(&made["zone"]),
                table::cell(&made["charset"])
            );
        }
        Source::List { json } => {
            let list = client.json(Method::GET, "/api/sources", None).await?;
            if json {
                say(&list.to_string())?;
            } else {
                say(&table::of(&list["sources"], &["id", "name", "address", "zone", "charset", "created"]))?;
            }
        }
        Source::Remove { source } => {
            let id = token::by_name(client, "/api/sources", "sources", "source", &source, |_| true).await?;
            client.json(Method::DELETE, &format!("/api/sources/{id}"), None).await?;
            records::tell_operator!("Source {id} is removed.");
        }
    }
    Ok(())
}
