//! `kill -9` at random moments of pulls, runs and undoings: whoever does the same again comes to the state of one who was never killed.

use crate::program::{Data, write};
use crate::runs::ward;
use crate::witness::{Moments, feed, rounds};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

const PEOPLE: u64 = 40;
const RESULTS: u64 = 2_500;

/// What the ward delivers on a day: results that changed, some that are new, some that are gone, rows that are none and rows without a patient.
fn delivery(data: &Data, day: u64) {
    let mut people = "pid,born\n".to_owned();
    for pid in 0..PEOPLE + day % 3 {
        writeln!(people, "{pid},19{:02}-02-{:02}", pid % 100, 1 + (day * (pid % 4 / 3)) % 28).unwrap();
    }
    write(&data.path("ward/people.csv"), people.as_bytes());
    let mut lab = "id,pid,item,value\n".to_owned();
    for id in (0..RESULTS + 10 * (day % 4)).filter(|id| id % 50 != day % 50) {
        let value = if id % 5 == day % 5 { day } else { id % 9 };
        writeln!(lab, "{id},{},K,{value}.{}", id % PEOPLE, id % 7).unwrap();
    }
    writeln!(lab, "x{day},{},K,1.0\nragged{day},1\nnobody,none,K,{day}.5", day % PEOPLE).unwrap();
    write(&data.path("ward/lab.csv"), lab.as_bytes());
}

/// What is done on a day, one after the other; the run of each second day is taken back. `run` is the number that the first run of that day has.
fn steps(day: u64, run: u64) -> Vec<Vec<String>> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
    let mut steps = vec![words("source pull ward"), words("mapping run ward --write")];
    if day % 2 == 1 {
        steps.push(words(&format!("mapping undo ward {run}")));
    }
    steps
}

/// Bytes of all files below a folder; files may go meanwhile.
fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// How many bytes more there are than at its beginning.
struct Growth<'d>(&'d Data, u64);

impl<'d> Growth<'d> {
    fn of(data: &'d Data) -> Self {
        Growth(data, Self::now(data))
    }

    fn now(data: &Data) -> u64 {
        ["data/records", "data/tables"].iter().map(|name| bytes(&data.path(name))).sum()
    }

    fn so_far(&self) -> u64 {
        Self::now(self.0).saturating_sub(self.1)
    }
}

fn begun(data: &Data, step: &[String]) -> Child {
    let words: Vec<&str> = step.iter().map(String::as_str).collect();
    data.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Does a step to its end; by how many bytes the data grew meanwhile, at most.
fn measured(data: &Data, step: &[String]) -> u64 {
    let (growth, mut most) = (Growth::of(data), 0);
    let mut child = begun(data, step);
    let status = loop {
        most = growth.so_far().max(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success(), "{step:?}");
    most
}

/// Whether a run came to its end before it was killed: to ask for it once more would be another run.
fn is_done(data: &Data, run: u64) -> bool {
    let runs = data.json(&["mapping", "runs", "ward", "--json"]);
    let newest = &runs["runs"][0];
    newest["run"] == run && newest["state"] == "done"
}

/// Does a step of the day with this run, is killed on the way, and does it again. Whether it was killed while it was under way.
fn killed(data: &Data, (step, run): (&[String], u64), most: u64, moments: &mut Moments) -> bool {
    let growth = Growth::of(data);
    let mut child = begun(data, step);
    let mut ended = false;
    moments.wait_for(most.max(1), || {
        ended = child.try_wait().unwrap().is_some();
        (!ended).then(|| growth.so_far())
    });
    let grew = growth.so_far() > 0;
    let _ = child.kill();
    let killed = !child.wait().unwrap().success();
    if step[1] == "run" && is_done(data, run) {
        return killed && grew;
    }
    let words: Vec<&str> = step.iter().map(String::as_str).collect();
    let again = data.run(&words);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    // Taken back in the moment before it was killed: it is told that this is done.
    let was_undone = step[1] == "undo" && said.contains("was taken back already");
    assert!(again.status.success() || was_undone, "{step:?}: {said}");
    killed && grew
}

/// A resource without the time at which it was stored.
fn without_time(line: &str) -> String {
    let Some((before, rest)) = line.split_once("\"\"lastUpdated\"\":\"\"") else { return line.to_owned() };
    format!("{before}{}", rest.split_once("\"\"").map_or("", |(_, after)| after))
}

/// All that must be the same: every resource and how many versions it had, the tables with the deliveries of their rows, the runs, the dead letters.
fn state(data: &Data) -> Vec<(&'static str, String)> {
    let asked = |question: &str| data.done(&["sql", "--format", "csv", question]);
    // What tells of a run has the times of it.
    let resources = asked(
        "SELECT type, id, version, CASE type WHEN 'Provenance' THEN '' ELSE json END AS json FROM resource ORDER BY type, id",
    );
    let resources: Vec<String> = resources.lines().map(without_time).collect();
    let resources = resources.join("\n");
    let letters = data.json(&["deadletter", "list", "--state", "all", "--json"]);
    let mut letters: Vec<String> = letters["dead_letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| {
            format!("{} {} {} {}", letter["place"], letter["what"], letter["state"], letter["arrival"]["door"])
        })
        .collect();
    letters.sort();
    let runs = data.json(&["mapping", "runs", "ward", "--json"]);
    let runs: Vec<String> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| format!("{} {} {}", run["run"], run["state"], run["delivery"]))
        .collect();
    vec![
        ("resources", resources),
        ("people", asked("SELECT * FROM src_ward.people__history ORDER BY pid, __delivery")),
        ("lab", asked("SELECT * FROM src_ward.lab__history ORDER BY id, __delivery")),
        ("letters", letters.join("\n")),
        ("runs", runs.join("\n")),
        ("feed", format!("{:?}", feed(data))),
    ]
}

#[test]
fn pulls_runs_and_undoings_that_are_killed_end_as_if_they_had_not_been() {
    let (unharmed, data) = (Data::new(), Data::new());
    for data in [&unharmed, &data] {
        ward(data, 1, 1);
    }
    let mut moments = Moments::new();
    let (rounds, mut done, mut was_under_way) = (rounds().div_ceil(2), 0, 0);
    for day in 0.. {
        if done >= rounds {
            break;
        }
        delivery(&unharmed, day);
        delivery(&data, day);
        for step in steps(day, day + 1) {
            let most = measured(&unharmed, &step);
            was_under_way += u64::from(killed(&data, (&step, day + 1), most, &mut moments));
            done += 1;
        }
    }
    println!("{done} kills, {was_under_way} of them while something was being written");
    assert!(was_under_way > 0, "nothing was killed while it wrote");
    for ((what, wanted), (_, is)) in state(&unharmed).iter().zip(state(&data)) {
        let (wanted, is): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), is.lines().collect());
        let differs = wanted.iter().zip(&is).find(|(wanted, is)| wanted != is);
        assert!(
            differs.is_none() && wanted.len() == is.len(),
            "{what}: {differs:?}, {} and {}",
            wanted.len(),
            is.len()
        );
    }
    let told = data.json(&["doctor", "--json"]);
    let faults = told["findings"].as_array().unwrap().iter().filter(|finding| {
        finding["severity"] == "fault" && !finding["what"].as_str().unwrap().contains("MiB are free")
    });
    assert_eq!(faults.count(), 0, "{told:#}");
}
