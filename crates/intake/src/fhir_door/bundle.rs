//! Bundles: `batch`, `transaction`, and the other kinds as import takes them.
//!
//! Planning has two passes. The first gives every entry its identity (new, named, or found by a condition) in the order in
//! which entries are carried out; then it is known what every full URL means here. The second writes references anew, checks
//! and packs each resource. In a transaction the first error ends it; in every other kind it is the fate of its entry alone.

use super::act;
use super::entry::{Asked, Entry, ReadRequest, Requests};
use super::patch::Patch;
use super::put::{Put, bare, expect_id, id_of};
use super::references::{self, Names, base_of};
use super::refusal::{at, bad_request, is_fatal, refusal, syntax};
use super::response::{self, Fate, Reads};
use access::{Grant, Permission};
use fhir::json::{Document, Node, Rewriter};
use fhir::schema::{TypeId, r4};
use records::{
    Besides, DeadLetterNo, Error, Found, IfEqual, Lookup, NewDeadLetter, Operation, Planner, Receipt, Write, derived_id,
};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Patches in a bundle are carried in a `Binary`, in base64; this long at most.
const PATCH_BYTES: usize = 16 << 20;

/// What kind of bundle it is, as far as it is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All entries or none.
    Transaction,
    /// Each entry has its own fate.
    Batch,
    /// Versions, newest first; deletions among them.
    History,
    /// Resources to be stored as they are: `collection`, `searchset`, `document`, `message` and what is not named.
    Collection,
}

impl Kind {
    fn of(bundle: Node<'_>) -> Kind {
        match bundle.get("type").and_then(Node::as_str).as_deref() {
            Some("transaction") => Kind::Transaction,
            Some("batch") => Kind::Batch,
            Some("history") => Kind::History,
            _ => Kind::Collection,
        }
    }

    fn requests(self) -> Requests {
        match self {
            Kind::Transaction | Kind::Batch => Requests::Required,
            Kind::History => Requests::Deletions,
            Kind::Collection => Requests::None,
        }
    }
}

/// How ids come about and what an equal resource means.
enum Manner {
    /// Plain FHIR: new ids made from this random seed, a new version for every update.
    Http { seed: String },
    /// Ids are derived from the source and what the sender calls the resource; an equal resource is no news.
    Import { source: String, only: Option<u64>, closes: Option<DeadLetterNo> },
}

struct Job {
    content: Arc<Vec<u8>>,
    range: Range<usize>,
    grant: Grant,
    manner: Manner,
    done: Mutex<Done>,
}

/// What the newest plan made besides operations.
#[derive(Default)]
struct Done {
    fates: Vec<Fate>,
    /// Byte ranges of the entries in the content.
    spans: Vec<Range<u64>>,
    dead_letters: Vec<NewDeadLetter>,
}

/// Plans a bundle.
pub struct BundlePlanner(Arc<Job>);

/// What became of a bundle's entries, once it is written.
pub struct BundleAnswers {
    job: Arc<Job>,
    kind: Kind,
}

/// The plan of a bundle that came over HTTP, and what answers it. `seed` is random ([`records::Records::new_id`]).
///
/// # Errors
/// [`Error::Invalid`]: not a bundle, or one of a kind that is not carried out; it names the kind and what to do.
pub fn over_http(content: Arc<Vec<u8>>, grant: Grant, seed: String) -> Result<(BundlePlanner, BundleAnswers), Error> {
    let kind = {
        let document = Document::parse(&content).map_err(|e| syntax(e, 0))?;
        let root = document.root();
        if !root.get("resourceType").is_some_and(|t| t.is_str("Bundle")) {
            return Err(bad_request("the FHIR base takes a Bundle of type batch or transaction"));
        }
        match (Kind::of(root), root.get("type").and_then(Node::as_str)) {
            (kind @ (Kind::Transaction | Kind::Batch), _) => kind,
            (_, Some(name)) => {
                return Err(bad_request(format!(
                    "a Bundle of type {name} is not carried out here: send batch or transaction, POST it to Bundle to keep it \
                     whole, or import it as a file to store its resources"
                )));
            }
            (_, None) => return Err(bad_request("Bundle.type is missing: batch or transaction")),
        }
    };
    let range = 0..content.len();
    let job = Arc::new(Job { content, range, grant, manner: Manner::Http { seed }, done: Mutex::default() });
    Ok((BundlePlanner(Arc::clone(&job)), BundleAnswers { job, kind }))
}

