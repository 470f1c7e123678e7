//! SQL over the lake: read-only, limited, cancellable.

pub(crate) mod answer;
pub(crate) mod breath;
pub(crate) mod check;
pub(crate) mod describe;
pub(crate) mod engine;
pub(crate) mod explain_error;
pub(crate) mod growth;
pub(crate) mod rounds;
mod stop;

pub use answer::{Answer, Batch};
pub(crate) use describe::CATALOGUE;
pub(crate) use engine::Engine;
pub use engine::Limits;
pub use stop::{Stop, StopOnDrop};

use crate::error::Error;
use crate::guest::{Content, Schema, SchemaColumn};
use crate::lake::Lake;
use crate::snapshot::Snapshot;
use access::Grant;
use datafusion::arrow::datatypes::SchemaRef;
use records::Seq;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// All tables at one position.
pub struct Pinned {
    snapshot: Snapshot,
    /// Tables of guests that were made.
    made: Mutex<Vec<MadeTable>>,
    /// A table that is seen although it is hidden: schema and name.
    shown: Option<(String, String)>,
}

/// A table of a guest whose rows are in a file.
#[derive(Clone)]
struct MadeTable {
    schema: String,
    table: String,
    columns: Vec<SchemaColumn>,
    content: Content,
}

impl Pinned {
    /// The position in the feed.
    pub fn position(&self) -> Seq {
        self.snapshot.position
    }

    /// Says that a table of a guest (`schema.table`) has the rows of a Parquet file: from now on queries at this position read them
    /// there, also where views name it. They must be what [`Lake::table_at`] gives.
    pub fn lay(&self, name: (&str, &str), columns: &SchemaRef, folder: &Path, file: &str, rows: u64) {
        let column = |field: &Arc<datafusion::arrow::datatypes::Field>| SchemaColumn {
            name: field.name().clone(),
            data_type: field.data_type().clone(),
            comment: String::new(),
        };
        let columns = columns.fields().iter().map(column).collect();
        let content = Content::Parquet { folder: folder.to_owned(), files: vec![file.to_owned()], rows: Some(rows) };
        let made = MadeTable { schema: name.0.to_owned(), table: name.1.to_owned(), columns, content };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
    }

    /// The schemas of guests with the tables that were made in place of views.
    pub(crate) fn over(&self, schemas: &[Arc<Schema>]) -> Vec<Arc<Schema>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let over = |schema: &Arc<Schema>| {
            let is_shown =
                |table: &str| self.shown.as_ref().is_some_and(|(of, shown)| *of == schema.name && shown == table);
            if made.iter().all(|made| made.schema != schema.name)
                && self.shown.as_ref().is_none_or(|(of, _)| *of != schema.name)
            {
                return Arc::clone(schema);
            }
            let mut over = Schema::clone(schema);
            for table in &mut over.tables {
                table.is_hidden &= !is_shown(&table.name);
                if let Some(made) = made.iter().find(|made| made.schema == schema.name && made.table == table.name) {
                    table.content = made.content.clone();
                    if table.columns.is_empty() {
                        table.columns.clone_from(&made.columns);
                    }
                }
            }
            Arc::new(over)
        };
        schemas.iter().map(over).collect()
    }
}

impl Lake {
    /// Runs a query. What it may be: `SELECT` (`WITH`, `VALUES`, `UNION` …), `EXPLAIN`, `DESCRIBE`, `SHOW TABLES`,
    /// `SHOW COLUMNS`. All tables are as they are at one position of the feed, which the answer tells.
    ///
    /// Returns when the query is planned and its columns are known; rows come with [`Answer::next_batch`]. Dropping the answer
    /// cancels the query.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Sql`] with the place; [`Error::Limit`]; [`Error::Busy`].
    pub fn query(&self, grant: &Grant, sql: &str, limits: &Limits) -> Result<Answer, Error> {
        self.query_until(grant, sql, limits, &Stop::default())
    }

    /// As [`Lake::query`]; the query ends, in whatever state it is, when `stop` says so.
    ///
    /// # Errors
    /// As [`Lake::query`]; [`Error::Cancelled`].
    pub fn query_until(&self, grant: &Grant, sql: &str, limits: &Limits, stop: &Stop) -> Result<Answer, Error> {
        grant.may_use_sql()?;
        self.engine().query(self, None, grant, sql, limits, stop)
    }

    /// All tables as they are now, for several queries that must agree ([`Lake::query_at`]). Files that are replaced meanwhile
    /// stay for hours; a query of a much older view fails, it does not give other rows.
    ///
    /// # Errors
    /// [`Error::Denied`]; as the queries' own waiting.
    pub fn pin(&self, grant: &Grant, limits: &Limits, stop: &Stop) -> Result<Pinned, Error> {
        grant.may_use_sql()?;
        let snapshot = self.snapshot(limits.freshness, limits.time, stop)?;
        Ok(Pinned { snapshot, made: Mutex::default(), shown: None })
    }

    /// As [`Lake::query_until`], over tables as they were when they were pinned.
    ///
    /// # Errors
    /// As [`Lake::query_until`].
    pub fn query_at(
        &self,
        pinned: &Pinned,
        grant: &Grant,
        sql: &str,
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Answer, Error> {
        grant.may_use_sql()?;
        self.engine().query(self, Some(pinned), grant, sql, limits, stop)
    }

    /// All rows of a table of a guest at a position, also of one that only views see.
    ///
    /// # Errors
    /// As [`Lake::query_until`].
    pub fn table_at(
        &self,
        pinned: &Pinned,
        grant: &Grant,
        name: (&str, &str),
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Answer, Error> {
        grant.may_use_sql()?;
        let made = pinned.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let shown = Some((name.0.to_owned(), name.1.to_owned()));
        let open = Pinned { snapshot: pinned.snapshot.clone(), made: Mutex::new(made), shown };
        let sql = format!("SELECT * FROM {}.{}", name.0, name.1);
        self.engine().query(self, Some(&open), grant, &sql, limits, stop)
    }
}
