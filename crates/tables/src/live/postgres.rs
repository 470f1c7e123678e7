//! PostgreSQL: a repeatable-read, read-only transaction; rows by binary `COPY`.

use super::address::{Address, Tls};
use super::reading::{KNOWN_BY_BYTES, LOCK_TRIES, Reading};
use super::secret::Secret;
use super::session::{Asked, Catalogue, TableName};
use super::tls;
use crate::read::canonical::{
    push_bool, push_date, push_decimal, push_f32, push_f64, push_time, push_timestamp, push_timestamp_text,
};
use crate::read::worker::Ended;
use crate::read::{CELL_BYTES, ROW_BYTES};
use futures_core::Stream;
use std::fmt::Write;
use std::pin::pin;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::binary_copy::BinaryCopyOutStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i64 = 10_957;
const DAY_NANOS: i128 = 86_400 * 1_000_000_000;
/// A connection that is cut is noticed after so long without an answer.
const ALIVE: Duration = Duration::from_mins(2);

/// Between two tables the session is idle, as long as comparing takes; a lock that somebody holds is waited for a minute, if whoever
/// administers the database has not said a shorter time. Old servers have not all of these limits.
const LIMITS: &str = "SELECT pg_catalog.set_config(name, CASE name WHEN 'lock_timeout' THEN '60s' ELSE '0' END, false)
    FROM pg_catalog.pg_settings WHERE name = 'idle_in_transaction_session_timeout'
        OR name = 'lock_timeout' AND setting::bigint NOT BETWEEN 1 AND 60000";
/// How often the server looks whether anybody waits for its answer still, where it can.
const LOOK: &str = "SELECT pg_catalog.set_config(name, '10s', false) FROM pg_catalog.pg_settings
    WHERE name = 'client_connection_check_interval'";
const LOCK_WAIT: &str = "SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'";
/// Where a statement that waited for a lock in vain goes back to: the snapshot stays.
const MARK: &str = "SAVEPOINT before_a_lock";
const BACK: &str = "ROLLBACK TO SAVEPOINT before_a_lock";

/// Numbers come with all their digits, times in UTC, rows in the order in which they lie.
const SESSION: &str =
    "SET TIME ZONE 'UTC'; SET DateStyle TO ISO, YMD; SET IntervalStyle TO postgres; SET bytea_output TO hex;
    SET extra_float_digits TO 1; SET synchronize_seqscans TO off; SET default_transaction_read_only TO on;
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

const TABLES: &str =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))
    ORDER BY 1, 2";

/// A session.
pub(super) struct Connection {
    client: Client,
    /// What carries its messages; ends when the client is gone and the good-bye is sent.
    carrier: JoinHandle<()>,
    /// A database that does not say how its text is encoded: the server would refuse what is no UTF-8, all of the pull with it.
    says_no_encoding: bool,
    /// How long a lock is waited for, and then a pause made.
    lock_wait: Duration,
    /// How it is encrypted, for whoever says that an answer is wanted no more.
    tls: Option<MakeRustlsConnect>,
}

/// Connects, begins the transaction, and looks what there is.
pub(super) async fn open(address: &Address, secret: Option<&Secret>) -> Result<(Connection, Catalogue), String> {
    let mut config = Config::new();
    config.user(&address.user).dbname(&address.database).port(address.port).application_name("medweave");
    config.keepalives(true).keepalives_idle(ALIVE).tcp_user_timeout(ALIVE);
    match &address.socket {
        Some(folder) => config.host_path(folder),
        None => config.host(&address.host),
    };
    if let Some(secret) = secret {
        config.password(secret.reveal());
    }
    // Why a connection ended is told to whoever waits for rows.
    let (client, carrier, tls) = match address.tls {
        Tls::Off => {
            let (client, connection) =
                config.ssl_mode(SslMode::Disable).connect(NoTls).await.map_err(|e| refused(&e))?;
            (client, tokio::spawn(async { drop(connection.await) }), None)
        }
        Tls::On => {
            let tls = MakeRustlsConnect::new(tls::config(address.ca.as_deref(), rustls::ALL_VERSIONS)?);
            let (client, connection) =
                config.ssl_mode(SslMode::Require).connect(tls.clone()).await.map_err(|e| refused(&e))?;
            (client, tokio::spawn(async { drop(connection.await) }), Some(tls))
        }
    };
    client.batch_execute(LIMITS).await.map_err(|error| said(&error))?;
    // Some systems cannot.
    let _ = client.batch_execute(LOOK).await;
    client.batch_execute(SESSION).await.map_err(|error| said(&error))?;
    let failed = |error: Error| said(&error);
    let rows = client.query(TABLES, &[]).await.map_err(failed)?;
    let tables = rows.iter().map(|row| TableName { schema: row.get(0), name: row.get(1) }).collect();
    let path = client.query_one("SELECT pg_catalog.current_schemas(false)::text[]", &[]).await.map_err(failed)?;
    let server = client.query_one("SHOW server_version", &[]).await.map_err(failed)?;
    let encoding = client.query_one("SHOW server_encoding", &[]).await.map_err(failed)?;
    let encoding: &str = encoding.get(0);
    let lock_wait = client.query_one(LOCK_WAIT, &[]).await.map_err(failed)?.get::<_, i64>(0);
    let lock_wait = Duration::from_millis(lock_wait.unsigned_abs());
    let says_no_encoding = encoding == "SQL_ASCII";
    let is_utf_8 = encoding == "UTF8";
    let server = format!("PostgreSQL {}", server.get::<_, &str>(0));
    let catalogue = Catalogue { tables, without_snapshot: Vec::new(), path: path.get(0), server, note: None, is_utf_8 };
    Ok((Connection { client, carrier, says_no_encoding, lock_wait, tls }, catalogue))
}

