//! Clinical documents as plans.
//!
//! A document is one request: everything it tells is stored, or nothing. What is its own is found by the id that its map gives; patients,
//! encounters, people and organizations by their identifiers, among what other doors brought. Of the versions of a set the newest is
//! current ([`crate::document_versions`]); an old one that comes later changes nothing of what the newest told.

use crate::contradiction::{apart, kept_apart, mark_contested};
use crate::document_parts::{Ended, Parts, without_parts};
use crate::document_versions::{VERSIONS_MAX, Version, newest};
use crate::fhir_door::put::{Put, bare};
use crate::fhir_door::references::Names;
use crate::fhir_door::refusal::at;
use crate::hl7_door::{MessageSeen, one_person, patient_of, person_differs, resolved};
use fhir::json::{Document, Tree};
use fhir::schema::{TypeId, r4};
use hl7::ccda::{self, CdaError, Identity, Made, Mapped};
use hl7::map::{Settings, token_condition};
use records::{Besides, DeadLetterNo, Error, Found, IfEqual, Issue, Lookup, Operation, Planner, Write, derived_id};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
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
        let mut storing = Storing::new(lookup, &self.settings, mapped);
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
    pub(crate) lookup: &'a dyn Lookup,
    settings: &'a Settings,
    mapped: &'a Mapped,
    /// What was found while it was stored: byte, and text.
    pub(crate) found: Vec<(u64, String)>,
    /// Numbers of the patient that another person has here: system, and value.
    contested: Vec<(String, String)>,
    /// Those by which others than the patient are found, who is found by a better one.
    of_others: Vec<(String, String)>,
}

/// The resources of a document with their identities here.
struct Told<'a> {
    names: Names,
    all: Vec<(&'a Made, Known)>,
    /// All that is told.
    taken: HashSet<(TypeId, String)>,
    /// The patient's id.
    subject: String,
}

/// The versions beside this one, and which is current.
struct Family {
    /// Those of the same set that are stored, but this one.
    set: Vec<Version>,
    /// Those that this one replaces by name and are of no set with it.
    replaced: Vec<Version>,
    /// Those and others that it names so, which are newer for better reasons.
    named: Vec<Version>,
    /// Those that replace the newest by name and are of no set with it.
    replacing: Vec<Version>,
    newest: Newest,
}

/// Which version of a set is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newest {
    This,
    /// By its place in the set.
    Other(usize),
    /// None: another document replaces it.
    Nobody,
}

/// What is said first of a statement that no rule took: that is not its sender's fault.
pub(crate) const WITHOUT_RULE: &str = "not mapped: ";

/// Types of people, and of what they belong to: no version of a document takes them away.
pub(crate) const PEOPLE: [&str; 6] =
    ["Patient", "Practitioner", "PractitionerRole", "Organization", "RelatedPerson", "Location"];

/// Those of whom the document alone tells no more than of anybody: they are not kept apart with a patient.
const OF_THE_HOUSE: [&str; 4] = ["Practitioner", "PractitionerRole", "Organization", "Location"];

/// Types of what stands for a document as a whole.
pub(crate) const OF_THE_DOCUMENT: [&str; 3] = ["Composition", "Binary", "Bundle"];

