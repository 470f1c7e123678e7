//! The items of collections: places in a document, and values that were computed.

use super::model::{Primitive, model};
use super::quantity::Quantity;
use super::temporal::{Temporal, TemporalKind};
use crate::decimal::Decimal;
use crate::json::{Kind, Node};
use crate::schema::{TypeId, r4};
use std::borrow::Cow;
use std::fmt;

/// A place in a document with its FHIR type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypedNode<'d> {
    /// The value. A primitive that has no value but an extension stands at `null` or at its `_name` object.
    pub node: Node<'d>,
    /// Its type; for an element of abstract type, what it is here.
    pub type_id: TypeId,
    /// The `_name` sibling of a primitive: its id and extensions.
    pub extension: Option<Node<'d>>,
}

impl<'d> TypedNode<'d> {
    /// True if this is of a primitive type, with a value or without.
    pub fn is_primitive(self) -> bool {
        model().primitive(self.type_id).is_some()
    }

    /// True if this is a primitive with a value.
    pub fn has_value(self) -> bool {
        matches!(self.node.kind(), Kind::String | Kind::Number | Kind::Bool)
    }

    /// The value of a primitive as its System type, of a Quantity as a quantity. `None` for other types and for what does
    /// not read as its type.
    pub fn value(self) -> Option<Item<'d>> {
        match model().primitive(self.type_id) {
            Some(primitive) => self.primitive_value(primitive),
            None if model().is_quantity(self.type_id) => {
                self.quantity().map(|quantity| Item::Quantity(Box::new(quantity)))
            }
            None => None,
        }
    }

    fn primitive_value(self, primitive: Primitive) -> Option<Item<'d>> {
        let node = self.node;
        Some(match primitive {
            Primitive::Boolean => Item::Boolean(node.as_bool()?),
            Primitive::Integer => Item::Integer(node.number_text()?.parse().ok()?),
            Primitive::Decimal => Item::Decimal(Decimal::parse(node.number_text()?)?),
            Primitive::Date => Item::Temporal(Temporal::parse_date(&node.as_str()?)?),
            Primitive::DateTime => Item::Temporal(Temporal::parse_date_time(&node.as_str()?)?),
            Primitive::Time => Item::Temporal(Temporal::parse_time(&node.as_str()?)?),
            Primitive::String => Item::String(node.scalar_text()?),
        })
    }

    /// A FHIR Quantity without comparator as a number with a unit: the UCUM code, else the code, else the unit's text.
    fn quantity(self) -> Option<Quantity<'d>> {
        let (mut value, mut unit, mut code) = (None, None, None);
        for (name, member) in self.node.members() {
            match name {
                "value" => value = Some(Decimal::parse(member.number_text()?)?),
                "unit" => unit = member.as_str(),
                "code" => code = member.as_str(),
                "comparator" => return None,
                _ => {}
            }
        }
        Some(Quantity::new(value?, code.or(unit).unwrap_or(Cow::Borrowed("1"))))
    }
}

/// What `resolve()` gives for a reference whose target is not at hand: its type and id, and nothing more.
#[derive(Clone, Debug, PartialEq)]
pub struct Unresolved<'d> {
    /// The type that the reference names.
    pub type_id: TypeId,
    /// The reference as written.
    pub reference: Cow<'d, str>,
}

