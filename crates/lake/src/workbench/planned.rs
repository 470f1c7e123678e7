//! A planned query, and running it.

use super::bench::Bench;
use super::dependence::{Dependence, dependence};
use super::error::{Error, Kind, explain};
use super::in_turn::UnionsInTurn;
use super::joined::Joined;
use super::merging::Merging;
use super::names::Names;
use super::origins::Origin;
use super::output::Output;
use super::plan::{Draft, find};
use super::question::Order;
use super::rows::Scan;
use super::sheet::BATCH_ROWS;
use super::written::Written;
use crate::disk::room;
use crate::sql::Stop;
use crate::sql::answer::{AbortOnDrop, Event, Waiting, deadline_in};
use crate::sql::growth::TOO_MUCH;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Batches that wait for whoever reads the rows.
const BATCHES: usize = 4;

/// Bytes of memory for each row of a batch: where memory is small, so are batches.
const BATCH_SHARE: usize = 16 << 10;
/// Rows of a batch, at least.
const LEAST_ROWS: usize = 512;

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time from the beginning to the last row, whoever reads them included.
    pub time: Duration,
    /// Bytes of memory for sorting, grouping and joining; what needs more goes to disk.
    pub memory_bytes: usize,
    /// Rows of the answer; further ones are left out, which [`Rows::is_cut`] tells.
    pub rows: usize,
    /// Bytes on disk of what does not fit into memory; half of what is free, if that is less.
    pub spill_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { time: Duration::from_hours(1), memory_bytes: 256 << 20, rows: usize::MAX, spill_bytes: 32 << 30 }
    }
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name as the query spells it.
    pub name: String,
    /// Its type; texts are `Utf8View`.
    pub data_type: DataType,
    /// The columns of sheets of which its values are computed, in order of their names.
    pub origins: Vec<Origin>,
    /// Line and column of its item in the query's text, where that is known.
    pub place: Option<(u64, u64)>,
}

/// A sheet where a query names it: one that is named twice, or in a view that is used twice, has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The sheet's name.
    pub sheet: String,
    /// What the query calls it, from the inside out: the table, its alias, a view that reads it, the view's alias …
    pub names: Vec<String>,
    /// The column of the answer that tells which of its rows took part: `UInt64`, null where none did; or, where rows were
    /// gathered by GROUP BY or DISTINCT, `List<UInt64>` with the [`super::KEPT_ROWS`] smallest of them in ascending order.
    pub rows: usize,
    /// Where rows are gathered: the column (`UInt64`) that tells how many there were. Beyond [`super::KEPT_ROWS`] a row that
    /// a join repeated counts as often.
    pub count: Option<usize>,
    /// Of each UNION around it the number, and that of the branch that it stands in.
    pub branches: Vec<(usize, usize)>,
}

impl Occurrence {
    /// Whether it stands in another branch of a UNION than this one: a row before both are gathered has rows of one of them.
    pub fn excludes(&self, other: &Occurrence) -> bool {
        let in_union = |union: usize| other.branches.iter().find(|(number, _)| *number == union);
        self.branches.iter().any(|(union, branch)| in_union(*union).is_some_and(|(_, of_other)| of_other != branch))
    }
}

/// A planned query; it can be run any number of times.
pub struct Planned {
    bench: Arc<Bench>,
    plan: LogicalPlan,
    output: Arc<Output>,
    columns: Vec<OutputColumn>,
    occurrences: Vec<Occurrence>,
    driving: Option<usize>,
    order: Order,
    asks_for_time: bool,
    /// The columns of rows by which what one row gave is put in order, that of the driving sheet first.
    joined: Option<(usize, Vec<usize>)>,
    context: Arc<Context>,
}

/// What explains errors.
struct Context {
    names: Names,
    written: Written,
    scans: Vec<Scan>,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planned")
            .field("columns", &self.columns)
            .field("occurrences", &self.occurrences)
            .field("driving", &self.driving)
            .finish_non_exhaustive()
    }
}

