//! The operations, each by requests as clients send them.

use super::super::{Operation, Request, TerminologyError, answer};
use super::Shelf;
use std::collections::BTreeMap;

const ANIMALS: &str = r#"{"resourceType":"CodeSystem","url":"http://animals","version":"2","name":"Animals","language":"en","content":"complete",
    "caseSensitive":false,"property":[{"code":"legs","type":"integer"},{"code":"gone","type":"boolean","uri":"http://hl7.org/fhir/concept-properties#inactive"}],
    "concept":[{"code":"animal","display":"Animal","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
        {"code":"dog","display":"Dog","definition":"It barks.","property":[{"code":"legs","valueInteger":4}],
            "designation":[{"language":"de","value":"Hund"},{"language":"de-CH","use":{"system":"http://use","code":"pet"},"value":"Hündli"}],
            "concept":[{"code":"poodle","display":"Poodle","property":[{"code":"legs","valueInteger":4}]}]},
        {"code":"snake","display":"Snake","property":[{"code":"legs","valueInteger":0}]},
        {"code":"dodo","display":"Dodo","property":[{"code":"legs","valueInteger":2},{"code":"gone","valueBoolean":true}]}]}]}"#;

const PART: &str =
    r#"{"resourceType":"CodeSystem","url":"http://part","content":"fragment","concept":[{"code":"x","display":"X"}]}"#;

fn shelf() -> Shelf<'static> {
    Shelf(BTreeMap::from([
        ("http://animals", ANIMALS),
        ("http://animals|2", ANIMALS),
        ("http://part", PART),
        (
            "http://vs/all",
            r#"{"resourceType":"ValueSet","id":"all","url":"http://vs/all","status":"active","text":{"div":"x"},
                "compose":{"include":[{"system":"http://animals"}]}}"#,
        ),
        (
            "http://vs/pets",
            r#"{"resourceType":"ValueSet","url":"http://vs/pets","compose":{"include":[{"system":"http://animals","concept":[
                {"code":"dog","display":"Good dog","designation":[{"language":"fr","value":"Chien"}]},{"code":"snake"}]}]}}"#,
        ),
        (
            "http://vs/two",
            r#"{"resourceType":"ValueSet","url":"http://vs/two","compose":{"include":[{"system":"http://a","concept":[{"code":"1"},{"code":"2"}]},
                {"system":"http://b","version":"7","concept":[{"code":"1"}]}]}}"#,
        ),
        (
            "http://vs/units",
            r#"{"resourceType":"ValueSet","url":"http://vs/units","compose":{"include":[{"system":"http://unitsofmeasure.org"}]}}"#,
        ),
        (
            "http://vs/unknown",
            r#"{"resourceType":"ValueSet","url":"http://vs/unknown","compose":{"include":[{"system":"http://a","concept":[{"code":"1"}]},
                {"system":"http://nowhere"},{"valueSet":["http://vs/missing"]}]}}"#,
        ),
        (
            "http://vs/versioned",
            r#"{"resourceType":"ValueSet","url":"http://vs/versioned","compose":{"include":[{"system":"http://animals","version":"1"}]}}"#,
        ),
        (
            "http://map/a",
            r#"{"resourceType":"ConceptMap","url":"http://map/a","version":"3","sourceUri":"http://vs/pets","targetCanonical":"http://vs/latin","group":[
                {"source":"http://animals","target":"http://latin","targetVersion":"9","element":[
                    {"code":"dog","display":"Dog","target":[{"code":"canis","display":"Canis","equivalence":"wider"},
                        {"code":"canis-minor","equivalence":"narrower","dependsOn":[{"property":"http://size","system":"http://sizes","value":"small"}],
                         "product":[{"property":"http://weight","system":"http://weights","value":"light","display":"Light"}]}]},
                    {"code":"snake","target":[{"equivalence":"unmatched","comment":"none"}]}],
                 "unmapped":{"mode":"fixed","code":"animalia","display":"Animalia"}},
                {"source":"http://animals","target":"http://same","element":[{"code":"dog","target":[{"code":"DOG","equivalence":"equal"}]}],
                 "unmapped":{"mode":"provided"}},
                {"source":"http://animals","target":"http://other","element":[],"unmapped":{"mode":"other-map","url":"http://map/b"}}]}"#,
        ),
        (
            "http://map/b",
            r#"{"resourceType":"ConceptMap","url":"http://map/b","group":[{"source":"http://animals","target":"http://other","element":[
                {"code":"dodo","target":[{"code":"D","equivalence":"equivalent"}]}],"unmapped":{"mode":"other-map","url":"http://map/c"}}]}"#,
        ),
        (
            "http://map/c",
            r#"{"resourceType":"ConceptMap","url":"http://map/c","group":[{"source":"http://animals","target":"http://other",
                "unmapped":{"mode":"other-map","url":"http://map/b"}}]}"#,
        ),
    ]))
}

