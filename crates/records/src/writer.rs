//! The one writer: takes requests from a bounded queue and commits many of them at once.
//!
//! A batch is one SQLite transaction; each request in it is a savepoint, so that one that fails leaves no trace and no gap in
//! the feed. Index keys of the whole batch are sorted and written as one run. The order at the end is: pack synced, then the
//! commit, then the answers.

use crate::apply::Applied;
use crate::arrival::{PackWriter, Packed, Place};
use crate::dead_letter::DeadLetterNo;
use crate::error::Error;
use crate::id::{ArrivalNo, DeliveryNo, Row, Seq};
use crate::index::{Merges, Pending};
use crate::name::{IDS, Names};
use crate::plan::{Operation, Outcome, Planner};
use crate::remember::{Answer, Remembering};
use crate::store::{ReuseArrival, Shared};
use crate::token::Tokens;
use access::Grant;
use fhir::schema::TypeId;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::Duration;

/// A batch is closed when it holds this many operations.
const BATCH_OPERATIONS: usize = 4_000;
/// … or this many bytes of packed content.
const BATCH_BYTES: usize = 16 << 20;
/// … or this many requests.
const BATCH_REQUESTS: usize = 1_024;
/// Bodies to train a dictionary on are taken when this many resources are live: early, so that small stores gain, and once more.
const TRAIN_AT: [i64; 2] = [2_000, 20_000];

/// Bodies that are packed anew beside each batch after a dictionary was trained.
const REPACKED_PER_BATCH: i64 = 400;

/// What was written for one request.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The arrival that holds the request's bytes.
    pub arrival: ArrivalNo,
    /// False if an arrival with these bytes, source and name was there already and was used again.
    pub new_arrival: bool,
    /// One per operation, in their order.
    pub outcomes: Vec<Outcome>,
    /// Dead letters that the request left.
    pub dead_letters: Vec<DeadLetterNo>,
    /// Position of the feed after this request.
    pub seq: Seq,
}

/// How a request enters the store's own trail.
#[derive(Clone, Debug)]
pub struct Trail {
    /// What was done: `create`, `transaction`, `import` …
    pub action: String,
    /// What the audit shows beside it: a path, a file name.
    pub detail: String,
}

pub(crate) struct Request {
    pub(crate) grant: Grant,
    pub(crate) trail: Trail,
    pub(crate) packed: Packed,
    pub(crate) reuse: ReuseArrival,
    pub(crate) planner: Box<dyn Planner>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) bytes: usize,
}

/// Where an answer goes.
pub(crate) type Reply<T> = SyncSender<Result<T, Error>>;
/// Work for the writer between batches.
pub(crate) type Job = Box<dyn FnOnce(&mut Writer) -> Result<(), Error> + Send>;

pub(crate) enum Message {
    Write(Box<Request>, Reply<Receipt>),
    Dictionary(Vec<u8>),
    Run(Job, Reply<()>),
    Stop,
}

/// The writing end of a store; lives on its own thread.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) shared: Arc<Shared>,
    pub(crate) tokens: Tokens,
    pub(crate) ids: Names,
    pub(crate) rows: HashMap<(TypeId, String), Row>,
    fresh_rows: Vec<(TypeId, String)>,
    pub(crate) pending: Pending,
    merges: Merges,
    /// Keys that the batch has brought to the index.
    batch_keys: usize,
    pub(crate) next_row: i64,
    pub(crate) next_seq: i64,
    next_arrival: i64,
    live: i64,
    trained: usize,
    /// Bodies of rows after this one may be packed with an older dictionary; `None` if none is.
    repack_after: Option<i64>,
    pack: PackWriter,
    pub(crate) now_us: i64,
}

/// When the newest change was made, in µs since 1970.
pub(crate) const NEWEST_US: &str =
    "SELECT coalesce(max(updated_us), 0) FROM resource WHERE row = (SELECT row FROM feed ORDER BY seq DESC LIMIT 1)";
