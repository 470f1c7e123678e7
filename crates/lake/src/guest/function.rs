//! Functions of guests that give tables: `SELECT … FROM name('text', 'text')`.

use super::SchemaColumn;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::Expr;
use futures::{StreamExt, TryFutureExt, stream};
use std::fmt;
use std::sync::Arc;

/// Gives the rows for arguments, with the function's columns. It may take its time, and read what it wants.
pub type Call = Arc<dyn Fn(&[String]) -> std::result::Result<Vec<RecordBatch>, String> + Send + Sync>;

/// A function that gives a table. A guest gives it to those who may call it.
#[derive(Clone)]
pub struct TableFunction {
    /// Its name, in small letters.
    pub name: String,
    /// What its arguments are called: texts, each written out in the query.
    pub arguments: Vec<&'static str>,
    /// How many of the last may be left out.
    pub optional: usize,
    /// The columns of its table.
    pub columns: Vec<SchemaColumn>,
    /// What gives its rows.
    pub call: Call,
}

impl fmt::Debug for TableFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.arguments.join(", "))
    }
}

impl TableFunction {
    /// Its columns as Arrow has them.
    pub fn arrow_schema(&self) -> SchemaRef {
        let field = |column: &SchemaColumn| Field::new(&column.name, column.data_type.clone(), true);
        Arc::new(ArrowSchema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

impl TableFunctionImpl for TableFunction {
    fn call_with_args(&self, given: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let least = self.arguments.len() - self.optional;
        let text = |expr: &Expr| match expr {
            Expr::Literal(
                ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
                _,
            ) => Some(text.clone()),
            _ => None,
        };
        let texts: Option<Vec<String>> = given.exprs().iter().map(text).collect();
        let texts = texts.filter(|texts| (least..=self.arguments.len()).contains(&texts.len()));
        let texts = texts.ok_or_else(|| {
            DataFusionError::Plan(format!("{self:?} takes texts that are written out, as in {}('…', '…')", self.name))
        })?;
        let called = Called { schema: self.arrow_schema(), call: Arc::clone(&self.call), texts };
        Ok(Arc::new(StreamingTable::try_new(self.arrow_schema(), vec![Arc::new(called)])?))
    }
}

/// A function with its arguments.
struct Called {
    schema: SchemaRef,
    call: Call,
    texts: Vec<String>,
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Called").field(&self.texts).finish()
    }
}

impl PartitionStream for Called {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (call, texts) = (Arc::clone(&self.call), self.texts.clone());
        // It reads files: not on the threads on which plans run.
        let called = tokio::task::spawn_blocking(move || call(&texts).map_err(DataFusionError::Execution));
        let called = called.map_err(|error| DataFusionError::External(Box::new(error)));
        let batches = stream::once(called).flat_map(|done: Result<Result<Vec<RecordBatch>>>| {
            stream::iter(match done.and_then(|inner| inner) {
                Ok(batches) => batches.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
