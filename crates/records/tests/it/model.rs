//! Random histories and random searches, against an evaluator that shares no index code.

use crate::house::{House, everything};
use fhir::json::Document;
use fhir::search::matches::{Corpus, matches};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use proptest::prelude::*;
use records::query_pairs;
use std::collections::BTreeMap;

/// What ought to be there: (type, id) → text with `meta.lastUpdated` as stored.
type Model = BTreeMap<(String, String), String>;

pub struct All<'m>(pub &'m BTreeMap<(String, String), Document<'m>>);

impl Corpus for All<'_> {
    fn find(&self, resource_type: &str, id: &str) -> Option<fhir::json::Node<'_>> {
        self.0.get(&(resource_type.to_owned(), id.to_owned())).map(Document::root)
    }

    fn of_type<'c>(&'c self, resource_type: &str) -> Box<dyn Iterator<Item = fhir::json::Node<'c>> + 'c> {
        let wanted = resource_type.to_owned();
        Box::new(self.0.iter().filter(move |((t, _), _)| *t == wanted).map(|(_, d)| d.root()))
    }
}

fn pick<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

const DATES: [&str; 8] = [
    "2019",
    "2020-02",
    "2020-02-29",
    "2020-02-29T23:59:59Z",
    "2020-03-01T00:30:00+01:00",
    "2021-12-31",
    "2022",
    "1999-01",
];

