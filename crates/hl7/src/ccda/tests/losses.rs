//! What a document tells and a map could lose or turn round.

use super::*;

fn issues(mapped: &Mapped) -> String {
    mapped.issues.iter().fold(String::new(), |all, issue| all + &issue.text + "\n")
}

fn medication(inner: &str) -> String {
    format!(
        r#"<substanceAdministration classCode="SBADM" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.16"/><id root="1.9" extension="m"/><statusCode code="active"/>{inner}</substanceAdministration>"#
    )
}

const ASPIRIN: &str = r#"<consumable><manufacturedProduct><manufacturedMaterial><code code="1191" codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial></manufacturedProduct></consumable>"#;

#[test]
fn amounts_and_times_of_taking_are_kept_or_told() {
    let mapped = entries(
        "10160-0",
        "m",
        &[&medication(&format!(
            r#"<effectiveTime xsi:type="IVL_TS"><low value="20240101"/></effectiveTime>
            <effectiveTime xsi:type="PIVL_TS" operator="A"><phase><low value="20240101"/><width value="30" unit="min"/></phase><period value="8" unit="h"/></effectiveTime>
            <effectiveTime xsi:type="PIVL_TS" operator="E"><period value="1" unit="wk"/></effectiveTime>
            <effectiveTime xsi:type="PIVL_TS" operator="A"><period value="2" unit="d"/></effectiveTime>
            <doseQuantity><low value="1"/><high value="2"/></doseQuantity>
            <rateQuantity><low value="5" unit="mL/h"/><high value="2" unit="mL/h"/></rateQuantity>
            <maxDoseQuantity><numerator value="4"/></maxDoseQuantity>{ASPIRIN}
            <administrationUnitCode code="C42998" displayName="Tablet" codeSystem="2.16.840.1.113883.3.26.1.1"/>"#
        ))],
    );
    let taken = one(&mapped, "MedicationStatement");
    let repeat = |name: &str| at(taken, &format!("dosage.0.timing.repeat.{name}"));
    assert_eq!((repeat("period"), repeat("periodUnit")), ("8".into(), "h".into()));
    assert_eq!((repeat("duration"), repeat("durationUnit")), ("30".into(), "min".into()));
    assert_eq!(at(taken, "dosage.0.doseAndRate.0.doseRange.low.unit"), "Tablet");
    assert_eq!(at(taken, "dosage.0.doseAndRate.0.doseRange.high.unit"), "Tablet");
    let told = issues(&mapped);
    for what in ["the lower end 5 is above", "at which it is not taken", "a second period", "a maximum without"] {
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn one_drug_or_problem_that_is_denied_is_not_all_of_them() {
    let drug = |code: &str| {
        let inner = format!(
            r#"<consumable><manufacturedProduct><manufacturedMaterial>{code}</manufacturedMaterial></manufacturedProduct></consumable>"#
        );
        let text = medication(&inner).replace("moodCode=\"EVN\"", "moodCode=\"EVN\" negationInd=\"true\"");
        let mapped = entries("10160-0", "m", &[&text]);
        let taken = one(&mapped, "MedicationStatement");
        (at(taken, "status"), at(taken, "medicationCodeableConcept"))
    };
    let (status, code) = drug(
        r#"<code nullFlavor="OTH"><translation code="0363-0160" codeSystem="2.16.840.1.113883.6.69" displayName="Aspirin"/></code>"#,
    );
    assert!(status == "not-taken" && code.contains("Aspirin") && !code.contains("787481004"), "{status} {code}");
    let (status, code) = drug(r#"<code nullFlavor="UNK"/><name>Aspirin</name>"#);
    assert!(status == "not-taken" && code.contains("Aspirin"), "{status} {code}");
    // As HL7's example has it.
    let (status, code) =
        drug(r#"<code nullFlavor="OTH"><translation code="410942007" codeSystem="2.16.840.1.113883.6.96"/></code>"#);
    assert!(status == "active" && code.contains("787481004"), "{status} {code}");
    let (_, code) = drug(r#"<code nullFlavor="NA"/><name>No known medications</name>"#);
    assert!(code.contains("787481004"), "{code}");

    let problem = |value: &str| {
        let text = format!(
            r#"<observation classCode="OBS" moodCode="EVN" negationInd="true"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="p"/>{value}</observation>"#
        );
        let mapped = entries("11450-4", "p", &[&text]);
        let condition = one(&mapped, "Condition");
        (at(condition, "verificationStatus.coding.0.code"), at(condition, "code"))
    };
    let (sure, code) = problem(
        r#"<value xsi:type="CD" nullFlavor="OTH"><originalText>Diabetes</originalText><translation code="E11.9" codeSystem="2.16.840.1.113883.6.90"/></value>"#,
    );
    assert!(sure == "refuted" && code.contains("E11.9") && code.contains("Diabetes"), "{sure} {code}");
    let (sure, code) = problem(
        r#"<value xsi:type="CD" nullFlavor="OTH"><translation code="55607006" codeSystem="2.16.840.1.113883.6.96"/></value>"#,
    );
    assert!(sure == "confirmed" && code.contains("160245001"), "{sure} {code}");
}

#[test]
fn what_was_withdrawn_is_told_as_an_error() {
    let problem = |of_concern: &str, own: &str| {
        let text = format!(
            r#"<act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><statusCode code="{of_concern}"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><statusCode code="{own}"/><value xsi:type="CD" code="1" codeSystem="2.16.840.1.113883.6.96"/></observation></entryRelationship></act>"#
        );
        let mapped = entries("11450-4", "p", &[&text]);
        let condition = one(&mapped, "Condition");
        (at(condition, "verificationStatus.coding.0.code"), at(condition, "clinicalStatus.coding.0.code"))
    };
    let error = ("entered-in-error".to_owned(), String::new());
    assert_eq!(problem("nullified", "completed"), error);
    assert_eq!(problem("active", "nullified"), error);
    assert_eq!(problem("active", "completed"), ("confirmed".into(), "active".into()));
}

#[test]
fn codes_without_a_number_of_their_system_have_it_by_its_name() {
    let value = |value: &str| {
        let text = format!(
            r#"<observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/>{value}</observation>"#
        );
        let mapped = entries("11450-4", r#"<content ID="o">Words</content>"#, &[&text]);
        (at(one(&mapped, "Condition"), "code"), issues(&mapped))
    };
    let (code, _) = value(r#"<value xsi:type="CD" code="1" codeSystemName="SNOMED CT"/>"#);
    assert!(code.contains("http://snomed.info/sct"), "{code}");
    let (code, _) = value(r#"<value xsi:type="CD" code="1" codeSystemName="House list"/>"#);
    assert!(code.contains(r#""coding":[{"code":"1"}]"#), "{code}");
    let (code, _) = value(
        r##"<value xsi:type="CD" nullFlavor="UNK"><originalText><reference value="#o"/></originalText></value>"##,
    );
    assert!(code.contains("Words"), "{code}");
    let (_, told) = value(
        r#"<value xsi:type="CD" code="1" codeSystem="2.16.840.1.113883.6.96"><qualifier><name code="272741003"/><value code="7771000" displayName="Left"/></qualifier></value>"#,
    );
    assert!(told.contains("the qualifier \"Left\""), "{told}");
}

#[test]
fn values_that_are_no_whole_numbers_and_second_places_are_not_dropped() {
    let text = |value: &str| {
        format!(
            r#"<observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.2"/><code code="1" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>{value}<targetSiteCode code="1" codeSystem="2.16.840.1.113883.6.96"/><targetSiteCode code="2" codeSystem="2.16.840.1.113883.6.96"/></observation>"#
        )
    };
    for (value, element, expected) in [
        (r#"<value xsi:type="INT" value="4"/>"#, "valueInteger", "4"),
        (r#"<value xsi:type="INT" value="4.5"/>"#, "valueQuantity.value", "4.5"),
        (r#"<value xsi:type="INT" value="5000000000"/>"#, "valueQuantity.value", "5000000000"),
        (r#"<value xsi:type="INT" value="few"/>"#, "valueString", "few"),
        (r#"<value xsi:type="BL" value="1"/>"#, "valueBoolean", "true"),
    ] {
        let mapped = entries("30954-2", "r", &[&text(value)]);
        assert_eq!(at(one(&mapped, "Observation"), element), expected, "{value}");
        assert!(issues(&mapped).contains("a second targetSiteCode"));
    }
}

#[test]
fn every_statement_is_named_by_its_section_or_by_another() {
    // A prescription with its dispense, a panel with a procedure, two statements in one entry, a result without a template.
    let request = medication(&format!(
        r#"{ASPIRIN}<entryRelationship typeCode="REFR"><supply classCode="SPLY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.18"/><id root="1.9" extension="s"/><statusCode code="completed"/></supply></entryRelationship>"#
    ))
    .replace("\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.16\"", "\"INT\"><templateId root=\"2.16.840.1.113883.10.20.22.4.16\"");
    let panel = r#"<organizer classCode="BATTERY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.1"/><id root="1.9" extension="o"/><code code="24326-1" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><component><observation classCode="OBS" moodCode="EVN"><id root="1.9" extension="r"/><code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><value xsi:type="PQ" value="4" unit="mmol/L"/></observation></component><component><procedure classCode="PROC" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.14"/><id root="1.9" extension="c"/><code code="82078001" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/></procedure></component></organizer>"#;
    let problem = |id: &str| {
        format!(
            r#"<observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="{id}"/><value xsi:type="CD" code="{id}" codeSystem="2.16.840.1.113883.6.96"/></observation>"#
        )
    };
    let two = problem("1") + &problem("2");
    let mapped = entries("10160-0", "x", &[&request, panel, &two]);
    assert_eq!((all(&mapped, "Observation").len(), all(&mapped, "Condition").len()), (1, 2), "{:?}", mapped.unmapped);
    let bundle = mapped.bundle().to_string();
    for made in mapped.resources.iter().filter(|made| made.is_part) {
        let reference = format!("\"reference\":\"{}\"", made.full_url);
        assert!(bundle.contains(&reference), "{} {}", made.key.resource_type, made.resource);
    }
    let composition = one(&mapped, "Composition").to_string();
    for kind in ["MedicationDispense", "Procedure", "Condition"] {
        for made in mapped.resources.iter().filter(|made| made.key.resource_type == kind) {
            assert!(composition.contains(&made.full_url), "{kind}");
        }
    }
}

#[test]
fn a_plan_that_comes_again_and_a_second_substance_are_kept_or_told() {
    let plan = r#"<procedure classCode="PROC" moodCode="RQO"><templateId root="2.16.840.1.113883.10.20.22.4.41"/><code code="1" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="active"/><effectiveTime xsi:type="PIVL_TS"><period value="1" unit="wk"/></effectiveTime></procedure>"#;
    let mapped = entries("18776-5", "x", &[plan]);
    assert_eq!(at(one(&mapped, "ServiceRequest"), "occurrenceTiming.repeat.periodUnit"), "wk");
    let substance = |code: &str| {
        format!(
            r#"<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT"><code code="{code}" codeSystem="2.16.840.1.113883.6.96"/></playingEntity></participantRole></participant>"#
        )
    };
    let allergy = |participants: &str| {
        let text = format!(
            r#"<observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.7"/><value xsi:type="CD" code="416098002" codeSystem="2.16.840.1.113883.6.96"/>{participants}</observation>"#
        );
        entries("48765-2", "x", &[&text])
    };
    let mapped = allergy(&(substance("7980") + &substance("387207008")));
    assert!(at(one(&mapped, "AllergyIntolerance"), "code").contains("7980"));
    assert!(issues(&mapped).contains("an allergy is to one substance"));
    let mapped = allergy(&substance("7980").replace(" typeCode=\"CSM\"", ""));
    assert!(at(one(&mapped, "AllergyIntolerance"), "code").contains("7980"));
}

#[test]
fn a_set_or_document_without_a_number_of_its_own_is_not_that_of_all_others() {
    let of = |header: &str, id: &str| {
        let text = document(header, "").replace(r#"<id root="1.2.3" extension="d1"/>"#, id);
        let made = map(&text);
        let composition = made.resources.iter().find(|made| made.key.resource_type == "Composition").unwrap();
        composition.own_id().to_owned()
    };
    let one = of("", r#"<id nullFlavor="UNK" root="1.2.3"/>"#);
    let other = of(r#"<setId root="2.16.840.1.113883.4.6"/>"#, r#"<id nullFlavor="UNK" root="1.2.3"/>"#);
    assert_ne!(one, other);
}
