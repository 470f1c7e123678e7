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
    body: Body,
}

impl Answer {
    /// An answer with a body of some media type.
    pub fn new(status: StatusCode, media: &str, body: impl Into<Body>) -> Answer {
        let answer = Answer { status, headers: Vec::new(), body: body.into() };
        answer.with(CONTENT_TYPE.as_str(), media)
    }

    /// FHIR.
    pub fn fhir(status: StatusCode, json: String) -> Answer {
        Answer::new(status, FHIR_JSON, json)
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
        Answer { status, headers: Vec::new(), body: Body::empty() }
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
        let mut response = Response::new(self.body);
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
