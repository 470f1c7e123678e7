//! The parameters of an operation: of a query, of a `Parameters` resource, or of both.

use super::TerminologyError;
use crate::json::{Node, Tree};
use std::borrow::Cow;

/// What a request gives an operation.
pub(super) struct Asked<'a> {
    operation: &'static str,
    given: Vec<(String, Given<'a>)>,
}

/// A value of a parameter.
#[derive(Clone, Copy)]
enum Given<'a> {
    /// As it stands in a query.
    Text(&'a str),
    /// An item of `Parameters.parameter`, or of its `part`.
    Parameter(Node<'a>),
    /// A resource that was sent by itself.
    Resource(Node<'a>),
}

/// A code with its system, as it is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) system: Option<String>,
    pub(super) version: Option<String>,
    pub(super) code: String,
    pub(super) display: Option<String>,
}

/// Parameters of every request, which are about its answer.
const OF_EVERY_REQUEST: [&str; 2] = ["_format", "_pretty"];

pub(super) fn invalid(parameter: &str, why: impl Into<String>) -> TerminologyError {
    TerminologyError::Invalid { parameter: parameter.to_owned(), why: why.into() }
}

fn text<'d>(node: Node<'d>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}

impl<'a> Asked<'a> {
    /// Takes what a request gives. `known` are the parameters of the operation; `resource` is the one that may be sent by itself,
    /// with the type that it then has.
    ///
    /// # Errors
    /// If the body is something else, or a parameter is not known.
    pub(super) fn read(
        operation: &'static str,
        query: &'a [(String, String)],
        body: Option<Node<'a>>,
        known: &[&str],
        resource: Option<(&str, &str)>,
    ) -> Result<Self, TerminologyError> {
        let mut given: Vec<(String, Given<'a>)> =
            query.iter().map(|(name, value)| (name.clone(), Given::Text(value))).collect();
        if let Some(body) = body {
            let of = text(body, "resourceType").unwrap_or_default();
            match resource {
                _ if of == "Parameters" => {
                    for (at, parameter) in body.get("parameter").into_iter().flat_map(Node::each).enumerate() {
                        let name = text(parameter, "name").ok_or_else(|| {
                            invalid(&format!("Parameters.parameter[{at}]"), "it has no name: say which parameter it is")
                        })?;
                        given.push((name.into_owned(), Given::Parameter(parameter)));
                    }
                }
                Some((name, own)) if of == own => given.push((name.to_owned(), Given::Resource(body))),
                _ => {
                    let or = resource.map_or_else(String::new, |(_, own)| format!(" or a {own}"));
                    let why = format!("it is {of:?}: send a Parameters resource{or}");
                    return Err(invalid("the body", why));
                }
            }
        }
        given.retain(|(name, _)| !OF_EVERY_REQUEST.contains(&name.as_str()));
        if let Some((unknown, _)) = given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let why = format!("known are {}", known.join(", "));
            return Err(TerminologyError::NotSupported { parameter: unknown.clone(), operation, why });
        }
        Ok(Asked { operation, given })
    }

    fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Given<'a>> + 's {
        self.given.iter().filter(move |(given, _)| given == name).map(|(_, value)| *value)
    }