impl Planned {
    pub(super) fn new(bench: Arc<Bench>, draft: Draft) -> Planned {
        let Draft { plan, columns, rows, scans, driving, order, names, written, asks_for_time, is_by_rows } = draft;
        let output = Output::new(plan.schema(), columns.iter().map(|column| column.name.as_str()), &rows);
        let columns = columns.into_iter().enumerate().map(|(at, column)| OutputColumn {
            name: column.name,
            data_type: output.schema().field(at).data_type().clone(),
            origins: column.origins.into_iter().collect(),
            place: column.place,
        });
        let columns = columns.collect();
        let occurrences = output.places().iter().zip(&rows).map(|((at, count), row)| {
            let scan = &scans[row.occurrence];
            let names = scan.names.iter().map(|name| names.spelled(name).to_owned()).collect();
            let branches = scan.branches.clone();
            Occurrence { sheet: scan.sheet.name().to_owned(), names, rows: *at, count: *count, branches }
        });
        let occurrences = occurrences.collect();
        // Occurrences without a column (there are none: those that are not tracked have no scan) would shift these numbers.
        debug_assert!(rows.iter().enumerate().all(|(at, row)| at == row.occurrence), "occurrences are in order");
        let context = Arc::new(Context { names, written, scans });
        let of_one =
            |at: usize| output.places().get(at).filter(|(_, count)| count.is_none()).map(|(column, _)| *column);
        let by = driving.filter(|_| is_by_rows).and_then(|driving| Some((driving, of_one(driving)?)));
        let joined = by.map(|(driving, column)| {
            (column, (0..output.places().len()).filter(|at| *at != driving).filter_map(of_one).collect::<Vec<_>>())
        });
        let joined = joined.filter(|(_, others)| !others.is_empty());
        let output = Arc::new(output);
        Planned { bench, plan, output, columns, occurrences, driving, order, asks_for_time, joined, context }
    }

    /// Whether it asks when it runs (`now()`, `current_date`): the same sheets give something else another day.
    pub fn asks_for_time(&self) -> bool {
        self.asks_for_time
    }

    /// The columns that the query asks for; they come first in each batch.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Where sheets are read whose rows are followed.
    pub fn occurrences(&self) -> &[Occurrence] {
        &self.occurrences
    }

    /// The number of the occurrence that the query goes through row by row.
    pub fn driving(&self) -> Option<usize> {
        self.driving
    }

    /// The number of the occurrence that FROM calls so: by the outermost alias, or by table or view where that is
    /// unambiguous.
    ///
    /// # Errors
    /// There is none, or there are several; the hint lists what there is.
    pub fn occurrence_of(&self, name: &str) -> Result<usize, Error> {
        find(&self.context.scans, &self.context.names, name)
    }

    /// How the rows of the answer hang on those of the sheets; best told apart by the rows of the occurrence `by`. Of the columns `tell` it is
    /// said whether their cells tell rows apart, too.
    ///
    /// # Errors
    /// What cannot be followed.
    pub fn dependence(&self, by: usize, tell: &[usize]) -> Result<Dependence, String> {
        let (plan, asked, tell) = (self.plan.clone(), self.columns.len(), tell.to_vec());
        let (send, found) = std::sync::mpsc::channel();
        // Plans are walked and dropped by recursion: they stay where stacks are large.
        let runtime = self.bench.handle().map_err(|error| error.message)?;
        runtime.spawn(async move {
            // Whoever asked waits below.
            let _ = send.send(dependence(&plan, asked, by, &tell));
        });
        found.recv().map_err(|_| "the engine failed to look at it".to_owned())?
    }

    /// The columns of all batches: those of the query, then those of the occurrences.
    pub fn schema(&self) -> &SchemaRef {
        self.output.schema()
    }

    /// The steps that a run takes, for a person.
    ///
    /// # Errors
    /// The engine cannot make steps of the plan.
    pub fn explain(&self, limits: &Limits) -> Result<String, Error> {
        let failed = |error: DataFusionError| explain(&error, &self.context.names, &self.context.written);
        let run = self.prepared(limits);
        let session = run.session(Joins::Keeping).map_err(failed)?;
        let steps = session.query_planner().create_physical_plan(&self.plan, &session).now_or_never();
        let waits = || DataFusionError::Internal("planning waits".into());
        let steps = steps.ok_or_else(waits).and_then(|steps| steps).map_err(failed)?;
        Ok(displayable(steps.as_ref()).indent(false).to_string())
    }

