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
    /// Whether another branch of a UNION reads the same table: then it is told which of them gave the rows.
    pub(super) is_branch: bool,
}

/// Rows that took part, by table, in the order of the tables' names.
#[derive(Debug, Default)]
pub(super) struct Links {
    tables: Vec<Linked>,
    /// A place in `tables` for each column that was added, by part.
    places: Vec<Vec<usize>>,
    /// What each line begins with, the target and the mapping.
    head: Vec<u8>,
    /// By part, the columns of branches that gave rows, by their number among those that were added.
    branches: Vec<Vec<usize>>,
}

/// Rows of one table.
#[derive(Debug)]
struct Linked {
    table: String,
    /// Its name, as JSON.
    name: Vec<u8>,
    named: Vec<u64>,
    all: u64,
}

impl Links {
    /// Lines of a target, of which each part has these columns of rows.
    pub(super) fn new(target: &str, mapping: &str, parts: &[&[RowColumn]]) -> Links {
        let mut names: Vec<&str> = parts.iter().flat_map(|part| part.iter().map(|from| from.table.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        let place = |from: &RowColumn| names.binary_search(&from.table.as_str()).unwrap_or_default();
        let places = parts.iter().map(|part| part.iter().map(place).collect()).collect();
        let mut head = b"{\"target\":".to_vec();
        push_string(target, &mut head);
        head.extend_from_slice(b",\"mapping\":");
        push_string(mapping, &mut head);
        head.extend_from_slice(b",\"rows\":{");
        let linked = |name: &str| {
            let mut quoted = Vec::new();
            push_string(name, &mut quoted);
            Linked { table: name.to_owned(), name: quoted, named: Vec::new(), all: 0 }
        };
        let tables = names.iter().map(|name| linked(name)).collect();
        Links { tables, places, head, branches: vec![Vec::new(); parts.len()] }
    }

    /// Adds what a row of a batch of a part says.
    pub(super) fn add(&mut self, part: usize, columns: &[RowColumn], batch: &RecordBatch, row: usize) {
        for (number, (from, place)) in columns.iter().zip(&self.places[part]).enumerate() {
            let column = batch.column(from.column);
            if column.is_null(row) {
                continue;
            }
            if from.is_branch && !self.branches[part].contains(&number) && has_rows(column, row) {
                self.branches[part].push(number);
            }
            let linked = &mut self.tables[*place];
            match column.as_primitive_opt::<UInt64Type>() {
                Some(numbers) => linked.name(numbers.value(row)),
                None => {
                    let list = column.as_list::<i32>().value(row);
                    let numbers = list.as_primitive::<UInt64Type>();
                    numbers.iter().flatten().for_each(|number| linked.name(number));
                    let counted =
                        from.count.map_or(0, |count| batch.column(count).as_primitive::<UInt64Type>().value(row));
                    linked.all += counted.saturating_sub(numbers.len() as u64);
                }
            }
        }
    }

    /// The rows by table: those that are named, and how many there are; forgets them.
    pub(super) fn take(&mut self) -> BTreeMap<String, (Vec<u64>, u64)> {
        self.branches.iter_mut().for_each(Vec::clear);
        let linked = self.tables.iter_mut().filter(|linked| linked.all > 0);
        linked
            .map(|linked| (linked.table.clone(), (std::mem::take(&mut linked.named), std::mem::take(&mut linked.all))))
            .collect()
    }

    /// Writes the line, and forgets the rows.
    pub(super) fn write(&mut self, why: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        let mut comma = false;
        for linked in self.tables.iter().filter(|linked| linked.all > 0) {
            if std::mem::replace(&mut comma, true) {
                out.push(b',');
            }
            out.extend_from_slice(&linked.name);
            out.extend_from_slice(b":[");
            for (at, number) in linked.named.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_number(*number, out);
            }
            out.push(b']');
        }
        out.push(b'}');
        let mut opened = false;
        for linked in &mut self.tables {
            let unnamed = linked.all - linked.named.len() as u64;
            if unnamed > 0 {
                out.extend_from_slice(if std::mem::replace(&mut opened, true) { b"," } else { b",\"more\":{" });
                out.extend_from_slice(&linked.name);
                out.push(b':');
                push_number(unnamed, out);
            }
            linked.named.clear();
            linked.all = 0;
        }
        if opened {
            out.push(b'}');
        }
        if self.branches.iter().any(|branches| !branches.is_empty()) {
            out.extend_from_slice(b",\"in\":");
            // Writing numbers to a vector does not fail.
            let _ = serde_json::to_writer(&mut *out, &self.branches);
            self.branches.iter_mut().for_each(Vec::clear);
        }
        if let Some(why) = why {
            out.extend_from_slice(b",\"why\":");
            push_string(why, out);
        }
        out.push(b'}');
    }
}

/// Whether a column names rows in one row.
fn has_rows(column: &dyn Array, row: usize) -> bool {
    column.as_list_opt::<i32>().is_none_or(|lists| lists.value_length(row) > 0)
}

impl Linked {
    fn name(&mut self, number: u64) {
        if !self.named.contains(&number) {
            self.all += 1;
            if self.named.len() < NAMED {
                self.named.push(number);
            }
        }
    }
}

fn push_string(text: &str, out: &mut Vec<u8>) {
    // Writing text to a vector does not fail.
    let _ = serde_json::to_writer(out, text);
}

fn push_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::UInt64Array;
    use std::sync::Arc;

    #[test]
    fn a_line_names_its_rows_by_table() {
        let column = |table: &str, column| RowColumn { table: table.into(), column, count: None, is_branch: false };
        let main = [column("stay", 1), column("lab \"a\"", 0)];
        let child = [column("stay", 0)];
        let numbers = |values: Vec<Option<u64>>| Arc::new(UInt64Array::from(values)) as Arc<dyn Array>;
        let first = [("a", numbers(vec![Some(0), Some(7)])), ("b", numbers(vec![Some(u64::MAX), None]))];
        let first = RecordBatch::try_from_iter(first).expect("a batch");
        let second = RecordBatch::try_from_iter([("a", numbers((0..100).map(Some).collect()))]).expect("a batch");
        let mut links = Links::new("Observation", "0123", &[&main, &child]);
        let mut out = Vec::new();
        links.add(0, &main, &first, 0);
        links.write(None, &mut out);
        out.push(b'\n');
        links.add(0, &main, &first, 1);
        for row in (0..64).chain(0..100) {
            links.add(1, &child, &second, row);
        }
        links.write(Some("not \"so\""), &mut out);
        let text = String::from_utf8(out).expect("text");
        let (whole, cut) = text.split_once('\n').expect("two lines");
        assert_eq!(
            whole,
            r#"{"target":"Observation","mapping":"0123","rows":{"lab \"a\"":[0],"stay":[18446744073709551615]}}"#
        );
        let cut: serde_json::Value = serde_json::from_str(cut).expect("JSON");
        assert_eq!(cut["rows"]["lab \"a\""], serde_json::json!([7]));
        assert_eq!(cut["rows"]["stay"].as_array().map(Vec::len), Some(64));
        assert_eq!((&cut["more"]["stay"], &cut["why"]), (&serde_json::json!(36), &serde_json::json!("not \"so\"")));
    }
}
