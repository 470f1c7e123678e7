//! From a resource that a mapping made to the cells it was made of.

use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use fhir::json::{Document, Tree};
use fhir::schema::r4;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tables::codes::{MapLine, MapUsed, maps_used};
use tables::mapping::{Mapping, Settings};
use tables::pull::RowSaid;
use tables::run::{CellOrigin, ElementLineage, Link, PrepareError, ROW_LINKS, Runner, saying_of};

/// Versions that are looked at for one that a mapping wrote.
const VERSIONS: usize = 100;

/// `GET /api/lineage/{type}/{id}?element=&version=`: for each element the mapping, its SQL, and the cells.
pub(super) async fn of_resource(call: Call) -> Result<Answer, Refusal> {
    let (grant, resource_type, id) = (call.grant()?, call.part("type"), call.part("id"));
    let version =
        super::arrivals::number_in_query(&call, "version")?.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    let element = call.query_value("element").filter(|element| !element.is_empty());
    let lineage = call.app.reading(move |app| {
        let told = made_by_mapping(app, &grant, &resource_type, &id, version, element.as_deref())?;
        told.map(with_file_rows).ok_or_else(|| {
            Refusal::not_found(format!(
                "{resource_type}/{id} was not made by a mapping: /api/where/{resource_type}/{id} says where it came from"
            ))
        })
    });
    Ok(Answer::of(&lineage.await?))
}

/// What is told outside of SQL: the numbers that rows have in their files, and not those of the store.
pub(super) fn with_file_rows(mut told: Value) -> Value {
    for element in told["elements"].as_array_mut().into_iter().flatten() {
        for cell in element["cells"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            cell.remove("source_row");
        }
    }
    told
}

/// The elements of a resource and the cells that they were made of; nothing if no mapping made it.
pub(super) fn made_by_mapping(
    app: &App,
    grant: &Grant,
    resource_type: &str,
    id: &str,
    version: Option<i64>,
    element: Option<&str>,
) -> Result<Option<Value>, Refusal> {
    let mut source = app.records.source(grant, resource_type, id, version)?;
    let newest = source.version;
    // Others may have written since: what a mapping gave before is told, with the version that it gave it in.
    for earlier in (1..newest).rev().take(if version.is_none() { VERSIONS } else { 0 }) {
        if source.arrival.media == ROW_LINKS {
            break;
        }
        source = match app.records.source(grant, resource_type, id, Some(earlier)) {
            // Somebody else's then.
            Err(records::Error::NotFound { .. }) => continue,
            source => source?,
        };
    }
    app.audit_version(grant, "lineage", &format!("{resource_type}/{id}"), source.row, source.version)?;
    if source.arrival.media != ROW_LINKS {
        return Ok(None);
    }
    let stored_us = match app.records.read_version(grant, resource_type, id, source.version) {
        Ok(stored) => stored.updated_us,
        Err(records::Error::Gone { .. }) => source.arrival.at_us,
        Err(error) => return Err(error.into()),
    };
    let line = app.records.source_bytes(grant, resource_type, id, Some(source.version))?;
    let link: Link = serde_json::from_slice(&line)
        .map_err(|error| Refusal::internal(format!("the rows of {resource_type}/{id} are not understood: {error}")))?;
    let sources = app.sources()?;
    let files = sources.mapping(grant, &link.mapping)?;
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let unfit = |problems: &[tables::mapping::Problem]| super::tables::wrong(&link.mapping, problems);
    let mapping = Mapping::parse(&files).map_err(|problems| unfit(&problems))?;
    let name = &source.arrival.source;
    let runner = Runner::prepare(&sources, &app.workbench()?, grant, name, &mapping, app.now_us(), Some(&link.target));
    let runner = runner.map_err(|error| match error {
        PrepareError::Problems(problems) => unfit(&problems),
        PrepareError::Source(error) => error.into(),
    })?;
    let elements = runner.lineage(&sources, grant, name, (&link, stored_us), element)?;
    let wanted = link.rows.iter().map(|(table, rows)| (table.clone(), rows.iter().copied().collect())).collect();
    let in_files = sources.in_files(grant, name, &wanted)?;
    let rows: BTreeMap<&str, Vec<u64>> = link
        .rows
        .iter()
        .map(|(table, rows)| {
            let rows = rows.iter().filter_map(|row| Some(in_files.of(table, *row)?.row));
            (table.as_str(), rows.collect())
        })
        .collect();
    let kept = match version {
        Some(_) => link.kept.clone(),
        None => kept_now(app, grant, (resource_type, id), (&link, source.version), name)?,
    };
    let numbers = app.records.deliveries_of(grant, source.arrival.no)?;
    let run = sources.run_that_wrote(grant, name, &numbers, stored_us)?.map(|run| run.no);
    Ok(Some(json!({
        "run": run,
        "provenance": run.map(|run| format!("Provenance/{}", intake::provenance_id(name, run))),
        "ref": format!("{resource_type}/{id}"),
        "version": source.version,
        "source": name,
        "mapping": mapping.settings.name,
        "mapping_version": mapping.settings.version,
        "hash": runner.hash(),
        "target": link.target,
        "rows": rows,
        "more_rows": link.more,
        "newest": newest,
        "given": link.elements,
        "kept": kept,
        "elements": elements.iter().map(|element| element_json(element, &mapping.settings, &files)).collect::<Vec<_>>(),
    })))
}

