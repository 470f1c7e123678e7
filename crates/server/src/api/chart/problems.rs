//! Problems and allergies.

use super::Parsed;
use super::element::{code, concept, concept_text, each, newest_first, put, quantity_text, text};
use fhir::json::Node;
use serde_json::{Map, Value, json};

/// SNOMED CT codes that say that there is no known allergy, of any or of one kind.
const NONE_KNOWN: [&str; 5] = ["716186003", "409137002", "429625007", "428607008", "716184000"];

/// A time that FHIR lets be a date, a period, an age or words.
fn when(node: Node<'_>, element: &str) -> Option<String> {
    text(node, &format!("{element}DateTime"))
        .or_else(|| text(node.get(&format!("{element}Period"))?, "start"))
        .or_else(|| node.get(&format!("{element}Age")).and_then(quantity_text))
        .or_else(|| node.get(&format!("{element}Range")).and_then(|range| quantity_text(range.get("low")?)))
        .or_else(|| text(node, &format!("{element}String")))
}

/// `Condition`s, newest onset first.
pub(super) fn problems(all: &[Parsed<'_>]) -> Vec<Value> {
    let mut out: Vec<Value> = all
        .iter()
        .map(|Parsed { reference, root }| {
            let mut problem = Map::new();
            problem.insert("ref".into(), json!(reference));
            problem.insert("code".into(), concept(root.get("code")));
            put(&mut problem, "clinical", code(root.get("clinicalStatus")));
            put(&mut problem, "verification", code(root.get("verificationStatus")));
            put(&mut problem, "onset", when(*root, "onset"));
            put(&mut problem, "abated", when(*root, "abatement"));
            put(&mut problem, "recorded", text(*root, "recordedDate"));
            Value::Object(problem)
        })
        .collect();
    newest_first(&mut out, |problem| problem["onset"].as_str().or_else(|| problem["recorded"].as_str()));
    out
}

/// `AllergyIntolerance`s, high risk first.
pub(super) fn allergies(all: &[Parsed<'_>]) -> Vec<Value> {
    let mut out: Vec<Value> = all
        .iter()
        .map(|Parsed { reference, root }| {
            let substance =
                root.get("code").or_else(|| each(*root, "reaction").find_map(|reaction| reaction.get("substance")));
            let words = substance.and_then(concept_text).unwrap_or_default().to_lowercase();
            let coded = substance.is_some_and(|s| {
                each(s, "coding").any(|c| text(c, "code").is_some_and(|c| NONE_KNOWN.contains(&c.as_str())))
            });
            let reactions: Vec<String> = each(*root, "reaction")
                .flat_map(|reaction| each(reaction, "manifestation"))
                .filter_map(concept_text)
                .collect();
            let mut allergy = Map::new();
            allergy.insert("ref".into(), json!(reference));
            allergy.insert("code".into(), concept(substance));
            put(&mut allergy, "clinical", code(root.get("clinicalStatus")));
            put(&mut allergy, "verification", code(root.get("verificationStatus")));
            put(&mut allergy, "criticality", text(*root, "criticality"));
            allergy.insert("reactions".into(), json!(reactions));
            allergy.insert("none_known".into(), json!(coded || says_none(&words)));
            Value::Object(allergy)
        })
        .collect();
    out.sort_by_key(|allergy| {
        (allergy["criticality"] != "high", allergy["code"]["text"].as_str().unwrap_or("").to_lowercase())
    });
    out
}

/// Words that deny allergies, as uncoded sources write them.
fn says_none(words: &str) -> bool {
    matches!(words.trim(), "nka" | "nkda" | "nkfa" | "none known" | "无已知过敏" | "无过敏史" | "否认过敏史")
        || words.starts_with("no known ") && words.contains("allerg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    #[test]
    fn no_known_allergy_is_not_an_allergy() {
        for (json, none) in [
            (r#"{"code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}]}}"#, true),
            (r#"{"code":{"text":"No known drug allergies"}}"#, true),
            (r#"{"code":{"text":"NKDA"}}"#, true),
            (r#"{"code":{"text":"Penicillin"},"reaction":[{"manifestation":[{"text":"rash"}]}]}"#, false),
            (r#"{"reaction":[{"substance":{"text":"Latex"}}]}"#, false),
        ] {
            let document = Document::parse(json.as_bytes()).unwrap();
            let all = allergies(&[Parsed { reference: "AllergyIntolerance/1".into(), root: document.root() }]);
            assert_eq!(all[0]["none_known"], none, "{json}");
        }
    }
}
