//! The operations on terminology over the definitions that came with the test data, and over what resources say.

use crate::data::{Unpacked, synthea_bundles};
use fhir::json::{Document, Node};
use fhir::terminology::{ConceptMaps, Definitions, End, Operation, Request, TerminologyError, answer};
use std::collections::{BTreeMap, BTreeSet};

/// Definitions by URL, and by URL and version.
#[derive(Default)]
struct Library(BTreeMap<String, String>);

impl Library {
    /// The examples of R4.
    fn examples(test: &str) -> Option<Library> {
        let suite = Unpacked::new("suites/fhir-r4-cases.tar.xz", test)?;
        let mut library = Library::default();
        for (_, bytes) in suite.files("r4/examples", ".json") {
            let document = Document::parse(&bytes).unwrap();
            let text = |name: &str| document.root().get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
            if ["CodeSystem", "ValueSet", "ConceptMap"].contains(&text("resourceType").as_str()) {
                library.0.insert(format!("{}|{}", text("url"), text("version")), document.text().to_owned());
                library.0.insert(text("url"), document.text().to_owned());
            }
        }
        Some(library)
    }

    fn ask(&self, operation: Operation, query: &[(&str, &str)]) -> Result<String, TerminologyError> {
        let query: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        answer(operation, self, &Request { query: &query, ..Request::default() })
    }

    /// The value of the first parameter of the answer.
    fn first(&self, operation: Operation, query: &[(&str, &str)]) -> String {
        let told = self.ask(operation, query).unwrap_or_else(|error| panic!("{query:?}: {error}"));
        let document = Document::parse(told.as_bytes()).unwrap();
        let parameter = document.root().get("parameter").unwrap().items().next().unwrap();
        let (_, value) = parameter.members().find(|(name, _)| name.starts_with("value")).unwrap();
        value.scalar_text().unwrap().into_owned()
    }
}

impl Definitions for Library {
    type Error = TerminologyError;

    fn value_set(&self, name: &str) -> Result<Option<String>, TerminologyError> {
        Ok(self.0.get(name).cloned())
    }

    fn code_system(&self, url: &str) -> Result<Option<String>, TerminologyError> {
        self.value_set(url)
    }
}

impl ConceptMaps for Library {
    fn concept_map(&self, url: &str) -> Result<Option<String>, TerminologyError> {
        self.value_set(url)
    }

    fn concept_maps(&self, _: &str, _: End, _: usize) -> Result<Vec<String>, TerminologyError> {
        Ok(Vec::new())
    }
}

fn codes(told: &str) -> Vec<(String, String)> {
    let document = Document::parse(told.as_bytes()).unwrap();
    let contains = document.root().path(&["expansion", "contains"]).into_iter().flat_map(Node::each);
    let text = |node: Node<'_>, name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
    contains.map(|entry| (text(entry, "system"), text(entry, "code"))).collect()
}

#[test]
fn the_examples_of_r4_are_expanded_looked_up_and_translated() {
    let Some(library) = Library::examples("terminology") else { return };
    assert_eq!(library.0.len(), 6, "a code system, a value set and a concept map");
    let loinc = library.ask(Operation::Expand, &[("url", "http://hl7.org/fhir/ValueSet/example-extensional")]).unwrap();
    let loinc: Vec<String> = codes(&loinc).into_iter().map(|(_, code)| code).collect();
    assert_eq!(loinc, ["14647-2", "2093-3", "35200-5", "9342-7"]);
    let acme = ("system", "http://hl7.org/fhir/CodeSystem/example");
    assert_eq!(library.first(Operation::Lookup, &[acme, ("code", "chol")]), "ACMECholCodesBlood");
    let told = library.ask(Operation::Lookup, &[acme, ("code", "chol-mass")]).unwrap();
    assert!(told.contains("SChol (mmol/L)") && told.contains("Serum Cholesterol, in mmol/L"), "{told}");
    let map = ("url", "http://hl7.org/fhir/ConceptMap/101");
    let uses = ("system", "http://hl7.org/fhir/address-use");
    for (code, expected) in [("home", "true"), ("old", "false"), ("billing", "true")] {
        assert_eq!(library.first(Operation::Translate, &[map, uses, ("code", code)]), expected, "{code}");
    }
    let v3 = ("system", "http://terminology.hl7.org/CodeSystem/v3-AddressUse");
    let back = library.ask(Operation::Translate, &[map, v3, ("code", "WP"), ("reverse", "true")]).unwrap();
    assert!(back.contains("\"work\""), "{back}");
}

#[test]
fn every_value_set_that_elements_are_bound_to_has_each_of_its_codes() {
    let library = Library::default();
    let mut count = 0;
    for line in include_str!("../../data/code-lists.txt").lines() {
        let mut words = line.split('\t');
        let (name, system) = (words.next().unwrap(), words.next().unwrap());
        let url = format!("http://hl7.org/fhir/ValueSet/{name}");
        let told = library.ask(Operation::Expand, &[("url", &url)]).unwrap();
        let all: BTreeSet<(String, String)> = codes(&told).into_iter().collect();
        for code in words {
            assert!(all.contains(&(system.to_owned(), code.to_owned())), "{url} {code}");
            let asked = [("url", url.as_str()), ("system", system), ("code", code)];
            assert_eq!(library.first(Operation::ValidateInValueSet, &asked), "true", "{asked:?}");
            count += 1;
        }
        let asked = [("url", url.as_str()), ("system", system), ("code", "no such code")];
        assert_eq!(library.first(Operation::ValidateInValueSet, &asked), "false");
    }
    assert!(count > 1_500, "{count}");
}

#[test]
fn units_and_codes_of_real_records_are_valid() {
    let Some(bundles) = synthea_bundles() else { return };
    let (mut units, mut genders) = (BTreeSet::new(), BTreeSet::new());
    for (_, bytes) in bundles.take(6) {
        let document = Document::parse(&bytes).unwrap();
        for entry in document.root().get("entry").into_iter().flat_map(Node::each) {
            let Some(resource) = entry.get("resource") else { continue };
            let quantity = resource.get("valueQuantity").filter(|quantity| {
                quantity.get("system").is_some_and(|system| system.is_str("http://unitsofmeasure.org"))
            });
            let unit = quantity.and_then(|quantity| quantity.get("code")?.as_str());
            units.extend(unit.map(String::from));
            let gender = resource.get("gender").and_then(Node::as_str);
            genders.extend(gender.map(String::from));
        }
    }
    assert!(units.len() > 10 && genders.len() == 2, "{units:?} {genders:?}");
    let library = Library::default();
    for unit in &units {
        let asked = [("url", "http://unitsofmeasure.org"), ("code", unit.as_str())];
        assert_eq!(library.first(Operation::ValidateInCodeSystem, &asked), "true", "{unit}");
    }
    for gender in &genders {
        let asked = [
            ("url", "http://hl7.org/fhir/ValueSet/administrative-gender"),
            ("system", "http://hl7.org/fhir/administrative-gender"),
            ("code", gender.as_str()),
        ];
        assert_eq!(library.first(Operation::ValidateInValueSet, &asked), "true", "{gender}");
    }
}
