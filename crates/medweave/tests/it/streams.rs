//! What becomes of answers that nobody reads, and of a log that cannot be written.

use crate::program::Data;
use serde_json::Value;
use std::fs::File;
use std::process::{Command, Stdio};

/// A file to which nothing can be written: the disk it is on is always full.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let data = Data::new();
    data.token("system/*.rs");
    for arguments in [
        &["status"][..],
        &["sql", "SELECT 1"],
        &["sql", "--format", "csv", "SELECT 1"],
        &["doctor"],
        &["token", "list"],
    ] {
        let output = data.command(arguments).stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("not all of the answer could be written"), "{arguments:?}: {said}");
    }
}

#[test]
fn who_reads_the_beginning_alone_gets_it_without_a_complaint() {
    let data = Data::new();
    data.token("system/*.rs");
    for command in
        ["sql --format csv 'SELECT value FROM generate_series(1, 1000000)'", "--help", "status --json", "token list"]
    {
        let script = format!("set -o pipefail; \"$MEDWEAVE\" --data data {command} | head -n 1");
        let mut bash = Command::new("bash");
        bash.args(["-c", &script])
            .current_dir(data.path(""))
            .env("MEDWEAVE", env!("CARGO_BIN_EXE_medweave"))
            .env("LC_ALL", "C");
        let output = bash.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{command}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "{command}");
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let data = Data::new();
    let token = data.token("system/*.cruds");
    let ready = data.path("ready.json");
    let arguments =
        ["serve", "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--ready-file", ready.to_str().unwrap()];
    let mut child = data.command(&arguments).stdout(Stdio::null()).stderr(full()).spawn().unwrap();
    let told: Value = loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        match std::fs::read(&ready) {
            Ok(text) => break serde_json::from_slice(&text).unwrap(),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    };
    let client = crate::program::Client::at(&format!("http://{}", told["http"].as_str().unwrap())).showing(&token);
    // An address that is no source is said to the log each time; the port goes on all the same.
    for _ in 0..3 {
        let mut line = crate::mllp::Line::open(told["mllp"].as_str().unwrap()).unwrap();
        let _ = line.send(b"\x0bMSH|^~\\&|\r\x1c\r");
        assert!(line.answer().is_none());
    }
    assert_eq!(
        client.fhir("PUT", "/fhir/Patient/p", &serde_json::json!({"resourceType": "Patient", "id": "p"})).status,
        201
    );
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success());
    // It ended in order: nothing is left of it.
    assert!(!ready.exists() && !data.path("data/control.sock").exists());
    assert_eq!(data.json(&["status", "--json"])["resources"], 1);
}
