//! A run that remembers makes what one makes that does not, and says the same of it.

use crate::house::House;
use crate::run::{prepare, pull};
use lake::workbench::{Limits, Stop};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tables::run::{
    Chunk, Door, DoorError, Mapped, ReasonCount, RowNow, RunEnds, RunOptions, RunReport, Runner, Stored,
};

/// What is stored: text by type and id. What is gone stays, with a word about it.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Store {
    resources: BTreeMap<String, String>,
    /// Of what is new or changed, the line that names its rows.
    links: BTreeMap<String, String>,
    /// Open dead letters: target and place, and why.
    letters: BTreeMap<(String, String), String>,
    /// Places that the run under way refused.
    refused: BTreeSet<(String, String)>,
    writes: u64,
    /// What was compared since somebody looked, and whether it was there like this.
    taken: Vec<(String, bool)>,
    stored: Stored,
    /// Calls after which it takes nothing any more.
    left: Option<u32>,
}

impl Store {
    /// What a program does no more that was killed.
    fn step(&mut self) -> Result<(), DoorError> {
        match &mut self.left {
            Some(0) => Err(DoorError("cut off".into())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Door for Store {
    fn take(&mut self, chunk: &mut Chunk) -> Result<(), DoorError> {
        self.step()?;
        for made in &chunk.resources {
            let text = chunk.json[made.json.clone()].to_owned();
            let name = format!("{}/{}", made.resource_type, records::uuid_text(&made.id));
            let before = self.resources.insert(name.clone(), text.clone());
            self.taken.push((name.clone(), before.as_ref() == Some(&text)));
            if before.as_ref() != Some(&text) {
                let link = String::from_utf8(chunk.links[made.link.clone()].to_vec()).unwrap();
                self.links.insert(name, link);
            }
            match before {
                None => self.stored.new += 1,
                Some(before) if before == text => self.stored.equal += 1,
                Some(_) => self.stored.changed += 1,
            }
        }
        for refused in &chunk.refused {
            let place = (chunk.target.clone(), refused.place.split(", ").next().unwrap_or_default().to_owned());
            self.letters.insert(place.clone(), refused.what.clone());
            self.refused.insert(place);
        }
        for gone in &chunk.gone {
            let id = format!("{}/{}", gone.resource_type, gone.id);
            let word = format!("{:?}", gone.how);
            // What is kept stays as it is.
            if word == "Keep" {
                continue;
            }
            if self.resources.get(&id).is_some_and(|text| *text != word) {
                self.resources.insert(id, word);
                self.stored.gone += 1;
            }
        }
        Ok(())
    }

    fn has(&self, resource_type: &'static str, id: &str) -> Result<bool, DoorError> {
        let there = self.resources.get(&format!("{resource_type}/{id}"));
        Ok(there.is_some_and(|text| text.starts_with('{')))
    }

    fn position(&self) -> u64 {
        self.writes
    }

    fn conclude(&mut self, target: &str, now: &dyn Fn(&str, u64) -> RowNow) -> Result<bool, DoorError> {
        self.step()?;
        let refused = std::mem::take(&mut self.refused);
        self.letters.retain(|place, _| {
            let Some((table, row)) = place.1.rsplit_once(" row ").filter(|_| place.0 == target) else { return true };
            refused.contains(place) || now(table, row.parse().unwrap()) == RowNow::NotSeen
        });
        self.refused = refused.into_iter().filter(|(of, _)| of != target).collect();
        Ok(false)
    }

    fn note_run(&mut self, _: &RunEnds) -> Result<u64, DoorError> {
        self.step()?;
        Ok(0)
    }

    fn conclude_besides(&mut self, _: &[&str]) -> Result<(), DoorError> {
        self.step()
    }

    fn settle(&mut self) -> Result<Stored, DoorError> {
        self.step()?;
        self.writes += self.stored.new + self.stored.changed + self.stored.gone;
        Ok(std::mem::take(&mut self.stored))
    }
}

fn run(runner: &Runner, store: &mut Store, made: &Path, whole: bool) -> RunReport {
    let options = RunOptions {
        written: true,
        made: made.to_owned(),
        run: Some(1),
        whole,
        told_apart: if whole { 3 } else { tables::run::TOLD_APART },
        limits: Limits::default(),
        stop: Stop::default(),
        go_on: &mut |_, _| Ok(()),
    };
    let report = runner.run(store, options).unwrap();
    assert!(report.targets.iter().all(tables::run::TargetReport::is_balanced), "{:#?}", report.targets);
    report
}

const TOML: &str = "name = \"ward\"\n[tables.people]\n[tables.stays]\n[tables.lab]\n[tables.words]\n";
const PATIENT: &str = "-- @target Patient @key p.pid @patient p.pid @required birthDate
SELECT date(p.born) AS \"birthDate\", code('sex', p.sex) AS gender FROM people p";
const STAY: &str = "-- @target Encounter @key s.sid @patient s.pid @required subject
SELECT 'finished' AS status, code('urn:ward', s.ward, w.word) AS class, ref('Patient', s.pid) AS subject
FROM stays s LEFT JOIN words w ON w.code = s.ward";
const LAB: &str = "-- @target Observation @key l.id @each lab l @patient s.pid @gone delete
SELECT 'final' AS status, code('item', l.item) AS code, ref('Patient', s.pid) AS subject, ref('Encounter', l.sid) AS encounter,
       coalesce(quantity(l.value, unit('ucum', 'g/L')), text(l.value)) AS value
FROM lab l LEFT JOIN stays s ON s.sid = l.sid WHERE l.item <> 'X'";
/// A resource that tells of all rows of a patient, the last one first.
const LAST: &str = "-- @target Basic @key a.pid @patient a.pid
SELECT code('urn:last', a.item) AS code, a.n AS \"extension('urn:n').valueInteger\" FROM latest a WHERE a.nth = 1";
const LATEST: &str = "SELECT s.pid, l.item, count(*) OVER (PARTITION BY s.pid) AS n,
       row_number() OVER (PARTITION BY s.pid ORDER BY l.value DESC, l.id) AS nth FROM lab l JOIN stays s ON s.sid = l.sid";

/// A resource for each fact that a row holds: some rows hold none.
const FACT: &str = "-- @target Basic as Fact @key f.id, f.what @each lab
SELECT code('urn:fact', f.word) AS code, code('urn:ward', f.ward) AS \"extension('urn:w').valueCodeableConcept\" FROM facts f";
/// Some ids come twice: of two rows with one key that of the earlier branch and row stays, however many rows are looked at.
const FACTS: &str =
    "SELECT l.id, 'item' AS what, l.item AS word, s.ward FROM lab l JOIN stays s ON s.sid = l.sid WHERE l.item <> 'X'
UNION ALL SELECT id, 'value', value, NULL FROM lab WHERE value > '4'
UNION ALL SELECT l.id, 'sex', p.sex, NULL FROM lab l JOIN stays s ON s.sid = l.sid JOIN people p ON p.pid = s.pid";

#[derive(Clone, Debug)]
struct Ward {
    people: BTreeMap<u8, (u8, u8)>,
    stays: BTreeMap<u8, (u8, u8)>,
    lab: BTreeMap<u8, (u8, u8, u8)>,
    words: BTreeMap<u8, u8>,
    maps: u8,
    /// Whether a target reads a table in several branches of a UNION.
    has_unions: bool,
}

impl Ward {
    fn tables(&self) -> [(&'static str, String); 4] {
        let mut texts =
            ["pid,born,sex\n".to_owned(), "sid,pid,ward\n".into(), "id,sid,item,value\n".into(), "code,word\n".into()];
        for (pid, (born, sex)) in &self.people {
            let born = if *born == 0 { "never".to_owned() } else { format!("19{:02}-01-02", 10 + born) };
            texts[0] += &format!("{pid},{born},{}\n", ["f", "m", "?"][usize::from(*sex)]);
        }
        for (sid, (pid, ward)) in &self.stays {
            texts[1] += &format!("{sid},{pid},{ward}\n");
        }
        for (id, (sid, item, value)) in &self.lab {
            // Some keys come twice, with another value.
            texts[2] += &format!(
                "{},{sid},{},{}\n",
                id % 20,
                ["K", "NA", "X"][usize::from(*item)],
                match value {
                    9 => "low".to_owned(),
                    8 => "8 mg".to_owned(),
                    number => number.to_string(),
                }
            );
        }
        for (code, word) in &self.words {
            texts[3] += &format!("{code},w{word}\n");
        }
        let [people, stays, lab, words] = texts;
        [("people", people), ("stays", stays), ("lab", lab), ("words", words)]
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        let item = "source,system,code\nK,http://loinc.org,2823-3\n".to_owned()
            + if self.maps.is_multiple_of(2) { "" } else { "NA,http://loinc.org,2951-2\n" };
        let sex = "source,system,code\nf,http://hl7.org/fhir/administrative-gender,female\nm,http://hl7.org/fhir/administrative-gender,male\n";
        let mut files = vec![
            ("mapping.toml", TOML.into()),
            ("patient.sql", PATIENT.into()),
            ("stay.sql", STAY.into()),
            ("lab.sql", LAB.into()),
            ("last.sql", LAST.into()),
            ("views/latest.sql", LATEST.into()),
            ("codes/item.csv", item),
            ("codes/sex.csv", sex.into()),
        ];
        if self.has_unions {
            files.extend([("fact.sql", FACT.to_owned()), ("views/facts.sql", FACTS.into())]);
        }
        files
    }
}

/// What changes from one delivery to the next.
fn change() -> impl Strategy<Value = (u8, u8, u8, u8)> {
    (0..9u8, 0..24u8, 0..6u8, 0..10u8)
}

fn changed(ward: &mut Ward, (what, key, a, b): (u8, u8, u8, u8)) {
    match what {
        0 => drop(ward.people.insert(key % 6, (b % 5, a % 3))),
        1 => drop(ward.people.remove(&(key % 6))),
        2 => drop(ward.stays.insert(key % 8, (a % 6, b % 3))),
        3 => drop(ward.stays.remove(&(key % 8))),
        4 | 5 => drop(ward.lab.insert(key, (a, b % 3, b))),
        6 => drop(ward.lab.remove(&key)),
        7 => drop(ward.words.insert(a % 3, b)),
        _ => ward.maps = a,
    }
}

/// Reasons and how often they were; each has an example, but not always the first.
fn without_examples(reasons: &[ReasonCount]) -> Vec<ReasonCount> {
    assert!(reasons.iter().all(|reason| !reason.examples.is_empty()));
    reasons.iter().map(|reason| ReasonCount { examples: Vec::new(), ..reason.clone() }).collect()
}

/// A run that remembers and one that does not, of the same rows into two stores.
pub struct Both {
    pub house: House,
    remembers: (Store, PathBuf),
    forgets: (Store, PathBuf),
    /// What the rows of the last delivery made.
    made: BTreeSet<String>,
}

impl Both {
    pub fn new() -> Both {
        let house = House::new();
        let path = |name: &str| house.folder.path().join(name);
        let (one, two) = (path("one"), path("two"));
        Both { house, remembers: (Store::default(), one), forgets: (Store::default(), two), made: BTreeSet::new() }
    }

    /// Delivers, runs both ways, and compares. What each run mapped of each target.
    fn deliver(&mut self, ward: &Ward) -> Vec<Mapped> {
        let tables = ward.tables();
        pull(&self.house, &tables.each_ref().map(|(name, text)| (*name, text.as_str())));
        let files = ward.mapping();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let runner = prepare(&self.house, &files);
        let one = self.run(&runner);
        // What is new or changed is compared with the store, and beside it only what came back as it was kept when its rows had gone: of that the
        // last run, which did not make it, remembers nothing.
        let taken = std::mem::take(&mut self.remembers.0.taken);
        let back: Vec<String> = taken.iter().filter(|(_, is_equal)| *is_equal).map(|(name, _)| name.clone()).collect();
        assert_eq!((taken.len() - back.len()) as u64, one.stored.new + one.stored.changed);
        assert!(back.iter().all(|name| !self.made.contains(name)), "{back:?}");
        self.made = std::mem::take(&mut self.forgets.0.taken).into_iter().map(|(name, _)| name).collect();
        one.targets.iter().map(|target| target.mapped).collect()
    }

    /// Runs both ways, and compares: resources and the rows they are made of, open letters, counts and reasons.
    pub fn run(&mut self, runner: &Runner) -> RunReport {
        let one = run(runner, &mut self.remembers.0, &self.remembers.1, false);
        let whole = run(runner, &mut self.forgets.0, &self.forgets.1, true);
        for (name, text) in &self.forgets.0.resources {
            assert_eq!(self.remembers.0.resources.get(name), Some(text), "{name}");
        }
        assert_eq!(self.remembers.0.resources.len(), self.forgets.0.resources.len());
        assert_eq!(self.remembers.0.links, self.forgets.0.links);
        assert_eq!(self.remembers.0.letters, self.forgets.0.letters);
        assert_eq!(one.stored, whole.stored);
        assert_eq!(one.unmapped, whole.unmapped);
        for (a, b) in one.targets.iter().zip(&whole.targets) {
            let bare = |report: &tables::run::TargetReport| tables::run::TargetReport {
                mapped: Mapped::Whole,
                mapped_rows: None,
                why_whole: None,
                why_whole_code: None,
                reasons: without_examples(&report.reasons),
                remarks: without_examples(&report.remarks),
                ..report.clone()
            };
            assert_eq!(bare(a), bare(b));
            assert!(b.why_whole.is_some());
        }
        one
    }
}

#[test]
fn what_is_not_different_is_not_mapped_and_what_uses_a_changed_map_is() {
    let mut both = Both::new();
    let mut ward = Ward {
        people: BTreeMap::from([(1, (1, 0)), (2, (2, 1))]),
        stays: BTreeMap::from([(1, (1, 0)), (2, (2, 1))]),
        lab: BTreeMap::from([(1, (1, 0, 4)), (2, (2, 1, 5))]),
        words: BTreeMap::from([(0, 1)]),
        maps: 0,
        has_unions: false,
    };
    use Mapped::{Nothing, Part, Whole};
    // Targets run in the order of their references: Basic has none.
    assert_eq!(both.deliver(&ward), [Whole; 4]);
    assert_eq!(both.deliver(&ward), [Nothing; 4]);
    let order: Vec<String> = {
        let files = ward.mapping();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let runner = prepare(&both.house, &files);
        let report = run(&runner, &mut both.remembers.0, &both.remembers.1, false);
        report.targets.iter().map(|target| target.name.clone()).collect()
    };
    let mapped = |names: &[&str], how: Mapped| -> Vec<Mapped> {
        order.iter().map(|name| if names.contains(&name.as_str()) { how } else { Nothing }).collect()
    };
    // A code map: its users. A helper table: who joins it. A person: who may refer to her, if she was not there.
    ward.maps = 1;
    assert_eq!(both.deliver(&ward), mapped(&["Observation"], Whole));
    ward.words.insert(0, 2);
    assert_eq!(both.deliver(&ward), mapped(&["Encounter"], Part));
    ward.people.insert(2, (3, 1));
    assert_eq!(both.deliver(&ward), mapped(&["Patient"], Part));
    ward.people.insert(3, (3, 1));
    assert_eq!(both.deliver(&ward), mapped(&["Patient", "Encounter", "Observation"], Part));
    ward.lab.remove(&1);
    assert_eq!(both.deliver(&ward), mapped(&["Observation", "Basic"], Part));
    // A person who comes back as she was kept: nothing is new, and she is compared.
    ward.people.remove(&3);
    both.deliver(&ward);
    ward.people.insert(3, (3, 1));
    assert_eq!(both.deliver(&ward), mapped(&["Patient", "Encounter", "Observation"], Part));
}

#[test]
fn what_refers_to_a_resource_that_is_kept_stays_when_its_row_is_gone() {
    let mut both = Both::new();
    let mut ward = Ward {
        people: BTreeMap::from([(1, (1, 0)), (2, (2, 1))]),
        stays: BTreeMap::from([(1, (1, 0)), (2, (2, 1))]),
        lab: BTreeMap::from([(1, (1, 0, 4)), (2, (2, 1, 5))]),
        words: BTreeMap::new(),
        maps: 0,
        has_unions: false,
    };
    both.deliver(&ward);
    let before = both.forgets.0.resources.clone();
    // The person's row goes and the person stays, with the stay and the result that are delivered still, and with one that comes.
    ward.people.remove(&2);
    both.deliver(&ward);
    assert_eq!(both.forgets.0.resources, before);
    ward.lab.insert(3, (2, 0, 7));
    both.deliver(&ward);
    let made = both.forgets.0.resources.len();
    assert!(made > before.len() && both.forgets.0.resources.values().all(|text| text.starts_with('{')), "{made}");
    // Of a person who never was, nothing is taken.
    ward.stays.insert(9, (9, 0));
    both.deliver(&ward);
    assert_eq!(both.forgets.0.resources.len(), made);
}

/// Copies the files of a folder and of those in it.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &copy);
        } else {
            std::fs::copy(&path, &copy).unwrap();
        }
    }
}

/// Cuts a run off at each of its steps in turn, from what was stored and remembered before it, and runs again: the store comes to what the run that
/// was not cut off made of it. `look` sees what a further run says. How many steps there are.
fn cut_off_at_each_step(both: &Both, runner: &Runner, stored: &Store, before: &Path, look: &dyn Fn(&RunReport)) -> u32 {
    for steps in 0..100 {
        let folder = both.house.folder.path().join(format!("cut-off-{steps}"));
        copied(before, &folder);
        let mut store = Store { left: Some(steps), ..stored.clone() };
        let again = |store: &mut Store| {
            let options = RunOptions {
                written: true,
                made: folder.clone(),
                run: Some(2),
                whole: false,
                told_apart: tables::run::TOLD_APART,
                limits: Limits::default(),
                stop: Stop::default(),
                go_on: &mut |_, _| Ok(()),
            };
            runner.run(store, options)
        };
        let is_ended = again(&mut store).is_ok();
        // What was not yet written out is written by the next run, or was.
        store = Store { left: None, refused: BTreeSet::new(), stored: Stored::default(), ..store };
        if !is_ended {
            again(&mut store).unwrap();
        }
        assert_eq!(store.resources, both.remembers.0.resources, "cut off at step {steps}");
        assert_eq!(store.letters, both.remembers.0.letters, "cut off at step {steps}");
        look(&again(&mut store).unwrap());
        if is_ended {
            return steps + 1;
        }
    }
    panic!("it never ends");
}

#[test]
fn a_part_that_is_cut_off_at_any_step_comes_to_the_same_end() {
    let mut both = Both::new();
    let mut ward = Ward {
        people: (0..5).map(|pid| (pid, (pid, pid % 3))).collect(),
        stays: (0..7).map(|sid| (sid, (sid % 5, sid % 3))).collect(),
        lab: (0..20).map(|id| (id, (id % 7, id % 3, id % 10))).collect(),
        words: BTreeMap::from([(0, 1), (1, 2)]),
        maps: 1,
        has_unions: false,
    };
    both.deliver(&ward);
    // One comes, one goes, one is refused that was taken, one is another.
    ward.people.remove(&4);
    ward.people.insert(5, (3, 1));
    ward.lab.insert(21, (1, 0, 3));
    ward.lab.insert(3, (3, 0, 9));
    ward.lab.remove(&6);
    let tables = ward.tables();
    pull(&both.house, &tables.each_ref().map(|(name, text)| (*name, text.as_str())));
    let files = ward.mapping();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let runner = prepare(&both.house, &files);
    let stored = both.remembers.0.clone();
    let before = both.house.folder.path().join("before");
    copied(&both.remembers.1, &before);
    let whole = both.run(&runner);
    assert!(whole.targets.iter().filter(|target| target.mapped == Mapped::Part).count() > 2, "{:#?}", whole.targets);
    // What it remembers is what there is.
    let steps = cut_off_at_each_step(&both, &runner, &stored, &before, &|last| {
        assert!(last.targets.iter().all(|target| target.mapped == Mapped::Nothing));
        for (now, one) in last.targets.iter().zip(&whole.targets) {
            let counts = |target: &tables::run::TargetReport| {
                [target.rows, target.resources, target.merged, target.filtered, target.rejected]
            };
            assert_eq!(counts(now), counts(one));
        }
    });
    assert!(steps > 8, "{steps} steps");
}

#[test]
fn a_target_that_is_dropped_is_gone_also_after_a_run_that_was_cut_off() {
    let mut both = Both::new();
    let ward = Ward {
        people: (0..5).map(|pid| (pid, (pid, pid % 3))).collect(),
        stays: (0..7).map(|sid| (sid, (sid % 5, sid % 3))).collect(),
        lab: (0..20).map(|id| (id, (id % 7, id % 3, id % 10))).collect(),
        words: BTreeMap::new(),
        maps: 1,
        has_unions: false,
    };
    both.deliver(&ward);
    let files: Vec<_> = ward.mapping().into_iter().filter(|(name, _)| *name != "lab.sql").collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let runner = prepare(&both.house, &files);
    let (stored, before) = (both.remembers.0.clone(), both.house.folder.path().join("before"));
    copied(&both.remembers.1, &before);
    let whole = both.run(&runner);
    assert!(
        whole.stored.gone > 0 && whole.notes.iter().any(|note| note.to_string().contains("target Observation")),
        "{whole:#?}"
    );
    let steps = cut_off_at_each_step(&both, &runner, &stored, &before, &|last| {
        let is_told = last.notes.iter().any(|note| note.to_string().contains("target Observation"));
        assert!(last.stored.gone == 0 && !is_told);
    });
    assert!(steps > 3, "{steps} steps");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn a_run_that_remembers_makes_what_a_whole_one_makes(
        deliveries in prop::collection::vec(prop::collection::vec(change(), 0..8), 3..7),
        has_unions: bool,
    ) {
        let mut both = Both::new();
        let mut ward = Ward {
            people: (0..5).map(|pid| (pid, (pid, pid % 3))).collect(),
            stays: (0..7).map(|sid| (sid, (sid % 5, sid % 3))).collect(),
            lab: (0..20).map(|id| (id, (id % 7, id % 3, id % 10))).collect(),
            words: BTreeMap::from([(0, 1), (1, 2)]),
            maps: 0,
            has_unions,
        };
        both.deliver(&ward);
        for delivery in deliveries {
            for one in delivery {
                changed(&mut ward, one);
            }
            both.deliver(&ward);
        }
    }
}
