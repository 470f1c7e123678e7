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
                format!(r#"{{"resourceType":"Patient","id":"p{id}","name":[{{"family":"{family}"}}]}}"#)
            } else {
                format!(
                    r#"{{"resourceType":"Patient","id":"p{id}","gender":"{gender}","birthDate":"{birth}","name":[{{"family":"{family}","given":["Ann","Bo"]}}],"identifier":[{{"system":"urn:mrn","value":"{mrn}"}},{{"value":"x{mrn}"}}]}}"#
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
                r#"{{"resourceType":"Observation","id":"o{id}","status":"{status}","code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}{other}]}},"subject":{{"reference":"Patient/p{subject}"}}{effective}{value}{component}}}"#
            )
        },
    )
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
            "_has:Observation:patient:date=lt2021"
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
