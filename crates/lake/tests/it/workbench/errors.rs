//! How errors read: place, and what may have been meant.

use super::{Memory, bench, plan, question, sheets};
use expect_test::{Expect, expect};
use lake::workbench::{Error, Kind, Question, Sheet, parse};
use std::sync::Arc;

fn check(sql: &str, expected: Expect) {
    let error = plan(sql).map(|_| ()).expect_err(sql);
    assert_eq!(error.kind, Kind::Sql, "{sql}: {error:?}");
    expected.assert_eq(&error.to_string());
}

fn with_views(sql: &str, views: &[(&str, &str)]) -> Result<(), Error> {
    let views = views.iter().map(|(name, sql)| ((*name).to_owned(), parse(sql).unwrap())).collect();
    bench().plan(Question { views, ..Question::new(parse(sql)?, sheets()) }).map(|_| ())
}

#[test]
fn names_that_there_are_not() {
    check("SELECT Valu\nFROM labs", expect!["there is no column Valu (line 1, column 8). Did you mean Value?"]);
    check(
        "SELECT id,\n  l.patientt FROM labs l",
        expect!["there is no column l.patientt (line 2, column 3). Did you mean Patient?"],
    );
    check(
        "SELECT p.name FROM labs l",
        expect!["p is not among the tables of FROM here (line 1, column 8). Did you mean l?"],
    );
    check("SELECT id FROM\n  Labz", expect!["there is no table Labz (line 2, column 3). Did you mean labs?"]);
    check("SELECT nosuch(id) FROM labs", expect!["there is no function nosuch (line 1, column 8). Did you mean cosh?"]);
    check("SELECT uper(id) FROM labs", expect!["there is no function uper (line 1, column 8). Did you mean upper?"]);
    check(
        "SELECT id FROM labs WHERE item = 'K' AND vale > 3",
        expect!["there is no column vale (line 1, column 42). Did you mean Value?"],
    );
    check(
        "SELECT x.id FROM (SELECT id FROM labs) y",
        expect!["x is not among the tables of FROM here (line 1, column 8). Did you mean y?"],
    );
    check(
        "SELECT id FROM patients JOIN labs USING (patient)",
        expect!["there is no column patient (line 1, column 42)"],
    );
}

#[test]
fn names_that_several_things_have() {
    check(
        "SELECT name,\n id FROM labs l JOIN patients p ON p.id = l.patient",
        expect!["Id is in more than one table (line 2, column 2). Put the table before it: table.column"],
    );
    check(
        "SELECT id, id FROM labs",
        expect!["two columns are called labs.id (line 1, column 12). Give one of them another name with AS"],
    );
    check(
        "SELECT id AS a, item AS a FROM labs",
        expect!["two columns are called a (line 1, column 17). Give one of them another name with AS"],
    );
    check(
        "SELECT * FROM labs, labs",
        expect!["there are two columns of the name Id (line 1, column 21). Give one of them another name with AS"],
    );
}

#[test]
fn types_that_do_not_fit() {
    check(
        "SELECT id,\n  round(value) AS r FROM labs",
        expect![
            "round does not take text (line 2, column 3). Columns are text until they are cast: try_cast(… AS DOUBLE)"
        ],
    );
    check(
        "SELECT id FROM labs WHERE id",
        expect![
            "labs.id is not a condition (line 1, column 27). A condition is true or false: compare it with something"
        ],
    );
    check(
        "SELECT id FROM labs l\n JOIN patients p ON p.name",
        expect!["Id is in more than one table (line 1, column 8). Put the table before it: table.column"],
    );
    check(
        "SELECT item, sum(value) FROM labs GROUP BY item",
        expect![
            "sum does not take text (line 1, column 14). Columns are text until they are cast: try_cast(… AS DOUBLE)"
        ],
    );
    check(
        "SELECT id FROM labs UNION ALL SELECT id, name FROM patients",
        expect!["UNION queries have different number of columns (line 1, column 1)"],
    );
    check(
        "SELECT id FROM labs WHERE day > value + 1",
        expect![
            "labs.value is text: + cannot compute with it (line 1, column 33). try_cast(labs.value AS DOUBLE) reads it as a number, and gives NULL where it is none"
        ],
    );
    check(
        "SELECT id FROM labs ORDER BY value * 2",
        expect![
            "labs.value is text: * cannot compute with it (line 1, column 30). try_cast(labs.value AS DOUBLE) reads it as a number, and gives NULL where it is none"
        ],
    );
}

#[test]
fn what_stands_where_it_may_not() {
    check(
        "SELECT id, count(*) FROM labs",
        expect!["id must be in GROUP BY or in an aggregate function such as max(id) (line 1, column 8)"],
    );
    check("SELECT FROM labs", expect!["SELECT what? (line 1, column 1)"]);
    check(
        "SELECT id FROM labs WHERE count(*) > 1",
        expect![
            "Aggregate functions are not allowed in the WHERE clause. Consider using HAVING instead (line 1, column 27)"
        ],
    );
    check(
        "SELECT id,\n id IN (SELECT id FROM patients) AS x FROM labs",
        expect![
            "a subquery of this kind cannot stand here (line 2, column 2). IN (SELECT …) and EXISTS stand in WHERE; elsewhere a LEFT JOIN tells the same"
        ],
    );
    check(
        "SELECT id, (SELECT name FROM patients) AS n FROM labs WHERE id = $1",
        expect!["$1 stands for nothing here (line 1, column 66)"],
    );
    check(
        "SELECT __row FROM labs",
        expect!["__row may not be named (line 1, column 8). The row of each value is kept without being asked for"],
    );
    check(
        "SELECT id AS \"__ROW_x\" FROM labs",
        expect!["__ROW_x may not be named (line 1, column 14). The row of each value is kept without being asked for"],
    );
    check(
        "SELECT l.__row FROM labs l",
        expect!["__row may not be named (line 1, column 10). The row of each value is kept without being asked for"],
    );
    check(
        "SELECT id FROM labs l(__row)",
        expect!["__row may not be named (line 1, column 23). The row of each value is kept without being asked for"],
    );
}

