//! From resources and arrivals to Arrow batches.

use super::column::list_item;
use super::{Kind, Shape, Table};
use crate::error::Error;
use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use fhir::json::Node;
use fhir::path::Environment;
use fhir::time::{Moment, ZoneOffset};
use fhir::view::Cell;
use records::{ArrivalInfo, Stored};
use std::sync::Arc;

const DAY_US: i64 = 86_400_000_000;

/// What every row tells beside its own columns.
pub(crate) struct RowKey<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: i64,
    pub(crate) seq: i64,
    pub(crate) row: i64,
    pub(crate) patient: Option<&'a str>,
}

/// What stands for an arrival where a resource has its row number.
pub(crate) fn arrival_row(no: i64) -> i64 {
    -no
}

/// The key of an arrival's row, where a resource's row has its position in the feed: negative, and another one once the arrival
/// is taken back.
pub(crate) fn key_of_arrival(arrival: &ArrivalInfo) -> i64 {
    -2 * arrival.no.0 - i64::from(arrival.undone_us.is_some())
}

/// Builder of one view's column: its values, and the text as given where the shape has it.
enum Values {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Decimal(Float64Builder, StringBuilder),
    Time(TimestampMicrosecondBuilder, StringBuilder),
    Date(Date32Builder, StringBuilder),
    TextList(ListBuilder<StringBuilder>),
}

impl Values {
    fn new(shape: Shape) -> Values {
        match shape {
            Shape::Text => Values::Text(StringBuilder::new()),
            Shape::Boolean => Values::Boolean(BooleanBuilder::new()),
            Shape::Integer => Values::Integer(Int64Builder::new()),
            Shape::Decimal => Values::Decimal(Float64Builder::new(), StringBuilder::new()),
            Shape::Time => Values::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"), StringBuilder::new()),
            Shape::Date => Values::Date(Date32Builder::new(), StringBuilder::new()),
            Shape::TextList => Values::TextList(ListBuilder::new(StringBuilder::new()).with_field(list_item())),
        }
    }

    fn append(&mut self, cell: &Cell<'_>) {
        let text = match cell {
            Cell::String(text) | Cell::Decimal(text) => Some(&**text),
            _ => None,
        };
        match self {
            Values::Text(values) => match cell {
                Cell::Null => values.append_null(),
                Cell::String(text) | Cell::Decimal(text) => values.append_value(text),
                other => values.append_value(other.to_string()),
            },
            Values::Boolean(values) => values.append_option(match cell {
                Cell::Boolean(value) => Some(*value),
                _ => None,
            }),
            Values::Integer(values) => values.append_option(match cell {
                Cell::Integer(value) => Some(*value),
                _ => None,
            }),
            Values::Decimal(values, given) => {
                // What no double can hold is nothing; its digits stand beside it.
                values
                    .append_option(text.and_then(|digits| digits.parse().ok()).filter(|value: &f64| value.is_finite()));
                given.append_option(text);
            }
            Values::Time(values, given) => {
                values.append_option(text.and_then(first_us));
                given.append_option(text);
            }
            Values::Date(values, given) => {
                values.append_option(text.and_then(first_us).map(|us| us.div_euclid(DAY_US) as i32));
                given.append_option(text);
            }
            Values::TextList(values) => match cell {
                Cell::List(cells) => {
                    for cell in cells {
                        match cell {
                            Cell::Null => values.values().append_null(),
                            other => values.values().append_value(other.to_string()),
                        }
                    }
                    values.append(true);
                }
                _ => values.append(false),
            },
        }
    }

    fn finish(&mut self, out: &mut Vec<ArrayRef>) {
        let mut push = |values: &mut dyn ArrayBuilder| out.push(values.finish());
        match self {
            Values::Text(values) => push(values),
            Values::Boolean(values) => push(values),
            Values::Integer(values) => push(values),
            Values::TextList(values) => push(values),
            Values::Decimal(values, given) => {
                push(values);
                push(given);
            }
            Values::Time(values, given) => {
                push(values);
                push(given);
            }
            Values::Date(values, given) => {
                push(values);
                push(given);
            }
        }
    }
}

/// First microsecond of a date of any precision; without a zone it is taken for UTC.
fn first_us(text: &str) -> Option<i64> {
    Moment::parse(text, ZoneOffset::UTC).ok().map(|moment| moment.low_us)
}

/// Rows of a view table in the making.
pub(crate) struct ViewRows {
    table: Arc<Table>,
    ids: StringBuilder,
    versions: Int64Builder,
    seqs: Int64Builder,
    rows: Int64Builder,
    patients: StringBuilder,
    values: Vec<Values>,
}

impl ViewRows {
    /// `None` if the table is no view table.
    pub(crate) fn new(table: &Arc<Table>) -> Option<ViewRows> {
        let Kind::View { shapes, .. } = &table.kind else { return None };
        Some(ViewRows {
            table: Arc::clone(table),
            ids: StringBuilder::new(),
            versions: Int64Builder::new(),
            seqs: Int64Builder::new(),
            rows: Int64Builder::new(),
            patients: StringBuilder::new(),
            values: shapes.iter().map(|shape| Values::new(*shape)).collect(),
        })
    }

