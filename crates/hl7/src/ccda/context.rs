//! What the parts of one map share: the document, the resources so far, what was taken, what was odd.

use super::draft::{Draft, Ref};
use super::element::El;
use super::made::{Identity, Issue, Made, Mapped, Origin, Replaced, Taken, Unmapped, completed};
use super::read::Source;
use crate::map::context::urn_part;
use crate::map::{Key, Settings};
use crate::message::Severity;
use fhir::json::Tree;
use jiff::tz::TimeZone;
use roxmltree::{Document, NodeId};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// The system of keys of what belongs to a document.
const OWN: &str = "urn:medweave:ccda";
/// Text taken over from the narrative into elements, of one document.
const TEXT_BYTES: usize = 32 << 20;
/// XPaths of one document: of a real one of 64 MiB they take a tenth. Beyond it an origin has its bytes alone.
const XPATH_BYTES: usize = 256 << 20;
/// Issues told of a document: of more, only their number.
const ISSUES_MAX: usize = 1000;

/// A resource as it stands, with the elements that tell of it.
struct Entry<'d> {
    made: Made,
    el: El<'d>,
    places: Vec<(String, El<'d>)>,
}

#[derive(Default)]
struct State<'d> {
    resources: Vec<Entry<'d>>,
    by_key: HashMap<Key, usize>,
    issues: Vec<(Severity, El<'d>, String)>,
    told: HashSet<(NodeId, String)>,
    untold: usize,
    /// How often an identity within the document was asked for.
    counts: HashMap<(&'static str, String), u32>,
    /// Statements that a rule took.
    claimed: HashSet<NodeId>,
    made: HashMap<NodeId, Ref>,
    /// Whom each participation names.
    actors: HashMap<NodeId, Option<Ref>>,
    /// What each entry of a section became.
    entries: HashMap<NodeId, Vec<Ref>>,
    taken: Vec<(&'static str, El<'d>, String)>,
    unmapped: Vec<(El<'d>, String)>,
}

/// The state of one mapping.
pub(super) struct Context<'d> {
    pub(super) settings: &'d Settings,
    pub(super) source: &'d Source<'d>,
    pub(super) root: El<'d>,
    /// The zone of times that give none.
    pub(super) zone: TimeZone,
    /// Stands for the document, and for the set of versions that it is one of.
    pub(super) document: String,
    pub(super) set: String,
    /// For each node, which of its name it is among its siblings.
    ordinals: Vec<u32>,
    /// What references in entries mean: elements of narratives by their `ID`.
    narrative: HashMap<&'d str, El<'d>>,
    /// Statements by their id.
    pub(super) statements: HashMap<(&'d str, &'d str), Vec<El<'d>>>,
    pub(super) subject: OnceCell<Ref>,
    /// The encounter that the document is about.
    pub(super) encounter: OnceCell<Ref>,
    text_left: Cell<usize>,
    state: RefCell<State<'d>>,
}

impl<'d> Context<'d> {
    pub(super) fn new(
        document: &'d Document<'d>,
        source: &'d Source<'d>,
        settings: &'d Settings,
        zone: TimeZone,
        tokens: (String, String),
    ) -> Self {
        let mut narrative = HashMap::new();
        let mut statements: HashMap<(&str, &str), Vec<El<'_>>> = HashMap::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            if let Some(id) = node.attribute("ID").map(str::trim).filter(|id| !id.is_empty()) {
                narrative.entry(id).or_insert(El(node));
            }
            let el = El(node);
            if el.is_statement() {
                for id in el.all("id").filter(|id| id.null().is_none()) {
                    let id = (id.attr("root").unwrap_or_default(), id.attr("extension").unwrap_or_default());
                    if id != ("", "") {
                        statements.entry(id).or_default().push(el);
                    }
                }
            }
        }
        Context {
            settings,
            source,
            root: El(document.root_element()),
            zone,
            document: tokens.0,
            set: tokens.1,
            ordinals: ordinals(document),
            narrative,
            statements,
            subject: OnceCell::new(),
            encounter: OnceCell::new(),
            text_left: Cell::new(TEXT_BYTES),
            state: RefCell::default(),
        }
    }

    /// The patient, as a reference.
    pub(super) fn subject(&self) -> Tree {
        self.subject.get().map_or_else(Tree::object, |patient| Tree::from([("reference", patient.url.as_str().into())]))
    }

    /// The element of a narrative that `#id` names; senders forget the `#`.
    pub(super) fn narrative(&self, reference: &str) -> Option<El<'d>> {
        self.narrative.get(reference.strip_prefix('#').unwrap_or(reference).trim()).copied()
    }

    /// True if there is room for text that is copied from the narrative.
    pub(super) fn has_text_left(&self) -> bool {
        self.text_left.get() > 0
    }

    /// Takes room for text that is copied from the narrative; `false` if the document has used what there is.
    pub(super) fn take_text(&self, length: usize) -> bool {
        let left = self.text_left.get();
        self.text_left.set(left.saturating_sub(length));
        left >= length
    }

    /// A value could not be used, or not as sent.
    pub(super) fn warn(&self, el: El<'d>, text: impl Into<String>) {
        self.tell(Severity::Warning, el, text.into());
    }

    /// Something worth knowing.
    pub(super) fn note(&self, el: El<'d>, text: impl Into<String>) {
        self.tell(Severity::Note, el, text.into());
    }

    fn tell(&self, severity: Severity, el: El<'d>, text: String) {
        let state = &mut *self.state.borrow_mut();
        if state.issues.len() >= ISSUES_MAX {
            state.untold += 1;
        } else if state.told.insert((el.id(), text.clone())) {
            state.issues.push((severity, el, text));
        }
    }

    /// The element of that name, of which FHIR takes one: others are told.
    pub(super) fn only(&self, el: El<'d>, name: &'static str) -> Option<El<'d>> {
        let mut all = el.all(name);
        let first = all.next();
        for other in all.filter(|other| other.null().is_none()) {
            self.warn(other, format!("a second {name} has no element; it is in the document alone"));
        }
        first
    }

    /// The system of identifiers of `kind` that this source gives.
    pub(super) fn source_system(&self, kind: &str) -> String {
        match self.settings.systems.get(kind) {
            Some(system) => system.clone(),
            None => format!("urn:medweave:source:{}:{kind}", urn_part(&self.settings.source)),
        }
    }

    /// The identity of what `el` tells in this set of documents: by its id, where it has one, and by which of those with this id it
    /// is, since documents use ids again for different acts; else by its place.
    pub(super) fn own_key(&self, kind: &'static str, el: El<'d>) -> Key {
        let id = el.all("id").find(|id| id.null().is_none() && id.attr("root").is_some());
        let name = match id {
            Some(id) => format!("{}^{}", id.attr("root").unwrap_or_default(), id.attr("extension").unwrap_or_default()),
            None => self.xpath(el),
        };
        self.counted_key(kind, &self.set, &name)
    }

    /// The identity of what is known by words of the document.
    pub(super) fn counted_key(&self, kind: &'static str, within: &str, name: &str) -> Key {
        let state = &mut *self.state.borrow_mut();
        let count = state.counts.entry((kind, name.to_owned())).or_insert(0);
        *count += 1;
        let mut value = format!("{within}/{name}");
        if *count > 1 {
            let _ = write!(value, "#{count}");
        }
        Key { resource_type: kind, system: OWN.to_owned(), value }
    }

    /// The identity of something that several places of the source's documents tell alike.
    pub(super) fn alike_key(kind: &'static str, name: &str) -> Key {
        Key { resource_type: kind, system: OWN.to_owned(), value: name.to_owned() }
    }

    /// Adds a resource; what was put first under the same identity stays, and gets what it lacks.
    pub(super) fn add(&self, key: Key, identity: Identity, draft: Draft<'d>) -> Ref {
        let Draft { kind, mut tree, el, places, write, also } = draft;
        let full_url = key.full_url(&self.settings.source);
        let state = &mut *self.state.borrow_mut();
        if let Some(at) = state.by_key.get(&key) {
            let entry = &mut state.resources[*at];
            let before = entry.made.resource.clone();
            entry.made.resource = completed(&before, &tree);
            for (name, el) in places {
                let stem = name.split('[').next().unwrap_or(&name);
                if before.get(stem).is_none() {
                    entry.places.push((name, el));
                }
            }
        } else {
            if identity == Identity::Own {
                let id = full_url.strip_prefix("urn:uuid:").unwrap_or_default().to_owned();
                if let Tree::Object(members) = &mut tree {
                    members.insert(1, ("id".to_owned(), id.into()));
                }
            }
            state.by_key.insert(key.clone(), state.resources.len());
            let made = Made {
                key,
                also,
                identity,
                write,
                is_part: false,
                full_url: full_url.clone(),
                resource: tree,
                span: 0..0,
                origins: Vec::new(),
            };
            state.resources.push(Entry { made, el, places });
        }
        Ref { kind, url: full_url, display: None }
    }

    /// Adds a resource that is a part of the document.
    pub(super) fn own(&self, draft: Draft<'d>) -> Ref {
        let key = self.own_key(draft.kind, draft.el);
        self.add_part(key, draft)
    }

    /// The same under another identity than that of its element.
    pub(super) fn add_part(&self, key: Key, draft: Draft<'d>) -> Ref {
        let made = self.add(key.clone(), Identity::Own, draft);
        let state = &mut *self.state.borrow_mut();
        if let Some(at) = state.by_key.get(&key) {
            state.resources[*at].made.is_part = true;
        }
        made
    }

    /// Changes a resource that was added.
    pub(super) fn change(&self, made: &Ref, change: impl FnOnce(&mut Tree)) {
        let state = &mut *self.state.borrow_mut();
        if let Some(entry) = state.resources.iter_mut().rev().find(|entry| entry.made.full_url == made.url) {
            change(&mut entry.made.resource);
        }
    }

    /// The resource that stands for a statement while what is in it is mapped.
    pub(super) fn stands_within(&self, el: El<'d>, made: &Ref) {
        self.state.borrow_mut().made.insert(el.id(), made.clone());
    }

    /// Adds elements to a resource that was added.
    pub(super) fn extend(&self, made: &Ref, more: &Tree, places: Vec<(String, El<'d>)>) {
        let state = &mut *self.state.borrow_mut();
        if let Some(entry) = state.resources.iter_mut().rev().find(|entry| entry.made.full_url == made.url) {
            for (name, value) in more.members().iter().filter(|(name, _)| name != "resourceType") {
                entry.made.resource.set(name, value.clone());
            }
            entry.places.extend(places);
        }
    }

    /// Claims a statement for a rule: true the first time.
    pub(super) fn claim(&self, el: El<'d>) -> bool {
        self.state.borrow_mut().claimed.insert(el.id())
    }

    pub(super) fn is_claimed(&self, el: El<'d>) -> bool {
        self.state.borrow().claimed.contains(&el.id())
    }

    /// Says which resource stands for a statement.
    pub(super) fn stands_for(&self, kind: &'static str, el: El<'d>, made: &Ref) {
        let state = &mut *self.state.borrow_mut();
        state.made.insert(el.id(), made.clone());
        state.taken.push((kind, el, made.url.clone()));
    }

    /// The resource that stands for a statement.
    pub(super) fn made_of(&self, el: El<'d>) -> Option<Ref> {
        self.state.borrow().made.get(&el.id()).cloned()
    }

    /// Whom a participation names: looked for once.
    pub(super) fn once(&self, el: El<'d>, find: impl FnOnce() -> Option<Ref>) -> Option<Ref> {
        if let Some(known) = self.state.borrow().actors.get(&el.id()) {
            return known.clone();
        }
        let found = find();
        self.state.borrow_mut().actors.insert(el.id(), found.clone());
        found
    }

    /// Gives each entry of a section what was made within it and no resource and no entry names: what a statement took for itself and had
    /// no element for.
    pub(super) fn name_the_unnamed(&self) {
        let state = &mut *self.state.borrow_mut();
        let mut named: HashSet<&str> = HashSet::new();
        for entry in &state.resources {
            references(&entry.made.resource, &entry.made.full_url, &mut named);
        }
        for made in state.entries.values().flatten() {
            named.insert(&made.url);
        }
        let unnamed: Vec<(El<'d>, String)> = state
            .taken
            .iter()
            .filter(|(_, _, url)| !named.contains(url.as_str()))
            .map(|(_, el, url)| (*el, url.clone()))
            .collect();
        for (el, url) in unnamed {
            let mut at = el.parent();
            while let Some(parent) = at {
                if let Some(made) = state.entries.get_mut(&parent.id()) {
                    let kind = state.made.get(&el.id()).map(|made| made.kind);
                    let is_new = !made.iter().any(|other| other.url == url);
                    made.extend(kind.filter(|_| is_new).map(|kind| Ref { kind, url, display: None }));
                    break;
                }
                at = parent.parent();
            }
        }
    }

    /// Keeps what an entry became, for its section.
    pub(super) fn keep_entry(&self, entry: El<'d>, made: Vec<Ref>) {
        self.state.borrow_mut().entries.insert(entry.id(), made);
    }

    /// What an entry became.
    pub(super) fn entry(&self, entry: El<'d>) -> Vec<Ref> {
        self.state.borrow_mut().entries.remove(&entry.id()).unwrap_or_default()
    }

    /// Lists a statement that no resource stands for.
    pub(super) fn list(&self, el: El<'d>, why: impl Into<String>) {
        self.state.borrow_mut().unmapped.push((el, why.into()));
    }

    /// The XPath of an element.
    pub(super) fn xpath(&self, el: El<'d>) -> String {
        let mut steps: Vec<El<'d>> = Vec::new();
        let mut at = Some(el);
        while let Some(el) = at {
            steps.push(el);
            at = el.parent();
        }
        let mut out = String::with_capacity(steps.len() * 20);
        for el in steps.into_iter().rev() {
            out.push('/');
            if el.is_extension() {
                out.push_str("sdtc:");
            }
            out.push_str(el.name());
            if el.parent().is_some() {
                let _ = write!(out, "[{}]", self.ordinals.get(el.id().get_usize()).copied().unwrap_or(1));
            }
        }
        out
    }

    /// Everything that came of the document.
    pub(super) fn finish(self, kind: String) -> Mapped {
        let number = |el: El<'d>| self.identifier(el).map(|identified| (identified.system, identified.value));
        let replaces = self
            .root
            .all("relatedDocument")
            .filter(|related| related.attr("typeCode") == Some("RPLC"))
            .filter_map(|related| related.get("parentDocument"))
            .flat_map(|parent| parent.all("id"))
            .filter_map(|id| Some(Replaced { identifier: number(id)? }))
            .collect();
        let identifier = self.root.get("id").and_then(number);
        let set = self.root.get("setId").and_then(number);
        let written =
            self.root.get("effectiveTime").and_then(|time| self.moment(time)).map(|at| self.date_time_of(&at));
        let state = self.state.take();
        let left = Cell::new(XPATH_BYTES);
        let path = |el: El<'d>| {
            if left.get() == 0 {
                return String::new();
            }
            let path = self.xpath(el);
            left.set(left.get().saturating_sub(path.len()));
            path
        };
        let span = |el: El<'d>| self.source.span(el.range());
        let resources = state
            .resources
            .into_iter()
            .map(|Entry { mut made, el, places }| {
                let origin = |element: String, el: El<'d>| Origin { element, xpath: path(el), span: span(el) };
                let mut origins = vec![origin(String::new(), el)];
                for (name, _) in made.resource.members() {
                    let told = |(place, _): &&(String, El<'d>)| {
                        place.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
                    };
                    let before = origins.len();
                    origins.extend(places.iter().filter(told).map(|(place, el)| origin(place.clone(), *el)));
                    if origins.len() == before && !matches!(name.as_str(), "resourceType" | "id") {
                        origins.push(origin(name.clone(), el));
                    }
                }
                made.span = span(el);
                made.origins = origins;
                made
            })
            .collect();
        let mut issues: Vec<Issue> = state
            .issues
            .into_iter()
            .map(|(severity, el, text)| Issue { severity, xpath: path(el), span: span(el), text })
            .collect();
        if state.untold > 0 {
            issues.push(Issue {
                severity: Severity::Warning,
                xpath: self.xpath(self.root),
                span: span(self.root),
                text: format!("{} more issues are not listed", state.untold),
            });
        }
        let templates = |el: El<'d>| el.templates().map(str::to_owned).collect::<Vec<_>>();
        let taken = state
            .taken
            .into_iter()
            .map(|(kind, el, full_url)| Taken {
                kind,
                templates: templates(el),
                xpath: path(el),
                span: span(el),
                full_url,
            })
            .collect();
        let unmapped = state
            .unmapped
            .into_iter()
            .map(|(el, why)| Unmapped {
                element: statement_name(el),
                templates: templates(el),
                code: code_text(el),
                xpath: path(el),
                span: span(el),
                why,
            })
            .collect();
        Mapped { kind, identifier, set, written, replaces, resources, issues, taken, unmapped }
    }
}

