//! The mappings that come with the program, on the data they are for: what they make is compared by programs that know nothing
//! of medweave (`tools/compare_*.py`), and no row is lost sight of.

use crate::program::Data;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped(mapping: &str) -> PathBuf {
    repository().join("crates/tables/mappings").join(mapping)
}

/// The folder of tables of the test data.
pub fn tables() -> Option<PathBuf> {
    match std::env::var_os("MEDWEAVE_TEST_DATA") {
        Some(folder) => Some(PathBuf::from(folder).join("records/tables")),
        None => {
            println!("skipped: MEDWEAVE_TEST_DATA is not set");
            None
        }
    }
}

/// Unpacks an archive of the test data beside the data directory.
pub fn unpacked(data: &Data, folder: &Path, archive: &str) -> PathBuf {
    let to = data.path(archive);
    let file = std::fs::File::open(folder.join(format!("{archive}.tar.xz"))).unwrap();
    tar::Archive::new(liblzma::read::XzDecoder::new(file)).unpack(&to).unwrap();
    to
}

/// Adds a source and reads what it has.
pub fn pulled(data: &Data, source: &str, path: &Path, mapping: &str) {
    data.done(&["source", "add", source, "--path", path.to_str().unwrap(), "--mapping", mapping]);
    let pull = data.run(&["source", "pull", source, "--json"]);
    assert!(pull.status.success(), "{}{}", text(&pull.stdout), text(&pull.stderr));
}