/// A bundle of a file.
pub(crate) struct Imported {
    pub(crate) content: Arc<Vec<u8>>,
    /// Where the bundle stands in the content.
    pub(crate) range: Range<usize>,
    pub(crate) grant: Grant,
    pub(crate) source: String,
    /// Carry out the entry that begins at this offset alone; the others only lend their names.
    pub(crate) only: Option<u64>,
    pub(crate) closes: Option<DeadLetterNo>,
}

/// The plan of a bundle that was imported.
pub(crate) fn imported(bundle: Imported) -> BundlePlanner {
    let Imported { content, range, grant, source, only, closes } = bundle;
    BundlePlanner(Arc::new(Job {
        content,
        range,
        grant,
        manner: Manner::Import { source, only, closes },
        done: Mutex::default(),
    }))
}

impl BundleAnswers {
    /// The kind, which is also the name under which it enters the store's trail.
    pub fn action(&self) -> &'static str {
        match self.kind {
            Kind::Transaction => "transaction",
            _ => "batch",
        }
    }

    /// The response bundle as JSON. Entries that read are carried out now.
    pub fn response(&self, receipt: &Receipt, reads: &dyn Reads) -> String {
        let bundle_type = if self.kind == Kind::Transaction { "transaction-response" } else { "batch-response" };
        let fates = self.job.done.lock().unwrap_or_else(PoisonError::into_inner).fates.clone();
        response::write(bundle_type, &fates, receipt, reads)
    }
}

impl Planner for BundlePlanner {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let job = &*self.0;
        let start = job.range.start;
        let document = Document::parse(&job.content[job.range.clone()]).map_err(|e| syntax(e, start))?;
        let kind = Kind::of(document.root());
        let nodes = document.root().get("entry").into_iter().flat_map(Node::items);
        let entries: Vec<Entry<'_>> = nodes.map(|node| Entry::read(node, kind.requests())).collect();
        let mut planning = Planning::new(job, kind, &entries, lookup);
        let operations = planning.run()?;
        let done = Done {
            dead_letters: planning.dead_letters(),
            fates: planning.fates.into_iter().map(|fate| fate.unwrap_or(Fate::Skipped)).collect(),
            spans: entries.iter().map(|entry| place(start, entry.node)).collect(),
        };
        *job.done.lock().unwrap_or_else(PoisonError::into_inner) = done;
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        let closes = match &self.0.manner {
            Manner::Import { closes, .. } => *closes,
            Manner::Http { .. } => None,
        };
        let done = self.0.done.lock().unwrap_or_else(PoisonError::into_inner);
        Besides { dead_letters: done.dead_letters.clone(), closes, undoes: None }
    }

    fn locate(&self, offset: u64, error: Error) -> Error {
        let done = self.0.done.lock().unwrap_or_else(PoisonError::into_inner);
        match done.spans.iter().position(|span| span.contains(&offset)) {
            Some(no) => at(entry_place(no), error),
            None => error,
        }
    }
}

fn entry_place(no: usize) -> String {
    format!("Bundle.entry[{no}]")
}

/// Byte range of `node` in a content where its document begins at `start`.
fn place(start: usize, node: Node<'_>) -> Range<u64> {
    let span = node.span();
    (start + span.start) as u64..(start + span.end) as u64
}

type Key = (TypeId, String);