/// Number of live resources of all types.
const LIVE_RESOURCES: &str = "SELECT coalesce(sum(live), 0) FROM type_count";
/// Without a write or a read for this long, memory is given back.
const REST_AFTER: Duration = Duration::from_secs(5);
/// How long the writer waits for who holds the database, as a copy does for a moment.
const PATIENCE: Duration = Duration::from_secs(5);
/// Rows known by id are forgotten when there are this many.
const CACHED_ROWS: usize = 200_000;

/// Arrivals that are looked at for the end of the packs before all are.
const NEWEST_ARRIVALS: usize = 2_000;

/// The newest pack, and where the last arrival in it ends.
fn end_of_packs(connection: &Connection, folder: &std::path::Path) -> Result<(i64, u64), Error> {
    let place = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, Vec<u8>>(2)?));
    let end = |(pack, at, frames): (i64, i64, Vec<u8>)| {
        let frames = Place::decode_frames(&frames).ok_or_else(|| Error::Damaged("frames of an arrival".into()))?;
        Ok::<_, Error>((pack, at as u64 + frames.iter().map(|&length| u64::from(length)).sum::<u64>()))
    };
    // After a good close the newest pack ends where one of the newest arrivals does, and nothing can lie beyond: places are given in
    // the order of arrivals, but for those whose content was here before, which lie further back.
    if let Some((no, length)) = crate::arrival::newest_pack(folder) {
        let mut statement = connection.prepare("SELECT pack, at, frames FROM arrival ORDER BY no DESC LIMIT ?1")?;
        let mut rows = statement.query([NEWEST_ARRIVALS as i64])?;
        while let Some(row) = rows.next()? {
            let found = end(place(row)?)?;
            if found == (no, length) {
                return Ok(found);
            }
            // A pack that was cut off, which is told below.
            if found > (no, length) {
                break;
            }
        }
    }
    let last = "SELECT pack, at, frames FROM arrival ORDER BY pack DESC, at DESC LIMIT 1";
    connection.query_row(last, [], place).optional()?.map_or(Ok((1, 0)), end)
}

/// The arrival by which these very bytes came from this source before and were taken.
pub(crate) fn earlier(
    connection: &Connection,
    (hash, length): (&[u8; 32], u64),
    source: &str,
) -> Result<Option<ArrivalNo>, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT no FROM arrival WHERE hash = ?1 AND length = ?2 AND source = ?3 AND undone_us IS NULL
             AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE arrival = arrival.no) LIMIT 1",
        )?
        .query_row(params![hash.as_slice(), length as i64, source], |r| r.get(0).map(ArrivalNo))
        .optional()?)
}

impl Writer {
    pub(crate) fn open(connection: Connection, shared: Arc<Shared>) -> Result<Self, Error> {
        let number = |sql: &str| connection.query_row(sql, [], |r| r.get::<_, i64>(0));
        let (pack, end) = end_of_packs(&connection, &shared.arrivals)?;
        let live = number(LIVE_RESOURCES)?;
        let dictionaries = number("SELECT count(*) FROM dictionary")? as usize;
        Ok(Writer {
            tokens: Tokens::open(&connection)?,
            ids: Names::open(&connection, IDS)?,
            rows: HashMap::new(),
            fresh_rows: Vec::new(),
            pending: Pending::default(),
            merges: Merges::open(&connection)?,
            batch_keys: 0,
            next_row: number("SELECT coalesce(max(row), 0) + 1 FROM resource")?,
            next_seq: number("SELECT coalesce(max(seq), 0) + 1 FROM feed")?,
            next_arrival: number("SELECT coalesce(max(no), 0) + 1 FROM arrival")?,
            now_us: number(NEWEST_US)?,
            live,
            trained: dictionaries,
            repack_after: connection
                .query_row("SELECT value FROM setting WHERE name = 'repack_after'", [], |r| r.get(0))
                .optional()?
                .flatten(),
            pack: PackWriter::open(&shared.arrivals, pack, end)?,
            connection,
            shared,
        })
    }

