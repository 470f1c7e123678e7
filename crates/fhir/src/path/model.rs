//! What the evaluator must know of the schema at every step, looked up once.

use crate::schema::{TypeId, r4};
use std::sync::OnceLock;

/// Which System type a FHIR primitive's value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
}

const PRIMITIVES: [(&str, Primitive); 20] = [
    ("base64Binary", Primitive::String),
    ("boolean", Primitive::Boolean),
    ("canonical", Primitive::String),
    ("code", Primitive::String),
    ("date", Primitive::Date),
    ("dateTime", Primitive::DateTime),
    ("decimal", Primitive::Decimal),
    ("id", Primitive::String),
    ("instant", Primitive::DateTime),
    ("integer", Primitive::Integer),
    ("markdown", Primitive::String),
    ("oid", Primitive::String),
    ("positiveInt", Primitive::Integer),
    ("string", Primitive::String),
    ("time", Primitive::Time),
    ("unsignedInt", Primitive::Integer),
    ("uri", Primitive::String),
    ("url", Primitive::String),
    ("uuid", Primitive::String),
    ("xhtml", Primitive::String),
];

/// Types that the language itself speaks of.
pub(super) struct Model {
    primitives: Vec<Option<Primitive>>,
    quantities: Vec<TypeId>,
    pub(super) extension: TypeId,
    pub(super) reference: TypeId,
    pub(super) resource: TypeId,
    pub(super) string: TypeId,
}

pub(super) fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let id = |name: &str| r4().type_id(name).unwrap_or_else(|| panic!("the schema has no type {name}"));
        let mut primitives = Vec::new();
        for (name, primitive) in PRIMITIVES {
            let at = usize::from(id(name).0);
            if primitives.len() <= at {
                primitives.resize(at + 1, None);
            }
            primitives[at] = Some(primitive);
        }
        Model {
            primitives,
            quantities: ["Quantity", "Age", "Count", "Distance", "Duration"]
                .into_iter()
                .filter_map(|n| r4().type_id(n))
                .collect(),
            extension: id("Extension"),
            reference: id("Reference"),
            resource: id("Resource"),
            string: id("string"),
        }
    })
}

impl Model {
    /// The System type of a primitive's value; `None` for complex types.
    pub(super) fn primitive(&self, type_id: TypeId) -> Option<Primitive> {
        self.primitives.get(usize::from(type_id.0)).copied().flatten()
    }

    /// True for Quantity and what is derived from it.
    pub(super) fn is_quantity(&self, type_id: TypeId) -> bool {
        self.quantities.contains(&type_id)
    }
}
