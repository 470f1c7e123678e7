//! One message at a time: of a source, so that its messages are stored in the order in which they came; and of all, where a
//! message is so large that several at once would take too much memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Something that one connection does at a time.
#[derive(Default)]
pub(super) struct Turn(Mutex<()>);

impl Turn {
    /// Waits for it.
    pub(super) fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turns of all sources.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<i64, Arc<Turn>>>);

impl Turns {
    /// The turn of a source. There are as many as sources were ever allowed.
    pub(super) fn of(&self, source: i64) -> Arc<Turn> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(source).or_default())
    }
}
