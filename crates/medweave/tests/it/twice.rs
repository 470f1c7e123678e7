//! A visit number that stands twice, and what refers to it: what a run makes does not hang on which rows were mapped again.

use crate::program::Data;
use std::fmt::Write as _;

#[test]
fn a_row_that_is_joined_with_two_gives_the_same_whatever_else_is_mapped() {
    let data = Data::new();
    let map = data.path("map");
    std::fs::create_dir_all(&map).unwrap();
    for (name, text) in [
        (
            "mapping.toml",
            "name = \"twice\"\nzone = \"UTC\"\n[tables.p]\nkey = [\"id\"]\n[tables.e]\nkey = [\"eid\"]\n[tables.o]\nkey = [\"k\"]\n",
        ),
        ("p.sql", "-- @target Patient @key p.id\nSELECT identifier('urn:p', p.id) AS identifier FROM p\n"),
        (
            "o.sql",
            "-- @target Observation @key o.k @each o\nSELECT 'final' AS status, o.k AS \"code.text\", \
             ref('Patient', e.id) AS subject, quantity(o.v) AS value FROM o LEFT JOIN e ON e.eid = o.eid\n",
        ),
    ] {
        std::fs::write(map.join(name), text).unwrap();
    }
    let tables = data.path("tables");
    std::fs::create_dir_all(&tables).unwrap();
    let people: String = (1..=40).fold("id\n".to_owned(), |mut text, at| {
        let _ = writeln!(text, "{at}");
        text
    });
    std::fs::write(tables.join("p.csv"), people).unwrap();
    let deliver = |e3: &str, o5: &str| {
        let (mut visits, mut results) = ("eid,id\n".to_owned(), "k,eid,v\n".to_owned());
        for at in 1..=40 {
            let visit = if at == 3 { e3.to_owned() } else { format!("e{at},{at}") };
            let value = if at == 5 { o5.to_owned() } else { format!("{at}.5") };
            let _ = writeln!(visits, "{visit}");
            let _ = writeln!(results, "o{at},e{at},{value}");
        }
        std::fs::write(tables.join("e.csv"), visits).unwrap();
        std::fs::write(tables.join("o.csv"), results).unwrap();
        data.run(&["source", "pull", "twice", "--accept"]);
    };
    let (tables, map) = (tables.to_str().unwrap(), map.to_str().unwrap());
    data.done(&["source", "add", "twice", "--path", tables, "--mapping", map]);
    deliver("e3,3", "5.5");
    data.done(&["mapping", "run", "twice", "--write"]);
    // The third visit has the number of the fifth now; then the result of that changes, alone.
    deliver("e5,3", "5.5");
    data.done(&["mapping", "run", "twice", "--write"]);
    deliver("e5,3", "99");
    data.done(&["mapping", "run", "twice", "--write"]);
    let whole = data.json(&["mapping", "run", "twice", "--whole", "--json"]);
    assert_eq!(["new", "changed", "gone"].map(|what| whole[what].as_u64().unwrap()), [0, 0, 0], "{whole}");
}
