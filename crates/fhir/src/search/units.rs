//! UCUM codes that were met, taken apart once.

use crate::magnitude::Magnitude;
use crate::ucum::Unit;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How many codes are remembered; data that has more of them pays for taking the others apart each time.
const KNOWN_LIMIT: usize = 4096;

#[derive(Debug)]
struct Known {
    unit: Unit,
    spelling: Arc<str>,
}

/// A memory of codes, shared by threads.
#[derive(Debug, Default)]
pub(super) struct Units {
    known: RwLock<HashMap<Box<str>, Option<Arc<Known>>>>,
}

impl Units {
    /// A value in the canonical unit of `code`, and that unit.
    pub(super) fn base(&self, code: &str, value: Magnitude) -> Option<(Arc<str>, f64)> {
        let known = self.get(code)?;
        Some((Arc::clone(&known.spelling), known.unit.to_base_f64(value)?))
    }

    fn get(&self, code: &str) -> Option<Arc<Known>> {
        // A panic elsewhere leaves the map whole: an entry is there or not.
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            return known.clone();
        }
        let known = Unit::parse(code).map(|unit| {
            let spelling = unit.dimension.to_string().into();
            Arc::new(Known { unit, spelling })
        });
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < KNOWN_LIMIT {
            all.insert(code.into(), known.clone());
        }
        known
    }
}
