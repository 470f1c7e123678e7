//! What runs one at a time.

use crate::refusal::Refusal;
use axum::http::StatusCode;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Names of what is running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeSet<String>>>);

/// Its place; another may take it when this is dropped.
#[derive(Debug)]
pub(crate) struct Runs {
    all: Running,
    name: String,
}

impl Running {
    /// Takes the place of `name`, which says what runs, for a person.
    ///
    /// # Errors
    /// 409 while another has it.
    pub(crate) fn begin(&self, name: &str) -> Result<Runs, Refusal> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.insert(name.to_owned()) {
            let text = format!("{name} is running already: wait until it has ended, or stop it");
            return Err(Refusal::new(StatusCode::CONFLICT, "conflict", text));
        }
        Ok(Runs { all: self.clone(), name: name.to_owned() })
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
