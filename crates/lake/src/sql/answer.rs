//! What a query gives: columns, then rows in batches.

use super::explain_error::query_error;
use crate::error::Error;
use crate::table::Table;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use records::Seq;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::task::AbortHandle;

/// Rows of an answer.
pub type Batch = RecordBatch;

/// What the running query sends.
pub(super) enum Event {
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
    pub(super) run: AbortHandle,
    pub(super) sql: String,
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) deadline: Instant,
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
    /// [`Error::Sql`] if a value cannot be computed, [`Error::Limit`] for time and memory.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let event = self.events.blocking_recv();
        self.take(event)
    }

    /// As [`Answer::next_batch`], for futures.
    ///
    /// # Errors
    /// As [`Answer::next_batch`].
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let event = self.events.recv().await;
        self.take(event)
    }

    fn take(&mut self, event: Option<Event>) -> Result<Option<Batch>, Error> {
        match event {
            Some(Event::Rows(batch)) => return Ok(Some(batch)),
            Some(Event::More) => self.more = true,
            Some(Event::End) => {}
            Some(Event::Failed(error)) => {
                self.ended = true;
                return Err(query_error(&self.sql, &error, &self.tables));
            }
            None => {
                self.ended = true;
                return Err(if Instant::now() >= self.deadline { out_of_time() } else { Error::Cancelled });
            }
        }
        self.ended = true;
        Ok(None)
    }
}

pub(super) fn out_of_time() -> Error {
    Error::Limit("the query took longer than it may: narrow it, or allow it more time".into())
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.run.abort();
    }
}
