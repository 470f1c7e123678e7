//! What no element takes is told, and every statement is mapped, read by another, or listed.

use super::*;

fn told(mapped: &Mapped) -> String {
    mapped.issues.iter().fold(String::new(), |all, issue| all + &issue.xpath + ": " + &issue.text + "\n")
}

fn statement(element: &str, number: &str, inner: &str) -> String {
    format!(
        r#"<{element} classCode="OBS" moodCode="EVN">{}<id root="1.9" extension="{number}"/>{inner}</{element}>"#,
        template(number)
    )
}

const CODE: &str = r#"<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>"#;

#[test]
fn values_of_forms_that_fhir_has_not_are_told() {
    for (value, expected, words) in [
        (r#"<value xsi:type="PPD_PQ" value="4.50" unit="mg/dL"/>"#, "4.50", ""),
        (
            r#"<value xsi:type="IVL_PQ"><center value="4" unit="mg"/><width value="1" unit="mg"/></value>"#,
            "",
            "a value of this form",
        ),
        (r#"<value xsi:type="RTO"><numerator value="4"/></value>"#, "", "a value of this form"),
        (r#"<value xsi:type="PQ" nullFlavor="UNK"/>"#, "", ""),
    ] {
        let mapped = entries("30954-2", "x", &[&statement("observation", "2", &format!("{CODE}{value}"))]);
        let observation = one(&mapped, "Observation");
        assert_eq!(at(observation, "valueQuantity.value"), expected, "{value}");
        let reason = match (expected, words) {
            ("", "") => "unknown",
            ("", _) => "unsupported",
            _ => "",
        };
        assert_eq!(at(observation, "dataAbsentReason.coding.0.code"), reason, "{value}");
        assert_eq!(words.is_empty(), !told(&mapped).contains("a value of this form"), "{value}: {}", told(&mapped));
    }
}

#[test]
fn the_words_of_a_smoking_status_stay() {
    let code = r#"<code code="ASSERTION" codeSystem="2.16.840.1.113883.5.4"><originalText>Tobacco use</originalText></code><statusCode code="completed"/>"#;
    let value = r#"<value xsi:type="CD" code="266919005" codeSystem="2.16.840.1.113883.6.96"/>"#;
    let mapped = entries("29762-2", "x", &[&statement("observation", "78", &format!("{code}{value}"))]);
    assert_eq!(at(one(&mapped, "Observation"), "code.text"), "Tobacco use");
    assert_eq!(at(one(&mapped, "Observation"), "code.coding.0.code"), "72166-2");
}

#[test]
fn what_a_resource_has_no_element_for_is_an_issue() {
    let specimen = r#"<specimen><specimenRole><specimenPlayingEntity><code code="57259009" codeSystem="2.16.840.1.113883.6.96"/></specimenPlayingEntity></specimenRole></specimen>"#;
    let of_procedure = format!(
        r#"{CODE}<priorityCode code="UR"/>{specimen}<participant typeCode="LOC"><participantRole classCode="MANU"><playingDevice><code code="4"/></playingDevice></participantRole></participant>"#
    );
    let mapped = entries("47519-4", "x", &[&statement("procedure", "14", &of_procedure)]);
    for words in ["no element for priorityCode", "no element for specimen", "names no place"] {
        assert!(told(&mapped).contains(words), "{words}: {}", told(&mapped));
    }
    let vehicle = r#"<participant typeCode="CSM"><participantRole classCode="MANU"><code code="412307009"/></participantRole></participant>"#;
    let drug = format!(
        r#"<statusCode code="active"/><consumable><manufacturedProduct><manufacturedMaterial><code code="1191" codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial></manufacturedProduct></consumable>{vehicle}"#
    );
    let mapped = entries("10160-0", "x", &[&statement("substanceAdministration", "16", &drug)]);
    assert!(told(&mapped).contains("a MedicationStatement has no element for participant"), "{}", told(&mapped));
    // What has an element, or says nothing, is not told.
    let quiet = format!(
        r#"{CODE}{specimen}<methodCode code="1" codeSystem="1.2.9"/><priorityCode nullFlavor="NI"/><value xsi:type="PQ" value="4" unit="mmol/L"/>"#
    );
    let mapped = entries("30954-2", "x", &[&statement("observation", "2", &quiet)]);
    assert_eq!(told(&mapped), "");
    // A place in no namespace of CDA, and a second body.
    let text = document("", &section("30954-2", "x", r#"<entry><observation xmlns="urn:other"/></entry>"#));
    let text = text.replace("</ClinicalDocument>", "<component><structuredBody/></component></ClinicalDocument>");
    let mapped = map(&text);
    for words in ["the namespace \"urn:other\"", "one body"] {
        assert!(told(&mapped).contains(words), "{words}: {}", told(&mapped));
    }
}

#[test]
fn every_statement_is_mapped_or_read_or_listed_wherever_it_stands() {
    let result = statement("observation", "2", &format!(r#"{CODE}<value xsi:type="PQ" value="4" unit="mmol/L"/>"#));
    let drug = statement("substanceAdministration", "16", r#"<statusCode code="active"/>"#);
    let reaction = statement(
        "observation",
        "9",
        &format!(
            r#"<value xsi:type="CD" code="39579001" codeSystem="2.16.840.1.113883.6.96"/><entryRelationship typeCode="RSON">{drug}</entryRelationship>"#
        ),
    );
    let allergy =
        statement("observation", "7", &format!(r#"<entryRelationship typeCode="MFST">{reaction}</entryRelationship>"#));
    // The treatment of a reaction, and what stands where CDA has no statement.
    let odd = format!("<odd>{result}</odd>");
    let mapped = entries("48765-2", "x", &[&allergy, &statement("observation", "2", &format!("{CODE}{odd}"))]);
    let found: Vec<&str> = mapped.unmapped.iter().map(|unmapped| unmapped.element).collect();
    assert_eq!(found, ["substanceAdministration", "observation"]);
}
