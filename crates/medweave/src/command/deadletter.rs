//! `medweave deadletter`

mod edit;
mod place;
mod row;

use super::lines::{LINES, answer};
use super::{say, say_bytes, table};
use crate::cli::Deadletter;
use crate::client::{Client, read_all, refused};
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) async fn run(settings: &Settings, letter: Deadletter) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let result = with(&client, letter).await;
    client.close().await;
    result
}

async fn with(client: &Client, letter: Deadletter) -> Result<(), Failure> {
    match letter {
        Deadletter::List { state, json } => {
            let list = all(client, state.name()).await?;
            if json {
                say(&list.to_string())?;
            } else {
                say(&rows(&list["dead_letters"]))?;
            }
        }
        Deadletter::Show { no, raw } => {
            let bytes = letter_bytes(client, no).await?;
            if raw {
                return say_bytes(&bytes).map(drop);
            }
            say(&shown(&told(client, no).await?, &bytes))?;
        }
        Deadletter::Correct { no, corrected } => correct(client, no, corrected.as_deref()).await?,
        Deadletter::Replay { no, corrected: Some(file), .. } => {
            let (bytes, told) = (read(&file)?, told(client, no).await?);
            let row = Some(&told["row"]).filter(|row| row.is_object());
            row.map_or(Ok(()), |row| row::check(row, &bytes, &file.display().to_string()))?;
            replay(client, no, bytes).await?;
        }
        Deadletter::Replay { no, corrected: None, alike } => {
            let others = if alike { alike_to(client, no).await? } else { Vec::new() };
            replay(client, no, Vec::new()).await?;
            let mut failed = 0;
            for other in others {
                // One run takes all rows that it can.
                let state = told(client, other).await?["state"].clone();
                if state != "open" {
                    say(&format!("dead letter {other} is {} with it", state.as_str().unwrap_or_default()))?;
                    continue;
                }
                if let Err(failure) = replay(client, other, Vec::new()).await {
                    records::tell_operator!("dead letter {other}: {}", failure.text);
                    failed += 1;
                }
            }
            if failed > 0 {
                return Err(Failure::failed(format!("{failed} dead letters stay open")));
            }
        }
        Deadletter::Discard { no, reason, alike } => {
            let others = if alike { alike_to(client, no).await? } else { Vec::new() };
            let reason = json!({"reason": reason});
            for no in std::iter::once(no).chain(others) {
                client.json(Method::POST, &format!("/api/deadletters/{no}/discard"), Some(&reason)).await?;
                say(&format!("dead letter {no} is discarded"))?;
            }
        }
    }
    Ok(())
}

async fn told(client: &Client, no: i64) -> Result<Value, Failure> {
    client.json(Method::GET, &format!("/api/deadletters/{no}"), None).await
}

