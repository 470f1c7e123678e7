//! The published example resources, seventy of many types: extraction against FHIRPath and against reading them whole.

use super::synthea::data;
use super::*;
use crate::parameters::Parameter;
use crate::path::{Environment, Item, Program};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Names and texts of the examples; `None` without test data.
fn examples() -> Option<&'static [(String, String)]> {
    static EXAMPLES: LazyLock<Option<Vec<(String, String)>>> = LazyLock::new(unpacked);
    EXAMPLES.as_deref()
}

fn unpacked() -> Option<Vec<(String, String)>> {
    let archive = data("records/suites/fhir-r4-cases.tar.xz")?;
    let folder: PathBuf = std::env::temp_dir().join(format!("medweave-search-examples-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let unpacked = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).arg("r4/examples").status();
    assert!(unpacked.unwrap().success(), "tar {}", archive.display());
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("r4/examples")).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let texts = files
        .iter()
        .map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(file).unwrap()))
        .collect();
    std::fs::remove_dir_all(&folder).unwrap();
    Some(texts)
}

/// Every parameter of the resource's type with its values, as text, sorted.
fn extracted(extractor: &Extractor, resource: Node<'_>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let issues = extractor.extract(resource, &mut |parameter, value| all.push((parameter.code, show(&value))));
    assert_eq!(issues, []);
    all.sort();
    all.dedup();
    all
}

/// The same with nothing but FHIRPath.
fn by_fhirpath(extractor: &Extractor, resource: Node<'_>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for parameter in of_type(resource) {
        let program = Program::compile(parameter.expression, Some(parameter.resource_type)).unwrap();
        let items = program.evaluate(Item::resource(resource).unwrap(), &Environment::default()).unwrap();
        for item in &items {
            extractor.item(parameter, item, &mut |parameter, value| all.push((parameter.code, show(&value))));
        }
    }
    all.sort();
    all.dedup();
    all
}

fn of_type(resource: Node<'_>) -> impl Iterator<Item = &'static Parameter> {
    let name = resource.get("resourceType").unwrap().as_str().unwrap();
    let usable = |p: &&'static Parameter| support::is_indexed(p) && !matches!(p.code, "_id" | "_lastUpdated");
    parameters().of(&name).iter().filter(usable)
}

#[test]
fn routes_give_what_fhirpath_gives() {
    let Some(examples) = examples() else { return };
    assert!(examples.len() > 70);
    let extractor = Extractor::new();
    for (name, text) in examples {
        let document = Document::parse(text.as_bytes()).unwrap();
        let (ours, theirs) = (extracted(&extractor, document.root()), by_fhirpath(&extractor, document.root()));
        assert_eq!(ours, theirs, "{name}");
    }
}

/// Whether two numbers are the same one, digit for digit.
fn same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// The filter that asks for exactly this value; `None` if there is none.
fn asking_for(parameter: &'static Parameter, value: &IndexValue<'_>) -> Option<Test> {
    let own = |text: &str| text.to_owned();
    let at = |value: f64| NumberMatch { prefix: Prefix::Eq, value, low: value, high: value.next_up() };
    Some(match value {
        IndexValue::Token { system, code } => {
            let system = system.as_deref().map_or(SystemMatch::Absent, |system| SystemMatch::Is(own(system)));
            Test::Token { parameter, any_of: vec![TokenMatch { system, code: Some(own(code)) }], negated: false }
        }
        IndexValue::Reference(reference) => {
            let wanted = match reference {
                ReferenceValue::Local { type_id, id } => ReferenceMatch::Local { types: vec![*type_id], id: own(id) },
                ReferenceValue::Url(url) => ReferenceMatch::Url(own(url)),
                ReferenceValue::Logical { system, value } => ReferenceMatch::Logical(TokenMatch {
                    system: system.as_deref().map_or(SystemMatch::Absent, |system| SystemMatch::Is(own(system))),
                    code: Some(own(value)),
                }),
            };
            Test::Reference { parameter, any_of: vec![wanted] }
        }
        IndexValue::Date { low_us, high_us } => {
            let wanted = DateMatch { prefix: Prefix::Eq, low_us: *low_us, high_us: *high_us };
            Test::Date { parameter, any_of: vec![wanted] }
        }
        IndexValue::String { text } => Test::String { parameter, any_of: vec![StringMatch::Exact(own(text))] },
        IndexValue::Number { low, high } if same(*low, *high) => Test::Number { parameter, any_of: vec![at(*low)] },
        IndexValue::Quantity(quantity) if same(quantity.low, quantity.high) => {
            let wanted = QuantityMatch { number: at(quantity.low), unit: UnitMatch::Any };
            Test::Quantity { parameter, any_of: vec![wanted] }
        }
        IndexValue::Uri { text } => Test::Uri { parameter, any_of: vec![UriMatch::Exact(own(text))] },
        IndexValue::TokenText { .. } | IndexValue::Present | IndexValue::Number { .. } | IndexValue::Quantity(_) => {
            return None;
        }
    })
}

/// Asks every example for every value that any example of its type has, and whether each parameter is missing.
#[test]
fn every_value_of_an_example_is_found_where_reading_it_whole_finds_it() {
    let Some(examples) = examples() else { return };
    let extractor = Extractor::new();
    let (mut asked, mut found) = (0, 0);
    for (name, text) in examples {
        let document = Document::parse(text.as_bytes()).unwrap();
        let resource = document.root();
        let mut values = Vec::new();
        extractor.extract(resource, &mut |parameter, value| values.push((parameter, value)));
        let mut tests: Vec<_> = of_type(resource).map(|parameter| Test::Missing { parameter, missing: true }).collect();
        // A value is also asked of the parameters of its kind that may not have it.
        for (from, value) in &values {
            let same_kind = of_type(resource).filter(|parameter| parameter.kind == from.kind);
            tests.extend(same_kind.filter_map(|parameter| asking_for(parameter, value)));
        }
        for test in tests {
            let type_id = of_type(resource).next().unwrap().resource_type;
            let filter = Filter { name: String::new(), test };
            let query = SearchQuery { filters: vec![filter], ..SearchQuery::everything(type_id) };
            let ours = by_extraction(&query, &extractor, resource).unwrap();
            let naive = matches(&query, resource, &Small(vec![]));
            assert_eq!(ours, naive, "{name}: {:?}", query.filters[0].test);
            asked += 1;
            found += usize::from(ours);
        }
    }
    assert!(found > 1000 && asked > 2 * found, "{found} of {asked}");
}
