//! `Observation/$lastn`: the last observations of each code.
//!
//! Which observations take part is a search, limits of the grant included; grouping looks at nothing else, so that a code which only an
//! observation that is not seen shares joins no groups.

use super::compile::Compiler;
use super::condition::Condition;
use super::evaluate::Index;
use super::sight::Sights;
use super::{Page, SearchPage, body, check, permit};
use crate::error::Error;
use crate::id::{Row, Seq};
use crate::posting::{PRESENT, Posting};
use crate::read;
use crate::store::Records;
use access::Grant;
use fhir::json::{Document, Node};
use fhir::parameters::parameters;
use fhir::schema::r4;
use fhir::search::SearchQuery;
use rusqlite::{Connection, params};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Observations that one request looks through, at most: some seconds' work.
const CANDIDATES_LIMIT: u64 = 100_000;
/// Observations that one request gives, at most.
const RESULTS_LIMIT: usize = 5_000;

/// What `$lastn` is asked for.
#[derive(Clone, Debug)]
pub struct LastN {
    /// Whose observations, and which: a search of `Observation`.
    pub query: SearchQuery,
    /// `max`: how many of each code, from 1; more only where several have the time of the last of them.
    pub max: usize,
}

/// When something was observed, as `_sort=-date` has it: the end first, then the beginning, µs UTC.
type When = (i64, i64);

impl Records {
    /// The last observations of each code, those of the code with the latest first, each code's from the latest to the earliest.
    ///
    /// Codes that stand together in one observation are the same code, and so on; an observation without a code is of its text. What has
    /// no time comes after what has one.
    ///
    /// # Errors
    /// As [`Records::search`]; [`Error::Search`] if it is not said whose observations or which are meant, or if it would be too many.
    pub fn last_n(&self, grant: &Grant, wanted: &LastN) -> Result<SearchPage, Error> {
        let query = &wanted.query;
        check_query(query)?;
        permit(grant, query)?;
        let reader = self.shared.reader()?;
        let connection: &Connection = &reader;
        let index = Index::new(connection, &self.shared, query.resource_type);
        let seq = Seq(connection.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |r| r.get(0))?);
        let sights = Sights::new(connection, &self.shared, grant);
        let parts = Compiler { connection, shared: &self.shared, sights: Some(&sights) }.query(query)?;
        let (plain, tests) = body::split(parts);
        let mut set = index.evaluate(&Condition::All(plain))?;
        if !tests.is_empty() {
            set = index.checked(&set, &tests)?;
        }
        if set.len() > CANDIDATES_LIMIT {
            return Err(Error::Search(format!(
                "more than {CANDIDATES_LIMIT} observations would have to be looked through: name fewer patients, or a date"
            )));
        }
        let numbers = |code: &str| -> Vec<u16> {
            let Some(number) = parameters().find("Observation", code).map(|parameter| parameter.number) else {
                return Vec::new();
            };
            let joined = self.shared.extraction.rows_of(number);
            if joined.is_empty() { vec![number] } else { joined.to_vec() }
        };
        let (codes, dates) = (numbers("code"), numbers("date"));
        let mut groups = Groups::default();
        let mut seen: Vec<(Option<When>, i64, usize)> = Vec::with_capacity(set.len() as usize);
        for row in &set {
            let row = row as i64;
            let mut when: Option<When> = None;
            let mut keys = Vec::new();
            for posting in index.forward(row)? {
                match posting {
                    Posting::Date { param, low, high } if dates.contains(&param) => when = when.max(Some((high, low))),
                    Posting::Token { param, token }
                        if codes.contains(&param) && token != PRESENT && groups.is_code(connection, token)? =>
                    {
                        keys.push(Key::Token(token));
                    }
                    _ => {}
                }
            }
            if keys.is_empty() {
                keys.push(Key::Text(self.text_of(connection, row)?));
            }
            seen.push((when, row, groups.join(keys)));
        }
        let mut by_group: BTreeMap<usize, Vec<(Option<When>, i64)>> = BTreeMap::new();
        for (when, row, group) in seen {
            by_group.entry(groups.root(group)).or_default().push((when, row));
        }
        let mut lists: Vec<Vec<(Option<When>, i64)>> = by_group.into_values().collect();
        for list in &mut lists {
            // Of what was at one time, or at none that is known, the one stored last comes first.
            list.sort_unstable_by_key(|one| Reverse(*one));
            let last = list.get(wanted.max.max(1) - 1).map(|(when, _)| *when);
            let mut no = 0;
            list.retain(|(when, _)| {
                no += 1;
                no <= wanted.max.max(1) || (when.is_some() && Some(*when) == last)
            });
        }
        lists.sort_unstable_by_key(|list| Reverse(list.first().copied()));
        let rows: Vec<i64> = lists.into_iter().flatten().map(|(_, row)| row).collect();
        if rows.len() > RESULTS_LIMIT {
            return Err(Error::Search(format!(
                "{} observations would be given, and {RESULTS_LIMIT} are the most: name fewer patients or codes, or a smaller max",
                rows.len()
            )));
        }
        let total = Some(rows.len() as u64);
        let rows = if query.counts_only() { Vec::new() } else { rows };
        let page = Page { rows, total, next: None, previous: None };
        self.page(connection, &sights, query, seq, page, &check(query, grant))
    }

    /// The text of an observation's code.
    fn text_of(&self, connection: &Connection, row: i64) -> Result<String, Error> {
        let Some(stored) = read::by_row(connection, &self.shared, Row(row))?.filter(|stored| !stored.json.is_empty())
        else {
            return Ok(String::new());
        };
        let document = Document::parse(stored.json.as_bytes())
            .map_err(|error| Error::Damaged(format!("version {} of row {row}: {error}", stored.version)))?;
        let text = document.root().path(&["code", "text"]).and_then(Node::as_str);
        Ok(text.unwrap_or_default().into_owned())
    }
}

