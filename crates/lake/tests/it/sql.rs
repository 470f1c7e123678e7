//! What may be asked, what may not, and how errors read.

use crate::house::{House, everything, grant};
use lake::{Error, Limits, SqlError, Stop};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn error(house: &House, sql: &str) -> String {
    house.try_ask(sql).expect_err(sql).to_string()
}

#[test]
fn only_who_sees_everything_may_use_sql() {
    let house = House::new();
    for scopes in ["", "system/Patient.rs", "system/*.cud"] {
        let answer = house.lake().query(&grant(scopes), "SELECT 1", &Limits::default());
        assert!(matches!(answer, Err(Error::Denied(_))), "{scopes}");
    }
    assert!(house.lake().query(&grant("system/*.rs"), "SELECT 1", &Limits::default()).is_ok());
}

#[test]
fn a_filter_means_the_column_of_the_table_that_it_names_also_where_a_join_has_two_of_one_name() {
    let house = House::new();
    house.put(r#"{"resourceType":"Encounter","id":"whole","status":"finished","class":{"code":"IMP"}}"#);
    house.put(
        r#"{"resourceType":"Encounter","id":"part","status":"finished","class":{"code":"IMP"},"partOf":{"reference":"Encounter/whole"}}"#,
    );
    let parts = |is: &str| {
        house.ask(&format!(
            "SELECT s._id FROM encounter w RIGHT JOIN encounter s ON w._id = s.part_of_id \
             WHERE CASE WHEN w._row IS NOT NULL THEN s._row END IS {is}"
        ))
    };
    assert_eq!(parts("NULL"), "whole\n");
    assert_eq!(parts("NOT NULL"), "part\n");
}

#[test]
fn what_does_not_only_read_is_refused() {
    let house = House::new();
    for sql in [
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "COPY patient TO '/tmp/x'",
        "INSERT INTO patient SELECT * FROM patient",
        "DELETE FROM patient",
        "UPDATE patient SET family = 'x'",
        "DROP TABLE patient",
        "SET datafusion.execution.batch_size = 1",
        "SHOW ALL",
        "RESET datafusion.execution.batch_size",
        "EXPLAIN COPY patient TO '/tmp/x'",
        "EXPLAIN INSERT INTO patient SELECT * FROM patient",
        "SELECT * INTO x FROM patient",
        "PREPARE q AS SELECT 1",
        "CREATE FUNCTION f() RETURNS INT RETURN 1",
        "SELECT 1; SELECT 2",
        "",
    ] {
        assert!(matches!(house.try_ask(sql), Err(Error::Sql(_))), "{sql}");
    }
}

#[test]
fn no_file_and_no_address_can_be_read() {
    let house = House::new();
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM 'https://example.org/x.csv'",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM information_schema.routines",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
    ] {
        assert!(house.try_ask(sql).is_err(), "{sql}");
    }
}

#[test]
fn errors_name_the_place_and_what_may_have_been_meant() {
    let house = House::new();
    assert_eq!(
        error(&house, "SELECT familly\nFROM patient"),
        "there is no column familly (line 1, column 8). Did you mean family?"
    );
    assert_eq!(
        error(&house, "SELECT 1\nFROM pateint"),
        "there is no table pateint (line 2, column 6). Did you mean patient?"
    );
    assert_eq!(
        error(&house, "DESCRIBE obsrvation"),
        "there is no table obsrvation (line 1, column 10). Did you mean observation?"
    );
    let Err(Error::Sql(syntax)) = house.try_ask("SELECT FROM WHERE") else { panic!() };
    assert!(syntax.place.is_some(), "{syntax}");
    let text = error(&house, "DELETE FROM patient");
    assert!(text.starts_with("DELETE is not allowed here"), "{text}");
    let text = error(&house, "SELECT nosuchfunction(family) FROM patient");
    assert!(text.to_lowercase().contains("nosuchfunction"), "{text}");
}

