//! The tables: their types, who sees what, what a record holds.

use crate::house::{House, grant};
use omop::cdm;
use omop::export::{Export, Format};

const PERSON: &str = r#"{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1970-02-03","name":[{"family":"Quartz"}],
  "identifier":[{"system":"urn:mrn","value":"MRN-77"}],"address":[{"line":["1 Elm Street"],"city":"Bonn","postalCode":"53111"}]}"#;
const VISIT: &str = r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/a"},
  "period":{"start":"2024-03-01T20:00:00Z","end":"2024-03-05T08:00:00Z"}}"#;

#[test]
fn every_table_of_the_model_has_its_fields_in_order_and_in_their_types_with_and_without_rows() {
    let house = House::bare();
    for round in 0..2 {
        for table in cdm::tables() {
            let answer = house.lake.query(
                &grant("system/*.rs"),
                &format!("SELECT * FROM omop.{}", table.name),
                &lake::Limits::default(),
            );
            let mut answer = answer.unwrap_or_else(|error| panic!("{}: {error}", table.name));
            let wanted = table.schema();
            let given: Vec<_> =
                answer.schema().fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect();
            let wanted: Vec<_> = wanted.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect();
            assert_eq!(given, wanted, "{} round {round}", table.name);
            while answer.next_batch().unwrap().is_some() {}
        }
        house.put(&[PERSON, VISIT]);
    }
    assert_eq!(house.ask("SELECT count(*) FROM omop.cdm_source"), "1\n");
    assert!(house.ask("SHOW TABLES").contains("omop.visit_occurrence,"));
    assert!(!house.ask("SHOW TABLES").contains("__"));
}

#[test]
fn who_may_not_link_persons_finds_nothing_of_the_link_and_no_identifier_is_in_any_table() {
    let house = House::bare();
    house.put(&[PERSON, VISIT]);
    let link = "SELECT patient_id, length(person_source_value) FROM omop_link.person";
    let may = grant("system/*.rs system/OmopPersonLink.r");
    assert_eq!(house.ask_as(&may, link).unwrap(), "a,32\n");
    for scopes in ["system/*.cruds", "user/*.cruds"] {
        let reader = grant(scopes);
        let told = house.ask_as(&reader, link).unwrap_err().to_string();
        let never = house.ask_as(&reader, &link.replace("omop_link", "never_here")).unwrap_err().to_string();
        assert_eq!(told, never.replace("never_here", "omop_link"));
        for list in ["SHOW TABLES", "SELECT * FROM information_schema.columns"] {
            assert!(!house.ask_as(&reader, list).unwrap().contains("omop_link"), "{list}");
        }
    }
    for table in cdm::tables() {
        let rows = house.ask(&format!("SELECT * FROM omop.{}", table.name));
        for secret in ["Quartz", "MRN-77", "Elm Street", "53111"] {
            assert!(!rows.contains(secret), "{}: {rows}", table.name);
        }
    }
    assert_eq!(house.ask("SELECT city, zip FROM omop.location"), "Bonn,531\n");
}

#[test]
fn keys_are_the_same_when_the_lake_is_made_again_and_lead_back_to_the_resource() {
    let house = House::bare();
    house.put(&[
        PERSON,
        VISIT,
        r#"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"},
            "code":{"text":"Cough"},"onsetDateTime":"2024-03-02"}"#,
    ]);
    let all = "SELECT 'c', condition_occurrence_id, person_id, visit_occurrence_id FROM omop.condition_occurrence \
               UNION ALL SELECT 'v', visit_occurrence_id, person_id, preceding_visit_occurrence_id FROM omop.visit_occurrence \
               UNION ALL SELECT 'p', person_id, observation_period_id, 0 FROM omop.observation_period ORDER BY 1";
    let before = house.ask(all);
    house.lake.rebuild().unwrap();
    assert_eq!(house.ask(all), before);
    let key: i64 = house.ask("SELECT condition_occurrence_id FROM omop.condition_occurrence").trim().parse().unwrap();
    let row = omop::views::resource_row("condition_occurrence", key).unwrap();
    assert_eq!(house.ask(&format!("SELECT type, id FROM resource WHERE _row = {row}")), "Condition,c\n");
}

