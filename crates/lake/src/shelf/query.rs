//! Asking a shelf.

use super::table::{STORE, ShelfTable};
use crate::disk::room;
use crate::error::Error;
use crate::lake::Capacity;
use crate::sql::Stop;
use crate::sql::answer::{AbortOnDrop, Event, Waiting, deadline_in};
use crate::sql::describe::Listing;
use crate::sql::engine::{base_session, settings, start_threads};
use crate::sql::explain_error::query_error;
use crate::sql::growth;
use crate::workbench::Limits;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider,
};
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SQLOptions;
use futures::StreamExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};

/// Batches that wait for whoever reads the answer.
const BATCHES: usize = 4;

/// A folder with typed tables, under the name of a schema.
pub struct Shelf {
    runtime: Option<Runtime>,
    base: SessionState,
    files: Arc<dyn ObjectStore>,
    schema: String,
    tables: Vec<Arc<ShelfTable>>,
    spill_folder: PathBuf,
    turns: Arc<Semaphore>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// The shelf's folder and nothing else.
#[derive(Debug)]
struct OnlyShelf(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for OnlyShelf {
    fn register_store(&self, _: &url::Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &url::Url) -> EngineResult<Arc<dyn ObjectStore>> {
        if url.as_str().trim_end_matches('/') == STORE {
            return Ok(Arc::clone(&self.0));
        }
        Err(DataFusionError::Plan(format!("{url} cannot be read here")))
    }
}

impl Shelf {
    /// Puts tables, whose files lie in `folder`, under the name `schema`. What does not fit into memory goes to `spill_folder`.
    ///
    /// # Errors
    /// A folder cannot be used, no threads can be started, or two tables have the same name.
    pub fn new(
        folder: &Path,
        spill_folder: &Path,
        schema: &str,
        tables: Vec<ShelfTable>,
        capacity: Capacity,
    ) -> Result<Shelf, Error> {
        std::fs::create_dir_all(spill_folder).map_err(|error| Error::file("make the folder", spill_folder, error))?;
        let runtime =
            start_threads("lake-shelf", capacity).map_err(|error| Error::file("start threads for", folder, error))?;
        let files: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(folder).map_err(Error::engine)?);
        let environment = RuntimeEnvBuilder::new().build_arc().map_err(Error::engine)?;
        let mut config = settings(capacity.threads);
        config.options_mut().execution.parquet.pushdown_filters = true;
        let base = base_session(config, &environment).build();
        let tables: Vec<Arc<ShelfTable>> = tables.into_iter().map(Arc::new).collect();
        let turns = Arc::new(Semaphore::new(capacity.queries.max(1)));
        let spill_folder = spill_folder.to_owned();
        Ok(Shelf { runtime: Some(runtime), base, files, schema: schema.to_owned(), tables, spill_folder, turns })
    }

    /// Puts a further table, or another in the place of the one of its name, for queries from now on.
    pub fn put(&mut self, table: ShelfTable) {
        self.tables.retain(|other| !other.name().eq_ignore_ascii_case(table.name()));
        self.tables.push(Arc::new(table));
    }

    /// What SQL writes before the names of its tables.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Its tables.
    pub fn tables(&self) -> &[Arc<ShelfTable>] {
        &self.tables
    }

    /// A table by its name, in whatever case.
    pub fn table(&self, name: &str) -> Option<&ShelfTable> {
        self.tables.iter().map(Arc::as_ref).find(|table| table.name().eq_ignore_ascii_case(name))
    }

    /// Asks, and hands over each batch of the answer as it comes. The SQL is the caller's own: it reads, or it is refused. So
    /// many run at once as the shelf has capacity for; further ones wait for their turn, within their time. Not to be called
    /// on a thread that runs futures.
    ///
    /// # Errors
    /// [`Error::Sql`], [`Error::Limit`], [`Error::Cancelled`]; what `each` says.
    pub fn query<E: From<Error>>(
        &self,
        sql: &str,
        limits: &Limits,
        stop: &Stop,
        mut each: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<SchemaRef, E> {
        let runtime = self.runtime.as_ref().ok_or(Error::Closed)?;
        let session = self.session(limits).map_err(Error::engine)?;
        let (events, mut received) = mpsc::channel(BATCHES);
        let (give_schema, mut schema) = tokio::sync::oneshot::channel();
        let (deadline, rows, text, stopped) = (deadline_in(limits.time), limits.rows, sql.to_owned(), stop.clone());
        let turns = Arc::clone(&self.turns);
        let task = runtime.spawn(async move {
            let work = async {
                // It is never closed.
                let Ok(_turn) = turns.acquire().await else { return };
                let end = match run(&session, &text, rows, give_schema, &events).await {
                    Ok(end) => end,
                    Err(error) => Event::Failed(error),
                };
                // Whoever asked may be gone.
                let _ = events.send(end).await;
            };
            tokio::select! {
                () = work => {}
                () = stopped.stopped() => {}
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        });
        let _run = AbortOnDrop(task.abort_handle());
        let waiting = Waiting { runtime: runtime.handle().clone(), deadline, stop: stop.clone() };
        loop {
            match waiting.until(received.recv())? {
                Some(Event::Rows(batch)) => each(batch)?,
                Some(Event::More) => return Err(Error::Limit(format!("an answer has at most {rows} rows")).into()),
                Some(Event::Failed(error)) => return Err(query_error(sql, &error, &Listing::default()).into()),
                Some(Event::End) => break,
                None => return Err(waiting.broken().into()),
            }
        }
        // It is sent before the end.
        Ok(schema.try_recv().map_err(|_| waiting.broken())?)
    }

    fn session(&self, limits: &Limits) -> EngineResult<SessionState> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![self.spill_folder.clone()]))
            .with_max_temp_directory_size(room(&self.spill_folder, limits.spill_bytes));
        let environment = RuntimeEnvBuilder::new()
            .with_object_store_registry(Arc::new(OnlyShelf(Arc::clone(&self.files))))
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let tables = MemorySchemaProvider::new();
        for table in &self.tables {
            tables.register_table(table.name().to_owned(), Arc::clone(table) as _)?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(&self.schema, Arc::new(tables))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog("lake".into(), Arc::new(catalog));
        Ok(SessionStateBuilder::new_from_existing(self.base.clone())
            .with_runtime_env(environment)
            .with_catalog_list(Arc::new(catalogs))
            .build())
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn run(
    session: &SessionState,
    sql: &str,
    rows: usize,
    schema: tokio::sync::oneshot::Sender<SchemaRef>,
    events: &mpsc::Sender<Event>,
) -> EngineResult<Event> {
    let plan = session.create_logical_plan(sql).await?;
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
    let plan = growth::physical(session, &plan).await?;
    // Whoever asked may be gone, here and below.
    let _ = schema.send(plan.schema());
    let mut stream = execute_stream(plan, session.task_ctx())?;
    let mut left = rows;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() > left {
            return Ok(Event::More);
        }
        left -= batch.num_rows();
        if batch.num_rows() > 0 && events.send(Event::Rows(batch)).await.is_err() {
            break;
        }
    }
    Ok(Event::End)
}
