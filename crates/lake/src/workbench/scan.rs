//! Reading sheets. Their iterators block, so each part is read by a thread of its own, a little ahead of the engine.

use super::error::{Error, Kind};
use super::sheet::{ROW, Sheet};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, SchemaRef, UInt64Type};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, RecordBatchStream,
    SendableRecordBatchStream,
};
use futures::Stream;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// Batches that wait for the engine.
const AHEAD: usize = 2;

/// Reads columns of a sheet.
#[derive(Debug)]
pub(super) struct SheetScan {
    sheet: Arc<dyn Sheet>,
    /// What of the sheet's parts is a part of the engine's.
    parts: Vec<Range<usize>>,
    /// What the engine asked for; may be nothing.
    columns: Vec<usize>,
    schema: SchemaRef,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl SheetScan {
    pub(super) fn new(
        sheet: Arc<dyn Sheet>,
        columns: Vec<usize>,
        schema: SchemaRef,
        limit: Option<usize>,
        most_parts: usize,
    ) -> SheetScan {
        let parts = divide(sheet.partitions(), most_parts);
        let row = sheet.schema().fields().len() - 1;
        // Each part is in order of the row's number, and so are all where they are one.
        let orders = columns.iter().position(|column| *column == row).map(|at| {
            let column = Arc::new(Column::new(schema.field(at).name(), at)) as Arc<dyn PhysicalExpr>;
            [PhysicalSortExpr::new(column, SortOptions { descending: false, nulls_first: false })]
        });
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(Arc::clone(&schema), orders),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        SheetScan { sheet, parts, columns, schema, limit, properties: Arc::new(properties) }
    }
}

/// So many things in so many lots at most, each of neighbours; one lot of nothing where there are none.
fn divide(things: usize, lots: usize) -> Vec<Range<usize>> {
    let lots = lots.min(things).max(1);
    (0..lots).map(|lot| things * lot / lots..things * (lot + 1) / lots).collect()
}

impl DisplayAs for SheetScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "SheetScan: {}, columns=[{}]", self.sheet.name(), names.join(", "))
    }
}

impl ExecutionPlan for SheetScan {
    fn name(&self) -> &'static str {
        "SheetScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        if let Some(rows) = self.sheet.rows_estimate() {
            let parts = if args.partition().is_some() { self.parts.len() } else { 1 };
            let rows = usize::try_from(rows).unwrap_or(usize::MAX).div_ceil(parts);
            statistics.num_rows = Precision::Inexact(self.limit.map_or(rows, |limit| limit.min(rows)));
        }
        Ok(Arc::new(statistics))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let parts = self
            .parts
            .get(partition)
            .cloned()
            .ok_or_else(|| DataFusionError::Internal(format!("{} has no part {partition}", self.sheet.name())))?;
        let row = self.sheet.schema().fields().len() - 1;
        // A batch without columns has no rows either: the numbers are read instead, and left out.
        let read = if self.columns.is_empty() { vec![row] } else { self.columns.clone() };
        Ok(Box::pin(SheetStream {
            row: read.iter().position(|column| *column == row),
            reader: Reader { sheet: Arc::clone(&self.sheet), parts, columns: read },
            schema: Arc::clone(&self.schema),
            batches: None,
            rest: None,
            left: self.limit.unwrap_or(usize::MAX),
            most: context.session_config().batch_size(),
            last_row: None,
        }))
    }
}

enum Message {
    Rows(RecordBatch),
    Failed(String),
    End,
}

/// What a thread reads.
#[derive(Clone)]
struct Reader {
    sheet: Arc<dyn Sheet>,
    parts: Range<usize>,
    columns: Vec<usize>,
}

impl Reader {
    /// Begins to read. The thread ends with the receiver, at its next batch.
    fn start(&self) -> Result<mpsc::Receiver<Message>> {
        let (send, batches) = mpsc::channel(AHEAD);
        let reader = self.clone();
        std::thread::Builder::new()
            .name("lake-sheet".into())
            .spawn(move || {
                let end = match reader.read(&send) {
                    Ok(()) => Message::End,
                    Err(text) => Message::Failed(text),
                };
                // Nobody listens any more: then it does not matter how it ended.
                let _ = send.blocking_send(end);
            })
            .map_err(|error| DataFusionError::Execution(format!("start a thread: {error}")))?;
        Ok(batches)
    }

