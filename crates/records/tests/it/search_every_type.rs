//! A store with resources of all types: whatever their values answer is found through the index as by reading everything.

use crate::house::{Change, House, everything};
use crate::model::All;
use fhir::generate::{self, Choices};
use fhir::json::{Document, Node};
use fhir::parameters::{Parameter, ParameterKind, parameters};
use fhir::schema::{TypeId, r4};
use fhir::search::matches::matches;
use fhir::search::{Extractor, Handling, IndexValue, ParseOptions, ReferenceValue, SearchQuery, asking, support};
use records::IfEqual;
use std::collections::{BTreeMap, BTreeSet};

/// Conditions asked of one parameter of one value; the others of the same value say much the same.
const CONDITIONS_MAX: usize = 3;

type Documents<'t> = BTreeMap<(String, String), Document<'t>>;

fn usable(type_id: TypeId) -> impl Iterator<Item = &'static Parameter> {
    let usable = |p: &&'static Parameter| support::is_indexed(p) && !matches!(p.code, "_id" | "_lastUpdated");
    parameters().of(r4().name(type_id)).iter().filter(usable)
}

/// Two resources of every type, of which one replaced another, with elements that parameters read.
fn fill(house: &House) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for type_id in r4().resource_types() {
        let name = r4().name(type_id);
        let codes: Vec<&Parameter> = usable(type_id).collect();
        let make = |id: &str, seed: u64| {
            let bytes = Choices::bytes(seed << 16 | u64::from(type_id.0), 1200);
            let mut choices = Choices::new(&bytes);
            let wanted: Vec<_> = codes.iter().filter(|_| choices.one_in(2)).flat_map(|p| asking::elements(p)).collect();
            generate::resource(type_id, id, &wanted, &mut choices).to_string()
        };
        for (id, seed) in [("1", 0), ("2", 1), ("1", 2)] {
            let put =
                Change::Put { text: make(id, seed), if_match: None, if_equal: IfEqual::NewVersion, must_be_new: false };
            house.write(&everything(), vec![put]).unwrap();
        }
        for id in ["1", "2"] {
            let stored = house.records.read(&everything(), name, id).unwrap();
            all.insert((name.to_owned(), id.to_owned()), stored.json);
        }
    }
    all
}

fn parse(of: &str, pairs: &[(&str, &str)]) -> Option<SearchQuery> {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    SearchQuery::parse(of, pairs.iter().copied(), &options).ok()
}

fn found(house: &House, query: &SearchQuery) -> Vec<String> {
    let page = house.records.search(&everything(), query).unwrap();
    assert!(page.next.is_none());
    page.matches.iter().map(|stored| stored.id.clone()).collect()
}

/// Values of each parameter of a resource.
fn values<'d>(extractor: &'d Extractor, node: Node<'d>) -> Vec<(&'static Parameter, IndexValue<'d>)> {
    let mut values = Vec::new();
    extractor.extract(node, &mut |parameter, value| values.push((parameter, value)));
    values
}

/// Asks the store and reads everything; how many were found. What differs goes to `differ`.
fn agree(
    house: &House,
    documents: &Documents<'_>,
    differ: &mut Vec<String>,
    (of, name, value): (&str, &str, &str),
) -> usize {
    let Some(query) = parse(of, &[(name, value)]) else { return 0 };
    let mut found = found(house, &query);
    found.sort_unstable();
    let of_type = documents.iter().filter(|((type_name, _), _)| type_name == of);
    let expected: Vec<&str> = of_type
        .filter(|(_, document)| matches(&query, document.root(), &All(documents)))
        .map(|((_, id), _)| id.as_str())
        .collect();
    if found != expected {
        differ.push(format!("{of}?{name}={value} finds {found:?}, reading {expected:?}"));
    }
    expected.len()
}

