//! Dead letters, corrected and tried again.

use crate::document_door::{DOCUMENT_MEDIA, DocumentPlan};
use crate::error::Error;
use crate::fhir_door::bundle::{Imported, imported};
use crate::fhir_door::refusal::{Refusal, refusal};
use crate::hl7_door::MessagePlan;
use crate::import::again::is_raw;
use crate::import::resources::{Refused, Resources};
use crate::import::{ImportOptions, Importer, Input};
use crate::row_letters::RowsOfPlace;
use access::Grant;
use records::{
    ArrivalNo, Arrived, Besides, DeadLetter, DeadLetterNo, DeadLetterState, Lookup, Operation, Planner, Receipt,
    ReuseArrival, Trail,
};
use std::sync::{Arc, Mutex};

/// A correction that is kept.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The arrival that holds it.
    pub arrival: ArrivalNo,
    /// Why it would not be taken either, if it would not.
    pub refused: Option<Refusal>,
}

/// A dead letter's content on its way into the store.
struct Again {
    content: Arc<Vec<u8>>,
    plan: Box<dyn Planner>,
}

impl Planner for Again {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        self.plan.plan(lookup)
    }

    fn besides(&self) -> Besides {
        self.plan.besides()
    }

    fn locate(&self, at: u64, error: records::Error) -> records::Error {
        self.plan.locate(at, error)
    }
}

/// A plan that writes nothing: the arrival alone is kept.
struct Kept;

impl Planner for Kept {
    fn plan(&self, _: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        Ok(Vec::new())
    }
}

impl Importer {
    /// Keeps a correction of a dead letter beside it, and says whether it would be taken now. The letter stays open until it is
    /// replayed; its own bytes stay as they came.
    ///
    /// # Errors
    /// [`Error::Closed`] if the letter is closed already; whatever the store refuses.
    pub fn correct(&self, grant: &Grant, no: DeadLetterNo, corrected: Vec<u8>) -> Result<Corrected, Error> {
        let letter = self.open_letter(grant, no)?;
        if is_row(&letter) {
            return Err(Error::Closed(format!("dead letter {no} is a row: its cells are corrected")));
        }
        let corrected = Arc::new(corrected);
        let arrival = self.keep_correction(grant, &letter, corrected.as_ref().clone())?;
        let refused = if is_raw(&letter) {
            self.rehearsed_file(grant, &letter, corrected)?
        } else {
            let again = self.again(grant, &letter, Arc::unwrap_or_clone(corrected))?;
            self.records.rehearsal().run(grant, &again).err().map(|error| refusal(&error))
        };
        Ok(Corrected { arrival, refused })
    }

    /// Keeps what was sent as a correction of a letter, as an arrival of its own.
    ///
    /// # Errors
    /// Whatever the store refuses.
    pub fn keep_correction(&self, grant: &Grant, letter: &DeadLetter, corrected: Vec<u8>) -> Result<ArrivalNo, Error> {
        let about = again(letter, "correction of dead letter");
        let trail = Trail::correction(letter.no);
        Ok(self.records.write(grant, trail, about, &corrected, ReuseArrival::Never, Kept)?.arrival)
    }

    /// Why the file that a letter holds would not be taken, corrected so.
    fn rehearsed_file(
        &self,
        grant: &Grant,
        letter: &DeadLetter,
        corrected: Arc<Vec<u8>>,
    ) -> Result<Option<Refusal>, Error> {
        let options = ImportOptions {
            source: Some(letter.arrival.source.clone()),
            door: letter.arrival.door.clone(),
            dry_run: true,
            ..ImportOptions::default()
        };
        let report = self.import(grant, &letter.arrival.name, Input::Bytes(corrected), &options)?;
        let is_closed = report.dealt_with > 0;
        let first = report.issues.into_iter().find(|issue| !issue.is_remark());
        if first.is_none() && is_closed {
            return Ok(Some(Refusal {
                status: 422,
                issues: vec![records::Issue {
                    code: "structure".into(),
                    place: String::new(),
                    message: "it is the same as what was kept, and closed, before".into(),
                    offset: 0,
                }],
            }));
        }
        Ok(first.map(|issue| Refusal {
            status: 422,
            issues: vec![records::Issue {
                code: "structure".into(),
                place: issue.place,
                message: issue.message,
                offset: issue.offset.unwrap_or(0) as usize,
            }],
        }))
    }

