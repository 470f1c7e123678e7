//! `medweave mapping test`: a mapping on tables that its author wrote down, and on counts that others published.
//!
//! Each case has a data directory of its own that goes away again; the rows take the same way as those of a hospital.

use super::lines::report;
use super::say;
use super::table;
use crate::client::{Client, Opened};
use crate::directory::{Directory, Taken};
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tables::mapping::{Mapping, TableSettings};

/// The source of a case.
const SOURCE: &str = "case";
/// Differences that are told of one case.
const SHOWN: usize = 20;
/// Resources of one type of a case that are compared.
const RESOURCES: usize = 10_000;

/// Runs the cases of a mapping's folder `tests`, or compares with counts.
pub(crate) async fn run(
    settings: &Settings,
    mapping: &str,
    counts: Option<&Path>,
    path: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    if let Some(counts) = counts {
        return compare_counts(settings, mapping, counts, path, as_json).await;
    }
    let cases = cases(mapping)?;
    if cases.is_empty() {
        return Err(Failure::usage(format!(
            "{mapping} has no tests: put NAME.toml or NAME.json into its folder `tests` (docs/mapping.md says what is in them)"
        )));
    }
    let (mut told, mut failed) = (Vec::new(), 0);
    for (name, case) in &cases {
        let differences = match run_case(settings, mapping, case).await {
            Ok(differences) => differences,
            Err(failure) => vec![failure.text],
        };
        failed += usize::from(!differences.is_empty());
        if !as_json {
            say(&format!("{}  {name}", if differences.is_empty() { "ok    " } else { "FAILED" }))?;
            for difference in differences.iter().take(SHOWN) {
                say(&format!("        {}", difference.replace('\n', "\n        ")))?;
            }
        }
        told.push(json!({"test": name, "differences": differences}));
    }
    if as_json {
        say(&json!({"tests": told, "failed": failed}).to_string())?;
    } else {
        say(&format!("{} tests, {failed} failed", cases.len()))?;
    }
    if failed == 0 { Ok(()) } else { Err(Failure { text: String::new(), code: 1 }) }
}

/// What is wrong with a mapping beside tables that lie somewhere; nothing of them is kept.
pub(super) async fn check_on(settings: &Settings, mapping: &str, tables: &Path) -> Result<Value, Failure> {
    let house = House::new(settings, mapping, tables).await?;
    let checked = house.check().await;
    house.close().await;
    checked
}

/// The cases by name: of a folder, or of a mapping that comes with the program.
fn cases(mapping: &str) -> Result<Vec<(String, Value)>, Failure> {
    let mut cases = Vec::new();
    for (file, text) in tables::run::test_files_of(mapping).map_err(|error| Failure::failed(error.to_string()))? {
        let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{file}: {error}"));
        let case: Value = if Path::new(&file).extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(&text).map_err(|error| wrong(&error))?
        } else {
            tables::run::toml_as_json(&text).map_err(|error| wrong(&error))?
        };
        let known = ["name", "tables", "files", "target", "resource", "absent", "unmapped"];
        let members = case.as_object().ok_or_else(|| wrong(&"is no object"))?;
        if let Some(unknown) = members.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(wrong(&format!("`{unknown}` is not understood: there is {}", known.join(", "))));
        }
        let stem =
            file.trim_start_matches("tests/").rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem).to_owned();
        let name = case["name"].as_str().map_or(stem.clone(), |name| format!("{stem}: {name}"));
        cases.push((name, case));
    }
    Ok(cases)
}

/// A source of its own: the stores in a folder that goes away, and the source `case` that reads `delivery`.
struct House {
    client: Client,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(settings: &Settings, mapping: &str, delivery: &Path) -> Result<House, Failure> {
        let folder = tempfile::Builder::new().prefix("medweave-test-").tempdir()?;
        let Taken::Mine(directory) = Directory::take(&folder.path().join("data"))? else {
            return Err(Failure::failed(format!("{} was taken by another program", folder.path().display())));
        };
        let client = Client::Here(Box::new(Opened::new(directory, settings.zone()?)?));
        let mapping = if Path::new(mapping).is_dir() && !tables::run::shipped().iter().any(|name| name == mapping) {
            std::path::absolute(mapping)?.display().to_string()
        } else {
            mapping.to_owned()
        };
        let house = House { client, _folder: folder };
        let source = json!({"name": SOURCE, "path": std::path::absolute(delivery)?, "mapping": mapping});
        house.client.json(Method::POST, "/api/sources", Some(&source)).await?;
        Ok(house)
    }

