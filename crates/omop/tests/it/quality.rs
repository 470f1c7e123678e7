//! Checks of quality against counts that others made.

use crate::data;
use crate::house::{House, grant};
use jiff::civil::date;
use omop::quality::{CheckType, Definitions, Outcome, Status, WhyNot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

fn outcomes(folder: &std::path::Path) -> Vec<Outcome> {
    let cdm = data::cdm(folder);
    let checks = Definitions::carried().unwrap().checks;
    omop::quality::run(&cdm, &checks, date(2026, 11, 26), &mut |_| {}).unwrap()
}

#[test]
fn the_facts_are_those_of_ohdsis_files_and_of_all_27_types() {
    let carried = Definitions::carried().unwrap();
    let types: BTreeSet<CheckType> = carried.checks.iter().map(|check| check.kind).collect();
    assert_eq!(types, CheckType::all().collect());
    assert_eq!(carried.beyond_the_model().count(), 0);
    let Some(folder) = data::unpacked(&["dqd-5.4"]) else { return };
    let read = Definitions::read(folder.path()).unwrap();
    assert_eq!(read.to_facts(), carried.to_facts());
    let ids: BTreeSet<String> = carried.checks.iter().map(omop::quality::Check::id).collect();
    assert_eq!(ids.len(), carried.checks.len(), "names tell checks apart");
    assert_eq!(read.checks.len(), carried.checks.len());
}

#[test]
fn the_counts_of_409_checks_are_those_of_an_independent_engine_and_wrong_rows_can_be_listed() {
    let Some(folder) = data::unpacked(&["omop-synthea27nj"]) else { return };
    let expected = data::text("omop-synthea27nj.dqd.csv").unwrap();
    let cdm = data::cdm(folder.path());
    let checks = Definitions::carried().unwrap().checks;
    let today = date(2026, 11, 26);
    let outcomes = omop::quality::run(&cdm, &checks, today, &mut |_| {}).unwrap();
    let found: BTreeMap<String, (u64, u64)> =
        outcomes.iter().map(|outcome| (outcome.check.id(), (outcome.violated, outcome.rows))).collect();
    let mut equal = 0;
    for line in expected.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [check, table, field, violated, rows] = cells[..] else { panic!("{line}") };
        let id = format!("{check}.{table}.{field}");
        assert_eq!(found.get(&id), Some(&(violated.parse().unwrap(), rows.parse().unwrap())), "{id}");
        equal += 1;
    }
    assert_eq!(equal, 409);
    // Of each type, the rows of one check are listed. Of different values, and of what is there, no rows are counted.
    use CheckType as T;
    let mut listed = 0;
    let mut left: BTreeSet<CheckType> = CheckType::all().collect();
    left.retain(|kind| ![T::SourceValueCompleteness, T::CdmTable, T::CdmField, T::CdmDatatype].contains(kind));
    for outcome in outcomes.iter().filter(|outcome| outcome.violated > 0) {
        if !left.remove(&outcome.check.kind) {
            continue;
        }
        let sql = omop::quality::rows_sql(&outcome.check, today, 1_000_000).unwrap().unwrap();
        let rows: usize = omop::Cdm::ask(&cdm, &sql).unwrap().iter().map(arrow_array::RecordBatch::num_rows).sum();
        assert_eq!(rows as u64, outcome.violated, "{}: {sql}", outcome.check.id());
        listed += 1;
    }
    assert!(listed >= 8, "{left:?}");
}

#[test]
fn checks_are_not_applicable_where_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("Person.CSV"),
        "person_id,gender_concept_id,year_of_birth,race_concept_id,other\n1,8507,1990,8527,x\n2,M,1990,,x\n2,8532.0,2990,8527,x\n",
    )
    .unwrap();
    let outcomes = outcomes(folder.path());
    let of = |id: &str| outcomes.iter().find(|outcome| outcome.check.id() == id).unwrap_or_else(|| panic!("{id}"));
    let counts = |id: &str| (of(id).violated, of(id).rows, of(id).status.name());
    assert_eq!(counts("cdmTable.person"), (0, 1, "passed"));
    assert_eq!(counts("cdmTable.measurement"), (1, 1, "failed"));
    assert_eq!(counts("cdmField.person.ethnicity_concept_id"), (1, 1, "failed"));
    assert_eq!(counts("cdmField.measurement.measurement_id"), (1, 1, "not-applicable"));
    assert_eq!(
        of("isRequired.person.ethnicity_concept_id").status,
        Status::NotApplicable(WhyNot::NoField("person.ethnicity_concept_id".into()))
    );
    assert_eq!(counts("isPrimaryKey.person.person_id"), (2, 3, "failed"));
    // A letter and a number with a decimal point; the first is nothing, the second counts as what it is.
    assert_eq!(counts("cdmDatatype.person.gender_concept_id"), (2, 3, "failed"));
    assert_eq!(counts("isRequired.person.gender_concept_id"), (1, 3, "failed"));
    assert_eq!(counts("plausibleValueHigh.person.year_of_birth"), (1, 3, "failed"));
    assert_eq!(counts("measurePersonCompleteness.death"), (3, 3, "not-applicable"));
}

