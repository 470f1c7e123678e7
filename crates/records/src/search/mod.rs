//! Search: conditions on the index, pages, includes.
//!
//! Without `_sort` matches come in row order, and the page token is the last row: nothing is held, nothing shifts or repeats.
//! Any other order is computed once, frozen, and paged by position.

mod belonging;
mod body;
mod compile;
mod condition;
mod evaluate;
mod everything;
mod frozen;
mod include;
mod last;
mod limit_place;
mod scope_filter;
mod sight;
mod sort;
mod terms;

pub(crate) use include::referring;

pub(crate) use compile::Compiler;
pub(crate) use condition::Condition;
pub(crate) use evaluate::Index;
pub use everything::Everything;
pub(crate) use everything::patients_of;
pub(crate) use frozen::Frozen;
pub use last::LastN;
pub use limit_place::LimitPlace;
#[cfg(feature = "testing")]
pub use limit_place::planted;
pub use scope_filter::SCOPE_TYPES;
pub(crate) use sight::Sights;
pub use sight::is_of_several;
pub use terms::TermsAsked;

use crate::error::Error;
use crate::id::{Row, Seq};
use crate::index::key::{self, Key};
use crate::plan::Found;
use crate::read::{self, Stored};
use crate::store::{Records, Shared};
use access::{Grant, Permission};
use evaluate::{LARGE, can_probe, holds};
use fhir::schema::r4;
use fhir::search::{CodeSet, Filter, Handling, ParseOptions, SearchError, SearchQuery, Test, Total};
use roaring::RoaringTreemap;
use rusqlite::Connection;

/// Matches on a page when the request does not say.
pub const DEFAULT_COUNT: u32 = 50;

/// One page of a search.
#[derive(Clone, Debug)]
pub struct SearchPage {
    /// Number of all matches, if it is known.
    pub total: Option<u64>,
    /// The matches of this page, in order.
    pub matches: Vec<Stored>,
    /// What `_include` and `_revinclude` add to it.
    pub included: Vec<Stored>,
    /// Token of the next page; `None` on the last.
    pub next: Option<String>,
    /// Token of the page before; `None` on the first.
    pub previous: Option<String>,
    /// Position of the feed that the answer reflects.
    pub seq: Seq,
}

/// Splits `a=1&b=2` into decoded pairs, as in a URL's query part.
pub fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (percent_decode(name), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Unsupported { .. } => Error::NotSupported(error.to_string()),
            _ => Error::Search(error.to_string()),
        }
    }
}

/// Which resource a condition in a URL or a reference matches.
pub(crate) fn find(
    connection: &Connection,
    shared: &Shared,
    grant: &Grant,
    resource_type: &str,
    query: &str,
) -> Result<Found, Error> {
    let found = matching(connection, shared, grant, resource_type, query)?;
    let mut rows = found.iter();
    match (rows.next(), rows.next()) {
        (None, _) => Ok(Found::None),
        (Some(_), Some(_)) => Ok(Found::Many),
        (Some(row), None) => {
            let stored = read::by_row(connection, shared, Row(row as i64))?;
            Ok(stored.map_or(Found::None, |s| Found::One(s.id)))
        }
    }
}

/// The ids of the resources that a condition matches, in the order in which they came, `most` of them at most.
pub(crate) fn find_all(
    connection: &Connection,
    shared: &Shared,
    grant: &Grant,
    resource_type: &str,
    query: &str,
    most: usize,
) -> Result<Vec<String>, Error> {
    let found = matching(connection, shared, grant, resource_type, query)?;
    let stored = found.iter().take(most).map(|row| read::by_row(connection, shared, Row(row as i64)));
    stored.filter_map(|stored| stored.map(|stored| stored.map(|stored| stored.id)).transpose()).collect()
}

/// A condition of a write, as a search.
fn condition(shared: &Shared, resource_type: &str, query: &str) -> Result<SearchQuery, Error> {
    let options = ParseOptions { handling: Handling::Strict, now_us: (shared.clock)(), ..ParseOptions::default() };
    Ok(SearchQuery::parse(resource_type, query_pairs(query), &options)?)
}

