//! What a request wants written, worked out before the writer's queue.
//!
//! A [`Planner`] turns content into [`Operation`]s. It may ask the store through [`Lookup`] (does this condition match? what
//! is the current version?); every answer is remembered, and the writer checks under its own transaction that it still holds.
//! If one does not, the writer plans again there. So parsing, validation, extraction and packing run beside the writer, and
//! nothing that depends on state is ever decided on a stale answer.

use crate::body::Body;
use crate::dead_letter::{DeadLetterNo, NewDeadLetter};
use crate::error::Error;
use crate::id::{ArrivalNo, DeliveryNo};
use fhir::schema::TypeId;

/// How many resources a condition matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// None.
    None,
    /// Exactly one: its id.
    One(String),
    /// More than one.
    Many,
}

/// The current state of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Version number, from 1.
    pub version: i64,
    /// The resource as JSON; `None` if it is deleted.
    pub json: Option<String>,
}

/// Questions that a plan may ask of the store.
pub trait Lookup {
    /// Which resource of `resource_type` the search `query` (`identifier=system|value&…`) matches.
    fn find(&self, resource_type: &str, query: &str) -> Result<Found, Error>;
    /// The ids of all that it matches, oldest first, `most` of them at most.
    fn find_all(&self, resource_type: &str, query: &str, most: usize) -> Result<Vec<String>, Error>;
    /// The current state of a resource; `None` if it never was.
    fn current(&self, resource_type: &str, id: &str) -> Result<Option<Current>, Error>;
    /// Validates the final text of a resource (references resolved, its id may be missing), extracts its index values and
    /// packs it. [`Error::Invalid`] lists what is wrong with it.
    fn prepare(&self, resource: &str) -> Result<Content, Error>;
}

/// Makes operations from content. Called on the caller's thread, and again on the writer's if an answer has changed.
pub trait Planner: Send {
    /// The operations, in the order in which they are carried out.
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error>;

    /// What the newest plan leaves besides resources; asked for once, after it.
    fn besides(&self) -> Besides {
        Besides::default()
    }

    /// Says where in the content the operation stands that the store refused; `at` is its byte offset.
    fn locate(&self, at: u64, error: Error) -> Error {
        let _ = at;
        error
    }
}

/// What a request leaves besides resources, in the same commit.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// Parts of the arrival that could not be taken.
    pub dead_letters: Vec<NewDeadLetter>,
    /// An open dead letter that this request replays.
    pub closes: Option<DeadLetterNo>,
    /// Arrivals that this request takes back.
    pub undoes: Vec<ArrivalNo>,
    /// The delivery that the request is a part of, where a file comes in several.
    pub delivery: Option<DeliveryNo>,
}

impl<F: Fn(&dyn Lookup) -> Result<Vec<Operation>, Error> + Send> Planner for F {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        self(lookup)
    }
}

/// What to do when the content equals the current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfEqual {
    /// Write nothing: the same delivery twice is no news.
    Keep,
    /// Make a new version, as plain FHIR over HTTP does.
    NewVersion,
}

/// One change of one resource.
pub struct Operation {
    /// Type of the resource.
    pub resource_type: TypeId,
    /// Its logical id.
    pub id: String,
    /// What happens to it.
    pub write: Write,
    /// The version that must be current (`If-Match`); 0 if there must be none (`If-None-Match: *`).
    pub if_match: Option<i64>,
    /// Byte offset of the resource in the arrival's content.
    pub at: u64,
    /// Its length there.
    pub length: u64,
}

/// The kinds of change.
pub enum Write {
    /// Create or update.
    Put {
        /// The content.
        content: Box<Content>,
        /// What to do when nothing would change.
        if_equal: IfEqual,
        /// Refuse if the id is taken: server-chosen ids of plain creates.
        must_be_new: bool,
    },
    /// Delete; deleting what is gone already changes nothing.
    Delete,
    /// Change nothing, answer with what is there: a conditional create that matched.
    Keep,
}

/// A resource ready to be stored.
pub struct Content {
    pub(crate) body: Body,
    pub(crate) dictionary: i64,
    pub(crate) packed: Vec<u8>,
    pub(crate) values: Vec<Value>,
}

/// An index value by names: numbers for tokens and rows are given by the writer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Token { param: u16, system: Option<String>, code: String },
    Reference { param: u16, target_type: TypeId, target_id: String },
    Date { param: u16, low: i64, high: i64 },
    Text { param: u16, text: String },
    Number { param: u16, low: f64, high: f64 },
    Quantity { param: u16, low: f64, high: f64, unit: Option<String> },
    Shown { param: u16, low: f64, high: f64, unit: String },
    Present { param: u16 },
}

/// What an operation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Type of the resource.
    pub resource_type: TypeId,
    /// Its id.
    pub id: String,
    /// Its version now.
    pub version: i64,
    /// When that version was written, µs UTC.
    pub updated_us: i64,
    /// What happened.
    pub change: Change,
}

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new, or came back after a deletion.
    Created,
    /// It has a new version.
    Updated,
    /// Nothing was written.
    Unchanged,
    /// It was deleted.
    Deleted,
}

/// Bits of a feed's kind that say what happened; above them stands the number of the resource's type.
pub(crate) const KIND_BITS: u32 = 3;

impl Change {
    /// What the feed says of a change. A creation is told apart by who named the resource.
    pub(crate) fn kind(self, resource_type: TypeId, naming: Naming) -> i64 {
        let what = match (self, naming) {
            (Change::Created, Naming::Here) => 1,
            (Change::Created, Naming::Sender) => 4,
            (Change::Updated, _) => 2,
            (Change::Deleted, _) => 3,
            (Change::Unchanged, _) => 0,
        };
        i64::from(resource_type.0) << KIND_BITS | what
    }

    pub(crate) fn of_kind(kind: i64) -> Self {
        match kind & 7 {
            1 | 4 => Change::Created,
            3 => Change::Deleted,
            _ => Change::Updated,
        }
    }
}

/// Who gave a new resource its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The store: a `POST`.
    Here,
    /// Whoever sent it: a `PUT`, or an import.
    Sender,
}

impl Naming {
    /// As the feed has it; of everything but creations the sender names the resource.
    pub(crate) fn of_kind(kind: i64) -> Self {
        if kind & 7 == 1 { Naming::Here } else { Naming::Sender }
    }
}
