//! Deliveries of real tables in which little is different: only what that reaches is mapped, and the store is as after a run of everything.

use crate::house::everything;
use crate::incremental::Both;
use lake::Capacity;
use lake::workbench::Workbench;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tables::mapping::Mapping;
use tables::pull::IfDoubtful;
use tables::run::{Mapped, RunReport, Runner, files_of, find_tables};
use tempfile::TempDir;

fn unpacked(archive: &str) -> Option<TempDir> {
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let archive = std::fs::File::open(Path::new(&data).join("records/tables").join(archive)).unwrap();
    tar::Archive::new(liblzma::read::XzDecoder::new(archive)).unpack(folder.path()).unwrap();
    Some(folder)
}

/// A source of a mapping that comes with the program.
struct Ward {
    both: Both,
    bench: Workbench,
    mapping: Mapping,
}

impl Ward {
    fn new(mapping: &str) -> Ward {
        let both = Both::new();
        let bench = Workbench::new(&both.house.folder.path().join("spill"), Capacity { threads: 1, queries: 2 });
        let files = files_of(mapping).unwrap();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Ward { both, bench: bench.unwrap(), mapping: Mapping::parse(&files).unwrap() }
    }

    /// Delivers a folder, runs both ways and compares. How each target was mapped, and what of it.
    fn deliver(&mut self, folder: &Path) -> BTreeMap<String, (Mapped, String)> {
        let (house, grant) = (&self.both.house, everything());
        let found = find_tables(&self.mapping.settings, folder, house.folder.path()).unwrap();
        house.sources.pull(&grant, "his", &found.tables, IfDoubtful::Accept, &mut |_, _| Ok(())).unwrap();
        let now_us = house.records.now_us();
        let runner = Runner::prepare(&house.sources, &self.bench, &grant, "his", &self.mapping, now_us, None);
        let report: RunReport = self.both.run(&runner.unwrap_or_else(|error| panic!("{error}")));
        let how = |target: &tables::run::TargetReport| match (target.mapped, target.mapped_rows) {
            (Mapped::Part, Some(rows)) => format!("{rows} of {}", target.table_rows),
            _ => target.why_whole.clone().unwrap_or_default(),
        };
        report.targets.iter().map(|target| (target.name.clone(), (target.mapped, how(target)))).collect()
    }
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }
}

/// Changes lines of a table of text: a cell becomes that of another line, a line goes, comes twice or comes back otherwise.
fn change(path: &Path, times: usize, dice: &mut Dice) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // What is quoted may hold commas: such lines stay.
    let plain = |line: &str| !line.is_empty() && !line.contains('"');
    for _ in 0..times {
        if lines.len() < 3 {
            break;
        }
        let (at, other) = (1 + dice.below(lines.len() - 1), 1 + dice.below(lines.len() - 1));
        if !plain(&lines[at]) || !plain(&lines[other]) {
            continue;
        }
        match dice.below(6) {
            0 => drop(lines.remove(at)),
            1 => lines.push(lines[at].clone()),
            what => {
                let mut cells: Vec<String> = lines[at].split(',').map(str::to_owned).collect();
                let column = dice.below(cells.len());
                let cell = lines[other].split(',').nth(column).unwrap_or_default().to_owned();
                cells[column] = if what == 2 { format!("{cell}9") } else { cell };
                lines[at] = cells.join(",");
            }
        }
    }
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn tables_of(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    paths
}

#[test]
fn the_second_day_of_a_hospital_is_mapped_in_part() {
    let Some(folder) = unpacked("his-zh.tar.xz") else { return };
    let mut ward = Ward::new("his-zh");
    let day = |day: &str| folder.path().join(day);
    ward.deliver(&day("day1"));
    let mapped = ward.deliver(&day("day2"));
    for name in ["Encounter", "Observation", "Patient"] {
        assert_eq!(mapped[name].0, Mapped::Part, "{mapped:#?}");
    }
    ward.deliver(&day("day1"));
    let again = ward.deliver(&day("day1"));
    assert!(again.values().all(|(mapped, _)| *mapped == Mapped::Nothing), "{again:#?}");
}

/// Lines of a table that are used, so that a test ends soon.
const LINES: usize = 1_200;

/// Changes all tables of a folder a little, again and again. What may be mapped whole, and what must not.
fn changed(folder: &Path, mapping: &str, in_part: &[&str], seed: u64) {
    for path in tables_of(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.split_inclusive('\n').take(LINES).collect::<String>()).unwrap();
    }
    let mut ward = Ward::new(mapping);
    ward.deliver(folder);
    let mut dice = Dice(seed);
    for round in 0..3 {
        for path in tables_of(folder) {
            // Some deliveries change some tables, and one changes all.
            if round == 2 || dice.below(3) == 0 {
                change(&path, 1 + dice.below(6), &mut dice);
            }
        }
        let mapped = ward.deliver(folder);
        // Where all tables change, much is reached in so small a source.
        for name in in_part.iter().filter(|_| round < 2) {
            assert_ne!(mapped[*name].0, Mapped::Whole, "round {round}: {name} {:?}", mapped[*name]);
        }
    }
}

#[test]
fn changed_rows_of_synthea_reach_what_hangs_on_them() {
    let Some(folder) = unpacked("synthea-pair.tar.xz") else { return };
    let in_part = ["Patient", "Encounter", "Observation", "Condition", "Procedure"];
    changed(&folder.path().join("csv"), "synthea-csv", &in_part, 0x5eed_0001);
}

#[test]
fn changed_rows_of_eicu_reach_what_hangs_on_them() {
    let Some(folder) = unpacked("eicu-demo-174.tar.xz") else { return };
    changed(folder.path(), "eicu", &["Patient", "UnitStay", "Lab", "MedicationRequest"], 0x5eed_0002);
}
