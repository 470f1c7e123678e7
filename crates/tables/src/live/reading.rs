//! Rows as they come from a database, handed on as text, no faster than they may come.

use super::pace::{Limits, Pace};
use crate::pull::is_name;
use crate::read::worker::{Ended, Outlet};
use crate::read::{BadRow, CELL_BYTES, Charset, Place, ROW_BYTES, ReadError};
use jiff::tz::TimeZone;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often whoever waits for rows hears that there is somebody, and hours are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How long a database may say nothing: the first row of a query that sorts may take long.
const SILENCE: Duration = Duration::from_mins(15);
/// What of a cell is read all the same when its row is too large as a whole: enough for whatever the row is known by.
pub(super) const KNOWN_BY_BYTES: usize = 4 << 10;
/// How often a lock is waited for.
pub(super) const LOCK_TRIES: u32 = 3;
/// What is said when it was in vain.
pub(super) const LOCKED: &str = "somebody holds a lock on it, and kept it while it was asked for three times, with pauses: nothing was taken, pull again when there is less to do";
/// How much of a key is shown.
const SHOWN_KEY_CHARS: usize = 60;
/// What a rate owes is paid when it is worth a timer.
const PAY_FROM: Duration = Duration::from_millis(20);

/// What holds for a whole pull.
pub(super) struct Rules {
    pub(super) limits: Limits,
    pub(super) zone: TimeZone,
    pub(super) clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Since when the pace is counted.
    pub(super) begun: Instant,
    pub(super) pace: Pace,
}

impl Rules {
    /// An error outside the hours.
    pub(super) fn within_hours(&self, place: &str) -> Result<(), ReadError> {
        match self.limits.hours {
            Some(hours) if !hours.contain((self.clock)(), &self.zone) => {
                let zone = self.zone.iana_name().unwrap_or("UTC");
                Err(ReadError::at(place, format!("may be read from {hours} ({zone}) only: pull again then")))
            }
            _ => Ok(()),
        }
    }
}

