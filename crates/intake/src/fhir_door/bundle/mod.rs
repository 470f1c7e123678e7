//! Bundles: `batch`, `transaction`, and the other kinds as import takes them.
//!
//! Planning has two passes. The first ([`identity`]) gives every entry its identity (new, named, or found by a condition) in
//! the order in which entries are carried out; then it is known what every full URL means here. The second ([`carry`]) writes
//! references anew, checks and packs each resource. In a transaction the first error ends it; in every other kind it is the
//! fate of its entry alone.

mod binary_patch;
mod carry;
mod condition;
mod identity;
mod planning;
mod reading;

use super::entry::{Entry, Requests};
use super::refusal::{at, bad_request, syntax};
use super::response::{self, Fate, Reads};
use access::Grant;
use fhir::json::{Document, Node, Rewriter};
use planning::Planning;
use records::{Besides, DeadLetterNo, Error, Lookup, NewDeadLetter, Operation, Planner, Receipt};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// The writing entries that were denied to whoever sent them, by number, each with the outcome that it got.
    pub fn denied(&self) -> Vec<(usize, String)> {
        let done = self.job.done.lock().unwrap_or_else(PoisonError::into_inner);
        let denied = |(no, fate): (usize, &Fate)| match fate {
            Fate::Refused { status: 403, outcome } => Some((no, outcome.clone())),
            _ => None,
        };
        done.fates.iter().enumerate().filter_map(denied).collect()
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
        Besides { dead_letters: done.dead_letters.clone(), closes, ..Besides::default() }
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
/// The name that a resource without any has: the hash of its compact text.
pub(crate) fn content_hash(resource: Node<'_>) -> String {
    let mut text = String::new();
    Rewriter::new().write(resource, &mut text);
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}
