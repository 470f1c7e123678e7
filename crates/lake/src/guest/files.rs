//! Parquet files of guests, and what of the disk a query's engine may read.

use super::SchemaTable;
use crate::snapshot::STORE;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, DataFusionError, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The folders that a query's engine can read: the lake's, and those of the guests' tables that it reaches. No other file, no
/// address.
#[derive(Debug)]
pub(crate) struct Stores {
    lake: Arc<dyn ObjectStore>,
    folders: Mutex<Vec<(PathBuf, Arc<dyn ObjectStore>)>>,
}

impl Stores {
    pub(crate) fn new(lake: Arc<dyn ObjectStore>) -> Stores {
        Stores { lake, folders: Mutex::default() }
    }

    /// The lake's folder alone, for another query.
    pub(crate) fn afresh(&self) -> Stores {
        Stores::new(Arc::clone(&self.lake))
    }

    /// The address of a folder from now on.
    fn open(&self, folder: &Path) -> Result<String> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match folders.iter().position(|(known, _)| known == folder) {
            Some(at) => at,
            None => {
                let store = LocalFileSystem::new_with_prefix(folder)?;
                folders.push((folder.to_owned(), Arc::new(store)));
                folders.len() - 1
            }
        };
        Ok(format!("guest://{at}"))
    }
}

impl ObjectStoreRegistry for Stores {
    fn register_store(&self, _: &url::Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &url::Url) -> Result<Arc<dyn ObjectStore>> {
        let asked = url.as_str().trim_end_matches('/');
        if asked == STORE {
            return Ok(Arc::clone(&self.lake));
        }
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let number = asked.strip_prefix("guest://").and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| folders.get(number)) {
            Some((_, store)) => Ok(Arc::clone(store)),
            None => Err(DataFusionError::Plan(format!("{url} cannot be read here"))),
        }
    }
}

/// A table of Parquet files.
#[derive(Debug)]
pub(super) struct FileTable {
    schema: SchemaRef,
    store: ObjectStoreUrl,
    files: Vec<PartitionedFile>,
    statistics: Statistics,
}

impl FileTable {
    pub(super) fn new(
        stores: &Stores,
        table: &SchemaTable,
        folder: &Path,
        files: &[String],
        rows: Option<u64>,
    ) -> Result<FileTable> {
        let schema = table.arrow_schema();
        let store = ObjectStoreUrl::parse(stores.open(folder)?)?;
        let mut found = Vec::new();
        for name in files {
            let path = folder.join(name);
            let bytes = std::fs::metadata(&path)
                .map_err(|error| DataFusionError::Execution(format!("read {}: {error}", path.display())))?
                .len();
            found.push(PartitionedFile::new(name.clone(), bytes));
        }
        let mut statistics = Statistics::new_unknown(&schema);
        if let Some(rows) = rows {
            statistics.num_rows = Precision::Inexact(usize::try_from(rows).unwrap_or(usize::MAX));
        }
        Ok(FileTable { schema, store, files: found, statistics })
    }
}

#[async_trait::async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics.clone())
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
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        let mut source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(state.table_options().parquet.clone());
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let groups = state.config().target_partitions().clamp(1, self.files.len());
        let mut files: Vec<Vec<PartitionedFile>> = vec![Vec::new(); groups];
        for (at, file) in self.files.iter().enumerate() {
            files[at % groups].push(file.clone());
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(files.into_iter().map(FileGroup::new).collect())
            .with_statistics(self.statistics.clone())
            .with_projection_indices(Some(columns))?
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
