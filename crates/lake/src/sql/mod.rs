//! SQL over the lake: read-only, limited, cancellable.

pub(crate) mod answer;
pub(crate) mod breath;
pub(crate) mod check;
mod describe;
pub(crate) mod engine;
pub(crate) mod explain_error;
pub(crate) mod growth;
mod stop;

pub use answer::{Answer, Batch};
pub(crate) use describe::CATALOGUE;
pub(crate) use engine::Engine;
pub use engine::Limits;
pub use stop::{Stop, StopOnDrop};

use crate::error::Error;
use crate::lake::Lake;
use access::Grant;

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
        self.engine().query(self, grant, sql, limits, stop)
    }
}
