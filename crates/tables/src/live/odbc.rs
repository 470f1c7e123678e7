//! Other databases, by the driver manager of this machine and the vendor's driver.
//!
//! What a snapshot is depends on the driver: rows are read in one transaction that is never committed. Values come as the driver
//! spells them; times and booleans are spelled as in files where the driver says that a column holds them.

use super::address::Address;
use super::reading::Reading;
use super::secret::Secret;
use super::session::{Asked, Catalogue, TableName};
use crate::read::CELL_BYTES;
use crate::read::canonical::{push_bool, push_f64, push_timestamp_text};
use crate::read::worker::Ended;
use odbc_api::parameter::VarCharArray;
use odbc_api::{
    ConnectionOptions, Cursor, CursorRow, DataType, Error, ResultSetMetadata, environment, escape_attribute_value,
};
use std::fmt::Write;

/// Bytes of a value that are asked for at a time.
const PART_BYTES: usize = 8 << 10;

/// A session.
pub(super) struct Connection {
    connection: odbc_api::Connection<'static>,
    quote: String,
}

/// Connects, begins the transaction, and looks what there is.
pub(super) fn open(address: &Address, secret: Option<&Secret>) -> Result<(Connection, Catalogue), String> {
    let mut text = format!("DSN={};", escape_attribute_value(&address.host));
    for (key, value) in
        [("UID", address.user.as_str()), ("PWD", secret.map_or("", Secret::reveal)), ("DATABASE", &address.database)]
    {
        if !value.is_empty() {
            let _ = write!(text, "{key}={};", escape_attribute_value(value));
        }
    }
    let options = ConnectionOptions { login_timeout_sec: Some(20), ..ConnectionOptions::default() };
    let manager = environment().map_err(|error| said(&error))?;
    let connection = manager.connect_with_connection_string(&text, options);
    let connection = connection.map_err(|error| format!("cannot be connected to: {}", said(&error)))?;
    connection.set_autocommit(false).map_err(|error| said(&error))?;
    let mut tables = Vec::new();
    for row in connection.tables("", "", "", "").map_err(|error| said(&error))? {
        let row = row.map_err(|error| said(&error))?;
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let kind = text(row.table_type.as_bytes());
        if ["TABLE", "VIEW"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            tables.push(TableName { schema: text(row.schema.as_bytes()), name: text(row.table.as_bytes()) });
        }
    }
    let server = connection.database_management_system_name().unwrap_or_default();
    let quote = connection.identifier_quote_char().ok().flatten().map(String::from).unwrap_or_default();
    let note = crate::said::delivery::odbc_moment();
    let catalogue =
        Catalogue { tables, without_snapshot: Vec::new(), path: Vec::new(), server, note: Some(note), is_utf_8: false };
    Ok((Connection { connection, quote }, catalogue))
}

/// What an error says.
fn said(error: &Error) -> String {
    error.to_string()
}

impl Connection {
    /// Says good-bye.
    pub(super) fn close(self) {
        let _ = self.connection.rollback();
    }

    fn quoted(&self, name: &str) -> String {
        let quote = &self.quote;
        if quote.trim().is_empty() {
            return name.to_owned();
        }
        format!("{quote}{}{quote}", name.replace(quote.as_str(), &quote.repeat(2)))
    }

    /// Reads what is asked for, row by row.
    pub(super) async fn read(&mut self, asked: &Asked, reading: &mut Reading<'_>) -> Result<(), Ended> {
        let query = match asked {
            Asked::Table(table) if table.schema.is_empty() => format!("SELECT * FROM {}", self.quoted(&table.name)),
            Asked::Table(table) => format!("SELECT * FROM {}.{}", self.quoted(&table.schema), self.quoted(&table.name)),
            Asked::Query(query) => query.clone(),
        };
        let failed =
            |reading: &Reading<'_>, error: Error| reading.failed(format!("the database says: {}", said(&error)));
        let cursor = self.connection.execute(&query, (), None).map_err(|error| failed(reading, error))?;
        let mut cursor = cursor.ok_or_else(|| reading.failed("the query gives no table"))?;
        let count = cursor.num_result_cols().map_err(|error| failed(reading, error))? as u16;
        let (mut names, mut kinds) = (Vec::new(), Vec::new());
        for column in 1..=count {
            names.push(cursor.col_name(column).map_err(|error| failed(reading, error))?);
            kinds.push(cursor.col_data_type(column).map_err(|error| failed(reading, error))?);
        }
        reading.columns(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut value = Vec::new();
        loop {
            let row = cursor.next_row().map_err(|error| failed(reading, error))?;
            let Some(mut row) = row else { return Ok(()) };
            for (at, kind) in kinds.iter().enumerate() {
                // What is left of a row that is too large stays where it is.
                if reading.is_enough() {
                    reading.write(|_| ());
                    continue;
                }
                match value_of(&mut row, at as u16 + 1, &mut value).map_err(|error| failed(reading, error))? {
                    Found::Null => reading.null(),
                    Found::TooLarge => {
                        reading.large(&names[at]);
                        reading.write(|_| ());
                    }
                    Found::Value => push(reading, at, *kind, &value),
                }
            }
            reading.end_row().await?;
        }
    }
}

enum Found {
    Null,
    TooLarge,
    Value,
}

/// Reads a value in parts, as far as a cell may go.
fn value_of(row: &mut CursorRow<'_>, column: u16, value: &mut Vec<u8>) -> Result<Found, Error> {
    value.clear();
    loop {
        let mut part = VarCharArray::<PART_BYTES>::NULL;
        row.get_data(column, &mut part)?;
        let Some(bytes) = part.as_bytes() else { return Ok(if value.is_empty() { Found::Null } else { Found::Value }) };
        value.extend_from_slice(bytes);
        if value.len() > CELL_BYTES {
            return Ok(Found::TooLarge);
        }
        if part.is_complete() {
            return Ok(Found::Value);
        }
    }
}

fn push(reading: &mut Reading<'_>, at: usize, kind: DataType, value: &[u8]) {
    match (kind, value) {
        (DataType::Bit, b"0" | b"1") => reading.write(|text| push_bool(text, value == b"1")),
        (DataType::Binary { .. } | DataType::Varbinary { .. } | DataType::LongVarbinary { .. }, digits) => {
            let digits = String::from_utf8_lossy(digits);
            reading.write(|text| {
                text.push_str("\\x");
                text.extend(digits.chars().map(|digit| digit.to_ascii_lowercase()));
            });
        }
        (DataType::Float { .. } | DataType::Real | DataType::Double, _) => {
            let written = String::from_utf8_lossy(value);
            reading.write(|text| match written.parse() {
                Ok(number) => push_f64(text, number),
                Err(_) => text.push_str(&written),
            });
        }
        (DataType::Timestamp { .. } | DataType::Time { .. }, _) => {
            let written = String::from_utf8_lossy(value);
            reading.write(|text| push_timestamp_text(text, &written));
        }
        _ => reading.declared_text(at, value),
    }
}
