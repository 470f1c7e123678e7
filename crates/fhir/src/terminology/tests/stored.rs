//! Value sets that cannot be computed, and have an expansion; value sets of FHIR itself; hierarchies that go deep.

use super::super::{Operation, Request, TerminologyError, answer, expand};
use super::Shelf;
use crate::json::Document;
use crate::schema::r4;
use std::collections::BTreeMap;
use std::fmt::Write;

fn shown(shelf: &Shelf<'_>, query: &[(&str, &str)]) -> Result<Vec<String>, TerminologyError> {
    let query: Vec<(String, String)> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(shown_of(&answer(Operation::Expand, shelf, &Request { query: &query, ..Request::default() })?))
}

/// The codes of an expansion.
fn shown_of(told: &str) -> Vec<String> {
    let found: serde_json::Value = serde_json::from_str(told).unwrap();
    let entries = found["expansion"]["contains"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_stored_expansion_stands_in_where_the_definition_cannot_be_computed() {
    let shelf = Shelf(BTreeMap::from([
        (
            "http://cs",
            r#"{"resourceType":"CodeSystem","url":"http://cs","content":"complete","concept":[{"code":"a"},{"code":"b"}]}"#,
        ),
        (
            "known",
            r#"{"compose":{"include":[{"system":"http://cs"}]},"expansion":{"contains":[{"system":"http://cs","code":"old"}]}}"#,
        ),
        (
            "unknown",
            r#"{"compose":{"include":[{"system":"http://none"}]},"expansion":{"total":2,"contains":[{"system":"http://none","code":"1"},
                {"abstract":true,"system":"http://none","code":"g","contains":[]}]}}"#,
        ),
        ("made", r#"{"compose":{"include":[{"system":"http://cs"},{"valueSet":["unknown"]}]}}"#),
    ]));
    assert_eq!(shown(&shelf, &[("url", "known")]).unwrap(), ["a", "b"]);
    assert_eq!(shown(&shelf, &[("url", "unknown")]).unwrap(), ["1", "g"]);
    assert_eq!(shown(&shelf, &[("url", "made")]).unwrap(), ["a", "b", "1", "g"]);
    // What only groups is no code that a resource has.
    assert_eq!(expand(&shelf, "unknown").unwrap().len(), 1);
}

#[test]
fn value_sets_that_elements_are_bound_to_are_known() {
    let shelf = Shelf(BTreeMap::new());
    for (list, codes) in [("administrative-gender", 4), ("observation-status", 8), ("bundle-type", 9)] {
        let url = format!("http://hl7.org/fhir/ValueSet/{list}");
        let known = r4().code_list(list).unwrap();
        assert_eq!(expand(&shelf, &url).unwrap().len(), codes, "{url}");
        assert_eq!(known.codings().count(), codes);
        assert!(expand(&shelf, &format!("{url}|5.0.0")).is_err());
    }
}

