//! Downloads of vocabularies, loaded.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use omop::vocabulary::{LoadOptions, Search, Vocabulary, load};
use std::io::Write;
use std::path::Path;

const CONCEPT: &str = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
    3004410\tHemoglobin A1c/Hemoglobin.total in Blood\tMeasurement\tLOINC\tLab Test\tS\t4548-4\t19700101\t20991231\t\n\
    201826\tType 2 diabetes mellitus\tCondition\tSNOMED\tDisorder\tS\t44054006\t20020131\t20991231\t\n\
    1567956\tType 2 diabetes mellitus without complications\tCondition\tICD10CM\t4-char\t\tE11.9\t20070101\t20991231\t\n\
    9\tTube 5\" long\tDevice\tLocal\tThing\t\tT5\t20070101\t20991231\t\n\
    2106280\t\tProcedure\tCPT4\tCPT4\tS\t99213\t19700101\t20991231\t\n\
    200\tOld name of diabetes\tCondition\tSNOMED\tDisorder\t\t1\t20020131\t20100131\tU\n";
const RELATIONSHIP: &str = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
    1567956\t201826\tMaps to\t20070101\t20991231\t\n\
    200\t201826\tMaps to\t20070101\t20991231\tD\n\
    201826\t201826\tMaps to\t20070101\t20991231\t\n\
    9\t201826\tMaps to value\t20070101\t20991231\t\n";
const SYNONYM: &str = "concept_id\tconcept_synonym_name\tlanguage_concept_id\n201826\tDiabetes mellitus type II\t4180186\n201826\tAdult-onset diabetes\t4180186\n";
const VOCABULARY: &str = "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\n\
    None\tOMOP Standardized Vocabularies\tOMOP generated\tv5.0 30-AUG-25\t44819096\n\
    SNOMED\tSystematic Nomenclature\thttp://x\t2025-02-01\t44819097\n\
    CPT4\tCurrent Procedural Terminology\thttp://x\t2025\t44819100\n";

fn files() -> [(&'static str, &'static str); 4] {
    [
        ("CONCEPT.csv", CONCEPT),
        ("CONCEPT_RELATIONSHIP.csv", RELATIONSHIP),
        ("CONCEPT_SYNONYM.csv", SYNONYM),
        ("VOCABULARY.csv", VOCABULARY),
    ]
}

fn zipped(path: &Path) {
    archive(path, &files());
}

