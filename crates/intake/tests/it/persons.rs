//! Whom a number in a message means: nobody by what stands in the place of one, and not somebody else.

use crate::identity::{accepted, merge, text, with_number};
use crate::mllp::Port;
use std::collections::BTreeSet;

fn admission(no: u32, event: &str, pid: &str, visit: &str) -> String {
    format!(
        "MSH|^~\\&|ADT|HOSP|||20240102||ADT^{event}|{no}|P|2.5\rEVN||20240102\rPID|1||{pid}\rPV1|1|I|W1||||||||||||||||{visit}\r"
    )
}

fn result(no: u32, pid: &str, value: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|r{no}|P|2.5\rPID|1||{pid}\r\
         OBR|1||F{no}^LAB|CBC^Count^L|||20240103|||||||||||||||||||||F\rOBX|1|NM|718-7^Hb^LN||{value}|g/dL|||||F\r"
    )
}

/// The ids of the patients that resources of a type are about.
fn about(port: &Port, kind: &str) -> BTreeSet<String> {
    port.all(kind).iter().map(|json| text(json, &["subject", "reference"])).collect()
}

#[test]
fn what_stands_in_the_place_of_a_number_makes_nobody_one_person() {
    for placeholder in ["UNKNOWN^^^HOSP^MR", "0000", "999999^^^HOSP^PI", "***^^^HOSP^MR", "000-00-0000^^^SSA^SS", "无"]
    {
        let port = Port::new(Some("127.0.0.1"));
        let mut line = port.connect();
        // Twins of one day, in a stay each; and one whose result names nothing at all.
        let twin = |sex: &str| format!("{placeholder}||Doe^Baby||20240101|{sex}");
        accepted(&mut line, &admission(1, "A01", &twin("F"), "V1^^^HOSP^VN"));
        accepted(&mut line, &admission(2, "A01", &twin("M"), "V2^^^HOSP^VN"));
        accepted(&mut line, &result(3, &twin("F"), "11"));
        accepted(&mut line, &result(4, &twin("F"), "12"));
        assert_eq!(port.count("Patient"), 4, "{placeholder}");
        assert_eq!(about(&port, "Observation").len(), 2, "{placeholder}");
        // The stay tells who it is.
        accepted(&mut line, &admission(5, "A03", &twin("F"), "V1^^^HOSP^VN"));
        assert_eq!((port.count("Patient"), port.count("Encounter")), (4, 2), "{placeholder}");
        // The same message again, and one with a number beside it.
        accepted(&mut line, &result(4, &twin("F"), "12").replace("|r4|", "|r44|"));
        assert_eq!(port.count("Patient"), 4, "{placeholder}");
        accepted(&mut line, &admission(6, "A01", &format!("{placeholder}~77^^^HOSP^PT||Roe^Eve"), "V3^^^HOSP^VN"));
        accepted(&mut line, &admission(7, "A01", &format!("{placeholder}~78^^^HOSP^PT||Roe^Zoe"), "V4^^^HOSP^VN"));
        assert_eq!(port.count("Patient"), 6, "{placeholder}");
    }
}

#[test]
fn a_stay_or_an_account_is_not_found_by_what_stands_in_the_place_of_its_number() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let pid = |no: &str, account: &str| format!("{no}^^^HOSP^MR||Doe^N{no}||20000101|F||||||||||{account}");
    accepted(&mut line, &admission(1, "A01", &pid("1", "0"), "UNKNOWN"));
    accepted(&mut line, &admission(2, "A01", &pid("2", "0"), "UNKNOWN"));
    assert_eq!((port.count("Patient"), port.count("Encounter"), port.count("Account")), (2, 2, 0));
    assert_eq!(about(&port, "Encounter").len(), 2);
}

