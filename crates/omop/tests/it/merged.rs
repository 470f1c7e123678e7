//! What was told under a number that is another person's now.

use crate::house::House;

const OLD: &str = r#"{"resourceType":"Patient","id":"old","birthDate":"1970-02-03","deceasedDateTime":"2024-05-05",
  "link":[{"other":{"reference":"Patient/new"},"type":"replaced-by"}]}"#;
const NEW: &str = r#"{"resourceType":"Patient","id":"new","birthDate":"1970-02-03"}"#;

fn encounter(id: &str, patient: &str, rest: &str) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/{patient}"}}{rest}}}"#
    )
}

#[test]
fn a_death_that_is_told_of_a_merged_record_alone_is_the_persons() {
    let house = House::bare();
    house.put(&[
        OLD,
        NEW,
        r#"{"resourceType":"Observation","id":"cause","status":"final","subject":{"reference":"Patient/old"},"effectiveDateTime":"2024-05-05",
            "code":{"coding":[{"system":"http://loinc.org","code":"69453-9"}]},"valueString":"Flu"}"#,
    ]);
    let deaths = "SELECT d.death_date, d.cause_source_value FROM omop.death d JOIN omop.person p USING (person_id)";
    assert_eq!(house.ask(deaths), "2024-05-05,Flu\n");
    assert_eq!(house.ask("SELECT count(*) FROM omop.observation"), "0\n");
    // What the person's own record says counts more.
    house.put(&[&NEW.replace(r#""birthDate""#, r#""deceasedDateTime":"2024-06-06T10:00:00Z","birthDate""#)]);
    assert_eq!(house.ask(deaths), "2024-06-06,Flu\n");
    house.put(&[&OLD.replace("deceasedDateTime\":\"2024-05-05", "deceasedBoolean\":true,\"gender\":\"male"), NEW]);
    assert_eq!(house.ask(deaths), "");
    let told = "SELECT resource_id, reason FROM omop_report.excluded WHERE resource_type = 'Patient' ORDER BY 2";
    assert_eq!(house.ask(told), "old,death-without-date\nold,replaced\n");
}

#[test]
fn an_encounter_is_part_of_one_that_was_told_under_another_number_of_the_person() {
    let house = House::bare();
    let part = r#","partOf":{"reference":"Encounter/whole"},"period":{"start":"2024-01-02","end":"2024-01-03"}"#;
    house.put(&[
        NEW,
        &OLD.replace("replaced-by", "seealso"),
        &encounter("whole", "old", r#","period":{"start":"2024-01-01","end":"2024-01-05"}"#),
        &encounter("part", "new", part),
    ]);
    let details =
        "SELECT count(*) FROM omop.visit_detail d JOIN omop.visit_occurrence v USING (visit_occurrence_id, person_id)";
    assert_eq!(house.ask(details), "0\n");
    house.put(&[OLD]);
    assert_eq!(house.ask(details), "1\n");
    assert_eq!(house.ask("SELECT count(*) FROM omop.visit_occurrence"), "1\n");
    // As before, once they are told apart again.
    house.put(&[&OLD.replace("replaced-by", "seealso")]);
    assert_eq!(house.ask(details), "0\n");
}
