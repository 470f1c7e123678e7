//! The store as its users see it: open, write, read, search, feed.

use crate::arrival::{Arrived, Packed};
use crate::body::{self, Body, Dictionaries};
use crate::content::Extraction;
use crate::error::Error;
use crate::id::{ArrivalNo, DeliveryNo, Seq};
use crate::plan::{Operation, Planner, Write};
use crate::read_audit::ReadAudit;
use crate::remember::{Answer, Remembering};
use crate::writer::{Message, NEWEST_US, Receipt, Request, Trail, Writer};
use crate::{layout, migrate, numbers};
use access::Grant;
use fhir::schema::TypeId;
use rusqlite::Connection;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Bytes of content that may wait in the writer's queue; senders wait beyond it.
const QUEUE_BYTES: usize = 32 << 20;
/// Requests that may wait there.
const QUEUE_REQUESTS: usize = 4_096;
/// Reading connections kept open while they are used; opening one costs as much as ten reads.
const READERS: usize = 64;
/// Bodies that a dictionary is trained on.
const SAMPLES: i64 = 4_000;

/// Time in µs since 1970 UTC, passed in.
pub type Clock = Box<dyn Fn() -> i64 + Send + Sync>;
/// 16 random bytes, passed in.
pub type Randomness = Box<dyn Fn() -> [u8; 16] + Send + Sync>;

/// What a store is opened with.
pub struct Options {
    /// The clock.
    pub clock: Clock,
    /// Source of new ids.
    pub randomness: Randomness,
}

pub(crate) struct Shared {
    pub(crate) database: PathBuf,
    pub(crate) arrivals: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
    pub(crate) dictionaries: Dictionaries,
    pub(crate) extraction: Extraction,
    pub(crate) queue_room: Room,
    pub(crate) frozen: crate::search::Frozen,
    pub(crate) runs: crate::index::RunCache,
    pub(crate) people: crate::people::People,
    newest_delivery: AtomicI64,
    newest_arrival: AtomicI64,
    readers: Mutex<Vec<Connection>>,
    reads: AtomicU64,
    head: Mutex<Seq>,
    moved: Condvar,
    queue: Mutex<Option<SyncSender<Message>>>,
}

/// A count of bytes with an upper bound: who would exceed it waits.
#[derive(Default)]
pub(crate) struct Room {
    used: Mutex<Used>,
    freed: Condvar,
}

#[derive(Default)]
struct Used {
    bytes: usize,
    closed: bool,
}

impl Room {
    /// Waits for room; false if none will come any more.
    fn take(&self, bytes: usize) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // One request alone may be larger than the bound.
        while !used.closed && used.bytes > 0 && used.bytes + bytes > QUEUE_BYTES {
            used = self.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        used.bytes += bytes;
        !used.closed
    }

    pub(crate) fn release(&self, bytes: usize) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).bytes -= bytes;
        self.freed.notify_all();
    }

    /// Ends all waiting when what this gives is dropped.
    pub(crate) fn closing(&self) -> Closing<'_> {
        Closing(self)
    }
}

/// See [`Room::closing`].
pub(crate) struct Closing<'a>(&'a Room);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.0.freed.notify_all();
    }
}

/// A request in the queue; [`Pending::wait`] returns when it is durable or refused.
pub struct Pending(Receiver<Result<Receipt, Error>>);

impl Pending {
    /// Waits for the commit.
    ///
    /// # Errors
    /// Whatever refused the request; then nothing of it is stored.
    pub fn wait(self) -> Result<Receipt, Error> {
        self.0.recv().unwrap_or(Err(Error::Closed))
    }
}

/// What a planner wants, and the answers that it was built on.
type Planned = (Vec<Operation>, Vec<Answer>);

/// A request that is planned and packed, and not yet in the writer's queue.
pub struct Prepared(Box<Request>);

impl Prepared {
    fn new(
        grant: &Grant,
        trail: Trail,
        packed: Packed,
        reuse: ReuseArrival,
        planner: Box<dyn Planner>,
        (operations, answers): Planned,
    ) -> Self {
        let bytes = packed.held_bytes() + operations.iter().map(operation_bytes).sum::<usize>();
        Prepared(Box::new(Request { grant: grant.clone(), trail, packed, reuse, planner, operations, answers, bytes }))
    }
}

