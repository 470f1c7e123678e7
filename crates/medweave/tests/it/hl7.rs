//! The tools for whoever connects systems: `medweave hl7 lint`, `diff` and `send`.

use crate::program::{Data, write};
use hl7::mllp::{Framer, Received, frame};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const GOOD: &str = "MSH|^~\\&|HIS|HOSP|||20240102||ADT^A31^ADT_A05|17|P|2.5\rEVN||20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|N\r";

/// A folder with two files: one message, and the same with another family name, another control id and line feeds.
fn folder() -> Data {
    let data = Data::new();
    write(&data.path("good.hl7"), GOOD.as_bytes());
    write(&data.path("other.hl7"), GOOD.replace("Doe", "Roe").replace("|17|", "|18|").replace('\r', "\n").as_bytes());
    data
}

fn said(output: &std::process::Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn lint_tells_what_is_wrong_and_its_exit_code_says_whether_anything_is() {
    let data = folder();
    let (code, out, errors) = said(&data.run(&["hl7", "lint", "good.hl7"]));
    assert_eq!(code, Some(0), "{out}{errors}");
    assert!(out.ends_with("1 message, 1 would be taken: 0 errors, 0 warnings, 0 notes\n"), "{out}");
    write(&data.path("bad.hl7"), GOOD.replace("19700102", "19700231").as_bytes());
    let (code, out, _) = said(&data.run(&["hl7", "lint", "good.hl7", "bad.hl7"]));
    assert_eq!(code, Some(1));
    assert!(out.contains("error: PID-7, byte ") && out.contains("bad.hl7") && out.contains("2 messages"), "{out}");
    let output = data.run(&["hl7", "lint", "--json", "bad.hl7"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((told["errors"].as_u64(), told["taken"].as_u64()), (Some(1), Some(1)));
    let finding = &told["files"][0]["messages"][0]["findings"][0];
    assert_eq!((finding["place"].as_str(), finding["rule"].as_str()), (Some("PID-7"), Some("data-type")));
    let offset = finding["offset"].as_u64().unwrap() as usize;
    assert!(std::fs::read_to_string(data.path("bad.hl7")).unwrap()[offset..].starts_with("19700231"));
    // A warning fails when it is asked to.
    let odd = GOOD.replace("|N\r", "|N\rXYZ|1\r");
    let (code, out, _) = said(&data.with_input(&["hl7", "lint", "-", "--level", "warning"], &odd));
    assert!(code == Some(0) && out.contains("standard input") && out.contains("warning: XYZ"), "{out}");
    let (code, ..) = said(&data.with_input(&["hl7", "lint", "-", "--strict"], &odd));
    assert_eq!(code, Some(1));
    let (code, _, errors) = said(&data.run(&["hl7", "lint", "nowhere.hl7"]));
    assert!(code == Some(2) && errors.contains("nowhere.hl7 is not there"), "{errors}");
    assert!(!data.path("data").exists(), "no data directory is made");
}

#[test]
fn diff_tells_both_values_and_its_exit_code_says_whether_they_differ() {
    let data = folder();
    let (code, out, _) = said(&data.run(&["hl7", "diff", "good.hl7", "other.hl7", "--ignore", "MSH-7,MSH-10"]));
    assert_eq!(code, Some(1));
    assert!(out.contains("PID-5.1: \"Doe\" became \"Roe\"") && out.contains("1 difference"), "{out}");
    let (code, out, _) = said(&data.run(&["hl7", "diff", "good.hl7", "other.hl7", "--ignore", "MSH-10,PID-5"]));
    assert_eq!((code, out.as_str()), (Some(0), "1 of 1 pairs of messages are the same\n"));
    let output = data.run(&["hl7", "diff", "good.hl7", "other.hl7", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["pairs"][0]["changes"][0]["after"]["value"], "18");
    let (code, _, errors) = said(&data.run(&["hl7", "diff", "good.hl7", "other.hl7", "--ignore", "MSH10"]));
    assert!(code == Some(2) && errors.contains("names no place of a message"), "{errors}");
    assert_eq!(data.run(&["hl7", "diff", "-", "-"]).status.code(), Some(2));
}

/// What came over a connection.
type Came = Arc<Mutex<Vec<Vec<u8>>>>;

/// Listens and answers each message by `answer`, which is told how many came before; `None` closes the connection.
fn receiver(
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(usize, &str) -> Option<Vec<String>> + Send + 'static,
) -> (String, Came) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let came = Came::default();
    let seen = Arc::clone(&came);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            match &tls {
                None => talk(stream, &seen, &answer),
                Some(tls) => {
                    let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                    talk(StreamOwned::new(connection, stream), &seen, &answer);
                }
            }
        }
    });
    (address, came)
}