/// Refuses a condition of a write that looks at what the grant may not search.
pub(crate) fn permit_condition(grant: &Grant, shared: &Shared, resource_type: &str, query: &str) -> Result<(), Error> {
    permit(grant, &condition(shared, resource_type, query)?)
}

/// The rows that a condition matches, of those that are seen.
fn matching(
    connection: &Connection,
    shared: &Shared,
    grant: &Grant,
    resource_type: &str,
    query: &str,
) -> Result<RoaringTreemap, Error> {
    let type_id =
        r4().type_id(resource_type).ok_or_else(|| Error::Search(format!("{resource_type} is no resource type")))?;
    let query = condition(shared, resource_type, query)?;
    if query.filters.is_empty() {
        return Err(Error::Search(format!(
            "a condition on {resource_type} without any criterion would match everything"
        )));
    }
    let sights = Sights::new(connection, shared, grant);
    let parts = Compiler { connection, shared, sights: Some(&sights) }.query(&query)?;
    Index::new(connection, shared, type_id).evaluate(&Condition::All(parts))
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// After this row, in row order; with the total if it was counted.
    Row { after: i64, total: Option<u64> },
    /// Ends before this row: the way back.
    Back { before: i64, total: Option<u64> },
    /// At this position of a frozen order.
    Frozen { number: u64, at: usize },
}

impl Start {
    fn write(self, check: &str) -> String {
        match self {
            Start::Row { after, total: None } => format!("r{after:x}.{check}"),
            Start::Row { after, total: Some(total) } => format!("r{after:x}-{total:x}.{check}"),
            Start::Back { before, total: None } => format!("b{before:x}.{check}"),
            Start::Back { before, total: Some(total) } => format!("b{before:x}-{total:x}.{check}"),
            Start::Frozen { number, at } => format!("f{number:x}-{at:x}.{check}"),
        }
    }

    fn read(token: &str, check: &str) -> Result<Self, Error> {
        let bad = || Error::PageGone("the page token is not one of this search: start from the first page".into());
        let (place, seal) = token.split_once('.').ok_or_else(bad)?;
        if seal != check {
            return Err(bad());
        }
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| bad());
        let row_number = |text: &str| number(text).and_then(|no| key::as_number(no).ok_or_else(bad));
        if let Some((back, place)) =
            place.strip_prefix('r').map(|p| (false, p)).or(place.strip_prefix('b').map(|p| (true, p)))
        {
            let (row, total) = place.split_once('-').map_or((place, None), |(row, total)| (row, Some(total)));
            let (row, total) = (row_number(row)?, total.map(number).transpose()?);
            return Ok(if back { Start::Back { before: row, total } } else { Start::Row { after: row, total } });
        }
        let (no, at) = place.strip_prefix('f').and_then(|p| p.split_once('-')).ok_or_else(bad)?;
        Ok(Start::Frozen { number: number(no)?, at: number(at)? as usize })
    }
}

