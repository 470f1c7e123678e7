//! A resource of a mapping, and a record that others give to as well: of another door that it is one with, or its own.
//!
//! Each element at the top of a resource belongs to whoever gave it. What is absent is added; what is there gives way only to a
//! source of a higher rank, or to the row that gave it. Identifiers stand side by side. What a row gave and does not give any
//! more goes, unless another is known to give the same; nothing else of the record does.

use crate::mapping::Ranks;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};
use std::collections::BTreeMap;

/// Elements of a record that no source takes part in.
const LEFT_ALONE: [&str; 8] = ["resourceType", "id", "meta", "text", "implicitRules", "language", "contained", "link"];
/// The same of a record that a row made itself: there it has its word on all but what the store or a merge put.
const LEFT_ALONE_IN_OWN: [&str; 4] = ["resourceType", "id", "meta", "link"];
/// Elements that are not compared one by one, or as identifiers.
const APART: [&str; 4] = ["resourceType", "id", "meta", "identifier"];
/// Hashes of what a row gave of an element that are remembered: runs may be taken back, one after the other.
const REMEMBERED: usize = 8;

/// Who gave an element of a record, as the runs of mappings know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The element; of an identifier the system and value as well.
    pub element: String,
    /// The number of the source.
    pub source: i64,
    /// The id that the row's key gives; empty where only the source is known.
    pub own: String,
    /// The rank that it gave it with.
    pub rank: i64,
    /// Whether what stands there came from it; if not, it says the same.
    pub is_first: bool,
    /// Hashes of what it gave, the newest first: what is there otherwise is somebody else's.
    pub contents: Vec<i64>,
}

impl Owned {
    fn says(&self, content: i64) -> bool {
        self.contents.first() == Some(&content)
    }
}

/// A source that gives elements.
#[derive(Clone, Copy, Debug)]
pub struct Giver {
    /// Its number.
    pub source: i64,
    /// What its word counts.
    pub ranks: Ranks,
}

impl Giver {
    /// Whether it was the row of this giver whose key gives the id `own`.
    pub fn gave(self, own: &str, owned: &Owned) -> bool {
        owned.source == self.source && (owned.own == own || owned.own.is_empty())
    }
}

/// What came of putting the two together.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The record as it is to be.
    pub record: Tree,
    /// What the row gives of it, and what it says of it as others do, by element.
    pub owned: Vec<Owned>,
    /// What others said of it too and give alone now.
    pub passed_on: Vec<Owned>,
    /// Names of the elements that the row gives.
    pub elements: Vec<String>,
    /// Elements that it would give, and that stay as another has them.
    pub kept: Vec<String>,
}

/// The element's name, without the type of a choice, without the mark of what an element has beside its value.
fn name_of(type_id: TypeId, json_name: &str) -> &str {
    let bare = json_name.strip_prefix('_').unwrap_or(json_name);
    r4().element(type_id, bare).map_or(bare, |usage| usage.element.name)
}

fn members(tree: &Tree) -> &[(String, Tree)] {
    match tree {
        Tree::Object(members) => members,
        _ => &[],
    }
}

/// What a resource has of an element: under its names, the same text for the same.
pub fn content_of(type_id: TypeId, resource: &Tree, element: &str) -> i64 {
    let mut parts: Vec<String> = members(resource)
        .iter()
        .filter(|(name, _)| name_of(type_id, name) == element)
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    parts.sort_unstable();
    hash(&parts.join(","))
}

/// Whether two resources have the same of an element, though members stand in another order, numbers have other noughts at their end or moments another zone: programs
/// that read and write a resource leave it so.
pub fn says_the_same(type_id: TypeId, one: &Tree, other: &Tree, element: &str) -> bool {
    plain_parts(type_id, one, element) == plain_parts(type_id, other, element)
}

/// What a resource says of an element, the same for all that [say the same](says_the_same).
pub fn saying_of(type_id: TypeId, resource: &Tree, element: &str) -> i64 {
    hash(&plain_parts(type_id, resource, element).join(","))
}

