//! Runs of mappings that are halted, killed, taken back, or have no room.

use crate::program::{Client, Data, write};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long a run may take to begin.
const PATIENCE: Duration = Duration::from_mins(3);

/// Adds a source `ward` of people and their results, and its mapping.
pub fn ward(data: &Data, people: u64, results: u64) {
    tables(data, people, results);
    write(
        &data.path("map/mapping.toml"),
        b"name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\n[tables.lab]\nkey = [\"id\"]\n",
    );
    let patient = "-- @target Patient @key p.pid @patient p.pid
SELECT identifier('urn:example:pid', p.pid) AS identifier, date(p.born) AS \"birthDate\" FROM people p";
    write(&data.path("map/patient.sql"), patient.as_bytes());
    let lab = "-- @target Observation @key l.id @each lab l @patient l.pid @required subject
SELECT 'final' AS status, code('urn:example:item', l.item) AS code, ref('Patient', l.pid) AS subject, quantity(l.value) AS value FROM lab l";
    write(&data.path("map/lab.sql"), lab.as_bytes());
    let (path, map) = (data.path("ward"), data.path("map"));
    data.done(&["source", "add", "ward", "--path", path.to_str().unwrap(), "--mapping", map.to_str().unwrap()]);
}

/// Writes the tables of the ward.
pub fn tables(data: &Data, people: u64, results: u64) {
    let mut text = "pid,born\n".to_owned();
    for pid in 0..people {
        writeln!(text, "{pid},19{:02}-02-03", pid % 100).unwrap();
    }
    write(&data.path("ward/people.csv"), text.as_bytes());
    let mut text = "id,pid,item,value\n".to_owned();
    for id in 0..results {
        writeln!(text, "{id},{},K,{}.{}", id % people, id % 9, id % 7).unwrap();
    }
    write(&data.path("ward/lab.csv"), text.as_bytes());
}

/// Waits until the newest run of the ward is under way.
fn until_it_runs(client: &Client) {
    let begun = Instant::now();
    while client.get("/api/mappings/ward/runs").json()["runs"][0]["state"] != "running" {
        assert!(begun.elapsed() < PATIENCE, "no run is under way");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_run_is_halted_and_goes_on_and_no_other_runs_beside_it() {
    const RESULTS: u64 = 12_000;
    let data = Data::new();
    ward(&data, 50, RESULTS);
    data.done(&["source", "pull", "ward"]);
    let token = data.token("system/*.cruds");
    let served = data.serve(&[]);
    let client = served.client(&token);
    let ran = {
        let client = client.clone();
        std::thread::spawn(move || run(&client))
    };
    until_it_runs(&client);
    // A second one is refused, and so is taking back what is not done.
    for path in ["/api/mappings/ward/run", "/api/mappings/ward/undo"] {
        let refused = client.send("POST", path, &[("content-type", "application/json")], b"{}");
        assert_eq!(refused.status, 409, "{path}: {}", refused.json());
    }
    assert_eq!(client.send("POST", "/api/mappings/ward/pause", &[], b"").status, 204);
    let halted = ran.join().unwrap();
    assert!(halted["error"]["message"].as_str().unwrap().contains("run 1 of ward is paused"), "{halted}");
    let state = |client: &Client| client.get("/api/mappings/ward/runs").json()["runs"].clone();
    assert_eq!((&state(&client)[0]["state"], &state(&client)[0]["run"]), (&json!("paused"), &json!(1)));
    let stored = client.get("/fhir/Observation?_summary=count").json()["total"].as_u64().unwrap();
    assert!(stored < RESULTS, "it was halted too late to be seen");
    // The next goes on with it, under its number, and what it wrote is taken back as one.
    let report = run(&client)["report"].clone();
    assert_eq!(report["run"], 1, "{report}");
    assert_eq!(report["new"].as_u64().unwrap() + report["equal"].as_u64().unwrap(), RESULTS + 50);
    assert_eq!(client.get("/fhir/Observation?_summary=count").json()["total"], RESULTS);
    let undone = client.send("POST", "/api/mappings/ward/undo", &[("content-type", "application/json")], b"{}").json();
    assert_eq!((&undone["run"], &undone["deleted"]), (&json!(1), &json!(RESULTS + 50)), "{}", undone["left"]);
    assert_eq!(undone["provenance"], 1);
    assert_eq!(client.get("/fhir/Observation?_summary=count").json()["total"], 0);
    assert_eq!(state(&client)[0]["state"], "undone");
    assert_eq!(client.send("POST", "/api/mappings/ward/pause", &[], b"").status, 409);
}

/// Runs the mapping and writes; the last line of the answer.
fn run(client: &Client) -> Value {
    let path = "/api/mappings/ward/run";
    let told = client.send("POST", path, &[("content-type", "application/json")], br#"{"write":true}"#);
    let text = String::from_utf8(told.bytes).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}
