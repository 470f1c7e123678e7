//! The catalogue: which tables there are and what their columns mean.

use super::explain_error::{nearest, place_of_word};
use crate::error::{Error, SqlError};
use crate::guest::{Content, Schema};
use crate::output::sql_type;
use crate::table::Table;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use datafusion::catalog::{MemTable, MemorySchemaProvider, SchemaProvider};
use datafusion::common::Result as EngineResult;
use std::sync::Arc;

/// The schema that tells of the tables; it holds nothing else.
pub(crate) const CATALOGUE: &str = "information_schema";

/// The tables that a query may find.
#[derive(Default)]
pub(crate) struct Listing {
    tables: Vec<Listed>,
}

struct Listed {
    schema: String,
    name: String,
    /// What it is called in a query.
    called: String,
    kind: &'static str,
    comment: String,
    /// Name, type and comment of each.
    columns: Vec<(String, String, String)>,
}

impl Listing {
    pub(super) fn new(tables: &[Arc<Table>], schemas: &[Arc<Schema>]) -> Listing {
        let own = tables.iter().map(|table| Listed {
            schema: "public".to_owned(),
            name: table.name.clone(),
            called: table.name.clone(),
            kind: "BASE TABLE",
            comment: table.comment.clone(),
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.data_type().to_owned(), column.comment.clone()))
                .collect(),
        });
        let guests = schemas.iter().flat_map(|schema| schema.tables.iter().map(move |table| (schema, table)));
        let guests = guests.filter(|(_, table)| !table.is_hidden).map(|(schema, table)| Listed {
            schema: schema.name.clone(),
            name: table.name.clone(),
            called: format!("{}.{}", quoted(&schema.name), quoted(&table.name)),
            kind: if matches!(table.content, Content::View(_) | Content::Kept(_)) { "VIEW" } else { "BASE TABLE" },
            comment: table.comment.clone(),
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), sql_type(&column.data_type), column.comment.clone()))
                .collect(),
        });
        Listing { tables: own.chain(guests).collect() }
    }

    pub(super) fn no_such_table(&self, sql: &str, name: &str) -> SqlError {
        let hint = nearest(name, self.tables.iter().map(|table| table.called.as_str()))
            .map_or_else(|| "SHOW TABLES lists what there is".to_owned(), |near| format!("Did you mean {near}?"));
        SqlError { message: format!("there is no table {name}"), place: place_of_word(sql, name), hint: Some(hint) }
    }

    /// The query for the columns of a table.
    pub(super) fn columns(&self, sql: &str, schema: Option<&str>, name: &str) -> Result<String, Error> {
        let of = schema.unwrap_or("public");
        if !self.tables.iter().any(|table| table.schema == of && table.name == name) {
            let asked = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
            return Err(Error::Sql(self.no_such_table(sql, &asked)));
        }
        let text = |word: &str| word.replace('\'', "''");
        Ok(format!(
            "SELECT column_name, data_type, comment FROM {CATALOGUE}.columns WHERE table_schema = '{}' AND table_name = '{}' \
             ORDER BY ordinal_position",
            text(of),
            text(name)
        ))
    }
}

/// A name as a query writes it.
fn quoted(name: &str) -> String {
    let is_bare = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_bare { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

pub(super) fn tables() -> String {
    format!(
        "SELECT table_called AS table_name, comment FROM {CATALOGUE}.tables ORDER BY table_schema <> 'public', table_called"
    )
}

/// The catalogue as tables.
pub(super) fn schema(listing: &Listing) -> EngineResult<Arc<dyn SchemaProvider>> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let of_each =
        |of: &dyn Fn(&Listed) -> &str| texts(listing.tables.iter().map(|table| of(table).to_owned()).collect());

    let of_tables = RecordBatch::try_new(
        Arc::new(ArrowSchema::new(vec![
            text("table_schema"),
            text("table_name"),
            text("table_called"),
            text("table_type"),
            text("comment"),
        ])),
        vec![
            of_each(&|table| &table.schema),
            of_each(&|table| &table.name),
            of_each(&|table| &table.called),
            of_each(&|table| table.kind),
            of_each(&|table| &table.comment),
        ],
    )?;
    let all =
        || listing.tables.iter().flat_map(|table| table.columns.iter().enumerate().map(move |column| (table, column)));
    let of_columns = RecordBatch::try_new(
        Arc::new(ArrowSchema::new(vec![
            text("table_schema"),
            text("table_name"),
            text("column_name"),
            number("ordinal_position"),
            text("data_type"),
            Field::new("is_nullable", DataType::Boolean, false),
            text("comment"),
        ])),
        vec![
            texts(all().map(|(table, _)| table.schema.clone()).collect()),
            texts(all().map(|(table, _)| table.name.clone()).collect()),
            texts(all().map(|(_, (_, (name, _, _)))| name.clone()).collect()),
            Arc::new(all().map(|(_, (at, _))| Some(at as i64 + 1)).collect::<Int64Array>()),
            texts(all().map(|(_, (_, (_, data_type, _)))| data_type.clone()).collect()),
            Arc::new(all().map(|_| Some(true)).collect::<BooleanArray>()),
            texts(all().map(|(_, (_, (_, _, comment)))| comment.clone()).collect()),
        ],
    )?;
    let schema = MemorySchemaProvider::new();
    for (name, batch) in [("tables", of_tables), ("columns", of_columns)] {
        schema.register_table(name.to_owned(), Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))?;
    }
    Ok(Arc::new(schema))
}
