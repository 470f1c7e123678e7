//! Whether a resource is FHIR R4: what a server checks before it keeps it.
//!
//! Checked are names, JSON types, how often elements occur, the text of primitives, choices, codes of required bindings that
//! can be enumerated, the form and target of references, and contained resources. Profiles, extensions' definitions, FHIRPath
//! invariants, narrative and other terminology are not.
//!
//! ```
//! use fhir::{json::Document, validate::{Options, validate}};
//! let document = Document::parse(br#"{"resourceType": "Patient", "birthDate": "1970-02-30"}"#)?;
//! let issues = validate(document.root(), &Options::default());
//! assert_eq!(issues[0].fhirpath, "Patient.birthDate");
//! # Ok::<(), fhir::json::SyntaxError>(())
//! ```

mod coding;
mod form;
mod issue;
mod primitive;
mod reference;
mod sibling;
mod suggest;
#[cfg(test)]
mod tests;
mod walk;

pub use issue::{Issue, IssueCode, Severity};

use crate::json::Node;

/// Whether a reference may be a search (`Practitioner?identifier=…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConditionalReferences {
    /// As in a transaction, before they are resolved.
    #[default]
    Allowed,
    /// They are errors.
    Refused,
}

/// How strict to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// For elements that R4 does not have: refused by default; as warnings the resource can be kept with them.
    pub unknown_elements: Severity,
    /// For references to a type that the element does not name: a warning by default, as even published examples have them.
    pub reference_targets: Severity,
    /// Whether a reference may be a search.
    pub conditional_references: ConditionalReferences,
    /// Validation stops after so many errors (at least one), and keeps no more warnings than that.
    pub issues_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            unknown_elements: Severity::Error,
            reference_targets: Severity::Warning,
            conditional_references: ConditionalReferences::default(),
            issues_max: 50,
        }
    }
}

/// Checks a resource of any type; of a `Bundle` or `Parameters`, the resources in it too. No issues: it is FHIR R4.
pub fn validate(resource: Node<'_>, options: &Options) -> Vec<Issue> {
    walk::Walk::new(resource, options).run()
}

/// True if one of the issues is an error.
pub fn has_errors(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.severity == Severity::Error)
}
