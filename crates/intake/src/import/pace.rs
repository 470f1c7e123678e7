//! Back-pressure: an import goes no faster than those who read the store follow.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

/// What holds an import up.
#[derive(Clone)]
pub struct Pace(Arc<dyn Fn() + Send + Sync>);

impl Pace {
    /// `wait` returns when the next write may go on.
    pub fn new(wait: impl Fn() + Send + Sync + 'static) -> Pace {
        Pace(Arc::new(wait))
    }

    pub(crate) fn wait(&self) {
        (self.0)();
    }
}

impl Debug for Pace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pace")
    }
}