/// What `type()` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeInfoItem {
    /// `FHIR` or `System`.
    pub namespace: &'static str,
    /// The type's name.
    pub name: &'static str,
}

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'d> {
    /// An element or resource.
    Node(TypedNode<'d>),
    /// System.Boolean
    Boolean(bool),
    /// System.Integer, of 64 bits
    Integer(i64),
    /// System.Decimal
    Decimal(Decimal),
    /// System.String
    String(Cow<'d, str>),
    /// System.Date, DateTime or Time
    Temporal(Temporal),
    /// System.Quantity
    Quantity(Box<Quantity<'d>>),
    /// The target of a reference that is known by type alone.
    Unresolved(Box<Unresolved<'d>>),
    /// A type.
    Type(TypeInfoItem),
}

impl<'d> Item<'d> {
    /// A resource as an item, of the type that its `resourceType` names; `None` if that is no R4 resource.
    pub fn resource(node: Node<'d>) -> Option<Item<'d>> {
        resource_type(node).map(|type_id| Item::Node(TypedNode { node, type_id, extension: None }))
    }

    /// An element as an item.
    pub fn element(node: Node<'d>, type_id: TypeId) -> Item<'d> {
        Item::Node(TypedNode { node, type_id, extension: None })
    }

    /// The place in the document, if it is one.
    pub fn node(&self) -> Option<TypedNode<'d>> {
        match self {
            Item::Node(node) => Some(*node),
            _ => None,
        }
    }

    /// As a value of a System type; `None` for complex elements and primitives without a value.
    pub(super) fn value(&self) -> Option<Item<'d>> {
        match self {
            Item::Node(node) => node.value(),
            Item::Unresolved(_) | Item::Type(_) => None,
            other => Some(other.clone()),
        }
    }

    /// The text of a string, or of any primitive of a document as it stands there.
    pub fn as_text(&self) -> Option<Cow<'d, str>> {
        match self {
            Item::String(text) => Some(text.clone()),
            Item::Node(node) => model().primitive(node.type_id).and_then(|_| node.node.scalar_text()),
            _ => None,
        }
    }

    /// True for a primitive element that has no value that reads as its type: it may have extensions, or be wrong.
    pub(super) fn is_without_value(&self) -> bool {
        matches!(self, Item::Node(node) if node.is_primitive() && node.value().is_none())
    }

    /// The truth of a boolean.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Item::Boolean(value) => Some(*value),
            Item::Node(node) if model().primitive(node.type_id) == Some(Primitive::Boolean) => node.node.as_bool(),
            _ => None,
        }
    }

    /// What a person calls the type, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Item::Node(node) => r4().info(node.type_id).name,
            Item::Unresolved(target) => r4().info(target.type_id).name,
            Item::Type(_) => "a type",
            other => other.system_type().map_or("", SystemType::name),
        }
    }

    /// The System type of a computed value.
    pub(super) fn system_type(&self) -> Option<SystemType> {
        Some(match self {
            Item::Boolean(_) => SystemType::Boolean,
            Item::Integer(_) => SystemType::Integer,
            Item::Decimal(_) => SystemType::Decimal,
            Item::String(_) => SystemType::String,
            Item::Temporal(value) => match value.kind {
                TemporalKind::Date => SystemType::Date,
                TemporalKind::DateTime => SystemType::DateTime,
                TemporalKind::Time => SystemType::Time,
            },
            Item::Quantity(_) => SystemType::Quantity,
            Item::Node(_) | Item::Unresolved(_) | Item::Type(_) => return None,
        })
    }
}

/// The value as text, as `toString()` gives it; a complex element as its JSON.
impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Node(node) => match node.node.scalar_text() {
                Some(text) => f.write_str(&text),
                None => f.write_str(node.node.raw()),
            },
            Item::Boolean(value) => value.fmt(f),
            Item::Integer(value) => value.fmt(f),
            Item::Decimal(value) => value.fmt(f),
            Item::String(text) => f.write_str(text),
            Item::Temporal(value) => value.fmt(f),
            Item::Quantity(quantity) => quantity.fmt(f),
            Item::Unresolved(target) => f.write_str(&target.reference),
            Item::Type(info) => write!(f, "{}.{}", info.namespace, info.name),
        }
    }
}

/// The type that a resource says it is of.
pub(super) fn resource_type(node: Node<'_>) -> Option<TypeId> {
    let name = node.get("resourceType")?.as_str()?;
    r4().is_resource(&name).then(|| r4().type_id(&name))?
}

/// The types of computed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemType {
    /// true or false
    Boolean,
    /// a whole number
    Integer,
    /// a number with a fraction
    Decimal,
    /// text
    String,
    /// a date
    Date,
    /// a date with time
    DateTime,
    /// a time of day
    Time,
    /// a number with a unit
    Quantity,
}

impl SystemType {
    const ALL: [SystemType; 8] = [
        SystemType::Boolean,
        SystemType::Integer,
        SystemType::Decimal,
        SystemType::String,
        SystemType::Date,
        SystemType::DateTime,
        SystemType::Time,
        SystemType::Quantity,
    ];

    /// The type's name in the namespace System.
    pub const fn name(self) -> &'static str {
        match self {
            SystemType::Boolean => "Boolean",
            SystemType::Integer => "Integer",
            SystemType::Decimal => "Decimal",
            SystemType::String => "String",
            SystemType::Date => "Date",
            SystemType::DateTime => "DateTime",
            SystemType::Time => "Time",
            SystemType::Quantity => "Quantity",
        }
    }

    pub(super) fn of(name: &str) -> Option<SystemType> {
        SystemType::ALL.into_iter().find(|system| system.name() == name)
    }
}
