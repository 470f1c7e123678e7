//! The lines that say of which rows a resource was made.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch};
use std::collections::BTreeMap;

/// Rows of one table that are named; of more a count is given.
const NAMED: usize = 64;

/// Where a batch has the rows of a table that took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowColumn {
    /// The table.
    pub(super) table: String,
    /// The column: a number, or a list of numbers.
    pub(super) column: usize,
    /// The column that counts them, where rows were gathered.
    pub(super) count: Option<usize>,
}

/// Rows that took part, by table.
#[derive(Debug, Default)]
pub(super) struct Links {
    rows: BTreeMap<String, (Vec<u64>, u64)>,
}

impl Links {
    /// Adds what a row of a batch says.
    pub(super) fn add(&mut self, columns: &[RowColumn], batch: &RecordBatch, row: usize) {
        for from in columns {
            let column = batch.column(from.column);
            if column.is_null(row) {
                continue;
            }
            let (named, all) = self.rows.entry(from.table.clone()).or_default();
            let mut name = |number: u64| {
                if !named.contains(&number) {
                    *all += 1;
                    if named.len() < NAMED {
                        named.push(number);
                    }
                }
            };
            match column.as_primitive_opt::<UInt64Type>() {
                Some(numbers) => name(numbers.value(row)),
                None => {
                    let list = column.as_list::<i32>().value(row);
                    let numbers = list.as_primitive::<UInt64Type>();
                    numbers.iter().flatten().for_each(&mut name);
                    let counted =
                        from.count.map_or(0, |count| batch.column(count).as_primitive::<UInt64Type>().value(row));
                    *all += counted.saturating_sub(numbers.len() as u64);
                }
            }
        }
    }

    /// The rows by table: those that are named, and how many there are; forgets them.
    pub(super) fn take(&mut self) -> BTreeMap<String, (Vec<u64>, u64)> {
        std::mem::take(&mut self.rows)
    }

    /// Writes the line, and forgets the rows.
    pub(super) fn write(&mut self, target: &str, mapping: &str, why: Option<&str>, out: &mut Vec<u8>) {
        let mut rows = serde_json::Map::new();
        let mut more = serde_json::Map::new();
        for (table, (named, all)) in self.take() {
            let unnamed = all - named.len() as u64;
            if unnamed > 0 {
                more.insert(table.clone(), unnamed.into());
            }
            rows.insert(table, named.into());
        }
        let mut line = serde_json::json!({"target": target, "mapping": mapping, "rows": rows});
        if !more.is_empty() {
            line["more"] = more.into();
        }
        if let Some(why) = why {
            line["why"] = why.into();
        }
        out.extend_from_slice(line.to_string().as_bytes());
    }
}
