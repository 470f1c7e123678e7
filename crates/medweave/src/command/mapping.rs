//! `medweave mapping`

use super::lines::{problem_line, report};
use super::{named_path, say, table};
use crate::cli::Mapping;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::path::Path;

/// Reasons of a target that are shown; `--json` has all.
const SHOWN: usize = 8;

pub(crate) async fn run(settings: &Settings, mapping: Mapping) -> Result<(), Failure> {
    // A folder needs no data directory.
    if let Mapping::Check { mapping, path, json } = &mapping {
        if is_files(mapping) {
            let checked = check_files(mapping)?;
            let is_sound = checked["problems"].as_array().is_some_and(Vec::is_empty);
            return match path {
                Some(path) if is_sound => {
                    named_path::must_be_there(&path.display().to_string(), "folder of tables")?;
                    let on = super::mapping_test::check_on(settings, mapping, path).await?;
                    tell_problems(&on, *json, Compared::With(path))
                }
                _ => tell_problems(&checked, *json, Compared::Not(mapping)),
            };
        }
        named_path::must_be_there(mapping, "source or a mapping that comes with the program")?;
        if path.is_some() {
            return Err(Failure::usage("--path goes with a folder, or a mapping that comes with the program"));
        }
        let has_folder = Path::new(mapping).is_dir();
        let checked = check_source(settings, mapping).await.map_err(|failure| {
            if has_folder {
                let text = format!("the folder {mapping} here has no mapping.toml, and {}", failure.text);
                return Failure { text, ..failure };
            }
            named_path::neither(mapping, "source", failure)
        })?;
        return tell_problems(&checked, *json, Compared::Source);
    }
    let mapping = match mapping {
        Mapping::New { what, into, encoding } => {
            return super::source_profile::new_mapping(settings, &what, &into, encoding.as_deref()).await;
        }
        Mapping::Test { mapping, counts, path, json } => {
            return super::mapping_test::run(settings, &mapping, counts.as_deref(), path.as_deref(), json).await;
        }
        other => other,
    };
    let client = match &mapping {
        Mapping::Run { write: true, .. } | Mapping::Undo { dry_run: false, .. } => Client::open(settings).await?,
        _ => Client::open_to_read(settings).await?,
    };
    let result = with(&client, mapping).await;
    client.close().await;
    result
}

/// Whether a mapping is named by its files, not by its source or its name: a folder of that name may lie here that is none, as that of the source's tables.
pub(super) fn is_files(mapping: &str) -> bool {
    let folder = Path::new(mapping);
    let is_path = folder.is_absolute() || folder.components().count() != 1 || folder.ends_with("..");
    (folder.is_dir() && (is_path || mapping == "." || folder.join("mapping.toml").is_file()))
        || tables::run::shipped().iter().any(|name| name == mapping)
}

