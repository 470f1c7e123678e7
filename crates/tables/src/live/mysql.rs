//! MySQL and MariaDB: a consistent snapshot that is read-only; rows by the binary protocol.

use super::address::{Address, Tls};
use super::reading::{KNOWN_BY_BYTES, LOCK_TRIES, Reading};
use super::secret::Secret;
use super::session::{Asked, Catalogue, TableName};
use super::tls;
use crate::read::canonical::{push_bool, push_f64, push_time, push_timestamp_text};
use crate::read::worker::Ended;
use crate::read::{CELL_BYTES, ROW_BYTES};
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, DriverError, Error, Opts, OptsBuilder, SslOpts, Value};
use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

/// The "character set" of bytes that are no text.
const BINARY: u16 = 63;
/// What is said of a row that is more than a packet may be.
const TOO_LARGE: &str = "is larger than 128 MiB: read less of it with a query, or leave it out with one";
const _: () = assert!(2 * ROW_BYTES == 128 << 20);
/// The number of decimals of a column that declares none.
const FLOATING: u8 = 31;
/// As wide as a number is declared.
const MOST_DIGITS: usize = 255;
/// A connection that is cut is noticed after so long without an answer.
const ALIVE: Duration = Duration::from_mins(2);

/// Columns with longer cells are measured before a row is sent.
const LONG_BYTES: u64 = 2 * 65_535;
/// As many such columns as a row is measured by: each is named with each. A row of more is bounded as a packet.
const MEASURED: usize = 128;