fn talk(mut stream: impl Read + Write, seen: &Came, answer: &impl Fn(usize, &str) -> Option<Vec<String>>) {
    let mut framer = Framer::default();
    let mut buffer = [0; 4_096];
    loop {
        while let Some(Received::Message(message)) = framer.next() {
            let before = seen.lock().unwrap().len();
            seen.lock().unwrap().push(message.clone());
            let Some(answers) = answer(before, &String::from_utf8_lossy(&message)) else { return };
            for one in answers {
                let _ = stream.write_all(&frame(one.as_bytes()));
            }
            let _ = stream.flush();
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => framer.push(&buffer[..count]),
        }
    }
}

fn control_id(message: &str) -> String {
    message.split('|').nth(9).unwrap().to_owned()
}

fn ack(code: &str, control_id: &str) -> String {
    format!("MSH|^~\\&|R|||||| ACK|1|P|2.5\rMSA|{code}|{control_id}\r")
}

#[test]
fn messages_are_sent_in_order_with_carriage_returns_and_each_answer_is_shown() {
    let data = folder();
    let (address, came) = receiver(None, |_, message| {
        let id = control_id(message);
        let refused = format!(
            "{}ERR||PID^1^5^1^1|101^Required field missing^HL70357|E||||no such name\r",
            ack("AE", &id).replace("|18\r", "|18|refused\r")
        );
        // Also one that belongs to another message.
        Some(if id == "18" { vec![ack("AA", "7"), refused] } else { vec![ack("AA", &id)] })
    });
    let (code, out, errors) = said(&data.run(&["hl7", "send", &address, "good.hl7", "other.hl7"]));
    assert_eq!(code, Some(1), "{out}{errors}");
    assert!(out.contains("good.hl7 message 1: ADT^A31 17: AA ("), "{out}");
    assert!(out.contains("other.hl7 message 1: ADT^A31 18: AE refused ("), "{out}");
    assert!(out.contains("\n  error at PID-5.1: 101 Required field missing: no such name\n"), "{out}");
    assert!(out.contains("2 sent, 1 accepted, 1 refused, 0 without an answer"), "{out}");
    assert!(errors.contains("an answer to another message came: AA, to control id \"7\""), "{errors}");
    let came = came.lock().unwrap();
    assert_eq!(came[0], GOOD.as_bytes());
    assert!(!came[1].contains(&b'\n') && came[1].ends_with(b"PV1|1|N\r"));
}

