//! What goes with a version of a clinical document: what its sections tell, and what stands in that.

use crate::document_door::{OF_THE_DOCUMENT, PEOPLE, stored};
use crate::document_versions::Version;
use crate::fhir_door::put::bare;
use fhir::json::Tree;
use fhir::placeholder::is_placeholder;
use fhir::schema::{TypeId, r4};
use records::{Error, Lookup, Operation, Write};
use std::collections::HashSet;

/// Members that lead to a device which is told with what names it; others lead to one that writes documents.
const TO_DEVICES: [&str; 3] = ["device", "manipulated", "codeReference"];
/// The kinds of numbers that messages give.
const KINDS_OF_NUMBERS: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// What ends with a version.
#[derive(Default)]
pub(crate) struct Ended {
    /// Its parts that its Composition or DocumentReference names.
    pub(crate) parts: HashSet<String>,
    /// How many resources are deleted with it.
    pub(crate) deleted: usize,
}

/// The parts of versions that end, less those of versions that stay.
pub(crate) struct Parts<'a> {
    lookup: &'a dyn Lookup,
    kept: HashSet<(TypeId, String)>,
    /// Compositions whose parts are kept, not looked at yet.
    keeping: Vec<String>,
    seen: HashSet<(TypeId, String)>,
    deleted: Vec<Operation>,
}

impl<'a> Parts<'a> {
    /// None of `kept` ends.
    pub(crate) fn new(lookup: &'a dyn Lookup, kept: HashSet<(TypeId, String)>) -> Self {
        Parts { lookup, kept, keeping: Vec::new(), seen: HashSet::new(), deleted: Vec::new() }
    }

    /// This does not end.
    pub(crate) fn keep(&mut self, resource_type: TypeId, id: &str) {
        self.kept.insert((resource_type, id.to_owned()));
    }

    /// Nothing that this version tells ends.
    pub(crate) fn keep_of(&mut self, version: &Version) {
        self.keeping.push(version.composition.clone());
    }

    /// Ends what a version tells and none of those that stay; `told` are parts that it is known to have told, as `Type/id`.
    pub(crate) fn end(&mut self, version: &Version, told: Vec<String>) -> Result<Ended, Error> {
        let mut ended = Ended::default();
        let Some(composition) = stored(self.lookup, "Composition", &version.composition)? else { return Ok(ended) };
        let mut open = self.first(&composition)?;
        ended.parts = open.iter().cloned().collect();
        open.extend(told);
        while let Some(part) = open.pop() {
            let Some(key) = key(&part) else { continue };
            if !self.seen.insert(key.clone()) {
                continue;
            }
            let name = r4().name(key.0);
            let Some(resource) = stored(self.lookup, name, &key.1)? else { continue };
            if is_told_by_message(&resource) {
                continue;
            }
            // What stood in it may go, though it stays itself.
            parts_of(&resource, &mut open);
            if !self.is_kept(&key)? {
                ended.deleted += 1;
                self.deleted.push(bare(key.0, key.1, Write::Delete, None, 0, 0));
            }
        }
        Ok(ended)
    }

    /// What ends.
    pub(crate) fn deletions(self) -> Vec<Operation> {
        self.deleted
    }

    fn is_kept(&mut self, key: &(TypeId, String)) -> Result<bool, Error> {
        while let Some(id) = self.keeping.pop() {
            let Some(composition) = stored(self.lookup, "Composition", &id)? else { continue };
            let mut open = self.first(&composition)?;
            while let Some(part) = open.pop() {
                let Some(key) = self::key(&part) else { continue };
                if self.kept.insert(key.clone())
                    && let Some(resource) = stored(self.lookup, r4().name(key.0), &key.1)?
                {
                    parts_of(&resource, &mut open);
                }
            }
        }
        Ok(self.kept.contains(key))
    }

    /// The parts that a Composition names.
    fn first(&self, composition: &Tree) -> Result<Vec<String>, Error> {
        let reference = |tree: &Tree| tree.get("reference").and_then(Tree::as_str).map(str::to_owned);
        let mut all = entries(composition);
        for event in composition.get("event").map_or(&[][..], Tree::items) {
            all.extend(event.get("detail").map_or(&[][..], Tree::items).iter().filter_map(reference));
        }
        let extensions = composition.get("extension").map_or(&[][..], Tree::items).iter();
        let named = extensions.filter_map(|extension| extension.get("valueReference").and_then(reference));
        all.extend(named.filter(|reference| reference.starts_with("Consent/")));
        // The stay that it is about is the house's, if it has a number.
        if let Some(stay) = composition.get("encounter").and_then(reference) {
            all.retain(|part| *part != stay);
            let resource =
                stay.strip_prefix("Encounter/").map(|id| stored(self.lookup, "Encounter", id)).transpose()?;
            if !resource.flatten().is_some_and(|resource| has_number(&resource)) {
                all.push(stay);
            }
        }
        all.retain(|part| is_part("entry", part) || part.starts_with("Encounter/") || part.starts_with("Consent/"));
        Ok(all)
    }
}

