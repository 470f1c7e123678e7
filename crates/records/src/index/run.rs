//! Runs as a reader sees them: which there are, and walking their keys.

use super::block::Keys;
use crate::error::Error;
use crate::posting::{put_varint, take_varint};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// State of a run that a merge is writing.
pub(crate) const BUILDING: i64 = 0;
/// State of a run that searches read.
pub(crate) const LIVE: i64 = 1;
/// State of a run that was merged into another, and whose blocks are being freed.
pub(crate) const DEAD: i64 = 2;

/// Where the blocks of a run begin: for each, bytes that lie after the block before and not after its first key.
#[derive(Debug, Default)]
pub(crate) struct Fences {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    blocks: Vec<i64>,
}

impl Fences {
    pub(crate) fn push(&mut self, fence: &[u8], block: i64) {
        self.bytes.extend_from_slice(fence);
        self.ends.push(self.bytes.len() as u32);
        self.blocks.push(block);
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    pub(crate) fn blocks(&self) -> &[i64] {
        &self.blocks
    }

    fn fence(&self, at: usize) -> &[u8] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.bytes[from..self.ends[at] as usize]
    }

    /// The block in which keys from `key` on begin.
    fn block_of(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.fence(middle) <= key { low = middle + 1 } else { high = middle }
        }
        low.saturating_sub(1)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 6 * self.len());
        for at in 0..self.len() {
            put_varint(&mut out, self.fence(at).len() as u64);
            out.extend_from_slice(self.fence(at));
            put_varint(&mut out, self.blocks[at] as u64);
        }
        out
    }

    /// Appends what [`Fences::encode`] gave; `None` if it is damaged.
    pub(crate) fn decode(&mut self, mut bytes: &[u8]) -> Option<()> {
        while !bytes.is_empty() {
            let length = take_varint(&mut bytes)? as usize;
            let (fence, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            self.push(fence, take_varint(&mut bytes)? as i64);
        }
        Some(())
    }
}

pub(crate) fn damaged(run: i64) -> Error {
    Error::Damaged(format!("run {run} of the index"))
}

/// The fences of runs, by number; a run never changes, and its number is never given again.
#[derive(Default)]
pub(crate) struct RunCache(Mutex<HashMap<i64, Arc<Fences>>>);

impl RunCache {
    fn get(&self, connection: &Connection, run: i64) -> Result<Arc<Fences>, Error> {
        if let Some(fences) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run) {
            return Ok(Arc::clone(fences));
        }
        let mut fences = Fences::default();
        let mut statement = connection.prepare_cached("SELECT fences FROM fence WHERE run = ?1 ORDER BY no")?;
        let mut rows = statement.query([run])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(|_| damaged(run))?;
            fences.decode(bytes).ok_or_else(|| damaged(run))?;
        }
        let fences = Arc::new(fences);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run, Arc::clone(&fences));
        Ok(fences)
    }

    /// Forgets runs that are no more, now and then.
    fn tidy(&self, runs: &[Run]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > 2 * runs.len() + 32 {
            all.retain(|no, _| runs.iter().any(|run| run.no == *no));
        }
    }
}

/// One run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) no: i64,
    pub(crate) fences: Arc<Fences>,
}

const BLOCK: &str = "SELECT entries FROM block WHERE no = ?1";

/// The runs of a snapshot, the newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Vec<Run>);

