//! What comparing and computing with text means.

use super::{ask, fails, plan};
use datafusion::arrow::array::RecordBatch;
use lake::workbench::Kind;

#[test]
fn text_compared_with_a_number_is_read_as_one_and_is_null_if_it_is_none() {
    assert_eq!(ask("SELECT id FROM labs WHERE value > 5"), "l2\nl4");
    assert_eq!(ask("SELECT id FROM labs WHERE 5.4 < value"), "l2\nl4");
    assert_eq!(ask("SELECT id FROM labs WHERE value = 4.10"), "l1");
    assert_eq!(ask("SELECT id FROM labs WHERE value BETWEEN 4 AND 6"), "l1\nl4");
    assert_eq!(ask("SELECT id FROM labs WHERE value IN (140, 5.5)"), "l2\nl4");
    assert_eq!(ask("SELECT id FROM labs WHERE NOT value > 5"), "l1");
    assert_eq!(ask("SELECT id FROM labs WHERE (value > 0) IS NULL"), "l3");
    assert_eq!(ask("SELECT CASE value WHEN 140 THEN 'x' ELSE 'y' END FROM labs"), "y\nx\ny\ny");
    assert_eq!(ask("SELECT l.id FROM labs l JOIN (VALUES (140), (4)) v(n) ON l.value >= v.n WHERE v.n = 140"), "l2");
    // Digits are not lost, as they are in floating point.
    let same = "FROM (SELECT '9007199254740993' AS n FROM patients LIMIT 1) t";
    assert_eq!(ask(&format!("SELECT n = 9007199254740993, n = 9007199254740992 {same}")), "true false");
}

#[test]
fn text_compared_with_a_date_is_read_as_one() {
    assert_eq!(ask("SELECT id FROM labs WHERE day >= DATE '2020-01-02'"), "l2\nl3");
    assert_eq!(ask("SELECT id FROM labs WHERE day < TIMESTAMP '2020-01-02 00:00:00'"), "l1");
    assert_eq!(ask("SELECT id FROM labs WHERE value > DATE '2000-01-01'"), "");
    assert_eq!(
        ask("SELECT t.x > DATE '2020-01-01' FROM (SELECT day || ' 10:00:00' AS x FROM labs) t"),
        "true\ntrue\ntrue\n-"
    );
}

#[test]
fn text_compared_with_text_is_compared_as_text() {
    assert_eq!(ask("SELECT id FROM labs WHERE value > '5'"), "l3\nl4");
    assert_eq!(ask("SELECT max(value) FROM labs"), "n/a");
}

#[test]
fn a_cast_that_fails_names_expression_place_and_value() {
    let error = fails("SELECT id,\n  CAST(l.Value AS DOUBLE) * 2 AS twice\nFROM labs l");
    assert_eq!(error.kind, Kind::Value);
    assert_eq!(
        error.to_string(),
        "CAST(l.Value AS DOUBLE): 'n/a' is not a DOUBLE (line 2, column 8). try_cast(… AS DOUBLE) gives NULL for it"
    );
    let error = fails("SELECT value::int FROM labs");
    assert_eq!((error.kind, error.line, error.column), (Kind::Value, Some(1), Some(8)));
    let error = fails("SELECT date_part('year', value) FROM labs");
    assert_eq!(error.kind, Kind::Value, "{error}");
    assert!(error.to_string().contains("value"), "{error}");
    assert_eq!(ask("SELECT try_cast(value AS DOUBLE) * 2 FROM labs"), "8.2\n280.0\n-\n11.0");
    assert_eq!(ask("SELECT try_cast(' 7 ' AS INT) AS a, CAST(' 7 ' AS INT) AS b"), "7 7");
    assert_eq!(ask("SELECT sum(try_cast(value AS DECIMAL(10, 2))) FROM labs WHERE item = 'K'"), "9.60");
}

#[test]
fn computing_with_text_is_an_error_with_its_place() {
    let error = plan("SELECT id,\n  value * 2 FROM labs").unwrap_err();
    assert_eq!(
        error.to_string(),
        "value is text: * cannot compute with it (line 2, column 3). try_cast(value AS DOUBLE) reads it as a number, and gives NULL where it is none"
    );
    for sql in [
        "SELECT sum(value) FROM labs",
        "SELECT id,\n abs(value) FROM labs",
        "SELECT -value FROM labs",
        "SELECT value + day FROM labs",
    ] {
        let error = plan(sql).unwrap_err();
        assert_eq!(error.kind, Kind::Sql, "{sql}: {error}");
        assert!(error.line.is_some() && error.hint.is_some(), "{sql}: {error:?}");
    }
}

#[test]
fn what_gives_something_else_each_time_is_refused() {
    for sql in ["SELECT random() FROM labs", "SELECT id FROM labs WHERE uuid() > id"] {
        let error = plan(sql).unwrap_err();
        assert!(error.message.contains("gives something else each time"), "{error}");
        assert!(error.line.is_some(), "{error}");
    }
}

#[test]
fn texts_of_all_kinds_come_as_views() {
    let planned = plan("SELECT id || 'x' AS a, [id] AS b, named_struct('c', upper(id)) AS c, arrow_cast(id, 'LargeUtf8') AS d FROM labs").unwrap();
    let types: Vec<String> = planned.columns().iter().map(|column| column.data_type.to_string()).collect();
    assert!(!types.join(" ").contains("Utf8 ") && !types.join(" ").contains("LargeUtf8"), "{types:?}");
    assert_eq!(super::run(&planned).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 4);
}
