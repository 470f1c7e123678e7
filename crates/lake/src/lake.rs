//! The lake as its users see it: open, query, flush, rebuild.

use crate::error::Error;
use crate::flush::{Cost, Files};
use crate::follow::{Follower, Step};
use crate::guest::Guest;
use crate::lag::Lag;
use crate::map::{DataFile, Map, Position};
use crate::snapshot::{Snapshot, SnapshotTable};
use crate::sql::{Engine, Stop};
use crate::table::{self, Table, arrival_row, key_of_arrival};
use crate::tail::Tail;
use access::Grant;
use records::{ArrivalInfo, Records, Seq};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// When the tail becomes files by itself.
const FLUSH_EVERY: Duration = Duration::from_mins(1);
/// Rows in the tail from which it is flushed: few, since whoever writes much holds the tail and the files that are made of it.
const FLUSH_ROWS: usize = 50_000;
/// Bytes in the tail from which it is flushed.
const FLUSH_BYTES: usize = 32 << 20;
/// The tail grows no further than so many times these bounds while a flush runs; then the follower waits.
const FULL: usize = 1;
/// A tail with so many rows becomes files when the lake is closed, so that the next start need not make them again.
const FLUSH_AT_CLOSE_ROWS: usize = 2_000;
/// The follower gathers changes for so long unless somebody waits for them.
const GATHER: Duration = Duration::from_millis(200);
/// With so many changes waiting it gathers no longer.
const GATHER_CHANGES: i64 = 1_000;
/// How often whoever waits for something looks by itself.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// With nothing to do for so long, memory that was used for work is given back.
const REST_AFTER: Duration = Duration::from_secs(5);
/// After a failure it is tried again so much later.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How often old files are looked for.
const VACUUM_EVERY: Duration = Duration::from_hours(1);

/// What a lake needs beside its folder.
pub struct Options {
    /// Where changes come from.
    pub records: Arc<Records>,
    /// The lake's own grant: it reads everything.
    pub grant: Grant,
    /// Further tables, as ViewDefinitions in JSON.
    pub views: Vec<String>,
    /// What queries of all users may use together.
    pub capacity: Capacity,
    /// Whether the tail becomes files by itself; otherwise only [`Lake::flush`] does it.
    pub flush: FlushBy,
}

/// Who says when the tail becomes files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushBy {
    /// Time and size.
    Itself,
    /// Only [`Lake::flush`].
    Command,
}

/// What queries of all users may use together.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Threads that run queries.
    pub threads: usize,
    /// Queries that run at once; further ones wait for their turn.
    pub queries: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Capacity { threads, queries: 4 }
    }
}

/// How the lake is doing.
#[derive(Clone, Debug)]
pub struct Status {
    /// Position in the feed that SQL sees.
    pub position: Seq,
    /// Newest position in the feed.
    pub head: Seq,
    /// Position that the files hold.
    pub flushed: Seq,
    /// For how long the oldest change that SQL does not see has been waiting.
    pub behind: Duration,
    /// Rows in memory.
    pub tail_rows: usize,
    /// Bytes of them.
    pub tail_bytes: usize,
    /// Tables with their files and the bytes of these.
    pub tables: Vec<TableStatus>,
    /// Resources whose view failed: their rows have keys and nothing else.
    pub failed: usize,
    /// The first reason.
    pub failure: Option<String>,
    /// What flushes cost since the lake was opened.
    pub flushes: Cost,
    /// What keeps the lake from following or flushing at the moment.
    pub problem: Option<String>,
    /// Those who wait in [`Lake::pace`] for it to come nearer.
    pub held_up: usize,
}

/// A table's files.
#[derive(Clone, Debug)]
pub struct TableStatus {
    /// The table.
    pub name: String,
    /// Number of files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
}

/// The lake.
pub struct Lake {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    guests: RwLock<Vec<Arc<dyn Guest>>>,
}

/// Keeps a lake from following while it lives; see [`Lake::hold`].
pub struct Hold(Arc<Shared>);

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.0.state).holds -= 1;
        self.0.moved.notify_all();
    }
}

