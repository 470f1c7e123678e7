//! Answers as JSON, CSV, an Arrow stream, Parquet, or a table for people.
//!
//! An [`Encoder`] takes batches and gives bytes, so that an answer of any size can be sent as it comes.

use crate::error::Error;
use crate::sql::Answer;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type, Schema, SchemaRef};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use fhir::json::Tree;
use records::Seq;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `{"columns": [{"name", "type"}], "rows": [[…], …], "truncated": false, "ms": 12, "seq": 345, "lag_s": 0}`
    Json,
    /// With a header; null is nothing, an empty text is `""`.
    Csv,
    /// An Arrow IPC stream; the position is in the schema's metadata.
    Arrow,
    /// A Parquet file; the position is in the schema's metadata.
    Parquet,
    /// Columns for a terminal.
    Table,
}

/// Rows of a Parquet answer that are in memory at a time.
const ROW_GROUP_ROWS: usize = 64 << 10;
/// Bytes of an answer that is laid out for reading, which needs all of it.
const TABLE_BYTES: usize = 64 << 20;

/// The name of the position in the metadata of Arrow and Parquet.
pub const POSITION: &str = "medweave.position";

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] = [Format::Json, Format::Csv, Format::Arrow, Format::Parquet, Format::Table];

    /// Its name on the command line and in requests.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Arrow => "arrow",
            Format::Parquet => "parquet",
            Format::Table => "table",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Arrow => "application/vnd.apache.arrow.stream",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Table => "text/plain; charset=utf-8",
        }
    }
}

/// What was written of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Number of rows.
    pub rows: u64,
    /// Whether there were more than the limit.
    pub cut: bool,
    /// The position at which they were read.
    pub position: Seq,
}

/// Writes an answer to its end.
///
/// # Errors
/// What the query fails with; [`Error::File`] if `out` does.
pub fn write(answer: &mut Answer, format: Format, out: &mut dyn Write) -> Result<Written, Error> {
    let failed = |error| Error::File { what: "write the answer".into(), error };
    let mut encoder = Encoder::new(format, answer)?;
    let mut rows = 0;
    while let Some(batch) = answer.next_batch()? {
        rows += batch.num_rows() as u64;
        out.write_all(&encoder.rows(&batch)?).map_err(failed)?;
    }
    out.write_all(&encoder.end(answer)?).and_then(|()| out.flush()).map_err(failed)?;
    Ok(Written { rows, cut: answer.is_cut(), position: answer.position() })
}

/// Turns batches into bytes.
pub struct Encoder {
    kind: Kind,
    sink: Sink,
    rows: u64,
}

enum Kind {
    Json,
    Csv,
    Arrow(Box<StreamWriter<Sink>>),
    Parquet(Box<ArrowWriter<Sink>>),
    Table(SchemaRef, Vec<RecordBatch>),
}

