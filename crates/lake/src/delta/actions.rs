//! Actions of the log as lines of JSON.

use crate::map::{DataFile, TableChange};
use crate::table::Table;
use fhir::json::Tree;

/// Who writes, as `txn` names it.
pub(super) const APPLICATION: &str = "medweave";

pub(super) fn number(value: i64) -> Tree {
    Tree::Number(value.to_string())
}

pub(super) fn text(value: &str) -> Tree {
    Tree::String(value.to_owned())
}

pub(super) fn empty() -> Tree {
    Tree::Object(Vec::new())
}

pub(super) fn protocol() -> Tree {
    Tree::from([("minReaderVersion", number(1)), ("minWriterVersion", number(2))])
}

pub(super) fn meta_data(table: &Table) -> Tree {
    Tree::from([
        ("id", text(&format!("medweave-{}", table.name))),
        ("name", text(&table.name)),
        ("description", text(&table.comment)),
        ("format", Tree::from([("provider", text("parquet")), ("options", empty())])),
        ("schemaString", text(&schema_string(table))),
        ("partitionColumns", Tree::Array(Vec::new())),
        ("configuration", empty()),
    ])
}

pub(super) fn transaction(position: i64, at_us: i64) -> Tree {
    Tree::from([("appId", text(APPLICATION)), ("version", number(position)), ("lastUpdated", number(at_us / 1_000))])
}

/// Whether an action tells of a change, or repeats in a checkpoint what was told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Now,
    Before,
}

pub(super) fn add(file: &DataFile, told: Told) -> Tree {
    Tree::from([
        ("path", text(&file.path)),
        ("partitionValues", empty()),
        ("size", number(file.bytes as i64)),
        ("modificationTime", number(file.at_us / 1_000)),
        ("dataChange", Tree::Bool(told == Told::Now)),
        ("stats", text(&format!("{{\"numRecords\":{}}}", file.rows))),
    ])
}

pub(super) fn remove(path: &str, bytes: u64, at_us: i64, told: Told) -> Tree {
    Tree::from([
        ("path", text(path)),
        ("deletionTimestamp", number(at_us / 1_000)),
        ("dataChange", Tree::Bool(told == Told::Now)),
        ("extendedFileMetadata", Tree::Bool(true)),
        ("partitionValues", empty()),
        ("size", number(bytes as i64)),
    ])
}

/// A table's schema as the protocol writes it, comments with it.
fn schema_string(table: &Table) -> String {
    let mut out = String::from(r#"{"type":"struct","fields":["#);
    for (at, column) in table.columns.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(r#"{"name":"#);
        text(&column.name).write(&mut out);
        out.push_str(r#","type":"#);
        out.push_str(column.delta_type());
        out.push_str(r#","nullable":true,"metadata":{"comment":"#);
        text(&column.comment).write(&mut out);
        out.push_str("}}");
    }
    out.push_str("]}");
    out
}

fn lines(actions: impl IntoIterator<Item = (&'static str, Tree)>) -> String {
    let mut out = String::new();
    for (name, action) in actions {
        Tree::from([(name, action)]).write(&mut out);
        out.push('\n');
    }
    out
}

fn commit_info(operation: &str, at_us: i64) -> Tree {
    Tree::from([
        ("timestamp", number(at_us / 1_000)),
        ("operation", text(operation)),
        ("operationParameters", empty()),
        ("engineInfo", text(concat!("medweave/", env!("CARGO_PKG_VERSION")))),
    ])
}

/// The entry that makes an empty table.
pub(crate) fn first_entry(table: &Table, at_us: i64) -> String {
    lines([
        ("commitInfo", commit_info("CREATE TABLE", at_us)),
        ("protocol", protocol()),
        ("metaData", meta_data(table)),
        ("txn", transaction(0, at_us)),
    ])
}

/// The entry of a flush: files out, files in, and the position that the table has come to.
pub(crate) fn next_entry(change: &TableChange, position: i64, at_us: i64) -> String {
    let removed = change.removed.iter().map(|file| ("remove", remove(&file.path, file.bytes, at_us, Told::Now)));
    let added = change.added.iter().map(|file| ("add", add(file, Told::Now)));
    let head = [("commitInfo", commit_info("WRITE", at_us)), ("txn", transaction(position, at_us))];
    lines(head.into_iter().chain(removed).chain(added))
}
