//! Writing runs and merging them.
//!
//! A commit's keys become the newest run; as long as that is small it is written anew with the next keys. When [`FANOUT`] runs
//! that are neighbours in age are of one size class, they are merged. Beside each commit every merge under way takes twice as many
//! keys as the commit brought, so that it is done before the next of its class is due; when nothing is to be written the writer
//! goes on by itself. What a merge has written so far is committed with each piece, and its last key says where it goes on.

use super::block::Builder;
use super::pending::Pending;
use super::run::{BUILDING, DEAD, Fences, LIVE, RunCache, Runs, damaged};
use crate::error::Error;
use rusqlite::{Connection, OptionalExtension, params};

/// The newest run is written anew with the next keys up to this size: four blocks.
const TAIL_BYTES: i64 = 16 << 10;
/// Neighbours of one size class that are merged into one of the next: a class holds runs of four times the size of the one below.
const FANOUT: usize = 4;
/// Keys that every merge takes beside a commit at least.
const KEYS_A_COMMIT: usize = 4_096;
/// Keys that a merge takes at once when nothing else is to be done.
const KEYS_IDLE: usize = 100_000;
/// Keys of a merge for which one block of a dead run is freed: fewer than fill one, so that the dead go faster than the living come.
const KEYS_A_FREED_BLOCK: usize = 500;

/// What the writer knows of a run.
struct Known {
    no: i64,
    age: i64,
    bytes: i64,
    /// The run that it is being merged into.
    target: Option<i64>,
}

impl Known {
    /// Size class.
    fn class(&self) -> u32 {
        (self.bytes / TAIL_BYTES).max(1).ilog(FANOUT as i64)
    }
}

/// The writing end of the index.
pub(crate) struct Merges {
    next_run: i64,
    next_block: i64,
}

/// A run that is being written.
struct RunWriter<'a> {
    connection: &'a Connection,
    next_block: &'a mut i64,
    builder: Builder,
    fences: Fences,
    fence: Vec<u8>,
    /// Last key of the last whole block.
    last: Vec<u8>,
    keys: i64,
    bytes: i64,
    in_block: i64,
}

impl<'a> RunWriter<'a> {
    /// `after` is the last key that the run has already.
    fn new(connection: &'a Connection, next_block: &'a mut i64, after: Vec<u8>) -> Self {
        RunWriter {
            connection,
            next_block,
            builder: Builder::default(),
            fences: Fences::default(),
            fence: Vec::new(),
            last: after,
            keys: 0,
            bytes: 0,
            in_block: 0,
        }
    }