    /// Serves the queue until it is told to stop or nobody is left to send.
    pub(crate) fn run(mut self, queue: &Receiver<Message>) {
        // However this thread ends, nobody waits for room in a queue that nobody empties.
        let shared = Arc::clone(&self.shared);
        let _end = shared.queue_room.closing();
        while let Some(first) = self.next(queue) {
            let mut next = Some(first);
            let (mut batch, mut operations, mut bytes) = (Vec::new(), 0, 0);
            while let Some(message) = next.take() {
                match message {
                    Message::Write(request, reply) => {
                        operations += request.operations.len();
                        bytes += request.bytes;
                        batch.push((request, reply));
                    }
                    other => {
                        self.commit(std::mem::take(&mut batch));
                        match other {
                            Message::Stop => return,
                            Message::Run(run, reply) => {
                                let result = run(&mut self);
                                let _ = reply.send(result);
                            }
                            Message::Dictionary(dictionary) => self.install(dictionary),
                            Message::Write(..) => {}
                        }
                        continue;
                    }
                }
                if operations < BATCH_OPERATIONS && bytes < BATCH_BYTES && batch.len() < BATCH_REQUESTS {
                    next = queue.try_recv().ok();
                }
            }
            self.commit(batch);
        }
    }

    /// The next message; merges go on until it comes. `None` if nobody is left to send.
    fn next(&mut self, queue: &Receiver<Message>) -> Option<Message> {
        loop {
            match queue.try_recv() {
                Ok(message) => return Some(message),
                Err(TryRecvError::Disconnected) => return None,
                // What cannot be merged now, for want of space say, is tried again beside the next commit.
                Err(TryRecvError::Empty) if self.merge_on().unwrap_or(false) => {}
                Err(TryRecvError::Empty) => break,
            }
        }
        let (mut reads, mut rested) = (self.shared.reads(), false);
        loop {
            match queue.recv_timeout(REST_AFTER) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.shared.reads();
                    if reads == now && !rested {
                        self.rest();
                    }
                    rested = reads == now;
                    reads = now;
                }
            }
        }
    }

    /// Gives back memory that is held for work which does not come.
    fn rest(&mut self) {
        self.rows = HashMap::new();
        self.tokens.forget();
        self.pending = Pending::default();
        // What cannot be given back now is kept, nothing more.
        // Nor is waited for who reads an older moment, as a copy does.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory;");
        let _ = self.connection.busy_timeout(PATIENCE);
        self.shared.close_readers();
        crate::memory::give_back();
    }

    /// Merges some more of the index; false if nothing is left to merge.
    fn merge_on(&mut self) -> Result<bool, Error> {
        if !Merges::due(&self.connection)? {
            return Ok(false);
        }
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let worked = self.merges.idle(&self.connection, &self.shared.runs);
        let ended = if worked.is_ok() { self.connection.execute_batch("COMMIT") } else { Ok(()) };
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        ended?;
        worked
    }

    fn commit(&mut self, batch: Vec<(Box<Request>, Reply<Receipt>)>) {
        if batch.is_empty() {
            return;
        }
        let mut answers = Vec::with_capacity(batch.len());
        let bytes: usize = batch.iter().map(|(request, _)| request.bytes).sum();
        let mark = self.pack.mark();
        let result = self.commit_all(batch, &mut answers);
        self.shared.queue_room.release(bytes);
        let failed = result.err().inspect(|_error| {
            self.pack.rewind(mark);
            self.abandon();
        });
        if failed.is_none() {
            self.shared.advance(Seq(self.next_seq - 1), ArrivalNo(self.next_arrival - 1));
            self.train_when_due();
        }
        for (reply, answer) in answers {
            // Whoever asked may be gone; what is committed stays.
            let _ = reply.send(match (&failed, answer) {
                (None, answer) => answer,
                (Some(_), Err(error)) => Err(error),
                (Some(error), Ok(_)) => Err(Writer::why(error)),
            });
        }
    }

    /// What a failed batch is answered with.
    fn why(error: &Error) -> Error {
        match error {
            Error::DiskFull => Error::DiskFull,
            error => Error::Damaged(format!("the commit failed: {error}")),
        }
    }

    fn commit_all(
        &mut self,
        batch: Vec<(Box<Request>, Reply<Receipt>)>,
        answers: &mut Vec<(Reply<Receipt>, Result<Receipt, Error>)>,
    ) -> Result<(), Error> {
        let began = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from);
        let mut fatal = began.err();
        self.now_us = self.now_us.max((self.shared.clock)());
        for (request, reply) in batch {
            if let Some(error) = &fatal {
                answers.push((reply, Err(Writer::why(error))));
                continue;
            }
            let (result, broken) = self.in_savepoint(*request);
            fatal = broken;
            answers.push((reply, result));
        }
        if let Some(error) = fatal {
            return Err(error);
        }
        self.repack()?;
        self.settle()?;
        self.pack.sync()?;
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// One request under a savepoint. The second value is set if the transaction itself can no longer be used.
    fn in_savepoint(&mut self, request: Request) -> (Result<Receipt, Error>, Option<Error>) {
        // What the requests before it brought to the index must not go with this one's savepoint.
        if !request.answers.is_empty()
            && let Err(error) = self.flush()
        {
            return (Err(Writer::why(&error)), Some(error));
        }
        if let Err(error) = self.connection.execute_batch("SAVEPOINT request") {
            let error = Error::from(error);
            return (Err(Writer::why(&error)), Some(error));
        }
        let marks = (self.next_row, self.next_seq, self.next_arrival, self.live, self.pending.len(), self.pack.mark());
        let (ids, codes) = (self.ids.mark(), self.tokens.mark());
        match self.carry_out(request) {
            Ok(receipt) => {
                self.tokens.settle();
                self.fresh_rows.clear();
                let broken = self.connection.execute_batch("RELEASE request").err().map(Error::from);
                (Ok(receipt), broken)
            }
            Err(error) => {
                self.pending.truncate(marks.4);
                (self.next_row, self.next_seq, self.next_arrival, self.live) = (marks.0, marks.1, marks.2, marks.3);
                self.pack.rewind(marks.5);
                for key in self.fresh_rows.drain(..) {
                    self.rows.remove(&key);
                }
                let back = self.connection.execute_batch("ROLLBACK TO request; RELEASE request").map_err(Error::from);
                self.ids.back_to(ids);
                self.tokens.roll_back(codes);
                // A full disk makes SQLite roll everything back by itself; then no savepoint is left to go back to.
                let broken =
                    back.err().map(|broken| if matches!(error, Error::DiskFull) { Error::DiskFull } else { broken });
                (Err(error), broken)
            }
        }
    }

    fn carry_out(&mut self, mut request: Request) -> Result<Receipt, Error> {
        if request.reuse == ReuseArrival::Repeat
            && let packed = &request.packed
            && let Some(arrival) = earlier(&self.connection, (&packed.hash, packed.length), &packed.about.source)?
        {
            self.delivered(request.planner.besides().delivery, arrival, 0)?;
            let (outcomes, seq) = (Vec::new(), Seq(self.next_seq - 1));
            return Ok(Receipt { arrival, new_arrival: false, outcomes, dead_letters: Vec::new(), seq });
        }
        if !self.still_true(&request)? {
            let lookup = Remembering::new(&self.connection, &self.shared, &request.grant);
            request.operations = request.planner.plan(&lookup)?;
        }
        let (arrival, new_arrival) = self.store_arrival(&request)?;
        let first = self.next_seq;
        self.reserve_rows(&request.operations)?;
        let mut outcomes = Vec::with_capacity(request.operations.len());
        let mut found_equal = BTreeSet::new();
        for operation in request.operations {
            let at = operation.at;
            let Applied { outcome, live, found_equal: equal } =
                self.apply(operation, arrival, &request.grant).map_err(|error| request.planner.locate(at, error))?;
            self.live += live;
            outcomes.push(outcome);
            found_equal.extend(equal);
        }
        self.confirm(arrival, new_arrival, found_equal)?;
        let besides = request.planner.besides();
        let dead_letters = self.leave(&besides, arrival, &request.grant)?;
        let last = self.next_seq - 1;
        let principal = request.grant.principal().to_string();
        let (first, last_seq) = if last >= first { (Some(first), Some(last)) } else { (None, None) };
        self.connection
            .prepare_cached(
                "INSERT INTO audit(at_us, principal, origin, action, arrival, first_seq, last_seq, detail) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
            )?
            .execute(params![
                self.now_us,
                principal,
                request.grant.origin().to_string(),
                request.trail.action,
                arrival.0,
                first,
                last_seq,
                request.trail.detail
            ])?;
        self.delivered(besides.delivery, arrival, self.connection.last_insert_rowid())?;
        Ok(Receipt { arrival, new_arrival, outcomes, dead_letters, seq: Seq(last) })
    }

    /// Notes that an arrival is a part of a delivery, and which audit row says what it wrote.
    fn delivered(&self, delivery: Option<DeliveryNo>, arrival: ArrivalNo, audit: i64) -> Result<(), Error> {
        if let Some(no) = delivery {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO delivery(no, arrival, audit) VALUES(?1, ?2, ?3)")?
                .execute(params![no.0, arrival.0, audit])?;
        }
        Ok(())
    }

    /// True if every answer that the plan was built on would be given again.
    fn still_true(&self, request: &Request) -> Result<bool, Error> {
        for answer in &request.answers {
            if !answer.holds(&self.connection, &self.shared, &request.grant)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn store_arrival(&mut self, request: &Request) -> Result<(ArrivalNo, bool), Error> {
        let packed = &request.packed;
        let about = &packed.about;
        let same: Option<(i64, i64, i64, Vec<u8>, i64)> = self
            .connection
            .prepare_cached("SELECT no, pack, at, frames, dictionary FROM arrival WHERE hash = ?1 AND length = ?2 ORDER BY no DESC LIMIT 1")?
            .query_row(params![packed.hash.as_slice(), packed.length as i64], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
            })
            .optional()?;
        if request.reuse == ReuseArrival::IfSame && same.is_some() {
            let again: Option<i64> = self
                .connection
                .prepare_cached(
                    "SELECT no FROM arrival WHERE hash = ?1 AND length = ?2 AND source = ?3 AND name = ?4 AND base = ?5 AND undone_us IS NULL LIMIT 1",
                )?
                .query_row(
                    params![packed.hash.as_slice(), packed.length as i64, about.source, about.name, about.base as i64],
                    |r| r.get(0),
                )
                .optional()?;
            if let Some(no) = again {
                return Ok((ArrivalNo(no), false));
            }
        }
        let (pack, at, frames, dictionary) = match same {
            Some((_, pack, at, frames, dictionary)) => (pack, at, frames, dictionary),
            None => {
                let place = self.pack.append(packed)?;
                (place.pack, place.at as i64, Place::encode_frames(&place.frames), place.dictionary)
            }
        };
        let no = self.next_arrival;
        self.connection
            .prepare_cached(
                "INSERT INTO arrival(no, at_us, door, source, name, media, wrapper, base, length, hash, pack, at, frames, dictionary, principal)
                 VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
            )?
            .execute(params![
                no,
                self.now_us,
                about.door,
                about.source,
                about.name,
                about.media,
                about.wrapper,
                about.base as i64,
                packed.length as i64,
                packed.hash.as_slice(),
                pack,
                at,
                frames,
                dictionary,
                request.grant.principal().to_string()
            ])?;
        self.next_arrival += 1;
        Ok((ArrivalNo(no), true))
    }

    /// Remembers that a resource has a row; forgotten again if the savepoint fails.
    pub(crate) fn remember_row(&mut self, resource_type: TypeId, id: String, row: Row) {
        if self.rows.len() >= CACHED_ROWS {
            self.rows.clear();
        }
        self.fresh_rows.push((resource_type, id.clone()));
        self.rows.insert((resource_type, id), row);
    }

    /// What ends each transaction: names and keys of the batch are brought to their indexes, and merges go on beside it.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        self.tokens.settle();
        self.fresh_rows.clear();
        self.ids.settle(&self.connection)?;
        self.tokens.settle_names(&self.connection)?;
        self.flush()?;
        let keys = std::mem::take(&mut self.batch_keys);
        self.merges.beside(&self.connection, &self.shared.runs, keys)
    }

    /// Brings the keys of the batch so far into the index.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.batch_keys += self.pending.len();
        self.merges.add(&self.connection, &self.shared.runs, &mut self.pending)
    }

    /// After a failed commit: back to what the database says.
    pub(crate) fn abandon(&mut self) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.pending.clear();
        self.batch_keys = 0;
        self.rows.clear();
        self.fresh_rows.clear();
        let number = |sql: &str| self.connection.query_row(sql, [], |r| r.get::<_, i64>(0));
        if let Ok(tokens) = Tokens::open(&self.connection) {
            self.tokens = tokens;
        }
        let _ = self.ids.count(&self.connection);
        self.next_row = number("SELECT coalesce(max(row), 0) + 1 FROM resource").unwrap_or(self.next_row);
        self.next_seq = number("SELECT coalesce(max(seq), 0) + 1 FROM feed").unwrap_or(self.next_seq);
        self.next_arrival = number("SELECT coalesce(max(no), 0) + 1 FROM arrival").unwrap_or(self.next_arrival);
        self.live = number(LIVE_RESOURCES).unwrap_or(self.live);
    }

    fn train_when_due(&mut self) {
        if self.trained >= TRAIN_AT.len() || self.live < TRAIN_AT[self.trained] {
            return;
        }
        self.trained += 1;
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new().name("train".into()).spawn(move || {
            if let Some(dictionary) = shared.sample_and_train() {
                shared.send_dictionary(dictionary);
            }
        });
        // Without a thread for it the bodies stay larger; the next start tries again.
        drop(spawned);
    }

    fn install(&mut self, dictionary: Vec<u8>) {
        let stored = self.connection.execute(
            "INSERT INTO dictionary(no, bytes) VALUES((SELECT coalesce(max(no), 0) + 1 FROM dictionary), ?1)",
            [&dictionary],
        );
        if stored.is_ok() {
            self.shared.dictionaries.add(self.connection.last_insert_rowid(), dictionary);
            self.repack_after = Some(0);
        }
    }

    /// Packs some bodies that were stored before the newest dictionary anew, beside the batch.
    fn repack(&mut self) -> Result<(), Error> {
        let Some(after) = self.repack_after else { return Ok(()) };
        let newest = self.shared.dictionaries.current_no();
        let mut statement = self.connection.prepare_cached(
            "SELECT row, dictionary, body FROM resource WHERE row > ?1 AND body IS NOT NULL ORDER BY row LIMIT ?2",
        )?;
        let found: Vec<(i64, i64, Vec<u8>)> = statement
            .query_map([after, REPACKED_PER_BATCH], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        drop(statement);
        // Rows are given in time: the first one with the newest dictionary ends the work, unless it was updated since.
        let mut old = 0;
        for (row, dictionary, packed) in &found {
            if *dictionary == newest {
                continue;
            }
            old += 1;
            let body = self.shared.dictionaries.unpack_body(*dictionary, packed)?;
            let (dictionary, packed) = self.shared.dictionaries.pack_body(&body)?;
            self.connection
                .prepare_cached("UPDATE resource SET dictionary = ?2, body = ?3 WHERE row = ?1")?
                .execute(params![row, dictionary, packed])?;
        }
        self.repack_after = found.last().map(|last| last.0).filter(|_| old > 0);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO setting(name, value) VALUES('repack_after', ?1)")?
            .execute([self.repack_after])?;
        Ok(())
    }
}
