//! What is kept beside resources and tables does not grow beyond its measure.

use crate::program::{Data, write};
use crate::runs::ward;
use std::fmt::Write as _;
use std::path::Path;

/// Bytes of a folder's files.
fn bytes(folder: &Path) -> u64 {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.unwrap();
        let about = entry.metadata().unwrap();
        sum += if about.is_dir() { bytes(&entry.path()) } else { about.len() };
    }
    sum
}

/// Bytes that lead from resources to rows and back: lines of arrivals, and what is remembered of runs.
fn of_links(data: &Data) -> u64 {
    ["tables", "arrivals"].iter().map(|name| bytes(&data.path(&format!("data/{name}")))).sum()
}

#[test]
fn what_leads_from_a_resource_to_its_rows_takes_at_most_32_bytes() {
    const RESULTS: u64 = 20_000;
    let data = Data::new();
    ward(&data, 500, RESULTS);
    // Each result names a row of two tables more: of people in an order that is not theirs, and of items.
    let mut items = "item,unit\n".to_owned();
    (0..40).for_each(|item| writeln!(items, "I{item},mg").unwrap());
    write(&data.path("ward/items.csv"), items.as_bytes());
    let mut lab = "id,pid,item,value\n".to_owned();
    for id in 0..RESULTS {
        writeln!(lab, "{id},{},I{},{}.{}", id * 7_919 % 500, id * 104_729 % 40, id % 9, id % 7).unwrap();
    }
    write(&data.path("ward/lab.csv"), lab.as_bytes());
    let target = "-- @target Observation @key l.id @each lab l @patient l.pid @required subject
SELECT 'final' AS status, code('urn:example:item', l.item) AS code, ref('Patient', p.pid) AS subject, quantity(l.value, i.unit) AS value
FROM lab l JOIN people p ON p.pid = l.pid JOIN items i ON i.item = l.item";
    write(&data.path("map/lab.sql"), target.as_bytes());
    write(
        &data.path("map/mapping.toml"),
        b"name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\n[tables.lab]\nkey = [\"id\"]\n[tables.items]\nkey = [\"item\"]\n",
    );
    data.done(&["source", "pull", "ward"]);
    let before = of_links(&data);
    let made = data.json(&["mapping", "run", "ward", "--write", "--json"])["new"].as_u64().unwrap();
    assert_eq!(made, RESULTS + 500);
    let first = of_links(&data);
    assert!(first > before && first - before <= 32 * made, "{} bytes for {made} resources", first - before);
    // A run over the same writes no link again.
    assert_eq!(data.json(&["mapping", "run", "ward", "--write", "--json"])["new"], 0);
    let again = of_links(&data) - first;
    assert!(again <= made, "{again} bytes for a run that made nothing");
}

#[test]
fn a_delivery_in_which_nothing_changed_adds_at_most_a_fiftieth_of_the_table() {
    const DELIVERIES: u64 = 5;
    let data = Data::new();
    ward(&data, 500, 60_000);
    let table = bytes(&data.path("ward"));
    data.done(&["source", "pull", "ward"]);
    let first = bytes(&data.path("data"));
    for _ in 0..DELIVERIES {
        data.done(&["source", "pull", "ward"]);
    }
    let grown = bytes(&data.path("data")) - first;
    assert!(grown <= DELIVERIES * table / 50, "{grown} bytes for {DELIVERIES} deliveries of {table}");
    // One that changed adds what changed: a tenth of the rows, here with a copy of each.
    let text = std::fs::read_to_string(data.path("ward/lab.csv")).unwrap();
    let changed =
        |(at, line): (usize, &str)| if at > 0 && at % 10 == 0 { format!("{line}9\n") } else { format!("{line}\n") };
    let text: String = text.lines().enumerate().map(changed).collect();
    write(&data.path("ward/lab.csv"), text.as_bytes());
    let before = bytes(&data.path("data"));
    data.done(&["source", "pull", "ward"]);
    let grown = bytes(&data.path("data")) - before;
    assert!(grown <= table / 5, "{grown} bytes for a tenth of {table}");
}