fn ask(operation: Operation, query: &str, body: Option<&str>) -> Result<String, TerminologyError> {
    let query: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = body.map(str::as_bytes);
    answer(operation, &shelf(), &Request { query: &query, body, instance: None, now_us: 0 })
}

fn json(told: Result<String, TerminologyError>) -> serde_json::Value {
    serde_json::from_str(&told.unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

/// `system|code display` of an expansion's entries, those within others in brackets.
fn shown(within: &serde_json::Value) -> String {
    let Some(contains) = within["contains"].as_array() else { return String::new() };
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = contains.iter().map(|entry| {
        let inner = shown(entry);
        let inner = if inner.is_empty() { inner } else { format!("({inner})") };
        let flags = ["abstract", "inactive"].iter().filter(|flag| entry[**flag] == true).map(|flag| format!("!{flag}"));
        format!("{}={}{}{inner}", text(entry, "code"), text(entry, "display"), flags.collect::<String>())
    });
    entries.collect::<Vec<_>>().join(" ")
}

/// The parameters of an answer, one after the other.
fn told(answer: Result<String, TerminologyError>) -> String {
    fn parts(list: &serde_json::Value) -> String {
        let all = list.as_array().into_iter().flatten().map(|parameter| {
            let (name, value) =
                parameter.as_object().unwrap().iter().fold((String::new(), String::new()), |found, (key, value)| {
                    match key.as_str() {
                        "name" => (value.as_str().unwrap().to_owned(), found.1),
                        "part" => (found.0, format!("({})", parts(value))),
                        _ => (found.0, value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                    }
                });
            format!("{name}={value}")
        });
        all.collect::<Vec<_>>().join(" ")
    }
    match answer {
        Ok(text) => parts(&serde_json::from_str::<serde_json::Value>(&text).unwrap()["parameter"]),
        Err(error) => format!("{}: {error}", error.issue_type()),
    }
}

#[test]
fn expansions_have_the_codes_that_are_asked_for() {
    let all = "animal=Animal!abstract dog=Dog poodle=Poodle snake=Snake dodo=Dodo!inactive";
    for (query, total, expected) in [
        ("url=http://vs/all", 5, all),
        ("url=http://vs/all&activeOnly=true", 4, "animal=Animal!abstract dog=Dog poodle=Poodle snake=Snake"),
        ("url=http://vs/all&excludeNotForUI=true", 4, "dog=Dog poodle=Poodle snake=Snake dodo=Dodo!inactive"),
        ("url=http://vs/all&offset=1&count=2", 5, "dog=Dog poodle=Poodle"),
        ("url=http://vs/all&count=0", 5, ""),
        ("url=http://vs/all&offset=+4&count=007", 5, "dodo=Dodo!inactive"),
        ("url=http://vs/all&offset=9", 5, ""),
        ("url=http://vs/all&filter=DO", 2, "dog=Dog dodo=Dodo!inactive"),
        ("url=http://vs/all&filter=hundli", 1, "dog=Dog"),
        ("url=http://vs/all&filter=dog cat", 0, ""),
        (
            "url=http://vs/all&displayLanguage=de",
            5,
            "animal=Animal!abstract dog=Hund poodle=Poodle snake=Snake dodo=Dodo!inactive",
        ),
        ("url=http://vs/all&displayLanguage=de-CH,de;q=0.5&filter=hund", 1, "dog=Hündli"),
        (
            "url=http://vs/all&excludeNested=false",
            5,
            "animal=Animal!abstract(dog=Dog(poodle=Poodle) snake=Snake dodo=Dodo!inactive)",
        ),
        ("url=http://vs/all&exclude-system=http://animals", 0, ""),
        ("url=http://vs/pets", 2, "dog=Good dog snake=Snake"),
        ("url=http://vs/pets&displayLanguage=fr", 2, "dog=Chien snake=Snake"),
        ("url=http://vs/versioned&force-system-version=http://animals|2", 5, all),
        ("url=http://vs/all&system-version=http://animals|2", 5, all),
        ("url=http://hl7.org/fhir/ValueSet/administrative-gender", 4, "female= male= other= unknown="),
        ("url=http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1&filter=fe", 1, "female="),
    ] {
        let found = json(ask(Operation::Expand, query, None));
        assert_eq!(shown(&found["expansion"]), expected, "{query}");
        assert_eq!(found["expansion"]["total"], total, "{query}");
    }
}

#[test]
fn an_expansion_says_what_it_is_of_and_how_it_was_asked_for() {
    let found = json(ask(
        Operation::Expand,
        "url=http://vs/all&count=1&activeOnly=true&includeDesignations=true&_format=json",
        None,
    ));
    let expansion = &found["expansion"];
    assert_eq!(
        (&found["id"], &found["status"], found.get("compose"), found.get("text")),
        (&"all".into(), &"active".into(), None, None)
    );
    assert_eq!((&expansion["offset"], &expansion["timestamp"]), (&0.into(), &"1970-01-01T00:00:00Z".into()));
    assert!(expansion["identifier"].as_str().unwrap().starts_with("urn:uuid:"));
    let parameters = r#"[{"name":"count","valueInteger":1},{"name":"includeDesignations","valueBoolean":true},{"name":"activeOnly","valueBoolean":true},{"name":"version","valueUri":"http://animals|2"}]"#;
    assert_eq!(expansion["parameter"], serde_json::from_str::<serde_json::Value>(parameters).unwrap());
    // The same is named alike, another otherwise.
    let again =
        json(ask(Operation::Expand, "url=http://vs/all&count=1&activeOnly=true&includeDesignations=true", None));
    assert_eq!(again["expansion"]["identifier"], expansion["identifier"]);
    let other = json(ask(Operation::Expand, "url=http://vs/all&count=1&activeOnly=true", None));
    assert_ne!(other["expansion"]["identifier"], expansion["identifier"]);
    let with = json(ask(
        Operation::Expand,
        "url=http://vs/all&includeDefinition=true&designation=de&designation=http://use|pet",
        None,
    ));
    assert!(with["compose"].is_object());
    assert_eq!(with["expansion"]["contains"][1]["designation"].as_array().unwrap().len(), 2);
    let one = json(ask(Operation::Expand, "url=http://vs/all&designation=http://use|pet", None));
    assert_eq!(one["expansion"]["contains"][1]["designation"][0]["value"], "Hündli");
}

#[test]
fn a_value_set_comes_with_the_request_or_is_asked_itself() {
    let sent = r#"{"resourceType":"ValueSet","compose":{"include":[{"valueSet":["http://vs/pets"]}],"exclude":[{"system":"http://animals","concept":[{"code":"snake"}]}]}}"#;
    let in_parameters = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"valueSet","resource":{sent}}},{{"name":"activeOnly","valueBoolean":true}}]}}"#
    );
    for (query, body) in [("", sent), ("", in_parameters.as_str())] {
        assert_eq!(shown(&json(ask(Operation::Expand, query, Some(body)))["expansion"]), "dog=Good dog");
    }
    let asked = Request { instance: Some(sent), ..Request::default() };
    let found = json(answer(Operation::Expand, &shelf(), &asked));
    assert_eq!(shown(&found["expansion"]), "dog=Good dog");
    assert_eq!(
        told(ask(Operation::Expand, "url=http://vs/all", Some(sent))),
        "invalid: url: the value set is named twice: give url, or valueSet, or ask a ValueSet by its id"
    );
}

