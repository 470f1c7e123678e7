//! Why something has no value.

use fhir::json::Tree;

/// `http://hl7.org/fhir/StructureDefinition/data-absent-reason`
pub(super) const DATA_ABSENT_REASON: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// A null flavor as a data-absent-reason.
pub(super) fn reason(flavor: &str) -> &'static str {
    match flavor {
        "ASKU" => "asked-unknown",
        "NAV" => "temp-unknown",
        "NASK" => "not-asked",
        "MSK" => "masked",
        "NA" => "not-applicable",
        "NP" => "not-performed",
        "OTH" => "unsupported",
        "NINF" => "negative-infinity",
        "PINF" => "positive-infinity",
        _ => "unknown",
    }
}

/// What stands beside a primitive, or in an element, that has no value.
pub(super) fn absent(reason: &str) -> Tree {
    Tree::from([(
        "extension",
        vec![Tree::from([("url", DATA_ABSENT_REASON.into()), ("valueCode", reason.into())])].into(),
    )])
}

/// A CodeableConcept for `dataAbsentReason` elements.
pub(super) fn absent_concept(flavor: &str) -> Tree {
    let code = reason(flavor);
    let display = match code {
        "asked-unknown" => "Asked But Unknown",
        "temp-unknown" => "Temporarily Unknown",
        "not-asked" => "Not Asked",
        "masked" => "Masked",
        "not-applicable" => "Not Applicable",
        "not-performed" => "Not Performed",
        "unsupported" => "Unsupported",
        "negative-infinity" => "Negative Infinity (NINF)",
        "positive-infinity" => "Positive Infinity (PINF)",
        _ => "Unknown",
    };
    let coding = Tree::from([
        ("system", "http://terminology.hl7.org/CodeSystem/data-absent-reason".into()),
        ("code", code.into()),
        ("display", display.into()),
    ]);
    Tree::from([("coding", vec![coding].into())])
}
