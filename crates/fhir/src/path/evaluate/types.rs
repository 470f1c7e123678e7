//! `is`, `as`, `ofType`, `type`.

use super::{Items, Outcome, fail, single};
use crate::path::functions::Function;
use crate::path::item::{Item, SystemType, TypeInfoItem};
use crate::path::model::model;
use crate::path::program::{CallStep, TypeTest};
use crate::schema::{TypeId, TypeKind, r4};

/// True for elements and resources of the type or one derived from it.
pub(super) fn is_fhir(item: &Item<'_>, type_id: TypeId) -> bool {
    match item {
        Item::Node(node) => node.type_id == type_id || r4().is_a(node.type_id, type_id),
        Item::Unresolved(target) => r4().is_a(target.type_id, type_id),
        _ => false,
    }
}

pub(super) fn is(item: &Item<'_>, test: TypeTest) -> bool {
    match test {
        TypeTest::Fhir(type_id) => is_fhir(item, type_id),
        TypeTest::System(system) => item.system_type() == Some(system),
        TypeTest::Quantity(type_id) => is_fhir(item, type_id) || item.system_type() == Some(SystemType::Quantity),
        TypeTest::Never => false,
    }
}

/// As `as` and `ofType` choose: a primitive by its very type, because `value.ofType(string)` means `valueString` and not
/// `valueCode`, although a code is a string.
fn chosen(item: &Item<'_>, test: TypeTest) -> bool {
    match (item, test) {
        (Item::Node(node), TypeTest::Fhir(type_id)) if model().primitive(type_id).is_some() => node.type_id == type_id,
        _ => is(item, test),
    }
}

pub(super) fn type_function<'d>(call: &'d CallStep, items: Items<'d>) -> Outcome<Items<'d>> {
    match (call.function, call.test) {
        (Function::Is, Some(test)) => is_type(call.at, &items, test),
        (Function::As, Some(test)) => as_type(call.at, items, test),
        (Function::OfType, Some(test)) => Ok(of_type(items, test)),
        (Function::Type, _) => Ok(items.iter().map(|item| Item::Type(type_of(item))).collect()),
        _ => fail(call.at, "a type test without a type"),
    }
}

fn type_of(item: &Item<'_>) -> TypeInfoItem {
    let fhir = |type_id| {
        let info = r4().info(type_id);
        let name = match info.kind {
            // A backbone element has no name of its own in the model.
            TypeKind::Backbone => info.base.map_or("BackboneElement", |base| r4().name(base)),
            _ => info.name,
        };
        TypeInfoItem { namespace: "FHIR", name }
    };
    match item {
        Item::Node(node) => fhir(node.type_id),
        Item::Unresolved(target) => fhir(target.type_id),
        Item::Type(_) => TypeInfoItem { namespace: "System", name: "Any" },
        other => TypeInfoItem { namespace: "System", name: other.system_type().map_or("Any", SystemType::name) },
    }
}

pub(super) fn is_type<'d>(at: u32, items: &[Item<'d>], test: TypeTest) -> Outcome<Items<'d>> {
    let item = single(at, "'is'", items)?;
    Ok(item.map(|item| Item::Boolean(is(item, test))).into_iter().collect())
}

pub(super) fn as_type(at: u32, items: Items<'_>, test: TypeTest) -> Outcome<Items<'_>> {
    single(at, "'as'", &items)?;
    Ok(of_type(items, test))
}

pub(super) fn of_type(mut items: Items<'_>, test: TypeTest) -> Items<'_> {
    items.retain(|item| chosen(item, test));
    items
}
