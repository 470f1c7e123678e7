//! Where suggestions of codes come from: maps that are known here, terminology that is stored, the vocabulary that is loaded.

use super::mapping_files::of_name;
use crate::app::App;
use crate::refusal::Refusal;
use access::Grant;
use fhir::schema::r4;
use fhir::search::SearchQuery;
use omop::codes::address_of;
use omop::vocabulary::{Hit, Loaded, Search, Vocabulary as Shelves};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tables::codes::{Asked, CodeMaps, Concept, Found, Suggester, Suggestion, UnitMaps, Vocabulary, Why, code_forms};
use tables::compile::MapUse;
use tables::own::UCUM;
use tables::run::{MappingFiles, files_of, shipped};

/// Terminology resources of a type that are read for suggestions.
const RESOURCES: u32 = 500;
/// Concepts of one CodeSystem that go past.
const CONCEPTS: usize = 1_000_000;

/// What values may mean by the maps that are known, the terminology that is stored, and the vocabulary that is loaded.
pub(super) fn suggestions(
    app: &App,
    grant: &Grant,
    asked: &[Asked],
    limit: usize,
    used: &MapUse,
) -> Result<Vec<Vec<Suggestion>>, Refusal> {
    let mut suggester = Suggester::new(asked, limit);
    if !used.lists.is_empty() {
        suggester = suggester.only(used.codes());
        for list in &used.lists {
            for (system, code) in list.codings() {
                suggester.offer(&Concept { system, code, name: &code.replace('-', " "), also: &[] }, list.name);
            }
        }
    }
    for (from, files) in known_mappings(app, grant)? {
        offer_maps(&mut suggester, &from, &files);
    }
    offer_stored(app, grant, &mut suggester)?;
    if let Some(vocabulary) = vocabulary(app)? {
        let from = vocabulary.name();
        for one in asked {
            for text in std::iter::once(&one.value).chain(&one.display) {
                let found = vocabulary.suggest(text, limit * 2).map_err(Refusal::internal)?;
                for Found { system, code, name, matched } in &found {
                    suggester.offer(&Concept { system, code, name, also: &[matched] }, &from);
                }
            }
        }
    }
    let mut found = suggester.end();
    for found in &mut found {
        offer_rest(found, used, limit);
    }
    Ok(found)
}

/// Where an element takes few codes, those are proposed that nothing else speaks for.
fn offer_rest(found: &mut Vec<Suggestion>, used: &MapUse, limit: usize) {
    for list in &used.lists {
        for (system, code) in list.codings() {
            if found.len() >= limit {
                return;
            }
            if !found.iter().any(|one| one.code == code && one.system == system) {
                found.push(Suggestion {
                    system: system.to_owned(),
                    code: code.to_owned(),
                    display: code.replace('-', " "),
                    score: 0,
                    why: Why::OfValueSet(list.name.to_owned()),
                    from: list.name.to_owned(),
                });
            }
        }
    }
}

/// Vocabularies whose codes values often are.
const BY_CODE: [&str; 8] = ["LOINC", "SNOMED", "ICD10", "ICD10CM", "ICD9CM", "RxNorm", "ATC", "CVX"];

/// The vocabularies that are loaded.
struct Shelf(Arc<Loaded>);

impl Vocabulary for Shelf {
    fn name(&self) -> String {
        format!("vocabulary {}", self.0.version)
    }

    fn suggest(&self, text: &str, limit: usize) -> Result<Vec<Found>, String> {
        let search = Search { vocabularies: Vec::new(), domains: Vec::new(), limit };
        let mut hits = self.0.search(text, &search).map_err(|error| error.to_string())?;
        for code in code_forms(text) {
            for vocabulary in BY_CODE {
                let code = code.to_uppercase();
                hits.extend(self.0.concept_of(vocabulary, &code).map_err(|error| error.to_string())?);
            }
        }
        let found = |hit: Hit| Found {
            system: address_of(&hit.vocabulary),
            code: hit.code,
            name: hit.name,
            matched: hit.matched,
        };
        Ok(hits.into_iter().map(found).collect())
    }
}

/// The vocabulary that is loaded, if any.
fn vocabulary(app: &App) -> Result<Option<Shelf>, Refusal> {
    let loaded = Shelves::open(&app.data)?.current();
    Ok(loaded.filter(|loaded| loaded.has_search).map(Shelf))
}

/// The mappings that come with the program and those of sources, with what they are called.
fn known_mappings(app: &App, grant: &Grant) -> Result<Vec<(String, MappingFiles)>, Refusal> {
    let mut all: Vec<(String, MappingFiles)> = Vec::new();
    for name in shipped() {
        all.push((name.clone(), files_of(&name)?));
    }
    for source in app.sources()?.list(grant)? {
        if !all.iter().any(|(name, _)| *name == source.mapping) {
            // A folder that is gone is no reason to suggest nothing.
            let Ok((files, _)) = of_name(app, grant, &source.mapping) else { continue };
            all.push((source.mapping.clone(), files));
        }
    }
    Ok(all)
}

