//! A table of files and batches.

use crate::parquet_files::ParquetFiles;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

/// Where the engine finds the files of a shelf: paths below it are those of its folder.
pub const STORE: &str = "shelf://files";

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

    fn files(&self) -> Result<ParquetFiles> {
        let (mut files, mut all) = (Vec::new(), 0);
        for part in &self.parts {
            if let Part::File { path, bytes, rows } = part {
                files.push((path.clone(), *bytes));
                all += rows;
            }
        }
        let store = ObjectStoreUrl::parse(STORE)?;
        Ok(ParquetFiles { store, schema: Arc::clone(&self.schema), files, rows: Some(all) })
    }
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
        Ok(ParquetFiles::use_of(filters))
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
        plans.extend(self.files()?.scan(state, &columns, filters, limit)?);
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
