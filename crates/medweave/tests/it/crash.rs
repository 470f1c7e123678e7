//! `kill -9` at random moments, with a witness outside that notes what was acknowledged.

use crate::program::{Client, Data, write};
use crate::witness::{Moments, agrees, rounds};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const WRITERS: u64 = 4;
/// Writes of a round after which it is killed at the latest.
const WRITES: u64 = 80;

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
    for round in 0..rounds() {
        let served = data.serve(&[]);
        let client = served.client(&token);
        let (gone, before) = (Arc::new(AtomicBool::new(false)), seen.lock().unwrap().len() as u64);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, seen, gone) = (client.clone(), Arc::clone(&seen), Arc::clone(&gone));
                std::thread::spawn(move || witness(&client, round, writer, &seen, &gone))
            })
            .collect();
        moments.wait_for(WRITES, || Some(seen.lock().unwrap().len() as u64 - before));
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
    assert!(seen.len() as u64 > rounds(), "only {} writes were acknowledged", seen.len());
    for (id, sent) in seen.iter() {
        let answer = client.get(&format!("/fhir/Patient/{id}"));
        assert_eq!(answer.status, 200, "{id} was acknowledged and is gone");
        let stored = answer.json();
        assert_eq!((&stored["identifier"], &stored["meta"]["versionId"]), (&sent["identifier"], &json!("1")));
        let found = client.get(&format!("/fhir/Patient?identifier=urn:witness%7C{id}&_summary=count")).json();
        assert_eq!(found["total"], 1, "{id}");
    }
    // Everything there is came once: as many changes as resources, found by search as by history.
    let total = client.get("/fhir/Patient?_summary=count").json()["total"].as_u64().unwrap();
    assert!(total >= seen.len() as u64);
    assert_eq!(client.get("/fhir/_history?_count=1").json()["total"], total);
    drop(served);
    agrees(&data, total, total);
}

/// Lines of a file of patients, of a round and a writer of their own.
fn lines(file: &Path, round: u64, count: u64) {
    let lines: Vec<String> = (0..count).map(|no| patient(round, 0, no).to_string()).collect();
    write(file, lines.join("\n").as_bytes());
}

/// Bytes of the records, which grow with each commit.
fn size(data: &Data) -> u64 {
    let bytes =
        |name: &str| std::fs::metadata(data.path(&format!("data/records/{name}"))).map_or(0, |about| about.len());
    bytes("records.db") + bytes("records.db-wal")
}

#[test]
fn an_import_that_is_killed_goes_on_where_it_was() {
    const LINES: u64 = 2_500;
    /// What the records grow by, at least, while a file of so many lines is loaded.
    const GROWTH: u64 = 1 << 20;
    let data = Data::new();
    let mut moments = Moments::new();
    let (rounds, mut was_under_way) = (rounds(), 0);
    for round in 0..rounds {
        // Every other round goes on with the file that was broken off; the others begin one.
        let file = data.path(&format!("patients{}.ndjson", round / 2));
        lines(&file, round / 2, LINES);
        let mut child =
            data.command(&["import", file.to_str().unwrap(), "--json"]).stdout(Stdio::null()).spawn().unwrap();
        let before = size(&data);
        let mut ended = false;
        moments.wait_for(GROWTH, || {
            ended = child.try_wait().unwrap().is_some();
            (!ended).then(|| size(&data).saturating_sub(before))
        });
        was_under_way += u64::from(!ended && size(&data) > before);
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(was_under_way > 0, "no import was killed while it wrote");
    let files = rounds.div_ceil(2);
    for file in 0..files {
        let path = data.path(&format!("patients{file}.ndjson"));
        let last = data.json(&["import", path.to_str().unwrap(), "--json"]);
        assert_eq!(last["stored"].as_u64().unwrap() + last["unchanged"].as_u64().unwrap(), LINES, "{last}");
    }
    agrees(&data, files * LINES, files * LINES);
}

#[test]
fn what_an_import_counted_survives_kill_9_in_the_moment_of_its_report() {
    const LINES: u64 = 500;
    let data = Data::new();
    // By a command of its own, and over a port: whoever has the records is killed in the moment in which the report was read.
    let alone = rounds().div_ceil(4);
    let token = data.token("system/*.cruds");
    for round in 0..2 * alone {
        let file = data.path(&format!("patients{round}.ndjson"));
        lines(&file, round, LINES);
        let report = if round < alone {
            let arguments = ["import", file.to_str().unwrap(), "--json"];
            let mut child = data.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
            let mut report = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut report).unwrap();
            let _ = child.kill();
            child.wait().unwrap();
            report
        } else {
            let served = data.serve(&[]);
            let body = std::fs::read(&file).unwrap();
            let client = served.client(&token);
            let answer = client.send("POST", "/api/import?name=patients.ndjson", &[], &body);
            drop(served);
            String::from_utf8(answer.bytes).unwrap()
        };
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!((&report["stored"], &report["issue_count"]), (&LINES.into(), &0.into()), "{report}");
        // What was counted is there, each under its id, and is not stored again.
        let again = data.json(&["import", file.to_str().unwrap(), "--json"]);
        assert_eq!((&again["stored"], &again["unchanged"]), (&0.into(), &LINES.into()), "{again}");
    }
    agrees(&data, 2 * alone * LINES, 2 * alone * LINES);
}
