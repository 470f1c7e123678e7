//! The numbered statements of HL7's FHIR-to-OMOP guide, each as a test; `docs/omop.md` has the exceptions.

use crate::house::House;

const PERSON: &str = r#"{"resourceType":"Patient","id":"a","gender":"male","birthDate":"1970-02-03"}"#;
const VISIT: &str = r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/a"},
  "period":{"start":"2024-03-01T20:00:00Z","end":"2024-03-01T21:00:00Z"}}"#;

const CONCEPTS: &str = "
  100 SNOMED 44054006 Condition S
  101 ICD10CM E11.9 Condition -
  102 ICD10CM Z72.0 Observation -
  103 SNOMED 77176002 Observation S
  104 ICD10CM E11.21 Condition -
  105 SNOMED 127013003 Condition S
  106 LOINC 8480-6 Measurement S
  107 UCUM mm[Hg] Unit S
  108 SNOMED 10828004 Meas_Value S
  109 RxNorm 7980 Drug S Ingredient
  110 SNOMED 419199007 Observation S
  111 ICD10CM R99 Condition -";
const MAPS: &str = "101 100
  102 103
  104 100
  104 105";

fn resource(kind: &str, id: &str, rest: &str) -> String {
    format!(r#"{{"resourceType":"{kind}","id":"{id}",{rest}}}"#)
}

fn of_patient(kind: &str, id: &str, rest: &str) -> String {
    let who = if matches!(kind, "Immunization" | "AllergyIntolerance") { "patient" } else { "subject" };
    resource(kind, id, &format!(r#""{who}":{{"reference":"Patient/a"}},{rest}"#))
}

fn condition(id: &str, codings: &str, rest: &str) -> String {
    of_patient("Condition", id, &format!(r#""code":{{"coding":[{codings}],"text":"as told"}}{rest}"#))
}

const ICD: &str = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9"}"#;
const ONSET: &str = r#","onsetDateTime":"2024-03-02""#;

fn house(resources: &[&str]) -> House {
    let house = House::with(CONCEPTS, MAPS);
    house.put(&[PERSON, VISIT]);
    house.put(resources);
    house
}

/// 001: the target is version 5.4.
#[test]
fn f2o_001_the_model_is_version_5_4_and_says_so() {
    assert_eq!(
        house(&[]).ask("SELECT cdm_version, cdm_version_concept_id, vocabulary_version FROM omop.cdm_source"),
        "5.4,756265,v5.0 TEST\n"
    );
}

/// 060: what did not happen is nowhere.
#[test]
fn f2o_060_nothing_that_did_not_happen_is_in_any_table() {
    let code = r#""code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]}"#;
    let drug = r#""medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"7980"}]}"#;
    let not = [
        condition(
            "c1",
            ICD,
            &format!(
                r#","verificationStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}}]}}{ONSET}"#
            ),
        ),
        condition(
            "c2",
            ICD,
            &format!(
                r#","verificationStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}}]}}{ONSET}"#
            ),
        ),
        of_patient("Observation", "o1", &format!(r#""status":"cancelled",{code},"effectiveDateTime":"2024-03-02""#)),
        of_patient(
            "Observation",
            "o2",
            &format!(r#""status":"entered-in-error",{code},"effectiveDateTime":"2024-03-02""#),
        ),
        // What a clinical document negates: the value beside it was not found.
        of_patient(
            "Observation",
            "o3",
            &format!(
                r#""status":"final",{code},"effectiveDateTime":"2024-03-02","valueQuantity":{{"value":4,"code":"mg"}},
                "interpretation":[{{"coding":[{{"system":"urn:medweave:code:negation","code":"negated"}}]}}],
                "component":[{{{code},"valueQuantity":{{"value":5}},"interpretation":[{{"coding":[{{"system":"urn:medweave:code:negation","code":"negated"}}]}}]}}]"#
            ),
        ),
        of_patient("Procedure", "p1", &format!(r#""status":"not-done",{code},"performedDateTime":"2024-03-02""#)),
        of_patient("Procedure", "p2", &format!(r#""status":"preparation",{code},"performedDateTime":"2024-03-02""#)),
        of_patient(
            "MedicationRequest",
            "m1",
            &format!(r#""status":"cancelled","intent":"order",{drug},"authoredOn":"2024-03-02""#),
        ),
        of_patient(
            "MedicationRequest",
            "m2",
            &format!(r#""status":"active","intent":"plan",{drug},"authoredOn":"2024-03-02""#),
        ),
        of_patient(
            "MedicationRequest",
            "m3",
            &format!(r#""status":"active","intent":"order","doNotPerform":true,{drug},"authoredOn":"2024-03-02""#),
        ),
        of_patient(
            "MedicationStatement",
            "s1",
            &format!(r#""status":"not-taken",{drug},"effectiveDateTime":"2024-03-02""#),
        ),
        of_patient(
            "MedicationAdministration",
            "a1",
            &format!(r#""status":"not-done",{drug},"effectiveDateTime":"2024-03-02""#),
        ),
        of_patient(
            "Immunization",
            "i1",
            r#""status":"not-done","vaccineCode":{"text":"x"},"occurrenceDateTime":"2024-03-02""#,
        ),
        of_patient("Encounter", "e1", r#""status":"cancelled","class":{"code":"AMB"},"period":{"start":"2024-03-02"}"#),
        of_patient("Encounter", "e2", r#""status":"planned","class":{"code":"AMB"},"period":{"start":"2024-03-02"}"#),
    ];
    let texts: Vec<&str> = not.iter().map(String::as_str).collect();
    let house = house(&texts);
    for table in ["condition_occurrence", "observation", "measurement", "procedure_occurrence", "drug_exposure"] {
        assert_eq!(house.ask(&format!("SELECT count(*) FROM omop.{table}")), "0\n", "{table}");
    }
    assert_eq!(house.ask("SELECT count(*) FROM omop.visit_occurrence"), "1\n");
    // 062: each is in the report, with its reason.
    assert_eq!(house.ask("SELECT count(*), count(reason) FROM omop_report.excluded"), "16,16\n");
    assert_eq!(
        house.ask("SELECT reason FROM omop_report.excluded WHERE resource_id IN ('m2', 'm3', 'c1', 'o3') ORDER BY 1"),
        "do-not-perform\nnegated\nnegated\nplan\nrefuted\n"
    );
}

/// That no drug is known is found of a person: nothing was taken.
#[test]
fn that_no_drug_is_known_is_an_observation() {
    let none = r#"{"system":"http://snomed.info/sct","code":"787481004","display":"No known medications"}"#;
    let house = house(&[&of_patient(
        "MedicationStatement",
        "s1",
        &format!(
            r#""status":"active","medicationCodeableConcept":{{"coding":[{none}]}},"effectiveDateTime":"2024-03-02""#
        ),
    )]);
    assert_eq!(house.ask("SELECT count(*) FROM omop.drug_exposure"), "0\n");
    assert_eq!(house.ask("SELECT count(*) FROM omop.observation"), "1\n");
}

/// 061: the same filter each time: what comes later, or is taken back later, is judged by the same views.
#[test]
fn f2o_061_a_change_of_status_takes_the_row_away_and_back() {
    let status = |word: &str| {
        of_patient(
            "Procedure",
            "p",
            &format!(r#""status":"{word}","code":{{"text":"x"}},"performedDateTime":"2024-03-02""#),
        )
    };
    let house = house(&[&status("completed")]);
    let count = "SELECT count(*), min(procedure_occurrence_id) FROM omop.procedure_occurrence";
    let first = house.ask(count);
    assert!(first.starts_with("1,"), "{first}");
    house.put(&[&status("entered-in-error")]);
    assert_eq!(house.ask(count), "0,\n");
    house.put(&[&status("completed")]);
    assert_eq!(house.ask(count), first);
}

/// 062: exclusions are reported by reason.
#[test]
fn f2o_062_what_is_left_out_is_reported_with_its_reason() {
    let house = house(&[
        r#"{"resourceType":"Patient","id":"b","gender":"male"}"#,
        r#"{"resourceType":"Condition","id":"of-b","subject":{"reference":"Patient/b"},"code":{"text":"x"},"onsetDateTime":"2024-03-02"}"#,
        &condition("undated", ICD, ""),
        r#"{"resourceType":"CarePlan","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/a"}}"#,
    ]);
    let report = "SELECT resource_type, resource_id, reason FROM omop_report.excluded ORDER BY 1, 2";
    assert_eq!(
        house.ask(report),
        "CarePlan,plan,no-table\nCondition,of-b,no-person\nCondition,undated,no-date\nPatient,b,no-birth-date\n"
    );
}

/// 063: a code that maps to nothing is concept 0 with its source, and counted.
#[test]
fn f2o_063_no_concept_is_zero_without_being_counted() {
    let known = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"R99"}"#;
    let strange = r#"{"system":"urn:local","code":"Q"}"#;
    let house =
        house(&[&condition("c1", known, ONSET), &condition("c2", strange, ONSET), &condition("c3", strange, ONSET)]);
    let rows = "SELECT condition_source_value, condition_concept_id, condition_source_concept_id FROM omop.condition_occurrence ORDER BY 1";
    assert_eq!(house.ask(rows), "Q,0,0\nQ,0,0\nR99,0,111\n");
    let counted = "SELECT source_value, source_concept_id, events FROM omop_report.unmapped ORDER BY 1";
    assert_eq!(house.ask(counted), "Q,0,2\nR99,111,1\n");
}

/// The domain of the concept decides the table, and one code may become several rows.
#[test]
fn the_domain_decides_the_table_and_one_code_may_be_several_rows() {
    let z72 = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"Z72.0"}"#;
    let both = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.21"}"#;
    let given = r#"{"system":"http://snomed.info/sct","code":"44054006"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9"}"#;
    let house =
        house(&[&condition("smokes", z72, ONSET), &condition("two", both, ONSET), &condition("sent", given, ONSET)]);
    let conditions = "SELECT condition_source_value, condition_concept_id, condition_source_concept_id FROM omop.condition_occurrence ORDER BY 1, 2";
    assert_eq!(house.ask(conditions), "E11.21,100,104\nE11.21,105,104\nE11.9,100,101\n");
    assert_eq!(house.ask("SELECT count(DISTINCT condition_occurrence_id) FROM omop.condition_occurrence"), "3\n");
    let observations =
        "SELECT observation_concept_id, observation_source_concept_id, observation_source_value FROM omop.observation";
    assert_eq!(house.ask(observations), "103,102,Z72.0\n");
}

/// An allergy to a drug is no exposure to it.
#[test]
fn an_allergy_is_an_observation_with_its_substance_as_the_value() {
    let allergy = of_patient(
        "AllergyIntolerance",
        "x",
        r#""code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"7980"}]},"recordedDate":"2024-03-02""#,
    );
    let house = house(&[&allergy]);
    assert_eq!(house.ask("SELECT count(*) FROM omop.drug_exposure"), "0\n");
    assert_eq!(house.ask("SELECT observation_concept_id, value_as_concept_id FROM omop.observation"), "110,109\n");
}

/// 070: required dates are there; 071: those that the resource does not say are marked.
#[test]
fn f2o_070_071_required_dates_are_filled_and_imputed_ones_are_marked() {
    let drug = r#""medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"7980"}]}"#;
    let house = house(&[
        &condition("year", ICD, r#","onsetDateTime":"2020""#),
        &condition("recorded", ICD, r#","recordedDate":"2024-03-02""#),
        &condition("in-visit", ICD, r#","encounter":{"reference":"Encounter/e"}"#),
        &condition("whole", ICD, ONSET),
        &of_patient(
            "MedicationRequest",
            "m",
            &format!(
                r#""status":"active","intent":"order",{drug},"authoredOn":"2024-03-02","dispenseRequest":{{"expectedSupplyDuration":{{"value":10,"code":"d"}}}}"#
            ),
        ),
    ]);
    assert_eq!(house.ask("SELECT count(*), count(condition_start_date) FROM omop.condition_occurrence"), "4,4\n");
    assert_eq!(
        house.ask("SELECT drug_exposure_start_date, drug_exposure_end_date, verbatim_end_date FROM omop.drug_exposure"),
        "2024-03-02,2024-03-11,\n"
    );
    let marks = "SELECT resource_id, field, rule FROM omop_report.imputed_date ORDER BY 1, 2";
    assert_eq!(
        house.ask(marks),
        "in-visit,start,when the visit began\nm,end,days of supply\nrecorded,start,when it was written down\nyear,start,first day of the year\n"
    );
    assert_eq!(
        house.ask("SELECT condition_start_date FROM omop.condition_occurrence ORDER BY 1"),
        "2020-01-01\n2024-03-01\n2024-03-02\n2024-03-02\n"
    );
}

/// 072: one zone for all times of an instance.
#[test]
fn f2o_072_times_are_in_one_zone_whatever_zone_they_came_in() {
    let house = House::new(Some((CONCEPTS, MAPS)), "Asia/Shanghai");
    house.put(&[PERSON, VISIT]);
    house.put(&[
        &condition("c1", ICD, r#","onsetDateTime":"2024-03-01T15:30:00-05:00""#),
        &condition("c2", ICD, r#","onsetDateTime":"2024-03-01""#),
    ]);
    assert_eq!(
        house.ask("SELECT visit_start_datetime, visit_end_date FROM omop.visit_occurrence"),
        "2024-03-02T04:00:00,2024-03-02\n"
    );
    let starts = "SELECT condition_start_date, condition_start_datetime FROM omop.condition_occurrence ORDER BY 1";
    assert_eq!(house.ask(starts), "2024-03-01,2024-03-01T00:00:00\n2024-03-02,2024-03-02T04:30:00\n");
}

/// 100: each row leads to its resource.
#[test]
fn f2o_100_each_row_leads_to_the_resource_that_it_was_made_of() {
    let house = house(&[&condition("c1", ICD, ONSET)]);
    let traced = "SELECT r.type, r.id FROM omop.condition_occurrence c JOIN resource r ON r._row = c.condition_occurrence_id / 1048576";
    assert_eq!(house.ask(traced), "Condition,c1\n");
}

/// Values: numbers with comparators and units, coded values, components.
#[test]
fn measurements_have_values_units_and_components() {
    let pressure = of_patient(
        "Observation",
        "bp",
        r#""status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"text":"Blood pressure"},"effectiveDateTime":"2024-03-02",
        "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
          "valueQuantity":{"value":120.5,"comparator":"<","unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]"#,
    );
    let coded = of_patient(
        "Observation",
        "coded",
        r#""status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"effectiveDateTime":"2024-03-03",
        "valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"10828004","display":"Positive"}]}"#,
    );
    let house = house(&[&pressure, &coded]);
    let rows = "SELECT measurement_concept_id, operator_concept_id, value_as_number, unit_concept_id, unit_source_value, value_as_concept_id, \
                value_source_value FROM omop.measurement ORDER BY measurement_date";
    assert_eq!(house.ask(rows), "106,4171756,120.5,107,mmHg,,<120.5\n106,,,,,108,Positive\n");
    assert_eq!(house.ask("SELECT reason FROM omop_report.excluded"), "in-components\n");
}

/// Eras: gaps of 30 days at most.
#[test]
fn eras_join_what_lies_30_days_apart_or_less() {
    let at = |id: &str, from: &str, to: &str| {
        condition(id, ICD, &format!(r#","onsetDateTime":"{from}","abatementDateTime":"{to}""#))
    };
    let house = house(&[
        &at("c1", "2024-01-01", "2024-01-31"),
        &at("c2", "2024-01-10", "2024-01-12"),
        &at("c3", "2024-03-01", "2024-03-02"),
        &at("c4", "2024-04-02", "2024-04-03"),
    ]);
    let eras = "SELECT condition_era_start_date, condition_era_end_date, condition_occurrence_count FROM omop.condition_era ORDER BY 1";
    assert_eq!(
        house.ask(eras),
        "2024-01-01T00:00:00,2024-03-02T00:00:00,3\n2024-04-02T00:00:00,2024-04-03T00:00:00,1\n"
    );
    let period = "SELECT observation_period_start_date, observation_period_end_date FROM omop.observation_period";
    assert_eq!(house.ask(period), "2024-01-01,2024-04-03\n");
}

/// Notes have their text.
#[test]
fn a_note_has_the_text_of_its_document() {
    let note = of_patient(
        "DocumentReference",
        "n",
        r#""status":"current","type":{"text":"Letter"},"date":"2024-03-02T10:00:00Z","context":{"encounter":[{"reference":"Encounter/e"}]},
        "content":[{"attachment":{"contentType":"text/plain","data":"6IK654KO","title":"On the lung"}}]"#,
    );
    let other = of_patient(
        "DocumentReference",
        "pdf",
        r#""status":"current","date":"2024-03-02T10:00:00Z","content":[{"attachment":{"contentType":"application/pdf","url":"x"}}]"#,
    );
    let house = house(&[&note, &other]);
    let rows =
        "SELECT note_text, note_title, note_source_value, note_date, visit_occurrence_id IS NOT NULL FROM omop.note";
    assert_eq!(house.ask(rows), "肺炎,On the lung,Letter,2024-03-02,true\n");
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "pdf,no-text\n");
}

/// A patient that was merged into another is no person.
#[test]
fn a_merged_patient_is_no_person_of_its_own() {
    let house = house(&[
        r#"{"resourceType":"Patient","id":"old","birthDate":"1970","link":[{"other":{"reference":"Patient/a"},"type":"replaced-by"}]}"#,
    ]);
    assert_eq!(
        house.ask("SELECT gender_concept_id, year_of_birth, month_of_birth, day_of_birth FROM omop.person"),
        "8507,1970,2,3\n"
    );
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "old,replaced\n");
}
