//! Copies of a directory that is served, and what is made of them.

use crate::program::{Client, Data, write};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITERS: u64 = 3;

/// A directory with a key and a folder of copies beside it.
fn keyed(data: &Data) -> (String, String, String) {
    let path = |name: &str| data.path(name).to_string_lossy().into_owned();
    let key = path("hospital.key");
    let recipient = data.done(&["backup", "new-key", &key]).trim().to_owned();
    assert!(recipient.starts_with("age1"), "{recipient}");
    (key, recipient, path("copies"))
}

fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "identifier": [{"system": "urn:witness", "value": id}], "gender": "female"})
}

/// Writes until it is over; notes what was acknowledged.
fn writer(client: &Client, writer: u64, seen: &Mutex<BTreeSet<String>>, over: &AtomicBool) {
    for no in 0.. {
        let id = format!("w{writer}-{no}");
        if over.load(Ordering::Relaxed)
            || client.attempt("PUT", &format!("/fhir/Patient/{id}"), &patient(&id)) != Some(201)
        {
            return;
        }
        seen.lock().unwrap().insert(id);
    }
}

/// Those of `ids` that the restored directory lacks, in which doctor finds no fault.
fn lacking(data: &Data, ids: &BTreeSet<String>, token: &str) -> Vec<String> {
    let doctor = data.json(&["doctor", "--json"]);
    let faults: Vec<&Value> =
        doctor["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "fault").collect();
    assert!(faults.is_empty(), "{faults:?}");
    let served = data.serve(&[]);
    let client = served.client(token);
    ids.iter().filter(|id| client.get(&format!("/fhir/Patient/{id}")).status != 200).cloned().collect()
}

#[test]
fn a_copy_taken_while_others_write_holds_all_that_was_acknowledged_before_it() {
    let data = Data::new();
    let (key, recipient, copies) = keyed(&data);
    let token = data.token("system/*.cruds");
    let seen = Mutex::new(BTreeSet::new());
    let over = AtomicBool::new(false);
    let served = data.serve(&[]);
    let client = served.client(&token);
    let before: Vec<BTreeSet<String>> = std::thread::scope(|scope| {
        for no in 0..WRITERS {
            let (client, seen, over) = (client.clone(), &seen, &over);
            scope.spawn(move || writer(&client, no, seen, over));
        }
        let taken = (0..4).map(|round| {
            // Each copy begins among writes.
            while seen.lock().unwrap().len() < 40 * (round + 1) {
                std::thread::yield_now();
            }
            let acknowledged = seen.lock().unwrap().clone();
            let mut arguments = vec!["backup", "--to", &copies, "--json"];
            if round == 0 {
                arguments.extend(["--recipient", &recipient]);
            }
            let told = data.json(&arguments);
            assert!(told["added_bytes"].as_u64() > Some(0), "{told}");
            acknowledged
        });
        let taken = taken.collect();
        over.store(true, Ordering::Relaxed);
        taken
    });
    drop(served);
    let listed = data.json(&["backup", "list", "--from", &copies, "--json"]);
    let listed = listed["copies"].as_array().unwrap();
    assert_eq!(listed.len(), before.len());
    for (copy, acknowledged) in listed.iter().zip(&before) {
        // The machine is lost; the copies are not.
        std::fs::remove_dir_all(data.path("data")).unwrap();
        let at = copy["taken"].as_str().unwrap();
        data.done(&["restore", "--from", &copies, "--key", &key, "--at", at]);
        assert_eq!(lacking(&data, acknowledged, &token), Vec::<String>::new(), "of the copy of {at}");
    }
    let drill = data.json(&["restore", "--from", &copies, "--key", &key, "--drill", "--json"]);
    assert_eq!((&drill["is_good"], &drill["faults"]), (&json!(true), &json!(0)), "{drill}");
    let told = data.done(&["restore", "--from", &copies, "--key", &key, "--drill"]);
    assert!(told.contains("as many as when it was copied"), "{told}");
}

#[test]
fn a_served_directory_copies_itself_and_loses_no_more_than_the_last_seconds() {
    let data = Data::new();
    let (key, recipient, copies) = keyed(&data);
    let token = data.token("system/*.cruds");
    let flags = ["--backup-to", &copies, "--backup-recipient", &recipient, "--backup-every", "1"];
    let served = data.serve(&flags);
    let client = served.client(&token);
    let mut ids = BTreeSet::new();
    for no in 0..20 {
        let id = format!("p{no}");
        assert_eq!(client.attempt("PUT", &format!("/fhir/Patient/{id}"), &patient(&id)), Some(201));
        ids.insert(id);
    }
    // One that was begun after the last write holds them all.
    let count = || data.json(&["backup", "list", "--from", &copies, "--json"])["copies"].as_array().map_or(0, Vec::len);
    let (seen, begun) = (count(), Instant::now());
    while count() < seen + 2 {
        assert!(begun.elapsed() < Duration::from_mins(2), "no copies come");
        std::thread::sleep(Duration::from_millis(100));
    }
    let status = data.json(&["status", "--json"]);
    assert!(status["backup"]["taken"].is_string() && status["backup"]["problem"].is_null(), "{status}");
    // Copying takes no lock away from whoever serves: who looks at the directory beside it and goes is not the last one out.
    data.done(&["doctor"]);
    data.done(&["backup", "--to", &copies]);
    assert_eq!(client.attempt("PUT", "/fhir/Patient/last", &patient("last")), Some(201));
    drop(served);
    let served = data.serve(&[]);
    assert_eq!(served.client(&token).get("/fhir/Patient/last").status, 200, "it was acknowledged");
    drop(served);
    std::fs::remove_dir_all(data.path("data")).unwrap();
    data.done(&["restore", "--from", &copies, "--key", &key]);
    assert_eq!(lacking(&data, &ids, &token), Vec::<String>::new());
}

#[test]
fn what_cannot_be_copied_or_restored_says_why_and_what_to_do() {
    let data = Data::new();
    let (key, recipient, copies) = keyed(&data);
    write(&data.path("in/one.json"), patient("a").to_string().as_bytes());
    let refused = |arguments: &[&str], expected: &str| {
        let output = data.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    };
    refused(&["backup", "--to", &copies, "--recipient", &recipient], "is no directory");
    data.done(&["import", data.path("in").to_str().unwrap()]);
    refused(&["backup"], "name a folder with --to");
    refused(&["backup", "--to", &copies], "medweave backup new-key FILE");
    refused(&["backup", "--to", &copies, "--recipient", "age1x"], "is no recipient of age");
    refused(&["backup", "new-key", &key], "never written over");
    refused(&["restore", "--from", &copies, "--key", &key], "holds no copies");
    data.done(&["backup", "--to", &copies, "--recipient", &recipient]);
    refused(&["restore", "--from", &copies, "--key", &key], "is not empty");
    let other = data.path("other.key");
    let theirs = data.done(&["backup", "new-key", other.to_str().unwrap()]);
    refused(&["restore", "--from", &copies, "--key", other.to_str().unwrap(), "--drill"], "does not open the copies");
    refused(&["backup", "--to", &copies, "--recipient", theirs.trim()], "leave --recipient out");
    refused(&["restore", "--from", &copies, "--key", &key, "--drill", "--at", "2020"], "the oldest is of");
    refused(&["restore", "--from", &copies, "--key", &key, "--drill", "--at", "yesterday"], "write 2026-11-27");
    // Damaged, it is called so and not good.
    let packs = data.path("copies").join("packs");
    for pack in std::fs::read_dir(packs).unwrap() {
        let pack = pack.unwrap().path();
        let mut bytes = std::fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&pack, bytes).unwrap();
    }
    let output = data.run(&["restore", "--from", &copies, "--key", &key, "--drill"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("is damaged"), "{said}");
}
