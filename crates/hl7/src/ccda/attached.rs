//! Clinical documents within resources: attachments of DocumentReference, data of Binary.

use super::read::is_clinical_document;
use fhir::json::Tree;

/// The clinical documents that a DocumentReference or Binary holds as data.
pub fn attached(resource: &Tree) -> Vec<Vec<u8>> {
    let contents = resource.get("content").map_or(&[][..], Tree::items).iter();
    let attachments = contents.filter_map(|content| content.get("attachment")?.get("data"));
    let own = resource.get("data").filter(|_| resource.get("resourceType").and_then(Tree::as_str) == Some("Binary"));
    let texts = attachments.chain(own).filter_map(Tree::as_str);
    texts.filter_map(decoded).filter(|bytes| is_clinical_document(bytes)).collect()
}

/// The bytes of Base64, with white space anywhere; `None` if it is none.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut count, mut padding) = (0u32, 0, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                0
            }
            _ => return None,
        };
        if padding > 0 && byte != b'=' {
            return None;
        }
        group = group << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, count) = (0, 0);
        }
    }
    if count != 0 || padding > 2 {
        return None;
    }
    out.truncate(out.len() - padding);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::value::base64;
    use proptest::prelude::*;

    #[test]
    fn what_is_a_clinical_document_is_found_and_nothing_else() {
        let text = "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>";
        let attachment = |data: &str| Tree::from([("attachment", Tree::from([("data", data.into())]))]);
        let contents = vec![attachment(&base64(text.as_bytes())), attachment("JVBERg=="), attachment("no base 64!")];
        let reference = Tree::from([("resourceType", "DocumentReference".into()), ("content", contents.into())]);
        assert_eq!(attached(&reference), [text.as_bytes()]);
        let binary = Tree::from([("resourceType", "Binary".into()), ("data", base64(text.as_bytes()).into())]);
        assert_eq!(attached(&binary), [text.as_bytes()]);
    }

    proptest! {
        #[test]
        fn base64_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..64), other in "[A-Za-z0-9+/= !]{0,16}") {
            prop_assert_eq!(decoded(&base64(&bytes)), Some(bytes));
            if let Some(bytes) = decoded(&other) {
                prop_assert!(bytes.len() <= other.len());
            }
        }
    }
}
