//! Why a request is not answered with what was asked, and how that is said.

use crate::answer::Answer;
use crate::request_id::RequestId;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tables::said::{Doubt, Said, problem};

/// One thing that is wrong, as an `OperationOutcome.issue` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// `fatal`, `error`, `warning` or `information`.
    pub severity: &'static str,
    /// A code of the value set issue-type.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub text: String,
    /// Where in the resource, as FHIRPath.
    pub expression: Option<String>,
}

impl Issue {
    /// An error.
    pub fn error(code: impl Into<String>, text: impl Into<String>) -> Issue {
        Issue { severity: "error", code: code.into(), text: text.into(), expression: None }
    }
}

/// Which API is spoken: it decides how refusals look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// `OperationOutcome`.
    Fhir,
    /// `{"error": {code, message, issues}}`, with `at`, `line`, `column` and `hint` where a text that was sent is wrong.
    Own,
    /// Plain text.
    Page,
}

impl Dialect {
    /// The dialect of a path.
    pub(crate) fn of(path: &str) -> Dialect {
        let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match path {
            _ if below("/fhir") => Dialect::Fhir,
            _ if below("/api") || below("/metrics") => Dialect::Own,
            _ => Dialect::Page,
        }
    }
}

/// A request that is refused: the status, and at least one issue.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong.
    pub issues: Vec<Issue>,
    headers: Vec<(HeaderName, HeaderValue)>,
    place: Option<TextPlace>,
    hint: Option<String>,
    words: Option<Box<Words>>,
}

/// What of a refusal pages say in the reader's language.
#[derive(Clone, Debug)]
enum Words {
    /// The whole of it.
    Said(Said),
    /// What a person is to look at first: a list.
    Doubts(Value),
}

/// Whom a refusal is told to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    /// Whoever has a grant.
    Known,
    /// Anybody.
    Stranger,
}

/// A place in a text that was sent: byte offset from 0, line and character from 1.
#[derive(Clone, Copy, Debug)]
struct TextPlace {
    offset: usize,
    line: u64,
    column: u64,
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(status: StatusCode, code: &str, text: impl Into<String>) -> Refusal {
        Refusal {
            status,
            issues: vec![Issue::error(code, text)],
            headers: Vec::new(),
            place: None,
            hint: None,
            words: None,
        }
    }