#[test]
fn nobody_is_merged_by_what_stands_in_the_place_of_a_number() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    accepted(&mut line, &admission(1, "A28", "100^^^HOSP^MR||Doe^Ann", ""));
    for (survivor, replaced) in [("100^^^HOSP^MR", "UNKNOWN^^^HOSP^MR"), ("0000^^^HOSP^MR", "100^^^HOSP^MR")] {
        let answer = line.ask(&merge(1, survivor, replaced));
        assert!(answer.contains("\rMSA|AE|"), "{answer}");
    }
    let patient = with_number(&port, "Patient", "100");
    assert_eq!((port.count("Patient"), text(&patient, &["link"])), (1, String::new()), "{patient}");
    // Beside a number it is passed over.
    accepted(&mut line, &merge(2, "100^^^HOSP^MR", "UNKNOWN^^^HOSP^MR~200^^^HOSP^MR"));
    assert_eq!(text(&with_number(&port, "Patient", "200"), &["active"]), "false");
}

#[test]
fn who_contradicts_the_owner_of_a_number_is_kept_apart_and_the_sender_is_told() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let ann = "12^^^HOSP^MR||Doe^Ann||19700102|F";
    accepted(&mut line, &admission(1, "A01", ann, "V1^^^HOSP^VN"));
    // One fact is a correction, and what is not said is no contradiction.
    for (no, told) in
        [(2, "12^^^HOSP^MR||Doe^Ann||19710102|F"), (3, "12^^^HOSP^MR||Roe^Ann||19710102|F"), (4, "12^^^HOSP^MR")]
    {
        let answer = accepted(&mut line, &admission(no, "A08", told, "V1^^^HOSP^VN"));
        assert!(!answer.contains("another person"), "{answer}");
    }
    assert_eq!(port.count("Patient"), 1);
    let bob = "12^^^HOSP^MR||Smith^Bob||19501111|M";
    for no in [5, 6] {
        let answer = accepted(&mut line, &admission(no, "A01", &format!("{bob}||||||||||A7^^^HOSP"), "V2^^^HOSP^VN"));
        assert!(answer.contains("another person here (birth date and sex and name differ)"), "{answer}");
    }
    accepted(&mut line, &result(7, bob, "9"));
    accepted(&mut line, &result(8, ann, "13"));
    assert_eq!((port.count("Patient"), port.count("Encounter"), port.count("Observation")), (2, 2, 2));
    let patients = port.all("Patient");
    let (his, hers): (Vec<_>, Vec<_>) = patients.iter().partition(|json| json.contains("Smith"));
    assert!(his[0].contains("urn:medweave:authority:HOSP#contested") && !hers[0].contains("contested"), "{patients:?}");
    assert!(hers[0].contains("Ann") && hers[0].contains("Roe"), "{hers:?}");
    let id = |json: &str| format!("Patient/{}", text(json, &["id"]));
    for result in port.all("Observation") {
        let expected = if text(&result, &["valueQuantity", "value"]) == "9" { id(his[0]) } else { id(hers[0]) };
        assert_eq!(text(&result, &["subject", "reference"]), expected);
    }
    assert_eq!(text(&port.all("Account")[0], &["subject", "reference"]), id(his[0]));
}

#[test]
fn a_merge_by_numbers_holds_whatever_was_told_of_them_and_both_go_on_to_be_known() {
    let port = Port::new(Some("127.0.0.1"));
    let mut line = port.connect();
    let (old, new) = ("200^^^HOSP^MR||Unbekannt^Frau||19000101|U", "100^^^HOSP^MR||Doe^Ann||19700102|F");
    accepted(&mut line, &admission(1, "A28", "200^^^HOSP^MR||Miller^Jo||19500101|M", ""));
    accepted(&mut line, &admission(2, "A28", new, ""));
    // The sender says that the two are one, and who that is now.
    accepted(&mut line, &merge(1, "100^^^HOSP^MR||Poe^Eva||19600601|F", "200^^^HOSP^MR||||||Miller^Jo"));
    assert_eq!(port.count("Patient"), 2);
    let survivor = with_number(&port, "Patient", "100");
    assert!(survivor.contains("Poe") && text(&survivor, &["active"]) == "true", "{survivor}");
    assert_eq!(text(&with_number(&port, "Patient", "200"), &["active"]), "false");
    // Under the number that ended, what is told of the one who goes on is no contradiction; nor is what says nothing.
    for (no, told) in [(3, "200^^^HOSP^MR||Poe^Eva||19600601|F"), (4, old)] {
        let answer = accepted(&mut line, &result(no, told, "10"));
        assert!(!answer.contains("another person"), "{answer}");
    }
    assert_eq!(port.count("Patient"), 2);
}
