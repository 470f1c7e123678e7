use crate::house::{House, everything};
use access::{Access, Grant, NewSource};
use hl7::Charset;
use hl7::mllp::{Framer, Received, frame};
use intake::Importer;
use intake::mllp::{Acknowledge, Options, Patience, Server};
use records::Seq;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\r";

pub struct Port {
    pub house: House,
    access: Arc<Access>,
    operator: Grant,
    server: Server,
}

pub fn source(name: &str, network: &str) -> NewSource {
    NewSource {
        name: name.into(),
        network: network.parse().unwrap(),
        time_zone: "Asia/Shanghai".into(),
        character_set: "UNICODE UTF-8".into(),
    }
}

impl Port {
    pub fn new(allowed: Option<&str>) -> Port {
        let sources: Vec<NewSource> = allowed.map(|address| source("ward", address)).into_iter().collect();
        Port::with(&sources, Options::default())
    }

    pub fn with(sources: &[NewSource], options: Options) -> Port {
        let house = House::new();
        let folder = house.folder().join("access");
        let access = Arc::new(Access::open(&folder, records::SCOPE_TYPES).unwrap());
        let uid = std::fs::metadata(&folder).unwrap().uid();
        let operator = access.local_operator(uid, "test").unwrap();
        for source in sources {
            access.allow_source(&operator, source, house.records.now_us()).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(listener, Arc::clone(&house.records), Arc::clone(&access), options).unwrap();
        Port { house, access, operator, server }
    }

    pub fn connect(&self) -> Line {
        self.connect_from([127, 0, 0, 1])
    }

    /// Connects from one of this machine's own addresses, as another source would.
    fn connect_from(&self, from: [u8; 4]) -> Line {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
        socket.connect(&self.server.address().into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
        Line { stream, framer: Framer::default() }
    }

    pub fn count(&self, resource_type: &str) -> u64 {
        let counts = self.house.records.counts(&everything()).unwrap();
        counts.iter().find(|(name, _)| *name == resource_type).map_or(0, |(_, count)| *count)
    }
}

impl Port {
    /// The only resource of a type.
    fn only(&self, resource_type: &str) -> String {
        let mut found = self.all(resource_type);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// The resources of a type.
    pub fn all(&self, resource_type: &str) -> Vec<String> {
        let records = &self.house.records;
        let mut rows: Vec<_> =
            records.feed(&everything(), Seq(0), 10_000).unwrap().into_iter().map(|entry| entry.row).collect();
        rows.sort_unstable();
        rows.dedup();
        let named = format!("{{\"resourceType\":\"{resource_type}\"");
        let all = records.rows(&everything(), &rows).unwrap().into_iter().map(|(_, stored)| stored.json);
        all.filter(|json| json.starts_with(&named)).collect()
    }
}

pub struct Line {
    pub stream: TcpStream,
    framer: Framer,
}

impl Line {
    pub fn answer(&mut self) -> Option<String> {
        self.answer_bytes().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub fn answer_bytes(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 1024];
        loop {
            if let Some(Received::Message(bytes)) = self.framer.next() {
                return Some(bytes);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.framer.push(&buffer[..count]),
            }
        }
    }

    pub fn ask(&mut self, message: &str) -> String {
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
    assert!(line.ask(&ADMIT.replace("ADT^A01", "ORU^W01")).contains("\rMSA|AA|1\r"));
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

#[test]
fn the_answer_to_a_refused_message_names_the_place() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let answer = line.ask(&ADMIT.replace("12^^^HOSP^MR", ""));
    assert!(
        answer.ends_with(
            "\rMSA|AE|1|PID-3: no identifier of the patient; have the sender fill PID-3\r\
             ERR||PID^1^3^1|101^Required field missing^HL70357|E||||PID-3: no identifier of the patient; have the sender fill PID-3\r"
        ),
        "{answer}"
    );
    let answer = line.ask("MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPV1|1|I\r");
    assert!(answer.contains("\rERR||PID^1|100^Segment sequence error^HL70357|E|"), "{answer}");
}

#[test]
fn slow_half_oversized_and_random_senders_do_not_stall_another_source() {
    let port = Port::with(&[source("bad", "127.0.0.2"), source("good", "127.0.0.1")], Options::default());
    let mut bad: Vec<Line> = Vec::new();
    // Many that begin and do not go on: each holds what it sent.
    for _ in 0..20 {
        let mut line = port.connect_from([127, 0, 0, 2]);
        line.stream.write_all(&frame(ADMIT.as_bytes())[..60]).unwrap();
        bad.push(line);
    }
    // Large ones that are never ended: together more than the memory that one address may take.
    let begun: Vec<u8> = [b"\x0bMSH|^~\\&|".to_vec(), vec![b'x'; 6 << 20]].concat();
    for _ in 0..8 {
        let mut line = port.connect_from([127, 0, 0, 2]);
        line.stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        // Until the port does not take more; how much that is depends on the system's buffers.
        while let Ok(count) = line.stream.write(&begun[sent..]) {
            sent += count;
            if sent == begun.len() {
                break;
            }
        }
        bad.push(line);
    }
    let mut noise = port.connect_from([127, 0, 0, 2]);
    let bytes: Vec<u8> = (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let _ = noise.stream.write_all(&bytes);
    bad.push(noise);
    let mut too_long = port.connect_from([127, 0, 0, 2]);
    let long = vec![b'x'; 17 << 20];
    let writer = {
        let mut stream = too_long.stream.try_clone().unwrap();
        std::thread::spawn(move || stream.write_all(&frame(&long)))
    };
    let mut line = port.connect();
    for no in 0..20 {
        assert!(line.ask(&ADMIT.replace("A01|1|", &format!("A01|{no}|"))).contains(&format!("\rMSA|AA|{no}\r")));
    }
    // A large one of the good source finds room too.
    let note = "n".repeat(4 << 20);
    let large = format!("{}NTE|1||{note}\r", ADMIT.replace("A01|1|", "A01|99|"));
    assert!(port.connect().ask(&large).contains("\rMSA|AA|99\r"));
    drop(bad);
    writer.join().unwrap().unwrap();
    assert!(too_long.answer().unwrap().contains("MSA|AR|"));
}

#[test]
fn of_a_message_that_is_too_long_the_beginning_is_kept_with_its_length() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let long = format!("{}OBX|1|TX|A||{}\r", ADMIT.replace("A01|1|", "A01|77|"), "x".repeat(17 << 20));
    let answer = line.ask(&long);
    assert!(
        answer.contains("\rMSA|AR|77|") && answer.contains(&format!("message of {} bytes", long.len())),
        "{answer}"
    );
    let records = &port.house.records;
    let letters = records.dead_letters(&everything(), None, None, 9).unwrap();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.what.contains(&long.len().to_string()), "{letter:?}");
    assert_eq!(letter.arrival.name, "ADT^A01 ADT HOSP 77");
    assert_eq!(letter.arrival.wrapper, format!("beginning of {} bytes", long.len()));
    let kept = records.dead_letter_bytes(&everything(), letter.no).unwrap();
    assert!(kept.len() == hl7::mllp::HEAD_BYTES && long.as_bytes().starts_with(&kept));
    // The beginning alone is not taken for the whole; the whole, corrected, is.
    let importer = Importer::new(Arc::clone(records)).with_sources(Arc::clone(&port.access));
    assert!(importer.replay(&everything(), letter.no, None).is_err());
    importer.replay(&everything(), letter.no, Some(ADMIT.as_bytes().to_vec())).unwrap();
    assert_eq!((port.count("Patient"), records.open_dead_letters(&everything()).unwrap()), (1, 0));
    assert!(line.ask(ADMIT).contains("\rMSA|AA|1\r"));
}

#[test]
fn a_sender_is_answered_as_it_asks_where_that_is_set() {
    let asked = Options { acknowledge: Acknowledge::AsAsked, ..Options::default() };
    let port = Port::with(&[source("ward", "127.0.0.1")], asked);
    let mut line = port.connect();
    let message = |no: u32, accept: &str, application: &str, patient: &str| {
        ADMIT
            .replace("A01|1|P|2.5\r", &format!("A01|{no}|P|2.5|||{accept}|{application}\r"))
            .replace("12^^^HOSP^MR", patient)
    };
    let (good, bad) = ("12^^^HOSP^MR", "");
    let mut no = 0;
    for (accept, application, patient, expected) in [
        ("", "", good, &["AA"][..]),
        ("", "", bad, &["AE"]),
        ("NE", "NE", good, &[]),
        ("NE", "NE", bad, &[]),
        ("AL", "NE", good, &["CA"]),
        ("AL", "NE", bad, &["CE"]),
        ("NE", "AL", good, &["AA"]),
        ("AL", "AL", good, &["CA", "AA"]),
        ("ER", "", good, &[]),
        ("ER", "", bad, &["CE"]),
        ("SU", "ER", good, &["CA"]),
        ("SU", "ER", bad, &["AE"]),
    ] {
        no += 1;
        line.stream.write_all(&frame(message(no, accept, application, patient).as_bytes())).unwrap();
        for code in expected {
            let answer = line.answer().unwrap();
            assert!(answer.contains(&format!("\rMSA|{code}|{no}")), "{accept} {application}: {answer}");
        }
        // Whatever is not answered is stored nevertheless, and the next answer is that of the next message.
        assert!(
            line.ask(&ADMIT.replace("A01|1|", &format!("A01|next{no}|"))).contains(&format!("\rMSA|AA|next{no}\r"))
        );
    }
    assert_eq!(port.house.records.arrivals(&everything(), None, 100).unwrap().len(), 24);
    // What is no message is refused.
    assert!(line.ask("no message at all").contains("MSA|AR|"));
}

#[test]
fn a_number_that_was_another_patients_before_leaves_his_results_as_they_are() {
    let result = |patient: &str, value: &str, status: &str| {
        format!(
            "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|{patient}{value}|P|2.5\rPID|1||{patient}^^^HOSP^MR\r\
             OBR|1||F1^LAB|CBC^Count^L|||20240103|||||||||||||||||||||{status}\rOBX|1|NM|718-7^Hb^LN||{value}|g/dL|||||{status}\r"
        )
    };
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let mut ask = |message: &str| assert!(line.ask(message).contains("\rMSA|AA|"));
    let values = |port: &Port| -> Vec<String> {
        let value = |json: &String| json.split("\"valueQuantity\":{\"value\":").nth(1).unwrap()[..2].to_owned();
        let mut found: Vec<String> = port.all("Observation").iter().map(value).collect();
        found.sort();
        found
    };
    ask(&result("1", "11", "F"));
    ask(&result("2", "22", "P"));
    assert_eq!((port.count("Observation"), port.count("DiagnosticReport"), port.count("ServiceRequest")), (2, 2, 2));
    assert_eq!(values(&port), ["11", "22"]);
    // Corrections and repeats find their own.
    ask(&result("2", "23", "C"));
    ask(&result("1", "12", "C"));
    assert_eq!(values(&port), ["12", "23"]);
    // A patient who goes on under another number keeps his results.
    ask("MSH|^~\\&|ADT|HOSP|||20240104||ADT^A40|9|P|2.5\rPID|1||3^^^HOSP^MR\rMRG|1^^^HOSP^MR\r");
    ask(&result("3", "13", "C"));
    assert_eq!(port.count("Observation"), 2);
    assert_eq!(values(&port), ["13", "23"]);
}

#[test]
fn a_resource_leads_to_the_segments_that_told_of_it() {
    let port = Port::new(Some("127.0.0.1"));
    assert!(port.connect().ask(ADMIT).contains("\rMSA|AA|"));
    let records = &port.house.records;
    for (kind, segment) in [("Patient", "PID|1||12^^^HOSP^MR||Doe^Ann||19700102|F"), ("Encounter", "PV1|1|I|W1")] {
        let json = port.only(kind);
        let id = json.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
        let bytes = records.source_bytes(&everything(), kind, id, None).unwrap();
        assert!(String::from_utf8(bytes).unwrap().starts_with(segment), "{kind}");
    }
}

#[test]
fn senders_that_dawdle_are_hung_up_on() {
    let patience = Patience { message: Duration::from_millis(300), idle: Duration::from_millis(600) };
    let port = Port::with(&[source("ward", "127.0.0.1")], Options { patience, ..Options::default() });
    // One that begins a message and adds a byte now and then.
    let mut slow = port.connect();
    let bytes = frame(ADMIT.as_bytes());
    let mut sent = 0;
    while sent + 1 < bytes.len() && slow.stream.write_all(&bytes[sent..=sent]).is_ok() {
        sent += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(slow.answer(), None, "after {sent} bytes");
    // One that says nothing, and one that does not frame what it says.
    assert_eq!(port.connect().answer(), None);
    let mut unframed = port.connect();
    let _ = unframed.stream.write_all(&ADMIT.as_bytes().repeat(1_000));
    assert_eq!(unframed.answer(), None);
    assert_eq!(port.count("Patient"), 0);
}

#[test]
fn messages_of_two_connections_of_a_source_are_all_taken() {
    let port = Port::new(Some("127.0.0.1"));
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let port = &port;
            scope.spawn(move || {
                let mut line = port.connect();
                for no in 0..10 {
                    let message = ADMIT.replace("A01|1|", &format!("A01|{sender}{no}|"));
                    assert!(line.ask(&message).contains(&format!("\rMSA|AA|{sender}{no}\r")));
                }
            });
        }
    });
    assert_eq!(port.house.records.arrivals(&everything(), None, 100).unwrap().len(), 40);
    assert_eq!(port.count("Patient"), 1);
}

#[test]
fn text_in_gb18030_and_times_without_zone_arrive_as_they_were_meant() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    for (declared, name) in [("GB 18030-2000", "倈志明"), ("", "欧阳娜娜")] {
        let message = ADMIT
            .replace("|P|2.5\r", &format!("|P|2.5||||||{declared}\r"))
            .replace("Doe^Ann", &format!("{name}^"))
            .replace("EVN|A01|20240102", "EVN|A01|202401020830")
            .replace("^^^HOSP^VN\r", "^^^HOSP^VN|||||||||||||||||||||||||202401020830\r");
        line.stream.write_all(&frame(&Charset::GB18030.encode(&message))).unwrap();
        let answer = line.answer_bytes().unwrap();
        assert!(answer.windows(8).any(|part| part == b"MSA|AA|1"));
        assert!(port.only("Patient").contains(name), "{declared:?}");
        let stay = port.only("Encounter");
        assert!(stay.contains("2024-01-02T08:30:00+08:00"), "{stay}");
    }
}