impl<'a> Storing<'a> {
    pub(crate) fn new(lookup: &'a dyn Lookup, settings: &'a Settings, mapped: &'a Mapped) -> Self {
        Storing { lookup, settings, mapped, found: Vec::new(), contested: Vec::new(), of_others: Vec::new() }
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
        let told = self.told(carrier)?;
        let this = self.this(&told.subject);
        let before = self.version(&this.reference)?;
        if before.as_ref().is_some_and(|before| before.is_after(&this)) {
            let text = "a newer version of this document, of the same identifier, is here already: nothing of this one was taken";
            self.found.push((0, text.into()));
            return Ok(Vec::new());
        }
        let mut family = self.family(&this, &told.subject)?;
        let currents = family.set.iter().chain(&before).filter(|version| version.is_current).count();
        let mut again = None;
        if let Newest::Other(at) = family.newest {
            // It told all that is current, unless it was none of one.
            if !family.set[at].is_current || currents > 1 {
                again = self.again(&family.set[at], &this)?;
                if again.is_none() && !family.set[at].is_current {
                    family.newest = self.newest_of_current(&this, &family.set);
                }
            }
        }
        let is_old = family.newest != Newest::This;
        if is_old {
            self.found
                .push((0, "a newer version of this document is here already: its entries stay as they are".into()));
        } else if family.set.iter().filter(|version| version.is_current).count() > 1 {
            self.found.push((0, "several versions of this document were current; the newest is now".into()));
        }
        let mut parts = Parts::new(self.lookup, if is_old { HashSet::new() } else { told.taken.clone() });
        let mut operations = self.written(told, is_old, &family.replaced_by_name(&this))?;
        if let Some(again) = again {
            let known: HashSet<_> = operations.iter().map(|told| (told.resource_type, told.id.clone())).collect();
            for operation in again {
                parts.keep(operation.resource_type, &operation.id);
                if !known.contains(&(operation.resource_type, operation.id.clone())) {
                    operations.push(operation);
                }
            }
        }
        let current = match family.newest {
            Newest::Other(at) => Some(&family.set[at]),
            _ => None,
        };
        // One that replaces the newest may be replaced by this one.
        let ends = |version: &Version| family.replaced.iter().any(|one| one.composition == version.composition);
        let replacing = family.replacing.iter().filter(|version| version.is_current && !ends(version));
        for stays in current.into_iter().chain(replacing) {
            parts.keep_of(stays);
        }
        // What its own last version told goes with that.
        let ends = family.set.iter().chain(&family.replaced).filter(|version| {
            version.is_current && current.is_none_or(|current| current.composition != version.composition)
        });
        let mut changed: BTreeMap<(&'static str, String), Tree> = BTreeMap::new();
        for version in ends {
            // Where several were current, what one told may stand in the parts of another.
            let told = if currents > 1 { self.parts_again(version)? } else { Vec::new() };
            let gone = parts.end(version, told)?;
            self.superseded(version, &gone, &mut changed)?;
        }
        if let Some(before) = &before {
            let told = if currents > 1 { self.parts_again(before)? } else { Vec::new() };
            parts.end(before, told)?;
        }
        operations.extend(parts.deletions());
        for newer in family.replacing.iter().chain(&family.set).filter(|newer| newer.names(&this)) {
            self.name_in(newer, &this, &mut changed)?;
        }
        for ((name, id), resource) in changed {
            let is_told = |told: &Operation| told.id == id && r4().name(told.resource_type) == name;
            if self.stored(name, &id)?.as_ref() != Some(&resource) && !operations.iter().any(is_told) {
                operations.push(self.put(name, id, &resource)?);
            }
        }
        Ok(operations)
    }

    /// The resources with their identities.
    fn told(&mut self, carrier: Option<&Carrier<'_>>) -> Result<Told<'a>, Error> {
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
                self.numbers_of_others(made, &id)?;
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
        Ok(Told { names, all, taken, subject })
    }

    /// The operations for what is told; of an old version without its parts.
    fn written(&self, told: Told<'a>, is_old: bool, replaced: &[Version]) -> Result<Vec<Operation>, Error> {
        let Told { names, all, .. } = told;
        let parts: HashSet<String> = all
            .iter()
            .filter(|(made, _)| made.is_part)
            .map(|(made, known)| format!("{}/{}", made.key.resource_type, known.id))
            .collect();
        let left = all.into_iter().filter(|(made, _)| !is_old || !made.is_part);
        left.map(|(made, known)| self.operation(made, known, &names, is_old.then_some(&parts), replaced)).collect()
    }

    /// This version.
    fn this(&self, subject: &str) -> Version {
        let resource = |name: &str| self.own(name).map_or_else(Tree::object, |made| made.resource.clone());
        let id = |name: &str| self.own(name).map_or_else(String::new, |made| self.own_id(made, subject));
        let version = Version::of(&resource("Composition"), &resource("DocumentReference"));
        Version { composition: id("Composition"), reference: id("DocumentReference"), ..version }
    }

    /// A stored version, by the id of its DocumentReference; `None` if that is none of a document that was taken apart.
    fn version(&self, reference: &str) -> Result<Option<Version>, Error> {
        let Some(stored) = self.stored("DocumentReference", reference)? else { return Ok(None) };
        let related = stored.get("context").and_then(|context| context.get("related")?.items().first());
        let composition = related.and_then(|related| related.get("reference")?.as_str()?.strip_prefix("Composition/"));
        let Some(composition) = composition else { return Ok(None) };
        let composition = self.stored("Composition", composition)?;
        Ok(composition.map(|composition| Version::of(&composition, &stored)))
    }

    /// Stored versions that have this identifier, by their own or their set's, of the patient and of the type that `this` is of.
    fn numbered(
        &self,
        (system, value): &(String, String),
        subject: &str,
        this: &Version,
    ) -> Result<Vec<Version>, Error> {
        let query = format!("{}&patient=Patient/{subject}", token_condition("identifier", system, value));
        let mut ids = self.lookup.find_all("DocumentReference", &query, VERSIONS_MAX + 1)?;
        if ids.len() > VERSIONS_MAX {
            ids = self.lookup.find_all("DocumentReference", &format!("{query}&status=current"), VERSIONS_MAX)?;
        }
        let mut all = Vec::new();
        for id in ids {
            if let Some(version) = self.version(&id)?
                && version.kind == this.kind
                && version.composition != this.composition
            {
                all.push(version);
            }
        }
        Ok(all)
    }

    /// The versions beside this one, and which is current. Some senders use one set for everything: what has another type is no
    /// version of this.
    fn family(&self, this: &Version, subject: &str) -> Result<Family, Error> {
        // Of a document without a set, the later ones may have its identifier as theirs.
        let mut set = match self.mapped.set.as_ref().or(self.mapped.identifier.as_ref()) {
            Some(set) => self.numbered(set, subject, this)?,
            None => Vec::new(),
        };
        set.retain(|version| version.appends == this.appends);
        let mut named: Vec<Version> = Vec::new();
        for number in &this.replaces {
            for version in self.numbered(number, subject, this)? {
                let is_known = set.iter().chain(&named).any(|known| known.composition == version.composition);
                if !is_known && this.names(&version) {
                    named.push(version);
                }
            }
        }
        let replaced = named.iter().filter(|version| this.replaces(version)).cloned().collect();
        let all: Vec<&Version> = std::iter::once(this).chain(&set).collect();
        let best = newest(&all).unwrap_or(this);
        let mut replacing = self.replacing(best, subject, &all)?;
        if best != this {
            replacing.extend(self.replacing(this, subject, &all)?);
        }
        let newest = if replacing.iter().any(|version| version.replaces(best)) {
            Newest::Nobody
        } else {
            set.iter().position(|version| version == best).map_or(Newest::This, Newest::Other)
        };
        Ok(Family { set, replaced, named, replacing, newest })
    }

    /// Stored documents that replace `version` by name, but for those of `set`.
    fn replacing(&self, version: &Version, subject: &str, set: &[&Version]) -> Result<Vec<Version>, Error> {
        let Some((system, value)) = &version.number else { return Ok(Vec::new()) };
        let query = format!("{}&patient=Patient/{subject}", token_condition("related-id", system, value));
        let mut all = Vec::new();
        for composition in self.lookup.find_all("Composition", &query, VERSIONS_MAX)? {
            if set.iter().any(|known| known.composition == composition) {
                continue;
            }
            let related = format!("related=Composition/{composition}");
            let Found::One(reference) = self.lookup.find("DocumentReference", &related)? else { continue };
            if let Some(other) = self.version(&reference)?
                && other.kind == version.kind
                && other.names(version)
            {
                all.push(other);
            }
        }
        Ok(all)
    }

    /// The newest of this one and those that are current, where the newest of all cannot be told again.
    fn newest_of_current(&mut self, this: &Version, set: &[Version]) -> Newest {
        let text = "a newer version of this document cannot be told again, as its bytes are not here as this source sends them";
        self.found.push((0, text.into()));
        let current = set.iter().filter(|version| version.is_current);
        let all: Vec<&Version> = std::iter::once(this).chain(current).collect();
        let best = newest(&all).unwrap_or(this);
        set.iter().position(|version| version == best).map_or(Newest::This, Newest::Other)
    }

    /// What a stored version told, once more, beside this one; `None` if it cannot be told again.
    fn again(&self, version: &Version, this: &Version) -> Result<Option<Vec<Operation>>, Error> {
        self.mapped_again(version, |storing, told, other| {
            let mut replaced = storing.family(other, &told.subject)?.replaced_by_name(other);
            replaced.extend(other.names(this).then(|| this.clone()));
            let operations = storing.written(told, false, &replaced)?.into_iter();
            Ok(operations.map(|told| Operation { at: 0, length: 0, ..told }).collect())
        })
    }

    /// The parts that a stored version told, as `Type/id`; none if it cannot be told again.
    fn parts_again(&self, version: &Version) -> Result<Vec<String>, Error> {
        let parts = self.mapped_again(version, |_, told, _| {
            let parts = told.all.iter().filter(|(made, _)| made.is_part);
            Ok(parts.map(|(made, known)| format!("{}/{}", made.key.resource_type, known.id)).collect())
        })?;
        Ok(parts.unwrap_or_default())
    }

    /// A stored version from the bytes that were stored with it; `None` if they are not here, or not of this source.
    fn mapped_again<T>(
        &self,
        version: &Version,
        then: impl FnOnce(&Storing<'_>, Told<'_>, &Version) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(reference) = self.stored("DocumentReference", &version.reference)? else { return Ok(None) };
        // It may have come in a message, and be about the patient of that.
        let patient = reference.get("subject").and_then(|subject| subject.get("reference")?.as_str());
        let patient = patient.and_then(|patient| patient.strip_prefix("Patient/"));
        let carrier = Carrier { patient, told: HashSet::new() };
        let contents = reference.get("content").map_or(&[][..], Tree::items).iter();
        let urls = contents.filter_map(|content| content.get("attachment")?.get("url")?.as_str());
        for id in urls.filter_map(|url| url.strip_prefix("Binary/")) {
            let Some(binary) = self.stored("Binary", id)? else { continue };
            for bytes in ccda::attached(&binary) {
                let Ok(mapped) = ccda::convert(&bytes, self.settings) else { continue };
                let mut storing = Storing::new(self.lookup, self.settings, &mapped);
                let told = storing.told(Some(&carrier))?;
                let other = storing.this(&told.subject);
                if other.composition == version.composition {
                    return then(&storing, told, &other).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The id under which a resource is stored, or will be.
    fn identity(&mut self, made: &Made, own: Option<&str>, subject: &str) -> Result<String, Error> {
        let name = made.key.resource_type;
        if made.identity == Identity::Own {
            return match own {
                Some(own) if name == "Patient" && !self.is_another(own, made)? => Ok(own.to_owned()),
                // Documents of two people without a number may have one number.
                _ if name == "Patient" && self.is_another(made.own_id(), made)? => {
                    let text = kept_apart("of the document", &self.differs(made.own_id(), made)?);
                    self.found.push((made.span.start as u64, text));
                    self.contested.push((made.key.system.clone(), made.key.value.clone()));
                    Ok(derived_id(&self.settings.source, &apart(&made.full_url, &made.resource)))
                }
                _ => Ok(self.own_id(made, subject)),
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
                    return Ok(derived_id(&self.settings.source, &format!("{} of {subject}", made.full_url)));
                }
                Found::One(id) if name == "Patient" && self.is_another(&id, made)? => {
                    self.contested.push((key.system.clone(), key.value.clone()));
                    let text = kept_apart(&key.value, &self.differs(&id, made)?);
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
        match own {
            Some(own) if name != "Patient" || !self.is_another(own, made)? => Ok(own.to_owned()),
            // The same person in a later document is known by the same.
            _ if self
                .contested
                .iter()
                .any(|(system, value)| (system, value) == (&made.key.system, &made.key.value)) =>
            {
                Ok(derived_id(&self.settings.source, &apart(&made.full_url, &made.resource)))
            }
            _ => Ok(derived_id(&self.settings.source, &made.full_url)),
        }
    }

    /// Numbers of the patient, stored as `id`, by which another is found go on to find that one alone.
    fn numbers_of_others(&mut self, made: &Made, id: &str) -> Result<(), Error> {
        if made.identity == Identity::Own {
            return Ok(());
        }
        for key in std::iter::once(&made.key).chain(&made.also) {
            let Found::One(other) = self.lookup.find("Patient", &key.condition())? else { continue };
            let number = (key.system.clone(), key.value.clone());
            if self.contested.contains(&number) || one_person(self.lookup, id)?.contains(&other) {
                continue;
            }
            let text = format!(
                "the number {} is that of another patient here, and goes on to find that one; the patient was found by another number",
                key.value
            );
            self.found.push((made.span.start as u64, text));
            self.of_others.push(number);
        }
        Ok(())
    }

    /// The id of what is the document's own. Two people of one number may have documents of one number too.
    fn own_id(&self, made: &Made, subject: &str) -> String {
        if self.contested.is_empty() || OF_THE_HOUSE.contains(&made.key.resource_type) {
            return made.own_id().to_owned();
        }
        derived_id(&self.settings.source, &format!("{} of {subject}", made.full_url))
    }

    /// True if a stored patient cannot be the one that the document tells of, whatever number they share.
    fn is_another(&self, id: &str, made: &Made) -> Result<bool, Error> {
        Ok(!self.differs(id, made)?.is_empty())
    }

    /// What differs too much for one person.
    fn differs(&self, id: &str, made: &Made) -> Result<Vec<&'static str>, Error> {
        person_differs(self.lookup, id, &made.resource)
    }

    fn is_of_another(&self, id: &str, subject: &str) -> Result<bool, Error> {
        let stored = self.stored("Encounter", id)?;
        let about = stored.as_ref().and_then(patient_of).and_then(|reference| reference.strip_prefix("Patient/"));
        Ok(about.is_some_and(|about| about != subject))
    }

    pub(crate) fn stored(&self, name: &str, id: &str) -> Result<Option<Tree>, Error> {
        stored(self.lookup, name, id)
    }

    fn own(&self, name: &str) -> Option<&'a Made> {
        self.mapped.resources.iter().find(|made| made.key.resource_type == name && !made.key.value.contains('/'))
    }

    /// What is stored of one resource; `parts` are those of an old version.
    fn operation(
        &self,
        made: &Made,
        known: Known,
        names: &Names,
        parts: Option<&HashSet<String>>,
        replaced: &[Version],
    ) -> Result<Operation, Error> {
        let (at_byte, length) = (made.span.start as u64, made.span.len() as u64);
        let Known { resource_type, id, stored } = known;
        let keeps = made.write == ccda::Write::CreateIfAbsent
            || (parts.is_some() && PEOPLE.contains(&made.key.resource_type) && made.identity == Identity::Own);
        if keeps && stored.is_some() {
            return Ok(bare(resource_type, id, Write::Keep, None, at_byte, length));
        }
        let mut resource = resolved(&made.resource, names)?;
        if made.identity == Identity::Own {
            resource.set("id", id.as_str());
        }
        if let Some(parts) = parts {
            match made.key.resource_type {
                "DocumentReference" => {
                    resource.set("status", "superseded");
                    without_parts(&mut resource, parts);
                }
                "Composition" => without_parts(&mut resource, parts),
                _ => {}
            }
        }
        match made.key.resource_type {
            "DocumentReference" => name_replaced(&mut resource, replaced),
            "Patient" => mark_contested(&mut resource, |system, value| {
                let mut others = self.contested.iter().chain(&self.of_others);
                others.any(|(known, number)| known == system && number == value)
            }),
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

    /// A document that replaces this one came before it: its reference leads here now.
    fn name_in(
        &self,
        newer: &Version,
        this: &Version,
        changed: &mut BTreeMap<(&'static str, String), Tree>,
    ) -> Result<(), Error> {
        if let Some(reference) = self.to_change("DocumentReference", &newer.reference, changed)? {
            name_replaced(reference, std::slice::from_ref(this));
        }
        Ok(())
    }

    /// What is stored, to be changed.
    fn to_change<'c>(
        &self,
        name: &'static str,
        id: &str,
        changed: &'c mut BTreeMap<(&'static str, String), Tree>,
    ) -> Result<Option<&'c mut Tree>, Error> {
        Ok(match changed.entry((name, id.to_owned())) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(vacant) => self.stored(name, id)?.map(|stored| vacant.insert(stored)),
        })
    }

    /// What another told is told by the newest now: it is superseded. `gone` of its parts no other tells.
    fn superseded(
        &mut self,
        version: &Version,
        gone: &Ended,
        changed: &mut BTreeMap<(&'static str, String), Tree>,
    ) -> Result<(), Error> {
        if let Some(composition) = self.to_change("Composition", &version.composition, changed)? {
            without_parts(composition, &gone.parts);
        }
        if let Some(reference) = self.to_change("DocumentReference", &version.reference, changed)? {
            without_parts(reference, &gone.parts);
            reference.set("status", "superseded");
        }
        if gone.deleted > 0 {
            let number = version.number.as_ref().map_or(&version.reference, |(_, value)| value);
            let text = format!(
                "{} entries of the version it replaces ({number}) are not in it any more and were deleted; their history stays",
                gone.deleted
            );
            self.found.push((0, text));
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

impl Family {
    /// Those that `this` replaces by name.
    fn replaced_by_name(&self, this: &Version) -> Vec<Version> {
        self.set.iter().chain(&self.named).filter(|version| this.names(version)).cloned().collect()
    }
}

/// What is stored, as a tree.
pub(crate) fn stored(lookup: &dyn Lookup, name: &str, id: &str) -> Result<Option<Tree>, Error> {
    let Some(json) = lookup.current(name, id)?.and_then(|current| current.json) else { return Ok(None) };
    let document = Document::parse(json.as_bytes()).map_err(|e| Error::Damaged(format!("{name}/{id}: {e}")))?;
    Ok(Some(Tree::from(document.root())))
}

/// Where replaced documents are stored, the relations of a DocumentReference lead there.
fn name_replaced(reference: &mut Tree, replaced: &[Version]) {
    let Some(Tree::Array(relations)) = reference.get_mut("relatesTo") else { return };
    for relation in relations.iter_mut().filter(|one| one.get("code").and_then(Tree::as_str) == Some("replaces")) {
        let Some(target) = relation.get_mut("target") else { continue };
        let part = |name: &str| target.get("identifier").and_then(|identifier| identifier.get(name)?.as_str());
        let is = |version: &&Version| {
            version.number.as_ref().is_some_and(|(system, value)| {
                part("system") == Some(system.as_str()) && part("value") == Some(value.as_str())
            })
        };
        if let Some(version) = replaced.iter().filter(is).min_by(|a, b| a.reference.cmp(&b.reference)) {
            target.set("reference", format!("DocumentReference/{}", version.reference));
        }
    }
}
