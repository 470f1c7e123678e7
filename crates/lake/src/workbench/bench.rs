//! The engine's threads, and what all sessions have in common.

use super::error::{Error, Kind};
use super::plan;
use super::planned::Planned;
use super::question::Question;
use crate::lake::Capacity;
use crate::sql::engine::{base_session, settings, start_threads};
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::object_store::ObjectStore;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;

/// How the engine calls the folders that it makes in the spill folder.
const SPILL_PREFIX: &str = "datafusion-";

/// Plans and runs queries over sheets, on threads of its own.
#[derive(Clone)]
pub struct Workbench(Arc<Bench>);

impl std::fmt::Debug for Workbench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbench").field("spill_folder", &self.0.spill_folder).finish_non_exhaustive()
    }
}

pub(super) struct Bench {
    runtime: Option<Runtime>,
    pub(super) base: SessionState,
    pub(super) environment: Arc<RuntimeEnv>,
    pub(super) spill_folder: PathBuf,
    pub(super) turns: Arc<Semaphore>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// No file and no address can be read.
#[derive(Debug)]
struct Nothing;

impl ObjectStoreRegistry for Nothing {
    fn register_store(&self, _: &url::Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &url::Url) -> EngineResult<Arc<dyn ObjectStore>> {
        Err(DataFusionError::Plan(format!("{url} cannot be read here")))
    }
}

impl Workbench {
    /// A workbench that keeps what does not fit into memory in a folder of its own, which is made if need be; what an earlier
    /// process left there is removed.
    ///
    /// # Errors
    /// The folder cannot be used, or no threads can be started.
    pub fn new(spill_folder: &Path, capacity: Capacity) -> Result<Workbench, Error> {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            Error::new(Kind::Engine, format!("{what} {}: {error}", spill_folder.display()))
        };
        std::fs::create_dir_all(spill_folder).map_err(|error| failed("make the folder", &error))?;
        let entries = std::fs::read_dir(spill_folder).map_err(|error| failed("read the folder", &error))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(SPILL_PREFIX) {
                std::fs::remove_dir_all(entry.path()).map_err(|error| failed("empty the folder", &error))?;
            }
        }
        let runtime = start_threads("lake-bench", capacity).map_err(|error| failed("start threads for", &error))?;
        let environment = RuntimeEnvBuilder::new()
            .with_object_store_registry(Arc::new(Nothing))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(|error| failed("prepare", &error))?;
        let mut config = settings(capacity.threads);
        // Names are folded before they are planned.
        config.options_mut().sql_parser.enable_ident_normalization = false;
        let base = base_session(config, &environment).build();
        let turns = Arc::new(Semaphore::new(capacity.queries.max(1)));
        Ok(Workbench(Arc::new(Bench {
            runtime: Some(runtime),
            base,
            environment,
            spill_folder: spill_folder.to_owned(),
            turns,
        })))
    }

    /// Plans a query: all that can be wrong with it is found here, but for values that cannot be computed.
    ///
    /// # Errors
    /// What is wrong, where in the text, and what might have been meant.
    pub fn plan(&self, question: Question) -> Result<Planned, Error> {
        let bench = Arc::clone(&self.0);
        let (send, planned) = mpsc::channel();
        // Queries and plans are trees that are walked and dropped by recursion: they stay where stacks are large.
        self.0.handle()?.spawn(async move {
            let drafted = plan::draft(&bench, question);
            // Whoever asked waits below.
            let _ = send.send(drafted.map(|draft| Planned::new(bench, draft)));
        });
        let failed = |_| Error::new(Kind::Engine, "planning failed inside the engine; the program's log says where");
        planned.recv().map_err(failed)?
    }
}

impl Bench {
    pub(super) fn handle(&self) -> Result<&Handle, Error> {
        let closed = || Error::new(Kind::Engine, "the workbench is closed");
        self.runtime.as_ref().map(Runtime::handle).ok_or_else(closed)
    }
}