/// Times in UTC; a server may wait a day for a reader that is slow on purpose; a lock that somebody holds is waited for a minute.
const SESSION: [&str; 6] = [
    "SET SESSION net_write_timeout = 86400",
    "SET SESSION wait_timeout = 86400",
    "SET SESSION lock_wait_timeout = LEAST(@@SESSION.lock_wait_timeout, 60)",
    "SET time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// MariaDB's other limits of a session that waits; MySQL does not know them.
const NO_HURRY: &str = "SET SESSION idle_transaction_timeout = 0, SESSION idle_readonly_transaction_timeout = 0";

const TABLES: &str = "SELECT table_schema, table_name, COALESCE(engine, '') FROM information_schema.tables
    WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2";

const COLUMNS: &str =
    "SELECT column_name, COALESCE(character_maximum_length, 0), data_type FROM information_schema.columns
    WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position";

/// ER_LOCK_WAIT_TIMEOUT
const LOCK_WAIT: u16 = 1205;

/// Engines that give a snapshot.
const SNAPSHOTS: [&str; 4] = ["InnoDB", "RocksDB", "TokuDB", "ndbcluster"];

/// A session.
pub(super) struct Connection {
    conn: Conn,
    options: Opts,
    /// How long a lock is waited for, and then a pause made.
    lock_pause: Duration,
}

/// Connects, begins the transaction, and looks what there is.
pub(super) async fn open(address: &Address, secret: Option<&Secret>) -> Result<(Connection, Catalogue), String> {
    let mut options = OptsBuilder::default()
        .ip_or_hostname(address.host.clone())
        .tcp_port(address.port)
        .user(Some(address.user.clone()))
        .pass(secret.map(|secret| secret.reveal().to_owned()))
        .db_name(Some(address.database.clone()))
        .prefer_socket(false)
        .tcp_keepalive(Some(ALIVE))
        .stmt_cache_size(0)
        .max_allowed_packet(Some(2 * ROW_BYTES));
    if let Some(socket) = &address.socket {
        options = options.socket(Some(socket.display().to_string()));
    }
    if address.tls == Tls::On {
        tls::make_default();
        let trusted = tls::trusted(address.ca.as_deref())?;
        let roots = trusted.into_iter().map(|one| one.to_vec().into()).collect();
        options = options.ssl_opts(SslOpts::default().with_root_certs(roots).with_disable_built_in_roots(true));
    }
    let options = Opts::from(options);
    let mut conn = Conn::new(options.clone()).await.map_err(|error| refused(&error))?;
    for statement in SESSION {
        conn.query_drop(statement).await.map_err(|error| said(&error))?;
    }
    let _ = conn.query_drop(NO_HURRY).await;
    let rows: Vec<(String, String, String)> = conn.query(TABLES).await.map_err(|error| said(&error))?;
    let server: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(|error| said(&error))?;
    let server = server.unwrap_or_default();
    let product = if server.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    let without_snapshot = rows
        .iter()
        .filter(|(_, _, engine)| {
            !engine.is_empty() && !SNAPSHOTS.iter().any(|known| known.eq_ignore_ascii_case(engine))
        })
        .map(|(schema, name, _)| TableName { schema: schema.clone(), name: name.clone() })
        .collect();
    let tables = rows.into_iter().map(|(schema, name, _)| TableName { schema, name }).collect();
    let catalogue = Catalogue {
        tables,
        without_snapshot,
        path: vec![address.database.clone()],
        server: format!("{product} {server}"),
        note: None,
        // Each column says its own.
        is_utf_8: false,
    };
    let lock_wait: Option<u64> =
        conn.query_first("SELECT @@SESSION.lock_wait_timeout").await.map_err(|error| said(&error))?;
    let lock_pause = Duration::from_secs(lock_wait.unwrap_or_default());
    Ok((Connection { conn, options, lock_pause }, catalogue))
}

/// Why there is no connection.
fn refused(error: &Error) -> String {
    let text = said(error);
    match error {
        Error::Server(error) if error.code == 1049 => format!("there is no such database: {text}"),
        Error::Server(error) if matches!(error.code, 1045 | 1044 | 1698) => {
            format!("the database refuses the user or the password: {text}")
        }
        _ => tls::unconnected(&text),
    }
}

fn said(error: &Error) -> String {
    match error {
        Error::Server(error) => error.message.clone(),
        error => error.to_string(),
    }
}

/// Why rows do not come on.
fn cut(error: &Error) -> String {
    let text = said(error);
    match error {
        // ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT and ER_QUERY_INTERRUPTED.
        Error::Server(error) if matches!(error.code, 1969 | 3024 | 1317) => {
            format!(
                "the database ended the query ({text}): raise its time limit for this user, or read less with a query"
            )
        }
        Error::Server(error) if matches!(error.code, 1142 | 1143) => {
            format!("the database does not let this user read it: {text}")
        }
        Error::Server(error) if error.code == LOCK_WAIT => format!("{} ({text})", super::reading::LOCKED),
        // ER_TABLE_DEF_CHANGED
        Error::Server(error) if error.code == 1412 => {
            format!(
                "somebody changed how the table is made since the pull began ({text}): nothing was taken, pull again"
            )
        }
        Error::Server(_) => format!("the database says: {text}"),
        Error::Driver(DriverError::PacketTooLarge) => TOO_LARGE.to_owned(),
        // The reader of packets has an error of its own, which comes as one of input and output.
        Error::Io(_) if text.contains("larger than max_allowed_packet") => TOO_LARGE.to_owned(),
        _ => format!("the connection broke off ({text}): nothing was taken, pull again"),
    }
}

/// Makes a pause after somebody's lock was waited for in vain, if it may be waited for once more; the snapshot stays. It counts for all of a table.
async fn again_after(error: &Error, pause: Duration, tries: &mut u32, reading: &mut Reading<'_>) -> Result<(), Ended> {
    if !matches!(error, Error::Server(error) if error.code == LOCK_WAIT) || *tries >= LOCK_TRIES {
        return Err(reading.failed(cut(error)));
    }
    *tries += 1;
    reading.wait(tokio::time::sleep(pause)).await
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Connection {
    /// Says good-bye.
    pub(super) async fn close(self) {
        let _ = self.conn.disconnect().await;
    }

    /// Says that nobody waits for the answer any more, by way of a connection for that: else the database goes on computing it.
    pub(super) async fn cancel(&self) {
        // One that does not hear it ends when it sends.
        let Ok(mut other) = Conn::new(self.options.clone()).await else { return };
        let _ = other.query_drop(format!("KILL QUERY {}", self.conn.id())).await;
        let _ = other.disconnect().await;
    }

    /// Reads what is asked for, row by row; `raw` text is not turned into UTF-8 by the server.
    pub(super) async fn read(&mut self, asked: &Asked, reading: &mut Reading<'_>, raw: bool) -> Result<(), Ended> {
        let results = if raw { "SET character_set_results = NULL" } else { "SET character_set_results = utf8mb4" };
        let set = reading.wait(self.conn.query_drop(results)).await?;
        set.map_err(|error| reading.failed(cut(&error)))?;
        let (query, is_marked) = match asked {
            Asked::Table(table) => (self.all_of(table, reading).await?, true),
            Asked::Query(query) => (query.clone(), false),
        };
        // It tells its columns before the first row is computed, which may take long: so whoever waits can stop.
        let mut tries = 1;
        let statement = loop {
            match reading.wait(self.conn.prep(query.as_str())).await? {
                Ok(statement) => break statement,
                Err(error) => again_after(&error, self.lock_pause, &mut tries, reading).await?,
            }
        };
        let columns = statement.columns();
        let shown = columns.len() - usize::from(is_marked && !columns.is_empty());
        let names: Vec<Cow<'_, str>> = columns[..shown].iter().map(Column::name_str).collect();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(reading.failed(format!("two columns are called {twice}: give one another name with AS")));
        }
        reading.columns(&names)?;
        let mut result = loop {
            let error = match reading.wait(self.conn.exec_iter(&statement, ())).await? {
                Ok(result) => break result,
                Err(error) => error,
            };
            again_after(&error, self.lock_pause, &mut tries, reading).await?;
        };
        // Those of the answer say how it is spelled.
        let columns = result.columns().unwrap_or_default();
        if columns.len() != names.len() + usize::from(is_marked) {
            return Err(reading.failed("its columns changed while it was asked: pull again"));
        }
        let texts: Vec<TextOf> = columns.iter().map(|column| TextOf::column(column, raw)).collect();
        if let Some(at) = texts[..shown].iter().position(|text| *text == TextOf::Other) {
            return Err(reading.failed(format!(
                "column {} says another character set than latin1 and UTF-8, and [live] in mapping.toml an encoding: read it with a query that says CONVERT(… USING utf8mb4)",
                names[at]
            )));
        }
        loop {
            let row = reading.wait(result.next()).await?.map_err(|error| match &*cut(&error) {
                TOO_LARGE => reading.failed(format!("{} {TOO_LARGE}", reading.next_row())),
                said => reading.failed(said),
            })?;
            let Some(row) = row else { return Ok(()) };
            for (at, column) in columns.iter().enumerate() {
                match row.as_ref(at) {
                    Some(Value::Bytes(name)) if at == shown => reading.left_out(&String::from_utf8_lossy(name)),
                    _ if at == shown => {}
                    None | Some(Value::NULL) => reading.null(),
                    Some(value) => push(reading, at, column, texts[at], value),
                }
            }
            reading.end_row().await?;
        }
    }

    /// A query of all columns of a table.
    async fn all_of(&mut self, table: &TableName, reading: &mut Reading<'_>) -> Result<String, Ended> {
        let asked = self.conn.exec(COLUMNS, (table.schema.as_str(), table.name.as_str()));
        let columns = reading.wait(asked).await?;
        let columns: Vec<(Vec<u8>, u64, Vec<u8>)> = columns.map_err(|error| reading.failed(cut(&error)))?;
        if columns.is_empty() {
            return Err(reading.failed("it has no column that this user may read"));
        }
        let columns: Vec<Asking> =
            columns.iter().map(|(name, length, kind)| Asking::new(name, *length, kind)).collect();
        let from = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
        Ok(select_of(&columns, &from))
    }
}

/// A column that is asked for.
#[derive(Clone)]
struct Asking {
    name: String,
    /// How many bytes of text a cell may be, bytes as two digits each.
    most: u64,
    /// How many bytes of text a byte becomes.
    times: u64,
}

impl Asking {
    fn new(name: &[u8], length: u64, kind: &[u8]) -> Asking {
        let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
        let times = if kind.contains("blob") || kind.contains("binary") { 2 } else { 1 };
        let most = if kind == "json" { u64::MAX } else { length.saturating_mul(times) };
        Asking { name: String::from_utf8_lossy(name).into_owned(), most, times }
    }
}

/// The query that brings all rows. A cell larger than a reader takes is left at the server, and so is most of a row that is too large
/// as a whole; the last column names the first such cell, or is empty for such a row.
fn select_of(columns: &[Asking], from: &str) -> String {
    let cell = CELL_BYTES as u64;
    let long: Vec<&Asking> = columns.iter().filter(|column| column.most > LONG_BYTES).collect();
    let size = |column: &Asking| format!("{} * OCTET_LENGTH({})", column.times, quoted(&column.name));
    let row: Vec<String> = long.iter().map(|column| format!("COALESCE({}, 0)", size(column))).collect();
    let most = columns.iter().fold(0_u64, |most, column| most.saturating_add(column.most.min(cell)));
    let row = (most > ROW_BYTES as u64 && long.len() <= MEASURED).then(|| row.join(" + "));
    let (mut list, mut large) = (String::new(), String::new());
    for column in columns {
        let value = quoted(&column.name);
        if column.most <= LONG_BYTES || column.most <= cell && row.is_none() {
            let _ = write!(list, "{value}, ");
            continue;
        }
        let size = size(column);
        // The row is measured for a cell only that is not short.
        let fits = match &row {
            Some(row) => format!("{size} <= {KNOWN_BY_BYTES} OR {size} <= {cell} AND {row} <= {ROW_BYTES}"),
            None => format!("{size} <= {cell}"),
        };
        let _ = write!(list, "IF({fits}, {value}, NULL) AS {value}, ");
        if column.most > cell {
            let literal = column.name.replace('\\', "\\\\").replace('\'', "''");
            let _ = write!(large, "IF({size} > {cell}, '{literal}', NULL), ");
        }
    }
    if let Some(row) = row {
        let _ = write!(large, "IF({row} > {ROW_BYTES}, '', NULL), ");
    }
    format!("SELECT {list}COALESCE({large}NULL) FROM {from}")
}

/// What bytes of a text column are when the server does not turn them into UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextOf {
    /// The column says UTF-8, which the server has checked; or it is no text, whose digits are the same in all.
    Utf8,
    /// The column says what every byte fits: they may be anything, and it is declared what.
    Declared,
    /// The column says something else.
    Other,
}