#[test]
fn a_run_is_taken_back_and_what_tells_of_it_too() {
    let data = Data::new();
    for (name, body) in [
        ("clinic/people.csv", "pid,born\n17,1984-02-29\n18,x\n"),
        ("map/mapping.toml", "name = \"clinic\"\n[tables.people]\nkey = [\"pid\"]\n"),
        (
            "map/patient.sql",
            "-- @target Patient @key p.pid @required birthDate\nSELECT date(p.born) AS \"birthDate\" FROM people p",
        ),
    ] {
        std::fs::create_dir_all(data.path(name).parent().unwrap()).unwrap();
        std::fs::write(data.path(name), body).unwrap();
    }
    pulled(&data, "clinic", &data.path("clinic"), data.path("map").to_str().unwrap());
    let report = ran(&data, "clinic", &["--write"]);
    assert_eq!((&report["new"], &report["targets"][0]["rejected"]), (&1.into(), &1.into()), "{report}");
    let letters = text(&data.run(&["deadletter", "list"]).stdout);
    assert!(letters.contains("people row 2, birthDate"), "{letters}");
    let would = text(&data.run(&["mapping", "undo", "clinic", "--dry-run"]).stdout);
    assert!(would.contains("of run 1 of clinic, 1 would be deleted"), "{would}");
    assert!(would.contains("its Provenance goes too"), "{would}");
    let undone = text(&data.run(&["mapping", "undo", "clinic", "1"]).stdout);
    assert!(undone.contains("run 1 of clinic is taken back: 1 deleted"), "{undone}");
    let again = data.run(&["mapping", "undo", "clinic", "1"]);
    assert!(text(&again.stderr).contains("was taken back already"), "{again:?}");
    // The next run makes it again.
    assert_eq!(ran(&data, "clinic", &["--write"])["new"], 1);
    // By the arrival it goes as well, as with any other door.
    let report = ran(&data, "clinic", &["--write"]);
    assert_eq!((&report["new"], &report["run"]), (&0.into(), &3.into()), "{report}");
    let runs = data.json(&["mapping", "runs", "clinic", "--json"]);
    let told: Vec<(u64, &str, &Value)> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["run"].as_u64().unwrap(), run["state"].as_str().unwrap(), &run["counts"]["new"]))
        .collect();
    let (none, one) = (Value::from(0), Value::from(1));
    assert_eq!(told, [(3, "done", &none), (2, "done", &one), (1, "undone", &one)]);
    let kept = data.json(&["mapping", "runs", "clinic", "2", "--json"]);
    assert_eq!(kept["report"]["targets"][0]["reasons"][0]["reason"], "not-a-date", "{kept}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a mapping; its report.
fn ran(data: &Data, source: &str, more: &[&str]) -> Value {
    let arguments = [&["mapping", "run", source, "--json"], more].concat();
    let output = data.run(&arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    let report = text(&output.stdout);
    let report = report.lines().last().unwrap_or_else(|| panic!("{arguments:?}: {}", text(&output.stderr)));
    serde_json::from_str(report).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {report}"))
}

/// Every row of every target is accounted for: rows = resources + merged + filtered + rejected.
fn obeys_the_law(report: &Value) {
    let targets = report["targets"].as_array().unwrap();
    assert!(!targets.is_empty(), "{report}");
    for target in targets {
        let count = |part: &str| target[part].as_u64().unwrap_or_else(|| panic!("{part}: {target}"));
        let accounted: u64 = ["resources", "merged", "filtered", "rejected"].into_iter().map(count).sum();
        assert_eq!(count("rows"), accounted, "{target}");
    }
}

/// Resources and rejected rows by target.
fn counts(report: &Value) -> BTreeMap<&str, (u64, u64)> {
    let number = |value: &Value| value.as_u64().unwrap();
    let targets = report["targets"].as_array().unwrap().iter();
    targets
        .map(|target| (target["name"].as_str().unwrap(), (number(&target["resources"]), number(&target["rejected"]))))
        .collect()
}

/// Runs a mapping with and without writing: they say the same of the rows. The report of the second.
fn written(data: &Data, source: &str) -> Value {
    let dry = ran(data, source, &[]);
    obeys_the_law(&dry);
    assert_eq!(dry["written"], false);
    let wet = ran(data, source, &["--write"]);
    assert_eq!(wet["targets"], dry["targets"]);
    assert_eq!((&wet["written"], &wet["refused"]), (&true.into(), &0.into()), "{wet}");
    let again = ran(data, source, &["--write"]);
    assert_eq!((&again["new"], &again["changed"], &again["gone"]), (&0.into(), &0.into(), &0.into()), "{again}");
    wet
}

fn exported(data: &Data, name: &str) -> PathBuf {
    let to = data.path(name);
    data.done(&["export", "--to", to.to_str().unwrap()]);
    to
}

/// All resources of an export as `TYPE/id` and their text without what the store adds; but for those that tell of runs.
fn resources(folder: &Path) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        for line in std::fs::read_to_string(file.path()).unwrap().lines() {
            let mut resource: Value = serde_json::from_str(line).unwrap();
            resource.as_object_mut().unwrap().remove("meta");
            if resource["resourceType"] == "Provenance" {
                continue;
            }
            let name = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            assert!(all.insert(name, resource).is_none());
        }
    }
    all
}

fn compared(program: &str, arguments: &[&Path]) -> Output {
    let script = repository().join("tools").join(program);
    Command::new("python3").arg(script).args(arguments).output().expect("python3 runs")
}

