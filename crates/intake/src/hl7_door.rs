//! HL7 v2 messages as plans.
//!
//! A message is one request: everything it tells is stored, or nothing. Its resources are found by their business identity
//! and merged with what is stored, so that a repeat changes nothing. An event without a map is kept as it came and named.

mod moving;
mod ordered;

use crate::contradiction::{apart, contradictions, kept_apart, mark_contested};
use crate::document_door::{Carrier, Storing, stored};
use crate::fhir_door::put::{Put, bare};
use crate::fhir_door::references::{Names, rewrite};
use crate::fhir_door::refusal::{at, bad_request, refusal, unprocessable};
use crate::import::resources::Letter;
use fhir::json::{Document, Rewriter, Tree};
use fhir::schema::{TypeId, r4};
use hl7::ack::Condition;
use hl7::ccda;
use hl7::map::{self, MapError, MappedResource, Move, Outcome, Settings};
use hl7::{Charset, Message, ParseOptions, Place};
use jiff::tz::TimeZone;
use records::{
    Besides, DeadLetterNo, Error, Found, IfEqual, Lookup, NO_MAP, NewDeadLetter, Operation, Planner, Trail, Write,
    derived_id,
};
use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What a message was, known once it is planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSeen {
    /// Message type and trigger event, as in `ADT^A01`.
    pub event: String,
    /// False if the event has no map: the message is kept, and nothing is made of it.
    pub is_mapped: bool,
    /// What was odd: place, byte offset in the message, text.
    pub issues: Vec<(String, u64, String)>,
    /// Those of the issues that the sender must hear of: what it sent is not where it may think it is.
    pub told: Vec<(Option<Place>, String)>,
    /// Fields that hold data which no rule took.
    pub not_taken: Vec<String>,
}

/// How messages of one source are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What their fields mean.
    pub settings: Arc<Settings>,
    /// How their bytes become text.
    pub options: ParseOptions,
}

impl Reading {
    /// As a source is set.
    pub fn of(source: &access::Source) -> Self {
        let zone = TimeZone::get(&source.time_zone).unwrap_or(TimeZone::UTC);
        Reading {
            settings: Arc::new(Settings { zone, ..Settings::new(&source.name) }),
            options: ParseOptions { charset: Charset::from_name(&source.character_set), ..ParseOptions::default() },
        }
    }

    /// Of a source of which no more than its name is known: times are UTC, text is what it looks like.
    pub fn named(source: &str) -> Self {
        Reading { settings: Arc::new(Settings::new(source)), options: ParseOptions::default() }
    }
}

/// True if a character set of this name can be read.
pub fn is_character_set(name: &str) -> bool {
    Charset::from_name(name).is_some()
}

/// What the audit says of a message: `action` unless its event has no map.
pub(crate) fn trail(action: &str, detail: &str, content: &[u8], options: &ParseOptions) -> Trail {
    // The header alone says which event it is; blank lines may stand before it.
    let content = content.trim_ascii_start();
    let header = &content[..memchr::memchr2(b'\r', b'\n', content).unwrap_or(content.len())];
    if let Ok(message) = Message::parse(header, options) {
        let (kind, trigger) = message.event();
        if !map::has_map(&kind, &trigger) {
            return Trail { action: NO_MAP.into(), detail: format!("{kind}^{trigger}") };
        }
    }
    Trail { action: action.into(), detail: detail.into() }
}

/// Plans one message. Clones share what was seen, so that the caller keeps one and gives the other away.
#[derive(Clone)]
pub struct MessagePlan {
    content: Arc<Vec<u8>>,
    reading: Reading,
    closes: Option<DeadLetterNo>,
    seen: Arc<Mutex<MessageSeen>>,
    refused: Arc<Mutex<Option<MapError>>>,
}

impl MessagePlan {
    /// A plan for the message that is `content`, read as the source's settings say.
    pub fn new(content: Arc<Vec<u8>>, reading: Reading) -> Self {
        MessagePlan { content, reading, closes: None, seen: Arc::default(), refused: Arc::default() }
    }

    /// What to tell the sender of `error`, with which the message was refused: the kind of the fault, and its place.
    pub fn fault(&self, error: &Error) -> (Condition, Option<Place>) {
        match (&*self.refused.lock().unwrap_or_else(PoisonError::into_inner), error) {
            (Some(refused), _) => (refused.condition(), refused.place()),
            (None, Error::MultipleMatches { resource_type, .. }) => {
                let place = match resource_type.as_str() {
                    "Patient" => Some(Place::of_field(*b"PID", 3)),
                    "Encounter" => Some(Place::of_field(*b"PV1", 19)),
                    _ => None,
                };
                (Condition::DuplicateKey, place)
            }
            (None, Error::At { error, .. }) => self.fault(error),
            (None, _) => (Condition::DataType, None),
        }
    }

