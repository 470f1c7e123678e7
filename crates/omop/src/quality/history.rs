//! What earlier runs found, and thresholds that somebody chose, in `DATA/omop/quality.db`.

use super::check::Check;
use super::run::{Outcome, Status};
use super::why_not::WhyNot;
use crate::error::Error;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Runs that are kept.
const KEPT_RUNS: i64 = 500;
/// How long a call waits for another program that writes.
const PATIENCE: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS run(no INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, who TEXT NOT NULL, seq INTEGER NOT NULL,
        seconds REAL NOT NULL, definitions TEXT NOT NULL, vocabulary TEXT, checks INTEGER NOT NULL, passed INTEGER NOT NULL,
        failed INTEGER NOT NULL, not_applicable INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS check_name(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS outcome(run INTEGER NOT NULL, check_no INTEGER NOT NULL, violated INTEGER NOT NULL, rows INTEGER NOT NULL,
        status INTEGER NOT NULL, reason TEXT, threshold REAL, PRIMARY KEY (check_no, run)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS outcome_run ON outcome(run);
    CREATE TABLE IF NOT EXISTS threshold(no INTEGER PRIMARY KEY, name TEXT NOT NULL, threshold REAL, reason TEXT NOT NULL, who TEXT NOT NULL,
        at_us INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS threshold_name ON threshold(name, no);
";

/// The history of a data directory.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Its number; 0 before it is kept.
    pub run: i64,
    /// When it began, µs UTC.
    pub at_us: i64,
    /// Who ran it.
    pub who: String,
    /// The position in the feed that the tables had.
    pub seq: i64,
    /// How long it took.
    pub seconds: f64,
    /// Where the definitions are from.
    pub definitions: String,
    /// The version of the vocabulary, if one was loaded.
    pub vocabulary: Option<String>,
    /// How many checks were run.
    pub checks: u64,
    /// How many were passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
    /// How many were about nothing.
    pub not_applicable: u64,
}

/// What a check found in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The run.
    pub run: i64,
    /// When it began, µs UTC.
    pub at_us: i64,
    /// The check's name.
    pub check: String,
    /// Wrong rows.
    pub violated: u64,
    /// Rows that were looked at.
    pub rows: u64,
    /// What that meant.
    pub status: Status,
    /// The threshold that it had then.
    pub threshold: Option<f64>,
}

/// A threshold that somebody chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Percent; none: that of the definition again.
    pub threshold: Option<f64>,
    /// Why.
    pub reason: String,
    /// Who.
    pub who: String,
    /// When, µs UTC.
    pub at_us: i64,
}

impl History {
    /// The history of a data directory.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(data: &Path) -> Result<History, Error> {
        let folder = data.join("omop");
        std::fs::create_dir_all(&folder).map_err(|error| Error::file("make the folder", &folder, error))?;
        let history = History { path: folder.join("quality.db") };
        history.connect()?.execute_batch(SCHEMA)?;
        Ok(history)
    }

    fn connect(&self) -> Result<Connection, Error> {
        let database = Connection::open(&self.path)?;
        database.busy_timeout(PATIENCE)?;
        Ok(database)
    }

    /// Keeps a run and what it found. Gives it with its number and counts.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, run: RunInfo, outcomes: &[Outcome]) -> Result<RunInfo, Error> {
        let count = |name: &str| outcomes.iter().filter(|outcome| outcome.status.name() == name).count() as u64;
        let mut run = RunInfo {
            checks: outcomes.len() as u64,
            passed: count("passed"),
            failed: count("failed"),
            not_applicable: count("not-applicable"),
            ..run
        };
        let mut database = self.connect()?;
        let write = database.transaction()?;
        write.execute(
            "INSERT INTO run(at_us, who, seq, seconds, definitions, vocabulary, checks, passed, failed, not_applicable) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                run.at_us, run.who, run.seq, run.seconds, run.definitions, run.vocabulary, run.checks as i64,
                run.passed as i64, run.failed as i64, run.not_applicable as i64
            ],
        )?;
        run.run = write.last_insert_rowid();
        for outcome in outcomes {
            let name = outcome.check.id();
            write.prepare_cached("INSERT OR IGNORE INTO check_name(name) VALUES (?)")?.execute([&name])?;
            let (status, reason) = match &outcome.status {
                Status::Passed => (0, None),
                Status::Failed => (1, None),
                Status::NotApplicable(why) => (2, Some(why.to_string())),
            };
            write
                .prepare_cached("INSERT INTO outcome SELECT ?, no, ?, ?, ?, ?, ? FROM check_name WHERE name = ?")?
                .execute(params![
                    run.run,
                    outcome.violated as i64,
                    outcome.rows as i64,
                    status,
                    reason,
                    outcome.check.threshold,
                    name
                ])?;
        }
        write.execute("DELETE FROM outcome WHERE run <= ?", [run.run - KEPT_RUNS])?;
        write.execute("DELETE FROM run WHERE no <= ?", [run.run - KEPT_RUNS])?;
        write.commit()?;
        Ok(run)
    }

    /// The newest runs, the newest first.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunInfo>, Error> {
        let database = self.connect()?;
        let mut query = database.prepare("SELECT * FROM run ORDER BY no DESC LIMIT ?")?;
        let runs = query.query_map([limit as i64], run_of)?.collect::<Result<_, _>>()?;
        Ok(runs)
    }

    /// A run and what it found; none if it is not kept.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn run(&self, run: i64) -> Result<Option<(RunInfo, Vec<Kept>)>, Error> {
        let database = self.connect()?;
        let info = database.query_row("SELECT * FROM run WHERE no = ?", [run], run_of).optional()?;
        let Some(info) = info else { return Ok(None) };
        Ok(Some((info, kept(&database, "o.run = ?", run)?)))
    }

    /// For each check, what the run before one found that had the check.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn before(&self, run: i64) -> Result<BTreeMap<String, Kept>, Error> {
        let database = self.connect()?;
        let condition = "o.run = (SELECT max(b.run) FROM outcome b WHERE b.check_no = o.check_no AND b.run < ?)";
        Ok(kept(&database, condition, run)?.into_iter().map(|kept| (kept.check.clone(), kept)).collect())
    }

    /// What a check found, the newest run first.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn of_check(&self, name: &str) -> Result<Vec<Kept>, Error> {
        let mut all = kept(&self.connect()?, "c.name = ?", name)?;
        all.reverse();
        Ok(all)
    }

    /// Gives checks the thresholds that were chosen. Gives their names.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn apply(&self, checks: &mut [Check]) -> Result<Vec<String>, Error> {
        let database = self.connect()?;
        let mut query = database.prepare(
            "SELECT name, threshold FROM threshold WHERE no IN (SELECT max(no) FROM threshold GROUP BY name) AND threshold IS NOT NULL",
        )?;
        let chosen = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let chosen: BTreeMap<String, f64> = chosen.collect::<Result<_, _>>()?;
        if !chosen.is_empty() {
            for check in checks {
                if let Some(threshold) = chosen.get(&check.id()) {
                    check.threshold = Some(*threshold);
                }
            }
        }
        Ok(chosen.into_keys().collect())
    }

    /// The thresholds that are in force because somebody chose them, with the names of their checks, by these.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn in_force(&self) -> Result<Vec<(String, Chosen)>, Error> {
        let database = self.connect()?;
        let mut query = database.prepare(
            "SELECT threshold, reason, who, at_us, name FROM threshold WHERE no IN (SELECT max(no) FROM threshold GROUP BY name) \
             AND threshold IS NOT NULL ORDER BY name",
        )?;
        let all = query.query_map([], |row| Ok((row.get(4)?, chosen_of(row)?)))?.collect::<Result<_, _>>()?;
        Ok(all)
    }

    /// Chooses a threshold, or that of the definition again.
    ///
    /// # Errors
    /// Not from 0 to 100; no reason; it cannot be written.
    pub fn choose(&self, check: &Check, chosen: &Chosen) -> Result<(), Error> {
        if chosen.threshold.is_some_and(|threshold| !(0.0..=100.0).contains(&threshold)) {
            return Err(Error::definition("threshold", "is percent, from 0 to 100"));
        }
        if chosen.reason.trim().is_empty() {
            return Err(Error::definition("reason", "says why, for those who see the result; it is empty"));
        }
        self.connect()?.execute(
            "INSERT INTO threshold(name, threshold, reason, who, at_us) VALUES (?, ?, ?, ?, ?)",
            params![check.id(), chosen.threshold, chosen.reason.trim(), chosen.who, chosen.at_us],
        )?;
        Ok(())
    }

    /// The thresholds that were chosen for a check, the newest first.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn chosen(&self, name: &str) -> Result<Vec<Chosen>, Error> {
        let database = self.connect()?;
        let mut query =
            database.prepare("SELECT threshold, reason, who, at_us FROM threshold WHERE name = ? ORDER BY no DESC")?;
        let all = query.query_map([name], chosen_of)?;
        Ok(all.collect::<Result<_, _>>()?)
    }
}

