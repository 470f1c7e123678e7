//! What the handlers share.

use crate::api::LineageGuest;
use crate::api::live::Hub;
use crate::counts::Counts;
use crate::refusal::Refusal;
use crate::running::Running;
use crate::turns::Turns;
use access::{Access, Component, Grant};
use axum::http::StatusCode;
use intake::identity::Identity;
use lake::workbench::Workbench;
use lake::{Capacity, FlushBy, Lake};
use omop::views::OmopGuest;
use records::{ReadRecord, Records, Row, Stored};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tables::own::OwnMappings;
use tables::pull::{RawTables, Sources};
use tokio::sync::Semaphore;

/// Store calls that read, at a time: they are short and bound by the processor.
const READS: usize = 16;
/// Store calls that write, at a time: they mostly wait for a commit that they share.
const WRITES: usize = 256;
/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stores and settings that an [`App`] is made of.
pub struct Parts {
    /// The data directory.
    pub data: PathBuf,
    /// Records.
    pub records: Arc<Records>,
    /// Accounts.
    pub access: Arc<Access>,
    /// The program's version.
    pub build: String,
    /// The time zone in which dates without one are read and shown; an IANA name.
    pub zone: String,
}

/// What the handlers share: the stores, and how much may happen at a time.
pub struct App {
    /// Itself, for what it hosts.
    me: Weak<App>,
    /// The data directory.
    pub data: PathBuf,
    /// Records.
    pub records: Arc<Records>,
    /// Accounts.
    pub access: Arc<Access>,
    /// Which program this is, as pages and `status` show it: its version and which pages are in it, as in `1.2.0+0f3c…`.
    pub build: String,
    /// The default time zone.
    pub zone: String,
    /// When it was started, µs UTC.
    pub started_us: i64,
    lake: Mutex<Option<Arc<Lake>>>,
    sources: Mutex<Option<Arc<Sources>>>,
    omop: Mutex<Option<Arc<OmopGuest>>>,
    identity: Mutex<Option<Arc<Identity>>>,
    own: Mutex<Option<Arc<OwnMappings>>>,
    workbench: Mutex<Option<Workbench>>,
    pub(crate) running: Running,
    pub(crate) counts: Counts,
    pub(crate) live: Arc<Hub>,
    pub(crate) body_room: Arc<Semaphore>,
    pub(crate) turns: Arc<Turns>,
    asks: Mutex<()>,
    reads: Semaphore,
    writes: Semaphore,
    stopping: AtomicBool,
    address: OnceLock<String>,
    lag_bound_ms: AtomicU64,
}

/// How far SQL may be behind before imports wait for it, unless [`App::bound_lag`] says otherwise.
const LAG_MS: u64 = 60_000;

/// What persons' source values in the OMOP tables are hashed with, below the folder of keys.
const PERSON_KEY: &str = "omop-person";

