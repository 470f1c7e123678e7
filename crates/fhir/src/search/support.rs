//! Which of the published search parameters can be used, and why the others cannot.

use super::composite;
use super::filter::CHAIN_LIMIT;
use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::schema;

/// Whether a parameter can be searched by.
///
/// # Errors
/// Why not, for people.
pub fn check(parameter: &Parameter) -> Result<(), &'static str> {
    match parameter.kind {
        ParameterKind::Composite if composite::components(parameter).is_empty() => {
            Err("its parts are no parameters of the type; give them one by one")
        }
        ParameterKind::Special if parameter.code != "near" => {
            Err("it needs a computation of its own, which is not implemented")
        }
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

/// Whether values of the parameter are extracted. Those of a composite are the values of its components, and where a place
/// lies is looked up in the place.
pub fn is_indexed(parameter: &Parameter) -> bool {
    check(parameter).is_ok() && !matches!(parameter.kind, ParameterKind::Composite | ParameterKind::Special)
}

/// A parameter that every type has and no definition lists with an expression.
#[derive(Clone, Copy, Debug)]
pub struct Everywhere {
    /// Its name.
    pub code: &'static str,
    /// Its kind, as FHIR writes it.
    pub kind: &'static str,
    /// What it asks, for people.
    pub about: &'static str,
}

/// Parameters of every type beside those of [`table`].
pub const EVERYWHERE: [Everywhere; 5] = [
    Everywhere {
        code: "_has",
        kind: "special",
        about: "_has:Type:reference:parameter=value: a resource of the type refers here and has the value; steps can be put behind each other and into chains",
    },
    Everywhere {
        code: "_list",
        kind: "special",
        about: "The id of a stored List: what its entries lead to, but those that are marked as deleted",
    },
    Everywhere {
        code: "_text",
        kind: "special",
        about: "Words of the narrative: all of them, phrases in quotes, AND, OR, NOT and brackets; the resources are read, so other conditions must leave few enough",
    },
    Everywhere { code: "_content", kind: "special", about: "Words of all that the resource says, as with _text" },
    Everywhere { code: "_filter", kind: "special", about: "An expression of tests with and, or, not and brackets" },
];

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

/// The modifiers that parameters of a kind can be asked with. `:[type]` of references stands for any type that they may lead to.
pub fn modifiers(kind: ParameterKind) -> &'static [&'static str] {
    match kind {
        ParameterKind::Token => &["missing", "not", "text", "in", "not-in", "below", "above", "of-type"],
        ParameterKind::Reference => &["missing", "[type]", "identifier", "below", "above"],
        ParameterKind::String => &["missing", "exact", "contains"],
        ParameterKind::Uri => &["missing", "below", "above"],
        ParameterKind::Date | ParameterKind::Number | ParameterKind::Quantity => &["missing"],
        ParameterKind::Composite | ParameterKind::Special => &[],
    }
}

/// What of search a list of parameters does not say, for people: a CapabilityStatement has no element for it.
pub fn about() -> String {
    let kinds = [
        ParameterKind::Token,
        ParameterKind::Reference,
        ParameterKind::String,
        ParameterKind::Uri,
        ParameterKind::Date,
        ParameterKind::Number,
        ParameterKind::Quantity,
    ];
    let kinds = kinds.map(|kind| {
        let modifiers: Vec<String> = modifiers(kind).iter().map(|modifier| format!(":{modifier}")).collect();
        format!("{} {}", kind_name(kind), modifiers.join(", "))
    });
    format!(
        "Search: modifiers by kind: {}. Chains and _has have up to {CHAIN_LIMIT} steps. _include and _revinclude take Type:*, a target \
         type and :iterate. Value sets, code systems and lists count as far as they are stored here.",
        kinds.join("; ")
    )
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
