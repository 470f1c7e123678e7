//! Tests of search: what extraction gives, what requests ask, and that both agree with reading whole resources.
#![allow(clippy::needless_raw_string_hashes)] // expect-test writes them.

use super::matches::{Corpus, matches};
use super::plan::Plan;
use super::*;
use crate::json::{Document, Node};
use crate::parameters::parameters;
use crate::schema::r4;
use expect_test::{Expect, expect, expect_file};
use std::fmt::Write as _;

mod every_type;
mod examples;
mod forms;
mod queries;
mod random;
mod shapes;
mod synthea;

/// What extraction gives for a resource, a line a value, sorted.
fn check_extraction(resource: &str, codes: &[&str], expected: Expect) {
    let document = Document::parse(resource.as_bytes()).unwrap();
    let extractor = Extractor::new().with_base_url("https://here/fhir");
    let mut lines = Vec::new();
    let issues = extractor.extract(document.root(), &mut |parameter, value| {
        if codes.is_empty() || codes.contains(&parameter.code) {
            lines.push(format!("{}: {}\n", parameter.code, show(&value)));
        }
    });
    assert_eq!(issues, []);
    lines.sort();
    lines.dedup();
    expected.assert_eq(&lines.concat());
}

fn show(value: &IndexValue<'_>) -> String {
    let or_dash = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("-").to_owned();
    match value {
        IndexValue::Token { system, code } => format!("{}|{code}", or_dash(system)),
        IndexValue::TokenText { text } => format!("in words: {text}"),
        IndexValue::Reference(ReferenceValue::Local { type_id, id }) => format!("{}/{id}", r4().name(*type_id)),
        IndexValue::Reference(ReferenceValue::Url(url)) => format!("<{url}>"),
        IndexValue::Reference(ReferenceValue::Logical { system, value }) => {
            format!("whoever is {}|{value}", or_dash(system))
        }
        IndexValue::Date { low_us, high_us } => {
            let end = |us: i64, open: i64| if us == open { "…".to_owned() } else { crate::time::format_us(us) };
            format!("{} to {}", end(*low_us, i64::MIN), end(*high_us, i64::MAX))
        }
        IndexValue::String { text } => format!("\"{text}\""),
        IndexValue::Number { low, high } => format!("{low} to {high}"),
        IndexValue::Quantity(q) => {
            let canonical = q.canonical.as_ref().map(|c| format!(" = {} to {} {}", c.low, c.high, c.unit));
            format!(
                "{} to {} {}|{} ({}){}",
                q.low,
                q.high,
                or_dash(&q.system),
                or_dash(&q.code),
                or_dash(&q.unit),
                canonical.unwrap_or_default()
            )
        }
        IndexValue::Uri { text } => format!("<{text}>"),
        IndexValue::Present => "something".to_owned(),
    }
}

#[test]
fn the_support_table_is_as_checked_in() {
    let mut text = String::new();
    let mut last = "";
    let (mut usable, mut all) = (0, 0);
    for row in support::table() {
        if row.resource_type != last {
            last = row.resource_type;
            writeln!(text, "{last}").unwrap();
        }
        all += 1;
        usable += i32::from(row.refused.is_none());
        let kind = support::kind_name(row.parameter.kind);
        let refused = row.refused.map(|why| format!("  NO: {why}")).unwrap_or_default();
        writeln!(text, "  {:<32} {kind}{refused}", row.parameter.code).unwrap();
    }
    writeln!(text, "{usable} of {all} parameters can be searched by.").unwrap();
    expect_file!["../../tests/it/search-support.txt"].assert_eq(&text);
}