/// Names the search and who asks, so that a token fits no other.
fn check(query: &SearchQuery, grant: &Grant) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&query.resource_type.0.to_le_bytes());
    for (name, value) in &query.used {
        if name != "_page" && name != "_count" {
            for part in [name, value] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
    }
    hasher.update(grant.principal().to_string().as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Every type that a search looks at besides its own: to look is to learn, so each must be allowed.
fn looked_at(filter: &Filter, out: &mut Vec<fhir::schema::TypeId>) {
    match &filter.test {
        Test::Chain { targets, .. } => {
            for (target, inner) in targets {
                out.push(*target);
                looked_at(inner, out);
            }
        }
        Test::Has { source, filter, .. } => {
            out.push(*source);
            looked_at(filter, out);
        }
        Test::CodeSet { any_of, .. } => {
            let of_sets = any_of.iter().any(|set| matches!(set, CodeSet::ValueSet(_)));
            out.extend(of_sets.then(|| r4().type_id("ValueSet")).flatten());
            out.extend(r4().type_id("CodeSystem"));
        }
        Test::PartOf { any_of, .. } => out.extend(any_of.iter().flat_map(|(types, _)| types)),
        Test::List { .. } => out.extend(r4().type_id("List")),
        Test::All(filters) | Test::Any(filters) => filters.iter().for_each(|filter| looked_at(filter, out)),
        Test::Not(filter) => looked_at(filter, out),
        Test::Id { .. }
        | Test::LastUpdated { .. }
        | Test::Missing { .. }
        | Test::Token { .. }
        | Test::Reference { .. }
        | Test::Date { .. }
        | Test::String { .. }
        | Test::Number { .. }
        | Test::Quantity { .. }
        | Test::Uri { .. }
        | Test::Composite { .. }
        | Test::TokenText { .. }
        | Test::OfType { .. }
        | Test::Near { .. }
        | Test::Words { .. }
        | Test::Unequal { .. } => {}
    }
}

/// Refuses a search of what the grant may not search.
fn permit(grant: &Grant, query: &SearchQuery) -> Result<(), Error> {
    let mut types = vec![query.resource_type];
    query.filters.iter().for_each(|filter| looked_at(filter, &mut types));
    types.into_iter().try_for_each(|of| Ok(grant.may_some(Permission::Search, r4().name(of))?))
}

impl Records {
    /// One page of a search.
    ///
    /// # Errors
    /// [`Error::Denied`] for the type or one that a chain looks at; [`Error::PageGone`] for a token that has expired or
    /// belongs to another search.
    pub fn search(&self, grant: &Grant, query: &SearchQuery) -> Result<SearchPage, Error> {
        permit(grant, query)?;
        let reader = self.shared.reader()?;
        let connection: &Connection = &reader;
        let index = Index::new(connection, &self.shared, query.resource_type);
        let seq = Seq(connection.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |r| r.get(0))?);
        let sights = Sights::new(connection, &self.shared, grant);
        let mut parts = Compiler { connection, shared: &self.shared, sights: Some(&sights) }.query(query)?;
        let limit = query.count.unwrap_or(DEFAULT_COUNT) as usize;
        if query.counts_only() {
            let total =
                if parts.is_empty() { index.count_all()? } else { index.evaluate(&Condition::All(parts))?.len() };
            return Ok(SearchPage {
                total: Some(total),
                matches: Vec::new(),
                included: Vec::new(),
                next: None,
                previous: None,
                seq,
            });
        }
        let check = check(query, grant);
        let start = query.page.as_deref().map(|token| Start::read(token, &check)).transpose()?;
        let other_search =
            || Error::PageGone("the page token is not one of this search: start from the first page".into());
        let page = if query.sort.is_empty() {
            let (way, total) = match start {
                None => (Way::After(0), None),
                Some(Start::Row { after, total }) => (Way::After(after), total),
                Some(Start::Back { before, total }) => (Way::Before(before), total),
                Some(Start::Frozen { .. }) => return Err(other_search()),
            };
            row_page(&index, &mut parts, way, total, limit, query.total)?
        } else {
            let (number, at) = match start {
                Some(Start::Frozen { number, at }) => (number, at),
                Some(_) => return Err(other_search()),
                None => {
                    let set = index.evaluate(&Condition::All(parts))?;
                    Frozen::check(set.len())?;
                    let order = sort::order(&index, &self.shared, &set, &query.sort)?;
                    if order.len() <= limit {
                        let total = Some(order.len() as u64);
                        let page = Page { rows: order, total, next: None, previous: None };
                        return self.page(connection, &sights, query, seq, page, &check);
                    }
                    (self.shared.frozen.keep(order, self.now_us())?, 0)
                }
            };
            let (mut rows, total) = self.shared.frozen.slice(number, at, limit, self.now_us())?;
            let end = at + rows.len();
            // What was frozen may have become somebody else's since.
            let still = rows.iter().map(|&row| row as u64).collect();
            let still = sights.seen(LimitPlace::Page, Permission::Search, query.resource_type, still)?;
            rows.retain(|&row| still.contains(row as u64));
            let next = (end < total).then_some(Start::Frozen { number, at: end });
            let previous = (at > 0).then_some(Start::Frozen { number, at: at.saturating_sub(limit) });
            Page { rows, total: Some(total as u64), next, previous }
        };
        self.page(connection, &sights, query, seq, page, &check)
    }

    fn page(
        &self,
        connection: &Connection,
        sights: &Sights<'_>,
        query: &SearchQuery,
        seq: Seq,
        page: Page,
        check: &str,
    ) -> Result<SearchPage, Error> {
        let Page { rows, total, next, previous } = page;
        let mut matches = Vec::with_capacity(rows.len());
        for &row in &rows {
            // A frozen order may name what was deleted since: it is left out.
            matches.extend(read::by_row(connection, &self.shared, Row(row))?.filter(|s| !s.json.is_empty()));
        }
        let included = include::included(connection, &self.shared, sights, query, &rows)?;
        let token = |start: Option<Start>| start.map(|start| start.write(check));
        Ok(SearchPage { total, matches, included, next: token(next), previous: token(previous), seq })
    }
}

/// Rows of a page, and where its neighbours begin.
struct Page {
    rows: Vec<i64>,
    total: Option<u64>,
    next: Option<Start>,
    previous: Option<Start>,
}

/// Which page in row order.
#[derive(Clone, Copy)]
enum Way {
    /// The first rows after this one.
    After(i64),
    /// The last rows before this one.
    Before(i64),
}

impl Way {
    /// The page of `rows`: up to one more than fits, in row order; the one too many says that there are more that way.
    fn page(self, mut rows: Vec<i64>, limit: usize, total: Option<u64>) -> Page {
        let more = rows.len() > limit;
        let (next, previous) = match self {
            Way::After(after) => {
                rows.truncate(limit);
                let next = more.then(|| Start::Row { after: rows.last().copied().unwrap_or(after), total });
                let before = rows.first().copied().unwrap_or(after + 1);
                (next, (after > 0).then_some(Start::Back { before, total }))
            }
            Way::Before(before) => {
                rows.drain(..rows.len().saturating_sub(limit));
                let after = rows.last().copied().unwrap_or(before - 1);
                let first = rows.first().copied().unwrap_or(before);
                (Some(Start::Row { after, total }), more.then_some(Start::Back { before: first, total }))
            }
        };
        Page { rows, total, next, previous }
    }
}

/// One page in row order.
fn row_page(
    index: &Index<'_>,
    parts: &mut Vec<Condition>,
    way: Way,
    total: Option<u64>,
    limit: usize,
    wanted: Option<Total>,
) -> Result<Page, Error> {
    let count = total.is_none() && matches!(wanted, Some(Total::Accurate | Total::Estimate));
    if count && parts.is_empty() {
        let total = index.count_all()?;
        return stream(index, None, &[], way, Some(total), limit);
    }
    if !count {
        let mut estimates = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            estimates.push((index.estimate(part)?, at));
        }
        estimates.sort_unstable();
        if estimates.first().is_none_or(|(least, _)| *least >= LARGE) {
            let base = parts.iter().position(|p| {
                matches!(p, Condition::Tokens { tokens, .. } if tokens.len() == 1)
                    || matches!(p, Condition::References { targets, .. } if targets.len() == 1)
            });
            let base = base.map(|at| parts.remove(at));
            if parts.iter().all(can_probe) {
                return stream(index, base.as_ref(), parts, way, total, limit);
            }
            parts.extend(base);
        }
    }
    let (plain, tests) = body::split(std::mem::take(parts));
    let mut set = index.evaluate(&Condition::All(plain))?;
    if !tests.is_empty() {
        if !count {
            return body_page(index, &set, &tests, way, total, limit);
        }
        set = index.checked(&set, &tests)?;
    }
    let rows = match way {
        Way::After(after) => rest(&set, after).take(limit + 1).collect(),
        Way::Before(before) => {
            let below = set.rank(before.max(1) as u64 - 1);
            set.iter()
                .skip(below.saturating_sub(limit as u64 + 1) as usize)
                .take_while(|row| (*row as i64) < before)
                .map(|row| row as i64)
                .collect()
        }
    };
    Ok(way.page(rows, limit, Some(set.len())))
}

