//! What is to be stored where a resource is stored already. In HL7 v2 an empty field says nothing and `""` deletes, and a
//! message tells only what its event is about: so what it does not tell stays.

use super::transaction::{MappedResource, Write};
use fhir::json::Tree;
use std::collections::HashSet;

/// Types told in full each time: an observation's old flag must not stand beside its new value.
const TOLD_IN_FULL: [&str; 9] = [
    "Observation",
    "Specimen",
    "Immunization",
    "DocumentReference",
    "Procedure",
    "MedicationAdministration",
    "MedicationDispense",
    "Medication",
    "ChargeItem",
];

/// Stems of choice elements: one form gives way to another (`deceasedBoolean` to `deceasedDateTime`).
const CHOICES: [&str; 9] =
    ["deceased", "multipleBirth", "value", "effective", "onset", "occurrence", "collected", "abatement", "medication"];

impl MappedResource {
    /// The resource to store in the place of `stored`. References must be resolved on both sides.
    ///
    /// - What is only mentioned leaves `stored` as it is.
    /// - Elements of the message replace those of `stored`; [`MappedResource::cleared`] go; all others stay. Observations,
    ///   specimens, vaccinations, documents, procedures, charges and what was given or dispensed are told in full and replaced, but an observation that comes without
    ///   a value (a change of status) keeps the one it has.
    /// - Identifiers, links, and the results of a report are added to. Extensions replace those of the same URL.
    /// - Of what the message tells in part ([`MappedResource::in_part`]) all else stays. Links to [`MappedResource::unlinked`] go.
    /// - A stay keeps the places it had: they end (status `completed`) when another becomes active. Its period and what is known
    ///   of admission and discharge are put together.
    pub fn update(&self, stored: &Tree) -> Tree {
        if self.write == Write::CreateIfAbsent {
            return stored.clone();
        }
        let kind = self.key.resource_type;
        let is_full = TOLD_IN_FULL.contains(&kind) && !self.in_part;
        let mut merged = if is_full { self.told_in_full(stored) } else { stored.clone() };
        for (name, value) in self.resource.members() {
            if self.assumed.contains(&name.as_str()) && stored.get(name).is_some() {
                continue;
            }
            let old = stored.get(name);
            let value = match (kind, name.as_str()) {
                (_, "identifier") => {
                    joined(value, old, |a, b| a.get("system") == b.get("system") && a.get("value") == b.get("value"))
                }
                (_, "extension") => joined(value, old, |a, b| a.get("url") == b.get("url")),
                ("Patient", "link") => links(value, old),
                ("DiagnosticReport", "result" | "specimen") => {
                    references_joined(value.items(), old.map_or(&[], Tree::items))
                }
                ("Encounter", "location") => locations(value.items(), old.map_or(&[], Tree::items), self.has_ended()),
                ("Encounter", "period" | "hospitalization") => members_joined(value, old),
                _ => value.clone(),
            };
            if let Some(stem) = CHOICES.iter().find(|stem| name.starts_with(**stem)) {
                let others: Vec<String> = merged
                    .members()
                    .iter()
                    .map(|(other, _)| other.clone())
                    .filter(|other| other.starts_with(stem) && other != name)
                    .collect();
                for other in others {
                    merged.remove(&other);
                }
            }
            merged.set(name, value);
        }
        self.unlink_in(&mut merged);
        for path in &self.cleared {
            if let Some(url) = path.strip_prefix("extension=") {
                without_extension(&mut merged, url);
                continue;
            }
            match path.split_once('.') {
                Some((name, part)) => {
                    if let Some(element) = merged.get_mut(name) {
                        element.remove(part);
                        if element.members().is_empty() {
                            merged.remove(name);
                        }
                    }
                }
                None => {
                    merged.remove(path);
                    merged.remove(&format!("_{path}"));
                }
            }
        }
        merged
    }

    /// True if `stored`, found under one of [`MappedResource::also`], can be this resource. A stay that has a visit number, or an
    /// order that has a filler's, is another one if this one's number differs: a placer may order the same many times under one
    /// number, and an account has several stays.
    pub fn may_be(&self, stored: &Tree) -> bool {
        let numbers = |resource: &Tree| -> Vec<(Option<Tree>, Option<Tree>)> {
            let identifiers = resource.get("identifier").map_or(&[][..], Tree::items);
            let is_own = |identifier: &&Tree| {
                let codings = identifier.get("type").and_then(|kind| kind.get("coding"));
                let codes =
                    codings.map_or(&[][..], Tree::items).iter().filter_map(|coding| coding.get("code")?.as_str());
                codes.into_iter().any(|code| matches!(code, "VN" | "FILL"))
            };
            let number = |identifier: &Tree| (identifier.get("system").cloned(), identifier.get("value").cloned());
            identifiers.iter().filter(is_own).map(number).collect()
        };
        let own = numbers(&self.resource);
        numbers(stored).iter().all(|number| own.contains(number))
    }

