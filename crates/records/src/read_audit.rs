//! The trail of reads: one event a request, in append-only segments beside the database.
//!
//! A read does not wait for its event: events are gathered for at most [`SYNC_EVERY`], written as one frame and synced. A
//! crash may lose that much, and the next start writes an event that says so. A segment is a run of frames `length, CRC-32,
//! zstd`; a frame is a run of events, one JSON object a line.
//!
//! A full disk must not stop reads at once: a reserve lies beside the segments, and is given up for them. Only when that is
//! used too are reads refused, until there is space again.

use crate::error::Error;
use crate::id::Row;
use access::Grant;
use fhir::json::{Document, Tree};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest time between an event and its sync.
pub const SYNC_EVERY: Duration = Duration::from_millis(100);
/// Events that may wait for the disk; readers wait beyond it, so that nothing is read unrecorded.
const QUEUE_EVENTS: usize = 8_192;
/// A segment is closed past this size.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Bytes kept back for the trail when the disk is full: some hundred thousand events.
const RESERVE_BYTES: usize = 4 << 20;
/// Content of a frame, at most, when it is read back.
const FRAME_BYTES: usize = 64 << 20;
/// Content of a frame, unless one event alone is longer.
const FRAME_TEXT: usize = 8 << 20;

/// One read, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEvent {
    /// When, µs UTC.
    pub at_us: i64,
    /// Who.
    pub principal: String,
    /// From where.
    pub origin: String,
    /// What was done: `read`, `search`, `sql` …
    pub action: String,
    /// What was asked: a path with its query, a statement.
    pub query: String,
    /// `done`, or why it was refused.
    pub outcome: String,
    /// Number of resources or rows given out.
    pub count: u64,
    /// The patients concerned, as row numbers.
    pub patients: Vec<i64>,
}

impl ReadEvent {
    fn line(&self) -> String {
        let patients = self.patients.iter().map(|&p| Tree::from(p)).collect::<Vec<_>>();
        Tree::from([
            ("at", Tree::from(self.at_us)),
            ("who", self.principal.as_str().into()),
            ("from", self.origin.as_str().into()),
            ("action", self.action.as_str().into()),
            ("query", self.query.as_str().into()),
            ("outcome", self.outcome.as_str().into()),
            ("count", Tree::from(self.count as i64)),
            ("patients", Tree::Array(patients)),
        ])
        .to_string()
    }

    fn parse(line: &str) -> Option<ReadEvent> {
        let document = Document::parse(line.as_bytes()).ok()?;
        let root = document.root();
        let text = |name: &str| root.get(name).and_then(fhir::json::Node::as_str).map(std::borrow::Cow::into_owned);
        let number = |name: &str| root.get(name)?.number_text()?.parse::<i64>().ok();
        Some(ReadEvent {
            at_us: number("at")?,
            principal: text("who")?,
            origin: text("from")?,
            action: text("action")?,
            query: text("query")?,
            outcome: text("outcome")?,
            count: number("count")? as u64,
            patients: root.get("patients")?.items().filter_map(|n| n.number_text()?.parse().ok()).collect(),
        })
    }
}

/// The trail of a store, with its thread.
pub(crate) struct ReadAudit {
    folder: PathBuf,
    queue: Mutex<Option<SyncSender<Entry>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Set while the trail cannot be written.
    full: Arc<AtomicBool>,
}

enum Entry {
    Event(Box<ReadEvent>),
    /// Writes what waits, and tells where the trail ends on disk: segment and bytes in it.
    Flush(SyncSender<(u64, u64)>),
}

