//! Equality (`=`), equivalence (`~`) and order of items and collections.

use crate::decimal::Decimal;
use crate::json::{Kind, Node};
use crate::path::item::Item;
use crate::path::quantity::{Comparison, Quantity, decimals_equivalent};
use std::cmp::Ordering;

/// `=` of two items; `None` where it is not known.
pub(super) fn equal(a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
    // Most comparisons are of a document's text with a constant: no value need be made.
    if let (Item::Node(node), Item::String(text)) | (Item::String(text), Item::Node(node)) = (a, b)
        && let Some(Item::String(other)) = node.value()
    {
        return Some(other == *text);
    }
    match (a.value(), b.value()) {
        (Some(a), Some(b)) => values_equal(&a, &b),
        (None, None) => Some(match (a, b) {
            (Item::Node(a), Item::Node(b)) => {
                let siblings = match (a.extension, b.extension) {
                    (Some(a), Some(b)) => deep_equal(a, b, false),
                    (None, None) => true,
                    _ => false,
                };
                siblings && deep_equal(a.node, b.node, false)
            }
            (Item::Type(a), Item::Type(b)) => a == b,
            (Item::Unresolved(a), Item::Unresolved(b)) => a == b,
            _ => false,
        }),
        _ => Some(false),
    }
}

fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Decimal(value) => Some(*value),
        _ => None,
    }
}

/// Both as quantities, if one is a quantity and the other a quantity or number.
fn quantities<'d>(a: &Item<'d>, b: &Item<'d>) -> Option<(Quantity<'d>, Quantity<'d>)> {
    let quantity = |item: &Item<'d>| match item {
        Item::Quantity(quantity) => Some(Quantity::clone(quantity)),
        other => number(other).map(|value| Quantity::new(value, "1")),
    };
    if !matches!(a, Item::Quantity(_)) && !matches!(b, Item::Quantity(_)) {
        return None;
    }
    Some((quantity(a)?, quantity(b)?))
}

fn values_equal(a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
    match (a, b) {
        (Item::Boolean(a), Item::Boolean(b)) => Some(a == b),
        (Item::Integer(a), Item::Integer(b)) => Some(a == b),
        (Item::String(a), Item::String(b)) => Some(a == b),
        (Item::Temporal(a), Item::Temporal(b)) => {
            if a.is_other_kind(*b) {
                return Some(false);
            }
            a.compare(*b).map(|order| order == Ordering::Equal)
        }
        _ => {
            if let (Some(a), Some(b)) = (number(a), number(b)) {
                return Some(a == b);
            }
            match quantities(a, b).map(|(a, b)| a.compare(&b)) {
                Some(Comparison::Ordered(order)) => Some(order == Ordering::Equal),
                Some(Comparison::DifferentKind | Comparison::Unknown) => None,
                None => Some(false),
            }
        }
    }
}

/// `~` of two items.
pub(super) fn equivalent(a: &Item<'_>, b: &Item<'_>) -> bool {
    match (a.value(), b.value()) {
        (Some(Item::String(a)), Some(Item::String(b))) => normalized(&a).eq(normalized(&b)),
        (Some(Item::Temporal(a)), Some(Item::Temporal(b))) => a.is_equivalent(b),
        (Some(a), Some(b)) => {
            if let (Some(a), Some(b)) = (number(&a), number(&b)) {
                return decimals_equivalent(a, b);
            }
            match quantities(&a, &b) {
                Some((a, b)) => a.is_equivalent(&b),
                None => values_equal(&a, &b) == Some(true),
            }
        }
        (None, None) => match (a, b) {
            (Item::Node(a), Item::Node(b)) => deep_equal(a.node, b.node, true),
            _ => equal(a, b) == Some(true),
        },
        _ => false,
    }
}

/// Text as equivalence sees it: without case, white space all one space.
fn normalized(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).flat_map(char::to_lowercase)
}

/// Equality of structures: the same members in any order; arrays in order, or in any for equivalence.
fn deep_equal(a: Node<'_>, b: Node<'_>, loose: bool) -> bool {
    match (a.kind(), b.kind()) {
        (Kind::Object, Kind::Object) => {
            // An element's id is its place in a document and not part of its meaning to equivalence.
            let counts = |name: &str| !(loose && name == "id");
            let members = |node: Node<'_>| node.members().filter(|(name, _)| counts(name)).count();
            members(a) == members(b)
                && a.members()
                    .filter(|(name, _)| counts(name))
                    .all(|(name, value)| b.get(name).is_some_and(|other| deep_equal(value, other, loose)))
        }
        (Kind::Array, Kind::Array) => {
            if a.len() != b.len() {
                return false;
            }
            if !loose {
                return a.items().zip(b.items()).all(|(a, b)| deep_equal(a, b, loose));
            }
            let mut left: Vec<Node<'_>> = b.items().collect();
            a.items().all(|a| match left.iter().position(|b| deep_equal(a, *b, loose)) {
                Some(at) => {
                    left.swap_remove(at);
                    true
                }
                None => false,
            })
        }
        (Kind::String, Kind::String) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) if loose => normalized(&a).eq(normalized(&b)),
            (a, b) => a == b,
        },
        (Kind::Number, Kind::Number) => match (Decimal::parse(a.raw()), Decimal::parse(b.raw())) {
            (Some(a), Some(b)) if loose => decimals_equivalent(a, b),
            (Some(a), Some(b)) => a == b,
            _ => a.raw() == b.raw(),
        },
        (a_kind, b_kind) => a_kind == b_kind && a.raw() == b.raw(),
    }
}

/// What comparing two items by order says.
pub(super) enum Order {
    Known(Ordering),
    Unknown,
    /// The two have no order.
    None,
}

pub(super) fn order(a: &Item<'_>, b: &Item<'_>) -> Order {
    let (Some(a), Some(b)) = (a.value(), b.value()) else {
        return Order::None;
    };
    match (&a, &b) {
        (Item::String(a), Item::String(b)) => Order::Known(a.as_ref().cmp(b.as_ref())),
        (Item::Temporal(a), Item::Temporal(b)) if !a.is_other_kind(*b) => {
            a.compare(*b).map_or(Order::Unknown, Order::Known)
        }
        _ => {
            if let (Some(a), Some(b)) = (number(&a), number(&b)) {
                return Order::Known(a.cmp(&b));
            }
            match quantities(&a, &b).map(|(a, b)| a.compare(&b)) {
                Some(Comparison::Ordered(order)) => Order::Known(order),
                Some(_) => Order::Unknown,
                None => Order::None,
            }
        }
    }
}