    /// Takes the links out that the message undoes. Who had given way to the other goes on by himself.
    fn unlink_in(&self, merged: &mut Tree) {
        let Some(links) = merged.get("link").map(|links| links.items().to_vec()).filter(|_| !self.unlinked.is_empty())
        else {
            return;
        };
        let other = |link: &Tree| link.get("other").and_then(|other| other.get("reference")).cloned();
        let gone: Vec<Option<Tree>> =
            self.unlinked.iter().map(|reference| reference.get("reference").cloned()).collect();
        let (undone, kept): (Vec<Tree>, Vec<Tree>) = links.into_iter().partition(|link| gone.contains(&other(link)));
        let had_given_way = undone.iter().any(|link| link.get("type").and_then(Tree::as_str) == Some("replaced-by"));
        if had_given_way {
            merged.set("active", true);
        }
        if kept.is_empty() {
            merged.remove("link");
        } else {
            merged.set("link", kept);
        }
    }

    /// True of a stay that is over: nobody is at its places any more.
    fn has_ended(&self) -> bool {
        matches!(
            self.resource.get("status").and_then(Tree::as_str),
            Some("finished" | "cancelled" | "entered-in-error")
        )
    }

    /// What stays of a resource that is told in full: who it is, what people and the store added to it.
    fn told_in_full(&self, stored: &Tree) -> Tree {
        let is_observation = self.key.resource_type == "Observation";
        let comes_without_value = is_observation
            && !self.resource.members().iter().any(|(name, _)| {
                name.starts_with("value") || matches!(name.as_str(), "component" | "dataAbsentReason" | "extension")
            });
        let mut kept = Tree::object();
        for (name, value) in stored.members() {
            let is_own = matches!(name.as_str(), "resourceType" | "id" | "meta" | "identifier" | "extension");
            let is_value = name.starts_with("value")
                || matches!(name.as_str(), "component" | "interpretation" | "referenceRange" | "note");
            if is_own || (comes_without_value && is_value) {
                kept.set(name, value.clone());
            }
        }
        kept
    }
}

/// The new items, and the old ones that none of them stands for.
fn joined(new: &Tree, old: Option<&Tree>, same: impl Fn(&Tree, &Tree) -> bool) -> Tree {
    let mut all = new.items().to_vec();
    let old = old.map_or(&[][..], Tree::items);
    all.extend(old.iter().filter(|old| !new.items().iter().any(|new| same(new, old))).cloned());
    all.into()
}

/// Takes the extensions of a URL out.
fn without_extension(resource: &mut Tree, url: &str) {
    let Some(extensions) = resource.get("extension").map(Tree::items) else { return };
    let is_kept = |extension: &&Tree| extension.get("url").and_then(Tree::as_str) != Some(url);
    let kept: Vec<Tree> = extensions.iter().filter(is_kept).cloned().collect();
    if kept.is_empty() {
        resource.remove("extension");
    } else {
        resource.set("extension", kept);
    }
}

/// Links of a patient. That two belong together says less than that one gave way to the other.
fn links(new: &Tree, old: Option<&Tree>) -> Tree {
    let stored = old.map_or(&[][..], Tree::items);
    let told = new.items().iter().map(|link| {
        let is_weaker = link.get("type").and_then(Tree::as_str) == Some("seealso");
        let before = stored.iter().find(|stored| stored.get("other") == link.get("other"));
        before.filter(|_| is_weaker).unwrap_or(link).clone()
    });
    joined(&told.collect::<Vec<_>>().into(), old, |a, b| a.get("other") == b.get("other"))
}

/// As [`joined`], by reference: a report may have very many results.
fn references_joined(new: &[Tree], old: &[Tree]) -> Tree {
    let reference = |tree: &Tree| tree.get("reference").and_then(Tree::as_str).map(str::to_owned);
    let known: HashSet<Option<String>> = new.iter().map(reference).collect();
    let mut all = new.to_vec();
    all.extend(old.iter().filter(|old| !known.contains(&reference(old))).cloned());
    all.into()
}

fn members_joined(new: &Tree, old: Option<&Tree>) -> Tree {
    let mut all = old.cloned().unwrap_or_else(Tree::object);
    for (name, value) in new.members() {
        all.set(name, value.clone());
    }
    all
}

fn locations(new: &[Tree], old: &[Tree], has_ended: bool) -> Tree {
    let place = |entry: &Tree| entry.get("location").and_then(|l| l.get("reference")).cloned();
    let is_active = |entry: &Tree| entry.get("status").and_then(Tree::as_str) == Some("active");
    let another_active = has_ended || new.iter().any(is_active);
    let mut all: Vec<Tree> = Vec::with_capacity(old.len() + new.len());
    for entry in old.iter().filter(|old| !new.iter().any(|new| place(new) == place(old))) {
        let mut entry = entry.clone();
        if another_active && is_active(&entry) {
            entry.set("status", "completed");
        }
        all.push(entry);
    }
    // What is known of a place already (since when) stays beside what is told now (until when).
    all.extend(new.iter().map(|new| {
        let before = old.iter().find(|old| place(old) == place(new));
        let mut entry = new.clone();
        if let Some(period) = before.and_then(|before| before.get("period")) {
            let told = new.get("period").cloned().unwrap_or_else(Tree::object);
            entry.set("period", members_joined(&told, Some(period)));
        }
        entry
    }));
    all.into()
}
