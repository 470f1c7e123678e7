//! What the parts of one map share: the message, what was taken of it, what was found odd, the resources so far.

use super::Settings;
use super::identifier::Identified;
use super::moving::Move;
use super::parts::Parts;
use super::time::zone_of;
use super::transaction::{Key, MappedResource, Write};
use crate::message::{Field, Issue, Message, Place, Segment, Severity, Value};
use fhir::json::Tree;
use jiff::tz::TimeZone;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Range;

/// The resources so far, found by their keys.
#[derive(Default)]
struct Resources {
    all: Vec<MappedResource>,
    places: HashMap<Key, usize>,
}

impl Resources {
    fn find(&mut self, key: &Key) -> Option<&mut MappedResource> {
        let place = *self.places.get(key)?;
        self.all.get_mut(place)
    }

    fn add(&mut self, mapped: MappedResource) {
        self.places.insert(mapped.key.clone(), self.all.len());
        self.all.push(mapped);
    }
}

/// Who gave the number that something is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The source: another source's equal number means something else.
    Source,
    /// An authority that the message names: the number means the same whoever sends it.
    Authority,
}

/// What parts of something are known by: the order of a result, the patient of what has no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) text: String,
    pub(super) scope: Scope,
}

impl About {
    /// Something that only this source can tell.
    pub(super) fn of_source(text: String) -> Self {
        About { text, scope: Scope::Source }
    }

    /// Something that has a number.
    pub(super) fn numbered(identified: &Identified) -> Self {
        match identified.system.as_deref() {
            // An authority's number may equal one of another's.
            Some(system) if !system.starts_with("urn:medweave:source:") => {
                About { text: format!("{}@{system}", identified.value), scope: Scope::Authority }
            }
            _ => About::of_source(identified.value.clone()),
        }
    }
}

/// The state of one mapping.
pub(super) struct Context<'m> {
    pub(super) message: &'m Message<'m>,
    pub(super) settings: &'m Settings,
    /// The zone of times that give none.
    pub(super) zone: TimeZone,
    taken: RefCell<BTreeSet<(usize, u16)>>,
    issues: RefCell<Vec<Issue>>,
    /// Issues told already, by place in the bytes and text.
    told: RefCell<HashSet<(usize, String)>>,
    resources: RefCell<Resources>,
    /// How often a derived identity was asked for.
    derived: RefCell<BTreeMap<(String, String), u32>>,
    /// The segments that are mapped now, as bytes from and to.
    within: Cell<(usize, usize)>,
    content: OnceCell<String>,
    moves: RefCell<Vec<Move>>,
    /// The requests of this patient by their placer's and filler's numbers (system and value), with what their parts are known by.
    pub(super) requests: RefCell<HashMap<(String, String), (Tree, About)>>,
    /// The observations of this patient by code and sub-id; of several the last.
    pub(super) observed: RefCell<HashMap<(String, String), Tree>>,
}

impl<'m> Context<'m> {
    pub(super) fn new(message: &'m Message<'m>, settings: &'m Settings) -> Self {
        Context {
            message,
            settings,
            zone: zone_of(message, &settings.zone),
            taken: RefCell::default(),
            issues: RefCell::new(message.issues().to_vec()),
            told: RefCell::default(),
            resources: RefCell::default(),
            derived: RefCell::default(),
            within: Cell::new((0, message.raw().len())),
            content: OnceCell::new(),
            moves: RefCell::default(),
            requests: RefCell::default(),
            observed: RefCell::default(),
        }
    }

    /// What comes now is about another patient: nothing in it means an order or a result of the one before.
    pub(super) fn begin_patient(&self) {
        self.requests.borrow_mut().clear();
        self.observed.borrow_mut().clear();
    }

    /// What is put from now on is told by the segments from `first` to `last`.
    pub(super) fn within(&self, first: Segment<'m>, last: Segment<'m>) {
        self.within.set((first.span().start, last.span().end.max(first.span().end)));
    }

    /// Stands for what the message says, whatever its header is: what else is known of neither time nor number.
    pub(super) fn content_token(&self) -> &str {
        self.content.get_or_init(|| {
            let content = &self.message.raw()[self.message.header().span().end..];
            blake3::hash(content.trim_ascii()).to_hex()[..16].to_owned()
        })
    }

