//! The tables of sources in SQL: `src_<source>.<table>` has the current rows, `…__history` all of them with their deliveries.

use crate::error::Error;
use crate::pull::Sources;
use crate::pull::sheet::PulledSheet;
use access::Grant;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use lake::guest::{Content, Guest, Schema, SchemaColumn, SchemaTable};
use lake::workbench::{Batches, Sheet};
use roaring::RoaringTreemap;
use std::collections::HashSet;
use std::sync::Arc;

/// What the names of schemas begin with.
const PREFIX: &str = "src_";
/// What the names of tables with all rows end with.
const HISTORY: &str = "__history";
/// The column of the delivery that brought a row.
const DELIVERY: &str = "__delivery";
/// The column of the delivery that no longer had it.
const GONE: &str = "__gone";

/// Brings the tables of all sources into SQL, for those who may see the rows of sources.
pub struct RawTables(Arc<Sources>);

/// All rows of a table with the deliveries that brought and took them.
#[derive(Debug)]
pub(super) struct HistorySheet {
    pub(super) all: PulledSheet,
    /// First row and delivery of each segment, ascending.
    pub(super) brought: Vec<(u64, i64)>,
    /// Deliveries, and the rows that they no longer had.
    pub(super) took: Vec<(i64, RoaringTreemap)>,
    pub(super) schema: SchemaRef,
}

impl HistorySheet {
    pub(super) fn new(all: PulledSheet, brought: Vec<(u64, i64)>, took: Vec<(i64, RoaringTreemap)>) -> HistorySheet {
        let mut fields: Vec<Arc<Field>> = all.schema().fields().iter().cloned().collect();
        let row = fields.len() - 1;
        for name in [GONE, DELIVERY] {
            fields.insert(row, Arc::new(Field::new(name, DataType::Utf8View, true)));
        }
        let schema = Arc::new(ArrowSchema::new(fields));
        HistorySheet { all, brought, took, schema }
    }

    fn delivery_of(&self, row: u64) -> Option<i64> {
        let at = self.brought.partition_point(|(base, _)| *base <= row);
        self.brought.get(at.checked_sub(1)?).map(|(_, delivery)| *delivery)
    }

    fn gone_of(&self, row: u64) -> Option<i64> {
        self.took.iter().find(|(_, rows)| rows.contains(row)).map(|(delivery, _)| *delivery)
    }
}

impl Sheet for HistorySheet {
    fn name(&self) -> &str {
        self.all.name()
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn rows_estimate(&self) -> Option<u64> {
        Some(self.all.rows())
    }

    fn partitions(&self) -> usize {
        Sheet::partitions(&self.all)
    }

    fn scan(&self, partition: usize, columns: &[usize]) -> Result<Batches, String> {
        let cells = self.all.schema().fields().len() - 1;
        let mut inner: Vec<usize> = columns.iter().copied().filter(|column| *column < cells).collect();
        inner.push(cells);
        let out = Arc::new(self.schema.project(columns).map_err(|error| error.to_string())?);
        let columns = columns.to_vec();
        let (brought, took) = (self.brought.clone(), self.took.clone());
        let of = HistorySheet { all: self.all.clone(), brought, took, schema: Arc::clone(&self.schema) };
        let batches = Sheet::scan(&self.all, partition, &inner)?;
        Ok(Box::new(batches.map(move |batch| {
            let batch = batch?;
            let rows = batch.column(batch.num_columns() - 1).as_primitive::<UInt64Type>();
            let told = |find: &dyn Fn(u64) -> Option<i64>| -> ArrayRef {
                let mut texts = StringViewBuilder::with_capacity(rows.len());
                rows.values().iter().for_each(|row| texts.append_option(find(*row).map(|number| number.to_string())));
                Arc::new(texts.finish())
            };
            let mut given = batch.columns().iter();
            let mut made: Vec<ArrayRef> = Vec::with_capacity(columns.len());
            for column in &columns {
                made.push(match *column {
                    at if at < cells => given.next().map(Arc::clone).ok_or("a column is missing")?,
                    at if at == cells => told(&|row| of.delivery_of(row)),
                    at if at == cells + 1 => told(&|row| of.gone_of(row)),
                    _ => Arc::new(rows.clone()),
                });
            }
            RecordBatch::try_new(Arc::clone(&out), made).map_err(|error| error.to_string())
        })))
    }
}

impl RawTables {
    /// Of sources.
    pub fn new(sources: Arc<Sources>) -> RawTables {
        RawTables(sources)
    }