/// What maps say: their sources are names of their targets.
fn offer_maps(suggester: &mut Suggester, from: &str, files: &MappingFiles) {
    let mut maps = CodeMaps::default();
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("codes/")) {
        let stem = path.trim_start_matches("codes/").rsplit_once('.').map_or("", |(stem, _)| stem);
        let added = if Path::new(path).extension().is_some_and(|extension| extension == "json") {
            maps.add_concept_map(stem, path, text)
        } else {
            maps.add_csv(stem, path, text)
        };
        // A map that is wrong offers nothing; whoever runs its mapping is told.
        drop(added);
    }
    let names: Vec<String> = maps.names().map(str::to_owned).collect();
    for map in names.iter().filter_map(|name| maps.get(name)) {
        let place = format!("{from}/{}", map.file());
        for source in map.sources() {
            for target in map.targets(source).iter().filter(|target| target.equivalence.is_translation()) {
                let name = target.display.as_deref().or(source.display.as_deref()).unwrap_or(&source.text);
                let also: Vec<&str> = std::iter::once(source.text.as_str()).chain(source.display.as_deref()).collect();
                suggester.offer(&Concept { system: &target.system, code: &target.code, name, also: &also }, &place);
            }
        }
    }
}

/// What stored CodeSystems, ValueSets and ConceptMaps say.
fn offer_stored(app: &App, grant: &Grant, suggester: &mut Suggester) -> Result<(), Refusal> {
    for name in ["CodeSystem", "ValueSet", "ConceptMap"] {
        let Some(type_id) = r4().resource_type(name) else { continue };
        let mut query = SearchQuery::everything(type_id);
        query.count = Some(RESOURCES);
        let page = app.records.search(grant, &query)?;
        for stored in &page.matches {
            let Ok(resource) = serde_json::from_str::<Value>(&stored.json) else { continue };
            let title =
                ["title", "name", "url", "id"].iter().find_map(|part| resource[*part].as_str()).unwrap_or_default();
            let from = format!("{name} {title}");
            match name {
                "CodeSystem" => {
                    let mut left = CONCEPTS;
                    offer_concepts(
                        suggester,
                        resource["url"].as_str().unwrap_or_default(),
                        &resource["concept"],
                        &from,
                        &mut left,
                    );
                }
                "ValueSet" => {
                    for include in each(&resource["compose"]["include"]) {
                        let mut left = CONCEPTS;
                        offer_concepts(
                            suggester,
                            include["system"].as_str().unwrap_or_default(),
                            &include["concept"],
                            &from,
                            &mut left,
                        );
                    }
                    for one in each(&resource["expansion"]["contains"]) {
                        let mut left = 1;
                        let system = one["system"].as_str().unwrap_or_default();
                        offer_concepts(suggester, system, &json!([one]), &from, &mut left);
                    }
                }
                _ => {
                    for (group, element) in each(&resource["group"])
                        .flat_map(|group| each(&group["element"]).map(move |element| (group, element)))
                    {
                        let text = |part: &Value| part.as_str().unwrap_or_default().to_owned();
                        let (source, shown) = (text(&element["code"]), text(&element["display"]));
                        for target in each(&element["target"]) {
                            let (code, system, name) =
                                (text(&target["code"]), text(&group["target"]), text(&target["display"]));
                            if !code.is_empty() && !system.is_empty() {
                                let name = if name.is_empty() { &shown } else { &name };
                                suggester.offer(
                                    &Concept { system: &system, code: &code, name, also: &[&source, &shown] },
                                    &from,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn offer_concepts(suggester: &mut Suggester, system: &str, concepts: &Value, from: &str, left: &mut usize) {
    let mut waiting: Vec<&Value> = each(concepts).collect();
    while let Some(concept) = waiting.pop() {
        if system.is_empty() || *left == 0 {
            return;
        }
        *left -= 1;
        let Some(code) = concept["code"].as_str() else { continue };
        let also: Vec<&str> = each(&concept["designation"]).filter_map(|one| one["value"].as_str()).collect();
        suggester
            .offer(&Concept { system, code, name: concept["display"].as_str().unwrap_or(code), also: &also }, from);
        waiting.extend(each(&concept["concept"]));
    }
}

/// What units may mean: as UCUM as they are, or as another mapping reads that spelling.
pub(super) fn unit_suggestions(
    app: &App,
    grant: &Grant,
    asked: &[Asked],
    limit: usize,
) -> Result<Vec<Vec<Suggestion>>, Refusal> {
    let mut suggester = Suggester::new(asked, limit);
    for (from, files) in known_mappings(app, grant)? {
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("units/")) {
            let mut maps = UnitMaps::default();
            if maps.add_csv("units", path, text).is_err() {
                continue;
            }
            let Some(map) = maps.get("units") else { continue };
            for source in map.sources() {
                let Some(ucum) = map.lookup(source).and_then(|target| target.ucum.as_deref()) else { continue };
                suggester
                    .offer(&Concept { system: UCUM, code: ucum, name: source, also: &[] }, &format!("{from}/{path}"));
            }
        }
    }
    let mut found = suggester.end();
    for (asked, found) in asked.iter().zip(&mut found) {
        if fhir::ucum::Unit::parse(asked.value.trim()).is_some() {
            found.retain(|one| one.code != asked.value.trim());
            let of = Suggestion {
                system: UCUM.to_owned(),
                code: asked.value.trim().to_owned(),
                display: asked.value.trim().to_owned(),
                score: 97,
                why: Why::IsUcum,
                from: "UCUM".to_owned(),
            };
            found.insert(0, of);
        }
    }
    Ok(found)
}
