//! What is searched is what is stored: the values of a resource are extracted anew and compared with those of the index.
//!
//! Extraction gives the forward values, and these the keys of the index. Of a sample each key is looked up. Of all resources the
//! index is walked once: hashes of the keys that must be there and of those that are there are summed by row, in a bounded number
//! of sums, and only rows behind sums that differ are looked at one by one.

use super::{Check, LISTED};
use crate::body::Identity;
use crate::error::Error;
use crate::id::{Row, StoredId};
use crate::index::{Key, RunCache, Runs, key};
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::plan::Value;
use crate::posting::{self, PRESENT, Posting};
use crate::token::{self, UNIT_SYSTEM};
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// A live resource as it lies there.
struct Lying {
    row: i64,
    type_id: TypeId,
    id: String,
    version: i64,
    updated_us: i64,
    forward: Vec<u8>,
    dictionary: i64,
    body: Vec<u8>,
}

/// Sums that hashes of keys are gathered in; a row's keys are all in one of them.
const SUMS: usize = 1 << 16;
/// Sums that differ are looked into up to this many.
const LOOKED_INTO: usize = 64;
const DISAGREES: &str = "the index does not agree with a resource";
const WRITE_AGAIN: &str =
    "write the resource again (read it, and PUT it with one change), or import its arrival into a new directory";

fn sum_of(row: i64) -> usize {
    row as usize % SUMS
}

fn hash(key: &[u8]) -> u64 {
    let hash = blake3::hash(key);
    hash.as_bytes().iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

/// The number of a token; `None` if it has none.
fn token(connection: &Connection, system: Option<&str>, code: &str) -> rusqlite::Result<Option<i64>> {
    match token::find_system(connection, system.unwrap_or_default())? {
        Some(system) => token::find(connection, system, code),
        None => Ok(None),
    }
}

/// The posting that a value must have; `None` if a number that it needs was never given.
fn posting_of(connection: &Connection, value: Value) -> rusqlite::Result<Option<Posting>> {
    Ok(match value {
        Value::Token { param, system, code } => {
            token(connection, system.as_deref(), &code)?.map(|token| Posting::Token { param, token })
        }
        Value::Present { param } => Some(Posting::Token { param, token: PRESENT }),
        Value::Reference { param, target_type, target_id } => connection
            .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID}"))?
            .query_row(params![target_type.0, StoredId::new(&target_id), id_hash(target_type, &target_id)], |r| {
                r.get(0)
            })
            .optional()?
            .map(|target| Posting::Reference { param, target }),
        Value::Date { param, low, high } => Some(Posting::Date { param, low, high }),
        Value::Text { param, text } => Some(Posting::Text { param, text }),
        Value::Number { param, low, high } => Some(Posting::Number { param, low, high }),
        Value::Quantity { param, low, high, unit: None } => Some(Posting::Quantity { param, unit: 0, low, high }),
        Value::Quantity { param, low, high, unit: Some(unit) } => {
            token(connection, Some(UNIT_SYSTEM), &unit)?.map(|unit| Posting::Quantity { param, unit, low, high })
        }
        Value::Shown { param, low, high, unit } => {
            token(connection, Some(UNIT_SYSTEM), &unit)?.map(|unit| Posting::Shown { param, unit, low, high })
        }
    })
}

