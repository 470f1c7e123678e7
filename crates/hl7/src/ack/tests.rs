use super::*;
use expect_test::{Expect, expect};
use std::fmt::Write as _;

fn check(header: &str, answer: &Answer, expected: Expect) {
    let bytes = format!("{header}\rPID|1||7\r");
    let message = Message::parse(bytes.as_bytes(), &ParseOptions::default()).unwrap();
    let answers = super::answer(&message, answer, Stamp { time: "20240102030405+0000", control_id: "W1" });
    let mut text = String::new();
    for (name, bytes) in [("accept", answers.accept), ("application", answers.application)] {
        let bytes =
            bytes.map_or("none\n".to_owned(), |b| format!("\n{}", String::from_utf8(b).unwrap().replace('\r', "\n")));
        let _ = write!(text, "{name}: {bytes}");
    }
    expected.assert_eq(&text);
}

fn place_of(field: u16) -> Place {
    let message = Message::parse(b"MSH|^~\\&|\rPID|1||a^^^B", &ParseOptions::default()).unwrap();
    message.segments("PID").next().unwrap().field(field).component(4).place()
}

#[test]
fn original_mode_answers_once_with_sender_and_receiver_exchanged() {
    check(
        "MSH|^~\\&|LAB^1.2^ISO|NORTH|WEAVE|HOSP|20240101||ADT^A01^ADT_A01|77|P|2.5.1",
        &Answer::accepted(),
        expect![[r"
            accept: none
            application: 
            MSH|^~\&|WEAVE|HOSP|LAB^1.2^ISO|NORTH|20240102030405+0000||ACK^A01^ACK|W1|P|2.5.1
            MSA|AA|77
        "]],
    );
}

#[test]
fn enhanced_mode_gives_what_msh_15_and_16_ask_for() {
    check(
        "MSH|^~\\&|LAB|||||| ORU^R01|77|P|2.4|||AL|ER",
        &Answer::accepted(),
        expect![[r"
            accept: 
            MSH|^~\&|||LAB||20240102030405+0000||ACK^R01^ACK|W1|P|2.4
            MSA|CA|77
            application: none
        "]],
    );
    check(
        "MSH|^~\\&|LAB||||||ORU^R01|77|P|2.5|||AL|ER",
        &Answer::refused(Outcome::Error, Condition::RequiredFieldMissing, Some(place_of(3)), "PID-3 names no patient|"),
        expect![[r"
            accept: 
            MSH|^~\&|||LAB||20240102030405+0000||ACK^R01^ACK|W1|P|2.5
            MSA|CE|77|PID-3 names no patient\F\
            ERR||PID^1^3^1^4|101^Required field missing^HL70357|E||||PID-3 names no patient\F\
            application: 
            MSH|^~\&|||LAB||20240102030405+0000||ACK^R01^ACK|W1-2|P|2.5
            MSA|AE|77|PID-3 names no patient\F\
            ERR||PID^1^3^1^4|101^Required field missing^HL70357|E||||PID-3 names no patient\F\
        "]],
    );
    check(
        "MSH|^~\\&|LAB||||||ORU^R01|77|P|2.5|||NE|NE",
        &Answer::accepted(),
        expect![[r"
            accept: none
            application: none
        "]],
    );
}

#[test]
fn before_version_2_5_the_error_stands_in_err_1() {
    check(
        "MSH|$~\\&|LAB||||||ADT$A99|77|P|2.3",
        &Answer::refused(Outcome::Rejected, Condition::UnsupportedEvent, Some(place_of(9)), "no map for ADT A99"),
        expect![[r"
            accept: none
            application: 
            MSH|$~\&|||LAB||20240102030405+0000||ACK$A99|W1|P|2.3
            MSA|AR|77|no map for ADT A99
            ERR|PID$1$9$201&no map for ADT A99&HL70357
        "]],
    );
}

#[test]
fn bytes_that_are_no_message_are_rejected_as_far_as_the_header_reads() {
    let stamp = Stamp { time: "20240102030405+0000", control_id: "W1" };
    for (bytes, expected) in [
        (
            &b"GET / HTTP/1.1\r\n"[..],
            expect![[r#"
                MSH|^~\&|||||20240102030405+0000||ACK|W1|P|2.5
                MSA|AR||a message starts with MSH, but byte 0 reads "GET / HTTP/1"; check that the se...
                ERR|||100^Segment sequence error^HL70357|E||||a message starts with MSH, but byte 0 reads "GET / HTTP/1"; check that the sender speaks HL7 v2 with vertical bars
            "#]],
        ),
        (
            b"MSH|^~\\&|LAB||||||ORU^R01|77|P|2.5||||||KLINGON\rPID|\xff\r",
            expect![[r#"
                MSH|^~\&|||LAB||20240102030405+0000||ACK^R01^ACK|W1|P|2.5||||||KLINGON
                MSA|AR|77|MSH-18 at byte 40 names the character set "KLINGON", which is not supported, ...
                ERR|||103^Table value not found^HL70357|E||||MSH-18 at byte 40 names the character set "KLINGON", which is not supported, and byte 52 is not ASCII; correct MSH-18 or set the source's character set to override it
            "#]],
        ),
    ] {
        let error = Message::parse(bytes, &ParseOptions::default()).unwrap_err();
        let answer = reject_unreadable(bytes, &error, stamp);
        expected.assert_eq(&String::from_utf8(answer).unwrap().replace('\r', "\n"));
    }
}
