//! What lint says of the 139 messages. They are samples that were written to fill fields, so many are odd; each error is named here and was
//! looked at: it is against the standard.

use crate::data::Unpacked;
use hl7::ack::Outcome;
use hl7::exchange::for_the_wire;
use hl7::lint::{Options, Rule, Severity, lint, lint_file};
use hl7::{Message, ParseOptions};
use std::collections::{BTreeMap, HashSet};

/// Rule, segment and field, how often, and why it is one.
const ERRORS: &[(&str, &str, usize)] = &[
    // A segment that the structure requires: EVN in ADT, ORC before each OBR of OML.
    ("missing-segment", "EVN", 2),
    ("missing-segment", "ORC", 2),
    // Accounts are merged, and none is named: refused.
    ("refused", "MRG-3", 1),
    // The month 20, a moment as a number, fractions without a point; GT1 and ORC on one line.
    ("data-type", "GT1-24", 1),
    ("data-type", "ORC-15", 1),
    ("data-type", "PRB-2", 3),
    ("data-type", "PV1-46", 1),
    // Left empty, and required in the version that the message names.
    ("required-field", "AIG-4", 1),
    ("required-field", "IN1-3", 2),
    ("required-field", "MRG-1", 6),
    ("required-field", "OBX-11", 9),
    ("required-field", "OBX-3", 9),
    ("required-field", "ORC-1", 1),
    ("required-field", "SCH-16", 1),
    ("required-field", "SCH-20", 1),
    ("required-field", "SCH-6", 1),
];

#[test]
fn every_error_in_real_messages_is_one_and_each_fault_is_told_once() {
    let Some(unpacked) = Unpacked::new("messages.tar.xz", "lint") else { return };
    let mut errors: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for (name, bytes) in unpacked.files() {
        let report = lint_file(&bytes, &Options::new("test"));
        assert_eq!((report.messages.len(), report.findings.len()), (1, 0), "{name}");
        let one = &report.messages[0];
        if one.verdict.outcome != Outcome::Accepted {
            refused.push(name.clone());
        }
        let mut told = HashSet::new();
        for finding in &one.findings {
            let place = finding.place.map(|place| place.to_string()).unwrap_or_default();
            assert!(finding.span.end <= bytes.len(), "{name}: {}", finding.line());
            assert!(
                told.insert((place.clone(), finding.span.clone(), finding.text.clone())),
                "{name}: {}",
                finding.line()
            );
            // Of one value either a rule or the map speaks.
            let is_of_value = matches!(finding.rule, Rule::DataType | Rule::Code | Rule::RequiredField | Rule::Refused);
            assert!(
                !is_of_value || told.insert((place, finding.span.clone(), String::new())),
                "{name}: {}",
                finding.line()
            );
            if finding.severity == Severity::Error {
                let place = finding.place.unwrap();
                let field = if place.field == 0 { String::new() } else { format!("-{}", place.field) };
                *errors.entry((finding.rule.as_str().to_owned(), format!("{}{field}", place.segment))).or_default() +=
                    1;
            }
        }
    }
    let mut expected: Vec<((String, String), usize)> =
        ERRORS.iter().map(|(rule, place, count)| (((*rule).to_owned(), (*place).to_owned()), *count)).collect();
    expected.sort();
    assert_eq!(errors.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(refused, ["ADT-A41-02.hl7"]);
}

/// What is sent says the same as the file, whatever ended its lines.
#[test]
fn what_goes_over_the_wire_has_the_same_findings_but_for_its_lines() {
    let Some(unpacked) = Unpacked::new("messages.tar.xz", "lint-wire") else { return };
    let options = Options::new("test");
    for (name, bytes) in unpacked.files() {
        let message = Message::parse(&bytes, &ParseOptions::default()).unwrap();
        let sent = for_the_wire(&message);
        let told = |bytes: &[u8]| -> Vec<String> {
            let report = lint(bytes, &options);
            let told = report.findings.into_iter().filter(|finding| finding.rule != Rule::Framing);
            told.map(|finding| format!("{:?} {}", finding.place, finding.text)).collect()
        };
        let is_of_bytes = |text: &String| text.contains("is not of it; read as");
        let mut before = told(&bytes);
        let mut after = told(&sent);
        before.retain(|text| !is_of_bytes(text));
        after.retain(|text| !is_of_bytes(text));
        assert_eq!(before, after, "{name}");
        assert!(!sent.contains(&b'\n') || bytes.contains(&b'\n'), "{name}");
    }
}
