//! When a source was last asked for what it has, and how that ended: also where nothing was different, or nothing could be taken.

use crate::error::Error;
use crate::mapping::Settings;
use crate::pull::Sources;
use crate::pull::catalogue::{Catalogue, SourceInfo};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde_json::Value;
use std::path::Path;

/// The table, which catalogues of earlier programs get when they are opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS attempt (
    source INTEGER PRIMARY KEY, begun_us INTEGER NOT NULL, done_us INTEGER, problem TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS attempt_doubt (source INTEGER PRIMARY KEY, doubts TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS owed_run (
    source INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, is_owed INTEGER NOT NULL, problem TEXT
) STRICT;
";

/// The last pull of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, µs UTC; if it was cut off, when one ended well before it: what was due then is due still.
    pub begun_us: i64,
    /// When one ended well last, µs UTC; `None` if none did.
    pub done_us: Option<i64>,
    /// Why it did not end well.
    pub problem: Option<String>,
}

/// The run of a mapping that comes after a pull that nobody waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedRun {
    /// When its pull ended, or it failed, µs UTC.
    pub at_us: i64,
    /// Whether it is still to come.
    pub is_owed: bool,
    /// Why the last one failed; none when one has ended well since.
    pub problem: Option<String>,
}

/// When a source is pulled by itself, and whether it is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it is due next, µs UTC; `None` without a schedule.
    pub next_us: Option<i64>,
    /// Whether it is late.
    pub is_late: bool,
}

impl Times {
    /// Of a source with these settings.
    pub fn of(source: &SourceInfo, attempt: Option<&Attempt>, settings: &Settings, now_us: i64) -> Times {
        let zone = TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC);
        let since = attempt.map_or(source.added_us, |attempt| attempt.begun_us);
        let done = attempt.and_then(|attempt| attempt.done_us).unwrap_or(source.added_us);
        let allowed_us = settings.late_after.map(|late| i64::try_from(late.as_micros()).unwrap_or(i64::MAX));
        Times {
            next_us: settings.schedule.as_ref().and_then(|schedule| schedule.next(since, &zone)),
            is_late: allowed_us.is_some_and(|allowed_us| now_us.saturating_sub(done) > allowed_us),
        }
    }
}

/// What is told of a pull that was cut off.
const INTERRUPTED: &str = "the last pull was stopped, or the program ended under it: nothing was taken of it";

/// Notes of attempts without end, of one source or of all, that they were cut off.
pub(super) fn interrupted(db: &Connection, source: Option<i64>) -> Result<(), Error> {
    db.execute(
        "UPDATE attempt SET problem = ?1, begun_us = coalesce(done_us, (SELECT added_us FROM source WHERE no = attempt.source))
         WHERE problem IS NULL AND (done_us IS NULL OR done_us < begun_us) AND source = coalesce(?2, source)",
        params![INTERRUPTED, source],
    )?;
    Ok(())
}

impl Catalogue {
    fn attempt(&self, source: i64) -> Result<Option<Attempt>, Error> {
        let sql = "SELECT begun_us, done_us, problem FROM attempt WHERE source = ?1";
        Ok(self.db.query_row(sql, [source], |row| attempt_of(row, 0)).optional()?)
    }
}

fn attempt_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Attempt> {
    Ok(Attempt { begun_us: row.get(at)?, done_us: row.get(at + 1)?, problem: row.get(at + 2)? })
}