/// An entry with its identity.
enum Act {
    Put {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
        must_be_new: bool,
    },
    /// A conditional create that matched what is stored.
    Keep {
        resource_type: TypeId,
        id: String,
    },
    /// A conditional create under the condition of an earlier entry.
    Same {
        resource_type: TypeId,
        id: String,
        entry: usize,
    },
    Delete {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    Patch {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    Absent,
    Read(ReadRequest),
    Skip,
}

struct Planning<'p, 'd> {
    job: &'p Job,
    kind: Kind,
    entries: &'p [Entry<'d>],
    lookup: &'p dyn Lookup,
    names: Names,
    fates: Vec<Option<Fate>>,
    refusals: Vec<(usize, super::Refusal)>,
    /// Conditions under which entries create, and which entry does.
    creating: HashMap<Key, (usize, String)>,
    /// How often an identity was written by earlier entries, and whether it is deleted after them.
    written: HashMap<Key, Written>,
    hashed: HashMap<String, usize>,
    conditions: HashMap<Key, String>,
    identifiers: Option<HashMap<TypeId, Vec<Identified>>>,
}

#[derive(Clone, Copy, Default)]
struct Written {
    times: i64,
    deleted: bool,
}

/// A resource of the bundle, by one of its identifiers.
struct Identified {
    system: Option<String>,
    value: String,
    id: String,
}

impl<'p, 'd> Planning<'p, 'd> {
    fn new(job: &'p Job, kind: Kind, entries: &'p [Entry<'d>], lookup: &'p dyn Lookup) -> Self {
        Planning {
            job,
            kind,
            entries,
            lookup,
            names: Names::default(),
            fates: vec![None; entries.len()],
            refusals: Vec::new(),
            creating: HashMap::new(),
            written: HashMap::new(),
            hashed: HashMap::new(),
            conditions: HashMap::new(),
            identifiers: None,
        }
    }

    fn run(&mut self) -> Result<Vec<Operation>, Error> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        match self.kind {
            Kind::Transaction => order.sort_by_key(|&no| self.entries[no].step()),
            Kind::History => order.reverse(),
            Kind::Batch | Kind::Collection => {}
        }
        let mut acts = Vec::with_capacity(order.len());
        for no in order {
            match self.identify(no) {
                Ok(act) => acts.push((no, act)),
                Err(error) => self.refuse(no, error)?,
            }
        }
        self.index_identifiers(&acts);
        let mut operations = Vec::with_capacity(acts.len());
        let mut text = String::new();
        for (no, act) in acts {
            if !self.is_wanted(no) {
                continue;
            }
            match self.operation(no, act, &mut text) {
                Ok(Carry::Operation(operation)) => {
                    self.fates[no] = Some(Fate::Operation(operations.len()));
                    operations.push(operation);
                }
                Ok(Carry::Nothing(fate)) => self.fates[no] = Some(fate),
                Err(error) => self.refuse(no, error)?,
            }
        }
        Ok(operations)
    }

    /// True unless another entry alone is to be carried out.
    fn is_wanted(&self, no: usize) -> bool {
        match &self.job.manner {
            Manner::Import { only: Some(only), .. } => {
                place(self.job.range.start, self.entries[no].node).start == *only
            }
            _ => true,
        }
    }

    /// Ends the plan, or makes the error the fate of its entry.
    fn refuse(&mut self, no: usize, error: Error) -> Result<(), Error> {
        if is_fatal(&error) {
            return Err(error);
        }
        let is_alone = matches!(&self.job.manner, Manner::Import { only: Some(_), .. });
        if is_alone && !self.is_wanted(no) {
            return Ok(());
        }
        let error = at(entry_place(no), error);
        if self.kind == Kind::Transaction || is_alone {
            return Err(error);
        }
        let refused = refusal(&error);
        self.fates[no] = Some(Fate::Refused { status: refused.status, outcome: refused.outcome() });
        self.refusals.push((no, refused));
        Ok(())
    }