/// Why there is no connection.
fn refused(error: &Error) -> String {
    let text = said(error);
    match error.code().map(SqlState::code) {
        // invalid_password, invalid_authorization_specification
        Some("28P01" | "28000") => format!("the database refuses the user or the password: {text}"),
        None if text.contains("password missing") => {
            "the database asks for a password, and none is kept: give it with --password-file or --password-stdin when the \
             source is added or changed, or with `medweave source password`"
                .into()
        }
        None if text.contains("server does not support TLS") => {
            "the database offers no encryption: let it, or say tls=off in the address if the network between is yours alone".into()
        }
        _ => tls::unconnected(&text),
    }
}

/// What an error says, and what it comes from.
fn said(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        let more = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{}{more}", error.message());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            let _ = write!(text, ": {more}");
        }
        source = error.source();
    }
    text
}

/// Why rows do not come on.
fn cut(error: &Error) -> String {
    let text = said(error);
    match error.code().map(SqlState::code) {
        Some("57014") => format!(
            "the database ended the query ({text}): raise its statement_timeout for this user, or read less with a query"
        ),
        // lock_not_available
        Some("55P03") => format!("{} ({text})", super::reading::LOCKED),
        Some("42501") => format!("the database does not let this user read it: {text}"),
        Some(_) => format!("the database says: {text}"),
        None => format!("the connection broke off ({text}): nothing was taken, pull again"),
    }
}

/// A name in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What becomes of a value in the select list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    /// As it is: its bytes are read.
    No,
    Numeric,
    /// The database's text of it.
    Text,
    /// The same of a type of which a cast to text says more than its text does, by the function that makes it.
    TextBy(&'static str),
}

impl Cast {
    fn of(kind: &Type) -> Cast {
        match *kind {
            Type::BOOL | Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::FLOAT4 | Type::FLOAT8 => Cast::No,
            Type::NUMERIC | Type::DATE | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::BYTEA => Cast::No,
            Type::UUID | Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Cast::No,
            Type::MONEY => Cast::Numeric,
            Type::INET => Cast::TextBy("inet_out"),
            Type::XML => Cast::TextBy("xml_out"),
            _ => Cast::Text,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Cast::Text | Cast::TextBy(_))
    }

    /// The expression for a column.
    fn applied(self, name: &str) -> String {
        match self {
            Cast::No => name.to_owned(),
            Cast::Numeric => format!("{name}::numeric"),
            Cast::Text => format!("{name}::text"),
            Cast::TextBy(function) => format!("pg_catalog.textin(pg_catalog.{function}({name}))"),
        }
    }
}

/// The type that comes; a time of day with a zone is a text that is spelled as times are.
fn comes_as(kind: &Type) -> Type {
    match Cast::of(kind) {
        Cast::No => kind.clone(),
        Cast::Numeric => Type::NUMERIC,
        Cast::Text if *kind == Type::TIMETZ => Type::TIMETZ,
        Cast::Text | Cast::TextBy(_) => Type::TEXT,
    }
}

/// A column that is asked for.
#[derive(Clone, Copy)]
struct Asking<'a> {
    name: &'a str,
    kind: &'a Type,
    /// Its cells are short by their type.
    is_short: bool,
}

/// Whether all values of a type are short, also in UTF-8.
fn is_short(kind: &Type, modifier: i32) -> bool {
    match *kind {
        Type::VARCHAR | Type::BPCHAR => (0..=4_096).contains(&modifier),
        Type::TEXT | Type::BYTEA => false,
        _ => !Cast::of(kind).is_text(),
    }
}

