//! `medweave source`

use super::{say, table, token};
use crate::cli::Source;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

pub(crate) async fn run(settings: &Settings, source: Source) -> Result<(), Failure> {
    if let Source::Profile { what, encoding, json } = &source {
        return super::source_profile::run(settings, what, encoding.as_deref(), *json).await;
    }
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
        // It opens the directory by itself, or needs none.
        Source::Profile { .. } => {}
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
        Source::Add { name, path, upload, mapping } => {
            let absolute = |path| std::path::absolute(path).map_err(|error| Failure::usage(error.to_string()));
            let path = path.map(absolute).transpose()?;
            let mapping = match std::path::Path::new(&mapping) {
                folder if folder.is_dir() && !tables::run::shipped().contains(&mapping) => {
                    let folder = std::path::absolute(folder).map_err(|error| Failure::usage(error.to_string()))?;
                    folder.display().to_string()
                }
                _ => mapping,
            };
            let mut body = json!({"name": name, "path": path, "mapping": mapping});
            if upload {
                body["upload"] = json!(true);
            }
            let made = client.json(Method::POST, "/api/sources", Some(&body)).await?;
            let (name, mapping) = (table::cell(&made["name"]), table::cell(&made["mapping"]));
            if upload {
                records::tell_operator!(
                    "Source \"{name}\" takes what is sent, by {mapping}. Next: medweave source pull {name} --from FILE"
                );
            } else {
                let path = table::cell(&made["path"]);
                records::tell_operator!(
                    "Source \"{name}\" reads {path} by {mapping}. Next: medweave source pull {name}"
                );
            }
        }
        Source::Pull { name, from, accept, json } => {
            let absolute = |path| std::path::absolute(path).map_err(|error| Failure::usage(error.to_string()));
            let from = from.map(absolute).transpose()?;
            let path = format!("/api/sources/{}/pull", utf8_percent_encode(&name, NON_ALPHANUMERIC));
            let shown = |now: &Value| format!("{}  {} rows", now["table"].as_str().unwrap_or_default(), now["rows"]);
            let pulled = super::lines::report(client, &path, &json!({"accept": accept, "from": from}), shown).await?;
            if json {
                say(&pulled.to_string())?;
            } else {
                tell_pull(&pulled)?;
            }
        }
        Source::List { json } => {
            let list = client.json(Method::GET, "/api/sources", None).await?;
            if json {
                say(&list.to_string())?;
            } else {
                say(&table::of(&list["sources"], &["id", "name", "address", "zone", "charset", "created"]))?;
                if list["tables"].as_array().is_some_and(|tables| !tables.is_empty()) {
                    say(&table::of(&list["tables"], &["name", "path", "mapping", "added"]))?;
                }
            }
        }
        Source::Remove { source } => {
            let list = client.json(Method::GET, "/api/sources", None).await?;
            let of_tables =
                list["tables"].as_array().into_iter().flatten().any(|known| known["name"] == source.as_str());
            if of_tables {
                let path = format!("/api/sources/{}", utf8_percent_encode(&source, NON_ALPHANUMERIC));
                client.json(Method::DELETE, &path, None).await?;
                records::tell_operator!("Source {source} is removed; what was made of it stays.");
                return Ok(());
            }
            let id = token::by_name(client, "/api/sources", "sources", "source", &source, |_| true).await?;
            client.json(Method::DELETE, &format!("/api/sources/{id}"), None).await?;
            records::tell_operator!("Source {id} is removed.");
        }
    }
    Ok(())
}

/// What a pull found, for a person.
fn tell_pull(pulled: &Value) -> Result<(), Failure> {
    say(&table::of(&pulled["tables"], &["name", "file", "rows", "new", "changed", "gone", "equal", "bad"]))?;
    let texts = |name: &str| pulled[name].as_array().into_iter().flatten().map(table::cell).collect::<Vec<_>>();
    let absent = texts("absent");
    if !absent.is_empty() {
        say(&format!("not delivered: {}", absent.join(", ")))?;
    }
    for note in texts("notes") {
        say(&note)?;
    }
    say(&match pulled["delivery"].as_i64() {
        Some(no) => format!("delivery {no} in {} s", pulled["seconds"]),
        None => format!("nothing is different, in {} s", pulled["seconds"]),
    })?;
    if pulled["bad"].as_u64().unwrap_or(0) > 0 {
        say(&format!("{} rows could not be read: medweave deadletter list", pulled["bad"]))?;
    }
    Ok(())
}