    fn dead_letters(&self) -> Vec<NewDeadLetter> {
        if matches!(self.job.manner, Manner::Http { .. }) {
            return Vec::new();
        }
        let letter = |(no, refused): &(usize, super::Refusal)| {
            let span = place(self.job.range.start, self.entries[*no].node);
            NewDeadLetter {
                at: span.start,
                length: span.end - span.start,
                what: refused.text(),
                place: refused.issues.first().map_or_else(|| entry_place(*no), |issue| issue.place.clone()),
                hint: "correct the entry and replay it; the other entries were taken".into(),
            }
        };
        self.refusals.iter().map(letter).collect()
    }

    /// The id of a resource that is new here.
    fn new_id(&mut self, no: usize) -> String {
        let entry = &self.entries[no];
        let source = match &self.job.manner {
            Manner::Http { seed } => return derived_id(seed, &no.to_string()),
            Manner::Import { source, .. } => source,
        };
        if let Some(full_url) = &entry.full_url {
            return derived_id(source, full_url);
        }
        let Some(resource) = entry.resource else { return derived_id(source, &no.to_string()) };
        let text = |name: &str| resource.get(name).and_then(Node::as_str);
        if let (Some(resource_type), Some(id)) = (text("resourceType"), text("id")) {
            return derived_id(source, &format!("{resource_type}/{id}"));
        }
        // Without any name it is known by its content; the n-th of equal ones by its number too.
        let hash = content_hash(resource);
        let times = self.hashed.entry(hash.clone()).or_default();
        *times += 1;
        derived_id(source, &format!("{hash}#{times}"))
    }

    fn may(&self, permission: Permission, resource_type: TypeId) -> Result<(), Error> {
        Ok(self.job.grant.may(permission, r4().name(resource_type))?)
    }

    /// Where entries have fates of their own, what the writer would refuse is refused here: there it would refuse all.
    fn check_alone(&self, resource_type: TypeId, id: &str, if_match: Option<i64>) -> Result<(), Error> {
        let may = |permission| self.may(permission, resource_type);
        let may_both = may(Permission::Create).and_then(|()| may(Permission::Update));
        if if_match.is_none() && may_both.is_ok() {
            return Ok(());
        }
        let current = self.version_then(resource_type, id)?;
        check_version(resource_type, id, current, if_match)?;
        may(if current > 0 { Permission::Update } else { Permission::Create })
    }

    /// The version that will be current when this entry is carried out; 0 if there will be none.
    fn version_then(&self, resource_type: TypeId, id: &str) -> Result<i64, Error> {
        let earlier = self.written.get(&(resource_type, id.to_owned())).copied().unwrap_or_default();
        let now = self.lookup.current(r4().name(resource_type), id)?;
        let is_deleted =
            if earlier.times > 0 { earlier.deleted } else { now.as_ref().is_none_or(|c| c.json.is_none()) };
        Ok(if is_deleted { 0 } else { now.map_or(0, |c| c.version) + earlier.times })
    }

    /// Notes that an entry writes an identity; a transaction may do so once.
    fn write(&mut self, resource_type: TypeId, id: &str, deleted: bool) -> Result<(), Error> {
        let written = self.written.entry((resource_type, id.to_owned())).or_default();
        if written.times > 0 && self.kind == Kind::Transaction {
            let name = r4().name(resource_type);
            return Err(bad_request(format!(
                "{name}/{id} is written by another entry too: a transaction writes a resource once"
            )));
        }
        written.times += 1;
        written.deleted = deleted;
        Ok(())
    }

