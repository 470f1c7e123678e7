//! Token modifiers that ask for a set of codes, and what they can be asked of.

use super::compare::{CodeSet, SystemMatch, TokenMatch, Way};
use super::reference::{self, Place};
use super::route::{self, Step};
use super::{escape, implied};
use crate::parameters::Parameter;
use crate::schema::{self, TypeId};

/// The value set that `:in` names: `ValueSet/id`, an id, or a canonical URL.
pub(super) fn value_set(raw: &str, base_url: Option<&str>) -> Result<CodeSet, String> {
    let text = escape::unescape(raw);
    let name = match reference::place(&text, base_url) {
        Place::Local { type_id, id } if schema::r4().name(type_id) == "ValueSet" => format!("ValueSet/{id}"),
        Place::Id(id) => format!("ValueSet/{id}"),
        Place::Url { url } => url.to_owned(),
        Place::Canonical { whole, .. } => whole.to_owned(),
        Place::Local { .. } | Place::Nowhere => {
            return Err("expected the URL of a value set, or ValueSet/id".to_owned());
        }
    };
    Ok(CodeSet::ValueSet(name))
}

/// The code whose hierarchy is asked for.
pub(super) fn hierarchy(raw: &str, way: Way) -> Result<CodeSet, String> {
    match escape::split_once(raw, '|') {
        Some((system, code)) if !system.is_empty() && !code.is_empty() => Ok(CodeSet::Hierarchy {
            system: escape::unescape(system).into_owned(),
            code: escape::unescape(code).into_owned(),
            way,
        }),
        _ => Err("expected system|code: a code has its place in the hierarchy of a system".to_owned()),
    }
}

/// The tokens by which an index finds values of `parameter` that are one of `codes`, given as (system, code); an empty system
/// is none. A code of a system that the element implies stands in the index without it.
pub fn tokens<'c>(
    parameter: &'static Parameter,
    codes: impl IntoIterator<Item = (&'c str, &'c str)>,
) -> Vec<TokenMatch> {
    let systems = implied::systems(parameter);
    let token = |(system, code): (&str, &str)| TokenMatch {
        system: if system.is_empty() { SystemMatch::Absent } else { SystemMatch::Is(system.to_owned()) },
        code: Some(code.to_owned()),
    };
    codes.into_iter().flat_map(|code| systems.rewrite(token(code))).collect()
}

/// An error unless every value of the parameter is an identifier.
pub(super) fn identifiers_only(parameter: &'static Parameter) -> Result<(), String> {
    let ends: Vec<&str> = route::alternatives(parameter.expression)
        .into_iter()
        .filter_map(route::steps)
        .flat_map(|steps| ends(parameter.resource_type, &steps))
        .map(|type_id| schema::r4().name(type_id))
        .collect();
    if !ends.is_empty() && ends.iter().all(|name| *name == "Identifier") {
        return Ok(());
    }
    Err(format!("only identifiers have a type, and {} is none", parameter.code))
}

/// The types of the values at the end of a route.
fn ends(of: TypeId, steps: &[Step<'static>]) -> Vec<TypeId> {
    match *steps {
        [Step::Member(name), ref after @ ..] => {
            let (ways, used) = route::ways(schema::r4(), of, name, after);
            ways.iter().flat_map(|way| ends(way.type_id, &steps[used..])).collect()
        }
        [_, ref after @ ..] => ends(of, after),
        [] => vec![of],
    }
}