#[test]
fn deep_and_long_queries_are_an_error_and_not_a_crash() {
    let house = House::new();
    let deep = |n: usize| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
    assert!(house.try_ask(&deep(20)).is_ok());
    assert!(error(&house, &deep(5_000)).contains("nested too deeply"));
    let selects = |n: usize| format!("{}SELECT 1{}", "SELECT * FROM (".repeat(n), ")".repeat(n));
    assert!(house.try_ask(&selects(5_000)).is_err());
    assert!(house.try_ask(&format!("SELECT {}1", "NOT ".repeat(5_000))).is_err());
    assert!(house.try_ask(&format!("SELECT {}1", "- ".repeat(5_000))).is_err());
    // A long chain is a deep tree too: as long as it may be it works, and longer it is refused.
    for part in ["+1", "||1", " OR active", "::bigint", " = 1", " UNION ALL SELECT 1"] {
        let column = if part == " OR active" { "active" } else { "1" };
        let from = if column == "active" { " FROM patient" } else { "" };
        let sql = |n: usize| format!("SELECT {column}{}{from}", part.repeat(n));
        assert!(matches!(house.try_ask(&sql(5_000)), Err(Error::Limit(_))), "{part}");
        // The deepest of all; the others, which take the same ways, less so.
        let most = if part == "||1" { 1_990 } else { 400 };
        let _ = house.try_ask(&sql(most));
    }
    let from = |n: usize| (0..n).map(|at| format!("patient t{at}")).collect::<Vec<_>>().join(", ");
    assert!(matches!(house.try_ask(&format!("SELECT 1 FROM {}", from(101))), Err(Error::Limit(_))));
    assert_eq!(house.ask(&format!("SELECT 1 FROM {}", from(60))), "");
    let values: Vec<String> = (0..5_000).map(|no| format!("'p{no}'")).collect();
    assert_eq!(house.ask(&format!("SELECT count(*) FROM patient WHERE _id IN ({})", values.join(", "))), "0\n");
    assert_eq!(house.ask("SELECT 1"), "1\n");
}

#[test]
fn tables_and_columns_are_described() {
    let house = House::new();
    let tables = house.ask("SHOW TABLES");
    assert_eq!(tables.lines().count(), 26);
    let columns = house.ask("DESCRIBE patient");
    assert!(columns.contains("birth_date,date,Date of birth"), "{columns}");
    assert_eq!(house.ask("SHOW COLUMNS FROM patient"), columns);
    assert!(house.ask("EXPLAIN SELECT 1").contains("plan"));
}

#[test]
fn a_query_that_takes_too_long_ends_and_one_that_is_dropped_stops() {
    let house = House::new();
    let endless = "SELECT count(*) FROM generate_series(1, 100000000) a CROSS JOIN generate_series(1, 1000000) b";
    let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let start = Instant::now();
    let result = house.lake().query(&everything(), endless, &limits).and_then(|mut answer| answer.next_batch());
    assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(30));
    let answers: Vec<_> = (0..8)
        .filter_map(|_| {
            let limits = Limits { time: Duration::from_mins(5), ..Limits::default() };
            house.lake().query(&everything(), "SELECT * FROM generate_series(1, 100000000)", &limits).ok()
        })
        .take(3)
        .collect();
    drop(answers);
    // All turns are free again.
    for _ in 0..8 {
        assert_eq!(house.ask("SELECT 1"), "1\n");
    }
}

#[test]
fn memory_is_limited() {
    let house = House::new();
    let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let sql = "SELECT value, count(*) FROM generate_series(1, 3000000) GROUP BY value ORDER BY 2, 1";
    let result = house.lake().query(&everything(), sql, &limits).and_then(|mut answer| answer.next_batch());
    let Err(Error::Limit(text)) = result else { panic!("{result:?}") };
    assert!(text.contains("memory"), "{text}");
}