    /// Adds the rows of a resource. If the view fails for it, one row with its keys and nothing else is added, so that it is
    /// counted and can be found, and the reason is given.
    pub(crate) fn add(&mut self, key: &RowKey<'_>, resource: Node<'_>) -> Result<(), String> {
        let table = Arc::clone(&self.table);
        let Kind::View { view, .. } = &table.kind else { return Ok(()) };
        let failed = view.rows(resource, &Environment::new(), &mut |cells| self.append(key, cells)).err();
        let Some(error) = failed else { return Ok(()) };
        let nothing = vec![Cell::Null; self.values.len()];
        self.append(key, &nothing);
        Err(format!("{} {} version {}: {error}", table.name, key.id, key.version))
    }

    fn append(&mut self, key: &RowKey<'_>, cells: &[Cell<'_>]) {
        self.ids.append_value(key.id);
        self.versions.append_value(key.version);
        self.seqs.append_value(key.seq);
        self.rows.append_value(key.row);
        self.patients.append_option(key.patient);
        for (values, cell) in self.values.iter_mut().zip(cells) {
            values.append(cell);
        }
    }

    /// The rows added since; `None` if there are none.
    pub(crate) fn finish(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.ids.is_empty() {
            return Ok(None);
        }
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.versions.finish()),
            Arc::new(self.seqs.finish()),
            Arc::new(self.rows.finish()),
            Arc::new(self.patients.finish()),
        ];
        self.values.iter_mut().for_each(|values| values.finish(&mut arrays));
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.table.schema), arrays)?))
    }
}

/// Rows of the table of resources in the making.
pub(crate) struct ResourceRows {
    table: Arc<Table>,
    texts: [StringBuilder; 4],
    versions: Int64Builder,
    updated: TimestampMicrosecondBuilder,
    seqs: Int64Builder,
    rows: Int64Builder,
}

impl ResourceRows {
    pub(crate) fn new(table: &Arc<Table>) -> ResourceRows {
        ResourceRows {
            table: Arc::clone(table),
            texts: std::array::from_fn(|_| StringBuilder::new()),
            versions: Int64Builder::new(),
            updated: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            seqs: Int64Builder::new(),
            rows: Int64Builder::new(),
        }
    }

    pub(crate) fn add(&mut self, resource_type: &str, stored: &Stored, patient: Option<&str>) {
        let [types, ids, patients, json] = &mut self.texts;
        types.append_value(resource_type);
        ids.append_value(&stored.id);
        patients.append_option(patient);
        json.append_value(&stored.json);
        self.versions.append_value(stored.version);
        self.updated.append_value(stored.updated_us);
        self.seqs.append_value(stored.seq.0);
        self.rows.append_value(stored.row.0);
    }

    pub(crate) fn finish(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.seqs.is_empty() {
            return Ok(None);
        }
        let [types, ids, patients, json] = &mut self.texts;
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(types.finish()),
            Arc::new(ids.finish()),
            Arc::new(self.versions.finish()),
            Arc::new(self.updated.finish()),
            Arc::new(patients.finish()),
            Arc::new(json.finish()),
            Arc::new(self.seqs.finish()),
            Arc::new(self.rows.finish()),
        ];
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.table.schema), arrays)?))
    }
}

/// Rows of the table of arrivals in the making.
pub(crate) struct ArrivalRows;

impl ArrivalRows {
    pub(crate) fn batch(table: &Table, arrivals: &[ArrivalInfo]) -> Result<RecordBatch, Error> {
        let integers = |of: &dyn Fn(&ArrivalInfo) -> i64| {
            let mut values = Int64Builder::new();
            for arrival in arrivals {
                values.append_value(of(arrival));
            }
            Arc::new(values.finish()) as ArrayRef
        };
        let texts = |of: &dyn Fn(&ArrivalInfo) -> String| {
            let mut values = StringBuilder::new();
            for arrival in arrivals {
                values.append_value(of(arrival));
            }
            Arc::new(values.finish()) as ArrayRef
        };
        let times = |of: &dyn Fn(&ArrivalInfo) -> Option<i64>| {
            let mut values = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            for arrival in arrivals {
                values.append_option(of(arrival));
            }
            Arc::new(values.finish()) as ArrayRef
        };
        let arrays = vec![
            integers(&|a| a.no.0),
            times(&|a| Some(a.at_us)),
            texts(&|a| a.door.clone()),
            texts(&|a| a.source.clone()),
            texts(&|a| a.name.clone()),
            texts(&|a| a.media.clone()),
            texts(&|a| a.wrapper.clone()),
            integers(&|a| a.base as i64),
            integers(&|a| a.length as i64),
            texts(&|a| a.hash.clone()),
            texts(&|a| a.principal.clone()),
            times(&|a| a.undone_us),
            integers(&key_of_arrival),
        ];
        Ok(RecordBatch::try_new(Arc::clone(&table.schema), arrays)?)
    }
}