impl ReadAudit {
    /// Opens the trail in `folder`. A tail that was not finished is cut off and recorded as a possible gap.
    pub(crate) fn open(folder: &Path, now_us: i64) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::file(format!("make {}", folder.display()), e))?;
        let mut log = Log::open(folder)?;
        if log.was_cut_short()? {
            log.append(&[ReadEvent {
                at_us: now_us,
                principal: "system".into(),
                origin: "internal".into(),
                action: "restart".into(),
                query: format!(
                    "the program ended without closing: up to {} ms of read events before this may be missing",
                    SYNC_EVERY.as_millis()
                ),
                outcome: "done".into(),
                count: 0,
                patients: Vec::new(),
            }])?;
        }
        log.mark_open()?;
        let full = Arc::clone(&log.full);
        let (queue, events) = sync_channel(QUEUE_EVENTS);
        let thread = std::thread::Builder::new()
            .name("read-audit".into())
            .spawn(move || log.run(&events))
            .map_err(|e| Error::file("start the read audit", e))?;
        let (queue, thread) = (Mutex::new(Some(queue)), Mutex::new(Some(thread)));
        Ok(ReadAudit { folder: folder.to_owned(), queue, thread, full })
    }

    fn sender(&self) -> Option<SyncSender<Entry>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn record(&self, event: ReadEvent) -> Result<(), Error> {
        let sender = self.sender().ok_or(Error::Closed)?;
        if self.full.load(Ordering::Acquire) {
            return Err(Error::DiskFull);
        }
        sender.send(Entry::Event(Box::new(event))).map_err(|_| Error::File {
            what: "the read audit cannot be written, so nothing may be read".into(),
            error: std::io::Error::from(std::io::ErrorKind::BrokenPipe),
        })
    }

    /// The newest events that `wanted` accepts, newest first.
    pub(crate) fn newest(&self, limit: usize, wanted: impl Fn(&ReadEvent) -> bool) -> Result<Vec<ReadEvent>, Error> {
        if let Some(sender) = self.sender() {
            let (done, wait) = sync_channel(1);
            if sender.send(Entry::Flush(done)).is_ok() {
                let _ = wait.recv();
            }
        }
        let mut out = Vec::new();
        for path in segments(&self.folder)?.into_iter().rev() {
            // A segment holds millions of events: those that are given out are in memory, and no others.
            let (mut events, room) = (VecDeque::new(), limit - out.len());
            for content in Frames::open(&path)? {
                let content = String::from_utf8_lossy(&content?.1).into_owned();
                for event in content.lines().filter_map(ReadEvent::parse).filter(|event| wanted(event)) {
                    events.push_back(event);
                    if events.len() > room {
                        events.pop_front();
                    }
                }
            }
            out.extend(events.into_iter().rev());
            if out.len() >= limit {
                break;
            }
        }
        Ok(out)
    }

    /// Brings what waits to disk and gives where the trail ends there; `None` after the close.
    pub(crate) fn synced(&self) -> Result<Option<(u64, u64)>, Error> {
        let Some(sender) = self.sender() else { return Ok(None) };
        let (done, wait) = sync_channel(1);
        let cannot = || Error::File {
            what: "the read audit cannot be written, so nothing may be read".into(),
            error: std::io::Error::from(std::io::ErrorKind::BrokenPipe),
        };
        sender.send(Entry::Flush(done)).map_err(|_| cannot())?;
        wait.recv().map(Some).map_err(|_| cannot())
    }

    pub(crate) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn segments(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::file(format!("list {}", folder.display()), e))?;
    let mut out: Vec<PathBuf> = entries
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|x| x == "seg"))
        .collect();
    out.sort();
    Ok(out)
}

pub(crate) fn segment_path(folder: &Path, no: u64) -> PathBuf {
    folder.join(format!("{no:08}.seg"))
}

/// The writing end, on the trail's own thread.
struct Log {
    folder: PathBuf,
    no: u64,
    file: File,
    end: u64,
    torn: bool,
    full: Arc<AtomicBool>,
}

