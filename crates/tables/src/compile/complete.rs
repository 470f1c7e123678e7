//! What can follow in an element path, for editors.

use super::path::Path;
use super::resolve::resolve;
use crate::mapping::{Place, Problems};
use fhir::schema::{TypeId, TypeKind, r4};

/// Completions that are given at once.
const COMPLETIONS_MAX: usize = 200;

/// A path that an editor can offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The whole path.
    pub path: String,
    /// What its value is: a type, or the types of a choice with `|` between.
    pub types: String,
    /// True if it may repeat: an index can follow.
    pub repeats: bool,
    /// True if FHIR requires it where its owner stands.
    pub required: bool,
    /// The codes that are allowed, where FHIR requires some of a list.
    pub codes: Vec<&'static str>,
}

/// The paths of a resource type that begin as `written`, whatever the case, one step further; in the order of the definitions.
/// None for a type or a beginning that there is not.
pub fn complete(resource_type: &str, written: &str) -> Vec<Completion> {
    let schema = r4();
    let Some(type_id) = schema.resource_type(resource_type) else { return Vec::new() };
    let (before, begun) = written.rsplit_once('.').map_or(("", written), |(before, begun)| (before, begun));
    let Some(owner) = owner(type_id, before) else { return Vec::new() };
    let prefix = if before.is_empty() { String::new() } else { format!("{before}.") };
    let begins = |name: &str| {
        name.len() >= begun.len()
            && name.is_char_boundary(begun.len())
            && name[..begun.len()].eq_ignore_ascii_case(begun)
    };
    let mut all = Vec::new();
    match owner {
        Owner::Type(owner) => {
            let info = schema.info(owner);
            let is_resource = info.kind == TypeKind::Resource;
            for element in info.elements {
                let hidden = is_resource && matches!(element.name, "id" | "contained");
                if hidden || !begins(element.name) || (info.name == "Extension" && element.name == "url") {
                    continue;
                }
                let name = match element.name {
                    "extension" | "modifierExtension" => format!("{}('http://')", element.name),
                    name => name.to_owned(),
                };
                let types: Vec<_> = element.types.iter().map(|type_id| schema.name(*type_id)).collect();
                let codes = element.binding.into_iter().flat_map(|list| list.codings().map(|(_, code)| code));
                all.push(Completion {
                    path: format!("{prefix}{name}"),
                    types: types.join("|"),
                    repeats: element.repeats(),
                    required: element.min > 0,
                    codes: codes.take(COMPLETIONS_MAX).collect(),
                });
            }
        }
        Owner::Choice(types) => {
            for name in types.iter().map(|type_id| schema.name(*type_id)).filter(|name| begins(name)) {
                let path = format!("{prefix}{name}");
                all.push(Completion {
                    path,
                    types: name.to_owned(),
                    repeats: false,
                    required: false,
                    codes: Vec::new(),
                });
            }
        }
    }
    all.truncate(COMPLETIONS_MAX);
    all
}

/// What the next step is of.
enum Owner {
    Type(TypeId),
    Choice(&'static [TypeId]),
}

fn owner(type_id: TypeId, before: &str) -> Option<Owner> {
    if before.is_empty() {
        return Some(Owner::Type(type_id));
    }
    let mut found = Vec::new();
    let mut problems = Problems::new("", &mut found);
    let path = Path::parse(before, Place::START).ok()?;
    let last = resolve(&path, type_id, &mut problems)?.steps.pop()?;
    match last.type_id {
        Some(type_id) => Some(Owner::Type(type_id)),
        None => Some(Owner::Choice(last.element.types)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource_type: &str, written: &str, expected: &str) {
        let all = complete(resource_type, written);
        let shown = |completion: &Completion| {
            let sign = match (completion.required, completion.repeats) {
                (true, true) => "+",
                (true, false) => "!",
                (false, true) => "*",
                (false, false) => "",
            };
            format!("{}{sign}:{}", completion.path, completion.types)
        };
        assert_eq!(all.iter().map(shown).collect::<Vec<_>>().join(" "), expected, "{written}");
    }

    #[test]
    fn what_follows_is_offered_with_its_types() {
        check("Observation", "stat", "status!:code");
        check("Observation", "component[].co", "component[].code!:CodeableConcept");
        check("Observation", "value.q", "value.Quantity:Quantity");
        check("Observation", "value.Quantity.u", "value.Quantity.unit:string");
        check("Observation", "referenceRange.low.V", "referenceRange.low.value:decimal");
        check("Patient", "name[1].gi", "name[1].given*:string");
        check("Patient", "ex", "extension('http://')*:Extension");
        check("Patient", "extension('http://a').ext", "extension('http://a').extension('http://')*:Extension");
        check("Patient", "nothing.x", "");
        check("Nothing", "x", "");
        assert!(complete("Patient", "gender")[0].codes.contains(&"female"));
        assert!(complete("Patient", "").iter().all(|completion| completion.path != "id"));
        assert!(complete("Patient", "é").is_empty());
    }
}
