//! Clinical documents as plans.
//!
//! A document is one request: everything it tells is stored, or nothing. What is its own is found by the id that its map gives; patients,
//! encounters, people and organizations by their identifiers, among what other doors brought. A new version takes the place of the one
//! it replaces; an old one that comes later changes nothing of what the newer told.

use crate::contradiction::contradictions;
use crate::fhir_door::put::{Put, bare};
use crate::fhir_door::references::Names;
use crate::fhir_door::refusal::at;
use crate::hl7_door::{MessageSeen, patient_of, resolved};
use fhir::json::{Document, Tree};
use fhir::schema::{TypeId, r4};
use hl7::ccda::{self, CdaError, Identity, Made, Mapped};
use hl7::map::{Settings, token_condition};
use records::{Besides, DeadLetterNo, Error, Found, IfEqual, Issue, Lookup, Operation, Planner, Write, derived_id};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The media type of clinical documents in arrivals.
pub(crate) const DOCUMENT_MEDIA: &str = "application/cda+xml";

/// Plans one document. Clones share what was seen.
#[derive(Clone)]
pub struct DocumentPlan {
    content: Arc<Vec<u8>>,
    settings: Arc<Settings>,
    closes: Option<DeadLetterNo>,
    mapped: Arc<OnceLock<Result<Mapped, CdaError>>>,
    seen: Arc<Mutex<MessageSeen>>,
}

impl DocumentPlan {
    /// A plan for the document that is `content`, as its source is set.
    pub fn new(content: Arc<Vec<u8>>, settings: Arc<Settings>) -> Self {
        DocumentPlan { content, settings, closes: None, mapped: Arc::default(), seen: Arc::default() }
    }

    /// The same as the replay of a dead letter.
    pub(crate) fn closing(mut self, no: DeadLetterNo) -> Self {
        self.closes = Some(no);
        self
    }

    /// What the document was, after planning.
    pub fn seen(&self) -> MessageSeen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Planner for DocumentPlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let mapped = self.mapped.get_or_init(|| ccda::convert(&self.content, &self.settings));
        let mapped = mapped.as_ref().map_err(refused)?;
        let mut storing = Storing::new(lookup, &self.settings.source, mapped);
        let operations = storing.operations(None)?;
        let seen = MessageSeen {
            event: mapped.kind.clone(),
            is_mapped: true,
            issues: storing.issues(),
            told: Vec::new(),
            not_taken: mapped.unmapped.iter().map(|unmapped| unmapped.xpath.clone()).collect(),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        Besides { closes: self.closes, ..Besides::default() }
    }
}

fn refused(error: &CdaError) -> Error {
    Error::Invalid(vec![Issue {
        code: "structure".into(),
        place: String::new(),
        message: error.to_string(),
        offset: error.at().unwrap_or(0),
    }])
}

/// A resource of the document with its identity here.
struct Known {
    resource_type: TypeId,
    id: String,
    stored: Option<Tree>,
}

/// A message that brings the document.
pub(crate) struct Carrier<'a> {
    /// Whom it is about: the patient that the document names is this one, unless it is stored under a number of its own.
    pub(crate) patient: Option<&'a str>,
    /// What it tells of itself.
    pub(crate) told: HashSet<(TypeId, String)>,
}

/// What is stored of one document.
pub(crate) struct Storing<'a> {
    lookup: &'a dyn Lookup,
    source: &'a str,
    mapped: &'a Mapped,
    /// What was found while it was stored: byte, and text.
    found: Vec<(u64, String)>,
    /// Numbers of the patient that another person has here: system, and value.
    contested: Vec<(String, String)>,
}

/// What is said first of a statement that no rule took: that is not its sender's fault.
pub(crate) const WITHOUT_RULE: &str = "not mapped: ";

/// What is appended to the system of a number that another person has here: nobody is found by it.
const CONTESTED: &str = "#contested";

/// Types of the document's own that others than its entries are.
const OF_THE_HEADER: [&str; 9] = [
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "RelatedPerson",
    "Location",
    "Encounter",
    "Consent",
    "Device",
];

/// Types of what stands for a document as a whole: an entry that refers to one takes none of it along.
const OF_THE_DOCUMENT: [&str; 3] = ["Composition", "Binary", "Bundle"];

impl<'a> Storing<'a> {
    pub(crate) fn new(lookup: &'a dyn Lookup, source: &'a str, mapped: &'a Mapped) -> Self {
        Storing { lookup, source, mapped, found: Vec::new(), contested: Vec::new() }
    }