/// One page of those of `set` whose bodies are as asked: no more of them are looked at than the page needs.
fn body_page(
    index: &Index<'_>,
    set: &RoaringTreemap,
    tests: &[Test],
    way: Way,
    total: Option<u64>,
    limit: usize,
) -> Result<Page, Error> {
    let mut bodies = body::Bodies::new(index, tests)?;
    let mut rows = Vec::with_capacity(limit + 1);
    let mut take = |row: i64| -> Result<bool, Error> {
        if bodies.hold(row)? {
            rows.push(row);
        }
        Ok(rows.len() <= limit)
    };
    match way {
        Way::After(after) => {
            for row in rest(set, after) {
                if !take(row)? {
                    break;
                }
            }
        }
        Way::Before(before) => {
            let below = set.rank(before.max(1) as u64 - 1);
            for at in (0..below).rev() {
                let Some(row) = set.select(at) else { break };
                if !take(row as i64)? {
                    break;
                }
            }
            rows.reverse();
        }
    }
    let whole = matches!(way, Way::After(0)) && rows.len() <= limit;
    let total = total.or(whole.then_some(rows.len() as u64));
    Ok(way.page(rows, limit, total))
}

fn rest(set: &RoaringTreemap, after: i64) -> impl Iterator<Item = i64> {
    let mut rows = set.iter();
    rows.advance_to(after as u64 + 1);
    rows.map(|row| row as i64)
}