    async fn run(&self, write: bool) -> Result<Value, Failure> {
        let shown = |now: &Value| {
            format!("{}{}  {} rows", table::cell(&now["table"]), table::cell(&now["target"]), now["rows"])
        };
        report(&self.client, &format!("/api/sources/{SOURCE}/pull"), &json!({}), shown).await?;
        report(&self.client, &format!("/api/mappings/{SOURCE}/run"), &json!({"write": write}), shown).await
    }

    /// Says what is wrong with the mapping beside the tables.
    async fn check(&self) -> Result<Value, Failure> {
        let shown = |now: &Value| format!("{}  {} rows", table::cell(&now["table"]), now["rows"]);
        report(&self.client, &format!("/api/sources/{SOURCE}/pull"), &json!({}), shown).await?;
        self.client.json(Method::POST, &format!("/api/mappings/{SOURCE}/check"), None).await
    }

    /// All resources of a type.
    async fn resources(&self, kind: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let mut next = Some(format!("/fhir/{kind}?_count=1000"));
        while let Some(path) = next.take() {
            let bundle = self.client.json(Method::GET, &path, None).await?;
            all.extend(bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()));
            let links = bundle["link"].as_array().into_iter().flatten();
            let link = links.filter(|link| link["relation"] == "next").find_map(|link| link["url"].as_str());
            next =
                link.and_then(|url| url.find("/fhir").map(|at| url[at..].to_owned())).filter(|_| all.len() < RESOURCES);
        }
        Ok(all)
    }

    async fn close(self) {
        self.client.close().await;
    }
}

/// Writes a case's tables, runs them, and says what is other than expected.
async fn run_case(settings: &Settings, mapping: &str, case: &Value) -> Result<Vec<String>, Failure> {
    let delivery = tempfile::Builder::new().prefix("medweave-case-").tempdir()?;
    write_tables(mapping, case, delivery.path())?;
    let house = House::new(settings, mapping, delivery.path()).await?;
    let differences = compare(&house, case).await;
    house.close().await;
    differences
}

async fn compare(house: &House, case: &Value) -> Result<Vec<String>, Failure> {
    let report = house.run(true).await?;
    let mut differences = Vec::new();
    for expected in list(&case["target"]) {
        differences.extend(compare_target(&report, expected));
    }
    for expected in list(&case["unmapped"]) {
        let found = list(&report["unmapped"]).any(|one| contains(one, expected));
        if !found {
            differences.push(format!("unmapped: {expected} is not among {}", report["unmapped"]));
        }
    }
    let mut stored: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (expected, should) in
        list(&case["resource"]).map(|one| (one, true)).chain(list(&case["absent"]).map(|one| (one, false)))
    {
        let Some(kind) = expected["resourceType"].as_str() else {
            differences.push(format!("a resource without `resourceType` is expected: {expected}"));
            continue;
        };
        if !stored.contains_key(kind) {
            let resources = house.resources(kind).await?;
            stored.insert(kind.to_owned(), resources);
        }
        let all = &stored[kind];
        match (all.iter().any(|one| contains(one, expected)), should) {
            (true, true) | (false, false) => {}
            (false, true) => {
                differences.push(format!("no {kind} has {expected}; there are {}:{}", all.len(), shown(all)));
            }
            (true, false) => differences.push(format!("a {kind} has {expected}, and none should")),
        }
    }
    Ok(differences)
}

/// A few resources, a line each.
fn shown(all: &[Value]) -> String {
    all.iter().take(3).map(|one| format!("\n  {one}")).collect::<Vec<_>>().concat()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The numbers of a target that are expected; reasons by code.
fn compare_target(report: &Value, expected: &Value) -> Vec<String> {
    let name = expected["name"].as_str().unwrap_or_default();
    let Some(found) = list(&report["targets"]).find(|target| target["name"] == name) else {
        let names: Vec<String> = list(&report["targets"]).map(|target| table::cell(&target["name"])).collect();
        return vec![format!("there is no target \"{name}\", but {}", names.join(", "))];
    };
    let mut differences = Vec::new();
    for (what, wanted) in expected.as_object().into_iter().flatten().filter(|(what, _)| *what != "name") {
        if what == "reasons" || what == "remarks" {
            for (code, wanted) in wanted.as_object().into_iter().flatten() {
                let of_code = list(&found[what]).filter(|reason| reason["reason"] == code.as_str());
                let count: u64 = of_code.filter_map(|reason| reason["count"].as_u64()).sum();
                if wanted.as_u64() != Some(count) {
                    differences.push(format!("{name}: {what} {code}: {wanted} expected, {count} found"));
                }
            }
        } else if found[what] != *wanted {
            differences.push(format!("{name}: {what}: {wanted} expected, {} found", found[what]));
        }
    }
    differences
}

/// Whether a value has all that is expected of it: members, entries of lists in any place, and texts and numbers as they are.
fn contains(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            expected.iter().all(|value| found.iter().any(|found| contains(found, value)))
        }
        // What repeats in FHIR may be written without brackets.
        (Value::Array(found), expected) => found.iter().any(|found| contains(found, expected)),
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string() || a.as_f64() == b.as_f64(),
        (found, expected) => found == expected,
    }
}