    /// What was odd: place, byte, text.
    pub(crate) fn issues(&self) -> Vec<(String, u64, String)> {
        let issues =
            self.mapped.issues.iter().map(|issue| (issue.xpath.clone(), issue.span.start as u64, issue.text.clone()));
        let unmapped = self.mapped.unmapped.iter().map(|unmapped| {
            let what = [unmapped.element, unmapped.code.as_str()].join(" ");
            (
                unmapped.xpath.clone(),
                unmapped.span.start as u64,
                format!("{WITHOUT_RULE}{}: {}", what.trim(), unmapped.why),
            )
        });
        let found = self.found.iter().map(|(at, text)| (String::new(), *at, text.clone()));
        issues.chain(unmapped).chain(found).collect()
    }

    /// The operations that store it.
    pub(crate) fn operations(&mut self, carrier: Option<&Carrier<'_>>) -> Result<Vec<Operation>, Error> {
        let mapped = self.mapped;
        let mut names = Names::default();
        let mut all: Vec<(&Made, Known)> = Vec::with_capacity(mapped.resources.len());
        let mut taken: HashSet<(TypeId, String)> = HashSet::new();
        let mut subject = String::new();
        for made in &mapped.resources {
            let name = made.key.resource_type;
            let resource_type = r4()
                .resource_type(name)
                .ok_or_else(|| Error::Damaged(format!("the map made a {name}, which is no R4 resource")))?;
            let own = if name == "Patient" { carrier.and_then(|carrier| carrier.patient) } else { None };
            let id = self.identity(made, own, &subject)?;
            if name == "Patient" {
                subject.clone_from(&id);
                if own.is_some_and(|own| own != id) {
                    let text = "the document in the message is about another patient than the message; each is stored with its own";
                    self.found.push((made.span.start as u64, text.into()));
                }
            }
            names.enter(&made.full_url, resource_type, &id);
            // What the carrier tells of in the same request is told.
            if (made.identity == Identity::Identifier || name == "Patient")
                && carrier.is_some_and(|carrier| carrier.told.contains(&(resource_type, id.clone())))
            {
                continue;
            }
            let stored = self.stored(name, &id)?;
            // Two numbers of the document may be those of one person here: the first tells of them.
            if taken.insert((resource_type, id.clone())) {
                all.push((made, Known { resource_type, id, stored }));
            }
        }
        let composition = self.own("Composition").map_or("", Made::own_id);
        let newer = self.newer(&subject)?;
        let is_old = newer != Found::None;
        if is_old {
            self.found
                .push((0, "a newer version of this document is here already: its entries stay as they are".into()));
        }
        let is_entry = |made: &Made| {
            made.identity == Identity::Own
                && made.key.value.contains('/')
                && made.key.resource_type != "Binary"
                && !OF_THE_HEADER.contains(&made.key.resource_type)
        };
        let mut operations = Vec::with_capacity(all.len());
        for (made, known) in all {
            if is_old && is_entry(made) {
                continue;
            }
            operations.push(self.operation(made, known, &names, is_old)?);
        }
        let mut replaced: Vec<(String, String)> =
            mapped.replaces.iter().map(|one| (one.composition.clone(), one.document_reference.clone())).collect();
        let older = self.older_of_set(&subject)?.filter(|(other, _)| other != composition);
        replaced.extend(older.filter(|older| !replaced.contains(older)));
        // Nothing that this one tells goes, and nothing twice.
        let mut kept = if is_old { HashSet::new() } else { taken };
        for (other, reference) in &replaced {
            self.supersede(other, reference, is_old, &mut kept, &mut operations)?;
        }
        if let Found::One(newer) = &newer {
            self.name_in(newer, &mut operations)?;
        }
        Ok(operations)
    }

