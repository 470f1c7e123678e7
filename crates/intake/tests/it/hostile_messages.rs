//! Messages as nobody should send them: each gets an answer, none stops the port, and memory stays bounded.

use crate::mllp::Port;
use hl7::mllp::frame;
use proptest::prelude::*;
use std::io::Write;
use std::sync::Mutex;

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\rOBX|1|ST|A||x||||||F\r";

/// What this process has held at most, in bytes.
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let whole = ADMIT.as_bytes();
    prop_oneof![
        // Cut off anywhere.
        (0..whole.len()).prop_map(move |end| whole[..end].to_vec()),
        // Some bytes exchanged for anything that does not end the frame.
        prop::collection::vec(
            (0..whole.len(), any::<u8>().prop_filter("no frame", |b| !matches!(b, 0x0b | 0x1c))),
            1..20
        )
        .prop_map(move |changes| {
            let mut bytes = whole.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            bytes
        }),
        // Anything at all.
        prop::collection::vec(any::<u8>().prop_filter("no frame", |b| !matches!(b, 0x0b | 0x1c)), 0..200),
        // Written in another set than it says.
        (
            "[À-ž一-龥]{1,20}",
            prop::sample::select(vec!["UNICODE UTF-8", "GB 18030-2000", "BIG-5", "ISO IR87", "nonsense"])
        )
            .prop_map(|(name, declared)| {
                let text = ADMIT.replace("|P|2.5\r", &format!("|P|2.5||||||{declared}\r")).replace("Doe", &name);
                hl7::Charset::GB18030.encode(&text)
            }),
        // Separators upon separators.
        (prop::sample::select(vec!["~", "^", "&", "|", "\\", "\r"]), 1usize..5_000)
            .prop_map(|(separator, count)| { ADMIT.replace("Doe^Ann", &separator.repeat(count)).into_bytes() }),
    ]
}

#[test]
fn every_message_is_answered_whatever_it_holds() {
    let port = Port::new(Some("127.0.0.1"));
    let line = Mutex::new(port.connect());
    proptest!(ProptestConfig { cases: 300, ..ProptestConfig::default() }, |(bytes in hostile())| {
        let mut line = line.lock().unwrap();
        line.stream.write_all(&frame(&bytes)).unwrap();
        let answer = String::from_utf8_lossy(&line.answer_bytes().expect("an answer")).into_owned();
        prop_assert!(answer.contains("MSA"), "{answer}");
    });
    // What was refused is kept, and the port goes on: with a patient and a stay that none of them can have named.
    let last = [("A01|1|", "A01|last|"), ("||12^", "||770012^"), ("V9^", "V770009^")];
    let last = last.iter().fold(ADMIT.to_owned(), |text, (from, to)| text.replace(from, to));
    let answer = port.connect().ask(&last);
    assert!(answer.contains("\rMSA|AA|last\r"), "{answer}");
}

#[test]
fn a_million_repeats_are_refused_or_taken_within_bounded_memory() {
    const BOUND_BYTES: usize = 700 << 20;
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let results = |count: usize| {
        let obx: Vec<String> = (0..count).map(|no| format!("OBX|{no}|NM|{no}^^L||1|mg|1-2|N|||F\r")).collect();
        let obx = obx.concat();
        format!(
            "MSH|^~\\&|LAB|HOSP|||20240102||ORU^R01|1|P|2.5\rPID|1||12^^^HOSP^MR\rOBR|1||F1|C^D^L|||20240102\r{obx}"
        )
    };
    for (what, message, code) in [
        ("identifiers", ADMIT.replace("12^^^HOSP^MR", &"1~".repeat(1_000_000)), "AE"),
        ("fields", ADMIT.replace("Doe^Ann", &"|".repeat(3_000_000)), "AR"),
        ("segments", format!("{ADMIT}{}", "NTE|1\r".repeat(1_000_000)), "AR"),
        ("components", ADMIT.replace("Doe^Ann", &"^a".repeat(1_000_000)), "AA"),
        ("subcomponents", ADMIT.replace("Doe^Ann", &"&a".repeat(1_000_000)), "AA"),
        ("escapes", ADMIT.replace("Doe^Ann", &"\\T\\".repeat(1_000_000)), "AA"),
        ("lines of text", ADMIT.replace("|x|", &format!("|{}|", "line~".repeat(1_000_000))), "AA"),
        ("results", results(6_000), "AA"),
        ("more results", results(30_000), "AE"),
        ("long value", ADMIT.replace("Doe^Ann", &"x".repeat(15 << 20)), "AA"),
        ("too long", ADMIT.replace("Doe^Ann", &"x".repeat(17 << 20)), "AR"),
    ] {
        line.stream.write_all(&frame(message.as_bytes())).unwrap();
        let answer = line.answer().expect(what);
        println!("{what}: {} MiB at most so far", peak_bytes() >> 20);
        assert!(answer.contains(&format!("MSA|{code}|")), "{what}: {}", &answer[..answer.len().min(300)]);
    }
    assert!(peak_bytes() < BOUND_BYTES, "{} MiB", peak_bytes() >> 20);
}
