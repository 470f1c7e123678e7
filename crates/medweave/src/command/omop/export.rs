//! `medweave omop export`

use crate::cli::OmopExport;
use crate::client::Client;
use crate::command::lines::report;
use crate::command::{say, table};
use crate::failure::Failure;
use crate::settings::Settings;
use serde_json::{Value, json};

pub(crate) async fn run(settings: &Settings, export: &OmopExport) -> Result<(), Failure> {
    let folder = std::path::absolute(&export.folder)
        .map_err(|error| Failure::failed(format!("{}: {error}", export.folder.display())))?;
    let client = Client::open_to_read(settings).await?;
    let asked = json!({"folder": folder, "format": export.format});
    let shown = |now: &Value| format!("{}  {} rows", now["table"].as_str().unwrap_or_default(), now["rows"]);
    let done = report(&client, "/api/omop/export", &asked, shown).await;
    client.close().await;
    let record = done?;
    if export.json {
        return say(&record.to_string());
    }
    let count = |rows: &Value| rows.as_u64().unwrap_or_default();
    for (name, rows) in record["tables"].as_object().into_iter().flatten().filter(|(_, rows)| count(rows) > 0) {
        say(&format!("{name}  {rows}"))?;
    }
    let empty = record["tables"].as_object().into_iter().flatten().filter(|(_, rows)| count(rows) == 0).count();
    say(&format!("{empty} tables are empty"))?;
    for (resource_type, reasons) in record["excluded"].as_object().into_iter().flatten() {
        let reasons: Vec<String> =
            reasons.as_object().into_iter().flatten().map(|(reason, count)| format!("{reason} {count}")).collect();
        say(&format!("left out: {resource_type}: {}", reasons.join(", ")))?;
    }
    for (name, counts) in record["unmapped"].as_object().into_iter().flatten() {
        let fields: Vec<String> =
            counts.as_object().into_iter().flatten().map(|(field, count)| format!("{field} {count}")).collect();
        say(&format!("without a standard concept: {name}: {}", fields.join(", ")))?;
    }
    let on_other_day: u64 = record["imputed_dates"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, rules)| count(&rules["day in the zone of the settings"]))
        .sum();
    if on_other_day > 0 {
        say(&format!(
            "{on_other_day} dates are a day before or after what their sources say: times are on the clock of {}; if that is not the clock of the \
             hospital, set its zone (omop_report.imputed_date lists them)",
            table::cell(&record["zone"])
        ))?;
    }
    match record["duckdb"]["state"].as_str() {
        Some("loaded") => say(&format!("{} is made", folder.join("omop.duckdb").display()))?,
        Some("by hand") => {
            say(&format!("DuckDB is not here; where it is: {}", table::cell(&record["duckdb"]["command"])))?;
        }
        Some(_) => return Err(Failure::failed(format!("DuckDB: {}", table::cell(&record["duckdb"]["text"])))),
        None => {}
    }
    say(&format!(
        "{} tables in {}, at position {}",
        record["tables"].as_object().map_or(0, serde_json::Map::len),
        folder.display(),
        record["position"]
    ))
}
