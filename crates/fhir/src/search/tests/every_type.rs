//! Every parameter of every type that can be used: on resources made to have its values, extraction and reading whole
//! resources answer alike, and each finds something.

use super::*;
use crate::generate::{self, Choices};
use crate::parameters::{Parameter, ParameterKind};
use crate::search::asking;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

fn usable(type_name: &str) -> impl Iterator<Item = &'static Parameter> {
    let usable = |p: &&'static Parameter| support::is_indexed(p) && !matches!(p.code, "_id" | "_lastUpdated");
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
            StringMatch::Suffix(_) | StringMatch::Equal(_) => "string of an expression",
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

/// Every composite of every type: whatever values of its components a resource has, on one element or on several, the check
/// of the body says what reading says; and where the index is said to be enough, it is.
#[test]
fn every_composite_finds_what_reading_finds() {
    let extractor = Extractor::new();
    let (mut never_held, mut never_failed, mut all) = (Vec::new(), Vec::new(), 0);
    for type_id in r4().resource_types() {
        let composites = parameters().of(r4().name(type_id)).iter().filter(|p| p.kind == ParameterKind::Composite);
        for composite in composites {
            all += 1;
            let mut wanted = asking::elements(composite);
            wanted.extend(composite::components(composite).iter().flat_map(|c| asking::elements(c.parameter)));
            let (mut held, mut failed) = (0, 0);
            for seed in 0..400 {
                let bytes = Choices::bytes(seed << 16 | u64::from(composite.number), 700);
                let made = generate::resource(type_id, "1", &wanted, &mut Choices::new(&bytes)).to_string();
                let document = Document::parse(made.as_bytes()).unwrap();
                let mut values = Vec::new();
                extractor.extract(document.root(), &mut |parameter, value| values.push((parameter, value)));
                for (name, value) in asking::composed(composite, &values).into_iter().step_by(7) {
                    let query = parse(r4().name(type_id), &format!("{name}={value}"), Handling::Strict);
                    // An ampersand in a code ends the value.
                    let Ok(query) = query else { continue };
                    let naive = matches(&query, document.root(), &Small(vec![]));
                    let test = &query.filters[0].test;
                    let checked = extractor.check(test).unwrap().unwrap().holds(document.root()).unwrap();
                    assert_eq!(checked, naive, "{name}={value}\n{made}");
                    if composite::is_exact(composite) {
                        let Test::Composite { any_of, .. } = test else { panic!("{test:?}") };
                        let by_index = any_of[0].iter().all(|part| {
                            let number = part.parameter().unwrap().number;
                            let own = values.iter().filter(|(parameter, _)| parameter.number == number);
                            part.holds(&own.map(|(_, value)| value.clone()).collect::<Vec<_>>()).unwrap()
                        });
                        assert_eq!(by_index, naive, "{name}={value}\n{made}");
                    }
                    held += usize::from(naive);
                    failed += usize::from(!naive);
                }
                if held > 20 && failed > 5 {
                    break;
                }
            }
            let name = || format!("{} {}", r4().name(type_id), composite.code);
            if held == 0 {
                never_held.push(name());
            }
            // What is asked of the resource itself is asked with its own values.
            if failed == 0 && !composite::is_exact(composite) {
                never_failed.push(name());
            }
        }
    }
    expect!["72 composites; never found: []; always found: []"]
        .assert_eq(&format!("{all} composites; never found: {never_held:?}; always found: {never_failed:?}"));
}

/// Strings that stand under a name anywhere in a resource.
fn strings(node: Node<'_>, names: &[&str], out: &mut BTreeSet<String>) {
    for (name, value) in node.members() {
        for one in value.each() {
            if names.contains(&name) {
                out.extend(one.as_str().map(Cow::into_owned));
            }
            strings(one, names, out);
        }
    }
}

