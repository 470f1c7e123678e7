//! The operations on terminology, each from its request to its answer.

use super::asked::Asked;
use super::{ConceptMaps, TerminologyError, expand, lookup, subsumes, translate, validate};
use crate::json::{Document, Tree};

/// An operation of FHIR R4 on terminology.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// `ValueSet/$expand`
    Expand,
    /// `ValueSet/$validate-code`
    ValidateInValueSet,
    /// `CodeSystem/$validate-code`
    ValidateInCodeSystem,
    /// `CodeSystem/$lookup`
    Lookup,
    /// `CodeSystem/$subsumes`
    Subsumes,
    /// `ConceptMap/$translate`
    Translate,
}

/// All of them.
const ALL: [Operation; 6] = [
    Operation::Expand,
    Operation::ValidateInValueSet,
    Operation::ValidateInCodeSystem,
    Operation::Lookup,
    Operation::Subsumes,
    Operation::Translate,
];

impl Operation {
    /// The operation of this name on a type.
    pub fn of(resource_type: &str, name: &str) -> Option<Operation> {
        ALL.into_iter().find(|one| one.resource_type() == resource_type && one.name() == name)
    }

    /// The type that it is an operation on.
    pub fn resource_type(self) -> &'static str {
        match self {
            Operation::Expand | Operation::ValidateInValueSet => "ValueSet",
            Operation::ValidateInCodeSystem | Operation::Lookup | Operation::Subsumes => "CodeSystem",
            Operation::Translate => "ConceptMap",
        }
    }

    /// Its name, with the `$`.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Expand => "$expand",
            Operation::ValidateInValueSet | Operation::ValidateInCodeSystem => "$validate-code",
            Operation::Lookup => "$lookup",
            Operation::Subsumes => "$subsumes",
            Operation::Translate => "$translate",
        }
    }

    /// Whether it can be asked of one resource. R4 has `$lookup` for the type alone.
    pub fn has_instances(self) -> bool {
        self != Operation::Lookup
    }
}

/// A request for an operation.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// Parameters of the URL, decoded.
    pub query: &'a [(String, String)],
    /// The body of a POST: a `Parameters` resource, or the one resource that the operation takes.
    pub body: Option<&'a [u8]>,
    /// The resource that is asked, where the operation is asked of one.
    pub instance: Option<&'a str>,
    /// The time, µs UTC.
    pub now_us: i64,
}

/// The answer to an operation, as the text of a resource: a `ValueSet` or `Parameters`.
///
/// # Errors
/// If a parameter is wrong, or what is stored does not tell the answer.
pub fn answer<D: ConceptMaps>(
    operation: Operation,
    definitions: &D,
    request: &Request<'_>,
) -> Result<String, D::Error> {
    let no_json = |what: &str, error: String| TerminologyError::Invalid { parameter: what.to_owned(), why: error };
    let body = match request.body.filter(|body| !body.iter().all(u8::is_ascii_whitespace)) {
        Some(body) => Some(Document::parse(body).map_err(|error| no_json("the body", error.to_string()))?),
        None => None,
    };
    let instance = match request.instance {
        Some(text) => {
            Some(Document::parse(text.as_bytes()).map_err(|error| no_json("the resource", error.to_string()))?)
        }
        None => None,
    };
    let (known, resource) = match operation {
        Operation::Expand => (expand::PARAMETERS, Some(("valueSet", "ValueSet"))),
        Operation::ValidateInValueSet => (validate::IN_VALUE_SET, Some(("valueSet", "ValueSet"))),
        Operation::ValidateInCodeSystem => (validate::IN_CODE_SYSTEM, Some(("codeSystem", "CodeSystem"))),
        Operation::Lookup => (lookup::PARAMETERS, None),
        Operation::Subsumes => (subsumes::PARAMETERS, None),
        Operation::Translate => (translate::PARAMETERS, Some(("conceptMap", "ConceptMap"))),
    };
    let asked = Asked::read(operation.name(), request.query, body.as_ref().map(Document::root), known, resource)?;
    let instance = instance.as_ref().map(Document::root);
    match operation {
        Operation::Expand => expand::answer(definitions, &asked, instance, request.now_us),
        Operation::ValidateInValueSet => validate::in_value_set(definitions, &asked, instance),
        Operation::ValidateInCodeSystem => validate::in_code_system(definitions, &asked, instance),
        Operation::Lookup => lookup::answer(definitions, &asked),
        Operation::Subsumes => subsumes::answer(definitions, &asked, instance),
        Operation::Translate => translate::answer(definitions, &asked, instance),
    }
}

/// A `Parameters` resource on its way out.
pub(super) struct Parameters(Vec<Tree>);

impl Parameters {
    pub(super) fn new() -> Self {
        Parameters(Vec::new())
    }

    /// Adds a parameter with a value: `("result", "valueBoolean", …)`.
    pub(super) fn add(&mut self, name: &str, element: &str, value: impl Into<Tree>) {
        self.0.push(value_of(name, element, value));
    }

    /// Adds a parameter with a text, if there is one.
    pub(super) fn text(&mut self, name: &str, element: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, element, value);
        }
    }

    /// Adds a parameter that is made of parts.
    pub(super) fn parts(&mut self, name: &str, parts: Parameters) {
        let mut parameter = Tree::object();
        parameter.set("name", name).set("part", Tree::Array(parts.0));
        self.0.push(parameter);
    }

    pub(super) fn write(self) -> String {
        let mut out = Tree::object();
        out.set("resourceType", "Parameters");
        if !self.0.is_empty() {
            out.set("parameter", Tree::Array(self.0));
        }
        out.to_string()
    }
}

fn value_of(name: &str, element: &str, value: impl Into<Tree>) -> Tree {
    let mut parameter = Tree::object();
    parameter.set("name", name).set(element, value);
    parameter
}
