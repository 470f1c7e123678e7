//! Databases of earlier and later layouts.

use crate::house::{House, everything};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{Error, Options, Records, query_pairs};

/// Turns a closed store into one of layout 1 as far as a migration looks at it.
const BACK_TO_1: &str = "
DROP VIEW id_hash; DROP VIEW code_hash; DROP TABLE run; DROP TABLE fence; DROP TABLE block; DROP TABLE type_count;
DROP TABLE id_new; DROP TABLE id_mid; DROP TABLE id_old; DROP TABLE code_new; DROP TABLE code_mid; DROP TABLE code_old;
CREATE UNIQUE INDEX resource_id ON resource(type, id);
ALTER TABLE token_value ADD COLUMN hash INTEGER NOT NULL DEFAULT 0;
CREATE INDEX token_hash ON token_value(hash, system);
CREATE TABLE live(type, row); CREATE TABLE updated(type, updated_us, row); CREATE TABLE token(param, token, row);
CREATE TABLE reference(param, target, row); CREATE TABLE date(param, low, span, row); CREATE TABLE date_long(param, low, high, row);
CREATE TABLE text(param, value, row); CREATE TABLE number(param, low, high, row);
CREATE TABLE quantity(param, unit, low, high, row); CREATE TABLE code_date(param, token, low, high, row);
PRAGMA user_version = 1;";

fn found(house: &House, resource_type: &str, query: &str) -> Vec<String> {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let query = SearchQuery::parse(resource_type, query_pairs(query), &options).unwrap();
    let page = house.records.search(&everything(), &query).unwrap();
    page.matches.into_iter().map(|stored| stored.id).collect()
}

fn database(house: &House) -> std::path::PathBuf {
    house.folder.join("records/records.db")
}

#[test]
fn a_database_of_layout_1_is_migrated_and_a_copy_set_aside() {
    let mut house = House::new();
    for no in 0..40 {
        let gender = if no % 2 == 0 { "male" } else { "female" };
        let text = format!(
            r#"{{"resourceType":"Patient","id":"p{no}","gender":"{gender}","birthDate":"19{:02}-01-01","name":[{{"family":"Lu{no}"}}],"identifier":[{{"system":"urn:mrn","value":"m{no}"}}]}}"#,
            50 + no
        );
        house.put(&text).unwrap();
    }
    house.put(r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"code":"718-7"}]},"subject":{"reference":"Patient/p3"},"valueQuantity":{"value":5.4,"code":"g/L","system":"http://unitsofmeasure.org"}}"#).unwrap();
    house.delete("Patient", "p7").unwrap();
    let queries = [
        ("Patient", "gender=female&_count=100"),
        ("Patient", "birthdate=ge1980&_count=100"),
        ("Patient", "name=lu1"),
        ("Patient", "identifier=urn:mrn|m12"),
        ("Patient", "_id=p5"),
        ("Observation", "patient=p3"),
        ("Observation", "value-quantity=5.4||g/L"),
        ("Observation", "patient.gender=female"),
    ];
    let before: Vec<_> = queries.iter().map(|(of, query)| found(&house, of, query)).collect();
    assert!(before.iter().all(|ids| !ids.is_empty()));
    house.records.close();
    rusqlite::Connection::open(database(&house)).unwrap().execute_batch(BACK_TO_1).unwrap();
    house.reopen();
    let after: Vec<_> = queries.iter().map(|(of, query)| found(&house, of, query)).collect();
    assert_eq!(after, before);
    assert_eq!(house.records.counts(&everything()).unwrap(), [("Observation", 1), ("Patient", 39)]);
    assert!(house.folder.join("records/records.db.layout-1").exists());
    // It goes on as any other: updates find what they replace.
    house.put(r#"{"resourceType":"Patient","id":"p5","gender":"other"}"#).unwrap();
    assert_eq!(found(&house, "Patient", "gender=other"), ["p5"]);
    assert!(found(&house, "Patient", "name=lu5").is_empty());
}

#[test]
fn a_database_of_a_later_layout_is_refused_by_name() {
    let house = House::new();
    house.records.close();
    rusqlite::Connection::open(database(&house)).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let options = Options { clock: Box::new(|| 0), randomness: Box::new(|| [0; 16]) };
    let error = Records::open(&house.folder, options).err().unwrap();
    assert!(matches!(&error, Error::Layout(text) if text.contains("layout 99")), "{error}");
}
