//! The engine: threads, memory and time of queries.

use super::Pinned;
use super::answer::{AbortOnDrop, Answer, Event, Waiting, deadline_in};
use super::breath::Breath;
use super::check::{Question, check, too_many_scans};
use super::describe::{self, Listing};
use super::explain_error::{query_error, without_kind};
use super::growth;
use super::rounds::Rounds;
use super::stop::Stop;
use crate::error::Error;
use crate::guest::{self, KeptViews, LakeTables, Schema, Stores, bring};
use crate::lake::{Capacity, Lake};
use crate::snapshot::{Rows, Snapshot, nothing};
use access::Grant;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, TableProvider,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::object_store::local::LocalFileSystem;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SQLOptions, SessionConfig};
use futures::StreamExt;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Frames of the engine are large where it is not optimised, and plans are trees: the deepest that the limits of a query's text
/// allow fit into half of this, as the tests show. Only what is used of it takes memory.
const STACK_BYTES: usize = 32 << 20;
/// Batches that wait for whoever reads the answer.
const BATCHES: usize = 4;
/// Threads beyond one for each part of a plan.
const MOST_MORE_THREADS: usize = 32;
/// Queries that may wait for their turn.
const QUEUE: usize = 64;

/// What a query may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time from asking to the last row.
    pub time: Duration,
    /// Bytes of memory for sorting, grouping and joining.
    pub memory_bytes: usize,
    /// Rows of the answer.
    pub rows: usize,
    /// For how long to wait until the tables hold what is committed when the query is asked; after it they are as far as they
    /// are, which the answer's position tells.
    pub freshness: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_mins(1),
            memory_bytes: 512 << 20,
            rows: 1_000_000,
            freshness: Duration::from_secs(5),
        }
    }
}

/// Runs queries on threads of its own.
pub(crate) struct Engine {
    runtime: Option<Runtime>,
    base: SessionState,
    environment: Arc<RuntimeEnv>,
    stores: Stores,
    kept: Arc<KeptViews>,
    turns: Arc<Semaphore>,
    capacity: Capacity,
}

/// Threads that plan and run queries.
pub(crate) fn start_threads(name: &str, capacity: Capacity) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads(capacity))
        .max_blocking_threads(capacity.threads.max(1) * 2)
        .thread_name(name)
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
}

/// Settings of all sessions: queries see the catalogue `lake` and the tables of its schema `public`, and no settings.
pub(crate) fn settings(parts: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema("lake", "public")
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(parts.max(1));
    config.options_mut().sql_parser.collect_spans = true;
    config.options_mut().execution.time_zone = Some("UTC".into());
    config
}

/// A session without tables: functions that could make too much are bounded, joins pause, and recursive queries end.
///
/// Filters are pushed down while plans are logical, where columns are told apart by their tables. The rules that push them down
/// once more later find columns by their names alone: where a join gives two of one name they take the wrong one.
pub(crate) fn base_session(config: SessionConfig, environment: &Arc<RuntimeEnv>) -> SessionStateBuilder {
    let rules = PhysicalOptimizer::new().rules.into_iter().filter(|rule| !rule.name().starts_with("FilterPushdown"));
    let base = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(environment))
        .with_default_features()
        .with_physical_optimizer_rules(rules.collect());
    growth::bound(base).with_physical_optimizer_rule(Arc::new(Breath)).with_physical_optimizer_rule(Arc::new(Rounds))
}

/// Threads of the engine. One query may keep as many busy as its plan has parts, for as long as a step of it takes; those of the
/// others must find free ones, and the system then shares the processor out.
fn threads(capacity: Capacity) -> usize {
    let parts = capacity.threads.max(1);
    (parts * (capacity.queries + 1)).min(parts + MOST_MORE_THREADS)
}

impl Engine {
    pub(crate) fn new(folder: &Path, capacity: Capacity) -> Result<Engine, Error> {
        let runtime =
            start_threads("lake-sql", capacity).map_err(|error| Error::file("start threads for", folder, error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::engine)?;
        let stores = Stores::new(Arc::new(store));
        let environment = RuntimeEnvBuilder::new()
            .with_object_store_registry(Arc::new(stores.afresh()))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(Error::engine)?;
        let base = base_session(settings(capacity.threads), &environment).build();
        let turns = Arc::new(Semaphore::new(capacity.queries.max(1)));
        let kept = Arc::default();
        Ok(Engine { runtime: Some(runtime), base, environment, stores, kept, turns, capacity })
    }

    /// Whether no query runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.turns.available_permits() == self.capacity.queries.max(1)
    }

