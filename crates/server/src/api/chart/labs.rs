//! Observations as tests and results.

use super::Parsed;
use super::element::{code, concept, concept_text, each, put, quantity_text, text};
use fhir::json::Node;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

const LOINC: &str = "http://loinc.org";

/// LOINC codes of the FHIR vital-signs profile: sources that give no category mean these all the same.
const VITAL_SIGNS: [&str; 15] = [
    "85353-1", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2", "9843-4", "29463-7", "39156-5", "85354-9",
    "8480-6", "8462-4", "55284-4", "8478-0",
];

/// The tests in the order in which they were first met, and the results that point to them.
pub(super) fn table(observations: &[Parsed<'_>]) -> (Vec<Value>, Vec<Value>) {
    let mut table = Table::default();
    for parsed in observations {
        table.observation(parsed);
    }
    (table.tests, table.results)
}

#[derive(Default)]
struct Table {
    tests: Vec<Value>,
    by_key: HashMap<String, usize>,
    results: Vec<Value>,
}

impl Table {
    fn observation(&mut self, Parsed { reference, root }: &Parsed<'_>) {
        let category = category(*root);
        let at = text(*root, "effectiveDateTime")
            .or_else(|| text(*root, "effectiveInstant"))
            .or_else(|| {
                root.get("effectivePeriod").and_then(|period| text(period, "start").or_else(|| text(period, "end")))
            })
            .or_else(|| text(*root, "issued"));
        let status = text(*root, "status");
        let mut add = |holder: Node<'_>, path: &str| {
            let Some(mut result) = result(holder, path) else { return false };
            let Some(test) = self.test(holder.get("code"), &category) else { return false };
            result.insert("ref".into(), json!(reference));
            result.insert("test".into(), json!(test));
            put(&mut result, "at", at.clone());
            put(&mut result, "status", status.clone());
            self.results.push(Value::Object(result));
            true
        };
        let own = add(*root, "");
        let mut parts = false;
        for (n, component) in each(*root, "component").enumerate() {
            parts |= add(component, &format!("component[{n}]."));
        }
        // A panel has no value of its own; anything else without one is shown as that.
        if !own && !parts && root.get("hasMember").is_none() {
            let Some(test) = self.test(root.get("code"), &category) else { return };
            let mut result = Map::from_iter([
                ("ref".to_owned(), json!(reference)),
                ("test".into(), json!(test)),
                ("numeric".into(), json!(false)),
                ("field".into(), json!("code")),
            ]);
            put(&mut result, "at", at);
            put(&mut result, "status", status);
            self.results.push(Value::Object(result));
        }
    }

    /// The number of a test: by its LOINC code, any other code, or its words.
    fn test(&mut self, code: Option<Node<'_>>, category: &str) -> Option<usize> {
        let code = code?;
        let coded = |coding: &Node<'_>| coding.get("code").is_some();
        let coding = each(code, "coding")
            .find(|coding| coded(coding) && coding.get("system").is_some_and(|system| system.is_str(LOINC)))
            .or_else(|| each(code, "coding").find(coded));
        let key = match coding {
            Some(coding) => {
                format!("{}|{}", text(coding, "system").unwrap_or_default(), text(coding, "code").unwrap_or_default())
            }
            None => concept_text(code)?,
        };
        if let Some(&test) = self.by_key.get(&key) {
            return Some(test);
        }
        let is_vital =
            coding.is_some_and(|coding| text(coding, "code").is_some_and(|code| VITAL_SIGNS.contains(&code.as_str())));
        let category = match category {
            "" if is_vital => "vital-signs",
            "" => "laboratory",
            known => known,
        };
        let test = self.tests.len();
        self.tests.push(json!({"key": key, "code": concept(Some(code)), "category": category}));
        self.by_key.insert(key, test);
        Some(test)
    }
}

fn category(observation: Node<'_>) -> String {
    let codes: Vec<String> = each(observation, "category").filter_map(|category| code(Some(category))).collect();
    // v2 diagnostic service sections that are laboratories.
    let is_lab = |code: &&String| {
        matches!(code.to_ascii_uppercase().as_str(), "LAB" | "CH" | "HM" | "MB" | "SR" | "BG" | "IMM" | "TX")
    };
    if codes.iter().any(|code| is_lab(&code)) {
        "laboratory".into()
    } else {
        codes.into_iter().next().unwrap_or_default()
    }
}

/// The value of an observation or component, with its flag and range; `None` if there is neither value nor reason.
fn result(holder: Node<'_>, path: &str) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    let value = holder.members().find(|(name, _)| name.starts_with("value") && name.len() > 5);
    let absent = holder.get("dataAbsentReason");
    match value {
        Some((name, value)) => {
            let (shown, numeric) = shown(name, value);
            put(&mut out, "value", shown);
            out.insert("numeric".into(), json!(numeric));
            out.insert("field".into(), json!(format!("{path}{name}")));
            if name == "valueQuantity" {
                put(&mut out, "comparator", text(value, "comparator"));
                put(&mut out, "unit", text(value, "unit").or_else(|| text(value, "code")));
            }
        }
        None => {
            let reason = absent?;
            put(&mut out, "absent", code(Some(reason)).or_else(|| concept_text(reason)));
            out.insert("numeric".into(), json!(false));
            out.insert("field".into(), json!(format!("{path}dataAbsentReason")));
        }
    }
    put(
        &mut out,
        "flag",
        each(holder, "interpretation").find_map(|flag| code(Some(flag)).or_else(|| concept_text(flag))),
    );
    if let Some(range) = range(holder, value.map(|(_, value)| value)) {
        out.insert("range".into(), range);
    }
    Some(out)
}

