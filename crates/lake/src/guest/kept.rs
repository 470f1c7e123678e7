//! Views whose few rows are kept in memory: they are made again when a table that they read has other rows.
//!
//! What they are made of is told by their plan, which holds the text of all views that they use, and by the state of each of the
//! lake's tables in it ([`Snapshot::states`](crate::snapshot::Snapshot::states)). A view that reads anything else, or has many
//! rows, is a view like any other.

use crate::sql::growth;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows of a view that are kept, at most.
const ROWS: usize = 200_000;
/// Bytes of them.
const BYTES: usize = 32 << 20;

/// The views of all queries, by name.
#[derive(Default)]
pub(crate) struct KeptViews(Mutex<Held>);

#[derive(Default)]
struct Held {
    made: HashMap<String, Made>,
    /// Views that have many rows: it is not tried again until all is forgotten.
    many: BTreeSet<String>,
}

struct Made {
    /// What it was made of.
    of: String,
    rows: RecordBatch,
}

impl KeptViews {
    /// Gives back the memory.
    pub(crate) fn forget(&self) {
        *self.held() = Held::default();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows of a view if they are few, and what they are made of. `states` tells the state of tables by their names in plans.
    pub(super) async fn rows(
        &self,
        session: &SessionState,
        name: &str,
        plan: &LogicalPlan,
        states: &HashMap<String, String>,
    ) -> Option<(RecordBatch, String)> {
        let of = made_of(plan, states)?;
        {
            let held = self.held();
            if held.many.contains(name) {
                return None;
            }
            if let Some(made) = held.made.get(name).filter(|made| made.of == of) {
                return Some((made.rows.clone(), of));
            }
        }
        // What is wrong with it is told where it is a part of the query.
        let rows = few(session, plan).await.ok()?;
        let mut held = self.held();
        let Some(rows) = rows else {
            held.made.remove(name);
            held.many.insert(name.to_owned());
            return None;
        };
        held.made.insert(name.to_owned(), Made { of: of.clone(), rows: rows.clone() });
        Some((rows, of))
    }
}

/// The text of a plan with the states of the tables in it; none if the state of one is not known.
fn made_of(plan: &LogicalPlan, states: &HashMap<String, String>) -> Option<String> {
    let mut of = plan.display_indent().to_string();
    let mut is_known = true;
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            match states.get(&scan.table_name.to_string()) {
                Some(state) => {
                    of.push('\n');
                    of.push_str(state);
                }
                None => is_known = false,
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    (is_known && walked.is_ok()).then_some(of)
}

/// All rows of a plan, if they are few.
async fn few(session: &SessionState, plan: &LogicalPlan) -> Result<Option<RecordBatch>> {
    let plan = growth::physical(session, plan).await?;
    let schema = plan.schema();
    let mut stream = execute_stream(plan, session.task_ctx())?;
    let (mut batches, mut rows) = (Vec::new(), 0);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        rows += batch.num_rows();
        if rows > ROWS {
            return Ok(None);
        }
        batches.push(batch);
    }
    // Put together, they hold nothing of the larger batches that they were cut out of.
    let whole = concat_batches(&schema, &batches)?;
    Ok((whole.get_array_memory_size() <= BYTES).then_some(whole))
}
