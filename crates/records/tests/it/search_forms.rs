//! Composites, sets of codes, lists, hierarchies, expressions and includes, as the store answers them.

use crate::house::{House, everything, grant};
use fhir::json::Document;
use fhir::schema::r4;
use fhir::search::matches::matches;
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{Error, SearchPage, query_pairs};
use std::collections::BTreeMap;

fn query(of: &str, text: &str) -> SearchQuery {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    SearchQuery::parse(of, query_pairs(text), &options).unwrap_or_else(|error| panic!("{of}?{text}: {error}"))
}

fn search(house: &House, of: &str, text: &str) -> Result<SearchPage, Error> {
    house.records.search(&everything(), &query(of, text))
}

const RESOURCES: &[&str] = &[
    r#"{"resourceType":"Organization","id":"trust","name":"Trust"}"#,
    r#"{"resourceType":"Organization","id":"clinic","name":"Clinic","partOf":{"reference":"Organization/trust"}}"#,
    r#"{"resourceType":"Organization","id":"ward","name":"Ward","partOf":{"reference":"Organization/clinic"}}"#,
    r#"{"resourceType":"Organization","id":"round","name":"Round","partOf":{"reference":"Organization/round"}}"#,
    r#"{"resourceType":"Organization","id":"orphan","name":"Orphan","partOf":{"reference":"Organization/missing"}}"#,
    r#"{"resourceType":"Location","id":"munich","name":"Munich","position":{"latitude":48.137,"longitude":11.575}}"#,
    r#"{"resourceType":"Location","id":"berlin","name":"Berlin","position":{"latitude":52.52,"longitude":13.405}}"#,
    r#"{"resourceType":"Location","id":"nowhere","name":"Nowhere"}"#,
    r#"{"resourceType":"Patient","id":"ann","gender":"female","birthDate":"1958-07-14","name":[{"family":"Müller","given":["Ann"]}],
        "managingOrganization":{"reference":"Organization/ward"},"link":[{"other":{"reference":"Patient/bob"},"type":"seealso"}],
        "identifier":[{"system":"urn:mrn","value":"1","type":{"coding":[{"system":"http://t","code":"MR"}],"text":"Medical record"}},
        {"system":"urn:ss","value":"2","type":{"coding":[{"system":"http://t","code":"SS"}]}}]}"#,
    r#"{"resourceType":"Patient","id":"bob","gender":"male","birthDate":"1990","name":[{"family":"Muller"}],
        "managingOrganization":{"reference":"Organization/clinic"},"link":[{"other":{"reference":"Patient/cat"},"type":"seealso"}],
        "identifier":[{"system":"urn:ss","value":"1","type":{"coding":[{"system":"http://t","code":"SS"}]}}]}"#,
    r#"{"resourceType":"Patient","id":"cat","name":[{"family":"Smith"}],"managingOrganization":{"reference":"Organization/orphan"},
        "link":[{"other":{"reference":"Patient/ann"},"type":"seealso"}]}"#,
    r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"IMP"},"type":[{"coding":[{"system":"http://cs","code":"b"}]}],
        "subject":{"reference":"Patient/ann"},"serviceProvider":{"reference":"Organization/ward"},
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Seen</p> on <i>Ward</i></div>"}}"#,
    r#"{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"type":[{"coding":[{"system":"http://cs","code":"e"}]}],
        "subject":{"reference":"Patient/bob"},"serviceProvider":{"reference":"Organization/trust"}}"#,
    r#"{"resourceType":"Observation","id":"high","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"}]},
        "subject":{"reference":"Patient/ann"},"encounter":{"reference":"Encounter/e1"},"component":[
        {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":150,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
        {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}"#,
    r#"{"resourceType":"Observation","id":"odd","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Pressure of blood"},
        "subject":{"reference":"Patient/bob"},"encounter":{"reference":"Encounter/e2"},"component":[
        {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":110,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
        {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":150,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}"#,
    r#"{"resourceType":"Observation","id":"sugar","status":"amended","code":{"coding":[{"system":"http://cs","code":"c","display":"Glucose, fasting"}]},
        "subject":{"reference":"Patient/ann"},"effectiveDateTime":"2024-03-01","valueQuantity":{"value":5.4,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}"#,
    r#"{"resourceType":"Observation","id":"smoke","status":"final","code":{"coding":[{"system":"http://cs","code":"e"}]},
        "subject":{"reference":"Patient/cat"},"valueString":"a$b, c"}"#,
    r#"{"resourceType":"CodeSystem","id":"cs","url":"http://cs","status":"active","content":"complete","concept":[{"code":"a","concept":[{"code":"b",
        "concept":[{"code":"c"}]},{"code":"d"}]},{"code":"e"}]}"#,
    r#"{"resourceType":"CodeSystem","id":"gender","url":"http://hl7.org/fhir/administrative-gender","status":"active","content":"complete","concept":[
        {"code":"male"},{"code":"female"},{"code":"other"},{"code":"unknown"}]}"#,
    r#"{"resourceType":"CodeSystem","id":"part","url":"http://part","status":"active","content":"fragment","concept":[{"code":"a"}]}"#,
    r#"{"resourceType":"ValueSet","id":"listed","url":"http://vs/listed","status":"active","compose":{"include":[{"system":"http://cs","concept":[{"code":"b"},{"code":"e"}]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"under","url":"http://vs/under","version":"1","status":"active","compose":{"include":[{"system":"http://cs","filter":[{"property":"concept","op":"descendent-of","value":"a"}]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"both","url":"http://vs/both","status":"active","compose":{"include":[{"valueSet":["http://vs/listed","http://vs/under|1"]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"women","url":"http://vs/women","status":"active","compose":{"include":[{"system":"http://hl7.org/fhir/administrative-gender"}],
        "exclude":[{"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"male"}]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"expanded","url":"http://vs/expanded","status":"active","expansion":{"timestamp":"2024","contains":[{"system":"http://loinc.org","code":"85354-9"}]}}"#,
    r#"{"resourceType":"ValueSet","id":"torn","url":"http://vs/torn","status":"active","compose":{"include":[{"system":"http://part"}]}}"#,
    r#"{"resourceType":"ValueSet","id":"twice1","url":"http://vs/twice","version":"1","status":"active","compose":{"include":[{"system":"http://cs","concept":[{"code":"b"}]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"twice2","url":"http://vs/twice","version":"2","status":"active","compose":{"include":[{"system":"http://cs","concept":[{"code":"e"}]}]}}"#,
    r#"{"resourceType":"List","id":"l1","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/ann"}},{"item":{"reference":"Observation/high"}},
        {"deleted":true,"item":{"reference":"Patient/bob"}},{"item":{"reference":"Patient/nobody"}}]}"#,
    r#"{"resourceType":"List","id":"l2","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/cat"}}]}"#,
    r#"{"resourceType":"DocumentReference","id":"new","status":"current","content":[{"attachment":{"url":"http://x"}}],"relatesTo":[
        {"code":"replaces","target":{"reference":"DocumentReference/old"}},{"code":"appends","target":{"reference":"DocumentReference/other"}}]}"#,
];