/// FHIR resources in one folder: `records/records.db` and `arrivals/`.
pub struct Records {
    pub(crate) shared: Arc<Shared>,
    pub(crate) read_audit: ReadAudit,
    pub(crate) seals: Mutex<crate::seal::Seals>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Records {
    /// Opens the store of data directory `data`, making it if it is new. The caller holds the directory's lock.
    ///
    /// # Errors
    /// As [`Records::open_telling`].
    pub fn open(data: &Path, options: Options) -> Result<Self, Error> {
        Records::open_telling(data, options, &|_| {})
    }

    /// As [`Records::open`]; `progress` is told what is done first, where a store of an earlier program is brought up to this one.
    ///
    /// # Errors
    /// [`Error::Layout`] if a newer program wrote it, [`Error::Damaged`], [`Error::File`], [`Error::Database`].
    pub fn open_telling(data: &Path, options: Options, progress: &dyn Fn(&str)) -> Result<Self, Error> {
        let folder = data.join("records");
        std::fs::create_dir_all(&folder).map_err(|e| Error::file(format!("make {}", folder.display()), e))?;
        let database = folder.join("records.db");
        let mut connection = layout::open_writer(&database)?;
        let extraction = Extraction::new();
        let version: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if version < layout::LAYOUT {
            progress("the database is of an earlier version: it is copied and brought up to this one");
        }
        migrate::up(&mut connection, &database, &extraction, version)?;
        numbers::check(&connection)?;
        let dictionaries = Dictionaries::default();
        {
            let mut statement = connection.prepare("SELECT no, bytes FROM dictionary")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                dictionaries.add(row.get(0)?, row.get(1)?);
            }
        }
        let head = Seq(connection.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |r| r.get(0))?);
        let newest_delivery = connection.query_row("SELECT coalesce(max(no), 0) FROM delivery", [], |r| r.get(0))?;
        let newest_arrival = connection.query_row("SELECT coalesce(max(no), 0) FROM arrival", [], |r| r.get(0))?;
        let (queue, messages) = sync_channel(QUEUE_REQUESTS);
        let shared = Arc::new(Shared {
            database,
            arrivals: data.join("arrivals"),
            clock: options.clock,
            randomness: options.randomness,
            dictionaries,
            extraction,
            queue_room: Room::default(),
            frozen: crate::search::Frozen::default(),
            runs: crate::index::RunCache::default(),
            people: crate::people::People::default(),
            newest_delivery: AtomicI64::new(newest_delivery),
            newest_arrival: AtomicI64::new(newest_arrival),
            readers: Mutex::default(),
            reads: AtomicU64::new(0),
            head: Mutex::new(head),
            moved: Condvar::new(),
            queue: Mutex::new(Some(queue)),
        });
        let mut writer = Writer::open(connection, Arc::clone(&shared))?;
        writer.follow_rules(progress)?;
        let thread = std::thread::Builder::new()
            .name("records".into())
            .stack_size(16 << 20)
            .spawn(move || writer.run(&messages))
            .map_err(|e| Error::file("start the writer", e))?;
        let read_audit = ReadAudit::open(&data.join("audit"), (shared.clock)())?;
        let seals = crate::seal::Seals::open(&data.join("audit"))?;
        Ok(Records { shared, read_audit, seals, writer: Mutex::new(Some(thread)) })
    }

    /// Stores what `planner` makes of an arrival, and the arrival; all of it or nothing. Returns once it is on disk.
    ///
    /// # Errors
    /// Whatever the planner, the grant or the state of the store refuses.
    pub fn write(
        &self,
        grant: &Grant,
        trail: Trail,
        about: Arrived,
        content: &[u8],
        reuse: ReuseArrival,
        planner: impl Planner + 'static,
    ) -> Result<Receipt, Error> {
        self.submit(grant, trail, about, content, reuse, planner)?.wait()
    }

    /// As [`Records::write`], without waiting for the commit: several requests share one.
    ///
    /// # Errors
    /// What can be refused before the queue.
    pub fn submit(
        &self,
        grant: &Grant,
        trail: Trail,
        about: Arrived,
        content: &[u8],
        reuse: ReuseArrival,
        planner: impl Planner + 'static,
    ) -> Result<Pending, Error> {
        self.enqueue(self.prepare(grant, trail, about, content, reuse, planner)?)
    }

    /// The part of [`Records::submit`] that takes time and may run on any thread: plans, and packs the arrival.
    ///
    /// # Errors
    /// What can be refused before the queue.
    pub fn prepare(
        &self,
        grant: &Grant,
        trail: Trail,
        about: Arrived,
        content: &[u8],
        reuse: ReuseArrival,
        planner: impl Planner + 'static,
    ) -> Result<Prepared, Error> {
        // Planned first: what is refused needs no packing.
        let planned = self.planned(grant, &planner)?;
        let packed = Packed::new(about, content, &self.shared.dictionaries)?;
        Ok(Prepared::new(grant, trail, packed, reuse, Box::new(planner), planned))
    }

    /// Packs a content of any length as it is read: little of it is in memory at a time. The inner error is the reader's.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::File`] where it is packed to.
    pub fn pack(&self, about: Arrived, content: &mut dyn Read) -> Result<std::io::Result<Packed>, Error> {
        Packed::stream(about, content, &self.shared.arrivals, &self.shared.dictionaries)
    }

    /// As [`Records::submit`], of a content that was packed before.
    ///
    /// # Errors
    /// As [`Records::submit`].
    pub fn submit_packed(
        &self,
        grant: &Grant,
        trail: Trail,
        packed: Packed,
        reuse: ReuseArrival,
        planner: impl Planner + 'static,
    ) -> Result<Pending, Error> {
        let planned = self.planned(grant, &planner)?;
        self.enqueue(Prepared::new(grant, trail, packed, reuse, Box::new(planner), planned))
    }

    fn planned(&self, grant: &Grant, planner: &dyn Planner) -> Result<Planned, Error> {
        let reader = self.shared.reader()?;
        let lookup = Remembering::new(&reader, &self.shared, grant);
        let operations = planner.plan(&lookup)?;
        Ok((operations, lookup.answers()))
    }

    /// Puts a request into the writer's queue; requests are carried out in the order in which they enter it. Waits while the
    /// queue is full.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn enqueue(&self, prepared: Prepared) -> Result<Pending, Error> {
        let request = prepared.0;
        let bytes = request.bytes;
        let (reply, answer) = sync_channel(1);
        if !self.shared.queue_room.take(bytes) || self.shared.send(Message::Write(request, reply)).is_err() {
            self.shared.queue_room.release(bytes);
            return Err(Error::Closed);
        }
        Ok(Pending(answer))
    }

    /// Position of the newest committed change.
    pub fn head(&self) -> Seq {
        *self.shared.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest committed arrival. One that changed nothing moves this and not the feed.
    pub fn newest_arrival(&self) -> ArrivalNo {
        ArrivalNo(self.shared.newest_arrival.load(Ordering::Acquire))
    }

    /// Waits until something after `seen` is committed, or `patience` is over; gives the newest position.
    pub fn wait_for(&self, seen: Seq, patience: Duration) -> Seq {
        let head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        let (head, _) = self
            .shared
            .moved
            .wait_timeout_while(head, patience, |head| *head <= seen)
            .unwrap_or_else(PoisonError::into_inner);
        *head
    }

    /// A fresh random id for a new resource: a UUID, version 4.
    pub fn new_id(&self) -> String {
        let mut bytes = (self.shared.randomness)();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        crate::id::uuid_text(&bytes)
    }

    /// A number for requests that bring the parts of one file ([`crate::Besides::delivery`]).
    pub fn new_delivery(&self) -> DeliveryNo {
        DeliveryNo(self.shared.newest_delivery.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A number that somebody else has noted is given to nobody again, whether anything came under it or not.
    pub fn keep_delivery(&self, no: DeliveryNo) {
        self.shared.newest_delivery.fetch_max(no.0, Ordering::Relaxed);
    }

    /// The store's clock.
    pub fn now_us(&self) -> i64 {
        (self.shared.clock)()
    }

    /// When the newest change was made, in µs since 1970; 0 if there is none. Later than the clock says where that was set back.
    pub fn newest_us(&self) -> Result<i64, Error> {
        let newest = self.shared.reader()?.query_row(NEWEST_US, [], |r| r.get(0))?;
        Ok(newest)
    }

    /// Commits what is queued and stops the writer. Later writes are refused.
    pub fn close(&self) {
        if let Some(queue) = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A writer that has stopped already needs no telling.
            let _ = queue.send(Message::Stop);
        }
        if let Some(thread) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
        self.read_audit.close();
    }

    /// Runs `run` on the writer between batches.
    pub(crate) fn on_writer(
        &self,
        run: impl FnOnce(&mut Writer) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let (reply, answer) = sync_channel(1);
        self.shared.send(Message::Run(Box::new(run), reply))?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.close();
    }
}

/// What becomes of an arrival whose bytes, source and name were here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReuseArrival {
    /// It is the same delivery: no second entry.
    IfSame,
    /// It is the same message sent again: nothing is done, whatever else came since. Names do not matter.
    Repeat,
    /// Every one counts: requests over HTTP, messages.
    Never,
}

