//! Numbers for tokens: (system, code) pairs and systems.

use crate::error::Error;
use crate::name::{CODES, Names, code_hash};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// Tokens of this system are units: canonical UCUM ones, `system|code` of others, and units as they are shown. No URI begins so.
pub(crate) const UNIT_SYSTEM: &str = "\u{1}unit";
/// Tokens of this system are URIs and URLs.
pub(crate) const URL_SYSTEM: &str = "\u{1}url";

/// The cache is emptied when it holds this many pairs; identifiers are mostly seen once.
const CACHED: usize = 300_000;

const TOKEN: &str = "SELECT v.no FROM code_hash h CROSS JOIN token_value v ON v.no = h.no
   WHERE h.hash = ?3 AND v.code = ?1 AND v.system = ?2";

/// The writer's numbers. What a savepoint gave is forgotten when it is rolled back.
pub(crate) struct Tokens {
    names: Names,
    systems: HashMap<String, i64>,
    pairs: HashMap<(i64, String), i64>,
    next_system: i64,
    next_pair: i64,
    fresh_systems: Vec<String>,
    fresh_pairs: Vec<(i64, String)>,
}

impl Tokens {
    pub(crate) fn open(connection: &Connection) -> Result<Self, Error> {
        let next = |table: &str| {
            connection.query_row(&format!("SELECT coalesce(max(no), 0) + 1 FROM {table}"), [], |r| r.get(0))
        };
        Ok(Tokens {
            names: Names::open(connection, CODES)?,
            systems: HashMap::new(),
            pairs: HashMap::new(),
            next_system: next("token_system")?,
            next_pair: next("token_value")?,
            fresh_systems: Vec::new(),
            fresh_pairs: Vec::new(),
        })
    }

    /// Brings the index of codes within its bounds.
    pub(crate) fn settle_names(&mut self, connection: &Connection) -> Result<(), Error> {
        self.names.settle(connection)
    }

    /// Number of a system; 0 is "no system".
    fn system(&mut self, connection: &Connection, uri: Option<&str>) -> rusqlite::Result<i64> {
        let Some(uri) = uri.filter(|u| !u.is_empty()) else { return Ok(0) };
        if let Some(&no) = self.systems.get(uri) {
            return Ok(no);
        }
        let found = connection
            .prepare_cached("SELECT no FROM token_system WHERE uri = ?1")?
            .query_row([uri], |r| r.get(0))
            .optional()?;
        let no = match found {
            Some(no) => no,
            None => {
                let no = self.next_system;
                connection
                    .prepare_cached("INSERT INTO token_system(no, uri) VALUES(?1, ?2)")?
                    .execute(params![no, uri])?;
                self.next_system += 1;
                self.fresh_systems.push(uri.to_owned());
                no
            }
        };
        self.systems.insert(uri.to_owned(), no);
        Ok(no)
    }

    /// Number of a pair, given now if it is new.
    pub(crate) fn number(
        &mut self,
        connection: &Connection,
        system: Option<&str>,
        code: &str,
    ) -> rusqlite::Result<i64> {
        let system = self.system(connection, system)?;
        let key = (system, code.to_owned());
        if let Some(&no) = self.pairs.get(&key) {
            return Ok(no);
        }
        let found = connection
            .prepare_cached(TOKEN)?
            .query_row(params![code, system, code_hash(code)], |r| r.get(0))
            .optional()?;
        let no = match found {
            Some(no) => no,
            None => {
                let no = self.next_pair;
                connection
                    .prepare_cached("INSERT INTO token_value(no, system, code) VALUES(?1, ?2, ?3)")?
                    .execute(params![no, system, code])?;
                self.names.add(connection, code_hash(code), no)?;
                self.next_pair += 1;
                self.fresh_pairs.push(key.clone());
                no
            }
        };
        if self.pairs.len() >= CACHED {
            self.pairs.clear();
        }
        self.pairs.insert(key, no);
        Ok(no)
    }

    /// Forgets the numbers that can be read again, and gives their memory back.
    pub(crate) fn forget(&mut self) {
        self.pairs = HashMap::new();
    }

    /// Keeps what was given since the last call.
    pub(crate) fn settle(&mut self) {
        self.fresh_systems.clear();
        self.fresh_pairs.clear();
    }

    /// How many names there are before a savepoint.
    pub(crate) fn mark(&self) -> [i64; 2] {
        self.names.mark()
    }

    /// Takes back what was given since the last [`Tokens::settle`], after the savepoint that began at `mark` was rolled back.
    pub(crate) fn roll_back(&mut self, mark: [i64; 2]) {
        for uri in self.fresh_systems.drain(..) {
            self.systems.remove(&uri);
            self.next_system -= 1;
        }
        for key in self.fresh_pairs.drain(..) {
            self.pairs.remove(&key);
            self.next_pair -= 1;
        }
        self.names.back_to(mark);
    }
}

/// Number of a system that a search names; `None` if it never occurred.
pub(crate) fn find_system(connection: &Connection, uri: &str) -> rusqlite::Result<Option<i64>> {
    if uri.is_empty() {
        return Ok(Some(0));
    }
    connection.prepare_cached("SELECT no FROM token_system WHERE uri = ?1")?.query_row([uri], |r| r.get(0)).optional()
}

/// Number of a pair that a search names; `None` if it never occurred.
pub(crate) fn find(connection: &Connection, system: i64, code: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached(TOKEN)?.query_row(params![code, system, code_hash(code)], |r| r.get(0)).optional()
}

/// Numbers of a code in every system that a search can name: an address that reads so is none, nor is a unit.
pub(crate) fn find_code(connection: &Connection, code: &str) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT v.no FROM code_hash h CROSS JOIN token_value v ON v.no = h.no WHERE h.hash = ?2 AND v.code = ?1
             AND v.system NOT IN (SELECT no FROM token_system WHERE uri IN (?3, ?4))",
        )?
        .query_map(params![code, code_hash(code), URL_SYSTEM, UNIT_SYSTEM], |r| r.get(0))?
        .collect()
}

/// Numbers of the URIs that begin with `prefix`.
pub(crate) fn find_urls_below(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    let Some(system) = find_system(connection, URL_SYSTEM)? else { return Ok(Vec::new()) };
    connection
        .prepare_cached("SELECT no, code FROM token_value WHERE code >= ?1 AND code < ?2 AND system = ?3")?
        .query_map(params![prefix, format!("{prefix}\u{10ffff}"), system], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect()
}
