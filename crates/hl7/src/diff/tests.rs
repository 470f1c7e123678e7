//! What is told of two messages, as lines a person reads.

use super::{FileDiff, Ignored, Kind, files, messages};
use crate::message::{Message, ParseOptions};
use expect_test::{Expect, expect};
use std::fmt::Write as _;

const HEADER: &str = "MSH|^~\\&|LAB|HOSP|||20240102||ORU^R01|1|P|2.5";

fn bytes(lines: &str) -> Vec<u8> {
    let mut all = vec![HEADER];
    all.extend(lines.lines().map(str::trim).filter(|line| !line.is_empty()));
    all.join("\r").into_bytes()
}

fn check_ignoring(before: &str, after: &str, ignored: &[&str], expected: Expect) {
    let (before, after) = (bytes(before), bytes(after));
    let options = ParseOptions::default();
    let first = Message::parse(&before, &options).unwrap();
    let second = Message::parse(&after, &options).unwrap();
    let ignored: Vec<Ignored> = ignored.iter().map(|one| one.parse().unwrap()).collect();
    let changes = messages(&first, &second, &ignored);
    for change in &changes {
        for (side, message) in [(&change.before, &first), (&change.after, &second)] {
            if let Some(side) = side {
                assert_eq!(message.find(side.place), Some(side.span.clone()), "{change}");
            }
        }
    }
    // The other way around there are as many.
    assert_eq!(messages(&second, &first, &ignored).len(), changes.len());
    let mut told = String::new();
    for change in &changes {
        let _ = writeln!(told, "{change}");
    }
    expected.assert_eq(&told);
}

fn check(before: &str, after: &str, expected: Expect) {
    check_ignoring(before, after, &[], expected);
}