pub fn equal(program: &str, arguments: &[&Path]) {
    let output = compared(program, arguments);
    println!("{}", text(&output.stdout));
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn tables_of_synthea_become_what_synthea_itself_wrote() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let pair = unpacked(&data, &folder, "synthea-pair");
    pulled(&data, "synthea", &pair.join("csv"), "synthea-csv");
    let report = written(&data, "synthea");
    let counts = counts(&report);
    let made = |names: &[&str]| names.iter().map(|name| counts[name].0).sum::<u64>();
    assert_eq!(made(&["Encounter"]), 241);
    assert_eq!(made(&["Observation", "BloodPressure", "Prapare"]), 1_014);
    assert!(counts.values().all(|(_, rejected)| *rejected == 0), "{report}");
    let export = exported(&data, "export");
    equal("compare_synthea.py", &[&pair.join("fhir"), &export]);

    // The comparer sees one digit.
    let file = export.join("Observation.ndjson");
    let changed = std::fs::read_to_string(&file).unwrap().replacen("\"value\":161.7,", "\"value\":161.9,", 1);
    std::fs::write(&file, changed).unwrap();
    let output = compared("compare_synthea.py", &[&pair.join("fhir"), &export]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

/// Puts a column before all others of a CSV file without quotes, and turns the others round.
fn rearranged(file: &Path, added: &str) {
    let lines = std::fs::read_to_string(file).unwrap();
    assert!(!lines.contains('"'), "{}", file.display());
    let mut out = String::new();
    for (number, line) in lines.lines().enumerate() {
        let cells: Vec<&str> = line.split(',').rev().collect();
        let first = if number == 0 { added } else { "something" };
        writeln!(out, "{first},{}", cells.join(",")).unwrap();
    }
    std::fs::write(file, out).unwrap();
}

#[test]
fn columns_may_come_and_change_places() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let pair = unpacked(&data, &folder, "synthea-pair");
    pulled(&data, "synthea", &pair.join("csv"), "synthea-csv");
    ran(&data, "synthea", &["--write"]);
    let before = resources(&exported(&data, "before"));
    for (table, added) in
        [("conditions", "SYSTEM"), ("procedures", "SYSTEM"), ("encounters", "NEW"), ("observations", "NEW")]
    {
        rearranged(&pair.join(format!("csv/{table}.csv")), added);
    }
    let newer = Data::new();
    pulled(&newer, "synthea", &pair.join("csv"), "synthea-csv");
    ran(&newer, "synthea", &["--write"]);
    let after = resources(&exported(&newer, "after"));
    assert!(before == after, "resources differ");
}

#[test]
fn the_chinese_hospital_is_as_its_right_answers_say_on_both_days() {
    let Some(folder) = tables() else { return };
    let expected = folder.join("his-zh.expected.json");
    let answers: Value = serde_json::from_str(&std::fs::read_to_string(&expected).unwrap()).unwrap();
    let data = Data::new();
    let set = unpacked(&data, &folder, "his-zh");
    let delivered = data.path("delivered");
    copy(&set.join("day1"), &delivered);
    pulled(&data, "his", &delivered, "his-zh");
    let report = written(&data, "his");
    let file = data.path("report.json");
    std::fs::write(&file, report.to_string()).unwrap();
    equal("compare_his_zh.py", &[&expected, &exported(&data, "day1"), &file]);
    let first = resources(&data.path("day1"));

    // Half a file is no delivery.
    let labs = delivered.join("检验结果.txt");
    let whole = std::fs::read(set.join("day2/检验结果.txt")).unwrap();
    copy(&set.join("day2"), &delivered);
    std::fs::write(&labs, &whole[..whole.len() / 2]).unwrap();
    let refused = data.run(&["source", "pull", "his", "--json"]);
    assert_eq!(refused.status.code(), Some(1), "{}{}", text(&refused.stdout), text(&refused.stderr));
    let nothing = ran(&data, "his", &["--write"]);
    assert_eq!(
        (&nothing["new"], &nothing["changed"], &nothing["gone"]),
        (&0.into(), &0.into(), &0.into()),
        "{nothing}"
    );

    // The second day: exactly its changes.
    copy(&set.join("day2"), &delivered);
    data.done(&["source", "pull", "his", "--json"]);
    let second = ran(&data, "his", &["--write"]);
    obeys_the_law(&second);
    let day2 = &answers["day2"];
    let changed =
        day2["patients_changed"].as_array().unwrap().len() as u64 + day2["stays_closed"].as_u64().unwrap() + 1;
    assert_eq!(
        (&second["new"], &second["changed"], &second["gone"]),
        (&day2["labs_new"], &changed.into(), &1.into()),
        "{second}"
    );
    let both = resources(&exported(&data, "both"));
    let differ = |name: &&String| first.get(*name) != both.get(*name);
    assert_eq!(both.keys().filter(differ).count() as u64, changed + day2["labs_new"].as_u64().unwrap() + 1);
    let withdrawn = both.values().filter(|resource| resource["status"] == "entered-in-error").count();
    assert_eq!(withdrawn, 1);

    // The second day alone gives the same, but for what it never had.
    let alone = Data::new();
    pulled(&alone, "his", &set.join("day2"), "his-zh");
    ran(&alone, "his", &["--write"]);
    let current: BTreeMap<_, _> =
        both.into_iter().filter(|(_, resource)| resource["status"] != "entered-in-error").collect();
    assert!(current == resources(&exported(&alone, "alone")), "the second day alone differs");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn intensive_care_of_eicu_is_mapped_to_the_last_row() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let set = unpacked(&data, &folder, "eicu-demo-174");
    pulled(&data, "eicu", &set, "eicu");
    let report = written(&data, "eicu");
    let counts = counts(&report);
    assert_eq!(counts["Lab"], (29_961, 0), "{report}");
    assert_eq!(counts["UnitStay"], (174, 0));
    assert_eq!(counts["Patient"], (100, 0));
    assert_eq!(counts["Diagnosis"], (1_518, 0));
    assert_eq!(counts["Procedure"], (2_359, 0));
    assert_eq!(counts["PhysicalExam"], (5_236, 0));
    // An order without a name and without a number of its drug is none.
    assert_eq!(counts["MedicationRequest"], (4_964 - 108, 108));
}

#[test]
fn mimic_iii_is_mapped_to_the_last_row() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let set = unpacked(&data, &folder, "mimic3-demo");
    pulled(&data, "mimic3", &set, "mimic-iii");
    let report = written(&data, "mimic3");
    let expected =
        [("Patient", 100), ("Encounter", 129), ("Condition", 1_761), ("Procedure", 506), ("MedicationRequest", 10_398)];
    let counts = counts(&report);
    for (target, resources) in expected {
        assert_eq!(counts[target], (resources, 0), "{target}: {report}");
    }
}