    /// The same as the replay of a dead letter.
    pub(crate) fn closing(mut self, no: DeadLetterNo) -> Self {
        self.closes = Some(no);
        self
    }

    /// How it is read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Takes the clinical documents apart that the message brings (OBX-5): their operations, told by the segments of the document, and
    /// what was odd in them. One that cannot be read stays the attachment that it is.
    fn documents(
        &self,
        resources: &[MappedResource],
        lookup: &dyn Lookup,
        operations: &mut Vec<Operation>,
    ) -> Result<Vec<(String, u64, String)>, Error> {
        let mut issues = Vec::new();
        for mapped in resources.iter().filter(|mapped| mapped.key.resource_type == "DocumentReference") {
            for bytes in ccda::attached(&mapped.resource) {
                let (at, length) = (mapped.span.start as u64, mapped.span.len() as u64);
                let status = mapped.resource.get("status").and_then(Tree::as_str);
                if let Some(status @ ("entered-in-error" | "superseded")) = status {
                    let text = format!(
                        "the document in it is {status} (TXA-19) and was not taken apart; what is here of it stays as it is"
                    );
                    issues.push(("TXA-19".to_owned(), at, text));
                    continue;
                }
                let document = match ccda::convert(&bytes, &self.reading.settings) {
                    Ok(document) => document,
                    Err(error) => {
                        let text = format!("the document in it was kept whole and not taken apart: {error}");
                        issues.push(("OBX-5".to_owned(), at, text));
                        continue;
                    }
                };
                let patient = r4().resource_type("Patient");
                let about = operations.iter().find(|operation| Some(operation.resource_type) == patient);
                let carrier = Carrier {
                    patient: about.map(|operation| operation.id.as_str()),
                    told: operations.iter().map(|operation| (operation.resource_type, operation.id.clone())).collect(),
                };
                let mut storing = Storing::new(lookup, &self.reading.settings, &document);
                let told = storing.operations(Some(&carrier))?;
                issues
                    .extend(storing.issues().into_iter().map(|(place, _, text)| (format!("OBX-5 {place}"), at, text)));
                operations.extend(told.into_iter().map(|operation| Operation { at, length, ..operation }));
            }
        }
        Ok(issues)
    }

    /// What the message was, after planning.
    pub fn seen(&self) -> MessageSeen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Planner for MessagePlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let message = Message::parse(&self.content, &self.reading.options).map_err(|e| bad_request(e.to_string()))?;
        let outcome = map::map(&message, &self.reading.settings).map_err(|error| {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            refused(error)
        })?;
        let (seen, operations) = match outcome {
            Outcome::NoMap { event } => (MessageSeen { event, ..MessageSeen::default() }, Vec::new()),
            Outcome::Mapped(mapped) => {
                let merge = Merge {
                    plan: self,
                    lookup,
                    resources: &mapped.resources,
                    moves: &mapped.moves,
                    says_who_is_who: mapped.says_who_is_who,
                    apart: RefCell::default(),
                    contested: RefCell::default(),
                };
                let mut operations = merge.operations()?;
                let within = self.documents(&mapped.resources, lookup, &mut operations)?;
                let issue = |i: &hl7::Issue| (i.place.to_string(), i.span.start as u64, i.text.clone());
                let apart = merge.apart.into_inner();
                let segment = |at: usize| message.all().find(|segment| segment.span().contains(&at));
                let place = |at: usize| segment(at).map(hl7::message::Segment::place);
                let told: Vec<_> = apart.iter().map(|(at, text)| (place(*at), text.clone())).collect();
                let apart = apart.into_iter().zip(&told).map(|((at, text), (place, _))| {
                    (place.as_ref().map_or_else(String::new, ToString::to_string), at as u64, text)
                });
                let seen = MessageSeen {
                    event: mapped.event,
                    is_mapped: true,
                    issues: mapped.issues.iter().map(issue).chain(apart).chain(within).collect(),
                    told,
                    not_taken: mapped.unmapped.iter().map(ToString::to_string).collect(),
                };
                (seen, operations)
            }
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        Besides { closes: self.closes, ..Besides::default() }
    }
}

