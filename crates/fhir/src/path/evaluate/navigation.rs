//! From an element to its members: the part that runs for every step of every path.

use super::{Evaluator, Items, Outcome};
use crate::json::{Kind, Node};
use crate::path::item::{Item, TypedNode, resource_type};
use crate::path::model::model;
use crate::path::program::{Member, Step};
use crate::schema::{Element, TypeId, r4};

impl<'d> Evaluator<'_, 'd> {
    /// Follows the member steps that `steps` begin with from each item, depth first, so that nothing is kept between steps.
    /// Gives what was found and the steps that are left.
    pub(super) fn walk(&self, from: &[Item<'d>], steps: &'d [Step]) -> Outcome<(Items<'d>, &'d [Step])> {
        let members = steps.iter().take_while(|step| matches!(step, Step::Member(_))).count();
        let (members, rest) = steps.split_at(members);
        if members.is_empty() {
            return Ok((from.to_vec(), rest));
        }
        let mut found = Vec::new();
        for item in from {
            if let Item::Node(node) = item {
                follow(*node, members, &mut found);
            } else {
                computed_member(item, members, &mut found);
            }
        }
        self.spend(0, found.len() + 1)?;
        Ok((found, rest))
    }
}

fn follow<'d>(from: TypedNode<'d>, members: &'d [Step], found: &mut Items<'d>) {
    match members.split_first() {
        Some((Step::Member(member), [])) => {
            each_member(from, member, &mut |node| found.push(Item::Node(node)));
        }
        Some((Step::Member(member), rest)) => each_member(from, member, &mut |node| follow(node, rest, found)),
        _ => found.push(Item::Node(from)),
    }
}

fn each_member<'d>(from: TypedNode<'d>, member: &Member, found: &mut dyn FnMut(TypedNode<'d>)) {
    let element = match member.known.iter().find(|(type_id, _)| *type_id == from.type_id) {
        Some((_, element)) => Some(*element),
        None => r4().element_by_name(from.type_id, &member.name),
    };
    match element {
        Some(element) if from.node.kind() == Kind::Object && model().primitive(from.type_id).is_none() => {
            each_value(from, element, found);
        }
        _ => primitive_member(from, &member.name, found),
    }
}

/// The members of a primitive are in its sibling: `id` and `extension`.
fn primitive_member<'d>(from: TypedNode<'d>, name: &str, found: &mut dyn FnMut(TypedNode<'d>)) {
    let type_id = match name {
        "id" => model().string,
        "extension" => model().extension,
        _ => return,
    };
    if model().primitive(from.type_id).is_some()
        && let Some(value) = from.extension.and_then(|extension| extension.get(name))
    {
        for node in value.each() {
            found(TypedNode { node, type_id, extension: None });
        }
    }
}

/// All values of one element, in order.
fn each_value<'d>(from: TypedNode<'d>, element: &Element, found: &mut dyn FnMut(TypedNode<'d>)) {
    let (mut value, mut sibling) = (None, None);
    let mut type_id = element.types.first().copied();
    for (key, node) in from.node.members() {
        let (name, is_sibling) = match key.strip_prefix('_') {
            Some(name) => (name, true),
            None => (key, false),
        };
        if element.choice {
            if !name.starts_with(element.name) {
                continue;
            }
            match r4().element(from.type_id, name) {
                Some(it) if it.element.name == element.name => type_id = Some(it.type_id),
                _ => continue,
            }
        } else if name != element.name {
            continue;
        }
        if is_sibling {
            sibling.get_or_insert(node);
        } else if value.is_none() {
            value = Some(node);
            // Only primitives have siblings.
            if !element.choice && type_id.is_none_or(|id| model().primitive(id).is_none()) {
                break;
            }
        }
    }
    if let Some(type_id) = type_id {
        spread(value, sibling, type_id, found);
    }
}

/// The values under one JSON name and its sibling.
fn spread<'d>(
    value: Option<Node<'d>>,
    sibling: Option<Node<'d>>,
    type_id: TypeId,
    found: &mut dyn FnMut(TypedNode<'d>),
) {
    if model().primitive(type_id).is_none() {
        for node in value.into_iter().flat_map(Node::each) {
            if node.kind() != Kind::Null {
                found(TypedNode { node, type_id: actual_type(node, type_id), extension: None });
            }
        }
        return;
    }
    match (value, sibling) {
        (Some(value), None) => {
            for node in value.each() {
                if node.kind() != Kind::Null {
                    found(TypedNode { node, type_id, extension: None });
                }
            }
        }
        (value, Some(sibling)) => {
            // Values and siblings are parallel; either may be null or end early.
            let mut values = value.map(Node::each);
            let mut siblings = sibling.each();
            loop {
                let value = values.as_mut().and_then(Iterator::next);
                let sibling = siblings.next();
                if value.is_none() && sibling.is_none() {
                    return;
                }
                let extension = sibling.filter(|node| node.kind() != Kind::Null);
                let value = value.filter(|node| node.kind() != Kind::Null);
                if let Some(node) = value.or(extension) {
                    found(TypedNode { node, type_id, extension });
                }
            }
        }
        (None, None) => {}
    }
}

/// For elements of abstract type (`contained`, `entry.resource`): what the resource says it is.
fn actual_type(node: Node<'_>, type_id: TypeId) -> TypeId {
    if type_id == model().resource { resource_type(node).unwrap_or(type_id) } else { type_id }
}

/// Members of what is not a node: a type's name, a quantity's value.
fn computed_member<'d>(item: &Item<'d>, members: &'d [Step], found: &mut Items<'d>) {
    let [Step::Member(member)] = members else {
        return;
    };
    let value = match (item, member.name.as_ref()) {
        (Item::Type(info), "name") => Item::String(info.name.into()),
        (Item::Type(info), "namespace") => Item::String(info.namespace.into()),
        (Item::Quantity(quantity), "value") => Item::Decimal(quantity.value),
        (Item::Quantity(quantity), "unit" | "code") => Item::String(quantity.unit.clone()),
        (Item::Unresolved(target), "id") => match target.reference.rsplit('/').next() {
            Some(id) => Item::String(id.to_owned().into()),
            None => return,
        },
        _ => return,
    };
    found.push(value);
}

/// All children of an element, in the order of the document.
pub(super) fn each_child<'d>(from: TypedNode<'d>, found: &mut dyn FnMut(TypedNode<'d>)) {
    if model().primitive(from.type_id).is_some() {
        primitive_member(from, "id", found);
        primitive_member(from, "extension", found);
        return;
    }
    for (key, node) in from.node.members() {
        let (name, value, sibling) = match key.strip_prefix('_') {
            // With its value, if that is there.
            Some(name) if from.node.get(name).is_some() => continue,
            Some(name) => (name, None, Some(node)),
            None => (key, Some(node), None),
        };
        let Some(it) = r4().element(from.type_id, name) else {
            continue;
        };
        let sibling = match sibling {
            None if model().primitive(it.type_id).is_some() => sibling_of(from.node, name),
            sibling => sibling,
        };
        spread(value, sibling, it.type_id, found);
    }
}

fn sibling_of<'d>(node: Node<'d>, name: &str) -> Option<Node<'d>> {
    node.members().find(|(key, _)| key.strip_prefix('_') == Some(name)).map(|(_, sibling)| sibling)
}
