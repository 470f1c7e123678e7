//! What a crash leaves: made by hand (files without a commit, a commit without its log entries), and by killing a process.

use crate::house::{Change, House, OPEN, duckdb_python, python};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn patient(no: usize, family: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"p{no}","name":[{{"family":"{family}"}}]}}"#)
}

#[test]
fn files_that_no_commit_names_are_swept_and_the_tail_comes_back_from_the_feed() {
    let mut house = House::new();
    house.put(&patient(1, "A"));
    house.lake().flush().unwrap();
    house.put(&patient(2, "B"));
    house.close_lake();
    let stray = house.lake_folder().join("patient/part-dead-000001.parquet");
    fs::write(&stray, b"half a file").unwrap();
    house.open_lake();
    assert!(!stray.exists());
    assert_eq!(house.ask("SELECT _id FROM patient ORDER BY 1"), "p1\np2\n");
}

#[test]
fn log_entries_that_a_crash_kept_from_being_written_are_written_at_the_next_start() {
    let mut house = House::new();
    house.put(&patient(1, "A"));
    house.lake().flush().unwrap();
    house.close_lake();
    let entry = house.lake_folder().join("patient/_delta_log/00000000000000000001.json");
    let text = fs::read_to_string(&entry).unwrap();
    fs::remove_file(&entry).unwrap();
    let map = rusqlite::Connection::open(house.lake_folder().join("map.db")).unwrap();
    let table: i64 = map
        .query_row("SELECT tbl FROM file WHERE path = (SELECT path FROM file f WHERE f.tbl > 1)", [], |r| r.get(0))
        .unwrap();
    map.execute("INSERT INTO pending VALUES (?1, 1, ?2)", rusqlite::params![table, text]).unwrap();
    drop(map);
    house.open_lake();
    assert_eq!(fs::read_to_string(&entry).unwrap(), text);
}

#[test]
fn a_lake_whose_map_is_lost_is_made_again() {
    let mut house = House::new();
    (0..20).for_each(|no| house.put(&patient(no, "A")));
    house.lake().flush().unwrap();
    house.close_lake();
    fs::remove_file(house.lake_folder().join("map.db")).unwrap();
    house.open_lake();
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "20\n");
}

#[test]
fn the_lake_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    for folder in ["", "patient", "patient/_delta_log"] {
        let mode = fs::metadata(house.lake_folder().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

/// Where the process that is to be killed finds its folder.
const VICTIM: &str = "MEDWEAVE_LAKE_VICTIM";
/// How often it is killed.
const KILLS: usize = 8;
/// Patients that it changes over and over.
const PATIENTS: usize = 30;

/// Run by the test below in a process of its own, which is killed; by itself it does nothing.
#[test]
fn victim_of_the_kill() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let house = House::at(Path::new(&folder));
    println!("running");
    for round in 0_usize.. {
        let changes = (0..10).map(|at| {
            let no = (round * 7 + at * 3) % PATIENTS;
            Change::Put(patient(no, &format!("F{round}")))
        });
        house.write(changes.collect());
        if round % 5 == 4 {
            house.delete("Patient", &format!("p{}", (round * 7) % PATIENTS));
        }
        house.lake().flush().unwrap();
    }
}

#[test]
fn a_lake_whose_process_is_killed_while_it_flushes_has_every_row_once_and_so_has_another_engine() {
    let base = House::new();
    let folder = base.folder.join("killed");
    fs::create_dir(&folder).unwrap();
    duckdb_python();
    let mut flushed_rounds = 0;
    for kill in 0..KILLS {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["crash::victim_of_the_kill", "--exact", "--nocapture"])
            .env(VICTIM, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("running")));
        // Somewhere in a write or a flush, elsewhere each time.
        std::thread::sleep(Duration::from_millis(150 + 97 * kill as u64));
        victim.kill().unwrap();
        victim.wait().unwrap();

        let house = House::at(&folder);
        let flushed = house.lake().status().flushed;
        assert!(flushed <= house.records.head());
        flushed_rounds += usize::from(flushed.0 > 0);
        let now: u64 = house.records.counts(&crate::house::everything()).unwrap().iter().map(|(_, count)| count).sum();
        for table in ["patient", "resource"] {
            let id = if table == "patient" { "_id" } else { "id" };
            let sql = format!("SELECT count(*), count(DISTINCT {id}) FROM {table}");
            assert_eq!(house.ask(&sql), format!("{now},{now}\n"), "kill {kill}");
        }
        let rows = "SELECT _id, _version, _seq, family FROM patient ORDER BY 1";
        let ours = house.ask(rows);
        house.lake().flush().unwrap();
        let other = format!("{OPEN}csv(con.execute(\"{rows}\").fetchall())");
        assert_eq!(python(&other, &[house.lake_folder().to_str().unwrap()]), ours, "kill {kill}");
        house.lake().rebuild().unwrap();
        assert_eq!(house.ask(rows), ours, "kill {kill}");
    }
    assert!(flushed_rounds > 0, "no kill came after a flush");
}
