//! The codes of value sets, and what subsumes what in code systems: as far as stored resources say it.
//!
//! [`expand`] follows `ValueSet.compose` (listed concepts, whole code systems, filters on their hierarchy and properties, other
//! value sets) or takes `ValueSet.expansion`; [`Hierarchy`] reads the concepts of a `CodeSystem`. What is not stored, or only in
//! part, is an error that names it: a set that lacks codes would make a search find too little.
//!
//! Source: FHIR R4, "ValueSet" § compositions, "CodeSystem" § hierarchy.

mod expand;
mod hierarchy;
#[cfg(test)]
mod tests;

pub use expand::{CODES_LIMIT, Codes, DEFINITIONS_LIMIT, Definitions, NESTING_LIMIT, below_or_above, expand};
pub use hierarchy::Hierarchy;

/// Why the codes of a set cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminologyError {
    /// A value set or code system is not stored.
    #[error("no {kind} \"{name}\" is stored here")]
    Unknown {
        /// `ValueSet` or `CodeSystem`.
        kind: &'static str,
        /// As it is referred to.
        name: String,
    },
    /// A code system does not have a code.
    #[error("{system} has no code \"{code}\"")]
    NoCode {
        /// URL of the code system.
        system: String,
        /// The code.
        code: String,
    },
    /// What is stored does not say it.
    #[error("{name}: {why}")]
    Unclear {
        /// The value set or code system.
        name: String,
        /// What it lacks.
        why: String,
    },
}
