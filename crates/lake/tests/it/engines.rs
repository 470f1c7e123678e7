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

/// Counts by three readers that have nothing in common, ours aside: DuckDB's, that of deltalake, and through it Polars.
const COUNTS: &str = r#"
import polars as pl
from deltalake import DeltaTable
for name in sorted(os.listdir(lake)):
    if os.path.isdir(os.path.join(lake, name, "_delta_log")):
        table = os.path.join(lake, name)
        by_polars = pl.scan_delta(table).select(pl.len()).collect().item()
        by_duckdb = con.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        actions = DeltaTable(table).get_add_actions(flatten=True)
        by_log = sum(actions.column("num_records").to_pylist()) if actions.num_rows else 0
        print(name, by_polars, by_duckdb, by_log, DeltaTable(table).version())
"#;

#[test]
fn every_reader_of_delta_counts_the_rows_that_sql_counts_with_and_without_a_checkpoint() {
    let house = House::new();
    let ours = |house: &House| -> Vec<String> {
        let mut names: Vec<String> = house.lake().tables().iter().map(|table| table.name.clone()).collect();
        names.sort();
        let count = |name: &String| {
            let count = house.ask(&format!("SELECT count(*) FROM {name}"));
            format!("{name} {0} {0} {0}", count.trim())
        };
        names.iter().map(count).collect()
    };
    let others = |house: &House| -> Vec<String> {
        let told = python(&format!("{OPEN}{COUNTS}"), &[house.lake_folder().to_str().unwrap()]);
        told.lines().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    (0..20).for_each(|no| house.put(&patient(no, 0)));
    house.lake().flush().unwrap();
    assert_eq!(others(&house), ours(&house));
    for version in 0..56 {
        house.put(&patient(version % 30, version));
        if version % 9 == 0 {
            house.delete("Patient", &format!("p{}", version % 30));
        }
        house.lake().flush().unwrap();
    }
    // The log's first entries are not needed any more.
    let log = house.lake_folder().join("patient/_delta_log");
    assert!(log.join("00000000000000000050.checkpoint.parquet").exists());
    for version in 0..50 {
        std::fs::remove_file(log.join(format!("{version:020}.json"))).unwrap();
    }
    assert_eq!(others(&house), ours(&house));
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