    fn name(&mut self, no: usize, resource_type: TypeId, id: &str) -> Result<(), Error> {
        let entry = &self.entries[no];
        let is_import = matches!(self.job.manner, Manner::Import { .. });
        if !is_import && self.kind != Kind::Transaction {
            // Over HTTP the entries of a batch do not know of each other.
            return Ok(());
        }
        if let Some(full_url) = &entry.full_url {
            let is_first = self.names.enter(full_url, resource_type, id);
            if !is_first && self.kind == Kind::Transaction {
                return Err(bad_request(format!("the fullUrl {full_url} is used by another entry too")));
            }
        } else if is_import
            && let Some(resource) = entry.resource
            && let Ok(Some(own)) = id_of(resource)
        {
            // Without a full URL others can only mean the id that the sender gave.
            self.names.enter(&format!("{}/{own}", r4().name(resource_type)), resource_type, id);
        }
        Ok(())
    }

    /// The one stored resource that a condition matches and no earlier entry deletes.
    fn one(&self, resource_type: TypeId, query: &str) -> Result<Option<String>, Error> {
        let found = act::one(self.lookup, resource_type, query)?;
        Ok(found.filter(|id| !self.written.get(&(resource_type, id.clone())).is_some_and(|w| w.deleted)))
    }

    fn put(
        &mut self,
        no: usize,
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
        must_be_new: bool,
    ) -> Result<Act, Error> {
        let mut if_match = if_match;
        if self.kind != Kind::Transaction {
            self.check_alone(resource_type, &id, if_match)?;
            if_match = None;
        }
        self.write(resource_type, &id, false)?;
        self.name(no, resource_type, &id)?;
        Ok(Act::Put { resource_type, id, if_match, must_be_new })
    }

    fn delete(&mut self, resource_type: TypeId, id: String, if_match: Option<i64>) -> Result<Act, Error> {
        let key = (resource_type, id.clone());
        if !self.written.contains_key(&key) && self.lookup.current(r4().name(resource_type), &id)?.is_none() {
            check_version(resource_type, &id, 0, if_match)?;
            return Ok(Act::Absent);
        }
        let mut if_match = if_match;
        if self.kind != Kind::Transaction {
            self.may(Permission::Delete, resource_type)?;
            if if_match.is_some() {
                check_version(resource_type, &id, self.version_then(resource_type, &id)?, if_match)?;
            }
            if_match = None;
        }
        self.write(resource_type, &id, true)?;
        Ok(Act::Delete { resource_type, id, if_match })
    }

    fn patch(&mut self, resource_type: TypeId, id: String, if_match: Option<i64>) -> Result<Act, Error> {
        if self.kind != Kind::Transaction {
            self.may(Permission::Update, resource_type)?;
            if self.written.contains_key(&(resource_type, id.clone())) {
                let name = r4().name(resource_type);
                return Err(bad_request(format!(
                    "{name}/{id} is written by an earlier entry: patch it in a request of its own"
                )));
            }
        }
        self.write(resource_type, &id, false)?;
        Ok(Act::Patch { resource_type, id, if_match })
    }

