//! What can go wrong with an expression.

use std::fmt;

/// Why an expression was not accepted, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {offset} of the expression: {what}")]
pub struct CompileError {
    /// Byte offset in the expression.
    pub offset: usize,
    /// Whether the text or its meaning is at fault.
    pub kind: CompileErrorKind,
    /// What was found or expected.
    pub what: String,
}

/// Whether the text or its meaning is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileErrorKind {
    /// The text is not FHIRPath.
    Syntax,
    /// The text is FHIRPath, but cannot mean anything for the type it is compiled for, or is not offered.
    Semantic,
}

impl fmt::Display for CompileErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CompileErrorKind::Syntax => "syntax error",
            CompileErrorKind::Semantic => "semantic error",
        })
    }
}

impl CompileError {
    pub(super) fn syntax(offset: usize, what: impl Into<String>) -> Self {
        CompileError { offset, kind: CompileErrorKind::Syntax, what: what.into() }
    }

    pub(super) fn semantic(offset: usize, what: impl Into<String>) -> Self {
        CompileError { offset, kind: CompileErrorKind::Semantic, what: what.into() }
    }
}

/// Why an expression has no result for this input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at offset {offset} of the expression: {what}")]
pub struct EvaluationError {
    /// Byte offset in the expression of the operator or function that failed.
    pub offset: usize,
    /// What went wrong.
    pub what: String,
}

impl EvaluationError {
    pub(super) fn new(offset: u32, what: impl Into<String>) -> Self {
        EvaluationError { offset: offset as usize, what: what.into() }
    }
}
