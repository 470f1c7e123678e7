//! SQL over sheets in memory: lineage, limits, errors.

mod dependence;
mod errors;
mod hostile;
mod lineage;
mod naive;
mod running;
mod values;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::workbench::{Batches, Capacity, Error, Limits, Planned, Question, ROW, Rows, Sheet, Stop, Workbench, parse};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A sheet in memory. Rows are numbered from 1.
#[derive(Clone, Debug)]
pub struct Memory {
    name: String,
    schema: SchemaRef,
    parts: Vec<Vec<RecordBatch>>,
    rows: u64,
}

impl Memory {
    /// Columns and rows as lines of words; `-` is null.
    pub fn new(name: &str, text: &str) -> Memory {
        let mut lines =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|line| !line.is_empty());
        let columns = lines.next().unwrap();
        let rows: Vec<Vec<Option<String>>> =
            lines.map(|line| line.into_iter().map(|cell| (cell != "-").then(|| cell.to_owned())).collect()).collect();
        Memory::of_rows(name, &columns, &rows, 1)
    }

    pub fn of_rows(name: &str, columns: &[&str], rows: &[Vec<Option<String>>], parts: usize) -> Memory {
        let mut fields: Vec<Field> = columns.iter().map(|name| Field::new(*name, DataType::Utf8View, true)).collect();
        fields.push(Field::new(ROW, DataType::UInt64, false));
        let schema = Arc::new(Schema::new(fields));
        let size = rows.len().div_ceil(parts).max(1);
        let mut all: Vec<Vec<RecordBatch>> = Vec::new();
        let mut first = 1;
        for part in rows.chunks(size) {
            let mut arrays: Vec<ArrayRef> = Vec::new();
            for at in 0..columns.len() {
                arrays.push(Arc::new(part.iter().map(|row| row[at].as_deref()).collect::<StringViewArray>()));
            }
            let numbers = first..first + part.len() as u64;
            first = numbers.end;
            arrays.push(Arc::new(UInt64Array::from_iter_values(numbers)));
            all.push(vec![RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap()]);
        }
        Memory { name: name.to_owned(), schema, parts: all, rows: rows.len() as u64 }
    }

    /// A sheet that gives the same batch again and again, with other row numbers.
    pub fn repeated(name: &str, columns: &[&str], batch: &[Vec<Option<String>>], times: u64) -> Repeated {
        let memory = Memory::of_rows(name, columns, batch, 1);
        Repeated { memory, times }
    }
}

impl Sheet for Memory {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn rows_estimate(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn partitions(&self) -> usize {
        self.parts.len()
    }

    fn scan(&self, partition: usize, columns: &[usize]) -> Result<Batches, String> {
        assert!(!columns.is_empty());
        let batches: Vec<_> = self.parts[partition].iter().map(|batch| Ok(batch.project(columns).unwrap())).collect();
        Ok(Box::new(batches.into_iter()))
    }
}

#[derive(Clone, Debug)]
pub struct Repeated {
    memory: Memory,
    times: u64,
}

impl Sheet for Repeated {
    fn name(&self) -> &str {
        &self.memory.name
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.memory.schema)
    }

    fn rows_estimate(&self) -> Option<u64> {
        Some(self.memory.rows * self.times)
    }

    fn partitions(&self) -> usize {
        1
    }

    fn scan(&self, _: usize, columns: &[usize]) -> Result<Batches, String> {
        let batch = self.memory.parts[0][0].clone();
        let row = self.memory.schema.fields().len() - 1;
        let (columns, rows) = (columns.to_vec(), self.memory.rows);
        Ok(Box::new((0..self.times).map(move |time| {
            let numbers =
                batch.column(row).as_primitive::<UInt64Type>().unary::<_, UInt64Type>(|row| row + time * rows);
            let mut arrays = batch.columns().to_vec();
            arrays[row] = Arc::new(numbers);
            let batch = RecordBatch::try_new(batch.schema(), arrays).map_err(|error| error.to_string())?;
            batch.project(&columns).map_err(|error| error.to_string())
        })))
    }
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// A folder for what one test spills.
pub fn folder() -> PathBuf {
    let no = FOLDERS.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("medweave-workbench-{}-{no}", std::process::id()))
}

/// The workbench of all tests that look at no folder.
pub fn bench() -> &'static Workbench {
    static BENCH: OnceLock<Workbench> = OnceLock::new();
    BENCH.get_or_init(|| Workbench::new(&folder(), Capacity { threads: 2, queries: 4 }).unwrap())
}

/// A small hospital.
pub fn sheets() -> Vec<Arc<dyn Sheet>> {
    let patients = Memory::new(
        "patients",
        "Id Name Sex
         p1 Ann  F
         p2 Bob  M
         p3 Cy   -",
    );
    let labs = Memory::new(
        "labs",
        "Id Patient Item Value Day
         l1 p1      K    4.1   2020-01-01
         l2 p1      Na   140   2020-01-02
         l3 p2      K    n/a   2020-01-02
         l4 p9      K    5.5   -",
    );
    let items = Memory::new(
        "items",
        "Code Label
         K    Potassium
         Na   Sodium",
    );
    vec![Arc::new(patients), Arc::new(labs), Arc::new(items)]
}

/// Views of the small hospital.
pub fn views() -> Vec<(String, lake::workbench::Query)> {
    let view = |name: &str, sql: &str| (name.to_owned(), parse(sql).unwrap());
    vec![
        view("named_labs", "SELECT l.id, l.patient, i.label, l.value FROM labs l JOIN items i ON i.code = l.item"),
        view("women", "SELECT * FROM patients WHERE sex = 'F'"),
        view("labs_of_women", "SELECT n.* FROM named_labs n JOIN women w ON w.id = n.patient"),
    ]
}

pub fn question(sql: &str) -> Result<Question, Error> {
    Ok(Question { views: views(), ..Question::new(parse(sql)?, sheets()) })
}

pub fn plan(sql: &str) -> Result<Planned, Error> {
    bench().plan(question(sql)?)
}

pub fn run(planned: &Planned) -> Result<Vec<RecordBatch>, Error> {
    all(planned.run(&Limits::default(), &Stop::default())?)
}

pub fn all(mut rows: Rows) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.next_batch()? {
        assert_eq!(&batch.schema(), rows.schema());
        batches.push(batch);
    }
    Ok(batches)
}

/// Values of rows, one row a line.
pub fn lines(batches: &[RecordBatch], columns: impl Fn(&RecordBatch) -> std::ops::Range<usize>) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let mut lines = Vec::new();
    for batch in batches {
        let range = columns(batch);
        let arrays = &batch.columns()[range];
        let formatters: Vec<_> = arrays.iter().map(|array| ArrayFormatter::try_new(array, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = formatters.iter().map(|formatter| formatter.value(row).to_string()).collect();
            lines.push(cells.join(" "));
        }
    }
    lines
}

/// The answer, one row a line, without row numbers.
pub fn ask(sql: &str) -> String {
    let planned = plan(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let visible = planned.columns().len();
    let batches = run(&planned).unwrap_or_else(|error| panic!("{sql}: {error}"));
    lines(&batches, |_| 0..visible).join("\n")
}

/// What a question fails with, planned or run.
pub fn fails(sql: &str) -> Error {
    plan(sql).and_then(|planned| run(&planned)).map(|_| ()).expect_err(sql)
}
