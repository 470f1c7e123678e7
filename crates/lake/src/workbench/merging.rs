//! Joins for small memory: instead of one side being kept in memory, both are sorted, on disk where they must, and merged.

use datafusion::arrow::compute::SortOptions;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use std::sync::Arc;

/// Puts merging joins in place of those that keep a side. It runs before the rule that adds the sorts they need.
#[derive(Debug)]
pub(super) struct Merging;

impl PhysicalOptimizerRule for Merging {
    fn name(&self) -> &'static str {
        "merging"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(join) = plan.downcast_ref::<HashJoinExec>() else { return Ok(Transformed::no(plan)) };
            // NOT IN has a meaning of null that only the other join knows.
            if join.null_aware || join.projection.is_some() {
                return Ok(Transformed::no(plan));
            }
            let merged = SortMergeJoinExec::try_new(
                Arc::clone(join.left()),
                Arc::clone(join.right()),
                join.on().to_vec(),
                join.filter().cloned(),
                *join.join_type(),
                vec![SortOptions::default(); join.on().len()],
                join.null_equality(),
            )?;
            Ok(Transformed::yes(Arc::new(merged) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }
}
