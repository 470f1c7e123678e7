//! `medweave source`

use super::{say, table, token};
use crate::cli::Source;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// What lifts a limit.
const NONE: &str = "none";
/// Bytes of a password that a file or standard input may bring.
const PASSWORD_BYTES: u64 = 64 << 10;

pub(crate) async fn run(settings: &Settings, source: Source) -> Result<(), Failure> {
    if let Source::Profile { what, encoding, json } = &source {
        return super::source_profile::run(settings, what, encoding.as_deref(), *json).await;
    }
    // Before the directory is taken: a password that is still to be typed must not keep others waiting.
    let password = match &source {
        Source::Add { url: Some(url), password_file, password_stdin, .. }
        | Source::Change { url: Some(url), password_file, password_stdin, .. } => {
            // One that stands in the address is refused before another is asked for.
            let address = tables::live::Address::parse(url).map_err(|error| Failure::usage(error.to_string()))?;
            password(password_file.as_deref(), *password_stdin, &without_parameters(&address.to_string()))?
        }
        Source::Password { name, password_file, password_stdin } => {
            let given = password(password_file.as_deref(), *password_stdin, name)?;
            let none = "give --password-file FILE or --password-stdin: there is no terminal to ask on";
            Some(given.ok_or_else(|| Failure::usage(none))?)
        }
        _ => None,
    };
    let client = if matches!(source, Source::List { .. }) {
        Client::open_to_read(settings).await?
    } else {
        Client::open(settings).await?
    };
    let result = with(&client, source, password).await;
    client.close().await;
    result
}

fn without_parameters(address: &str) -> String {
    address.split_once('?').map_or(address, |(before, _)| before).to_owned()
}

/// A password from a file, from standard input, or as it is typed, unseen; none where none is given and nobody can be asked.
fn password(file: Option<&Path>, from_input: bool, of: &str) -> Result<Option<String>, Failure> {
    let read = |reader: &mut dyn Read, place: &str| {
        let mut text = String::new();
        let read = reader.take(PASSWORD_BYTES).read_to_string(&mut text);
        read.map_err(|error| Failure::usage(format!("the password cannot be read from {place}: {error}")))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    };
    if let Some(path) = file {
        let place = path.display().to_string();
        let mut file = std::fs::File::open(path)
            .map_err(|error| Failure::usage(format!("the password cannot be read from {place}: {error}")))?;
        return read(&mut file, &place);
    }
    if from_input {
        return read(&mut std::io::stdin(), "standard input");
    }
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let typed = rpassword::prompt_password(format!("Password of {of} (it is not shown; empty if there is none): "));
    typed.map(Some).map_err(|error| Failure::usage(format!("the password cannot be read from the terminal: {error}")))
}

fn absolute(path: PathBuf) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::usage(error.to_string()))
}

/// A mapping's name, or its folder by its whole path.
fn mapping_meant(mapping: String) -> Result<String, Failure> {
    if super::mapping::is_files(&mapping) && !tables::run::shipped().contains(&mapping) {
        return Ok(absolute(PathBuf::from(mapping))?.display().to_string());
    }
    Ok(mapping)
}

/// What is asked for by `medweave source change`.
fn change_of(source: Source, password: Option<String>) -> Result<Value, Failure> {
    let Source::Change { path, upload, url, mapping, rows_per_second, hours, unreached, .. } = source else {
        return Ok(Value::Null);
    };
    let mut body = json!({});
    for (key, value) in [
        ("path", path.map(absolute).transpose()?.map(|path| path.display().to_string())),
        ("url", url),
        ("mapping", mapping.map(mapping_meant).transpose()?),
        // An empty one is the one that is kept.
        ("password", password.filter(|password| !password.is_empty())),
        ("hours", hours),
    ] {
        if let Some(value) = value {
            body[key] = if key == "hours" && value == NONE { Value::Null } else { json!(value) };
        }
    }
    if let Some(rate) = rows_per_second {
        let number = rate.parse::<u32>().ok().filter(|rate| *rate > 0);
        body["rows_per_second"] = match number {
            Some(rate) => json!(rate),
            None if rate == NONE => Value::Null,
            None => {
                return Err(Failure::usage(format!("--rows-per-second is a number from 1 on, or {NONE}: not {rate}")));
            }
        };
    }
    for (key, value) in [("upload", upload), ("unreached", unreached)] {
        if value {
            body[key] = json!(true);
        }
    }
    Ok(body)
}