#[test]
fn what_cannot_be_expanded_says_what_where_and_what_to_do() {
    for (query, expected) in [
        ("url=http://vs/none", "not-found: no ValueSet \"http://vs/none\" is stored here"),
        ("url=http://vs/unknown", "not-found: no CodeSystem \"http://nowhere\" is stored here"),
        ("url=http://vs/versioned", "not-found: no CodeSystem \"http://animals|1\" is stored here"),
        (
            "url=http://vs/units",
            "too-costly: http://vs/units: it has all units of UCUM, which are a grammar and no list",
        ),
        (
            "url=http://vs/versioned&check-system-version=http://animals|2",
            "processing: http://animals: the value set is made of version 1, and check-system-version asks for 2",
        ),
        ("", "invalid: url: which value set is meant? Give url, or valueSet, or ask a ValueSet by its id"),
        ("url=http://vs/all&count=many", "invalid: count: \"many\" is no whole number from 0 to 2147483647"),
        ("url=http://vs/all&count=-1", "invalid: count: \"-1\" is no whole number from 0 to 2147483647"),
        ("url=http://vs/all&activeOnly=yes", "invalid: activeOnly: \"yes\" is neither true nor false"),
        ("url=http://vs/all&url=http://vs/all", "invalid: url: it is given more than once: give one"),
        ("url=http://vs/all&system-version=2", "invalid: system-version: \"2\" is not of the form system|version"),
        (
            "url=http://vs/all&date=2020",
            "not-supported: date is not supported for $expand: a value set is expanded as it is stored now",
        ),
    ] {
        assert_eq!(told(ask(Operation::Expand, query, None)), expected, "{query}");
    }
    let unknown = told(ask(Operation::Expand, "url=http://vs/all&size=1", None));
    assert!(
        unknown.starts_with("not-supported: size is not supported for $expand: known are url, valueSet,"),
        "{unknown}"
    );
    for (body, expected) in [
        ("{", "invalid: the body: "),
        (
            "{\"resourceType\":\"Patient\"}",
            "invalid: the body: it is \"Patient\": send a Parameters resource or a ValueSet",
        ),
        ("{\"resourceType\":\"Parameters\",\"parameter\":[{}]}", "invalid: Parameters.parameter[0]: it has no name"),
        (
            "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"url\"}]}",
            "invalid: url: it has no value of a primitive type",
        ),
        (
            "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"valueSet\",\"valueString\":\"x\"}]}",
            "invalid: valueSet: it is a ValueSet: send it as `resource`",
        ),
    ] {
        let refused = told(ask(Operation::Expand, "", Some(body)));
        assert!(refused.starts_with(expected), "{body}: {refused}");
    }
}

