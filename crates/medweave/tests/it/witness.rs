//! What the tests that kill the program have in common: when they kill it, and what must hold afterwards.

use crate::program::Data;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long anything may take that must happen before a kill.
const PATIENCE: Duration = Duration::from_mins(3);

/// Kills in a test, unless `make soak` asks for more.
pub fn rounds() -> u64 {
    std::env::var("MEDWEAVE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

/// A small generator (xorshift64*), so that a seed gives the same moments again as far as the machine allows.
pub struct Moments(u64);

impl Moments {
    pub fn new() -> Self {
        let seed = std::env::var("MEDWEAVE_SEED").ok().and_then(|s| s.parse().ok());
        let seed = seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1);
        println!("MEDWEAVE_SEED={seed}");
        Moments(seed)
    }

    pub fn up_to(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }

    /// Waits until `reached` gives a random number below `limit`, or `None` because there will be no more; then some milliseconds,
    /// so that the moment lies anywhere between two steps. A slow machine waits longer and is killed at the same point.
    pub fn wait_for(&mut self, limit: u64, mut reached: impl FnMut() -> Option<u64>) {
        let (goal, begun) = (self.up_to(limit), Instant::now());
        while reached().is_some_and(|reached| reached < goal) {
            assert!(begun.elapsed() < PATIENCE, "it does not come as far as {goal}");
            std::thread::sleep(Duration::from_micros(500));
        }
        std::thread::sleep(Duration::from_micros(self.up_to(5_000)));
    }
}

/// The changes in the feed, as the database itself has them: how many, the first, the last. Nobody may have it open.
pub fn feed(data: &Data) -> (i64, i64, i64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(data.path("data/records/records.db"), flags).unwrap();
    database
        .query_row("SELECT count(*), min(seq), max(seq) FROM feed", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap()
}

/// What must hold of a directory after kills, looked at from three sides: nothing is there twice, and none of them counts otherwise.
/// Nobody may have it open.
pub fn agrees(data: &Data, resources: u64, patients: u64) {
    // The feed is 1…n, as the database itself has it.
    let feed = feed(data);
    assert_eq!(feed, (resources as i64, 1, resources as i64), "the feed has a gap, or more changes than resources");
    // SQL counts what FHIR counts, each once.
    let question = "SELECT count(*) AS n, count(DISTINCT type || '/' || id) AS ids, (SELECT count(*) FROM patient) AS people FROM resource";
    let counted = data.done(&["sql", "--format", "csv", question]);
    assert_eq!(counted.lines().nth(1), Some(format!("{resources},{resources},{patients}").as_str()), "{counted}");
    let status = data.json(&["status", "--json"]);
    assert_eq!((&status["resources"], &status["types"]["Patient"]), (&resources.into(), &patients.into()));
    // The same from files that other engines read.
    data.done(&["lake", "flush"]);
    let counted = data.done(&["sql", "--format", "csv", question]);
    assert_eq!(counted.lines().nth(1), Some(format!("{resources},{resources},{patients}").as_str()), "{counted}");
    let told: Value = data.json(&["doctor", "--json"]);
    let faults: Vec<&Value> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "fault" && !finding["what"].as_str().unwrap().contains("MiB are free"))
        .collect();
    assert_eq!(faults.len(), 0, "{told:#}");
    assert_eq!(told["checked"]["changes in the feed"], resources, "{told:#}");
}