/// What will keep a source from being pulled: it is added or changed all the same.
fn tell_warnings(told: &Value) {
    for warning in told["warnings"].as_array().into_iter().flatten() {
        records::tell_operator!("warning: {}", table::cell(warning));
    }
}

fn tell_reached(told: &Value) {
    if let Some(server) = told["server"].as_str() {
        records::tell_operator!("Reached {server}: {} tables and views.", told["tables"]);
    }
}

async fn with(client: &Client, source: Source, password: Option<String>) -> Result<(), Failure> {
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
        Source::Add { name, path, upload, url, mapping, rows_per_second, hours, unreached, .. } => {
            let path = path.map(absolute).transpose()?;
            let mapping = mapping_meant(mapping)?;
            let mut body = json!({"name": name, "path": path, "mapping": mapping});
            if upload {
                body["upload"] = json!(true);
            }
            if url.is_some() {
                body = json!({
                    "name": name, "url": url, "mapping": mapping, "password": password, "rows_per_second": rows_per_second,
                    "hours": hours, "unreached": unreached,
                });
            }
            let made = client.json(Method::POST, "/api/sources", Some(&body)).await?;
            tell_reached(&made);
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
            tell_warnings(&made);
        }
        Source::Change { ref name, .. } => {
            let path = format!("/api/sources/{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
            let changed = client.json(Method::PATCH, &path, Some(&change_of(source, password)?)).await?;
            tell_reached(&changed);
            records::tell_operator!(
                "Source \"{}\" reads {} by {}.",
                table::cell(&changed["name"]),
                table::cell(&changed["path"]),
                table::cell(&changed["mapping"])
            );
            tell_warnings(&changed);
        }
        Source::Password { name, .. } => {
            let path = format!("/api/sources/{}/password", utf8_percent_encode(&name, NON_ALPHANUMERIC));
            client.json(Method::PUT, &path, Some(&json!({"password": password}))).await?;
            records::tell_operator!("The password of {name} is kept.");
        }
        Source::Pull { name, from, accept, json } => {
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
                let has = |what: &str| list[what].as_array().is_some_and(|all| !all.is_empty());
                // Each list has a title where there are both; one that is empty is left out.
                let both = has("sources") && has("tables");
                if has("sources") || !has("tables") {
                    if both {
                        say("senders of messages")?;
                    }
                    say(&table::of(&list["sources"], &["id", "name", "address", "zone", "charset", "created"]))?;
                }
                if has("tables") {
                    if both {
                        say("\nsources of tables")?;
                    }
                    say(&table::of(&list["tables"], &["name", "path", "mapping", "added", "pulled", "next"]))?;
                }
                for source in list["tables"].as_array().into_iter().flatten() {
                    if source["late"] == true {
                        say(&format!("{} is late", table::cell(&source["name"])))?;
                    }
                    if let Some(problem) = source["problem"].as_str() {
                        say(&format!("{} could not be pulled the last time: {problem}", table::cell(&source["name"])))?;
                    }
                    if let Some(problem) = source["run_problem"].as_str() {
                        let name = table::cell(&source["name"]);
                        say(&format!("the mapping of {name} could not be run by itself the last time: {problem}"))?;
                    }
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
    if pulled["tables"].as_array().is_none_or(Vec::is_empty) && absent.is_empty() {
        say("the mapping names no table: each that is to be taken is a [tables.NAME] of its mapping.toml")?;
    }
    say(&match pulled["delivery"].as_i64() {
        Some(no) => format!("delivery {no} in {} s", pulled["seconds"]),
        None => format!("nothing is different, in {} s", pulled["seconds"]),
    })?;
    if pulled["bad"].as_u64().unwrap_or(0) > 0 {
        let kept = match pulled["kept"].as_u64().unwrap_or(0) {
            0 => String::new(),
            kept => format!(" ({kept} that were there before stay as they were)"),
        };
        say(&format!("{} rows could not be read{kept}: medweave deadletter list", pulled["bad"]))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_no_mapping_does_not_hide_a_kept_one_of_its_name() {
        // Tests run in the folder of the crate.
        assert_eq!(mapping_meant("src".to_owned()).unwrap(), "src");
        assert!(mapping_meant("./src".to_owned()).unwrap().starts_with('/'));
    }
}