#[test]
fn new_ids_are_new_and_a_repeat_goes_on_over_a_connection_that_broke_off() {
    let data = folder();
    // The third is not answered: the connection closes.
    let (address, came) =
        receiver(None, |before, message| (before != 2).then(|| vec![ack("AA", &control_id(message))]));
    let arguments =
        ["hl7", "send", &address, "good.hl7", "--new-ids", "--repeat", "5", "--rate", "1000", "--quiet", "--json"];
    let (code, out, errors) = said(&data.run(&arguments));
    assert_eq!(code, Some(1), "{out}{errors}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert_eq!((lines[0]["became"].as_str(), lines[1]["sums"]["accepted"].as_u64()), (Some("unanswered"), Some(4)));
    let came = came.lock().unwrap();
    let ids: HashSet<String> = came.iter().map(|message| control_id(&String::from_utf8_lossy(message))).collect();
    assert_eq!((came.len(), ids.len()), (5, 5));
    assert!(!came.iter().any(|message| String::from_utf8_lossy(message).contains("|20240102||ADT")));
}

#[test]
fn both_answers_of_enhanced_mode_are_waited_for_and_silence_is_told() {
    let data = folder();
    write(&data.path("both.hl7"), GOOD.replace("|2.5\r", "|2.5|||AL|AL\r").as_bytes());
    let (address, _) =
        receiver(None, |_, message| Some(vec![ack("CA", &control_id(message)), ack("AR", &control_id(message))]));
    let (code, out, _) = said(&data.run(&["hl7", "send", &address, "both.hl7"]));
    assert!(code == Some(1) && out.contains(": CA, AR ("), "{out}");
    let (address, _) = receiver(None, |_, _| Some(Vec::new()));
    let (code, out, _) = said(&data.run(&["hl7", "send", &address, "good.hl7", "--timeout", "1"]));
    assert!(
        code == Some(1) && out.contains("no answer came within 1 s") && out.contains("1 without an answer"),
        "{out}"
    );
    write(&data.path("none.hl7"), GOOD.replace("|2.5\r", "|2.5|||NE|NE\r").as_bytes());
    let (code, out, _) = said(&data.run(&["hl7", "send", &address, "none.hl7"]));
    assert!(code == Some(0) && out.contains("sent; it asks for no answer"), "{out}");
}

#[test]
fn what_is_called_wrongly_sends_nothing() {
    let data = folder();
    write(&data.path("broken.hl7"), b"MSH\rPID|1\r");
    write(&data.path("empty.hl7"), b"hello");
    let (address, came) = receiver(None, |_, _| None);
    for (arguments, expected) in [
        (&["nowhere", "good.hl7"][..], "is no host with a port"),
        (&[&address, "missing.hl7"], "missing.hl7 is not there"),
        (&[&address, "good.hl7", "empty.hl7"], "no HL7 v2 message is in it"),
        (&[&address, "good.hl7", "--ca", "ca.pem"], "--tls"),
        (&[&address, "good.hl7", "--tls", "--ca", "ca.pem"], "ca.pem has no certificate in PEM"),
        (&[&address, "good.hl7", "--rate", "none"], "is no number of messages a second"),
    ] {
        let (code, _, errors) = said(&data.run(&[&["hl7", "send"], arguments].concat()));
        assert!(code == Some(2) && errors.contains(expected), "{arguments:?}: {errors}");
    }
    assert!(came.lock().unwrap().is_empty());
    // Nobody listens any more where a listener was.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (code, out, errors) = said(&data.with_input(&["hl7", "send", &closed], GOOD));
    assert!(
        code == Some(1) && errors.contains("cannot be connected to") && out.contains("1 not sent"),
        "{out}{errors}"
    );
}

/// The certificate that tests of the port use, as a server that wants it of its senders too, if `asks`.
fn server_tls(asks: bool) -> Arc<ServerConfig> {
    let folder = tls_folder();
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(folder.join("certificate.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = if asks {
        let mut roots = RootCertStore::empty();
        roots.add(chain[0].clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

fn tls_folder() -> PathBuf {
    // Asked when it runs: a test that was compiled in another clone looks at the clone it runs in.
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../intake/tests/tls")
}

#[test]
fn under_tls_the_receiver_is_checked_and_may_check_the_sender() {
    let data = folder();
    let certificate = tls_folder().join("certificate.pem").display().to_string();
    let key = tls_folder().join("key.pem").display().to_string();
    let answered = |_: usize, message: &str| Some(vec![ack("AA", &control_id(message))]);
    let (address, _) = receiver(Some(server_tls(false)), answered);
    let port = address.rsplit(':').next().unwrap();
    let local = format!("localhost:{port}");
    let trusting = ["hl7", "send", &local, "good.hl7", "--tls", "--ca", &certificate];
    let (code, out, errors) = said(&data.run(&trusting));
    assert!(code == Some(0) && out.contains("1 accepted"), "{out}{errors}");
    // Its address is not in the certificate; the name can be given.
    let by_address = ["hl7", "send", &address, "good.hl7", "--tls", "--ca", &certificate, "--tls-name", "localhost"];
    assert_eq!(data.run(&by_address).status.code(), Some(0));
    // Who is not trusted gets nothing.
    let (code, _, errors) =
        said(&data.run(&["hl7", "send", &local, "good.hl7", "--tls", "--ca", &certificate, "--tls-name", "other"]));
    assert!(code == Some(1) && errors.contains("--tls-name"), "{errors}");
    let (address, _) = receiver(Some(server_tls(true)), answered);
    let local = format!("localhost:{}", address.rsplit(':').next().unwrap());
    let without = ["hl7", "send", &local, "good.hl7", "--tls", "--ca", &certificate];
    let (code, out, errors) = said(&data.run(&without));
    assert!(code == Some(1) && (out + &errors).contains("--client-cert"));
    let with = [&without[..], &["--client-cert", &certificate, "--client-key", &key]].concat();
    let (code, out, errors) = said(&data.run(&with));
    assert!(code == Some(0), "{out}{errors}");
}

/// Lint says what the program answers.
#[test]
fn what_is_sent_to_the_program_is_answered_as_lint_says() {
    let data = folder();
    write(&data.path("merge.hl7"), GOOD.replace("ADT^A31^ADT_A05|17", "ADT^A40^ADT_A39|19").as_bytes());
    data.done(&["source", "allow", "127.0.0.1", "--name", "engine"]);
    let (served, address) = crate::mllp::serve(&data);
    for (file, code) in [("good.hl7", "AA"), ("other.hl7", "AA"), ("merge.hl7", "AE")] {
        let told: Value = serde_json::from_slice(&data.run(&["hl7", "lint", "--json", file]).stdout).unwrap();
        assert_eq!(told["files"][0]["messages"][0]["answer"]["code"], code, "{file}");
        let output = data.run(&["hl7", "send", &address, file, "--json"]);
        let line = String::from_utf8(output.stdout).unwrap();
        let sent: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
        assert_eq!(sent["answers"][0]["code"], code, "{line}");
        assert_eq!(output.status.code(), Some(i32::from(code != "AA")));
    }
    let again = ["hl7", "send", &address, "good.hl7", "--new-ids", "--repeat", "3"];
    assert!(data.done(&again).contains("3 sent, 3 accepted"));
    assert!(served.stop().success());
}
