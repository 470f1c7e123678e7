//! The tables of the lake: what they are called, their columns, and where their rows come from.
//!
//! A table is a ViewDefinition (SQL on FHIR v2) over one type of resource, or one of the two that need none: `resource` (every
//! resource as JSON) and `arrival` (what came in, without its bytes). Each view table begins with the same five columns:
//! `_id`, `_version`, `_seq`, `_row` and `patient_id`.
//!
//! Values are kept in the type that queries want, and what that type cannot hold stands beside it: a `dateTime` or `instant` is
//! `x` (timestamp, its first microsecond, UTC) and `x_text` (as given); a `date` likewise as a date; a `decimal` is `x` (double)
//! and `x_text` (its digits).

mod column;
mod patient;
mod rows;

pub use column::Column;
pub(crate) use column::{Shape, fields};
pub(crate) use patient::Patients;
pub(crate) use rows::{ArrivalRows, ResourceRows, RowKey, ViewRows, arrival_row, key_of_arrival};

use crate::error::Error;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use fhir::json::Document;
use fhir::view::View;
use std::sync::Arc;

/// The name of the table of all resources.
pub const RESOURCE: &str = "resource";
/// The name of the table of arrivals.
pub const ARRIVAL: &str = "arrival";

/// The ViewDefinitions that come with the program.
const DEFINITIONS: [&str; 24] = [
    include_str!("definitions/patient.json"),
    include_str!("definitions/encounter.json"),
    include_str!("definitions/condition.json"),
    include_str!("definitions/observation.json"),
    include_str!("definitions/medication_request.json"),
    include_str!("definitions/medication_administration.json"),
    include_str!("definitions/procedure.json"),
    include_str!("definitions/diagnostic_report.json"),
    include_str!("definitions/immunization.json"),
    include_str!("definitions/allergy.json"),
    include_str!("definitions/appointment.json"),
    include_str!("definitions/document.json"),
    include_str!("definitions/claim.json"),
    include_str!("definitions/practitioner.json"),
    include_str!("definitions/organization.json"),
    include_str!("definitions/location.json"),
    include_str!("definitions/medication.json"),
    include_str!("definitions/medication_statement.json"),
    include_str!("definitions/medication_dispense.json"),
    include_str!("definitions/device.json"),
    include_str!("definitions/device_use.json"),
    include_str!("definitions/specimen.json"),
    include_str!("definitions/coverage.json"),
    include_str!("definitions/episode_of_care.json"),
];

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    /// Its name in SQL and of its folder.
    pub name: String,
    /// What it holds, one row for what.
    pub comment: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    pub(crate) schema: SchemaRef,
    pub(crate) kind: Kind,
    /// The columns by which rows are sorted within a file.
    pub(crate) order: Vec<usize>,
}

/// Where rows come from.
#[derive(Debug)]
pub(crate) enum Kind {
    View { view: View, shapes: Vec<Shape> },
    Resource,
    Arrival,
}

impl Table {
    fn new(name: &str, comment: &str, columns: Vec<Column>, kind: Kind, order: &[&str]) -> Table {
        let schema = Arc::new(Schema::new(fields(&columns)));
        let order = order.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        Table { name: name.to_owned(), comment: comment.to_owned(), columns, schema, kind, order }
    }

    /// Position of `_seq`, which every table has.
    pub(crate) fn seq_column(&self) -> usize {
        self.schema.index_of(SEQ).expect("every table has the column _seq")
    }
}

/// The column that tells the version of the resource that a row was made of.
pub(crate) const SEQ: &str = "_seq";

/// All tables: those that come with the program, those of `more` definitions, `resource` and `arrival`.
pub(crate) fn tables(more: &[String]) -> Result<Vec<Arc<Table>>, Error> {
    let mut tables = vec![resource_table(), arrival_table()];
    let own = DEFINITIONS.iter().copied().map(|text| (text, Order::ByTime));
    // Nothing is known of where in them a time stands: rows of one resource must stay together.
    let added = more.iter().map(|text| (text.as_str(), Order::ByVersion));
    for (at, (text, order)) in own.chain(added).enumerate() {
        let table = view_table(text, at, order)?;
        if tables.iter().any(|other| other.name == table.name) {
            return Err(Error::View { table: table.name, what: "there is a table of this name already".into() });
        }
        tables.push(table);
    }
    Ok(tables.into_iter().map(Arc::new).collect())
}

