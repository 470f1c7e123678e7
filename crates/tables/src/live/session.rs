//! A session with a database: one connection, one snapshot, tables read one after another.

use super::address::{Address, Engine};
use super::pace::Pace;
use super::reading::{Reading, Rules};
use super::secret::Secret;
use super::{mysql, postgres, sqlserver};
use crate::error::Error;
use crate::mapping::{Settings, nearest};
use crate::pull::{Origin, PullTable, is_name};
use crate::read::worker::{Ended, Worker};
use crate::read::{Charset, Content, ReadError, Table};
use crate::run::{Found, needs};
use crate::said::Said;
use jiff::tz::TimeZone;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// How long a database may take to be connected to.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a database may take to hear that nobody asks it any more.
const GOOD_BYE: Duration = Duration::from_secs(2);
/// Tables that are named when one is not found.
const NAMED: usize = 12;

/// A table of a database: its schema (in MySQL its database) and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableName {
    pub(super) schema: String,
    pub(super) name: String,
}

impl TableName {
    fn shown(&self) -> String {
        if self.schema.is_empty() { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }
}

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of a table.
    Table(TableName),
    /// What a query gives.
    Query(String),
}

/// What a database has.
pub(super) struct Catalogue {
    /// Tables and views that the user sees.
    pub(super) tables: Vec<TableName>,
    /// Schemas whose tables need not be named with them, the first first.
    pub(super) path: Vec<String>,
    /// Product and version.
    pub(super) server: String,
    /// What somebody should know about the snapshot.
    pub(super) note: Option<Said>,
    /// Tables that the snapshot does not hold still.
    pub(super) without_snapshot: Vec<TableName>,
    /// Whether all its text is UTF-8, which it has checked.
    pub(super) is_utf_8: bool,
}

/// A connection, by the database's kind.
enum Connection {
    Postgres(postgres::Connection),
    MySql(mysql::Connection),
    SqlServer(sqlserver::Connection),
    #[cfg(feature = "odbc")]
    Odbc(super::odbc::Connection),
}

impl Connection {
    async fn open(address: &Address, secret: Option<&Secret>) -> Result<(Self, Catalogue), String> {
        match address.engine {
            Engine::Postgres => {
                postgres::open(address, secret).await.map(|(open, found)| (Connection::Postgres(open), found))
            }
            Engine::MySql => mysql::open(address, secret).await.map(|(open, found)| (Connection::MySql(open), found)),
            Engine::SqlServer => {
                sqlserver::open(address, secret).await.map(|(open, found)| (Connection::SqlServer(open), found))
            }
            #[cfg(feature = "odbc")]
            Engine::Odbc => super::odbc::open(address, secret).map(|(open, found)| (Connection::Odbc(open), found)),
            #[cfg(not(feature = "odbc"))]
            Engine::Odbc => Err(super::address::AddressError::NoOdbc.to_string()),
        }
    }

    async fn close(self) {
        match self {
            Connection::Postgres(open) => open.close().await,
            Connection::MySql(open) => open.close().await,
            Connection::SqlServer(open) => open.close().await,
            #[cfg(feature = "odbc")]
            Connection::Odbc(open) => open.close(),
        }
    }

    /// Ends what the database still computes.
    async fn cancel(&mut self) {
        match self {
            Connection::Postgres(open) => open.cancel().await,
            Connection::MySql(open) => open.cancel().await,
            Connection::SqlServer(open) => open.cancel().await,
            #[cfg(feature = "odbc")]
            Connection::Odbc(_) => {}
        }
    }

    async fn read(&mut self, asked: &Asked, reading: &mut Reading<'_>, raw: bool) -> Result<(), Ended> {
        match self {
            Connection::Postgres(open) => open.read(asked, reading, raw).await,
            Connection::MySql(open) => open.read(asked, reading, raw).await,
            Connection::SqlServer(open) => open.read(asked, reading).await,
            #[cfg(feature = "odbc")]
            Connection::Odbc(open) => open.read(asked, reading).await,
        }
    }
}

struct Open {
    connection: Connection,
    rules: Rules,
}

struct Inner {
    /// None when it is dropped.
    open: Mutex<Option<Open>>,
    runtime: Option<Runtime>,
    secret: Option<Secret>,
    shown: String,
}

impl Inner {
    /// Says good-bye before what was read is kept: the database need not hold its snapshot for that long.
    fn leave(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(open), Some(runtime)) = (open, &self.runtime) {
            let _ = runtime.block_on(async { tokio::time::timeout(GOOD_BYE, open.connection.close()).await });
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runtime) = self.runtime.take() else { return };
        let Some(open) = open else { return runtime.shutdown_background() };
        // Good-bye is said on a thread of its own: here may be one that must not wait. A database that does not hear it is left.
        let leave = move || {
            let _ = runtime.block_on(async { tokio::time::timeout(GOOD_BYE, open.connection.close()).await });
            runtime.shutdown_background();
        };
        drop(std::thread::Builder::new().name("medweave-leave".to_owned()).spawn(leave));
    }
}