impl TextOf {
    fn column(column: &Column, raw: bool) -> TextOf {
        if !raw {
            return TextOf::Utf8;
        }
        // MariaDB numbers the collations that do not pad 1024 higher, and its newest from 2048 on, the first two times 256 of UTF-8.
        match column.character_set() {
            set @ 0..2048 => match set % 1024 {
                BINARY | 33 | 45 | 46 | 76 | 83 | 192..=215 | 223..=247 | 255..=323 => TextOf::Utf8,
                // latin1 and ascii.
                5 | 8 | 11 | 15 | 31 | 47 | 48 | 49 | 65 | 94 => TextOf::Declared,
                _ => TextOf::Other,
            },
            2048..2560 => TextOf::Utf8,
            _ => TextOf::Other,
        }
    }
}

/// Adds a value as its column's type says.
fn push(reading: &mut Reading<'_>, at: usize, column: &Column, text: TextOf, value: &Value) {
    let kind = column.column_type();
    match value {
        Value::NULL => reading.null(),
        // There is no boolean: one is declared as the shortest number of one digit.
        Value::Int(number @ (0 | 1)) if kind == ColumnType::MYSQL_TYPE_TINY && column.column_length() == 1 => {
            let value = *number == 1;
            reading.write(|text| push_bool(text, value));
        }
        Value::Int(number) => whole_of(reading, column, number),
        Value::UInt(number) => whole_of(reading, column, number),
        Value::Float(number) => {
            let written = match column.decimals() {
                // What MySQL itself writes of such a number, to whoever asks and in its dumps: six digits, or those declared.
                FLOATING.. => format!("{number:.5e}"),
                digits => format!("{number:.0$}", usize::from(digits)),
            };
            let shown = written.parse().unwrap_or_else(|_| f64::from(*number));
            reading.write(|text| push_f64(text, shown));
        }
        Value::Double(number) => {
            let shown = match column.decimals() {
                FLOATING.. => *number,
                digits => format!("{number:.0$}", usize::from(digits)).parse().unwrap_or(*number),
            };
            reading.write(|text| push_f64(text, shown));
        }
        Value::Date(year, month, day, hour, minute, second, micros) => reading.write(|text| {
            let _ = write!(text, "{year:04}-{month:02}-{day:02}");
            if !matches!(kind, ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE) {
                text.push(' ');
                time(text, u64::from(*hour), *minute, *second, *micros);
                // What is stored as a moment comes in UTC; one of zeros is none.
                let is_moment = matches!(kind, ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2);
                if is_moment && (*year, *month, *day) != (0, 0, 0) {
                    text.push_str("+00:00");
                }
            }
        }),
        Value::Time(is_negative, days, hours, minutes, seconds, micros) => reading.write(|text| {
            if *is_negative {
                text.push('-');
            }
            time(text, u64::from(*days) * 24 + u64::from(*hours), *minutes, *seconds, *micros);
        }),
        Value::Bytes(bytes) => match kind {
            ColumnType::MYSQL_TYPE_BIT if column.column_length() == 1 => {
                let value = bytes.iter().any(|byte| *byte != 0);
                reading.write(|text| push_bool(text, value));
            }
            ColumnType::MYSQL_TYPE_BIT => {
                let number = bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
                whole(reading, number);
            }
            ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_TIME => {
                let written = String::from_utf8_lossy(bytes);
                reading.write(|text| push_timestamp_text(text, &written));
            }
            ColumnType::MYSQL_TYPE_GEOMETRY => reading.bytes(at, bytes),
            kind if is_binary(kind, column) => reading.bytes(at, bytes),
            _ if text == TextOf::Declared => reading.declared_text(at, bytes),
            _ => reading.text(at, bytes),
        },
    }
}

