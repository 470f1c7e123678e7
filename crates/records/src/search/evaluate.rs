//! Evaluating conditions on the index: to sets of rows, or row by row against forward blobs.
//!
//! The condition with the smallest estimate makes the first set. The others either become sets too and are intersected, or,
//! where the first set is much smaller, are probed on the forward blobs of its rows.

use super::body;
use super::condition::{Condition, Table};
use crate::error::Error;
use crate::index::Runs;
use crate::index::key::{self, HEAD_BYTES, Key, Ranged};
use crate::posting::{self, DATE_SPAN_US, PRESENT, Posting, TEXT_CHARS, indexed_text};
use crate::store::Shared;
use fhir::schema::TypeId;
use fhir::search::{DateMatch, NumberMatch, Prefix, StringMatch};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};
use std::cell::OnceCell;

/// Estimates stop counting here: beyond it a set is just "large".
pub(crate) const LARGE: u64 = 20_000;
/// A set this many times smaller than another condition's is probed against it instead of building the other set.
const PROBE_RATIO: u64 = 6;
/// More targets than this are looked up by reading all references of the parameter.
const MANY_TARGETS: u64 = 256;
/// More rows than this are not looked at one by one.
const MANY_ROWS: u64 = 30_000;

/// The index of one type as one connection sees it.
pub(crate) struct Index<'a> {
    pub(crate) connection: &'a Connection,
    pub(super) shared: &'a Shared,
    pub(crate) resource_type: TypeId,
    runs: OnceCell<Runs>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(connection: &'a Connection, shared: &'a Shared, resource_type: TypeId) -> Self {
        Index { connection, shared, resource_type, runs: OnceCell::new() }
    }

    /// The same snapshot for another type.
    pub(crate) fn of(&self, resource_type: TypeId) -> Self {
        Index { connection: self.connection, shared: self.shared, resource_type, runs: self.runs.clone() }
    }

    fn runs(&self) -> Result<&Runs, Error> {
        if let Some(runs) = self.runs.get() {
            return Ok(runs);
        }
        let runs = Runs::open(self.connection, &self.shared.runs)?;
        Ok(self.runs.get_or_init(|| runs))
    }

    /// Visits the keys in `from..to` until `visit` says false.
    fn scan(&self, from: &[u8], to: &[u8], visit: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
        if from >= to {
            return Ok(());
        }
        self.runs()?.scan(self.connection, from, to, visit)
    }

    /// Rows of the keys in `from..to` that `matches`.
    fn rows(&self, from: &[u8], to: &[u8], mut matches: impl FnMut(&[u8]) -> bool) -> Result<RoaringTreemap, Error> {
        let mut out = Vec::new();
        self.scan(from, to, |key| {
            if matches(key) {
                out.push(key::row(key) as u64);
            }
            true
        })?;
        out.sort_unstable();
        out.dedup();
        Ok(RoaringTreemap::from_sorted_iter(out).unwrap_or_default())
    }

    /// Rows of all keys that begin with `prefix`.
    pub(crate) fn collect(&self, prefix: &Key) -> Result<RoaringTreemap, Error> {
        self.rows(prefix.bytes(), &prefix.end(), |_| true)
    }

    /// Rows in order of the keys that begin with `prefix`, after the row `after`, until `visit` says false.
    pub(crate) fn walk(
        &self,
        prefix: &Key,
        after: i64,
        mut visit: impl FnMut(i64) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let from = prefix.clone().number(after + 1);
        let mut keys = self.runs()?.ordered(self.connection, from.bytes(), Some(&prefix.end()))?;
        while let Some(key) = keys.next_held()? {
            if !visit(key::row(key))? {
                break;
            }
        }
        Ok(())
    }

    /// Number of keys in `from..to`, counted up to [`LARGE`].
    fn count(&self, from: &[u8], to: &[u8]) -> Result<u64, Error> {
        let mut count = 0;
        self.scan(from, to, |_| {
            count += 1;
            count < LARGE
        })?;
        Ok(count)
    }

    fn count_of(&self, prefix: &Key) -> Result<u64, Error> {
        self.count(prefix.bytes(), &prefix.end())
    }

    fn count_times(&self, prefix: &Key, (from, to): (i64, i64)) -> Result<u64, Error> {
        let (from, to) = (prefix.clone().time(from), prefix.clone().time(to));
        self.count(from.bytes(), &to.end())
    }

    /// All live resources of the type.
    pub(crate) fn all(&self) -> Result<RoaringTreemap, Error> {
        self.collect(&Key::new(key::LIVE, self.resource_type.0))
    }

    /// Number of live resources of the type.
    pub(crate) fn count_all(&self) -> Result<u64, Error> {
        let count: Option<i64> = self
            .connection
            .prepare_cached("SELECT live FROM type_count WHERE type = ?1")?
            .query_row([self.resource_type.0], |r| r.get(0))
            .optional()?;
        Ok(count.unwrap_or(0) as u64)
    }

    /// About how many rows match, at most [`LARGE`].
    pub(crate) fn estimate(&self, condition: &Condition) -> Result<u64, Error> {
        Ok(match condition {
            Condition::Nothing => 0,
            Condition::Rows(rows) => rows.len().min(LARGE),
            Condition::Tokens { param, tokens } => {
                let mut sum = 0;
                for token in tokens {
                    sum += self.count_of(&Key::new(key::TOKEN, *param).number(*token))?;
                    if sum >= LARGE {
                        return Ok(LARGE);
                    }
                }
                sum
            }
            Condition::References { param, targets } => {
                let mut sum = 0;
                for target in targets.iter().take(64) {
                    sum += self.count_of(&Key::new(key::REFERENCE, *param).number(target as i64))?;
                    if sum >= LARGE {
                        return Ok(LARGE);
                    }
                }
                let seen = targets.len().clamp(1, 64);
                (sum * targets.len() / seen).min(LARGE)
            }
            Condition::TokenSystem { param, .. } => self.count_of(&Key::new(key::TOKEN, *param))?,
            Condition::Date { param, date } => {
                self.count_times(&Key::new(key::DATE, *param), start_bounds(date, DATE_SPAN_US))?
                    + self.count_of(&Key::new(key::DATE_LONG, *param))?
            }
            Condition::CodeDate { code, token, date, .. } => {
                self.count_times(&Key::new(key::CODE_DATE, *code).number(*token), start_bounds(date, i64::MAX))?
            }
            Condition::Text {
                param,
                text: StringMatch::Prefix(text) | StringMatch::Exact(text) | StringMatch::Equal(text),
            } => self.count_of(&Key::new(key::TEXT, *param).beginning(&indexed_text(text)))?,
            Condition::Text { param, .. } => self.count_of(&Key::new(key::TEXT, *param))?,
            Condition::Number { param, .. } => self.count_of(&Key::new(key::NUMBER, *param))?,
            Condition::Quantity { param, unit, .. } => self.count_of(&Key::new(key::QUANTITY, *param).number(*unit))?,
            Condition::Shown { param, .. } => self.count_of(&Key::new(key::QUANTITY, *param).number(0))?,
            Condition::Updated(date) => {
                self.count_times(&Key::new(key::UPDATED, self.resource_type.0), start_bounds(date, 0))?
            }
            Condition::Any(parts) => {
                let mut sum = 0;
                for part in parts {
                    sum += self.estimate(part)?;
                }
                sum.min(LARGE)
            }
            Condition::All(parts) => {
                let mut least = LARGE;
                for part in parts {
                    least = least.min(self.estimate(part)?);
                }
                least
            }
            Condition::Checked { among, .. } => self.estimate(among)?,
            Condition::Not(_) | Condition::Has { .. } | Condition::Unequal { .. } => LARGE,
        })
    }

    /// The rows that match.
    pub(crate) fn evaluate(&self, condition: &Condition) -> Result<RoaringTreemap, Error> {
        match condition {
            Condition::Nothing => Ok(RoaringTreemap::new()),
            Condition::Rows(rows) => Ok(rows & self.alive(rows)?),
            Condition::Tokens { param, tokens } => {
                let mut out = RoaringTreemap::new();
                for token in tokens {
                    out |= self.collect(&Key::new(key::TOKEN, *param).number(*token))?;
                }
                Ok(out)
            }
            Condition::References { param, targets } => self.referring(*param, targets),
            Condition::TokenSystem { param, system } => self.of_system(*param, *system),
            Condition::Date { param, date } => self.dates(*param, date),
            Condition::CodeDate { code, token, date, .. } => self.times(
                &Key::new(key::CODE_DATE, *code).number(*token),
                start_bounds(date, i64::MAX),
                |low, high| date.matches(low, high),
            ),
            Condition::Text { param, text } => self.texts(*param, text),
            Condition::Number { param, number } => self.numbers(&Key::new(key::NUMBER, *param), number),
            Condition::Quantity { param, unit, number } => {
                self.numbers(&Key::new(key::QUANTITY, *param).number(*unit), number)
            }
            Condition::Shown { param, number, .. } => {
                // The number bounds the candidates; the unit stands in the forward blobs. `ne` asks for the unit's presence too.
                let wide = if number.prefix == Prefix::Ne {
                    self.having(*param, Table::Quantity)?
                } else {
                    self.evaluate(&Condition::Quantity { param: *param, unit: 0, number: *number })?
                };
                self.keep(wide, condition)
            }
            Condition::Has { param, table } => self.having(*param, *table),
            Condition::Unequal { param, table, .. } => self.keep(self.having(*param, *table)?, condition),
            Condition::Checked { among, test } => self.checked(&self.evaluate(among)?, std::slice::from_ref(test)),
            Condition::Updated(date) => {
                let prefix = Key::new(key::UPDATED, self.resource_type.0);
                let (from, to) = start_bounds(date, 0);
                self.rows(prefix.clone().time(from).bytes(), &prefix.time(to).end(), |key| {
                    key::time(key, HEAD_BYTES).is_some_and(|at| date.matches(at, at))
                })
            }
            Condition::Any(parts) => {
                let mut out = RoaringTreemap::new();
                for part in parts {
                    out |= self.evaluate(part)?;
                }
                Ok(out)
            }
            Condition::All(parts) => self.all_of(parts),
            Condition::Not(inner) => Ok(self.all()? - self.evaluate(inner)?),
        }
    }

    fn all_of(&self, parts: &[Condition]) -> Result<RoaringTreemap, Error> {
        if parts.is_empty() {
            return self.all();
        }
        if parts.iter().any(|part| matches!(part, Condition::Checked { .. })) {
            // Bodies are looked at last, of what all others leave.
            let (plain, tests) = body::split(parts.iter().cloned());
            return self.checked(&self.all_of(&plain)?, &tests);
        }
        let mut order: Vec<(u64, &Condition)> = Vec::with_capacity(parts.len());
        for part in parts {
            order.push((self.estimate(part)?, part));
        }
        order.sort_by_key(|(estimate, _)| *estimate);
        let mut set = self.evaluate(order[0].1)?;
        for (estimate, part) in &order[1..] {
            if set.is_empty() {
                break;
            }
            if can_probe(part) && set.len().saturating_mul(PROBE_RATIO) < *estimate {
                set = self.keep(set, part)?;
            } else {
                set &= self.evaluate(part)?;
            }
        }
        Ok(set)
    }

    /// Which of these rows are live resources of the type.
    fn alive(&self, rows: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
        if rows.len() > MANY_ROWS {
            return self.all();
        }
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM resource WHERE row = ?1 AND type = ?2 AND state = ?3")?;
        let mut out = RoaringTreemap::new();
        for row in rows {
            if statement.exists(params![row as i64, self.resource_type.0, crate::apply::LIVE])? {
                out.insert(row);
            }
        }
        Ok(out)
    }

    /// Which of these rows are of the type, those that are only mentioned among them.
    pub(super) fn of_type(&self, rows: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
        let mut statement = self.connection.prepare_cached("SELECT 1 FROM resource WHERE row = ?1 AND type = ?2")?;
        let mut out = RoaringTreemap::new();
        for row in rows {
            if statement.exists(params![row as i64, self.resource_type.0])? {
                out.insert(row);
            }
        }
        Ok(out)
    }

    /// Rows that refer to one of `targets` by `param`.
    pub(crate) fn referring(&self, param: u16, targets: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
        let all = Key::new(key::REFERENCE, param);
        if targets.len() > MANY_TARGETS {
            return self.rows(all.bytes(), &all.end(), |key| targets.contains(key::number(key, HEAD_BYTES) as u64));
        }
        let mut out = RoaringTreemap::new();
        for target in targets {
            out |= self.collect(&all.clone().number(target as i64))?;
        }
        Ok(out)
    }

    /// Rows with a token of `system`.
    fn of_system(&self, param: u16, system: i64) -> Result<RoaringTreemap, Error> {
        let mut statement = self.connection.prepare_cached("SELECT system FROM token_value WHERE no = ?1")?;
        let prefix = Key::new(key::TOKEN, param);
        let (mut last, mut failed) = ((-1, false), None);
        let found = self.rows(prefix.bytes(), &prefix.end(), |key| {
            let token = key::number(key, HEAD_BYTES);
            // Keys of a token follow each other.
            if token != last.0 {
                let known = statement.query_row([token], |r| r.get::<_, i64>(0)).optional();
                last = (token, matches!(known, Ok(Some(of)) if of == system));
                failed = failed.take().or(known.err());
            }
            last.1
        })?;
        failed.map_or(Ok(found), |error| Err(error.into()))
    }

    /// Those of `rows` that a probe finds to match.
    fn keep(&self, rows: RoaringTreemap, condition: &Condition) -> Result<RoaringTreemap, Error> {
        let mut kept = RoaringTreemap::new();
        for row in &rows {
            if self.probe(condition, row as i64)? {
                kept.insert(row);
            }
        }
        Ok(kept)
    }

    /// Rows of keys that begin with `prefix` whose range begins within bounds and matches.
    fn times(
        &self,
        prefix: &Key,
        (from, to): (i64, i64),
        matches: impl Fn(i64, i64) -> bool,
    ) -> Result<RoaringTreemap, Error> {
        let at = prefix.bytes().len();
        self.rows(prefix.clone().time(from).bytes(), &prefix.clone().time(to).end(), |key| {
            i64::range(key, at).is_some_and(|(low, high)| matches(low, high))
        })
    }

    fn dates(&self, param: u16, date: &DateMatch) -> Result<RoaringTreemap, Error> {
        if date.prefix == Prefix::Ne {
            let within = DateMatch { prefix: Prefix::Eq, ..*date };
            return Ok(self.having_dates(param)? - self.dates(param, &within)?);
        }
        let matches = |low: i64, high: i64| date.matches(low, high);
        let short = self.times(&Key::new(key::DATE, param), start_bounds(date, DATE_SPAN_US), matches)?;
        let long = self.times(&Key::new(key::DATE_LONG, param), start_bounds(date, i64::MAX), matches)?;
        Ok(short | long)
    }

    fn texts(&self, param: u16, text: &StringMatch) -> Result<RoaringTreemap, Error> {
        let all = Key::new(key::TEXT, param);
        let found = match text {
            StringMatch::Prefix(prefix) => {
                let cut = indexed_text(prefix);
                let found = self.collect(&all.beginning(&cut))?;
                // The index holds the beginning of long texts only.
                if cut.len() == prefix.len() {
                    return Ok(found);
                }
                found
            }
            StringMatch::Equal(text) => self.collect(&all.text(&indexed_text(text)))?,
            StringMatch::Suffix(end) => self.rows(all.bytes(), &all.end(), |key| {
                key::text(key).is_none_or(|text| text.ends_with(end) || text.chars().count() >= TEXT_CHARS)
            })?,
            StringMatch::Contains(part) => self.rows(all.bytes(), &all.end(), |key| {
                key::text(key).is_none_or(|text| text.contains(part) || text.chars().count() >= TEXT_CHARS)
            })?,
            StringMatch::Exact(exact) => self.collect(&all.text(&indexed_text(exact)))?,
        };
        self.keep(found, &Condition::Text { param, text: text.clone() })
    }

    fn numbers(&self, prefix: &Key, number: &NumberMatch) -> Result<RoaringTreemap, Error> {
        // A resource's range starts at or below its end, so these bound where it may start.
        let (from, to) = match number.prefix {
            Prefix::Ne => {
                let within = NumberMatch { prefix: Prefix::Eq, ..*number };
                return Ok(self.collect(prefix)? - self.numbers(prefix, &within)?);
            }
            Prefix::Eq => (Some(number.low), Some(number.high)),
            Prefix::Lt | Prefix::Le => (None, Some(number.value)),
            Prefix::Ap => (None, Some(number.high)),
            Prefix::Sa => (Some(number.value), None),
            Prefix::Gt | Prefix::Ge | Prefix::Eb => (None, None),
        };
        let bound = |value: Option<f64>| value.map_or_else(|| prefix.clone(), |value| prefix.clone().real(value));
        let at = prefix.bytes().len();
        self.rows(bound(from).bytes(), &bound(to).end(), |key| {
            f64::range(key, at).is_some_and(|(low, high)| number.matches(low, high))
        })
    }

    fn having_dates(&self, param: u16) -> Result<RoaringTreemap, Error> {
        Ok(self.collect(&Key::new(key::DATE, param))? | self.collect(&Key::new(key::DATE_LONG, param))?)
    }

    /// Rows with any value of a parameter. What no search can name, and URLs, lie among the tokens.
    fn having(&self, param: u16, table: Table) -> Result<RoaringTreemap, Error> {
        let of = |kind: u8| self.collect(&Key::new(kind, param));
        let tokens = of(key::TOKEN)?;
        Ok(match table {
            Table::Token => tokens,
            Table::Reference => of(key::REFERENCE)? | tokens,
            Table::Date => self.having_dates(param)? | tokens,
            Table::Text => of(key::TEXT)? | tokens,
            Table::Number => of(key::NUMBER)? | tokens,
            Table::Quantity => of(key::QUANTITY)? | tokens,
        })
    }

    /// Rows that the resources in `from` refer to by `param`: reads their forward blobs.
    pub(crate) fn targets(&self, from: &RoaringTreemap, param: u16) -> Result<RoaringTreemap, Error> {
        let mut out = RoaringTreemap::new();
        for row in from {
            for posting in self.forward(row as i64)? {
                if let Posting::Reference { param: p, target } = posting
                    && p == param
                {
                    out.insert(target as u64);
                }
            }
        }
        Ok(out)
    }

    /// The postings of a live row; none for others.
    pub(crate) fn forward(&self, row: i64) -> Result<Vec<Posting>, Error> {
        let blob: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT forward FROM resource WHERE row = ?1")?
            .query_row([row], |r| r.get(0))
            .optional()?;
        match blob.flatten() {
            None => Ok(Vec::new()),
            Some(blob) => posting::decode(&blob).ok_or_else(|| Error::Damaged(format!("forward blob of row {row}"))),
        }
    }

    /// Whether a live row matches, by its forward blob.
    pub(crate) fn probe(&self, condition: &Condition, row: i64) -> Result<bool, Error> {
        Ok(holds(condition, row, &self.forward(row)?))
    }
}

