//! What a document denies, or tells of another than the patient, is not told of the patient as if it had happened.

use super::*;

fn why(mapped: &Mapped) -> String {
    mapped.unmapped.iter().fold(String::new(), |all, unmapped| all + unmapped.element + ": " + &unmapped.why + "\n")
}

/// A statement of a template, in an entry.
fn statement(element: &str, mood: &str, negation: &str, number: &str, inner: &str) -> String {
    format!(
        r#"<{element} classCode="OBS" moodCode="{mood}"{negation}>{}<id root="1.9" extension="{number}"/>{inner}</{element}>"#,
        template(number)
    )
}

const NOT: &str = r#" negationInd="true""#;
const DRUG: &str = r#"<statusCode code="active"/><consumable><manufacturedProduct><manufacturedMaterial><code code="88" codeSystem="2.16.840.1.113883.12.292"/></manufacturedMaterial></manufacturedProduct></consumable>"#;
const SUPPLY: &str = r#"<statusCode code="active"/><product><manufacturedProduct><manufacturedMaterial><code code="1191" codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial></manufacturedProduct></product>"#;
const ASTHMA: &str = r#"<value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96"/>"#;

fn part(attributes: &str, inner: &str) -> String {
    format!("<entryRelationship {attributes}>{inner}</entryRelationship>")
}