#[test]
fn a_code_is_validated_with_what_it_is_called() {
    let animal = "display=Dog code=dog system=http://animals version=2";
    for (query, expected) in [
        ("url=http://vs/all&system=http://animals&code=dog", format!("result=true {animal}")),
        ("url=http://vs/all&system=http://animals&code=DOG", format!("result=true {animal}")),
        ("url=http://vs/all&system=http://animals&code=dog&display=HUND", format!("result=true {animal}")),
        ("url=http://vs/all&system=http://animals&code=dog&display=Hund&displayLanguage=de", "result=true display=Hund code=dog system=http://animals version=2".into()),
        ("url=http://vs/all&system=http://animals&code=dog&display=Cat", format!("result=false message=the display \"Cat\" is wrong: \"dog\" is called \"Dog\" {animal}")),
        ("url=http://vs/all&code=dog&inferSystem=true", format!("result=true {animal}")),
        ("url=http://vs/all&system=http://animals&code=cat", "result=false message=the code \"http://animals|cat\" is not in http://vs/all, and its code system does not have it".into()),
        ("url=http://vs/pets&system=http://animals&code=dodo", "result=false message=the code \"http://animals|dodo\" is not in http://vs/pets".into()),
        ("url=http://vs/all&system=http://other&code=dog", "result=false message=the code \"http://other|dog\" is not in http://vs/all".into()),
        ("url=http://vs/all&system=http://animals&code=animal", "result=false message=the code \"animal\" only groups others: it is valid where abstract=true display=Animal code=animal system=http://animals version=2".into()),
        ("url=http://vs/all&system=http://animals&code=animal&abstract=true", "result=true display=Animal code=animal system=http://animals version=2".into()),
        ("url=http://vs/all&system=http://animals&code=dodo", "result=true display=Dodo code=dodo system=http://animals version=2 inactive=true".into()),
        ("url=http://vs/two&code=2&inferSystem=true", "result=true code=2 system=http://a".into()),
        ("url=http://vs/two&code=1&inferSystem=true", "result=false message=the code \"1\" is in http://vs/two of http://a and http://b: say of which system it is".into()),
        ("url=http://vs/units&system=http://unitsofmeasure.org&code=mg/dL", "result=true code=mg/dL system=http://unitsofmeasure.org".into()),
        ("url=http://vs/units&system=http://unitsofmeasure.org&code=mgg", "result=false message=the code \"http://unitsofmeasure.org|mgg\" is not in http://vs/units".into()),
        // Of what is not known it is known that this is in it.
        ("url=http://vs/unknown&system=http://a&code=1", "result=true code=1 system=http://a".into()),
        ("url=http://vs/unknown&system=http://a&code=2", "not-found: no ValueSet \"http://vs/missing\" is stored here".into()),
        ("url=http://hl7.org/fhir/ValueSet/administrative-gender&system=http://hl7.org/fhir/administrative-gender&code=male", "result=true code=male system=http://hl7.org/fhir/administrative-gender".into()),
        ("url=http://vs/all&code=dog", "invalid: system: of which code system is the code? Give its system, or inferSystem=true".into()),
        ("url=http://vs/all&system=x", "invalid: code: which code is meant? Give code, coding or codeableConcept".into()),
        ("url=http://vs/all&coding=x|y", "invalid: coding: it is sent as valueCoding of a Parameters resource, by POST".into()),
        ("url=http://vs/all&context=x", "not-supported: context is not supported for $validate-code: name the value set by url".into()),
    ] {
        assert_eq!(told(ask(Operation::ValidateInValueSet, query, None)), expected, "{query}");
    }
    let concept = |codings: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"url","valueUri":"http://vs/pets"}},{{"name":"codeableConcept","valueCodeableConcept":{{"coding":[{codings}]}}}}]}}"#
        )
    };
    for (codings, expected) in [
        (
            r#"{"system":"http://animals","code":"dodo"},{"system":"http://animals","code":"dog","display":"chien"}"#,
            "result=true message=the code \"http://animals|dodo\" is not in http://vs/pets display=Good dog code=dog system=http://animals version=2",
        ),
        (
            r#"{"system":"http://animals","code":"dodo"}"#,
            "result=false message=the code \"http://animals|dodo\" is not in http://vs/pets",
        ),
        ("", "invalid: codeableConcept: it has no coding: give at least one"),
        (r#"{"system":"http://animals"}"#, "invalid: codeableConcept: a coding has no code"),
    ] {
        assert_eq!(told(ask(Operation::ValidateInValueSet, "", Some(&concept(codings)))), expected, "{codings}");
    }
}

