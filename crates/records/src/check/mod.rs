//! Checking a data directory against what a store promises, without changing it.
//!
//! [`check`] opens the files by itself, so that it also works where [`crate::Records`] would refuse to open, and beside a
//! program that has the directory open: it looks at one snapshot. Each part is a file here: `feed` (changes and versions),
//! `bytes` (arrivals and packs), `index` (what is searched against what is stored), `trail` (audit and seals).
//!
//! A [`Finding`] says what is wrong, where, and what to do. A fault breaks a promise; a note is what a crash may leave behind
//! and the next start tidies.

mod bytes;
mod feed;
mod index;
mod trail;

use crate::body::Dictionaries;
use crate::content::Extraction;
use crate::error::Error;
use crate::id::Seq;
use crate::layout;
use crate::migrate;
use crate::rules;
use crate::seal::Seal;
use crate::writer::NEWEST_US;
use access::{Grant, TrailHead};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Findings of one kind are listed up to this many; the others are counted.
const LISTED: usize = 10;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A promise is broken.
    Fault,
    /// Left behind by a crash, or worth knowing; nothing is lost.
    Note,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// Where: a file, a row, a resource.
    pub place: String,
    /// What to do.
    pub advice: String,
}

/// Bytes of a pack that belong to no arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The pack.
    pub path: PathBuf,
    /// Where they begin.
    pub from: u64,
    /// Where they end.
    pub to: u64,
    /// The pack's length.
    pub length: u64,
}

/// What to check.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions {
    /// Look at about so many resources and arrivals instead of all where their content must be unpacked.
    pub sample: Option<u64>,
    /// Another program has the directory: what it is writing at the moment is no finding.
    pub in_use: bool,
}

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// Bytes that belong to no arrival.
    pub orphans: Vec<Orphan>,
    /// What was looked at, and how many of it.
    pub counts: Vec<(&'static str, u64)>,
    /// The newest position of the feed in the snapshot.
    pub head: Seq,
    /// Live resources in the snapshot.
    pub live: u64,
    /// When the newest change was made, in µs since 1970; 0 if there is none.
    pub newest_us: i64,
    /// The newest seal.
    pub seal: Option<Seal>,
    /// Where seals say that the audit of accounts stood.
    pub sealed_accounts: Vec<TrailHead>,
}

/// What the parts of a check work with.
struct Check<'a> {
    data: &'a Path,
    connection: Connection,
    dictionaries: Dictionaries,
    extraction: Extraction,
    options: CheckOptions,
    out: Checked,
    progress: &'a mut dyn FnMut(&str),
}

/// The layout of a database, as far as this program is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The one that it writes.
    Current,
    /// An earlier one: the next [`crate::Records::open`] copies the database to `copy` and migrates it.
    Earlier {
        /// Its number.
        number: i64,
        /// Where the copy will be.
        copy: PathBuf,
    },
    /// One that it does not know.
    Unknown,
}

/// The layout of the records in data directory `data`.
///
/// # Errors
/// [`Error::Database`] where the database cannot be read at all.
pub fn layout_of(data: &Path) -> Result<Layout, Error> {
    let database = data.join("records/records.db");
    let number = layout::open_reader(&database)?.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    Ok(match number {
        layout::LAYOUT => Layout::Current,
        1..layout::LAYOUT => Layout::Earlier { number, copy: migrate::copy_path(&database, number) },
        _ => Layout::Unknown,
    })
}

