//! Dead letters of rows of tables: one a row and reason, closed by the run that takes the row, corrected cell by cell.

use crate::program::{Data, write};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What stands in a cell that is wrong, and must stand in no log.
const CELL: &str = "zq77-not-a-number";

const LAB: &str = "-- @target Observation @key l.id @each lab l @required subject @required value
SELECT 'final' AS status, code('urn:example:item', l.item) AS code, ref('Patient', l.pid) AS subject, quantity(l.value) AS value FROM lab l";

/// A source `ward` with people 1 and 2, and these results: id, person, value.
fn ward(data: &Data, results: &[(&str, &str, &str)]) {
    delivered(data, results);
    write(
        &data.path("map/mapping.toml"),
        b"name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\n[tables.lab]\nkey = [\"id\"]\n",
    );
    let patient =
        "-- @target Patient @key p.pid\nSELECT identifier('urn:example:pid', p.pid) AS identifier FROM people p";
    write(&data.path("map/patient.sql"), patient.as_bytes());
    write(&data.path("map/lab.sql"), LAB.as_bytes());
    let (path, map) = (data.path("ward"), data.path("map"));
    data.done(&["source", "add", "ward", "--path", path.to_str().unwrap(), "--mapping", map.to_str().unwrap()]);
}

fn delivered(data: &Data, results: &[(&str, &str, &str)]) {
    write(&data.path("ward/people.csv"), b"pid\n1\n2\n");
    let mut lab = "id,pid,item,value\n".to_owned();
    for (id, pid, value) in results {
        writeln!(lab, "{id},{pid},K,{value}").unwrap();
    }
    write(&data.path("ward/lab.csv"), lab.as_bytes());
}

fn pulled_and_run(data: &Data) -> Value {
    data.done(&["source", "pull", "ward", "--accept"]);
    run(data)
}

fn run(data: &Data) -> Value {
    data.json(&["mapping", "run", "ward", "--write", "--json"])
}

/// All letters, oldest first: place, state, reason.
fn letters(data: &Data) -> Vec<(String, String, String)> {
    let told = data.json(&["deadletter", "list", "--state", "all", "--json"]);
    let mut letters: Vec<_> = told["dead_letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| {
            let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
            (text("place"), text("state"), text("reason"))
        })
        .collect();
    letters.reverse();
    letters
}

fn told(letters: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    letters.iter().map(|(place, state, reason)| (place.as_str(), state.as_str(), reason.as_str())).collect()
}

/// The values of all results, by what they are made of.
fn values(data: &Data) -> String {
    let csv = data.done(&["sql", "--format", "csv", "SELECT value_text FROM observation ORDER BY value"]);
    csv.lines().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_row_has_one_letter_until_a_run_takes_it() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1"), ("b", "1", CELL), ("c", "9", "4.3"), ("d", "2", "-")]);
    let report = pulled_and_run(&data);
    assert_eq!(report["targets"][1]["rejected"], 3, "{report}");
    let open = [("lab row 2, value", "open", ""), ("lab row 3, subject", "open", ""), ("lab row 4, value", "open", "")];
    assert_eq!(told(&letters(&data)), open);
    // Refused again, also by another version of the mapping: it is the same letter.
    write(&data.path("map/lab.sql"), format!("{LAB} -- the same").as_bytes());
    assert_eq!(run(&data)["targets"][1]["rejected"], 3);
    assert_eq!(told(&letters(&data)), open);
    // The row changes, the person comes, the mapping passes a row over: what is not refused any more is closed.
    write(&data.path("map/lab.sql"), format!("{LAB} WHERE l.value <> '-'").as_bytes());
    delivered(&data, &[("a", "1", "4.1"), ("b", "1", "4.2"), ("c", "9", "4.3"), ("d", "2", "-")]);
    write(&data.path("ward/people.csv"), b"pid\n1\n2\n9\n");
    pulled_and_run(&data);
    let closed = [
        ("lab row 2, value", "discarded", "the row is not delivered any more as it was"),
        ("lab row 3, subject", "replayed", ""),
        ("lab row 4, value", "discarded", "the mapping passes the row over now"),
    ];
    assert_eq!(told(&letters(&data)), closed);
    assert_eq!(values(&data), "4.1 4.2 4.3");
    // What is refused after it was taken is news.
    write(&data.path("map/lab.sql"), LAB.as_bytes());
    assert_eq!(run(&data)["targets"][1]["rejected"], 1);
    let all = letters(&data);
    assert_eq!(told(&all)[3..], [("lab row 4, value", "open", "")]);
    // What a person set aside is no news.
    data.done(&["deadletter", "discard", "4", "--reason", "a dash is no result"]);
    write(&data.path("map/lab.sql"), format!("{LAB} -- once more").as_bytes());
    assert_eq!(run(&data)["targets"][1]["rejected"], 1);
    assert_eq!(letters(&data).len(), 4);
}

