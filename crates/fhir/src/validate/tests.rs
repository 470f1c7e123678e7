//! Expected issues stand as `expect-test` writes them.
#![allow(clippy::needless_raw_string_hashes)]

use super::*;
use crate::json::Document;
use expect_test::{Expect, expect};
use std::fmt::Write as _;

mod generated;
mod mutated;

fn issues_of(json: &str, options: &Options) -> Vec<Issue> {
    validate(Document::parse(json.as_bytes()).unwrap_or_else(|e| panic!("{e}: {json}")).root(), options)
}

fn check_with(options: &Options, json: &str, expected: Expect) {
    let mut lines = String::new();
    for issue in issues_of(json, options) {
        writeln!(lines, "{} {issue}", issue.code.as_str()).unwrap();
    }
    expected.assert_eq(&lines);
}

fn check(json: &str, expected: Expect) {
    check_with(&Options::default(), json, expected);
}

#[test]
fn a_valid_resource_has_no_issues() {
    check(
        r##"{"resourceType": "Patient", "id": "p-1", "meta": {"profile": ["http://example.org/unknown"]}, "active": true,
            "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
            "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
            "extension": [{"url": "http://example.org/any", "extension": [{"url": "a", "valueDecimal": 1.10}]}],
            "name": [{"family": "Müller", "given": ["Ann", null], "_given": [null, {"extension": [{"url": "u", "valueCode": "x"}]}]}],
            "birthDate": "1970-02", "_birthDate": {"id": "b"}, "deceasedBoolean": false, "multipleBirthInteger": 2,
            "photo": [{"contentType": "image/png", "data": "aGk="}], "managingOrganization": {"reference": "#o"},
            "contact": [{"relationship": [{"text": "wife"}]}],
            "link": [{"other": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, "type": "seealso"}]}"##,
        expect![""],
    );
}

