use crate::house::House;
use intake::fhir_door::{Interaction, refusal};
use records::{Change, Error};

fn create(condition: Option<&str>) -> Interaction {
    Interaction::Create { resource_type: "Patient".into(), if_none_exist: condition.map(str::to_owned) }
}

fn status(result: Result<Option<records::Outcome>, Error>) -> u16 {
    refusal(&result.unwrap_err()).status
}

const KNOWN: &str = r#"{"resourceType":"Patient","identifier":[{"system":"a","value":"1"}]}"#;

#[test]
fn creates_give_new_ids_unless_a_condition_matches() {
    let house = House::new();
    let first = house.one(create(None), KNOWN).unwrap().unwrap();
    let second = house.one(create(Some("identifier=a|1")), KNOWN).unwrap().unwrap();
    assert_eq!((second.id.as_str(), second.change), (first.id.as_str(), Change::Unchanged));
    let third = house.one(create(None), KNOWN).unwrap().unwrap();
    assert_ne!(third.id, first.id);
    assert_eq!(status(house.one(create(Some("identifier=a|1")), KNOWN)), 412);
    assert_eq!(status(house.one(create(None), r#"{"resourceType":"Basic","code":{}}"#)), 400);
    assert_eq!(status(house.one(create(None), "{")), 400);
}

#[test]
fn updates_need_the_id_of_the_url_and_make_versions() {
    let house = House::new();
    let update = |id: &str, if_match| Interaction::Update { resource_type: "Patient".into(), id: id.into(), if_match };
    let body = r#"{"resourceType":"Patient","id":"x"}"#;
    assert_eq!(house.one(update("x", None), body).unwrap().unwrap().change, Change::Created);
    assert_eq!(house.one(update("x", Some(1)), body).unwrap().unwrap().version, 2);
    assert_eq!(status(house.one(update("x", Some(1)), body)), 412);
    assert_eq!(status(house.one(update("y", None), body)), 400);
    assert_eq!(status(house.one(update("x", None), r#"{"resourceType":"Patient"}"#)), 400);
    assert_eq!(status(house.one(update("a b", None), r#"{"resourceType":"Patient","id":"a b"}"#)), 400);
}

#[test]
fn conditional_updates_create_update_or_refuse() {
    let house = House::new();
    let update =
        || Interaction::UpdateWhere { resource_type: "Patient".into(), query: "identifier=a|1".into(), if_match: None };
    let first = house.one(update(), KNOWN).unwrap().unwrap();
    assert_eq!(first.change, Change::Created);
    let second = house.one(update(), KNOWN).unwrap().unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    let other = KNOWN.replace("\"Patient\"", "\"Patient\",\"id\":\"other\"");
    assert_eq!(status(house.one(update(), &other)), 400);
    house.put(&other);
    assert_eq!(status(house.one(update(), KNOWN)), 412);
}

#[test]
fn deletes_of_what_is_not_there_are_no_error() {
    let house = House::new();
    let delete = |id: &str| Interaction::Delete { resource_type: "Patient".into(), id: id.into(), if_match: None };
    assert_eq!(house.one(delete("none"), "").unwrap(), None);
    house.put(&KNOWN.replace("\"Patient\"", "\"Patient\",\"id\":\"1\""));
    let found = Interaction::DeleteWhere { resource_type: "Patient".into(), query: "identifier=a|1".into() };
    assert_eq!(house.one(found.clone(), "").unwrap().unwrap().change, Change::Deleted);
    assert_eq!(house.one(found, "").unwrap(), None);
    assert_eq!(house.one(delete("1"), "").unwrap().unwrap().change, Change::Unchanged);
}

#[test]
fn patches_keep_digits_and_identity() {
    let house = House::new();
    house.put(r#"{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}"#);
    let patch = |if_match| Interaction::Patch { resource_type: "Observation".into(), id: "1".into(), if_match };
    let done = house.one(patch(Some(1)), r#"[{"op":"replace","path":"/status","value":"amended"}]"#).unwrap().unwrap();
    assert_eq!(done.version, 2);
    assert_eq!(house.member("Observation", "1", "valueQuantity"), r#"{"value":1.10}"#);
    for (body, expected) in [
        (r#"[{"op":"test","path":"/status","value":"final"}]"#, 422),
        (r#"[{"op":"replace","path":"/id","value":"2"}]"#, 422),
        (r#"[{"op":"replace","path":"/resourceType","value":"Basic"}]"#, 422),
        (r#"[{"op":"replace","path":"/status","value":"nonsense"}]"#, 422),
        (r#"{"op":"remove"}"#, 400),
    ] {
        assert_eq!(status(house.one(patch(None), body)), expected, "{body}");
    }
    assert_eq!(status(house.one(patch(Some(1)), r#"[{"op":"remove","path":"/status"}]"#)), 412);
    let gone = Interaction::Patch { resource_type: "Observation".into(), id: "9".into(), if_match: None };
    assert_eq!(status(house.one(gone, "[]")), 404);
}