/// Type and id of a reference.
fn key(part: &str) -> Option<(TypeId, String)> {
    let (name, id) = part.split_once('/')?;
    Some((r4().resource_type(name)?, id.to_owned()))
}

/// Whether a reference of this name in a part leads to another part.
fn is_part(name: &str, reference: &str) -> bool {
    let Some((kind, _)) = reference.split_once('/') else { return false };
    match kind {
        "Device" => name == "entry" || TO_DEVICES.contains(&name),
        "DocumentReference" => name == "entry",
        "Encounter" | "Consent" => false,
        _ => !PEOPLE.contains(&kind) && !OF_THE_DOCUMENT.contains(&kind),
    }
}

/// The parts that a part names.
fn parts_of(part: &Tree, all: &mut Vec<String>) {
    fn walk(name: &str, tree: &Tree, all: &mut Vec<String>) {
        match tree {
            Tree::Object(members) => {
                for (member, value) in members {
                    match value.as_str() {
                        Some(reference) if member == "reference" && is_part(name, reference) => {
                            all.push(reference.to_owned());
                        }
                        _ => walk(member, value, all),
                    }
                }
            }
            Tree::Array(items) => items.iter().for_each(|item| walk(name, item, all)),
            _ => {}
        }
    }
    walk("", part, all);
}

/// Whether a message told of it too, by a number of a kind that messages name: it is not the document's alone.
fn is_told_by_message(part: &Tree) -> bool {
    let identifiers = part.get("identifier").map_or(&[][..], Tree::items).iter();
    let codings = identifiers.filter_map(|identifier| identifier.get("type")?.get("coding"));
    let mut codings = codings.flat_map(Tree::items);
    codings.any(|coding| {
        let text = |name: &str| coding.get(name).and_then(Tree::as_str);
        text("system") == Some(KINDS_OF_NUMBERS) && text("code") != Some("SS")
    })
}

/// Whether a stay has a number of the house's.
fn has_number(stay: &Tree) -> bool {
    stay.get("identifier").map_or(&[][..], Tree::items).iter().any(|identifier| {
        let text = |name: &str| identifier.get(name).and_then(Tree::as_str);
        text("system") != Some("urn:ietf:rfc:3986")
            && !is_placeholder(text("system"), text("value").unwrap_or_default())
    })
}

/// The references of a Composition's sections.
fn entries(composition: &Tree) -> Vec<String> {
    let mut all = Vec::new();
    let mut open: Vec<&Tree> = vec![composition];
    while let Some(tree) = open.pop() {
        open.extend(tree.get("section").map_or(&[][..], Tree::items));
        let references = tree.get("entry").map_or(&[][..], Tree::items).iter();
        all.extend(references.filter_map(|entry| entry.get("reference")?.as_str().map(str::to_owned)));
    }
    all
}

/// Takes the references to parts out of the Composition or DocumentReference of a version that is none any more: of an old version
/// none are stored.
pub(crate) fn without_parts(tree: &mut Tree, parts: &HashSet<String>) {
    without_entries(tree);
    without_references(tree, parts);
}

fn without_entries(tree: &mut Tree) {
    tree.remove("entry");
    if let Some(Tree::Array(sections)) = tree.get_mut("section") {
        sections.iter_mut().for_each(without_entries);
    }
}

/// Takes out what leads to one of these, and what is empty without it.
fn without_references(tree: &mut Tree, parts: &HashSet<String>) {
    let leads = |tree: &Tree| {
        let reference = tree.get("reference").or_else(|| tree.get("valueReference")?.get("reference"));
        reference.and_then(Tree::as_str).is_some_and(|reference| parts.contains(reference))
    };
    let stays = |tree: &mut Tree| {
        if leads(tree) {
            return false;
        }
        without_references(tree, parts);
        !matches!(tree, Tree::Array(items) if items.is_empty())
            && !matches!(tree, Tree::Object(members) if members.is_empty())
    };
    match tree {
        Tree::Object(members) => members.retain_mut(|(_, value)| stays(value)),
        Tree::Array(items) => items.retain_mut(stays),
        _ => {}
    }
}