/// The statement that brings all rows. A cell larger than a reader takes is left at the server, and so is most of a row that is too
/// large as a whole; the last column names the first such cell, or is empty for such a row.
///
/// Values are cast, and measured, once each: `OFFSET 0` keeps a subquery as it is, where its expressions would else be put wherever they are named.
fn copy_of(columns: &[Asking<'_>], from: &str) -> String {
    let (mut cast, mut bytes, mut list, mut large) = (String::new(), String::new(), String::new(), String::new());
    let long = columns.iter().filter(|column| !column.is_short).count();
    let may_be_too_large = long * CELL_BYTES >= ROW_BYTES;
    let most = if may_be_too_large { "most".to_owned() } else { CELL_BYTES.to_string() };
    for (at, column) in columns.iter().enumerate() {
        let name = quoted(column.name);
        let value = Cast::of(column.kind).applied(&name);
        let _ = write!(cast, "{}{value} AS c{at}", if at == 0 { "" } else { ", " });
        if column.is_short {
            let _ = write!(list, "c{at}, ");
            continue;
        }
        // Bytes become two digits each.
        let times = if *column.kind == Type::BYTEA { 2 } else { 1 };
        let _ = write!(bytes, " + COALESCE({times}::bigint * octet_length(c{at}), 0)");
        let _ = write!(list, "CASE WHEN {times}::bigint * octet_length(c{at}) <= {most} THEN c{at} END, ");
        let literal = column.name.replace('\'', "''");
        let _ = write!(
            large,
            "CASE WHEN {times}::bigint * octet_length(c{at}) > {CELL_BYTES} THEN '{literal}'::text END, "
        );
    }
    let mut from = format!("(SELECT {cast} FROM {from} OFFSET 0) AS cast_to");
    if may_be_too_large {
        let measured = format!("CASE WHEN 0::bigint{bytes} > {ROW_BYTES} THEN {KNOWN_BY_BYTES} ELSE {CELL_BYTES} END");
        from = format!("(SELECT *, {measured} AS most FROM {from} OFFSET 0) AS measured");
        let _ = write!(large, "CASE WHEN most < {CELL_BYTES} THEN ''::text END, ");
    }
    format!("COPY (SELECT {list}COALESCE({large}NULL::text) FROM {from}) TO STDOUT (FORMAT binary)")
}

impl Connection {
    /// Says good-bye.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = self.carrier.await;
    }

    /// Says that nobody waits for the answer any more: else the database goes on computing it.
    pub(super) async fn cancel(&self) {
        let token = self.client.cancel_token();
        // One that does not hear it ends when it sends.
        let _ = match &self.tls {
            Some(tls) => token.cancel_query(tls.clone()).await,
            None => token.cancel_query(NoTls).await,
        };
    }

    /// Reads what is asked for, row by row; `raw` text is not turned into UTF-8 by the server.
    pub(super) async fn read(&mut self, asked: &Asked, reading: &mut Reading<'_>, raw: bool) -> Result<(), Ended> {
        let from = match asked {
            Asked::Table(table) => format!("{}.{}", quoted(&table.schema), quoted(&table.name)),
            Asked::Query(query) => format!("(\n{query}\n) AS asked"),
        };
        let all = format!("SELECT * FROM {from}");
        let described = self.patiently(reading, async |client| client.prepare(&all).await).await?;
        let names: Vec<&str> = described.columns().iter().map(tokio_postgres::Column::name).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(reading.failed(format!("two columns are called {twice}: give one another name with AS")));
        }
        reading.columns(&names)?;
        if names.is_empty() {
            return Err(reading.failed("it has no column that this user may read"));
        }
        let columns = described.columns().iter();
        let columns: Vec<Asking<'_>> = columns
            .map(|column| Asking {
                name: column.name(),
                kind: column.type_(),
                is_short: is_short(column.type_(), column.type_modifier()),
            })
            .collect();
        let kinds: Vec<Type> = columns.iter().map(|column| comes_as(column.kind)).chain([Type::TEXT]).collect();
        let copy = copy_of(&columns, &from);
        if raw || self.says_no_encoding {
            self.encode_as("SQL_ASCII", reading).await?;
        }
        let stream = self.patiently(reading, async |client| client.copy_out(&copy).await).await?;
        let mut rows = pin!(BinaryCopyOutStream::new(stream, &kinds));
        loop {
            let next = reading.wait(std::future::poll_fn(|context| rows.as_mut().poll_next(context))).await?;
            let Some(row) = next else { break };
            let row = row.map_err(|error| reading.failed(cut(&error)))?;
            for (column, kind) in kinds.iter().enumerate() {
                let value = row.try_get::<Option<Raw<'_>>>(column).map_err(|error| reading.failed(cut(&error)))?;
                let is_marker = column + 1 == kinds.len();
                match value {
                    Some(Raw(bytes)) if is_marker => reading.left_out(&String::from_utf8_lossy(bytes)),
                    None if is_marker => {}
                    None => reading.null(),
                    Some(Raw(bytes)) => {
                        if push(reading, column, kind, bytes).is_none() {
                            return Err(reading.failed(format!(
                                "column {column} came with {} bytes, which are no {kind}",
                                bytes.len()
                            )));
                        }
                    }
                }
            }
            reading.end_row().await?;
        }
        if raw || self.says_no_encoding {
            self.encode_as("UTF8", reading).await?;
        }
        Ok(())
    }

    /// Asks something that may have to wait for a lock: some times, with a pause between, so that whoever waits behind gets by.
    async fn patiently<T>(
        &self,
        reading: &mut Reading<'_>,
        ask: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, Ended> {
        let mark = reading.wait(self.client.batch_execute(MARK)).await?;
        mark.map_err(|error| reading.failed(cut(&error)))?;
        let mut tries = 1;
        loop {
            match reading.wait(ask(&self.client)).await? {
                Ok(answer) => return Ok(answer),
                Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && tries < LOCK_TRIES => {
                    let back = reading.wait(self.client.batch_execute(BACK)).await?;
                    back.map_err(|error| reading.failed(cut(&error)))?;
                    reading.wait(tokio::time::sleep(self.lock_wait)).await?;
                    tries += 1;
                }
                Err(error) => return Err(reading.failed(cut(&error))),
            }
        }
    }

    /// How text comes: names as UTF-8, cells perhaps as they lie there.
    async fn encode_as(&self, encoding: &str, reading: &mut Reading<'_>) -> Result<(), Ended> {
        let set = format!("SET client_encoding TO '{encoding}'");
        let set: Result<(), Error> = reading.wait(self.client.batch_execute(&set)).await?;
        set.map_err(|error| reading.failed(cut(&error)))
    }
}