/// Walks one run of the index in row order and probes the other conditions, until a page is full.
fn stream(
    index: &Index<'_>,
    base: Option<&Condition>,
    others: &[Condition],
    way: Way,
    total: Option<u64>,
    limit: usize,
) -> Result<Page, Error> {
    let run = match base {
        Some(Condition::Tokens { param, tokens }) if tokens.len() == 1 => {
            Key::new(key::TOKEN, *param).number(tokens[0])
        }
        Some(Condition::References { param, targets }) if targets.len() == 1 => {
            Key::new(key::REFERENCE, *param).number(targets.min().unwrap_or(0) as i64)
        }
        _ => Key::new(key::LIVE, index.resource_type.0),
    };
    let matches = |row: i64| -> Result<bool, Error> {
        if others.is_empty() {
            return Ok(true);
        }
        let postings = index.forward(row)?;
        Ok(others.iter().all(|part| holds(part, row, &postings)))
    };
    let mut rows = Vec::with_capacity(limit + 1);
    match way {
        Way::After(after) => index.walk(&run, after, |row| {
            if matches(row)? {
                rows.push(row);
            }
            Ok(rows.len() <= limit)
        })?,
        Way::Before(before) => {
            // Runs are walked forwards only: from further and further back, until enough rows lie between.
            let (mut end, mut width) = (before, 4 * limit as i64 + 64);
            while end > 1 && rows.len() <= limit {
                let after = (end - 1 - width).max(0);
                let mut found = Vec::new();
                index.walk(&run, after, |row| {
                    if row < end && matches(row)? {
                        found.push(row);
                    }
                    Ok(row < end)
                })?;
                found.append(&mut rows);
                rows = found;
                (end, width) = (after + 1, width * 2);
            }
            let surplus = rows.len().saturating_sub(limit + 1);
            rows.drain(..surplus);
        }
    }
    // The first page being the only one, its length is the total.
    let whole = matches!(way, Way::After(0)) && rows.len() <= limit;
    let total = total.or(whole.then_some(rows.len() as u64));
    Ok(way.page(rows, limit, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_pairs_are_decoded() {
        assert_eq!(
            query_pairs("a=b%7Cc+d&e&%C3%A9=1=2&bad=%zz"),
            [
                ("a".to_owned(), "b|c d".to_owned()),
                ("e".to_owned(), String::new()),
                ("é".to_owned(), "1=2".to_owned()),
                ("bad".to_owned(), "%zz".to_owned())
            ]
        );
    }

    #[test]
    fn a_page_token_fits_only_its_search() {
        for start in [
            Start::Row { after: 77, total: None },
            Start::Row { after: 1, total: Some(9) },
            Start::Back { before: 77, total: None },
            Start::Back { before: 1, total: Some(9) },
            Start::Frozen { number: 3, at: 50 },
        ] {
            assert_eq!(Start::read(&start.write("seal"), "seal").unwrap(), start);
            assert!(Start::read(&start.write("seal"), "other").is_err());
        }
        for bad in [
            "",
            "r",
            "r1",
            "x1.seal",
            "f1.seal",
            "rzz.seal",
            "r-1.seal",
            "r7fffffffffffffff.seal",
            "bffffffffff.seal",
            "rffffffffffffffff.seal",
        ] {
            assert!(Start::read(bad, "seal").is_err(), "{bad}");
        }
    }
}
