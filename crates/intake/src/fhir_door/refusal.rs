//! With which status and outcome an error is answered.

use fhir::json::escape_into;
use records::{Error, Issue};

/// Why a request, or one entry of it, was refused: an HTTP status and at least one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, each with its place.
    pub issues: Vec<Issue>,
}

impl Refusal {
    /// The refusal as an `OperationOutcome`.
    pub fn outcome(&self) -> String {
        let mut out = String::from("{\"resourceType\":\"OperationOutcome\",\"issue\":[");
        for (at, issue) in self.issues.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str("{\"severity\":\"error\",\"code\":");
            escape_into(&mut out, &issue.code);
            out.push_str(",\"diagnostics\":");
            escape_into(&mut out, &issue.message);
            if !issue.place.is_empty() {
                out.push_str(",\"expression\":[");
                escape_into(&mut out, &issue.place);
                out.push(']');
            }
            out.push('}');
        }
        out.push_str("]}");
        out
    }

    /// The issues as one text for people.
    pub fn text(&self) -> String {
        self.text_after("")
    }

    /// The same to be shown after the place of the first issue, which it does not repeat.
    pub(crate) fn text_beside_place(&self) -> String {
        self.text_after(self.issues.first().map_or("", |issue| &issue.place))
    }

    fn text_after(&self, said: &str) -> String {
        let issue = |i: &Issue| match i.place.as_str() {
            place if place == said => i.message.clone(),
            place => format!("{place}: {}", i.message),
        };
        self.issues.iter().map(issue).collect::<Vec<_>>().join("; ")
    }
}

/// How `error` is answered.
pub fn refusal(error: &Error) -> Refusal {
    let (status, code) = match error {
        Error::At { place, error } => {
            let mut inner = refusal(error);
            for issue in &mut inner.issues {
                issue.place = join(place, &issue.place);
            }
            return inner;
        }
        Error::Invalid(issues) if !issues.is_empty() => {
            // An issue without a place is about the request as a whole: it could not be understood.
            let status = if issues.iter().all(|i| i.place.is_empty()) { 400 } else { 422 };
            return Refusal { status, issues: issues.clone() };
        }
        Error::Invalid(_) => (422, "invalid"),
        Error::Terminology(wrong) => {
            let status = match wrong.issue_type() {
                "not-found" => 404,
                "invalid" | "not-supported" => 400,
                _ => 422,
            };
            let place = wrong.parameter().map(|name| format!("Parameters.parameter.where(name = '{name}')"));
            let issue = Issue {
                code: wrong.issue_type().into(),
                place: place.unwrap_or_default(),
                message: error.to_string(),
                offset: 0,
            };
            return Refusal { status, issues: vec![issue] };
        }
        Error::Denied(_) => (403, "forbidden"),
        Error::NotFound { .. } => (404, "not-found"),
        Error::Gone { .. } => (410, "deleted"),
        Error::VersionConflict { .. } => (412, "conflict"),
        Error::MultipleMatches { .. } => (412, "multiple-matches"),
        Error::NoMatch { .. } => (412, "not-found"),
        Error::Search(_) => (400, "invalid"),
        Error::NotSupported(_) => (400, "not-supported"),
        Error::PageGone(_) => (410, "not-found"),
        Error::DiskFull => (507, "no-store"),
        Error::Closed => (503, "transient"),
        Error::Layout(_) | Error::Damaged(_) | Error::Database(_) | Error::File { .. } => (500, "exception"),
    };
    let issue = Issue { code: code.into(), place: String::new(), message: error.to_string(), offset: 0 };
    Refusal { status, issues: vec![issue] }
}

/// `inner`, a path from a resource's type, below `outer`.
fn join(outer: &str, inner: &str) -> String {
    if inner.is_empty() {
        return outer.to_owned();
    }
    if inner.starts_with('/') {
        return format!("{outer} {inner}");
    }
    // `Patient.name` inside `Bundle.entry[3]` is `Bundle.entry[3].resource.name`.
    match inner.split_once('.') {
        Some((_, rest)) => format!("{outer}.resource.{rest}"),
        None => format!("{outer}.resource"),
    }
}

/// A request that cannot be understood: 400.
pub(crate) fn bad_request(message: impl Into<String>) -> Error {
    Error::Invalid(vec![Issue { code: "invalid".into(), place: String::new(), message: message.into(), offset: 0 }])
}

/// Content that is understood and not acceptable: 422.
pub(crate) fn unprocessable(code: &str, place: impl Into<String>, message: impl Into<String>) -> Error {
    Error::Invalid(vec![Issue { code: code.into(), place: place.into(), message: message.into(), offset: 0 }])
}

/// `error`, said to be in the part at `place`.
pub(crate) fn at(place: impl Into<String>, error: Error) -> Error {
    match error {
        // What stops everything is not the fault of the entry during which it showed.
        Error::DiskFull | Error::Closed | Error::Database(_) | Error::File { .. } | Error::Damaged(_) => error,
        error => Error::At { place: place.into(), error: Box::new(error) },
    }
}

/// True if `error` says something about the store, not about what was sent.
pub(crate) fn is_fatal(error: &Error) -> bool {
    match error {
        Error::At { error, .. } => is_fatal(error),
        Error::DiskFull
        | Error::Closed
        | Error::Layout(_)
        | Error::Damaged(_)
        | Error::Database(_)
        | Error::File { .. } => true,
        _ => false,
    }
}

/// The syntax error of a JSON text that begins at `base` of what arrived.
pub(crate) fn syntax(error: fhir::json::SyntaxError, base: usize) -> Error {
    Error::Invalid(vec![Issue {
        code: "structure".into(),
        place: String::new(),
        message: format!("not JSON: {error}"),
        offset: base + error.offset,
    }])
}

/// The same of a text that is one line of many: its column is its place.
pub(crate) fn syntax_in_line(error: fhir::json::SyntaxError, base: usize) -> Error {
    Error::Invalid(vec![Issue {
        code: "structure".into(),
        place: String::new(),
        message: format!("not JSON: {} at column {}", error.what, error.column),
        offset: base + error.offset,
    }])
}
