//! The shapes in which values of each kind come in practice, each asked for as clients ask: what is found and what is not.

use super::*;

/// For each query whether the resource answers it, by extraction and by reading it whole.
fn check(resource: &str, queries: &[(&str, bool)]) {
    let document = Document::parse(resource.as_bytes()).unwrap();
    let of = document.root().get("resourceType").unwrap().as_str().unwrap();
    let issues = crate::validate::validate(document.root(), &crate::validate::Options::default());
    assert!(!crate::validate::has_errors(&issues), "{issues:?}");
    let extractor = Extractor::new();
    for (query, expected) in queries {
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
        let parsed = SearchQuery::parse(&of, pairs, &options).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(by_extraction(&parsed, &extractor, document.root()), Some(*expected), "extraction: {query}");
        assert_eq!(matches(&parsed, document.root(), &Small(vec![])), *expected, "reading: {query}");
    }
}

#[test]
fn tokens_of_every_data_type() {
    check(
        r#"{"resourceType":"Patient","active":false,"gender":"unknown","deceasedBoolean":false,
            "identifier":[{"system":"urn:oid:2.16.156.10011.1.3","value":"11010519491231002X"},{"type":{"text":"x"},"value":"a,b|c"}],
            "telecom":[{"system":"phone","value":"+86 10 5555"},{"system":"email","value":"a@b.example"},{"value":"bare"}],
            "communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"zh-CN"}]}}]}"#,
        &[
            ("active=false", true),
            ("active=true", false),
            ("active=http://terminology.hl7.org/CodeSystem/special-values|false", true),
            ("active:not=true", true),
            ("deceased=false", true),
            ("deceased=true", false),
            ("gender=unknown", true),
            ("gender=http://hl7.org/fhir/administrative-gender|unknown", true),
            ("gender=http://example.org/other|unknown", false),
            ("identifier=11010519491231002X", true),
            ("identifier=11010519491231002x", false),
            ("identifier=urn:oid:2.16.156.10011.1.3|11010519491231002X", true),
            ("identifier=urn:oid:2.16.156.10011.1.3|", true),
            ("identifier=|11010519491231002X", false),
            (r"identifier=a\,b\|c", true),
            (r"identifier=|a\,b\|c", true),
            ("phone=+86 10 5555", true),
            ("email=a@b.example", true),
            ("email=+86 10 5555", false),
            ("telecom=bare", true),
            ("language=zh-CN", true),
            ("language=urn:ietf:bcp:47|zh-CN", true),
            ("language:not=en", true),
        ],
    );
}

#[test]
fn tags_profiles_and_where_it_came_from() {
    check(
        r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"meta":{"versionId":"3","source":"http://his.example/ward/7#msg-1",
            "profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab|6.1.0","http://example.org/p"],
            "security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}],
            "tag":[{"system":"http://example.org/tags","code":"night"}]}}"#,
        &[
            ("_profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab", true),
            ("_profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab|6.1.0", true),
            ("_profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab|7.0.0", false),
            ("_profile=http://example.org/p", true),
            ("_profile:below=http://hl7.org/fhir/us/core", true),
            ("_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R", true),
            ("_security=N", false),
            ("_tag=night", true),
            ("_tag=http://example.org/tags|", true),
            ("_source=http://his.example/ward/7#msg-1", true),
            ("_source:below=http://his.example/ward", true),
            ("_source:below=http://his.example/war", false),
        ],
    );
}