#[test]
fn a_replay_reads_a_message_as_its_source_is_set() {
    let mut ward = source("ward", "127.0.0.1");
    ward.character_set = "GB18030".into();
    let port = Port::with(&[ward], Options::default());
    // A name of characters that are no common ones: nothing in the bytes tells their set.
    let message = ADMIT
        .replace("12^^^HOSP^MR", "")
        .replace("Doe^Ann", "倈^")
        .replace("^^^HOSP^VN\r", "^^^HOSP^VN|||||||||||||||||||||||||202401020830\r");
    let mut line = port.connect();
    line.stream.write_all(&frame(&Charset::GB18030.encode(&message))).unwrap();
    assert!(line.answer_bytes().unwrap().windows(8).any(|part| part == b"MSA|AE|1"));
    let records = &port.house.records;
    let letter = &records.dead_letters(&everything(), None, None, 1).unwrap()[0];
    let corrected = Charset::GB18030.encode(&message.replace("PID|1||", "PID|1||12^^^HOSP^MR"));
    let importer = Importer::new(Arc::clone(records)).with_sources(Arc::clone(&port.access));
    importer.replay(&everything(), letter.no, Some(corrected)).unwrap();
    assert!(port.only("Patient").contains("倈"));
    assert!(port.only("Encounter").contains("2024-01-02T08:30:00+08:00"));
    port.access.remove_source(&port.operator, 1, records.now_us()).unwrap();
}