/// Elements that stay as others have them: as the line of the version says, and where the row said something else last.
fn kept_now(
    app: &App,
    grant: &Grant,
    (resource_type, id): (&str, &str),
    (link, version): (&Link, i64),
    source: &str,
) -> Result<Vec<String>, Refusal> {
    let mut kept = link.kept.clone();
    let gives = |element: &String| link.elements.as_ref().is_none_or(|elements| elements.contains(element));
    let sources = app.sources()?;
    let said = sources.rows_said(sources.source(grant, source)?.no, &format!("{resource_type}/{id}"))?;
    let Some(type_id) = r4().resource_type(resource_type).filter(|_| !said.is_empty()) else { return Ok(kept) };
    let stored = match app.records.read(grant, resource_type, id) {
        Ok(stored) => stored,
        Err(records::Error::Gone { .. }) => return Ok(kept),
        Err(error) => return Err(error.into()),
    };
    let Ok(document) = Document::parse(stored.json.as_bytes()) else { return Ok(kept) };
    let stored = Tree::from(document.root());
    for RowSaid { element, saying, version: of, .. } in said {
        // What the version gave is what the row said last.
        if version > of && gives(&element) {
            continue;
        }
        let is_kept = saying_of(type_id, &stored, &element) != saying;
        kept.retain(|one| *one != element);
        if is_kept {
            kept.push(element);
        }
    }
    kept.sort_unstable();
    Ok(kept)
}

fn element_json(element: &ElementLineage, settings: &Settings, files: &[(&str, &str)]) -> Value {
    let (file, line, column) = &element.place;
    // What a person corrected is what the value was made of.
    let texts = element.cells.iter().filter_map(|cell| {
        let text = cell.corrected.as_ref().map_or(&cell.cell, |corrected| &corrected.cell);
        Some((cell.column.as_str(), text.as_deref()?))
    });
    let maps = maps_used(files, &element.sql, &texts.collect::<Vec<_>>());
    json!({
        "element": element.path,
        "function": element.function,
        "sql": element.sql,
        "file": file,
        "line": line,
        "column": column,
        "cells": element.cells.iter().map(|cell| cell_json(cell, settings)).collect::<Vec<_>>(),
        "maps": maps.iter().map(map_json).collect::<Vec<_>>(),
    })
}

fn map_json(used: &MapUsed) -> Value {
    let approved = |line: &MapLine| line.approved.as_ref().map(|(by, at)| json!({"by": by, "at": at}));
    json!({
        "kind": if used.folder == "units" { "unit" } else { "code" },
        "map": used.map,
        "file": used.file,
        "line": used.line.as_ref().map(|line| line.number),
        "value": used.line.as_ref().map(|line| &line.value),
        "system": used.line.as_ref().map(|line| &line.system),
        "code": used.line.as_ref().map(|line| &line.code),
        "approved": used.line.as_ref().and_then(approved),
    })
}

fn cell_json(cell: &CellOrigin, settings: &Settings) -> Value {
    json!({
        "table": cell.table,
        "column": cell.column,
        "row": cell.row,
        "source_row": cell.source_row,
        "cell": cell.cell,
        "file": cell.file,
        "number": cell.row,
        "delivery": cell.delivery,
        "corrected": cell.corrected.as_ref().map(|one| {
            json!({"cell": one.cell, "by": one.who, "at": instant(one.at_us), "reason": one.reason})
        }),
        "arrival": cell.arrival.map(|place| super::tables::row_bytes(place, settings.encoding_of(&cell.table))),
    })
}
