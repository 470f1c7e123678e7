//! Reading the Parquet files of a typed table: only the columns asked for, only groups of rows whose statistics do not rule them
//! out, and large files by several threads.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// Rows of a file that one thread reads at least.
const ROWS_A_THREAD: u64 = 1 << 20;

/// Files of one schema below the address of a store.
#[derive(Clone, Debug)]
pub(crate) struct ParquetFiles {
    pub(crate) store: ObjectStoreUrl,
    pub(crate) schema: SchemaRef,
    /// Path below the store and size of each.
    pub(crate) files: Vec<(String, u64)>,
    /// How many rows they hold together, where that is known.
    pub(crate) rows: Option<u64>,
}

impl ParquetFiles {
    /// What is known of them before they are read: an estimate, never an answer.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        if let Some(rows) = self.rows {
            statistics.num_rows = Precision::Inexact(usize::try_from(rows).unwrap_or(usize::MAX));
        }
        statistics
    }

    /// Filters say which parts of files need not be read; the engine still filters.
    pub(crate) fn use_of(filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
        vec![TableProviderFilterPushDown::Inexact; filters.len()]
    }

    /// A plan that reads `columns` of them; none where there are no files.
    ///
    /// # Errors
    /// A filter or a column is not of the schema.
    pub(crate) fn scan(
        &self,
        state: &dyn Session,
        columns: &[usize],
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let mut source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(state.table_options().parquet.clone());
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(self.groups(state.config().target_partitions().max(1)))
            .with_statistics(self.statistics())
            .with_projection_indices(Some(columns.to_vec()))?
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(Some(DataSourceExec::from_data_source(config)))
    }

    /// What each thread reads. Of a file that several read, each takes the groups of rows that begin in its range.
    fn groups(&self, most: usize) -> Vec<FileGroup> {
        let all_bytes = self.files.iter().map(|(_, bytes)| bytes).sum::<u64>().max(1);
        let rows = self.rows.unwrap_or(0);
        let by_rows = usize::try_from(rows / ROWS_A_THREAD + 1).map_or(most, |threads| threads.min(most));
        let threads = if self.rows.is_none() { most.min(self.files.len()) } else { by_rows };
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); threads];
        for (number, (path, bytes)) in self.files.iter().enumerate() {
            let file = PartitionedFile::new(path.clone(), *bytes);
            let its_rows = u128::from(rows) * u128::from(*bytes) / u128::from(all_bytes);
            let parts = if its_rows >= u128::from(ROWS_A_THREAD) { threads as u64 } else { 1 };
            for part in 0..parts {
                let (from, to) = (bytes * part / parts, bytes * (part + 1) / parts);
                let file = if parts == 1 { file.clone() } else { file.clone().with_range(as_i64(from), as_i64(to)) };
                groups[(number + part as usize) % threads].push(file);
            }
        }
        groups.into_iter().filter(|group| !group.is_empty()).map(FileGroup::new).collect()
    }
}

fn as_i64(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