#[test]
fn a_resource_must_name_a_type_of_r4() {
    check(
        "[]",
        expect![[r#"
        structure error  (byte 0): a resource is a JSON object, not an array
    "#]],
    );
    check(
        r#"{"id": "1"}"#,
        expect![[r#"
        required error  (byte 0): there is no `resourceType`: a resource must name its type
    "#]],
    );
    check(
        r#"{"resourceType": "Pateint"}"#,
        expect![[r#"
        structure error  (byte 17): R4 has no resource type `Pateint`
    "#]],
    );
    check(
        r#"{"resourceType": "DomainResource"}"#,
        expect![[r#"
        structure error  (byte 17): R4 has no resource type `DomainResource`
    "#]],
    );
    check(
        r#"{"resourceType": 3}"#,
        expect![[r#"
        structure error  (byte 17): `resourceType` must be a string, not a number
    "#]],
    );
}

#[test]
fn a_resource_names_one_type() {
    check(
        r#"{"resourceType": "Patient", "resourceType": "Group"}"#,
        expect![[r#"
        structure error Patient (byte 44): `resourceType` is there twice: an object's names must differ
    "#]],
    );
}

#[test]
fn unknown_elements_are_named_with_what_may_have_been_meant() {
    check(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x", "txt": 1}, "value": 3, "valueQuantty": {"value": 1},
            "Subject": {}, "_code": {"id": "a"}, "x y": 1, "_": 1}"#,
        expect![[r#"
            structure error Observation.code.txt (byte 80): `txt` is no element of CodeableConcept in R4; did you mean `text`?
            structure error Observation.value (byte 93): `value` is no element of Observation in R4; its name carries the type: `valueQuantity`, `valueCodeableConcept`, `valueString`, `valueBoolean` or another of its types
            structure error Observation.valueQuantty (byte 112): `valueQuantty` is no element of Observation in R4; did you mean `valueQuantity`?
            structure error Observation.Subject (byte 149): `Subject` is no element of Observation in R4; did you mean `subject`?
            structure error Observation._code (byte 162): `_code` cannot be there: `code` is no primitive, so its id and extensions are in it
            structure error Observation.`x y` (byte 182): `x y` is no element of Observation in R4
            structure error Observation._ (byte 190): `_` is no element of Observation in R4
        "#]],
    );
    let kept = Options { unknown_elements: Severity::Warning, ..Options::default() };
    check_with(
        &kept,
        r#"{"resourceType": "Patient", "mothersName": "x"}"#,
        expect![[r#"
        structure warning Patient.mothersName (byte 43): `mothersName` is no element of Patient in R4
    "#]],
    );
}

#[test]
fn arrays_stand_where_elements_repeat_and_nowhere_else() {
    check(
        r#"{"resourceType": "Patient", "name": {"given": "Ann"}, "birthDate": ["1970"], "telecom": [], "contact": ["x"], "address": [null]}"#,
        expect![[r#"
            structure error Patient.name (byte 36): must be an array, as it may repeat: put the value into [ ]
            structure error Patient.name.given (byte 46): must be an array, as it may repeat: put the value into [ ]
            structure error Patient.birthDate (byte 67): must be a single value, not an array: it does not repeat
            structure error Patient.telecom (byte 88): the array is empty: leave the element out
            structure error Patient.contact[0] (byte 104): must be a Patient.contact object, not a string
            structure error Patient.address[0] (byte 122): is null: leave the element out
        "#]],
    );
}

#[test]
fn values_have_the_json_type_of_their_element() {
    check(
        r#"{"resourceType": "Patient", "active": "true", "birthDate": 1970, "multipleBirthInteger": "2", "gender": {"text": "x"},
            "maritalStatus": "M", "deceasedBoolean": null, "name": [{"text": ""}], "managingOrganization": {}}"#,
        expect![[r#"
            structure error Patient.active (byte 38): must be true or false, not a string: leave the quotes out
            structure error Patient.birthDate (byte 59): must be a string, not a number: put it into quotes
            structure error Patient.multipleBirth (byte 89): must be a number, not a string: leave the quotes out
            structure error Patient.gender (byte 104): must be a string, not an object
            structure error Patient.maritalStatus (byte 148): must be a CodeableConcept object, not a string
            structure error Patient.deceased (byte 172): is null: leave the element out
            value error Patient.name[0].text (byte 196): is empty: leave the element out
            structure error Patient.managingOrganization (byte 226): the object is empty: give it content or leave it out
        "#]],
    );
}

#[test]
fn required_elements_must_occur() {
    check(
        r#"{"resourceType": "Observation", "component": [{"valueInteger": 1}], "effectivePeriod": {"id": "a"}}"#,
        expect![[r#"
            required error Observation.component[0].code (byte 46): `code` is missing: every Observation.component must have it
            structure error Observation.effective (byte 87): the object is empty: give it content or leave it out
            required error Observation.status (byte 0): `status` is missing: every Observation must have it
            required error Observation.code (byte 0): `code` is missing: every Observation must have it
        "#]],
    );
    check(
        r#"{"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"}}"#,
        expect![[r#"
            required error MedicationRequest.medication (byte 0): `medication[x]` is missing: every MedicationRequest must have it
        "#]],
    );
    let absent = r#"{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}"#;
    check(
        &format!(r#"{{"resourceType": "Observation", "_status": {absent}, "code": {{"text": "x"}}}}"#),
        expect![[""]],
    );
}

#[test]
fn primitives_have_their_lexical_forms() {
    check(
        r#"{"resourceType": "Parameters", "id": "a_b", "parameter": [
            {"name": "date", "valueDate": "2023-02-29"}, {"name": "dateTime", "valueDateTime": "2023-02-28T12:00:00"},
            {"name": "instant", "valueInstant": "2023-02-28"}, {"name": "time", "valueTime": "24:00:00"},
            {"name": "uri", "valueUri": "a b"}, {"name": "oid", "valueOid": "1.2.3"}, {"name": "uuid", "valueUuid": "urn:uuid:1"},
            {"name": "base64", "valueBase64Binary": "a"}, {"name": "code", "valueCode": " a"}, {"name": "integer", "valueInteger": 1.0},
            {"name": "unsignedInt", "valueUnsignedInt": -1}, {"name": "positiveInt", "valuePositiveInt": 0},
            {"name": "string", "valueString": "a\u0000b"}, {"name": "blank", "valueString": "  "},
            {"name": "decimal", "valueDecimal": -1.50e-3}, {"name": "markdown", "valueMarkdown": "a\n\tb"}]}"#,
        expect![[r#"
            value error Parameters.id (byte 37): `a_b` is not an id: 1 to 64 letters, digits, hyphens and dots
            value error Parameters.parameter[0].value (byte 101): `2023-02-29` is not a date as YYYY, YYYY-MM or YYYY-MM-DD
            value error Parameters.parameter[1].value (byte 154): `2023-02-28T12:00:00` is not a date as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz
            value error Parameters.parameter[2].value (byte 226): `2023-02-28` is not an instant as YYYY-MM-DDThh:mm:ss+zz:zz
            value error Parameters.parameter[3].value (byte 271): `24:00:00` is not a time as hh:mm:ss
            value error Parameters.parameter[4].value (byte 324): `a b` is not an address: it has white space
            value error Parameters.parameter[5].value (byte 360): `1.2.3` is not an OID as `urn:oid:1.2.3`
            value error Parameters.parameter[6].value (byte 400): `urn:uuid:1` is not a UUID as `urn:uuid:c757873d-ec9a-4326-a141-556f43239520`
            value error Parameters.parameter[7].value (byte 467): `a` is not base 64 in groups of four characters
            value error Parameters.parameter[8].value (byte 503): ` a` is not a code: no white space at its ends, and only single spaces inside
            value error Parameters.parameter[9].value (byte 546): `1.0` is not a whole number of 32 bits
            value error Parameters.parameter[10].value (byte 608): `-1` is not a whole number from 0 to 2147483647
            value error Parameters.parameter[11].value (byte 657): `0` is not a whole number from 1 to 2147483647
            value error Parameters.parameter[12].value (byte 707): `a�b` is not text without control characters other than tab and line ends
            value warning Parameters.parameter[13].value (byte 753): has nothing but white space
        "#]],
    );
}

#[test]
fn a_choice_has_one_type() {
    check(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueString": "a", "valueInteger": 1}"#,
        expect![[r#"
            structure error Observation.value (byte 110): `value[x]` is there more than once: keep one of its types
        "#]],
    );
    check(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueInteger": 1, "_valueString": {"id": "a"}}"#,
        expect![[r#"
            structure error Observation.value (byte 109): `_valueString` has an id, but there is neither a value nor an extension
            structure error Observation.value (byte 109): `value[x]` is there more than once: keep one of its types
        "#]],
    );
    check(
        r#"{"resourceType": "Patient", "active": true, "active": false}"#,
        expect![[r#"
        structure error Patient.active (byte 54): `active` is there twice: an object's names must differ
    "#]],
    );
}

#[test]
fn siblings_of_primitives_stand_beside_their_values() {
    check(
        r#"{"resourceType": "Patient", "_birthDate": [{"id": "a"}], "_name": [{"id": "a"}], "_active": {"value": 1},
            "name": [{"_given": {"id": "a"}}, {"given": ["a"], "_given": [null, {"id": "b"}]}, {"given": [null, "b"]},
                     {"given": [null], "_given": [null]}, {"_given": [null, {"id": "c"}]}, {"given": ["a"], "_given": [3]}]}"#,
        expect![[r#"
            structure error Patient.birthDate (byte 42): `_birthDate` must be an object, not an array
            structure error Patient._name (byte 66): `_name` cannot be there: `name` is no primitive, so its id and extensions are in it
            structure error Patient.active.value (byte 102): `value` is no element of boolean in R4
            structure error Patient.name[0].given (byte 138): `_given` must be an array of objects and nulls, not an object
            structure error Patient.name[1].given[1] (byte 186): `_given` is longer than `given`: put null into `given` where there is no value
            structure error Patient.name[2].given[0] (byte 212): is null: leave the element out
            structure error Patient.name[3].given[0] (byte 257): is null: leave the element out
            structure error Patient.name[4].given[0] (byte 295): `_given` has null where there is no value: leave it out
            structure error Patient.name[4].given[1] (byte 301): `_given` has an id, but there is neither a value nor an extension
            structure error Patient.name[5].given[0] (byte 344): `_given` holds objects and nulls, not a number
        "#]],
    );
}

#[test]
fn codes_of_required_bindings_are_in_their_lists() {
    check(
        r#"{"resourceType": "Condition", "subject": {"display": "x"},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "sick"}]},
            "verificationStatus": {"text": "sure"}}"#,
        expect![[r#"
            code-invalid error Condition.clinicalStatus.coding[0].code (byte 180): `sick` is not in http://hl7.org/fhir/ValueSet/condition-clinical
            code-invalid warning Condition.verificationStatus (byte 225): has no code of http://hl7.org/fhir/ValueSet/condition-ver-status
        "#]],
    );
    check(
        r#"{"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": {"coding": [{"system": "urn:local", "code": "1"},
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}"#,
        expect![[""]],
    );
    check(
        r#"{"resourceType": "Patient", "gender": "Male"}"#,
        expect![[r#"
        code-invalid error Patient.gender (byte 38): `Male` is not in http://hl7.org/fhir/ValueSet/administrative-gender; it has female, male, other, unknown
    "#]],
    );
}

#[test]
fn references_have_a_form_and_an_allowed_target() {
    check(
        r##"{"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "contained": [{"resourceType": "Medication", "id": "m"}, {"resourceType": "Practitioner", "id": "p"}],
            "subject": {"reference": "Medication/1"}, "encounter": {"reference": "Visit/1"}, "device": {"reference": "#d"},
            "specimen": {"reference": "Specimen/1", "type": "Device"}, "focus": [{"reference": "Medication/1"}],
            "performer": [{"reference": "#m"}, {"reference": "#p"}, {"reference": "https://a.org/x"}, {"reference": "Practitioner?identifier=1"},
                {"type": "Location"}, {"identifier": {"value": "1"}}, {"reference": "Practitioner/1/2"}]}"##,
        expect![[r#"
            value warning Observation.subject.reference (byte 226): refers to a Medication; `subject` may refer to Patient, Group, Device, Location
            value error Observation.encounter.reference (byte 270): `Visit/1` is no reference: write `Type/id` with a resource type of R4, an absolute address, `urn:uuid:…` or `#id`
            invariant error Observation.device.reference (byte 306): there is no contained resource with the id `d`
            invariant error Observation.specimen.reference (byte 351): names a Specimen, but `type` says `Device`
            value warning Observation.performer[0].reference (byte 466): refers to a Medication; `performer` may refer to Practitioner, PractitionerRole, Organization, CareTeam, Patient, RelatedPerson
            value warning Observation.performer[4] (byte 588): refers to a Location; `performer` may refer to Practitioner, PractitionerRole, Organization, CareTeam, Patient, RelatedPerson
            value error Observation.performer[6].reference (byte 656): `Practitioner/1/2` is no reference: write `Type/id` with a resource type of R4, an absolute address, `urn:uuid:…` or `#id`
        "#]],
    );
    let strict = Options {
        conditional_references: ConditionalReferences::Refused,
        reference_targets: Severity::Error,
        ..Options::default()
    };
    check_with(
        &strict,
        r#"{"resourceType": "Account", "status": "active", "subject": [{"reference": "Patient?_id=1"}, {"reference": "Goal/1"}]}"#,
        expect![[r#"
            value error Account.subject[0].reference (byte 74): is a search, which is allowed only in a transaction: name the resource as `Type/id`
            value error Account.subject[1].reference (byte 106): refers to a Goal; `subject` may refer to Patient, Device, Practitioner, PractitionerRole, Location, HealthcareService, Organization
        "#]],
    );
}

#[test]
fn contained_resources_are_checked_and_hold_none_themselves() {
    check(
        r##"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "nam": "x",
            "contained": [{"resourceType": "Organization", "id": "i", "name": "x"}], "partOf": {"reference": "#o"}}, {"id": "x"}]}"##,
        expect![[r#"
            structure error Patient.contained[0].nam (byte 93): `nam` is no element of Organization in R4; did you mean `name`?
            invariant error Patient.contained[0].contained[0] (byte 124): a contained resource cannot contain another: put both into the outer one
            required error Patient.contained[1] (byte 215): there is no `resourceType`: a resource must name its type
        "#]],
    );
}

#[test]
fn resources_in_bundles_and_parameters_are_checked_on_their_own() {
    check(
        r##"{"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
                "managingOrganization": {"reference": "#o"}}},
            {"resource": {"resourceType": "Patient", "managingOrganization": {"reference": "#o"}}},
            {"resource": {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": {"resourceType": "Patient", "name": 1}}]}}]}"##,
        expect![[r#"
            invariant error Bundle.entry[1].resource.managingOrganization.reference (byte 340): there is no contained resource with the id `o`
            structure error Bundle.entry[2].resource.parameter[0].resource.name (byte 481): must be an array, as it may repeat: put the value into [ ]
            structure error Bundle.entry[2].resource.parameter[0].resource.name (byte 481): must be a HumanName object, not a number
        "#]],
    );
}

#[test]
fn extensions_have_a_value_or_extensions() {
    check(
        r#"{"resourceType": "Patient", "extension": [{"url": "a"}, {"url": "b", "valueString": "x", "extension": [{"url": "c", "valueCode": "y"}]},
            {"valueString": "x"}], "modifierExtension": [{"url": "d", "valueHumanName": {"familly": "x"}}]}"#,
        expect![[r#"
            invariant error Patient.extension[0] (byte 42): has no value and no extensions: give it one of them or leave it out
            invariant error Patient.extension[1] (byte 56): has both a value and extensions: an extension has one of them
            required error Patient.extension[2].url (byte 149): `url` is missing: every Extension must have it
            structure error Patient.modifierExtension[0].value.familly (byte 237): `familly` is no element of HumanName in R4; did you mean `family`?
        "#]],
    );
}

#[test]
fn paths_can_be_read_back_as_fhirpath() {
    check(
        r#"{"resourceType": "Patient", "text": {"status": "additional", "div": ""}, "a b`c": 1}"#,
        expect![[r#"
        value error Patient.text.`div` (byte 68): is empty: leave the element out
        structure error Patient.`a b\`c` (byte 82): `a b`c` is no element of Patient in R4
    "#]],
    );
}

#[test]
fn issues_are_bounded() {
    let names = vec![r#"{"x": 1}"#; 1000].join(",");
    let json = format!(r#"{{"resourceType": "Patient", "name": [{names}]}}"#);
    assert_eq!(issues_of(&json, &Options::default()).len(), 50);
    assert_eq!(issues_of(&json, &Options { issues_max: 3, ..Options::default() }).len(), 3);
    assert!(has_errors(&issues_of(&json, &Options::default())) && !has_errors(&[]));
}

#[test]
fn warnings_do_not_hide_an_error() {
    let names = vec![r#"{"x": 1, "text": "a"}"#; 1000].join(",");
    let json = format!(r#"{{"resourceType": "Patient", "name": [{names}], "gender": "M"}}"#);
    let kept = Options { unknown_elements: Severity::Warning, ..Options::default() };
    let issues = issues_of(&json, &kept);
    assert_eq!((issues.len(), issues[50].severity), (51, Severity::Error));
    assert_eq!(issues_of(&json, &Options { issues_max: 0, ..kept }).len(), 2);
}

#[test]
fn offsets_lead_to_the_value() {
    let json = r#"{"resourceType": "Patient", "birthDate": "x", "link": [{"type": "seealso"}]}"#;
    let issues = issues_of(json, &Options::default());
    assert_eq!(&json[issues[0].offset..][..3], r#""x""#);
    assert!(json[issues[1].offset..].starts_with(r#"{"type""#), "what is missing is missing in this object");
}