    /// Gives back the memory of views that are kept.
    pub(crate) fn forget_kept(&self) {
        self.kept.forget();
    }

    /// Checks, plans and starts a query. Parsed queries and plans are trees that are walked and dropped by recursion: they stay on
    /// the engine's threads, whose stacks are large.
    pub(crate) fn query(
        &self,
        lake: &Lake,
        pinned: Option<&Pinned>,
        grant: &Grant,
        sql: &str,
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Answer, Error> {
        let runtime = self.runtime.as_ref().ok_or(Error::Closed)?;
        let asked = Instant::now();
        let deadline = deadline_in(limits.time);
        let tables = lake.tables().to_vec();
        let (checked, is_checked) = oneshot::channel();
        let (give_session, session) = oneshot::channel();
        let (planned, plan) = oneshot::channel();
        let (events, received) = mpsc::channel(BATCHES);
        let turn = Turn { turns: Arc::clone(&self.turns), capacity: self.capacity };
        let rows = limits.rows;
        let run = {
            let (text, stop) = (sql.to_owned(), stop.clone());
            runtime.spawn(async move {
                let work = async {
                    let question = match check(&text) {
                        Ok(question) => question,
                        // Whoever asked may have gone, here and below: then nobody hears.
                        Err(error) => return drop(checked.send(Err(error))),
                    };
                    let asked = match &question {
                        Question::Columns(schema, name) => Some((schema.clone(), name.clone())),
                        _ => None,
                    };
                    let _ = checked.send(Ok((question.wanted(), asked)));
                    if let Ok(desk) = session.await {
                        run(turn, desk, question, planned, rows, &events).await;
                    }
                };
                // An end without an answer ends the channels, which says so.
                tokio::select! {
                    () = work => {}
                    () = stop.stopped() => {}
                    () = tokio::time::sleep_until(deadline.into()) => {}
                }
            })
        };
        let waiting = Waiting { runtime: runtime.handle().clone(), deadline, stop: stop.clone() };
        let aborted = AbortOnDrop(run.abort_handle());
        let (wanted, columns) = waiting.until(is_checked)?.unwrap_or_else(|_| Err(waiting.broken()))?;
        let schemas = lake.schemas(grant, &wanted)?;
        let schemas = pinned.map_or_else(|| schemas.clone(), |pinned| pinned.over(&schemas));
        let listing = Listing::new(&tables, &schemas);
        let columns = columns.map(|(schema, name)| listing.columns(sql, schema.as_deref(), &name)).transpose()?;
        let snapshot = match pinned {
            Some(pinned) => pinned.snapshot.clone(),
            None => lake.snapshot(limits.freshness, limits.time, stop)?,
        };
        let (position, behind) = (snapshot.position, snapshot.behind);
        let stores = Arc::new(self.stores.afresh());
        let (states, kept) = (snapshot.states(), Arc::clone(&self.kept));
        let mut session = self.session(snapshot, &listing, &stores, limits).map_err(Error::engine)?;
        for function in lake.table_functions(grant) {
            session.register_udtf(&function.name.clone(), Arc::new(function));
        }
        let _ = give_session.send(Desk { session, stores, states, kept, schemas, columns });
        let schema = match waiting.until(plan)? {
            Ok(Ok(schema)) => schema,
            Ok(Err(Refused::Busy(running))) => return Err(Error::Busy { running }),
            Ok(Err(Refused::Failed(error))) => return Err(query_error(sql, &error, &listing)),
            Ok(Err(Refused::Tables(refused))) => return Err(tables_error(sql, refused, &listing)),
            Err(_) => return Err(waiting.broken()),
        };
        Ok(Answer {
            schema,
            position,
            events: received,
            _run: aborted,
            waiting,
            sql: sql.to_owned(),
            listing,
            asked,
            behind,
            more: false,
            ended: false,
        })
    }

    /// A session that knows a snapshot's tables and has memory of its own.
    fn session(
        &self,
        snapshot: Snapshot,
        listing: &Listing,
        stores: &Arc<Stores>,
        limits: &Limits,
    ) -> Result<SessionState> {
        let environment = RuntimeEnvBuilder::from_runtime_env(&self.environment)
            .with_object_store_registry(Arc::clone(stores) as Arc<dyn ObjectStoreRegistry>)
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
            .build_arc()?;
        let public = MemorySchemaProvider::new();
        for table in snapshot.tables {
            let name = table.table.name.clone();
            let rows: Arc<dyn TableProvider> = if table.is_empty() {
                // Legs of unions and sides of joins that have no rows fall away when it is planned.
                Arc::new(ViewTable::new(nothing(&table.table.schema)?, None))
            } else {
                Arc::new(Rows::new(table, &snapshot.dead))
            };
            public.register_table(name, rows)?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("public", Arc::new(public))?;
        catalog.register_schema(describe::CATALOGUE, describe::schema(listing)?)?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog("lake".into(), Arc::new(catalog));
        Ok(SessionStateBuilder::new_from_existing(self.base.clone())
            .with_runtime_env(environment)
            .with_catalog_list(Arc::new(catalogs))
            .build())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a query is planned with.
struct Desk {
    session: SessionState,
    stores: Arc<Stores>,
    states: HashMap<String, String>,
    kept: Arc<KeptViews>,
    schemas: Vec<Arc<Schema>>,
    /// The query for the columns of a table, where they are asked for.
    columns: Option<String>,
}

enum Refused {
    Busy(usize),
    Failed(DataFusionError),
    Tables(guest::Refused),
}

fn tables_error(sql: &str, refused: guest::Refused, listing: &Listing) -> Error {
    match refused {
        guest::Refused::Missing(name) => Error::Sql(listing.no_such_table(sql, &name)),
        guest::Refused::View(name, error) => Error::View { table: name, what: without_kind(&error.strip_backtrace()) },
        guest::Refused::Circle(circle) => {
            Error::View { table: circle.clone(), what: "views use each other in a circle".into() }
        }
        guest::Refused::Scans(scans) => too_many_scans(scans),
    }
}

/// The right to run, once it is there.
struct Turn {
    turns: Arc<Semaphore>,
    capacity: Capacity,
}

impl Turn {
    async fn take(self) -> Result<OwnedSemaphorePermit, Refused> {
        // Waiting is bounded by the query's time, and the number of those who wait by this.
        static WAITING: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        struct Waits;
        impl Drop for Waits {
            fn drop(&mut self) {
                WAITING.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let before = WAITING.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let _waits = Waits;
        if before >= QUEUE {
            return Err(Refused::Busy(self.capacity.queries));
        }
        self.turns.acquire_owned().await.map_err(|_| Refused::Busy(self.capacity.queries))
    }
}

async fn plan(desk: &Desk, question: Question) -> Result<Arc<dyn ExecutionPlan>, Refused> {
    let session = &desk.session;
    let plan = match question {
        Question::Statement(statement) => {
            let lake = LakeTables { states: &desk.states, kept: &desk.kept };
            bring(session, &desk.stores, &lake, &desk.schemas, &statement).await.map_err(Refused::Tables)?;
            session.statement_to_plan(statement).await
        }
        Question::Tables => session.create_logical_plan(&describe::tables()).await,
        Question::Columns(..) => {
            session.create_logical_plan(desk.columns.as_deref().unwrap_or("SELECT 1 WHERE false")).await
        }
    };
    let planned = async {
        let plan = plan?;
        let reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reads.verify_plan(&plan)?;
        growth::physical(session, &plan).await
    };
    planned.await.map_err(Refused::Failed)
}

async fn run(
    turn: Turn,
    desk: Desk,
    question: Question,
    planned: oneshot::Sender<Result<SchemaRef, Refused>>,
    limit: usize,
    events: &mpsc::Sender<Event>,
) {
    // Whoever asked may be gone: then nothing that is sent arrives, and all of this ends.
    let _turn = match turn.take().await {
        Ok(turn) => turn,
        Err(busy) => {
            let _ = planned.send(Err(busy));
            return;
        }
    };
    let plan = match plan(&desk, question).await {
        Ok(plan) => plan,
        Err(refused) => {
            let _ = planned.send(Err(refused));
            return;
        }
    };
    let _ = planned.send(Ok(plan.schema()));
    let end = match rows(plan, &desk.session, limit, events).await {
        Ok(end) => end,
        Err(error) => Event::Failed(error),
    };
    let _ = events.send(end).await;
}

async fn rows(
    plan: Arc<dyn ExecutionPlan>,
    session: &SessionState,
    limit: usize,
    events: &mpsc::Sender<Event>,
) -> Result<Event> {
    let mut stream = execute_stream(plan, session.task_ctx())?;
    let mut left = limit;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() > left {
            let _ = events.send(Event::Rows(batch.slice(0, left))).await;
            return Ok(Event::More);
        }
        left -= batch.num_rows();
        if batch.num_rows() > 0 && events.send(Event::Rows(batch)).await.is_err() {
            break;
        }
    }
    Ok(Event::End)
}
