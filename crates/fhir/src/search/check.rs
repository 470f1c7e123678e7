//! Conditions that no index answers: they are looked up in the resource itself.

use super::compare::StringMatch;
use super::composite;
use super::extract::Extractor;
use super::index_value::IndexValue;
use super::query::Test;
use super::words;
use crate::json::{Kind, Node};
use crate::parameters::Parameter;
use crate::path::{CompileError, Environment, EvaluationError, Item, Program};
use crate::schema;

/// A [`Test`] ready to be asked of resources of the type that it is about. Made by [`Extractor::check`].
#[derive(Debug)]
pub struct Check<'e> {
    extractor: &'e Extractor,
    test: &'e Test,
    /// What gives the elements: those of a composite, or the values. `None` if the whole resource is asked.
    elements: Option<Program>,
    /// Of a composite: what gives each component's values from an element.
    components: Vec<(Program, &'static Parameter)>,
}

impl Extractor {
    /// A test that the resource itself must be looked at for, ready to be asked; `None` for others.
    ///
    /// # Errors
    /// If an expression of the parameter is not FHIRPath. The published ones are; a test holds that.
    pub fn check<'e>(&'e self, test: &'e Test) -> Option<Result<Check<'e>, CompileError>> {
        if matches!(test, Test::Words { .. }) {
            return Some(Ok(Check { extractor: self, test, elements: None, components: Vec::new() }));
        }
        let (Test::Composite { parameter, .. }
        | Test::TokenText { parameter, .. }
        | Test::OfType { parameter, .. }
        | Test::Near { parameter, .. }) = test
        else {
            return None;
        };
        let compiled = || {
            let elements = Program::compile(parameter.expression, Some(parameter.resource_type))?;
            let components = match test {
                Test::Composite { parameter, .. } => composite::components(parameter)
                    .into_iter()
                    .map(|component| Ok((Program::compile(component.path, None)?, component.parameter)))
                    .collect::<Result<_, CompileError>>()?,
                _ => Vec::new(),
            };
            Ok(Check { extractor: self, test, elements: Some(elements), components })
        };
        Some(compiled())
    }
}

impl Check<'_> {
    /// Whether it holds for a resource.
    ///
    /// # Errors
    /// If the resource is so large that the work on it passes the limit of an evaluation.
    pub fn holds(&self, resource: Node<'_>) -> Result<bool, EvaluationError> {
        if let Test::Words { narrative_only, any_of } = self.test {
            let texts = words::texts(resource, *narrative_only);
            return Ok(any_of.iter().any(|wanted| wanted.matches(&texts)));
        }
        let Some((whole, program)) = Item::resource(resource).zip(self.elements.as_ref()) else { return Ok(false) };
        let environment = Environment { resource: Some(whole.clone()), ..Environment::default() };
        let elements = program.evaluate(whole, &environment)?;
        match self.test {
            Test::Composite { any_of, .. } => {
                for element in elements {
                    if self.composed(any_of, &element, &environment)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::TokenText { any_of, .. } => Ok(elements.iter().any(|value| says(value, any_of))),
            Test::OfType { any_of, .. } => Ok(nodes(&elements).any(|identifier| {
                any_of.iter().any(|wanted| {
                    let codings = identifier.path(&["type", "coding"]).into_iter().flat_map(Node::each);
                    is(identifier, "value", &wanted.value)
                        && codings.into_iter().any(|c| is(c, "system", &wanted.system) && is(c, "code", &wanted.code))
                })
            })),
            Test::Near { any_of, .. } => Ok(nodes(&elements).any(|position| {
                let degrees = |name: &str| position.get(name).and_then(Node::number_text)?.parse::<f64>().ok();
                degrees("latitude")
                    .zip(degrees("longitude"))
                    .is_some_and(|(latitude, longitude)| any_of.iter().any(|near| near.matches(latitude, longitude)))
            })),
            _ => Ok(false),
        }
    }

    /// Whether an element has a value for each component of one of the alternatives.
    fn composed<'d>(
        &'d self,
        any_of: &[Vec<Test>],
        element: &Item<'d>,
        environment: &Environment<'d>,
    ) -> Result<bool, EvaluationError> {
        let mut values: Vec<Vec<IndexValue<'d>>> = Vec::with_capacity(self.components.len());
        for (program, parameter) in &self.components {
            let mut own = Vec::new();
            for item in program.evaluate(element.clone(), environment)? {
                self.extractor.item(parameter, &item, &mut |_, value| own.push(value));
            }
            values.push(own);
        }
        Ok(any_of
            .iter()
            .any(|parts| parts.iter().zip(&values).all(|(part, values)| part.holds(values).unwrap_or(false))))
    }
}

fn nodes<'i, 'd>(items: &'i [Item<'d>]) -> impl Iterator<Item = Node<'d>> + use<'i, 'd> {
    items.iter().filter_map(|item| item.node().map(|typed| typed.node))
}

fn is(node: Node<'_>, name: &str, text: &str) -> bool {
    node.get(name).is_some_and(|value| value.is_str(text))
}

/// Whether the words of a concept, a coding or an identifier's type match.
fn says(value: &Item<'_>, any_of: &[StringMatch]) -> bool {
    let Some(typed) = value.node() else { return false };
    let node = typed.node;
    if node.kind() != Kind::Object {
        return false;
    }
    let matches = |node: Option<Node<'_>>| {
        node.and_then(Node::as_str).is_some_and(|text| any_of.iter().any(|wanted| wanted.matches(&text)))
    };
    match schema::r4().name(typed.type_id) {
        "CodeableConcept" => {
            let mut codings = node.get("coding").into_iter().flat_map(Node::each);
            matches(node.get("text")) || codings.any(|coding| matches(coding.get("display")))
        }
        "Coding" => matches(node.get("display")),
        "Identifier" => matches(node.path(&["type", "text"])),
        _ => false,
    }
}