    /// Gives an entry its identity.
    fn identify(&mut self, no: usize) -> Result<Act, Error> {
        let entry = &self.entries[no];
        let asked = match &entry.asked {
            Ok(asked) => asked.clone(),
            Err(Error::Invalid(issues)) => return Err(Error::Invalid(issues.clone())),
            Err(error) => return Err(bad_request(error.to_string())),
        };
        let resource = || entry.resource.ok_or_else(|| bad_request("the entry has no resource"));
        match asked {
            Asked::Create { resource_type, if_none_exist: Some(query) } => {
                let key = (resource_type, query);
                if let Some((first, id)) = self.creating.get(&key).cloned() {
                    self.name(no, resource_type, &id)?;
                    return Ok(Act::Same { resource_type, id, entry: first });
                }
                if let Some(id) = self.one(resource_type, &key.1)? {
                    self.name(no, resource_type, &id)?;
                    return Ok(Act::Keep { resource_type, id });
                }
                let id = self.new_id(no);
                self.creating.insert(key, (no, id.clone()));
                self.create(no, resource_type, id)
            }
            Asked::Create { resource_type, if_none_exist: None } => {
                let id = self.new_id(no);
                self.create(no, resource_type, id)
            }
            Asked::Update { resource_type, id, if_match } => {
                // A file that leaves the id out means the one in the URL.
                if matches!(self.job.manner, Manner::Http { .. }) || resource()?.get("id").is_some() {
                    expect_id(resource()?, &id)?;
                }
                self.put(no, resource_type, id, if_match, false)
            }
            Asked::UpdateWhere { resource_type, query, if_match } => {
                let found = self.one(resource_type, &query)?;
                let new_id = self.new_id(no);
                let place = act::place_of_update(resource()?, found, || new_id)?;
                let must_be_new = place.must_be_new && matches!(self.job.manner, Manner::Http { .. });
                self.creating.insert((resource_type, query), (no, place.id.clone()));
                self.put(no, resource_type, place.id, if_match, must_be_new)
            }
            Asked::Store { resource_type } => {
                let id = match id_of(resource()?)? {
                    Some(id) => id,
                    None => self.new_id(no),
                };
                self.put(no, resource_type, id, None, false)
            }
            Asked::Delete { resource_type, id, if_match } => self.delete(resource_type, id, if_match),
            Asked::DeleteWhere { resource_type, query } => match self.one(resource_type, &query)? {
                Some(id) => self.delete(resource_type, id, None),
                None => Ok(Act::Absent),
            },
            Asked::Patch { resource_type, id, if_match } => self.patch(resource_type, id, if_match),
            Asked::PatchWhere { resource_type, query, if_match } => match self.one(resource_type, &query)? {
                Some(id) => self.patch(resource_type, id, if_match),
                None => Err(Error::NoMatch { resource_type: r4().name(resource_type).into(), query }),
            },
            Asked::Read(request) => Ok(Act::Read(request)),
            Asked::Skip => Ok(Act::Skip),
        }
    }

    fn create(&mut self, no: usize, resource_type: TypeId, id: String) -> Result<Act, Error> {
        let must_be_new = matches!(self.job.manner, Manner::Http { .. });
        self.put(no, resource_type, id, None, must_be_new)
    }

    fn operation(&mut self, no: usize, act: Act, text: &mut String) -> Result<Carry, Error> {
        let entry = &self.entries[no];
        let start = self.job.range.start;
        let whole = place(start, entry.node);
        let (at, length) = (whole.start, whole.end - whole.start);
        Ok(match act {
            Act::Put { resource_type, id, if_match, must_be_new } => {
                let resource = entry.resource.ok_or_else(|| bad_request("the entry has no resource"))?;
                let is_rewritten = self.rewrite(no, resource, text)?;
                let span = place(start, resource);
                let if_equal = match self.job.manner {
                    Manner::Http { .. } => IfEqual::NewVersion,
                    Manner::Import { .. } => IfEqual::Keep,
                };
                let put = Put {
                    resource_type,
                    id,
                    text: if is_rewritten { text } else { resource.raw() },
                    if_match,
                    if_equal,
                    must_be_new,
                    at: span.start,
                    length: span.end - span.start,
                };
                let operation = put.operation(self.lookup).map_err(|error| moved(error, span.start, is_rewritten))?;
                Carry::Operation(operation)
            }
            Act::Keep { resource_type, id } => Carry::Operation(bare(resource_type, id, Write::Keep, None, at, length)),
            Act::Same { resource_type, id, entry } => {
                if let Some(Fate::Refused { .. }) = self.fates[entry] {
                    return Err(bad_request(format!("{} has the same condition and was refused", entry_place(entry))));
                }
                Carry::Operation(bare(resource_type, id, Write::Keep, None, at, length))
            }
            Act::Delete { resource_type, id, if_match } => {
                Carry::Operation(bare(resource_type, id, Write::Delete, if_match, at, length))
            }
            Act::Patch { resource_type, id, if_match } => {
                let patch = Patch::parse(&patch_of(entry.resource)?)?;
                Carry::Operation(act::patched(self.lookup, resource_type, id, &patch, if_match, at, length)?)
            }
            Act::Absent => Carry::Nothing(Fate::Absent),
            Act::Read(request) => Carry::Nothing(Fate::Read(request)),
            Act::Skip => Carry::Nothing(Fate::Skipped),
        })
    }

