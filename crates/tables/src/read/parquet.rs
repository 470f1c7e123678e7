//! Parquet files.

use super::batch::{BadRow, Place};
use super::canonical::{push_bool, push_bytes, push_date, push_decimal, push_f32, push_f64, push_time, push_timestamp};
use super::worker::{Ended, Outlet, Worker};
use super::{CELL_BYTES, Content, ReadError, header};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTimestampType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

/// Rows that are decoded at a time.
const DECODED_ROWS: usize = 1024;

/// Opens a file. It is read on a thread of its own, which also keeps what the decoder does with a damaged file from others.
pub(super) fn table(
    path: &Path,
    name: &str,
    place: &str,
    content: Content,
    keep: impl Send + 'static,
) -> Result<Worker, ReadError> {
    let (path, at) = (path.to_owned(), place.to_owned());
    Worker::start(name, place, Some(content), None, move |outlet| {
        let _keep = keep;
        read(&path, &at, outlet)
    })
}

fn read(path: &Path, place: &str, outlet: &mut Outlet) -> Result<(), Ended> {
    let file = File::open(path).map_err(|error| ReadError::at(place, format!("cannot be read: {error}")))?;
    let failed = |error| ReadError::at(place, format!("not a whole Parquet file: {error}"));
    // What the file says of itself counts, not what the program that wrote it held in memory.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(failed)?;
    for field in builder.schema().fields() {
        if !is_read(field.data_type()) {
            let what = format!(
                "its column {} is of type {}, which is no cell of a table: write it without this column, or its parts as columns of their own",
                field.name(),
                field.data_type()
            );
            return Err(ReadError::at(place, what).into());
        }
    }
    let mut notes = Vec::new();
    let columns = header::columns(builder.schema().fields().iter().map(|field| field.name()), &mut notes);
    outlet.columns(columns.clone(), notes)?;
    let mut number = 0;
    for batch in builder.with_batch_size(DECODED_ROWS).build().map_err(failed)? {
        let batch = batch.map_err(|error| {
            ReadError::at(format!("{place}, after row {number}"), format!("cannot be read on: {error}"))
        })?;
        for row in 0..batch.num_rows() {
            number += 1;
            let rows = &mut outlet.rows;
            let mut large = None;
            for (column, cells) in batch.columns().iter().enumerate() {
                if cells.is_null(row) || *cells.data_type() == DataType::Null {
                    rows.push_cell(None);
                } else if rows.write_cell(|text| push(text, cells.as_ref(), row)) > CELL_BYTES {
                    large = Some(column);
                }
            }
            let place = Place { number, bytes: None };
            match large {
                None => rows.end_row(place),
                Some(column) => {
                    let text = rows.open_cells().collect::<Vec<_>>().join("\t");
                    rows.drop_row();
                    let message = format!("column {}: a cell of more than {} MiB", columns[column], CELL_BYTES >> 20);
                    rows.bad.push(BadRow::new(place, "cell-too-large", message, &text));
                }
            }
            outlet.row_done()?;
        }
    }
    Ok(())
}

/// True for types that have a canonical text.
fn is_read(of: &DataType) -> bool {
    match of {
        DataType::Null
        | DataType::Boolean
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => true,
        other => other.is_numeric(),
    }
}

/// Adds a cell that is not null.
fn push(text: &mut String, cells: &dyn Array, row: usize) {
    fn whole<T: ArrowPrimitiveType>(text: &mut String, cells: &dyn Array, row: usize)
    where
        T::Native: std::fmt::Display,
    {
        let _ = write!(text, "{}", cells.as_primitive::<T>().value(row));
    }
    fn decimal<T: ArrowPrimitiveType>(text: &mut String, cells: &dyn Array, row: usize, scale: i8)
    where
        T::Native: std::fmt::Display,
    {
        push_decimal(text, &cells.as_primitive::<T>().value(row).to_string(), i32::from(scale));
    }
    fn time<T: ArrowPrimitiveType>(text: &mut String, cells: &dyn Array, row: usize, nanos: i64)
    where
        T::Native: Into<i64>,
    {
        push_time(text, cells.as_primitive::<T>().value(row).into().saturating_mul(nanos));
    }
    fn timestamp<T: ArrowTimestampType>(text: &mut String, cells: &dyn Array, row: usize, nanos: i128) {
        push_timestamp(text, i128::from(cells.as_primitive::<T>().value(row)) * nanos);
    }
    match cells.data_type() {
        DataType::Boolean => push_bool(text, cells.as_boolean().value(row)),
        DataType::Int8 => whole::<Int8Type>(text, cells, row),
        DataType::Int16 => whole::<Int16Type>(text, cells, row),
        DataType::Int32 => whole::<Int32Type>(text, cells, row),
        DataType::Int64 => whole::<Int64Type>(text, cells, row),
        DataType::UInt8 => whole::<UInt8Type>(text, cells, row),
        DataType::UInt16 => whole::<UInt16Type>(text, cells, row),
        DataType::UInt32 => whole::<UInt32Type>(text, cells, row),
        DataType::UInt64 => whole::<UInt64Type>(text, cells, row),
        DataType::Float16 => push_f32(text, cells.as_primitive::<Float16Type>().value(row).to_f32()),
        DataType::Float32 => push_f32(text, cells.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => push_f64(text, cells.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal32(_, scale) => decimal::<Decimal32Type>(text, cells, row, *scale),
        DataType::Decimal64(_, scale) => decimal::<Decimal64Type>(text, cells, row, *scale),
        DataType::Decimal128(_, scale) => decimal::<Decimal128Type>(text, cells, row, *scale),
        DataType::Decimal256(_, scale) => decimal::<Decimal256Type>(text, cells, row, *scale),
        DataType::Date32 => push_date(text, i64::from(cells.as_primitive::<Date32Type>().value(row))),
        DataType::Date64 => push_date(text, cells.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000)),
        DataType::Time32(TimeUnit::Second) => time::<Time32SecondType>(text, cells, row, 1_000_000_000),
        DataType::Time32(_) => time::<Time32MillisecondType>(text, cells, row, 1_000_000),
        DataType::Time64(TimeUnit::Microsecond) => time::<Time64MicrosecondType>(text, cells, row, 1_000),
        DataType::Time64(_) => time::<Time64NanosecondType>(text, cells, row, 1),
        DataType::Timestamp(unit, zone) => {
            match unit {
                TimeUnit::Second => timestamp::<TimestampSecondType>(text, cells, row, 1_000_000_000),
                TimeUnit::Millisecond => timestamp::<TimestampMillisecondType>(text, cells, row, 1_000_000),
                TimeUnit::Microsecond => timestamp::<TimestampMicrosecondType>(text, cells, row, 1_000),
                TimeUnit::Nanosecond => timestamp::<TimestampNanosecondType>(text, cells, row, 1),
            }
            if zone.is_some() {
                text.push_str("+00:00");
            }
        }
        DataType::Utf8 => text.push_str(cells.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text.push_str(cells.as_string::<i64>().value(row)),
        DataType::Utf8View => text.push_str(cells.as_string_view().value(row)),
        DataType::Binary => push_bytes(text, cells.as_binary::<i32>().value(row)),
        DataType::LargeBinary => push_bytes(text, cells.as_binary::<i64>().value(row)),
        DataType::BinaryView => push_bytes(text, cells.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => push_bytes(text, cells.as_fixed_size_binary().value(row)),
        other => unreachable!("{other} is refused when the file is opened"),
    }
}