    /// The id under which a resource is stored, or will be.
    fn identity(&mut self, made: &Made, own: Option<&str>, subject: &str) -> Result<String, Error> {
        let name = made.key.resource_type;
        if made.identity == Identity::Own {
            return match own {
                Some(own) if name == "Patient" && !self.is_another(own, made)? => Ok(own.to_owned()),
                _ => Ok(made.own_id().to_owned()),
            };
        }
        for key in std::iter::once(&made.key).chain(&made.also) {
            match self.lookup.find(name, &key.condition())? {
                Found::One(id) if name == "Encounter" && self.is_of_another(&id, subject)? => {
                    let text = format!(
                        "the number of this encounter ({}) is another patient's too; both are kept apart",
                        key.value
                    );
                    self.found.push((made.span.start as u64, text));
                    return Ok(derived_id(self.source, &format!("{} of {subject}", made.full_url)));
                }
                Found::One(id) if name == "Patient" && self.is_another(&id, made)? => {
                    self.contested.push((key.system.clone(), key.value.clone()));
                    let text = format!(
                        "the number {} is that of another person here ({} differ): both are kept apart, and the number goes on \
                         to find the one who had it first",
                        key.value,
                        self.differs(&id, made)?.join(" and ")
                    );
                    self.found.push((made.span.start as u64, text));
                }
                Found::One(id) => return Ok(id),
                Found::Many if name == "Patient" => {
                    return Err(Error::MultipleMatches { resource_type: name.into(), query: key.condition() });
                }
                Found::Many => {
                    let text = format!("several of type {name} have the number {}; this one is kept apart", key.value);
                    self.found.push((made.span.start as u64, text));
                    return Ok(made.own_id().to_owned());
                }
                Found::None => {}
            }
        }
        let told = |name: &str| made.resource.get(name).and_then(Tree::as_str).unwrap_or_default();
        match own {
            Some(own) if name != "Patient" || !self.is_another(own, made)? => Ok(own.to_owned()),
            // The same person in a later document is known by the same.
            _ if self
                .contested
                .iter()
                .any(|(system, value)| (system, value) == (&made.key.system, &made.key.value)) =>
            {
                let person = format!("{} born {}, {}", made.full_url, told("birthDate"), told("gender"));
                Ok(derived_id(self.source, &person))
            }
            _ => Ok(derived_id(self.source, &made.full_url)),
        }
    }

    /// True if a stored patient cannot be the one that the document tells of, whatever number they share.
    fn is_another(&self, id: &str, made: &Made) -> Result<bool, Error> {
        Ok(!self.differs(id, made)?.is_empty())
    }

