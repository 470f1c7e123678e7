//! Tables that a caller passes, and how the engine sees them.

use super::scan::SheetScan;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use std::fmt::Debug;
use std::sync::Arc;

/// The column that numbers a sheet's rows: its last. No query sees it.
pub const ROW: &str = "__row";

/// Rows of a batch, as a rule; larger ones are cut.
pub const BATCH_ROWS: usize = 8192;

/// Batches of a part of a sheet; an error is what cannot be read, where, and what to do.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// A table of text, and beside it the number of each row.
///
/// Its parts together are the table: rows of a part come in ascending order of their numbers, and those of a part before those
/// of the next. The workbench reads each part on a thread of its own, so that reading may block; a sheet may be read several
/// times at once.
pub trait Sheet: Send + Sync + Debug {
    /// What SQL calls it.
    fn name(&self) -> &str;

    /// Its columns: each `Utf8View`, and as the last [`ROW`]: `UInt64` without nulls.
    fn schema(&self) -> SchemaRef;

    /// How many rows it has, if that is known or can be guessed. Which side of a join is kept in memory depends on it.
    fn rows_estimate(&self) -> Option<u64>;

    /// How many parts it has; none if it has no rows.
    fn partitions(&self) -> usize;

    /// The rows of a part, with the columns whose numbers are given, in that order, in batches of about
    /// [`BATCH_ROWS`]. The columns are never none.
    ///
    /// # Errors
    /// What cannot be read, where, and what to do.
    fn scan(&self, partition: usize, columns: &[usize]) -> Result<Batches, String>;
}

/// A sheet as a table of the engine: columns under the names by which SQL finds them, and the row's number under a name of
/// its own where a plan asks for it.
#[derive(Debug)]
pub(crate) struct SheetTable {
    pub(super) sheet: Arc<dyn Sheet>,
    pub(super) schema: SchemaRef,
}

impl SheetTable {
    /// What queries see.
    pub(crate) fn new(sheet: Arc<dyn Sheet>, columns: &[String]) -> SheetTable {
        let fields: Vec<Field> = columns.iter().map(|name| Field::new(name, DataType::Utf8View, true)).collect();
        SheetTable { sheet, schema: Arc::new(Schema::new(fields)) }
    }

    /// The same with the number of the row as its last column.
    pub(super) fn with_row(&self, name: &str) -> SheetTable {
        let mut fields: Vec<Arc<Field>> = self.schema.fields().iter().map(Arc::clone).collect();
        fields.push(Arc::new(Field::new(name, DataType::UInt64, false)));
        SheetTable { sheet: Arc::clone(&self.sheet), schema: Arc::new(Schema::new(fields)) }
    }

    /// Which occurrence it is, where its rows are followed.
    pub(super) fn occurrence(&self) -> Option<usize> {
        self.schema.fields().last()?.name().strip_prefix(ROW)?.strip_prefix('_')?.parse().ok()
    }
}

#[async_trait::async_trait]
impl TableProvider for SheetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns)?);
        let parts = state.config().target_partitions();
        Ok(Arc::new(SheetScan::new(Arc::clone(&self.sheet), columns, schema, limit, parts)))
    }
}