/// Bytes that are no text: of a binary type, and not a number or JSON, which have no character set either.
fn is_binary(kind: ColumnType, column: &Column) -> bool {
    let may_be = matches!(
        kind,
        ColumnType::MYSQL_TYPE_TINY_BLOB
            | ColumnType::MYSQL_TYPE_BLOB
            | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
            | ColumnType::MYSQL_TYPE_LONG_BLOB
            | ColumnType::MYSQL_TYPE_STRING
            | ColumnType::MYSQL_TYPE_VAR_STRING
            | ColumnType::MYSQL_TYPE_VARCHAR
    );
    may_be && column.character_set() == BINARY && column.flags().contains(ColumnFlags::BINARY_FLAG)
}

/// A whole number, with the zeros before it that its column declares: years have some too.
fn whole_of(reading: &mut Reading<'_>, column: &Column, value: impl std::fmt::Display) {
    let has_zeros = column.flags().contains(ColumnFlags::ZEROFILL_FLAG);
    let is_year = column.column_type() == ColumnType::MYSQL_TYPE_YEAR;
    let width = if has_zeros || is_year { column.column_length() as usize } else { 0 };
    reading.write(|text| {
        let _ = write!(text, "{value:0>0$}", width.min(MOST_DIGITS));
    });
}

fn whole(reading: &mut Reading<'_>, value: impl std::fmt::Display) {
    reading.write(|text| {
        let _ = write!(text, "{value}");
    });
}

