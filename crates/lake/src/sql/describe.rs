//! The catalogue: which tables there are and what their columns mean.

use super::explain_error::{nearest, place_of_word};
use crate::error::{Error, SqlError};
use crate::table::Table;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, MemorySchemaProvider, SchemaProvider};
use datafusion::common::Result;
use std::sync::Arc;

/// The schema that tells of the tables; it holds nothing else.
pub(super) const CATALOGUE: &str = "information_schema";

pub(super) fn tables() -> String {
    format!("SELECT table_name, comment FROM {CATALOGUE}.tables ORDER BY table_name")
}

/// The query for the columns of a table.
pub(super) fn columns(sql: &str, name: &str, tables: &[Arc<Table>]) -> Result<String, Error> {
    let asked = name.trim_matches('"').to_lowercase();
    if !tables.iter().any(|table| table.name == asked) {
        return Err(Error::Sql(no_such_table(sql, &asked, tables)));
    }
    Ok(format!(
        "SELECT column_name, data_type, comment FROM {CATALOGUE}.columns WHERE table_name = '{asked}' ORDER BY ordinal_position"
    ))
}

pub(super) fn no_such_table(sql: &str, name: &str, tables: &[Arc<Table>]) -> SqlError {
    let hint = nearest(name, tables.iter().map(|table| table.name.as_str()))
        .map_or_else(|| "SHOW TABLES lists what there is".to_owned(), |near| format!("Did you mean {near}?"));
    SqlError { message: format!("there is no table {name}"), place: place_of_word(sql, name), hint: Some(hint) }
}

/// The catalogue as tables.
pub(super) fn schema(tables: &[Arc<Table>]) -> Result<Arc<dyn SchemaProvider>> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let same = |value: &str, rows: usize| texts(vec![value.to_owned(); rows]);

    let of_tables = RecordBatch::try_new(
        Arc::new(Schema::new(vec![text("table_schema"), text("table_name"), text("table_type"), text("comment")])),
        vec![
            same("public", tables.len()),
            texts(tables.iter().map(|table| table.name.clone()).collect()),
            same("BASE TABLE", tables.len()),
            texts(tables.iter().map(|table| table.comment.clone()).collect()),
        ],
    )?;
    let all = || tables.iter().flat_map(|table| table.columns.iter().enumerate().map(move |column| (table, column)));
    let rows = all().count();
    let of_columns = RecordBatch::try_new(
        Arc::new(Schema::new(vec![
            text("table_schema"),
            text("table_name"),
            text("column_name"),
            number("ordinal_position"),
            text("data_type"),
            Field::new("is_nullable", DataType::Boolean, false),
            text("comment"),
        ])),
        vec![
            same("public", rows),
            texts(all().map(|(table, _)| table.name.clone()).collect()),
            texts(all().map(|(_, (_, column))| column.name.clone()).collect()),
            Arc::new(all().map(|(_, (at, _))| Some(at as i64 + 1)).collect::<Int64Array>()),
            texts(all().map(|(_, (_, column))| column.data_type().to_owned()).collect()),
            Arc::new(all().map(|_| Some(true)).collect::<BooleanArray>()),
            texts(all().map(|(_, (_, column))| column.comment.clone()).collect()),
        ],
    )?;
    let schema = MemorySchemaProvider::new();
    for (name, batch) in [("tables", of_tables), ("columns", of_columns)] {
        schema.register_table(name.to_owned(), Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))?;
    }
    Ok(Arc::new(schema))
}