/// What the columns of a mapping were compared with.
#[derive(Clone, Copy)]
enum Compared<'c> {
    /// The tables of its source.
    Source,
    /// Those of a delivery.
    With(&'c Path),
    /// Nothing: only its files were looked at.
    Not(&'c str),
}

async fn check_source(settings: &Settings, source: &str) -> Result<Value, Failure> {
    let client = Client::open_to_read(settings).await?;
    let path = format!("/api/mappings/{}/check", path_part(source));
    let checked = client.json(Method::POST, &path, None).await;
    client.close().await;
    checked
}

fn check_files(mapping: &str) -> Result<Value, Failure> {
    let files = tables::run::files_of(mapping).map_err(|error| Failure::failed(error.to_string()))?;
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let begun = std::time::Instant::now();
    let checked = tables::compile::check(&files);
    let took = format!("{} files in {} ms", files.len(), begun.elapsed().as_millis());
    let problems: Vec<Value> = checked
        .iter()
        .map(|problem| {
            json!({
                "file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message,
                "hint": problem.hint,
            })
        })
        .collect();
    Ok(json!({"problems": problems, "took": took}))
}

fn tell_problems(checked: &Value, as_json: bool, compared: Compared<'_>) -> Result<(), Failure> {
    let all = |name: &str| checked[name].as_array().map_or(&[][..], Vec::as_slice);
    let problems = all("problems");
    if as_json {
        let mut checked = checked.clone();
        checked.as_object_mut().map(|checked| checked.remove("took"));
        say(&checked.to_string())?;
    } else {
        for problem in problems {
            say(&problem_line(problem))?;
        }
        for warning in all("warnings") {
            say(&format!("warning: {}", table::cell(warning)))?;
        }
        let many = match problems.len() {
            0 => "no problems".to_owned(),
            1 => "1 problem".to_owned(),
            many => format!("{many} problems"),
        };
        let took = checked["took"].as_str();
        say(&took.map_or_else(|| many.clone(), |took| format!("{many}; {took}")))?;
        match compared {
            Compared::Source => {}
            Compared::With(path) => say(&format!("columns were compared with the tables of {}", path.display()))?,
            Compared::Not(mapping) if problems.is_empty() => say(&format!(
                "columns were compared with no tables: medweave mapping check {mapping} --path TABLES does, and mapping check SOURCE once a source has it"
            ))?,
            Compared::Not(_) => {}
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { text: String::new(), code: 1 }) }
}

fn path_part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn with(client: &Client, mapping: Mapping) -> Result<(), Failure> {
    match mapping {
        // They have no data directory, or one of their own.
        Mapping::New { .. } | Mapping::Test { .. } | Mapping::Check { .. } => Ok(()),
        Mapping::List { json } => {
            let list = client.json(Method::GET, "/api/mappings", None).await?;
            if json {
                return say(&list.to_string());
            }
            say(&table::of(&list["sources"], &["name", "mapping", "path"]))?;
            let shipped: Vec<&str> =
                list["shipped"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            say(&format!("mappings that come with the program: {}", shipped.join(", ")))
        }
        Mapping::Run { source, write, whole, version, json, report: folder } => {
            let path = format!("/api/mappings/{}/run", path_part(&source));
            let shown = |now: &Value| format!("{}  {} rows", now["target"].as_str().unwrap_or_default(), now["rows"]);
            let mut done =
                report(client, &path, &json!({"write": write, "whole": whole, "version": version}), shown).await?;
            let csv = done.as_object_mut().and_then(|report| report.remove("csv")).unwrap_or_default();
            if let Some(folder) = &folder {
                write_report(folder, &done, csv.as_str().unwrap_or_default())?;
            }
            if json { say(&done.to_string()) } else { tell(&done, write, version.as_deref()) }
        }
        Mapping::Runs { source, run: None, json } => {
            let runs = client.json(Method::GET, &format!("/api/mappings/{}/runs", path_part(&source)), None).await?;
            if json { say(&runs.to_string()) } else { say(&runs_table(&runs["runs"])) }
        }
        Mapping::Runs { source, run: Some(no), json } => {
            let path = format!("/api/mappings/{}/runs/{no}", path_part(&source));
            let told = client.json(Method::GET, &path, None).await?;
            if json {
                return say(&told.to_string());
            }
            say(&runs_table(&json!([told["run"]])))?;
            if told["report"].is_object() { tell(&told["report"], true, None) } else { say("its report is not kept") }
        }
        Mapping::Pause { source } => {
            client.json(Method::POST, &format!("/api/mappings/{}/pause", path_part(&source)), None).await?;
            say(&format!(
                "the run of {source} ends; what it wrote stays, and `medweave mapping run {source} --write` goes on with it"
            ))
        }
        Mapping::Undo { source, run, dry_run, json } => {
            let path = format!("/api/mappings/{}/undo", path_part(&source));
            let undone = client.json(Method::POST, &path, Some(&json!({"run": run, "dry_run": dry_run}))).await?;
            if json {
                return say(&undone.to_string());
            }
            super::import_undo::tell(&format!("run {} of {source}", undone["run"]), dry_run, &undone)
        }
        Mapping::Lineage { resource, element, json } => {
            let Some((kind, id)) = resource.split_once('/') else {
                return Err(Failure::usage(format!("{resource} is not TYPE/ID, as in Observation/1")));
            };
            let of_element =
                element.as_ref().map_or(String::new(), |element| format!("?element={}", path_part(element)));
            let whole = format!("/api/lineage/{}/{}", path_part(kind), path_part(id));
            let lineage = client.json(Method::GET, &format!("{whole}{of_element}"), None).await?;
            let elements = |lineage: &Value| lineage["elements"].as_array().cloned().unwrap_or_default();
            if let Some(element) = element.filter(|_| elements(&lineage).is_empty()) {
                let all = elements(&client.json(Method::GET, &whole, None).await?);
                let mut names: Vec<String> = all.iter().map(|one| table::cell(&one["element"])).collect();
                names.dedup();
                let there =
                    if names.is_empty() { "none of its elements comes from rows".to_owned() } else { names.join(", ") };
                return Err(Failure::failed(format!(
                    "{resource} has no element {element} that a mapping made; there is: {there}"
                )));
            }
            if json {
                return say(&lineage.to_string());
            }
            say(&format!(
                "{} version {} by {} {} from {}, target {}",
                table::cell(&lineage["ref"]),
                lineage["version"],
                table::cell(&lineage["mapping"]),
                table::cell(&lineage["mapping_version"]),
                table::cell(&lineage["source"]),
                table::cell(&lineage["target"])
            ))?;
            if lineage["newest"].as_i64().is_some_and(|newest| lineage["version"].as_i64() < Some(newest)) {
                say(&format!(
                    "version {} came from elsewhere since: what it changed is no longer of these cells",
                    lineage["newest"]
                ))?;
            }
            let kept: Vec<String> = lineage["kept"].as_array().into_iter().flatten().map(table::cell).collect();
            if !kept.is_empty() {
                say(&format!("stays as others have it: {}", kept.join(", ")))?;
            }
            for element in lineage["elements"].as_array().into_iter().flatten() {
                say(&format!(
                    "{}  {}:{}  {}",
                    table::cell(&element["element"]),
                    table::cell(&element["file"]),
                    element["line"],
                    table::cell(&element["sql"])
                ))?;
                for cell in element["cells"].as_array().into_iter().flatten() {
                    let corrected = match &cell["corrected"] {
                        Value::Null => String::new(),
                        one => format!(", corrected: {} by {}", table::cell(&one["cell"]), table::cell(&one["by"])),
                    };
                    say(&format!(
                        "    {} row {} column {}: {}{corrected}",
                        table::cell(&cell["file"]),
                        cell["number"],
                        table::cell(&cell["column"]),
                        table::cell(&cell["cell"])
                    ))?;
                }
                for used in element["maps"].as_array().into_iter().flatten() {
                    say(&format!("    {}", map_used(used)))?;
                }
            }
            Ok(())
        }
    }
}

/// The line of a map that an element's code or unit came from.
fn map_used(used: &Value) -> String {
    let (map, file) = (table::cell(&used["map"]), table::cell(&used["file"]));
    let Some(line) = used["line"].as_u64() else { return format!("map {map} ({file})") };
    let value = table::cell(&used["value"]);
    let is = match used["code"].as_str() {
        Some("") | None => "has no code".to_owned(),
        Some(code) => format!("is {code}"),
    };
    let approved = match &used["approved"] {
        Value::Null => String::new(),
        one => format!(", approved by {} at {}", table::cell(&one["by"]), table::cell(&one["at"])),
    };
    format!("map {map} ({file}:{line}): {value} {is}{approved}")
}

fn runs_table(runs: &Value) -> String {
    let mut rows = runs.clone();
    for run in rows.as_array_mut().into_iter().flatten() {
        for name in ["new", "changed", "gone", "rejected"] {
            run[name] = run["counts"][name].clone();
        }
    }
    let columns = ["run", "state", "begun", "who", "mapping", "version", "new", "changed", "gone", "rejected"];
    table::of(&rows, &columns)
}

fn targets(report: &Value) -> &[Value] {
    report["targets"].as_array().map_or(&[], Vec::as_slice)
}

fn write_report(folder: &Path, report: &Value, csv: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::write(folder.join("report.json"), report.to_string() + "\n").map_err(failed)?;
    std::fs::write(folder.join("report.csv"), csv).map_err(failed)
}

/// Why a target is first mapped whole, and when somebody wants that: nobody need be told.
const AS_EXPECTED: [&str; 2] = ["no run of it is remembered", "it was asked for"];

/// How much of a target was mapped, where that is not what everybody expects.
fn extent(target: &Value) -> Option<String> {
    let name = table::cell(&target["name"]);
    match (target["mapped"].as_str()?, target["why_whole"].as_str()) {
        ("part", _) => {
            let (rows, all) = (&target["mapped_rows"], &target["table_rows"]);
            Some(format!("{name}: {rows} of {all} rows were mapped, those that a change reaches"))
        }
        ("whole", Some(why)) if !AS_EXPECTED.contains(&why) => {
            Some(format!("{name}: all rows were mapped: {}", table::plain(why)))
        }
        _ => None,
    }
}

/// How often a reason was met: of refused rows, for how many it is the first, so that no row is counted twice.
fn how_often(reason: &Value) -> String {
    let count = |name: &str| reason[name].as_u64().unwrap_or(0);
    let rows = |rows: u64| if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    match (count("rows"), count("further")) {
        // Beside what was not read, how many values there are.
        (0, 0) => {
            let of = reason["of"].as_u64().map_or(String::new(), |of| format!(" of {of}"));
            format!("{}{of} times", reason["count"])
        }
        (first, 0) => rows(first),
        (0, further) => format!("counted for another reason already: {further}"),
        (first, further) => format!("{}, and {further} counted for another reason already", rows(first)),
    }
}

/// The report, for a person.
fn tell(report: &Value, write: bool, tried: Option<&str>) -> Result<(), Failure> {
    say(&table::of(&report["targets"], &["name", "rows", "resources", "merged", "filtered", "rejected"]))?;
    for target in targets(report) {
        if let Some(extent) = extent(target) {
            say(&extent)?;
        }
        if let Some(children) = target["child_rows"].as_u64().filter(|rows| *rows > 0) {
            let refused = target["child_rejected"].as_u64().unwrap_or(0);
            let name = table::cell(&target["name"]);
            say(&format!("  {name}: {children} rows of @element files beside these, {refused} of them refused"))?;
        }
        let reasons = target["reasons"].as_array().into_iter().chain(target["remarks"].as_array()).flatten();
        for (no, reason) in reasons.enumerate() {
            if no == SHOWN {
                say(&format!("  … and more for {}: --json lists all", table::cell(&target["name"])))?;
                break;
            }
            let example = &reason["examples"][0];
            let element =
                reason["element"].as_str().map_or(String::new(), |element| format!(" {}", table::plain(element)));
            say(&format!(
                "{}{element}: {} ({}, {}; {} row {}{})",
                table::cell(&target["name"]),
                table::cell(&reason["reason"]),
                table::cell(&reason["effect"]),
                how_often(reason),
                table::cell(&example["table"]),
                example["row"],
                example["message"]
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map_or(String::new(), |text| format!(": {}", table::plain(text)))
            ))?;
        }
        for kept in target["kept"].as_array().into_iter().flatten() {
            let (name, element) = (table::cell(&target["name"]), table::cell(&kept["element"]));
            say(&format!(
                "{name} {element}: {} stay as others have them (mapping lineage says of a resource which)",
                kept["count"]
            ))?;
        }
    }
    let unmapped = report["unmapped"].as_array().map_or(&[][..], Vec::as_slice);
    for value in unmapped.iter().take(SHOWN) {
        say(&format!(
            "{} map {} does not know {} ({} times)",
            table::cell(&value["kind"]),
            table::cell(&value["map"]),
            table::cell(&value["value"]),
            value["count"]
        ))?;
    }
    if unmapped.len() > SHOWN {
        say(&format!("  … and {} more: --json lists them", unmapped.len() - SHOWN))?;
    }
    for note in report["notes"].as_array().into_iter().flatten() {
        say(&format!("warning: {}", table::plain(note.as_str().unwrap_or_default())))?;
    }
    say(&format!(
        "{}{} new, {} changed, {} equal, {} gone in {} s",
        if write { "" } else { "dry run, nothing was written: " },
        report["new"],
        report["changed"],
        report["equal"],
        report["gone"],
        report["seconds"]
    ))?;
    let source = table::cell(&report["source"]);
    if !write {
        // An earlier version that was tried is not what a run would write.
        say(&match tried {
            None => format!("next: medweave mapping run {source} --write"),
            Some(version) => format!(
                "an earlier version ({version}) was tried: `mapping run {source}` is of the mapping as it is now"
            ),
        })?;
    }
    let changes = ["new", "changed", "gone"].iter().any(|what| report[*what].as_u64().unwrap_or(0) > 0);
    let wrote = report["arrival"].is_u64() || changes && report["written"] == true;
    if let Some(run) = report["run"].as_u64().filter(|_| wrote) {
        say(&format!("to take this run back: medweave mapping undo {source} {run}"))?;
    }
    if report["refused"].as_u64().unwrap_or(0) > 0 {
        say(&format!("{} refused by the store: medweave deadletter list", report["refused"]))?;
    }
    Ok(())
}