    /// Stores what a dead letter holds, as `corrected` now, else as it was corrected last, else as it came, and closes the
    /// letter in the same commit. What is stored is an arrival of its own. An entry of a bundle is stored within its bundle, so
    /// that references to other entries hold; the other entries are not stored again.
    ///
    /// # Errors
    /// Whatever refuses it; then the letter stays open and nothing is stored. [`Error::Closed`] if it is closed already.
    pub fn replay(&self, grant: &Grant, no: DeadLetterNo, corrected: Option<Vec<u8>>) -> Result<Vec<Receipt>, Error> {
        let letter = self.open_letter(grant, no)?;
        if is_row(&letter) {
            return Err(Error::Closed(format!(
                "dead letter {no} is a row of a table of {}: mend it where it comes from; the next pull takes it",
                letter.arrival.source
            )));
        }
        let corrected = match (corrected, self.records.correction(grant, no)?) {
            (None, Some(kept)) => Some(self.records.arrival_bytes(grant, kept.no, 0, kept.length)?),
            (corrected, _) => corrected,
        };
        if is_raw(&letter) {
            return self.replay_file(grant, &letter, corrected);
        }
        let (bytes, what) = match corrected {
            Some(bytes) => (bytes, "correction of dead letter"),
            None => (self.records.dead_letter_bytes(grant, no)?, "dead letter"),
        };
        let about = again(&letter, what);
        let trail = Trail { action: "replay".into(), detail: format!("dead letter {no}") };
        let plan = self.again(grant, &letter, bytes)?;
        let content = Arc::clone(&plan.content);
        Ok(vec![self.records.write(grant, trail, about, &content, ReuseArrival::Never, plan)?])
    }

    fn open_letter(&self, grant: &Grant, no: DeadLetterNo) -> Result<DeadLetter, Error> {
        let letter = self.records.dead_letter(grant, no)?;
        if letter.state == DeadLetterState::Open {
            return Ok(letter);
        }
        Err(Error::Closed(format!("dead letter {no} is {} already", letter.state.as_str())))
    }

    /// A plan that takes `bytes` in the place of the letter.
    fn again(&self, grant: &Grant, letter: &DeadLetter, bytes: Vec<u8>) -> Result<Again, Error> {
        let (arrival, closes) = (&letter.arrival, letter.no);
        if arrival.media == "application/hl7-v2" {
            // As the source is set now: what made it a dead letter may have been its settings.
            let reading = self.reading(&arrival.source);
            let content = Arc::new(bytes);
            let plan = MessagePlan::new(Arc::clone(&content), reading).closing(closes);
            return Ok(Again { content, plan: Box::new(plan) });
        }
        if arrival.media == DOCUMENT_MEDIA {
            let settings = self.reading(&arrival.source).settings;
            let content = Arc::new(bytes);
            let plan = DocumentPlan::new(Arc::clone(&content), settings).closing(closes);
            return Ok(Again { content, plan: Box::new(plan) });
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
        let plan: Box<dyn Planner> = if only.is_some() || is_bundle(&content) {
            Box::new(imported(Imported {
                content: Arc::clone(&content),
                range: 0..content.len(),
                grant: grant.clone(),
                source: arrival.source.clone(),
                only,
                closes: Some(closes),
            }))
        } else {
            Box::new(Resources {
                content: Arc::clone(&content),
                ranges: vec![(0..content.len(), None)],
                source: arrival.source.clone(),
                refused: Refused::Ends,
                closes: Some(closes),
                dead_letters: Mutex::default(),
            })
        };
        Ok(Again { content, plan })
    }
}

/// How an arrival is told that takes a letter's content again.
fn again(letter: &DeadLetter, what: &str) -> Arrived {
    let arrival = &letter.arrival;
    Arrived {
        door: arrival.door.clone(),
        source: arrival.source.clone(),
        name: format!("{} ({what} {})", arrival.name, letter.no),
        media: arrival.media.clone(),
        wrapper: String::new(),
        base: 0,
    }
}

/// The row that a letter is, which a mapping refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOfLetter {
    /// Its table.
    pub table: String,
    /// Its number in it by the store's own counting.
    pub row: u64,
}

/// Which row a letter is; nothing if it is of something else, or of a row that could not be read.
pub fn row_of_letter(letter: &DeadLetter) -> Option<RowOfLetter> {
    let of = rows_of_letter(letter)?;
    Some(RowOfLetter { table: of.table.to_owned(), row: of.rows[0] })
}

/// All rows that the place of such a letter names.
pub fn rows_of_letter(letter: &DeadLetter) -> Option<RowsOfPlace<'_>> {
    if letter.arrival.door != crate::tables_door::DOOR {
        return None;
    }
    RowsOfPlace::read(&letter.place)
}

/// A row that could not be read or mapped: its bytes alone are nothing that a door takes.
fn is_row(letter: &DeadLetter) -> bool {
    [crate::tables_door::DOOR, tables::pull::DOOR].contains(&letter.arrival.door.as_str())
}
