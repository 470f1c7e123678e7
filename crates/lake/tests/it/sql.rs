//! What may be asked, what may not, and how errors read.

use crate::house::{House, everything, grant};
use lake::{Error, Limits};
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
        let _ = house.try_ask(&sql(1_900 / part.split_whitespace().count().max(1)));
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
    assert_eq!(tables.lines().count(), 18);
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
