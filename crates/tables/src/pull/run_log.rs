//! Which runs a source had: when, by whom, of which mapping, what came of them.
//!
//! A run that writes is noted before it writes, so that one which is cut off is known, can go on, and can be taken back.

use crate::error::Error;
use crate::pull::catalogue::{Catalogue, SourceInfo};
use crate::pull::{Sources, may_pull, may_see, owned};
use crate::run::ROW_LINKS;
use crate::run::memory::forget_all;
use access::Grant;
use fhir::json::{Document, Tree};
use records::DeliveryNo;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS run (
    no INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, begun_us INTEGER NOT NULL, ended_us INTEGER, who TEXT NOT NULL,
    mapping TEXT NOT NULL, version TEXT NOT NULL, hash TEXT NOT NULL, pulled INTEGER, written_as INTEGER NOT NULL, state TEXT NOT NULL,
    counts TEXT, report BLOB, problem TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS run_source ON run (source, no);
";

/// Reports of a source that are kept, of the newest runs.
const REPORTS_KEPT: i64 = 200;
/// The longest report that is kept, packed.
const REPORT_BYTES: usize = 4 << 20;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It is under way.
    Running,
    /// Somebody halted it; the next run goes on with it.
    Paused,
    /// The program ended under it, the disk was full, or whoever had asked for it went away; the next run goes on with it.
    Interrupted,
    /// It could not go on: the next run begins anew.
    Failed,
    /// It came to its end.
    Done,
    /// It was taken back.
    Undone,
}

impl RunState {
    const ALL: [RunState; 6] = [
        RunState::Running,
        RunState::Paused,
        RunState::Interrupted,
        RunState::Failed,
        RunState::Done,
        RunState::Undone,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Paused => "paused",
            RunState::Interrupted => "interrupted",
            RunState::Failed => "failed",
            RunState::Done => "done",
            RunState::Undone => "undone",
        }
    }

    /// Whether the next run goes on with it. One that is still noted as under way when another begins has ended without a word.
    fn goes_on(self) -> bool {
        matches!(self, RunState::Running | RunState::Paused | RunState::Interrupted)
    }
}

/// A run that wrote, or was to.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Its number, never given twice.
    pub no: i64,
    /// When it began, µs UTC.
    pub begun_us: i64,
    /// When it ended or was halted, µs UTC.
    pub ended_us: Option<i64>,
    /// Who asked for it.
    pub who: String,
    /// The mapping's name.
    pub mapping: String,
    /// The version it gives itself.
    pub version: String,
    /// Hash of its files, in hex.
    pub hash: String,
    /// The newest delivery whose rows it saw.
    pub delivery: Option<i64>,
    /// The number under which the records know all that it wrote.
    pub written_as: DeliveryNo,
    /// How far it is.
    pub state: RunState,
    /// `rows`, `resources`, `rejected`, `new`, `changed`, `equal`, `gone`, `refused`; of a run that came to its end.
    pub counts: Option<Value>,
    /// Why it could not go on.
    pub problem: Option<String>,
}

/// What a run is noted with.
#[derive(Clone, Copy, Debug)]
pub struct RunBegins<'a> {
    /// The mapping's name.
    pub mapping: &'a str,
    /// The version it gives itself.
    pub version: &'a str,
    /// Hash of its files, in hex.
    pub hash: &'a str,
}

const RUN: &str =
    "SELECT no, begun_us, ended_us, who, mapping, version, hash, pulled, written_as, state, counts, problem FROM run";

fn run_of(row: &Row<'_>) -> rusqlite::Result<RunInfo> {
    let state: String = row.get(9)?;
    let counts: Option<String> = row.get(10)?;
    Ok(RunInfo {
        no: row.get(0)?,
        begun_us: row.get(1)?,
        ended_us: row.get(2)?,
        who: row.get(3)?,
        mapping: row.get(4)?,
        version: row.get(5)?,
        hash: row.get(6)?,
        delivery: row.get(7)?,
        written_as: DeliveryNo(row.get(8)?),
        state: RunState::ALL.into_iter().find(|one| one.as_str() == state).unwrap_or(RunState::Failed),
        counts: counts.and_then(|counts| serde_json::from_str(&counts).ok()),
        problem: row.get(11)?,
    })
}

/// Whatever ran when the program ended was cut off.
pub(super) fn interrupted(db: &Connection) -> Result<(), Error> {
    db.execute("UPDATE run SET state = 'interrupted' WHERE state = 'running'", [])?;
    Ok(())
}

