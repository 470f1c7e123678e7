//! Whether a code is of a set, by asking the definitions about this one code: for [`super::matches`].

use super::matches::{Corpus, evaluate};
use super::{CodeSet, SystemMatch, Way, tokens};
use crate::json::Node;
use crate::parameters::Parameter;
use std::collections::BTreeSet;

/// Whether a token of a parameter is of the set.
pub(super) fn has(
    set: &CodeSet,
    parameter: &'static Parameter,
    system: Option<&str>,
    code: &str,
    corpus: &dyn Corpus,
) -> bool {
    let is_in = |system: &str| match set {
        CodeSet::ValueSet(name) => in_value_set(name, system, code, corpus),
        CodeSet::Hierarchy { system: of, code: from, way } => {
            let (high, low) = if *way == Way::Below { (from.as_str(), code) } else { (code, from.as_str()) };
            of == system && subsumes(system, high, low, corpus)
        }
    };
    match system {
        Some(system) => is_in(system),
        // A code element is of a system that it does not name.
        None => systems(set, corpus).iter().any(|system| {
            let implied = tokens(parameter, [(system.as_str(), code)]).iter().any(|t| t.system == SystemMatch::Absent);
            implied && is_in(system)
        }),
    }
}

fn text(node: Node<'_>, name: &str) -> String {
    node.get(name).and_then(Node::as_str).unwrap_or_default().into_owned()
}

fn list<'d>(node: Node<'d>, names: &[&str]) -> Vec<Node<'d>> {
    node.path(names).into_iter().flat_map(Node::each).collect()
}

/// Every system that a definition names, and none.
fn systems(set: &CodeSet, corpus: &dyn Corpus) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = corpus.of_type("CodeSystem").map(|node| text(node, "url")).collect();
    for value_set in corpus.of_type("ValueSet") {
        for part in ["ValueSet.compose.include.system", "ValueSet.expansion.contains.system"] {
            all.extend(evaluate(part, value_set).iter().filter_map(|value| value.node.as_str().map(Into::into)));
        }
    }
    if let CodeSet::Hierarchy { system, .. } = set {
        all.insert(system.clone());
    }
    all.insert(String::new());
    all
}

fn named<'c>(of: &str, name: &str, corpus: &'c dyn Corpus) -> Option<Node<'c>> {
    if let Some(id) = name.strip_prefix("ValueSet/") {
        return corpus.find(of, id);
    }
    let (url, version) = name.split_once('|').map_or((name, None), |(url, version)| (url, Some(version)));
    corpus.of_type(of).find(|node| text(*node, "url") == url && version.is_none_or(|v| text(*node, "version") == v))
}

fn in_value_set(name: &str, system: &str, code: &str, corpus: &dyn Corpus) -> bool {
    let Some(value_set) = named("ValueSet", name, corpus) else { return false };
    let contains = list(value_set, &["expansion", "contains"]);
    // What has a definition is asked for that; one that cannot be computed is not asked of this plain reading.
    if value_set.get("compose").is_none() {
        return contains.iter().any(|entry| text(*entry, "system") == system && text(*entry, "code") == code);
    }
    let has = |part: &Node<'_>| {
        let concepts = list(*part, &["concept"]);
        let filters = list(*part, &["filter"]);
        let own = text(*part, "system");
        let by_system = own.is_empty()
            || (own == system
                && if !concepts.is_empty() {
                    concepts.iter().any(|concept| text(*concept, "code") == code)
                } else if !filters.is_empty() {
                    filters.iter().all(|filter| {
                        let value = text(*filter, "value");
                        match text(*filter, "op").as_str() {
                            "is-a" => subsumes(system, &value, code, corpus),
                            "descendent-of" => value != code && subsumes(system, &value, code, corpus),
                            other => panic!("no reading of {other}"),
                        }
                    })
                } else {
                    subsumes(system, code, code, corpus)
                });
        by_system
            && list(*part, &["valueSet"])
                .iter()
                .all(|other| in_value_set(&other.as_str().unwrap_or_default(), system, code, corpus))
    };
    list(value_set, &["compose", "include"]).iter().any(has)
        && !list(value_set, &["compose", "exclude"]).iter().any(has)
}

/// Whether `low` is `high` or somewhere within it, in a code system that is nested.
fn subsumes(system: &str, high: &str, low: &str, corpus: &dyn Corpus) -> bool {
    fn within(node: Node<'_>, high: &str, low: &str, below: bool) -> bool {
        list(node, &["concept"]).into_iter().any(|concept| {
            let code = text(concept, "code");
            let below = below || code == high;
            (below && code == low) || within(concept, high, low, below)
        })
    }
    named("CodeSystem", system, corpus).is_some_and(|found| within(found, high, low, false))
}
