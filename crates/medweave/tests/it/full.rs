//! A full disk refuses writes and nothing else, and space that comes back is used without a restart.

use crate::disk::Disk;
use crate::mllp::Line;
use crate::program::{Client, Data};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Size of the disk.
const DISK_MIB: u64 = 96;
/// What is left of it when the writing begins.
const LEFT_BYTES: u64 = 6 << 20;

/// Text that does not pack well.
fn noise(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..40_000)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            char::from(
                b'!' + (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 58) as u8 + if state & 1 == 0 { 2 } else { 0 },
            )
        })
        .filter(|letter| !matches!(letter, '"' | '\\' | '<' | '&'))
        .collect()
}

fn patient(no: u64) -> Value {
    json!({"resourceType": "Patient", "id": format!("p{no}"), "name": [{"text": noise(no)}]})
}

fn put(client: &Client, no: u64) -> u16 {
    client.fhir("PUT", &format!("/fhir/Patient/p{no}"), &patient(no)).status
}

#[test]
fn a_full_disk_refuses_writes_reads_on_and_recovers_by_itself() {
    let data = Data::new();
    let Some(disk) = Disk::mount(&data.path("data"), DISK_MIB) else { return };
    let token = data.token("system/*.cruds");
    data.done(&["source", "allow", "127.0.0.1", "--name", "ward"]);
    let served = data.serve(&["--mllp", "127.0.0.1:0"]);
    let client = served.client(&token);
    let mut line = Line::open(served.mllp.as_deref().unwrap()).unwrap();
    let mut message = |id: &str| {
        let message = format!(
            "MSH|^~\\&|ADT|WARD|MW|MW|20260101120000||ADT^A04|{id}|P|2.5\rPID|1||{id}^^^WARD^MR||{}^Ada||19800506|F\r",
            noise(id.len() as u64).replace(['|', '^', '~', '&'], "x")
        );
        line.send(&hl7::mllp::frame(message.as_bytes())).unwrap();
        line.answer().unwrap().split('\r').nth(1).unwrap()[..6].to_owned()
    };
    assert_eq!(put(&client, 0), 201);
    assert_eq!(message("m1"), "MSA|AA");
    let ballast = disk.fill(LEFT_BYTES);

    // Written until it is full: what is refused is refused with 507 and leaves nothing.
    let mut stored = 1;
    let refused = loop {
        match put(&client, stored) {
            201 => stored += 1,
            status => break status,
        }
        assert!(stored < 2_000, "the disk is never full");
    };
    assert_eq!(refused, 507);
    assert_eq!(put(&client, 5_000), 507);
    // A message is refused so that its sender sends it again; an import says why it stops.
    assert_eq!(message("m22"), "MSA|AR");
    let patients: Vec<String> = (0..200).map(|no| patient(6_000 + no).to_string()).collect();
    crate::program::write(&data.path("patients.ndjson"), patients.join("\n").as_bytes());
    let output = data.run(&["import", "patients.ndjson"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no space is left on the disk"), "{said}");
    let imported = client.get("/fhir/Patient?_summary=count").json()["total"].as_u64().unwrap() - stored - 1;
    assert!(imported < 200);
    let stored = stored + imported;

    // To the last byte.
    let crumbs = disk.fill_up();

    // Reads go on, many times, longer than it takes to bring what is recorded of them to disk.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        assert_eq!(client.get("/fhir/Patient/p0").status, 200);
    }
    let patients = stored + 1;
    assert_eq!(client.get("/fhir/Patient?_summary=count").json()["total"], patients);
    assert_eq!(client.get("/fhir/Patient/p5000").status, 404);
    assert_eq!(client.get("/fhir/Patient?identifier=m22&_summary=count").json()["total"], 0);
    assert_eq!(data.json(&["status", "--json"])["resources"], patients);

    // Space back is service back.
    std::fs::remove_file(&ballast).unwrap();
    std::fs::remove_file(&crumbs).unwrap();
    assert_eq!(put(&client, 5_000), 201);
    assert_eq!(message("m22"), "MSA|AA");
    assert_eq!(client.get("/fhir/Patient?_summary=count").json()["total"], patients + 2);
    assert!(served.stop().success());
    let told = data.json(&["doctor", "--json"]);
    let findings = told["findings"].as_array().unwrap().iter();
    let of_the_data = findings.filter(|finding| !finding["what"].as_str().unwrap().contains("MiB are free"));
    assert_eq!(of_the_data.filter(|finding| finding["severity"] == "fault").count(), 0, "{told:#}");
    let served = data.serve(&[]);
    assert_eq!(served.client(&token).get("/fhir/Patient?_summary=count").json()["total"], patients + 2);
    drop(served);
    drop(disk);
}

#[test]
fn a_directory_that_cannot_be_opened_on_a_full_disk_is_not_called_damaged() {
    let data = Data::new();
    let Some(disk) = Disk::mount(&data.path("data"), DISK_MIB) else { return };
    data.done(&["token", "list"]);
    let crumbs = disk.fill_up();
    for (command, text) in
        [("status", "no space is left on the disk"), ("doctor", "free some space and run doctor again")]
    {
        let output = data.run(&[command]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.code() == Some(1) && said.contains(text), "{said}");
    }
    std::fs::remove_file(crumbs).unwrap();
    assert_eq!(data.json(&["status", "--json"])["resources"], 0);
    drop(disk);
}
