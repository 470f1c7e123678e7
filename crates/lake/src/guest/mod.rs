//! Schemas that others bring into the lake's SQL.
//!
//! A [`Guest`] has schemas ([`Schema`]) with tables: views over the lake's tables and each other, written in SQL; tables of text
//! ([`Sheet`]); Parquet files; rows in memory. [`Lake::host`] takes it in; from then on `schema.table` stands in queries beside
//! the lake's own tables, under the same limits and in the same snapshot. What a grant may not see its guest does not give, so
//! that it is not there: no list, no hint and no error tells of it.
//!
//! A guest may also bring functions that give tables ([`TableFunction`]).
//!
//! A guest is asked only when a query names a schema of two parts or asks for the catalogue, and a view is planned only when a
//! query reaches it. Views see the tables of their own schema and of those that it needs, hidden ones
//! too, and the lake's.

mod files;
mod function;
mod kept;
mod plan;

pub use function::{Call, TableFunction};

pub(crate) use files::Stores;
pub(crate) use kept::KeptViews;
pub(crate) use plan::{LakeTables, Refused, bring, is_own, named, parts};

use crate::error::Error;
use crate::lake::Lake;
use crate::workbench::Sheet;
use access::Grant;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Whoever brings schemas.
pub trait Guest: Send + Sync {
    /// The names of the schemas that whoever holds the grant may see.
    fn schemas(&self, grant: &Grant) -> Vec<String>;

    /// A schema by its name; none if it is not of this guest, or if the grant may not see it.
    ///
    /// # Errors
    /// What keeps the guest from telling.
    fn schema(&self, grant: &Grant, name: &str) -> Result<Option<Arc<Schema>>, Error>;

    /// The functions that whoever holds the grant may call in the place of tables.
    fn table_functions(&self, _grant: &Grant) -> Vec<TableFunction> {
        Vec::new()
    }
}

/// Tables under one name.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Its name, in small letters.
    pub name: String,
    /// Its tables.
    pub tables: Vec<SchemaTable>,
    /// What its views may call beside the functions of SQL.
    pub functions: Vec<Function>,
    /// Schemas whose tables and functions its views use beside its own. They are asked for with the same grant.
    pub needs: Vec<String>,
}

/// A table of a schema.
#[derive(Clone, Debug)]
pub struct SchemaTable {
    /// Its name, in small letters.
    pub name: String,
    /// What it holds.
    pub comment: String,
    /// Its columns, in order. A hidden view may leave them out: then they are as its query gives them.
    pub columns: Vec<SchemaColumn>,
    /// Where its rows are.
    pub content: Content,
    /// Whether only views of guests find it.
    pub is_hidden: bool,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct SchemaColumn {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub data_type: DataType,
    /// What it holds.
    pub comment: String,
}

/// Where the rows of a table are.
#[derive(Clone)]
pub enum Content {
    /// A query over the lake's tables (by their names) and those of its own schema and those it
    /// needs (by `schema.table`). Its columns are found by name and cast to the types of the table's columns.
    View(String),
    /// The same of a view that many queries use and that has few rows as a rule: while the lake's tables that it reads do not
    /// change, they are kept in memory. What functions it calls must give the same as long as the text of the view is the same.
    Kept(String),
    /// A table of text: the table's columns are those of the sheet, in its order, by other names perhaps.
    Sheet(Arc<dyn Sheet>),
    /// Parquet files of one folder with the table's columns.
    Parquet {
        /// The folder.
        folder: PathBuf,
        /// Their names in it.
        files: Vec<String>,
        /// How many rows they have together, if that is known.
        rows: Option<u64>,
    },
    /// Rows with the table's columns.
    Batches(Vec<RecordBatch>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::View(text) => f.debug_tuple("View").field(text).finish(),
            Content::Kept(text) => f.debug_tuple("Kept").field(text).finish(),
            Content::Sheet(sheet) => f.debug_tuple("Sheet").field(&sheet.name()).finish(),
            Content::Parquet { folder, files, .. } => f.debug_tuple("Parquet").field(folder).field(files).finish(),
            Content::Batches(batches) => f.debug_tuple("Batches").field(&batches.len()).finish(),
        }
    }
}

/// A function over arrays: of each argument one, all of a length.
pub type Run = Arc<dyn Fn(&[ArrayRef]) -> Result<ArrayRef, String> + Send + Sync>;

/// A function that views call. It gives the same for the same arguments.
#[derive(Clone)]
pub struct Function {
    /// Its name, in small letters.
    pub name: String,
    /// The types of its arguments.
    pub arguments: Vec<DataType>,
    /// The type of what it gives.
    pub returns: DataType,
    /// What it does.
    pub run: Run,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?}) -> {:?}", self.name, self.arguments, self.returns)
    }
}

impl SchemaTable {
    /// A view.
    pub fn view(name: &str, comment: &str, columns: Vec<SchemaColumn>, sql: &str) -> SchemaTable {
        SchemaTable {
            name: name.to_owned(),
            comment: comment.to_owned(),
            columns,
            content: Content::View(sql.to_owned()),
            is_hidden: false,
        }
    }

    /// Its columns as Arrow has them.
    pub fn arrow_schema(&self) -> SchemaRef {
        let field = |column: &SchemaColumn| Field::new(&column.name, column.data_type.clone(), true);
        Arc::new(ArrowSchema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

impl Lake {
    /// Takes a guest in. Of two schemas of one name the one that came first stands.
    pub fn host(&self, guest: Arc<dyn Guest>) {
        self.guests().write().unwrap_or_else(std::sync::PoisonError::into_inner).push(guest);
    }

    /// The functions that give tables, as far as the grant may call them.
    pub(crate) fn table_functions(&self, grant: &Grant) -> Vec<TableFunction> {
        let guests = self.guests().read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        guests.iter().flat_map(|guest| guest.table_functions(grant)).collect()
    }

    /// The schemas that a query may mean, as far as the grant may see them.
    pub(crate) fn schemas(&self, grant: &Grant, wanted: &Wanted) -> Result<Vec<Arc<Schema>>, Error> {
        let guests = self.guests().read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let mut found: Vec<Arc<Schema>> = Vec::new();
        let mut names: Vec<String> = match wanted {
            Wanted::All => guests.iter().flat_map(|guest| guest.schemas(grant)).collect(),
            Wanted::Named(names) => names.iter().cloned().collect(),
        };
        names.reverse();
        while let Some(name) = names.pop() {
            if is_own(&name) || found.iter().any(|schema| schema.name == name) {
                continue;
            }
            for guest in &guests {
                if let Some(schema) = guest.schema(grant, &name)? {
                    names.extend(schema.needs.iter().cloned());
                    found.push(schema);
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// Which schemas a query may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those it names.
    Named(BTreeSet<String>),
    /// All: it asks for the catalogue.
    All,
}