    /// Field `number`, which a rule takes.
    pub(super) fn take(&self, segment: Segment<'m>, number: u16) -> Field<'m> {
        self.taken.borrow_mut().insert((segment.index(), number));
        segment.field(number)
    }

    /// Fields that carry nothing to map: set ids, and what the rules use without writing it anywhere.
    pub(super) fn pass(&self, segment: Segment<'m>, numbers: impl IntoIterator<Item = u16>) {
        let mut taken = self.taken.borrow_mut();
        taken.extend(numbers.into_iter().map(|number| (segment.index(), number)));
    }

    /// The text of a field's first repetition (its first component), trimmed.
    pub(super) fn field_text(&self, segment: Segment<'m>, number: u16) -> Option<String> {
        let field = self.take(segment, number);
        self.text(Parts::from(field).first(1))
    }

    /// A value's text, trimmed, without control characters but line ends and tabs. `None` if nothing is left.
    pub(super) fn text(&self, value: Value<'m>) -> Option<String> {
        if !value.has_value() {
            return None;
        }
        let text = value.text();
        if text.contains('\u{fffd}') && value.is_garbled() {
            let charset = self.message.charset().name();
            self.warn(value, format!("some bytes are not {charset} and were replaced; set the source's character set"));
        }
        let clean: String =
            text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
        let clean = clean.trim();
        (!clean.is_empty()).then(|| clean.to_owned())
    }

    /// A code: text with single spaces inside.
    pub(super) fn code(&self, value: Value<'m>) -> Option<String> {
        let text = self.text(value)?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A value could not be used, or not as sent.
    pub(super) fn warn(&self, value: Value<'m>, text: impl Into<String>) {
        self.add(Severity::Warning, value, text.into());
    }

    /// Something worth knowing.
    pub(super) fn note(&self, value: Value<'m>, text: impl Into<String>) {
        self.add(Severity::Note, value, text.into());
    }

    fn add(&self, severity: Severity, value: Value<'m>, text: String) {
        let issue = Issue { severity, place: value.place(), span: value.span(), text };
        if self.told.borrow_mut().insert((issue.span.start, issue.text.clone())) {
            self.issues.borrow_mut().push(issue);
        }
    }

    /// The system of identifiers of `kind` which this source gives or which are derived from what it gives.
    pub(super) fn source_system(&self, kind: &str) -> String {
        match self.settings.systems.get(kind) {
            Some(system) => system.clone(),
            None => format!("urn:medweave:source:{}:{kind}", urn_part(&self.settings.source)),
        }
    }

    /// A derived identity of something that several places mention.
    pub(super) fn shared_key(&self, resource_type: &'static str, kind: &str, parts: &[&str]) -> Key {
        Key { resource_type, system: self.source_system(kind), value: joined(parts) }
    }

    /// A derived identity, of this source.
    pub(super) fn derived_key(&self, resource_type: &'static str, kind: &str, parts: &[&str]) -> Key {
        self.counted_key(resource_type, self.source_system(kind), joined(parts))
    }

    /// A derived identity of what belongs to something: the source's, unless that is numbered by an authority.
    pub(super) fn derived_key_of(&self, resource_type: &'static str, kind: &str, about: &About, parts: &[&str]) -> Key {
        let Key { resource_type, system, value } = self.key_of(resource_type, kind, about, parts);
        self.counted_key(resource_type, system, value)
    }

    /// The same as another mentions it.
    pub(super) fn key_of(&self, resource_type: &'static str, kind: &str, about: &About, parts: &[&str]) -> Key {
        let system = match about.scope {
            Scope::Source => self.source_system(kind),
            Scope::Authority => format!("urn:medweave:authority-numbered:{kind}"),
        };
        let parts: Vec<&str> = std::iter::once(about.text.as_str()).chain(parts.iter().copied()).collect();
        Key { resource_type, system, value: joined(&parts) }
    }

    /// Asked for the same identity again in one message, it counts: `...#2`.
    fn counted_key(&self, resource_type: &'static str, system: String, mut value: String) -> Key {
        let mut derived = self.derived.borrow_mut();
        let count = derived.entry((system.clone(), value.clone())).or_insert(0);
        *count += 1;
        if *count > 1 {
            let _ = write!(value, "#{count}");
        }
        Key { resource_type, system, value }
    }

    /// The reference to a resource of this message.
    pub(super) fn reference(&self, key: &Key) -> Tree {
        Tree::from([("reference", key.full_url(&self.settings.source).into())])
    }

    /// Adds a resource; what is told wins over what is mentioned, what came first over what repeats it. The identity is added
    /// to its identifiers if it is not there.
    pub(super) fn put(&self, key: Key, write: Write, resource: Tree, cleared: Vec<String>) -> Tree {
        let reference = self.reference(&key);
        let mut resource = resource;
        let known = resource.get("identifier").is_some_and(|identifiers| {
            identifiers.items().iter().any(|identifier| {
                identifier.get("system").and_then(Tree::as_str) == Some(&key.system)
                    && identifier.get("value").and_then(Tree::as_str) == Some(&key.value)
            })
        });
        // A search for an identifier finds the master identifier of a document too.
        let is_master = resource.get("masterIdentifier").is_some();
        if !known && !is_master {
            let identifier = Tree::from([("system", key.system.as_str().into()), ("value", key.value.as_str().into())]);
            resource.push("identifier", identifier);
        }
        let (from, to) = self.within.get();
        let span = from..to;
        let mapped = MappedResource {
            key,
            also: Vec::new(),
            formerly: Vec::new(),
            write,
            resource,
            cleared,
            assumed: Vec::new(),
            in_part: false,
            unlinked: Vec::new(),
            span,
        };
        let mut resources = self.resources.borrow_mut();
        match resources.find(&mapped.key) {
            None => resources.add(mapped),
            Some(other) if other.write == Write::CreateIfAbsent && write == Write::Update => *other = mapped,
            Some(_) => {}
        }
        reference
    }

    /// Changes a resource that was put.
    pub(super) fn change(&self, key: &Key, change: impl FnOnce(&mut Tree)) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            change(&mut mapped.resource);
        }
    }

