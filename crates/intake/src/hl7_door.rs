//! What import asks of the map from HL7 v2 messages to FHIR.

use access::Grant;
use records::{Arrived, DeadLetterNo, Error, Receipt, Records};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes the content of HL7 v2 files: finds the messages, maps each, stores it.
pub trait Hl7Door: Send + Sync {
    /// Stores the messages in `content`, each all or nothing, in their order. `closes` is a dead letter that this replays.
    ///
    /// # Errors
    /// What stops everything; a message that cannot be taken becomes a dead letter.
    fn receive(
        &self,
        records: &Records,
        grant: &Grant,
        about: Arrived,
        content: Arc<Vec<u8>>,
        closes: Option<DeadLetterNo>,
    ) -> Result<Hl7Outcome, Error>;
}

/// What became of the messages of a content.
#[derive(Debug, Default)]
pub struct Hl7Outcome {
    /// One per request to the store.
    pub receipts: Vec<Receipt>,
    /// Messages whose event has no map, by event: kept, and never half mapped.
    pub unmapped: BTreeMap<String, u64>,
    /// What is wrong: place, byte offset in the content, text.
    pub issues: Vec<(String, u64, String)>,
}