/// A table that is being read.
pub(super) struct Reading<'a> {
    outlet: &'a mut Outlet,
    rules: &'a mut Rules,
    stop: &'a Notify,
    place: &'a str,
    charset: Option<Charset>,
    /// What rows are known by, and where among the columns that is.
    key: &'a [String],
    key_columns: Vec<usize>,
    /// The key of the last row that was handed over.
    handed_key: String,
    columns: Vec<String>,
    number: u64,
    row_bytes: usize,
    bad: Option<(&'static str, String)>,
    handed_over: Instant,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        outlet: &'a mut Outlet,
        rules: &'a mut Rules,
        stop: &'a Notify,
        place: &'a str,
        charset: Option<Charset>,
        key: &'a [String],
    ) -> Self {
        let handed_over = Instant::now();
        Reading {
            outlet,
            rules,
            stop,
            place,
            charset,
            key,
            key_columns: Vec::new(),
            handed_key: String::new(),
            columns: Vec::new(),
            number: 0,
            row_bytes: 0,
            bad: None,
            handed_over,
        }
    }

    /// Tells the columns, before any row.
    pub(super) fn columns(&mut self, names: &[&str]) -> Result<(), Ended> {
        let mut notes = Vec::new();
        self.columns = crate::read::header::columns(names.iter(), &mut notes);
        let place = |name: &String| self.columns.iter().position(|column| is_name(column, name));
        self.key_columns = self.key.iter().filter_map(place).collect();
        Ok(self.outlet.columns(self.columns.clone(), notes)?)
    }

    /// The row that comes next, by its number and by the one before it.
    pub(super) fn next_row(&self) -> String {
        let before = self.last_key().unwrap_or_else(|| self.handed_key.clone());
        let before = if before.is_empty() { before } else { format!(", after the one of{before}") };
        format!("row {}{before}", self.number + 1)
    }

    /// What the last of the rows is known by that are not handed over.
    fn last_key(&self) -> Option<String> {
        let row = self.outlet.rows.len().checked_sub(1)?;
        Some(self.key_of(|column| self.outlet.rows.cell(row, column)))
    }

    /// What a row is known by, with the names of the columns; nothing if the mapping does not say.
    fn key_of<'c>(&self, cell: impl Fn(usize) -> Option<&'c str>) -> String {
        let part = |column: &usize| {
            let text = cell(*column)?;
            let end = text.char_indices().nth(SHOWN_KEY_CHARS).map_or(text.len(), |(end, _)| end);
            let cut = if end < text.len() { "…" } else { "" };
            Some(format!(" {} {}{cut}", self.columns[*column], &text[..end]))
        };
        self.key_columns.iter().filter_map(part).collect::<Vec<_>>().join(",")
    }

    /// An error of this table.
    pub(super) fn failed(&self, message: impl Into<String>) -> Ended {
        Ended::Failed(ReadError::at(self.place, message))
    }

    /// Waits for something of the database; whoever waits for rows hears of it meanwhile.
    pub(super) async fn wait<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Ended> {
        let mut future = pin!(future);
        // Most rows are there already.
        if let Poll::Ready(out) = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
            return Ok(out);
        }
        let begun = Instant::now();
        loop {
            tokio::select! {
                biased;
                out = &mut future => return Ok(out),
                () = self.stop.notified() => return Err(Ended::Stopped),
                () = tokio::time::sleep(TICK) => self.tick()?,
            }
            if begun.elapsed() > SILENCE {
                let minutes = SILENCE.as_secs() / 60;
                return Err(
                    self.failed(format!("the database has said nothing for {minutes} minutes: look what it does"))
                );
            }
        }
    }

    fn tick(&mut self) -> Result<(), Ended> {
        self.rules.within_hours(self.place)?;
        self.handed_over = Instant::now();
        self.handed_key = self.last_key().unwrap_or_else(|| std::mem::take(&mut self.handed_key));
        Ok(self.outlet.hand_over_what_is_there()?)
    }

    /// Adds a null cell.
    pub(super) fn null(&mut self) {
        self.outlet.rows.push_cell(None);
    }

    /// Adds a cell that is written by a function.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut String)) {
        if self.is_row_too_large(0) {
            return self.outlet.rows.push_cell(Some(""));
        }
        self.row_bytes += self.outlet.rows.write_cell(write);
    }

    /// Whether the row is too large already: what is left of it need not be read.
    #[cfg(feature = "odbc")]
    pub(super) fn is_enough(&self) -> bool {
        matches!(self.bad, Some(("row-too-large", _)))
    }

    /// Whether the row is too large with so much more; then that is not gathered.
    fn is_row_too_large(&mut self, more: usize) -> bool {
        let is_too_large = self.row_bytes + more > ROW_BYTES;
        if is_too_large {
            self.large_row();
        }
        is_too_large
    }

    /// Adds a cell of text, which must be UTF-8.
    pub(super) fn text(&mut self, column: usize, bytes: &[u8]) {
        self.text_in(Charset::UTF_8, column, bytes);
    }

    /// Adds a cell of text, which must be text in the declared encoding; in UTF-8 if none is.
    pub(super) fn declared_text(&mut self, column: usize, bytes: &[u8]) {
        self.text_in(self.charset.unwrap_or(Charset::UTF_8), column, bytes);
    }

    fn text_in(&mut self, charset: Charset, column: usize, bytes: &[u8]) {
        if bytes.len() > CELL_BYTES {
            return self.too_large(column);
        }
        if self.is_row_too_large(bytes.len()) {
            return self.outlet.rows.push_cell(Some(""));
        }
        if memchr::memchr(0, bytes).is_some() {
            self.bad(column, "nul-byte", "a zero byte");
        }
        let text = if charset == Charset::UTF_8 {
            std::str::from_utf8(bytes).ok().map(Into::into)
        } else {
            charset.decode(bytes)
        };
        if let Some(text) = text {
            self.row_bytes += text.len();
            self.outlet.rows.push_cell(Some(&text));
        } else {
            self.bad(column, "bad-encoding", &format!("bytes that are no text in {charset}"));
            self.outlet.rows.push_cell(Some(&String::from_utf8_lossy(bytes)));
        }
    }

    /// Adds a cell of bytes.
    pub(super) fn bytes(&mut self, column: usize, bytes: &[u8]) {
        if bytes.len() > CELL_BYTES / 2 {
            return self.too_large(column);
        }
        if self.is_row_too_large(2 * bytes.len()) {
            return self.outlet.rows.push_cell(Some(""));
        }
        self.write(|text| crate::read::canonical::push_bytes(text, bytes));
    }

    fn too_large(&mut self, column: usize) {
        self.large(&self.columns[column].clone());
        self.outlet.rows.push_cell(Some(""));
    }

    /// Says that a cell was left at the server.
    pub(super) fn large(&mut self, column: &str) {
        let message = format!("column {column}: a cell of more than {} MiB", CELL_BYTES >> 20);
        self.bad.get_or_insert(("cell-too-large", message));
    }

    /// Says that a row is too large, or that most of it was left at the server.
    pub(super) fn large_row(&mut self) {
        self.bad.get_or_insert_with(|| ("row-too-large", format!("a row of more than {} MiB", ROW_BYTES >> 20)));
    }

    /// Says what the last column tells, which names the first cell that was left at the server, or nothing if it is the whole row.
    pub(super) fn left_out(&mut self, column: &str) {
        if column.is_empty() {
            self.large_row();
        } else {
            self.large(column);
        }
    }

    /// Says that a cell is none; it is added all the same.
    pub(super) fn bad(&mut self, column: usize, reason: &'static str, what: &str) {
        if self.bad.is_none() {
            self.bad = Some((reason, format!("column {}: {what}", self.columns[column])));
        }
    }

    /// Ends a row, and waits until the next may come.
    pub(super) async fn end_row(&mut self) -> Result<(), Ended> {
        self.number += 1;
        if std::mem::take(&mut self.row_bytes) > ROW_BYTES {
            self.large_row();
        }
        let place = Place { number: self.number, bytes: None };
        match self.bad.take() {
            None => self.outlet.rows.end_row(place),
            Some((reason, message)) => {
                let cells: Vec<&str> = self.outlet.rows.open_cells().collect();
                let key = self.key_of(|column| cells.get(column).copied());
                let message = if key.is_empty() { message } else { format!("{message}, of{key}") };
                let text = cells.join("\t");
                self.outlet.rows.drop_row();
                self.outlet.rows.bad.push(BadRow::new(place, reason, message, &text));
            }
        }
        if self.outlet.rows.is_full() {
            self.handed_key = self.last_key().unwrap_or_default();
        }
        self.outlet.row_done()?;
        let Some(rate) = self.rules.limits.rows_per_second else {
            if self.number.is_multiple_of(1024) && self.handed_over.elapsed() > TICK {
                self.tick()?;
            }
            return Ok(());
        };
        let owed = self.rules.pace.row(rate, self.rules.begun.elapsed());
        if owed >= PAY_FROM {
            self.tick()?;
            let mut left = owed;
            while !left.is_zero() {
                let now = left.min(TICK);
                self.wait(tokio::time::sleep(now)).await?;
                left -= now;
            }
        }
        Ok(())
    }
}
