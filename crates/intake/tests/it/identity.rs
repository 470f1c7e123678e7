//! Who a message means: patients that are merged, numbers that several have.

use crate::house::everything;
use crate::mllp::{Line, Port, source};
use fhir::json::Document;
use hl7::mllp::frame;
use intake::mllp::{Acknowledge, Options};
use std::collections::HashMap;
use std::io::Write;

/// The text at a path of members, the first one where there are several.
pub fn text(json: &str, path: &[&str]) -> String {
    let document = Document::parse(json.as_bytes()).unwrap();
    let mut node = document.root();
    for name in path {
        let Some(next) = node.get(name) else { return String::new() };
        node = next.items().next().unwrap_or(next);
    }
    node.as_str().map_or_else(|| node.raw().to_owned(), Into::into)
}

/// The resource of a type that has an identifier of this value.
pub fn with_number(port: &Port, kind: &str, value: &str) -> String {
    let value = format!("\"value\":\"{value}\"");
    let mut found: Vec<String> = port.all(kind).into_iter().filter(|json| json.contains(&value)).collect();
    assert_eq!(found.len(), 1, "{kind} {value}: {found:?}");
    found.remove(0)
}

pub fn accepted(line: &mut Line, message: &str) -> String {
    let answer = line.ask(message);
    assert!(answer.contains("\rMSA|AA|"), "{answer}");
    answer
}

pub fn merge(no: u32, survivor: &str, replaced: &str) -> String {
    format!("MSH|^~\\&|ADT|HOSP|||20240104||ADT^A40|m{no}|P|2.5\rPID|1||{survivor}\rMRG|{replaced}\r")
}

fn result(no: u32, patient: &str, value: &str, status: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|r{no}|P|2.5\rPID|1||{patient}\r\
         OBR|1||F1^LAB|CBC^Count^L|||20240103|||||||||||||||||||||{status}\rOBX|1|NM|718-7^Hb^LN||{value}|g/dL|||||{status}\r"
    )
}

#[test]
fn a_merge_does_not_end_the_patient_who_goes_on_by_a_number_that_both_have() {
    for replaced in ["200^^^HOSP^MR~900^^^NHS^NH", "900^^^NHS^NH~200^^^HOSP^MR"] {
        let port = Port::new(Some("127.0.0.1"));
        let mut line = port.connect();
        // The one who goes on is stored, the other is not yet.
        let survivor = "PID|1||100^^^HOSP^MR~900^^^NHS^NH||Doe^Ann";
        accepted(&mut line, &format!("MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|1|P|2.5\r{survivor}\r"));
        accepted(&mut line, &merge(1, "100^^^HOSP^MR~900^^^NHS^NH", replaced));
        accepted(&mut line, &merge(2, "100^^^HOSP^MR~900^^^NHS^NH", replaced));
        assert_eq!(port.count("Patient"), 2);
        let (survivor, gone) = (with_number(&port, "Patient", "100"), with_number(&port, "Patient", "200"));
        assert_eq!((text(&survivor, &["active"]), text(&gone, &["active"])), ("true".into(), "false".into()));
        let id = |json: &str| format!("Patient/{}", text(json, &["id"]));
        assert_eq!(text(&survivor, &["link", "other", "reference"]), id(&gone));
        assert_eq!(text(&gone, &["link", "other", "reference"]), id(&survivor));
    }
}

#[test]
fn a_merge_of_two_numbers_of_one_stored_patient_leaves_that_one_active() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    accepted(
        &mut line,
        "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|1|P|2.5\rPID|1||100^^^HOSP^MR~200^^^HOSP^PI||Doe^Ann\r",
    );
    // It has the number that goes already, which the merge does not say of the survivor.
    let answer = accepted(&mut line, &merge(1, "100^^^HOSP^MR", "200^^^HOSP^PI"));
    assert!(answer.contains("merged with itself"), "{answer}");
    let patient = with_number(&port, "Patient", "100");
    assert_eq!(port.count("Patient"), 1);
    assert_eq!((text(&patient, &["active"]), text(&patient, &["link"])), ("true".into(), String::new()), "{patient}");
    // Two in one message that are one are told one after the other.
    accepted(
        &mut line,
        "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|2|P|2.5\rPID|1||100^^^HOSP^MR||Roe^Ann\rPID|2||200^^^HOSP^PI||||F\r",
    );
    let patient = with_number(&port, "Patient", "100");
    assert!(patient.contains("Roe") && text(&patient, &["id"]).len() > 1, "{patient}");
}

