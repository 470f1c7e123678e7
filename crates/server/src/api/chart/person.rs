//! Who a patient is.

use super::element::{concept_text, each, put, text};
use fhir::json::Node;
use serde_json::{Map, Value, json};

const BIRTH_TIME: &str = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// Id, name, birth, death, sex, identifiers: what lists and banners show.
pub(crate) fn person(patient: Node<'_>) -> Value {
    let mut out = Map::new();
    put(&mut out, "id", text(patient, "id"));
    out.insert("name".into(), name(patient));
    put(&mut out, "born", birth_time(patient).or_else(|| text(patient, "birthDate")));
    let died =
        text(patient, "deceasedDateTime").or_else(|| text(patient, "deceasedBoolean").filter(|died| died == "true"));
    put(&mut out, "died", died);
    put(&mut out, "sex", text(patient, "gender"));
    out.insert("identifiers".into(), identifiers(patient));
    Value::Object(out)
}

/// The same with what a chart's banner adds: the records that this one was merged with.
pub(crate) fn banner(patient: Node<'_>) -> Value {
    let mut out = person(patient);
    let linked = |kind: &str| -> Vec<String> {
        each(patient, "link")
            .filter(|link| link.get("type").is_some_and(|t| t.is_str(kind)))
            .filter_map(|link| text(link.get("other")?, "reference"))
            .map(|reference| reference.strip_prefix("Patient/").unwrap_or(&reference).to_owned())
            .collect()
    };
    if let Some(into) = linked("replaced-by").into_iter().next() {
        out["merged_into"] = json!(into);
    }
    out["merged_from"] = json!(linked("replaces"));
    out
}

fn birth_time(patient: Node<'_>) -> Option<String> {
    let extension = each(patient.get("_birthDate")?, "extension")
        .find(|e| e.get("url").is_some_and(|url| url.is_str(BIRTH_TIME)))?;
    text(extension, "valueDateTime")
}

fn name(patient: Node<'_>) -> Value {
    // The name in use: not an old one, an official one before a nickname.
    let rank = |name: &Node<'_>| match text(*name, "use").as_deref() {
        Some("official") => 0,
        Some("usual") => 1,
        None | Some("temp" | "anonymous") => 2,
        Some("maiden" | "nickname") => 3,
        _ => 4,
    };
    let mut names: Vec<Node<'_>> = each(patient, "name").collect();
    names.sort_by_key(rank);
    let given = |name: Node<'_>| {
        each(name, "given").filter_map(|g| g.as_str().map(std::borrow::Cow::into_owned)).collect::<Vec<_>>().join(" ")
    };
    let whole = |name: Node<'_>| {
        let parts = [given(name), text(name, "family").unwrap_or_default()];
        text(name, "text").unwrap_or_else(|| parts.join(" ").trim().to_owned())
    };
    let in_han = |name: Node<'_>| -> Option<String> {
        let parts = format!("{}{}", text(name, "family").unwrap_or_default(), given(name));
        let text = if parts.chars().any(is_han) { parts } else { text(name, "text")? };
        text.chars().any(is_han).then(|| text.chars().filter(|c| !c.is_whitespace()).collect())
    };
    let latin = names.iter().copied().find(|name| {
        !format!("{}{}", text(*name, "family").unwrap_or_default(), given(*name)).chars().any(is_han)
            && !whole(*name).is_empty()
    });
    let Some(&first) = names.first() else { return json!({"text": ""}) };
    let shown = latin.unwrap_or(first);
    let mut out = Map::new();
    out.insert("text".into(), json!(whole(shown)));
    put(&mut out, "family", text(shown, "family"));
    put(&mut out, "given", Some(given(shown)).filter(|given| !given.is_empty()));
    let prefix: Vec<String> =
        each(shown, "prefix").filter_map(|p| p.as_str().map(std::borrow::Cow::into_owned)).collect();
    put(&mut out, "prefix", Some(prefix.join(" ")).filter(|prefix| !prefix.is_empty()));
    put(&mut out, "zh", names.iter().find_map(|name| in_han(*name)));
    Value::Object(out)
}

/// Identifiers, the medical record number first and old ones last.
fn identifiers(patient: Node<'_>) -> Value {
    let mut all: Vec<(u8, Value)> = each(patient, "identifier")
        .filter_map(|identifier| {
            let kind = identifier.get("type");
            let code = kind.and_then(|kind| super::element::code(Some(kind)));
            let is_old = identifier.get("use").is_some_and(|u| u.is_str("old"));
            let rank = if is_old { 9 } else { u8::from(code.as_deref() != Some("MR")) };
            let label =
                if code.as_deref() == Some("MR") { Some("MRN".to_owned()) } else { kind.and_then(concept_text) };
            let mut out = Map::new();
            put(&mut out, "system", text(identifier, "system"));
            put(&mut out, "value", Some(text(identifier, "value")?));
            put(&mut out, "label", label);
            Some((rank, Value::Object(out)))
        })
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, identifier)| identifier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    fn of(json: &str) -> Value {
        banner(Document::parse(json.as_bytes()).unwrap().root())
    }

    #[test]
    fn both_scripts_of_a_name_are_given_and_the_record_number_comes_first() {
        let patient = of(r#"{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1958-07-14",
                "name":[{"use":"usual","text":"陈伟","family":"陈","given":["伟"]},{"family":"Chen","given":["Wei"],"prefix":["Mr"]}],
                "identifier":[{"value":"9","use":"old","type":{"coding":[{"code":"MR"}]}},{"value":"7","type":{"text":"Insurance"}},{"value":"8","type":{"coding":[{"code":"MR"}]}}],
                "link":[{"type":"replaces","other":{"reference":"Patient/0"}}]}"#);
        assert_eq!(
            patient["name"],
            json!({"text": "Wei Chen", "family": "Chen", "given": "Wei", "prefix": "Mr", "zh": "陈伟"})
        );
        assert_eq!(
            patient["identifiers"],
            json!([{"value": "8", "label": "MRN"}, {"value": "7", "label": "Insurance"}, {"value": "9", "label": "MRN"}])
        );
        assert_eq!(patient["merged_from"], json!(["0"]));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(
            of(r#"{"resourceType":"Patient","id":"1"}"#),
            json!({"id": "1", "name": {"text": ""}, "identifiers": [], "merged_from": []})
        );
        let patient = of(
            r#"{"resourceType":"Patient","id":"1","deceasedBoolean":true,"birthDate":"2026-11-24","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"2026-11-24T03:10:00+08:00"}]}}"#,
        );
        assert_eq!((&patient["died"], &patient["born"]), (&json!("true"), &json!("2026-11-24T03:10:00+08:00")));
    }
}
