//! Versions over time: of a resource, a type, the whole store; and the feed that readers follow.

use crate::error::Error;
use crate::id::{Row, Seq};
use crate::plan::{Change, KIND_BITS};
use crate::read::{self, Stored};
use crate::search::Sights;
use crate::store::Records;
use access::{Grant, Permission};
use fhir::schema::{TypeId, r4};
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};

/// Whose history is asked for.
#[derive(Clone, Copy, Debug)]
pub enum HistoryOf<'a> {
    /// One resource.
    Resource(&'a str, &'a str),
    /// All resources of a type.
    Type(&'a str),
    /// Everything.
    System,
}

/// Which versions of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistoryQuery {
    /// `_since`: written at or after, µs UTC.
    pub since_us: Option<i64>,
    /// `_at`: current at some time in this range, µs UTC inclusive.
    pub at_us: Option<(i64, i64)>,
    /// Only versions older than this position: where the next page begins.
    pub before: Option<Seq>,
    /// Versions on a page.
    pub count: u32,
}

/// One page of a history, newest first.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The versions; a deletion has no content.
    pub versions: Vec<Stored>,
    /// Number of all versions that match.
    pub total: u64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Seq>,
}

/// One entry of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Position, from 1 without gaps.
    pub seq: Seq,
    /// The resource.
    pub row: Row,
    /// Its type.
    pub resource_type: TypeId,
    /// The version written.
    pub version: i64,
    /// What happened.
    pub change: Change,
}

/// Versions of a resource that are looked at one by one for who does not see all of its type: the newest.
const SEEN_VERSIONS: u32 = 10_000;

/// Entries of the feed that one call gives, at most.
const FEED_ENTRIES: usize = 10_000;

/// All versions: current ones from `resource`, superseded ones from `version`.
const VERSIONS: &str = "
  SELECT seq, row, version, updated_us, NULL AS ended_us FROM resource WHERE version > 0 AND ({where_resource})
  UNION ALL
  SELECT v.seq, v.row, v.version, v.updated_us,
         coalesce((SELECT n.updated_us FROM version n WHERE n.row = v.row AND n.version = v.version + 1), r.updated_us)
  FROM version v JOIN resource r ON r.row = v.row WHERE ({where_version})";

/// Positions, rows and versions.
type Versions = Vec<(i64, Row, i64)>;
/// Those of a page with one more than fits, and the number of all that match.
type Found = (Versions, i64);

impl Records {
    /// A page of versions, newest first. Of one resource it is a read; of a type or of everything it finds resources whose ids
    /// nobody needs to know, and so is a search too.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::NotFound`] for a resource that never was.
    pub fn history(&self, grant: &Grant, of: HistoryOf<'_>, query: &HistoryQuery) -> Result<HistoryPage, Error> {
        match of {
            HistoryOf::Resource(name, _) => grant.may_some(Permission::Read, name)?,
            HistoryOf::Type(name) => grant.may(Permission::Read, name)?,
            HistoryOf::System => grant.may_all(Permission::Read)?,
        }
        match of {
            HistoryOf::Resource(..) => {}
            HistoryOf::Type(name) => grant.may(Permission::Search, name)?,
            HistoryOf::System => grant.may_all(Permission::Search)?,
        }
        let reader = self.shared.reader()?;
        let connection: &Connection = &reader;
        let type_of =
            |name: &str| r4().resource_type(name).ok_or_else(|| Error::Search(format!("{name} is no resource type")));
        let sights = Sights::new(connection, &self.shared, grant);
        let (found, total) = match (of, query.at_us) {
            (HistoryOf::Resource(name, id), at) => {
                let row = read::row_of(connection, name, id)?;
                let of_row =
                    |query: &HistoryQuery, at| looked_up(connection, ("row = ?1", "v.row = ?1"), row.0, query, at);
                if sights.is_whole(Permission::Read, type_of(name)?) {
                    of_row(query, at)?
                } else {
                    let asked = of_row(&HistoryQuery { count: SEEN_VERSIONS, before: None, ..*query }, at)?.0;
                    let whole = HistoryQuery { count: SEEN_VERSIONS, ..HistoryQuery::default() };
                    self.seen_of(&sights, (of_row(&whole, None)?.0, asked), query)?
                        .ok_or_else(|| Error::NotFound { resource_type: name.into(), id: id.into() })?
                }
            }
            (HistoryOf::Type(name), None) => followed(connection, Some(type_of(name)?), query)?,
            (HistoryOf::System, None) => followed(connection, None, query)?,
            (HistoryOf::Type(name), at) => {
                looked_up(connection, ("type = ?1", "r.type = ?1"), i64::from(type_of(name)?.0), query, at)?
            }
            (HistoryOf::System, at) => looked_up(connection, ("?1 = 0", "?1 = 0"), 0, query, at)?,
        };
        let limit = query.count.max(1) as usize;
        let next = (found.len() > limit).then(|| Seq(found[limit - 1].0));
        let mut versions = Vec::with_capacity(found.len().min(limit));
        for &(_, row, version) in found.iter().take(limit) {
            versions.extend(read::version_of(connection, &self.shared, row, version)?);
        }
        Ok(HistoryPage { versions, total: total as u64, next })
    }