#[test]
fn a_device_is_its_bearers_and_insurance_is_whose_it_insures() {
    let house = House::bare();
    house.put(&[
        PERSON,
        r#"{"resourceType":"Patient","id":"mother","birthDate":"1950-02-03"}"#,
        r#"{"resourceType":"Device","id":"d","status":"active","type":{"text":"Pacemaker"},"manufactureDate":"2020-05-06","patient":{"reference":"Patient/a"}}"#,
        r#"{"resourceType":"Device","id":"ward","status":"active","type":{"text":"Monitor"},"manufactureDate":"2020-05-06"}"#,
        r#"{"resourceType":"Coverage","id":"i","status":"active","policyHolder":{"reference":"Patient/mother"},"beneficiary":{"reference":"Patient/a"},
            "payor":[{"display":"AOK"}],"period":{"start":"2020-01-01"}}"#,
    ]);
    let person = house.ask("SELECT person_id FROM omop.person WHERE year_of_birth = 1970");
    assert_eq!(house.ask("SELECT person_id FROM omop.device_exposure"), person);
    assert_eq!(house.ask("SELECT person_id FROM omop.payer_plan_period"), person);
    let excluded = "SELECT resource_id, reason FROM omop_report.excluded";
    assert_eq!(house.ask(excluded), "ward,of-nobody\n");
}