    fn prepared(&self, limits: &Limits) -> Run {
        Run { bench: Arc::clone(&self.bench), plan: self.plan.clone(), order: self.order, limits: *limits }
    }

    /// Runs the query. Rows come with [`Rows::next_batch`]; dropping them ends it, and so does `stop`. So many run at once as
    /// the workbench has capacity for; further ones wait for their turn, within their time.
    ///
    /// # Errors
    /// The workbench is closed.
    pub fn run(&self, limits: &Limits, stop: &Stop) -> Result<Rows, Error> {
        let runtime = self.bench.handle()?.clone();
        let (events, received) = mpsc::channel(BATCHES);
        let run = self.prepared(limits);
        let (deadline, stopped) = (deadline_in(limits.time), stop.clone());
        let task = runtime.spawn(async move {
            // An end without an answer ends the channel, which says so.
            tokio::select! {
                () = run.go(&events) => {}
                () = stopped.stopped() => {}
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        });
        Ok(Rows {
            events: received,
            _run: AbortOnDrop(task.abort_handle()),
            waiting: Waiting { runtime, deadline, stop: stop.clone() },
            output: Arc::clone(&self.output),
            joined: self.joined.clone().map(|(driving, others)| Joined::new(driving, others)),
            context: Arc::clone(&self.context),
            cut: false,
            ended: false,
        })
    }
}

fn disordered(error: &ArrowError) -> Error {
    Error::new(Kind::Engine, format!("rows could not be put in order: {error}"))
}

/// The rows of a run.
pub struct Rows {
    events: mpsc::Receiver<Event>,
    _run: AbortOnDrop,
    waiting: Waiting,
    output: Arc<Output>,
    joined: Option<Joined>,
    context: Arc<Context>,
    cut: bool,
    ended: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Rows {
    /// The columns of all batches.
    pub fn schema(&self) -> &SchemaRef {
        self.output.schema()
    }

    /// The next rows; `None` after the last. Waits; not to be called on a thread that runs futures.
    ///
    /// # Errors
    /// [`Kind::Value`] if a value cannot be computed, [`Kind::Limit`], [`Kind::Sheet`], [`Kind::Cancelled`].
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            if self.ended {
                return match &mut self.joined {
                    Some(joined) => joined.end().map_err(|error| disordered(&error)),
                    None => Ok(None),
                };
            }
            let next = self.next_event().inspect_err(|_| {
                self.ended = true;
                self.joined = None;
            })?;
            let Some(batch) = next else { continue };
            let Some(joined) = &mut self.joined else { return Ok(Some(batch)) };
            if let Some(batch) = joined.take(batch).map_err(|error| disordered(&error))? {
                return Ok(Some(batch));
            }
        }
    }

    /// The next rows as the engine gives them; none after the last.
    fn next_event(&mut self) -> Result<Option<RecordBatch>, Error> {
        match self.waiting.until(self.events.recv())? {
            Some(Event::Rows(batch)) => return self.output.batch(&batch).map(Some),
            Some(Event::More) => self.cut = true,
            Some(Event::End) => {}
            Some(Event::Failed(error)) => {
                let error = explain(&error, &self.context.names, &self.context.written);
                // What fails for one row is no mistake in the SQL.
                let kind = if error.kind == Kind::Sql { Kind::Value } else { error.kind };
                return Err(Error { kind, ..error });
            }
            None => return Err(self.waiting.broken().into()),
        }
        self.ended = true;
        Ok(None)
    }

