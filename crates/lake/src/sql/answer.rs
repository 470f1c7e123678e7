//! What a query gives: columns, then rows in batches.

use super::describe::Listing;
use super::explain_error::query_error;
use super::stop::Stop;
use crate::error::Error;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use records::Seq;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;
use tokio::task::AbortHandle;

/// Rows of an answer.
pub type Batch = RecordBatch;

/// What the running query sends.
pub(crate) enum Event {
    Rows(RecordBatch),
    /// There are more rows than the limit.
    More,
    Failed(DataFusionError),
    /// All rows were sent.
    End,
}

/// The answer to a query. Dropping it cancels the query.
pub struct Answer {
    pub(super) schema: SchemaRef,
    pub(super) position: Seq,
    pub(super) events: Receiver<Event>,
    pub(super) _run: AbortOnDrop,
    pub(super) waiting: Waiting,
    pub(super) sql: String,
    pub(super) listing: Listing,
    pub(super) asked: Instant,
    pub(super) behind: Duration,
    pub(super) more: bool,
    pub(super) ended: bool,
}

impl Answer {
    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The position in the feed at which all tables were read.
    pub fn position(&self) -> Seq {
        self.position
    }

    /// For how long the tables had been behind the feed when they were read.
    pub fn behind(&self) -> Duration {
        self.behind
    }

    /// Time since the query was asked.
    pub fn elapsed(&self) -> Duration {
        self.asked.elapsed()
    }

    /// Whether rows were left out because of the limit; known when there are no more batches.
    pub fn is_cut(&self) -> bool {
        self.more
    }

    /// The next rows; `None` after the last. Waits; not to be called on a thread that runs futures.
    ///
    /// # Errors
    /// [`Error::Sql`] if a value cannot be computed, [`Error::Limit`] for time and memory, [`Error::Cancelled`].
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let event = match self.waiting.until(self.events.recv()) {
            Ok(event) => event,
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        };
        self.take(event)
    }

    fn take(&mut self, event: Option<Event>) -> Result<Option<Batch>, Error> {
        match event {
            Some(Event::Rows(batch)) => return Ok(Some(batch)),
            Some(Event::More) => self.more = true,
            Some(Event::End) => {}
            Some(Event::Failed(error)) => {
                self.ended = true;
                return Err(query_error(&self.sql, &error, &self.listing));
            }
            None => {
                self.ended = true;
                return Err(self.waiting.broken());
            }
        }
        self.ended = true;
        Ok(None)
    }
}

/// How whoever asked waits: no longer than the query may take, and not after it was stopped, whatever the query is doing.
pub(crate) struct Waiting {
    pub(crate) runtime: Handle,
    pub(crate) deadline: Instant,
    pub(crate) stop: Stop,
}

impl Waiting {
    pub(crate) fn until<T>(&self, event: impl Future<Output = T>) -> Result<T, Error> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                event = event => Ok(event),
                () = self.stop.stopped() => Err(Error::Cancelled),
                () = tokio::time::sleep_until(self.deadline.into()) => Err(out_of_time()),
            }
        })
    }

    /// Why a query ended without saying so.
    pub(crate) fn broken(&self) -> Error {
        if self.stop.is_stopped() {
            return Error::Cancelled;
        }
        if Instant::now() >= self.deadline {
            return out_of_time();
        }
        Error::Engine("the query failed inside the engine; the program's log says where".into())
    }
}

/// When a query that may take `time` is ended. There is one such moment for who asks and for what runs: whoever is asked why
/// nothing came more must not find that there was time left.
pub(crate) fn deadline_in(time: Duration) -> Instant {
    const NEVER: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + NEVER)
}

fn out_of_time() -> Error {
    Error::Limit("the query took longer than it may: narrow it, or allow it more time".into())
}

/// Ends what runs when it is dropped.
pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
