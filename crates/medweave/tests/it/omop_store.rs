//! The OMOP tables of the store at the command line, with and without a running program: checks, thresholds, cohorts, vocabularies.

use crate::mapping::tables;
use crate::program::Data;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two persons with visits; one visit ends before it begins, and one person has no date of birth.
fn hospital() -> Data {
    let data = Data::new();
    let visit = |id: &str, patient: &str, start: &str, end: &str| {
        json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "IMP"},
            "subject": {"reference": format!("Patient/{patient}")}, "period": {"start": start, "end": end}})
    };
    let resources = [
        json!({"resourceType": "Patient", "id": "a", "gender": "female", "birthDate": "1970-02-03"}),
        json!({"resourceType": "Patient", "id": "b", "gender": "male", "birthDate": "1980-05-06"}),
        json!({"resourceType": "Patient", "id": "c", "gender": "male"}),
        visit("v1", "a", "2024-03-01T08:00:00Z", "2024-03-05T08:00:00Z"),
        visit("v2", "a", "2024-05-01T08:00:00Z", "2024-05-02T08:00:00Z"),
        visit("v3", "b", "2024-04-09T08:00:00Z", "2024-04-02T08:00:00Z"),
    ];
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    std::fs::write(data.path("set.ndjson"), lines.join("\n")).unwrap();
    data.done(&["import", data.path("set.ndjson").to_str().unwrap()]);
    data
}

