//! A folder as a hospital sends it, and who has never seen this program before it: German, semicolons, windows-1252, decimal commas, a few
//! rows that were mistyped; and what is called wrongly.

use crate::program::{Data, write};
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Output;

fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// 120 patients, of whom two have one number; 200 visits, one without a number and two of nobody; 400 pressures.
fn folder(data: &Data) -> String {
    let mut patients = "PatNr;Name;Vorname;GebDatum;Geschlecht;Telefon\n".to_owned();
    let mut visits = "BesuchNr;PatNr;Ankunft;Ende;Art\n".to_owned();
    let mut pressures = "MessungNr;BesuchNr;Auge;Untersuchung;Wert;Einheit;Zeitpunkt\n".to_owned();
    for nth in 0..120 {
        let number = if nth == 100 { 99 } else { nth };
        let (day, month, year) = (nth % 28 + 1, nth % 12 + 1, 1930 + nth % 70);
        let sex = if nth % 2 == 0 { "w" } else { "m" };
        let _ = writeln!(
            patients,
            "P{number:05};Müller{nth};Änne;{day:02}.{month:02}.{year};{sex};0171/{}",
            3_300_000 + nth
        );
    }
    for nth in 0..200 {
        let patient = if nth >= 198 { 900 + nth } else { nth % 99 };
        let visit = if nth == 77 { String::new() } else { format!("B{:06}", 400_000 + nth) };
        let (day, kind) = (nth % 28 + 1, ["ambulant", "stationär", "Notfall"][nth % 3]);
        let _ = writeln!(visits, "{visit};P{patient:05};{day:02}.03.2026 08:10;{day:02}.03.2026 09:00;{kind}");
        for (at, eye) in ["R", "L"].into_iter().enumerate() {
            let (number, value, tenth) = (80_000 + nth * 2 + at, 10 + nth % 14, nth % 10);
            let _ = writeln!(
                pressures,
                "{number};B{:06};{eye};Augendruck;{value},{tenth};mmHg;{day:02}.03.2026 08:30",
                400_000 + nth
            );
        }
    }
    for (name, text) in [("Patienten", patients), ("Besuche", visits), ("Druck", pressures)] {
        write(&data.path(&format!("eye/{name}.csv")), &latin(&text));
    }
    data.path("eye").to_str().unwrap().to_owned()
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What a command says, and its exit code.
fn said(data: &Data, arguments: &[&str]) -> (String, i32) {
    let output = data.run(arguments);
    (both(&output), output.status.code().unwrap())
}

#[test]
fn a_folder_of_an_eye_clinic_is_understood_and_a_forgotten_decimal_comma_is_told() {
    let data = Data::new();
    let eye = folder(&data);
    let profile = data.done(&["source", "profile", &eye]);
    for part in ["key: PatNr (nearly: 1 value repeats)", "key: BesuchNr (nearly: 1 is empty)", "Encounter (", " % of "]
    {
        assert!(profile.contains(part), "{part}: {profile}");
    }
    let shares = profile.lines().filter(|line| line.contains(" -> ")).collect::<Vec<_>>();
    assert!(shares.iter().any(|line| line.contains("Besuche.PatNr -> Patienten.PatNr  98.0 %")), "{shares:?}");

    let map = data.path("eye-map").to_str().unwrap().to_owned();
    let begun = data.done(&["mapping", "new", &eye, "--into", &map]);
    assert!(begun.contains("encounter.sql") && !begun.contains("not written"), "{begun}");
    let toml = data.path("eye-map/mapping.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    assert!(text.contains("encoding = \"windows-1252\"") && text.contains("decimal = \",\""), "{text}");

    // What a person may forget, who writes it by hand.
    let forgotten: Vec<&str> = text.lines().filter(|line| !line.starts_with("decimal")).collect();
    std::fs::write(&toml, forgotten.join("\n")).unwrap();
    let observation = data.path("eye-map/observation.sql");
    let sql = std::fs::read_to_string(&observation).unwrap();
    let value = sql.lines().find(|line| line.contains("quantity(")).unwrap().trim().trim_end_matches(',').to_owned();
    let quantity = value.rsplit_once(" AS value").unwrap().0.trim();
    let column = if sql.contains("t.Wert") { "t.Wert" } else { "t.\"Wert\"" };
    let either = format!("coalesce({quantity}, text({column}))");
    if !quantity.starts_with("coalesce") {
        std::fs::write(&observation, sql.replace(quantity, &either)).unwrap();
    }
    let alone = data.done(&["mapping", "check", &map]);
    assert!(alone.contains("no problems") && alone.contains("columns were compared with no tables"), "{alone}");
    let beside = data.done(&["mapping", "check", &map, "--path", &eye]);
    assert!(beside.contains("warning: Observation value: 400 of 400 values"), "{beside}");
    assert!(beside.contains("decimal = \",\" in mapping.toml") && beside.contains("columns were compared"), "{beside}");

    data.done(&["source", "add", "eye", "--path", &eye, "--mapping", &map]);
    data.done(&["source", "pull", "eye"]);
    let listed = data.done(&["source", "list"]);
    assert!(listed.starts_with("name ") && !listed.contains("charset"), "{listed}");
    let ran = data.done(&["mapping", "run", "eye"]);
    assert!(ran.contains("Observation value: decimal-sign (remark, 400 of 400 times; Druck row"), "{ran}");
    assert!(ran.contains("warning: Observation value: 400 of 400 values"), "{ran}");

    std::fs::write(&toml, text).unwrap();
    let checked = data.done(&["mapping", "check", "eye"]);
    assert!(!checked.contains("warning"), "{checked}");
    let run: Value = data.json(&["mapping", "run", "eye", "--write", "--json"]);
    let rejected = |name: &str| {
        let target = run["targets"].as_array().unwrap().iter().find(|target| target["name"] == name).unwrap();
        target["rejected"].as_u64().unwrap()
    };
    // The number that came twice; the visit without one, and the two of nobody.
    assert_eq!((rejected("Patient"), rejected("Encounter")), (1, 3), "{run}");
    assert_eq!(run["notes"].as_array().map(Vec::len), Some(0), "{run}");

    // An element that is not there.
    let found = data.done(&["sql", "--format", "csv", "SELECT _id FROM observation LIMIT 1"]);
    let reference = format!("Observation/{}", found.lines().nth(1).unwrap().trim());
    let (told, code) = said(&data, &["mapping", "lineage", &reference, "--element", "valueQ"]);
    assert!(code == 1 && told.contains("has no element valueQ") && told.contains("subject"), "{told}");

    // A column that is spelt otherwise is found beside the tables.
    let sql = std::fs::read_to_string(&observation).unwrap();
    std::fs::write(&observation, sql.replace("Zeitpunkt", "Zeitpunk")).unwrap();
    assert_eq!(said(&data, &["mapping", "check", &map]).1, 0);
    let (told, code) = said(&data, &["mapping", "check", &map, "--path", &eye]);
    assert!(code == 1 && told.contains("Zeitpunk"), "{told}");
}