fn ward() -> House {
    let house = House::new();
    for text in RESOURCES {
        house.put(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    house
}

/// What is found, by the store and by reading everything, on pages of one and in one count.
#[track_caller]
fn check(house: &House, cases: &[(&str, &str, &str)]) {
    let mut texts = BTreeMap::new();
    for text in RESOURCES {
        let document = Document::parse(text.as_bytes()).unwrap();
        let part = |name: &str| document.root().get(name).unwrap().as_str().unwrap().into_owned();
        texts.insert((part("resourceType"), part("id")), *text);
    }
    let documents: BTreeMap<_, _> =
        texts.iter().map(|(key, text)| (key.clone(), Document::parse(text.as_bytes()).unwrap())).collect();
    for (of, text, expected) in cases {
        let parsed = query(of, text);
        let of_type = documents.iter().filter(|((type_name, _), _)| type_name == of);
        let read: Vec<&str> = of_type
            .filter(|(_, document)| matches(&parsed, document.root(), &crate::model::All(&documents)))
            .map(|((_, id), _)| id.as_str())
            .collect();
        assert_eq!(read.join(" "), *expected, "reading {of}?{text}");
        let mut found = Vec::new();
        let mut page = search(house, of, &format!("{text}&_count=1")).unwrap_or_else(|e| panic!("{of}?{text}: {e}"));
        let mut back = None;
        loop {
            found.extend(page.matches.iter().map(|stored| stored.id.clone()));
            back = page.previous.or(back);
            let Some(next) = page.next else { break };
            page = search(house, of, &format!("{text}&_count=1&_page={next}")).unwrap();
        }
        if let Some(back) = back {
            let before = search(house, of, &format!("{text}&_count=1&_page={back}")).unwrap();
            assert_eq!(before.matches.first().map(|s| &s.id), found.iter().rev().nth(1), "{of}?{text} back");
        }
        found.sort_unstable();
        assert_eq!(found.join(" "), *expected, "{of}?{text}");
        let counted = search(house, of, &format!("{text}&_summary=count")).unwrap();
        assert_eq!(counted.total, Some(found.len() as u64), "{of}?{text}");
        let total = search(house, of, &format!("{text}&_count=1&_total=accurate")).unwrap().total;
        assert_eq!(total, Some(found.len() as u64), "{of}?{text}");
    }
}

#[test]
fn chains_go_any_way_and_far() {
    check(
        &ward(),
        &[
            ("Observation", "patient.organization.name=ward", "high sugar"),
            ("Observation", "patient.organization.partof.partof.name=trust", "high sugar"),
            ("Observation", "patient:Patient.organization:Organization.partof:Organization.name=trust", "odd"),
            ("Observation", "encounter._has:Observation:encounter:component-code=8480-6", "high odd"),
            ("Patient", "_has:Observation:patient:encounter.type=http://cs|b", "ann"),
            ("Patient", "_has:Observation:patient:encounter:Encounter.service-provider.name=trust", "bob"),
            ("Organization", "_has:Patient:organization:_has:Observation:patient:code=http://cs|e", "orphan"),
            ("Organization", "_has:Organization:partof:_has:Patient:organization:gender=female", "clinic"),
            ("Patient", "organization._has:Encounter:service-provider:class=IMP", "ann"),
            ("Patient", "_has:Observation:patient:component-code-value-quantity=8480-6$gt140", "ann"),
        ],
    );
}

#[test]
fn composites_are_of_one_element() {
    check(
        &ward(),
        &[
            ("Observation", "component-code-value-quantity=8480-6$gt140", "high"),
            ("Observation", "component-code-value-quantity=http://loinc.org|8462-4$gt140", "odd"),
            ("Observation", "component-code-value-quantity=8480-6$ne150", "odd"),
            ("Observation", "component-code-value-quantity=8480-6$gt140,8462-4$lt100", "high"),
            (
                "Observation",
                "component-code-value-quantity=8480-6$gt140&component-code-value-quantity=8462-4$gt140",
                "",
            ),
            ("Observation", "combo-code-value-quantity=http://cs|c$5.4", "sugar"),
            ("Observation", "combo-code-value-quantity=8480-6$110||mmHg", "odd"),
            ("Observation", "code-value-quantity=c$5400|http://unitsofmeasure.org|umol/L", "sugar"),
            ("Observation", "code-value-quantity=85354-9$150", ""),
            ("Observation", r"code-value-string=e$a\$b\, c", "smoke"),
            ("DocumentReference", "relationship=replaces$DocumentReference/old", "new"),
            ("DocumentReference", "relationship=appends$DocumentReference/old", ""),
        ],
    );
}

#[test]
fn tokens_are_found_by_words_types_and_sets() {
    let house = ward();
    check(
        &house,
        &[
            ("Observation", "code:text=blood", "high"),
            ("Observation", "code:text=PRESSURE,glucose", "odd sugar"),
            ("Observation", "code:text=glucose&patient=bob", ""),
            ("Patient", "identifier:text=medical", "ann"),
            ("Patient", "identifier:of-type=http://t|SS|1", "bob"),
            ("Patient", "identifier:of-type=http://t|MR|1,http://t|SS|2", "ann"),
            ("Observation", "code:in=http://vs/listed", "smoke"),
            ("Observation", "code:in=http://vs/under", "sugar"),
            ("Observation", "code:in=ValueSet/under,http://vs/expanded", "high odd sugar"),
            ("Observation", "code:not-in=http://vs/under", "high odd smoke"),
            ("Encounter", "type:in=http://vs/both", "e1"),
            ("Encounter", "type:in=http://vs/twice|2", "e2"),
            ("Patient", "gender:in=http://vs/women", "ann"),
            ("Patient", "gender:not-in=http://vs/women", "bob cat"),
            ("Observation", "code:below=http://cs|a", "sugar"),
            ("Observation", "code:above=http://cs|c", "sugar"),
            ("Encounter", "type:above=http://cs|c", "e1"),
            ("Encounter", "type:below=http://cs|a,http://cs|e", "e1 e2"),
            ("Patient", "_has:Observation:patient:code:in=http://vs/expanded", "ann bob"),
        ],
    );
    for (of, text, why) in [
        (
            "Observation",
            "code:in=http://vs/none",
            "no ValueSet \"http://vs/none\" is stored here; store what is needed, or name the codes themselves",
        ),
        (
            "Observation",
            "code:in=http://vs/torn",
            "http://part: the stored CodeSystem holds not all of it (content is fragment); store what is needed, or name the codes themselves",
        ),
        (
            "Observation",
            "code:in=http://vs/twice",
            "2 ValueSet resources have the URL http://vs/twice: name the version of one, as in http://vs/twice|1.0",
        ),
        (
            "Observation",
            "code:below=http://cs|z",
            "http://cs has no code \"z\"; store what is needed, or name the codes themselves",
        ),
        ("Patient", "_list=none", "_list=none: there is no List/none"),
    ] {
        assert_eq!(search(&house, of, text).unwrap_err().to_string(), why, "{of}?{text}");
    }
}

#[test]
fn lists_wholes_and_places_say_what_belongs_to_them() {
    let house = ward();
    check(
        &house,
        &[
            ("Patient", "_list=l1", "ann"),
            ("Patient", "_list=l1,l2&gender:missing=true", "cat"),
            ("Observation", "_list=l1", "high"),
            ("Patient", "organization:below=trust", "ann bob"),
            ("Patient", "organization:below=Organization/clinic", "ann bob"),
            ("Patient", "organization:above=ward", "ann bob"),
            ("Encounter", "service-provider:above=ward", "e1 e2"),
            ("Organization", "partof:below=trust", "clinic ward"),
            ("Organization", "partof:above=round", "round"),
            ("Patient", "organization:below=missing", "cat"),
            ("Patient", "organization:above=orphan", "cat"),
            ("Organization", "partof:above=orphan", "orphan"),
            ("Location", "near=48|11|100|km", "munich"),
            ("Location", "near=48|11|100|km,52.5|13.4|5", "berlin munich"),
            ("Location", "near=48|11|1000&name=berlin", "berlin"),
        ],
    );
    // What is in a list and gone is in no answer.
    house.delete("Patient", "ann").unwrap();
    assert_eq!(search(&house, "Patient", "_list=l1").unwrap().matches.len(), 0);
}

#[test]
fn words_are_found_in_what_resources_say() {
    check(
        &ward(),
        &[
            ("Observation", "_content=blood", "high odd"),
            ("Observation", "_content=\"blood pressure\"", "high"),
            ("Observation", "_content=press not panel", "odd"),
            ("Observation", "_content=(glucose or panel)&patient=ann", "high sugar"),
            ("Observation", "_content=glucose,pressure", "high odd sugar"),
            ("Patient", "_content=MÜLL", "ann bob"),
            ("Patient", "_text=ann", ""),
            ("Encounter", "_text=\"seen on ward\"", "e1"),
            ("Encounter", "_content=ward", "e1"),
        ],
    );
}

#[test]
fn expressions_join_what_parameters_ask() {
    check(
        &ward(),
        &[
            ("Patient", "_filter=name co \"ull\"", "ann bob"),
            ("Patient", "_filter=family eq muller and birthdate lt 1980", "ann"),
            ("Patient", "_filter=gender eq male or (family eq smith and not(gender pr true))", "bob cat"),
            ("Patient", "_filter=gender ne male", "ann"),
            ("Patient", "_filter=family ew th", "cat"),
            ("Patient", "_filter=given ne ann", ""),
            ("Patient", "_filter=organization.partof.name sw cli", "ann"),
            ("Patient", "_filter=birthdate po 1990-05 or birthdate ne 1990", "ann bob"),
            ("Patient", "_filter=organization re Organization/clinic", "bob"),
            ("Observation", "_filter=code in http://vs/listed or code ss http://cs|a", "smoke sugar"),
            ("Observation", "_filter=code ni http://vs/listed and status eq final", "high odd"),
            ("Observation", "_filter=value-quantity gt 5 and value-quantity lt 6", "sugar"),
            ("Observation", "_filter=combo-value-quantity ne 150||mmHg", "high odd"),
            ("Observation", "_filter=component-code ne 8480-6", "high odd"),
            ("Observation", "_filter=not(date pr false)", "sugar"),
            (
                "Observation",
                "_filter=code-value-quantity pr true".replace("code-value-quantity", "value-quantity").leak(),
                "sugar",
            ),
        ],
    );
}

fn included(house: &House, grant: &access::Grant, of: &str, text: &str) -> Result<String, Error> {
    let page = house.records.search(grant, &query(of, text))?;
    let mut all: Vec<_> =
        page.included.iter().map(|stored| format!("{}/{}", r4().name(stored.resource_type), stored.id)).collect();
    all.sort_unstable();
    Ok(all.join(" "))
}

#[test]
fn includes_go_on_where_they_are_asked_to() {
    let house = ward();
    for (of, text, expected) in [
        ("Observation", "_id=high&_include=*", "Encounter/e1 Patient/ann"),
        ("Observation", "_id=high&_include=Observation:*:Patient", "Patient/ann"),
        ("Observation", "_id=high&_include=Observation:patient&_include=Patient:organization", "Patient/ann"),
        (
            "Observation",
            "_id=high&_include=Observation:patient&_include:iterate=Patient:organization",
            "Organization/ward Patient/ann",
        ),
        (
            "Observation",
            "_id=high&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof",
            "Organization/clinic Organization/trust Organization/ward Patient/ann",
        ),
        ("Patient", "_id=ann&_include=Patient:link", "Patient/bob"),
        ("Patient", "_id=ann&_include:iterate=Patient:link", "Patient/bob Patient/cat"),
        ("Organization", "_id=round&_include:iterate=Organization:partof", ""),
        ("Organization", "_id=trust&_revinclude=Organization:partof", "Organization/clinic"),
        ("Organization", "_id=trust&_revinclude:iterate=Organization:partof", "Organization/clinic Organization/ward"),
        (
            "Organization",
            "_id=clinic&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization:Organization&_revinclude:iterate=Encounter:*",
            "Encounter/e1 Encounter/e2 Organization/ward Patient/ann Patient/bob",
        ),
        ("Patient", "_id=ann&_revinclude=List:*", "List/l1"),
        (
            "Patient",
            "_id=bob&_revinclude=Observation:patient&_include:iterate=Observation:encounter:Encounter",
            "Encounter/e2 Observation/odd",
        ),
    ] {
        assert_eq!(included(&house, &everything(), of, text).unwrap(), expected, "{of}?{text}");
    }
    // What may not be read is no step to what may.
    let narrow = grant("system/Observation.rs system/Organization.rs");
    let text = "_id=high&_include=Observation:patient&_include:iterate=Patient:organization";
    assert_eq!(included(&house, &narrow, "Observation", text).unwrap(), "");
}

#[test]
fn includes_that_never_end_are_refused() {
    let house = House::new();
    for no in 0..40 {
        let whole = if no == 0 { String::new() } else { format!(r#","partOf":{{"reference":"Location/{}"}}"#, no - 1) };
        house.put(&format!(r#"{{"resourceType":"Location","id":"{no}","name":"x"{whole}}}"#)).unwrap();
    }
    let found =
        |id: &str| included(&house, &everything(), "Location", &format!("_id={id}&_include:iterate=Location:partof"));
    assert_eq!(found("30").unwrap().split(' ').count(), 30);
    assert_eq!(
        found("39").unwrap_err().to_string(),
        "what :iterate includes is still not all after 32 steps from the matches: ask for the rest by a search of its own"
    );
    let deep = search(&house, "Location", &format!("{}name=x", "partof.".repeat(31))).unwrap();
    assert_eq!(deep.matches.len(), 9);
}
