//! The OMOP tables: exporting them, and from their rows to resources and cells.

use super::lineage;
use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use axum::http::StatusCode;
use lake::output::{self, Format as Written};
use lake::{Limits, Stop};
use omop::cdm;
use omop::export::{Export, Format, Loaded, load_into_duckdb};
use omop::views::resource_row;
use records::ReadRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The folder, on this machine.
    folder: String,
    /// `parquet`, `csv` or `duckdb`.
    format: String,
}

/// `POST /api/omop/export`: lines of JSON, `{"progress": …}` after each table, `{"report": …}` or `{"error": …}` at the end. Files
/// are written by this program with its rights: that is for the operator of the machine.
pub(super) async fn export(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    if !matches!(call.peer, Peer::Local { .. }) {
        let text = "OMOP tables are exported by the operator of this machine: medweave omop export";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    grant.may_use_sql()?;
    let Asked { folder, format } = call.json().await?;
    let folder = PathBuf::from(folder);
    if !folder.is_absolute() {
        return Err(Refusal::bad_request(format!("{}: the folder must be absolute", folder.display())));
    }
    let format = Format::from_name(&format).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        Refusal::bad_request(format!("{format} is no format: {}", names.join(", ")))
    })?;
    let app = Arc::clone(&call.app);
    let turn = stream::turn(&call)?;
    // Whoever goes away takes the export with him.
    let stop = Stop::default();
    let asking = stop.on_drop();
    Ok(stream::lines_while(&call, turn, "application/x-ndjson", asking, move |lines: &Lines| {
        let done = export_now(&app, &grant, &folder, format, stop, lines);
        let _ = match done {
            Ok(record) => lines.send(&json!({"report": record})),
            Err(refusal) => lines.send(&json!({"error": refusal.own_json()["error"]})),
        };
    }))
}

fn export_now(
    app: &App,
    grant: &Grant,
    folder: &std::path::Path,
    format: Format,
    stop: Stop,
    lines: &Lines,
) -> Result<Value, Refusal> {
    let (lake, guest) = (app.lake()?, app.omop()?);
    let at = instant(app.now_us());
    let export = Export { lake: &lake, guest: &guest, grant, at, program: app.build.clone(), stop };
    let asked = |outcome: &str, count: u64| {
        let query = format!("{} {}", folder.display(), format.name());
        app.records.audit_read(grant, &ReadRecord { action: "omop-export", query: &query, outcome, count, given: &[] })
    };
    let mut all = 0;
    let made = export.write(folder, format, &mut |table, rows| {
        all += rows;
        let _ = lines.send(&json!({"progress": {"table": table, "rows": rows}}));
    });
    let mut record = match made {
        Ok(record) => record,
        Err(error) => {
            asked(&error.to_string(), all)?;
            return Err(error.into());
        }
    };
    asked("done", all)?;
    if format == Format::DuckDb {
        record["duckdb"] = match load_into_duckdb(folder) {
            Loaded::Done => json!({"state": "loaded"}),
            Loaded::Command(command) => json!({"state": "by hand", "command": command}),
            Loaded::Failed(text) => json!({"state": "failed", "text": text}),
        };
    }
    Ok(record)
}

/// `GET /api/lineage/omop/{table}/{row}`: the row, the resource that it was made of, and the cells that this was made of. Of a row that
/// is made of a patient it needs what the table of who is who needs.
pub(super) async fn lineage(call: Call) -> Result<Answer, Refusal> {
    let (grant, table, row) = (call.grant()?, call.part("table"), call.part("row"));
    let element = call.query_value("element").filter(|element| !element.is_empty());
    let told = call.app.reading(move |app| told(app, &grant, &table, &row, element.as_deref())).await?;
    Ok(Answer::of(&told))
}

fn told(app: &App, grant: &Grant, name: &str, key: &str, element: Option<&str>) -> Result<Value, Refusal> {
    let table = cdm::table(name).ok_or_else(|| Refusal::not_found(format!("OMOP has no table {name}")))?;
    let key: i64 =
        key.parse().map_err(|_| Refusal::bad_request(format!("{key} is no key of a row: a whole number")))?;
    let unmade = || Refusal::not_found(format!("rows of {} are not made of resources", table.name));
    let number = resource_row(table.name, key).ok_or_else(unmade)?;
    let field = table.key().map_or("person_id", |field| field.name);
    let found = rows(app, grant, &format!("SELECT * FROM omop.{} WHERE {field} = {key}", table.name))?;
    let row = found.first().ok_or_else(|| Refusal::not_found(format!("omop.{} has no row {key}", table.name)))?;
    let of = rows(app, grant, &format!("SELECT type, id FROM resource WHERE _row = {number}"))?;
    let text = |name: &str| of.first().and_then(|of| of[name].as_str()).map(str::to_owned).ok_or_else(unmade);
    let (resource_type, id) = (text("type")?, text("id")?);
    if resource_type == "Patient" {
        grant.may_link_persons()?;
    }
    // This also puts it into the trail. What came by another door than a mapping has no cells; where it came from tells more.
    let cells = lineage::made_by_mapping(app, grant, &resource_type, &id, None, element)?.map(lineage::with_file_rows);
    Ok(json!({
        "table": table.name,
        "row": key,
        "values": row,
        "ref": format!("{resource_type}/{id}"),
        "lineage": cells,
    }))
}

/// The rows of an answer, each as an object.
fn rows(app: &App, grant: &Grant, sql: &str) -> Result<Vec<Value>, Refusal> {
    let mut answer = app.lake()?.query(grant, sql, &Limits { rows: 10, ..Limits::default() })?;
    let mut out = Vec::new();
    output::write(&mut answer, Written::Json, &mut out)?;
    let told: Value = serde_json::from_slice(&out).map_err(|error| Refusal::internal(error.to_string()))?;
    let names: Vec<String> = told["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|c| c["name"].as_str().map(str::to_owned))
        .collect();
    let object = |row: &Value| {
        let values = row.as_array().map(Vec::as_slice).unwrap_or_default();
        Value::Object(names.iter().cloned().zip(values.iter().cloned()).collect())
    };
    Ok(told["rows"].as_array().into_iter().flatten().map(object).collect())
}
