//! A table of files and batches.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

/// Where the engine finds the files of a shelf: paths below it are those of its folder.
pub const STORE: &str = "shelf://files";

/// Rows of a file that one thread reads at least.
const ROWS_A_THREAD: u64 = 1 << 20;

/// A part of a table.
#[derive(Clone, Debug)]
pub enum Part {
    /// A Parquet file.
    File {
        /// Its path below the shelf's folder, with `/` between.
        path: String,
        /// Its size.
        bytes: u64,
        /// How many rows it holds.
        rows: u64,
    },
    /// Rows in memory, of the table's schema.
    Batch(RecordBatch),
}

/// A typed table.
#[derive(Clone, Debug)]
pub struct ShelfTable {
    name: String,
    schema: SchemaRef,
    parts: Vec<Part>,
}

impl ShelfTable {
    /// A table; one without parts is empty.
    pub fn new(name: impl Into<String>, schema: SchemaRef, parts: Vec<Part>) -> Self {
        ShelfTable { name: name.into(), schema, parts }
    }

    /// What SQL calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns.
    pub fn columns(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        let rows = self.parts.iter().map(|part| match part {
            Part::File { rows, .. } => *rows,
            Part::Batch(batch) => batch.num_rows() as u64,
        });
        rows.sum()
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        columns: &[usize],
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let mut files = Vec::new();
        let mut all = 0;
        for part in &self.parts {
            if let Part::File { path, bytes, rows } = part {
                files.push((PartitionedFile::new(path.clone(), *bytes), *bytes, *rows));
                all += rows;
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        let mut source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(state.table_options().parquet.clone());
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        // Large files are read by several threads: each takes the groups of rows that begin in its range.
        let most = state.config().target_partitions().max(1);
        let threads = usize::try_from(all / ROWS_A_THREAD + 1).map_or(most, |threads| threads.min(most));
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); threads];
        for (number, (file, bytes, rows)) in files.into_iter().enumerate() {
            let parts = if rows >= ROWS_A_THREAD { threads as u64 } else { 1 };
            for part in 0..parts {
                let (from, to) = (bytes * part / parts, bytes * (part + 1) / parts);
                let file = if parts == 1 { file.clone() } else { file.clone().with_range(as_i64(from), as_i64(to)) };
                groups[(number + part as usize) % threads].push(file);
            }
        }
        groups.retain(|group| !group.is_empty());
        let mut statistics = Statistics::new_unknown(&self.schema);
        // What filters and limits leave of them is not known: an estimate, never an answer.
        statistics.num_rows = Precision::Inexact(usize::try_from(all).unwrap_or(usize::MAX));
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(statistics)
            .with_projection_indices(Some(columns.to_vec()))?
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(Some(DataSourceExec::from_data_source(config)))
    }
}

fn as_i64(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl TableProvider for ShelfTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // They say which groups of rows need not be read; the engine still filters.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        plans.extend(self.scan_files(state, &columns, filters, limit)?);
        let batches: Vec<RecordBatch> = self.parts.iter().filter_map(batch).collect();
        if !batches.is_empty() {
            let source = MemorySourceConfig::try_new(&[batches], Arc::clone(&self.schema), Some(columns.clone()))?;
            plans.push(DataSourceExec::from_data_source(source));
        }
        if plans.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        UnionExec::try_new(plans)
    }
}

fn batch(part: &Part) -> Option<RecordBatch> {
    match part {
        Part::Batch(batch) => Some(batch.clone()),
        Part::File { .. } => None,
    }
}