#[test]
fn a_code_is_validated_in_its_code_system() {
    for (query, expected) in [
        ("url=http://animals&code=dog&display=dog", "result=true display=Dog code=dog system=http://animals version=2"),
        ("url=http://animals&version=2&code=dog", "result=true display=Dog code=dog system=http://animals version=2"),
        ("url=http://animals&code=cat", "result=false message=http://animals has no code \"cat\""),
        (
            "url=http://animals&code=dog&display=Cat",
            "result=false message=the display \"Cat\" is wrong: \"dog\" is called \"Dog\" display=Dog code=dog system=http://animals version=2",
        ),
        ("url=http://part&code=x", "result=true display=X code=x system=http://part"),
        (
            "url=http://part&code=y",
            "processing: http://part: the stored CodeSystem holds not all of it (content is fragment)",
        ),
        ("url=http://unitsofmeasure.org&code=kg/m2", "result=true code=kg/m2 system=http://unitsofmeasure.org"),
        ("url=http://unitsofmeasure.org&code=kgs", "result=false message=\"kgs\" is no unit of UCUM"),
        ("url=http://animals&version=1&code=dog", "not-found: no CodeSystem \"http://animals|1\" is stored here"),
        (
            "code=dog",
            "invalid: url: of which code system is the code? Give url, codeSystem or a coding with its system",
        ),
    ] {
        assert_eq!(told(ask(Operation::ValidateInCodeSystem, query, None)), expected, "{query}");
    }
    let coding = r#"{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://animals"},{"name":"coding","valueCoding":{"system":"http://other","code":"dog"}}]}"#;
    assert_eq!(
        told(ask(Operation::ValidateInCodeSystem, "", Some(coding))),
        "result=false message=the code \"dog\" is of http://other, not of http://animals"
    );
}