/// Conditions that [`holds`] can decide.
pub(crate) fn can_probe(condition: &Condition) -> bool {
    match condition {
        Condition::Updated(_) | Condition::TokenSystem { .. } | Condition::Checked { .. } => false,
        Condition::Any(parts) | Condition::All(parts) => parts.iter().all(can_probe),
        Condition::Not(inner) | Condition::Unequal { to: inner, .. } => can_probe(inner),
        _ => true,
    }
}

/// Whether a condition holds for a resource with these postings.
pub(crate) fn holds(condition: &Condition, row: i64, postings: &[Posting]) -> bool {
    match condition {
        Condition::Nothing | Condition::Updated(_) | Condition::TokenSystem { .. } | Condition::Checked { .. } => false,
        Condition::Rows(rows) => rows.contains(row as u64),
        Condition::Tokens { param, tokens } => postings.iter().any(
            |p| matches!(p, Posting::Token { param: q, token } if q == param && tokens.binary_search(token).is_ok()),
        ),
        Condition::References { param, targets } => postings.iter().any(
            |p| matches!(p, Posting::Reference { param: q, target } if q == param && targets.contains(*target as u64)),
        ),
        Condition::Date { param, date } => one_or_every(
            date.prefix,
            postings.iter().filter_map(|p| match p {
                Posting::Date { param: q, low, high } if q == param => Some(date.matches(*low, *high)),
                _ => None,
            }),
        ),
        Condition::CodeDate { code, token, param, date } => {
            holds(&Condition::Tokens { param: *code, tokens: vec![*token] }, row, postings)
                && holds(&Condition::Date { param: *param, date: *date }, row, postings)
        }
        Condition::Text { param, text } => postings
            .iter()
            .any(|p| matches!(p, Posting::Text { param: q, text: found } if q == param && text.matches(found))),
        Condition::Number { param, number } => one_or_every(
            number.prefix,
            postings.iter().filter_map(|p| match p {
                Posting::Number { param: q, low, high } if q == param => Some(number.matches(*low, *high)),
                _ => None,
            }),
        ),
        Condition::Quantity { param, unit, number } => one_or_every(
            number.prefix,
            postings.iter().filter_map(|p| match p {
                Posting::Quantity { param: q, unit: u, low, high } if q == param && u == unit => {
                    Some(number.matches(*low, *high))
                }
                _ => None,
            }),
        ),
        Condition::Shown { param, unit, number } => one_or_every(
            number.prefix,
            postings.iter().filter_map(|p| match p {
                Posting::Shown { param: q, unit: u, low, high } if q == param && u == unit => {
                    Some(number.matches(*low, *high))
                }
                _ => None,
            }),
        ),
        Condition::Has { param, .. } => postings.iter().any(|p| p.param() == *param),
        Condition::Unequal { param, table, to } => postings.iter().filter(|p| p.param() == *param).any(|p| {
            let holds = holds(to, row, std::slice::from_ref(p));
            match table {
                Table::Date | Table::Number | Table::Quantity => holds,
                Table::Token | Table::Text | Table::Reference => {
                    !holds && !matches!(p, Posting::Token { token: PRESENT, .. })
                }
            }
        }),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, row, postings)),
        Condition::All(parts) => parts.iter().all(|part| holds(part, row, postings)),
        Condition::Not(inner) => !holds(inner, row, postings),
    }
}

/// `ne` holds if every value of a resource, and at least one, differs; any other prefix if one value matches.
fn one_or_every(prefix: Prefix, mut matches: impl Iterator<Item = bool>) -> bool {
    if prefix == Prefix::Ne {
        matches.next().is_some_and(|first| first && matches.all(|m| m))
    } else {
        matches.any(|m| m)
    }
}

/// Bounds on the start of a resource's range that every match keeps, if its range is at most `margin` wide.
fn start_bounds(date: &DateMatch, margin: i64) -> (i64, i64) {
    let (low, high) = (date.low_us, date.high_us);
    match date.prefix {
        Prefix::Eq => (low, high),
        Prefix::Ne => (i64::MIN, i64::MAX),
        Prefix::Gt => (high.saturating_sub(margin), i64::MAX),
        Prefix::Ge => (low.min(high.saturating_sub(margin)), i64::MAX),
        Prefix::Lt | Prefix::Eb => (i64::MIN, low),
        Prefix::Le => (i64::MIN, high),
        Prefix::Sa => (high, i64::MAX),
        Prefix::Ap => (low.saturating_sub(margin), high),
    }
}
