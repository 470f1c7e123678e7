//! What is wrong with a resource.

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the resource can be kept.
    Warning,
    /// The resource is not FHIR.
    Error,
}

impl Severity {
    /// The code in `OperationOutcome.issue.severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The kinds of issue that validation finds, of FHIR's issue types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueCode {
    /// The shape of the JSON: unknown elements, arrays, objects, JSON types.
    Structure,
    /// An element that must be there is not.
    Required,
    /// A value that its type does not allow.
    Value,
    /// A rule between elements is broken.
    Invariant,
    /// A code that its value set does not have.
    CodeInvalid,
    /// Longer than FHIR allows.
    TooLong,
}

impl IssueCode {
    /// The code in `OperationOutcome.issue.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            IssueCode::Structure => "structure",
            IssueCode::Required => "required",
            IssueCode::Value => "value",
            IssueCode::Invariant => "invariant",
            IssueCode::CodeInvalid => "code-invalid",
            IssueCode::TooLong => "too-long",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind it is.
    pub code: IssueCode,
    /// Where, as FHIRPath: `Patient.contact[0].name.given[1]`. Choices have their FHIR name: `Observation.value`.
    pub fhirpath: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Where, as the byte in the text that was parsed: the value; for a missing element, the object that lacks it.
    pub offset: usize,
}

impl std::fmt::Display for Issue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} (byte {}): {}", self.severity.as_str(), self.fhirpath, self.offset, self.message)
    }
}

/// A step of the way from the resource to a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'d> {
    pub(super) name: &'d str,
    pub(super) index: Option<usize>,
}

/// Names longer than this are cut in issues.
const SHOWN_NAME_CHARACTERS: usize = 64;
/// Values longer than this are cut in issues.
const SHOWN_VALUE_CHARACTERS: usize = 40;
/// Operators and literals of FHIRPath, which need quotes as names.
const WORDS: [&str; 8] = ["div", "mod", "and", "or", "xor", "implies", "true", "false"];

/// The steps as FHIRPath.
pub(super) fn fhirpath(steps: &[Step<'_>]) -> String {
    use std::fmt::Write as _;
    let mut path = String::with_capacity(steps.len() * 12);
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            path.push('.');
        }
        let plain = step.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && step.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && step.name.len() <= SHOWN_NAME_CHARACTERS
            && !WORDS.contains(&step.name);
        if plain {
            path.push_str(step.name);
        } else {
            path.push('`');
            path.push_str(&shown(step.name, SHOWN_NAME_CHARACTERS).replace('`', "\\`"));
            path.push('`');
        }
        if let Some(index) = step.index {
            let _ = write!(path, "[{index}]");
        }
    }
    path
}

/// A value for a message: short, and on one line.
pub(super) fn shown_value(text: &str) -> String {
    shown(text, SHOWN_VALUE_CHARACTERS)
}

fn shown(text: &str, characters: usize) -> String {
    let mut out: String =
        text.chars().take(characters).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(characters).is_some() {
        out.push('…');
    }
    out
}
