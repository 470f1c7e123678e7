//! `kill -9` at random moments, with a witness outside that notes what was acknowledged.

use crate::program::{Client, Data, rounds, write};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Kills in each test.
const ROUNDS: u64 = 20;
const WRITERS: u64 = 4;

/// A small generator (xorshift64*), so that a seed gives the same moments again as far as the machine allows.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let seed = std::env::var("MEDWEAVE_SEED").ok().and_then(|s| s.parse().ok());
        let seed = seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1);
        println!("MEDWEAVE_SEED={seed}");
        Moments(seed)
    }

    fn up_to(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }
}

fn patient(round: u64, writer: u64, no: u64) -> Value {
    let id = format!("r{round}-w{writer}-{no}");
    json!({"resourceType": "Patient", "id": id, "identifier": [{"system": "urn:witness", "value": id}], "gender": "female"})
}

/// Writes until the program is gone; notes each write that was acknowledged.
fn witness(client: &Client, round: u64, writer: u64, seen: &Mutex<BTreeMap<String, Value>>, gone: &AtomicBool) {
    for no in 0.. {
        if gone.load(Ordering::Relaxed) {
            return;
        }
        let patient = patient(round, writer, no);
        let id = patient["id"].as_str().unwrap().to_owned();
        match client.attempt("PUT", &format!("/fhir/Patient/{id}"), &patient) {
            Some(201) => {
                seen.lock().unwrap().insert(id, patient);
            }
            Some(status) => panic!("{id}: {status}"),
            None => return,
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_exactly_once() {
    let data = Data::new();
    let token = data.token("system/*.cruds");
    let mut moments = Moments::new();
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    for round in 0..rounds(ROUNDS) {
        let served = data.serve(&[]);
        let client = served.client(&token);
        let gone = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, seen, gone) = (client.clone(), Arc::clone(&seen), Arc::clone(&gone));
                std::thread::spawn(move || witness(&client, round, writer, &seen, &gone))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(50 + moments.up_to(250)));
        // Dropping it is SIGKILL.
        drop(served);
        gone.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().unwrap();
        }
    }
    let served = data.serve(&[]);
    let client = served.client(&token);
    let seen = seen.lock().unwrap();
    assert!(seen.len() as u64 > ROUNDS, "only {} writes were acknowledged", seen.len());
    for (id, sent) in seen.iter() {
        let answer = client.get(&format!("/fhir/Patient/{id}"));
        assert_eq!(answer.status, 200, "{id} was acknowledged and is gone");
        let stored = answer.json();
        assert_eq!((&stored["identifier"], &stored["meta"]["versionId"]), (&sent["identifier"], &json!("1")));
        let found = client.get(&format!("/fhir/Patient?identifier=urn:witness%7C{id}&_summary=count")).json();
        assert_eq!(found["total"], 1, "{id}");
    }
    // Everything there is came once: as many changes as resources, found by search as by history.
    let status = data.json(&["status", "--json"]);
    let total = client.get("/fhir/Patient?_summary=count").json()["total"].clone();
    assert_eq!((&status["feed"], &status["resources"]), (&total, &total));
    assert!(total.as_u64().unwrap() >= seen.len() as u64);
    assert_eq!(client.get("/fhir/_history?_count=1").json()["total"], total);
    agrees(&data, total.as_u64().unwrap());
}

/// SQL counts what FHIR counts, each once, and `doctor` finds the feed without a gap and nothing else amiss.
fn agrees(data: &Data, total: u64) {
    let question =
        "SELECT count(*) AS n, count(DISTINCT id) AS ids, (SELECT count(*) FROM patient) AS people FROM resource";
    let counted = data.done(&["sql", "--format", "csv", question]);
    assert_eq!(counted.lines().nth(1), Some(format!("{total},{total},{total}").as_str()), "{counted}");
    let told = data.json(&["doctor", "--json"]);
    assert_eq!((&told["faults"], &told["checked"]["changes in the feed"]), (&0.into(), &total.into()), "{told:#}");
}

#[test]
fn an_import_that_is_killed_goes_on_where_it_was() {
    const LINES: u64 = 6_000;
    let data = Data::new();
    let file = data.path("patients.ndjson");
    let lines: Vec<String> = (0..LINES).map(|no| patient(0, 0, no).to_string()).collect();
    write(&file, lines.join("\n").as_bytes());
    let file = file.to_str().unwrap();
    let mut moments = Moments::new();
    for _ in 0..rounds(ROUNDS) {
        let mut child = data.command(&["import", file, "--json"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + moments.up_to(400)));
        let _ = child.kill();
        child.wait().unwrap();
    }
    let last = data.json(&["import", file, "--json"]);
    assert_eq!(last["stored"].as_u64().unwrap() + last["unchanged"].as_u64().unwrap(), LINES, "{last}");
    let status = data.json(&["status", "--json"]);
    assert_eq!((&status["resources"], &status["feed"]), (&LINES.into(), &LINES.into()));
    agrees(&data, LINES);
}
