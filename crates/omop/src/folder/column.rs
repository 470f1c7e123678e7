//! Columns of a table that are being filled.

use super::value::{Cell, read};
use crate::cdm::Kind;
use arrow_array::ArrayRef;
use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use std::sync::Arc;

/// Cells that are kept as examples of what is wrong.
const EXAMPLES: usize = 5;
/// Characters that are kept of one.
const EXAMPLE_CHARS: usize = 40;

/// Values of a field that are not of its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misread {
    /// Cells that are no value of the type; they are null.
    pub wrong: u64,
    /// Whole numbers that are spelled with a decimal point; they count as what they are.
    pub spelled: u64,
    /// Rows (from 1) and texts of the first of them.
    pub examples: Vec<(u64, String)>,
}

impl Misread {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.wrong + self.spelled == 0
    }
}

/// A column that is being filled.
pub(super) struct Column {
    kind: Kind,
    values: Values,
    pub(super) misread: Misread,
}

enum Values {
    Integer(Int64Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    DateTime(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl Column {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Integer => Values::Integer(Int64Builder::new()),
            Kind::Float => Values::Float(Float64Builder::new()),
            Kind::Date => Values::Date(Date32Builder::new()),
            Kind::DateTime => Values::DateTime(TimestampMicrosecondBuilder::new()),
            Kind::Text(_) => Values::Text(StringBuilder::new()),
        };
        Column { kind, values, misread: Misread::default() }
    }

    /// Adds a cell of a row.
    pub(super) fn push(&mut self, text: Option<&str>, row: u64) {
        let cell = read(text, self.kind);
        match cell {
            Cell::Wrong => self.misread.wrong += 1,
            Cell::Integer(_, false) => self.misread.spelled += 1,
            _ => {}
        }
        if matches!(cell, Cell::Wrong | Cell::Integer(_, false)) && self.misread.examples.len() < EXAMPLES {
            let text = text.unwrap_or_default().chars().take(EXAMPLE_CHARS).collect();
            self.misread.examples.push((row, text));
        }
        match (&mut self.values, cell) {
            (Values::Integer(values), Cell::Integer(value, _)) => values.append_value(value),
            (Values::Float(values), Cell::Float(value)) => values.append_value(value),
            (Values::Date(values), Cell::Date(value)) => values.append_value(value),
            (Values::DateTime(values), Cell::DateTime(value)) => values.append_value(value),
            (Values::Text(values), Cell::Text(value)) => values.append_value(value),
            (Values::Integer(values), _) => values.append_null(),
            (Values::Float(values), _) => values.append_null(),
            (Values::Date(values), _) => values.append_null(),
            (Values::DateTime(values), _) => values.append_null(),
            (Values::Text(values), _) => values.append_null(),
        }
    }

    /// What was added, as an array; the column is empty afterwards.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Integer(values) => Arc::new(values.finish()),
            Values::Float(values) => Arc::new(values.finish()),
            Values::Date(values) => Arc::new(values.finish()),
            Values::DateTime(values) => Arc::new(values.finish()),
            Values::Text(values) => Arc::new(values.finish()),
        }
    }
}