/// Bytes that are written and not yet taken.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text.as_bytes());
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Encoder {
    /// Begins an answer.
    ///
    /// # Errors
    /// [`Error::Engine`] for a type that the format cannot hold.
    pub fn new(format: Format, answer: &Answer) -> Result<Encoder, Error> {
        let (schema, position) = (answer.schema(), answer.position());
        let sink = Sink::default();
        let stamped = || {
            let metadata = HashMap::from([(POSITION.to_owned(), position.0.to_string())]);
            Arc::new(Schema::new_with_metadata(schema.fields().clone(), metadata))
        };
        let kind = match format {
            Format::Json => {
                let columns = schema.fields().iter().map(|field| {
                    let column = [
                        ("name", Tree::String(field.name().clone())),
                        ("type", Tree::String(sql_type(field.data_type()))),
                    ];
                    Tree::from(column)
                });
                let mut head = String::from("{\"columns\":");
                Tree::Array(columns.collect()).write(&mut head);
                head.push_str(",\"rows\":[");
                sink.push(&head);
                Kind::Json
            }
            Format::Csv => {
                let names = schema.fields().iter().map(|field| csv_text(field.name())).collect::<Vec<_>>();
                sink.push(&(names.join(",") + "\r\n"));
                Kind::Csv
            }
            Format::Arrow => Kind::Arrow(Box::new(StreamWriter::try_new(sink.clone(), &stamped())?)),
            Format::Parquet => {
                let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROW_GROUP_ROWS)).build();
                Kind::Parquet(Box::new(ArrowWriter::try_new(sink.clone(), stamped(), Some(properties))?))
            }
            Format::Table => Kind::Table(Arc::clone(schema), Vec::new()),
        };
        Ok(Encoder { kind, sink, rows: 0 })
    }

    /// Bytes for further rows, and for what came before them.
    ///
    /// # Errors
    /// [`Error::Engine`].
    pub fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        match &mut self.kind {
            Kind::Json => {
                let columns = batch.columns().iter().map(Values::new).collect::<Result<Vec<_>, _>>()?;
                let mut text = String::new();
                for row in 0..batch.num_rows() {
                    text.push_str(if self.rows == 0 && row == 0 { "\n[" } else { ",\n[" });
                    for (at, column) in columns.iter().enumerate() {
                        if at > 0 {
                            text.push(',');
                        }
                        column.json(row).write(&mut text);
                    }
                    text.push(']');
                }
                self.sink.push(&text);
            }
            Kind::Csv => {
                let columns = batch.columns().iter().map(Values::new).collect::<Result<Vec<_>, _>>()?;
                let mut text = String::new();
                for row in 0..batch.num_rows() {
                    for (at, column) in columns.iter().enumerate() {
                        if at > 0 {
                            text.push(',');
                        }
                        match column.json(row) {
                            Tree::Null => {}
                            Tree::String(value) => text.push_str(&csv_text(&value)),
                            simple @ (Tree::Bool(_) | Tree::Number(_)) => simple.write(&mut text),
                            nested => {
                                let mut json = String::new();
                                nested.write(&mut json);
                                text.push_str(&csv_text(&json));
                            }
                        }
                    }
                    text.push_str("\r\n");
                }
                self.sink.push(&text);
            }
            Kind::Arrow(writer) => writer.write(batch)?,
            Kind::Parquet(writer) => writer.write(batch)?,
            Kind::Table(_, batches) => {
                batches.push(batch.clone());
                if batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>() > TABLE_BYTES {
                    return Err(Error::Limit(
                        "so much cannot be laid out for reading: ask for csv, or fewer rows".into(),
                    ));
                }
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(self.sink.take())
    }

    /// The last bytes, once the answer has come to its end.
    ///
    /// # Errors
    /// [`Error::Engine`].
    pub fn end(self, answer: &Answer) -> Result<Vec<u8>, Error> {
        match self.kind {
            Kind::Json => self.sink.push(&format!(
                "\n],\"truncated\":{},\"ms\":{},\"seq\":{},\"lag_s\":{}}}\n",
                answer.is_cut(),
                answer.elapsed().as_millis(),
                answer.position().0,
                answer.behind().as_secs(),
            )),
            Kind::Csv => {}
            Kind::Arrow(mut writer) => writer.finish()?,
            Kind::Parquet(writer) => {
                writer.close()?;
            }
            Kind::Table(schema, mut batches) => {
                if batches.is_empty() {
                    batches.push(RecordBatch::new_empty(schema));
                }
                let rows = self.rows;
                let more = if answer.is_cut() { ", and there are more" } else { "" };
                let table = pretty_format_batches(&batches)?;
                self.sink.push(&format!("{table}\n{rows} row{}{more}\n", if rows == 1 { "" } else { "s" }));
            }
        }
        Ok(self.sink.take())
    }
}

/// A type as it is called in SQL.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int64 | DataType::UInt64 => "bigint".into(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
            "integer".into()
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::List(item) | DataType::LargeList(item) => sql_type(item.data_type()) + "[]",
        other => other.to_string().to_lowercase(),
    }
}

fn csv_text(text: &str) -> String {
    if text.is_empty() || text.contains(['"', ',', '\r', '\n']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// The values of a column as JSON.
struct Values<'a> {
    array: &'a ArrayRef,
    shown: Option<ArrayFormatter<'a>>,
}

impl<'a> Values<'a> {
    fn new(array: &'a ArrayRef) -> Result<Values<'a>, Error> {
        const OPTIONS: FormatOptions<'static> = FormatOptions::new();
        let nested = matches!(array.data_type(), DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_));
        let shown = if nested { None } else { Some(ArrayFormatter::try_new(array.as_ref(), &OPTIONS)?) };
        Ok(Values { array, shown })
    }

    fn json(&self, row: usize) -> Tree {
        // A type without texts of its own (a list of such) is null: the constructor has refused it before.
        value(self.array, row, self.shown.as_ref()).unwrap_or(Tree::Null)
    }
}

fn value(array: &ArrayRef, row: usize, shown: Option<&ArrayFormatter<'_>>) -> Result<Tree, Error> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return Ok(Tree::Null);
    }
    let finite = |number: f64| if number.is_finite() { Tree::Number(number.to_string()) } else { Tree::Null };
    let items = |items: ArrayRef| -> Result<Tree, Error> {
        let values = Values::new(&items)?;
        Ok(Tree::Array((0..items.len()).map(|row| values.json(row)).collect()))
    };
    Ok(match array.data_type() {
        DataType::Boolean => Tree::Bool(array.as_boolean().value(row)),
        DataType::Float16 => finite(array.as_primitive::<Float16Type>().value(row).to_f64()),
        DataType::Float32 => finite(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => finite(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Tree::String(array.as_string::<i32>().value(row).to_owned()),
        DataType::List(_) => items(array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => items(array.as_list::<i64>().value(row))?,
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let mut members = Vec::new();
            for (field, column) in fields.iter().zip(columns.columns()) {
                members.push((field.name().clone(), Values::new(column)?.json(row)));
            }
            Tree::Object(members)
        }
        other => {
            let text = shown.map_or_else(String::new, |shown| shown.value(row).to_string());
            if other.is_numeric() { Tree::Number(text) } else { Tree::String(text) }
        }
    })
}