/// Whoever visited, from the first visit to the end of observation.
fn definition(data: &Data) -> String {
    let definition = json!({
        "ConceptSets": [],
        "PrimaryCriteria": {
            "CriteriaList": [{"VisitOccurrence": {}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "InclusionRules": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
    });
    std::fs::write(data.path("seen.json"), definition.to_string()).unwrap();
    data.path("seen.json").to_str().unwrap().to_owned()
}

#[test]
fn checks_and_cohorts_of_the_store_are_the_same_with_a_running_program_and_without_and_as_those_of_its_export() {
    let data = hospital();
    let seen = definition(&data);
    let ask = || {
        let checked = data.json(&["omop", "check", "--only", "plausibleStartBeforeEnd", "--only", "fhir", "--json"]);
        let found = data.json(&["omop", "cohort", &seen, "--id", "9", "--json"]);
        let outcomes = checked["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|outcome| json!([outcome["check"], outcome["violated"], outcome["rows"], outcome["status"]]));
        (outcomes.collect::<Vec<Value>>(), found["rows"].clone())
    };
    let (outcomes, rows) = ask();
    let visits = "plausibleStartBeforeEnd.visit_occurrence.visit_start_date";
    assert!(outcomes.contains(&json!([visits, 1, 3, "failed"])), "{outcomes:?}");
    assert!(outcomes.contains(&json!(["fhir.birth-missing", 1, 3, "failed"])), "{outcomes:?}");
    let row = |row: &Value| {
        (row["cohort_definition_id"].clone(), row["cohort_start_date"].clone(), row["cohort_end_date"].clone())
    };
    let told: Vec<_> = rows.as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        told,
        [(json!(9), json!("2024-03-01"), json!("2024-05-02")), (json!(9), json!("2024-04-09"), json!("2024-04-09"))]
    );

    let served = data.serve(&[]);
    assert_eq!(ask(), (outcomes.clone(), rows.clone()));
    // Wrong rows are listed, and lead to their persons.
    let listed = data.json(&["omop", "check", "--rows", visits, "--json"]);
    assert_eq!((listed["rows"].as_array().unwrap().len(), &listed["more"]), (1, &json!(false)), "{listed}");
    assert!(listed["refs"][0].as_str().unwrap().starts_with("omop/visit_occurrence/"), "{listed}");
    let shown = data.done(&["omop", "check", "--rows", visits]);
    assert!(shown.contains("2024-04-02"), "{shown}");
    // The runs are kept, for the page too.
    let client = served.client(&data.token("system/*.rs"));
    let runs = client.get("/api/quality").json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2, "{runs}");
    assert_eq!(served.stop().code(), Some(0));

    // The same tables in a folder give the same.
    let export = data.path("out");
    data.done(&["omop", "export", export.to_str().unwrap(), "--format", "csv"]);
    let folder = export.to_str().unwrap();
    let found = data.json(&["omop", "cohort", &seen, "--id", "9", "--cdm", folder, "--json"]);
    assert_eq!(found["rows"], rows);
    let checked = data.json(&["omop", "check", "--cdm", folder, "--only", "plausibleStartBeforeEnd", "--json"]);
    let of_folder = checked["outcomes"].as_array().unwrap().iter();
    let of_folder: Vec<Value> = of_folder
        .map(|outcome| json!([outcome["check"], outcome["violated"], outcome["rows"], outcome["status"]]))
        .collect();
    assert!(!of_folder.is_empty() && of_folder.iter().all(|outcome| outcomes.contains(outcome)), "{of_folder:?}");
    for (arguments, words) in [
        (vec!["omop", "check", "--only", "no-such-check"], "no check is meant by no-such-check"),
        (vec!["omop", "check", "--rows", "cdmTable.person"], "is about no rows"),
        (vec!["omop", "check", "--definitions", folder], "--cdm"),
        (vec!["omop", "cohort", &seen, "--keep", "x", "--cdm", folder], "cannot be used with"),
    ] {
        let output = data.run(&arguments);
        assert!(!output.status.success() && text(&output.stderr).contains(words), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_cohort_is_kept_under_a_name_until_it_is_removed() {
    let data = hospital();
    let seen = definition(&data);
    let first = data.run(&["omop", "cohort", &seen, "--keep", "seen people"]);
    assert!(text(&first.stderr).contains("kept as seen people, cohort_definition_id 1"), "{first:?}");
    data.done(&["omop", "cohort", &seen, "--keep", "seen people"]);
    let listed = data.json(&["omop", "cohorts", "--json"]);
    let told = |name: &str| listed["cohorts"][0][name].clone();
    assert_eq!(
        (told("id"), told("name"), told("persons"), listed["cohorts"].as_array().unwrap().len()),
        (json!(1), json!("seen people"), json!(2), 1)
    );
    let counted = "SELECT count(*) AS n FROM omop.cohort JOIN omop.person ON subject_id = person_id";
    assert_eq!(data.done(&["sql", counted, "--format", "csv"]).trim_end().lines().last(), Some("2"));
    data.done(&["omop", "cohorts", "--remove", "seen people"]);
    let again = data.run(&["omop", "cohorts", "--remove", "seen people"]);
    assert!(!again.status.success() && text(&again.stderr).contains("no cohort is kept under the name seen people"));
    // What is not understood is refused by its path, before the store is opened.
    let odd = std::fs::read_to_string(&seen).unwrap().replace("VisitOccurrence", "LocationRegion");
    std::fs::write(&seen, odd).unwrap();
    let refused = data.run(&["omop", "cohort", &seen]);
    assert!(text(&refused.stderr).contains("PrimaryCriteria.CriteriaList[0].LocationRegion"), "{refused:?}");
}

#[test]
fn a_threshold_is_chosen_with_a_reason_shown_with_the_runs_and_taken_back() {
    let data = hospital();
    let check = "fhir.birth-missing";
    let status = || {
        let told = data.json(&["omop", "check", "--only", check, "--json"]);
        told["outcomes"][0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "failed");
    assert!(data.done(&["omop", "thresholds"]).contains("no threshold was chosen"));
    let unsaid = data.run(&["omop", "thresholds", "set", check, "50"]);
    assert!(!unsaid.status.success() && text(&unsaid.stderr).contains("--reason"), "{unsaid:?}");
    let much = data.run(&["omop", "thresholds", "set", check, "101", "--reason", "all of them"]);
    assert!(!much.status.success() && text(&much.stderr).contains("from 0 to 100"), "{much:?}");
    let unknown = data.run(&["omop", "thresholds", "set", "fhir.no-such", "1", "--reason", "x"]);
    assert!(!unknown.status.success(), "{unknown:?}");
    let told = data.done(&["omop", "thresholds", "set", check, "50", "--reason", "newborns are registered later"]);
    assert_eq!(told.trim(), "fhir.birth-missing: 50 percent may be wrong (chosen)");
    assert_eq!(status(), "passed");
    let listed = data.json(&["omop", "thresholds", "--json"]);
    assert_eq!(listed["thresholds"][0]["reason"], "newborns are registered later", "{listed}");
    assert!(data.done(&["omop", "thresholds"]).contains("newborns are registered later"));
    let served = data.serve(&[]);
    let told = data.done(&["omop", "thresholds", "reset", check, "--reason", "they are registered at once now"]);
    assert!(told.contains("(of the definition)"), "{told}");
    assert_eq!(status(), "failed");
    let shown = data.done(&["omop", "thresholds", "show", check]);
    for words in ["newborns are registered later", "they are registered at once now", "passed", "failed"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // A token may look, and chooses nothing.
    let client = served.client(&data.token("system/*.cruds"));
    assert_eq!(client.get("/api/quality/thresholds").json()["thresholds"], json!([]));
    assert_eq!(served.client(&data.token("system/Patient.cruds")).get("/api/quality/thresholds").status, 403);
}

/// A download of Athena, as small as it can be.
fn athena(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    file(
        "CONCEPT.csv",
        "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
         201826\tType 2 diabetes mellitus\tCondition\tSNOMED\tDisorder\tS\t44054006\t20020131\t20991231\t\n\
         1567956\tType 2 diabetes mellitus without complications\tCondition\tICD10CM\t4-char\t\tE11.9\t20070101\t20991231\t\n\
         3004410\tHemoglobin A1c/Hemoglobin.total in Blood\tMeasurement\tLOINC\tLab Test\tS\t4548-4\t19700101\t20991231\t\n",
    );
    file(
        "CONCEPT_RELATIONSHIP.csv",
        "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n1567956\t201826\tMaps to\t20070101\t20991231\t\n",
    );
    file(
        "CONCEPT_SYNONYM.csv",
        "concept_id\tconcept_synonym_name\tlanguage_concept_id\n201826\tAdult-onset diabetes\t4180186\n",
    );
    file(
        "VOCABULARY.csv",
        "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\nNone\tOMOP\tOMOP\tv5.0 30-AUG-25\t44819096\n",
    );
}

#[test]
fn concepts_are_searched_by_name_synonym_and_misspelling_within_vocabularies_and_domains() {
    let data = Data::new();
    let folder = data.path("athena");
    athena(&folder);
    let folder = folder.to_str().unwrap();
    data.done(&["vocabulary", "load", folder]);
    let served = data.serve(&[]);
    let search = |more: &[&str]| {
        let found = data.json(&[&["vocabulary", "search"], more, &["--json"]].concat());
        let ids = found["concepts"].as_array().unwrap().iter().map(|concept| concept["concept_id"].as_i64().unwrap());
        (ids.collect::<Vec<_>>(), found)
    };
    assert_eq!(search(&["diabetis melitus type 2"]).0[0], 201_826);
    let (ids, found) = search(&["adult onset diabetes"]);
    assert_eq!((ids[0], &found["concepts"][0]["matched"]), (201_826, &json!("Adult-onset diabetes")), "{found}");
    let (ids, found) = search(&["type 2 diabetes", "--vocabulary", "ICD10CM"]);
    assert_eq!((ids, &found["concepts"][0]["maps_to"][0]["concept_id"]), (vec![1_567_956], &json!(201_826)), "{found}");
    assert_eq!(search(&["hemoglobin", "--domain", "Measurement"]).0, [3_004_410]);
    assert!(search(&["hemoglobin", "--domain", "Condition"]).0.is_empty());
    assert!(search(&["bicycle"]).0.is_empty());
    let shown = data.done(&["vocabulary", "search", "diabetes"]);
    assert!(shown.contains("44054006") && shown.contains("SNOMED"), "{shown}");
    assert_eq!(served.client("").get("/api/vocabularies/search?q=diabetes").status, 401);
    // Without an index of names, and without vocabularies, it says what to do.
    data.done(&["vocabulary", "load", folder, "--no-search"]);
    for _ in 0..2 {
        let output = data.run(&["vocabulary", "search", "diabetes"]);
        assert!(!output.status.success() && text(&output.stderr).contains("medweave vocabulary load"), "{output:?}");
        data.run(&["vocabulary", "remove"]);
    }
}

/// A Python with DuckDB and duckcdm, in a virtual environment under the target folder; made once.
fn python() -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("python-omop-1");
    // Tests run in processes of their own: one makes it, the others wait.
    let making = std::fs::File::create(folder.with_extension("lock")).unwrap();
    making.lock().unwrap();
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if !ready.exists() {
        let run = |program: &Path, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).status();
            assert!(status.is_ok_and(|status| status.success()), "{arguments:?} failed: python3-venv is needed");
        };
        run(Path::new("python3"), &["-m", "venv", folder.to_str().unwrap()]);
        run(&python, &["-m", "pip", "install", "--quiet", "duckdb==1.5.5", "duckcdm==0.4.7"]);
        std::fs::write(ready, "").unwrap();
    }
    python
}

/// Some patients of the Synthea set: each table of the model against counts of the bundles, a write, the export in DuckDB, the lake
/// made again, Achilles and cohorts by duckcdm. `make bench` takes all 120.
#[test]
fn the_tables_of_synthea_are_as_counted_in_its_bundles_and_other_programs_read_them() {
    let Some(folder) = tables() else { return };
    let data = folder.parent().unwrap().parent().unwrap();
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/bench/omop.py");
    let few = ["--patients", "3", "--writes", "2", "--only", "isPrimaryKey.person"];
    let output =
        Command::new(python()).arg(tool).arg(env!("CARGO_BIN_EXE_medweave")).arg(data).args(few).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let told = text(&output.stdout);
    for words in ["39 of 39", "110 analyses, 0 failed", "RIGHT"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
