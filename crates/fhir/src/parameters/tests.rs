use super::*;
use crate::schema::r4;
use expect_test::{Expect, expect};

fn check(resource_type: &str, code: &str, expected: Expect) {
    let p = parameters().find(resource_type, code).unwrap_or_else(|| panic!("no {resource_type}.{code}"));
    let targets: Vec<_> = p.targets.iter().map(|id| r4().name(*id)).collect();
    expected.assert_eq(&format!("{:?} {} {targets:?} {:?} {}", p.kind, p.expression, p.components, p.url));
}

#[test]
fn shared_expressions_are_cut_to_the_type() {
    check(
        "Observation",
        "code",
        expect!["Token Observation.code [] [] http://hl7.org/fhir/SearchParameter/clinical-code"],
    );
    check(
        "Observation",
        "date",
        expect!["Date Observation.effective [] [] http://hl7.org/fhir/SearchParameter/clinical-date"],
    );
    check(
        "Observation",
        "combo-code",
        expect![
            "Token Observation.code | Observation.component.code [] [] http://hl7.org/fhir/SearchParameter/Observation-combo-code"
        ],
    );
    check(
        "Patient",
        "phonetic",
        expect!["String Patient.name [] [] http://hl7.org/fhir/SearchParameter/individual-phonetic"],
    );
    check(
        "Observation",
        "patient",
        expect![[
            r#"Reference Observation.subject.where(resolve() is Patient) ["Patient"] [] http://hl7.org/fhir/SearchParameter/clinical-patient"#
        ]],
    );
    check(
        "InsurancePlan",
        "name",
        expect![
            "String InsurancePlan.name | InsurancePlan.alias [] [] http://hl7.org/fhir/SearchParameter/InsurancePlan-name"
        ],
    );
    check(
        "MedicationRequest",
        "code",
        expect![
            "Token MedicationRequest.medication.ofType(CodeableConcept) [] [] http://hl7.org/fhir/SearchParameter/clinical-code"
        ],
    );
}

#[test]
fn composites_name_their_components() {
    check(
        "Observation",
        "code-value-date",
        expect![[
            r#"Composite Observation [] [("code", "code"), ("value-date", "value.ofType(dateTime) | value.ofType(Period)")] http://hl7.org/fhir/SearchParameter/Observation-code-value-date"#
        ]],
    );
}

#[test]
fn what_every_resource_has_is_there_for_each_type() {
    check("Patient", "_id", expect!["Token Patient.id [] [] http://hl7.org/fhir/SearchParameter/Resource-id"]);
    for id in r4().resource_types() {
        for code in ["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"] {
            let parameter = parameters().find(r4().name(id), code).unwrap();
            assert!(parameter.resource_type == id && parameter.expression.starts_with(r4().name(id)), "{code}");
        }
    }
}

#[test]
fn numbers_are_unique_and_lead_back() {
    let mut seen = std::collections::HashSet::new();
    for parameter in parameters() {
        assert!(seen.insert(parameter.number));
        assert!(std::ptr::eq(parameters().by_number(parameter.number).unwrap(), parameter));
    }
    assert!(parameters().by_number(0).is_none() && parameters().by_number(u16::MAX).is_none());
}

/// Stored indexes hold these numbers. If this fails, the list of numbers was edited rather than appended to.
#[test]
fn numbers_never_change() {
    let number = |resource_type, code| parameters().find(resource_type, code).unwrap().number;
    expect!["[1, 1677, 1679, 1833, 2575]"].assert_eq(&format!(
        "{:?}",
        [
            number("Account", "_id"),
            number("Observation", "_id"),
            number("Observation", "_profile"),
            number("Patient", "phonetic"),
            number("VisionPrescription", "status"),
        ]
    ));
}

#[test]
fn parameters_are_found_by_type_and_code_alone() {
    assert!(parameters().find("Patient", "nonsense").is_none());
    assert!(parameters().of("Nonsense").is_empty() && parameters().of("Resource").is_empty());
    assert!(parameters().of("Observation").len() > 35);
    assert!(parameters().iter().count() > 2500);
}
