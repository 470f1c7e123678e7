//! `ConceptMap/$translate`: what codes of one system are in another.

use super::asked::{Asked, Coding, coding_asked, invalid};
use super::definitions::Library;
use super::operation::Parameters;
use super::{ConceptMaps, End, NESTING_LIMIT, TerminologyError};
use crate::json::{Document, Node, Tree};
use std::borrow::Cow;

/// The parameters of the operation.
pub(super) const PARAMETERS: &[&str] = &[
    "url",
    "conceptMap",
    "conceptMapVersion",
    "code",
    "system",
    "version",
    "source",
    "coding",
    "codeableConcept",
    "target",
    "targetsystem",
    "dependency",
    "reverse",
];

/// Concept maps that one code is looked for in, where none is named.
const MAPS_LIMIT: usize = 64;

/// What a map may depend on, as it was said.
#[derive(Clone)]
struct Dependency {
    element: String,
    /// (system, value), and a text without a system.
    values: Vec<(Option<String>, String)>,
}

/// What is sought.
#[derive(Clone)]
struct Sought {
    /// The end of the maps at which the code stands.
    end: End,
    /// Value sets of the two ends, in the order of the maps.
    source: Option<String>,
    target: Option<String>,
    /// The system at the other end.
    system: Option<String>,
    dependencies: Vec<Dependency>,
}

/// A translation.
#[derive(PartialEq)]
struct Match {
    equivalence: String,
    concept: Tree,
    products: Vec<(String, Tree)>,
    /// The map it is of.
    map: String,
}

/// What was found, and why there is not more.
#[derive(Default)]
struct Found {
    matches: Vec<Match>,
    remarks: Vec<String>,
}

fn text<'d>(node: Node<'d>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}

fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::each)
}

fn unclear(name: &str, why: impl Into<String>) -> TerminologyError {
    TerminologyError::Unclear { name: name.to_owned(), why: why.into() }
}

pub(super) fn answer<D: ConceptMaps>(
    definitions: &D,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
) -> Result<String, D::Error> {
    let one = coding_asked(asked, "code", "system", "coding")?;
    let mut codings = match (one, asked.concept("codeableConcept")?) {
        (Some(one), None) => vec![one],
        (None, Some(all)) => all,
        (None, None) => {
            return Err(invalid("code", "which code is meant? Give code and system, coding or codeableConcept").into());
        }
        (Some(_), Some(_)) => return Err(invalid("codeableConcept", "a code is given too: give one of them").into()),
    };
    if codings.iter().any(|coding| coding.system.is_none()) {
        return Err(invalid("system", "of which code system is the code? Give its URL").into());
    }
    if let Some(version) = asked.text("version")? {
        for coding in &mut codings {
            coding.version.get_or_insert_with(|| version.clone());
        }
    }
    let is_reverse = asked.flag("reverse")? == Some(true);
    let (mut source, mut target) = (asked.text("source")?, asked.text("target")?);
    if is_reverse {
        // It reverses what the two mean.
        (source, target) = (target, source);
    }
    let sought = Sought {
        end: if is_reverse { End::Target } else { End::Source },
        source,
        target,
        system: asked.text("targetsystem")?,
        dependencies: dependencies(asked)?,
    };
    let library = Library::new(definitions);
    let sent = asked.resource("conceptMap", "ConceptMap")?;
    let url = asked.text("url")?;
    let own = instance.or(sent);
    if own.is_some() && (url.is_some() || (instance.is_some() && sent.is_some())) {
        let why = "the concept map is named twice: give url, or conceptMap, or ask a ConceptMap by its id";
        return Err(invalid("url", why).into());
    }
    let mut found = Found::default();
    if let Some(map) = own {
        found.of_map(&library, map, &sought, &codings, &mut Vec::new())?;
    } else if let Some(url) = url {
        let name = match asked.text("conceptMapVersion")? {
            Some(version) if !url.contains('|') => format!("{url}|{version}"),
            _ => url,
        };
        found.of_stored(&library, &name, &sought, &codings, &mut Vec::new())?;
    } else {
        for coding in &codings {
            let system = coding.system.as_deref().unwrap_or_default();
            let maps = definitions.concept_maps(system, sought.end, MAPS_LIMIT + 1)?;
            if maps.len() > MAPS_LIMIT {
                let why = format!("more than {MAPS_LIMIT} concept maps have it: name one by url");
                return Err(TerminologyError::TooCostly { name: system.to_owned(), why }.into());
            }
            if maps.is_empty() {
                found.remarks.push(format!("no ConceptMap that is stored here has {system} at this end"));
            }
            for map in maps {
                library.count(system)?;
                let document =
                    Document::parse(map.as_bytes()).map_err(|error| unclear("a ConceptMap", error.to_string()))?;
                found.of_map(&library, document.root(), &sought, std::slice::from_ref(coding), &mut Vec::new())?;
            }
        }
    }
    Ok(found.write(&codings))
}

