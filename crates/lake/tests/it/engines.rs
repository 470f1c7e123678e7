//! Another engine on the flushed folder: DuckDB with its Delta extension.

use crate::house::{House, OPEN, duckdb_python, python};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

fn patient(no: usize, version: usize) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"p{no}","birthDate":"1970-0{}","name":[{{"family":"F{version}","given":["A","B"]}}]}}"#,
        no % 9 + 1
    )
}

/// Looks at the table over and over until told to stop; says how often, and what it saw that must not be.
const WATCH: &str = r#"
import threading
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
looks, wrong = 0, []
print("watching", flush=True)
while not stop.is_set() or looks == 0:
    total, ids = con.execute("SELECT count(*), count(DISTINCT _id) FROM patient").fetchone()
    looks += 1
    if total != ids or total != 40:
        wrong.append((total, ids))
print(looks, wrong)
"#;

#[test]
fn a_watching_engine_never_sees_two_rows_of_one_id() {
    let house = House::new();
    (0..40).for_each(|no| house.put(&patient(no, 0)));
    house.lake().flush().unwrap();
    let mut watcher = Command::new(duckdb_python())
        .arg("-c")
        .arg(format!("{OPEN}{WATCH}"))
        .arg(house.lake_folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "watching");
    // More than 50 commits, so that a checkpoint is among them.
    for version in 1..=60 {
        house.put(&patient(version % 40, version));
        house.lake().flush().unwrap();
    }
    watcher.stdin.take().unwrap().write_all(b"stop\n").unwrap();
    let said = lines.next().unwrap().unwrap();
    assert!(watcher.wait().unwrap().success());
    let (looks, wrong) = said.split_once(' ').unwrap();
    assert!(looks.parse::<u32>().unwrap() > 0);
    assert_eq!(wrong, "[]");
    assert!(house.lake_folder().join("patient/_delta_log/_last_checkpoint").exists());
}

#[test]
fn another_engine_reads_every_table_and_type_as_sql_does() {
    let house = House::new();
    (0..5).for_each(|no| house.put(&patient(no, no)));
    house.put(r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"effectiveDateTime":"2019-03-01T10:00:00.5+02:00","valueQuantity":{"value":6.10}}"#);
    house.delete("Patient", "p4");
    house.lake().flush().unwrap();
    house.put(&patient(3, 9));
    house.lake().flush().unwrap();
    let queries = [
        "SELECT _id, _version, family, birth_date, birth_date_text, active FROM patient ORDER BY 1",
        "SELECT _id, value, value_text, epoch_of FROM (SELECT _id, value, value_text, date_part('second', effective) AS epoch_of FROM observation) ORDER BY 1",
        "SELECT count(*), min(length) FROM arrival",
        "SELECT type, count(*), max(_seq) FROM resource GROUP BY type ORDER BY type",
    ];
    let script: String =
        queries.iter().map(|sql| format!("csv(con.execute(\"\"\"{sql}\"\"\").fetchall())\n")).collect();
    let others = python(&format!("{OPEN}{script}"), &[house.lake_folder().to_str().unwrap()]);
    let ours: String = queries.iter().map(|sql| house.ask(sql)).collect();
    // Numbers are compared by value: the two write `0.0` and `0` for the same double.
    let plain = |text: &str| {
        text.lines()
            .map(|line| {
                let cell =
                    |cell: &str| cell.parse::<f64>().map_or_else(|_| cell.to_owned(), |number| number.to_string());
                line.split(',').map(cell).collect::<Vec<_>>().join(",")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(plain(&others), plain(&ours));
    // Tables that are still empty can be read too.
    let empty = python(
        &format!("{OPEN}csv(con.execute('SELECT count(*) FROM claim').fetchall())"),
        &[house.lake_folder().to_str().unwrap()],
    );
    assert_eq!(empty.trim(), "0");
}
