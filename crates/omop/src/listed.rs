//! Rows of an answer, for people and programs.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampNanosecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

/// Rows as values: numbers, texts, `true` and `false`, days (`2024-05-01`) and times (`2024-05-01 07:08:09`) as texts, nothing as
/// null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

impl ListedRows {
    /// The rows of batches.
    pub fn of(batches: &[RecordBatch]) -> ListedRows {
        let mut listed = ListedRows::default();
        for batch in batches {
            let schema = batch.schema_ref();
            listed.columns = schema.fields().iter().map(|field| field.name().clone()).collect();
            for row in 0..batch.num_rows() {
                listed.rows.push(batch.columns().iter().map(|cells| value(cells.as_ref(), row)).collect());
            }
        }
        listed
    }

    /// The value of a column in a row.
    pub fn get(&self, row: usize, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(at)
    }
}

fn value(cells: &dyn Array, row: usize) -> Value {
    if cells.is_null(row) {
        return Value::Null;
    }
    if let Some(cells) = cells.as_primitive_opt::<Int64Type>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<Int32Type>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<UInt64Type>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<Float64Type>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<Date32Type>() {
        day(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<TimestampMicrosecondType>() {
        time(cells.value(row))
    } else if let Some(cells) = cells.as_primitive_opt::<TimestampNanosecondType>() {
        time(cells.value(row).div_euclid(1_000))
    } else if let Some(cells) = cells.as_boolean_opt() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_string_opt::<i32>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_string_opt::<i64>() {
        json!(cells.value(row))
    } else if let Some(cells) = cells.as_string_view_opt() {
        json!(cells.value(row))
    } else if let Some(lists) = cells.as_list_opt::<i32>() {
        let list = lists.value(row);
        Value::Array((0..list.len()).map(|at| value(&list, at)).collect())
    } else if let Some(parts) = cells.as_struct_opt() {
        let part = |(name, cells): (&str, &ArrayRef)| (name.to_owned(), value(cells, row));
        Value::Object(parts.column_names().into_iter().zip(parts.columns()).map(part).collect())
    } else {
        json!(format!("{:?}", cells.slice(row, 1)))
    }
}

fn day(number: i32) -> Value {
    let span = jiff::SignedDuration::from_hours(24 * i64::from(number));
    Date::constant(1970, 1, 1).checked_add(span).map_or(Value::Null, |day| json!(day.to_string()))
}

fn time(micros: i64) -> Value {
    let time = Timestamp::from_microsecond(micros).ok();
    time.map_or(Value::Null, |time| json!(time.to_string().trim_end_matches('Z').replace('T', " ")))
}