#[test]
fn partial_dates_and_decimals_keep_what_was_written() {
    let house = House::new();
    house.put(r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"HbA1c"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2019-03","valueQuantity":{"value":6.10,"unit":"%"}}"#);
    let sql = "SELECT patient_id, code, effective, effective_text, value, value_text, value_unit FROM observation";
    assert_eq!(house.ask(sql), "p,4548-4,2019-03-01T00:00:00Z,2019-03,6.1,6.10,%\n");
    house.lake().flush().unwrap();
    assert_eq!(house.ask(sql), "p,4548-4,2019-03-01T00:00:00Z,2019-03,6.1,6.10,%\n");
}

/// Ends a query that is on its way to its first row, and says how long it took to give up.
fn stopped_after(house: &House, sql: &str, after: Duration) -> (Result<(), Error>, Duration) {
    let stop = Stop::default();
    let stopper = stop.clone();
    let (say, said) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(after);
        say.send(Instant::now()).unwrap();
        stopper.stop();
    });
    let limits = Limits { time: Duration::from_mins(5), ..Limits::default() };
    let result = house.lake().query_until(&everything(), sql, &limits, &stop).and_then(|mut answer| {
        while answer.next_batch()?.is_some() {}
        Ok(())
    });
    thread.join().unwrap();
    (result, said.recv().unwrap().elapsed())
}

/// Queries without end, or nearly: each kind keeps the engine busy in another way.
const ENDLESS: [&str; 9] = [
    "SELECT count(*) FROM generate_series(1, 100000000) a CROSS JOIN generate_series(1, 1000000) b",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT 1 FROM n) SELECT max(i) FROM n",
    "SELECT count(*) FROM generate_series(1, 100000000) a(x) JOIN generate_series(1, 100000000) b(y) ON a.x % 7 < b.y % 5",
    "SELECT sum(length(regexp_replace(repeat('ab', 50), '(a|b)*c', 'x'))) FROM generate_series(1, 1000000000)",
    "SELECT max(x) OVER (ORDER BY x ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW) FROM generate_series(1, 1000000000) t(x)",
    "SELECT count(*) FROM (SELECT DISTINCT x % 1000 FROM generate_series(1, 100000000000) t(x)) s",
    EVERY_PAIR,
    "SELECT count(*) FROM (SELECT x % 2 AS k FROM generate_series(1, 1000000) t(x)) a
       JOIN (SELECT x % 2 AS k FROM generate_series(1, 1000000) t(x)) b ON a.k = b.k",
];

/// Tries pairs for hours and keeps none.
const EVERY_PAIR: &str = "SELECT count(*) FROM generate_series(1, 1000000) a(x) CROSS JOIN generate_series(1, 1000000) b(y) WHERE a.x * b.y = -7";

#[test]
fn a_query_that_keeps_every_thread_busy_keeps_no_other_from_its_answer() {
    let house = House::new();
    let stop = Stop::default();
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let limits = Limits { time: Duration::from_mins(5), ..Limits::default() };
            house.lake().query_until(&everything(), EVERY_PAIR, &limits, &stop)?.next_batch().map(|_| ())
        });
        // Each would run out of its own time if the other had to end before it.
        for _ in 0..8 {
            assert_eq!(house.ask("SELECT 1"), "1\n");
        }
        assert!(!busy.is_finished());
        stop.stop();
        assert!(matches!(busy.join().unwrap(), Err(Error::Cancelled)));
    });
    assert_eq!(house.ask("SELECT 1"), "1\n");
}

#[test]
fn pieces_change_no_answer() {
    let house = House::new();
    let sql = "SELECT count(*), sum(a.x), max(b.y) FROM generate_series(1, 300) a(x) JOIN generate_series(1, 2000) b(y) ON a.x * 7 > b.y";
    assert_eq!(house.ask(sql), "315000,63048490,2000\n");
    assert_eq!(
        house.ask(
            "SELECT count(*) FROM generate_series(1, 3) a(x) LEFT JOIN generate_series(1, 20000) b(y) ON a.x > b.y + 1"
        ),
        "3\n"
    );
}

