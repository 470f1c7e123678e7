//! What the compiler says of an expression holds for what the evaluator gives, on real resources.

use crate::data::synthea_bundles;
use fhir::json::{Document, Node};
use fhir::path::{Environment, Item, Program, ResultType};
use fhir::schema::{TypeId, r4};
use std::collections::HashMap;

/// Every search parameter, compiled for its type and for any.
fn programs() -> HashMap<TypeId, Vec<(&'static str, Program, Program)>> {
    let mut programs: HashMap<TypeId, Vec<_>> = HashMap::new();
    for parameter in fhir::parameters::parameters() {
        if !parameter.expression.is_empty() {
            let typed = Program::compile(parameter.expression, Some(parameter.resource_type)).unwrap();
            let open = Program::compile(parameter.expression, None).unwrap();
            programs.entry(parameter.resource_type).or_default().push((parameter.expression, typed, open));
        }
    }
    programs
}

fn is_of(item: &Item<'_>, types: &[ResultType]) -> bool {
    types.iter().any(|one| match (one, item) {
        (ResultType::Fhir(type_id), Item::Node(node)) => r4().is_a(node.type_id, *type_id),
        (ResultType::System(system), item) => item.node().is_none() && one.name() == system.name(),
        _ => false,
    })
}

#[test]
fn search_parameters_give_what_their_types_promise() {
    let Some(bundles) = synthea_bundles() else {
        return;
    };
    let programs = programs();
    let mut found = 0;
    for (name, bytes) in bundles.take(20) {
        let document = Document::parse(&bytes).unwrap();
        let entries = document.root().get("entry").into_iter().flat_map(Node::items);
        for item in entries.filter_map(|entry| entry.get("resource")).filter_map(Item::resource) {
            let type_id = item.node().unwrap().type_id;
            for (text, typed, open) in programs.get(&type_id).into_iter().flatten() {
                let env = Environment::new();
                let items =
                    typed.evaluate(item.clone(), &env).unwrap_or_else(|error| panic!("{name}: {text}: {error}"));
                let others = open.evaluate(item.clone(), &env).unwrap();
                let show = |items: &[Item<'_>]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
                assert_eq!(show(&items), show(&others), "{text} with and without a context type");
                assert!(items.len() <= 1 || typed.may_repeat(), "{text} gives {} items", items.len());
                for one in &items {
                    let types = typed.result_types();
                    assert!(types.is_empty() || is_of(one, types), "{text} gives {one:?}, not {types:?}");
                }
                found += items.len();
            }
        }
    }
    assert!(found > 100_000, "{found} values in 20 bundles");
    println!("{found} values");
}