fn archive(path: &Path, files: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn a_download_of_athena_is_loaded_searched_and_replaced() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("vocabulary_download_v5.zip");
    zipped(&archive);
    let vocabulary = Vocabulary::open(data.path()).unwrap();
    assert!(vocabulary.current().is_none());
    let report = load(&vocabulary, &archive, &LoadOptions::at(1), |_| {}).unwrap();
    let loaded = vocabulary.current().unwrap();
    assert_eq!(loaded.version, "v5.0 30-AUG-25");
    assert_eq!(
        loaded.files("concept").map(|(_, names, rows)| (names, rows)),
        Some((vec!["concept.parquet".into()], 6))
    );
    assert_eq!(loaded.files("maps_to").map(|files| files.2), Some(2));
    assert_eq!(loaded.files("concept_ancestor"), None);
    let licences: Vec<&str> = report.licences.iter().map(|licence| licence.vocabulary).collect();
    assert_eq!(licences, ["CPT4", "LOINC", "SNOMED"]);
    assert!(
        loaded.notes.iter().any(|note| note.starts_with("1 concepts of CPT4 have no name: ")),
        "{:?}",
        loaded.notes
    );
    // A lone quote is a character like any other.
    let all = Search { vocabularies: Vec::new(), domains: Vec::new(), limit: 5 };
    assert_eq!(
        loaded.search("tube 5 long", &all).unwrap().first().map(|hit| hit.name.clone()),
        Some("Tube 5\" long".into())
    );
    // Misspelled, by a synonym, and mapped to what is standard.
    let hit = loaded.search("diabetis melitus type ii", &all).unwrap().remove(0);
    assert_eq!((hit.concept_id, hit.matched.as_str(), hit.is_standard), (201_826, "Diabetes mellitus type II", true));
    let icd = Search { vocabularies: vec!["ICD10CM".into()], ..all.clone() };
    let hit = loaded.search("type 2 diabetes", &icd).unwrap().remove(0);
    assert_eq!(
        (hit.code.as_str(), hit.maps_to.as_slice()),
        ("E11.9", &[(201_826, "Type 2 diabetes mellitus".to_owned())][..])
    );
    assert_eq!(loaded.concept_of("LOINC", "4548-4").unwrap().map(|hit| hit.concept_id), Some(3_004_410));
    assert_eq!(loaded.concept_of("LOINC", "0").unwrap(), None);

    // What is no download changes nothing.
    let other = data.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("CONCEPT.csv"), CONCEPT).unwrap();
    assert!(load(&vocabulary, &other, &LoadOptions::at(2), |_| {}).is_err());
    assert_eq!(vocabulary.current().map(|loaded| loaded.id.clone()), Some(loaded.id.clone()));
    // Another takes its place, from a folder.
    for (name, text) in files() {
        std::fs::write(other.join(name), text.replace("30-AUG-25", "27-FEB-26")).unwrap();
    }
    load(&vocabulary, &other, &LoadOptions::at(3), |_| {}).unwrap();
    let versions: Vec<String> = vocabulary.list().unwrap().iter().map(|loaded| loaded.version.clone()).collect();
    assert_eq!(versions, ["v5.0 27-FEB-26"]);
    assert!(vocabulary.remove().unwrap());
    assert!(vocabulary.current().is_none() && vocabulary.list().unwrap().is_empty());
}

/// Rows of the table of codes and their targets: vocabulary, code, source, target, domain, value.
fn mapped(vocabulary: &Vocabulary) -> Vec<String> {
    let (folder, names, _) = vocabulary.current().unwrap().files("maps_to").unwrap();
    let file = std::fs::File::open(folder.join(&names[0])).unwrap();
    let batches =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.unwrap();
        let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
        let number = |column: usize, row: usize| {
            let cells = batch.column(column).as_primitive::<Int64Type>();
            if cells.is_null(row) { "-".to_owned() } else { cells.value(row).to_string() }
        };
        for row in 0..batch.num_rows() {
            let (source, target, value) = (number(2, row), number(3, row), number(5, row));
            rows.push(format!("{} {} {source} {target} {} {value}", text(0, row), text(1, row), text(4, row)));
        }
    }
    rows
}

#[test]
fn codes_map_to_valid_standard_concepts_and_values_by_valid_relationships() {
    let folder = tempfile::tempdir().unwrap();
    let concept = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
        40\tTarget two\tObservation\tSNOMED\tx\tS\tT2\t19700101\t20991231\t\n\
        10\tSource b\tCondition\tICD10\tx\t\tB\t19700101\t20991231\t\n\
        30\tTarget\tCondition\tSNOMED\tx\tS\tT1\t19700101\t20991231\t\n\
        20\tSource a\tCondition\tICD10\tx\t\tA\t19700101\t20991231\t\n\
        50\tDeprecated\tCondition\tSNOMED\tx\tS\tT3\t19700101\t20991231\tU\n\
        60\tNot standard\tCondition\tSNOMED\tx\tC\tT4\t19700101\t20991231\t\n";
    let relationship = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
        20\t40\tMaps to\t19700101\t20991231\t\n\
        20\t30\tMaps to\t19700101\t20991231\t\n\
        20\t70\tMaps to value\t19700101\t20991231\t\n\
        20\t65\tMaps to value\t19700101\t20991231\t\n\
        20\t64\tMaps to value\t19700101\t20991231\tD\n\
        10\t50\tMaps to\t19700101\t20991231\t\n\
        10\t60\tMaps to\t19700101\t20991231\t\n\
        10\t30\tIs a\t19700101\t20991231\t\n\
        10\t40\tMaps to\t19700101\t20991231\tD\n\
        15\t30\tMaps to\t19700101\t20991231\t\n\
        30\t30\tMaps to\t19700101\t20991231\t\n\
        99\t30\tMaps to\t19700101\t20991231\t\n";
    let path = folder.path().join("athena.zip");
    archive(
        &path,
        &[("CONCEPT.csv", concept), ("CONCEPT_RELATIONSHIP.csv", relationship), ("VOCABULARY.csv", VOCABULARY)],
    );
    let vocabulary = Vocabulary::open(folder.path()).unwrap();
    load(&vocabulary, &path, &LoadOptions::at(1), |_| {}).unwrap();
    let expected = ["ICD10 A 20 30 Condition 65", "ICD10 A 20 40 Observation 65", "SNOMED T1 30 30 Condition -"];
    assert_eq!(mapped(&vocabulary), expected);
    let found = vocabulary.current().unwrap().maps_to(20).unwrap();
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [30, 40]);
}