impl Runs {
    /// All that searches read.
    pub(crate) fn open(connection: &Connection, cache: &RunCache) -> Result<Self, Error> {
        let mut statement = connection.prepare_cached("SELECT no FROM run WHERE state = ?1 ORDER BY age DESC")?;
        let numbers: Vec<i64> = statement.query_map([LIVE], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        let runs = Runs::of(connection, cache, &numbers)?;
        cache.tidy(&runs.0);
        Ok(runs)
    }

    /// Those with these numbers, in this order.
    pub(crate) fn of(connection: &Connection, cache: &RunCache, numbers: &[i64]) -> Result<Self, Error> {
        let run = |&no: &i64| Ok(Run { no, fences: cache.get(connection, no)? });
        numbers.iter().map(run).collect::<Result<_, Error>>().map(Runs)
    }

    /// Visits the keys in `from..to` that hold, those of one run after those of a newer, until `visit` says false. A key may come
    /// twice if it was put again.
    pub(crate) fn scan(
        &self,
        connection: &Connection,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Error> {
        let mut removed: HashSet<Vec<u8>> = HashSet::new();
        let mut statement = connection.prepare_cached(BLOCK)?;
        let mut keys = Keys::default();
        for run in &self.0 {
            let first = run.fences.block_of(from);
            for at in first..run.fences.len() {
                if run.fences.fence(at) >= to {
                    break;
                }
                // A block whose successor begins before the end needs no look at each key.
                let inside = at + 1 < run.fences.len() && run.fences.fence(at + 1) <= to;
                let mut rows = statement.query([run.fences.blocks[at]])?;
                let row = rows.next()?.ok_or_else(|| damaged(run.no))?;
                let block = row.get_ref(0)?.as_blob().map_err(|_| damaged(run.no))?;
                keys.begin();
                let mut begun = at > first;
                while keys.next(block).ok_or_else(|| damaged(run.no))? {
                    if !begun {
                        if keys.key[..] < *from {
                            continue;
                        }
                        begun = true;
                    }
                    if !inside && keys.key[..] >= *to {
                        break;
                    }
                    if keys.removed {
                        removed.insert(keys.key.clone());
                    } else if (removed.is_empty() || !removed.contains(&keys.key)) && !visit(&keys.key) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Walks the keys in `from..to` in order, each once.
    pub(crate) fn ordered<'c>(
        &self,
        connection: &'c Connection,
        from: &[u8],
        to: Option<&[u8]>,
    ) -> Result<Ordered<'c>, Error> {
        let mut statement = connection.prepare_cached(BLOCK)?;
        let mut heads = Vec::with_capacity(self.0.len());
        for run in &self.0 {
            let mut head = Head { run: run.clone(), at: run.fences.block_of(from), ..Head::default() };
            head.open(&mut statement)?;
            while !head.ended && head.keys.key[..] < *from {
                head.advance(&mut statement)?;
            }
            heads.push(head);
        }
        Ok(Ordered { statement, heads, to: to.map(<[u8]>::to_vec), newest: None })
    }
}

/// A place in a run.
#[derive(Default)]
struct Head {
    run: Run,
    at: usize,
    block: Vec<u8>,
    keys: Keys,
    ended: bool,
    /// Its key was given out.
    taken: bool,
}

impl Head {
    /// Reads the block at `at` and goes to its first key.
    fn open(&mut self, statement: &mut CachedStatement<'_>) -> Result<(), Error> {
        let Some(&no) = self.run.fences.blocks.get(self.at) else {
            self.ended = true;
            return Ok(());
        };
        let block: Option<Vec<u8>> = statement.query_row([no], |r| r.get(0)).optional()?;
        self.block = block.ok_or_else(|| damaged(self.run.no))?;
        self.keys.begin();
        self.advance(statement)
    }

    fn advance(&mut self, statement: &mut CachedStatement<'_>) -> Result<(), Error> {
        self.taken = false;
        if !self.keys.next(&self.block).ok_or_else(|| damaged(self.run.no))? {
            self.at += 1;
            return self.open(statement);
        }
        Ok(())
    }
}

/// Keys of several runs in order; of a key that is in several, what the newest says.
pub(crate) struct Ordered<'c> {
    statement: CachedStatement<'c>,
    heads: Vec<Head>,
    to: Option<Vec<u8>>,
    newest: Option<usize>,
}

impl Ordered<'_> {
    /// The next key, and whether it is a removal.
    pub(crate) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Error> {
        if let Some(newest) = self.newest {
            // Older runs that say something of the same key are passed over.
            let (before, after) = self.heads.split_at_mut(newest + 1);
            for head in after.iter_mut().filter(|head| !head.ended && head.keys.key == before[newest].keys.key) {
                head.taken = true;
            }
            before[newest].taken = true;
            for head in self.heads.iter_mut().filter(|head| head.taken) {
                head.advance(&mut self.statement)?;
            }
        }
        let mut least: Option<usize> = None;
        for (at, head) in self.heads.iter().enumerate() {
            if !head.ended && least.is_none_or(|least| head.keys.key < self.heads[least].keys.key) {
                least = Some(at);
            }
        }
        self.newest = least.filter(|&at| self.to.as_ref().is_none_or(|to| self.heads[at].keys.key < *to));
        Ok(self.newest.map(|at| (&self.heads[at].keys.key[..], self.heads[at].keys.removed)))
    }

    /// The next key that holds.
    pub(crate) fn next_held(&mut self) -> Result<Option<&[u8]>, Error> {
        while let Some((_, removed)) = self.next()? {
            if !removed {
                // Asked again of the place, since a borrow that is returned from a loop lasts too long.
                return Ok(self.newest.map(|at| &self.heads[at].keys.key[..]));
            }
        }
        Ok(None)
    }
}
