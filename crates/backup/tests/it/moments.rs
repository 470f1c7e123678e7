//! A database at one moment, against what SQLite itself says.

use backup::Moment;
use proptest::prelude::*;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;").unwrap();
    connection
}

/// The whole moment, written to a file of its own.
fn written(moment: &mut Moment, to: &Path, step: usize) -> Connection {
    let mut all = vec![0; moment.len() as usize];
    for (no, part) in all.chunks_mut(step).enumerate() {
        moment.read_at((no * step) as u64, part).unwrap();
    }
    std::fs::write(to, &all).unwrap();
    Connection::open(to).unwrap()
}

fn rows(connection: &Connection) -> Vec<(i64, String)> {
    let mut statement = connection.prepare("SELECT id, text FROM t ORDER BY id").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn check(connection: &Connection) {
    let told: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(told, "ok");
}

#[derive(Clone, Debug)]
enum Step {
    Write(u8, u16),
    Delete(u8),
    RollBack(u16),
    Checkpoint(&'static str),
    Vacuum,
    Look,
    ReadBack,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), 0..9_000u16).prop_map(|(id, length)| Step::Write(id, length)),
        2 => any::<u8>().prop_map(Step::Delete),
        1 => (0..60_000u16).prop_map(Step::RollBack),
        2 => prop::sample::select(vec!["PASSIVE", "FULL", "RESTART", "TRUNCATE"]).prop_map(Step::Checkpoint),
        1 => Just(Step::Vacuum),
        3 => Just(Step::Look),
        3 => Just(Step::ReadBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_moment_is_what_was_committed_then_whatever_is_done_until_it_is_read(
        steps in prop::collection::vec(step(), 1..60),
        page in prop::sample::select(vec![512, 1024, 8192, 65536]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(&format!("PRAGMA page_size={page}; PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, text TEXT)")).unwrap();
        drop(made);
        let connection = open(&path);
        // Little memory, so that what is not committed yet spills into the log.
        connection.execute_batch("PRAGMA cache_size=4; PRAGMA wal_autocheckpoint=20;").unwrap();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        let mut moments: Vec<(Moment, Vec<(i64, String)>)> = Vec::new();
        for step in &steps {
            match step {
                Step::Write(id, length) => {
                    let text = "x".repeat(usize::from(*length));
                    connection.execute("INSERT OR REPLACE INTO t VALUES(?1, ?2)", rusqlite::params![id, text]).unwrap();
                }
                Step::Delete(id) => {
                    connection.execute("DELETE FROM t WHERE id < ?1", [id]).unwrap();
                }
                Step::RollBack(length) => {
                    let text = "y".repeat(usize::from(*length));
                    connection.execute_batch(&format!("BEGIN; INSERT INTO t(text) VALUES('{text}'); INSERT INTO t(text) SELECT text FROM t; ROLLBACK")).unwrap();
                }
                // Whoever reads an older moment keeps these from being done whole.
                Step::Checkpoint(how) => {
                    let _ = connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()));
                }
                Step::Vacuum => {
                    let _ = connection.execute_batch("VACUUM");
                }
                Step::Look => {
                    if moments.len() < 3 {
                        moments.push((Moment::of(&path).unwrap(), rows(&connection)));
                    }
                }
                Step::ReadBack => {
                    if let Some((mut moment, expected)) = (!moments.is_empty()).then(|| moments.remove(0)) {
                        let copy = written(&mut moment, &folder.path().join("copy.db"), 1 << 17);
                        check(&copy);
                        prop_assert_eq!(rows(&copy), expected);
                        drop(copy);
                        std::fs::remove_file(folder.path().join("copy.db")).unwrap();
                    }
                }
            }
        }
        for (mut moment, expected) in moments {
            let copy = written(&mut moment, &folder.path().join("copy.db"), 1 << 16);
            check(&copy);
            prop_assert_eq!(rows(&copy), expected);
            drop(copy);
            std::fs::remove_file(folder.path().join("copy.db")).unwrap();
        }
    }
}

/// Money moves between accounts without end; whenever it is looked, none is missing.
#[test]
fn a_moment_of_a_database_that_others_write_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.db");
    let connection = open(&path);
    connection
        .execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB); CREATE TABLE n(n INTEGER); INSERT INTO n VALUES(0)")
        .unwrap();
    for id in 0..400 {
        connection.execute("INSERT INTO t VALUES(?1, 1000, zeroblob(700))", [id]).unwrap();
    }
    drop(connection);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut connection = open(&path);
            connection.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
            connection.execute_batch("PRAGMA wal_autocheckpoint=50").unwrap();
            let mut no: i64 = 0;
            while !over.load(Ordering::Relaxed) {
                let transaction = connection.transaction().unwrap();
                for _ in 0..5 {
                    no += 7;
                    let change = "UPDATE t SET amount = amount + ?2, filler = randomblob(700) WHERE id = ?1";
                    transaction.execute(change, [no % 400, 3]).unwrap();
                    transaction.execute(change, [(no * 13) % 400, -3]).unwrap();
                }
                transaction.execute("UPDATE n SET n = n + 1", []).unwrap();
                transaction.commit().unwrap();
            }
            no
        });
        for no in 0..15 {
            let mut moment = Moment::of(&path).unwrap();
            let copy = written(&mut moment, &folder.path().join(format!("copy-{no}.db")), 1 << 17);
            check(&copy);
            let sum: i64 = copy.query_row("SELECT sum(amount) FROM t", [], |row| row.get(0)).unwrap();
            assert_eq!(sum, 400_000);
            // It is the very moment that the connection sees, no later one.
            let count = |of: &Connection| of.query_row("SELECT n FROM n", [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(count(&copy), count(moment.connection()));
        }
        over.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0);
    });
}

#[test]
fn a_database_without_a_log_and_an_empty_one_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO t VALUES(1, 'a')")
        .unwrap();
    let mut moment = Moment::of(&path).unwrap();
    let copy = written(&mut moment, &folder.path().join("copy.db"), 1 << 17);
    assert_eq!(rows(&copy), [(1, "a".to_owned())]);
    drop(moment);
    connection.execute("INSERT INTO t VALUES(2, 'b')", []).unwrap();
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(Moment::of(&empty).unwrap().len(), 0);
    std::fs::write(&empty, "no database at all".repeat(99)).unwrap();
    assert!(Moment::of(&empty).is_err());
}