/// The key, made when it is not there: another one would give every person another source value.
fn person_key(folder: &Path) -> std::io::Result<[u8; 32]> {
    let path = folder.join(PERSON_KEY);
    let mut key = [0; 32];
    match std::fs::File::open(&path) {
        Ok(mut file) => {
            file.read_exact(&mut key)?;
            return Ok(key);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Whole or not at all: a key that was cut off would not be read again.
    let next = folder.join(format!("{PERSON_KEY}.next"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&next, &path)?;
    Ok(key)
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<App> {
        let Parts { data, records, access, build, zone } = parts;
        let started_us = records.now_us();
        // The first who looks for a patient need not wait for the index; if this fails, his own question says why.
        let people = Arc::clone(&records);
        let _ = std::thread::Builder::new().name("people".into()).spawn(move || people.follow_people());
        // Pages of another build than those in here are to be loaded anew, whatever the version says.
        let build = format!("{build}+{}", crate::pages::fingerprint());
        let live = Arc::new(Hub::new(Arc::clone(&records), access.component(Component::Live)));
        Arc::new_cyclic(|me| App {
            me: Weak::clone(me),
            data,
            records,
            access,
            build,
            zone,
            started_us,
            lake: Mutex::default(),
            sources: Mutex::default(),
            omop: Mutex::default(),
            identity: Mutex::default(),
            own: Mutex::default(),
            workbench: Mutex::default(),
            running: Running::default(),
            counts: Counts::default(),
            live,
            body_room: Arc::new(Semaphore::new(crate::body::ROOM_KIB)),
            turns: Arc::default(),
            asks: Mutex::default(),
            reads: Semaphore::new(READS),
            writes: Semaphore::new(WRITES),
            stopping: AtomicBool::new(false),
            address: OnceLock::new(),
            lag_bound_ms: AtomicU64::new(LAG_MS),
        })
    }

    /// The time, µs UTC, by the store's clock.
    pub fn now_us(&self) -> i64 {
        self.records.now_us()
    }

    /// The lake; opened when it is first asked for, since most commands need none. May block for as long as that takes.
    ///
    /// # Errors
    /// A refusal if it cannot be opened.
    pub fn lake(&self) -> Result<Arc<Lake>, Refusal> {
        let mut opened = self.lake.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lake) = &*opened {
            return Ok(Arc::clone(lake));
        }
        if self.is_stopping() {
            return Err(lake::Error::Closed.into());
        }
        let options = lake::Options {
            records: Arc::clone(&self.records),
            grant: self.access.component(Component::Lake),
            views: Vec::new(),
            capacity: Capacity::default(),
            flush: FlushBy::Itself,
        };
        let lake = Arc::new(Lake::open(&self.data.join("lake"), options)?);
        // What runs of checks left there that were killed.
        let _ = std::fs::remove_dir_all(self.omop_scratch());
        lake.host(self.omop()?);
        lake.host(Arc::new(RawTables::new(self.sources()?)));
        lake.host(Arc::new(LineageGuest(Weak::clone(&self.me))));
        *opened = Some(Arc::clone(&lake));
        Ok(lake)
    }

    /// What looks for records of one person; it begins when it is first asked for.
    ///
    /// # Errors
    /// A refusal if its index cannot be opened.
    pub fn identity(&self) -> Result<Arc<Identity>, Refusal> {
        let mut opened = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = &*opened {
            return Ok(Arc::clone(identity));
        }
        if self.is_stopping() {
            return Err(records::Error::Closed.into());
        }
        let grant = self.access.component(Component::Identity);
        let folder = self.data.join(intake::identity::FOLDER);
        let identity = Arc::new(Identity::open(&folder, Arc::clone(&self.records), grant)?);
        *opened = Some(Arc::clone(&identity));
        Ok(identity)
    }

    /// Ends the look for records of one person, and waits until it has.
    pub fn close_identity(&self) {
        let identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(identity);
    }

    /// The OMOP tables of the store, made when they are first asked for.
    ///
    /// # Errors
    /// A refusal if the key of persons cannot be read or made.
    pub fn omop(&self) -> Result<Arc<OmopGuest>, Refusal> {
        let mut opened = self.omop.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guest) = &*opened {
            return Ok(Arc::clone(guest));
        }
        let key = person_key(&self.data.join("keys"))
            .map_err(|error| Refusal::internal(format!("the key of persons, keys/{PERSON_KEY}: {error}")))?;
        let records = Arc::clone(&self.records);
        let settings = omop::views::Settings {
            folder: self.data.join("omop").join("codes"),
            name: "medweave".into(),
            zone: omop::views::zone_named(&self.zone),
            key,
            now_us: Box::new(move || records.now_us()),
        };
        let vocabularies = Box::new(omop::vocabulary::Vocabulary::open(&self.data)?);
        let data = self.data.clone();
        let cohorts = move |table: &str| {
            if !matches!(table, "cohort" | "cohort_definition") {
                return None;
            }
            let (cohort, definition) = omop::cohort::StoredCohorts::open(&data).ok()?.tables().ok()?;
            Some(vec![if table == "cohort" { cohort } else { definition }])
        };
        let guest = Arc::new(OmopGuest::new(settings, vocabularies, Box::new(cohorts)));
        *opened = Some(Arc::clone(&guest));
        Ok(guest)
    }

    /// Where tables of the OMOP model lie while they are checked; empty when the lake is opened.
    pub(crate) fn omop_scratch(&self) -> PathBuf {
        self.data.join("omop").join("scratch")
    }

    /// Sources of tables; opened when they are first asked for.
    ///
    /// # Errors
    /// A refusal if they cannot be opened.
    pub fn sources(&self) -> Result<Arc<Sources>, Refusal> {
        let mut opened = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sources) = &*opened {
            return Ok(Arc::clone(sources));
        }
        let sources = Arc::new(Sources::open(&self.data.join("tables"), Arc::clone(&self.records))?);
        *opened = Some(Arc::clone(&sources));
        Ok(sources)
    }

    /// The site's own mappings; opened when they are first asked for.
    ///
    /// # Errors
    /// A refusal if they cannot be opened.
    pub fn own(&self) -> Result<Arc<OwnMappings>, Refusal> {
        let mut opened = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*opened {
            return Ok(Arc::clone(own));
        }
        let own = Arc::new(OwnMappings::open(&self.data.join("tables").join("own.db"))?);
        *opened = Some(Arc::clone(&own));
        Ok(own)
    }

    /// What runs the SQL of mappings; its threads are started when it is first asked for.
    ///
    /// # Errors
    /// A refusal if they cannot be started.
    pub fn workbench(&self) -> Result<Workbench, Refusal> {
        let mut opened = self.workbench.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workbench) = &*opened {
            return Ok(workbench.clone());
        }
        let workbench = Workbench::new(&self.data.join("tables").join("spill"), Capacity::default())
            .map_err(|error| Refusal::internal(error.to_string()))?;
        *opened = Some(workbench.clone());
        Ok(workbench)
    }

    /// Where the pages are served, as `http://127.0.0.1:8400`; `None` if they are not.
    pub fn address(&self) -> Option<&str> {
        self.address.get().map(String::as_str)
    }

    /// Says where the pages are served; once.
    pub fn serve_at(&self, address: String) {
        let _ = self.address.set(address);
    }

    /// How far SQL may be behind before imports wait for it.
    pub fn lag_bound(&self) -> Duration {
        Duration::from_millis(self.lag_bound_ms.load(Ordering::Relaxed))
    }

    /// Sets [`App::lag_bound`], for imports that begin from now on.
    pub fn bound_lag(&self, milliseconds: u64) {
        self.lag_bound_ms.store(milliseconds, Ordering::Relaxed);
    }

    /// The lake if it is open.
    pub fn lake_if_open(&self) -> Option<Arc<Lake>> {
        self.lake.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the lake, if it is open. Blocks until it has.
    pub fn close_lake(&self) {
        let lake = self.lake.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(lake) = lake {
            lake.close();
        }
    }

    /// From now on `/ready` says no, and live streams end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.live.stop();
    }

    /// Whether the program is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Records that resources were given out, before they are.
    pub(crate) fn audit(&self, grant: &Grant, action: &str, query: &str, given: &[Stored]) -> Result<(), Refusal> {
        let given: Vec<(Row, i64)> = given.iter().map(|stored| (stored.row, stored.version)).collect();
        let query = &access::without_tokens(query);
        let record = ReadRecord { action, query, outcome: "done", count: given.len() as u64, given: &given };
        Ok(self.records.audit_read(grant, &record)?)
    }

    /// Records that something of one version was given out, before it is.
    pub(crate) fn audit_version(
        &self,
        grant: &Grant,
        action: &str,
        query: &str,
        row: Row,
        version: i64,
    ) -> Result<(), Refusal> {
        let query = &access::without_tokens(query);
        let record = ReadRecord { action, query, outcome: "done", count: 1, given: &[(row, version)] };
        Ok(self.records.audit_read(grant, &record)?)
    }

    /// Records that somebody who is known was refused.
    pub(crate) fn audit_refusal(&self, grant: &Grant, action: &str, query: &str, refusal: &Refusal) {
        self.record_refusal(grant, action, query, &refusal.issues[0].text);
    }

    /// Records that a part of a request was denied whose other parts were carried out.
    pub(crate) fn audit_denied(&self, grant: &Grant, query: &str, outcome: &str) {
        self.record_refusal(grant, "refused", query, outcome);
    }

    fn record_refusal(&self, grant: &Grant, action: &str, query: &str, outcome: &str) {
        let query = &access::without_tokens(query);
        let record = ReadRecord { action, query, outcome, count: 0, given: &[] };
        if let Err(error) = self.records.audit_read(grant, &record) {
            records::tell_operator!("medweave: a refusal could not be recorded: {error}");
        }
    }

    /// Runs a store call that reads, on a thread that may block.
    pub async fn reading<T: Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(&App) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _turn = turn(&self.reads).await?;
        self.on_thread(run).await
    }

    /// Held while it is looked whether a mapping may ask a source's database, until source or mapping is written: else each could be changed
    /// while it is looked at the other.
    pub(crate) fn asks(&self) -> MutexGuard<'_, ()> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a store call that writes, on a thread that may block until the commit.
    pub async fn writing<T: Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(&App) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _turn = turn(&self.writes).await?;
        self.on_thread(run).await
    }

    async fn on_thread<T: Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(&App) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = Arc::clone(self);
        match tokio::task::spawn_blocking(move || run(&app)).await {
            Ok(result) => result,
            // A panic in a store call: its thread is gone, the program goes on, and nobody is told that it worked.
            Err(_) => Err(Refusal::internal("the request failed inside the program")),
        }
    }
}

async fn turn(semaphore: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>, Refusal> {
    match tokio::time::timeout(PATIENCE, semaphore.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Refusal::busy()),
    }
}

impl Refusal {
    /// Too much is going on.
    pub(crate) fn busy() -> Refusal {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "throttled",
            "too many requests at a time: wait a second and send it again",
        )
        .with_header("retry-after", "1")
    }
}
