//! The figures of docs/hl7.md: how far our maps agree with the bundles of another open-source converter.

use crate::data::Unpacked;
use fhir::json::{Document, Kind, Node};
use hl7::map::{self, Outcome, Settings};
use hl7::{Message, ParseOptions};
use std::collections::BTreeMap;

const PATHS: &[(&str, &[&str])] = &[
    (
        "Patient",
        &[
            "identifier.value",
            "name.family",
            "name.given",
            "birthDate",
            "gender",
            "telecom.value",
            "address.line",
            "address.city",
            "address.postalCode",
            "deceasedDateTime",
            "deceasedBoolean",
            "maritalStatus.coding.code",
        ],
    ),
    ("Encounter", &["class.code", "identifier.value", "period.start", "period.end", "status"]),
    (
        "Observation",
        &[
            "code.coding.code",
            "status",
            "valueQuantity.value",
            "valueString",
            "valueCodeableConcept.coding.code",
            "effectiveDateTime",
            "interpretation.coding.code",
        ],
    ),
    ("Condition", &["code.coding.code", "onsetDateTime", "recordedDate"]),
    ("AllergyIntolerance", &["code.coding.code", "criticality", "type"]),
    ("Immunization", &["vaccineCode.coding.code", "occurrenceDateTime", "status", "lotNumber"]),
];

type Facts = BTreeMap<(String, String, String), usize>;

/// Values at a path, each array entered.
fn values(node: Node<'_>, path: &[&str], found: &mut Vec<String>) {
    if node.kind() == Kind::Array {
        node.items().for_each(|item| values(item, path, found));
    } else if let Some((first, rest)) = path.split_first() {
        if let Some(next) = node.get(first) {
            values(next, rest, found);
        }
    } else if let Some(number) = node.number_text() {
        found.push(number.parse::<f64>().unwrap().to_string());
    } else if let Some(text) = node.scalar_text() {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let is_date = text.len() >= 10 && text.is_char_boundary(10) && text[..10].split('-').count() == 3;
        let is_date = is_date && text[..10].bytes().all(|b| b.is_ascii_digit() || b == b'-');
        found.push(if is_date { text[..10].to_owned() } else { text });
    }
}

fn facts(json: &[u8]) -> Facts {
    let document = Document::parse(json).unwrap();
    let mut facts = Facts::new();
    for entry in document.root().get("entry").unwrap().items() {
        let Some(resource) = entry.get("resource") else { continue };
        let kind = resource.get("resourceType").unwrap().as_str().unwrap();
        let Some((_, paths)) = PATHS.iter().find(|(name, _)| *name == kind) else { continue };
        for path in *paths {
            let mut found = Vec::new();
            values(resource, &path.split('.').collect::<Vec<_>>(), &mut found);
            for value in found {
                *facts.entry((kind.to_string(), (*path).to_owned(), value)).or_insert(0) += 1;
            }
        }
    }
    facts
}

#[test]
fn agreement_with_another_converter_is_as_documented() {
    let Some(messages) = Unpacked::new("messages.tar.xz", "agreement-ours") else { return };
    let Some(expected) = Unpacked::new("expected.tar.xz", "agreement-theirs") else { return };
    let theirs: BTreeMap<String, Vec<u8>> = expected.files().into_iter().collect();
    let mut agreed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in messages.files() {
        let Some(theirs) = theirs.get(&name.replace(".hl7", "-expected.json")) else { continue };
        let message = Message::parse(&bytes, &ParseOptions::default()).unwrap();
        let Outcome::Mapped(mapped) = map::map(&message, &Settings::new("test")).unwrap() else { continue };
        let ours = facts(mapped.bundle.to_string().as_bytes());
        for (fact, count) in facts(theirs) {
            let kind = PATHS.iter().find(|(name, _)| *name == fact.0).unwrap().0;
            let (all, same) = agreed.entry(kind).or_default();
            *all += count;
            *same += count.min(ours.get(&fact).copied().unwrap_or(0));
        }
    }
    // What is missing is listed in docs/hl7.md with the section of the guide that decides it.
    let documented = [
        ("AllergyIntolerance", (60, 60)),
        ("Condition", (67, 63)),
        ("Encounter", (281, 273)),
        ("Immunization", (18, 18)),
        ("Observation", (595, 457)),
        ("Patient", (1840, 1760)),
    ];
    assert_eq!(agreed.into_iter().collect::<Vec<_>>(), documented);
}