#[test]
fn every_parameter_of_every_type_finds_through_the_index_what_reading_finds() {
    let house = House::new();
    let texts = fill(&house);
    let documents: Documents<'_> =
        texts.iter().map(|(key, text)| (key.clone(), Document::parse(text.as_bytes()).unwrap())).collect();
    let extractor = Extractor::new();
    let mut differ = Vec::new();
    let (mut asked, mut hits, mut chained, mut reversed, mut composed) = (0, 0, 0, 0, 0);
    for ((of, id), document) in &documents {
        let mut conditions = BTreeSet::new();
        for (parameter, value) in values(&extractor, document.root()) {
            let all = asking::conditions(parameter, &value);
            // Another part of the forms for each value.
            let from = (usize::from(parameter.number) + id.len() * 5) % all.len();
            conditions.extend(all.into_iter().cycle().skip(from).take(CONDITIONS_MAX));
            let IndexValue::Reference(ReferenceValue::Local { type_id, id: target }) = &value else { continue };
            let Some(other) = documents.get(&(r4().name(*type_id).to_owned(), target.to_string())) else { continue };
            // There and back again: by a value of what is referred to, and by a value of what refers.
            let theirs = values(&extractor, other.root());
            let step = theirs.iter().flat_map(|(theirs, value)| asking::conditions(theirs, value)).nth(from);
            if let Some((name, value)) = step {
                let chain = format!("{}:{}.{name}", parameter.code, r4().name(*type_id));
                chained += agree(&house, &documents, &mut differ, (of, &chain, &value));
            }
            let ours = values(&extractor, document.root());
            let step = ours.iter().flat_map(|(ours, value)| asking::conditions(ours, value)).nth(from);
            if let Some((name, value)) = step {
                let has = format!("_has:{of}:{}:{name}", parameter.code);
                reversed += agree(&house, &documents, &mut differ, (r4().name(*type_id), &has, &value));
            }
        }
        let own = values(&extractor, document.root());
        for composite in parameters().of(of).iter().filter(|p| p.kind == ParameterKind::Composite) {
            for (name, value) in asking::composed(composite, &own).into_iter().step_by(5).take(CONDITIONS_MAX) {
                composed += agree(&house, &documents, &mut differ, (of, &name, &value));
            }
        }
        for (name, value) in conditions {
            asked += 1;
            hits += usize::from(agree(&house, &documents, &mut differ, (of, &name, &value)) > 0);
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(40)].join("\n"));
    assert!(hits > 5000 && asked > hits, "{hits} of {asked} found something");
    assert!(chained > 100 && reversed > 100, "{chained} by chains, {reversed} by _has");
    assert!(composed > 10, "{composed} by composites");
    println!(
        "{hits} of {asked} conditions found something, {chained} by chains, {reversed} by _has, {composed} by composites"
    );
    every_order(&house, &documents);
    every_include(&house, &documents, &extractor);
}

/// Each key orders every resource, each once.
fn every_order(house: &House, documents: &Documents<'_>) {
    for type_id in r4().resource_types() {
        let of = r4().name(type_id);
        let count = documents.keys().filter(|(name, _)| name == of).count();
        for parameter in usable(type_id).filter(|p| p.kind != ParameterKind::Reference) {
            let up: BTreeSet<_> = found(house, &parse(of, &[("_sort", parameter.code)]).unwrap()).into_iter().collect();
            let down = found(house, &parse(of, &[("_sort", &format!("-{},-_id", parameter.code))]).unwrap());
            assert_eq!((up.len(), down.len()), (count, count), "{of}?_sort={}", parameter.code);
        }
    }
}

/// Each reference brings what it leads to, and what refers comes along the other way.
fn every_include(house: &House, documents: &Documents<'_>, extractor: &Extractor) {
    let mut brought = 0;
    for ((of, id), document) in documents {
        let mut targets: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
        for (parameter, value) in values(extractor, document.root()) {
            let IndexValue::Reference(ReferenceValue::Local { type_id, id: target }) = value else { continue };
            let key = (r4().name(type_id).to_owned(), target.into_owned());
            if documents.contains_key(&key) && key != (of.clone(), id.clone()) {
                targets.entry(parameter.code).or_default().insert(key);
            }
        }
        for (code, expected) in targets {
            let include = format!("{of}:{code}");
            let page = house
                .records
                .search(&everything(), &parse(of, &[("_id", id), ("_include", &include)]).unwrap())
                .unwrap();
            let included: BTreeSet<_> = page
                .included
                .iter()
                .map(|stored| (r4().name(stored.resource_type).to_owned(), stored.id.clone()))
                .collect();
            assert_eq!(included, expected, "{of}?_id={id}&_include={include}");
            brought += included.len();
            for (type_name, target) in expected {
                let pairs = [("_id", target.as_str()), ("_revinclude", &include)];
                let page = house.records.search(&everything(), &parse(&type_name, &pairs).unwrap()).unwrap();
                let is_it = |stored: &records::Stored| stored.id == *id && r4().name(stored.resource_type) == of;
                assert!(page.included.iter().any(is_it), "{type_name}?_id={target}&_revinclude={include}");
            }
        }
    }
    assert!(brought > 100, "{brought}");
}
