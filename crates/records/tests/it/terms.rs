//! The operations on terminology over stored definitions: which are taken, and which a grant may read.

use crate::house::{House, everything, grant};
use access::Grant;
use fhir::terminology::Operation;
use records::{Error, TermsAsked, query_pairs};

fn ask(
    house: &House,
    grant: &Grant,
    operation: Operation,
    id: Option<&str>,
    query: &str,
) -> Result<(String, usize), Error> {
    let query = query_pairs(query);
    let asked = TermsAsked { operation, query: &query, body: None, id };
    house.records.terminology(grant, &asked).map(|(text, told)| (text, told.len()))
}

fn house() -> House {
    let house = House::new();
    for text in [
        r#"{"resourceType":"CodeSystem","id":"cs","url":"http://cs","version":"1","status":"active","content":"complete","concept":[{"code":"a","display":"A","concept":[{"code":"b","display":"B"}]}]}"#,
        r#"{"resourceType":"CodeSystem","id":"cs2","url":"http://cs","version":"2","status":"draft","content":"complete","concept":[{"code":"new","display":"New"}]}"#,
        r#"{"resourceType":"ValueSet","id":"vs","url":"http://vs","status":"active","compose":{"include":[{"system":"http://cs"}]}}"#,
        r#"{"resourceType":"ValueSet","id":"listed","url":"http://listed","status":"active","compose":{"include":[{"system":"http://cs","concept":[{"code":"a"}]}]}}"#,
        r#"{"resourceType":"ConceptMap","id":"cm","url":"http://cm","status":"active","group":[{"source":"http://cs","target":"http://other","element":[{"code":"a","target":[{"code":"x","equivalence":"equal"}]}]}]}"#,
    ] {
        house.put(text).unwrap();
    }
    house
}

#[test]
fn stored_definitions_answer_by_url_by_version_and_by_id() {
    let house = house();
    let all = everything();
    for (operation, id, query, word, told) in [
        (Operation::Expand, None, "url=http://vs", "\"code\":\"b\"", 2),
        (Operation::Expand, Some("vs"), "", "\"total\":2", 2),
        (Operation::Expand, Some("vs"), "system-version=http://cs|2", "\"code\":\"new\"", 2),
        (Operation::Expand, Some("listed"), "", "\"display\":\"A\"", 2),
        (Operation::ValidateInValueSet, None, "url=http://vs&system=http://cs&code=b", "\"valueBoolean\":true", 2),
        (Operation::ValidateInCodeSystem, Some("cs2"), "code=new", "\"valueBoolean\":true", 1),
        (Operation::ValidateInCodeSystem, None, "url=http://cs&code=new", "\"valueBoolean\":false", 1),
        (Operation::ValidateInCodeSystem, None, "url=http://cs&version=2&code=new", "\"valueBoolean\":true", 1),
        (Operation::Lookup, None, "system=http://cs&code=b", "\"B\"", 1),
        (Operation::Subsumes, None, "system=http://cs&codeA=a&codeB=b", "\"subsumes\"", 1),
        (Operation::Subsumes, Some("cs"), "codeA=b&codeB=a", "\"subsumed-by\"", 1),
        (Operation::Translate, None, "system=http://cs&code=a", "\"x\"", 1),
        (Operation::Translate, None, "system=http://other&code=x&reverse=true", "\"code\":\"a\"", 1),
        (Operation::Translate, Some("cm"), "system=http://cs&code=a", "\"equal\"", 1),
    ] {
        let (text, count) = ask(&house, &all, operation, id, query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(text.contains(word), "{operation:?} {id:?} {query}: {text}");
        assert_eq!(count, told, "{operation:?} {id:?} {query}");
    }
    let error = ask(&house, &all, Operation::Expand, None, "url=http://none").unwrap_err();
    assert_eq!(error.to_string(), "no ValueSet \"http://none\" is stored here: store it, or name one that is stored");
    let error = ask(&house, &all, Operation::Expand, Some("none"), "").unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
    house.delete("ValueSet", "vs").unwrap();
    assert!(matches!(ask(&house, &all, Operation::Expand, Some("vs"), ""), Err(Error::Gone { .. })));
    assert!(matches!(ask(&house, &all, Operation::Expand, None, "url=http://vs"), Err(Error::Terminology(_))));
    // Two that are active are named by their versions.
    house
        .put(r#"{"resourceType":"CodeSystem","id":"cs3","url":"http://cs","version":"3","status":"active","content":"complete"}"#)
        .unwrap();
    let error = ask(&house, &all, Operation::Lookup, None, "system=http://cs&code=a").unwrap_err();
    assert!(error.to_string().contains("name the version of one"), "{error}");
    assert!(ask(&house, &all, Operation::Lookup, None, "system=http://cs&version=1&code=a").is_ok());
    // It only calls the codes of this one by their names.
    assert!(ask(&house, &all, Operation::Expand, Some("listed"), "").is_ok());
}

#[test]
fn each_definition_needs_the_right_to_read_its_type() {
    let house = house();
    for (scopes, operation, query, is_allowed) in [
        ("system/ValueSet.r system/CodeSystem.r", Operation::Expand, "url=http://vs", true),
        ("system/ValueSet.r", Operation::Expand, "url=http://vs", false),
        ("system/CodeSystem.r", Operation::Expand, "url=http://vs", false),
        ("system/ValueSet.cuds", Operation::Expand, "url=http://vs", false),
        // The value set says itself which codes there are.
        ("system/ValueSet.r", Operation::Expand, "url=http://listed", true),
        ("system/CodeSystem.r", Operation::Lookup, "system=http://cs&code=a", true),
        ("system/CodeSystem.s", Operation::Lookup, "system=http://cs&code=a", false),
        ("system/ConceptMap.r", Operation::Translate, "system=http://cs&code=a", true),
        ("system/ValueSet.r system/CodeSystem.r", Operation::Translate, "system=http://cs&code=a", false),
    ] {
        match ask(&house, &grant(scopes), operation, None, query) {
            Ok(_) => assert!(is_allowed, "{scopes} {operation:?} {query}"),
            Err(Error::Denied(_)) => assert!(!is_allowed, "{scopes} {operation:?} {query}"),
            Err(error) => panic!("{scopes} {operation:?} {query}: {error}"),
        }
    }
    let (text, told) = ask(&house, &grant("system/ValueSet.r"), Operation::Expand, None, "url=http://listed").unwrap();
    assert!(!text.contains("\"A\"") && told == 1, "{text}");
    // What a filter leaves out is not there.
    let drafts = grant("system/CodeSystem.r?status=draft");
    let (text, _) = ask(&house, &drafts, Operation::Lookup, None, "system=http://cs&code=new").unwrap();
    assert!(text.contains("New"));
    let error = ask(&house, &drafts, Operation::Lookup, None, "system=http://cs&code=a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "http://cs has no code \"a\": look at how the code is written, and at the version of the code system"
    );
}
