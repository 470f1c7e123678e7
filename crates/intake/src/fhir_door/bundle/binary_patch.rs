//! Patches in a bundle: a JSON Patch, in base64, in a `Binary`.

use crate::fhir_door::refusal::bad_request;
use fhir::json::Node;
use records::Error;

/// Longest patch.
const PATCH_BYTES: usize = 16 << 20;

/// The JSON Patch that an entry carries in a `Binary`.
pub(super) fn patch_of(resource: Option<Node<'_>>) -> Result<Vec<u8>, Error> {
    let resource =
        resource.ok_or_else(|| bad_request("PATCH has no resource: a Binary with the JSON Patch is needed"))?;
    let text = |name: &str| resource.get(name).and_then(Node::as_str);
    match text("resourceType").as_deref() {
        Some("Binary") => {}
        Some("Parameters") => {
            return Err(Error::NotSupported(
                "FHIRPath Patch (Parameters) is not supported: send a JSON Patch in a Binary".into(),
            ));
        }
        _ => return Err(bad_request("PATCH needs a Binary with the JSON Patch")),
    }
    match text("contentType") {
        Some(media) if media.starts_with("application/json-patch+json") => {}
        other => {
            let other = other.unwrap_or_default();
            return Err(bad_request(format!("Binary.contentType {other:?} is not application/json-patch+json")));
        }
    }
    let data = text("data").ok_or_else(|| bad_request("Binary.data is missing"))?;
    if data.len() / 4 * 3 > PATCH_BYTES {
        return Err(bad_request(format!("the patch is longer than {PATCH_BYTES} bytes")));
    }
    base64(&data).ok_or_else(|| bad_request("Binary.data is not base64"))
}

/// Decodes base64 (RFC 4648, section 4), white space allowed.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let body = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
    if !digits.len().is_multiple_of(4) || body.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    for chunk in body.chunks(4) {
        let mut bits = 0u32;
        for &digit in chunk {
            let six = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(six);
        }
        bits <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy", "foobar")] {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for bad in ["Z", "Zg=", "Zm9*", "===="] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }
}
