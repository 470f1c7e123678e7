//! The checkpoint: the state of a table in one Parquet file, so that a reader need not go through all log entries.

use super::actions::{Told, add, meta_data, number, protocol, remove, transaction};
use super::{log_folder, write_whole};
use crate::error::Error;
use crate::map::{DataFile, RemovedFile};
use crate::table::Table;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::parquet::arrow::ArrowWriter;
use fhir::json::Tree;
use std::path::Path;
use std::sync::Arc;

/// A checkpoint is written at versions that are multiples of this.
pub(crate) const CHECKPOINT_EVERY: i64 = 50;

/// What a table's state is at a version.
pub(crate) struct State<'a> {
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) at_us: i64,
    pub(crate) files: &'a [DataFile],
    pub(crate) removed: &'a [RemovedFile],
}

/// Writes the checkpoint of a version and makes it the last one.
pub(crate) fn write_checkpoint(folder: &Path, table: &Table, state: &State<'_>) -> Result<(), Error> {
    let mut rows = vec![
        ("protocol", protocol()),
        ("metaData", meta_data(table)),
        ("txn", transaction(state.position, state.at_us)),
    ];
    rows.extend(state.files.iter().map(|file| ("add", add(file, Told::Before))));
    rows.extend(state.removed.iter().map(|file| ("remove", remove(&file.path, file.bytes, file.at_us, Told::Before))));
    let mut lines = String::new();
    for (name, action) in &rows {
        Tree::from([(*name, action.clone())]).write(&mut lines);
        lines.push('\n');
    }
    let schema = Arc::new(schema());
    let batches = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(rows.len()).build(lines.as_bytes())?;
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let log = log_folder(folder);
    write_whole(&log.join(format!("{:020}.checkpoint.parquet", state.version)), &writer.into_inner()?)?;
    let mut last = String::new();
    Tree::from([("version", number(state.version)), ("size", number(rows.len() as i64))]).write(&mut last);
    write_whole(&log.join("_last_checkpoint"), last.as_bytes())
}

fn schema() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let long = |name: &str| Field::new(name, DataType::Int64, true);
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let map = |name: &str| {
        let entries = vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Utf8, true)];
        let entry = Field::new("key_value", DataType::Struct(Fields::from(entries)), false);
        Field::new(name, DataType::Map(Arc::new(entry), false), true)
    };
    let object = |name: &str, fields: Vec<Field>| Field::new(name, DataType::Struct(Fields::from(fields)), true);
    let list =
        |name: &str| Field::new(name, DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))), true);
    Schema::new(vec![
        object("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        object(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                flag("dataChange"),
                text("stats"),
            ],
        ),
        object(
            "remove",
            vec![
                text("path"),
                long("deletionTimestamp"),
                flag("dataChange"),
                flag("extendedFileMetadata"),
                map("partitionValues"),
                long("size"),
            ],
        ),
        object(
            "metaData",
            vec![
                text("id"),
                text("name"),
                text("description"),
                object("format", vec![text("provider"), map("options")]),
                text("schemaString"),
                list("partitionColumns"),
                map("configuration"),
            ],
        ),
        object("protocol", vec![int("minReaderVersion"), int("minWriterVersion")]),
    ])
}
