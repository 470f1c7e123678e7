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
use crate::lake::Lake;
use crate::snapshot::Snapshot;
use access::Grant;
use records::Seq;

/// All tables at one position.
pub struct Pinned(Snapshot);

impl Pinned {
    /// The position in the feed.
    pub fn position(&self) -> Seq {
        self.0.position
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
        Ok(Pinned(self.snapshot(limits.freshness, limits.time, stop)?))
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
}