/// A plan that keeps a message which was refused with `error`, as a dead letter that shows the place.
pub fn dead_letter(length: u64, error: &Error) -> impl Planner + use<> {
    let refused = refusal(error);
    Letter(NewDeadLetter {
        at: 0,
        length,
        what: refused.text(),
        place: refused.issues.first().map(|issue| issue.place.clone()).unwrap_or_default(),
        hint: "correct the message and replay it, or have the sender correct it and send it again".into(),
    })
}

fn refused(error: MapError) -> Error {
    let place = error.place().map(|place| place.to_string()).unwrap_or_default();
    unprocessable("required", if place.is_empty() { "message".to_owned() } else { place }, error.to_string())
}

/// A resource of a message with its identity here.
struct Known {
    resource_type: TypeId,
    id: String,
    is_stored: bool,
    /// False if another of the message is the same resource, and tells this one too.
    is_told: bool,
    /// The others of the message that are the same resource.
    told_too: Vec<usize>,
}

/// What is stored under a number, of the patient that is meant.
enum Own {
    None,
    One(String),
    Many,
    /// Only what is about other patients.
    OfOthers,
}

/// Documents of one number that are looked at.
const DOCUMENTS_MAX: usize = 64;

/// Patients that are one person, at most.
const MERGED_MAX: usize = 100;

struct Merge<'a> {
    plan: &'a MessagePlan,
    lookup: &'a dyn Lookup,
    resources: &'a [MappedResource],
    /// What goes from one patient to another.
    moves: &'a [Move],
    /// True of a message that merges patients by their numbers: it may well be about one who was told otherwise before.
    says_who_is_who: bool,
    /// The ids of patients whose number another person has here.
    contested: RefCell<HashSet<String>>,
    /// What was kept apart from what has the same number, or could not be put together: byte of the message, and why.
    apart: RefCell<Vec<(usize, String)>>,
}

/// The patient that a resource is about, as its reference.
pub(crate) fn patient_of(resource: &Tree) -> Option<&str> {
    let about = ["subject", "patient", "beneficiary"].iter().find_map(|name| resource.get(name))?;
    about.get("reference").and_then(Tree::as_str)
}

/// True of the DocumentReference that a clinical document which was taken apart is itself: it leads to its Composition.
fn is_of_itself(document: &Tree) -> bool {
    let related = document.get("context").and_then(|context| context.get("related")).map_or(&[][..], Tree::items);
    related.iter().any(|one| {
        one.get("reference").and_then(Tree::as_str).is_some_and(|reference| reference.starts_with("Composition/"))
    })
}

/// The id of the patient that a link of a stored patient leads to.
fn linked(link: &Tree) -> Option<&str> {
    link.get("other")?.get("reference")?.as_str()?.strip_prefix("Patient/")
}

/// A patient, and those that were merged with it, also in several steps: both sides of a merge name the other.
pub(crate) fn one_person(lookup: &dyn Lookup, patient: &str) -> Result<Vec<String>, Error> {
    let mut all = vec![patient.to_owned()];
    let mut at = 0;
    while at < all.len() && all.len() < MERGED_MAX {
        let stored = stored(lookup, "Patient", &all[at])?;
        let links = stored.as_ref().and_then(|stored| stored.get("link")).map_or(&[][..], Tree::items);
        for other in links.iter().filter_map(linked) {
            if !all.iter().any(|known| known == other) {
                all.push(other.to_owned());
            }
        }
        at += 1;
    }
    Ok(all)
}

/// What differs too much between a stored patient (or one that was merged with it) and `told` for one person.
pub(crate) fn person_differs(lookup: &dyn Lookup, id: &str, told: &Tree) -> Result<Vec<&'static str>, Error> {
    let mut first = Vec::new();
    for one in one_person(lookup, id)? {
        let Some(stored) = stored(lookup, "Patient", &one)? else { continue };
        let differ = contradictions(&stored, told);
        if differ.is_empty() {
            return Ok(differ);
        }
        if first.is_empty() {
            first = differ;
        }
    }
    Ok(first)
}