    /// Those versions of a resource that are seen, as a page; `None` if none is.
    fn seen_of(
        &self,
        sights: &Sights<'_>,
        (all, asked): (Versions, Versions),
        query: &HistoryQuery,
    ) -> Result<Option<Found>, Error> {
        let mut seen = Vec::new();
        for (seq, row, version) in all {
            let stored = read::version_of(sights.connection(), &self.shared, row, version)?;
            if stored.map_or(Ok(false), |stored| sights.shows_version(&stored))? {
                seen.push((seq, row, version));
            }
        }
        if seen.is_empty() {
            return Ok(None);
        }
        // Whether anything is seen is one thing, what of it was asked for another.
        seen.retain(|one| asked.contains(one));
        let total = seen.len() as i64;
        seen.retain(|(seq, ..)| *seq < before(query));
        seen.truncate(one_more(query) as usize);
        Ok(Some((seen, total)))
    }

    /// Entries of the feed after `seen`, oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Denied`]: the feed names every resource, so the grant must allow reading all types.
    pub fn feed(&self, grant: &Grant, seen: Seq, limit: usize) -> Result<Vec<FeedEntry>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT f.seq, f.row, r.type, f.version, f.kind FROM feed f JOIN resource r ON r.row = f.row
             WHERE f.seq > ?1 ORDER BY f.seq LIMIT ?2",
        )?;
        let rows = statement.query_map([seen.0, limit.min(FEED_ENTRIES) as i64], |r| {
            Ok(FeedEntry {
                seq: Seq(r.get(0)?),
                row: Row(r.get(1)?),
                resource_type: TypeId(r.get(2)?),
                version: r.get(3)?,
                change: Change::of_kind(r.get(4)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The current versions of rows that the feed named; deleted ones without content.
    ///
    /// # Errors
    /// As [`Records::feed`].
    pub fn rows(&self, grant: &Grant, rows: &[Row]) -> Result<Vec<(Row, Stored)>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut out = Vec::with_capacity(rows.len());
        for &row in rows {
            out.extend(read::by_row(&reader, &self.shared, row)?.map(|stored| (row, stored)));
        }
        Ok(out)
    }

    /// The versions that entries of the feed name, as they were then; what has been erased since is left out.
    ///
    /// # Errors
    /// As [`Records::feed`].
    pub fn versions(&self, grant: &Grant, of: &[(Row, i64)]) -> Result<Vec<Stored>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut out = Vec::with_capacity(of.len());
        for &(row, version) in of {
            out.extend(read::version_of(&reader, &self.shared, row, version)?);
        }
        Ok(out)
    }

    /// The patients that versions belong to, as each of them says: pairs of a row and a patient's row. A deletion belongs to
    /// whom it took the resource from.
    ///
    /// # Errors
    /// As [`Records::feed`].
    pub fn patients_of(&self, grant: &Grant, of: &[(Row, i64)]) -> Result<Vec<(Row, Row)>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let (mut out, mut patients) = (Vec::new(), Vec::new());
        for &(row, version) in of {
            patients.clear();
            crate::search::patients_of(&reader, &self.shared, (row, version), &mut patients)?;
            out.extend(patients.iter().map(|&patient| (row, Row(patient))));
        }
        Ok(out)
    }

    /// Number of live resources of each type that has any, by name.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn counts(&self, grant: &Grant) -> Result<Vec<(&'static str, u64)>, Error> {
        grant.may_all(Permission::Search)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached("SELECT type, live FROM type_count WHERE live > 0")?;
        let rows = statement.query_map([], |r| Ok((r4().name(TypeId(r.get(0)?)), r.get::<_, i64>(1)? as u64)))?;
        let mut out: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
        out.sort_unstable();
        Ok(out)
    }
}

