//! Which of the published search parameters can be used, and why the others cannot.

use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::schema;

/// Whether a parameter can be searched by.
///
/// # Errors
/// Why not, for people.
pub fn check(parameter: &Parameter) -> Result<(), &'static str> {
    match parameter.kind {
        ParameterKind::Composite => Err("composite parameters are not implemented; give their parts one by one"),
        ParameterKind::Special => Err("it needs a computation of its own, which is not implemented"),
        _ if parameter.expression.is_empty() => {
            Err("it is defined without an expression, so nothing can be indexed for it")
        }
        // Bundle.composition and Bundle.message lead to a resource inside the bundle, which has no address.
        ParameterKind::Reference if parameter.expression.ends_with(".entry[0].resource") => {
            Err("it leads to a resource inside this one, and those are not indexed")
        }
        ParameterKind::String if parameter.code == "phonetic" => {
            Err("names are not compared by sound; search by name, which ignores case and accents")
        }
        _ => Ok(()),
    }
}

/// One row of the support table.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// Name of the resource type.
    pub resource_type: &'static str,
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Why it cannot be used; `None` if it can.
    pub refused: Option<&'static str>,
}

/// Every parameter of every resource type, by type and code: what a CapabilityStatement and the documentation are made of.
pub fn table() -> Vec<Support> {
    let schema = schema::r4();
    let mut rows = Vec::new();
    for type_id in schema.resource_types() {
        let resource_type = schema.name(type_id);
        rows.extend(parameters().of(resource_type).iter().map(|parameter| Support {
            resource_type,
            parameter,
            refused: check(parameter).err(),
        }));
    }
    rows.sort_by(|a, b| (a.resource_type, a.parameter.code).cmp(&(b.resource_type, b.parameter.code)));
    rows
}

/// The kind as FHIR writes it.
pub fn kind_name(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Number => "number",
        ParameterKind::Date => "date",
        ParameterKind::String => "string",
        ParameterKind::Token => "token",
        ParameterKind::Reference => "reference",
        ParameterKind::Composite => "composite",
        ParameterKind::Quantity => "quantity",
        ParameterKind::Uri => "uri",
        ParameterKind::Special => "special",
    }
}