impl Catalogue {
    /// The newest number under which a run was to write.
    pub(super) fn newest_written_as(&self) -> Result<Option<DeliveryNo>, Error> {
        let newest: Option<i64> = self.db.query_row("SELECT max(written_as) FROM run", [], |row| row.get(0))?;
        Ok(newest.map(DeliveryNo))
    }

    fn run(&self, source: &SourceInfo, no: i64) -> Result<RunInfo, Error> {
        let found = self.db.query_row(&format!("{RUN} WHERE source = ?1 AND no = ?2"), [source.no, no], run_of);
        found.optional()?.ok_or_else(|| Error::Unknown { what: "run", name: no.to_string(), hint: None })
    }
}

impl Sources {
    /// Notes that a run of a source's mapping begins to write. One of the same mapping that was halted goes on under its number;
    /// others that were stay as they are, and can be taken back.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn begin_run(&self, grant: &Grant, source: &str, begins: RunBegins<'_>) -> Result<RunInfo, Error> {
        may_pull(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let db = &catalogue.db;
        let newest: Option<i64> =
            db.query_row("SELECT max(no) FROM delivery WHERE source = ?1", [source.no], |row| row.get(0))?;
        let last = db.query_row(&format!("{RUN} WHERE source = ?1 ORDER BY no DESC LIMIT 1"), [source.no], run_of);
        let last: Option<RunInfo> = last.optional()?;
        if let Some(last) = last.filter(|last| last.state.goes_on() && last.hash == begins.hash) {
            // Where it was cut off before it wrote anything, somebody else may have come under its number.
            let first = self.records.first_delivered(grant, last.written_as)?;
            let is_own = first.is_some_and(|first| first.media == ROW_LINKS && first.source == source.name);
            let written_as = if is_own { last.written_as } else { self.records.new_delivery() };
            db.execute(
                "UPDATE run SET state = 'running', ended_us = NULL, pulled = ?2, written_as = ?3 WHERE no = ?1",
                params![last.no, newest, written_as.0],
            )?;
            self.unnoted().remove(&last.no);
            return catalogue.run(&source, last.no);
        }
        db.execute(
            "INSERT INTO run (source, begun_us, who, mapping, version, hash, pulled, written_as, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'running')",
            params![
                source.no,
                self.records.now_us(),
                grant.principal().to_string(),
                begins.mapping,
                begins.version,
                begins.hash,
                newest,
                self.records.new_delivery().0
            ],
        )?;
        catalogue.run(&source, db.last_insert_rowid())
    }