#[test]
fn a_stay_told_with_a_number_and_mentioned_by_its_account_is_one_stay() {
    let result = |account: &str, order: &str| {
        format!(
            "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|{order}|P|2.5\rPID|1||12^^^HOSP^MR|||||||||||||||{account}^^^HOSP\r\
             PV1|1|I|W1\rOBR|1||{order}^LAB|CBC^Count^L|||20240103|||||||||||||||||||||F\rOBX|1|NM|718-7^Hb^LN||13|g/dL|||||F\r"
        )
    };
    let admit = |account: &str, visit: &str| {
        ADMIT
            .replace("|19700102|F", &format!("|19700102|F||||||||||{account}^^^HOSP"))
            .replace("||V9^^^HOSP^VN", &format!("||{visit}^^^HOSP^VN"))
            .replace("A01|1|", &format!("A01|{visit}|"))
    };
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let mut ask = |message: String| assert!(line.ask(&message).contains("\rMSA|AA|"));
    // Mentioned first, told then.
    ask(result("A1", "1"));
    ask(admit("A1", "V1"));
    ask(result("A1", "2"));
    assert_eq!(port.count("Encounter"), 1);
    // Told first, mentioned then; and another stay of the same account is another one.
    ask(admit("A2", "V2"));
    ask(result("A2", "3"));
    assert_eq!(port.count("Encounter"), 2);
    ask(admit("A2", "V3"));
    assert_eq!(port.count("Encounter"), 3);
    // Two that go on: what only mentions the account does not say which, and is taken nevertheless.
    ask(result("A2", "4"));
    ask(result("A2", "5"));
    assert_eq!(port.count("Encounter"), 4);
}

