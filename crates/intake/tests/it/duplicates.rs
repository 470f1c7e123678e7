//! Records of one person: found, linked, merged, taken apart again.

use crate::house::{House, everything, grant};
use fhir::json::{Document, Tree};
use intake::fhir_door::Interaction;
use intake::identity::{Asked, By, How, Identity, Link, Named, Shown, State, decide, merge};
use records::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ADA: &str = r#"{"resourceType":"Patient","id":"ada","identifier":[{"system":"urn:mrn","value":"1"},{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123-45-6780"}],"name":[{"family":"Lovelace","given":["Ada"]}],"telecom":[{"system":"phone","value":"(617) 555-8123"}],"gender":"female","birthDate":"1980-03-12"}"#;
const AGAIN: &str = r#"{"resourceType":"Patient","id":"again","identifier":[{"system":"urn:mrn","value":"2"}],"name":[{"text":"ADA LOVELACE"}],"telecom":[{"system":"phone","value":"+1 617 555 8123"}],"gender":"female","birthDate":"1980-03-12"}"#;
const OTHER: &str = r#"{"resourceType":"Patient","id":"other","identifier":[{"system":"urn:mrn","value":"3"}],"name":[{"family":"Byron","given":["Ada"]}],"telecom":[{"system":"phone","value":"617 555 8123"}],"gender":"female","birthDate":"1952-07-01"}"#;

struct Register {
    house: House,
    identity: Option<Identity>,
}

impl Register {
    fn new() -> Register {
        let house = House::new();
        let mut register = Register { house, identity: None };
        register.open();
        register
    }

    fn folder(&self) -> PathBuf {
        self.house.folder().join("identity")
    }

    fn open(&mut self) {
        self.identity = None;
        let grant = grant("system/*.rs system/Linkage.cud");
        let opened = Identity::open(&self.folder(), Arc::clone(&self.house.records), grant).unwrap();
        self.identity = Some(opened);
    }

    fn identity(&self) -> &Identity {
        self.identity.as_ref().unwrap()
    }

    fn put(&self, resource: &str) {
        let document = Document::parse(resource.as_bytes()).unwrap();
        let text = |name: &str| document.root().get(name).unwrap().as_str().unwrap().into_owned();
        let interaction = Interaction::Update { resource_type: text("resourceType"), id: text("id"), if_match: None };
        self.house.one(interaction, resource).unwrap();
    }

