use super::*;
use proptest::prelude::*;

fn check(fhir_type: &str, value: &Value<'_>) -> String {
    let mut out = b"before".to_vec();
    let written = write_json(value, &Slot::of_type(fhir_type).unwrap(), &mut out);
    let text = String::from_utf8(out.split_off(6)).unwrap();
    match written {
        Ok(true) => text,
        Ok(false) => format!("nothing{text}"),
        Err(reason) => format!("{}{text}", reason.code),
    }
}

#[test]
fn every_kind_of_value_has_its_json() {
    let coding = |code: &'static str| Coding {
        system: Some("urn:x".into()),
        code: code.into(),
        display: Some("A \"b\"".into()),
    };
    let coded = Value::Coded(Coded { codings: vec![coding("1"), coding("2")], text: Some("t".into()) });
    for (fhir_type, value, json) in [
        (
            "CodeableConcept",
            coded.clone(),
            r#"{"coding":[{"system":"urn:x","code":"1","display":"A \"b\""},{"system":"urn:x","code":"2","display":"A \"b\""}],"text":"t"}"#,
        ),
        ("Coding", coded.clone(), r#"{"system":"urn:x","code":"1","display":"A \"b\""}"#),
        ("code", coded, r#""1""#),
        ("CodeableConcept", Value::Coded(Coded::default()), "nothing"),
        ("CodeableConcept", Value::primitive("string", "阴性"), r#"{"text":"阴性"}"#),
        ("Annotation", Value::primitive("string", "a\nb"), r#"{"text":"a\nb"}"#),
        (
            "Quantity",
            Value::Quantity(Quantity {
                value: "4.20".into(),
                comparator: Some("<"),
                unit: Some("µmol/L".into()),
                ucum: Some("umol/L".into()),
            }),
            r#"{"value":4.20,"comparator":"<","unit":"µmol/L","system":"http://unitsofmeasure.org","code":"umol/L"}"#,
        ),
        ("Age", Value::Quantity(Quantity { value: "4".into(), ..Quantity::default() }), r#"{"value":4}"#),
        ("Quantity", Value::Quantity(Quantity { value: "04".into(), ..Quantity::default() }), "not-a-number"),
        ("Period", Value::Period { start: Some("2024".into()), end: None }, r#"{"start":"2024"}"#),
        ("Period", Value::Period { start: Some("2024-01-01T00".into()), end: None }, "not-a-date"),
        ("Period", Value::Period { start: None, end: None }, "nothing"),
        (
            "Identifier",
            Value::Identifier {
                system: "urn:x".into(),
                value: "1".into(),
                r#use: Some("usual".into()),
                type_code: Some("MR".into()),
            },
            r#"{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:x","value":"1"}"#,
        ),
        (
            "HumanName",
            Value::Name { text: None, family: Some("B".into()), given: vec!["J".into(), "P".into()] },
            r#"{"family":"B","given":["J","P"]}"#,
        ),
        (
            "Address",
            Value::Address(Box::new(Postal {
                line: vec!["a".into(), "b".into()],
                city: Some("c".into()),
                district: None,
                state: None,
                postal_code: Some("1".into()),
                country: None,
            })),
            r#"{"line":["a","b"],"city":"c","postalCode":"1"}"#,
        ),
        ("Reference", Value::Reference { resource_type: "Patient", id: "1".into() }, r#"{"reference":"Patient/1"}"#),
        ("boolean", Value::primitive("boolean", "true"), "true"),
        ("integer", Value::primitive("integer", "5"), "5"),
        ("decimal", Value::primitive("decimal", "5.0"), "5.0"),
        ("decimal", Value::primitive("string", "five"), "not-a-number"),
        ("date", Value::primitive("date", "2024-02-30"), "not-a-date"),
        ("string", Value::primitive("string", "a\u{1}"), "bad-text"),
        ("string", Value::Absent, "nothing"),
        ("Period", Value::primitive("string", "a"), "wrong-type"),
        ("string", Value::Reference { resource_type: "Patient", id: "1".into() }, "wrong-type"),
    ] {
        assert_eq!(check(fhir_type, &value), json, "{fhir_type} {value:?}");
    }
}

#[test]
fn required_codes_are_required() {
    let schema = fhir::schema::r4();
    let of = |resource: &str, element: &str, fhir_type: &str| {
        let id = schema.type_id(resource).unwrap();
        Slot::of_element(schema.element_by_name(id, element).unwrap(), fhir_type).unwrap()
    };
    let status = of("Condition", "clinicalStatus", "CodeableConcept");
    let coded = |system: &'static str, code: &'static str| {
        Value::Coded(Coded {
            codings: vec![Coding { system: Some(system.into()), code: code.into(), display: None }],
            text: None,
        })
    };
    let clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    let mut out = Vec::new();
    assert_eq!(write_json(&coded(clinical, "active"), &status, &mut out), Ok(true));
    assert_eq!(write_json(&coded("urn:x", "A"), &status, &mut out), Ok(true));
    assert_eq!(write_json(&coded(clinical, "actve"), &status, &mut out).unwrap_err().code, "not-a-code");
    let status = of("Observation", "status", "code");
    assert_eq!(write_json(&Value::primitive("code", "done"), &status, &mut out).unwrap_err().code, "not-a-code");
}

proptest! {
    #[test]
    fn a_string_reads_back_as_it_was(text in "\\PC{0,20}[\"\\\\\\n\\r\\t]{0,4}\\PC{0,20}") {
        let mut out = Vec::new();
        if push_string(&text, &mut out).is_ok() {
            let document = fhir::json::Document::parse(&out).unwrap();
            let read = document.root().as_str().unwrap().into_owned();
            prop_assert_eq!(read, text);
        }
    }
}
