//! `:below` and `:above` of references: the parts of a place, of an organization, of a stay.

use super::escape;
use super::filter::type_name_of;
use super::reference::{self, Place};
use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::schema::{self, TypeId};

/// The codes of the parameter that leads from a part to the whole.
const CODES: [&str; 2] = ["partof", "part-of"];

/// The reference parameter by which resources of a type say which resource of the type they are part of; `None` for types
/// without parts.
pub fn parameter(of: TypeId) -> Option<&'static Parameter> {
    CODES
        .iter()
        .filter_map(|code| parameters().find(type_name_of(of), code))
        .find(|parameter| parameter.kind == ParameterKind::Reference && parameter.targets.contains(&of))
}

/// The types that a value of `referring` may name, and the id.
pub(super) fn read(
    raw: &str,
    referring: &'static Parameter,
    base_url: Option<&str>,
) -> Result<(Vec<TypeId>, String), String> {
    let text = escape::unescape(raw);
    let (types, id) = match reference::place(&text, base_url) {
        Place::Local { type_id, id } => (vec![type_id], id),
        Place::Id(id) if referring.targets.is_empty() => (schema::r4().resource_types().collect(), id),
        Place::Id(id) => (referring.targets.clone(), id),
        _ => return Err("expected an id or Type/id: only resources of this server have parts here".to_owned()),
    };
    let with_parts: Vec<TypeId> = types.iter().copied().filter(|of| parameter(*of).is_some()).collect();
    if with_parts.is_empty() {
        let names: Vec<&str> = types.iter().map(|of| type_name_of(*of)).collect();
        return Err(format!("a {} has no parts, so nothing is below or above it", names.join(" or a ")));
    }
    Ok((with_parts, id.to_owned()))
}
