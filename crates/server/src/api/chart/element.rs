//! Reading the elements that many resources share.

use fhir::json::Node;
use serde_json::{Map, Value, json};

/// A member's text.
pub(super) fn text(node: Node<'_>, name: &str) -> Option<String> {
    Some(node.get(name)?.scalar_text()?.into_owned()).filter(|text| !text.is_empty())
}

/// A repeating element.
pub(super) fn each<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> {
    node.get(name).into_iter().flat_map(Node::each)
}

/// The first code of a CodeableConcept.
pub(super) fn code(concept: Option<Node<'_>>) -> Option<String> {
    each(concept?, "coding").find_map(|coding| text(coding, "code"))
}

/// Words for a Coding: its display, else its code.
pub(super) fn coding_text(coding: Node<'_>) -> Option<String> {
    text(coding, "display").or_else(|| text(coding, "code"))
}

/// Words for a CodeableConcept: its text, else the display or code of the first coding that has one.
pub(super) fn concept_text(concept: Node<'_>) -> Option<String> {
    text(concept, "text")
        .or_else(|| each(concept, "coding").find_map(|coding| text(coding, "display")))
        .or_else(|| each(concept, "coding").find_map(|coding| text(coding, "code")))
}

/// A CodeableConcept as the page takes it: words, and the code they stand for.
pub(super) fn concept(concept: Option<Node<'_>>) -> Value {
    let mut out = Map::new();
    out.insert("text".into(), json!(concept.and_then(concept_text).unwrap_or_default()));
    if let Some(coding) =
        concept.and_then(|concept| each(concept, "coding").find(|coding| coding.get("code").is_some()))
    {
        put(&mut out, "system", text(coding, "system"));
        put(&mut out, "code", text(coding, "code"));
    }
    Value::Object(out)
}

/// Sets a member if there is something to say.
pub(super) fn put(out: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        out.insert(name.into(), Value::String(value));
    }
}

/// A quantity in words: value and unit.
pub(super) fn quantity_text(quantity: Node<'_>) -> Option<String> {
    let value = text(quantity, "value")?;
    let unit = text(quantity, "unit").or_else(|| text(quantity, "code"));
    let comparator = text(quantity, "comparator").unwrap_or_default();
    Some(match unit {
        Some(unit) => format!("{comparator}{value} {unit}"),
        None => format!("{comparator}{value}"),
    })
}

/// Sorts what was recorded by a time, newest first; what has none comes last. FHIR times sort by their text well enough
/// within the same precision, and by day across precisions and offsets.
pub(super) fn newest_first(all: &mut [Value], time: fn(&Value) -> Option<&str>) {
    all.sort_by(|a, b| time(b).unwrap_or("").cmp(time(a).unwrap_or("")));
}
