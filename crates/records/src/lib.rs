//! FHIR resources on SQLite: versions, search index, change feed, arrivals, the audit log.
//!
//! [`Records`] is the store. A write is an arrival (bytes as received) plus a [`Planner`] that makes [`Operation`]s of it;
//! planning runs on the caller's thread, the operations are carried out by the one writer thread, many requests to a commit.
//! Everything that reads or writes takes an [`access::Grant`]. Readers have snapshots and never wait.
//!
//! The way of the data: content → plan ([`plan`]) → queue → writer → `apply` (rows, forward blob, postings) → commit → feed.
//!
//! It knows no HTTP. Time and randomness are passed in with [`Options`]. What a directory promises is checked by [`check()`], from
//! outside of the store.

mod apply;
mod arrival;
mod body;
mod check;
mod confirmed;
mod content;
mod correction;
mod dead_letter;
mod error;
mod history;
mod id;
mod index;
mod layout;
mod memory;
mod migrate;
mod name;
mod numbers;
mod operator;
mod people;
pub mod plan;
mod posting;
mod read;
mod read_audit;
mod rehearse;
mod remember;
mod row_letter;
mod rules;
mod seal;
mod search;
mod store;
mod token;
mod undo;
mod unmapped;
mod writer;

pub use arrival::{Arrived, FRAME_BYTES, Packed};
pub use check::{CheckOptions, Checked, Finding, Layout, Orphan, Severity, check, layout_of};
pub use dead_letter::{DeadLetter, DeadLetterNo, DeadLetterState, LettersOf, NewDeadLetter};
pub use error::{Error, Issue};
pub use history::{FeedEntry, HistoryOf, HistoryPage, HistoryQuery};
pub use id::{ArrivalNo, DeliveryNo, DerivedIds, Row, Seq, derived_id, uuid_digits, uuid_text};
pub use memory::{give_back as give_back_memory, keep_heaps_small};
pub use operator::tell_operator;
pub use people::{FoundPerson, PeoplePage, Why, WhyKind};
pub use plan::{Besides, Change, Content, Current, Found, IfEqual, Lookup, Naming, Operation, Outcome, Planner, Write};
pub use read::{ArrivalInfo, Source, Stored};
pub use read_audit::{ReadEvent, ReadRecord, SYNC_EVERY};
pub use rehearse::Rehearsal;
pub use row_letter::{MAPPING_DOOR, PULL_DOOR, RowClosed, RowLetter};
pub use seal::{SEAL_EVERY, Seal};
#[cfg(feature = "testing")]
pub use search::planted;
pub use search::{
    DEFAULT_COUNT, Everything, LastN, LimitPlace, SCOPE_TYPES, SearchPage, TermsAsked, is_of_several, query_pairs,
};
pub use store::{Clock, Options, Pending, Prepared, Randomness, Records, ReuseArrival};
pub use undo::{Becomes, Delivered, Outlook, Prospect, REDO_DOOR, UNDO_DOOR, Written};
pub use unmapped::NO_MAP;
pub use writer::{Receipt, Trail};