#[test]
fn a_row_has_one_number_wherever_it_is_told() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1"), ("b", "1", "4.2"), ("c", "1", "4.3")]);
    pulled_and_run(&data);
    // The second row of the second delivery, after one that cannot be read: the store has counted three rows before it.
    let lab = format!("id,pid,item,value\na,1\na,1,K,4.1\nd,9,K,{CELL}\nb,1,K,4.2\nc,1,K,4.3\n");
    write(&data.path("ward/lab.csv"), lab.as_bytes());
    data.done(&["source", "pull", "ward"]);
    let report = data.path("report");
    let told = data.done(&["mapping", "run", "ward", "--write", "--report", report.to_str().unwrap()]);
    assert!(told.contains("lab row 3"), "{told}");
    let json: Value = serde_json::from_slice(&std::fs::read(data.path("report/report.json")).unwrap()).unwrap();
    let example = &json["targets"][1]["reasons"][0]["examples"][0];
    assert_eq!((&example["table"], &example["row"], &example["delivery"]), (&json!("lab"), &json!(3), &json!(2)));
    let csv = std::fs::read_to_string(data.path("report/report.csv")).unwrap();
    assert!(csv.contains(",lab,3,"), "{csv}");
    let letters = data.json(&["deadletter", "list", "--json"]);
    let letter = letters["dead_letters"].as_array().unwrap().iter().find(|one| one["place"] != "row 1").unwrap();
    assert!(letter["place"].as_str().unwrap().starts_with("lab row 3, "), "{letter}");
    let shown = data.done(&["deadletter", "show", &letter["no"].to_string()]);
    assert!(shown.contains("row       3\n") && shown.contains("delivery  2\n"), "{shown}");
    let runs = data.json(&["mapping", "runs", "ward", "2", "--json"]);
    assert_eq!(runs["report"]["targets"][1]["reasons"][0]["examples"][0]["row"], 3);
    // The row is refused for two reasons, and is one row.
    let target = &json["targets"][1];
    let of = |name: &str| -> Vec<u64> {
        target["reasons"].as_array().unwrap().iter().map(|reason| reason[name].as_u64().unwrap()).collect()
    };
    assert_eq!((&target["rejected"], of("count")), (&json!(1), vec![1, 1]), "{target}");
    assert_eq!((of("rows").iter().sum::<u64>(), of("further").iter().sum::<u64>()), (1, 1), "{target}");
    assert!(
        told.contains("(rejected, 1 row; ") && told.contains("(rejected, counted for another reason already: 1; "),
        "{told}"
    );
}