impl Log {
    fn open(folder: &Path) -> Result<Self, Error> {
        let newest = segments(folder)?.pop();
        let no = newest.as_ref().and_then(|p| p.file_stem()?.to_str()?.parse().ok()).unwrap_or(1);
        let path = segment_path(folder, no);
        let mut end = 0;
        if newest.is_some() {
            for frame in Frames::open(&path)? {
                match frame {
                    Ok((at, _)) => end = at,
                    Err(_) => break,
                }
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| Error::file(format!("open {}", path.display()), e))?;
        let length = file.metadata().map_err(|e| Error::file(format!("read {}", path.display()), e))?.len();
        file.set_len(end).map_err(|e| Error::file(format!("trim {}", path.display()), e))?;
        crate::arrival::sync_folder(folder)?;
        let full = Arc::new(AtomicBool::new(false));
        let log = Log { folder: folder.to_owned(), no, file, end, torn: length > end, full };
        log.keep_reserve();
        Ok(log)
    }

    fn reserve(&self) -> PathBuf {
        self.folder.join("reserve")
    }

    /// Takes the reserve where there is space for it; without it a full disk stops reads sooner.
    fn keep_reserve(&self) {
        let path = self.reserve();
        if std::fs::metadata(&path).is_ok_and(|about| about.len() == RESERVE_BYTES as u64) {
            return;
        }
        // Zeros in a file of holes would keep nothing back.
        let kept = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![b'.'; RESERVE_BYTES])?;
            file.sync_all()
        });
        if kept.is_err() {
            let _ = std::fs::remove_file(&path);
        }
    }

    /// Appends; a full disk costs the reserve. False if nothing could be written.
    fn append_or_spend(&mut self, events: &[ReadEvent]) -> Result<bool, Error> {
        let had = self.reserve().exists();
        match self.append(events) {
            Err(Error::DiskFull) if had => {
                let _ = std::fs::remove_file(self.reserve());
            }
            Err(Error::DiskFull) => return Ok(false),
            other => {
                // Space may be back.
                if !had && !events.is_empty() {
                    self.keep_reserve();
                }
                return other.map(|()| true);
            }
        }
        match self.append(events) {
            Err(Error::DiskFull) => Ok(false),
            other => other.map(|()| true),
        }
    }

    fn open_mark(&self) -> PathBuf {
        self.folder.join("open")
    }

    /// True if the last run did not close the trail.
    fn was_cut_short(&self) -> Result<bool, Error> {
        let mark = self.open_mark();
        let left = mark.try_exists().map_err(|e| Error::file(format!("look for {}", mark.display()), e))?;
        Ok(left || self.torn)
    }

    fn mark_open(&self) -> Result<(), Error> {
        let mark = self.open_mark();
        File::create(&mark).map_err(|e| Error::file(format!("make {}", mark.display()), e))?;
        crate::arrival::sync_folder(&self.folder)
    }

    fn append(&mut self, events: &[ReadEvent]) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        if self.end > SEGMENT_BYTES {
            let path = segment_path(&self.folder, self.no + 1);
            self.file = File::create(&path).map_err(|e| Error::file(format!("make {}", path.display()), e))?;
            crate::arrival::sync_folder(&self.folder)?;
            self.no += 1;
            self.end = 0;
        }
        let start = self.end;
        let mut lines = events.iter().map(ReadEvent::line).peekable();
        while lines.peek().is_some() {
            let mut text = String::new();
            // Statements may be long: a frame is closed before it is longer than what is read back.
            while text.is_empty() || lines.peek().is_some_and(|line| text.len() + line.len() < FRAME_TEXT) {
                let Some(line) = lines.next() else { break };
                text.push_str(&line);
                text.push('\n');
            }
            if let Err(error) = self.append_frame(&text) {
                // What is left of a frame would be read as a damaged one, and events that are tried again would be there twice.
                self.end = start;
                let _ = self.file.set_len(start);
                return Err(error);
            }
        }
        Ok(())
    }

    fn append_frame(&mut self, text: &str) -> Result<(), Error> {
        let packed = zstd::bulk::compress(text.as_bytes(), 3).map_err(|e| Error::file("pack read events", e))?;
        let mut frame = Vec::with_capacity(packed.len() + 8);
        frame.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        frame.extend_from_slice(&crc32fast::hash(&packed).to_le_bytes());
        frame.extend_from_slice(&packed);
        let write = |file: &mut File, end: u64| {
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&frame)?;
            file.sync_data()
        };
        write(&mut self.file, self.end).map_err(|e| Error::file("write the read audit", e))?;
        self.end += frame.len() as u64;
        Ok(())
    }

    fn run(mut self, events: &Receiver<Entry>) {
        let mut waiting: Vec<ReadEvent> = Vec::new();
        let mut since = Instant::now();
        loop {
            let patience =
                if waiting.is_empty() { Duration::from_hours(1) } else { SYNC_EVERY.saturating_sub(since.elapsed()) };
            let (entry, over) = match events.recv_timeout(patience) {
                Ok(entry) => (Some(entry), false),
                Err(RecvTimeoutError::Timeout) => (None, false),
                Err(RecvTimeoutError::Disconnected) => (None, true),
            };
            let mut told = None;
            let due = match entry {
                Some(Entry::Event(event)) => {
                    if waiting.is_empty() {
                        since = Instant::now();
                    }
                    waiting.push(*event);
                    waiting.len() >= QUEUE_EVENTS / 2 || since.elapsed() >= SYNC_EVERY
                }
                Some(Entry::Flush(done)) => {
                    told = Some(done);
                    true
                }
                None => true,
            };
            if due {
                match self.append_or_spend(&waiting) {
                    Ok(written) => {
                        if written {
                            waiting.clear();
                        }
                        // Until it can be written, nothing is read; what was read before this waits here.
                        self.full.store(!written, Ordering::Release);
                        since = Instant::now();
                    }
                    // Ending the thread closes the queue: then reads are refused, because they could not be recorded.
                    Err(_) => return,
                }
            }
            if let Some(done) = told {
                let _ = done.send((self.no, self.end));
            }
            if over {
                let _ = std::fs::remove_file(self.open_mark());
                return;
            }
        }
    }
}

