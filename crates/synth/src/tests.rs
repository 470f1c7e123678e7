use crate::people::PEOPLE;
use crate::person::Person;
use crate::{Event, Hospital, Via};
use fhir::json::Document;
use fhir::validate::{Options, validate};
use hl7::map::{self, Outcome, Settings};
use hl7::{Message, ParseOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const NOW_US: i64 = 1_795_647_900_000_000;
const AHEAD_MIN: i32 = 480;
const DAY_US: i64 = 86_400_000_000;

/// History and the two days after it.
fn events(seed: u64) -> Vec<Event> {
    let mut hospital = Hospital::new(seed, NOW_US, AHEAD_MIN);
    let mut events = hospital.history();
    events.extend(hospital.until(NOW_US + 2 * DAY_US));
    events
}

fn messages(events: &[Event]) -> impl Iterator<Item = &[u8]> {
    events.iter().filter_map(|event| match &event.via {
        Via::Mllp(bytes) => Some(bytes.as_slice()),
        Via::Fhir { .. } => None,
    })
}

fn bodies(events: &[Event]) -> impl Iterator<Item = &str> {
    events.iter().filter_map(|event| match &event.via {
        Via::Fhir { body, .. } => Some(body.as_str()),
        Via::Mllp(_) => None,
    })
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert!(events(1) == events(1));
    assert!(events(1) != events(2));
}

#[test]
fn events_come_in_the_order_of_time_and_history_ends_now() {
    let mut hospital = Hospital::new(3, NOW_US, AHEAD_MIN);
    let history = hospital.history();
    assert!(history.is_sorted_by_key(|event| event.at_us));
    assert!(history.last().is_some_and(|event| event.at_us <= NOW_US));
    let next: Vec<Event> = hospital.take(3_000).collect();
    assert_eq!(next.len(), 3_000, "the hospital does not close");
    assert!(next.is_sorted_by_key(|event| event.at_us));
    assert!(next[0].at_us > NOW_US);
}

#[test]
fn something_happens_every_few_minutes() {
    let mut hospital = Hospital::new(3, NOW_US, AHEAD_MIN);
    let _ = hospital.history();
    let hour = hospital.until(NOW_US + 3_600_000_000);
    assert!((40..400).contains(&hour.len()), "{} events in the first hour", hour.len());
    assert!(messages(&hour).count() > 8);
}

#[test]
fn every_message_is_mapped_whole_and_without_an_issue() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..4 {
        for bytes in messages(&events(seed)) {
            let text = String::from_utf8_lossy(bytes);
            let message = Message::parse(bytes, &ParseOptions::default()).unwrap();
            assert!(message.issues().is_empty(), "{:?}\n{text}", message.issues());
            let Outcome::Mapped(mapped) = map::map(&message, &Settings::new("demo")).unwrap() else {
                panic!("no map\n{text}")
            };
            assert!(mapped.issues.is_empty(), "{:?}\n{text}", mapped.issues);
            assert!(mapped.unmapped.is_empty(), "{:?}\n{text}", mapped.unmapped);
            *kinds.entry(mapped.event).or_default() += 1;
            for resource in &mapped.resources {
                assert_valid(&resource.resource.to_string());
            }
        }
    }
    let expected = ["ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A08", "ADT^A28", "MDM^T02", "ORU^R01", "VXU^V04"];
    assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), expected);
}

fn assert_valid(json: &str) {
    let document = Document::parse(json.as_bytes()).unwrap();
    let issues = validate(document.root(), &Options::default());
    assert!(issues.is_empty(), "{issues:?}\n{json}");
}

#[test]
fn every_transaction_is_valid_r4() {
    for body in bodies(&events(5)) {
        assert_valid(body);
    }
}

/// `identifier=SYSTEM|VALUE` as a request or reference has it.
fn conditions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices("?identifier=").map(|(at, mark)| {
        let type_at = text[..at].rfind(['"', '/']).map_or(0, |at| at + 1);
        let rest = &text[at + mark.len()..];
        (&text[type_at..at], &rest[..rest.find('"').unwrap_or(rest.len())])
    })
}

#[test]
fn what_fhir_refers_to_was_made_before_by_one_door_or_the_other() {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for event in events(6) {
        match event.via {
            Via::Mllp(bytes) => {
                let message = Message::parse(&bytes, &ParseOptions::default()).unwrap();
                let Ok(Outcome::Mapped(mapped)) = map::map(&message, &Settings::new("demo")) else { panic!() };
                for resource in mapped.resources {
                    let identifier = format!("{}|{}", resource.key.system, resource.key.value);
                    known.insert((resource.key.resource_type.to_owned(), identifier));
                }
            }
            Via::Fhir { body, .. } => {
                let own: Vec<(String, String)> = body
                    .match_indices("\"url\":\"")
                    .filter_map(|(at, _)| conditions(&body[at..at + 250.min(body.len() - at)]).next())
                    .map(|(kind, identifier)| (kind.to_owned(), identifier.to_owned()))
                    .collect();
                known.extend(own);
                for (kind, identifier) in conditions(&body) {
                    assert!(known.contains(&(kind.to_owned(), identifier.to_owned())), "{kind} {identifier}: {body}");
                }
            }
        }
    }
}

#[test]
fn there_are_twelve_patients_with_two_pairs_of_like_names() {
    for seed in 0..20 {
        let clock = crate::calendar::Clock { ahead_min: AHEAD_MIN };
        let people: Vec<Person> = (0..PEOPLE.len()).map(|number| Person::new(seed, number, NOW_US, clock)).collect();
        let numbers: BTreeSet<&str> = people.iter().map(|person| person.mrn.as_str()).collect();
        assert_eq!(numbers.len(), 12);
        let latin = |at: usize| (people[at].name.family, people[at].name.given);
        assert_eq!(latin(0), latin(1));
        assert_ne!(people[0].name.native, people[1].name.native);
        assert_eq!(people[2].name.given, people[3].name.given);
        assert_ne!(people[2].name.family, people[3].name.family);
    }
}

#[test]
fn a_result_is_corrected_and_another_is_withdrawn() {
    let history = Hospital::new(7, NOW_US, AHEAD_MIN).history();
    let results: Vec<String> = messages(&history)
        .filter(|bytes| bytes.windows(7).any(|window| window == b"ORU^R01"))
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    let with_status = |status: &str| {
        results
            .iter()
            .flat_map(|text| text.split('\r'))
            .filter(|line| line.starts_with("OBX") && line.split('|').nth(11) == Some(status))
            .count()
    };
    assert_eq!(with_status("C"), 1);
    assert_eq!(with_status("W"), 1);
    assert!(results.iter().any(|text| text.contains("|HH|")));
}

fn text_files(folder: &Path, found: &mut Vec<PathBuf>) {
    const NOT_OURS: [&str; 5] = ["target", "node_modules", ".git", "dist", "synth"];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                text_files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_patient_of_the_demo_is_named_outside_of_this_crate() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..");
    let mut names: Vec<String> = Vec::new();
    for name in PEOPLE.iter().flat_map(|slot| &slot.names) {
        names.push(format!("{} {}", name.given, name.family).to_lowercase());
        names.push(format!("{} {}", name.family, name.given).to_lowercase());
        names.push(format!("{}, {}", name.family, name.given).to_lowercase());
        names.extend(name.native.map(|(family, given)| format!("{family}{given}")));
    }
    let mut files = Vec::new();
    text_files(&root, &mut files);
    assert!(files.len() > 50);
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text = text.to_lowercase();
        for name in &names {
            assert!(!text.contains(name.as_str()), "{} names a patient of the demo: {name}", path.display());
        }
    }
}
