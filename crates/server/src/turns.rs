//! Turns for answers that are made while they are sent: each holds a thread for as long as its reader dawdles.

use crate::refusal::Refusal;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Turns of all together.
const ALL: usize = 64;
/// Of them, how many one principal can have: whoever dawdles on all of these keeps nobody else out.
const EACH: usize = 16;

/// Who has how many turns.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<String, usize>>);

/// A turn; given back when it is dropped.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    whose: String,
}

impl Turns {
    /// A turn for `whose`.
    ///
    /// # Errors
    /// 429: as many are taken as there are, or as one can have.
    pub(crate) fn take(self: &Arc<Turns>, whose: String) -> Result<Turn, Refusal> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= ALL {
            return Err(Refusal::busy());
        }
        let own = taken.entry(whose.clone()).or_default();
        if *own >= EACH {
            let text = format!("{EACH} of your long answers are still being sent: read or leave one of them first");
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", text).with_header("retry-after", "5"));
        }
        *own += 1;
        Ok(Turn { turns: Arc::clone(self), whose })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.whose) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_takes_all_turns_he_can_keeps_nobody_out() {
        let turns = Arc::new(Turns::default());
        let mut held: Vec<Turn> = (0..EACH).map(|_| turns.take("a".into()).unwrap()).collect();
        assert_eq!(turns.take("a".into()).err().unwrap().status, StatusCode::TOO_MANY_REQUESTS);
        held.push(turns.take("b".into()).unwrap());
        held.remove(0);
        held.push(turns.take("a".into()).unwrap());
        held.extend(["b", "c", "d", "e"].iter().flat_map(|whose| {
            let turns = Arc::clone(&turns);
            (0..EACH).filter_map(move |_| turns.take((*whose).to_owned()).ok())
        }));
        assert_eq!(held.len(), ALL);
        assert!(turns.take("f".into()).is_err());
        drop(held);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