/// The frames of a segment: where each ends, and its content.
pub(crate) struct Frames {
    file: std::io::BufReader<File>,
    at: u64,
    broken: bool,
}

impl Frames {
    fn open(path: &Path) -> Result<Self, Error> {
        Frames::open_at(path, 0)
    }

    /// The frames from byte `at` on, which must be the beginning of one.
    pub(crate) fn open_at(path: &Path, at: u64) -> Result<Self, Error> {
        let cannot = |e| Error::file(format!("open {}", path.display()), e);
        let mut file = File::open(path).map_err(cannot)?;
        file.seek(SeekFrom::Start(at)).map_err(cannot)?;
        Ok(Frames { file: std::io::BufReader::new(file), at, broken: false })
    }

    fn frame(&mut self) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let damaged = || Error::Damaged("a frame of the read audit".into());
        let mut head = [0; 8];
        let mut got = 0;
        while got < 8 {
            match self.file.read(&mut head[got..]).map_err(|e| Error::file("read the read audit", e))? {
                0 if got == 0 => return Ok(None),
                0 => return Err(damaged()),
                n => got += n,
            }
        }
        let (length, sum) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().map_err(|_| damaged())?) as usize;
        let sum = u32::from_le_bytes(sum.try_into().map_err(|_| damaged())?);
        let mut packed = Vec::new();
        let read = (&mut self.file).take(length as u64).read_to_end(&mut packed);
        if read.map_err(|e| Error::file("read the read audit", e))? != length || crc32fast::hash(&packed) != sum {
            return Err(damaged());
        }
        let content = zstd::bulk::decompress(&packed, FRAME_BYTES).map_err(|_| damaged())?;
        self.at += 8 + length as u64;
        Ok(Some((self.at, content)))
    }
}

impl Iterator for Frames {
    type Item = Result<(u64, Vec<u8>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let frame = self.frame().transpose();
        self.broken = matches!(frame, Some(Err(_)));
        frame
    }
}

