//! Medications: what is being taken, as far as the record says, and what no longer is.

use super::Parsed;
use super::element::{concept, concept_text, each, newest_first, put, quantity_text, text};
use fhir::json::Node;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Intents that are an order; proposals and plans are none.
const ORDERS: [&str; 5] = ["order", "original-order", "reflex-order", "filler-order", "instance-order"];

type Drugs<'a, 'd> = HashMap<&'a str, Node<'d>>;

/// `MedicationRequest`s.
pub(super) fn requests(all: &[Parsed<'_>], drugs: &Drugs<'_, '_>, now: &str) -> Vec<Value> {
    let one = |Parsed { reference, root }: &Parsed<'_>| {
        let until = root
            .get("dispenseRequest")
            .and_then(|d| text(d.get("validityPeriod")?, "end"))
            .or_else(|| each(*root, "dosageInstruction").find_map(bounds_end));
        let status = text(*root, "status");
        let intent = text(*root, "intent");
        let is_order = intent.as_deref().is_none_or(|intent| ORDERS.contains(&intent));
        let active = status.as_deref() == Some("active") && is_order && !is_past(until.as_deref(), now);
        let mut out = named(reference, *root, drugs);
        put(&mut out, "status", status);
        put(&mut out, "intent", intent);
        put(&mut out, "dose", each(*root, "dosageInstruction").find_map(dose));
        put(&mut out, "reason", each(*root, "reasonCode").find_map(concept_text));
        put(&mut out, "since", text(*root, "authoredOn"));
        put(&mut out, "until", until);
        out.insert("active".into(), json!(active));
        Value::Object(out)
    };
    all.iter().map(one).collect()
}

/// `MedicationStatement`s.
pub(super) fn statements(all: &[Parsed<'_>], drugs: &Drugs<'_, '_>, now: &str) -> Vec<Value> {
    let one = |Parsed { reference, root }: &Parsed<'_>| {
        let period = root.get("effectivePeriod");
        let until = period.and_then(|period| text(period, "end"));
        let since = period.and_then(|period| text(period, "start")).or_else(|| text(*root, "effectiveDateTime"));
        let status = text(*root, "status");
        let active = matches!(status.as_deref(), Some("active" | "intended")) && !is_past(until.as_deref(), now);
        let mut out = named(reference, *root, drugs);
        put(&mut out, "status", status);
        put(&mut out, "dose", each(*root, "dosage").find_map(dose));
        put(&mut out, "reason", each(*root, "reasonCode").find_map(concept_text));
        put(&mut out, "since", since.or_else(|| text(*root, "dateAsserted")));
        put(&mut out, "until", until);
        out.insert("active".into(), json!(active));
        Value::Object(out)
    };
    all.iter().map(one).collect()
}

/// Newest first.
pub(super) fn sort(all: &mut [Value]) {
    newest_first(all, |medication| medication["since"].as_str());
}

/// Reference and name: in the request itself, in a contained resource, in a `Medication`, or in the reference's own words.
fn named(reference: &str, root: Node<'_>, drugs: &Drugs<'_, '_>) -> Map<String, Value> {
    let code = match root.get("medicationCodeableConcept") {
        Some(code) => concept(Some(code)),
        None => {
            let target = root.get("medicationReference");
            let to = target.and_then(|target| text(target, "reference")).unwrap_or_default();
            let drug = match to.strip_prefix('#') {
                Some(local) => {
                    each(root, "contained").find(|contained| contained.get("id").is_some_and(|id| id.is_str(local)))
                }
                None => drugs.get(to.split("/_history/").next().unwrap_or(&to)).copied(),
            };
            let code = drug.and_then(|drug| drug.get("code"));
            match (code, target.and_then(|target| text(target, "display"))) {
                (Some(code), _) => concept(Some(code)),
                (None, display) => json!({"text": display.unwrap_or(to)}),
            }
        }
    };
    let mut out = Map::new();
    out.insert("ref".into(), json!(reference));
    out.insert("code".into(), code);
    out
}

fn bounds_end(dosage: Node<'_>) -> Option<String> {
    text(dosage.path(&["timing", "repeat", "boundsPeriod"])?, "end")
}

