//! A full disk under pulls, runs and undoings: each says so, nothing is there by halves, and the same command goes on once there is room.

use crate::disk::Disk;
use crate::program::Data;
use crate::runs::ward;
use serde_json::json;

/// Size of the disk.
const DISK_MIB: u64 = 96;
/// What is left of it when a pull or an undoing begins.
const LEFT_BYTES: u64 = 96 << 10;
/// What is left when a run begins: room for some of its commits.
const LEFT_TO_RUN_BYTES: u64 = 2 << 20;
const PEOPLE: u64 = 50;
const RESULTS: u64 = 12_000;
/// Resources of one commit of a run: rows of a step of the writer.
const COMMIT: u64 = 2_048;

#[test]
fn a_full_disk_halts_pulls_runs_and_undoings_and_they_go_on_when_there_is_room() {
    let data = Data::new();
    let Some(disk) = Disk::mount(&data.path("data"), DISK_MIB) else { return };
    ward(&data, PEOPLE, RESULTS);
    let token = data.token("system/*.cruds");
    let served = data.serve(&[]);
    let client = served.client(&token);
    let results = || client.get("/fhir/Observation?_summary=count").json()["total"].as_u64().unwrap();
    let run = || client.get("/api/mappings/ward/runs").json()["runs"][0].clone();
    let refused = |step: &[&str]| {
        let output = data.run(step);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{step:?}: {said}");
        assert!(said.contains("no space is left on the disk"), "{step:?}: {said}");
    };

    let pull = ["source", "pull", "ward"];
    let ballast = disk.fill(LEFT_BYTES);
    refused(&pull);
    assert_eq!(client.get("/api/sources/ward/tables").json()["tables"], json!([]));
    let left = std::fs::read_dir(data.path("data/tables/coming")).unwrap().count();
    assert_eq!(left, 0, "what was not taken still takes room");
    std::fs::remove_file(&ballast).unwrap();
    data.done(&pull);
    let tables = client.get("/api/sources/ward/tables").json()["tables"].clone();
    assert_eq!((&tables[0]["rows"], &tables[1]["rows"]), (&json!(RESULTS), &json!(PEOPLE)));

    let write = ["mapping", "run", "ward", "--write", "--json"];
    let ballast = disk.fill(LEFT_TO_RUN_BYTES);
    refused(&write);
    let stored = results();
    assert!(stored < RESULTS && stored.is_multiple_of(COMMIT), "{stored} are stored");
    assert_eq!((&run()["run"], &run()["state"]), (&json!(1), &json!("interrupted")));
    assert!(run()["problem"].as_str().unwrap().contains("no space is left"), "{}", run());
    std::fs::remove_file(&ballast).unwrap();
    let told = data.json(&write);
    let done = told["new"].as_u64().unwrap() + told["equal"].as_u64().unwrap();
    assert_eq!((done, &told["run"]), (PEOPLE + RESULTS, &json!(1)), "{told}");
    assert_eq!(results(), RESULTS);
    assert_eq!(data.json(&write)["equal"], PEOPLE + RESULTS);

    let undo = ["mapping", "undo", "ward", "1"];
    let ballast = disk.fill(LEFT_BYTES);
    refused(&undo);
    assert_eq!(results(), RESULTS, "an undoing is one commit");
    std::fs::remove_file(&ballast).unwrap();
    data.done(&undo);
    assert_eq!(results(), 0);
    assert_eq!(client.get("/api/mappings/ward/runs").json()["runs"][1]["state"], "undone");
    assert!(served.stop().success());
    let told = data.json(&["doctor", "--json"]);
    let faults = told["findings"].as_array().unwrap().iter().filter(|finding| {
        finding["severity"] == "fault" && !finding["what"].as_str().unwrap().contains("MiB are free")
    });
    assert_eq!(faults.count(), 0, "{told:#}");
    drop(disk);
}
