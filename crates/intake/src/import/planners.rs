//! Threads that plan pieces while others are read, unpacked and committed.
//!
//! Planning (parse, check, index values, packing) is most of the work of an import, and pieces are planned each for itself.
//! They go to the writer in the order in which they came, so that of two files with the same resource the later one wins.

use super::piece::{Piece, Plan};
use access::Grant;
use records::{Prepared, Records, ReuseArrival, Trail};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

/// Threads at most: beyond it the one writer is what everything waits for.
const THREADS: usize = 4;
/// Documents are nested up to the parser's bound; checking them takes frames of that depth.
const STACK_BYTES: usize = 8 << 20;

/// A piece to be planned.
pub(super) struct Job {
    pub(super) piece: Piece,
    pub(super) plan: Plan,
    answer: SyncSender<Result<Prepared, records::Error>>,
}

/// Where a planned piece comes.
pub(super) type Slot = Receiver<Result<Prepared, records::Error>>;

impl Job {
    /// A job, and where its answer comes.
    pub(super) fn new(piece: Piece, plan: Plan) -> (Job, Slot) {
        let (answer, slot) = sync_channel(1);
        (Job { piece, plan, answer }, slot)
    }
}

/// Starts as many threads as there are cores, up to a bound; they end when the sender is dropped.
///
/// `None` if no thread can be started.
pub(super) fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    records: &'scope Records,
    grant: &'scope Grant,
) -> Option<SyncSender<Job>> {
    let count = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS);
    let (jobs, queue) = sync_channel::<Job>(count);
    let queue = Arc::new(Mutex::new(queue));
    let mut started = 0;
    for no in 0..count {
        let queue = Arc::clone(&queue);
        let thread = Builder::new().name(format!("plan {no}")).stack_size(STACK_BYTES);
        let spawned = thread.spawn_scoped(scope, move || {
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(Job { piece, plan, answer }) = job else { return };
                // Who asked may have stopped.
                let _ = answer.send(prepare(records, grant, &piece, plan));
            }
        });
        started += usize::from(spawned.is_ok());
    }
    (started > 0).then_some(jobs)
}

/// Plans a piece and packs it.
pub(super) fn prepare(records: &Records, grant: &Grant, piece: &Piece, plan: Plan) -> Result<Prepared, records::Error> {
    let told = plan.told();
    let trail = match &told {
        Some(told) => told.trail(&piece.about.name, &piece.content),
        None => Trail { action: "import".into(), detail: piece.about.name.clone() },
    };
    let reuse = if told.is_some() { ReuseArrival::Repeat } else { ReuseArrival::IfSame };
    records.prepare(grant, trail, piece.about.clone(), &piece.content, reuse, plan)
}