fn operation_bytes(operation: &Operation) -> usize {
    match &operation.write {
        Write::Put { content, .. } => content.packed.len() + 64 * content.values.len() + 256,
        _ => 128,
    }
}

/// A reading connection, given back to the pool when dropped.
pub(crate) struct Reader<'a> {
    shared: &'a Shared,
    connection: Option<Connection>,
}

impl std::ops::Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a reader holds its connection until it is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = connection.execute_batch("COMMIT");
            let mut readers = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS && connection.is_autocommit() {
                readers.push(connection);
            }
        }
    }
}

impl Shared {
    /// How many snapshots were taken.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Closes the reading connections that nobody uses, and with them their caches and mapped pages.
    pub(crate) fn close_readers(&self) {
        let unused = std::mem::take(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner));
        drop(unused);
    }

    /// A connection with a snapshot of its own.
    pub(crate) fn reader(&self) -> Result<Reader<'_>, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => layout::open_reader(&self.database)?,
        };
        connection.execute_batch("BEGIN")?;
        Ok(Reader { shared: self, connection: Some(connection) })
    }

    fn send(&self, message: Message) -> Result<(), Error> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        queue.ok_or(Error::Closed)?.send(message).map_err(|_| Error::Closed)
    }

    pub(crate) fn send_dictionary(&self, dictionary: Vec<u8>) {
        // A closing store needs none.
        let _ = self.send(Message::Dictionary(dictionary));
    }

    pub(crate) fn advance(&self, seq: Seq, arrival: ArrivalNo) {
        self.newest_arrival.store(arrival.0, Ordering::Release);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = seq;
        self.moved.notify_all();
    }

    /// Code and date parameters of a type that has both.
    pub(crate) fn composite(&self, resource_type: TypeId) -> Option<(u16, u16)> {
        self.extraction.composite(resource_type)
    }

    pub(crate) fn compartment(&self, resource_type: TypeId) -> &crate::content::Compartment {
        self.extraction.compartment(resource_type)
    }

    /// Trains a dictionary on bodies spread over all rows; `None` if there are too few.
    pub(crate) fn sample_and_train(&self) -> Option<Vec<u8>> {
        let reader = self.reader().ok()?;
        let count: i64 = reader.query_row("SELECT max(row) FROM resource", [], |r| r.get(0)).ok()?;
        let step = (count / SAMPLES).max(1);
        let mut statement = reader
            .prepare("SELECT dictionary, body FROM resource WHERE row % ?1 = 0 AND body IS NOT NULL LIMIT ?2")
            .ok()?;
        let rows = statement.query_map([step, SAMPLES], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?))).ok()?;
        let samples: Vec<Vec<u8>> = rows
            .filter_map(|row| row.ok().and_then(|(no, packed)| self.dictionaries.unpack_body(no, &packed).ok()))
            .map(|body: Body| body.as_bytes().to_vec())
            .collect();
        body::train(&samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_room_in_a_queue_that_has_ended() {
        let room = Room::default();
        assert!(room.take(QUEUE_BYTES));
        std::thread::scope(|scope| {
            let end = room.closing();
            let waiting = scope.spawn(|| room.take(1));
            drop(end);
            assert!(!waiting.join().unwrap());
        });
        assert!(!room.take(1));
    }
}