#[test]
fn every_published_expression_compiles_and_few_need_fhirpath() {
    let mut computed = Vec::new();
    for type_id in r4().resource_types() {
        let plan = Plan::of(type_id).unwrap_or_else(|(parameter, error)| panic!("{}: {error}", parameter.url));
        computed.extend(plan.computed.iter().map(|c| format!("{}: {:?}", c.uses[0].expression, c.uses.len())));
    }
    expect![[r#"["Patient.deceased.exists() and Patient.deceased != false: 1"]"#]].assert_eq(&format!("{computed:?}"));
}

/// Every pair of parameter kind and data type in the published table for which there is no reading: each must be one
/// where FHIR has none either.
#[test]
fn data_types_without_a_reading_are_known() {
    fn walk(spot: &super::plan::Spot, path: &str, out: &mut Vec<String>) {
        for leaf in spot.leaves.iter().filter(|leaf| leaf.reader == super::convert::Reader::Presence) {
            for used in &leaf.uses {
                out.push(format!("{} {} at {path}\n", support::kind_name(used.parameter.kind), used.parameter.code));
            }
        }
        for (name, spot) in &spot.members {
            walk(spot, &format!("{path}.{name}"), out);
        }
        for (.., spot) in &spot.guards {
            walk(spot, path, out);
        }
    }
    let mut out = Vec::new();
    for type_id in r4().resource_types() {
        walk(&Plan::of(type_id).unwrap().root, r4().name(type_id), &mut out);
    }
    out.sort();
    expect![[r#"
        date activity-date at CarePlan.activity.detail.scheduledString
        date date at Immunization.occurrenceString
        date date at Procedure.performedAge
        date date at Procedure.performedRange
        date date at Procedure.performedString
        reference source-reference at Consent.sourceAttachment
    "#]]
    .assert_eq(&out.concat());
}

#[test]
fn tokens_come_from_codings_identifiers_contacts_codes_and_flags() {
    check_extraction(
        r#"{"resourceType":"Patient","id":"p","active":true,"gender":"male","deceasedDateTime":"2020",
            "identifier":[{"system":"http://h/mrn","value":"1"},{"value":"2"},{"system":"http://h/none"},{"use":"usual"}],
            "telecom":[{"system":"phone","value":"555"},{"system":"email","value":"a@b"}],
            "communication":[{"language":{"text":"sign language"}},
              {"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"de"},{"code":"x"},{"display":"y"}],"text":"z"}}]}"#,
        &["active", "gender", "deceased", "identifier", "telecom", "phone", "email", "language"],
        expect![[r#"
            active: -|true
            deceased: -|true
            email: -|a@b
            gender: -|male
            identifier: -|2
            identifier: http://h/mrn|1
            identifier: http://h/none|
            identifier: something
            language: -|x
            language: in words: sign language
            language: in words: y
            language: urn:ietf:bcp:47|de
            phone: -|555
            telecom: -|555
            telecom: -|a@b
        "#]],
    );
}

#[test]
fn references_lead_to_resources_urls_and_identifiers() {
    check_extraction(
        r##"{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/1/_history/3"},
            "performer":[{"reference":"https://here/fhir/Practitioner/a"},{"reference":"https://there/fhir/Practitioner/b"},
              {"reference":"urn:uuid:0f"},{"reference":"#x"},{"display":"Dr. No"},{"type":"Patient","reference":"urn:uuid:0e"},
              {"identifier":{"system":"http://h/staff","value":"77"}},{"reference":"Organization?identifier=x|y"}],
            "focus":[{"extension":[{"url":"u"}]}]}"##,
        &["subject", "patient", "performer", "focus"],
        expect![[r#"
            patient: Patient/1
            performer: <https://there/fhir/Practitioner/b>
            performer: <urn:uuid:0e>
            performer: <urn:uuid:0f>
            performer: Practitioner/a
            performer: something
            performer: whoever is http://h/staff|77
            subject: Patient/1
        "#]],
    );
    check_extraction(
        r#"{"resourceType":"QuestionnaireResponse","questionnaire":"http://q/a|2.0","basedOn":[{"reference":"CarePlan/1"}]}"#,
        &[],
        expect![[r#"
            based-on: CarePlan/1
            questionnaire: <http://q/a>
            questionnaire: <http://q/a|2.0>
        "#]],
    );
}

#[test]
fn dates_come_from_dates_periods_and_timings() {
    check_extraction(
        r#"{"resourceType":"Procedure","performedPeriod":{"start":"2020-01"}}"#,
        &["date"],
        expect![[r#"
            date: 2020-01-01T00:00:00Z to …
        "#]],
    );
    check_extraction(
        r#"{"resourceType":"Procedure","performedString":"2020"}"#,
        &["date"],
        expect![[r#"
        date: something
    "#]],
    );
    check_extraction(
        r#"{"resourceType":"ServiceRequest","authoredOn":"no date","occurrenceTiming":{"event":["2020-01-01","2019"],
            "repeat":{"boundsPeriod":{"start":"2019-06","end":"2021-01-01T00:00:00Z"}}}}"#,
        &["authored", "occurrence"],
        expect![[r#"
            authored: something
            occurrence: 2019-01-01T00:00:00Z to 2021-01-01T00:00:00.999999Z
        "#]],
    );
}

#[test]
fn strings_come_from_all_parts_of_names_and_addresses() {
    check_extraction(
        r#"{"resourceType":"Patient","name":[{"text":"Dr. Anna Maria Müller","family":"Müller","given":["Anna","Maria"],
            "_given":[null,{"extension":[]}],"prefix":["Dr."]}],
            "address":[{"line":["Weg 1",null],"city":"Köln","postalCode":"50667","country":"DE","use":"home"}]}"#,
        &["name", "family", "given", "address", "address-city", "address-use"],
        expect![[r#"
            address-city: "Köln"
            address-use: -|home
            address: "50667"
            address: "DE"
            address: "Köln"
            address: "Weg 1"
            family: "Müller"
            given: "Anna"
            given: "Maria"
            name: "Anna"
            name: "Dr. Anna Maria Müller"
            name: "Dr."
            name: "Maria"
            name: "Müller"
        "#]],
    );
}

#[test]
fn quantities_are_also_given_in_canonical_units() {
    check_extraction(
        r#"{"resourceType":"Observation","valueQuantity":{"value":5.40,"unit":"mg/dL","system":"http://unitsofmeasure.org",
            "code":"mg/dL"},"component":[{"valueQuantity":{"value":3,"comparator":"<","unit":"x"}},
            {"valueSampledData":{"origin":{"value":1,"code":"mV","system":"http://unitsofmeasure.org"},"period":1,"factor":2,
              "dimensions":1,"lowerLimit":-5,"data":"1 E 3 L -2"}}]}"#,
        &["value-quantity", "component-value-quantity", "combo-value-quantity"],
        expect![[r#"
            combo-value-quantity: -9 to 7 http://unitsofmeasure.org|mV (-) = -9 to 7 g.m2.s-2.C-1
            combo-value-quantity: -inf to 2.9999999999999996 -|- (x)
            combo-value-quantity: 5.4 to 5.4 http://unitsofmeasure.org|mg/dL (mg/dL) = 54 to 54 g.m-3
            component-value-quantity: -9 to 7 http://unitsofmeasure.org|mV (-) = -9 to 7 g.m2.s-2.C-1
            component-value-quantity: -inf to 2.9999999999999996 -|- (x)
            value-quantity: 5.4 to 5.4 http://unitsofmeasure.org|mg/dL (mg/dL) = 54 to 54 g.m-3
        "#]],
    );
    check_extraction(
        r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":0.25},{"probabilityRange":{"low":{"value":1}}}]}"#,
        &["probability"],
        expect![[r#"
            probability: 0.25 to 0.25
            probability: 1 to inf
        "#]],
    );
    check_extraction(
        r#"{"resourceType":"Condition","onsetRange":{"low":{"value":1,"code":"a","system":"http://unitsofmeasure.org"},
            "high":{"value":2,"code":"a","system":"http://unitsofmeasure.org"}},"abatementAge":{"value":3,"unit":"years"}}"#,
        &["onset-age", "abatement-age"],
        expect![[r#"
            abatement-age: 3 to 3 -|- (years)
            onset-age: 1 to 2 http://unitsofmeasure.org|a (-) = 31557600 to 63115200 s
        "#]],
    );
    check_extraction(
        r#"{"resourceType":"Invoice","totalGross":{"value":10.5,"currency":"EUR"}}"#,
        &["totalgross"],
        expect![[r#"
            totalgross: 10.5 to 10.5 urn:iso:std:iso:4217|EUR (-)
        "#]],
    );
}

#[test]
fn guards_pick_from_lists() {
    check_extraction(
        r#"{"resourceType":"Library","relatedArtifact":[{"type":"composed-of","resource":"http://a"},
            {"type":"depends-on","resource":"Library/b"}],"url":"http://l","meta":{"profile":["http://p"],"source":"http://s",
            "tag":[{"system":"t","code":"c"}]}}"#,
        &[],
        expect![[r#"
            _profile: <http://p>
            _source: <http://s>
            _tag: t|c
            composed-of: <http://a>
            depends-on: Library/b
            url: <http://l>
        "#]],
    );
}

#[test]
fn what_is_no_resource_is_an_issue() {
    for (text, named) in
        [("{}", None), (r#"{"resourceType":"Foo"}"#, Some("Foo")), (r#"{"resourceType":"Resource"}"#, Some("Resource"))]
    {
        let document = Document::parse(text.as_bytes()).unwrap();
        let issues = Extractor::new().extract(document.root(), &mut |_, _| panic!("no value"));
        assert_eq!(issues, [ExtractIssue::NoType(named.map(Into::into))]);
    }
}

/// A few resources as a corpus, with what extraction says of each.
pub(super) struct Small<'d>(pub(super) Vec<Node<'d>>);

impl Corpus for Small<'_> {
    fn find(&self, type_name: &str, id: &str) -> Option<Node<'_>> {
        self.of_type(type_name).find(|node| node.get("id").is_some_and(|own| own.is_str(id)))
    }

    fn of_type<'c>(&'c self, type_name: &str) -> Box<dyn Iterator<Item = Node<'c>> + 'c> {
        let type_name = type_name.to_owned();
        Box::new(
            self.0.iter().copied().filter(move |n| n.get("resourceType").is_some_and(|name| name.is_str(&type_name))),
        )
    }
}

/// The answer of extraction and [`Test::holds`], without the naive evaluator; `None` where it needs other resources.
pub(super) fn by_extraction(query: &SearchQuery, extractor: &Extractor, resource: Node<'_>) -> Option<bool> {
    let mut all = Vec::new();
    extractor.extract(resource, &mut |parameter, value| all.push((parameter.number, value)));
    let mut holds = resource.get("resourceType").is_some_and(|name| name.is_str(r4().name(query.resource_type)));
    for filter in &query.filters {
        let number = filter.parameter()?.number;
        let values: Vec<_> = all.iter().filter(|(n, _)| *n == number).map(|(_, value)| value.clone()).collect();
        holds &= filter.test.holds(&values)?;
    }
    Some(holds)
}

fn parse(of: &str, query: &str, handling: Handling) -> Result<SearchQuery, SearchError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let options = ParseOptions { handling, base_url: Some("https://here/fhir"), ..ParseOptions::default() };
    SearchQuery::parse(of, pairs, &options)
}

#[test]
fn the_naive_evaluator_follows_chains_and_reverse_chains() {
    let texts = [
        r#"{"resourceType":"Patient","id":"1","gender":"male","name":[{"family":"Xi"}]}"#,
        r#"{"resourceType":"Encounter","id":"2","class":{"code":"IMP"},"subject":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"Observation","id":"3","encounter":{"reference":"Encounter/2"},"subject":{"reference":"Patient/1"}}"#,
    ];
    let documents: Vec<_> = texts.iter().map(|text| Document::parse(text.as_bytes()).unwrap()).collect();
    let corpus = Small(documents.iter().map(Document::root).collect());
    for (of, query, expected) in [
        ("Observation", "patient.gender=male", true),
        ("Observation", "patient.gender=female", false),
        ("Observation", "encounter:Encounter.subject:Patient.family=xi", true),
        ("Observation", "encounter.class=IMP&subject.name=XI", true),
        ("Patient", "_has:Encounter:patient:class=IMP", true),
        ("Patient", "_has:Encounter:patient:class=AMB", false),
        ("Patient", "_has:Encounter:patient:_has:Observation:encounter:_id=3", true),
    ] {
        let query = parse(of, query, Handling::Strict).unwrap();
        assert_eq!(corpus.0.iter().any(|node| matches(&query, *node, &corpus)), expected, "{query:?}");
    }
}