#[test]
fn dates_of_every_data_type() {
    check(
        r#"{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},
            "authoredOn":"2024-02-29T23:30:00-05:00",
            "occurrenceTiming":{"event":["2024-03-01","2024-03-10T08:00:00+08:00"],"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}"#,
        &[
            ("authored=2024-03-01", true),
            ("authored=2024-02-29", false),
            ("authored=2024-03-01T04:30:00Z", true),
            ("authored=2024-03-01T04:30", true),
            ("authored=ge2024-03", true),
            ("authored=lt2024-03", false),
            ("occurrence=2024-03", true),
            ("occurrence=2024-03-01", false),
            ("occurrence=ap2024-03-05", true),
            ("occurrence=sa2024-02", true),
            ("occurrence=eb2024-03-11", true),
            ("occurrence=gt2024-03-10", false),
        ],
    );
    check(
        r#"{"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"period":{"start":"2023-12-31T22:00:00Z"}}"#,
        &[
            ("date=ge2024", true),
            ("date=gt2050", true),
            ("date=lt2024", true),
            ("date=2024", false),
            ("date=sa2024", false),
            ("date=ap2030", true),
            ("date=ne2024", true),
        ],
    );
    check(
        r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},
            "subject":{"reference":"Patient/1"},"dosageInstruction":[{"timing":{"event":["2020-01-01T08:00:00Z"],
            "repeat":{"boundsPeriod":{"start":"2020-01-01","end":"2020-01-14"},"timeOfDay":["08:00:00"]}}}]}"#,
        &[("date=2020-01-01T08:00:00Z", true), ("date=2020-01-02", false)],
    );
}