/// The bytes of a value, whatever its type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Adds a value; `None` if its bytes are not those of the type.
fn push(reading: &mut Reading<'_>, column: usize, kind: &Type, bytes: &[u8]) -> Option<()> {
    match *kind {
        Type::BOOL => {
            let value = *bytes.first()? != 0;
            reading.write(|text| push_bool(text, value));
        }
        Type::INT2 => whole(reading, i16::from_be_bytes(bytes.try_into().ok()?)),
        Type::INT4 => whole(reading, i32::from_be_bytes(bytes.try_into().ok()?)),
        Type::INT8 => whole(reading, i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::OID => whole(reading, u32::from_be_bytes(bytes.try_into().ok()?)),
        Type::FLOAT4 => {
            let value = f32::from_be_bytes(bytes.try_into().ok()?);
            reading.write(|text| push_f32(text, value));
        }
        Type::FLOAT8 => {
            let value = f64::from_be_bytes(bytes.try_into().ok()?);
            reading.write(|text| push_f64(text, value));
        }
        Type::NUMERIC => {
            let value = numeric(bytes)?;
            reading.write(|text| value.push(text));
        }
        Type::DATE => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            reading.write(|text| match days {
                i32::MAX => text.push_str("infinity"),
                i32::MIN => text.push_str("-infinity"),
                days => push_date(text, i64::from(days) + EPOCH_DAYS),
            });
        }
        Type::TIME => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            reading.write(|text| push_time(text, micros.saturating_mul(1_000)));
        }
        Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            let has_zone = *kind == Type::TIMESTAMPTZ;
            reading.write(|text| moment(text, micros, has_zone));
        }
        Type::UUID => {
            let value = u128::from_be_bytes(bytes.try_into().ok()?);
            reading.write(|text| {
                let hex = format!("{value:032x}");
                let _ = write!(text, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            });
        }
        Type::BYTEA => reading.bytes(column, bytes),
        Type::TIMETZ => {
            let written = std::str::from_utf8(bytes).ok()?;
            reading.write(|text| push_timestamp_text(text, written));
        }
        _ => reading.declared_text(column, bytes),
    }
    Some(())
}

fn whole(reading: &mut Reading<'_>, value: impl std::fmt::Display) {
    reading.write(|text| {
        let _ = write!(text, "{value}");
    });
}