    fn read(&self, send: &mpsc::Sender<Message>) -> Result<(), String> {
        for part in self.parts.clone() {
            for batch in self.sheet.scan(part, &self.columns)? {
                if send.blocking_send(Message::Rows(batch?)).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

struct SheetStream {
    reader: Reader,
    schema: SchemaRef,
    /// Where the number of the row is among what is read.
    row: Option<usize>,
    /// None: not begun.
    batches: Option<mpsc::Receiver<Message>>,
    /// What of a batch that was too large is still to give.
    rest: Option<RecordBatch>,
    left: usize,
    /// Rows of a batch, at most.
    most: usize,
    last_row: Option<u64>,
}

impl SheetStream {
    /// A batch as the plan has it.
    fn take(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let numbers = self.reader.sheet.schema();
        let asked = self.reader.columns.iter().map(|column| numbers.field(*column).data_type());
        let given: Vec<&DataType> = batch.columns().iter().map(Array::data_type).collect();
        if !asked.eq(given.iter().copied()) {
            return Err(self.broken("gave other columns than it was asked for"));
        }
        if let Some(at) = self.row {
            self.check_order(batch.column(at).as_primitive::<UInt64Type>().values())?;
        }
        let columns = if self.schema.fields().is_empty() { Vec::new() } else { batch.columns().to_vec() };
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| self.broken(&error.to_string()))
    }

    /// Plans are made on the promise that rows come in the order of their numbers. Only the ends of a batch are looked at.
    fn check_order(&mut self, rows: &[u64]) -> Result<()> {
        let [first, .., last] = rows else {
            let Some(only) = rows.first() else { return Ok(()) };
            return self.follows(*only, *only);
        };
        self.follows(*first, *last)
    }

    fn follows(&mut self, first: u64, last: u64) -> Result<()> {
        if self.last_row.is_some_and(|before| before >= first) || last < first {
            return Err(self.broken(&format!("does not give its rows in the order of {ROW}")));
        }
        self.last_row = Some(last);
        Ok(())
    }

    fn broken(&self, what: &str) -> DataFusionError {
        Error::new(Kind::Sheet, format!("table {}: {what}", self.reader.sheet.name())).pass()
    }

    fn piece(&mut self, batch: RecordBatch) -> RecordBatch {
        let rows = batch.num_rows().min(self.most).min(self.left);
        self.left -= rows;
        if rows == batch.num_rows() && self.rest.is_none() {
            return batch;
        }
        let piece = compact(&batch.slice(0, rows));
        if rows < batch.num_rows() {
            self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        piece
    }
}

/// A piece of a batch with its own texts: the memory of what it was cut from would be counted for each piece.
fn compact(piece: &RecordBatch) -> RecordBatch {
    let columns = piece.columns().iter().map(|array| match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()) as ArrayRef,
        _ => Arc::clone(array),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(piece.num_rows()));
    RecordBatch::try_new_with_options(piece.schema(), columns.collect(), &options).unwrap_or_else(|_| piece.clone())
}

impl Stream for SheetStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            self.batches = None;
            return Poll::Ready(None);
        }
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(self.piece(rest))));
        }
        let batches = match &mut self.batches {
            Some(batches) => batches,
            None => match self.reader.start() {
                Ok(batches) => self.batches.insert(batches),
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
        };
        let message = ready!(batches.poll_recv(context));
        let result = match message {
            Some(Message::Rows(batch)) => match self.take(&batch) {
                Ok(batch) => return Poll::Ready(Some(Ok(self.piece(batch)))),
                Err(error) => Some(Err(error)),
            },
            Some(Message::Failed(text)) => Some(Err(Error::new(Kind::Sheet, text).pass())),
            Some(Message::End) => None,
            // It ended without saying so.
            None => Some(Err(self.broken("cannot be read: its reader failed; the program's log says where"))),
        };
        self.left = 0;
        Poll::Ready(result)
    }
}

impl RecordBatchStream for SheetStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_divided_without_rest() {
        assert_eq!(divide(5, 2), [0..2, 2..5]);
        assert_eq!(divide(2, 4), [0..1, 1..2]);
        assert_eq!(divide(0, 4).len(), 1);
        for (things, lots) in [(0, 2), (1, 1), (9, 4), (100, 3)] {
            let divided = divide(things, lots);
            assert_eq!(divided.iter().map(ExactSizeIterator::len).sum::<usize>(), things);
        }
    }
}