fn dependencies(asked: &Asked<'_>) -> Result<Vec<Dependency>, TerminologyError> {
    let mut out = Vec::new();
    for parts in asked.parts("dependency")? {
        let element = parts.text("element")?.ok_or_else(|| invalid("dependency", "it has no part element"))?;
        let codings = parts.concept("concept")?.ok_or_else(|| invalid("dependency", "it has no part concept"))?;
        out.push(Dependency { element, values: codings.into_iter().map(|one| (one.system, one.code)).collect() });
    }
    Ok(out)
}

/// Whether two canonical URLs name the same, as far as both say a version.
fn is_same(one: &str, other: &str) -> bool {
    let split =
        |url: &str| url.split_once('|').map_or((url.to_owned(), None), |(url, v)| (url.to_owned(), Some(v.to_owned())));
    let ((one, one_version), (other, other_version)) = (split(one), split(other));
    one == other && one_version.zip(other_version).is_none_or(|(one, other)| one == other)
}

impl Found {
    fn of_stored<D: ConceptMaps>(
        &mut self,
        library: &Library<'_, D>,
        name: &str,
        sought: &Sought,
        codings: &[Coding],
        open: &mut Vec<String>,
    ) -> Result<(), D::Error> {
        if open.iter().any(|open| open == name) {
            return Err(unclear(name, "the concept map leads back to itself (group.unmapped.url)").into());
        }
        if open.len() == NESTING_LIMIT {
            return Err(unclear(name, format!("concept maps lead to others more than {NESTING_LIMIT} deep")).into());
        }
        library.count(name)?;
        let unknown = || TerminologyError::Unknown { kind: "ConceptMap", name: name.to_owned() };
        let stored = library.definitions().concept_map(name)?.ok_or_else(unknown)?;
        let document = Document::parse(stored.as_bytes()).map_err(|error| unclear(name, error.to_string()))?;
        open.push(name.to_owned());
        self.of_map(library, document.root(), sought, codings, open)?;
        open.pop();
        Ok(())
    }

    fn of_map<D: ConceptMaps>(
        &mut self,
        library: &Library<'_, D>,
        map: Node<'_>,
        sought: &Sought,
        codings: &[Coding],
        open: &mut Vec<String>,
    ) -> Result<(), D::Error> {
        let url = text(map, "url").unwrap_or_default();
        let name = match text(map, "version") {
            Some(version) => format!("{url}|{version}"),
            None => url.into_owned(),
        };
        let end = |names: [&str; 2]| names.iter().find_map(|name| text(map, name));
        let ends = [
            (&sought.source, end(["sourceUri", "sourceCanonical"])),
            (&sought.target, end(["targetUri", "targetCanonical"])),
        ];
        for (wanted, own) in ends {
            if let Some(wanted) = wanted
                && !own.as_deref().is_some_and(|own| is_same(own, wanted))
            {
                let own = own.unwrap_or(Cow::Borrowed("no value set"));
                self.remarks
                    .push(format!("{name} is between other value sets: it has {own} where {wanted} is asked for"));
                return Ok(());
            }
        }
        for group in list(map, "group") {
            for coding in codings {
                self.of_group(library, (&name, group), sought, coding, open)?;
            }
        }
        Ok(())
    }