#[test]
fn a_person_has_the_observation_periods_that_were_told_else_one_over_all_events() {
    let house = House::bare();
    let told = |id: &str, status: &str, period: &str| {
        format!(
            r#"{{"resourceType":"EpisodeOfCare","id":"{id}","status":"{status}","patient":{{"reference":"Patient/a"}},"period":{period},
            "type":[{{"coding":[{{"system":"urn:medweave:code:omop-table","code":"observation_period"}},
            {{"system":"urn:medweave:code:omop-concept","code":"44814724"}}]}}]}}"#
        )
    };
    let periods = "SELECT observation_period_start_date, observation_period_end_date, period_type_concept_id, \
                   observation_period_id = p.person_id FROM omop.observation_period o JOIN omop.person p USING (person_id) ORDER BY 1";
    house.put(&[PERSON, VISIT]);
    assert_eq!(house.ask(periods), "2024-03-01,2024-03-05,32817,true\n");
    // Those that overlap or follow each other without a gap are one; what was called off or is of another kind tells nothing.
    house.put(&[
        &told("p", "finished", r#"{"start":"2010-01-01","end":"2011-12-31"}"#),
        &told("q", "finished", r#"{"start":"2011-06-01","end":"2012-05-05"}"#),
        &told("r", "finished", r#"{"start":"2012-05-06","end":"2012-06-06"}"#),
        &told("s", "active", r#"{"start":"2015-01-01"}"#),
        &told("t", "entered-in-error", r#"{"start":"1999-01-01"}"#),
        r#"{"resourceType":"EpisodeOfCare","id":"u","status":"active","patient":{"reference":"Patient/a"},"period":{"start":"2001-01-01"}}"#,
    ]);
    assert_eq!(house.ask(periods), "2010-01-01,2012-06-06,44814724,false\n2015-01-01,2024-03-05,44814724,false\n");
    let excluded = "SELECT resource_id, reason FROM omop_report.excluded ORDER BY 1";
    assert_eq!(house.ask(excluded), "t,entered-in-error\nu,no-table\n");
    let key: i64 = house.ask("SELECT min(observation_period_id) FROM omop.observation_period").trim().parse().unwrap();
    let row = omop::views::resource_row("observation_period", key).unwrap();
    assert_eq!(house.ask(&format!("SELECT type, id FROM resource WHERE _row = {row}")), "EpisodeOfCare,p\n");
}

#[test]
fn an_export_is_typed_when_empty_has_a_record_and_refuses_a_folder_that_holds_something_else() {
    let house = House::bare();
    house.put(&[PERSON, VISIT, r#"{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/a"}}"#]);
    let grant = grant("system/*.rs");
    let export = Export {
        lake: &house.lake,
        guest: &house.guest,
        grant: &grant,
        at: "2026-01-01T00:00:00Z".into(),
        program: "test".into(),
        stop: lake::Stop::default(),
    };
    let to = house.folder.path().join("out");
    let record = export.write(&to, Format::DuckDb, &mut |_, _| {}).unwrap();
    assert_eq!(record["tables"]["person"], 1);
    assert_eq!(record["excluded"]["Goal"]["no-table"], 1);
    assert_eq!(record["cdm_version"], "5.4");
    let names: Vec<String> =
        std::fs::read_dir(&to).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 41, "{names:?}");
    let note = std::fs::File::open(to.join("note.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(note).unwrap();
    let types =
        |schema: &arrow_schema::Schema| schema.fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>();
    assert_eq!(types(reader.schema()), types(&cdm::table("note").unwrap().schema()));
    std::fs::write(to.join("thesis.docx"), "").unwrap();
    let told = export.write(&to, Format::Parquet, &mut |_, _| {}).unwrap_err().to_string();
    assert!(told.contains("thesis.docx"), "{told}");
    assert!(to.join("person.parquet").exists());
}

/// Tables that are made once for many questions, each of what was made before, are those of the views.
#[test]
fn an_instance_at_a_position_has_the_rows_of_the_views() {
    let house = House::with(
        "109 RxNorm 7980 Drug S Ingredient
         100 SNOMED 44054006 Condition S
         101 LOINC 8480-6 Measurement S",
        "",
    );
    let of = |kind: &str, id: &str, rest: &str| {
        format!(r#"{{"resourceType":"{kind}","id":"{id}","subject":{{"reference":"Patient/a"}},{rest}}}"#)
    };
    let coding = |system: &str, code: &str| format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#);
    let code = coding("http://snomed.info/sct", "44054006");
    let drug = coding("http://www.nlm.nih.gov/research/umls/rxnorm", "7980");
    let mut all = vec![PERSON.to_owned(), VISIT.to_owned()];
    for at in 0..20 {
        let day = format!("2024-{:02}-0{}", at % 12 + 1, at % 7 + 1);
        all.push(of(
            "Condition",
            &format!("c{at}"),
            &format!(r#""code":{code},"onsetDateTime":"{day}","encounter":{{"reference":"Encounter/e"}}"#),
        ));
        all.push(of(
            "MedicationAdministration",
            &format!("m{at}"),
            &format!(r#""status":"completed","medicationCodeableConcept":{drug},"effectiveDateTime":"{day}""#),
        ));
        all.push(of("Observation", &format!("o{at}"), &format!(r#""status":"final","code":{{"text":"x"}},"effectiveDateTime":"{day}T10:00:00Z","valueQuantity":{{"value":{at}}}"#)));
    }
    all.push(r#"{"resourceType":"Coverage","id":"i","status":"active","beneficiary":{"reference":"Patient/a"},"payor":[{"display":"AOK"}],"period":{"start":"2020-01-01"}}"#.into());
    house.put(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let (grant, limits, stop) = (grant("system/*.rs"), lake::Limits::default(), lake::Stop::default());
    let views = omop::Store::new(house.lake.clone(), grant.clone(), limits, stop.clone());
    let scratch = house.folder.path().join("scratch");
    let still = omop::Still::new(house.lake.clone(), grant, limits, stop, None, &scratch).unwrap();
    let mut filled = 0;
    for table in cdm::tables().iter().rev() {
        let sql = format!("SELECT * FROM omop.{}", table.name);
        let rows = |cdm: &dyn omop::Cdm| {
            let mut rows: Vec<String> =
                omop::ListedRows::of(&cdm.ask(&sql).unwrap()).rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows
        };
        let made = rows(&still);
        assert_eq!(made, rows(&views), "{}", table.name);
        filled += usize::from(!made.is_empty());
    }
    assert!(filled >= 10, "{filled}");
}