#[test]
fn deep_hierarchies_are_answered_flat_and_cost_no_stack() {
    let count = 50_000;
    let mut text = String::from(
        r#"{"resourceType":"CodeSystem","url":"http://deep","content":"complete","concept":[{"code":"0"}"#,
    );
    for no in 1..count {
        let _ = write!(text, r#",{{"code":"{no}","property":[{{"code":"parent","valueCode":"{}"}}]}}"#, no - 1);
    }
    text.push_str("]}");
    let shelf = Shelf(BTreeMap::from([
        ("http://deep", text.as_str()),
        ("deep", r#"{"compose":{"include":[{"system":"http://deep"}]}}"#),
        ("ends", r#"{"compose":{"include":[{"system":"http://deep","concept":[{"code":"49999"},{"code":"0"}]}]}}"#),
    ]));
    assert_eq!(shown(&shelf, &[("url", "deep"), ("excludeNested", "false")]).unwrap().len(), count);
    assert_eq!(shown(&shelf, &[("url", "ends"), ("excludeNested", "false")]).unwrap(), ["0"]);
    let query =
        [("system", "http://deep"), ("codeA", "0"), ("codeB", "49999")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let told = answer(Operation::Subsumes, &shelf, &Request { query: &query, ..Request::default() }).unwrap();
    assert!(told.contains("\"subsumes\""), "{told}");
}

#[test]
fn value_sets_of_too_many_codes_are_too_costly_and_still_validate() {
    let mut text = String::from(
        r#"{"resourceType":"CodeSystem","url":"http://many","content":"complete","concept":[{"code":"0"}"#,
    );
    for no in 1..=super::super::CODES_LIMIT {
        let _ = write!(text, r#",{{"code":"{no}"}}"#);
    }
    text.push_str("]}");
    let shelf = Shelf(BTreeMap::from([
        ("http://many", text.as_str()),
        (
            "many",
            r#"{"compose":{"include":[{"system":"http://many"}],"exclude":[{"system":"http://many","concept":[{"code":"7"}]}]}}"#,
        ),
    ]));
    let error = shown(&shelf, &[("url", "many")]).unwrap_err();
    assert_eq!((error.issue_type(), error.to_string().as_str()), ("too-costly", "many: it has more than 100000 codes"));
    // Each part is small, and all of them together are much.
    let none = r#"{"system":"http://many","filter":[{"property":"code","op":"=","value":"none"}]}"#;
    let wide = format!(r#"{{"resourceType":"ValueSet","compose":{{"include":[{}]}}}}"#, vec![none; 400].join(","));
    let request = Request { body: Some(wide.as_bytes()), ..Request::default() };
    let error = answer(Operation::Expand, &shelf, &request).unwrap_err().to_string();
    assert_eq!(error, "the value set: concepts would have to be looked at more than 50000000 times");
    for (code, expected) in [("99999", true), ("7", false), ("x", false)] {
        let query =
            [("url", "many"), ("system", "http://many"), ("code", code)].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let told =
            answer(Operation::ValidateInValueSet, &shelf, &Request { query: &query, ..Request::default() }).unwrap();
        let document = Document::parse(told.as_bytes()).unwrap();
        let result = document.root().get("parameter").unwrap().items().next().unwrap();
        assert_eq!(result.get("valueBoolean").unwrap().as_bool(), Some(expected), "{code}");
    }
}

#[test]
fn code_systems_that_are_not_whole_say_so_wherever_the_rest_is_needed() {
    for (content, shown) in [
        (r#""content":"not-present""#, "not-present"),
        (r#""content":"example""#, "example"),
        (r#""content":"supplement","supplements":"http://of""#, "supplement, a supplement to http://of"),
    ] {
        let text =
            format!(r#"{{"resourceType":"CodeSystem","url":"http://part",{content},"concept":[{{"code":"a"}}]}}"#);
        let shelf = Shelf(BTreeMap::from([
            ("http://part", text.as_str()),
            ("all", r#"{"compose":{"include":[{"system":"http://part"}]}}"#),
            ("some", r#"{"compose":{"include":[{"system":"http://part","concept":[{"code":"b"}]}]}}"#),
        ]));
        let expected = format!("http://part: the stored CodeSystem holds not all of it (content is {shown})");
        let told = |operation: Operation, query: &[(&str, &str)]| {
            let query: Vec<(String, String)> =
                query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            answer(operation, &shelf, &Request { query: &query, ..Request::default() })
        };
        let [system, url] = [("system", "http://part"), ("url", "http://part")];
        for (operation, query) in [
            (Operation::Expand, &[("url", "all")][..]),
            (Operation::ValidateInValueSet, &[("url", "all"), system, ("code", "b")]),
            (Operation::ValidateInCodeSystem, &[url, ("code", "b")]),
            (Operation::Lookup, &[system, ("code", "b")]),
            (Operation::Subsumes, &[system, ("codeA", "a"), ("codeB", "b")]),
        ] {
            let error = told(operation, query).unwrap_err();
            assert_eq!((error.to_string(), error.issue_type()), (expected.clone(), "processing"), "{operation:?}");
        }
        // What is there is known, and what a value set lists needs nothing else.
        assert!(told(Operation::Lookup, &[system, ("code", "a")]).is_ok());
        assert!(told(Operation::ValidateInCodeSystem, &[url, ("code", "a")]).unwrap().contains("true"));
        assert_eq!(shown_of(&told(Operation::Expand, &[("url", "some")]).unwrap()), ["b"]);
    }
}
