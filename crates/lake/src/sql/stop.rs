//! Ending a query from outside.

use std::sync::Arc;
use tokio::sync::watch;

/// Ends queries. All clones are one.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Stop(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Ends the queries that were asked with it; later ones do not begin.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether they are to end.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// A guard that stops when it is dropped: with the request of whoever asked.
    #[must_use]
    pub fn on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    pub(crate) async fn stopped(&self) {
        // The sender is held by this very value.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

/// Stops when it is dropped.
#[derive(Debug)]
pub struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