#[test]
fn whoever_goes_away_takes_the_query_along_at_whatever_it_is() {
    let house = House::new();
    for sql in ENDLESS {
        let (result, took) = stopped_after(&house, sql, Duration::from_millis(200));
        assert!(matches!(result, Err(Error::Cancelled | Error::Limit(_))), "{sql}: {result:?}");
        println!("{took:?} {sql}");
    }
    // Its turn is free again, too: the engine let go of each.
    for _ in 0..8 {
        assert_eq!(house.ask("SELECT 1"), "1\n");
    }
    // One that is stopped before it is asked does not begin.
    let stop = Stop::default();
    drop(stop.on_drop());
    let answer = house.lake().query_until(&everything(), "SELECT 1", &Limits::default(), &stop);
    assert!(matches!(answer, Err(Error::Cancelled)));
}

#[test]
fn what_would_make_too_much_is_refused_before_it_does() {
    let house = House::new();
    for sql in [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat('x', 9223372036854775807)",
        "SELECT lpad('x', 2000000000, 'y')",
        "SELECT rpad(x::text, 100000000) FROM generate_series(1, 8000) t(x)",
        "SELECT range(1, 10000000000)",
        "SELECT range(1000000000000)",
        "SELECT generate_series(-9223372036854775807, 9223372036854775807)",
        "SELECT generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2030-01-01', INTERVAL '1 microsecond')",
        "SELECT array_repeat(1, 3000000000)",
        "SELECT array_repeat(array_repeat(1, 100000), 100000)",
        "SELECT array_resize([1], 3000000000, 1)",
        "SELECT replace(repeat('x', 1000000), 'x', repeat('y', 1000000))",
        "SELECT replace(repeat('x', 1000000), '', repeat('y', 1000000))",
        "SELECT regexp_replace(repeat('x', 1000000), 'x', repeat('y', 1000000), 'g')",
        "SELECT array_to_string(range(1, 1000000), repeat(',', 1000000))",
        "SELECT levenshtein(repeat('x', 1000000), repeat('y', 1000000))",
    ] {
        assert!(matches!(house.try_ask(sql), Err(Error::Limit(_))), "{sql}: {:?}", house.try_ask(sql).err());
    }
    // Little, and each row gets a copy.
    let long = "x".repeat(70_000);
    for sql in [
        "SELECT x, repeat('x', 200000) FROM generate_series(1, 10) t(x)".to_owned(),
        "SELECT x, (SELECT repeat('x', 200000)) FROM generate_series(1, 10) t(x)".to_owned(),
        "SELECT t.x, s.y FROM generate_series(1, 10) t(x), (SELECT repeat('x', 200000) AS y) s".to_owned(),
        "SELECT x, repeat('a', 40000) AS a, repeat('b', 40000) AS b FROM generate_series(1, 10) t(x)".to_owned(),
        "SELECT x, range(0, 1000000) FROM generate_series(1, 10) t(x)".to_owned(),
        format!("SELECT x, '{long}' FROM generate_series(1, 10) t(x)"),
        "SELECT count(*) FROM generate_series(1, 10) t(x) WHERE greatest(x::text, repeat('x', 200000)) = 'y'"
            .to_owned(),
        format!(
            "SELECT count(*) FROM generate_series(1, 10) t(x) WHERE CASE WHEN x > 5 THEN '{long}' ELSE x::text END = 'y'"
        ),
    ] {
        let error = house.try_ask(&sql).expect_err(&sql);
        let expected = "copied for each row, would make too much";
        assert!(matches!(&error, Error::Limit(text) if text.contains(expected)), "{sql:.80}: {error:?}");
    }
    // What is compared is not copied, and what stands once is no more than it is.
    let codes = (0..5_000).map(|no| format!("'{no}-code'")).collect::<Vec<_>>().join(", ");
    assert_eq!(
        house.ask(&format!("SELECT count(*) FROM generate_series(1, 10) t(x) WHERE x || '-code' IN ({codes})")),
        "10\n"
    );
    let compared = format!("SELECT count(*) FROM generate_series(1, 10) t(x) WHERE x::text = '{long}'");
    assert_eq!(house.ask(&compared), "0\n");
    assert_eq!(
        house.ask("SELECT length(repeat('x', 500000)), count(*) FROM (SELECT unnest(range(0, 1000000)))"),
        "500000,1000000\n"
    );
    // Doubled again and again.
    for double in ["s || s", "concat(s, s)", "concat_ws(s, s, s)", "array_concat(s, s)"] {
        let first = if double.starts_with("array") { "[1, 2, 3, 4, 5, 6, 7, 8]" } else { "'12345678'" };
        let mut sql = format!("WITH t0 AS (SELECT {first} AS s)");
        for level in 1..40 {
            sql.push_str(&format!(", t{level} AS (SELECT {double} AS s FROM t{})", level - 1));
        }
        let result = house.try_ask(&format!("{sql} SELECT s FROM t39"));
        assert!(matches!(result, Err(Error::Limit(_))), "{double}: {:?}", result.err());
    }
    // The same functions work as ever.
    assert_eq!(
        house.ask("SELECT repeat('ab', 3), lpad('7', 3, '0'), replace('aXa', 'X', 'bb'), 'a' || 1 || 'b', 1 || 'x', 'x' || NULL, concat('a', NULL, 'b')"),
        "ababab,007,abba,a1b,1x,,ab\n"
    );
    assert_eq!(
        house.ask("SELECT [1] || [2], array_repeat('x', 2), range(1, 4), generate_series(1, 3, 2)"),
        "\"[1,2]\",\"[\"\"x\"\",\"\"x\"\"]\",\"[1,2,3]\",\"[1,3]\"\n"
    );
    assert_eq!(house.ask("SELECT count(*) FROM generate_series(1, 1000000) t(x) WHERE x::text || 'a' = '77a'"), "1\n");
    assert_eq!(
        house.ask("SELECT generate_series(DATE '2020-01-01', DATE '2020-01-03', INTERVAL '1 day')[2]"),
        "2020-01-02\n"
    );
}