fn chosen_of(row: &Row<'_>) -> rusqlite::Result<Chosen> {
    Ok(Chosen { threshold: row.get(0)?, reason: row.get(1)?, who: row.get(2)?, at_us: row.get(3)? })
}

fn run_of(row: &Row<'_>) -> rusqlite::Result<RunInfo> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(RunInfo {
        run: row.get(0)?,
        at_us: row.get(1)?,
        who: row.get(2)?,
        seq: row.get(3)?,
        seconds: row.get(4)?,
        definitions: row.get(5)?,
        vocabulary: row.get(6)?,
        checks: count(7)?,
        passed: count(8)?,
        failed: count(9)?,
        not_applicable: count(10)?,
    })
}

fn kept(database: &Connection, condition: &str, value: impl rusqlite::ToSql) -> Result<Vec<Kept>, Error> {
    let sql = format!(
        "SELECT o.run, r.at_us, c.name, o.violated, o.rows, o.status, o.reason, o.threshold FROM outcome o \
         JOIN check_name c ON c.no = o.check_no JOIN run r ON r.no = o.run WHERE {condition} ORDER BY o.run, o.check_no"
    );
    let mut query = database.prepare(&sql)?;
    let all = query.query_map([value], |row| {
        let reason: Option<String> = row.get(6)?;
        Ok(Kept {
            run: row.get(0)?,
            at_us: row.get(1)?,
            check: row.get(2)?,
            violated: row.get::<_, i64>(3)?.unsigned_abs(),
            rows: row.get::<_, i64>(4)?.unsigned_abs(),
            status: match row.get::<_, i64>(5)? {
                0 => Status::Passed,
                1 => Status::Failed,
                _ => Status::NotApplicable(WhyNot::read(&reason.unwrap_or_default())),
            },
            threshold: row.get(7)?,
        })
    })?;
    Ok(all.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::Definitions;

    #[test]
    fn runs_are_kept_and_thresholds_are_chosen_with_a_reason() {
        let data = tempfile::tempdir().unwrap();
        let history = History::open(data.path()).unwrap();
        let mut checks = Definitions::carried().unwrap().checks;
        checks.truncate(3);
        let outcome =
            |check: &Check, violated: u64, status: Status| Outcome { check: check.clone(), violated, rows: 10, status };
        let info = |at_us: i64| RunInfo {
            run: 0,
            at_us,
            who: "ada".into(),
            seq: 7,
            seconds: 0.5,
            definitions: "d".into(),
            vocabulary: None,
            checks: 0,
            passed: 0,
            failed: 0,
            not_applicable: 0,
        };
        let first = [outcome(&checks[0], 1, Status::Failed), outcome(&checks[1], 0, Status::Passed)];
        let kept = history.keep(info(1), &first).unwrap();
        assert_eq!((kept.run, kept.checks, kept.passed, kept.failed, kept.not_applicable), (1, 2, 1, 1, 0));
        let second =
            [outcome(&checks[0], 0, Status::Passed), outcome(&checks[2], 0, Status::NotApplicable(WhyNot::NoRows))];
        history.keep(info(2), &second).unwrap();
        assert_eq!(history.runs(10).unwrap().iter().map(|run| run.run).collect::<Vec<_>>(), [2, 1]);
        let (_, found) = history.run(2).unwrap().unwrap();
        assert_eq!(found[1].status, Status::NotApplicable(WhyNot::NoRows));
        let before = history.before(2).unwrap();
        assert_eq!((before[&checks[0].id()].violated, before.len()), (1, 2));
        assert_eq!(
            history.of_check(&checks[0].id()).unwrap().iter().map(|kept| kept.violated).collect::<Vec<_>>(),
            [0, 1]
        );
        assert_eq!(history.run(9).unwrap(), None);

        let chosen = |threshold: Option<f64>, reason: &str| Chosen {
            threshold,
            reason: reason.into(),
            who: "ada".into(),
            at_us: 3,
        };
        assert!(history.choose(&checks[0], &chosen(Some(101.0), "much")).is_err());
        assert!(history.choose(&checks[0], &chosen(Some(5.0), " ")).is_err());
        history.choose(&checks[0], &chosen(Some(5.0), "the laboratory moves")).unwrap();
        assert_eq!(history.apply(&mut checks).unwrap(), [checks[0].id()]);
        assert_eq!(checks[0].threshold, Some(5.0));
        assert_eq!(history.in_force().unwrap(), [(checks[0].id(), chosen(Some(5.0), "the laboratory moves"))]);
        history.choose(&checks[0], &chosen(None, "it has moved")).unwrap();
        assert!(history.apply(&mut checks).unwrap().is_empty() && history.in_force().unwrap().is_empty());
        assert_eq!(history.chosen(&checks[0].id()).unwrap().len(), 2);
    }
}