#[test]
fn a_stay_known_by_an_account_alone_is_not_the_stay_of_another_patient_of_that_account() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let message = |event: &str, patient: &str, visit: &str| {
        format!(
            "MSH|^~\\&|ADT|HOSP|||20240103||{event}|{patient}{visit}|P|2.5\rPID|1||{patient}^^^HOSP^MR|||||||||||||||77^^^HOSP\rPV1|1|I|W1||||||||||||||||{visit}\r"
        )
    };
    let order = |no: &str| format!("OBR|1||{no}^LAB|CBC^Count^L|||20240103\rOBX|1|NM|718-7^Hb^LN||13|g/dL|||||F\r");
    accepted(&mut line, &format!("{}{}", message("ORU^R01", "1", ""), order("F1")));
    let mother = text(&with_number(&port, "Encounter", "77"), &["subject", "reference"]);
    accepted(&mut line, &message("ADT^A01", "2", "V2^^^HOSP^VN"));
    assert_eq!(port.count("Encounter"), 2);
    assert_ne!(text(&with_number(&port, "Encounter", "V2"), &["subject", "reference"]), mother);
    // Her own number finds the stay that her account was known by, though the newborn's has that account too.
    accepted(&mut line, &message("ADT^A01", "1", "V1^^^HOSP^VN"));
    assert_eq!(port.count("Encounter"), 2);
    assert_eq!(text(&with_number(&port, "Encounter", "V1"), &["subject", "reference"]), mother);
    // What mentions the account alone is of one of the patient's own stays, whichever go on.
    for (patient, visit) in [("1", "V1"), ("1", "V3"), ("2", "V2"), ("2", "V4")] {
        accepted(&mut line, &format!("{}{}", message("ORU^R01", "1", ""), order(&format!("M{visit}"))));
        accepted(&mut line, &format!("{}{}", message("ORU^R01", "2", ""), order(&format!("N{visit}"))));
        accepted(&mut line, &message("ADT^A03", patient, &format!("{visit}^^^HOSP^VN")));
    }
    accepted(&mut line, &format!("{}{}", message("ORU^R01", "1", ""), order("M5")));
    accepted(&mut line, &format!("{}{}", message("ORU^R01", "2", ""), order("N5")));
    let of = |json: &String| (format!("Encounter/{}", text(json, &["id"])), text(json, &["subject", "reference"]));
    let stays: HashMap<String, String> = port.all("Encounter").iter().map(of).collect();
    let results = port.all("Observation");
    assert_eq!(results.len(), 11);
    for result in results {
        assert_eq!(stays[&text(&result, &["encounter", "reference"])], text(&result, &["subject", "reference"]));
    }
}

#[test]
fn results_stay_with_a_patient_who_was_merged_more_than_once() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    accepted(&mut line, &result(1, "1^^^HOSP^MR", "11", "F"));
    accepted(&mut line, &merge(1, "2^^^HOSP^MR", "1^^^HOSP^MR"));
    accepted(&mut line, &merge(2, "3^^^HOSP^MR", "2^^^HOSP^MR"));
    let answer = accepted(&mut line, &result(2, "3^^^HOSP^MR", "12", "C"));
    assert!(!answer.contains("ERR"), "{answer}");
    assert_eq!((port.count("Observation"), port.count("DiagnosticReport")), (1, 1));
    assert_eq!(text(&port.all("Observation")[0], &["valueQuantity", "value"]), "12");
}

#[test]
fn a_correction_of_what_stands_in_another_chart_is_told_to_the_sender_until_it_is_withdrawn_there() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    accepted(&mut line, &result(1, "1^^^HOSP^MR", "11", "F"));
    let answer = accepted(&mut line, &result(2, "2^^^HOSP^MR", "11", "C"));
    assert!(answer.contains("|205^Duplicate key identifier^HL70357|W|") && answer.contains("withdrawn"), "{answer}");
    let statuses = || {
        let mut all: Vec<String> = port.all("Observation").iter().map(|json| text(json, &["status"])).collect();
        all.sort();
        all
    };
    assert_eq!(statuses(), ["corrected", "final"]);
    accepted(&mut line, &result(3, "1^^^HOSP^MR", "", "W"));
    assert_eq!(statuses(), ["corrected", "entered-in-error"]);
    // A number that is used again is told too.
    let answer = accepted(&mut line, &result(4, "3^^^HOSP^MR", "9", "F"));
    assert!(answer.contains("both are kept apart"), "{answer}");
}

#[test]
fn what_could_not_be_kept_is_refused_whatever_answers_were_asked_for() {
    let asked = Options { acknowledge: Acknowledge::AsAsked, ..Options::default() };
    let port = Port::with(&[source("ward", "127.0.0.1")], asked);
    let mut line = port.connect();
    let message = |no: u32, accept: &str, application: &str, rest: &str| {
        format!(
            "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|{no}|P|2.5|||{accept}|{application}\rPID|1||12^^^HOSP^MR\r{rest}"
        )
    };
    accepted(&mut line, &message(1, "", "AL", ""));
    assert_eq!(port.house.records.arrivals(&everything(), None, 9).unwrap().len(), 1);
    // A store that takes nothing more, as one does whose disk is full.
    port.house.records.close();
    for (no, accept, application, code) in [
        (2, "NE", "NE", "AR"),
        (3, "SU", "SU", "AR"),
        (4, "SU", "NE", "AR"),
        (5, "AL", "NE", "CR"),
        (6, "NE", "ER", "AR"),
    ] {
        let answer = line.ask(&message(no, accept, application, ""));
        assert!(answer.contains(&format!("\rMSA|{code}|{no}|")), "{accept} {application}: {answer}");
    }
    let long = message(7, "NE", "NE", &format!("OBX|1|TX|A||{}\r", "x".repeat(17 << 20)));
    line.stream.write_all(&frame(long.as_bytes())).unwrap();
    assert!(line.answer().expect("an answer").contains("\rMSA|AR|7|"));
}
