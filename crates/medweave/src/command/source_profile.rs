//! `medweave source profile`, and `medweave mapping new`, which begins with it.

use super::progress::Progress;
use super::{named_path, say, table};
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::path::Path;
use tables::profile::{NOT_WRITTEN, Profile, ProfileOptions, skeleton};
use tables::read::Charset;

/// Values of a column that are shown to a person.
const SHOWN: usize = 3;
/// Characters of them together.
const SHOWN_CHARS: usize = 48;
/// Joins that are shown.
const JOINS: usize = 40;

/// Profiles what lies at a path, which needs no data directory; else what was pulled from a source.
pub(crate) async fn run(settings: &Settings, what: &str, encoding: Option<&str>, as_json: bool) -> Result<(), Failure> {
    named_path::must_be_there(what, "source")?;
    let profile = if Path::new(what).exists() {
        of_path(what, encoding)?.to_json()
    } else {
        of_source(settings, what).await.map_err(|failure| named_path::neither(what, "source", failure))?
    };
    if as_json {
        say(&profile.to_string())?;
    } else {
        tell(&profile)?;
    }
    if list(&profile["tables"]).next().is_some() { Ok(()) } else { Err(Failure::failed(no_table(what))) }
}

fn no_table(what: &str) -> String {
    format!(
        "{what}: there is no table that can be read. Tables are text files with separators (.csv, .tsv, .txt), .xlsx, .xls, .dbf, Parquet, \
         SQLite files, and dumps of PostgreSQL and MySQL as SQL; also packed, or in archives"
    )
}

fn of_path(path: &str, encoding: Option<&str>) -> Result<Profile, Failure> {
    let encoding = encoding.map(Charset::for_name).transpose().map_err(|error| Failure::usage(error.to_string()))?;
    let options = ProfileOptions { encoding, scratch: None };
    let progress = Progress::new();
    let profile = Profile::of_path(Path::new(path), &options, &mut |table, rows| {
        progress.say(format!("{table}  {rows} rows"));
        Ok(())
    });
    progress.finish();
    profile.map_err(|error| Failure::failed(error.to_string()))
}

async fn of_source(settings: &Settings, name: &str) -> Result<Value, Failure> {
    let client = Client::open_to_read(settings).await?;
    let path = format!("/api/sources/{}/profile", utf8_percent_encode(name, NON_ALPHANUMERIC));
    let profile = client.json(Method::GET, &path, None).await;
    client.close().await;
    profile
}

/// `medweave mapping new`: writes a mapping that follows from a profile.
pub(crate) async fn new_mapping(
    settings: &Settings,
    what: &str,
    into: &Path,
    encoding: Option<&str>,
) -> Result<(), Failure> {
    let taken = |error: std::io::Error| Failure::failed(format!("{}: {error}", into.display()));
    if into.exists() && std::fs::read_dir(into).map_err(taken)?.next().is_some() {
        return Err(Failure::usage(format!("{} is there and not empty: name another folder", into.display())));
    }
    let name = into.file_name().map_or_else(|| "mapping".to_owned(), |name| name.to_string_lossy().into_owned());
    named_path::must_be_there(what, "source")?;
    let files: Vec<(String, String)> = if Path::new(what).exists() {
        let profile = of_path(what, encoding)?;
        if profile.tables.is_empty() {
            return Err(Failure::failed(no_table(what)));
        }
        skeleton(&profile, &name)
    } else {
        let neither = |failure| named_path::neither(what, "source", failure);
        let client = Client::open_to_read(settings).await.map_err(neither)?;
        let made = client.json(Method::POST, "/api/mappings/new", Some(&json!({"source": what, "name": name}))).await;
        client.close().await;
        let text = |file: &Value, part: &str| file[part].as_str().unwrap_or_default().to_owned();
        made.map_err(neither)?["files"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|file| (text(file, "path"), text(file, "text")))
            .collect()
    };
    for (path, text) in &files {
        let path = into.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(taken)?;
        }
        std::fs::write(&path, text).map_err(taken)?;
        say(&format!("{}  {} lines", path.display(), text.lines().count()))?;
    }
    let lent: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let problems = tables::compile::check(&lent);
    for problem in &problems {
        say(&table::plain(&problem.to_string()))?;
    }
    for line in files.iter().filter(|(path, _)| path == "mapping.toml").flat_map(|(_, text)| text.lines()) {
        if let Some(what) = line.strip_prefix(NOT_WRITTEN) {
            say(&format!("not written: {}", table::plain(what)))?;
        }
    }
    let todos = files.iter().map(|(_, text)| text.matches("To do").count()).sum::<usize>();
    say(&format!("{} files, {todos} places marked To do in them", files.len()))?;
    let shown = into.display();
    if files.iter().all(|(path, _)| Path::new(path).extension().is_none_or(|kind| kind != "sql")) {
        say(
            "write a target for each thing that the tables hold, an .sql file of its own: docs/mapping.md begins with one",
        )?;
    }
    let next = if Path::new(what).exists() {
        format!(
            "next: medweave source add NAME --path {what} --mapping {shown}, then source pull NAME and mapping run NAME"
        )
    } else {
        format!("next: medweave mapping check {shown}")
    };
    say(&next)?;
    if problems.is_empty() { Ok(()) } else { Err(Failure { text: String::new(), code: 1 }) }
}