#[test]
fn what_is_not_there_is_told_as_such() {
    let data = Data::new();
    for arguments in [
        &["source", "profile", "./nofolder"][..],
        &["source", "profile", "x.csv"],
        &["mapping", "check", "./nofolder"],
        &["mapping", "new", "nofolder/", "--into", "m"],
    ] {
        let (told, code) = said(&data, arguments);
        assert!(code == 1 && told.contains("there is no such file or folder"), "{arguments:?} {code}: {told}");
        assert!(!told.contains("data directory"), "{told}");
    }
    for arguments in [["source", "profile", "nofolder"], ["mapping", "check", "nofolder"]] {
        let (told, code) = said(&data, &arguments);
        assert!(code != 0 && told.contains("nofolder: there is no file or folder of this name here"), "{told}");
    }
    std::fs::create_dir_all(data.path("empty")).unwrap();
    let empty = data.path("empty").to_str().unwrap().to_owned();
    let (told, code) = said(&data, &["source", "profile", &empty]);
    assert!(code == 1 && told.contains("there is no table that can be read"), "{told}");

    // It may come later: the source is added, and it is told.
    let (told, code) =
        said(&data, &["source", "add", "later", "--path", "/nowhere/at/all", "--mapping", "synthea-csv"]);
    assert!(code == 0 && told.contains("warning: there is nothing at /nowhere/at/all"), "{told}");
    let (told, code) = said(&data, &["source", "change", "later", "--path", &empty, "--mapping", &empty]);
    assert!(code == 0 && told.contains("has no mapping.toml") && !told.contains("there is nothing"), "{told}");
    write(&data.path("bad/mapping.toml"), b"name = \"bad\"\n[tables.t]\n");
    write(&data.path("bad/patient.sql"), b"-- @target Patient @key t.id\nSELECT t.x AS brithDate FROM t");
    let bad = data.path("bad").to_str().unwrap().to_owned();
    let (told, code) = said(&data, &["source", "change", "later", "--mapping", &bad]);
    assert!(code == 0 && told.contains("warning: mapping ") && told.contains("patient.sql"), "{told}");

    // A table among what is imported.
    write(&data.path("eye.csv"), b"PatNr;Name\n1;Ada\n2;Bo\n");
    let csv = data.path("eye.csv").to_str().unwrap().to_owned();
    let (told, _) = said(&data, &["import", &csv]);
    assert!(told.contains("medweave source add") && told.contains("semicolons"), "{told}");
}
