mod operations;
mod random;
mod stored;

use super::*;
use crate::json::{Document, Node};
use crate::search::Way;
use std::collections::BTreeMap;

/// Definitions by name, as text.
struct Shelf<'t>(BTreeMap<&'t str, &'t str>);

impl Definitions for Shelf<'_> {
    type Error = TerminologyError;

    fn value_set(&self, name: &str) -> Result<Option<String>, TerminologyError> {
        Ok(self.0.get(name).map(|text| (*text).to_owned()))
    }

    fn code_system(&self, url: &str) -> Result<Option<String>, TerminologyError> {
        self.value_set(url)
    }
}

impl ConceptMaps for Shelf<'_> {
    fn concept_map(&self, url: &str) -> Result<Option<String>, TerminologyError> {
        self.value_set(url)
    }

    fn concept_maps(&self, system: &str, end: End, limit: usize) -> Result<Vec<String>, TerminologyError> {
        let name = if end == End::Source { "source" } else { "target" };
        let has = |text: &&&str| {
            let document = Document::parse(text.as_bytes()).unwrap();
            let mut groups = document.root().get("group").into_iter().flat_map(Node::each);
            groups.any(|group| group.get(name).is_some_and(|own| own.is_str(system)))
        };
        Ok(self.0.values().filter(has).take(limit).map(|text| (*text).to_owned()).collect())
    }
}

fn shelf() -> Shelf<'static> {
    Shelf(BTreeMap::from([
        (
            "http://cs",
            r#"{"resourceType":"CodeSystem","url":"http://cs","content":"complete","concept":[{"code":"a","concept":[{"code":"b",
                "concept":[{"code":"c","property":[{"code":"kind","valueCode":"x"}]}]},{"code":"d"}]},{"code":"e",
                "property":[{"code":"kind","valueCode":"x"}]}]}"#,
        ),
        (
            "http://poly",
            r#"{"resourceType":"CodeSystem","url":"http://poly","content":"complete","property":[{"code":"up",
                "uri":"http://hl7.org/fhir/concept-properties#parent","type":"code"}],"concept":[{"code":"1"},{"code":"2"},
                {"code":"3","property":[{"code":"up","valueCode":"1"},{"code":"up","valueCode":"2"},{"code":"child","valueCode":"4"}]},
                {"code":"4","property":[{"code":"child","valueCode":"3"}]}]}"#,
        ),
        (
            "http://part",
            r#"{"resourceType":"CodeSystem","url":"http://part","content":"fragment","concept":[{"code":"a"}]}"#,
        ),
        (
            "http://class",
            r#"{"resourceType":"CodeSystem","url":"http://class","content":"complete","hierarchyMeaning":"part-of","concept":[{"code":"a"}]}"#,
        ),
        ("listed", r#"{"compose":{"include":[{"system":"http://cs","concept":[{"code":"b"},{"code":"z"}]}]}}"#),
        (
            "whole",
            r#"{"compose":{"include":[{"system":"http://cs"}],"exclude":[{"system":"http://cs","concept":[{"code":"a"}]}]}}"#,
        ),
        (
            "both",
            r#"{"compose":{"include":[{"system":"http://cs","valueSet":["listed"]},{"valueSet":["listed","whole"]}]}}"#,
        ),
        (
            "under",
            r#"{"compose":{"include":[{"system":"http://cs","filter":[{"property":"concept","op":"descendent-of","value":"a"}]}]}}"#,
        ),
        (
            "kinds",
            r#"{"compose":{"include":[{"system":"http://cs","filter":[{"property":"kind","op":"=","value":"x"},
                {"property":"concept","op":"is-not-a","value":"e"}]}]}}"#,
        ),
        (
            "odd",
            r#"{"compose":{"include":[{"system":"http://cs","filter":[{"property":"x","op":"regex","value":"y"}]}]}}"#,
        ),
        ("self", r#"{"compose":{"include":[{"valueSet":["self"]}]}}"#),
        ("nowhere", r#"{"compose":{"include":[{"system":"http://none"}]}}"#),
        ("fragment", r#"{"compose":{"include":[{"system":"http://part"}]}}"#),
        ("nothing", r"{}"),
        (
            "expanded",
            r#"{"compose":{"include":[{"system":"http://none"}]},"expansion":{"total":3,"contains":[{"abstract":true,"code":"g",
                "system":"s","contains":[{"system":"s","code":"1"},{"code":"2"}]}]}}"#,
        ),
        (
            "page",
            r#"{"compose":{"include":[{"system":"http://cs","concept":[{"code":"b"}]}]},"expansion":{"total":9,"contains":[{"code":"1"}]}}"#,
        ),
    ]))
}