/// A session with a database. Not for threads of an asynchronous runtime: it waits.
pub struct Session {
    inner: Arc<Inner>,
    catalogue: Catalogue,
    engine: Engine,
}

/// Opens a session: connects, begins a read-only transaction, and looks which tables there are.
///
/// `clock` says µs since 1970 UTC; hours are those of the zone of `settings`.
///
/// # Errors
/// [`Error::Read`]: it is not the hour, the database cannot be reached, or refuses the user.
pub fn connect(
    address: &Address,
    secret: Option<&Secret>,
    settings: &Settings,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
) -> Result<Session, Error> {
    let shown = shown(address);
    let failed = |message: String| {
        let message = secret.map_or(message.clone(), |secret| secret.scrub(&message));
        Error::Read(ReadError::at(&shown, message))
    };
    let rules = Rules {
        limits: address.limits.or(settings.live),
        zone: TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC),
        clock,
        begun: Instant::now(),
        pace: Pace::default(),
    };
    rules.within_hours(&shown)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(format!("cannot be asked: {error}")))?;
    let opening = async {
        tokio::time::timeout(CONNECT, Connection::open(address, secret)).await.unwrap_or_else(|_| {
            Err(format!("does not answer within {} s: is it running, and reachable from here?", CONNECT.as_secs()))
        })
    };
    let (connection, catalogue) = runtime.block_on(opening).map_err(failed)?;
    let open = Mutex::new(Some(Open { connection, rules }));
    let inner = Inner { open, runtime: Some(runtime), secret: secret.cloned(), shown };
    Ok(Session { inner: Arc::new(inner), catalogue, engine: address.engine })
}

/// How errors name the database: without parameters.
fn shown(address: &Address) -> String {
    let text = address.to_string();
    text.split_once('?').map_or(text.clone(), |(before, _)| before.to_owned())
}

impl Session {
    /// Product and version, as the database says it.
    pub fn server(&self) -> &str {
        &self.catalogue.server
    }

    /// How many tables and views the user sees.
    pub fn tables(&self) -> usize {
        self.catalogue.tables.len()
    }