    /// Waits until everything that came was looked at, what was written meanwhile too.
    fn settle(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let head = self.house.records.head();
            if self.identity().position().unwrap() >= head && self.house.records.head() == head {
                return;
            }
            assert!(Instant::now() < deadline, "the feed is not followed");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn links(&self, state: Option<State>) -> Vec<Shown> {
        self.settle();
        self.identity().list(&everything(), state, None, 100).unwrap().0
    }

    fn waiting(&self) -> Vec<[String; 2]> {
        self.links(Some(State::Waiting)).into_iter().map(|shown| shown.link.patients).collect()
    }

    fn ask(&self, asked: Asked) -> Result<Link, Error> {
        self.ask_of(["ada", "again"], asked)
    }

    fn ask_of(&self, pair: [&str; 2], asked: Asked) -> Result<Link, Error> {
        let patients = pair.map(str::to_owned);
        decide(&self.house.records, &everything(), &patients, asked, By::default()).map(|decided| decided.link)
    }

    fn patient(&self, id: &str) -> Tree {
        let stored = self.house.records.read(&everything(), "Patient", id).unwrap();
        Tree::from(Document::parse(stored.json.as_bytes()).unwrap().root())
    }

    /// `active`, and type and patient of each link.
    fn says(&self, id: &str) -> String {
        let patient = self.patient(id);
        let mut said: Vec<String> =
            patient.get("active").map(|active| format!("active {active}")).into_iter().collect();
        for link in patient.get("link").map_or(&[][..], Tree::items) {
            let kind = link.get("type").and_then(Tree::as_str).unwrap();
            let other = link.get("other").and_then(|other| other.get("reference")).and_then(Tree::as_str).unwrap();
            said.push(format!("{kind} {other}"));
        }
        said.join(", ")
    }
}

fn into(id: &str) -> Asked {
    Asked::Merge { into: id.into() }
}

#[test]
fn two_records_of_one_person_wait_for_somebody_and_nothing_is_changed_in_them() {
    let register = Register::new();
    for patient in [ADA, AGAIN, OTHER] {
        register.put(patient);
    }
    let links = register.links(Some(State::Waiting));
    assert_eq!(links.len(), 1);
    let shown = &links[0];
    assert_eq!(shown.link.patients, ["ada", "again"]);
    assert!(shown.link.score > 0.99 && shown.compared.is_candidate);
    assert_eq!((register.says("ada"), register.says("again")), (String::new(), String::new()));
    assert_eq!(register.identity().one(&everything(), &shown.link.id).unwrap().link, shown.link);
    let of = register.identity().of_patient(&everything(), "again").unwrap();
    assert_eq!(of, [(shown.link.id.clone(), State::Waiting, "ada".to_owned())]);
}

#[test]
fn what_no_longer_agrees_no_longer_waits() {
    let register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    assert_eq!(register.waiting().len(), 1);
    // The birth date was typed wrong.
    register.put(&AGAIN.replace("1980-03-12", "1961-11-30"));
    assert_eq!(register.waiting().len(), 0);
    register.put(AGAIN);
    assert_eq!(register.waiting().len(), 1);
    register
        .house
        .one(Interaction::Delete { resource_type: "Patient".into(), id: "again".into(), if_match: None }, "")
        .unwrap();
    assert_eq!(register.waiting().len(), 0);
}

#[test]
fn what_is_said_is_done_and_taken_back_step_by_step() {
    let register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    register.settle();
    let link = register.ask(Asked::Same).unwrap();
    assert_eq!(link.state, State::Same);
    assert_eq!(
        (register.says("ada"), register.says("again")),
        ("seealso Patient/again".into(), "seealso Patient/ada".into())
    );
    assert!(register.ask(Asked::Same).is_err(), "it was said already");
    let link = register.ask(into("again")).unwrap();
    assert_eq!((link.state, link.survivor()), (State::Merged, Some("again")));
    assert_eq!(register.says("ada"), "active false, replaced-by Patient/again");
    assert_eq!(register.says("again"), "replaces Patient/ada");
    assert!(register.ask(Asked::Different).is_err(), "a merge is undone first");
    assert_eq!(register.links(Some(State::Merged)).len(), 1);
    assert_eq!(register.ask(Asked::Undo).unwrap().state, State::Same);
    assert_eq!(
        (register.says("ada"), register.says("again")),
        ("seealso Patient/again".into(), "seealso Patient/ada".into())
    );
    assert_eq!(register.ask(Asked::Undo).unwrap().state, State::Waiting);
    assert_eq!((register.says("ada"), register.says("again")), (String::new(), String::new()));
    assert!(register.ask(Asked::Undo).is_err(), "nothing was said");
    assert_eq!(register.ask(Asked::Different).unwrap().state, State::Different);
    // Said once to be two, they are not asked about again.
    register.put(&AGAIN.replace("ADA LOVELACE", "Ada Lovelace"));
    assert_eq!(register.waiting().len(), 0);
    let [shown] = &register.links(Some(State::Different))[..] else { panic!("one pair") };
    assert_eq!(shown.link.said.len(), 1);
    // Each step is a version, and leads to what was asked.
    let source = register.house.records.source(&everything(), "Linkage", &link.id, None).unwrap();
    let arrival = source.arrival;
    let bytes = register.house.records.arrival_bytes(&everything(), arrival.no, 0, 1_000).unwrap();
    assert!(String::from_utf8(bytes).unwrap().contains(r#""asked":"different""#));
}

#[test]
fn merges_of_several_are_undone_in_any_order() {
    let register = Register::new();
    for id in ["a", "b", "c"] {
        register.put(&ADA.replace(r#""id":"ada""#, &format!(r#""id":"{id}","active":true"#)));
    }
    register.ask_of(["a", "b"], into("b")).unwrap();
    register.ask_of(["b", "c"], into("c")).unwrap();
    // The first merge, of one who was merged on since.
    register.ask_of(["a", "b"], Asked::Undo).unwrap();
    assert_eq!(register.says("a"), "active true");
    assert_eq!(register.says("b"), "active false, replaced-by Patient/c");
    assert_eq!(register.says("c"), "active true, replaces Patient/b");
    let refused = register.ask_of(["a", "b"], into("b")).unwrap_err();
    assert!(refused.to_string().contains("was merged into Patient/c"), "{refused}");
    register.ask_of(["b", "c"], Asked::Undo).unwrap();
    assert_eq!(register.says("b"), "active true");
}

#[test]
fn what_a_message_merged_is_listed_and_can_be_taken_back() {
    let register = Register::new();
    let admit = |no: u8, number: &str| {
        format!(
            "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|{no}|P|2.5\rEVN|A28|20240102\rPID|1||{number}^^^HOSP^MR||Doe^Ann||19700102|F\r"
        )
    };
    for message in [
        admit(1, "12"),
        admit(2, "34"),
        "MSH|^~\\&|ADT|HOSP|||20240104||ADT^A40|3|P|2.5\rEVN|A40|20240104\rPID|1||34^^^HOSP^MR||Doe^Ann||19700102|F\rMRG|12^^^HOSP^MR\r".into(),
    ] {
        register.house.import("m.hl7", message.as_bytes());
    }
    let [shown] = &register.links(Some(State::Merged))[..] else { panic!("one pair") };
    let [one, other] = shown.link.patients.clone();
    assert_eq!(shown.link.found, None);
    let link = register.ask_of([&one, &other], Asked::Undo).unwrap();
    assert_eq!(link.state, State::Waiting);
    let said = [register.says(&one), register.says(&other)];
    assert_eq!(said, ["active true", "active true"]);
    // The message that takes a merge back does the same for what was merged by hand.
    register.ask_of([&one, &other], into(&one)).unwrap();
    register.house.import(
        "m.hl7",
        "MSH|^~\\&|ADT|HOSP|||20240105||ADT^A37|4|P|2.5\rEVN|A37|20240105\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\rPID|2||34^^^HOSP^MR||Doe^Ann||19700102|F\r".as_bytes(),
    );
    assert_eq!(register.links(None)[0].link.state, State::Waiting);
}

#[test]
fn a_merge_names_its_patients_by_id_or_by_identifiers() {
    let register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    let records = &register.house.records;
    let by = |all: &[&str]| {
        Named::Identifiers(all.iter().map(|value| ("urn:mrn".to_owned(), (*value).to_owned())).collect())
    };
    let nobody = merge(records, &everything(), (by(&["9"]), by(&["1"])), None, By::default(), How::Done);
    assert!(matches!(nobody, Err(Error::NoMatch { .. })));
    let same = merge(records, &everything(), (by(&["1"]), Named::Id("ada".into())), None, By::default(), How::Done);
    // A comma is part of the number, not another number.
    let odd = merge(records, &everything(), (by(&["9,1"]), Named::Id("again".into())), None, By::default(), How::Done);
    assert!(matches!(odd, Err(Error::NoMatch { .. })));
    let empty = merge(records, &everything(), (by(&[""]), Named::Id("again".into())), None, By::default(), How::Done);
    assert!(empty.unwrap_err().to_string().contains("a system and a value"));
    assert!(same.unwrap_err().to_string().contains("both are Patient/ada"));
    let old = r#""value":"2"},{"use":"old","system":"urn:mrn","value":"1"}"#;
    let result = AGAIN.replace(r#""value":"2"}"#, old);
    let result = Tree::from(Document::parse(result.as_bytes()).unwrap().root());
    let pair = (by(&["1"]), Named::Id("again".into()));
    let mut other = result.clone();
    other.set("id", "ada");
    let refused = merge(records, &everything(), pair.clone(), Some(other), By::default(), How::Done);
    assert!(refused.unwrap_err().to_string().contains("the target is Patient/again"));
    let mut less = result.clone();
    less.remove("identifier");
    let refused = merge(records, &everything(), pair.clone(), Some(less), By::default(), How::Done);
    assert!(refused.unwrap_err().to_string().contains("leaves out the identifier"));
    let by = || By { reason: Some("came twice".into()) };
    let tried = merge(records, &everything(), pair.clone(), Some(result.clone()), by(), How::Tried).unwrap();
    assert_eq!((tried.link.survivor(), tried.receipt.is_none()), (Some("again"), true));
    assert_eq!(register.says("ada"), "", "nothing was written");
    merge(records, &everything(), pair, Some(result), by(), How::Done).unwrap();
    assert_eq!(register.says("ada"), "active false, replaced-by Patient/again");
    assert_eq!(register.patient("again").get("identifier").unwrap().items().len(), 2);
    let [shown] = &register.links(Some(State::Merged))[..] else { panic!("one pair") };
    assert_eq!(shown.link.said[0].reason.as_deref(), Some("came twice"));
}

#[test]
fn whoever_may_not_see_or_change_patients_may_not_ask() {
    let register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    register.settle();
    for scopes in ["", "system/Observation.rs", "system/Patient.rs", "system/Linkage.rs"] {
        assert!(matches!(register.identity().list(&grant(scopes), None, None, 10), Err(Error::Denied(_))), "{scopes}");
    }
    let patients = ["ada".to_owned(), "again".to_owned()];
    for scopes in ["system/*.rs", "system/Patient.cruds", "system/Linkage.cruds"] {
        let asked = decide(&register.house.records, &grant(scopes), &patients, Asked::Same, By::default());
        assert!(matches!(asked, Err(Error::Denied(_))), "{scopes}");
    }
    assert_eq!(register.says("ada"), "");
}

#[test]
fn an_index_that_is_lost_is_made_again() {
    let mut register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    assert_eq!(register.waiting().len(), 1);
    register.ask(Asked::Same).unwrap();
    register.identity = None;
    std::fs::remove_dir_all(register.folder()).unwrap();
    register.open();
    assert_eq!(register.links(None).len(), 1);
    assert_eq!(register.links(Some(State::Same)).len(), 1);
}

#[test]
fn whoever_is_described_is_found() {
    let register = Register::new();
    for patient in [ADA, AGAIN, OTHER] {
        register.put(patient);
    }
    register.settle();
    let described = |json: &str| {
        let tree = Tree::from(Document::parse(json.as_bytes()).unwrap().root());
        let found = register.identity().matching(&everything(), &tree, 10).unwrap();
        found.into_iter().map(|found| format!("{} {}", found.stored.id, found.grade.code())).collect::<Vec<_>>()
    };
    let ada = r#"{"resourceType":"Patient","name":[{"family":"Lovelace","given":["Ada"]}],"birthDate":"1980-03-12","telecom":[{"value":"617-555-8123"}]}"#;
    assert_eq!(described(ada), ["ada probable", "again probable"]);
    let sure = ada.replace(
        r#""birthDate""#,
        r#""identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123456780"}],"birthDate""#,
    );
    assert_eq!(described(&sure), ["ada certain", "again probable"]);
    assert_eq!(described(r#"{"resourceType":"Patient","name":[{"text":"Nobody Known"}]}"#), Vec::<String>::new());
    let number = r#"{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"3"}]"#;
    assert_eq!(described(&format!("{number}}}")), ["other certain"]);
    assert_eq!(described(&format!(r#"{number},"birthDate":"2001-02-03"}}"#)), Vec::<String>::new());
    assert_eq!(described(&format!(r#"{number},"name":[{{"text":"Grace Hopper"}}]}}"#)), ["other possible"]);
    assert!(matches!(
        register.identity().matching(&grant("system/Patient.r"), &Tree::object(), 1),
        Err(Error::Denied(_))
    ));
}

#[test]
fn pages_of_links_hold_each_once() {
    let register = Register::new();
    for no in 0..7 {
        let number = format!("123-45-{:04}", 6_000 + no);
        let phone = format!("(617) 555-{:04}", 8_000 + no);
        let of = |id: &str, text: &str| {
            text.replace("123-45-6780", &number)
                .replace("(617) 555-8123", &phone)
                .replace("ada\"", &format!("{id}{no}\""))
        };
        register.put(&of("one", &ADA.replace("1980", &format!("{}", 1950 + no))));
        register.put(&of("two", &ADA.replace("1980", &format!("{}", 1950 + no))));
    }
    register.settle();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let (shown, page) = register.identity().list(&everything(), None, before.as_deref(), 3).unwrap();
        assert_eq!(page.waiting, 7);
        seen.extend(shown.into_iter().map(|one| one.link.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);
    assert!(register.identity().list(&everything(), None, Some("x"), 3).is_err());
}

const A40: &str = "MSH|^~\\&|ADT|HOSP|||20240104||ADT^A40|3|P|2.5\rEVN|A40|20240104\rPID|1||34^^^HOSP^MR||Doe^Ann||19700302|F\rMRG|12^^^HOSP^MR\r";
const A37: &str = "MSH|^~\\&|ADT|HOSP|||20240105||ADT^A37|4|P|2.5\rEVN|A37|20240105\rPID|1||12^^^HOSP^MR||Doe^Ann||19700302|F\rPID|2||34^^^HOSP^MR||Doe^Ann||19700302|F\r";

/// Two records that wait, and the ids of their patients.
fn two_that_wait() -> (Register, [String; 2]) {
    let register = Register::new();
    for number in ["12", "34"] {
        let message = format!(
            "MSH|^~\\&|ADT|HOSP|||20240102||ADT^A28|{number}|P|2.5\rEVN|A28|20240102\rPID|1||{number}^^^HOSP^MR||Doe^Ann||19700302|F|||||6175558123\r"
        );
        register.house.import("m.hl7", message.as_bytes());
    }
    let waiting = register.waiting();
    assert_eq!(waiting.len(), 1);
    let pair = waiting[0].clone();
    (register, pair)
}

#[test]
fn what_messages_do_to_a_pair_is_listed_whatever_was_said_of_it() {
    for said in [None, Some(Asked::Different), Some(Asked::Same)] {
        let (mut register, [one, other]) = two_that_wait();
        if let Some(said) = said.clone() {
            register.ask_of([&one, &other], said).unwrap();
        }
        register.house.import("m.hl7", A40.as_bytes());
        for _ in 0..2 {
            let merged = register.links(Some(State::Merged));
            assert_eq!(merged.len(), 1, "{said:?}");
            assert_eq!(register.links(None).len(), 1);
            // And in an index that is made anew.
            register.identity = None;
            std::fs::remove_dir_all(register.folder()).unwrap();
            register.open();
        }
        // What people said holds again.
        let undone = register.ask_of([&one, &other], Asked::Undo).unwrap();
        let expected = match said {
            Some(Asked::Different) => State::Different,
            Some(Asked::Same) => State::Same,
            _ => State::Waiting,
        };
        assert_eq!(undone.state, expected);
        assert_eq!(register.links(Some(expected)).len(), 1);
        let is_linked = register.says(&one).contains("seealso");
        assert_eq!(is_linked, expected == State::Same);
    }
}

#[test]
fn what_a_message_linked_can_be_taken_back() {
    let (register, [one, other]) = two_that_wait();
    let a24 = A37.replace("A37", "A24");
    register.house.import("m.hl7", a24.as_bytes());
    assert_eq!(register.links(Some(State::Same)).len(), 1);
    assert_eq!(register.ask_of([&one, &other], Asked::Undo).unwrap().state, State::Waiting);
    assert_eq!(register.links(Some(State::Waiting)).len(), 1);
    assert!(!register.patient(&one).to_string().contains("link"));
}

#[test]
fn what_a_message_took_apart_is_no_step_that_one_can_go_back_to() {
    let (register, [one, other]) = two_that_wait();
    register.ask_of([&one, &other], Asked::Same).unwrap();
    register.ask_of([&one, &other], into(&one)).unwrap();
    register.house.import("m.hl7", A37.as_bytes());
    assert_eq!(register.links(Some(State::Waiting)).len(), 1);
    register.ask_of([&one, &other], Asked::Different).unwrap();
    assert!(register.ask_of([&one, &other], into(&one)).is_err(), "two people are not merged");
    assert_eq!(register.ask_of([&one, &other], Asked::Undo).unwrap().state, State::Waiting);
    assert!(register.ask_of([&one, &other], Asked::Undo).is_err());
    assert!(!register.says(&one).contains("seealso"));
}

#[test]
fn who_was_merged_into_a_third_one_too_stays_so() {
    let register = Register::new();
    for id in ["a", "b", "c"] {
        register.put(&ADA.replace(r#""id":"ada""#, &format!(r#""id":"{id}","active":true"#)));
    }
    register.ask_of(["a", "b"], into("b")).unwrap();
    let a = register.patient("a").to_string();
    let too = r#""link":[{"other":{"reference":"Patient/c"},"type":"replaced-by"},"#;
    register.put(&a.replace(r#""link":["#, too));
    register.ask_of(["a", "b"], Asked::Undo).unwrap();
    assert_eq!(register.says("a"), "active false, replaced-by Patient/c");
}

#[test]
fn a_record_that_was_merged_leads_to_the_one_that_goes_on() {
    let register = Register::new();
    register.put(ADA);
    register.put(&AGAIN.replace(r#""telecom":[{"system":"phone","value":"+1 617 555 8123"}],"#, ""));
    register.ask(into("again")).unwrap();
    // The number and the telephone are on the record that ended.
    register.put(&ADA.replace(r#""id":"ada""#, r#""id":"third""#));
    assert_eq!(register.waiting(), [["again".to_owned(), "third".to_owned()]]);
}

#[test]
fn a_number_that_nobody_expects_stops_nothing() {
    let register = Register::new();
    register.put(&ADA.replace("123-45-6780", "110105198001010号"));
    register.put(ADA);
    register.put(AGAIN);
    assert_eq!(register.waiting().len(), 1);
}

#[test]
fn an_index_that_is_damaged_is_made_again() {
    let mut register = Register::new();
    register.put(ADA);
    register.put(AGAIN);
    register.settle();
    register.identity = None;
    for name in ["index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(register.folder().join(name));
    }
    std::fs::write(register.folder().join("index.db"), vec![7; 8_192]).unwrap();
    register.open();
    assert_eq!(register.waiting().len(), 1);
    // It was found again, not written again.
    let link = &register.links(None)[0].link;
    assert_eq!(register.house.records.read(&everything(), "Linkage", &link.id).unwrap().version, 1);
}
