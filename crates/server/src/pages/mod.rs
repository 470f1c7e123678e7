//! The pages, as `web/` builds them, and where their routes are registered.
//!
//! Assets have names with a hash in them and may be kept for ever; `index.html` is made fresh for each answer, because it
//! carries the nonce of the content security policy.

use crate::Route;
use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// The rows of what only the pages ask for: their JSON goes here.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}

/// Where `index.html` takes the nonce.
const HEAD: &str = "<head>";

/// Which pages these are, in 16 hexadecimal digits: other pages have others.
pub(crate) fn fingerprint() -> String {
    let mut files: Vec<(String, [u8; 32])> = Dist::iter()
        .filter_map(|name| Dist::get(&name).map(|file| (name.to_string(), file.metadata.sha256_hash())))
        .collect();
    files.sort_unstable();
    format!("{:016x}", fingerprint_of(&files))
}

/// FNV-1a over names and SHA-256 hashes: nobody chooses them to collide.
fn fingerprint_of(files: &[(String, [u8; 32])]) -> u64 {
    let bytes = files.iter().flat_map(|(name, hash)| name.bytes().chain([0]).chain(*hash));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A page or an asset. Every path that is no asset is a page of the one application, also one that ends in a patient's id
/// with a dot in it.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    if !name.is_empty() && name != "index.html" {
        if let Some(asset) = asset(name, headers) {
            return asset;
        }
        let is_file = name.starts_with("assets/") || (name.contains('.') && !name.contains('/'));
        if is_file {
            return plain(StatusCode::NOT_FOUND, format!("there is nothing at {path}"));
        }
    }
    match Dist::get("index.html") {
        Some(index) => page(&String::from_utf8_lossy(&index.data)),
        None => plain(StatusCode::OK, "the pages are not built: run `make web`".to_owned()),
    }
}

fn asset(name: &str, headers: &HeaderMap) -> Option<Response> {
    // What is compressed beside an asset is not an asset of its own.
    if name.strip_suffix(".br").is_some() {
        return None;
    }
    let takes_brotli = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|encoding| encoding.trim() == "br" || encoding.trim().starts_with("br;") && !encoding.contains("q=0"));
    let packed = takes_brotli.then(|| Dist::get(&format!("{name}.br"))).flatten();
    let is_packed = packed.is_some();
    let file = match packed {
        Some(file) => file,
        None => Dist::get(name)?,
    };
    let media = Dist::get(name).map(|file| file.metadata.mimetype().to_owned()).unwrap_or_default();
    let mut response = Response::new(Body::from(file.data.into_owned()));
    set(&mut response, CONTENT_TYPE, &with_charset(&media));
    set(&mut response, VARY, "accept-encoding");
    let is_hashed = name.starts_with("assets/");
    set(&mut response, CACHE_CONTROL, if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" });
    if is_packed {
        set(&mut response, CONTENT_ENCODING, "br");
    }
    Some(response)
}

fn with_charset(media: &str) -> String {
    let is_text = media.starts_with("text/")
        || media.ends_with("javascript")
        || media.ends_with("json")
        || media.ends_with("svg+xml");
    if is_text { format!("{media}; charset=utf-8") } else { media.to_owned() }
}

fn page(index: &str) -> Response {
    let mut bytes = [0; 16];
    access::system_random(&mut bytes);
    let nonce = u128::from_be_bytes(bytes);
    let nonce = format!("{nonce:032x}");
    let meta = format!("{HEAD}<meta property=\"csp-nonce\" nonce=\"{nonce}\">");
    let mut response = Response::new(Body::from(index.replacen(HEAD, &meta, 1)));
    set(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
    set(&mut response, CACHE_CONTROL, "no-store");
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; connect-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    set(&mut response, HeaderName::from_static("content-security-policy"), &policy);
    response
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_pages_have_another_fingerprint() {
        let pages =
            |name: &str, content: u8| fingerprint_of(&[("index.html".into(), [1; 32]), (name.into(), [content; 32])]);
        assert_eq!(pages("a.js", 2), pages("a.js", 2));
        assert_ne!(pages("a.js", 2), pages("a.js", 3));
        assert_ne!(pages("a.js", 2), pages("b.js", 2));
        assert_eq!(fingerprint().len(), 16);
    }

    #[test]
    fn an_id_with_a_dot_is_a_page_and_a_file_that_is_not_there_is_not_found() {
        let status = |path: &str| serve(path, &HeaderMap::new()).status();
        for path in ["/", "/patients", "/p/1.2.840.113", "/p/1.2.3/labs", "/../../Cargo.toml"] {
            assert_eq!(status(path), StatusCode::OK, "{path}");
        }
        for path in ["/nothing.js", "/assets/nothing.js", "/assets/x", "/favicon.txt"] {
            assert_eq!(status(path), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