#[test]
fn a_lookup_tells_what_is_known_of_a_code() {
    for (query, expected) in [
        (
            "system=http://animals&code=dog",
            "name=Animals version=2 display=Dog designation=(language=de value=Hund) designation=(language=de-CH use={\"system\":\"http://use\",\"code\":\"pet\"} value=Hündli) \
             property=(code=definition value=It barks.) property=(code=parent value=animal description=Animal) property=(code=child value=poodle description=Poodle) property=(code=legs value=4)",
        ),
        (
            "system=http://animals&code=dog&displayLanguage=de&property=legs",
            "name=Animals version=2 display=Hund property=(code=legs value=4)",
        ),
        (
            "system=http://animals&code=dog&property=parent&property=inactive",
            "name=Animals version=2 display=Dog property=(code=parent value=animal description=Animal) property=(code=inactive value=false)",
        ),
        (
            "system=http://animals&code=dog&property=lang.de-CH",
            "name=Animals version=2 display=Dog designation=(language=de-CH use={\"system\":\"http://use\",\"code\":\"pet\"} value=Hündli)",
        ),
        ("system=http://part&code=x", "name=http://part display=X"),
        ("system=http://animals&code=cat", "not-found: http://animals has no code \"cat\""),
        (
            "system=http://part&code=y",
            "processing: http://part: the stored CodeSystem holds not all of it (content is fragment)",
        ),
        ("system=http://none&code=x", "not-found: no CodeSystem \"http://none\" is stored here"),
        ("code=x", "invalid: system: of which code system is the code? Give its URL"),
        ("system=http://animals", "invalid: code: which code is meant? Give code and system, or coding"),
    ] {
        assert_eq!(told(ask(Operation::Lookup, query, None)), expected, "{query}");
    }
}

#[test]
fn codes_subsume_each_other_or_not() {
    for (query, expected) in [
        ("system=http://animals&codeA=animal&codeB=poodle", "outcome=subsumes"),
        ("system=http://animals&codeA=poodle&codeB=animal", "outcome=subsumed-by"),
        ("system=http://animals&codeA=dog&codeB=Dog", "outcome=equivalent"),
        ("system=http://animals&codeA=dog&codeB=snake", "outcome=not-subsumed"),
        ("system=http://animals&codeA=dog&codeB=cat", "not-found: http://animals has no code \"cat\""),
        (
            "system=http://part&codeA=x&codeB=y",
            "processing: http://part: the stored CodeSystem holds not all of it (content is fragment)",
        ),
        ("codeA=dog&codeB=cat", "invalid: system: of which code system are the codes? Give its URL"),
        ("system=http://animals&codeA=dog", "invalid: codeB: which code is meant? Give codeB and system, or codingB"),
    ] {
        assert_eq!(told(ask(Operation::Subsumes, query, None)), expected, "{query}");
    }
    let codings = |system: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"codingA","valueCoding":{{"system":"http://animals","code":"dog"}}}},{{"name":"codingB","valueCoding":{{"system":"{system}","code":"poodle"}}}}]}}"#
        )
    };
    assert_eq!(told(ask(Operation::Subsumes, "", Some(&codings("http://animals")))), "outcome=subsumes");
    let refused = told(ask(Operation::Subsumes, "", Some(&codings("http://part"))));
    assert!(refused.starts_with("invalid: codingB: it is of http://part, and not of http://animals"), "{refused}");
}