    /// Writes `resource` with its references to entries and conditions replaced; false if there was nothing to replace.
    fn rewrite(&mut self, no: usize, resource: Node<'d>, text: &mut String) -> Result<bool, Error> {
        let base = self.entries[no].full_url.as_deref().and_then(base_of).map(str::to_owned);
        let mut rewriter = Rewriter::new();
        let names = std::mem::take(&mut self.names);
        let resolves = matches!(self.kind, Kind::Transaction | Kind::Batch);
        let mut condition = |resource_type: TypeId, query: &str| self.condition(resource_type, query);
        let condition: Option<&mut references::Condition<'_>> = if resolves { Some(&mut condition) } else { None };
        let result = references::rewrite(resource, &names, base.as_deref(), condition, &mut rewriter);
        self.names = names;
        if !result? {
            return Ok(false);
        }
        text.clear();
        rewriter.write(resource, text);
        Ok(true)
    }

    /// The id of the one resource that a conditional reference means: stored already, or written by this transaction.
    fn condition(&mut self, resource_type: TypeId, query: &str) -> Result<String, Error> {
        let key = (resource_type, query.to_owned());
        if let Some(id) = self.conditions.get(&key) {
            return Ok(id.clone());
        }
        let name = r4().name(resource_type);
        let several = || Error::MultipleMatches { resource_type: name.into(), query: query.into() };
        let mut ids: HashSet<String> = HashSet::new();
        match self.lookup.find(name, query)? {
            Found::None => {}
            Found::One(id) => {
                if !self.written.get(&(resource_type, id.clone())).is_some_and(|w| w.deleted) {
                    ids.insert(id);
                }
            }
            Found::Many => return Err(several()),
        }
        if self.kind == Kind::Transaction {
            ids.extend(self.creating.get(&key).map(|(_, id)| id.clone()));
            if let Some((system, value)) = identifier_of(query)
                && let Some(identified) = self.identifiers.as_ref().and_then(|all| all.get(&resource_type))
            {
                let matches = |known: &&Identified| {
                    known.value == value
                        && match &system {
                            Asks::Any => true,
                            Asks::None => known.system.is_none(),
                            Asks::System(system) => known.system.as_ref() == Some(system),
                        }
                };
                ids.extend(identified.iter().filter(matches).map(|known| known.id.clone()));
            }
        }
        let mut ids = ids.into_iter();
        match (ids.next(), ids.next()) {
            (None, _) => Err(Error::NoMatch { resource_type: name.into(), query: query.into() }),
            (Some(id), None) => {
                self.conditions.insert(key, id.clone());
                Ok(id)
            }
            _ => Err(several()),
        }
    }

