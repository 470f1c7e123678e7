//! Composite parameters: several values of one element at once.
//!
//! A composite has no values of its own in an index. Each of its components is also a parameter of the type, so those give
//! the candidates; [`super::Check`] looks whether one element has all the values, where the index cannot tell.

use super::convert::Reader;
use super::route::{self, Step};
use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::schema::{self, TypeKind};

/// One component of a composite parameter.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// The parameter of the type that has the component's values among its own.
    pub parameter: &'static Parameter,
    /// FHIRPath from an element to the component's values; `%resource` is the resource. Where the element is the resource, the
    /// component's values are those of its parameter: `value-quantity` also reads `SampledData`, in a composite as by itself.
    pub path: &'static str,
}

/// The components of a composite parameter, in the order of their values; empty if some parameter that it names is missing
/// or does not have the values.
pub fn components(composite: &Parameter) -> Vec<Component> {
    let of = schema::r4().name(composite.resource_type);
    let named: Vec<&'static Parameter> =
        composite.components.iter().filter_map(|(code, _)| parameters().find(of, code)).collect();
    let found = composite.components.iter().map(|(code, path)| {
        // R4 names the two components of DocumentReference.relationship crosswise; their paths say which is which.
        let own = named.iter().find(|parameter| parameter.code == *code);
        own.into_iter().chain(&named).find(|parameter| has_values_of(parameter, composite, path)).map(|parameter| {
            Component { parameter, path: if is_exact(composite) { parameter.expression } else { path } }
        })
    });
    let found: Option<Vec<Component>> = found.collect();
    found.unwrap_or_default()
}

/// Whether the components' conditions on the whole resource say all, because the element is the resource itself.
pub fn is_exact(composite: &Parameter) -> bool {
    composite.expression == schema::r4().name(composite.resource_type)
}

type Route = Vec<Step<'static>>;

fn alternatives(expression: &'static str) -> Vec<Route> {
    route::alternatives(expression).into_iter().filter_map(route::steps).collect()
}

/// The routes from the resource to the values of a component.
fn steps_of(composite: &Parameter, path: &'static str) -> Vec<Route> {
    let mut all = Vec::new();
    for part in route::alternatives(path) {
        let (roots, rest) = match part.strip_prefix("%resource") {
            Some(rest) => (vec![Vec::new()], route::steps(rest)),
            None => (alternatives(composite.expression), route::relative(part)),
        };
        let Some(rest) = rest else { continue };
        all.extend(roots.into_iter().map(|root| [root, rest.clone()].concat()));
    }
    all
}

/// Whether every value that the component reads is among those of the parameter.
fn has_values_of(parameter: &'static Parameter, composite: &Parameter, path: &'static str) -> bool {
    let theirs: Vec<Route> = alternatives(parameter.expression);
    let own = steps_of(composite, path);
    !own.is_empty()
        && own.iter().all(|steps| {
            theirs.contains(steps)
                || chosen(composite, steps, parameter.kind).iter().all(|steps| theirs.contains(steps))
                    && !theirs.is_empty()
        })
}

/// A route that ends at a choice, as one to each of its types that a parameter of this kind reads.
fn chosen(composite: &Parameter, steps: &Route, kind: ParameterKind) -> Vec<Route> {
    let schema = schema::r4();
    let (mut of, mut at, mut choice) = (composite.resource_type, 0, Vec::new());
    while let Some(Step::Member(name)) = steps.get(at) {
        let (ways, used) = route::ways(schema, of, name, &steps[at + 1..]);
        let Some(way) = ways.first() else { return vec![steps.clone()] };
        of = way.type_id;
        at += used;
        choice = ways.iter().map(|way| way.type_id).collect();
    }
    if at < steps.len() || choice.len() < 2 {
        return vec![steps.clone()];
    }
    let read = choice
        .into_iter()
        .map(|type_id| schema.info(type_id))
        .filter(|info| Reader::of(kind, info.name, info.kind == TypeKind::Primitive) != Reader::Presence);
    read.map(|info| [steps.clone(), vec![Step::OfType(info.name)]].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::r4;
    use crate::search::support;
    use expect_test::expect;
    use std::fmt::Write;

    #[test]
    fn components_are_parameters_that_have_their_values() {
        let mut text = String::new();
        for parameter in parameters().iter().filter(|parameter| parameter.kind == ParameterKind::Composite) {
            // Ten types of definitions have the same two.
            if parameter.code.starts_with("context-type-") && r4().name(parameter.resource_type) != "ValueSet" {
                assert_eq!(components(parameter).len(), 2);
                continue;
            }
            let components: Vec<String> = components(parameter)
                .iter()
                .map(|c| format!("{} ({})", c.parameter.code, support::kind_name(c.parameter.kind)))
                .collect();
            let exact = if is_exact(parameter) { ", by the index alone" } else { "" };
            let of = r4().name(parameter.resource_type);
            writeln!(text, "{of} {}: {}{exact}", parameter.code, components.join(" $ ")).unwrap();
        }
        expect![[r#"
            DocumentReference relationship: relation (token) $ relatesto (reference)
            Group characteristic-value: characteristic (token) $ value (token)
            MolecularSequence chromosome-variant-coordinate: chromosome (token) $ variant-start (number) $ variant-end (number)
            MolecularSequence chromosome-window-coordinate: chromosome (token) $ window-start (number) $ window-end (number)
            MolecularSequence referenceseqid-variant-coordinate: referenceseqid (token) $ variant-start (number) $ variant-end (number)
            MolecularSequence referenceseqid-window-coordinate: referenceseqid (token) $ window-start (number) $ window-end (number)
            Observation code-value-concept: code (token) $ value-concept (token), by the index alone
            Observation code-value-date: code (token) $ value-date (date), by the index alone
            Observation code-value-quantity: code (token) $ value-quantity (quantity), by the index alone
            Observation code-value-string: code (token) $ value-string (string), by the index alone
            Observation combo-code-value-concept: combo-code (token) $ combo-value-concept (token)
            Observation combo-code-value-quantity: combo-code (token) $ combo-value-quantity (quantity)
            Observation component-code-value-concept: component-code (token) $ component-value-concept (token)
            Observation component-code-value-quantity: component-code (token) $ component-value-quantity (quantity)
            ValueSet context-type-quantity: context-type (token) $ context-quantity (quantity)
            ValueSet context-type-value: context-type (token) $ context (token)
        "#]].assert_eq(&text);
    }
}