    /// Whether rows were left out because of the limit; known when there are no more batches.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// A query that is running.
struct Run {
    bench: Arc<Bench>,
    plan: LogicalPlan,
    order: Order,
    limits: Limits,
}

/// Which joins are used.
#[derive(Clone, Copy, PartialEq)]
enum Joins {
    /// Those that keep a side in memory: fast.
    Keeping,
    /// Those that sort both sides, on disk if need be.
    Merging,
}

impl Run {
    async fn go(self, events: &mpsc::Sender<Event>) {
        // Waiting for the turn is bounded by the time of the run.
        let Ok(_turn) = self.bench.turns.acquire().await else { return };
        let end = match self.rows(events).await {
            Ok(end) => end,
            Err(error) => Event::Failed(error),
        };
        // Whoever asked may be gone.
        let _ = events.send(end).await;
    }

    async fn rows(&self, events: &mpsc::Sender<Event>) -> EngineResult<Event> {
        let mut given = 0;
        let error = match self.attempt(Joins::Keeping, events, &mut given).await {
            Err(Failed { error, kept: true }) if given == 0 && is_memory(&error) => error,
            other => return other.map_err(|failed| failed.error),
        };
        match self.attempt(Joins::Merging, events, &mut given).await {
            Err(Failed { error: second, .. }) if is_memory(&second) => Err(error),
            other => other.map_err(|failed| failed.error),
        }
    }

    async fn attempt(&self, joins: Joins, events: &mpsc::Sender<Event>, given: &mut usize) -> Result<Event, Failed> {
        let session = self.session(joins).map_err(Failed::before)?;
        let plan = session.query_planner().create_physical_plan(&self.plan, &session).await.map_err(Failed::before)?;
        let kept = joins == Joins::Keeping && keeps_a_side(plan.as_ref());
        let failed = |error| Failed { error, kept };
        let mut stream = execute_stream(plan, session.task_ctx()).map_err(failed)?;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(failed)?;
            let left = self.limits.rows - *given;
            if batch.num_rows() > left {
                let _ = events.send(Event::Rows(batch.slice(0, left))).await;
                return Ok(Event::More);
            }
            *given += batch.num_rows();
            if batch.num_rows() > 0 && events.send(Event::Rows(batch)).await.is_err() {
                break;
            }
        }
        Ok(Event::End)
    }

    /// A session with memory and disk of its own.
    fn session(&self, joins: Joins) -> EngineResult<SessionState> {
        let memory = self.limits.memory_bytes;
        let mut config = self.bench.base.config().clone();
        let mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = Vec::new();
        if self.order == Order::Kept {
            config = config.with_target_partitions(1);
            rules.push(Arc::new(UnionsInTurn));
        }
        if joins == Joins::Merging {
            // Before the rule that adds the sorts they need.
            rules.push(Arc::new(Merging));
        }
        rules.extend(self.bench.base.physical_optimizers().iter().map(Arc::clone));
        // What each step holds at least, and a sort keeps back for merging, must fit into what there is.
        config = config.with_batch_size((memory / BATCH_SHARE).clamp(LEAST_ROWS, BATCH_ROWS));
        let execution = &mut config.options_mut().execution;
        execution.sort_spill_reservation_bytes = execution.sort_spill_reservation_bytes.min(memory / 32);
        Ok(SessionStateBuilder::new_from_existing(self.bench.base.clone())
            .with_config(config)
            .with_physical_optimizer_rules(rules)
            .with_runtime_env(self.environment()?)
            .build())
    }

    fn environment(&self) -> EngineResult<Arc<RuntimeEnv>> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![self.bench.spill_folder.clone()]))
            .with_max_temp_directory_size(room(&self.bench.spill_folder, self.limits.spill_bytes));
        RuntimeEnvBuilder::from_runtime_env(&self.bench.environment)
            .with_memory_pool(Arc::new(FairSpillPool::new(self.limits.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()
    }
}

/// Why an attempt failed.
struct Failed {
    error: DataFusionError,
    /// Whether joins kept a side in memory.
    kept: bool,
}

impl Failed {
    fn before(error: DataFusionError) -> Failed {
        Failed { error, kept: false }
    }
}

fn is_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(text) if !text.contains(TOO_MUCH))
}

fn keeps_a_side(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<HashJoinExec>() || plan.children().into_iter().any(|child| keeps_a_side(child.as_ref()))
}