    /// Finds the tables that a mapping reads.
    ///
    /// # Errors
    /// [`Error::Read`]: one that is needed is not there, a query is no single SELECT, an encoding is not known.
    pub fn find_tables(&self, settings: &Settings) -> Result<Found, Error> {
        let mut found =
            Found { tables: Vec::new(), absent: Vec::new(), notes: self.catalogue.note.iter().cloned().collect() };
        let charset = self.charset(settings)?;
        for (name, table) in &settings.tables {
            let place = format!("mapping.toml, table {name}");
            let (asked, shown) = match &table.query {
                Some(query) => {
                    if let Some(problem) = super::statement::check(query, self.engine) {
                        return Err(ReadError::at(place, problem).into());
                    }
                    (Asked::Query(query.trim().trim_end_matches(';').to_owned()), format!("query of {name}"))
                }
                None => match self.find_called(table.table.as_deref().unwrap_or(name), &table.names) {
                    Ok(known) => (Asked::Table(known.clone()), known.shown()),
                    Err(_) if table.optional && !self.has(table.table.as_deref().unwrap_or(name), &table.names) => {
                        found.absent.push(name.clone());
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            if let Asked::Table(table) = &asked
                && self.catalogue.without_snapshot.contains(table)
            {
                found.notes.push(crate::said::delivery::no_snapshot_of_table(name));
            }
            found.tables.push(PullTable {
                name: name.clone(),
                key: table.key.clone(),
                uses: needs(table),
                optional: table.optional,
                origin: Box::new(LiveTable {
                    inner: Arc::clone(&self.inner),
                    asked,
                    shown,
                    charset,
                    key: table.key.clone(),
                }),
            });
        }
        Ok(found)
    }

    /// The encoding that is declared for text of live databases, where it can be another than the database says. What files have is not asked.
    fn charset(&self, settings: &Settings) -> Result<Option<Charset>, ReadError> {
        let Some(encoding) = &settings.live_encoding else { return Ok(None) };
        let failed = |what: String| ReadError::at("mapping.toml, [live]", what);
        let charset = Charset::for_name(encoding).map_err(|error| failed(error.to_string()))?;
        let why = match self.engine {
            Engine::SqlServer => "SQL Server says itself how its text is encoded",
            _ if self.catalogue.is_utf_8 => "the text of this database is UTF-8, which the database has checked",
            _ => return Ok(Some(charset)),
        };
        if charset == Charset::UTF_8 {
            return Ok(None);
        }
        Err(failed(format!("{why}: take `encoding = \"{encoding}\"` out")))
    }

    /// The table of a name, else the one of the first other name that one alone has.
    fn find_called(&self, name: &str, names: &[String]) -> Result<&TableName, ReadError> {
        self.find(name).or_else(|error| names.iter().find_map(|other| self.find(other).ok()).ok_or(error))
    }

    /// True if there is a table of one of these names, or several.
    fn has(&self, name: &str, names: &[String]) -> bool {
        let is_it = |name: &str| {
            self.catalogue.tables.iter().any(|table| is_name(&table.name, name) || is_name(&table.shown(), name))
        };
        is_it(name) || names.iter().any(|name| is_it(name))
    }

    /// The table of a name, with its schema or without; case does not matter where it tells none apart.
    fn find(&self, name: &str) -> Result<&TableName, ReadError> {
        let tables = &self.catalogue.tables;
        let rank = |table: &TableName| self.catalogue.path.iter().position(|schema| *schema == table.schema);
        let mut fits: Vec<&TableName> = tables.iter().filter(|table| is_name(&table.shown(), name)).collect();
        if fits.is_empty() {
            fits = tables.iter().filter(|table| is_name(&table.name, name)).collect();
            // What is on the path hides what is not, as for whoever writes SQL there.
            if let Some(first) = fits.iter().filter_map(|table| rank(table)).min() {
                fits.retain(|table| rank(table) == Some(first));
            }
        }
        if fits.len() > 1 {
            let exact: Vec<&TableName> =
                fits.iter().copied().filter(|table| table.name == name || table.shown() == name).collect();
            if !exact.is_empty() {
                fits = exact;
            }
        }
        match fits.as_slice() {
            [one] => Ok(one),
            [] => {
                let known: Vec<String> = tables
                    .iter()
                    .map(|table| if rank(table).is_some() { table.name.clone() } else { table.shown() })
                    .collect();
                let hint = nearest::did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| {
                    let more = known.len().saturating_sub(NAMED);
                    let named = known[..known.len().min(NAMED)].join(", ");
                    match (known.is_empty(), more) {
                        (true, _) => "this user sees no table: has it the right to read?".into(),
                        (false, 0) => format!("it has {named}"),
                        (false, more) => format!("it has {named} and {more} more"),
                    }
                });
                Err(ReadError::at(
                    &self.inner.shown,
                    format!("there is no table {name} that this user may see: {hint}"),
                ))
            }
            several => {
                let names: Vec<String> = several.iter().map(|table| table.shown()).collect();
                let text = format!(
                    "several tables are called {name}: say which with `table = \"{}\"`, of {}",
                    names[0],
                    names.join(", ")
                );
                Err(ReadError::at(&self.inner.shown, text))
            }
        }
    }
}

/// A table in a session.
struct LiveTable {
    inner: Arc<Inner>,
    asked: Asked,
    shown: String,
    charset: Option<Charset>,
    key: Vec<String>,
}

impl Origin for LiveTable {
    fn file(&self) -> &str {
        &self.shown
    }

    fn reading(&self) -> String {
        format!("{:?} {:?}", self.asked, self.charset.map(Charset::name))
    }

    fn spells_numbers(&self) -> bool {
        true
    }

    fn content(&self) -> Result<Option<Content>, ReadError> {
        Ok(None)
    }

    fn open(&self) -> Result<Box<dyn Table>, ReadError> {
        let (inner, asked, charset) = (Arc::clone(&self.inner), self.asked.clone(), self.charset);
        let key = self.key.clone();
        let place = format!("{}, {}", inner.shown, self.shown);
        let stop = Arc::new(Notify::new());
        let interrupt = Arc::clone(&stop);
        let at = place.clone();
        let worker =
            Worker::start(&self.shown, &place, None, Some(Box::new(move || interrupt.notify_one())), move |outlet| {
                let mut open = inner.open.lock().unwrap_or_else(PoisonError::into_inner);
                let (Some(Open { connection, rules }), Some(runtime)) = (&mut *open, &inner.runtime) else {
                    return Err(Ended::Stopped);
                };
                rules.within_hours(&at)?;
                let mut reading = Reading::new(outlet, rules, &stop, &at, charset, &key);
                let read = connection.read(&asked, &mut reading, charset.is_some());
                let done = runtime.block_on(read);
                if done.is_err() {
                    let cancelled = async { tokio::time::timeout(GOOD_BYE, connection.cancel()).await };
                    let _ = runtime.block_on(cancelled);
                }
                done.map_err(|ended| match (ended, &inner.secret) {
                    (Ended::Failed(error), Some(secret)) => {
                        Ended::Failed(ReadError { place: error.place, message: secret.scrub(&error.message) })
                    }
                    (ended, _) => ended,
                })
            });
        Ok(Box::new(worker?))
    }

    fn raw(&self) -> Result<Option<Box<dyn Read + Send>>, ReadError> {
        Ok(None)
    }

    fn all_are_read(&self) {
        self.inner.leave();
    }
}
