//! What is known of a collection before it is evaluated.

use super::item::SystemType;
use super::model::model;
use super::program::ResultType;
use crate::schema::{TypeId, r4};

/// The types that items may have, and whether there may be many.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) types: Types,
    pub(super) many: bool,
    /// True for children and descendants: which of them is first has no meaning.
    pub(super) unordered: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Types {
    /// Anything.
    Open,
    /// Items of these types alone; none means that the collection is always empty.
    Of(Vec<ResultType>),
}

impl Shape {
    pub(super) const fn open() -> Self {
        Shape { types: Types::Open, many: true, unordered: false }
    }

    pub(super) const fn empty() -> Self {
        Shape { types: Types::Of(Vec::new()), many: false, unordered: false }
    }

    pub(super) fn system(system: SystemType) -> Self {
        Shape { types: Types::Of(vec![ResultType::System(system)]), ..Shape::empty() }
    }

    /// One item of a FHIR type; of an abstract type nothing is known.
    pub(super) fn fhir(type_id: TypeId) -> Self {
        if r4().info(type_id).is_abstract {
            return Shape::open().one();
        }
        Shape { types: Types::Of(vec![ResultType::Fhir(type_id)]), ..Shape::empty() }
    }

    /// One item of a type.
    pub(super) fn of(one: ResultType) -> Self {
        match one {
            ResultType::Fhir(type_id) => Shape::fhir(type_id),
            ResultType::System(system) => Shape::system(system),
        }
    }

    pub(super) fn one(mut self) -> Self {
        self.many = false;
        self.unordered = false;
        self
    }

    pub(super) fn repeated(mut self, many: bool) -> Self {
        self.many |= many;
        self
    }

    /// Items of either.
    pub(super) fn or(self, other: Shape) -> Self {
        let many = self.many || other.many;
        let types = match (self.types, other.types) {
            (Types::Of(mut types), Types::Of(more)) => {
                for one in more {
                    if !types.contains(&one) {
                        types.push(one);
                    }
                }
                Types::Of(types)
            }
            _ => Types::Open,
        };
        Shape { types, many, unordered: self.unordered || other.unordered }
    }

    /// The FHIR types that may stand here; `None` if that is not known.
    pub(super) fn fhir_types(&self) -> Option<Vec<TypeId>> {
        match &self.types {
            Types::Open => None,
            Types::Of(types) => Some(
                types
                    .iter()
                    .filter_map(|one| match one {
                        ResultType::Fhir(type_id) => Some(*type_id),
                        ResultType::System(_) => None,
                    })
                    .collect(),
            ),
        }
    }

    /// True if it is known that every item is a complex element or resource (and no quantity).
    pub(super) fn only_complex(&self) -> bool {
        match &self.types {
            Types::Open => false,
            Types::Of(types) => {
                !types.is_empty()
                    && types.iter().all(|one| match one {
                        ResultType::Fhir(id) => model().primitive(*id).is_none() && !model().is_quantity(*id),
                        ResultType::System(_) => false,
                    })
            }
        }
    }

    /// The System types of values, where all are known.
    pub(super) fn value_types(&self) -> Option<Vec<SystemType>> {
        use super::model::Primitive;
        match &self.types {
            Types::Open => None,
            Types::Of(types) => types
                .iter()
                .map(|one| match one {
                    ResultType::System(system) => Some(*system),
                    ResultType::Fhir(id) if model().is_quantity(*id) => Some(SystemType::Quantity),
                    ResultType::Fhir(id) => model().primitive(*id).map(|primitive| match primitive {
                        Primitive::Boolean => SystemType::Boolean,
                        Primitive::Integer => SystemType::Integer,
                        Primitive::Decimal => SystemType::Decimal,
                        Primitive::String => SystemType::String,
                        Primitive::Date => SystemType::Date,
                        Primitive::DateTime => SystemType::DateTime,
                        Primitive::Time => SystemType::Time,
                    }),
                })
                .collect(),
        }
    }

    /// The types' names, for messages.
    pub(super) fn names(&self) -> String {
        match &self.types {
            Types::Open => "anything".to_owned(),
            Types::Of(types) => {
                let names: Vec<&str> = types
                    .iter()
                    .map(|one| match one {
                        ResultType::Fhir(id) => r4().info(*id).name,
                        ResultType::System(system) => system.name(),
                    })
                    .collect();
                names.join(", ")
            }
        }
    }
}