#[test]
fn checks_of_the_store_are_of_one_position_and_tell_how_many_are_done() {
    let house = House::with("201826 SNOMED 44054006 Condition S\n8507 Gender M Gender S", "201826 201826");
    house.put(&[
        r#"{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1970-05-06"}"#,
        r#"{"resourceType":"Patient","id":"q","birthDate":"1871-01-01"}"#,
        r#"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]},"onsetDateTime":"1960-01-01"}"#,
        r#"{"resourceType":"Condition","id":"d","subject":{"reference":"Patient/q"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"onsetDateTime":"2020-01-01"}"#,
    ]);
    let mut checks = Definitions::carried().unwrap().checks;
    checks.extend(omop::quality::fhir_checks());
    let only: Vec<String> = ["person", "condition_occurrence", "fhir"].iter().map(|name| (*name).to_owned()).collect();
    checks.retain(|check| check.is_meant(&only));
    let (limits, stop, today) = (lake::Limits::default(), lake::Stop::default(), date(2026, 11, 26));
    let everything = grant("system/*.rs");
    let scratch = house.folder.path().join("scratch");
    let still = |grant: &access::Grant| {
        omop::Still::new(house.lake.clone(), grant.clone(), limits, stop.clone(), None, &scratch)
    };
    let made = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&made);
    let as_it_was = still(&everything).unwrap().telling(move |table| tell.lock().unwrap().push(table.to_owned()));
    let store = omop::Store::new(house.lake.clone(), everything.clone(), limits, stop.clone());
    let expected = omop::quality::run(&store, &checks, today, &mut |_| {}).unwrap();
    assert!(expected.iter().any(|outcome| outcome.violated > 0 && outcome.check.kind != CheckType::Fhir));
    // What is written meanwhile changes nothing of it.
    house.put(&[r#"{"resourceType":"Patient","id":"r","birthDate":"1980-01-01"}"#]);
    let mut told = Vec::new();
    let found = omop::quality::run(&as_it_was, &checks, today, &mut |done| told.push(done)).unwrap();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    // Each table that is asked is told once, when it is made.
    let mut made = made.lock().unwrap().clone();
    made.sort();
    assert!(made.contains(&"person".to_owned()) && made.windows(2).all(|two| two[0] != two[1]), "{made:?}");
    assert_eq!((told.first(), told.last()), (Some(&0), Some(&checks.len())));
    assert!(told.is_sorted() && told.iter().any(|done| (1..checks.len()).contains(done)), "{told:?}");
    let later = omop::quality::run(&still(&everything).unwrap(), &checks, today, &mut |_| {}).unwrap();
    let persons = |outcomes: &[Outcome]| {
        let name = "isRequired.person.person_id";
        outcomes.iter().find(|outcome| outcome.check.id() == name).map(|outcome| outcome.rows)
    };
    assert_eq!((persons(&found), persons(&later)), (Some(2), Some(3)));
    // Nothing is left of the files, and whoever may not use SQL gets none.
    drop(as_it_was);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
    assert!(still(&grant("system/Patient.cruds")).is_err());
}

#[test]
fn the_pages_have_a_sentence_for_every_check() {
    let sentences = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/quality/sentences.en.json");
    let sentences: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(sentences).unwrap()).unwrap();
    let mut checks = Definitions::carried().unwrap().checks;
    checks.extend(omop::quality::fhir_checks());
    for check in checks {
        let name = if check.kind == CheckType::Fhir { check.id() } else { check.kind.name().to_owned() };
        assert!(sentences[&name].is_string(), "web/src/quality has no sentence for {name}");
    }
}