fn codes(found: Result<Codes, TerminologyError>) -> String {
    match found {
        Ok(codes) => codes.iter().map(|(system, code)| format!("{system}|{code}")).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn value_sets_are_lists_systems_others_filters_and_expansions() {
    for (name, expected) in [
        ("listed", "http://cs|b http://cs|z"),
        ("whole", "http://cs|b http://cs|c http://cs|d http://cs|e"),
        ("both", "http://cs|b"),
        ("under", "http://cs|b http://cs|c http://cs|d"),
        ("kinds", "http://cs|c"),
        ("expanded", "|2 s|1"),
        ("page", "http://cs|b"),
        (
            "odd",
            "odd: the filter x regex y of the value set asks for a property that the stored http://cs does not have",
        ),
        ("self", "self: the value set is made of itself"),
        ("nowhere", "no CodeSystem \"http://none\" is stored here"),
        ("fragment", "http://part: the stored CodeSystem holds not all of it (content is fragment)"),
        ("nothing", "nothing: the value set has neither a whole expansion nor a definition (compose)"),
        ("missing", "no ValueSet \"missing\" is stored here"),
    ] {
        assert_eq!(codes(expand(&shelf(), name)), expected, "{name}");
    }
}

#[test]
fn hierarchies_are_nested_or_named_and_go_in_no_circle() {
    for (system, code, way, expected) in [
        ("http://cs", "b", Way::Below, "http://cs|b http://cs|c"),
        ("http://cs", "c", Way::Above, "http://cs|a http://cs|b http://cs|c"),
        ("http://cs", "e", Way::Above, "http://cs|e"),
        ("http://poly", "1", Way::Below, "http://poly|1 http://poly|3 http://poly|4"),
        ("http://poly", "4", Way::Above, "http://poly|1 http://poly|2 http://poly|3 http://poly|4"),
        ("http://cs", "z", Way::Below, "http://cs has no code \"z\""),
        (
            "http://class",
            "a",
            Way::Below,
            "http://class: its hierarchy does not say what subsumes what (it means part-of)",
        ),
        ("http://none", "a", Way::Below, "no CodeSystem \"http://none\" is stored here"),
    ] {
        assert_eq!(codes(below_or_above(&shelf(), system, code, way)), expected, "{system}|{code} {way:?}");
    }
}

/// A store in which every value set is made of two others.
struct Endless;

impl Definitions for Endless {
    type Error = TerminologyError;

    fn value_set(&self, name: &str) -> Result<Option<String>, TerminologyError> {
        Ok(Some(format!(r#"{{"compose":{{"include":[{{"valueSet":["{name}0"]}},{{"valueSet":["{name}1"]}}]}}}}"#)))
    }

    fn code_system(&self, _: &str) -> Result<Option<String>, TerminologyError> {
        Ok(None)
    }
}

#[test]
fn what_is_made_of_too_much_is_refused() {
    let error = expand(&Endless, "v").unwrap_err().to_string();
    assert!(error.ends_with("value sets are made of others more than 16 deep"), "{error}");
    // Wide instead of deep.
    let many: Vec<String> = (0..300).map(|no| format!("\"listed{no}\"")).collect();
    let wide = format!(r#"{{"compose":{{"include":[{{"valueSet":[{}]}}]}}}}"#, many.join(","));
    struct Wide(String);
    impl Definitions for Wide {
        type Error = TerminologyError;

        fn value_set(&self, name: &str) -> Result<Option<String>, TerminologyError> {
            let one = r#"{"compose":{"include":[{"system":"s","concept":[{"code":"c"}]}]}}"#;
            Ok(Some(if name == "wide" { self.0.clone() } else { one.to_owned() }))
        }

        fn code_system(&self, _: &str) -> Result<Option<String>, TerminologyError> {
            Ok(None)
        }
    }
    let error = expand(&Wide(wide), "wide").unwrap_err().to_string();
    assert!(error.ends_with("a value set is made of more than 256 value sets and code systems"), "{error}");
}
