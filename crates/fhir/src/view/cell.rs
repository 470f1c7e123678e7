//! Columns and their values.

use crate::decimal::Decimal;
use crate::path::Item;
use std::borrow::Cow;
use std::fmt;

/// A column of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// The FHIR type of its values: as declared, else as the expression tells, else `string`.
    pub fhir_type: String,
    /// How its values are kept.
    pub kind: CellKind,
    /// True if a cell is a list.
    pub collection: bool,
    /// What the definition says about it.
    pub description: Option<String>,
}

/// How values of a FHIR type are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// `boolean`
    Boolean,
    /// `integer`, `positiveInt`, `unsignedInt`
    Integer,
    /// `decimal`
    Decimal,
    /// Everything else, dates and times included, as its text.
    String,
}

impl CellKind {
    /// The kind for a FHIR type's name.
    pub fn of(fhir_type: &str) -> CellKind {
        match fhir_type {
            "boolean" => CellKind::Boolean,
            "integer" | "positiveInt" | "unsignedInt" | "integer64" => CellKind::Integer,
            "decimal" => CellKind::Decimal,
            _ => CellKind::String,
        }
    }
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'d> {
    /// No value.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal as its digits.
    Decimal(Cow<'d, str>),
    /// Text; a complex element as its JSON.
    String(Cow<'d, str>),
    /// The values of a collection column, perhaps none.
    List(Vec<Cell<'d>>),
}

impl<'d> Cell<'d> {
    /// An item as a cell of the kind; `None` if it is of another kind and nothing of it would be lost only by a change of
    /// meaning (a boolean is no number, `1.5` no integer).
    pub(super) fn new(item: &Item<'d>, kind: CellKind) -> Option<Cell<'d>> {
        let text = || item.as_text().unwrap_or_else(|| Cow::Owned(item.to_string()));
        Some(match kind {
            CellKind::String => Cell::String(text()),
            CellKind::Boolean => Cell::Boolean(item.as_boolean()?),
            CellKind::Integer => Cell::Integer(integer(item)?),
            CellKind::Decimal => {
                let digits = match item {
                    Item::Integer(_) | Item::Decimal(_) => Cow::Owned(item.to_string()),
                    Item::Node(node) => Cow::Borrowed(node.node.number_text()?),
                    _ => return None,
                };
                Cell::Decimal(digits)
            }
        })
    }
}

fn integer(item: &Item<'_>) -> Option<i64> {
    let whole = |value: Decimal| value.truncated().filter(|whole| Decimal::from(*whole) == value);
    match item {
        Item::Integer(value) => Some(*value),
        Item::Decimal(value) => whole(*value),
        Item::Node(node) => {
            let digits = node.node.number_text()?;
            digits.parse().ok().or_else(|| whole(Decimal::parse(digits)?))
        }
        _ => None,
    }
}

/// The value as text; nothing for null, items of a list separated by commas.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => Ok(()),
            Cell::Boolean(value) => value.fmt(f),
            Cell::Integer(value) => value.fmt(f),
            Cell::Decimal(text) | Cell::String(text) => f.write_str(text),
            Cell::List(cells) => {
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    cell.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}