/// Refuses what says not enough, and what `$lastn` has an order and a size of its own for.
fn check_query(query: &SearchQuery) -> Result<(), Error> {
    let refuse = |text: &str| Err(Error::Search(text.to_owned()));
    if r4().name(query.resource_type) != "Observation" {
        return refuse("$lastn is of Observation");
    }
    let has = |is: &dyn Fn(&str) -> bool| {
        query.filters.iter().any(|filter| is(filter.name.split([':', '.']).next().unwrap_or_default()))
    };
    if !has(&|name| matches!(name, "patient" | "subject")) {
        return refuse("$lastn needs to know whose observations are meant: name them by patient or subject");
    }
    if !has(&|name| name == "category" || name == "code" || name.ends_with("-code") || name.contains("code-value-")) {
        return refuse("$lastn needs to know which observations are meant: name them by category or code");
    }
    let own = [("_sort", !query.sort.is_empty()), ("_count", query.count.is_some()), ("_page", query.page.is_some())];
    match own.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(Error::NotSupported(format!(
            "{name} is not supported for $lastn: the latest come first, max says how many of each code, and all are on one page"
        ))),
        None => Ok(()),
    }
}

/// What an observation is of.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A code, by its number.
    Token(i64),
    /// Words, as they stand there.
    Text(String),
}

/// Which keys are the same: a forest in which each leads to another of its group, its root to itself.
#[derive(Default)]
struct Groups {
    by_key: HashMap<Key, usize>,
    parent: Vec<usize>,
    is_code: HashMap<i64, bool>,
}

impl Groups {
    /// Puts keys into one group; gives a member of it.
    fn join(&mut self, keys: Vec<Key>) -> usize {
        let mut first = None;
        for key in keys {
            let next = self.parent.len();
            let own = *self.by_key.entry(key).or_insert(next);
            if own == next {
                self.parent.push(next);
            }
            let own = self.root(own);
            match first {
                None => first = Some(own),
                Some(root) => self.parent[own] = root,
            }
        }
        first.unwrap_or_default()
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            // Halving the way, it stays short.
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Whether a token has a code, and not a system alone.
    fn is_code(&mut self, connection: &Connection, token: i64) -> Result<bool, Error> {
        if let Some(known) = self.is_code.get(&token) {
            return Ok(*known);
        }
        let code: String = connection
            .prepare_cached("SELECT code FROM token_value WHERE no = ?1")?
            .query_row(params![token], |r| r.get(0))?;
        self.is_code.insert(token, !code.is_empty());
        Ok(!code.is_empty())
    }
}