/// The references in a resource to others than itself.
fn references<'t>(tree: &'t Tree, own: &str, all: &mut HashSet<&'t str>) {
    match tree {
        Tree::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(reference) if name == "reference" && reference != own => {
                        all.insert(reference);
                    }
                    _ => references(value, own, all),
                }
            }
        }
        Tree::Array(items) => items.iter().for_each(|item| references(item, own, all)),
        _ => {}
    }
}

fn statement_name(el: El<'_>) -> &'static str {
    match el.name() {
        "act" => "act",
        "encounter" => "encounter",
        "observation" => "observation",
        "observationMedia" => "observationMedia",
        "organizer" => "organizer",
        "procedure" => "procedure",
        "substanceAdministration" => "substanceAdministration",
        "supply" => "supply",
        "participant" => "participant",
        "performer" => "performer",
        _ => "entry",
    }
}

/// The code of a statement and its text, for people.
fn code_text(el: El<'_>) -> String {
    let Some(code) = el.get("code") else { return String::new() };
    let parts = [code.attr("code"), code.attr("displayName")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// For each node, which of its name it is among its siblings, from 1.
fn ordinals(document: &Document<'_>) -> Vec<u32> {
    let mut all = Vec::new();
    let mut counts: HashMap<(Option<&str>, &str), u32> = HashMap::new();
    for parent in document.descendants().filter(roxmltree::Node::has_children) {
        counts.clear();
        for child in parent.children().filter(roxmltree::Node::is_element) {
            let name = child.tag_name();
            let count = counts.entry((name.namespace(), name.name())).or_insert(0);
            *count += 1;
            let at = child.id().get_usize();
            if all.len() <= at {
                all.resize(at + 1, 1);
            }
            all[at] = *count;
        }
    }
    all
}
