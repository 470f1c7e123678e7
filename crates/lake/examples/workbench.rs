//! How many rows a second the workbench gives: `cargo run --release -p lake --example workbench [MILLIONS]`.
//!
//! One sheet of nine columns, as a table of observations has them, and one of a thousand patients, both in memory; each query
//! is read to its last row by one thread.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use lake::workbench::{BATCH_ROWS, Batches, Capacity, Limits, Question, ROW, Sheet, Stop, Workbench, parse};
use std::sync::Arc;
use std::time::Instant;

const COLUMNS: [&str; 9] =
    ["DATE", "PATIENT", "ENCOUNTER", "CATEGORY", "CODE", "DESCRIPTION", "VALUE", "UNITS", "TYPE"];
const PATIENTS: u64 = 1_000;

#[derive(Debug)]
struct Repeated {
    name: &'static str,
    batch: RecordBatch,
    times: u64,
}

impl Repeated {
    fn new(
        name: &'static str,
        columns: &[&str],
        cell: impl Fn(usize, u64) -> String,
        rows: u64,
        times: u64,
    ) -> Repeated {
        let mut fields: Vec<Field> = columns.iter().map(|name| Field::new(*name, DataType::Utf8View, true)).collect();
        fields.push(Field::new(ROW, DataType::UInt64, false));
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for column in 0..columns.len() {
            arrays.push(Arc::new((0..rows).map(|row| Some(cell(column, row))).collect::<StringViewArray>()));
        }
        arrays.push(Arc::new(UInt64Array::from_iter_values(1..=rows)));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        Repeated { name, batch, times }
    }
}

impl Sheet for Repeated {
    fn name(&self) -> &str {
        self.name
    }

    fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }

    fn rows_estimate(&self) -> Option<u64> {
        Some(self.batch.num_rows() as u64 * self.times)
    }

    fn partitions(&self) -> usize {
        1
    }

    fn scan(&self, _: usize, columns: &[usize]) -> Result<Batches, String> {
        let (batch, columns) = (self.batch.clone(), columns.to_vec());
        Ok(Box::new((0..self.times).map(move |time| {
            let mut arrays = batch.columns().to_vec();
            let rows = arrays.pop().unwrap();
            let before = time * batch.num_rows() as u64;
            arrays.push(Arc::new(rows.as_primitive::<UInt64Type>().unary::<_, UInt64Type>(|row| row + before)));
            let batch = RecordBatch::try_new(batch.schema(), arrays).map_err(|error| error.to_string())?;
            batch.project(&columns).map_err(|error| error.to_string())
        })))
    }
}

fn main() {
    let millions: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(4);
    let rows = BATCH_ROWS as u64;
    let observation = |column: usize, row: u64| match column {
        0 => format!("2020-01-{:02}T10:00:00Z", row % 28 + 1),
        1 => format!("patient-number-{:06}", row % PATIENTS),
        6 => format!("{}.{}", row % 300, row % 10),
        _ => format!("{} of row {}", COLUMNS[column], row % 500),
    };
    let observations =
        Arc::new(Repeated::new("observations", &COLUMNS, observation, rows, millions * 1_000_000 / rows));
    let patient = |column: usize, row: u64| {
        if column == 0 { format!("patient-number-{row:06}") } else { format!("name {row}") }
    };
    let patients = Arc::new(Repeated::new("patients", &["Id", "NAME"], patient, PATIENTS, 1));
    let folder = std::env::temp_dir().join(format!("medweave-workbench-{}", std::process::id()));
    let bench = Workbench::new(&folder, Capacity::default()).unwrap();
    for (what, sql) in [
        (
            "nine columns",
            "SELECT date, patient, encounter, category, code, description, value, units, type FROM observations",
        ),
        ("with a filter on a number", "SELECT date, patient, code, value FROM observations WHERE value > 100"),
        (
            "with a join",
            "SELECT o.date, o.code, o.value, p.name FROM observations o JOIN patients p ON p.id = o.patient",
        ),
        (
            "grouped",
            "SELECT patient, count(*) AS n, max(try_cast(value AS DOUBLE)) AS most FROM observations GROUP BY patient",
        ),
    ] {
        let sheets: Vec<Arc<dyn Sheet>> = vec![Arc::clone(&observations) as _, Arc::clone(&patients) as _];
        let start = Instant::now();
        let planned = bench.plan(Question::new(parse(sql).unwrap(), sheets)).unwrap();
        let planning = start.elapsed();
        let start = Instant::now();
        let mut answer = planned.run(&Limits::default(), &Stop::default()).unwrap();
        let mut given = 0;
        while let Some(batch) = answer.next_batch().unwrap() {
            given += batch.num_rows();
        }
        let seconds = start.elapsed().as_secs_f64();
        let read = observations.rows_estimate().unwrap() as f64;
        println!(
            "{what}: {:.1} M rows/s read, {given} rows given, planned in {:.1} ms",
            read / seconds / 1e6,
            planning.as_secs_f64() * 1e3
        );
    }
    drop(bench);
    let _ = std::fs::remove_dir_all(&folder);
}
