//! Real resources are valid.

use crate::data::{Unpacked, synthea_bundles};
use expect_test::expect;
use fhir::json::Document;
use fhir::validate::{IssueCode, Options, Severity, validate};
use std::fmt::Write as _;

#[test]
fn every_synthea_resource_is_valid() {
    let Some(bundles) = synthea_bundles() else { return };
    let (mut resources, mut found) = (0, String::new());
    for (name, bytes) in bundles {
        let document = Document::parse(&bytes).unwrap();
        let bundle = document.root();
        for issue in validate(bundle, &Options::default()) {
            writeln!(found, "{name}: {issue}").unwrap();
        }
        for entry in bundle.get("entry").unwrap().items() {
            resources += 1;
            for issue in validate(entry.get("resource").unwrap(), &Options::default()) {
                if issue.severity == Severity::Error {
                    writeln!(found, "{name}: {issue}").unwrap();
                }
            }
        }
    }
    assert_eq!(found, "");
    assert_eq!(resources, 92_114);
}

/// The examples of the FHIRPath suite. One was never meant to be valid: its items have no `linkId`, which R4 requires. Three
/// refer to types that R4 does not name there.
#[test]
fn published_examples_are_valid() {
    let Some(suite) = Unpacked::new("suites/fhir-r4-cases.tar.xz", "examples") else { return };
    let examples = suite.files("r4/examples", ".json");
    assert!(examples.len() > 70, "{}", examples.len());
    let mut found = String::new();
    for (name, bytes) in examples {
        let document = Document::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for issue in validate(document.root(), &Options::default()) {
            if name != "bundle-questionnaire.json" || issue.code != IssueCode::Required {
                writeln!(found, "{name}: {issue}").unwrap();
            }
        }
    }
    expect![[r#"
        devicemetric-example.json: warning DeviceMetric.parent.reference (byte 1538): refers to a DeviceDefinition; `parent` may refer to Device
        deviceusestatement-example.json: warning DeviceUseStatement.reasonReference[0].reference (byte 796): refers to a Procedure; `reasonReference` may refer to Condition, Observation, DiagnosticReport, DocumentReference, Media
        medicationrequest0301.json: warning MedicationRequest.dispenseRequest.performer.reference (byte 8582): refers to a Practitioner; `performer` may refer to Organization
    "#]].assert_eq(&found);
}
