//! What requests are understood to ask.

use super::*;

/// The filters of a query, one a line.
pub(super) fn check(of: &str, query: &str, expected: Expect) {
    let text = match parse(of, query, Handling::Strict) {
        Ok(query) => query.filters.iter().fold(String::new(), |text, filter| text + &show_filter(filter) + "\n"),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&text);
}

fn show_filter(filter: &Filter) -> String {
    fn list<T: std::fmt::Debug>(any_of: &[T]) -> String {
        any_of.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(" or ")
    }
    let code = filter.parameter().map_or("", |parameter| parameter.code);
    match &filter.test {
        Test::Id { any_of, negated } => format!("id {}{}", if *negated { "none of " } else { "" }, list(any_of)),
        Test::LastUpdated { any_of } => format!("lastUpdated {}", dates(any_of)),
        Test::Missing { missing, .. } => format!("{code} missing {missing}"),
        Test::Token { any_of, negated, .. } => {
            let tokens: Vec<_> = any_of.iter().map(token).collect();
            format!("{code} {}{}", if *negated { "none of " } else { "" }, tokens.join(" or "))
        }
        Test::Reference { any_of, .. } => {
            let references: Vec<_> = any_of
                .iter()
                .map(|one| match one {
                    ReferenceMatch::Local { types, id } => {
                        let types: Vec<_> = types.iter().map(|id| r4().name(*id)).collect();
                        format!("{}/{id}", types.join("|"))
                    }
                    ReferenceMatch::Url(url) => format!("<{url}>"),
                    ReferenceMatch::Logical(logical) => format!("whoever is {}", token(logical)),
                })
                .collect();
            format!("{code} {}", references.join(" or "))
        }
        Test::Date { any_of, .. } => format!("{code} {}", dates(any_of)),
        Test::String { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::Number { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::Quantity { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::Uri { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::Chain { targets, .. } => {
            let targets: Vec<_> =
                targets.iter().map(|(id, filter)| format!("{} with {}", r4().name(*id), show_filter(filter))).collect();
            format!("{code} leads to {}", targets.join(" or "))
        }
        Test::Has { source, filter, .. } => {
            format!("some {} by {code} with {}", r4().name(*source), show_filter(filter))
        }
        Test::Composite { any_of, .. } => {
            let alternatives: Vec<String> = any_of
                .iter()
                .map(|parts| parts.iter().map(|test| show_filter(&unnamed(test))).collect::<Vec<_>>().join(" with "))
                .collect();
            format!("{code} of {}", alternatives.join(" or "))
        }
        Test::TokenText { any_of, .. } => format!("{code} in words {}", list(any_of)),
        Test::OfType { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::CodeSet { any_of, negated, .. } => {
            format!("{code} {}of {}", if *negated { "not " } else { "" }, list(any_of))
        }
        Test::PartOf { any_of, way, .. } => {
            let places: Vec<_> = any_of
                .iter()
                .map(|(types, id)| {
                    format!("{}/{id}", types.iter().map(|id| r4().name(*id)).collect::<Vec<_>>().join("|"))
                })
                .collect();
            format!("{code} {way:?} {}", places.join(" or "))
        }
        Test::Near { any_of, .. } => format!("{code} {}", list(any_of)),
        Test::List { any_of } => format!("in a list of {}", list(any_of)),
        Test::Words { narrative_only, any_of } => {
            format!("{} {}", if *narrative_only { "narrative" } else { "content" }, list(any_of))
        }
        Test::Unequal { test } => format!("not only: {}", show_filter(&unnamed(test))),
        Test::All(filters) => joined(filters, "and"),
        Test::Any(filters) => joined(filters, "or"),
        Test::Not(filter) => format!("not ({})", show_filter(filter)),
    }
}

fn unnamed(test: &Test) -> Filter {
    Filter { name: String::new(), test: test.clone() }
}

fn joined(filters: &[Filter], word: &str) -> String {
    format!("({})", filters.iter().map(show_filter).collect::<Vec<_>>().join(&format!(" {word} ")))
}

fn token(token: &TokenMatch) -> String {
    let code = token.code.as_deref().unwrap_or("*");
    match &token.system {
        SystemMatch::Any => code.to_owned(),
        SystemMatch::Absent => format!("|{code}"),
        SystemMatch::Is(system) => format!("{system}|{code}"),
    }
}

fn dates(any_of: &[DateMatch]) -> String {
    let one = |date: &DateMatch| {
        let (low, high) = (crate::time::format_us(date.low_us), crate::time::format_us(date.high_us));
        format!("{:?} {low} to {high}", date.prefix)
    };
    any_of.iter().map(one).collect::<Vec<_>>().join(" or ")
}

#[test]
fn tokens_have_systems_escapes_and_negation() {
    check(
        "Observation",
        "code=1,http://l|2,|3,http://l|&category:not=a",
        expect![[r#"
        code 1 or http://l|2 or |3 or http://l|*
        category none of a
    "#]],
    );
    check(
        "Observation",
        r"code=a\,b,c\|d,s\|t|u\\v",
        expect![[r#"
        code a,b or c|d or s|t|u\v
    "#]],
    );
    check(
        "Observation",
        "code=,,x,",
        expect![[r#"
        code x
    "#]],
    );
    check(
        "Observation",
        "code=|",
        expect![[r#"
        "code=|": there is neither a system nor a code
    "#]],
    );
}

#[test]
fn the_system_that_a_value_set_implies_is_no_system_in_the_index() {
    check(
        "Patient",
        "gender=http://hl7.org/fhir/administrative-gender|male",
        expect![[r#"
        gender |male
    "#]],
    );
    check(
        "Patient",
        "gender=http://other|male",
        expect![[r#"
        gender http://other|male
    "#]],
    );
    check(
        "Observation",
        "code=http://loinc.org|1",
        expect![[r#"
        code http://loinc.org|1
    "#]],
    );
}

#[test]
fn references_are_local_absolute_or_logical() {
    check(
        "Observation",
        "subject=Patient/1,2,https://here/fhir/Group/3/_history/1",
        expect![[r#"
        subject Patient/1 or Group|Device|Patient|Location/2 or Group/3
    "#]],
    );
    check(
        "Observation",
        "patient=1&subject:Patient=2",
        expect![[r#"
        patient Patient/1
        subject Patient/2
    "#]],
    );
    check(
        "Observation",
        "subject=https://there/fhir/Patient/1,urn:uuid:x",
        expect![[r#"
        subject <https://there/fhir/Patient/1> or <urn:uuid:x>
    "#]],
    );
    check(
        "Observation",
        "subject:identifier=http://h|1",
        expect![[r#"
        subject whoever is http://h|1
    "#]],
    );
    check(
        "Observation",
        "subject:Patient=Group/1",
        expect![[r#"
        "subject:Patient=Group/1": it is of another type than :Patient
    "#]],
    );
    check(
        "Observation",
        "subject:Nobody=1",
        expect![[r#"
        "subject:Nobody" is not supported: the modifier :Nobody is not implemented for reference parameters
    "#]],
    );
    check(
        "Observation",
        "subject=a b",
        expect![[r#"
        "subject=a b": expected an id, Type/id or an absolute URL
    "#]],
    );
    check(
        "QuestionnaireResponse",
        "questionnaire=http://q|2",
        expect![[r#"
        questionnaire <http://q|2>
    "#]],
    );
}

#[test]
fn dates_have_prefixes_and_precision() {
    check(
        "Observation",
        "date=2020,ge2020-02,sa2020-01-01T10:00 01:00",
        expect![[r#"
        date Eq 2020-01-01T00:00:00Z to 2020-12-31T23:59:59.999999Z or Ge 2020-02-01T00:00:00Z to 2020-02-29T23:59:59.999999Z or Sa 2020-01-01T09:00:00Z to 2020-01-01T09:00:59.999999Z
    "#]],
    );
    check(
        "Patient",
        "_lastUpdated=gt2020-01-01T00:00:00.5Z&birthdate=ne1970",
        expect![[r#"
        lastUpdated Gt 2020-01-01T00:00:00.500Z to 2020-01-01T00:00:00.599999Z
        birthdate Ne 1970-01-01T00:00:00Z to 1970-12-31T23:59:59.999999Z
    "#]],
    );
    check(
        "Patient",
        "birthdate=xx1970",
        expect![[r#"
        "birthdate=xx1970": not a date or time: expected a year of four digits at character 0
    "#]],
    );
    check(
        "Patient",
        "birthdate=1970-02-30",
        expect![[r#"
        "birthdate=1970-02-30": not a date or time: expected a day of that month at character 8
    "#]],
    );
}

#[test]
fn approximate_dates_widen_with_their_distance_from_now() {
    let now_us = crate::time::Moment::parse("2030-01-01", crate::time::ZoneOffset::UTC).unwrap().low_us;
    let options = ParseOptions { now_us, ..ParseOptions::default() };
    let query = SearchQuery::parse("Patient", [("birthdate", "ap2020-01-01")], &options).unwrap();
    expect!["birthdate Ap 2018-12-31T18:00:00Z to 2021-01-01T05:59:59.999999Z"]
        .assert_eq(&show_filter(&query.filters[0]));
}

#[test]
fn strings_are_folded_unless_exact() {
    check(
        "Patient",
        "name=MÜLLER,o'Brien&family:exact=Müller&given:contains= Ann ",
        expect![[r#"
        name Prefix("muller") or Prefix("o'brien")
        family Exact("Müller")
        given Contains("ann")
    "#]],
    );
    check(
        "Patient",
        "name=%20".replace("%20", " ").as_str(),
        expect![[r#"
        "name= ": nothing is left of it once white space and accents are gone
    "#]],
    );
}

#[test]
fn numbers_and_quantities_are_ranges() {
    check(
        "RiskAssessment",
        "probability=0.25,gt1e2",
        expect![[r#"
        probability NumberMatch { prefix: Eq, value: 0.25, low: 0.245, high: 0.255 } or NumberMatch { prefix: Gt, value: 100.0, low: 95.0, high: 105.0 }
    "#]],
    );
    check(
        "RiskAssessment",
        "probability=ap100,x",
        expect![[r#"
        "probability=x": expected a number such as 5.40 or 1e2
    "#]],
    );
    check(
        "Observation",
        "value-quantity=5.4|http://unitsofmeasure.org|mg",
        expect![[r#"
        value-quantity QuantityMatch { number: NumberMatch { prefix: Eq, value: 5.4, low: 5.35, high: 5.45 }, unit: Coded { system: "http://unitsofmeasure.org", code: "mg", canonical: Some(("g", NumberMatch { prefix: Eq, value: 0.0054, low: 0.00535, high: 0.00545 })) } }
    "#]],
    );
    check(
        "Observation",
        "value-quantity=le5.4||mg,5.4",
        expect![[r#"
        value-quantity QuantityMatch { number: NumberMatch { prefix: Le, value: 5.4, low: 5.35, high: 5.45 }, unit: Shown("mg") } or QuantityMatch { number: NumberMatch { prefix: Eq, value: 5.4, low: 5.35, high: 5.45 }, unit: Any }
    "#]],
    );
    check(
        "Observation",
        "value-quantity=5.4|http://x|",
        expect![[r#"
        "value-quantity=5.4|http://x|": a system needs a code: number|system|code
    "#]],
    );
}

#[test]
fn uris_go_up_and_down() {
    check(
        "ValueSet",
        "url=http://a/b|1&url:below=http://a&url:above=http://a/b/c",
        expect![[r#"
        url Exact("http://a/b|1")
        url Below("http://a")
        url Above(["http://a/b/c", "http://a", "http://a/", "http://a/b", "http://a/b/"])
    "#]],
    );
    check(
        "ValueSet",
        "url:below=urn:oid:1",
        expect![[r#"
        "url:below=urn:oid:1": a URN has nothing above or below it
    "#]],
    );
}

#[test]
fn missing_takes_a_flag() {
    check(
        "Patient",
        "gender:missing=true&birthdate:missing=false",
        expect![[r#"
        gender missing true
        birthdate missing false
    "#]],
    );
    check(
        "Patient",
        "gender:missing=1",
        expect![[r#"
        "gender:missing=1": expected true or false
    "#]],
    );
}

#[test]
fn chains_lead_to_every_type_that_has_the_rest() {
    check(
        "Observation",
        "patient.gender=male",
        expect![[r#"
        patient leads to Patient with gender male
    "#]],
    );
    check(
        "Observation",
        "subject.name=x",
        expect![[r#"
        subject leads to Patient with name Prefix("x") or Location with name Prefix("x")
    "#]],
    );
    check(
        "Observation",
        "encounter:Encounter.subject:Patient.family=x",
        expect![[r#"
        encounter leads to Encounter with subject leads to Patient with family Prefix("x")
    "#]],
    );
    check(
        "MedicationRequest",
        "medication.code=1",
        expect![[r#"
        medication leads to Medication with code 1
    "#]],
    );
    check(
        "Observation",
        "subject.nothing=x",
        expect![[r#"
        Location has no search parameter "nothing"
    "#]],
    );
    check(
        "Observation",
        "code.text=x",
        expect![[r#"
        "code.text" is not supported: code is a token parameter; only references lead on
    "#]],
    );
    check(
        "Observation",
        "patient.organization.partof.name=x",
        expect![[r#"
            patient leads to Patient with organization leads to Organization with partof leads to Organization with name Prefix("x")
        "#]],
    );
    check(
        "Observation",
        "encounter._has:Observation:encounter:patient:Patient.organization.name=x",
        expect![[r#"
            encounter leads to Encounter with some Observation by encounter with patient leads to Patient with organization leads to Organization with name Prefix("x") or EpisodeOfCare with some Observation by encounter with patient leads to Patient with organization leads to Organization with name Prefix("x")
        "#]],
    );
    check(
        "Patient",
        "_has:Observation:patient:encounter.type=x",
        expect![[r#"
            some Observation by patient with encounter leads to Encounter with type x or EpisodeOfCare with type x
        "#]],
    );
    let deep = |steps: usize| format!("{}name=x", "partof.".repeat(steps - 1));
    assert!(parse("Organization", &deep(CHAIN_LIMIT), Handling::Strict).is_ok());
    let error = parse("Organization", &deep(CHAIN_LIMIT + 1), Handling::Strict).unwrap_err().to_string();
    assert!(error.ends_with("is not supported: a chain may have 32 steps at most"), "{error}");
    let untyped = format!("{}status=x", "part-of.".repeat(20));
    let error = parse("Procedure", &untyped, Handling::Strict).unwrap_err().to_string();
    let why = "its steps lead more than 1000 ways; name the type of each, as in subject:Patient.name";
    assert!(error.ends_with(why), "{error}");
    check(
        "Observation",
        "focus.name=x",
        expect![[r#"
        "focus.name" is not supported: it may refer to 146 types; name one, as in focus:Patient.name
    "#]],
    );
    check(
        "Patient",
        "_has:Encounter:patient:class=IMP&_has:Observation:patient:code:not=x",
        expect![[r#"
        some Encounter by patient with class IMP
        some Observation by patient with code none of x
    "#]],
    );
    check(
        "Patient",
        "_has:Encounter:patient:_has:Observation:encounter:code=x",
        expect![[r#"
        some Encounter by patient with some Observation by encounter with code x
    "#]],
    );
    check(
        "Patient",
        "_has:Encounter:class:class=IMP",
        expect![[r#"
        "_has:Encounter:class:class" is not supported: class is a token parameter; only references lead on
    "#]],
    );
    check(
        "Patient",
        "_has:Encounter:patient=IMP",
        expect![[r#"
        "_has:Encounter:patient=IMP": expected _has:Type:reference:parameter
    "#]],
    );
    check(
        "Patient",
        "_has:Encounter:service-provider:class=IMP",
        expect![[r#"
        "_has:Encounter:service-provider:class=IMP": Encounter.service-provider never refers to a Patient
    "#]],
    );
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let mut refusals = String::new();
    for (of, query) in [
        ("Observation", "code-value-quantity:missing=true"),
        ("Location", "near=1"),
        ("Location", "near:missing=true"),
        ("Location", "_sort=near"),
        ("Observation", "_sort=code-value-quantity"),
        ("Patient", "phonetic=x"),
        ("Patient", "name:text=x"),
        ("Observation", "code:nonsense=x"),
        ("Patient", "gender:of-type=a|b|c"),
        ("Patient", "identifier:of-type=a|b"),
        ("Observation", "code:below=x"),
        ("Observation", "code:in=x y"),
        ("Observation", "subject:below=Patient/1"),
        ("Observation", "performer:above=http://x/y"),
        ("Patient", "birthdate:exact=2020"),
        ("Patient", "_id:exact=1"),
        ("Patient", "_content=(x"),
        ("Observation", "patient._text=x"),
        ("Patient", "_list:not=x"),
        ("Patient", "_query=x"),
        ("Patient", "_list=$current-problems"),
        ("Patient", "_list=a b"),
        ("Bundle", "composition=1"),
        ("Patient", "_revinclude=*"),
        ("Patient", "_include:iterate=*"),
        ("Patient", "_include:recurse=Patient:organization"),
        ("Patient", "_sort=general-practitioner"),
        ("Nothing", ""),
    ] {
        let strict = parse(of, query, Handling::Strict).unwrap_err();
        assert_eq!(parse(of, query, Handling::Lenient).unwrap_err(), strict);
        writeln!(refusals, "{strict}").unwrap();
    }
    expect![[r#"
        "code-value-quantity:missing" is not supported: the modifier :missing is not implemented for composite parameters
        "near=1": expected latitude|longitude|distance or latitude|longitude|distance|units
        "near:missing" is not supported: the modifier :missing is not implemented for special parameters
        "_sort" is not supported: near is a special parameter, which has no order
        "_sort" is not supported: code-value-quantity is a composite parameter, which has no order
        "phonetic" is not supported: names are not compared by sound; search by name, which ignores case and accents
        "name:text" is not supported: the modifier :text is not implemented for string parameters
        "code:nonsense" is not supported: the modifier :nonsense is not implemented for token parameters
        "gender:of-type" is not supported: only identifiers have a type, and gender is none
        "identifier:of-type=a|b": expected system|code|value: the system and the code of the identifier's type, and its value
        "code:below=x": expected system|code: a code has its place in the hierarchy of a system
        "code:in=x y": expected the URL of a value set, or ValueSet/id
        "subject:below=Patient/1": a Patient has no parts, so nothing is below or above it
        "performer:above=http://x/y": expected an id or Type/id: only resources of this server have parts here
        "birthdate:exact" is not supported: the modifier :exact is not implemented for date parameters
        "_id:exact" is not supported: the modifier :exact is not implemented for token parameters
        "_content=(x": a ( is not closed
        "_text" is not supported: it is asked of the type that is searched, without a modifier and not in a chain
        "_list" is not supported: it is asked of the type that is searched, without a modifier and not in a chain
        "_query" is not supported: there are no named queries
        "_list" is not supported: $current-problems is a list that a server makes up; only stored Lists are known, by id
        "_list=a b": expected the id of a List
        "composition" is not supported: it leads to a resource inside this one, and those are not indexed
        "_revinclude" is not supported: * without a type is not implemented; use Type:*
        "_include:iterate" is not supported: * without a type would bring all there is; use Type:*
        "_include:recurse" is not supported: :iterate is the only modifier of includes
        "_sort" is not supported: general-practitioner is a reference parameter, which has no order
        "_type=Nothing": "Nothing" is no resource type
    "#]]
    .assert_eq(&refusals);
}

/// The modifiers of the standard, each of which is understood or refused by name.
#[test]
fn modifiers_are_those_that_are_told() {
    let all = [
        "missing",
        "exact",
        "contains",
        "text",
        "not",
        "above",
        "below",
        "in",
        "not-in",
        "of-type",
        "identifier",
        "iterate",
        "Patient",
    ];
    for (of, code) in [
        ("Patient", "identifier"),
        ("Observation", "performer"),
        ("Patient", "family"),
        ("ValueSet", "url"),
        ("Patient", "birthdate"),
        ("RiskAssessment", "probability"),
        ("Observation", "value-quantity"),
        ("Observation", "code-value-quantity"),
        ("Location", "near"),
    ] {
        let kind = parameters().find(of, code).unwrap().kind;
        for modifier in all {
            let told = if modifier == "Patient" { "[type]" } else { modifier };
            let understood = ["true", "Organization/1", "http://x/y", "a|b|c", "a|b", "1"].iter().any(|value| {
                !matches!(
                    parse(of, &format!("{code}:{modifier}={value}"), Handling::Strict),
                    Err(SearchError::Unsupported { .. })
                )
            });
            assert_eq!(understood, support::modifiers(kind).contains(&told), "{of}?{code}:{modifier}");
        }
    }
    expect!["Search: modifiers by kind: token :missing, :not, :text, :in, :not-in, :below, :above, :of-type; reference :missing, :[type], :identifier, :below, :above; string :missing, :exact, :contains; uri :missing, :below, :above; date :missing; number :missing; quantity :missing. Chains and _has have up to 32 steps. _include and _revinclude take Type:*, a target type and :iterate. Value sets, code systems and lists count as far as they are stored here."].assert_eq(&support::about());
}

#[test]
fn what_costs_much_is_bounded() {
    let many = |value: &str, count: usize| vec![value; count].join(",");
    let looked_up = "257 values are more than the 256 of a parameter that is looked up in the resources";
    let sets = "a request may name 32 sets of codes at most, each way of a chain counted";
    for (of, query, why) in [
        ("Observation", format!("component-code-value-quantity={}", many("a$1", 257)), looked_up),
        ("Observation", format!("code:text={}", many("a", 257)), looked_up),
        ("Patient", format!("_content={}", many("a", 257)), looked_up),
        ("Observation", format!("code:in={}&code:below={}", many("http://v", 20), many("s|c", 13)), sets),
        ("Observation", format!("_filter={}", vec!["code in http://v"; 33].join(" or ")), sets),
    ] {
        let error = parse(of, &query, Handling::Lenient).unwrap_err().to_string();
        assert!(error.ends_with(&format!("is not supported: {why}")), "{error}");
    }
}

#[test]
fn unknown_parameters_are_errors_or_reported() {
    let error = parse("Patient", "nothing=x", Handling::Strict).unwrap_err();
    assert_eq!(error.to_string(), "Patient has no search parameter \"nothing\"");
    let query = parse("Patient", "nothing=x&gender=male&name=&patient.x=y", Handling::Lenient).unwrap();
    let names: Vec<_> = query.ignored.iter().map(|ignored| ignored.name.as_str()).collect();
    assert_eq!(names, ["nothing", "name", "patient.x"]);
    assert_eq!(query.used, [("gender".to_owned(), "male".to_owned())]);
}

#[test]
fn control_parameters_are_read_and_bounded() {
    let query = parse(
        "Observation",
        "_count=5000&_sort=-date,_id&_total=accurate&_summary=data&_elements=code,subject&_include=Observation:patient\
         &_revinclude=Provenance:target:Observation&_page=abc&_format=json",
        Handling::Strict,
    )
    .unwrap();
    assert_eq!((query.count, query.total, query.summary), (Some(COUNT_LIMIT), Some(Total::Accurate), Summary::Data));
    assert!(matches!(query.sort[..], [
        SortKey { by: SortBy::Parameter(date), descending: true },
        SortKey { by: SortBy::Id, descending: false }
    ] if date.code == "date"));
    assert_eq!(query.elements, ["code", "subject"]);
    assert_eq!((query.includes[0].parameter.code, query.includes[0].target), ("patient", None));
    assert_eq!(
        (query.revincludes[0].parameter.code, query.revincludes[0].target),
        ("target", r4().type_id("Observation"))
    );
    assert_eq!((query.page.as_deref(), query.format.as_deref(), query.used.len()), (Some("abc"), Some("json"), 9));
    for (bad, why) in [
        ("_count=-1", "expected a whole number, 0 or more"),
        ("_count=1&_count=2", "it is given twice"),
        ("_total=all", "expected none, estimate or accurate"),
        ("_summary=x", "expected true, false, text, data or count"),
        ("_elements=nothing", "\"nothing\" is no element of Observation"),
        ("_include=Observation", "expected Type:parameter or Type:parameter:TargetType"),
        ("_include=Nothing:patient", "\"Nothing\" is no resource type"),
    ] {
        let error = parse("Observation", bad, Handling::Strict).unwrap_err().to_string();
        assert!(error.ends_with(why), "{bad}: {error}");
    }
    assert!(parse("Observation", "_count=0", Handling::Strict).unwrap().counts_only());
}