#[test]
fn quantities_of_every_data_type() {
    let ucum = "http://unitsofmeasure.org";
    let cases: [(&str, &str, bool); 17] = [
        (r#""value":95,"unit":"mg/dL","system":"U","code":"mg/dL""#, "value-quantity=0.95|U|g/L", true),
        (r#""value":95,"unit":"mg/dL","system":"U","code":"mg/dL""#, "value-quantity=ge0.9|U|g/L", true),
        (r#""value":95,"unit":"mg/dL","system":"U","code":"mg/dL""#, "value-quantity=5.3|U|mmol/L", false),
        (r#""value":5.3,"system":"U","code":"mmol/L""#, "value-quantity=5300|U|umol/L", true),
        (r#""value":5.3,"system":"U","code":"mmol/L""#, "value-quantity=5.31|U|umol/L", false),
        (r#""value":98.6,"system":"U","code":"[degF]""#, "value-quantity=37.0|U|Cel", true),
        (r#""value":98.6,"system":"U","code":"[degF]""#, "value-quantity=gt38|U|Cel", false),
        (r#""value":6.5,"unit":"%","system":"U","code":"%""#, "value-quantity=6.5||%", true),
        (r#""value":15,"system":"U","code":"{score}""#, "value-quantity=15|U|{score}", true),
        (r#""value":15,"system":"U","code":"{score}""#, "value-quantity=lt16", true),
        (r#""value":70,"system":"U","code":"kg{dry}""#, "value-quantity=70000|U|g", true),
        (r#""value":1.2e1,"system":"U","code":"10*3/uL""#, "value-quantity=12.0|U|10*9/L", true),
        (r#""value":120,"comparator":">","system":"U","code":"mm[Hg]""#, "value-quantity=gt120|U|mm[Hg]", true),
        (r#""value":120,"comparator":">","system":"U","code":"mm[Hg]""#, "value-quantity=lt120|U|mm[Hg]", false),
        (r#""value":0.010,"unit":"Stück""#, "value-quantity=1e-2||Stück", true),
        (r#""value":1E+2"#, "value-quantity=100", true),
        (r#""value":100.4"#, "value-quantity=1e2", true),
    ];
    for (quantity, query, expected) in cases {
        let quantity = quantity.replace("\"U\"", &format!("\"{ucum}\""));
        let json = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{{{quantity}}}}}"#
        );
        check(&json, &[(&query.replace("|U|", &format!("|{ucum}|")), expected)]);
    }
    check(
        r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},
            "onsetAge":{"value":24,"unit":"months","system":"http://unitsofmeasure.org","code":"mo"},
            "abatementRange":{"high":{"value":5,"system":"http://unitsofmeasure.org","code":"a"}}}"#,
        &[
            ("onset-age=2|http://unitsofmeasure.org|a", true),
            ("onset-age=gt3|http://unitsofmeasure.org|a", false),
            ("abatement-age=lt1|http://unitsofmeasure.org|a", true),
            ("abatement-age=ge6|http://unitsofmeasure.org|a", false),
        ],
    );
    check(
        r#"{"resourceType":"Invoice","status":"issued","totalNet":{"value":1234.50,"currency":"CNY"}}"#,
        &[
            ("totalnet=1234.5", true),
            ("totalnet=1234.50|urn:iso:std:iso:4217|CNY", true),
            ("totalnet=1234.50|urn:iso:std:iso:4217|EUR", false),
            ("totalnet=gt1234.50", false),
        ],
    );
}

#[test]
fn references_in_every_form() {
    check(
        r##"{"resourceType":"Observation","status":"final","code":{"text":"x"},
            "contained":[{"resourceType":"Practitioner","id":"p"}],"subject":{"reference":"Patient/a/_history/2"},
            "performer":[{"reference":"#p"},{"reference":"https://other.example/fhir/Practitioner/9/_history/1"},
              {"type":"Organization","identifier":{"system":"urn:x","value":"77"}},{"display":"Dr. No"},
              {"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}],
            "device":{"reference":"Device/dev"}}"##,
        &[
            ("subject=Patient/a", true),
            ("subject=a", true),
            ("subject:Patient=a", true),
            ("patient=a", true),
            ("subject:Group=a", false),
            ("performer=https://other.example/fhir/Practitioner/9", true),
            ("performer=Practitioner/9", false),
            ("performer:identifier=urn:x|77", true),
            ("performer:identifier=77", true),
            ("performer:identifier=urn:y|77", false),
            ("performer=urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", true),
            ("performer:missing=false", true),
            ("focus:missing=true", true),
            ("device=dev", true),
        ],
    );
    let here = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        let query = parse("Observation", "subject=https://here/fhir/Patient/a", Handling::Strict).unwrap();
        by_extraction(&query, &Extractor::new().with_base_url("https://here/fhir"), document.root())
    };
    for reference in ["Patient/a", "https://here/fhir/Patient/a", "https://here/fhir/Patient/a/_history/4"] {
        let text = format!(r#"{{"resourceType":"Observation","subject":{{"reference":"{reference}"}}}}"#);
        assert_eq!(here(&text), Some(true), "{reference}");
    }
}

#[test]
fn strings_however_they_are_typed() {
    check(
        r#"{"resourceType":"Patient","name":[{"family":"O’Brien–Müller","given":["Zoë","Anne  Marie"],"prefix":["Dr."]},{"text":"王小明"},
            {"family":"Straße"},{"family":"Παπαδόπουλος"},{"family":"MU\u0308NCH"}],"address":[{"line":["Weg 1"],"city":"Łódź"}]}"#,
        &[
            ("family=o'brien-muller", true),
            ("family=O’BRIEN", true),
            ("family:exact=O’Brien–Müller", true),
            ("family:exact=O'Brien-Müller", false),
            ("family:contains=muller", true),
            ("family=muller", false),
            ("name=王", true),
            ("name:contains=小明", true),
            ("family=strasse", true),
            ("family=STRASSE", true),
            ("family=παπαδοπουλος", true),
            ("family=Münch", true),
            ("given=anne marie", true),
            ("given=zoe", true),
            ("name=dr", true),
            ("address=weg", true),
            ("address-city=lodz", true),
        ],
    );
}

#[test]
fn numbers_are_as_wide_as_their_digits() {
    check(
        r#"{"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/1"},
            "prediction":[{"probabilityDecimal":0.0250},{"probabilityRange":{"low":{"value":50},"high":{"value":1.0e2}}}]}"#,
        &[
            ("probability=0.025", true),
            ("probability=0.03", true),
            ("probability=2.5e-2", true),
            ("probability=0.02", false),
            ("probability=gt99", true),
            ("probability=gt100", false),
            ("probability=sa49", true),
            ("probability=eb0.03", true),
            ("probability=ne0.025", false),
        ],
    );
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    for (of, query, word) in [
        ("Observation", "code-value-quantity:missing=true", "code-value-quantity:missing"),
        ("Location", "near:missing=true", "near:missing"),
        ("Patient", "phonetic=x", "phonetic"),
        ("Observation", "code:nonsense=x", "code:nonsense"),
        ("Patient", "gender:of-type=a|b|c", "gender:of-type"),
        ("Patient", "_content:exact=x", "_content"),
        ("Patient", "_query=x", "_query"),
        ("Patient", "_list=$current-problems", "$current-problems"),
    ] {
        let error = parse(of, query, Handling::Lenient).unwrap_err();
        assert!(
            matches!(&error, SearchError::Unsupported { .. }) && error.to_string().contains(word),
            "{query}: {error}"
        );
    }
}

#[test]
fn quantities_of_any_size_are_found_in_every_unit() {
    let observation = |value: &str, code: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{value},"unit":"{code}","system":"http://unitsofmeasure.org","code":"{code}"}}}}"#
        )
    };
    check(
        &observation("0.0000000000000000000000000000000012", "kg"),
        &[
            ("value-quantity=1.2e-33|http://unitsofmeasure.org|kg", true),
            ("value-quantity=1.2e-30|http://unitsofmeasure.org|g", true),
            ("value-quantity=1.2e-27|http://unitsofmeasure.org|mg", true),
            ("value-quantity=1.3e-30|http://unitsofmeasure.org|g", false),
            ("value-quantity=gt1.1e-30|http://unitsofmeasure.org|g", true),
            ("value-quantity=lt1.1e-30|http://unitsofmeasure.org|g", false),
            ("value-quantity=ne1.2e-30|http://unitsofmeasure.org|g", false),
            ("value-quantity=gt0|http://unitsofmeasure.org|g", true),
            ("value-quantity=1.2e-33", true),
            ("value-quantity=1.2e-33||kg", true),
            ("value-quantity=1.2e-33|http://unitsofmeasure.org|m", false),
        ],
    );
    check(
        &observation("-4e200", "kg"),
        &[
            ("value-quantity=-4e203|http://unitsofmeasure.org|g", true),
            ("value-quantity=lt0|http://unitsofmeasure.org|g", true),
        ],
    );
    check(
        &observation("36.999999999999999999999999999999999999999999999999999", "Cel"),
        &[
            ("value-quantity=37|http://unitsofmeasure.org|Cel", true),
            ("value-quantity=98.6|http://unitsofmeasure.org|[degF]", true),
            ("value-quantity=ap36|http://unitsofmeasure.org|Cel", true),
            ("value-quantity=ap30|http://unitsofmeasure.org|Cel", false),
        ],
    );
}

#[test]
fn primitives_without_a_value_are_there_and_answer_nothing() {
    check(
        r##"{"resourceType":"Patient","_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},
            "_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]},
            "name":[{"family":"Ngo","_family":{"id":"f"},"given":["Ann",null,"Bo"],"_given":[null,{"extension":[{"url":"u","valueString":"x"}]},null]},
                    {"_text":{"extension":[{"url":"u","valueString":"y"}]}}],
            "contained":[{"resourceType":"Organization","id":"o","name":"Inside"}],
            "managingOrganization":{"reference":"#o"},
            "modifierExtension":[{"url":"m","valueBoolean":true}]}"##,
        &[
            ("given=ann", true),
            ("given=bo", true),
            ("given=x", false),
            ("name=ngo", true),
            ("gender:missing=true", true),
            ("gender:not=male", true),
            ("birthdate:missing=true", true),
            ("birthdate=ge0001", false),
            ("organization:missing=false", true),
            ("organization=o", false),
        ],
    );
}

#[test]
fn dates_in_every_precision_and_zone_are_ranges() {
    let at = |date: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"effectiveDateTime":"{date}"}}"#
        )
    };
    check(
        &at("2015"),
        &[
            ("date=2015", true),
            ("date=2015-06", false),
            ("date=ge2015-06", true),
            ("date=sa2015-06", false),
            ("date=ap2015-06", true),
        ],
    );
    check(
        &at("2016-12-31T23:59:60Z"),
        &[
            ("date=2017-01-01", true),
            ("date=ge2017", true),
            ("date=lt2017", false),
            ("date=2016-12-31T23:59:60Z", true),
        ],
    );
    check(
        &at("2015-02-07T23:30:00.123456789-11:30"),
        &[
            ("date=2015-02-08", true),
            ("date=2015-02-07", false),
            ("date=2015-02-08T11:00:00Z", true),
            ("date=2015-02-07T23:30-11:30", true),
        ],
    );
}