/// Words of any resource, alone, in phrases and left out: the check of the body says what reading says.
#[test]
fn every_resource_is_found_by_its_words() {
    let extractor = Extractor::new();
    let (mut found, mut missed) = (0, 0);
    for type_id in r4().resource_types() {
        let of = r4().name(type_id);
        for seed in 0..6 {
            let bytes = Choices::bytes(seed << 16 | u64::from(type_id.0), 900);
            let made = generate::resource(type_id, "1", &["text"], &mut Choices::new(&bytes)).to_string();
            let document = Document::parse(made.as_bytes()).unwrap();
            let mut texts = BTreeSet::new();
            strings(document.root(), &["display", "text", "title", "code", "system"], &mut texts);
            let texts: Vec<Vec<String>> = texts.iter().map(|text| words(text)).filter(|all| !all.is_empty()).collect();
            let mut asked = Vec::new();
            for (at, all) in texts.iter().enumerate().take(8) {
                // In quotes, since a word may be a keyword.
                let (first, last) = (&all[0], &all[all.len() - 1]);
                asked.push(format!("\"{first}\""));
                asked.push(format!("\"{}\"", all.join(" ")));
                asked.push(format!("\"{last}\" or nothing"));
                asked.push(format!("not \"{first}\" and \"{}\"", texts[(at + 1) % texts.len()][0]));
            }
            for (name, value) in asked.iter().flat_map(|value| [("_text", value), ("_content", value)]) {
                let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
                let query = SearchQuery::parse(of, [(name, value)], &options).unwrap();
                let naive = matches(&query, document.root(), &Small(vec![]));
                let check = extractor.check(&query.filters[0].test).unwrap().unwrap();
                assert_eq!(check.holds(document.root()).unwrap(), naive, "{of}?{name}={value}\n{made}");
                found += usize::from(naive);
                missed += usize::from(!naive);
            }
        }
    }
    assert!(found > 1000 && missed > 1000, "{found} {missed}");
}

/// Words and types of every token parameter: the check of the body says what reading says.
#[test]
fn every_token_is_found_by_its_words_and_types() {
    let extractor = Extractor::new();
    let (mut by_words, mut by_type, mut missed) = (BTreeSet::new(), BTreeSet::new(), 0);
    for type_id in r4().resource_types() {
        let of = r4().name(type_id);
        for parameter in usable(of).filter(|parameter| parameter.kind == ParameterKind::Token) {
            let wanted = asking::elements(parameter);
            for seed in 0..40 {
                let bytes = Choices::bytes(seed << 16 | u64::from(parameter.number), 500);
                let made = generate::resource(type_id, "1", &wanted, &mut Choices::new(&bytes)).to_string();
                let document = Document::parse(made.as_bytes()).unwrap();
                let mut asked = Vec::new();
                let mut words = BTreeSet::new();
                strings(document.root(), &["text", "display"], &mut words);
                asked.extend(words.into_iter().take(6).map(|word| ("text", word.replace([',', '\\', '&'], ""))));
                let mut parts = BTreeSet::new();
                strings(document.root(), &["system", "code", "value"], &mut parts);
                let parts: Vec<_> =
                    parts.into_iter().filter(|part| !part.contains([',', '|', '\\', '&'])).take(5).collect();
                for system in &parts {
                    for code in &parts {
                        asked.extend(parts.iter().map(|value| ("of-type", format!("{system}|{code}|{value}"))));
                    }
                }
                for (modifier, value) in asked {
                    let name = format!("{}:{modifier}", parameter.code);
                    // Nothing is left of some words, and most tokens are no identifiers.
                    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
                    let Ok(query) = SearchQuery::parse(of, [(&name, &value)], &options) else { continue };
                    let naive = matches(&query, document.root(), &Small(vec![]));
                    let check = extractor.check(&query.filters[0].test).unwrap().unwrap();
                    assert_eq!(check.holds(document.root()).unwrap(), naive, "{of}?{name}={value}\n{made}");
                    match (naive, modifier) {
                        (true, "text") => drop(by_words.insert(parameter.number)),
                        (true, _) => drop(by_type.insert(parameter.number)),
                        (false, _) => missed += 1,
                    }
                }
            }
        }
    }
    assert!(
        by_words.len() > 400 && by_type.len() > 20 && missed > 1000,
        "{} {} {missed}",
        by_words.len(),
        by_type.len()
    );
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
