//! What can be wrong with a view, or with a resource for it.

use crate::path::{CompileError, EvaluationError};

/// Why a ViewDefinition was not accepted, or a resource has no rows by it. `place` is a path into the definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The definition lacks something or has something that it must not.
    #[error("{place}: {what}")]
    Definition {
        /// Where in the definition.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// An expression does not compile.
    #[error("{place}: {text:?}: {error}")]
    Expression {
        /// Where in the definition.
        place: String,
        /// The expression.
        text: String,
        /// What is wrong with it.
        error: CompileError,
    },
    /// An expression fails for this resource.
    #[error("{place}: {error}")]
    Evaluation {
        /// Where in the definition.
        place: String,
        /// Why it fails.
        error: EvaluationError,
    },
    /// A value does not fit its column, or a condition is no boolean.
    #[error("{place}: {what}")]
    Value {
        /// The column or the place in the definition.
        place: String,
        /// What does not fit.
        what: String,
    },
}

impl ViewError {
    pub(super) fn definition(place: impl Into<String>, what: impl Into<String>) -> Self {
        ViewError::Definition { place: place.into(), what: what.into() }
    }

    pub(super) fn value(place: impl Into<String>, what: impl Into<String>) -> Self {
        ViewError::Value { place: place.into(), what: what.into() }
    }
}
