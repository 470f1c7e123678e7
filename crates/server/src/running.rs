//! What runs one at a time.

use crate::refusal::Refusal;
use axum::http::StatusCode;
use lake::workbench::Stop;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tables::said::problem::busy;

/// What is running, by name.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeMap<String, Halt>>>);

/// How what runs is told to halt.
#[derive(Clone, Default)]
pub(crate) struct Halt {
    asked: Arc<AtomicBool>,
    queries: Stop,
}

/// Its place; another may take it when this is dropped.
pub(crate) struct Runs {
    all: Running,
    name: String,
    halt: Halt,
}

impl Running {
    /// Takes the place of `name`, which says what runs, for a person.
    ///
    /// # Errors
    /// 409 while another has it.
    pub(crate) fn begin(&self, name: &str) -> Result<Runs, Refusal> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains_key(name) {
            let text = format!("{name} is running already: wait until it has ended, or stop it");
            return Err(Refusal::saying(StatusCode::CONFLICT, "conflict", busy(&text)));
        }
        let halt = Halt::default();
        all.insert(name.to_owned(), halt.clone());
        Ok(Runs { all: self.clone(), name: name.to_owned(), halt })
    }

    /// Tells `name` to halt; false if it does not run.
    pub(crate) fn halt(&self, name: &str) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(halt) = all.get(name) else { return false };
        halt.asked.store(true, Ordering::Release);
        halt.queries.stop();
        true
    }
}

impl Runs {
    /// Whether it is to halt.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.asked.load(Ordering::Acquire)
    }

    /// What ends its queries when it is to halt.
    pub(crate) fn queries(&self) -> Stop {
        self.halt.queries.clone()
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
