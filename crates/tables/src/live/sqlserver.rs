//! SQL Server: a snapshot where the database allows one, rows by a plain batch.

use super::address::{Address, Tls};
use super::reading::{KNOWN_BY_BYTES, Reading};
use super::secret::Secret;
use super::session::{Asked, Catalogue, TableName};
use super::tds::{self, Tunnel};
use super::tls;
use crate::read::canonical::{push_bool, push_date, push_decimal, push_f32, push_f64, push_time, push_timestamp};
use crate::read::worker::Ended;
use crate::read::{CELL_BYTES, ROW_BYTES};
use futures_core::Stream;
use std::fmt::Write;
use std::pin::pin;
use tiberius::error::Error;
use tiberius::time::{Date, DateTime2, Time};
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, QueryItem, Row};
use tokio::net::TcpStream;

/// Days from 0001-01-01 and from 1900-01-01 to 1970-01-01.
const EPOCH_FROM_ONE: i64 = 719_162;
const EPOCH_FROM_1900: i64 = 25_567;
const DAY_NANOS: i128 = 86_400 * 1_000_000_000;

/// What a lock that somebody holds may cost is a minute.
const SESSION: &str = "SET NOCOUNT ON; SET LOCK_TIMEOUT 60000; SET TEXTSIZE -1";
/// Of the database: whether it allows snapshots, the version of the server, the user's schema.
const DATABASE: &str =
    "SELECT CAST(snapshot_isolation_state AS int), CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)),
    COALESCE(SCHEMA_NAME(), N'dbo') FROM sys.databases WHERE database_id = DB_ID()";
const TABLES: &str = "SELECT s.name, o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
    WHERE o.type IN ('U', 'V') AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') = 1 ORDER BY 1, 2";

/// A session.
pub(super) struct Connection {
    client: Client<Tunnel<TcpStream>>,
    /// The server itself has ended what it was asked.
    has_ended: bool,
}

/// Connects, begins the transaction, and looks what there is.
pub(super) async fn open(address: &Address, secret: Option<&Secret>) -> Result<(Connection, Catalogue), String> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
    let stream = stream.map_err(|error| format!("cannot be connected to: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = match address.tls {
        Tls::Off => tds::plain(stream),
        Tls::On => {
            // Within TDS 7 servers speak no later version.
            let config = tls::config(address.ca.as_deref(), &[&rustls::version::TLS12])?;
            let tunnel = tds::encrypted(stream, &address.host, config).await;
            tunnel.map_err(|error| super::tls::unconnected(&error.to_string()))?
        }
    };
    let mut config = Config::new();
    config.host(&address.host);
    config.port(address.port);
    config.database(&address.database);
    config.application_name("medweave");
    config.readonly(true);
    config.encryption(EncryptionLevel::NotSupported);
    config.authentication(AuthMethod::sql_server(&address.user, secret.map_or("", Secret::reveal)));
    let mut client = Client::connect(config, stream).await.map_err(|error| refused(&error))?;
    rows(&mut client, SESSION).await?;
    let database = rows(&mut client, DATABASE).await?;
    let database = database.first();
    let allows_snapshot = database.and_then(|row| row.get::<i32, _>(0)) == Some(1);
    let level = if allows_snapshot { "SNAPSHOT" } else { "READ COMMITTED" };
    rows(&mut client, &format!("SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRANSACTION")).await?;
    let note = (!allows_snapshot).then(crate::said::delivery::no_snapshots);
    let text = |row: &Row, at: usize| row.get::<&str, _>(at).unwrap_or_default().to_owned();
    let tables = rows(&mut client, TABLES).await?;
    let tables = tables.iter().map(|row| TableName { schema: text(row, 0), name: text(row, 1) }).collect();
    let catalogue = Catalogue {
        tables,
        without_snapshot: Vec::new(),
        path: database.map(|row| text(row, 2)).into_iter().collect(),
        server: format!("SQL Server {}", database.map(|row| text(row, 1)).unwrap_or_default()),
        note,
        is_utf_8: false,
    };
    Ok((Connection { client, has_ended: false }, catalogue))
}

