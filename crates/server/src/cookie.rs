//! The session cookie.

use crate::call::Peer;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// Its name where the connection is not encrypted, which is on this machine alone.
pub(crate) const PLAIN: &str = "mw_session";
/// Its name under TLS: browsers take a cookie of such a name from this very host alone, not from one beside it in the domain.
pub(crate) const ENCRYPTED: &str = "__Host-mw_session";

/// Whether the connection is encrypted: cookies then say so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Plain,
    Encrypted,
}

impl Transport {
    /// How whoever is at the other end is connected.
    pub(crate) fn of(peer: Peer) -> Transport {
        match peer {
            Peer::Network { tls: true, .. } => Transport::Encrypted,
            Peer::Network { tls: false, .. } | Peer::Local { .. } => Transport::Plain,
        }
    }

    fn cookie(self) -> &'static str {
        match self {
            Transport::Plain => PLAIN,
            Transport::Encrypted => ENCRYPTED,
        }
    }
}

/// The session that a request brings, if it does.
pub(crate) fn session(headers: &HeaderMap, transport: Transport) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == transport.cookie())
        .map(|(_, value)| value.to_owned())
}

/// A header that sets the cookie; with an empty value it ends it.
pub(crate) fn set(value: &str, transport: Transport) -> String {
    let secure = if transport == Transport::Encrypted { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", transport.cookie())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; mw_session=s1".parse().unwrap());
        headers.append(COOKIE, "c=d; __Host-mw_session=s2".parse().unwrap());
        assert_eq!(session(&headers, Transport::Plain).as_deref(), Some("s1"));
        // What another host of the domain could have set is not looked at under TLS.
        assert_eq!(session(&headers, Transport::Encrypted).as_deref(), Some("s2"));
        assert_eq!(session(&HeaderMap::new(), Transport::Plain), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(set("s", Transport::Encrypted), "__Host-mw_session=s; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set("", Transport::Plain), "mw_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }
}