fn patient() -> impl Strategy<Value = String> {
    (0..6u8, pick(&["male", "female", "other"]), pick(&DATES[..3]), pick(&["Müller", "Muller", "MULLIGAN", "陈", "van der Berg"]), 0..4u8, any::<bool>())
        .prop_map(|(id, gender, birth, family, mrn, sparse)| {
            if sparse {
                format!(r#"{{"resourceType":"Patient","id":"p{id}","name":[{{"family":"{family}"}}],"managingOrganization":{{"reference":"Organization/g{mrn}"}}}}"#)
            } else {
                format!(
                    r#"{{"resourceType":"Patient","id":"p{id}","gender":"{gender}","birthDate":"{birth}","name":[{{"family":"{family}","given":["Ann","Bo"]}}],"managingOrganization":{{"reference":"Organization/g{mrn}"}},"identifier":[{{"system":"urn:mrn","value":"{mrn}","type":{{"coding":[{{"system":"http://t","code":"MR"}}]}}}},{{"value":"x{mrn}"}}]}}"#
                )
            }
        })
}

fn observation() -> impl Strategy<Value = String> {
    let effective = prop_oneof![
        pick(&DATES).prop_map(|d| format!(r#","effectiveDateTime":"{d}""#)),
        (pick(&DATES[..4]), any::<bool>()).prop_map(|(d, open)| {
            let end = if open { String::new() } else { r#","end":"2022-06-01""#.to_owned() };
            format!(r#","effectivePeriod":{{"start":"{d}"{end}}}"#)
        }),
        Just(String::new()),
    ];
    let value = prop_oneof![
        (pick(&["5.4", "5.40", "54", "0.1", "6"]), pick(&["g/L", "mg/dL", "%"])).prop_map(|(v, u)| format!(
            r#","valueQuantity":{{"value":{v},"unit":"{u}","system":"http://unitsofmeasure.org","code":"{u}"}}"#
        )),
        pick(&["5.4", "7"]).prop_map(|v| format!(r#","valueQuantity":{{"value":{v},"unit":"drops"}}"#)),
        Just(r#","valueString":"Negative for growth""#.to_owned()),
        Just(String::new()),
    ];
    let component = prop_oneof![
        2 => Just(String::new()),
        1 => pick(&["5.4", "6"]).prop_map(|v| {
            format!(r#","component":[{{"code":{{"coding":[{{"code":"718-7"}}]}},"valueQuantity":{{"value":{v},"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}}}]"#)
        }),
    ];
    (0..8u8, pick(&["final", "amended"]), pick(&["4548-4", "718-7"]), 0..7u8, effective, value, component, any::<bool>()).prop_map(
        |(id, status, code, subject, effective, value, component, second)| {
            let other = if second { r#",{"system":"urn:local","code":"hb"}"# } else { "" };
            format!(
                r#"{{"resourceType":"Observation","id":"o{id}","status":"{status}","code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"Hemoglobin"}}{other}],"text":"A test"}},"subject":{{"reference":"Patient/p{subject}"}}{effective}{value}{component}}}"#
            )
        },
    )
}

fn organization() -> impl Strategy<Value = String> {
    (0..4u8, prop::option::of(0..5u8), pick(&["Clinic", "Ward"])).prop_map(|(id, whole, name)| {
        let whole =
            whole.map_or(String::new(), |whole| format!(r#","partOf":{{"reference":"Organization/g{whole}"}}"#));
        format!(r#"{{"resourceType":"Organization","id":"g{id}","name":"{name}"{whole}}}"#)
    })
}

#[derive(Clone, Debug)]
enum Step {
    Put(String),
    Delete(&'static str, u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => patient().prop_map(Step::Put),
        3 => organization().prop_map(Step::Put),
        8 => observation().prop_map(Step::Put),
        1 => (0..6u8).prop_map(|id| Step::Delete("Patient", id)),
        2 => (0..8u8).prop_map(|id| Step::Delete("Observation", id)),
        1 => Just(Step::Reopen),
    ]
}

fn criterion() -> impl Strategy<Value = (&'static str, String)> {
    let prefix = || pick(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]);
    let observation = prop_oneof![
        pick(&[
            "code=4548-4",
            "code=http://loinc.org|718-7",
            "code=urn:local|",
            "combo-code=718-7",
            "combo-code:not=4548-4",
            "code:not=hb",
            "code=|hb",
            "status=final,amended",
            "status:not=final"
        ])
        .prop_map(str::to_owned),
        (prefix(), pick(&DATES)).prop_map(|(p, d)| format!("date={p}{}", d.replace('+', "%2B"))),
        (
            prefix(),
            pick(&["5.4", "54", "5", "6", "1e1"]),
            pick(&["", "||g/L", "|http://unitsofmeasure.org|g/L", "|http://unitsofmeasure.org|mg/dL", "||drops"])
        )
            .prop_map(|(p, v, u)| format!("value-quantity={p}{v}{u}")),
        (prefix(), pick(&["5.4", "6"]), pick(&["", "|http://unitsofmeasure.org|g/L", "||drops"]))
            .prop_map(|(p, v, u)| format!("combo-value-quantity={p}{v}{u}")),
        pick(&[
            "date:missing=true",
            "date:missing=false",
            "value-quantity:missing=true",
            "value-string:missing=false",
            "value-string=neg",
            "value-string:contains=FOR",
            "value-string:exact=Negative for growth"
        ])
        .prop_map(str::to_owned),
        (0..7u8).prop_map(|p| format!("patient=p{p}")),
        pick(&[
            "patient.gender=male",
            "subject:Patient.family=mul",
            "patient.birthdate=ge2020",
            "patient.gender:not=male",
            "subject:missing=true",
            "patient.identifier=urn:mrn|1"
        ])
        .prop_map(str::to_owned),
        pick(&["_id=o1,o2,o9", "_id=o3"]).prop_map(str::to_owned),
        (
            pick(&["", "combo-", "component-"]),
            pick(&["4548-4", "718-7", "http://loinc.org|718-7"]),
            prefix(),
            pick(&["5.4", "6"]),
            pick(&["", "||g/L", "|http://unitsofmeasure.org|mg/dL"])
        )
            .prop_map(|(of, code, p, v, u)| format!("{of}code-value-quantity={code}${p}{v}{u}")),
        pick(&[
            "code-value-string=4548-4$neg",
            "code-value-string=718-7$neg,4548-4$x",
            "code:text=hemo",
            "code:text=a",
            "code:in=http://vs",
            "code:not-in=ValueSet/v1",
            "code:below=http://loinc.org|4548-4",
            "code:above=http://loinc.org|718-7",
            "_list=l1",
            "_list=l1,l2",
            "patient._has:Observation:patient:status=final",
            "patient._has:Observation:patient:code-value-quantity=718-7$gt5",
        ])
        .prop_map(str::to_owned),
        (
            pick(&["eq", "ne", "gt", "le", "po", "sa"]),
            pick(&DATES[..3]),
            pick(&["and", "or"]),
            pick(&["eq", "ne", "lt"]),
            pick(&["5.4", "54||mg/dL", "7||drops"])
        )
            .prop_map(|(a, d, join, b, v)| format!("_filter=date {a} {d} {join} value-quantity {b} {v}")),
        (
            pick(&["code eq hb", "code ne 4548-4", "combo-code ne 718-7", "status ne final"]),
            pick(&["and", "or"]),
            pick(&[
                "value-string ew growth",
                "value-string ne x",
                "not(patient.gender eq male)",
                "date pr true",
                "value-string eq \"negative for growth\""
            ])
        )
            .prop_map(|(a, join, b)| format!("_filter={a} {join} {b}")),
    ]
    .prop_map(|query| ("Observation", query));
    let patient = prop_oneof![
        pick(&[
            "gender=male",
            "gender:not=male",
            "gender:missing=true",
            "family=mul",
            "family:exact=Müller",
            "family:contains=ER",
            "name=bo",
            "name=陈",
            "identifier=urn:mrn|1",
            "identifier=|x2",
            "identifier=x2",
            "identifier=urn:mrn|",
            "_has:Observation:patient:code=4548-4",
            "_has:Observation:patient:date=lt2021",
            "_has:Observation:patient:patient._has:Observation:patient:status=amended",
            "_has:Observation:subject:component-code-value-quantity=718-7$ne6",
            "_list=l2",
            "organization:below=g1",
            "organization:below=g0,g3&gender=male",
            "organization:above=Organization/g2",
            "organization.partof.name=ward",
            "organization.partof:below=g1",
            "_content=mull",
            "_content=\"ann bo\" or x1",
            "_content=clinic",
            "gender:in=http://vs/gender",
            "gender:not-in=http://vs/gender",
            "identifier:of-type=http://t|MR|1",
            "_filter=family ne muller or gender eq male",
            "_filter=given eq ann and not(identifier eq x2)",
            "_filter=birthdate ne 2019 and family ew ler"
        ])
        .prop_map(str::to_owned),
        (prefix(), pick(&DATES[..3])).prop_map(|(p, d)| format!("birthdate={p}{d}")),
    ]
    .prop_map(|query| ("Patient", query));
    prop_oneof![2 => observation, 1 => patient]
}

fn searches() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let one = prop::collection::vec(criterion(), 1..4).prop_map(|parts| {
        let of = parts[0].0;
        let query = parts.into_iter().filter(|(t, _)| *t == of).map(|(_, q)| q).collect::<Vec<_>>().join("&");
        (of, query)
    });
    prop::collection::vec(one, 1..12)
}

/// What definitions and lists there are beside what comes and goes.
const AROUND: [&str; 6] = [
    r#"{"resourceType":"ValueSet","id":"v1","url":"http://vs","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"718-7"}]},{"system":"urn:local","concept":[{"code":"hb"}]}]}}"#,
    r#"{"resourceType":"ValueSet","id":"v2","url":"http://vs/gender","status":"active","compose":{"include":[{"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"male"},{"code":"other"}]}]}}"#,
    r#"{"resourceType":"CodeSystem","id":"c1","url":"http://loinc.org","status":"active","content":"complete","concept":[{"code":"4548-4","concept":[{"code":"718-7"}]}]}"#,
    r#"{"resourceType":"List","id":"l1","status":"current","mode":"working","entry":[{"item":{"reference":"Observation/o1"}},{"deleted":true,"item":{"reference":"Observation/o2"}},{"item":{"reference":"Patient/p1"}}]}"#,
    r#"{"resourceType":"List","id":"l2","status":"current","mode":"working","entry":[{"item":{"reference":"Observation/o3"}},{"item":{"reference":"Patient/p2"}}]}"#,
    r#"{"resourceType":"List","id":"l3","status":"current","mode":"working"}"#,
];

fn carry_out(house: &mut House, model: &mut Model, step: &Step) {
    match step {
        Step::Put(text) => {
            let outcome = house.put(text).unwrap();
            let stored =
                house.records.read(&everything(), fhir::schema::r4().name(outcome.resource_type), &outcome.id).unwrap();
            model.insert((fhir::schema::r4().name(outcome.resource_type).to_owned(), outcome.id), stored.json);
        }
        Step::Delete(resource_type, no) => {
            let id = format!("{}{no}", &resource_type[..1].to_lowercase());
            if model.remove(&((*resource_type).to_owned(), id.clone())).is_some() {
                house.delete(resource_type, &id).unwrap();
            }
        }
        Step::Reopen => house.reopen(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_the_naive_evaluator_finds(steps in prop::collection::vec(step(), 1..40), searches in searches(), count in 1..5u8) {
        let mut house = House::new();
        let mut model = Model::new();
        for text in AROUND {
            carry_out(&mut house, &mut model, &Step::Put(text.to_owned()));
        }
        for step in &steps {
            carry_out(&mut house, &mut model, step);
        }
        let documents: BTreeMap<_, _> = model.iter().map(|(key, text)| (key.clone(), Document::parse(text.as_bytes()).unwrap())).collect();
        for (resource_type, text) in &searches {
            let parse = |text: &str| {
                let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
                SearchQuery::parse(resource_type, query_pairs(text), &options).unwrap()
            };
            let query = parse(text);
            let mut expected: Vec<&str> = documents
                .iter()
                .filter(|((t, _), d)| t == resource_type && matches(&query, d.root(), &All(&documents)))
                .map(|((_, id), _)| id.as_str())
                .collect();
            expected.sort_unstable();
            for sort in ["", "&_sort=_id", "&_sort=-_lastUpdated"] {
                let all = format!("{text}&_count={count}{sort}");
                let mut found = Vec::new();
                let mut page = house.records.search(&everything(), &parse(&all)).unwrap();
                loop {
                    found.extend(page.matches.iter().map(|s| s.id.clone()));
                    let Some(next) = page.next else { break };
                    page = house.records.search(&everything(), &parse(&format!("{all}&_page={next}"))).unwrap();
                }
                found.sort_unstable();
                prop_assert_eq!(&found, &expected, "{}?{}", resource_type, all);
            }
            let counted = house.records.search(&everything(), &parse(&format!("{text}&_summary=count"))).unwrap();
            prop_assert_eq!(counted.total, Some(expected.len() as u64), "{}?{}", resource_type, text);
        }
        let entries = house.records.feed(&everything(), records::Seq(0), 10_000).unwrap();
        prop_assert!(entries.iter().zip(1..).all(|(entry, seq)| entry.seq == records::Seq(seq)));
    }
}
