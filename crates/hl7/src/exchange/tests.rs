//! What a sender hears, in each mode that a message can ask for.

use super::{Acknowledgement, Became, Exchange, NoAcknowledgement, Taken, Waits, renewed};
use crate::ack::{self, Answer, Condition, Outcome, Stamp};
use crate::message::{Message, ParseOptions, Place};

fn message(mode: &str) -> Vec<u8> {
    format!("MSH|^~\\&|ADT|NORTH|WEAVE|HOSP|20240102||ADT^A31|17|P|2.5||{mode}\rPID|1\r").into_bytes()
}

fn answer(code: &str, control_id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|WEAVE|HOSP|ADT|NORTH|20240102||ACK^A31|9|P|2.5\rMSA|{code}|{control_id}|said\r").into_bytes()
}

/// What is waited for and what became of a message whose MSH-14 to 16 are `mode`, after these answers.
fn after(mode: &str, codes: &[&str]) -> (Waits, Became) {
    let bytes = message(mode);
    let parsed = Message::parse(&bytes, &ParseOptions::default()).unwrap();
    let mut exchange = Exchange::of(&parsed);
    for code in codes {
        assert!(matches!(exchange.take(&answer(code, "17")), Taken::Ours(_)));
    }
    (exchange.waits(), exchange.became())
}

#[test]
fn each_mode_waits_for_what_it_asks_for() {
    use Became::{Accepted, Refused, Unanswered};
    use Waits::{Done, Needed, Perhaps};
    for (mode, codes, expected) in [
        ("", &[][..], (Needed, Unanswered)),
        ("", &["AA"], (Done, Accepted)),
        ("", &["AE"], (Done, Refused)),
        ("", &["CA"], (Done, Accepted)),
        ("|AL|NE", &[], (Needed, Unanswered)),
        ("|AL|NE", &["CA"], (Done, Accepted)),
        ("|AL|NE", &["CR"], (Done, Refused)),
        // A receiver that answers with one application acknowledgement, whatever was asked for.
        ("|AL|NE", &["AA"], (Done, Accepted)),
        ("|AL|AL", &["CA"], (Needed, Unanswered)),
        ("|AL|AL", &["CA", "AE"], (Done, Refused)),
        ("|AL|AL", &["CE"], (Done, Refused)),
        ("|NE|AL", &[], (Needed, Unanswered)),
        ("|NE|AL", &["AR"], (Done, Refused)),
        ("|NE|NE", &[], (Done, Accepted)),
        ("|NE|ER", &[], (Perhaps, Accepted)),
        ("|NE|SU", &[], (Perhaps, Refused)),
        ("|ER|NE", &[], (Perhaps, Accepted)),
        ("|AL|ER", &["CA"], (Perhaps, Accepted)),
        ("|AL|SU", &["CA"], (Perhaps, Refused)),
        ("|AL|SU", &["CA", "AA"], (Done, Accepted)),
    ] {
        assert_eq!(after(mode, codes), expected, "{mode} {codes:?}");
    }
}

#[test]
fn an_answer_to_another_message_and_what_is_no_answer_are_told_as_such() {
    let bytes = message("");
    let parsed = Message::parse(&bytes, &ParseOptions::default()).unwrap();
    let mut exchange = Exchange::of(&parsed);
    assert_eq!(exchange.control_id(), "17");
    let Taken::OfAnother(other) = exchange.take(&answer("AA", "16")) else { panic!() };
    assert_eq!(other.control_id, "16");
    let Taken::NoAnswer(error) = exchange.take(b"hello") else { panic!() };
    assert!(matches!(error, NoAcknowledgement::NoMessage(_)));
    let Taken::NoAnswer(error) = exchange.take(&message("")) else { panic!() };
    assert_eq!(error.to_string(), "the answer is ADT^A31, a message without MSA");
    let Taken::NoAnswer(error) = exchange.take(&answer("OK", "17")) else { panic!() };
    assert_eq!(error, NoAcknowledgement::Code("OK".to_owned()));
    assert_eq!(exchange.became(), Became::Unanswered);
    // Who leaves MSA-2 empty can mean no other.
    assert!(matches!(exchange.take(&answer("AA", "")), Taken::Ours(_)));
    assert_eq!(exchange.became(), Became::Accepted);
}

/// What our own answers say is read as it was written, in the form of each version.
#[test]
fn the_errors_of_an_answer_are_read_with_their_places() {
    let place = "PID[2]-3[2].4".parse::<Place>().unwrap();
    let refused = Answer::refused(Outcome::Error, Condition::RequiredFieldMissing, Some(place), "no number | given");
    let stamp = Stamp { time: "20240102", control_id: "9" };
    for (version, expected) in [
        ("2.5", "error at PID[2]-3[2].4: 101 Required field missing: no number | given"),
        ("2.3", "error at PID[2]-3: 101: no number | given"),
    ] {
        let bytes = String::from_utf8(message("")).unwrap().replace("|2.5|", &format!("|{version}|"));
        let parsed = Message::parse(bytes.as_bytes(), &ParseOptions::default()).unwrap();
        let told = Acknowledgement::read(&ack::one(&parsed, &refused, stamp)).unwrap();
        assert_eq!((told.code.as_str(), told.control_id.as_str(), told.outcome), ("AE", "17", Outcome::Error));
        assert_eq!(told.to_string(), "AE no number | given");
        let errors: Vec<String> = told.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, [expected], "{version}");
    }
}

#[test]
fn a_header_that_ends_early_gets_its_time_and_number_all_the_same() {
    for (bytes, expected) in [
        (&b"MSH|^~\\&|A\rPID|1"[..], &b"MSH|^~\\&|A||||T|||N\rPID|1\r"[..]),
        (b"MSH|^~\\&|A||||2024||ADT^A01|1|P|2.5|||AL\nPID|1\n", b"MSH|^~\\&|A||||T||ADT^A01|N|P|2.5|||AL\rPID|1\r"),
        (b"MSH$%~\\&$A$$$$2024$$ADT%A01$1$P\r", b"MSH$%~\\&$A$$$$T$$ADT%A01$N$P\r"),
    ] {
        let parsed = Message::parse(bytes, &ParseOptions::default()).unwrap();
        assert_eq!(renewed(&parsed, "N", "T"), expected);
    }
}
