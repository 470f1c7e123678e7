//! Random changes and flushes: SQL must always say what a naive reading of the records says.

use crate::house::{Change, House, everything};
use proptest::prelude::*;
use records::Seq;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Act {
    Put { patient: bool, no: u8, value: u8 },
    Delete { patient: bool, no: u8 },
    Flush,
    Reopen,
    Rebuild,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (any::<bool>(), 0..12_u8, any::<u8>()).prop_map(|(patient, no, value)| Act::Put { patient, no, value }),
        4 => (any::<bool>(), 0..12_u8).prop_map(|(patient, no)| Act::Delete { patient, no }),
        3 => Just(Act::Flush),
        1 => Just(Act::Reopen),
        1 => Just(Act::Rebuild),
    ]
}

fn name(patient: bool) -> &'static str {
    if patient { "Patient" } else { "Observation" }
}

fn text(patient: bool, no: u8, value: u8) -> String {
    if patient {
        return format!(
            r#"{{"resourceType":"Patient","id":"p{no}","active":{},"name":[{{"family":"F{value}"}}]}}"#,
            value.is_multiple_of(2)
        );
    }
    // Some have components: more than one row.
    let components: Vec<String> = (0..value % 3)
        .map(|at| format!(r#"{{"code":{{"text":"c{at}"}},"valueQuantity":{{"value":{value}.{at}0}}}}"#))
        .collect();
    let components =
        if components.is_empty() { String::new() } else { format!(r#","component":[{}]"#, components.join(",")) };
    format!(
        r#"{{"resourceType":"Observation","id":"o{no}","status":"final","code":{{"text":"t"}},"subject":{{"reference":"Patient/p{}"}},"effectiveDateTime":"202{}","valueQuantity":{{"value":{value}}}{components}}}"#,
        no % 4,
        value % 10,
    )
}

/// All rows as the records have them: key → what the tables must say.
fn naive(house: &House) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::<String, Vec<String>>::new();
    let mut current = BTreeMap::new();
    for entry in house.records.feed(&everything(), Seq(0), 10_000).unwrap() {
        current.insert(entry.row, entry);
    }
    let all: Vec<_> = current.keys().copied().collect();
    for (_, stored) in house.records.rows(&everything(), &all).unwrap() {
        if stored.json.is_empty() {
            continue;
        }
        let json: serde_json::Value = serde_json::from_str(&stored.json).unwrap();
        let head = format!("{},{},{}", stored.id, stored.version, stored.seq.0);
        rows.entry("resource".into()).or_default().push(format!("{},{head}", json["resourceType"].as_str().unwrap()));
        if json["resourceType"] == "Patient" {
            let family = json["name"][0]["family"].as_str().unwrap();
            rows.entry("patient".into()).or_default().push(format!("{head},{},{family}", stored.id));
        } else {
            let patient = json["subject"]["reference"].as_str().unwrap().replace("Patient/", "");
            let mut push = |component: String, value: &serde_json::Value| {
                let digits = value["value"].to_string();
                rows.entry("observation".into())
                    .or_default()
                    .push(format!("{head},{patient},{component},{}", digits.parse::<f64>().unwrap()));
            };
            push(String::new(), &json["valueQuantity"]);
            for (at, component) in json["component"].as_array().into_iter().flatten().enumerate() {
                push(at.to_string(), &component["valueQuantity"]);
            }
        }
    }
    for lines in rows.values_mut() {
        lines.sort();
    }
    rows
}

fn lake(house: &House) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for (table, sql) in [
        ("resource", "SELECT type, id, version, _seq FROM resource"),
        ("patient", "SELECT _id, _version, _seq, patient_id, family FROM patient"),
        ("observation", "SELECT _id, _version, _seq, patient_id, component, value FROM observation"),
    ] {
        let mut lines: Vec<String> = house.ask(sql).lines().map(str::to_owned).collect();
        lines.sort();
        if !lines.is_empty() {
            rows.insert(table.to_owned(), lines);
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn sql_says_what_the_records_say_after_any_changes_and_flushes(acts in prop::collection::vec(act(), 1..30)) {
        let mut house = House::new();
        for act in acts {
            match act {
                Act::Put { patient, no, value } => house.put(&text(patient, no, value)),
                Act::Delete { patient, no } => {
                    let id = format!("{}{no}", if patient { "p" } else { "o" });
                    let known = house.records.read(&everything(), name(patient), &id);
                    if !matches!(known, Err(records::Error::NotFound { .. })) {
                        house.delete(name(patient), &id);
                    }
                }
                Act::Flush => { house.lake().flush().unwrap(); }
                Act::Reopen => house.open_lake(),
                Act::Rebuild => { house.lake().rebuild().unwrap(); }
            }
            prop_assert_eq!(lake(&house), naive(&house));
        }
    }
}

#[test]
fn all_tables_of_a_query_are_at_one_position() {
    let house = House::new();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for value in 0..=u8::MAX {
                // One transaction: the two never differ.
                house.write(vec![Change::Put(text(true, 1, value)), Change::Put(text(false, 1, value))]);
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
            }
        });
        for round in 0..30 {
            if round % 10 == 9 {
                house.lake().flush().unwrap();
            }
            let sql = "SELECT p._version, o._version FROM patient p JOIN observation o ON o.patient_id = p._id AND o.component IS NULL";
            for line in house.ask(sql).lines() {
                let (patient, observation) = line.split_once(',').unwrap();
                assert_eq!(patient, observation);
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