/// Checks the records, arrivals and trails of data directory `data`. `progress` is told what is being looked at.
///
/// # Errors
/// [`Error::Denied`] unless the grant administers, [`Error::Layout`] for the directory of another version, and
/// [`Error::Database`] where the database cannot be read at all. What can be read and is wrong is a finding.
pub fn check(
    data: &Path,
    grant: &Grant,
    options: CheckOptions,
    progress: &mut dyn FnMut(&str),
) -> Result<Checked, Error> {
    grant.may_administer()?;
    let database = data.join("records/records.db");
    let connection = layout::open_reader(&database)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if version != layout::LAYOUT {
        return Err(Error::Layout(format!(
            "{} has layout {version}, this program knows layout {}",
            database.display(),
            layout::LAYOUT
        )));
    }
    connection.execute_batch("BEGIN")?;
    let dictionaries = Dictionaries::default();
    {
        let mut statement = connection.prepare("SELECT no, bytes FROM dictionary")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            dictionaries.add(row.get(0)?, row.get(1)?);
        }
    }
    let number = |sql: &str| connection.query_row(sql, [], |r| r.get::<_, i64>(0));
    let head = Seq(number("SELECT coalesce(max(seq), 0) FROM feed")?);
    let live = number("SELECT count(*) FROM resource WHERE state = 1")? as u64;
    let newest_us = number(NEWEST_US)?;
    let (findings, orphans, counts) = (Vec::new(), Vec::new(), Vec::new());
    let out = Checked { findings, orphans, counts, head, live, newest_us, seal: None, sealed_accounts: Vec::new() };
    let extraction = Extraction::new();
    let mut check = Check { data, connection, dictionaries, extraction, options, out, progress };
    check.database(&database)?;
    check.feed()?;
    check.versions()?;
    check.arrivals()?;
    check.packs()?;
    if let Some(rules) = rules::others(&check.connection)? {
        check.out.findings.push(Finding {
            severity: Severity::Note,
            what: "what is searched was extracted by the rules of another version".to_owned(),
            place: format!("rules {rules}"),
            advice: "start this version on the directory once: it extracts anew before it serves".to_owned(),
        });
    } else {
        check.index()?;
    }
    check.trails()?;
    Ok(check.out)
}

impl Check<'_> {
    /// SQLite's own view of the file.
    fn database(&mut self, path: &Path) -> Result<(), Error> {
        (self.progress)("the database file");
        let pragma =
            if self.options.sample.is_some() { "PRAGMA quick_check(10)" } else { "PRAGMA integrity_check(10)" };
        let said: Vec<String> = {
            let mut statement = self.connection.prepare(pragma)?;
            let rows = statement.query_map([], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for text in said.into_iter().filter(|text| text != "ok") {
            self.fault(
                format!("the database is damaged: {text}"),
                path.display().to_string(),
                "stop medweave, copy the directory, and restore it from a backup or import the arrivals anew",
            );
        }
        Ok(())
    }

    fn fault(&mut self, what: impl Into<String>, place: impl Into<String>, advice: &str) {
        self.find(Severity::Fault, what.into(), place.into(), advice);
    }

    fn note(&mut self, what: impl Into<String>, place: impl Into<String>, advice: &str) {
        self.find(Severity::Note, what.into(), place.into(), advice);
    }

    fn find(&mut self, severity: Severity, what: String, place: String, advice: &str) {
        self.out.findings.push(Finding { severity, what, place, advice: advice.to_owned() });
    }

    /// Lists what a query finds, up to a bound, and says how many more there are.
    fn list(
        &mut self,
        sql: &str,
        what: &str,
        advice: &str,
        place: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<String>,
    ) -> Result<(), Error> {
        let (mut places, mut more) = (Vec::new(), 0u64);
        {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if places.len() < LISTED {
                    places.push(place(row)?);
                } else {
                    more += 1;
                }
            }
        }
        self.list_places(what, advice, places, more);
        Ok(())
    }

    fn list_places(&mut self, what: &str, advice: &str, places: Vec<String>, more: u64) {
        for place in places {
            self.fault(what, place, advice);
        }
        if more > 0 {
            self.fault(what, format!("{more} further places"), advice);
        }
    }

    fn count(&mut self, what: &'static str, count: u64) {
        self.out.counts.push((what, count));
    }

    /// Of `total` things every how-many-th is looked at.
    fn step(&self, total: u64) -> u64 {
        self.options.sample.map_or(1, |sample| (total / sample.max(1)).max(1))
    }
}