impl Merge<'_> {
    fn operations(&self) -> Result<Vec<Operation>, Error> {
        let mut names = Names::default();
        let mut known: Vec<Known> = Vec::with_capacity(self.resources.len());
        // Which resource of the message has an id first.
        let mut taken: HashMap<(TypeId, String), usize> = HashMap::new();
        let mut states = Vec::new();
        for (no, mapped) in self.resources.iter().enumerate() {
            let name = mapped.key.resource_type;
            let resource_type = r4()
                .resource_type(name)
                .ok_or_else(|| Error::Damaged(format!("the map made a {name}, which is no R4 resource")))?;
            let full_url = mapped.key.full_url(&self.plan.reading.settings.source);
            let mut patient = patient_of(&mapped.resource).and_then(|reference| names.id(reference)).map(str::to_owned);
            if name == "Account" {
                let subject = mapped.resource.get("subject").and_then(|subject| subject.items().first());
                let subject = subject.and_then(|subject| subject.get("reference")?.as_str());
                let id = subject.and_then(|reference| names.id(reference));
                patient = id.filter(|id| self.contested.borrow().contains(*id)).map(str::to_owned);
            }
            let (id, is_stored) = self.identity(mapped, &full_url, patient.as_deref(), &taken)?;
            let others = if is_stored { Vec::new() } else { self.of_another_kind(mapped, patient.as_deref())? };
            if let Some((kind, other)) = others.first()
                && let Some(of) = r4().resource_type(kind)
            {
                names.enter(&full_url, of, other);
                states.extend(others.into_iter().map(|other| (no, other)));
                known.push(Known { resource_type, id, is_stored, is_told: false, told_too: Vec::new() });
                continue;
            }
            names.enter(&full_url, resource_type, &id);
            let mut is_told = true;
            match taken.entry((resource_type, id.clone())) {
                Entry::Vacant(vacant) => {
                    vacant.insert(no);
                }
                Entry::Occupied(first) if mapped.write == map::Write::Update => {
                    // The first one tells it; what is told of it under another number comes on top.
                    known[*first.get()].told_too.push(no);
                    is_told = false;
                }
                Entry::Occupied(_) => {}
            }
            known.push(Known { resource_type, id, is_stored, is_told, told_too: Vec::new() });
        }
        let pairs = self.resources.iter().zip(known).filter(|(_, known)| known.is_told);
        let mut operations =
            pairs.map(|(mapped, known)| self.operation(mapped, known, &names)).collect::<Result<Vec<_>, _>>()?;
        for (no, other) in states {
            operations.extend(self.change_state(&self.resources[no], other)?);
        }
        self.move_dependents(&names, &mut operations)?;
        Ok(operations)
    }

    /// The id of what is stored under one of the identities of `mapped`, else a new one. What is about a patient is never
    /// that of another: laboratories use their numbers again. `taken` are the ids that other resources of the message have.
    fn identity(
        &self,
        mapped: &MappedResource,
        full_url: &str,
        patient: Option<&str>,
        taken: &HashMap<(TypeId, String), usize>,
    ) -> Result<(String, bool), Error> {
        let (name, condition) = (mapped.key.resource_type, mapped.key.condition());
        let source = &self.plan.reading.settings.source;
        let new = derived_id(source, full_url);
        if name == "DocumentReference" {
            return match self.find_document(&condition, patient)? {
                Own::None => Ok((new.clone(), self.is_there(name, &new)?)),
                Own::One(id) => Ok((id, true)),
                Own::OfOthers => self.kept_apart(mapped, full_url, patient.unwrap_or_default()),
                Own::Many => Err(Error::MultipleMatches { resource_type: name.into(), query: condition }),
            };
        }
        // An account may be several people's, but not that of two who have one number.
        if name == "Account"
            && let Some(patient) = patient
        {
            let own = derived_id(source, &format!("{full_url} of {patient}"));
            return Ok((own.clone(), self.is_there(name, &own)?));
        }
        let found = match self.find(name, &condition, patient)? {
            Own::OfOthers => self.moved_here(mapped, &condition)?,
            found => found,
        };
        match found {
            Own::One(id) if !mapped.formerly.is_empty() => {
                self.tell_two_of_one(mapped, &id, patient)?;
                return Ok((id, true));
            }
            Own::One(id) if name == "Patient" && !self.says_who_is_who => {
                let differ = person_differs(self.lookup, &id, &mapped.resource)?;
                if differ.is_empty() {
                    return Ok((id, true));
                }
                // The same person in a later message is known by the same.
                let own = derived_id(source, &apart(full_url, &mapped.resource));
                self.apart.borrow_mut().push((mapped.span.start, kept_apart(&mapped.key.value, &differ)));
                self.contested.borrow_mut().insert(own.clone());
                return Ok((own.clone(), self.is_there(name, &own)?));
            }
            Own::One(id) => return Ok((id, true)),
            Own::OfOthers => {
                let patient = patient.unwrap_or_default();
                return self.kept_apart(mapped, full_url, patient);
            }
            Own::Many if name != "Encounter" || mapped.write != map::Write::CreateIfAbsent => {
                return Err(Error::MultipleMatches { resource_type: name.into(), query: condition });
            }
            // An account has several stays. What only mentions it means the one that goes on.
            Own::Many => {
                if let Own::One(id) = self.find(name, &format!("{condition}&status=in-progress"), patient)? {
                    return Ok((id, true));
                }
                // The first stay of that account has this id; it may be another patient's.
                match patient {
                    Some(patient) if self.is_of_another(name, &new, patient)? => {
                        return self.kept_apart(mapped, full_url, patient);
                    }
                    _ => return Ok((new.clone(), self.is_there(name, &new)?)),
                }
            }
            Own::None => {}
        }
        for former in &mapped.formerly {
            if let Own::One(id) = self.find(name, &former.condition(), patient)?
                && !taken.keys().any(|(kind, other)| r4().name(*kind) == name && *other == id)
            {
                return Ok((id, true));
            }
        }
        for other in &mapped.also {
            if let Own::One(id) = self.find(name, &other.condition(), patient)?
                && self.stored(name, &id)?.is_none_or(|stored| mapped.may_be(&stored))
                && !taken.keys().any(|(kind, other)| r4().name(*kind) == name && *other == id)
            {
                return Ok((id, true));
            }
        }
        if let Some(id) = self.ordered_before(mapped, patient, taken)? {
            return Ok((id, true));
        }
        Ok((new, false))
    }

    /// What is stored under a condition and not about another patient than this one.
    fn find(&self, name: &str, condition: &str, patient: Option<&str>) -> Result<Own, Error> {
        let found = self.lookup.find(name, condition)?;
        let Some(patient) = patient else {
            return Ok(match found {
                Found::None => Own::None,
                Found::One(id) => Own::One(id),
                Found::Many => Own::Many,
            });
        };
        match found {
            Found::None => Ok(Own::None),
            Found::One(id) if self.is_of_another(name, &id, patient)? => Ok(Own::OfOthers),
            Found::One(id) => Ok(Own::One(id)),
            Found::Many => {
                let mut own = Own::OfOthers;
                for patient in one_person(self.lookup, patient)? {
                    match self.lookup.find(name, &format!("{condition}&patient=Patient/{patient}"))? {
                        Found::One(id) => return Ok(Own::One(id)),
                        Found::Many => own = Own::Many,
                        Found::None => {}
                    }
                }
                Ok(own)
            }
        }
    }

    /// As [`Merge::find`], among what messages and others tell of documents: what a clinical document tells of itself is a record of its own,
    /// also where the message that brings it has its number.
    fn find_document(&self, condition: &str, patient: Option<&str>) -> Result<Own, Error> {
        let mut own = Own::None;
        for id in self.lookup.find_all("DocumentReference", condition, DOCUMENTS_MAX)? {
            let Some(stored) = self.stored("DocumentReference", &id)? else { continue };
            if is_of_itself(&stored) {
                continue;
            }
            let is_of_another = match patient {
                Some(patient) => self.is_of_another("DocumentReference", &id, patient)?,
                None => false,
            };
            own = match own {
                Own::None | Own::OfOthers if !is_of_another => Own::One(id),
                Own::None => Own::OfOthers,
                Own::One(_) | Own::Many if !is_of_another => return Ok(Own::Many),
                same => same,
            };
        }
        Ok(own)
    }

    /// True if something is stored under this id.
    fn is_there(&self, name: &str, id: &str) -> Result<bool, Error> {
        Ok(self.lookup.current(name, id)?.is_some_and(|current| current.json.is_some()))
    }

    /// What is stored, as a tree.
    fn stored(&self, name: &str, id: &str) -> Result<Option<Tree>, Error> {
        stored(self.lookup, name, id)
    }

    /// True if what is stored is about another patient, and not one that was merged with this one.
    fn is_of_another(&self, name: &str, id: &str, patient: &str) -> Result<bool, Error> {
        let Some(stored) = self.stored(name, id)? else { return Ok(false) };
        let Some(other) = patient_of(&stored).and_then(|reference| reference.strip_prefix("Patient/")) else {
            return Ok(false);
        };
        if other == patient {
            return Ok(false);
        }
        Ok(!one_person(self.lookup, patient)?.iter().any(|merged| merged == other))
    }

    /// The identity of what has a number that belongs to a resource of another patient.
    fn kept_apart(&self, mapped: &MappedResource, full_url: &str, patient: &str) -> Result<(String, bool), Error> {
        let (name, number) = (mapped.key.resource_type, &mapped.key.value);
        let own = derived_id(&self.plan.reading.settings.source, &format!("{full_url} of {patient}"));
        let status = mapped.resource.get("status").and_then(Tree::as_str).unwrap_or_default();
        // Either the number is used again, or the result was sent for the wrong patient first. Only the sender knows which.
        let text = if matches!(status, "corrected" | "amended") {
            format!(
                "this corrects a {name} ({number}) that stands in another patient's chart, where it stays as it was; if it is wrong \
                 there, send it as withdrawn (OBX-11 W) under that patient's number"
            )
        } else {
            format!("the number of this {name} ({number}) was another patient's before; both are kept apart")
        };
        self.apart.borrow_mut().push((mapped.span.start, text));
        Ok((own.clone(), self.is_there(name, &own)?))
    }

    fn operation(&self, mapped: &MappedResource, known: Known, names: &Names) -> Result<Operation, Error> {
        let (at_byte, length) = (mapped.span.start as u64, mapped.span.len() as u64);
        let Known { resource_type, id, is_stored, told_too, .. } = known;
        let name = r4().name(resource_type);
        let told_too = told_too.iter().map(|no| &self.resources[*no]);
        let all = std::iter::once(mapped).chain(told_too);
        let mut told = all.filter(|told| !is_stored || told.write == map::Write::Update).peekable();
        if told.peek().is_none() {
            return Ok(bare(resource_type, id, Write::Keep, None, at_byte, length));
        }
        let mut tree = if is_stored { self.stored(name, &id)? } else { None };
        for told in told {
            let mut resource = resolved(&told.resource, names)?;
            if name == "Patient" && self.contested.borrow().contains(&id) {
                let key = &told.key;
                mark_contested(&mut resource, |system, value| system == key.system && value == key.value);
            }
            let leads_to_itself = without_links_to(&id, &mut resource);
            tree = Some(match tree {
                None => resource,
                // Of a merge of two that are one already, the side that ends says nothing.
                Some(stored) if leads_to_itself && resource.get("active") == Some(&Tree::Bool(false)) => {
                    let text = "the patient would be merged with itself; nothing was merged".to_owned();
                    self.apart.borrow_mut().push((told.span.start, text));
                    stored
                }
                Some(stored) => {
                    let unlinked =
                        told.unlinked.iter().map(|link| resolved_link(link, names)).collect::<Result<_, _>>()?;
                    MappedResource { resource, unlinked, ..told.clone() }.update(&stored)
                }
            });
        }
        let text = tree.map_or_else(String::new, |tree| tree.to_string());
        let put = Put {
            resource_type,
            id,
            text: &text,
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: at_byte,
            length,
        };
        put.operation(self.lookup).map_err(|error| at("message", error))
    }
}