#[test]
fn omop_databases_are_mapped_to_the_last_row() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let set = unpacked(&data, &folder, "omop-synthea27nj");
    pulled(&data, "nj", &set, "omop-5.4");
    let report = written(&data, "nj");
    let counted = counts(&report);
    let expected = [
        ("Patient", 28),
        ("Visit", 1_791),
        ("VisitDetail", 1_791),
        ("Condition", 470),
        ("MedicationStatement", 883),
        ("Procedure", 1_649),
        ("Measurement", 10_040),
        ("Observation", 8_099),
        ("CauseOfDeath", 3),
    ];
    for (target, resources) in expected {
        assert_eq!(counted[target], (resources, 0), "{target}");
    }

    // No table of concepts, columns of 5.3, negative ids of 64 bits, dates of birth that are a year.
    let data = Data::new();
    let set = unpacked(&data, &folder, "mimic-omop-12");
    pulled(&data, "twelve", &set, "omop-5.4");
    let report = written(&data, "twelve");
    let counted = counts(&report);
    assert_eq!(counted["Patient"], (12, 0), "{report}");
    assert_eq!(counted["Visit"].0 + counted["Visit"].1, 68);
}

/// No data of it may be passed on: rows in its shape are made up.
#[test]
fn rows_in_the_shape_of_mimic_iv_are_mapped() {
    let data = Data::new();
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mimic-iv");
    pulled(&data, "mimic4", &set, "mimic-iv");
    let report = written(&data, "mimic4");
    let counts = counts(&report);
    let expected = [
        ("patient", (2, 0)),
        ("organization", (1, 0)),
        ("location", (3, 0)),
        ("encounter", (2, 0)),
        ("condition", (4, 0)),
        ("observation_labevents", (5, 0)),
        ("specimen_lab", (3, 0)),
        ("observation_micro_test", (2, 0)),
        ("observation_micro_org", (1, 0)),
        ("observation_micro_susc", (2, 0)),
        ("observation_chartevents", (3, 0)),
        ("observation_vital_signs", (4, 0)),
        // One administration has no drug.
        ("medication_administration", (2, 1)),
        ("medication_statement_ed", (1, 0)),
    ];
    for (target, (resources, rejected)) in expected {
        assert_eq!(counts[target], (resources, rejected), "{target}: {report}");
    }
}

