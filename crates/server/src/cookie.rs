//! The session cookie.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// Its name.
pub(crate) const SESSION: &str = "mw_session";

/// The session that a request brings, if it does.
pub(crate) fn session(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION)
        .map(|(_, value)| value.to_owned())
}

/// Whether the connection is encrypted: cookies then say so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Plain,
    Encrypted,
}

/// A header that sets the cookie; with an empty value it ends it.
pub(crate) fn set(value: &str, transport: Transport) -> String {
    let secure = if transport == Transport::Encrypted { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    format!("{SESSION}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; mw_session=s1".parse().unwrap());
        headers.append(COOKIE, "c=d".parse().unwrap());
        assert_eq!(session(&headers).as_deref(), Some("s1"));
        assert_eq!(session(&HeaderMap::new()), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(set("s", Transport::Encrypted), "mw_session=s; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set("", Transport::Plain), "mw_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }
}