impl Sources {
    /// Notes that a source is asked for what it has.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn begin_attempt(&self, source: &SourceInfo) -> Result<(), Error> {
        let sql = "INSERT INTO attempt (source, begun_us) VALUES (?1, ?2)
                   ON CONFLICT (source) DO UPDATE SET begun_us = excluded.begun_us, problem = NULL";
        let catalogue = self.catalogue();
        catalogue.db.execute(sql, params![source.no, self.records.now_us()])?;
        catalogue.db.execute("DELETE FROM attempt_doubt WHERE source = ?1", [source.no])?;
        Ok(())
    }

    /// Notes how that ended; where a person is to look at the delivery first, why, as pages say it.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn end_attempt(&self, source: &SourceInfo, problem: Option<&str>, doubts: Option<&Value>) -> Result<(), Error> {
        let sql = "UPDATE attempt SET problem = ?2, done_us = CASE WHEN ?2 IS NULL THEN ?3 ELSE done_us END WHERE source = ?1";
        let catalogue = self.catalogue();
        catalogue.db.execute(sql, params![source.no, problem, self.records.now_us()])?;
        if let Some(doubts) = doubts {
            let sql = "INSERT OR REPLACE INTO attempt_doubt (source, doubts) VALUES (?1, ?2)";
            catalogue.db.execute(sql, params![source.no, doubts.to_string()])?;
        }
        Ok(())
    }

    /// Why a person is to look at what the last pull of a source found; they quote rows, and are for who may see these.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn doubts(&self, source: &SourceInfo) -> Result<Option<Value>, Error> {
        let sql = "SELECT doubts FROM attempt_doubt WHERE source = ?1";
        let found: Option<String> = self.catalogue().db.query_row(sql, [source.no], |row| row.get(0)).optional()?;
        Ok(found.and_then(|doubts| serde_json::from_str(&doubts).ok()))
    }

    /// Notes that somebody stopped it: if it was due, it is due still.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn stop_attempt(&self, source: &SourceInfo) -> Result<(), Error> {
        interrupted(&self.catalogue().db, Some(source.no))
    }

    /// Notes that the mapping of a source is to be run.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn owe_run(&self, source: &SourceInfo) -> Result<(), Error> {
        let sql = "INSERT INTO owed_run (source, at_us, is_owed) VALUES (?1, ?2, 1)
                   ON CONFLICT (source) DO UPDATE SET at_us = excluded.at_us, is_owed = 1";
        self.catalogue().db.execute(sql, params![source.no, self.records.now_us()])?;
        Ok(())
    }

    /// Notes how a run that was to come ended.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn end_owed_run(&self, source: &SourceInfo, problem: Option<&str>) -> Result<(), Error> {
        let sql = "UPDATE owed_run SET at_us = ?2, is_owed = 0, problem = ?3 WHERE source = ?1";
        self.catalogue().db.execute(sql, params![source.no, self.records.now_us(), problem])?;
        Ok(())
    }

    /// The run that came, or is to come, after the last pull that nobody waited for. Its problem is for who may see rows.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn owed_run(&self, source: &SourceInfo) -> Result<Option<OwedRun>, Error> {
        let sql = "SELECT at_us, is_owed, problem FROM owed_run WHERE source = ?1";
        let of = |row: &Row<'_>| Ok(OwedRun { at_us: row.get(0)?, is_owed: row.get(1)?, problem: row.get(2)? });
        Ok(self.catalogue().db.query_row(sql, [source.no], of).optional()?)
    }

    /// The last pull of a source. It tells no row, but the problem may: that is for who may see rows.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn attempt(&self, source: &SourceInfo) -> Result<Option<Attempt>, Error> {
        self.catalogue().attempt(source.no)
    }
}

/// All sources of the store in `folder` with their last pulls, for whoever looks at a data directory without opening it.
///
/// # Errors
/// [`Error::Catalogue`].
pub fn attempts_in(folder: &Path) -> Result<Vec<(SourceInfo, Option<Attempt>)>, Error> {
    let path = folder.join("tables.db");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let known: bool =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'attempt'", [], |row| row.get(0))?;
    let attempts =
        if known { "attempt" } else { "(SELECT NULL AS source, 0 AS begun_us, NULL AS done_us, NULL AS problem)" };
    let sql = format!(
        "SELECT s.no, s.name, s.path, s.mapping, s.added_us, a.source, a.begun_us, a.done_us, a.problem
         FROM source s LEFT JOIN {attempts} a ON a.source = s.no ORDER BY s.name"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map([], |row| {
        let source = SourceInfo {
            no: row.get(0)?,
            name: row.get(1)?,
            path: row.get(2)?,
            mapping: row.get(3)?,
            added_us: row.get(4)?,
        };
        let has = row.get::<_, Option<i64>>(5)?.is_some();
        Ok((source, if has { Some(attempt_of(row, 6)?) } else { None }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The names of sources in `folder` whose mapping could not be run by itself the last time.
///
/// # Errors
/// [`Error::Catalogue`].
pub fn failed_runs_in(folder: &Path) -> Result<Vec<String>, Error> {
    let path = folder.join("tables.db");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let known: bool =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'owed_run'", [], |row| row.get(0))?;
    if !known {
        return Ok(Vec::new());
    }
    let sql =
        "SELECT s.name FROM source s JOIN owed_run r ON r.source = s.no WHERE r.problem IS NOT NULL ORDER BY s.name";
    let mut query = db.prepare(sql)?;
    let names = query.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_due_after_its_last_pull_and_late_after_its_last_good_one() {
        const HOUR_US: i64 = 3_600_000_000;
        let source = SourceInfo { no: 1, name: "his".into(), path: "/x".into(), mapping: "m".into(), added_us: 0 };
        let toml = "name = \"m\"\nschedule = \"0 2 * * *\"\nlate_after = \"26h\"\n".to_owned();
        let settings = Settings::of_files(&[("mapping.toml".to_owned(), toml)]);
        let times = |attempt: Option<&Attempt>, hour: i64| {
            let times = Times::of(&source, attempt, &settings, hour * HOUR_US);
            (times.next_us.map(|next| next / HOUR_US), times.is_late)
        };
        assert_eq!(times(None, 26), (Some(2), false));
        assert_eq!(times(None, 27), (Some(2), true));
        let failed = Attempt { begun_us: 26 * HOUR_US, done_us: Some(2 * HOUR_US), problem: Some("x".into()) };
        assert_eq!(times(Some(&failed), 28), (Some(50), false));
        assert_eq!(times(Some(&failed), 29), (Some(50), true));
        assert_eq!(Times::of(&source, None, &Settings::default(), i64::MAX), Times { next_us: None, is_late: false });
    }
}
