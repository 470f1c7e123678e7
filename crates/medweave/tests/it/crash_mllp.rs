//! `kill -9` at random moments while messages come, with a witness outside that notes what was acknowledged.

use crate::mllp::{Line, serve};
use crate::program::Data;
use crate::witness::{Moments, agrees, rounds};
use hl7::mllp::frame;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Mutex;

const SENDERS: u64 = 4;
/// Messages of a round after which it is killed at the latest.
const MESSAGES: u64 = 60;

fn message(id: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|HOSP|||20240102030405||ORU^R01|{id}|P|2.5\rPID|1||{id}^^^WITNESS^MR||Doe^Ann\r\
         OBR|1||{id}^LAB|CBC^Count^L|||20240102|||||||||||||||||||||F\rOBX|1|NM|718-7^Hb^LN||13.5|g/dL|||||F\r"
    )
}

/// Sends until the program is gone; notes each message that was acknowledged.
fn witness(address: &str, round: u64, sender: u64, seen: &Mutex<BTreeSet<String>>) {
    let Some(mut line) = Line::open(address) else { return };
    for no in 0.. {
        let id = format!("r{round}s{sender}n{no}");
        if line.send(&frame(message(&id).as_bytes())).is_none() {
            return;
        }
        let Some(answer) = line.answer() else { return };
        assert!(answer.contains(&format!("\rMSA|AA|{id}\r")), "{answer}");
        seen.lock().unwrap().insert(id);
    }
}

#[test]
fn messages_that_were_acknowledged_survive_kill_9_exactly_once() {
    let mut moments = Moments::new();
    let data = Data::new();
    data.done(&["source", "allow", "127.0.0.1", "--name", "lab"]);
    let token = data.token("system/*.rs");
    let seen = Mutex::new(BTreeSet::new());
    for round in 0..rounds() {
        let (served, address) = serve(&data);
        let before = seen.lock().unwrap().len() as u64;
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                let (address, seen) = (&address, &seen);
                scope.spawn(move || witness(address, round, sender, seen));
            }
            moments.wait_for(MESSAGES, || Some(seen.lock().unwrap().len() as u64 - before));
            // Dropping it is SIGKILL.
            drop(served);
        });
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() as u64 > rounds(), "only {} messages were acknowledged", seen.len());
    let (served, address) = serve(&data);
    let client = served.client(&token);
    for id in &seen {
        for query in [
            format!("Patient?identifier=urn:medweave:authority:WITNESS%7C{id}"),
            format!(
                "Observation?subject.identifier=urn:medweave:authority:WITNESS%7C{id}&code=http://loinc.org%7C718-7"
            ),
        ] {
            let found = client.get(&format!("/fhir/{query}&_summary=count")).json();
            assert_eq!(found["total"], 1, "{query} was acknowledged");
        }
    }
    // All that is there came once: one report, order, result and patient a message, and the feed has no gap.
    let status = client.get("/api/status").json();
    let types = &status["types"];
    let patients = types["Patient"].as_u64().unwrap();
    assert!(patients >= seen.len() as u64);
    for kind in ["Observation", "DiagnosticReport", "ServiceRequest"] {
        assert_eq!(types[kind], patients, "{kind}");
    }
    assert_eq!((&status["resources"], &status["arrivals"]), (&json!(4 * patients), &json!(patients)));
    assert_eq!(status["feed"], status["resources"]);
    // Whoever heard no answer sends again, which doubles nothing.
    let again = seen.iter().next().unwrap();
    let mut line = Line::open(&address).unwrap();
    line.send(&frame(message(again).as_bytes())).unwrap();
    assert!(line.answer().unwrap().contains("\rMSA|AA|"));
    assert_eq!(client.get("/api/status").json()["feed"], status["feed"]);
    drop((line, served));
    agrees(&data, 4 * patients, patients);
}
