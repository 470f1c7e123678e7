//! What the hospital's systems send.

/// One message or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it is sent, µs UTC.
    pub at_us: i64,
    /// How, and what.
    pub via: Via,
}

/// The door that an event takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// An HL7 v2 message, not yet framed.
    Mllp(Vec<u8>),
    /// A FHIR request.
    Fhir {
        /// The method.
        method: Method,
        /// The path below the server's FHIR base, without a slash at its start; empty for a transaction.
        path: String,
        /// The body, JSON.
        body: String,
    },
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl Method {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }
}
