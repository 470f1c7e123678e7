//! HL7 v2 messages over a socket, as an interface engine sends them, to the program as an operator starts it.

use crate::program::{Client, Data, Served};
use hl7::mllp::{Framer, Received, frame};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// One connection of a sender.
pub struct Line {
    stream: TcpStream,
    framer: Framer,
}

impl Line {
    /// Connects; `None` if nobody listens.
    pub fn open(address: &str) -> Option<Line> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_mins(3))).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Line { stream, framer: Framer::default() })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    /// The next answer; `None` if the connection broke off.
    pub fn answer(&mut self) -> Option<String> {
        let mut buffer = [0; 4_096];
        loop {
            if let Some(Received::Message(answer)) = self.framer.next() {
                return Some(String::from_utf8_lossy(&answer).into_owned());
            }
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.framer.push(&buffer[..count]),
            }
        }
    }
}

/// A small generator (xorshift64*): the same seed splits the bytes in the same places.
pub struct Random(pub u64);

impl Random {
    pub fn up_to(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }
}

/// Serves with an MLLP port; its address.
pub fn serve(data: &Data) -> (Served, String) {
    let served = data.serve(&["--mllp", "127.0.0.1:0"]);
    let ready: Value = serde_json::from_str(&std::fs::read_to_string(data.path("ready.json")).unwrap()).unwrap();
    let address = ready["mllp"].as_str().unwrap().to_owned();
    (served, address)
}

/// What must be the same after a repeat: everything that is stored, by count and by position.
fn state(client: &Client) -> BTreeMap<String, Value> {
    let status = client.get("/api/status").json();
    let mut state: BTreeMap<String, Value> = ["feed", "resources", "types", "arrivals", "dead_letters", "no_map"]
        .iter()
        .map(|name| ((*name).to_owned(), status[*name].clone()))
        .collect();
    state.insert("history".into(), client.get("/fhir/_history?_count=1").json()["total"].clone());
    state
}

/// The bytes of all arrivals.
fn raw(client: &Client) -> Vec<Vec<u8>> {
    let list = client.get("/api/arrivals?limit=1000").json();
    // What the program itself found about what came is an arrival too.
    let came = list["arrivals"].as_array().unwrap().iter().filter(|arrival| arrival["door"] == "mllp");
    let numbers = came.map(|arrival| arrival["no"].as_i64().unwrap());
    numbers.map(|no| client.get(&format!("/api/arrivals/{no}/bytes")).bytes).collect()
}

/// Sends all messages as one stream cut at random places, twice. What was acknowledged is stored once, as it came.
/// `refused` of them are answered with AE, as they should be.
fn sent_twice(messages: &[Vec<u8>], refused: usize, seed: u64) -> (Data, Served, BTreeMap<String, Value>) {
    let data = Data::new();
    data.done(&["source", "allow", "127.0.0.1", "--name", "engine"]);
    let token = data.token("system/*.rs");
    let (served, address) = serve(&data);
    let client = served.client(&token);
    let mut random = Random(seed);
    let stream: Vec<u8> = messages.iter().flat_map(|message| frame(message)).collect();
    let mut first = None;
    for pass in 0..2 {
        let mut not_taken = 0;
        let mut line = Line::open(&address).unwrap();
        let mut writer = Line { stream: line.stream.try_clone().unwrap(), framer: Framer::default() };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut rest = stream.as_slice();
                while !rest.is_empty() {
                    let (part, more) = rest.split_at((1 + random.up_to(1_500) as usize).min(rest.len()));
                    writer.send(part).expect("the port takes it");
                    rest = more;
                }
            });
            for (no, message) in messages.iter().enumerate() {
                let answer = line.answer().unwrap_or_else(|| panic!("pass {pass}: no answer to message {no}"));
                let control_id = hl7::Message::parse(message, &hl7::ParseOptions::default()).unwrap();
                let control_id = control_id.header().field(10).text().into_owned();
                let is_taken = answer.contains("\rMSA|AA|");
                not_taken += usize::from(!is_taken);
                assert!(
                    (is_taken || answer.contains("\rMSA|AE|")) && answer.contains(&control_id),
                    "pass {pass} {no}: {answer}"
                );
            }
        });
        assert_eq!(not_taken, refused, "pass {pass}");
        let now = state(&client);
        assert_eq!(first.get_or_insert_with(|| now.clone()), &now, "pass {pass}");
    }
    let came: HashSet<Vec<u8>> = raw(&client).into_iter().collect();
    let sent: HashSet<Vec<u8>> = messages.iter().cloned().collect();
    assert_eq!(came.len(), sent.len());
    assert!(came == sent, "what is kept is not what was sent");
    (data, served, first.unwrap())
}

#[test]
fn real_messages_are_acknowledged_once_stored_and_a_repeat_changes_nothing() {
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let archive = PathBuf::from(data).join("records/hl7v2/messages.tar.xz");
    let unpacked = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(unpacked.success(), "{}", archive.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.path().join("messages")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let messages: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(messages.len(), 139);
    // One names no account that is to give way.
    let (_data, _served, state) = sent_twice(&messages, 1, 20_240_229);
    assert_eq!(state["no_map"], serde_json::json!({}), "each event has a map");
    assert_eq!(state["dead_letters"], 1);
}

#[test]
fn messages_of_the_synthetic_hospital_are_acknowledged_once_stored_and_a_repeat_changes_nothing() {
    let now_us = 1_795_000_000_000_000;
    let messages: Vec<Vec<u8>> = synth::Hospital::new(3, now_us, 60)
        .history()
        .into_iter()
        .filter_map(|event| match event.via {
            synth::Via::Mllp(message) => Some(message),
            synth::Via::Fhir { .. } => None,
        })
        .collect();
    assert!(messages.len() > 20, "{}", messages.len());
    let (_data, _served, state) = sent_twice(&messages, 0, 7);
    assert_eq!(state["dead_letters"], 0);
    assert!(state["types"]["Patient"].as_u64().unwrap() > 5, "{state:?}");
}

#[test]
fn beyond_this_machine_messages_come_under_tls_or_not_at_all() {
    let data = Data::new();
    let output = data.run(&["serve", "--http", "127.0.0.1:0", "--mllp", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("--tls-cert") && errors.contains("0.0.0.0:0"), "{errors}");
}
