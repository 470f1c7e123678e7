//! Expressions of every operator and function on resources of every type: each gives items or an error, in bounded work.

use super::*;
use crate::generate::{Choices, tests::any_resource};
use crate::json::Tree;

const NAMES: [&str; 34] = [
    "id",
    "meta",
    "name",
    "given",
    "family",
    "value",
    "code",
    "coding",
    "system",
    "extension",
    "url",
    "contained",
    "status",
    "subject",
    "reference",
    "item",
    "entry",
    "resource",
    "component",
    "effective",
    "period",
    "start",
    "end",
    "text",
    "identifier",
    "`div`",
    "type",
    "unit",
    "low",
    "Patient",
    "Observation",
    "Resource",
    "repeat",
    "event",
];
const LITERALS: [&str; 42] = [
    "true",
    "false",
    "{}",
    "0",
    "1",
    "-1",
    "2147483647",
    "9223372036854775807",
    "0.0",
    "1.5",
    "0.00000001",
    "99999999999999999999.5",
    "'a'",
    "''",
    "'😀é𝒳'",
    "'(a+)+$'",
    "'[^a-z]*'",
    "'\\u00e9\\n'",
    "@2020-02-29",
    "@2019",
    "@2020-12-31T23:59:59.999-12:00",
    "@T10:30",
    "@2020-05T",
    "@9999-12-31T23:59:59Z",
    "@0001-01-01",
    "1 'mg'",
    "0 'kg'",
    "4.5 'mmol/L'",
    "1 month",
    "3 years",
    "-1 day",
    "1000000 years",
    "2 'no such unit'",
    "$this",
    "$index",
    "$total",
    "%resource",
    "%context",
    "%rootResource",
    "%ucum",
    "now()",
    "today()",
];
const FUNCTIONS: [(&str, usize); 91] = [
    ("empty", 0),
    ("exists", 0),
    ("exists", 1),
    ("all", 1),
    ("allTrue", 0),
    ("anyTrue", 0),
    ("allFalse", 0),
    ("anyFalse", 0),
    ("subsetOf", 1),
    ("supersetOf", 1),
    ("count", 0),
    ("distinct", 0),
    ("isDistinct", 0),
    ("where", 1),
    ("select", 1),
    ("repeat", 1),
    ("single", 0),
    ("first", 0),
    ("last", 0),
    ("tail", 0),
    ("skip", 1),
    ("take", 1),
    ("intersect", 1),
    ("exclude", 1),
    ("union", 1),
    ("combine", 1),
    ("iif", 2),
    ("iif", 3),
    ("toBoolean", 0),
    ("convertsToBoolean", 0),
    ("toInteger", 0),
    ("convertsToInteger", 0),
    ("toDate", 0),
    ("convertsToDate", 0),
    ("toDateTime", 0),
    ("convertsToDateTime", 0),
    ("toDecimal", 0),
    ("convertsToDecimal", 0),
    ("toQuantity", 0),
    ("toQuantity", 1),
    ("convertsToQuantity", 0),
    ("toString", 0),
    ("convertsToString", 0),
    ("toTime", 0),
    ("convertsToTime", 0),
    ("indexOf", 1),
    ("lastIndexOf", 1),
    ("substring", 1),
    ("substring", 2),
    ("startsWith", 1),
    ("endsWith", 1),
    ("contains", 1),
    ("upper", 0),
    ("lower", 0),
    ("replace", 2),
    ("matches", 1),
    ("matchesFull", 1),
    ("replaceMatches", 2),
    ("length", 0),
    ("toChars", 0),
    ("split", 1),
    ("join", 1),
    ("join", 0),
    ("trim", 0),
    ("encode", 1),
    ("decode", 1),
    ("escape", 1),
    ("unescape", 1),
    ("abs", 0),
    ("ceiling", 0),
    ("exp", 0),
    ("floor", 0),
    ("ln", 0),
    ("log", 1),
    ("power", 1),
    ("round", 1),
    ("sqrt", 0),
    ("truncate", 0),
    ("children", 0),
    ("descendants", 0),
    ("trace", 1),
    ("aggregate", 1),
    ("aggregate", 2),
    ("not", 0),
    ("lowBoundary", 0),
    ("highBoundary", 1),
    ("precision", 0),
    ("extension", 1),
    ("resolve", 0),
    ("getReferenceKey", 0),
    ("getResourceKey", 0),
];
const OPERATORS: [&str; 24] = [
    "+",
    "-",
    "*",
    "/",
    " div ",
    " mod ",
    "&",
    "|",
    "=",
    "!=",
    "~",
    "!~",
    "<",
    ">",
    "<=",
    ">=",
    " and ",
    " or ",
    " xor ",
    " implies ",
    " in ",
    " contains ",
    " is ",
    " as ",
];
const TYPES: [&str; 12] = [
    "Patient",
    "Quantity",
    "string",
    "FHIR.string",
    "System.String",
    "boolean",
    "dateTime",
    "Reference",
    "Extension",
    "integer",
    "Resource",
    "Period",
];

