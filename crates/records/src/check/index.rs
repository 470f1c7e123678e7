//! What is searched is what is stored: the values of a resource are extracted anew and compared with those of the index.

use super::{Check, LISTED};
use crate::body::Identity;
use crate::error::Error;
use crate::id::StoredId;
use crate::plan::Value;
use crate::posting::{self, PRESENT, Posting};
use crate::token::{self, UNIT_SYSTEM};
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use rusqlite::{Connection, OptionalExtension, params};

/// A live resource as it lies there.
struct Lying {
    row: i64,
    type_id: TypeId,
    id: String,
    version: i64,
    forward: Vec<u8>,
    dictionary: i64,
    body: Vec<u8>,
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
            .prepare_cached("SELECT row FROM resource WHERE type = ?1 AND id = ?2")?
            .query_row(params![target_type.0, StoredId::new(&target_id)], |r| r.get(0))
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
                let Some(problem) = self.problem(&lying)? else { continue };
                if places.len() < LISTED {
                    places.push(format!("{}/{}: {problem}", r4().info(lying.type_id).name, lying.id));
                } else {
                    more += 1;
                }
            }
        }
        self.count("resources extracted anew", looked);
        self.list_places(
            "the index does not agree with a resource",
            "write the resource again (read it, and PUT it with one change), or import its arrival into a new directory",
            places,
            more,
        );
        Ok(())
    }

    fn live_after(&self, after: i64, step: u64) -> Result<Vec<Lying>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT row, type, id, version, coalesce(forward, x''), coalesce(dictionary, 0), coalesce(body, x'')
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
        let mut wanted = Vec::new();
        for value in self.extraction.values(document.root()) {
            let shown = format!("{value:?}");
            match posting_of(&self.connection, value)? {
                Some(posting) if wanted.contains(&posting) => {}
                Some(posting) => wanted.push(posting),
                None => return Ok(Some(format!("a value has no number: {shown}"))),
            }
        }
        let missing = wanted.iter().filter(|posting| !held.contains(posting)).count();
        let stray = held.iter().filter(|posting| !wanted.contains(posting)).count();
        if missing + stray > 0 {
            return Ok(Some(format!("{missing} values are missing and {stray} are there that should not be")));
        }
        Ok(None)
    }
}
