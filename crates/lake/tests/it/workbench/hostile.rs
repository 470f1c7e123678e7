//! SQL that wants more than to read its own sheets.

use super::{Memory, all, bench, fails, plan, question, sheets};
use lake::workbench::{Kind, Limits, Question, Sheet, Stop, parse};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn nothing_but_sheets_and_views_can_be_read() {
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM 'https://example.org/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM lake.public.nothing",
        "SELECT * FROM datafusion.public.labs",
        "SELECT @@version",
        "SELECT * FROM labs AT (TIMESTAMP => '2020-01-01')",
    ] {
        let refused = parse(sql).and_then(|query| bench().plan(Question::new(query, sheets()))).map(|_| ());
        let error = refused.expect_err(sql);
        assert!(matches!(error.kind, Kind::Sql), "{sql}: {error:?}");
    }
}

#[test]
fn nothing_but_reading_is_done() {
    for sql in [
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "COPY labs TO '/tmp/x'",
        "INSERT INTO labs SELECT * FROM labs",
        "DELETE FROM labs",
        "UPDATE labs SET id = 'x'",
        "DROP TABLE labs",
        "SET datafusion.execution.batch_size = 1",
        "SHOW ALL",
        "EXPLAIN SELECT 1",
        "DESCRIBE labs",
        "SELECT * INTO x FROM labs",
        "WITH x AS (INSERT INTO labs VALUES (1)) SELECT 1",
        "WITH x AS (DELETE FROM labs RETURNING *) SELECT * FROM x",
        "SELECT id FROM labs FOR UPDATE",
        "SELECT id FROM labs SETTINGS max_threads = 1",
        "SELECT 1; DROP TABLE labs",
        "TABLE labs",
    ] {
        let refused = parse(sql).and_then(|query| bench().plan(Question::new(query, sheets()))).map(|_| ());
        assert!(matches!(refused.expect_err(sql).kind, Kind::Sql), "{sql}");
    }
}