/// All rows of a short answer.
async fn rows(client: &mut Client<Tunnel<TcpStream>>, batch: &str) -> Result<Vec<Row>, String> {
    let answer = client.simple_query(batch).await.map_err(|error| said(&error))?;
    answer.into_first_result().await.map_err(|error| said(&error))
}

fn refused(error: &Error) -> String {
    let text = said(error);
    match error {
        Error::Server(error) if matches!(error.code(), 18456 | 4060) => {
            format!("the database refuses the user or the password: {text}")
        }
        Error::Routing { host, port } => format!("the server sends to {host}:{port}: name that in the address"),
        _ => super::tls::unconnected(&text),
    }
}

fn said(error: &Error) -> String {
    match error {
        Error::Server(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

/// Why rows do not come on.
fn cut(error: &Error) -> String {
    let text = said(error);
    match error {
        Error::Server(error) if error.code() == 1222 => {
            format!("somebody holds a lock on the table for more than a minute ({text}): pull when there is less to do")
        }
        Error::Server(error) if error.code() == 229 => format!("the database does not let this user read it: {text}"),
        Error::Server(_) => format!("the database says: {text}"),
        Error::Encoding(_) | Error::Utf8 | Error::Utf16 | Error::Conversion(_) => {
            format!("a value cannot be read: {text}")
        }
        _ => format!("the connection broke off ({text}): nothing was taken, pull again"),
    }
}

fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

impl Connection {
    /// Says good-bye.
    pub(super) async fn close(self) {
        let _ = self.client.close().await;
    }

    /// Says by a signal of the protocol that nobody waits for the answer any more.
    pub(super) async fn cancel(&mut self) {
        if self.has_ended {
            return;
        }
        // Where the driver cannot, the connection ends with the pull, and what the server computes with it.
        let _ = self.client.cancel_query().await;
    }

    /// Reads what is asked for, row by row.
    pub(super) async fn read(&mut self, asked: &Asked, reading: &mut Reading<'_>) -> Result<(), Ended> {
        let (query, told) = match asked {
            Asked::Table(table) => {
                let (query, names) = self.all_of(table, reading).await?;
                // Before the first row is computed, which may take long: so whoever waits can stop.
                reading.columns(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
                (query, Some(names))
            }
            Asked::Query(query) => (query.clone(), None),
        };
        let answer = match reading.wait(self.client.simple_query(query)).await? {
            Ok(answer) => answer,
            Err(error) => {
                self.has_ended = matches!(error, Error::Server(_));
                return Err(reading.failed(cut(&error)));
            }
        };
        let mut answer = pin!(answer);
        let mut shown = None;
        loop {
            let next = reading.wait(std::future::poll_fn(|context| answer.as_mut().poll_next(context))).await?;
            let Some(item) = next else {
                return if shown.is_some() { Ok(()) } else { Err(reading.failed("the query gives no table")) };
            };
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    self.has_ended = matches!(error, Error::Server(_));
                    return Err(reading.failed(cut(&error)));
                }
            };
            match item {
                QueryItem::Metadata(_) if shown.is_some() => {
                    return Err(reading.failed("the query gives several tables"));
                }
                QueryItem::Metadata(meta) => {
                    let names: Vec<&str> = meta.columns().iter().map(tiberius::Column::name).collect();
                    let count = names.len() - usize::from(told.is_some() && !names.is_empty());
                    let names = &names[..count];
                    if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
                        return Err(
                            reading.failed(format!("two columns are called {twice}: give one another name with AS"))
                        );
                    }
                    match &told {
                        None => reading.columns(names)?,
                        Some(told) if told == names => {}
                        Some(_) => return Err(reading.failed("its columns changed while it was asked: pull again")),
                    }
                    shown = Some(count);
                }
                QueryItem::Row(row) => {
                    for (at, (_, value)) in row.cells().enumerate() {
                        if Some(at) != shown {
                            push(reading, at, value);
                        } else if let ColumnData::String(Some(name)) = value {
                            reading.left_out(name);
                        }
                    }
                    reading.end_row().await?;
                }
            }
        }
    }

    /// A query of all columns of a table, and their names. Old and vendor's types are cast to ones that are read; a cell larger than a reader takes
    /// is left at the server, and so is most of a row that is too large as a whole; the last column names the first such cell, or is empty for such a row.
    async fn all_of(&mut self, table: &TableName, reading: &mut Reading<'_>) -> Result<(String, Vec<String>), Ended> {
        let from = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
        let asked = format!(
            "SELECT name, CAST(system_type_id AS int), CAST(max_length AS int) FROM sys.columns WHERE object_id = OBJECT_ID(N'{}') ORDER BY column_id",
            from.replace('\'', "''")
        );
        let columns = reading.wait(rows(&mut self.client, &asked)).await?;
        let columns = columns.map_err(|error| reading.failed(error))?;
        let columns: Vec<(String, i32, i32)> = columns
            .iter()
            .map(|row| {
                let number = |at| row.get::<i32, _>(at).unwrap_or_default();
                (row.get::<&str, _>(0).unwrap_or_default().to_owned(), number(1), number(2))
            })
            .collect();
        if columns.is_empty() {
            return Err(reading.failed("it has no column that this user may read"));
        }
        let query = select_of(&columns, &from);
        Ok((query, columns.into_iter().map(|(name, _, _)| name).collect()))
    }
}

/// The query that brings all rows, of columns with the numbers of their types and their lengths.
fn select_of(columns: &[(String, i32, i32)], from: &str) -> String {
    let (mut list, mut bytes, mut large) = (String::new(), String::new(), String::new());
    for (name, kind, length) in columns {
        let column = quoted(name);
        let cast = match kind {
            34 | 240 => Some("varbinary(max)"), // image, types of the CLR
            35 => Some("varchar(max)"),         // text
            99 | 241 => Some("nvarchar(max)"),  // ntext, xml
            98 => Some("nvarchar(4000)"),       // sql_variant
            60 => Some("decimal(19, 4)"),       // money
            122 => Some("decimal(10, 4)"),      // smallmoney
            _ => None,
        };
        let value = format!("given.{column}");
        let value = cast.map_or(value.clone(), |cast| format!("CAST({value} AS {cast})"));
        if *length == -1 || cast.is_some_and(|cast| cast.ends_with("(max)")) {
            let is_bytes = cast == Some("varbinary(max)") || *kind == 165;
            let size = format!("{} * DATALENGTH({value})", if is_bytes { 2 } else { 1 });
            let _ = write!(list, "CASE WHEN {size} <= measured.most THEN {value} END AS {column}, ");
            let _ = write!(bytes, " + COALESCE({size}, 0)");
            let _ = write!(large, "WHEN {size} > {CELL_BYTES} THEN N'{}' ", name.replace('\'', "''"));
        } else {
            let _ = write!(list, "{value} AS {column}, ");
        }
    }
    if large.is_empty() {
        return format!("SELECT {list}CAST(NULL AS nvarchar(1)) AS too_large FROM {from} AS given");
    }
    let most = format!("CASE WHEN CAST(0 AS bigint){bytes} > {ROW_BYTES} THEN {KNOWN_BY_BYTES} ELSE {CELL_BYTES} END");
    format!(
        "SELECT {list}CASE {large}WHEN measured.most < {CELL_BYTES} THEN N'' END AS too_large FROM {from} AS given CROSS APPLY (SELECT {most} AS most) AS measured"
    )
}

/// Adds a value.
fn push(reading: &mut Reading<'_>, at: usize, value: &ColumnData<'_>) {
    match value {
        ColumnData::U8(Some(number)) => whole(reading, number),
        ColumnData::I16(Some(number)) => whole(reading, number),
        ColumnData::I32(Some(number)) => whole(reading, number),
        ColumnData::I64(Some(number)) => whole(reading, number),
        ColumnData::F32(Some(number)) => reading.write(|text| push_f32(text, *number)),
        ColumnData::F64(Some(number)) => reading.write(|text| push_f64(text, *number)),
        ColumnData::Bit(Some(value)) => reading.write(|text| push_bool(text, *value)),
        ColumnData::String(Some(text)) => reading.text(at, text.as_bytes()),
        // As SQL Server writes it: in capitals.
        ColumnData::Guid(Some(guid)) => reading.write(|text| text.push_str(&guid.to_string().to_ascii_uppercase())),
        ColumnData::Binary(Some(bytes)) => reading.bytes(at, bytes),
        ColumnData::Numeric(Some(number)) => {
            let digits = number.value().to_string();
            reading.write(|text| push_decimal(text, &digits, i32::from(number.scale())));
        }
        ColumnData::Xml(Some(xml)) => reading.text(at, xml.to_string().as_bytes()),
        ColumnData::DateTime(Some(moment)) => {
            // Three hundredths of a second, as the server rounds them to milliseconds.
            let millis = (i128::from(moment.seconds_fragments()) * 10 + 1) / 3;
            let days = i128::from(moment.days()) - i128::from(EPOCH_FROM_1900);
            reading.write(|text| push_timestamp(text, days * DAY_NANOS + millis * 1_000_000));
        }
        ColumnData::SmallDateTime(Some(moment)) => {
            let minutes = i128::from(moment.seconds_fragments());
            let days = i128::from(moment.days()) - i128::from(EPOCH_FROM_1900);
            reading.write(|text| push_timestamp(text, days * DAY_NANOS + minutes * 60_000_000_000));
        }
        ColumnData::Time(Some(time)) => {
            let nanos = nanos_of(*time);
            reading.write(|text| push_time(text, nanos));
        }
        ColumnData::Date(Some(date)) => {
            let days = days_of(*date);
            reading.write(|text| push_date(text, days));
        }
        ColumnData::DateTime2(Some(moment)) => reading.write(|text| push_moment(text, *moment)),
        // It travels in UTC, whatever its offset.
        ColumnData::DateTimeOffset(Some(moment)) => reading.write(|text| {
            push_moment(text, moment.datetime2());
            text.push_str("+00:00");
        }),
        ColumnData::U8(None)
        | ColumnData::I16(None)
        | ColumnData::I32(None)
        | ColumnData::I64(None)
        | ColumnData::F32(None)
        | ColumnData::F64(None)
        | ColumnData::Bit(None)
        | ColumnData::String(None)
        | ColumnData::Guid(None)
        | ColumnData::Binary(None)
        | ColumnData::Numeric(None)
        | ColumnData::Xml(None)
        | ColumnData::DateTime(None)
        | ColumnData::SmallDateTime(None)
        | ColumnData::Time(None)
        | ColumnData::Date(None)
        | ColumnData::DateTime2(None)
        | ColumnData::DateTimeOffset(None) => reading.null(),
    }
}

fn whole(reading: &mut Reading<'_>, value: impl std::fmt::Display) {
    reading.write(|text| {
        let _ = write!(text, "{value}");
    });
}

fn days_of(date: Date) -> i64 {
    i64::from(date.days()) - EPOCH_FROM_ONE
}

/// Steps of a power of ten of a second.
fn nanos_of(time: Time) -> i64 {
    time.increments() as i64 * 10_i64.pow(9_u32.saturating_sub(u32::from(time.scale())))
}

fn push_moment(text: &mut String, moment: DateTime2) {
    push_timestamp(text, i128::from(days_of(moment.date())) * DAY_NANOS + i128::from(nanos_of(moment.time())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_may_be_called_as_what_is_measured() {
        let columns = [("most".to_owned(), 56, 4), ("note".to_owned(), 231, -1)];
        let query = select_of(&columns, "[dbo].[t]");
        assert!(
            query.starts_with("SELECT given.[most] AS [most], CASE WHEN 1 * DATALENGTH(given.[note]) <= measured.most")
        );
        assert!(query.contains(" FROM [dbo].[t] AS given CROSS APPLY (SELECT "), "{query}");
        assert!(query.ends_with(" AS most) AS measured"));
        let short = select_of(&columns[..1], "[dbo].[t]");
        assert_eq!(
            short,
            "SELECT given.[most] AS [most], CAST(NULL AS nvarchar(1)) AS too_large FROM [dbo].[t] AS given"
        );
    }
}