#[test]
fn texts_that_are_no_sql() {
    for (sql, expected) in [
        ("SELECT id FROM", expect!["Expected: identifier, found: EOF (line 1, column 15)"]),
        ("SELECT id\nFROM labs WHERE (id = 'x'", expect!["Expected: ), found: EOF (line 2, column 26)"]),
        ("SELECT 'x", expect!["Unterminated string literal (line 1, column 8)"]),
        ("", expect!["Expected: SELECT, VALUES, or a subquery in the query body, found: EOF (line 1, column 1)"]),
        ("SELECT 1; SELECT 2", expect!["Expected: EOF, found: SELECT (line 1, column 11)"]),
    ] {
        expected.assert_eq(&parse(sql).unwrap_err().to_string());
    }
}

#[test]
fn errors_in_views_name_the_view() {
    let error =
        with_views("SELECT * FROM a", &[("a", "SELECT id FROM b"), ("b", "SELECT\n idd AS id FROM labs")]).unwrap_err();
    assert_eq!(error.to_string(), "there is no column idd (view b, line 2, column 2). Did you mean Id?");
    let error = with_views("SELECT * FROM a", &[("a", "SELECT value * 2 AS v FROM labs")]).unwrap_err();
    assert_eq!((error.view.as_deref(), error.line, error.column), (Some("a"), Some(1), Some(8)));
    let error = with_views("SELECT * FROM a", &[("a", "SELECT round(value) AS v FROM labs")]).unwrap_err();
    assert_eq!((error.view.as_deref(), error.line, error.column), (Some("a"), Some(1), Some(8)));
    let circle = [("a", "SELECT * FROM b"), ("b", "SELECT * FROM c"), ("c", "SELECT * FROM\n A")];
    let error = with_views("SELECT * FROM a", &circle).unwrap_err();
    assert_eq!(error.to_string(), "views use each other in a circle: a → b → c → a (view c, line 2, column 2)");
    assert!(with_views("SELECT * FROM labs", &circle).is_ok(), "what is not used does no harm");
    let error = with_views("SELECT 1", &[("Labs", "SELECT 1")]).unwrap_err();
    assert_eq!(error.to_string(), "view Labs has the name of a table (view Labs). Give the view another name");
    // A name of WITH goes before that of a view.
    assert!(with_views("WITH a AS (SELECT id FROM labs) SELECT * FROM a", &[("a", "SELECT nothing")]).is_ok());
    let own = [("a", "WITH b AS (SELECT id FROM b) SELECT * FROM b"), ("b", "SELECT id FROM labs")];
    assert!(with_views("WITH a AS (SELECT id FROM a) SELECT * FROM a", &own).is_ok(), "what WITH hides is still used");
}

#[test]
fn a_cast_that_fails_in_a_view_names_the_view() {
    let views = vec![("a".to_owned(), parse("SELECT id,\n CAST(value AS INT) AS v FROM labs").unwrap())];
    let question = Question { views, ..Question::new(parse("SELECT v FROM a").unwrap(), sheets()) };
    let error = super::run(&bench().plan(question).unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::Value);
    assert!(error.to_string().contains("(view a, line 2, column 7)"), "{error}");
}

#[test]
fn case_does_not_matter_unless_it_tells_columns_apart() {
    let planned = plan("SELECT L.\"ID\", l.\"PaTiEnT\" AS \"Who.Is\" FROM \"LABS\" l").unwrap();
    let names: Vec<&str> = planned.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["ID", "Who.Is"]);
    let odd = Arc::new(Memory::new("Odd", "a A B 年龄 É\n 1 2 3 4 5")) as Arc<dyn Sheet>;
    let ask = |sql: &str| {
        let planned = bench().plan(Question::new(parse(sql).unwrap(), vec![Arc::clone(&odd)]))?;
        Ok::<_, Error>(super::lines(&super::run(&planned)?, |_| 0..planned.columns().len()).join(" "))
    };
    assert_eq!(ask("SELECT a, A, b, 年龄, \"é\" FROM odd").unwrap(), "1 2 3 4 5");
    assert_eq!(ask("SELECT \"A\", o.A AS again FROM odd o").unwrap(), "2 2");
}

#[test]
fn sheets_that_are_none_are_refused() {
    let error = |sheets: Vec<Arc<dyn Sheet>>| {
        let question = Question::new(parse("SELECT 1").unwrap(), sheets);
        let error = bench().plan(question).unwrap_err();
        assert_eq!(error.kind, Kind::Sheet);
        error.to_string()
    };
    let sheet = |name: &str, text: &str| Arc::new(Memory::new(name, text)) as Arc<dyn Sheet>;
    assert_eq!(error(vec![sheet("t", "a a\n1 2")]), "table t: two columns are called a");
    assert_eq!(error(vec![sheet("t", "a __row_2\n1 2")]), "table t: a column may not be called __row_2");
    assert_eq!(error(vec![sheet("t", "a\n1"), sheet("T", "a\n1")]), "two tables are called T");
}

#[test]
fn errors_keep_the_places_of_the_file_they_came_from() {
    // Comments and blank lines before the query count.
    let sql = "-- @target Observation\n\n-- @key id\nSELECT id,\n       valeu\nFROM labs";
    let error = bench().plan(question(sql).unwrap()).unwrap_err();
    assert_eq!((error.line, error.column), (Some(5), Some(8)));
}
