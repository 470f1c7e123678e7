//! The tail: changes since the flush, in memory.
//!
//! A version that is no longer current is dead wherever its rows are, in a file or in a batch here: positions in the feed are
//! unique, so one set of dead positions serves all tables. What a table holds is the rows of its files and of the tail's batches
//! whose position is not dead.

use crate::error::Error;
use crate::map::Position;
use crate::table::Table;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use roaring::RoaringTreemap;
use std::collections::HashMap;
use std::sync::Arc;

/// Batches of a table above which they are put together.
const BATCHES: usize = 64;

/// Changes between two positions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    /// Up to where.
    pub(crate) to: Position,
    /// Rows by table.
    pub(crate) batches: Vec<Vec<RecordBatch>>,
    /// Positions that were current before and are not now.
    pub(crate) dead: RoaringTreemap,
    /// The current version of each changed resource; `None` if it is deleted.
    pub(crate) current: HashMap<i64, Option<i64>>,
    /// Rows of all batches.
    pub(crate) rows: usize,
    /// Bytes of all batches.
    pub(crate) bytes: usize,
}

impl Tail {
    pub(crate) fn new(tables: usize, from: Position) -> Tail {
        Tail { to: from, batches: vec![Vec::new(); tables], ..Tail::default() }
    }

    /// Whether there is nothing to flush.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0 && self.current.is_empty()
    }

    pub(crate) fn push(&mut self, table: usize, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.bytes += batch.get_array_memory_size();
        self.batches[table].push(batch);
    }

    /// Puts small batches together: a query pays for each.
    pub(crate) fn compact(&mut self, tables: &[Arc<Table>]) -> Result<(), Error> {
        for (table, batches) in tables.iter().zip(&mut self.batches) {
            if batches.len() > BATCHES {
                let before: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
                let whole = concat_batches(&table.schema, &*batches)?;
                self.bytes = self.bytes.saturating_sub(before) + whole.get_array_memory_size();
                *batches = vec![whole];
            }
        }
        Ok(())
    }
}

/// A set of positions keeps them as they are; keys of arrivals, which are negative, go to its upper half.
pub(crate) fn dead_key(seq: i64) -> u64 {
    seq as u64
}