#[test]
fn deep_long_and_many_is_an_error_and_not_a_crash() {
    // What is parsed can be copied and dropped on a thread with little stack.
    let refused =
        |sql: &str| parse(sql).and_then(|query| bench().plan(Question::new(query.clone(), sheets()))).map(|_| ());
    for deep in [
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{}SELECT 1 AS a{}", "SELECT * FROM (".repeat(5_000), ") t".repeat(5_000)),
        format!("SELECT {}1", "NOT ".repeat(5_000)),
        format!("SELECT {}1{}", "(SELECT ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}id{} FROM labs", "lower(".repeat(3_000), ")".repeat(3_000)),
        format!("SELECT {}0{} FROM labs", "CASE WHEN id = 'x' THEN 1 ELSE ".repeat(3_000), " END".repeat(3_000)),
        format!("SELECT 1{}", "+1".repeat(3_000)),
        format!("SELECT id FROM labs WHERE {}", vec!["id = 'x'"; 3_000].join(" OR ")),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(3_000)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(65)),
        format!("SELECT {}", vec!["f(a, b)"; 300].join(" + ")),
        format!("SELECT {}", vec!["CASE WHEN a THEN b END"; 300].join(" + ")),
        format!("SELECT 1 FROM {}", (0..101).map(|at| format!("labs t{at}")).collect::<Vec<_>>().join(", ")),
    ] {
        assert!(refused(&deep).is_err(), "{}", &deep[..40]);
    }
    // Long ones are planned.
    for sql in [
        format!("SELECT id{} AS x FROM labs", " || 'x'".repeat(200)),
        format!("SELECT 1{} AS x", "+1".repeat(200)),
        format!("SELECT id FROM labs WHERE {}", vec!["id = 'x'"; 100].join(" OR ")),
        format!(
            "SELECT {} FROM labs",
            (0..150)
                .map(|no| format!("CASE WHEN id = 'x' OR id = 'y' THEN id || 'z' END AS c{no}"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("SELECT id FROM labs{}", " UNION ALL SELECT id FROM patients".repeat(30)),
        format!(
            "SELECT id FROM labs WHERE value IN ({})",
            (0..5_000).map(|no| no.to_string()).collect::<Vec<_>>().join(", ")
        ),
    ] {
        if let Err(error) = refused(&sql) {
            panic!("{}…: {error}", &sql[..40]);
        }
    }
}

#[test]
fn a_short_text_cannot_ask_for_a_plan_without_end() {
    // Each view names the one before twice.
    let mut views = vec![("v0".to_owned(), parse("SELECT id FROM labs").unwrap())];
    for level in 1..60 {
        let before = level - 1;
        let sql = format!("SELECT a.id FROM v{before} a JOIN v{before} b ON a.id = b.id");
        views.push((format!("v{level}"), parse(&sql).unwrap()));
    }
    let start = Instant::now();
    let question = Question { views, ..Question::new(parse("SELECT * FROM v59").unwrap(), sheets()) };
    let error = bench().plan(question).unwrap_err();
    assert_eq!(error.kind, Kind::Limit, "{error}");
    let mut sql = "WITH v0 AS (SELECT id FROM labs)".to_owned();
    for level in 1..40 {
        sql.push_str(&format!(", v{level} AS (SELECT a.id FROM v{0} a JOIN v{0} b ON a.id = b.id)", level - 1));
    }
    let error =
        bench().plan(Question::new(parse(&format!("{sql} SELECT id FROM v39")).unwrap(), sheets())).unwrap_err();
    assert_eq!(error.kind, Kind::Limit, "{error}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_would_make_too_much_is_refused_before_it_does() {
    for sql in [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat(id, 2000000000) FROM labs",
        "SELECT lpad(id, 2000000000, 'y') FROM labs",
        "SELECT range(1, 10000000000)",
        "SELECT generate_series(-9223372036854775807, 9223372036854775807)",
        "SELECT array_repeat(1, 3000000000)",
        "SELECT replace(repeat('x', 1000000), 'x', repeat('y', 1000000))",
        "SELECT levenshtein(repeat('x', 1000000), repeat('y', 1000000))",
        // Little, and each row gets a copy.
        "SELECT id, repeat('x', 200000) FROM labs",
        "SELECT CASE WHEN id = '1' THEN range(0, 1000000) END FROM labs",
        "SELECT l.id, s.x FROM labs l, (SELECT repeat('x', 200000) AS x) s",
        "SELECT l.id, (SELECT repeat('x', 200000)) AS x FROM labs l",
    ] {
        let error = fails(sql);
        assert_eq!(error.kind, Kind::Limit, "{sql}: {error:?}");
        assert!(error.message.contains("would make too much"), "{sql}: {error}");
    }
    let mut sql = "WITH t0 AS (SELECT '12345678' AS s)".to_owned();
    for level in 1..40 {
        sql.push_str(&format!(", t{level} AS (SELECT s || s AS s FROM t{})", level - 1));
    }
    assert_eq!(fails(&format!("{sql} SELECT s FROM t39")).kind, Kind::Limit);
}

/// A sheet of that many rows.
fn many(name: &str, rows: usize) -> Arc<dyn Sheet> {
    let batch: Vec<Vec<Option<String>>> = (0..8192).map(|no| vec![Some(format!("k{no}"))]).collect();
    Arc::new(Memory::repeated(name, &["k"], &batch, rows.div_ceil(8192) as u64))
}

#[test]
fn what_never_ends_is_ended_by_its_time() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    for sql in [
        // 10^12 pairs.
        "SELECT count(*) FROM a CROSS JOIN b",
        "SELECT a.k FROM a JOIN b ON a.k > b.k || 'x' WHERE a.k = 'none' OR b.k = 'none'",
        "SELECT count(*) FROM a JOIN b ON a.k = b.k",
        "SELECT count(*) FROM generate_series(1, 100000000) a CROSS JOIN generate_series(1, 1000000) b",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
        "SELECT sum(length(regexp_replace(repeat(k, 20), '(a|b)*c', 'x'))) FROM a CROSS JOIN generate_series(1, 100000)",
    ] {
        let question = Question::new(parse(sql).unwrap(), vec![many("a", 1_000_000), many("b", 1_000_000)]);
        let planned = bench().plan(question).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let start = Instant::now();
        let error = all(planned.run(&limits, &Stop::default()).unwrap()).expect_err(sql);
        assert_eq!(error.kind, Kind::Limit, "{sql}: {error}");
        assert!(start.elapsed() < Duration::from_secs(30), "{sql}");
    }
    // A recursive query without an end is ended by its rounds before it fills the memory, and one of many levels is none.
    let rows_of = |sql: &str| {
        all(bench()
            .plan(Question::new(parse(sql).unwrap(), vec![many("a", 1)]))
            .unwrap()
            .run(&Limits::default(), &Stop::default())
            .unwrap())
    };
    let endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let error = rows_of(endless).expect_err(endless);
    assert!(error.kind == Kind::Limit && error.to_string().contains("rounds"), "{error}");
    let days = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT max(i) FROM n";
    rows_of(days).unwrap();
    // All turns are free again.
    for _ in 0..8 {
        assert_eq!(super::ask("SELECT 1"), "1");
    }
}

/// A word of random SQL.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT 3", "JOIN", "LEFT JOIN", "ON", "USING", "AS", "CASE", "WHEN", "THEN", "ELSE", "END", "UNION ALL", "EXCEPT", "INTERSECT", "WITH", "RECURSIVE", "OVER", "PARTITION BY", "DISTINCT", "DISTINCT ON", "UNNEST", "LATERAL", "VALUES", "EXISTS", "IN", "NOT", "BETWEEN", "LIKE", "IS NULL", "CAST", "ROLLUP", "QUALIFY"]).prop_map(str::to_owned),
        6 => prop::sample::select(vec!["patients", "labs", "items", "named_labs", "women", "id", "name", "value", "day", "item", "l", "x", "__row"]).prop_map(str::to_owned),
        4 => prop::sample::select(vec!["(", ")", ",", ".", "*", "+", "-", "/", "=", "<>", "<", ">=", "||", "::int", "[", "]", "->", ";", "AND", "OR"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["count(*)", "max(value)", "lower(id)", "array_agg(id)", "row_number() OVER ()", "now()", "unnest([id])", "try_cast(value AS INT)"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["1", "0", "-1", "1e400", "'a'", "''", "'肺炎'", "NULL", "TRUE", "DATE '2020-01-01'", "$1", "?", "\"", "'", "--", "/*"]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_text_whatever_brings_the_workbench_down(words in prop::collection::vec(word(), 0..24), whole in any::<bool>()) {
        // Most of them begin as a query does.
        let sql = if whole { words.join(" ") } else { format!("SELECT {}", words.join(" ")) };
        let answer = question(&sql).and_then(|question| bench().plan(question)).and_then(|planned| super::run(&planned));
        if let Err(error) = answer {
            prop_assert!(!error.message.is_empty());
            prop_assert!(error.kind != Kind::Engine, "{sql}: {error}");
        }
    }

    #[test]
    fn parts_of_queries_put_together_at_random_are_planned_or_refused(
        item in prop::sample::select(vec!["l.id", "count(*)", "l.*", "p.name || l.value", "row_number() OVER (ORDER BY l.id)", "array_agg(p.name)", "(SELECT max(label) FROM items)", "CASE WHEN l.value > 5 THEN p.name END", "unnest([l.id, p.id])"]),
        from in prop::sample::select(vec!["labs l JOIN patients p ON p.id = l.patient", "labs l LEFT JOIN women p ON p.id = l.patient", "named_labs l CROSS JOIN patients p", "(SELECT DISTINCT patient, id, value FROM labs) l FULL JOIN patients p ON p.id = l.patient", "(SELECT * FROM labs UNION ALL SELECT * FROM labs) l, patients p", "labs l, LATERAL (SELECT * FROM patients WHERE id = l.patient) p"]),
        filter in prop::sample::select(vec!["", "WHERE l.value > 4", "WHERE EXISTS (SELECT 1 FROM items i WHERE i.code = l.id)", "WHERE p.id IN (SELECT patient FROM labs)"]),
        group in prop::sample::select(vec!["", "GROUP BY l.id", "GROUP BY l.id, p.name HAVING count(*) > 0", "ORDER BY 1", "ORDER BY l.id LIMIT 2", "GROUP BY CUBE (l.id, p.name)"]),
        distinct in prop::sample::select(vec!["", "DISTINCT", "DISTINCT ON (l.id)"]),
    ) {
        let sql = format!("SELECT {distinct} {item} FROM {from} {filter} {group}");
        match plan(&sql) {
            Ok(planned) => {
                let run = super::run(&planned);
                prop_assert!(run.is_ok(), "{sql}: {:?}", run.err());
            }
            Err(error) => prop_assert!(error.kind == Kind::Sql && error.line.is_some(), "{sql}: {error:?}"),
        }
    }
}