#[test]
fn what_is_negated_is_not_told_as_done_or_planned() {
    let one_of = |statement: &str| entries("18776-5", "x", &[statement]);
    let listed = |statement: &str, kind: &str| {
        let mapped = one_of(statement);
        assert_eq!((all(&mapped, kind).len(), mapped.unmapped.len()), (0, 1), "{statement}: {}", why(&mapped));
    };
    listed(&statement("substanceAdministration", "INT", NOT, "120", DRUG), "ImmunizationRecommendation");
    listed(&statement("substanceAdministration", "INT", NOT, "52", DRUG), "ImmunizationRecommendation");
    let cancelled = DRUG.replace("active", "cancelled");
    listed(&statement("substanceAdministration", "INT", "", "120", &cancelled), "ImmunizationRecommendation");
    listed(&statement("supply", "EVN", NOT, "50", SUPPLY), "DeviceUseStatement");
    listed(&statement("supply", "RQO", NOT, "50", SUPPLY), "DeviceRequest");
    let mapped = one_of(&statement("supply", "EVN", NOT, "18", SUPPLY));
    assert_eq!(at(one(&mapped, "MedicationDispense"), "status"), "declined");
    let mapped = one_of(&statement("supply", "INT", NOT, "17", SUPPLY));
    assert_eq!(at(one(&mapped, "MedicationRequest"), "doNotPerform"), "true");
    let policy = statement("act", "EVN", NOT, "61", r#"<statusCode code="active"/>"#);
    let mapped = one_of(&statement("act", "EVN", "", "60", &part(r#"typeCode="COMP""#, &policy)));
    assert_eq!((all(&mapped, "Coverage").len(), mapped.unmapped.len()), (0, 2), "{}", why(&mapped));
}

#[test]
fn a_relation_that_is_negated_negates_what_it_leads_to() {
    let problem = |negation: &str| {
        let inner = statement("observation", "EVN", "", "4", ASTHMA);
        let act = statement("act", "EVN", "", "3", &part(&format!(r#"typeCode="SUBJ"{negation}"#), &inner));
        let mapped = entries("11450-4", "x", &[&act]);
        at(one(&mapped, "Condition"), "verificationStatus.coding.0.code")
    };
    assert_eq!((problem("").as_str(), problem(NOT).as_str()), ("confirmed", "refuted"));
}

#[test]
fn a_problem_is_what_its_concern_says_and_not_what_it_is_a_reason_of() {
    // The reason of an act that was not done is there, and is active though the act is completed.
    let inner = statement("observation", "EVN", "", "4", ASTHMA);
    let act = statement(
        "act",
        "EVN",
        NOT,
        "12",
        &(r#"<code code="5" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/>"#.to_owned()
            + &part(r#"typeCode="RSON""#, &inner)),
    );
    let mapped = entries("47519-4", "x", &[&act]);
    let condition = one(&mapped, "Condition");
    assert_eq!(at(condition, "verificationStatus.coding.0.code"), "confirmed");
    assert_eq!(at(condition, "clinicalStatus.coding.0.code"), "active");
    assert_eq!(at(one(&mapped, "Procedure"), "status"), "not-done");
}

fn allergy(negation: &str, value: &str, substance: &str, inner: &str) -> Mapped {
    let value = format!(r#"<value xsi:type="CD" code="{value}" codeSystem="2.16.840.1.113883.6.96"/>"#);
    let substance = if substance.is_empty() {
        String::new()
    } else {
        format!(
            r#"<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">{substance}</playingEntity></participantRole></participant>"#
        )
    };
    let observation = statement("observation", "EVN", negation, "7", &format!("{value}{substance}{inner}"));
    let act = statement("act", "EVN", "", "30", &part(r#"typeCode="SUBJ""#, &observation));
    entries("48765-2", "x", &[&act])
}

#[test]
fn a_negated_allergy_denies_what_it_names_and_no_more() {
    let code = |code: &str| format!(r#"<code code="{code}" codeSystem="2.16.840.1.113883.6.96"/>"#);
    for (value, substance, expected, state) in [
        // Allergy to penicillin, in the value alone.
        ("91936005", String::new(), "91936005", "refuted"),
        ("419199007", code("764146007"), "764146007", "refuted"),
        ("419199007", String::new(), "716186003", "confirmed"),
        ("416098002", String::new(), "409137002", "confirmed"),
        // "A drug", "a substance".
        ("419199007", code("410942007"), "409137002", "confirmed"),
        ("419199007", code("105590001"), "716186003", "confirmed"),
        ("419199007", code("410942007") + "<name>Penicillin</name>", "410942007", "refuted"),
        // That there is none is not negated again.
        ("716186003", String::new(), "716186003", "confirmed"),
    ] {
        let mapped = allergy(NOT, value, &substance, "");
        let allergy = one(&mapped, "AllergyIntolerance");
        assert_eq!(at(allergy, "code.coding.0.code"), expected, "{value} {substance}");
        assert_eq!(at(allergy, "verificationStatus.coding.0.code"), state, "{value} {substance}");
    }
}

#[test]
fn a_reaction_that_is_denied_or_empty_is_none() {
    let reaction = |attributes: &str| {
        let value = r#"<value xsi:type="CD" code="39579001" codeSystem="2.16.840.1.113883.6.96"/>"#;
        part(r#"typeCode="MFST" inversionInd="true""#, &statement("observation", "EVN", attributes, "9", value))
    };
    let mapped = allergy("", "419199007", "", &reaction(""));
    assert_eq!(at(one(&mapped, "AllergyIntolerance"), "reaction.0.manifestation.0.coding.0.code"), "39579001");
    for attributes in [NOT, r#" nullFlavor="NI""#] {
        let mapped = allergy("", "419199007", "", &reaction(attributes));
        assert_eq!(at(one(&mapped, "AllergyIntolerance"), "reaction"), "", "{attributes}");
        assert_eq!(mapped.unmapped.len(), 1, "{}", why(&mapped));
    }
}

#[test]
fn a_state_is_found_among_the_translations_and_an_unknown_one_changes_nothing() {
    let state = |value: &str| {
        let status = statement("observation", "EVN", "", "28", value);
        let mapped = allergy("", "419199007", "", &part(r#"typeCode="REFR""#, &status));
        at(one(&mapped, "AllergyIntolerance"), "clinicalStatus.coding.0.code")
    };
    let translated = r#"<value xsi:type="CD" code="R" codeSystem="1.2.9"><translation code="413322009" codeSystem="2.16.840.1.113883.6.96"/></value>"#;
    assert_eq!(state(translated), "resolved");
    assert_eq!(state(r#"<value xsi:type="CD" code="R" codeSystem="1.2.9"/>"#), "active");
}

#[test]
fn what_is_about_another_is_not_the_patients() {
    let subject = |code: &str| {
        format!(
            r#"<subject><relatedSubject classCode="PRS"><code code="{code}" codeSystem="2.16.840.1.113883.5.111" displayName="{code} of the patient"/></relatedSubject></subject>"#
        )
    };
    let result = |inner: &str| {
        statement(
            "observation",
            "EVN",
            "",
            "2",
            &format!(
                r#"<code code="2823-3" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><value xsi:type="PQ" value="4" unit="mmol/L"/>{inner}"#
            ),
        )
    };
    let organizer =
        |inner: &str| statement("organizer", "EVN", "", "1", &format!("{inner}<component>{}</component>", result("")));
    // Of a statement, of what holds it, of the section.
    let mapped = entries("30954-2", "x", &[&result(&subject("CHILD")), &organizer(&subject("MTH"))]);
    assert_eq!(all(&mapped, "Observation").len() + all(&mapped, "DiagnosticReport").len(), 0);
    assert_eq!(mapped.unmapped.len(), 3, "{}", why(&mapped));
    assert!(why(&mapped).contains("MTH of the patient"), "{}", why(&mapped));
    let text = section("30954-2", "x", &format!("{}<entry>{}</entry>", subject("CHILD"), result("")));
    assert_eq!(all(&map(&document("", &text)), "Observation").len(), 0);
    // The patient's own.
    assert_eq!(all(&entries("30954-2", "x", &[&result(&subject("SELF"))]), "Observation").len(), 1);
    // A problem in the history of a relative, of no template of that.
    let problem = statement("observation", "EVN", "", "4", ASTHMA);
    let family =
        statement("organizer", "EVN", "", "45", &format!("{}<component>{problem}</component>", subject("FTH")));
    let unknown = family
        .replace("<id ", r#"<id nullFlavor="UNK"/><id "#)
        .replace("<organizer ", r#"<organizer nullFlavor="NI" "#);
    for family in [family, unknown] {
        let mapped = entries("10157-6", "x", &[&family]);
        assert_eq!(all(&mapped, "Condition").len(), 0, "{family}");
        assert!(why(&mapped).contains("observation: it is about a relative"), "{}", why(&mapped));
    }
}

#[test]
fn a_concern_that_there_is_none_is_listed() {
    let mapped =
        entries("75310-3", "None known", &[&statement("act", "EVN", NOT, "132", r#"<statusCode code="active"/>"#)]);
    assert_eq!(mapped.unmapped.len(), 1, "{}", why(&mapped));
    // What stands in it is negated too.
    let finding = statement(
        "observation",
        "EVN",
        "",
        "5",
        r#"<code code="11323-3" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="ST">x</value>"#,
    );
    let mapped =
        entries("75310-3", "x", &[&statement("act", "EVN", NOT, "132", &part(r#"typeCode="REFR""#, &finding))]);
    assert_eq!(at(one(&mapped, "Observation"), "interpretation.0.coding.0.code"), "negated");
}
