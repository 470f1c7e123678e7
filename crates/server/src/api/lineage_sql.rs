//! `lineage('Observation', 'id')` in SQL: for each element of a resource the cells that it was made of, as `/api/lineage` tells them.

use super::lineage::made_by_mapping;
use crate::app::App;
use access::Grant;
use arrow_array::builder::{Int64Builder, StringViewBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::DataType;
use axum::http::StatusCode;
use lake::guest::{Guest, Schema, SchemaColumn, TableFunction};
use serde_json::Value;
use std::sync::{Arc, Weak};

/// Brings the function.
pub(crate) struct LineageGuest(pub(crate) Weak<App>);

/// Where the value of a column stands in what is told of a resource.
#[derive(Clone, Copy)]
enum Place {
    Resource(&'static str),
    Element(&'static str),
    Cell(&'static str),
}

use Place::{Cell, Element, Resource};

/// The columns: name, whether it is a number, where it stands, what it is.
const COLUMNS: [(&str, bool, Place, &str); 22] = [
    ("element", false, Element("/element"), "Path of the element as in JSON, `[]` where it repeats by rows"),
    ("source", false, Resource("/source"), "Source of the tables"),
    ("source_table", false, Cell("/table"), "Table"),
    ("source_column", false, Cell("/column"), "Column"),
    (
        "source_row",
        true,
        Cell("/source_row"),
        "Number of the row in its table as the store counts, from 0 over all deliveries, for ever",
    ),
    ("cell", false, Cell("/cell"), "What stands in the cell, as it came"),
    ("corrected", false, Cell("/corrected/cell"), "What a person said that it should be, and the element was made of"),
    ("corrected_by", false, Cell("/corrected/by"), "Who said so"),
    ("file", false, Cell("/file"), "File, or table of a database"),
    ("file_row", true, Cell("/row"), "Number of the row in it, from 1; a header is no row"),
    ("delivery", true, Cell("/delivery"), "Delivery that brought the row"),
    ("arrival", true, Cell("/arrival/no"), "Arrival that keeps its bytes"),
    ("byte_offset", true, Cell("/arrival/offset"), "Where the row begins in the arrival"),
    ("byte_length", true, Cell("/arrival/length"), "Its length in bytes"),
    ("function", false, Element("/function"), "Mapping function that makes the element"),
    ("sql", false, Element("/sql"), "What computes it"),
    ("mapping", false, Resource("/mapping"), "Mapping"),
    ("mapping_version", false, Resource("/hash"), "Hash of the mapping's files"),
    ("mapping_file", false, Element("/file"), "File of the mapping"),
    ("mapping_line", true, Element("/line"), "Line in it"),
    ("run", true, Resource("/run"), "Run that wrote the version"),
    ("version", true, Resource("/version"), "Version of the resource"),
];

impl Guest for LineageGuest {
    fn schemas(&self, _: &Grant) -> Vec<String> {
        Vec::new()
    }

    fn schema(&self, _: &Grant, _: &str) -> Result<Option<Arc<Schema>>, lake::Error> {
        Ok(None)
    }

    fn table_functions(&self, grant: &Grant) -> Vec<TableFunction> {
        if grant.may_use_sql().is_err() {
            return Vec::new();
        }
        let (app, grant) = (self.0.clone(), grant.clone());
        let columns = COLUMNS.iter().map(|(name, is_number, _, comment)| SchemaColumn {
            name: (*name).to_owned(),
            data_type: if *is_number { DataType::Int64 } else { DataType::Utf8View },
            comment: (*comment).to_owned(),
        });
        vec![TableFunction {
            name: "lineage".to_owned(),
            arguments: vec!["type", "id", "element"],
            optional: 1,
            columns: columns.collect(),
            call: Arc::new(move |asked| rows(&app, &grant, asked)),
        }]
    }
}

/// The rows of a resource: none if no mapping made it, or if it is not there.
fn rows(app: &Weak<App>, grant: &Grant, asked: &[String]) -> Result<Vec<RecordBatch>, String> {
    let (Some(app), [resource_type, id, rest @ ..]) = (app.upgrade(), asked) else { return Ok(Vec::new()) };
    match made_by_mapping(&app, grant, resource_type, id, None, rest.first().map(String::as_str)) {
        Ok(Some(told)) => batch(&told).map(|batch| vec![batch]),
        Ok(None) => Ok(Vec::new()),
        Err(refusal) if matches!(refusal.status, StatusCode::NOT_FOUND | StatusCode::GONE) => Ok(Vec::new()),
        Err(refusal) => Err(refusal.issues.first().map(|issue| issue.text.clone()).unwrap_or_default()),
    }
}

fn batch(told: &Value) -> Result<RecordBatch, String> {
    let nothing = Value::Null;
    let mut lines: Vec<(&Value, &Value)> = Vec::new();
    for element in told["elements"].as_array().into_iter().flatten() {
        let cells = element["cells"].as_array().filter(|cells| !cells.is_empty());
        match cells {
            Some(cells) => lines.extend(cells.iter().map(|cell| (element, cell))),
            // It was made of no cell: a constant.
            None => lines.push((element, &nothing)),
        }
    }
    let value = |place: Place, (element, cell): (&Value, &Value)| {
        let found = match place {
            Resource(path) => told.pointer(path),
            Element(path) => element.pointer(path),
            Cell(path) => cell.pointer(path),
        };
        found.filter(|value| !value.is_null()).cloned()
    };
    let columns = COLUMNS.iter().map(|(name, is_number, place, _)| {
        let values = lines.iter().map(|line| value(*place, *line));
        let array: ArrayRef = if *is_number {
            let mut numbers = Int64Builder::with_capacity(lines.len());
            values.for_each(|value| numbers.append_option(value.and_then(|value| value.as_i64())));
            Arc::new(numbers.finish())
        } else {
            let mut texts = StringViewBuilder::with_capacity(lines.len());
            values.for_each(|value| texts.append_option(value.as_ref().and_then(Value::as_str)));
            Arc::new(texts.finish())
        };
        (*name, array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
}