    /// The source of a schema: of two whose names differ by a dash and an underscore the first.
    fn source_of(&self, grant: &Grant, schema: &str) -> Result<Option<String>, Error> {
        let sources = self.0.list(grant)?;
        Ok(sources.into_iter().map(|source| source.name).find(|name| schema_of(name) == schema))
    }
}

/// The schema of a source.
fn schema_of(source: &str) -> String {
    format!("{PREFIX}{}", source.replace('-', "_"))
}

/// Names in small letters, but for those that would be the same then.
fn folded<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut seen = HashSet::new();
    names
        .map(|name| {
            let small = name.to_lowercase();
            if seen.insert(small.clone()) { small } else { name.to_owned() }
        })
        .collect()
}

impl Guest for RawTables {
    fn schemas(&self, grant: &Grant) -> Vec<String> {
        if super::may_see(grant).is_err() {
            return Vec::new();
        }
        let sources = self.0.list(grant).unwrap_or_default();
        sources.iter().map(|source| schema_of(&source.name)).collect()
    }

    fn schema(&self, grant: &Grant, name: &str) -> Result<Option<Arc<Schema>>, lake::Error> {
        if !name.starts_with(PREFIX) || super::may_see(grant).is_err() {
            return Ok(None);
        }
        let failed = |error: Error| lake::Error::View { table: name.to_owned(), what: error.to_string() };
        let Some(source) = self.source_of(grant, name).map_err(failed)? else { return Ok(None) };
        let tables = self.0.raw(grant, &source).map_err(failed)?;
        let called = folded(tables.iter().map(|(sheet, _)| sheet.name()));
        let mut schema = Schema { name: name.to_owned(), ..Schema::default() };
        for ((current, history), called) in tables.into_iter().zip(called) {
            let cells = &current.schema().fields()[..current.schema().fields().len() - 1];
            let names = folded(cells.iter().map(|field| field.name().as_str()));
            let column = |name: &str, data_type: DataType, comment: &str| SchemaColumn {
                name: name.to_owned(),
                data_type,
                comment: comment.to_owned(),
            };
            let text: Vec<SchemaColumn> =
                names.iter().map(|name| column(name, DataType::Utf8View, "Text as it came")).collect();
            let all = format!("__{called}");
            let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
            let items: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let sql = format!(
                "SELECT {}, CAST({DELIVERY} AS BIGINT) AS {DELIVERY}, CAST({GONE} AS BIGINT) AS {GONE} FROM {name}.{}",
                items.join(", "),
                quoted(&all)
            );
            let mut typed = text.clone();
            typed.push(column(DELIVERY, DataType::Int64, "Delivery that brought the row"));
            typed.push(column(GONE, DataType::Int64, "Delivery that no longer had it; null while it is current"));
            let mut kept = text.clone();
            kept.push(column(DELIVERY, DataType::Utf8View, ""));
            kept.push(column(GONE, DataType::Utf8View, ""));
            let comment = format!("Rows of {} as the source {source} last delivered them", current.name());
            let told = format!("All rows of {} that the source {source} ever delivered", current.name());
            schema.tables.push(SchemaTable {
                name: called.clone(),
                comment,
                columns: text,
                content: Content::Sheet(Arc::new(current)),
                is_hidden: false,
            });
            schema.tables.push(SchemaTable {
                name: all,
                comment: String::new(),
                columns: kept,
                content: Content::Sheet(Arc::new(history)),
                is_hidden: true,
            });
            schema.tables.push(SchemaTable::view(&format!("{called}{HISTORY}"), &told, typed, &sql));
        }
        Ok(Some(Arc::new(schema)))
    }
}
