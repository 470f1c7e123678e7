//! Encounters.

use super::Parsed;
use super::element::{coding_text, concept_text, each, newest_first, put, text};
use serde_json::{Map, Value, json};

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
            put(&mut encounter, "type", each(*root, "type").find_map(concept_text));
            put(&mut encounter, "start", period.and_then(|period| text(period, "start")));
            put(&mut encounter, "end", period.and_then(|period| text(period, "end")));
            put(&mut encounter, "place", place);
            Value::Object(encounter)
        })
        .collect();
    newest_first(&mut out, |encounter| encounter["start"].as_str());
    out
}