    fn of_group<D: ConceptMaps>(
        &mut self,
        library: &Library<'_, D>,
        (name, group): (&str, Node<'_>),
        sought: &Sought,
        coding: &Coding,
        open: &mut Vec<String>,
    ) -> Result<(), D::Error> {
        let (own, other) = if sought.end == End::Source { ("source", "target") } else { ("target", "source") };
        let fits = |name: &str, wanted: Option<&String>| {
            text(group, name).zip(wanted).is_none_or(|(own, wanted)| own == wanted.as_str())
        };
        if !fits(own, coding.system.as_ref())
            || !fits(&format!("{own}Version"), coding.version.as_ref())
            || !fits(other, sought.system.as_ref())
        {
            return Ok(());
        }
        let system = text(group, other);
        let system_version = text(group, &format!("{other}Version"));
        let concept = |code: &str, display: Option<Cow<'_, str>>| {
            let mut out = Tree::object();
            for (name, value) in [("system", system.as_deref()), ("version", system_version.as_deref())] {
                if let Some(value) = value {
                    out.set(name, value);
                }
            }
            out.set("code", code);
            if let Some(display) = display {
                out.set("display", display.into_owned());
            }
            out
        };
        let mut is_listed = false;
        for element in list(group, "element") {
            library.spend(name, 1)?;
            let source = text(element, "code").unwrap_or_default();
            if sought.end == End::Source {
                if *source != *coding.code {
                    continue;
                }
                is_listed = true;
            }
            for target in list(element, "target") {
                let equivalence = text(target, "equivalence").unwrap_or(Cow::Borrowed("relatedto"));
                let (found, needs, gives, equivalence) = if sought.end == End::Source {
                    let display = text(target, "display");
                    let code = text(target, "code");
                    // What is unmatched has no code: that it has none is the answer.
                    let found = code.map(|code| concept(&code, display));
                    (found, "dependsOn", "product", equivalence.into_owned())
                } else {
                    if text(target, "code").as_deref() != Some(coding.code.as_str()) {
                        continue;
                    }
                    let found = Some(concept(&source, text(element, "display")));
                    (found, "product", "dependsOn", reversed(&equivalence).to_owned())
                };
                let mut unmet = list(target, needs).filter(|one| !sought.is_met(*one));
                if let Some(unmet) = unmet.next() {
                    let part = |name: &str| text(unmet, name).unwrap_or_default();
                    let (property, value) = (part("property"), part("value"));
                    self.remarks.push(format!("{name} maps {:?} further where {property} is {value}", coding.code));
                    continue;
                }
                let products = list(target, gives).map(|one| {
                    let mut concept = Tree::object();
                    for (element, name) in [("system", "system"), ("value", "code"), ("display", "display")] {
                        if let Some(value) = text(one, element) {
                            concept.set(name, value.into_owned());
                        }
                    }
                    (text(one, "property").unwrap_or_default().into_owned(), concept)
                });
                let (map, products) = (name.to_owned(), products.collect());
                self.push(Match { equivalence, concept: found.unwrap_or_else(Tree::object), products, map });
            }
        }
        let Some(unmapped) = group.get("unmapped").filter(|_| sought.end == End::Source && !is_listed) else {
            return Ok(());
        };
        // How near a code is that was not looked at is not known: the two are related.
        let related = |concept: Tree| Match {
            equivalence: "relatedto".to_owned(),
            concept,
            products: Vec::new(),
            map: name.to_owned(),
        };
        match text(unmapped, "mode").as_deref() {
            Some("provided") => {
                let display = coding.display.as_deref().map(Cow::Borrowed);
                self.push(related(concept(&coding.code, display)));
            }
            Some("fixed") => {
                let code =
                    text(unmapped, "code").ok_or_else(|| unclear(name, "group.unmapped is fixed, and has no code"))?;
                self.push(related(concept(&code, text(unmapped, "display"))));
            }
            Some("other-map") => {
                let url =
                    text(unmapped, "url").ok_or_else(|| unclear(name, "group.unmapped names no other map (url)"))?;
                // The other map has value sets of its own.
                let further = Sought { source: None, target: None, ..sought.clone() };
                if open.is_empty() {
                    open.push(name.split('|').next().unwrap_or_default().to_owned());
                }
                self.of_stored(library, &url, &further, std::slice::from_ref(coding), open)?;
            }
            other => {
                let other = other.unwrap_or_default();
                return Err(unclear(name, format!("group.unmapped.mode is {other:?}, which is none of R4")).into());
            }
        }
        Ok(())
    }

    fn push(&mut self, found: Match) {
        if !self.matches.contains(&found) {
            self.matches.push(found);
        }
    }

    fn write(self, codings: &[Coding]) -> String {
        let is_translated =
            self.matches.iter().any(|one| !matches!(one.equivalence.as_str(), "unmatched" | "disjoint"));
        let mut out = Parameters::new();
        out.add("result", "valueBoolean", is_translated);
        let mut remarks = self.remarks;
        if !is_translated {
            let codes: Vec<String> = codings
                .iter()
                .map(|one| format!("{}|{}", one.system.as_deref().unwrap_or_default(), one.code))
                .collect();
            remarks.insert(0, format!("there is no translation of {}", codes.join(" or ")));
        }
        remarks.dedup();
        if !remarks.is_empty() {
            out.add("message", "valueString", remarks.join("; "));
        }
        for one in self.matches {
            let mut parts = Parameters::new();
            parts.add("equivalence", "valueCode", one.equivalence);
            if !one.concept.members().is_empty() {
                parts.add("concept", "valueCoding", one.concept);
            }
            for (element, concept) in one.products {
                let mut product = Parameters::new();
                product.add("element", "valueUri", element);
                product.add("concept", "valueCoding", concept);
                parts.parts("product", product);
            }
            if !one.map.is_empty() {
                parts.add("source", "valueUri", one.map);
            }
            out.parts("match", parts);
        }
        out.write()
    }
}

impl Sought {
    /// Whether a thing that a mapping depends on was said to be so.
    fn is_met(&self, needed: Node<'_>) -> bool {
        let (property, value) = (text(needed, "property"), text(needed, "value"));
        let system = text(needed, "system");
        let said = self.dependencies.iter().filter(|one| Some(one.element.as_str()) == property.as_deref());
        said.flat_map(|one| &one.values).any(|(own, code)| {
            Some(code.as_str()) == value.as_deref()
                && own.as_deref().zip(system.as_deref()).is_none_or(|(own, system)| is_same(own, system))
        })
    }
}

/// The equivalence as it is from the other end.
fn reversed(equivalence: &str) -> &str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}