#[test]
fn an_order_numbered_by_an_authority_is_one_order_from_two_sources() {
    let port = Port::with(&[source("his", "127.0.0.1"), source("lab", "127.0.0.2")], Options::default());
    let result = |value: &str, status: &str| {
        format!(
            "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|{value}|P|2.5\rPID|1||12^^^HOSP^MR\r\
             OBR|1||F1^LAB|CBC^Count^L|||20240103|||||||||||||||||||||{status}\rOBX|1|NM|718-7^Hb^LN||{value}|g/dL|||||{status}\r"
        )
    };
    assert!(port.connect().ask(&result("13", "P")).contains("\rMSA|AA|"));
    assert!(port.connect_from([127, 0, 0, 2]).ask(&result("12", "F")).contains("\rMSA|AA|"));
    assert_eq!((port.count("Observation"), port.count("DiagnosticReport"), port.count("ServiceRequest")), (1, 1, 1));
    assert!(port.only("Observation").contains("\"value\":12"));
}

/// The certificate in `tests/tls`, made for these tests only, for the port and for a sender that trusts it.
fn certificate() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(folder.join("certificate.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let mut trusted = RootCertStore::empty();
    trusted.add(chain[0].clone()).unwrap();
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

#[test]
fn under_tls_messages_are_taken_and_plain_ones_are_not() {
    let (server, client) = certificate();
    let port = Port::with(&[source("ward", "127.0.0.1")], Options { tls: Some(server), ..Options::default() });
    let mut plain = port.connect();
    let _ = plain.stream.write_all(&frame(ADMIT.as_bytes()));
    assert_eq!(plain.answer(), None);
    assert_eq!(port.count("Patient"), 0);
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(client, name).unwrap();
    let mut line = rustls::StreamOwned::new(connection, port.connect().stream);
    let mut framer = Framer::default();
    for no in 0..3 {
        for part in frame(ADMIT.replace("A01|1|", &format!("A01|{no}|")).as_bytes()).chunks(50) {
            line.write_all(part).unwrap();
        }
        let answer = loop {
            if let Some(Received::Message(bytes)) = framer.next() {
                break String::from_utf8(bytes).unwrap();
            }
            let mut buffer = [0; 1024];
            let count = line.read(&mut buffer).unwrap();
            framer.push(&buffer[..count]);
        };
        assert!(answer.contains(&format!("\rMSA|AA|{no}\r")), "{answer}");
    }
    assert_eq!(port.count("Patient"), 1);
}
