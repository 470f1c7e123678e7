//! A mapping over pulled rows: what is made, and what becomes of every row.

use crate::house::{House, Text, everything};
use lake::Capacity;
use lake::workbench::{Limits, Stop, Workbench};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tables::mapping::Mapping;
use tables::pull::{IfDoubtful, PullTable};
use tables::run::{Chunk, Door, DoorError, Link, RunOptions, RunReport, Runner, Stored};

const TOML: &str =
    "name = \"ward\"\nzone = \"Europe/Berlin\"\n[tables.people]\nkey = [\"pid\"]\n[tables.lab]\nkey = [\"id\"]\n";
const PATIENT: &str = "-- @target Patient @key p.pid
SELECT identifier('urn:example:pid', p.pid) AS identifier, p.sex AS gender, date(p.born) AS \"birthDate\" FROM people p";
const LAB: &str = "-- @target Observation @key l.id @each lab l @required subject
SELECT 'final' AS status, code('urn:example:item', l.item) AS code, ref('Patient', l.pid) AS subject,
       coalesce(quantity(l.value, l.unit), text(l.value)) AS value
FROM lab l WHERE l.item <> 'IGNORE'";

/// Keeps what comes, as JSON by id.
#[derive(Default)]
struct Kept {
    resources: BTreeMap<String, Value>,
    links: BTreeMap<String, Link>,
    refused: Vec<(Link, String)>,
}

