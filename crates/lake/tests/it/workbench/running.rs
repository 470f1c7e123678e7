//! Memory, disk, time, order.

use super::{Memory, all, bench, folder, lines, plan};
use lake::workbench::{Capacity, Kind, Limits, Order, Question, Sheet, Stop, Workbench, parse};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows `(k0000, some text)`, many times.
fn large(name: &str, times: u64) -> Arc<dyn Sheet> {
    let rows: Vec<Vec<Option<String>>> = (0..8192_u32)
        .map(|no| {
            let key = no.wrapping_mul(2_654_435_761) % 100_003;
            vec![Some(format!("k{key:06}")), Some(format!("a text of row {no} that is too long to be inlined"))]
        })
        .collect();
    Arc::new(Memory::repeated(name, &["key", "text"], &rows, times))
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Waits until what a run left is gone.
fn emptied(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while files(folder) > 0 {
        assert!(Instant::now() < deadline, "{} files are left", files(folder));
        std::thread::yield_now();
    }
}

const LITTLE: usize = 8 << 20;

#[test]
fn what_does_not_fit_into_memory_goes_to_disk_and_leaves_no_file() {
    let folder = folder();
    let bench = Workbench::new(&folder, Capacity { threads: 2, queries: 2 }).unwrap();
    let rows = 8192 * 16;
    for (sql, memory_bytes) in [
        ("SELECT key, text FROM large ORDER BY text DESC, key", LITTLE),
        ("SELECT x, count(*) FROM (SELECT text || row_number() OVER () AS x FROM large) t GROUP BY x", LITTLE),
        // The side that a hash join keeps does not fit: it is run again as one that sorts.
        ("SELECT a.key FROM large a JOIN (SELECT DISTINCT key, text FROM large) b ON a.text = b.text", 2 * LITTLE),
    ] {
        let planned = bench.plan(Question::new(parse(sql).unwrap(), vec![large("large", 16)])).unwrap();
        let limits = Limits { memory_bytes, ..Limits::default() };
        let mut spilled = false;
        let mut answer = planned.run(&limits, &Stop::default()).unwrap();
        let mut count = 0;
        while let Some(batch) = answer.next_batch().unwrap_or_else(|error| panic!("{sql}: {error}")) {
            count += batch.num_rows();
            spilled |= std::fs::read_dir(&folder).unwrap().flatten().any(|entry| files(&entry.path()) > 0);
        }
        drop(answer);
        assert_eq!((count, spilled), (rows, true), "{sql}");
        emptied(&folder);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn disk_is_limited_too() {
    let folder = folder();
    let bench = Workbench::new(&folder, Capacity { threads: 1, queries: 1 }).unwrap();
    let question =
        Question::new(parse("SELECT key, text FROM large ORDER BY text DESC").unwrap(), vec![large("large", 16)]);
    let planned = bench.plan(question).unwrap();
    let limits = Limits { memory_bytes: LITTLE, spill_bytes: 1 << 20, ..Limits::default() };
    let error = all(planned.run(&limits, &Stop::default()).unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::Limit);
    assert!(error.message.contains("disk"), "{error}");
    emptied(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_earlier_process_leaves_nothing() {
    let folder = folder();
    std::fs::create_dir_all(folder.join("datafusion-Ab12")).unwrap();
    std::fs::write(folder.join("datafusion-Ab12/spilled"), "x").unwrap();
    std::fs::write(folder.join("not-ours"), "x").unwrap();
    let _bench = Workbench::new(&folder, Capacity { threads: 1, queries: 1 }).unwrap();
    assert_eq!(files(&folder), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_run_can_be_stopped_dropped_and_limited() {
    let sheets = || vec![large("a", 100_000), large("b", 100_000)];
    let planned = |sql: &str| bench().plan(Question::new(parse(sql).unwrap(), sheets())).unwrap();
    let endless = planned("SELECT count(*) FROM a JOIN b ON a.key <> b.text");
    let stop = Stop::default();
    let stopped = std::thread::scope(|scope| {
        let waits = scope.spawn(|| all(endless.run(&Limits::default(), &stop).unwrap()));
        assert!(!waits.is_finished());
        stop.stop();
        waits.join().unwrap()
    });
    assert_eq!(stopped.unwrap_err().kind, Kind::Cancelled);
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let error = all(endless.run(&limits, &Stop::default()).unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::Limit, "{error}");
    assert!(error.message.contains("took longer"), "{error}");
    // Those that are dropped give their turns back.
    let lasting = planned("SELECT key FROM a");
    for _ in 0..8 {
        let mut rows = lasting.run(&Limits::default(), &Stop::default()).unwrap();
        assert!(rows.next_batch().unwrap().is_some());
    }
    let limits = Limits { rows: 10_000, ..Limits::default() };
    let mut rows = lasting.run(&limits, &Stop::default()).unwrap();
    let mut count = 0;
    while let Some(batch) = rows.next_batch().unwrap() {
        count += batch.num_rows();
    }
    assert_eq!((count, rows.is_cut()), (10_000, true));
}

#[test]
fn two_runs_give_the_same_whatever_is_left_to_choose() {
    let rows: Vec<Vec<Option<String>>> =
        (0..20_000).map(|no| vec![Some(format!("k{}", no % 1000)), Some(format!("v{}", no % 77))]).collect();
    let sheet = Arc::new(Memory::of_rows("t", &["k", "v"], &rows, 7)) as Arc<dyn Sheet>;
    for sql in [
        "SELECT k, array_agg(v) FROM t GROUP BY k",
        "SELECT a.k, b.v FROM t a JOIN (SELECT DISTINCT k, v FROM t) b ON a.k = b.k WHERE a.v = 'v3'",
        "SELECT k, v, row_number() OVER (PARTITION BY v ORDER BY k) AS n FROM t",
        "SELECT k FROM t LIMIT 100 OFFSET 15000",
        "SELECT first_value(k), v FROM t GROUP BY v",
        "SELECT v, array_agg(DISTINCT k) FROM t GROUP BY v",
        "SELECT v, string_agg(DISTINCT k, ' ') FROM t GROUP BY v",
        "SELECT DISTINCT k, v FROM t",
        "SELECT k FROM t WHERE v = 'v1' UNION ALL SELECT v FROM t WHERE k = 'k1'",
        "SELECT k FROM t WHERE v = 'v1' UNION SELECT v FROM t WHERE k = 'k1'",
        "SELECT k FROM t INTERSECT SELECT k FROM t WHERE v = 'v1'",
    ] {
        let run = |order| {
            let planned =
                bench().plan(Question { order, ..Question::new(parse(sql).unwrap(), vec![Arc::clone(&sheet)]) });
            let batches = all(planned.unwrap().run(&Limits::default(), &Stop::default()).unwrap()).unwrap();
            lines(&batches, |batch| 0..batch.num_columns())
        };
        let first = run(Order::Kept);
        assert_eq!(first, run(Order::Kept), "{sql}");
        assert_eq!(first.len(), run(Order::Any).len(), "{sql}");
    }
    // The numbers of the first column of rows go up.
    let planned = plan("SELECT l.id, p.name FROM labs l LEFT JOIN patients p ON p.id = l.patient").unwrap();
    assert_eq!(lines(&super::run(&planned).unwrap(), |_| 2..3), ["1", "2", "3", "4"]);
}

#[test]
fn rows_that_a_window_finds_equal_are_numbered_in_the_order_of_their_sheet_whatever_else_is_read() {
    let rows: Vec<Vec<Option<String>>> = (0..9_000)
        .map(|no| vec![Some(format!("k{}", no % 100)), Some(format!("v{}", no % 3)), Some(no.to_string())])
        .collect();
    let some: Vec<Vec<Option<String>>> = rows.iter().filter(|row| row[0].as_deref() == Some("k7")).cloned().collect();
    for window in [
        "row_number() OVER (PARTITION BY k ORDER BY v)",
        "row_number() OVER (PARTITION BY k)",
        "lag(id) OVER (PARTITION BY k ORDER BY v DESC)",
        "first_value(id) OVER (PARTITION BY k ORDER BY v)",
        "last_value(id) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "ntile(7) OVER (PARTITION BY k ORDER BY v)",
        // Equal rows stay equal.
        "rank() OVER (PARTITION BY k ORDER BY v)",
        "count(*) OVER (PARTITION BY k ORDER BY v)",
        "last_value(v) OVER (PARTITION BY k ORDER BY v)",
    ] {
        let run = |rows: &[Vec<Option<String>>], parts| {
            let sheet = Arc::new(Memory::of_rows("t", &["k", "v", "id"], rows, parts)) as Arc<dyn Sheet>;
            let sql = format!("SELECT id, n FROM (SELECT id, k, {window} AS n FROM t) x WHERE k = 'k7'");
            let planned = bench().plan(Question::new(parse(&sql).unwrap(), vec![sheet]));
            let batches = all(planned.unwrap().run(&Limits::default(), &Stop::default()).unwrap()).unwrap();
            let mut lines = lines(&batches, |_| 0..2);
            lines.sort();
            lines
        };
        let whole = run(&rows, 5);
        assert_eq!((whole.len(), &whole), (90, &run(&some, 2)), "{window}");
    }
    let first = plan("SELECT id, row_number() OVER (ORDER BY item) AS n FROM labs").unwrap();
    assert_eq!(lines(&super::run(&first).unwrap(), |_| 0..2), ["l1 1", "l2 4", "l3 2", "l4 3"]);
    let ranked = plan("SELECT id, rank() OVER (ORDER BY item) AS n FROM labs").unwrap();
    assert_eq!(lines(&super::run(&ranked).unwrap(), |_| 0..2), ["l1 1", "l2 4", "l3 1", "l4 1"]);
}

#[test]
fn a_query_says_whether_it_asks_for_the_time() {
    for (sql, asks) in [
        ("SELECT id FROM labs WHERE day < '2020-01-01'", false),
        ("SELECT id, date_part('year', current_date) AS y FROM labs", true),
        ("SELECT id FROM (SELECT id, now() AS n FROM labs) x", true),
        ("SELECT id FROM labs WHERE try_cast(day AS date) < today()", true),
        ("SELECT l.id FROM labs l JOIN patients p ON p.id = l.patient AND current_timestamp > '2020-01-01'", true),
        ("SELECT id FROM labs WHERE id IN (SELECT id FROM patients WHERE current_date > '2020-01-01')", true),
    ] {
        assert_eq!(plan(sql).unwrap().asks_for_time(), asks, "{sql}");
    }
}

#[test]
fn the_order_of_the_driving_sheet_costs_nothing_where_rows_come_in_it() {
    let sheets = || vec![large("labs", 100), large("patients", 1)];
    let steps = |sql: &str| {
        let planned = bench().plan(Question::new(parse(sql).unwrap(), sheets())).unwrap();
        planned.explain(&Limits::default()).unwrap()
    };
    for sql in [
        "SELECT key, upper(text) FROM labs WHERE text <> 'x'",
        "SELECT l.text, p.text AS t FROM labs l JOIN patients p ON p.key = l.key",
        "SELECT l.text, p.text AS t FROM labs l LEFT JOIN patients p ON p.key = l.key",
        "SELECT l.text FROM labs l WHERE l.key IN (SELECT key FROM patients)",
    ] {
        assert!(!steps(sql).contains("SortExec"), "{sql}: {}", steps(sql));
    }
    assert!(steps("SELECT l.text FROM patients p JOIN labs l ON p.key = l.key").contains("SortExec"));
}

#[test]
fn what_a_sheet_says_is_checked() {
    #[derive(Debug)]
    struct Broken(Memory, &'static str);
    impl Sheet for Broken {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn schema(&self) -> datafusion::arrow::datatypes::SchemaRef {
            self.0.schema()
        }
        fn rows_estimate(&self) -> Option<u64> {
            None
        }
        fn partitions(&self) -> usize {
            2
        }
        fn scan(&self, _: usize, columns: &[usize]) -> Result<lake::workbench::Batches, String> {
            match self.1 {
                "fails" => Err("labs.csv, byte 17: the file is cut off".into()),
                "panics" => panic!("the reader of a test panics"),
                "other columns" => self.0.scan(0, &[0, 0]),
                // Both parts have the same row numbers.
                _ => self.0.scan(0, columns),
            }
        }
    }
    let text = "a b\n 1 2\n 3 4";
    for (how, says) in [
        ("fails", "labs.csv, byte 17: the file is cut off"),
        ("panics", "table t: cannot be read: its reader failed; the program's log says where"),
        ("other columns", "table t: gave other columns than it was asked for"),
        ("order", "table t: does not give its rows in the order of __row"),
    ] {
        let sheet = Arc::new(Broken(Memory::new("t", text), how)) as Arc<dyn Sheet>;
        let planned = bench().plan(Question::new(parse("SELECT a FROM t").unwrap(), vec![sheet])).unwrap();
        let error = all(planned.run(&Limits::default(), &Stop::default()).unwrap()).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::Sheet, says), "{how}");
    }
}
