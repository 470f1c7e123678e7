//! Who gave a number decides how far it reaches.

use super::*;

fn keys(message: &str, source: &str, kind: &str) -> Vec<super::super::Key> {
    let text = lines(message);
    let message = parse(text.as_bytes());
    let Ok(Outcome::Mapped(mapped)) = map(&message, &Settings::new(source)) else { panic!("not mapped") };
    mapped.resources.into_iter().map(|resource| resource.key).filter(|key| key.resource_type == kind).collect()
}

const KINDS: [&str; 4] = ["ServiceRequest", "DiagnosticReport", "Observation", "Specimen"];

fn result(order: &str) -> String {
    format!(
        "MSH|^~\\&|LAB||||20240102||ORU^R01|1|P|2.5\nPID|1||7^^^HOSP^MR\nOBR|1||{order}|CBC^Count^L|||20240102||||||||||||||||||F
         OBX|1|NM|718-7^Hb^LN|1|130|g/L|||||F\nSPM|1|^S1"
    )
}

#[test]
fn an_order_number_of_an_authority_is_one_order_whoever_sends_it() {
    for kind in KINDS {
        let message = result("F1^LAB^1.2.3^ISO");
        let (his, lab) = (keys(&message, "his", kind), keys(&message, "lab", kind));
        assert_eq!((his.len(), &his), (1, &lab), "{kind}");
        assert_ne!(keys(&result("F1^LAB^1.2.4^ISO"), "his", kind), his, "{kind} of another authority");
    }
}

#[test]
fn an_order_number_without_an_authority_is_its_sources_own() {
    for kind in KINDS {
        let message = result("F1");
        assert_ne!(keys(&message, "his", kind), keys(&message, "lab", kind), "{kind}");
    }
}

#[test]
fn a_stay_with_a_number_is_known_by_its_account_too() {
    let mapped = mapped(
        "MSH|^~\\&|HIS||||20240102||ADT^A01|1|P|2.5\nPID|1||7^^^HOSP^MR|||||||||||||||A1^^^HOSP\nPV1|1|I|W||||||||||||||||V1^^^HOSP",
    );
    let stay = resource(&mapped, "Encounter", "V1");
    assert_eq!(stay.also.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["A1"]);
    let identifiers = stay.resource.get("identifier").unwrap().items();
    assert_eq!(identifiers.len(), 2, "{identifiers:?}");
    assert_eq!(identifiers[1].get("value").and_then(Tree::as_str), Some("A1"));
}

#[test]
fn an_authority_without_a_number_is_no_number() {
    for given in [
        "^^2.16.840.1.113883.19.4^ISO",
        "^^2.16.840.1.113883.19.4",
        "^^LAB^L",
        "^^9F1B3C1A-0C0E-4B7D-8A55-0D5C1B1F7E11",
    ] {
        let result = |time: &str| {
            mapped(&format!(
                "MSH|^~\\&|LAB||||20240102||ORU^R01|1|P|2.5\nPID|1||7^^^HOSP^MR\nORC|RE||{given}\n\
                 OBR|1|||CBC^Count^L|||{time}\nOBX|1|NM|718-7^Hb^LN||13|g/dL"
            ))
        };
        let key = |mapped: &Mapped| {
            mapped.resources.iter().find(|r| r.key.resource_type == "DiagnosticReport").unwrap().key.clone()
        };
        let first = result("20240102");
        assert_ne!(key(&first), key(&result("20240103")), "{given}: two orders of one day each");
        assert!(first.issues.iter().any(|issue| issue.text.contains("authority without a number")), "{given}");
    }
    // Shifted there, it is one.
    let shifted = mapped("MSH|^~\\&|LAB||||20240102||ORU^R01|1|P|2.5\nPID|1||7^^^HOSP^MR\nOBR|1||^^F77|CBC^Count^L");
    resource(&shifted, "DiagnosticReport", "F77/CBC");
}

#[test]
fn what_stands_in_the_place_of_an_order_number_makes_no_two_orders_one() {
    for no_number in ["0", "000", "NA", "N/A", "-", "无", "0^LAB^1.2.3^ISO", "UNKNOWN"] {
        for kind in ["ServiceRequest", "DiagnosticReport", "Observation"] {
            let one = result(no_number).replace("OBR|1||", &format!("ORC|RE|{no_number}\nOBR|1|{no_number}|"));
            let two = one.replace("|130|", "|90|");
            assert_ne!(keys(&one, "his", kind), keys(&two, "his", kind), "{no_number} {kind}");
            assert_eq!(keys(&one, "his", kind), keys(&one, "his", kind));
        }
    }
    let found = mapped(&result("0"));
    assert!(found.issues.iter().any(|issue| issue.text.contains("\"0\" stands in the place of a number")));
    let request = found.resources.iter().find(|made| made.key.resource_type == "ServiceRequest").unwrap();
    assert!(!request.resource.to_string().contains("\"value\":\"0\""), "{}", request.resource);
    // The common order's number counts where the detail has none, and a count that reaches 9999 goes on.
    let common = result("0").replace("OBR|1||", "ORC|RE||F7\nOBR|1||");
    assert_eq!(keys(&common, "his", "ServiceRequest"), keys(&result("F7"), "his", "ServiceRequest"));
    let later = result("9999").replace("|20240102||||||||||", "|20240103||||||||||");
    assert_eq!(keys(&result("9999"), "his", "ServiceRequest"), keys(&later, "his", "ServiceRequest"));
}