#[test]
fn an_archive_that_is_cut_off_or_damaged_anywhere_leaves_the_vocabulary_before_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("athena.zip");
    zipped(&archive);
    let vocabulary = Vocabulary::open(data.path()).unwrap();
    load(&vocabulary, &archive, &LoadOptions::at(1), |_| {}).unwrap();
    let before = vocabulary.current().unwrap().id.clone();
    let whole = std::fs::read(&archive).unwrap();
    let bad = data.path().join("bad.zip");
    let mut refused = 0;
    let mut try_it = |bytes: &[u8], at_us: i64, must: bool| {
        std::fs::write(&bad, bytes).unwrap();
        let result = load(&vocabulary, &bad, &LoadOptions::at(at_us), |_| {});
        assert!(result.is_err() || !must, "{at_us} was taken");
        if let Err(error) = result {
            refused += 1;
            assert!(!error.to_string().is_empty());
            assert_eq!(vocabulary.current().map(|loaded| loaded.id.clone()), Some(before.clone()));
            // Nothing is left of it but what was there.
            assert_eq!(vocabulary.list().unwrap().len(), 1);
        }
    };
    for share in [0, 1, 2, 5, 8, 9] {
        try_it(&whole[..whole.len() * share / 10], 10 + share as i64, true);
    }
    // A byte of the compressed content of the first file is another.
    for at in [60, 100, 150] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        try_it(&bytes, 100 + at as i64, true);
    }
    assert_eq!(refused, 9);
}

#[test]
fn what_a_load_left_that_was_killed_is_swept_by_the_next_and_the_vocabulary_before_answers() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("athena.zip");
    zipped(&archive);
    let vocabulary = Vocabulary::open(data.path()).unwrap();
    load(&vocabulary, &archive, &LoadOptions::at(1), |_| {}).unwrap();
    // A load that did not come to its end: a folder that nothing names, with some of its files.
    let root = data.path().join("omop/vocabulary");
    let half = root.join("v2");
    std::fs::create_dir_all(half.join("raw")).unwrap();
    std::fs::write(half.join("concept.parquet"), b"PAR1").unwrap();
    let again = Vocabulary::open(data.path()).unwrap();
    assert_eq!(again.current().unwrap().id, "v1");
    assert_eq!(again.list().unwrap().len(), 1);
    assert!(again.current().unwrap().concept_of("LOINC", "4548-4").unwrap().is_some());
    // The same archive once more is a load of its own, and what was left goes.
    load(&again, &archive, &LoadOptions::at(3), |_| {}).unwrap();
    assert_eq!(again.current().unwrap().id, "v3");
    let mut left: Vec<String> =
        std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["CURRENT", "v3"]);
    assert_eq!(again.current().unwrap().version, "v5.0 30-AUG-25");
}
