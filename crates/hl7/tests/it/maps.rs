use crate::data::Unpacked;
use fhir::json::Document;
use fhir::validate::{Options, Severity, validate};
use hl7::map::{self, MAPPED_EVENTS, Mapped, Outcome, Settings};
use hl7::{Message, ParseOptions};

/// Messages that are refused, with the place that their sender has to fill.
const REFUSED: [(&str, &str); 1] = [
    // It merges accounts and names none.
    ("ADT-A41-02.hl7", "MRG-3"),
];

fn mapped_messages(test: &str) -> Vec<(String, Mapped)> {
    let Some(unpacked) = Unpacked::new("messages.tar.xz", test) else { return Vec::new() };
    let mut all = Vec::new();
    for (name, bytes) in unpacked.files() {
        let message =
            Message::parse(&bytes, &ParseOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (kind, trigger) = message.event();
        let has_map = MAPPED_EVENTS.contains(&(kind.as_str(), trigger.as_str()));
        match map::map(&message, &Settings::new("test")) {
            Ok(Outcome::Mapped(mapped)) => {
                assert!(has_map, "{name}");
                let again = map::map(&message, &Settings::new("test"));
                assert_eq!(again, Ok(Outcome::Mapped(mapped.clone())), "{name}: mapped again");
                all.push((name, mapped));
            }
            Ok(Outcome::NoMap { event }) => {
                assert_eq!((has_map, event), (false, format!("{kind}^{trigger}")), "{name}");
            }
            Err(error) => {
                let place = error.place().map(|place| place.to_string()).unwrap_or_default();
                assert!(REFUSED.contains(&(name.as_str(), place.as_str())), "{name}: {error}");
            }
        }
    }
    assert_eq!(all.len(), 139 - REFUSED.len(), "every message is mapped or named above");
    all
}

#[test]
fn every_resource_made_is_valid_r4() {
    let mut found = Vec::new();
    for (name, mapped) in mapped_messages("valid") {
        for resource in &mapped.resources {
            let text = resource.resource.to_string();
            let document = Document::parse(text.as_bytes()).unwrap();
            for issue in validate(document.root(), &Options::default()) {
                if issue.severity == Severity::Error {
                    found.push(format!("{name} {}: {issue}", resource.key.resource_type));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn identities_are_unique_in_a_bundle_and_references_lead_to_entries() {
    for (name, mapped) in mapped_messages("identity") {
        let entries = mapped.bundle.get("entry").unwrap().items();
        let mut urls: Vec<&str> = entries.iter().map(|entry| entry.get("fullUrl").unwrap().as_str().unwrap()).collect();
        let count = urls.len();
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), count, "{name}");
        let text = mapped.bundle.to_string();
        for (at, _) in text.match_indices("\"reference\":\"") {
            let reference = &text[at + 13..][..45];
            assert!(urls.contains(&reference), "{name}: {reference}");
        }
    }
}
