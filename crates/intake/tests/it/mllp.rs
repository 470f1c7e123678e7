use crate::house::{House, everything};
use access::{Access, NewSource};
use hl7::mllp::{Framer, Received, frame};
use intake::mllp::Server;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\r";

struct Port {
    house: House,
    server: Server,
}

impl Port {
    fn new(allowed: Option<&str>) -> Port {
        let house = House::new();
        let folder = house.folder().join("access");
        let access = Arc::new(Access::open(&folder, |name| fhir::schema::r4().is_resource(name)).unwrap());
        if let Some(address) = allowed {
            let uid = std::fs::metadata(&folder).unwrap().uid();
            let operator = access.local_operator(uid, "test").unwrap();
            let source = NewSource {
                name: "ward".into(),
                network: address.parse().unwrap(),
                time_zone: "Asia/Shanghai".into(),
                character_set: "UNICODE UTF-8".into(),
            };
            access.allow_source(&operator, &source, house.records.now_us()).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(listener, Arc::clone(&house.records), access).unwrap();
        Port { house, server }
    }

    fn connect(&self) -> Line {
        let stream = TcpStream::connect(self.server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Line { stream, framer: Framer::default() }
    }

    fn count(&self, resource_type: &str) -> u64 {
        let counts = self.house.records.counts(&everything()).unwrap();
        counts.iter().find(|(name, _)| *name == resource_type).map_or(0, |(_, count)| *count)
    }
}

struct Line {
    stream: TcpStream,
    framer: Framer,
}

impl Line {
    fn answer(&mut self) -> Option<String> {
        let mut buffer = [0; 1024];
        loop {
            if let Some(Received::Message(bytes)) = self.framer.next() {
                return Some(String::from_utf8(bytes).unwrap());
            }
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.framer.push(&buffer[..count]),
            }
        }
    }

    fn ask(&mut self, message: &str) -> String {
        self.stream.write_all(&frame(message.as_bytes())).unwrap();
        self.answer().expect("an answer")
    }
}

#[test]
fn a_message_in_pieces_is_acknowledged_and_stored_and_its_repeat_changes_nothing() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    for byte in frame(ADMIT.as_bytes()) {
        line.stream.write_all(&[byte]).unwrap();
    }
    assert!(line.answer().unwrap().contains("\rMSA|AA|1\r"));
    assert_eq!(port.count("Patient"), 1);
    let head = port.house.records.head();
    assert!(port.connect().ask(ADMIT).contains("\rMSA|AA|1\r"));
    assert_eq!(port.house.records.head(), head);
    assert_eq!(port.house.records.arrivals(&everything(), None, 10).unwrap().len(), 1);
}

#[test]
fn an_old_message_that_comes_again_does_not_bring_old_values_back() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let renamed = ADMIT.replace("Doe^Ann", "Roe^Ann").replace("A01|1|", "A01|2|");
    for message in [ADMIT, &renamed] {
        assert!(line.ask(message).contains("\rMSA|AA|"));
    }
    let head = port.house.records.head();
    assert!(line.ask(ADMIT).contains("\rMSA|AA|1\r"));
    assert_eq!(port.house.records.head(), head);
}

#[test]
fn several_messages_at_once_are_answered_in_their_order() {
    let port = Port::new(Some("127.0.0.0/8"));
    let mut line = port.connect();
    let all: Vec<u8> =
        (1..=20).flat_map(|no| frame(ADMIT.replace("A01|1|", &format!("A01|{no}|")).as_bytes())).collect();
    line.stream.write_all(&all).unwrap();
    for no in 1..=20 {
        assert!(line.answer().unwrap().contains(&format!("\rMSA|AA|{no}\r")));
    }
}

#[test]
fn what_cannot_be_mapped_is_kept_and_refused_again_until_it_is_mended() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let nobody = ADMIT.replace("12^^^HOSP^MR", "");
    for _ in 0..2 {
        assert!(line.ask(&nobody).contains("\rMSA|AE|1|"));
    }
    assert_eq!(port.house.records.open_dead_letters(&everything()).unwrap(), 1);
    assert!(line.ask("no message at all").contains("MSA|AR|"));
    assert_eq!(port.house.records.open_dead_letters(&everything()).unwrap(), 2);
    assert!(line.ask(ADMIT).contains("\rMSA|AA|1\r"));
}

#[test]
fn an_event_without_a_map_is_accepted_and_kept() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    assert!(line.ask(&ADMIT.replace("ADT^A01", "SIU^S12")).contains("\rMSA|AA|1\r"));
    assert_eq!(port.count("Patient"), 0);
    assert_eq!(port.house.records.arrivals(&everything(), None, 10).unwrap().len(), 1);
}

#[test]
fn an_address_that_nobody_allowed_is_not_answered_and_nothing_is_stored() {
    let port = Port::new(None);
    let mut line = port.connect();
    let _ = line.stream.write_all(&frame(ADMIT.as_bytes()));
    assert_eq!(line.answer(), None);
    assert_eq!(port.house.records.arrivals(&everything(), None, 10).unwrap().len(), 0);
}

#[test]
fn a_sender_that_stops_in_the_middle_keeps_nobody_waiting() {
    let port = Port::new(Some("127.0.0.1"));
    let mut slow = port.connect();
    slow.stream.write_all(&frame(ADMIT.as_bytes())[..40]).unwrap();
    assert!(port.connect().ask(ADMIT).contains("\rMSA|AA|1\r"));
    port.server.stop();
    assert_eq!(slow.answer(), None);
}
