//! `medweave identity`

use super::{say, table};
use crate::cli::Identity;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::{Value, json};

/// Letters by which a pair is named, at least.
const LETTERS_LEAST: usize = 4;
/// Length of a whole id.
const WHOLE: usize = 36;

pub(crate) async fn run(settings: &Settings, asked: Identity) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let result = with(&client, asked).await;
    client.close().await;
    result
}

async fn with(client: &Client, asked: Identity) -> Result<(), Failure> {
    match asked {
        Identity::List { state, json } => {
            let list = all(client, state.name()).await?;
            if json {
                return say(&list.to_string()).map(drop);
            }
            if list["links"].as_array().is_none_or(Vec::is_empty) {
                say("no pairs: they are looked for as patients come or change, while `medweave serve` runs")?;
            } else {
                say(&rows(&list["links"]))?;
            }
            if let Some(behind) = list["behind"].as_u64().filter(|behind| *behind > 0) {
                records::tell_operator!("{behind} changes have not been looked at yet: ask again in a moment");
            }
            Ok(())
        }
        Identity::Show { pair, json } => {
            let id = id_of(client, &pair).await?;
            let link = client.json(Method::GET, &format!("/api/identity/{id}"), None).await?;
            say(&if json { link.to_string() } else { shown(&link) }).map(drop)
        }
        Identity::Same { pair, reason } => ask(client, &pair, "decide", json!({"same": true, "reason": reason})).await,
        Identity::Different { pair, reason } => {
            ask(client, &pair, "decide", json!({"same": false, "reason": reason})).await
        }
        Identity::Merge { pair, into, reason } => {
            ask(client, &pair, "merge", json!({"into": into, "reason": reason})).await
        }
        Identity::Undo { pair, reason } => ask(client, &pair, "undo", json!({"reason": reason})).await,
    }
}

async fn ask(client: &Client, pair: &str, what: &str, body: Value) -> Result<(), Failure> {
    let id = id_of(client, pair).await?;
    let link = client.json(Method::POST, &format!("/api/identity/{id}/{what}"), Some(&body)).await?;
    let [one, other] = [&link["patients"][0], &link["patients"][1]].map(|patient| table::cell(&patient["id"]));
    let begins = if what == "undo" { "what was said last is taken back: " } else { "" };
    let text = match link["state"].as_str().unwrap_or_default() {
        "same" => format!("Patient/{one} and Patient/{other} are one person; both records go on"),
        "different" => format!("Patient/{one} and Patient/{other} are two people"),
        "merged" => format!(
            "Patient/{one} and Patient/{other} are one person; Patient/{} goes on",
            link["into"].as_str().unwrap_or_default()
        ),
        _ => format!("Patient/{one} and Patient/{other} are not linked; they are listed while they agree enough"),
    };
    say(&format!("{begins}{text}")).map(drop)
}

/// The whole id of a pair that is named by its first letters.
async fn id_of(client: &Client, pair: &str) -> Result<String, Failure> {
    let is_id = pair.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if !is_id {
        let text = format!("{pair} is no id of a pair: take one from `medweave identity list --state all`");
        return Err(Failure::usage(text));
    }
    if pair.len() < LETTERS_LEAST {
        let text = format!("{pair} is too short to name a pair: give at least {LETTERS_LEAST} letters of its id");
        return Err(Failure::usage(text));
    }
    if pair.len() == WHOLE {
        return Ok(pair.to_owned());
    }
    let list = all(client, "all").await?;
    let links = list["links"].as_array().into_iter().flatten().filter_map(|link| link["id"].as_str());
    let found: Vec<&str> = links.filter(|id| id.starts_with(pair)).collect();
    match found[..] {
        [one] => Ok(one.to_owned()),
        [] => {
            Err(Failure::failed(format!("no pair begins with {pair}: `medweave identity list --state all` has them")))
        }
        _ => Err(Failure::failed(format!("{} pairs begin with {pair}: give more letters", found.len()))),
    }
}

/// All pairs of a state as one answer of the API; it gives them in pages.
async fn all(client: &Client, state: &str) -> Result<Value, Failure> {
    let (mut links, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/identity?limit=200&state={state}{before}");
        let mut page = client.json(Method::GET, &path, None).await?;
        if let Value::Array(more) = page["links"].take() {
            links.extend(more);
        }
        match page["next_before"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => {
                page["links"] = Value::Array(links);
                return Ok(page);
            }
        }
    }
}

/// A probability as people read it; what rounds to certainty is not.
fn percent(score: &Value) -> String {
    let score = score.as_f64().unwrap_or_default() * 100.0;
    if score >= 99.9 { ">99.9 %".into() } else { format!("{score:.1} %") }
}

fn rows(links: &Value) -> String {
    let rows: Vec<Vec<String>> = links
        .as_array()
        .into_iter()
        .flatten()
        .map(|link| {
            let person = |at: usize| {
                let patient = &link["patients"][at];
                [&patient["name"], &patient["birth_date"]].map(table::cell).join(" ").trim().to_owned()
            };
            let id = link["id"].as_str().unwrap_or_default();
            let short = id.split('-').next().unwrap_or(id).to_owned();
            vec![short, table::cell(&link["state"]), percent(&link["score"]), person(0), person(1)]
        })
        .collect();
    table::lines(&["pair", "state", "one person", "one", "other"], &rows)
}

/// Both records, a line for each thing that they say, and the parts of the score.
fn shown(link: &Value) -> String {
    let mut out = vec![format!("{:<12}{}", "pair", table::cell(&link["id"]))];
    let state = [&link["state"], &link["decided"], &link["decided_by"], &link["reason"]];
    let state: Vec<String> = state.into_iter().filter(|value| !value.is_null()).map(table::cell).collect();
    out.push(format!("{:<12}{}", "state", state.join("  ")));
    out.push(format!("{:<12}{}", "one person", percent(&link["score"])));
    out.push(String::new());
    let text = |value: &Value| match value {
        Value::Array(all) => all.iter().map(table::cell).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        value => table::cell(value),
    };
    let names = ["id", "name", "birth_date", "sex", "numbers", "phones", "address", "active", "source", "updated"];
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let [one, other] = [0, 1].map(|at| text(&link["patients"][at][*name]));
            vec![(*name).replace('_', " "), one, other]
        })
        .collect();
    out.push(table::lines(&["", "one", "other"], &rows));
    out.push(String::new());
    let parts: Vec<Vec<String>> = link["parts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| {
            let weight = part["weight"].as_f64().unwrap_or_default();
            vec![table::cell(&part["name"]), table::cell(&part["outcome"]), format!("{weight:+.0}"), text(&part["how"])]
        })
        .collect();
    out.push(table::lines(&["part", "is", "bits", "how"], &parts));
    out.join("\n")
}
