//! The types and elements of FHIR R4, as a table made from the published definitions.
//!
//! [`r4`] decodes it once. Types are named as FHIR names them; an element that holds elements is a type named by its path,
//! `Patient.contact`, and an element that reuses another's content (`Observation.component.referenceRange`) has that one's type.
//!
//! ```
//! let schema = fhir::schema::r4();
//! let observation = schema.type_id("Observation").unwrap();
//! let value = schema.element(observation, "valueQuantity").unwrap();
//! assert_eq!(value.element.name, "value");
//! assert_eq!(schema.info(value.type_id).name, "Quantity");
//! ```

mod codes;
mod table;
#[cfg(test)]
mod tests;
mod types;

pub use codes::CodeList;
pub use types::{Element, ElementUse, TypeId, TypeInfo, TypeKind};

use std::collections::HashMap;
use std::sync::LazyLock;
use types::Member;

/// The types of one FHIR version.
pub struct Schema {
    types: Vec<TypeInfo>,
    ids: HashMap<&'static str, TypeId>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema of {} types", self.types.len())
    }
}

/// FHIR R4 (4.0.1).
pub fn r4() -> &'static Schema {
    static R4: LazyLock<Schema> = LazyLock::new(|| {
        let table = table::decode();
        Schema { types: table.types, ids: table.ids }
    });
    &R4
}

impl Schema {
    /// The list of codes that is the value set `http://hl7.org/fhir/ValueSet/` + `name`, if elements are bound to it.
    pub fn code_list(&self, name: &str) -> Option<&'static CodeList> {
        codes::code_lists().get(name).copied()
    }

    /// The type of this name: `Patient`, `HumanName`, `dateTime`, `Patient.contact`, `Resource`. Case counts.
    pub fn type_id(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// What is known of a type.
    pub fn info(&self, id: TypeId) -> &TypeInfo {
        &self.types[id.0 as usize]
    }

    /// The type's name.
    pub fn name(&self, id: TypeId) -> &'static str {
        self.info(id).name
    }

    /// The element that stands under a name in JSON; `valueQuantity` for a choice, not `value`.
    pub fn element(&self, id: TypeId, json_name: &str) -> Option<ElementUse<'_>> {
        self.element_index(id, json_name)
            .map(|(at, element)| ElementUse { element: &self.info(id).elements[at], type_id: element })
    }

    /// As [`Schema::element`]: the element's position in [`TypeInfo::elements`] and the type of its value.
    pub fn element_index(&self, id: TypeId, json_name: &str) -> Option<(usize, TypeId)> {
        let members = self.info(id).members;
        let at = members.binary_search_by(|m| Member::key(m.name).cmp(&Member::key(json_name))).ok()?;
        Some((members[at].element as usize, members[at].type_id))
    }

    /// The element of this name in FHIR: `value` for `value[x]`.
    pub fn element_by_name(&self, id: TypeId, fhir_name: &str) -> Option<&Element> {
        self.info(id).elements.iter().find(|element| element.name == fhir_name)
    }

    /// The name that an element has in JSON when its value is of `type_id`; none if it cannot be.
    pub fn json_name(&self, id: TypeId, element: &Element, type_id: TypeId) -> Option<&'static str> {
        if !element.choice {
            return Some(element.name);
        }
        let info = self.info(id);
        let is_it = |m: &&Member| m.type_id == type_id && info.elements[m.element as usize].name == element.name;
        info.members.iter().find(is_it).map(|m| m.name)
    }

    /// True if `id` is `ancestor` or derived from it, as `Patient` from `Resource` and `Age` from `Quantity`.
    pub fn is_a(&self, id: TypeId, ancestor: TypeId) -> bool {
        std::iter::successors(Some(id), |id| self.info(*id).base).any(|id| id == ancestor)
    }

    /// The concrete resource types, by name.
    pub fn resource_types(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.ids().filter(|id| {
            let info = self.info(*id);
            info.kind == TypeKind::Resource && !info.is_abstract
        })
    }

    /// True if this names a concrete resource type.
    pub fn is_resource(&self, name: &str) -> bool {
        self.resource_type(name).is_some()
    }

    /// The concrete resource type of this name.
    pub fn resource_type(&self, name: &str) -> Option<TypeId> {
        let id = self.type_id(name)?;
        let info = self.info(id);
        (info.kind == TypeKind::Resource && !info.is_abstract).then_some(id)
    }

    /// Every type, bases before what is derived from them.
    pub fn ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..self.types.len() as u16).map(TypeId)
    }
}
