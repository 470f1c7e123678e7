//! What the schema says about types and elements.

use super::codes::CodeList;

/// A type of the schema: a resource, data type, primitive or backbone element. Valid within one build only; store names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub u16);

/// The kinds of type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeKind {
    /// `Patient`, `Resource`
    Resource,
    /// `HumanName`, `Element`
    Complex,
    /// `string`, `dateTime`
    Primitive,
    /// An element that holds elements of its own, named by its path: `Patient.contact`, `Timing.repeat`.
    Backbone,
}

/// One type.
#[derive(Debug)]
pub struct TypeInfo {
    /// Its name; the path for a backbone element.
    pub name: &'static str,
    /// Its kind.
    pub kind: TypeKind,
    /// What it is derived from; none for `Element` and `Resource`.
    pub base: Option<TypeId>,
    /// True for types that no value has: `Resource`, `DomainResource`, `Element`, `BackboneElement`.
    pub is_abstract: bool,
    /// Inherited elements, then its own, in the order of the definitions.
    pub elements: &'static [Element],
    /// A bit for each position in `elements` whose element must occur.
    pub(crate) required: u64,
    /// Names as they stand in JSON, by length and bytes.
    pub(super) members: &'static [Member],
}

/// One element of a type.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The name in FHIR, without `[x]`: `value`.
    pub name: &'static str,
    /// How often it must occur.
    pub min: u32,
    /// How often it may occur; none = without bound. With a bound of one, JSON has the value itself, else an array.
    pub max: Option<u32>,
    /// The types that its value may have. More than one only for a choice.
    pub types: &'static [TypeId],
    /// Published as `name[x]`: in JSON the name carries the type.
    pub choice: bool,
    /// The resource types that a `Reference` here may point to, or a `canonical` if there is no `Reference`; empty = any.
    pub targets: &'static [TypeId],
    /// Part of `_summary=true`.
    pub summary: bool,
    /// Changes the meaning of what contains it.
    pub is_modifier: bool,
    /// The codes allowed here, where the binding is required and its value set is a list.
    pub binding: Option<&'static CodeList>,
}

impl Element {
    /// True if JSON has an array here.
    pub fn repeats(&self) -> bool {
        self.max != Some(1)
    }
}

/// An element together with the type that a JSON name gives it: `valueQuantity` is `value` as a `Quantity`.
#[derive(Clone, Copy, Debug)]
pub struct ElementUse<'s> {
    /// The element.
    pub element: &'s Element,
    /// The type of the value under this name. For `Resource` the value names its own.
    pub type_id: TypeId,
}

/// A name in JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) element: u16,
    pub(super) type_id: TypeId,
}

impl Member {
    /// The order of [`TypeInfo::members`]: comparing lengths first leaves few names to read.
    pub(super) fn key(name: &str) -> (usize, &[u8]) {
        (name.len(), name.as_bytes())
    }
}