#[test]
fn what_a_person_is_to_look_at_before_a_delivery_is_taken_is_told_with_its_source_until_one_is() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1"), ("b", "1", "4.2")]);
    data.done(&["source", "pull", "ward"]);
    let doubts = |data: &Data| {
        let mut list = data.json(&["source", "list", "--json"]);
        list["tables"][0]["doubts"].take()
    };
    assert_eq!(doubts(&data), Value::Null);
    delivered(&data, &[("a", "1", "4.1")]);
    assert!(!data.run(&["source", "pull", "ward"]).status.success());
    let told = doubts(&data);
    assert_eq!((&told[0]["code"], &told[0]["values"]["lost"]), (&json!("rows-lost"), &json!(1)), "{told}");
    let pulled = data.json(&["source", "pull", "ward", "--accept", "--json"]);
    assert_eq!((&pulled["notes"], &pulled["notes_said"]), (&json!([]), &json!([])), "{pulled}");
    assert_eq!(doubts(&data), Value::Null);
    let report = run(&data);
    assert_eq!(report["targets"][0]["why_whole_code"], "first", "{report}");
}

#[test]
fn an_older_run_says_which_later_ones_are_to_be_taken_back_first() {
    let data = Data::new();
    for value in ["4.1", "4.2", "4.3"] {
        if value == "4.1" {
            ward(&data, &[("a", "1", value), ("b", "2", "5.0")]);
        } else {
            delivered(&data, &[("a", "1", value), ("b", "2", "5.0")]);
        }
        pulled_and_run(&data);
    }
    let undone = data.json(&["mapping", "undo", "ward", "1", "--dry-run", "--json"]);
    assert_eq!((&undone["later_runs"], undone["left"].as_array().unwrap().len()), (&json!([2, 3]), 1), "{undone}");
    let output = data.run(&["mapping", "undo", "ward", "1", "--dry-run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("runs 2 and 3 made the later versions of these; take them back first"), "{said}");
    assert!(said.contains("(version 3, this run wrote 1)") && !said.contains("file"), "{said}");
    // The person stays while a result refers to her: the question says so.
    assert_eq!(undone["referring"], json!({"Observation": 1}), "{undone}");
    data.done(&["mapping", "undo", "ward", "3"]);
    let undone = data.json(&["mapping", "undo", "ward", "1", "--dry-run", "--json"]);
    assert_eq!(undone["later_runs"], json!([2]), "{undone}");
    data.done(&["mapping", "undo", "ward", "2"]);
    let undone = data.json(&["mapping", "undo", "ward", "1", "--json"]);
    assert_eq!((&undone["later_runs"], &undone["left"], &undone["deleted"]), (&json!([]), &json!([]), &json!(4)));
}

#[test]
fn letters_of_what_a_mapping_makes_no_longer_are_closed() {
    let data = Data::new();
    ward(&data, &[("a", "1", CELL), ("b", "1", "4.2")]);
    pulled_and_run(&data);
    assert_eq!(told(&letters(&data)), [("lab row 1, value", "open", "")]);
    std::fs::remove_file(data.path("map/lab.sql")).unwrap();
    run(&data);
    let closed = ("lab row 1, value", "discarded", "the mapping has no such target now");
    assert_eq!(told(&letters(&data)), [closed]);
    // It is back, and so is what it refuses.
    write(&data.path("map/lab.sql"), LAB.as_bytes());
    run(&data);
    assert_eq!(told(&letters(&data)), [closed, ("lab row 1, value", "open", "")]);
}

#[test]
fn cells_are_corrected_by_a_person_until_they_come_otherwise() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1"), ("b", "1", CELL)]);
    pulled_and_run(&data);
    let shown = data.done(&["deadletter", "show", "1"]);
    assert!(shown.contains(CELL) && shown.contains("lab row 2"), "{shown}");
    let correct = |content: &Value| {
        write(&data.path("correction.json"), content.to_string().as_bytes());
        data.run(&["deadletter", "correct", "1", "--with", "correction.json"])
    };
    for (content, says) in [
        (json!({"cells": {"value": "4.2"}}), "reason"),
        (json!({"reason": " ", "cells": {"value": "4.2"}}), "say why"),
        (json!({"reason": "typed wrong", "cells": {"valeu": "4.2"}}), "no column \"valeu\""),
    ] {
        let output = correct(&content);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(says), "{content}: {said}");
    }
    let output = correct(&json!({"reason": "typed wrong", "cells": {"value": "4,x"}}));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("it would not be taken yet: not-a-number"), "{said}");
    let output = correct(&json!({"reason": "typed wrong", "cells": {"id": "b", "VALUE": "4.2"}}));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("it would be taken"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    data.done(&["deadletter", "replay", "1"]);
    assert_eq!((told(&letters(&data)), values(&data)), (vec![("lab row 2, value", "replayed", "")], "4.1 4.2".into()));
    // What came stands in SQL as it came; the value says of which cell it is, and who says that it is another.
    let came = data.done(&["sql", "--format", "csv", "SELECT value FROM src_ward.lab WHERE id = 'b'"]);
    assert!(came.contains(CELL), "{came}");
    let id = data.done(&["sql", "--format", "csv", "SELECT _id FROM observation WHERE value_text = '4.2'"]);
    let id = id.lines().nth(1).unwrap();
    let lineage =
        data.json(&["mapping", "lineage", &format!("Observation/{id}"), "--element", "valueQuantity", "--json"]);
    let cell = &lineage["elements"][0]["cells"][0];
    assert_eq!((&cell["cell"], &cell["corrected"]["cell"]), (&json!(CELL), &json!("4.2")), "{lineage}");
    assert_eq!((&cell["row"], &cell["source_row"], &lineage["rows"]["lab"]), (&json!(2), &Value::Null, &json!([2])));
    assert_eq!(cell["corrected"]["reason"], "typed wrong");
    assert!(cell["corrected"]["by"].as_str().unwrap().starts_with("operator/"), "{cell}");
    let told = data.done(&["mapping", "lineage", &format!("Observation/{id}"), "--element", "valueQuantity"]);
    assert!(told.contains(", corrected: 4.2 by operator/"), "{told}");
    // The same in SQL.
    let asked = format!(
        "SELECT source_table, source_column, file_row, source_row, cell, corrected, function, run FROM lineage('Observation', '{id}', 'valueQuantity')"
    );
    let told = data.done(&["sql", "--format", "csv", &asked]);
    assert_eq!(told.lines().nth(1), Some(format!("lab,value,2,1,{CELL},4.2,quantity,2").as_str()), "{told}");
    let count = "SELECT count(*) FROM lineage('Observation', 'nobody')";
    assert_eq!(data.done(&["sql", "--format", "csv", count]).lines().nth(1), Some("0"));
    let wrong = data.run(&["sql", "SELECT * FROM lineage('Observation')"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("lineage(type, id, element) takes texts"), "{wrong:?}");
    // What tells of the run in FHIR, and is found by its delivery.
    assert_eq!(lineage["run"], 2, "{lineage}");
    let provenance = lineage["provenance"].as_str().unwrap();
    let json = format!("SELECT json FROM resource WHERE type || '/' || id = '{provenance}'");
    let told = data.done(&["sql", "--format", "csv", &json]);
    assert!(told.contains("urn:medweave:source:ward:run") && told.contains("mapping ward"), "{told}");
    // It may be corrected again, or taken back: then the row is refused as it came.
    for (cells, left) in
        [(json!({"value": "4.25"}), "4.1 4.25"), (json!({}), "4.1"), (json!({"value": "4.2"}), "4.1 4.2")]
    {
        assert!(correct(&json!({"reason": "looked again", "cells": cells})).status.success());
        run(&data);
        let standing = "SELECT value_text FROM observation WHERE status = 'final' ORDER BY value";
        let standing = data.done(&["sql", "--format", "csv", standing]);
        assert_eq!(standing.lines().skip(1).collect::<Vec<_>>().join(" "), left);
    }
    // Other rows come and go; the correction stays with its row.
    delivered(&data, &[("a", "1", "4.05"), ("b", "1", CELL)]);
    pulled_and_run(&data);
    assert_eq!(values(&data), "4.05 4.2");
    assert_eq!(run(&data)["changed"], 0);
    // So it does when the row changes otherwise, and when a column comes that nobody reads.
    let left = letters(&data);
    let came = |column: &str, item: &str, more: &str| {
        let text = format!("id,pid,item,value{column}\na,1,K,4.05{more}\nb,1,{item},{CELL}{more}\n");
        write(&data.path("ward/lab.csv"), text.as_bytes());
        pulled_and_run(&data);
        assert_eq!((letters(&data), values(&data).as_str()), (left.clone(), "4.05 4.2"));
    };
    came("", "Na", "");
    came("", "K", "");
    came(",extra", "K", ",x");
    came("", "K", "");
    // Until the cell itself comes otherwise.
    delivered(&data, &[("a", "1", "4.05"), ("b", "1", "4.3")]);
    pulled_and_run(&data);
    assert_eq!(values(&data), "4.05 4.3");
}

#[test]
fn a_row_that_cannot_be_read_is_told_by_hand_or_closed_when_it_comes_no_more() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1")]);
    let lab = |rows: &str| write(&data.path("ward/lab.csv"), format!("id,pid,item,value\n{rows}").as_bytes());
    lab("a,1,K,4.1\nb,1,K\nc,2,K,4.3\n");
    pulled_and_run(&data);
    assert_eq!((told(&letters(&data)), values(&data)), (vec![("row 2", "open", "")], "4.1 4.3".into()));
    let correction = json!({"reason": "the value stands in the report", "cells": {"id": "b", "pid": "1", "item": "K", "value": "4.2"}});
    write(&data.path("correction.json"), correction.to_string().as_bytes());
    data.done(&["deadletter", "correct", "1", "--with", "correction.json"]);
    data.done(&["deadletter", "replay", "1"]);
    assert_eq!((told(&letters(&data)), values(&data)), (vec![("row 2", "replayed", "")], "4.1 4.2 4.3".into()));
    // As long as that text comes.
    let report = pulled_and_run(&data);
    assert_eq!((&report["changed"], &report["gone"]), (&json!(0), &json!(0)), "{report}");
    lab("a,1,K,4.15\nb,1,K\nc,2,K,4.3\nd,1\n");
    pulled_and_run(&data);
    assert_eq!(values(&data), "4.15 4.2 4.3");
    lab("a,1,K,4.15\nb,1,K,4.25\nc,2,K,4.3\n");
    pulled_and_run(&data);
    let gone = ("row 4", "discarded", "the row is not delivered any more as it was");
    assert_eq!((told(&letters(&data))[1..].to_vec(), values(&data)), (vec![gone], "4.15 4.25 4.3".into()));
    // What comes again is news again.
    lab("a,1,K,4.15\nb,1,K,4.25\nc,2,K,4.3\nd,1\n");
    pulled_and_run(&data);
    assert_eq!(told(&letters(&data))[2..].to_vec(), [("row 4", "open", "")]);
    // Where another delivery brought it, what the source delivers by itself is not taken in its place.
    let other = data.path("other");
    std::fs::create_dir_all(&other).unwrap();
    for file in std::fs::read_dir(data.path("ward")).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "csv") {
            std::fs::copy(&file, other.join(file.file_name().unwrap())).unwrap();
        }
    }
    write(&other.join("lab.csv"), b"id,pid,item,value\na,1,K,9.9\nb,1,K,4.25\nc,2,K,4.3\nd,1\n");
    let pulled = ["source", "pull", "ward", "--from", other.to_str().unwrap()];
    data.done(&pulled);
    run(&data);
    let correction =
        json!({"reason": "told by telephone", "cells": {"id": "d", "pid": "1", "item": "K", "value": "4.4"}});
    write(&data.path("correction.json"), correction.to_string().as_bytes());
    data.done(&["deadletter", "correct", "3", "--with", "correction.json"]);
    let replayed = data.run(&["deadletter", "replay", "3"]);
    let said = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(!replayed.status.success() && said.contains("pull it once more"), "{said}");
    assert_eq!((told(&letters(&data))[2], values(&data)), (("row 4", "open", ""), "4.25 4.3 9.9".into()));
    data.done(&pulled);
    run(&data);
    assert_eq!((told(&letters(&data))[2], values(&data)), (("row 4", "replayed", ""), "4.25 4.3 4.4 9.9".into()));
}