fn plain_parts(type_id: TypeId, resource: &Tree, element: &str) -> Vec<String> {
    let of_element = members(resource).iter().filter(|(name, _)| name_of(type_id, name) == element);
    let mut parts: Vec<String> = of_element.map(|(name, value)| format!("{name}:{}", plain(value))).collect();
    parts.sort_unstable();
    parts
}

/// The length of `2025-07-01T00:05:00Z`.
const MOMENT: usize = 20;

/// A value with members in the order of their names, numbers without noughts at their end and moments in UTC.
fn plain(value: &Tree) -> Tree {
    match value {
        Tree::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Tree::Object(members)
        }
        Tree::Array(items) => Tree::Array(items.iter().map(plain).collect()),
        Tree::Number(digits) if digits.contains('.') && !digits.contains(['e', 'E']) => {
            Tree::Number(digits.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        // Another zone or more digits of a second is the same moment.
        Tree::String(text) if text.len() >= MOMENT && text.as_bytes()[10] == b'T' => {
            let moment = text.parse::<jiff::Timestamp>();
            Tree::String(moment.map_or_else(|_| text.clone(), |moment| moment.to_string()))
        }
        other => other.clone(),
    }
}

fn hash(text: &str) -> i64 {
    twox_hash::xxhash3_64::Hasher::oneshot(text.as_bytes()).cast_signed()
}

/// A resource's identifiers.
pub fn identifiers(resource: &Tree) -> &[Tree] {
    resource.get("identifier").map_or(&[], Tree::items)
}

/// System and value of an identifier.
fn number(identifier: &Tree) -> (&str, &str) {
    let text = |name: &str| identifier.get(name).and_then(Tree::as_str).unwrap_or_default();
    (text("system"), text("value"))
}

/// What an identifier is called among the elements that are given.
pub fn label(identifier: &Tree) -> String {
    let (system, value) = number(identifier);
    format!("identifier|{system}|{value}")
}

/// What is to be remembered of an element that a row gives, with what was before.
fn noted(element: &str, (giver, own): (Giver, &str), is_first: bool, content: i64, before: Option<&Owned>) -> Owned {
    let rank = if element.contains('|') { giver.ranks.other } else { giver.ranks.of(element) };
    let mut contents = vec![content];
    contents.extend(before.into_iter().flat_map(|before| &before.contents).filter(|one| **one != content));
    contents.truncate(REMEMBERED);
    Owned { element: element.to_owned(), source: giver.source, own: own.to_owned(), rank, is_first, contents }
}

/// What a row gives of a record that it makes alone: all. `known` says what it gave before.
pub fn owned_whole(type_id: TypeId, made: &Tree, known: &[Owned], giver: Giver, own: &str) -> Vec<Owned> {
    let mut elements: BTreeMap<String, i64> = BTreeMap::new();
    for (name, _) in members(made) {
        let element = name_of(type_id, name);
        if !APART.contains(&element) && !elements.contains_key(element) {
            elements.insert(element.to_owned(), content_of(type_id, made, element));
        }
    }
    elements.extend(identifiers(made).iter().map(|one| (label(one), 0)));
    let owned = elements.into_iter().map(|(element, content)| {
        let before = known.iter().find(|owned| owned.element == element && giver.gave(own, owned));
        noted(&element, (giver, own), true, content, before)
    });
    owned.collect()
}

/// Whether all of a stored record came from one row, and nobody else is known to say any of it: then the row may put it whole.
pub fn is_of_one(type_id: TypeId, stored: &Tree, known: &[Owned], giver: Giver, own: &str) -> bool {
    let of_row = |element: &str, content: i64| {
        known.iter().any(|owned| owned.element == element && owned.is_first && owned.contents.contains(&content))
    };
    known.iter().all(|owned| giver.gave(own, owned))
        && identifiers(stored).iter().all(|one| of_row(&label(one), 0))
        && members(stored).iter().all(|(name, _)| {
            let element = name_of(type_id, name);
            APART.contains(&element) || of_row(element, content_of(type_id, stored, element))
        })
}

/// Puts what a row made into a record that is stored; `known` says who gave what of it, `own` is the id that the row's key gives.
pub fn merge(type_id: TypeId, stored: &Tree, made: &Tree, known: &[Owned], giver: Giver, own: &str) -> Merged {
    let mut merged = Merged {
        record: stored.clone(),
        owned: Vec::new(),
        passed_on: Vec::new(),
        elements: Vec::new(),
        kept: Vec::new(),
    };
    let is_own_record = stored.get("id").and_then(Tree::as_str) == Some(own);
    let left_alone = if is_own_record { &LEFT_ALONE_IN_OWN[..] } else { &LEFT_ALONE[..] };
    let mut elements: Vec<&str> = Vec::new();
    for (name, _) in members(made) {
        let element = name_of(type_id, name);
        if !left_alone.contains(&element) && element != "identifier" && !elements.contains(&element) {
            elements.push(element);
        }
    }
    let none = hash("");
    let is_rows = |owned: &Owned| giver.gave(own, owned);
    for element in &elements {
        let (theirs, ours) = (content_of(type_id, stored, element), content_of(type_id, made, element));
        let of_element = || known.iter().filter(|owned| owned.element == *element);
        let before = of_element().find(|owned| is_rows(owned));
        let owner = of_element()
            .filter(|owned| owned.is_first && owned.contents.contains(&theirs))
            .max_by_key(|owned| (owned.says(theirs), is_rows(owned)));
        let rank = giver.ranks.of(element);
        let gives = theirs == none
            || owner.is_some_and(is_rows)
            || (theirs != ours && rank > owner.map_or(0, |owner| owner.rank));
        if gives {
            replace(type_id, &mut merged.record, made, element);
            merged.elements.push((*element).to_owned());
        } else if theirs != ours {
            merged.kept.push((*element).to_owned());
        }
        // What another changed may come back as this row gave it.
        let is_first = gives || (theirs != ours && before.is_some_and(|before| before.is_first));
        if is_first || theirs == ours {
            merged.owned.push(noted(element, (giver, own), is_first, ours, before));
        }
    }
    // What it gave before, and nobody changed since, goes when it gives it no more.
    for owned in known.iter().filter(|owned| is_rows(owned) && owned.is_first && !owned.element.contains('|')) {
        let theirs = content_of(type_id, stored, &owned.element);
        let is_given = elements.iter().any(|element| *element == owned.element);
        if is_given || left_alone.contains(&owned.element.as_str()) || !owned.contents.contains(&theirs) {
            continue;
        }
        let is_needed = r4().element_by_name(type_id, &owned.element).is_some_and(|element| element.min > 0);
        let other = known.iter().find(|one| one.element == owned.element && !is_rows(one) && one.says(theirs));
        match other {
            Some(other) => merged.passed_on.push(Owned { is_first: true, ..other.clone() }),
            // Without it the record is none: whoever gives to it says from now on what it is.
            None if is_needed => match known.iter().find(|one| !is_rows(one)) {
                Some(heir) => merged.passed_on.push(inherited(&owned.element, theirs, heir, known)),
                None => merged.owned.push(Owned { own: own.to_owned(), ..owned.clone() }),
            },
            None => replace(type_id, &mut merged.record, &Tree::object(), &owned.element),
        }
    }
    merge_identifiers(&mut merged, made, known, (giver, own));
    merged.owned.sort_by(|a, b| a.element.cmp(&b.element));
    merged
}

/// An element that stays as it is, as what another gives: it may change it, and take it away.
fn inherited(element: &str, content: i64, heir: &Owned, known: &[Owned]) -> Owned {
    let of_heir = |one: &&Owned| one.element == element && (one.source, &one.own) == (heir.source, &heir.own);
    let said = known.iter().find(of_heir);
    let mut contents = said.map(|said| said.contents.clone()).unwrap_or_default();
    contents.push(content);
    let rank = said.map_or(0, |said| said.rank);
    Owned { element: element.to_owned(), rank, is_first: true, contents, ..heir.clone() }
}

/// What a row gives of a record when a run was taken back by which it gave `now`, and before which it gave `before`: what the run gave and what
/// still stands, since somebody else changed the record meanwhile, is the row's.
pub(crate) fn still_given(type_id: TypeId, record: &Tree, before: Vec<Owned>, now: Vec<Owned>) -> Vec<Owned> {
    let mut given = before;
    for one in now.into_iter().filter(|one| one.is_first) {
        let content = if one.element.contains('|') {
            identifiers(record).iter().any(|there| label(there) == one.element).then_some(0)
        } else {
            let content = content_of(type_id, record, &one.element);
            (content != hash("") && one.contents.contains(&content)).then_some(content)
        };
        let Some(content) = content else { continue };
        match given.iter_mut().find(|before| before.element == one.element) {
            None => given.push(one),
            Some(before) if !before.contents.contains(&content) => {
                before.contents.insert(0, content);
                before.contents.truncate(REMEMBERED);
                before.is_first = true;
            }
            Some(before) => before.is_first = true,
        }
    }
    given
}

/// Whether nothing is left of a record from which a row withdrew all but what the record's type requires: it is nobody's.
pub fn is_nobodys(type_id: TypeId, merged: &Merged) -> bool {
    let is_required = |element: &str| merged.owned.iter().any(|owned| owned.element == element);
    merged.passed_on.is_empty()
        && members(&merged.record).iter().all(|(name, _)| {
            let element = name_of(type_id, name);
            element == "link" || (APART.contains(&element) && element != "identifier") || is_required(element)
        })
}

/// A resource without an element.
pub fn without(type_id: TypeId, mut resource: Tree, element: &str) -> Tree {
    replace(type_id, &mut resource, &Tree::object(), element);
    resource
}

/// Takes an element as another resource has it.
fn replace(type_id: TypeId, record: &mut Tree, made: &Tree, element: &str) {
    let (mut at, mut gone) = (None, Vec::new());
    for (place, (name, _)) in members(record).iter().enumerate() {
        if name_of(type_id, name) == element {
            at.get_or_insert(place);
            gone.push(name.clone());
        }
    }
    for name in gone {
        record.remove(&name);
    }
    let new: Vec<_> = members(made).iter().filter(|(name, _)| name_of(type_id, name) == element).cloned().collect();
    if let Tree::Object(members) = record {
        let at = at.unwrap_or(members.len()).min(members.len());
        members.splice(at..at, new);
    }
}

fn merge_identifiers(merged: &mut Merged, made: &Tree, known: &[Owned], (giver, own): (Giver, &str)) {
    let is_first =
        |label: &str| known.iter().any(|owned| owned.is_first && owned.element == label && giver.gave(own, owned));
    let mut all: Vec<Tree> = Vec::new();
    for one in identifiers(&merged.record) {
        let label = label(one);
        // Numbers that it gave before and gives no more go, unless another gives them too.
        if is_first(&label) && !identifiers(made).iter().any(|given| number(given) == number(one)) {
            match known.iter().find(|owned| owned.element == label && !giver.gave(own, owned)) {
                Some(other) => merged.passed_on.push(Owned { is_first: true, ..other.clone() }),
                None => continue,
            }
        }
        all.push(one.clone());
    }
    for one in identifiers(made) {
        let (at, label) = (all.iter().position(|there| number(there) == number(one)), label(one));
        if merged.owned.iter().any(|owned| owned.element == label) {
            continue;
        }
        let gives = at.is_none() || is_first(&label);
        match at {
            Some(at) if gives => all[at] = one.clone(),
            Some(_) => {}
            None => all.push(one.clone()),
        }
        if gives && merged.elements.last().is_none_or(|last| last != "identifier") {
            merged.elements.push("identifier".to_owned());
        }
        merged.owned.push(noted(&label, (giver, own), gives, 0, None));
    }
    if all.is_empty() {
        merged.record.remove("identifier");
    } else {
        merged.record.set("identifier", all);
    }
}

/// The resource that a key's own id had, when its record is found to be another: it leads there, or says that it does not count; it
/// has no identifier, so that only one record is found by it. References to it still lead to something. `None` if it is so already.
pub fn forwarded(type_id: TypeId, own: &Tree, to: &str) -> Option<Tree> {
    let mut out = own.clone();
    out.remove("identifier");
    let name = r4().name(type_id);
    if name == "Patient" {
        out.set("active", Tree::Bool(false));
        link(&mut out, to, "replaced-by");
    } else if let Some(text) = fhir::json::Document::parse(own.to_string().as_bytes())
        .ok()
        .and_then(|document| super::gone::entered_in_error(&document))
    {
        out = Tree::from(fhir::json::Document::parse(text.as_bytes()).ok()?.root());
        out.remove("identifier");
    } else if r4().element_by_name(type_id, "active").is_some() {
        out.set("active", Tree::Bool(false));
    }
    (out != *own).then_some(out)
}

/// Whether a record is as [`forwarded`] leaves one: it leads to another or does not count, and is found by no identifier.
pub fn is_forwarded(type_id: TypeId, record: &Tree) -> bool {
    let is_inactive = || record.get("active") == Some(&Tree::Bool(false));
    identifiers(record).is_empty()
        && if r4().name(type_id) == "Patient" {
            is_inactive() && goes_on(record).is_some()
        } else {
            super::gone::is_entered_in_error(record) || is_inactive()
        }
}

/// The patient that goes on where this one was merged with another.
pub fn goes_on(patient: &Tree) -> Option<&str> {
    let links = patient.get("link").map_or(&[][..], Tree::items);
    let replaced = links.iter().find(|link| link.get("type").and_then(Tree::as_str) == Some("replaced-by"))?;
    replaced.get("other")?.get("reference")?.as_str()?.strip_prefix("Patient/")
}

/// Whether a patient's link leads to this other.
fn leads(link: &Tree, reference: &str) -> bool {
    link.get("other").and_then(|other| other.get("reference")).and_then(Tree::as_str) == Some(reference)
}

/// Adds a link to another patient, once.
pub fn link(patient: &mut Tree, to: &str, kind: &str) {
    let reference = format!("Patient/{to}");
    if patient.get("link").map_or(&[][..], Tree::items).iter().any(|link| leads(link, &reference)) {
        return;
    }
    let mut other = Tree::object();
    other.set("reference", Tree::String(reference));
    let mut entry = Tree::object();
    entry.set("other", other);
    entry.set("type", Tree::String(kind.to_owned()));
    patient.push("link", entry);
}

/// Takes the links to another patient away.
pub fn unlink(patient: &mut Tree, to: &str) {
    let reference = format!("Patient/{to}");
    let links = patient.get("link").map_or(&[][..], Tree::items);
    let left: Vec<Tree> = links.iter().filter(|link| !leads(link, &reference)).cloned().collect();
    if left.len() == links.len() {
        return;
    }
    if left.is_empty() {
        patient.remove("link");
    } else {
        patient.set("link", left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::from(fhir::json::Document::parse(text.as_bytes()).unwrap().root())
    }

    fn merged(stored: &str, made: &str, known: &[Owned], ranks: Ranks) -> Merged {
        let patient = r4().resource_type("Patient").unwrap();
        merge(patient, &tree(stored), &tree(made), known, Giver { source: 1, ranks }, "d")
    }

    const HL7: &str = r#"{"resourceType":"Patient","id":"m","identifier":[{"system":"urn:mrn","value":"1"}],"name":[{"family":"Lee"}],"deceasedBoolean":false}"#;
    const ROW: &str = r#"{"resourceType":"Patient","id":"d","identifier":[{"system":"urn:mrn","value":"1"},{"system":"urn:his","value":"7"}],"name":[{"family":"Li"}],"birthDate":"1980","deceasedDateTime":"2020","telecom":[{"value":"5"}]}"#;

    #[test]
    fn members_in_another_order_and_noughts_at_the_end_say_the_same() {
        let observation = r4().resource_type("Observation").unwrap();
        let one = tree(r#"{"valueQuantity":{"value":4.20,"unit":"mmol/L"},"note":[{"text":"a"}]}"#);
        let other = tree(r#"{"note":[{"text":"b"}],"valueQuantity":{"unit":"mmol/L","value":4.2}}"#);
        assert!(says_the_same(observation, &one, &other, "value"));
        let moment = |text: &str| tree(&format!(r#"{{"effectiveDateTime":"{text}"}}"#));
        let same = |a: &str, b: &str| says_the_same(observation, &moment(a), &moment(b), "effective");
        assert!(same("2026-03-15T10:00:00+01:00", "2026-03-15T09:00:00Z"));
        assert!(same("2026-03-15T10:00:00+01:00", "2026-03-15T10:00:00.000+01:00"));
        assert!(!same("2026-03-15T10:00:00+01:00", "2026-03-15T10:00:00Z") && !same("2026-03-15", "2026-03-16"));
        assert!(!says_the_same(observation, &one, &other, "note"));
        let ten = tree(r#"{"valueQuantity":{"unit":"mmol/L","value":42}}"#);
        assert!(!says_the_same(observation, &ten, &other, "value"));
    }

    #[test]
    fn what_is_absent_is_added_and_what_is_there_is_kept() {
        let all = merged(HL7, ROW, &[], Ranks::default());
        let wanted = r#"{"resourceType":"Patient","id":"m","identifier":[{"system":"urn:mrn","value":"1"},{"system":"urn:his","value":"7"}],"name":[{"family":"Lee"}],"deceasedBoolean":false,"birthDate":"1980","telecom":[{"value":"5"}]}"#;
        assert_eq!(all.record.to_string(), wanted);
        assert_eq!(all.kept, ["name", "deceased"]);
        assert_eq!(all.elements, ["birthDate", "telecom", "identifier"]);
        // The same again changes nothing, and what is its own it may change and take away.
        let again = merged(wanted, ROW, &all.owned, Ranks::default());
        assert_eq!((again.record.to_string().as_str(), &again.owned), (wanted, &all.owned));
        let less = r#"{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"1"}],"birthDate":"1981"}"#;
        let less = merged(wanted, less, &all.owned, Ranks::default());
        let left = r#"{"resourceType":"Patient","id":"m","identifier":[{"system":"urn:mrn","value":"1"}],"name":[{"family":"Lee"}],"deceasedBoolean":false,"birthDate":"1981"}"#;
        assert_eq!(less.record.to_string(), left);
        let nothing = merged(left, r#"{"resourceType":"Patient"}"#, &less.owned, Ranks::default());
        assert_eq!(nothing.record.to_string(), HL7);
    }

    #[test]
    fn a_higher_rank_overwrites_its_group_alone_and_what_others_changed_since_is_theirs() {
        let ranks = Ranks { identity: 10, ..Ranks::default() };
        let with_phone = HL7.replace("}],\"deceased", "}],\"telecom\":[{\"value\":\"9\"}],\"deceased");
        let all = merged(&with_phone, ROW, &[], ranks);
        let text = all.record.to_string();
        assert!(
            text.contains("\"Li\"") && text.contains("deceasedDateTime") && !text.contains("deceasedBoolean"),
            "{text}"
        );
        assert!(text.contains("\"9\"") && all.kept == ["telecom"], "{text}");
        // A source of a lower rank, and one of the same.
        let other = Giver { source: 2, ranks: Ranks { identity: 10, contact: 1, other: 0 } };
        let patient = r4().resource_type("Patient").unwrap();
        let made = tree(r#"{"resourceType":"Patient","name":[{"family":"Lo"}],"telecom":[{"value":"7"}]}"#);
        let theirs = merge(patient, &all.record, &made, &all.owned, other, "o");
        assert_eq!((theirs.kept.len(), theirs.kept[0].as_str()), (1, "name"));
        assert!(theirs.record.to_string().contains("\"7\""));
        // Somebody without a rank changed the name since: the higher rank has the word again.
        let changed = tree(&text.replace("\"Li\"", "\"Lu\""));
        let again = merge(patient, &changed, &tree(ROW), &all.owned, Giver { source: 1, ranks }, "d");
        assert!(again.record.to_string().contains("\"Li\""));
    }

    /// What is known of a record after a row was put into it.
    fn known(known: &[Owned], merged: &Merged, own: &str) -> Vec<Owned> {
        let others = known.iter().filter(|owned| owned.own != own).map(|owned| {
            let passed = merged.passed_on.iter().find(|one| (&one.own, &one.element) == (&owned.own, &owned.element));
            passed.unwrap_or(owned).clone()
        });
        others.chain(merged.owned.iter().cloned()).collect()
    }

    #[test]
    fn a_value_that_two_give_stays_until_both_give_it_no_more() {
        let patient = r4().resource_type("Patient").unwrap();
        let giver = Giver { source: 1, ranks: Ranks::default() };
        let made = tree(
            r#"{"resourceType":"Patient","identifier":[{"system":"urn:his","value":"7"}],"birthDate":"1980","telecom":[{"value":"5"}]}"#,
        );
        let nothing = tree(r#"{"resourceType":"Patient"}"#);
        let one = merge(patient, &tree(HL7), &made, &[], giver, "one");
        let of_one = known(&[], &one, "one");
        let two = merge(patient, &one.record, &made, &of_one, giver, "two");
        assert_eq!(two.record, one.record);
        let of_two = known(&of_one, &two, "two");
        // Neither takes it from the other, however often they come.
        let again = merge(patient, &two.record, &made, &of_two, giver, "one");
        assert_eq!((&again.record, &again.owned), (&one.record, &one.owned));
        // The second goes: nothing is different but who says it.
        let less = merge(patient, &two.record, &nothing, &of_two, giver, "two");
        assert_eq!((&less.record, less.passed_on.len()), (&one.record, 0));
        // The first goes: the other gives it now, and may take it away.
        let less = merge(patient, &two.record, &nothing, &of_two, giver, "one");
        assert_eq!((&less.record, less.passed_on.len()), (&one.record, 3));
        let left = known(&of_two, &less, "one");
        let gone = merge(patient, &less.record, &nothing, &left, giver, "two");
        assert_eq!(gone.record.to_string(), HL7);
    }

    #[test]
    fn what_a_run_gave_that_was_taken_back_is_still_the_rows() {
        let row = |phone: &str| format!(r#"{{"resourceType":"Patient","telecom":[{{"value":"{phone}"}}]}}"#);
        let first = merged(HL7, &row("1"), &[], Ranks::default());
        let second = merged(&first.record.to_string(), &row("2"), &first.owned, Ranks::default());
        // The second was taken back, and the third is another.
        let third = merged(&first.record.to_string(), &row("3"), &second.owned, Ranks::default());
        assert!(third.kept.is_empty() && third.record.to_string().contains(r#""3""#), "{third:?}");
    }

    #[test]
    fn a_record_is_of_one_row_until_another_gives_to_it() {
        let patient = r4().resource_type("Patient").unwrap();
        let giver = Giver { source: 1, ranks: Ranks::default() };
        let own = tree(ROW);
        let owned = owned_whole(patient, &own, &[], giver, "d");
        assert!(is_of_one(patient, &own, &owned, giver, "d"));
        assert!(!is_of_one(patient, &own, &[], giver, "d"));
        let other = Giver { source: 2, ..giver };
        let made = tree(
            r#"{"resourceType":"Patient","identifier":[{"system":"urn:b","value":"9"}],"gender":"female","birthDate":"1980"}"#,
        );
        let two = merge(patient, &own, &made, &owned, other, "b");
        let all = known(&owned, &two, "b");
        assert!(!is_of_one(patient, &two.record, &all, giver, "d"));
        // Its row again changes nothing, and what it changes of its own is changed.
        let again = merge(patient, &two.record, &own, &all, giver, "d");
        assert_eq!((&again.record, again.kept.len()), (&two.record, 0));
        let phone = merge(patient, &two.record, &tree(&ROW.replace("\"5\"", "\"6\"")), &all, giver, "d");
        let text = phone.record.to_string();
        assert!(text.contains(r#""6""#) && text.contains("female") && text.contains("urn:b"), "{text}");
    }

    #[test]
    fn what_a_type_requires_goes_to_another_who_gives_or_leaves_what_is_nobodys() {
        let encounter = r4().resource_type("Encounter").unwrap();
        let giver = Giver { source: 1, ranks: Ranks::default() };
        let stored = tree(
            r#"{"resourceType":"Encounter","id":"a","identifier":[{"value":"1"}],"status":"finished","class":{"code":"AMB"}}"#,
        );
        let nothing = tree("{}");
        let alone = owned_whole(encounter, &stored, &[], giver, "a");
        let gone = merge(encounter, &stored, &nothing, &alone, giver, "a");
        assert!(is_nobodys(encounter, &gone) && gone.owned.len() == 2, "{gone:?}");
        // Another gives too, and says otherwise what the class is.
        let other = Giver { source: 2, ..giver };
        let made = tree(
            r#"{"resourceType":"Encounter","identifier":[{"value":"2"}],"status":"finished","class":{"code":"IMP"}}"#,
        );
        let two = merge(encounter, &stored, &made, &alone, other, "b");
        assert_eq!(two.kept, ["class"]);
        let of_two = known(&alone, &two, "b");
        let gone = merge(encounter, &two.record, &nothing, &of_two, giver, "a");
        assert!(!is_nobodys(encounter, &gone) && gone.owned.is_empty(), "{gone:?}");
        let mut left: Vec<Owned> = of_two.into_iter().filter(|owned| owned.own == "b").collect();
        left.retain(|owned| !gone.passed_on.iter().any(|one| one.element == owned.element));
        left.extend(gone.passed_on.iter().cloned());
        let again = merge(encounter, &gone.record, &made, &left, other, "b");
        assert!(again.record.to_string().contains("IMP") && again.kept.is_empty(), "{again:?}");
        let gone = merge(encounter, &again.record, &nothing, &again.owned, other, "b");
        assert!(is_nobodys(encounter, &gone), "{gone:?}");
        // Of somebody whom nobody knows it is not.
        let more = tree(&again.record.to_string().replace("\"status\"", "\"language\":\"de\",\"status\""));
        assert!(!is_nobodys(encounter, &merge(encounter, &more, &nothing, &again.owned, other, "b")));
    }

    #[test]
    fn what_stands_of_a_run_that_was_taken_back_is_the_rows() {
        let patient = r4().resource_type("Patient").unwrap();
        let row = |phone: &str| {
            tree(&format!(
                r#"{{"resourceType":"Patient","identifier":[{{"system":"urn:his","value":"7"}}],"telecom":[{{"value":"{phone}"}}]}}"#
            ))
        };
        let giver = Giver { source: 1, ranks: Ranks::default() };
        let first = merge(patient, &tree(HL7), &row("1"), &[], giver, "d");
        let second = merge(patient, &first.record, &row("2"), &first.owned, giver, "d");
        // Nothing was taken back, since the record was changed.
        let given = still_given(patient, &second.record, first.owned.clone(), second.owned.clone());
        let gone = merge(patient, &second.record, &tree("{}"), &given, giver, "d");
        assert_eq!(gone.record.to_string(), HL7);
        let given = still_given(patient, &first.record, Vec::new(), first.owned.clone());
        assert_eq!(given, first.owned);
        // All was.
        assert_eq!(still_given(patient, &tree(HL7), Vec::new(), first.owned.clone()), []);
        assert_eq!(still_given(patient, &first.record, first.owned.clone(), second.owned), first.owned);
    }

    #[test]
    fn what_had_an_id_of_its_own_leads_to_the_record_that_it_is() {
        let patient = r4().resource_type("Patient").unwrap();
        let forwarded = forwarded(patient, &tree(ROW), "m").unwrap();
        let text = forwarded.to_string();
        assert!(!text.contains("identifier") && text.contains(r#""active":false"#), "{text}");
        assert!(text.contains(r#""link":[{"other":{"reference":"Patient/m"},"type":"replaced-by"}]"#), "{text}");
        assert_eq!(super::forwarded(patient, &forwarded, "m"), None);
        assert!(is_forwarded(patient, &forwarded) && goes_on(&forwarded) == Some("m"));
        assert!(
            !is_forwarded(patient, &tree(ROW))
                && !is_forwarded(patient, &tree(r#"{"resourceType":"Patient","active":false}"#))
        );
        let encounter = r4().resource_type("Encounter").unwrap();
        let own = tree(
            r#"{"resourceType":"Encounter","id":"d","identifier":[{"value":"1"}],"status":"finished","class":{"code":"IMP"}}"#,
        );
        let text = super::forwarded(encounter, &own, "m").unwrap().to_string();
        assert!(text.contains("entered-in-error") && !text.contains("identifier"), "{text}");
    }
}
