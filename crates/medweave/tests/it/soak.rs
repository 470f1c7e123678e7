//! Long mixed load, for `make soak`: writers, readers, SQL and kills together, for as many minutes as `MEDWEAVE_SOAK_MINUTES` says.

use crate::program::{Client, Data};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Resources that are written again and again.
const IDS: u64 = 2_000;
/// The program is killed this often.
const KILLED_EVERY: Duration = Duration::from_mins(1);
/// What it may hold in memory.
const MEMORY_BYTES: u64 = 1 << 30;

/// What was acknowledged: the newest version of each resource.
type Acknowledged = Arc<Mutex<BTreeMap<u64, u64>>>;

#[derive(Default)]
struct Counts {
    writes: AtomicU64,
    reads: AtomicU64,
    questions: AtomicU64,
    /// Answers that did not have all that was acknowledged, and said so.
    behind: AtomicU64,
    /// The longest that SQL said it was behind.
    lag_ms: AtomicU64,
}

fn write(client: &Client, writer: u64, acknowledged: &Acknowledged, counts: &Counts, over: &AtomicBool) {
    for turn in 0.. {
        let id = (turn * 7 + writer * 1_000) % (IDS / 2) + writer * IDS / 2;
        let body = json!({"resourceType": "Observation", "id": format!("o{id}"), "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}, "valueQuantity": {"value": turn}});
        if over.load(Ordering::Relaxed) {
            return;
        }
        match client.attempt("PUT", &format!("/fhir/Observation/o{id}"), &body) {
            Some(200 | 201) => {
                *acknowledged.lock().unwrap().entry(id).or_default() += 1;
                counts.writes.fetch_add(1, Ordering::Relaxed);
            }
            Some(status) => panic!("o{id}: {status}"),
            None => return,
        }
    }
}

/// A resource is never older than what was acknowledged before it was asked for.
fn read(client: &Client, acknowledged: &Acknowledged, counts: &Counts, over: &AtomicBool) {
    for turn in 0u64.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let asked =
            { acknowledged.lock().unwrap().iter().nth((turn % IDS) as usize).map(|(id, versions)| (*id, *versions)) };
        let Some((id, versions)) = asked else { continue };
        let Some(resource) = client.try_json(&format!("/fhir/Observation/o{id}")) else { return };
        let version: u64 = resource["meta"]["versionId"].as_str().unwrap().parse().unwrap();
        assert!(version >= versions, "o{id} is at {version}, {versions} were acknowledged");
        counts.reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// SQL never counts a resource twice, never goes back, and has all that was acknowledged before it was asked unless it says how far
/// behind it is.
fn ask(client: &Client, acknowledged: &Acknowledged, counts: &Counts, over: &AtomicBool) {
    let mut before = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let known = acknowledged.lock().unwrap().len() as u64;
        let body = json!({"sql": "SELECT count(*), count(DISTINCT id) FROM resource", "format": "json"});
        let Some(answer) = client.try_send("POST", "/api/sql", &body) else { return };
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{answer}"));
        let (rows, ids, seq) = (number(&answer["rows"][0][0]), number(&answer["rows"][0][1]), number(&answer["seq"]));
        let lag_s = answer["lag_s"].as_f64().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(rows, ids, "{answer}");
        assert!(rows >= known || lag_s > 0.0, "{answer}: {known} were acknowledged, and it says that it is not behind");
        assert!((seq, rows) >= before && rows >= before.1, "{answer} after {before:?}");
        before = (seq, rows);
        counts.questions.fetch_add(1, Ordering::Relaxed);
        counts.behind.fetch_add(u64::from(rows < known), Ordering::Relaxed);
        counts.lag_ms.fetch_max((lag_s * 1_000.0) as u64, Ordering::Relaxed);
    }
}

fn memory_bytes(pid: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().split(' ').next().unwrap().parse::<u64>().unwrap_or(0) << 10
}

#[test]
fn mixed_load_with_kills_stays_right_and_bounded() {
    let Some(minutes) = std::env::var("MEDWEAVE_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()) else {
        println!("left to `make soak`, which says for how many minutes");
        return;
    };
    let data = Data::new();
    let token = data.token("system/*.cruds");
    let (acknowledged, counts) = (Acknowledged::default(), Arc::new(Counts::default()));
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < Duration::from_mins(minutes) {
        let served = data.serve(&[]);
        let over = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for role in 0..5 {
            let (client, acknowledged) = (served.client(&token), Arc::clone(&acknowledged));
            let (counts, over) = (Arc::clone(&counts), Arc::clone(&over));
            threads.push(std::thread::spawn(move || match role {
                0 | 1 => write(&client, role, &acknowledged, &counts, &over),
                2 | 3 => read(&client, &acknowledged, &counts, &over),
                _ => ask(&client, &acknowledged, &counts, &over),
            }));
        }
        let round = Instant::now();
        let mut most = 0;
        while round.elapsed() < KILLED_EVERY && begun.elapsed() < Duration::from_mins(minutes) {
            std::thread::sleep(Duration::from_secs(1));
            most = most.max(memory_bytes(served.pid()));
            assert!(threads.iter().all(|thread| !thread.is_finished()), "a client ended early");
        }
        assert!(most < MEMORY_BYTES, "the program held {most} bytes");
        drop(served);
        over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().unwrap();
        }
        rounds += 1;
        println!(
            "{:>4} s  {rounds} kills  {} writes  {} reads  {} questions, {} behind, {} ms at most  {} MiB at most",
            begun.elapsed().as_secs(),
            counts.writes.load(Ordering::Relaxed),
            counts.reads.load(Ordering::Relaxed),
            counts.questions.load(Ordering::Relaxed),
            counts.behind.load(Ordering::Relaxed),
            counts.lag_ms.load(Ordering::Relaxed),
            most >> 20
        );
    }
    // When all is over SQL has all that was acknowledged, and every resource the versions that were.
    let served = data.serve(&[]);
    let client = served.client(&token);
    let acknowledged = acknowledged.lock().unwrap();
    let counted = data.json(&["sql", "--format", "json", "SELECT count(*), count(DISTINCT id) FROM resource"]);
    let total = client.get("/fhir/Observation?_summary=count").json()["total"].clone();
    assert_eq!(counted["rows"], json!([[total, total]]));
    assert!(total.as_u64().unwrap() >= acknowledged.len() as u64);
    for (id, versions) in acknowledged.iter() {
        let resource = client.get(&format!("/fhir/Observation/o{id}")).json();
        let version: u64 = resource["meta"]["versionId"].as_str().unwrap().parse().unwrap();
        assert!(version >= *versions, "o{id} is at {version}, {versions} were acknowledged");
    }
    drop(served);
    let told: Value = data.json(&["doctor", "--json"]);
    let findings = told["findings"].as_array().unwrap().iter();
    let faults = findings.filter(|finding| finding["severity"] == "fault").count();
    assert_eq!(faults, 0, "{told:#}");
    println!("{} resources, {} changes, doctor finds no fault", total, told["checked"]["changes in the feed"]);
}