/// What was asked of `lineage`, beside the resource.
fn lineage_lines(data: &Data, export: &Path, each: usize) -> String {
    let token = data.token("system/*.rs");
    let served = data.serve(&[]);
    let client = served.client(&token);
    let mut lines = String::new();
    let mut by_type: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, resource) in resources(export) {
        by_type.entry(name.split('/').next().unwrap().to_owned()).or_default().push(resource);
    }
    for (kind, resources) in by_type {
        for resource in resources.iter().step_by((resources.len() / each).max(1)) {
            let lineage = client.get(&format!("/api/lineage/{kind}/{}", resource["id"].as_str().unwrap())).json();
            writeln!(lines, "{}", json!({"resource": resource, "lineage": lineage})).unwrap();
        }
    }
    lines
}

#[test]
fn a_thousand_values_lead_back_to_their_cells() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let pair = unpacked(&data, &folder, "synthea-pair");
    pulled(&data, "synthea", &pair.join("csv"), "synthea-csv");
    ran(&data, "synthea", &["--write"]);
    let lines = data.path("lineage.jsonl");
    std::fs::write(&lines, lineage_lines(&data, &exported(&data, "export"), 8)).unwrap();
    equal("compare_lineage.py", &[&pair.join("csv"), &shipped("synthea-csv"), &lines]);

    let data = Data::new();
    let set = unpacked(&data, &folder, "his-zh");
    pulled(&data, "his", &set.join("day1"), "his-zh");
    ran(&data, "his", &["--write"]);
    let lines = data.path("lineage.jsonl");
    std::fs::write(&lines, lineage_lines(&data, &exported(&data, "export"), 20)).unwrap();
    equal("compare_lineage.py", &[&set.join("day1"), &shipped("his-zh"), &lines]);
}

/// The example of `docs/mapping.md`, as a newcomer follows it: its files, and what it says of them.
#[test]
fn the_example_of_the_documentation_gives_what_it_says() {
    let page = std::fs::read_to_string(repository().join("docs/mapping.md")).unwrap();
    let data = Data::new();
    let mut lines = page.lines();
    let (mut files, mut sql_lines) = (0, 0);
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else { continue };
        if !name.starts_with("clinic") || !lines.next().is_some_and(|fence| fence.starts_with("```")) {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let file = data.path(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, body.join("\n") + "\n").unwrap();
        files += 1;
        sql_lines += if file.extension().is_some_and(|ending| ending == "sql") { body.len() } else { 0 };
    }
    assert_eq!(files, 10);
    assert!(sql_lines <= 30, "{sql_lines} lines of SQL");
    data.done(&["mapping", "check", data.path("clinic-map").to_str().unwrap()]);
    pulled(&data, "clinic", &data.path("clinic"), data.path("clinic-map").to_str().unwrap());
    let report = written(&data, "clinic");
    assert_eq!(counts(&report), BTreeMap::from([("Patient", (3, 0)), ("Encounter", (2, 1)), ("Observation", (4, 0))]));
    let told: Vec<(&str, u64)> = report["targets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|target| target["reasons"].as_array().unwrap())
        .map(|reason| (reason["reason"].as_str().unwrap(), reason["count"].as_u64().unwrap()))
        .collect();
    for reason in ["impossible-date", "unmapped-code", "no-such-target"] {
        assert!(told.contains(&(reason, 1)), "{reason}: {told:?}");
    }
    let unmapped = report["unmapped"].as_array().unwrap();
    assert!(unmapped.iter().any(|entry| entry["value"] == "XYZ" && entry["count"] == 1), "{report}");
    let made = resources(&exported(&data, "export"));
    let values: Vec<&Value> = made.values().filter(|resource| resource["resourceType"] == "Observation").collect();
    assert!(
        values
            .iter()
            .any(|value| value["valueQuantity"]["comparator"] == "<" && value["valueQuantity"]["code"] == "mg/L")
    );
    assert!(values.iter().any(|value| value["valueString"] == "hemolysed"));
}

#[test]
fn every_shipped_mapping_checks_without_any_data() {
    let data = Data::new();
    let started = std::fs::read_dir(shipped("")).unwrap().flatten().filter(|entry| entry.path().is_dir());
    let names: Vec<String> = started.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in &names {
        data.done(&["mapping", "check", name]);
        assert!(shipped(name).join("README.md").is_file(), "{name} says nothing of itself");
    }
}
