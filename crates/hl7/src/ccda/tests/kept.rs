//! Nothing goes unsaid: what has no element is an issue, and what is unusual keeps its meaning.

use super::*;

fn result(inside: &str) -> Mapped {
    let code = r#"<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/>"#;
    observation("2", "completed", code, inside)
}

fn observation(number: &str, status: &str, code: &str, inside: &str) -> Mapped {
    let statement = format!(
        r#"<observation classCode="OBS" moodCode="EVN">{}<id root="1.9" extension="r"/>{code}<statusCode code="{status}"/><effectiveTime value="20240101"/>{inside}</observation>"#,
        template(number)
    );
    entries("30954-2", "x", &[&statement])
}

fn medication(mood: &str, inside: &str) -> Mapped {
    let statement = format!(
        r#"<substanceAdministration classCode="SBADM" moodCode="{mood}">{}<id root="1.9" extension="m"/><statusCode code="active"/>{inside}<consumable><manufacturedProduct><manufacturedMaterial><code code="573621" codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration>"#,
        template("16")
    );
    entries("10160-0", "x", &[&statement])
}

fn told(mapped: &Mapped, words: &str) -> bool {
    mapped.issues.iter().any(|issue| issue.text.contains(words))
}

#[test]
fn values_of_results_keep_number_unit_and_sign() {
    for (value, path, expected, words) in [
        (r#"<value xsi:type="PQ" value="&lt;4" unit="mg/dL"/>"#, "comparator", "<", "read as < 4"),
        (r#"<value xsi:type="PQ" value="≥ 4" unit="mg/dL"/>"#, "comparator", ">=", "read as >= 4"),
        (r#"<value xsi:type="PQ" value="&lt;4" unit="mg/dL"/>"#, "code", "mg/dL", ""),
        (r#"<value value="4" unit="mg"/>"#, "unit", "mg", "names no type"),
        (r#"<value xsi:type="MO" value="5.50" currency="USD"/>"#, "code", "USD", ""),
        (r#"<value xsi:type="MO" value="5.50" currency="USD"/>"#, "system", "urn:iso:std:iso:4217", ""),
        (
            r#"<value xsi:type="PQ" nullFlavor="OTH"><translation value="7" code="tbl" codeSystem="1.2.9" displayName="tablets"/></value>"#,
            "unit",
            "tablets",
            "that of its translation",
        ),
        (r#"<value xsi:type="PQ" value="4.5" unit="K/uL"/>"#, "code", "10*3/uL", "read as 10*3/uL"),
        (r#"<value xsi:type="PQ" value="4.5" unit="K/uL"/>"#, "unit", "K/uL", ""),
    ] {
        let mapped = result(value);
        assert_eq!(at(one(&mapped, "Observation"), &format!("valueQuantity.{path}")), expected, "{value}");
        assert!(words.is_empty() || told(&mapped, words), "{value}: {:?}", mapped.issues);
    }
    let mapped = result(r#"<value xsi:type="PQ" value="1,234" unit="mg/dL"/>"#);
    assert_eq!(at(one(&mapped, "Observation"), "valueString"), "1,234 mg/dL");
    assert!(told(&mapped, "kept as text, with its unit") && !told(&mapped, "left out"), "{:?}", mapped.issues);
}

#[test]
fn a_unit_that_ucum_gives_to_something_else_is_that_of_what_was_measured() {
    let temperature = r#"<code code="8310-5" codeSystem="2.16.840.1.113883.6.1"/>"#;
    for (unit, expected, words) in [
        ("F", "[degF]", "read as [degF]"),
        ("C", "Cel", "read as Cel"),
        ("Cel", "Cel", ""),
        ("mm[Hg]", "", "no unit of a temperature"),
    ] {
        let mapped = observation(
            "27",
            "completed",
            temperature,
            &format!(r#"<value xsi:type="PQ" value="98.6" unit="{unit}"/>"#),
        );
        let observation = one(&mapped, "Observation");
        assert_eq!(at(observation, "valueQuantity.code"), expected, "{unit}");
        assert_eq!(at(observation, "valueQuantity.unit"), unit);
        assert!(words.is_empty() || told(&mapped, words), "{unit}: {:?}", mapped.issues);
    }
}

#[test]
fn what_is_negated_is_interpreted_so_first() {
    let mapped = result(r#"<value xsi:type="PQ" value="4" unit="mg"/>"#);
    assert_eq!(at(one(&mapped, "Observation"), "interpretation"), "");
    let code = r#"<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/>"#;
    let statement = format!(
        r#"<observation classCode="OBS" moodCode="EVN" negationInd="true">{}{code}<statusCode code="completed"/><value xsi:type="PQ" value="4" unit="mg"/><value xsi:type="PQ" value="5" unit="mg"/><interpretationCode code="H" codeSystem="2.16.840.1.113883.5.83"/></observation>"#,
        template("2")
    );
    let mapped = entries("30954-2", "x", &[&statement]);
    let observation = one(&mapped, "Observation");
    assert_eq!(at(observation, "interpretation.0.coding.0.code"), "negated");
    assert_eq!(at(observation, "interpretation.0.coding.1.code"), "NEG");
    assert_eq!(at(observation, "component.0.interpretation.0.coding.0.code"), "negated");
    let made = mapped.resources.iter().find(|made| made.key.resource_type == "Observation").unwrap();
    assert!(made.origin("component[0].code").unwrap().xpath.ends_with("/observation[1]/code[1]"));
    assert!(made.origin("component[0].valueQuantity").unwrap().xpath.ends_with("/observation[1]/value[2]"));
}

#[test]
fn how_a_drug_is_taken_is_told_or_listed() {
    let period =
        |unit: &str| format!(r#"<effectiveTime xsi:type="PIVL_TS"><period value="8" unit="{unit}"/></effectiveTime>"#);
    let event = |code: &str, offset: &str| {
        format!(r#"<effectiveTime xsi:type="EIVL_TS"><event code="{code}"/><offset>{offset}</offset></effectiveTime>"#)
    };
    let repeat = "dosage.0.timing.repeat";
    for (inside, path, expected, words) in [
        (period("hours"), "periodUnit", "h", "read as h"),
        (period("Hrs."), "periodUnit", "h", "read as h"),
        (period("h"), "periodUnit", "h", ""),
        (period("shifts"), "period", "", "no unit of a period"),
        (event("ACM", r#"<low value="30" unit="min"/>"#), "offset", "30", ""),
        (event("ACM", r#"<low value="-1" unit="h"/>"#), "offset", "60", ""),
        (event("PCM", r#"<low value="1" unit="h"/><high value="2" unit="h"/>"#), "offset", "60", "its first end"),
        (event("CM", r#"<low value="1" unit="h"/>"#), "offset", "", "distance to the event"),
        (r#"<repeatNumber value="3"/>"#.to_owned(), "count", "3", ""),
        (r#"<repeatNumber><low value="1"/><high value="3"/></repeatNumber>"#.to_owned(), "countMax", "3", ""),
        (
            r#"<repeatNumber><low value="0"/><high value="3"/></repeatNumber>"#.to_owned(),
            "count",
            "",
            "how often it was repeated",
        ),
    ] {
        let mapped = medication("EVN", &inside);
        assert_eq!(at(one(&mapped, "MedicationStatement"), &format!("{repeat}.{path}")), expected, "{inside}");
        assert!(words.is_empty() || told(&mapped, words), "{inside}: {:?}", mapped.issues);
    }
    let both = r#"<effectiveTime xsi:type="SXPR_TS"><comp xsi:type="IVL_TS"><low value="20120101"/><high value="20120201"/></comp><comp xsi:type="PIVL_TS" operator="A"><period value="12" unit="h"/></comp></effectiveTime>"#;
    let mapped = medication("EVN", both);
    let statement = one(&mapped, "MedicationStatement");
    assert_eq!(at(statement, "effectivePeriod.end"), "2012-02-01");
    assert_eq!(at(statement, &format!("{repeat}.period")), "12");
    let mapped = medication("INT", both);
    assert_eq!(
        at(one(&mapped, "MedicationRequest"), "dosageInstruction.0.timing.repeat.boundsPeriod.end"),
        "2012-02-01"
    );
    let mapped = medication("INT", r#"<repeatNumber><low value="0"/><high value="3"/></repeatNumber>"#);
    assert_eq!(at(one(&mapped, "MedicationRequest"), "dispenseRequest.numberOfRepeatsAllowed"), "3");
    let two = r#"<effectiveTime xsi:type="IVL_TS"><low value="2012"/></effectiveTime><effectiveTime xsi:type="IVL_TS"><low value="2014"/></effectiveTime>"#;
    assert!(told(&medication("EVN", two), "second interval") && told(&medication("INT", two), "second interval"));
}

#[test]
fn that_there_is_no_drug_is_negated_once() {
    for mood in ["EVN", "INT"] {
        let none = format!(
            r#"<substanceAdministration classCode="SBADM" moodCode="{mood}" negationInd="true">{}<statusCode code="active"/><consumable><manufacturedProduct><manufacturedMaterial><code nullFlavor="NA"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration>"#,
            template("16")
        );
        let mapped = entries("10160-0", "x", &[&none]);
        let kind = if mood == "EVN" { "MedicationStatement" } else { "MedicationRequest" };
        let statement = one(&mapped, kind);
        assert_eq!(at(statement, "medicationCodeableConcept.coding.0.code"), "787481004");
        assert_eq!((at(statement, "status"), at(statement, "doNotPerform")), ("active".to_owned(), String::new()));
    }
}

fn statement_of_unknown_state() -> String {
    format!(
        r#"<observation classCode="OBS" moodCode="EVN">{}<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode nullFlavor="UNK"/><value xsi:type="PQ" value="4" unit="mg"/></observation>"#,
        template("2")
    )
}

#[test]
fn states_are_those_of_the_guide() {
    let value = r#"<value xsi:type="PQ" value="4" unit="mg"/>"#;
    let code = r#"<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/>"#;
    for (status, expected) in
        [("active", "registered"), ("aborted", "cancelled"), ("held", "registered"), ("completed", "final")]
    {
        let mapped = observation("2", status, code, value);
        assert_eq!(at(one(&mapped, "Observation"), "status"), expected, "{status}");
    }
    let unknown = statement_of_unknown_state();
    assert_eq!(at(one(&entries("30954-2", "x", &[&unknown]), "Observation"), "status"), "unknown");
    for (status, expected) in [
        ("active", "in-progress"),
        ("aborted", "unknown"),
        ("cancelled", "cancelled"),
        ("completed", "finished"),
        ("held", "planned"),
        ("new", "unknown"),
        ("suspended", "onleave"),
        ("nullified", "entered-in-error"),
    ] {
        let encounter = format!(
            r#"<encounter classCode="ENC" moodCode="EVN">{}<id root="1.9" extension="e"/><code code="99213"/><statusCode code="{status}"/></encounter>"#,
            template("49")
        );
        let mapped = entries("46240-8", "x", &[&encounter]);
        assert_eq!(at(one(&mapped, "Encounter"), "status"), expected, "{status}");
    }
    let panel = format!(
        r#"<organizer classCode="CLUSTER" moodCode="EVN">{}<code code="46680005" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/></organizer>"#,
        template("26")
    );
    let mapped = entries("8716-3", "x", &[&panel]);
    let panel = one(&mapped, "Observation");
    assert_eq!(at(panel, "code.coding.0.code"), "85353-1");
    assert_eq!(at(panel, "code.coding.1.code"), "46680005");
}

fn problem(of_concern: &str, time: &str, values: &str) -> Mapped {
    let act = format!(
        r#"<act classCode="ACT" moodCode="EVN"{of_concern}>{}<statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN">{}<id root="1.9" extension="p"/><effectiveTime>{time}</effectiveTime>{values}</observation></entryRelationship></act>"#,
        template("3"),
        template("4")
    );
    entries("11450-4", "x", &[&act])
}

const ASTHMA: &str = r#"<value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96"/>"#;

#[test]
fn a_negated_concern_negates_its_problem() {
    let mapped = problem(r#" negationInd="true""#, r#"<low value="2001"/>"#, ASTHMA);
    let condition = one(&mapped, "Condition");
    assert_eq!(at(condition, "verificationStatus.coding.0.code"), "refuted");
    assert_eq!(at(condition, "clinicalStatus"), "");
}

#[test]
fn an_hour_alone_is_a_day_that_keeps_its_digits() {
    let mapped = problem("", r#"<low value="2012080610"/>"#, ASTHMA);
    let condition = one(&mapped, "Condition");
    assert_eq!(at(condition, "onsetDateTime"), "2012-08-06");
    assert_eq!(at(condition, "_onsetDateTime.extension.0.valueString"), "2012080610");
    assert!(told(&mapped, "names the hour alone"), "{:?}", mapped.issues);
}

#[test]
fn an_end_before_its_start_and_a_second_value_are_told() {
    let mapped = problem("", r#"<low value="20120806"/><high value="201101"/>"#, &format!("{ASTHMA}{ASTHMA}"));
    assert!(told(&mapped, "the end 2011-01 is before the start 2012-08-06"), "{:?}", mapped.issues);
    let second = mapped.issues.iter().find(|issue| issue.text.contains("has one value")).unwrap();
    assert!(second.xpath.ends_with("/observation[1]/value[2]"), "{}", second.xpath);
    let mapped = problem("", r#"<low value="20120806"/><high value="2012"/>"#, ASTHMA);
    assert!(!told(&mapped, "before the start"), "{:?}", mapped.issues);
}

#[test]
fn a_second_patient_of_a_document_is_told() {
    let text = document("", "");
    let from = text.find("<recordTarget>").unwrap();
    let to = text.find("</recordTarget>").unwrap() + "</recordTarget>".len();
    let second = text[from..to].replace("77", "78");
    let mapped = map(&format!("{}{second}{}", &text[..to], &text[to..]));
    assert_eq!(at(one(&mapped, "Patient"), "identifier.0.value"), "77");
    let issue = mapped.issues.iter().find(|issue| issue.text.contains("one patient")).unwrap();
    assert_eq!(issue.xpath, "/ClinicalDocument/recordTarget[2]");
}

#[test]
fn what_a_goal_measures_leads_to_its_code() {
    let goal = format!(
        r#"<observation classCode="OBS" moodCode="GOL">{}<id root="1.9" extension="g"/><code code="8462-4" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="active"/><effectiveTime><low value="2024"/><high value="2025"/></effectiveTime><value xsi:type="PQ" value="80" unit="mm[Hg]"/></observation>"#,
        template("121")
    );
    let mapped = entries("61146-7", "x", &[&goal]);
    let made = mapped.resources.iter().find(|made| made.key.resource_type == "Goal").unwrap();
    for (element, end) in [
        ("target[0].measure", "/observation[1]/code[1]"),
        ("target[0].detailQuantity", "/observation[1]/value[1]"),
        ("target[0].dueDate", "/observation[1]/effectiveTime[1]/high[1]"),
    ] {
        assert!(
            made.origin(element).unwrap().xpath.ends_with(end),
            "{element}: {}",
            made.origin(element).unwrap().xpath
        );
    }
}