/// Writes the tables of a case where the mapping looks for them; tables that it does not give are empty.
fn write_tables(mapping: &str, case: &Value, into: &Path) -> Result<(), Failure> {
    let files = tables::run::files_of(mapping).map_err(|error| Failure::failed(error.to_string()))?;
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let parsed = Mapping::parse(&files)
        .map_err(|problems| Failure::failed(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let none = Map::new();
    let given = case["tables"].as_object().unwrap_or(&none);
    let named = case["files"].as_object().unwrap_or(&none);
    for table in given.keys() {
        if !parsed.settings.tables.keys().any(|known| known.to_lowercase() == table.to_lowercase()) {
            let names: Vec<&str> = parsed.settings.tables.keys().map(String::as_str).collect();
            return Err(Failure::failed(format!("the mapping has no table \"{table}\", but {}", names.join(", "))));
        }
    }
    for (name, text) in named {
        write(&into.join(name), name, text.as_str().unwrap_or_default(), into)?;
    }
    for (name, settings) in &parsed.settings.tables {
        let text = given.iter().find(|(table, _)| table.to_lowercase() == name.to_lowercase());
        let text = match text {
            Some((_, text)) => text.as_str().unwrap_or_default().to_owned(),
            None if settings.optional || !named.is_empty() => continue,
            None => header(settings, settings.separator.or(parsed.settings.separator), &files),
        };
        let file = file_of(name, settings);
        // With a byte-order mark the text is UTF-8, whatever the mapping says of its hospital's files.
        write(&into.join(&file), &file, &format!("\u{feff}{text}"), into)?;
    }
    Ok(())
}

fn write(path: &Path, name: &str, text: &str, into: &Path) -> Result<(), Failure> {
    if Path::new(name).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return Err(Failure::failed(format!("\"{name}\" is no file of a delivery")));
    }
    if let Some(folder) = path.parent().filter(|folder| folder.starts_with(into)) {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, text)?)
}

/// The header line of a table that a case does not give. Of one of which the mapping lists no column it has what stands behind a point in
/// the mapping's SQL (`r.item`): more columns than there are do no harm where there are no rows.
fn header(settings: &TableSettings, separator: Option<char>, files: &[(&str, &str)]) -> String {
    let mut columns: Vec<&String> = settings.uses.iter().flatten().collect();
    for column in settings.key.iter().chain(settings.columns.iter().flatten()) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if settings.columns.is_some() {
        return String::new();
    }
    let separator = separator.unwrap_or(',').to_string();
    let mut names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
    if names.is_empty() {
        let sql =
            files.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "sql"));
        names = sql.flat_map(|(_, text)| qualified(text)).collect::<BTreeSet<_>>().into_iter().collect();
    }
    names.join(&separator) + "\n"
}

/// The names behind points in a text of SQL.
fn qualified(sql: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let behind = sql.match_indices('.').filter(move |(at, _)| sql[..*at].ends_with(|c: char| is_part(c) || c == '"'));
    behind.filter_map(move |(at, _)| {
        let rest = &sql[at + 1..];
        let name = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => &rest[..rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())],
        };
        let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        (begins && !name.contains([',', ';', '\t', '\n'])).then_some(name)
    })
}

/// A file that the mapping's pattern for a table fits.
fn file_of(name: &str, settings: &TableSettings) -> String {
    let Some(pattern) = &settings.file else { return format!("{name}.csv") };
    let plain =
        pattern.split('#').next().unwrap_or(pattern).replace("**/", "").replace("**", "x").replace(['*', '?'], "x");
    let mut plain = plain.trim_start_matches('/').to_owned();
    for packed in [".gz", ".zst", ".xz", ".bz2"] {
        plain = plain.strip_suffix(packed).map_or(plain.clone(), str::to_owned);
    }
    if !plain.rsplit('/').next().unwrap_or_default().contains('.') {
        plain.push_str(".csv");
    }
    plain.replace(".x", ".csv")
}