#[test]
fn who_may_not_see_rows_of_sources_finds_no_letter_of_them() {
    let data = Data::new();
    ward(&data, &[("a", "1", "4.1"), ("b", "1", CELL)]);
    std::fs::write(data.path("ward/lab.csv"), format!("id,pid,item,value\na,1,K,4.1\nb,1,K,{CELL}\n{CELL},1\n"))
        .unwrap();
    let (reader, other, writer) =
        (data.token("system/*.r"), data.token("system/Patient.cruds"), data.token("system/*.cruds"));
    let served = data.serve(&[]);
    pulled_and_run(&data);
    let seen = served.client(&writer);
    assert_eq!(seen.get("/api/deadletters").json()["open"], 2);
    let correction = json!({"reason": "x", "cells": {"value": "1"}}).to_string();
    let answer = seen.send("POST", "/api/deadletters/2/correct", &[], correction.as_bytes());
    assert_eq!(answer.status, 422, "a program is nobody who corrects: {}", answer.json());
    for (token, may_list) in [(&reader, true), (&other, false)] {
        let client = served.client(token);
        let list = client.get("/api/deadletters?state=all");
        if may_list {
            assert_eq!((&list.json()["dead_letters"], &list.json()["open"]), (&json!([]), &json!(0)));
            assert_eq!(client.get("/api/arrivals").json()["arrivals"], json!([]));
        } else {
            assert_eq!(list.status, 403);
        }
        for no in 1..=6 {
            for path in [
                format!("/api/deadletters/{no}"),
                format!("/api/deadletters/{no}/bytes"),
                format!("/api/arrivals/{no}"),
                format!("/api/arrivals/{no}/bytes"),
            ] {
                let answer = client.get(&path);
                assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
                assert!(!String::from_utf8_lossy(&answer.bytes).contains("ward"), "{path}");
            }
        }
        let asked = json!({"sql": "SELECT * FROM src_ward.lab"}).to_string();
        let answer = client.send("POST", "/api/sql", &[("content-type", "application/json")], asked.as_bytes());
        assert_eq!(answer.status, 403);
        for action in ["correct", "replay", "discard"] {
            let body = if action == "discard" { json!({"reason": "x"}).to_string() } else { correction.clone() };
            let path = format!("/api/deadletters/2/{action}");
            assert_eq!(
                client.send("POST", &path, &[("content-type", "application/json")], body.as_bytes()).status,
                403
            );
        }
    }
    // Whoever administers, and whoever reads the log, sees none either.
    let admin = served.client(&data.token("system/Account.cruds"));
    for path in ["/api/audit/reads", "/api/audit/accounts"] {
        let answer = admin.get(path);
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(CELL), "{path}");
    }
    assert!(served.stop().success());
    let log = std::fs::read_to_string(data.path("serve.log")).unwrap();
    assert!(!log.contains(CELL), "{log}");
    let details = rusqlite::Connection::open(data.path("data/records/records.db")).unwrap();
    let found: i64 = details
        .query_row("SELECT count(*) FROM audit WHERE detail LIKE '%' || ?1 || '%'", [CELL], |row| row.get(0))
        .unwrap();
    assert_eq!(found, 0);
}