    /// What differs too much for one person.
    fn differs(&self, id: &str, made: &Made) -> Result<Vec<&'static str>, Error> {
        let stored = self.stored("Patient", id)?;
        Ok(stored.map_or_else(Vec::new, |stored| contradictions(&stored, &made.resource)))
    }

    fn is_of_another(&self, id: &str, subject: &str) -> Result<bool, Error> {
        let stored = self.stored("Encounter", id)?;
        let about = stored.as_ref().and_then(patient_of).and_then(|reference| reference.strip_prefix("Patient/"));
        Ok(about.is_some_and(|about| about != subject))
    }

    fn stored(&self, name: &str, id: &str) -> Result<Option<Tree>, Error> {
        let Some(json) = self.lookup.current(name, id)?.and_then(|current| current.json) else { return Ok(None) };
        let document = Document::parse(json.as_bytes()).map_err(|e| Error::Damaged(format!("{name}/{id}: {e}")))?;
        Ok(Some(Tree::from(document.root())))
    }

    /// The Composition of a version that is newer, or that replaces this one.
    fn newer(&self, subject: &str) -> Result<Found, Error> {
        if let Some((system, value)) = &self.mapped.identifier {
            let condition = token_condition("related-id", system, value);
            let found = self.lookup.find("Composition", &format!("{condition}&patient=Patient/{subject}"))?;
            if found != Found::None {
                return Ok(found);
            }
        }
        match (self.of_set(subject), self.written()) {
            (Some(set), Some(written)) => self.lookup.find("Composition", &format!("{set}&date=gt{written}")),
            _ => Ok(Found::None),
        }
    }

    /// The version of the same set that was the newest until this one: its Composition and DocumentReference. Nothing replaces it by name.
    fn older_of_set(&self, subject: &str) -> Result<Option<(String, String)>, Error> {
        let (Some(set), Some(written)) = (self.of_set(subject), self.written()) else { return Ok(None) };
        let Found::One(reference) = self.lookup.find("DocumentReference", &format!("{set}&status=current"))? else {
            return Ok(None);
        };
        let stored = self.stored("DocumentReference", &reference)?;
        let related = stored.as_ref().and_then(|stored| stored.get("context")?.get("related")?.items().first());
        let composition = related.and_then(|related| related.get("reference")?.as_str()?.strip_prefix("Composition/"));
        let Some(composition) = composition else { return Ok(None) };
        let is_older = self.lookup.find("Composition", &format!("_id={composition}&date=lt{written}"))? != Found::None;
        Ok(is_older.then(|| (composition.to_owned(), reference)))
    }

    /// The condition of versions of the same set. Some senders use one set for everything: what has another type is no version of this.
    fn of_set(&self, subject: &str) -> Option<String> {
        let (system, value) = self.mapped.set.as_ref()?;
        let set = format!("{}&patient=Patient/{subject}", token_condition("identifier", system, value));
        let kind = self.own("Composition").and_then(|made| made.resource.get("type")?.get("coding")?.items().first());
        let kind = kind.and_then(|coding| {
            let part = |name: &str| coding.get(name).and_then(Tree::as_str);
            Some(token_condition("type", part("system")?, part("code")?))
        });
        Some(kind.map_or_else(|| set.clone(), |kind| format!("{set}&{kind}")))
    }

    /// When it was written, as a search value.
    fn written(&self) -> Option<String> {
        Some(self.mapped.written.as_ref()?.replace('+', "%2B"))
    }

    fn own(&self, name: &str) -> Option<&'a Made> {
        self.mapped.resources.iter().find(|made| made.key.resource_type == name && !made.key.value.contains('/'))
    }

    fn operation(&self, made: &Made, known: Known, names: &Names, is_old: bool) -> Result<Operation, Error> {
        let (at_byte, length) = (made.span.start as u64, made.span.len() as u64);
        let Known { resource_type, id, stored } = known;
        let keeps = made.write == ccda::Write::CreateIfAbsent
            || (is_old && OF_THE_HEADER.contains(&made.key.resource_type) && made.identity == Identity::Own);
        if keeps && stored.is_some() {
            return Ok(bare(resource_type, id, Write::Keep, None, at_byte, length));
        }
        let mut resource = resolved(&made.resource, names)?;
        if is_old {
            if made.key.resource_type == "DocumentReference" {
                resource.set("status", "superseded");
            }
            if made.key.resource_type == "Composition" {
                without_entries(&mut resource);
            }
        }
        match made.key.resource_type {
            "DocumentReference" => self.name_replaced(&mut resource)?,
            "Patient" => self.mark_contested(&mut resource),
            _ => {}
        }
        let tree = match &stored {
            // A patient of another's: the document tells of it, and no more.
            Some(stored) if made.key.resource_type == "Patient" && id != made.own_id() => {
                made.complete(stored, &resource)
            }
            Some(stored) => made.update(stored, resource),
            None => resource,
        };
        let put = Put {
            resource_type,
            id,
            text: &tree.to_string(),
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: at_byte,
            length,
        };
        put.operation(self.lookup).map_err(|error| at("document", error))
    }

    /// A number that another person has here stays with this one, but finds nobody.
    fn mark_contested(&self, patient: &mut Tree) {
        let Some(Tree::Array(identifiers)) = patient.get_mut("identifier") else { return };
        for identifier in identifiers {
            let part = |name: &str| identifier.get(name).and_then(Tree::as_str);
            let (Some(system), Some(value)) = (part("system"), part("value")) else { continue };
            if self.contested.iter().any(|(known, number)| known == system && number == value) {
                let system = format!("{system}{CONTESTED}");
                identifier.set("system", system);
            }
        }
    }

    /// Where a replaced document is stored, the reference to it leads there.
    fn name_replaced(&self, resource: &mut Tree) -> Result<(), Error> {
        let Some(Tree::Array(relations)) = resource.get_mut("relatesTo") else { return Ok(()) };
        for replaced in &self.mapped.replaces {
            if self.stored("DocumentReference", &replaced.document_reference)?.is_none() {
                continue;
            }
            for relation in relations.iter_mut() {
                let Some(target) = relation.get_mut("target") else { continue };
                let value = target.get("identifier").and_then(|identifier| identifier.get("value"));
                if value.and_then(Tree::as_str) == Some(&replaced.identifier.1) {
                    target.set("reference", format!("DocumentReference/{}", replaced.document_reference));
                }
            }
        }
        Ok(())
    }

    /// The document that replaced this one came before it: its reference leads here now.
    fn name_in(&self, newer: &str, operations: &mut Vec<Operation>) -> Result<(), Error> {
        let (Some(own), Some((_, number))) = (self.own("DocumentReference"), &self.mapped.identifier) else {
            return Ok(());
        };
        let Found::One(id) = self.lookup.find("DocumentReference", &format!("related=Composition/{newer}"))? else {
            return Ok(());
        };
        let Some(mut reference) = self.stored("DocumentReference", &id)? else { return Ok(()) };
        let Some(Tree::Array(relations)) = reference.get_mut("relatesTo") else { return Ok(()) };
        let mut is_named = false;
        for target in relations.iter_mut().filter_map(|relation| relation.get_mut("target")) {
            let value = target.get("identifier").and_then(|identifier| identifier.get("value"));
            if value.and_then(Tree::as_str) == Some(number) && target.get("reference").is_none() {
                target.set("reference", format!("DocumentReference/{}", own.own_id()));
                is_named = true;
            }
        }
        if is_named {
            operations.push(self.put("DocumentReference", id, &reference)?);
        }
        Ok(())
    }

    /// What a replaced document told is told by this one now, or by the one that replaced both: it is superseded, and what no other tells
    /// again goes. History stays.
    fn supersede(
        &mut self,
        composition: &str,
        reference: &str,
        is_old: bool,
        kept: &mut HashSet<(TypeId, String)>,
        operations: &mut Vec<Operation>,
    ) -> Result<(), Error> {
        let mut gone = 0;
        if let Some(mut stored) = self.stored("Composition", composition)? {
            let mut open = entries(&stored);
            while let Some(entry) = open.pop() {
                let Some((name, id)) = entry.split_once('/') else { continue };
                let Some(resource_type) = r4().resource_type(name) else { continue };
                let is_of_entries = !OF_THE_HEADER.contains(&name) && !OF_THE_DOCUMENT.contains(&name);
                if !is_of_entries || !kept.insert((resource_type, id.to_owned())) {
                    continue;
                }
                // A version between the two tells nothing itself; what the newest tells under the same id stays.
                let by = if is_old { self.lookup.find("Composition", &format!("entry={entry}"))? } else { Found::None };
                if by == Found::Many || matches!(&by, Found::One(other) if other != composition) {
                    continue;
                }
                if let Some(part) = self.stored(name, id)? {
                    gone += 1;
                    // Members of a panel, results of a report, the drug of a prescription are of this document too.
                    let mut parts = Vec::new();
                    references(&part, &mut parts);
                    open.extend(parts.into_iter().filter(|part| !part.starts_with("DocumentReference/")));
                    operations.push(bare(resource_type, id.to_owned(), Write::Delete, None, 0, 0));
                }
            }
            let before = stored.clone();
            without_entries(&mut stored);
            if stored != before {
                operations.push(self.put("Composition", composition.to_owned(), &stored)?);
            }
        }
        let Some(mut stored) = self.stored("DocumentReference", reference)? else { return Ok(()) };
        if gone > 0 {
            let number = stored.get("masterIdentifier").and_then(|number| number.get("value")).and_then(Tree::as_str);
            let text = format!(
                "{gone} entries of the version it replaces ({}) are not in it any more and were deleted; their history stays",
                number.unwrap_or(reference)
            );
            self.found.push((0, text));
        }
        if stored.get("status").and_then(Tree::as_str) != Some("superseded") {
            stored.set("status", "superseded");
            operations.push(self.put("DocumentReference", reference.to_owned(), &stored)?);
        }
        Ok(())
    }

    /// A new version of what is stored that none of the document's own bytes tell.
    fn put(&self, name: &str, id: String, resource: &Tree) -> Result<Operation, Error> {
        let resource_type = r4().resource_type(name).unwrap_or_else(|| unreachable!("R4 has it"));
        let text = resource.to_string();
        let put = Put {
            resource_type,
            id,
            text: &text,
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: 0,
            length: 0,
        };
        put.operation(self.lookup)
    }
}

/// Every reference in a resource, as `Type/id`.
fn references(tree: &Tree, all: &mut Vec<String>) {
    match tree {
        Tree::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(reference) if name == "reference" => all.push(reference.to_owned()),
                    _ => references(value, all),
                }
            }
        }
        Tree::Array(items) => items.iter().for_each(|item| references(item, all)),
        _ => {}
    }
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

/// Takes the references to entries out of the sections: of an old version none are stored.
fn without_entries(tree: &mut Tree) {
    tree.remove("entry");
    if let Some(Tree::Array(sections)) = tree.get_mut("section") {
        sections.iter_mut().for_each(without_entries);
    }
}
