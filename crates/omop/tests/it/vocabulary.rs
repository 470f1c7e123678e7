//! Downloads of vocabularies, loaded.

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
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, text) in files() {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
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
