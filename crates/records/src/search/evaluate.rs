//! Evaluating conditions on the index: to sets of rows, or row by row against forward blobs.
//!
//! The condition with the smallest estimate makes the first set. The others either become sets too and are intersected, or,
//! where the first set is much smaller, are probed on the forward blobs of its rows.

use super::condition::{Condition, Table};
use crate::error::Error;
use crate::posting::{self, DATE_SPAN_US, Posting, TEXT_CHARS, indexed_text};
use fhir::schema::TypeId;
use fhir::search::{DateMatch, NumberMatch, Prefix, StringMatch};
use roaring::RoaringTreemap;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

/// Estimates stop counting here: beyond it a set is just "large".
pub(crate) const LARGE: u64 = 20_000;
/// A set this many times smaller than another condition's is probed against it instead of building the other set.
const PROBE_RATIO: u64 = 6;
/// More values than this are looked up by reading the parameter's whole run.
const MANY_TARGETS: u64 = 30_000;

/// The index of one type as one connection sees it.
pub(crate) struct Index<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) resource_type: TypeId,
}

impl Index<'_> {
    fn collect(&self, sql: &str, values: &[&dyn ToSql]) -> Result<RoaringTreemap, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(row.get::<_, i64>(0)? as u64);
        }
        out.sort_unstable();
        out.dedup();
        Ok(RoaringTreemap::from_sorted_iter(out).unwrap_or_default())
    }

    fn count(&self, sql: &str, values: &[&dyn ToSql]) -> Result<u64, Error> {
        let sql = format!("SELECT count(*) FROM ({sql} LIMIT {LARGE})");
        let count: i64 = self.connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |r| r.get(0))?;
        Ok(count as u64)
    }

    /// All live resources of the type.
    pub(crate) fn all(&self) -> Result<RoaringTreemap, Error> {
        self.collect("SELECT row FROM live WHERE type = ?1", &[&self.resource_type.0])
    }

    /// Number of live resources of the type.
    pub(crate) fn count_all(&self) -> Result<u64, Error> {
        let count: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM live WHERE type = ?1")?
            .query_row([self.resource_type.0], |r| r.get(0))?;
        Ok(count as u64)
    }

    /// About how many rows match, at most [`LARGE`].
    pub(crate) fn estimate(&self, condition: &Condition) -> Result<u64, Error> {
        Ok(match condition {
            Condition::Nothing => 0,
            Condition::Rows(rows) => rows.len().min(LARGE),
            Condition::Tokens { param, tokens } => {
                let mut sum = 0;
                for token in tokens {
                    sum += self.count("SELECT 1 FROM token WHERE param = ?1 AND token = ?2", &[param, token])?;
                    if sum >= LARGE {
                        return Ok(LARGE);
                    }
                }
                sum
            }
            Condition::References { param, targets } => {
                let mut sum = 0;
                for target in targets.iter().take(64) {
                    let target = target as i64;
                    sum += self.count("SELECT 1 FROM reference WHERE param = ?1 AND target = ?2", &[param, &target])?;
                    if sum >= LARGE {
                        return Ok(LARGE);
                    }
                }
                let seen = targets.len().clamp(1, 64);
                (sum * targets.len() / seen).min(LARGE)
            }
            Condition::TokenSystem { param, .. } => self.count("SELECT 1 FROM token WHERE param = ?1", &[param])?,
            Condition::Date { param, date } => {
                let (from, to) = start_bounds(date, DATE_SPAN_US);
                self.count("SELECT 1 FROM date WHERE param = ?1 AND low BETWEEN ?2 AND ?3", &[param, &from, &to])?
                    + self.count("SELECT 1 FROM date_long WHERE param = ?1", &[param])?
            }
            Condition::CodeDate { code, token, date, .. } => {
                let (from, to) = start_bounds(date, i64::MAX);
                self.count(
                    "SELECT 1 FROM code_date WHERE param = ?1 AND token = ?2 AND low BETWEEN ?3 AND ?4",
                    &[code, token, &from, &to],
                )?
            }
            Condition::Text { param, text: StringMatch::Prefix(text) | StringMatch::Exact(text) } => {
                let (from, to) = prefix_range(&indexed_text(text));
                self.count("SELECT 1 FROM text WHERE param = ?1 AND value >= ?2 AND value < ?3", &[param, &from, &to])?
            }
            Condition::Text { param, .. } => self.count("SELECT 1 FROM text WHERE param = ?1", &[param])?,
            Condition::Number { param, .. } => self.count("SELECT 1 FROM number WHERE param = ?1", &[param])?,
            Condition::Quantity { param, unit, .. } => {
                self.count("SELECT 1 FROM quantity WHERE param = ?1 AND unit = ?2", &[param, unit])?
            }
            Condition::Shown { param, .. } => {
                self.count("SELECT 1 FROM quantity WHERE param = ?1 AND unit = 0", &[param])?
            }
            Condition::Updated(date) => {
                let (from, to) = start_bounds(date, 0);
                self.count(
                    "SELECT 1 FROM updated WHERE type = ?1 AND updated_us BETWEEN ?2 AND ?3",
                    &[&self.resource_type.0, &from, &to],
                )?
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
            Condition::Not(_) | Condition::Has { .. } => LARGE,
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
                    out |= self.collect("SELECT row FROM token WHERE param = ?1 AND token = ?2", &[param, token])?;
                }
                Ok(out)
            }
            Condition::References { param, targets } => self.referring(*param, targets),
            Condition::TokenSystem { param, system } => self.collect(
                "SELECT t.row FROM token t JOIN token_value v ON v.no = t.token WHERE t.param = ?1 AND v.system = ?2",
                &[param, system],
            ),
            Condition::Date { param, date } => self.dates(*param, date),
            Condition::CodeDate { code, token, date, .. } => {
                let (from, to) = start_bounds(date, i64::MAX);
                self.ranges(
                    "SELECT row, low, high FROM code_date WHERE param = ?1 AND token = ?2 AND low BETWEEN ?3 AND ?4",
                    &[code, token, &from, &to],
                    |low: i64, high: i64| date.matches(low, high),
                )
            }
            Condition::Text { param, text } => self.texts(*param, text),
            Condition::Number { param, number } => {
                self.numbers("SELECT row, low, high FROM number WHERE param = ?1", &[param], number)
            }
            Condition::Quantity { param, unit, number } => self.numbers(
                "SELECT row, low, high FROM quantity WHERE param = ?1 AND unit = ?2",
                &[param, unit],
                number,
            ),
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
            Condition::Updated(date) => {
                let (from, to) = start_bounds(date, 0);
                self.ranges(
                    "SELECT row, updated_us, updated_us FROM updated WHERE type = ?1 AND updated_us BETWEEN ?2 AND ?3",
                    &[&self.resource_type.0, &from, &to],
                    |low: i64, high: i64| date.matches(low, high),
                )
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
        if rows.len() > MANY_TARGETS {
            return self.all();
        }
        let mut statement = self.connection.prepare_cached("SELECT 1 FROM live WHERE type = ?1 AND row = ?2")?;
        let mut out = RoaringTreemap::new();
        for row in rows {
            if statement.exists(params![self.resource_type.0, row as i64])? {
                out.insert(row);
            }
        }
        Ok(out)
    }

    fn referring(&self, param: u16, targets: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
        let mut out = Vec::new();
        if targets.len() > MANY_TARGETS {
            let mut statement = self.connection.prepare_cached("SELECT target, row FROM reference WHERE param = ?1")?;
            let mut rows = statement.query([param])?;
            while let Some(row) = rows.next()? {
                if targets.contains(row.get::<_, i64>(0)? as u64) {
                    out.push(row.get::<_, i64>(1)? as u64);
                }
            }
        } else {
            let mut statement =
                self.connection.prepare_cached("SELECT row FROM reference WHERE param = ?1 AND target = ?2")?;
            for target in targets {
                let mut rows = statement.query(params![param, target as i64])?;
                while let Some(row) = rows.next()? {
                    out.push(row.get::<_, i64>(0)? as u64);
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(RoaringTreemap::from_sorted_iter(out).unwrap_or_default())
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

    /// Rows of a query for (row, low, high) whose range matches.
    fn ranges<T: FromSql>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        matches: impl Fn(T, T) -> bool,
    ) -> Result<RoaringTreemap, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            if matches(row.get(1)?, row.get(2)?) {
                out.push(row.get::<_, i64>(0)? as u64);
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(RoaringTreemap::from_sorted_iter(out).unwrap_or_default())
    }

    fn dates(&self, param: u16, date: &DateMatch) -> Result<RoaringTreemap, Error> {
        if date.prefix == Prefix::Ne {
            let within = DateMatch { prefix: Prefix::Eq, ..*date };
            return Ok(self.having_dates(param)? - self.dates(param, &within)?);
        }
        let matches = |low: i64, high: i64| date.matches(low, high);
        let (from, to) = start_bounds(date, DATE_SPAN_US);
        let short = self.ranges(
            "SELECT row, low, low + span FROM date WHERE param = ?1 AND low BETWEEN ?2 AND ?3",
            &[&param, &from, &to],
            matches,
        )?;
        let (from, to) = start_bounds(date, i64::MAX);
        let long = self.ranges(
            "SELECT row, low, high FROM date_long WHERE param = ?1 AND low BETWEEN ?2 AND ?3",
            &[&param, &from, &to],
            matches,
        )?;
        Ok(short | long)
    }

    fn texts(&self, param: u16, text: &StringMatch) -> Result<RoaringTreemap, Error> {
        match text {
            StringMatch::Prefix(prefix) => {
                let cut = indexed_text(prefix);
                let (from, to) = prefix_range(&cut);
                let found = self.collect(
                    "SELECT row FROM text WHERE param = ?1 AND value >= ?2 AND value < ?3",
                    &[&param, &from, &to],
                )?;
                // The index holds the beginning of long texts only.
                if cut.len() < prefix.len() {
                    self.keep(found, &Condition::Text { param, text: text.clone() })
                } else {
                    Ok(found)
                }
            }
            StringMatch::Contains(part) => {
                let found = self.collect(
                    "SELECT row FROM text WHERE param = ?1 AND (instr(value, ?2) > 0 OR length(value) >= ?3)",
                    &[&param, part, &(TEXT_CHARS as i64)],
                )?;
                self.keep(found, &Condition::Text { param, text: text.clone() })
            }
            StringMatch::Exact(exact) => {
                let found = self
                    .collect("SELECT row FROM text WHERE param = ?1 AND value = ?2", &[&param, &indexed_text(exact)])?;
                self.keep(found, &Condition::Text { param, text: text.clone() })
            }
        }
    }

    fn numbers(&self, sql: &str, keys: &[&dyn ToSql], number: &NumberMatch) -> Result<RoaringTreemap, Error> {
        let mut values: Vec<&dyn ToSql> = keys.to_vec();
        let matches = |low: f64, high: f64| number.matches(low, high);
        // A resource's range starts at or below its end, so these bound the scan of the key's next column.
        let sql = match number.prefix {
            Prefix::Ne => {
                let within = NumberMatch { prefix: Prefix::Eq, ..*number };
                let all = self.ranges(sql, keys, |_: f64, _: f64| true)?;
                return Ok(all - self.numbers(sql, keys, &within)?);
            }
            Prefix::Eq => {
                values.push(&number.low);
                values.push(&number.high);
                format!("{sql} AND low BETWEEN ?{} AND ?{}", values.len() - 1, values.len())
            }
            Prefix::Lt | Prefix::Le => {
                values.push(&number.value);
                format!("{sql} AND low <= ?{}", values.len())
            }
            Prefix::Ap => {
                values.push(&number.high);
                format!("{sql} AND low <= ?{}", values.len())
            }
            Prefix::Sa => {
                values.push(&number.value);
                format!("{sql} AND low > ?{}", values.len())
            }
            Prefix::Gt | Prefix::Ge | Prefix::Eb => sql.to_owned(),
        };
        self.ranges(&sql, &values, matches)
    }

    fn having_dates(&self, param: u16) -> Result<RoaringTreemap, Error> {
        let of = |table: &str| self.collect(&format!("SELECT row FROM {table} WHERE param = ?1"), &[&param]);
        Ok(of("date")? | of("date_long")?)
    }

    /// Rows with any value of a parameter. What no search can name, and URLs, lie among the tokens.
    fn having(&self, param: u16, table: Table) -> Result<RoaringTreemap, Error> {
        let of = |table: &str| self.collect(&format!("SELECT row FROM {table} WHERE param = ?1"), &[&param]);
        let tokens = of("token")?;
        Ok(match table {
            Table::Token => tokens,
            Table::Reference => of("reference")? | tokens,
            Table::Date => self.having_dates(param)? | tokens,
            Table::Text => of("text")? | tokens,
            Table::Number => of("number")? | tokens,
            Table::Quantity => of("quantity")? | tokens,
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
        Condition::Updated(_) | Condition::TokenSystem { .. } => false,
        Condition::Any(parts) | Condition::All(parts) => parts.iter().all(can_probe),
        Condition::Not(inner) => can_probe(inner),
        _ => true,
    }
}

/// Whether a condition holds for a resource with these postings.
pub(crate) fn holds(condition: &Condition, row: i64, postings: &[Posting]) -> bool {
    match condition {
        Condition::Nothing | Condition::Updated(_) | Condition::TokenSystem { .. } => false,
        Condition::Rows(rows) => rows.contains(row as u64),
        Condition::Tokens { param, tokens } => postings
            .iter()
            .any(|p| matches!(p, Posting::Token { param: q, token } if q == param && tokens.contains(token))),
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

/// The texts that begin with `prefix`, as a half-open range. An empty prefix is every text.
fn prefix_range(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}\u{10ffff}"))
}