fn expression(choices: &mut Choices<'_>, depth: usize) -> String {
    let mut text = match choices.below(6) {
        0 | 1 => choices.pick(&LITERALS).to_owned(),
        2 if depth > 0 => format!("({})", expression(choices, depth - 1)),
        3 if depth > 0 => format!("-{}", expression(choices, depth - 1)),
        _ => choices.pick(&NAMES).to_owned(),
    };
    for _ in 0..choices.below(4) {
        match choices.below(6) {
            0 | 1 => text = format!("{text}.{}", choices.pick(&NAMES)),
            2 => text = format!("{text}[{}]", if depth > 0 { expression(choices, depth - 1) } else { "0".to_owned() }),
            3 => text = format!("{text}.{}({})", choices.pick(&["ofType", "as", "is"]), choices.pick(&TYPES)),
            _ => {
                let (name, count) = choices.pick(&FUNCTIONS);
                let arguments: Vec<_> = (0..count).map(|_| expression(choices, depth.saturating_sub(1))).collect();
                text = format!("{text}.{name}({})", arguments.join(", "));
            }
        }
    }
    if depth > 0 && choices.one_in(2) {
        let operator = choices.pick(&OPERATORS);
        let right = match operator {
            " is " | " as " => choices.pick(&TYPES).to_owned(),
            _ => expression(choices, depth - 1),
        };
        text = format!("{text}{operator}{right}");
    }
    text
}

fn any_expression() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 1..120).prop_map(|bytes| expression(&mut Choices::new(&bytes), 4))
}

fn evaluate(tree: &Tree, expression: &str) -> (bool, bool) {
    let text = tree.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let focus = Item::resource(document.root()).unwrap();
    let other = Document::parse(PATIENT.as_bytes()).unwrap();
    let mut outcome = (false, false);
    for context in [Some(focus.node().unwrap().type_id), None] {
        let Ok(program) = Program::compile(expression, context) else { continue };
        outcome.0 = true;
        let resolver = |reference: &str| reference.contains("Patient").then(|| other.root());
        let environment = Environment { work_limit: 200_000, ..now() }.resolving(&resolver);
        let evaluated = program.evaluate(focus.clone(), &environment);
        for item in evaluated.iter().flatten().take(10) {
            outcome.1 = true;
            let _ = item.to_string();
        }
    }
    outcome
}

#[test]
fn random_expressions_often_compile_and_find_something() {
    let tree = Tree::from(Document::parse(PATIENT.as_bytes()).unwrap().root());
    let (mut compiled, mut found) = (0, 0);
    for seed in 0..2000 {
        let bytes = Choices::bytes(seed, 80);
        let outcome = evaluate(&tree, &expression(&mut Choices::new(&bytes), 3));
        compiled += usize::from(outcome.0);
        found += usize::from(outcome.1);
    }
    assert!(compiled > 1000 && found > 200, "{compiled} compiled, {found} found something");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_on_any_resource_gives_items_or_an_error(tree in any_resource(), expression in any_expression()) {
        evaluate(&tree, &expression);
    }
}