impl Door for Kept {
    fn take(&mut self, chunk: &mut Chunk) -> Result<(), DoorError> {
        for made in &chunk.resources {
            let resource: Value = serde_json::from_str(&chunk.json[made.json.clone()]).unwrap();
            let id = format!("{}/{}", made.resource_type, records::uuid_text(&made.id));
            assert_eq!(resource["id"], records::uuid_text(&made.id));
            self.links.insert(id.clone(), serde_json::from_slice(&chunk.links[made.link.clone()]).unwrap());
            assert!(self.resources.insert(id, resource).is_none(), "a resource is made once");
        }
        for refused in &chunk.refused {
            let link = serde_json::from_slice(&chunk.links[refused.link.clone()]).unwrap();
            self.refused.push((link, refused.what.clone()));
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<Stored, DoorError> {
        Ok(Stored { new: self.resources.len() as u64, ..Stored::default() })
    }
}

pub fn pull(house: &House, tables: &[(&str, &str)]) {
    let tables: Vec<PullTable> = tables
        .iter()
        .map(|(name, text)| PullTable {
            name: (*name).to_owned(),
            key: Vec::new(),
            uses: Vec::new(),
            optional: false,
            origin: Box::new(Text { text: (*text).to_owned(), has_bytes: true }),
        })
        .collect();
    house.sources.pull(&everything(), "his", &tables, IfDoubtful::Accept, &mut |_, _| Ok(())).unwrap();
}

/// Compiles and plans a mapping that is right.
pub fn prepare(house: &House, files: &[(&str, &str)]) -> Runner {
    let spill = house.folder.path().join("spill");
    let bench = Workbench::new(&spill, Capacity { threads: 1, queries: 2 }).unwrap();
    let mapping = Mapping::parse(files).unwrap();
    match Runner::prepare(&house.sources, &bench, &everything(), "his", &mapping, house.records.now_us(), None) {
        Ok(runner) => runner,
        Err(tables::run::PrepareError::Problems(problems)) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
        Err(error) => panic!("{error}"),
    }
}

/// Runs it, whether all resources are told apart in memory or the keys that repeat are found first.
fn run(runner: &Runner) -> (RunReport, Kept) {
    let (report, kept) = run_telling_apart(runner, tables::run::TOLD_APART);
    let (other, other_kept) = run_telling_apart(runner, 0);
    assert_eq!(report.targets, other.targets);
    assert_eq!((&kept.resources, &kept.links), (&other_kept.resources, &other_kept.links));
    assert_eq!(kept.refused, other_kept.refused);
    (report, kept)
}

fn run_telling_apart(runner: &Runner, told_apart: u64) -> (RunReport, Kept) {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Kept::default();
    let options = RunOptions {
        written: false,
        made: folder.path().to_owned(),
        run: None,
        whole: false,
        told_apart,
        limits: Limits::default(),
        stop: Stop::default(),
        go_on: &mut |_, _| Ok(()),
    };
    let report = runner.run(&mut kept, options).unwrap();
    assert!(report.targets.iter().all(tables::run::TargetReport::is_balanced), "{:#?}", report.targets);
    (report, kept)
}

fn counts(report: &RunReport, target: &str) -> [u64; 5] {
    let target = report.targets.iter().find(|one| one.name == target).unwrap();
    [target.rows, target.resources, target.merged, target.filtered, target.rejected]
}

#[test]
fn every_row_is_a_resource_merged_filtered_or_rejected() {
    let house = House::new();
    pull(
        &house,
        &[
            ("people", "pid,sex,born\n1,male,1970-01-02\n2,female,1990-02-30\n2,female,1990-02-30\n"),
            (
                "lab",
                "id,pid,item,value,unit\na,1,HB,13.1,g/dL\nb,1,CRP,<5,mg/L\nc,9,HB,12,g/dL\nd,2,IGNORE,1,x\ne,2,HB,hemolysed,\na,1,HB,14,g/dL\n",
            ),
        ],
    );
    let (report, kept) = run(&prepare(&house, &[("mapping.toml", TOML), ("patient.sql", PATIENT), ("lab.sql", LAB)]));
    // The same row twice is one resource; the same key with other values is refused.
    assert_eq!(counts(&report, "Patient"), [3, 2, 1, 0, 0]);
    assert_eq!(counts(&report, "Observation"), [6, 3, 0, 1, 2]);
    let reasons = |target: usize| -> Vec<(String, u64)> {
        report.targets[target].reasons.iter().map(|reason| (reason.code.clone(), reason.count)).collect()
    };
    assert_eq!(reasons(0), [("impossible-date".to_owned(), 1)]);
    assert_eq!(reasons(1), [("duplicate-key".to_owned(), 1), ("no-such-target".to_owned(), 1)]);
    let rejected = &report.targets[1].reasons[1];
    assert_eq!((rejected.examples[0].table.as_str(), rejected.examples[0].row), ("lab", 2));
    assert_eq!(report.targets[1].reasons.iter().map(|reason| reason.rows).sum::<u64>(), report.targets[1].rejected);
    let values: Vec<String> = kept
        .resources
        .values()
        .filter(|resource| resource["resourceType"] == "Observation")
        .map(|one| one["valueQuantity"]["value"].as_f64().map_or(one["valueString"].to_string(), |v| v.to_string()))
        .collect();
    assert_eq!(values.len(), 3);
    assert!(values.contains(&"\"hemolysed\"".to_owned()), "{values:?}");
    assert_eq!(kept.refused.len(), 2);
}

#[test]
fn numbers_that_are_kept_as_text_are_counted_of_all_and_what_may_be_wrong_is_told() {
    let house = House::new();
    let mut lab = "id,pid,item,value,unit\n".to_owned();
    for row in 0..40 {
        // Values that repeat, and values that are of one row.
        lab += &format!("{row},1,HB,{}.{row},g/dL\n", 10 + row % 3);
    }
    lab += "a,1,HB,14,g/dL\nb,1,HB,hemolysed,\nc,1,HB,15 g/dL,\nd,1,HB,,\ne,1,IGNORE,1.5,x\n";
    pull(&house, &[("people", "pid,sex,born\n1,male,1970-01-02\n"), ("lab", &lab)]);
    let comma = format!("decimal = \",\"\n{TOML}");
    let files = [("mapping.toml", comma.as_str()), ("patient.sql", PATIENT), ("lab.sql", LAB)];
    let runner = prepare(&house, &files);
    let (report, kept) = run(&runner);
    let lab = &report.to_json()["targets"][1];
    let told = |remark: &Value| json!([remark["reason"], remark["element"], remark["count"], remark["of"]]);
    let remarks: Vec<Value> = lab["remarks"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        remarks,
        [
            json!(["decimal-sign", "value", 40, 43]),
            json!(["kept-as-text", "value", 1, 43]),
            json!(["unit-in-value", "value", 1, 43]),
        ]
    );
    let example = &lab["remarks"][0]["examples"][0];
    assert_eq!((&example["table"], &example["text"]), (&json!("lab"), &json!("10.0")));
    assert!(example["message"].as_str().unwrap().contains("is not a number"), "{example}");
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
    let note = report.notes[0].to_string();
    assert!(note.starts_with("Observation value: 40 of 43 values were not read as numbers"));
    assert!(note.ends_with("say decimal = \".\" in mapping.toml"), "{note}");
    let said = &report.to_json()["notes_said"][0];
    assert_eq!(
        (&said["code"], &said["values"]["sign"], &said["text"]),
        (&json!("decimal-sign"), &json!("."), &json!(note))
    );
    assert_eq!(kept.resources.values().filter(|one| one["valueString"].is_string()).count(), 42);
    // The first rows show it before anything is run.
    let warnings = runner.warnings(20, &Limits::default(), &Stop::default()).unwrap();
    assert!(warnings[0].to_string().starts_with("Observation value: 40 of 43 values"), "{warnings:?}");

    let runner = prepare(&house, &[("mapping.toml", TOML), files[1], files[2]]);
    let (report, _) = run(&runner);
    assert!(report.notes.is_empty() && runner.warnings(20, &Limits::default(), &Stop::default()).unwrap().is_empty());
    let remarks: Vec<Value> = report.to_json()["targets"][1]["remarks"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(remarks, [json!(["kept-as-text", "value", 1, 43]), json!(["unit-in-value", "value", 1, 43])]);
}

#[test]
fn each_resource_leads_to_its_rows_and_each_element_to_its_cells() {
    let house = House::new();
    let lab = "id,pid,item,value,unit\na,1,HB,13.1,g/dL\nb,1,CRP,7,mg/L\n";
    pull(&house, &[("people", "pid,sex,born\n1,male,1970-01-02\n"), ("lab", lab)]);
    let runner = prepare(&house, &[("mapping.toml", TOML), ("patient.sql", PATIENT), ("lab.sql", LAB)]);
    let (_, kept) = run(&runner);
    let (id, _) = kept.resources.iter().find(|(_, resource)| resource["code"]["coding"][0]["code"] == "CRP").unwrap();
    let link = &kept.links[id];
    assert_eq!(link.rows, BTreeMap::from([("lab".to_owned(), vec![1])]));
    let found = runner.lineage(&house.sources, &everything(), "his", (link, i64::MAX), Some("valueQuantity")).unwrap();
    let cells: Vec<(&str, u64, &str)> = found
        .iter()
        .flat_map(|element| &element.cells)
        .map(|cell| (cell.column.as_str(), cell.row, cell.cell.as_deref().unwrap_or("-")))
        .collect();
    assert!(cells.contains(&("value", 2, "7")) && cells.contains(&("unit", 2, "mg/L")), "{found:#?}");
    let (arrival, offset, length) = found[0].cells[0].arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "b,1,CRP,7,mg/L\n");
}

#[test]
fn a_row_that_any_branch_of_a_union_gives_is_given_and_leads_to_the_cells_of_that_branch() {
    const VITALS: &str = "-- @target Observation @key v.id, v.what
SELECT 'final' AS status, code('urn:what', v.what) AS code, quantity(v.value) AS value FROM vitals v";
    const BRANCHES: [&str; 3] = [
        "SELECT w.id, 'hr' AS what, w.hr AS value FROM wide w WHERE w.hr IS NOT NULL",
        "SELECT w.id, 'rr' AS what, w.rr AS value FROM wide w WHERE w.rr IS NOT NULL",
        "SELECT w.id, 'temp' AS what, w.temp AS value FROM wide w JOIN wide other ON other.id = w.id WHERE w.temp IS NOT NULL",
    ];
    let house = House::new();
    pull(&house, &[("wide", "id,hr,rr,temp\n1,80,12,37.0\n2,,14,\n3,,,36.5\n4,,,\n5,90,,\n6,,,\n")]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let view = order.map(|at| BRANCHES[at]).join(" UNION ALL ");
        let toml = "name = \"icu\"\n[tables.wide]\nkey = [\"id\"]\n";
        let files = [("mapping.toml", toml), ("vitals.sql", VITALS), ("views/vitals.sql", view.as_str())];
        let runner = prepare(&house, &files);
        let (report, kept) = run(&runner);
        // Two rows of the six give nothing.
        assert_eq!(counts(&report, "Observation"), [8, 6, 0, 2, 0], "{view}");
        for (id, resource) in &kept.resources {
            let what = resource["code"]["coding"][0]["code"].as_str().unwrap();
            let found =
                runner.lineage(&house.sources, &everything(), "his", (&kept.links[id], i64::MAX), Some("value"));
            let cells: Vec<(String, String)> = found
                .unwrap()
                .into_iter()
                .flat_map(|element| element.cells)
                .map(|cell| (cell.column, cell.cell.unwrap_or_default()))
                .collect();
            assert_eq!(cells.len(), 1, "{what}: {cells:?}");
            assert_eq!(cells[0].0, what);
            assert_eq!(cells[0].1, resource["valueQuantity"]["value"].to_string());
        }
    }
}

#[test]
fn two_runs_say_the_same() {
    let house = House::new();
    let mut lab = "id,pid,item,value,unit\n".to_owned();
    for row in 0..20_000 {
        lab += &format!("{row},{},HB,{}.{},g/dL\n", row % 300, row % 17, row % 10);
    }
    let mut people = "pid,sex,born\n".to_owned();
    (0..299).for_each(|pid| people += &format!("{pid},male,1970-01-02\n"));
    pull(&house, &[("people", &people), ("lab", &lab)]);
    let runner = prepare(&house, &[("mapping.toml", TOML), ("patient.sql", PATIENT), ("lab.sql", LAB)]);
    let (mut first, kept) = run(&runner);
    let (second, again) = run(&runner);
    assert_eq!(first, second);
    first.number_rows(&house.sources, &everything()).unwrap();
    assert_eq!(kept.resources, again.resources);
    assert_eq!(counts(&first, "Observation"), [20_000, 19_934, 0, 0, 66]);
    assert_eq!(first.to_json()["targets"][1]["reasons"][0]["examples"][0]["row"], json!(300));
}

#[test]
fn a_table_that_may_be_absent_and_is_has_no_rows() {
    let house = House::new();
    pull(&house, &[("people", "pid,sex,born\n1,male,1970-01-02\n")]);
    let toml =
        TOML.replace("[tables.lab]", "[tables.lab]\noptional = true\nuses = [\"pid\", \"item\", \"value\", \"unit\"]");
    let (report, _) = run(&prepare(&house, &[("mapping.toml", &toml), ("patient.sql", PATIENT), ("lab.sql", LAB)]));
    assert_eq!(counts(&report, "Observation"), [0; 5]);
    assert_eq!(report.not_delivered, ["Observation"]);
}

#[test]
fn a_table_whose_key_only_a_target_says_is_told() {
    let house = House::new();
    pull(&house, &[("people", "pid,sex\n1,male\n")]);
    let said = |toml: &str, key: &str| {
        let target = format!("-- @target Patient @key {key}\nSELECT sex AS gender FROM people p");
        let toml = format!("name = \"k\"\n[tables.people]\n{toml}");
        let runner = prepare(&house, &[("mapping.toml", &toml), ("patient.sql", &target)]);
        runner.keyless().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = said("", "p.pid");
    assert!(told.len() == 1 && told[0].contains("say key = [\"pid\"] under [tables.people]"), "{told:?}");
    assert!(said("key = [\"pid\"]", "p.pid").is_empty());
    // What is computed is no key of the table.
    assert!(said("", "substr(p.pid, 1, 1)").is_empty());
}

#[test]
fn a_column_that_is_not_there_is_told_with_its_place() {
    let house = House::new();
    pull(&house, &[("people", "pid,sex,dob\n1,male,1970-01-02\n"), ("lab", "id,pid,item,value,unit\n")]);
    let spill = house.folder.path().join("spill");
    let bench = Workbench::new(&spill, Capacity { threads: 1, queries: 2 }).unwrap();
    let mapping = Mapping::parse(&[("mapping.toml", TOML), ("patient.sql", PATIENT), ("lab.sql", LAB)]).unwrap();
    let failed = Runner::prepare(&house.sources, &bench, &everything(), "his", &mapping, 0, None).err().unwrap();
    let tables::run::PrepareError::Problems(problems) = failed else { panic!("{failed}") };
    assert_eq!((problems.len(), problems[0].file.as_str(), problems[0].line), (1, "patient.sql", 2));
    assert!(problems[0].message.contains("born"), "{}", problems[0].message);
}