#[test]
fn deep_cases_chains_and_many_names_are_answered_or_refused() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"p","gender":"female"}"#);
    let case =
        |n: usize| format!("SELECT {}0{} FROM patient", "CASE WHEN active THEN 1 ELSE ".repeat(n), " END".repeat(n));
    assert_eq!(house.ask(&case(40)), "0\n");
    assert!(house.try_ask(&case(5_000)).is_err());
    let and = |n: usize| format!("SELECT count(*) FROM patient WHERE {}", vec!["gender = 'female'"; n].join(" AND "));
    assert_eq!(house.ask(&and(900)), "1\n");
    assert!(matches!(house.try_ask(&and(5_000)), Err(Error::Limit(_))));
    let with = |n: usize| {
        let parts: Vec<String> = (1..n).map(|at| format!("t{at} AS (SELECT * FROM t{})", at - 1)).collect();
        format!("WITH t0 AS (SELECT 1 AS x), {} SELECT x FROM t{}", parts.join(", "), n - 1)
    };
    assert_eq!(house.ask(&with(60)), "1\n");
    assert!(house.try_ask(&with(5_000)).is_err());
    // Each reads the one before twice.
    let doubled = |n: usize| {
        let parts =
            (1..n).map(|at| format!("t{at} AS (SELECT a._id FROM t{0} a JOIN t{0} b ON a._id = b._id)", at - 1));
        format!(
            "WITH t0 AS (SELECT _id FROM patient), {} SELECT _id FROM t{}",
            parts.collect::<Vec<_>>().join(", "),
            n - 1
        )
    };
    assert_eq!(house.ask(&doubled(5)), "p\n");
    assert!(matches!(house.try_ask(&doubled(45)), Err(Error::Limit(_))));
    let union = |n: usize| vec!["SELECT 1"; n].join(" UNION ");
    assert_eq!(house.ask(&union(300)), "1\n");
    let columns: Vec<String> = (0..2_000).map(|at| format!("{at} AS c{at}")).collect();
    assert!(house.ask(&format!("SELECT {}", columns.join(", "))).starts_with("0,1,2,3"));
    let functions = |n: usize| format!("SELECT {}gender{} FROM patient", "lower(".repeat(n), ")".repeat(n));
    assert_eq!(house.ask(&functions(50)), "female\n");
    assert!(house.try_ask(&functions(3_000)).is_err());
    assert!(error(&house, &functions(1_000)).contains("nested too deeply"));
    let lists = |n: usize| format!("SELECT {}1{}", "[".repeat(n), "]".repeat(n));
    let _ = house.try_ask(&lists(50));
    assert!(house.try_ask(&lists(5_000)).is_err());
    let subqueries = |n: usize| format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n));
    assert!(house.try_ask(&subqueries(5_000)).is_err());
    assert_eq!(house.ask("SELECT 1"), "1\n");
}