/// A value as text with the digits of its source, and whether it is a number.
fn shown(name: &str, value: Node<'_>) -> (Option<String>, bool) {
    let of = |name: &str| value.get(name).and_then(quantity_text);
    match name {
        "valueQuantity" => (text(value, "value"), true),
        "valueInteger" => (value.scalar_text().map(std::borrow::Cow::into_owned), true),
        "valueCodeableConcept" => (concept_text(value), false),
        "valueRange" => (Some([of("low"), of("high")].into_iter().flatten().collect::<Vec<_>>().join(" – ")), false),
        "valueRatio" => {
            (Some([of("numerator"), of("denominator")].into_iter().flatten().collect::<Vec<_>>().join(" : ")), false)
        }
        "valuePeriod" => (
            Some([text(value, "start"), text(value, "end")].into_iter().flatten().collect::<Vec<_>>().join(" – ")),
            false,
        ),
        "valueSampledData" => (
            Some(format!(
                "{} × {} ms",
                text(value, "dimensions").unwrap_or_default(),
                text(value, "period").unwrap_or_default()
            )),
            false,
        ),
        _ => (value.scalar_text().map(std::borrow::Cow::into_owned), false),
    }
}

/// The normal range that the source states, if it is in the unit of the value.
fn range(holder: Node<'_>, value: Option<Node<'_>>) -> Option<Value> {
    let is_normal =
        |range: &Node<'_>| range.get("type").is_none_or(|kind| code(Some(kind)).as_deref() == Some("normal"));
    let range = each(holder, "referenceRange").find(is_normal)?;
    let unit = |quantity: Node<'_>| text(quantity, "code").or_else(|| text(quantity, "unit"));
    let same_unit = |limit: &Node<'_>| {
        let (of_limit, of_value) = (unit(*limit), value.and_then(unit));
        of_limit.is_none()
            || of_value.is_none()
            || of_limit == of_value
            || value.is_some_and(|value| text(value, "unit") == text(*limit, "unit"))
    };
    let limit = |name: &str| range.get(name).filter(same_unit).and_then(|limit| text(limit, "value"));
    let mut out = Map::new();
    put(&mut out, "low", limit("low"));
    put(&mut out, "high", limit("high"));
    put(&mut out, "text", text(range, "text"));
    (!out.is_empty()).then_some(Value::Object(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    fn of(json: &str) -> (Vec<Value>, Vec<Value>) {
        let document = Document::parse(json.as_bytes()).unwrap();
        table(&[Parsed { reference: "Observation/1".into(), root: document.root() }])
    }

    #[test]
    fn digits_range_and_flag_come_as_the_source_wrote_them() {
        let (tests, results) = of(
            r#"{"status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"urn:local","code":"x"},{"system":"http://loinc.org","code":"2744-1","display":"pH"}]},
                "effectiveDateTime":"2026-01-01","valueQuantity":{"value":7.40,"unit":"pH"},"interpretation":[{"coding":[{"code":"N"}]}],
                "referenceRange":[{"type":{"coding":[{"code":"critical"}]},"low":{"value":6.9}},{"low":{"value":7.350},"high":{"value":7.45,"unit":"mmHg"}}]}"#,
        );
        assert_eq!(tests[0]["key"], "http://loinc.org|2744-1");
        assert_eq!(
            results[0],
            json!({"value": "7.40", "numeric": true, "field": "valueQuantity", "unit": "pH", "flag": "N", "range": {"low": "7.350"}, "ref": "Observation/1", "test": 0, "at": "2026-01-01", "status": "final"})
        );
    }

    #[test]
    fn components_are_tests_of_their_own_and_panels_none() {
        let (tests, results) = of(
            r#"{"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"component":[
                {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120}},
                {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"dataAbsentReason":{"coding":[{"code":"unknown"}]}}]}"#,
        );
        assert_eq!(
            tests.iter().map(|test| test["category"].as_str().unwrap()).collect::<Vec<_>>(),
            ["vital-signs", "vital-signs"]
        );
        assert_eq!(results[0]["field"], "component[0].valueQuantity");
        assert_eq!(
            (&results[1]["absent"], &results[1]["field"]),
            (&json!("unknown"), &json!("component[1].dataAbsentReason"))
        );
        assert_eq!(of(r#"{"code":{"text":"Panel"},"hasMember":[{"reference":"Observation/2"}]}"#).1.len(), 0);
        assert_eq!(of(r#"{"status":"cancelled","code":{"text":"Sodium"}}"#).1[0]["status"], "cancelled");
    }

    #[test]
    fn every_kind_of_value_has_words() {
        for (value, words) in [
            (r#""valueString":"trace""#, "trace"),
            (r#""valueInteger":3"#, "3"),
            (r#""valueBoolean":true"#, "true"),
            (r#""valueCodeableConcept":{"coding":[{"code":"A","display":"Type A"}]}"#, "Type A"),
            (r#""valueRange":{"low":{"value":1,"unit":"mm"},"high":{"value":2.0,"unit":"mm"}}"#, "1 mm – 2.0 mm"),
            (r#""valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}"#, "1 : 128"),
            (r#""valueDateTime":"2026""#, "2026"),
        ] {
            assert_eq!(of(&format!(r#"{{"code":{{"text":"t"}},{value}}}"#)).1[0]["value"], words, "{value}");
        }
    }
}