/// Compares what a dry run makes with counts that are known: a CSV with a name and a number of resources in each line.
async fn compare_counts(
    settings: &Settings,
    mapping: &str,
    counts: &Path,
    path: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    let expected = read_counts(counts)?;
    let report = match path {
        Some(path) => {
            let house = House::new(settings, mapping, path).await?;
            let report = house.run(false).await;
            house.close().await;
            report?
        }
        None => of_source(settings, mapping).await?,
    };
    let found: BTreeMap<String, u64> = list(&report["targets"])
        .map(|target| (table::cell(&target["name"]), target["resources"].as_u64().unwrap_or(0)))
        .collect();
    let not_delivered: Vec<String> = list(&report["not_delivered"]).map(table::cell).collect();
    let (mut rows, mut lines, mut different) = (Vec::new(), Vec::new(), 0);
    for (name, expected) in &expected {
        let made = found.iter().find(|(target, _)| target.eq_ignore_ascii_case(name)).map(|(_, made)| *made);
        let state = match made {
            Some(made) if made == *expected => "equal",
            Some(_) => "different",
            None if not_delivered.iter().any(|target| target.eq_ignore_ascii_case(name)) => "not delivered",
            None => "no such target",
        };
        different += usize::from(state != "equal");
        rows.push(json!({"target": name, "expected": expected, "made": made, "state": state}));
        lines.push(vec![
            name.clone(),
            expected.to_string(),
            made.map_or("-".to_owned(), |made| made.to_string()),
            state.to_owned(),
        ]);
    }
    for (name, made) in
        found.iter().filter(|(name, _)| !expected.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)))
    {
        rows.push(json!({"target": name, "expected": null, "made": made, "state": "not counted"}));
        lines.push(vec![name.clone(), "-".to_owned(), made.to_string(), "not counted".to_owned()]);
    }
    if as_json {
        say(&json!({"counts": rows, "different": different}).to_string())?;
    } else {
        say(&table::lines(&["target", "expected", "made", ""], &lines))?;
        say(&format!("{} of {} counts are equal", expected.len() - different, expected.len()))?;
    }
    if different == 0 { Ok(()) } else { Err(Failure { text: String::new(), code: 1 }) }
}

/// A dry run of the one source that has this mapping.
async fn of_source(settings: &Settings, mapping: &str) -> Result<Value, Failure> {
    let client = Client::open_to_read(settings).await?;
    let result = async {
        let all = client.json(Method::GET, "/api/mappings", None).await?;
        let sources: Vec<String> = list(&all["sources"])
            .filter(|source| source["mapping"] == mapping || source["name"] == mapping)
            .map(|source| table::cell(&source["name"]))
            .collect();
        match sources.as_slice() {
            [source] => {
                let path = format!("/api/mappings/{source}/run");
                let shown = |now: &Value| format!("{}  {} rows", table::cell(&now["target"]), now["rows"]);
                report(&client, &path, &json!({"write": false}), shown).await
            }
            [] => Err(Failure::usage(format!(
                "no source has the mapping {mapping}: name its tables with --path, or add a source and pull it"
            ))),
            several => Err(Failure::usage(format!(
                "{} have the mapping {mapping}: name one of them in its place",
                several.join(", ")
            ))),
        }
    }
    .await;
    client.close().await;
    result
}

/// Names and numbers of a CSV: its first column and the one called `resources` or `count`, else the second.
fn read_counts(path: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let wrong = |text: String| Failure::usage(format!("{}: {text}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split(',').map(|cell| cell.trim().trim_matches('"')).collect::<Vec<_>>());
    let head = lines.next().ok_or_else(|| wrong("is empty".to_owned()))?;
    let at = head
        .iter()
        .position(|name| matches!(name.to_ascii_lowercase().as_str(), "resources" | "count" | "n"))
        .unwrap_or(1);
    let mut counts = Vec::new();
    for (no, line) in lines.enumerate().filter(|(_, line)| line.iter().any(|cell| !cell.is_empty())) {
        let number = line.get(at).and_then(|cell| cell.parse().ok());
        let number = number.ok_or_else(|| wrong(format!("line {} has no number in column {}", no + 2, at + 1)))?;
        counts.push((line[0].to_owned(), number));
    }
    if counts.is_empty() { Err(wrong("has no counts".to_owned())) } else { Ok(counts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_behind_points_are_columns() {
        let sql = "SELECT r.item AS code, number(r.\"val ue\") FROM results r WHERE r.n > 1.5 AND 'a. b' <> \"x\".y";
        assert_eq!(qualified(sql).collect::<Vec<_>>(), ["item", "val ue", "n", "y"]);
    }

    #[test]
    fn what_is_expected_is_a_part_of_what_is_there() {
        let found = json!({"a": [{"b": 1, "c": "x"}, {"b": 2}], "n": 1.50});
        for fits in [json!({}), json!({"a": {"b": 2}}), json!({"a": [{"c": "x"}]}), json!({"n": 1.5})] {
            assert!(contains(&found, &fits), "{fits}");
        }
        for differs in
            [json!({"a": {"b": 3}}), json!({"d": 1}), json!({"a": [{"c": "x", "b": 2}]}), json!({"n": "1.5"})]
        {
            assert!(!contains(&found, &differs), "{differs}");
        }
    }
}