    /// The segments that tell of a resource go on to the end of `segment`.
    pub(super) fn told_by(&self, key: &Key, segment: Segment<'m>) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            let Range { start, end } = segment.span();
            if mapped.span.start <= start {
                mapped.span.end = mapped.span.end.max(end);
            }
        }
    }

    /// True if there is a resource with this identity.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.resources.borrow_mut().find(key).is_some()
    }

    /// Another identity that the resource may be stored under.
    pub(super) fn known_too(&self, key: &Key, other: Key) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.also.push(other);
        }
    }

    /// What was only mentioned is told by the message too.
    pub(super) fn tell(&self, key: &Key) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.write = Write::Update;
        }
    }

    /// An identity that the resource had until now.
    pub(super) fn known_formerly(&self, key: &Key, other: Key) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.formerly.push(other);
        }
    }

    /// The message tells a part of the resource.
    pub(super) fn told_in_part(&self, key: &Key) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.in_part = true;
        }
    }

    /// A patient of which this one is no link any more.
    pub(super) fn unlink(&self, key: &Key, other: Tree) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.unlinked.push(other);
        }
    }

    /// Something that moves from one patient to another.
    pub(super) fn moves(&self, moved: Move) {
        self.moves.borrow_mut().push(moved);
    }

    /// An element that FHIR requires and the message does not tell.
    pub(super) fn assume(&self, key: &Key, name: &'static str) {
        if let Some(mapped) = self.resources.borrow_mut().find(key) {
            mapped.assumed.push(name);
        }
    }

    /// True if a resource with this identity was put as an update.
    pub(super) fn tells(&self, key: &Key) -> bool {
        self.resources.borrow_mut().find(key).is_some_and(|mapped| mapped.write == Write::Update)
    }

    /// The resources, what moves, the issues, and the places of data not taken.
    pub(super) fn finish(self) -> (Vec<MappedResource>, Vec<Move>, Vec<Issue>, Vec<Place>) {
        let taken = self.taken.into_inner();
        let mut unmapped = Vec::new();
        for segment in self.message.all() {
            let index = segment.index();
            if taken.range((index, 0)..(index + 1, 0)).next().is_none() {
                if segment.fields().any(|field| field.has_value()) {
                    unmapped.push(segment.place());
                }
                continue;
            }
            for field in segment.fields() {
                if field.has_value() && !taken.contains(&(index, field.place().field)) {
                    unmapped.push(field.place());
                }
            }
        }
        (self.resources.into_inner().all, self.moves.into_inner(), self.issues.into_inner(), unmapped)
    }
}

/// Parts of a derived identity. A slash separates, so one inside of a part is written otherwise.
fn joined(parts: &[&str]) -> String {
    parts.iter().map(|part| part.replace('%', "%25").replace('/', "%2F")).collect::<Vec<_>>().join("/")
}

/// Text as part of a URN: what a URN does not allow is percent-encoded.
pub(crate) fn urn_part(text: &str) -> String {
    let mut out = String::new();
    for byte in text.trim().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Text that is to be a URI: white space, which none may hold, is percent-encoded.
pub(crate) fn uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_whitespace() || c.is_control() {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Setting members that may be absent.
pub(crate) trait Fill {
    /// Sets `name` if there is a value.
    fn fill(&mut self, name: &str, value: Option<impl Into<Tree>>) -> &mut Self;
    /// Sets `name` to an array if there are values; appends if it is there.
    fn fill_all(&mut self, name: &str, values: Vec<Tree>) -> &mut Self;
}

impl Fill for Tree {
    fn fill(&mut self, name: &str, value: Option<impl Into<Tree>>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    fn fill_all(&mut self, name: &str, values: Vec<Tree>) -> &mut Self {
        for value in values {
            self.push(name, value);
        }
        self
    }
}

/// `Some` if the object has members.
pub(crate) fn filled(tree: Tree) -> Option<Tree> {
    (!tree.members().is_empty()).then_some(tree)
}

/// A resource of a type, empty.
pub(super) fn resource(resource_type: &str) -> Tree {
    Tree::from([("resourceType", resource_type.into())])
}

/// An extension with a value; `kind` as in `valueString`.
pub(crate) fn extension(url: &str, kind: &str, value: impl Into<Tree>) -> Tree {
    Tree::from([("url", url.into()), (kind, value.into())])
}