    /// A refusal that pages say in the reader's language.
    pub(crate) fn saying(status: StatusCode, code: &str, said: Said) -> Refusal {
        let text = said.to_string();
        Refusal { words: Some(Box::new(Words::Said(said))), ..Refusal::new(status, code, text) }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "invalid", text)
    }

    /// 404: there is no such thing.
    pub fn not_found(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not-found", text)
    }

    /// 500: not the sender's fault.
    pub fn internal(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "exception", text)
    }

    /// The same with a header. A value that cannot stand in a header is left out.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Refusal {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// The same with another value of a header.
    #[must_use]
    pub(crate) fn instead_of_header(mut self, name: &'static str, value: &str) -> Refusal {
        self.headers.retain(|(given, _)| given != name);
        self.with_header(name, value)
    }

    /// Whether the program is at fault, not the request.
    pub(crate) fn is_fault(&self) -> bool {
        self.status == StatusCode::INTERNAL_SERVER_ERROR
    }

    /// The same as it is told: what failed inside is for the log, and the answer names the request by which it is found there. Who
    /// is known is told what failed too; strangers are not told how the program looks inside.
    pub(crate) fn found_by(mut self, request: &RequestId, to: Audience) -> Refusal {
        if self.is_fault() {
            let what = match to {
                Audience::Known => format!("{}; ", self.issues[0].text),
                Audience::Stranger => String::new(),
            };
            self.issues[0].text = format!("{what}this is the program's fault: its log says more of request {request}");
        }
        self
    }

    /// The same with the place in the text that was sent.
    #[must_use]
    pub(crate) fn at(mut self, offset: usize, line: u64, column: u64) -> Refusal {
        self.place = Some(TextPlace { offset, line, column });
        self
    }

    /// The same with what might have been meant.
    #[must_use]
    pub(crate) fn hint(mut self, hint: String) -> Refusal {
        self.hint = Some(hint);
        self
    }

    /// As our own API says it.
    pub(crate) fn own_json(&self) -> Value {
        let first = &self.issues[0];
        let issues: Vec<Value> = self
            .issues
            .iter()
            .map(|issue| json!({"severity": issue.severity, "code": issue.code, "message": issue.text, "place": issue.expression}))
            .collect();
        let mut body = json!({"error": {"code": first.code, "message": first.text, "issues": issues}});
        if let Some(place) = self.place {
            body["error"]["at"] = json!(place.offset);
            body["error"]["line"] = json!(place.line);
            body["error"]["column"] = json!(place.column);
        }
        if let Some(hint) = &self.hint {
            body["error"]["hint"] = json!(hint);
        }
        match self.words.as_deref() {
            Some(Words::Doubts(doubts)) => body["error"]["doubts"] = doubts.clone(),
            Some(Words::Said(said)) => body["error"]["said"] = said.json(),
            None => {}
        }
        body
    }

    /// The whole of it by its code.
    pub(crate) fn said(&self) -> Option<&Said> {
        match self.words.as_deref() {
            Some(Words::Said(said)) => Some(said),
            _ => None,
        }
    }

    /// Why something failed, as it is kept for whoever looks later.
    pub(crate) fn kept(&self) -> String {
        self.said().map_or_else(|| self.issues[0].text.clone(), Said::kept)
    }

    /// What a person is to look at first, as pages say it.
    pub(crate) fn doubts(&self) -> Option<&Value> {
        match self.words.as_deref() {
            Some(Words::Doubts(doubts)) => Some(doubts),
            _ => None,
        }
    }

    /// The answer in the dialect of the API that was asked.
    pub(crate) fn into_response(self, dialect: Dialect) -> Response {
        let mut response = match dialect {
            Dialect::Fhir => Answer::fhir(self.status, outcome(&self.issues)).into_response(),
            Dialect::Own => Answer::json(self.status, self.own_json().to_string()).into_response(),
            Dialect::Page => {
                (self.status, [("content-type", "text/plain; charset=utf-8")], self.issues[0].text.clone())
                    .into_response()
            }
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

/// An `OperationOutcome`.
pub(crate) fn outcome(issues: &[Issue]) -> String {
    let issues: Vec<Value> = issues
        .iter()
        .map(|issue| {
            let mut out = json!({"severity": issue.severity, "code": issue.code, "diagnostics": issue.text});
            if let Some(expression) = &issue.expression {
                out["expression"] = json!([expression]);
            }
            out
        })
        .collect();
    json!({"resourceType": "OperationOutcome", "issue": issues}).to_string()
}

impl From<access::Denied> for Refusal {
    fn from(denied: access::Denied) -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, "forbidden", denied.to_string())
    }
}

impl From<access::Refused> for Refusal {
    fn from(refused: access::Refused) -> Refusal {
        let code = if refused == access::Refused::Locked { "locked" } else { "login" };
        Refusal::new(StatusCode::UNAUTHORIZED, code, refused.to_string()).with_header("www-authenticate", CHALLENGE)
    }
}

/// What a 401 asks for.
pub(crate) const CHALLENGE: &str = "Bearer realm=\"medweave\"";
/// The same where a token came and is not good (RFC 6750, section 3.1).
pub(crate) const BAD_TOKEN: &str = "Bearer realm=\"medweave\", error=\"invalid_token\"";

impl From<access::Error> for Refusal {
    fn from(error: access::Error) -> Refusal {
        use access::Error as E;
        if error.is_disk_full() {
            return records::Error::DiskFull.into();
        }
        let text = error.to_string();
        match error {
            E::Denied(denied) => denied.into(),
            E::Scope(_) | E::Invalid { .. } => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text),
            E::Taken { .. } => Refusal::new(StatusCode::CONFLICT, "duplicate", text),
            E::NotFound { .. } => Refusal::not_found(text),
            E::LastAdministrator => Refusal::new(StatusCode::CONFLICT, "business-rule", text),
            E::SignIn(access::SignInRefused::Locked { until_us }) => {
                let text = format!("{text} ({})", crate::time::instant(until_us));
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", text).with_header("retry-after", "60")
            }
            E::SignIn(access::SignInRefused::Disabled) => Refusal::new(StatusCode::FORBIDDEN, "suppressed", text),
            E::SignIn(_) => {
                Refusal::new(StatusCode::UNAUTHORIZED, "login", text).with_header("www-authenticate", CHALLENGE)
            }
            E::NoSession => access::Refused::NoSession.into(),
            E::Link(refused) => {
                let (status, code) = match refused {
                    access::LinkRefused::Unknown => (StatusCode::FORBIDDEN, "link-unknown"),
                    access::LinkRefused::Expired => (StatusCode::GONE, "link-expired"),
                    access::LinkRefused::Used => (StatusCode::GONE, "link-used"),
                };
                Refusal::new(status, code, text)
            }
            E::Setup(access::SetupRefused::Done) => Refusal::new(StatusCode::CONFLICT, "conflict", text),
            E::Setup(_) => Refusal::new(StatusCode::FORBIDDEN, "security", text),
            E::Busy => Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", text).with_header("retry-after", "2"),
            E::Storage(_) | E::File { .. } | E::Newer { .. } | E::Damaged { .. } => Refusal::internal(text),
        }
    }
}

