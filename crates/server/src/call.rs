//! A request on its way to a handler.

use crate::app::App;
use crate::body::{self, Unread};
use crate::refusal::Refusal;
use crate::request_id::RequestId;
use access::{Grant, Origin};
use axum::http::{HeaderMap, Method, Uri};
use std::net::SocketAddr;
use std::sync::Arc;

/// Who is at the other end of a connection; the listener says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client on a TCP port.
    Network {
        /// Its address.
        address: SocketAddr,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// A process of this machine, on the control socket or in the program itself; the operating system says whose.
    Local {
        /// The user id.
        uid: u32,
    },
}

impl Peer {
    /// What the audit says of it.
    pub(crate) fn origin(self) -> Origin {
        match self {
            Peer::Network { address, .. } => Origin::http(address.ip()),
            Peer::Local { .. } => Origin::COMMAND,
        }
    }
}

/// A request that has passed the gate.
pub struct Call {
    /// The stores.
    pub app: Arc<App>,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Headers.
    pub headers: HeaderMap,
    /// Who is at the other end.
    pub peer: Peer,
    pub(crate) request: RequestId,
    pub(crate) grant: Option<Grant>,
    pub(crate) session: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) body: Unread,
}

impl Call {
    /// The grant that the gate made.
    ///
    /// # Errors
    /// A route open to everybody has none.
    pub fn grant(&self) -> Result<Grant, Refusal> {
        self.grant.clone().ok_or_else(|| Refusal::internal("this route makes no grant, and its handler asks for one"))
    }

    /// A part of the path by its name in the route; empty if the route has none of that name.
    pub fn part(&self, name: &str) -> String {
        self.parameters.iter().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.clone())
    }

    /// Path and query, as the audit writes down what was asked: without a token that somebody put there.
    pub(crate) fn asked(&self) -> String {
        self.uri.path_and_query().map_or_else(String::new, |asked| access::without_tokens(asked.as_str()))
    }

    /// The query as it was sent, without the question mark.
    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The values of a query parameter, decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        pairs(self.query()).find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All lines of a header as one, as lists may be spread over several.
    pub fn header_lines(&self, name: &str) -> Option<String> {
        let lines: Vec<&str> = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        (!lines.is_empty()).then(|| lines.join(","))
    }

    /// Reads the body, unpacked if it came packed; bounded in size, time and memory.
    ///
    /// # Errors
    /// 400, 408, 413, 415, 429.
    pub async fn content(&mut self) -> Result<body::Content, Refusal> {
        self.content_within(if self.grant.is_some() { body::OF_THE_KNOWN } else { body::OF_STRANGERS }).await
    }

    /// The same within bounds of its own.
    pub(crate) async fn content_within(&mut self, bounds: body::Bounds) -> Result<body::Content, Refusal> {
        let body = std::mem::replace(&mut self.body, Unread::none());
        body::read(&self.app, &self.headers, body, bounds).await
    }

    /// The host and port that the client says it asks.
    pub(crate) fn host(&self) -> Option<&str> {
        self.header("host").or_else(|| self.uri.authority().map(axum::http::uri::Authority::as_str))
    }

    /// `scheme://host` as the client sees this server.
    pub fn origin_url(&self) -> String {
        let host = self.host();
        let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)));
        let scheme = if matches!(self.peer, Peer::Network { tls: true, .. }) { "https" } else { "http" };
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    }

    /// The base URL of the FHIR API as the client sees it.
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.origin_url())
    }
}

/// The pairs of a query or form, decoded: `+` is a space, bytes that are no UTF-8 become U+FFFD.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key), decode(value))
    })
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
