//! How rows of an answer hang on rows of the sheets.

use super::plan;
use expect_test::{Expect, expect};
use lake::workbench::Edge;

/// A line for each edge: `FROM.COLUMNS -> TO.COLUMNS`, then the cover; readings are called by sheet and number.
fn check(sql: &str, expected: &Expect) {
    let planned = plan(sql).unwrap();
    let text = match planned.dependence(0, &[]) {
        Err(why) => why,
        Ok(found) => {
            let called = |reading: usize| format!("{}{reading}", found.readings[reading].sheet);
            let side = |reading: usize, columns: Vec<usize>| format!("{}{columns:?}", called(reading));
            let line = |edge: &Edge| {
                let (from, to) = edge.columns.iter().copied().unzip();
                let nulls = if edge.nulls { " and without" } else { "" };
                format!("{} -> {}{nulls}", side(edge.from, from), side(edge.to, to))
            };
            let mut lines: Vec<String> = found.edges.iter().map(line).collect();
            let cover: Vec<String> = found.cover.iter().map(|reading| called(*reading)).collect();
            lines.push(format!("rows of {}", cover.join(", ")));
            lines.join("\n")
        }
    };
    expected.assert_eq(&text);
}

#[test]
fn a_join_leads_to_what_it_looks_up_for() {
    check(
        "SELECT l.id, p.name FROM labs l LEFT JOIN patients p ON p.id = l.patient",
        &expect![[r#"
            patients1[0] -> labs0[1]
            rows of labs0"#]],
    );
    // Through what lies between, and of two keys as far as they are of one table.
    check(
        "SELECT l.id FROM labs l JOIN patients p ON p.id = l.patient JOIN labs m ON m.patient = p.id AND m.item = p.sex",
        &expect![[r#"
            patients1[0] -> labs0[1]
            labs2[1, 2] -> patients1[0, 2]
            rows of labs0"#]],
    );
}

#[test]
fn groups_and_windows_hang_together() {
    check(
        "SELECT l.id, row_number() OVER (PARTITION BY l.patient, l.item ORDER BY l.day) FROM labs l",
        &expect![[r#"
            labs0[1, 2] -> labs0[1, 2] and without
            rows of labs0"#]],
    );
    check(
        "SELECT p.id, m.newest FROM patients p LEFT JOIN (SELECT patient, max(day) AS newest FROM labs GROUP BY patient) m ON m.patient = p.id",
        &expect![[r#"
            labs1[1] -> labs1[1] and without
            labs1[1] -> patients0[0]
            rows of patients0"#]],
    );
    check(
        "SELECT l.id FROM labs l WHERE EXISTS (SELECT 1 FROM patients p WHERE p.id = l.patient AND p.sex = 'F')",
        &expect![[r#"
            patients1[0] -> labs0[1]
            rows of labs0"#]],
    );
}

#[test]
fn branches_have_their_own_rows() {
    check(
        "SELECT u.who, p.name FROM (SELECT patient AS who FROM labs UNION ALL SELECT id FROM patients) u LEFT JOIN patients p ON p.id = u.who",
        &expect![[r#"
            patients2[0] -> labs0[1]
            patients2[0] -> patients1[0]
            rows of labs0, patients1"#]],
    );
}

#[test]
fn what_is_computed_is_no_key() {
    // Any change of items may change all; one of labs changes its own row.
    check(
        "SELECT l.id, i.label FROM labs l LEFT JOIN items i ON lower(i.code) = lower(l.item)",
        &expect![[r#"
            items1[] -> items1[]
            rows of labs0"#]],
    );
    check(
        "SELECT l.id, row_number() OVER (ORDER BY l.day) FROM labs l",
        &expect![[r#"
            labs0[] -> labs0[]
            rows of labs0"#]],
    );
    check(
        "SELECT l.id FROM labs l ORDER BY l.day LIMIT 2",
        &expect![[r#"
            labs0[] -> labs0[]
            rows of labs0"#]],
    );
    check(
        "SELECT l.id FROM labs l FULL JOIN patients p ON p.id = l.patient",
        &expect!["its rows cannot be told apart by those of one table"],
    );
}
