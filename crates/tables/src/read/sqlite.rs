//! SQLite databases, read-only, in one transaction.

use super::batch::{BadRow, Place};
use super::canonical::{push_bool, push_bytes, push_f64};
use super::worker::{Ended, Outlet, Worker};
use super::{CELL_BYTES, Content, ReadError};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// How long another program that writes is waited for.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// The largest row that SQLite may hold in memory.
const ROW_BYTES: i32 = 256 << 20;

/// A table or view of a database, or one that is not read and why.
pub(super) type Found = Result<String, (String, &'static str)>;

/// The tables and views of a database.
pub(super) fn tables(path: &Path) -> Result<Vec<Found>, rusqlite::Error> {
    let connection = open(path)?;
    let mut statement =
        connection.prepare("SELECT name, type FROM pragma_table_list WHERE schema = 'main' ORDER BY name")?;
    let mut rows = statement.query(())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        if name.to_lowercase().starts_with("sqlite_") {
            continue;
        }
        found.push(match kind.as_str() {
            "table" | "view" => Ok(name),
            "virtual" => Err((name, "a virtual table, which a program computes: export it as CSV")),
            _ => Err((name, "a part of a virtual table")),
        });
    }
    Ok(found)
}

/// Opens a database without any way to change it.
fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(prepare);
    match opened {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !has_log(path) => {
            // A database that was left in WAL mode, on a disk that cannot be written: nobody can be writing it.
            let uri = format!("file:{}?immutable=1", percent(path));
            prepare(Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?)
        }
        opened => opened,
    }
}

fn prepare(connection: Connection) -> Result<Connection, rusqlite::Error> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES)?;
    // Views and triggers of a file that comes from elsewhere are not trusted with anything but reading.
    connection.execute_batch("PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1; BEGIN")?;
    // The transaction begins with the first read.
    connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    Ok(connection)
}

/// True if changes lie beside the database that are not in it yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0)
}

fn percent(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// Opens a table. `keep` holds the file if it is one of our own.
pub(super) fn table(
    path: &Path,
    name: &str,
    place: &str,
    content: Content,
    keep: impl Send + 'static,
) -> Result<Worker, ReadError> {
    let failed = |error: rusqlite::Error| ReadError::at(place, format!("cannot be read: {error}"));
    let connection = open(path).map_err(failed)?;
    let handle = connection.get_interrupt_handle();
    let interrupt: Box<dyn Fn() + Send> = Box::new(move || handle.interrupt());
    let (table, at) = (name.to_owned(), place.to_owned());
    Worker::start(name, place, Some(content), Some(interrupt), move |outlet| {
        let _keep = keep;
        read(&connection, &table, &at, outlet)
    })
}

fn read(connection: &Connection, table: &str, place: &str, outlet: &mut Outlet) -> Result<(), Ended> {
    let failed = |error: rusqlite::Error| ReadError::at(place, format!("cannot be read on: {error}"));
    let booleans = booleans(connection, table).map_err(failed)?;
    let quoted = table.replace('"', "\"\"");
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{quoted}\"")).map_err(failed)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let is_boolean: Vec<bool> = names.iter().map(|name| booleans.contains(name)).collect();
    let mut notes = Vec::new();
    let columns = super::header::columns(names.iter(), &mut notes);
    outlet.columns(columns, notes)?;
    let mut rows = statement.query(()).map_err(failed)?;
    let mut number = 0;
    while let Some(row) = rows.next().map_err(failed)? {
        number += 1;
        let place = Place { number, bytes: None };
        let mut bad = None;
        for (column, is_boolean) in is_boolean.iter().enumerate() {
            let value = row.get_ref(column).map_err(failed)?;
            bad = bad.or(push(value, *is_boolean, &mut outlet.rows).map(|(reason, what)| (reason, column, what)));
        }
        match bad {
            None => outlet.rows.end_row(place),
            Some((reason, column, what)) => {
                let text = outlet.rows.open_cells().collect::<Vec<_>>().join("\t");
                outlet.rows.drop_row();
                let message = format!("column {}: {what}", names[column]);
                outlet.rows.bad.push(BadRow::new(place, reason, message, &text));
            }
        }
        outlet.row_done()?;
    }
    Ok(())
}

/// The columns that are declared as booleans: there is no such type, they hold 0 and 1.
fn booleans(connection: &Connection, table: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE upper(type) LIKE 'BOOL%'")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Adds a cell, always; and says why the row is none.
fn push(value: ValueRef<'_>, is_boolean: bool, rows: &mut super::RowBatch) -> Option<(&'static str, String)> {
    match value {
        ValueRef::Null => rows.push_cell(None),
        ValueRef::Integer(value @ (0 | 1)) if is_boolean => {
            rows.write_cell(|text| push_bool(text, value == 1));
        }
        ValueRef::Integer(value) => {
            rows.write_cell(|text| {
                let _ = write!(text, "{value}");
            });
        }
        ValueRef::Real(value) => {
            rows.write_cell(|text| push_f64(text, value));
            rows.mark_number();
        }
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if is_large(value, bytes) => {
            rows.push_cell(Some(""));
            return Some(("cell-too-large", format!("a cell of more than {} MiB", CELL_BYTES >> 20)));
        }
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => {
                rows.push_cell(Some(text));
                return memchr::memchr(0, bytes).map(|_| ("nul-byte", "a zero byte".to_owned()));
            }
            Err(error) => {
                rows.push_cell(Some(&String::from_utf8_lossy(bytes)));
                return Some(("bad-encoding", format!("bytes that are no text: {error}")));
            }
        },
        ValueRef::Blob(bytes) => {
            rows.write_cell(|text| push_bytes(text, bytes));
        }
    }
    None
}

/// Bytes take twice their number as text.
fn is_large(value: ValueRef<'_>, bytes: &[u8]) -> bool {
    bytes.len() > if matches!(value, ValueRef::Blob(_)) { CELL_BYTES / 2 } else { CELL_BYTES }
}