impl Check<'_> {
    pub(super) fn index(&mut self) -> Result<(), Error> {
        (self.progress)("the index");
        let step = self.step(self.out.live);
        let (mut looked, mut places, mut more) = (0u64, Vec::new(), 0);
        let runs = Runs::open(&self.connection, &RunCache::default())?;
        let mut sums = if step == 1 { vec![0u64; SUMS] } else { Vec::new() };
        let mut after = 0;
        loop {
            let batch = self.live_after(after, step)?;
            let Some(last) = batch.last() else { break };
            after = last.row;
            for lying in batch {
                looked += 1;
                if looked.is_multiple_of(10_000) {
                    (self.progress)(&format!("the index: {looked} of {}", self.out.live / step));
                }
                let mut problem = self.problem(&lying)?;
                if problem.is_none() {
                    if let Some(sum) = sums.get_mut(sum_of(lying.row)) {
                        self.keys(&lying, |key| *sum = sum.wrapping_add(hash(key.bytes())));
                    } else {
                        problem = self.missing_keys(&lying, &runs)?;
                    }
                }
                let Some(problem) = problem else { continue };
                if places.len() < LISTED {
                    places.push(format!("{}/{}: {problem}", r4().info(lying.type_id).name, lying.id));
                } else {
                    more += 1;
                }
            }
        }
        self.count("resources extracted anew", looked);
        self.list_places(DISAGREES, WRITE_AGAIN, places, more);
        if more == 0 && !sums.is_empty() {
            self.walk(&runs, sums)?;
        }
        self.type_counts()
    }

    /// The index keys that a resource must have.
    fn keys(&self, lying: &Lying, mut give: impl FnMut(Key)) {
        let postings = posting::decode(&lying.forward).unwrap_or_default();
        let composite = self.extraction.composite(lying.type_id);
        posting::index_keys(&postings, Row(lying.row), composite, &mut give);
        give(Key::new(key::LIVE, lying.type_id.0).number(lying.row));
        give(Key::new(key::UPDATED, lying.type_id.0).time(lying.updated_us).number(lying.row));
    }

    /// What a resource lacks in the index.
    fn missing_keys(&self, lying: &Lying, runs: &Runs) -> Result<Option<String>, Error> {
        let mut wanted = Vec::new();
        self.keys(lying, |key| wanted.push(key));
        let mut missing = 0;
        for key in wanted {
            let mut held = false;
            let mut after = key.bytes().to_vec();
            after.push(0);
            runs.scan(&self.connection, key.bytes(), &after, |_| {
                held = true;
                false
            })?;
            missing += u64::from(!held);
        }
        Ok((missing > 0).then(|| format!("{missing} of its keys are missing")))
    }

    /// Takes the keys that are there from the sums of those that must be, and looks into what is left.
    fn walk(&mut self, runs: &Runs, mut sums: Vec<u64>) -> Result<(), Error> {
        let mut ordered = runs.ordered(&self.connection, &[], None)?;
        let mut keys = 0u64;
        while let Some(found) = ordered.next_held()? {
            keys += 1;
            let sum = &mut sums[sum_of(key::row(found))];
            *sum = sum.wrapping_sub(hash(found));
        }
        drop(ordered);
        self.count("keys of the index", keys);
        let differ: Vec<usize> = (0..SUMS).filter(|&at| sums[at] != 0).take(LOOKED_INTO).collect();
        if differ.is_empty() {
            return Ok(());
        }
        // Again, of the rows behind these sums alone.
        let mut rows: HashMap<i64, (u64, String)> = HashMap::new();
        let mut after = 0;
        loop {
            let batch = self.live_after(after, 1)?;
            let Some(last) = batch.last() else { break };
            after = last.row;
            for lying in batch.iter().filter(|lying| differ.contains(&sum_of(lying.row))) {
                let mut sum = 0u64;
                self.keys(lying, |key| sum = sum.wrapping_add(hash(key.bytes())));
                rows.insert(lying.row, (sum, format!("{}/{}", r4().info(lying.type_id).name, lying.id)));
            }
        }
        let mut ordered = runs.ordered(&self.connection, &[], None)?;
        while let Some(found) = ordered.next_held()? {
            let row = key::row(found);
            if differ.contains(&sum_of(row)) {
                let entry = rows.entry(row).or_insert_with(|| (0, format!("row {row}, which holds no resource")));
                entry.0 = entry.0.wrapping_sub(hash(found));
            }
        }
        drop(ordered);
        let mut places: Vec<String> = rows
            .into_values()
            .filter(|(sum, _)| *sum != 0)
            .map(|(_, place)| format!("{place}: its keys are not those in the index"))
            .collect();
        places.sort();
        let more = places.len().saturating_sub(LISTED);
        places.truncate(LISTED);
        self.list_places(DISAGREES, WRITE_AGAIN, places, more as u64);
        Ok(())
    }

    /// Counts that searches give without looking are those of the resources.
    fn type_counts(&mut self) -> Result<(), Error> {
        self.list(
            "SELECT type, sum(live), sum(counted) FROM (
               SELECT type, live, 0 AS counted FROM type_count UNION ALL SELECT type, 0, count(*) FROM resource WHERE state = 1 GROUP BY type)
             GROUP BY type HAVING sum(live) != sum(counted)",
            "the count of a type is wrong",
            "restore the directory from a backup, or import its arrivals into a new one",
            |row| {
                let (number, live, counted): (u16, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(format!("{}: {live} are counted, {counted} are there", r4().info(TypeId(number)).name))
            },
        )
    }

    fn live_after(&self, after: i64, step: u64) -> Result<Vec<Lying>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT row, type, id, version, coalesce(forward, x''), coalesce(dictionary, 0), coalesce(body, x''), updated_us
             FROM resource WHERE row > ?1 AND state = 1 AND row % ?2 = 0 ORDER BY row LIMIT 1000",
        )?;
        let rows = statement.query_map(params![after, step as i64], |r| {
            Ok(Lying {
                row: r.get(0)?,
                type_id: TypeId(r.get(1)?),
                id: r.get::<_, StoredId>(2)?.to_string(),
                version: r.get(3)?,
                forward: r.get(4)?,
                dictionary: r.get(5)?,
                body: r.get(6)?,
                updated_us: r.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What is wrong with one resource.
    fn problem(&self, lying: &Lying) -> Result<Option<String>, Error> {
        let body = match self.dictionaries.unpack_body(lying.dictionary, &lying.body) {
            Ok(body) => body,
            Err(error) => return Ok(Some(format!("its body cannot be unpacked: {error}"))),
        };
        let identity = Identity {
            resource_type: r4().info(lying.type_id).name,
            id: &lying.id,
            version: lying.version,
            updated_us: 0,
        };
        let mut json = String::new();
        body.write(&identity, &mut json);
        let document = match Document::parse(json.as_bytes()) {
            Ok(document) => document,
            Err(error) => return Ok(Some(format!("its body is no JSON: {error}"))),
        };
        let Some(held) = posting::decode(&lying.forward) else {
            return Ok(Some("its forward values cannot be read".to_owned()));
        };
        let mut wanted = posting::Distinct::default();
        for value in self.extraction.values(document.root()) {
            let shown = format!("{value:?}");
            match posting_of(&self.connection, value)? {
                Some(posting) => wanted.push(posting),
                None => return Ok(Some(format!("a value has no number: {shown}"))),
            }
        }
        let wanted = wanted.into_list();
        let (missing, stray) = (posting::missing(&wanted, &held), posting::missing(&held, &wanted));
        if missing + stray > 0 {
            return Ok(Some(format!("{missing} values are missing and {stray} are there that should not be")));
        }
        Ok(None)
    }
}