/// A profile, for a person.
fn tell(profile: &Value) -> Result<(), Failure> {
    for of in list(&profile["tables"]) {
        say(&format!("{}  {} rows  {}", table::cell(&of["name"]), of["rows"], table::cell(&of["file"])))?;
        let rows: Vec<Vec<String>> = list(&of["columns"]).map(row).collect();
        let head = ["column", "values", "nulls", "distinct", "what", "from", "to", "shape", "most frequent"];
        say(&indented(&table::lines(&head, &rows)))?;
        let keys: Vec<String> = list(&of["keys"])
            .take(SHOWN)
            .map(|key| {
                let columns: Vec<String> = list(&key["columns"]).map(table::cell).collect();
                let sampled = if key["exact"] == true { "" } else { " (by a sample)" };
                let nearly = key["said"].as_str().map_or(String::new(), |said| format!(" (nearly: {said})"));
                format!("{}{nearly}{sampled}", columns.join(" + "))
            })
            .collect();
        let none = "none of its columns, nor two or three together, as far as was looked".to_owned();
        say(&format!("  key: {}", if keys.is_empty() { none } else { keys.join(", or ") }))?;
        if of["bad"].as_u64().unwrap_or(0) > 0 {
            say(&format!("  {} rows are none: {}", of["bad"], table::cell(&of["bad_example"])))?;
        }
        for column in list(&of["columns"]) {
            for doubt in list(&column["doubts"]) {
                say(&format!("  {}: {}", table::cell(&column["name"]), table::cell(&doubt["text"])))?;
            }
        }
        say("")?;
    }
    let end = |end: &Value| format!("{}.{}", table::cell(&end["table"]), table::cell(&end["column"]));
    for join in list(&profile["joins"]).take(JOINS) {
        let sampled = if join["exact"] == true { "" } else { ", by a sample" };
        let share = join["share"].as_f64().unwrap_or(0.0) * 100.0;
        // What is not all is never written as 100.
        let share = if share >= 100.0 { "100".to_owned() } else { format!("{:.1}", (share * 10.0).floor() / 10.0) };
        let name = if join["by_name"] == true { "" } else { "; only the values say so" };
        let found = if join["values"].as_u64().unwrap_or(0) < 2 {
            "only the names say so".to_owned()
        } else {
            format!("{share} % of {} values join{sampled}{name}", join["values"])
        };
        say(&format!("{} -> {}  {found}", end(&join["from"]), end(&join["to"])))?;
    }
    for likely in list(&profile["likely"]) {
        say(&format!("{} ({} %): {}", table::cell(&likely["target"]), likely["sure"], table::cell(&likely["why"])))?;
    }
    for of in list(&profile["encodings"]) {
        say(&format!(
            "{}: not UTF-8, read as {} ({}); declare it in mapping.toml if it is right",
            table::cell(&of["file"]),
            table::cell(&of["encoding"]),
            table::cell(&of["why"])
        ))?;
    }
    for of in list(&profile["failed"]) {
        say(&format!("{}: {}", table::cell(&of["table"]), table::cell(&of["why"])))?;
    }
    for of in list(&profile["passed_over"]) {
        say(&format!("{}: {}", table::cell(&of["file"]), table::cell(&of["why"])))?;
    }
    for note in list(&profile["notes"]) {
        say(&table::cell(note))?;
    }
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn row(column: &Value) -> Vec<String> {
    let nulls: Vec<String> = list(&column["nulls"])
        .map(|null| match null["spelling"].as_str().unwrap_or_default() {
            "" => format!("{} empty", null["count"]),
            spelling => format!("{} {}", null["count"], table::plain(spelling)),
        })
        .collect();
    let (what, from, to) = if column["dates"].is_object() {
        let formats: Vec<String> =
            list(&column["dates"]["formats"]).map(|format| table::cell(&format["format"])).collect();
        (
            format!("date {}", formats.join(" ")),
            table::cell(&column["dates"]["first"]),
            table::cell(&column["dates"]["last"]),
        )
    } else if column["numbers"].is_object() {
        ("number".to_owned(), table::cell(&column["numbers"]["min"]), table::cell(&column["numbers"]["max"]))
    } else {
        let characters = |of: &str| format!("{} chars", column["length"][of]);
        ("text".to_owned(), characters("min"), characters("max"))
    };
    let about = if column["distinct_exact"] == true { "" } else { "~" };
    let mut values = String::new();
    for value in list(&column["top"]).take(SHOWN).filter(|_| column["unique"] != true) {
        let shown = format!("{}×{}", table::cell(&value["value"]), value["count"]);
        if values.chars().count() + shown.chars().count() > SHOWN_CHARS {
            break;
        }
        values.push_str(if values.is_empty() { "" } else { ", " });
        values.push_str(&shown);
    }
    vec![
        table::cell(&column["name"]),
        column["values"].to_string(),
        if nulls.is_empty() { "-".to_owned() } else { nulls.join(", ") },
        format!("{about}{}", column["distinct"]),
        what,
        from,
        to,
        table::cell(&column["shapes"][0]["shape"]),
        if values.is_empty() { "-".to_owned() } else { values },
    ]
}