struct Shared {
    engine: Engine,
    folder: PathBuf,
    follower: Follower,
    flush_by: FlushBy,
    /// Held for the length of a step; what it looks up in.
    reader: Mutex<Map>,
    /// Held for the length of a flush.
    files: Mutex<Files>,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    files: Vec<Arc<Vec<DataFile>>>,
    flushed: Position,
    /// What is being flushed.
    frozen: Option<Arc<Tail>>,
    active: Tail,
    active_since: Option<Instant>,
    lag: Lag,
    /// Until the tail has come here, after a start or a rebuild, nothing is answered.
    complete_from: i64,
    /// Who waits for changes.
    waiting: usize,
    /// Who waits in [`Lake::pace`].
    held_up: usize,
    /// How many [`Hold`]s there are.
    holds: usize,
    flush_wanted: u64,
    flush_done: u64,
    flushes: Cost,
    rebuilds: u64,
    closing: bool,
    /// When something was last done, unless memory was given back since.
    worked: Option<Instant>,
    failed: usize,
    failure: Option<String>,
    follow_problem: Option<String>,
    flush_problem: Option<String>,
}

impl Lake {
    /// Opens the lake in `folder`, making it if it is new or does not fit, and begins to follow the feed.
    ///
    /// # Errors
    /// [`Error::View`] for a definition that is no table; [`Error::File`], [`Error::Map`].
    pub fn open(folder: &Path, options: Options) -> Result<Lake, Error> {
        let tables = table::tables(&options.views)?;
        let fingerprint = table::fingerprint(&tables, &options.views);
        let (now_us, head) = (options.records.now_us(), options.records.head());
        let mut files = Files::open(folder, &tables, &fingerprint, now_us)?;
        if files.position()?.seq > head.0 {
            // Its records are not these.
            files.reset(now_us)?;
        }
        let flushed = files.position()?;
        let follower = Follower::new(options.records, options.grant, &tables)?;
        let state = State {
            files: file_lists(&files, tables.len())?,
            flushed,
            frozen: None,
            active: Tail::new(tables.len(), flushed),
            active_since: None,
            lag: Lag::new(Instant::now()),
            complete_from: head.0,
            waiting: 0,
            held_up: 0,
            holds: 0,
            flush_wanted: 0,
            flush_done: 0,
            flushes: Cost::default(),
            rebuilds: 0,
            closing: false,
            worked: Some(Instant::now()),
            failed: 0,
            failure: None,
            follow_problem: None,
            flush_problem: None,
        };
        let shared = Arc::new(Shared {
            engine: Engine::new(folder, options.capacity)?,
            folder: folder.to_owned(),
            follower,
            flush_by: options.flush,
            reader: Mutex::new(Map::reader(folder)?),
            files: Mutex::new(files),
            state: Mutex::new(state),
            moved: Condvar::new(),
        });
        let lake = Lake { shared: Arc::clone(&shared), threads: Mutex::default(), guests: RwLock::default() };
        lake.spawn("lake-follow", Shared::follow)?;
        lake.spawn("lake-flush", Shared::flush_when_due)?;
        Ok(lake)
    }

