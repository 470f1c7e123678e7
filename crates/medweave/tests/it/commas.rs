//! A source whose text files have decimal commas, and whose other tables have types.

use crate::program::Data;
use std::path::Path;

fn write(folder: &Path, files: &[(&str, &str)]) -> String {
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// A target that makes an observation of each row of a table.
fn target(table: &str, value: &str) -> String {
    format!(
        "-- @target Observation as {table} @key t.id @each {table} t\n\
         SELECT 'final' AS status, '{table}' AS \"code.text\", {value} AS value FROM {table} t\n"
    )
}

#[test]
fn numbers_with_types_have_points_where_text_has_commas() {
    let data = Data::new();
    let map = write(
        &data.path("map"),
        &[
            (
                "mapping.toml",
                "name = \"commas\"\nzone = \"UTC\"\ndecimal = \",\"\nthousands = \".\"\n[tables.letters]\nkey = [\"id\"]\n[tables.typed]\nkey = [\"id\"]\n[tables.mixed]\nkey = [\"id\"]\n",
            ),
            ("letters.sql", &target("letters", "quantity(t.value, 'g')")),
            ("typed.sql", &target("typed", "quantity(coalesce(t.value, t.other), 'g')")),
            ("mixed.sql", &target("mixed", "quantity(t.value, 'g')")),
            (
                "computed.sql",
                &target("letters", "quantity(CAST(t.id AS DOUBLE) / 1000, 'g')").replace("as letters", "as computed"),
            ),
        ],
    );
    let typed = "CREATE TABLE typed (id int, value decimal(8,3), other decimal(8,3));\n\
         INSERT INTO typed VALUES (1, 3.500, NULL), (2, NULL, 4.125), (3, 12, NULL);\n\
         CREATE TABLE mixed (id int, value text);\nINSERT INTO mixed VALUES (1, '3,5'), (2, '1.234');\n";
    let tables =
        write(&data.path("tables"), &[("letters.csv", "id;value\n1001;3,5\n1002;1.234\n"), ("clinic.sql", typed)]);
    data.done(&["source", "add", "clinic", "--path", &tables, "--mapping", &map]);
    data.done(&["source", "pull", "clinic"]);
    let values = || {
        let sql = "SELECT code_text || ' ' || string_agg(value_text, ' ' ORDER BY value_text) AS v \
             FROM (SELECT code_text, CAST(value AS VARCHAR) AS value_text FROM observation) GROUP BY code_text ORDER BY 1";
        let printed = data.done(&["sql", "--format", "csv", sql]);
        printed.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    data.done(&["mapping", "run", "clinic", "--write"]);
    let made = values();
    let expected = ["letters 1.001 1.002 1234.0 3.5", "mixed 1234.0 3.5", "typed 12.0 3.5 4.125"];
    assert_eq!(made, expected);
}

#[test]
fn a_number_of_a_cell_with_a_type_keeps_its_point_beside_text_with_commas() {
    let data = Data::new();
    let toml = "name = \"cells\"\nzone = \"UTC\"\ndecimal = \",\"\nthousands = \".\"\n[tables.lab]\nkey = [\"id\"]\n";
    let map =
        write(&data.path("map"), &[("mapping.toml", toml), ("lab.sql", &target("lab", "quantity(t.value, 'g')"))]);
    let tables = write(&data.path("tables"), &[]);
    let file = Path::new(&tables).join("clinic.sqlite");
    let say = |statements: &str| rusqlite::Connection::open(&file).unwrap().execute_batch(statements).unwrap();
    // Each cell of SQLite has a type of its own, as one of a workbook has.
    say("CREATE TABLE lab (id INTEGER, value); INSERT INTO lab VALUES (1, 38.125), (2, 39.5), (3, 12)");
    data.done(&["source", "add", "cells", "--path", &tables, "--mapping", &map]);
    let ran = || {
        data.done(&["source", "pull", "cells"]);
        let report = data.json(&["mapping", "run", "cells", "--write", "--json"]);
        let sql = "SELECT string_agg(CAST(value AS VARCHAR), ' ' ORDER BY value) FROM observation";
        let printed = data.done(&["sql", "--format", "csv", sql]);
        let values = printed.lines().nth(1).unwrap_or_default().to_owned();
        (values, ["new", "changed", "gone"].map(|count| report[count].as_u64().unwrap()))
    };
    assert_eq!(ran(), ("12.0 38.125 39.5".into(), [3, 0, 0]));
    say("INSERT INTO lab VALUES (4, '37,5'), (5, '1.234'), (6, 0.001)");
    assert_eq!(ran(), ("0.001 12.0 37.5 38.125 39.5 1234.0".into(), [3, 0, 0]));
    say("UPDATE lab SET value = 38.25 WHERE id = 1");
    assert_eq!(ran(), ("0.001 12.0 37.5 38.25 39.5 1234.0".into(), [0, 1, 0]));
}
