//! Places: PL and LA2 to Location, the most granular one part of the less granular.

use super::context::{Context, resource};
use super::parts::Parts;
use super::transaction::{Key, Write};
use fhir::json::Tree;

/// Parts of PL from the largest to the smallest, with their location-physical-type.
const LEVELS: [(u16, &str, &str); 6] = [
    (4, "si", "Site"),
    (7, "bu", "Building"),
    (8, "lvl", "Level"),
    (1, "wa", "Ward"),
    (2, "ro", "Room"),
    (3, "bd", "Bed"),
];

impl<'m> Context<'m> {
    /// PL as a reference to its most granular Location. A Location is known by its path of names.
    pub(super) fn location(&self, parts: Parts<'m>) -> Option<Tree> {
        self.locate(parts).map(|(_, reference)| reference).or_else(|| {
            // A description alone is no place that could be found again.
            let description = self.text(parts.part(9))?;
            Some(Tree::from([("display", description.into())]))
        })
    }

    /// The identity of the most granular Location of a PL.
    pub(super) fn place_key(&self, parts: Parts<'m>) -> Option<Key> {
        self.locate(parts).map(|(key, _)| key)
    }

    fn locate(&self, parts: Parts<'m>) -> Option<(Key, Tree)> {
        let mut path: Vec<String> = Vec::new();
        let mut part_of: Option<(Key, Tree)> = None;
        let levels: Vec<_> = LEVELS
            .iter()
            .filter_map(|(number, code, display)| Some((self.text(parts.first(*number))?, *code, *display)))
            .collect();
        let last = levels.len().checked_sub(1);
        // Ward, room and bed together are what people call a place.
        let near: Vec<&str> = levels
            .iter()
            .filter(|(_, code, _)| matches!(*code, "wa" | "ro" | "bd"))
            .map(|(name, _, _)| name.as_str())
            .collect();
        let called = if near.is_empty() { None } else { Some(near.join(" ")) };
        for (at, (name, code, display)) in levels.into_iter().enumerate() {
            path.push(format!("{code}:{name}"));
            let texts: Vec<&str> = path.iter().map(String::as_str).collect();
            let key = self.shared_key("Location", "location", &texts);
            let mut location = resource("Location");
            location.set("name", name.as_str());
            if let Some(description) = self.text(parts.part(9)).filter(|_| Some(at) == last) {
                location.set("description", description);
            }
            location.set("mode", "instance");
            let system = "http://terminology.hl7.org/CodeSystem/location-physical-type";
            location.set("physicalType", super::coded::concept_of(system, (code, display)));
            if let Some((_, part_of)) = part_of.take() {
                location.set("partOf", part_of);
            }
            let mut reference = self.put(key.clone(), Write::CreateIfAbsent, location, Vec::new());
            let is_last = Some(at) == last;
            reference.set("display", called.clone().filter(|_| is_last).unwrap_or(name));
            part_of = Some((key, reference));
        }
        part_of
    }

    /// A place that is only named.
    pub(super) fn named_location(&self, name: &str) -> Tree {
        let key = self.shared_key("Location", "location", &[name]);
        let mut location = resource("Location");
        location.set("name", name);
        location.set("mode", "instance");
        let mut reference = self.put(key, Write::CreateIfAbsent, location, Vec::new());
        reference.set("display", name);
        reference
    }
}
