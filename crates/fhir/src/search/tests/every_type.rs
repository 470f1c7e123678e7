//! Every parameter of every type that can be used: on resources made to have its values, extraction and reading whole
//! resources answer alike, and each finds something.

use super::*;
use crate::generate::{self, Choices};
use crate::parameters::{Parameter, ParameterKind};
use crate::search::asking;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn usable(type_name: &str) -> impl Iterator<Item = &'static Parameter> {
    let usable = |p: &&'static Parameter| support::check(p).is_ok() && !matches!(p.code, "_id" | "_lastUpdated");
    parameters().of(type_name).iter().filter(usable)
}

/// Asks a resource for the values that it has of one of its parameters (or of all) and returns which forms of condition
/// held, as (parameter, form).
fn agree(
    text: &str,
    only: Option<&Parameter>,
    extractor: &Extractor,
) -> Result<BTreeSet<(u16, &'static str)>, TestCaseError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let resource = document.root();
    let of = resource.get("resourceType").unwrap().as_str().unwrap();
    let mut values = Vec::new();
    let issues = extractor.extract(resource, &mut |parameter, value| values.push((parameter, value)));
    prop_assert_eq!(issues, vec![]);
    let mut asked = BTreeSet::new();
    for (parameter, value) in &values {
        if only.is_none_or(|only| only.number == parameter.number) {
            asked.extend(asking::conditions(parameter, value));
        }
    }
    if only.is_none() {
        asked.extend(usable(&of).map(|parameter| (format!("{}:missing", parameter.code), "true".to_owned())));
    }
    let mut held = BTreeSet::new();
    for (name, value) in asked {
        let now_us = 1_622_505_600_000_000;
        let options = ParseOptions { handling: Handling::Strict, now_us, ..ParseOptions::default() };
        let query = SearchQuery::parse(&of, [(&name, &value)], &options).unwrap();
        let number = query.filters[0].parameter().unwrap().number;
        let own = values.iter().filter(|(parameter, _)| parameter.number == number);
        let ours = query.filters[0].test.holds(&own.map(|(_, value)| value.clone()).collect::<Vec<_>>());
        let naive = matches(&query, resource, &Small(vec![]));
        prop_assert_eq!(ours, Some(naive), "{}?{}={}\n{}", of, name, value, text);
        if naive && !name.ends_with(":missing") {
            held.insert((number, form(&query.filters[0].test)));
        }
    }
    Ok(held)
}

fn form(test: &Test) -> &'static str {
    match test {
        Test::Token { negated: true, .. } => "token :not",
        Test::Token { .. } => "token",
        Test::Reference { any_of, .. } => match any_of[0] {
            ReferenceMatch::Local { .. } => "reference to a resource",
            ReferenceMatch::Url(_) => "reference to an address",
            ReferenceMatch::Logical(_) => "reference by identifier",
        },
        Test::Date { .. } => "date",
        Test::String { any_of, .. } => match any_of[0] {
            StringMatch::Prefix(_) => "string",
            StringMatch::Contains(_) => "string :contains",
            StringMatch::Exact(_) => "string :exact",
        },
        Test::Number { .. } => "number",
        Test::Quantity { any_of, .. } => match any_of[0].unit {
            UnitMatch::Any => "quantity in any unit",
            UnitMatch::Shown(_) => "quantity in a shown unit",
            UnitMatch::Coded { canonical: Some(_), .. } => "quantity in UCUM",
            UnitMatch::Coded { .. } => "quantity in a coded unit",
        },
        Test::Uri { any_of, .. } => match any_of[0] {
            UriMatch::Exact(_) => "uri",
            UriMatch::Below(_) => "uri :below",
            UriMatch::Above(_) => "uri :above",
        },
        _ => "other",
    }
}

#[test]
fn every_parameter_that_can_be_used_finds_what_reading_finds() {
    let extractor = Extractor::new();
    let (mut without, mut differ, mut all) = (Vec::new(), Vec::new(), 0);
    let mut forms: BTreeMap<&str, usize> = BTreeMap::new();
    for type_id in r4().resource_types() {
        for parameter in usable(r4().name(type_id)) {
            all += 1;
            let wanted = asking::elements(parameter);
            let mut found = BTreeSet::new();
            // Resources are made until some have had values that were found, of several forms where there are.
            for seed in 0..300 {
                let bytes = Choices::bytes(seed << 16 | u64::from(parameter.number), 400);
                let made = generate::resource(type_id, "1", &wanted, &mut Choices::new(&bytes)).to_string();
                match agree(&made, Some(parameter), &extractor) {
                    Ok(held) => found.extend(held.into_iter().filter(|(number, _)| *number == parameter.number)),
                    Err(error) => differ.push(error.to_string()),
                }
                if (found.len() > 1 && seed > 2) || (!found.is_empty() && seed > 15) {
                    break;
                }
            }
            if found.is_empty() {
                without.push(format!("{} {}", r4().name(type_id), parameter.code));
            }
            for (_, form) in found {
                *forms.entry(form).or_default() += 1;
            }
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(10)].join("\n"));
    let mut report = format!("{} of {all} parameters found something; not: {without:?}\n", all - without.len());
    for (form, count) in forms {
        writeln!(report, "{form}: {count} parameters").unwrap();
    }
    expect![[r#"
        2202 of 2202 parameters found something; not: []
        date: 139 parameters
        number: 6 parameters
        quantity in UCUM: 28 parameters
        quantity in a coded unit: 22 parameters
        quantity in a shown unit: 37 parameters
        quantity in any unit: 40 parameters
        reference by identifier: 144 parameters
        reference to a resource: 424 parameters
        reference to an address: 460 parameters
        string: 193 parameters
        string :contains: 193 parameters
        string :exact: 193 parameters
        token: 962 parameters
        uri: 347 parameters
        uri :above: 347 parameters
        uri :below: 347 parameters
    "#]]
    .assert_eq(&report);
}

#[test]
fn parameters_of_every_kind_are_among_them() {
    let kinds: BTreeSet<_> =
        r4().resource_types().flat_map(|id| usable(r4().name(id))).map(|p| support::kind_name(p.kind)).collect();
    let all = [ParameterKind::Number, ParameterKind::Date, ParameterKind::String, ParameterKind::Token]
        .into_iter()
        .chain([ParameterKind::Reference, ParameterKind::Quantity, ParameterKind::Uri]);
    assert_eq!(kinds, all.map(support::kind_name).collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn extraction_agrees_with_the_naive_evaluator_on_any_resource(tree in generate::tests::any_resource()) {
        agree(&tree.to_string(), None, &Extractor::new())?;
    }
}
