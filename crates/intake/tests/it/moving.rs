//! Stays that go to another patient, patients whose numbers change or who were linked by mistake, and orders that are stopped by another
//! number or without their detail.

use crate::house::{House, everything};
use fhir::search::{ParseOptions, SearchQuery};
use records::query_pairs;

const ADMIT: &str = "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\r";
const OTHER: &str =
    "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|2|P|2.5\rEVN|A28|20240102\rPID|1||34^^^HOSP^MR||Roe^Sue||19800203|F\r";
const RESULT: &str = "MSH|^~\\&|LAB|HOSP|||20240103||ORU^R01|3|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\rOBR|1||F1^LAB|718-7^Hemoglobin^LN|||20240103\rOBX|1|NM|718-7^Hemoglobin^LN||7.4|g/dL|||||F|||20240103\r";

fn take(house: &House, message: &str) {
    let report = house.import("m.hl7", message.as_bytes());
    assert_eq!(report.dead_letters.len(), 0, "{message}: {report:?}");
}

/// Ids of what a search finds.
fn found(house: &House, of: &str, query: &str) -> Vec<String> {
    let query = SearchQuery::parse(of, query_pairs(query), &ParseOptions::default()).unwrap();
    let page = house.records.search(&everything(), &query).unwrap();
    page.matches.into_iter().map(|stored| stored.id).collect()
}

#[test]
fn a_stay_that_goes_to_another_patient_takes_its_results_along() {
    let house = House::new();
    for message in [ADMIT, OTHER, RESULT] {
        take(&house, message);
    }
    let of = |number: &str, kind: &str| found(&house, kind, &format!("patient.identifier={number}"));
    assert_eq!((of("12", "Encounter").len(), of("12", "Observation").len()), (1, 1));
    // The stay was recorded for the wrong one of two: A45, move visit.
    take(
        &house,
        "MSH|^~\\&|ADT|HOSP|||20240104||ADT^A45|4|P|2.5\rEVN|A45|20240104\rPID|1||34^^^HOSP^MR||Roe^Sue||19800203|F\rMRG|12^^^HOSP^MR||||V9^^^HOSP^VN||Doe^Ann\rPV1|1|I|W1^^^HOSP||||||||||||||||V9^^^HOSP^VN\r",
    );
    for kind in ["Encounter", "Observation", "DiagnosticReport"] {
        assert_eq!((of("12", kind).len(), of("34", kind).len()), (0, 1), "{kind}");
    }
    assert_eq!(found(&house, "Encounter", "").len(), 1, "it is one stay, not two");
}

#[test]
fn a_number_that_changes_leads_to_the_same_patient() {
    let house = House::new();
    take(&house, ADMIT);
    let before = found(&house, "Patient", "identifier=12");
    take(
        &house,
        "MSH|^~\\&|ADT|HOSP|||20240104||ADT^A47|5|P|2.5\rEVN|A47|20240104\rPID|1||77^^^HOSP^MR||Doe^Ann||19700102|F\rMRG|12^^^HOSP^MR\r",
    );
    assert_eq!(found(&house, "Patient", "identifier=77"), before);
    assert_eq!(found(&house, "Patient", "").len(), 1);
}

#[test]
fn patients_that_were_linked_are_apart_again_when_that_is_taken_back() {
    let house = House::new();
    take(&house, ADMIT);
    take(&house, OTHER);
    let pair = "PID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPID|2||34^^^HOSP^MR||Roe^Sue||19800203|F\r";
    let event = |trigger: &str, no: u8| {
        format!("MSH|^~\\&|ADT|HOSP|||20240104||ADT^{trigger}|{no}|P|2.5\rEVN|{trigger}|20240104\r{pair}")
    };
    take(&house, &event("A24", 6));
    assert!(!found(&house, "Patient", "link:missing=false").is_empty(), "the two know of each other");
    take(&house, &event("A37", 7));
    assert_eq!(found(&house, "Patient", "link:missing=false"), Vec::<String>::new());
    assert_eq!(found(&house, "Patient", "active=false"), Vec::<String>::new());
}

fn order(event: &str, no: u8, segments: &str) -> String {
    format!("MSH|^~\\&|HIS|HOSP|||20240105||{event}|o{no}|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\r{segments}")
}

/// States of all orders of a kind.
fn states(house: &House, of: &str) -> Vec<String> {
    let query = SearchQuery::parse(of, query_pairs(""), &ParseOptions::default()).unwrap();
    let page = house.records.search(&everything(), &query).unwrap();
    let state = |text: &str| {
        let document = fhir::json::Document::parse(text.as_bytes()).unwrap();
        document.root().get("status").unwrap().as_str().unwrap().into_owned()
    };
    page.matches.iter().map(|stored| state(&stored.json)).collect()
}

#[test]
fn an_order_is_stopped_by_either_number_and_without_its_detail() {
    let house = House::new();
    take(&house, &order("ORM^O01", 1, "ORC|NW|RX4^HIS\rRXO|00070^Ibuprofen^NDC|400||mg\r"));
    assert_eq!(states(&house, "MedicationRequest"), ["active"]);
    take(&house, &order("ORM^O01", 2, "ORC|CA|RX4^HIS\r"));
    assert_eq!(states(&house, "MedicationRequest"), ["stopped"]);
    assert_eq!(states(&house, "ServiceRequest"), Vec::<String>::new(), "a cancelled drug is no order of a test");

    take(&house, &order("OMG^O19", 3, "ORC|NW|PL81^HIS|FL81^LAB\rOBR|1|PL81^HIS|FL81^LAB|718-7^Hb^LN\r"));
    take(&house, &order("OMG^O19", 4, "ORC|CA|PL81^HIS\rOBR|1|PL81^HIS||718-7^Hb^LN\r"));
    assert_eq!(states(&house, "ServiceRequest"), ["revoked"]);

    // Of an order that nobody knows the sender hears.
    let report = house.import("m.hl7", order("ORM^O01", 5, "ORC|CA|NOSUCH^HIS\r").as_bytes());
    assert!(format!("{report:?}").contains("no order of this number"), "{report:?}");
}