    fn spawn(&self, name: &str, run: fn(&Shared)) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(16 << 20)
            .spawn(move || run(&shared))
            .map_err(|error| Error::file("start the thread", Path::new(name), error))?;
        lock(&self.threads).push(thread);
        Ok(())
    }

    /// The tables, in no particular order.
    pub fn tables(&self) -> &[Arc<Table>] {
        &self.shared.follower.tables
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn guests(&self) -> &RwLock<Vec<Arc<dyn Guest>>> {
        &self.guests
    }

    /// Waits until the tail has come to what is committed now, `patience` at most, and gives all tables as they are at one
    /// position.
    pub(crate) fn snapshot(&self, patience: Duration, give_up: Duration, stop: &Stop) -> Result<Snapshot, Error> {
        let shared = &*self.shared;
        let head = shared.follower.records.head().0;
        let start = Instant::now();
        let mut state = lock(&shared.state);
        state.look(head);
        state.waiting += 1;
        state.worked = Some(start);
        shared.moved.notify_all();
        let reached = loop {
            if state.closing {
                break Err(Error::Closed);
            }
            if stop.is_stopped() {
                break Err(Error::Cancelled);
            }
            let complete = state.active.to.seq >= state.complete_from;
            if state.active.to.seq >= head || (complete && start.elapsed() >= patience) {
                break Ok(());
            }
            if start.elapsed() >= give_up {
                break Err(Error::Limit(format!(
                    "the lake is being filled: {} of {} changes are in it. Try again later",
                    state.active.to.seq, state.complete_from
                )));
            }
            state = wait(&shared.moved, state, Duration::from_millis(50));
        };
        state.waiting -= 1;
        reached?;
        let mut dead = state.active.dead.clone();
        if let Some(frozen) = &state.frozen {
            dead |= &frozen.dead;
        }
        let tables = shared.follower.tables.iter().enumerate().map(|(number, table)| {
            let mut batches = state.frozen.as_ref().map(|tail| tail.batches[number].clone()).unwrap_or_default();
            batches.extend_from_slice(&state.active.batches[number]);
            SnapshotTable { table: Arc::clone(table), files: Arc::clone(&state.files[number]), batches }
        });
        let (position, behind) = (Seq(state.active.to.seq), state.lag.behind(Instant::now()));
        let epoch = (state.rebuilds, state.flushed.seq);
        Ok(Snapshot { position, epoch, behind, tables: tables.collect(), dead: Arc::new(dead) })
    }

    /// How the lake is doing.
    pub fn status(&self) -> Status {
        let head = self.shared.follower.records.head();
        let mut state = lock(&self.shared.state);
        state.look(head.0);
        let frozen = state.frozen.as_deref();
        let tables = self.tables().iter().zip(&state.files).map(|(table, files)| TableStatus {
            name: table.name.clone(),
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            rows: files.iter().map(|file| file.rows).sum(),
        });
        Status {
            position: Seq(state.active.to.seq),
            head,
            flushed: Seq(state.flushed.seq),
            behind: state.lag.behind(Instant::now()),
            tail_rows: state.active.rows + frozen.map_or(0, |tail| tail.rows),
            tail_bytes: state.active.bytes + frozen.map_or(0, |tail| tail.bytes),
            tables: tables.collect(),
            failed: state.failed,
            failure: state.failure.clone(),
            flushes: state.flushes,
            problem: state.follow_problem.clone().or_else(|| state.flush_problem.clone()),
            held_up: state.held_up,
        }
    }

    /// Returns when SQL is behind the feed by less than `bound`, or the lake cannot follow, or `stop` says so: whoever writes in
    /// bulk calls it between writes, so that the lag stays bounded. A lake that cannot follow holds nobody up.
    pub fn pace(&self, bound: Duration, stop: &dyn Fn() -> bool) {
        let head = self.shared.follower.records.head();
        let mut state = lock(&self.shared.state);
        state.look(head.0);
        state.held_up += 1;
        while !state.closing
            && state.follow_problem.is_none()
            && state.flush_problem.is_none()
            && state.lag.behind(Instant::now()) > bound
            && !stop()
        {
            state = wait(&self.shared.moved, state, Duration::from_millis(100));
        }
        state.held_up -= 1;
    }

    /// Keeps the lake where it is for as long as what is given back lives: it follows no further. Tests make it lag so.
    pub fn hold(&self) -> Hold {
        lock(&self.shared.state).holds += 1;
        Hold(Arc::clone(&self.shared))
    }

    /// Makes files of everything that is committed now; gives the position that they hold.
    ///
    /// # Errors
    /// Whatever keeps the lake from following or writing.
    pub fn flush(&self) -> Result<Seq, Error> {
        let shared = &*self.shared;
        let head = shared.follower.records.head().0;
        let mut state = lock(&shared.state);
        state.waiting += 1;
        let followed = shared.wait_until(state, |state| {
            if let Some(problem) = &state.follow_problem {
                return Some(Err(Error::Engine(problem.clone())));
            }
            (state.active.to.seq >= head).then_some(Ok(()))
        });
        let followed = followed.map(drop);
        let mut state = lock(&shared.state);
        state.waiting -= 1;
        followed?;
        state.flush_problem = None;
        state.flush_wanted += 1;
        let wanted = state.flush_wanted;
        shared.moved.notify_all();
        let state = shared.wait_until(state, |state| {
            if let Some(problem) = &state.flush_problem {
                return Some(Err(Error::Engine(problem.clone())));
            }
            (state.flush_done >= wanted).then_some(Ok(()))
        })?;
        Ok(Seq(state.flushed.seq))
    }

    /// Deletes the lake and makes it again from the records; returns when it holds what is committed now. Queries wait.
    ///
    /// # Errors
    /// As [`Lake::flush`].
    pub fn rebuild(&self) -> Result<Seq, Error> {
        let shared = &*self.shared;
        {
            let mut files = lock(&shared.files);
            let mut reader = lock(&shared.reader);
            *reader = Map::nowhere()?;
            files.reset(shared.follower.records.now_us())?;
            *reader = Map::reader(&shared.folder)?;
            let mut state = lock(&shared.state);
            state.files = file_lists(&files, shared.follower.tables.len())?;
            state.flushed = Position::default();
            state.frozen = None;
            state.active = Tail::new(shared.follower.tables.len(), Position::default());
            state.active_since = None;
            state.lag.restart(Instant::now());
            state.complete_from = shared.follower.records.head().0;
            state.rebuilds += 1;
            state.failed = 0;
            state.failure = None;
            shared.moved.notify_all();
        }
        self.flush()
    }

    /// Stops following. What is not flushed is in the feed and comes back with the next start; if it is much, it becomes files
    /// first.
    pub fn close(&self) {
        lock(&self.shared.state).closing = true;
        self.shared.moved.notify_all();
        let threads: Vec<_> = lock(&self.threads).drain(..).collect();
        if threads.is_empty() {
            return;
        }
        for thread in threads {
            // A thread that panicked has nothing left to say.
            let _ = thread.join();
        }
        let rows = {
            let state = lock(&self.shared.state);
            state.active.rows + state.frozen.as_ref().map_or(0, |tail| tail.rows)
        };
        if self.shared.flush_by == FlushBy::Itself && rows >= FLUSH_AT_CLOSE_ROWS {
            // If it fails, the next start has more to do.
            let _ = self.shared.flush_once(0);
        }
    }
}

