//! The official FHIRPath suite for R4 (FHIR/fhir-test-cases).

use crate::data::Unpacked;
use crate::suite::Tally;
use crate::xml;
use fhir::json::Document;
use fhir::path::{Environment, Item, Program, TemporalKind};
use fhir::schema::r4;
use roxmltree::Node;
use std::collections::HashMap;

/// 2026-01-02T03:04:05Z
const NOW_US: i64 = 1_767_323_045_000_000;

/// What a test asks for.
struct Case<'x> {
    name: String,
    input: Option<&'x str>,
    expression: String,
    predicate: bool,
    ordered: bool,
    invalid: bool,
    outputs: Vec<(Option<&'x str>, String)>,
}

fn cases<'x>(tests: &'x roxmltree::Document<'x>) -> Vec<Case<'x>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut cases = Vec::new();
    for test in tests.descendants().filter(|node| node.has_tag_name("test")) {
        let group = test.parent_element().and_then(|group| group.attribute("name")).unwrap_or_default();
        let name = format!("{group}/{}", test.attribute("name").unwrap_or_default());
        // Some names occur more than once.
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count > 1 { format!("{name}/{count}") } else { name };
        let expression = test.children().find(|node| node.has_tag_name("expression")).unwrap();
        let text = |node: Node<'_, '_>| node.text().unwrap_or_default().to_owned();
        cases.push(Case {
            name,
            input: test.attribute("inputfile"),
            expression: text(expression),
            predicate: test.attribute("predicate") == Some("true"),
            ordered: test.attribute("ordered") != Some("false"),
            invalid: expression.has_attribute("invalid") || test.has_attribute("invalid"),
            outputs: test
                .children()
                .filter(|node| node.has_tag_name("output"))
                .map(|node| (node.attribute("type"), text(node)))
                .collect(),
        });
    }
    cases
}

/// An item's type in the words of the suite.
fn type_name(item: &Item<'_>) -> &'static str {
    match item {
        Item::Node(node) => r4().name(node.type_id),
        Item::Boolean(_) => "boolean",
        Item::Integer(_) => "integer",
        Item::Decimal(_) => "decimal",
        Item::String(_) => "string",
        Item::Temporal(value) => match value.kind {
            TemporalKind::Date => "date",
            TemporalKind::DateTime => "dateTime",
            TemporalKind::Time => "time",
        },
        Item::Quantity(_) => "Quantity",
        Item::Unresolved(_) | Item::Type(_) => "",
    }
}

/// Literals of dates and times without their sign.
fn plain(text: &str) -> &str {
    text.strip_prefix("@T").or_else(|| text.strip_prefix('@')).unwrap_or(text)
}

fn run(case: &Case<'_>, inputs: &HashMap<String, String>) -> Result<(), String> {
    let empty = "{\"resourceType\":\"Basic\"}".to_owned();
    let text = match case.input {
        Some(input) => inputs.get(input).ok_or(format!("{input} is not in the archive"))?,
        None => &empty,
    };
    let document = Document::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let focus = Item::resource(document.root()).ok_or("the input is no resource")?;
    let env = Environment::new().at(NOW_US);
    let context = focus.node().map(|node| node.type_id);
    let program = match Program::compile_strict(&case.expression, context) {
        Ok(program) => program,
        Err(_) if case.invalid => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let found = match program.evaluate(focus, &env) {
        Ok(found) => found,
        Err(_) if case.invalid => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if case.invalid {
        return Err(format!("an error is wanted, not {} items", found.len()));
    }
    if case.predicate {
        let holds = found.first().is_some_and(|item| item.as_boolean().unwrap_or(true));
        let wanted = case.outputs.first().is_some_and(|(_, text)| text == "true");
        return if holds == wanted { Ok(()) } else { Err(format!("as a condition: {holds}")) };
    }
    let mut given: Vec<(&str, String)> = found.iter().map(|item| (type_name(item), item.to_string())).collect();
    let mut wanted: Vec<(Option<&str>, &str)> =
        case.outputs.iter().map(|(type_name, text)| (*type_name, plain(text))).collect();
    if !case.ordered {
        given.sort_by(|a, b| a.1.cmp(&b.1));
        wanted.sort_by(|a, b| a.1.cmp(b.1));
    }
    let same = given.len() == wanted.len()
        && given.iter().zip(&wanted).all(|((type_name, text), (wanted_type, wanted))| {
            text == wanted && wanted_type.is_none_or(|wanted_type| wanted_type == *type_name)
        });
    if same { Ok(()) } else { Err(format!("{}: {given:?} instead of {wanted:?}", case.expression)) }
}

#[test]
fn official_fhirpath_suite_passes_but_for_the_list() {
    let Some(archive) = Unpacked::new("suites/fhir-r4-cases.tar.xz", "fhirpath") else {
        return;
    };
    let mut inputs = HashMap::new();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    for (name, bytes) in archive.files("r4/examples", ".json") {
        // What the suite names in XML and the archive has in JSON alone.
        inputs.insert(name.replace(".json", ".xml"), text(bytes.clone()));
        inputs.insert(name, text(bytes));
    }
    for (name, bytes) in archive.files("r4/examples", ".xml") {
        let text = text(bytes);
        let document = roxmltree::Document::parse(&text).unwrap();
        if r4().is_resource(document.root_element().tag_name().name()) {
            inputs.insert(name, xml::resource(document.root_element()).to_string());
        }
    }
    let (_, bytes) = archive.files("r4/fhirpath", "tests-fhir-r4.xml").remove(0);
    let text = text(bytes);
    let tests = roxmltree::Document::parse(&text).unwrap();
    let mut tally = Tally::default();
    for case in cases(&tests) {
        tally.total += 1;
        if let Err(why) = run(&case, &inputs) {
            tally.failed.push((case.name, why));
        }
    }
    tally.check("FHIRPath R4", include_str!("fhirpath-failing.txt"));
}