/// Whether a day or time is over. FHIR times begin with the date, and days are compared: an end counts to its end.
fn is_past(until: Option<&str>, now: &str) -> bool {
    let Some(until) = until else { return false };
    let length = until.len().min(10);
    until.get(..length).zip(now.get(..length)).is_some_and(|(until, now)| until < now)
}

/// A dose as the source wrote it, else put together from its parts: `500 mg · 2×/1 d`.
fn dose(dosage: Node<'_>) -> Option<String> {
    if let Some(written) = text(dosage, "text") {
        return Some(written);
    }
    let amount = each(dosage, "doseAndRate").find_map(|rate| {
        let range = |range: Node<'_>| {
            Some(format!("{}–{}", text(range.get("low")?, "value")?, quantity_text(range.get("high")?)?))
        };
        rate.get("doseQuantity").and_then(quantity_text).or_else(|| rate.get("doseRange").and_then(range))
    });
    let how_often = dosage.get("timing").and_then(|timing| {
        timing.get("code").and_then(concept_text).or_else(|| {
            let repeat = timing.get("repeat")?;
            let frequency = text(repeat, "frequency").unwrap_or_else(|| "1".into());
            Some(format!("{frequency}×/{} {}", text(repeat, "period")?, text(repeat, "periodUnit")?))
        })
    });
    let route = dosage.get("route").and_then(concept_text);
    let parts: Vec<String> = [amount, how_often, route].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    fn request(json: &str) -> Value {
        let document = Document::parse(json.as_bytes()).unwrap();
        let drug = Document::parse(br#"{"id":"m","code":{"text":"Aspirin"}}"#).unwrap();
        let drugs = HashMap::from([("Medication/m", drug.root())]);
        requests(
            &[Parsed { reference: "MedicationRequest/1".into(), root: document.root() }],
            &drugs,
            "2026-11-25T10:00:00Z",
        )
        .remove(0)
    }

    #[test]
    fn active_means_ordered_and_not_over() {
        for (json, active) in [
            (r#"{"status":"active","intent":"order"}"#, true),
            (r#"{"status":"active","intent":"plan"}"#, false),
            (r#"{"status":"stopped","intent":"order"}"#, false),
            (
                r#"{"status":"active","intent":"order","dispenseRequest":{"validityPeriod":{"end":"2026-11-24"}}}"#,
                false,
            ),
            (r#"{"status":"active","intent":"order","dispenseRequest":{"validityPeriod":{"end":"2026-11-25"}}}"#, true),
            (
                r#"{"status":"active","dosageInstruction":[{"timing":{"repeat":{"boundsPeriod":{"end":"2025"}}}}]}"#,
                false,
            ),
        ] {
            assert_eq!(request(json)["active"], active, "{json}");
        }
    }

    #[test]
    fn a_drug_is_named_wherever_its_name_stands() {
        for (json, name) in [
            (r#"{"medicationCodeableConcept":{"text":"Ibuprofen"}}"#, "Ibuprofen"),
            (r#"{"medicationReference":{"reference":"Medication/m"}}"#, "Aspirin"),
            (
                r##"{"contained":[{"id":"c","code":{"text":"Heparin"}}],"medicationReference":{"reference":"#c"}}"##,
                "Heparin",
            ),
            (r#"{"medicationReference":{"reference":"Medication/gone","display":"Insulin"}}"#, "Insulin"),
            (r#"{"medicationReference":{"reference":"Medication/gone"}}"#, "Medication/gone"),
        ] {
            assert_eq!(request(json)["code"]["text"], name, "{json}");
        }
    }

    #[test]
    fn a_dose_keeps_the_digits_of_its_source() {
        let dosage = r#"{"dosageInstruction":[{"doseAndRate":[{"doseQuantity":{"value":0.50,"unit":"mg"}}],"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}]}"#;
        assert_eq!(request(dosage)["dose"], "0.50 mg · 2×/1 d");
    }

    #[test]
    fn an_order_says_what_it_is_for() {
        assert_eq!(request(r#"{"reasonCode":[{"text":"Atrial fibrillation"}]}"#)["reason"], "Atrial fibrillation");
    }
}
