//! Recursive queries that end. Each round of one is asked anew and gives rows that the next begins with; a query without an end gives
//! a few rows for ever, and what collects them counts their bytes and not what it costs to keep so many small pieces. So rounds are
//! counted.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rounds of a recursive query, at most: far more than the levels of any hierarchy, and than the days of a life.
pub(crate) const MOST_ROUNDS: usize = 100_000;

/// Counts rounds of recursive queries.
#[derive(Debug)]
pub(crate) struct Rounds;

impl PhysicalOptimizerRule for Rounds {
    fn name(&self) -> &'static str {
        "rounds"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            if !plan.is::<RecursiveQueryExec>() {
                return Ok(Transformed::no(plan));
            }
            let begun = Arc::new(AtomicUsize::new(0));
            let counted = plan.children().into_iter().enumerate().map(|(no, input)| {
                let (input, begun) = (Arc::clone(input), Arc::clone(&begun));
                Arc::new(Round { input, begun, is_first: no == 0 }) as Arc<dyn ExecutionPlan>
            });
            let counted = counted.collect();
            plan.replace_children(counted, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
                .map(Transformed::yes)
        })
        .data()
    }
}

/// One of the two queries of a recursive one: what it begins with, or what is asked in each round.
#[derive(Debug)]
struct Round {
    input: Arc<dyn ExecutionPlan>,
    /// Rounds that were begun; kept when the plan is made ready for the next.
    begun: Arc<AtomicUsize>,
    is_first: bool,
}

impl DisplayAs for Round {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Round")
    }
}

impl ExecutionPlan for Round {
    fn name(&self) -> &'static str {
        "Round"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().ok_or_else(|| DataFusionError::Internal("Round needs an input".into()))?;
        Ok(Arc::new(Round { input, begun: Arc::clone(&self.begun), is_first: self.is_first }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if self.is_first {
            self.begun.store(0, Ordering::Relaxed);
        } else if self.begun.fetch_add(1, Ordering::Relaxed) >= MOST_ROUNDS {
            return Err(DataFusionError::External(Box::new(Endless)));
        }
        self.input.execute(partition, context)
    }
}

/// A recursive query that does not come to an end.
#[derive(Debug, thiserror::Error)]
#[error("a recursive query (WITH RECURSIVE) has not ended after {MOST_ROUNDS} rounds: give it a WHERE that ends it")]
pub(crate) struct Endless;