/// Versions by the tables that hold them: of one resource, or of all where it must be known until when each was current.
fn looked_up(
    connection: &Connection,
    (of_resource, of_version): (&str, &str),
    key: i64,
    query: &HistoryQuery,
    at_us: Option<(i64, i64)>,
) -> Result<Found, Error> {
    let all = VERSIONS.replace("{where_resource}", of_resource).replace("{where_version}", of_version);
    let (from, to) = at_us.unwrap_or((i64::MIN, i64::MAX));
    let values = [
        Value::Integer(key),
        Value::Integer(query.since_us.unwrap_or(i64::MIN)),
        Value::Integer(from),
        Value::Integer(to),
    ];
    let filter = "updated_us >= ?2 AND updated_us <= ?4 AND (ended_us IS NULL OR ended_us > ?3)";
    let total: i64 = connection
        .prepare_cached(&format!("SELECT count(*) FROM ({all}) WHERE {filter}"))?
        .query_row(params_from_iter(&values), |r| r.get(0))?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, row, version FROM ({all}) WHERE {filter} AND seq < ?5 ORDER BY seq DESC LIMIT ?6"
    ))?;
    let page = values.into_iter().chain([Value::Integer(before(query)), Value::Integer(one_more(query))]);
    Ok((statement.query_map(params_from_iter(page), entry)?.collect::<rusqlite::Result<_>>()?, total))
}

/// Versions by the feed, which is in their order: a page of everything reads that page alone.
fn followed(connection: &Connection, of: Option<TypeId>, query: &HistoryQuery) -> Result<Found, Error> {
    let first = query.since_us.map_or(Ok(1), |since_us| first_since(connection, since_us))?;
    let before = before(query);
    let Some(type_id) = of else {
        let head: i64 = connection.prepare_cached(HEAD)?.query_row([], |r| r.get(0))?;
        let mut statement = connection.prepare_cached(
            "SELECT seq, row, version FROM feed WHERE seq >= ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        )?;
        let rows = statement.query_map([first, before, one_more(query)], entry)?;
        return Ok((rows.collect::<rusqlite::Result<_>>()?, (head - first + 1).max(0)));
    };
    let of_type = format!("kind >> {KIND_BITS} = ?1");
    let type_no = i64::from(type_id.0);
    let total: i64 = connection
        .prepare_cached(&format!("SELECT count(*) FROM feed WHERE {of_type} AND seq >= ?2"))?
        .query_row([type_no, first], |r| r.get(0))?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, row, version FROM feed WHERE {of_type} AND seq >= ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4"
    ))?;
    let rows = statement.query_map([type_no, first, before, one_more(query)], entry)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total))
}

const HEAD: &str = "SELECT coalesce(max(seq), 0) FROM feed";

fn entry(r: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Row, i64)> {
    Ok((r.get(0)?, Row(r.get(1)?), r.get(2)?))
}

fn before(query: &HistoryQuery) -> i64 {
    query.before.map_or(i64::MAX, |seq| seq.0)
}

fn one_more(query: &HistoryQuery) -> i64 {
    i64::from(query.count.max(1)) + 1
}

/// The first position written at or after a time: times never go back along the feed.
fn first_since(connection: &Connection, since_us: i64) -> Result<i64, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce((SELECT updated_us FROM resource r WHERE r.row = f.row AND r.seq = f.seq),
                         (SELECT updated_us FROM version v WHERE v.row = f.row AND v.version = f.version), 0)
         FROM feed f WHERE f.seq = ?1",
    )?;
    let (mut low, mut high): (i64, i64) = (1, connection.prepare_cached(HEAD)?.query_row([], |r| r.get(0))?);
    high += 1;
    while low < high {
        let middle = low + (high - low) / 2;
        let written_us: i64 = statement.query_row([middle], |r| r.get(0)).optional()?.unwrap_or(0);
        if written_us < since_us { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}