impl From<intake::fhir_door::Refusal> for Refusal {
    fn from(said: intake::fhir_door::Refusal) -> Refusal {
        let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let issues = said
            .issues
            .into_iter()
            .map(|issue| Issue {
                severity: "error",
                code: issue.code,
                text: issue.message,
                expression: (!issue.place.is_empty()).then_some(issue.place),
            })
            .collect();
        Refusal { status, issues, headers: Vec::new(), place: None, hint: None, words: None }
    }
}

impl From<records::Error> for Refusal {
    fn from(error: records::Error) -> Refusal {
        let refusal = Refusal::from(intake::fhir_door::refusal(&error));
        match error {
            records::Error::Gone { version, .. } => refusal.with_header("etag", &format!("W/\"{version}\"")),
            records::Error::Closed => refusal.with_header("retry-after", "5"),
            _ => refusal,
        }
    }
}

impl From<tables::Error> for Refusal {
    fn from(error: tables::Error) -> Refusal {
        use tables::Error as E;
        let text = error.to_string();
        let said = problem::of(&error).map(|said| Box::new(Words::Said(said)));
        let refusal: Refusal = match error {
            E::Denied(denied) => denied.into(),
            E::Records(error) => error.into(),
            E::Unknown { .. } => Refusal::not_found(text),
            E::Name(_) | E::Read(_) | E::Changed(_) | E::Query { .. } => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text)
            }
            E::Conflict(_) => Refusal::new(StatusCode::CONFLICT, "conflict", text),
            E::Busy(_) => Refusal::new(StatusCode::CONFLICT, "conflict", text),
            E::Suspicious(doubts) => {
                let mut refusal = Refusal::new(StatusCode::CONFLICT, "business-rule", text)
                    .hint("if it is as it should be, pull it with --accept".into());
                refusal.issues.extend(doubts.iter().map(|doubt| Issue::error("business-rule", doubt.to_string())));
                refusal.words = Some(Box::new(Words::Doubts(doubts.iter().map(Doubt::json).collect())));
                refusal
            }
            E::Stopped | E::Paused => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "transient", text),
            E::Door(error) => match error.0.downcast::<records::Error>() {
                Ok(error) => (*error).into(),
                Err(_) => Refusal::internal(text),
            },
            E::NoRoom => Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "no-store", text),
            E::File { .. } | E::Segment { .. } | E::Catalogue(_) => Refusal::internal(text),
        };
        Refusal { words: said.or(refusal.words), ..refusal }
    }
}

impl From<omop::Error> for Refusal {
    fn from(error: omop::Error) -> Refusal {
        use omop::Error as E;
        let text = error.to_string();
        match error {
            E::Lake(error) => error.into(),
            E::Read(_) | E::Definition { .. } => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text),
            E::File { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => records::Error::DiskFull.into(),
            E::NoRoom { .. } => Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "no-store", text),
            E::File { .. } | E::Parquet(_) | E::Arrow(_) | E::Database(_) => Refusal::internal(text),
        }
    }
}

impl From<intake::Error> for Refusal {
    fn from(error: intake::Error) -> Refusal {
        let text = error.to_string();
        match error {
            intake::Error::Store(error) => error.into(),
            intake::Error::Read { .. } => Refusal::bad_request(text),
            intake::Error::Closed(_) => Refusal::new(StatusCode::CONFLICT, "conflict", text),
            intake::Error::Stopped(_) => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "transient", text),
        }
    }
}
