//! The store's own instance: the tables `omop.…` of its lake.

use crate::asking::Cdm;
use crate::error::Error;
use access::Grant;
use arrow_array::RecordBatch;
use lake::{Lake, Limits, Stop};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The store's own instance, as somebody may see it.
pub struct Store {
    lake: Arc<Lake>,
    grant: Grant,
    limits: Limits,
    stop: Stop,
    position: AtomicI64,
}

impl Store {
    /// The instance of a lake, for whoever holds the grant. `stop` ends what is being asked.
    pub fn new(lake: Arc<Lake>, grant: Grant, limits: Limits, stop: Stop) -> Store {
        Store { lake, grant, limits, stop, position: AtomicI64::new(0) }
    }

    /// The position in the feed that the tables had when they were last asked.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::Relaxed)
    }
}

impl Cdm for Store {
    fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        let mut answer = self.lake.query_until(&self.grant, sql, &self.limits, &self.stop)?;
        self.position.store(answer.position().0, Ordering::Relaxed);
        let mut batches = Vec::new();
        while let Some(batch) = answer.next_batch()? {
            batches.push(batch);
        }
        if answer.is_cut() {
            return Err(lake::Error::Limit(format!("an answer has at most {} rows", self.limits.rows)).into());
        }
        Ok(batches)
    }

    fn has_table(&self, _: &str) -> bool {
        // All of them, with all fields and their types.
        true
    }

    fn has_field(&self, _: &str, _: &str) -> bool {
        true
    }

    fn misread(&self, _: &str, _: &str) -> u64 {
        0
    }
}