/// A word of random SQL: names, operators and values that fit often enough to be planned now and then.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT 3", "JOIN", "LEFT JOIN", "ON", "USING", "AS", "CASE", "WHEN", "THEN", "ELSE", "END", "UNION ALL", "EXCEPT", "INTERSECT", "WITH", "RECURSIVE", "OVER", "PARTITION BY", "DISTINCT", "UNNEST", "LATERAL", "VALUES", "EXISTS", "IN", "NOT", "BETWEEN", "LIKE", "IS NULL", "INTERVAL '1 day'", "CAST", "EXPLAIN", "DESCRIBE", "SHOW TABLES"]).prop_map(str::to_owned),
        6 => prop::sample::select(vec!["patient", "observation", "resource", "arrival", "_id", "gender", "birth_date", "patient_id", "value", "effective", "given", "json", "t", "x"]).prop_map(str::to_owned),
        4 => prop::sample::select(vec!["(", ")", ",", ".", "*", "+", "-", "/", "%", "=", "<>", "<", ">=", "||", "::", "[", "]", "->", "->>", "@>", ";", "AND", "OR"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["count(*)", "max(value)", "lower(gender)", "array_agg(_id)", "row_number() OVER ()", "date_trunc('year', effective)", "now()", "regexp_match(gender, '(')", "to_timestamp('x')", "arrow_cast(1, 'Utf8')"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["1", "0", "-1", "9223372036854775808", "1e400", "'a'", "''", "'肺炎'", "NULL", "TRUE", "DATE '2020-01-01'", "'2020-13-45'", "X'00'", "$1", "?", "\"", "'", "--", "/*", "\u{0}"]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_text_whatever_brings_the_engine_down(texts in prop::collection::vec((prop::collection::vec(word(), 0..24), any::<bool>()), 40)) {
        let house = House::new();
        house.put(r#"{"resourceType":"Patient","id":"p","gender":"female"}"#);
        for (words, whole) in texts {
            // Half of them begin as a query does.
            let sql = if whole { format!("SELECT {}", words.join(" ")) } else { words.join(" ") };
            if let Err(error) = house.try_ask(&sql) {
                prop_assert!(matches!(error, Error::Sql(_) | Error::Limit(_)), "{sql}: {error:?}");
                prop_assert!(!error.to_string().is_empty());
                if let Error::Sql(SqlError { place: Some(place), .. }) = error {
                    prop_assert!(sql.is_char_boundary(place.offset), "{sql}: {place:?}");
                }
            }
        }
        prop_assert_eq!(house.ask("SELECT gender FROM patient"), "female\n");
    }
}

#[test]
fn only_an_administrator_has_the_lake_checked() {
    let house = House::new();
    let against = lake::Against { head: records::Seq(0), live: 0, in_use: false };
    assert!(matches!(lake::check(&house.lake_folder(), &everything(), against), Err(lake::Error::Denied(_))));
}