#[test]
fn codes_are_translated_by_groups_and_by_what_is_unmapped() {
    let canis = "match=(equivalence=wider concept={\"system\":\"http://latin\",\"version\":\"9\",\"code\":\"canis\",\"display\":\"Canis\"} source=http://map/a|3)";
    let further = "http://map/a|3 maps \"dog\" further where http://size is small";
    let same = "match=(equivalence=equal concept={\"system\":\"http://same\",\"code\":\"DOG\"} source=http://map/a|3)";
    for (query, expected) in [
        ("url=http://map/a&system=http://animals&code=dog&targetsystem=http://latin", format!("result=true message={further} {canis}")),
        ("url=http://map/a&system=http://animals&code=dog&targetsystem=http://same", format!("result=true {same}")),
        ("url=http://map/a&system=http://animals&code=snake&targetsystem=http://latin", "result=false message=there is no translation of http://animals|snake match=(equivalence=unmatched source=http://map/a|3)".into()),
        ("url=http://map/a&system=http://animals&code=dodo&targetsystem=http://latin", "result=true match=(equivalence=relatedto concept={\"system\":\"http://latin\",\"version\":\"9\",\"code\":\"animalia\",\"display\":\"Animalia\"} source=http://map/a|3)".into()),
        ("url=http://map/a&system=http://animals&code=dodo&targetsystem=http://same", "result=true match=(equivalence=relatedto concept={\"system\":\"http://same\",\"code\":\"dodo\"} source=http://map/a|3)".into()),
        ("url=http://map/a&system=http://animals&code=dodo&targetsystem=http://other", "result=true match=(equivalence=equivalent concept={\"system\":\"http://other\",\"code\":\"D\"} source=http://map/b)".into()),
        ("url=http://map/a&system=http://animals&code=dog&targetsystem=http://other", "processing: http://map/b: the concept map leads back to itself (group.unmapped.url)".into()),
        ("system=http://animals&code=dog&source=http://vs/pets&target=http://vs/latin&targetsystem=http://same", format!("result=true message=http://map/b is between other value sets: it has no value set where http://vs/pets is asked for; http://map/c is between other value sets: it has no value set where http://vs/pets is asked for {same}")),
        ("url=http://map/a&system=http://latin&code=canis&reverse=true", "result=true match=(equivalence=narrower concept={\"system\":\"http://animals\",\"code\":\"dog\",\"display\":\"Dog\"} source=http://map/a|3)".into()),
        ("system=http://same&code=DOG&reverse=true&targetsystem=http://animals", "result=true match=(equivalence=equal concept={\"system\":\"http://animals\",\"code\":\"dog\"} source=http://map/a|3)".into()),
        ("system=http://none&code=x", "result=false message=there is no translation of http://none|x; no ConceptMap that is stored here has http://none at this end".into()),
        ("url=http://map/none&system=http://animals&code=dog", "not-found: no ConceptMap \"http://map/none\" is stored here".into()),
        ("code=x", "invalid: system: of which code system is the code? Give its URL".into()),
        ("system=x", "invalid: code: which code is meant? Give code and system, coding or codeableConcept".into()),
        ("dependency=x&system=http://animals&code=dog", "invalid: dependency: it is made of parts: send it in a Parameters resource, by POST".into()),
    ] {
        assert_eq!(told(ask(Operation::Translate, query, None)), expected, "{query}");
    }
    let size = |value: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"url","valueUri":"http://map/a"}},{{"name":"targetsystem","valueUri":"http://latin"}},
        {{"name":"codeableConcept","valueCodeableConcept":{{"coding":[{{"system":"http://animals","code":"dog"}},{{"system":"http://none","code":"?"}}]}}}},
        {{"name":"dependency","part":[{{"name":"element","valueUri":"http://size"}},{{"name":"concept","valueCodeableConcept":{{"coding":[{{"system":"http://sizes","code":"{value}"}}]}}}}]}}]}}"#
        )
    };
    let minor = "match=(equivalence=narrower concept={\"system\":\"http://latin\",\"version\":\"9\",\"code\":\"canis-minor\"} product=(element=http://weight concept={\"system\":\"http://weights\",\"code\":\"light\",\"display\":\"Light\"}) source=http://map/a|3)";
    assert_eq!(told(ask(Operation::Translate, "", Some(&size("small")))), format!("result=true {canis} {minor}"));
    assert_eq!(
        told(ask(Operation::Translate, "", Some(&size("big")))),
        format!("result=true message={further} {canis}")
    );
}
