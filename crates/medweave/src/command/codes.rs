//! `medweave codes`

use super::{say, table};
use crate::cli::Codes;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// Values that are shown to a person; `--json` has all.
const SHOWN: usize = 50;

pub(crate) async fn run(settings: &Settings, codes: Codes) -> Result<(), Failure> {
    let client = match &codes {
        Codes::Approve { .. } | Codes::Revoke { .. } => Client::open(settings).await?,
        _ => Client::open_to_read(settings).await?,
    };
    let result = with(&client, codes).await;
    client.close().await;
    result
}

fn path_part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn with(client: &Client, codes: Codes) -> Result<(), Failure> {
    match codes {
        Codes::List { source, json } => list(client, &source, json).await,
        Codes::Suggest { map, value, all, source, unit, limit, json } => {
            let source = source_of(client, source, &map).await?;
            let values: Vec<&String> = value.iter().collect();
            if values.is_empty() && !all {
                return Err(Failure::usage("name a value, or --all for those that the last run did not know"));
            }
            let mut body = json!({"source": source, "map": map, "values": values, "limit": limit});
            if unit {
                body["kind"] = json!("unit");
            }
            let told = client.json(Method::POST, "/api/codes/suggest", Some(&body)).await?;
            if json { say(&told.to_string()) } else { tell_suggestions(&told) }
        }
        Codes::Approve { map, value, codes, equivalence, display, source, unit } => {
            let source = source_of(client, source, &map).await?;
            let codes: Vec<Value> = codes
                .iter()
                .map(|code| {
                    let (system, code) = match code.rsplit_once('|') {
                        Some((system, code)) => (Some(system), code),
                        None if code == "none" => (None, ""),
                        None => (None, code.as_str()),
                    };
                    json!({"system": system, "code": code, "display": display, "equivalence": equivalence})
                })
                .collect();
            let mut body = json!({"source": source, "map": map, "value": value, "codes": codes});
            if unit {
                body["kind"] = json!("unit");
            }
            let told = client.json(Method::POST, "/api/codes/approve", Some(&body)).await?;
            for one in told["approved"].as_array().into_iter().flatten() {
                let is = match one["code"].as_str() {
                    Some("") | None => "has no code".to_owned(),
                    Some(_) => format!("is {} ({})", coded(one), table::cell(&one["equivalence"])),
                };
                let [value, map, by] = ["value", "map", "by"].map(|name| table::cell(&one[name]));
                records::tell_operator!("{value} in map {map} of {source} {is}, approved by {by}");
            }
            records::tell_operator!("next: medweave mapping run {source}");
            Ok(())
        }
        Codes::Revoke { map, value, source, unit } => {
            let source = source_of(client, source, &map).await?;
            let mut body = json!({"source": source, "map": map, "value": value});
            if unit {
                body["kind"] = json!("unit");
            }
            let told = client.json(Method::POST, "/api/codes/revoke", Some(&body)).await?;
            records::tell_operator!("{} codes are taken back; next: medweave mapping run {source}", told["revoked"]);
            Ok(())
        }
    }
}

/// An approved code, with its system.
fn coded(approved: &Value) -> String {
    match approved["code"].as_str() {
        Some("") | None => "no code".to_owned(),
        Some(code) => format!("{}|{code}", table::cell(&approved["system"])),
    }
}

async fn of_source(client: &Client, source: &str) -> Result<Value, Failure> {
    client.json(Method::GET, &format!("/api/codes?source={}", path_part(source)), None).await
}

/// What the last run did not know; a source that never ran is run dry first.
async fn list(client: &Client, named: &str, as_json: bool) -> Result<(), Failure> {
    let source = &by_mapping(client, named).await?;
    let mut told = of_source(client, source).await?;
    if told["at"].is_null() {
        let path = format!("/api/mappings/{}/run", path_part(source));
        let shown = |now: &Value| format!("{}  {} rows", now["target"].as_str().unwrap_or_default(), now["rows"]);
        super::lines::report(client, &path, &json!({"write": false}), shown).await?;
        told = of_source(client, source).await?;
    }
    if as_json {
        return say(&told.to_string());
    }
    let all = told["unmapped"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = all
        .iter()
        .take(SHOWN)
        .map(|one| {
            let approved = one["approved"].as_array().map_or(&[][..], Vec::as_slice);
            let codes: Vec<String> = approved.iter().map(coded).collect();
            let text =
                if one["value"] == "" { "(others, too many to list)".to_owned() } else { table::cell(&one["value"]) };
            vec![
                one["count"].to_string(),
                table::cell(&one["kind"]),
                table::cell(&one["map"]),
                text,
                table::cell(&one["display"]),
                if codes.is_empty() { "-".to_owned() } else { format!("{}, in the next run", codes.join(", ")) },
            ]
        })
        .collect();
    if rows.is_empty() {
        say("no map lacks a value")?;
    } else {
        say(&table::lines(&["times", "kind", "map", "value", "shown as", "approved"], &rows))?;
    }
    if all.len() > SHOWN {
        say(&format!("… and {} more: --json lists them", all.len() - SHOWN))?;
    }
    let kind = if told["written"] == true { "run" } else { "dry run" };
    say(&format!("by the {kind} of {}", table::cell(&told["at"])))
}

/// A source by its name, or the one that has the mapping of this name.
async fn by_mapping(client: &Client, named: &str) -> Result<String, Failure> {
    let all = client.json(Method::GET, "/api/mappings", None).await?;
    let sources = all["sources"].as_array().map_or(&[][..], Vec::as_slice);
    let of_mapping: Vec<&str> = sources
        .iter()
        .filter(|source| source["mapping"] == named)
        .filter_map(|source| source["name"].as_str())
        .collect();
    match of_mapping.as_slice() {
        [one] if !sources.iter().any(|source| source["name"] == named) => Ok((*one).to_owned()),
        _ => Ok(named.to_owned()),
    }
}

/// The source whose mapping has a map; it must be named where there are several.
async fn source_of(client: &Client, named: Option<String>, map: &str) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named);
    }
    let sources = client.json(Method::GET, "/api/mappings", None).await?;
    let mut found = Vec::new();
    for source in sources["sources"].as_array().into_iter().flatten() {
        let name = source["name"].as_str().unwrap_or_default();
        let Ok(told) = of_source(client, name).await else { continue };
        if told["maps"].as_array().into_iter().flatten().any(|one| one["map"] == map) {
            found.push(name.to_owned());
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::usage(format!("no source's mapping has a map \"{map}\""))),
        several => Err(Failure::usage(format!("map \"{map}\" is of {}: name one with --source", several.join(", ")))),
    }
}

fn tell_suggestions(told: &Value) -> Result<(), Failure> {
    for value in told["values"].as_array().into_iter().flatten() {
        let shown = value["display"].as_str().map_or(String::new(), |text| format!(" ({})", table::plain(text)));
        say(&format!("{}{shown}", table::cell(&value["value"])))?;
        let found = value["suggestions"].as_array().map_or(&[][..], Vec::as_slice);
        for one in found {
            say(&format!(
                "  {:>3}  {}|{}  {}: {}, in {}",
                one["score"].as_u64().unwrap_or(0),
                table::cell(&one["system"]),
                table::cell(&one["code"]),
                table::cell(&one["display"]),
                table::cell(&one["why"]),
                table::cell(&one["from"])
            ))?;
        }
        if found.is_empty() {
            say("  nothing like it is known: load a vocabulary, or store a CodeSystem")?;
        }
    }
    Ok(())
}
