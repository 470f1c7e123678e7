//! Parquet files of guests, and what of the disk a query's engine may read.

use super::SchemaTable;
use crate::parquet_files::ParquetFiles;
use crate::snapshot::STORE;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
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
pub(super) struct FileTable(ParquetFiles);

impl FileTable {
    pub(super) fn new(
        stores: &Stores,
        table: &SchemaTable,
        folder: &Path,
        files: &[String],
        rows: Option<u64>,
    ) -> Result<FileTable> {
        let store = ObjectStoreUrl::parse(stores.open(folder)?)?;
        let mut found = Vec::new();
        for name in files {
            let path = folder.join(name);
            let bytes = std::fs::metadata(&path)
                .map_err(|error| DataFusionError::Execution(format!("read {}: {error}", path.display())))?
                .len();
            found.push((name.clone(), bytes));
        }
        Ok(FileTable(ParquetFiles { store, schema: table.arrow_schema(), files: found, rows }))
    }
}

#[async_trait::async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.0.statistics())
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
        let schema = &self.0.schema;
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        match self.0.scan(state, &columns, filters, limit)? {
            Some(plan) => Ok(plan),
            None => Ok(Arc::new(EmptyExec::new(Arc::new(schema.project(&columns)?)))),
        }
    }
}
