//! The demo prints one link that signs in, shows data that came over its ports, and leaves nothing behind.

use crate::program::{Client, Data};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(3);

#[test]
fn the_demo_prints_one_link_shows_its_patients_and_leaves_nothing() {
    let data = Data::new();
    let temporary = data.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut child = data
        .command(&["demo", "--speed", "600"])
        .env("TMPDIR", &temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let link = lines.next().expect("a line").unwrap();
    let (address, code) = link.split_once("/signin#code=").unwrap_or_else(|| panic!("no link: {link}"));

    // The link signs in by itself, once.
    let mut visitor = Client::at(address);
    let body = json!({"code": code}).to_string();
    let sign_in = |client: &Client| {
        client.send("POST", "/api/session/link", &[("content-type", "application/json")], body.as_bytes())
    };
    let signed_in = sign_in(&visitor);
    assert!((200..300).contains(&signed_in.status), "{}", signed_in.json());
    assert_eq!(sign_in(&visitor).status, 410);
    visitor.cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();

    // What the hospital sent came in by both doors and can be read, and so did a clinic's tables.
    let patients = visitor.get("/fhir/Patient?_total=accurate").json();
    assert!(patients["total"].as_u64().unwrap() >= 12, "{patients}");
    let doors = |client: &Client| -> Vec<String> {
        let rows = client.send(
            "POST",
            "/api/sql",
            &[("content-type", "application/json"), ("x-csrf-token", &csrf(client))],
            json!({"sql": "SELECT DISTINCT door FROM arrival ORDER BY door", "format": "csv"}).to_string().as_bytes(),
        );
        String::from_utf8(rows.bytes).unwrap().lines().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(doors(&visitor), ["http", "mapping", "mllp", "pull"]);

    // It goes on.
    let feed = |client: &Client| client.get("/api/status").json()["feed"].as_u64().unwrap();
    let (before, begun) = (feed(&visitor), Instant::now());
    while feed(&visitor) == before {
        assert!(begun.elapsed() < PATIENCE, "nothing more arrives");
        std::thread::sleep(Duration::from_millis(50));
    }

    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1);
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "the demo does not end");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    assert_eq!(lines.count(), 0, "the link is all that is printed");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "the directory is left");
}

fn csrf(client: &Client) -> String {
    let session: Value = client.get("/api/session").json();
    session["csrf"].as_str().unwrap().to_owned()
}