async fn letter_bytes(client: &Client, no: i64) -> Result<Bytes, Failure> {
    send(client, Method::GET, &format!("/api/deadletters/{no}/bytes"), Body::empty()).await
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

async fn correct(client: &Client, no: i64, file: Option<&Path>) -> Result<(), Failure> {
    let told = told(client, no).await?;
    let row = Some(&told["row"]).filter(|row| row.is_object());
    let corrected = match (file, row) {
        (Some(file), row) => {
            let bytes = read(file)?;
            row.map_or(Ok(()), |row| row::check(row, &bytes, &file.display().to_string()))?;
            bytes
        }
        (None, Some(row)) => {
            let came = if row["row"].is_null() { letter_bytes(client, no).await? } else { Bytes::new() };
            let edited = row::edited(&edit::edited(row::to_edit(row, &came).as_bytes()).await?);
            row::check(row, &edited, "what was edited")?;
            edited
        }
        (None, None) => {
            let now = match told["correction"]["no"].as_i64() {
                Some(arrival) => {
                    let path = format!("/api/arrivals/{arrival}/bytes");
                    send(client, Method::GET, &path, Body::empty()).await?
                }
                None => letter_bytes(client, no).await?,
            };
            edit::edited(&now).await?
        }
    };
    let kept = send(client, Method::POST, &format!("/api/deadletters/{no}/correct"), Body::from(corrected)).await?;
    let kept: Value = serde_json::from_slice(&kept).unwrap_or(Value::Null);
    say(&format!("the correction of dead letter {no} is kept as arrival {}", kept["arrival"]))?;
    say(&match kept["refused"]["what"].as_str() {
        // What a row refers to is looked at by the run alone.
        None if row.is_some() => {
            format!("it would be taken, if what it refers to is there: medweave deadletter replay {no}")
        }
        None => format!("it would be taken: medweave deadletter replay {no}"),
        Some(what) => format!("it would not be taken yet: {what}"),
    })?;
    Ok(())
}

/// Takes a letter, as it is if `corrected` is empty.
async fn replay(client: &Client, no: i64, corrected: Vec<u8>) -> Result<(), Failure> {
    // A row is taken by a run, which may have much to do where the mapping was changed.
    let request = Request::builder().method(Method::POST).uri(format!("/api/deadletters/{no}/replay"));
    let request = request.header("accept", LINES).body(Body::from(corrected));
    let request = request.map_err(|error| Failure::usage(error.to_string()))?;
    let shown = |now: &Value| {
        let of = now["target"].as_str().or(now["table"].as_str()).unwrap_or_default();
        format!("{of}  {} rows", now["rows"])
    };
    let done = answer(client, request, shown).await?;
    say(&format!("dead letter {no} is replayed: {} stored, {} unchanged", done["stored"], done["unchanged"]))?;
    Ok(())
}

/// The other open letters of the same source with the same fault, oldest first: in the order in which they came.
async fn alike_to(client: &Client, no: i64) -> Result<Vec<i64>, Failure> {
    let one = told(client, no).await?;
    let same = |other: &Value| {
        other["no"] != one["no"]
            && other["what"] == one["what"]
            && other["arrival"]["source"] == one["arrival"]["source"]
            && other["arrival"]["media"] == one["arrival"]["media"]
    };
    let open = all(client, "open").await?;
    let letters = open["dead_letters"].as_array().into_iter().flatten();
    let mut found: Vec<i64> =
        letters.filter(|letter| same(letter)).filter_map(|letter| letter["no"].as_i64()).collect();
    found.reverse();
    Ok(found)
}

/// All letters of a state, newest first, as one answer of the API; it gives them in pages.
async fn all(client: &Client, state: &str) -> Result<Value, Failure> {
    let (mut letters, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/deadletters?limit=1000&state={state}{before}");
        let mut page = client.json(Method::GET, &path, None).await?;
        if let Value::Array(more) = page["dead_letters"].take() {
            letters.extend(more);
        }
        match page["next_before"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => {
                page["dead_letters"] = Value::Array(letters);
                return Ok(page);
            }
        }
    }
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

/// The cells of a row, one a line, with what a person says that they should be.
fn cells(row: &Value) -> String {
    let mut lines = Vec::new();
    for (column, cell) in row["cells"].as_object().into_iter().flatten() {
        let mut line = vec![column.clone(), table::cell(cell)];
        line.extend(
            row["corrected"]["cells"].get(column).map(|corrected| format!("corrected: {}", table::cell(corrected))),
        );
        lines.push(line);
    }
    let widest = lines.iter().map(|line| line[0].chars().count()).max().unwrap_or_default();
    let line = |line: Vec<String>| {
        let pad = widest - line[0].chars().count();
        format!("{}{}  {}", line[0], " ".repeat(pad), line[1..].join("   "))
    };
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
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
        ("file", &told["row"]["file"]),
        ("row", &told["row"]["number"]),
        ("delivery", &told["row"]["delivery"]),
        ("corrected", &told["correction"]["at"]),
        ("by", &told["row"]["corrected"]["by"]),
        ("because", &told["row"]["corrected"]["reason"]),
        ("taken as", &told["replayed_as"]),
    ] {
        if !value.is_null() && value != "" {
            out.push(format!("{name:<10}{}", table::cell(value)));
        }
    }
    out.push(String::new());
    out.push(match &told["row"] {
        // Of a row that could not be read the text is what there is.
        Value::Object(row) if row["row"].is_number() => cells(&told["row"]),
        _ => place::marked(bytes, told["place"].as_str().unwrap_or_default()),
    });
    out.join("\n")
}
