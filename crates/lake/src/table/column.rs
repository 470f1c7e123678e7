//! Columns: from FHIR types to Arrow types.

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// How values of a view's column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Boolean,
    Integer,
    /// A double, and beside it the digits as given.
    Decimal,
    /// A timestamp, and beside it the text as given.
    Time,
    /// A date, and beside it the text as given.
    Date,
    /// A list of texts.
    TextList,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub comment: String,
    pub(crate) shape: Shape,
}

/// What is appended to the name of a column for the text as given.
const AS_GIVEN: &str = "_text";

impl Shape {
    /// The shape for values of a FHIR type. Lists are lists of text whatever their type: engines differ in what they read.
    pub(crate) fn of(fhir_type: &str, collection: bool) -> Shape {
        match fhir_type {
            _ if collection => Shape::TextList,
            "boolean" => Shape::Boolean,
            "integer" | "positiveInt" | "unsignedInt" | "integer64" => Shape::Integer,
            "decimal" => Shape::Decimal,
            "dateTime" | "instant" => Shape::Time,
            "date" => Shape::Date,
            _ => Shape::Text,
        }
    }

    /// The columns for a view's column: one, or two where the text as given stands beside it.
    pub(crate) fn columns(self, name: &str, comment: &str) -> Vec<Column> {
        let mut columns = vec![Column::new(name, self, comment)];
        let given = match self {
            Shape::Decimal => Some("digits as given"),
            Shape::Time | Shape::Date => Some("as given, perhaps only a year or a month"),
            _ => None,
        };
        if let Some(given) = given {
            columns.push(Column::new(&format!("{name}{AS_GIVEN}"), Shape::Text, &format!("{comment}: {given}")));
        }
        columns
    }
}

impl Column {
    pub(crate) fn new(name: &str, shape: Shape, comment: &str) -> Column {
        Column { name: name.to_owned(), comment: comment.to_owned(), shape }
    }

    /// Its type as it is called in SQL.
    pub fn data_type(&self) -> &'static str {
        match self.shape {
            Shape::Text => "text",
            Shape::Boolean => "boolean",
            Shape::Integer => "bigint",
            Shape::Decimal => "double",
            Shape::Time => "timestamp",
            Shape::Date => "date",
            Shape::TextList => "text[]",
        }
    }

    /// Its type as the Delta protocol writes it in a table's schema, as JSON.
    pub(crate) fn delta_type(&self) -> &'static str {
        match self.shape {
            Shape::Text => "\"string\"",
            Shape::Boolean => "\"boolean\"",
            Shape::Integer => "\"long\"",
            Shape::Decimal => "\"double\"",
            Shape::Time => "\"timestamp\"",
            Shape::Date => "\"date\"",
            Shape::TextList => r#"{"type":"array","elementType":"string","containsNull":true}"#,
        }
    }

    fn arrow_type(&self) -> DataType {
        match self.shape {
            Shape::Text => DataType::Utf8,
            Shape::Boolean => DataType::Boolean,
            Shape::Integer => DataType::Int64,
            Shape::Decimal => DataType::Float64,
            Shape::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Shape::Date => DataType::Date32,
            Shape::TextList => DataType::List(list_item()),
        }
    }
}

/// The item of a list column, named as the Parquet format wants it.
pub(crate) fn list_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, true))
}

/// Arrow fields of columns; each carries its comment.
pub(crate) fn fields(columns: &[Column]) -> Vec<Field> {
    let field = |column: &Column| {
        Field::new(&column.name, column.arrow_type(), true)
            .with_metadata(HashMap::from([("comment".to_owned(), column.comment.clone())]))
    };
    columns.iter().map(field).collect()
}