/// What of a request is recorded, before who and when are added.
#[derive(Clone, Debug)]
pub struct ReadRecord<'a> {
    /// What was done.
    pub action: &'a str,
    /// What was asked.
    pub query: &'a str,
    /// `done`, or why it was refused.
    pub outcome: &'a str,
    /// Number of resources or rows given out.
    pub count: u64,
    /// Versions given out, by row and number: their patients are recorded.
    pub given: &'a [(Row, i64)],
}

impl crate::store::Records {
    /// Records a read. The event is on disk within [`SYNC_EVERY`], not before this returns.
    ///
    /// # Errors
    /// [`Error::File`] if the trail cannot be written: then nothing may be given out.
    pub fn audit_read(&self, grant: &Grant, record: &ReadRecord<'_>) -> Result<(), Error> {
        let mut patients: Vec<i64> = Vec::new();
        if !record.given.is_empty() {
            let reader = self.shared.reader()?;
            for &version in record.given {
                crate::search::patients_of(&reader, &self.shared, version, &mut patients)?;
            }
            patients.sort_unstable();
            patients.dedup();
        }
        self.read_audit.record(ReadEvent {
            at_us: self.now_us(),
            principal: grant.principal().to_string(),
            origin: grant.origin().to_string(),
            action: record.action.to_owned(),
            query: record.query.to_owned(),
            outcome: record.outcome.to_owned(),
            count: record.count,
            patients,
        })
    }

    /// The newest read events, newest first; of one patient if `patient` names an id.
    ///
    /// # Errors
    /// [`Error::Denied`] without the duty of an auditor.
    pub fn read_events(&self, grant: &Grant, patient: Option<&str>, limit: usize) -> Result<Vec<ReadEvent>, Error> {
        grant.may_do(access::Duty::Audit)?;
        let row = match patient {
            None => None,
            Some(id) => {
                let reader = self.shared.reader()?;
                Some(crate::read::row_of(&reader, "Patient", id)?.0)
            }
        };
        self.read_audit.newest(limit, |event| row.is_none_or(|row| event.patients.contains(&row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_us: i64) -> ReadEvent {
        ReadEvent {
            at_us,
            principal: "token/1 (\"lab\")".into(),
            origin: "http 127.0.0.1".into(),
            action: "search".into(),
            query: "Patient?name=é".into(),
            outcome: "done".into(),
            count: 2,
            patients: vec![7, 9],
        }
    }

    #[test]
    fn events_survive_and_a_torn_tail_is_cut_and_told() {
        let folder = std::env::temp_dir().join(format!("medweave-read-audit-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let audit = ReadAudit::open(&folder, 1).unwrap();
        audit.record(event(5)).unwrap();
        audit.record(event(6)).unwrap();
        assert_eq!(audit.newest(10, |_| true).unwrap(), [event(6), event(5)]);
        audit.close();
        // Closed in order: the next start has nothing to tell.
        let audit = ReadAudit::open(&folder, 7).unwrap();
        assert_eq!(audit.newest(10, |_| true).unwrap().len(), 2);
        for at_us in 100..112 {
            audit.record(ReadEvent { query: "SELECT ".repeat(400_000), ..event(at_us) }).unwrap();
        }
        let newest: Vec<i64> = audit.newest(3, |_| true).unwrap().iter().map(|event| event.at_us).collect();
        assert_eq!(newest, [111, 110, 109]);
        assert_eq!(audit.newest(20, |_| true).unwrap().len(), 14);
        audit.close();
        let segment = segment_path(&folder, 1);
        OpenOptions::new().append(true).open(&segment).unwrap().write_all(&[9, 0, 0, 0, 1, 2]).unwrap();
        let audit = ReadAudit::open(&folder, 8).unwrap();
        let events = audit.newest(10, |_| true).unwrap();
        assert_eq!((events.len(), events[0].action.as_str()), (10, "restart"));
        let frames = Frames::open(&segment).unwrap().map(|frame| frame.unwrap().1.len());
        assert!(frames.into_iter().all(|length| length < FRAME_TEXT));
        audit.close();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
