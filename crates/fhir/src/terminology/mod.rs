//! The codes of value sets, what code systems say of theirs, and what concept maps make of them: as far as stored resources say it.
//!
//! `Composer` (in `compose.rs`) is the one reading of a value set: it follows `ValueSet.compose` (listed concepts, whole code systems, filters on
//! their hierarchy and properties, other value sets) or, where that cannot be computed, takes `ValueSet.expansion`. [`expand`] gives a
//! search the codes; [`answer`] is the operations `$expand`, `$validate-code`, `$lookup`, `$subsumes` and `$translate`. What is not stored,
//! or only in part, is an error that names it: a set that lacks codes would make a search find too little.
//!
//! Definitions come from whoever has them ([`Definitions`], [`ConceptMaps`]); a value set of FHIR itself that elements are bound to
//! is known without being stored, as a list of codes.
//!
//! Source: FHIR R4, "ValueSet" § compositions, "CodeSystem" § hierarchy, "Terminology Service".

mod asked;
mod code_system;
mod compose;
mod definitions;
mod expand;
mod filter;
mod lookup;
mod operation;
mod subsumes;
#[cfg(test)]
mod tests;
mod translate;
mod validate;
mod words;

pub use code_system::{CodeSystem, Concept, Designation, Property};
pub use compose::{Codes, below_or_above, expand};
pub use definitions::{
    CODES_LIMIT, CONCEPTS_LIMIT, ConceptMaps, DEFINITIONS_LIMIT, Definitions, End, NESTING_LIMIT, STEPS_LIMIT,
};
pub use operation::{Operation, Request, answer};

/// Why a question about codes cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminologyError {
    /// A definition is not stored.
    #[error("no {kind} \"{name}\" is stored here")]
    Unknown {
        /// `ValueSet`, `CodeSystem` or `ConceptMap`.
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
        /// The value set, code system or concept map.
        name: String,
        /// What it lacks.
        why: String,
    },
    /// It would take too much.
    #[error("{name}: {why}")]
    TooCostly {
        /// The value set or code system.
        name: String,
        /// What there is too much of.
        why: String,
    },
    /// A parameter of an operation is wrong.
    #[error("{parameter}: {why}")]
    Invalid {
        /// The parameter.
        parameter: String,
        /// What is wrong, and what it should be.
        why: String,
    },
    /// A parameter of an operation is not supported.
    #[error("{parameter} is not supported for {operation}: {why}")]
    NotSupported {
        /// The parameter.
        parameter: String,
        /// The operation: `$expand`.
        operation: &'static str,
        /// What is.
        why: String,
    },
}

impl TerminologyError {
    /// The code of the value set issue-type.
    pub fn issue_type(&self) -> &'static str {
        match self {
            TerminologyError::Unknown { .. } | TerminologyError::NoCode { .. } => "not-found",
            TerminologyError::Unclear { .. } => "processing",
            TerminologyError::TooCostly { .. } => "too-costly",
            TerminologyError::Invalid { .. } => "invalid",
            TerminologyError::NotSupported { .. } => "not-supported",
        }
    }

    /// What to do about it; empty where the error says it.
    pub fn advice(&self) -> &'static str {
        match self {
            TerminologyError::Unknown { .. } => "store it, or name one that is stored",
            TerminologyError::NoCode { .. } => "look at how the code is written, and at the version of the code system",
            TerminologyError::Unclear { .. } => "store what is needed whole, or change what the definition asks for",
            TerminologyError::TooCostly { .. } => {
                "ask for less: a smaller value set, a filter in it, or one code by $validate-code"
            }
            TerminologyError::Invalid { .. } | TerminologyError::NotSupported { .. } => "",
        }
    }

    /// The parameter that is wrong, if one is.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            TerminologyError::Invalid { parameter, .. } | TerminologyError::NotSupported { parameter, .. } => {
                Some(parameter)
            }
            _ => None,
        }
    }
}