    /// Appends a key. True if it filled a block.
    fn push(&mut self, key: &[u8], removed: bool) -> Result<bool, Error> {
        if self.builder.is_empty() {
            let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
            self.fence.clear();
            self.fence.extend_from_slice(&key[..key.len().min(shared + 1)]);
        }
        self.builder.push(key, removed);
        self.in_block += 1;
        if self.builder.is_full() {
            self.close_block()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn close_block(&mut self) -> Result<(), Error> {
        if self.builder.is_empty() {
            return Ok(());
        }
        self.last.clear();
        self.last.extend_from_slice(self.builder.last());
        let entries = self.builder.take();
        self.connection
            .prepare_cached("INSERT INTO block(no, entries) VALUES(?1, ?2)")?
            .execute(params![*self.next_block, entries])?;
        self.fences.push(&self.fence, *self.next_block);
        *self.next_block += 1;
        self.bytes += entries.len() as i64;
        self.keys += std::mem::take(&mut self.in_block);
        Ok(())
    }

    /// Stores where the blocks written since begin.
    fn close_part(&mut self, run: i64) -> Result<(), Error> {
        if self.fences.len() > 0 {
            self.connection
                .prepare_cached("INSERT INTO fence(run, last, fences) VALUES(?1, ?2, ?3)")?
                .execute(params![run, self.last, self.fences.encode()])?;
            self.fences = Fences::default();
        }
        Ok(())
    }
}

impl Merges {
    pub(crate) fn open(connection: &Connection) -> Result<Self, Error> {
        let next = |table: &str| {
            connection.query_row(&format!("SELECT coalesce(max(no), 0) + 1 FROM {table}"), [], |r| r.get(0))
        };
        Ok(Merges { next_run: next("run")?, next_block: next("block")? })
    }

    fn known(connection: &Connection) -> Result<Vec<Known>, Error> {
        let mut statement =
            connection.prepare_cached("SELECT no, age, bytes, target FROM run WHERE state = ?1 ORDER BY age DESC")?;
        let rows = statement
            .query_map([LIVE], |r| Ok(Known { no: r.get(0)?, age: r.get(1)?, bytes: r.get(2)?, target: r.get(3)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Brings keys into the newest run, or a new one. Numbers of runs and blocks are not given again if the transaction fails.
    pub(crate) fn add(
        &mut self,
        connection: &Connection,
        cache: &RunCache,
        pending: &mut Pending,
    ) -> Result<(), Error> {
        if pending.is_empty() {
            return Ok(());
        }
        pending.sort();
        let known = Merges::known(connection)?;
        let tail = known.first().filter(|run| run.target.is_none() && run.bytes <= TAIL_BYTES).map(|run| run.no);
        // A removal says something only where older runs are.
        let keep_removals = known.len() > usize::from(tail.is_some());
        let no = self.next_run;
        self.next_run += 1;
        let mut writer = RunWriter::new(connection, &mut self.next_block, Vec::new());
        let tail_runs = Runs::of(connection, cache, tail.as_slice())?;
        let mut old = tail_runs.ordered(connection, &[], None)?;
        let mut before = old.next()?;
        for (key, removed) in pending.iter() {
            while let Some((old_key, old_removed)) = before
                && old_key <= key
            {
                if old_key < key {
                    writer.push(old_key, old_removed)?;
                }
                before = old.next()?;
            }
            if !removed || keep_removals {
                writer.push(key, removed)?;
            }
        }
        while let Some((old_key, old_removed)) = before {
            writer.push(old_key, old_removed)?;
            before = old.next()?;
        }
        drop(old);
        writer.close_block()?;
        writer.close_part(no)?;
        let (keys, bytes) = (writer.keys, writer.bytes);
        if keys > 0 {
            connection
                .prepare_cached("INSERT INTO run(no, age, state, keys, bytes) VALUES(?1, ?1, ?2, ?3, ?4)")?
                .execute(params![no, LIVE, keys, bytes])?;
        }
        if let Some(tail) = tail {
            while free_part(connection, tail)? > 0 {}
        }
        pending.clear();
        Ok(())
    }

    /// Goes on with merges, for a commit that brought `keys`.
    pub(crate) fn beside(&mut self, connection: &Connection, cache: &RunCache, keys: usize) -> Result<(), Error> {
        self.work(connection, cache, 2 * keys + KEYS_A_COMMIT).map(|_| ())
    }

    /// Goes on with merges when nothing else is to be done; false if nothing is left.
    pub(crate) fn idle(&mut self, connection: &Connection, cache: &RunCache) -> Result<bool, Error> {
        self.work(connection, cache, KEYS_IDLE)
    }

    /// True if there is something to merge or to free.
    pub(crate) fn due(connection: &Connection) -> Result<bool, Error> {
        let open: bool = connection
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM run WHERE state <> ?1)")?
            .query_row([LIVE], |r| r.get(0))?;
        Ok(open || neighbours(&Merges::known(connection)?).is_some())
    }

    pub(super) fn work(&mut self, connection: &Connection, cache: &RunCache, keys: usize) -> Result<bool, Error> {
        let mut worked = false;
        while let Some(inputs) = neighbours(&Merges::known(connection)?) {
            self.begin(connection, &inputs)?;
            worked = true;
        }
        let of_state = |state: i64| -> Result<Vec<i64>, Error> {
            let mut statement = connection.prepare_cached("SELECT no FROM run WHERE state = ?1 ORDER BY no")?;
            Ok(statement.query_map([state], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
        };
        for run in of_state(BUILDING)? {
            self.step(connection, cache, run, keys)?;
            worked = true;
        }
        let mut room = keys / KEYS_A_FREED_BLOCK + 1;
        for run in of_state(DEAD)? {
            while room > 0 {
                let freed = free_part(connection, run)?;
                room = room.saturating_sub(freed);
                worked = true;
                if freed == 0 {
                    break;
                }
            }
        }
        Ok(worked)
    }

    /// Begins to merge runs into one as old as the newest of them.
    fn begin(&mut self, connection: &Connection, inputs: &[(i64, i64)]) -> Result<(), Error> {
        let (no, age) = (self.next_run, inputs.iter().map(|(_, age)| *age).max().unwrap_or(0));
        self.next_run += 1;
        connection
            .prepare_cached("INSERT INTO run(no, age, state, keys, bytes) VALUES(?1, ?2, ?3, 0, 0)")?
            .execute(params![no, age, BUILDING])?;
        for (input, _) in inputs {
            connection.prepare_cached("UPDATE run SET target = ?2 WHERE no = ?1")?.execute([*input, no])?;
        }
        Ok(())
    }

    /// Merges some more keys into `run`: whole blocks, or to the end.
    fn step(&mut self, connection: &Connection, cache: &RunCache, run: i64, keys: usize) -> Result<(), Error> {
        let mut statement = connection.prepare_cached("SELECT no FROM run WHERE target = ?1 ORDER BY age DESC")?;
        let inputs: Vec<i64> = statement.query_map([run], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        // No run older than these can come, so a removal that finds none has done its work.
        let oldest: bool = connection
            .prepare_cached(
                "SELECT NOT EXISTS(SELECT 1 FROM run WHERE state = ?2 AND target IS NOT ?1
                 AND age < (SELECT min(age) FROM run WHERE target = ?1))",
            )?
            .query_row([run, LIVE], |r| r.get(0))?;
        let after: Vec<u8> = connection
            .prepare_cached("SELECT last FROM fence WHERE run = ?1 ORDER BY no DESC LIMIT 1")?
            .query_row([run], |r| r.get(0))
            .optional()?
            .unwrap_or_default();
        let runs = Runs::of(connection, cache, &inputs)?;
        let mut ordered = runs.ordered(connection, &after, None)?;
        let mut writer = RunWriter::new(connection, &mut self.next_block, after.clone());
        let (mut seen, mut whole) = (0, false);
        loop {
            let Some((key, removed)) = ordered.next()? else {
                whole = true;
                break;
            };
            if key == after {
                continue;
            }
            seen += 1;
            if (!removed || !oldest) && writer.push(key, removed)? && seen >= keys {
                break;
            }
        }
        drop(ordered);
        if whole {
            writer.close_block()?;
        }
        writer.close_part(run)?;
        let (keys, bytes) = (writer.keys, writer.bytes);
        connection
            .prepare_cached("UPDATE run SET keys = keys + ?2, bytes = bytes + ?3 WHERE no = ?1")?
            .execute([run, keys, bytes])?;
        if whole {
            connection.prepare_cached("UPDATE run SET state = ?2 WHERE no = ?1")?.execute([run, LIVE])?;
            connection
                .prepare_cached("UPDATE run SET state = ?2, target = NULL WHERE target = ?1")?
                .execute([run, DEAD])?;
        }
        Ok(())
    }
}

/// The newest neighbours in age, of the smallest class, that are enough to be merged: their numbers and ages.
fn neighbours(known: &[Known]) -> Option<Vec<(i64, i64)>> {
    let highest = known.iter().map(Known::class).max()?;
    for class in 0..=highest {
        let mut row: Vec<(i64, i64)> = Vec::new();
        for run in known {
            if run.target.is_none() && run.class() <= class {
                row.push((run.no, run.age));
            } else if row.len() >= FANOUT {
                break;
            } else {
                row.clear();
            }
        }
        if row.len() >= FANOUT {
            return Some(row);
        }
    }
    None
}

/// Gives up every run, whatever its state: no search reads them any more, and their blocks are freed bit by bit.
pub(crate) fn give_up(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE run SET state = ?1, target = NULL", [DEAD])?;
    Ok(())
}

/// Frees the blocks of one part of a run, and the run when no part is left. Gives the number of blocks freed.
fn free_part(connection: &Connection, run: i64) -> Result<usize, Error> {
    let part: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT no, fences FROM fence WHERE run = ?1 ORDER BY no DESC LIMIT 1")?
        .query_row([run], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((part, bytes)) = part else {
        connection.prepare_cached("DELETE FROM run WHERE no = ?1")?.execute([run])?;
        return Ok(0);
    };
    let mut fences = Fences::default();
    fences.decode(&bytes).ok_or_else(|| damaged(run))?;
    let mut delete = connection.prepare_cached("DELETE FROM block WHERE no = ?1")?;
    for block in fences.blocks() {
        delete.execute([block])?;
    }
    connection.prepare_cached("DELETE FROM fence WHERE no = ?1")?.execute([part])?;
    Ok(fences.len())
}
