//! Where columns come from, and which rows took part: each kind of step.

use super::{lines, plan, question, run};
use expect_test::{Expect, expect};
use lake::workbench::{Order, SortBy};

/// Columns with their origins, then rows: values, and of each sheet the rows that took part.
fn lineage(sql: &str) -> String {
    let planned = plan(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut text = String::new();
    for column in planned.columns() {
        let mut origins: Vec<String> =
            column.origins.iter().map(|origin| format!("{}.{}", origin.sheet, origin.column)).collect();
        origins.dedup();
        text.push_str(&format!("{} <- {}\n", column.name, origins.join(", ")));
    }
    let visible = planned.columns().len();
    let batches = run(&planned).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let values = lines(&batches, |_| 0..visible);
    let parts: Vec<Vec<String>> = planned
        .occurrences()
        .iter()
        .map(|occurrence| {
            let end = occurrence.count.unwrap_or(occurrence.rows);
            let name = occurrence.names.join(">");
            lines(&batches, |_| occurrence.rows..end + 1).into_iter().map(|rows| format!("{name}={rows}")).collect()
        })
        .collect();
    for (at, values) in values.iter().enumerate() {
        let rows: Vec<&str> = parts.iter().map(|part| part[at].as_str()).collect();
        text.push_str(&format!("{values} | {}\n", rows.join(" ")));
    }
    text
}

fn check(sql: &str, expected: Expect) {
    expected.assert_eq(&lineage(sql));
}

#[test]
fn projection_and_filter() {
    check(
        "SELECT id AS key, Value FROM labs WHERE item = 'K'",
        expect![[r#"
        key <- labs.Id
        Value <- labs.Value
        l1 4.1 | labs=1
        l3 n/a | labs=3
        l4 5.5 | labs=4
    "#]],
    );
}

#[test]
fn star_shows_all_columns_and_no_row() {
    check(
        "SELECT * FROM patients",
        expect![[r#"
        Id <- patients.Id
        Name <- patients.Name
        Sex <- patients.Sex
        p1 Ann F | patients=1
        p2 Bob M | patients=2
        p3 Cy - | patients=3
    "#]],
    );
    check(
        "SELECT p.*, p.id AS again FROM patients p LIMIT 1",
        expect![[r#"
        Id <- patients.Id
        Name <- patients.Name
        Sex <- patients.Sex
        again <- patients.Id
        p1 Ann F p1 | patients>p=1
    "#]],
    );
}

#[test]
fn expressions_come_from_all_they_use() {
    check(
        "SELECT name || ' ' || sex AS a, CASE WHEN sex = 'F' THEN 'female' ELSE id END AS b, 'x' AS c, upper(coalesce(sex, name)) d FROM patients",
        expect![[r#"
        a <- patients.Name, patients.Sex
        b <- patients.Id, patients.Sex
        c <- 
        d <- patients.Name, patients.Sex
        Ann F female x F | patients=1
        Bob M p2 x M | patients=2
        - p3 x CY | patients=3
    "#]],
    );
}

#[test]
fn inner_join() {
    check(
        "SELECT l.id, p.name FROM labs l JOIN patients p ON p.id = l.patient",
        expect![[r#"
        id <- labs.Id
        name <- patients.Name
        l1 Ann | labs>l=1 patients>p=1
        l2 Ann | labs>l=2 patients>p=1
        l3 Bob | labs>l=3 patients>p=2
    "#]],
    );
    check(
        "SELECT l.id, label FROM labs l, items WHERE code = item AND value = '140'",
        expect![[r#"
        id <- labs.Id
        label <- items.Label
        l2 Sodium | labs>l=2 items=2
    "#]],
    );
}

#[test]
fn outer_joins_have_no_row_where_there_is_none() {
    check(
        "SELECT l.id, p.name FROM labs l LEFT JOIN patients p ON p.id = l.patient",
        expect![[r#"
        id <- labs.Id
        name <- patients.Name
        l1 Ann | labs>l=1 patients>p=1
        l2 Ann | labs>l=2 patients>p=1
        l3 Bob | labs>l=3 patients>p=2
        l4 - | labs>l=4 patients>p=-
    "#]],
    );
    check(
        "SELECT l.id, p.name FROM labs l RIGHT JOIN patients p ON p.id = l.patient ORDER BY 1, 2",
        expect![[r#"
        id <- labs.Id
        name <- patients.Name
        l1 Ann | labs>l=1 patients>p=1
        l2 Ann | labs>l=2 patients>p=1
        l3 Bob | labs>l=3 patients>p=2
        - Cy | labs>l=- patients>p=3
    "#]],
    );
    check(
        "SELECT l.id, p.name FROM labs l FULL JOIN patients p ON p.id = l.patient ORDER BY 1, 2",
        expect![[r#"
        id <- labs.Id
        name <- patients.Name
        l1 Ann | labs>l=1 patients>p=1
        l2 Ann | labs>l=2 patients>p=1
        l3 Bob | labs>l=3 patients>p=2
        l4 - | labs>l=4 patients>p=-
        - Cy | labs>l=- patients>p=3
    "#]],
    );
}

#[test]
fn using_and_natural_joins() {
    check(
        "SELECT * FROM patients JOIN (SELECT patient AS id, value FROM labs) l USING (Id)",
        expect![[r#"
        Name <- patients.Name
        Sex <- patients.Sex
        Id <- labs.Patient
        Value <- labs.Value
        Ann F p1 4.1 | patients=1 labs>l=1
        Ann F p1 140 | patients=1 labs>l=2
        Bob M p2 n/a | patients=2 labs>l=3
    "#]],
    );
    check(
        "SELECT * FROM patients NATURAL JOIN (SELECT patient AS id, item FROM labs) l",
        expect![[r#"
        Name <- patients.Name
        Sex <- patients.Sex
        id <- labs.Patient
        Item <- labs.Item
        Ann F p1 K | patients=1 labs>l=1
        Ann F p1 Na | patients=1 labs>l=2
        Bob M p2 K | patients=2 labs>l=3
    "#]],
    );
}

#[test]
fn cross_join_and_self_join() {
    check(
        "SELECT a.code, b.code FROM items a CROSS JOIN items b",
        expect![[r#"
        code <- items.Code
        code <- items.Code
        K K | items>a=1 items>b=1
        K Na | items>a=1 items>b=2
        Na K | items>a=2 items>b=1
        Na Na | items>a=2 items>b=2
    "#]],
    );
    check(
        "SELECT a.id, b.id FROM labs a JOIN labs b ON a.patient = b.patient AND a.id < b.id",
        expect![[r#"
        id <- labs.Id
        id <- labs.Id
        l1 l2 | labs>a=1 labs>b=2
    "#]],
    );
}

#[test]
fn semi_and_anti_joins_follow_the_side_that_gives_rows() {
    check(
        "SELECT id FROM patients p WHERE EXISTS (SELECT 1 FROM labs l WHERE l.patient = p.id)",
        expect![[r#"
        id <- patients.Id
        p1 | patients>p=1
        p2 | patients>p=2
    "#]],
    );
    check(
        "SELECT id FROM patients WHERE id NOT IN (SELECT patient FROM labs WHERE patient IS NOT NULL)",
        expect![[r#"
        id <- patients.Id
        p3 | patients=3
    "#]],
    );
    check(
        "SELECT patient FROM labs INTERSECT SELECT id FROM patients ORDER BY 1",
        expect![[r#"
        patient <- labs.Patient
        p1 | labs=[1, 2] 2
        p2 | labs=[3] 1
    "#]],
    );
    check(
        "SELECT id FROM patients EXCEPT SELECT patient FROM labs",
        expect![[r#"
        id <- patients.Id
        p3 | patients=[3] 1
    "#]],
    );
    check(
        "SELECT p.id FROM patients p LEFT SEMI JOIN labs l ON l.patient = p.id",
        expect![[r#"
        id <- patients.Id
        p1 | patients>p=1
        p2 | patients>p=2
    "#]],
    );
}

#[test]
fn aggregates_gather_rows() {
    check(
        "SELECT patient, count(*) AS n, max(value) AS v FROM labs GROUP BY patient",
        expect![[r#"
        patient <- labs.Patient
        n <- 
        v <- labs.Value
        p1 2 4.1 | labs=[1, 2] 2
        p2 1 n/a | labs=[3] 1
        p9 1 5.5 | labs=[4] 1
    "#]],
    );
    check(
        "SELECT count(*), min(p.name) FROM labs l JOIN patients p ON p.id = l.patient",
        expect![[r#"
        count(*) <- 
        min(p.name) <- patients.Name
        3 Ann | labs>l=[1, 2, 3] 3 patients>p=[1, 2] 2
    "#]],
    );
    check(
        "SELECT array_agg(id ORDER BY value) FILTER (WHERE item = 'K') AS ids FROM labs",
        expect![[r#"
        ids <- labs.Id
        [l1, l4, l3] | labs=[1, 2, 3, 4] 4
    "#]],
    );
    check(
        "SELECT item, patient, count(*) AS n FROM labs GROUP BY ROLLUP (item, patient) ORDER BY 1, 2",
        expect![[r#"
        item <- labs.Item
        patient <- labs.Patient
        n <- 
        K p1 1 | labs=[1] 1
        K p2 1 | labs=[3] 1
        K p9 1 | labs=[4] 1
        K - 3 | labs=[1, 3, 4] 3
        Na p1 1 | labs=[2] 1
        Na - 1 | labs=[2] 1
        - - 4 | labs=[1, 2, 3, 4] 4
    "#]],
    );
    check(
        "SELECT count(*) AS n FROM labs WHERE id = 'none'",
        expect![[r#"
        n <- 
        0 | labs=[] 0
    "#]],
    );
}

#[test]
fn aggregates_of_aggregates_gather_sets() {
    check(
        "SELECT max(n) AS most FROM (SELECT patient, count(*) AS n FROM labs GROUP BY patient) g",
        expect![[r#"
        most <- 
        2 | labs>g=[1, 2, 3, 4] 4
    "#]],
    );
    check(
        "SELECT DISTINCT n FROM (SELECT item, count(*) AS n FROM labs GROUP BY item) g ORDER BY n",
        expect![[r#"
        n <- 
        1 | labs>g=[2] 1
        3 | labs>g=[1, 3, 4] 3
    "#]],
    );
}

#[test]
fn distinct_gathers_and_distinct_on_chooses() {
    check(
        "SELECT DISTINCT item FROM labs",
        expect![[r#"
        item <- labs.Item
        K | labs=[1, 3, 4] 3
        Na | labs=[2] 1
    "#]],
    );
    check(
        "SELECT DISTINCT ON (patient) patient, id FROM labs ORDER BY patient, value DESC",
        expect![[r#"
        patient <- labs.Patient
        id <- labs.Id
        p1 l1 | labs=1
        p2 l3 | labs=3
        p9 l4 | labs=4
    "#]],
    );
    check(
        "SELECT DISTINCT ON (item) item, id FROM labs",
        expect![[r#"
        item <- labs.Item
        id <- labs.Id
        K l1 | labs=1
        Na l2 | labs=2
    "#]],
    );
    check(
        "SELECT count(DISTINCT item) AS n FROM labs",
        expect![[r#"
        n <- labs.Item
        2 | labs=[1, 2, 3, 4] 4
    "#]],
    );
}

#[test]
fn windows_hand_rows_on() {
    check(
        "SELECT id, row_number() OVER (PARTITION BY patient ORDER BY id) AS n, lag(value) OVER (ORDER BY id) AS before FROM labs",
        expect![[r#"
        id <- labs.Id
        n <- labs.Id, labs.Patient
        before <- labs.Value
        l1 1 - | labs=1
        l2 2 4.1 | labs=2
        l3 1 140 | labs=3
        l4 1 n/a | labs=4
    "#]],
    );
    check(
        "SELECT id FROM (SELECT id, rank() OVER w AS r FROM labs WINDOW w AS (PARTITION BY item ORDER BY value)) x WHERE r = 1",
        expect![[r#"
        id <- labs.Id
        l1 | labs>x=1
        l2 | labs>x=2
    "#]],
    );
    check(
        "SELECT id FROM labs QUALIFY row_number() OVER (PARTITION BY item ORDER BY id DESC) = 1",
        expect![[r#"
        id <- labs.Id
        l2 | labs=2
        l4 | labs=4
    "#]],
    );
}

#[test]
fn unions_have_rows_of_one_branch() {
    check(
        "SELECT id FROM patients UNION ALL SELECT label FROM items",
        expect![[r#"
        id <- items.Label, patients.Id
        p1 | patients=1 items=-
        p2 | patients=2 items=-
        p3 | patients=3 items=-
        Potassium | patients=- items=1
        Sodium | patients=- items=2
    "#]],
    );
    check(
        "SELECT item FROM labs UNION SELECT code FROM items ORDER BY 1",
        expect![[r#"
        item <- items.Code, labs.Item
        K | labs=[1, 3, 4] 3 items=[1] 1
        Na | labs=[2] 1 items=[2] 1
    "#]],
    );
    check(
        "SELECT item, count(*) AS n FROM labs GROUP BY item UNION ALL SELECT code, 0 FROM items ORDER BY 1, 2",
        expect![[r#"
        item <- items.Code, labs.Item
        n <- 
        K 0 | labs=- - items=1
        K 3 | labs=[1, 3, 4] 3 items=-
        Na 0 | labs=- - items=2
        Na 1 | labs=[2] 1 items=-
    "#]],
    );
    check(
        "SELECT count(*) AS n FROM (SELECT id FROM patients UNION ALL SELECT id FROM labs) u",
        expect![[r#"
        n <- 
        7 | patients>u=[1, 2, 3] 3 labs>u=[1, 2, 3, 4] 4
    "#]],
    );
    check(
        "SELECT id, name FROM patients UNION ALL BY NAME SELECT label AS name FROM items",
        expect![[r#"
        id <- patients.Id
        name <- items.Label, patients.Name
        p1 Ann | patients=1 items=-
        p2 Bob | patients=2 items=-
        p3 Cy | patients=3 items=-
        - Potassium | patients=- items=1
        - Sodium | patients=- items=2
    "#]],
    );
}

#[test]
fn subqueries_in_from_views_and_with() {
    check(
        "SELECT k FROM (SELECT id AS k FROM labs WHERE item = 'Na') AS x",
        expect![[r#"
        k <- labs.Id
        l2 | labs>x=2
    "#]],
    );
    check(
        "SELECT a FROM (SELECT id, name FROM patients) AS x (a, b) WHERE b = 'Bob'",
        expect![[r#"
        a <- patients.Id
        p2 | patients>x=2
    "#]],
    );
    check(
        "WITH k AS (SELECT * FROM labs WHERE item = 'K') SELECT a.id, b.id AS other FROM k a JOIN k b ON a.id < b.id",
        expect![[r#"
        id <- labs.Id
        other <- labs.Id
        l1 l3 | labs>k>a=1 labs>k>b=3
        l1 l4 | labs>k>a=1 labs>k>b=4
        l3 l4 | labs>k>a=3 labs>k>b=4
    "#]],
    );
    check(
        "SELECT * FROM named_labs n WHERE label = 'Sodium'",
        expect![[r#"
        Id <- labs.Id
        Patient <- labs.Patient
        Label <- items.Label
        Value <- labs.Value
        l2 p1 Sodium 140 | labs>l>named_labs>n=2 items>i>named_labs>n=2
    "#]],
    );
    check(
        "SELECT id, label FROM labs_of_women",
        expect![[r#"
        id <- labs.Id
        label <- items.Label
        l1 Potassium | labs>l>named_labs>n>labs_of_women=1 items>i>named_labs>n>labs_of_women=1 patients>women>w>labs_of_women=1
        l2 Sodium | labs>l>named_labs>n>labs_of_women=2 items>i>named_labs>n>labs_of_women=2 patients>women>w>labs_of_women=1
    "#]],
    );
}

#[test]
fn scalar_subqueries_give_origins_and_no_rows() {
    check(
        "SELECT id, (SELECT max(label) FROM items) AS l FROM patients WHERE id = 'p1'",
        expect![[r#"
        id <- patients.Id
        l <- items.Label
        p1 Sodium | patients=1
    "#]],
    );
    check(
        "SELECT l.id, (SELECT max(i.label) FROM items i WHERE i.code = l.item) AS l FROM labs l",
        expect![[r#"
        id <- labs.Id
        l <- items.Label
        l1 Potassium | labs>l=1
        l2 Sodium | labs>l=2
        l3 Potassium | labs>l=3
        l4 Potassium | labs>l=4
    "#]],
    );
    check(
        "SELECT id FROM labs WHERE value = (SELECT max(value) FROM labs)",
        expect![[r#"
        id <- labs.Id
        l3 | labs=3
    "#]],
    );
}

#[test]
fn unnest_and_lateral() {
    check(
        "SELECT id, unnest([id, name]) AS x FROM patients WHERE sex = 'F'",
        expect![[r#"
        id <- patients.Id
        x <- patients.Id, patients.Name
        p1 p1 | patients=1
        p1 Ann | patients=1
    "#]],
    );
    check(
        "SELECT p.id, x.value FROM patients p JOIN LATERAL (SELECT l.value FROM labs l WHERE l.patient = p.id) x ON true",
        expect![[r#"
        id <- patients.Id
        value <- labs.Value
        p1 4.1 | patients>p=1 labs>l>x=1
        p1 140 | patients>p=1 labs>l>x=2
        p2 n/a | patients>p=2 labs>l>x=3
    "#]],
    );
    check(
        "SELECT s.i, p.id FROM generate_series(1, 2) s(i) CROSS JOIN patients p WHERE p.id = 'p1'",
        expect![[r#"
        i <- 
        id <- patients.Id
        1 p1 | patients>p=1
        2 p1 | patients>p=1
    "#]],
    );
}

#[test]
fn values_and_queries_without_tables() {
    check(
        "SELECT v.b, p.id FROM (VALUES ('F', 'female'), ('M', 'male')) v(a, b) JOIN patients p ON p.sex = v.a",
        expect![[r#"
        b <- 
        id <- patients.Id
        female p1 | patients>p=1
        male p2 | patients>p=2
    "#]],
    );
    check(
        "SELECT 1 AS one",
        expect![[r#"
        one <- 
        1 | 
    "#]],
    );
    check(
        "VALUES (1, 'x'), (2, 'y')",
        expect![[r#"
        column1 <- 
        column2 <- 
        1 x | 
        2 y | 
    "#]],
    );
}

#[test]
fn recursive_queries_give_origins_and_no_rows() {
    check(
        "WITH RECURSIVE t AS (SELECT id AS first, id AS last FROM patients WHERE id = 'p1' UNION ALL SELECT last, 'x' FROM t WHERE last <> 'x') SELECT * FROM t",
        expect![[r#"
        first <- patients.Id
        last <- patients.Id
        p1 p1 | 
        p1 x | 
    "#]],
    );
}

#[test]
fn structs_and_lists_come_from_what_they_are_made_of() {
    check(
        "SELECT named_struct('family', name, 'of', id) AS n, [sex, id] AS l FROM patients WHERE id = 'p2'",
        expect![[r#"
        n <- patients.Id, patients.Name
        l <- patients.Id, patients.Sex
        {family: Bob, of: p2} [M, p2] | patients=2
    "#]],
    );
    check(
        "SELECT array_agg(named_struct('value', l.value, 'label', i.label) ORDER BY l.id) AS all FROM labs l JOIN items i ON i.code = l.item GROUP BY l.patient",
        expect![[r#"
        all <- items.Label, labs.Value
        [{value: 4.1, label: Potassium}, {value: 140, label: Sodium}] | labs>l=[1, 2] 2 items>i=[1, 2] 2
        [{value: n/a, label: Potassium}] | labs>l=[3] 1 items>i=[1] 1
        [{value: 5.5, label: Potassium}] | labs>l=[4] 1 items>i=[1] 1
    "#]],
    );
}

#[test]
fn limit_and_order() {
    check(
        "SELECT id FROM labs ORDER BY value DESC LIMIT 2 OFFSET 1",
        expect![[r#"
        id <- labs.Id
        l4 | labs=4
        l1 | labs=1
    "#]],
    );
    check(
        "SELECT id FROM labs LIMIT 2",
        expect![[r#"
        id <- labs.Id
        l1 | labs=1
        l2 | labs=2
    "#]],
    );
}

#[test]
fn names_may_be_paths() {
    check(
        "SELECT DISTINCT id AS \"name.Given\", upper(name) AS \"a \"\"b\"\".c[0]\" FROM patients GROUP BY id, name ORDER BY \"name.Given\"",
        expect![[r#"
            name.Given <- patients.Id
            a "b".c[0] <- patients.Name
            p1 ANN | patients=[1] 1
            p2 BOB | patients=[2] 1
            p3 CY | patients=[3] 1
        "#]],
    );
    check(
        "SELECT t.\"x.y\" AS \"t.x\" FROM (SELECT id AS \"x.y\" FROM patients UNION ALL SELECT code FROM items) t WHERE t.\"x.y\" > 'p1'",
        expect![[r#"
            t.x <- items.Code, patients.Id
            p2 | patients>t=2 items>t=-
            p3 | patients>t=3 items>t=-
        "#]],
    );
}

#[test]
fn occurrences_are_found_by_what_from_calls_them() {
    let planned =
        plan("SELECT l.id FROM labs l JOIN patients p ON p.id = l.patient JOIN patients q ON q.id = p.id").unwrap();
    assert_eq!(planned.occurrence_of("l").unwrap(), 0);
    assert_eq!(planned.occurrence_of("LABS").unwrap(), 0);
    assert_eq!(planned.occurrence_of("q").unwrap(), 2);
    assert_eq!(planned.driving(), Some(0));
    let error = planned.occurrence_of("patients").unwrap_err().to_string();
    assert_eq!(error, "patients stands for several tables. FROM has labs (in l), patients (in p), patients (in q)");
    let error = planned.occurrence_of("items").unwrap_err().to_string();
    assert_eq!(error, "items is not a table of FROM. FROM has labs (in l), patients (in p), patients (in q)");
    // Through a view that has one sheet, and not through one that has several.
    let planned = plan("SELECT w.id FROM women w JOIN named_labs n ON n.patient = w.id").unwrap();
    assert_eq!(planned.occurrences()[planned.occurrence_of("w").unwrap()].sheet, "patients");
    assert_eq!(planned.occurrence_of("women").unwrap(), planned.occurrence_of("w").unwrap());
    assert!(planned.occurrence_of("n").is_err());
    assert_eq!(planned.occurrences()[planned.occurrence_of("items").unwrap()].names, ["items", "i", "named_labs", "n"]);
}

#[test]
fn rows_come_in_the_order_of_the_driving_sheet_or_sorted() {
    let order = |sql: &str, driving: Option<&str>, sort_by: Vec<SortBy>| {
        let mut question = question(sql).unwrap();
        (question.driving, question.sort_by, question.order) = (driving.map(str::to_owned), sort_by, Order::Kept);
        let planned = super::bench().plan(question).unwrap();
        let visible = planned.columns().len();
        lines(&run(&planned).unwrap(), |_| 0..visible).join(", ")
    };
    let sql = "SELECT l.id, p.id FROM labs l JOIN patients p ON p.id = l.patient OR l.item = 'Na'";
    assert_eq!(order(sql, None, vec![]), "l1 p1, l2 p1, l2 p2, l2 p3, l3 p2");
    assert_eq!(order(sql, Some("p"), vec![]), "l1 p1, l2 p1, l2 p2, l3 p2, l2 p3");
    let by = |column, descending| SortBy { column, descending };
    assert_eq!(order(sql, None, vec![by(1, true)]), "l2 p3, l2 p2, l3 p2, l1 p1, l2 p1");
    assert_eq!(order("SELECT id, sex FROM patients ORDER BY id DESC", None, vec![by(1, false)]), "p1 F, p2 M, p3 -");
    assert_eq!(order("SELECT id, sex FROM patients ORDER BY id DESC", None, vec![]), "p3 -, p2 M, p1 F");
    let mut question = question(sql).unwrap();
    question.sort_by = vec![by(2, false)];
    assert!(super::bench().plan(question).is_err());
}