impl Drop for Lake {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn wait_until<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        mut reached: impl FnMut(&State) -> Option<Result<(), Error>>,
    ) -> Result<MutexGuard<'s, State>, Error> {
        loop {
            if state.closing {
                return Err(Error::Closed);
            }
            match reached(&state) {
                Some(Ok(())) => return Ok(state),
                Some(Err(error)) => return Err(error),
                None => state = wait(&self.moved, state, LOOK_EVERY),
            }
        }
    }

    /// The follower's thread.
    fn follow(&self) {
        loop {
            let seen = {
                let mut state = lock(&self.state);
                // A flush that does not keep up holds the follower back.
                while !state.closing && (state.holds > 0 || (state.frozen.is_some() && state.active.is_full(FULL))) {
                    state = wait(&self.moved, state, LOOK_EVERY);
                    state.look(self.follower.records.head().0);
                }
                if state.closing {
                    return;
                }
                state.active.to
            };
            let head = self.follower.records.wait_for(Seq(seen.seq), GATHER);
            {
                let mut state = lock(&self.state);
                state.look(head.0);
                if head.0 > seen.seq {
                    if state.waiting == 0 && head.0 - seen.seq < GATHER_CHANGES {
                        state = wait(&self.moved, state, GATHER);
                    }
                } else if self.follower.records.newest_arrival().0 <= seen.arrival && state.active.to == seen {
                    if state.closing {
                        return;
                    }
                    continue;
                }
                if state.closing {
                    return;
                }
                if state.holds > 0 {
                    continue;
                }
            }
            match caught(|| self.step()) {
                Ok(()) => {}
                Err(Error::Records(records::Error::Closed)) => return,
                Err(error) => {
                    let mut state = lock(&self.state);
                    state.follow_problem = Some(error.to_string());
                    self.moved.notify_all();
                    drop(wait(&self.moved, state, RETRY_AFTER));
                }
            }
        }
    }

    /// One step of the follower.
    fn step(&self) -> Result<(), Error> {
        let reader = lock(&self.reader);
        let (from, rebuilds) = {
            let state = lock(&self.state);
            (state.active.to, state.rebuilds)
        };
        let mut step = self.follower.step(from)?;
        let untold = self.untold(&step, &reader)?;
        self.follower.tell_undone(&mut step, &untold)?;
        let before = {
            let state = lock(&self.state);
            step.replaced_in_memory(&state.active, state.frozen.as_deref())
        };
        let dead = Step::replaced(before, &reader)?;
        let mut state = lock(&self.state);
        debug_assert_eq!(state.rebuilds, rebuilds, "a rebuild waits for the step to end");
        let arrived = step.to != from;
        state.active.to = step.to;
        for (table, batch) in step.batches {
            state.active.push(table, batch);
        }
        state.active.current.extend(step.current);
        state.active.dead.extend(dead);
        state.active.dead.extend(step.superseded);
        state.active.compact(&self.follower.tables)?;
        state.failed += step.failed;
        if state.failure.is_none() {
            state.failure = step.failure;
        }
        state.follow_problem = None;
        let reached = state.active.to.seq;
        state.worked = Some(Instant::now());
        state.lag.reach(reached);
        if arrived {
            state.active_since.get_or_insert_with(Instant::now);
        }
        self.moved.notify_all();
        Ok(())
    }

    /// Those of the arrivals that a step found taken back whose row does not say so yet.
    fn untold(&self, step: &Step, reader: &Map) -> Result<Vec<ArrivalInfo>, Error> {
        let mut untold = Vec::new();
        for arrival in &step.undone {
            let row = arrival_row(arrival.no.0);
            let known = {
                let state = lock(&self.state);
                let tails = [Some(&state.active), state.frozen.as_deref()];
                let known = step.current.get(&row).or_else(|| tails.iter().flatten().find_map(|t| t.current.get(&row)));
                known.copied()
            };
            let known = match known {
                Some(known) => known,
                None => reader.current(row)?,
            };
            if known != Some(key_of_arrival(arrival)) {
                untold.push(arrival.clone());
            }
        }
        Ok(untold)
    }

    /// The flusher's thread; it also does what has to be done when nothing else is.
    fn flush_when_due(&self) {
        let mut vacuumed = None;
        loop {
            let due = {
                let mut state = lock(&self.state);
                loop {
                    if state.closing {
                        return;
                    }
                    let age = state.active_since.map(|since| since.elapsed()).unwrap_or_default();
                    let by_itself = self.flush_by == FlushBy::Itself && (age >= FLUSH_EVERY || state.active.is_full(1));
                    if state.flush_wanted > state.flush_done || state.frozen.is_some() || by_itself {
                        break Due::Flush(state.flush_wanted);
                    }
                    if vacuumed.is_none_or(|at: Instant| at.elapsed() >= VACUUM_EVERY) {
                        break Due::Vacuum;
                    }
                    if state.worked.is_some_and(|at| at.elapsed() >= REST_AFTER) && self.engine.is_idle() {
                        state.worked = None;
                        break Due::Rest;
                    }
                    state = wait(&self.moved, state, LOOK_EVERY);
                }
            };
            let result = caught(|| match due {
                Due::Flush(wanted) => self.flush_once(wanted),
                Due::Vacuum => {
                    vacuumed = Some(Instant::now());
                    lock(&self.files).vacuum(self.follower.records.now_us())
                }
                Due::Rest => self.rest(),
            });
            if let Err(error) = result {
                let mut state = lock(&self.state);
                state.flush_problem = Some(error.to_string());
                self.moved.notify_all();
                drop(wait(&self.moved, state, RETRY_AFTER));
            }
        }
    }

    /// Gives back memory that is held for work which does not come.
    fn rest(&self) -> Result<(), Error> {
        lock(&self.files).shrink()?;
        lock(&self.reader).shrink()?;
        self.engine.forget_kept();
        records::give_back_memory();
        Ok(())
    }

    fn flush_once(&self, due: u64) -> Result<(), Error> {
        let mut files = lock(&self.files);
        let (frozen, again) = {
            let mut state = lock(&self.state);
            // What an earlier flush could not write comes first; what came after it is a flush of its own.
            let again = state.frozen.is_some();
            if !again && !state.active.is_empty() {
                let next = Tail::new(self.follower.tables.len(), state.active.to);
                state.frozen = Some(Arc::new(std::mem::replace(&mut state.active, next)));
                state.active_since = None;
            }
            (state.frozen.clone(), again)
        };
        let cost = match &frozen {
            Some(frozen) => files.flush(frozen, self.follower.records.now_us())?,
            None => Cost::default(),
        };
        let lists = file_lists(&files, self.follower.tables.len())?;
        let mut state = lock(&self.state);
        state.files = lists;
        state.flushed = files.position()?;
        state.flushes += cost;
        state.frozen = None;
        state.worked = Some(Instant::now());
        state.flush_problem = None;
        if !again {
            state.flush_done = due;
        }
        self.moved.notify_all();
        Ok(())
    }
}

/// What the flusher's thread has to do.
enum Due {
    /// Whatever was wanted until this number.
    Flush(u64),
    Vacuum,
    Rest,
}

impl State {
    /// The head of the feed was looked at.
    fn look(&mut self, head: i64) {
        self.lag.look(self.active.to.seq, head, Instant::now());
    }
}

/// What `run` gives; a panic in it is an error like others, and the thread goes on.
fn caught(run: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    // What it holds is behind locks; a step or a flush that broke off is made again from what was committed.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::Engine("the lake failed inside; the program's log says where".into())))
}

impl Tail {
    fn is_full(&self, times: usize) -> bool {
        self.rows >= times * FLUSH_ROWS || self.bytes >= times * FLUSH_BYTES || self.current.len() >= times * FLUSH_ROWS
    }
}

fn file_lists(files: &Files, tables: usize) -> Result<Vec<Arc<Vec<DataFile>>>, Error> {
    (0..tables).map(|number| files.of_table(number).map(Arc::new)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'s, T>(moved: &Condvar, guard: MutexGuard<'s, T>, patience: Duration) -> MutexGuard<'s, T> {
    moved.wait_timeout(guard, patience).unwrap_or_else(PoisonError::into_inner).0
}
