//! Resources that are odd, damaged or half told: what becomes of them in the tables.

use crate::house::House;
use omop::cdm;

const PERSON: &str = r#"{"resourceType":"Patient","id":"a","gender":"male","birthDate":"1970-02-03"}"#;
const OTHER: &str = r#"{"resourceType":"Patient","id":"b","gender":"female","birthDate":"1980"}"#;

const CONCEPTS: &str = "
  100 SNOMED 44054006 Condition S
  106 LOINC 8480-6 Measurement S
  107 UCUM mg Unit S
  108 UCUM d Unit S
  109 RxNorm 7980 Drug S Ingredient
  112 LOINC 72166-2 Observation S
  113 SNOMED 258684004 Unit -
  114 NDC 00781150610 Drug -
  115 SNOMED 10828004 Meas_Value S
  116 UCUM tbl Unit -";
const MAPS: &str = "113 107
  114 109";

const DRUG: &str = r#""medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"7980"}]}"#;

fn house() -> House {
    let house = House::with(CONCEPTS, MAPS);
    house.put(&[PERSON, OTHER]);
    house
}

fn of(kind: &str, id: &str, patient: &str, rest: &str) -> String {
    let who = if kind == "AllergyIntolerance" { "patient" } else { "subject" };
    format!(r#"{{"resourceType":"{kind}","id":"{id}","{who}":{{"reference":"Patient/{patient}"}},{rest}}}"#)
}

/// An observation of a code of LOINC: 8480-6 is a measurement, 72166-2 an observation.
fn observation(id: &str, code: &str, value: &str) -> String {
    let code = format!(r#""code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}}"#);
    of("Observation", id, "a", &format!(r#""status":"final",{code},"effectiveDateTime":"2024-03-02",{value}"#))
}

fn condition(id: &str, rest: &str) -> String {
    of(
        "Condition",
        id,
        "a",
        &format!(r#""code":{{"coding":[{{"system":"http://snomed.info/sct","code":"44054006"}}]}},{rest}"#),
    )
}

fn encounter(id: &str, patient: &str, rest: &str) -> String {
    of("Encounter", id, patient, &format!(r#""class":{{"code":"IMP"}},{rest}"#))
}

fn put(house: &House, resources: &[String]) {
    house.put(&resources.iter().map(String::as_str).collect::<Vec<_>>());
}

/// What was sent, as it was spelled.
#[test]
fn a_source_value_has_the_digits_and_the_form_of_the_value() {
    let cases = [
        (r#""valueQuantity":{"value":5}"#, "5,5,"),
        (r#""valueQuantity":{"value":5.00,"unit":"mg"}"#, "5,5.00,mg"),
        (r#""valueQuantity":{"value":5,"comparator":"<","unit":"mg"}"#, "5,<5,mg"),
        (r#""valueQuantity":{"value":-0.50}"#, "-0.5,-0.50,"),
        (r#""valueQuantity":{"value":0}"#, "0,0,"),
        (r#""valueQuantity":{"value":1e400}"#, ",1e400,"),
        (r#""valueQuantity":{"unit":"mg"}"#, ",,mg"),
        (r#""valueInteger":7"#, "7,7,"),
        (r#""valueRatio":{"numerator":{"value":1},"denominator":{"value":8}}"#, ",1:8,"),
        (r#""valueRatio":{"numerator":{"value":1,"comparator":">"},"denominator":{"value":8}}"#, ",>1:8,"),
        (
            r#""valueRatio":{"numerator":{"value":1.0,"unit":"mg"},"denominator":{"value":10,"unit":"mL"}}"#,
            ",1.0:10,mg/mL",
        ),
        (r#""valueRatio":{"numerator":{"value":1}}"#, ",,"),
        (r#""valueRange":{"low":{"value":1},"high":{"value":3}}"#, ",1-3,"),
        (r#""valueRange":{"low":{"value":1.0,"unit":"mg"},"high":{"value":3,"unit":"mg"}}"#, ",1.0-3,mg"),
        (r#""valueRange":{"low":{"value":500,"unit":"mg"},"high":{"value":3,"unit":"g"}}"#, ",500 mg-3 g,"),
        (r#""valueRange":{"high":{"value":3,"unit":"mg"}}"#, ",<3,mg"),
        (r#""valueRange":{"low":{"value":1}}"#, ",>1,"),
        (r#""valuePeriod":{"start":"2024-01","end":"2024-02-03"}"#, ",2024-01/2024-02-03,"),
        (r#""valuePeriod":{"start":"2024-01-02T03:04:05+01:00"}"#, ",2024-01-02T03:04:05+01:00/,"),
        (r#""valueTime":"10:30:00""#, ",10:30:00,"),
        (r#""valueString":"1:160""#, ",1:160,"),
        (r#""valueBoolean":true"#, ",true,"),
        (r#""valueSampledData":{"origin":{"value":0},"period":10,"dimensions":1,"data":"1 2 3"}"#, ",,"),
    ];
    let house = house();
    let all: Vec<String> = cases
        .iter()
        .enumerate()
        .flat_map(|(at, (value, _))| {
            ["8480-6", "72166-2"].map(|code| observation(&format!("o{at:02}-{code}"), code, value))
        })
        .collect();
    put(&house, &all);
    let ask = |table: &str, column: &str| {
        house.ask(&format!(
            "SELECT value_as_number, value_source_value, unit_source_value{column} FROM omop.{table} ORDER BY {table}_id"
        ))
    };
    let expected: Vec<&str> = cases.iter().map(|(_, row)| *row).collect();
    assert_eq!(ask("measurement", "").lines().collect::<Vec<_>>(), expected);
    assert_eq!(ask("observation", "").lines().collect::<Vec<_>>(), expected);
    // A number of an observation that is not exact says so as text: the table has no operator.
    let texts = "SELECT value_as_string FROM omop.observation WHERE value_source_value IN ('5', '<5', '1:8') ORDER BY observation_id";
    assert_eq!(house.ask(texts), "\n<5\n1:8\n");
    // Made again, it is the same.
    let before = ask("measurement", ", measurement_id");
    house.lake.rebuild().unwrap();
    assert_eq!(ask("measurement", ", measurement_id"), before);
}

/// A component has its own value, and the whole has none.
#[test]
fn ratios_and_ranges_of_components_and_of_a_whole_with_components_are_kept() {
    let house = house();
    let part =
        |value: &str| format!(r#"{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6"}}]}},{value}}}"#);
    put(
        &house,
        &[
            observation(
                "whole",
                "8480-6",
                &format!(
                    r#""valueRatio":{{"numerator":{{"value":1}},"denominator":{{"value":2}}}},"component":[{}]"#,
                    part(r#""valueRange":{"low":{"value":1},"high":{"value":2}}"#)
                ),
            ),
            observation("parts", "8480-6", &format!(r#""component":[{}]"#, part(r#""valueQuantity":{"value":3.10}"#))),
        ],
    );
    assert_eq!(house.ask("SELECT value_source_value FROM omop.measurement ORDER BY 1"), "1-2\n1:2\n3.10\n");
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "parts,in-components\n");
}

/// Of a unit that is not known: concept 0. Of none: none.
#[test]
fn a_unit_is_read_as_of_its_own_system_and_is_0_if_it_is_not_known() {
    let house = house();
    let value = |rest: &str| format!(r#""valueQuantity":{{"value":1{rest}}}"#);
    let cases = [
        (value(r#","unit":"mg","system":"http://unitsofmeasure.org","code":"mg""#), "107,mg"),
        (value(r#","code":"mg""#), "107,mg"),
        (value(r#","unit":"mg""#), "107,mg"),
        // `d` is a day in UCUM alone.
        (value(r#","unit":"drops","system":"urn:local","code":"d""#), "0,drops"),
        (value(r#","unit":"milligram","system":"http://snomed.info/sct","code":"258684004""#), "107,milligram"),
        (value(r#","unit":"blots""#), "0,blots"),
        // One that is no standard concept is none.
        (value(r#","unit":"tbl""#), "0,tbl"),
        (value(""), ","),
    ];
    let all: Vec<String> =
        cases.iter().enumerate().map(|(at, (value, _))| observation(&format!("o{at}"), "8480-6", value)).collect();
    put(&house, &all);
    let rows = house.ask("SELECT unit_concept_id, unit_source_value FROM omop.measurement ORDER BY measurement_id");
    assert_eq!(rows.lines().collect::<Vec<_>>(), cases.iter().map(|(_, row)| *row).collect::<Vec<_>>());
    let unmapped = "SELECT field, source_value, events FROM omop_report.unmapped ORDER BY 1, 2";
    assert_eq!(house.ask(unmapped), "unit_concept_id,blots,1\nunit_concept_id,drops,1\nunit_concept_id,tbl,1\n");
}

/// A coded value that is not known: concept 0. No coded value: none.
#[test]
fn a_coded_value_without_a_concept_is_0() {
    let house = house();
    let coded =
        |code: &str| format!(r#""valueCodeableConcept":{{"coding":[{{"system":"urn:local","code":"x"}}{code}]}}"#);
    put(
        &house,
        &[
            observation("o1", "8480-6", &coded("")),
            observation("o2", "8480-6", &coded(r#",{"system":"http://snomed.info/sct","code":"10828004"}"#)),
            observation("o3", "8480-6", r#""valueCodeableConcept":{"text":"odd"}"#),
        ],
    );
    let rows = "SELECT value_as_concept_id, value_source_value FROM omop.measurement ORDER BY measurement_id";
    assert_eq!(house.ask(rows), "0,x\n115,x\n,odd\n");
}

/// That something was entered in error counts, whichever coding says so.
#[test]
fn any_coding_of_a_verification_takes_a_condition_away() {
    let house = house();
    let status = r#""verificationStatus":{"coding":[{"system":"urn:local","code":"?"},
        {"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"onsetDateTime":"2024-03-02""#;
    let allergy = r#""code":{"text":"nuts"},"recordedDate":"2024-03-02","verificationStatus":{"coding":[{"system":"urn:local","code":"?"},
        {"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"refuted"}]}"#;
    put(&house, &[condition("c", status), of("AllergyIntolerance", "x", "a", allergy)]);
    assert_eq!(house.ask("SELECT count(*) FROM omop.condition_occurrence"), "0\n");
    assert_eq!(house.ask("SELECT count(*) FROM omop.observation"), "0\n");
    assert_eq!(
        house.ask("SELECT resource_id, reason FROM omop_report.excluded ORDER BY 1"),
        "c,entered-in-error\nx,refuted\n"
    );
}

/// An end is the last day that it may have been, and never before the begin on the same day.
#[test]
fn ends_of_which_a_year_a_month_or_a_day_is_known() {
    let house = house();
    let dated = |id: &str, from: &str, to: &str| {
        condition(id, &format!(r#""onsetDateTime":"{from}","abatementDateTime":"{to}""#))
    };
    put(
        &house,
        &[
            dated("c1", "2020-06-01", "2020"),
            dated("c2", "2020-02", "2020-02"),
            dated("c3", "2020-03-04T10:00:00Z", "2020-03-04"),
            dated("c4", "2020-03-04T10:00:00Z", "2020-03-05"),
            dated("c5", "2020-03-04", "2020-03-01"),
            encounter("e1", "a", r#""status":"finished","period":{"start":"2020-03-04T10:00:00Z","end":"2020-03"}"#),
            encounter("e2", "a", r#""status":"finished","period":{"start":"2020-04-04T10:00:00Z","end":"2020-04-04"}"#),
        ],
    );
    let rows = "SELECT condition_start_date, condition_end_date, condition_end_datetime FROM omop.condition_occurrence ORDER BY condition_occurrence_id";
    assert_eq!(
        house.ask(rows),
        "2020-06-01,2020-12-31,2020-12-31T00:00:00\n2020-02-01,2020-02-29,2020-02-29T00:00:00\n2020-03-04,2020-03-04,\n\
         2020-03-04,2020-03-05,2020-03-05T00:00:00\n2020-03-04,2020-03-01,2020-03-01T00:00:00\n"
    );
    let visits = "SELECT visit_end_date, visit_end_datetime FROM omop.visit_occurrence ORDER BY 1";
    assert_eq!(house.ask(visits), "2020-03-31,2020-03-31T00:00:00\n2020-04-04,\n");
    let marks = "SELECT resource_id, field, rule FROM omop_report.imputed_date ORDER BY 1, 2";
    assert_eq!(
        house.ask(marks),
        "c1,end,last day of the year\nc2,end,last day of the month\nc2,start,first day of the month\ne1,end,last day of the month\n"
    );
}

/// A period without a begin has its end.
#[test]
fn what_has_only_an_end_is_dated_by_it() {
    let house = house();
    put(
        &house,
        &[
            of(
                "Procedure",
                "p",
                "a",
                r#""status":"completed","code":{"text":"x"},"performedPeriod":{"end":"2024-03-02T10:00:00Z"}"#,
            ),
            of(
                "Observation",
                "o",
                "a",
                r#""status":"final","code":{"text":"x"},"effectivePeriod":{"end":"2024-03-03"},"issued":"2024-05-01T00:00:00Z""#,
            ),
        ],
    );
    assert_eq!(house.ask("SELECT procedure_date FROM omop.procedure_occurrence"), "2024-03-02\n");
    assert_eq!(house.ask("SELECT observation_date FROM omop.observation"), "2024-03-03\n");
    let marks = "SELECT resource_id, rule FROM omop_report.imputed_date ORDER BY 1";
    assert_eq!(house.ask(marks), "o,end of its period\np,end of its period\n");
}

/// A visit is a person's own, and what is a part of a part is a part of the whole.
#[test]
fn parts_of_parts_belong_to_the_whole_and_nothing_to_the_visit_of_somebody_else() {
    let house = house();
    let stay = |id: &str, patient: &str, part_of: &str| {
        let part_of = if part_of.is_empty() {
            String::new()
        } else {
            format!(r#","partOf":{{"reference":"Encounter/{part_of}"}}"#)
        };
        let period = r#""period":{"start":"2024-03-01","end":"2024-03-05"}"#;
        encounter(id, patient, &format!(r#""status":"finished",{period}{part_of}"#))
    };
    put(
        &house,
        &[
            stay("stay", "a", ""),
            stay("ward", "a", "stay"),
            stay("bed", "a", "ward"),
            stay("pillow", "a", "bed"),
            stay("feather", "a", "pillow"),
            stay("theirs", "b", "stay"),
            stay("hen", "a", "egg"),
            stay("egg", "a", "hen"),
            stay("self", "a", "self"),
            condition("c1", r#""onsetDateTime":"2024-03-02","encounter":{"reference":"Encounter/bed"}"#),
            condition("c2", r#""onsetDateTime":"2024-03-03","encounter":{"reference":"Encounter/theirs"}"#),
            condition("c3", r#""encounter":{"reference":"Encounter/theirs"}"#),
        ],
    );
    let named = |sql: &str| house.ask(&format!("WITH e AS (SELECT _row, _id FROM encounter) {sql}"));
    let visits = "SELECT e._id FROM omop.visit_occurrence JOIN e ON e._row = visit_occurrence_id ORDER BY 1";
    assert_eq!(named(visits), "egg\nfeather\nhen\nself\nstay\ntheirs\n");
    let parts = "SELECT e._id, v._id, p._id FROM omop.visit_detail d JOIN e ON e._row = d.visit_detail_id \
                 JOIN e v ON v._row = d.visit_occurrence_id LEFT JOIN e p ON p._row = d.parent_visit_detail_id ORDER BY 1";
    assert_eq!(named(parts), "bed,stay,ward\npillow,stay,bed\nward,stay,\n");
    let events = "SELECT condition_start_date, e._id, d._id FROM omop.condition_occurrence c \
                  LEFT JOIN e ON e._row = c.visit_occurrence_id LEFT JOIN e d ON d._row = c.visit_detail_id ORDER BY 1";
    assert_eq!(named(events), "2024-03-02,stay,bed\n2024-03-03,,\n");
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "c3,no-date\n");
}

/// Who is still in the hospital is there until today; who went home the same day is not.
#[test]
fn a_stay_without_an_end_lasts_until_today() {
    let house = house();
    put(
        &house,
        &[
            encounter("in", "a", r#""status":"in-progress","period":{"start":"2025-12-20T10:00:00Z"}"#),
            encounter("left", "a", r#""status":"finished","period":{"start":"2025-12-01T10:00:00Z"}"#),
            encounter("booked", "b", r#""status":"in-progress","period":{"start":"2030-01-01"}"#),
        ],
    );
    let visits = "SELECT visit_start_date, visit_end_date, visit_end_datetime FROM omop.visit_occurrence ORDER BY 1";
    assert_eq!(
        house.ask(visits),
        "2025-12-01,2025-12-01,2025-12-01T10:00:00\n2025-12-20,2026-01-01,\n2030-01-01,2030-01-01,\n"
    );
    let marks = "SELECT resource_id, rule FROM omop_report.imputed_date ORDER BY 1";
    assert_eq!(house.ask(marks), "booked,today: has not ended\nin,today: has not ended\nleft,day of the start\n");
}

/// Nobody is observed in the future because something is meant to end then.
#[test]
fn an_observation_period_that_is_made_of_events_ends_today_at_the_latest() {
    let house = house();
    let order = format!(
        r#""status":"active","intent":"order",{DRUG},"authoredOn":"2025-06-01","dispenseRequest":{{"validityPeriod":{{"end":"9999-12-31"}}}}"#
    );
    put(&house, &[of("MedicationRequest", "m", "a", &order)]);
    let period = "SELECT observation_period_start_date, observation_period_end_date FROM omop.observation_period";
    assert_eq!(house.ask(period), "2025-06-01,2026-01-01\n");
    assert_eq!(house.ask("SELECT verbatim_end_date FROM omop.drug_exposure"), "9999-12-31\n");
}

/// What is told of a patient that was merged is told of the one that goes on, however often.
#[test]
fn events_of_merged_patients_are_those_of_the_one_that_goes_on() {
    let house = house();
    let merged = |id: &str, into: &str| {
        format!(
            r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1970","link":[{{"other":{{"reference":"Patient/{into}"}},"type":"replaced-by"}}]}}"#
        )
    };
    let of_old = |kind: &str, id: &str, rest: &str| of(kind, id, "old", rest);
    put(
        &house,
        &[
            merged("old", "older"),
            merged("older", "a"),
            merged("ghost", "nobody"),
            of_old("Encounter", "e", r#""status":"finished","class":{"code":"AMB"},"period":{"start":"2024-03-01"}"#),
            of_old(
                "Condition",
                "c",
                r#""code":{"text":"x"},"onsetDateTime":"2024-03-01","encounter":{"reference":"Encounter/e"}"#,
            ),
            of("Condition", "lost", "ghost", r#""code":{"text":"x"},"onsetDateTime":"2024-03-01""#),
        ],
    );
    let rows = "SELECT p.year_of_birth, p.day_of_birth, c.visit_occurrence_id IS NOT NULL FROM omop.condition_occurrence c JOIN omop.person p USING (person_id)";
    assert_eq!(house.ask(rows), "1970,3,true\n");
    assert_eq!(
        house.ask("SELECT resource_id, reason FROM omop_report.excluded ORDER BY 1"),
        "ghost,replaced\nlost,no-person\nold,replaced\nolder,replaced\n"
    );
    assert_eq!(house.ask("SELECT count(*) FROM omop.person"), "2\n");
}

/// No value is so large that a table cannot be read.
#[test]
fn amounts_beyond_all_measure_break_no_table() {
    let house = house();
    for (at, (quantity, days)) in [("1e30", "1e30"), ("-3", "-5"), ("0", "0"), ("2.5", "10.5")].into_iter().enumerate()
    {
        let order = format!(
            r#""status":"active","intent":"order",{DRUG},"authoredOn":"2024-03-0{}",
            "dispenseRequest":{{"quantity":{{"value":{quantity}}},"expectedSupplyDuration":{{"value":{days},"code":"d"}}}}"#,
            at + 1
        );
        put(&house, &[of("MedicationRequest", &format!("m{at}"), "a", &order)]);
    }
    let rows = "SELECT quantity, days_supply, drug_exposure_end_date FROM omop.drug_exposure ORDER BY drug_exposure_id";
    assert_eq!(
        house.ask(rows),
        "1000000000000000000000000000000,,2124-02-05\n-3,-5,2024-03-02\n0,0,2024-03-03\n2.5,10,2024-03-13\n"
    );
    every_table_answers(&house);
}

fn every_table_answers(house: &House) {
    for table in cdm::tables() {
        house.ask(&format!("SELECT * FROM omop.{}", table.name));
    }
    for report in ["excluded", "imputed_date", "unmapped"] {
        house.ask(&format!("SELECT * FROM omop_report.{report}"));
    }
}

/// Texts are cut by characters, also those beyond 16 bits; a state is not cut to two letters that mean another one.
#[test]
fn long_texts_are_cut_at_a_character_and_states_are_not_cut() {
    let house = house();
    let long = "𝔘".repeat(300);
    put(
        &house,
        &[
            of(
                "Observation",
                "o",
                "a",
                &format!(
                    r#""status":"final","code":{{"text":"{long}"}},"effectiveDateTime":"2024-03-02","valueString":"{long}""#
                ),
            ),
            r#"{"resourceType":"Patient","id":"c","birthDate":"1990-01-01","address":[{"state":"Massachusetts"}]}"#
                .to_owned(),
            r#"{"resourceType":"Patient","id":"d","birthDate":"1990-01-01","address":[{"state":"MA"}]}"#.to_owned(),
            of(
                "Encounter",
                "e",
                "a",
                &format!(
                    r#""status":"finished","class":{{"code":"{}"}},"period":{{"start":"2024-03-02"}}"#,
                    "x".repeat(90)
                ),
            ),
        ],
    );
    let rows = "SELECT character_length(value_as_string), character_length(value_source_value), character_length(observation_source_value) FROM omop.observation";
    assert_eq!(house.ask(rows), "60,50,50\n");
    assert_eq!(
        house.ask("SELECT state, location_source_value FROM omop.location ORDER BY location_id"),
        ",Massachusetts\nMA,\n"
    );
    assert_eq!(house.ask("SELECT length(visit_source_value) FROM omop.visit_occurrence"), "50\n");
    every_table_answers(&house);
}

/// Midnight in the zone of the instance parts days, not midnight anywhere else.
#[test]
fn days_are_those_of_the_zone_on_both_sides_of_midnight_and_of_changes_of_the_clock() {
    let house = House::new(None, "Europe/Berlin");
    house.put(&[PERSON]);
    let at = |id: &str, at: &str| {
        of("Procedure", id, "a", &format!(r#""status":"completed","code":{{"text":"x"}},"performedDateTime":"{at}""#))
    };
    put(
        &house,
        &[
            at("p1", "2024-03-30T22:59:59Z"),
            at("p2", "2024-03-30T23:00:00Z"),
            at("p3", "2024-03-31T00:59:59Z"),
            at("p4", "2024-03-31T01:00:00Z"),
            at("p5", "2024-03-31T22:00:00Z"),
            at("p6", "2024-03-31"),
        ],
    );
    let rows =
        "SELECT procedure_date, procedure_datetime FROM omop.procedure_occurrence ORDER BY procedure_occurrence_id";
    assert_eq!(
        house.ask(rows),
        "2024-03-30,2024-03-30T23:59:59\n2024-03-31,2024-03-31T00:00:00\n2024-03-31,2024-03-31T01:59:59\n\
         2024-03-31,2024-03-31T03:00:00\n2024-04-01,2024-04-01T00:00:00\n2024-03-31,2024-03-31T00:00:00\n"
    );
}

/// Who died, it is not said when, has no row of death; who died in a year has its first day, and it is marked without a key.
#[test]
fn a_death_without_a_date_is_reported_and_one_of_a_year_is_marked() {
    let house = house();
    put(
        &house,
        &[
            r#"{"resourceType":"Patient","id":"c","birthDate":"1930","deceasedBoolean":true}"#.to_owned(),
            r#"{"resourceType":"Patient","id":"d","birthDate":"1931","deceasedBoolean":false}"#.to_owned(),
            r#"{"resourceType":"Patient","id":"e","birthDate":"1932","deceasedDateTime":"2020"}"#.to_owned(),
        ],
    );
    assert_eq!(house.ask("SELECT death_date FROM omop.death"), "2020-01-01\n");
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "c,death-without-date\n");
    let marks = "SELECT resource_id, row_id, field, rule FROM omop_report.imputed_date";
    assert_eq!(house.ask(marks), "e,,death,first day of the year\n");
}

/// A cover that goes on is there as long as somebody is observed.
#[test]
fn a_coverage_without_an_end_lasts_as_long_as_the_person_is_observed() {
    let house = house();
    let coverage = |id: &str, end: &str| {
        format!(
            r#"{{"resourceType":"Coverage","id":"{id}","status":"active","beneficiary":{{"reference":"Patient/a"}},"payor":[{{"display":"AOK"}}],
            "period":{{"start":"2020-01-01"{end}}}}}"#
        )
    };
    put(
        &house,
        &[coverage("i", ""), coverage("j", r#","end":"2021""#), condition("c", r#""onsetDateTime":"2024-03-02""#)],
    );
    let rows = "SELECT payer_plan_period_end_date FROM omop.payer_plan_period ORDER BY payer_plan_period_id";
    assert_eq!(house.ask(rows), "2024-03-02\n2021-12-31\n");
}

/// A national drug code is one, with and without dashes.
#[test]
fn a_drug_code_in_parts_is_found() {
    let house = house();
    let order = r#""status":"active","intent":"order","authoredOn":"2024-03-02","medicationCodeableConcept":{"coding":[
        {"system":"urn:local","code":"p"},{"system":"http://hl7.org/fhir/sid/ndc","code":"0781-1506-10"}]}"#;
    put(&house, &[of("MedicationRequest", "m", "a", order)]);
    let rows = "SELECT drug_concept_id, drug_source_concept_id, drug_source_value FROM omop.drug_exposure";
    assert_eq!(house.ask(rows), "109,114,0781-1506-10\n");
}

/// The range of another unit, or of values that are not normal ones, is none of the value's.
#[test]
fn a_reference_range_is_of_normal_values_in_the_unit_of_the_value() {
    let house = house();
    let range = |id: &str, value: &str, ranges: &str| {
        observation(id, "8480-6", &format!(r#""valueQuantity":{{"value":5,{value}}},"referenceRange":[{ranges}]"#))
    };
    let glucose = r#""unit":"mmol/L","code":"mmol/L","system":"http://unitsofmeasure.org""#;
    let of = |low: &str, rest: &str| format!(r#"{{"low":{{"value":{low}{rest}}}}}"#);
    put(
        &house,
        &[
            range("a", glucose, &of("1", "")),
            range("b", glucose, &of("2", r#","unit":"mg/dL""#)),
            range("c", glucose, &of("3", r#","unit":"MMOL/L""#)),
            range("d", glucose, &of("4", r#","code":"mmol/L""#)),
            range("e", glucose, &of("5", r#","unit":"mmol per litre","code":"mg/dL""#)),
            range("f", r#""unit":"mm Hg","code":"mm[Hg]""#, &of("6", r#","unit":"mmHg","code":"mm[Hg]""#)),
            range("g", r#""comparator":"<""#, &of("7", r#","unit":"mg/dL""#)),
            range("h", glucose, &format!(r#"{{"text":"see below"}},{}"#, of("8", ""))),
            range(
                "i",
                glucose,
                r#"{"type":{"coding":[{"code":"critical"}]},"low":{"value":0}},{"type":{"coding":[{"code":"normal"}]},"high":{"value":9}}"#,
            ),
        ],
    );
    let ends = "SELECT range_low, range_high FROM omop.measurement ORDER BY measurement_id";
    assert_eq!(house.ask(ends), "1,\n,\n3,\n4,\n,\n6,\n7,\n8,\n,9\n");
}

/// A statement that did not happen takes no device away, and a device may be told by its name alone.
#[test]
fn a_device_is_there_unless_its_use_is_told() {
    let house = house();
    let device = |id: &str| {
        format!(
            r#"{{"resourceType":"Device","id":"{id}","type":{{"text":"{id}"}},"manufactureDate":"2020-05-06","patient":{{"reference":"Patient/a"}}}}"#
        )
    };
    let usage = |id: &str, status: &str, device: &str| {
        of(
            "DeviceUseStatement",
            id,
            "a",
            &format!(r#""status":"{status}","timingDateTime":"2021-01-01","device":{device}"#),
        )
    };
    put(
        &house,
        &[
            device("one"),
            device("two"),
            usage("u1", "entered-in-error", r#"{"reference":"Device/one"}"#),
            usage("u2", "active", r#"{"reference":"Device/two"}"#),
            usage("u3", "active", r#"{"display":"Hearing aid"}"#),
        ],
    );
    let all = "SELECT device_source_value, device_exposure_start_date FROM omop.device_exposure ORDER BY 1";
    assert_eq!(house.ask(all), "Hearing aid,2021-01-01\none,2020-05-06\ntwo,2021-01-01\n");
}

/// Until when a request may be dispensed is no end of taking it.
#[test]
fn a_request_lasts_as_long_as_its_supply() {
    let house = house();
    let request = |id: &str, rest: &str| {
        of(
            "MedicationRequest",
            id,
            "a",
            &format!(
                r#""status":"active","intent":"order",{DRUG},"authoredOn":"2024-01-01","dispenseRequest":{{{rest}}}"#
            ),
        )
    };
    let valid = r#""validityPeriod":{"start":"2024-01-01","end":"2024-12-31"}"#;
    let supply = |unit: &str| format!(r#""expectedSupplyDuration":{{"value":2,{unit}}}"#);
    put(
        &house,
        &[
            request("a", valid),
            request("b", &format!("{valid},{}", supply(r#""code":"wk""#))),
            request("c", &supply(r#""unit":"weeks""#)),
            request("d", &format!("{valid},{}", supply(r#""unit":"boxes""#))),
        ],
    );
    let ends = "SELECT drug_exposure_end_date, verbatim_end_date, days_supply FROM omop.drug_exposure ORDER BY drug_exposure_id";
    assert_eq!(house.ask(ends), "2024-12-31,2024-12-31,\n2024-01-14,,14\n2024-01-14,,14\n2024-12-31,2024-12-31,\n");
}

/// A stay of which only the end is told is dated by it, as everything else.
#[test]
fn a_visit_without_a_begin_is_dated_by_its_end_and_holds_its_events() {
    let house = house();
    put(
        &house,
        &[
            encounter("e", "a", r#""status":"finished","period":{"end":"2024-03-04"}"#),
            condition("c", r#""encounter":{"reference":"Encounter/e"}"#),
            encounter("never", "a", r#""status":"finished""#),
        ],
    );
    assert_eq!(
        house.ask("SELECT visit_start_date, visit_end_date, condition_start_date FROM omop.visit_occurrence JOIN omop.condition_occurrence USING (visit_occurrence_id)"),
        "2024-03-04,2024-03-04,2024-03-04\n"
    );
    let rules = "SELECT resource_id, field, rule FROM omop_report.imputed_date ORDER BY 1, 2";
    assert_eq!(house.ask(rules), "c,start,when the visit began\ne,start,end of its period\n");
    assert_eq!(house.ask("SELECT resource_id, reason FROM omop_report.excluded"), "never,no-date\n");
}

/// The model has one race a person: of several it is none of them.
#[test]
fn a_person_of_two_races_is_of_neither_alone() {
    let house = house();
    let person = |id: &str, codes: &[&str]| {
        let categories: Vec<String> =
            codes.iter().map(|code| format!(r#"{{"url":"ombCategory","valueCoding":{{"code":"{code}"}}}},"#)).collect();
        format!(
            r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1990-01-01","extension":[{{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "extension":[{}{{"url":"text","valueString":"{id}"}}]}}]}}"#,
            categories.concat()
        )
    };
    put(&house, &[person("both", &["2106-3", "2054-5"]), person("one", &["2054-5"])]);
    let races =
        "SELECT race_source_value, race_concept_id FROM omop.person WHERE race_source_value IS NOT NULL ORDER BY 1";
    assert_eq!(house.ask(races), "both,0\none,8516\n");
}

/// A cause that was not found is none.
#[test]
fn a_negated_cause_of_death_is_no_cause() {
    let house = house();
    let cause =
        |id: &str, text: &str, rest: &str| observation(id, "69453-9", &format!(r#""valueString":"{text}"{rest}"#));
    let negated = r#","interpretation":[{"coding":[{"system":"urn:medweave:code:negation","code":"negated"}]}]"#;
    put(
        &house,
        &[
            r#"{"resourceType":"Patient","id":"a","birthDate":"1970-02-03","deceasedDateTime":"2024-05-05"}"#.into(),
            cause("c1", "Plague", negated),
            cause("c2", "Flu", ""),
        ],
    );
    assert_eq!(house.ask("SELECT cause_source_value FROM omop.death"), "Flu\n");
}

/// Where the zone is not the one of the place, the day is another: that is told.
#[test]
fn a_day_that_the_zone_of_the_settings_makes_another_is_reported() {
    let house = House::new(None, "UTC");
    let late =
        |id: &str, at: &str| observation(id, "8480-6", r#""valueQuantity":{"value":1}"#).replace("2024-03-02", at);
    put(
        &house,
        &[
            PERSON.into(),
            late("late", "2024-03-02T23:30:00-05:00"),
            late("noon", "2024-03-02T12:30:00-05:00"),
            encounter(
                "e",
                "a",
                r#""status":"finished","period":{"start":"2024-03-02T10:00:00-05:00","end":"2024-03-02T20:00:00-05:00"}"#,
            ),
        ],
    );
    assert_eq!(
        house.ask("SELECT resource_id, field, rule FROM omop_report.imputed_date ORDER BY 1, 2"),
        "e,end,day in the zone of the settings\nlate,start,day in the zone of the settings\n"
    );
    assert_eq!(house.ask("SELECT measurement_date FROM omop.measurement ORDER BY 1"), "2024-03-02\n2024-03-03\n");
}
