//! The name of a request, by which its answer and what the program says about it are found together.
//!
//! FHIR R4, "Custom Headers": whoever asks may name the request in `X-Request-Id`; a name that cannot stand in a log is
//! replaced, and every answer carries the one that holds.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is taken over.
const MOST_CHARACTERS: usize = 128;

/// The name of one request: of letters, digits and `-_.:+/=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The name that a request brings, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> RequestId {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match given.filter(|text| is_sane(text)) {
            Some(text) => RequestId(text.into()),
            None => RequestId::new(),
        }
    }

    /// A name that no other request of this or another run has.
    fn new() -> RequestId {
        static RUN: OnceLock<u64> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let run = RUN.get_or_init(|| {
            let mut bytes = [0; 8];
            access::system_random(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        RequestId(format!("{run:016x}-{}", NEXT.fetch_add(1, Ordering::Relaxed)).into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Puts it into the head of an answer.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(HEADER, value);
        }
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_sane(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte);
    (1..=MOST_CHARACTERS).contains(&text.len()) && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(given.as_bytes()).unwrap());
        RequestId::of(&headers)
    }

    #[test]
    fn a_sane_name_is_kept_and_every_other_is_replaced_by_one_of_our_own() {
        for name in ["7b7a5e2c-1", "A.b_c:d+e/f=", &"x".repeat(MOST_CHARACTERS)] {
            assert_eq!(of(name).as_str(), name);
        }
        for name in ["", " ", "a b", "a\"b", "a,b", "ä", "<script>", &"x".repeat(MOST_CHARACTERS + 1)] {
            assert!(is_sane(of(name).as_str()) && of(name).as_str() != name, "{name}");
        }
        assert_ne!(RequestId::new(), RequestId::new());
    }
}
