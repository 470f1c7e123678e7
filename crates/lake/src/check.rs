//! Checking the lake's files against the map that says what they are, without changing either.

use crate::error::Error;
use crate::table;
use access::Grant;
use records::{Finding, Seq, Severity};
use rusqlite::{Connection, OpenFlags};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

const REBUILD: &str = "`medweave lake rebuild` makes the lake again from the records";
const NEXT_START: &str = "nothing is lost; the next start tidies it";

/// What the records say that the lake must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Against {
    /// The newest position of the feed.
    pub head: Seq,
    /// Live resources.
    pub live: u64,
    /// Another program has the lake open: what it is writing at the moment is no finding.
    pub in_use: bool,
}

/// Checks the lake in `folder`; also gives how many files were looked at. A lake that is not there is no finding: it is made
/// when it is first asked.
///
/// # Errors
/// [`Error::Map`] if the map cannot be read at all, [`Error::Access`](crate::Error) unless the grant administers.
pub fn check(folder: &Path, grant: &Grant, against: Against) -> Result<(Vec<Finding>, u64), Error> {
    grant.may_administer()?;
    let path = folder.join("map.db");
    if !path.exists() {
        return Ok((Vec::new(), 0));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let map = Connection::open_with_flags(&path, flags)?;
    map.execute_batch("PRAGMA query_only=ON; PRAGMA busy_timeout=10000; BEGIN")?;
    let mut check = Check { folder, map, against, findings: Vec::new(), files: 0 };
    if !check.has_layout()? {
        check.find(
            Severity::Note,
            "the lake was made by another version",
            &path,
            "the next start makes it again from the records",
        );
        return Ok((check.findings, 0));
    }
    check.position()?;
    for (number, table) in table::tables(&[])?.iter().enumerate() {
        check.table(number as i64, &table.name)?;
    }
    Ok((check.findings, check.files))
}

struct Check<'a> {
    folder: &'a Path,
    map: Connection,
    against: Against,
    findings: Vec<Finding>,
    files: u64,
}

impl Check<'_> {
    fn find(&mut self, severity: Severity, what: impl Into<String>, place: &Path, advice: &str) {
        let place = place.display().to_string();
        self.findings.push(Finding { severity, what: what.into(), place, advice: advice.to_owned() });
    }

    fn number(&self, sql: &str) -> Result<i64, Error> {
        Ok(self.map.query_row(sql, [], |r| r.get(0))?)
    }

    fn has_layout(&self) -> Result<bool, Error> {
        Ok(self.number("PRAGMA user_version")? == crate::map::LAYOUT)
    }

    /// The lake is not ahead of the records, and where it has come as far as they have it knows the same resources.
    fn position(&mut self) -> Result<(), Error> {
        let seq = self.number("SELECT coalesce((SELECT value FROM setting WHERE name = 'seq'), 0)")?;
        let current = self.number("SELECT count(*) FROM current WHERE row > 0")?;
        let (head, live) = (self.against.head.0, self.against.live);
        let place = self.folder.to_owned();
        if seq > head && !self.against.in_use {
            self.find(
                Severity::Fault,
                format!("the lake has come to change {seq}, the feed ends at {head}: its records are not these"),
                &place,
                REBUILD,
            );
        } else if seq == head && current != live as i64 {
            self.find(
                Severity::Fault,
                format!("the lake knows {current} resources at change {seq}, the records {live}"),
                &place,
                REBUILD,
            );
        }
        Ok(())
    }

    fn table(&mut self, number: i64, name: &str) -> Result<(), Error> {
        let folder = self.folder.join(name);
        let files: Vec<(i64, String, i64, i64)> = {
            let mut statement = self.map.prepare("SELECT slot, path, bytes, rows FROM file WHERE tbl = ?1")?;
            let rows = statement.query_map([number], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (slot, name, bytes, rows) in &files {
            self.files += 1;
            let path = folder.join(name);
            match fs::metadata(&path) {
                Err(_) => self.find(Severity::Fault, "a file of the lake is missing", &path, REBUILD),
                Ok(about) if about.len() != *bytes as u64 => {
                    let what = format!("a file of the lake has {} bytes, the map says {bytes}", about.len());
                    self.find(Severity::Fault, what, &path, REBUILD);
                }
                Ok(_) => {}
            }
            let placed: i64 = self.map.query_row(
                "SELECT count(*) FROM placed WHERE tbl = ?1 AND slot = ?2",
                [number, *slot],
                |r| r.get(0),
            )?;
            // Rows of superseded versions may still lie in a file; a placed version without a row may not be.
            if placed > *rows {
                let what = format!("the map places {placed} versions in a file of {rows} rows");
                self.find(Severity::Fault, what, &path, REBUILD);
            }
        }
        let log: Option<i64> =
            self.map.query_row("SELECT max(version) FROM log WHERE tbl = ?1", [number], |r| r.get(0))?;
        let pending =
            self.map.query_row("SELECT count(*) FROM pending WHERE tbl = ?1", [number], |r| r.get::<_, i64>(0))?;
        if let Some(version) = log
            && !self.against.in_use
        {
            let path = crate::delta::log_folder(&folder).join(format!("{version:020}.json"));
            match (path.exists(), pending > 0) {
                (true, _) => {}
                (false, true) => {
                    self.find(Severity::Note, "a log entry of the lake is still to be written", &path, NEXT_START);
                }
                (false, false) => {
                    self.find(Severity::Fault, "the newest log entry of the lake is missing", &path, REBUILD);
                }
            }
        }
        if !self.against.in_use {
            self.strays(number, &folder)?;
        }
        Ok(())
    }

    /// Files that the map does not know.
    fn strays(&mut self, number: i64, folder: &Path) -> Result<(), Error> {
        let known: HashSet<String> = {
            let mut statement = self
                .map
                .prepare("SELECT path FROM file WHERE tbl = ?1 UNION ALL SELECT path FROM removed WHERE tbl = ?1")?;
            let rows = statement.query_map([number], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let Ok(entries) = fs::read_dir(folder) else {
            self.find(Severity::Fault, "a table of the lake has no folder", folder, REBUILD);
            return Ok(());
        };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.is_file()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !known.contains(&name) {
                self.find(Severity::Note, "a file that no table knows", &path, NEXT_START);
            }
        }
        Ok(())
    }
}
