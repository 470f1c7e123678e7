//! A resource of a mapping, and the record of another door that it is one with.
//!
//! Each element at the top of a resource belongs to whoever gave it. What is absent is added; what is there gives way only to a
//! source of a higher rank, or to the source that gave it. Identifiers stand side by side. What a source gave and does not give any
//! more goes; nothing else of the record does.

use crate::mapping::Ranks;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};

/// Elements that no source takes part in.
const LEFT_ALONE: [&str; 8] = ["resourceType", "id", "meta", "text", "implicitRules", "language", "contained", "link"];

/// Who gave an element of a record, as the runs of mappings know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The element; of an identifier the system and value as well.
    pub element: String,
    /// The number of the source.
    pub source: i64,
    /// The rank that it gave it with.
    pub rank: i64,
    /// Hash of what it gave: what is there otherwise now is somebody else's.
    pub content: i64,
}

/// A source that gives elements.
#[derive(Clone, Copy, Debug)]
pub struct Giver {
    /// Its number.
    pub source: i64,
    /// What its word counts.
    pub ranks: Ranks,
}

/// What came of putting the two together.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The record as it is to be.
    pub record: Tree,
    /// What the source gives of it.
    pub owned: Vec<Owned>,
    /// Elements that it would give, and that stay as another has them.
    pub kept: Vec<String>,
}

