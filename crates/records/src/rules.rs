//! The rules by which index values are made of resources, and bringing a store up to them.
//!
//! What is searched was extracted when a resource was written. Were it then made by other rules (names folded another way, a
//! unit that was not known), searches would miss what is there. So a store remembers the rules, and where they are others than
//! this program's, its index is made anew before it is served: the old runs are given up, for nobody knows any more which keys the
//! old rules gave, and every live resource is extracted, so many to a commit that says how far it is. A start that is cut off
//! goes on where it was.

use crate::apply::LIVE;
use crate::body::Identity;
use crate::error::Error;
use crate::id::{Row, StoredId};
use crate::index::key::{self, Key};
use crate::plan::Value;
use crate::posting;
use crate::store::Shared;
use crate::writer::Writer;
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use rusqlite::{Connection, OptionalExtension, params};
use std::num::NonZero;

/// Raised whenever values become other postings or keys than before. [`fhir::search::RULES`] is that of the values themselves.
const RULES: u32 = 1;
/// Resources that are extracted beside one commit.
const AT_ONCE: usize = 4_000;
/// Threads that extract, at most.
const THREADS: usize = 8;

/// The name under which the rules are kept.
const SETTING: &str = "extraction rules";
/// How far extraction by other rules than those is: the rules, and the last row.
const REACHED: &str = "extraction reached";

/// What names this program's rules.
fn rules() -> String {
    format!("{}.{RULES}", fhir::search::RULES)
}

fn setting(connection: &Connection, name: &str) -> Result<Option<String>, Error> {
    Ok(connection.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0)).optional()?)
}

fn set(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.execute("INSERT OR REPLACE INTO setting(name, value) VALUES(?1, ?2)", params![name, value])?;
    Ok(())
}

/// The rules of the store that a connection sees, if they are not this program's.
pub(crate) fn others(connection: &Connection) -> Result<Option<String>, Error> {
    let here = rules();
    Ok(match setting(connection, SETTING)? {
        Some(stored) if stored == here => None,
        Some(stored) => Some(stored),
        None => Some("unknown".to_owned()),
    })
}

/// A live resource that is to be extracted.
struct Lying {
    row: Row,
    type_id: TypeId,
    id: String,
    version: i64,
    updated_us: i64,
    forward: Option<Vec<u8>>,
    dictionary: i64,
    body: Vec<u8>,
}

impl Writer {
    /// Extracts every live resource anew if the store's values were made by other rules. `progress` is told how far it is.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Database`]: what was done before stays, and the next start goes on from there.
    pub(crate) fn follow_rules(&mut self, progress: &dyn Fn(&str)) -> Result<(), Error> {
        if others(&self.connection)?.is_none() {
            return Ok(());
        }
        let rules = rules();
        let reached = setting(&self.connection, REACHED)?;
        let reached = reached.as_deref().and_then(|reached| reached.split_once('@')).filter(|(of, _)| *of == rules);
        let mut after = match reached {
            Some((_, row)) => row.parse().map_err(|_| Error::Damaged(format!("the setting \"{REACHED}\"")))?,
            None => {
                self.connection.execute_batch("BEGIN IMMEDIATE")?;
                crate::index::give_up(&self.connection)?;
                set(&self.connection, REACHED, &format!("{rules}@0"))?;
                self.connection.execute_batch("COMMIT")?;
                0
            }
        };
        let up_to = |row: i64| {
            let sql = "SELECT count(*) FROM resource WHERE state = ?1 AND row <= ?2";
            self.connection.query_row(sql, [LIVE, row], |r| r.get::<_, i64>(0))
        };
        let (all, mut done) = (up_to(i64::MAX)?, up_to(after)?);
        loop {
            let batch = self.lying_after(after)?;
            let last = batch.last().map(|lying| lying.row.0);
            done += batch.len() as i64;
            let values = extracted(&self.shared, &batch);
            let result = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from).and_then(|()| {
                self.put_anew(batch, values)?;
                match last {
                    Some(row) => set(&self.connection, REACHED, &format!("{rules}@{row}"))?,
                    None => {
                        set(&self.connection, SETTING, &rules)?;
                        self.connection.execute("DELETE FROM setting WHERE name = ?1", [REACHED])?;
                    }
                }
                self.connection.execute_batch("COMMIT")?;
                Ok(())
            });
            if let Err(error) = result {
                self.abandon();
                return Err(error);
            }
            let Some(last) = last else { return Ok(()) };
            after = last;
            progress(&format!(
                "the search index is made anew, by the rules of this version: {done} of {all} resources"
            ));
        }
    }

    fn lying_after(&self, after: i64) -> Result<Vec<Lying>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT row, type, id, version, updated_us, forward, dictionary, body FROM resource
             WHERE row > ?1 AND state = ?2 AND body IS NOT NULL ORDER BY row LIMIT ?3",
        )?;
        let rows = statement.query_map(params![after, LIVE, AT_ONCE as i64], |r| {
            Ok(Lying {
                row: Row(r.get(0)?),
                type_id: TypeId(r.get(1)?),
                id: r.get::<_, StoredId>(2)?.to_string(),
                version: r.get(3)?,
                updated_us: r.get(4)?,
                forward: r.get(5)?,
                dictionary: r.get(6)?,
                body: r.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Brings resources to the index, inside a transaction.
    fn put_anew(&mut self, batch: Vec<Lying>, values: Vec<Option<Vec<Value>>>) -> Result<(), Error> {
        for (lying, values) in batch.into_iter().zip(values) {
            let postings = match values {
                Some(values) => self.postings(values)?,
                // A body that cannot be read keeps what was extracted when it could: `doctor` names it.
                None => posting::decode(lying.forward.as_deref().unwrap_or_default()).unwrap_or_default(),
            };
            let forward = posting::encode(&postings);
            if lying.forward.as_ref() != Some(&forward) {
                self.connection
                    .prepare_cached("UPDATE resource SET forward = ?2 WHERE row = ?1")?
                    .execute(params![lying.row.0, forward])?;
            }
            let composite = self.shared.composite(lying.type_id);
            self.pending.push(&Key::new(key::LIVE, lying.type_id.0).number(lying.row.0), false);
            self.pending
                .push(&Key::new(key::UPDATED, lying.type_id.0).time(lying.updated_us).number(lying.row.0), false);
            posting::index_keys(&postings, lying.row, composite, |key| self.pending.push(&key, false));
        }
        self.settle()
    }
}

/// The values of each resource, extracted on several threads; `None` for a body that cannot be read.
fn extracted(shared: &Shared, batch: &[Lying]) -> Vec<Option<Vec<Value>>> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS);
    let share = batch.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = batch
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(|lying| values(shared, lying)).collect::<Vec<_>>()))
            .collect();
        let done = |worker: std::thread::ScopedJoinHandle<'_, Vec<Option<Vec<Value>>>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(done).collect()
    })
}

fn values(shared: &Shared, lying: &Lying) -> Option<Vec<Value>> {
    let body = shared.dictionaries.unpack_body(lying.dictionary, &lying.body).ok()?;
    let resource_type = r4().info(lying.type_id).name;
    let identity = Identity { resource_type, id: &lying.id, version: lying.version, updated_us: 0 };
    let mut json = String::new();
    body.write(&identity, &mut json);
    let document = Document::parse(json.as_bytes()).ok()?;
    Some(shared.extraction.values(document.root()))
}