/// A time of day, or a span of more hours than a day has.
fn time(text: &mut String, hours: u64, minutes: u8, seconds: u8, micros: u32) {
    let nanos =
        ((hours * 60 + u64::from(minutes)) * 60 + u64::from(seconds)) * 1_000_000_000 + u64::from(micros) * 1_000;
    push_time(text, nanos as i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_measured_where_it_may_be_too_large() {
        let id = Asking::new(b"id", 0, b"int");
        let text = |name: &str| Asking::new(name.as_bytes(), 4_294_967_295, b"longtext");
        assert_eq!(
            select_of(&[id.clone(), text("a")], "t"),
            "SELECT `id`, IF(1 * OCTET_LENGTH(`a`) <= 16777216, `a`, NULL) AS `a`, \
             COALESCE(IF(1 * OCTET_LENGTH(`a`) > 16777216, 'a', NULL), NULL) FROM t"
        );
        let many: Vec<Asking> = "abcde".chars().map(|name| text(&name.to_string())).collect();
        assert!(
            select_of(&many, "t")
                .contains("IF(1 * OCTET_LENGTH(`a`) <= 4096 OR 1 * OCTET_LENGTH(`a`) <= 16777216 AND ")
        );
        // What is short is not measured, however many there are.
        assert_eq!(
            select_of(&[id, Asking::new(b"b", 65_535, b"blob")], "t"),
            "SELECT `id`, `b`, COALESCE(NULL) FROM t"
        );
    }
}
