//! What the page on SQL says is true: its questions have these answers, its scripts run.

use crate::house::{House, duckdb_python};
use std::process::Command;

const PAGE: &str = include_str!("../../../../docs/sql.md");

/// The page's blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    PAGE.split(begin.as_str()).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// The ten questions.
pub fn questions() -> Vec<&'static str> {
    let block = blocks("sql")[0];
    let questions: Vec<_> = block.split(';').map(str::trim).filter(|question| !question.is_empty()).collect();
    assert_eq!(questions.len(), 10);
    questions
}

/// A small ward, in which each question has an answer that can be worked out by hand.
fn ward() -> House {
    let house = House::new();
    let loinc = |code: &str| format!(r#"{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}}"#);
    let hba1c = |id: &str, patient: &str, at: &str, value: &str| {
        let code = loinc("4548-4");
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{code},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{at}","valueQuantity":{{"value":{value},"unit":"%"}}}}"#
        )
    };
    let stay = |id: &str, from: &str, to: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/a"}},"period":{{"start":"{from}","end":"{to}"}}}}"#
        )
    };
    let (systolic, diastolic, pressure) = (loinc("8480-6"), loinc("8462-4"), loinc("85354-9"));
    for resource in [
        r#"{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1950-06-01"}"#.to_owned(),
        r#"{"resourceType":"Patient","id":"b","gender":"male","birthDate":"1980-06-01"}"#.to_owned(),
        r#"{"resourceType":"Patient","id":"c","gender":"male","birthDate":"1940","deceasedBoolean":true}"#.to_owned(),
        hba1c("o1", "a", "2019-01-02T08:00:00Z", "9.0"),
        hba1c("o2", "a", "2020-03-01T08:00:00Z", "8.0"),
        hba1c("o3", "a", "2020-05-01T08:00:00Z", "7.0"),
        hba1c("o4", "b", "2020-05-01T08:00:00Z", "5.2"),
        r#"{"resourceType":"Condition","id":"d","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"code":"44054006","display":"Diabetes"}]},"subject":{"reference":"Patient/a"},"onsetDateTime":"2020-01-01"}"#.to_owned(),
        stay("e1", "2020-01-01T00:00:00Z", "2020-01-05T00:00:00Z"),
        stay("e2", "2020-01-20T00:00:00Z", "2020-01-22T00:00:00Z"),
        stay("e3", "2020-06-01T00:00:00Z", "2020-06-04T00:00:00Z"),
        r#"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"code":"6809","display":"Metformin"}]},"subject":{"reference":"Patient/a"},"authoredOn":"2020-02-01"}"#.to_owned(),
        format!(r#"{{"resourceType":"Observation","id":"bp","status":"final","code":{pressure},"subject":{{"reference":"Patient/b"}},"effectiveDateTime":"2020-01-01T09:00:00Z","component":[{{"code":{systolic},"valueQuantity":{{"value":131}}}},{{"code":{diastolic},"valueQuantity":{{"value":84}}}}]}}"#),
        r#"{"resourceType":"AllergyIntolerance","id":"p","criticality":"high","code":{"coding":[{"code":"91936005","display":"Penicillin"}]},"patient":{"reference":"Patient/b"},"reaction":[{"manifestation":[{"coding":[{"code":"247472004","display":"Hives"}]}]}]}"#.to_owned(),
    ] {
        house.put(&resource);
    }
    house
}

#[test]
fn every_sample_question_has_the_answer_that_can_be_worked_out_by_hand() {
    let house = ward();
    let answers: Vec<String> = questions().into_iter().map(|question| house.ask(question)).collect();
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&answers[0]), ["female,1,1950-06-01,1950-06-01", "male,1,1980-06-01,1980-06-01"]);
    assert_eq!(sorted(&answers[1]), ["a,2020-05-01T08:00:00Z,7,%", "b,2020-05-01T08:00:00Z,5.2,%"]);
    assert_eq!(answers[2], "7,2,7.5\n");
    assert_eq!(answers[3], "1\n");
    assert_eq!(answers[4], "Metformin,1,2,7.5\n");
    assert_eq!(answers[5], "b,2020-01-01T09:00:00Z,131,84\n");
    assert_eq!(answers[6], "Diabetes,1\n");
    assert_eq!(answers[7], "b,Penicillin,high,Hives\n");
    assert_eq!(answers[8], "2020,3,3\n");
    assert_eq!(answers[9].lines().count(), 10);
    house.lake().flush().unwrap();
    let flushed: Vec<String> = questions().into_iter().map(|question| house.ask(question)).collect();
    assert_eq!(
        flushed.iter().map(|text| sorted(text)).collect::<Vec<_>>(),
        answers.iter().map(|text| sorted(text)).collect::<Vec<_>>()
    );
}

#[test]
fn the_scripts_that_read_the_files_run_as_they_stand_on_the_page() {
    let house = ward();
    house.lake().flush().unwrap();
    std::os::unix::fs::symlink(&house.folder, house.folder.join("medweave-data")).unwrap();
    let scripts: Vec<_> = blocks("python").into_iter().filter(|script| script.contains("medweave-data/lake")).collect();
    assert_eq!(scripts.len(), 2);
    for script in scripts {
        let output = Command::new(duckdb_python())
            .arg("-c")
            .arg(script)
            .current_dir(&house.folder)
            // The extension is unpacked into the home folder.
            .env("HOME", &house.folder)
            .output()
            .unwrap();
        let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{error}");
        // What goes before the last line is progress.
        assert_eq!(said.lines().last().unwrap_or_default().trim_matches(|c| "[(,)]".contains(c)), "3", "{script}");
    }
}
