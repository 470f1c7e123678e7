//! The search index: one sorted set of keys, kept as immutable runs that are merged in the background.
//!
//! A posting is a key of bytes whose order is the order of what it says: kind, parameter, value, row ([`key`]). A table with a
//! row per posting would dirty a page per posting, for values come in no order; the larger the store, the more pages. So the keys
//! of a commit are sorted and written as a run of their own: blocks of delta-coded keys ([`block`]) and the first key of each
//! ([`run`]). Runs of about one size that are neighbours in age are merged into a larger one ([`merge`]), a bounded piece beside
//! each commit, so that a key is rewritten once per size class and a search looks at a handful of runs.
//!
//! Everything lies in tables of `records.db`: a snapshot sees the runs of its time, a commit holds its postings, and a merge that
//! is cut off goes on where it was. A key that no longer holds is overruled by its removal in a newer run.

mod block;
pub(crate) mod key;
mod merge;
mod pending;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use key::Key;
pub(crate) use merge::{Merges, give_up};
pub(crate) use pending::Pending;
pub(crate) use run::{RunCache, Runs};
