//! What a handler gives back.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The media type of FHIR as JSON.
pub(crate) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// A status, headers and a body. Nothing of it may be kept by caches on the way: it is about patients.
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Content,
}

/// A body: text that could still be set out otherwise, or whatever it is.
enum Content {
    Json(String),
    Made(Body),
}

impl Answer {
    /// An answer with a body of some media type.
    pub fn new(status: StatusCode, media: &str, body: impl Into<Body>) -> Answer {
        let answer = Answer { status, headers: Vec::new(), body: Content::Made(body.into()) };
        answer.with(CONTENT_TYPE.as_str(), media)
    }

    /// FHIR.
    pub fn fhir(status: StatusCode, json: String) -> Answer {
        let answer = Answer { status, headers: Vec::new(), body: Content::Json(json) };
        answer.with(CONTENT_TYPE.as_str(), FHIR_JSON)
    }

    /// JSON of our own.
    pub fn json(status: StatusCode, json: String) -> Answer {
        Answer::new(status, "application/json", json)
    }

    /// 200 with JSON of our own.
    pub fn of(value: &serde_json::Value) -> Answer {
        Answer::json(StatusCode::OK, value.to_string())
    }

    /// No body.
    pub fn empty(status: StatusCode) -> Answer {
        Answer { status, headers: Vec::new(), body: Content::Made(Body::empty()) }
    }

    /// The same, its FHIR set out for people to read.
    #[must_use]
    pub(crate) fn pretty(mut self) -> Answer {
        if let Content::Json(json) = &self.body {
            self.body = Content::Json(pretty(json));
        }
        self
    }

    /// The same with a header. A value that cannot stand in a header is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Answer {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = match self.body {
            Content::Json(json) => Body::from(json),
            Content::Made(body) => body,
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            // Cookies may be several; everything else is said once, and the last word holds.
            if name == "set-cookie" {
                headers.append(name, value)
            } else {
                headers.insert(name, value).is_some()
            };
        }
        response
    }
}

/// JSON with a line for each member and item. Every value stays as it is written.
fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut is_escaped, mut is_empty) = (0usize, false, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        if in_text {
            out.push(c);
            in_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        if is_empty && !matches!(c, '}' | ']') {
            line(&mut out, depth);
        }
        match c {
            '{' | '[' => {
                depth += 1;
                out.push(c);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !is_empty {
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = c == '"';
                out.push(c);
            }
        }
        is_empty = matches!(c, '{' | '[');
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_json_has_lines_and_the_same_values() {
        let text = r#"{"a":[1.50,{"b":"x, {y}: \"z\" \\"}],"c":{},"d":[]}"#;
        let expected = "{\n  \"a\": [\n    1.50,\n    {\n      \"b\": \"x, {y}: \\\"z\\\" \\\\\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}\n";
        assert_eq!(pretty(text), expected);
        assert_eq!(pretty(&pretty(text)), expected);
    }
}
