//! The official SQL on FHIR v2 suite (FHIR/sql-on-fhir-v2).

use crate::data::Unpacked;
use crate::suite::Tally;
use fhir::decimal::Decimal;
use fhir::json::{Document, Node, Tree};
use fhir::path::Environment;
use fhir::view::{Cell, View};

/// A cell as JSON, as the suite writes it.
fn json(cell: &Cell<'_>) -> Tree {
    match cell {
        Cell::Null => Tree::Null,
        Cell::Boolean(value) => Tree::Bool(*value),
        Cell::Integer(value) => Tree::from(*value),
        // Equal numbers may have other digits.
        Cell::Decimal(digits) => number(digits),
        Cell::String(text) => Tree::from(text.as_ref()),
        Cell::List(cells) => Tree::Array(cells.iter().map(json).collect()),
    }
}

fn number(digits: &str) -> Tree {
    Tree::Number(Decimal::parse(digits).unwrap().normalized().to_string())
}

/// What the suite expects, its numbers in one form.
fn normalized(node: Node<'_>) -> Tree {
    match Tree::from(node) {
        Tree::Number(digits) => number(&digits),
        Tree::Array(_) => Tree::Array(node.items().map(normalized).collect()),
        other => other,
    }
}

/// Columns and rows of a view over resources.
fn table(view: Node<'_>, resources: &[Node<'_>]) -> Result<(Vec<String>, Vec<Vec<Tree>>), String> {
    let text = view.raw().to_owned();
    let definition = Document::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let view = View::compile(&definition).map_err(|error| error.to_string())?;
    let columns = view.columns().iter().map(|column| column.name.clone()).collect();
    let mut rows = Vec::new();
    for resource in resources {
        let mut sink = |row: &[Cell<'_>]| rows.push(row.iter().map(json).collect());
        view.rows(*resource, &Environment::new(), &mut sink).map_err(|error| error.to_string())?;
    }
    Ok((columns, rows))
}

fn run(test: Node<'_>, resources: &[Node<'_>]) -> Result<(), String> {
    let view = test.get("view").ok_or("no view")?;
    let (columns, mut rows) = match table(view, resources) {
        Ok(_) if test.get("expectError").is_some() => return Err("an error is wanted".to_owned()),
        Ok(table) => table,
        Err(_) if test.get("expectError").is_some() => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(wanted) = test.get("expectColumns") {
        let wanted: Vec<String> = wanted.items().filter_map(Node::as_str).map(Into::into).collect();
        if wanted != columns {
            return Err(format!("columns {columns:?} instead of {wanted:?}"));
        }
    }
    let mut wanted: Vec<Vec<Tree>> = Vec::new();
    for row in test.get("expect").ok_or("nothing is expected")?.items() {
        if let Some((name, _)) = row.members().find(|(name, _)| !columns.iter().any(|column| column == name)) {
            return Err(format!("no column {name}"));
        }
        wanted.push(columns.iter().map(|name| row.get(name).map_or(Tree::Null, normalized)).collect());
    }
    // The order of rows has no meaning.
    let key = |row: &Vec<Tree>| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    rows.sort_by_key(key);
    wanted.sort_by_key(key);
    if rows == wanted { Ok(()) } else { Err(format!("{rows:?} instead of {wanted:?}")) }
}

#[test]
fn official_sql_on_fhir_suite_passes_but_for_the_list() {
    let Some(archive) = Unpacked::new("suites/sql-on-fhir-tests.tar.xz", "views") else {
        return;
    };
    let mut tally = Tally::default();
    for (name, bytes) in archive.files("tests", ".json") {
        let document = Document::parse(&bytes).unwrap();
        let resources: Vec<Node<'_>> = document.root().get("resources").unwrap().items().collect();
        for test in document.root().get("tests").unwrap().items() {
            tally.total += 1;
            let title = test.get("title").and_then(Node::as_str).unwrap_or_default();
            if let Err(why) = run(test, &resources) {
                tally.failed.push((format!("{}/{title}", name.trim_end_matches(".json")), why));
            }
        }
    }
    tally.check("SQL on FHIR v2", include_str!("view-failing.txt"));
}
