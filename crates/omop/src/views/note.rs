//! The text of notes: what a DocumentReference has attached, where it is text.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, StringArray};
use fhir::json::Document;
use std::sync::Arc;

/// Of each resource the text of one of its contents, if that is text and there.
pub(super) fn texts(resources: &StringArray, contents: &ArrayRef) -> ArrayRef {
    let contents = contents.as_primitive::<Int64Type>();
    let text = |row: usize| -> Option<String> {
        if resources.is_null(row) || contents.is_null(row) {
            return None;
        }
        let document = Document::parse(resources.value(row).as_bytes()).ok()?;
        let at = usize::try_from(contents.value(row)).ok()?;
        let attachment = document.root().get("content")?.items().nth(at)?.get("attachment")?;
        let kind = attachment.get("contentType").and_then(fhir::json::Node::as_str).unwrap_or_default().into_owned();
        let data = attachment.get("data")?.as_str()?.into_owned();
        if !kind.starts_with("text/") {
            return None;
        }
        String::from_utf8(decode(&data)?).ok()
    };
    Arc::new((0..resources.len()).map(text).collect::<StringArray>())
}

/// The bytes of a base64 text.
fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => Some(u32::from(c - b'A')),
        b'a'..=b'z' => Some(u32::from(c - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(c - b'0') + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=') {
        bits = (bits << 6) | value(c)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_is_read_with_and_without_its_end() {
        assert_eq!(decode("6IK654KO").as_deref(), Some("肺炎".as_bytes()));
        assert_eq!(decode("YQ==").as_deref(), Some(&b"a"[..]));
        assert_eq!(decode("YWI").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode("a?"), None);
    }
}
