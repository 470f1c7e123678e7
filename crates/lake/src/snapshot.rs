//! All tables at one position, and how the engine reads them.

use crate::map::DataFile;
use crate::table::Table;
use crate::tail::dead_key;
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, DataFusionError, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    ColumnarValue, EmptyRelation, Expr, LogicalPlan, ScalarUDF, TableProviderFilterPushDown, Volatility, create_udf,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use datafusion::prelude::col;
use records::Seq;
use roaring::RoaringTreemap;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The only place that the engine can read files from: the lake's folder.
pub(crate) const STORE: &str = "lake://files";

/// All tables as they are at one position.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) position: Seq,
    /// How often the lake was made again, and the position that the files hold: while these are the same, tables only gain rows and
    /// dead versions.
    pub(crate) epoch: (u64, i64),
    /// For how long it has been behind the feed.
    pub(crate) behind: Duration,
    pub(crate) tables: Vec<SnapshotTable>,
    pub(crate) dead: Arc<RoaringTreemap>,
}

impl Snapshot {
    /// For each table what is the same in two snapshots only if its rows are.
    pub(crate) fn states(&self) -> HashMap<String, String> {
        let ((rebuilds, flushed), dead) = (self.epoch, self.dead.len());
        let state = |table: &SnapshotTable| {
            let rows: usize = table.batches.iter().map(RecordBatch::num_rows).sum();
            format!("{} {rebuilds} {flushed} {dead} {rows}", table.table.name)
        };
        self.tables.iter().map(|table| (table.table.name.clone(), state(table))).collect()
    }
}

/// A plan without rows: what is joined with it need not be read.
pub(crate) fn nothing(schema: &SchemaRef) -> Result<LogicalPlan> {
    let schema = Arc::new(DFSchema::try_from(Arc::clone(schema))?);
    Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }))
}

/// A table's files and what came after them.
#[derive(Clone)]
pub(crate) struct SnapshotTable {
    pub(crate) table: Arc<Table>,
    pub(crate) files: Arc<Vec<DataFile>>,
    pub(crate) batches: Vec<RecordBatch>,
}

impl SnapshotTable {
    /// Whether it has no rows, not even of versions that are dead.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.batches.is_empty()
    }
}

/// A table for the engine: the rows of its files and batches whose version is not dead.
#[derive(Debug)]
pub(crate) struct Rows {
    table: Arc<Table>,
    files: Arc<Vec<DataFile>>,
    batches: Vec<RecordBatch>,
    dead: Arc<RoaringTreemap>,
}

impl Rows {
    pub(crate) fn new(table: SnapshotTable, dead: &Arc<RoaringTreemap>) -> Rows {
        Rows { table: table.table, files: table.files, batches: table.batches, dead: Arc::clone(dead) }
    }

    /// Tells for each version whether it is current.
    fn is_current(&self) -> ScalarUDF {
        let dead = Arc::clone(&self.dead);
        let run = move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let seqs = arrays
                .first()
                .and_then(|array| array.as_any().downcast_ref::<Int64Array>())
                .ok_or_else(|| DataFusionError::Internal("positions are 64-bit integers".into()))?;
            let current: BooleanArray =
                seqs.iter().map(|seq| Some(seq.is_some_and(|seq| !dead.contains(dead_key(seq))))).collect();
            Ok(ColumnarValue::Array(Arc::new(current) as ArrayRef))
        };
        create_udf("is_current", vec![DataType::Int64], DataType::Boolean, Volatility::Immutable, Arc::new(run))
    }

    /// How many rows it has: which side of a join is kept in memory depends on it.
    fn statistics(&self) -> Statistics {
        let in_files = self.files.iter().map(|file| usize::try_from(file.rows).unwrap_or(usize::MAX));
        let rows = in_files.chain(self.batches.iter().map(RecordBatch::num_rows)).fold(0, usize::saturating_add);
        let mut statistics = Statistics::new_unknown(&self.table.schema);
        // Those of superseded versions are among them.
        statistics.num_rows = Precision::Inexact(rows);
        statistics
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        columns: &[usize],
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = ParquetSource::new(Arc::clone(&self.table.schema))
            .with_table_parquet_options(state.table_options().parquet.clone());
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = DFSchema::try_from(Arc::clone(&self.table.schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let groups = state.config().target_partitions().clamp(1, self.files.len().max(1));
        let mut files: Vec<Vec<PartitionedFile>> = vec![Vec::new(); groups];
        for (at, file) in self.files.iter().enumerate() {
            files[at % groups].push(PartitionedFile::new(format!("{}/{}", self.table.name, file.path), file.bytes));
        }
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source))
            .with_file_groups(files.into_iter().map(FileGroup::new).collect())
            .with_statistics(self.statistics())
            .with_projection_indices(Some(columns.to_vec()))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait::async_trait]
impl TableProvider for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics())
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // They say which parts of files need not be read; the engine still filters.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.table.columns.len()).collect());
        let all_current = self.dead.is_empty();
        let seq = self.table.seq_column();
        let mut columns = wanted.clone();
        if !all_current && !columns.contains(&seq) {
            columns.push(seq);
        }
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !self.files.is_empty() {
            let limit = limit.filter(|_| all_current && filters.is_empty());
            parts.push(self.scan_files(state, &columns, filters, limit)?);
        }
        if !self.batches.is_empty() {
            let partitions = [self.batches.clone()];
            let source = MemorySourceConfig::try_new(&partitions, Arc::clone(&self.table.schema), Some(columns))?;
            parts.push(DataSourceExec::from_data_source(source));
        }
        if !all_current {
            let is_current = self.is_current();
            let kept: Vec<usize> = (0..wanted.len()).collect();
            for part in &mut parts {
                let schema = DFSchema::try_from(part.schema())?;
                let current = state.create_physical_expr(is_current.call(vec![col(crate::table::SEQ)]), &schema)?;
                let filter =
                    FilterExecBuilder::new(current, Arc::clone(part)).apply_projection(Some(kept.clone()))?.build()?;
                *part = Arc::new(filter);
            }
        }
        if parts.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.table.schema.project(&wanted)?))));
        }
        UnionExec::try_new(parts)
    }
}