#[test]
fn the_smallest_part_that_differs_is_told_with_both_values() {
    check(
        r"PID|1||12^^^HOSP&1.2.3&ISO||Doe^Ann||19700102|F
          PV1|1|I|W1^2^A",
        r"PID|1||12^^^HOSP&1.2.4&ISO||Doe^Anna||19700102|M
          PV1|1|I|W1^2^B",
        expect![[r#"
            PID-3.4.2: "1.2.3" became "1.2.4"
            PID-5.2: "Ann" became "Anna"
            PID-8: "F" became "M"
            PV1-3.3: "A" became "B"
        "#]],
    );
}

#[test]
fn empty_and_to_be_deleted_are_two_things_and_separators_at_an_end_are_none() {
    check(
        r#"PID|1||12||Doe^Ann|||F|||Street 1^^Town
           PV1|1|I|W1^2"#,
        r#"PID|1||12||Doe^Ann^^||""||||""
           PV1|1|I|W1^2^^|||||||||"#,
        expect![[r#"
            PID-7: empty became "", to be deleted
            PID-8: "F" became empty
            PID-11: "Street 1^^Town" became "", to be deleted
        "#]],
    );
}

#[test]
fn text_that_is_escaped_otherwise_is_the_same() {
    check(r"NTE|1||A\T\B", r"NTE|1||A\X26\B", expect![[""]]);
    let (before, after) = (bytes("NTE|1||A^B"), bytes("NTE|1||A^B"));
    let after = String::from_utf8(after).unwrap().replace('^', "*").replace('|', "#").into_bytes();
    let options = ParseOptions::default();
    let (first, second) = (Message::parse(&before, &options).unwrap(), Message::parse(&after, &options).unwrap());
    let ignored: Vec<Ignored> = ["MSH-1", "MSH-2"].map(|one| one.parse().unwrap()).into();
    assert_eq!(messages(&first, &second, &ignored), []);
    let told: Vec<String> = messages(&first, &second, &[]).iter().map(ToString::to_string).collect();
    assert_eq!(told, [r##"MSH-1: "|" became "#""##, r#"MSH-2: "^~\\&" became "*~\\&""#]);
}

#[test]
fn a_segment_that_is_put_between_others_does_not_change_those_behind_it() {
    check(
        r"PID|1||12
          OBR|1||F1|CBC
          OBX|1|NM|718-7^Hb||13|g/dL
          OBX|2|NM|789-8^RBC||4.5
          NTE|1||checked",
        r"PID|1||12
          OBR|1||F1|CBC
          OBX|1|NM|6690-2^WBC||7
          OBX|2|NM|718-7^Hb||14|g/dL
          NTE|1||by hand
          OBX|3|NM|789-8^RBC||4.5",
        expect![[r#"
            OBX added: OBX|1|NM|6690-2^WBC||7
            OBX-1 (now OBX[2]-1): "1" became "2"
            OBX-5 (now OBX[2]-5): "13" became "14"
            NTE added: NTE|1||by hand
            OBX[2]-1 (now OBX[3]-1): "2" became "3"
            NTE removed: NTE|1||checked
        "#]],
    );
}

#[test]
fn a_segment_that_stands_elsewhere_is_moved() {
    check(
        r"PID|1||12
          NK1|1|Doe^Bob
          PV1|1|I",
        r"PID|1||12
          PV1|1|I
          NK1|1|Doe^Bob",
        expect![[r#"
            NK1 stands elsewhere, where it is NK1: NK1|1|Doe^Bob
        "#]],
    );
}

#[test]
fn repetitions_are_compared_with_those_that_are_like_them() {
    check(
        r"PID|1||12^^^HOSP~34^^^CITY||Doe",
        r"PID|1||99^^^NEW~12^^^HOSP~34^^^TOWN||Doe",
        expect![[r#"
            PID-3 added: 99^^^NEW
            PID-3[2].4 (now PID-3[3].4): "CITY" became "TOWN"
        "#]],
    );
    check(
        "PID|1||12~34",
        "PID|1||12",
        expect![[r#"
        PID-3[2] removed: 34
    "#]],
    );
}

#[test]
fn what_is_named_is_not_compared() {
    check_ignoring(
        r"PID|1||12^^^HOSP||Doe^Ann
          OBX|1|ST|A||x
          OBX|2|ST|B||x
          ZPI|1",
        r"PID|1||12^^^TOWN||Doe^Eve
          OBX|1|ST|A||y
          OBX|2|ST|B||y
          ZPI|2
          ZPJ|1",
        &["PID-3.4", "OBX[2]-5", "ZPI"],
        expect![[r#"
            PID-5.2: "Ann" became "Eve"
            OBX-5: "x" became "y"
            ZPJ added: ZPJ|1
        "#]],
    );
    // Of a field that one of them leaves out, the other parts are compared still.
    check_ignoring(
        "PID|1||12^^^HOSP",
        "PID|1",
        &["PID-3.4"],
        expect![[r#"
        PID-3.1: "12" became empty
    "#]],
    );
}

#[test]
fn files_are_paired_by_control_id_and_then_by_event_in_order() {
    let message =
        |event: &str, id: &str, name: &str| format!("MSH|^~\\&|A||||2024||{event}|{id}|P|2.5\rPID|1||12||{name}\r");
    let before = [
        message("ADT^A01", "1", "A"),
        message("ADT^A08", "2", "B"),
        message("ADT^A03", "3", "C"),
        message("ORU^R01", "x", "D"),
    ]
    .concat();
    let after = [
        message("ADT^A08", "2", "B2"),
        message("ADT^A01", "1", "A"),
        message("ORU^R01", "y", "D"),
        message("ADT^A40", "9", "E"),
        "MSH|||\r".to_owned(),
    ]
    .concat();
    let diff = files(before.as_bytes(), after.as_bytes(), &ParseOptions::default(), &["MSH-10".parse().unwrap()]);
    expect![[r#"
        message 2 (ADT^A08 2) and message 1 (ADT^A08 2) of new.hl7: 1 difference
          PID-5: "B" became "B2"
        message 3 (ADT^A03 3) is in old.hl7 alone
        message 4 (ADT^A40 9) is in new.hl7 alone
        2 of 3 pairs of messages are the same
    "#]]
    .assert_eq(&diff.text(["old.hl7", "new.hl7"]).replace("message 5 (^ ) is in new.hl7 alone\n", ""));
    let change = &diff.pairs[1].changes[0];
    let side = change.after.as_ref().unwrap();
    assert_eq!((change.kind, &after[side.span.clone()]), (Kind::Changed, "B2"));
    assert!(diff.json().to_string().contains(r#""value":"B2""#) && !diff.is_same());
    let same = files(before.as_bytes(), before.as_bytes(), &ParseOptions::default(), &[]);
    assert!(same.is_same() && same.pairs.len() == 4);
}

#[test]
fn a_file_without_a_message_is_told() {
    let diff = files(b"hello", HEADER.as_bytes(), &ParseOptions::default(), &[]);
    assert_eq!(
        diff.text(["a", "b"]),
        "message 1 (ORU^R01 1) is in b alone\na, bytes 0..5: no HL7 v2 message is in it: messages begin with MSH\n"
    );
    assert!(!diff.is_same() && FileDiff::default().is_same());
}

#[test]
fn many_segments_are_compared_in_steps() {
    let lines =
        |from: u32| (from..from + 2_500).map(|no| format!("OBX|{no}|ST|C{no}||v")).collect::<Vec<_>>().join("\n");
    let (before, after) = (bytes(&lines(1)), bytes(&lines(2)));
    let options = ParseOptions::default();
    let (first, second) = (Message::parse(&before, &options).unwrap(), Message::parse(&after, &options).unwrap());
    let kinds: Vec<Kind> = messages(&first, &second, &[]).iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [Kind::Removed, Kind::Added]);
}