/// A fingerprint of all definitions and layouts: if it changes, the lake is rebuilt.
pub(crate) fn fingerprint(tables: &[Arc<Table>], more: &[String]) -> String {
    // FNV-1a: it tells definitions apart, and nobody gains by forging it.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    DEFINITIONS.iter().copied().chain(more.iter().map(String::as_str)).for_each(&mut add);
    for table in tables {
        add(&table.name);
        table.columns.iter().for_each(|column| add(&format!("{} {}", column.name, column.data_type())));
    }
    format!("{hash:016x}")
}

/// How rows are sorted within a patient.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// By the first timestamp, which is the same in all rows of a resource.
    ByTime,
    ByVersion,
}

fn view_table(text: &str, at: usize, order: Order) -> Result<Table, Error> {
    let bad = |table: &str, what: String| Error::View { table: table.to_owned(), what };
    let unnamed = format!("number {at}");
    let document = Document::parse(text.as_bytes()).map_err(|error| bad(&unnamed, error.to_string()))?;
    let view = View::compile(&document).map_err(|error| bad(&unnamed, error.to_string()))?;
    let name = view.name().ok_or_else(|| bad(&unnamed, "the definition has no name".into()))?.to_owned();
    if !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err(bad(
            &name,
            "a table's name has small letters, digits and underscores, and begins with a letter".into(),
        ));
    }
    let comment =
        document.root().get("description").and_then(fhir::json::Node::as_str).unwrap_or_default().into_owned();
    let mut columns = vec![
        Column::new("_id", Shape::Text, "Id of the resource"),
        Column::new("_version", Shape::Integer, "Version of the resource"),
        Column::new(SEQ, Shape::Integer, "Position of this version in the feed of changes"),
        Column::new("_row", Shape::Integer, "Number of the resource, the same for all its versions"),
        Column::new("patient_id", Shape::Text, "Id of the patient that this is about"),
    ];
    let mut shapes = Vec::new();
    for column in view.columns() {
        let shape = Shape::of(&column.fhir_type, column.collection);
        columns.extend(shape.columns(&column.name, column.description.as_deref().unwrap_or_default()));
        shapes.push(shape);
    }
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)) {
            return Err(bad(&name, format!("there are two columns {}", column.name)));
        }
    }
    let time = columns.iter().find(|column| column.shape == Shape::Time && order == Order::ByTime);
    let time = time.map(|column| column.name.clone());
    let order = [Some("patient_id"), time.as_deref(), Some(SEQ)].into_iter().flatten().collect::<Vec<_>>();
    Ok(Table::new(&name, &comment, columns, Kind::View { view, shapes }, &order))
}

fn resource_table() -> Table {
    let columns = vec![
        Column::new("type", Shape::Text, "Type of the resource"),
        Column::new("id", Shape::Text, "Its id"),
        Column::new("version", Shape::Integer, "Its version"),
        Column::new("last_updated", Shape::Time, "When this version was written"),
        Column::new("patient_id", Shape::Text, "Id of the patient that it is about"),
        Column::new("json", Shape::Text, "The resource"),
        Column::new(SEQ, Shape::Integer, "Position of this version in the feed of changes"),
        Column::new("_row", Shape::Integer, "Number of the resource, the same for all its versions"),
    ];
    let comment = "Every resource, one row each, for what the other tables lack.";
    Table::new(RESOURCE, comment, columns, Kind::Resource, &["patient_id", "type", SEQ])
}

fn arrival_table() -> Table {
    let columns = vec![
        Column::new("no", Shape::Integer, "Number of the arrival"),
        Column::new("received", Shape::Time, "When it was stored"),
        Column::new("door", Shape::Text, "The port or command it came through"),
        Column::new("source", Shape::Text, "Who sent it"),
        Column::new("name", Shape::Text, "What it was called there: a file, a request, a message"),
        Column::new("media", Shape::Text, "Media type"),
        Column::new("wrapper", Shape::Text, "What was around the content: gzip, zip …"),
        Column::new("base", Shape::Integer, "Byte offset of the content in the file it is a part of"),
        Column::new("length", Shape::Integer, "Length in bytes"),
        Column::new("hash", Shape::Text, "BLAKE3 of the content"),
        Column::new("principal", Shape::Text, "Who was let in with it"),
        Column::new("undone", Shape::Time, "When it was taken back; nothing if it was not"),
        Column::new(SEQ, Shape::Integer, "A negative number of the row: arrivals are no changes of the feed"),
    ];
    Table::new(ARRIVAL, "What came in, one row for each delivery.", columns, Kind::Arrival, &["no"])
}

#[cfg(test)]
mod tests;