    fn one(&self, name: &str) -> Result<Option<Given<'a>>, TerminologyError> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(invalid(name, "it is given more than once: give one"));
        }
        Ok(first)
    }

    /// Whether a parameter is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Refuses parameters that the operation has, and that are not done here.
    pub(super) fn refuse(&self, names: &[&str], why: &str) -> Result<(), TerminologyError> {
        match names.iter().find(|name| self.has(name)) {
            None => Ok(()),
            Some(name) => Err(TerminologyError::NotSupported {
                parameter: (*name).to_owned(),
                operation: self.operation,
                why: why.to_owned(),
            }),
        }
    }

    /// The values of a parameter that may be given several times.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, TerminologyError> {
        self.all(name)
            .map(|given| as_text(name, given))
            .filter(|text| text.as_ref().map_or(true, |t| !t.is_empty()))
            .collect()
    }

    /// The value of a primitive parameter.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, TerminologyError> {
        let one = self.one(name)?.map(|given| as_text(name, given)).transpose()?;
        Ok(one.filter(|text| !text.is_empty()))
    }

    /// The value of a boolean parameter.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, TerminologyError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(invalid(name, format!("{other:?} is neither true nor false"))),
        }
    }

    /// The value of a parameter that counts something.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, TerminologyError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number = text.parse::<u32>().ok().filter(|number| i32::try_from(*number).is_ok());
        let number =
            number.ok_or_else(|| invalid(name, format!("{text:?} is no whole number from 0 to {}", i32::MAX)))?;
        Ok(Some(number as usize))
    }

    /// The resource that a parameter is.
    pub(super) fn resource(&self, name: &str, of: &str) -> Result<Option<Node<'a>>, TerminologyError> {
        let node = match self.one(name)? {
            None => return Ok(None),
            Some(Given::Resource(node)) => Some(node),
            Some(Given::Parameter(node)) => node.get("resource"),
            Some(Given::Text(_)) => None,
        };
        let node = node.filter(|node| node.get("resourceType").is_some_and(|own| own.is_str(of)));
        let why = || format!("it is a {of}: send it as `resource` of a Parameters resource, by POST");
        node.map(Some).ok_or_else(|| invalid(name, why()))
    }

    /// The value of a parameter of a complex type.
    fn complex(&self, name: &str, element: &str) -> Result<Option<Node<'a>>, TerminologyError> {
        match self.one(name)? {
            None => Ok(None),
            Some(Given::Parameter(node)) => match node.get(element) {
                Some(value) => Ok(Some(value)),
                None => Err(invalid(name, format!("it has no {element}"))),
            },
            Some(_) => Err(invalid(name, format!("it is sent as {element} of a Parameters resource, by POST"))),
        }
    }

    /// The value of a `Coding`.
    pub(super) fn coding(&self, name: &str) -> Result<Option<Coding>, TerminologyError> {
        self.complex(name, "valueCoding")?.map(|node| coding(name, node)).transpose()
    }

    /// The codings of a `CodeableConcept`.
    pub(super) fn concept(&self, name: &str) -> Result<Option<Vec<Coding>>, TerminologyError> {
        let Some(node) = self.complex(name, "valueCodeableConcept")? else { return Ok(None) };
        let codings: Vec<Coding> = node
            .get("coding")
            .into_iter()
            .flat_map(Node::each)
            .map(|one| coding(name, one))
            .collect::<Result<_, _>>()?;
        if codings.is_empty() {
            return Err(invalid(name, "it has no coding: give at least one"));
        }
        Ok(Some(codings))
    }

    /// The parts of each value of a parameter that is made of parts.
    pub(super) fn parts(&self, name: &str) -> Result<Vec<Asked<'a>>, TerminologyError> {
        let parts = self.all(name).map(|given| {
            let Given::Parameter(node) = given else {
                return Err(invalid(name, "it is made of parts: send it in a Parameters resource, by POST"));
            };
            let parts = node.get("part").into_iter().flat_map(Node::each);
            let given = parts.map(|part| (text(part, "name").unwrap_or_default().into_owned(), Given::Parameter(part)));
            Ok(Asked { operation: self.operation, given: given.collect() })
        });
        parts.collect()
    }

    /// The primitive values that were given, as `expansion.parameter` names them.
    pub(super) fn echoes(&self, names: &[(&str, &str)]) -> Result<Vec<Tree>, TerminologyError> {
        let mut out = Vec::new();
        for (name, element) in names {
            for value in self.texts(name)? {
                let value = match *element {
                    "valueBoolean" => Tree::Bool(value == "true"),
                    "valueInteger" => Tree::Number(value.parse::<u32>().unwrap_or_default().to_string()),
                    _ => Tree::String(value),
                };
                let mut parameter = Tree::object();
                parameter.set("name", *name).set(element, value);
                out.push(parameter);
            }
        }
        Ok(out)
    }
}

fn as_text(name: &str, given: Given<'_>) -> Result<String, TerminologyError> {
    let node = match given {
        Given::Text(text) => return Ok(text.to_owned()),
        Given::Parameter(node) => node,
        Given::Resource(_) => return Err(invalid(name, "it is a resource")),
    };
    let value = node.members().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value);
    let text = value.and_then(Node::scalar_text).map(Cow::into_owned);
    text.ok_or_else(|| invalid(name, "it has no value of a primitive type, as in valueString"))
}

fn coding(name: &str, node: Node<'_>) -> Result<Coding, TerminologyError> {
    let own = |part: &str| text(node, part).map(Cow::into_owned);
    let code = own("code").ok_or_else(|| invalid(name, "a coding has no code"))?;
    Ok(Coding { system: own("system"), version: own("version"), code, display: own("display") })
}

/// The one code that is asked about, by `code` and `system` or as a coding; `None` if there is none.
pub(super) fn coding_asked(
    asked: &Asked<'_>,
    code: &str,
    system: &str,
    coding: &str,
) -> Result<Option<Coding>, TerminologyError> {
    match (asked.text(code)?, asked.coding(coding)?) {
        (Some(_), Some(_)) => Err(invalid(code, format!("{coding} is given too: give one of them"))),
        (None, given) => Ok(given),
        (Some(code), None) => Ok(Some(Coding { system: asked.text(system)?, version: None, code, display: None })),
    }
}