/// Takes the links of a patient to itself out; true if there were some.
fn without_links_to(id: &str, resource: &mut Tree) -> bool {
    let Some(links) = resource.get("link").map(Tree::items) else { return false };
    let others: Vec<Tree> = links.iter().filter(|link| linked(link) != Some(id)).cloned().collect();
    if others.len() == links.len() {
        return false;
    }
    if others.is_empty() {
        resource.remove("link");
    } else {
        resource.set("link", others);
    }
    true
}

/// A reference of a message as it is here.
fn resolved_link(link: &Tree, names: &Names) -> Result<Tree, Error> {
    let holder = resolved(&Tree::from([("other", link.clone())]), names)?;
    Ok(holder.get("other").cloned().unwrap_or_else(Tree::object))
}

/// `resource` with references to other resources of its message as they are here.
pub(crate) fn resolved(resource: &Tree, names: &Names) -> Result<Tree, Error> {
    let text = resource.to_string();
    let damaged = |e: fhir::json::SyntaxError| Error::Damaged(format!("the map made what is not JSON: {e}"));
    let document = Document::parse(text.as_bytes()).map_err(damaged)?;
    let mut rewriter = Rewriter::new();
    rewrite(document.root(), names, None, None, &mut rewriter)?;
    let mut out = String::with_capacity(text.len());
    rewriter.write(document.root(), &mut out);
    let document = Document::parse(out.as_bytes()).map_err(damaged)?;
    Ok(Tree::from(document.root()))
}