    /// Notes how a run ended, with its report if it came to its end.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn end_run(
        &self,
        grant: &Grant,
        source: &str,
        no: i64,
        state: RunState,
        report: Result<&Value, &str>,
    ) -> Result<(), Error> {
        may_pull(grant)?;
        let noted = self.note_end(source, no, state, report);
        if let (Err(Error::NoRoom), Err(problem)) = (&noted, report) {
            self.unnoted().insert(no, (state, problem.to_owned()));
        }
        noted
    }

    fn unnoted(&self) -> MutexGuard<'_, BTreeMap<i64, (RunState, String)>> {
        self.unnoted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run as it is, also where there was no room to note that.
    fn as_it_ended(&self, run: RunInfo) -> RunInfo {
        match self.unnoted().get(&run.no) {
            Some((state, problem)) if run.state == RunState::Running => {
                RunInfo { state: *state, problem: Some(problem.clone()), ..run }
            }
            _ => run,
        }
    }

    fn note_end(&self, source: &str, no: i64, state: RunState, report: Result<&Value, &str>) -> Result<(), Error> {
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let (counts, packed, problem) = match report {
            Ok(report) => {
                let packed = zstd::bulk::compress(report.to_string().as_bytes(), 3)
                    .map_err(|error| Error::file("pack a report in", &catalogue.folder, error))?;
                (Some(counts(report).to_string()), Some(packed).filter(|packed| packed.len() <= REPORT_BYTES), None)
            }
            Err(problem) => (None, None, Some(problem).filter(|problem| !problem.is_empty())),
        };
        catalogue.db.execute(
            "UPDATE run SET state = ?2, ended_us = ?3, counts = ?4, report = ?5, problem = ?6 WHERE no = ?1",
            params![no, state.as_str(), self.records.now_us(), counts, packed, problem],
        )?;
        if state == RunState::Done {
            // Whatever was wrong before is wrong no more.
            catalogue.db.execute("UPDATE owed_run SET problem = NULL WHERE source = ?1", [source.no])?;
        }
        catalogue.db.execute(
            "UPDATE run SET report = NULL WHERE source = ?1 AND report IS NOT NULL
             AND no NOT IN (SELECT no FROM run WHERE source = ?1 ORDER BY no DESC LIMIT ?2)",
            params![source.no, REPORTS_KEPT],
        )?;
        Ok(())
    }

    /// Notes that what a run wrote was taken back.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn run_undone(&self, grant: &Grant, source: &str, no: i64) -> Result<(), Error> {
        may_pull(grant)?;
        let mut catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        catalogue.run(&source, no)?;
        // What is noted as done is not done again: it comes last.
        forget_all(&catalogue.made_folder().join(source.no.to_string()), Some(no))?;
        owned::taken_back(&mut catalogue.db, (source.no, no), &|record| {
            let Some((resource_type, id)) = record.split_once('/') else { return Ok(None) };
            let stored = match self.records.read(grant, resource_type, id) {
                Ok(stored) => stored,
                Err(records::Error::NotFound { .. } | records::Error::Gone { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let document = Document::parse(stored.json.as_bytes());
            // What is damaged has nothing of it.
            Ok(document.ok().map(|document| Tree::from(document.root())))
        })?;
        catalogue.db.execute("UPDATE run SET state = 'undone' WHERE no = ?1", [no])?;
        Ok(())
    }

    /// Has the next run of a source compare all that it makes with what is stored: that was changed behind the back of runs.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn forget_made(&self, grant: &Grant, source: &str) -> Result<(), Error> {
        may_pull(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        forget_all(&catalogue.made_folder().join(source.no.to_string()), None)
    }

    /// The runs of a source that wrote, newest first; `before` a number, if one is given.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn runs(&self, grant: &Grant, source: &str, before: Option<i64>, limit: usize) -> Result<Vec<RunInfo>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let sql = format!("{RUN} WHERE source = ?1 AND no < ?2 ORDER BY no DESC LIMIT ?3");
        let mut query = catalogue.db.prepare(&sql)?;
        let runs = query.query_map(params![source.no, before.unwrap_or(i64::MAX), limit as i64], run_of)?;
        runs.map(|run| Ok(self.as_it_ended(run?))).collect()
    }

    /// The run of a source that wrote under one of these numbers; the newest that had begun at `as_of_us`.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn run_that_wrote(
        &self,
        grant: &Grant,
        source: &str,
        numbers: &[DeliveryNo],
        as_of_us: i64,
    ) -> Result<Option<RunInfo>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let mut query = catalogue.db.prepare_cached(&format!(
            "{RUN} WHERE source = ?1 AND written_as = ?2 AND begun_us <= ?3 ORDER BY no DESC LIMIT 1"
        ))?;
        let mut newest: Option<RunInfo> = None;
        for number in numbers {
            let found = query.query_row(params![source.no, number.0, as_of_us], run_of).optional()?;
            newest = found.into_iter().chain(newest).max_by_key(|run| run.no);
        }
        Ok(newest)
    }

    /// One run, and its report while that is kept.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn run(&self, grant: &Grant, source: &str, no: i64) -> Result<(RunInfo, Option<Value>), Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let run = catalogue.run(&source, no)?;
        let packed: Option<Vec<u8>> =
            catalogue.db.query_row("SELECT report FROM run WHERE no = ?1", [no], |row| row.get(0))?;
        let damaged = |error| Error::file("unpack a report in", &catalogue.folder, error);
        let text = packed.map(|packed| zstd::stream::decode_all(packed.as_slice())).transpose().map_err(damaged)?;
        let report = text.map(|text| serde_json::from_slice(&text)).transpose();
        Ok((self.as_it_ended(run), report.map_err(|error| damaged(error.into()))?))
    }
}

/// What a list of runs shows of a report.
fn counts(report: &Value) -> Value {
    let sum = |name: &str| -> u64 {
        report["targets"].as_array().into_iter().flatten().filter_map(|target| target[name].as_u64()).sum()
    };
    let mut counts = serde_json::json!({});
    for name in ["rows", "resources", "merged", "filtered", "rejected"] {
        counts[name] = sum(name).into();
    }
    for name in ["new", "changed", "equal", "gone", "refused"] {
        counts[name] = report[name].clone();
    }
    counts
}
