//! Dead letters, tried again.

use crate::error::Error;
use crate::fhir_door::bundle::{Imported, imported};
use crate::hl7_door::MessagePlan;
use crate::import::Importer;
use crate::import::again::is_raw;
use crate::import::resources::{Refused, Resources};
use access::Grant;
use records::{Arrived, DeadLetterNo, DeadLetterState, Receipt, ReuseArrival, Trail};
use std::sync::{Arc, Mutex};

impl Importer {
    /// Stores what a dead letter holds, as it is or as `corrected`, and closes the letter in the same commit. What is stored
    /// is an arrival of its own. An entry of a bundle is stored within its bundle, so that references to other entries hold;
    /// the other entries are not stored again.
    ///
    /// # Errors
    /// Whatever refuses it; then the letter stays open and nothing is stored. [`Error::Closed`] if it is closed already.
    pub fn replay(&self, grant: &Grant, no: DeadLetterNo, corrected: Option<Vec<u8>>) -> Result<Vec<Receipt>, Error> {
        let letter = self.records.dead_letter(grant, no)?;
        if letter.state != DeadLetterState::Open {
            return Err(Error::Closed(format!("dead letter {no} is {} already", letter.state.as_str())));
        }
        if is_raw(&letter) {
            return self.replay_file(grant, &letter, corrected);
        }
        let is_corrected = corrected.is_some();
        let bytes = match corrected {
            Some(bytes) => bytes,
            None => self.records.dead_letter_bytes(grant, no)?,
        };
        let arrival = &letter.arrival;
        let about = Arrived {
            door: arrival.door.clone(),
            source: arrival.source.clone(),
            name: format!(
                "{} ({} {no})",
                arrival.name,
                if is_corrected { "correction of dead letter" } else { "dead letter" }
            ),
            media: arrival.media.clone(),
            wrapper: String::new(),
            base: 0,
        };
        let trail = Trail { action: "replay".into(), detail: format!("dead letter {no}") };
        if arrival.media == "application/hl7-v2" {
            // As the source is set now: what made it a dead letter may have been its settings.
            let reading = self.reading(&about.source);
            let content = Arc::new(bytes);
            let plan = MessagePlan::new(Arc::clone(&content), reading).closing(no);
            return Ok(vec![self.records.write(grant, trail, about, &content, ReuseArrival::Never, plan)?]);
        }
        let is_bundle = |bytes: &[u8]| crate::import::recognise::resource_type(bytes) == Some("Bundle");
        let is_part = letter.at > 0 || letter.length < arrival.length;
        let (content, only) = if is_part && arrival.media == "application/fhir+json" {
            let mut whole = self.records.arrival_bytes(grant, arrival.no, 0, arrival.length)?;
            whole.splice(letter.at as usize..(letter.at + letter.length) as usize, bytes);
            (Arc::new(whole), Some(letter.at))
        } else {
            (Arc::new(bytes), None)
        };
        let receipt = if only.is_some() || is_bundle(&content) {
            let plan = imported(Imported {
                content: Arc::clone(&content),
                range: 0..content.len(),
                grant: grant.clone(),
                source: about.source.clone(),
                only,
                closes: Some(no),
            });
            self.records.write(grant, trail, about, &content, ReuseArrival::Never, plan)
        } else {
            let plan = Resources {
                content: Arc::clone(&content),
                ranges: vec![(0..content.len(), None)],
                source: about.source.clone(),
                refused: Refused::Ends,
                closes: Some(no),
                dead_letters: Mutex::default(),
            };
            self.records.write(grant, trail, about, &content, ReuseArrival::Never, plan)
        };
        Ok(vec![receipt?])
    }
}
