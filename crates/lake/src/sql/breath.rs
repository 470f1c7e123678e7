//! Joins that let others go on. A join that makes many rows of few, or tries many pairs and keeps none, works on what it was given
//! without once returning to whoever runs it: its thread does nothing else meanwhile, and nobody can end it. So what joins give is
//! counted against their turn, and those that try every pair get their input in pieces and pause between them.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, RecordBatchStream,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{Stream, StreamExt};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Rows of the first piece: nothing is known yet of how long a row takes.
const FIRST_ROWS: usize = 16;
const MOST_ROWS: usize = 8192;
/// A piece that took longer is followed by one of half its rows; one that took less than a tenth of it, by one of twice as many.
const LONGEST: Duration = Duration::from_millis(50);

/// Puts pauses into joins.
#[derive(Debug)]
pub(crate) struct Breath;

impl PhysicalOptimizerRule for Breath {
    fn name(&self) -> &'static str {
        "breath"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let tries_every_pair = plan.is::<NestedLoopJoinExec>() || plan.is::<CrossJoinExec>();
            if !tries_every_pair && !plan.is::<HashJoinExec>() && !plan.is::<SortMergeJoinExec>() {
                return Ok(Transformed::no(plan));
            }
            let plan = if tries_every_pair { in_pieces(plan)? } else { plan };
            Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan)) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }
}

/// The side that is not collected comes in pieces.
fn in_pieces(join: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut children: Vec<_> = join.children().into_iter().map(Arc::clone).collect();
    let Some(streamed) = children.pop() else { return Ok(join) };
    children.push(Arc::new(Pieces { input: streamed }));
    join.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

/// Gives its input's rows in pieces, so many at a time as are worked on in a moment.
#[derive(Debug)]
struct Pieces {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for Pieces {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pieces")
    }
}

impl ExecutionPlan for Pieces {
    fn name(&self) -> &'static str {
        "Pieces"
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
        let input = children.pop().ok_or_else(|| DataFusionError::Internal("Pieces needs an input".into()))?;
        Ok(Arc::new(Pieces { input }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(PieceStream { input, rest: None, rows: FIRST_ROWS, given: None }))
    }
}

struct PieceStream {
    input: SendableRecordBatchStream,
    /// What was not given yet of the batch that is worked on.
    rest: Option<RecordBatch>,
    rows: usize,
    /// When the last piece was given.
    given: Option<Instant>,
}

impl Stream for PieceStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(given) = self.given.take() {
            // Whoever asks for more has done with the last piece.
            let took = given.elapsed();
            if took > LONGEST {
                self.rows = (self.rows / 2).max(1);
            } else if took < LONGEST / 10 {
                self.rows = (self.rows * 2).min(MOST_ROWS);
            }
            if took > LONGEST / 10 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let batch = match self.rest.take() {
            Some(batch) => batch,
            None => match self.input.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(batch))) => batch,
                other => return other,
            },
        };
        let piece = batch.slice(0, self.rows.min(batch.num_rows()));
        if piece.num_rows() < batch.num_rows() {
            self.rest = Some(batch.slice(piece.num_rows(), batch.num_rows() - piece.num_rows()));
        }
        self.given = Some(Instant::now());
        Poll::Ready(Some(Ok(piece)))
    }
}

impl RecordBatchStream for PieceStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