impl Merged {
    /// Names of the elements that the source gives.
    pub fn elements(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.owned.iter().map(|owned| owned.element.split('|').next().unwrap_or_default().to_owned()).collect();
        names.dedup();
        names
    }
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
fn content_of(type_id: TypeId, resource: &Tree, element: &str) -> i64 {
    let mut parts: Vec<String> = members(resource)
        .iter()
        .filter(|(name, _)| name_of(type_id, name) == element)
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    parts.sort_unstable();
    hash(&parts.join(","))
}

fn hash(text: &str) -> i64 {
    twox_hash::xxhash3_64::Hasher::oneshot(text.as_bytes()).cast_signed()
}

fn identifiers(resource: &Tree) -> &[Tree] {
    resource.get("identifier").map_or(&[], Tree::items)
}

/// System and value of an identifier.
fn number(identifier: &Tree) -> (String, String) {
    let text = |name: &str| identifier.get(name).and_then(Tree::as_str).unwrap_or_default().to_owned();
    (text("system"), text("value"))
}

/// Puts what a mapping made into the record that is stored; `known` says who gave what of it.
pub fn merge(type_id: TypeId, stored: &Tree, made: &Tree, known: &[Owned], giver: Giver) -> Merged {
    let mut merged = Merged { record: stored.clone(), owned: Vec::new(), kept: Vec::new() };
    let mut elements: Vec<&str> = Vec::new();
    for (name, _) in members(made) {
        let element = name_of(type_id, name);
        if !LEFT_ALONE.contains(&element) && element != "identifier" && !elements.contains(&element) {
            elements.push(element);
        }
    }
    let none = hash("");
    for element in &elements {
        let (theirs, ours) = (content_of(type_id, stored, element), content_of(type_id, made, element));
        let owner = known.iter().find(|owned| owned.element == *element && owned.content == theirs);
        let rank = giver.ranks.of(element);
        let is_own = owner.is_some_and(|owner| owner.source == giver.source);
        let gives = theirs == none || is_own || (theirs != ours && rank > owner.map_or(0, |owner| owner.rank));
        if gives {
            replace(type_id, &mut merged.record, made, element);
            merged.owned.push(Owned { element: (*element).to_owned(), source: giver.source, rank, content: ours });
        } else if theirs != ours {
            merged.kept.push((*element).to_owned());
        }
    }
    // What it gave before, and nobody changed since, goes when it gives it no more.
    for owned in known.iter().filter(|owned| owned.source == giver.source && !owned.element.contains('|')) {
        let is_given = elements.iter().any(|element| *element == owned.element);
        if !is_given && content_of(type_id, stored, &owned.element) == owned.content {
            replace(type_id, &mut merged.record, &Tree::object(), &owned.element);
        }
    }
    merge_identifiers(&mut merged, made, known, giver);
    merged
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

fn merge_identifiers(merged: &mut Merged, made: &Tree, known: &[Owned], giver: Giver) {
    let label = |(system, value): &(String, String)| format!("identifier|{system}|{value}");
    let given: Vec<(String, String)> = identifiers(made).iter().map(number).collect();
    let own = |label: &str| known.iter().any(|owned| owned.source == giver.source && owned.element == label);
    // Numbers that it gave before and gives no more.
    let mut all: Vec<Tree> = identifiers(&merged.record)
        .iter()
        .filter(|one| !own(&label(&number(one))) || given.contains(&number(one)))
        .cloned()
        .collect();
    for one in identifiers(made) {
        let (at, label) = (all.iter().position(|there| number(there) == number(one)), label(&number(one)));
        match at {
            Some(at) if own(&label) => all[at] = one.clone(),
            Some(_) => continue,
            None => all.push(one.clone()),
        }
        merged.owned.push(Owned { element: label, source: giver.source, rank: giver.ranks.other, content: 0 });
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

/// Adds a link to another patient, once.
pub fn link(patient: &mut Tree, to: &str, kind: &str) {
    let reference = format!("Patient/{to}");
    let leads = |link: &Tree| {
        link.get("other").and_then(|other| other.get("reference")).and_then(Tree::as_str) == Some(reference.as_str())
    };
    if patient.get("link").map_or(&[][..], Tree::items).iter().any(leads) {
        return;
    }
    let mut other = Tree::object();
    other.set("reference", Tree::String(reference.clone()));
    let mut entry = Tree::object();
    entry.set("other", other);
    entry.set("type", Tree::String(kind.to_owned()));
    patient.push("link", entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::from(fhir::json::Document::parse(text.as_bytes()).unwrap().root())
    }

    fn merged(stored: &str, made: &str, known: &[Owned], ranks: Ranks) -> Merged {
        let patient = r4().resource_type("Patient").unwrap();
        merge(patient, &tree(stored), &tree(made), known, Giver { source: 1, ranks })
    }

    const HL7: &str = r#"{"resourceType":"Patient","id":"m","identifier":[{"system":"urn:mrn","value":"1"}],"name":[{"family":"Lee"}],"deceasedBoolean":false}"#;
    const ROW: &str = r#"{"resourceType":"Patient","id":"d","identifier":[{"system":"urn:mrn","value":"1"},{"system":"urn:his","value":"7"}],"name":[{"family":"Li"}],"birthDate":"1980","deceasedDateTime":"2020","telecom":[{"value":"5"}]}"#;

    #[test]
    fn what_is_absent_is_added_and_what_is_there_is_kept() {
        let all = merged(HL7, ROW, &[], Ranks::default());
        let wanted = r#"{"resourceType":"Patient","id":"m","identifier":[{"system":"urn:mrn","value":"1"},{"system":"urn:his","value":"7"}],"name":[{"family":"Lee"}],"deceasedBoolean":false,"birthDate":"1980","telecom":[{"value":"5"}]}"#;
        assert_eq!(all.record.to_string(), wanted);
        assert_eq!(all.kept, ["name", "deceased"]);
        assert_eq!(all.elements(), ["birthDate", "telecom", "identifier"]);
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
        let theirs = merge(patient, &all.record, &made, &all.owned, other);
        assert_eq!((theirs.kept.len(), theirs.kept[0].as_str()), (1, "name"));
        assert!(theirs.record.to_string().contains("\"7\""));
        // Somebody without a rank changed the name since: the higher rank has the word again.
        let changed = tree(&text.replace("\"Li\"", "\"Lu\""));
        let again = merge(patient, &changed, &tree(ROW), &all.owned, Giver { source: 1, ranks });
        assert!(again.record.to_string().contains("\"Li\""));
    }

    #[test]
    fn what_had_an_id_of_its_own_leads_to_the_record_that_it_is() {
        let patient = r4().resource_type("Patient").unwrap();
        let forwarded = forwarded(patient, &tree(ROW), "m").unwrap();
        let text = forwarded.to_string();
        assert!(!text.contains("identifier") && text.contains(r#""active":false"#), "{text}");
        assert!(text.contains(r#""link":[{"other":{"reference":"Patient/m"},"type":"replaced-by"}]"#), "{text}");
        assert_eq!(super::forwarded(patient, &forwarded, "m"), None);
        let encounter = r4().resource_type("Encounter").unwrap();
        let own = tree(
            r#"{"resourceType":"Encounter","id":"d","identifier":[{"value":"1"}],"status":"finished","class":{"code":"IMP"}}"#,
        );
        let text = super::forwarded(encounter, &own, "m").unwrap().to_string();
        assert!(text.contains("entered-in-error") && !text.contains("identifier"), "{text}");
    }
}