fn moment(text: &mut String, micros: i64, has_zone: bool) {
    match micros {
        i64::MAX => text.push_str("infinity"),
        i64::MIN => text.push_str("-infinity"),
        micros => {
            push_timestamp(text, i128::from(micros) * 1_000 + i128::from(EPOCH_DAYS) * DAY_NANOS);
            if has_zone {
                text.push_str("+00:00");
            }
        }
    }
}

/// A decimal as it comes.
#[derive(Debug, PartialEq)]
enum Numeric {
    Digits(String, i32),
    Word(&'static str),
}

impl Numeric {
    fn push(&self, text: &mut String) {
        match self {
            Numeric::Digits(digits, scale) => push_decimal(text, digits, *scale),
            Numeric::Word(word) => text.push_str(word),
        }
    }
}

/// Reads a `numeric`: digits of base 10,000, the power of the first, a sign, and how many decimal digits come after the point.
fn numeric(bytes: &[u8]) -> Option<Numeric> {
    let part = |at: usize| Some(u16::from_be_bytes([*bytes.get(2 * at)?, *bytes.get(2 * at + 1)?]));
    let (count, weight, sign, scale) = (usize::from(part(0)?), part(1)? as i16, part(2)?, usize::from(part(3)?));
    let sign = match sign {
        0xc000 => return Some(Numeric::Word("NaN")),
        0xd000 => return Some(Numeric::Word("Infinity")),
        0xf000 => return Some(Numeric::Word("-Infinity")),
        0x4000 => "-",
        _ => "",
    };
    if bytes.len() != 8 + 2 * count {
        return None;
    }
    // The groups before the point, then as many as the scale needs.
    let before = usize::try_from(i32::from(weight) + 1).unwrap_or(0);
    let after = scale.div_ceil(4);
    let mut digits = String::with_capacity(4 * (before + after));
    for place in (0..before as i32).rev().chain((1..=after as i32).map(|below| -below)) {
        let at = i32::from(weight) - place;
        let group = usize::try_from(at).ok().filter(|at| *at < count).map_or(Some(0), |at| part(4 + at))?;
        let _ = write!(digits, "{group:04}");
    }
    digits.truncate(4 * before + scale);
    let whole = digits.trim_start_matches('0');
    let digits = if whole.is_empty() { "0" } else { whole };
    Some(Numeric::Digits(format!("{sign}{digits}"), scale as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(count: u16, weight: i16, sign: u16, scale: u16, digits: &[u16]) -> String {
        let parts = [count, weight as u16, sign, scale];
        let bytes: Vec<u8> = parts.iter().chain(digits).flat_map(|part| part.to_be_bytes()).collect();
        let mut text = String::new();
        numeric(&bytes).unwrap().push(&mut text);
        text
    }

    #[test]
    fn what_is_short_by_its_type_is_not_measured() {
        let asking = |name, kind, is_short| Asking { name, kind, is_short };
        assert!(is_short(&Type::VARCHAR, 24) && !is_short(&Type::VARCHAR, -1) && !is_short(&Type::JSONB, -1));
        assert_eq!(
            copy_of(&[asking("id", &Type::INT4, true), asking("it's", &Type::JSON, false)], "t"),
            "COPY (SELECT c0, CASE WHEN 1::bigint * octet_length(c1) <= 16777216 THEN c1 END, COALESCE(\
             CASE WHEN 1::bigint * octet_length(c1) > 16777216 THEN 'it''s'::text END, NULL::text) \
             FROM (SELECT \"id\" AS c0, \"it's\"::text AS c1 FROM t OFFSET 0) AS cast_to) TO STDOUT (FORMAT binary)"
        );
        let many = [asking("a", &Type::TEXT, false), asking("b", &Type::BYTEA, false)].repeat(2);
        assert!(copy_of(&many, "t").contains(
            "0::bigint + COALESCE(1::bigint * octet_length(c0), 0) + COALESCE(2::bigint * octet_length(c1), 0)"
        ));
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(text(2, 0, 0, 2, &[5, 0]), "5.00");
        assert_eq!(text(1, 0, 0x4000, 0, &[42]), "-42");
        assert_eq!(text(0, 0, 0, 3, &[]), "0.000");
        assert_eq!(text(1, -1, 0, 4, &[1]), "0.0001");
        assert_eq!(text(1, -2, 0, 6, &[1200]), "0.000012");
        assert_eq!(text(1, 2, 0, 0, &[7]), "700000000");
        assert_eq!(text(3, 1, 0, 3, &[1, 2345, 6780]), "12345.678");
        assert_eq!(text(0, 0, 0xc000, 0, &[]), "NaN");
    }
}
