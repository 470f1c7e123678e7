use super::*;

const PROBLEM: &str = r#"<id root="1.9" extension="p"/><code code="64572001" codeSystem="2.16.840.1.113883.6.96"/>"#;
const ASTHMA: &str = r#"<value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96" displayName="Asthma">
    <translation code="J45.9" codeSystem="2.16.840.1.113883.6.90"/></value>"#;

fn problem(negated: bool, status: &str, inside: &str) -> String {
    format!(
        r#"<act classCode="ACT" moodCode="EVN">{}<statusCode code="{status}"/><entryRelationship typeCode="SUBJ">
        <observation classCode="OBS" moodCode="EVN" negationInd="{negated}">{}{PROBLEM}{inside}</observation></entryRelationship></act>"#,
        template("3"),
        template("4")
    )
}

#[test]
fn a_problem_is_active_resolved_or_inactive_as_concern_and_time_say() {
    for (status, time, expected) in [
        ("active", r#"<low value="2001"/>"#, "active"),
        ("completed", r#"<low value="2001"/>"#, "inactive"),
        ("active", r#"<low value="2001"/><high value="20020203"/>"#, "resolved"),
        ("active", r#"<low value="2001"/><high nullFlavor="UNK"/>"#, "resolved"),
        ("active", r#"<low value="2001"/><high nullFlavor="NI"/>"#, "active"),
    ] {
        let inside = format!("<effectiveTime>{time}</effectiveTime>{ASTHMA}");
        let mapped = entries("11450-4", "x", &[&problem(false, status, &inside)]);
        let condition = one(&mapped, "Condition");
        assert_eq!(at(condition, "clinicalStatus.coding.0.code"), expected, "{time}");
        assert_eq!(at(condition, "onsetDateTime"), "2001");
        assert_eq!(at(condition, "code.coding.1.system"), "http://hl7.org/fhir/sid/icd-10-cm");
        assert_eq!(at(condition, "category.0.coding.0.code"), "problem-list-item");
        assert!(mapped.unmapped.is_empty());
    }
}

#[test]
fn a_negated_problem_is_refuted_and_no_problem_is_a_finding() {
    let mapped = entries("11450-4", "x", &[&problem(true, "active", ASTHMA)]);
    let condition = one(&mapped, "Condition");
    assert_eq!(at(condition, "verificationStatus.coding.0.code"), "refuted");
    assert_eq!(at(condition, "clinicalStatus"), "");
    let any = r#"<value xsi:type="CD" code="55607006" codeSystem="2.16.840.1.113883.6.96"/>"#;
    let mapped = entries("11450-4", "x", &[&problem(true, "active", any)]);
    assert_eq!(at(one(&mapped, "Condition"), "code.coding.0.code"), "160245001");
    assert_eq!(at(one(&mapped, "Condition"), "verificationStatus.coding.0.code"), "confirmed");
}

#[test]
fn two_acts_with_one_id_are_two_resources_and_ids_do_not_change() {
    let one_problem = problem(false, "active", ASTHMA);
    let mapped = entries("11450-4", "x", &[&one_problem, &one_problem]);
    let conditions = all(&mapped, "Condition");
    assert_eq!(conditions.len(), 2);
    assert_ne!(at(conditions[0], "id"), at(conditions[1], "id"));
    // What comes before in the document does not change what comes after.
    let other = problem(false, "active", ASTHMA).replace(r#"extension="p""#, r#"extension="q""#);
    let more = entries("11450-4", "x", &[&other, &one_problem]);
    assert_eq!(at(all(&more, "Condition")[1], "id"), at(conditions[0], "id"));
}

#[test]
fn impossible_times_keep_their_digits_and_zoneless_ones_get_the_zone_of_the_document() {
    let inside = format!(r#"<effectiveTime><low value="200130212"/></effectiveTime>{ASTHMA}"#);
    let mapped = entries("11450-4", "x", &[&problem(false, "active", &inside)]);
    let condition = one(&mapped, "Condition");
    assert_eq!(at(condition, "onsetDateTime"), "");
    assert_eq!(at(condition, "_onsetDateTime.extension.1.valueString"), "200130212");
    assert!(mapped.issues.iter().any(|issue| issue.text.contains("200130212")));
    let inside = format!(r#"<effectiveTime><low value="202401021530"/></effectiveTime>{ASTHMA}"#);
    let mapped = entries("11450-4", "x", &[&problem(false, "active", &inside)]);
    assert_eq!(at(one(&mapped, "Condition"), "onsetDateTime"), "2024-01-02T15:30:00+08:00");
}

fn allergy(negated: bool, participant: &str) -> String {
    format!(
        r#"<act classCode="ACT" moodCode="EVN">{}<statusCode code="active"/><entryRelationship typeCode="SUBJ">
        <observation classCode="OBS" moodCode="EVN" negationInd="{negated}">{}<id root="1.9" extension="a"/>
        <value xsi:type="CD" code="416098002" codeSystem="2.16.840.1.113883.6.96"/>{participant}
        <entryRelationship typeCode="MFST"><observation>{}<value xsi:type="CD" code="247472004" codeSystem="2.16.840.1.113883.6.96"/>
        <entryRelationship><observation>{}<value xsi:type="CD" code="371924009"/></observation></entryRelationship></observation></entryRelationship>
        <entryRelationship><observation>{}<value xsi:type="CD" code="CRITH"/></observation></entryRelationship>
        </observation></entryRelationship></act>"#,
        template("30"),
        template("7"),
        template("9"),
        template("8"),
        template("145")
    )
}

const PENICILLIN: &str = r#"<participant typeCode="CSM"><participantRole><playingEntity><code code="7980" codeSystem="2.16.840.1.113883.6.88"/></playingEntity></participantRole></participant>"#;

#[test]
fn an_allergy_has_substance_reaction_severity_and_criticality() {
    let mapped = entries("48765-2", "x", &[&allergy(false, PENICILLIN)]);
    let allergy_made = one(&mapped, "AllergyIntolerance");
    for (path, expected) in [
        ("code.coding.0.system", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("type", "allergy"),
        ("category.0", "medication"),
        ("criticality", "high"),
        ("reaction.0.severity", "severe"),
        ("reaction.0.manifestation.0.coding.0.code", "247472004"),
    ] {
        assert_eq!(at(allergy_made, path), expected, "{path}");
    }
    assert!(mapped.unmapped.is_empty(), "{:?}", mapped.unmapped);
    let mapped = entries("48765-2", "x", &[&allergy(true, "")]);
    assert_eq!(at(one(&mapped, "AllergyIntolerance"), "code.coding.0.code"), "409137002");
    let mapped = entries("48765-2", "x", &[&allergy(true, PENICILLIN)]);
    assert_eq!(at(one(&mapped, "AllergyIntolerance"), "verificationStatus.coding.0.code"), "refuted");
}

fn medication(mood: &str, inside: &str) -> String {
    format!(
        r#"<substanceAdministration classCode="SBADM" moodCode="{mood}">{}<id root="1.9" extension="m"/><statusCode code="active"/>
        <effectiveTime xsi:type="IVL_TS"><low value="20240101"/></effectiveTime>
        <effectiveTime xsi:type="PIVL_TS" operator="A"><period><low value="4" unit="h"/><high value="6" unit="h"/></period></effectiveTime>
        <effectiveTime xsi:type="EIVL_TS" operator="A"><event code="AC"/></effectiveTime>
        <routeCode code="C38288" codeSystem="2.16.840.1.113883.3.26.1.1"/><doseQuantity value="1"/><rateQuantity><low value="1" unit="mL/h"/><high value="2" unit="mL/h"/></rateQuantity>
        <maxDoseQuantity><numerator value="6"/><denominator value="1" unit="d"/></maxDoseQuantity><administrationUnitCode code="C48542" displayName="Tablet"/>
        <consumable><manufacturedProduct><manufacturedMaterial><code code="1" codeSystem="2.16.840.1.113883.6.88" displayName="Drug"/></manufacturedMaterial></manufacturedProduct></consumable>
        <precondition typeCode="PRCN"><criterion><value xsi:type="CD" code="25064002" displayName="Headache"/></criterion></precondition>{inside}</substanceAdministration>"#,
        template("16")
    )
}

#[test]
fn a_medication_is_a_statement_or_a_request_by_its_mood() {
    let mapped = entries("10160-0", "x", &[&medication("EVN", "")]);
    let taken = one(&mapped, "MedicationStatement");
    for (path, expected) in [
        ("status", "active"),
        ("effectivePeriod.start", "2024-01-01"),
        ("dosage.0.timing.repeat.period", "4"),
        ("dosage.0.timing.repeat.periodMax", "6"),
        ("dosage.0.timing.repeat.when.0", "AC"),
        ("dosage.0.asNeededCodeableConcept.coding.0.code", "25064002"),
        ("dosage.0.doseAndRate.0.doseQuantity.unit", "Tablet"),
        ("dosage.0.doseAndRate.0.rateRange.high.value", "2"),
        ("dosage.0.maxDosePerPeriod.denominator.code", "d"),
    ] {
        assert_eq!(at(taken, path), expected, "{path}");
    }
    let supply = format!(
        r#"<entryRelationship typeCode="REFR"><supply classCode="SPLY" moodCode="INT">{}<repeatNumber value="2"/><quantity value="30"/></supply></entryRelationship>"#,
        template("17")
    );
    let mapped = entries("10160-0", "x", &[&medication("INT", &supply)]);
    let request = one(&mapped, "MedicationRequest");
    assert_eq!(at(request, "intent"), "plan");
    assert_eq!(at(request, "dispenseRequest.numberOfRepeatsAllowed"), "2");
    assert_eq!(at(request, "dosageInstruction.0.timing.repeat.boundsPeriod.start"), "2024-01-01");
    let mapped = entries("10160-0", "x", &[&medication("RQO", "")]);
    assert_eq!(at(one(&mapped, "MedicationRequest"), "intent"), "order");
}

#[test]
fn values_of_observations_keep_their_type() {
    for (value, path, expected) in [
        (r#"xsi:type="PQ" value="1.10" unit="mg/dL"/>"#, "valueQuantity.value", "1.10"),
        (r#"xsi:type="PQ" value="5" unit="widgets per day"/>"#, "valueQuantity.unit", "widgets per day"),
        (r#"xsi:type="PQ" nullFlavor="NASK"/>"#, "dataAbsentReason.coding.0.code", "not-asked"),
        (r#"xsi:type="PQ" value="about 5"/>"#, "valueString", "about 5"),
        (
            r#"xsi:type="IVL_PQ"><low value="1" unit="mg"/><high value="2" unit="mg"/></value>"#,
            "valueRange.high.value",
            "2",
        ),
        (r#"xsi:type="IVL_PQ"><low value="1" unit="mg" inclusive="false"/></value>"#, "valueQuantity.comparator", ">"),
        (r#"xsi:type="IVL_PQ"><high value="1" unit="mg"/></value>"#, "valueQuantity.comparator", "<="),
        (
            r#"xsi:type="RTO_PQ_PQ"><numerator value="1"/><denominator value="80"/></value>"#,
            "valueRatio.denominator.value",
            "80",
        ),
        (r#"xsi:type="INT" value="7"/>"#, "valueInteger", "7"),
        (r#"xsi:type="BL" value="true"/>"#, "valueBoolean", "true"),
        (r#"xsi:type="TS" value="202402"/>"#, "valueDateTime", "2024-02"),
        (r#"xsi:type="ST">seen</value>"#, "valueString", "seen"),
        (r##"xsi:type="ED"><reference value="#r"/></value>"##, "valueString", "text there"),
        (
            r#"xsi:type="CD" code="260385009" codeSystem="2.16.840.1.113883.6.96"/>"#,
            "valueCodeableConcept.coding.0.code",
            "260385009",
        ),
        (
            r#"xsi:type="CD" nullFlavor="OTH"><originalText>odd</originalText></value>"#,
            "valueCodeableConcept.text",
            "odd",
        ),
        (r#"xsi:type="ANY" nullFlavor="UNK"/>"#, "dataAbsentReason.coding.0.code", "unknown"),
    ] {
        let observation = format!(
            r#"<organizer classCode="BATTERY" moodCode="EVN">{}<code code="24323-8" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>
            <effectiveTime><low value="20240101"/><high value="20240102"/></effectiveTime><component><observation classCode="OBS" moodCode="EVN">{}
            <code code="2160-0" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/><value {value}
            <interpretationCode code="H" codeSystem="2.16.840.1.113883.5.83"/>
            <referenceRange><observationRange><text>1 to 2</text><value xsi:type="IVL_PQ"><low value="1" unit="mg/dL"/><high value="2" unit="mg/dL"/></value></observationRange></referenceRange>
            </observation></component></organizer>"#,
            template("1"),
            template("2")
        );
        let mapped = entries("30954-2", r#"<content ID="r">text <br/>there</content>"#, &[&observation]);
        let made = one(&mapped, "Observation");
        assert_eq!(at(made, path).replace('\n', " "), expected, "{value}");
        assert_eq!(at(made, "effectivePeriod.end"), "2024-01-02");
        assert_eq!(at(made, "referenceRange.0.low.value"), "1");
        assert_eq!(
            at(made, "interpretation.0.coding.0.system"),
            "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
        );
        let report = one(&mapped, "DiagnosticReport");
        assert!(at(report, "result.0.reference").ends_with(&at(made, "id")));
    }
}

#[test]
fn what_no_template_explains_is_listed_and_what_it_holds_is_mapped() {
    let odd = format!(
        r#"<act classCode="ACT" moodCode="EVN"><templateId root="1.2.3.4.5"/><code code="X" displayName="odd thing"/><entryRelationship>{}</entryRelationship></act>"#,
        problem(false, "active", ASTHMA)
    );
    let mapped = entries("11450-4", "the odd thing in words", &[&odd, "<observation><code code='Y'/></observation>"]);
    assert_eq!(all(&mapped, "Condition").len(), 1);
    let listed: Vec<String> = mapped.unmapped.iter().map(ToString::to_string).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0].contains("odd thing") && listed[0].contains("1.2.3.4.5"), "{listed:?}");
    assert!(listed[1].contains("no template"), "{listed:?}");
    let composition = one(&mapped, "Composition");
    assert!(at(composition, "section.0.text.div").contains("the odd thing in words"));
}

#[test]
fn statements_nested_without_end_are_listed() {
    let mut inside = String::new();
    let depth = 60;
    for _ in 0..depth {
        inside = format!(
            r#"<observation classCode="OBS" moodCode="EVN">{}<code code="1"/><entryRelationship>{inside}</entryRelationship></observation>"#,
            template("2")
        );
    }
    let mapped = entries("30954-2", "x", &[&inside]);
    let made = all(&mapped, "Observation").len();
    assert!(made > 20 && made + mapped.unmapped.len() == depth, "{made} {}", mapped.unmapped.len());
}

#[test]
fn c32_entries_are_known_by_the_templates_of_their_time() {
    let problem = r#"<act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.27"/><templateId root="2.16.840.1.113883.3.88.11.83.7"/>
        <entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.28"/><templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.5"/>
        <value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96"/></observation></entryRelationship></act>"#;
    let vaccine = r#"<substanceAdministration classCode="SBADM" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.24"/><templateId root="2.16.840.1.113883.3.88.11.83.13"/>
        <statusCode code="completed"/><effectiveTime value="19991101"/><consumable><manufacturedProduct><manufacturedMaterial><code code="88" codeSystem="2.16.840.1.113883.6.59"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration>"#;
    let vitals = r#"<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.35"/><templateId root="2.16.840.1.113883.10.20.1.32"/><effectiveTime value="20240101"/>
        <component><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.31"/><templateId root="2.16.840.1.113883.3.88.11.83.14"/><code code="8302-2" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="PQ" value="177" unit="cm"/></observation></component></organizer>"#;
    let mapped = entries("11450-4", "x", &[problem, vaccine, vitals]);
    let kinds: Vec<&str> = mapped.taken.iter().map(|taken| taken.kind).collect();
    assert_eq!(kinds, ["problem", "immunization", "vital", "vital_organizer"]);
    assert_eq!(at(all(&mapped, "Observation")[0], "category.0.coding.0.code"), "vital-signs");
    assert_eq!(at(one(&mapped, "Immunization"), "vaccineCode.coding.0.system"), "http://hl7.org/fhir/sid/cvx");
}

#[test]
fn a_plan_refers_to_what_it_plans() {
    let goal = format!(
        r#"<observation classCode="OBS" moodCode="GOL">{}<id root="1.9" extension="g"/><code code="3141-9" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="active"/>
        <effectiveTime><low value="20240101"/><high value="20250101"/></effectiveTime><value xsi:type="PQ" value="70" unit="kg"/></observation>"#,
        template("121")
    );
    let order = format!(
        r#"<procedure classCode="PROC" moodCode="RQO">{}<id root="1.9" extension="o"/><code code="73761001" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="active"/></procedure>"#,
        template("41")
    );
    let mapped = entries("18776-5", "the plan", &[&goal, &order]);
    let plan = one(&mapped, "CarePlan");
    assert!(at(plan, "activity.0.reference.reference").ends_with(&at(one(&mapped, "ServiceRequest"), "id")));
    assert!(at(plan, "goal.0.reference").ends_with(&at(one(&mapped, "Goal"), "id")));
    assert_eq!(at(one(&mapped, "Goal"), "target.0.detailQuantity.value"), "70");
    assert_eq!(at(one(&mapped, "Goal"), "target.0.dueDate"), "2025-01-01");
    assert_eq!(at(one(&mapped, "ServiceRequest"), "intent"), "order");
}

#[test]
fn an_allergy_without_a_substance_is_what_its_value_says() {
    let none = allergy(false, "").replace("416098002", "716186003");
    let mapped = entries("48765-2", "x", &[&none]);
    assert_eq!(at(one(&mapped, "AllergyIntolerance"), "code.coding.0.code"), "716186003");
}

#[test]
fn a_statement_that_says_nothing_is_listed() {
    let silent = problem(false, "active", "").replace("<observation ", r#"<observation nullFlavor="NI" "#);
    let mapped = entries("11450-4", "x", &[&silent]);
    assert_eq!(all(&mapped, "Condition").len(), 0);
    assert!(mapped.unmapped[0].why.contains("NI"), "{:?}", mapped.unmapped);
}
