//! Encounters.

use super::Parsed;
use super::element::{coding_text, each, newest_first, put, text};
use fhir::json::Node;
use serde_json::{Map, Value, json};

/// What a type is called. A bare code (`E` of a message's PV1-4) says nothing to those who read a chart.
fn words(concept: Node<'_>) -> Option<String> {
    text(concept, "text")
        .filter(|words| each(concept, "coding").all(|coding| text(coding, "code").as_ref() != Some(words)))
        .or_else(|| each(concept, "coding").find_map(|coding| text(coding, "display")))
}

/// `Encounter`s, newest first.
pub(super) fn encounters(all: &[Parsed<'_>]) -> Vec<Value> {
    let mut out: Vec<Value> = all
        .iter()
        .map(|Parsed { reference, root }| {
            let period = root.get("period");
            let place = each(*root, "location")
                .find_map(|location| text(location.get("location")?, "display"))
                .or_else(|| text(root.get("serviceProvider")?, "display"));
            let mut encounter = Map::new();
            encounter.insert("ref".into(), json!(reference));
            put(&mut encounter, "status", text(*root, "status"));
            put(&mut encounter, "class", root.get("class").and_then(coding_text));
            put(&mut encounter, "class_code", root.get("class").and_then(|class| text(class, "code")));
            put(&mut encounter, "type", each(*root, "type").find_map(words));
            put(&mut encounter, "start", period.and_then(|period| text(period, "start")));
            put(&mut encounter, "end", period.and_then(|period| text(period, "end")));
            put(&mut encounter, "place", place);
            Value::Object(encounter)
        })
        .collect();
    newest_first(&mut out, |encounter| encounter["start"].as_str());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    #[test]
    fn a_bare_code_is_no_type() {
        let of = |json: &str| words(Document::parse(json.as_bytes()).unwrap().root());
        assert_eq!(of(r#"{"coding":[{"code":"E"}]}"#), None);
        assert_eq!(of(r#"{"coding":[{"code":"E"}],"text":"E"}"#), None);
        assert_eq!(of(r#"{"coding":[{"code":"E","display":"Emergency"}]}"#).as_deref(), Some("Emergency"));
        assert_eq!(of(r#"{"text":"Check-up"}"#).as_deref(), Some("Check-up"));
    }
}
