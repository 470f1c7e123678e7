//! Readers that hold on to a file while they give rows: each runs on a thread of its own, one batch ahead.

use super::{Content, Passed, ReadError, RowBatch, Table};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The reader panicked: those of formats that we did not write do on some damaged files.
const DAMAGED: &str = "it is damaged in a way that its reader cannot tell: bring it anew";

/// What a reader sends.
enum Message {
    Columns(Vec<String>, Vec<String>),
    Rows(RowBatch, Passed),
    End(Passed),
}

/// Where a reader puts what it reads.
pub(crate) struct Outlet {
    sender: SyncSender<Result<Message, ReadError>>,
    stopped: Arc<AtomicBool>,
    columns: usize,
    /// Rows that are not handed over yet.
    pub(crate) rows: RowBatch,
    pub(crate) passed: Passed,
}

/// Nobody wants more rows.
pub(crate) struct Stopped;

impl Outlet {
    /// Tells the columns; before any row.
    pub(crate) fn columns(&mut self, columns: Vec<String>, notes: Vec<String>) -> Result<(), Stopped> {
        self.columns = columns.len();
        self.rows = RowBatch::new(self.columns);
        self.sender.send(Ok(Message::Columns(columns, notes))).map_err(|_| Stopped)
    }

    /// Hands the rows over if there are enough of them; to be called after each row.
    pub(crate) fn row_done(&mut self) -> Result<(), Stopped> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        if self.rows.is_full() { self.hand_over() } else { Ok(()) }
    }

    /// Hands over what there is, also nothing: whoever waits then hears that there is somebody.
    pub(crate) fn hand_over_what_is_there(&mut self) -> Result<(), Stopped> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        // Nobody waits for rows before the columns are told.
        if self.columns == 0 { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), Stopped> {
        let rows = std::mem::replace(&mut self.rows, RowBatch::new(self.columns));
        self.sender.send(Ok(Message::Rows(rows, self.passed))).map_err(|_| Stopped)
    }
}

/// How a reader ended that did not come to its end.
pub(crate) enum Ended {
    Stopped,
    Failed(ReadError),
}

impl From<Stopped> for Ended {
    fn from(Stopped: Stopped) -> Self {
        Ended::Stopped
    }
}

impl From<ReadError> for Ended {
    fn from(error: ReadError) -> Self {
        Ended::Failed(error)
    }
}

/// A table whose reader runs on a thread.
pub(crate) struct Worker {
    name: String,
    place: String,
    columns: Vec<String>,
    notes: Vec<String>,
    content: Option<Content>,
    passed: Passed,
    receiver: Option<Receiver<Result<Message, ReadError>>>,
    ended: bool,
    stopped: Arc<AtomicBool>,
    /// Wakes a reader that does not look whether it is stopped.
    interrupt: Option<Box<dyn Fn() + Send>>,
}

impl Worker {
    /// Starts a reader and waits for its columns.
    pub(crate) fn start(
        name: &str,
        place: &str,
        content: Option<Content>,
        interrupt: Option<Box<dyn Fn() + Send>>,
        reader: impl FnOnce(&mut Outlet) -> Result<(), Ended> + Send + 'static,
    ) -> Result<Worker, ReadError> {
        let (sender, receiver) = sync_channel(1);
        let stopped = Arc::new(AtomicBool::new(false));
        let mut outlet = Outlet {
            sender,
            stopped: Arc::clone(&stopped),
            columns: 0,
            rows: RowBatch::default(),
            passed: Passed::default(),
        };
        let work = move || {
            let result = reader(&mut outlet).and_then(|()| {
                if !outlet.rows.is_empty() || !outlet.rows.bad.is_empty() {
                    outlet.hand_over()?;
                }
                Ok(())
            });
            // Whoever does not listen any more does not want to know.
            let _ = match result {
                Ok(()) => outlet.sender.send(Ok(Message::End(outlet.passed))),
                Err(Ended::Failed(error)) => outlet.sender.send(Err(error)),
                Err(Ended::Stopped) => Ok(()),
            };
        };
        let thread = std::thread::Builder::new().name("medweave-table".to_owned()).spawn(work);
        thread.map_err(|error| ReadError::at(place, format!("no thread to read it: {error}")))?;
        let mut worker = Worker {
            name: name.to_owned(),
            place: place.to_owned(),
            columns: Vec::new(),
            notes: Vec::new(),
            content,
            passed: Passed::default(),
            receiver: Some(receiver),
            ended: false,
            stopped,
            interrupt,
        };
        if let Message::Columns(columns, notes) = worker.receive()? {
            (worker.columns, worker.notes) = (columns, notes);
        }
        Ok(worker)
    }

    fn receive(&mut self) -> Result<Message, ReadError> {
        let message = self.receiver.as_ref().and_then(|receiver| receiver.recv().ok());
        message.unwrap_or_else(|| Err(ReadError::at(&self.place, DAMAGED)))
    }
}

impl Table for Worker {
    fn name(&self) -> &str {
        &self.name
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        rows.clear();
        if self.ended {
            return Ok(false);
        }
        match self.receive()? {
            Message::Rows(mut batch, passed) => {
                std::mem::swap(rows, &mut batch);
                self.passed = passed;
                Ok(true)
            }
            Message::End(passed) => {
                self.passed = passed;
                self.ended = true;
                Ok(false)
            }
            Message::Columns(..) => {
                Err(ReadError::at(&self.place, "its columns came twice: this is a defect of medweave"))
            }
        }
    }

    fn content(&self) -> Option<Content> {
        self.content
    }

    fn passed(&self) -> Passed {
        self.passed
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(interrupt) = &self.interrupt
            && !self.ended
        {
            interrupt();
        }
        // A reader that waits with rows in its hands finds nobody there.
        self.receiver = None;
    }
}