    /// Conditional references may mean what the transaction itself writes (R4, 3.1.0.11.2: they are resolved last).
    fn index_identifiers(&mut self, acts: &[(usize, Act)]) {
        if self.kind != Kind::Transaction {
            return;
        }
        let mut all: HashMap<TypeId, Vec<Identified>> = HashMap::new();
        for (no, act) in acts {
            let (Act::Put { resource_type, id, .. }, Some(resource)) = (act, self.entries[*no].resource) else {
                continue;
            };
            for identifier in resource.get("identifier").into_iter().flat_map(Node::each) {
                let text = |name: &str| identifier.get(name).and_then(Node::as_str).map(std::borrow::Cow::into_owned);
                if let Some(value) = text("value") {
                    all.entry(*resource_type).or_default().push(Identified {
                        system: text("system"),
                        value,
                        id: id.clone(),
                    });
                }
            }
        }
        self.identifiers = Some(all);
    }
}

fn check_version(resource_type: TypeId, id: &str, current: i64, if_match: Option<i64>) -> Result<(), Error> {
    match if_match {
        Some(asked) if asked != current => Err(Error::VersionConflict {
            resource_type: r4().name(resource_type).into(),
            id: id.into(),
            current,
            asked,
        }),
        _ => Ok(()),
    }
}

enum Carry {
    Operation(Operation),
    Nothing(Fate),
}

/// Which system an identifier search asks for.
enum Asks {
    Any,
    None,
    System(String),
}

/// System and value of a search that asks for one identifier and nothing else.
fn identifier_of(query: &str) -> Option<(Asks, String)> {
    let value = query.strip_prefix("identifier=")?;
    if value.contains(['&', ',', '\\']) {
        return None;
    }
    let value = percent_decoded(value)?;
    Some(match value.split_once('|') {
        None => (Asks::Any, value),
        Some(("", code)) => (Asks::None, code.to_owned()),
        Some((system, code)) => (Asks::System(system.to_owned()), code.to_owned()),
    })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || (bytes.next()? as char).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// Offsets of issues are those in the text that was checked: `start` on if that is what arrived, else the resource's own.
fn moved(error: Error, start: u64, is_rewritten: bool) -> Error {
    match error {
        Error::Invalid(mut issues) => {
            for issue in &mut issues {
                issue.offset = if is_rewritten { start as usize } else { start as usize + issue.offset };
            }
            Error::Invalid(issues)
        }
        other => other,
    }
}

/// The name that a resource without any has: the hash of its compact text.
pub(crate) fn content_hash(resource: Node<'_>) -> String {
    let mut text = String::new();
    Rewriter::new().write(resource, &mut text);
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}

/// The JSON Patch that an entry carries in a `Binary`.
fn patch_of(resource: Option<Node<'_>>) -> Result<Vec<u8>, Error> {
    let resource =
        resource.ok_or_else(|| bad_request("PATCH has no resource: a Binary with the JSON Patch is needed"))?;
    let text = |name: &str| resource.get(name).and_then(Node::as_str);
    match text("resourceType").as_deref() {
        Some("Binary") => {}
        Some("Parameters") => {
            return Err(Error::NotSupported(
                "FHIRPath Patch (Parameters) is not supported: send a JSON Patch in a Binary".into(),
            ));
        }
        _ => return Err(bad_request("PATCH needs a Binary with the JSON Patch")),
    }
    match text("contentType") {
        Some(media) if media.starts_with("application/json-patch+json") => {}
        other => {
            let other = other.unwrap_or_default();
            return Err(bad_request(format!("Binary.contentType {other:?} is not application/json-patch+json")));
        }
    }
    let data = text("data").ok_or_else(|| bad_request("Binary.data is missing"))?;
    if data.len() / 4 * 3 > PATCH_BYTES {
        return Err(bad_request(format!("the patch is longer than {PATCH_BYTES} bytes")));
    }
    base64(&data).ok_or_else(|| bad_request("Binary.data is not base64"))
}

/// Decodes base64 (RFC 4648, section 4), white space allowed.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let body = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
    if !digits.len().is_multiple_of(4) || body.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    for chunk in body.chunks(4) {
        let mut bits = 0u32;
        for &digit in chunk {
            let six = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(six);
        }
        bits <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy", "foobar")] {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for bad in ["Z", "Zg=", "Zm9*", "===="] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_a_search_for_one_identifier_is_read_as_one() {
        assert!(
            matches!(identifier_of("identifier=http://a%7C1"), Some((Asks::System(s), v)) if s == "http://a" && v == "1")
        );
        assert!(matches!(identifier_of("identifier=|1"), Some((Asks::None, v)) if v == "1"));
        assert!(matches!(identifier_of("identifier=1"), Some((Asks::Any, _))));
        for other in ["identifier=1,2", "identifier=a|1&active=true", "name=x", "identifier:of-type=a"] {
            assert!(identifier_of(other).is_none(), "{other}");
        }
    }
}
