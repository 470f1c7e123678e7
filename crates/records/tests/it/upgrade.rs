//! Databases of earlier and later layouts.

use crate::house::{Change, House, everything};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{CheckOptions, Error, HistoryOf, HistoryQuery, IfEqual, Options, Records, Severity, query_pairs};

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
UPDATE feed SET kind = CASE kind & 7 WHEN 4 THEN 1 ELSE kind & 7 END;
PRAGMA user_version = 1;";

/// Turns a closed store into one of layout 2.
const BACK_TO_2: &str = "
UPDATE feed SET kind = CASE kind & 7 WHEN 4 THEN 1 ELSE kind & 7 END;
DELETE FROM setting WHERE name = 'extraction rules';
PRAGMA user_version = 2;";

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

#[test]
fn a_database_of_layout_2_learns_what_its_feed_did_not_say() {
    let mut house = House::new();
    let post = |id: &str| Change::Put {
        text: format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"Lu"}}]}}"#),
        if_match: None,
        if_equal: IfEqual::NewVersion,
        must_be_new: true,
    };
    let given = "6f1d2c3b-0a1b-4c2d-8e3f-a1b2c3d4e5f6";
    house.write(&everything(), vec![post(given)]).unwrap();
    house.put(r#"{"resourceType":"Patient","id":"named","active":true}"#).unwrap();
    house.put(r#"{"resourceType":"Organization","id":"o","name":"x"}"#).unwrap();
    house.delete("Patient", "named").unwrap();
    house.put(r#"{"resourceType":"Patient","id":"named","active":false}"#).unwrap();
    let history = |house: &House, of: HistoryOf<'_>| {
        let query = HistoryQuery { count: 100, ..HistoryQuery::default() };
        let page = house.records.history(&everything(), of, &query).unwrap();
        let said = page.versions.into_iter().map(|s| (s.id, s.version, s.change, s.naming)).collect::<Vec<_>>();
        assert_eq!(said.len() as u64, page.total);
        said
    };
    let of = [HistoryOf::System, HistoryOf::Type("Patient"), HistoryOf::Type("Organization")];
    let before = of.map(|of| history(&house, of));
    house.records.close();
    rusqlite::Connection::open(database(&house)).unwrap().execute_batch(BACK_TO_2).unwrap();
    house.reopen();
    assert_eq!(of.map(|of| history(&house, of)), before);
    assert!(house.folder.join("records/records.db.layout-2").exists());
    assert_eq!(found(&house, "Patient", "name=lu"), [given]);
}

/// As a store is that another version extracted: it holds other values, and an index that finds nothing.
const OTHER_RULES: &str = "
UPDATE setting SET value = '0.0' WHERE name = 'extraction rules';
UPDATE resource SET forward = x'' WHERE row % 2 = 0;
DELETE FROM run; DELETE FROM fence; DELETE FROM block;";

#[test]
fn what_other_rules_extracted_is_extracted_anew_and_goes_on_after_a_crash() {
    let mut house = House::new();
    let put = |no: usize| Change::Put {
        text: format!(
            r#"{{"resourceType":"Patient","id":"p{no}","gender":"{}","name":[{{"family":"Łu{no}"}}],"managingOrganization":{{"reference":"Organization/o{}"}}}}"#,
            if no.is_multiple_of(3) { "male" } else { "female" },
            no % 10
        ),
        if_match: None,
        if_equal: IfEqual::NewVersion,
        must_be_new: false,
    };
    house.write(&everything(), (0..9_000).map(put).collect()).unwrap();
    house.delete("Patient", "p8").unwrap();
    let queries =
        ["name=lu777&_count=1000", "organization=o7&gender=male&_count=1000", "_id=p8999", "identifier:missing=false"];
    let before = queries.map(|query| found(&house, "Patient", query));
    assert!(before[..3].iter().all(|ids| !ids.is_empty()));
    house.records.close();
    rusqlite::Connection::open(database(&house)).unwrap().execute_batch(OTHER_RULES).unwrap();
    let operator = access::Principal::new(access::PrincipalKind::Operator, 0, "root");
    let operator = access::Grant::for_test(operator, "system/*.cruds");
    let look = |house: &House| {
        records::check(&house.folder, &operator, CheckOptions::default(), &mut |_| {}).unwrap().findings
    };
    let findings = look(&house);
    assert!(
        matches!(&findings[..], [note] if note.severity == Severity::Note && note.place == "rules 0.0"),
        "{findings:?}"
    );

    let crash = std::panic::catch_unwind(|| crate::house::open(&house.folder, &|_| panic!("pulled the plug")));
    assert!(crash.is_err());
    let said = std::cell::RefCell::new(Vec::new());
    house.records =
        std::sync::Arc::new(crate::house::open(&house.folder, &|text| said.borrow_mut().push(text.to_owned())));
    let said = said.into_inner();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].ends_with("8999 of 8999 resources"), "{said:?}");

    assert_eq!(queries.map(|query| found(&house, "Patient", query)), before);
    house.put(r#"{"resourceType":"Patient","id":"p777","gender":"other"}"#).unwrap();
    assert!(found(&house, "Patient", "name:exact=Łu777").is_empty());
    house.records.close();
    assert_eq!(look(&house), []);
    // Once is enough.
    house.records = std::sync::Arc::new(crate::house::open(&house.folder, &|text| panic!("{text}")));
    assert_eq!(found(&house, "Patient", "gender=other"), ["p777"]);
}
